/*
 * verify_roots: the roots that the log had, made of the cells.
 *
 * In: cells in order, sizes that are asked for.   Out: a root for each size.
 */
#include <stdlib.h>

#include "store/verify_walk.h"

static int
by_size(const void *a, const void *b)
{
	const struct size_wanted *x = a, *y = b;

	return x->at.size < y->at.size ? -1 : x->at.size > y->at.size;
}

void
walk_want(struct verify_walk *k, uint64_t size, bool asked)
{
	mem_grow(&k->wanted, &k->wanted_cap, k->wanteds + 1, sizeof(*k->wanted));
	k->wanted[k->wanteds++] = (struct size_wanted){ .at = { .size = size }, .asked = asked };
}

/* Once for many, as a file may have them in any order. */
void
walk_sort_wanted(struct verify_walk *k)
{
	size_t n = 0;

	if (k->wanteds > 1)
		qsort(k->wanted, k->wanteds, sizeof(*k->wanted), by_size);
	for (size_t i = 0; i < k->wanteds; i++) {
		struct size_wanted x = k->wanted[i], *last = n > 0 ? &k->wanted[n - 1] : NULL;

		if (last == NULL || last->at.size != x.at.size) {
			k->wanted[n++] = x;
			continue;
		}
		x.asked |= last->asked;
		if (x.done)
			*last = x;
		last->asked = x.asked;
	}
	k->wanteds = n;
}

/* The first whose size is greater. */
size_t
walk_wanted_after(const struct verify_walk *k, uint64_t size)
{
	size_t low = 0, high = k->wanteds;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->wanted[middle].at.size <= size)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The root that is kept of it: 1, 0 there is none, -1. */
int
walk_kept_root(struct verify_walk *k, uint64_t no, struct hash *out, struct err *e)
{
	struct db *db = &k->v.st->db;
	sqlite3_stmt *s = db_statement(db, ST_CELL_GET, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)no);
	if ((rc = db_step(db, s, e)) > 0)
		rc = db_blob_fixed(s, 1, out, sizeof(*out));
	sqlite3_reset(s);
	return rc;
}

/* The root of the log with `rest` behind the cells merged. */
static struct hash
root_with(const struct verify_walk *k, const struct hash *rest)
{
	struct hash root = *rest;

	for (unsigned i = k->tree.n; i > 0; i--)
		tree_node(&root, &k->tree.top[i - 1], &root);
	return root;
}

static void
give_root(struct verify_walk *k, uint64_t size, bool known, const struct hash *root)
{
	size_t i = walk_wanted_after(k, size);

	if (i == 0 || k->wanted[i - 1].at.size != size)
		return;
	k->wanted[i - 1].done = true;
	k->wanted[i - 1].at.known = known;
	if (known)
		k->wanted[i - 1].at.root = *root;
}

/* Roots inside the cell, then the cell itself. */
void
walk_add_cell(struct verify_walk *k, bool known, const struct hash *root)
{
	struct err e = ERR_NONE;
	struct subtree s = { TREE_CELL_HEIGHT, k->merged };
	struct hash whole;

	k->broken = k->broken || !known || range_subtree(&k->tree, s, root, &e) < 0;
	k->merged++;
	range_root(&k->tree, &whole);
	give_root(k, k->merged * TREE_CELL, !k->broken, &whole);
}

void
walk_merge_roots(struct verify_walk *k, const struct cell_work *w)
{
	uint64_t start = w->copy.no * TREE_CELL;

	for (size_t i = 0; i < w->wanteds; i++) {
		struct hash root = root_with(k, &w->wanted[i].rest);

		give_root(k, start + w->wanted[i].n, w->wanted[i].known && !k->broken, &root);
	}
	if (w->copy.end == start + TREE_CELL)
		walk_add_cell(k, w->root_known, &w->root);
}

/* ---- roots of sizes whose cell was not judged with them in mind ---- */

/* Checkpoints of sizes long passed, that were stored meanwhile, and what was
 * asked for within cells that were left out. */
static int
late_root(struct verify_walk *k, struct size_wanted *x, struct err *e)
{
	uint64_t cells = x->at.size / TREE_CELL, start = cells * TREE_CELL;
	struct cell_copy copy = { 0 };
	struct cell_leaves leaves = { 0 };
	struct range tree = RANGE_DEFAULT;
	struct hash root, rest;
	int rc = 1;

	pthread_mutex_lock(&k->v.st->lock);
	for (uint64_t no = 0; rc > 0 && no < cells; no++)
		if ((rc = walk_kept_root(k, no, &root, e)) > 0)
			rc = range_subtree(&tree, (struct subtree){ TREE_CELL_HEIGHT, no }, &root, e) == 0 ? 1 : -1;
	if (rc > 0 && x->at.size > start && cell_copy_read(k->v.st, cells, &copy, e) < 0)
		rc = -1;
	pthread_mutex_unlock(&k->v.st->lock);
	if (rc > 0 && x->at.size > start) {
		struct path_source from = { cell_leaves_subtree, &leaves };

		if (cell_leaves_make(&leaves, &copy, NULL, e) < 0 || path_root(&rest, &from, start, x->at.size - start, e) < 0)
			rc = -1;
	}
	if (rc > 0) {
		x->at.known = true;
		range_root(&tree, &x->at.root);
		if (x->at.size > start) {
			x->at.root = rest;
			for (unsigned i = tree.n; i > 0; i--)
				tree_node(&x->at.root, &tree.top[i - 1], &x->at.root);
		}
	}
	cell_leaves_fini(&leaves);
	cell_copy_fini(&copy);
	if (rc < 0 && e->code == ERR_INTEGRITY) { /* told already: a finding of its cell */
		err_clear(e);
		rc = 0;
	}
	return rc < 0 ? -1 : 0;
}

int
walk_late_roots(struct verify_walk *k, struct err *e)
{
	for (size_t i = 0; i < k->wanteds; i++) {
		struct size_wanted *x = &k->wanted[i];

		if (x->at.size == 0) {
			tree_empty(&x->at.root);
			x->at.known = x->done = true;
		}
		if (x->done || x->at.size > k->v.r->size || k->broken)
			continue;
		if ((x->asked || x->at.size > k->v.o->from) && late_root(k, x, e) < 0)
			return -1;
	}
	return 0;
}

const struct verify_root *
walk_root(const struct verify_walk *k, uint64_t size)
{
	static const struct verify_root none;
	size_t i = walk_wanted_after(k, size);

	return i > 0 && k->wanted[i - 1].at.size == size ? &k->wanted[i - 1].at : &none;
}
