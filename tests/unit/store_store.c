/*
 * The store as a whole: what was appended comes back byte for byte, once,
 * from tail and segments, and the tree over it is the tree of its lines.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "proof/salt.h"
#include "store/internal.h"
#include "made_record.h"
#include "pruned.h"
#include "store_folder.h"

static const struct event_policy stored = { .stored = true, .assume_now = TIME_NONE };

/* Event number n; its texts repeat, its ids do not. */
static void
make_line(struct buf *line, unsigned n)
{
	buf_reset(line);
	buf_printf(line,
	    "{\"id\":\"evt-%u\",\"time\":\"2024-04-%02uT%02u:%02u:%02u.%06uZ\",\"ingested\":\"2024-05-01T00:00:00.000000Z\","
	    "\"source\":\"app%u\",\"action\":\"act.%u\",\"severity\":\"info\",\"outcome\":\"%s\",\"description\":\"number %u "
	    "\\\"q\\\" \xc3\xbc\",\"actor_id\":\"user:%u\",\"context\":{\"n\":1E400,\"k\":%u}}",
	    n, 1 + n / 86400 % 28, n / 3600 % 24, n / 60 % 60, n % 60, n % 7 == 0 ? 5u : n % 1000, n % 3, n % 11,
	    n % 5 == 0 ? "failure" : "success", n, n % 97, n);
}

static struct event
parse(const struct buf *line, struct json_tape *tape, struct arena *arena)
{
	struct event ev;
	const char *detail = "";
	enum event_fault f = event_parse(&ev, line->p, line->len, &stored, tape, arena, &detail);

	ck_assert_msg(f == EVENT_OK, "%s %s", event_fault_name(f), detail);
	return ev;
}

static enum append_result
append_one(struct appender *a, unsigned n)
{
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };
	struct buf line = { 0 };
	enum append_result result;
	struct err e = ERR_NONE;
	struct event ev;

	make_line(&line, n);
	ev = parse(&line, &tape, &arena);
	ck_assert_msg(append_event(a, &ev, LEAF_EVENT, &result, &e) == 0, "%s", e.text);
	json_tape_fini(&tape);
	arena_fini(&arena);
	buf_fini(&line);
	return result;
}

static void
commit(struct appender *a)
{
	struct err e = ERR_NONE;

	ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
}

/* Events first .. end - 1, a commit after every `step`. */
static void
append_range(struct store *st, struct pool *pool, unsigned first, unsigned end, unsigned step)
{
	struct err e = ERR_NONE;
	struct appender *a = append_open(st, pool, &e);

	ck_assert_msg(a != NULL, "%s", e.text);
	for (unsigned n = first; n < end; n++) {
		ck_assert_int_eq(append_one(a, n), APPEND_STORED);
		if ((n - first + 1) % step == 0)
			commit(a);
	}
	commit(a);
	append_close(a);
}

/* ---- reading everything back ---- */

struct all {
	struct buf bytes;
	size_t *start;
	size_t n, cap;
	uint64_t *seq;
	size_t seq_cap;
};

static int
take(struct all *all, uint64_t seq, struct str line)
{
	mem_grow(&all->start, &all->cap, all->n + 2, sizeof(size_t));
	mem_grow(&all->seq, &all->seq_cap, all->n + 1, sizeof(uint64_t));
	all->start[all->n] = all->bytes.len;
	all->seq[all->n++] = seq;
	buf_str(&all->bytes, line);
	all->start[all->n] = all->bytes.len;
	return 0;
}

static int
take_tail(void *arg, uint64_t seq, struct str line, struct err *e)
{
	(void)e;
	return take(arg, seq, line);
}

static int
take_row(void *arg, const struct event *ev, struct str line, uint64_t seq, enum leaf_kind kind, struct err *e)
{
	(void)e;
	(void)ev;
	(void)kind;
	return take(arg, seq, line);
}

static void
read_all(struct store *st, struct all *all)
{
	struct err e = ERR_NONE;
	struct segment_info *list;
	struct store_view v;
	bool moved = false;
	size_t n;

	*all = (struct all){ 0 };
	ck_assert_msg(store_view(st, &v, &list, &n, &e) == 0, "%s", e.text);
	for (size_t i = 0; i < n; i++) {
		struct stored *s = store_segment(st, &list[i], &moved, &e);

		ck_assert_msg(s != NULL && stored_each(s, (struct row_sink){ take_row, all }, &e) == 0, "%s", e.text);
		store_segment_free(s);
	}
	ck_assert_msg(store_tail(st, 0, v.size, v.tail, &moved, take_tail, all, &e) == 0, "%s", e.text);
	ck_assert(!moved);
	free(list);
}

