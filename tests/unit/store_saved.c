/*
 * Saved queries, and stores of older formats: they are read as they are and
 * brought up to date by whoever writes.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "store/internal.h"
#include "made_record.h"
#include "store_folder.h"

static char *
read_text(const char *name)
{
	struct buf text = { 0 };
	char file[512], block[4096];
	size_t n;
	FILE *f;

	snprintf(file, sizeof(file), "%s/tests/data/store/%s", getenv("top_srcdir") ? getenv("top_srcdir") : ".", name);
	f = fopen(file, "r");
	ck_assert_msg(f != NULL, "%s", file);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(&text, block, n);
	fclose(f);
	buf_byte(&text, '\0');
	return text.p;
}

static void
run_sql(const char *sql)
{
	sqlite3 *db;
	char *message = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK, "%s", message);
	sqlite3_close(db);
}

/* The dumps in tests/data/store. */
static const struct {
	const char *file, *saved;
	uint64_t size, pruned, removals;
	unsigned segments;
	unsigned signatures; /* keys and checkpoints */
	unsigned holds;
} older[] = {
	{ "format-1.sql", "", 8, 0, 0, 1, 0, 0 },
	{ "format-2.sql", "ones=[\"--actor=user:1\"];", 12, 3, 1, 1, 0, 0 },
	{ "format-3.sql", "ones=[\"--actor=user:1\"];", 16, 6, 2, 1, 5, 0 },
	{ "format-4.sql", "ones=[\"--actor=person-3e590957d781\"];", 11, 0, 1, 0, 3, 1 },
};

#define OLDER (sizeof(older) / sizeof(older[0]))

static void
make_older(size_t i)
{
	char *sql = read_text(older[i].file);

	run_sql(sql);
	free(sql);
}

static int
version(void)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	int v;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	v = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return v;
}

static struct event
record(const char *action)
{
	struct event ev;

	made_record(&ev, STR("record"), action, 1776967200000000);
	return ev;
}

static int
put(struct store *st, const char *name, const char *words, struct err *e)
{
	struct saved_query q = { str_of(name), str_of(words), 7, STR("alice") };
	struct event ev = record("audit.query.save");

	return store_saved_put(st, &q, &ev, e);
}

static int
add_name(void *arg, const struct saved_query *q, struct err *e)
{
	(void)e;
	buf_printf(arg, "%.*s=%.*s;", (int)q->name.len, q->name.p, (int)q->words.len, q->words.p);
	return 0;
}

static const char *
names(struct store *st)
{
	static char text[65536];
	struct buf b = { 0 };
	struct err e = ERR_NONE;

	ck_assert_msg(store_saved_each(st, add_name, &b, &e) == 0, "%s", e.text);
	ck_assert_uint_lt(b.len, sizeof(text));
	memcpy(text, b.p ? b.p : "", b.len);
	text[b.len] = '\0';
	buf_fini(&b);
	return text;
}

START_TEST(saving_replaces_and_records_each_time)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;

	ck_assert_msg(put(st, "zulu", "[\"-n\"]", &e) == 0, "%s", e.text);
	ck_assert_msg(put(st, "alpha.1", "[]", &e) == 0, "%s", e.text);
	ck_assert_msg(put(st, "zulu", "[\"-f\"]", &e) == 0, "%s", e.text);
	ck_assert_str_eq(names(st), "alpha.1=[];zulu=[\"-f\"];");
	ck_assert_uint_eq(log_size(st), 3);
	store_close(st);
}
END_TEST

START_TEST(deleting_tells_whether_there_was_one)
{
	struct store *st = open_store(STORE_CREATE);
	struct event ev = record("audit.query.delete");
	struct err e = ERR_NONE;
	bool found;

	ck_assert_int_eq(put(st, "one", "[]", &e), 0);
	ck_assert_int_eq(store_saved_delete(st, "two", &ev, &found, &e), 0);
	ck_assert(!found);
	ck_assert_uint_eq(log_size(st), 1);
	ck_assert_int_eq(store_saved_delete(st, "one", &ev, &found, &e), 0);
	ck_assert(found);
	ck_assert_uint_eq(log_size(st), 2);
	ck_assert_str_eq(names(st), "");
	store_close(st);
}
END_TEST

START_TEST(what_cannot_be_recorded_is_not_saved)
{
	struct store *st = open_store(STORE_CREATE);
	struct saved_query q = { STR("one"), STR("[]"), 7, STR("alice") };
	struct event ev = { 0 };
	struct err e = ERR_NONE;

	ck_assert_int_eq(store_saved_put(st, &q, &ev, &e), -1);
	ck_assert_str_eq(names(st), "");
	store_close(st);
}
END_TEST

