/*
 * trigrams: which blocks of a text column have which three bytes.
 *
 * trigram piece
 *   blocks                 varint: of the column, 1 to TEXT_BLOCKS_MAX
 *   16 times               varints: raw bytes of the group, bytes of its frame
 *   16 frames              a frame for each group that has raw bytes
 * a group: the numbers of one sixteenth of the range
 *   n                      varint: how many numbers some block has
 *   n times                varint: the number less the one before, less 1 (the
 *                          first: less the first of the group)
 *   n times                a row: a bit for each block, 1 has the number
 *
 * The kelvin sign and the long s are k and s without case, the only letters
 * beyond ASCII that are ASCII ones in another case; values with them are
 * gathered in both forms.
 */
#include "store/trigrams.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/simd.h"

enum {
	GROUPS = 16,
	GROUP_SLOTS = TRIGRAM_SLOTS / GROUPS,
	GROUP_WORDS = GROUP_SLOTS / 64,
	ASKED_MAX = 64, /* trigrams of a text that are looked up */
	VARINT_MAX = 3  /* bytes of a number below GROUP_SLOTS */
};

/* An odd number times 256: a byte shifted out of 24 bits is out of 32 then. */
#define HASH (UINT32_C(3635633) << 8)

static inline uint32_t
fold(char c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static inline uint32_t
slot_of(const char *p)
{
	return (fold(p[0]) << 16 | fold(p[1]) << 8 | fold(p[2])) * HASH >> (32 - TRIGRAM_BITS);
}

/* ---- gathering ---- */

/* The product of a trigram with HASH is the sum of its bytes' products, each
 * shifted to its place. */
struct trigram_marks {
	uint32_t product[256];
	uint8_t seen[TRIGRAM_SLOTS];
};

struct trigram_marks *
trigrams_begin(struct scratch *s)
{
	struct trigram_marks *m = scratch_table(s, sizeof(*m));

	for (uint32_t i = 0; i < 256; i++)
		m->product[i] = fold((char)i) * HASH;
	memset(m->seen, 0, sizeof(m->seen));
	return m;
}

static inline uint32_t
mark_next(struct trigram_marks *m, uint32_t t, uint8_t c)
{
	t = (t << 8) + m->product[c];
	m->seen[t >> (32 - TRIGRAM_BITS)] = 1;
	return t;
}

/* At least 3 bytes.  Each trigram waits for the one before: of two halves two
 * are made at a time. */
static void
mark(struct trigram_marks *m, const uint8_t *p, size_t n)
{
	size_t half = (n - 2) / 2;
	const uint8_t *q = p + half;
	uint32_t t = (m->product[p[0]] << 8) + m->product[p[1]];
	uint32_t u = (m->product[q[0]] << 8) + m->product[q[1]];

	for (size_t i = 2; i < half + 2; i++) {
		t = mark_next(m, t, p[i]);
		u = mark_next(m, u, q[i]);
	}
	if (n % 2 != 0)
		mark_next(m, u, p[n - 1]);
}

/* The value with k and s for the kelvin sign and the long s. */
static void
mark_replaced(struct trigram_marks *m, struct str value)
{
	struct buf plain = { 0 };

	for (size_t i = 0; i < value.len; i++) {
		const char *p = value.p + i;

		if (value.len - i >= 3 && memcmp(p, "\xe2\x84\xaa", 3) == 0) {
			buf_byte(&plain, 'k');
			i += 2;
		} else if (value.len - i >= 2 && memcmp(p, "\xc5\xbf", 2) == 0) {
			buf_byte(&plain, 's');
			i++;
		} else {
			buf_byte(&plain, *p);
		}
	}
	if (plain.len >= 3)
		mark(m, (const uint8_t *)plain.p, plain.len);
	buf_fini(&plain);
}

void
trigrams_add(struct trigram_marks *m, struct str value)
{
	size_t ascii;

	if (value.len < 3)
		return;
	mark(m, (const uint8_t *)value.p, value.len);
	ascii = simd_ascii(value.p, value.len);
	if (ascii < value.len && (memmem(value.p + ascii, value.len - ascii, "\xe2\x84\xaa", 3) != NULL ||
	        memmem(value.p + ascii, value.len - ascii, "\xc5\xbf", 2) != NULL))
		mark_replaced(m, value);
}

/* 64 bytes of 0 or 1 into the bits of a word. */
static inline uint64_t
pack_word(const uint8_t *seen)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < 8; i++)
		word |= bits_load(seen + 8 * i) * UINT64_C(0x0102040810204080) >> 56 << 8 * i;
	return word;
}

void
trigrams_end(const struct trigram_marks *m, struct trigram_set *set)
{
	for (uint32_t w = 0; w < TRIGRAM_WORDS; w++)
		set->word[w] = pack_word(m->seen + 64 * (size_t)w);
}

/* ---- encoding ---- */

