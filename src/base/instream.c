/*
 * instream: a file or a pipe to read, decompressed on the way.
 *
 * Told by the first bytes: gzip is 1f 8b, zstd is 28 b5 2f fd or a skippable
 * frame 5? 2a 4d 18; everything else is plain.  Both may be several members
 * or frames one after the other.
 */
#include "base/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"

enum {
	RAW_SIZE = 128 << 10,
	GZIP_WINDOW = 15 + 16,
	LATE_MS = 1000,
	ZSTD_WINDOW_LOG_MAX = 27 /* 128 MiB, what the zstd program takes too */
};

enum format { UNKNOWN, PLAIN, GZIP, ZSTD };

struct instream {
	char *name;
	int fd;
	bool is_regular;
	bool ended;         /* a pipe or terminal said so: it is not asked again */
	bool inside;        /* of a member or frame that has not ended */
	bool (*stop)(void);
	uint64_t dev, ino;
	uint64_t size;      /* of a regular file, when it was opened */
	uint64_t raw_bytes; /* read so far */
	uint64_t offset;    /* of the next decompressed byte */
	uint64_t left;      /* until the reader's limit; UINT64_MAX: none */
	enum format format;
	z_stream gzip;
	ZSTD_DCtx *zstd;
	size_t raw_at, raw_len;
	unsigned char raw[RAW_SIZE]; /* the last: not zero from the start */
};

/* What does not wait has to where bytes only make sense together: not for long. */
static bool
is_late(const struct instream *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };

	if (errno != EAGAIN)
		return false;
	if (poll(&p, 1, LATE_MS) != 0)
		return true;
	errno = EAGAIN;
	return false;
}

/* One read of what is there.  0 at the end. */
static ssize_t
read_raw(struct instream *s, void *p, size_t n, struct err *e)
{
	ssize_t got;

	if (s->ended)
		return 0;
	if (n > SSIZE_MAX)
		n = SSIZE_MAX;
	while ((got = read(s->fd, p, n)) < 0 && (errno == EINTR || is_late(s)))
		if (s->stop != NULL && s->stop())
			return err_set(e, ERR_INCOMPLETE, "%s: interrupted", s->name);
	if (got < 0)
		return err_errno(e, "%s: reading", s->name);
	s->raw_bytes += (uint64_t)got;
	s->ended = got == 0 && !s->is_regular;
	return got;
}

/* Adds to raw.  0 at the end. */
static ssize_t
fill(struct instream *s, struct err *e)
{
	if (s->raw_at == s->raw_len)
		s->raw_at = s->raw_len = 0;

	ssize_t got = read_raw(s, s->raw + s->raw_len, RAW_SIZE - s->raw_len, e);

	if (got > 0)
		s->raw_len += (size_t)got;
	return got;
}

/* Whether the first n bytes of the input could be the start of magic. */
static bool
may_be(const unsigned char *p, size_t n, const char *magic, size_t len)
{
	return memcmp(p, magic, n < len ? n : len) == 0;
}

/* UNKNOWN while more bytes are needed. */
static enum format
tell_format(const unsigned char *p, size_t n)
{
	static const char gzip[] = "\x1f\x8b", zstd[] = "\x28\xb5\x2f\xfd", skip[] = "\x2a\x4d\x18";

	if (n == 0)
		return UNKNOWN;
	if (may_be(p, n, gzip, 2))
		return n >= 2 ? GZIP : UNKNOWN;
	if (may_be(p, n, zstd, 4) || ((p[0] & 0xf0) == 0x50 && may_be(p + 1, n - 1, skip, 3)))
		return n >= 4 ? ZSTD : UNKNOWN;
	return PLAIN;
}

static void
init_decompressor(struct instream *s)
{
	if (s->format == GZIP && inflateInit2(&s->gzip, GZIP_WINDOW) != Z_OK)
		mem_alloc(SIZE_MAX); /* its only way to fail */
	if (s->format == ZSTD) {
		if ((s->zstd = ZSTD_createDCtx()) == NULL)
			mem_alloc(SIZE_MAX);
		ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
	}
}

