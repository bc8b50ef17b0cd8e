/*
 * outstream: bytes out through a buffer and perhaps a compressor, to standard
 * output, a device or a draft of a file.
 *
 * A failure is kept: whatever is written afterwards fails too, and finish
 * leaves no file.
 */
#include "base/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/draft.h"
#include "base/mem.h"

enum {
	BUFFER_SIZE = 256 << 10,
	GZIP_LEVEL = 6,
	GZIP_WINDOW = 15 + 16, /* the largest, with gzip's header */
	ZSTD_LEVEL = 3,
	HELD_MAX = 256 << 10,  /* what a compressor keeps back: a block of zstd, the window of gzip and its symbols */
	FRAME_MAX = 64         /* bytes of a compressed file that are not of its content */
};

enum format { PLAIN, GZIP, ZSTD };

struct outstream {
	char *name;
	int fd;
	bool owns_fd;       /* a device or fifo we opened */
	bool is_draft;
	bool failed;
	struct draft draft;
	enum format format;
	z_stream gzip;
	ZSTD_CCtx *zstd;
	uint64_t bytes, written;
	uint64_t held;      /* given to the compressor since it was flushed */
	size_t len;         /* waiting in buffer */
	char *packed;       /* what the compressor gives, BUFFER_SIZE; NULL when plain */
	char buffer[BUFFER_SIZE];
};

static bool
ends_with(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n > m && strcmp(s + n - m, suffix) == 0;
}

