/*
 * export_files: the file of an export, or the parts of it, and beside it what
 * makes it evidence: FILE.proof and FILE.manifest.json.  Each appears under its
 * name when it is complete, a file and its proof when both are.
 *
 * Parts replace nothing.  They are a set when its manifest is there, which comes
 * last; those of one that has none yet are removed by export_files_fini.
 */
#ifndef CLI_EXPORT_FILES_H
#define CLI_EXPORT_FILES_H

#include "base/stream.h"
#include "cli/evidence.h"
#include "cli/export_split.h"

struct export_files {
	const char *path;      /* NULL: stdout; of parts: what they are called after */
	bool proof, manifest;  /* are wanted */
	struct export_split split; /* into parts, with a manifest */
	struct outstream *out; /* of the events, from open to finish */
	struct evidence_part now; /* the file at work: its events so far */
	uint64_t signed_size;  /* of the last checkpoint; 0: there is none */
	uint64_t beyond;       /* events told that it does not cover, with a proof */
	uint64_t erased;       /* events told of which it shows only the place */
	uint64_t bytes;        /* of files that are complete, before compression */
	struct evidence_part *part; /* that are complete; none of a device */
	size_t parts;
	struct hash manifest_sha256;
	bool has_manifest;
	/* private: */
	struct store *st;
	struct buf note;
	size_t cap;
	struct str_list made;  /* paths of files: each is there, or was about to be */
	struct buf now_path, proof_path;
	struct outstream *proof_out;
	struct export_prover *prover;
};

/* Whether what is wanted can be made at all: before anything is recorded.
 * ERR_FAIL: nothing is signed yet; there can be nothing beside a device; there
 * are files of this name that parts would replace. */
int export_files_check(const struct export_files *f, struct store *st, struct err *e);

/* For an export of the first `size` events: under the last checkpoint of them.
 * st: for what is signed, from here to finish.  For proofs of parts no query may
 * be running on it (query_texts). */
int export_files_open(struct export_files *f, struct store *st, uint64_t size, struct err *e);

/* One event that was written, in the order of the lines. */
void export_files_event(struct export_files *f, uint64_t seq);

/* Completes the part at work, and begins the next: `out` is another.  ERR_FAIL:
 * there would be too many, or one of its name is there; else as finish. */
int export_files_next(struct export_files *f, struct err *e);

/* Completes the export and its proof, and reads them again for their hashes.
 * ERR_BUSY: an event was removed meanwhile, export again. */
int export_files_finish(struct export_files *f, struct err *e);

/* Writes the manifest; files and checkpoint are filled in. */
int export_files_manifest(struct export_files *f, struct evidence_manifest *m, struct err *e);

void export_files_fini(struct export_files *f); /* what is not complete is removed */

#endif
