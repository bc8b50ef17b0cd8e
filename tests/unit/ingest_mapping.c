/* The mapping language: what its keys do, and what is refused where. */
#include "mapped.h"

static struct err e;
static struct mapped x;

static void
setup(void)
{
	err_clear(&e);
	x = (struct mapped){ 0 };
}

static void
teardown(void)
{
	mapped_fini(&x);
}

#define NEEDED "  time: t\n  action: a\n"
#define EVENT "event:\n" NEEDED
#define HEAD "{\"time\":\"2026-01-02T03:04:05.000000Z\",\"action\":\"x\",\"severity\":\"info\",\"outcome\":\"unknown\""
#define RECORD "{\"t\":\"2026-01-02T03:04:05Z\",\"a\":\"x\""

/* What a mapping makes of a text. */
static void
makes(const char *yaml, const char *text, const char *lines)
{
	struct mapping *m = mapping_parse("x.yaml", str_of(yaml), &e);

	ck_assert_msg(m != NULL, "%s", e.text);
	buf_reset(&x.out);
	mapped_text(&x, m, str_of(text), 7);
	buf_byte(&x.out, '\0');
	ck_assert_str_eq(x.out.p, lines);
	mapping_free(m);
}

static void
refuses(const char *yaml, const char *why)
{
	struct mapping *m;

	err_clear(&e);
	m = mapping_parse("x.yaml", str_of(yaml), &e);
	ck_assert_msg(m == NULL, "taken: %s", yaml);
	ck_assert_str_eq(e.text, why);
}

START_TEST(what_no_field_took_is_the_context)
{
	makes(EVENT, RECORD ",\"b\":1.0,\"c\":{\"d\":null}}", HEAD ",\"context\":{\"b\":1.0,\"c\":{\"d\":null}}}\n");
	makes(EVENT "  actor_id: c.d\n", RECORD ",\"c\":{\"d\":\"bob\"}}",
	    "{\"time\":\"2026-01-02T03:04:05.000000Z\",\"action\":\"x\",\"severity\":\"info\",\"outcome\":\"unknown\","
	    "\"actor_id\":\"bob\"}\n");
	makes(EVENT "  context: nothing\n", RECORD ",\"b\":1}", HEAD "}\n");
	makes(EVENT "  context: [c.d, b, \"l[1]\"]\n", RECORD ",\"b\":1,\"c\":{\"d\":2,\"e\":3},\"l\":[7,8]}",
	    HEAD ",\"context\":{\"b\":1,\"c\":{\"d\":2},\"l\":[8]}}\n");
	makes("omit: [c.d, l]\n" EVENT, RECORD ",\"b\":1,\"c\":{\"d\":2,\"e\":3},\"l\":[7]}",
	    HEAD ",\"context\":{\"b\":1,\"c\":{\"e\":3}}}\n");
}
END_TEST

START_TEST(a_field_that_has_a_part_leaves_the_whole)
{
	makes("event:\n  time: t\n  action: { from: a, lookup: { x: y } }\n", RECORD "}",
	    "{\"time\":\"2026-01-02T03:04:05.000000Z\",\"action\":\"y\",\"severity\":\"info\",\"outcome\":\"unknown\","
	    "\"context\":{\"a\":\"x\"}}\n");
	makes(EVENT "  host: { from: w, after: \"@\" }\n  actor_id: { from: w, before: \"@\" }\n", RECORD ",\"w\":\"bob@h.example\"}",
	    "{\"time\":\"2026-01-02T03:04:05.000000Z\",\"action\":\"x\",\"severity\":\"info\",\"outcome\":\"unknown\","
	    "\"actor_id\":\"bob\",\"host\":\"h.example\",\"context\":{\"w\":\"bob@h.example\"}}\n");
}
END_TEST

#define ACTOR(value) "{\"time\":\"2026-01-02T03:04:05.000000Z\",\"action\":\"x\",\"severity\":\"info\",\"outcome\":\"unknown\"," \
    "\"actor_id\":\"" value "\""

