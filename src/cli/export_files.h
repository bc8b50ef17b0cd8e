/*
 * export_files: the file of an export, and beside it what makes it evidence:
 * FILE.proof and FILE.manifest.json.  Each appears under its name when it is
 * complete, the export and its proof when both are.
 */
#ifndef CLI_EXPORT_FILES_H
#define CLI_EXPORT_FILES_H

#include "base/stream.h"
#include "cli/evidence.h"

struct export_files {
	const char *path;      /* NULL: stdout */
	bool proof, manifest;  /* are wanted */
	struct outstream *out; /* of the events, from open to finish */
	uint64_t signed_size;  /* of the last checkpoint; 0: there is none */
	uint64_t beyond;       /* events told that it does not cover, with a proof */
	uint64_t erased;       /* events told of which it shows only the place */
	struct evidence_file file[EVIDENCE_FILES_MAX]; /* that are complete; none of a device */
	size_t files;
	struct hash manifest_sha256;
	bool has_manifest;
	/* private: */
	struct store *st;
	struct buf note, proof_path;
	struct outstream *proof_out;
	struct export_prover *prover;
};

/* Whether what is wanted can be made at all: before anything is recorded.
 * ERR_FAIL: nothing is signed yet; there can be nothing beside a device. */
int export_files_check(const struct export_files *f, struct store *st, struct err *e);

/* For an export of the first `size` events: under the last checkpoint of them. */
int export_files_open(struct export_files *f, struct store *st, uint64_t size, struct err *e);

/* One event that was written, in the order of the lines. */
void export_files_event(struct export_files *f, uint64_t seq);

/* Completes the export and its proof, and reads them again for their hashes.
 * ERR_BUSY: an event was removed meanwhile, export again. */
int export_files_finish(struct export_files *f, struct err *e);

/* Writes the manifest; files and checkpoint are filled in. */
int export_files_manifest(struct export_files *f, struct evidence_manifest *m, struct err *e);

void export_files_fini(struct export_files *f); /* what is not complete is removed */

#endif
