/*
 * export_prover: what shows a whole export.
 *
 * While events are told it keeps a bit for each of them and the text of their
 * order; a cell is read and recomputed only when the proof is written.
 *
 * In: seqs in the order of the export's lines.   Out: an export proof.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/bitmap.h"
#include "base/mem.h"
#include "base/stream.h"
#include "proof/export_proof.h"
#include "store/prove.h"

struct export_prover {
	struct store *st;
	uint64_t size;   /* of the tree */
	uint64_t before; /* the size of the log when it began */
	uint64_t beyond, erased;
	uint64_t **shown; /* a cell's bits, or NULL; by number */
	size_t cells, cap;
	struct export_order order;
};

/* Without it, what was erased before cannot be told from what is erased now. */
static uint64_t
size_now(struct store *st)
{
	struct err e = ERR_NONE;
	struct state state = { 0 };

	pthread_mutex_lock(&st->lock);
	if (state_get(st, &state, &e) < 0)
		state.size = 0;
	pthread_mutex_unlock(&st->lock);
	return state.size;
}

struct export_prover *
export_prover_new(struct store *st, uint64_t size)
{
	struct export_prover *p = mem_zero(1, sizeof(*p));

	p->st = st;
	p->size = size;
	p->before = size_now(st);
	return p;
}

void
export_prover_again(struct export_prover *p)
{
	for (size_t no = 0; no < p->cells; no++)
		free(p->shown[no]);
	p->cells = 0;
	p->beyond = p->erased = 0;
	export_order_fini(&p->order);
	p->order = (struct export_order){ .count = 0 };
}

void
export_prover_free(struct export_prover *p)
{
	if (p == NULL)
		return;
	export_prover_again(p);
	free(p->shown);
	free(p);
}

/* The bits of a cell. */
static uint64_t *
bits_of(struct export_prover *p, uint64_t no)
{
	mem_grow(&p->shown, &p->cap, (size_t)no + 1, sizeof(*p->shown));
	while (p->cells <= no)
		p->shown[p->cells++] = NULL;
	if (p->shown[no] == NULL)
		p->shown[no] = mem_zero(EXPORT_BITS, sizeof(*p->shown[no]));
	return p->shown[no];
}

void
export_prover_add(struct export_prover *p, uint64_t seq)
{
	uint32_t at = (uint32_t)(seq % TREE_CELL);

	export_order_add(&p->order, seq);
	if (seq >= p->size) {
		p->beyond++;
		return;
	}
	bitmap_add(bits_of(p, seq / TREE_CELL), at);
}

uint64_t
export_prover_beyond(const struct export_prover *p)
{
	return p->beyond;
}

uint64_t
export_prover_erased(const struct export_prover *p)
{
	return p->erased;
}

/* What the export has of an event is what it was before, or what it became. */
static int
check_changes(const struct export_prover *p, const struct cell_copy *c, struct err *e)
{
	for (size_t i = 0; i < c->changes; i++)
		if (c->change[i].record >= p->before && bitmap_has(p->shown[c->no], c->change[i].seq % TREE_CELL))
			return err_set(e, ERR_BUSY, "event %" PRIu64 " was erased meanwhile: export again", c->change[i].seq);
	return 0;
}

/* All lines of a cell are there; which of them are records, and which erased. */
static int
look_at_lines(const struct export_prover *p, const struct proved_cell *c, uint64_t record[EXPORT_BITS],
    uint64_t erased[EXPORT_BITS], struct err *e)
{
	const uint64_t *shown = p->shown[c->copy.no];

	memset(record, 0, EXPORT_BITS * sizeof(*record));
	memset(erased, 0, EXPORT_BITS * sizeof(*erased));
	for (uint32_t at = 0; at < TREE_CELL; at++) {
		if (!bitmap_has(shown, at))
			continue;
		if (c->leaves.state[at] == LEAF_GONE)
			return err_set(e, ERR_BUSY, "event %" PRIu64 " was pruned meanwhile: export again",
			    c->copy.no * TREE_CELL + at);
		if (c->leaves.state[at] == LEAF_ERASED)
			bitmap_add(erased, at);
		else if (c->leaves.kind[at] == LEAF_RECORD)
			bitmap_add(record, at);
	}
	return check_changes(p, &c->copy, e);
}

static int
format_cell(struct export_prover *p, struct prover *prover, uint64_t no, struct buf *out, struct err *e)
{
	const struct path_source from = { prover_subtree, prover };
	const struct proved_cell *c = prover_cell(prover, no, e);
	uint64_t record[EXPORT_BITS], erased[EXPORT_BITS];

	if (c == NULL || look_at_lines(p, c, record, erased, e) < 0)
		return -1;
	for (size_t i = 0; i < EXPORT_BITS; i++)
		p->erased += (uint64_t)__builtin_popcountll(erased[i]);
	return export_proof_cell(out, &(struct export_cell){ no, p->shown[no], record, erased, buf_view(&c->copy.salts) },
	    p->size, &from, e);
}

static int
give(struct outstream *out, struct buf *text, struct err *e)
{
	int rc = outstream_write(out, text->p, text->len, e);

	buf_reset(text);
	return rc;
}

static int
write_all(struct export_prover *p, struct prover *prover, struct outstream *out, struct err *e)
{
	const struct path_source from = { prover_subtree, prover };
	uint64_t *cell = mem_alloc(p->cells * sizeof(*cell));
	struct buf text = { 0 };
	size_t n = 0;
	int rc;

	export_proof_begin(&text, p->size, &p->order);
	rc = give(out, &text, e);
	for (size_t no = 0; no < p->cells && rc == 0; no++) {
		if (p->shown[no] == NULL)
			continue;
		cell[n++] = no;
		if ((rc = format_cell(p, prover, no, &text, e)) == 0)
			rc = give(out, &text, e);
	}
	if (rc == 0 && (rc = export_proof_outside(&text, cell, n, p->size, &from, e)) == 0)
		rc = give(out, &text, e);
	buf_fini(&text);
	free(cell);
	return rc;
}

int
export_prover_write(struct export_prover *p, struct outstream *out, struct err *e)
{
	struct prover prover;
	int rc = prover_init(&prover, p->st, p->size, e);

	if (rc == 0)
		rc = write_all(p, &prover, out, e);
	prover_fini(&prover);
	return rc < 0 ? store_blame(p->st, e) : 0;
}
