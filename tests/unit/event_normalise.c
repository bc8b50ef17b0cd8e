/* normalise: a line of any producer and the canonical line it becomes. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "event/event.h"

static struct json_tape tape;
static struct arena arena;
static struct buf out;
static const char *detail;

static void
teardown(void)
{
	json_tape_fini(&tape);
	arena_fini(&arena);
	buf_fini(&out);
	out = (struct buf){ 0 };
}

static const char *
normalise_with(const char *line, size_t len, const struct event_policy *policy)
{
	char *copy = malloc(len + 1); /* nothing behind the line may be read */
	struct event ev;
	enum event_fault fault;

	memcpy(copy, line, len);
	copy = realloc(copy, len ? len : 1);
	arena_reset(&arena);
	fault = event_parse(&ev, copy, len, policy, &tape, &arena, &detail);
	buf_reset(&out);
	if (fault == EVENT_OK)
		event_format(&out, &ev);
	else
		buf_printf(&out, "! %s", event_fault_name(fault));
	buf_byte(&out, '\0');
	free(copy);
	return out.p;
}

static const char *
normalise(const char *line)
{
	struct event_policy policy = { .assume_now = TIME_NONE };

	return normalise_with(line, strlen(line), &policy);
}

#define T "\"time\":\"2026-04-23T18:00:00.000000Z\","
#define A "\"action\":\"a\","
#define SO "\"severity\":\"info\",\"outcome\":\"unknown\""

struct pair {
	const char *line, *expected;
};

/* Each line gives the expected one, and that gives itself. */
static void
check_pairs(const struct pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(normalise(pairs[i].line), pairs[i].expected);
		if (pairs[i].expected[0] != '!')
			ck_assert_str_eq(normalise(pairs[i].expected), pairs[i].expected);
	}
}

#define CHECK_PAIRS(pairs) check_pairs(pairs, sizeof(pairs) / sizeof(*(pairs)))

START_TEST(fields_come_out_in_canonical_order)
{
	static const struct pair pairs[] = {
		{ "{\"reason\":\"r\"," A "\"outcome\":\"success\"," T "\"id\":\"1\",\"ip\":\"10.0.0.1\"}",
		  "{\"id\":\"1\"," T A "\"severity\":\"info\",\"outcome\":\"success\",\"ip\":\"10.0.0.1\",\"reason\":\"r\"}" },
		{ "{\"context\":{},\"changes\":[1 ,2.50],\"duration_ms\":1.50,\"status\":200," A T "\"method\":\"GET\"}",
		  "{" T A SO ",\"method\":\"GET\",\"status\":200,\"duration_ms\":1.50,\"changes\":[1,2.50],\"context\":{}}" },
	};

	CHECK_PAIRS(pairs);
}
END_TEST

START_TEST(null_is_absent_and_empty_text_is_kept)
{
	static const struct pair pairs[] = {
		{ "{" T A "\"host\":null,\"reason\":\"\",\"user_id\":null,\"context\":null,\"changes\":null}",
		  "{" T A SO ",\"reason\":\"\"}" },
		{ "{" T A "\"severity\":null,\"outcome\":null,\"status\":null,\"success\":null}", "{" T A SO "}" },
		{ "{\"time\":null,\"timestamp\":\"2026-04-23T18:00:00Z\",\"action\":null,\"event\":\"a\"}",
		  "{" T A SO "}" },
		{ "{" T A "\"mine\":null}", "{" T A SO ",\"context\":{\"mine\":null}}" },
		{ "{" T A "\"id\":\"\"}", "{" T A SO "}" },
	};

	CHECK_PAIRS(pairs);
}
END_TEST

START_TEST(every_alias_reaches_its_field)
{
	static const struct {
		const char *name;
		enum field field;
	} aliases[] = {
#define FIELD(sym, key, type, flags, title)
#define ALIAS(name, sym) { name, FIELD_##sym },
#include "event/field.def"
#undef FIELD
#undef ALIAS
	};
	char line[256], expected[64];

	for (size_t i = 0; i < sizeof(aliases) / sizeof(*aliases); i++) {
		enum field f = aliases[i].field;
		const char *value = f == FIELD_TIME ? "\"2020-01-01T00:00:00Z\"" :
		    f == FIELD_OUTCOME ? "true" : f == FIELD_CONTEXT ? "{\"x\":1}" : "\"v\"";
		const char *stored = f == FIELD_TIME ? "\"2020-01-01T00:00:00.000000Z\"" :
		    f == FIELD_OUTCOME ? "\"success\"" : value;

		snprintf(line, sizeof(line), "{%s%s\"%s\":%s}", f == FIELD_TIME ? "" : T,
		    f == FIELD_ACTION ? "" : A, aliases[i].name, value);
		snprintf(expected, sizeof(expected), "\"%s\":%s", field_table[f].key, stored);
		ck_assert_msg(strstr(normalise(line), expected) != NULL, "%s gave %s", line, out.p);
	}
}
END_TEST

