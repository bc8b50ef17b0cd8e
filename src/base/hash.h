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

/* 64 bits, keyed, not cryptographic: for hash tables. The same key gives the
 * same number within one build of the program only. */
uint64_t hash64(uint64_t key, const void *p, size_t n);

/* The same on every machine for ever: what membership filters on disk use. */
uint64_t hash64_stable(const void *p, size_t n);

#endif
