/* Unit tests of the canonical expression: one filter, one text. */
#include "filter/tree.h"
#include "unit.h"

#define NOW INT64_C(1776945600000000) /* 2026-04-23T12:00:00Z */

static struct filter_args args;

static void
fresh_args(void)
{
	args = (struct filter_args){ 0 };
}

static void
drop_args(void)
{
	filter_args_fini(&args);
}

static void
give(struct str_list *list, const char *value)
{
	str_list_add(list, value, strlen(value));
}

/* The present args are written so; they are used up. */
static void
becomes(const char *expected)
{
	struct err e = ERR_NONE;
	struct filter *f = filter_build(&args, NOW, &e);
	struct buf text = { 0 };

	ck_assert_msg(f != NULL, "%s", e.text);
	filter_format(&text, f);
	buf_byte(&text, '\0');
	ck_assert_str_eq(text.p, expected);
	buf_fini(&text);
	filter_free(f);
	drop_args();
}

START_TEST(everything_is_true)
{
	becomes("true");
}
END_TEST

START_TEST(one_value_is_equal_several_are_a_list)
{
	give(&args.action, "login");
	becomes("action = login");
	give(&args.action, "logout,login");
	becomes("action in (login, logout)");
}
END_TEST

START_TEST(the_order_of_typing_does_not_matter)
{
	give(&args.tenant, "b,a");
	give(&args.tenant, "a");
	give(&args.action, "x");
	give(&args.expr, "share!=s");
	give(&args.expr, "device=d");
	becomes("tenant in (a, b) and action = x and device = d and share != s");
	give(&args.expr, "device=d");
	give(&args.expr, "share!=s");
	give(&args.action, "x,x");
	give(&args.tenant, "a");
	give(&args.tenant, "b");
	becomes("tenant in (a, b) and action = x and device = d and share != s");
}
END_TEST

START_TEST(values_are_quoted_where_they_could_be_taken_for_grammar)
{
	give(&args.share, "a b");
	becomes("share = \"a b\"");
	give(&args.share, "say \"hi\"");
	becomes("share = \"say \\\"hi\\\"\"");
	give(&args.share, "and");
	becomes("share = \"and\"");
	give(&args.share, "a\\,b");
	becomes("share = \"a,b\"");
	give(&args.share, "(x)");
	becomes("share = \"(x)\"");
	give(&args.share, "zoë");
	becomes("share = \"zoë\"");
	give(&args.expr, "share=");
	becomes("share = \"\"");
	give(&args.share, "a-b_c.d/e:f@g+h%i");
	becomes("share = a-b_c.d/e:f@g+h%i");
}
END_TEST

START_TEST(globs_and_literal_stars_are_told_apart)
{
	give(&args.share, "a*,a\\*");
	becomes("share in (a\\*, a*)");
	give(&args.share, "a\\,b***\\?\\x?");
	becomes("share = \"a,b*\\?\\\\x?\"");
	give(&args.share, "C:\\Users");
	becomes("share = C:\\\\Users");
	give(&args.share, "C:\\\\Users");
	becomes("share = C:\\\\Users");
}
END_TEST

START_TEST(values_without_case_are_in_lower_case)
{
	give(&args.category, "Admin,ADMIN");
	becomes("category = admin");
	give(&args.outcome, "DENIED,failure");
	becomes("outcome = failure");
	give(&args.expr, "severity=WARN");
	becomes("severity = warning");
}
END_TEST

START_TEST(several_fields_are_alternatives_in_parentheses)
{
	give(&args.actor, "Alice");
	becomes("actor_id = Alice or actor_name = Alice or actor_email = alice");
	give(&args.actor, "a*");
	give(&args.action, "read");
	becomes("action = read and (actor_id = a* or actor_name = a* or actor_email = a*)");
}
END_TEST

START_TEST(addresses_networks_and_ranges_look_as_people_write_them)
{
	give(&args.ip, "192.0.2.7");
	becomes("ip = 192.0.2.7");
	give(&args.ip, "10.1.2.3/8");
	becomes("ip in 10.0.0.0/8");
	give(&args.ip, "10.0.0.1-10.0.0.9");
	becomes("ip in 10.0.0.1-10.0.0.9");
	give(&args.ip, "0.0.0.0/0,::/0");
	becomes("ip in (0.0.0.0/0, ::/0)");
	give(&args.ip, "2001:DB8::/32,fe80::1,10.0.0.0-10.255.255.255,10.2.0.0/16");
	becomes("ip in (10.0.0.0/8, 2001:db8::/32, fe80::1)");
	give(&args.ip, "10.0.0.1,somewhere,10.2.*");
	becomes("ip in (10.0.0.1, \"somewhere\", 10.2.*)");
	give(&args.expr, "ip!=10.0.0.1");
	becomes("ip != 10.0.0.1");
	give(&args.expr, "ip!=10.0.0.0/8");
	becomes("not ip in 10.0.0.0/8");
}
END_TEST

