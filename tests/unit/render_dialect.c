/*
 * The formats of log collectors: what an event is to them, where values go, and
 * what a user's map may say.
 */
#include "rendered.h"

#include "render/dialect.h"

/* JSON is written with ' for ". */
static struct buf
quoted(const char *text)
{
	struct buf b = { 0 };

	buf_add(&b, text, strlen(text) + 1);
	for (size_t i = 0; i < b.len; i++)
		if (b.p[i] == '\'')
			b.p[i] = '"';
	b.len--;
	return b;
}

/* A line in a format, with a map or without one; yours. */
static struct buf
made(const char *format, const char *map, const char *line)
{
	struct render_options o = { .format = format, .facility = 13 };
	struct dialect_map *m = NULL;
	struct err e = ERR_NONE;
	struct buf json = quoted(line), text;

	if (map != NULL) {
		m = dialect_map_read("map", str_of(map), &e);
		ck_assert_msg(m != NULL, "%s", e.text);
	}
	o.dialect = m;
	text = rendered(&o, NULL, json.p, json.len);
	dialect_map_free(m);
	buf_fini(&json);
	return text;
}

static void
has(const char *format, const char *map, const char *line, const char *wanted)
{
	struct buf text = made(format, map, line), json = quoted(wanted);

	ck_assert_msg(strstr(text.p, json.p) != NULL, "%s has no %s: %s", format, json.p, text.p);
	buf_fini(&text);
	buf_fini(&json);
}

static void
lacks(const char *format, const char *map, const char *line, const char *unwanted)
{
	struct buf text = made(format, map, line), json = quoted(unwanted);

	ck_assert_msg(strstr(text.p, json.p) == NULL, "%s has %s: %s", format, json.p, text.p);
	buf_fini(&text);
	buf_fini(&json);
}

#define EVENT(members) "{'time':'2026-04-23T18:00:00.123456Z','severity':'warning','outcome':'failure'," members "}"

/* ---- OCSF ---- */

START_TEST(a_class_is_claimed_only_with_what_it_requires)
{
	has("ocsf", NULL, EVENT("'category':'AUTHENTICATION','action':'login','actor_id':'a','source':'s'"),
	    "{'activity_id':1,'category_uid':3,'class_uid':3002,'type_uid':300201,");
	/* Nobody signs in, to nothing. */
	has("ocsf", NULL, EVENT("'category':'AUTHENTICATION','action':'login','source':'s'"), "'class_uid':0,");
	has("ocsf", NULL, EVENT("'category':'AUTHENTICATION','action':'login','actor_id':'a'"), "'class_uid':0,");
	/* An empty value is none. */
	has("ocsf", NULL, EVENT("'category':'AUTHENTICATION','action':'login','actor_id':'','source':'s'"),
	    "'class_uid':0,");
}
END_TEST

START_TEST(a_file_is_of_the_system_only_with_its_host)
{
	has("ocsf", NULL, EVENT("'category':'FILE_ACCESS','action':'read','actor_id':'a','host':'h','target_path':'/p'"),
	    "'type_uid':100102,");
	has("ocsf", NULL, EVENT("'category':'FILE_ACCESS','action':'read','actor_id':'a','ip':'1.2.3.4','target_path':'/p'"),
	    "'type_uid':600614,");
	has("ocsf", NULL, EVENT("'category':'FILE_ACCESS','action':'read','actor_id':'a','ip':'1.2.3.4'"),
	    "'type_uid':600302,");
	has("ocsf", NULL, EVENT("'category':'FILE_ACCESS','action':'read'"), "'type_uid':99,");
}
END_TEST

START_TEST(what_only_looks_at_an_account_does_not_change_it)
{
	has("ocsf", NULL, EVENT("'category':'ACCOUNT','action':'account.lock','target_id':'t'"), "'type_uid':300109,");
	has("ocsf", NULL, EVENT("'category':'ACCOUNT','action':'account.read','target_id':'t'"), "'type_uid':300402,");
}
END_TEST

