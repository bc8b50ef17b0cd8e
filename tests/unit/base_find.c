/* A text is found where a naive search finds it. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/find.h"

static uint64_t seed = 7;

static unsigned
below(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

static bool
naive_at(const struct finder *f, const char *p)
{
	for (size_t i = 0; i < f->text.len; i++) {
		char c = p[i];

		if (f->nocase && c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		if (c != f->text.p[i])
			return false;
	}
	return true;
}

static size_t
naive(const struct finder *f, struct str in, size_t from)
{
	for (; from + f->text.len <= in.len; from++)
		if (naive_at(f, in.p + from))
			return from;
	return in.len;
}

/* Every place from every place on, in bytes that end where their memory does. */
static size_t
compare(const char *text, size_t text_len, const char *bytes, size_t len, bool nocase)
{
	char *copy = malloc(len + 1);
	struct str in = { memcpy(copy + 1, bytes, len), len };
	struct finder f;
	size_t found = 0;

	find_init(&f, (struct str){ text, text_len }, nocase);
	for (size_t from = 0; from <= len + 1; from++) {
		size_t at = find_next(&f, in, from);

		ck_assert_uint_eq(at, naive(&f, in, from));
		found += at < len;
	}
	free(copy);
	return found;
}

/* Letters of both cases, what is next to them in ASCII, and what differs from
 * them by the bit of case only. */
static void
fill(char *p, size_t n, const char *from)
{
	size_t choices = strlen(from);

	for (size_t i = 0; i < n; i++)
		p[i] = from[below((unsigned)choices)];
}

START_TEST(random_texts_are_found_where_they_stand)
{
	static const char *const kinds[] = { "ab", "abAB", "kK\x8bzZ[@`{Pp0\x10", "aA!\x01\xc1\xe1", "e \"x" };
	char text[FIND_MAX], bytes[200];
	size_t found = 0;

	for (unsigned round = 0; round < 20000; round++) {
		const char *kind = kinds[round % 5];
		size_t n = 1 + below(round % 7 ? 5 : FIND_MAX), len = below(sizeof(bytes));
		bool nocase = below(2);

		fill(bytes, len, kind);
		fill(text, n, kind);
		if (len > n && below(2)) /* one that is there */
			memcpy(text, bytes + below((unsigned)(len - n)), n);
		for (size_t i = 0; nocase && i < n; i++)
			text[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
		found += compare(text, n, bytes, len, nocase);
	}
	ck_assert_uint_gt(found, 100000);
}
END_TEST

START_TEST(both_ends_are_looked_at)
{
	char bytes[100];

	for (size_t len = 4; len <= sizeof(bytes); len++)
		for (size_t at = 0; at + 4 <= len; at++) {
			memset(bytes, 'o', len);
			memcpy(bytes + at, "rOot", 4);
			ck_assert_uint_eq(compare("root", 4, bytes, len, true), at + 1);
			ck_assert_uint_eq(compare("root", 4, bytes, len, false), 0);
			ck_assert_uint_eq(compare("rOot", 4, bytes, len, false), at + 1);
		}
}
END_TEST

START_TEST(twins_agree_on_pairs)
{
	char bytes[90];

	for (unsigned round = 0; round < 20000; round++) {
		struct simd_pair q = { .apart = below(20), .byte = { 'a', (uint8_t)"abz"[below(3)] },
			.mask = { below(2) ? 0x20 : 0, below(2) ? 0x20 : 0 } };
		size_t n = below(sizeof(bytes) - 20);

		fill(bytes, sizeof(bytes), "abAB!z");
		ck_assert_uint_eq(simd_find_pair(bytes, n, &q), simd_find_pair_scalar(bytes, n, &q));
	}
}
END_TEST

static Suite *
find_suite(void)
{
	Suite *s = suite_create("base/find");
	TCase *tc = tcase_create("find");

	tcase_add_test(tc, random_texts_are_found_where_they_stand);
	tcase_add_test(tc, both_ends_are_looked_at);
	tcase_add_test(tc, twins_agree_on_pairs);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(find_suite)
