/*
 * A full disk while events are stored: whichever call it is that finds no
 * room, once or for a while, nothing is lost and nothing is stored twice.
 */
#include <errno.h>
#include <sys/syscall.h>

#include "base/mem.h"
#include "store/internal.h"
#include "store_folder.h"

/* ---- The calls of SQLite that can find no room ---- */

/* Those made from here on are counted; from the `first` on so many fail. */
struct fault {
	bool on;
	int seen, first, count, error;
	bool done; /* a sync does what it should, and says that it failed */
	bool asked; /* who looks whether there is room now finds none */
};

static struct fault faulty;

static bool
fails(void)
{
	if (!faulty.on || ++faulty.seen < faulty.first || faulty.seen >= faulty.first + faulty.count)
		return false;
	return true;
}

static int
no_room(void)
{
	faulty.asked = faulty.error == ENOSPC;
	errno = faulty.error;
	return -1;
}

/* The library's calls come here instead of the C library. */
int fdatasync(int fd);
ssize_t write(int fd, const void *p, size_t n);
ssize_t pwrite64(int fd, const void *p, size_t n, off_t at);

int
fdatasync(int fd)
{
	bool bad = fails();

	if (bad && !faulty.done)
		return no_room();
	if (syscall(SYS_fdatasync, fd) < 0)
		return -1;
	return bad ? no_room() : 0;
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off_t at)
{
	return fails() ? no_room() : syscall(SYS_pwrite64, fd, p, n, at);
}

/* The question whether a page can be written. */
ssize_t
write(int fd, const void *p, size_t n)
{
	if (faulty.asked && n == 16384) {
		faulty.asked = false;
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_write, fd, p, n);
}

/* ---- What is stored ---- */

static int64_t ingested = 1777593600000000;

static void
add(struct appender *a, unsigned number, struct err *e)
{
	static const struct event_policy policy = { .stored = true, .assume_now = TIME_NONE };
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };
	struct buf line = { 0 };
	enum append_result result;
	struct event ev;
	const char *detail;

	buf_printf(&line, "{\"id\":\"e-%u\",\"time\":\"2026-04-01T00:00:00.000000Z\","
	    "\"ingested\":\"2026-05-01T00:00:00.000000Z\",\"source\":\"app\",\"action\":\"a\","
	    "\"severity\":\"info\",\"outcome\":\"unknown\"}", number);
	ck_assert_int_eq(event_parse(&ev, line.p, line.len, &policy, &tape, &arena, &detail), EVENT_OK);
	event_set_time(&ev, FIELD_INGESTED, ingested++);
	while (append_event(a, &ev, LEAF_EVENT, &result, e) < 0) {
		ck_assert_msg(e->code == ERR_FULL, "%s", e->text);
		err_clear(e);
	}
	ck_assert_int_eq(result, APPEND_STORED);
	json_tape_fini(&tape);
	arena_fini(&arena);
	buf_fini(&line);
}

static void
refuse(struct appender *a, unsigned number)
{
	append_quarantine(a, &(struct quarantined){ .at = ingested, .source = STR("app"), .origin = STR("a.jsonl"),
		.position = number, .line = 1, .reason = STR("not-json"), .bytes = STR("nonsense") });
}

static void
place(struct appender *a, uint8_t key, uint64_t offset)
{
	char name[] = "a.jsonl";

	append_position(a, &(struct store_file){ .key = { key }, .name = name, .offset = offset });
}

/* Again until it is done.  How often it found the disk full. */
static int
commit(struct appender *a)
{
	int failures = 0;

	for (;;) {
		struct err e = ERR_NONE;

		if (append_commit(a, &e) == 0)
			return failures;
		ck_assert_msg(e.code == ERR_FULL, "%s", e.text);
		ck_assert_int_lt(++failures, 100);
	}
}

static int
count_line(void *arg, const struct quarantined *q, struct err *e)
{
	(void)q;
	(void)e;
	++*(unsigned *)arg;
	return 0;
}

static void
found(void *arg, const struct verify_finding *f)
{
	(void)arg;
	ck_abort_msg("%s", f->text);
}