START_TEST(the_canonical_key_wins_then_the_first_alias)
{
	static const struct pair pairs[] = {
		{ "{" T A "\"user_id\":\"u\",\"actor_id\":\"a\",\"actor\":\"b\"}",
		  "{" T A SO ",\"actor_id\":\"a\",\"context\":{\"user_id\":\"u\",\"actor\":\"b\"}}" },
		{ "{" T A "\"actor\":\"b\",\"user\":\"c\",\"user_id\":\"u\",\"identity_id\":\"i\"}",
		  "{" T A SO ",\"actor_id\":\"i\",\"context\":{\"actor\":\"b\",\"user\":\"c\",\"user_id\":\"u\"}}" },
		{ "{" A "\"created_at\":\"garbage\"," "\"when\":\"2026-04-23T18:00:00Z\"}",
		  "{" T A SO ",\"context\":{\"created_at\":\"garbage\"}}" },
		{ "{" T "\"event_type\":\"x\",\"event\":\"a\",\"resource\":\"/r\",\"path\":\"/p\"}",
		  "{" T A SO ",\"target_path\":\"/p\",\"context\":{\"event_type\":\"x\",\"resource\":\"/r\"}}" },
		{ "{" T A "\"metadata\":{\"m\":1},\"details\":{\"d\":1},\"properties\":{\"p\":1}}",
		  "{" T A SO ",\"context\":{\"p\":1,\"metadata\":{\"m\":1},\"details\":{\"d\":1}}}" },
		{ "{" T "\"action\":\"\",\"event\":\"a\"}", "{" T A SO "}" },
	};

	CHECK_PAIRS(pairs);
}
END_TEST

START_TEST(unknown_keys_and_losers_follow_the_context_in_input_order)
{
	static const struct pair pairs[] = {
		{ "{\"z\":1," T "\"context\":{\"k\":0}," A "\"b\":[ 2 ],\"a\":{\"x\":null}}",
		  "{" T A SO ",\"context\":{\"k\":0,\"z\":1,\"b\":[2],\"a\":{\"x\":null}}}" },
		{ "{" T A "\"user\":\"u\",\"z\":1,\"actor_id\":\"x\"}",
		  "{" T A SO ",\"actor_id\":\"x\",\"context\":{\"user\":\"u\",\"z\":1}}" },
		{ "{" T A "\"we\\u0069rd \\\"key\\\"\":\"\\u0041\"}",
		  "{" T A SO ",\"context\":{\"weird \\\"key\\\"\":\"A\"}}" },
		{ "{" T A "\"n\":[12345678901234567890,0.1,1E400,-0]}",
		  "{" T A SO ",\"context\":{\"n\":[12345678901234567890,0.1,1E400,-0]}}" },
	};

	CHECK_PAIRS(pairs);
}
END_TEST

START_TEST(a_taken_name_gets_a_number)
{
	static const struct pair pairs[] = {
		{ "{" T A "\"x\":1,\"context\":{\"x\":0}}", "{" T A SO ",\"context\":{\"x\":0,\"x_2\":1}}" },
		{ "{" T A "\"x\":1,\"context\":{\"x\":0,\"x_2\":0,\"x_4\":0},\"x_2\":2}",
		  "{" T A SO ",\"context\":{\"x\":0,\"x_2\":0,\"x_4\":0,\"x_3\":1,\"x_2_2\":2}}" },
		{ "{" T A "\"context\":5,\"value\":6}", "{" T A SO ",\"context\":{\"value\":5,\"value_2\":6}}" },
		{ "{" T A "\"x\":1,\"context\":{\"\\u0078\":0}}", "{" T A SO ",\"context\":{\"x\":0,\"x_2\":1}}" },
	};

	CHECK_PAIRS(pairs);
}
END_TEST

