/*
 * column: how one field of a segment is laid out in pieces (audit-store(5)).
 * Private to store/.
 *
 *   column_time.c        one number a row: deltas, packed
 *   column_dictionary.c  distinct values with counts, and a code a row;
 *                        column_dictionary_pick.c for one row alone
 *   column_uuid.c        16 bytes a row
 *   column_text.c        lengths, and blocks of text
 *   members.c            the membership filter
 *
 * Encoders take what the builder gathered and cannot fail.  Decoders take
 * pieces that anyone may have written.
 */
#ifndef STORE_COLUMN_H
#define STORE_COLUMN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "store/bits.h"
#include "store/codec.h"
#include "store/segment.h"
#include "store/uuid.h"

/* The first byte of a column's first piece. */
enum encoding {
	ENCODING_TIME = 1,
	ENCODING_DICTIONARY = 2,
	ENCODING_UUID = 3,
	ENCODING_TEXT = 4
};

/* How bytes inside a piece are stored. */
enum packing { PACKING_NONE = 0, PACKING_ZSTD = 1 };

#define COLUMN_VALUES_MAX (SEGMENT_BYTES_MAX + SEGMENT_VALUE_MAX) /* bytes of all values */
#define TEXT_BLOCK_RAW (128u * 1024) /* about where a block is closed (text_plan) */
#define TEXT_BLOCK_MAX (TEXT_BLOCK_RAW + SEGMENT_VALUE_MAX)
#define TEXT_BLOCKS_MAX (PART_MAX - PART_BLOCK)

/* ---- bytes of a piece ---- */

struct cursor {
	const uint8_t *p, *end;
};

static inline size_t
cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

/* A number of at most max, written in as few bytes as it needs. */
static inline bool
cursor_number(struct cursor *c, uint64_t max, uint64_t *v)
{
	if (c->p < c->end && *c->p < 0x80)
		*v = *c->p++;
	else if (!get_varint(&c->p, c->end, v) || c->p[-1] == 0)
		return false;
	return *v <= max;
}

static inline bool
cursor_byte(struct cursor *c, uint8_t *v)
{
	if (c->p == c->end)
		return false;
	*v = *c->p++;
	return true;
}

/* The next n bytes; NULL when there are fewer. */
static inline const uint8_t *
cursor_bytes(struct cursor *c, size_t n)
{
	if (cursor_left(c) < n)
		return NULL;
	c->p += n;
	return c->p - n;
}

static inline uint64_t
zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline uint64_t /* the bits of an int64_t */
unzigzag(uint64_t v)
{
	return v >> 1 ^ (0 - (v & 1));
}

/* ERR_INTEGRITY, "column FIELD: what".  Returns -1. */
int column_wrong(struct err *e, enum field f, const char *what);

/*
 * A piece of which some bytes are read: into out, which is then padded, those
 * of n from `from` on that it has; *length is the whole piece's.  0 or -1.
 */
struct piece_view {
	int (*read)(void *arg, size_t from, size_t n, struct buf *out, size_t *length, struct err *e);
	void *arg;
	struct buf *bytes; /* memory to read into */
};

/* The raw bytes behind a packing byte: in place, or decompressed into made,
 * with BITS_PADDING behind them.  NULL when there are no such. */
const uint8_t *column_unpack(struct str packed, struct codec *codec, size_t raw, struct buf *made);

/* ---- what the builder gathered ---- */

#define ABSENT UINT32_MAX

/* A row's bytes in the column's buffer. */
struct span {
	uint32_t off, len; /* len ABSENT: no value */
};

/* A column of values, one after the other in the order of rows. */
struct values {
	const struct span *span; /* count of them */
	const char *bytes;
	uint32_t count, present;
};

static inline struct str
values_get(const struct values *v, uint32_t row)
{
	struct span s = v->span[row];

	return s.len == ABSENT ? (struct str){ NULL, 0 } : (struct str){ v->bytes + s.off, s.len };
}

/* Memory of one thread that encodes. */
struct scratch {
	struct codec *codec;
	struct buf raw;
	void *table;
	size_t table_cap; /* bytes */
};

void *scratch_table(struct scratch *s, size_t bytes); /* lives until the next call */
void scratch_fini(struct scratch *s);

/* ---- encoders: append to empty buffers ---- */

void time_encode(struct buf *codes, const int64_t *time, uint32_t count);

/* values[0 .. n) are distinct, code[row] is 0 (absent) or 1 + an index of them.
 * codes stays empty when one value fills all rows. */
void dictionary_encode(struct buf *dictionary, struct buf *codes, const struct str *values,
    uint32_t n, const uint32_t *code, uint32_t count, struct scratch *s);

/* Whether so few values are no UUIDs that uuid_encode is worth it. */
bool uuid_suits(const struct values *v);
void uuid_encode(struct buf *dictionary, struct buf *codes, const struct values *v, struct scratch *s);

