/*
 * fuzz auditd: whatever the log is, no record is lost or told twice, every
 * event is a canonical line, memory is bounded, and reading from a position
 * again gives the same events, as does reading in pieces.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ingest/auditd.h"
#include "ingest/auditd_record.h"
#include "ingest/cut.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Below this no limit is met, which would make a difference from where it is read. */
#define LINES_MAX 60

struct log {
	const char *p;
	size_t len, lines;
	size_t marks; /* blank lines and EOE records, which are in no event */
};

static void
require(int condition, const char *what, struct str s)
{
	if (!condition) {
		fprintf(stderr, "fuzz auditd: %s: %.*s\n", what, (int)s.len, s.p);
		abort();
	}
}

/* The canonical line, read again, is itself. */
static void
check_event(const struct event *ev, struct buf *line)
{
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };
	struct buf again = { 0 };
	struct event back;
	const char *detail;
	size_t start = line->len;
	struct str one;

	event_format(line, ev);
	one = (struct str){ line->p + start, line->len - start };
	require(event_parse(&back, one.p, one.len, &event_stored, &tape, &arena, &detail) == EVENT_OK,
	    "no event", one);
	event_format(&again, &back);
	require(str_eq(one, buf_view(&again)), "not canonical", buf_view(&again));
	require(ev->v[FIELD_ID].len <= EVENT_ID_MAX, "a long id", one);
	buf_byte(line, '\n');
	buf_fini(&again);
	arena_fini(&arena);
	json_tape_fini(&tape);
}

static size_t
take(struct auditd *a, struct buf *out)
{
	struct auditd_item it;
	size_t records = 0;

	while (auditd_next(a, &it)) {
		records += it.records;
		if (it.fault == EVENT_OK)
			check_event(&it.ev, out);
		else {
			buf_printf(out, "! %llu\n", (unsigned long long)it.offset);
			require(it.end <= auditd_position(a), "a fault that will come again", it.raw);
		}
	}
	require(auditd_held(a) <= AUDITD_HELD_MAX + AUDITD_FAULTS_MAX * AUDITD_LINE_MAX, "too much held", STR(""));
	return records;
}

static bool
is_mark(struct str line)
{
	struct auditd_head h;
	const char *detail;

	if (auditd_line_blank(line))
		return true;
	return auditd_head_parse(&h, line, &detail) == EVENT_OK && h.known != NULL && h.known->role == AUDITD_END;
}

/* Feeds from `at` to the end of line `stop`; returns the records given out. */
static size_t
feed(struct auditd *a, struct log *log, size_t at, size_t stop, struct buf *out)
{
	size_t records = 0;

	for (log->lines = log->marks = 0; at < log->len && log->lines < stop; log->lines++) {
		const char *newline = memchr(log->p + at, '\n', log->len - at);
		size_t n = newline != NULL ? (size_t)(newline - log->p) - at : log->len - at;
		uint64_t position = auditd_position(a);

		log->marks += is_mark((struct str){ log->p + at, n });
		auditd_feed(a, (struct str){ log->p + at, n }, at, at + n + (newline != NULL), log->lines);
		records += take(a, out);
		require(auditd_position(a) >= position, "the position went back", STR(""));
		at += n + (newline != NULL);
	}
	return records;
}

static size_t
finish(struct auditd *a, struct buf *out)
{
	size_t records;

	auditd_flush(a);
	records = take(a, out);
	require(auditd_open(a) == 0 && auditd_held(a) == 0, "something is left", STR(""));
	auditd_free(a);
	return records;
}

/* Every line of `part` is a line of `whole`. */
static void
check_part(const struct buf *part, const struct buf *whole)
{
	for (size_t at = 0; at < part->len;) {
		size_t n = (size_t)((char *)memchr(part->p + at, '\n', part->len - at) - (part->p + at)) + 1;

		require(memmem(whole->p, whole->len, part->p + at, n) != NULL, "not the same again",
		    (struct str){ part->p + at, n });
		at += n;
	}
}

static void
check_cutter(const struct log *log, size_t piece, const struct buf *whole)
{
	struct cutter c = cut_auditd(0, 0);
	struct buf out = { 0 };
	struct cut_record r;
	struct err e = ERR_NONE;
	uint64_t lines;

	for (size_t at = 0; at <= log->len; at += piece) {
		if (at + piece > log->len) {
			c.kind->feed(c.state, log->p + at, log->len - at);
			c.kind->end(c.state, true);
		} else
			c.kind->feed(c.state, log->p + at, piece);
		while (c.kind->next(c.state, &r, &e) > 0)
			if (r.fault == EVENT_OK)
				buf_printf(&out, "%.*s\n", (int)r.text.len, r.text.p);
			else
				buf_printf(&out, "! %llu\n", (unsigned long long)r.offset);
	}
	require(str_eq(buf_view(&out), buf_view(whole)), "other events in pieces", buf_view(&out));
	require(c.kind->position(c.state, &lines) == log->len, "not at the end", STR(""));
	require(lines == log->lines, "other lines", STR(""));
	c.kind->free(c.state);
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct log log = { .p = (const char *)data, .len = size };
	struct buf whole = { 0 }, part = { 0 };
	struct auditd *a = auditd_new(0, 0);
	size_t records, stop;
	uint64_t position;

	records = feed(a, &log, 0, SIZE_MAX, &whole);
	records += finish(a, &whole);
	require(records == log.lines - log.marks, "records lost or doubled", (struct str){ log.p, log.len });
	if (size > 0)
		check_cutter(&log, 1 + (size_t)data[0] * size / 256, &whole);
	if (log.lines > 0 && log.lines < LINES_MAX) {
		stop = data[0] % log.lines;
		a = auditd_new(0, 0);
		feed(a, &log, 0, stop, &part);
		position = auditd_position(a);
		auditd_free(a);
		buf_reset(&part);
		a = auditd_new(0, 0);
		feed(a, &log, position, SIZE_MAX, &part);
		finish(a, &part);
		check_part(&part, &whole);
	}
	buf_fini(&whole);
	buf_fini(&part);
	return 0;
}
