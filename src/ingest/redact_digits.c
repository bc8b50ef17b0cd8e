/*
 * redact_digits: runs of digits, which most of a log has none of.
 *
 * 64 bytes at once become bits, and thirteen bits in a row are a run; without
 * vectors only every thirteenth byte is looked at.
 */
#include "ingest/redact_digits.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && defined(__GNUC__)
#include <immintrin.h>
#define DIGITS_SIMD 1
#endif

static inline bool
is_digit_or_gap(char c)
{
	return (c >= '0' && c <= '9') || c == ' ' || c == '-';
}

#ifdef DIGITS_SIMD

/* Which of 64 bytes are digits and gaps: a vector after the other, whose
 * instructions differ in their names alone. */
#define DEFINE_GAPS_AND_DIGITS(name, isa, vector, mm, si) \
	__attribute__((target(isa))) static inline uint64_t \
	name(const char *p) \
	{ \
		uint64_t all = 0; \
 \
		for (unsigned i = 0; i < 64; i += sizeof(vector)) { \
			vector v = mm##_loadu_##si((const void *)(p + i)); \
			vector digit = mm##_sub_epi8(v, mm##_set1_epi8('0')); \
			vector gap = mm##_or_##si(mm##_cmpeq_epi8(v, mm##_set1_epi8(' ')), \
			    mm##_cmpeq_epi8(v, mm##_set1_epi8('-'))); \
 \
			digit = mm##_cmpeq_epi8(mm##_min_epu8(digit, mm##_set1_epi8(9)), digit); \
			all |= (uint64_t)(unsigned)mm##_movemask_epi8(mm##_or_##si(digit, gap)) << i; \
		} \
		return all; \
	}

DEFINE_GAPS_AND_DIGITS(gaps_and_digits_16, "sse2", __m128i, _mm, si128)
DEFINE_GAPS_AND_DIGITS(gaps_and_digits_32, "avx2", __m256i, _mm256, si256)

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
	return skip(p, len, at, gaps_and_digits_32);
}

static size_t
skip_short_runs(const char *p, size_t len, size_t at)
{
	if (__builtin_cpu_supports("avx2"))
		return skip_short_runs_avx2(p, len, at);
	return skip(p, len, at, gaps_and_digits_16);
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