START_TEST(path_prefixes_are_the_path_and_all_below)
{
	give(&args.path_prefix, "/srv/data/");
	becomes("target_path in (/srv/data, /srv/data/*)");
	give(&args.path_prefix, "/");
	becomes("target_path = /*");
	give(&args.path_prefix, "/a b\\*");
	becomes("target_path in (\"/a b\\*\", \"/a b\\*/*\")");
	give(&args.path_prefix, "C:\\Users");
	becomes("target_path in (C:\\\\Users, C:\\\\Users/*, C:\\\\Users\\\\*)");
}
END_TEST

START_TEST(severities_are_levels)
{
	args.severity = mem_strdup("warn");
	becomes("severity >= warning");
	args.severity = mem_strdup("info..error");
	becomes("severity <= error");
	args.severity = mem_strdup("warning..error");
	becomes("severity >= warning and severity <= error");
	args.severity = mem_strdup("error..error");
	becomes("severity = error");
	args.severity = mem_strdup("info");
	becomes("severity >= info");
}
END_TEST

START_TEST(times_are_instants)
{
	args.since = mem_strdup("2026-01");
	becomes("time >= 2026-01-01T00:00:00.000000Z");
	args.since = mem_strdup("1h");
	args.until = mem_strdup("now");
	becomes("time >= 2026-04-23T11:00:00.000000Z and time < 2026-04-23T12:00:00.000000Z");
	args.until = mem_strdup("2026-01-01T00:00:00.5Z");
	args.by = mem_strdup("ingested");
	becomes("ingested < 2026-01-01T00:00:00.500000Z");
	give(&args.expr, "time=2026-01-01T00:00:00Z");
	becomes("time = 2026-01-01T00:00:00.000000Z");
	give(&args.expr, "time!=2026-01-01T00:00:00Z");
	becomes("time != 2026-01-01T00:00:00.000000Z");
}
END_TEST

START_TEST(negations_are_as_short_as_the_grammar_lets_them)
{
	give(&args.expr, "share!=a");
	becomes("share != a");
	give(&args.expr, "share!=a,b");
	becomes("not share in (a, b)");
	give(&args.expr, "share!=*");
	becomes("not has share");
	give(&args.expr, "share=*,a");
	becomes("has share");
	give(&args.expr, "time!=2026-01-01T00:00:00Z,2026-01-02T00:00:00Z");
	becomes("not (time = 2026-01-01T00:00:00.000000Z or time = 2026-01-02T00:00:00.000000Z)");
}
END_TEST

START_TEST(alternatives_of_one_field_are_joined)
{
	give(&args.expr, "share=a");
	give(&args.expr, "share=b");
	give(&args.action, "x");
	becomes("action = x and share in (a, b)");
}
END_TEST

START_TEST(new_tests_have_a_text)
{
	give(&args.text, "50% *off*");
	becomes("text = \"50% *off*\"");
	give(&args.grep, "say \"x\"");
	becomes("line ~ \"say \"\"x\"\"\"");
	give(&args.expr, "context.a.b=1,2");
	becomes("context.a.b in (1, 2)");
	give(&args.expr, "context.\"a b\"!=*");
	becomes("not has context.\"a b\"");
	give(&args.expr, "action~^a\\d");
	becomes("action ~ \"^a\\d\"");
	give(&args.expr, "action!~^a");
	becomes("action !~ \"^a\"");
	give(&args.expr, "duration_ms>=1e3");
	becomes("duration_ms >= 1e3");
}
END_TEST

START_TEST(whatever_way_a_window_was_typed_it_is_one)
{
	args.since = mem_strdup("2026-01");
	give(&args.where, "time < 2026-02 and share = s");
	becomes("time >= 2026-01-01T00:00:00.000000Z and time < 2026-02-01T00:00:00.000000Z and share = s");
}
END_TEST

/* ---- whatever is printed can be read ---- */

struct chance {
	uint64_t state;
};

static unsigned
pick(struct chance *c, unsigned n)
{
	c->state = c->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(c->state >> 33) % n;
}

/* Of bytes that are grammar somewhere. */
static struct str
random_text(struct filter *f, struct chance *c)
{
	static const char *const piece[] = {
		"a", "b", "A", "\\", "\\", "*", "?", ",", "\"", "'", " ", "(", ")", "and", "=", "\xc3\xab", "\n",
		"~", "!", "/", "7", ".",
	};
	struct buf b = { 0 };
	struct str s;

	for (unsigned i = 0, n = pick(c, 7); i < n; i++)
		buf_str(&b, str_of(piece[pick(c, sizeof(piece) / sizeof(piece[0]))]));
	s = (struct str){ arena_copy(&f->arena, b.p, b.len), b.len };
	buf_fini(&b);
	return s;
}

