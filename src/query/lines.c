/*
 * lines: events as JSON lines (see lines.h).
 *
 * In: lines, canonical or as producers write them.   Out: events that match.
 */
#include "query/lines.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/stream.h"
#include "query/order.h"

#define READ_BYTES (256 * 1024)
#define LOOKS_MAX 20

struct kept {
	int64_t time;
	uint64_t seq;
	char *p;
	size_t len;
};

struct reader {
	struct instream *in;
	struct buf buf;
	size_t at;    /* of the next line in buf */
	bool end;     /* of the input */
	bool skipping; /* the rest of a line that is too long */
	const char *path;
	int (*go_on)(struct err *e); /* asked before each read: a line may never end */
	uint64_t line; /* number of the last one, from 1 */
};

struct lines {
	const struct filter *filter;
	struct kept *kept;
	size_t n, cap;
	struct best best;      /* of the kept ones; max 0: all are kept */
	uint64_t number;       /* lines of files so far */
	struct {
		const char *const *path; /* NULL: no stream */
		size_t n;                /* left */
		struct reader reader;    /* of the first of them, when open */
		int (*go_on)(struct err *e);
	} stream;
	uint64_t examined;
	struct query_faulty faulty;
	uint64_t first, end;   /* seqs that lines_look is to keep */
	const struct only *only; /* and of these; NULL: all */
	struct store_view view;
	struct arena bytes;    /* of the kept lines */
	struct json_tape tape;
	struct arena scratch;
	struct filter_scratch *matching;
	struct event event;
};

/* ---- lines of a file ---- */

/* The next line without its newline: 1, 0 at the end, -1.  One that is longer
 * than an event may be comes cut off. */
static int
next_line(struct reader *r, struct str *line, struct err *e)
{
	for (;;) {
		char *start = r->buf.p + r->at, *nl = NULL;
		size_t have = r->buf.len - r->at;
		ssize_t got;

		if (have > 0)
			nl = memchr(start, '\n', have);
		if (nl != NULL || (r->end && have > 0) || have > JSON_STORED_MAX) {
			bool skip = r->skipping;

			*line = (struct str){ start, nl != NULL ? (size_t)(nl - start) : have };
			r->at += line->len + (nl != NULL);
			r->skipping = nl == NULL && !r->end;
			if (skip)
				continue;
			r->line++;
			return 1;
		}
		if (r->end)
			return 0;
		if (have > 0)
			memmove(r->buf.p, start, have);
		r->buf.len = have;
		r->at = 0;
		buf_reserve(&r->buf, READ_BYTES);
		if (r->go_on != NULL && r->go_on(e) < 0)
			return -1;
		if ((got = instream_read(r->in, r->buf.p + have, READ_BYTES, e)) < 0)
			return -1;
		r->buf.len += (size_t)got;
		r->end = got == 0;
	}
}

static int
reader_open(struct reader *r, const char *path, int (*go_on)(struct err *e), struct err *e)
{
	*r = (struct reader){ .in = instream_open(path, e), .path = path, .go_on = go_on };
	if (r->in == NULL)
		return -1;
	buf_reserve(&r->buf, READ_BYTES);
	return 0;
}

static void
reader_close(struct reader *r)
{
	instream_close(r->in);
	buf_fini(&r->buf);
	*r = (struct reader){ 0 };
}

/* ---- memory ---- */

struct lines *
lines_new(const struct filter *f)
{
	struct lines *l = mem_zero(1, sizeof(*l));

	l->filter = f;
	l->end = UINT64_MAX;
	l->matching = filter_scratch_new();
	return l;
}

void
lines_free(struct lines *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n && l->best.max > 0; i++)
		free(l->kept[i].p);
	free(l->kept);
	free(l->best.item);
	reader_close(&l->stream.reader);
	arena_fini(&l->bytes);
	arena_fini(&l->scratch);
	json_tape_fini(&l->tape);
	filter_scratch_free(l->matching);
	free(l);
}