START_TEST(names_and_lengths_have_limits)
{
	struct store *st = open_store(STORE_CREATE);
	char *words = mem_zero(SAVED_WORDS_MAX + 2, 1);
	char name[SAVED_NAME_MAX + 2] = "";
	struct err e = ERR_NONE;

	memset(name, 'n', SAVED_NAME_MAX);
	memset(words, 'w', SAVED_WORDS_MAX);
	ck_assert(saved_name_valid(name) && saved_name_valid("0._-") && saved_name_valid("Z"));
	ck_assert(!saved_name_valid("") && !saved_name_valid("-a") && !saved_name_valid("a b") && !saved_name_valid("\xc3\xbc"));
	ck_assert_int_eq(put(st, name, words, &e), 0);
	words[SAVED_WORDS_MAX] = 'w';
	ck_assert_int_eq(put(st, "n", words, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	name[SAVED_NAME_MAX] = 'n';
	ck_assert(!saved_name_valid(name));
	err_clear(&e);
	ck_assert_int_eq(put(st, name, "[]", &e), -1);
	free(words);
	store_close(st);
}
END_TEST

START_TEST(more_than_a_page_comes_in_order_of_names)
{
	struct store *st = open_store(STORE_CREATE);
	struct buf expected = { 0 }, sql = { 0 };
	char name[16];

	for (unsigned i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "q%03u", (i * 77) % 150);
		buf_printf(&sql, "INSERT INTO saved VALUES ('%s', '[%u]', 1, 'bob');", name, (i * 77) % 150);
		buf_printf(&expected, "q%03u=[%u];", i, i);
	}
	buf_byte(&sql, '\0');
	buf_byte(&expected, '\0');
	store_close(st);
	run_sql(sql.p);
	st = open_store(STORE_READ);
	ck_assert_str_eq(names(st), expected.p);
	buf_fini(&expected);
	buf_fini(&sql);
	store_close(st);
}
END_TEST

START_TEST(a_damaged_row_is_told)
{
	struct store *st = open_store(STORE_CREATE);
	struct buf b = { 0 };
	struct err e = ERR_NONE;

	store_close(st);
	run_sql("INSERT INTO saved VALUES ('no name', '[]', 1, 'bob')");
	st = open_store(STORE_READ);
	ck_assert_int_eq(store_saved_each(st, add_name, &b, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	buf_fini(&b);
	store_close(st);
}
END_TEST

static int
count_note(void *arg, const struct store_note *n, struct err *e)
{
	(void)n;
	(void)e;
	++*(unsigned *)arg;
	return 0;
}

static int
count_key(void *arg, const struct store_key *k, struct err *e)
{
	(void)k;
	(void)e;
	++*(unsigned *)arg;
	return 0;
}

static int
count_hold(void *arg, const struct hold *h, struct err *e)
{
	unsigned *n = arg;

	(void)h;
	(void)e;
	++*n;
	return 0;
}

START_TEST(a_reader_takes_an_older_format_as_it_is)
{
	struct detector detector;
	struct segment_info *list;
	struct store_note last;
	struct store_view view;
	struct buf note = { 0 };
	struct store *st;
	struct err e = ERR_NONE;
	unsigned counted = 0;
	uint64_t count;
	size_t n;

	make_older((size_t)_i);
	st = open_store(STORE_READ);
	ck_assert_msg(store_view(st, &view, &list, &n, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(view.size, older[_i].size);
	ck_assert_uint_eq(view.pruned_events, older[_i].pruned);
	ck_assert_uint_eq(n, older[_i].segments);
	ck_assert_uint_eq(view.removals, older[_i].removals);
	free(list);
	ck_assert_str_eq(names(st), older[_i].saved);
	ck_assert_int_eq(store_quarantined(st, TIME_MIN, TIME_MAX, &count, &e), 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_msg(store_checkpoint_each(st, count_note, &counted, &e) == 0, "%s", e.text);
	ck_assert_msg(store_key_each(st, count_key, &counted, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(counted, older[_i].signatures);
	ck_assert_int_eq(store_checkpoint_last(st, UINT64_MAX, &last, &note, &e), older[_i].signatures > 0);
	counted = 0;
	ck_assert_msg(store_hold_each(st, count_hold, &counted, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(counted, older[_i].holds);
	ck_assert_int_eq(store_detector(st, "default", &detector, &e), 0);
	buf_fini(&note);
	store_close(st);
	ck_assert_int_eq(version(), _i + 1);
}
END_TEST

START_TEST(an_older_store_verifies_once_it_is_migrated)
{
	struct verify_options o = { .pool = NULL };
	struct verify_result r = { .size = 0 };
	struct err e = ERR_NONE;
	struct store *st;

	make_older((size_t)_i);
	st = open_store(STORE_WRITE);
	ck_assert_msg(store_verify(st, &o, &r, &e) == 0, "%s", e.text);
	/* What was pruned before removals had rows is not told of. */
	ck_assert_uint_eq(r.findings > 0, older[_i].pruned > 0 && older[_i].signatures == 0);
	ck_assert_uint_eq(r.checkpoints + r.keys, older[_i].signatures);
	ck_assert_uint_eq(r.pruned + r.missing, older[_i].pruned);
	verify_result_fini(&r);
	store_close(st);
}
END_TEST

/* By store_open's two ways, from each format. */
START_TEST(whoever_writes_or_may_make_it_migrates)
{
	static const enum store_mode modes[] = { STORE_WRITE, STORE_CREATE };
	size_t from = (size_t)_i / 2;
	struct store *old, *st;
	struct err e = ERR_NONE;
	struct hash before, after;
	char sql[128], expected[128];
	uint64_t size;

	make_older(from);
	old = open_store(STORE_READ);
	ck_assert_msg(store_root(old, &size, &before, &e) == 0, "%s", e.text);
	st = open_store(modes[_i % 2]);
	ck_assert_int_eq(version(), STORE_FORMAT);
	ck_assert_msg(put(st, "one", "[]", &e) == 0, "%s", e.text);
	ck_assert_msg(store_checkpoint_add(st, size, older[from].removals, STR("a note"), &e) == 1, "%s", e.text);
	/* who read it already goes on, and sees what is new */
	snprintf(expected, sizeof(expected), "one=[];%s", older[from].saved);
	ck_assert_str_eq(names(old), expected);
	ck_assert_uint_eq(log_size(old), older[from].size + 1);
	store_close(old);
	store_close(st);

	snprintf(sql, sizeof(sql), "DELETE FROM tail WHERE seq = %d; UPDATE state SET size = %d", (int)older[from].size,
	    (int)older[from].size);
	run_sql(sql);
	st = open_store(STORE_READ);
	ck_assert_msg(store_root(st, &size, &after, &e) == 0, "%s", e.text);
	ck_assert_int_eq(memcmp(&before, &after, sizeof(before)), 0);
	store_close(st);
}
END_TEST

START_TEST(a_tampered_old_store_is_not_migrated)
{
	struct err e = ERR_NONE;

	make_older((size_t)_i);
	run_sql("CREATE TABLE stranger (name TEXT)");
	ck_assert_ptr_null(store_open(path, STORE_CREATE, &e));
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	err_clear(&e);
	ck_assert_ptr_null(store_open(path, STORE_WRITE, &e));
	err_clear(&e);
	ck_assert_ptr_null(store_open(path, STORE_READ, &e));
	ck_assert_int_eq(version(), _i + 1);
}
END_TEST

START_TEST(quarantined_lines_are_counted_by_time)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;
	uint64_t count;

	store_close(st);
	run_sql("INSERT INTO quarantine VALUES (1, 100, NULL, NULL, 0, 0, 'r', NULL, x''), (2, 200, NULL, NULL, 0, 0, 'r', NULL, x'')");
	st = open_store(STORE_READ);
	ck_assert_int_eq(store_quarantined(st, 100, 200, &count, &e), 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(store_quarantined(st, 100, 201, &count, &e), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(store_quarantined(st, 201, INT64_MAX, &count, &e), 0);
	ck_assert_uint_eq(count, 0);
	store_close(st);
}
END_TEST

static Suite *
saved_suite(void)
{
	Suite *s = suite_create("saved");
	TCase *t = tcase_create("saved");

	tcase_add_checked_fixture(t, make_folder, drop_folder);
	tcase_add_test(t, saving_replaces_and_records_each_time);
	tcase_add_test(t, deleting_tells_whether_there_was_one);
	tcase_add_test(t, what_cannot_be_recorded_is_not_saved);
	tcase_add_test(t, names_and_lengths_have_limits);
	tcase_add_test(t, more_than_a_page_comes_in_order_of_names);
	tcase_add_test(t, a_damaged_row_is_told);
	tcase_add_loop_test(t, a_reader_takes_an_older_format_as_it_is, 0, OLDER);
	tcase_add_loop_test(t, whoever_writes_or_may_make_it_migrates, 0, 2 * OLDER);
	tcase_add_loop_test(t, an_older_store_verifies_once_it_is_migrated, 0, OLDER);
	tcase_add_loop_test(t, a_tampered_old_store_is_not_migrated, 0, OLDER);
	tcase_add_test(t, quarantined_lines_are_counted_by_time);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(saved_suite)
