/*
 * column_dictionary: distinct values in order, how often each occurs, and the
 * number of its value for each row.
 *
 * dictionary piece
 *   2                      encoding
 *   n, absent, raw         varints: values, rows without one, bytes of the list
 *   packing                0, or 1: the list is one zstd frame
 *   list                   n counts, n lengths shared with the value before, n
 *                          lengths of the rest (varints); the rests
 * codes piece; there is none when one value fills all rows
 *   packing                0, or 1: the codes are one zstd frame
 *   codes                  packed; one less than the code when no row is absent
 *
 * Values ascend, so that a prefix is a range of codes and the front of each
 * value need not be stored.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/dictionary.h"
#include "store/dictionary_list.h"

enum { ZSTD_WORTH = 64 }; /* fewer bytes are not worth a frame */

/* Bits a code, when the smallest is 0. */
static unsigned
code_bits(uint32_t n, uint32_t absent)
{
	return bits_width(absent ? n : n - 1);
}

/* Appends packing and bytes, compressed when that saves more than `worth`. */
static void
add_packed(struct buf *out, struct codec *codec, bool dense, const void *p, size_t n, size_t worth)
{
	size_t start = out->len;

	if (n >= ZSTD_WORTH) {
		buf_byte(out, PACKING_ZSTD);
		(dense ? codec_compress_dense : codec_compress)(codec, p, n, out);
		if (out->len - start < n - worth)
			return;
		out->len = start;
	}
	buf_byte(out, PACKING_NONE);
	buf_add(out, p, n);
}

/* The list of values into s->raw.  shared[] is room for n numbers. */
static void
make_list(struct buf *raw, const struct str *value, const struct sort_entry *entry, uint32_t n,
    const uint32_t *count, uint32_t *shared)
{
	struct str before = STR("");

	for (uint32_t i = 0; i < n; i++)
		buf_varint(raw, count[entry[i].index + 1]);
	for (uint32_t i = 0; i < n; i++) {
		shared[i] = (uint32_t)dictionary_shared(before, value[entry[i].index]);
		before = value[entry[i].index];
		buf_varint(raw, shared[i]);
	}
	for (uint32_t i = 0; i < n; i++)
		buf_varint(raw, value[entry[i].index].len - shared[i]);
	size_t more = 0;
	for (uint32_t i = 0; i < n; i++)
		more += value[entry[i].index].len - shared[i];
	buf_reserve(raw, more);
	for (uint32_t i = 0; i < n; i++) {
		struct str v = value[entry[i].index];
		memcpy(raw->p + raw->len, v.p + shared[i], v.len - shared[i]);
		raw->len += v.len - shared[i];
	}
}

void
dictionary_encode(struct buf *dictionary, struct buf *codes, const struct str *values, uint32_t n,
    const uint32_t *code, uint32_t rows, struct scratch *s)
{
	struct sort_entry *entry = scratch_table(s, n * sizeof(*entry) +
	    (3 * (size_t)n + 2 + rows) * sizeof(uint32_t));
	uint32_t *count = (uint32_t *)(entry + n), *rank = count + n + 1, *shared = rank + n + 1;
	uint32_t *ranked = shared + n;

	memset(count, 0, (n + 1) * sizeof(*count));
	for (uint32_t i = 0; i < rows; i++)
		count[code[i]]++;
	dictionary_sort(values, n, entry, (uintptr_t)entry);
	buf_reset(&s->raw);
	make_list(&s->raw, values, entry, n, count, shared);

	buf_byte(dictionary, ENCODING_DICTIONARY);
	buf_varint(dictionary, n);
	buf_varint(dictionary, count[0]);
	buf_varint(dictionary, s->raw.len);
	add_packed(dictionary, s->codec, true, s->raw.p, s->raw.len, s->raw.len / 8);

	unsigned width = code_bits(n, count[0]);
	if (width == 0)
		return;
	uint32_t bias = count[0] ? 0 : 1;
	rank[0] = 0;
	for (uint32_t i = 0; i < n; i++)
		rank[entry[i].index + 1] = i + 1 - bias;
	for (uint32_t i = 0; i < rows; i++)
		ranked[i] = rank[code[i]];
	buf_reset(&s->raw);
	bits_pack32(&s->raw, ranked, rows, width);
	/* Codes are read in the middle of a query: only long runs are worth it. */
	add_packed(codes, s->codec, false, s->raw.p, s->raw.len, s->raw.len - s->raw.len / 4);
}

/* ---- decoding ---- */

