/* Unit tests of text for terminals: nothing in it can steer one. */
#include "base/utf8.h"
#include "rendered.h"

static void
becomes(struct str text, const char *expected)
{
	struct buf b = { 0 };

	render_safe(&b, text);
	buf_byte(&b, '\0');
	ck_assert_str_eq(b.p, expected);
	buf_fini(&b);
}

START_TEST(whole_lines_keep_their_ends_and_json_stays_json)
{
	struct buf b = { 0 };

	render_safe_lines(&b, STR("a\x1b,b\r\nc\td\n\n\r\xc2\x9b"), false);
	buf_byte(&b, '\0');
	ck_assert_str_eq(b.p, "a\\x1b,b\r\nc\\td\n\n\\r\\u009b");
	buf_reset(&b);
	render_safe_lines(&b, STR("{\"a\":\"\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x81\x81 \\u001b\"}\n"), true);
	buf_byte(&b, '\0');
	ck_assert_str_eq(b.p, "{\"a\":\"\\u007f\\u009b\\u202e\\udb40\\udc41 \\u001b\"}\n");
	buf_fini(&b);
}
END_TEST

static bool
is_steering(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp >= 0x202a && cp <= 0x202e) ||
	    (cp >= 0x2066 && cp <= 0x2069) || cp == 0x200e || cp == 0x200f || cp == 0x61c || cp == 0x2028 || cp == 0x2029;
}

/* What must be true of every result: of one line of it.  Each assertion costs
 * a system call, so that only those that fail are made. */
static void
unsteered(struct str safe)
{
	uint32_t cp = 0;
	size_t n;

	for (size_t i = 0; i < safe.len; i += n) {
		n = utf8_decode(safe.p + i, safe.len - i, &cp);
		if (n == 0 || is_steering(cp))
			ck_abort_msg("U+%04x in %.*s", (unsigned)cp, (int)safe.len, safe.p);
	}
}

static void
harmless(struct str text)
{
	struct buf b = { 0 };

	render_safe(&b, text);
	unsteered(buf_view(&b));
	buf_fini(&b);
}

START_TEST(ordinary_text_stays_as_it_is)
{
	becomes(STR(""), "");
	becomes(STR("plain text, ~ and \\x1b"), "plain text, ~ and \\x1b");
	becomes(STR("Zoë 鍵 🔑 e\u0301 уд:иван"), "Zoë 鍵 🔑 e\u0301 уд:иван");
	becomes(STR("👩\u200d💻"), "👩\u200d💻");
}
END_TEST

START_TEST(control_bytes_become_visible)
{
	becomes(STR("a\x1b[31mb"), "a\\x1b[31mb");
	becomes(STR("a\nb\tc\rd"), "a\\nb\\tc\\rd");
	becomes(STR("\0\x01\x07\x08\x7f"), "\\x00\\x01\\x07\\x08\\x7f");
	becomes(STR("\xc2\x80\xc2\x9b" "31m\xc2\x9f"), "\\u0080\\u009b31m\\u009f");
}
END_TEST

START_TEST(bidi_controls_and_hidden_characters_become_visible)
{
	becomes(STR("\u202eabc\u202c"), "\\u202eabc\\u202c");
	becomes(STR("\u2066\u2069\u200e\u200f\u061c"), "\\u2066\\u2069\\u200e\\u200f\\u061c");
	becomes(STR("a\u2028b\u2029"), "a\\u2028b\\u2029");
	becomes(STR("\ufeff\U000e0041"), "\\ufeff\\U000e0041");
}
END_TEST

START_TEST(characters_that_show_nothing_become_visible)
{
	becomes(STR("adm\u200bin"), "adm\\u200bin");
	becomes(STR("adm\u00adin\u2060\u3164"), "adm\\u00adin\\u2060\\u3164");
	becomes(STR("adm\u200din"), "adm\\u200din");
	becomes(STR("ив\u200dан"), "ив\\u200dан");
	becomes(STR("x\ufe0f"), "x\\ufe0f");
}
END_TEST

START_TEST(what_joins_letters_and_pictures_stays)
{
	becomes(STR("می\u200cخواهم"), "می\u200cخواهم");
	becomes(STR("क्\u200dष"), "क्\u200dष");
	becomes(STR("\u2764\ufe0f\u200d\U0001f525"), "\u2764\ufe0f\u200d\U0001f525");
}
END_TEST

