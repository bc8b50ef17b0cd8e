/*
 * prune_remove: what stays of the events of a segment that go.
 *
 * Their lines and salts are forgotten.  What covers them is kept: the hashes of
 * the largest complete subtrees, cut at the sizes of stored checkpoints, so
 * that the root of each can still be made.  A whole cell keeps its nodes:
 *
 *	cell	|.......|.......|.......|.......|	nodes of height 8
 *	sizes	        ^           ^
 *	kept	  node    node   cut at it  node
 *
 * In: a segment, which rows go.   Out: rows of the removed table, salts, a
 * smaller segment.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "proof/salt.h"
#include "store/prune_parts.h"

enum { NODE_LEAVES = 1 << TREE_NODE_HEIGHT };

/* ---- the seqs ---- */

void
removed_runs_init(struct removed_runs *r)
{
	*r = (struct removed_runs){ 0 };
	hash_init(&r->digest);
}

void
removed_runs_fini(struct removed_runs *r)
{
	buf_fini(&r->list);
}

static void
put_run(struct removed_runs *r)
{
	uint8_t b[16];

	if (r->run_count == 0)
		return;
	put_be64(b, r->run_first);
	put_be64(b + 8, r->run_count);
	hash_update(&r->digest, b, sizeof(b));
	buf_varint(&r->list, r->run_first - r->end);
	buf_varint(&r->list, r->run_count);
	r->end = r->run_first + r->run_count;
	r->run_count = 0;
}

void
removed_runs_add(struct removed_runs *r, uint64_t first, uint64_t count)
{
	if (r->run_count > 0 && r->run_first + r->run_count != first)
		put_run(r);
	if (r->run_count == 0)
		r->run_first = first;
	if (r->events == 0)
		r->first_seq = first;
	r->run_count += count;
	r->events += count;
	r->last_seq = first + count - 1;
}

void
removed_runs_end(struct removed_runs *r, struct hash *digest)
{
	put_run(r);
	hash_final(&r->digest, digest);
}

/* ---- leaves made again ---- */

struct kept_leaf { /* of an erased event, whose salt is gone */
	uint64_t seq;
	struct hash leaf;
};

struct leaf_source {
	struct buf salts;
	struct salt_walk walk;
	struct kept_leaf *kept; /* by seq */
	size_t n, cap, at;
};

static int
read_kept(struct leaf_source *m, struct store *st, const struct segment_info *info, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_ERASED_LEAVES, e);
	struct kept_leaf k;
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)info->first);
	db_bind_int(s, 2, (int64_t)info->last);
	while ((rc = db_step(&st->db, s, e)) > 0) {
		k.seq = (uint64_t)db_int(s, 0);
		if (!db_blob_fixed(s, 1, &k.leaf, sizeof(k.leaf)) ||
		    (m->n > 0 && m->kept[m->n - 1].seq == k.seq &&
		        memcmp(&m->kept[m->n - 1].leaf, &k.leaf, sizeof(k.leaf)) != 0)) {
			sqlite3_reset(s);
			return err_set(e, ERR_INTEGRITY, "the original leaf hash of the erased event at seq %llu is damaged",
			    (unsigned long long)k.seq);
		}
		/* Erased again: the original is the same. */
		if (m->n > 0 && m->kept[m->n - 1].seq == k.seq)
			continue;
		mem_grow(&m->kept, &m->cap, m->n + 1, sizeof(*m->kept));
		m->kept[m->n++] = k;
	}
	return rc;
}

static void
source_fini(struct leaf_source *m)
{
	buf_fini(&m->salts);
	free(m->kept);
}

static int
source_start(struct leaf_source *m, struct store *st, const struct segment_info *info, struct err *e)
{
	uint64_t cell = info->first / TREE_CELL;
	int rc;

	*m = (struct leaf_source){ .n = 0 };
	if ((rc = cell_salts(st, cell, &m->salts, e)) == 0)
		rc = err_set(e, ERR_INTEGRITY, "the salts of cell %llu are gone", (unsigned long long)cell);
	if (rc < 0 || read_kept(m, st, info, e) < 0)
		return -1;
	salt_walk_start(&m->walk, buf_view(&m->salts));
	return 0;
}

