/* utf8: every code point, every short text, a third-party suite, widths. */
#include "unit.h"

#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"
#include "corpora.h"

#define CP_MAX 0x10ffff

static bool
is_scalar(uint32_t cp)
{
	return cp <= CP_MAX && (cp < 0xd800 || cp > 0xdfff);
}

/* The definition, slowly: decodes by the lead byte, then asks for the
 * shortest form of a scalar value. */
static size_t
naive_sequence(const unsigned char *p, size_t len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
	uint32_t cp = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));

	if (n == 0 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	return cp >= least[n] && is_scalar(cp) ? n : 0;
}

static size_t
naive_prefix(const char *p, size_t len)
{
	size_t at = 0, n;

	while (at < len && (n = naive_sequence((const unsigned char *)p + at, len - at)) > 0)
		at += n;
	return at;
}

START_TEST(every_code_point_comes_back)
{
	for (uint32_t cp = 0; cp <= CP_MAX; cp++) {
		char text[4];
		uint32_t back = CP_MAX + 1;

		if (!is_scalar(cp))
			continue;

		size_t n = utf8_encode(text, cp);

		if (utf8_decode(text, n, &back) != n || back != cp || utf8_valid_prefix(text, n) != n)
			ck_abort_msg("U+%04X", cp);
		for (size_t cut = 1; cut < n; cut++)
			if (utf8_decode(text, cut, &back) != 0 || utf8_valid_prefix(text, cut) != 0)
				ck_abort_msg("U+%04X cut to %zu bytes", cp, cut);
	}
}
END_TEST

/* All of two bytes, and of three and four with the tails that matter. */
START_TEST(short_texts_are_judged_as_by_the_definition)
{
	static const unsigned char tails[] = { 0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
		0xc0, 0xc2, 0xe0, 0xed, 0xf4, 0xff };
	char text[4];

	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++)
			for (size_t c = 0; c < sizeof(tails); c++)
				for (size_t d = 0; d < sizeof(tails); d++) {
					uint32_t cp;

					text[0] = (char)a;
					text[1] = (char)b;
					text[2] = (char)tails[c];
					text[3] = (char)tails[d];
					for (size_t len = 1; len <= 4; len++) {
						if (utf8_valid_prefix(text, len) != naive_prefix(text, len) ||
						    utf8_decode(text, len, &cp) !=
						    naive_sequence((unsigned char *)text, len))
							ck_abort_msg("%02x%02x%02x%02x of %zu", a, b, tails[c],
							    tails[d], len);
					}
				}
}
END_TEST

/* Around the steps of the fast path: at each place of a long text. */
START_TEST(a_fault_is_found_wherever_it_is)
{
	static const char *const pieces[] = { "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
		"\xff", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\x80" };

	for (size_t len = 1; len < 200; len++)
		for (size_t i = 0; i < 8; i++) {
			size_t n = strlen(pieces[i]);

			for (size_t at = 0; at + n <= len; at += 1 + len / 9) {
				char *text = malloc(len);

				memset(text, 'a', len);
				memcpy(text + at, pieces[i], n);
				ck_assert_uint_eq(utf8_valid_prefix(text, len), naive_prefix(text, len));
				free(text);
			}
		}
}
END_TEST

START_TEST(nothing_is_valid)
{
	ck_assert_uint_eq(utf8_valid_prefix("", 0), 0);
}
END_TEST

/* The text with what is not valid left out, byte by byte. */
static void
skip_invalid(struct buf *out, const char *p, size_t len)
{
	size_t at = 0;

	while (at < len) {
		size_t n = utf8_valid_prefix(p + at, len - at);

		buf_add(out, p + at, n);
		at += n + 1;
	}
}

/* "22.0:invalid hex:c0 80:nothing:efbfbdefbfbd" or "1.0:valid:text" */
static bool
check_suite_line(char *line)
{
	char *field[5] = { line }, *next = line;
	uint8_t bytes[256], skipped[256];
	size_t n = 1;

	while (n < 5 && (next = strchr(next, ':')) != NULL) {
		*next++ = '\0';
		field[n++] = next;
	}
	if (n < 3 || strstr(field[1], "hex") == NULL)
		return false;
	for (size_t i = 2; i < n; i++) {
		char *to = field[i];

		for (char *from = to; *from; from++)
			if (*from != ' ')
				*to++ = *from;
		*to = '\0';
		if (strcmp(field[i], "nothing") == 0)
			field[i][0] = '\0';
	}

	size_t len = strlen(field[2]) / 2;

	ck_assert_uint_le(len, sizeof(bytes));
	ck_assert(hex_parse(field[2], strlen(field[2]), bytes));

	bool valid = utf8_valid_prefix((char *)bytes, len) == len;

	ck_assert_msg(valid == (strstr(field[1], "invalid") == NULL), "%s", field[0]);
	if (n > 3) {
		struct buf b = { 0 };

		ck_assert(hex_parse(field[3], strlen(field[3]), skipped));
		skip_invalid(&b, (char *)bytes, len);
		ck_assert_msg(b.len == strlen(field[3]) / 2, "%s", field[0]);
		if (b.len > 0)
			ck_assert_msg(memcmp(b.p, skipped, b.len) == 0, "%s", field[0]);
		buf_fini(&b);
	}
	return true;
}

START_TEST(utf8tests_suite_agrees)
{
	char path[CORPORA_PATH_MAX], line[1024];
	unsigned checked = 0;
	FILE *f;

	if (!corpora_path(path, "conformance/utf8/utf8tests/utf8tests.txt"))
		return;
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] != '#' && line[0] != '\0')
			checked += check_suite_line(line);
	}
	fclose(f);
	ck_assert_uint_ge(checked, 100);
}
END_TEST

static const struct {
	uint32_t cp;
	int width;
} widths[] = {
	{ 'a', 1 }, { ' ', 1 }, { '~', 1 }, { 0xe4, 1 }, { 0x20ac, 1 },
	{ 0x4e2d, 2 }, { 0xac00, 2 }, { 0xff21, 2 }, { 0x1f600, 2 }, { 0x20000, 2 },
	{ 0x0301, 0 }, { 0x200b, 0 }, { 0x200d, 0 },
	{ 0x00, -1 }, { 0x07, -1 }, { 0x1b, -1 }, { 0x7f, -1 }, { 0x80, -1 }, { 0x9b, -1 },
};

START_TEST(table_of_widths)
{
	ck_assert_msg(utf8_width(widths[_i].cp) == widths[_i].width, "U+%04X: %d", widths[_i].cp,
	    utf8_width(widths[_i].cp));
}
END_TEST

START_TEST(every_width_is_of_a_kind)
{
	for (uint32_t cp = 0; cp <= CP_MAX; cp++) {
		int width = utf8_width(cp);

		if (width < -1 || width > 2)
			ck_abort_msg("U+%04X: %d", cp, width);
	}
}
END_TEST

static Suite *
utf8_suite(void)
{
	Suite *s = suite_create("base/utf8");
	TCase *t = tcase_create("utf8");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, every_code_point_comes_back);
	tcase_add_test(t, short_texts_are_judged_as_by_the_definition);
	tcase_add_test(t, a_fault_is_found_wherever_it_is);
	tcase_add_test(t, nothing_is_valid);
	tcase_add_test(t, utf8tests_suite_agrees);
	tcase_add_loop_test(t, table_of_widths, 0, sizeof(widths) / sizeof(widths[0]));
	tcase_add_test(t, every_width_is_of_a_kind);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(utf8_suite)
