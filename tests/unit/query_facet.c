/*
 * facets and groups: counted from columns and from lines they are what
 * counting event by event gives, whatever the columns look like.
 */
#include "query_store.h"

#define BEGIN INT64_C(1767571200000000) /* 2026-01-05T00:00:00Z */
#define EVENTS 3000

static uint64_t seed;

static unsigned
chance(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

/* Few values, many, one each; texts; payloads; each sometimes absent. */
static void
make_event(struct event *ev, struct arena *a, unsigned i)
{
	struct buf b = { 0 };

	ev->present = 0;
	event_set_time(ev, FIELD_TIME, BEGIN + (int64_t)(i / 3) * TIME_SECOND);
	if (chance(5) > 0)
		event_set(ev, FIELD_SOURCE, chance(2) ? STR("app") : STR("db"));
	event_set(ev, FIELD_ACTION, (struct str){ &"abcdefgh"[chance(8)], 1 });
	event_set(ev, FIELD_OUTCOME, chance(3) ? STR("success") : STR("failure"));
#define MADE(field, ...)                                                                    \
	do {                                                                                \
		buf_reset(&b);                                                              \
		buf_printf(&b, __VA_ARGS__);                                                \
		event_set(ev, field, (struct str){ arena_copy(a, b.p, b.len), b.len });     \
	} while (0)
	if (chance(9) > 0)
		MADE(FIELD_ACTOR_ID, "user %u", chance(700));
	if (chance(4) > 0)
		MADE(FIELD_TARGET_PATH, "/srv/%u", chance(2500));
	MADE(FIELD_REQUEST_ID, "%08x-0000-4000-8000-%012x", chance(100000), i / 2);
	if (chance(3) > 0)
		MADE(FIELD_DESCRIPTION, "a sentence about %u things and number %u", chance(3), chance(2000));
	if (chance(6) == 0)
		MADE(FIELD_CHANGES, "{\"role\":\"r%u\"}", chance(4));
	if (chance(7) > 0)
		MADE(FIELD_CONTEXT, "{\"n\":%u,\"tags\":[\"t%u\",\"t%u\"],\"deep\":{\"x\":%s},\"only\":%u}", chance(10),
		    chance(3), chance(3), chance(2) ? "null" : "\"y\"", i);
#undef MADE
	buf_fini(&b);
}

static char lines_path[80];

static void
facet_begin(void)
{
	made_begin();
	snprintf(lines_path, sizeof(lines_path), "%s/lines", made_folder);
}

static void
facet_end(void)
{
	unlink(lines_path);
	made_end();
}

/* The store, and the same events as lines in a file. */
static void
make_events(void)
{
	struct arena a = { 0 };
	struct buf line = { 0 };
	FILE *f = fopen(lines_path, "w");

	ck_assert_ptr_nonnull(f);
	seed = 42;
	for (unsigned i = 0; i < EVENTS; i++) {
		struct event ev;

		arena_reset(&a);
		make_event(&ev, &a, i);
		made_add(&ev);
		buf_reset(&line);
		event_format(&line, &ev);
		buf_byte(&line, '\n');
		ck_assert_uint_eq(fwrite(line.p, 1, line.len, f), line.len);
		/* Segments of several sizes, and a tail. */
		if (i == 700 || i == 702)
			made_commit();
	}
	fclose(f);
	made_commit();
	buf_fini(&line);
	arena_fini(&a);
}

/* A store that has sealed all but the last events. */
static void
make_sealed(void)
{
	struct arena a = { 0 };

	seed = 42;
	for (unsigned i = 0; i < 3 * EVENTS; i++) {
		struct event ev;

		arena_reset(&a);
		make_event(&ev, &a, i);
		made_add(&ev);
		if (i % 4000 == 0)
			made_commit();
	}
	made_commit();
	arena_fini(&a);
}

static struct filter *
filter_of(const char *expr)
{
	struct filter_args a = { .since = NULL };
	struct err e = ERR_NONE;
	struct filter *f;

	if (expr != NULL)
		str_list_add(&a.expr, expr, strlen(expr));
	f = filter_build(&a, BEGIN, &e);
	ck_assert_msg(f != NULL, "%s", e.text);
	str_list_fini(&a.expr);
	return f;
}

/* Event by event, through query_next. */
static struct summary *
sum_naively(const struct filter *f, const struct summary_options *so)
{
	struct query_options o = { .filter = f, .order = QUERY_OLDEST };
	struct summary *sum = summary_new(so);
	struct err e = ERR_NONE;
	struct query *q = query_open(made, &o, &e);
	const struct event *ev;
	uint64_t seq;
	int rc;

	ck_assert_msg(q != NULL, "%s", e.text);
	while ((rc = query_next(q, &ev, &seq, &e)) == 1)
		summary_add(sum, ev);
	ck_assert_msg(rc == 0, "%s", e.text);
	query_close(q);
	return sum;
}

static void
check_tally(const struct tally *got, const struct tally *wanted, const char *what)
{
	size_t n, n_wanted;
	struct tally_entry *a = tally_top(got, 0, &n), *b = tally_top(wanted, 0, &n_wanted);

	ck_assert_msg(n == n_wanted, "%s: %zu values, wanted %zu", what, n, n_wanted);
	for (size_t i = 0; i < n; i++) {
		ck_assert_msg(str_eq(a[i].value, b[i].value), "%s: %.*s, wanted %.*s", what, (int)a[i].value.len,
		    a[i].value.p, (int)b[i].value.len, b[i].value.p);
		ck_assert_msg(a[i].count == b[i].count, "%s: %.*s: %llu, wanted %llu", what, (int)a[i].value.len, a[i].value.p,
		    (unsigned long long)a[i].count, (unsigned long long)b[i].count);
	}
	free(a);
	free(b);
}

static void
check_summary(const struct summary *a, const struct summary *b, const char *what)
{
	int64_t bucket_a, bucket_b;
	size_t n_a, n_b;
	struct summary_bucket *h = summary_histogram(a, &bucket_a, &n_a), *k = summary_histogram(b, &bucket_b, &n_b);

	ck_assert_uint_eq(a->total, b->total);
	ck_assert_uint_eq(a->success, b->success);
	ck_assert_uint_eq(a->failure, b->failure);
	ck_assert_uint_eq(a->unknown, b->unknown);
	ck_assert_int_eq(a->first, b->first);
	ck_assert_int_eq(a->last, b->last);
	check_tally(a->actions, b->actions, what);
	check_tally(a->categories, b->categories, what);
	check_tally(a->severities, b->severities, what);
	check_tally(a->identities, b->identities, what);
	check_tally(a->resources, b->resources, what);
	if (a->groups != NULL)
		check_tally(a->groups, b->groups, what);
	ck_assert_int_eq(bucket_a, bucket_b);
	ck_assert_uint_eq(n_a, n_b);
	for (size_t i = 0; i < n_a; i++) {
		ck_assert_int_eq(h[i].start, k[i].start);
		ck_assert_uint_eq(h[i].count, k[i].count);
		ck_assert_uint_eq(h[i].failed, k[i].failed);
	}
	free(h);
	free(k);
}

static const char *const filters[] = {
	NULL, "action=c", "outcome=failure", "actor_id=user 7*", "description~number 1", "action=nothing",
};

static const char *const questions[] = {
	"action", "actor_id", "target_path", "source", "time", "request_id", "description", "context.n",
	"context.tags", "context.deep.x", "context.nothing", "changes.role", "changes", "host", "ingested",
	"action,outcome", "source,host", "actor_id,target_path,action", "actor_id,target_path,request_id,description",
	"context.n,action", "changes.role,context.tags", "time,source", "actor_id,host,action,outcome,source,time,context.only",
	"id",
};

static void
parse_by(const char *text, struct summary_options *so, struct arena *a)
{
	struct err e = ERR_NONE;

	so->bys = 0;
	for (const char *p = text; *p != '\0';) {
		size_t n = strcspn(p, ",");

		ck_assert_int_eq(selector_parse(&so->by[so->bys++], (struct str){ p, n }, a, &e), 0);
		p += n + (p[n] == ',');
	}
}

static void
compare_all(struct pool *pool)
{
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++)
		for (size_t k = 0; k < sizeof(questions) / sizeof(*questions); k++) {
			struct filter *f = filter_of(filters[i]);
			struct query_options o = { .filter = f, .pool = pool };
			struct summary_options so = { .bucket = 0 };
			struct query_stats stats;
			struct arena a = { 0 };
			struct err e = ERR_NONE;

			parse_by(questions[k], &so, &a);
			struct summary *wanted = sum_naively(f, &so), *got = summary_new(&so);
			ck_assert_msg(query_summary(made, &o, got, &stats, &e) == 0, "%s", e.text);
			check_summary(got, wanted, questions[k]);
			ck_assert_uint_eq(stats.matched, wanted->total);
			summary_free(got);
			summary_free(wanted);
			arena_fini(&a);
			filter_free(f);
		}
}