static int
detect(struct instream *s, struct err *e)
{
	while ((s->format = tell_format(s->raw, s->raw_len)) == UNKNOWN) {
		ssize_t got = fill(s, e);

		if (got < 0)
			return -1;
		if (got == 0) {
			s->format = PLAIN;
			break;
		}
	}
	init_decompressor(s);
	return 0;
}

/* Type, identity and position of what was opened. */
static int
look_at(struct instream *s, struct err *e)
{
	struct stat sb;

	if (fstat(s->fd, &sb) != 0)
		return err_errno(e, "%s", s->name);
	if (S_ISDIR(sb.st_mode))
		return err_set(e, ERR_FAIL, "%s: is a directory", s->name);
	s->is_regular = S_ISREG(sb.st_mode);
	s->dev = (uint64_t)sb.st_dev;
	s->ino = (uint64_t)sb.st_ino;
	if (!s->is_regular)
		return 0;

	/* Standard input may have been read from already. */
	off_t at = lseek(s->fd, 0, SEEK_CUR);

	s->raw_bytes = at > 0 ? (uint64_t)at : 0;
	s->size = (uint64_t)sb.st_size;
	posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);

	uint64_t start = s->raw_bytes;

	if (detect(s, e) != 0)
		return -1;
	s->offset = s->format == PLAIN ? start : 0;
	return 0;
}

static struct instream *
open_as(const char *path, int flags, struct err *e)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct instream *s = mem_alloc(sizeof(*s));

	memset(s, 0, offsetof(struct instream, raw));
	s->left = UINT64_MAX;
	s->name = mem_strdup(is_stdin ? "stdin" : path);
	s->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
	if (s->fd < 0)
		err_errno(e, "%s", path);
	else if (look_at(s, e) == 0)
		return s;
	instream_close(s);
	return NULL;
}

struct instream *
instream_open(const char *path, struct err *e)
{
	return open_as(path, 0, e);
}

struct instream *
instream_open_now(const char *path, struct err *e)
{
	return open_as(path, O_NONBLOCK, e);
}

void
instream_close(struct instream *s)
{
	if (s == NULL)
		return;
	if (s->format == GZIP)
		inflateEnd(&s->gzip);
	ZSTD_freeDCtx(s->zstd);
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	free(s->name);
	free(s);
}

static ssize_t
read_plain(struct instream *s, void *p, size_t n, struct err *e)
{
	size_t have = s->raw_len - s->raw_at;

	if (have == 0)
		return read_raw(s, p, n, e);
	if (n > have)
		n = have;
	memcpy(p, s->raw + s->raw_at, n);
	s->raw_at += n;
	return (ssize_t)n;
}

/* One call of inflate on what is in raw; the bytes made, or -1. */
static ssize_t
step_gzip(struct instream *s, void *p, size_t n, struct err *e)
{
	/* Tapes and some writers fill the last block with zeros. */
	while (!s->inside && s->raw_at < s->raw_len && s->raw[s->raw_at] == 0)
		s->raw_at++;
	if (!s->inside && s->raw_at == s->raw_len)
		return 0;

	s->gzip.next_in = s->raw + s->raw_at;
	s->gzip.avail_in = (uInt)(s->raw_len - s->raw_at);
	s->gzip.next_out = p;
	s->gzip.avail_out = n < UINT_MAX ? (uInt)n : UINT_MAX;

	uInt room = s->gzip.avail_out;
	int rc = inflate(&s->gzip, Z_NO_FLUSH);

	s->raw_at = s->raw_len - s->gzip.avail_in;
	s->inside = rc != Z_STREAM_END;
	if (rc == Z_STREAM_END)
		inflateReset(&s->gzip);
	else if (rc != Z_OK && rc != Z_BUF_ERROR)
		return err_set(e, ERR_FAIL, "%s: damaged gzip data", s->name);
	return (ssize_t)(room - s->gzip.avail_out);
}

static ssize_t
step_zstd(struct instream *s, void *p, size_t n, struct err *e)
{
	ZSTD_inBuffer in = { s->raw, s->raw_len, s->raw_at };
	ZSTD_outBuffer out = { p, n, 0 };
	size_t left;

	if (!s->inside && s->raw_at == s->raw_len)
		return 0;
	left = ZSTD_decompressStream(s->zstd, &out, &in);
	s->raw_at = in.pos;
	if (ZSTD_isError(left))
		return err_set(e, ERR_FAIL, "%s: damaged zstd data: %s", s->name,
		    ZSTD_getErrorName(left));
	s->inside = left != 0;
	return (ssize_t)out.pos;
}

