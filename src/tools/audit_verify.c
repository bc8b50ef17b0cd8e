/*
 * audit-verify: is the log what was stored and what was signed?  And making
 * what lets others find out: keys, checkpoints, proofs.
 *
 * One thing a run: the store is verified, or the files that are named, or one
 * of the options that make something is carried out.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/judge.h"
#include "cli/keys.h"
#include "cli/sandbox.h"

#define SAME_ID_SHOWN 8   /* seqs that are named when events share an id */

struct args {
	struct common_args common;
	struct str_list checkpoint;
	char *key, *state, *prove, *consistency, *keys, *origin, *output;
	bool sign, init_keys, rotate_key;
};

#define ARG(member) offsetof(struct args, member)

static const struct opt options[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "What it is held against", VALUE_ANY, NULL },
	{ 0, "key", OPT_STRING, ARG(key), "LINE|FILE",
	    "the log's verifier key, as --init-keys printed it; else verifier_key: of the configuration", VALUE_FILE, NULL },
	{ 0, "checkpoint", OPT_LIST, ARG(checkpoint), "FILE",
	    "checkpoints that were kept elsewhere: the log must continue them", VALUE_FILE, NULL },
	{ 0, "state", OPT_STRING, ARG(state), "FILE",
	    "the log must continue what it was at the last run with FILE; then replace FILE", VALUE_FILE, NULL },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Signing", VALUE_ANY, NULL },
	{ 0, "init-keys", OPT_FLAG, ARG(init_keys), NULL,
	    "make the log's first key; print the verifier key, the line to keep", VALUE_ANY, NULL },
	{ 0, "sign", OPT_FLAG, ARG(sign), NULL,
	    "sign the log as it is; print the checkpoint", VALUE_ANY, NULL },
	{ 0, "rotate-key", OPT_FLAG, ARG(rotate_key), NULL,
	    "sign a last time with the old key, go on with a new one; print its verifier key", VALUE_ANY, NULL },
	{ 0, "keys", OPT_STRING, ARG(keys), "DIR",
	    "the folder of the signing key; else keys: of the configuration, or the store's path and .keys", VALUE_DIR, NULL },
	{ 0, "origin", OPT_STRING, ARG(origin), "NAME",
	    "with --init-keys: the name of the log; else HOST/STORE", VALUE_ANY, NULL },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Proofs", VALUE_ANY, NULL },
	{ 0, "prove", OPT_STRING, ARG(prove), "SEQ|ID",
	    "print what shows that an event is in the log, to be verified with FILE", VALUE_ANY, NULL },
	{ 0, "consistency", OPT_STRING, ARG(consistency), "FILE",
	    "print what shows that the log continues the checkpoint in FILE", VALUE_FILE, NULL },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Output", VALUE_ANY, NULL },
	{ 'o', "output", OPT_STRING, ARG(output), "FORMAT", "text or json", VALUE_FORMAT, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_zone },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_common },
	OPT_TABLE_END
};

static const char *const formats[] = { "text", "json", NULL };

static const struct program program = {
	.name = "audit-verify",
	.usage = "[OPTION...] [FILE...]",
	.purpose = "verify an audit log, an export or a proof; sign the log",
	.examples =
	    "  audit-verify --init-keys >log.pub        # once; keep the line elsewhere\n"
	    "  audit-verify --sign >checkpoint          # hourly, from cron\n"
	    "  audit-verify --key log.pub               # everything in the store\n"
	    "  audit-verify --key log.pub q1.jsonl.zst  # an export, on any machine\n",
	.table = options,
	.common_offset = ARG(common),
	.operand = VALUE_FILE,
	.formats = formats,
};

/* What is being done. */
struct work {
	const struct args *args;
	const struct str_list *files;
	struct operator_info who;
	struct config config;
	bool json;
	bool pinned;
	struct note_verifier key; /* when pinned */
	struct str_list note, note_name; /* of --checkpoint */
	struct hook hook; /* of checkpoint: command: */
	struct pool *pool;
	struct store *st;
	struct progress progress;
	struct buf out; /* for stdout */
};

