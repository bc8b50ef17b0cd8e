/*
 * segment_contain: which rows may contain a text, without reading the texts.
 *
 * In: a column of texts or UUIDs, and bytes.   Out: the rows left.
 */
#include "base/bitmap.h"
#include "store/reader.h"
#include "store/trigrams.h"

/* ---- bits, one a row ---- */

static void
clear_all(uint64_t *bits, uint32_t count)
{
	memset(bits, 0, (count + 63) / 64 * sizeof(*bits));
}

static void
clear_range(uint64_t *bits, uint32_t row, uint32_t rows)
{
	uint32_t end = row + rows;

	for (; row < end && row % 64 != 0; row++)
		bitmap_drop(bits, row);
	for (; end - row >= 64; row += 64)
		bits[row / 64] = 0;
	for (; row < end; row++)
		bitmap_drop(bits, row);
}

/* ---- texts ---- */

static int
load_trigrams(struct segment *s, enum field f, struct loaded_column *col, struct err *e)
{
	if (reader_piece(s, (unsigned)f, PART_TRIGRAMS, &col->trigrams, e) < 0)
		return -1;
	col->trigrams_read = true;
	return 0;
}

static void
clear_absent(const struct text_column *t, uint32_t count, uint64_t *bits)
{
	for (uint32_t row = 0; t->absent != NULL && row < count; row++)
		if (bit_test(t->absent, row))
			bitmap_drop(bits, row);
}

static bool
any_block(const uint8_t *mask, uint32_t blocks)
{
	for (uint32_t i = 0; i < (blocks + 7) / 8; i++)
		if (mask[i] != 0)
			return true;
	return false;
}

/* What a column's own filter says; blocks 0: it has none. */
struct filtered {
	uint32_t blocks;
	uint8_t mask[TRIGRAM_MASK_MAX];
};

static int
ask_column(struct segment *s, enum field f, struct str text, bool nocase, struct filtered *out, struct err *e)
{
	struct loaded_column *col = reader_column(s, f);

	out->blocks = 0;
	if (!col->trigrams_read && load_trigrams(s, f, col, e) < 0)
		return -1;
	if (col->trigrams.len == 0 ||
	    trigrams_search(buf_view(&col->trigrams), text, nocase, s->codec, &out->blocks, out->mask))
		return 0;
	return column_wrong(e, f, "the filter of trigrams cannot be read");
}

static int
texts_may_contain(struct segment *s, enum field f, const struct filtered *filtered, uint64_t *bits, struct err *e)
{
	const struct loaded_column *col = reader_load(s, f, e);

	if (col == NULL)
		return -1;
	clear_absent(&col->text, s->meta.count, bits);
	if (filtered->blocks == 0)
		return 0;
	if (filtered->blocks != col->text.n)
		return column_wrong(e, f, "the filter of trigrams is of other blocks");
	for (uint32_t i = 0; i < filtered->blocks; i++)
		if (!bit_test(filtered->mask, i))
			clear_range(bits, col->text.block[i].row, col->text.block[i].rows);
	return 0;
}

/* ---- UUIDs ---- */

