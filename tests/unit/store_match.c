/*
 * A filter over the rows of a segment says of each row what the filter says of
 * its event: with dictionaries, texts, payload paths, lines and all filters in
 * front of them.
 */
#include "base/mem.h"
#include "store/match.h"
#include "query_store.h"

#define ROWS 14000u

static struct segment_info *list;
static size_t segments;
static struct filter_scratch *scratch;

static unsigned
mix(unsigned n)
{
	n *= 2654435761u;
	return (n ^ n >> 15) * 2246822519u >> 7;
}

/* Enough bytes for filters of trigrams, some of them beyond ASCII. */
static void
add_event(unsigned n)
{
	static const char *const names[] = { "Alice", "bob", "M\xc3\xbcller", ("\xe2\x84\xaa" "athrin"), "root" };
	char description[700], context[300], path[60], actor[60], request[40];
	struct event ev = { 0 };
	int len = 0;

	event_set_time(&ev, FIELD_TIME, 1776902400000000 + mix(n) % 1000000 * INT64_C(1000));
	snprintf(actor, sizeof(actor), "user:%s-%u", names[mix(n) % 5], mix(n) % 40);
	snprintf(path, sizeof(path), "/srv/%s/%u", n % 3 ? "data" : "Logs", mix(n + 1) % 9000);
	snprintf(request, sizeof(request), "%08x-4f89-41d3-9a0c-%012x", mix(n / 2), mix(n / 2 + 7));
	for (unsigned i = 0; i < 60; i++)
		len += snprintf(description + len, sizeof(description) - (size_t)len, "%s%u ", i % 7 ? "wrote" : "read", mix(n * 61 + i) % 999);
	if (n % 4000 == 17 || n % 4000 == 18)
		snprintf(description, sizeof(description), "XZ-BACKDOOR-7731 found by %s", names[n % 5]);
	if (n % 900 == 7)
		snprintf(description, sizeof(description), "line %u\nwrote1 \"quoted\"\tback\\slash \x01", n);
	snprintf(context, sizeof(context), "{\"note\":\"%s\",\"n\":%u,\"list\":[{\"k\":\"v%u\"},{\"k\":\"w\"}],\"long\":\"%.200s\"}",
	    n % 900 == 7 ? "\\n" : n % 900 == 5 ? "a \\\"quoted\\\" \xc5\xbf" "ecret" : "plain", n, mix(n) % 50, description);
	event_set(&ev, FIELD_ACTION, n % 4 ? STR("file.read") : STR("file.write"));
	event_set(&ev, FIELD_SEVERITY, n % 9 ? STR("info") : STR("error"));
	event_set(&ev, FIELD_ACTOR_ID, str_of(actor));
	event_set(&ev, FIELD_TARGET_PATH, str_of(path));
	event_set(&ev, FIELD_REQUEST_ID, str_of(request));
	if (n % 5)
		event_set(&ev, FIELD_DESCRIPTION, str_of(description));
	if (n % 900 == 7)
		snprintf(strstr(context, ",\"long"), 2, "}");
	event_set(&ev, FIELD_CONTEXT, str_of(context));
	if (n % 11 == 0)
		event_set(&ev, FIELD_STATUS, STR("403"));
	made_add(&ev);
}

static void
set_up(void)
{
	struct store_view v;
	struct err e = ERR_NONE;

	made_begin();
	for (unsigned n = 0; n < ROWS; n++)
		add_event(n);
	made_commit();
	ck_assert_msg(store_view(made, &v, &list, &segments, &e) == 0, "%s", e.text);
	ck_assert_uint_ge(segments, 1);
	ck_assert_uint_gt(list[0].meta.bytes, 8u << 20);
	scratch = filter_scratch_new();
}

static void
tear_down(void)
{
	filter_scratch_free(scratch);
	free(list);
	made_end();
}

static uint64_t
check_segment(const struct segment_info *info, const struct filter *f, const char *what)
{
	struct matcher *m = matcher_new(f);
	struct err e = ERR_NONE;
	enum verdict verdict;
	uint64_t *bits, matched = 0;
	struct event ev;
	bool moved;
	struct stored *s = store_segment(made, info, &moved, &e);

	ck_assert_msg(s != NULL, "%s", e.text);
	for (int again = 0; again < 2; again++) { /* a matcher is used for many segments */
		ck_assert_msg(match_segment(m, s, &verdict, &bits, &e) == 0, "%s: %s", what, e.text);
		for (uint32_t row = 0; row < info->meta.count; row++) {
			bool found = verdict == MATCH_ALL || (verdict == MATCH_SOME && bitmap_has(bits, row));

			ck_assert(segment_event(s->columns, row, FIELD_ALL, &ev, &e) == 0);
			ck_assert_msg(found == filter_match(f, &ev, scratch), "%s: row %u", what, row);
			matched += found && again;
		}
	}
	store_segment_free(s);
	matcher_free(m);
	return matched;
}

