/*
 * keys_held: the keys of a log while they are used: those that the log knows,
 * and the folder, locked.  Among the files cli/keys*.c only.
 */
#ifndef CLI_KEYS_HELD_H
#define CLI_KEYS_HELD_H

#include "cli/keys.h"
#include "proof/key_file.h"

/* What one use of the keys holds. */
struct keys {
	struct store *st;
	const struct operator_info *who;
	const struct verify_options *options; /* of the caller; NULL: none */
	struct key_folder folder;
	struct store_key *key; /* of the store */
	size_t n, cap;
	int dumpable; /* as it was */
};

/* Also when it fails, keys_close follows.  make: the folder, and the log may
 * be without a key.  who and o, which may be NULL, are borrowed. */
int keys_open(struct keys *k, struct store *st, const char *folder, bool make, const struct operator_info *who,
    const struct verify_options *o, struct err *e);
void keys_close(struct keys *k);

/* The verifier key that is number i of the log.  ERR_INTEGRITY. */
int keys_parse(const struct keys *k, size_t i, struct note_verifier *out, struct err *e);
/* The key of the epoch that a size falls in: an epoch ends with the record
 * that introduces the next key. */
size_t keys_epoch_of(const struct keys *k, uint64_t size);

/* Appends the record that introduces a key; the log knows it then. */
int keys_record(struct keys *k, const char *action, const struct note_verifier *v, struct err *e);

/* Renames the first key, when the log knows it and it still waits in next.key:
 * a crash came between the record and the renaming (keys_first.c). */
int keys_finish_first(struct keys *k, struct err *e);

#endif
