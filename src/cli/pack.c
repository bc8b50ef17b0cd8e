/*
 * pack: making an evidence pack (see pack.h).
 *
 * A pack is of the log as its last checkpoint has it, and that checkpoint's
 * time is its only clock: made again, it is the same bytes, until the log is
 * signed again.  What the making of it records comes behind the checkpoint, and
 * is in none.
 *
 * Its files are made in a folder beside it, which goes in any case; the archive
 * is judged there as anyone would judge it, and then gets its name.
 *
 * In: a complete export, the store, the configuration.   Out: one archive.
 */
#include "cli/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/tar.h"
#include "cli/document.h"
#include "cli/judge.h"
#include "cli/pack_page.h"
#include "proof/checkpoint.h"

#define READ_SIZE ((size_t)256 * 1024)
#define FOLDER_NAME ".audit-pack-XXXXXX"

const char *const pack_names[PACK_FILES] = {
	[PACK_INDEX] = "pack.json", [PACK_PAGE] = "index.html", [PACK_EVENTS] = "events.jsonl",
	[PACK_PROOF] = "events.jsonl.proof", [PACK_MANIFEST] = "events.jsonl.manifest.json", [PACK_TABLE] = "events.csv",
	[PACK_COVERAGE] = "coverage.json", [PACK_VERIFICATION] = "verification.json",
	[PACK_RETENTION] = "retention.json", [PACK_HOLDS] = "holds.json", [PACK_KEY] = "log.pub"
};

enum control_part
pack_part(enum pack_file f)
{
	return f >= PACK_EVENTS ? (enum control_part)(f - PACK_EVENTS) : PART_COUNT;
}

/* ---- before ---- */

static const char *const endings[] = { ".tar.zst", ".tar.gz", ".tar" };

const char *
pack_ending(const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t m = strlen(endings[i]);

		if (n > m && strcmp(path + n - m, endings[i]) == 0)
			return endings[i];
	}
	return NULL;
}

int
pack_open(struct pack *p, const char *control, const char *out, struct store *st, struct err *e)
{
	struct store_note last;
	int found;

	if (pack_ending(out) == NULL)
		return err_set(e, ERR_FAIL, "-O %.200s: an evidence pack's name ends in .tar.zst, .tar.gz or .tar", out);
	if (control_read(&p->control, control, e) != 0)
		return err_doing(e, "--evidence");
	if ((found = store_checkpoint_last(st, CHECKPOINT_SIZE_MAX, &last, &p->note, e)) < 0)
		return -1;
	if (found == 0)
		return err_set(e, ERR_FAIL, "--evidence: nothing is signed yet: audit-verify --sign");
	p->size = last.size;
	p->at = last.at;
	return 0;
}

int
pack_begin(struct pack *p, const char *out, struct err *e)
{
	const char *slash = strrchr(out, '/');
	struct buf folder = { 0 };

	if (slash != NULL)
		buf_add(&folder, out, (size_t)(slash - out) + 1);
	buf_printf(&folder, "%s%c", FOLDER_NAME, '\0');
	if (mkdtemp(folder.p) == NULL) {
		err_errno(e, "%s", folder.p);
		buf_fini(&folder);
		return -1;
	}
	p->folder = folder.p;
	for (enum pack_file f = PACK_INDEX; f < PACK_FILES; f++)
		buf_printf(&p->path[f], "%s/%s%c", p->folder, pack_names[f], '\0');
	return 0;
}

/* ---- statements ---- */

static int
write_text(const struct pack *p, enum pack_file f, const struct buf *text, struct err *e)
{
	return file_replace(p->path[f].p, 0640, text->p, text->len, e);
}

static int
write_document(const struct pack *p, enum pack_file f, json_t *o, struct err *e)
{
	struct buf text = { 0 };
	int rc;

	document_format(&text, o);
	rc = write_text(p, f, &text, e);
	buf_fini(&text);
	return rc;
}

static int
write_coverage(struct pack *p, const struct pack_source *from, struct pack_said *said, struct err *e)
{
	struct buf text = { 0 };
	int rc = query_coverage(from->st, from->filter, p->at, from->query->pool, &said->coverage, e);

	if (rc == 0) {
		cli_coverage_json(&text, &said->coverage);
		buf_byte(&text, '\n');
		rc = write_text(p, PACK_COVERAGE, &text, e);
	}
	buf_fini(&text);
	return rc;
}

