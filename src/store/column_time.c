/*
 * column_time: one instant a row, as packed differences.
 *
 *   1                      encoding
 *   absent                 varint; if not 0, a bit a row follows: 1 present
 *   first                  varint, zig-zag: the time of the first present row
 *   blocks of 128 rows     width | 0x80 if signed, number of outliers,
 *                          differences of width bits, outliers
 *
 * A difference is taken from the row before.  One that does not fit the
 * width is an outlier: 0 in its place, and behind the block its row in the
 * block, times 2, and its difference as zig-zag varint.  The row after an
 * outlier is taken from the row before it (an event that came late), unless
 * 1 was added to the outlier's row (a gap).
 *
 * Readers take the range of times from what the differences are added to:
 * each of these must be the time of a row, and so `first` that of the first.
 */
#include "store/column.h"

enum { BLOCK = 128, SIGNED = 0x80, MOVES = 1 };

/* What a block costs in bits at each width, outliers counted as 9 bytes. */
static unsigned
choose_width(const int64_t *delta, uint32_t n, bool *is_signed)
{
	uint32_t with_sign[65] = { 0 }, plain[65] = { 0 };
	uint32_t signed_fit = 0, plain_fit = 0;
	uint64_t best = UINT64_MAX;
	unsigned width = 0;

	for (uint32_t i = 0; i < n; i++) {
		with_sign[bits_width(zigzag(delta[i]))]++;
		if (delta[i] >= 0)
			plain[bits_width((uint64_t)delta[i])]++;
	}
	for (unsigned w = 0; w <= BITS_WIDTH_MAX; w++) {
		signed_fit += with_sign[w];
		plain_fit += plain[w];
		uint64_t a = (uint64_t)w * n + (uint64_t)(n - plain_fit) * 56;
		uint64_t b = (uint64_t)w * n + (uint64_t)(n - signed_fit) * 56;
		if (a < best || b < best) {
			best = a < b ? a : b;
			*is_signed = b < a;
			width = w;
		}
	}
	return width;
}

static bool
fits(int64_t delta, unsigned width, bool is_signed)
{
	if (is_signed)
		return bits_width(zigzag(delta)) <= width;
	return delta >= 0 && bits_width((uint64_t)delta) <= width;
}

/* *last is the time that the next difference is taken from. */
static void
encode_block(struct buf *b, const int64_t *t, uint32_t n, int64_t *last)
{
	int64_t delta[BLOCK];
	bool is_signed = false;
	uint8_t outlier[BLOCK];
	uint32_t outliers = 0;

	for (uint32_t i = 0; i < n; i++)
		delta[i] = t[i] - (i ? t[i - 1] : *last);
	unsigned width = choose_width(delta, n, &is_signed);

	buf_byte(b, (char)(width | (is_signed ? SIGNED : 0)));
	size_t number = b->len;
	buf_byte(b, 0);
	buf_reserve(b, bits_bytes(n, width) + BITS_PADDING);
	struct bits_writer w = { .p = (uint8_t *)b->p + b->len };
	for (uint32_t i = 0; i < n; i++) {
		delta[i] = t[i] - *last;
		if (fits(delta[i], width, is_signed)) {
			bits_put(&w, is_signed ? zigzag(delta[i]) : (uint64_t)delta[i], width);
			*last = t[i];
			continue;
		}
		bits_put(&w, 0, width);
		bool moves = i + 1 == n || !fits(t[i + 1] - *last, width, is_signed);
		if (moves)
			*last = t[i];
		outlier[outliers++] = (uint8_t)(i << 1 | moves);
	}
	b->len += bits_bytes(n, width);
	b->p[number] = (char)outliers;
	for (uint32_t i = 0; i < outliers; i++) {
		buf_byte(b, (char)outlier[i]);
		buf_varint(b, zigzag(delta[outlier[i] >> 1]));
	}
}

