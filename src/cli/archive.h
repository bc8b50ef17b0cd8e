/*
 * archive: what a prune is about to remove, written first: jsonl.zst with
 * manifest and proof, and read back before anything goes.
 */
#ifndef CLI_ARCHIVE_H
#define CLI_ARCHIVE_H

#include "base/hash.h"
#include "cli/cli.h"
#include "store/store.h"

struct archive {
	char *path;              /* of the events; yours after archive_write */
	uint64_t events, bytes;  /* bytes: of the file */
	struct hash sha256, manifest_sha256;
	uint64_t proved;         /* events that its proof shows; 0: nothing was signed */
};

/*
 * Exactly the events of the plan into a new file of the folder, oldest first.
 * Read back: as many lines, the hashes of the manifest, the proof.  Files
 * appear under their names only when all of that is so.  filter: what the
 * manifest says of them.  ERR_BUSY: another prune archives there, or removed
 * some of them meanwhile.
 */
int archive_write(struct store *st, const struct prune_plan *plan, const char *folder, struct str filter,
    struct pool *pool, struct progress *progress, struct archive *out, struct err *e);
void archive_fini(struct archive *a);

#endif