START_TEST(a_context_that_is_no_object_becomes_its_value)
{
	static const struct pair pairs[] = {
		{ "{" T A "\"context\":\"text\"}", "{" T A SO ",\"context\":{\"value\":\"text\"}}" },
		{ "{" T A "\"details\":[1]}", "{" T A SO ",\"context\":{\"value\":[1]}}" },
		{ "{" T A "\"context\":{}}", "{" T A SO ",\"context\":{}}" },
		{ "{" T A "\"context\":false,\"a\":1}", "{" T A SO ",\"context\":{\"value\":false,\"a\":1}}" },
	};

	CHECK_PAIRS(pairs);
}
END_TEST

START_TEST(an_actor_object_is_flattened)
{
	static const struct pair pairs[] = {
		{ "{" T A "\"actor\":{\"id\":7,\"type\":\"user\",\"name\":\"Ann\",\"email\":\"a@b\"}}",
		  "{" T A SO ",\"actor_id\":\"7\",\"actor_type\":\"user\",\"actor_name\":\"Ann\",\"actor_email\":\"a@b\"}" },
		{ "{" T A "\"user\":{\"roles\":[\"x\", 1],\"id\":\"u\",\"org\":null}}",
		  "{" T A SO ",\"actor_id\":\"u\",\"context\":{\"user\":{\"roles\":[\"x\",1],\"org\":null}}}" },
		{ "{" T A "\"actor\":{\"id\":\"o\",\"name\":\"n\"},\"user_id\":\"u\"}",
		  "{" T A SO ",\"actor_id\":\"u\",\"actor_name\":\"n\",\"context\":{\"actor\":{\"id\":\"o\"}}}" },
		{ "{" T A "\"actor\":{\"id\":\"o\"},\"user\":{\"id\":\"u\"}}",
		  "{" T A SO ",\"actor_id\":\"u\",\"context\":{\"actor\":{\"id\":\"o\"}}}" },
		{ "{" T A "\"actor\":{\"login\":\"l\",\"username\":\"n\"}}",
		  "{" T A SO ",\"actor_name\":\"l\",\"context\":{\"actor\":{\"username\":\"n\"}}}" },
		{ "{" T A "\"actor\":{\"id\":null,\"name\":{\"first\":\"x\"}}}",
		  "{" T A SO ",\"context\":{\"actor\":{\"name\":{\"first\":\"x\"}}}}" },
		{ "{" T A "\"actor\":{\"id\":\"x\"},\"z\":1,\"context\":{\"actor\":0}}",
		  "{" T A SO ",\"actor_id\":\"x\",\"context\":{\"actor\":0,\"z\":1}}" },
		{ "{" T A "\"actor\":[1]}", "{" T A SO ",\"context\":{\"actor\":[1]}}" },
		{ "{" T A "\"identity_id\":{\"id\":1}}", "{" T A SO ",\"context\":{\"identity_id\":{\"id\":1}}}" },
	};

	CHECK_PAIRS(pairs);
}
END_TEST

START_TEST(other_types_become_text_or_go_to_the_context)
{
	static const struct pair pairs[] = {
		{ "{" T A "\"id\":12345678901234567890,\"host\":1E3,\"reason\":true,\"device\":false}",
		  "{\"id\":\"12345678901234567890\"," T A SO
		  ",\"device\":\"false\",\"host\":\"1E3\",\"reason\":\"true\"}" },
		{ "{" T A "\"host\":{\"name\":\"x\"},\"reason\":[1, 2]}",
		  "{" T A SO ",\"context\":{\"host\":{\"name\":\"x\"},\"reason\":[1,2]}}" },
		{ "{" T A "\"source_ip\":\"10.0.0.1\",\"ip\":{\"v4\":1}}",
		  "{" T A SO ",\"ip\":\"10.0.0.1\",\"context\":{\"ip\":{\"v4\":1}}}" },
		{ "{" T A "\"duration_ms\":\"12\"}", "{" T A SO ",\"context\":{\"duration_ms\":\"12\"}}" },
		{ "{" T A "\"duration_ms\":-0}", "{" T A SO ",\"duration_ms\":-0}" },
		{ "{" T A "\"changes\":\"x\"}", "{" T A SO ",\"changes\":\"x\"}" },
	};

	CHECK_PAIRS(pairs);
}
END_TEST

