/*
 * export_events: from a query to a renderer (see export_events.h).
 *
 * In: events, or batches of them as text that several threads made.
 * Out: the same through the renderer, but for those that came after the
 * export began.
 */
#include "cli/export_events.h"

#define PROGRESS_EVENTS 256 /* between two looks at the clock */

/* Not one that came after the intent, or is the intent. */
static bool
is_asked(const struct export_events *x, uint64_t seq)
{
	return seq < x->size;
}

/* One that was written. */
static void
count_event(struct export_events *x, uint64_t seq)
{
	if (x->files != NULL)
		export_files_event(x->files, seq);
	if (x->count == 0 || seq < x->first)
		x->first = seq;
	if (x->count == 0 || seq > x->last)
		x->last = seq;
	x->count++;
}

/* Of a batch, those from first to before end, which lie together. */
struct run {
	const struct query_texts *texts;
	size_t first, end;
};

static size_t
text_begin(const struct run *t)
{
	return t->first > 0 ? t->texts->event[t->first - 1].end : 0;
}

/* How many of the run a file takes that may have so many bytes. */
static size_t
fitting(const struct run *t, const struct outstream *out, uint64_t bytes)
{
	size_t begin = text_begin(t), i = t->first;

	while (i < t->end && outstream_would_be(out, t->texts->event[i].end - begin) <= bytes)
		i++;
	return i - t->first;
}

/* How many of the run go into the part at work, *n; 0: it is full. */
static int
find_room(const struct export_files *f, const struct run *t, size_t *n, struct err *e)
{
	*n = t->end - t->first;
	if (f->split.events > 0 && *n > f->split.events - f->now.count)
		*n = (size_t)(f->split.events - f->now.count);
	if (f->split.bytes == 0)
		return 0;
	*n = fitting(t, f->out, f->split.bytes);
	if (*n == 0) {
		/* Less, perhaps, once it is compressed. */
		if (outstream_flush(f->out, e) != 0)
			return -1;
		*n = fitting(t, f->out, f->split.bytes);
	}
	/* One that is larger than a part has one of its own. */
	if (*n == 0 && f->now.count == 0)
		*n = 1;
	return 0;
}

static int
next_part(struct export_events *x, struct render *r, struct err *e)
{
	return export_files_next(x->files, e) == 0 ? render_go_on(r, x->files->out, e) : -1;
}

static int
write_run(struct export_events *x, struct render *r, struct run t, struct err *e)
{
	while (t.first < t.end) {
		size_t n = t.end - t.first, begin = text_begin(&t);

		if (x->files != NULL && find_room(x->files, &t, &n, e) != 0)
			return -1;
		if (n == 0) {
			if (next_part(x, r, e) != 0)
				return -1;
			continue;
		}
		if (render_texts(r, (struct str){ t.texts->bytes.p + begin, t.texts->event[t.first + n - 1].end - begin }, n,
		        e) != 0)
			return -1;
		for (; n > 0; n--)
			count_event(x, t.texts->event[t.first++].seq);
	}
	return 0;
}

/* As text that several threads made: 1, 0 when there is no more, -1. */
static int
write_texts(struct export_events *x, struct query *q, struct render *r, struct err *e)
{
	struct query_texts texts;
	size_t first = 0;
	int rc = query_texts(q, &texts, e);

	if (rc != 1)
		return rc;
	for (size_t i = 0; i <= texts.n; i++) {
		if (i < texts.n && is_asked(x, texts.event[i].seq))
			continue;
		if (write_run(x, r, (struct run){ &texts, first, i }, e) != 0)
			return -1;
		first = i + 1;
	}
	return 1;
}

/* The same for one event, of a format that is not split. */
static int
write_event(struct export_events *x, struct query *q, struct render *r, struct err *e)
{
	const struct event *ev;
	uint64_t seq;
	int rc = query_next(q, &ev, &seq, e);

	if (rc != 1 || !is_asked(x, seq))
		return rc;
	if (render_event(r, ev, seq, e) != 0)
		return -1;
	count_event(x, seq);
	return 1;
}

int
export_events_write(struct export_events *x, struct query *q, struct render *r, bool texts,
    struct progress *progress, struct err *e)
{
	uint64_t told = 0;
	int rc;

	while ((rc = texts ? write_texts(x, q, r, e) : write_event(x, q, r, e)) == 1 && (rc = cli_go_on(e)) == 0) {
		if (x->count - told < PROGRESS_EVENTS)
			continue;
		told = x->count;
		progress_update(progress, told, -1);
	}
	return rc;
}