static void
check_store(uint64_t events, unsigned refused, uint64_t offset)
{
	struct err e = ERR_NONE;
	struct store *st = open_store(STORE_READ);
	struct verify_options o = { .found = found };
	struct verify_result r = { 0 };
	struct store_view view;
	struct segment_info *list;
	struct store_file *file;
	unsigned lines = 0;
	size_t n;

	ck_assert_msg(store_verify(st, &o, &r, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(r.size, events);
	verify_result_fini(&r);
	ck_assert_int_eq(store_view(st, &view, &list, &n, &e), 0);
	free(list);
	ck_assert_int_eq(store_quarantine_each(st, count_line, &lines, &e), 0);
	ck_assert_uint_eq(lines, refused);
	ck_assert_uint_eq(view.quarantined, refused);
	ck_assert_int_eq(store_files(st, &file, &n, &e), 0);
	ck_assert_uint_eq(n, offset > 0 ? 2 : 0);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(file[i].offset, offset + file[i].key[0]);
	store_files_free(file, n);
	store_close(st);
}

/* What is in the store before, and what is to come. */
struct story {
	unsigned before, events, refused;
	uint64_t offset;
};

/* The store that a story begins with. */
static struct buf
prepare(const struct story *s)
{
	struct err e = ERR_NONE;
	struct buf file = { 0 };
	struct store *st = open_store(STORE_CREATE);
	struct appender *a = append_open(st, NULL, &e);
	size_t n;
	FILE *f;

	ck_assert_ptr_nonnull(a);
	for (unsigned i = 0; i < s->before; i++)
		add(a, i, &e);
	commit(a);
	append_close(a);
	store_close(st);
	ck_assert_ptr_nonnull(f = fopen(path, "rb"));
	do {
		char part[65536];

		n = fread(part, 1, sizeof(part), f);
		buf_str(&file, (struct str){ part, n });
	} while (n > 0);
	fclose(f);
	return file;
}

static void
put_file(struct str bytes)
{
	FILE *f = fopen(path, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes.p, 1, bytes.len, f), bytes.len);
	ck_assert_int_eq(fclose(f), 0);
}

static void
append_all(const struct story *s, struct appender *a)
{
	struct err e = ERR_NONE;

	for (unsigned n = 0; n < s->events; n++)
		add(a, s->before + n, &e);
	for (unsigned n = 0; n < s->refused; n++)
		refuse(a, n);
	if (s->offset > 0) {
		place(a, 1, s->offset + 1);
		place(a, 2, 7);
		place(a, 2, s->offset + 2);
	}
	commit(a);
}

/* Told once with this fault; false when it ended before that came to be. */
static bool
tell(const struct story *s, struct str begin, struct fault fault)
{
	struct err e = ERR_NONE;
	struct append_counts counts;
	struct appender *a;
	struct store *st;

	put_file(begin);
	st = open_store(STORE_WRITE);
	ck_assert_ptr_nonnull(a = append_open(st, NULL, &e));
	faulty = fault;
	append_all(s, a);
	faulty.on = false;
	append_counts(a, &counts);
	ck_assert_uint_eq(counts.stored, s->events);
	ck_assert_uint_eq(counts.duplicates, 0);
	ck_assert_uint_eq(counts.quarantined, s->refused);
	if (s->events > 0)
		ck_assert_uint_eq(counts.last_seq, s->before + s->events - 1);
	append_close(a);
	store_close(st);
	check_store(s->before + s->events, s->refused, s->offset);
	return faulty.seen >= fault.first;
}

/* With the fault at each `step`th call. */
static void
tell_all(const struct story *s, int step)
{
	static const struct fault faults[] = {
		{ .on = true, .count = 1, .error = ENOSPC },
		{ .on = true, .count = 5, .error = ENOSPC },
		{ .on = true, .count = 1, .error = ENOSPC, .done = true },
	};
	struct buf begin;

	make_folder();
	begin = prepare(s);
	for (size_t i = 0; i < 3; i++) {
		struct fault f = faults[i];

		for (f.first = 1; tell(s, buf_view(&begin), f); f.first += step)
			;
		ck_assert_int_gt(f.first, 1);
	}
	buf_fini(&begin);
	drop_folder();
}

START_TEST(a_few_events_for_the_tail)
{
	tell_all(&(struct story){ .before = 3, .events = 5, .refused = 2, .offset = 100 }, 1);
}
END_TEST

START_TEST(quarantined_lines_alone)
{
	tell_all(&(struct story){ .before = 1, .refused = 3 }, 1);
}
END_TEST

START_TEST(positions_alone)
{
	tell_all(&(struct story){ .before = 1, .offset = 100 }, 1);
}
END_TEST

START_TEST(the_tail_becomes_a_segment)
{
	tell_all(&(struct story){ .before = TAIL_EVENTS - 3, .events = 5, .refused = 1 }, 9);
}
END_TEST

START_TEST(events_beyond_the_end_of_a_cell)
{
	tell_all(&(struct story){ .before = TREE_CELL - 10, .events = 20, .offset = 7 }, 61);
}
END_TEST

START_TEST(a_whole_cell_and_more)
{
	tell_all(&(struct story){ .before = 10, .events = TREE_CELL + 5000, .refused = 1, .offset = 7 }, 997);
}
END_TEST

START_TEST(an_error_of_the_disk_ends_it)
{
	struct err e = ERR_NONE, again = ERR_NONE;
	struct appender *a;
	struct store *st;

	make_folder();
	st = open_store(STORE_CREATE);
	ck_assert_ptr_nonnull(a = append_open(st, NULL, &e));
	add(a, 1, &e);
	faulty = (struct fault){ .on = true, .first = 1, .count = 1, .error = EIO };
	ck_assert_int_eq(append_commit(a, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	faulty.on = false;
	ck_assert_int_eq(append_commit(a, &again), -1);
	ck_assert_str_eq(e.text, again.text);
	append_close(a);
	store_close(st);
	check_store(0, 0, 0);
	drop_folder();
}
END_TEST

static int
full_quota(bool once)
{
	struct err e = ERR_NONE;
	struct store *st;
	struct appender *a;
	int code;

	make_folder();
	st = open_store(STORE_CREATE);
	ck_assert_ptr_nonnull(a = append_open(st, NULL, &e));
	add(a, 1, &e);
	faulty = (struct fault){ .on = true, .first = 1, .count = once ? 1 : 1000, .error = EDQUOT };
	append_commit(a, &e);
	faulty.on = false;
	code = (int)e.code;
	if (code == ERR_FULL)
		commit(a);
	append_close(a);
	store_close(st);
	check_store(code == ERR_FULL, 0, 0);
	drop_folder();
	return code;
}

START_TEST(a_quota_that_is_used_up_is_a_full_disk)
{
	ck_assert_int_eq(full_quota(true), ERR_FULL);
	ck_assert_int_eq(full_quota(false), ERR_FULL);
}
END_TEST

START_TEST(another_store_under_the_same_name_gets_nothing)
{
	struct err e = ERR_NONE;
	struct appender *a;
	struct store *st;

	make_folder();
	st = open_store(STORE_CREATE);
	ck_assert_ptr_nonnull(a = append_open(st, NULL, &e));
	add(a, 1, &e);
	faulty = (struct fault){ .on = true, .first = 1, .count = 1, .error = ENOSPC };
	ck_assert_int_eq(append_commit(a, &e), -1);
	ck_assert_int_eq(e.code, ERR_FULL);
	faulty.on = false;
	unlink(path);
	store_close(open_store(STORE_CREATE));
	err_clear(&e);
	ck_assert_int_eq(append_commit(a, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	append_close(a);
	store_close(st);
	check_store(0, 0, 0);
	drop_folder();
}
END_TEST

static Suite *
store_full_suite(void)
{
	Suite *s = suite_create("store_full");
	TCase *t = tcase_create("full");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_few_events_for_the_tail);
	tcase_add_test(t, quarantined_lines_alone);
	tcase_add_test(t, positions_alone);
	tcase_add_test(t, the_tail_becomes_a_segment);
	tcase_add_test(t, events_beyond_the_end_of_a_cell);
	tcase_add_test(t, a_whole_cell_and_more);
	tcase_add_test(t, an_error_of_the_disk_ends_it);
	tcase_add_test(t, a_quota_that_is_used_up_is_a_full_disk);
	tcase_add_test(t, another_store_under_the_same_name_gets_nothing);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(store_full_suite)
