/* frame: whole lines out of a stream, in chunks. */
#include "ingest/frame.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* A chunk that is not full yet has room for the greatest record. */
#define CHUNK_ROOM (FRAME_CHUNK + JSON_LEN_MAX + FRAME_KEEP)
#define SKIP_MAX (4 * 1024 * 1024) /* of a line that is too long, in one go */

void
frame_chunk_init(struct frame_chunk *c)
{
	*c = (struct frame_chunk){ .p = mem_alloc(CHUNK_ROOM) };
}

void
frame_chunk_fini(struct frame_chunk *c)
{
	free(c->p);
	free(c->record);
	c->p = NULL;
	c->record = NULL;
}

void
frame_init(struct frame *f, struct instream *in)
{
	*f = (struct frame){ .in = in, .waits = !instream_is_regular(in),
		.offset = instream_offset(in) };
	/* A pipe of 64 KiB makes its two ends wait for each other too often. */
	if (f->waits)
		(void)fcntl(instream_fd(in), F_SETPIPE_SZ, FRAME_CHUNK);
}

void
frame_fini(struct frame *f)
{
	if (f->cutter.kind != NULL)
		f->cutter.kind->free(f->cutter.state);
	f->cutter.kind = NULL;
	buf_fini(&f->rest);
	buf_fini(&f->kept);
	buf_fini(&f->before);
}

void
frame_put_back(struct frame *f, struct str read)
{
	buf_add(&f->rest, read.p, read.len);
	f->offset -= read.len;
}

bool
frame_ready(const struct frame *f, int wait_ms)
{
	struct pollfd p = { .fd = instream_fd(f->in), .events = POLLIN };

	if (!f->waits || f->more)
		return true;
	return poll(&p, 1, wait_ms) > 0;
}

bool
frame_stop(struct frame *f)
{
	bool left = !f->ended;

	if (f->cutter.kind != NULL && f->waits)
		cut_drain(f);
	if (f->waits) {
		struct pollfd p = { .fd = instream_fd(f->in), .events = POLLIN };

		left = left && poll(&p, 1, 0) > 0 && (p.revents & POLLIN) != 0;
	}
	if (!f->waits) {
		if (f->cutter.kind == NULL)
			buf_reset(&f->rest);
		f->skipping = false;
	}
	f->ended = f->stopped = true;
	return left;
}

static enum frame_result
failed(const struct frame *f, struct err *e)
{
	*e = f->err;
	return FRAME_ERROR;
}

/* Whether the n bytes just read are behind those read before them: asked after
 * the reading, because the file may be truncated and written anew at any time. */
static bool
is_behind(const struct frame *f, size_t n)
{
	char now[FRAME_PLACE];
	size_t len = f->before.len;
	uint64_t at = instream_offset(f->in) - n;

	return len == 0 || (pread(instream_fd(f->in), now, len, (off_t)(at - len)) == (ssize_t)len &&
	    memcmp(now, f->before.p, len) == 0);
}

static void
keep_before(struct frame *f, const char *p, size_t n)
{
	size_t keep = n < FRAME_PLACE ? FRAME_PLACE - n : 0;

	if (f->before.len > keep)
		buf_drop(&f->before, f->before.len - keep);
	buf_add(&f->before, p + (n < FRAME_PLACE ? 0 : n - FRAME_PLACE), n < FRAME_PLACE ? n : FRAME_PLACE);
}

ssize_t
frame_read(struct frame *f, char *p, size_t room)
{
	ssize_t n = instream_read(f->in, p, room, &f->err);

	/* A decompressor that filled the room may have more. */
	f->more = n == (ssize_t)room && instream_is_compressed(f->in);
	if (f->grows && n > 0) {
		f->lost = !is_behind(f, (size_t)n);
		n = f->lost ? 0 : n;
		keep_before(f, p, (size_t)n);
	}
	f->dry = n == 0 && f->grows;
	f->ended = n == 0 && !f->grows;
	return n;
}

bool
frame_interrupted(struct frame *f)
{
	if (f->err.code != ERR_INCOMPLETE)
		return false;
	err_clear(&f->err);
	return true;
}

/* The line in c is too long: keep its beginning, the rest is read over. */
static void
begin_skipping(struct frame *f, const struct frame_chunk *c)
{
	buf_reset(&f->kept);
	buf_add(&f->kept, c->p, FRAME_KEEP);
	f->kept_offset = f->offset;
	f->offset += c->len;
	f->skipping = true;
}

static void
end_skipping(struct frame *f, struct frame_chunk *c, size_t tail, bool partial)
{
	/* The end of the line stands at the beginning of c. */
	memmove(c->p + f->kept.len, c->p, tail);
	memcpy(c->p, f->kept.p, f->kept.len);
	c->len = f->kept.len;
	c->tail = tail;
	c->offset = f->kept_offset;
	c->end = f->offset;
	c->too_long = true;
	c->partial = partial;
	f->skipping = false;
}

