/*
 * cut: bytes of a stream into a cutter, its records into chunks.
 *
 * The bytes before the place to go on from are remembered: after a restart
 * they tell whether the file is still the one that was read.
 *
 * In: bytes of a stream.   Out: chunks of records, with the place behind them.
 */
#include "ingest/cut.h"

#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/time.h"
#include "ingest/auditd.h"
#include "ingest/frame.h"
#include "ingest/journal_export.h"

#define PIECE (64 * 1024)      /* read at a time */
#define CHUNK_RECORDS 16384    /* in a chunk */
#define READ_MAX (4 * 1024 * 1024) /* for a chunk; then the caller may want to stop */
#define RECORD_QUIET (10 * 60 * TIME_SECOND)
#define DRAIN_MAX (1024 * 1024)
/* Bytes that are kept behind the last place, at most. */
#define KEPT_MAX (8 * 1024 * 1024)
/* Bytes before a record's end that tell it (frame.keep_tails). */
#define TAIL 256

struct cutter
cut_mapped(const struct mapping *m, uint64_t offset, uint64_t lines, struct str head)
{
	if (mapping_shape(m)->format == MAPPING_CSV)
		return cut_csv(m, offset, lines, head);
	return journal_export_begins(head) ? cut_journal(offset, lines) : cut_records(m, offset, lines);
}

/* ---- What was fed ---- */

/* Where f->rest begins in the stream; f->offset is where it ends. */
static uint64_t
kept_offset(const struct frame *f)
{
	return f->offset - f->rest.len;
}

/* Keeps no more than the last n bytes. */
static void
keep_last(struct frame *f, uint64_t n)
{
	if (n < f->rest.len)
		buf_drop(&f->rest, f->rest.len - (size_t)n);
}

static void
feed(struct frame *f, const char *p, size_t len)
{
	if (len == 0)
		return;
	if (f->rest.len > 2 * KEPT_MAX)
		keep_last(f, KEPT_MAX);
	buf_add(&f->rest, p, len);
	f->offset += len;
	f->fed = time_steady();
	f->cutter.kind->feed(f->cutter.state, p, len);
}

/* The bytes kept before `end`, at most n. */
static struct str
bytes_before(const struct frame *f, uint64_t end, size_t n)
{
	uint64_t from = kept_offset(f), have = end > from ? end - from : 0;

	if (have < n)
		n = (size_t)have;
	return (struct str){ n > 0 ? f->rest.p + (size_t)have - n : "", n };
}

/* Tells the place, when the bytes before it are at hand. */
static void
tell_place(struct frame *f, struct frame_place *place)
{
	uint64_t lines, offset = f->cutter.kind->position(f->cutter.state, &lines);
	struct str before = bytes_before(f, offset, FRAME_PLACE);

	if (offset <= f->placed || (before.len < FRAME_PLACE && kept_offset(f) != f->begun))
		return;
	*place = (struct frame_place){ .offset = offset, .lines = lines, .len = before.len };
	memcpy(place->before, before.p, before.len);
	f->placed = offset;
	keep_last(f, f->offset - offset + FRAME_PLACE);
}

/* ---- Records ---- */

static void
add_record(struct frame *f, struct frame_chunk *c, const struct cut_record *rec)
{
	struct frame_record *out;
	struct str text = rec->text, tail;

	mem_grow(&c->record, &c->record_cap, c->records + 1, sizeof(*c->record));
	out = &c->record[c->records++];
	*out = (struct frame_record){ .at = c->len, .offset = rec->offset, .end = rec->end, .line = rec->line,
		.fault = rec->fault, .detail = rec->detail };
	if (text.len > JSON_LEN_MAX && rec->fault == EVENT_OK)
		out->fault = EVENT_TOO_LONG;
	if (out->fault != EVENT_OK && text.len > FRAME_KEEP)
		text.len = FRAME_KEEP;
	out->len = text.len;
	memcpy(c->p + c->len, text.p, text.len);
	c->len += text.len;
	if (!f->keep_tails)
		return;
	tail = bytes_before(f, rec->end, TAIL);
	memcpy(c->p + c->len, tail.p, tail.len);
	out->tail = tail.len;
	c->len += tail.len;
}

enum taken { TAKEN_ERROR = -1, TAKEN_ALL, TAKEN_FULL };

