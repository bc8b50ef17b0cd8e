/*
 * hash: SHA-256 (FIPS 180-4, by nettle), and a fast keyed hash for tables in
 * memory that attackers choose the content of.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <nettle/sha2.h>

#define HASH_LEN 32

struct hash {
	uint8_t b[HASH_LEN];
};

struct hasher {
	struct sha256_ctx ctx;
};

void hash_init(struct hasher *h);
void hash_update(struct hasher *h, const void *p, size_t n);
void hash_final(struct hasher *h, struct hash *out);
void hash_bytes(struct hash *out, const void *p, size_t n);

/* HMAC-SHA-256. */
void hash_keyed(struct hash *out, const uint8_t *key, size_t key_len,
    const void *p, size_t n);

/*
 * 64 bits, keyed, not cryptographic: for tables whose content attackers choose
 * but not the key.  With one key the same on every machine for ever.
 *
 *	fold(x, y)  = low ^ high ^ x ^ y, of the 128-bit product x * y = high:low
 *	inner       = fold(key ^ 0x6a09e667f3bcc909, 0xbb67ae8584caa73b)
 *	h           = inner, its halves swapped; while more than 16 bytes are
 *	              left, with the next two little-endian words a, b:
 *	              h = fold(a ^ inner, b ^ h)
 *	the rest    = a, b: first and last 8 bytes of 8 to 16, first and last 4
 *	              of 4 to 7 (both may overlap); of n = 1 to 3 bytes a is
 *	              p[0] << 16 | p[n / 2] << 8 | p[n - 1] and b is 0; of none
 *	              both are 0.  h = fold(a ^ inner, b ^ h)
 *	result      = fold(h ^ 0x3c6ef372fe94f82b, inner ^ length)
 */
uint64_t hash64(uint64_t key, const void *p, size_t n);

/* With the key 0x61756469746c6f67: what membership filters on disk use. */
uint64_t hash64_stable(const void *p, size_t n);

#endif
