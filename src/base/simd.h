/*
 * simd: many bytes at once.  SSE2 belongs to every x86-64; other machines
 * take the scalar twin, which a test holds against the fast one.
 *
 * No function reads outside the bytes it was given.
 */
#ifndef BASE_SIMD_H
#define BASE_SIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/*
 * The length of the longest prefix without '"', '\\' and bytes below 0x20:
 * what may stand in a JSON string as it is.  *high becomes non-zero when the
 * prefix has a byte of 0x80 or above, else it is left alone.
 */
static inline size_t
simd_plain_scalar(const char *p, size_t len, unsigned *high)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '"' || c == '\\' || c < 0x20)
			break;
		*high |= c & 0x80;
	}
	return i;
}

/* Copies them as they are; false when there is one of these bytes. */
static inline bool
simd_copy_plain_scalar(char *to, const char *p, size_t len)
{
	unsigned stops = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		stops |= (c == '"') | (c == '\\') | (c < 0x20);
		to[i] = p[i];
	}
	return stops == 0;
}

/* The same bytes as bits: of 64 bytes, those that cannot stand in a JSON string
 * as they are.  *high as above, for all 64. */
static inline uint64_t
simd_stops64_scalar(const char *p, unsigned *high)
{
	uint64_t stops = 0;

	for (size_t i = 0; i < 64; i++) {
		unsigned char c = (unsigned char)p[i];

		stops |= (uint64_t)(c == '"' || c == '\\' || c < 0x20) << i;
		*high |= c & 0x80;
	}
	return stops;
}

/* The first place where "eyJ" stands, how every JSON web token begins, or len. */
static inline size_t
simd_find_jwt_scalar(const char *p, size_t len)
{
	for (size_t i = 0; i + 3 <= len; i++)
		if (p[i] == 'e' && p[i + 1] == 'y' && p[i + 2] == 'J')
			return i;
	return len;
}

/* Two bytes, the second so far behind the first; a mask is OR-ed to what is
 * compared with them: 0x20 takes a letter in either case, 0 the byte itself. */
struct simd_pair {
	size_t apart;
	uint8_t byte[2], mask[2];
};

/* The first of n places where the pair stands, or n.  There are n + apart
 * bytes. */
static inline size_t
simd_find_pair_scalar(const char *p, size_t n, const struct simd_pair *q)
{
	for (size_t i = 0; i < n; i++)
		if (((uint8_t)p[i] | q->mask[0]) == q->byte[0] &&
		    ((uint8_t)p[i + q->apart] | q->mask[1]) == q->byte[1])
			return i;
	return n;
}

/* The length of the longest prefix of bytes below 0x80. */
static inline size_t
simd_ascii_scalar(const char *p, size_t len)
{
	size_t i = 0;

	while (i < len && (p[i] & 0x80) == 0)
		i++;
	return i;
}

/* A bit for each of 64 bytes: whether it is b. */
static inline uint64_t
simd_equal64_scalar(const uint8_t *p, uint8_t b)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < 64; i++)
		bits |= (uint64_t)(p[i] == b) << i;
	return bits;
}

#ifdef __SSE2__

static inline uint64_t
simd_equal64(const uint8_t *p, uint8_t b)
{
	__m128i wanted = _mm_set1_epi8((char)b);
	uint64_t bits = 0;

	for (unsigned i = 0; i < 64; i += 16) {
		__m128i v = _mm_cmpeq_epi8(_mm_loadu_si128((const void *)(p + i)), wanted);

		bits |= (uint64_t)(unsigned)_mm_movemask_epi8(v) << i;
	}
	return bits;
}

/* One bit for each byte that cannot stand in a string as it is. */
static inline unsigned
simd_stops(__m128i v)
{
	__m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
	__m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
	__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), control));
}

/* Of sixteen bytes. */
static inline size_t
simd_plain_half(const char *p, unsigned *high)
{
	__m128i v = _mm_loadu_si128((const void *)p);
	unsigned n = (unsigned)__builtin_ctz(simd_stops(v) | 1u << 16);

	*high |= (unsigned)_mm_movemask_epi8(v) & ((1u << n) - 1);
	return n;
}

