/* reader: a segment while it is read.  Private to store/. */
#ifndef STORE_READER_H
#define STORE_READER_H

#include "store/column.h"
#include "store/segment.h"

enum { CACHE_BLOCKS = 4 };

/* Who a value is borrowed by: neither takes the bytes from the other. */
enum borrower { BY_VALUE, BY_EVENT, BORROWERS };

struct cached_block {
	uint32_t block;
	bool valid;
	uint64_t used; /* when; the oldest goes first */
	char *bytes;
	size_t cap;
};

/* How the value of a picked row is had. */
enum pick { PICK_WHOLE, PICK_TIME, PICK_CODE, PICK_VALUE, PICK_TEXT };

struct loaded_column {
	struct column view; /* kind is valid when loaded */
	enum encoding encoding;
	bool opened, loaded; /* opened: first and encoding are there */
	bool codes_read;
	struct buf first, codes; /* pieces that are pointed into */
	int64_t *time;
	struct dictionary_column dictionary;
	void *code;
	struct uuid_column uuid;
	char uuid_text[BORROWERS][UUID_TEXT_LEN];
	struct text_column text;
	char *texts;   /* of all blocks, when they are kept; NULL: the cache has some */
	bool *made;    /* which blocks are decoded in texts */
	uint32_t near; /* the block of the last text */
	struct cached_block cache[CACHE_BLOCKS];
	struct cached_block *held[BORROWERS]; /* not to be replaced by the other */
	uint64_t clock;
	/* the picked row's */
	enum pick pick;
	struct dictionary_head head; /* of a dictionary that is opened */
	uint32_t picked_code;
	struct str picked_value;
	struct text_place picked_text;
	struct cached_block *picked_slot;
	struct buf picked, list; /* bytes, then its value; the dictionary's list */
	bool members_read, trigrams_read;
	struct buf members, trigrams; /* empty: there is no filter */
};

/* What the filter of the whole segment said of a text. */
struct whole_answer {
	struct buf text;
	bool nocase, may;
};

enum { WHOLE_ANSWERS = 8 };

struct segment {
	struct segment_meta meta;
	struct piece_source source;
	struct codec *codec;
	uint32_t few, picked; /* rows to be picked; that were */
	size_t values;        /* bytes of those of the columns that are loaded */
	size_t keep;          /* bytes of texts that may still be kept */
	struct loaded_column *column[FIELD_COUNT]; /* NULL: nothing read yet */
	bool whole_read;
	struct buf whole; /* filter of trigrams; empty: there is none */
	struct whole_answer answer[WHOLE_ANSWERS];
	uint32_t answers; /* ever given; the oldest is replaced */
};

/* A piece with padding behind it: 1, 0 there is none, -1. */
int reader_piece(const struct segment *s, unsigned field, unsigned part, struct buf *b, struct err *e);

/* The place of a column; nothing is read. */
struct loaded_column *reader_column(struct segment *s, enum field f);

/* The column of a field that the segment has, with its encoding, or with all
 * but codes and blocks; NULL and an error. */
struct loaded_column *reader_open(struct segment *s, enum field f, struct err *e);
struct loaded_column *reader_load(struct segment *s, enum field f, struct err *e);

/* The codes piece, which must be there. */
int reader_codes(struct segment *s, enum field f, struct loaded_column *col, struct err *e);

/* The slot that has a block, or is to have it: whether it has. */
bool reader_slot(struct loaded_column *col, uint32_t block, enum borrower who, struct cached_block **slot);
/* A block's piece; a slot filled from it; who borrows from the slot now. */
int reader_block(const struct segment *s, enum field f, uint32_t block, struct buf *piece, struct err *e);
int reader_fill(struct codec *c, enum field f, struct cached_block *slot, uint32_t block, size_t raw,
    const struct buf *piece, struct err *e);
/* Gives back what a huge value took. */
void reader_shrink(struct cached_block *slot);
void reader_hold(struct loaded_column *col, struct cached_block *slot, enum borrower who);

/* An event for the values of a row, still without any; -1 and an error when
 * there is no such row. */
static inline int
reader_begin(const struct segment *s, uint32_t row, struct event *out, struct err *e)
{
	out->present = 0;
	out->time = out->ingested = TIME_NONE;
	return row < s->meta.count ? 0 : err_set(e, ERR_FAIL, "no row %u in the segment", row);
}

/* Puts a row's value into an event, if it has one. */
static inline void
reader_put_time(struct event *out, enum field f, int64_t time)
{
	if (time != TIME_NONE)
		event_set_time(out, f, time);
}

static inline void
reader_put(struct event *out, enum field f, struct str value)
{
	if (value.p != NULL)
		event_set(out, f, value);
}

/* The same, of a column that is read if it was not. */
int reader_value(struct segment *s, enum field f, uint32_t row, struct event *out, struct err *e);
/* Puts all in want there, which the segment has: one of few rows. */
int reader_pick(struct segment *s, uint32_t row, field_set want, struct event *out, struct err *e);

/* Whether the row has a text; the text, of one that has, in its block's bytes. */
static inline bool
reader_has_text(const struct text_column *t, uint32_t row)
{
	return t->absent == NULL || !bit_test(t->absent, row);
}

static inline struct str
reader_text(const struct text_column *t, uint32_t row, uint32_t block, const char *bytes)
{
	const uint32_t *start = t->start + row;

	return (struct str){ bytes + (start[0] - t->block[block].off), start[1] - start[0] };
}

/* reader_load, asked once a value. */
static inline struct loaded_column *
reader_loaded(struct segment *s, enum field f, struct err *e)
{
	struct loaded_column *col = s->column[f];

	return col != NULL && col->loaded ? col : reader_load(s, f, e);
}

#endif
