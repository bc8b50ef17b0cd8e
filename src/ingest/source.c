/* source: one input of an ingest, and where it goes on. */
#include "ingest/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "ingest/frame.h"
#include "ingest/rotated.h"

/* So many known files with the same first record are looked into. */
#define SOURCE_TRIES 16

#define STDIN_PATH "/dev/stdin"

static void
record_hash(const struct source *s, const char *p, size_t len, uint8_t out[16])
{
	struct hash h;

	hash_keyed(&h, s->hash_key, sizeof(s->hash_key), p, len);
	memcpy(out, h.b, 16);
}

/* Reads until n bytes are there or the input ends. */
static ssize_t
read_full(struct instream *in, char *p, size_t n, struct err *e)
{
	size_t len = 0;
	ssize_t got;

	while (len < n) {
		if ((got = instream_read(in, p + len, n - len, e)) < 0)
			return -1;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

static bool
is_same_file(const struct source *s, const struct instream *in)
{
	uint64_t dev, ino;

	instream_identity(in, &dev, &ino);
	return dev == s->file.dev && ino == s->file.ino;
}

/* Opens the file once more, also when it has another name by now. */
static struct instream *
reopen(const struct source *s, struct err *e)
{
	const char *path[] = { s->open_path, NULL };
	struct err last = ERR_NONE;
	char held[48];

	snprintf(held, sizeof(held), "/proc/self/fd/%d", instream_fd(s->in));
	path[1] = held;
	for (size_t i = 0; i < 2; i++) {
		struct instream *in = instream_open_now(path[i], &last);

		if (in != NULL && is_same_file(s, in))
			return in;
		instream_close(in);
	}
	if (last.code != ERR_OK)
		*e = last;
	err_set(e, ERR_BUSY, "%s: was replaced while it was opened: try again", s->path);
	return NULL;
}

/* After an erasure it is not known which record ended at the offset: but one
 * has to, before, behind or together with its newline. */
static bool
ends_line(struct source *s, const struct store_file *f)
{
	struct err e = ERR_NONE;
	struct instream *in = reopen(s, &e);
	char around[2] = { '\n', '\n' };
	bool ends;

	if (in == NULL)
		return false;
	ends = instream_skip_to(in, f->offset - 1, &e) == 0 && read_full(in, around, sizeof(around), &e) > 0 &&
	    (around[0] == '\n' || around[1] == '\n');
	s->within_line = ends && around[0] != '\n';
	instream_close(in);
	return ends;
}

/* Whether the record that ends at the known offset is in the file too.  If
 * so, s->in stands behind it. */
static bool
verify_last(struct source *s, const struct store_file *f)
{
	struct err e = ERR_NONE;
	struct instream *in;
	uint8_t hash[16];
	char *record;
	bool same = false;

	if (f->last_len > f->offset || f->last_len > SOURCE_RECORD_MAX || (f->last_len == 0 && !ends_line(s, f)) ||
	    (in = reopen(s, &e)) == NULL)
		return false;
	record = mem_alloc((size_t)f->last_len + 1);
	if (instream_skip_to(in, f->offset - f->last_len, &e) == 0 &&
	    read_full(in, record, (size_t)f->last_len, &e) == (ssize_t)f->last_len) {
		record_hash(s, record, (size_t)f->last_len, hash);
		same = f->last_len == 0 || memcmp(hash, f->last_hash, sizeof(hash)) == 0;
	}
	if (same && f->last_len > 0)
		s->within_line = record[f->last_len - 1] != '\n';
	free(record);
	if (!same) {
		instream_close(in);
		return false;
	}
	instream_close(s->in);
	s->in = in;
	return true;
}

/* Goes on where a known file was done. */
static void
adopt(struct source *s, const struct store_file *f)
{
	struct store_file here = s->file;

	s->moved = here.dev != f->dev || here.ino != f->ino;
	s->file = *f;
	s->file.from = f->offset;
	s->file.name = here.name;
	s->file.dev = here.dev;
	s->file.ino = here.ino;
	s->state = SOURCE_KNOWN;
}

/* An erasure took what tells the first record: the place, or the log's name and
 * the last record, tell then. */
static bool
first_matches(const struct source *s, const struct store_file *f, const char *head, size_t len)
{
	uint8_t hash[16];

	if (f->first_len > len || f->offset == 0)
		return false;
	if (f->first_len == 0)
		return true;
	if (f->first_len == s->file.first_len)
		return memcmp(f->first_hash, s->file.first_hash, sizeof(hash)) == 0;
	record_hash(s, head, (size_t)f->first_len, hash);
	return memcmp(f->first_hash, hash, sizeof(hash)) == 0;
}

/* The same log in the same folder: ".../app.jsonl" and ".../app.jsonl.1.gz". */
static bool
same_log(const char *a, const char *b)
{
	const char *end_a = strrchr(a, '/'), *end_b = strrchr(b, '/');
	struct buf name_a = { 0 }, name_b = { 0 };
	bool same = false;

	if (end_a != NULL && end_b != NULL &&
	    str_eq((struct str){ a, (size_t)(end_a - a) }, (struct str){ b, (size_t)(end_b - b) })) {
		source_name(a, &name_a);
		source_name(b, &name_b);
		same = str_eq(buf_view(&name_a), buf_view(&name_b));
	}
	buf_fini(&name_a);
	buf_fini(&name_b);
	return same;
}

/* Whether both are what one log was rotated into, which needs no usual ending then. */
static bool
was_same_log(const struct source *s, const struct store_file *f)
{
	const char *slash = strrchr(s->file.name, '/'), *log = strrchr(s->log, '/');
	size_t folder = slash != NULL ? (size_t)(slash - s->file.name) + 1 : 0;

	log = log != NULL ? log + 1 : s->log;
	return s->log != s->path && strncmp(f->name, s->file.name, folder) == 0 &&
	    (strcmp(f->name + folder, log) == 0 || rotated_is_name(log, f->name + folder));
}

/* Whether equal records make it the same file, at another place: two logs may
 * begin with the same event, so one record is no proof without the name. */
static bool
may_have_moved(const struct source *s, const struct store_file *f)
{
	bool same = same_log(f->name, s->file.name) || was_same_log(s, f);

	return f->first_len == 0 ? f->last_len > 0 && same : f->last_len < f->offset || same;
}

/* The file at the same place first, then others, the furthest read first. */
static void
find_known(struct source *s, const struct store_file *list, size_t n, const char *head, size_t len)
{
	const struct store_file *try[SOURCE_TRIES];
	bool here = false;
	size_t tries = 0;

	for (size_t i = 0; i < n; i++) {
		const struct store_file *f = &list[i];
		bool same_place = f->dev == s->file.dev && f->ino == s->file.ino;
		size_t at;

		here = here || (same_place && f->offset > 0);
		if (!first_matches(s, f, head, len))
			continue;
		if (same_place && verify_last(s, f)) {
			adopt(s, f);
			return;
		}
		if (same_place || !may_have_moved(s, f))
			continue;
		for (at = tries; at > 0 && try[at - 1]->offset < f->offset; at--)
			if (at < SOURCE_TRIES)
				try[at] = try[at - 1];
		if (at < SOURCE_TRIES)
			try[at] = f;
		tries += tries < SOURCE_TRIES;
	}
	for (size_t i = 0; i < tries; i++)
		if (verify_last(s, try[i])) {
			adopt(s, try[i]);
			return;
		}
	s->state = here ? SOURCE_REPLACED : SOURCE_NEW;
}

/* A new file's key looks random to all but the store, yet two programs that
 * meet the file at the same moment give it the same one, so that each finds
 * the other's events.  A rewritten file gets another than it had before. */
static void
make_key(struct source *s, const struct store_file *list, size_t n)
{
	uint8_t what[8 + 8 + 16 + 8];
	struct hash h;
	bool taken;

	put_be64(what, s->file.dev);
	put_be64(what + 8, s->file.ino);
	memcpy(what + 16, s->file.first_hash, 16);
	for (uint64_t turn = 0;; turn++) {
		put_be64(what + 32, turn);
		hash_keyed(&h, s->hash_key, sizeof(s->hash_key), what, sizeof(what));
		taken = false;
		for (size_t i = 0; i < n && !taken; i++)
			taken = memcmp(list[i].key, h.b, sizeof(list[i].key)) == 0;
		if (!taken)
			break;
	}
	memcpy(s->file.key, h.b, sizeof(s->file.key));
}

static int
identify(struct source *s, struct store *st, struct err *e)
{
	char *head = mem_alloc(SOURCE_RECORD_MAX);
	struct store_file *list = NULL;
	size_t n = 0;
	ssize_t len;
	int rc = -1;

	store_file_key(st, s->hash_key);
	if (store_files(st, &list, &n, e) < 0)
		goto out;
	if ((len = read_full(s->in, head, SOURCE_RECORD_MAX, e)) < 0)
		goto out;
	s->file.first_len = frame_first_line(head, (size_t)len);
	s->begins = s->file.first_len == (size_t)len && len < SOURCE_RECORD_MAX;
	record_hash(s, head, (size_t)s->file.first_len, s->file.first_hash);
	find_known(s, list, n, head, (size_t)len);
	if (s->state != SOURCE_KNOWN) {
		make_key(s, list, n);
		rc = source_rewind(s, e);
	} else
		rc = 0;
out:
	store_files_free(list, n);
	free(head);
	return rc;
}

/* Standard input that a shell opened from a file, and that nobody has read from. */
static bool
stdin_is_file(void)
{
	struct stat sb;

	return fstat(STDIN_FILENO, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    lseek(STDIN_FILENO, 0, SEEK_CUR) == 0 && access(STDIN_PATH, R_OK) == 0;
}

static char *
full_path(const char *path)
{
	char *full = realpath(path, NULL);

	return full != NULL ? full : mem_strdup(path);
}

static int
open_by(struct source *s, const char *path, const char *log, struct instream *(*open)(const char *path, struct err *e),
    struct store *st, struct err *e)
{
	*s = (struct source){ .path = path, .log = log, .open_path = path };
	if (strcmp(path, "-") == 0 && stdin_is_file())
		s->open_path = STDIN_PATH;
	if ((s->in = open(s->open_path, e)) == NULL)
		return -1;
	if (!instream_is_regular(s->in) || strcmp(s->open_path, "-") == 0)
		return 0;
	s->state = SOURCE_NEW;
	s->file.name = full_path(s->open_path);
	instream_identity(s->in, &s->file.dev, &s->file.ino);
	if (st == NULL || identify(s, st, e) == 0)
		return 0;
	source_close(s);
	return -1;
}

int
source_open(struct source *s, const char *path, struct store *st, struct err *e)
{
	return open_by(s, path, path, instream_open, st, e);
}

int
source_open_now(struct source *s, const char *path, const char *log, struct store *st, struct err *e)
{
	return open_by(s, path, log, instream_open_now, st, e);
}

int
source_look_again(struct source *s, struct store *st, struct err *e)
{
	struct instream *in = reopen(s, e);

	if (in == NULL)
		return -1;
	instream_close(s->in);
	s->in = in;
	s->state = SOURCE_NEW;
	return st != NULL ? identify(s, st, e) : 0;
}

bool
source_goes_on(const struct source *s)
{
	const struct store_file *f = &s->file;
	uint8_t hash[16];
	struct stat sb;
	char *record;
	bool same;

	if (s->state == SOURCE_PIPE || instream_is_compressed(s->in))
		return true;
	if (fstat(instream_fd(s->in), &sb) != 0 || (uint64_t)sb.st_size < instream_offset(s->in))
		return false;
	if (f->last_len == 0 || f->last_len > f->offset || f->last_len > SOURCE_RECORD_MAX)
		return true;
	record = mem_alloc((size_t)f->last_len);
	same = pread(instream_fd(s->in), record, (size_t)f->last_len, (off_t)(f->offset - f->last_len)) ==
	    (ssize_t)f->last_len;
	if (same) {
		record_hash(s, record, (size_t)f->last_len, hash);
		same = memcmp(hash, f->last_hash, sizeof(hash)) == 0;
	}
	free(record);
	return same;
}

void
source_close(struct source *s)
{
	instream_close(s->in);
	free(s->file.name);
	s->in = NULL;
	s->file.name = NULL;
}

int
source_rewind(struct source *s, struct err *e)
{
	struct instream *in = reopen(s, e);

	if (in == NULL)
		return -1;
	if (instream_skip_to(in, s->file.offset, e) < 0) {
		instream_close(in);
		return -1;
	}
	instream_close(s->in);
	s->in = in;
	return 0;
}

void
source_advance(struct source *s, uint64_t end, uint64_t lines, const char *p, size_t len)
{
	size_t start = frame_last_line(p, len);

	if (len - start > SOURCE_RECORD_MAX)
		start = len - SOURCE_RECORD_MAX;
	source_advance_bytes(s, end, lines, p + start, len - start);
}

void
source_advance_bytes(struct source *s, uint64_t end, uint64_t lines, const char *p, size_t len)
{
	s->file.from = s->file.offset;
	s->file.offset = end;
	s->file.line = lines;
	s->file.last_len = len;
	record_hash(s, p, len, s->file.last_hash);
}

int
source_head(const struct source *s, size_t max, struct buf *out, struct err *e)
{
	struct instream *in = reopen(s, e);
	struct err ignored = ERR_NONE;
	size_t end = out->len + max;
	ssize_t n;

	if (in == NULL)
		return -1;
	do {
		buf_reserve(out, end - out->len);
		n = instream_read(in, out->p + out->len, end - out->len, &ignored);
		out->len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && out->len < end);
	instream_close(in);
	return 0;
}

int
source_check(const char *path, bool later, struct err *e)
{
	struct instream *in;
	struct stat sb;

	if (strcmp(path, "-") == 0)
		return 0;
	if (stat(path, &sb) < 0)
		return later && (errno == ENOENT || errno == ENOTDIR) ? 0 : err_errno(e, "%s", path);
	if (S_ISDIR(sb.st_mode))
		return err_set(e, ERR_FAIL, "%s: is a directory", path);
	if (!S_ISREG(sb.st_mode))
		return access(path, R_OK) == 0 ? 0 : err_errno(e, "%s", path);
	if ((in = instream_open(path, e)) == NULL)
		return -1;
	instream_close(in);
	return 0;
}
