/*
 * keys_last: what was signed last, remembered beside the signing key.
 *
 * Who may write the store, but not the folder of the keys, could remove the
 * checkpoints behind the last seal, write other events in the place of those
 * that were signed, and wait for the next signature.  So whoever signs looks
 * here first.
 */
#ifndef CLI_KEYS_LAST_H
#define CLI_KEYS_LAST_H

#include "proof/key_file.h"
#include "proof/tree.h"

#define KEYS_LAST "last.checkpoint" /* in the folder: the note */

struct keys_last {
	bool any;
	uint64_t size;
	struct hash root;
};

/* origin: the log's name; what another log left there says nothing of it.
 * ERR_INTEGRITY: the file is there, but no checkpoint. */
int keys_last_read(const struct key_folder *f, const char *origin, struct keys_last *last, struct err *e);

/* root NULL: it cannot be made.  ERR_INTEGRITY: a log of this size, with this
 * root where the last one ended, does not continue what was signed. */
int keys_last_check(const struct key_folder *f, const struct keys_last *last, uint64_t size, const struct hash *root,
    struct err *e);

/* After the note was stored. */
int keys_last_write(const struct key_folder *f, struct str note, struct err *e);

/* A new log begins. */
int keys_last_forget(const struct key_folder *f, struct err *e);

#endif