START_TEST(the_first_candidate_that_is_there_fills_the_field)
{
	const char *yaml = EVENT "  actor_id:\n    - [p, q.r]\n    - { from: s, match: \"^u=(.+)$\" }\n    - { text: nobody }\n"
	    "  context: nothing\n";

	makes(yaml, RECORD ",\"p\":\"1\",\"q\":{\"r\":\"2\"}}", ACTOR("1") "}\n");
	makes(yaml, RECORD ",\"p\":null,\"q\":{\"r\":\"2\"}}", ACTOR("2") "}\n");
	makes(yaml, RECORD ",\"p\":\"\",\"q\":[1],\"s\":\"u=3\"}", ACTOR("3") "}\n");
	makes(yaml, RECORD ",\"p\":{\"a\":1},\"s\":\"v=3\"}", ACTOR("nobody") "}\n");
	makes("empty: [\"-\", n/a]\n" EVENT "  actor_id: [p, q]\n  context: nothing\n",
	    RECORD ",\"p\":\"-\",\"q\":\"b\"}", ACTOR("b") "}\n");
}
END_TEST

START_TEST(texts_join_paths_and_need_all_of_them)
{
	const char *yaml = EVENT "  actor_id:\n    - { text: \"{{{p}}}:{q.r}\" }\n    - { text: \"{p}\" }\n";

	makes(yaml, RECORD ",\"p\":1,\"q\":{\"r\":true,\"z\":0}}", ACTOR("{1}:true") ",\"context\":{\"q\":{\"z\":0}}}\n");
	makes(yaml, RECORD ",\"p\":\"\\u00e9\\\"\"}", ACTOR("é\\\"") "}\n");
}
END_TEST

START_TEST(paths_reach_into_lists_and_odd_names)
{
	const char *yaml = EVENT "  actor_id: 'l[1]'\n  context: nothing\n";

	makes(yaml, RECORD ",\"l\":[1,2]}", ACTOR("2") "}\n");
	makes(EVENT "  actor_id: 'l[k=b].v.w'\n  context: nothing\n",
	    RECORD ",\"l\":[3,{\"k\":\"a\",\"v\":{\"w\":1}},{\"k\":\"b\",\"v\":{\"w\":2}},{\"k\":\"b\",\"v\":{\"w\":3}}]}", ACTOR("2") "}\n");
	makes(EVENT "  actor_id: 'n.\"a.b/c\\\"\"'\n  context: nothing\n", RECORD ",\"n\":{\"a.b/c\\\"\":5}}", ACTOR("5") "}\n");
	makes(EVENT "  actor_id: Event Name\n  context: nothing\n", RECORD ",\"Event\\u0020Name\":5}", ACTOR("5") "}\n");
}
END_TEST

#define FAILED "{\"time\":\"2026-01-02T03:04:05.000000Z\",\"action\":\"x\",\"severity\":\"info\",\"outcome\":\"failure\"}\n"

START_TEST(conditions_decide)
{
	static const struct {
		const char *when, *record;
		bool holds;
	} c[] = {
		{ "has e", ",\"e\":0}", true }, { "has e", ",\"e\":null}", false }, { "has e", ",\"e\":[]}", false },
		{ "has e", ",\"e\":{\"a\":1}}", true }, { "not has e", "}", true },
		{ "e = 5", ",\"e\":5}", true }, { "e = five six", ",\"e\":\"five six\"}", true },
		{ "e = \"5 \"", ",\"e\":\"5\"}", false }, { "e != 5", "}", true }, { "e != 5", ",\"e\":\"5\"}", false },
		{ "e in (a, 'b, c', d)", ",\"e\":\"b, c\"}", true }, { "e not in (a, b)", ",\"e\":\"b\"}", false },
		{ "e >= 400", ",\"e\":400}", true }, { "e > 400", ",\"e\":400}", false }, { "e < 0", ",\"e\":-1}", true },
		{ "e < 5", ",\"e\":\"four\"}", false }, { "e <= 5", ",\"e\":99999999999999999999}", false },
		{ "e ~ ^a+b$", ",\"e\":\"aab\"}", true }, { "e !~ \"^a\"", ",\"e\":\"b\"}", true },
		{ "e[k=v].f=1", ",\"e\":[{\"k\":\"v\",\"f\":1}]}", true },
	};
	char yaml[512], record[256];

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		snprintf(yaml, sizeof(yaml), EVENT "  outcome:\n    - text: failure\n      when: >-\n        %s\n  context: nothing\n", c[i].when);
		snprintf(record, sizeof(record), RECORD "%s", c[i].record);
		makes(yaml, record, c[i].holds ? FAILED : HEAD "}\n");
	}
}
END_TEST