/* What was found behind the checkpoint is not of this pack, unless it is wrong. */
static int
write_verification(struct pack *p, const struct pack_source *from, struct err *e)
{
	struct judge_options o = { .verify = *from->verify };
	struct verdict v = { 0 };
	json_t *doc;
	int rc = judge_store(from->st, &o, &v, e);

	if (rc == 0 && v.status == VERDICT_FAILED)
		rc = err_set(e, ERR_INTEGRITY, "the log is not what was stored and signed (audit-verify tells what is wrong): "
		    "no evidence is made of it");
	if (rc == 0) {
		doc = json_object();
		json_object_set_new(doc, "as_of", document_instant(p->at));
		json_object_set_new(doc, "status", json_string("verified"));
		json_object_set_new(doc, "signed_size", document_number(p->size));
		json_object_set_new(doc, "keys", document_number(v.epochs));
		json_object_set_new(doc, "checkpoint", document_text(buf_view(&p->note)));
		rc = write_document(p, PACK_VERIFICATION, doc, e);
	}
	verdict_fini(&v);
	return rc;
}

static int
write_retention(struct pack *p, const struct pack_source *from, struct pack_said *said, struct err *e)
{
	const struct retention *r = &said->retention;
	json_t *doc, *rules;

	if (retention_of(from->config, p->at, &said->retention, e) != 0)
		return -1;
	doc = json_object();
	rules = json_array();
	for (size_t i = 0; i < r->n; i++) {
		json_t *rule = json_object();

		json_object_set_new(rule, "name", document_text(r->rule[i].name));
		json_object_set_new(rule, "filter", document_text(buf_view(&r->expression[i])));
		json_object_set_new(rule, "keep_seconds", r->keep[i] == RETENTION_FOREVER ? json_null() :
		    document_number((uint64_t)(r->keep[i] / TIME_SECOND)));
		json_array_append_new(rules, rule);
	}
	json_object_set_new(doc, "as_of", document_instant(p->at));
	json_object_set_new(doc, "rules", rules);
	return write_document(p, PACK_RETENTION, doc, e);
}

struct holding {
	const struct pack *pack;
	struct pack_said *said;
	json_t *list;
};

/* As the signed log has it: placed there, and not lifted there. */
static int
take_hold(void *arg, const struct hold *h, struct err *e)
{
	struct holding *x = arg;
	struct pack_hold *kept;
	json_t *o;

	(void)e;
	if (h->record >= x->pack->size || (h->lifted && h->lift < x->pack->size))
		return 0;
	o = json_object();
	json_object_set_new(o, "matter", document_text(h->matter));
	json_object_set_new(o, "reason", document_text(h->reason));
	json_object_set_new(o, "placed", document_instant(h->at));
	json_object_set_new(o, "by", document_text(h->by));
	json_object_set_new(o, "review", document_instant(h->review));
	json_object_set_new(o, "filter", document_text(h->filter));
	json_object_set_new(o, "record", document_number(h->record));
	json_array_append_new(x->list, o);
	mem_grow(&x->said->hold, &x->said->hold_cap, x->said->holds + 1, sizeof(*x->said->hold));
	kept = &x->said->hold[x->said->holds++];
	*kept = (struct pack_hold){ mem_dup(h->matter.p, h->matter.len), mem_dup(h->reason.p, h->reason.len),
		mem_dup(h->filter.p, h->filter.len), h->at };
	return 0;
}

static int
write_holds(struct pack *p, const struct pack_source *from, struct pack_said *said, struct err *e)
{
	struct holding x = { .pack = p, .said = said, .list = json_array() };
	json_t *doc = json_object();

	json_object_set_new(doc, "as_of", document_instant(p->at));
	json_object_set_new(doc, "holds", x.list);
	if (store_hold_each(from->st, take_hold, &x, e) == 0)
		return write_document(p, PACK_HOLDS, doc, e);
	json_decref(doc);
	return -1;
}

/* The first key, and its line with a newline behind. */
struct first_key {
	struct buf line;
	struct note_verifier key;
};

static int
take_key(void *arg, const struct store_key *k, struct err *e)
{
	struct first_key *f = arg;

	if (f->line.len > 0)
		return 0;
	buf_str(&f->line, k->line);
	buf_byte(&f->line, '\n');
	return note_verifier_parse(&f->key, k->line, e);
}

