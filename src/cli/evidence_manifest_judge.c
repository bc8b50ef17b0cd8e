/*
 * evidence_manifest_judge: a manifest against the files that it names, their
 * proofs, and the checkpoint.
 *
 * In: a manifest and what lies beside it.   Out: whether that is what was
 * exported, all of it, and events of the log.
 */
#include "cli/evidence_manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/evidence_judge.h"
#include "cli/export_split.h"
#include "render/render.h"

#define NAMED_MAX 8 /* parts with erased lines that are named */

static char *
beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	struct buf made = { 0 };

	if (slash)
		buf_add(&made, path, (size_t)(slash - path) + 1);
	buf_printf(&made, "%s%c", name, '\0');
	return made.p;
}

static int
check_file(const char *path, uint64_t bytes, const struct hash *sha256, struct err *e)
{
	struct evidence_file f;

	if (access(path, F_OK) != 0)
		return err_set(e, ERR_INTEGRITY, "%s: the manifest names it, but it is not there", path);
	if (evidence_file(path, &f, e) != 0)
		return -1;
	if (f.bytes != bytes)
		return err_set(e, ERR_INTEGRITY, "%s: has %" PRIu64 " bytes, the manifest says %" PRIu64, path, f.bytes,
		    bytes);
	if (memcmp(f.sha256.b, sha256->b, HASH_LEN) != 0)
		return err_set(e, ERR_INTEGRITY, "%s: its SHA-256 is not the one of the manifest", path);
	return 0;
}

/* Without a proof nothing shows who signed the events: the checkpoint is
 * looked at as far as the key allows. */
static int
judge_note(const struct evidence_judge *j, const struct manifest *m, struct err *e)
{
	struct checkpoint c;
	struct note note;

	j->verdict->beyond = m->all.count;
	j->verdict->unproved = true;
	if (m->checkpoint.p == NULL)
		return 0;
	if (chain_note_read(m->checkpoint, &c, e) != 0 || evidence_trusted(j, &c, e) != 0)
		return -1;
	if (note_parse(&note, m->checkpoint, e) != 0)
		return -1;
	if (!note_names(&note, j->pinned))
		return 0; /* by a key of another epoch */
	if (checkpoint_open(&c, m->checkpoint, j->pinned, e) != 0)
		return -1;
	j->verdict->size = c.size;
	return 0;
}

/* The manifest says nothing else of these events than their proof. */
static int
compare(const struct manifest *m, const struct evidence_part *p, const struct export_stated *x,
    const struct evidence *v, struct err *e)
{
	if (m->checkpoint.p == NULL || !str_eq(m->checkpoint, buf_view(&x->note)))
		return err_set(e, ERR_INTEGRITY, "manifest: its checkpoint is not the one of the proof");
	if (p->count != v->events + v->beyond + v->erased || m->size < v->size)
		return err_set(e, ERR_INTEGRITY, "manifest: count or size is not that of the proof");
	if (p->count > 0 && (p->first != x->first || p->last != x->last))
		return err_set(e, ERR_INTEGRITY, "manifest: first_seq or last_seq is not that of the proof");
	return 0;
}

/* What is said of the events of a part: of one that is the export, above it. */
static const struct evidence_part *
events_of(const struct manifest *m, size_t i)
{
	return m->split ? &m->part[i] : &m->all;
}

/* The parts before one that is judged. */
struct before {
	struct export_seen seen;
	size_t named; /* that have erased lines */
};

/* What was shown of a part, to what was shown of those before it. */
static void
add_verdict(struct evidence *sum, const struct manifest *m, size_t i, struct evidence *v, size_t *named)
{
	sum->size = v->size;
	sum->events += v->events;
	sum->beyond += v->beyond;
	sum->erased += v->erased;
	if (v->erased == 0 || ++*named > NAMED_MAX + 1)
		return;
	if (*named > NAMED_MAX) {
		buf_str(&sum->which, STR("; ..."));
		return;
	}
	if (*named > 1)
		buf_str(&sum->which, STR("; "));
	buf_str(&sum->which, buf_view(&v->which));
	if (m->split) {
		buf_str(&sum->which, STR(" of "));
		render_safe(&sum->which, str_of(m->part[i].file[0].path));
	}
}

