/*
 * judge: recompute, then hold against everything that was ever signed or seen.
 *
 * In: a store, and what is known of it from elsewhere.   Out: a verdict.
 */
#include "cli/judge.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "proof/checkpoint.h"
#include "proof/epoch.h"

/* Roots that are asked for behind those of the notes. */
enum { WITNESS_SIZE, WITNESS_FIRM, WITNESS_ROOTS };

struct judge {
	struct store *st;
	const struct judge_options *o;
	struct verdict *v;
	struct witness witness;
	struct verify_root *root; /* one for each note, then those of the witness */
	bool *legible;            /* of each note */
	struct note_verifier *key; /* of the log, readable ones from the first on */
	size_t keys;
	const char **source;      /* of each checkpoint given to epoch_check: its file, or NULL */
	const struct epoch_checkpoint *checkpoint;
	uint64_t *unlike;         /* sizes of stored ones that the log is not like */
	size_t unlikes, unlikes_cap;
};

__attribute__((format(printf, 2, 3)))
static void
tell(struct judge *j, const char *fmt, ...)
{
	char text[2048];
	struct verify_finding f = { .field = FIELD_NONE, .text = text };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	j->v->found++;
	verdict_finding(j->v, "checkpoint", &f);
}

/* ---- What is asked of the store ---- */

/* Notes from elsewhere say themselves which size they are about. */
static void
read_notes(struct judge *j)
{
	for (size_t i = 0; i < j->o->notes; i++) {
		const struct judge_note *n = &j->o->note[i];
		struct err why = ERR_NONE;
		struct checkpoint said;
		struct note note;

		j->legible[i] = note_parse(&note, n->note, &why) == 0 && checkpoint_parse(&said, note.text, &why) == 0;
		if (j->legible[i])
			j->root[i].size = said.size;
		else
			tell(j, "%s: is no checkpoint: %s", n->name, why.text);
	}
}

static void
on_finding(void *arg, const struct verify_finding *f)
{
	struct judge *j = arg;

	verdict_finding(j->v, verify_fault_name(f->fault), f);
}

/* The callbacks of the caller, with ours between. */
static void
on_progress(void *arg, uint64_t events, uint64_t of)
{
	struct judge *j = arg;

	if (j->o->verify.progress)
		j->o->verify.progress(j->o->verify.arg, events, of);
}

static int
recompute(struct judge *j, struct err *e)
{
	struct verify_options o = { .pool = j->o->verify.pool, .root = j->root, .roots = j->o->notes + WITNESS_ROOTS,
		.found = on_finding, .progress = on_progress, .go_on = j->o->verify.go_on, .arg = j };

	j->root[j->o->notes + WITNESS_SIZE].size = j->witness.size;
	j->root[j->o->notes + WITNESS_FIRM].size = j->witness.firm;
	if (store_verify(j->st, &o, &j->v->result, e) != 0)
		return -1;
	j->v->found += j->v->result.findings;
	return 0;
}

/* ---- Keys ---- */

static void
read_keys(struct judge *j)
{
	const struct verify_result *r = &j->v->result;
	struct err why = ERR_NONE;

	j->key = mem_zero(r->keys, sizeof(*j->key));
	while (j->keys < r->keys &&
	    note_verifier_parse(&j->key[j->keys], buf_view(&r->key[j->keys].line), &why) == 0)
		j->keys++;
	if (r->keys > 0 && j->keys == 0)
		tell(j, "the first key of the log, introduced at seq %" PRIu64 ", cannot be read: %s", r->key[0].seq,
		    why.text);
}

/* Which key of the log the pinned one is; `keys` when it is none. */
static size_t
find_pinned(const struct judge *j)
{
	size_t i = 0;

	while (i < j->keys && !note_verifier_equal(&j->key[i], j->o->pinned))
		i++;
	return i;
}

/* A later key vouches for all that was signed in its epoch or behind it, and
 * so for everything before. */
static void
check_pinned(struct judge *j)
{
	const struct note_verifier *pinned = j->o->pinned;
	size_t i = find_pinned(j);
	uint64_t from = i > 0 && i < j->keys ? j->v->result.key[i].seq + 1 : 0;

	if (j->v->result.keys == 0)
		tell(j, "the log has no key; the pinned one is %s+%08" PRIx32, pinned->name, pinned->id);
	else if (i == j->keys)
		tell(j, "the pinned key %s+%08" PRIx32 " is none of the log's; its first is %.*s", pinned->name, pinned->id,
		    (int)j->v->result.key[0].line.len, j->v->result.key[0].line.p);
	else if (j->v->signed_size <= from)
		tell(j, "nothing is validly signed with the pinned key %s+%08" PRIx32, pinned->name, pinned->id);
}

/* ---- Checkpoints ---- */