/* In ascending order of seq. */
static int
make_leaf(struct leaf_source *m, uint64_t seq, enum leaf_kind kind, struct str line, struct hash *out, struct err *e)
{
	uint8_t salt[SALT_LEN];

	while (m->at < m->n && m->kept[m->at].seq < seq)
		m->at++;
	if (m->at < m->n && m->kept[m->at].seq == seq)
		*out = m->kept[m->at].leaf;
	else if (salt_get(&m->walk, (uint32_t)(seq % TREE_CELL), salt))
		tree_leaf(out, salt, kind, line);
	else
		return err_set(e, ERR_INTEGRITY, "the salt of seq %llu is gone", (unsigned long long)seq);
	return 0;
}

/* ---- the hashes that cover them ---- */

/* Runs of leaves into the removed table, in ascending order. */
struct keeper {
	struct store *st;
	struct buf sizes; /* of checkpoints within, as uint64_t */
	size_t at;        /* the first that is not behind yet */
	const struct hash *leaf; /* the run at work */
	uint64_t first;
	struct err *e;
	int rc;
};

static uint64_t
next_size(const struct keeper *k)
{
	const uint64_t *size = (const uint64_t *)(const void *)k->sizes.p;

	return k->at < k->sizes.len / sizeof(*size) ? size[k->at] : UINT64_MAX;
}

static void
keep_subtree(void *arg, struct subtree t)
{
	struct keeper *k = arg;
	uint64_t start = t.index << t.height;
	struct hash root;
	sqlite3_stmt *s;

	if (k->rc < 0)
		return;
	tree_root(&root, k->leaf + (start - k->first), UINT64_C(1) << t.height);
	if ((s = db_statement(&k->st->db, ST_REMOVED_ADD, k->e)) == NULL) {
		k->rc = -1;
		return;
	}
	db_bind_int(s, 1, (int64_t)start);
	db_bind_int(s, 2, t.height);
	db_bind_blob(s, 3, &root, sizeof(root));
	k->rc = db_run(&k->st->db, s, k->e);
}

static int
keep_run(struct keeper *k, const struct hash *leaf, uint64_t first, uint32_t count, struct err *e)
{
	uint64_t at = first, end = first + count;

	k->leaf = leaf;
	k->first = first;
	k->e = e;
	for (; next_size(k) < end; k->at++)
		if (next_size(k) > at) {
			tree_cover(at, next_size(k) - at, keep_subtree, k);
			at = next_size(k);
		}
	tree_cover(at, end - at, keep_subtree, k);
	return k->rc;
}

static int
keeper_start(struct keeper *k, struct store *st, const struct segment_info *info, struct err *e)
{
	*k = (struct keeper){ .st = st };
	return checkpoint_sizes(st, info->first, info->last + 1, &k->sizes, e);
}

static int
put_salts(struct store *st, uint64_t cell, struct str salts, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_CELL_SALTS, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)cell);
	db_bind_blob(s, 2, salts.p, salts.len);
	return db_run(&st->db, s, e);
}

/* ---- some rows of a segment ---- */

/* One pass over the rows: those that go leave their hashes, those that stay go
 * into a new segment. */
struct parting {
	struct removed_runs *removed;
	const struct doomed *doomed;
	uint32_t row;
	struct leaf_source source;
	struct keeper keeper;
	uint64_t forget[TREE_CELL / 64];
	struct hash *leaf; /* of the run at work */
	uint64_t run_first;
	uint32_t run;
	struct sealer sealer;
};

static int
end_run(struct parting *t, struct err *e)
{
	uint32_t n = t->run;

	t->run = 0;
	return n > 0 ? keep_run(&t->keeper, t->leaf, t->run_first, n, e) : 0;
}

static int
part_row(void *arg, const struct event *ev, struct str line, uint64_t seq, enum leaf_kind kind, struct err *e)
{
	struct parting *t = arg;
	uint32_t offset = (uint32_t)(seq % TREE_CELL);

	if (!t->doomed->row[t->row++])
		return end_run(t, e) < 0 ? -1 : sealer_add(&t->sealer, ev, line.len, seq, kind, e);
	if (t->run > 0 && t->run_first + t->run != seq && end_run(t, e) < 0)
		return -1;
	if (t->run == 0)
		t->run_first = seq;
	if (make_leaf(&t->source, seq, kind, line, &t->leaf[t->run], e) < 0)
		return -1;
	t->run++;
	t->forget[offset / 64] |= UINT64_C(1) << (offset % 64);
	removed_runs_add(t->removed, seq, 1);
	return 0;
}