START_TEST(all_conditions_of_a_list_hold)
{
	const char *yaml = "drop:\n  - [e = 1, f = 2]\n  - g = 3\n" EVENT "  context: nothing\n";

	makes(yaml, RECORD ",\"e\":1,\"f\":2}", "dropped\n");
	makes(yaml, RECORD ",\"e\":1,\"f\":3}", HEAD "}\n");
	makes(yaml, RECORD ",\"g\":3}", "dropped\n");
	ck_assert_uint_eq(x.dropped, 2);
}
END_TEST

START_TEST(times_come_in_many_forms)
{
	static const struct {
		const char *rule, *value, *time;
	} c[] = {
		{ "t", "\"2026-01-02T03:04:05.5+01:00\"", "2026-01-02T02:04:05.500000Z" },
		{ "t", "1621305118553", "2021-05-18T02:31:58.553000Z" },
		{ "{ from: t, format: seconds }", "1621305118.25", "2021-05-18T02:31:58.250000Z" },
		{ "{ from: t, format: seconds }", "\"12\"", "1970-01-01T00:00:12.000000Z" },
		{ "{ from: t, format: milliseconds }", "\"1\"", "1970-01-01T00:00:00.001000Z" },
		{ "{ from: t, format: microseconds }", "\"1364519240181716\"", "2013-03-29T01:07:20.181716Z" },
		{ "{ from: t, format: nanoseconds }", "1364519240181716000", "2013-03-29T01:07:20.181716Z" },
		{ "{ from: t, format: \"%d/%b/%Y:%H:%M:%S %z\" }", "\"10/Oct/2000:13:55:36 -0700\"", "2000-10-10T20:55:36.000000Z" },
		{ "{ from: t, format: [rfc3339, \"%F %T\"] }", "\"2022-11-29 00:09:04.38\"", "2022-11-29T00:09:04.380000Z" },
		{ "{ from: t, format: \"%F %T\", zone: \"+02:00\" }", "\"2022-11-29 00:09:04\"", "2022-11-28T22:09:04.000000Z" },
		{ "{ from: t, format: \"%a %b %e %H:%M:%S %Y\" }", "\"Tuesday Nov  1 02:03:04 2022\"", "2022-11-01T02:03:04.000000Z" },
		{ "{ from: t, format: \"%m/%d/%y %I:%M %p\" }", "\"11/29/22 12:05 AM\"", "2022-11-29T00:05:00.000000Z" },
	};
	char yaml[256], record[128], line[256];

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		snprintf(yaml, sizeof(yaml), "event:\n  time: %s\n  action: a\n", c[i].rule);
		snprintf(record, sizeof(record), "{\"t\":%s,\"a\":\"x\"}", c[i].value);
		snprintf(line, sizeof(line), "{\"time\":\"%s\",\"action\":\"x\",\"severity\":\"info\",\"outcome\":\"unknown\"}\n", c[i].time);
		makes(yaml, record, line);
	}
}
END_TEST

START_TEST(a_time_that_was_cut_stays_in_the_context)
{
	makes("event:\n  time: { from: t, format: nanoseconds }\n  action: a\n", "{\"t\":1767323045000000001,\"a\":\"x\"}",
	    HEAD ",\"context\":{\"t\":1767323045000000001}}\n");
	makes("event:\n  time: { from: t, format: seconds }\n  action: a\n", "{\"t\":1767323045.0000000001,\"a\":\"x\"}",
	    HEAD ",\"context\":{\"t\":1767323045.0000000001}}\n");
}
END_TEST

START_TEST(what_is_no_event_says_why)
{
	makes(EVENT, "{\"t\":\"2026-01-02T03:04:05Z\"}", "no-action \n");
	makes(EVENT, "{\"a\":1}", "no-time \n");
	makes(EVENT, "{\"a\":1,\"t\":\"2026-02-30T00:00:00Z\"}", "bad-time 2026-02-30T00:00:00Z\n");
	makes("event:\n  time: { from: t, format: \"%F %T\" }\n  action: a\n", "{\"a\":1,\"t\":\"2026-02-28 24:61:00\"}",
	    "bad-time 2026-02-28 24:61:00\n");
	makes(EVENT "  source: s\n", RECORD ",\"s\":\"audit-toolkit\"}", "reserved-source audit-toolkit\n");
	makes(EVENT, "[5,{\"a\":1,\"a\":2}]", "not-object \nduplicate-key\n");
}
END_TEST

