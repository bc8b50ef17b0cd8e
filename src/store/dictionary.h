/* dictionary: the distinct values of a column while it is gathered.  Private to store/. */
#ifndef STORE_DICTIONARY_H
#define STORE_DICTIONARY_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/mem.h"

struct dictionary_slot {
	uint32_t tag;  /* low half of the hash */
	uint32_t code; /* 0: free */
};

struct dictionary {
	struct str *value; /* the value of code c is value[c - 1] */
	size_t cap;
	uint32_t n;
	uint32_t mask;     /* slots in use less 1; a power of two */
	struct dictionary_slot *slot;
	size_t slots;      /* that there is memory for */
	uint64_t key;
	struct arena arena; /* the values' bytes */
};

/* The key is secret, so that nobody can choose values that collide. */
void dictionary_init(struct dictionary *d, uint64_t key);
void dictionary_fini(struct dictionary *d);
void dictionary_reset(struct dictionary *d); /* keeps memory */

/* The code of a value, 1 and following in order of first appearance; copies
 * a new one. */
uint32_t dictionary_add(struct dictionary *d, struct str value);

/*
 * The same in three steps, for who adds to many dictionaries in turn: they do
 * not fit the processor's cache together, so that each step asks for the memory
 * that the next one of the same dictionary needs.
 */
uint32_t dictionary_tag(const struct dictionary *d, struct str value);
void dictionary_expect(const struct dictionary *d, uint32_t tag);
uint32_t dictionary_add_tagged(struct dictionary *d, struct str value, uint32_t tag);

/* Puts distinct values into the order of str_cmp: order[i] becomes the index
 * of the i-th.  seed: any number that who chose the values cannot know. */
struct sort_entry {
	uint64_t key;
	uint32_t index;
};
void dictionary_sort(const struct str *value, uint32_t n, struct sort_entry *entry, uint64_t seed);

#endif
