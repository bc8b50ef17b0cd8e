/*
 * segment: a run of events as columns.  No SQLite here: a builder takes
 * events and gives pieces of bytes; a segment takes pieces and gives values.
 * The pieces' layout is described in audit-store(5).
 *
 * In: events in order of seq.   Out: pieces, each its own row in the file.
 */
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/pool.h"
#include "event/event.h"

#define SEGMENT_EVENTS_MAX 65536u
#define SEGMENT_BYTES_MAX (64u * 1024 * 1024) /* of lines */
#define SEGMENT_VALUE_MAX JSON_STORED_MAX      /* one value of one field */

/* The parts of a column.  A piece is (field, part). */
enum {
	PART_DICTIONARY = 0, /* encoding, and for dictionaries: values with their counts */
	PART_CODES = 1,      /* one code a row; or packed times, UUIDs, lengths of texts */
	PART_MEMBERS = 2,    /* membership filter, of F_MEMBER fields */
	PART_TRIGRAMS = 3,   /* which blocks have which three bytes, of text columns; of SEGMENT_WHOLE,
	                      * which three bytes any value but times and UUIDs has */
	PART_BLOCK = 16,     /* and following: zstd blocks of a text column */
	PART_MAX = 1024      /* exclusive */
};

#define SEGMENT_WHOLE 63 /* in the place of a field: all of them */

struct piece {
	uint16_t field, part;
	struct buf data;
};

/* What a reader knows of a segment before it reads a piece (its zone map). */
struct segment_meta {
	uint32_t count;
	int64_t min_time, max_time;
	int64_t min_ingested, max_ingested; /* TIME_NONE when no row has it */
	field_set fields;                   /* that occur */
	uint64_t bytes;                     /* of the canonical lines, newlines not counted */
};

/* ---- building ---- */

struct segment_builder;

struct segment_builder *segment_builder_new(void);
void segment_builder_free(struct segment_builder *b);
void segment_builder_reset(struct segment_builder *b); /* keeps memory */

/* Copies the event in as the next row; line_len is its canonical length.
 * The caller keeps to SEGMENT_EVENTS_MAX, SEGMENT_BYTES_MAX and
 * SEGMENT_VALUE_MAX (a line is shorter than that). */
void segment_builder_add(struct segment_builder *b, const struct event *ev, size_t line_len);

/* The same in two steps.  The dictionaries do not fit the processor's cache
 * together: what the first step asks for is on its way while other work is done. */
struct segment_expected {
	uint32_t tag[FIELD_COUNT];
};
void segment_builder_expect(const struct segment_builder *b, const struct event *ev, struct segment_expected *x);
void segment_builder_add_expected(struct segment_builder *b, const struct event *ev,
    const struct segment_expected *x, size_t line_len);
uint32_t segment_builder_count(const struct segment_builder *b);
uint64_t segment_builder_bytes(const struct segment_builder *b);

/* A row as it was added; borrowed until the next add or reset. */
void segment_builder_event(const struct segment_builder *b, uint32_t row, struct event *out);

/* Takes the last decisions before sealing.  After it, and while nothing is
 * added, sealing only reads the builder: others may read rows meanwhile. */
void segment_builder_settle(struct segment_builder *b);

struct sealed {
	struct segment_meta meta;
	struct piece *piece; /* by field, then part */
	size_t n;
};

/* Encodes all rows (count > 0).  With a pool, columns are encoded by its jobs
 * too.  The builder is unchanged and may be reset afterwards. */
void segment_builder_seal(struct segment_builder *b, struct pool *pool, struct sealed *out);
void sealed_fini(struct sealed *s);

/* ---- reading ---- */

/* Some bytes of a piece. */
struct piece_range {
	size_t from, n;
};

/*
 * Where pieces come from.  Called from whatever thread uses the segment.
 *
 * get gives a piece's bytes into out: 1 given, 0 there is none, -1 error.
 *
 * The other three are all there or all NULL; with them, single rows are read
 * without their whole columns.  Between begin and end it costs little to take
 * several pieces, and nothing slow may be done.  part, between them only,
 * gives the range's bytes, those there are, and how long the whole piece is.
 */
struct piece_source {
	int (*get)(void *arg, unsigned field, unsigned part, struct buf *out, struct err *e);
	void *arg;
	void (*begin)(void *arg);
	void (*end)(void *arg);
	int (*part)(void *arg, unsigned field, unsigned part, struct piece_range range, struct buf *out,
	    size_t *length, struct err *e);
};

