/*
 * redact_find: many literals in one pass.
 *
 * Places are judged by 64: each byte's halves are looked up in tables of
 * sixteen sets (one shuffle each), and a place stays when some set has all
 * halves of its four bytes.  Few stay; the tables of windows tell which of
 * them are real.  What is in the tables is redact_literal.c's.
 */
#include "ingest/redact_find.h"

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

/* The kinds of the window at p[0, FIND_DEEP). */
static inline unsigned
kinds_at(const struct finder *f, const char *p)
{
	uint32_t bytes = (uint32_t)(unsigned char)p[0] | (uint32_t)(unsigned char)p[1] << 8 |
	    (uint32_t)(unsigned char)p[2] << 16 | (uint32_t)(unsigned char)p[3] << 24;

	return f->window[find_hash(bytes & 0xffffff)] | f->deep[find_hash(bytes)];
}

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

/* Which places are possible: a byte each that is not zero.  The same for 16, 32
 * and 64 places, whose instructions differ in their names alone; spread puts a
 * table of 16 bytes into each 16 of a vector. */
#define DEFINE_PLACES(width, isa, vector, mm, si, spread) \
	__attribute__((target(isa))) static inline vector \
	sets_at_##width(const struct find_sets *s, const char *p) \
	{ \
		const vector half = mm##_set1_epi8(15); \
		vector all = mm##_set1_epi8(-1); \
 \
		_Pragma("GCC unroll 4") \
		for (int i = 0; i < FIND_DEEP; i++) { \
			vector v = mm##_loadu_##si((const void *)(p + i)); \
			vector low = spread(_mm_loadu_si128((const void *)s->low[i])); \
			vector high = spread(_mm_loadu_si128((const void *)s->high[i])); \
 \
			low = mm##_shuffle_epi8(low, mm##_and_##si(v, half)); \
			high = mm##_shuffle_epi8(high, mm##_and_##si(mm##_srli_epi16(v, 4), half)); \
			all = mm##_and_##si(all, mm##_and_##si(low, high)); \
		} \
		return all; \
	} \
 \
	__attribute__((target(isa))) static inline vector \
	places_##width(const struct finder *f, const char *p) \
	{ \
		return mm##_or_##si(sets_at_##width(&f->sets[0], p), \
		    mm##_or_##si(sets_at_##width(&f->sets[1], p), sets_at_##width(&f->sets[2], p))); \
	}

#define AS_IT_IS(table) (table)
DEFINE_PLACES(16, "ssse3", __m128i, _mm, si128, AS_IT_IS)
DEFINE_PLACES(32, "avx2", __m256i, _mm256, si256, _mm256_broadcastsi128_si256)
DEFINE_PLACES(64, "avx512bw", __m512i, _mm512, si512, _mm512_broadcast_i32x4)

/* The same, a bit each. */
__attribute__((target("ssse3"))) static uint32_t
bits_16(const struct finder *f, const char *p)
{
	__m128i none = _mm_cmpeq_epi8(places_16(f, p), _mm_setzero_si128());

	return ~(unsigned)_mm_movemask_epi8(none) & 0xffff;
}

__attribute__((target("avx2"))) static uint32_t
bits_32(const struct finder *f, const char *p)
{
	__m256i none = _mm256_cmpeq_epi8(places_32(f, p), _mm256_setzero_si256());

	return ~(unsigned)_mm256_movemask_epi8(none);
}

/* Of 64 places. */
__attribute__((target("ssse3"))) static uint64_t
step_ssse3(const struct finder *f, const char *p)
{
	uint64_t places = 0;

	for (unsigned i = 0; i < FIND_STEP; i += 16)
		places |= (uint64_t)bits_16(f, p + i) << i;
	return places;
}

__attribute__((target("avx2"))) static uint64_t
step_avx2(const struct finder *f, const char *p)
{
	return bits_32(f, p) | (uint64_t)bits_32(f, p + 32) << 32;
}

/* All tables stay in registers. */
__attribute__((target("avx512bw"))) static uint64_t
step_avx512(const struct finder *f, const char *p)
{
	__m512i sets = places_64(f, p);

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
