/*
 * verify_tree: the leaves of a cell against the hashes and salts that are kept.
 *
 * Of a full cell its 256 nodes of height 8 and its root are kept, of the open
 * one all leaf hashes; of what was pruned, hashes of complete subtrees.
 *
 * In: leaves made again, and what each seq is.   Out: findings, roots.
 */
#include <stdlib.h>

#include "store/verify_parts.h"

#define NODE_LEAVES (1u << TREE_NODE_HEIGHT)

static bool
is_full(const struct cell_work *w)
{
	return cell_events(w) == TREE_CELL;
}

static void
hashes_fault(struct cell_work *w, uint32_t at, uint32_t n, const char *what)
{
	uint64_t first = cell_start(w) + at;
	char text[SEQS_TEXT];

	findings_add(&w->found, PLACE_SEQ(VERIFY_HASHES, first, first + n - 1), "%s: %s",
	    seqs_text(text, first, first + n - 1), what);
}

/* ---- salts ---- */

/* Marks the offsets whose salts are known. */
static void
mark_salts(struct str set, uint8_t *known)
{
	memset(known, 0, TREE_CELL);
	for (size_t at = 0; at + SALT_NODE_LEN <= set.len; at += SALT_NODE_LEN) {
		const uint8_t *node = (const uint8_t *)set.p + at;
		unsigned up = TREE_CELL_HEIGHT - node[0];

		memset(known + ((size_t)get_be16(node + 1) << up), 1, (size_t)1 << up);
	}
}

enum salt_verdict { SALT_FINE, SALT_LEFT, SALT_LACKING, SALT_LOST };

/* Known must be those of events that are there unchanged, and those to come. */
static enum salt_verdict
salt_verdict(const struct cell_work *w, const uint8_t *known, uint32_t at)
{
	if (at >= cell_events(w))
		return known[at] ? SALT_FINE : SALT_LACKING;
	if (w->state[at] == SEQ_ERASED || (w->state[at] == SEQ_GONE && w->pruned[at]))
		return known[at] ? SALT_LEFT : SALT_FINE;
	return w->state[at] == SEQ_UNSALTED ? SALT_LOST : SALT_FINE;
}

void
verify_salts(struct cell_work *w)
{
	struct err e = ERR_NONE;
	uint8_t *known;

	if (salt_check(buf_view(&w->copy.salts), &e) < 0 || !w->copy.there) {
		if (cell_events(w) > 0 || w->copy.there)
			findings_add(&w->found, PLACE(VERIFY_HASHES), "cell %llu: %s", (unsigned long long)w->copy.no,
			    w->copy.there ? e.text : "its salts and hashes are missing");
		return;
	}
	known = mem_alloc(TREE_CELL);
	mark_salts(buf_view(&w->copy.salts), known);
	for (uint32_t at = 0, end; at < TREE_CELL; at = end) {
		enum salt_verdict v = salt_verdict(w, known, at);

		for (end = at + 1; end < TREE_CELL && salt_verdict(w, known, end) == v; end++)
			;
		if (v == SALT_LEFT)
			hashes_fault(w, at, end - at, "removed or erased, but the salt is still there");
		if (v == SALT_LOST)
			hashes_fault(w, at, end - at, "there, but the salt is gone");
		if (v == SALT_LACKING)
			hashes_fault(w, at, end - at, "still to come, but the salt is gone");
	}
	free(known);
}

/* ---- subtrees of what was removed ---- */

static bool
subtree_possible(const struct cell_work *w, const struct copied_subtree *s, uint32_t from)
{
	uint32_t at = (uint32_t)(s->first % TREE_CELL), n;

	if (s->height < 0 || s->height > TREE_CELL_HEIGHT || s->hash.len != HASH_LEN)
		return false;
	n = UINT32_C(1) << s->height;
	if (at % n != 0 || at < from || s->first + n > w->copy.end)
		return false;
	for (uint32_t i = at; i < at + n; i++)
		if (w->state[i] != SEQ_GONE)
			return false;
	return true;
}

static void
check_subtrees(struct cell_work *w)
{
	const struct cell_copy *c = &w->copy;
	uint32_t from = 0;

	free(w->subtree_good);
	w->subtree_good = c->subtrees > 0 ? mem_zero(c->subtrees, sizeof(*w->subtree_good)) : NULL;
	for (size_t i = 0; i < c->subtrees; i++) {
		const struct copied_subtree *s = &c->subtree[i];
		uint32_t at = (uint32_t)(s->first % TREE_CELL), n;

		if (!subtree_possible(w, s, from)) {
			hashes_fault(w, at, 1, "the hash kept of what was removed there cannot be");
			continue;
		}
		n = UINT32_C(1) << s->height;
		w->subtree_good[i] = true;
		from = at + n;
		for (uint32_t k = at; k < from; k++)
			w->pruned[k] |= PRUNED_COVERED;
	}
}

