/*
 * evidence: what kind of file is it, and does it hold?  Events, checkpoints
 * and consistency are judged here, exports and manifests beside it.
 *
 * In: a file of unknown origin and a key.   Out: what it shows, or why it
 * shows nothing.
 */
#include "cli/evidence.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/evidence_judge.h"
#include "proof/bundle.h"
#include "proof/export_proof.h"

/* Of a file that is read whole: an event and many rotations. */
#define TEXT_MAX ((size_t)128 * 1024 * 1024)

static bool
ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);

	return n > m && strcmp(s + n - m, with) == 0;
}

int
evidence_blame(const char *path, struct err *e)
{
	return str_begins(str_of(e->text), str_of(path)) ? -1 : err_doing(e, "%s", path);
}

int
evidence_trusted(const struct evidence_judge *j, const struct checkpoint *c, struct err *e)
{
	struct checkpoint known;

	if (j->trusted == NULL)
		return 0;
	if (chain_note_read(*j->trusted, &known, e) != 0)
		return err_doing(e, "the checkpoint that is trusted");
	if (known.size != c->size)
		return err_set(e, ERR_FAIL, "is of a log of %" PRIu64 " events, and --checkpoint of %" PRIu64
		    ": what shows that one continues the other is made by --consistency", c->size, known.size);
	if (memcmp(known.root.b, c->root.b, HASH_LEN) != 0)
		return err_set(e, ERR_INTEGRITY, "two signed checkpoints of size %" PRIu64
		    " have different roots: fraud", c->size);
	return 0;
}

/* ---- What a text shows ---- */

static int
judge_checkpoint(const struct evidence_judge *j, const struct chain *chain, struct str note, struct err *e)
{
	struct checkpoint c;

	if (chain_note(chain, j->pinned, note, NULL, &c, e) != 0 || evidence_trusted(j, &c, e) != 0)
		return -1;
	j->verdict->kind = EVIDENCE_CHECKPOINT;
	j->verdict->size = c.size;
	return 0;
}

static int
judge_event(const struct evidence_judge *j, const struct chain *chain, struct str text, struct err *e)
{
	struct bundle b = { 0 };
	struct bundle_entry entry;
	struct checkpoint c;
	int rc = -1;

	if (bundle_parse(&b, text, e) == 0 && bundle_entry(&b, &entry, e) == 0 &&
	    chain_note(chain, j->pinned, b.note, NULL, &c, e) == 0 && evidence_trusted(j, &c, e) == 0)
		rc = path_inclusion_verify(&b.path, &entry.leaf, b.index, c.size, &c.root, e);
	if (rc == 0) {
		j->verdict->kind = EVIDENCE_EVENT;
		j->verdict->size = c.size;
		j->verdict->seq = b.index;
		j->verdict->events = 1;
		buf_str(&j->verdict->line, entry.line);
	}
	bundle_fini(&b);
	return rc;
}

static bool
next_line(struct str *text, struct str *line)
{
	const char *end = text->len > 0 ? memchr(text->p, '\n', text->len) : NULL;

	if (end == NULL)
		return false;
	*line = (struct str){ text->p, (size_t)(end - text->p) };
	text->p += line->len + 1;
	text->len -= line->len + 1;
	return true;
}

/* "old SIZE", the hashes, an empty line; leaves the note in text. */
static int
parse_consistency(struct str *text, uint64_t *old, struct path *path, struct err *e)
{
	struct str line;

	if (!next_line(text, &line) || !str_begins(line, STR("old ")) ||
	    !checkpoint_number_parse((struct str){ line.p + 4, line.len - 4 }, old))
		return err_set(e, ERR_INTEGRITY, "consistency: the first line is not: old SIZE");
	for (path->n = 0; next_line(text, &line); path->n++) {
		if (line.len == 0)
			return 0;
		if (path->n == PATH_LEN_MAX)
			return err_set(e, ERR_INTEGRITY, "consistency: more than %d hashes", PATH_LEN_MAX);
		if (!base64_parse_exact(line, path->hash[path->n].b, HASH_LEN))
			return err_set(e, ERR_INTEGRITY, "consistency: hash %u is malformed", path->n + 1);
	}
	return err_set(e, ERR_INTEGRITY, "consistency: ends before its checkpoint");
}

static int
judge_consistency(const struct evidence_judge *j, const struct chain *chain, struct str text, struct err *e)
{
	struct path path;
	struct checkpoint from, to;
	uint64_t old;

	if (parse_consistency(&text, &old, &path, e) != 0)
		return -1;
	if (j->trusted == NULL)
		return err_set(e, ERR_FAIL, "shows that a checkpoint continues an older one, of size %" PRIu64
		    ": which one it is has to be given", old);
	if (chain_note_read(*j->trusted, &from, e) != 0)
		return err_doing(e, "the older checkpoint");
	if (from.size != old || !str_eq(from.origin, str_of(j->pinned->name)))
		return err_set(e, ERR_INTEGRITY, "is about a checkpoint of size %" PRIu64
		    " of this log, and not about the one that was given, of size %" PRIu64, old, from.size);
	if (chain_note(chain, j->pinned, text, j->trusted, &to, e) != 0 ||
	    path_consistency_verify(&path, from.size, &from.root, to.size, &to.root, e) != 0)
		return -1;
	j->verdict->kind = EVIDENCE_CONSISTENCY;
	j->verdict->first = from.size;
	j->verdict->size = to.size;
	return 0;
}