static struct selector
random_selector(struct filter *f, struct chance *c)
{
	static const char *const text[] = {
		"share", "description", "actor_email", "host", "context.a", "context.\"b \\\" c\".a", "changes.0.x",
		"status", "context", "ip", "error_code",
	};
	struct err e = ERR_NONE;
	struct selector s;

	ck_assert_int_eq(selector_parse(&s, str_of(text[pick(c, sizeof(text) / sizeof(text[0]))]), &f->arena, &e), 0);
	return s;
}

static struct filter_node *
random_values(struct filter *f, struct chance *c, struct err *e)
{
	struct selector s = random_selector(f, c);
	bool nocase = s.steps == 0 && (field_table[s.field].flags & F_NOCASE) != 0;
	struct value_list l = { 0 };

	for (unsigned i = 0, n = 1 + pick(c, 3); i < n; i++) {
		struct str text = random_text(f, c);

		if (s.field == FIELD_IP && pick(c, 2))
			text = pick(c, 2) ? STR("10.0.0.0/30") : STR("10.0.0.1-10.0.0.9,::1");
		if (value_list_add(f, &l, text, nocase, e) != 0) {
			value_list_fini(&l);
			return NULL;
		}
	}
	return filter_node_values(f, &s, &l, e);
}

static struct filter_node *
random_prefix(struct filter *f, struct chance *c)
{
	struct filter_test t = { .op = TEST_PREFIX, .field = FIELD_TARGET_PATH, .patterns = 1, .literals = 1 };

	t.pattern = arena_alloc(&f->arena, sizeof(*t.pattern));
	*t.pattern = (struct filter_pattern){ random_text(f, c), false };
	while (t.pattern->text.len > 0 && t.pattern->text.p[t.pattern->text.len - 1] == '/')
		t.pattern->text.len--;
	return filter_node_test(f, &t);
}

static struct filter_node *
random_span(struct filter *f, struct chance *c)
{
	struct filter_test t = { .op = TEST_TIME, .field = pick(c, 2) ? FIELD_TIME : FIELD_INGESTED };
	const int64_t at[] = {
		TIME_MIN, TIME_MIN + 1, NOW, NOW + 1, NOW + 2, NOW + TIME_DAY, TIME_MAX, TIME_MAX + 1, INT64_MAX,
	};

	if (pick(c, 3) == 0) {
		t = (struct filter_test){ .op = TEST_LEVEL, .field = FIELD_SEVERITY, .nocase = true };
		t.lo = pick(c, SEVERITY_COUNT);
		t.hi = t.lo + pick(c, SEVERITY_COUNT - (unsigned)t.lo);
	} else {
		size_t from = pick(c, 8);

		t.lo = at[from];
		t.hi = at[from + 1 + pick(c, 8 - (unsigned)from)];
	}
	return filter_node_test(f, &t);
}

static struct filter_node *
random_regex(struct filter *f, struct chance *c, struct err *e)
{
	static const char *const pattern[] = {
		"a", "\"", "\\\"", "\\\\", "'\"'", "a\\\\\"b", "^(a|b)$", "[\"\\\\]", "\\Qa\\", "\\Q\"\\E.", ",\\d+ ", "\\(",
	};
	struct str text = str_of(pattern[pick(c, sizeof(pattern) / sizeof(pattern[0]))]);
	struct selector s = random_selector(f, c);

	return pick(c, 3) ? filter_node_regex(f, &s, text, e) : filter_node_line(f, text, e);
}

/* NULL: what was picked is refused. */
static struct filter_node *
random_leaf(struct filter *f, struct chance *c)
{
	struct err e = ERR_NONE;
	struct selector s = random_selector(f, c);

	switch (pick(c, 8)) {
	case 0:
		return filter_node_has(f, &s);
	case 1:
		return random_prefix(f, c);
	case 2:
		return random_span(f, c);
	case 3:
		return random_regex(f, c, &e);
	case 4:
		return filter_node_text(f, random_text(f, c), &e);
	case 5:
		return filter_node_compare(f, &s, (enum filter_sign)pick(c, 4),
		    pick(c, 2) ? STR("7") : random_text(f, c), NOW, &e);
	default:
		return random_values(f, c, &e);
	}
}

static struct filter_node *
random_tree(struct filter *f, struct chance *c, unsigned depth)
{
	struct node_list l = { 0 };
	struct filter_node *n;

	if (depth == 0 || pick(c, 3) == 0) {
		while ((n = random_leaf(f, c)) == NULL)
			;
	} else {
		for (unsigned i = 0, children = 1 + pick(c, 3); i < children; i++)
			node_list_add(&l, random_tree(f, c, depth - 1));
		n = filter_node_join(f, pick(c, 2) ? FILTER_AND : FILTER_OR, &l);
	}
	return pick(c, 3) == 0 ? filter_node_not(f, n) : n;
}