/* The numbers of a group that any block has. */
static uint32_t
gather_group(uint64_t any[GROUP_WORDS], const struct trigram_set *set, uint32_t blocks, uint32_t group)
{
	uint32_t n = 0;

	memset(any, 0, GROUP_WORDS * sizeof(*any));
	for (uint32_t b = 0; b < blocks; b++)
		for (uint32_t w = 0; w < GROUP_WORDS; w++)
			any[w] |= set[b].word[group * GROUP_WORDS + w];
	for (uint32_t w = 0; w < GROUP_WORDS; w++)
		n += (uint32_t)__builtin_popcountll(any[w]);
	return n;
}

static void
add_gaps(struct buf *out, const uint64_t any[GROUP_WORDS])
{
	uint32_t next = 0;

	for (uint32_t w = 0; w < GROUP_WORDS; w++)
		for (uint64_t left = any[w]; left != 0; left &= left - 1) {
			uint32_t slot = w * 64 + (uint32_t)__builtin_ctzll(left);

			buf_varint(out, slot - next);
			next = slot + 1;
		}
}

/* Block by block, so that each set is read from its start to its end. */
static void
add_rows(struct buf *out, const uint64_t any[GROUP_WORDS], uint32_t n, const struct trigram_set *set, uint32_t blocks,
    uint32_t group)
{
	size_t row_len = bits_bytes(blocks, 1);
	char *rows;

	buf_reserve(out, n * row_len);
	rows = out->p + out->len;
	memset(rows, 0, n * row_len);
	out->len += n * row_len;
	for (uint32_t b = 0; b < blocks; b++) {
		const uint64_t *word = set[b].word + group * GROUP_WORDS;
		char *at = rows + b / 8;

		for (uint32_t w = 0; w < GROUP_WORDS; w++)
			for (uint64_t left = any[w]; left != 0; left &= left - 1, at += row_len)
				*at = (char)(*at | (int)(word[w] >> __builtin_ctzll(left) & 1) << b % 8);
	}
}

void
trigrams_encode(struct buf *out, const struct trigram_set *set, uint32_t blocks, struct scratch *s)
{
	struct buf frames = { 0 };
	uint64_t any[GROUP_WORDS];

	buf_varint(out, blocks);
	for (uint32_t group = 0; group < GROUPS; group++) {
		uint32_t n = gather_group(any, set, blocks, group);
		size_t before = frames.len;

		buf_reset(&s->raw);
		if (n > 0) {
			buf_varint(&s->raw, n);
			add_gaps(&s->raw, any);
			add_rows(&s->raw, any, n, set, blocks, group);
			codec_compress(s->codec, s->raw.p, s->raw.len, &frames);
		}
		buf_varint(out, s->raw.len);
		buf_varint(out, frames.len - before);
	}
	buf_str(out, buf_view(&frames));
	buf_fini(&frames);
}

/* ---- searching ---- */

struct asked {
	uint32_t slot[ASKED_MAX], row[ASKED_MAX];
	uint32_t n;
};

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The numbers of a text, ascending. */
static void
ask(struct asked *asked, struct str text, bool nocase)
{
	asked->n = 0;
	for (size_t i = 0; i + 3 <= text.len && asked->n < ASKED_MAX; i++)
		if (!nocase || simd_ascii_scalar(text.p + i, 3) == 3)
			asked->slot[asked->n++] = slot_of(text.p + i);
	qsort(asked->slot, asked->n, sizeof(asked->slot[0]), by_number);
}

#define NO_ROW UINT32_MAX

/* Finds the rows of asked[from .. to), which are numbers of the group; false
 * when the numbers of the group cannot be right. */
static bool
find_rows(struct cursor *c, uint32_t n, uint32_t first, struct asked *asked, uint32_t from, uint32_t to)
{
	uint32_t next = 0, at = from;

	for (uint32_t row = 0; row < n; row++) {
		uint64_t gap;

		if (!cursor_number(c, GROUP_SLOTS - 1, &gap) || gap >= GROUP_SLOTS - next)
			return false;
		next += (uint32_t)gap;
		for (; at < to && asked->slot[at] - first <= next; at++)
			asked->row[at] = asked->slot[at] - first == next ? row : NO_ROW;
		next++;
	}
	for (; at < to; at++)
		asked->row[at] = NO_ROW;
	return true;
}

/* Takes from the mask the blocks that lack one of asked[from .. to). */
static bool
search_group(struct str raw, uint32_t first, struct asked *asked, uint32_t from, uint32_t to, size_t row_len,
    uint8_t *mask)
{
	struct cursor c = { (const uint8_t *)raw.p, (const uint8_t *)raw.p + raw.len };
	uint64_t n;

	if (!cursor_number(&c, GROUP_SLOTS, &n) || n == 0 || !find_rows(&c, (uint32_t)n, first, asked, from, to) ||
	    cursor_left(&c) != n * row_len)
		return false;
	for (uint32_t i = from; i < to; i++)
		for (size_t k = 0; k < row_len; k++)
			mask[k] &= asked->row[i] == NO_ROW ? 0 : c.p[asked->row[i] * row_len + k];
	return true;
}

struct group {
	uint64_t raw, len;
	const uint8_t *frame;
};