START_TEST(a_status_is_an_integer_or_an_outcome)
{
	static const struct pair pairs[] = {
		{ "{" T A "\"status\":404}", "{" T A SO ",\"status\":404}" },
		{ "{" T A "\"status\":\"404\"}", "{" T A SO ",\"status\":404}" },
		{ "{" T A "\"status\":-9223372036854775808}", "{" T A SO ",\"status\":-9223372036854775808}" },
		{ "{" T A "\"status\":9223372036854775807}", "{" T A SO ",\"status\":9223372036854775807}" },
		{ "{" T A "\"status\":9223372036854775808}",
		  "{" T A SO ",\"context\":{\"status\":9223372036854775808}}" },
		{ "{" T A "\"status\":-0}", "{" T A SO ",\"context\":{\"status\":-0}}" },
		{ "{" T A "\"status\":2e2}", "{" T A SO ",\"context\":{\"status\":2e2}}" },
		{ "{" T A "\"status\":\"007\"}", "{" T A SO ",\"context\":{\"status\":\"007\"}}" },
		{ "{" T A "\"status\":\"Denied\"}", "{" T A "\"severity\":\"info\",\"outcome\":\"failure\"}" },
		{ "{" T A "\"status\":true}", "{" T A "\"severity\":\"info\",\"outcome\":\"success\"}" },
		{ "{" T A "\"status\":\"denied\",\"outcome\":\"success\"}",
		  "{" T A "\"severity\":\"info\",\"outcome\":\"success\",\"context\":{\"status\":\"denied\"}}" },
		{ "{" T A "\"status\":\"denied\",\"success\":true}",
		  "{" T A "\"severity\":\"info\",\"outcome\":\"success\",\"context\":{\"status\":\"denied\"}}" },
		{ "{" T A "\"status\":\"open\"}", "{" T A SO ",\"context\":{\"status\":\"open\"}}" },
		{ "{" T A "\"status\":{\"code\":1}}", "{" T A SO ",\"context\":{\"status\":{\"code\":1}}}" },
		{ "{" T A "\"status\":\"\"}", "{" T A SO ",\"context\":{\"status\":\"\"}}" },
	};

	CHECK_PAIRS(pairs);
}
END_TEST

START_TEST(severities_and_outcomes_are_canonical_words)
{
	static const struct pair pairs[] = {
		{ "{" T A "\"severity\":\"ERROR\",\"outcome\":\"Allowed\"}",
		  "{" T A "\"severity\":\"error\",\"outcome\":\"success\"}" },
		{ "{" T A "\"severity\":2,\"success\":false}",
		  "{" T A "\"severity\":\"critical\",\"outcome\":\"failure\"}" },
		{ "{" T A "\"severity\":\"high\",\"outcome\":\"partial\"}",
		  "{" T A "\"severity\":\"warning\",\"outcome\":\"unknown\","
		  "\"context\":{\"severity\":\"high\",\"outcome\":\"partial\"}}" },
		{ "{\"success\":\"maybe\"," T A "\"severity\":9}",
		  "{" T A "\"severity\":\"warning\",\"outcome\":\"unknown\","
		  "\"context\":{\"success\":\"maybe\",\"severity\":9}}" },
		{ "{" T A "\"severity\":{\"level\":1}}", "{" T A SO ",\"context\":{\"severity\":{\"level\":1}}}" },
		{ "{" T A "\"status\":500}", "{" T A SO ",\"status\":500}" },
	};

	CHECK_PAIRS(pairs);
}
END_TEST

START_TEST(all_words_of_severities_and_outcomes)
{
	static const struct {
		const char *word;
		int severity;
	} severities[] = {
		{ "info", 0 }, { "warning", 1 }, { "error", 2 }, { "critical", 3 },
		{ "emerg", 3 }, { "emergency", 3 }, { "panic", 3 }, { "alert", 3 }, { "crit", 3 },
		{ "err", 2 }, { "warn", 1 }, { "notice", 0 }, { "informational", 0 }, { "debug", 0 },
		{ "0", 3 }, { "1", 3 }, { "2", 3 }, { "3", 2 }, { "4", 1 }, { "5", 0 }, { "6", 0 }, { "7", 0 },
		{ "Info", 0 }, { "WARNING", 1 }, { "8", -1 }, { "", -1 }, { "00", -1 }, { "infos", -1 },
	};
	static const struct {
		const char *word;
		int outcome;
	} outcomes[] = {
		{ "success", 0 }, { "ok", 0 }, { "allow", 0 }, { "allowed", 0 }, { "granted", 0 }, { "true", 0 },
		{ "failure", 1 }, { "fail", 1 }, { "failed", 1 }, { "error", 1 }, { "deny", 1 }, { "denied", 1 },
		{ "blocked", 1 }, { "false", 1 }, { "unknown", 2 }, { "OK", 0 }, { "Failure", 1 },
		{ "yes", -1 }, { "", -1 }, { "successful", -1 }, { "/k", -1 },
	};

	for (size_t i = 0; i < sizeof(severities) / sizeof(*severities); i++)
		ck_assert_int_eq(event_severity(str_of(severities[i].word)), severities[i].severity);
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++)
		ck_assert_int_eq(event_outcome(str_of(outcomes[i].word)), outcomes[i].outcome);
}
END_TEST

