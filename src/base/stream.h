/*
 * stream: files and pipes to read (plain, gzip or zstd, told by content) and
 * to write (compressed by name, visible under their name only when complete).
 */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct instream;

/* "-" is standard input, named "stdin".  Errors: ERR_FAIL with the name. */
struct instream *instream_open(const char *path, struct err *e);
/* Does not wait for someone to write to a FIFO, here and when it is read: wait
 * for its descriptor. */
struct instream *instream_open_now(const char *path, struct err *e);
void instream_close(struct instream *s);

/* Up to n decompressed bytes, of a pipe what is there; 0 at the end (of a
 * plain file that grows, more may come later).  -1: unreadable, or a
 * compressed stream that is damaged or ends early. */
ssize_t instream_read(struct instream *s, void *p, size_t n, struct err *e);

/* Asked when a signal interrupts a read: true ends it with -1 and
 * ERR_INCOMPLETE, otherwise the read goes on. */
void instream_set_stop(struct instream *s, bool (*stop)(void));

/* Goes to a decompressed offset at or after the present one (a plain regular
 * file seeks, others read on).  -1 also when the stream ends before. */
int instream_skip_to(struct instream *s, uint64_t offset, struct err *e);

/* The input ends for the reader after so many more bytes; UINT64_MAX: where it
 * does. */
void instream_limit(struct instream *s, uint64_t bytes);

uint64_t instream_offset(const struct instream *s); /* decompressed */
bool instream_is_regular(const struct instream *s); /* standard input may be */
bool instream_is_compressed(const struct instream *s); /* of a pipe: known after the first read */
void instream_identity(const struct instream *s, uint64_t *dev, uint64_t *ino);
/* The descriptor, to wait for more bytes on it. */
int instream_fd(const struct instream *s);
const char *instream_name(const struct instream *s);
/* Share of the input consumed, 0 to 1; negative when unknown. */
double instream_progress(const struct instream *s);

struct outstream;

/* NULL or "-": standard output.  Else a file: written beside its name, 0640
 * less the umask, synced and renamed by outstream_finish; compressed when
 * the name ends in .gz or .zst.  A name that exists and is no regular file
 * (/dev/full, a fifo) is written in place. */
struct outstream *outstream_open(const char *path, struct err *e);
int outstream_write(struct outstream *o, const void *p, size_t n, struct err *e); /* buffered */
int outstream_flush(struct outstream *o, struct err *e);
/* Completes and frees o, whatever it returns.  On -1 no file of that name
 * was made or replaced, unless the very last step, syncing the folder, failed. */
int outstream_finish(struct outstream *o, struct err *e);
void outstream_abort(struct outstream *o); /* removes what was written; NULL is fine */
uint64_t outstream_bytes(const struct outstream *o); /* given to it, before compression */
/* How large the file would be at most if it were given so many more bytes and
 * finished.  Of a compressed one that is a guess about what the compressor has
 * not handed out: outstream_flush makes it better. */
uint64_t outstream_would_be(const struct outstream *o, uint64_t more);

/* The whole of a small file, at most max bytes (ERR_FAIL when it has more).
 * Yours (free), with a NUL behind. */
char *file_read(const char *path, size_t max, size_t *len, struct err *e);
/* Replaces path by these bytes: temporary name, fsync, rename, fsync of the
 * folder.  mode is lessened by the umask. */
int file_replace(const char *path, mode_t mode, const void *p, size_t n, struct err *e);

/* Whether changes that other machines make to it stay unknown to this kernel. */
bool file_is_remote(const char *path);

#endif
