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

/* Those of texts from first to before end, which lie together. */
static int
write_run(struct export_events *x, struct render *r, const struct query_texts *texts, size_t first, size_t end,
    struct err *e)
{
	size_t from = first > 0 ? texts->event[first - 1].end : 0, to = end > first ? texts->event[end - 1].end : from;

	if (render_texts(r, (struct str){ texts->bytes.p + from, to - from }, end - first, e) != 0)
		return -1;
	for (size_t i = first; i < end; i++)
		count_event(x, texts->event[i].seq);
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
		if (write_run(x, r, &texts, first, i, e) != 0)
			return -1;
		first = i + 1;
	}
	return 1;
}

/* The same for one event. */
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
