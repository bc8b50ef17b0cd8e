/*
 * row_reader: rows of a segment, read by several threads (see row_reader.h).
 *
 * In: a segment whose columns are loaded.   Out: values, events.
 */
#include "store/row_reader.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/reader.h"

enum {
	HELD = 4, /* a row that came late lies a block or two away from those around it */
	KEPT = 4  /* that nobody holds: where one thread ends another one has begun */
};

/* A block of texts, decoded once for all readers. */
struct block {
	const struct segment *of; /* NULL: none */
	uint32_t number;
	uint64_t used;            /* when it was taken for that */
	unsigned holders;
	bool made;                /* not being decoded now */
	struct cached_block texts; /* looked at by who made it, and then by holders */
};

struct blocks {
	struct block **item;
	size_t n, cap;
};

struct row_blocks {
	pthread_mutex_t lock; /* around all but texts of blocks that are held */
	pthread_cond_t made;
	struct blocks blocks[FIELD_COUNT];
	uint64_t clock;
};

struct row_reader {
	struct row_blocks *shared;
	struct codec *codec;
	struct buf piece;
	struct block *held[FIELD_COUNT][HELD]; /* the one used last comes first */
	char uuid[FIELD_COUNT][UUID_TEXT_LEN];
};

struct row_blocks *
row_blocks_new(void)
{
	struct row_blocks *b = mem_zero(1, sizeof(*b));

	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->made, NULL);
	return b;
}

void
row_blocks_forget(struct row_blocks *b)
{
	for (int f = 0; f < FIELD_COUNT; f++)
		for (size_t i = 0; i < b->blocks[f].n; i++) {
			b->blocks[f].item[i]->of = NULL;
			reader_shrink(&b->blocks[f].item[i]->texts);
		}
}

void
row_blocks_free(struct row_blocks *b)
{
	if (b == NULL)
		return;
	for (int f = 0; f < FIELD_COUNT; f++) {
		for (size_t i = 0; i < b->blocks[f].n; i++) {
			free(b->blocks[f].item[i]->texts.bytes);
			free(b->blocks[f].item[i]);
		}
		free(b->blocks[f].item);
	}
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->made);
	free(b);
}

struct row_reader *
row_reader_new(struct row_blocks *shared)
{
	struct row_reader *r = mem_zero(1, sizeof(*r));

	r->shared = shared;
	r->codec = codec_new();
	return r;
}

void
row_reader_release(struct row_reader *r)
{
	pthread_mutex_lock(&r->shared->lock);
	for (int f = 0; f < FIELD_COUNT; f++)
		for (int i = 0; i < HELD; i++) {
			if (r->held[f][i] != NULL)
				r->held[f][i]->holders--;
			r->held[f][i] = NULL;
		}
	pthread_mutex_unlock(&r->shared->lock);
}

void
row_reader_free(struct row_reader *r)
{
	if (r == NULL)
		return;
	row_reader_release(r);
	codec_free(r->codec);
	buf_fini(&r->piece);
	free(r);
}

int
segment_load(struct segment *s, field_set want, struct err *e)
{
	for (field_set left = want & s->meta.fields & FIELD_ALL; left != 0; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);
		struct loaded_column *col = reader_loaded(s, f, e);

		if (col == NULL || (col->encoding == ENCODING_DICTIONARY && segment_codes(s, f, e) == NULL))
			return -1;
	}
	return 0;
}

/* ---- texts ---- */

/* The block, held from now on; or one to be made into it, which is then `made`
 * no longer.  With the lock. */
static struct block *
take_block(struct row_blocks *shared, const struct segment *s, enum field f, uint32_t block)
{
	struct blocks *all = &shared->blocks[f];
	struct block *oldest = NULL;
	size_t idle = 0;

	for (size_t i = 0; i < all->n; i++) {
		struct block *b = all->item[i];

		if (b->of == s && b->number == block) {
			b->holders++;
			return b;
		}
		idle += b->holders == 0;
		if (b->holders == 0 && (oldest == NULL || b->used < oldest->used))
			oldest = b;
	}
	if (idle < KEPT) {
		mem_grow(&all->item, &all->cap, all->n + 1, sizeof(struct block *));
		oldest = all->item[all->n++] = mem_zero(1, sizeof(*oldest));
	}
	oldest->of = s;
	oldest->number = block;
	oldest->used = ++shared->clock;
	oldest->holders = 1;
	oldest->made = false;
	return oldest;
}

