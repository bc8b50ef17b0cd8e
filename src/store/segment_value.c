/*
 * segment_value: values and events of rows, out of columns that are loaded.
 *
 * Of a column of texts only the last few blocks are kept, unless it was loaded
 * to keep all (segment_keep).  Who borrows a value has its block until he asks
 * for the next one, whatever others read.
 *
 * In: a row.   Out: one of its values, or its event.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/reader.h"

/* By measurement: from so many rows on, decoding columns costs less. */
enum { FEW_ROWS = 8 };

/* ---- blocks of texts ---- */

bool
reader_slot(struct loaded_column *col, uint32_t block, enum borrower who, struct cached_block **found)
{
	struct cached_block *other = col->held[who == BY_VALUE ? BY_EVENT : BY_VALUE];

	*found = NULL;
	for (int i = 0; i < CACHE_BLOCKS; i++) {
		struct cached_block *slot = &col->cache[i];
		if (slot->valid && slot->block == block) {
			*found = slot;
			return true;
		}
		if (slot != other && (*found == NULL || slot->used < (*found)->used))
			*found = slot;
	}
	return false;
}

int
reader_block(const struct segment *s, enum field f, uint32_t block, struct buf *piece, struct err *e)
{
	int rc = reader_piece(s, (unsigned)f, PART_BLOCK + block, piece, e);

	return rc == 0 ? column_wrong(e, f, "a block is missing") : rc < 0 ? -1 : 0;
}

static int
decompress(struct codec *c, enum field f, const struct buf *piece, void *out, size_t raw, struct err *e)
{
	if (codec_decompress(c, piece->p, piece->len, out, raw) < 0)
		return column_wrong(e, f, "a block cannot be decompressed");
	return 0;
}

void
reader_shrink(struct cached_block *slot)
{
	if (slot->cap <= 8 * TEXT_BLOCK_RAW)
		return;
	free(slot->bytes);
	slot->bytes = NULL;
	slot->cap = 0;
	slot->valid = false;
}

int
reader_fill(struct codec *c, enum field f, struct cached_block *slot, uint32_t block, size_t raw,
    const struct buf *piece, struct err *e)
{
	slot->valid = false;
	reader_shrink(slot);
	if (slot->cap < raw || slot->bytes == NULL) {
		free(slot->bytes);
		slot->bytes = mem_alloc(raw);
		slot->cap = raw;
	}
	if (decompress(c, f, piece, slot->bytes, raw, e) < 0)
		return -1;
	slot->valid = true;
	slot->block = block;
	return 0;
}

void
reader_hold(struct loaded_column *col, struct cached_block *slot, enum borrower who)
{
	slot->used = ++col->clock;
	col->held[who] = slot;
}

/* The texts of one block into the place of all. */
static int
make_texts(struct segment *s, enum field f, struct loaded_column *col, uint32_t block, struct err *e)
{
	const struct text_block *b = &col->text.block[block];
	struct buf piece = { 0 };
	int rc = reader_block(s, f, block, &piece, e);

	if (rc == 0)
		rc = decompress(s->codec, f, &piece, col->texts + b->off, b->len, e);
	col->made[block] = rc == 0;
	buf_fini(&piece);
	return rc;
}

static int
kept_text(struct segment *s, enum field f, struct loaded_column *col, uint32_t row, struct str *out,
    struct err *e)
{
	const uint32_t *start = col->text.start + row;

	col->near = text_find_block(&col->text, row, col->near);
	if (!col->made[col->near] && make_texts(s, f, col, col->near, e) < 0)
		return -1;
	*out = (struct str){ col->texts + start[0], start[1] - start[0] };
	return 0;
}

/* The block in a slot, which is held from now on; NULL and an error. */
static struct cached_block *
take_block(struct segment *s, enum field f, struct loaded_column *col, uint32_t block, enum borrower who,
    struct err *e)
{
	struct cached_block *slot;
	struct buf piece = { 0 };
	int rc = 0;

	if (!reader_slot(col, block, who, &slot)) {
		if ((rc = reader_block(s, f, block, &piece, e)) == 0)
			rc = reader_fill(s->codec, f, slot, block, col->text.block[block].len, &piece, e);
		buf_fini(&piece);
	}
	if (rc < 0)
		return NULL;
	reader_hold(col, slot, who);
	return slot;
}

static int
text_value(struct segment *s, enum field f, struct loaded_column *col, uint32_t row,
    enum borrower who, struct str *out, struct err *e)
{
	const struct text_column *t = &col->text;
	struct cached_block *slot = col->held[who];
	uint32_t block;

	*out = (struct str){ NULL, 0 };
	if (!reader_has_text(t, row))
		return 0;
	if (col->texts != NULL)
		return kept_text(s, f, col, row, out, e);
	if (slot != NULL && !slot->valid)
		slot = NULL;
	block = text_find_block(t, row, slot != NULL ? slot->block : 0);
	if ((slot == NULL || slot->block != block) && (slot = take_block(s, f, col, block, who, e)) == NULL)
		return -1;
	*out = reader_text(t, row, block, slot->bytes);
	return 0;
}

/* ---- values ---- */

static int
value_of(struct segment *s, enum field f, struct loaded_column *col, uint32_t row,
    enum borrower who, struct str *out, struct err *e)
{
	if (col->encoding == ENCODING_TEXT)
		return text_value(s, f, col, row, who, out, e);
	if (col->encoding == ENCODING_UUID) {
		*out = uuid_value(&col->uuid, row, col->uuid_text[who]);
		return 0;
	}
	if (col->view.codes == NULL && segment_codes(s, f, e) == NULL)
		return -1;
	*out = col->dictionary.values[column_code(&col->view, row)];
	return 0;
}

int
segment_value(struct segment *s, enum field f, uint32_t row, struct str *out, struct err *e)
{
	*out = (struct str){ NULL, 0 };
	if (row >= s->meta.count || field_table[f].type == FIELD_TIMESTAMP)
		return err_set(e, ERR_FAIL, "column %s: no value %u", field_table[f].key, row);
	if (!(s->meta.fields >> f & 1))
		return 0;
	struct loaded_column *col = reader_loaded(s, f, e);
	return col ? value_of(s, f, col, row, BY_VALUE, out, e) : -1;
}

int
reader_value(struct segment *s, enum field f, uint32_t row, struct event *out, struct err *e)
{
	struct loaded_column *col = reader_loaded(s, f, e);
	struct str value;

	if (col == NULL)
		return -1;
	if (col->encoding == ENCODING_TIME) {
		reader_put_time(out, f, col->time[row]);
		return 0;
	}
	if (value_of(s, f, col, row, BY_EVENT, &value, e) < 0)
		return -1;
	reader_put(out, f, value);
	return 0;
}

/* ---- events ---- */

void
segment_expect(struct segment *s, uint32_t rows)
{
	s->few = s->source.part != NULL && rows <= FEW_ROWS - s->picked ? rows : 0;
}

int
segment_event(struct segment *s, uint32_t row, field_set want, struct event *out, struct err *e)
{
	if (reader_begin(s, row, out, e) < 0)
		return -1;
	want &= s->meta.fields & FIELD_ALL;
	if (s->few > 0) {
		s->few--;
		s->picked++;
		return reader_pick(s, row, want, out, e);
	}
	for (field_set left = want; left; left &= left - 1)
		if (reader_value(s, (enum field)__builtin_ctzll(left), row, out, e) < 0)
			return -1;
	return 0;
}
