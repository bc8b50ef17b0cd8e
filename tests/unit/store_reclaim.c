/*
 * Space given back: the file is smaller, the log the same, and nothing else is
 * left of it; or, when it cannot be done, the store is what it was.
 */
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "store/internal.h"
#include "made_record.h"
#include "pruned.h"
#include "query_store.h"

#define START (INT64_C(1700000000) * TIME_SECOND)

enum { EVENTS = 30000 };

static unsigned records;

static void
prune_record(void *arg, const struct prune_part *part, struct event *ev, struct arena *a)
{
	char oldest[TIME_TEXT_LEN], newest[TIME_TEXT_LEN], *id = arena_alloc(a, 32), *context = arena_alloc(a, 512);

	(void)arg;
	time_format(oldest, part->oldest);
	time_format(newest, part->newest);
	snprintf(id, 32, "prune-%u", records++);
	snprintf(context, 512,
	    "{\"part\":%u,\"events\":%d,\"first_seq\":%d,\"last_seq\":%d,\"oldest\":\"%.*s\",\"newest\":\"%.*s\","
	    "\"digest\":\"%s\"%s}", part->part, (int)part->events, (int)part->first_seq, (int)part->last_seq, TIME_TEXT_LEN,
	    oldest, TIME_TEXT_LEN, newest, part->digest, part->part == 0 ? ",\"closing\":true" : "");
	made_record(ev, str_of(id), "audit.prune", START + EVENTS * TIME_SECOND);
	event_set(ev, FIELD_CONTEXT, str_of(context));
}

static int64_t
number(const char *sql)
{
	sqlite3_stmt *s;
	int64_t v;

	ck_assert_msg(sqlite3_prepare_v2(made->db.sqlite, sql, -1, &s, NULL) == SQLITE_OK, "%s",
	    sqlite3_errmsg(made->db.sqlite));
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return v;
}

static uint64_t
file_size(void)
{
	struct stat sb;

	ck_assert_int_eq(stat(made_path, &sb), 0);
	return (uint64_t)sb.st_size;
}

static void
expect_alone(void)
{
	DIR *d = opendir(made_folder);
	struct dirent *entry;

	ck_assert_ptr_nonnull(d);
	while ((entry = readdir(d)) != NULL)
		if (entry->d_name[0] != '.')
			ck_assert_str_eq(entry->d_name, "s.db");
	closedir(d);
}

