/*
 * redact_find: many literals in one pass.
 *
 * Places are judged by 64: each byte's halves are looked up in tables of
 * sixteen sets (one shuffle each), and a place stays when some set has all
 * halves of its four bytes.  Few stay; the tables of windows tell which of
 * them are real.
 */
#include "ingest/redact_find.h"

#include <limits.h>
#include <string.h>

#if defined(__SSE2__) && defined(__GNUC__)
#include <immintrin.h>
#define FIND_SHUFFLE 1
#endif

void
finder_init(struct finder *f)
{
	memset(f, 0, sizeof(*f));
#ifdef FIND_SHUFFLE
	/* Not on the first ones with AVX-512, which slow down for it. */
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi"))
		f->width = 64;
	else if (__builtin_cpu_supports("avx2"))
		f->width = 32;
	else if (__builtin_cpu_supports("ssse3"))
		f->width = 16;
#endif
}

/* The hash of three bytes, or of four. */
static inline unsigned
hash_of(uint32_t bytes)
{
	return (bytes * UINT32_C(0x9e3779b1)) >> 17;
}

/* The kinds of the window at p[0, FIND_DEEP). */
static inline unsigned
kinds_at(const struct finder *f, const char *p)
{
	uint32_t bytes = (uint32_t)(unsigned char)p[0] | (uint32_t)(unsigned char)p[1] << 8 |
	    (uint32_t)(unsigned char)p[2] << 16 | (uint32_t)(unsigned char)p[3] << 24;

	return f->window[hash_of(bytes & 0xffffff)] | f->deep[hash_of(bytes)];
}

