/*
 * cut_auditd: Linux audit records, a line each, as events in our own form.
 *
 * In: bytes of the log.   Out: canonical lines of events, and faulty lines.
 */
#include <stdlib.h>

#include "ingest/auditd.h"
#include "ingest/auditd_record.h"
#include "ingest/cut.h"

/* Of a line that is too long: enough to be seen as that. */
#define LINE_KEEP (AUDITD_LINE_MAX + 1)

struct reader {
	struct auditd *a;
	struct buf text;     /* fed, and needed from `at` on */
	size_t at;
	uint64_t skipped;    /* bytes of the line at `at` that are not in text; they end it */
	uint64_t offset;     /* of `at` in the stream, */
	uint64_t line;       /* and how many lines are before it */
	bool whole;          /* nothing more will come */
	bool flushed;
	struct buf event;    /* what the caller has borrowed */
};

/* Of a line that goes on and on nothing more is kept; returns what is read over. */
static size_t
skip(struct reader *r, const char *p, size_t len)
{
	const char *newline = memchr(p, '\n', len);
	size_t n = newline != NULL ? (size_t)(newline - p) : len;

	r->skipped += n;
	return n;
}

static void
cut_feed(void *state, const char *p, size_t len)
{
	struct reader *r = state;

	buf_drop(&r->text, r->at);
	r->at = 0;
	if (r->skipped > 0) {
		size_t n = skip(r, p, len);

		p += n;
		len -= n;
	}
	buf_add(&r->text, p, len);
}

static void
cut_end(void *state, bool whole)
{
	((struct reader *)state)->whole = whole;
}

static void
cut_idle(void *state)
{
	auditd_flush(((struct reader *)state)->a);
}

/* The next whole line is fed; false when there is none. */
static bool
take_line(struct reader *r)
{
	struct str rest = { r->text.len > 0 ? r->text.p + r->at : "", r->text.len - r->at };
	const char *newline = memchr(rest.p, '\n', rest.len);
	size_t len = newline != NULL ? (size_t)(newline - rest.p) : rest.len;
	uint64_t end = r->offset + r->skipped + len + (newline != NULL);

	if (newline == NULL && len > LINE_KEEP) {
		r->skipped += len - LINE_KEEP;
		r->text.len = r->at + LINE_KEEP;
		len = LINE_KEEP;
	}
	if (newline == NULL && (!r->whole || len == 0))
		return false;
	auditd_feed(r->a, (struct str){ rest.p, len }, r->offset, end, r->line++);
	r->at += len + (newline != NULL);
	r->offset = end;
	r->skipped = 0;
	return true;
}

/* Of a log that may go on, open events stay open. */
static bool
flush(struct reader *r)
{
	if (!r->whole || r->flushed)
		return false;
	r->flushed = true;
	auditd_flush(r->a);
	return true;
}

static int
cut_next(void *state, struct cut_record *out, struct err *e)
{
	struct reader *r = state;
	struct auditd_item it;

	(void)e;
	while (!auditd_next(r->a, &it))
		if (!take_line(r) && !flush(r))
			return 0;
	*out = (struct cut_record){ .text = it.raw, .offset = it.offset, .end = it.end, .line = it.line,
		.fault = it.fault, .detail = it.detail };
	if (it.fault == EVENT_OK) {
		buf_reset(&r->event);
		event_format(&r->event, &it.ev);
		out->text = buf_view(&r->event);
	}
	return 1;
}

static uint64_t
cut_position(const void *state, uint64_t *lines)
{
	const struct reader *r = state;

	*lines = auditd_position_line(r->a);
	return auditd_position(r->a);
}

static bool
cut_incomplete(const void *state)
{
	const struct reader *r = state;

	return r->at < r->text.len || auditd_open(r->a) > 0;
}

static void
cut_free(void *state)
{
	struct reader *r = state;

	if (r == NULL)
		return;
	auditd_free(r->a);
	buf_fini(&r->text);
	buf_fini(&r->event);
	free(r);
}

struct cutter
cut_auditd(uint64_t offset, uint64_t lines)
{
	static const struct cut_kind kind = { .feed = cut_feed, .end = cut_end, .idle = cut_idle,
		.next = cut_next, .position = cut_position, .incomplete = cut_incomplete, .free = cut_free };
	struct reader *r = mem_zero(1, sizeof(*r));

	r->a = auditd_new(offset, lines);
	r->offset = offset;
	r->line = lines;
	return (struct cutter){ .kind = &kind, .state = r };
}
