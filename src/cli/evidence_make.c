/*
 * evidence_make: from the store to files that show something without it.
 *
 * What is given out was verified first: a store that does not hold what was
 * signed makes no evidence.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/evidence_judge.h"
#include "proof/bundle.h"

/* ---- Checkpoints ---- */

int
evidence_checkpoint(struct store *st, uint64_t size, bool at_most, uint64_t *covers, struct buf *note, struct err *e)
{
	struct store_note last;
	int found = store_checkpoint_last(st, at_most ? size : CHECKPOINT_SIZE_MAX, &last, note, e);

	if (found < 0)
		return -1;
	if (found == 0)
		return err_set(e, ERR_FAIL, "no checkpoint is signed%s: audit-verify --sign makes one",
		    at_most ? " of these events" : "");
	if (!at_most && last.size < size)
		return err_set(e, ERR_FAIL, "the last checkpoint is of %" PRIu64 " events, and not of %" PRIu64
		    ": audit-verify --sign makes a new one", last.size, size);
	*covers = last.size;
	return 0;
}

static int
log_size(struct store *st, uint64_t *size, struct err *e)
{
	struct segment_info *segments = NULL;
	struct store_view view;
	size_t n;

	if (store_view(st, &view, &segments, &n, e) != 0)
		return -1;
	free(segments);
	*size = view.size;
	return 0;
}

/* ---- One event ---- */

/* Appends the bundle of an event of the tree that the note is about. */
static int
add_bundle(struct store *st, uint64_t seq, struct str note, struct buf *out, struct err *e)
{
	struct store_proof p = { 0 };
	struct checkpoint c;
	struct hash leaf;
	int rc = chain_note_read(note, &c, e);

	if (rc == 0)
		rc = store_prove(st, seq, c.size, &p, e);
	if (rc == 0) {
		tree_leaf(&leaf, p.salt, p.kind, buf_view(&p.line));
		rc = path_inclusion_verify(&p.path, &leaf, seq, c.size, &c.root, e);
		if (rc != 0)
			err_doing(e, "event %" PRIu64 " is not as it was signed", seq);
	}
	if (rc == 0)
		bundle_format(out, p.salt, p.kind, buf_view(&p.line), seq, &p.path, note);
	store_proof_fini(&p);
	return rc;
}

/* ---- The chain ---- */

/* The log's keys and, for each but the last, the seal of its epoch. */
struct keys {
	struct key {
		uint64_t seq; /* of the record that introduced it */
		struct note_verifier verifier;
		struct buf seal;
	} *key;
	size_t n, cap;
};

static int
add_key(void *arg, const struct store_key *k, struct err *e)
{
	struct keys *keys = arg;
	struct key key = { .seq = k->seq };

	if (note_verifier_parse(&key.verifier, k->line, e) != 0)
		return err_doing(e, "the key of event %" PRIu64, k->seq);
	mem_grow(&keys->key, &keys->cap, keys->n + 1, sizeof(*keys->key));
	keys->key[keys->n++] = key;
	return 0;
}

/* Is it the seal of an epoch, signed by the key of it? */
static int
add_seal(void *arg, const struct store_note *n, struct err *e)
{
	struct keys *keys = arg;

	(void)e;
	for (size_t i = 1; i < keys->n; i++) {
		struct key *sealed = &keys->key[i - 1];
		struct checkpoint c;
		struct err ignored = ERR_NONE;

		if (keys->key[i].seq + 1 == n->size && sealed->seal.len == 0 &&
		    checkpoint_open(&c, n->note, &sealed->verifier, &ignored) == 0 && c.size == n->size)
			buf_str(&sealed->seal, n->note);
	}
	return 0;
}

static void
keys_fini(struct keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		buf_fini(&keys->key[i].seal);
	free(keys->key);
}