static enum frame_result
skip_line(struct frame *f, struct frame_chunk *c, int wait_ms, struct err *e)
{
	/* A line may have no end: the caller is asked whether it should stop. */
	for (size_t all = 0; all < SKIP_MAX;) {
		ssize_t n = 0;

		if (!f->ended && !frame_ready(f, wait_ms))
			return FRAME_WAIT;
		if (!f->ended && (n = frame_read(f, c->p, FRAME_KEEP)) < 0)
			return frame_interrupted(f) ? FRAME_WAIT : failed(f, e);
		if (n == 0 && f->dry)
			return FRAME_WAIT;
		if (n == 0) {
			end_skipping(f, c, 0, true);
			return FRAME_LINES;
		}

		size_t got = (size_t)n;
		const char *newline = memchr(c->p, '\n', got);

		if (newline != NULL) {
			size_t tail = (size_t)(newline - c->p) + 1;

			buf_add(&f->rest, c->p + tail, got - tail);
			f->offset += tail;
			end_skipping(f, c, tail, false);
			return FRAME_LINES;
		}
		f->offset += got;
		all += got;
	}
	return FRAME_WAIT;
}

/* Up to its first `whole` bytes c is given out, what is behind stays. */
static enum frame_result
cut(struct frame *f, struct frame_chunk *c, size_t whole)
{
	buf_reset(&f->rest);
	buf_add(&f->rest, c->p + whole, c->len - whole);
	c->len = whole;
	f->offset += whole;
	c->end = f->offset;
	return whole > 0 ? FRAME_LINES : f->ended ? FRAME_END : FRAME_WAIT;
}

/* Behind the last newline in [from, len); 0 when there is none. */
static size_t
behind_newline(const char *p, size_t from, size_t len)
{
	const char *newline = len > from ? memrchr(p + from, '\n', len - from) : NULL;

	return newline != NULL ? (size_t)(newline - p) + 1 : 0;
}

enum frame_result
frame_next(struct frame *f, struct frame_chunk *c, int wait_ms, struct err *e)
{
	size_t whole;

	c->tail = 0;
	c->too_long = c->partial = c->cut = false;
	if (f->cutter.kind != NULL)
		return cut_fill(f, c, wait_ms, e);
	/* Of what was put back there may be lines before it. */
	if (f->err.code != ERR_OK && behind_newline(f->rest.p, 0, f->rest.len) == 0)
		return failed(f, e);
	if (f->skipping)
		return skip_line(f, c, wait_ms, e);

	c->offset = f->offset;
	c->len = f->rest.len;
	if (c->len > 0)
		memcpy(c->p, f->rest.p, c->len);
	buf_reset(&f->rest);
	whole = behind_newline(c->p, 0, c->len);

	while (!f->ended && f->err.code == ERR_OK && (whole == 0 || c->len < FRAME_CHUNK)) {
		size_t room = (c->len < FRAME_CHUNK ? FRAME_CHUNK : FRAME_ROOM) - c->len, end;
		ssize_t n;

		if (!frame_ready(f, whole > 0 ? 0 : wait_ms))
			return cut(f, c, whole);
		if ((n = frame_read(f, c->p + c->len, room)) < 0) {
			bool asked = frame_interrupted(f);
			enum frame_result r = cut(f, c, whole);

			return asked || r == FRAME_LINES ? r : failed(f, e);
		}
		if (n == 0 && f->dry)
			return cut(f, c, whole);
		if ((end = behind_newline(c->p, c->len, c->len + (size_t)n)) > 0)
			whole = end;
		c->len += (size_t)n;
		if (whole == 0 && c->len > JSON_LEN_MAX) {
			begin_skipping(f, c);
			return skip_line(f, c, wait_ms, e);
		}
	}
	if (f->ended && whole < c->len) {
		c->partial = true;
		whole = c->len;
	}
	return cut(f, c, whole);
}

bool
frame_is_blank(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r')
			return false;
	return true;
}

size_t
frame_first_line(const char *p, size_t len)
{
	for (size_t start = 0; start < len;) {
		const char *newline = memchr(p + start, '\n', len - start);
		size_t end = newline != NULL ? (size_t)(newline - p) : len;

		if (!frame_is_blank(p + start, end - start))
			return end;
		start = end + 1;
	}
	return len;
}

size_t
frame_last_line(const char *p, size_t len)
{
	size_t end = len;

	while (end > 0) {
		size_t text = p[end - 1] == '\n' ? end - 1 : end;
		size_t start = behind_newline(p, 0, text);

		if (!frame_is_blank(p + start, text - start))
			return start;
		end = start;
	}
	return 0;
}
