/*
 * column_text: a text a row, in blocks that are decompressed one by one.
 *
 * dictionary piece
 *   4                      encoding
 *   absent, n              varints: rows without a text; blocks
 *   n times                varints: rows of the block, bytes of its texts
 * codes piece, for each 128 rows
 *   width, base            one byte; varint
 *   lengths                packed, less base; 0 absent, else 1 + length
 * block pieces, PART_BLOCK and following
 *   one zstd frame of the texts of its rows, one behind the other
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/column.h"

enum { LENGTHS = 128, LENGTH_BITS = 32 };

/* What SQLite makes of a long row when pages have 16 KiB: pages of its own, and
 * at least SHARED bytes, at most ALONE, on a page with others. */
enum { PAGE = 16384, OWN_PAGE = PAGE - 4, SHARED = 2031, ALONE = PAGE - 35, SAMPLED_BLOCKS = 8 };

/* Bytes of the file that such a row takes. */
static size_t
file_bytes(size_t row)
{
	size_t own = 0, local = row;

	if (row > ALONE) {
		own = (row - SHARED) / OWN_PAGE;
		local = SHARED + (row - SHARED) % OWN_PAGE;
	}
	if (local > ALONE) {
		own++;
		local = SHARED;
	}
	/* With sixteen bytes beside it. */
	return own * PAGE + PAGE / ((ALONE + 16) / (local + 16));
}

/*
 * The size of a block, in hundredths, at which the least of the file's pages is
 * left empty: 90 to 130.  Frames are not all alike, so that those a little
 * smaller and larger count too.
 */
static size_t
filling_pages(size_t frame)
{
	size_t best = 100, least = SIZE_MAX;

	for (size_t part = 90; part <= 130; part++) {
		size_t bytes = (file_bytes(frame * part * 98 / 10000) + file_bytes(frame * part / 100) +
		    file_bytes(frame * part * 102 / 10000)) * 100 / part;

		if (bytes < least) {
			least = bytes;
			best = part;
		}
	}
	return best;
}

struct text_plan
text_plan(const struct values *v, size_t bytes, struct scratch *s)
{
	struct text_plan plan = { .size = TEXT_BLOCK_RAW };
	size_t frame, dense;

	if (bytes < SAMPLED_BLOCKS * TEXT_BLOCK_RAW)
		return plan;
	buf_reset(&s->raw);
	codec_compress(s->codec, v->bytes, TEXT_BLOCK_RAW, &s->raw);
	frame = s->raw.len;
	codec_compress_dense(s->codec, v->bytes, TEXT_BLOCK_RAW, &s->raw);
	dense = s->raw.len - frame;
	plan.dense = dense < frame;
	plan.size = TEXT_BLOCK_RAW / 100 * filling_pages(plan.dense ? dense : frame);
	return plan;
}

/* Whether the next row's text belongs to the block: not when it made it larger
 * than one may be. */
static inline bool
has_room(const struct values *v, uint32_t row, uint32_t len)
{
	return len < TEXT_BLOCK_RAW || v->span[row].len == ABSENT || v->span[row].len <= TEXT_BLOCK_RAW;
}

struct text_block *
text_cut(const struct values *v, size_t size, uint32_t *n)
{
	struct text_block *block = NULL;
	size_t cap = 0;
	uint32_t total = 0;

	for (uint32_t row = 0; row < v->count; row++)
		if (v->span[row].len != ABSENT)
			total += v->span[row].len;
	/* More than any segment should hold still fits the number of blocks. */
	uint32_t full = total / (TEXT_BLOCKS_MAX - 1) + 1;
	if (full < size)
		full = (uint32_t)size;

	struct text_block current = { 0 };
	*n = 0;
	for (uint32_t row = 0; row < v->count; row++) {
		current.rows++;
		if (v->span[row].len != ABSENT)
			current.len += v->span[row].len;
		if (current.len < full && row + 1 < v->count && has_room(v, row + 1, current.len))
			continue;
		mem_grow(&block, &cap, (size_t)*n + 1, sizeof(*block));
		block[(*n)++] = current;
		current = (struct text_block){ .row = row + 1, .off = current.off + current.len };
	}
	return block;
}