START_TEST(marks_do_not_pile_up_or_leave_their_place)
{
	becomes(STR("e\u0301\u0301\u0301\u0301\u0301"), "e\u0301\u0301\u0301\u0301\\u0301");
	becomes(STR("\u0301e"), "\\u0301e");
	becomes(STR("a \u0301"), "a \\u0301");
}
END_TEST

START_TEST(what_is_not_utf8_is_shown_byte_by_byte)
{
	becomes(STR("a\xffz"), "a\\xffz");
	becomes(STR("\x9b" "31m"), "\\x9b31m");
	becomes(STR("\xc3"), "\\xc3");
	becomes(STR("\xed\xa0\x80"), "\\xed\\xa0\\x80");
	becomes(STR("\xc0\x9b"), "\\xc0\\x9b");
	becomes(STR("\xf0\x9f\x94" "x"), "\\xf0\\x9f\\x94x");
}
END_TEST

START_TEST(every_pair_of_bytes_is_harmless)
{
	for (unsigned i = 0; i < 0x10000; i++) {
		const char text[3] = { (char)(i >> 8), (char)(i & 0xff), 'x' };

		harmless((struct str){ text, sizeof(text) });
	}
}
END_TEST

START_TEST(every_character_is_harmless)
{
	char text[4];

	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		if (cp < 0xd800 || cp > 0xdfff)
			harmless((struct str){ text, utf8_encode(text, cp) });
	}
}
END_TEST

/* ---- whole events ---- */

/* Events with hostile texts: one file for each format is enough for all. */
struct hostile {
	struct buf lines;
	size_t n;
};

/* One that has `text` in every place there is, in the payload as a key too. */
static void
add_event(struct hostile *h, struct str text)
{
	struct buf quoted = { 0 }, *line = &h->lines;
	struct str q;

	/* What is no UTF-8, has no action or one key twice becomes no event. */
	if (text.len == 0 || utf8_valid_prefix(text.p, text.len) != text.len || str_eq(text, STR("a")) ||
	    str_eq(text, STR("l")))
		return;
	h->n++;
	json_quote(&quoted, text);
	q = buf_view(&quoted);
	buf_printf(line, "{\"time\":\"2026-04-23T11:00:00Z\"");
	for (enum field f = 0; f < FIELD_COUNT; f++)
		if (field_table[f].type == FIELD_STRING && f != FIELD_ID)
			buf_printf(line, ",\"%s\":%.*s", field_table[f].key, (int)q.len, q.p);
	buf_printf(line, ",\"changes\":{\"a\":[%.*s,{\"x\":%.*s}],%.*s:[1,[%.*s]]}", (int)q.len, q.p, (int)q.len, q.p,
	    (int)q.len, q.p, (int)q.len, q.p);
	buf_printf(line, ",\"context\":{%.*s:{\"k\":%.*s},\"l\":[%.*s]}}\n", (int)q.len, q.p, (int)q.len, q.p,
	    (int)q.len, q.p);
	buf_fini(&quoted);
}

static void
check_lines(const struct buf *b)
{
	size_t start = 0;

	for (size_t i = 0; i < b->len; i++) {
		if (b->p[i] != '\n')
			continue;
		unsteered((struct str){ b->p + start, i - start - (i > start && b->p[i - 1] == '\r') });
		start = i + 1;
	}
	ck_assert_uint_eq(start, b->len);
}

/* Every byte may stand on a terminal, and an event is one line where it shall be. */
static void
check_events(struct hostile *h)
{
	static const struct {
		const char *format;
		unsigned width;
		size_t lines; /* beside one for each event; SIZE_MAX: not counted */
	} shapes[] = {
		{ "table", 0, 1 }, { "table", 80, 1 }, { "short", 80, 0 }, { "text", 80, 0 }, { "detail", 0, SIZE_MAX },
		{ "detail", 80, SIZE_MAX }, { "detail", 20, SIZE_MAX }, { "jsonl", 80, 0 }, { "json", 80, 2 },
		{ "csv", 80, SIZE_MAX },
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct render_options o = { .format = shapes[i].format, .width = shapes[i].width, .terminal = true,
			.now = RENDERED_NOW };
		struct buf b = rendered(&o, NULL, h->lines.p, h->lines.len);
		size_t lines = 0;

		check_lines(&b);
		for (size_t k = 0; k < b.len; k++)
			lines += b.p[k] == '\n';
		ck_assert(shapes[i].lines == SIZE_MAX || lines == shapes[i].lines + h->n);
		buf_fini(&b);
	}
	buf_fini(&h->lines);
}

