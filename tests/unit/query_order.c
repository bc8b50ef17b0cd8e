/*
 * Order: what a query gives is what sorting all events would give, whatever
 * lies in segments or in the tail, with and without threads, filters, limits
 * and pages, as events and as texts, and it reads no more than it must.
 */
#include "made_record.h"
#include "pruned.h"
#include "query_store.h"

#include "base/mem.h"
#include "store/segment.h"

#define SPAN 997 /* seconds that the random times fall into: many are equal */

struct made_event {
	int64_t time;
	uint64_t seq;
	bool rare;
};

static struct made_event *all;
static size_t n_all, cap_all;
static enum query_order sorting;
static uint32_t dice = 1;

/* How events are asked for: NULL as such, else as texts, of which some were
 * given and `at` were looked at. */
static const struct event_writer *as;
static struct query_texts given;
static size_t at_text;

static void *
start_text(void *arg)
{
	return arg;
}

static void
put_text(void *state, const struct event *ev, uint64_t seq, struct buf *out)
{
	buf_printf(out, "%s%llu ", (const char *)state, (unsigned long long)seq);
	event_format(out, ev);
}

static char begins_text[] = "event ";
static const struct event_writer own_text = { .start = start_text, .event = put_text, .arg = begins_text };
static const struct event_writer *const ways[] = { NULL, &query_canonical, &own_text };
#define WAYS 3

static uint32_t
roll(uint32_t sides)
{
	dice = dice * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)dice * sides >> 32);
}

static void
add(int64_t time, struct str description)
{
	bool rare = roll(500) == 0;
	struct event ev = { 0 };

	event_set_time(&ev, FIELD_TIME, time);
	event_set(&ev, FIELD_ACTION, rare ? STR("rare") : STR("usual"));
	event_set(&ev, FIELD_DESCRIPTION, description);
	mem_grow(&all, &cap_all, n_all + 1, sizeof(*all));
	all[n_all] = (struct made_event){ time, n_all, rare };
	n_all++;
	made_add(&ev);
}

static void
add_shuffled(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[48];

		snprintf(text, sizeof(text), "number %zu of them, %u", n_all, roll(1000000));
		add((int64_t)roll(SPAN) * TIME_SECOND, str_of(text));
		if (i % 1000 == 999)
			made_commit();
	}
	made_commit();
}

static void
add_in_order(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		add((int64_t)n_all * TIME_SECOND, STR("in order"));
		if (i % 1000 == 999)
			made_commit();
	}
	made_commit();
}

static int
by_place(const void *x, const void *y)
{
	const struct made_event *a = x, *b = y;
	int rc = (a->seq > b->seq) - (a->seq < b->seq);

	if (sorting != QUERY_ARRIVAL && a->time != b->time)
		rc = (a->time > b->time) - (a->time < b->time);
	return sorting == QUERY_NEWEST ? -rc : rc;
}

static struct filter *
make_filter(const char *action)
{
	struct filter_args args = { 0 };
	struct err e = ERR_NONE;
	struct filter *f;

	if (action == NULL)
		return filter_all();
	str_list_add(&args.action, action, strlen(action));
	f = filter_build(&args, 0, &e);
	ck_assert_msg(f != NULL, "%s", e.text);
	filter_args_fini(&args);
	return f;
}

/* Threads read ahead for texts: who writes meanwhile has a handle of its own. */
static struct store *reader;

/* As query_next; in texts, time is not looked at. */
static int
next_of(struct query *q, int64_t *time, uint64_t *seq, struct err *e)
{
	const struct event *ev;
	int rc = 1;

	if (as == NULL) {
		if ((rc = query_next(q, &ev, seq, e)) > 0)
			*time = ev->time;
		return rc;
	}
	if (at_text == given.n) {
		at_text = given.n = 0;
		rc = query_texts(q, &given, e);
	}
	if (rc > 0)
		*seq = given.event[at_text++].seq;
	return rc;
}

