/*
 * evidence_manifest: what an export consists of, as a JSON document beside it:
 * written, and read again.
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
 * It is not signed itself: evidence_manifest_judge.c holds what it says against
 * the files, the proof and the checkpoint.
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
#include "cli/evidence_manifest.h"
#include "cli/export_split.h"


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

const char *
manifest_name(const char *path)
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

		json_object_set_new(entry, "name", document_text(str_of(manifest_name(f->path))));
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

	if (!json_is_array(list) || n == 0 || n > (m->split ? (size_t)EXPORT_PARTS_MAX * EVIDENCE_FILES_MAX : EVIDENCE_FILES_MAX))
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

int
manifest_read(struct manifest *m, struct str text, struct err *e)
{
	*m = (struct manifest){ .document = document_parse(text, MANIFEST_MAX, "manifest", e) };
	if (m->document != NULL && read_manifest(m->document, m, e) == 0)
		return 0;
	manifest_fini(m);
	return -1;
}

void
manifest_fini(struct manifest *m)
{
	free(m->part);
	json_decref(m->document);
	*m = (struct manifest){ .part = NULL };
}
