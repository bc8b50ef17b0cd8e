/*
 * export_proof_write: the lines of an export proof, from bits and a tree.
 *
 * In: seqs in the order of the export, then its cells.   Out: text.
 */
#include <inttypes.h>

#include "base/base64.h"
#include "base/bitmap.h"
#include "proof/export_proof.h"
#include "proof/range.h"
#include "proof/salt.h"

/* ---- order ---- */

static void
add_run(struct buf *out, uint64_t first, uint64_t count, char separator)
{
	if (out->len > 0)
		buf_byte(out, separator);
	buf_printf(out, "%" PRIu64 "+%" PRIu64, first, count);
}

void
export_order_add(struct export_order *o, uint64_t seq)
{
	if (o->count > 0 && seq == o->first + o->count) {
		o->count++;
		return;
	}
	if (o->count > 0)
		add_run(&o->text, o->first, o->count, ' ');
	o->first = seq;
	o->count = 1;
}

void
export_order_fini(struct export_order *o)
{
	buf_fini(&o->text);
}

void
export_proof_begin(struct buf *out, uint64_t size, const struct export_order *order)
{
	buf_printf(out, EXPORT_PROOF_HEADER "\nsize %" PRIu64 "\norder ", size);
	if (order->text.len > 0) {
		buf_str(out, buf_view(&order->text));
		buf_byte(out, ' ');
	}
	if (order->count > 0)
		buf_printf(out, "%" PRIu64 "+%" PRIu64 "\n", order->first, order->count);
	else
		buf_str(out, STR("-\n"));
}

/* ---- hashes of gaps ---- */

struct covering {
	const struct path_source *from;
	struct buf *hashes;
	struct err *e;
};

static int
cover(void *arg, struct subtree s)
{
	struct covering *c = arg;
	struct hash h;

	if (path_subtree(&h, c->from, s, c->e) != 0)
		return -1;
	buf_add(c->hashes, h.b, HASH_LEN);
	return 0;
}

static void
add_base64(struct buf *out, const struct buf *bytes)
{
	if (bytes->len > 0)
		base64_add(out, bytes->p, bytes->len);
	else
		buf_byte(out, '-');
}

/* ---- cells ---- */

/* The end of the run of equal bits that begins at `at`, below end. */
static uint32_t
run_end(const uint64_t *bits, uint32_t at, uint32_t end)
{
	bool set = bitmap_has(bits, at);
	uint64_t equal = set ? UINT64_MAX : 0;

	while (at < end) {
		if (at % 64 == 0 && end - at >= 64 && bits[at / 64] == equal)
			at += 64;
		else if (bitmap_has(bits, at) == set)
			at++;
		else
			break;
	}
	return at;
}

/* The hashes of the erased lines among [at, end), one by one. */
static int
add_erased(struct covering *covering, const struct export_cell *c, uint32_t at, uint32_t end)
{
	uint64_t start = c->no * TREE_CELL;
	int rc = 0;

	for (; at < end && rc == 0; at++)
		if (bitmap_has(c->erased, at))
			rc = range_gap(start + at, start + at + 1, cover, covering);
	return rc;
}

static int
add_hashes(struct buf *hashes, const struct export_cell *c, uint32_t leaves, const struct path_source *from,
    struct err *e)
{
	struct covering covering = { from, hashes, e };
	uint64_t start = c->no * TREE_CELL;
	int rc = 0;

	for (uint32_t at = 0, end; at < leaves && rc == 0; at = end) {
		end = run_end(c->shown, at, leaves);
		if (!bitmap_has(c->shown, at))
			rc = range_gap(start + at, start + end, cover, &covering);
		else
			rc = add_erased(&covering, c, at, end);
	}
	return rc;
}

/* The lines that both say, as runs of offsets. */
static void
add_lines(struct buf *out, const uint64_t *some, const uint64_t *others, uint32_t leaves)
{
	struct buf runs = { 0 };
	uint64_t bits[EXPORT_BITS];

	for (uint32_t i = 0; i < EXPORT_BITS; i++)
		bits[i] = some[i] & others[i];
	for (uint32_t at = 0, end; at < leaves; at = end) {
		end = run_end(bits, at, leaves);
		if (bitmap_has(bits, at))
			add_run(&runs, at, end - at, ',');
	}
	buf_str(out, runs.len > 0 ? buf_view(&runs) : STR("-"));
	buf_fini(&runs);
}

static void
add_salts(struct buf *out, struct str all, const uint64_t *proved)
{
	struct buf salts = { 0 };
	uint64_t forget[EXPORT_BITS];

	for (uint32_t i = 0; i < EXPORT_BITS; i++)
		forget[i] = ~proved[i];
	salt_forget(&salts, all, forget);
	add_base64(out, &salts);
	buf_fini(&salts);
}

int
export_proof_cell(struct buf *out, const struct export_cell *c, uint64_t size, const struct path_source *from,
    struct err *e)
{
	uint64_t start = c->no * TREE_CELL;
	uint32_t leaves = size - start < TREE_CELL ? (uint32_t)(size - start) : TREE_CELL;
	uint64_t proved[EXPORT_BITS];
	struct buf hashes = { 0 };
	struct hash root;
	int rc = path_root(&root, from, start, leaves, e);

	for (uint32_t i = 0; i < EXPORT_BITS; i++)
		proved[i] = c->shown[i] & ~c->erased[i];
	if (rc == 0)
		rc = add_hashes(&hashes, c, leaves, from, e);
	if (rc == 0) {
		buf_printf(out, "cell %" PRIu64 " ", c->no);
		base64_add(out, root.b, HASH_LEN);
		buf_byte(out, ' ');
		add_lines(out, proved, c->record, leaves);
		buf_byte(out, ' ');
		add_lines(out, c->shown, c->erased, leaves);
		buf_byte(out, ' ');
		add_salts(out, c->salts, proved);
		buf_byte(out, ' ');
		add_base64(out, &hashes);
		buf_byte(out, '\n');
	}
	buf_fini(&hashes);
	return rc;
}

int
export_proof_outside(struct buf *out, const uint64_t *cell, size_t cells, uint64_t size,
    const struct path_source *from, struct err *e)
{
	struct buf hashes = { 0 };
	struct covering covering = { from, &hashes, e };
	uint64_t at = 0;
	int rc = 0;

	for (size_t i = 0; i < cells && rc == 0; i++) {
		rc = range_gap(at, cell[i] * TREE_CELL, cover, &covering);
		at = (cell[i] + 1) * TREE_CELL;
	}
	if (rc == 0 && at < size)
		rc = range_gap(at, size, cover, &covering);
	if (rc == 0) {
		buf_str(out, STR("outside "));
		add_base64(out, &hashes);
		buf_str(out, STR("\n\n"));
	}
	buf_fini(&hashes);
	return rc;
}