/* Wants exactly these events. */
static void
compare(struct query *q, const struct made_event *want, size_t n)
{
	struct err e = ERR_NONE;
	uint64_t seq;
	int rc;

	for (size_t i = 0; i < n; i++) {
		int64_t time = want[i].time;

		rc = next_of(q, &time, &seq, &e);
		ck_assert_msg(rc == 1, "event %zu of %zu: %d %s", i, n, rc, e.text);
		ck_assert_uint_eq(seq, want[i].seq);
		ck_assert_int_eq(time, want[i].time);
	}
	rc = next_of(q, &(int64_t){ 0 }, &seq, &e);
	ck_assert_msg(rc == 0, "%d %s", rc, e.text);
}

static struct made_event *
sorted(enum query_order order, bool rare, size_t *n)
{
	struct made_event *list = mem_alloc(n_all * sizeof(*list));

	*n = 0;
	for (size_t i = 0; i < n_all; i++)
		if (!rare || all[i].rare)
			list[(*n)++] = all[i];
	sorting = order;
	qsort(list, *n, sizeof(*list), by_place);
	return list;
}

static struct query *
ask(const struct query_options *o)
{
	struct query_options asked = *o;
	struct err e = ERR_NONE;
	struct query *q;

	asked.text = as;
	given.n = at_text = 0;
	if (reader == NULL)
		reader = store_open(made_path, STORE_READ, &e);
	ck_assert_msg(reader != NULL, "%s", e.text);
	q = query_open(reader, &asked, &e);
	ck_assert_msg(q != NULL, "%s", e.text);
	return q;
}

static void
compare_all(struct pool *pool)
{
	static const uint64_t limits[] = { 0, 1, 100, 3000 };

	for (int rare = 0; rare < 2; rare++) {
		struct filter *f = make_filter(rare ? "rare" : NULL);

		for (int order = QUERY_NEWEST; order <= QUERY_ARRIVAL; order++) {
			size_t n;
			struct made_event *list = sorted((enum query_order)order, rare, &n);

			for (size_t i = 0; i < 4; i++) {
				struct query_options o = { .filter = f, .order = (enum query_order)order,
					.limit = limits[i], .pool = pool };
				struct query *q = ask(&o);

				compare(q, list, o.limit > 0 && o.limit < n ? (size_t)o.limit : n);
				query_close(q);
			}
			free(list);
		}
		filter_free(f);
	}
}

static void
begin(void)
{
	made_begin();
	n_all = 0;
	dice = 1;
	as = NULL;
}

static void
end(void)
{
	store_close(reader);
	reader = NULL;
	made_end();
	free(all);
	all = NULL;
	n_all = cap_all = 0;
}

START_TEST(every_order_is_that_of_sorting)
{
	struct pool *pool = pool_new(2);

	add_shuffled(40000);
	add_in_order(10000);
	add_shuffled(500);
	as = ways[_i];
	compare_all(NULL);
	compare_all(pool);
	pool_free(pool);
}
END_TEST

/* Every text against the one that is made here of the event. */
static void
compare_texts(enum query_order order, struct pool *pool)
{
	struct filter *f = make_filter(NULL);
	struct query_options o = { .filter = f, .order = order, .pool = pool };
	const struct event_writer *text = as;
	struct query *events, *texts = ask(&o);
	struct buf want = { 0 };
	const struct event *ev;
	struct err e = ERR_NONE;
	uint64_t seq;
	int rc;

	as = NULL;
	events = query_open(made, &o, &e);
	while ((rc = query_texts(texts, &given, &e)) > 0) {
		size_t from = 0;

		for (size_t i = 0; i < given.n; from = given.event[i++].end) {
			ck_assert_int_eq(query_next(events, &ev, &seq, &e), 1);
			ck_assert_uint_eq(given.event[i].seq, seq);
			buf_reset(&want);
			if (text->event != NULL)
				put_text(begins_text, ev, seq, &want);
			else
				event_format(&want, ev);
			if (text->event == NULL)
				buf_byte(&want, '\n');
			ck_assert(str_eq(buf_view(&want), (struct str){ given.bytes.p + from, given.event[i].end - from }));
		}
		ck_assert_uint_eq(from, given.bytes.len);
	}
	ck_assert_msg(rc == 0, "%s", e.text);
	ck_assert_int_eq(query_next(events, &ev, &seq, &e), 0);
	query_close(events);
	query_close(texts);
	buf_fini(&want);
	filter_free(f);
	as = text;
}

