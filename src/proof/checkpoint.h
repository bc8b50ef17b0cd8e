/*
 * checkpoint: size and root of the tree, signed (C2SP tlog-checkpoint).
 *
 *	audit.example.com/app1			origin: the name of the key
 *	3					leaves
 *	wrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o=	root
 *
 * Extension lines, which the specification discourages, are refused: we
 * never write one, and what they say is checked by nobody.
 */
#ifndef PROOF_CHECKPOINT_H
#define PROOF_CHECKPOINT_H

#include <stdint.h>

#include "base/hash.h"
#include "proof/note.h"

#define CHECKPOINT_SIZE_MAX ((uint64_t)INT64_MAX)

struct checkpoint {
	struct str origin;
	uint64_t size;
	struct hash root;
};

/* The text of a note; origin stays borrowed.  ERR_INTEGRITY. */
int checkpoint_parse(struct checkpoint *c, struct str text, struct err *e);
void checkpoint_format(struct buf *out, const struct checkpoint *c);

/* Appends the signed note; the origin is the signer's name.  ERR_FAIL: a size
 * beyond CHECKPOINT_SIZE_MAX; ERR_INTEGRITY as note_sign. */
int checkpoint_sign(struct buf *out, uint64_t size, const struct hash *root,
    const struct note_signer *signer, struct err *e);

/* Reads a note and verifies it: signed by this key, origin its name.
 * ERR_INTEGRITY. */
int checkpoint_open(struct checkpoint *c, struct str note, const struct note_verifier *v,
    struct err *e);

/* Decimal without leading zeros, at most CHECKPOINT_SIZE_MAX. */
bool checkpoint_number_parse(struct str text, uint64_t *n);

#endif
