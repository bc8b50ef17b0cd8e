/*
 * members: a membership filter, a split-block Bloom filter: blocks of eight
 * 32-bit words; a value sets one bit in each word of one block.  About 10
 * bits a value let 1 in 100 strangers pass.  Private to store/.
 */
#ifndef STORE_MEMBERS_H
#define STORE_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define MEMBERS_BLOCK 32u /* bytes */
#define MEMBERS_MAX (1024u * 1024)

/* Appends an empty filter for so many values; returns where it starts in b. */
size_t members_new(struct buf *b, uint32_t values);
void members_add(uint8_t *filter, size_t len, uint64_t hash);
uint64_t members_hash(struct str value);
/* Of a value in lower case: of those that are compared without case. */
uint64_t members_hash_folded(struct str value);

/* Whether len can be a filter's length. */
bool members_valid(size_t len);
/* false: certainly not added. */
bool members_may_have(const uint8_t *filter, size_t len, uint64_t hash);

#endif