/* The index of a good subtree; SIZE_MAX. */
static size_t
find_subtree(const struct cell_work *w, uint32_t at, unsigned height)
{
	const struct cell_copy *c = &w->copy;
	uint64_t first = cell_start(w) + at;
	size_t low = 0, high = c->subtrees;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->subtree[middle].first < first)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->subtrees && c->subtree[low].first == first && w->subtree_good[low] &&
	        (unsigned)c->subtree[low].height == height
	    ? low
	    : SIZE_MAX;
}

/* Whether a whole node of a full cell is gone, and no hash but the kept node covers it. */
static bool
node_gone(const struct cell_work *w, uint32_t node)
{
	uint32_t at = node * NODE_LEAVES;

	for (uint32_t i = at; i < at + NODE_LEAVES; i++)
		if (w->state[i] != SEQ_GONE || w->pruned[i] & PRUNED_COVERED)
			return false;
	return true;
}

/* What a prune removed is covered, by a hash of its own or by its node. */
static void
check_cover(struct cell_work *w)
{
	uint32_t events = cell_events(w);

	for (uint32_t at = 0, end; at < events; at = end) {
		end = at + 1;
		if (w->state[at] != SEQ_GONE || w->pruned[at] != PRUNED_SAID)
			continue;
		if (at % NODE_LEAVES == 0 && is_full(w) && node_gone(w, at / NODE_LEAVES)) {
			end = at + NODE_LEAVES;
			continue;
		}
		while (end < events && w->state[end] == SEQ_GONE && w->pruned[end] == PRUNED_SAID &&
		    end % NODE_LEAVES != 0)
			end++;
		hashes_fault(w, at, end - at, "removed, and no hash is kept that covers it");
	}
}

/* ---- subtrees of the cell ---- */

static bool
all_known(const struct cell_work *w, uint32_t at, uint32_t n)
{
	for (uint32_t i = at; i < at + n; i++)
		if (w->state[i] != SEQ_PRESENT && w->state[i] != SEQ_ERASED)
			return false;
	return true;
}

/* A subtree of height 8 at most, from leaves and from hashes of what was removed. */
static bool
small_subtree(const struct cell_work *w, uint32_t at, unsigned height, struct hash *out)
{
	uint32_t n = UINT32_C(1) << height;
	struct hash left, right;
	size_t i;

	if (all_known(w, at, n)) {
		tree_root(out, w->leaf + at, n);
		return true;
	}
	if ((i = find_subtree(w, at, height)) != SIZE_MAX) {
		memcpy(out->b, w->copy.subtree[i].hash.p, HASH_LEN);
		return true;
	}
	if (height == 0) {
		if (at >= w->kept_n)
			return false;
		*out = w->kept[at];
		return true;
	}
	if (!small_subtree(w, at, height - 1, &left) || !small_subtree(w, at + n / 2, height - 1, &right))
		return false;
	tree_node(out, &left, &right);
	return true;
}

/* Any complete subtree of the cell. */
static bool
any_subtree(const struct cell_work *w, uint32_t at, unsigned height, struct hash *out)
{
	struct hash left, right;

	if (height <= TREE_NODE_HEIGHT && !(is_full(w) && height == TREE_NODE_HEIGHT))
		return small_subtree(w, at, height, out);
	if (is_full(w)) {
		uint32_t first = at / NODE_LEAVES, n = UINT32_C(1) << (height - TREE_NODE_HEIGHT);

		for (uint32_t i = first; i < first + n; i++)
			if (!w->node_known[i])
				return false;
		tree_root(out, w->node + first, n);
		return true;
	}
	if (all_known(w, at, UINT32_C(1) << height)) {
		tree_root(out, w->leaf + at, UINT64_C(1) << height);
		return true;
	}
	size_t i = find_subtree(w, at, height);
	if (i != SIZE_MAX) {
		memcpy(out->b, w->copy.subtree[i].hash.p, HASH_LEN);
		return true;
	}
	if (!any_subtree(w, at, height - 1, &left) ||
	    !any_subtree(w, at + (UINT32_C(1) << (height - 1)), height - 1, &right))
		return false;
	tree_node(out, &left, &right);
	return true;
}