static void
encode_presence(struct buf *b, const int64_t *time, uint32_t count)
{
	size_t len = bits_bytes(count, 1);

	buf_reserve(b, len);
	memset(b->p + b->len, 0, len);
	for (uint32_t i = 0; i < count; i++)
		if (time[i] != TIME_NONE)
			b->p[b->len + i / 8] = (char)(b->p[b->len + i / 8] | 1 << i % 8);
	b->len += len;
}

void
time_encode(struct buf *b, const int64_t *time, uint32_t count)
{
	int64_t block[BLOCK], last = 0;
	uint32_t absent = 0, n = 0;
	bool begun = false;

	for (uint32_t i = 0; i < count; i++)
		absent += time[i] == TIME_NONE;
	buf_byte(b, ENCODING_TIME);
	buf_varint(b, absent);
	if (absent)
		encode_presence(b, time, count);
	for (uint32_t i = 0; i < count; i++) {
		if (time[i] == TIME_NONE)
			continue;
		if (!begun) {
			buf_varint(b, zigzag(time[i]));
			last = time[i];
			begun = true;
		}
		block[n++] = time[i];
		if (n == BLOCK) {
			encode_block(b, block, n, &last);
			n = 0;
		}
	}
	if (n)
		encode_block(b, block, n, &last);
}

/* ---- decoding ---- */

/* Where decoding stands.  Sums wrap around; min and max are distances from
 * TIME_MIN, so that all lawful times are at most TIME_SPAN.  A block adds less
 * than 2^63 to a lawful time, so that none comes around to be lawful again. */
#define TIME_SPAN ((uint64_t)TIME_MAX - (uint64_t)TIME_MIN)

struct progress {
	struct cursor c;
	uint64_t last, min, max;
	bool begun; /* the first time of all was decoded */
};

static inline void
see(struct progress *p, uint64_t time)
{
	time -= (uint64_t)TIME_MIN;
	p->min = time < p->min ? time : p->min;
	p->max = time > p->max ? time : p->max;
}

/* Differences to times, from row i to before row end. */
static inline void
sum_plain(struct progress *p, uint64_t *t, uint32_t i, uint32_t end)
{
	uint64_t sum = p->last;

	if (i == end)
		return;
	for (; i < end; i++)
		t[i] = sum += t[i];
	/* They ascend: the first was looked at when it became last. */
	see(p, sum);
	p->last = sum;
}

static inline void
sum_signed(struct progress *p, uint64_t *t, uint32_t i, uint32_t end)
{
	for (; i < end; i++) {
		t[i] = p->last += unzigzag(t[i]);
		see(p, t[i]);
	}
}

/* One block into t[n]; the caller checks min and max. */
static bool
decode_block(struct progress *p, uint64_t *t, uint32_t n)
{
	uint64_t first = p->last;
	uint8_t head, outliers;
	uint32_t i = 0;

	if (!cursor_byte(&p->c, &head) || !cursor_byte(&p->c, &outliers))
		return false;
	unsigned width = head & 0x7f;
	if (width > BITS_WIDTH_MAX || outliers > n)
		return false;
	const uint8_t *packed = cursor_bytes(&p->c, bits_bytes(n, width));
	if (packed == NULL || !bits_clean(packed, n, width))
		return false;
	bits_unpack64(t, packed, n, width);

	void (*sum)(struct progress *, uint64_t *, uint32_t, uint32_t) = head & SIGNED ? sum_signed : sum_plain;
	for (; outliers > 0; outliers--) {
		uint8_t at;
		uint64_t delta;
		if (!cursor_byte(&p->c, &at) || !cursor_number(&p->c, UINT64_MAX, &delta) ||
		    (at >> 1) < i || (uint32_t)(at >> 1) >= n)
			return false;
		sum(p, t, i, at >> 1);
		i = at >> 1;
		if (t[i] != 0)
			return false;
		t[i] = p->last + unzigzag(delta);
		see(p, t[i]);
		if (at & MOVES)
			p->last = t[i];
		i++;
	}
	sum(p, t, i, n);
	if (!p->begun && t[0] != first)
		return false;
	p->begun = true;
	return p->max <= TIME_SPAN;
}

