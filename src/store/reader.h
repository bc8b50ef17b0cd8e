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

struct loaded_column {
	struct column view; /* kind is valid when loaded */
	enum encoding encoding;
	bool opened, loaded; /* opened: first and encoding are there */
	struct buf first, codes; /* pieces that are pointed into */
	int64_t *time;
	struct dictionary_column dictionary;
	void *code;
	struct uuid_column uuid;
	char uuid_text[BORROWERS][UUID_TEXT_LEN];
	struct text_column text;
	struct cached_block cache[CACHE_BLOCKS];
	struct cached_block *held[BORROWERS]; /* not to be replaced by the other */
	uint64_t clock;
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
	struct loaded_column *column[FIELD_COUNT]; /* NULL: nothing read yet */
	bool whole_read;
	struct buf whole; /* filter of trigrams; empty: there is none */
	struct whole_answer answer[WHOLE_ANSWERS];
	uint32_t answers; /* ever given; the oldest is replaced */
};

/* A piece with padding behind it: 1, 0 there is none, -1. */
int reader_piece(struct segment *s, unsigned field, unsigned part, struct buf *b, struct err *e);

/* The place of a column; nothing is read. */
struct loaded_column *reader_column(struct segment *s, enum field f);

/* The column of a field that the segment has, with its encoding, or with all
 * but codes and blocks; NULL and an error. */
struct loaded_column *reader_open(struct segment *s, enum field f, struct err *e);
struct loaded_column *reader_load(struct segment *s, enum field f, struct err *e);

/* reader_load, asked once a value. */
static inline struct loaded_column *
reader_loaded(struct segment *s, enum field f, struct err *e)
{
	struct loaded_column *col = s->column[f];

	return col != NULL && col->loaded ? col : reader_load(s, f, e);
}

#endif
