/*
 * A batch that another writer overtakes.  Where a cell becomes full it is cut
 * and hashed anew, and the log verifies.  What nobody could tell from what the
 * other writer stored of the same file is not stored again.
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

static void
give_file(struct appender *a, uint64_t from, uint64_t to, bool alone)
{
	append_position(a, &(struct store_file){ .key = { 1 }, .name = (char *)(uintptr_t)"app.jsonl", .from = from,
		.offset = to, .alone = alone });
}

static void
refuse_line(struct appender *a, uint64_t at)
{
	append_quarantine(a, &(struct quarantined){ .at = 1, .position = at, .source = STR("app"), .origin = STR("app.jsonl"),
		.reason = STR("not-json"), .bytes = STR("x") });
}

/* Two programs read one file: the second commit is of the status, and leaves so
 * much of the file and of the quarantine. */
static void
read_twice(bool held, bool alone, uint64_t further, enum err_code status, uint64_t offset, uint64_t quarantined)
{
	struct err e = ERR_NONE;
	struct store *st, *other;
	struct appender *a, *b;
	struct store_file *file;
	uint64_t n_quarantined;
	size_t n;

	make_folder();
	st = open_store(STORE_CREATE);
	other = open_store(STORE_WRITE);
	ck_assert_ptr_nonnull(a = append_open(st, NULL, &e));
	ck_assert_ptr_nonnull(b = append_open(other, NULL, &e));
	refuse_line(a, 0);
	give_file(a, 0, 5, alone);
	commit(a);
	give_file(a, 5, 10, alone);
	commit(a);
	if (held)
		refuse_line(b, 0);
	give_file(b, 0, 3, alone);
	give_file(b, 3, further, alone);
	append_commit(b, &e);
	ck_assert_int_eq(e.code, status);
	append_close(b);
	append_close(a);
	err_clear(&e);
	ck_assert_int_eq(store_files(st, &file, &n, &e), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(file[0].offset, offset);
	ck_assert_int_eq(store_quarantined(st, 0, INT64_MAX, &n_quarantined, &e), 0);
	ck_assert_uint_eq(n_quarantined, quarantined);
	store_files_free(file, n);
	store_close(st);
	store_close(other);
	drop_folder();
}

START_TEST(the_place_in_a_file_never_goes_back)
{
	read_twice(false, false, 4, ERR_OK, 10, 1);
	read_twice(false, false, 20, ERR_OK, 20, 1);
}
END_TEST

START_TEST(quarantined_lines_and_assumed_times_are_stored_by_one_program)
{
	read_twice(true, false, 4, ERR_BUSY, 10, 1);
	read_twice(true, false, 20, ERR_BUSY, 10, 1);
	read_twice(false, true, 20, ERR_BUSY, 10, 1);
}
END_TEST

static Suite *
store_overtaken_suite(void)
{
	Suite *s = suite_create("store_overtaken");
	TCase *t = tcase_create("writers");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, an_overtaken_batch_that_goes_into_the_next_cell_verifies);
	tcase_add_test(t, so_does_one_whose_next_event_comes_when_two_cells_are_full);
	tcase_add_test(t, the_place_in_a_file_never_goes_back);
	tcase_add_test(t, quarantined_lines_and_assumed_times_are_stored_by_one_program);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(store_overtaken_suite)
