/*
 * lines: events as JSON lines (see lines.h).
 *
 * In: lines, canonical or as producers write them.   Out: events that match.
 */
#include "query/lines.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/stream.h"

#define READ_BYTES (256 * 1024)
#define LOOKS_MAX 20
#define GO_ON_LINES 1024 /* how often go_on is asked */

struct kept {
	int64_t time;
	uint64_t seq;
	const char *p;
	size_t len;
};

struct lines {
	const struct filter *filter;
	struct kept *kept;
	size_t n, cap;
	uint64_t examined, faulty;
	uint64_t first, end;   /* seqs that lines_look is to keep */
	struct store_view view;
	struct arena bytes;    /* of the kept lines */
	struct json_tape tape;
	struct arena scratch;
	struct filter_scratch *matching;
	struct event event;
};

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
	free(l->kept);
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
	l->examined = l->faulty = 0;
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

/* A line of the store, for store_tail. */
static int
add_stored(void *arg, uint64_t seq, struct str line, struct err *e)
{
	struct lines *l = arg;

	if (seq < l->first || seq >= l->end)
		return 0;
	l->examined++;
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

const struct store_view *
lines_view(const struct lines *l)
{
	return &l->view;
}

/* Reads the tail of the view; its beginning is left out where it is known
 * which lines that is: nothing was pruned behind the segments. */
static int
read_tail(struct lines *l, struct store *st, uint64_t sealed, bool *moved, struct err *e)
{
	const struct store_view *v = &l->view;
	uint64_t first = 0, count = v->tail;

	*moved = false;
	if (v->size - sealed == v->tail && l->first > sealed) {
		first = l->first < v->size ? l->first : v->size;
		count = v->size - first;
	}
	return count > 0 ? store_tail(st, first, v->size, count, moved, add_stored, l, e) : 0;
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
		rc = read_tail(l, st, *n > 0 ? (*list)[*n - 1].last + 1 : 0, &moved, e);
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

uint64_t
lines_faulty(const struct lines *l)
{
	return l->faulty;
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

struct reader {
	struct instream *in;
	struct buf buf;
	size_t at;    /* of the next line in buf */
	bool end;     /* of the input */
	bool skipping; /* the rest of a line that is too long */
};

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
			if (!skip)
				return 1;
			continue;
		}
		if (r->end)
			return 0;
		if (have > 0)
			memmove(r->buf.p, start, have);
		r->buf.len = have;
		r->at = 0;
		buf_reserve(&r->buf, READ_BYTES);
		if ((got = instream_read(r->in, r->buf.p + have, READ_BYTES, e)) < 0)
			return -1;
		r->buf.len += (size_t)got;
		r->end = got == 0;
	}
}

/* Calls each for every line of a file. */
static int
each_line(const char *path, int (*go_on)(struct err *e), int (*each)(void *arg, uint64_t number, struct str line),
    void *arg, struct err *e)
{
	struct reader r = { .in = instream_open(path, e) };
	struct str line;
	uint64_t number = 0;
	int rc;

	if (r.in == NULL)
		return -1;
	buf_reserve(&r.buf, READ_BYTES);
	while ((rc = next_line(&r, &line, e)) > 0) {
		if (go_on != NULL && number % GO_ON_LINES == 0 && (rc = go_on(e)) < 0)
			break;
		if ((rc = each(arg, number++, line)) < 0)
			break;
	}
	instream_close(r.in);
	buf_fini(&r.buf);
	return rc;
}

/* A line into l->event: whether it is an event that matches. */
static bool
match_line(struct lines *l, struct str line)
{
	enum event_fault fault = parse(l, line.p, line.len, &l->event);

	if (fault == EVENT_BLANK)
		return false;
	l->examined++;
	if (fault != EVENT_OK) {
		l->faulty++;
		return false;
	}
	return filter_match(l->filter, &l->event, l->matching);
}

static int
keep_line(void *arg, uint64_t number, struct str line)
{
	struct lines *l = arg;

	if (match_line(l, line))
		keep(l, number, line);
	return 0;
}

int
lines_read(struct lines *l, const char *path, int (*go_on)(struct err *e), struct err *e)
{
	return each_line(path, go_on, keep_line, l, e);
}

struct passing {
	struct lines *lines;
	void (*each)(void *arg, const struct event *ev);
	void *arg;
};

static int
pass_line(void *arg, uint64_t number, struct str line)
{
	struct passing *p = arg;

	(void)number;
	if (match_line(p->lines, line))
		p->each(p->arg, &p->lines->event);
	return 0;
}

int
lines_each(const char *path, const struct query_options *o, void (*each)(void *arg, const struct event *ev), void *arg,
    uint64_t *examined, uint64_t *faulty, struct err *e)
{
	struct passing p = { lines_new(o->filter), each, arg };
	int rc = each_line(path, o->go_on, pass_line, &p, e);

	*examined += p.lines->examined;
	*faulty += p.lines->faulty;
	lines_free(p.lines);
	return rc;
}
