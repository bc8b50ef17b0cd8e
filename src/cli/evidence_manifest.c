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
 * Of an export in parts the version is 2, and files has each part, behind it its
 * proof if there are proofs; a part's entry also has count, first_seq, last_seq.
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
#include "cli/export_split.h"

#define FILES_MAX EVIDENCE_FILES_MAX
#define TEXT_MAX ((size_t)16 * 1024 * 1024) /* EXPORT_PARTS_MAX parts with long names */
#define NAMED_MAX 8 /* parts with erased lines that are named */

enum version { WHOLE = 1, SPLIT = 2 };
enum { KEYS = 15, FILE_KEYS = 3, PART_KEYS = 6 }; /* of the document, and of entries in files */
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

static const char *
last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* How many, and which seqs they lie between. */
static void
add_events(json_t *o, uint64_t count, uint64_t first, uint64_t last)
{
	json_object_set_new(o, "count", document_number(count));
	json_object_set_new(o, "first_seq", count > 0 ? document_number(first) : json_null());
	json_object_set_new(o, "last_seq", count > 0 ? document_number(last) : json_null());
}

static void
add_part(json_t *list, const struct evidence_part *part, bool split)
{
	for (size_t i = 0; i < part->files; i++) {
		const struct evidence_file *f = &part->file[i];
		json_t *entry = json_object();

		json_object_set_new(entry, "name", document_text(str_of(last_name(f->path))));
		json_object_set_new(entry, "bytes", document_number(f->bytes));
		json_object_set_new(entry, "sha256", document_hex(f->sha256.b, HASH_LEN));
		if (split && i == 0)
			add_events(entry, part->count, part->first, part->last);
		json_array_append_new(list, entry);
	}
}

static json_t *
files(const struct evidence_manifest *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->parts; i++)
		add_part(list, &m->part[i], m->split);
	return list;
}

static json_t *
document(const struct evidence_manifest *m)
{
	json_t *o = json_object();
	struct checkpoint c = { { NULL, 0 }, 0, { { 0 } } };
	struct err ignored = ERR_NONE;
	bool has_note = m->checkpoint.len > 0 && chain_note_read(m->checkpoint, &c, &ignored) == 0;

	json_object_set_new(o, "manifest", json_integer(m->split ? SPLIT : WHOLE));
	json_object_set_new(o, "created", document_instant(m->created));
	json_object_set_new(o, "program", json_string(m->program));
	json_object_set_new(o, "version", json_string(PACKAGE_VERSION));
	json_object_set_new(o, "store", document_hex(m->store, sizeof(m->store)));
	json_object_set_new(o, "origin", has_note ? document_text(c.origin) : json_null());
	json_object_set_new(o, "filter", document_text(m->filter));
	json_object_set_new(o, "since", document_instant(m->since));
	json_object_set_new(o, "until", document_instant(m->until));
	add_events(o, m->count, m->first, m->last);
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
	buf_printf(&path, "%s" EVIDENCE_MANIFEST_ENDING "%c", m->path, '\0');
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
	uint64_t size;
	struct evidence_part all; /* its files do not matter */
	struct evidence_part *part; /* of it; paths are names, borrowed from the document */
	size_t parts, files;
	bool split;
};

static int
malformed(struct err *e, const char *key)
{
	return err_set(e, ERR_INTEGRITY, "manifest: %s is not as programs write it", key);
}

/* first_seq and last_seq are numbers, or null when there are no events. */
static bool
read_events(const json_t *o, uint64_t size, struct evidence_part *p)
{
	if (!document_get_number(o, "count", &p->count))
		return false;
	if (p->count == 0)
		return json_is_null(json_object_get(o, "first_seq")) && json_is_null(json_object_get(o, "last_seq"));
	return document_get_number(o, "first_seq", &p->first) && document_get_number(o, "last_seq", &p->last) &&
	    p->first <= p->last && p->last < size && p->count <= p->last - p->first + 1;
}

/* A name in the manifest's own folder. */
static bool
plain_name(struct str name)
{
	return name.len > 0 && memchr(name.p, '\0', name.len) == NULL && memchr(name.p, '/', name.len) == NULL &&
	    !str_eq(name, STR(".")) && !str_eq(name, STR(".."));
}

/* The file at *at, which moves behind it. */
static bool
read_file(const json_t *list, size_t *at, size_t keys, struct evidence_file *f)
{
	const json_t *o = json_array_get(list, *at);
	struct str name;

	if (!json_is_object(o) || json_object_size(o) != keys || !document_get_text(o, "name", false, &name) ||
	    !plain_name(name) || !document_get_number(o, "bytes", &f->bytes) ||
	    !document_get_hex(o, "sha256", f->sha256.b, HASH_LEN))
		return false;
	f->path = name.p;
	++*at;
	return true;
}

