/*
 * Verification of holds: sound whenever they are placed and lifted; each
 * unlawful change is found, and named.
 */
#include <stdio.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "store/internal.h"
#include "held.h"
#include "pruned.h"
#include "store_folder.h"

#define START INT64_C(1750000000)

enum { OLD = 200, EVENTS = 300 }; /* the old ones may be pruned */

static struct store *st;

static void
add_events(unsigned first, unsigned end)
{
	struct err e = ERR_NONE;
	struct appender *a = append_open(st, NULL, &e);
	enum append_result result;

	ck_assert_msg(a != NULL, "%s", e.text);
	for (unsigned n = first; n < end; n++) {
		struct event ev = { 0 };
		char id[32], actor[32];
		int64_t time = (START + n + (n >= OLD ? 100000 : 0)) * TIME_SECOND;

		snprintf(id, sizeof(id), "evt-%u", n);
		snprintf(actor, sizeof(actor), "user:%u", n % 10);
		event_set_time(&ev, FIELD_TIME, time);
		event_set_time(&ev, FIELD_INGESTED, time);
		event_set(&ev, FIELD_ID, str_of(id));
		event_set(&ev, FIELD_SOURCE, STR("app"));
		event_set(&ev, FIELD_ACTION, STR("read"));
		event_set(&ev, FIELD_SEVERITY, STR("info"));
		event_set(&ev, FIELD_OUTCOME, STR("success"));
		event_set(&ev, FIELD_ACTOR_ID, str_of(actor));
		ck_assert_msg(append_event(a, &ev, LEAF_EVENT, &result, &e) == 0, "%s", e.text);
	}
	ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
	append_close(a);
}

static void
prune_old(void)
{
	struct err e = ERR_NONE;
	uint64_t removed;

	ck_assert_msg(prune_before(st, (START + OLD) * TIME_SECOND, held_prune_record, NULL, &removed, &e) == 0, "%s", e.text);
}