struct segment;

/* Nothing is read yet. */
struct segment *segment_new(const struct segment_meta *meta, struct piece_source source);
void segment_free(struct segment *s);
const struct segment_meta *segment_meta(const struct segment *s);

enum column_kind {
	COLUMN_ABSENT, /* no row has the field */
	COLUMN_TIME,   /* int64 microseconds a row, TIME_NONE absent */
	COLUMN_CODES,  /* a dictionary and a code a row; code 0 is "absent" */
	COLUMN_VALUES  /* a value of its own a row: UUIDs, texts; ask segment_value */
};

struct column {
	enum column_kind kind;
	/* COLUMN_CODES: values[1 .. n_values] ascend bytewise (str_cmp), counts
	 * alike; values[0] is absent, with the count of rows without the field */
	uint32_t n_values;
	const struct str *values;
	const uint32_t *counts;
	/* COLUMN_TIME */
	const int64_t *time;
	/* after segment_codes: as wide as needed */
	unsigned code_width;  /* 1, 2 or 4 bytes */
	const void *codes;
};

/*
 * The column's kind and, for dictionaries, its values and counts; without
 * reading the codes.  Times are decoded at once.  Every byte that comes from
 * a piece is checked: ERR_INTEGRITY when it cannot be what a builder made.
 * Borrowed until segment_free.
 */
const struct column *segment_column(struct segment *s, enum field f, struct err *e);

/* The same with codes; COLUMN_CODES only.  Checked: each code <= n_values and
 * the counts agree. */
const struct column *segment_codes(struct segment *s, enum field f, struct err *e);

/* Reads in one go, and does not decode, what segment_column needs of the fields
 * in `columns`, and segment_codes of those in `codes`, which are some of them:
 * that costs less than to read each piece when it is asked for. */
int segment_fetch(struct segment *s, field_set columns, field_set codes, struct err *e);

static inline uint32_t
column_code(const struct column *c, uint32_t row)
{
	switch (c->code_width) {
	case 1: return ((const uint8_t *)c->codes)[row];
	case 2: return ((const uint16_t *)c->codes)[row];
	default: return ((const uint32_t *)c->codes)[row];
	}
}

/* Any non-time field of any kind of column, by row.  out->p == NULL: absent.
 * Borrowed until the next segment_value of the same field (texts and UUIDs)
 * or segment_free.  0 or -1. */
int segment_value(struct segment *s, enum field f, uint32_t row, struct str *out, struct err *e);

/* A block of a column of texts: those of its rows, one behind the other. */
struct segment_texts {
	uint32_t row, rows;
	const char *bytes;
	const uint32_t *start; /* rows + 1 places; the first is that of bytes */
	const uint8_t *absent; /* a bit for each row of the segment; NULL: no row */
};

/* The block that has the row: 1, 0 the column is not one of texts, -1.
 * Borrowed until the next segment_value or segment_texts of the same field. */
int segment_texts(struct segment *s, enum field f, uint32_t row, struct segment_texts *out, struct err *e);

/* All fields in `want` of a row.  Borrowed until the next segment_event. */
int segment_event(struct segment *s, uint32_t row, field_set want, struct event *out, struct err *e);

/* The next `rows` events are all that will be asked for, more or less: of few,
 * columns are not decoded. */
void segment_expect(struct segment *s, uint32_t rows);

/* Columns of texts that are loaded from now on are decoded once and kept, as
 * long as there are no more than `most` bytes of them: who reads all of them
 * more than once asks for it. */
void segment_keep(struct segment *s, size_t most);

/* 0: certainly no row of the segment has this value; case does not count for
 * fields that are compared without it.  1: one may have, as far as filters
 * tell.  -1 on error. */
int segment_may_have(struct segment *s, enum field f, struct str value, struct err *e);

/* What kind the column is, by its first piece alone. */
int segment_kind(struct segment *s, enum field f, enum column_kind *kind, struct err *e);

/*
 * Clears from bits (one a row) rows whose value certainly does not contain the
 * text: by filters of trigrams, by what UUIDs can look like; of a dictionary,
 * all rows or none.  Rows without the field may be cleared too.  nocase: the
 * text is in lower case, and case does not count, in the Unicode sense.  Texts
 * below 3 bytes clear nothing.  Not for times.  0 or -1.
 */
int segment_may_contain(struct segment *s, enum field f, struct str text, bool nocase, uint64_t *bits,
    struct err *e);

/* Memory held, bytes. */
size_t segment_memory(const struct segment *s);

#endif
