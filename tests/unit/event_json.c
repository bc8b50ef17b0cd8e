/* json: the scanner, canonical text, replacing, keys. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "event/json.h"

static struct json_tape tape;
static struct json_error error;
static struct arena arena;
static struct buf out;

static void
teardown(void)
{
	json_tape_fini(&tape);
	arena_fini(&arena);
	buf_fini(&out);
	out = (struct buf){ 0 };
}

/* Scans a copy without a byte behind it. */
static enum json_fault
scan_bytes(const char *p, size_t len)
{
	json_scan(&tape, arena_copy(&arena, p, len), len, &error);
	return error.fault;
}

static enum json_fault
scan(const char *text)
{
	return scan_bytes(text, strlen(text));
}

static const char *
canonical(const char *text)
{
	ck_assert_msg(scan(text) == JSON_OK, "%s: byte %zu: expected %s", text, error.offset, error.expected);
	buf_reset(&out);
	json_canonical(&out, &tape, 0);
	buf_byte(&out, '\0');
	return out.p;
}

START_TEST(canonical_text_has_no_white_space_and_minimal_escapes)
{
	static const char *const cases[][2] = {
		{ " { \"a\" : [ 1 , 2 ] }\r\n\t", "{\"a\":[1,2]}" },
		{ "\"\\u0041\\/\\u00e4\\u20ac\\ud83d\\ude00\"", "\"A/\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "\"\\b\\f\\n\\r\\t\\\"\\\\\"", "\"\\b\\f\\n\\r\\t\\\"\\\\\"" },
		{ "\"\\u0008\\u000c\\u000A\\u000d\\u0009\\u0022\\u005c\"", "\"\\b\\f\\n\\r\\t\\\"\\\\\"" },
		{ "\"\\u0000\\u001f\\u001F\\u000b\"", "\"\\u0000\\u001f\\u001f\\u000b\"" },
		{ "\"\\u007f\\u0080\"", "\"\x7f\xc2\x80\"" },
		{ "{\"\\u0061\":{\"b\":[]},\"c\":{}}", "{\"a\":{\"b\":[]},\"c\":{}}" },
		{ "[12345678901234567890,0.1,1E400,-0,1e-7,0E+1]", "[12345678901234567890,0.1,1E400,-0,1e-7,0E+1]" },
		{ "[true , false,null]", "[true,false,null]" },
		{ "[[[ ]]]", "[[[]]]" },
		{ "\"\"", "\"\"" },
		{ "  -1.5e+10  ", "-1.5e+10" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ck_assert_str_eq(canonical(cases[i][0]), cases[i][1]);
		ck_assert_str_eq(canonical(cases[i][1]), cases[i][1]);
	}
}
END_TEST

START_TEST(only_what_is_not_canonical_is_marked_for_rewriting)
{
	static const struct {
		const char *text;
		unsigned flags;
	} cases[] = {
		{ "\"a\"", 0 }, { "\"\\n\"", JSON_ESCAPED }, { "\"\\u0001\"", JSON_ESCAPED },
		{ "\"\\u001f\"", JSON_ESCAPED }, { "\"\\u001F\"", JSON_ESCAPED | JSON_REWRITE },
		{ "\"\\u000a\"", JSON_ESCAPED | JSON_REWRITE }, { "\"\\/\"", JSON_ESCAPED | JSON_REWRITE },
		{ "[1,2]", 0 }, { "[1, 2]", JSON_REWRITE }, { "[\"\\n\"]", 0 },
		{ "[[[\"\\u0041\"]]]", JSON_REWRITE }, { " [1]", 0 }, { "[ ]", JSON_REWRITE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ck_assert_int_eq(scan(cases[i].text), JSON_OK);
		ck_assert_msg(tape.tok[0].flags == cases[i].flags, "%s", cases[i].text);
	}
}
END_TEST

START_TEST(the_tape_is_in_document_order_and_next_skips_a_value)
{
	ck_assert_int_eq(scan("{\"a\":[1,{}],\"b\":2}"), JSON_OK);
	static const struct json_token expected[] = {
		{ 0, 18, 7, TOKEN_OBJECT, 0, 0 }, { 1, 3, 2, TOKEN_STRING, JSON_KEY, 1 },
		{ 5, 6, 5, TOKEN_ARRAY, 0, 1 }, { 6, 1, 4, TOKEN_NUMBER, 0, 2 },
		{ 8, 2, 5, TOKEN_OBJECT, 0, 2 }, { 12, 3, 6, TOKEN_STRING, JSON_KEY, 1 },
		{ 16, 1, 7, TOKEN_NUMBER, 0, 1 },
	};

	ck_assert_uint_eq(tape.n, 7);
	for (size_t i = 0; i < tape.n; i++) {
		const struct json_token *t = &tape.tok[i], *x = &expected[i];

		ck_assert_uint_eq(t->off, x->off);
		ck_assert_uint_eq(t->len, x->len);
		ck_assert_uint_eq(t->next, x->next);
		ck_assert_uint_eq(t->type, x->type);
		ck_assert_uint_eq(t->flags, x->flags);
		ck_assert_uint_eq(t->depth, x->depth);
	}
}
END_TEST

START_TEST(errors_name_the_byte_and_what_was_expected)
{
	static const struct {
		const char *text;
		enum json_fault fault;
		size_t offset;
		const char *expected;
	} cases[] = {
		{ "", JSON_SYNTAX, 0, "a value" },
		{ "  ", JSON_SYNTAX, 2, "a value" },
		{ "{", JSON_SYNTAX, 1, "a key" },
		{ "{}x", JSON_SYNTAX, 2, "the end of the line" },
		{ "{\"a\"}", JSON_SYNTAX, 4, "':'" },
		{ "{\"a\":1 \"b\"}", JSON_SYNTAX, 7, "',' or '}'" },
		{ "{\"a\":1,}", JSON_SYNTAX, 7, "a key" },
		{ "[1,]", JSON_SYNTAX, 3, "a value" },
		{ "[1}", JSON_SYNTAX, 2, "',' or ']'" },
		{ "[1", JSON_SYNTAX, 2, "',' or ']'" },
		{ "01", JSON_SYNTAX, 1, "the end of the line" },
		{ "-", JSON_SYNTAX, 1, "a digit" },
		{ "1.", JSON_SYNTAX, 2, "a digit" },
		{ "1e+", JSON_SYNTAX, 3, "a digit" },
		{ "+1", JSON_SYNTAX, 0, "a value" },
		{ "tru", JSON_SYNTAX, 3, "true" },
		{ "NaN", JSON_SYNTAX, 0, "a value" },
		{ "\"a", JSON_SYNTAX, 2, "'\"'" },
		{ "\"a\tb\"", JSON_SYNTAX, 2, "an escape for the control character" },
		{ "\"\\x\"", JSON_SYNTAX, 2, "one of \" \\ / b f n r t u" },
		{ "\"\\u12g4\"", JSON_SYNTAX, 5, "four hexadecimal digits" },
		{ "\"\\", JSON_SYNTAX, 2, "an escape" },
		{ "\"\\ud800\"", JSON_SURROGATE, 1, "a pair of surrogates" },
		{ "\"\\udc00\\ud800\"", JSON_SURROGATE, 1, "a pair of surrogates" },
		{ "\"\\ud800\\u0041\"", JSON_SURROGATE, 1, "a pair of surrogates" },
		{ "{\"\\udfff\":1}", JSON_SURROGATE, 2, "a pair of surrogates" },
		{ "\"a\xff\"", JSON_NOT_UTF8, 2, "UTF-8" },
		{ "{\"a\":\xff}", JSON_NOT_UTF8, 5, "UTF-8" },
		{ "[1 2] \xc0\x80", JSON_NOT_UTF8, 6, "UTF-8" },
		{ "\"\xed\xa0\x80\"", JSON_NOT_UTF8, 1, "UTF-8" },
		{ "\xef\xbb\xbf{}", JSON_SYNTAX, 0, "a value" },
		{ "[1]/**/", JSON_SYNTAX, 3, "the end of the line" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ck_assert_msg(scan(cases[i].text) == cases[i].fault, "%s", cases[i].text);
		ck_assert_msg(error.offset == cases[i].offset, "%s: offset %zu", cases[i].text, error.offset);
		ck_assert_str_eq(error.expected, cases[i].expected);
		ck_assert_uint_eq(tape.n, 0);
	}
}
END_TEST

START_TEST(a_nul_is_a_control_character_and_its_escape_is_kept)
{
	ck_assert_int_eq(scan_bytes("\"a\0b\"", 5), JSON_SYNTAX);
	ck_assert_int_eq(scan_bytes("{}\0", 3), JSON_SYNTAX);
	ck_assert_str_eq(canonical("\"a\\u0000b\""), "\"a\\u0000b\"");
	ck_assert_uint_eq(json_unescape(&tape, &tape.tok[0], &arena).len, 3);
}
END_TEST

START_TEST(depth_64_is_accepted_and_65_is_not)
{
	char text[2 * (JSON_DEPTH_MAX + 1)];

	for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		ck_assert_int_eq(scan_bytes(text, 2 * depth), depth == JSON_DEPTH_MAX ? JSON_OK : JSON_TOO_DEEP);
	}
	ck_assert_uint_eq(error.offset, JSON_DEPTH_MAX);
	ck_assert_int_eq(scan("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["), JSON_SYNTAX);
}
END_TEST

START_TEST(a_line_of_one_mebibyte_is_accepted_and_one_byte_more_is_not)
{
	char *text = malloc(JSON_LEN_MAX + 1);

	memset(text, 'x', JSON_LEN_MAX + 1);
	text[0] = text[JSON_LEN_MAX - 1] = '"';
	ck_assert_int_eq(json_scan(&tape, text, JSON_LEN_MAX, &error), 0);
	ck_assert_int_eq(json_scan(&tape, text, JSON_LEN_MAX + 1, &error), -1);
	ck_assert_int_eq(error.fault, JSON_TOO_LONG);
	text[JSON_LEN_MAX - 1] = 'x';
	text[JSON_LEN_MAX] = '"';
	ck_assert_int_eq(json_scan_limit(&tape, text, JSON_LEN_MAX + 1, JSON_STORED_MAX, &error), 0);
	free(text);
}
END_TEST

START_TEST(the_most_tokens_that_fit_a_line_have_room)
{
	size_t len = JSON_LEN_MAX - 1; /* [0,0,0 ... 0] is odd */
	char *text = malloc(len);

	for (size_t i = 0; i < len; i++)
		text[i] = i % 2 ? '0' : ',';
	text[0] = '[';
	text[len - 1] = ']';
	ck_assert_int_eq(json_scan(&tape, text, len, &error), 0);
	ck_assert_uint_eq(tape.n, 1 + (len - 1) / 2);
	ck_assert_uint_le(tape.n, tape.cap);
	memset(text, '[', len);
	ck_assert_int_eq(json_scan(&tape, text, len, &error), -1);
	free(text);
}
END_TEST

START_TEST(a_replaced_value_is_written_in_its_place)
{
	canonical("{\"a\":[1,\"x\",{\"b\":\"y\"}],\"c\":\"z\"}");
	json_replace(&tape, 4, STR("new \"one\"\n"));
	json_replace(&tape, 7, STR(""));
	buf_reset(&out);
	json_canonical(&out, &tape, 0);
	buf_byte(&out, '\0');
	ck_assert_str_eq(out.p, "{\"a\":[1,\"new \\\"one\\\"\\n\",{\"b\":\"\"}],\"c\":\"z\"}");
	ck_assert(str_eq(json_unescape(&tape, &tape.tok[4], &arena), STR("new \"one\"\n")));
	ck_assert(str_eq(json_text(&tape, 9, &arena), STR("\"z\"")));
	ck_assert(str_eq(json_text(&tape, 5, &arena), STR("{\"b\":\"\"}")));
}
END_TEST

START_TEST(a_second_scan_forgets_replacements)
{
	canonical("[\"a\"]");
	json_replace(&tape, 1, STR("b"));
	ck_assert_str_eq(canonical("[\"a\"]"), "[\"a\"]");
}
END_TEST

START_TEST(quote_escapes_what_must_be_and_nothing_else)
{
	char all[256];

	for (unsigned i = 0; i < 256; i++)
		all[i] = (char)i;
	buf_reset(&out);
	json_quote(&out, (struct str){ all, 128 });
	buf_byte(&out, '\0');
	ck_assert_int_eq(scan(out.p), JSON_OK);
	ck_assert_uint_eq(tape.tok[0].flags, JSON_ESCAPED);
	ck_assert(str_eq(json_unescape(&tape, &tape.tok[0], &arena), (struct str){ all, 128 }));
	ck_assert_uint_eq(out.len - 1, 2 + 128 + 7 + 27 * 5);
}
END_TEST

/* The index of the duplicate, as text, or "none". */
static const char *
duplicate(const char *text)
{
	uint32_t key;
	static char name[64];

	ck_assert_int_eq(scan(text), JSON_OK);
	key = json_duplicate_key(&tape, &arena);
	if (key == UINT32_MAX)
		return "none";
	snprintf(name, sizeof(name), "%u", key);
	return name;
}

START_TEST(duplicate_keys_are_found_at_any_depth_and_compared_unescaped)
{
	ck_assert_str_eq(duplicate("{\"a\":1,\"b\":2}"), "none");
	ck_assert_str_eq(duplicate("{\"a\":1,\"b\":2,\"a\":3}"), "5");
	ck_assert_str_eq(duplicate("{\"a\":1,\"\\u0061\":2}"), "3");
	ck_assert_str_eq(duplicate("[{\"x\":[{\"a\":1,\"a\":2}]}]"), "7");
	ck_assert_str_eq(duplicate("{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}"), "none");
	ck_assert_str_eq(duplicate("{\"\":1,\"\":2}"), "3");
	ck_assert_str_eq(duplicate("{\"\\u0000\":1,\"\":2}"), "none");
	ck_assert_str_eq(duplicate("{\"\xc3\xa4\":1,\"a\xcc\x88\":2}"), "none");
	ck_assert_str_eq(duplicate("[1,2]"), "none");
	ck_assert_str_eq(duplicate("{}"), "none");
}
END_TEST

START_TEST(duplicate_keys_are_found_in_objects_of_every_size)
{
	for (int keys = 2; keys < 200; keys++)
		for (int twin = 0; twin < keys; twin += keys > 40 ? 13 : 1) {
			buf_reset(&out);
			buf_byte(&out, '{');
			for (int i = 0; i < keys; i++)
				buf_printf(&out, "\"key%d\":0,", i);
			buf_printf(&out, "\"key%d\":0}", twin);
			ck_assert_int_eq(json_scan(&tape, out.p, out.len, &error), 0);
			ck_assert_uint_eq(json_duplicate_key(&tape, &arena), 1u + 2u * (unsigned)keys);
			tape.n -= 2; /* the same without its last member */
			tape.tok[0].next -= 2;
			ck_assert_uint_eq(json_duplicate_key(&tape, &arena), UINT32_MAX);
			arena_reset(&arena);
		}
}
END_TEST

START_TEST(a_hundred_thousand_keys_take_no_time)
{
	clock_t start;

	buf_reset(&out);
	buf_byte(&out, '{');
	for (int i = 0; i < 95000; i++)
		buf_printf(&out, "\"%05d\":0,", i); /* all of one length */
	buf_printf(&out, "\"x\":0}");
	ck_assert_int_eq(json_scan(&tape, out.p, out.len, &error), 0);
	start = clock();
	ck_assert_uint_eq(json_duplicate_key(&tape, &arena), UINT32_MAX);
	ck_assert_msg(clock() - start < CLOCKS_PER_SEC / 2, "comparing each with each would take seconds");
}
END_TEST

START_TEST(find_gives_the_value_of_a_key)
{
	canonical("{\"a\":{\"b\":1},\"\\u0062\":2}");
	ck_assert_uint_eq(json_find(&tape, 0, STR("b"), &arena), 6);
	ck_assert_uint_eq(json_find(&tape, 2, STR("b"), &arena), 4);
	ck_assert_uint_eq(json_find(&tape, 0, STR("c"), &arena), UINT32_MAX);
}
END_TEST

static Suite *
json_suite(void)
{
	Suite *s = suite_create("event/json");
	TCase *tc = tcase_create("json");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, canonical_text_has_no_white_space_and_minimal_escapes);
	tcase_add_test(tc, only_what_is_not_canonical_is_marked_for_rewriting);
	tcase_add_test(tc, the_tape_is_in_document_order_and_next_skips_a_value);
	tcase_add_test(tc, errors_name_the_byte_and_what_was_expected);
	tcase_add_test(tc, a_nul_is_a_control_character_and_its_escape_is_kept);
	tcase_add_test(tc, depth_64_is_accepted_and_65_is_not);
	tcase_add_test(tc, a_line_of_one_mebibyte_is_accepted_and_one_byte_more_is_not);
	tcase_add_test(tc, the_most_tokens_that_fit_a_line_have_room);
	tcase_add_test(tc, a_replaced_value_is_written_in_its_place);
	tcase_add_test(tc, a_second_scan_forgets_replacements);
	tcase_add_test(tc, quote_escapes_what_must_be_and_nothing_else);
	tcase_add_test(tc, duplicate_keys_are_found_at_any_depth_and_compared_unescaped);
	tcase_add_test(tc, duplicate_keys_are_found_in_objects_of_every_size);
	tcase_add_test(tc, a_hundred_thousand_keys_take_no_time);
	tcase_add_test(tc, find_gives_the_value_of_a_key);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(json_suite)
