/*
 * A batch that begins anew knows nothing of the one before, however few rows
 * that had and wherever their keys led.
 */
#include "base/mem.h"
#include "store/append_parts.h"
#include "store_folder.h"

enum { SLOTS = 2 * SEGMENT_EVENTS_MAX, ROUNDS = 200, ROWS_MAX = 60 };

/* Keys that share few places, those at the end of the table among them. */
static uint64_t
near_key(unsigned *chance)
{
	*chance = *chance * 1103515245 + 12345;
	return (uint64_t)(SLOTS - 20) + (*chance >> 16) % 40 + (uint64_t)SLOTS * (*chance >> 28);
}

static unsigned
used(const struct append_batch *b)
{
	unsigned n = 0;

	for (uint32_t at = 0; at < SLOTS; at++)
		n += b->slot[at] != 0;
	return n;
}

static void
fill(struct append_batch *b, unsigned rows, unsigned *chance)
{
	struct event ev = { .time = 1, .present = FIELD_BIT(FIELD_TIME) };
	struct segment_expected x;

	for (unsigned row = 0; row < rows; row++) {
		segment_builder_expect(b->builder, &ev, &x);
		append_batch_add(b, &ev, &x, LEAF_EVENT, near_key(chance), STR("{}"));
	}
}

START_TEST(a_batch_begins_without_the_keys_of_the_last)
{
	struct append_batch b;
	struct err e = ERR_NONE;
	struct store *st;
	unsigned chance = 7;

	make_folder();
	st = open_store(STORE_CREATE);
	append_batch_init(&b, NULL);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned rows = round == 100 ? SEGMENT_EVENTS_MAX / 16 + 1 : 1 + round % ROWS_MAX;

		ck_assert_msg(append_batch_start(&b, st, 0, &e) == 0, "%s", e.text);
		ck_assert_uint_eq(used(&b), 0);
		fill(&b, rows, &chance);
		ck_assert_uint_eq(used(&b), rows);
	}
	append_batch_fini(&b);
	store_close(st);
	drop_folder();
}
END_TEST

static Suite *
store_append_batch_suite(void)
{
	Suite *s = suite_create("append_batch");
	TCase *t = tcase_create("keys");

	tcase_add_test(t, a_batch_begins_without_the_keys_of_the_last);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(store_append_batch_suite)