START_TEST(no_format_lets_a_hostile_byte_through)
{
	static const char *const hostile[] = { "\x1b[31mred", "a\nb\r\nc", "\xc2\x9b[31m", "\u202eabc\u2066", "\x07\x08\x7f",
		"\x1b]0;title\x07", "\u0301\u0301\u0301\u0301\u0301\u0301", "\u2028\u2029\xc2\x85", "a\tb", "\"', = \\x",
		"\u200b", "\U0001f469\u200d\U0001f4bb", "{\"before\":1}", "true" };

	struct hostile h = { .n = 0 };

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		add_event(&h, str_of(hostile[i]));
	for (unsigned byte = 0; byte < 0x80; byte++)
		add_event(&h, (struct str){ (const char[3]){ 'x', (char)byte, 'y' }, 3 });
	check_events(&h);
}
END_TEST

/* ---- other people's lists, where AUDIT_CORPORA says they are ---- */

/* Calls `each` for every string of a JSON file. */
static void
each_string(const char *name, void (*each)(void *arg, struct str), void *arg)
{
	struct json_tape tape = { 0 };
	struct json_error fault;
	struct arena arena = { 0 };
	struct err e = ERR_NONE;
	char path[4096];
	char *text;
	size_t len, strings = 0;

	snprintf(path, sizeof(path), "%s/%s", getenv("AUDIT_CORPORA"), name);
	text = file_read(path, JSON_LEN_MAX, &len, &e);
	ck_assert_msg(text != NULL, "%s", e.text);
	ck_assert_int_eq(json_scan(&tape, text, len, &fault), 0);
	for (size_t i = 0; i < tape.n; i++) {
		if (tape.tok[i].type != TOKEN_STRING)
			continue;
		each(arg, json_unescape(&tape, &tape.tok[i], &arena));
		strings++;
	}
	ck_assert_uint_gt(strings, 100);
	json_tape_fini(&tape);
	arena_fini(&arena);
	free(text);
}

/* A terminal's code, begun in each way there is. */
static void
try_code(void *arg, struct str code)
{
	static const char *const starts[] = { "\x1b", "\x1b\x1b", "\x9b", "\xc2\x9b", "\x90", "\x1b]0;", "" };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		buf_reset(&b);
		buf_str(&b, str_of(starts[i]));
		buf_str(&b, code);
		harmless(buf_view(&b));
		if (i == 0)
			add_event(arg, buf_view(&b));
	}
	buf_fini(&b);
}

START_TEST(terminal_codes_are_harmless)
{
	struct hostile h = { .n = 0 };

	each_string("conformance/terminal/ansi-codes.json", try_code, &h);
	check_events(&h);
}
END_TEST

static void
try_string(void *arg, struct str text)
{
	harmless(text);
	add_event(arg, text);
}

START_TEST(naughty_strings_are_harmless)
{
	struct hostile h = { .n = 0 };

	each_string("conformance/strings/blns/blns.json", try_string, &h);
	check_events(&h);
}
END_TEST

static Suite *
safe_suite(void)
{
	Suite *s = suite_create("render safe");
	TCase *c = tcase_create("text");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, ordinary_text_stays_as_it_is);
	tcase_add_test(c, control_bytes_become_visible);
	tcase_add_test(c, whole_lines_keep_their_ends_and_json_stays_json);
	tcase_add_test(c, bidi_controls_and_hidden_characters_become_visible);
	tcase_add_test(c, characters_that_show_nothing_become_visible);
	tcase_add_test(c, what_joins_letters_and_pictures_stays);
	tcase_add_test(c, marks_do_not_pile_up_or_leave_their_place);
	tcase_add_test(c, no_format_lets_a_hostile_byte_through);
	tcase_add_test(c, what_is_not_utf8_is_shown_byte_by_byte);
	tcase_add_test(c, every_pair_of_bytes_is_harmless);
	tcase_add_test(c, every_character_is_harmless);
	if (getenv("AUDIT_CORPORA") != NULL) {
		tcase_add_test(c, terminal_codes_are_harmless);
		tcase_add_test(c, naughty_strings_are_harmless);
	} else {
		printf("# AUDIT_CORPORA is not set: terminal codes and naughty strings skipped\n");
		fflush(stdout);
	}
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(safe_suite)
