/*
 * salt: the tree of salts, downwards from its seed.
 *
 * A walk keeps both children of every node on the way to the last salt, so
 * that the next salt mostly finds its node made already: 65,535 hashes for
 * the 65,536 salts of a whole cell.
 */
#include "proof/salt.h"

#include <string.h>

#include "base/random.h"

enum { PREFIX_EXPAND = 0x02 };

/* A node of a salt set, as encoded: depth, path, value. */
struct node {
	unsigned depth;
	uint32_t path; /* its number among the nodes of its depth, from the left */
	const uint8_t *value;
};

static size_t
set_count(struct str set)
{
	return set.len / SALT_NODE_LEN;
}

static struct node
node_at(struct str set, size_t i)
{
	const uint8_t *p = (const uint8_t *)set.p + i * SALT_NODE_LEN;

	return (struct node){ p[0], get_be16(p + 1), p + 3 };
}

static void
node_put(struct buf *out, unsigned depth, uint32_t path, const uint8_t value[SALT_LEN])
{
	uint8_t bytes[SALT_NODE_LEN];

	bytes[0] = (uint8_t)depth;
	put_be16(bytes + 1, (uint16_t)path);
	memcpy(bytes + 3, value, SALT_LEN);
	buf_add(out, bytes, sizeof(bytes));
}

/* The offsets below a node are [first, first + size). */
static uint32_t
node_size(unsigned depth)
{
	return TREE_CELL >> depth;
}

static uint32_t
node_first(struct node n)
{
	return n.path << (TREE_CELL_HEIGHT - n.depth);
}

/* H(0x02 || x) = left || right */
static void
expand(uint8_t pair[2 * SALT_LEN], const uint8_t x[SALT_LEN])
{
	_Static_assert(2 * SALT_LEN == HASH_LEN, "a hash is two nodes");
	uint8_t bytes[1 + SALT_LEN];
	struct hash h;

	bytes[0] = PREFIX_EXPAND;
	memcpy(bytes + 1, x, SALT_LEN);
	hash_bytes(&h, bytes, sizeof(bytes));
	memcpy(pair, h.b, sizeof(h.b));
}

void
salt_new(struct buf *set)
{
	uint8_t seed[SALT_LEN];

	random_bytes(seed, sizeof(seed));
	node_put(set, 0, 0, seed);
	explicit_bzero(seed, sizeof(seed));
}

int
salt_check(struct str set, struct err *e)
{
	uint32_t next = 0; /* the first offset not covered yet */

	if (set.len % SALT_NODE_LEN != 0)
		return err_set(e, ERR_INTEGRITY, "salts: %zu bytes are no whole number of nodes",
		    set.len);
	for (size_t i = 0; i < set_count(set); i++) {
		struct node n = node_at(set, i);

		if (n.depth > TREE_CELL_HEIGHT || n.path >> n.depth != 0)
			return err_set(e, ERR_INTEGRITY, "salts: node %zu is outside the tree", i);
		if (node_first(n) < next)
			return err_set(e, ERR_INTEGRITY, "salts: node %zu is out of order", i);
		next = node_first(n) + node_size(n.depth);
	}
	return 0;
}

void
salt_walk_start(struct salt_walk *w, struct str set)
{
	w->set = set;
	w->at = 0;
	w->offset = 0;
	w->known = -1;
}

/* True for a node of a checked set that covers the offset. */
static bool
covers(struct node n, uint32_t offset)
{
	return n.depth <= TREE_CELL_HEIGHT && offset >= node_first(n) &&
	    offset - node_first(n) < node_size(n.depth);
}

/* The last node that starts at or before the offset. */
static size_t
find_node(struct str set, uint32_t offset)
{
	size_t low = 0, high = set_count(set);

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		struct node n = node_at(set, middle);

		if (n.depth <= TREE_CELL_HEIGHT && node_first(n) <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Which half of the pair at this depth leads to the offset. */
static uint8_t *
half(struct salt_walk *w, int depth, uint32_t offset)
{
	uint32_t bit = depth == 0 ? 0 : offset >> (TREE_CELL_HEIGHT - depth) & 1;

	return w->pair[depth] + bit * SALT_LEN;
}

/* Goes to the node of the set that covers the offset.  false: none does. */
static bool
enter_node(struct salt_walk *w, uint32_t offset)
{
	size_t count = set_count(w->set);

	if (count == 0)
		return false;
	if (w->at + 1 < count && covers(node_at(w->set, w->at + 1), offset))
		w->at++;
	else
		w->at = find_node(w->set, offset);

	struct node n = node_at(w->set, w->at);

	w->known = -1;
	if (!covers(n, offset))
		return false;
	memcpy(half(w, (int)n.depth, offset), n.value, SALT_LEN);
	w->known = (int)n.depth;
	return true;
}

bool
salt_get(struct salt_walk *w, uint32_t offset, uint8_t out[SALT_LEN])
{
	if (offset >= TREE_CELL)
		return false;

	int depth; /* of the deepest node on the way that we have */

	if (w->known >= 0 && covers(node_at(w->set, w->at), offset)) {
		uint32_t differ = offset ^ w->offset;

		/* Both children of the last common node are there; it is at or
		 * below the node in use. */
		depth = differ ? __builtin_clz(differ) - (31 - TREE_CELL_HEIGHT) : TREE_CELL_HEIGHT;
	} else {
		if (!enter_node(w, offset))
			return false;
		depth = w->known;
	}
	for (; depth < TREE_CELL_HEIGHT; depth++)
		expand(w->pair[depth + 1], half(w, depth, offset));
	w->offset = offset;
	memcpy(out, half(w, TREE_CELL_HEIGHT, offset), SALT_LEN);
	return true;
}

/* How many of [first, first + size) are to be forgotten; size is a power of 2. */
static uint32_t
count_forgotten(const uint64_t *forget, uint32_t first, uint32_t size)
{
	uint32_t n = 0;

	if (size < 64)
		return (uint32_t)__builtin_popcountll(forget[first / 64] >> first % 64 &
		    ((UINT64_C(1) << size) - 1));
	for (uint32_t i = first / 64; i < (first + size) / 64; i++)
		n += (uint32_t)__builtin_popcountll(forget[i]);
	return n;
}

static void
forget_below(struct buf *out, struct node n, const uint64_t *forget)
{
	uint32_t size = node_size(n.depth);
	uint32_t forgotten = count_forgotten(forget, node_first(n), size);
	uint8_t pair[2 * SALT_LEN];

	if (forgotten == 0) {
		node_put(out, n.depth, n.path, n.value);
	} else if (forgotten < size) {
		expand(pair, n.value);
		forget_below(out, (struct node){ n.depth + 1, n.path * 2, pair }, forget);
		forget_below(out, (struct node){ n.depth + 1, n.path * 2 + 1, pair + SALT_LEN },
		    forget);
		explicit_bzero(pair, sizeof(pair));
	}
}

void
salt_forget(struct buf *out, struct str set, const uint64_t forget[TREE_CELL / 64])
{
	for (size_t i = 0; i < set_count(set); i++) {
		struct node n = node_at(set, i);

		if (n.depth <= TREE_CELL_HEIGHT && n.path >> n.depth == 0)
			forget_below(out, n, forget);
	}
}