static int
by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A seal that the log is not like is told of with the other checkpoints, which
 * come by size. */
static bool
is_unlike(const struct judge *j, uint64_t size)
{
	return j->unlikes > 0 && bsearch(&size, j->unlike, j->unlikes, sizeof(size), by_size) != NULL;
}

static void
on_epoch_finding(void *arg, const struct epoch_finding *f)
{
	struct judge *j = arg;
	const char *source = f->checkpoint ? j->source[f->checkpoint - j->checkpoint] : NULL;

	if (f->fault == EPOCH_SEAL_PENDING)
		return; /* lawful after a crash; the summary has it */
	if (f->fault == EPOCH_ROOT && source == NULL) {
		mem_grow(&j->unlike, &j->unlikes_cap, j->unlikes + 1, sizeof(*j->unlike));
		j->unlike[j->unlikes++] = f->size;
		return;
	}
	if (f->fault == EPOCH_SEAL_MISSING && is_unlike(j, f->size))
		return;
	tell(j, "%s%s%s", source ? source : "", source ? ": " : "", f->text);
}

/* What changed one event changed all checkpoints behind it: told once.  They
 * are stored by size. */
static void
tell_unlike(struct judge *j, const struct epoch_summary *sum)
{
	char later[128] = "", before[128] = "";

	if (j->unlikes == 0)
		return;
	if (j->unlikes > 1)
		snprintf(later, sizeof(later), ", nor are those of %zu later checkpoints, up to that of %" PRIu64,
		    j->unlikes - 1, j->unlike[j->unlikes - 1]);
	if (sum->has_signed && sum->signed_size < j->unlike[0])
		snprintf(before, sizeof(before), "; the first %" PRIu64 " are", sum->signed_size);
	tell(j, "the first %" PRIu64 " events are not those that were signed%s%s", j->unlike[0], later, before);
}

/* All that was ever signed, stored or kept elsewhere. */
static size_t
gather(struct judge *j, struct epoch_checkpoint *list)
{
	const struct verify_result *r = &j->v->result;
	size_t n = 0;

	for (size_t i = 0; i < r->checkpoints; i++, n++) {
		const struct verify_checkpoint *c = &r->checkpoint[i];

		list[n] = (struct epoch_checkpoint){ c->at.size, c->at.known, c->at.root, buf_view(&c->note) };
		j->source[n] = NULL;
	}
	for (size_t i = 0; i < j->o->notes; i++) {
		if (!j->legible[i])
			continue;
		list[n] = (struct epoch_checkpoint){ j->root[i].size, j->root[i].known, j->root[i].root,
			j->o->note[i].note };
		j->source[n++] = j->o->note[i].name;
	}
	return n;
}

/* The time of the stored checkpoint that covers most. */
static int
find_time(struct judge *j, struct err *e)
{
	struct store_note n;
	struct buf bytes = { 0 };
	int rc;

	j->v->signed_at = TIME_NONE;
	if (j->v->signed_size == 0)
		return 0;
	rc = store_checkpoint_last(j->st, j->v->signed_size, &n, &bytes, e);
	if (rc == 1 && n.size == j->v->signed_size)
		j->v->signed_at = n.at;
	buf_fini(&bytes);
	return rc < 0 ? -1 : 0;
}

/* Rules R1 to R3, judged by the log's own first key: that it is the right one
 * is for check_pinned to say. */
static void
check_epochs(struct judge *j)
{
	const struct verify_result *r = &j->v->result;
	struct epoch_checkpoint *list = mem_zero(r->checkpoints + j->o->notes, sizeof(*list));
	struct epoch_introduction *in = mem_zero(r->keys, sizeof(*in));
	struct epoch_log log = { .size = r->size, .introduction = in, .checkpoint = list };
	struct epoch_summary sum = { 0 };

	j->source = mem_zero(r->checkpoints + j->o->notes, sizeof(*j->source));
	j->checkpoint = list;
	log.checkpoints = gather(j, list);
	for (size_t i = 1; i < r->keys; i++)
		in[log.introductions++] = (struct epoch_introduction){ r->key[i].seq, buf_view(&r->key[i].line) };
	if (j->keys > 0) {
		log.pinned = j->key[0];
		epoch_check(&log, &sum, on_epoch_finding, j);
		tell_unlike(j, &sum);
		j->v->epochs = sum.epochs;
		j->v->signed_size = sum.has_signed ? sum.signed_size : 0;
		j->v->pending = sum.pending;
		note_verifier_format(&j->v->key, j->o->pinned ? j->o->pinned : &j->key[0]);
	} else if (log.checkpoints > 0) {
		tell(j, "there are %zu checkpoints, but the log has no key that they can be judged by", log.checkpoints);
	}
	free(in);
	free(list);
}

/* ---- What was seen before ---- */

