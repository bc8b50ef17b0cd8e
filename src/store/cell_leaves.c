/*
 * cell_leaves: the leaf hashes of a cell, made again from what is stored.
 *
 * In: a copied cell.   Out: a hash for each event that is there, and the
 * subtrees above them.
 */
#include "store/cell_copy.h"

#include <stdlib.h>

#include "base/bitmap.h"
#include "base/mem.h"
#include "proof/salt.h"
#include "store/line_maker.h"

enum { PREFIX_CHANGE = 0x03 };

void
erased_change(struct hash *out, const uint8_t salt[SALT_LEN], struct str line)
{
	uint8_t prefix[1 + SALT_LEN];
	struct hasher h;

	prefix[0] = PREFIX_CHANGE;
	memcpy(prefix + 1, salt, SALT_LEN);
	hash_init(&h);
	hash_update(&h, prefix, sizeof(prefix));
	hash_update(&h, line.p, line.len);
	hash_final(&h, out);
}

/* ---- segments out of copied pieces ---- */

const struct copied_piece *
copied_piece_find(const struct copied_segment *s, unsigned field, unsigned part)
{
	size_t low = 0, high = s->n;
	unsigned wanted = field << 16 | part;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		unsigned at = (unsigned)s->piece[middle].field << 16 | s->piece[middle].part;

		if (at == wanted)
			return &s->piece[middle];
		if (at < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int
get_copied(void *arg, unsigned field, unsigned part, struct buf *out, struct err *e)
{
	const struct copied_piece *p = copied_piece_find(arg, field, part);

	(void)e;
	if (p != NULL)
		buf_str(out, buf_view(&p->data));
	return p != NULL;
}

static const char *
impossible(const struct segment_info *i, const struct cell_copy *c)
{
	if (i->id < 1 || i->id >= SEGMENT_ID_MAX)
		return "its number";
	if (i->first > i->last || i->first < c->no * TREE_CELL || i->last >= c->end)
		return "its range of seqs";
	if (i->meta.count == 0 || i->meta.count > i->last - i->first + 1)
		return "its number of events";
	if ((i->meta.fields & ~FIELD_ALL) != 0)
		return "its fields";
	if (i->meta.bytes > SEGMENT_BYTES_MAX + SEGMENT_VALUE_MAX)
		return "its bytes";
	return NULL;
}

struct segment *
copied_segment_open(const struct copied_segment *s, const struct cell_copy *c, struct segment_rows *rows, struct err *e)
{
	const struct segment_info *i = &s->info;
	const char *wrong = impossible(i, c);
	struct str none = { NULL, 0 };

	if (wrong == NULL && s->has_records && s->records.len == 0)
		wrong = "its list of records";
	if (wrong != NULL) {
		err_set(e, ERR_INTEGRITY, "%s cannot be", wrong);
		return NULL;
	}
	if (segment_rows_parse(rows, i->first, i->last, i->meta.count, s->has_runs ? buf_view(&s->runs) : none,
	        s->has_records ? buf_view(&s->records) : none, e) < 0)
		return NULL;
	return segment_new(&i->meta, (struct piece_source){ .get = get_copied, .arg = (void *)(uintptr_t)s });
}

/* ---- all leaves ---- */

struct making {
	struct cell_leaves *l;
	const uint64_t *nodes; /* NULL: all */
	struct salt_walk walk;
	struct buf line;
	struct err *e;
};

static bool
is_wanted(const struct making *m, uint64_t seq)
{
	uint32_t node = (uint32_t)(seq % TREE_CELL) >> TREE_NODE_HEIGHT;

	return m->nodes == NULL || bitmap_has(m->nodes, node);
}

/* One event that is there: its leaf, or that it was erased. */
static int
put_leaf(struct making *m, uint64_t seq, enum leaf_kind kind, struct str line)
{
	struct cell_leaves *l = m->l;
	uint32_t at = (uint32_t)(seq % TREE_CELL);
	uint8_t salt[SALT_LEN];

	if (l->state[at] == LEAF_PRESENT)
		return err_set(m->e, ERR_INTEGRITY, "seq %llu is there twice", (unsigned long long)seq);
	l->kind[at] = (uint8_t)kind;
	if (l->state[at] == LEAF_ERASED)
		return 0;
	if (!salt_get(&m->walk, at, salt))
		return err_set(m->e, ERR_INTEGRITY, "the salt of seq %llu is gone", (unsigned long long)seq);
	tree_leaf(&l->leaf[at], salt, kind, line);
	l->state[at] = LEAF_PRESENT;
	return 0;
}

/* The original leaf hashes of erased events, whether they are there or pruned since. */
static int
put_changes(struct making *m)
{
	const struct cell_copy *c = m->l->copy;

	for (size_t i = 0; i < c->changes; i++) {
		const struct copied_change *x = &c->change[i];
		uint32_t at = (uint32_t)(x->seq % TREE_CELL);

		if (x->leaf.len != HASH_LEN || x->seq >= c->end)
			return err_set(m->e, ERR_INTEGRITY, "the hash of the erased seq %llu cannot be",
			    (unsigned long long)x->seq);
		memcpy(m->l->leaf[at].b, x->leaf.p, HASH_LEN);
		m->l->state[at] = LEAF_ERASED;
	}
	return 0;
}

static int
put_segment(struct making *m, const struct copied_segment *s)
{
	struct segment_rows rows = { 0 };
	struct segment *columns = copied_segment_open(s, m->l->copy, &rows, m->e);
	struct line_maker *lines = columns != NULL ? line_maker_new(columns) : NULL;
	struct event ev;
	int rc = columns != NULL ? 0 : -1;

	for (uint32_t row = 0; rc == 0 && row < s->info.meta.count; row++) {
		uint64_t seq = segment_rows_seq(&rows, s->info.first, row);

		if (!is_wanted(m, seq))
			continue;
		buf_reset(&m->line);
		if ((rc = line_maker_add(lines, row, 0, &m->line, &ev, m->e)) < 0)
			break;
		rc = put_leaf(m, seq, segment_rows_kind(&rows, row), buf_view(&m->line));
	}
	line_maker_free(lines);
	segment_free(columns);
	segment_rows_fini(&rows);
	return rc < 0 ? err_doing(m->e, "segment %lld", (long long)s->info.id) : 0;
}

static int
put_line(struct making *m, const struct copied_line *t)
{
	if (t->seq >= m->l->copy->end || (t->kind != LEAF_EVENT && t->kind != LEAF_RECORD))
		return err_set(m->e, ERR_INTEGRITY, "the tail's line at seq %llu cannot be", (unsigned long long)t->seq);
	return put_leaf(m, t->seq, (enum leaf_kind)t->kind, buf_view(&t->line));
}

/* An erased event that was pruned since is covered as others are; but its hash
 * is known, and stays. */
static int
make_leaves(struct making *m)
{
	const struct cell_copy *c = m->l->copy;

	if (salt_check(buf_view(&c->salts), m->e) < 0 || put_changes(m) < 0)
		return -1;
	salt_walk_start(&m->walk, buf_view(&c->salts));
	for (size_t i = 0; i < c->segments; i++)
		if (put_segment(m, &c->segment[i]) < 0)
			return -1;
	for (size_t i = 0; i < c->lines; i++)
		if (put_line(m, &c->line[i]) < 0)
			return -1;
	return 0;
}

int
cell_leaves_make(struct cell_leaves *l, const struct cell_copy *c, const uint64_t *nodes, struct err *e)
{
	struct making m = { .l = l, .nodes = nodes, .e = e };
	int rc;

	if (l->leaf == NULL) {
		l->leaf = mem_alloc(TREE_CELL * sizeof(*l->leaf));
		l->state = mem_alloc(TREE_CELL);
		l->kind = mem_alloc(TREE_CELL);
	}
	memset(l->state, LEAF_GONE, TREE_CELL);
	memset(l->kind, LEAF_EVENT, TREE_CELL);
	l->copy = c;
	rc = make_leaves(&m);
	buf_fini(&m.line);
	return rc < 0 ? err_doing(e, "cell %llu", (unsigned long long)c->no) : 0;
}

void
cell_leaves_fini(struct cell_leaves *l)
{
	free(l->leaf);
	free(l->state);
	free(l->kind);
	*l = (struct cell_leaves){ 0 };
}

/* ---- subtrees ---- */

/* The hash that was kept of a removed subtree, exactly this one; NULL. */
static const struct copied_subtree *
find_removed(const struct cell_copy *c, uint64_t first, unsigned height)
{
	size_t low = 0, high = c->subtrees;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->subtree[middle].first == first)
			return c->subtree[middle].height == height && c->subtree[middle].hash.len == HASH_LEN
			    ? &c->subtree[middle]
			    : NULL;
		if (c->subtree[middle].first < first)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* A node of height 8 or the root, as kept, when no event below it is there: an
 * erased one may have been pruned since. */
static bool
kept_node(const struct cell_copy *c, struct subtree s, struct hash *out)
{
	if (!c->full || c->nodes.len != TREE_CELL_NODES * HASH_LEN || c->root.len != HASH_LEN)
		return false;
	if (s.height == TREE_CELL_HEIGHT)
		memcpy(out->b, c->root.p, HASH_LEN);
	else if (s.height == TREE_NODE_HEIGHT)
		memcpy(out->b, c->nodes.p + s.index % TREE_CELL_NODES * HASH_LEN, HASH_LEN);
	else
		return false;
	return true;
}

/* The single hash of a removed leaf of the open cell; those of full cells are forgotten. */
static bool
kept_leaf(const struct cell_copy *c, uint64_t seq, struct hash *out)
{
	for (size_t i = c->leaf_rows; i > 0; i--) {
		const struct copied_leaves *row = &c->leaves[i - 1];

		if (row->first > seq)
			continue;
		if (seq - row->first >= row->hashes.len / HASH_LEN)
			return false;
		memcpy(out->b, row->hashes.p + (seq - row->first) * HASH_LEN, HASH_LEN);
		return true;
	}
	return false;
}

int
cell_leaves_subtree(void *arg, struct subtree s, struct hash *out, struct err *e)
{
	const struct cell_leaves *l = arg;
	const struct cell_copy *c = l->copy;
	const struct copied_subtree *removed;
	uint64_t first = s.index << s.height;
	size_t n = (size_t)1 << s.height, at = (size_t)(first % TREE_CELL);
	const uint8_t *state = l->state + at;

	if (s.height > TREE_CELL_HEIGHT || first / TREE_CELL != c->no)
		return err_set(e, ERR_FAIL, "a subtree that is not of cell %llu", (unsigned long long)c->no);
	if (memchr(state, LEAF_GONE, n) == NULL) {
		tree_root(out, l->leaf + at, n);
		return 0;
	}
	if ((removed = find_removed(c, first, s.height)) != NULL) {
		memcpy(out->b, removed->hash.p, HASH_LEN);
		return 0;
	}
	if (memchr(state, LEAF_PRESENT, n) == NULL && kept_node(c, s, out))
		return 0;
	if (s.height > 0)
		return 1;
	if (kept_leaf(c, first, out))
		return 0;
	return err_set(e, ERR_INTEGRITY, "seq %llu is not there, and of it alone no hash is kept", (unsigned long long)first);
}