START_TEST(words_numbers_and_addresses_are_checked)
{
	makes(EVENT "  severity: s\n  outcome: o\n  status: n\n  ip: i\n", RECORD ",\"s\":\"ERR\",\"o\":\"denied\",\"n\":\"404\",\"i\":\"::FFFF:1.2.3.4\"}",
	    "{\"time\":\"2026-01-02T03:04:05.000000Z\",\"action\":\"x\",\"severity\":\"error\",\"outcome\":\"failure\",\"ip\":\"1.2.3.4\",\"status\":404}\n");
	makes(EVENT "  severity: s\n  outcome: o\n  status: n\n  duration_ms: d\n",
	    RECORD ",\"s\":\"odd\",\"o\":\"perhaps\",\"n\":\"40x\",\"d\":1.50}",
	    "{\"time\":\"2026-01-02T03:04:05.000000Z\",\"action\":\"x\",\"severity\":\"warning\",\"outcome\":\"unknown\",\"duration_ms\":1.50,"
	    "\"context\":{\"s\":\"odd\",\"o\":\"perhaps\",\"n\":\"40x\"}}\n");
	makes(EVENT "  status: n\n", RECORD ",\"n\":9223372036854775808}", HEAD ",\"context\":{\"n\":9223372036854775808}}\n");
	makes(EVENT "  changes: c\n", RECORD ",\"c\":[ 1, {\"b\" : 2}]}", HEAD ",\"changes\":[1,{\"b\":2}]}\n");
}
END_TEST

START_TEST(each_element_of_a_list_is_an_event)
{
	const char *yaml = "each: l\nevent:\n  id: i\n  time: t\n  action: l.n\n";

	makes(yaml, "{\"i\":\"7\",\"t\":0,\"l\":[{\"n\":\"p\",\"v\":1},{\"n\":\"q\"},{\"n\":\"r\",\"v\":[2]}],\"z\":1}",
	    "{\"id\":\"7\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"action\":\"p\",\"severity\":\"info\",\"outcome\":\"unknown\",\"context\":{\"l\":{\"v\":1},\"z\":1}}\n"
	    "{\"id\":\"7#2\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"action\":\"q\",\"severity\":\"info\",\"outcome\":\"unknown\",\"context\":{\"z\":1}}\n"
	    "{\"id\":\"7#3\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"action\":\"r\",\"severity\":\"info\",\"outcome\":\"unknown\",\"context\":{\"l\":{\"v\":[2]},\"z\":1}}\n");
	makes(yaml, "{\"i\":\"7\",\"t\":0,\"l\":{\"n\":\"p\"}}",
	    "{\"id\":\"7\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"action\":\"p\",\"severity\":\"info\",\"outcome\":\"unknown\"}\n");
	makes(yaml, "{\"i\":\"7\",\"t\":0,\"l\":[]}", "no-action \n");
}
END_TEST

START_TEST(a_list_does_not_grow_without_bound)
{
	struct mapping *m = mapping_parse("x.yaml", STR("each: l\n" EVENT), &e);
	struct buf text = { 0 };

	buf_printf(&text, RECORD ",\"l\":[0");
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, ",0");
	buf_printf(&text, "]}");
	ck_assert_ptr_nonnull(m);
	mapped_text(&x, m, buf_view(&text), 1 << 20);
	ck_assert_uint_eq(x.events, 0);
	ck_assert_uint_eq(x.faults, 1);
	buf_fini(&text);
	mapping_free(m);
}
END_TEST

