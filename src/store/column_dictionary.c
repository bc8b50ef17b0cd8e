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
#include "store/column.h"
#include "store/dictionary.h"

enum { ZSTD_WORTH = 64 }; /* fewer bytes are not worth a frame */

/* Bits a code, when the smallest is 0. */
static unsigned
code_bits(uint32_t n, uint32_t absent)
{
	return bits_width(absent ? n : n - 1);
}

static uint32_t
shared_length(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len, i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t differ = bits_load((const uint8_t *)a.p + i) ^ bits_load((const uint8_t *)b.p + i);
		if (differ) /* the lowest byte is the first */
			return (uint32_t)i + (uint32_t)__builtin_ctzll(differ) / 8;
	}
	while (i < n && a.p[i] == b.p[i])
		i++;
	return (uint32_t)i;
}

/* Appends packing and bytes, compressed when that saves more than `worth`. */
static void
add_packed(struct buf *out, struct codec *codec, const void *p, size_t n, size_t worth)
{
	size_t start = out->len;

	if (n >= ZSTD_WORTH) {
		buf_byte(out, PACKING_ZSTD);
		codec_compress(codec, p, n, out);
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
		shared[i] = shared_length(before, value[entry[i].index]);
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
	add_packed(dictionary, s->codec, s->raw.p, s->raw.len, s->raw.len / 8);

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
	add_packed(codes, s->codec, s->raw.p, s->raw.len, s->raw.len - s->raw.len / 4);
}

/* ---- decoding ---- */

/* n varints of at most max; *sum is what they add up to. */
static bool
read_numbers(struct cursor *c, uint32_t *out, uint32_t n, uint32_t max, uint64_t *sum)
{
	*sum = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t v;
		if (!cursor_number(c, max, &v))
			return false;
		out[i] = (uint32_t)v;
		*sum += v;
	}
	return true;
}

enum { CHUNK = 16 };

/* memcpy in whole chunks: up to CHUNK - 1 bytes more are read and written. */
static inline void
copy_chunks(char *to, const char *from, size_t n)
{
	for (size_t i = 0; i < n; i += CHUNK) {
		char chunk[CHUNK];
		memcpy(chunk, from + i, CHUNK);
		memcpy(to + i, chunk, CHUNK);
	}
}

/* Builds the values; false when they do not ascend or share more than there
 * is.  What follows the shared bytes must be greater than what did. */
static bool
expand(struct dictionary_column *d, const uint32_t *shared, const uint32_t *rest, const uint8_t *from)
{
	struct str before = STR("");
	char *to = d->bytes;

	for (uint32_t i = 0; i < d->n; i++) {
		size_t front = shared[i], back = rest[i];
		if (front > before.len)
			return false;
		if (front < before.len && (back == 0 || from[0] <= (uint8_t)before.p[front]))
			return false;
		if (front == before.len && back == 0 && i > 0)
			return false;
		copy_chunks(to, before.p, front);
		copy_chunks(to + front, (const char *)from, back);
		before = (struct str){ to, front + back };
		d->values[i + 1] = before;
		to += front + back;
		from += back;
	}
	return true;
}

static const char *
decode_list(struct dictionary_column *d, const uint8_t *list, size_t raw, uint32_t rows)
{
	struct cursor c = { list, list + raw };
	uint64_t sum, front, back;
	const char *wrong = NULL;
	uint32_t *shared = mem_alloc(2 * (size_t)d->n * sizeof(*shared)), *rest = shared + d->n;

	d->values = mem_alloc(((size_t)d->n + 1) * sizeof(*d->values));
	d->values[0] = (struct str){ NULL, 0 };
	d->counts = mem_alloc(((size_t)d->n + 1) * sizeof(*d->counts));
	d->counts[0] = d->absent;
	if (!read_numbers(&c, d->counts + 1, d->n, rows, &sum) || sum + d->absent != rows)
		wrong = "counts of values do not add up";
	else if (!read_numbers(&c, shared, d->n, SEGMENT_VALUE_MAX, &front) ||
	    !read_numbers(&c, rest, d->n, SEGMENT_VALUE_MAX, &back) ||
	    back != cursor_left(&c) || front + back > COLUMN_VALUES_MAX)
		wrong = "lengths of values do not fit";
	else {
		d->bytes = mem_alloc((size_t)(front + back) + CHUNK);
		d->memory = (size_t)(front + back) + d->n * (sizeof(*d->values) + sizeof(*d->counts));
		if (!expand(d, shared, rest, c.p))
			wrong = "values do not ascend";
	}
	for (uint32_t i = 1; !wrong && i <= d->n; i++)
		if (d->counts[i] == 0)
			wrong = "a value that no row has";
	free(shared);
	return wrong;
}

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

int
dictionary_decode(enum field f, struct str piece, uint32_t rows, struct codec *codec,
    struct dictionary_column *d, struct err *e)
{
	struct dictionary_head h;
	struct buf made = { 0 };

	*d = (struct dictionary_column){ 0 };
	if (dictionary_open(f, piece, rows, &h, e) < 0)
		return -1;
	const uint8_t *list = column_unpack(h.packed, codec, h.raw, &made);
	const char *wrong = "a dictionary that cannot be unpacked";
	d->n = h.n;
	d->absent = h.absent;
	if (list != NULL)
		wrong = decode_list(d, list, h.raw, rows);
	buf_fini(&made);
	if (wrong == NULL)
		return 0;
	dictionary_column_fini(d);
	return column_wrong(e, f, wrong);
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
