/* range: any choice of leaves leads to the root, and only that choice. */
#include "unit.h"

#include <string.h>

#include "proof/range.h"
#include "proof_log.h"

struct gaps {
	struct range *r;
	struct path_source from;
	unsigned n;
	uint64_t at, end;
	bool spoil; /* the next hash */
};

static int
add_gap(void *arg, struct subtree s)
{
	struct gaps *g = arg;
	struct hash h;
	struct err e = ERR_NONE;

	ck_assert_int_eq(path_subtree(&h, &g->from, s, &e), 0);
	if (g->spoil)
		h.b[0] ^= 1;
	g->spoil = false;
	g->n++;
	return range_subtree(g->r, s, &h, &e);
}

/* Leaves whose bit is set are shown, runs of others covered. */
static void
root_of_choice(struct log *l, uint64_t size, uint64_t shown, struct hash *out, bool spoil)
{
	struct range r = RANGE_DEFAULT;
	struct gaps g = { .r = &r, .from = { log_subtree, l }, .spoil = spoil };

	for (uint64_t at = 0; at < size;) {
		uint64_t end = at;

		if (shown >> at & 1) {
			range_leaf(&r, &l->leaf[at++]);
			continue;
		}
		while (end < size && !(shown >> end & 1))
			end++;
		ck_assert_int_eq(range_gap(at, end, add_gap, &g), 0);
		ck_assert_uint_eq(r.at, end);
		at = end;
	}
	ck_assert_uint_eq(r.at, size);
	range_root(&r, out);
}

START_TEST(any_choice_of_leaves_leads_to_the_root)
{
	struct log l = log_make(40);
	struct hash got, want;

	for (uint64_t size = 0; size <= 9; size++)
		for (uint64_t shown = 0; shown < UINT64_C(1) << size; shown++) {
			naive_root(&want, l.leaf, size);
			root_of_choice(&l, size, shown, &got, false);
			ck_assert_mem_eq(got.b, want.b, HASH_LEN);
			root_of_choice(&l, size, shown, &got, true);
			if (shown != (UINT64_C(1) << size) - 1)
				ck_assert_mem_ne(got.b, want.b, HASH_LEN);
		}
	for (uint64_t size = 10; size <= 40; size++)
		for (uint64_t run = 0; run < size; run++) {
			naive_root(&want, l.leaf, size);
			root_of_choice(&l, size, ((UINT64_C(1) << run) - 1) << (size - run) / 2, &got, false);
			ck_assert_mem_eq(got.b, want.b, HASH_LEN);
		}
	free(l.leaf);
}
END_TEST

START_TEST(a_leaf_dropped_or_swapped_changes_the_root)
{
	struct log l = log_make(8);
	struct range dropped = RANGE_DEFAULT, swapped = RANGE_DEFAULT;
	struct hash want, got;

	naive_root(&want, l.leaf, 8);
	for (uint64_t i = 0; i < 8; i++) {
		if (i != 3)
			range_leaf(&dropped, &l.leaf[i]);
		range_leaf(&swapped, &l.leaf[i == 3 ? 4 : i == 4 ? 3 : i]);
	}
	range_root(&dropped, &got);
	ck_assert_mem_ne(got.b, want.b, HASH_LEN);
	range_root(&swapped, &got);
	ck_assert_mem_ne(got.b, want.b, HASH_LEN);
	free(l.leaf);
}
END_TEST

static int
note_piece(void *arg, struct subtree s)
{
	struct gaps *g = arg;

	ck_assert_uint_eq(s.index << s.height, g->at);
	g->at += UINT64_C(1) << s.height;
	g->n++;
	/* Twice its size would be out of line or beyond the end. */
	ck_assert((s.index & 1) != 0 || ((s.index + 2) << s.height) > g->end);
	return 0;
}

static int
stop_at_once(void *arg, struct subtree s)
{
	(void)s;
	++*(int *)arg;
	return 7;
}

START_TEST(gaps_are_cut_into_the_largest_subtrees)
{
	static const struct {
		uint64_t first, end;
		unsigned pieces;
	} cases[] = { { 0, 0, 0 }, { 3, 3, 0 }, { 0, 1, 1 }, { 0, 8, 1 }, { 0, 5, 2 }, { 7, 11, 3 },
		{ 1, 8, 3 }, { 1, 7, 4 }, { 0, PATH_SIZE_MAX, 63 }, { 1, PATH_SIZE_MAX, 124 },
		{ UINT64_C(1) << 62, PATH_SIZE_MAX, 62 } };
	int calls = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gaps g = { .at = cases[i].first, .end = cases[i].end };

		ck_assert_int_eq(range_gap(cases[i].first, cases[i].end, note_piece, &g), 0);
		ck_assert_uint_eq(g.at, cases[i].end);
		ck_assert_uint_eq(g.n, cases[i].pieces);
	}
	ck_assert_int_eq(range_gap(1, 8, stop_at_once, &calls), 7);
	ck_assert_int_eq(calls, 1);
}
END_TEST

START_TEST(a_subtree_that_does_not_fit_is_refused)
{
	struct range r = RANGE_DEFAULT;
	struct hash h = { { 0 } };
	struct err e = ERR_NONE;

	range_leaf(&r, &h);
	ck_assert_int_eq(range_subtree(&r, (struct subtree){ 1, 0 }, &h, &e), -1);
	ck_assert_int_eq(range_subtree(&r, (struct subtree){ 1, 1 }, &h, &e), -1);
	ck_assert_int_eq(range_subtree(&r, (struct subtree){ 0, 2 }, &h, &e), -1);
	ck_assert_int_eq(range_subtree(&r, (struct subtree){ 63, 0 }, &h, &e), -1);
	ck_assert_int_eq(range_subtree(&r, (struct subtree){ 255, 0 }, &h, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	err_clear(&e);
	ck_assert_int_eq(range_subtree(&r, (struct subtree){ 0, 1 }, &h, &e), 0);
	ck_assert_uint_eq(r.at, 2);
	ck_assert_uint_eq(r.n, 1);
	/* To the last leaf there may be, and not beyond. */
	for (uint8_t height = 1; height < 62; height++)
		ck_assert_int_eq(range_subtree(&r, (struct subtree){ height, 1 }, &h, &e), 0);
	ck_assert_uint_eq(r.at, UINT64_C(1) << 62);
	ck_assert_int_eq(range_subtree(&r, (struct subtree){ 62, 1 }, &h, &e), -1);
}
END_TEST

static Suite *
range_suite(void)
{
	Suite *s = suite_create("proof/range");
	TCase *t = tcase_create("range");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, any_choice_of_leaves_leads_to_the_root);
	tcase_add_test(t, a_leaf_dropped_or_swapped_changes_the_root);
	tcase_add_test(t, gaps_are_cut_into_the_largest_subtrees);
	tcase_add_test(t, a_subtree_that_does_not_fit_is_refused);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(range_suite)
