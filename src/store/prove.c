/*
 * prove: inclusion and consistency from the store.
 *
 * A proof needs the roots of the full cells, which are kept, and what is below
 * them in two cells at most: that of the event, and the last one of the tree.
 * These are read in one short transaction each and recomputed.  Leaf hashes
 * never change, so it does not matter what others write in between.
 *
 * In: seqs and sizes.   Out: paths.
 */
#include "store/prove.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "proof/salt.h"

/* ---- the tree's hashes ---- */

static int
read_roots(struct prover *p, struct err *e)
{
	struct store *st = p->st;
	struct state state;
	sqlite3_stmt *s;
	uint64_t n = 0;
	int rc;

	if (state_get(st, &state, e) < 0)
		return -1;
	if (p->size > state.size)
		return err_set(e, ERR_FAIL, "the log has %" PRIu64 " events, not %" PRIu64 " yet", state.size, p->size);
	p->roots = p->size / TREE_CELL;
	p->root = mem_alloc((size_t)p->roots * sizeof(*p->root));
	if ((s = db_statement(&st->db, ST_CELL_ROOTS, e)) == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)p->roots);
	while ((rc = db_step(&st->db, s, e)) > 0 && n < p->roots) {
		if ((uint64_t)db_int(s, 0) != n || !db_blob_fixed(s, 1, &p->root[n], sizeof(p->root[n])))
			break;
		n++;
	}
	sqlite3_reset(s);
	if (rc < 0)
		return -1;
	return n == p->roots ? 0 : err_set(e, ERR_INTEGRITY, "the root of cell %" PRIu64 " is missing", n);
}

int
prover_init(struct prover *p, struct store *st, uint64_t size, struct err *e)
{
	int rc = -1;

	*p = (struct prover){ .st = st, .size = size };
	pthread_mutex_lock(&st->lock);
	if (db_begin_read(&st->db, e) == 0) {
		rc = read_roots(p, e);
		db_rollback(&st->db);
	}
	pthread_mutex_unlock(&st->lock);
	return rc;
}

void
prover_fini(struct prover *p)
{
	for (unsigned i = 0; i < PROVER_CELLS; i++) {
		cell_copy_fini(&p->cell[i].copy);
		cell_leaves_fini(&p->cell[i].leaves);
	}
	free(p->root);
}

/* What is recomputed has the root that is kept. */
static int
check_root(const struct proved_cell *c, struct err *e)
{
	const struct path_source from = { cell_leaves_subtree, (void *)(uintptr_t)&c->leaves };
	struct hash root;

	if (!c->copy.full)
		return 0;
	if (path_subtree(&root, &from, (struct subtree){ TREE_CELL_HEIGHT, c->copy.no }, e) != 0)
		return -1;
	if (c->copy.root.len != HASH_LEN || memcmp(root.b, c->copy.root.p, HASH_LEN) != 0)
		return err_set(e, ERR_INTEGRITY,
		    "cell %" PRIu64 ": its events are not those whose hashes are kept (audit-verify says more)", c->copy.no);
	return 0;
}

static int
load_cell(struct prover *p, struct proved_cell *c, uint64_t no, struct err *e)
{
	int rc;

	c->valid = false;
	pthread_mutex_lock(&p->st->lock);
	rc = cell_copy_read(p->st, no, &c->copy, e);
	pthread_mutex_unlock(&p->st->lock);
	if (rc < 0 || cell_leaves_make(&c->leaves, &c->copy, NULL, e) < 0 || check_root(c, e) < 0)
		return -1;
	c->valid = true;
	return 0;
}

const struct proved_cell *
prover_cell(struct prover *p, uint64_t no, struct err *e)
{
	struct proved_cell *oldest = &p->cell[0];

	for (unsigned i = 0; i < PROVER_CELLS; i++) {
		struct proved_cell *c = &p->cell[i];

		if (c->valid && c->copy.no == no) {
			c->used = ++p->clock;
			return c;
		}
		if (c->used < oldest->used)
			oldest = c;
	}
	if (load_cell(p, oldest, no, e) < 0)
		return NULL;
	oldest->used = ++p->clock;
	return oldest;
}

/* Is the leaf below a hash that a prune left of more than it? */
static bool
was_pruned(const struct cell_copy *c, uint64_t seq)
{
	for (size_t i = 0; i < c->subtrees; i++) {
		const struct copied_subtree *s = &c->subtree[i];

		if (s->height >= 0 && s->height <= TREE_CELL_HEIGHT && s->first <= seq &&
		    seq - s->first < UINT64_C(1) << s->height)
			return true;
	}
	return c->full; /* of a node of the cell's own */
}