START_TEST(times_of_every_shape_become_microseconds_utc)
{
	static const struct pair pairs[] = {
		{ "{" A "\"time\":\"2026-04-23 20:00:00.5+0200\"}",
		  "{\"time\":\"2026-04-23T18:00:00.500000Z\"," A SO "}" },
		{ "{" A "\"time\":1776967200}", "{" T A SO "}" },
		{ "{" A "\"time\":1776967200000}", "{" T A SO "}" },
		{ "{" A "\"time\":\"1776967200000000\"}", "{" T A SO "}" },
		{ "{" A "\"time\":1776967200.25}", "{\"time\":\"2026-04-23T18:00:00.250000Z\"," A SO "}" },
		{ "{" A "\"time\":\"2026-04-23T18:00:00.123456789Z\"}",
		  "{\"time\":\"2026-04-23T18:00:00.123456Z\"," A SO
		  ",\"context\":{\"time\":\"2026-04-23T18:00:00.123456789Z\"}}" },
		{ "{" A "\"timestamp\":\"2026-04-23T18:00:00.123456000Z\"}",
		  "{\"time\":\"2026-04-23T18:00:00.123456Z\"," A SO "}" },
		{ "{" A "\"when\":1776967200.1234567,\"time\":{\"x\":1}}",
		  "{\"time\":\"2026-04-23T18:00:00.123456Z\"," A SO
		  ",\"context\":{\"time\":1776967200.1234567,\"time_2\":{\"x\":1}}}" },
		{ "{" A "\"time\":\"\\u0032026-04-23T18:00:00Z\"}", "{" T A SO "}" },
	};

	CHECK_PAIRS(pairs);
}
END_TEST

START_TEST(addresses_are_canonical_where_they_parse)
{
	static const struct pair pairs[] = {
		{ "{" T A "\"ip\":\"2001:DB8:0:0::1\"}", "{" T A SO ",\"ip\":\"2001:db8::1\"}" },
		{ "{" T A "\"ip\":\"::ffff:1.2.3.4\"}", "{" T A SO ",\"ip\":\"1.2.3.4\"}" },
		{ "{" T A "\"ip\":\"AWS Internal\"}", "{" T A SO ",\"ip\":\"AWS Internal\"}" },
		{ "{" T A "\"ip\":\"010.0.0.1\"}", "{" T A SO ",\"ip\":\"010.0.0.1\"}" },
	};

	CHECK_PAIRS(pairs);
}
END_TEST

START_TEST(what_only_the_store_may_say_is_not_taken_from_input)
{
	static const struct pair pairs[] = {
		{ "{" T "\"ingested\":\"2026-04-23T18:00:00.000000Z\"," A "\"peer_uid\":1000}", "{" T A SO "}" },
		{ "{" T "\"ingested\":\"yesterday\"," A "\"peer_uid\":\"root\"}",
		  "{" T A SO ",\"context\":{\"ingested\":\"yesterday\",\"peer_uid\":\"root\"}}" },
		{ "{" T A "\"source\":\"audit-toolkit\"}", "! reserved-source" },
		{ "{" T A "\"source\":\"audit-toolkit@store\"}", "! reserved-source" },
		{ "{" T A "\"source\":\"audit-tool\"}",
		  "{\"time\":\"2026-04-23T18:00:00.000000Z\",\"source\":\"audit-tool\"," A SO "}" },
	};

	CHECK_PAIRS(pairs);
}
END_TEST