START_TEST(records_of_the_toolkit_are_event_log_activity)
{
	has("ocsf", NULL, EVENT("'source':'audit-toolkit','category':'COMPLIANCE','action':'audit.export'"),
	    "'type_uid':100803,");
	has("ocsf", NULL, EVENT("'source':'audit-toolkit@0123456789ab','action':'audit.prune'"), "'type_uid':100802,");
	has("ocsf", NULL, EVENT("'id':'i','source':'audit-toolkit','category':'SECURITY','action':'login.lockout'"),
	    "'type_uid':200401,");
	has("ocsf", NULL, EVENT("'id':'i','source':'audit-toolkit','action':'x','category':'SECURITY','context':{'rule':'r'}"),
	    "'finding_info':{'analytic':{'type_id':1,'uid':'r'},'title':'x','uid':'i'}");
	lacks("ocsf", NULL, EVENT("'id':'i','source':'audit-toolkit','action':'x','category':'SECURITY'"), "analytic");
}
END_TEST

START_TEST(an_activity_without_a_number_has_its_name)
{
	has("ocsf", NULL, EVENT("'action':'frobnicate'"), "{'activity_id':99,'activity_name':'frobnicate',");
}
END_TEST

START_TEST(what_has_no_place_goes_to_unmapped)
{
	has("ocsf", NULL, EVENT("'action':'x','category':'C','peer_uid':7,'context':{'a':0.10}"),
	    ",'unmapped':{'category':'C','context':{'a':0.10},'peer_uid':7}}\n");
	has("ocsf", NULL, EVENT("'action':'x','duration_ms':1.5"), ",'unmapped':{'duration_ms':1.5}}\n");
	lacks("ocsf", NULL, EVENT("'action':'x'"), "unmapped");
}
END_TEST

START_TEST(a_time_before_1970_is_rounded_to_the_past)
{
	has("ocsf", NULL, "{'time':'1969-12-31T23:59:59.999500Z','action':'x'}", "'time':-1}");
	has("ocsf", NULL, "{'time':'1970-01-01T00:00:00.000999Z','action':'x'}", "'time':0}");
}
END_TEST

/* ---- ECS ---- */

START_TEST(milliseconds_become_nanoseconds_without_loss_or_not_at_all)
{
	has("ecs", NULL, EVENT("'action':'x','duration_ms':12"), "'duration':12000000");
	has("ecs", NULL, EVENT("'action':'x','duration_ms':0.000001"), "'duration':1,");
	has("ecs", NULL, EVENT("'action':'x','duration_ms':1e3"), "'audit_toolkit':{'duration_ms':1e3}");
	has("ecs", NULL, EVENT("'action':'x','duration_ms':0.0000001"), "'audit_toolkit':{'duration_ms':0.0000001}");
}
END_TEST

START_TEST(related_has_each_value_once)
{
	has("ecs", NULL, EVENT("'action':'x','actor_id':'a','actor_name':'a','effective_id':'b'"),
	    "'related':{'user':['a','b']}");
}
END_TEST

START_TEST(an_address_that_is_none_is_not_an_ip)
{
	has("ecs", NULL, EVENT("'action':'x','ip':'10.0.0.7'"), "'source':{'address':'10.0.0.7','ip':'10.0.0.7'}");
	has("ecs", NULL, EVENT("'action':'x','ip':'10.0.0'"), "'source':{'address':'10.0.0'}");
}
END_TEST

START_TEST(an_alert_names_its_rule)
{
	has("ecs", NULL, EVENT("'source':'audit-toolkit','action':'x','category':'SECURITY','context':{'rule':'r'}"),
	    "'rule':{'id':'r'}");
	lacks("ecs", NULL, EVENT("'action':'x','category':'DATA_ACCESS','context':{'rule':'r'}"), "'id':'r'");
}
END_TEST

/* ---- lines ---- */

