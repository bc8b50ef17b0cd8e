/*
 * evidence_manifest: what an export consists of, as a JSON document beside it.
 *
 *	{
 *	  "manifest": 1,
 *	  "created": "2026-04-23T18:00:00.123456Z",
 *	  "program": "audit-export",
 *	  ...
 *	  "files": [{"name": "q1.jsonl", "bytes": 4711, "sha256": "9f86d0..."}, ...],
 *	  "checkpoint": "audit.example.com/app1\n3\n..."
 *	}
 *
 * It is not signed itself: what it says is held against the files, the proof
 * and the checkpoint.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/document.h"
#include "cli/evidence_judge.h"

#define FILES_MAX EVIDENCE_FILES_MAX
#define TEXT_MAX ((size_t)8 * 1024 * 1024)
#define READ_SIZE ((size_t)128 * 1024)

/* ---- Files ---- */

/* Hashes to the end. */
static int
hash_file(int fd, struct evidence_file *f, struct err *e)
{
	struct hasher h;
	char *piece = mem_alloc(READ_SIZE);
	ssize_t n = 1;
	int rc = 0;

	hash_init(&h);
	while (rc == 0 && n != 0) {
		if ((n = read(fd, piece, READ_SIZE)) > 0) {
			hash_update(&h, piece, (size_t)n);
			f->bytes += (uint64_t)n;
			rc = cli_go_on(e);
		} else if (n < 0 && errno != EINTR) {
			rc = err_errno(e, "reading");
		}
	}
	hash_final(&h, &f->sha256);
	free(piece);
	return rc;
}

int
evidence_file(const char *path, struct evidence_file *f, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat sb;
	int rc;

	*f = (struct evidence_file){ .path = path };
	if (fd < 0)
		return err_errno(e, "%s", path);
	if (fstat(fd, &sb) != 0)
		rc = err_errno(e, "%s", path);
	else if (!S_ISREG(sb.st_mode))
		rc = err_set(e, ERR_FAIL, "%s: is not a regular file", path);
	else if ((rc = hash_file(fd, f, e)) != 0)
		err_doing(e, "%s", path);
	close(fd);
	return rc;
}

/* ---- Writing ---- */

static json_t *
files(const struct evidence_manifest *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->files; i++) {
		const struct evidence_file *f = &m->file[i];
		const char *slash = strrchr(f->path, '/');
		json_t *entry = json_object();

		json_object_set_new(entry, "name", document_text(str_of(slash ? slash + 1 : f->path)));
		json_object_set_new(entry, "bytes", document_number(f->bytes));
		json_object_set_new(entry, "sha256", document_hex(f->sha256.b, HASH_LEN));
		json_array_append_new(list, entry);
	}
	return list;
}

static json_t *
document(const struct evidence_manifest *m)
{
	json_t *o = json_object();
	struct checkpoint c = { { NULL, 0 }, 0, { { 0 } } };
	struct err ignored = ERR_NONE;
	bool has_note = m->checkpoint.len > 0 && chain_note_read(m->checkpoint, &c, &ignored) == 0;

	json_object_set_new(o, "manifest", json_integer(1));
	json_object_set_new(o, "created", document_instant(m->created));
	json_object_set_new(o, "program", json_string(m->program));
	json_object_set_new(o, "version", json_string(PACKAGE_VERSION));
	json_object_set_new(o, "store", document_hex(m->store, sizeof(m->store)));
	json_object_set_new(o, "origin", has_note ? document_text(c.origin) : json_null());
	json_object_set_new(o, "filter", document_text(m->filter));
	json_object_set_new(o, "since", document_instant(m->since));
	json_object_set_new(o, "until", document_instant(m->until));
	json_object_set_new(o, "count", document_number(m->count));
	json_object_set_new(o, "first_seq", m->count > 0 ? document_number(m->first) : json_null());
	json_object_set_new(o, "last_seq", m->count > 0 ? document_number(m->last) : json_null());
	json_object_set_new(o, "size", document_number(m->size));
	json_object_set_new(o, "files", files(m));
	json_object_set_new(o, "checkpoint", has_note ? document_text(m->checkpoint) : json_null());
	return o;
}

int
evidence_manifest_write(const struct evidence_manifest *m, struct hash *sha256, struct err *e)
{
	struct buf path = { 0 }, text = { 0 };
	int rc;

	document_format(&text, document(m));
	buf_printf(&path, "%s" EVIDENCE_MANIFEST_ENDING "%c", m->file[0].path, '\0');
	rc = file_replace(path.p, 0640, text.p, text.len, e);
	hash_bytes(sha256, text.p, text.len);
	buf_fini(&text);
	buf_fini(&path);
	return rc;
}