static void
reset(struct lines *l)
{
	l->n = 0;
	l->examined = 0;
	l->faulty = (struct query_faulty){ 0 };
	arena_reset(&l->bytes);
}

static enum event_fault
parse(struct lines *l, const char *p, size_t len, struct event *ev)
{
	const char *detail;

	arena_reset(&l->scratch);
	return event_parse(ev, p, len, &event_stored, &l->tape, &l->scratch, &detail);
}

static void
keep(struct lines *l, uint64_t seq, struct str line)
{
	mem_grow(&l->kept, &l->cap, l->n + 1, sizeof(*l->kept));
	l->kept[l->n++] = (struct kept){ l->event.time, seq, arena_copy(&l->bytes, line.p, line.len), line.len };
}

/* Lines of the store, for store_tail_from. */
static bool
is_worth_reading(void *arg, uint64_t seq, struct str line)
{
	struct lines *l = arg;

	if (seq < l->first || seq >= l->end || (l->only != NULL && !only_has(l->only, seq)))
		return false;
	l->examined++;
	return filter_may_match(l->filter, line);
}

static int
add_stored(void *arg, uint64_t seq, struct str line, struct err *e)
{
	struct lines *l = arg;

	if (parse(l, line.p, line.len, &l->event) != EVENT_OK)
		return err_set(e, ERR_INTEGRITY, "the tail's line at seq %llu is damaged", (unsigned long long)seq);
	if (filter_match(l->filter, &l->event, l->matching))
		keep(l, seq, line);
	return 0;
}

int
lines_ignore(void *arg, uint64_t seq, struct str line, struct err *e)
{
	(void)arg;
	(void)seq;
	(void)line;
	(void)e;
	return 0;
}

void
lines_range(struct lines *l, uint64_t first, uint64_t end)
{
	l->first = first;
	l->end = end;
}

void
lines_only(struct lines *l, const struct only *only)
{
	l->only = only;
}

const struct store_view *
lines_view(const struct lines *l)
{
	return &l->view;
}

/* A writer may seal the tail between the two: then all is asked anew. */
int
lines_look(struct lines *l, struct store *st, struct segment_info **list, size_t *n, struct err *e)
{
	for (unsigned i = 0; i < LOOKS_MAX; i++) {
		bool moved;
		int rc;

		reset(l);
		if (store_view(st, &l->view, list, n, e) < 0)
			return -1;
		rc = store_tail_from(st, &l->view, *n > 0 ? (*list)[*n - 1].last + 1 : 0, l->first, &moved,
		    is_worth_reading, add_stored, l, e);
		if (rc == 0 && !moved)
			return 0;
		free(*list);
		if (rc < 0)
			return -1;
	}
	return err_set(e, ERR_BUSY, "%s: writers leave no moment to read the newest events", store_path(st));
}

size_t
lines_count(const struct lines *l)
{
	return l->n;
}

uint64_t
lines_examined(const struct lines *l)
{
	return l->examined;
}

const struct query_faulty *
lines_faulty(const struct lines *l)
{
	return &l->faulty;
}

int64_t
lines_time(const struct lines *l, size_t i)
{
	return l->kept[i].time;
}

uint64_t
lines_seq(const struct lines *l, size_t i)
{
	return l->kept[i].seq;
}

int
lines_event(struct lines *l, size_t i, struct event *out, struct err *e)
{
	if (parse(l, l->kept[i].p, l->kept[i].len, out) != EVENT_OK)
		return err_set(e, ERR_INTEGRITY, "a line that was read before cannot be read again");
	return 0;
}

/* ---- files ---- */

/* The last line of r into l->event: whether it is an event that matches. */
static bool
match_line(struct lines *l, const struct reader *r, struct str line)
{
	enum event_fault fault = parse(l, line.p, line.len, &l->event);

	if (fault == EVENT_BLANK)
		return false;
	l->examined++;
	if (fault != EVENT_OK) {
		if (l->faulty.lines++ == 0) {
			l->faulty.path = r->path;
			l->faulty.line = r->line;
			l->faulty.fault = fault;
		}
		return false;
	}
	return filter_match(l->filter, &l->event, l->matching);
}

