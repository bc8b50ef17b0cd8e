/*
 * journal_export: entries of `journalctl -o export` as JSON records, as
 * `journalctl -o json` writes them, so that the same mapping serves both.
 *
 * The format is systemd's Journal Export Format: an entry is lines NAME=text,
 * or NAME, a newline, eight bytes of length (little endian), so many bytes and
 * a newline; an empty line ends it.  A name that comes twice becomes a list;
 * bytes that are no UTF-8 a list of numbers.
 *
 * In: bytes.   Out: the text of an object for each entry, and where it was.
 */
#ifndef INGEST_JOURNAL_EXPORT_H
#define INGEST_JOURNAL_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define JOURNAL_ENTRY_MAX (1024 * 1024) /* bytes of an entry */
#define JOURNAL_FIELDS_MAX 1024

struct journal_export {
	struct buf in;      /* not yet given out */
	struct buf text;    /* the object */
	uint64_t offset;    /* of in, in the stream */
	size_t at;          /* in `in`: where reading goes on */
	bool ended;
};

struct journal_entry {
	struct str text;      /* the object, or as it was when it is broken; borrowed until the next call */
	uint64_t offset, end; /* in the stream, with the empty line */
	bool broken;          /* no entry of this format, or one that is too long: up to the next empty line */
};

/* How every export begins. */
static inline bool
journal_export_begins(struct str head)
{
	return str_begins(head, STR("__CURSOR="));
}

void journal_export_init(struct journal_export *j);
void journal_export_fini(struct journal_export *j);

/* More bytes of the stream; there will be no more. */
void journal_export_feed(struct journal_export *j, const char *p, size_t len);
void journal_export_end(struct journal_export *j);

/* The next entry; false: more bytes are needed, or all were given out. */
bool journal_export_next(struct journal_export *j, struct journal_entry *out);

#endif
