/*
 * path: the way from a node of the tree up to its root.
 *
 * The recursive definitions of the RFC are walked from the root down, with
 * the siblings on the way noted; a proof has them from the leaf up.
 */
#include "proof/path.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* Leaves [first, end). */
struct span {
	uint64_t first, end;
};

/* The largest power of two below n, for n > 1: how many leaves are left of
 * the top of a tree of n. */
static uint64_t
left_count(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* ---- Making ---- */

int
path_subtree(struct hash *out, const struct path_source *from, struct subtree s, struct err *e)
{
	struct hash right;
	int rc = from->subtree(from->arg, s, out, e);

	if (rc <= 0)
		return rc;
	if (s.height == 0)
		return err_set(e, ERR_INTEGRITY, "the hash of leaf %" PRIu64 " is not known", s.index);

	struct subtree half = { (uint8_t)(s.height - 1), s.index * 2 };

	if (path_subtree(out, from, half, e) != 0)
		return -1;
	half.index++;
	if (path_subtree(&right, from, half, e) != 0)
		return -1;
	tree_node(out, out, &right);
	return 0;
}

/* Complete subtrees from the left, largest first; then folded from the right. */
int
path_root(struct hash *out, const struct path_source *from, uint64_t first, uint64_t count,
    struct err *e)
{
	struct hash top[64];
	unsigned n = 0;

	if (count > PATH_SIZE_MAX || first > PATH_SIZE_MAX - count)
		return err_set(e, ERR_FAIL, "a tree of more than %" PRIu64 " leaves", PATH_SIZE_MAX);
	if (count > 1 && (first & (2 * left_count(count) - 1)) != 0)
		return err_set(e, ERR_FAIL, "leaves %" PRIu64 " and %" PRIu64
		    " behind it are below no node of the tree", first, count - 1);
	if (count == 0) {
		tree_empty(out);
		return 0;
	}
	while (count > 0) {
		uint8_t height = (uint8_t)(63 - __builtin_clzll(count));

		if (path_subtree(&top[n++], from, (struct subtree){ height, first >> height }, e) != 0)
			return -1;
		first += UINT64_C(1) << height;
		count -= UINT64_C(1) << height;
	}
	*out = top[--n];
	while (n > 0)
		tree_node(out, &top[--n], out);
	return 0;
}

/* The roots of the spans, the last one first: they were noted from the top. */
static int
fill(struct path *out, const struct path_source *from, const struct span *span, unsigned n,
    struct err *e)
{
	out->n = 0;
	while (n > 0) {
		const struct span *s = &span[--n];

		if (path_root(&out->hash[out->n++], from, s->first, s->end - s->first, e) != 0)
			return -1;
	}
	return 0;
}

int
path_inclusion(struct path *out, const struct path_source *from, uint64_t index, uint64_t size,
    struct err *e)
{
	struct span sibling[PATH_LEN_MAX], at = { 0, size };
	unsigned n = 0;

	if (index >= size || size > PATH_SIZE_MAX)
		return err_set(e, ERR_FAIL, "no leaf %" PRIu64 " in a tree of %" PRIu64, index, size);
	while (at.end - at.first > 1) {
		uint64_t middle = at.first + left_count(at.end - at.first);

		if (index < middle) {
			sibling[n++] = (struct span){ middle, at.end };
			at.end = middle;
		} else {
			sibling[n++] = (struct span){ at.first, middle };
			at.first = middle;
		}
	}
	return fill(out, from, sibling, n, e);
}

/* SUBPROOF(m, D[n], b): goes down to the node that ends with the first tree.
 * On the left edge (b is true) it is the first tree itself, which the
 * verifier has. */
int
path_consistency(struct path *out, const struct path_source *from, uint64_t first,
    uint64_t second, struct err *e)
{
	struct span sibling[PATH_LEN_MAX], at = { 0, second };
	unsigned n = 0;

	if (first == 0 || first > second || second > PATH_SIZE_MAX)
		return err_set(e, ERR_FAIL, "no proof leads from size %" PRIu64 " to %" PRIu64, first,
		    second);
	while (at.end != first) {
		uint64_t middle = at.first + left_count(at.end - at.first);

		if (first <= middle) {
			sibling[n++] = (struct span){ middle, at.end };
			at.end = middle;
		} else {
			sibling[n++] = (struct span){ at.first, middle };
			at.first = middle;
		}
	}
	if (at.first != 0)
		sibling[n++] = at;
	return fill(out, from, sibling, n, e);
}

/* ---- Verifying ---- */

static bool
same(const struct hash *a, const struct hash *b)
{
	return memcmp(a->b, b->b, HASH_LEN) == 0;
}

/* Up from the left edge of a ragged end: levels where the last node has no
 * sibling are skipped (the loop in step 4b of both algorithms). */
static void
skip_lonely(uint64_t *fn, uint64_t *sn)
{
	while (*fn != 0 && (*fn & 1) == 0) {
		*fn >>= 1;
		*sn >>= 1;
	}
}

int
path_inclusion_verify(const struct path *p, const struct hash *leaf, uint64_t index,
    uint64_t size, const struct hash *root, struct err *e)
{
	uint64_t fn = index, sn = size - 1; /* the RFC's names */
	struct hash r = *leaf;

	if (index >= size || size > PATH_SIZE_MAX)
		return err_set(e, ERR_INTEGRITY, "no leaf %" PRIu64 " in a tree of %" PRIu64, index,
		    size);
	for (unsigned i = 0; i < p->n; i++) {
		if (sn == 0)
			return err_set(e, ERR_INTEGRITY, "inclusion proof: too long");
		if ((fn & 1) != 0 || fn == sn) {
			tree_node(&r, &p->hash[i], &r);
			skip_lonely(&fn, &sn);
		} else {
			tree_node(&r, &r, &p->hash[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return err_set(e, ERR_INTEGRITY, "inclusion proof: too short");
	if (!same(&r, root))
		return err_set(e, ERR_INTEGRITY, "inclusion proof: leads to another root");
	return 0;
}

/* Steps 3 to 7 of RFC 9162 2.1.4.2, for 0 < first < second. */
static int
climb(const struct path *p, uint64_t first, const struct hash *first_root, uint64_t second,
    const struct hash *second_root, struct err *e)
{
	uint64_t fn = first - 1, sn = second - 1;
	bool is_whole = (first & (first - 1)) == 0; /* the first tree is a node of the second */
	unsigned i = is_whole ? 0 : 1;
	struct hash fr, sr;

	if (p->n == 0)
		return err_set(e, ERR_INTEGRITY, "consistency proof: empty");
	fr = sr = is_whole ? *first_root : p->hash[0];
	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	for (; i < p->n; i++) {
		if (sn == 0)
			return err_set(e, ERR_INTEGRITY, "consistency proof: too long");
		if ((fn & 1) != 0 || fn == sn) {
			tree_node(&fr, &p->hash[i], &fr);
			tree_node(&sr, &p->hash[i], &sr);
			skip_lonely(&fn, &sn);
		} else {
			tree_node(&sr, &sr, &p->hash[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return err_set(e, ERR_INTEGRITY, "consistency proof: too short");
	if (!same(&fr, first_root) || !same(&sr, second_root))
		return err_set(e, ERR_INTEGRITY, "consistency proof: leads to other roots");
	return 0;
}

int
path_consistency_verify(const struct path *p, uint64_t first, const struct hash *first_root,
    uint64_t second, const struct hash *second_root, struct err *e)
{
	if (first == 0 || first > second || second > PATH_SIZE_MAX)
		return err_set(e, ERR_INTEGRITY,
		    "consistency proof: none leads from size %" PRIu64 " to %" PRIu64, first, second);
	if (first < second)
		return climb(p, first, first_root, second, second_root, e);
	if (p->n != 0)
		return err_set(e, ERR_INTEGRITY, "consistency proof: too long");
	if (!same(first_root, second_root))
		return err_set(e, ERR_INTEGRITY, "two trees of size %" PRIu64 " have different roots",
		    first);
	return 0;
}