START_TEST(texts_are_those_of_the_events)
{
	struct pool *pool = pool_new(2);

	/* In order but for some, so that segments stay open; then all at once. */
	for (unsigned i = 0; i < 70; i++) {
		add_in_order(990);
		add_shuffled(10);
	}
	add_shuffled(6000);
	as = ways[1 + _i];
	for (int order = QUERY_NEWEST; order <= QUERY_ARRIVAL; order++) {
		compare_texts((enum query_order)order, NULL);
		compare_texts((enum query_order)order, pool);
	}
	pool_free(pool);
}
END_TEST

/* Pages of many sizes, of the log as it was when paging began. */
static void
compare_pages(enum query_order order, bool rare, struct pool *pool)
{
	struct filter *f = make_filter(rare ? "rare" : NULL);
	struct query_cursor cursor, parsed;
	struct query_options o = { .filter = f, .order = order, .pool = pool, .now = 5 };
	struct err e = ERR_NONE;
	size_t n, at = 0;
	struct made_event *list = sorted(order, rare, &n);

	for (bool done = false; !done;) {
		struct buf text = { 0 };
		struct query *q;

		o.limit = roll(rare ? 20 : 4000) + 1;
		q = ask(&o);
		done = n - at < o.limit;
		compare(q, list + at, done ? n - at : (size_t)o.limit);
		at += (size_t)o.limit;
		ck_assert(!query_position_gone(q));
		query_cursor(q, &cursor);
		query_close(q);
		query_cursor_format(&text, &cursor);
		buf_byte(&text, '\0');
		ck_assert_msg(query_cursor_parse(text.p, &parsed, &e) == 0, "%s", e.text);
		ck_assert_msg(query_cursor_check(&parsed, made, f, order, &e) == 0, "%s", e.text);
		ck_assert_int_eq(parsed.now, 5);
		o.after = &parsed;
		buf_fini(&text);
		if (order != QUERY_ARRIVAL && !rare) {
			size_t known = n_all;

			add_shuffled(300);
			n_all = known; /* later than these pages */
		}
	}
	free(list);
	filter_free(f);
}

START_TEST(pages_join_without_gap_or_repeat)
{
	struct pool *pool = pool_new(1);

	add_shuffled(20000);
	as = ways[_i];
	compare_pages(QUERY_NEWEST, true, NULL);
	compare_pages(QUERY_OLDEST, true, pool);
	compare_pages(QUERY_ARRIVAL, true, pool);
	compare_pages(QUERY_ARRIVAL, false, pool);
	compare_pages(QUERY_NEWEST, false, pool);
	pool_free(pool);
}
END_TEST

START_TEST(pages_do_not_show_what_came_later)
{
	add_shuffled(10000);
	compare_pages(QUERY_OLDEST, false, NULL);
}
END_TEST