static bool
fits_at(struct str text, size_t at)
{
	for (size_t i = 0; i < text.len; i++) {
		size_t place = at + i;
		char c = text.p[i];
		bool dash = place == 8 || place == 13 || place == 18 || place == 23;

		if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}

/* Whether a UUID of lower-case digits can have the text somewhere. */
static bool
fits_uuid(struct str text)
{
	for (size_t at = 0; at + text.len <= UUID_TEXT_LEN; at++)
		if (fits_at(text, at))
			return true;
	return false;
}

static bool
exception_has(struct str value, struct str text, bool nocase)
{
	return nocase || memmem(value.p, value.len, text.p, text.len) != NULL;
}

/* Whether the first piece tells of values that are no UUIDs. */
static bool
has_exceptions(struct str piece)
{
	struct cursor c = { (const uint8_t *)piece.p + 1, (const uint8_t *)piece.p + piece.len };
	uint64_t absent, exceptions;

	return !cursor_number(&c, UINT64_MAX, &absent) || !cursor_number(&c, UINT64_MAX, &exceptions) || exceptions > 0;
}

static int
uuids_may_contain(struct segment *s, enum field f, struct str text, bool nocase, uint64_t *bits, struct err *e)
{
	bool fits = fits_uuid(text);
	const struct loaded_column *col = reader_open(s, f, e);
	const struct uuid_column *u;

	if (col == NULL)
		return -1;
	if (!fits && !has_exceptions(buf_view(&col->first))) {
		clear_all(bits, s->meta.count);
		return 0;
	}
	if ((col = reader_load(s, f, e)) == NULL)
		return -1;
	u = &col->uuid;
	for (uint32_t row = 0; row < s->meta.count; row++) {
		uint32_t at = u->index != NULL ? u->index[row] : row + 1;
		bool may = at == 0                ? false
		    : (at & UUID_EXCEPTION) != 0 ? exception_has(u->exception[at & ~UUID_EXCEPTION], text, nocase)
		                                 : fits;

		if (!may)
			bitmap_drop(bits, row);
	}
	return 0;
}

/* ---- the whole segment ---- */

static int
load_whole(struct segment *s, struct err *e)
{
	if (reader_piece(s, SEGMENT_WHOLE, PART_TRIGRAMS, &s->whole, e) < 0)
		return -1;
	s->whole_read = true;
	return 0;
}

/* Whether any value, times and UUIDs aside, may contain the text: 1, 0, -1.
 * Many fields are asked for the same text. */
static int
whole_may_contain(struct segment *s, struct str text, bool nocase, struct err *e)
{
	struct whole_answer *answer;
	uint8_t mask[TRIGRAM_MASK_MAX];
	uint32_t blocks;

	if (!s->whole_read && load_whole(s, e) < 0)
		return -1;
	if (s->whole.len == 0)
		return 1;
	for (uint32_t i = 0; i < s->answers && i < WHOLE_ANSWERS; i++)
		if (s->answer[i].nocase == nocase && str_eq(buf_view(&s->answer[i].text), text))
			return s->answer[i].may;
	if (!trigrams_search(buf_view(&s->whole), text, nocase, s->codec, &blocks, mask) || blocks != 1)
		return err_set(e, ERR_INTEGRITY, "the filter of trigrams of a segment cannot be read");
	answer = &s->answer[s->answers++ % WHOLE_ANSWERS];
	buf_reset(&answer->text);
	buf_str(&answer->text, text);
	answer->nocase = nocase;
	answer->may = mask[0] != 0;
	return answer->may;
}

/* The lengths of texts and the values of dictionaries are read only when some
 * are left. */
static int
column_may_contain(struct segment *s, enum field f, struct str text, bool nocase, uint64_t *bits, struct err *e)
{
	struct loaded_column *col;
	struct filtered filtered;

	if (ask_column(s, f, text, nocase, &filtered, e) < 0)
		return -1;
	if (filtered.blocks > 0 && !any_block(filtered.mask, filtered.blocks)) {
		clear_all(bits, s->meta.count);
		return 0;
	}
	if ((col = reader_open(s, f, e)) == NULL)
		return -1;
	switch (col->encoding) {
	case ENCODING_UUID:
		if (filtered.blocks > 0)
			return column_wrong(e, f, "a filter of trigrams, which UUIDs do not have");
		return uuids_may_contain(s, f, text, nocase, bits, e);
	case ENCODING_TEXT:
		return texts_may_contain(s, f, &filtered, bits, e);
	default:
		return filtered.blocks > 1 ? column_wrong(e, f, "the filter of trigrams is of other blocks") : 0;
	}
}

int
segment_may_contain(struct segment *s, enum field f, struct str text, bool nocase, uint64_t *bits, struct err *e)
{
	struct loaded_column *col;
	int whole;

	if (field_table[f].type == FIELD_TIMESTAMP)
		return err_set(e, ERR_FAIL, "column %s: times contain no texts", field_table[f].key);
	if (!(s->meta.fields >> f & 1)) {
		clear_all(bits, s->meta.count);
		return 0;
	}
	if ((whole = whole_may_contain(s, text, nocase, e)) < 0)
		return -1;
	if (whole > 0)
		return column_may_contain(s, f, text, nocase, bits, e);
	if (fits_uuid(text)) {
		if ((col = reader_open(s, f, e)) == NULL)
			return -1;
		if (col->encoding == ENCODING_UUID)
			return uuids_may_contain(s, f, text, nocase, bits, e);
	}
	clear_all(bits, s->meta.count);
	return 0;
}
