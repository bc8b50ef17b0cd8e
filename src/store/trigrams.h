/*
 * trigrams: which blocks of a text column have which three bytes, so that a
 * search decompresses no block that cannot have the text (audit-store(5)).
 * Private to store/.
 *
 * Three bytes, ASCII letters in lower case, are hashed to one of TRIGRAM_SLOTS
 * numbers; a block "has" a number when any of its trigrams hashes to it.
 */
#ifndef STORE_TRIGRAMS_H
#define STORE_TRIGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "store/column.h"

#define TRIGRAM_BITS 18
#define TRIGRAM_SLOTS (UINT32_C(1) << TRIGRAM_BITS)
#define TRIGRAM_WORDS (TRIGRAM_SLOTS / 64)
#define TRIGRAM_BLOCKS_MIN 8 /* a column of fewer blocks is read as fast without */
#define TRIGRAM_VALUES_MIN (32u * 1024) /* bytes of a dictionary's values; a shorter one is read as fast */
#define TRIGRAM_LINES_MIN (8u * 1024 * 1024) /* bytes of lines; a smaller segment has no filter of the whole */
#define TRIGRAM_MASK_MAX ((TEXT_BLOCKS_MAX + 7) / 8)

/* The numbers of a block, a bit each. */
struct trigram_set {
	uint64_t word[TRIGRAM_WORDS];
};

/* Marks of what was seen, in the thread's memory until it is used otherwise. */
struct trigram_marks;
struct trigram_marks *trigrams_begin(struct scratch *s);
void trigrams_add(struct trigram_marks *m, struct str value);
void trigrams_end(const struct trigram_marks *m, struct trigram_set *set);

/* The piece of a column from the sets of its blocks; of the whole segment, from
 * one. */
void trigrams_encode(struct buf *out, const struct trigram_set *set, uint32_t blocks, struct scratch *s);

/*
 * Which blocks may contain a text: *blocks of them, a bit each in mask.
 * nocase: the text is in lower case, and only its runs of three ASCII bytes
 * count, because other letters have forms of other bytes.  False: the piece
 * cannot be right.
 */
bool trigrams_search(struct str piece, struct str text, bool nocase, struct codec *c, uint32_t *blocks,
    uint8_t mask[TRIGRAM_MASK_MAX]);

/* All of a piece: the numbers of each of so many blocks.  False: it cannot be
 * right, or is of another number of blocks. */
bool trigrams_decode(struct str piece, uint32_t blocks, struct codec *c, struct trigram_set *set);

#endif
