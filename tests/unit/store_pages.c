/* Pages of the file that lead where no program of ours would: verification ends all the same. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "store/erase.h"
#include "store/hold.h"
#include "store/store.h"
#include "store/verify.h"
#include "unit.h"

enum { PAGE = 16384, WIDE = 800, DEEP = 7 };

static char folder[] = "/tmp/audit-pages-XXXXXX", path[64];

static void
make_store(void)
{
	struct err e = ERR_NONE;

	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s.db", folder);
	struct store *st = store_open(path, STORE_CREATE, &e);
	ck_assert_msg(st != NULL, "%s", e.text);
	store_close(st);
}

static void
drop_store(void)
{
	unlink(path);
	rmdir(folder);
}

/* The first column of the first row. */
static unsigned
query(const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	unsigned n = 0;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	if (sqlite3_step(s) == SQLITE_ROW)
		n = (unsigned)sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static void
write_page(unsigned no, const uint8_t *page)
{
	int fd = open(path, O_WRONLY);

	ck_assert_int_eq(pwrite(fd, page, PAGE, (off_t)(no - 1) * PAGE), PAGE);
	close(fd);
}

/* All children of an inner page are the same; their keys are beyond any log. */
static void
write_inner(unsigned no, unsigned child)
{
	static const uint8_t key[] = { 0x81, 0x80, 0x80, 0x80, 0x80, 0x80 }; /* 2^42 and the last two */
	uint8_t page[PAGE] = { 5 };
	uint16_t at = PAGE;

	for (unsigned i = 0; i < WIDE; i++) {
		at = (uint16_t)(at - 12);
		put_be32(page + at, child);
		memcpy(page + at + 4, key, sizeof(key));
		page[at + 10] = (uint8_t)(0x80 | i >> 7);
		page[at + 11] = i & 0x7f;
		put_be16(page + 12 + 2 * i, at);
	}
	put_be16(page + 3, WIDE);
	put_be16(page + 5, at);
	put_be32(page + 8, child);
	write_page(no, page);
}

/* A small file, but a table of 800^8 rows. */
static void
make_endless(const char *root_sql)
{
	unsigned root = query(root_sql), pages = query("PRAGMA page_count");
	uint8_t page[PAGE] = { 13 }, count[4];
	static const uint8_t row[] = { 7, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 3, 0, 20, 'a', 'b', 'c', 'd' };

	write_inner(root, pages + 1);
	for (unsigned i = 1; i <= DEEP; i++)
		write_inner(pages + i, pages + i + 1);
	put_be16(page + 3, 1);
	put_be16(page + 5, PAGE - sizeof(row));
	put_be16(page + 8, PAGE - sizeof(row));
	memcpy(page + PAGE - sizeof(row), row, sizeof(row));
	write_page(pages + DEEP + 1, page);
	put_be32(count, pages + DEEP + 1);
	int fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, count, 4, 28), 4);
	close(fd);
}

static void
see(void *arg, const struct verify_finding *f)
{
	*(uint64_t *)arg += f->fault == VERIFY_UNREADABLE;
}

static void
expect_unreadable(void)
{
	struct err e = ERR_NONE;
	uint64_t unreadable = 0;
	struct verify_options o = { .found = see, .arg = &unreadable };
	struct verify_result r = { 0 };
	struct store *st = store_open(path, STORE_READ, &e);

	ck_assert_msg(st != NULL, "%s", e.text);
	ck_assert_msg(store_verify(st, &o, &r, &e) == 0, "%s", e.text);
	ck_assert_uint_gt(unreadable, 0);
	verify_result_fini(&r);
	store_close(st);
}

START_TEST(a_small_file_with_a_table_without_end_is_soon_verified)
{
	make_endless("SELECT rootpage FROM sqlite_schema WHERE name = 'leaf'");
	expect_unreadable();
}
END_TEST

START_TEST(a_log_that_claims_more_than_the_file_has_room_for_is_soon_verified)
{
	uint8_t nothing[PAGE] = { 7 };
	unsigned root = query("SELECT rootpage FROM sqlite_schema WHERE name = 'leaf'");

	query("UPDATE state SET size = 1 << 47");
	write_page(root, nothing);
	expect_unreadable();
}
END_TEST

static int
any_quarantined(void *arg, const struct quarantined *q, struct err *e)
{
	(void)arg, (void)q, (void)e;
	return 0;
}

static int
any_key(void *arg, const struct store_key *k, struct err *e)
{
	(void)arg, (void)k, (void)e;
	return 0;
}

static int
any_hold(void *arg, const struct hold *h, struct err *e)
{
	(void)arg, (void)h, (void)e;
	return 0;
}

static int
any_deferred(void *arg, const struct erase_deferred *d, struct err *e)
{
	(void)arg, (void)d, (void)e;
	return 0;
}

/* Read a page of rows after the other, and a row is behind itself. */
START_TEST(small_tables_without_end_are_soon_refused)
{
	static const char *const table[] = { "quarantine", "key", "hold", "deferred" };
	struct err e = ERR_NONE;
	struct store *st;
	char sql[96];
	int rc = 0;

	snprintf(sql, sizeof(sql), "SELECT rootpage FROM sqlite_schema WHERE name = '%s'", table[_i]);
	make_endless(sql);
	st = store_open(path, STORE_READ, &e);
	ck_assert_msg(st != NULL, "%s", e.text);
	switch (_i) {
	case 0:
		rc = store_quarantine_each(st, any_quarantined, NULL, &e);
		break;
	case 1:
		rc = store_key_each(st, any_key, NULL, &e);
		break;
	case 2:
		rc = store_hold_each(st, any_hold, NULL, &e);
		break;
	case 3:
		rc = store_erase_deferred_each(st, any_deferred, NULL, &e);
	}
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	store_close(st);
}
END_TEST

static Suite *
store_pages_suite(void)
{
	Suite *s = suite_create("store_pages");
	TCase *t = tcase_create("pages");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, make_store, drop_store);
	tcase_add_test(t, a_small_file_with_a_table_without_end_is_soon_verified);
	tcase_add_test(t, a_log_that_claims_more_than_the_file_has_room_for_is_soon_verified);
	tcase_add_loop_test(t, small_tables_without_end_are_soon_refused, 0, 4);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(store_pages_suite)
