/*
 * evidence_judge: the steps of judging evidence, among the files
 * cli/evidence*.c only.
 */
#ifndef CLI_EVIDENCE_JUDGE_H
#define CLI_EVIDENCE_JUDGE_H

#include "base/stream.h"
#include "cli/evidence.h"
#include "proof/checkpoint.h"

/* What evidence is judged by. */
struct evidence_judge {
	const struct note_verifier *pinned;
	const struct str *trusted; /* a note, or NULL */
	struct evidence *verdict;
};

/* ---- chain: the keys of later epochs (evidence_chain.c) ---- */

/* A key that a record introduced, under the seal of the epoch before it. */
struct chain_link {
	uint64_t size;   /* of the seal; the record is its last leaf */
	struct str note; /* the seal, borrowed from the text */
	struct hash root;
	struct buf key;  /* the verifier key, as the record has it */
};

struct chain {
	struct chain_link *link;
	size_t n, cap;
};

bool chain_begins(struct str text); /* with a bundle */

/* Takes a signed note, or a bundle, off the beginning of text.
 * ERR_INTEGRITY: none ends there. */
int chain_take_note(struct str *text, struct str *note, struct err *e);
int chain_take_bundle(struct str *text, struct str *bundle, struct err *e);

/* One more link: a bundle whose event is the record audit.key-rotate, and the
 * last one of the tree that the bundle's note is about.  Signatures are looked
 * at later.  ERR_INTEGRITY. */
int chain_add(struct chain *c, struct str bundle, struct err *e);
void chain_fini(struct chain *c);

/*
 * Is the note a checkpoint of the log of this key?  Each seal of the chain and
 * the note must be signed by the key of the epoch that its size falls in, and
 * by no other.  pinned is the log's first key or one that the chain has: what
 * comes before it only says where its epoch begins.  older: another checkpoint
 * to which the same applies (with its note), or NULL.  ERR_INTEGRITY.
 */
int chain_note(const struct chain *c, const struct note_verifier *pinned, struct str note, const struct str *older,
    struct checkpoint *out, struct err *e);

/* Reads a note without asking who signed it. */
int chain_note_read(struct str note, struct checkpoint *out, struct err *e);

/* ---- texts (evidence.c) ---- */

/* Puts the path before an error's text, unless it is there.  Returns -1. */
int evidence_blame(const char *path, struct err *e);

/* ERR_INTEGRITY: the checkpoint that is trusted has the same size as this one
 * and another root. */
int evidence_trusted(const struct evidence_judge *j, const struct checkpoint *c, struct err *e);

/* Anything but exports and manifests.  ERR_FAIL: nothing of ours. */
int evidence_judge_text(const struct evidence_judge *j, struct str text, struct err *e);

/* ---- exports (evidence_export.c) ---- */

/* The signed events that were shown so far, of several files.  Starts as {0}. */
struct export_seen {
	uint64_t **cell; /* a bit for each of a cell's; by number, NULL: none */
	size_t cells, cap;
};
void evidence_seen_fini(struct export_seen *s);

/* What else an export's proof says. */
struct export_stated {
	struct export_seen *seen; /* ERR_INTEGRITY: it shows one of them again; NULL: it may */
	struct buf note;
	uint64_t first, last; /* seqs of its lines, when there are any */
};

/* Lines to be judged, and what errors call them and their proof. */
struct evidence_lines {
	const char *name, *proof_name;
	struct instream *in;
	struct str proof; /* its text */
};
int evidence_judge_lines(const struct evidence_judge *j, const struct evidence_lines *l, struct export_stated *stated,
    struct err *e);

/* The lines of the file `data`, by the text of its proof.  stated: {0} at
 * first, or NULL. */
int evidence_judge_export(const struct evidence_judge *j, const char *data, const char *proof,
    struct export_stated *stated, struct err *e);

/* ---- manifests (evidence_manifest.c) ---- */

/* A manifest's text whose files are known already: each of them by the name, size
 * and hash that the manifest should have for it. */
int evidence_judge_packed(const struct evidence_judge *j, struct str manifest,
    const struct evidence_file file[EVIDENCE_FILES_MAX], const struct evidence_lines *l, struct err *e);

/* path is where the files that it names are beside. */
int evidence_judge_manifest(const struct evidence_judge *j, const char *path, struct str text, struct err *e);

/* ---- packs (evidence_pack.c) ---- */

bool evidence_is_pack(const char *path);
int evidence_judge_pack(const struct evidence_judge *j, const char *path, struct err *e);

#endif
