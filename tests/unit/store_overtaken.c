/*
 * A batch that another writer overtakes where a cell becomes full: it is cut
 * and hashed anew, and the log verifies.
 */
#include "base/mem.h"
#include "store/internal.h"
#include "store_folder.h"

enum { BEFORE = TREE_CELL - 2000 }; /* what is left of the cell goes to the tail */

static void
add(struct appender *a, unsigned number)
{
	static const struct event_policy policy = { .stored = true, .assume_now = TIME_NONE };
	struct err e = ERR_NONE;
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };
	struct buf line = { 0 };
	enum append_result result;
	struct event ev;
	const char *detail;

	buf_printf(&line, "{\"id\":\"e-%u\",\"time\":\"2026-04-01T00:00:00.000000Z\",\"ingested\":\"2026-05-01T00:00:00.000000Z\","
	    "\"source\":\"app\",\"action\":\"a\",\"severity\":\"info\",\"outcome\":\"unknown\"}", number);
	ck_assert_int_eq(event_parse(&ev, line.p, line.len, &policy, &tape, &arena, &detail), EVENT_OK);
	ck_assert_msg(append_event(a, &ev, LEAF_EVENT, &result, &e) == 0, "%s", e.text);
	ck_assert_int_eq(result, APPEND_STORED);
	json_tape_fini(&tape);
	arena_fini(&arena);
	buf_fini(&line);
}

static void
commit(struct appender *a)
{
	struct err e = ERR_NONE;

	ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
}

static void
found(void *arg, const struct verify_finding *f)
{
	(void)arg;
	ck_abort_msg("%s", f->text);
}

/* One has added `count` events when the other stores one; the rest comes behind. */
static void
overtake(unsigned count, unsigned more)
{
	struct err e = ERR_NONE;
	struct store *st, *other;
	struct appender *a, *b;
	struct verify_options o = { .found = found };
	struct verify_result r = { 0 };

	make_folder();
	st = open_store(STORE_CREATE);
	other = open_store(STORE_WRITE);
	ck_assert_ptr_nonnull(a = append_open(st, NULL, &e));
	for (unsigned n = 0; n < BEFORE; n++)
		add(a, n);
	commit(a);
	for (unsigned n = 0; n < count; n++)
		add(a, BEFORE + n);
	ck_assert_ptr_nonnull(b = append_open(other, NULL, &e));
	add(b, 1000000);
	commit(b);
	append_close(b);
	for (unsigned n = count; n < count + more; n++)
		add(a, BEFORE + n);
	commit(a);
	append_close(a);
	ck_assert_msg(store_verify(st, &o, &r, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(r.size, BEFORE + count + more + 1);
	ck_assert_uint_eq(r.findings, 0);
	verify_result_fini(&r);
	store_close(st);
	store_close(other);
	drop_folder();
}

START_TEST(an_overtaken_batch_that_goes_into_the_next_cell_verifies)
{
	overtake(3000, 0);
}
END_TEST

START_TEST(so_does_one_whose_next_event_comes_when_two_cells_are_full)
{
	overtake(2000 + TREE_CELL, 10);
}
END_TEST

static Suite *
store_overtaken_suite(void)
{
	Suite *s = suite_create("store_overtaken");
	TCase *t = tcase_create("cells");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, an_overtaken_batch_that_goes_into_the_next_cell_verifies);
	tcase_add_test(t, so_does_one_whose_next_event_comes_when_two_cells_are_full);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(store_overtaken_suite)
