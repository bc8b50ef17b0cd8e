/*
 * verdict: what a verification came to, for people and for programs.
 *
 * judge.h fills it; nothing is decided here.
 */
#ifndef CLI_VERDICT_H
#define CLI_VERDICT_H

#include "base/err.h"
#include "base/stream.h"
#include "cli/evidence.h"
#include "store/store.h"

enum verdict_status {
	VERDICT_VERIFIED, /* everything holds and is signed */
	VERDICT_UNSIGNED, /* everything holds, but what came last is not signed */
	VERDICT_FAILED
};

struct verdict {
	bool json;           /* how findings are written down */
	struct buf findings; /* lines, or JSON objects with a comma between */
	uint64_t found;      /* how many there are, also those of a kind that were not told one by one */
	enum verdict_status status;
	struct verify_result result;
	uint64_t signed_size; /* the events that a valid checkpoint covers; 0: none */
	int64_t signed_at;    /* when that was stored; TIME_NONE: not in the store */
	size_t epochs;        /* 0: the log has no key */
	uint64_t uncompared;  /* events that were seen (judge_options.state), and cannot be held against it any more */
	bool pending;         /* a change of keys waits for its seal */
	bool pinned;          /* the key was given, not taken from the store */
	struct buf key;       /* verifier key that it was judged by; empty: none */
	int64_t took;         /* microseconds */
};

/* Writes a finding down.  fault: a word for programs, "checkpoint" or
 * verify_fault_name. */
void verdict_finding(struct verdict *v, const char *fault, const struct verify_finding *f);

/* The whole of it, or only the findings when there are some and it is for people. */
int verdict_print(const struct verdict *v, struct outstream *out, struct err *e);
void verdict_fini(struct verdict *v);

/* The same for a file: one line (of an event, also the event), or an element of
 * a JSON array.  failed: what evidence_verify said, or NULL. */
void verdict_evidence(struct buf *out, bool json, const char *file, const struct evidence *v, const struct err *failed);
/* ERR_INCOMPLETE when not everything in the file was shown. */
void verdict_incomplete(const char *file, const struct evidence *v, struct err *e);

#endif
