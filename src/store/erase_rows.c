/*
 * erase_rows: the events of one cell without the person.
 *
 * Leaves are made again from what is stored and held against the hashes that
 * are kept: what somebody changed before is not taken for the original.  Then
 * every event that has the person becomes another line; its leaf hash stays,
 * its salt goes, and C = H(0x03 || r || new line) says what it is now.
 *
 * In: a copied cell.   Out: rows of `erased`, segments and lines instead of
 * the old ones, salts to forget.
 */
#include <stdlib.h>

#include "base/random.h"
#include "proof/path.h"
#include "store/erase_parts.h"

void
erase_cell_fini(struct erase_cell *c)
{
	for (size_t i = 0; i < c->segments; i++) {
		for (size_t k = 0; k < c->segment[i].n; k++) {
			sealed_fini(&c->segment[i].made[k].sealed);
			free(c->segment[i].made[k].offset);
			free(c->segment[i].made[k].kind);
		}
		free(c->segment[i].made);
	}
	cell_copy_fini(&c->copy);
	cell_leaves_fini(&c->leaves);
	erase_finder_fini(&c->finder);
	record_judge_fini(&c->judge);
	segment_builder_free(c->builder);
	scratch_fini(&c->scratch);
	arena_fini(&c->arena);
	json_tape_fini(&c->tape);
	erase_found_fini(&c->found);
	buf_fini(&c->line);
	buf_fini(&c->bytes);
	free(c->set);
	free(c->change);
	free(c->segment);
	free(c->changed);
}

/* ---- the leaves ---- */

/* The hash that an open cell keeps of a leaf; NULL: none. */
static const char *
kept_leaf(const struct cell_copy *c, uint64_t seq)
{
	for (size_t i = 0; i < c->leaf_rows; i++) {
		const struct copied_leaves *row = &c->leaves[i];

		if (seq >= row->first && seq - row->first < row->hashes.len / HASH_LEN)
			return row->hashes.p + (seq - row->first) * HASH_LEN;
	}
	for (size_t i = 0; i < c->lines; i++)
		if (c->line[i].seq == seq && c->line[i].leaf.len == HASH_LEN)
			return c->line[i].leaf.p;
	return NULL;
}

static int
not_original(uint64_t seq, struct err *e)
{
	return err_set(e, ERR_INTEGRITY,
	    "events at seq %llu are not those whose hashes are kept (audit-verify says more):"
	    " nothing was erased there", (unsigned long long)seq);
}

/* The nodes of height 8 that a change is below. */
static void
changed_nodes(const uint64_t *changes, uint64_t nodes[TREE_CELL_NODES / 64])
{
	enum { WORDS = 1 << (TREE_NODE_HEIGHT - 6) };

	memset(nodes, 0, TREE_CELL_NODES / 8);
	for (uint32_t i = 0; i < TREE_CELL / 64; i++)
		if (changes[i] != 0)
			bitmap_add(nodes, i / WORDS);
}

/* Of a full cell its nodes are kept, each of 256 leaves. */
static int
check_nodes(const struct erase_cell *c, const uint64_t *nodes, struct err *e)
{
	const struct path_source from = { cell_leaves_subtree, (void *)(uintptr_t)&c->leaves };
	const struct cell_copy *copy = &c->copy;

	if (copy->nodes.len != TREE_CELL_NODES * HASH_LEN)
		return not_original(copy->no * TREE_CELL, e);
	for (uint32_t node = 0; node < TREE_CELL_NODES; node++) {
		uint64_t index = copy->no * TREE_CELL_NODES + node;
		struct hash root;

		if (!bitmap_has(nodes, node))
			continue;
		if (path_subtree(&root, &from, (struct subtree){ TREE_NODE_HEIGHT, index }, e) != 0)
			return -1;
		if (memcmp(root.b, copy->nodes.p + node * HASH_LEN, HASH_LEN) != 0)
			return not_original(index << TREE_NODE_HEIGHT, e);
	}
	return 0;
}

static int
check_leaves(const struct erase_cell *c, const uint64_t *changes, struct err *e)
{
	for (uint32_t word = 0; word < TREE_CELL / 64; word++)
		for (uint64_t left = changes[word]; left != 0; left &= left - 1) {
			uint32_t at = word * 64 + (uint32_t)__builtin_ctzll(left);
			uint64_t seq = c->copy.no * TREE_CELL + at;
			const char *kept = kept_leaf(&c->copy, seq);

			if (kept == NULL || memcmp(kept, c->leaves.leaf[at].b, HASH_LEN) != 0)
				return not_original(seq, e);
		}
	return 0;
}

/* ---- changes ---- */