/* At most 15 bytes: two loads that overlap make one vector. */
static inline size_t
simd_plain_short(const char *p, size_t len, unsigned *high)
{
	__m128i v;
	unsigned stops;

	if (len < 8)
		return simd_plain_scalar(p, len, high);
	v = _mm_unpacklo_epi64(_mm_loadl_epi64((const void *)p),
	    _mm_loadl_epi64((const void *)(p + len - 8)));
	stops = simd_stops(v);
	if (stops != 0)
		return simd_plain_scalar(p, len, high);
	*high |= (unsigned)_mm_movemask_epi8(v);
	return len;
}

/* Thirty-two at once, without a branch between the halves: most strings of a
 * log end there, and where a string ends cannot be predicted. */
static inline bool
simd_plain_step(const char *p, size_t *n, unsigned *high)
{
	__m128i v = _mm_loadu_si128((const void *)p);
	__m128i w = _mm_loadu_si128((const void *)(p + 16));
	uint64_t stops = simd_stops(v) | simd_stops(w) << 16 | UINT64_C(1) << 32;
	uint64_t signs = (unsigned)_mm_movemask_epi8(v) | (unsigned)_mm_movemask_epi8(w) << 16;
	unsigned at = (unsigned)__builtin_ctzll(stops);

	*high |= (unsigned)(signs & ((UINT64_C(1) << at) - 1));
	*n += at;
	return at == 32;
}

static inline size_t
simd_plain_rest(const char *p, size_t len, unsigned *high)
{
	size_t n = 0;

	while (len - n >= 32)
		if (!simd_plain_step(p + n, &n, high))
			return n;
	if (len - n >= 16) {
		size_t half = simd_plain_half(p + n, high);

		n += half;
		if (half < 16)
			return n;
	}
	return n + simd_plain_short(p + n, len - n, high);
}

static inline size_t
simd_plain(const char *p, size_t len, unsigned *high)
{
	size_t n = 0;

	if (len >= 32 && !simd_plain_step(p, &n, high))
		return n;
	return n + simd_plain_rest(p + n, len - n, high);
}

/* At most 15 bytes. */
static inline bool
simd_copy_plain_short(char *to, const char *p, size_t len)
{
	__m128i a, b;

	if (len < 8)
		return simd_copy_plain_scalar(to, p, len);
	a = _mm_loadl_epi64((const void *)p);
	b = _mm_loadl_epi64((const void *)(p + len - 8));
	_mm_storel_epi64((void *)to, a);
	_mm_storel_epi64((void *)(to + len - 8), b);
	return simd_stops(_mm_unpacklo_epi64(a, b)) == 0;
}

static inline bool
simd_copy_plain(char *to, const char *p, size_t len)
{
	unsigned stops = 0;
	__m128i v;

	if (len < 16)
		return simd_copy_plain_short(to, p, len);
	for (size_t i = 0; i + 16 < len; i += 16) {
		v = _mm_loadu_si128((const void *)(p + i));
		_mm_storeu_si128((void *)(to + i), v);
		stops |= simd_stops(v);
	}
	v = _mm_loadu_si128((const void *)(p + len - 16));
	_mm_storeu_si128((void *)(to + len - 16), v);
	return (stops | simd_stops(v)) == 0;
}

static inline uint64_t
simd_stops64(const char *p, unsigned *high)
{
	uint64_t stops = 0;

	for (unsigned i = 0; i < 64; i += 16) {
		__m128i v = _mm_loadu_si128((const void *)(p + i));

		stops |= (uint64_t)simd_stops(v) << i;
		*high |= (unsigned)_mm_movemask_epi8(v);
	}
	return stops;
}

