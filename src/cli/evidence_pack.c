/*
 * evidence_pack: an evidence pack, judged without unpacking it.
 *
 * The archive is read twice: first each header, size and hash against the
 * index that comes first, in the one order there is; then the events against
 * their proof.  What is larger than its index says, comes twice, is missing or
 * is no regular file of a known name is refused at its header.
 *
 * In: an archive of unknown origin.   Out: what it shows, or why it shows
 * nothing.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/tar.h"
#include "cli/cli.h"
#include "cli/document.h"
#include "cli/evidence_judge.h"
#include "cli/pack.h"
#include "proof/export_proof.h"

#define READ_SIZE ((size_t)128 * 1024)
#define MANIFEST_MAX ((size_t)8 * 1024 * 1024)
#define KEY_MAX ((size_t)4096)
#define USTAR_AT 257

/* What is known of a file once it was read. */
struct packed {
	uint64_t offset, bytes;
	struct hash sha256;
	struct buf text; /* of those that are looked into */
};

struct reading {
	const char *path;
	struct instream *in;
	struct packed file[PACK_FILES];
	json_t *index;
	uint64_t seconds; /* the one time of all headers */
};

/* How much of a file is kept; 0: nothing, it is only hashed. */
static uint64_t
kept_of(enum pack_file f)
{
	switch (f) {
	case PACK_INDEX: return PACK_INDEX_MAX;
	case PACK_PROOF: return EXPORT_PROOF_MAX;
	case PACK_MANIFEST: return MANIFEST_MAX;
	case PACK_KEY: return KEY_MAX;
	default: return 0;
	}
}

/* ---- bytes ---- */

/* n bytes, or how many there were before the end; -1. */
static ssize_t
read_full(struct reading *r, char *p, size_t n, struct err *e)
{
	size_t have = 0;
	ssize_t got = 1;

	while (have < n && got > 0) {
		if ((got = instream_read(r->in, p + have, n - have, e)) < 0) {
			/* What cannot be unpacked was changed. */
			if (instream_is_compressed(r->in) && e->code == ERR_FAIL)
				e->code = ERR_INTEGRITY;
			return -1;
		}
		have += (size_t)got;
	}
	return (ssize_t)have;
}

static int
read_exactly(struct reading *r, char *p, size_t n, struct err *e)
{
	ssize_t got = read_full(r, p, n, e);

	if (got < 0)
		return -1;
	return (size_t)got == n ? 0 : err_set(e, ERR_INTEGRITY, "ends early");
}

static bool
all_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

static int
read_zeros(struct reading *r, size_t n, struct err *e)
{
	char block[2 * TAR_BLOCK];

	if (read_exactly(r, block, n, e) != 0)
		return -1;
	return all_zero(block, n) ? 0 : err_set(e, ERR_INTEGRITY, "has bytes where there are none");
}

/* ---- files ---- */

/* What the index says of file f. */
static int
expect(const struct reading *r, enum pack_file f, uint64_t *bytes, struct hash *sha256, struct err *e)
{
	const json_t *o = json_array_get(json_object_get(r->index, "files"), (size_t)f - 1);
	struct str name, shows;

	if (!json_is_object(o) || json_object_size(o) != 4 || !document_get_text(o, "name", false, &name) ||
	    !str_eq(name, str_of(pack_names[f])) || !document_get_text(o, "shows", false, &shows) ||
	    !document_get_number(o, "bytes", bytes) || !document_get_hex(o, "sha256", sha256->b, HASH_LEN))
		return err_set(e, ERR_INTEGRITY, "%s: files is not as programs write it", pack_names[PACK_INDEX]);
	return 0;
}