/* The name of the log; of one without a key, that of the store. */
static void
format_origin(const struct judge *j, struct buf *out)
{
	uint8_t id[16];

	if (j->keys > 0) {
		buf_str(out, str_of(j->key[0].name));
		return;
	}
	store_id(j->st, id);
	buf_str(out, STR("store:"));
	buf_hex(out, id, sizeof(id));
}

/* Also when the log got its first key since. */
static bool
is_same_log(const struct judge *j, struct str origin)
{
	struct buf now = { 0 };
	uint8_t id[16];
	bool same;

	format_origin(j, &now);
	same = str_eq(buf_view(&now), origin);
	if (!same) {
		buf_reset(&now);
		buf_str(&now, STR("store:"));
		store_id(j->st, id);
		buf_hex(&now, id, sizeof(id));
		same = str_eq(buf_view(&now), origin);
	}
	buf_fini(&now);
	return same;
}

static bool
has_root(const struct verify_root *made, const struct hash *seen)
{
	return made->known && memcmp(made->root.b, seen->b, HASH_LEN) == 0;
}

static void
tell_other_events(struct judge *j, uint64_t size)
{
	tell(j, "%s: the first %" PRIu64 " events are not those that were seen: an older copy of the store was put"
	    " back and written on, or it was rewritten", j->o->state, size);
}

/* A root that cannot be made, of a log in which nothing is wrong, is of a size
 * that a prune went over.  What is before it is compared then. */
static void
check_witness(struct judge *j)
{
	const struct witness *w = &j->witness;
	const struct verify_root *root = &j->root[j->o->notes];

	if (!w->seen)
		return;
	if (!is_same_log(j, buf_view(&w->origin)))
		tell(j, "%s: is about another log, %.*s", j->o->state, (int)(w->origin.len < 256 ? w->origin.len : 256),
		    w->origin.p);
	else if (w->size > j->v->result.size)
		tell(j, "%s: the log had %" PRIu64 " events and has %" PRIu64 " now: an older copy of the store was put"
		    " back, or it was truncated", j->o->state, w->size, j->v->result.size);
	else if (root[WITNESS_SIZE].known ? !has_root(&root[WITNESS_SIZE], &w->root) : j->v->found > 0)
		tell_other_events(j, w->size);
	else if (w->firm > 0 && !has_root(&root[WITNESS_FIRM], &w->firm_root))
		tell_other_events(j, w->firm);
	else if (!root[WITNESS_SIZE].known)
		j->v->uncompared = w->size - w->firm;
}

/* The last size whose root can be made again whatever is pruned. */
static struct verify_root
firm_root(const struct judge *j)
{
	const struct verify_result *r = &j->v->result;
	struct verify_root firm = r->whole;

	for (size_t i = 0; i < r->checkpoints; i++)
		if (r->checkpoint[i].at.known && r->checkpoint[i].at.size <= j->v->signed_size &&
		    r->checkpoint[i].at.size > firm.size)
			firm = r->checkpoint[i].at;
	return firm;
}

static int
leave_witness(const struct judge *j, struct err *e)
{
	struct verify_root firm = firm_root(j);
	struct witness w = { .size = j->v->result.size, .root = j->v->result.root,
		.firm = firm.size, .firm_root = firm.root };
	int rc;

	format_origin(j, &w.origin);
	rc = witness_write(j->o->state, &w, e);
	witness_fini(&w);
	return rc;
}

/* ---- All of it ---- */

static enum verdict_status
status_of(const struct verdict *v)
{
	if (v->found > 0)
		return VERDICT_FAILED;
	return v->pending || v->signed_size < v->result.size ? VERDICT_UNSIGNED : VERDICT_VERIFIED;
}

int
judge_store(struct store *st, const struct judge_options *o, struct verdict *v, struct err *e)
{
	struct judge j = { .st = st, .o = o, .v = v };
	int64_t started = time_steady();
	int rc = -1;

	v->pinned = o->pinned != NULL;
	v->signed_at = TIME_NONE;
	if (o->state && witness_read(&j.witness, o->state, e) != 0)
		goto out;
	j.root = mem_zero(o->notes + WITNESS_ROOTS, sizeof(*j.root));
	j.legible = mem_zero(o->notes, sizeof(*j.legible));
	read_notes(&j);
	if (recompute(&j, e) != 0)
		goto out;
	read_keys(&j);
	check_epochs(&j);
	if (o->pinned)
		check_pinned(&j);
	check_witness(&j);
	if (find_time(&j, e) != 0)
		goto out;
	v->status = status_of(v);
	rc = v->status == VERDICT_FAILED || !o->state ? 0 : leave_witness(&j, e);
out:
	v->took = time_steady() - started;
	witness_fini(&j.witness);
	free(j.root);
	free(j.legible);
	free(j.key);
	free(j.source);
	free(j.unlike);
	return rc;
}