/* What a row of `erased` will say. */
static void
add_change(struct erase_cell *c, uint64_t seq, struct str line)
{
	uint32_t at = (uint32_t)(seq % TREE_CELL);
	struct changed_event *x;

	mem_grow(&c->change, &c->changes_cap, c->changes + 1, sizeof(*c->change));
	x = &c->change[c->changes++];
	*x = (struct changed_event){ .seq = seq, .leaf = c->leaves.leaf[at] };
	x->again = c->leaves.state[at] == LEAF_ERASED;
	random_bytes(x->salt, sizeof(x->salt));
	erased_change(&x->change, x->salt, line);
	bitmap_add(c->forget, at);
}

static void
count_event(struct erase_cell *c, enum leaf_kind kind, const struct subject_found *found)
{
	*(kind == LEAF_RECORD ? &c->found.records : &c->found.events) += 1;
	for (field_set left = found->fields; left != 0; left &= left - 1)
		c->found.fields[__builtin_ctzll(left)]++;
}

/* ---- segments ---- */

/* One of the copied segments, opened as if it were in the store. */
struct opened {
	const struct copied_segment *copied;
	struct stored stored;
	struct segment_rows rows;
	uint64_t bits[MATCH_WORDS]; /* rows that change */
};

/* Rows that were found before the transaction began; segments do not change. */
static void
take_known(struct opened *o, const struct erase_known *k)
{
	struct runs_reader r;

	runs_read(&r, buf_view(&k->rows.list));
	while (runs_next(&r) > 0)
		for (uint64_t row = r.first; row < r.end && row < o->stored.info.meta.count; row++)
			bitmap_add(o->bits, (uint32_t)row);
}

static int
find_rows(struct erase_cell *c, struct opened *o, struct err *e)
{
	const struct erase_known *known = erase_known_find(c->known, c->n_known, o->copied->info.id);
	int rc;

	if (known != NULL)
		take_known(o, known);
	else if (erase_find(&c->finder, o->stored.columns, e) < 0)
		return -1;
	else
		memcpy(o->bits, c->finder.hits.any, sizeof(o->bits));
	pthread_mutex_lock(c->lock);
	rc = erase_spare(&c->judge, c->subject, c->holds, &o->stored, o->bits, &c->found, e);
	pthread_mutex_unlock(c->lock);
	return rc;
}

static int
open_segment(struct erase_cell *c, struct opened *o, const struct copied_segment *s, struct err *e)
{
	o->copied = s;
	o->stored = (struct stored){ .info = s->info, .rows = &o->rows, .st = c->st };
	o->stored.columns = copied_segment_open(s, &c->copy, &o->rows, e);
	return o->stored.columns != NULL ? find_rows(c, o, e) : -1;
}

/* The changes of a segment's rows; gives the fields, and how much longer all
 * lines become. */
static int
change_rows(struct erase_cell *c, struct opened *o, field_set *fields, int64_t *growth, struct err *e)
{
	struct subject_found found;
	struct event old, new;

	*fields = 0;
	*growth = 0;
	for (uint32_t word = 0; word < MATCH_WORDS; word++)
		for (uint64_t left = o->bits[word]; left != 0; left &= left - 1) {
			uint32_t row = word * 64 + (uint32_t)__builtin_ctzll(left);

			if (segment_event(o->stored.columns, row, FIELD_ALL, &old, e) < 0)
				return -1;
			arena_reset(&c->arena);
			if (!subject_event(c->subject, &old, &new, &c->arena, &found)) {
				o->bits[word] &= ~(left & -left);
				continue;
			}
			buf_reset(&c->line);
			event_format(&c->line, &old);
			*growth -= (int64_t)c->line.len;
			buf_reset(&c->line);
			event_format(&c->line, &new);
			*growth += (int64_t)c->line.len;
			*fields |= found.fields;
			count_event(c, store_row_kind(&o->stored, row), &found);
			add_change(c, store_row_seq(&o->stored, row), buf_view(&c->line));
		}
	return 0;
}

static int
change_segment(struct erase_cell *c, struct opened *o, struct err *e)
{
	field_set fields;
	int64_t growth;

	if (change_rows(c, o, &fields, &growth, e) < 0)
		return -1;
	if (fields == 0)
		return 0;
	return erase_segment(c, o->copied, o->stored.columns, &o->rows, o->bits, fields, growth, e);
}

/* ---- lines of the tail ---- */

static int
parse_line(struct erase_cell *c, const struct copied_line *t, struct event *ev, struct err *e)
{
	const char *detail;

	if (event_parse(ev, t->line.p, t->line.len, &event_stored, &c->tape, &c->arena, &detail) == EVENT_OK)
		return 0;
	return err_set(e, ERR_INTEGRITY, "the tail's line at seq %llu is damaged", (unsigned long long)t->seq);
}