/* Where a text column is cut. */
struct text_block {
	uint32_t row, rows; /* absent rows counted */
	uint32_t off, len;  /* in the column's buffer */
};
/* How a column of so many bytes is best cut and compressed, by what its first
 * texts compress to. */
struct text_plan {
	size_t size; /* blocks have as many bytes or a little more */
	bool dense;  /* codec_compress_dense */
};
struct text_plan text_plan(const struct values *v, size_t bytes, struct scratch *s);
/* Yours (free). */
struct text_block *text_cut(const struct values *v, size_t size, uint32_t *n);
void text_encode(struct buf *dictionary, struct buf *codes, const struct values *v,
    const struct text_block *block, uint32_t n);

/* ---- decoders ---- */

/* Pieces have BITS_PADDING readable bytes behind them. */

/* time[count] with TIME_NONE for absent rows; the least and the greatest. */
int time_decode(enum field f, struct str codes, uint32_t count, int64_t *time, int64_t range[2],
    struct err *e);

/* One row alone. */
int time_pick(enum field f, struct str codes, uint32_t count, uint32_t row, int64_t *time, struct err *e);

struct dictionary_column {
	uint32_t n, absent;
	struct str *values;  /* 0 .. n; [0] is absent */
	uint32_t *counts;
	char *bytes;         /* of the values */
	size_t memory;
};
int dictionary_decode(enum field f, struct str piece, uint32_t count, struct codec *c,
    struct dictionary_column *d, struct err *e);
/* The numbers at the front of the piece; the values are not looked at. */
struct dictionary_head {
	uint32_t n, absent;
	unsigned width;    /* bits a code; 0: there is no codes piece */
	size_t raw;        /* bytes of the list */
	struct str packed; /* from the packing byte on */
};
int dictionary_open(enum field f, struct str piece, uint32_t count, struct dictionary_head *h, struct err *e);
/* Codes as wide as needed; yours. */
int dictionary_decode_codes(enum field f, struct str piece, uint32_t count, struct codec *c,
    const struct dictionary_column *d, void **codes, unsigned *width, struct err *e);
void dictionary_column_fini(struct dictionary_column *d);
/* The code of a value, 0 when it is none of them. */
uint32_t dictionary_find(const struct dictionary_column *d, struct str value);

/* One row alone.  The code from the codes piece: 1 given; 0 it is compressed;
 * -1.  Then the value of a code but 0, put together in out; list is memory for
 * the list, which stays there for the next value: empty at first. */
int dictionary_pick_code(enum field f, const struct dictionary_head *h, const struct piece_view *codes,
    uint32_t count, uint32_t row, uint32_t *code, struct err *e);
int dictionary_pick(enum field f, const struct dictionary_head *h, struct codec *c, struct buf *list,
    uint32_t code, struct buf *out, struct err *e);

#define UUID_EXCEPTION (UINT32_C(1) << 31)

struct uuid_column {
	uint32_t n;              /* UUIDs */
	const uint8_t *packed;   /* in the codes piece */
	struct uuid_half half[2];
	uint32_t *index;         /* a row's: 0 absent, 1 + UUID, UUID_EXCEPTION | exception; NULL: 1 + row */
	struct str *exception;   /* in the dictionary piece */
	uint32_t exceptions;
	size_t memory;
};
int uuid_decode(enum field f, struct str dictionary, struct str codes, uint32_t count,
    struct uuid_column *u, struct err *e);
/* p == NULL: absent.  The bytes are text's or the exceptions'. */
struct str uuid_value(const struct uuid_column *u, uint32_t row, char text[UUID_TEXT_LEN]);
void uuid_column_fini(struct uuid_column *u);
/* One row alone: 1 given, 0 the column must be decoded, -1. */
int uuid_pick(enum field f, struct str dictionary, const struct piece_view *codes, uint32_t count, uint32_t row,
    char text[UUID_TEXT_LEN], struct str *out, struct err *e);
struct text_column {
	uint32_t n;               /* blocks */
	struct text_block *block; /* off is the sum of the lengths before */
	uint32_t *start;          /* count + 1 offsets, over all blocks */
	uint8_t *absent;          /* a bit a row; NULL: none */
	size_t memory;
};
int text_decode(enum field f, struct str dictionary, struct str codes, uint32_t count,
    struct text_column *t, struct err *e);
/* The block of a row; `near` is a guess. */
uint32_t text_find_block(const struct text_column *t, uint32_t row, uint32_t near);
/* Where the text of a row is. */
struct text_place {
	bool absent;
	uint32_t block, raw; /* and as long as that */
	uint32_t off, len;   /* in the block */
};
/* One row alone. */
int text_pick(enum field f, struct str dictionary, struct str codes, uint32_t count, uint32_t row,
    struct text_place *place, struct err *e);
void text_column_fini(struct text_column *t);

#endif