/* ---- What the arguments mean ---- */

/* One thing a run. */
static int
check_args(const struct work *w, struct err *e)
{
	const struct args *a = w->args;
	const struct {
		bool given;
		const char *name;
	} thing[] = {
		{ a->init_keys, "--init-keys" }, { a->sign, "--sign" }, { a->rotate_key, "--rotate-key" },
		{ a->prove != NULL, "--prove" }, { a->consistency != NULL, "--consistency" }, { w->files->n > 0, "FILE" },
	};
	const char *chosen = NULL;

	for (size_t i = 0; i < sizeof(thing) / sizeof(*thing); i++) {
		if (thing[i].given && chosen)
			return err_set(e, ERR_FAIL, "%s and %s: one thing at a time", chosen, thing[i].name);
		if (thing[i].given)
			chosen = thing[i].name;
	}
	if (a->origin && !a->init_keys)
		return err_set(e, ERR_FAIL, "--origin is for --init-keys");
	if (a->keys && !a->init_keys && !a->sign && !a->rotate_key)
		return err_set(e, ERR_FAIL, "--keys is for --init-keys, --sign and --rotate-key (--key LINE verifies)");
	if (a->state && chosen)
		return err_set(e, ERR_FAIL, "--state is for verifying the store, not for %s", chosen);
	if (a->checkpoint.n > 0 && chosen && w->files->n == 0)
		return err_set(e, ERR_FAIL, "--checkpoint is for verifying, not for %s", chosen);
	if (a->key && chosen && w->files->n == 0)
		return err_set(e, ERR_FAIL, "--key is for verifying, not for %s", chosen);
	if (a->output && chosen && w->files->n == 0)
		return err_set(e, ERR_FAIL, "-o is for verifying, not for %s", chosen);
	return 0;
}

/* The key that was pinned; else the one of the configuration; else none. */
static int
read_key(struct work *w, struct err *e)
{
	w->pinned = w->args->key || w->config.verifier_key;
	if (w->args->key)
		return evidence_key(w->args->key, &w->key, e);
	return w->pinned ? note_verifier_parse(&w->key, str_of(w->config.verifier_key), e) : 0;
}

/* Each has the name of its file, and of several there its number. */
static int
read_checkpoints(struct work *w, struct err *e)
{
	struct buf name = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < w->args->checkpoint.n; i++) {
		const char *path = w->args->checkpoint.item[i];
		size_t first = w->note.n;

		rc = evidence_notes(path, &w->note, e);
		for (size_t n = first; n < w->note.n; n++) {
			buf_reset(&name);
			buf_printf(&name, "%s", path);
			if (w->note.n - first > 1)
				buf_printf(&name, ", number %zu", n - first + 1);
			str_list_add(&w->note_name, name.p, name.len);
		}
	}
	buf_fini(&name);
	if (rc == 0 && w->files->n > 0 && w->note.n > 1)
		rc = err_set(e, ERR_FAIL, "--checkpoint: one only, with FILE");
	return rc;
}

/* ---- Progress ---- */

static void
on_progress(void *arg, uint64_t events, uint64_t of)
{
	struct work *w = arg;

	progress_update(&w->progress, events, of > 0 ? (double)events / (double)of : -1);
}

/* Restricts the program and makes its threads.  `keys`: their folder, or NULL. */
static int
confine(struct work *w, enum sandbox_profile profile, const char *keys, struct err *e)
{
	const struct args *a = w->args;
	const char *to = keys != NULL && !a->init_keys ? w->config.checkpoint_file : NULL;
	struct sandbox s = { .profile = profile };

	if (sandbox_allow_all(&s, w->files, SANDBOX_READ, e) != 0 ||
	    (a->consistency != NULL && sandbox_allow(&s, a->consistency, SANDBOX_READ, e) != 0) ||
	    (a->state != NULL && sandbox_allow_folder(&s, a->state, SANDBOX_WRITE, e) != 0) ||
	    (keys != NULL && sandbox_allow_made(&s, keys, SANDBOX_WRITE, e) != 0) ||
	    (to != NULL && sandbox_allow_folder(&s, to, SANDBOX_WRITE, e) != 0))
		return -1;
	/* What a file is judged by lies beside it. */
	for (size_t i = 0; i < w->files->n; i++)
		if (sandbox_allow_folder(&s, w->files->item[i], SANDBOX_READ, e) != 0)
			return -1;
	if (cli_sandbox(&program, &a->common, w->st, &s, e) != 0)
		return -1;
	w->pool = pool_new(pool_cpus() - 1);
	return 0;
}

