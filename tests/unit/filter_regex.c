/* Unit tests of FIELD~RE, --grep and --text. */
#include <stdio.h>

#include "base/time.h"
#include "filter/filter.h"
#include "unit.h"

#define NOW INT64_C(1776945600000000) /* 2026-04-23T12:00:00Z */

static struct filter_args args;
static struct filter_scratch *scratch;

static void
fresh(void)
{
	args = (struct filter_args){ 0 };
	scratch = filter_scratch_new();
}

static void
drop(void)
{
	filter_args_fini(&args);
	filter_scratch_free(scratch);
}

static void
give(struct str_list *list, const char *value)
{
	str_list_add(list, value, strlen(value));
}

static struct filter *
build(void)
{
	struct err e = ERR_NONE;
	struct filter *f = filter_build(&args, NOW, &e);

	ck_assert_msg(f != NULL, "%s", e.text);
	filter_args_fini(&args);
	return f;
}

/* Whether the one test of the present args passes on a value. */
static bool
passes(struct str value)
{
	struct filter *f = build();
	bool yes = filter_test_value(&f->root->test, value, scratch);

	filter_free(f);
	return yes;
}

static bool
finds(const char *operand, struct str value)
{
	give(&args.expr, operand);
	return passes(value);
}

static void
refused(const char *option, const char *why)
{
	struct err e = ERR_NONE;

	ck_assert(filter_build(&args, NOW, &e) == NULL);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_msg(strstr(e.text, option) && strstr(e.text, why), "%s", e.text);
	filter_args_fini(&args);
}

/* Whether the present args select an event with one field more. */
static bool
selects(enum field field, struct str value)
{
	struct event ev = { .present = 0 };
	struct filter *f = build();
	bool yes;

	event_set_time(&ev, FIELD_TIME, NOW - 1);
	event_set(&ev, FIELD_ACTION, STR("read"));
	event_set(&ev, FIELD_OUTCOME, STR("success"));
	event_set(&ev, field, value);
	yes = filter_match(f, &ev, scratch);
	filter_free(f);
	return yes;
}

static bool
has_text(const char *text, enum field field, struct str value)
{
	give(&args.text, text);
	return selects(field, value);
}

/* ---- FIELD~RE ---- */

START_TEST(a_pattern_is_found_anywhere_in_a_value)
{
	ck_assert(finds("action~^log(in|out)$", STR("login")));
	ck_assert(finds("action~ogi", STR("login")));
	ck_assert(!finds("action~^ogi", STR("login")));
	ck_assert(!finds("action~LOGIN", STR("login")));
	ck_assert(finds("action~(?i)LOGIN", STR("login")));
	ck_assert(finds("action~^$", STR("")));
	ck_assert(finds("action~a,b", STR("xa,by")));
	ck_assert(finds("action~=", STR("a=b")));
}
END_TEST

START_TEST(fields_without_case_match_without_it)
{
	ck_assert(finds("host~^web-\\d+$", STR("WEB-12")));
	ck_assert(finds("category~AUTH", STR("Authentication")));
	ck_assert(!finds("tenant~ACME", STR("acme")));
}
END_TEST

START_TEST(characters_are_unicode)
{
	ck_assert(finds("description~^.$", STR("\xf0\x9f\x98\x80")));
	ck_assert(finds("description~^\\w+$", STR("Zo\xc3\xab")));
	ck_assert(finds("description~(?i)^ZO\xc3\x8b$", STR("zo\xc3\xab")));
	ck_assert(finds("description~\\p{Han}", STR("\xe6\xbc\xa2")));
	ck_assert(finds("description~a.b", STR("a\0b")));
}
END_TEST