static bool
is_letter(unsigned char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static void
add_byte(struct find_sets *f, int place, unsigned char c, uint8_t set)
{
	f->low[place][c & 15] |= set;
	f->high[place][c >> 4] |= set;
}

/* Eight bytes, whatever their order: they are only added up. */
static uint64_t
eight(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

#define ONES UINT64_C(0x0101010101010101)

static unsigned
sum_of_eight(uint64_t v)
{
	return (unsigned)(v * ONES >> 56);
}

/* How many windows pass a set, those too that it has by chance; small letters,
 * digits and signs are the most of a log. */
static unsigned long
passing(const struct find_sets *f, uint8_t set)
{
	static const uint8_t weight[8] = { 0, 0, 4, 4, 1, 1, 6, 6 }; /* of high halves; 0: the rest */
	int bit = __builtin_ctz(set);
	unsigned long all = 1;

	for (int i = 0; i < FIND_DEEP; i++) {
		uint64_t low = (eight(f->low[i]) >> bit & ONES) + (eight(f->low[i] + 8) >> bit & ONES);
		uint64_t high = (eight(f->high[i]) >> bit & ONES) * 255 & eight(weight);

		all *= sum_of_eight(low) * sum_of_eight(high);
	}
	return all;
}

/* Behind a literal of three bytes any byte may follow. */
static void
add_to(struct find_sets *f, const char *literal, size_t len, bool nocase, uint8_t set)
{
	for (int i = 0; i < FIND_DEEP; i++) {
		unsigned char c = (unsigned char)literal[i < (int)len ? i : 0];

		if (i >= (int)len) {
			for (int half = 0; half < 16; half++)
				add_byte(f, i, (unsigned char)(half << 4 | half), set);
			return;
		}
		add_byte(f, i, c, set);
		if (nocase && is_letter(c))
			add_byte(f, i, c ^ 0x20, set);
	}
}

/* Names and their signs have two sets for themselves: with letters before the
 * sign, and with what may stand between. */
#define SET_PAIR 128
#define SET_BETWEEN 64

/* Adds to the set that then lets the fewest strangers pass.  Literals of three
 * bytes have sets of their own: any fourth byte passes them. */
static void
add_to_best(struct finder *f, const char *literal, size_t len, bool nocase)
{
	int group = len >= FIND_DEEP, last = group == 0 ? 0 : FIND_GROUPS - 1, chosen = group;
	unsigned end = group == 0 ? SET_BETWEEN : 256;
	unsigned long fewest = ULONG_MAX;
	struct find_sets best = f->sets[group];

	for (; group <= last; group++)
		for (unsigned set = 1; set < end; set <<= 1) {
			struct find_sets with = f->sets[group];
			unsigned long more;

			add_to(&with, literal, len, nocase, (uint8_t)set);
			more = passing(&with, (uint8_t)set) - passing(&f->sets[group], (uint8_t)set);
			if (more < fewest) {
				fewest = more;
				best = with;
				chosen = group;
			}
		}
	f->sets[chosen] = best;
}

/* The first bytes, in all cases of their letters. */
static void
add_windows(struct finder *f, const char *literal, size_t len, enum find_kind kind, bool nocase)
{
	unsigned n = len < FIND_DEEP ? 3 : FIND_DEEP;

	for (unsigned cases = 0; cases < (nocase ? 1u << n : 1); cases++) {
		uint32_t bytes = 0;

		for (unsigned i = 0; i < n; i++) {
			unsigned char c = (unsigned char)literal[i];

			bytes |= (uint32_t)(c ^ (cases >> i & 1 && is_letter(c) ? 0x20 : 0)) << 8 * i;
		}
		(n == FIND_DEEP ? f->deep : f->window)[hash_of(bytes)] |= (uint8_t)kind;
	}
}

void
finder_add(struct finder *f, const char *literal, size_t len, enum find_kind kind, bool nocase)
{
	if (kind == FIND_PAIR)
		add_to(&f->sets[0], literal, len, nocase,
		    is_letter((unsigned char)literal[1]) ? SET_PAIR : SET_BETWEEN);
	else
		add_to_best(f, literal, len, nocase);
	add_windows(f, literal, len, kind, nocase);
}

/* ---- searching ---- */

/* p[0, FIND_DEEP) */
static bool
is_possible(const struct finder *f, const char *p)
{
	for (int group = 0; group < FIND_GROUPS; group++) {
		const struct find_sets *s = &f->sets[group];
		unsigned sets = 255;

		for (size_t i = 0; i < FIND_DEEP; i++) {
			unsigned char c = (unsigned char)p[i];

			sets &= s->low[i][c & 15] & s->high[i][c >> 4];
		}
		if (sets != 0)
			return true;
	}
	return false;
}

/* Behind the end of a text are zeros. */
size_t
finder_next_scalar(const struct finder *f, const char *p, size_t len, size_t at, unsigned *kinds)
{
	for (; len - at >= 3; at++) {
		char bytes[FIND_DEEP] = { 0 };

		memcpy(bytes, p + at, len - at < FIND_DEEP ? len - at : FIND_DEEP);
		*kinds = kinds_at(f, bytes);
		if (*kinds != 0 && is_possible(f, bytes))
			return at;
	}
	*kinds = 0;
	return len;
}

#ifdef FIND_SHUFFLE

/* Which of sixteen places are possible: a byte each that is not zero. */
__attribute__((target("ssse3"))) static inline __m128i
sets_at(const struct find_sets *s, const char *p)
{
	const __m128i half = _mm_set1_epi8(15);
	__m128i all = _mm_set1_epi8(-1);

#pragma GCC unroll 4
	for (int i = 0; i < FIND_DEEP; i++) {
		__m128i v = _mm_loadu_si128((const void *)(p + i));
		__m128i low = _mm_loadu_si128((const void *)s->low[i]);
		__m128i high = _mm_loadu_si128((const void *)s->high[i]);

		low = _mm_shuffle_epi8(low, _mm_and_si128(v, half));
		high = _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16(v, 4), half));
		all = _mm_and_si128(all, _mm_and_si128(low, high));
	}
	return all;
}

__attribute__((target("ssse3"))) static uint32_t
places_ssse3(const struct finder *f, const char *p)
{
	__m128i sets = _mm_or_si128(sets_at(&f->sets[0], p),
	    _mm_or_si128(sets_at(&f->sets[1], p), sets_at(&f->sets[2], p)));

	return ~(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(sets, _mm_setzero_si128())) & 0xffff;
}

__attribute__((target("ssse3"))) static uint64_t
step_ssse3(const struct finder *f, const char *p)
{
	uint64_t places = 0;

	for (unsigned i = 0; i < FIND_STEP; i += 16)
		places |= (uint64_t)places_ssse3(f, p + i) << i;
	return places;
}

/* The same for thirty-two. */
__attribute__((target("avx2"))) static inline __m256i
sets_at_wide(const struct find_sets *s, const char *p)
{
	const __m256i half = _mm256_set1_epi8(15);
	__m256i all = _mm256_set1_epi8(-1);

#pragma GCC unroll 4
	for (int i = 0; i < FIND_DEEP; i++) {
		__m256i v = _mm256_loadu_si256((const void *)(p + i));
		__m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)s->low[i]));
		__m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)s->high[i]));

		low = _mm256_shuffle_epi8(low, _mm256_and_si256(v, half));
		high = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(v, 4), half));
		all = _mm256_and_si256(all, _mm256_and_si256(low, high));
	}
	return all;
}

