/*
 * dictionary: the distinct values of a column while it is gathered.
 *
 * A table of open addressing with linear probing, at most half full.  Slots
 * keep half of the hash, so that strangers are told without a look at their
 * bytes and growing hashes nothing again.
 */
#include "store/dictionary.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/hash.h"

enum { SLOTS_FIRST = 64 };

void
dictionary_init(struct dictionary *d, uint64_t key)
{
	*d = (struct dictionary){ .key = key };
}

void
dictionary_fini(struct dictionary *d)
{
	free(d->value);
	free(d->slot);
	arena_fini(&d->arena);
}

static void
set_slots(struct dictionary *d, uint32_t slots)
{
	if (d->slots < slots) {
		free(d->slot);
		d->slot = mem_zero(slots, sizeof(*d->slot));
		d->slots = slots;
	} else {
		memset(d->slot, 0, slots * sizeof(*d->slot));
	}
	d->mask = slots - 1;
}

void
dictionary_reset(struct dictionary *d)
{
	d->n = 0;
	d->mask = 0;
	arena_reset(&d->arena);
}

static void
insert(struct dictionary *d, struct dictionary_slot s)
{
	uint32_t i = s.tag & d->mask;

	while (d->slot[i].code)
		i = (i + 1) & d->mask;
	d->slot[i] = s;
}

static void
grow(struct dictionary *d)
{
	if (d->mask == 0) {
		set_slots(d, SLOTS_FIRST);
		return;
	}
	uint32_t old = d->mask + 1;
	struct dictionary_slot *copy = mem_dup(d->slot, old * sizeof(*copy));

	set_slots(d, old * 2);
	for (uint32_t i = 0; i < old; i++)
		if (copy[i].code)
			insert(d, copy[i]);
	free(copy);
}

static inline uint64_t
word(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* memcmp in place, for values of a few words. */
static inline bool
same_bytes(const char *a, const char *b, size_t n)
{
	if (n < 8) {
		unsigned differ = 0;
		for (size_t i = 0; i < n; i++)
			differ |= (unsigned)(a[i] ^ b[i]);
		return differ == 0;
	}
	for (size_t i = 0; i + 8 < n; i += 8)
		if (word(a + i) != word(b + i))
			return false;
	return word(a + n - 8) == word(b + n - 8);
}

uint32_t
dictionary_tag(const struct dictionary *d, struct str value)
{
	uint32_t tag = (uint32_t)hash64(d->key, value.p, value.len);

	if (d->mask != 0)
		__builtin_prefetch(&d->slot[tag & d->mask]);
	return tag;
}

void
dictionary_expect(const struct dictionary *d, uint32_t tag)
{
	uint32_t code = d->mask != 0 ? d->slot[tag & d->mask].code : 0;

	if (code != 0)
		__builtin_prefetch(&d->value[code - 1]);
}

uint32_t
dictionary_add_tagged(struct dictionary *d, struct str value, uint32_t tag)
{
	if (d->n >= d->mask / 2)
		grow(d);
	for (uint32_t i = tag & d->mask; d->slot[i].code; i = (i + 1) & d->mask) {
		if (d->slot[i].tag != tag)
			continue;
		struct str known = d->value[d->slot[i].code - 1];
		if (known.len == value.len && same_bytes(known.p, value.p, value.len))
			return d->slot[i].code;
	}

	mem_grow(&d->value, &d->cap, (size_t)d->n + 1, sizeof(*d->value));
	char *copy = arena_bytes(&d->arena, value.len);
	if (value.len)
		memcpy(copy, value.p, value.len);
	d->value[d->n++] = (struct str){ copy, value.len };
	insert(d, (struct dictionary_slot){ tag, d->n });
	return d->n;
}

uint32_t
dictionary_add(struct dictionary *d, struct str value)
{
	return dictionary_add_tagged(d, value, dictionary_tag(d, value));
}

/* ---- sorting ---- */

/* Bytes depth to depth + 7 as a number, zeros behind the end. */
static uint64_t
key_at(struct str s, size_t depth)
{
	uint64_t key = 0;
	size_t left = s.len > depth ? s.len - depth : 0;

	if (left >= 8) {
		memcpy(&key, s.p + depth, 8);
		return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap64(key) : key;
	}
	for (size_t i = 0; i < left; i++)
		key |= (uint64_t)(uint8_t)s.p[depth + i] << (56 - 8 * i);
	return key;
}

static void
swap(struct sort_entry *a, struct sort_entry *b)
{
	struct sort_entry t = *a;

	*a = *b;
	*b = t;
}

/* Few entries: by the key, then by the bytes from depth on. */
static void
sort_few(const struct str *value, struct sort_entry *entry, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct sort_entry x = entry[i];
		size_t k = i;
		for (; k > 0 && (entry[k - 1].key > x.key || (entry[k - 1].key == x.key &&
		    str_cmp(value[entry[k - 1].index], value[x.index]) > 0)); k--)
			entry[k] = entry[k - 1];
		entry[k] = x;
	}
}

/* Entries of one key: those that end within it come first, by length; the
 * others get the key of the next 8 bytes.  Returns how many ended. */
static size_t
next_keys(const struct str *value, struct sort_entry *entry, size_t n, size_t depth)
{
	size_t ended = 0;

	for (size_t i = 0; i < n; i++)
		if (value[entry[i].index].len <= depth)
			swap(&entry[i], &entry[ended++]);
	/* At most 9 distinct values end within the same 8 bytes. */
	for (size_t i = 1; i < ended; i++)
		for (size_t k = i; k > 0 && value[entry[k - 1].index].len > value[entry[k].index].len; k--)
			swap(&entry[k - 1], &entry[k]);
	for (size_t i = ended; i < n; i++)
		entry[i].key = key_at(value[entry[i].index], depth);
	return ended;
}

/* Quicksort in three parts by 8 bytes at a time; the middle part, of equal
 * bytes so far, is the loop's.  Pivots are random: the recursion is shallow
 * whatever the values are. */
static void
sort(const struct str *value, struct sort_entry *entry, size_t n, size_t depth, uint64_t *seed)
{
	while (n > 12) {
		*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		uint64_t pivot = entry[(*seed >> 33) % n].key;
		size_t less = 0, i = 0, more = n;
		while (i < more) {
			if (entry[i].key < pivot)
				swap(&entry[i++], &entry[less++]);
			else if (entry[i].key > pivot)
				swap(&entry[i], &entry[--more]);
			else
				i++;
		}
		sort(value, entry, less, depth, seed);
		sort(value, entry + more, n - more, depth, seed);
		entry += less;
		n = more - less;
		depth += 8;
		if (n > 1) {
			size_t ended = next_keys(value, entry, n, depth);
			entry += ended;
			n -= ended;
		}
	}
	sort_few(value, entry, n);
}

void
dictionary_sort(const struct str *value, uint32_t n, struct sort_entry *entry, uint64_t seed)
{
	for (uint32_t i = 0; i < n; i++)
		entry[i] = (struct sort_entry){ key_at(value[i], 0), i };
	sort(value, entry, n, 0, &seed);
}
