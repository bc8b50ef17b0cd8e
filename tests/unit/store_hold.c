/*
 * Holds: what they match is found in segments and tail, stays whatever a prune
 * may take, and is free again when they are lifted; what is damaged stops
 * every deletion.
 */
#include <stdio.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "store/holds.h"
#include "held.h"
#include "pruned.h"
#include "store_folder.h"

#define START INT64_C(1750000000)
#define LATER ((START + 1000000) * TIME_SECOND)

enum { EVENTS = 9000 }; /* two segments of the tail's size, and a tail */

static struct store *st;

/* ---- events ---- */

/* Event number n is of user:(n mod 10), with a note. */
static void
add_events(unsigned first, unsigned end, const char *note)
{
	struct err e = ERR_NONE;
	struct appender *a = append_open(st, NULL, &e);
	enum append_result result;

	ck_assert_msg(a != NULL, "%s", e.text);
	for (unsigned n = first; n < end; n++) {
		struct event ev = { 0 };
		char id[32], actor[32];

		snprintf(id, sizeof(id), "evt-%u", n);
		snprintf(actor, sizeof(actor), "user:%u", n % 10);
		event_set_time(&ev, FIELD_TIME, (START + n) * TIME_SECOND);
		event_set_time(&ev, FIELD_INGESTED, (START + n) * TIME_SECOND);
		event_set(&ev, FIELD_ID, str_of(id));
		event_set(&ev, FIELD_SOURCE, STR("app"));
		event_set(&ev, FIELD_ACTION, STR("read"));
		event_set(&ev, FIELD_SEVERITY, STR("info"));
		event_set(&ev, FIELD_OUTCOME, STR("success"));
		event_set(&ev, FIELD_ACTOR_ID, str_of(actor));
		event_set(&ev, FIELD_REASON, str_of(note));
		ck_assert_msg(append_event(a, &ev, LEAF_EVENT, &result, &e) == 0, "%s", e.text);
		if (n % 1000 == 999)
			ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
	}
	ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
	append_close(a);
}

static void
begin(void)
{
	make_folder();
	st = open_store(STORE_CREATE);
}

static void
end(void)
{
	store_close(st);
	drop_folder();
}

static void
run_sql(const char *sql)
{
	ck_assert_msg(sqlite3_exec(st->db.sqlite, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
	    sqlite3_errmsg(st->db.sqlite));
}

/* ---- pruning ---- */

static uint64_t
prune_all(void)
{
	struct err e = ERR_NONE;
	uint64_t removed;

	ck_assert_msg(prune_before(st, LATER, held_prune_record, NULL, &removed, &e) == 0, "%s", e.text);
	return removed;
}

/* ---- what is there ---- */

static bool
is_there(uint64_t seq)
{
	struct buf line = { 0 };
	struct err e = ERR_NONE;
	enum leaf_kind kind;
	int rc;

	ck_assert_int_eq(db_begin_read(&st->db, &e), 0);
	rc = stored_line(st, seq, &line, &kind, &e);
	db_rollback(&st->db);
	ck_assert_msg(rc >= 0, "%s", e.text);
	buf_fini(&line);
	return rc > 0;
}

struct told {
	struct buf text;
	size_t n;
};

static int
tell(void *arg, const struct hold *h, struct err *e)
{
	struct told *t = arg;

	(void)e;
	buf_printf(&t->text, "%" PRId64 " %.*s %.*s%s;", h->id, (int)h->matter.len, h->matter.p, (int)h->filter.len,
	    h->filter.p, h->lifted ? " lifted" : "");
	t->n++;
	return 0;
}

static char *
all_holds(void)
{
	struct told t = { .n = 0 };
	struct err e = ERR_NONE;

	ck_assert_msg(store_hold_each(st, tell, &t, &e) == 0, "%s", e.text);
	buf_byte(&t.text, '\0');
	return t.text.p;
}

static enum seq_fate
explained(uint64_t seq, char **holds)
{
	struct told t = { .n = 0 };
	struct err e = ERR_NONE;
	enum seq_fate fate;

	ck_assert_msg(store_hold_explain(st, seq, &fate, tell, &t, &e) == 0, "%s", e.text);
	buf_byte(&t.text, '\0');
	*holds = t.text.p;
	return fate;
}

static void
expect_text(char *got, const char *wanted)
{
	ck_assert_str_eq(got, wanted);
	free(got);
}

/* ---- tests ---- */

START_TEST(a_hold_finds_what_matches_in_segments_and_tail)
{
	struct segment_info *list;
	struct store_view v;
	struct err e = ERR_NONE;
	size_t n;

	begin();
	add_events(0, EVENTS, "x");
	ck_assert_int_eq(store_view(st, &v, &list, &n, &e), 0);
	free(list);
	ck_assert_uint_gt(n, 0);
	ck_assert_uint_gt(v.tail, 0);
	ck_assert_uint_eq(hold_events(st, "A", "actor_id = user:3"), EVENTS / 10);
	ck_assert_uint_eq(hold_events(st, "B", "actor_id = nobody"), 0);
	ck_assert_uint_eq(hold_events(st, "C", "source = app"), EVENTS);
	end();
}
END_TEST

/* In a transaction that is rolled back. */
static void
search(struct hold_search *x)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(db_begin_write(&st->db, &e), 0);
	ck_assert_msg(hold_search(x, st, &e) == 0, "%s", e.text);
	db_rollback(&st->db);
}

