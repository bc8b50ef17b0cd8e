/*
 * duplicates: was this event stored before?
 *
 * Only segments whose time range covers the event's time are asked, in three
 * steps, each after a maybe of the one before: the id filter, an index of the
 * rows' keys, the row itself.  Input that does not come in order of time makes
 * all segments cover all times; then nearly every answer is the filter's.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"
#include "store/members.h"

#define OPEN_MAX 12
#define MEMBERS_BYTES_MAX (48u * 1024 * 1024) /* of id filters kept */
#define INDEX_BYTES_MAX (64u * 1024 * 1024)

/* What tells events apart. */
#define IDENTITY (FIELD_BIT(FIELD_ID) | FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_SOURCE))

/* A segment that some event was found in, lately. */
struct opened {
	struct stored *stored; /* NULL: free */
	uint64_t used;
};

struct tail_key {
	uint64_t key;
	uint64_t seq;
};

/*
 * A segment that could be asked.  Its id filter is read when it first is; the
 * filter's few wrong answers are told by the index, made when the filter first
 * said maybe.  Only an event whose key is in it opens the segment.
 */
struct known {
	struct segment_info info;
	struct buf members; /* empty: it has none, or it was not read yet */
	bool read;
	uint64_t *index;    /* 48 bits of each row's key, then the row; sorted */
	uint64_t used;
};

_Static_assert(SEGMENT_EVENTS_MAX <= 65536, "a row is 16 bits of an index");

struct duplicates {
	struct store *st;
	struct known *list;        /* by min_time */
	int64_t *reach;            /* newest max_time of list[0 .. i] */
	size_t n;
	size_t members_bytes, index_bytes;
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
	*o = (struct opened){ 0 };
}

static void
known_free(struct known *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_fini(&list[i].members);
		free(list[i].index);
	}
	free(list);
}

void
duplicates_free(struct duplicates *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < OPEN_MAX; i++)
		close_one(&d->open[i]);
	known_free(d->list, d->n);
	free(d->reach);
	free(d->tail);
	json_tape_fini(&d->tape);
	arena_fini(&d->arena);
	free(d);
}

static int
by_min_time(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return (x->info.meta.min_time > y->info.meta.min_time) - (x->info.meta.min_time < y->info.meta.min_time);
}

static int
by_id(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return (x->info.id > y->info.id) - (x->info.id < y->info.id);
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
		if (d->list[i].info.id == id)
			return true;
	return false;
}

/* The new list, with the filters and indexes that were made for the old one. */
static void
take_list(struct duplicates *d, const struct segment_info *list, size_t n)
{
	struct known *old = d->list;
	size_t n_old = d->n;

	if (n_old > 0)
		qsort(old, n_old, sizeof(*old), by_id);
	d->list = mem_zero(n, sizeof(*d->list));
	d->n = n;
	d->members_bytes = d->index_bytes = 0;
	for (size_t i = 0; i < n; i++) {
		struct known *same;

		d->list[i].info = list[i];
		same = n_old > 0 ? bsearch(&d->list[i], old, n_old, sizeof(*old), by_id) : NULL;
		if (same == NULL)
			continue;
		d->list[i] = *same;
		d->members_bytes += same->members.cap;
		d->index_bytes += same->index != NULL ? same->info.meta.count * sizeof(*same->index) : 0;
		same->members = (struct buf){ 0 };
		same->index = NULL;
	}
	known_free(old, n_old);
	if (n > 0)
		qsort(d->list, n, sizeof(*d->list), by_min_time);
}

int
duplicates_refresh(struct duplicates *d, struct err *e)
{
	struct segment_info *list;
	size_t n;

	if (segment_list(d->st, 0, INT64_MAX, &list, &n, e) < 0)
		return -1;
	take_list(d, list, n);
	free(list);
	d->reach = mem_resize(d->reach, (d->n + 1) * sizeof(*d->reach));
	for (size_t i = 0; i < d->n; i++) {
		int64_t max = d->list[i].info.meta.max_time;

		d->reach[i] = i > 0 && d->reach[i - 1] > max ? d->reach[i - 1] : max;
	}
	for (size_t i = 0; i < OPEN_MAX; i++)
		if (d->open[i].stored != NULL && !listed(d, d->open[i].stored->info.id))
			close_one(&d->open[i]);
	return load_tail(d, e);
}

void
duplicates_forget(struct duplicates *d)
{
	for (size_t i = 0; i < OPEN_MAX; i++)
		close_one(&d->open[i]);
	known_free(d->list, d->n);
	d->list = NULL;
	d->n = d->members_bytes = d->index_bytes = 0;
}

/* What the id filter says, read once and kept: 0 certainly not, 1 maybe, -1.
 * A segment is opened only after a maybe: that many segments cover the time of
 * an event costs little. */