/* Opened anew, so that the schema is compared too. */
static void
expect_sound(uint64_t pruned)
{
	struct verify_options o = { .pool = NULL };
	struct verify_result r = { 0 };
	struct err e = ERR_NONE;
	struct store *st = store_open(made_path, STORE_READ, &e);

	ck_assert_msg(st != NULL, "%s", e.text);
	ck_assert_msg(store_verify(st, &o, &r, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(r.findings, 0);
	ck_assert_uint_eq(r.pruned, pruned);
	verify_result_fini(&r);
	store_close(st);
}

/* Half of it goes. */
static void
begin(void)
{
	struct err e = ERR_NONE;
	uint64_t removed;
	char text[64];

	made_begin();
	srandom(1);
	for (int i = 0; i < EVENTS; i++) {
		struct event ev = { 0 };

		snprintf(text, sizeof(text), "%lx%lx%lx", random(), random(), random());
		event_set_time(&ev, FIELD_TIME, START + i * TIME_SECOND);
		event_set(&ev, FIELD_SOURCE, STR("app"));
		event_set(&ev, FIELD_DESCRIPTION, str_of(text));
		made_add(&ev);
	}
	made_commit();
	ck_assert_msg(prune_before(made, START + EVENTS / 2 * TIME_SECOND, prune_record, NULL, &removed, &e) == 0, "%s",
	    e.text);
	ck_assert_uint_eq(removed, EVENTS / 2);
}

START_TEST(the_file_becomes_smaller_and_stays_the_same_log)
{
	uint64_t size, again, before, after;
	int64_t application = number("PRAGMA application_id"), version = number("PRAGMA user_version");
	struct hash root, root_again;
	struct err e = ERR_NONE;

	ck_assert_int_gt(number("PRAGMA freelist_count"), 0);
	ck_assert_int_eq(store_root(made, &size, &root, &e), 0);
	ck_assert_msg(store_reclaim(made, &before, &after, &e) == 0, "%s", e.text);
	ck_assert_uint_lt(after, before);
	ck_assert_uint_eq(after, file_size());
	ck_assert_int_eq(number("PRAGMA freelist_count"), 0);
	ck_assert_int_eq(number("PRAGMA application_id"), application);
	ck_assert_int_eq(number("PRAGMA user_version"), version);
	ck_assert_int_eq(number("PRAGMA temp_store"), 2);
	ck_assert_int_eq(number("PRAGMA cache_spill"), 0);
	ck_assert_int_eq(number("PRAGMA secure_delete"), 1);
	ck_assert_ptr_null(sqlite3_temp_directory);
	ck_assert_int_eq(store_root(made, &again, &root_again, &e), 0);
	ck_assert_uint_eq(again, size);
	ck_assert_mem_eq(&root_again, &root, sizeof(root));
	expect_alone();
	expect_sound(EVENTS / 2);
	/* And it goes on. */
	ck_assert_msg(prune_before(made, START + EVENTS * TIME_SECOND, prune_record, NULL, &size, &e) == 0, "%s", e.text);
	ck_assert_msg(store_reclaim(made, &before, &after, &e) == 0, "%s", e.text);
	ck_assert_uint_lt(after, before);
	expect_sound(EVENTS);
}
END_TEST

START_TEST(someone_who_reads_is_waited_for_and_then_it_is_busy)
{
	uint64_t size = file_size(), before, after;
	struct err e = ERR_NONE;
	struct store *reader = store_open(made_path, STORE_READ, &e);

	ck_assert_ptr_nonnull(reader);
	ck_assert_int_eq(db_begin_read(&reader->db, &e), 0);
	ck_assert_int_eq(sqlite3_exec(reader->db.sqlite, "SELECT count(*) FROM segment", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_busy_timeout(made->db.sqlite, 20);
	ck_assert_int_eq(store_reclaim(made, &before, &after, &e), -1);
	ck_assert_int_eq(e.code, ERR_BUSY);
	db_rollback(&reader->db);
	store_close(reader);
	ck_assert_uint_eq(file_size(), size);
	expect_alone();
	expect_sound(EVENTS / 2);
}
END_TEST

START_TEST(who_may_only_read_cannot)
{
	uint64_t before, after;
	struct err e = ERR_NONE;
	struct store *reader = store_open(made_path, STORE_READ, &e);

	ck_assert_ptr_nonnull(reader);
	ck_assert_int_eq(store_reclaim(reader, &before, &after, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	store_close(reader);
	expect_sound(EVENTS / 2);
}
END_TEST

/* No file may become larger than the copy would. */
START_TEST(without_room_for_the_copy_the_store_is_what_it_was)
{
	uint64_t size = file_size(), before, after;
	struct rlimit limit;
	struct err e = ERR_NONE;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	for (rlim_t most = 64 * 1024; most < size; most += 400 * 1024) {
		struct rlimit less = { most, limit.rlim_max };

		ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &less), 0);
		if (store_reclaim(made, &before, &after, &e) == 0)
			break;
		ck_assert_msg(e.code == ERR_FAIL && strstr(e.text, "giving space back: ") != NULL, "%s", e.text);
		err_clear(&e);
		ck_assert_uint_eq(file_size(), size);
		ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
		expect_sound(EVENTS / 2);
		expect_alone();
	}
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	expect_sound(EVENTS / 2);
}
END_TEST

static Suite *
reclaim_suite(void)
{
	Suite *s = suite_create("reclaim");
	TCase *t = tcase_create("reclaim");

	tcase_add_checked_fixture(t, begin, made_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_file_becomes_smaller_and_stays_the_same_log);
	tcase_add_test(t, someone_who_reads_is_waited_for_and_then_it_is_busy);
	tcase_add_test(t, who_may_only_read_cannot);
	tcase_add_test(t, without_room_for_the_copy_the_store_is_what_it_was);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(reclaim_suite)
