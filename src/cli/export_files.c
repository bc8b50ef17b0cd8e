/*
 * export_files: events in, an export and what is beside it out.
 *
 * An export, or a part of it, and its proof are both whole before the first of
 * them gets its name, and the manifest, which has the hashes of all, is written
 * last.
 */
#include "cli/export_files.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/export_place.h"

static bool
is_split(const struct export_files *f)
{
	return f->split.events > 0 || f->split.bytes > 0;
}

/* ---- Before anything is done ---- */

/* Of a set nothing is replaced: neither of one that is whole, nor a file that
 * only has such a name. */
static int
check_free(const char *path, const char *ending, struct err *e)
{
	struct buf file = { 0 };
	struct stat sb;
	int rc = 0;

	buf_printf(&file, "%s%s%c", path, ending, '\0');
	if (lstat(file.p, &sb) == 0)
		rc = err_set(e, ERR_FAIL, "%s: is there already, and parts replace nothing", file.p);
	buf_fini(&file);
	return rc;
}

static int
check_part(const struct export_files *f, const char *path, struct err *e)
{
	return check_free(path, "", e) == 0 && (!f->proof || check_free(path, EVIDENCE_PROOF_ENDING, e) == 0) ? 0 : -1;
}

static int
check_set(const struct export_files *f, struct err *e)
{
	char *first = export_part_path(f->path, 1);
	int rc = check_free(f->path, EVIDENCE_MANIFEST_ENDING, e) == 0 && check_part(f, first, e) == 0 ? 0 : -1;

	free(first);
	return rc;
}

int
export_files_check(const struct export_files *f, struct store *st, struct err *e)
{
	struct buf note = { 0 };
	uint64_t size;
	int rc = 0;

	if ((f->proof || f->manifest || is_split(f)) && export_is_device(f->path))
		return err_set(e, ERR_FAIL, "%s: --proof, --manifest and --split are for regular files", f->path);
	if (is_split(f) && check_set(f, e) != 0)
		return -1;
	if (f->proof)
		rc = evidence_checkpoint(st, 0, false, &size, &note, e);
	buf_fini(&note);
	return rc;
}

/* ---- Writing ---- */

static int
find_checkpoint(struct export_files *f, uint64_t size, struct err *e)
{
	struct store_note last;
	int found = store_checkpoint_last(f->st, size, &last, &f->note, e);

	if (found < 0)
		return -1;
	if (found > 0)
		f->signed_size = last.size;
	else if (f->proof)
		return err_set(e, ERR_FAIL, "no checkpoint is signed of these events");
	return 0;
}

/* The part after those that are complete, or the only file. */
static int
open_part(struct export_files *f, struct err *e)
{
	char *path;

	f->now = (struct evidence_part){ .files = 0 };
	buf_reset(&f->now_path);
	if (is_split(f)) {
		if (f->parts == EXPORT_PARTS_MAX)
			return err_set(e, ERR_FAIL, "%s: more than %d parts: --split has to be larger", f->path, EXPORT_PARTS_MAX);
		path = export_part_path(f->path, (unsigned)f->parts + 1);
		buf_printf(&f->now_path, "%s%c", path, '\0');
		free(path);
		if (check_part(f, f->now_path.p, e) != 0)
			return -1;
	} else if (f->path != NULL) {
		buf_printf(&f->now_path, "%s%c", f->path, '\0');
	}
	if ((f->out = outstream_open(f->now_path.p, e)) == NULL)
		return -1;
	if (!f->proof)
		return 0;
	buf_reset(&f->proof_path);
	buf_printf(&f->proof_path, "%s" EVIDENCE_PROOF_ENDING "%c", f->now_path.p, '\0');
	f->proof_out = outstream_open(f->proof_path.p, e);
	return f->proof_out ? 0 : -1;
}

int
export_files_open(struct export_files *f, struct store *st, uint64_t size, struct err *e)
{
	f->st = st;
	if ((f->proof || f->manifest) && find_checkpoint(f, size, e) != 0)
		return -1;
	if (f->proof)
		f->prover = export_prover_new(st, f->signed_size);
	return open_part(f, e);
}

void
export_files_event(struct export_files *f, uint64_t seq)
{
	struct evidence_part *p = &f->now;

	if (p->count == 0 || seq < p->first)
		p->first = seq;
	if (p->count == 0 || seq > p->last)
		p->last = seq;
	p->count++;
	if (f->prover)
		export_prover_add(f->prover, seq);
}

/* Under its name; frees the stream. */
static int
complete(struct export_files *f, struct outstream **o, const struct buf *path, struct err *e)
{
	struct outstream *whole = *o;

	*o = NULL;
	if (path->p != NULL)
		str_list_add(&f->made, path->p, strlen(path->p));
	return outstream_finish(whole, e);
}

/* The files made last are what there is of the export, or of a part. */
static int
keep_part(struct export_files *f, struct err *e)
{
	size_t files = f->proof ? 2 : 1;

	for (; f->now.files < files; f->now.files++)
		if (evidence_file(f->made.item[f->made.n - files + f->now.files], &f->now.file[f->now.files], e) != 0)
			return -1;
	mem_grow(&f->part, &f->cap, f->parts + 1, sizeof(*f->part));
	f->part[f->parts++] = f->now;
	return 0;
}

static int
complete_part(struct export_files *f, struct err *e)
{
	f->bytes += outstream_bytes(f->out);
	if (f->prover) {
		f->beyond += export_prover_beyond(f->prover);
		if (evidence_export(f->st, f->prover, buf_view(&f->note), f->proof_out, e) != 0)
			return -1;
		f->erased += export_prover_erased(f->prover);
		export_prover_again(f->prover);
	}
	if (complete(f, &f->out, &f->now_path, e) != 0 ||
	    (f->proof_out && complete(f, &f->proof_out, &f->proof_path, e) != 0))
		return -1;
	return f->path == NULL || export_is_device(f->path) ? 0 : keep_part(f, e);
}

int
export_files_next(struct export_files *f, struct err *e)
{
	return complete_part(f, e) == 0 ? open_part(f, e) : -1;
}

int
export_files_finish(struct export_files *f, struct err *e)
{
	return complete_part(f, e);
}

int
export_files_manifest(struct export_files *f, struct evidence_manifest *m, struct err *e)
{
	struct buf path = { 0 };

	m->path = f->path;
	m->part = f->part;
	m->parts = f->parts;
	m->split = is_split(f);
	if (f->note.len > 0)
		m->checkpoint = buf_view(&f->note);
	store_id(f->st, m->store);
	buf_printf(&path, "%s" EVIDENCE_MANIFEST_ENDING "%c", f->path, '\0');
	str_list_add(&f->made, path.p, path.len - 1);
	buf_fini(&path);
	if (evidence_manifest_write(m, &f->manifest_sha256, e) != 0)
		return -1;
	f->has_manifest = true;
	return 0;
}

void
export_files_fini(struct export_files *f)
{
	outstream_abort(f->out);
	outstream_abort(f->proof_out);
	export_prover_free(f->prover);
	/* Without its manifest it is no set; that goes first, if it got its name. */
	for (size_t i = f->made.n; is_split(f) && !f->has_manifest && i > 0; i--)
		unlink(f->made.item[i - 1]);
	free(f->part);
	str_list_fini(&f->made);
	buf_fini(&f->note);
	buf_fini(&f->now_path);
	buf_fini(&f->proof_path);
}