__attribute__((target("avx2"))) static uint32_t
places_avx2(const struct finder *f, const char *p)
{
	__m256i sets = _mm256_or_si256(sets_at_wide(&f->sets[0], p),
	    _mm256_or_si256(sets_at_wide(&f->sets[1], p), sets_at_wide(&f->sets[2], p)));

	return ~(unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(sets, _mm256_setzero_si256()));
}

__attribute__((target("avx2"))) static uint64_t
step_avx2(const struct finder *f, const char *p)
{
	return places_avx2(f, p) | (uint64_t)places_avx2(f, p + 32) << 32;
}

/* The same for sixty-four: all tables stay in registers. */
__attribute__((target("avx512bw"))) static inline __m512i
sets_at_widest(const struct find_sets *s, const char *p)
{
	const __m512i half = _mm512_set1_epi8(15);
	__m512i all = _mm512_set1_epi8(-1);

#pragma GCC unroll 4
	for (int i = 0; i < FIND_DEEP; i++) {
		__m512i v = _mm512_loadu_si512(p + i);
		__m512i low = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)s->low[i]));
		__m512i high = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)s->high[i]));

		low = _mm512_shuffle_epi8(low, _mm512_and_si512(v, half));
		high = _mm512_shuffle_epi8(high, _mm512_and_si512(_mm512_srli_epi16(v, 4), half));
		all = _mm512_and_si512(all, _mm512_and_si512(low, high));
	}
	return all;
}

__attribute__((target("avx512bw"))) static uint64_t
step_avx512(const struct finder *f, const char *p)
{
	__m512i sets = _mm512_or_si512(sets_at_widest(&f->sets[0], p),
	    _mm512_or_si512(sets_at_widest(&f->sets[1], p), sets_at_widest(&f->sets[2], p)));

	return _mm512_test_epi8_mask(sets, sets);
}

/* Which of the possible places have a window.  How many there are cannot be
 * predicted, so they are asked by four, some of them for nothing. */
__attribute__((always_inline)) static inline uint64_t
with_windows(const struct finder *f, const char *p, uint64_t possible)
{
	uint64_t found = 0;

	for (uint64_t left = possible; left != 0;)
#pragma GCC unroll 4
		for (int i = 0; i < 4; i++) {
			unsigned place = (unsigned)__builtin_ctzll(left | UINT64_C(1) << (FIND_STEP - 1));

			found |= (uint64_t)(kinds_at(f, p + place) != 0) << place;
			left &= left - 1;
		}
	return found & possible;
}

/* Judges the places from `at` on.  What is left of a text is judged with zeros
 * behind it. */
__attribute__((always_inline)) static inline void
judge(struct find_walk *w, size_t at, uint64_t (*step)(const struct finder *, const char *))
{
	size_t left = w->len - at;
	const char *p = w->p + at;
	char rest[FIND_STEP + FIND_DEEP - 1];
	uint64_t possible;

	w->base = at;
	w->end = at + FIND_STEP;
	if (left >= sizeof(rest)) {
		w->places = with_windows(w->f, p, step(w->f, p));
		return;
	}
	memset(rest, 0, sizeof(rest));
	memcpy(rest, p, left);
	possible = step(w->f, rest);
	/* The last two bytes begin no window. */
	if (left - 2 < FIND_STEP) {
		possible &= (UINT64_C(1) << (left - 2)) - 1;
		w->end = w->len;
	}
	w->places = with_windows(w->f, rest, possible);
}

__attribute__((always_inline)) static inline size_t
walk(struct find_walk *w, size_t at, unsigned *kinds, uint64_t (*step)(const struct finder *, const char *))
{
	for (;; at = w->end) {
		uint64_t left;

		/* The last two places begin no window, and may be beyond the bits. */
		if (w->len - at < 3)
			break;
		if (at < w->base || at >= w->end)
			judge(w, at, step);
		left = w->places >> (at - w->base);
		if (left != 0) {
			char bytes[FIND_DEEP] = { 0 };

			at += (unsigned)__builtin_ctzll(left);
			memcpy(bytes, w->p + at, w->len - at < FIND_DEEP ? 3 : FIND_DEEP);
			*kinds = kinds_at(w->f, bytes);
			return at;
		}
	}
	*kinds = 0;
	return w->len;
}

__attribute__((target("ssse3"))) static size_t
next_ssse3(struct find_walk *w, size_t at, unsigned *kinds)
{
	return walk(w, at, kinds, step_ssse3);
}