static int
read_header(struct reading *r, enum pack_file f, struct err *e)
{
	char block[TAR_BLOCK];
	struct tar_member m;

	if (read_exactly(r, block, sizeof(block), e) != 0)
		return -1;
	if (!tar_header_parse(block, &m))
		return err_set(e, ERR_INTEGRITY, "where %s should be is no plain file", pack_names[f]);
	if (!str_begins(str_of(m.name), STR(PACK_FOLDER)) || strcmp(m.name + strlen(PACK_FOLDER), pack_names[f]) != 0)
		return err_set(e, ERR_INTEGRITY, "where %s should be is %s", pack_names[f], m.name);
	if (f == PACK_INDEX)
		r->seconds = m.seconds;
	if (m.seconds != r->seconds)
		return err_set(e, ERR_INTEGRITY, "%s: is of another time", pack_names[f]);
	if (kept_of(f) > 0 && m.size > kept_of(f))
		return err_set(e, ERR_INTEGRITY, "%s: larger than any such file", pack_names[f]);
	r->file[f].bytes = m.size;
	r->file[f].offset = instream_offset(r->in);
	return 0;
}

/* Hashes it, and keeps the bytes of what is looked into. */
static int
read_content(struct reading *r, enum pack_file f, struct err *e)
{
	struct packed *p = &r->file[f];
	char *piece = mem_alloc(READ_SIZE);
	struct hasher h;
	int rc = 0;

	hash_init(&h);
	for (uint64_t left = p->bytes; rc == 0 && left > 0;) {
		size_t n = left < READ_SIZE ? (size_t)left : READ_SIZE;

		if ((rc = read_exactly(r, piece, n, e)) == 0)
			rc = cli_go_on(e);
		if (rc == 0) {
			hash_update(&h, piece, n);
			if (kept_of(f) > 0)
				buf_add(&p->text, piece, n);
		}
		left -= n;
	}
	hash_final(&h, &p->sha256);
	free(piece);
	return rc == 0 ? read_zeros(r, tar_padding(p->bytes), e) : -1;
}

#define INDEX_KEYS 15

static int
read_index(struct reading *r, struct err *e)
{
	const char *name = pack_names[PACK_INDEX];
	const json_t *o;
	uint64_t version;

	if ((r->index = document_parse(buf_view(&r->file[PACK_INDEX].text), PACK_INDEX_MAX, name, e)) == NULL)
		return -1;
	o = r->index;
	if (!json_is_object(o) || !document_get_number(o, "pack", &version))
		return err_set(e, ERR_INTEGRITY, "%s: is none", name);
	if (version != PACK_VERSION)
		return err_set(e, ERR_FAIL, "%s: of version %" PRIu64 ", this program knows %d", name, version, PACK_VERSION);
	if (json_object_size(o) != INDEX_KEYS || json_array_size(json_object_get(o, "files")) != PACK_FILES - 1)
		return err_set(e, ERR_INTEGRITY, "%s: is not as programs write it", name);
	return 0;
}

static int
read_file(struct reading *r, enum pack_file f, struct err *e)
{
	struct hash sha256;
	uint64_t bytes;

	if (read_header(r, f, e) != 0)
		return -1;
	if (f == PACK_INDEX)
		return read_content(r, f, e) == 0 ? read_index(r, e) : -1;
	if (expect(r, f, &bytes, &sha256, e) != 0)
		return -1;
	if (r->file[f].bytes != bytes)
		return err_set(e, ERR_INTEGRITY, "%s: has %" PRIu64 " bytes, the index says %" PRIu64, pack_names[f],
		    r->file[f].bytes, bytes);
	if (read_content(r, f, e) != 0)
		return -1;
	if (memcmp(r->file[f].sha256.b, sha256.b, HASH_LEN) != 0)
		return err_set(e, ERR_INTEGRITY, "%s: its SHA-256 is not the one of the index", pack_names[f]);
	return 0;
}

/* All files, and nothing behind them. */
static int
read_archive(struct reading *r, struct err *e)
{
	char more;
	ssize_t got;

	for (enum pack_file f = PACK_INDEX; f < PACK_FILES; f++)
		if (read_file(r, f, e) != 0)
			return -1;
	if (read_zeros(r, (size_t)2 * TAR_BLOCK, e) != 0)
		return -1;
	if ((got = read_full(r, &more, 1, e)) != 0)
		return got < 0 ? -1 : err_set(e, ERR_INTEGRITY, "has something behind its end");
	return 0;
}

/* ---- judging ---- */