static inline size_t
simd_find_jwt(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i + 18 <= len; i += 16) {
		__m128i j = _mm_cmpeq_epi8(_mm_loadu_si128((const void *)(p + i + 2)), _mm_set1_epi8('J'));
		__m128i e, y;
		unsigned hits;

		/* The rarest of the three decides. */
		if (_mm_movemask_epi8(j) == 0)
			continue;
		e = _mm_cmpeq_epi8(_mm_loadu_si128((const void *)(p + i)), _mm_set1_epi8('e'));
		y = _mm_cmpeq_epi8(_mm_loadu_si128((const void *)(p + i + 1)), _mm_set1_epi8('y'));
		hits = (unsigned)_mm_movemask_epi8(_mm_and_si128(e, _mm_and_si128(y, j)));
		if (hits != 0)
			return i + (unsigned)__builtin_ctz(hits);
	}
	return i + simd_find_jwt_scalar(p + i, len - i);
}

/* Where of sixteen places the pair stands. */
static inline __m128i
simd_pair_at(const char *p, size_t apart, const __m128i byte[2], const __m128i mask[2])
{
	__m128i v = _mm_or_si128(_mm_loadu_si128((const void *)p), mask[0]);
	__m128i w = _mm_or_si128(_mm_loadu_si128((const void *)(p + apart)), mask[1]);

	return _mm_and_si128(_mm_cmpeq_epi8(v, byte[0]), _mm_cmpeq_epi8(w, byte[1]));
}

static inline size_t
simd_find_pair(const char *p, size_t n, const struct simd_pair *q)
{
	__m128i byte[2] = { _mm_set1_epi8((char)q->byte[0]), _mm_set1_epi8((char)q->byte[1]) };
	__m128i mask[2] = { _mm_set1_epi8((char)q->mask[0]), _mm_set1_epi8((char)q->mask[1]) };
	size_t i = 0;

	for (; i + 32 <= n; i += 32) {
		__m128i v = simd_pair_at(p + i, q->apart, byte, mask);
		__m128i w = simd_pair_at(p + i + 16, q->apart, byte, mask);

		if (_mm_movemask_epi8(_mm_or_si128(v, w)) != 0) {
			unsigned low = (unsigned)_mm_movemask_epi8(v), high = (unsigned)_mm_movemask_epi8(w);
			return i + (unsigned)__builtin_ctz(low | high << 16);
		}
	}
	return i + simd_find_pair_scalar(p + i, n - i, q);
}

/* Which of 64 bytes are 0x80 or above, any of them at once. */
static inline __m128i
simd_or64(const char *p)
{
	__m128i a = _mm_loadu_si128((const void *)p);
	__m128i b = _mm_loadu_si128((const void *)(p + 16));
	__m128i c = _mm_loadu_si128((const void *)(p + 32));
	__m128i d = _mm_loadu_si128((const void *)(p + 48));

	return _mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d));
}

static inline size_t
simd_ascii(const char *p, size_t len)
{
	size_t i = 0;

	while (i + 64 <= len && _mm_movemask_epi8(simd_or64(p + i)) == 0)
		i += 64;
	for (; i + 16 <= len; i += 16) {
		int high = _mm_movemask_epi8(_mm_loadu_si128((const void *)(p + i)));

		if (high != 0)
			return i + (unsigned)__builtin_ctz((unsigned)high);
	}
	return i + simd_ascii_scalar(p + i, len - i);
}

#else

static inline uint64_t
simd_equal64(const uint8_t *p, uint8_t b)
{
	return simd_equal64_scalar(p, b);
}

static inline size_t
simd_ascii(const char *p, size_t len)
{
	return simd_ascii_scalar(p, len);
}

static inline size_t
simd_plain(const char *p, size_t len, unsigned *high)
{
	return simd_plain_scalar(p, len, high);
}

static inline bool
simd_copy_plain(char *to, const char *p, size_t len)
{
	return simd_copy_plain_scalar(to, p, len);
}

static inline uint64_t
simd_stops64(const char *p, unsigned *high)
{
	return simd_stops64_scalar(p, high);
}

static inline size_t
simd_find_jwt(const char *p, size_t len)
{
	return simd_find_jwt_scalar(p, len);
}

static inline size_t
simd_find_pair(const char *p, size_t n, const struct simd_pair *q)
{
	return simd_find_pair_scalar(p, n, q);
}

#endif

#endif
