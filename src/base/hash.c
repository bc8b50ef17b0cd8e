/*
 * hash: SHA-256 by nettle (which picks the processor's instructions itself),
 * and a multiply-and-fold hash for tables.
 */
#include "base/hash.h"

#include <string.h>

#include <nettle/hmac.h>

_Static_assert(HASH_LEN == SHA256_DIGEST_SIZE, "a hash is a SHA-256");

void
hash_init(struct hasher *h)
{
	sha256_init(&h->ctx);
}

void
hash_update(struct hasher *h, const void *p, size_t n)
{
	if (n)
		sha256_update(&h->ctx, n, p);
}

void
hash_final(struct hasher *h, struct hash *out)
{
	sha256_digest(&h->ctx, HASH_LEN, out->b);
}

void
hash_bytes(struct hash *out, const void *p, size_t n)
{
	struct hasher h;

	hash_init(&h);
	hash_update(&h, p, n);
	hash_final(&h, out);
}

void
hash_keyed(struct hash *out, const uint8_t *key, size_t key_len, const void *p, size_t n)
{
	struct hmac_sha256_ctx ctx;

	hmac_sha256_set_key(&ctx, key_len, key);
	if (n)
		hmac_sha256_update(&ctx, n, p);
	hmac_sha256_digest(&ctx, HASH_LEN, out->b);
}

/* The first fraction bits of the square roots of 2, 3 and 5, made odd. */
#define ROOT2 UINT64_C(0x6a09e667f3bcc909)
#define ROOT3 UINT64_C(0xbb67ae8584caa73b)
#define ROOT5 UINT64_C(0x3c6ef372fe94f82b)

#define STABLE_KEY UINT64_C(0x61756469746c6f67) /* "auditlog" */

__extension__ typedef unsigned __int128 wide;

static inline uint64_t
read64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static inline uint64_t
read32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

/* Both halves of the product, and the factors, so that a factor of 0 does
 * not wipe out the other. */
static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64) ^ a ^ b;
}

/* The definition in the header. */
static inline uint64_t
mix(uint64_t key, const uint8_t *p, size_t n)
{
	uint64_t inner = fold(key ^ ROOT2, ROOT3);
	uint64_t h = inner << 32 | inner >> 32;
	uint64_t a = 0, b = 0;
	size_t left = n;

	for (; left > 16; left -= 16, p += 16)
		h = fold(read64(p) ^ inner, read64(p + 8) ^ h);
	if (left >= 8) {
		a = read64(p);
		b = read64(p + left - 8);
	} else if (left >= 4) {
		a = read32(p);
		b = read32(p + left - 4);
	} else if (left > 0) {
		a = (uint64_t)p[0] << 16 | (uint64_t)p[left / 2] << 8 | p[left - 1];
	}
	h = fold(a ^ inner, b ^ h);
	return fold(h ^ ROOT5, inner ^ (uint64_t)n);
}

uint64_t
hash64(uint64_t key, const void *p, size_t n)
{
	return mix(key, p, n);
}

uint64_t
hash64_stable(const void *p, size_t n)
{
	return mix(STABLE_KEY, p, n);
}
