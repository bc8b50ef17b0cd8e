/*
 * members: a split-block Bloom filter, as in "Cache-, Hash- and Space-Efficient
 * Bloom Filters" (Putze, Sanders, Singler) and the Parquet format.
 *
 * The high half of hash64_stable chooses the block, the low half, times an
 * odd constant for each word, the bit in it.  Words are little-endian.
 */
#include "store/members.h"

#include "base/hash.h"

enum { WORDS = 8, BITS_A_VALUE = 10, FOLDED_MAX = 1024 };

static const uint32_t salt[WORDS] = {
	0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31
};

size_t
members_new(struct buf *b, uint32_t values)
{
	size_t start = b->len;
	size_t blocks = ((size_t)values * BITS_A_VALUE + MEMBERS_BLOCK * 8 - 1) / (MEMBERS_BLOCK * 8);
	size_t len = (blocks ? blocks : 1) * MEMBERS_BLOCK;

	buf_reserve(b, len);
	memset(b->p + start, 0, len);
	b->len += len;
	return start;
}

bool
members_valid(size_t len)
{
	return len > 0 && len % MEMBERS_BLOCK == 0 && len <= MEMBERS_MAX;
}

/* The block of a hash. */
static size_t
place(size_t len, uint64_t hash)
{
	return (size_t)((hash >> 32) * (len / MEMBERS_BLOCK) >> 32) * MEMBERS_BLOCK;
}

uint64_t
members_hash(struct str value)
{
	return hash64_stable(value.p, value.len);
}

uint64_t
members_hash_folded(struct str value)
{
	char text[FOLDED_MAX];

	/* Hardly any is that long: then all of them pass as one. */
	if (value.len > sizeof(text))
		return 0;
	for (size_t i = 0; i < value.len; i++)
		text[i] = (char)(value.p[i] >= 'A' && value.p[i] <= 'Z' ? value.p[i] + ('a' - 'A') : value.p[i]);
	return hash64_stable(text, value.len);
}

void
members_add(uint8_t *filter, size_t len, uint64_t hash)
{
	uint8_t *block = filter + place(len, hash);

	for (int i = 0; i < WORDS; i++) {
		uint32_t bit = (uint32_t)hash * salt[i] >> 27;
		block[i * 4 + (int)(bit / 8)] |= (uint8_t)(1u << bit % 8);
	}
}

bool
members_may_have(const uint8_t *filter, size_t len, uint64_t hash)
{
	const uint8_t *block = filter + place(len, hash);

	for (int i = 0; i < WORDS; i++) {
		uint32_t bit = (uint32_t)hash * salt[i] >> 27;
		if (!(block[i * 4 + (int)(bit / 8)] >> bit % 8 & 1))
			return false;
	}
	return true;
}