/* The line of a row that is had alone. */
static int
pick_line(struct stored *s, uint32_t row, struct buf *line, struct err *e)
{
	struct event ev;

	segment_expect(s->columns, 1);
	buf_reset(line);
	if (segment_event(s->columns, row, FIELD_ALL, &ev, e) < 0)
		return -1;
	event_format(line, &ev);
	return 0;
}

static void
all_fini(struct all *all)
{
	buf_fini(&all->bytes);
	free(all->start);
	free(all->seq);
}

/* The store holds exactly events 0 .. n - 1 in this order. */
static void
expect_range(struct store *st, unsigned n)
{
	struct buf line = { 0 };
	struct all all;

	read_all(st, &all);
	ck_assert_uint_eq(all.n, n);
	for (unsigned i = 0; i < n; i++) {
		make_line(&line, i);
		ck_assert_uint_eq(all.seq[i], i);
		ck_assert_uint_eq(all.start[i + 1] - all.start[i], line.len);
		ck_assert_mem_eq(all.bytes.p + all.start[i], line.p, line.len);
	}
	buf_fini(&line);
	all_fini(&all);
}

static size_t
count_segments(struct store *st, uint64_t *tail)
{
	struct err e = ERR_NONE;
	struct segment_info *list;
	struct store_view v;
	size_t n;

	ck_assert_msg(store_view(st, &v, &list, &n, &e) == 0, "%s", e.text);
	free(list);
	*tail = v.tail;
	return n;
}

/* The root over all lines, by the definition, with the salts of the file. */
static void
naive_root(struct store *st, struct hash *root)
{
	struct err e = ERR_NONE;
	struct buf salts = { 0 };
	struct salt_walk walk;
	uint8_t salt[SALT_LEN];
	struct hash *leaf;
	struct all all;

	read_all(st, &all);
	leaf = mem_alloc((all.n + 1) * sizeof(*leaf));
	for (size_t i = 0; i < all.n; i++) {
		if (i % TREE_CELL == 0) {
			ck_assert_int_eq(cell_salts(st, i / TREE_CELL, &salts, &e), 1);
			salt_walk_start(&walk, buf_view(&salts));
		}
		ck_assert(salt_get(&walk, (uint32_t)(i % TREE_CELL), salt));
		tree_leaf(&leaf[i], salt, LEAF_EVENT,
		    (struct str){ all.bytes.p + all.start[i], all.start[i + 1] - all.start[i] });
	}
	tree_root(root, leaf, all.n);
	buf_fini(&salts);
	free(leaf);
	all_fini(&all);
}

static void
expect_root(struct store *st)
{
	struct hash root, naive;
	struct err e = ERR_NONE;
	uint64_t size;

	ck_assert_msg(store_root(st, &size, &root, &e) == 0, "%s", e.text);
	naive_root(st, &naive);
	ck_assert_mem_eq(&root, &naive, sizeof(root));
}

/* ---- the tests ---- */

START_TEST(an_event_that_would_read_as_another_line_is_refused)
{
	static const enum field needed[] = { FIELD_ID, FIELD_TIME, FIELD_INGESTED, FIELD_ACTION, FIELD_SEVERITY,
		FIELD_OUTCOME };
	struct err e = ERR_NONE;
	struct store *st = open_store(STORE_CREATE);
	struct appender *a = append_open(st, NULL, &e);
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };
	struct buf line = { 0 };
	enum append_result result;

	make_line(&line, 1);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		struct event ev = parse(&line, &tape, &arena);

		ev.present &= ~FIELD_BIT(needed[i]);
		err_clear(&e);
		ck_assert_int_eq(append_event(a, &ev, LEAF_EVENT, &result, &e), -1);
		ck_assert_int_eq(e.code, ERR_FAIL);
	}
	append_one(a, 1);
	commit(a);
	append_close(a);
	json_tape_fini(&tape);
	arena_fini(&arena);
	buf_fini(&line);
	store_close(st);
}
END_TEST