/* Its bytes are in the filter's arena. */
static void
random_event(struct event *ev, struct filter *f, struct chance *c)
{
	static const enum field texts[] = {
		FIELD_SHARE, FIELD_DESCRIPTION, FIELD_ACTOR_EMAIL, FIELD_HOST, FIELD_ERROR_CODE, FIELD_TARGET_PATH,
	};
	static const char *const payload[] = {
		"{\"a\":1}", "{\"a\":[\"b\",\"7\"]}", "{\"b \\\" c\":{\"a\":\"\\\\*\"}}", "[{\"x\":\"a\"},7]", "{}",
	};
	static const char *const addresses[] = { "10.0.0.2", "10.0.0.5", "::1", "a" };

	*ev = (struct event){ 0 };
	event_set_time(ev, FIELD_TIME, NOW + pick(c, 3));
	event_set(ev, FIELD_ACTION, STR("a"));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (pick(c, 3))
			event_set(ev, texts[i], random_text(f, c));
	}
	event_set(ev, FIELD_SEVERITY, str_of(event_severities[pick(c, SEVERITY_COUNT)]));
	if (pick(c, 2))
		event_set(ev, FIELD_STATUS, pick(c, 2) ? STR("7") : STR("12"));
	if (pick(c, 2))
		event_set(ev, FIELD_IP, str_of(addresses[pick(c, 4)]));
	if (pick(c, 2))
		event_set(ev, FIELD_CHANGES, str_of(payload[pick(c, 5)]));
	if (pick(c, 2))
		event_set(ev, FIELD_CONTEXT, str_of(payload[pick(c, 5)]));
}

START_TEST(what_is_printed_reads_back_as_the_same_filter)
{
	struct chance c = { 1 };
	struct filter_scratch *x = filter_scratch_new();
	struct buf one = { 0 }, two = { 0 };
	unsigned some = 0;

	for (unsigned i = 0; i < 4000; i++) {
		struct filter *f = filter_new(), *g = filter_new();
		struct filter_node *n;
		struct err e = ERR_NONE;

		filter_finish(f, random_tree(f, &c, 3));
		buf_reset(&one);
		filter_format(&one, f);
		n = filter_where(g, buf_view(&one), 0, &e);
		ck_assert_msg(n != NULL, "%.*s\n%s", (int)one.len, one.p, e.text);
		filter_finish(g, n);
		buf_reset(&two);
		filter_format(&two, g);
		ck_assert_msg(str_eq(buf_view(&one), buf_view(&two)), "%.*s\n%.*s", (int)one.len, one.p,
		    (int)two.len, two.p);
		for (unsigned k = 0; k < 20; k++) {
			struct event ev;
			bool matched;

			random_event(&ev, f, &c);
			matched = filter_match(f, &ev, x);
			some += matched;
			ck_assert_msg(filter_match(g, &ev, x) == matched, "%.*s", (int)one.len, one.p);
		}
		filter_free(f);
		filter_free(g);
	}
	ck_assert_uint_gt(some, 20000);
	ck_assert_uint_lt(some, 60000);
	filter_scratch_free(x);
	buf_fini(&one);
	buf_fini(&two);
}
END_TEST

static Suite *
format_suite(void)
{
	Suite *s = suite_create("filter format");
	TCase *c = tcase_create("canonical expressions");

	tcase_add_checked_fixture(c, fresh_args, drop_args);
	tcase_add_test(c, everything_is_true);
	tcase_add_test(c, one_value_is_equal_several_are_a_list);
	tcase_add_test(c, the_order_of_typing_does_not_matter);
	tcase_add_test(c, values_are_quoted_where_they_could_be_taken_for_grammar);
	tcase_add_test(c, globs_and_literal_stars_are_told_apart);
	tcase_add_test(c, values_without_case_are_in_lower_case);
	tcase_add_test(c, several_fields_are_alternatives_in_parentheses);
	tcase_add_test(c, addresses_networks_and_ranges_look_as_people_write_them);
	tcase_add_test(c, path_prefixes_are_the_path_and_all_below);
	tcase_add_test(c, severities_are_levels);
	tcase_add_test(c, times_are_instants);
	tcase_add_test(c, negations_are_as_short_as_the_grammar_lets_them);
	tcase_add_test(c, alternatives_of_one_field_are_joined);
	tcase_add_test(c, new_tests_have_a_text);
	tcase_add_test(c, whatever_way_a_window_was_typed_it_is_one);
	tcase_add_test(c, what_is_printed_reads_back_as_the_same_filter);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(format_suite)
