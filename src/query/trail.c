/*
 * trail: what a store knows about one resource or one identity.
 *
 * The recent part is a summary by category and action: counts of dictionaries
 * tell reads from writes.  For the last read the actions of the subject are
 * listed once, and only the newest event with one of those that read is
 * looked for; so with writes.
 *
 * In: a filter that selects the subject.   Out: struct trail.
 */
#include "query/trail.h"

#include <stdlib.h>

#include "base/mem.h"
#include "event/verb.h"

/* ---- the filters ---- */

/* Where one window ends: TIME_NONE when it says nothing. */
static int
one_end(const struct filter_args *a, int64_t now, int64_t *end, struct err *e)
{
	int64_t half = 0;

	*end = TIME_NONE;
	if (a->until != NULL)
		return time_parse_expr(a->until, now, TIME_END, end, e);
	if (a->around == NULL)
		return 0;
	if (time_parse_expr(a->around, now, TIME_START, end, e) != 0 ||
	    (a->window != NULL && duration_parse(a->window, &half, e) != 0))
		return -1;
	*end = *end > TIME_MAX - half ? TIME_MAX : *end + half;
	return 0;
}

/* The earliest end of the windows of a and of the saved queries in it; they
 * must all hold.  Depth is bounded by who expanded them. */
static int
window_end(const struct filter_args *a, int64_t now, int64_t *end, struct err *e)
{
	int64_t inner;

	if (one_end(a, now, end, e) != 0)
		return -1;
	for (size_t i = 0; i < a->n_also; i++) {
		if (window_end(&a->also[i], now, &inner, e) != 0)
			return -1;
		if (inner != TIME_NONE && (*end == TIME_NONE || inner < *end))
			*end = inner;
	}
	return 0;
}

/* A copy that says no window; what it points to stays a's or is in `arena`. */
static struct filter_args
without_window(const struct filter_args *a, struct arena *arena)
{
	struct filter_args b = *a;

	b.since = b.until = b.last = b.around = b.window = NULL;
	if (a->n_also > 0)
		b.also = arena_alloc(arena, a->n_also * sizeof(*b.also));
	for (size_t i = 0; i < a->n_also; i++)
		b.also[i] = without_window(&a->also[i], arena);
	return b;
}

int
trail_filters_build(struct trail_filters *f, const struct filter_args *a, int64_t now, struct err *e)
{
	const int64_t span = TRAIL_DAYS * TIME_DAY;
	char since[TIME_TEXT_LEN + 1] = "", until[TIME_TEXT_LEN + 1] = "";
	struct arena arena = { 0 };
	struct filter_args recent;
	int64_t end;

	*f = (struct trail_filters){ NULL, NULL, TIME_NONE };
	if (window_end(a, now, &f->end, e) != 0)
		return -1;
	end = f->end == TIME_NONE ? now : f->end;
	recent = without_window(a, &arena);
	f->all = filter_build(&recent, now, e);
	time_format(since, end < TIME_MIN + span ? TIME_MIN : end - span);
	time_format(until, end);
	recent.since = since;
	/* An end beyond the last instant is none. */
	recent.until = end > TIME_MAX ? NULL : until;
	if (f->all != NULL && (f->recent = filter_build(&recent, now, e)) == NULL)
		trail_filters_free(f);
	arena_fini(&arena);
	return f->recent != NULL ? 0 : -1;
}

void
trail_filters_free(struct trail_filters *f)
{
	filter_free(f->all);
	filter_free(f->recent);
	f->all = f->recent = NULL;
}

/* ---- recent ---- */

static struct query_options
options_of(const struct trail_question *q, const struct filter *f)
{
	return (struct query_options){ .filter = f, .order = QUERY_NEWEST, .now = q->now, .pool = q->pool,
		.go_on = q->go_on };
}

/* A group is category SUMMARY_GAP action. */
static void
count_verbs(struct trail *t, const struct tally *groups)
{
	size_t n;
	struct tally_entry *group = tally_top(groups, 0, &n);

	for (size_t i = 0; i < n; i++) {
		struct str action = group[i].value, category = action;
		const char *gap = memchr(action.p, SUMMARY_GAP, action.len);
		enum verb verb;

		category.len = gap != NULL ? (size_t)(gap - action.p) : 0;
		if (gap != NULL)
			action = (struct str){ gap + 1, action.len - category.len - 1 };
		verb = event_verb(category, action);
		t->reads += verb == VERB_READ ? group[i].count : 0;
		t->writes += verb == VERB_WRITE ? group[i].count : 0;
	}
	free(group);
}

static int
add_recent(struct store *st, const struct trail_question *q, struct trail *t, struct err *e)
{
	struct summary_options so = { .bucket = TIME_DAY, .bys = 2,
		.by = { selector_field(FIELD_CATEGORY), selector_field(FIELD_ACTION) } };
	struct query_options qo = options_of(q, q->filters->recent);
	struct summary *sum = summary_new(&so);
	struct query_stats stats = { 0 };
	int rc = 0;

	qo.fields = summary_fields(&so);
	rc = query_summary(st, &qo, sum, &stats, e);
	if (rc == 0) {
		t->actions = sum->total;
		tally_merge(t->others, t->subject == TRAIL_RESOURCE ? sum->identities : sum->resources);
		count_verbs(t, sum->groups);
	}
	summary_free(sum);
	return rc;
}