static int
part(struct parting *t, struct store *st, struct stored *s, struct err *e)
{
	struct buf left = { 0 };
	int rc;

	if (source_start(&t->source, st, &s->info, e) < 0 || keeper_start(&t->keeper, st, &s->info, e) < 0 ||
	    stored_each(s, (struct row_sink){ part_row, t }, e) < 0 || end_run(t, e) < 0)
		return -1;
	salt_forget(&left, buf_view(&t->source.salts), t->forget);
	rc = put_salts(st, s->info.first / TREE_CELL, buf_view(&left), e);
	buf_fini(&left);
	if (rc < 0 || segment_drop(st, s->info.id, e) < 0)
		return -1;
	return sealer_flush(&t->sealer, e);
}

int
prune_rows(struct store *st, struct state *state, struct removed_runs *removed, struct stored *s,
    const struct doomed *d, struct err *e)
{
	struct parting t = { .removed = removed, .doomed = d };
	int rc;

	sealer_init(&t.sealer, st, state, NULL);
	t.leaf = mem_alloc(TREE_CELL * sizeof(*t.leaf));
	rc = part(&t, st, s, e);
	sealer_fini(&t.sealer);
	source_fini(&t.source);
	buf_fini(&t.keeper.sizes);
	free(t.leaf);
	return rc;
}

/* ---- a whole cell ---- */

/* The leaves of one node again, which must be those it was made of. */
static int
node_leaves(struct stored *s, struct leaf_source *m, unsigned node, const struct hash *kept, struct hash *leaf,
    struct err *e)
{
	struct buf line = { 0 };
	struct event ev;
	struct hash root;
	int rc = 0;

	for (uint32_t i = 0; i < NODE_LEAVES && rc == 0; i++) {
		uint32_t row = node * NODE_LEAVES + i;

		if ((rc = segment_event(s->columns, row, FIELD_ALL, &ev, e)) < 0)
			break;
		buf_reset(&line);
		event_format(&line, &ev);
		rc = make_leaf(m, s->info.first + row, store_row_kind(s, row), buf_view(&line), &leaf[i], e);
	}
	buf_fini(&line);
	if (rc < 0)
		return -1;
	tree_root(&root, leaf, NODE_LEAVES);
	if (memcmp(&root, kept, sizeof(root)) != 0)
		return err_set(e, ERR_INTEGRITY, "events from seq %llu on are not those whose hashes are kept",
		    (unsigned long long)(s->info.first + node * NODE_LEAVES));
	return 0;
}

/* A node that has a checkpoint's size within is cut there; one that has it at
 * its edge is not reached over by any node. */
static int
cut_nodes(struct store *st, struct stored *s, struct keeper *k, struct err *e)
{
	struct hash leaf[NODE_LEAVES], *nodes = mem_alloc(TREE_CELL_NODES * sizeof(*nodes));
	struct leaf_source m;
	int rc = source_start(&m, st, &s->info, e);

	if (rc == 0)
		rc = cell_nodes(st, s->info.first / TREE_CELL, nodes, e);
	segment_expect(s->columns, NODE_LEAVES);
	while (rc == 0 && next_size(k) != UINT64_MAX) {
		unsigned node = (unsigned)(next_size(k) % TREE_CELL) / NODE_LEAVES;

		if (next_size(k) % NODE_LEAVES == 0) {
			k->at++;
			continue;
		}
		rc = node_leaves(s, &m, node, &nodes[node], leaf, e);
		if (rc == 0)
			rc = keep_run(k, leaf, s->info.first + node * NODE_LEAVES, NODE_LEAVES, e);
	}
	source_fini(&m);
	free(nodes);
	return rc;
}

/* Its root and nodes are kept already, so that nothing is decoded. */
int
prune_cell(struct store *st, struct removed_runs *removed, struct stored *s, struct err *e)
{
	struct keeper k;
	int rc = keeper_start(&k, st, &s->info, e);

	if (rc == 0 && k.sizes.len > 0)
		rc = cut_nodes(st, s, &k, e);
	buf_fini(&k.sizes);
	if (rc < 0)
		return -1;
	removed_runs_add(removed, s->info.first, TREE_CELL);
	if (put_salts(st, s->info.first / TREE_CELL, STR(""), e) < 0)
		return -1;
	return segment_drop(st, s->info.id, e);
}