/* The index says nothing else than the manifest and the proof. */
static int
compare(const struct reading *r, const struct evidence *v, struct err *e)
{
	struct str origin, text;
	uint64_t size, count;
	int64_t at;

	if (!document_get_text(r->index, "control", false, &text) || !document_get_instant(r->index, "as_of", false, &at) ||
	    !document_get_text(r->index, "origin", false, &origin) || !document_get_number(r->index, "size", &size) ||
	    !document_get_number(r->index, "count", &count))
		return err_set(e, ERR_INTEGRITY, "%s: is not as programs write it", pack_names[PACK_INDEX]);
	if (size != v->size || count != v->events + v->erased || v->beyond > 0 || at / TIME_SECOND != (int64_t)r->seconds)
		return err_set(e, ERR_INTEGRITY, "%s: size, count or as_of is not that of the proof", pack_names[PACK_INDEX]);
	return 0;
}

/* Of the log by whose key it is judged. */
static int
check_key(const struct reading *r, const struct evidence_judge *j, struct err *e)
{
	struct str line = buf_view(&r->file[PACK_KEY].text);
	struct note_verifier key;

	if (line.len == 0 || line.p[line.len - 1] != '\n')
		return err_set(e, ERR_INTEGRITY, "%s: is no line", pack_names[PACK_KEY]);
	line.len--;
	if (note_verifier_parse(&key, line, e) != 0 || strcmp(key.name, j->pinned->name) != 0)
		return err_set(e, ERR_INTEGRITY, "%s: is no key of %s", pack_names[PACK_KEY], j->pinned->name);
	return 0;
}

static int
judge_events(struct reading *r, const struct evidence_judge *j, struct err *e)
{
	const struct packed *events = &r->file[PACK_EVENTS], *proof = &r->file[PACK_PROOF];
	const struct evidence_file file[EVIDENCE_FILES_MAX] = {
		{ pack_names[PACK_EVENTS], events->bytes, events->sha256 },
		{ pack_names[PACK_PROOF], proof->bytes, proof->sha256 } };
	struct evidence_lines l = { .name = pack_names[PACK_EVENTS], .proof_name = pack_names[PACK_PROOF],
		.proof = buf_view(&proof->text) };
	int rc = -1;

	if ((l.in = instream_open(r->path, e)) != NULL && instream_skip_to(l.in, events->offset, e) == 0) {
		instream_limit(l.in, events->bytes);
		rc = evidence_judge_packed(j, buf_view(&r->file[PACK_MANIFEST].text), file, &l, e);
	}
	instream_close(l.in);
	return rc;
}

bool
evidence_is_pack(const char *path)
{
	struct err ignored = ERR_NONE;
	struct reading r = { .path = path };
	char block[TAR_BLOCK];
	struct stat sb;
	bool is = false;

	/* A FIFO would be waited for for ever. */
	if (stat(path, &sb) != 0 || !S_ISREG(sb.st_mode) || (r.in = instream_open(path, &ignored)) == NULL)
		return false;
	/* What is called an archive was one once, whatever it is now. */
	is = pack_ending(path) != NULL || (read_full(&r, block, sizeof(block), &ignored) == sizeof(block) &&
	    memcmp(block + USTAR_AT, "ustar", 5) == 0);
	instream_close(r.in);
	return is;
}

int
evidence_judge_pack(const struct evidence_judge *j, const char *path, struct err *e)
{
	struct reading r = { .path = path, .in = instream_open(path, e) };
	struct str control;
	int rc = -1;

	if (r.in != NULL && read_archive(&r, e) == 0 && check_key(&r, j, e) == 0 && judge_events(&r, j, e) == 0)
		rc = compare(&r, j->verdict, e);
	if (rc == 0) {
		document_get_text(r.index, "control", false, &control);
		buf_str(&j->verdict->control, control);
		j->verdict->kind = EVIDENCE_PACK;
		j->verdict->files = PACK_FILES;
	}
	instream_close(r.in);
	json_decref(r.index);
	for (size_t i = 0; i < PACK_FILES; i++)
		buf_fini(&r.file[i].text);
	return rc;
}