/* ---- last ---- */

/* The newest event that f selects and that has the verb (VERB_OTHER: any), if
 * it is later than *last. */
static int
find_newest(struct store *st, const struct trail_question *q, const struct filter *f, enum verb verb, int64_t *last,
    struct err *e)
{
	struct query_options qo = options_of(q, f);
	const struct event *ev;
	struct query *found;
	uint64_t seq;
	int rc;

	qo.limit = verb == VERB_OTHER;
	qo.fields = FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_CATEGORY) | FIELD_BIT(FIELD_ACTION);
	if ((found = query_open(st, &qo, e)) == NULL)
		return -1;
	while ((rc = query_next(found, &ev, &seq, e)) == 1 && (*last == TIME_NONE || ev->time > *last)) {
		if (verb == VERB_OTHER || event_verb_of(ev) == verb) {
			*last = ev->time;
			break;
		}
	}
	query_close(found);
	return rc < 0 ? -1 : 0;
}

/* Appended to a list of filter values: what means something there is taken
 * literally. */
static void
add_value(struct str_list *list, struct str value)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < value.len; i++) {
		if (memchr("\\,*?", value.p[i], 4) != NULL)
			buf_byte(&b, '\\');
		buf_byte(&b, value.p[i]);
	}
	str_list_add(list, b.p, b.len);
	buf_fini(&b);
}

/* The newest event with the verb among those that `extra` selects too. */
static int
find_among(struct store *st, const struct trail_question *q, const struct filter_args *extra, enum verb verb,
    int64_t *last, struct err *e)
{
	struct arena arena = { 0 };
	struct filter_args a = without_window(q->args, &arena);
	struct filter_args *also = arena_alloc(&arena, (a.n_also + 1) * sizeof(*also));
	struct filter *f;
	int rc = -1;

	if (a.n_also > 0)
		memcpy(also, a.also, a.n_also * sizeof(*also));
	also[a.n_also++] = *extra;
	a.also = also;
	if ((f = filter_build(&a, q->now, e)) != NULL)
		rc = find_newest(st, q, f, verb, last, e);
	filter_free(f);
	arena_fini(&arena);
	return rc;
}

/* Whether the list of a filter can hold it. */
static bool
is_listable(struct str value)
{
	return value.len > 0 && value.len <= 1024 && memchr(value.p, '\0', value.len) == NULL;
}

/* Actions that say nothing themselves are looked for by their category. */
static int
find_last(struct store *st, const struct trail_question *q, const struct tally_entry *action, size_t n, enum verb verb,
    int64_t *last, struct err *e)
{
	struct filter_args told = { 0 }, by_category = { 0 };
	bool untold = false, unlisted = false;
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		enum verb of = event_verb(STR(""), action[i].value);

		untold |= of == VERB_OTHER;
		if (of == verb && is_listable(action[i].value))
			add_value(&told.action, action[i].value);
		else
			unlisted |= of == verb;
	}
	if (told.action.n > 0)
		rc = find_among(st, q, &told, verb, last, e);
	if (rc == 0 && untold) {
		const char *categories = event_verb_categories(verb);

		str_list_add(&by_category.category, categories, strlen(categories));
		rc = find_among(st, q, &by_category, verb, last, e);
	}
	if (rc == 0 && unlisted)
		rc = find_newest(st, q, q->filters->all, verb, last, e);
	filter_args_fini(&told);
	filter_args_fini(&by_category);
	return rc;
}

static int
add_last_uses(struct store *st, const struct trail_question *q, struct trail *t, struct err *e)
{
	const struct selector action = selector_field(FIELD_ACTION);
	struct query_options qo = options_of(q, q->filters->all);
	struct query_stats stats = { 0 };
	struct tally *actions = tally_new();
	struct tally_entry *list;
	size_t n;
	int rc;

	qo.fields = FIELD_BIT(FIELD_ACTION);
	rc = query_facet(st, &qo, &action, 1, actions, &stats, e);
	list = tally_top(actions, 0, &n);
	if (rc == 0)
		rc = find_last(st, q, list, n, VERB_READ, &t->last_read, e);
	if (rc == 0)
		rc = find_last(st, q, list, n, VERB_WRITE, &t->last_write, e);
	free(list);
	tally_free(actions);
	return rc;
}

int
query_trail(struct store *st, const struct trail_question *q, struct trail *t, struct err *e)
{
	if (add_recent(st, q, t, e) != 0)
		return -1;
	if (t->subject == TRAIL_RESOURCE)
		return add_last_uses(st, q, t, e);
	return t->last != TIME_NONE ? 0 : find_newest(st, q, q->filters->all, VERB_OTHER, &t->last, e);
}