static int
judge_proof(const struct evidence_judge *j, const struct manifest *m, size_t i, const char *path,
    struct before *before, struct err *e)
{
	const struct evidence_part *p = &m->part[i];
	struct evidence v = { 0 };
	const struct evidence_judge own = { j->pinned, j->trusted, &v };
	struct export_stated stated = { .seen = &before->seen };
	char *data = beside(path, p->file[0].path), *proof = beside(path, p->file[1].path);
	int rc = evidence_judge_export(&own, data, proof, &stated, e);

	if (rc == 0 && (rc = compare(m, events_of(m, i), &stated, &v, e)) != 0 && m->split)
		err_doing(e, "%s", p->file[0].path);
	if (rc == 0)
		add_verdict(j->verdict, m, i, &v, &before->named);
	buf_fini(&stated.note);
	evidence_fini(&v);
	free(proof);
	free(data);
	return rc;
}

static int
check_part(const struct evidence_part *p, const char *path, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->files; i++) {
		char *file = beside(path, p->file[i].path);

		rc = check_file(file, p->file[i].bytes, &p->file[i].sha256, e);
		free(file);
	}
	return rc;
}

static int
judge_manifest(const struct evidence_judge *j, const struct manifest *m, const char *path, struct err *e)
{
	struct before before = { .named = 0 };
	int rc = 0;

	if (m->origin.p && !str_eq(m->origin, str_of(j->pinned->name)))
		return err_set(e, ERR_INTEGRITY, "manifest: is of another log, its origin is not %s", j->pinned->name);
	for (size_t i = 0; rc == 0 && i < m->parts; i++)
		rc = check_part(&m->part[i], path, e);
	if (rc == 0 && m->part[0].files < EVIDENCE_FILES_MAX)
		return judge_note(j, m, e);
	for (size_t i = 0; rc == 0 && i < m->parts; i++)
		rc = judge_proof(j, m, i, path, &before, e);
	evidence_seen_fini(&before.seen);
	return rc;
}

static int
judge_packed(const struct evidence_judge *j, const struct manifest *m, const struct evidence_file *file,
    const struct evidence_lines *l, struct err *e)
{
	struct export_stated stated = { 0 };
	int rc;

	if (m->split || m->files != EVIDENCE_FILES_MAX || (m->origin.p && !str_eq(m->origin, str_of(j->pinned->name))))
		return err_set(e, ERR_INTEGRITY, "manifest: is of another log, or has no proof");
	for (size_t i = 0; i < EVIDENCE_FILES_MAX; i++)
		if (strcmp(m->part->file[i].path, file[i].path) != 0 || m->part->file[i].bytes != file[i].bytes ||
		    memcmp(m->part->file[i].sha256.b, file[i].sha256.b, HASH_LEN) != 0)
			return err_set(e, ERR_INTEGRITY, "manifest: %s is not the one that it is of", file[i].path);
	rc = evidence_judge_lines(j, l, &stated, e);
	if (rc == 0)
		rc = compare(m, &m->all, &stated, j->verdict, e);
	buf_fini(&stated.note);
	return rc;
}

int
evidence_judge_packed(const struct evidence_judge *j, struct str manifest,
    const struct evidence_file file[EVIDENCE_FILES_MAX], const struct evidence_lines *l, struct err *e)
{
	struct manifest m;
	int rc;

	if (manifest_read(&m, manifest, e) != 0)
		return -1;
	rc = judge_packed(j, &m, file, l, e);
	manifest_fini(&m);
	return rc;
}

