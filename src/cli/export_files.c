/*
 * export_files: events in, up to three files out.
 *
 * The export and its proof are both whole before the first of them gets its
 * name, and the manifest, which has their hashes, is written last.
 */
#include "cli/export_files.h"

#include "cli/export_place.h"

int
export_files_check(const struct export_files *f, struct store *st, struct err *e)
{
	struct buf note = { 0 };
	uint64_t size;
	int rc = 0;

	if ((f->proof || f->manifest) && export_is_device(f->path))
		return err_set(e, ERR_FAIL, "%s: --proof and --manifest are for regular files", f->path);
	if (f->proof)
		rc = evidence_checkpoint(st, 0, false, &size, &note, e);
	buf_fini(&note);
	return rc;
}

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

int
export_files_open(struct export_files *f, struct store *st, uint64_t size, struct err *e)
{
	f->st = st;
	if ((f->proof || f->manifest) && find_checkpoint(f, size, e) != 0)
		return -1;
	if ((f->out = outstream_open(f->path, e)) == NULL)
		return -1;
	if (!f->proof)
		return 0;
	buf_printf(&f->proof_path, "%s" EVIDENCE_PROOF_ENDING "%c", f->path, '\0');
	f->prover = export_prover_new(st, f->signed_size);
	f->proof_out = outstream_open(f->proof_path.p, e);
	return f->proof_out ? 0 : -1;
}

void
export_files_event(struct export_files *f, uint64_t seq)
{
	if (f->prover)
		export_prover_add(f->prover, seq);
}

/* Under its name; frees the stream. */
static int
complete(struct outstream **o, struct err *e)
{
	struct outstream *whole = *o;

	*o = NULL;
	return outstream_finish(whole, e);
}

static int
hash_file(struct export_files *f, const char *path, struct err *e)
{
	if (evidence_file(path, &f->file[f->files], e) != 0)
		return -1;
	f->files++;
	return 0;
}

int
export_files_finish(struct export_files *f, struct err *e)
{
	if (f->prover) {
		f->beyond = export_prover_beyond(f->prover);
		if (evidence_export(f->st, f->prover, buf_view(&f->note), f->proof_out, e) != 0)
			return -1;
		f->erased = export_prover_erased(f->prover);
	}
	if (complete(&f->out, e) != 0 || (f->proof_out && complete(&f->proof_out, e) != 0))
		return -1;
	if (f->path == NULL || export_is_device(f->path))
		return 0;
	return hash_file(f, f->path, e) == 0 && (!f->proof || hash_file(f, f->proof_path.p, e) == 0) ? 0 : -1;
}

int
export_files_manifest(struct export_files *f, struct evidence_manifest *m, struct err *e)
{
	memcpy(m->file, f->file, sizeof(m->file));
	m->files = f->files;
	if (f->note.len > 0)
		m->checkpoint = buf_view(&f->note);
	store_id(f->st, m->store);
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
	buf_fini(&f->note);
	buf_fini(&f->proof_path);
}