START_TEST(small_commits_become_tail_then_segments)
{
	struct store *st = open_store(STORE_CREATE);
	uint64_t tail;

	append_range(st, NULL, 0, 1, 1);
	append_range(st, NULL, 1, 4095, 1000);
	ck_assert_uint_eq(count_segments(st, &tail), 0);
	ck_assert_uint_eq(tail, 4095);
	expect_root(st);
	append_range(st, NULL, 4095, 4100, 1);
	ck_assert_uint_eq(count_segments(st, &tail), 1);
	ck_assert_uint_eq(tail, 4);
	expect_range(st, 4100);
	expect_root(st);
	store_close(st);
}
END_TEST

START_TEST(large_commits_are_sealed_at_once_behind_the_tail)
{
	struct store *st = open_store(STORE_CREATE);
	uint64_t tail;

	append_range(st, NULL, 0, 10, 10);
	append_range(st, NULL, 10, 6000, 6000);
	ck_assert_uint_eq(count_segments(st, &tail), 2);
	ck_assert_uint_eq(tail, 0);
	expect_range(st, 6000);
	expect_root(st);
	store_close(st);
}
END_TEST

START_TEST(a_full_cell_becomes_one_segment)
{
	struct store *st = open_store(STORE_CREATE);
	uint64_t tail;

	append_range(st, NULL, 0, 66000, 3000);
	ck_assert_uint_eq(count_segments(st, &tail), 1);
	ck_assert_uint_eq(tail, 66000 - TREE_CELL);
	expect_range(st, 66000);
	expect_root(st);
	store_close(st);
}
END_TEST

START_TEST(bulk_seals_whole_cells_with_and_without_a_pool)
{
	for (unsigned threads = 0; threads < 2; threads++) {
		struct pool *pool = threads ? pool_new(2) : NULL;
		struct store *st = open_store(STORE_CREATE);
		uint64_t tail;

		append_range(st, pool, 0, 140000, 140000);
		ck_assert_uint_eq(count_segments(st, &tail), 3);
		ck_assert_uint_eq(tail, 0);
		expect_range(st, 140000);
		expect_root(st);
		store_close(st);
		pool_free(pool);
		unlink(path);
	}
}
END_TEST

START_TEST(the_same_event_is_stored_once_wherever_it_lies)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;
	struct appender *a;

	append_range(st, NULL, 0, 5000, 5000); /* a segment */
	append_range(st, NULL, 5000, 5100, 50); /* the tail */
	a = append_open(st, NULL, &e);
	for (unsigned n = 5100; n < 5150; n++)
		append_one(a, n); /* not committed */
	for (unsigned n = 0; n < 5150; n += 7)
		ck_assert_int_eq(append_one(a, n), APPEND_DUPLICATE);
	commit(a);
	append_close(a);
	expect_range(st, 5150);
	store_close(st);
}
END_TEST

START_TEST(other_content_under_the_same_name_is_a_conflict)
{
	struct store *st = open_store(STORE_CREATE);
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };
	struct buf line = { 0 };
	struct err e = ERR_NONE;
	struct appender *a;
	enum append_result result;
	struct event ev;

	append_range(st, NULL, 0, 5000, 5000);
	append_range(st, NULL, 5000, 5100, 50);
	a = append_open(st, NULL, &e);
	append_one(a, 5100);
	static const unsigned numbers[] = { 17, 5050, 5100 };
	for (size_t i = 0; i < 3; i++) {
		make_line(&line, numbers[i]);
		ev = parse(&line, &tape, &arena);
		event_set(&ev, FIELD_REASON, STR("another"));
		ck_assert_int_eq(append_event(a, &ev, LEAF_EVENT, &result, &e), 0);
		ck_assert_int_eq(result, APPEND_CONFLICT);
		/* ingested and peer_uid do not count */
		ev = parse(&line, &tape, &arena);
		ev.ingested += 5;
		event_set(&ev, FIELD_PEER_UID, STR("7"));
		ck_assert_int_eq(append_event(a, &ev, LEAF_EVENT, &result, &e), 0);
		ck_assert_int_eq(result, APPEND_DUPLICATE);
	}
	append_close(a);
	json_tape_fini(&tape);
	arena_fini(&arena);
	buf_fini(&line);
	store_close(st);
}
END_TEST