START_TEST(groups_of_a_store_are_those_of_its_events)
{
	make_events();
	compare_all(NULL);
}
END_TEST

START_TEST(groups_of_several_threads_add_up)
{
	struct pool *pool = pool_new(3);

	make_sealed();
	compare_all(pool);
	pool_free(pool);
}
END_TEST

/* Each different value of an event once. */
static struct tally *
facet_naively(const struct filter *f, const struct selector *s)
{
	struct query_options o = { .filter = f, .order = QUERY_OLDEST };
	struct selector_scratch x = { .n = 0 };
	struct tally *t = tally_new();
	struct err e = ERR_NONE;
	struct query *q = query_open(made, &o, &e);
	const struct event *ev;
	struct buf b = { 0 };
	uint64_t seq;

	while (query_next(q, &ev, &seq, &e) == 1) {
		if (!event_has(ev, s->field))
			continue;
		if (s->steps == 0) {
			buf_reset(&b);
			event_format_text(&b, ev, s->field);
			tally_add(t, buf_view(&b), 1);
			continue;
		}
		selector_values(s, ev->v[s->field], &x, NULL);
		for (size_t i = 0; i < x.n; i++) {
			size_t k = 0;

			while (k < i && !str_eq(x.value[k].text, x.value[i].text))
				k++;
			if (k == i)
				tally_add(t, x.value[i].text, 1);
		}
	}
	query_close(q);
	selector_scratch_fini(&x);
	buf_fini(&b);
	return t;
}

