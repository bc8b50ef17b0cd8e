/*
 * known: texts that were there before (see known.h).
 */
#include "detect/known.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

/* Never 0. */
uint64_t
known_hash(uint64_t secret, struct str a, struct str b)
{
	uint64_t h = hash64(hash64(secret, a.p, a.len), b.p, b.len);

	return h != 0 ? h : 1;
}

static bool
put(struct known *k, uint64_t hash)
{
	size_t at = (size_t)hash & (k->slots - 1);

	while (k->slot[at] != 0 && k->slot[at] != hash)
		at = (at + 1) & (k->slots - 1);
	if (k->slot[at] == hash)
		return false;
	k->slot[at] = hash;
	return true;
}

bool
known_add(struct known *k, uint64_t hash)
{
	if (k->n * 2 >= k->slots) {
		struct known larger = { .slots = k->slots > 0 ? k->slots * 2 : 1024, .n = k->n };

		larger.slot = mem_zero(larger.slots, sizeof(*larger.slot));
		for (size_t i = 0; i < k->slots; i++)
			if (k->slot[i] != 0)
				put(&larger, k->slot[i]);
		known_fini(k);
		*k = larger;
	}
	if (!put(k, hash))
		return false;
	k->n++;
	return true;
}

int
known_check(const struct known *k, struct err *e)
{
	if (k->n <= KNOWN_MAX)
		return 0;
	return err_set(e, ERR_FAIL, "the rules that look for what is new know more than %u values", KNOWN_MAX);
}

void
known_fini(struct known *k)
{
	free(k->slot);
	*k = (struct known){ 0 };
}