static void
encode_lengths(struct buf *b, const struct span *span, uint32_t n)
{
	uint32_t length[LENGTHS], low = UINT32_MAX, high = 0;

	for (uint32_t i = 0; i < n; i++) {
		length[i] = span[i].len + 1; /* ABSENT is the largest number: 0 */
		low = length[i] < low ? length[i] : low;
		high = length[i] > high ? length[i] : high;
	}
	unsigned width = bits_width(high - low);
	for (uint32_t i = 0; i < n; i++)
		length[i] -= low;
	buf_byte(b, (char)width);
	buf_varint(b, low);
	bits_pack32(b, length, n, width);
}

void
text_encode(struct buf *dictionary, struct buf *codes, const struct values *v,
    const struct text_block *block, uint32_t n)
{
	buf_byte(dictionary, ENCODING_TEXT);
	buf_varint(dictionary, v->count - v->present);
	buf_varint(dictionary, n);
	for (uint32_t i = 0; i < n; i++) {
		buf_varint(dictionary, block[i].rows);
		buf_varint(dictionary, block[i].len);
	}
	for (uint32_t row = 0; row < v->count; row += LENGTHS)
		encode_lengths(codes, v->span + row, v->count - row < LENGTHS ? v->count - row : LENGTHS);
}

/* ---- decoding ---- */

/* Up to LENGTHS lengths; NULL: they are only stepped over. */
static bool
next_lengths(struct cursor *c, uint32_t n, uint32_t *length, uint64_t *base)
{
	const uint8_t *packed;
	uint8_t width;

	if (!cursor_byte(c, &width) || width > LENGTH_BITS || !cursor_number(c, SEGMENT_VALUE_MAX + 1, base) ||
	    (packed = cursor_bytes(c, bits_bytes(n, width))) == NULL || !bits_clean(packed, n, width))
		return false;
	if (length != NULL)
		bits_unpack32(length, packed, n, width, 0);
	return true;
}

static const char *
decode_lengths(struct text_column *t, struct str codes, uint32_t count, uint32_t absent)
{
	struct cursor c = { (const uint8_t *)codes.p, (const uint8_t *)codes.p + codes.len };
	uint32_t length[LENGTHS], missing = 0;
	uint64_t start = 0, base;

	t->start = mem_alloc(((size_t)count + 1) * sizeof(*t->start));
	t->memory += ((size_t)count + 1) * sizeof(*t->start);
	if (absent) {
		t->absent = mem_zero(bits_bytes(count, 1), 1);
		t->memory += bits_bytes(count, 1);
	}
	for (uint32_t row = 0; row < count; row++) {
		if (row % LENGTHS == 0) {
			uint32_t n = count - row < LENGTHS ? count - row : LENGTHS;
			if (!next_lengths(&c, n, length, &base))
				return "lengths end early";
		}
		uint64_t len = base + length[row % LENGTHS];
		t->start[row] = (uint32_t)start;
		if (len == 0) {
			if (++missing > absent)
				return "more rows without a text than stated";
			t->absent[row / 8] |= (uint8_t)(1u << row % 8);
			continue;
		}
		start += len - 1;
		if (len - 1 > SEGMENT_VALUE_MAX || start > COLUMN_VALUES_MAX)
			return "a length out of range";
	}
	t->start[count] = (uint32_t)start;
	if (missing != absent || cursor_left(&c) > 0)
		return "lengths do not fit the rows";
	return NULL;
}

/* After the lengths: blocks must cover the rows and hold their bytes. */
static const char *
decode_blocks(struct text_column *t, struct cursor *c, uint32_t count)
{
	uint32_t row = 0;

	for (uint32_t i = 0; i < t->n; i++) {
		uint64_t rows, len;
		if (!cursor_number(c, count - row, &rows) || rows == 0 ||
		    !cursor_number(c, TEXT_BLOCK_MAX, &len))
			return "the directory of blocks cannot be read";
		uint32_t next = row + (uint32_t)rows;
		if (t->start[next] - t->start[row] != len)
			return "a block is not as long as its texts";
		t->block[i] = (struct text_block){ row, (uint32_t)rows, t->start[row], (uint32_t)len };
		row = next;
	}
	return row == count && cursor_left(c) == 0 ? NULL : "blocks do not fit the rows";
}