START_TEST(what_changes_between_the_search_and_the_transaction_is_seen)
{
	struct filter *f = held_filter("actor_id in (user:0, user:4)");
	struct hold_search before = { .filter = f }, now = { .filter = f };
	struct err e = ERR_NONE;

	begin();
	add_events(0, 9000, "x");
	ck_assert_msg(hold_search_ahead(&before, st, &e) == 0, "%s", e.text);
	ck_assert_uint_ge(before.n, 1);
	hold_events(st, "A", "actor_id = user:0"); /* what is left of a segment begins with the same event */
	prune_before(st, (START + 5000) * TIME_SECOND, held_prune_record, NULL, &(uint64_t){ 0 }, &e);
	add_events(9000, 20000, "x");
	search(&before);
	search(&now);
	ck_assert_uint_eq(before.runs.count, 2 * 2000 - 500);
	ck_assert(str_eq(buf_view(&before.runs.list), buf_view(&now.runs.list)));
	hold_search_fini(&before);
	hold_search_fini(&now);
	filter_free(f);
	end();
}
END_TEST

START_TEST(the_row_has_the_runs_whose_digest_the_record_has)
{
	struct hold_placing placed;
	struct runs wanted = { .count = 0 };
	struct hash digest;
	struct buf hex = { 0 };
	struct err e = ERR_NONE;
	sqlite3_stmt *s;

	begin();
	add_events(0, EVENTS, "x");
	ck_assert_int_eq(try_hold(st, "A", "why", "actor_id = user:4", &placed, &e), 0);
	for (unsigned n = 4; n < EVENTS; n += 10)
		runs_add(&wanted, n, 1);
	runs_end(&wanted);
	ck_assert_int_eq(runs_digest(buf_view(&wanted.list), &digest), 0);
	buf_hex(&hex, digest.b, sizeof(digest.b));
	buf_byte(&hex, '\0');
	ck_assert_str_eq(placed.digest, hex.p);
	ck_assert_int_eq(sqlite3_prepare_v2(st->db.sqlite, "SELECT runs, record FROM hold", -1, &s, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	ck_assert(str_eq(db_blob(s, 0), buf_view(&wanted.list)));
	ck_assert_int_eq(db_int(s, 1), EVENTS);
	sqlite3_finalize(s);
	buf_fini(&hex);
	runs_fini(&wanted);
	end();
}
END_TEST

START_TEST(what_is_held_is_not_pruned_and_goes_after_the_lift)
{
	begin();
	add_events(0, EVENTS, "x");
	hold_events(st, "A", "actor_id = user:3");
	hold_events(st, "B", "actor_id in (user:3, user:5)");
	ck_assert_uint_eq(prune_all(), EVENTS / 10 * 8);
	ck_assert(is_there(3) && is_there(5) && !is_there(4));
	ck_assert_uint_eq(lift_holds(st, "B"), 1);
	ck_assert_uint_eq(prune_all(), EVENTS / 10);
	ck_assert(is_there(3) && !is_there(5));
	ck_assert_uint_eq(lift_holds(st, "A"), 1);
	ck_assert_uint_eq(prune_all(), EVENTS / 10);
	ck_assert(!is_there(3));
	end();
}
END_TEST

START_TEST(events_that_come_later_are_held_too)
{
	begin();
	add_events(0, 20, "x");
	ck_assert_uint_eq(hold_events(st, "A", "actor_id = user:3"), 2);
	add_events(20, 5020, "x"); /* sealed */
	add_events(5020, 5040, "x"); /* lines */
	ck_assert_uint_eq(prune_all(), 5040 / 10 * 9);
	end();
}
END_TEST

START_TEST(several_holds_each_count_what_they_keep)
{
	struct holds h = { .n = 0 };
	struct err e = ERR_NONE;
	struct segment_info *list;
	struct store_view v;
	uint64_t bits[MATCH_WORDS];
	bool moved = false;
	size_t n;
	uint32_t rows;

	begin();
	add_events(0, EVENTS, "x");
	hold_events(st, "A", "actor_id = user:3");
	hold_events(st, "B", "actor_id in (user:3, user:5)");
	hold_events(st, "C", "actor_id = user:7");
	ck_assert_uint_eq(lift_holds(st, "C"), 1);
	ck_assert_int_eq(store_view(st, &v, &list, &n, &e), 0);
	ck_assert_uint_gt(n, 0);
	rows = list[0].meta.count;
	struct stored *s = store_segment(st, &list[0], &moved, &e);
	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(db_begin_read(&st->db, &e), 0);
	ck_assert_msg(holds_read(&h, st, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(h.n, 2);
	bitmap_fill(bits, rows);
	bits[0] &= ~UINT64_C(8); /* row 3 is not in question */
	ck_assert_int_eq(holds_keep(&h, s, bits, &e), 0);
	for (uint32_t row = 0; row < rows; row++)
		ck_assert_int_eq(bitmap_has(bits, row), row % 10 != 3 && row % 10 != 5);
	ck_assert_uint_eq(h.item[0].kept, (rows + 6) / 10 - 1);
	ck_assert_uint_eq(h.item[1].kept, (rows + 6) / 10 + (rows + 4) / 10 - 1);
	db_rollback(&st->db);
	holds_fini(&h);
	store_segment_free(s);
	free(list);
	end();
}
END_TEST

/* (a+)+$ takes longer than is allowed to find that it does not fit. */
#define SLOW_WHERE "reason ~ \"^(a+)+$\""
#define SLOW_VALUE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"

START_TEST(a_value_on_which_a_pattern_is_too_slow_is_kept_and_the_rest_goes)
{
	begin();
	add_events(0, 4990, "x");
	add_events(4990, 4994, SLOW_VALUE);
	add_events(4994, 5500, "x");
	add_events(5500, 5501, SLOW_VALUE); /* a line of the tail */
	add_events(5501, 5510, "aaa");
	ck_assert_uint_eq(hold_events(st, "A", SLOW_WHERE), 4 + 1 + 9);
	ck_assert_uint_eq(prune_all(), 5510 - 14);
	for (unsigned n = 4990; n < 4994; n++)
		ck_assert(is_there(n));
	ck_assert(is_there(5500) && is_there(5505) && !is_there(5499));
	end();
}
END_TEST

START_TEST(a_segment_full_of_slow_values_is_kept_without_asking_about_each)
{
	begin();
	for (unsigned n = 0; n < 4100; n += 50) {
		char note[128];

		snprintf(note, sizeof(note), "%s%u", SLOW_VALUE, n);
		add_events(n, n + 50, note);
	}
	hold_events(st, "A", SLOW_WHERE);
	prune_all();
	ck_assert(is_there(0) && is_there(2500));
	end();
}
END_TEST

START_TEST(explaining_names_the_matters)
{
	char *holds;

	begin();
	add_events(0, 100, "x");
	hold_events(st, "A", "actor_id = user:3");
	hold_events(st, "B", "source = app");
	hold_events(st, "C", "actor_id = user:3");
	ck_assert_uint_eq(lift_holds(st, "C"), 1);
	ck_assert_int_eq(explained(13, &holds), SEQ_THERE);
	expect_text(holds, "1 A actor_id = user:3;2 B source = app;");
	ck_assert_int_eq(explained(14, &holds), SEQ_THERE);
	expect_text(holds, "2 B source = app;");
	ck_assert_int_eq(explained(101, &holds), SEQ_THERE);
	expect_text(holds, "");
	ck_assert_int_eq(explained(104, &holds), SEQ_NOT_YET);
	expect_text(holds, "");
	lift_holds(st, "B");
	prune_all();
	ck_assert_int_eq(explained(14, &holds), SEQ_PRUNED);
	expect_text(holds, "");
	ck_assert_int_eq(explained(13, &holds), SEQ_THERE);
	expect_text(holds, "1 A actor_id = user:3;");
	ck_assert_int_eq(explained(UINT64_MAX, &holds), SEQ_NOT_YET);
	free(holds);
	end();
}
END_TEST

START_TEST(lifting_lifts_all_holds_of_the_matter_and_no_other)
{
	begin();
	add_events(0, 10, "x");
	hold_events(st, "A", "actor_id = user:3");
	hold_events(st, "B", "actor_id = user:4");
	hold_events(st, "A", "actor_id = user:5");
	ck_assert_uint_eq(lift_holds(st, "AB"), 0);
	ck_assert(!is_there(13));
	ck_assert_uint_eq(lift_holds(st, "A"), 2);
	ck_assert(is_there(13));
	ck_assert_uint_eq(lift_holds(st, "A"), 0);
	ck_assert(!is_there(14));
	expect_text(all_holds(), "1 A actor_id = user:3 lifted;2 B actor_id = user:4;3 A actor_id = user:5 lifted;");
	end();
}
END_TEST

static int
check_hold(void *arg, const struct hold *h, struct err *e)
{
	(void)e;
	++*(int *)arg;
	ck_assert(str_eq(h->reason, STR("a claim")));
	ck_assert(str_eq(h->by, STR("alice")));
	ck_assert_int_eq(h->at, HELD_AT);
	ck_assert_int_eq(h->review, TIME_NONE);
	ck_assert_uint_eq(h->events, 1);
	ck_assert_uint_eq(h->record, 10);
	ck_assert(h->lifted && str_eq(h->lift_reason, STR("settled")) && str_eq(h->lifted_by, STR("alice")));
	ck_assert_uint_eq(h->lift, 11);
	ck_assert_int_eq(h->lifted_at, HELD_AT);
	return 0;
}

START_TEST(what_a_hold_is_comes_from_its_records)
{
	struct err e = ERR_NONE;
	int n = 0;

	begin();
	add_events(0, 10, "x");
	hold_events(st, "A", "actor_id = user:3");
	lift_holds(st, "A");
	ck_assert_msg(store_hold_each(st, check_hold, &n, &e) == 0, "%s", e.text);
	ck_assert_int_eq(n, 1);
	end();
}
END_TEST

START_TEST(more_holds_than_a_page_are_listed_in_order)
{
	struct told t = { .n = 0 };
	struct err e = ERR_NONE;

	begin();
	add_events(0, 10, "x");
	for (unsigned i = 0; i < 2 * HOLD_PAGE; i++)
		hold_events(st, "A", "actor_id = user:3");
	ck_assert_int_eq(store_hold_each(st, tell, &t, &e), 0);
	ck_assert_uint_eq(t.n, 2 * HOLD_PAGE);
	ck_assert(memcmp(t.text.p, "1 A", 3) == 0);
	ck_assert_uint_eq(lift_holds(st, "A"), 2 * HOLD_PAGE);
	buf_fini(&t.text);
	end();
}
END_TEST

/* Bytes of a, then what stands there. */
static char *
long_text(size_t n, char c)
{
	char *text = mem_zero(n + 1, 1);

	memset(text, c, n);
	return text;
}

START_TEST(limits_are_refused_and_nothing_is_recorded)
{
	char *longest = long_text(HOLD_MATTER_MAX, 'm'), *longer = long_text(HOLD_MATTER_MAX + 1, 'm');
	char *reason = long_text(HOLD_REASON_MAX + 1, 'r');
	const struct {
		const char *matter, *reason, *words;
	} bad[] = {
		{ "", "why", "matter" }, { longer, "why", "matter has 1 to 128" }, { "a\nb", "why", "control" },
		{ "a\x7f", "why", "control" }, { "a\xc2\x9b", "why", "control" }, { "A", "", "reason" }, { "A", reason, "reason" },
	};
	struct hold_placing placed;

	begin();
	add_events(0, 10, "x");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_NONE;

		ck_assert_int_eq(try_hold(st, bad[i].matter, bad[i].reason, "actor_id = user:3", &placed, &e), -1);
		ck_assert_int_eq(e.code, ERR_FAIL);
		ck_assert_msg(strstr(e.text, bad[i].words) != NULL, "%s", e.text);
	}
	ck_assert(!is_there(10));
	expect_text(all_holds(), "");
	hold_events(st, longest, "actor_id = user:3");
	free(longest);
	free(longer);
	free(reason);
	end();
}
END_TEST

/* "actor_id in (aaa..., bbb..., ...)", so many bytes long. */
static char *
long_filter(size_t n)
{
	char *text = long_text(n, 'x');

	memcpy(text, "actor_id in (", 13);
	for (size_t i = 13; i < n; i++)
		text[i] = (char)('a' + i / 4000);
	for (size_t i = 4000; i < n - 1; i += 4000)
		memcpy(text + i, ", ", 2);
	text[n - 1] = ')';
	return text;
}

START_TEST(filters_have_a_limit_each_and_together)
{
	char *most = long_filter(HOLD_FILTER_MAX), *more = long_filter(HOLD_FILTER_MAX + 1);
	struct hold_placing placed;
	struct err e = ERR_NONE, full = ERR_NONE;

	begin();
	add_events(0, 10, "x");
	ck_assert_int_eq(try_hold(st, "A", "why", more, &placed, &e), -1);
	ck_assert_msg(e.code == ERR_FAIL && strstr(e.text, "filter has 1 to 16384") != NULL, "%s", e.text);
	for (unsigned i = 0; i < HOLDS_FILTERS_MAX / HOLD_FILTER_MAX; i++)
		hold_events(st, "A", most);
	ck_assert_int_eq(try_hold(st, "B", "why", "actor_id = a", &placed, &full), -1);
	ck_assert_int_eq(full.code, ERR_REFUSED);
	lift_holds(st, "A");
	hold_events(st, "B", "actor_id = a");
	free(most);
	free(more);
	end();
}
END_TEST

START_TEST(a_record_with_another_filter_is_refused)
{
	struct filter *f = held_filter("actor_id = user:3");
	struct held_words *w = mem_zero(1, sizeof(*w));
	struct hold_placing placed;
	struct err e = ERR_NONE;

	begin();
	add_events(0, 10, "x");
	*w = (struct held_words){ .matter = "A", .reason = "why", .filter = "actor_id = user:4", .review = TIME_NONE };
	ck_assert_int_eq(store_hold_place(st, f, held_place_record, w, &placed, &e), -1);
	ck_assert(!is_there(10));
	free(w);
	filter_free(f);
	end();
}
END_TEST

START_TEST(a_hold_that_cannot_be_read_stops_every_prune)
{
	static const char *const damage[] = {
		"UPDATE hold SET record = record - 1",
		"UPDATE hold SET record = 1000000",
		"UPDATE hold SET record = -1",
		"UPDATE hold SET id = 7",
		"UPDATE tail SET line = replace(line, 'user:3', 'user:3 or') WHERE line LIKE '%hold-place%'",
		"UPDATE tail SET line = replace(line, 'actor_id = user:3', 'actor_id=user:3') WHERE line LIKE '%hold-place%'",
		"UPDATE tail SET line = replace(line, 'hold-place', 'hold-plac') WHERE line LIKE '%hold-place%'",
		"UPDATE tail SET kind = 0 WHERE line LIKE '%hold-place%'",
		"DELETE FROM tail WHERE line LIKE '%hold-place%'",
	};
	uint64_t removed;

	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		struct err e = ERR_NONE;

		begin();
		add_events(0, 10, "x");
		hold_events(st, "A", "actor_id = user:3");
		sqlite3_db_config(st->db.sqlite, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
		run_sql(damage[i]);
		ck_assert_int_eq(prune_before(st, LATER, held_prune_record, NULL, &removed, &e), -1);
		ck_assert_msg(e.code == ERR_INTEGRITY, "%s: %s", damage[i], e.text);
		for (unsigned n = 0; n < 10; n++)
			ck_assert(is_there(n));
		end();
	}
}
END_TEST

START_TEST(a_lift_that_no_record_tells_is_damage)
{
	struct told t = { .n = 0 };
	struct err e = ERR_NONE;

	begin();
	add_events(0, 10, "x");
	hold_events(st, "A", "actor_id = user:3");
	hold_events(st, "B", "actor_id = user:3");
	lift_holds(st, "A");
	run_sql("UPDATE hold SET lift = 12 WHERE id = 2");
	ck_assert_int_eq(store_hold_each(st, tell, &t, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	buf_fini(&t.text);
	end();
}
END_TEST

static Suite *
hold_suite(void)
{
	Suite *s = suite_create("store/hold");
	TCase *c = tcase_create("hold");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, a_hold_finds_what_matches_in_segments_and_tail);
	tcase_add_test(c, what_changes_between_the_search_and_the_transaction_is_seen);
	tcase_add_test(c, the_row_has_the_runs_whose_digest_the_record_has);
	tcase_add_test(c, what_is_held_is_not_pruned_and_goes_after_the_lift);
	tcase_add_test(c, events_that_come_later_are_held_too);
	tcase_add_test(c, several_holds_each_count_what_they_keep);
	tcase_add_test(c, a_value_on_which_a_pattern_is_too_slow_is_kept_and_the_rest_goes);
	tcase_add_test(c, a_segment_full_of_slow_values_is_kept_without_asking_about_each);
	tcase_add_test(c, explaining_names_the_matters);
	tcase_add_test(c, lifting_lifts_all_holds_of_the_matter_and_no_other);
	tcase_add_test(c, what_a_hold_is_comes_from_its_records);
	tcase_add_test(c, more_holds_than_a_page_are_listed_in_order);
	tcase_add_test(c, limits_are_refused_and_nothing_is_recorded);
	tcase_add_test(c, filters_have_a_limit_each_and_together);
	tcase_add_test(c, a_record_with_another_filter_is_refused);
	tcase_add_test(c, a_hold_that_cannot_be_read_stops_every_prune);
	tcase_add_test(c, a_lift_that_no_record_tells_is_damage);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(hold_suite)