/* Somewhere in it the log of this key signed something. */
static bool
names_log(struct str text, const struct note_verifier *key)
{
	struct buf sign = { 0 };
	bool found;

	buf_printf(&sign, "\xe2\x80\x94 %s ", key->name);
	found = text.len > 0 && memmem(text.p, text.len, sign.p, sign.len) != NULL;
	buf_fini(&sign);
	return found;
}

/* What comes behind the chain. */
static int
judge_rest(const struct evidence_judge *j, const struct chain *chain, struct str text, struct err *e)
{
	struct checkpoint c;
	struct err ignored = ERR_NONE;

	if (str_begins(text, STR("old ")))
		return judge_consistency(j, chain, text, e);
	if (chain->n > 0 || names_log(text, j->pinned) || chain_note_read(text, &c, &ignored) == 0)
		return judge_checkpoint(j, chain, text, e);
	return err_set(e, ERR_FAIL, "is no proof, checkpoint or manifest, and has no " EVIDENCE_PROOF_ENDING
	    " beside it: nothing that can be judged");
}

int
evidence_judge_text(const struct evidence_judge *j, struct str text, struct err *e)
{
	struct chain chain = { 0 };
	int rc = 0;

	while (rc == 0 && chain_begins(text)) {
		struct str bundle;

		if ((rc = chain_take_bundle(&text, &bundle, e)) != 0)
			break;
		if (text.len == 0) {
			/* The last one is not of the chain: it is the event. */
			rc = judge_event(j, &chain, bundle, e);
			goto out;
		}
		rc = chain_add(&chain, bundle, e);
	}
	if (rc == 0)
		rc = judge_rest(j, &chain, text, e);
out:
	chain_fini(&chain);
	return rc;
}

/* ---- Which kind of file ---- */

static int
judge_proof(const struct evidence_judge *j, const char *path, struct err *e)
{
	char *data = mem_dup(path, strlen(path) - strlen(EVIDENCE_PROOF_ENDING));
	int rc = evidence_judge_export(j, data, path, NULL, e);

	free(data);
	return rc;
}

/* A manifest says so with its first key. */
static bool
is_manifest(const char *path, struct str text)
{
	size_t at = 1;

	if (ends(path, EVIDENCE_MANIFEST_ENDING))
		return true;
	if (text.len == 0 || text.p[0] != '{')
		return false;
	while (at < text.len && strchr(" \t\r\n", text.p[at]) != NULL && text.p[at] != '\0')
		at++;
	return str_begins((struct str){ text.p + at, text.len - at }, STR("\"manifest\""));
}

static int
judge_file(const struct evidence_judge *j, const char *path, struct err *e)
{
	size_t len;
	char *text = file_read(path, TEXT_MAX, &len, e);
	int rc;

	if (text == NULL)
		return -1;

	struct str whole = { text, len };

	if (is_manifest(path, whole))
		rc = evidence_judge_manifest(j, path, whole, e);
	else if (str_begins(whole, STR(EXPORT_PROOF_HEADER)))
		rc = err_set(e, ERR_FAIL, "is the proof of an export, but is not called FILE" EVIDENCE_PROOF_ENDING
		    " after its file");
	else
		rc = evidence_judge_text(j, whole, e);
	free(text);
	/* What is called a proof and is none was one once. */
	if (rc != 0 && e->code == ERR_FAIL && ends(path, EVIDENCE_PROOF_ENDING))
		e->code = ERR_INTEGRITY;
	return rc;
}

/* The first line of a file, as far as it is needed; false: unreadable. */
static bool
has_export_header(const char *path)
{
	struct err ignored = ERR_NONE;
	struct instream *in = instream_open(path, &ignored);
	char head[sizeof(EXPORT_PROOF_HEADER)];
	size_t n = 0;
	ssize_t got = 1;

	while (in && got > 0 && n < sizeof(head)) {
		got = instream_read(in, head + n, sizeof(head) - n, &ignored);
		n += got > 0 ? (size_t)got : 0;
	}
	if (in)
		instream_close(in);
	return n == sizeof(head) && memcmp(head, EXPORT_PROOF_HEADER "\n", n) == 0;
}

/* By the proof beside it, or as what it is. */
static int
judge(const struct evidence_judge *j, const char *path, struct err *e)
{
	struct buf beside = { 0 };
	int rc;

	buf_printf(&beside, "%s" EVIDENCE_PROOF_ENDING "%c", path, '\0');
	if (access(path, F_OK) != 0)
		rc = err_errno(e, "%s", path);
	else if (access(beside.p, F_OK) == 0)
		rc = evidence_judge_export(j, path, beside.p, NULL, e);
	else if (ends(path, EVIDENCE_PROOF_ENDING) && has_export_header(path))
		rc = judge_proof(j, path, e);
	else if ((rc = evidence_is_pack(path) ? evidence_judge_pack(j, path, e) : judge_file(j, path, e)) != 0)
		evidence_blame(path, e);
	buf_fini(&beside);
	return rc;
}

int
evidence_verify(const char *path, const struct note_verifier *pinned, const struct str *trusted, struct evidence *v,
    struct err *e)
{
	struct evidence_judge j = { pinned, trusted, v };

	if (judge(&j, path, e) != 0)
		return -1;
	buf_reset(&v->origin);
	buf_str(&v->origin, str_of(pinned->name));
	return 0;
}

void
evidence_fini(struct evidence *v)
{
	buf_fini(&v->line);
	buf_fini(&v->which);
	buf_fini(&v->origin);
	buf_fini(&v->control);
}