/* Up to the directory. */
static bool
open_texts(struct cursor *c, uint32_t count, uint64_t *absent, uint64_t *n)
{
	uint8_t encoding;

	return cursor_byte(c, &encoding) && encoding == ENCODING_TEXT && cursor_number(c, count - 1, absent) &&
	    cursor_number(c, TEXT_BLOCKS_MAX, n) && *n > 0 && *n <= count;
}

int
text_decode(enum field f, struct str dictionary, struct str codes, uint32_t count,
    struct text_column *t, struct err *e)
{
	struct cursor c = { (const uint8_t *)dictionary.p, (const uint8_t *)dictionary.p + dictionary.len };
	uint64_t absent, n;

	*t = (struct text_column){ 0 };
	if (!open_texts(&c, count, &absent, &n))
		return column_wrong(e, f, "not a column of texts");
	t->n = (uint32_t)n;
	t->block = mem_alloc((size_t)n * sizeof(*t->block));
	t->memory = (size_t)n * sizeof(*t->block);
	const char *wrong = decode_lengths(t, codes, count, (uint32_t)absent);
	if (wrong == NULL)
		wrong = decode_blocks(t, &c, count);
	if (wrong == NULL)
		return 0;
	text_column_fini(t);
	return column_wrong(e, f, wrong);
}

/* ---- one row alone ---- */

/* The block of a row, by the directory. */
static const char *
pick_block(struct cursor *c, uint64_t n, uint32_t count, uint32_t row, uint32_t *first, struct text_place *place)
{
	uint64_t rows, len;

	*first = 0;
	for (uint32_t i = 0; i < n; i++, *first += (uint32_t)rows) {
		if (!cursor_number(c, count - *first, &rows) || rows == 0 || !cursor_number(c, TEXT_BLOCK_MAX, &len))
			break;
		if (row - *first >= rows)
			continue;
		place->block = i;
		place->raw = (uint32_t)len;
		return NULL;
	}
	return "the directory of blocks cannot be read";
}

/* Adds up the lengths of the texts from the first row of the block to the row. */
static const char *
pick_lengths(struct str codes, uint32_t count, uint32_t row, uint32_t first, struct text_place *place)
{
	struct cursor c = { (const uint8_t *)codes.p, (const uint8_t *)codes.p + codes.len };
	uint32_t length[LENGTHS];
	uint64_t base, off = 0, len = 0;

	for (uint32_t group = 0; group <= row; group += LENGTHS) {
		uint32_t n = count - group < LENGTHS ? count - group : LENGTHS;
		bool in = group + n > first;

		if (!next_lengths(&c, n, in ? length : NULL, &base))
			return "lengths end early";
		for (uint32_t i = group < first ? first - group : 0; in && i < n && group + i <= row; i++) {
			off += len > 0 ? len - 1 : 0;
			len = base + length[i];
		}
	}
	place->absent = len == 0;
	len -= len > 0;
	if (off + len > place->raw)
		return "a block is not as long as its texts";
	place->off = (uint32_t)off;
	place->len = (uint32_t)len;
	return NULL;
}

int
text_pick(enum field f, struct str dictionary, struct str codes, uint32_t count, uint32_t row,
    struct text_place *place, struct err *e)
{
	struct cursor c = { (const uint8_t *)dictionary.p, (const uint8_t *)dictionary.p + dictionary.len };
	const char *wrong;
	uint64_t absent, n;
	uint32_t first;

	if (!open_texts(&c, count, &absent, &n))
		return column_wrong(e, f, "not a column of texts");
	if ((wrong = pick_block(&c, n, count, row, &first, place)) != NULL ||
	    (wrong = pick_lengths(codes, count, row, first, place)) != NULL)
		return column_wrong(e, f, wrong);
	return 0;
}

uint32_t
text_find_block(const struct text_column *t, uint32_t row, uint32_t near)
{
	uint32_t low = 0, high = t->n;

	if (near < t->n && row - t->block[near].row < t->block[near].rows)
		return near;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (t->block[middle].row <= row)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void
text_column_fini(struct text_column *t)
{
	free(t->block);
	free(t->start);
	free(t->absent);
	*t = (struct text_column){ 0 };
}
