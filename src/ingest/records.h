/*
 * records: the JSON records of a stream, whatever they are packed in.
 *
 * Known packings: one record a line; records on several lines; lists of them,
 * [{...}, {...}]; objects with such a list as a member, {"Records": [...]}.
 * Only brackets and quotes are looked at; that a record is JSON is for the
 * scanner to say.  Memory is bounded by the greatest record, not by the
 * list: a file of gigabytes that is one list is read as it comes.
 *
 * What is broken costs as little as can be: the reading goes on with the next
 * line that begins with '{' or '['.
 *
 * In: bytes.   Out: records, with their offsets.
 */
#ifndef INGEST_RECORDS_H
#define INGEST_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "event/json.h"

#define RECORDS_DEPTH_MAX 255 /* beyond it nesting is not told apart; the scanner allows less */

struct records {
	const struct str *list; /* members that are lists of records; borrowed */
	size_t n_list;
	struct buf text;        /* not yet given out, from the record that is at work */
	uint64_t offset;        /* of text in the stream */
	size_t at;              /* in text: looked at so far */
	size_t start;           /* in text: where the record begins */
	bool within;            /* a record has begun */
	bool skipping;          /* ... and is too long: what follows is read over */
	bool container;         /* ... no record, but what is behind its list of records */
	bool bare;              /* ... neither object nor list: ends with its element, or ... */
	bool in_line;           /* ... with its line */
	bool string, escape;
	bool key_open;          /* key and key_end are a string of the outermost object, in text */
	size_t key, key_end;
	size_t newline;         /* in text: the last one within the record; 0: none */
	char last;              /* the byte that was last and no blank, 0 at the beginning */
	unsigned depth;         /* brackets within the record */
	unsigned lists;         /* brackets around it: 0, [ is 1, {"Records":[ is 2 */
	bool in_list;           /* the innermost of them is a list */
	bool ended;
	bool resumed;           /* began in the middle, maybe within a list: its ']' may come */
	uint64_t skipped_end;   /* where the last record that was too long ended, in the stream */
	uint64_t line;          /* newlines before `at`, */
	uint64_t first_line;    /* before the record, */
	uint64_t newline_line;  /* before the one at newline */
};

struct record {
	struct str text;      /* borrowed until the next call */
	uint64_t offset, end; /* in the stream */
	uint64_t line;        /* where it begins; the first is 0 */
	bool too_long;        /* longer than JSON_LEN_MAX: text is its beginning */
	bool broken;          /* cut off where it stopped to be JSON, or by the end */
};

void records_init(struct records *r, const struct str *list, size_t n_list);
/* The bytes begin there in the stream, behind so many lines. */
void records_go_on(struct records *r, uint64_t offset, uint64_t lines);
void records_fini(struct records *r);

/* More bytes of the stream. */
void records_feed(struct records *r, const char *p, size_t len);
/* There will be no more. */
void records_end(struct records *r);

/* The next record; false: more bytes are needed, or all were given out. */
bool records_next(struct records *r, struct record *out);

#endif
