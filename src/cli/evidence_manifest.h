/*
 * evidence_manifest: a manifest that was read, among the files
 * cli/evidence_manifest*.c only.
 */
#ifndef CLI_EVIDENCE_MANIFEST_H
#define CLI_EVIDENCE_MANIFEST_H

#include "cli/document.h"
#include "cli/evidence.h"

#define MANIFEST_MAX ((size_t)16 * 1024 * 1024) /* bytes: EXPORT_PARTS_MAX parts with long names */

struct manifest {
	json_t *document;
	struct str origin, checkpoint; /* p NULL: null */
	uint8_t store[16];
	uint64_t size;
	struct evidence_part all; /* its files do not matter */
	struct evidence_part *part; /* of it; paths are names, borrowed from the document */
	size_t parts, files;
	bool split;
};

/* ERR_INTEGRITY: it is not as programs write it, or does not agree with itself;
 * ERR_FAIL: of another version. */
int manifest_read(struct manifest *m, struct str text, struct err *e);
void manifest_fini(struct manifest *m);

/* What a manifest calls a file: the last part of its path. */
const char *manifest_name(const char *path);

#endif