static enum taken
take_records(struct frame *f, struct frame_chunk *c)
{
	struct cut_record rec;
	int got;

	while (c->len < FRAME_CHUNK && c->records < CHUNK_RECORDS) {
		struct err why = ERR_NONE;

		got = f->unreadable ? 0 : f->cutter.kind->next(f->cutter.state, &rec, &why);
		if (got < 0) {
			f->unreadable = true;
			err_doing(&why, "%s", instream_name(f->in));
			err_set(&f->err, why.code, "%s", why.text);
			return TAKEN_ERROR;
		}
		if (got == 0)
			return TAKEN_ALL;
		add_record(f, c, &rec);
	}
	return TAKEN_FULL;
}

/* auditd writes records with their newlines, and those of an event without a
 * pause: more does not belong to what is at the end of a file by then.  Of others
 * the last record, a row without newline say, is taken as it is when nobody has
 * written for long. */
static bool
is_untouched(const struct frame *f)
{
	int64_t quiet = f->record_ends ? RECORD_QUIET : AUDITD_QUIET;
	struct stat st;

	return fstat(instream_fd(f->in), &st) == 0 &&
	    time_now() - (int64_t)st.st_mtim.tv_sec * TIME_SECOND - st.st_mtim.tv_nsec / 1000 > quiet;
}

/* A file that is not read to its end will be read on from the last place. */
static void
finish(struct frame *f)
{
	f->finished = true;
	f->whole = f->whole || is_untouched(f);
	if (!f->stopped || f->waits)
		f->cutter.kind->end(f->cutter.state, f->whole || f->waits);
}

/* Once all was given out: whether something stays behind for the next time. */
static bool
leaves(const struct frame *f)
{
	return !f->whole && !f->waits && !f->stopped && f->cutter.kind->incomplete != NULL &&
	    f->cutter.kind->incomplete(f->cutter.state);
}

/* Reads and cuts until the chunk is full or there is nothing to be had. */
static void
fill(struct frame *f, struct frame_chunk *c, int wait_ms, enum taken *taken)
{
	char piece[PIECE];
	size_t all = 0;

	while ((*taken = take_records(f, c)) == TAKEN_ALL && !f->finished && f->err.code == ERR_OK) {
		ssize_t n;

		if (f->ended) {
			finish(f);
			continue;
		}
		/* A full chunk ends within what the cutter has: there is no place then. */
		if (!f->record_ends && c->len >= FRAME_CHUNK / 2)
			return;
		if (!frame_ready(f, c->records > 0 ? 0 : wait_ms) || all > READ_MAX)
			return;
		if ((n = frame_read(f, piece, sizeof(piece))) < 0) {
			frame_interrupted(f);
			return;
		}
		if (f->dry)
			return;
		feed(f, piece, (size_t)n);
		all += (size_t)n;
	}
}

void
frame_cut(struct frame *f, struct cutter cutter, struct str read)
{
	f->cutter = cutter;
	f->offset -= read.len;
	f->begun = f->placed = f->offset;
	feed(f, read.p, read.len);
}

void
cut_drain(struct frame *f)
{
	char piece[PIECE];
	ssize_t n;

	for (size_t all = 0; !f->ended && all < DRAIN_MAX && frame_ready(f, 0); all += (size_t)n) {
		if ((n = frame_read(f, piece, sizeof(piece))) < 0) {
			frame_interrupted(f);
			return;
		}
		feed(f, piece, (size_t)n);
	}
}

void
frame_idle(struct frame *f)
{
	if (f->cutter.kind != NULL && f->cutter.kind->idle != NULL && time_steady() - f->fed > AUDITD_QUIET)
		f->cutter.kind->idle(f->cutter.state);
}

enum frame_result
cut_fill(struct frame *f, struct frame_chunk *c, int wait_ms, struct err *e)
{
	enum taken taken;

	c->cut = true;
	c->records = c->len = c->place.len = 0;
	/* After an error there may still be records in what was read before it. */
	fill(f, c, wait_ms, &taken);
	if (taken == TAKEN_ALL || f->record_ends)
		tell_place(f, &c->place);
	if (c->records > 0 || c->place.len > 0)
		return FRAME_LINES;
	if (f->err.code != ERR_OK) {
		*e = f->err;
		return FRAME_ERROR;
	}
	f->left = f->finished && leaves(f);
	return f->finished ? FRAME_END : FRAME_WAIT;
}
