/*
 * source: one input of an ingest, and for a regular file where it goes on.
 *
 * A file is known again by device and inode, its content checked by keyed
 * hashes of its first record and of the one that ends at the stored offset;
 * or, when it was copied, renamed or compressed, by these hashes alone.  As
 * long as only one record was read, that holds for the same log in the same
 * folder: two logs may well begin with the same event.
 *
 * In: a path and the files the store knows.   Out: a stream at the first byte
 * not yet done.
 */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include "base/stream.h"
#include "store/store.h"

/* No more than this of a record is hashed. */
#define SOURCE_RECORD_MAX (64 * 1024)

/* Where a file of the store was, and how it compares with what is there. */
enum source_state {
	SOURCE_PIPE,     /* no regular file: nothing to go on from */
	SOURCE_NEW,      /* never seen */
	SOURCE_KNOWN,    /* goes on at file.offset */
	SOURCE_REPLACED  /* seen, but its content is another: new */
};

struct source {
	const char *path;      /* as given, "-" too; borrowed */
	const char *log;       /* whose name it goes by: path, or of what this was rotated from; borrowed */
	struct instream *in;   /* at file.offset */
	enum source_state state;
	bool moved;            /* known by content: name, device or inode changed */
	bool within_line;      /* file.offset is not behind a newline */
	bool begins;           /* a file without a whole record: its first one will be another */
	struct store_file file; /* its name is the full path; `from` is its last place but one */
	uint8_t hash_key[16];
	const char *open_path; /* what to open: path, or the file that stdin is */
};

/* "-" that is redirected from a regular file, from its start, counts as that
 * file.  st == NULL: from the beginning. */
int source_open(struct source *s, const char *path, struct store *st, struct err *e);
void source_close(struct source *s);

/* The same for a log that is followed, or (another path) what it was rotated
 * into.  A FIFO that nobody writes to is not waited for. */
int source_open_now(struct source *s, const char *path, const char *log, struct store *st, struct err *e);

/* Finds out anew what a file is, from its start, when more of it is there. */
int source_look_again(struct source *s, struct store *st, struct err *e);

/* Whether what was read of a file is still there: false when it was truncated
 * or rewritten.  (A compressed one does not grow.) */
bool source_goes_on(const struct source *s);

/* Back to file.offset, to read the same once more. */
int source_rewind(struct source *s, struct err *e);

/* The input is done up to `end`; p[0, len) are the last bytes before it, and
 * lines the number of lines up to there. */
void source_advance(struct source *s, uint64_t end, uint64_t lines, const char *p, size_t len);

/* The same when these bytes, whatever records are in them, tell the place. */
void source_advance_bytes(struct source *s, uint64_t end, uint64_t lines, const char *p, size_t len);

/* Appends the first bytes of a file, at most max, which are read anew; fewer
 * when what is behind them cannot be read. */
int source_head(const struct source *s, size_t max, struct buf *out, struct err *e);

/* Can be read at all, or, when it may come later, is not there; a pipe is not
 * opened for that. */
int source_check(const char *path, bool later, struct err *e);

/* The name of the log when nobody says it: the file's, without its folder
 * and without .gz .zst, what rotation adds, .jsonl .json .log.  Appended to
 * out; always valid UTF-8. */
void source_name(const char *path, struct buf *out);

#endif