int
evidence_chain(struct store *st, uint64_t size, struct buf *out, struct err *e)
{
	struct keys keys = { 0 };
	int rc = store_key_each(st, add_key, &keys, e);

	if (rc == 0)
		rc = store_checkpoint_each(st, add_seal, &keys, e);
	/* The seal itself falls in the epoch that it ends. */
	for (size_t i = 1; rc == 0 && i < keys.n && keys.key[i].seq + 1 < size; i++) {
		if (keys.key[i - 1].seal.len == 0)
			rc = err_set(e, ERR_INTEGRITY, "the epoch that event %" PRIu64 " ends has no valid seal",
			    keys.key[i].seq);
		else
			rc = add_bundle(st, keys.key[i].seq, buf_view(&keys.key[i - 1].seal), out, e);
	}
	keys_fini(&keys);
	return rc;
}

int
evidence_event(struct store *st, uint64_t seq, struct buf *out, struct err *e)
{
	struct buf note = { 0 };
	uint64_t size;
	int rc = -1;

	if (log_size(st, &size, e) != 0)
		return -1;
	if (seq >= size)
		return err_set(e, ERR_FAIL, "there is no event %" PRIu64 ": the log has %" PRIu64, seq, size);
	if (evidence_checkpoint(st, seq + 1, false, &size, &note, e) == 0 && evidence_chain(st, size, out, e) == 0)
		rc = add_bundle(st, seq, buf_view(&note), out, e);
	buf_fini(&note);
	return rc;
}

/* ---- Consistency ---- */

/* Can the last checkpoint continue this one at all? */
static int
check_order(struct store *st, const struct checkpoint *from, const struct checkpoint *to, struct err *e)
{
	uint64_t size;

	if (!str_eq(from->origin, to->origin))
		return err_set(e, ERR_INTEGRITY, "the checkpoint is of another log, %.*s",
		    (int)(from->origin.len < NOTE_NAME_MAX ? from->origin.len : NOTE_NAME_MAX), from->origin.p);
	if (from->size <= to->size)
		return from->size > 0 ? 0 : err_set(e, ERR_FAIL, "every log continues an empty one: nothing to show");
	if (log_size(st, &size, e) != 0)
		return -1;
	if (from->size > size)
		return err_set(e, ERR_INTEGRITY, "the log has %" PRIu64 " events, but the checkpoint is of %" PRIu64
		    ": it was truncated, or an older copy was put back", size, from->size);
	return err_set(e, ERR_FAIL, "the checkpoint is of %" PRIu64 " events, the last one stored of %" PRIu64
	    ": audit-verify --sign makes a new one", from->size, to->size);
}

static int
add_consistency(struct store *st, const struct checkpoint *from, struct str note, struct buf *out, struct err *e)
{
	struct checkpoint to;
	struct path path;

	if (chain_note_read(note, &to, e) != 0 || check_order(st, from, &to, e) != 0 ||
	    store_prove_consistency(st, from->size, to.size, &path, e) != 0)
		return -1;
	if (path_consistency_verify(&path, from->size, &from->root, to.size, &to.root, e) != 0)
		return err_doing(e, "the log does not continue this checkpoint");
	buf_printf(out, "old %" PRIu64 "\n", from->size);
	for (unsigned i = 0; i < path.n; i++) {
		base64_add(out, path.hash[i].b, HASH_LEN);
		buf_byte(out, '\n');
	}
	buf_byte(out, '\n');
	buf_str(out, note);
	return 0;
}

int
evidence_consistency(struct store *st, struct str old_note, struct buf *out, struct err *e)
{
	struct checkpoint from;
	struct buf note = { 0 };
	uint64_t size;
	int rc = -1;

	if (chain_note_read(old_note, &from, e) == 0 && evidence_checkpoint(st, 0, false, &size, &note, e) == 0 &&
	    evidence_chain(st, size, out, e) == 0)
		rc = add_consistency(st, &from, buf_view(&note), out, e);
	buf_fini(&note);
	return rc;
}

/* ---- Exports ---- */

int
evidence_export(struct store *st, struct export_prover *p, struct str note, struct outstream *out, struct err *e)
{
	struct checkpoint c;
	struct buf chain = { 0 };
	int rc = -1;

	if (chain_note_read(note, &c, e) == 0 && evidence_chain(st, c.size, &chain, e) == 0 &&
	    export_prover_write(p, out, e) == 0 && outstream_write(out, note.p, note.len, e) == 0)
		rc = outstream_write(out, chain.p, chain.len, e);
	buf_fini(&chain);
	return rc;
}