START_TEST(a_writer_that_was_overtaken_stores_nothing_twice)
{
	struct store *one = open_store(STORE_CREATE), *two = open_store(STORE_WRITE);
	struct err e = ERR_NONE;
	struct appender *a = append_open(one, NULL, &e), *b = append_open(two, NULL, &e);
	struct append_counts ca, cb;

	/* a holds 70,000, one full cell of them waiting, when b commits events
	 * that a has too, and then some. */
	for (unsigned n = 100; n < 70000; n++)
		append_one(a, n);
	for (unsigned n = 0; n < 300; n++)
		append_one(b, n);
	commit(b);
	for (unsigned n = 70000; n < 70100; n++)
		append_one(a, n);
	commit(a);
	for (unsigned n = 69000; n < 70200; n++)
		append_one(b, n);
	commit(b);
	append_counts(a, &ca);
	append_counts(b, &cb);
	ck_assert_uint_eq(ca.stored, 70100 - 300);
	ck_assert_uint_eq(ca.duplicates, 200);
	ck_assert_uint_eq(cb.stored, 300 + 100);
	ck_assert_uint_eq(cb.duplicates, 1100);
	append_close(a);
	append_close(b);
	expect_range(one, 70200);
	expect_root(one);
	store_close(one);
	store_close(two);
}
END_TEST

/* A name that is no name, as careless producers give, must not make each look-up
 * a walk over all of them. */
START_TEST(one_name_at_many_times_is_many_events)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;
	struct event ev = { 0 };
	enum append_result result;

	event_set(&ev, FIELD_ID, STR("login"));
	event_set(&ev, FIELD_SOURCE, STR("app"));
	event_set(&ev, FIELD_ACTION, STR("login"));
	event_set(&ev, FIELD_SEVERITY, STR("info"));
	event_set(&ev, FIELD_OUTCOME, STR("unknown"));
	for (unsigned round = 0; round < 2; round++) {
		struct appender *a = append_open(st, NULL, &e);

		for (unsigned n = 0; n < 100000; n++) {
			event_set_time(&ev, FIELD_TIME, INT64_C(1790000000000000) + n % 7 * 1000000 + n);
			event_set_time(&ev, FIELD_INGESTED, INT64_C(1790000000000000));
			ck_assert_int_eq(append_event(a, &ev, LEAF_EVENT, &result, &e), 0);
			ck_assert_int_eq(result, round == 0 ? APPEND_STORED : APPEND_DUPLICATE);
		}
		commit(a);
		append_close(a);
	}
	store_close(st);
}
END_TEST

START_TEST(a_record_without_a_time_is_refused)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;
	struct event ev = { 0 };
	uint64_t seq;

	event_set(&ev, FIELD_ID, STR("r"));
	event_set(&ev, FIELD_ACTION, STR("audit.export"));
	ck_assert_int_eq(store_record(st, &ev, &seq, &e), -1);
	expect_range(st, 0);
	store_close(st);
}
END_TEST

START_TEST(what_was_not_committed_is_not_there)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;
	struct appender *a = append_open(st, NULL, &e);

	append_one(a, 0);
	append_close(a);
	expect_range(st, 0);
	store_close(st);
}
END_TEST

static void
number_record(void *arg, const struct prune_part *part, struct event *ev, struct arena *a)
{
	char *id = arena_alloc(a, 32);
	unsigned *count = arg;

	snprintf(id, 32, "prune-%u-%u", ++*count, part->part);
	made_record(ev, str_of(id), "audit.prune", INT64_C(1790000000000000));
}

static int64_t
time_of(unsigned n)
{
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };
	struct buf line = { 0 };
	int64_t t;

	make_line(&line, n);
	t = parse(&line, &tape, &arena).time;
	json_tape_fini(&tape);
	arena_fini(&arena);
	buf_fini(&line);
	return t;
}