int
prover_subtree(void *arg, struct subtree s, struct hash *out, struct err *e)
{
	struct prover *p = arg;
	const struct proved_cell *c;
	struct err why = ERR_NONE;
	int rc;

	if (s.height > TREE_CELL_HEIGHT)
		return 1;
	if (s.height == TREE_CELL_HEIGHT && s.index < p->roots) {
		*out = p->root[s.index];
		return 0;
	}
	if ((c = prover_cell(p, s.index >> (TREE_CELL_HEIGHT - s.height), e)) == NULL)
		return -1;
	rc = cell_leaves_subtree((void *)(uintptr_t)&c->leaves, s, out, &why);
	if (rc >= 0)
		return rc;
	if (s.height == 0 && was_pruned(&c->copy, s.index))
		return err_set(e, ERR_FAIL,
		    "what was pruned around event %" PRIu64 " left one hash of it all: this size cannot be shown any more",
		    s.index);
	return err_set(e, why.code, "%s", why.text);
}

/* ---- one event ---- */

/* 1 the line is of this segment, 0 it is not, -1. */
static int
segment_line(const struct copied_segment *s, const struct cell_copy *c, uint64_t seq, struct buf *line, struct err *e)
{
	struct segment_rows rows = { 0 };
	struct segment *columns = copied_segment_open(s, c, &rows, e);
	struct event ev;
	uint32_t row;
	int rc = columns != NULL ? 0 : -1;

	if (rc == 0 && segment_rows_find(&rows, s->info.first, s->info.meta.count, seq, &row)) {
		segment_expect(columns, 1);
		if ((rc = segment_event(columns, row, FIELD_ALL, &ev, e)) == 0) {
			event_format(line, &ev);
			rc = 1;
		}
	}
	segment_free(columns);
	segment_rows_fini(&rows);
	return rc;
}

static int
copied_line_of(const struct cell_copy *c, uint64_t seq, struct buf *line, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < c->lines; i++)
		if (c->line[i].seq == seq) {
			buf_str(line, buf_view(&c->line[i].line));
			return 0;
		}
	for (size_t i = 0; i < c->segments && rc == 0; i++)
		if (c->segment[i].info.first <= seq && seq <= c->segment[i].info.last)
			rc = segment_line(&c->segment[i], c, seq, line, e);
	return rc > 0 ? 0 : rc < 0 ? -1 : err_set(e, ERR_INTEGRITY, "event %" PRIu64 " is not there", seq);
}

static int
take_event(const struct proved_cell *c, uint64_t seq, struct store_proof *p, struct err *e)
{
	uint32_t at = (uint32_t)(seq % TREE_CELL);
	struct salt_walk walk;
	struct hash leaf;

	if (c->leaves.state[at] == LEAF_GONE)
		return err_set(e, ERR_FAIL, "event %" PRIu64 " was pruned: nothing is left to show", seq);
	if (c->leaves.state[at] == LEAF_ERASED)
		return err_set(e, ERR_FAIL, "event %" PRIu64 " was changed by an erasure: what it was cannot be shown any more",
		    seq);
	buf_reset(&p->line);
	p->kind = c->leaves.kind[at] == LEAF_RECORD ? LEAF_RECORD : LEAF_EVENT;
	salt_walk_start(&walk, buf_view(&c->copy.salts));
	if (copied_line_of(&c->copy, seq, &p->line, e) < 0)
		return -1;
	if (!salt_get(&walk, at, p->salt))
		return err_set(e, ERR_INTEGRITY, "the salt of event %" PRIu64 " is gone", seq);
	tree_leaf(&leaf, p->salt, p->kind, buf_view(&p->line));
	if (memcmp(leaf.b, c->leaves.leaf[at].b, HASH_LEN) != 0)
		return err_set(e, ERR_INTEGRITY, "event %" PRIu64 " reads in two ways", seq);
	return 0;
}

static int
prove(struct prover *prover, uint64_t seq, struct store_proof *p, struct err *e)
{
	const struct path_source from = { prover_subtree, prover };
	const struct proved_cell *c = prover_cell(prover, seq / TREE_CELL, e);

	if (c == NULL || take_event(c, seq, p, e) < 0)
		return -1;
	return path_inclusion(&p->path, &from, seq, prover->size, e);
}

int
store_prove(struct store *st, uint64_t seq, uint64_t size, struct store_proof *p, struct err *e)
{
	struct prover prover;
	int rc;

	if (seq >= size)
		return err_set(e, ERR_FAIL, "event %" PRIu64 " is not among the first %" PRIu64, seq, size);
	rc = prover_init(&prover, st, size, e);
	if (rc == 0)
		rc = prove(&prover, seq, p, e);
	prover_fini(&prover);
	return rc < 0 ? store_blame(st, e) : 0;
}

void
store_proof_fini(struct store_proof *p)
{
	buf_fini(&p->line);
}

int
store_prove_consistency(struct store *st, uint64_t first, uint64_t second, struct path *path, struct err *e)
{
	struct prover prover;
	const struct path_source from = { prover_subtree, &prover };
	int rc = prover_init(&prover, st, second, e);

	if (rc == 0)
		rc = path_consistency(path, &from, first, second, e);
	prover_fini(&prover);
	return rc < 0 ? store_blame(st, e) : 0;
}
