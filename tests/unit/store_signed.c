/*
 * Checkpoints and verifier keys as rows: in their order, each once, and no
 * note is stored of a state that a removal has gone over meanwhile.
 */
#include <sqlite3.h>

#include "base/mem.h"
#include "proof/note.h"
#include "made_record.h"
#include "query_store.h"
#include "store/internal.h"

static struct event
record(const char *action)
{
	struct event ev;

	made_record(&ev, str_of(action), action, 1776967200000000);
	return ev;
}

static void
add_events(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct event ev = { 0 };

		event_set_time(&ev, FIELD_TIME, 1776967200000000 + i);
		made_add(&ev);
	}
	made_commit();
}

static void
run_sql(const char *sql)
{
	ck_assert_int_eq(sqlite3_exec(made->db.sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
}

static int
add(uint64_t size, uint64_t removals, const char *note)
{
	struct err e = ERR_NONE;
	int rc = store_checkpoint_add(made, size, removals, str_of(note), &e);

	ck_assert_msg(rc >= 0, "%s", e.text);
	return rc;
}

static int
list_note(void *arg, const struct store_note *n, struct err *e)
{
	(void)e;
	buf_printf(arg, "%d=%.*s;", (int)n->size, (int)n->note.len, n->note.p);
	return 0;
}

static int
list_key(void *arg, const struct store_key *k, struct err *e)
{
	(void)e;
	buf_printf(arg, "%d=%.*s;", (int)k->seq, (int)k->line.len, k->line.p);
	return 0;
}

static void
expect_notes(const char *wanted)
{
	struct buf b = { 0 };
	struct err e = ERR_NONE;

	ck_assert_msg(store_checkpoint_each(made, list_note, &b, &e) == 0, "%s", e.text);
	buf_byte(&b, '\0');
	ck_assert_str_eq(b.p, wanted);
	buf_fini(&b);
}

static void
expect_keys(const char *wanted)
{
	struct buf b = { 0 };
	struct err e = ERR_NONE;

	ck_assert_msg(store_key_each(made, list_key, &b, &e) == 0, "%s", e.text);
	buf_byte(&b, '\0');
	ck_assert_str_eq(b.p, wanted);
	buf_fini(&b);
}

START_TEST(checkpoints_come_by_size_then_as_they_were_stored)
{
	add_events(5);
	expect_notes("");
	ck_assert_int_eq(add(3, 0, "three"), 1);
	ck_assert_int_eq(add(5, 0, "five"), 1);
	ck_assert_int_eq(add(0, 0, "zero"), 1);
	ck_assert_int_eq(add(3, 0, "again three"), 1);
	expect_notes("0=zero;3=three;3=again three;5=five;");
}
END_TEST

START_TEST(the_same_bytes_are_stored_once)
{
	add_events(5);
	ck_assert_int_eq(add(3, 0, "three"), 1);
	ck_assert_int_eq(add(3, 0, "three"), 1);
	/* Stored before the removal, which was cut there. */
	run_sql("UPDATE state SET removals = 1");
	ck_assert_int_eq(add(3, 0, "three"), 1);
	expect_notes("3=three;");
}
END_TEST

START_TEST(a_note_made_before_a_removal_is_not_stored)
{
	add_events(5);
	run_sql("UPDATE state SET removals = 7");
	ck_assert_int_eq(add(5, 6, "five"), 0);
	expect_notes("");
	ck_assert_int_eq(add(5, 7, "five"), 1);
	expect_notes("5=five;");
}
END_TEST

START_TEST(notes_have_limits)
{
	struct err e = ERR_NONE;
	char *note = mem_zero(NOTE_LEN_MAX + 1, 1);

	add_events(5);
	memset(note, 'n', NOTE_LEN_MAX + 1);
	ck_assert_int_eq(store_checkpoint_add(made, 6, 0, STR("six"), &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	err_clear(&e);
	ck_assert_int_eq(store_checkpoint_add(made, 5, 0, (struct str){ note, NOTE_LEN_MAX + 1 }, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	expect_notes("");
	ck_assert_int_eq(store_checkpoint_add(made, 5, 0, (struct str){ note, NOTE_LEN_MAX }, &e), 1);
	free(note);
}
END_TEST

START_TEST(the_last_one_within_a_size_is_found)
{
	struct store_note n;
	struct buf out = { 0 };
	struct err e = ERR_NONE;

	add_events(9);
	ck_assert_int_eq(store_checkpoint_last(made, 9, &n, &out, &e), 0);
	add(3, 0, "three");
	add(7, 0, "seven");
	add(7, 0, "seven later");
	ck_assert_int_eq(store_checkpoint_last(made, 2, &n, &out, &e), 0);
	ck_assert_int_eq(store_checkpoint_last(made, 6, &n, &out, &e), 1);
	ck_assert_uint_eq(n.size, 3);
	ck_assert(str_eq(n.note, STR("three")));
	ck_assert_int_eq(store_checkpoint_last(made, UINT64_MAX, &n, &out, &e), 1);
	ck_assert_uint_eq(n.size, 7);
	ck_assert(str_eq(n.note, STR("seven later")));
	ck_assert_ptr_eq(n.note.p, out.p);
	buf_fini(&out);
}
END_TEST

START_TEST(more_than_a_page_comes_in_order)
{
	struct buf notes = { 0 }, keys = { 0 }, sql = { 0 };

	/* many of one size, so that a page ends among them */
	buf_str(&sql, STR("BEGIN;"));
	for (int i = 0; i < 300; i++) {
		buf_printf(&sql, "INSERT INTO checkpoint (size, at, note) VALUES (%d, 1, 'n%d');", i / 100, i);
		buf_printf(&sql, "INSERT INTO key VALUES (%d, 'k%d');", i, i);
		buf_printf(&notes, "%d=n%d;", i / 100, i);
		buf_printf(&keys, "%d=k%d;", i, i);
	}
	buf_str(&sql, STR("COMMIT"));
	buf_byte(&sql, '\0');
	buf_byte(&notes, '\0');
	buf_byte(&keys, '\0');
	run_sql(sql.p);
	expect_notes(notes.p);
	expect_keys(keys.p);
	buf_fini(&sql);
	buf_fini(&notes);
	buf_fini(&keys);
}
END_TEST

START_TEST(damaged_rows_are_told)
{
	static const char *const damage[] = {
		"INSERT INTO checkpoint (size, at, note) VALUES (-1, 1, 'n')",
		"INSERT INTO checkpoint (size, at, note) VALUES (1, 1, CAST(zeroblob(262145) AS TEXT))",
		"INSERT INTO key VALUES (-1, 'k')",
		"INSERT INTO key VALUES (1, CAST(zeroblob(300) AS TEXT))",
	};
	struct buf b = { 0 };
	struct err e = ERR_NONE;
	int rc;

	run_sql(damage[_i]);
	rc = _i < 2 ? store_checkpoint_each(made, list_note, &b, &e) : store_key_each(made, list_key, &b, &e);
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	buf_fini(&b);
}
END_TEST

static int
stop(void *arg, const struct store_note *n, struct err *e)
{
	(void)n;
	++*(int *)arg;
	return err_set(e, ERR_FAIL, "stop");
}

START_TEST(a_callback_ends_the_list)
{
	struct err e = ERR_NONE;
	int calls = 0;

	add_events(2);
	add(1, 0, "one");
	add(2, 0, "two");
	ck_assert_int_eq(store_checkpoint_each(made, stop, &calls, &e), -1);
	ck_assert_int_eq(calls, 1);
	/* No transaction stays open. */
	ck_assert(sqlite3_get_autocommit(made->db.sqlite));
}
END_TEST

START_TEST(a_key_comes_with_its_record)
{
	struct event ev = record("audit.key-init");
	struct err e = ERR_NONE;
	uint64_t seq, size;
	struct hash root;

	add_events(3);
	ck_assert_msg(store_key_add(made, STR("first"), &ev, &seq, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(seq, 3);
	ev = record("audit.key-rotate");
	ck_assert_msg(store_key_add(made, STR("second"), &ev, &seq, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(seq, 4);
	expect_keys("3=first;4=second;");
	ck_assert_int_eq(store_root(made, &size, &root, &e), 0);
	ck_assert_uint_eq(size, 5);
}
END_TEST

START_TEST(without_its_record_there_is_no_key)
{
	struct event ev = record("audit.key-init");
	struct err e = ERR_NONE;
	char line[300];
	uint64_t seq;

	event_set(&ev, FIELD_SOURCE, STR("app"));
	ck_assert_int_eq(store_key_add(made, STR("first"), &ev, &seq, &e), -1);
	ck_assert_msg(strstr(e.text, "audit-toolkit") != NULL, "%s", e.text);
	ev.present &= ~FIELD_BIT(FIELD_SOURCE);
	err_clear(&e);
	ck_assert_int_eq(store_key_add(made, STR("first"), &ev, &seq, &e), -1);
	ev = record("audit.key-init");
	memset(line, 'k', sizeof(line));
	err_clear(&e);
	ck_assert_int_eq(store_key_add(made, (struct str){ line, sizeof(line) }, &ev, &seq, &e), -1);
	err_clear(&e);
	ck_assert_int_eq(store_key_add(made, STR(""), &ev, &seq, &e), -1);
	expect_keys("");
}
END_TEST

START_TEST(records_have_the_reserved_source)
{
	struct event ev = record("audit.export");
	struct err e = ERR_NONE;
	uint64_t seq, size;
	struct hash root;

	event_set(&ev, FIELD_SOURCE, STR("audit-toolkit2"));
	ck_assert_int_eq(store_record(made, &ev, &seq, &e), -1);
	ck_assert_int_eq(store_root(made, &size, &root, &e), 0);
	ck_assert_uint_eq(size, 0);
}
END_TEST

static Suite *
signed_suite(void)
{
	Suite *s = suite_create("signed");
	TCase *t = tcase_create("signed");

	tcase_add_checked_fixture(t, made_begin, made_end);
	tcase_add_test(t, checkpoints_come_by_size_then_as_they_were_stored);
	tcase_add_test(t, the_same_bytes_are_stored_once);
	tcase_add_test(t, a_note_made_before_a_removal_is_not_stored);
	tcase_add_test(t, notes_have_limits);
	tcase_add_test(t, the_last_one_within_a_size_is_found);
	tcase_add_test(t, more_than_a_page_comes_in_order);
	tcase_add_loop_test(t, damaged_rows_are_told, 0, 4);
	tcase_add_test(t, a_callback_ends_the_list);
	tcase_add_test(t, a_key_comes_with_its_record);
	tcase_add_test(t, without_its_record_there_is_no_key);
	tcase_add_test(t, records_have_the_reserved_source);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(signed_suite)
