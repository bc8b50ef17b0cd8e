/*
 * duplicates: was this event stored before?
 *
 * Only segments whose time range covers the event's time and whose id filter
 * says maybe are looked into.  A few segments stay open with an index from id
 * to row, since input that is read again comes in the order it came before.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

#define OPEN_MAX 12
#define NO_ROW UINT32_MAX

/* What tells events apart. */
#define IDENTITY (FIELD_BIT(FIELD_ID) | FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_SOURCE))

/* A segment that was asked, with chains of rows by their key. */
struct opened {
	struct stored *stored; /* NULL: free */
	uint32_t *head, *next; /* NULL until some id may be in it */
	uint32_t mask;
	uint64_t used;
};

struct tail_key {
	uint64_t key;
	uint64_t seq;
};

struct duplicates {
	struct store *st;
	struct segment_info *list; /* by min_time */
	int64_t *reach;            /* newest max_time of list[0 .. i] */
	size_t n;
	struct tail_key *tail;     /* by key */
	size_t tails;
	struct opened open[OPEN_MAX];
	uint64_t clock;
	bool moved; /* a listed segment is no longer there */
	struct json_tape tape;
	struct arena arena;
};

struct duplicates *
duplicates_new(struct store *st)
{
	struct duplicates *d = mem_zero(1, sizeof(*d));

	d->st = st;
	return d;
}

static void
close_one(struct opened *o)
{
	store_segment_free(o->stored);
	free(o->head);
	free(o->next);
	*o = (struct opened){ 0 };
}

void
duplicates_free(struct duplicates *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < OPEN_MAX; i++)
		close_one(&d->open[i]);
	free(d->list);
	free(d->reach);
	free(d->tail);
	json_tape_fini(&d->tape);
	arena_fini(&d->arena);
	free(d);
}

static int
by_min_time(const void *a, const void *b)
{
	const struct segment_info *x = a, *y = b;

	return (x->meta.min_time > y->meta.min_time) - (x->meta.min_time < y->meta.min_time);
}

static int
by_key(const void *a, const void *b)
{
	const struct tail_key *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static int
load_tail(struct duplicates *d, struct err *e)
{
	sqlite3_stmt *s = db_statement(&d->st->db, ST_TAIL_KEYS, e);
	size_t cap = 0;
	int rc;

	free(d->tail);
	d->tail = NULL;
	d->tails = 0;
	if (s == NULL)
		return -1;
	while ((rc = db_step(&d->st->db, s, e)) > 0) {
		mem_grow(&d->tail, &cap, d->tails + 1, sizeof(*d->tail));
		d->tail[d->tails++] = (struct tail_key){ (uint64_t)db_int(s, 0), (uint64_t)db_int(s, 1) };
	}
	if (d->tails > 0)
		qsort(d->tail, d->tails, sizeof(*d->tail), by_key);
	return rc;
}

static bool
listed(const struct duplicates *d, int64_t id)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->list[i].id == id)
			return true;
	return false;
}

int
duplicates_refresh(struct duplicates *d, struct err *e)
{
	free(d->list);
	if (segment_list(d->st, 0, INT64_MAX, &d->list, &d->n, e) < 0 || load_tail(d, e) < 0)
		return -1;
	if (d->n > 0)
		qsort(d->list, d->n, sizeof(*d->list), by_min_time);
	d->reach = mem_resize(d->reach, (d->n + 1) * sizeof(*d->reach));
	for (size_t i = 0; i < d->n; i++) {
		int64_t max = d->list[i].meta.max_time;

		d->reach[i] = i > 0 && d->reach[i - 1] > max ? d->reach[i - 1] : max;
	}
	for (size_t i = 0; i < OPEN_MAX; i++)
		if (d->open[i].stored != NULL && !listed(d, d->open[i].stored->info.id))
			close_one(&d->open[i]);
	return 0;
}

/* The open segment, opened in the place of the one longest unused. */
static struct opened *
open_segment(struct duplicates *d, const struct segment_info *info, struct err *e)
{
	struct opened *oldest = &d->open[0];

	for (size_t i = 0; i < OPEN_MAX; i++) {
		struct opened *o = &d->open[i];

		if (o->stored != NULL && o->stored->info.id == info->id) {
			o->used = ++d->clock;
			return o;
		}
		if (o->used < oldest->used)
			oldest = o;
	}
	close_one(oldest);
	oldest->stored = store_segment(d->st, info, &d->moved, e);
	if (oldest->stored == NULL)
		return NULL;
	oldest->used = ++d->clock;
	return oldest;
}

