/*
 * evidence: files that show something about a log to someone who has no
 * store: making them and judging them (audit-proof(5)).
 */
#ifndef CLI_EVIDENCE_H
#define CLI_EVIDENCE_H

#include "base/bytes.h"
#include "base/err.h"
#include "proof/note.h"
#include "store/store.h"

/* ---- making ---- */

/* The last checkpoint that covers `size` events or, with at_most, no more
 * than them: its size, and the note in out.  ERR_FAIL: there is none
 * (audit-verify --sign makes one). */
int evidence_checkpoint(struct store *st, uint64_t size, bool at_most, uint64_t *covers, struct buf *note, struct err *e);

/* Appends the bundles that lead from the log's first key to that of the epoch
 * in which `size` falls: each a record audit.key-rotate under its seal. */
int evidence_chain(struct store *st, uint64_t size, struct buf *out, struct err *e);

/* Appends one event's proof: the chain, then its bundle under the last checkpoint. */
int evidence_event(struct store *st, uint64_t seq, struct buf *out, struct err *e);

/* Appends what shows that the last checkpoint continues an older one, given as
 * its note: the body of a C2SP tlog-witness request, behind the chain. */
int evidence_consistency(struct store *st, struct str old_note, struct buf *out, struct err *e);

/* Writes the proof of an export (proof/export_proof.h): what the prover was
 * told of, the note of its size, the chain. */
int evidence_export(struct store *st, struct export_prover *p, struct str note, struct outstream *out, struct err *e);

/* What FILE.proof and FILE.manifest.json are called after their FILE. */
#define EVIDENCE_PROOF_ENDING ".proof"
#define EVIDENCE_MANIFEST_ENDING ".manifest.json"

struct evidence_file {
	const char *path; /* borrowed */
	uint64_t bytes;
	struct hash sha256;
};
/* Reads a regular file to its end.  ERR_FAIL. */
int evidence_file(const char *path, struct evidence_file *f, struct err *e);

#define EVIDENCE_FILES_MAX 2 /* an export or a part of it, and its proof */

/* An export, or one of the parts it was split into. */
struct evidence_part {
	struct evidence_file file[EVIDENCE_FILES_MAX];
	size_t files;
	uint64_t count, first, last; /* events, and their seqs when there are any */
};

struct evidence_manifest {
	const char *program;  /* that made the files */
	int64_t created;
	uint8_t store[16];    /* store_id */
	struct str filter;    /* canonical expression */
	int64_t since, until; /* of it; TIME_MIN and INT64_MAX when unbounded */
	uint64_t count, first, last; /* events, and their seqs when there are any */
	uint64_t size;        /* of the log that was looked at */
	struct str checkpoint; /* a note; none: p NULL */
	const char *path;     /* of the export */
	const struct evidence_part *part; /* borrowed; at least one */
	size_t parts;
	bool split;           /* it is these parts; else the one is the export itself */
};
/* Writes FILE.manifest.json beside the export, and gives its hash. */
int evidence_manifest_write(const struct evidence_manifest *m, struct hash *sha256, struct err *e);

/* Adds for each export what its own records are from when they are restored:
 * audit-toolkit@ and digits of the id of its store, by the manifest beside it.
 * ERR_FAIL: there is none; ERR_INTEGRITY: it is not of this file as it is. */
int evidence_restored(struct str_list *names, const char *const *path, size_t n, struct err *e);

/* ---- what is known already ---- */

/* A verifier key, or the file that holds its line. */
int evidence_key(const char *word, struct note_verifier *key, struct err *e);
/* Adds the signed notes of a file, one behind the other, not looked at yet; at
 * least one.  ERR_INTEGRITY: it has NULs. */
int evidence_notes(const char *path, struct str_list *notes, struct err *e);

/* ---- judging ---- */

enum evidence_kind {
	EVIDENCE_CHECKPOINT,  /* a signed note */
	EVIDENCE_EVENT,       /* one event */
	EVIDENCE_EXPORT,      /* an exported file and its proof beside it */
	EVIDENCE_MANIFEST,    /* a manifest and the files it names */
	EVIDENCE_CONSISTENCY, /* one checkpoint continues another */
	EVIDENCE_PACK         /* an archive of an export and what is said about it */
};

struct evidence {
	enum evidence_kind kind;
	uint64_t size;     /* of the log that was signed */
	uint64_t first;    /* EVIDENCE_CONSISTENCY: of the older one */
	uint64_t seq;      /* EVIDENCE_EVENT */
	uint64_t events;   /* shown to be in the log */
	uint64_t beyond;   /* lines that were not signed yet, or come without proof: not shown */
	uint64_t erased;   /* lines that are said to be changed by an erasure: only their place is shown */
	struct buf which;  /* their numbers, as "3, 7-9": the first of them; of parts "3, 7-9 of NAME; 4 of NAME" */
	size_t files;      /* EVIDENCE_MANIFEST, EVIDENCE_PACK: whose size and hash agree */
	bool unproved;     /* EVIDENCE_MANIFEST: none of them is a proof */
	struct buf control; /* EVIDENCE_PACK: what it is for */
	struct buf line;   /* EVIDENCE_EVENT: the event */
	struct buf origin; /* the log's name */
};

/*
 * Judges a file by its content; an export by FILE.proof beside it.  pinned:
 * the log's first verifier key, or that of the epoch; also: a checkpoint that
 * is trusted already (EVIDENCE_CONSISTENCY must begin with it), or NULL.
 * ERR_INTEGRITY: it does not hold; ERR_FAIL: it is nothing that can be judged.
 * v starts as {0}; evidence_fini frees.
 */
int evidence_verify(const char *path, const struct note_verifier *pinned, const struct str *trusted, struct evidence *v,
    struct err *e);
void evidence_fini(struct evidence *v);

#endif