/* ---- the index ---- */

static void
add_file(json_t *list, const struct pack *p, enum pack_file f, const struct evidence_file *file)
{
	enum control_part part = pack_part(f);
	json_t *o = json_object();

	json_object_set_new(o, "name", json_string(pack_names[f]));
	json_object_set_new(o, "bytes", document_number(file->bytes));
	json_object_set_new(o, "sha256", document_hex(file->sha256.b, HASH_LEN));
	json_object_set_new(o, "shows", document_text(part == PART_COUNT ? STR("All of this, for people.")
	    : str_of(p->control.shows[part])));
	json_array_append_new(list, o);
}

static int
write_index(struct pack *p, const struct pack_source *from, const struct first_key *key,
    const struct evidence_file *file, struct err *e)
{
	uint8_t id[16];
	json_t *o = json_object(), *list = json_array();

	store_id(from->st, id);
	json_object_set_new(o, "pack", json_integer(PACK_VERSION));
	json_object_set_new(o, "program", json_string("audit-export"));
	json_object_set_new(o, "version", json_string(PACKAGE_VERSION));
	json_object_set_new(o, "as_of", document_instant(p->at));
	json_object_set_new(o, "control", document_text(str_of(p->control.name)));
	json_object_set_new(o, "framework", document_text(str_of(p->control.framework)));
	json_object_set_new(o, "title", document_text(str_of(p->control.title)));
	json_object_set_new(o, "store", document_hex(id, sizeof(id)));
	json_object_set_new(o, "origin", document_text(str_of(key->key.name)));
	json_object_set_new(o, "size", document_number(p->size));
	json_object_set_new(o, "filter", document_text(str_of(from->expression)));
	json_object_set_new(o, "since", document_instant(from->filter->since));
	json_object_set_new(o, "until", document_instant(from->filter->until));
	json_object_set_new(o, "count", document_number(from->count));
	for (enum pack_file f = PACK_PAGE; f < PACK_FILES; f++)
		add_file(list, p, f, &file[f]);
	json_object_set_new(o, "files", list);
	return write_document(p, PACK_INDEX, o, e);
}

/* ---- the archive ---- */

static int
copy_file(struct outstream *out, const struct evidence_file *file, struct err *e)
{
	struct instream *in = instream_open(file->path, e);
	char *piece = mem_alloc(READ_SIZE);
	uint64_t left = file->bytes;
	ssize_t n = 1;
	int rc = in != NULL ? 0 : -1;

	while (rc == 0 && left > 0 && n > 0) {
		n = instream_read(in, piece, left < READ_SIZE ? (size_t)left : READ_SIZE, e);
		if (n <= 0 || (rc = outstream_write(out, piece, (size_t)n, e)) != 0 || (rc = cli_go_on(e)) != 0)
			break;
		left -= (uint64_t)n;
	}
	if (rc == 0 && left > 0)
		rc = n < 0 ? -1 : err_set(e, ERR_FAIL, "%s: became shorter", file->path);
	memset(piece, 0, TAR_BLOCK);
	if (rc == 0)
		rc = outstream_write(out, piece, tar_padding(file->bytes), e);
	instream_close(in);
	free(piece);
	return rc;
}

static int
add_member(const struct pack *p, struct outstream *out, enum pack_file f, const struct evidence_file *file,
    struct err *e)
{
	char name[TAR_NAME_MAX + 1], header[TAR_BLOCK];

	snprintf(name, sizeof(name), PACK_FOLDER "%s", pack_names[f]);
	if (!tar_header(header, name, file->bytes, (uint64_t)(p->at / TIME_SECOND)))
		return err_set(e, ERR_FAIL, "%s: larger than 8 GiB, more than an archive's file can be: ask for less time",
		    pack_names[f]);
	return outstream_write(out, header, sizeof(header), e) == 0 ? copy_file(out, file, e) : -1;
}