/* The root over the first n leaves: complete subtrees, the smaller ones below. */
static bool
root_of_first(const struct cell_work *w, uint32_t n, struct hash *out)
{
	struct hash part[TREE_CELL_HEIGHT + 1];
	unsigned parts = 0;
	uint32_t at = 0;

	for (int height = TREE_CELL_HEIGHT; height >= 0; height--) {
		if (!(n >> height & 1))
			continue;
		if (!any_subtree(w, at, (unsigned)height, &part[parts++]))
			return false;
		at += UINT32_C(1) << height;
	}
	if (parts == 0) {
		tree_empty(out);
		return true;
	}
	*out = part[--parts];
	while (parts > 0)
		tree_node(out, &part[--parts], out);
	return true;
}

/* ---- a full cell ---- */

/* Is it another than the one kept, because of events that are there?  One of
 * hashes alone is told at once. */
static bool
node_changed(struct cell_work *w, uint32_t node, const struct hash *kept)
{
	uint32_t at = node * NODE_LEAVES;

	if (memcmp(w->node[node].b, kept->b, HASH_LEN) == 0)
		return false;
	if (memchr(w->state + at, SEQ_PRESENT, NODE_LEAVES) != NULL)
		return true;
	hashes_fault(w, at, NODE_LEAVES, "the hashes kept of what was removed or erased contradict the kept node");
	return false;
}

static void
tell_changed(struct cell_work *w, uint32_t node, uint32_t nodes)
{
	uint64_t first = cell_start(w) + node * NODE_LEAVES, last = first + nodes * NODE_LEAVES - 1;

	if (nodes > 0)
		findings_add(&w->found, PLACE_SEQ(VERIFY_CHANGED, first, last),
		    "seqs %llu to %llu: some of these events are not those that were stored", (unsigned long long)first,
		    (unsigned long long)last);
}

/* Nodes from the leaves of each, or as kept where those are not known. */
static void
make_nodes(struct cell_work *w, const struct hash *kept)
{
	uint32_t changed = 0; /* nodes before this one, side by side */

	for (uint32_t i = 0; i < TREE_CELL_NODES; i++) {
		w->node_known[i] = small_subtree(w, i * NODE_LEAVES, TREE_NODE_HEIGHT, &w->node[i]);
		if (kept != NULL && w->node_known[i] && node_changed(w, i, &kept[i])) {
			changed++;
			continue;
		}
		tell_changed(w, i - changed, changed);
		changed = 0;
		if (kept != NULL && !w->node_known[i]) {
			w->node[i] = kept[i];
			w->node_known[i] = true;
		}
	}
	tell_changed(w, TREE_CELL_NODES - changed, changed);
}

/* Hashes of what was removed that are larger than a node. */
static void
compare_large(struct cell_work *w, const struct hash *kept)
{
	for (size_t i = 0; i < w->copy.subtrees; i++) {
		const struct copied_subtree *s = &w->copy.subtree[i];
		uint32_t at = (uint32_t)(s->first % TREE_CELL);
		struct hash root;

		if (!w->subtree_good[i] || s->height <= TREE_NODE_HEIGHT)
			continue;
		tree_root(&root, kept + at / NODE_LEAVES, UINT64_C(1) << (s->height - TREE_NODE_HEIGHT));
		if (memcmp(root.b, s->hash.p, HASH_LEN) != 0)
			hashes_fault(w, at, UINT32_C(1) << s->height,
			    "the hash kept of what was removed contradicts the kept nodes");
	}
}

static void
verify_full(struct cell_work *w)
{
	const struct cell_copy *c = &w->copy;
	const struct hash *kept = (const struct hash *)(const void *)c->nodes.p;
	bool there = c->full && c->nodes.len == TREE_CELL_NODES * HASH_LEN && c->root.len == HASH_LEN;

	w->kept_n = 0;
	if (!there)
		findings_add(&w->found, PLACE(VERIFY_HASHES),
		    "cell %llu is full, but its root and nodes are missing or damaged", (unsigned long long)c->no);
	if (c->leaf_rows > 0)
		findings_add(&w->found, PLACE(VERIFY_LEFTOVER), "cell %llu is full, but has single leaf hashes",
		    (unsigned long long)c->no);
	make_nodes(w, there ? kept : NULL);
	if (there)
		compare_large(w, kept);
	w->root_known = any_subtree(w, 0, TREE_CELL_HEIGHT, &w->root);
	if (there) {
		struct hash root;

		tree_root(&root, kept, TREE_CELL_NODES);
		if (memcmp(root.b, c->root.p, HASH_LEN) != 0)
			findings_add(&w->found, PLACE(VERIFY_HASHES), "cell %llu: its root is not that of its nodes",
			    (unsigned long long)c->no);
	}
}

