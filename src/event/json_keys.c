/*
 * json_keys: looking at the keys of objects: twice the same, one by name.
 *
 * Attackers choose the keys.  A small object's are compared with one another;
 * a large one's go through a hash table with a secret key.
 */
#include "event/json.h"

#include "base/hash.h"
#include "base/random.h"

#define SMALL_OBJECT 32 /* keys; up to here comparing beats hashing */

static struct str
key_name(const struct json_tape *t, uint32_t key, struct arena *a)
{
	return json_unescape(t, &t->tok[key], a);
}

static inline uint32_t
next_key(const struct json_tape *t, uint32_t key)
{
	return t->tok[key + 1].next;
}

/*
 * Tells most names apart by their length and the bytes at both ends.  An
 * attacker can make names that it does not tell apart: then few names, no
 * more than SMALL_OBJECT, are compared as a whole.
 */
static inline uint64_t
fingerprint(struct str s)
{
	uint64_t head = 0, tail = 0;

	if (s.len >= 8) {
		memcpy(&head, s.p, 8);
		memcpy(&tail, s.p + s.len - 8, 8);
	} else if (s.len >= 4) {
		memcpy(&head, s.p, 4);
		memcpy(&tail, s.p + s.len - 4, 4);
	} else if (s.len > 0)
		head = (uint64_t)(unsigned char)s.p[0] << 16 |
		    (uint64_t)(unsigned char)s.p[s.len / 2] << 8 | (unsigned char)s.p[s.len - 1];
	return (head ^ (tail << 1 | tail >> 63) ^ s.len) * UINT64_C(0x9e3779b97f4a7c15);
}

/* 256 bits: whether a fingerprint may have been met before. */
struct met {
	uint64_t bits[4];
};

static inline bool
met_before(struct met *met, uint64_t print)
{
	uint64_t *word = &met->bits[print >> 62];
	uint64_t bit = UINT64_C(1) << (print >> 56 & 63);
	bool before = (*word & bit) != 0;

	*word |= bit;
	return before;
}

static uint32_t
duplicate_small(const struct json_tape *t, uint32_t object, struct arena *scratch)
{
	uint32_t end = t->tok[object].next, i;
	struct str name[SMALL_OBJECT];
	uint64_t print[SMALL_OBJECT];
	struct met met = { { 0 } };
	size_t n = 0, j;

	for (i = object + 1; i < end; i = next_key(t, i), n++) {
		name[n] = key_name(t, i, scratch);
		print[n] = fingerprint(name[n]);
		if (!met_before(&met, print[n]))
			continue;
		for (j = 0; j < n; j++)
			if (print[j] == print[n] && str_eq(name[j], name[n]))
				return i;
	}
	return UINT32_MAX;
}

static uint32_t
duplicate_large(const struct json_tape *t, uint32_t object, size_t keys, uint64_t secret,
    struct arena *scratch)
{
	struct slot {
		struct str name; /* p == NULL: free */
		uint64_t hash;
	} *table;
	uint32_t end = t->tok[object].next, i;
	size_t size = 64;

	while (size < keys * 2)
		size *= 2;
	table = arena_alloc(scratch, size * sizeof(*table));
	memset(table, 0, size * sizeof(*table));
	for (i = object + 1; i < end; i = next_key(t, i)) {
		struct str name = key_name(t, i, scratch);
		uint64_t h = hash64(secret, name.p, name.len);
		size_t at = h & (size - 1);

		for (; table[at].name.p != NULL; at = (at + 1) & (size - 1))
			if (table[at].hash == h && str_eq(table[at].name, name))
				return i;
		table[at].name = name;
		table[at].hash = h;
	}
	return UINT32_MAX;
}

uint32_t
json_duplicate_key(const struct json_tape *t, struct arena *scratch)
{
	uint64_t secret = 0;
	uint32_t object, i, found;

	for (object = 0; object < t->n; object++) {
		size_t keys = 0;

		if (t->tok[object].type != TOKEN_OBJECT)
			continue;
		for (i = object + 1; i < t->tok[object].next; i = next_key(t, i))
			keys++;
		if (keys < 2)
			continue;
		if (keys <= SMALL_OBJECT) {
			found = duplicate_small(t, object, scratch);
		} else {
			if (secret == 0)
				secret = random_u64() | 1;
			found = duplicate_large(t, object, keys, secret, scratch);
		}
		if (found != UINT32_MAX)
			return found;
	}
	return UINT32_MAX;
}

uint32_t
json_find(const struct json_tape *t, uint32_t object, struct str key, struct arena *scratch)
{
	uint32_t i;

	for (i = object + 1; i < t->tok[object].next; i = next_key(t, i))
		if (str_eq(key_name(t, i, scratch), key))
			return i + 1;
	return UINT32_MAX;
}
