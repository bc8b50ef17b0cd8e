/*
 * epoch: were the right keys used?  Rules R1 to R3 of the integrity
 * definitions (2), over the checkpoints and key introductions of a log.
 *
 *	sizes	0 ........ 4096 ............ 9001 .........
 *	key	 first key     | second key      | third key
 *	seal	           4096              9001
 *
 * R1	a checkpoint is valid only under the key of the epoch its size falls
 *	in, neither an older nor a newer one
 * R2	exactly one seal for each epoch but the last, sizes strictly increasing
 * R3	each key is introduced under the seal of the one before, back to the
 *	first one, which is pinned
 *
 * The record that introduces a key at seq s is the last leaf of the old
 * epoch: its seal has size s + 1.  Sizes decide, never clocks.
 */
#ifndef PROOF_EPOCH_H
#define PROOF_EPOCH_H

#include "base/hash.h"
#include "proof/note.h"

/* A checkpoint, of the store or from elsewhere, in any order. */
struct epoch_checkpoint {
	uint64_t size;    /* as it is filed under */
	bool has_root;    /* false beyond the end of the log */
	struct hash root; /* recomputed from the log at this size */
	struct str note;
};

/* An audit.key-rotate record, in order of seq. */
struct epoch_introduction {
	uint64_t seq;
	struct str key; /* verifier key, as the record has it */
};

struct epoch_log {
	struct note_verifier pinned;
	uint64_t size; /* of the log */
	const struct epoch_introduction *introduction;
	size_t introductions;
	const struct epoch_checkpoint *checkpoint;
	size_t checkpoints;
};

enum epoch_fault {
	EPOCH_KEY_MALFORMED, /* an introduced key cannot be read or is of another log */
	EPOCH_KEY_AGAIN,     /* a key that had an epoch already */
	EPOCH_ORDER,         /* introductions out of order, or beyond the log */
	EPOCH_NOTE,          /* no checkpoint, of another log, or filed wrongly */
	EPOCH_UNSIGNED,      /* by none of the keys */
	EPOCH_SIGNATURE,     /* one of a key of the log does not hold */
	EPOCH_OLDER_KEY,     /* R1 */
	EPOCH_NEWER_KEY,     /* R1 */
	EPOCH_SEAL_TWICE,    /* R2: a key seals again behind its seal */
	EPOCH_SEAL_MISSING,  /* R2, R3 */
	EPOCH_SEAL_PENDING,  /* the last rotation is not finished: lawful after a crash */
	EPOCH_FORK,          /* two signed checkpoints of one size, with different roots */
	EPOCH_ROOT,          /* the log is not what was signed */
	EPOCH_TRUNCATED      /* the log is shorter than what was signed */
};

struct epoch_finding {
	enum epoch_fault fault;
	size_t epoch;
	uint64_t size; /* of the checkpoint, or of the introduction's seal */
	const struct epoch_checkpoint *checkpoint; /* or NULL */
	char text[512];
};

struct epoch_summary {
	size_t epochs;
	size_t faults;        /* findings but EPOCH_SEAL_PENDING: a log is sound when 0 */
	bool has_signed;
	uint64_t signed_size; /* the largest that a valid checkpoint covers */
	bool pending;
};

/* Goes on to the end, whatever it finds; found may be NULL. */
void epoch_check(const struct epoch_log *log, struct epoch_summary *out,
    void (*found)(void *arg, const struct epoch_finding *finding), void *arg);

#endif
