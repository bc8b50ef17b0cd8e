/*
 * feed: rows and events of one segment (see feed.h).
 */
#include "query/feed.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/bitmap.h"
#include "base/mem.h"
#include "query/text_maker.h"
#include "store/line_maker.h"

#define WORKERS_MAX 8
#define WORDS_MAX (SEGMENT_EVENTS_MAX / 64)
#define FEW_ROWS 4 /* so few are copied as soon as they are known, when they are */
#define FEW_BYTES (16 * 1024) /* at most so long */
#define NEAR 64 /* rows: read one after the other they cost about one block */
#define TEXT_NEAR 1024 /* rows up or down that a text_maker has the block of, mostly */
#define TEXT_FEW 8     /* rows for which columns are not decoded */

/* Memory of one thread. */
struct worker {
	struct crew *crew;
	struct matcher *matcher;  /* made when first needed */
	struct text_maker *maker; /* likewise, and its blocks of texts */
	struct row_blocks *blocks;
	uint64_t chosen[WORDS_MAX];           /* rows to be copied */
	uint32_t rank[SEGMENT_EVENTS_MAX];    /* and which of them a row is */
};

struct crew {
	const struct feed_scan *scan;
	pthread_mutex_t lock; /* around next */
	struct feed **feed;
	struct err *err;
	size_t n, next;
	size_t workers;
	struct worker *worker[WORKERS_MAX];
};

void
feed_close(struct feed *s)
{
	line_maker_free(s->lines_of);
	s->lines_of = NULL;
	store_segment_free(s->stored);
	s->stored = NULL;
	s->keep = false;
	if (s->direct)
		s->ready = s->at;
	s->direct = false;
}

int
feed_event(struct feed *s, field_set fields, struct event *out, struct err *e)
{
	if (packed_has(&s->packed, s->at)) {
		packed_get(&s->packed, s->at, out);
		return 0;
	}
	if (segment_event(s->stored->columns, s->row[s->at].row, fields, out, e) == 0)
		return 0;
	s->lost = s->stored->moved;
	return -1;
}

void
feed_free(struct feed *s)
{
	if (s == NULL)
		return;
	feed_close(s);
	packed_fini(&s->packed);
	free(s->bits);
	free(s->row);
	free(s);
}

/* ---- which rows ---- */

static int
match(struct worker *w, struct feed *s, struct err *e)
{
	uint32_t n = s->info.meta.count;
	enum verdict verdict;
	uint64_t *bits;

	if (w->matcher == NULL)
		w->matcher = matcher_new(w->crew->scan->filter);
	if (match_segment(w->matcher, s->stored, &verdict, &bits, e) < 0)
		return -1;
	if (w->crew->scan->only != NULL && verdict != MATCH_NONE) {
		if (verdict == MATCH_ALL)
			bitmap_fill(bits, n);
		only_clip(w->crew->scan->only, s->stored, bits);
		verdict = MATCH_SOME;
	}
	s->matched = true;
	s->empty = verdict == MATCH_NONE || (verdict == MATCH_SOME && bitmap_count(bits, n) == 0);
	if (verdict == MATCH_SOME && !s->empty)
		s->bits = mem_dup(bits, (n + 63) / 64 * sizeof(*bits));
	return 0;
}

static const int64_t *
times(struct feed *s, struct err *e)
{
	const struct column *c = segment_column(s->stored->columns, FIELD_TIME, e);

	if (c != NULL && c->kind != COLUMN_TIME) {
		err_set(e, ERR_INTEGRITY, "segment %lld has no times", (long long)s->info.id);
		return NULL;
	}
	return c != NULL ? c->time : NULL;
}

/* A row that matches, if it is wanted, among the best. */
static void
consider(struct feed *s, enum query_order order, struct best *best, const int64_t *time, uint32_t row)
{
	struct ranked r = { { time[row], store_row_seq(s->stored, row) }, row }, gone;

	if (r.place.seq < s->low || r.place.seq > s->high ||
	    (s->begun && place_compare(order, r.place, s->after) <= 0))
		return;
	if (!best_wants(best, r.place) || best_add(best, r, &gone))
		s->more = true;
}

/*
 * The next want_rows rows.  They are looked at in the order that they most
 * likely have; when that order is of rows itself, the first are enough.
 */
static int
choose_rows(struct feed *s, const struct feed_scan *scan, struct err *e)
{
	uint32_t n = s->info.meta.count;
	struct best best;
	const int64_t *time = times(s, e);

	if (time == NULL)
		return -1;
	best_init(&best, scan->order, s->want_rows);
	s->more = s->cut = false;
	for (uint32_t i = 0; i < n && !(s->more && scan->order == QUERY_ARRIVAL); i++) {
		uint32_t row = scan->order == QUERY_NEWEST ? n - 1 - i : i;

		if (s->bits == NULL || bitmap_has(s->bits, row))
			consider(s, scan->order, &best, time, row);
	}
	best_sort(&best);
	free(s->row);
	s->row = best.item;
	s->rows = (uint32_t)best.n;
	s->at = s->ready = 0;
	return 0;
}