START_TEST(a_pattern_that_is_none_is_refused_with_the_place)
{
	give(&args.expr, "action~lo(gin");
	refused("action:", "missing closing parenthesis, at byte 7 of it");
	give(&args.grep, "*x");
	refused("--grep:", "quantifier does not follow a repeatable item, at byte 1 of it");
	give(&args.expr, "action~");
	refused("action", "empty");
	give(&args.grep, "");
	refused("--grep", "empty");
	give(&args.text, "");
	refused("--text", "empty");
	give(&args.grep, "a\\Cb");
	refused("--grep", "\\C");
	give(&args.grep, "\xff");
	refused("--grep", "UTF-8");
	give(&args.expr, "time~2026");
	refused("time", "is a time");
	give(&args.expr, "contxt.a~x");
	refused("contxt", "did you mean context?");
}
END_TEST

START_TEST(a_pattern_may_be_4096_bytes_and_no_longer)
{
	char text[4098];

	memset(text, 'x', sizeof(text));
	text[4096] = '\0';
	give(&args.grep, text);
	filter_free(build());
	text[4096] = 'x';
	text[4097] = '\0';
	give(&args.grep, text);
	refused("--grep", "longer than 4096");
	give(&args.text, text);
	refused("--text", "longer than 4096");
}
END_TEST

START_TEST(patterns_of_one_field_are_alternatives_negated_ones_all_hold)
{
	give(&args.expr, "action~^x");
	give(&args.expr, "action~^re");
	ck_assert(selects(FIELD_TENANT, STR("acme")));
	give(&args.expr, "action~^x");
	give(&args.expr, "action=read");
	ck_assert(!selects(FIELD_TENANT, STR("acme")));
	give(&args.expr, "action!~^x");
	give(&args.expr, "action!~^re");
	ck_assert(!selects(FIELD_TENANT, STR("acme")));
	give(&args.expr, "tenant!~x");
	ck_assert(selects(FIELD_SHARE, STR("an event without the field")));
}
END_TEST

START_TEST(a_path_tests_each_value_it_leads_to)
{
	struct str json = STR("{\"items\":[{\"name\":\"C:\\\\x\"},{\"name\":\"line\\nbreak\"}],\"n\":12,\"z\":null}");

	ck_assert(finds("context.items.name~^C:\\\\x$", json));
	ck_assert(finds("context.items.name~^line\\nbreak$", json));
	ck_assert(!finds("context.items.name~^break", json));
	ck_assert(finds("context.n~^1", json));
	ck_assert(!finds("context.z~.", json));
	ck_assert(finds("context~\"n\":12", json));
}
END_TEST

/* ---- bytes that are no UTF-8, and limits ---- */

START_TEST(bytes_that_are_no_utf8_are_stepped_over)
{
	ck_assert(finds("description~XZ-\\w+", STR("\xff\xfe XZ-BACKDOOR \x80")));
	ck_assert(!finds("description~XZ-\\d", STR("\xff\xfe XZ-BACKDOOR \x80")));
	ck_assert(finds("description~^a", STR("a\xed\xa0\x80")));
	ck_assert(!finds("description~a.b", STR("a\xff" "b")));
	ck_assert(has_text("BACKDOOR", FIELD_DESCRIPTION, STR("\xc3 backdoor \xf5")));
	ck_assert(has_text("backdoor", FIELD_CONTEXT, STR("{\"a\":\"\xc3 Backdoor\"}")));
	ck_assert_int_eq(filter_trouble(scratch, NULL), 0);
}
END_TEST

