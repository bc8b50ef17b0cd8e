/*
 * A limit, and segments that go away, or turn out to be damaged, after they
 * filled it: what lay behind it is given after all, or the query fails.
 */
#include <sqlite3.h>

#include "base/time.h"
#include "made_record.h"
#include "pruned.h"
#include "query_store.h"
#include "store/internal.h"
#include "store/segment.h"

enum {
	ROWS = 4096,    /* of a segment */
	MATCHING = 1024 /* of its rows, as many as a query first looks for */
};

#define APART (10000 * TIME_SECOND) /* segments */

static unsigned steps; /* of the query: segments opened, or their events copied */

static void
add(int64_t time, bool matching)
{
	struct event ev = { 0 };

	event_set_time(&ev, FIELD_TIME, time);
	event_set(&ev, FIELD_ACTION, matching ? STR("wanted") : STR("other"));
	made_add(&ev);
}

/* All segments begin at once, so that all are opened before the first event is
 * known; what matches comes later, in the order of segments. */
static void
add_segment(unsigned number, unsigned matching)
{
	add(0, false);
	for (unsigned i = 1; i < ROWS; i++)
		add(number * APART + i * TIME_SECOND, i <= matching);
	made_commit();
}

static void
record(void *arg, const struct prune_part *part, struct event *ev, struct arena *a)
{
	(void)arg;
	(void)part;
	(void)a;
	made_record(ev, STR("record"), "audit.prune", 9 * APART);
}

/* The first three are gone when the second one has its turn. */
static int
prune_meanwhile(struct err *e)
{
	uint64_t removed;

	if (++steps == 6 && prune_before(made, 4 * APART, record, NULL, &removed, e) < 0)
		return -1;
	return 0;
}

static struct filter *
wanted(void)
{
	struct filter_args args = { 0 };
	struct err e = ERR_NONE;
	struct filter *f;

	str_list_add(&args.action, "wanted", 6);
	f = filter_build(&args, 0, &e);
	ck_assert_msg(f != NULL, "%s", e.text);
	filter_args_fini(&args);
	return f;
}

/* How many of the next events there are, and the last of them: 1, 0, -1. */
static int
next_few(struct query *q, bool as_texts, uint64_t *n, uint64_t *last, struct err *e)
{
	struct query_texts texts;
	const struct event *ev;
	int rc;

	*n = 1;
	if (!as_texts)
		return query_next(q, &ev, last, e);
	if ((rc = query_texts(q, &texts, e)) > 0) {
		*n = texts.n;
		*last = texts.event[texts.n - 1].seq;
	}
	return rc;
}

START_TEST(what_lay_behind_the_limit_is_given_when_others_went)
{
	struct filter *f = wanted();
	struct query_options o = { .filter = f, .order = QUERY_OLDEST, .limit = 3 * MATCHING - 72,
		.text = _i == 0 ? NULL : &query_canonical, .go_on = prune_meanwhile };
	struct err e = ERR_NONE;
	struct query *q;
	uint64_t n = 0, few, last = 0;
	int rc;

	steps = 0;
	for (unsigned i = 1; i <= 3; i++)
		add_segment(i, MATCHING);
	add_segment(4, 3);
	q = query_open(made, &o, &e);
	ck_assert_msg(q != NULL, "%s", e.text);
	while ((rc = next_few(q, _i > 0, &few, &last, &e)) > 0)
		n += few;
	ck_assert_msg(rc == 0, "%s", e.text);
	ck_assert_uint_eq(n, MATCHING + 3);
	ck_assert_uint_eq(last, 3 * ROWS + 3);
	query_close(q);
	filter_free(f);
}
END_TEST

/* Six segments of the same span, whose rows take turns; the first and the last
 * event of each match nothing. */
static void
add_interleaved(void)
{
	for (unsigned number = 0; number < 6; number++) {
		add(0, false);
		for (unsigned i = 1; i < ROWS - 1; i++) {
			struct event ev = { 0 };
			char provider[16];

			snprintf(provider, sizeof(provider), "p%u", i % 7);
			event_set_time(&ev, FIELD_TIME, (6 * i + number) * TIME_SECOND);
			event_set(&ev, FIELD_ACTION, STR("wanted"));
			event_set(&ev, FIELD_IDP, str_of(provider));
			made_add(&ev);
		}
		add(9 * APART, false);
		made_commit();
	}
}

/* Takes away what only the output of the n-th segment needs. */
static void
damage(unsigned n)
{
	char sql[160];
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(made_path, &db), SQLITE_OK);
	snprintf(sql, sizeof(sql), "DELETE FROM piece WHERE id = (SELECT id << 16 FROM segment ORDER BY id"
	    " LIMIT 1 OFFSET %u) + %lld", n, (long long)piece_id(0, FIELD_IDP, PART_CODES));
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_changes(db), 1);
	sqlite3_close(db);
}

START_TEST(a_damaged_segment_that_filled_the_limit_ends_the_query)
{
	struct filter *f = wanted();
	struct pool *pool = pool_new(2);

	add_interleaved();
	damage((unsigned)_i);
	for (int n = 0; n < 4; n++) {
		struct query_options o = { .filter = f, .order = n % 2 ? QUERY_OLDEST : QUERY_NEWEST,
			.limit = n < 2 ? 12 : 3000, .pool = pool };
		struct err e = ERR_NONE;
		struct query *q = query_open(made, &o, &e);
		const struct event *ev;
		uint64_t seq;
		int rc;

		ck_assert_msg(q != NULL, "%s", e.text);
		while ((rc = query_next(q, &ev, &seq, &e)) > 0)
			;
		ck_assert_int_eq(rc, -1);
		ck_assert_int_eq(e.code, ERR_INTEGRITY);
		query_close(q);
	}
	pool_free(pool);
	filter_free(f);
}
END_TEST

static Suite *
cut_suite(void)
{
	Suite *s = suite_create("query_cut");
	TCase *t = tcase_create("cut");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, made_begin, made_end);
	tcase_add_loop_test(t, what_lay_behind_the_limit_is_given_when_others_went, 0, 2);
	tcase_add_loop_test(t, a_damaged_segment_that_filled_the_limit_ends_the_query, 0, 6);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(cut_suite)