START_TEST(headers_and_values_are_escaped_as_the_formats_say)
{
	has("cef", NULL, EVENT("'action':'a|b\\\\c=d'"), "|a\\|b\\\\c=d|a\\|b\\\\c=d|6|");
	has("cef", NULL, EVENT("'action':'a|b\\\\c=d\\n\\te'"), " act=a|b\\\\c\\=d\\n\te ");
	has("leef", NULL, EVENT("'action':'a|b\\\\c'"), "|a\\|b\\\\c|x09|devTime=");
	has("leef", NULL, EVENT("'action':'x','reason':'a\\tb\\nc=\\u0000|'"), "\treason=a\\tb\\nc=\\u0000|");
	has("syslog", NULL, EVENT("'action':'x y','id':'a\\'b]c\\\\d\\n'"),
	    " - - - x?y [audit@32473 id='a\\'b\\]c\\\\d\\n' action='x y' outcome='failure'] {");
}
END_TEST

START_TEST(every_byte_is_escaped_wherever_it_stands)
{
	struct dialect_escapes x;

	dialect_escapes_init(&x, "=", true);
	for (unsigned c = 1; c < 0x80; c++)
		for (size_t at = 0; at < 20; at++) {
			struct buf got = { 0 }, wanted = { 0 };
			char text[20];

			memset(text, 'a', sizeof(text));
			text[at] = (char)c;
			dialect_escape(&got, (struct str){ text, sizeof(text) }, &x);
			buf_add(&wanted, text, at);
			if (c == '=' || c == '\\')
				buf_printf(&wanted, "\\%c", (int)c);
			else if (c == '\n' || c == '\r' || c == '\t')
				buf_printf(&wanted, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
			else if (c < 0x20 || c == 0x7f)
				buf_printf(&wanted, "\\u%04x", c);
			else
				buf_byte(&wanted, (char)c);
			buf_add(&wanted, text + at + 1, sizeof(text) - at - 1);
			ck_assert(str_eq(buf_view(&got), buf_view(&wanted)));
			buf_fini(&got);
			buf_fini(&wanted);
		}
}
END_TEST

START_TEST(what_unicode_takes_for_the_end_of_a_line_is_escaped)
{
	has("cef", NULL, EVENT("'action':'x','reason':'a\xc2\x85" "b\xe2\x80\xa8" "c\xe2\x82\xac\xc3\xa9'"),
	    " reason=a\\u0085b\\u2028c\xe2\x82\xac\xc3\xa9 ");
}
END_TEST

START_TEST(an_address_is_under_the_key_of_its_kind)
{
	has("cef", NULL, EVENT("'action':'x','ip':'10.0.0.7'"), " src=10.0.0.7");
	has("cef", NULL, EVENT("'action':'x','ip':'2001:db8::1'"), " c6a2=2001:db8::1 c6a2Label=Source IPv6 Address");
	has("cef", NULL, EVENT("'action':'x','ip':'somewhere'"), " shost=somewhere");
	lacks("cef", NULL, EVENT("'action':'x','ip':'10.0.0.7'"), "c6a2");
}
END_TEST

START_TEST(parts_of_a_header_are_cut_at_whole_characters)
{
	struct str cut = dialect_cut(STR("ab\xc3\xa9"), 3);

	ck_assert_uint_eq(cut.len, 2);
	ck_assert_uint_eq(dialect_cut(STR("ab\xc3\xa9"), 4).len, 4);
	ck_assert_uint_eq(dialect_cut(STR(""), 4).len, 0);
}
END_TEST

START_TEST(a_message_of_syslog_is_ascii)
{
	has("syslog", NULL, EVENT("'action':'x','reason':'\xc3\xbc\xf0\x9f\x98\x80\x7f'"),
	    "'reason':'\\u00fc\\ud83d\\ude00\\u007f'}\n");
}
END_TEST

/* ---- maps ---- */

START_TEST(paths_have_parts_and_lists)
{
	static const char *const good[] = { "a", "a.b", "a_b.c-d", "@timestamp", "a[].b", "a[].b[].c" };
	static const char *const bad[] = { "", ".", "a.", ".a", "a..b", "a[]", "a[]b", "a[", "a b", "a'b", "a.b.c.d.e.f.g.h.i" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(dialect_path_valid(str_of(good[i])), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!dialect_path_valid(str_of(bad[i])), "%s", bad[i]);
}
END_TEST

START_TEST(objects_and_lists_open_and_close_around_what_is_there)
{
	static const char map[] = "ecs:\n  fields:\n    l[].a: context.a\n    l[].b: context.b\n    o.p.q: context.q\n"
	    "    o.p.r: context.r\n    o.s: context.s\n";

	has("ecs", map, EVENT("'action':'x','context':{'b':1,'q':2,'s':3}"), ",'l':[{'b':'1'}],'log'");
	has("ecs", map, EVENT("'action':'x','context':{'b':1,'q':2,'s':3}"), "'o':{'p':{'q':'2'},'s':'3'}");
	has("ecs", map, EVENT("'action':'x','context':{'r':2}"), "'o':{'p':{'r':'2'}}");
	has("ecs", map, EVENT("'action':'x','context':{'s':3}"), "'o':{'s':'3'}");
}
END_TEST

START_TEST(a_users_rule_comes_before_those_built_in)
{
	has("ocsf", "ocsf:\n  rules: [{category: ADMIN, action: [deploy.*], class: 4001, activity: 6}]\n",
	    EVENT("'category':'admin','action':'Deploy.Start'"), "'category_uid':4,'class_uid':4001,'type_uid':400106,");
	has("ocsf", "ocsf:\n  rules: [{severity: error, class: 4001}]\n", EVENT("'action':'x'"), "'class_uid':0,");
	has("ecs", "ecs:\n  rules: [{action: x, categories: [process, host], types: [start], kind: state}]\n",
	    EVENT("'action':'x'"), "'category':['process','host']");
}
END_TEST

START_TEST(a_field_for_a_class_is_only_in_that_class)
{
	static const char map[] = "ocsf:\n  fields:\n    user.domain: {from: tenant, class: 3002}\n";

	has("ocsf", map, EVENT("'category':'AUTHENTICATION','action':'login','tenant':'t','actor_id':'a','source':'s'"),
	    "'user':{'domain':'t','uid':'a'}");
	lacks("ocsf", map, EVENT("'category':'ACCOUNT','action':'lock','tenant':'t','target_id':'a'"), "domain");
	/* Changed, it stays where it was. */
	has("ocsf", "ocsf:\n  fields:\n    user.uid: effective_id\n",
	    EVENT("'category':'ACCOUNT','action':'lock','effective_id':'e','target_id':'a'"), "'user':{'uid':'e'}");
	lacks("ocsf", "ocsf:\n  fields:\n    user.uid: effective_id\n",
	    EVENT("'category':'ADMIN','action':'read','effective_id':'e','actor_id':'a','ip':'::1'"), ",'user':{'uid':'e'");
	/* A text of a form beside a value that has another. */
	has("ecs", "ecs:\n  fields:\n    a: {text: 1, as: integer, from: reason}\n", EVENT("'action':'x','reason':'r'"),
	    "'a':1,");
	lacks("ecs", "ecs:\n  fields:\n    a: {text: 1, as: integer, from: reason}\n", EVENT("'action':'x'"), "'a':1");
}
END_TEST

START_TEST(what_is_omitted_is_told_with_the_rest)
{
	has("ocsf", "ocsf:\n  omit: [message]\n", EVENT("'action':'x','description':'d'"), "'unmapped':{'description':'d'}");
	has("cef", "cef:\n  omit: [reason]\n", EVENT("'action':'x','reason':'r'"), " AuditReason=r");
}
END_TEST

START_TEST(values_are_looked_up_and_typed)
{
	static const char map[] = "ecs:\n  fields:\n    a: {from: outcome, lookup: {failure: 1}, else: 2, as: integer}\n"
	    "    b: {from: context.n, as: number}\n    c: {from: context.n, as: boolean}\n    d: context\n    e: {text: t}\n"
	    "    f: {from: reason, text: t}\n";

	has("ecs", map, EVENT("'action':'x','context':{'n':1.50}"), ",'a':1,'b':1.50,'d':{'n':1.50},'e':'t','ecs'");
	has("ecs", map, EVENT("'action':'x','reason':'r','context':{'n':true}"), "'c':true,'d':{'n':true},'e':'t',");
	has("ecs", map, EVENT("'action':'x','reason':'r'"), "'f':'t'");
}
END_TEST

START_TEST(a_header_keeps_its_order_when_a_part_is_changed)
{
	has("cef", "cef:\n  fields:\n    name: reason\n    vendor: {text: 'A|B'}\n", EVENT("'action':'x','reason':'r'"),
	    "CEF:0|A\\|B|audit-toolkit|");
	has("cef", "cef:\n  fields:\n    name: reason\n", EVENT("'action':'x','reason':'r'"), "|x|r|6|rt=");
	has("syslog", "syslog:\n  fields:\n    sd_id: {text: 'a b'}\n", EVENT("'action':'x'"), "[audit@32473 ");
}
END_TEST

START_TEST(a_map_that_cannot_be_is_refused_with_its_place)
{
	static const struct {
		const char *map, *why;
	} faults[] = {
		{ "ecs:\n  fields: {a: ip, a.b: ip}\n", "'a' and 'a.b' cannot both be in a record" },
		{ "ecs:\n  fields: {l.x: ip, l-m: ip, 'l[].y': ip}\n", "cannot both be in a record" },
		{ "ecs:\n  fields: {audit_toolkit.x: ip}\n", "map:2:12: 'audit_toolkit.x' is not for fields" },
		{ "ecs:\n  fields: {a: {from: ip, lookup: {a: b}, as: json}}\n", "lookup gives no json" },
		{ "ecs:\n  fields: {a: {from: ip, lookup: {a: b}, as: address}}\n", "lookup gives no address" },
		{ "ecs:\n  fields: {a: {from: ip, text: 1, as: address}}\n", "such a text is a text" },
		{ "ecs:\n  fields: {a: {as: txt}}\n", "the nearest is text" },
		{ "ecs:\n  fields: {a: [ip, ip, ip, ip, ip, ip, ip, ip, ip]}\n", "a: more than 8 fields" },
		{ "ocsf:\n  rules: [{class: 100000000}]\n", "class: expected a number up to 99999999" },
		{ "ocsf:\n  rules: [{class: 1, severity: high}]\n", "severity: 'high' is not known here" },
		{ "ecs:\n  rules: [{action: x}]\n", "one of ecs has categories" },
		{ "syslog:\n  fields: {abcdefghijklmnopqrstuvwxyz0123456: ip}\n", "cannot be a name in syslog" },
		{ "leef:\n  omit: [version]\n", "'version' is a part of each header" },
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct err e = ERR_NONE;

		ck_assert_ptr_null(dialect_map_read("map", str_of(faults[i].map), &e));
		ck_assert_msg(strstr(e.text, faults[i].why) != NULL, "%s: %s", faults[i].map, e.text);
	}
}
END_TEST

START_TEST(limits_hold)
{
	struct buf map = { 0 };
	struct dialect_map *m;
	struct err e = ERR_NONE;

	buf_printf(&map, "ocsf:\n  rules:\n");
	for (int i = 0; i < DIALECT_RULES_MAX; i++)
		buf_printf(&map, "    - {action: a%d, class: %d}\n", i, 1000 + i % 32);
	buf_printf(&map, "  fields:\n");
	for (int i = 0; i < DIALECT_FIELDS_MAX; i++)
		buf_printf(&map, "    x.f%d: ip\n", i);
	m = dialect_map_read("map", buf_view(&map), &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	dialect_map_free(m);
	buf_printf(&map, "    x.more: ip\n");
	ck_assert_ptr_null(dialect_map_read("map", buf_view(&map), &e));
	ck_assert_msg(strstr(e.text, "fields: more than 256") != NULL, "%s", e.text);

	err_clear(&e);
	buf_reset(&map);
	buf_printf(&map, "ocsf:\n  rules:\n");
	for (int i = 0; i < DIALECT_KINDS_MAX; i++)
		buf_printf(&map, "    - {class: %d}\n", 9000 + i);
	ck_assert_ptr_null(dialect_map_read("map", buf_view(&map), &e));
	ck_assert_msg(strstr(e.text, "more than 64 classes") != NULL, "%s", e.text);
	buf_fini(&map);
}
END_TEST

/* ---- several threads ---- */

/* One event by a thread of its own. */
static struct buf
piece(struct render *r, const struct buf *line)
{
	struct json_tape t = { 0 };
	struct arena a = { 0 };
	struct buf text = { 0 };
	struct event_writer w;
	struct event ev;
	const char *detail;
	void *state;

	ck_assert(render_in_pieces(r, &w));
	state = w.start(w.arg);
	ck_assert_int_eq(event_parse(&ev, line->p, line->len, &event_stored, &t, &a, &detail), EVENT_OK);
	w.event(state, &ev, 0, &text);
	w.finish(state);
	json_tape_fini(&t);
	arena_fini(&a);
	return text;
}

START_TEST(pieces_are_the_same_as_the_whole)
{
	struct buf line = quoted(EVENT("'action':'login','category':'AUTHENTICATION','actor_id':'a','source':'s'"));

	for (size_t i = 0; render_all_formats[i] != NULL; i++) {
		struct render_options o = { .format = render_all_formats[i], .seq = true };
		struct err e = ERR_NONE;
		struct outstream *out;
		struct render *r;
		struct buf whole, text;

		if (!render_for_collectors(o.format))
			continue;
		whole = rendered(&o, NULL, line.p, line.len);
		out = outstream_open("/dev/null", &e);
		r = render_open(&o, out, &e);
		for (int twins = 0; twins < 2; twins++) {
			text = piece(r, &line);
			ck_assert(str_eq(buf_view(&text), buf_view(&whole)));
			buf_fini(&text);
		}
		render_abort(r);
		outstream_abort(out);
		buf_fini(&whole);
	}
	buf_fini(&line);
}
END_TEST

static Suite *
dialect_suite(void)
{
	Suite *s = suite_create("render dialect");
	TCase *t = tcase_create("dialects");

	tcase_add_test(t, a_class_is_claimed_only_with_what_it_requires);
	tcase_add_test(t, a_file_is_of_the_system_only_with_its_host);
	tcase_add_test(t, what_only_looks_at_an_account_does_not_change_it);
	tcase_add_test(t, records_of_the_toolkit_are_event_log_activity);
	tcase_add_test(t, an_activity_without_a_number_has_its_name);
	tcase_add_test(t, what_has_no_place_goes_to_unmapped);
	tcase_add_test(t, a_time_before_1970_is_rounded_to_the_past);
	tcase_add_test(t, milliseconds_become_nanoseconds_without_loss_or_not_at_all);
	tcase_add_test(t, related_has_each_value_once);
	tcase_add_test(t, an_address_that_is_none_is_not_an_ip);
	tcase_add_test(t, an_alert_names_its_rule);
	tcase_add_test(t, headers_and_values_are_escaped_as_the_formats_say);
	tcase_add_test(t, every_byte_is_escaped_wherever_it_stands);
	tcase_add_test(t, what_unicode_takes_for_the_end_of_a_line_is_escaped);
	tcase_add_test(t, an_address_is_under_the_key_of_its_kind);
	tcase_add_test(t, parts_of_a_header_are_cut_at_whole_characters);
	tcase_add_test(t, a_message_of_syslog_is_ascii);
	tcase_add_test(t, paths_have_parts_and_lists);
	tcase_add_test(t, objects_and_lists_open_and_close_around_what_is_there);
	tcase_add_test(t, a_users_rule_comes_before_those_built_in);
	tcase_add_test(t, a_field_for_a_class_is_only_in_that_class);
	tcase_add_test(t, what_is_omitted_is_told_with_the_rest);
	tcase_add_test(t, values_are_looked_up_and_typed);
	tcase_add_test(t, a_header_keeps_its_order_when_a_part_is_changed);
	tcase_add_test(t, a_map_that_cannot_be_is_refused_with_its_place);
	tcase_add_test(t, limits_hold);
	tcase_add_test(t, pieces_are_the_same_as_the_whole);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(dialect_suite)