START_TEST(facets_count_each_value_of_an_event_once)
{
	const char *paths[] = { lines_path };

	make_events();
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++)
		for (size_t k = 0; k < sizeof(questions) / sizeof(*questions); k++) {
			struct filter *f = filter_of(filters[i]);
			struct query_options o = { .filter = f };
			struct summary_options so = { .bucket = 0 };
			struct tally *wanted, *got = tally_new(), *lines = tally_new();
			struct query_stats stats;
			struct arena a = { 0 };
			struct err e = ERR_NONE;
			struct query_faulty faulty;
			char what[200];

			parse_by(questions[k], &so, &a);
			struct summary *groups = so.bys > 1 ? sum_naively(f, &so) : NULL;
			wanted = groups != NULL ? groups->groups : facet_naively(f, &so.by[0]);
			ck_assert_msg(query_facet(made, &o, so.by, so.bys, got, &stats, &e) == 0, "%s", e.text);
			snprintf(what, sizeof(what), "%s of %s", questions[k], filters[i] != NULL ? filters[i] : "all");
			check_tally(got, wanted, what);
			ck_assert_msg(query_facet_lines(paths, 1, &o, so.by, so.bys, lines, &stats, &faulty, &e) == 0,
			    "%s", e.text);
			strcat(what, ", lines");
			check_tally(lines, wanted, what);
			ck_assert_uint_eq(faulty.lines, 0);
			if (groups == NULL)
				tally_free(wanted);
			summary_free(groups);
			tally_free(got);
			tally_free(lines);
			arena_fini(&a);
			filter_free(f);
		}
}
END_TEST

START_TEST(an_event_with_two_equal_values_counts_once)
{
	struct summary_options so = { .bucket = 0 };
	struct event ev = { .present = 0 };
	struct tally *t = tally_new();
	struct filter *f = filter_of(NULL);
	struct query_options o = { .filter = f };
	struct query_stats stats;
	struct err e = ERR_NONE;
	struct arena a = { 0 };
	struct tally_entry *top;
	size_t n;

	event_set_time(&ev, FIELD_TIME, BEGIN);
	event_set(&ev, FIELD_CONTEXT, STR("{\"to\":[\"b\",\"a\",\"b\",null,\"a\"]}"));
	made_add(&ev);
	made_commit();
	parse_by("context.to", &so, &a);
	ck_assert_int_eq(query_facet(made, &o, so.by, 1, t, &stats, &e), 0);
	top = tally_top(t, 0, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert(str_eq(top[0].value, STR("a")));
	ck_assert_uint_eq(top[0].count, 1);
	ck_assert_uint_eq(top[1].count, 1);
	free(top);
	tally_free(t);
	filter_free(f);
	arena_fini(&a);
}
END_TEST

static Suite *
facet_suite(void)
{
	Suite *s = suite_create("query/facet");
	TCase *tc = tcase_create("facet");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, facet_begin, facet_end);
	tcase_add_test(tc, groups_of_a_store_are_those_of_its_events);
	tcase_add_test(tc, groups_of_several_threads_add_up);
	tcase_add_test(tc, facets_count_each_value_of_an_event_once);
	tcase_add_test(tc, an_event_with_two_equal_values_counts_once);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(facet_suite)
