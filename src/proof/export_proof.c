/*
 * export_proof: the lines of an exported file against the tree.
 *
 * Lines come in the file's order, cells are put together in the order of
 * seqs: the leaf hashes of a cell are kept until its last line came.
 *
 * In: lines.   Out: a root, to be compared.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "proof/export_parts.h"
#include "proof/range.h"

struct export_proof *
export_proof_parse(struct str text, struct err *e)
{
	struct export_proof *p = mem_zero(1, sizeof(*p));

	if (export_parts_parse(p, text, e) != 0) {
		export_proof_free(p);
		return NULL;
	}
	p->next.rest = p->order;
	return p;
}

static void
close_cell(struct shown_cell *c)
{
	if (c->opened == NULL)
		return;
	buf_fini(&c->opened->salts);
	free(c->opened->leaf);
	free(c->opened);
	c->opened = NULL;
}

void
export_proof_free(struct export_proof *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->cells; i++) {
		close_cell(&p->cell[i]);
		free(p->cell[i].shown.p);
		free(p->cell[i].records.p);
		free(p->cell[i].erasures.p);
	}
	free(p->cell);
	free(p->leaf);
	free(p);
}

uint64_t
export_proof_size(const struct export_proof *p)
{
	return p->size;
}

uint64_t
export_proof_lines(const struct export_proof *p)
{
	return p->lines;
}

uint64_t
export_proof_beyond(const struct export_proof *p)
{
	return p->beyond;
}

uint64_t
export_proof_erased(const struct export_proof *p)
{
	return p->erased;
}

bool
export_proof_span(const struct export_proof *p, uint64_t *first, uint64_t *last)
{
	*first = p->first;
	*last = p->last;
	return p->lines > 0;
}

int
export_proof_shown(const struct export_proof *p, int (*each)(void *arg, uint64_t first, uint64_t count), void *arg)
{
	int rc = 0;

	for (size_t i = 0; i < p->cells; i++) {
		const struct shown_cell *c = &p->cell[i];

		for (size_t n = 0; rc == 0 && n < c->shown.n; n++)
			rc = each(arg, c->no * TREE_CELL + c->shown.p[n].first,
			    (uint64_t)c->shown.p[n].last - c->shown.p[n].first + 1);
	}
	return rc;
}

struct str
export_proof_note(const struct export_proof *p)
{
	return p->note;
}

struct str
export_proof_chain(const struct export_proof *p)
{
	return p->chain;
}

/* ---- lines ---- */

static void
open_cell(struct shown_cell *c, uint64_t line)
{
	struct opened *o = c->opened = mem_zero(1, sizeof(*o));

	export_parts_decode(&o->salts, c->salts);
	salt_walk_start(&o->walk, buf_view(&o->salts));
	c->first_line = line;
}

struct joining {
	struct range *range;
	const char *hash; /* the next */
	struct err *e;
};

static int
join(void *arg, struct subtree s)
{
	struct joining *j = arg;
	struct hash h;

	memcpy(h.b, j->hash, HASH_LEN);
	j->hash += HASH_LEN;
	return range_subtree(j->range, s, &h, j->e);
}

/* The leaves go to their places, and hashes between them and where one was erased. */
static int
cell_root(struct export_proof *p, struct shown_cell *c, struct hash *root, struct err *e)
{
	struct range r = RANGE_DEFAULT;
	struct buf hashes = { 0 };
	struct joining j = { &r, NULL, e };
	size_t erasure = 0;
	int rc = 0;

	if (p->leaf == NULL)
		p->leaf = mem_alloc(TREE_CELL * sizeof(*p->leaf));
	for (size_t i = 0; i < c->opened->n; i++)
		p->leaf[c->opened->leaf[i].offset] = c->opened->leaf[i].leaf;
	export_parts_decode(&hashes, c->hashes);
	j.hash = hashes.p;
	for (size_t i = 0; i < c->shown.n && rc == 0; i++) {
		const struct span *s = &c->shown.p[i];

		rc = range_gap(r.at, s->first, join, &j);
		for (uint32_t at = s->first; at <= s->last && rc == 0; at++)
			if (export_parts_within(&c->erasures, &erasure, at))
				rc = range_gap(at, at + 1, join, &j);
			else
				range_leaf(&r, &p->leaf[at]);
	}
	if (rc == 0)
		rc = range_gap(r.at, c->leaves, join, &j);
	range_root(&r, root);
	buf_fini(&hashes);
	return rc;
}

