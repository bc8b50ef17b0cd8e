/*
 * known: texts that were there before, as hashes with a secret.
 */
#ifndef DETECT_KNOWN_H
#define DETECT_KNOWN_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

#define KNOWN_MAX (32u * 1024 * 1024) /* texts */

struct known { /* starts as {0} */
	uint64_t *slot; /* a hash; 0: free */
	size_t slots;   /* a power of two */
	size_t n;
};

uint64_t known_hash(uint64_t secret, struct str a, struct str b);
/* Whether it was new. */
bool known_add(struct known *k, uint64_t hash);
/* 0, or -1 with ERR_FAIL: there are more than KNOWN_MAX. */
int known_check(const struct known *k, struct err *e);
void known_fini(struct known *k);

#endif
