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
	uint64_t pair = bits_mask(2 * width) * UINT64_C(0x0000000100000001);
	uint64_t one = bits_mask(width) * UINT64_C(0x0001000100010001);

	x = (x & bits_mask(4 * width)) | (x >> 4 * width) << 32;
	x = (x & pair) | (x & ~pair) << (16 - 2 * width);
	return (x & one) | (x & ~one) << (8 - width);
}

void
bits_unpack8(uint8_t *out, const uint8_t *p, size_t n, unsigned width, uint8_t plus)
{
	uint64_t mask = width < 8 ? bits_mask(8 * width) : UINT64_MAX;
	uint64_t add = plus * UINT64_C(0x0101010101010101);
	size_t i = 0;

	for (; i + 8 <= n; i += 8, p += width)
		bits_save(out + i, spread8(bits_load(p) & mask, width) + add);
	for (size_t k = 0; i + k < n; k++)
		out[i + k] = (uint8_t)(bits_get(p, k, width) + plus);
}

/* Four numbers of width bits into 8 bytes. */
static inline void
save4(uint16_t *out, uint64_t x, unsigned width, uint64_t add)
{
	uint64_t one = bits_mask(width) * UINT64_C(0x0000000100000001);

	x = (x & bits_mask(2 * width)) | (x >> 2 * width & bits_mask(2 * width)) << 32;
	x = ((x & one) | (x & ~one) << (16 - width)) + add;
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		x = x << 48 | (x & 0xffff0000) << 16 | (x >> 16 & 0xffff0000) | x >> 48;
	memcpy(out, &x, sizeof(x));
}

void
bits_unpack16(uint16_t *out, const uint8_t *p, size_t n, unsigned width, uint16_t plus)
{
	uint64_t add = plus * UINT64_C(0x0001000100010001);
	size_t i = 0;

	/* Eight numbers are a whole number of bytes. */
	for (; i + 8 <= n; i += 8, p += width) {
		save4(out + i, bits_load(p), width, add);
		save4(out + i + 4, bits_load(p + width / 2) >> 4 * (width % 2), width, add);
	}
	for (size_t k = 0; i + k < n; k++)
		out[i + k] = (uint16_t)(bits_get(p, k, width) + plus);
}

void
bits_unpack32(uint32_t *out, const uint8_t *p, size_t n, unsigned width, uint32_t plus)
{
	uint64_t mask = bits_mask(width);

	for (size_t i = 0, bit = 0; i < n; i++, bit += width)
		out[i] = (uint32_t)(bits_load(p + bit / 8) >> bit % 8 & mask) + plus;
}

void
bits_unpack64(uint64_t *out, const uint8_t *p, size_t n, unsigned width)
{
	uint64_t mask = bits_mask(width);

	for (size_t i = 0, bit = 0; i < n; i++, bit += width)
		out[i] = bits_load(p + bit / 8) >> bit % 8 & mask;
}