START_TEST(json_within_a_string_is_read_as_if_it_stood_there)
{
	const char *yaml = "json: [j, k]\n" EVENT "  actor_id: j.who\n";

	makes(yaml, RECORD ",\"k\":\"[1, \\\"2\\\"]\",\"j\":\"{\\\"who\\\":\\\"bob\\\",\\\"n\\\":1}\"}",
	    ACTOR("bob") ",\"context\":{\"k\":[1,\"2\"],\"j\":{\"n\":1}}}\n");
	makes(yaml, RECORD ",\"j\":\"{broken\",\"k\":\"5\"}", HEAD ",\"context\":{\"j\":\"{broken\",\"k\":\"5\"}}\n");
	makes(yaml, RECORD ",\"j\":\"{\\\"who\\\":1,\\\"who\\\":2}\"}", "duplicate-key\n");
}
END_TEST

START_TEST(two_paths_may_lead_to_one_string)
{
	makes("json: [\"l[0].j\", \"l[k=v].j\"]\n" EVENT, RECORD ",\"l\":[{\"k\":\"v\",\"j\":\"{\\\"n\\\":1}\"}]}",
	    HEAD ",\"context\":{\"l\":[{\"k\":\"v\",\"j\":{\"n\":1}}]}}\n");
}
END_TEST

START_TEST(records_are_taken_out_of_lists)
{
	const char *yaml = "records: [Records, items]\n" EVENT;

	makes(yaml, "{\"next\":\"Records\",\"Records\":[" RECORD "}, " RECORD "}],\"x\":{\"Records\":[1]}}\n" RECORD "}",
	    HEAD "}\n" HEAD "}\n" HEAD "}\n");
	makes(yaml, "{ \"items\" : [\n  " RECORD "\n}\n]}\n", HEAD "}\n");
	makes(yaml, "[" RECORD "},\n" RECORD "}]", HEAD "}\n" HEAD "}\n");
}
END_TEST

START_TEST(it_says_where_each_field_came_from)
{
	struct mapping *m = mapping_parse("x.yaml", STR("event:\n  time: t\n  action:\n    - nothere\n    - [b, a]\n"
	    "  outcome: { text: success }\n"), &e);

	ck_assert_ptr_nonnull(m);
	mapped_text(&x, m, STR(RECORD "}"), 100);
	ck_assert_uint_eq(x.events, 1);
	ck_assert(str_eq(x.reason[FIELD_ACTION].source, STR("a")));
	ck_assert_uint_eq(x.reason[FIELD_ACTION].line, 5);
	ck_assert(str_eq(x.reason[FIELD_OUTCOME].source, STR("success")));
	ck_assert_ptr_null(x.reason[FIELD_SEVERITY].source.p);
	mapping_free(m);
}
END_TEST

