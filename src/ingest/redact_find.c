/*
 * redact_find: many literals in one pass.
 *
 * Sixteen places are judged at a time: each byte's halves are looked up in
 * tables of sixteen sets (one shuffle each), and a place stays when some set
 * has all halves of its four bytes.  Few stay; the table of windows tells
 * which of them are real.
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
	if (__builtin_cpu_supports("avx2"))
		f->width = 32;
	else if (__builtin_cpu_supports("ssse3"))
		f->width = 16;
#endif
}

static inline unsigned
window_of(const char *p)
{
	uint32_t bytes = (uint32_t)(unsigned char)p[0] | (uint32_t)(unsigned char)p[1] << 8 |
	    (uint32_t)(unsigned char)p[2] << 16;

	return (bytes * UINT32_C(0x9e3779b1)) >> 17;
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

/* How many windows pass a set, those too that it has by chance; small letters,
 * digits and signs are the most of a log. */
static unsigned long
passing(const struct find_sets *f, uint8_t set)
{
	static const uint8_t weight[16] = { 0, 0, 4, 4, 1, 1, 6, 6 };
	unsigned long all = 1;

	for (int i = 0; i < FIND_DEEP; i++) {
		unsigned low = 0, high = 0;

		for (int half = 0; half < 16; half++) {
			low += (f->low[i][half] & set) != 0;
			high += (f->high[i][half] & set) != 0 ? weight[half] : 0u;
		}
		all *= low * high;
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

/* The three bytes, in all cases of their letters. */
static void
add_windows(struct finder *f, const char *literal, enum find_kind kind, bool nocase)
{
	for (unsigned cases = 0; cases < (nocase ? 8 : 1); cases++) {
		char w[3];

		for (unsigned i = 0; i < 3; i++)
			w[i] = (char)(literal[i] ^ (cases >> i & 1 && is_letter((unsigned char)literal[i]) ? 0x20 : 0));
		f->window[window_of(w)] |= (uint8_t)kind;
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
	add_windows(f, literal, kind, nocase);
}

static bool
is_possible(const struct finder *f, const char *p, size_t len)
{
	for (int group = 0; group < FIND_GROUPS; group++) {
		const struct find_sets *s = &f->sets[group];
		unsigned sets = 255;

		for (size_t i = 0; i < FIND_DEEP && i < len; i++) {
			unsigned char c = (unsigned char)p[i];

			sets &= s->low[i][c & 15] & s->high[i][c >> 4];
		}
		if (sets != 0)
			return true;
	}
	return false;
}

size_t
finder_next_scalar(const struct finder *f, const char *p, size_t len, size_t at, unsigned *kinds)
{
	for (; len - at >= 3; at++) {
		*kinds = f->window[window_of(p + at)];
		if (*kinds != 0 && is_possible(f, p + at, len - at))
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

/* The first real window among the places of w that are not before `at`, or len. */
static inline size_t
first_window(struct find_walk *w, size_t at, unsigned *kinds)
{
	uint32_t places = at > w->base ? w->places & (~UINT32_C(0) << (at - w->base)) : w->places;

	for (; places != 0; places &= places - 1) {
		size_t place = w->base + (unsigned)__builtin_ctz(places);

		*kinds = w->f->window[window_of(w->p + place)];
		if (*kinds != 0)
			return place;
	}
	return w->len;
}

/* Judges `width` places at a time from *at on, until a window is found. */
__attribute__((always_inline)) static inline bool
walk(struct find_walk *w, size_t *at, unsigned *kinds, size_t width,
    uint32_t (*places)(const struct finder *, const char *))
{
	size_t found;

	if (*at >= w->base && *at < w->end) {
		if ((found = first_window(w, *at, kinds)) < w->len) {
			*at = found;
			return true;
		}
		*at = w->end;
	}
	for (; w->len - *at >= width + FIND_DEEP - 1; *at += width) {
		w->base = *at;
		w->end = *at + width;
		w->places = places(w->f, w->p + *at);
		if ((found = first_window(w, *at, kinds)) < w->len) {
			*at = found;
			return true;
		}
	}
	return false;
}

__attribute__((target("ssse3"))) static size_t
next_ssse3(struct find_walk *w, size_t at, unsigned *kinds)
{
	return walk(w, &at, kinds, 16, places_ssse3) ? at : finder_next_scalar(w->f, w->p, w->len, at, kinds);
}

__attribute__((target("avx2"))) static size_t
next_avx2(struct find_walk *w, size_t at, unsigned *kinds)
{
	return walk(w, &at, kinds, 32, places_avx2) ? at : next_ssse3(w, at, kinds);
}

#endif

size_t
finder_next(struct find_walk *w, size_t at, unsigned *kinds)
{
#ifdef FIND_SHUFFLE
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

static inline uint64_t
gaps_and_digits(const char *p)
{
	__m128i v = _mm_loadu_si128((const void *)p);
	__m128i digit = _mm_sub_epi8(v, _mm_set1_epi8('0'));
	__m128i gap = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(v, _mm_set1_epi8('-')));

	digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(digit, gap));
}

/* Passes over what has no run in it, 64 bytes at a time. */
static size_t
skip_short_runs(const char *p, size_t len, size_t at)
{
	for (; len - at >= 64; at += 64 - FIND_DIGITS_MIN + 1) {
		uint64_t m = gaps_and_digits(p + at) | gaps_and_digits(p + at + 16) << 16 |
		    gaps_and_digits(p + at + 32) << 32 | gaps_and_digits(p + at + 48) << 48;

		/* Thirteen bits in a row: two, four, eight, and eight five further. */
		m &= m >> 1;
		m &= m >> 2;
		m &= m >> 4;
		m &= m >> 5;
		if (m != 0)
			return at + (unsigned)__builtin_ctzll(m);
	}
	return at;
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