int
dictionary_open(enum field f, struct str piece, uint32_t rows, struct dictionary_head *h, struct err *e)
{
	struct cursor c = { (const uint8_t *)piece.p, (const uint8_t *)piece.p + piece.len };
	uint64_t n, absent, raw;
	uint8_t encoding;

	if (!cursor_byte(&c, &encoding) || encoding != ENCODING_DICTIONARY ||
	    !cursor_number(&c, rows, &n) || !cursor_number(&c, rows, &absent) || n == 0 ||
	    n + absent > rows ||
	    !cursor_number(&c, COLUMN_VALUES_MAX + 16 * (uint64_t)rows, &raw))
		return column_wrong(e, f, "not a dictionary");
	*h = (struct dictionary_head){ .n = (uint32_t)n, .absent = (uint32_t)absent, .raw = (size_t)raw,
		.width = code_bits((uint32_t)n, (uint32_t)absent), .packed = { (const char *)c.p, cursor_left(&c) } };
	return 0;
}

void
dictionary_column_fini(struct dictionary_column *d)
{
	free(d->values);
	free(d->counts);
	free(d->bytes);
	*d = (struct dictionary_column){ 0 };
}

uint32_t
dictionary_find(const struct dictionary_column *d, struct str value)
{
	uint32_t low = 1, high = d->n + 1;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = str_cmp(d->values[middle], value);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/*
 * Counts, for one width of array, with four counters for each code, because
 * neighbours are often the same.  A code beyond the last value, or one that
 * wrapped around to 0, takes a row from another's count, so that comparing
 * counts finds it.
 */
#define COUNT_CODES(name, type)                                                     \
	static void                                                                 \
	name(const void *codes, uint32_t rows, uint32_t *count, size_t n)           \
	{                                                                           \
		const type *code = codes;                                           \
		uint32_t i = 0, *b = count + n, *c = b + n, *d = c + n;             \
		for (; i + 4 <= rows; i += 4) {                                     \
			count[code[i]]++;                                           \
			b[code[i + 1]]++;                                           \
			c[code[i + 2]]++;                                           \
			d[code[i + 3]]++;                                           \
		}                                                                   \
		for (; i < rows; i++)                                               \
			count[code[i]]++;                                           \
		for (size_t k = 0; k < n; k++)                                      \
			count[k] += b[k] + c[k] + d[k];                             \
	}

COUNT_CODES(count8, uint8_t)
COUNT_CODES(count16, uint16_t)
COUNT_CODES(count32, uint32_t)

static bool
unpack_codes(void *out, unsigned wide, const uint8_t *packed, unsigned bits, uint32_t rows,
    const struct dictionary_column *d)
{
	uint32_t bias = d->absent ? 0 : 1;
	size_t n = ((size_t)1 << bits) + bias; /* numbers there can be */
	uint32_t *count = mem_zero(4 * n, sizeof(*count));

	if (wide == 1) {
		bits_unpack8(out, packed, rows, bits, (uint8_t)bias);
		count8(out, rows, count, n);
	} else if (wide == 2) {
		bits_unpack16(out, packed, rows, bits, (uint16_t)bias);
		count16(out, rows, count, n);
	} else {
		bits_unpack32(out, packed, rows, bits, bias);
		count32(out, rows, count, n);
	}
	bool good = memcmp(count, d->counts, ((size_t)d->n + 1) * sizeof(*count)) == 0;
	free(count);
	return good;
}

int
dictionary_decode_codes(enum field f, struct str piece, uint32_t rows, struct codec *codec,
    const struct dictionary_column *d, void **codes, unsigned *width, struct err *e)
{
	unsigned bits = code_bits(d->n, d->absent);
	unsigned wide = d->n <= UINT8_MAX ? 1 : d->n <= UINT16_MAX ? 2 : 4;
	struct buf made = { 0 };
	const uint8_t *packed = NULL;

	if (bits > 0) {
		packed = column_unpack(piece, codec, bits_bytes(rows, bits), &made);
		if (packed == NULL || !bits_clean(packed, rows, bits)) {
			buf_fini(&made);
			return column_wrong(e, f, "codes that cannot be unpacked");
		}
	} else if (piece.len > 0) {
		return column_wrong(e, f, "codes where there is one value only");
	}
	void *out = mem_alloc((size_t)rows * wide);
	bool good = true;
	if (bits > 0)
		good = unpack_codes(out, wide, packed, bits, rows, d);
	else
		memset(out, 1, rows); /* one value: one byte a code */
	buf_fini(&made);
	if (!good) {
		free(out);
		return column_wrong(e, f, "codes do not agree with the dictionary");
	}
	*codes = out;
	*width = wide;
	return 0;
}