/* ---- Reading ---- */

struct manifest {
	struct str origin, checkpoint; /* p NULL: null */
	uint8_t store[16];
	uint64_t count, size;
	uint64_t first, last; /* when count > 0 */
	struct {
		const char *name;
		uint64_t bytes;
		struct hash sha256;
	} file[FILES_MAX];
	size_t files;
};

static int
malformed(struct err *e, const char *key)
{
	return err_set(e, ERR_INTEGRITY, "manifest: %s is not as programs write it", key);
}

/* first_seq and last_seq are numbers, or null when there are no events. */
static bool
read_span(const json_t *o, struct manifest *m)
{
	if (m->count == 0)
		return json_is_null(json_object_get(o, "first_seq")) && json_is_null(json_object_get(o, "last_seq"));
	return document_get_number(o, "first_seq", &m->first) && document_get_number(o, "last_seq", &m->last) &&
	    m->first <= m->last && m->last < m->size && m->count <= m->last - m->first + 1;
}

/* A name in the manifest's own folder. */
static bool
plain_name(struct str name)
{
	return name.len > 0 && memchr(name.p, '\0', name.len) == NULL && memchr(name.p, '/', name.len) == NULL &&
	    !str_eq(name, STR(".")) && !str_eq(name, STR(".."));
}

/* One or two files; the second is the proof of the first. */
static bool
read_files(const json_t *list, struct manifest *m)
{
	struct buf proof = { 0 };
	bool good = json_is_array(list) && json_array_size(list) >= 1 && json_array_size(list) <= FILES_MAX;

	for (size_t i = 0; good && i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		struct str name;

		good = json_is_object(o) && json_object_size(o) == 3 && document_get_text(o, "name", false, &name) &&
		    plain_name(name) && document_get_number(o, "bytes", &m->file[i].bytes) &&
		    document_get_hex(o, "sha256", m->file[i].sha256.b, HASH_LEN);
		if (good)
			m->file[m->files++].name = name.p;
	}
	if (good && m->files == FILES_MAX) {
		buf_printf(&proof, "%s.proof", m->file[0].name);
		good = str_eq(buf_view(&proof), str_of(m->file[1].name));
	}
	buf_fini(&proof);
	return good;
}

#define KEYS 15

static int
read_manifest(const json_t *o, struct manifest *m, struct err *e)
{
	struct str text;
	uint64_t version;
	int64_t us;

	if (!json_is_object(o) || !document_get_number(o, "manifest", &version))
		return malformed(e, "the document");
	if (version != 1)
		return err_set(e, ERR_FAIL, "manifest: of version %" PRIu64 ", this program knows 1", version);
	if (json_object_size(o) != KEYS)
		return malformed(e, "the list of keys");
	if (!document_get_instant(o, "created", false, &us))
		return malformed(e, "created");
	if (!document_get_text(o, "program", false, &text) || !document_get_text(o, "version", false, &text))
		return malformed(e, "program or version");
	if (!document_get_hex(o, "store", m->store, sizeof(m->store)))
		return malformed(e, "store");
	if (!document_get_text(o, "filter", false, &text))
		return malformed(e, "filter");
	if (!document_get_instant(o, "since", true, &us) || !document_get_instant(o, "until", true, &us))
		return malformed(e, "since or until");
	if (!document_get_number(o, "count", &m->count) || !document_get_number(o, "size", &m->size))
		return malformed(e, "count or size");
	if (!read_span(o, m))
		return malformed(e, "first_seq or last_seq");
	if (!read_files(json_object_get(o, "files"), m))
		return malformed(e, "files");
	if (!document_get_text(o, "origin", true, &m->origin) || !document_get_text(o, "checkpoint", true, &m->checkpoint) ||
	    (m->origin.p == NULL) != (m->checkpoint.p == NULL))
		return malformed(e, "origin or checkpoint");
	return 0;
}

/* ---- Judging ---- */

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

	j->verdict->beyond = m->count;
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

/* The manifest says nothing else than the proof. */
static int
compare(const struct manifest *m, const struct export_stated *x, const struct evidence *v, struct err *e)
{
	if (m->checkpoint.p == NULL || !str_eq(m->checkpoint, buf_view(&x->note)))
		return err_set(e, ERR_INTEGRITY, "manifest: its checkpoint is not the one of the proof");
	if (m->count != v->events + v->beyond + v->erased || m->size < v->size)
		return err_set(e, ERR_INTEGRITY, "manifest: count or size is not that of the proof");
	if (m->count > 0 && (m->first != x->first || m->last != x->last))
		return err_set(e, ERR_INTEGRITY, "manifest: first_seq or last_seq is not that of the proof");
	return 0;
}