static uint64_t
check(struct filter_args *args, const char *what)
{
	struct err e = ERR_NONE;
	struct filter *f = filter_build(args, 0, &e);
	uint64_t matched = 0;

	ck_assert_msg(f != NULL, "%s: %s", what, e.text);
	for (size_t i = 0; i < segments; i++)
		matched += check_segment(&list[i], f, what);
	filter_free(f);
	return matched;
}

START_TEST(expressions_match_what_their_events_match)
{
	static const char *const where[] = {
		"description ~ \"BACKDOOR\"",
		"not description ~ \"BACKDOOR\"",
		"description = *XZ-BACKDOOR* or context.n = 77",
		"description ~ \"(?i)xz-backdoor\" and severity = info",
		"action = file.write and description ~ \"read1[0-9] \" and target_path = /srv/Logs/*",
		"context.list.k = v7",
		"context.list.k = v7 and not context.list.k = w",
		"context.note ~ \"quoted\"",
		"context.note = *ecret*",
		"request_id = *4f89-41d3*",
		"request_id = *zz*",
		"id = made-77 or id = made-78 or id = nobody",
		"has status and not (severity = error or actor_id = *root*)",
		"has context.note",
		"has context.nothing",
		"not has description",
		"status >= 400 and context.n < 500",
		"time < \"2026-04-23T00:05:00Z\" and description ~ \"wrote7\"",
		"target_path = /srv/data/1* or description ~ \"nowhere to be found\"",
		/* plain texts, alone and several; over the end of a value into the next */
		"description ~ wrote12",
		"description ~ \"read99|wrote1 |BACKDOOR\"",
		"description ~ \"wrote77 read\"",
		"description ~ \"wrote77? read1\"",
		"description ~ \"wrote[5]5 wrote\"",
		"description ~ \"^read1|wrote12 $\"",
		"description ~ \"\\bwrote1\\b\"",
		"description ~ \"read12 wrote.*wrote77\"",
		"description ~ \"a1a|a2a|a3a|a4a|a5a|a6a|a7a|wrote8|wrote99\"",
		"actor_id = user:root-7 and description ~ wrote1",
		"context ~ wrote12",
		"context ~ \"a.{3}quoted|v33\"",
		"context.long ~ wrote9",
		"has description and not description ~ wrote",
	};

	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		struct filter_args args = { 0 };

		str_list_add(&args.where, where[i], strlen(where[i]));
		check(&args, where[i]);
		filter_args_fini(&args);
	}
}
END_TEST

START_TEST(text_is_found_in_any_field_and_case)
{
	static const struct {
		const char *text;
		bool some;
	} asked[] = {
		{ "xz-backdoor-7731", true }, { "XZ-BACKDOOR-7731", true }, { "m\xc3\x9cLLER", true }, { "kathrin", true },
		{ "\"quoted\" secret", true }, { "4F89-41D3", true }, { "made-123", true }, { "ob", true },
		{ "WROTE1", true }, { "12 wROTE", true }, { "FOUND BY KATH", true }, { "Secret", true },
		{ "no such words", false }, { "7731-backdoor", false }, { " xz-backdoor", false },
	};

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct filter_args args = { 0 };

		str_list_add(&args.text, asked[i].text, strlen(asked[i].text));
		ck_assert_msg((check(&args, asked[i].text) > 0) == asked[i].some, "%s", asked[i].text);
		filter_args_fini(&args);
	}
}
END_TEST

START_TEST(patterns_are_found_in_the_line)
{
	static const struct {
		const char *pattern;
		bool some;
	} asked[] = {
		{ "XZ-BACKDOOR-7731", true }, { "(?i)xz-backdoor", true }, { "\"severity\":\"error\",", true },
		{ "user:root-4\"", true }, { "(?i)KATHRIN-[0-9]", true }, { "403,\"context\"", true }, { "T00:05:[0-9]+", true },
		{ "BACKDOOR.*\"plain\"|nothing at all", true }, { "7731-backdoor", false }, { "^\\{\"id\":\"made-5\"", true },
	};

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct filter_args args = { 0 };

		str_list_add(&args.grep, asked[i].pattern, strlen(asked[i].pattern));
		ck_assert_msg((check(&args, asked[i].pattern) > 0) == asked[i].some, "%s", asked[i].pattern);
		filter_args_fini(&args);
	}
}
END_TEST