static struct verify_options
verifying(struct work *w)
{
	return (struct verify_options){ .pool = w->pool, .progress = on_progress, .go_on = cli_go_on, .arg = w };
}

/* ---- The store ---- */

/* The exit status, and what there is to say of it. */
static void
conclude(const struct work *w, const struct verdict *v, struct err *e)
{
	uint64_t beyond = v->result.size - v->signed_size;

	if (v->status == VERDICT_FAILED)
		err_set(e, ERR_INTEGRITY, "%s: %" PRIu64 " %s wrong", store_path(w->st), v->found,
		    v->found == 1 ? "thing is" : "things are");
	else if (v->pending)
		err_set(e, ERR_INCOMPLETE, "%s: a change of keys was interrupted and waits for its seal (--sign finishes it)",
		    store_path(w->st));
	else if (v->uncompared > 0)
		err_set(e, ERR_INCOMPLETE, "%s: a prune went over what --state saw: its last %" PRIu64
		    " events cannot be compared", store_path(w->st), v->uncompared);
	else if (w->pinned && beyond > 0)
		err_set(e, ERR_INCOMPLETE, "%s: %" PRIu64 " %s not signed yet (--sign)", store_path(w->st), beyond,
		    beyond == 1 ? "event is" : "events are");
}

static void
verify_store(struct work *w, struct err *e)
{
	struct judge_note *note = mem_zero(w->note.n, sizeof(*note));
	struct judge_options o = { .pinned = w->pinned ? &w->key : NULL, .note = note, .notes = w->note.n,
		.state = w->args->state };
	struct verdict v = { .json = w->json };
	struct outstream *out;
	int rc = -1;

	for (size_t i = 0; i < w->note.n; i++)
		note[i] = (struct judge_note){ w->note_name.item[i], str_of(w->note.item[i]) };
	if ((w->st = cli_store(&w->args->common, STORE_READ, e)) == NULL || confine(w, SANDBOX_READER, NULL, e) != 0)
		goto out;
	o.verify = verifying(w);
	progress_start(&w->progress, &w->args->common, "verifying");
	rc = judge_store(w->st, &o, &v, e);
	progress_end(&w->progress);
	if (rc == 0 && !w->args->common.quiet && (out = outstream_open(NULL, e)) != NULL) {
		if (verdict_print(&v, out, e) == 0)
			outstream_finish(out, e);
		else
			outstream_abort(out);
	}
	cli_detail(&program, &w->args->common, "%" PRIu64 " events hashed, %.1f s", v.result.recomputed,
	    (double)v.took / TIME_SECOND);
	if (rc == 0)
		conclude(w, &v, e);
	else
		store_blame(w->st, e);
out:
	free(note);
	verdict_fini(&v);
}

/* ---- Files ---- */

/* What fails is told in `failed`, by itself or with the others. */
static int
verify_file(struct work *w, const char *path, struct buf *failed, struct err *worst, struct err *incomplete)
{
	struct str trusted = w->note.n > 0 ? str_of(w->note.item[0]) : STR("");
	struct evidence v = { 0 };
	struct err why = ERR_NONE;
	int rc = evidence_verify(path, &w->key, w->note.n > 0 ? &trusted : NULL, &v, &why);

	verdict_evidence(rc == 0 || w->json ? &w->out : failed, w->json, path, &v, rc == 0 ? NULL : &why);
	if (rc != 0)
		err_set(worst, why.code, "%s", why.text);
	else
		verdict_incomplete(path, &v, incomplete);
	evidence_fini(&v);
	return rc;
}