START_TEST(a_pattern_that_takes_too_long_is_given_up_and_told)
{
	struct err e = ERR_NONE;
	struct buf value = { 0 };

	for (int i = 0; i < 5000; i++)
		buf_byte(&value, 'a');
	buf_byte(&value, '!');
	ck_assert(!finds("description~^(a+)+$", buf_view(&value)));
	ck_assert_int_eq(filter_trouble(scratch, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_msg(strstr(e.text, "'^(a+)+$' takes too long") != NULL, "%s", e.text);
	buf_byte(&value, '\xff'); /* as well where JIT is not used */
	for (int i = 0; i < 40; i++)
		ck_assert(!finds("description~^(a+)+$", buf_view(&value)));
	ck_assert_int_eq(filter_trouble(scratch, &e), -1);
	buf_fini(&value);
}
END_TEST

static struct str
repeated(struct buf *b, const char *text, size_t times, const char *end)
{
	buf_reset(b);
	for (size_t i = 0; i < times; i++)
		buf_str(b, str_of(text));
	buf_str(b, str_of(end));
	return buf_view(b);
}

/* Each of them once took minutes or hours. */
START_TEST(no_value_holds_a_pattern_up_for_long)
{
	static const char *const patterns[] = { "description~[ax]{1000,}[bd]", "description~[ax]{60000,}[bd]" };
	int64_t started = time_steady();
	struct buf value = { 0 };

	repeated(&value, "a", 1000000, "cb");
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct err e = ERR_NONE;

		ck_assert(!finds(patterns[i], buf_view(&value)));
		ck_assert_int_eq(filter_trouble(scratch, &e), -1);
		filter_scratch_free(scratch);
		scratch = filter_scratch_new();
	}
	ck_assert_int_lt(time_steady() - started, 40 * TIME_SECOND);
	buf_fini(&value);
}
END_TEST

START_TEST(a_long_value_is_matched_as_a_short_one_is)
{
	struct buf b = { 0 };

	ck_assert(!finds("description~\\w+\\s", repeated(&b, "a", 300000, "")));
	ck_assert(finds("description~\\w+\\s", repeated(&b, "a", 300000, " ")));
	/* Characters of 3 bytes lie across every boundary. */
	ck_assert(finds("description~(?<=\u20ac)\u20acx$", repeated(&b, "\u20ac", 100000, "x")));
	ck_assert(!finds("description~[^\u20ac]x", repeated(&b, "\u20ac", 100000, "x")));
	ck_assert(!finds("description~x\\Ga", repeated(&b, "xa", 50000, "")));
	ck_assert(!finds("description~\\Ga", repeated(&b, "xa", 50000, "")));
	ck_assert(!finds("description~^a", repeated(&b, "xa", 50000, "")));
	ck_assert(!finds("description~xa(*COMMIT)y|z", repeated(&b, "xa", 50000, "z")));
	ck_assert(finds("description~xay|z", repeated(&b, "xa", 50000, "z")));
	ck_assert(finds("description~xay|z$", repeated(&b, "xa\xff", 50000, "z")));
	ck_assert_int_eq(filter_trouble(scratch, NULL), 0);
	buf_fini(&b);
}
END_TEST

START_TEST(deep_recursion_is_given_up_too)
{
	struct buf value = { 0 };
	struct err e = ERR_NONE;

	for (int i = 0; i < 1000000; i++)
		buf_byte(&value, '(');
	ck_assert(!finds("description~^(\\((?1)*\\))+$", buf_view(&value)));
	ck_assert_int_eq(filter_trouble(scratch, &e), -1);
	buf_fini(&value);
}
END_TEST

START_TEST(a_pattern_may_refuse_to_be_compiled_to_machine_code)
{
	struct err e = ERR_NONE;

	ck_assert(finds("description~(*NO_JIT)o+", STR("foo")));
	ck_assert(!finds("description~(*NO_JIT)o+", STR("bar")));
	ck_assert_int_eq(filter_trouble(scratch, &e), 0);
}
END_TEST

START_TEST(a_scratch_serves_many_filters)
{
	for (int i = 0; i < 50; i++) {
		struct buf operand = { 0 }, value = { 0 };

		buf_printf(&operand, "action~^n%d(x)?$", i);
		buf_byte(&operand, '\0');
		buf_printf(&value, "n%dx", i);
		ck_assert(finds(operand.p, buf_view(&value)));
		ck_assert(!finds(operand.p, STR("m")));
		buf_fini(&operand);
		buf_fini(&value);
	}
	ck_assert_int_eq(filter_trouble(scratch, NULL), 0);
}
END_TEST

/* ---- --text ---- */

START_TEST(text_looks_at_sentences_identifiers_and_payload)
{
	static const enum field in[] = {
		FIELD_ID, FIELD_TENANT, FIELD_DESCRIPTION, FIELD_ACTOR_ID, FIELD_ACTOR_NAME, FIELD_ACTOR_EMAIL,
		FIELD_SERVICE_ACCOUNT, FIELD_EFFECTIVE_ID, FIELD_SESSION_ID, FIELD_IDP, FIELD_DEVICE, FIELD_TARGET_ID,
		FIELD_TARGET_NAME, FIELD_TARGET_PATH, FIELD_SHARE, FIELD_IP, FIELD_USER_AGENT, FIELD_HOST,
		FIELD_REQUEST_ID, FIELD_TRACE_ID, FIELD_ERROR_CODE, FIELD_REASON
	};
	static const enum field out[] = {
		FIELD_SOURCE, FIELD_CHANNEL, FIELD_CATEGORY, FIELD_ACTION, FIELD_ACTOR_TYPE, FIELD_TARGET_TYPE, FIELD_METHOD
	};

	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		ck_assert_msg(has_text("NEED", in[i], STR("a needle")), "%s", field_table[in[i]].key);
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		ck_assert_msg(!has_text("need", out[i], STR("a needle")), "%s", field_table[out[i]].key);
	ck_assert(has_text("need", FIELD_CONTEXT, STR("{\"a\":[\"Needle\"]}")));
	ck_assert(has_text("need", FIELD_CHANGES, STR("{\"Needle\":1}")));
	ck_assert(!has_text("needs", FIELD_CONTEXT, STR("{\"a\":[\"Needle\"]}")));
}
END_TEST

START_TEST(text_is_literal_and_has_no_case_in_any_script)
{
	ck_assert(has_text("a.b*c", FIELD_REASON, STR("xA.B*Cx")));
	ck_assert(!has_text("a.b", FIELD_REASON, STR("axb")));
	ck_assert(has_text("a,b", FIELD_REASON, STR("A,B")));
	ck_assert(!has_text("a,b", FIELD_REASON, STR("a")));
	ck_assert(has_text("Z\xc3\x96\xc3\x89", FIELD_REASON, STR("z\xc3\xb6\xc3\xa9")));
	ck_assert(has_text("\xd0\x98\xd0\x92\xd0\x90\xd0\x9d", FIELD_REASON, STR("\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd")));
	ck_assert(has_text("\xcf\x83", FIELD_REASON, STR("\xcf\x82"))); /* both are small sigma */
	ck_assert(has_text("kelvin", FIELD_REASON, STR("\xe2\x84\xaa" "elvin")));
	ck_assert(!has_text("strasse", FIELD_REASON, STR("stra\xc3\x9f" "e"))); /* simple folding */
}
END_TEST

START_TEST(text_with_escaped_characters_is_found_in_a_payload)
{
	struct str json = STR("{\"path\":\"C:\\\\Users\\\\eve\",\"q\":\"say \\\"hi\\\"\\nbye\",\"k\\\"ey\":\"\\u0001\"}");

	ck_assert(has_text("c:\\users\\EVE", FIELD_CONTEXT, json));
	ck_assert(has_text("SAY \"hi\"\nbye", FIELD_CONTEXT, json));
	ck_assert(has_text("k\"ey", FIELD_CONTEXT, json));
	ck_assert(has_text("\x01", FIELD_CONTEXT, json));
	ck_assert(has_text("\"q\":\"say", FIELD_CONTEXT, json));
	ck_assert(has_text("C:\\\\Users", FIELD_CONTEXT, json));
	ck_assert(!has_text("hi\\bye", FIELD_CONTEXT, json));
	ck_assert(!has_text("\x02", FIELD_CONTEXT, json));
}
END_TEST

START_TEST(several_texts_are_alternatives_of_one_node_each)
{
	struct filter *f;

	give(&args.text, "one");
	give(&args.text, "two");
	f = build();
	ck_assert_int_eq(f->root->op, FILTER_OR);
	ck_assert_uint_eq(f->root->children, 2);
	ck_assert(f->root->child[0]->text && f->root->child[1]->text);
	filter_free(f);
	give(&args.text, "one");
	give(&args.text, "two");
	ck_assert(selects(FIELD_REASON, STR("number two")));
}
END_TEST

/* ---- --grep ---- */

START_TEST(grep_sees_the_canonical_line)
{
	give(&args.grep, "^\\{\"time\":\"2026-04-23T11:59:59.999999Z\",\"action\":\"read\",.*\"status\":404\\}$");
	ck_assert(selects(FIELD_STATUS, STR("404")));
	give(&args.grep, "\"reason\":\"a\\\\\"b\"");
	ck_assert(selects(FIELD_REASON, STR("a\"b")));
	give(&args.grep, "READ");
	ck_assert(!selects(FIELD_STATUS, STR("404")));
	give(&args.grep, "x,y");
	ck_assert(selects(FIELD_REASON, STR("x,y")));
	give(&args.grep, "nothing");
	give(&args.grep, "40[0-9]");
	ck_assert(selects(FIELD_STATUS, STR("404")));
}
END_TEST

START_TEST(grep_looks_at_all_fields)
{
	struct filter *f;

	give(&args.grep, "x");
	f = build();
	ck_assert_int_eq(f->root->test.op, TEST_LINE);
	ck_assert_int_eq(f->root->test.field, FIELD_NONE);
	ck_assert(f->fields == FIELD_ALL);
	ck_assert(filter_test_line(&f->root->test, STR("{\"a\":\"x\"}"), scratch));
	ck_assert(!filter_test_line(&f->root->test, STR("{}"), scratch));
	filter_free(f);
}
END_TEST

START_TEST(a_line_is_made_anew_for_each_event)
{
	struct event ev = { .present = 0 };
	struct filter *f;

	give(&args.grep, "one");
	f = build();
	event_set(&ev, FIELD_ACTION, STR("one"));
	ck_assert(filter_match(f, &ev, scratch));
	event_set(&ev, FIELD_ACTION, STR("two"));
	ck_assert(!filter_match(f, &ev, scratch));
	filter_free(f);
}
END_TEST

static Suite *
regex_suite(void)
{
	Suite *s = suite_create("filter_regex");
	TCase *c = tcase_create("regex");

	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, fresh, drop);
	tcase_add_test(c, a_pattern_is_found_anywhere_in_a_value);
	tcase_add_test(c, fields_without_case_match_without_it);
	tcase_add_test(c, characters_are_unicode);
	tcase_add_test(c, a_pattern_that_is_none_is_refused_with_the_place);
	tcase_add_test(c, a_pattern_may_be_4096_bytes_and_no_longer);
	tcase_add_test(c, patterns_of_one_field_are_alternatives_negated_ones_all_hold);
	tcase_add_test(c, a_path_tests_each_value_it_leads_to);
	tcase_add_test(c, bytes_that_are_no_utf8_are_stepped_over);
	tcase_add_test(c, a_pattern_that_takes_too_long_is_given_up_and_told);
	tcase_add_test(c, no_value_holds_a_pattern_up_for_long);
	tcase_add_test(c, a_long_value_is_matched_as_a_short_one_is);
	tcase_add_test(c, deep_recursion_is_given_up_too);
	tcase_add_test(c, a_pattern_may_refuse_to_be_compiled_to_machine_code);
	tcase_add_test(c, a_scratch_serves_many_filters);
	tcase_add_test(c, text_looks_at_sentences_identifiers_and_payload);
	tcase_add_test(c, text_is_literal_and_has_no_case_in_any_script);
	tcase_add_test(c, text_with_escaped_characters_is_found_in_a_payload);
	tcase_add_test(c, several_texts_are_alternatives_of_one_node_each);
	tcase_add_test(c, grep_sees_the_canonical_line);
	tcase_add_test(c, grep_looks_at_all_fields);
	tcase_add_test(c, a_line_is_made_anew_for_each_event);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(regex_suite)
