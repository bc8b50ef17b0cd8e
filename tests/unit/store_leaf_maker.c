/* leaf_maker: hashes made a few at a time are those made one by one. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/bitmap.h"
#include "base/mem.h"
#include "proof/salt.h"
#include "store/leaf_maker.h"

#define LINES 3000 /* more than all packs hold */

static const char text[] = "{\"id\":\"e\",\"action\":\"read\",\"description\":\"some of this line\"}";

/* Lines of 1 to 60 bytes, and every thousandth longer than a pack. */
static struct str
line_of(unsigned i, struct buf *long_line)
{
	if (i % 1000 != 999)
		return (struct str){ text, 1 + i % 60 };
	buf_reset(long_line);
	while (long_line->len < 200000)
		buf_str(long_line, STR(text));
	return buf_view(long_line);
}

static enum leaf_kind
kind_of(unsigned i)
{
	return i % 7 == 0 ? LEAF_RECORD : LEAF_EVENT;
}

static void
make(struct leaf_maker *m, struct str salts, uint32_t offset, unsigned n, struct hash *leaf)
{
	struct buf long_line = { 0 };

	leaf_maker_start(m, salts, offset, leaf);
	for (unsigned i = 0; i < n; i++)
		leaf_maker_add(m, kind_of(i), line_of(i, &long_line));
	buf_fini(&long_line);
}

static void
check_leaves(struct str salts, uint32_t offset, unsigned n, const struct hash *leaf)
{
	struct buf long_line = { 0 };
	struct salt_walk walk;
	struct hash want;
	uint8_t salt[SALT_LEN];

	salt_walk_start(&walk, salts);
	for (unsigned i = 0; i < n; i++) {
		ck_assert(salt_get(&walk, offset + i, salt));
		tree_leaf(&want, salt, kind_of(i), line_of(i, &long_line));
		ck_assert_mem_eq(leaf[i].b, want.b, HASH_LEN);
	}
	buf_fini(&long_line);
}

static void
compare(struct pool *pool)
{
	static const unsigned counts[] = { 0, 1, 255, 256, 257, LINES };
	struct leaf_maker *m = leaf_maker_new(pool);
	struct hash *leaf = mem_alloc(LINES * sizeof(*leaf));
	struct buf salts = { 0 };
	struct err e = ERR_NONE;

	salt_new(&salts);
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		make(m, buf_view(&salts), (uint32_t)(i * 997), counts[i], leaf);
		ck_assert_int_eq(leaf_maker_wait(m, &e), 0);
		check_leaves(buf_view(&salts), (uint32_t)(i * 997), counts[i], leaf);
	}
	leaf_maker_free(m);
	buf_fini(&salts);
	free(leaf);
}

START_TEST(leaves_are_those_of_the_tree_with_and_without_threads)
{
	compare(NULL);
	for (unsigned threads = 0; threads < 3; threads++) {
		struct pool *pool = pool_new(threads);

		compare(pool);
		pool_free(pool);
	}
}
END_TEST

START_TEST(lines_can_be_added_after_waiting)
{
	struct pool *pool = pool_new(1);
	struct leaf_maker *m = leaf_maker_new(pool);
	struct hash leaf[20];
	struct buf salts = { 0 };
	struct err e = ERR_NONE;

	salt_new(&salts);
	make(m, buf_view(&salts), 5, 10, leaf);
	ck_assert_int_eq(leaf_maker_wait(m, &e), 0);
	for (unsigned i = 10; i < 20; i++)
		leaf_maker_add(m, kind_of(i), line_of(i, NULL));
	ck_assert_int_eq(leaf_maker_wait(m, &e), 0);
	check_leaves(buf_view(&salts), 5, 20, leaf);
	leaf_maker_free(m);
	pool_free(pool);
	buf_fini(&salts);
}
END_TEST

START_TEST(a_salt_that_was_forgotten_is_noticed_and_starting_anew_helps)
{
	static uint64_t forget[TREE_CELL / 64];
	struct pool *pool = pool_new(1);
	struct leaf_maker *m = leaf_maker_new(pool);
	struct hash *leaf = mem_alloc(LINES * sizeof(*leaf));
	struct buf salts = { 0 }, fewer = { 0 };
	struct err e = ERR_NONE;

	salt_new(&salts);
	bitmap_add(forget, 700);
	salt_forget(&fewer, buf_view(&salts), forget);
	make(m, buf_view(&fewer), 0, LINES, leaf);
	ck_assert_int_eq(leaf_maker_wait(m, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);

	make(m, buf_view(&fewer), 0, LINES, leaf);
	leaf_maker_drop(m);
	make(m, buf_view(&fewer), 701, LINES, leaf);
	ck_assert_int_eq(leaf_maker_wait(m, &e), 0);
	check_leaves(buf_view(&fewer), 701, LINES, leaf);
	leaf_maker_free(m);
	pool_free(pool);
	buf_fini(&fewer);
	buf_fini(&salts);
	free(leaf);
}
END_TEST

static Suite *
leaf_maker_suite(void)
{
	Suite *s = suite_create("store/leaf_maker");
	TCase *t = tcase_create("leaf_maker");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, leaves_are_those_of_the_tree_with_and_without_threads);
	tcase_add_test(t, lines_can_be_added_after_waiting);
	tcase_add_test(t, a_salt_that_was_forgotten_is_noticed_and_starting_anew_helps);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(leaf_maker_suite)