START_TEST(records_of_another_store_come_back_under_its_name)
{
	struct event_policy policy = { .assume_now = TIME_NONE, .restored = STR("audit-toolkit@0123456789ab") };
	static const struct {
		const char *source, *restored; /* NULL: refused */
	} cases[] = {
		{ "audit-toolkit", "audit-toolkit@0123456789ab" },
		{ "audit-toolkit@0123456789ab", "audit-toolkit@0123456789ab" },
		{ "audit-toolkit@ffffffffffff", "audit-toolkit@ffffffffffff" },
		{ "app", "app" },
		{ "audit-toolkit@", NULL },
		{ "audit-toolkit@0123456789a", NULL },
		{ "audit-toolkit@0123456789abc", NULL },
		{ "audit-toolkit@0123456789aB", NULL },
		{ "audit-toolkit-2", NULL },
	};
	struct buf line = { 0 }, expected = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&line);
		buf_reset(&expected);
		buf_printf(&line, "{" T "\"source\":\"%s\"," A SO "}", cases[i].source);
		if (cases[i].restored != NULL)
			buf_printf(&expected, "{" T "\"source\":\"%s\"," A SO "}", cases[i].restored);
		else
			buf_printf(&expected, "! reserved-source");
		buf_byte(&expected, '\0');
		ck_assert_str_eq(normalise_with(line.p, line.len, &policy), expected.p);
	}
	buf_fini(&line);
	buf_fini(&expected);
}
END_TEST

START_TEST(the_stores_own_lines_are_taken_as_they_are)
{
	static const char *const lines[] = {
		"{\"id\":\"1\"," T "\"ingested\":\"2026-04-23T18:00:01.000002Z\",\"source\":\"audit-toolkit\"," A SO
		",\"peer_uid\":1000}",
		"{" T "\"source\":\"audit-toolkit@x\"," A SO ",\"context\":{\"time\":1,\"a\":[1,\"\\n\"]}}",
	};
	struct event_policy policy = { .stored = true, .assume_now = TIME_NONE };

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		ck_assert_str_eq(normalise_with(lines[i], strlen(lines[i]), &policy), lines[i]);
}
END_TEST