__attribute__((target("avx2"))) static size_t
next_avx2(struct find_walk *w, size_t at, unsigned *kinds)
{
	return walk(w, at, kinds, step_avx2);
}

__attribute__((target("avx512bw"))) static size_t
next_avx512(struct find_walk *w, size_t at, unsigned *kinds)
{
	return walk(w, at, kinds, step_avx512);
}

#endif

size_t
finder_next(struct find_walk *w, size_t at, unsigned *kinds)
{
#ifdef FIND_SHUFFLE
	if (w->f->width == 64)
		return next_avx512(w, at, kinds);
	if (w->f->width == 32)
		return next_avx2(w, at, kinds);
	if (w->f->width == 16)
		return next_ssse3(w, at, kinds);
#endif
	return finder_next_scalar(w->f, w->p, w->len, at, kinds);
}

/* ---- digits ---- */

static inline bool
is_digit_or_gap(char c)
{
	return (c >= '0' && c <= '9') || c == ' ' || c == '-';
}

#ifdef FIND_SHUFFLE

/* Which of 64 bytes are digits and gaps. */
static inline uint64_t
gaps_and_digits(const char *p)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < 64; i += 16) {
		__m128i v = _mm_loadu_si128((const void *)(p + i));
		__m128i digit = _mm_sub_epi8(v, _mm_set1_epi8('0'));
		__m128i gap = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(v, _mm_set1_epi8('-')));

		digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
		all |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(digit, gap)) << i;
	}
	return all;
}

__attribute__((target("avx2"))) static inline uint64_t
gaps_and_digits_wide(const char *p)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < 64; i += 32) {
		__m256i v = _mm256_loadu_si256((const void *)(p + i));
		__m256i digit = _mm256_sub_epi8(v, _mm256_set1_epi8('0'));
		__m256i gap = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(' ')),
		    _mm256_cmpeq_epi8(v, _mm256_set1_epi8('-')));

		digit = _mm256_cmpeq_epi8(_mm256_min_epu8(digit, _mm256_set1_epi8(9)), digit);
		all |= (uint64_t)(unsigned)_mm256_movemask_epi8(_mm256_or_si256(digit, gap)) << i;
	}
	return all;
}

/* Where the first of thirteen bits in a row is, or 64. */
static inline unsigned
first_run(uint64_t m)
{
	/* Two, four, eight, and eight five further. */
	m &= m >> 1;
	m &= m >> 2;
	m &= m >> 4;
	m &= m >> 5;
	return m != 0 ? (unsigned)__builtin_ctzll(m) : 64;
}

/* Passes over what has no run in it, 64 bytes at a time. */
__attribute__((always_inline)) static inline size_t
skip(const char *p, size_t len, size_t at, uint64_t (*bytes)(const char *))
{
	char rest[64] = { 0 };
	unsigned run;

	for (; len - at >= 64; at += 64 - FIND_DIGITS_MIN + 1)
		if ((run = first_run(bytes(p + at))) < 64)
			return at + run;
	memcpy(rest, p + at, len - at);
	run = first_run(bytes(rest));
	return run < 64 ? at + run : len;
}

__attribute__((target("avx2"))) static size_t
skip_short_runs_avx2(const char *p, size_t len, size_t at)
{
	return skip(p, len, at, gaps_and_digits_wide);
}

static size_t
skip_short_runs(const char *p, size_t len, size_t at)
{
	if (__builtin_cpu_supports("avx2"))
		return skip_short_runs_avx2(p, len, at);
	return skip(p, len, at, gaps_and_digits);
}

#else

static size_t
skip_short_runs(const char *p, size_t len, size_t at)
{
	(void)p;
	(void)len;
	return at;
}

#endif

size_t
find_digits(const char *p, size_t len, size_t at, size_t *end)
{
	size_t low = at;

	at = skip_short_runs(p, len, at);
	/* Every run has one of every thirteenth byte. */
	for (size_t i = at; i < len; i += FIND_DIGITS_MIN) {
		size_t start = i;

		if (!is_digit_or_gap(p[i]))
			continue;
		while (start > low && is_digit_or_gap(p[start - 1]))
			start--;
		while (i < len && is_digit_or_gap(p[i]))
			i++;
		if (i - start >= FIND_DIGITS_MIN) {
			while (start < i && (p[start] == ' ' || p[start] == '-'))
				start++;
			*end = i;
			return start;
		}
		low = i;
	}
	return len;
}