static int
judge_proof(const struct evidence_judge *j, const struct manifest *m, const char *data, const char *proof, struct err *e)
{
	struct export_stated stated = { 0 };
	int rc = evidence_judge_export(j, data, proof, &stated, e);

	if (rc == 0)
		rc = compare(m, &stated, j->verdict, e);
	buf_fini(&stated.note);
	return rc;
}

static int
judge_manifest(const struct evidence_judge *j, const struct manifest *m, const char *path, struct err *e)
{
	char *file[FILES_MAX] = { NULL, NULL };
	int rc = 0;

	if (m->origin.p && !str_eq(m->origin, str_of(j->pinned->name)))
		return err_set(e, ERR_INTEGRITY, "manifest: is of another log, its origin is not %s", j->pinned->name);
	for (size_t i = 0; rc == 0 && i < m->files; i++) {
		file[i] = beside(path, m->file[i].name);
		rc = check_file(file[i], m->file[i].bytes, &m->file[i].sha256, e);
	}
	if (rc == 0)
		rc = m->files == FILES_MAX ? judge_proof(j, m, file[0], file[1], e) : judge_note(j, m, e);
	for (size_t i = 0; i < FILES_MAX; i++)
		free(file[i]);
	return rc;
}

static int
judge_packed(const struct evidence_judge *j, const struct manifest *m, const struct evidence_file *file,
    const struct evidence_lines *l, struct err *e)
{
	struct export_stated stated = { 0 };
	int rc;

	if (m->files != FILES_MAX || (m->origin.p && !str_eq(m->origin, str_of(j->pinned->name))))
		return err_set(e, ERR_INTEGRITY, "manifest: is of another log, or has no proof");
	for (size_t i = 0; i < FILES_MAX; i++)
		if (strcmp(m->file[i].name, file[i].path) != 0 || m->file[i].bytes != file[i].bytes ||
		    memcmp(m->file[i].sha256.b, file[i].sha256.b, HASH_LEN) != 0)
			return err_set(e, ERR_INTEGRITY, "manifest: %s is not the one that it is of", file[i].path);
	rc = evidence_judge_lines(j, l, &stated, e);
	if (rc == 0)
		rc = compare(m, &stated, j->verdict, e);
	buf_fini(&stated.note);
	return rc;
}

int
evidence_judge_packed(const struct evidence_judge *j, struct str manifest,
    const struct evidence_file file[EVIDENCE_FILES_MAX], const struct evidence_lines *l, struct err *e)
{
	struct manifest m = { 0 };
	json_t *o = document_parse(manifest, TEXT_MAX, "manifest", e);
	int rc = -1;

	if (o != NULL && read_manifest(o, &m, e) == 0)
		rc = judge_packed(j, &m, file, l, e);
	json_decref(o);
	return rc;
}

int
evidence_judge_manifest(const struct evidence_judge *j, const char *path, struct str text, struct err *e)
{
	struct manifest m = { 0 };
	json_t *o = document_parse(text, TEXT_MAX, "manifest", e);
	int rc;

	if (o == NULL)
		return -1;
	rc = read_manifest(o, &m, e) == 0 ? judge_manifest(j, &m, path, e) : -1;
	if (rc == 0) {
		j->verdict->kind = EVIDENCE_MANIFEST;
		j->verdict->files = m.files;
	}
	json_decref(o);
	return rc;
}

/* ---- Whose it is ---- */

static int
read_store(const char *data, struct str text, uint8_t id[16], struct err *e)
{
	struct manifest m = { 0 };
	json_t *o = document_parse(text, TEXT_MAX, "manifest", e);
	int rc = -1;

	if (o != NULL && read_manifest(o, &m, e) == 0)
		rc = check_file(data, m.file[0].bytes, &m.file[0].sha256, e);
	memcpy(id, m.store, sizeof(m.store));
	json_decref(o);
	return rc;
}

static int
find_store(const char *data, uint8_t id[16], struct err *e)
{
	struct buf path = { 0 };
	struct stat sb;
	size_t len;
	char *text = NULL;
	int rc = -1;

	buf_printf(&path, "%s" EVIDENCE_MANIFEST_ENDING "%c", data, '\0');
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
	else if ((text = file_read(path.p, TEXT_MAX, &len, e)) != NULL &&
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