static void
verify_files(struct work *w, struct err *e)
{
	struct err worst = ERR_NONE, incomplete = ERR_NONE;
	struct buf failed = { 0 };
	size_t bad = 0;

	if (!w->pinned) {
		err_set(e, ERR_FAIL, "--key LINE|FILE: the log's verifier key is needed to judge a file");
		return;
	}
	if (confine(w, SANDBOX_READER, NULL, e) != 0)
		return;
	if (w->json)
		buf_byte(&w->out, '[');
	for (size_t i = 0; i < w->files->n && cli_go_on(e) == 0; i++) {
		if (w->json && i > 0)
			buf_byte(&w->out, ',');
		if (verify_file(w, w->files->item[i], &failed, &worst, &incomplete) != 0)
			bad++;
	}
	if (w->json)
		buf_str(&w->out, STR("]\n"));
	if (bad > 1) {
		buf_str(&w->out, buf_view(&failed));
		err_set(e, worst.code, "%zu of %zu files do not hold", bad, w->files->n);
	} else if (bad == 1) {
		err_set(e, worst.code, "%s", worst.text);
	} else if (incomplete.code != ERR_OK) {
		err_set(e, incomplete.code, "%s", incomplete.text);
	}
	buf_fini(&failed);
}

/* ---- Keys ---- */

static int
publish(struct work *w, const struct buf *note, struct err *e)
{
	return keys_publish(&w->config, &w->hook, buf_view(note), e);
}

static void
use_keys(struct work *w, struct err *e)
{
	const struct args *a = w->args;
	struct verify_options o;
	struct buf seal = { 0 };
	char *folder = NULL;

	/* It shares nothing with the command: neither store nor keys are open yet. */
	if (!a->init_keys &&
	    hook_open(&w->hook, &w->config.checkpoint_command, KEYS_PUBLISH_LIMIT, HOOK_SHOW, e) != 0)
		return;
	if ((w->st = cli_store_record(&a->common, a->sign ? "signing a log that cannot keep the checkpoint" :
	    "a key that cannot be recorded", e)) == NULL)
		return;
	folder = keys_folder(a->keys, &w->config, w->st);
	cli_operator(&w->who);
	if (confine(w, SANDBOX_WRITER, folder, e) != 0) {
		free(folder);
		return;
	}
	o = verifying(w);
	progress_start(&w->progress, &a->common, "verifying");
	if (a->sign && keys_sign(w->st, folder, &w->who, &o, &w->out, e) == 0) {
		publish(w, &w->out, e);
	} else if (a->rotate_key && keys_rotate(w->st, folder, &w->who, &o, &w->out, &seal, e) == 0) {
		buf_byte(&w->out, '\n');
		publish(w, &seal, e);
	} else if (a->init_keys && keys_init(w->st, folder, &w->who, a->origin, &w->out, e) == 0) {
		buf_byte(&w->out, '\n');
		cli_note(&program, &a->common, "the secret key is in %s; keep the line on another machine", folder);
	}
	progress_end(&w->progress);
	buf_fini(&seal);
	free(folder);
}

/* ---- Proofs ---- */

/* An id as it is, where a filter expects patterns. */
static void
add_literal(struct str_list *l, const char *id)
{
	struct buf b = { 0 };

	for (; *id; id++) {
		if (strchr("*?,\\", *id))
			buf_byte(&b, '\\');
		buf_byte(&b, *id);
	}
	str_list_add(l, b.p ? b.p : "", b.len);
	buf_fini(&b);
}

