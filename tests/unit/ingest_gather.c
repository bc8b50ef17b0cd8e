/* Whole lines out of pieces. */
#include <stdlib.h>

#include "base/mem.h"
#include "event/json.h"
#include "ingest/gather.h"
#include "unit.h"

static struct gather l;
static struct gather_chunk c;

static void
setup(void)
{
	l = (struct gather)GATHER_NONE;
}

static void
teardown(void)
{
	gather_fini(&l);
}

static void
add(const char *p, size_t len)
{
	ck_assert_uint_le(len, GATHER_PIECE);
	memcpy(gather_room(&l), p, len);
	gather_added(&l, len);
}

/* n bytes without newline, given out as they should be: not at all. */
static void
add_many(size_t n)
{
	char *piece = mem_alloc(GATHER_PIECE);

	memset(piece, 'x', GATHER_PIECE);
	while (n > 0) {
		size_t now = n < GATHER_PIECE ? n : GATHER_PIECE;

		add(piece, now);
		ck_assert(!gather_next(&l, &c));
		n -= now;
	}
	free(piece);
}

static void
gives(const char *text, uint64_t first, uint64_t n)
{
	ck_assert(gather_next(&l, &c));
	ck_assert_uint_eq(c.bytes.len, strlen(text));
	ck_assert_mem_eq(c.bytes.p, text, c.bytes.len);
	ck_assert_uint_eq(c.first, first);
	ck_assert_uint_eq(c.n, n);
	ck_assert_uint_eq(c.passed, 0);
	ck_assert(!c.partial);
}

START_TEST(chunks_say_where_they_were)
{
	add("one\ntw", 6);
	gives("one\n", 1, 1);
	ck_assert_uint_eq(c.offset, 0);
	add("o\n", 2);
	gives("two\n", 2, 1);
	ck_assert_uint_eq(c.offset, 4);
	add_many(3 * JSON_LEN_MAX);
	add("\nfour", 5);
	ck_assert(gather_next(&l, &c));
	ck_assert_uint_eq(c.offset, 8);
	ck_assert(!gather_next(&l, &c));
	ck_assert(gather_last(&l, &c));
	ck_assert_uint_eq(c.offset, 8 + 3 * JSON_LEN_MAX + 1);
}
END_TEST

START_TEST(lines_are_given_whole_and_numbered)
{
	add("a\nb\n\nc", 6);
	gives("a\nb\n\n", 1, 3);
	ck_assert(!gather_next(&l, &c));
	add("d", 1);
	ck_assert(!gather_next(&l, &c));
	add("\n", 1);
	gives("cd\n", 4, 1);
	ck_assert(!gather_next(&l, &c));
	ck_assert(!gather_last(&l, &c));
	ck_assert_uint_eq(gather_held(&l), 0);
	add("", 0);
	ck_assert_uint_eq(gather_held(&l), 0);
}
END_TEST

START_TEST(what_is_left_at_the_end_is_a_line)
{
	add("a\n{\"b", 5);
	gives("a\n", 1, 1);
	ck_assert(!gather_next(&l, &c));
	ck_assert(gather_last(&l, &c));
	ck_assert(c.partial);
	ck_assert_uint_eq(c.first, 2);
	ck_assert_uint_eq(c.bytes.len, 3);
	ck_assert(!gather_last(&l, &c));
}
END_TEST

START_TEST(longest_line_passes)
{
	add_many(JSON_LEN_MAX);
	add("\nb\n", 3);
	ck_assert(gather_next(&l, &c));
	ck_assert_uint_eq(c.bytes.len, JSON_LEN_MAX + 3);
	ck_assert_uint_eq(c.n, 2);
	ck_assert_uint_eq(c.passed, 0);
}
END_TEST

START_TEST(longer_line_is_cut_and_the_next_is_whole)
{
	add_many(JSON_LEN_MAX);
	add("y\nb\n", 4);
	ck_assert(gather_next(&l, &c));
	ck_assert_uint_eq(c.bytes.len, GATHER_KEEP + 1);
	ck_assert_int_eq(c.bytes.p[GATHER_KEEP], '\n');
	ck_assert_uint_eq(c.passed, JSON_LEN_MAX + 1 - GATHER_KEEP);
	ck_assert_uint_eq(c.n, 1);
	gives("b\n", 2, 1);
}
END_TEST

START_TEST(endless_line_takes_little_memory)
{
	add_many(50 * JSON_LEN_MAX);
	ck_assert_uint_le(gather_held(&l), 2 * JSON_LEN_MAX);
	add("\nb\n", 3);
	ck_assert(gather_next(&l, &c));
	ck_assert_uint_eq(c.passed, 50 * JSON_LEN_MAX - GATHER_KEEP);
	gives("b\n", 2, 1);
	add_many(2 * JSON_LEN_MAX);
	ck_assert(gather_last(&l, &c));
	ck_assert_uint_eq(c.passed, 2 * JSON_LEN_MAX - GATHER_KEEP);
	ck_assert_uint_eq(c.first, 3);
	ck_assert(c.partial);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("ingest_gather");
	TCase *t = tcase_create("gather");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lines_are_given_whole_and_numbered);
	tcase_add_test(t, what_is_left_at_the_end_is_a_line);
	tcase_add_test(t, chunks_say_where_they_were);
	tcase_add_test(t, longest_line_passes);
	tcase_add_test(t, longer_line_is_cut_and_the_next_is_whole);
	tcase_add_test(t, endless_line_takes_little_memory);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