/* Rows that will not be asked for wait behind the cut. */
static void
cut_rows(struct feed *s, const struct feed_scan *scan)
{
	while (scan->cut && s->rows > s->at &&
	    place_compare(scan->order, s->row[s->rows - 1].place, scan->last) > 0) {
		s->rows--;
		s->more = s->cut = true;
		s->bound = scan->last;
	}
}

/* ---- their events ---- */

/* Whether a row is read cheaply behind the last one.  A step back is a huge
 * one. */
static bool
is_near(const struct feed_scan *scan, uint32_t row, uint32_t last)
{
	uint32_t step = scan->order == QUERY_NEWEST ? last - row : row - last;

	return step <= NEAR || (scan->text != NULL && (step <= TEXT_NEAR || 0 - step <= TEXT_NEAR));
}

/*
 * Which of the next n rows are to be copied.  Of a segment that stays open,
 * those that follow each other are read when they are due; only what came late,
 * or early, is not.
 */
static void
choose_copied(struct worker *w, struct feed *s, uint32_t n)
{
	uint32_t last = 0;

	s->direct = false;
	for (uint32_t i = s->at; i < s->at + n; i++) {
		uint32_t row = s->row[i].row;

		if (s->keep && (i == s->at || is_near(w->crew->scan, row, last))) {
			packed_skip(&s->packed, i);
			s->direct = true;
			last = row;
		} else {
			bitmap_add(w->chosen, row);
			w->rank[row] = i;
		}
	}
}

/* What is to be made of n rows is loaded.  Of few rows columns are not decoded,
 * and then the segment cannot stay open. */
static int
prepare(struct worker *w, struct feed *s, uint32_t n, struct err *e)
{
	const struct feed_scan *scan = w->crew->scan;

	segment_expect(s->stored->columns, n);
	if (scan->text == NULL)
		return 0;
	if (w->maker == NULL) {
		w->blocks = row_blocks_new();
		w->maker = text_maker_new(scan, w->blocks);
	}
	text_maker_release(w->maker);
	row_blocks_forget(w->blocks);
	if (n <= TEXT_FEW)
		s->keep = false;
	return n > TEXT_FEW ? text_maker_load(s, scan, n, e) : 0;
}

/* Copies event i, of a row. */
static int
pack(struct worker *w, struct feed *s, uint32_t i, bool few, struct err *e)
{
	const struct feed_scan *scan = w->crew->scan;
	uint32_t row = s->row[i].row;
	struct event ev;
	int rc = 0;

	if ((scan->text == NULL || few) && segment_event(s->stored->columns, row, scan->fields, &ev, e) < 0)
		return -1;
	if (scan->text == NULL) {
		packed_add(&s->packed, i, &ev);
		return 0;
	}
	struct buf *out = packed_begin_text(&s->packed, i);
	if (few)
		text_maker_event(w->maker, &ev, s->row[i].place.seq, out);
	else
		rc = text_maker_row(w->maker, s, row, row, out, e);
	packed_end_text(&s->packed, i);
	return rc;
}

/* Copies the events of the next n rows in the order of rows, in which blocks
 * of texts are read once.  1, 0 when they are too large, -1. */
static int
copy_rows(struct worker *w, struct feed *s, uint32_t n, struct err *e)
{
	uint32_t words = (s->info.meta.count + 63) / 64;
	size_t copied = 0;

	if (prepare(w, s, n, e) < 0)
		return -1;
	memset(w->chosen, 0, words * sizeof(*w->chosen));
	packed_reset(&s->packed, s->rows);
	buf_reserve(&s->packed.bytes, s->want_bytes); /* so that it does not grow beyond */
	choose_copied(w, s, n);
	for (uint32_t word = 0; word < words; word++)
		for (uint64_t in = w->chosen[word]; in != 0; in &= in - 1) {
			uint32_t row = word * 64 + (uint32_t)__builtin_ctzll(in);

			if (pack(w, s, w->rank[row], n <= TEXT_FEW, e) < 0)
				return -1;
			if (s->packed.bytes.len > s->want_bytes && n > 1)
				return 0;
			copied++;
		}
	s->ready = s->at + n;
	if (copied > 0)
		s->event_bytes = s->packed.bytes.len / copied + 1;
	return 1;
}