START_TEST(patterns_inside_of_values_are_found_there)
{
	static const char *const asked[] = {
		"wrote1[0-9] read", "wrote77", "wrote7|BACKDOOR|root-3", "nwrote1", "\\\\nwrote", "n\\\\tback",
		"u0001", "slash", "\\\\slash", "k\\\\\\\\s", "[a-f][0-9]{4}-4", "4f89-4", "-[0-9a-f]{12}", "T0[0-9]",
		"[0-9]{2}-[0-9]{2}T", "T00", "5Z", "\\bread1\\b", "\\Bead12\\b", "x*", "\\B", "actor", "quoted",
		"(?i)WROTE12 ", "(?i)kathrin", "(?i:mxller|m\xc3\x9cller)-", "[^\"]*BACKDOOR", "40[0-9]", "403", "3,",
		":403", "403[+-.]", "error[\"x]", "(read|wrote)9+ ?(read|wrote)99", "v4[0-9]|w4", "(a|e){2}", "[a-z]{5}1 w?(?:rote)5", "file.read",
		"file\\.read", "\\[\\{?", "[]]", "nothing at all", "[+-9]{9}", "wrote99 $", "made-1[0-9]*7"
	};

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct filter_args args = { 0 };

		str_list_add(&args.grep, asked[i], strlen(asked[i]));
		check(&args, asked[i]);
		filter_args_fini(&args);
	}
}
END_TEST

static unsigned
below(unsigned n)
{
	static uint64_t seed = 11;

	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

START_TEST(random_patterns_are_found_in_the_line)
{
	static const char *const part[] = {
		"wrote", "read", "1", "7", " ", "[0-9]", "[0-9]{2}", "\\d+", "\\w", "\\s", "(wrote|read)", "(?:4|-)", "-", "[a-f]",
		"\\b", "\\B", "n", "\\\\", "T", "Z", ":", ",", "\"", "[,-9]", ".", "e?", "t*", "|", "(?i)", "[\\w-]", "$", "root"
	};
	size_t parts = sizeof(part) / sizeof(part[0]);

	for (unsigned round = 0; round < 40; round++) {
		struct filter_args args = { 0 };
		struct buf pattern = { 0 };

		for (unsigned n = 2 + below(4); n > 0; n--)
			buf_str(&pattern, str_of(part[below((unsigned)parts)]));
		str_list_add(&args.grep, pattern.p, pattern.len);
		buf_byte(&pattern, '\0');
		check(&args, pattern.p);
		filter_args_fini(&args);
		buf_fini(&pattern);
	}
}
END_TEST

/* A pattern that backtracks without end on a long text. */
START_TEST(a_pattern_given_up_is_told)
{
	static const char where[] = "description ~ \"^([a-z0-9]+ ?)*[!?]$\"";
	struct filter_args args = { 0 };
	struct err e = ERR_NONE;
	enum verdict verdict;
	struct matcher *m;
	struct filter *f;
	struct stored *s;
	uint64_t *bits;
	bool moved;

	str_list_add(&args.where, where, sizeof(where) - 1);
	f = filter_build(&args, 0, &e);
	ck_assert_msg(f != NULL, "%s", e.text);
	m = matcher_new(f);
	s = store_segment(made, &list[0], &moved, &e);
	ck_assert_int_eq(match_segment(m, s, &verdict, &bits, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	store_segment_free(s);
	matcher_free(m);
	filter_free(f);
	filter_args_fini(&args);
}
END_TEST

static Suite *
match_suite(void)
{
	Suite *s = suite_create("match");
	TCase *t = tcase_create("match");

	tcase_set_timeout(t, 120);
	tcase_add_unchecked_fixture(t, set_up, tear_down);
	tcase_add_test(t, expressions_match_what_their_events_match);
	tcase_add_test(t, text_is_found_in_any_field_and_case);
	tcase_add_test(t, patterns_are_found_in_the_line);
	tcase_add_test(t, patterns_inside_of_values_are_found_there);
	tcase_add_test(t, random_patterns_are_found_in_the_line);
	tcase_add_test(t, a_pattern_given_up_is_told);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(match_suite)
