/*
 * rotate: a log goes on with a new key (integrity definitions 2), in an order
 * that a crash may cut anywhere:
 *
 *	next key written and synced
 *	audit.key-rotate with the next verifier key committed
 *	seal: the checkpoint of exactly that size, by the old key, stored and synced
 *	old key kept aside, next key renamed over it
 *	old key overwritten and unlinked
 *
 * Where a rotation stands is read from the key files and the log each time,
 * not remembered: what is cut is finished by looking again.
 */
#ifndef PROOF_ROTATE_H
#define PROOF_ROTATE_H

#include "proof/key_file.h"

/* What the log says of its last audit.key-rotate. */
struct rotate_latest {
	bool any; /* false: the first key is in use, the rest is not filled */
	struct note_verifier key;
	uint64_t size; /* of the log with the record as its last leaf: of the seal */
	bool sealed;   /* a checkpoint of that size is stored */
};

/* The log's part.  Each returns 0, or -1 with e; what a failed call did or
 * not is asked again with latest. */
struct rotate_log {
	int (*latest)(void *arg, struct rotate_latest *out, struct err *e);
	int (*record)(void *arg, const struct note_verifier *next, struct err *e);
	int (*seal)(void *arg, uint64_t size, const struct note_signer *old, struct err *e);
	void *arg;
};

enum rotate_step {
	ROTATE_NONE,       /* nothing is under way */
	ROTATE_WRITE_NEXT, /* only when a new rotation is wanted */
	ROTATE_DISCARD,    /* a next key that was cut while it was written */
	ROTATE_RECORD,
	ROTATE_SEAL,
	ROTATE_KEEP_OLD,
	ROTATE_INSTALL,
	ROTATE_WIPE
};

/* Finds the next step and does it; *step says which.  want: begin a new
 * rotation when none is under way.  ERR_INTEGRITY: the log goes on with a key
 * that is not in the folder. */
int rotate_step(const struct key_folder *f, const struct rotate_log *log, bool want,
    enum rotate_step *step, struct err *e);

/* Finishes what was interrupted.  To be called before each use of the key. */
int rotate_finish(const struct key_folder *f, const struct rotate_log *log, struct err *e);

/* The same, then one whole new rotation. */
int rotate_run(const struct key_folder *f, const struct rotate_log *log, struct err *e);

#endif
