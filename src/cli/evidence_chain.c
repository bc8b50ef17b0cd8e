/*
 * evidence_chain: from the key that someone pinned to the one that signed.
 *
 * Evidence of a later epoch brings the records that introduced its key and
 * those before it, each as a bundle under the seal of the epoch that it ends:
 *
 *	key 0 signs	seal of 4096, whose last leaf introduces key 1
 *	key 1 signs	seal of 9001, whose last leaf introduces key 2
 *	key 2 signs	the checkpoint of the evidence
 *
 * In: bundles of unknown origin.   Out: whether a note is the log's.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/evidence_judge.h"
#include "event/selector.h"
#include "proof/bundle.h"
#include "proof/epoch.h"

#define BUNDLE_BEGIN "c2sp.org/tlog-proof@"
#define SIGNATURE_BEGIN "\xe2\x80\x94 " /* em dash, blank */

bool
chain_begins(struct str text)
{
	return str_begins(text, STR(BUNDLE_BEGIN));
}

/* ---- Cutting the text ---- */

/* Bytes up to and with the first empty line; 0: there is none. */
static size_t
to_empty_line(struct str text)
{
	const char *at = text.len > 0 ? memmem(text.p, text.len, "\n\n", 2) : NULL;

	return at ? (size_t)(at - text.p) + 2 : 0;
}

static struct str
take(struct str *text, size_t n)
{
	struct str taken = { text->p, n };

	text->p += n;
	text->len -= n;
	return taken;
}

int
chain_take_note(struct str *text, struct str *note, struct err *e)
{
	size_t head = to_empty_line(*text), n = head;

	while (n > 0 && str_begins((struct str){ text->p + n, text->len - n }, STR(SIGNATURE_BEGIN))) {
		const char *end = memchr(text->p + n, '\n', text->len - n);

		if (end == NULL)
			return err_set(e, ERR_INTEGRITY, "ends within a signature");
		n = (size_t)(end - text->p) + 1;
	}
	if (n == head)
		return err_set(e, ERR_INTEGRITY, "a signed checkpoint is missing");
	*note = take(text, n);
	return 0;
}

int
chain_take_bundle(struct str *text, struct str *bundle, struct err *e)
{
	struct str rest = *text, note;
	size_t n = to_empty_line(rest);

	if (n == 0)
		return err_set(e, ERR_INTEGRITY, "a proof ends before its checkpoint");
	take(&rest, n);
	if (chain_take_note(&rest, &note, e) != 0)
		return -1;
	*bundle = take(text, n + note.len);
	return 0;
}

/* ---- The records ---- */

/* Is it the record of a rotation?  Appends the key that it introduces. */
static bool
introduced_key(struct str line, struct buf *key)
{
	struct json_tape tape = { 0 };
	struct selector_scratch scratch = { 0 };
	struct selector where;
	struct arena a = { 0 };
	struct event ev;
	struct err e = ERR_NONE;
	const char *detail;
	bool found = event_parse(&ev, line.p, line.len, &event_stored, &tape, &a, &detail) == EVENT_OK &&
	    event_has(&ev, FIELD_SOURCE) && str_eq(ev.v[FIELD_SOURCE], STR(EVENT_RESERVED_SOURCE)) &&
	    str_eq(ev.v[FIELD_ACTION], STR("audit.key-rotate")) && event_has(&ev, FIELD_CONTEXT) &&
	    selector_parse(&where, STR("context.key"), &a, &e) == 0;

	if (found) {
		selector_values(&where, ev.v[FIELD_CONTEXT], &scratch, NULL);
		found = scratch.n == 1 && scratch.value[0].type == TOKEN_STRING;
	}
	if (found)
		buf_str(key, scratch.value[0].text);
	selector_scratch_fini(&scratch);
	json_tape_fini(&tape);
	arena_fini(&a);
	return found;
}

int
chain_note_read(struct str bytes, struct checkpoint *out, struct err *e)
{
	struct note note;

	return note_parse(&note, bytes, e) == 0 && checkpoint_parse(out, note.text, e) == 0 ? 0 : -1;
}

static int
read_link(struct chain_link *link, const struct bundle *b, struct err *e)
{
	struct bundle_entry entry;
	struct checkpoint seal;

	if (chain_note_read(b->note, &seal, e) != 0 || bundle_entry(b, &entry, e) != 0 ||
	    path_inclusion_verify(&b->path, &entry.leaf, b->index, seal.size, &seal.root, e) != 0)
		return -1;
	if (b->index + 1 != seal.size)
		return err_set(e, ERR_INTEGRITY, "event %" PRIu64 " is not the last one of the %" PRIu64
		    " that the seal is about", b->index, seal.size);
	if (entry.kind != LEAF_RECORD || !introduced_key(entry.line, &link->key))
		return err_set(e, ERR_INTEGRITY, "event %" PRIu64 " is not the record of a rotation", b->index);
	link->size = seal.size;
	link->root = seal.root;
	link->note = b->note;
	return 0;
}