/* The one event of this id. */
static int
find_id(struct work *w, const char *id, uint64_t *seq, struct err *e)
{
	struct filter_args f = { 0 };
	struct query_options qo = { .order = QUERY_ARRIVAL, .limit = SAME_ID_SHOWN + 1, .fields = FIELD_BIT(FIELD_ID),
		.pool = w->pool, .now = time_now(), .go_on = cli_go_on };
	struct filter *filter;
	struct query *q = NULL;
	struct buf found = { 0 };
	const struct event *ev;
	uint64_t n = 0, at;
	int rc;

	add_literal(&f.id, id);
	qo.filter = filter = filter_build(&f, qo.now, e);
	if (filter)
		q = query_open(w->st, &qo, e);
	rc = q ? 1 : -1;
	while (rc == 1 && (rc = query_next(q, &ev, &at, e)) == 1) {
		*seq = at;
		if (n++ < SAME_ID_SHOWN)
			buf_printf(&found, "%s%" PRIu64, n > 1 ? ", " : "", at);
	}
	if (rc == 0 && n == 0)
		rc = err_set(e, ERR_FAIL, "--prove %s: no event has this id", id);
	else if (rc == 0 && n > 1)
		rc = err_set(e, ERR_FAIL, "--prove %s: several events have this id: name one by its seq, %s%s", id, found.p,
		    n > SAME_ID_SHOWN ? " ..." : "");
	buf_fini(&found);
	query_close(q);
	filter_free(filter);
	filter_args_fini(&f);
	return rc;
}

static int
find_event(struct work *w, const char *word, uint64_t *seq, struct err *e)
{
	char *end;

	if (word[0] == '\0' || word[strspn(word, "0123456789")] != '\0')
		return find_id(w, word, seq, e);
	*seq = strtoull(word, &end, 10);
	return 0;
}

static void
prove(struct work *w, struct err *e)
{
	const struct args *a = w->args;
	uint64_t seq = 0;
	size_t len;
	char *old;

	if ((w->st = cli_store(&a->common, STORE_READ, e)) == NULL || confine(w, SANDBOX_READER, NULL, e) != 0)
		return;
	if (a->prove) {
		if (find_event(w, a->prove, &seq, e) == 0)
			evidence_event(w->st, seq, &w->out, e);
		return;
	}
	if ((old = file_read(a->consistency, NOTE_LEN_MAX, &len, e)) == NULL)
		return;
	if (evidence_consistency(w->st, (struct str){ old, len }, &w->out, e) != 0)
		err_doing(e, "--consistency %s", a->consistency);
	free(old);
}

/* ---- All of it ---- */

/* What was made is printed also when it could not be published. */
static void
print(struct work *w, struct err *e)
{
	struct outstream *out = w->out.len > 0 ? outstream_open(NULL, e) : NULL;

	if (!out)
		return;
	if (outstream_write(out, w->out.p, w->out.len, e) == 0)
		outstream_finish(out, e);
	else
		outstream_abort(out);
}

static void
run(struct work *w, struct err *e)
{
	const struct args *a = w->args;
	const char *format = cli_format(&program, a->output ? a->output : "text", true, e);

	if (!format || check_args(w, e) != 0 || cli_config(&a->common, &w->config, e) != 0 || read_key(w, e) != 0 ||
	    read_checkpoints(w, e) != 0)
		return;
	w->json = strcmp(format, "json") == 0;
	if (w->files->n > 0)
		verify_files(w, e);
	else if (a->prove || a->consistency)
		prove(w, e);
	else if (a->sign || a->init_keys || a->rotate_key)
		use_keys(w, e);
	else
		verify_store(w, e);
	if (w->files->n == 0 || !a->common.quiet)
		print(w, e);
}

int
main(int argc, char *argv[])
{
	struct args a = { 0 };
	struct str_list operands = { 0 };
	struct work w = { .args = &a, .files = &operands, .hook = HOOK_NONE };
	struct err e = ERR_NONE;
	int status = cli_start(&program, argc, argv, &a, &operands);

	if (status < 0) {
		run(&w, &e);
		hook_close(&w.hook);
		store_close(w.st);
		if (w.pool)
			pool_free(w.pool);
		status = cli_finish(&program, &e, 0);
	}
	config_fini(&w.config);
	str_list_fini(&w.note);
	str_list_fini(&w.note_name);
	buf_fini(&w.out);
	opt_fini(options, &a);
	str_list_fini(&operands);
	return status;
}