static int
may_have_id(struct duplicates *d, struct known *k, struct str id, struct err *e)
{
	if (!k->read) {
		if (d->members_bytes > MEMBERS_BYTES_MAX) {
			for (size_t i = 0; i < d->n; i++) {
				buf_fini(&d->list[i].members);
				d->list[i].members = (struct buf){ 0 };
				d->list[i].read = false;
			}
			d->members_bytes = 0;
		}
		if (segment_members(d->st, k->info.id, FIELD_ID, &k->members, e) < 0)
			return -1;
		d->members_bytes += k->members.cap;
		k->read = true;
	}
	if (k->members.len == 0 || !members_valid(k->members.len))
		return 1;
	return members_may_have((const uint8_t *)k->members.p, k->members.len, members_hash(id));
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
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Makes room for one more index. */
static void
drop_indexes(struct duplicates *d, size_t more)
{
	while (d->index_bytes > 0 && d->index_bytes + more > INDEX_BYTES_MAX) {
		struct known *oldest = NULL;

		for (size_t i = 0; i < d->n; i++)
			if (d->list[i].index != NULL && (oldest == NULL || d->list[i].used < oldest->used))
				oldest = &d->list[i];
		if (oldest == NULL)
			return;
		d->index_bytes -= oldest->info.meta.count * sizeof(*oldest->index);
		free(oldest->index);
		oldest->index = NULL;
	}
}

static int
build_index(struct duplicates *d, struct known *k, struct err *e)
{
	uint32_t n = k->info.meta.count;
	struct opened *o = open_segment(d, &k->info, e);
	uint64_t *index;
	struct event ev;

	if (o == NULL)
		return -1;
	index = mem_alloc(n * sizeof(*index));
	for (uint32_t row = 0; row < n; row++) {
		if (segment_event(o->stored->columns, row, IDENTITY, &ev, e) < 0) {
			free(index);
			return -1;
		}
		index[row] = event_key(d->st, &ev) << 16 | row;
	}
	qsort(index, n, sizeof(*index), by_number);
	drop_indexes(d, n * sizeof(*index));
	k->index = index;
	d->index_bytes += n * sizeof(*index);
	return 0;
}

/* The first place of the index that is not below x. */
static uint32_t
index_find(const struct known *k, uint64_t x)
{
	uint32_t low = 0, high = k->info.meta.count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (k->index[middle] < x)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
same_identity(const struct event *a, const struct event *b)
{
	struct str source_a = event_has(a, FIELD_SOURCE) ? a->v[FIELD_SOURCE] : STR("");
	struct str source_b = event_has(b, FIELD_SOURCE) ? b->v[FIELD_SOURCE] : STR("");

	return a->time == b->time && event_has(b, FIELD_ID) && str_eq(a->v[FIELD_ID], b->v[FIELD_ID]) &&
	    str_eq(source_a, source_b);
}

/*
 * Other content than is stored is a conflict, unless an erasure changed what is
 * stored: what came in before cannot be compared any more, and comes in again
 * with the person in it.  An erased event that was pruned since is not found,
 * and neither is one whose id or source had the person: those are new events.
 */
static int
judge(struct duplicates *d, const struct event *new, const struct event *old, uint64_t seq, enum append_result *result,
    struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	*result = APPEND_DUPLICATE;
	if (event_same(new, old))
		return 0;
	if ((s = db_statement(&d->st->db, ST_ERASED_EXISTS, e)) == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)seq);
	rc = db_step(&d->st->db, s, e);
	sqlite3_reset(s);
	if (rc == 0)
		*result = APPEND_CONFLICT;
	return rc < 0 ? -1 : 0;
}

static int
find_in_segment(struct duplicates *d, struct known *k, const struct event *ev, uint64_t key,
    enum append_result *result, struct err *e)
{
	struct opened *o;
	struct event old;
	int may;

	if ((may = may_have_id(d, k, ev->v[FIELD_ID], e)) <= 0)
		return may;
	if (k->index == NULL && build_index(d, k, e) < 0)
		return -1;
	k->used = ++d->clock;
	for (uint32_t at = index_find(k, key << 16); at < k->info.meta.count && k->index[at] >> 16 == key << 16 >> 16;
	     at++) {
		uint32_t row = (uint32_t)k->index[at] & 0xffff;

		if ((o = open_segment(d, &k->info, e)) == NULL ||
		    segment_event(o->stored->columns, row, IDENTITY, &old, e) < 0)
			return -1;
		if (!same_identity(ev, &old))
			continue;
		if (segment_event(o->stored->columns, row, FIELD_ALL, &old, e) < 0)
			return -1;
		return judge(d, ev, &old, store_row_seq(o->stored, row), result, e);
	}
	return 0;
}

static int
find_in_tail(struct duplicates *d, const struct event *ev, uint64_t key, enum append_result *result, struct err *e)
{
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
			if (event_parse(&old, line.p, line.len, &event_stored, &d->tape, &d->arena, &detail) == EVENT_OK &&
			    same_identity(ev, &old))
				rc = judge(d, ev, &old, d->tail[low].seq, result, e);
			sqlite3_reset(s);
		}
		if (rc < 0 || *result != APPEND_STORED)
			return rc < 0 ? -1 : 0;
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

		if (d->list[middle].info.meta.min_time <= ev->time)
			low = middle + 1;
		else
			high = middle;
	}
	/* ... while any of them reaches it. */
	while (low-- > 0 && d->reach[low] >= ev->time && *result == APPEND_STORED)
		if (d->list[low].info.meta.max_time >= ev->time && find_in_segment(d, &d->list[low], ev, key, result, e) < 0)
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