int
chain_add(struct chain *c, struct str text, struct err *e)
{
	struct chain_link link = { 0 };
	struct bundle b = { 0 };
	int rc = bundle_parse(&b, text, e);

	if (rc == 0)
		rc = read_link(&link, &b, e);
	if (rc == 0 && c->n > 0 && link.size <= c->link[c->n - 1].size)
		rc = err_set(e, ERR_INTEGRITY, "the seal of %" PRIu64 " is not behind the one of %" PRIu64,
		    link.size, c->link[c->n - 1].size);
	bundle_fini(&b);
	if (rc != 0) {
		buf_fini(&link.key);
		return err_doing(e, "chain of keys, part %zu", c->n + 1);
	}
	mem_grow(&c->link, &c->cap, c->n + 1, sizeof(*c->link));
	c->link[c->n++] = link;
	return 0;
}

void
chain_fini(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		buf_fini(&c->link[i].key);
	free(c->link);
}

/* ---- The rules ---- */

/* The first fault is the one that is told. */
static void
told(void *arg, const struct epoch_finding *finding)
{
	err_set(arg, ERR_INTEGRITY, "%s", finding->text);
}

static struct epoch_checkpoint
as_said(const struct checkpoint *c, struct str note)
{
	/* The tree of this root is the one that the evidence is about. */
	return (struct epoch_checkpoint){ .size = c->size, .has_root = true, .root = c->root, .note = note };
}

/* How many links are before the epoch of the pinned key: all that its own
 * introduction ends. */
static size_t
links_before(const struct chain *c, const struct note_verifier *pinned)
{
	for (size_t i = 0; i < c->n; i++) {
		struct note_verifier v;
		struct err ignored = ERR_NONE;

		if (note_verifier_parse(&v, buf_view(&c->link[i].key), &ignored) == 0 &&
		    note_verifier_equal(&v, pinned))
			return i + 1;
	}
	return 0;
}

/* Without a chain only the pinned key itself can have signed. */
static int
judge_alone(const struct checkpoint *c, struct str bytes, const struct note_verifier *pinned, struct err *e)
{
	struct note note;

	if (note_parse(&note, bytes, e) != 0)
		return -1;
	if (str_eq(c->origin, str_of(pinned->name)) && !note_names(&note, pinned))
		return err_set(e, ERR_INTEGRITY, "checkpoint %" PRIu64 " is not signed with the key that was given, but "
		    "with %08" PRIx32 ": of another epoch, with nothing that leads there, or of nobody we know", c->size,
		    note.signature[0].id);
	return 0;
}

int
chain_note(const struct chain *c, const struct note_verifier *pinned, struct str note, const struct str *older,
    struct checkpoint *out, struct err *e)
{
	size_t from = links_before(c, pinned), n = 0;
	uint64_t begin = from > 0 ? c->link[from - 1].size : 0;
	struct epoch_introduction *introduction;
	struct epoch_checkpoint *checkpoint;
	struct epoch_summary summary;
	struct checkpoint before;

	if (chain_note_read(note, out, e) != 0)
		return -1;
	if (out->size <= begin)
		return err_set(e, ERR_INTEGRITY, "checkpoint %" PRIu64 " is older than the epoch of the key, which "
		    "begins behind %" PRIu64, out->size, begin);
	if (c->n > 0 && out->size <= c->link[c->n - 1].size)
		return err_set(e, ERR_INTEGRITY, "the chain of keys leads beyond checkpoint %" PRIu64, out->size);
	if (c->n == 0 && judge_alone(out, note, pinned, e) != 0)
		return -1;
	introduction = mem_zero(c->n + 1, sizeof(*introduction));
	checkpoint = mem_zero(c->n + 2, sizeof(*checkpoint));
	for (size_t i = from; i < c->n; i++) {
		const struct chain_link *link = &c->link[i];

		introduction[n] = (struct epoch_introduction){ link->size - 1, buf_view(&link->key) };
		checkpoint[n++] = (struct epoch_checkpoint){ link->size, true, link->root, link->note };
	}

	struct epoch_log log = { *pinned, out->size, introduction, n, checkpoint, n };

	checkpoint[log.checkpoints++] = as_said(out, note);
	/* What was signed before the pinned key's epoch is by keys nobody pinned. */
	if (older && chain_note_read(*older, &before, e) == 0 && before.size > begin)
		checkpoint[log.checkpoints++] = as_said(&before, *older);
	epoch_check(&log, &summary, told, e);
	free(introduction);
	free(checkpoint);
	return summary.faults > 0 || summary.pending ? -1 : 0;
}