START_TEST(arrival_goes_on_behind_what_was_read)
{
	struct filter *f = make_filter("rare");
	struct query_options o = { .filter = f, .order = QUERY_ARRIVAL };
	struct query_cursor end, reached;
	size_t n, before;
	struct made_event *list;
	struct query *q;

	add_shuffled(9000);
	list = sorted(QUERY_ARRIVAL, true, &before);
	q = ask(&o);
	compare(q, list, before);
	free(list);
	query_cursor(q, &end);
	query_close(q);
	ck_assert_uint_eq(end.size, 9000); /* also what did not match is behind */

	add_shuffled(9000);
	list = sorted(QUERY_ARRIVAL, true, &n);
	o.after = &end;
	q = ask(&o);
	compare(q, list + before, n - before);
	query_cursor(q, &reached);
	ck_assert_uint_eq(reached.size, 18000);
	query_close(q);

	o.after = NULL;
	o.first_seq = end.size;
	q = ask(&o);
	compare(q, list + before, n - before);
	query_close(q);

	o.first_seq = 18000;
	q = ask(&o);
	compare(q, list, 0);
	query_cursor(q, &end);
	ck_assert_uint_eq(end.size, 18000);
	query_close(q);
	free(list);
	filter_free(f);
}
END_TEST

static void
read_all(const struct query_options *o, struct query_stats *s)
{
	struct query *q = ask(o);
	const struct event *ev;
	struct err e = ERR_NONE;
	uint64_t seq;
	int rc;

	while ((rc = query_next(q, &ev, &seq, &e)) > 0)
		;
	ck_assert_msg(rc == 0, "%s", e.text);
	query_stats(q, s);
	query_close(q);
}

START_TEST(a_limit_reads_no_more_than_it_must)
{
	struct filter *f = make_filter(NULL);
	struct pool *pool = pool_new(2);
	struct query_options o = { .filter = f, .order = QUERY_NEWEST, .limit = 100, .pool = pool };
	const struct event *ev;
	struct query_cursor page;
	struct err e = ERR_NONE;
	struct query_stats s;
	struct query *q;
	uint64_t seq;

	add_in_order(40960);
	read_all(&o, &s);
	ck_assert_uint_le(s.segments_read, 1);
	o.order = QUERY_OLDEST;
	read_all(&o, &s);
	ck_assert_uint_eq(s.segments_read, 1);
	o.order = QUERY_ARRIVAL;
	o.first_seq = 30000;
	read_all(&o, &s);
	ck_assert_uint_eq(s.segments_read, 1);
	ck_assert_uint_ge(s.segments_skipped, 6);

	/* The second half, by pages: what lies before it is not opened. */
	o.first_seq = 0;
	o.order = QUERY_NEWEST;
	o.limit = 20480;
	q = ask(&o);
	for (unsigned i = 0; i < 20480; i++)
		ck_assert_int_eq(query_next(q, &ev, &seq, &e), 1);
	query_cursor(q, &page);
	query_close(q);
	o.after = &page;
	o.limit = 100;
	read_all(&o, &s);
	ck_assert_uint_eq(s.segments_read, 1);
	ck_assert_uint_ge(s.segments_skipped, 3);
	pool_free(pool);
	filter_free(f);
}
END_TEST

static void
record(void *arg, const struct prune_part *part, struct event *ev, struct arena *a)
{
	(void)arg;
	(void)part;
	(void)a;
	made_record(ev, STR("record"), "audit.prune", 2 * (int64_t)n_all * TIME_SECOND);
}

static void
prune(int64_t cutoff)
{
	struct err e = ERR_NONE;
	uint64_t removed;

	ck_assert_msg(prune_before(made, cutoff, record, NULL, &removed, &e) == 0, "%s", e.text);
	ck_assert_uint_gt(removed, 0);
}