static int
finish_cell(struct export_proof *p, struct shown_cell *c, struct err *e)
{
	struct hash root;
	int rc = cell_root(p, c, &root, e);

	close_cell(c);
	if (rc == 0 && memcmp(root.b, c->root.b, HASH_LEN) != 0)
		rc = err_set(e, ERR_INTEGRITY,
		    "lines %" PRIu64 " to %" PRIu64 ": not the events of cell %" PRIu64
		    " as they were logged: one is changed, missing, added or moved",
		    c->first_line, c->last_line, c->no);
	if (rc != 0)
		p->wrong = true;
	return rc;
}

static bool
next_seq(struct order *o, uint64_t *seq)
{
	if (o->left == 0) {
		uint64_t first;

		if (!export_parts_run(o, &first, &o->left))
			return false;
	}
	*seq = o->seq - o->left--;
	return true;
}

/* The leaf of a line waits until its cell is complete. */
static int
take_leaf(struct export_proof *p, struct shown_cell *c, uint16_t offset, struct str line, struct err *e)
{
	struct opened *o = c->opened;
	enum leaf_kind kind = export_parts_within(&c->records, &o->record, offset) ? LEAF_RECORD : LEAF_EVENT;
	uint8_t salt[SALT_LEN];
	struct waiting *w;

	if (!salt_get(&o->walk, offset, salt)) {
		p->wrong = true;
		return err_set(e, ERR_INTEGRITY, "line %" PRIu64 ": the proof has no salt for it", p->given);
	}
	mem_grow(&o->leaf, &o->cap, o->n + 1, sizeof(*w));
	w = &o->leaf[o->n++];
	w->offset = offset;
	tree_leaf(&w->leaf, salt, kind, line);
	return 0;
}

int
export_proof_line(struct export_proof *p, struct str line, struct err *e)
{
	struct shown_cell *c;
	uint16_t offset;
	uint64_t seq;
	bool erased;

	p->given++;
	if (!next_seq(&p->next, &seq)) {
		p->wrong = true;
		return err_set(e, ERR_INTEGRITY, "line %" PRIu64 ": one more than the proof has", p->given);
	}
	if (seq >= p->size)
		return 0;
	c = export_parts_cell(p, seq);
	offset = (uint16_t)(seq % TREE_CELL);
	if (c->opened == NULL)
		open_cell(c, p->given);
	c->last_line = p->given;
	c->opened->given++;
	erased = export_parts_within(&c->erasures, &c->opened->erased, offset);
	if ((!erased && take_leaf(p, c, offset, line, e) != 0) ||
	    (c->opened->given == c->lines && finish_cell(p, c, e) != 0))
		return -1;
	return erased ? 1 : 0;
}

/* ---- the whole ---- */

/* What the tree has of its last cell hangs below all complete subtrees. */
static void
fold(struct range *r, const struct shown_cell *partial, struct hash *root)
{
	if (partial == NULL) {
		range_root(r, root);
		return;
	}
	*root = partial->root;
	for (unsigned n = r->n; n > 0; n--)
		tree_node(root, &r->top[n - 1], root);
}

int
export_proof_root(struct export_proof *p, struct hash *root, struct err *e)
{
	struct range r = RANGE_DEFAULT;
	const struct shown_cell *partial = NULL;
	struct buf hashes = { 0 };
	struct joining j = { &r, NULL, e };
	int rc = 0;

	if (p->given < p->lines)
		return err_set(e, ERR_INTEGRITY, "the file has %" PRIu64 " lines, and its proof %" PRIu64, p->given,
		    p->lines);
	if (p->wrong)
		return err_set(e, ERR_INTEGRITY, "the lines are not those of the proof");
	export_parts_decode(&hashes, p->outside);
	j.hash = hashes.p;
	for (size_t i = 0; i < p->cells && rc == 0; i++) {
		const struct shown_cell *c = &p->cell[i];

		rc = range_gap(r.at, c->no * TREE_CELL, join, &j);
		if (c->leaves < TREE_CELL)
			partial = c;
		else if (rc == 0)
			rc = range_subtree(&r, (struct subtree){ TREE_CELL_HEIGHT, c->no }, &c->root, e);
	}
	if (rc == 0 && partial == NULL)
		rc = range_gap(r.at, p->size, join, &j);
	if (rc == 0)
		fold(&r, partial, root);
	buf_fini(&hashes);
	return rc;
}