START_TEST(faults_have_their_reason_and_a_detail)
{
	static const struct {
		const char *line, *fault, *detail;
	} cases[] = {
		{ "", "! blank", "" },
		{ " \t\r", "! blank", "" },
		{ "{\"a\":1", "! not-json", "byte 7: expected ',' or '}'" },
		{ "\"\xff\"", "! not-utf8", "byte 2: expected UTF-8" },
		{ "{\"a\":{\"key\":1,\"key\":2}}", "! duplicate-key", "key" },
		{ "[{}]", "! not-object", "" },
		{ "\"\\udead\"", "! lone-surrogate", "byte 2: expected a pair of surrogates" },
		{ "{" T "\"x\":1}", "! no-action", "" },
		{ "{" T "\"action\":\"\"}", "! no-action", "" },
		{ "{" T "\"action\":{}}", "! no-action", "" },
		{ "{\"action\":\"a\"}", "! no-time", "" },
		{ "{\"action\":\"a\",\"time\":null}", "! no-time", "" },
		{ "{\"action\":\"a\",\"time\":\"23.04.2026\"}", "! bad-time", "23.04.2026" },
		{ "{\"action\":\"a\",\"time\":true}", "! bad-time", "true" },
		{ "{\"action\":\"a\",\"time\":{\"a\" : 1}}", "! bad-time", "{\"a\":1}" },
		{ "{\"action\":\"a\",\"time\":\"\"}", "! bad-time", "" },
		{ "{\"action\":\"a\",\"time\":\"2026-02-30T00:00:00Z\"}", "! bad-time", "2026-02-30T00:00:00Z" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ck_assert_str_eq(normalise(cases[i].line), cases[i].fault);
		ck_assert_str_eq(detail, cases[i].detail);
	}
	ck_assert_str_eq(normalise("{\"action\":\"a\",\"time\":\"0123456789012345678901234567890123456789"
	    "0123456789012345678901234567890123456\xc3\xa4\xc3\xa4\xc3\xa4\"}"), "! bad-time");
	ck_assert_uint_eq(strlen(detail), 80 - 1 + 3);
	ck_assert_str_eq(detail + 75, "56\xc3\xa4...");
}
END_TEST

START_TEST(every_fault_has_a_word_and_a_sentence)
{
	for (int f = 0; f < EVENT_FAULT_COUNT; f++) {
		ck_assert_ptr_nonnull(event_fault_name((enum event_fault)f));
		ck_assert_ptr_nonnull(event_fault_text((enum event_fault)f));
	}
}
END_TEST

START_TEST(an_id_of_256_bytes_is_accepted_and_257_are_not)
{
	char line[512];

	for (int len = EVENT_ID_MAX; len <= EVENT_ID_MAX + 1; len++) {
		snprintf(line, sizeof(line), "{" T A "\"id\":\"%0*d\"}", len, 1);
		ck_assert_int_eq(strcmp(normalise(line), "! id-too-long") == 0, len > EVENT_ID_MAX);
	}
}
END_TEST

START_TEST(assume_now_fills_in_an_absent_time_but_no_bad_one)
{
	struct event_policy policy = { .assume_now = INT64_C(1776967200000000) };
	const char *without = "{\"action\":\"a\"}", *bad = "{\"action\":\"a\",\"time\":\"x\"}";

	ck_assert_str_eq(normalise_with(without, strlen(without), &policy), "{" T A SO "}");
	ck_assert_str_eq(normalise_with(bad, strlen(bad), &policy), "! bad-time");
}
END_TEST

START_TEST(too_long_and_too_deep_are_told_apart)
{
	char *line = malloc(JSON_LEN_MAX + 1);
	struct event_policy policy = { .assume_now = TIME_NONE };

	memset(line, '[', JSON_LEN_MAX + 1);
	ck_assert_str_eq(normalise_with(line, JSON_LEN_MAX + 1, &policy), "! too-long");
	ck_assert_str_eq(normalise_with(line, JSON_LEN_MAX, &policy), "! too-deep");
	free(line);
}
END_TEST

START_TEST(hostile_names_cost_no_more_than_others)
{
	struct event_policy policy = { .assume_now = TIME_NONE };
	struct buf line = { 0 };

	/* A context full of the names that "x" would try next. */
	buf_printf(&line, "{" T A "\"x\":0,\"context\":{\"x\":0");
	for (int i = 2; i < 60000; i++)
		buf_printf(&line, ",\"x_%d\":0", i);
	buf_printf(&line, "}");
	for (int i = 2; i < 20000; i++)
		buf_printf(&line, ",\"x_%d\":0", i);
	buf_printf(&line, "}");
	ck_assert_ptr_nonnull(strstr(normalise_with(line.p, line.len, &policy), ",\"x_60000\":0,\"x_2_2\":0,"));
	buf_fini(&line);
}
END_TEST

static Suite *
normalise_suite(void)
{
	Suite *s = suite_create("event/normalise");
	TCase *tc = tcase_create("normalise");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, fields_come_out_in_canonical_order);
	tcase_add_test(tc, null_is_absent_and_empty_text_is_kept);
	tcase_add_test(tc, every_alias_reaches_its_field);
	tcase_add_test(tc, the_canonical_key_wins_then_the_first_alias);
	tcase_add_test(tc, unknown_keys_and_losers_follow_the_context_in_input_order);
	tcase_add_test(tc, a_taken_name_gets_a_number);
	tcase_add_test(tc, a_context_that_is_no_object_becomes_its_value);
	tcase_add_test(tc, an_actor_object_is_flattened);
	tcase_add_test(tc, other_types_become_text_or_go_to_the_context);
	tcase_add_test(tc, a_status_is_an_integer_or_an_outcome);
	tcase_add_test(tc, severities_and_outcomes_are_canonical_words);
	tcase_add_test(tc, all_words_of_severities_and_outcomes);
	tcase_add_test(tc, times_of_every_shape_become_microseconds_utc);
	tcase_add_test(tc, addresses_are_canonical_where_they_parse);
	tcase_add_test(tc, what_only_the_store_may_say_is_not_taken_from_input);
	tcase_add_test(tc, records_of_another_store_come_back_under_its_name);
	tcase_add_test(tc, the_stores_own_lines_are_taken_as_they_are);
	tcase_add_test(tc, faults_have_their_reason_and_a_detail);
	tcase_add_test(tc, every_fault_has_a_word_and_a_sentence);
	tcase_add_test(tc, an_id_of_256_bytes_is_accepted_and_257_are_not);
	tcase_add_test(tc, assume_now_fills_in_an_absent_time_but_no_bad_one);
	tcase_add_test(tc, too_long_and_too_deep_are_told_apart);
	tcase_add_test(tc, hostile_names_cost_no_more_than_others);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(normalise_suite)