static void
run_sql(const char *sql)
{
	sqlite3_db_config(st->db.sqlite, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	ck_assert_msg(sqlite3_exec(st->db.sqlite, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
	    sqlite3_errmsg(st->db.sqlite));
}

/* ---- what is found ---- */

struct seen {
	uint64_t holds, others;
	struct buf text;
};

static void
see(void *arg, const struct verify_finding *f)
{
	struct seen *s = arg;

	if (f->fault == VERIFY_HOLD)
		s->holds++;
	else
		s->others++;
	buf_printf(&s->text, "%s: %s\n", verify_fault_name(f->fault), f->text);
}

static uint64_t
verify_from(uint64_t from, struct seen *seen)
{
	struct verify_options o = { .from = from, .found = see, .arg = seen };
	struct verify_result r = { .size = 0 };
	struct err e = ERR_NONE;
	uint64_t holds;

	*seen = (struct seen){ 0 };
	ck_assert_msg(store_verify(st, &o, &r, &e) == 0, "%s", e.text);
	buf_byte(&seen->text, '\0');
	holds = r.holds;
	verify_result_fini(&r);
	return holds;
}

static void
expect_sound(uint64_t holds)
{
	struct seen seen;

	ck_assert_uint_eq(verify_from(0, &seen), holds);
	ck_assert_msg(seen.holds + seen.others == 0, "%s", seen.text.p);
	buf_fini(&seen.text);
}

static void
begin(void)
{
	make_folder();
	st = open_store(STORE_CREATE);
	add_events(0, EVENTS);
}

static void
end(void)
{
	store_close(st);
	drop_folder();
}

/* Two active holds and one that was lifted; the second keeps what a prune left. */
static void
make_held(void)
{
	begin();
	hold_events(st, "A", "actor_id = user:3");
	hold_events(st, "B", "actor_id in (user:3, user:4)");
	prune_old();
	hold_events(st, "C", "actor_id = user:5");
	lift_holds(st, "C");
}

/* ---- tests ---- */

START_TEST(holds_are_sound_at_every_step)
{
	begin();
	hold_events(st, "A", "actor_id = user:3");
	expect_sound(1);
	hold_events(st, "B", "actor_id = nobody");
	hold_events(st, "A", "source = app");
	expect_sound(3);
	prune_old();
	expect_sound(3);
	lift_holds(st, "A");
	expect_sound(1);
	prune_old();
	expect_sound(1);
	lift_holds(st, "B");
	hold_events(st, "A", "true");
	expect_sound(1);
	add_events(EVENTS, 5000); /* the records are in a segment then */
	expect_sound(1);
	end();
}
END_TEST

START_TEST(holds_beyond_the_first_cell_are_sound)
{
	struct seen seen;

	begin();
	hold_events(st, "A", "actor_id = user:3");
	add_events(EVENTS, 70000);
	hold_events(st, "B", "actor_id = user:4");
	lift_holds(st, "A");
	prune_old();
	expect_sound(1);
	/* The first cell is left out: its record cannot be held against the row. */
	ck_assert_uint_eq(verify_from(65536, &seen), 1);
	ck_assert_msg(seen.holds + seen.others == 0, "%s", seen.text.p);
	buf_fini(&seen.text);
	end();
}
END_TEST

/* Seqs of the records: 300 and 301 place, 302 and 303 prune, 304 places, 305 lifts. */
static const struct {
	const char *sql, *words;
} unlawful[] = {
	{ "DELETE FROM hold WHERE id = 1", "seq 300: a record places a hold that the store does not know" },
	{ "DELETE FROM hold WHERE id = 3", "seq 305: a record lifts a hold" },
	{ "UPDATE hold SET id = 9 WHERE id = 3", "hold 9: the record that placed it is not there" },
	{ "UPDATE hold SET lift = 305 WHERE id = 1", "hold 1: it is marked as lifted, and no record lifts it" },
	{ "UPDATE hold SET lift = 299 WHERE id = 1", "no record lifts it" },
	{ "UPDATE hold SET lift = 1 << 40 WHERE id = 1", "no record lifts it" },
	{ "UPDATE hold SET lift = -1 WHERE id = 1", "no record lifts it" },
	{ "UPDATE hold SET lift = NULL", "seq 305: a record lifts a hold, and the store has it as active" },
	{ "UPDATE hold SET record = 299 WHERE id = 1", "hold 1: the record that placed it is not there" },
	{ "UPDATE hold SET record = 1 << 40 WHERE id = 3", "hold 3: the record that placed it is not there" },
	{ "UPDATE hold SET runs = x'' WHERE id = 1", "hold 1: its list of events is not the one of its record" },
	{ "UPDATE hold SET runs = x'0301' WHERE id = 1", "hold 1: its list of events is not the one of its record" },
	{ "UPDATE hold SET runs = x'03' WHERE id = 1", "hold 1: its list of events cannot be" },
	{ "UPDATE hold SET runs = x'0000' WHERE id = 1", "hold 1: its list of events cannot be" },
	{ "UPDATE hold SET runs = x'ac0205' WHERE id = 1", "events that came after it" },
	{ "INSERT INTO hold VALUES (4, 306, NULL, x'')", "hold 4: the record that placed it is not there" },
	{ "UPDATE hold SET runs = (SELECT runs FROM removal) WHERE id = 2", "that it held, at seqs 0 to 199, were removed" },
};

START_TEST(every_unlawful_change_is_found_and_named)
{
	for (size_t i = 0; i < sizeof(unlawful) / sizeof(unlawful[0]); i++) {
		struct seen seen;

		make_held();
		expect_sound(2);
		run_sql(unlawful[i].sql);
		verify_from(0, &seen);
		ck_assert_msg(seen.holds > 0 && strstr(seen.text.p, unlawful[i].words) != NULL, "%s: %s", unlawful[i].sql,
		    seen.text.p);
		buf_fini(&seen.text);
		end();
	}
}
END_TEST

START_TEST(damaged_rows_of_holds_are_told)
{
	static const char *const damage[] = {
		"UPDATE hold SET id = -1 WHERE id = 1",
		"UPDATE hold SET record = 299 WHERE id = 3",
	};

	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		struct seen seen;

		make_held();
		run_sql(damage[i]);
		verify_from(0, &seen);
		ck_assert_msg(strstr(seen.text.p, "rows of holds are damaged") != NULL, "%s", seen.text.p);
		buf_fini(&seen.text);
		end();
	}
}
END_TEST

/* A prune that does not ask, with a record that is right in itself. */
START_TEST(what_a_hold_kept_is_missed_when_it_was_pruned_with_a_record)
{
	struct seen seen;

	begin();
	hold_events(st, "A", "actor_id = user:3");
	run_sql("UPDATE hold SET lift = 0");
	prune_old();
	run_sql("UPDATE hold SET lift = NULL");
	verify_from(0, &seen);
	ck_assert_uint_eq(seen.others, 0);
	ck_assert_msg(strstr(seen.text.p, "hold 1: 20 events that it held, at seqs 3 to 193, were removed (the record is at"
	    " seq 301)") != NULL, "%s", seen.text.p);
	buf_fini(&seen.text);
	/* A lift that came after the prune makes nothing good. */
	lift_holds(st, "A");
	verify_from(0, &seen);
	ck_assert_uint_eq(seen.holds, 1);
	buf_fini(&seen.text);
	end();
}
END_TEST

START_TEST(what_was_pruned_before_the_hold_or_after_the_lift_is_no_fault)
{
	begin();
	hold_events(st, "A", "actor_id = user:3");
	lift_holds(st, "A");
	prune_old();
	hold_events(st, "A", "actor_id = user:3");
	expect_sound(1);
	end();
}
END_TEST

static Suite *
verify_hold_suite(void)
{
	Suite *s = suite_create("store/verify_hold");
	TCase *c = tcase_create("holds");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, holds_are_sound_at_every_step);
	tcase_add_test(c, holds_beyond_the_first_cell_are_sound);
	tcase_add_test(c, every_unlawful_change_is_found_and_named);
	tcase_add_test(c, damaged_rows_of_holds_are_told);
	tcase_add_test(c, what_a_hold_kept_is_missed_when_it_was_pruned_with_a_record);
	tcase_add_test(c, what_was_pruned_before_the_hold_or_after_the_lift_is_no_fault);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(verify_hold_suite)