/* Whether it stays as it is. */
static bool
spare_line(struct erase_cell *c, const struct copied_line *t, const struct event *ev)
{
	enum record_fate fate = RECORD_CHANGES;
	bool held;

	pthread_mutex_lock(c->lock);
	held = holds_keep_event(c->holds, ev);
	if (!held && t->kind == LEAF_RECORD)
		fate = record_fate(&c->judge, c->subject, c->holds, t->seq, ev);
	pthread_mutex_unlock(c->lock);
	c->found.held += held || fate == RECORD_HELD;
	c->found.kept += fate == RECORD_KEPT;
	return held || fate != RECORD_CHANGES;
}

static int
change_line(struct erase_cell *c, const struct copied_line *t, bool write, uint64_t *bits, struct err *e)
{
	struct subject_found found;
	struct changed_line *l;
	struct event old, new;

	if (!subject_may_occur(c->subject, buf_view(&t->line)))
		return 0;
	arena_reset(&c->arena);
	if (parse_line(c, t, &old, e) < 0)
		return -1;
	if (!subject_event(c->subject, &old, &new, &c->arena, &found))
		return 0;
	if (!write) {
		if (!spare_line(c, t, &old))
			bitmap_add(bits, (uint32_t)(t->seq % TREE_CELL));
		return 0;
	}
	mem_grow(&c->changed, &c->lines_cap, c->lines + 1, sizeof(*c->changed));
	l = &c->changed[c->lines++];
	*l = (struct changed_line){ .seq = t->seq, .key = (int64_t)event_key(c->st, &new), .off = c->bytes.len };
	event_format(&c->bytes, &new);
	l->len = c->bytes.len - l->off;
	count_event(c, (enum leaf_kind)t->kind, &found);
	add_change(c, t->seq, (struct str){ c->bytes.p + l->off, l->len });
	return 0;
}

/* Which lines change, or the changes of those that do. */
static int
take_lines(struct erase_cell *c, bool write, uint64_t *bits, struct err *e)
{
	for (size_t i = 0; i < c->copy.lines; i++) {
		const struct copied_line *t = &c->copy.line[i];
		uint32_t at = (uint32_t)(t->seq % TREE_CELL);

		if (t->seq >= c->copy.end || (write && !bitmap_has(bits, at)))
			continue;
		if (change_line(c, t, write, bits, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- the cell ---- */

/* Rows that change, as offsets in the cell. */
static void
gather_bits(const struct opened *o, uint64_t *bits)
{
	for (uint32_t row = 0; row < o->stored.info.meta.count; row++)
		if (bitmap_has(o->bits, row))
			bitmap_add(bits, (uint32_t)(store_row_seq(&o->stored, row) % TREE_CELL));
}

static bool
any_bit(const uint64_t *bits)
{
	for (uint32_t i = 0; i < TREE_CELL / 64; i++)
		if (bits[i] != 0)
			return true;
	return false;
}

static int
change_cell(struct erase_cell *c, struct opened *o, struct err *e)
{
	uint64_t bits[TREE_CELL / 64] = { 0 }, nodes[TREE_CELL_NODES / 64];
	int rc;

	for (size_t i = 0; i < c->copy.segments; i++) {
		if (open_segment(c, &o[i], &c->copy.segment[i], e) < 0)
			return err_doing(e, "segment %lld", (long long)c->copy.segment[i].info.id);
		gather_bits(&o[i], bits);
	}
	if (take_lines(c, false, bits, e) < 0)
		return -1;
	if (!any_bit(bits))
		return 0;
	changed_nodes(bits, nodes);
	if (cell_leaves_make(&c->leaves, &c->copy, nodes, e) < 0)
		return -1;
	rc = c->copy.full ? check_nodes(c, nodes, e) : check_leaves(c, bits, e);
	for (size_t i = 0; i < c->copy.segments && rc == 0; i++)
		rc = change_segment(c, &o[i], e);
	return rc == 0 ? take_lines(c, true, bits, e) : -1;
}

void
erase_cell_run(void *arg)
{
	struct erase_cell *c = arg;
	struct opened *o = mem_zero(c->copy.segments, sizeof(*o));

	c->finder.subject = c->subject;
	c->rc = change_cell(c, o, &c->err);
	for (size_t i = 0; i < c->copy.segments; i++) {
		segment_free(o[i].stored.columns);
		segment_rows_fini(&o[i].rows);
	}
	free(o);
}