START_TEST(mistakes_are_told_with_their_place)
{
	refuses("", "x.yaml:1:1: the key event is missing: what the fields are made of");
	refuses("event:\n  time: t\n", "x.yaml:3:1: event: no action, which every event needs");
	refuses("evnt:\n", "x.yaml:1:1: unknown key 'evnt'; the nearest is event");
	refuses("event:\n  actr_id: t\n", "x.yaml:2:3: unknown key 'actr_id'; the nearest is actor_id");
	refuses("event:\n  ingested: t\n", "x.yaml:2:3: ingested is set by the toolkit alone");
	refuses("event:\n  time: { form: t }\n", "x.yaml:2:11: unknown key 'form'; the nearest is from");
	refuses("event:\n  time: { format: rfc3339 }\n", "x.yaml:2:9: time: a rule has either from or text");
	refuses("event:\n  action: { from: t, format: rfc3339 }\n", "x.yaml:2:11: action: format and zone are for time alone");
	refuses("event:\n  changes: { from: t, letters: lower }\n", "x.yaml:2:12: changes: JSON is taken as it is: from and when alone");
	refuses("event:\n  action: a..b\n", "x.yaml:2:11: the path 'a..b' needs a name at character 3 of it");
	refuses("event:\n  action: 'a[b]'\n", "x.yaml:2:11: the path 'a[b]' needs a number, or NAME=VALUE, in brackets at character 4 of it");
	refuses("event:\n  action: { from: a, match: '(' }\n",
	    "x.yaml:2:29: match: no regular expression: missing closing parenthesis, at byte 2 of it");
	refuses("event:\n  action: { from: a, lookup: words }\n", "x.yaml:2:30: lookup: no table 'words' in the key tables above");
	refuses("event:\n  action: { from: a, lookup: { b: c, b: d } }\n", "x.yaml:2:38: lookup: 'b' is given twice");
	refuses("event:\n  action: { text: \"{a\" }\n", "x.yaml:2:19: text: a lone '{' at character 1; write it twice for itself");
	refuses("event:\n  time: { from: a, format: rfc339 }\n",
	    "x.yaml:2:28: format: 'rfc339' is no format: rfc3339, epoch, seconds, milliseconds, microseconds, nanoseconds or a pattern with %Y;"
	    " the nearest is rfc3339");
	refuses("event:\n  time: { from: a, format: \"%Y-%m\" }\n", "x.yaml:2:28: format: the pattern needs a year, a month and a day");
	refuses("event:\n  time: { from: a, format: \"%Q\" }\n",
	    "x.yaml:2:28: format: '%Q' is not known: %Y %y %m %b %d %e %H %I %p %M %S %z %a %F %T %%");
	refuses("event:\n  time: { from: a, zone: CEST }\n", "x.yaml:2:26: zone: expected Z or an offset such as +02:00");
	refuses("drop: [a b]\n", "x.yaml:1:8: drop: at character 3: expected one of = != < <= > >= ~ !~ in; that a path is there at all is: has PATH");
	refuses("drop: [a = ]\n", "x.yaml:1:8: drop: at character 4: expected a value");
	refuses("drop:\n  - a < x\n", "x.yaml:2:5: drop: at character 6: expected an integer");
	refuses("drop:\n  - a in (b\n", "x.yaml:2:5: drop: at character 8: expected ',' or ')'; within [ ] and { } a condition with a comma needs quotes");
	refuses("format: cvs\n", "x.yaml:1:9: format: 'cvs' is not json or csv; the nearest is csv");
	refuses("event:\n" NEEDED "  context: rst\n", "x.yaml:4:12: context: expected rest, nothing or a list of paths");
	refuses("each: &a b\n", "x.yaml:1:7: anchors and aliases are not allowed");
}
END_TEST

START_TEST(limits_are_kept)
{
	struct buf yaml = { 0 };

	buf_printf(&yaml, "event:\n  time: t\n  action:\n");
	for (int i = 0; i < MAPPING_RULES_MAX; i++)
		buf_printf(&yaml, "    - a\n");
	buf_byte(&yaml, '\0');
	refuses(yaml.p, "x.yaml:1027:7: more than 1024 rules");

	buf_reset(&yaml);
	buf_printf(&yaml, "event:\n  time: t\n  action: [a");
	for (int i = 0; i < MAPPING_PATHS_MAX; i++)
		buf_printf(&yaml, ", a%d", i);
	buf_printf(&yaml, "]\n");
	buf_byte(&yaml, '\0');
	ck_assert_ptr_null(mapping_parse("x.yaml", str_of(yaml.p), &e));
	buf_fini(&yaml);
}
END_TEST

static Suite *
mapping_suite(void)
{
	Suite *s = suite_create("ingest_mapping");
	TCase *t = tcase_create("language");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_no_field_took_is_the_context);
	tcase_add_test(t, a_field_that_has_a_part_leaves_the_whole);
	tcase_add_test(t, the_first_candidate_that_is_there_fills_the_field);
	tcase_add_test(t, texts_join_paths_and_need_all_of_them);
	tcase_add_test(t, paths_reach_into_lists_and_odd_names);
	tcase_add_test(t, conditions_decide);
	tcase_add_test(t, all_conditions_of_a_list_hold);
	tcase_add_test(t, times_come_in_many_forms);
	tcase_add_test(t, a_time_that_was_cut_stays_in_the_context);
	tcase_add_test(t, what_is_no_event_says_why);
	tcase_add_test(t, words_numbers_and_addresses_are_checked);
	tcase_add_test(t, each_element_of_a_list_is_an_event);
	tcase_add_test(t, a_list_does_not_grow_without_bound);
	tcase_add_test(t, json_within_a_string_is_read_as_if_it_stood_there);
	tcase_add_test(t, two_paths_may_lead_to_one_string);
	tcase_add_test(t, records_are_taken_out_of_lists);
	tcase_add_test(t, it_says_where_each_field_came_from);
	tcase_add_test(t, mistakes_are_told_with_their_place);
	tcase_add_test(t, limits_are_kept);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(mapping_suite)
