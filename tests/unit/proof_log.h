/* log: the hashes of a log of n leaves in memory, for proofs; and the
 * definitions of RFC 6962 and 9162, word for word. */
#ifndef TESTS_PROOF_LOG_H
#define TESTS_PROOF_LOG_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "proof/path.h"

struct log {
	uint64_t n;
	struct hash *leaf;
	uint8_t at_hand; /* asked for subtrees of this height and below, it says "halves" but for leaves */
	size_t asked;
};

/* Leaf i is H(0x00 || "leaf i"). */
static inline void
log_leaf(struct hash *out, uint64_t i)
{
	char text[40];
	int len = snprintf(text, sizeof(text), "%cleaf %llu", 0, (unsigned long long)i);

	hash_bytes(out, text, (size_t)len);
}

static inline struct log
log_make(uint64_t n)
{
	struct log l = { n, calloc(n ? n : 1, sizeof(struct hash)), 0, 0 };

	for (uint64_t i = 0; i < n; i++)
		log_leaf(&l.leaf[i], i);
	return l;
}

static inline uint64_t
naive_split(uint64_t n)
{
	uint64_t k = 1;

	while (k * 2 < n)
		k *= 2;
	return k;
}

static inline void
naive_root(struct hash *out, const struct hash *leaf, uint64_t n)
{
	if (n == 0) {
		tree_empty(out);
	} else if (n == 1) {
		*out = *leaf;
	} else {
		struct hash left, right;
		uint64_t k = naive_split(n);

		naive_root(&left, leaf, k);
		naive_root(&right, leaf + k, n - k);
		tree_node(out, &left, &right);
	}
}

/* PATH(m, D_n) */
static inline void
naive_path(struct path *out, const struct hash *leaf, uint64_t m, uint64_t n)
{
	if (n <= 1)
		return;

	uint64_t k = naive_split(n);

	if (m < k) {
		naive_path(out, leaf, m, k);
		naive_root(&out->hash[out->n++], leaf + k, n - k);
	} else {
		naive_path(out, leaf + k, m - k, n - k);
		naive_root(&out->hash[out->n++], leaf, k);
	}
}

/* SUBPROOF(m, D_n, b) */
static inline void
naive_subproof(struct path *out, const struct hash *leaf, uint64_t m, uint64_t n, bool b)
{
	if (m == n) {
		if (!b)
			naive_root(&out->hash[out->n++], leaf, m);
		return;
	}

	uint64_t k = naive_split(n);

	if (m <= k) {
		naive_subproof(out, leaf, m, k, b);
		naive_root(&out->hash[out->n++], leaf + k, n - k);
	} else {
		naive_subproof(out, leaf + k, m - k, n - k, false);
		naive_root(&out->hash[out->n++], leaf, k);
	}
}

/* A struct path_source over a log. */
static inline int
log_subtree(void *arg, struct subtree s, struct hash *out, struct err *e)
{
	struct log *l = arg;
	uint64_t first = s.index << s.height;

	l->asked++;
	if (s.height > 60 || first + (UINT64_C(1) << s.height) > l->n)
		return err_set(e, ERR_FAIL, "asked for leaves that are not there");
	if (s.height > 0 && s.height <= l->at_hand)
		return 1;
	naive_root(out, l->leaf + first, UINT64_C(1) << s.height);
	return 0;
}

#endif