/* The present rows, at the end of time[], to their places. */
static bool
spread_present(int64_t *time, const uint8_t *presence, uint32_t count, uint32_t present)
{
	uint32_t from = count - present, used = 0;

	for (uint32_t i = 0; i < count; i++)
		used += bit_test(presence, i);
	if (used != present || !bits_clean(presence, count, 1))
		return false;
	for (uint32_t i = 0; i < count; i++)
		time[i] = bit_test(presence, i) ? time[from++] : TIME_NONE;
	return true;
}

/* Up to the first block. */
static int
open_times(enum field f, struct progress *p, uint32_t count, uint32_t *absent, const uint8_t **presence,
    struct err *e)
{
	uint8_t encoding;
	uint64_t missing, first;

	*presence = NULL;
	if (!cursor_byte(&p->c, &encoding) || encoding != ENCODING_TIME)
		return column_wrong(e, f, "not an encoding of times");
	if (!cursor_number(&p->c, count - 1, &missing) ||
	    (missing && (*presence = cursor_bytes(&p->c, bits_bytes(count, 1))) == NULL) ||
	    !cursor_number(&p->c, UINT64_MAX, &first))
		return column_wrong(e, f, "the times end early");
	*absent = (uint32_t)missing;
	p->last = unzigzag(first);
	see(p, p->last);
	return 0;
}

int
time_decode(enum field f, struct str codes, uint32_t count, int64_t *time, int64_t range[2],
    struct err *e)
{
	struct progress p = { { (const uint8_t *)codes.p, (const uint8_t *)codes.p + codes.len },
		0, UINT64_MAX, 0, false };
	const uint8_t *presence;
	uint32_t absent;

	if (open_times(f, &p, count, &absent, &presence, e) < 0)
		return -1;
	uint64_t *t = (uint64_t *)time + absent;
	uint32_t present = count - absent;
	for (uint32_t i = 0; i < present; i += BLOCK)
		if (!decode_block(&p, t + i, present - i < BLOCK ? present - i : BLOCK))
			return column_wrong(e, f, "times that cannot be decoded or are out of range");
	if (cursor_left(&p.c) > 0)
		return column_wrong(e, f, "bytes behind the times");
	if (presence && !spread_present(time, presence, count, present))
		return column_wrong(e, f, "presence does not fit the number of times");
	range[0] = (int64_t)(p.min + (uint64_t)TIME_MIN);
	range[1] = (int64_t)(p.max + (uint64_t)TIME_MIN);
	return 0;
}

/* ---- one row alone ---- */

int
time_pick(enum field f, struct str codes, uint32_t count, uint32_t row, int64_t *time, struct err *e)
{
	struct progress p = { { (const uint8_t *)codes.p, (const uint8_t *)codes.p + codes.len },
		0, UINT64_MAX, 0, false };
	const uint8_t *presence;
	uint64_t t[BLOCK];
	uint32_t absent, at = row;

	*time = TIME_NONE;
	if (open_times(f, &p, count, &absent, &presence, e) < 0)
		return -1;
	if (presence != NULL && !bit_test(presence, row))
		return 0;
	if (presence != NULL)
		at = bits_ones(presence, row);
	if (at >= count - absent)
		return column_wrong(e, f, "presence does not fit the number of times");
	for (uint32_t i = 0; i <= at; i += BLOCK)
		if (!decode_block(&p, t, count - absent - i < BLOCK ? count - absent - i : BLOCK))
			return column_wrong(e, f, "times that cannot be decoded or are out of range");
	*time = (int64_t)t[at % BLOCK];
	return 0;
}