static int
build_index(struct duplicates *d, struct opened *o, struct err *e)
{
	uint32_t n = o->stored->info.meta.count, size = 1;
	struct event ev;

	while (size < n)
		size *= 2;
	o->mask = size - 1;
	o->head = mem_alloc(size * sizeof(*o->head));
	o->next = mem_alloc(n * sizeof(*o->next));
	memset(o->head, 0xff, size * sizeof(*o->head));
	for (uint32_t row = 0; row < n; row++) {
		uint32_t slot;

		if (segment_event(o->stored->columns, row, IDENTITY, &ev, e) < 0)
			return -1;
		slot = (uint32_t)event_key(d->st, &ev) & o->mask;
		o->next[row] = o->head[slot];
		o->head[slot] = row;
	}
	return 0;
}

static bool
same_identity(const struct event *a, const struct event *b)
{
	struct str source_a = event_has(a, FIELD_SOURCE) ? a->v[FIELD_SOURCE] : STR("");
	struct str source_b = event_has(b, FIELD_SOURCE) ? b->v[FIELD_SOURCE] : STR("");

	return a->time == b->time && event_has(b, FIELD_ID) && str_eq(a->v[FIELD_ID], b->v[FIELD_ID]) &&
	    str_eq(source_a, source_b);
}

static enum append_result
verdict(const struct event *new, const struct event *old)
{
	return event_same(new, old) ? APPEND_DUPLICATE : APPEND_CONFLICT;
}

static int
find_in_segment(struct duplicates *d, const struct segment_info *info, const struct event *ev, uint64_t key,
    enum append_result *result, struct err *e)
{
	struct opened *o = open_segment(d, info, e);
	struct segment *columns;
	struct event old;
	int may;

	if (o == NULL)
		return -1;
	columns = o->stored->columns;
	if ((may = segment_may_have(columns, FIELD_ID, ev->v[FIELD_ID], e)) <= 0)
		return may;
	if (o->head == NULL && build_index(d, o, e) < 0)
		return -1;
	for (uint32_t row = o->head[(uint32_t)key & o->mask]; row != NO_ROW; row = o->next[row]) {
		if (segment_event(columns, row, IDENTITY, &old, e) < 0)
			return -1;
		if (!same_identity(ev, &old))
			continue;
		if (segment_event(columns, row, FIELD_ALL, &old, e) < 0)
			return -1;
		*result = verdict(ev, &old);
		return 0;
	}
	return 0;
}

static int
find_in_tail(struct duplicates *d, const struct event *ev, uint64_t key, enum append_result *result, struct err *e)
{
	static const struct event_policy policy = { .stored = true, .assume_now = TIME_NONE };
	size_t low = 0, high = d->tails;
	struct event old;
	const char *detail;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (d->tail[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < d->tails && d->tail[low].key == key; low++) {
		sqlite3_stmt *s = db_statement(&d->st->db, ST_TAIL_RANGE, e);
		int rc;

		if (s == NULL)
			return -1;
		db_bind_int(s, 1, (int64_t)d->tail[low].seq);
		db_bind_int(s, 2, (int64_t)d->tail[low].seq + 1);
		if ((rc = db_step(&d->st->db, s, e)) < 0)
			return -1;
		if (rc > 0) {
			struct str line = db_blob(s, 3);

			arena_reset(&d->arena);
			if (event_parse(&old, line.p, line.len, &policy, &d->tape, &d->arena, &detail) == EVENT_OK &&
			    same_identity(ev, &old))
				*result = verdict(ev, &old);
			sqlite3_reset(s);
		}
		if (*result != APPEND_STORED)
			return 0;
	}
	return 0;
}

static int
find_once(struct duplicates *d, const struct event *ev, uint64_t key, enum append_result *result, struct err *e)
{
	size_t low = 0, high = d->n;

	if (find_in_tail(d, ev, key, result, e) < 0)
		return -1;
	/* The segments that begin at or before the event's time ... */
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (d->list[middle].meta.min_time <= ev->time)
			low = middle + 1;
		else
			high = middle;
	}
	/* ... while any of them reaches it. */
	while (low-- > 0 && d->reach[low] >= ev->time && *result == APPEND_STORED)
		if (d->list[low].meta.max_time >= ev->time && find_in_segment(d, &d->list[low], ev, key, result, e) < 0)
			return -1;
	return 0;
}

static bool
any_moved(const struct duplicates *d)
{
	for (size_t i = 0; i < OPEN_MAX; i++)
		if (d->open[i].stored != NULL && d->open[i].stored->moved)
			return true;
	return d->moved;
}

int
duplicates_find(struct duplicates *d, const struct event *ev, uint64_t key, enum append_result *result, struct err *e)
{
	*result = APPEND_STORED;
	d->moved = false;
	if (find_once(d, ev, key, result, e) == 0)
		return 0;
	if (!any_moved(d))
		return -1;
	/* A segment was merged or pruned since it was listed. */
	err_clear(e);
	*result = APPEND_STORED;
	return duplicates_refresh(d, e) < 0 ? -1 : find_once(d, ev, key, result, e);
}