static void
init_compressor(struct outstream *o, const char *path)
{
	if (ends_with(path, ".gz")) {
		o->format = GZIP;
		if (deflateInit2(&o->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8,
		    Z_DEFAULT_STRATEGY) != Z_OK)
			mem_alloc(SIZE_MAX); /* its only way to fail */
	} else if (ends_with(path, ".zst")) {
		o->format = ZSTD;
		if ((o->zstd = ZSTD_createCCtx()) == NULL)
			mem_alloc(SIZE_MAX);
		ZSTD_CCtx_setParameter(o->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
		ZSTD_CCtx_setParameter(o->zstd, ZSTD_c_checksumFlag, 1);
	}
	if (o->format != PLAIN)
		o->packed = mem_alloc(BUFFER_SIZE);
}

static void
release(struct outstream *o)
{
	if (o->format == GZIP)
		deflateEnd(&o->gzip);
	ZSTD_freeCCtx(o->zstd);
	free(o->packed);
	free(o->name);
	free(o);
}

static int
open_target(struct outstream *o, const char *path, struct err *e)
{
	struct stat sb;

	if (stat(path, &sb) != 0 || S_ISREG(sb.st_mode)) {
		if (draft_open(&o->draft, path, 0640, e) != 0)
			return -1;
		o->is_draft = true;
		o->fd = o->draft.fd;
		return 0;
	}
	o->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (o->fd < 0)
		return err_errno(e, "%s", path);
	o->owns_fd = true;
	return 0;
}

struct outstream *
outstream_open(const char *path, struct err *e)
{
	bool is_stdout = path == NULL || strcmp(path, "-") == 0;
	struct outstream *o = mem_zero(1, sizeof(*o));

	o->name = mem_strdup(is_stdout ? "stdout" : path);
	o->draft = (struct draft)DRAFT_NONE;
	o->fd = STDOUT_FILENO;
	if (!is_stdout) {
		if (open_target(o, path, e) != 0) {
			release(o);
			return NULL;
		}
		init_compressor(o, path);
	}
	return o;
}

static int
write_out(struct outstream *o, const void *p, size_t n, struct err *e)
{
	if (draft_write_all(o->fd, p, n) == 0) {
		o->written += n;
		return 0;
	}
	o->failed = true;
	return err_errno(e, "%s: writing", o->name);
}

static int
deflate_out(struct outstream *o, const void *p, size_t n, int flush, struct err *e)
{
	/* At most a buffer at a time: fits zlib's unsigned int. */
	o->gzip.next_in = (z_const Bytef *)(uintptr_t)p;
	o->gzip.avail_in = (uInt)n;
	do {
		o->gzip.next_out = (Bytef *)o->packed;
		o->gzip.avail_out = BUFFER_SIZE;
		deflate(&o->gzip, flush);
		if (write_out(o, o->packed, BUFFER_SIZE - o->gzip.avail_out, e) != 0)
			return -1;
	} while (o->gzip.avail_out == 0);
	return 0;
}

static int
zstd_out(struct outstream *o, const void *p, size_t n, ZSTD_EndDirective end, struct err *e)
{
	ZSTD_inBuffer in = { p, n, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { o->packed, BUFFER_SIZE, 0 };

		left = ZSTD_compressStream2(o->zstd, &out, &in, end);
		if (ZSTD_isError(left)) {
			o->failed = true;
			return err_set(e, ERR_FAIL, "%s: compressing: %s", o->name,
			    ZSTD_getErrorName(left));
		}
		if (write_out(o, o->packed, out.pos, e) != 0)
			return -1;
	} while (end == ZSTD_e_continue ? in.pos < in.size : left > 0);
	return 0;
}

enum step { MORE, FLUSH, END };

/* Sends what waits in the buffer through the compressor. */
static int
drain(struct outstream *o, enum step step, struct err *e)
{
	static const int gzip_step[] = { Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH };
	static const ZSTD_EndDirective zstd_step[] = { ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end };
	size_t n = o->len;

	o->len = 0;
	o->held = step == MORE ? o->held + n : 0;
	switch (o->format) {
	case GZIP:
		return deflate_out(o, o->buffer, n, gzip_step[step], e);
	case ZSTD:
		return zstd_out(o, o->buffer, n, zstd_step[step], e);
	case PLAIN:
		break;
	}
	return write_out(o, o->buffer, n, e);
}

static int
fail_again(struct outstream *o, struct err *e)
{
	return err_set(e, ERR_FAIL, "%s: not written", o->name);
}

int
outstream_write(struct outstream *o, const void *p, size_t n, struct err *e)
{
	const char *at = p;

	if (o->failed)
		return fail_again(o, e);
	o->bytes += n;
	while (n > 0) {
		/* A large piece needs no copy. */
		if (o->format == PLAIN && n >= BUFFER_SIZE) {
			if (o->len > 0 && drain(o, MORE, e) != 0)
				return -1;
			return write_out(o, at, n, e);
		}

		size_t room = BUFFER_SIZE - o->len;
		size_t part = n < room ? n : room;

		memcpy(o->buffer + o->len, at, part);
		o->len += part;
		at += part;
		n -= part;
		if (o->len == BUFFER_SIZE && drain(o, MORE, e) != 0)
			return -1;
	}
	return 0;
}

int
outstream_flush(struct outstream *o, struct err *e)
{
	if (o->failed)
		return fail_again(o, e);
	return drain(o, FLUSH, e);
}

/* A device or a network file may report only now. */
static int
close_device(struct outstream *o, struct err *e)
{
	o->owns_fd = false;
	return close(o->fd) != 0 ? err_errno(e, "%s: closing", o->name) : 0;
}

int
outstream_finish(struct outstream *o, struct err *e)
{
	int rc = o->failed ? fail_again(o, e) : drain(o, END, e);

	if (rc == 0 && o->is_draft)
		rc = draft_commit(&o->draft, o->name, e);
	if (rc == 0 && o->owns_fd)
		rc = close_device(o, e);
	outstream_abort(o);
	return rc;
}

void
outstream_abort(struct outstream *o)
{
	if (o == NULL)
		return;
	draft_abort(&o->draft);
	if (o->owns_fd)
		close(o->fd);
	release(o);
}

uint64_t
outstream_bytes(const struct outstream *o)
{
	return o->bytes;
}

uint64_t
outstream_would_be(const struct outstream *o, uint64_t more)
{
	uint64_t waiting = o->len + more;

	if (o->format == PLAIN)
		return o->written + waiting;
	waiting += o->held < HELD_MAX ? o->held : HELD_MAX;
	/* What cannot be compressed becomes a little longer. */
	return o->written + waiting + waiting / 1024 + FRAME_MAX;
}