static int
write_archive(const struct pack *p, const char *path, const struct evidence_file *file, struct err *e)
{
	static const char end[2 * TAR_BLOCK];
	struct outstream *out = outstream_open(path, e);
	int rc = out != NULL ? 0 : -1;

	for (enum pack_file f = PACK_INDEX; rc == 0 && f < PACK_FILES; f++)
		rc = add_member(p, out, f, &file[f], e);
	if (rc == 0)
		rc = outstream_write(out, end, sizeof(end), e);
	if (rc == 0)
		return outstream_finish(out, e);
	outstream_abort(out);
	return -1;
}

/* As anyone would judge it, by the key that the store has. */
static int
check_archive(const struct pack *p, const char *path, const struct first_key *key, uint64_t count, struct err *e)
{
	struct str note = buf_view(&p->note);
	struct evidence v = { 0 };
	int rc = evidence_verify(path, &key->key, &note, &v, e);

	if (rc == 0 && (v.kind != EVIDENCE_PACK || v.events + v.erased != count))
		rc = err_set(e, ERR_INTEGRITY, "what can be read of the pack is not what was written");
	evidence_fini(&v);
	return rc;
}

static int
give_name(const char *path, const char *out, struct err *e)
{
	const char *slash = strrchr(out, '/');
	char *folder = slash == NULL ? mem_strdup(".") : mem_dup(out, (size_t)(slash - out) + 1);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (rename(path, out) != 0)
		rc = err_errno(e, "%s: renaming", out);
	else if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
		rc = err_errno(e, "%s: syncing its folder", out);
	if (fd >= 0)
		close(fd);
	free(folder);
	return rc;
}

/* ---- all of it ---- */

static int
write_statements(struct pack *p, const struct pack_source *from, struct pack_said *said, struct first_key *key,
    struct err *e)
{
	const struct summary_options none = { 0 };
	struct query_stats stats;

	said->sum = summary_new(&none);
	return store_key_each(from->st, take_key, key, e) == 0 && write_text(p, PACK_KEY, &key->line, e) == 0 &&
	    write_verification(p, from, e) == 0 && write_coverage(p, from, said, e) == 0 &&
	    write_retention(p, from, said, e) == 0 && write_holds(p, from, said, e) == 0 &&
	    query_summary(from->st, from->query, said->sum, &stats, e) == 0 ? 0 : -1;
}

/* The sizes and hashes of the files from `first` on, then the page of them. */
static int
write_page(struct pack *p, const struct pack_source *from, struct pack_said *said, const struct first_key *key,
    struct evidence_file *file, struct err *e)
{
	struct buf page = { 0 };
	int rc = 0;

	for (enum pack_file f = PACK_EVENTS; rc == 0 && f < PACK_FILES; f++)
		rc = evidence_file(p->path[f].p, &file[f], e);
	if (rc == 0) {
		said->origin = key->key.name;
		said->file = file;
		pack_page(&page, p, from, said);
		rc = write_text(p, PACK_PAGE, &page, e);
	}
	buf_fini(&page);
	if (rc == 0)
		rc = evidence_file(p->path[PACK_PAGE].p, &file[PACK_PAGE], e);
	return rc;
}

int
pack_finish(struct pack *p, const struct pack_source *from, const char *out, struct err *e)
{
	struct evidence_file file[PACK_FILES];
	struct pack_said said = { 0 };
	struct first_key key = { 0 };
	struct buf archive = { 0 };
	int rc = -1;

	buf_printf(&archive, "%s/pack%s%c", p->folder, pack_ending(out), '\0');
	if (write_statements(p, from, &said, &key, e) == 0 && write_page(p, from, &said, &key, file, e) == 0 &&
	    write_index(p, from, &key, file, e) == 0 &&
	    evidence_file(p->path[PACK_INDEX].p, &file[PACK_INDEX], e) == 0 &&
	    write_archive(p, archive.p, file, e) == 0 && check_archive(p, archive.p, &key, from->count, e) == 0)
		rc = give_name(archive.p, out, e);
	if (rc != 0)
		unlink(archive.p);
	pack_said_fini(&said);
	buf_fini(&key.line);
	buf_fini(&archive);
	return rc;
}

void
pack_fini(struct pack *p)
{
	for (enum pack_file f = PACK_INDEX; f < PACK_FILES; f++) {
		if (p->folder != NULL)
			unlink(p->path[f].p);
		buf_fini(&p->path[f]);
	}
	if (p->folder != NULL)
		rmdir(p->folder);
	free(p->folder);
	buf_fini(&p->note);
	control_fini(&p->control);
}