/* Fills a block that was taken for it. */
static int
make_block(struct row_reader *r, const struct segment *s, enum field f, struct block *b, struct err *e)
{
	int rc = reader_block(s, f, b->number, &r->piece, e);

	if (rc == 0)
		rc = reader_fill(r->codec, f, &b->texts, b->number, s->column[f]->text.block[b->number].len,
		    &r->piece, e);
	pthread_mutex_lock(&r->shared->lock);
	b->made = true;
	if (rc < 0) {
		b->of = NULL;
		b->holders--;
	}
	pthread_cond_broadcast(&r->shared->made);
	pthread_mutex_unlock(&r->shared->lock);
	return rc;
}

/* From the shared ones into the first place of those held. */
static int
hold_block(struct row_reader *r, const struct segment *s, enum field f, uint32_t block, struct err *e)
{
	struct block **held = r->held[f], *b;

	pthread_mutex_lock(&r->shared->lock);
	if (held[HELD - 1] != NULL)
		held[HELD - 1]->holders--;
	memmove(held + 1, held, (HELD - 1) * sizeof(*held));
	held[0] = NULL;
	b = take_block(r->shared, s, f, block);
	if (b->holders == 1 && !b->made) {
		pthread_mutex_unlock(&r->shared->lock);
		if (make_block(r, s, f, b, e) < 0)
			return -1;
	} else {
		bool failed;

		while (!b->made)
			pthread_cond_wait(&r->shared->made, &r->shared->lock);
		failed = b->of == NULL;
		b->holders -= failed;
		pthread_mutex_unlock(&r->shared->lock);
		if (failed)
			return hold_block(r, s, f, block, e); /* and finds out why */
	}
	held[0] = b;
	return 0;
}

static bool
holds(const struct block *b, const struct segment *s, uint32_t block)
{
	return b != NULL && b->of == s && b->number == block;
}

/* The block's bytes. */
static const char *
block_bytes(struct row_reader *r, const struct segment *s, enum field f, uint32_t block, struct err *e)
{
	struct block **held = r->held[f];

	if (holds(held[0], s, block))
		return held[0]->texts.bytes;
	for (int i = 1; i < HELD; i++)
		if (holds(held[i], s, block)) {
			struct block *b = held[i];

			memmove(held + 1, held, (size_t)i * sizeof(*held));
			held[0] = b;
			return b->texts.bytes;
		}
	return hold_block(r, s, f, block, e) < 0 ? NULL : held[0]->texts.bytes;
}

static int
text_value(struct row_reader *r, const struct segment *s, enum field f, uint32_t row, struct str *out,
    struct err *e)
{
	const struct text_column *t = &s->column[f]->text;
	const char *bytes;
	uint32_t block;

	*out = (struct str){ NULL, 0 };
	if (!reader_has_text(t, row))
		return 0;
	block = text_find_block(t, row, r->held[f][0] != NULL ? r->held[f][0]->number : 0);
	if ((bytes = block_bytes(r, s, f, block, e)) == NULL)
		return -1;
	*out = reader_text(t, row, block, bytes);
	return 0;
}

/* ---- rows ---- */

int
row_reader_value(struct row_reader *r, const struct segment *s, enum field f, uint32_t row, struct str *out,
    struct err *e)
{
	const struct loaded_column *col = s->column[f];

	switch (col->encoding) {
	case ENCODING_TEXT:
		return text_value(r, s, f, row, out, e);
	case ENCODING_UUID:
		*out = uuid_value(&col->uuid, row, r->uuid[f]);
		return 0;
	default:
		*out = col->view.values[column_code(&col->view, row)];
		return 0;
	}
}

int
row_reader_event(struct row_reader *r, const struct segment *s, uint32_t row, field_set want,
    struct event *out, struct err *e)
{
	if (reader_begin(s, row, out, e) < 0)
		return -1;
	for (field_set left = want & s->meta.fields & FIELD_ALL; left != 0; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);
		struct str value;

		if (field_table[f].type == FIELD_TIMESTAMP) {
			reader_put_time(out, f, s->column[f]->time[row]);
			continue;
		}
		if (row_reader_value(r, s, f, row, &value, e) < 0)
			return -1;
		reader_put(out, f, value);
	}
	return 0;
}
