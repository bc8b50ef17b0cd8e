/*
 * bits: small numbers, each in the same number of bits.
 *
 * Narrow numbers are unpacked eight (or four) at a time inside one word: the
 * word is cut in halves that are moved apart, then the halves are, until
 * each number lies in a lane of its own.
 */
#include "store/bits.h"

void
bits_pack32(struct buf *b, const uint32_t *v, size_t n, unsigned width)
{
	buf_reserve(b, bits_bytes(n, width) + BITS_PADDING);

	struct bits_writer w = { .p = (uint8_t *)b->p + b->len };
	size_t i = 0;
	if (4 * width <= BITS_WIDTH_MAX)
		for (; i + 4 <= n; i += 4)
			bits_put(&w, (uint64_t)v[i] | (uint64_t)v[i + 1] << width |
			    (uint64_t)v[i + 2] << 2 * width | (uint64_t)v[i + 3] << 3 * width, 4 * width);
	for (; i < n; i++)
		bits_put(&w, v[i], width);
	b->len += bits_bytes(n, width);
}

/* Eight numbers of width bits, the low 8 * width bits of x, into 8 bytes. */
static inline uint64_t
spread8(uint64_t x, unsigned width)
{
	uint64_t pair = bits_mask(2 * width), one = bits_mask(width);

	x = (x & bits_mask(4 * width)) | (x >> 4 * width) << 32;
	x = (x & (pair | pair << 32)) | (x & ~(pair | pair << 32)) << (16 - 2 * width);
	uint64_t low = one * UINT64_C(0x0001000100010001);
	return (x & low) | (x & ~low) << (8 - width);
}

void
bits_unpack8(uint8_t *out, const uint8_t *p, size_t n, unsigned width)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8, p += width) {
		uint64_t x = bits_load(p);
		if (width < 8)
			x &= bits_mask(8 * width);
		bits_save(out + i, spread8(x, width));
	}
	for (size_t k = 0; i + k < n; k++)
		out[i + k] = (uint8_t)bits_get(p, k, width);
}

void
bits_unpack16(uint16_t *out, const uint8_t *p, size_t n, unsigned width)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint16_t)bits_get(p, i, width);
}

void
bits_unpack32(uint32_t *out, const uint8_t *p, size_t n, unsigned width)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint32_t)bits_get(p, i, width);
}

void
bits_unpack64(uint64_t *out, const uint8_t *p, size_t n, unsigned width)
{
	for (size_t i = 0; i < n; i++)
		out[i] = bits_get(p, i, width);
}