START_TEST(prune_removes_exactly_what_is_older_and_the_rest_stays)
{
	struct store *st = open_store(STORE_CREATE);
	struct prune_plan plan;
	struct err e = ERR_NONE;
	uint64_t removed;
	struct buf line = { 0 };
	unsigned records = 0, kept = 0, expected = 0;
	int64_t cutoff = time_of(80000);
	struct all before, after;

	append_range(st, NULL, 0, 140000, 70000);
	append_range(st, NULL, 140000, 140010, 10);
	read_all(st, &before);
	for (unsigned n = 0; n < 140010; n++)
		expected += time_of(n) < cutoff;
	ck_assert_msg(pruned_before(st, cutoff, number_record, &records, &plan, &removed, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(plan.events, expected);
	ck_assert_uint_eq(removed, expected);
	prune_plan_fini(&plan);
	ck_assert_uint_ge(records, 2);
	read_all(st, &after);
	ck_assert_uint_eq(after.n, before.n - expected + records);
	for (size_t i = 0; i < after.n - records; i++) {
		unsigned n = (unsigned)after.seq[i];

		make_line(&line, n);
		ck_assert(time_of(n) >= cutoff);
		ck_assert_uint_eq(after.start[i + 1] - after.start[i], line.len);
		ck_assert_mem_eq(after.bytes.p + after.start[i], line.p, line.len);
		kept++;
	}
	ck_assert_uint_eq(kept, 140010 - expected);
	/* Again: nothing is left to do, and nothing is recorded. */
	ck_assert_int_eq(prune_before(st, cutoff, number_record, &records, &removed, &e), 0);
	ck_assert_uint_eq(removed, 0);
	all_fini(&before);
	all_fini(&after);
	buf_fini(&line);
	store_close(st);
}
END_TEST

/* The hashes that stay of what went are those of the tree before. */
START_TEST(pruned_events_leave_the_hashes_of_their_subtrees)
{
	struct store *st = open_store(STORE_CREATE);
	struct hash *leaf = mem_alloc(9000 * sizeof(*leaf)), root;
	struct err e = ERR_NONE;
	unsigned records = 0;
	uint64_t covered = 0, expected = 0, removed;
	sqlite3_stmt *s;

	append_range(st, NULL, 0, 9000, 5000);
	ck_assert_msg(leaf_gather(st, 0, leaf, 9000, &e) == 0, "%s", e.text);
	for (unsigned n = 0; n < 9000; n++)
		expected += time_of(n) < time_of(6000);
	ck_assert_msg(prune_before(st, time_of(6000), number_record, &records, &removed, &e) == 0, "%s", e.text);
	ck_assert_int_eq(
	    sqlite3_prepare_v2(st->db.sqlite, "SELECT first, height, hash FROM removed", -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		uint64_t first = (uint64_t)sqlite3_column_int64(s, 0), size = UINT64_C(1) << sqlite3_column_int(s, 1);

		ck_assert_uint_eq(first % size, 0);
		tree_root(&root, leaf + first, size);
		ck_assert_mem_eq(sqlite3_column_blob(s, 2), &root, sizeof(root));
		covered += size;
	}
	sqlite3_finalize(s);
	ck_assert_uint_eq(covered, expected);
	free(leaf);
	store_close(st);
}
END_TEST

static void
tamper(const char *sql)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void
expect_refused(const char *words, enum err_code code)
{
	struct err e = ERR_NONE;
	struct store *st = store_open(path, STORE_READ, &e);

	ck_assert_ptr_null(st);
	ck_assert_msg(strstr(e.text, words) != NULL, "%s", e.text);
	ck_assert_int_eq(e.code, code);
}

START_TEST(reader_refuses_newer_format)
{
	store_close(open_store(STORE_CREATE));
	tamper("PRAGMA user_version = 99");
	expect_refused("made by a newer version", ERR_FAIL);
}
END_TEST

START_TEST(reader_refuses_a_changed_schema)
{
	store_close(open_store(STORE_CREATE));
	tamper("CREATE TRIGGER t AFTER INSERT ON tail BEGIN DELETE FROM tail; END");
	expect_refused("schema", ERR_INTEGRITY);
	tamper("DROP TRIGGER t; CREATE VIEW v AS SELECT 1");
	expect_refused("schema", ERR_INTEGRITY);
	tamper("DROP VIEW v; DROP INDEX tail_key");
	expect_refused("schema", ERR_INTEGRITY);
}
END_TEST

START_TEST(reader_refuses_a_file_that_is_shorter_than_it_says)
{
	struct store *st = open_store(STORE_CREATE);
	struct stat sb;

	append_range(st, NULL, 0, 5000, 5000);
	store_close(st);
	ck_assert_int_eq(stat(path, &sb), 0);
	ck_assert_int_eq(truncate(path, sb.st_size - 1), 0);
	expect_refused("truncated", ERR_INTEGRITY);
	ck_assert_int_eq(truncate(path, sb.st_size - 16384), 0);
	expect_refused("truncated", ERR_INTEGRITY);
}
END_TEST

START_TEST(reader_refuses_what_is_no_store)
{
	FILE *f = fopen(path, "w");

	fputs("this is no database, whatever its name says, and it is long enough to have a header "
	      "of one hundred bytes and more",
	    f);
	fclose(f);
	expect_refused("not an audit-toolkit store", ERR_FAIL);
	unlink(path);
	expect_refused("no such store", ERR_FAIL);
	tamper("CREATE TABLE t (a)");
	expect_refused("not an audit-toolkit store", ERR_FAIL);
}
END_TEST

/* Merging is housekeeping: events that are committed are committed. */
START_TEST(a_cell_that_cannot_be_merged_does_not_stop_writers)
{
	struct store *st = open_store(STORE_CREATE);
	uint64_t tail;

	append_range(st, NULL, 0, 60000, 30000);
	store_close(st);
	tamper("UPDATE piece SET data = x'00' WHERE id = (SELECT min(id) FROM piece)");
	st = open_store(STORE_WRITE);
	append_range(st, NULL, 60000, 70000, 10000);
	ck_assert_uint_eq(count_segments(st, &tail), 4);
	ck_assert_uint_eq(tail, 0);
	store_close(st);
}
END_TEST

/* Every segment covers every time: all of them are asked about each event. */
START_TEST(segments_that_overlap_in_time_are_all_asked)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;
	struct appender *a;

	for (unsigned part = 0; part < 14; part++) {
		a = append_open(st, NULL, &e);
		for (unsigned n = part; n < 14 * 4200; n += 14)
			ck_assert_int_eq(append_one(a, n), APPEND_STORED);
		commit(a);
		append_close(a);
	}
	a = append_open(st, NULL, &e);
	for (unsigned n = 0; n < 14 * 4200; n += 5)
		ck_assert_int_eq(append_one(a, n), APPEND_DUPLICATE);
	for (unsigned n = 14 * 4200; n < 15 * 4200; n++)
		ck_assert_int_eq(append_one(a, n), APPEND_STORED);
	commit(a);
	append_close(a);
	expect_root(st);
	store_close(st);
}
END_TEST

/* Rows of metadata that an attacker wrote give an error, not a crash. */
START_TEST(hostile_rows_are_errors)
{
	static const char *const hostile[] = {
		"UPDATE segment SET count = 0",
		"UPDATE segment SET count = 70000",
		"UPDATE segment SET last = 99999999",
		"UPDATE segment SET first = -1",
		"UPDATE segment SET id = 9223372036854775807",
		"UPDATE state SET size = 281474976710656",
		"UPDATE tail SET seq = -5 WHERE seq = 5000",
		"UPDATE segment SET fields = -1",
		"UPDATE segment SET min_time = 9, max_time = 3",
		"UPDATE segment SET runs = x'ffffffffffffffffffff01'",
		"UPDATE segment SET runs = x'0001'",
		"UPDATE segment SET records = x'00ffff7f'",
		"UPDATE piece SET data = x''",
		"UPDATE piece SET data = randomblob(length(data))",
		"DELETE FROM piece WHERE id % 3 = 1",
		"UPDATE state SET size = 1",
		"UPDATE state SET size = -5",
		"UPDATE state SET next_segment = 0",
		"DELETE FROM state",
		"UPDATE leaf SET hashes = x'00'",
		"UPDATE cell SET salts = x'0102'",
		"UPDATE tail SET line = 'no'",
		"UPDATE tail SET leaf = x'00'",
	};

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct store *st = open_store(STORE_CREATE);
		struct err e = ERR_NONE;
		struct hash root;
		struct all all = { 0 };
		struct buf line = { 0 };
		struct segment_info *list = NULL;
		struct store_view v;
		bool moved = false;
		uint64_t size;
		size_t n = 0;

		append_range(st, NULL, 0, 5000, 5000);
		append_range(st, NULL, 5000, 5010, 10);
		store_close(st);
		tamper(hostile[i]);
		if ((st = store_open(path, STORE_READ, &e)) != NULL) {
			store_root(st, &size, &root, &e);
			err_clear(&e);
			if (store_view(st, &v, &list, &n, &e) == 0) {
				for (size_t k = 0; k < n; k++) {
					struct stored *s = store_segment(st, &list[k], &moved, &e);

					for (uint32_t row = 0; s != NULL && row < s->info.meta.count; row += 1000)
						pick_line(s, row, &line, &e);
					if (s != NULL)
						stored_each(s, (struct row_sink){ take_row, &all }, &e);
					store_segment_free(s);
				}
				store_tail(st, 0, v.size, v.tail, &moved, take_tail, &all, &e);
			}
			free(list);
			all_fini(&all);
			buf_fini(&line);
			store_close(st);
		}
		unlink(path);
	}
}
END_TEST

START_TEST(rows_had_alone_are_those_of_the_segment_while_it_is_there)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;
	struct buf line = { 0 };
	struct segment_info *list;
	struct store_view v;
	struct all all;
	bool moved = false;
	size_t n;

	append_range(st, NULL, 0, 5000, 5000);
	read_all(st, &all);
	ck_assert_int_eq(store_view(st, &v, &list, &n, &e), 0);
	ck_assert_uint_eq(n, 1);
	for (uint32_t row = 0; row < 5000; row += 241) {
		struct stored *s = store_segment(st, &list[0], &moved, &e);

		for (uint32_t i = row; i < 5000 && i < row + 3; i++) {
			ck_assert_msg(pick_line(s, i, &line, &e) == 0, "%s", e.text);
			ck_assert_uint_eq(line.len, all.start[i + 1] - all.start[i]);
			ck_assert_mem_eq(line.p, all.bytes.p + all.start[i], line.len);
		}
		store_segment_free(s);
	}
	struct stored *gone = store_segment(st, &list[0], &moved, &e);
	tamper("DELETE FROM piece; DELETE FROM segment");
	ck_assert_int_eq(pick_line(gone, 7, &line, &e), -1);
	ck_assert_int_eq(e.code, ERR_BUSY);
	ck_assert(gone->moved);
	store_segment_free(gone);
	free(list);
	all_fini(&all);
	buf_fini(&line);
	store_close(st);
}
END_TEST