/* Is the next file called after this one as its proof? */
static bool
proof_follows(const json_t *list, size_t at, const char *name)
{
	struct buf proof = { 0 };
	struct str next;
	bool is;

	buf_printf(&proof, "%s" EVIDENCE_PROOF_ENDING, name);
	is = document_get_text(json_array_get(list, at), "name", false, &next) && str_eq(buf_view(&proof), next);
	buf_fini(&proof);
	return is;
}

/* The export or one of its parts, and its proof if that comes behind it. */
static bool
read_part(const json_t *list, size_t *at, struct manifest *m)
{
	struct evidence_part *p = &m->part[m->parts];
	const json_t *o = json_array_get(list, *at);

	if (!read_file(list, at, m->split ? PART_KEYS : FILE_KEYS, &p->file[p->files]) ||
	    (m->split && !read_events(o, m->size, p)))
		return false;
	p->files++;
	if (proof_follows(list, *at, p->file[0].path)) {
		if (!read_file(list, at, FILE_KEYS, &p->file[p->files]))
			return false;
		p->files++;
	}
	m->files += p->files;
	m->parts++;
	return true;
}

/* Part `no` is called after the same export as the first one. */
static bool
part_name(const struct manifest *m, const char *whole, unsigned no)
{
	char *name = whole != NULL ? export_part_path(whole, no) : NULL;
	bool is = name != NULL && strcmp(m->part[no - 1].file[0].path, name) == 0;

	free(name);
	return is;
}

/* They are the parts from 1 on, all with a proof or none, and what they have is
 * what there is. */
static bool
check_parts(const struct manifest *m)
{
	unsigned no;
	char *whole = export_part_of(m->part[0].file[0].path, &no);
	struct evidence_part sum = { .first = UINT64_MAX };
	bool good = true;

	for (size_t i = 0; good && i < m->parts; i++) {
		const struct evidence_part *p = &m->part[i];

		good = part_name(m, whole, (unsigned)i + 1) && p->files == m->part[0].files;
		sum.count += p->count;
		if (p->count > 0 && p->first < sum.first)
			sum.first = p->first;
		if (p->count > 0 && p->last > sum.last)
			sum.last = p->last;
	}
	free(whole);
	return good && sum.count == m->all.count &&
	    (sum.count == 0 || (sum.first == m->all.first && sum.last == m->all.last));
}

static bool
read_files(const json_t *list, struct manifest *m)
{
	size_t n = json_array_size(list), at = 0;

	if (!json_is_array(list) || n == 0 || n > (m->split ? (size_t)EXPORT_PARTS_MAX * FILES_MAX : FILES_MAX))
		return false;
	m->part = mem_zero(n, sizeof(*m->part));
	while (at < n)
		if (!read_part(list, &at, m) || (!m->split && m->parts > 1))
			return false;
	return !m->split || (m->parts <= EXPORT_PARTS_MAX && check_parts(m));
}


static int
read_manifest(const json_t *o, struct manifest *m, struct err *e)
{
	struct str text;
	uint64_t version;
	int64_t us;

	if (!json_is_object(o) || !document_get_number(o, "manifest", &version))
		return malformed(e, "the document");
	if (version != WHOLE && version != SPLIT)
		return err_set(e, ERR_FAIL, "manifest: of version %" PRIu64 ", this program knows %d and %d", version, WHOLE,
		    SPLIT);
	m->split = version == SPLIT;
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
	if (!document_get_number(o, "size", &m->size) || !read_events(o, m->size, &m->all))
		return malformed(e, "size, count, first_seq or last_seq");
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
	if (m->split)
		buf_printf(&sum->which, " of %s", m->part[i].file[0].path);
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
	if (rc == 0 && m->part[0].files < FILES_MAX)
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

	if (m->split || m->files != FILES_MAX || (m->origin.p && !str_eq(m->origin, str_of(j->pinned->name))))
		return err_set(e, ERR_INTEGRITY, "manifest: is of another log, or has no proof");
	for (size_t i = 0; i < FILES_MAX; i++)
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
	struct manifest m = { 0 };
	json_t *o = document_parse(manifest, TEXT_MAX, "manifest", e);
	int rc = -1;

	if (o != NULL && read_manifest(o, &m, e) == 0)
		rc = judge_packed(j, &m, file, l, e);
	free(m.part);
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
	free(m.part);
	json_decref(o);
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
		if (strcmp(m->part[i].file[0].path, last_name(data)) == 0)
			return &m->part[i];
	return NULL;
}

static int
read_store(const char *data, struct str text, uint8_t id[16], struct err *e)
{
	struct manifest m = { 0 };
	json_t *o = document_parse(text, TEXT_MAX, "manifest", e);
	const struct evidence_part *part;
	int rc = -1;

	if (o != NULL && read_manifest(o, &m, e) == 0)
		rc = (part = find_part(&m, data)) == NULL ? err_set(e, ERR_INTEGRITY, "the manifest does not name it") :
		    check_file(data, part->file[0].bytes, &part->file[0].sha256, e);
	memcpy(id, m.store, sizeof(m.store));
	free(m.part);
	json_decref(o);
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