START_TEST(a_pruned_position_is_told_and_gone_on_from)
{
	struct filter *f = make_filter("usual");
	struct query_options o = { .filter = f, .order = QUERY_OLDEST, .limit = 100 };
	struct query_cursor page;
	const struct event *ev;
	struct err e = ERR_NONE;
	struct query *q;
	int64_t time = 0;
	uint64_t seq;

	add_in_order(20000);
	q = ask(&o);
	while (query_next(q, &ev, &seq, &e) > 0)
		time = ev->time;
	query_cursor(q, &page);
	query_close(q);
	o.after = &page;

	prune(time); /* what was given, but for the position itself */
	q = ask(&o);
	ck_assert(!query_position_gone(q));
	query_close(q);
	prune(time + 50 * TIME_SECOND);
	q = ask(&o);
	ck_assert(query_position_gone(q));
	ck_assert_int_eq(query_next(q, &ev, &seq, &e), 1);
	ck_assert_int_ge(ev->time, time + 50 * TIME_SECOND);
	query_close(q);
	filter_free(f);
}
END_TEST

/* While an answer is read, more is stored, merged and pruned; what had been
 * there and stays is given once. */
static void
read_while_removing(enum query_order order, uint64_t limit, struct pool *pool)
{
	struct filter *f = make_filter("usual");
	struct query_options o = { .filter = f, .order = order, .limit = limit, .pool = pool,
		.fields = FIELD_BIT(FIELD_ACTION) };
	size_t n, at = 0, seen = 0;
	struct made_event *list = sorted(order, false, &n);
	struct query *q = ask(&o);
	struct err e = ERR_NONE;
	int64_t cutoff = 0, time;
	uint64_t seq;
	int rc;

	while ((rc = next_of(q, &time, &seq, &e)) > 0) {
		/* Left out is only what was pruned. */
		for (; at < n && list[at].seq != seq; at++)
			ck_assert(list[at].rare || list[at].time < cutoff);
		ck_assert_uint_lt(at++, n);
		if (++seen % (limit > 0 ? 1500 : 7000) == 0) {
			cutoff += 40 * TIME_SECOND;
			prune(cutoff);
			add_shuffled(5000);
		}
	}
	ck_assert_msg(rc == 0, "%s", e.text);
	for (; at < n && seen != limit; at++)
		ck_assert(list[at].rare || list[at].time < cutoff);
	ck_assert_uint_gt(seen, 1500);
	query_close(q);
	free(list);
	filter_free(f);
}

START_TEST(removals_and_merges_do_not_disturb)
{
	struct pool *pool = pool_new(1);

	add_shuffled(60000);
	as = ways[_i / 6];
	read_while_removing((enum query_order)(_i % 3), _i % 6 < 3 ? 0 : 9000, pool);
	pool_free(pool);
}
END_TEST

START_TEST(huge_events_of_overlapping_segments_come_in_order)
{
	struct str text = { memset(mem_alloc(400000), 'x', 400000), 400000 };

	for (unsigned i = 0; i < 60; i++) {
		add((int64_t)roll(SPAN) * TIME_SECOND, text);
		for (unsigned k = 0; k < 20; k++)
			add((int64_t)roll(SPAN) * TIME_SECOND, STR("small"));
		made_commit();
	}
	as = ways[_i];
	compare_all(NULL);
	free((char *)(uintptr_t)text.p);
}
END_TEST

static Suite *
order_suite(void)
{
	Suite *s = suite_create("query_order");
	TCase *t = tcase_create("order");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, every_order_is_that_of_sorting, 0, WAYS - 1);
	tcase_add_loop_test(t, texts_are_those_of_the_events, 0, WAYS - 1);
	tcase_add_loop_test(t, pages_join_without_gap_or_repeat, 0, WAYS - 1);
	tcase_add_test(t, pages_do_not_show_what_came_later);
	tcase_add_test(t, arrival_goes_on_behind_what_was_read);
	tcase_add_test(t, a_limit_reads_no_more_than_it_must);
	tcase_add_test(t, a_pruned_position_is_told_and_gone_on_from);
	tcase_add_loop_test(t, removals_and_merges_do_not_disturb, 0, 6 * (WAYS - 1));
	tcase_add_loop_test(t, huge_events_of_overlapping_segments_come_in_order, 0, WAYS - 1);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(order_suite)