/* ---- the open cell ---- */

static void
gather_kept(struct cell_work *w)
{
	const struct cell_copy *c = &w->copy;
	uint64_t next = cell_start(w);

	for (size_t i = 0; i < c->leaf_rows; i++) {
		const struct copied_leaves *l = &c->leaves[i];
		uint64_t n = l->hashes.len / HASH_LEN;

		if (l->first != next || n == 0 || l->hashes.len % HASH_LEN != 0 || n > c->end - next)
			break;
		memcpy(w->kept + (next - cell_start(w)), l->hashes.p, l->hashes.len);
		next += n;
	}
	for (size_t i = 0; i < c->lines && c->line[i].seq == next && next < c->end; i++) {
		if (c->line[i].leaf.len != HASH_LEN)
			break;
		memcpy(w->kept[next++ - cell_start(w)].b, c->line[i].leaf.p, HASH_LEN);
	}
	w->kept_n = (uint32_t)(next - cell_start(w));
	if (next < c->end)
		hashes_fault(w, w->kept_n, (uint32_t)(c->end - next), "leaf hashes are missing or out of place");
}

/* A row of leaf hashes that the tail's rows overlap, or that is behind the last. */
static void
check_leaf_rows(struct cell_work *w)
{
	const struct cell_copy *c = &w->copy;
	uint64_t end = c->lines > 0 ? c->line[0].seq : c->end;

	for (size_t i = 0; i < c->leaf_rows; i++)
		if (c->leaves[i].first >= end || c->leaves[i].hashes.len / HASH_LEN > end - c->leaves[i].first)
			findings_add(&w->found, PLACE_SEQ(VERIFY_LEFTOVER, c->leaves[i].first, c->leaves[i].first),
			    "leaf hashes from seq %llu on reach into the tail or beyond the log",
			    (unsigned long long)c->leaves[i].first);
}

static void
compare_leaves(struct cell_work *w)
{
	for (uint32_t at = 0; at < w->kept_n; at++) {
		uint64_t seq = cell_start(w) + at;

		if ((w->state[at] != SEQ_PRESENT && w->state[at] != SEQ_ERASED) ||
		    memcmp(w->leaf[at].b, w->kept[at].b, HASH_LEN) == 0)
			continue;
		if (w->state[at] == SEQ_PRESENT)
			findings_add(&w->found, PLACE_SEQ(VERIFY_CHANGED, seq, seq),
			    "seq %llu: the event is not the one that was stored", (unsigned long long)seq);
		else
			hashes_fault(w, at, 1, "the original hash of the erased event contradicts the kept one");
	}
	for (size_t i = 0; i < w->copy.subtrees; i++) {
		const struct copied_subtree *s = &w->copy.subtree[i];
		uint32_t at = (uint32_t)(s->first % TREE_CELL);
		struct hash root;

		if (!w->subtree_good[i] || at + (UINT32_C(1) << s->height) > w->kept_n)
			continue;
		tree_root(&root, w->kept + at, UINT64_C(1) << s->height);
		if (memcmp(root.b, s->hash.p, HASH_LEN) != 0)
			hashes_fault(w, at, UINT32_C(1) << s->height,
			    "the hash kept of what was removed contradicts the leaf hashes");
	}
}

static void
verify_open(struct cell_work *w)
{
	if (w->copy.root.len > 0 || w->copy.nodes.len > 0)
		findings_add(&w->found, PLACE(VERIFY_HASHES), "cell %llu is not full, but has a root or nodes",
		    (unsigned long long)w->copy.no);
	gather_kept(w);
	check_leaf_rows(w);
	compare_leaves(w);
	w->root_known = false;
}

void
verify_hashes(struct cell_work *w)
{
	check_subtrees(w);
	check_cover(w);
	if (is_full(w))
		verify_full(w);
	else
		verify_open(w);
	for (size_t i = 0; i < w->wanteds; i++)
		w->wanted[i].known = root_of_first(w, w->wanted[i].n, &w->wanted[i].rest);
}