int
evidence_judge_manifest(const struct evidence_judge *j, const char *path, struct str text, struct err *e)
{
	struct manifest m;
	int rc;

	if (manifest_read(&m, text, e) != 0)
		return -1;
	rc = judge_manifest(j, &m, path, e);
	if (rc == 0) {
		j->verdict->kind = EVIDENCE_MANIFEST;
		j->verdict->files = m.files;
	}
	manifest_fini(&m);
	return rc;
}

/* ---- Whose it is ---- */

/* What the manifest says of the file; NULL: nothing. */
static const struct evidence_part *
find_part(const struct manifest *m, const char *data)
{
	if (!m->split)
		return m->part;
	for (size_t i = 0; i < m->parts; i++)
		if (strcmp(m->part[i].file[0].path, manifest_name(data)) == 0)
			return &m->part[i];
	return NULL;
}

static int
read_store(const char *data, struct str text, uint8_t id[16], struct err *e)
{
	struct manifest m;
	const struct evidence_part *part;
	int rc;

	if (manifest_read(&m, text, e) != 0)
		return -1;
	if ((part = find_part(&m, data)) == NULL)
		rc = err_set(e, ERR_INTEGRITY, "%s: the manifest does not name it", data);
	else
		rc = check_file(data, part->file[0].bytes, &part->file[0].sha256, e);
	memcpy(id, m.store, sizeof(m.store));
	manifest_fini(&m);
	return rc;
}

/* Where the manifest of a file is: beside it, or beside the export that it is a
 * part of. */
static void
manifest_path(struct buf *path, const char *data)
{
	unsigned no;
	char *whole;

	buf_printf(path, "%s" EVIDENCE_MANIFEST_ENDING "%c", data, '\0');
	if (access(path->p, F_OK) == 0 || (whole = export_part_of(data, &no)) == NULL)
		return;
	buf_reset(path);
	buf_printf(path, "%s" EVIDENCE_MANIFEST_ENDING "%c", whole, '\0');
	free(whole);
}

static int
find_store(const char *data, uint8_t id[16], struct err *e)
{
	struct buf path = { 0 };
	struct stat sb;
	size_t len;
	char *text = NULL;
	int rc = -1;

	manifest_path(&path, data);
	if (stat(data, &sb) != 0)
		err_errno(e, "%s", data);
	else if (!S_ISREG(sb.st_mode))
		err_set(e, ERR_FAIL, "%s: is not a regular file", data);
	else if (stat(path.p, &sb) != 0 && errno == ENOENT)
		err_set(e, ERR_FAIL, "%s: is not there: only the manifest of an export says which store it is of", path.p);
	else if (stat(path.p, &sb) != 0)
		err_errno(e, "%s", path.p);
	else if (!S_ISREG(sb.st_mode))
		err_set(e, ERR_FAIL, "%s: is not a regular file", path.p);
	else if ((text = file_read(path.p, MANIFEST_MAX, &len, e)) != NULL &&
	    (rc = read_store(data, (struct str){ text, len }, id, e)) != 0 && e->code == ERR_INTEGRITY)
		evidence_blame(data, e);
	free(text);
	buf_fini(&path);
	return rc;
}

int
evidence_restored(struct str_list *names, const char *const *path, size_t n, struct err *e)
{
	struct buf name = { 0 };
	uint8_t id[16] = { 0 };
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (strcmp(path[i], "-") == 0)
			rc = err_set(e, ERR_FAIL, "standard input has no manifest beside it");
		else
			rc = find_store(path[i], id, e);
		buf_reset(&name);
		buf_str(&name, STR(EVENT_RESTORED_SOURCE));
		buf_hex(&name, id, EVENT_RESTORED_HEX / 2);
		if (rc == 0)
			str_list_add(names, name.p, name.len);
	}
	buf_fini(&name);
	return rc == 0 ? 0 : err_doing(e, "--restore");
}