static ssize_t
read_compressed(struct instream *s, void *p, size_t n, struct err *e)
{
	for (;;) {
		ssize_t got = s->raw_at < s->raw_len ? 1 : fill(s, e);

		if (got < 0)
			return -1;

		/* At the end of the input too: the decompressor may hold more. */
		ssize_t made = s->format == GZIP ? step_gzip(s, p, n, e) : step_zstd(s, p, n, e);

		if (made != 0)
			return made;
		if (got == 0)
			return s->inside ? err_set(e, ERR_FAIL,
			    "%s: the compressed data ends early", s->name) : 0;
	}
}

ssize_t
instream_read(struct instream *s, void *p, size_t n, struct err *e)
{
	if (n > s->left)
		n = (size_t)s->left;
	if (n == 0)
		return 0;
	if (s->format == UNKNOWN && detect(s, e) != 0)
		return -1;

	ssize_t got = s->format == PLAIN ? read_plain(s, p, n, e) : read_compressed(s, p, n, e);

	if (got > 0) {
		s->offset += (uint64_t)got;
		s->left -= s->left != UINT64_MAX ? (uint64_t)got : 0;
	}
	return got;
}

void
instream_limit(struct instream *s, uint64_t bytes)
{
	s->left = bytes;
}

static int
ends_before(struct instream *s, uint64_t offset, struct err *e)
{
	return err_set(e, ERR_FAIL, "%s: ends before byte %llu", s->name,
	    (unsigned long long)offset);
}

static int
seek_to(struct instream *s, uint64_t offset, struct err *e)
{
	struct stat sb;

	if (fstat(s->fd, &sb) != 0)
		return err_errno(e, "%s", s->name);
	if (offset > (uint64_t)sb.st_size)
		return ends_before(s, offset, e);
	if (lseek(s->fd, (off_t)offset, SEEK_SET) < 0)
		return err_errno(e, "%s", s->name);
	s->raw_at = s->raw_len = 0;
	s->raw_bytes = s->offset = offset;
	return 0;
}

static int
read_on_to(struct instream *s, uint64_t offset, struct err *e)
{
	char *skipped = mem_alloc(RAW_SIZE);
	int rc = 0;

	while (rc == 0 && s->offset < offset) {
		uint64_t left = offset - s->offset;
		ssize_t got = instream_read(s, skipped, left < RAW_SIZE ? left : RAW_SIZE, e);

		if (got <= 0)
			rc = got < 0 ? -1 : ends_before(s, offset, e);
	}
	free(skipped);
	return rc;
}

int
instream_skip_to(struct instream *s, uint64_t offset, struct err *e)
{
	if (offset < s->offset)
		return err_set(e, ERR_FAIL, "%s: byte %llu has been read already", s->name,
		    (unsigned long long)offset);
	if (offset == s->offset)
		return 0;
	return s->is_regular && s->format == PLAIN ? seek_to(s, offset, e)
	                                           : read_on_to(s, offset, e);
}

void
instream_set_stop(struct instream *s, bool (*stop)(void))
{
	s->stop = stop;
}

uint64_t
instream_offset(const struct instream *s)
{
	return s->offset;
}

bool
instream_is_regular(const struct instream *s)
{
	return s->is_regular;
}

bool
instream_is_compressed(const struct instream *s)
{
	return s->format == GZIP || s->format == ZSTD;
}

void
instream_identity(const struct instream *s, uint64_t *dev, uint64_t *ino)
{
	*dev = s->dev;
	*ino = s->ino;
}

int
instream_fd(const struct instream *s)
{
	return s->fd;
}

const char *
instream_name(const struct instream *s)
{
	return s->name;
}

double
instream_progress(const struct instream *s)
{
	if (!s->is_regular || s->size == 0)
		return -1;

	uint64_t used = s->raw_bytes - (s->raw_len - s->raw_at);

	return used >= s->size ? 1 : (double)used / (double)s->size;
}
