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
 * 256 bits, one for each class of names by length and two letters: only a
 * name whose class was seen before is compared.
 */
struct classes {
	uint64_t bits[4];
};

static inline bool
class_seen(struct classes *c, struct str s)
{
	unsigned h = (unsigned)s.len * 37;
	uint64_t bit, *word;

	if (s.len > 0)
		h += (unsigned char)s.p[0] * 7u + (unsigned char)s.p[s.len - 1] * 59u +
		    (unsigned char)s.p[s.len / 2];
	word = &c->bits[h >> 6 & 3];
	bit = UINT64_C(1) << (h & 63);
	if (*word & bit)
		return true;
	*word |= bit;
	return false;
}

static uint32_t
duplicate_small(const struct json_tape *t, uint32_t object, struct arena *scratch)
{
	uint32_t end = t->tok[object].next, i;
	struct str name[SMALL_OBJECT];
	struct classes seen = { { 0 } };
	size_t n = 0, j;

	for (i = object + 1; i < end; i = next_key(t, i)) {
		name[n] = key_name(t, i, scratch);
		if (class_seen(&seen, name[n]))
			for (j = 0; j < n; j++)
				if (str_eq(name[j], name[n]))
					return i;
		n++;
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
		for (i = object + 1; i < t->tok[object].next && keys <= SMALL_OBJECT; i = next_key(t, i))
			keys++;
		if (keys < 2)
			continue;
		if (keys <= SMALL_OBJECT) {
			found = duplicate_small(t, object, scratch);
		} else {
			for (; i < t->tok[object].next; i = next_key(t, i))
				keys++;
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