static bool
read_groups(struct cursor *c, struct group group[GROUPS], size_t row_len)
{
	for (unsigned i = 0; i < GROUPS; i++)
		if (!cursor_number(c, VARINT_MAX + GROUP_SLOTS * (VARINT_MAX + row_len), &group[i].raw) ||
		    !cursor_number(c, cursor_left(c), &group[i].len) || (group[i].raw == 0) != (group[i].len == 0))
			return false;
	for (unsigned i = 0; i < GROUPS; i++)
		if ((group[i].frame = cursor_bytes(c, (size_t)group[i].len)) == NULL)
			return false;
	return cursor_left(c) == 0;
}

static bool
mask_empty(const uint8_t *mask, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (mask[i] != 0)
			return false;
	return true;
}

/* Group by group; once no block is left the others are not looked at. */
static bool
search_groups(const struct group group[GROUPS], struct asked *asked, size_t row_len, struct codec *codec, uint8_t *mask)
{
	struct buf raw = { 0 };
	bool good = true;

	for (uint32_t from = 0, to; good && from < asked->n && !mask_empty(mask, row_len); from = to) {
		uint32_t number = asked->slot[from] / GROUP_SLOTS;
		const struct group *g = &group[number];

		for (to = from + 1; to < asked->n && asked->slot[to] / GROUP_SLOTS == number; to++)
			;
		if (g->raw == 0) {
			memset(mask, 0, row_len);
			continue;
		}
		buf_reset(&raw);
		buf_reserve(&raw, (size_t)g->raw);
		raw.len = (size_t)g->raw;
		good = codec_decompress(codec, g->frame, (size_t)g->len, raw.p, raw.len) == 0 &&
		    search_group(buf_view(&raw), number * GROUP_SLOTS, asked, from, to, row_len, mask);
	}
	buf_fini(&raw);
	return good;
}

bool
trigrams_search(struct str piece, struct str text, bool nocase, struct codec *codec, uint32_t *blocks,
    uint8_t mask[TRIGRAM_MASK_MAX])
{
	struct cursor c = { (const uint8_t *)piece.p, (const uint8_t *)piece.p + piece.len };
	struct group group[GROUPS];
	struct asked asked;
	uint64_t n;
	size_t row_len;

	if (!cursor_number(&c, TEXT_BLOCKS_MAX, &n) || n == 0)
		return false;
	*blocks = (uint32_t)n;
	row_len = bits_bytes((size_t)n, 1);
	if (!read_groups(&c, group, row_len))
		return false;
	memset(mask, 0xff, row_len);
	if (n % 8 != 0)
		mask[row_len - 1] = (uint8_t)((1u << n % 8) - 1);
	ask(&asked, text, nocase);
	return search_groups(group, &asked, row_len, codec, mask);
}

/* ---- reading all ---- */

/* The rows of a group into the sets of the blocks. */
static bool
spread_group(struct str raw, uint32_t first, uint32_t blocks, struct trigram_set *set)
{
	struct cursor c = { (const uint8_t *)raw.p, (const uint8_t *)raw.p + raw.len };
	size_t row_len = bits_bytes(blocks, 1);
	uint64_t n, gap;
	uint32_t slot = first;

	if (!cursor_number(&c, GROUP_SLOTS, &n) || n == 0 || n * row_len > cursor_left(&c))
		return false;
	const uint8_t *row = c.end - n * row_len;
	c.end = row;
	for (; n > 0; n--, slot++, row += row_len) {
		if (!cursor_number(&c, GROUP_SLOTS - 1, &gap) || gap >= GROUP_SLOTS - (slot - first) ||
		    !bits_clean(row, blocks, 1))
			return false;
		slot += (uint32_t)gap;
		for (uint32_t b = 0; b < blocks; b++)
			set[b].word[slot / 64] |= (uint64_t)bit_test(row, b) << slot % 64;
	}
	return cursor_left(&c) == 0;
}

bool
trigrams_decode(struct str piece, uint32_t blocks, struct codec *codec, struct trigram_set *set)
{
	struct cursor c = { (const uint8_t *)piece.p, (const uint8_t *)piece.p + piece.len };
	struct group group[GROUPS];
	struct buf raw = { 0 };
	uint64_t n;
	bool good = cursor_number(&c, TEXT_BLOCKS_MAX, &n) && n == blocks && blocks > 0 &&
	    read_groups(&c, group, bits_bytes(blocks, 1));

	memset(set, 0, blocks * sizeof(*set));
	for (uint32_t i = 0; good && i < GROUPS; i++) {
		if (group[i].raw == 0)
			continue;
		buf_reset(&raw);
		buf_reserve(&raw, (size_t)group[i].raw);
		raw.len = (size_t)group[i].raw;
		good = codec_decompress(codec, group[i].frame, (size_t)group[i].len, raw.p, raw.len) == 0 &&
		    spread_group(buf_view(&raw), i * GROUP_SLOTS, blocks, set);
	}
	buf_fini(&raw);
	return good;
}
