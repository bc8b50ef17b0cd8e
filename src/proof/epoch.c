/*
 * epoch: from introductions to epochs, then each checkpoint against the epoch
 * of its size, then the seals.
 *
 * In: checkpoints and introductions of unknown origin.   Out: findings.
 */
#include "proof/epoch.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "proof/checkpoint.h"

/* Sizes above the last of the epoch before, up to `last`. */
struct epoch {
	struct note_verifier key;
	bool usable; /* the key could be read */
	uint64_t last;
	bool sealed;
	bool used; /* signed anything in its sizes */
};

/* A checkpoint whose signature holds. */
struct statement {
	uint64_t size;
	struct hash root;
	const struct epoch_checkpoint *from;
};

struct check {
	const struct epoch_log *log;
	struct epoch *epoch;
	size_t n;
	struct statement *statement;
	size_t statements;
	struct epoch_summary *out;
	void (*found)(void *arg, const struct epoch_finding *finding);
	void *arg;
};

__attribute__((format(printf, 6, 7)))
static void
tell(struct check *c, enum epoch_fault fault, size_t epoch, uint64_t size,
    const struct epoch_checkpoint *checkpoint, const char *fmt, ...)
{
	struct epoch_finding finding = { fault, epoch, size, checkpoint, "" };
	va_list ap;

	if (fault == EPOCH_SEAL_PENDING)
		c->out->pending = true;
	else
		c->out->faults++;
	if (c->found == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(finding.text, sizeof(finding.text), fmt, ap);
	va_end(ap);
	c->found(c->arg, &finding);
}

/* ---- Epochs ---- */

static void
read_key(struct check *c, const struct epoch_introduction *in, struct epoch *made)
{
	struct err e = ERR_NONE;
	uint64_t size = in->seq + 1;

	if (note_verifier_parse(&made->key, in->key, &e) != 0) {
		tell(c, EPOCH_KEY_MALFORMED, c->n, size, NULL, "the key introduced at seq %" PRIu64
		    " cannot be read: %s", in->seq, e.text);
		return;
	}
	if (strcmp(made->key.name, c->log->pinned.name) != 0) {
		tell(c, EPOCH_KEY_MALFORMED, c->n, size, NULL, "the key introduced at seq %" PRIu64
		    " is of another log, %s", in->seq, made->key.name);
		return;
	}
	made->usable = true;
	for (size_t i = 0; i < c->n && made->usable; i++)
		if (c->epoch[i].usable &&
		    memcmp(c->epoch[i].key.key, made->key.key, NOTE_KEY_LEN) == 0) {
			tell(c, EPOCH_KEY_AGAIN, c->n, size, NULL, "the key introduced at seq %" PRIu64
			    " had epoch %zu already", in->seq, i);
			made->usable = false;
		}
}

/* Each introduction ends an epoch and begins one; one out of order is told
 * and left out. */
static void
make_epochs(struct check *c)
{
	const struct epoch_log *log = c->log;
	uint64_t before = 0;

	c->epoch = mem_zero(log->introductions + 1, sizeof(*c->epoch));
	c->epoch[0] = (struct epoch){ log->pinned, true, UINT64_MAX, false, false };
	c->n = 1;
	for (size_t i = 0; i < log->introductions; i++) {
		const struct epoch_introduction *in = &log->introduction[i];
		struct epoch *made = &c->epoch[c->n];

		if (in->seq >= log->size || in->seq + 1 <= before) {
			tell(c, EPOCH_ORDER, c->n - 1, in->seq, NULL,
			    "the key introduced at seq %" PRIu64 " is not behind the one before, or "
			    "not in a log of %" PRIu64, in->seq, log->size);
			continue;
		}
		made->last = UINT64_MAX;
		read_key(c, in, made);
		before = in->seq + 1;
		c->epoch[c->n - 1].last = before;
		c->n++;
	}
}

static size_t
epoch_of(const struct check *c, uint64_t size)
{
	size_t low = 0, high = c->n - 1;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (size <= c->epoch[middle].last)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* ---- Checkpoints ---- */

/* R1 is broken: the key of epoch `by` signed a size of epoch `of`. */
static void
tell_wrong_key(struct check *c, const struct epoch_checkpoint *p, size_t by, size_t of)
{
	if (by > of)
		tell(c, EPOCH_NEWER_KEY, of, p->size, p, "checkpoint %" PRIu64 " of epoch %zu is "
		    "signed with the newer key of epoch %zu", p->size, of, by);
	else if (p->size == c->epoch[of].last)
		tell(c, EPOCH_SEAL_TWICE, of, p->size, p, "epoch %zu is sealed at %" PRIu64
		    " and again at %" PRIu64, by, c->epoch[by].last, p->size);
	else
		tell(c, EPOCH_OLDER_KEY, of, p->size, p, "checkpoint %" PRIu64 " of epoch %zu is "
		    "signed with the older key of epoch %zu", p->size, of, by);
}

/* Is it signed by the key of its epoch and no other key of the log? */
static bool
signatures_hold(struct check *c, const struct epoch_checkpoint *p, const struct note *note)
{
	size_t of = epoch_of(c, p->size);
	bool good = false, spoiled = false;

	for (size_t k = 0; k < c->n; k++) {
		struct err e = ERR_NONE;

		if (!c->epoch[k].usable || !note_names(note, &c->epoch[k].key))
			continue;
		if (note_verify(note, &c->epoch[k].key, 1, &e) != 0) {
			/* By chance two keys may have one ID: then the line is the
			 * epoch's own, if it holds. */
			if (k != of && c->epoch[k].key.id == c->epoch[of].key.id)
				continue;
			tell(c, EPOCH_SIGNATURE, of, p->size, p, "checkpoint %" PRIu64 ": %s", p->size,
			    e.text);
			spoiled = true;
		} else if (k == of) {
			good = true;
		} else {
			tell_wrong_key(c, p, k, of);
			spoiled = true;
		}
	}
	if (!good && !spoiled)
		tell(c, EPOCH_UNSIGNED, of, p->size, p, "checkpoint %" PRIu64
		    " is signed by no key of the log", p->size);
	return good && !spoiled;
}

static void
check_content(struct check *c, const struct epoch_checkpoint *p, const struct hash *root)
{
	size_t of = epoch_of(c, p->size);
	struct epoch *epoch = &c->epoch[of];

	epoch->used = true;
	c->statement[c->statements++] = (struct statement){ p->size, *root, p };
	if (p->size > c->log->size) {
		tell(c, EPOCH_TRUNCATED, of, p->size, p, "the log has %" PRIu64
		    " events, but a checkpoint of %" PRIu64 " was signed", c->log->size, p->size);
		return;
	}
	if (!p->has_root || memcmp(p->root.b, root->b, HASH_LEN) != 0) {
		tell(c, EPOCH_ROOT, of, p->size, p, "the first %" PRIu64
		    " events are not those that were signed", p->size);
		return;
	}
	if (p->size == epoch->last)
		epoch->sealed = true;
	if (!c->out->has_signed || p->size > c->out->signed_size)
		c->out->signed_size = p->size;
	c->out->has_signed = true;
}

static void
check_checkpoint(struct check *c, const struct epoch_checkpoint *p)
{
	struct note note;
	struct checkpoint said;
	struct err e = ERR_NONE;

	if (note_parse(&note, p->note, &e) != 0 || checkpoint_parse(&said, note.text, &e) != 0) {
		tell(c, EPOCH_NOTE, epoch_of(c, p->size), p->size, p, "checkpoint %" PRIu64 ": %s",
		    p->size, e.text);
		return;
	}
	if (!str_eq(said.origin, str_of(c->log->pinned.name)) || said.size != p->size) {
		tell(c, EPOCH_NOTE, epoch_of(c, p->size), p->size, p, "checkpoint %" PRIu64
		    ": is of another log or size, %.*s %" PRIu64, p->size,
		    (int)(said.origin.len < NOTE_NAME_MAX ? said.origin.len : NOTE_NAME_MAX),
		    said.origin.p, said.size);
		return;
	}
	if (signatures_hold(c, p, &note))
		check_content(c, p, &said.root);
}

/* ---- All of them together ---- */

static int
by_size(const void *a, const void *b)
{
	const struct statement *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return memcmp(x->root.b, y->root.b, HASH_LEN);
}

static void
check_forks(struct check *c)
{
	if (c->statements > 1)
		qsort(c->statement, c->statements, sizeof(c->statement[0]), by_size);
	for (size_t i = 1; i < c->statements; i++) {
		const struct statement *s = &c->statement[i];

		if (s->size == s[-1].size && memcmp(s->root.b, s[-1].root.b, HASH_LEN) != 0)
			tell(c, EPOCH_FORK, epoch_of(c, s->size), s->size, s->from,
			    "two signed checkpoints of size %" PRIu64 " have different roots: fraud",
			    s->size);
	}
}

/* Every epoch but the last ends with its seal; the last but one may wait for
 * it as long as nothing was signed with the newer key. */
static void
check_seals(struct check *c)
{
	for (size_t i = 0; i + 1 < c->n; i++) {
		if (c->epoch[i].sealed)
			continue;
		if (i + 2 == c->n && !c->epoch[i + 1].used)
			tell(c, EPOCH_SEAL_PENDING, i, c->epoch[i].last, NULL,
			    "epoch %zu waits for its seal at %" PRIu64, i, c->epoch[i].last);
		else
			tell(c, EPOCH_SEAL_MISSING, i, c->epoch[i].last, NULL,
			    "epoch %zu has no valid seal at %" PRIu64, i, c->epoch[i].last);
	}
}

void
epoch_check(const struct epoch_log *log, struct epoch_summary *out,
    void (*found)(void *arg, const struct epoch_finding *finding), void *arg)
{
	struct check c = { .log = log, .out = out, .found = found, .arg = arg };

	memset(out, 0, sizeof(*out));
	c.statement = mem_zero(log->checkpoints, sizeof(*c.statement));
	make_epochs(&c);
	out->epochs = c.n;
	for (size_t i = 0; i < log->checkpoints; i++)
		check_checkpoint(&c, &log->checkpoint[i]);
	check_forks(&c);
	check_seals(&c);
	free(c.statement);
	free(c.epoch);
}
