/*
 * proof: any bytes are a bundle or refused with words; what is read comes
 * back as it was.  The same bytes, as numbers and hashes, verify as a path
 * exactly when the recursive definitions of RFC 9162 say so.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proof/bundle.h"
#include "proof/range.h"

#define KEY "audit.example.com/app1+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_bundle(struct str text)
{
	struct note_verifier v;
	struct bundle b = { 0 };
	struct bundle_entry entry;
	struct checkpoint c;
	struct buf again = { 0 };
	struct err e = ERR_NONE;

	if (note_verifier_parse(&v, STR(KEY), &e) != 0)
		abort();
	if (bundle_parse(&b, text, &e) != 0) {
		if (e.code != ERR_INTEGRITY || e.text[0] == '\0')
			abort();
	} else if (bundle_entry(&b, &entry, &e) == 0) {
		bundle_format(&again, (const uint8_t *)b.extra.p, entry.kind, entry.line, b.index,
		    &b.path, b.note);
		if (!str_eq(buf_view(&again), text))
			abort();
		/* The one tree that was ever signed with this key has three leaves. */
		if (bundle_verify(&b, &v, &entry, &c, &e) == 0 && (c.size != 3 || b.index > 2))
			abort();
	}
	buf_fini(&again);
	bundle_fini(&b);
}

/* The largest power of two below n. */
static uint64_t
split(uint64_t n)
{
	uint64_t k = 1;

	while (n - k > k)
		k *= 2;
	return k;
}

/* The root that PATH(index, D[size]) = path[0..n) leads to; false: no path of it. */
static bool
root_of_path(struct hash *out, const struct hash *path, unsigned n, const struct hash *leaf,
    uint64_t index, uint64_t size)
{
	if (size == 1 || n == 0) {
		*out = *leaf;
		return size == 1 && n == 0;
	}

	uint64_t k = split(size);

	if (index < k) {
		if (!root_of_path(out, path, n - 1, leaf, index, k))
			return false;
		tree_node(out, out, &path[n - 1]);
	} else {
		if (!root_of_path(out, path, n - 1, leaf, index - k, size - k))
			return false;
		tree_node(out, &path[n - 1], out);
	}
	return true;
}

/* Both roots of SUBPROOF(first, D[second], whole). */
static bool
roots_of_proof(struct hash root[2], const struct hash *path, unsigned n, const struct hash *known,
    uint64_t first, uint64_t second, bool whole)
{
	if (first == second) {
		if (n != (whole ? 0 : 1))
			return false;
		root[0] = root[1] = whole ? *known : path[0];
		return true;
	}

	uint64_t k = split(second);

	if (n == 0)
		return false;
	n--;
	if (first <= k) {
		if (!roots_of_proof(root, path, n, known, first, k, whole))
			return false;
		tree_node(&root[1], &root[1], &path[n]);
	} else {
		if (!roots_of_proof(root, path, n, known, first - k, second - k, false))
			return false;
		tree_node(&root[0], &path[n], &root[0]);
		tree_node(&root[1], &path[n], &root[1]);
	}
	return true;
}

/* Two numbers, the hash to start from, the root to come to, the path. */
static void
check_paths(const uint8_t *data, size_t size)
{
	struct path p = { .n = 0 };
	struct hash leaf, root, want, both[2];
	uint64_t one, two;
	struct err e = ERR_NONE;
	bool holds;

	if (size < 16 + 2 * HASH_LEN)
		return;
	one = get_be64(data);
	two = get_be64(data + 8);
	memcpy(leaf.b, data + 16, HASH_LEN);
	memcpy(root.b, data + 16 + HASH_LEN, HASH_LEN);
	for (size_t at = 16 + 2 * HASH_LEN; at + HASH_LEN <= size && p.n < PATH_LEN_MAX; at += HASH_LEN)
		memcpy(p.hash[p.n++].b, data + at, HASH_LEN);

	holds = one < two && two <= PATH_SIZE_MAX &&
	    root_of_path(&want, p.hash, p.n, &leaf, one, two) &&
	    memcmp(want.b, root.b, HASH_LEN) == 0;
	if ((path_inclusion_verify(&p, &leaf, one, two, &root, &e) == 0) != holds)
		abort();
	holds = one > 0 && one <= two && two <= PATH_SIZE_MAX &&
	    roots_of_proof(both, p.hash, p.n, &leaf, one, two, true) &&
	    memcmp(both[0].b, leaf.b, HASH_LEN) == 0 && memcmp(both[1].b, root.b, HASH_LEN) == 0;
	if ((path_consistency_verify(&p, one, &leaf, two, &root, &e) == 0) != holds)
		abort();
}

static int
add_zero(void *arg, struct subtree s)
{
	static const struct hash zero;
	struct err e = ERR_NONE;

	return range_subtree(arg, s, &zero, &e);
}

/* Pieces of any kind are refused; gaps always fit. */
static void
check_range(const uint8_t *data, size_t size)
{
	struct range r = RANGE_DEFAULT;
	struct hash root;

	for (size_t at = 0; at + 9 <= size; at += 9) {
		struct subtree s = { data[at], get_be64(data + at + 1) };
		struct err e = ERR_NONE;
		uint64_t before = r.at, end = s.index & PATH_SIZE_MAX;

		if (s.height == 255 && end >= r.at) {
			if (range_gap(r.at, end, add_zero, &r) != 0 || r.at != end)
				abort();
		} else if (range_subtree(&r, s, &(struct hash){ { 1 } }, &e) != 0 && r.at != before) {
			abort();
		}
		if (r.at > PATH_SIZE_MAX || r.n != (unsigned)__builtin_popcountll(r.at))
			abort();
	}
	range_root(&r, &root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_bundle((struct str){ (const char *)data, size });
	check_paths(data, size);
	check_range(data, size);
	return 0;
}
