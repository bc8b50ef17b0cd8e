/*
 * judge: is a store what was put into it and what was signed?
 *
 * What store_verify finds, the rules of epochs over all checkpoints, and what
 * is known from elsewhere: the pinned key, checkpoints that were kept, and
 * what was seen the last time.
 */
#ifndef CLI_JUDGE_H
#define CLI_JUDGE_H

#include "cli/verdict.h"
#include "proof/note.h"

struct judge_note { /* a checkpoint that was kept elsewhere */
	const char *name; /* for people: of its file */
	struct str note;
};

struct judge_options {
	const struct note_verifier *pinned; /* the log's first key, or that of a later epoch; NULL: none */
	const struct judge_note *note;
	size_t notes;
	const char *state;            /* file, see witness_read; NULL: none */
	struct verify_options verify; /* pool, progress, go_on and arg are used */
};

/* 0 when it came to an end: v tells what it is.  The state is replaced when
 * nothing was found.  v starts as {0} with json set; verdict_fini frees. */
int judge_store(struct store *st, const struct judge_options *o, struct verdict *v, struct err *e);

/*
 * witness: what a log was like when it was last seen, in a file of our own:
 * the three lines of a checkpoint, unsigned (proof/checkpoint.h).  The first is
 * the log's name; of a log without a key "store:" and the store's id.
 *
 * A prune may go over any size that was not signed, whose root cannot be made
 * again then.  So an empty line follows, and the same of the last size before
 * it that no prune goes over: a signed one, or the end of a cell.
 */
struct witness {
	bool seen;         /* there was a file */
	struct buf origin;
	uint64_t size;
	struct hash root;
	uint64_t firm;     /* 0: none, or size is one itself */
	struct hash firm_root;
};

/* No file: not seen.  ERR_FAIL: it is there, but no such text. */
int witness_read(struct witness *w, const char *path, struct err *e);
int witness_write(const char *path, const struct witness *w, struct err *e);
void witness_fini(struct witness *w);

#endif