static Suite *
store_suite(void)
{
	Suite *s = suite_create("store");
	TCase *t = tcase_create("store");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, make_folder, drop_folder);
	tcase_add_test(t, an_event_that_would_read_as_another_line_is_refused);
	tcase_add_test(t, small_commits_become_tail_then_segments);
	tcase_add_test(t, large_commits_are_sealed_at_once_behind_the_tail);
	tcase_add_test(t, a_full_cell_becomes_one_segment);
	tcase_add_test(t, bulk_seals_whole_cells_with_and_without_a_pool);
	tcase_add_test(t, the_same_event_is_stored_once_wherever_it_lies);
	tcase_add_test(t, other_content_under_the_same_name_is_a_conflict);
	tcase_add_test(t, a_writer_that_was_overtaken_stores_nothing_twice);
	tcase_add_test(t, one_name_at_many_times_is_many_events);
	tcase_add_test(t, a_record_without_a_time_is_refused);
	tcase_add_test(t, what_was_not_committed_is_not_there);
	tcase_add_test(t, prune_removes_exactly_what_is_older_and_the_rest_stays);
	tcase_add_test(t, pruned_events_leave_the_hashes_of_their_subtrees);
	tcase_add_test(t, reader_refuses_newer_format);
	tcase_add_test(t, reader_refuses_a_changed_schema);
	tcase_add_test(t, reader_refuses_a_file_that_is_shorter_than_it_says);
	tcase_add_test(t, reader_refuses_what_is_no_store);
	tcase_add_test(t, a_cell_that_cannot_be_merged_does_not_stop_writers);
	tcase_add_test(t, segments_that_overlap_in_time_are_all_asked);
	tcase_add_test(t, hostile_rows_are_errors);
	tcase_add_test(t, rows_had_alone_are_those_of_the_segment_while_it_is_there);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(store_suite)
