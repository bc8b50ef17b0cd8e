/* range: complete subtrees side by side, joined as a binary number carries. */
#include "proof/range.h"

#include <inttypes.h>

int
range_gap(uint64_t first, uint64_t end, int (*each)(void *arg, struct subtree s), void *arg)
{
	int rc = 0;

	while (rc == 0 && first < end) {
		uint8_t fits = (uint8_t)(63 - __builtin_clzll(end - first));
		uint8_t height = first == 0 ? fits : (uint8_t)__builtin_ctzll(first);

		if (height > fits)
			height = fits;
		rc = each(arg, (struct subtree){ height, first >> height });
		first += UINT64_C(1) << height;
	}
	return rc;
}

static void
push(struct range *r, uint8_t height, const struct hash *hash)
{
	struct hash h = *hash;

	r->at += UINT64_C(1) << height;
	while (r->n > 0 && r->height[r->n - 1] == height) {
		tree_node(&h, &r->top[--r->n], &h);
		height++;
	}
	r->height[r->n] = height;
	r->top[r->n++] = h;
}

/* Below 2^63 leaves there are at most 63 subtrees of different heights. */
int
range_subtree(struct range *r, struct subtree s, const struct hash *hash, struct err *e)
{
	if (s.height > 62 || r->at > PATH_SIZE_MAX - (UINT64_C(1) << s.height))
		return err_set(e, ERR_INTEGRITY, "a tree of more than %" PRIu64 " leaves",
		    PATH_SIZE_MAX);
	if (s.index != r->at >> s.height || s.index << s.height != r->at)
		return err_set(e, ERR_INTEGRITY,
		    "a subtree of height %u does not fit behind leaf %" PRIu64, s.height, r->at);
	push(r, s.height, hash);
	return 0;
}

void
range_leaf(struct range *r, const struct hash *leaf)
{
	push(r, 0, leaf);
}

void
range_root(const struct range *r, struct hash *out)
{
	unsigned n = r->n;

	if (n == 0) {
		tree_empty(out);
		return;
	}
	*out = r->top[--n];
	while (n > 0)
		tree_node(out, &r->top[--n], out);
}