/* The next line that matches, which has the number l->number - 1: 1, its event
 * is l->event; 0 at the end of the file; -1. */
static int
next_match(struct lines *l, struct reader *r, struct str *line, struct err *e)
{
	int rc;

	while ((rc = next_line(r, line, e)) > 0) {
		l->number++;
		if (match_line(l, r, *line))
			return 1;
	}
	return rc;
}

void
lines_keep_best(struct lines *l, enum query_order order, uint64_t limit)
{
	if (limit > 0 && limit < UINT32_MAX)
		best_init(&l->best, order, (size_t)limit);
}

/* Among the best, in the memory of the one that has to go for it. */
static void
keep_best(struct lines *l, uint64_t seq, struct str line)
{
	struct ranked r = { { l->event.time, seq }, (uint32_t)l->n }, gone;
	struct kept *k;

	if (!best_wants(&l->best, r.place))
		return;
	if (l->n == l->best.max)
		r.row = best_next_row(&l->best);
	if (!best_add(&l->best, r, &gone)) {
		mem_grow(&l->kept, &l->cap, l->n + 1, sizeof(*l->kept));
		l->kept[l->n++] = (struct kept){ 0 };
	}
	k = &l->kept[r.row];
	*k = (struct kept){ l->event.time, seq, mem_resize(k->p, line.len), line.len };
	memcpy(k->p, line.p, line.len);
}

int
lines_read(struct lines *l, const char *path, int (*go_on)(struct err *e), struct err *e)
{
	struct reader r;
	struct str line;
	int rc;

	if (reader_open(&r, path, go_on, e) < 0)
		return -1;
	while ((rc = next_match(l, &r, &line, e)) > 0)
		if (l->best.max > 0)
			keep_best(l, l->number - 1, line);
		else
			keep(l, l->number - 1, line);
	reader_close(&r);
	return rc;
}

void
lines_stream(struct lines *l, const char *const *path, size_t n, int (*go_on)(struct err *e))
{
	l->stream.path = path;
	l->stream.n = n;
	l->stream.go_on = go_on;
}

bool
lines_streaming(const struct lines *l)
{
	return l->stream.path != NULL;
}

int
lines_next(struct lines *l, const struct event **ev, uint64_t *seq, struct err *e)
{
	struct reader *r = &l->stream.reader;
	struct str line;
	int rc;

	for (; l->stream.n > 0; l->stream.path++, l->stream.n--) {
		if (r->in == NULL && reader_open(r, *l->stream.path, l->stream.go_on, e) < 0)
			return -1;
		if ((rc = next_match(l, r, &line, e)) < 0)
			return -1;
		if (rc > 0) {
			*ev = &l->event;
			*seq = l->number - 1;
			return 1;
		}
		reader_close(r);
	}
	return 0;
}

int
lines_trouble(const struct lines *l, struct err *e)
{
	return filter_trouble(l->matching, e);
}

int
lines_each(const char *path, const struct query_options *o, void (*each)(void *arg, const struct event *ev), void *arg,
    uint64_t *examined, struct query_faulty *faulty, struct err *e)
{
	struct lines *l = lines_new(o->filter);
	struct reader r;
	struct str line;
	int rc = reader_open(&r, path, o->go_on, e);

	if (rc == 0) {
		while ((rc = next_match(l, &r, &line, e)) > 0)
			each(arg, &l->event);
		reader_close(&r);
	}
	if (rc == 0)
		rc = lines_trouble(l, e);
	*examined += l->examined;
	if (faulty->lines == 0)
		*faulty = l->faulty;
	else
		faulty->lines += l->faulty.lines;
	lines_free(l);
	return rc;
}