/* Some room is left, because events differ. */
uint32_t
feed_fits(const struct feed *s)
{
	uint64_t one = s->event_bytes > 0 ? s->event_bytes : s->info.meta.bytes / s->info.meta.count + 1;
	uint64_t n = (s->want_bytes - s->want_bytes / 8) / one + 1;

	return n < SEGMENT_EVENTS_MAX ? (uint32_t)n : SEGMENT_EVENTS_MAX;
}

/* As many as fit; lines may be much longer than they are on average.  Where texts
 * are made elsewhere, only what came late has to fit. */
static int
copy_events(struct worker *w, struct feed *s, struct err *e)
{
	uint32_t n = s->rows - s->at;
	int rc;

	if (n > feed_fits(s) && !(s->keep && w->crew->scan->text != NULL))
		n = feed_fits(s);
	for (rc = 0; n > 0 && rc == 0; n = (n + 1) / 2)
		rc = copy_rows(w, s, n, e);
	return rc < 0 ? -1 : 0;
}

/* ---- at work ---- */

static int
open_segment(struct feed *s, struct store *st, struct err *e)
{
	if (s->stored == NULL && (s->stored = store_segment(st, &s->info, &s->lost, e)) == NULL)
		return -1;
	return 0;
}

/* Few rows, or as many as will be asked for all the same, and all that it will
 * give, are copied while the segment is open, if they are not long. */
static bool
copy_early(struct feed *s)
{
	uint64_t bytes = s->info.meta.bytes / s->info.meta.count * s->rows;
	bool few = s->rows <= FEW_ROWS && bytes <= FEW_BYTES;

	if (s->more || (!few && bytes > s->early_bytes))
		return false;
	s->keep = false;
	s->want_bytes = few ? FEW_BYTES : s->early_bytes + s->early_bytes / 4;
	return true;
}

static int
work_on(struct worker *w, struct feed *s, struct err *e)
{
	const struct feed_scan *scan = w->crew->scan;

	if ((scan->go_on != NULL && scan->go_on(e) < 0) || open_segment(s, scan->st, e) < 0 ||
	    (!s->matched && match(w, s, e) < 0))
		return -1;
	if (s->empty)
		return 0;
	if ((s->row == NULL || (s->more && s->rows - s->at < s->want_rows)) && choose_rows(s, scan, e) < 0)
		return -1;
	if (s->want_bytes == 0 && !copy_early(s))
		return 0;
	cut_rows(s, scan);
	return s->ready > s->at ? 0 : copy_events(w, s, e);
}

static bool
take(struct crew *c, size_t *i)
{
	bool got;

	pthread_mutex_lock(&c->lock);
	got = c->next < c->n;
	if (got)
		*i = c->next++;
	pthread_mutex_unlock(&c->lock);
	return got;
}

static void
work(void *item)
{
	struct worker *w = *(struct worker **)item;
	size_t i;

	while (take(w->crew, &i)) {
		struct feed *s = w->crew->feed[i];
		struct err *e = &w->crew->err[i];

		err_clear(e);
		if (work_on(w, s, e) < 0) {
			s->lost |= s->stored != NULL && s->stored->moved;
			if (s->lost)
				err_clear(e);
		}
		/* Nothing more is needed of it, or there is no room for it. */
		if (!s->keep || (!s->more && !s->direct && s->ready == s->rows))
			feed_close(s);
	}
}

/* The large tables are filled as they are used. */
static struct worker *
worker_new(struct crew *c)
{
	struct worker *w = mem_alloc(sizeof(*w));

	w->crew = c;
	w->matcher = NULL;
	w->maker = NULL;
	w->blocks = NULL;
	return w;
}

static void
worker_free(struct worker *w)
{
	matcher_free(w->matcher);
	text_maker_free(w->maker);
	row_blocks_free(w->blocks);
	free(w);
}

struct crew *
crew_new(const struct feed_scan *scan)
{
	struct crew *c = mem_zero(1, sizeof(*c));

	c->scan = scan;
	pthread_mutex_init(&c->lock, NULL);
	c->workers = scan->pool != NULL ? pool_cpus() : 1;
	if (c->workers > WORKERS_MAX)
		c->workers = WORKERS_MAX;
	return c;
}

void
crew_free(struct crew *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < WORKERS_MAX && c->worker[i] != NULL; i++)
		worker_free(c->worker[i]);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* The caller works too. */
void
crew_work(struct crew *c, struct feed **s, size_t n, struct err *err)
{
	size_t workers = n < c->workers ? n : c->workers;

	c->feed = s;
	c->err = err;
	c->n = n;
	c->next = 0;
	for (size_t i = 0; i < workers; i++)
		if (c->worker[i] == NULL)
			c->worker[i] = worker_new(c);
	pool_each(c->scan->pool, work, c->worker, workers, sizeof(struct worker *));
}
