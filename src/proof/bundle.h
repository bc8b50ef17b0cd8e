/*
 * bundle: one event with all that shows it was logged, as a text (C2SP
 * tlog-proof).
 *
 *	c2sp.org/tlog-proof@v1
 *	extra base64(salt[16] || kind || line)
 *	index 1
 *	eioNulFG2zhHfO86eo3fV3qxo4DJ8Ykeuxt...	the path, from the leaf up
 *	NXYyYaAAZNs6vjvmrb33MBRMLL52Fr0/AZf...
 *
 *	audit.example.com/app1			the checkpoint
 *	3
 *	wrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o=
 *
 *	- audit.example.com/app1 7ceUTKtROF8aW0...
 *
 * The extra data is what is hashed behind the 0x00 of a leaf: nothing in it
 * is believed before the leaf hash made of it is found in the signed tree.
 */
#ifndef PROOF_BUNDLE_H
#define PROOF_BUNDLE_H

#include "base/base64.h"
#include "proof/checkpoint.h"
#include "proof/path.h"

#define BUNDLE_LINE_MAX (16u * 1024 * 1024)
#define BUNDLE_EXTRA_MIN (SALT_LEN + 1)
#define BUNDLE_EXTRA_MAX (BUNDLE_EXTRA_MIN + BUNDLE_LINE_MAX)
#define BUNDLE_TEXT_MAX (BASE64_LEN(BUNDLE_EXTRA_MAX) + NOTE_LEN_MAX + 4096)

struct bundle {
	struct buf extra;
	uint64_t index;
	struct path path;
	struct str note; /* borrowed from the text */
};

/* ERR_INTEGRITY: not such a text, to the byte.  Does not verify anything.
 * b starts as {0} or is used again; bundle_fini frees. */
int bundle_parse(struct bundle *b, struct str text, struct err *e);
void bundle_fini(struct bundle *b);

/* The text, from the leaf's parts, the path and the note as it is. */
void bundle_format(struct buf *out, const uint8_t salt[SALT_LEN], enum leaf_kind kind,
    struct str line, uint64_t index, const struct path *path, struct str note);

struct bundle_entry {
	enum leaf_kind kind;
	struct str line; /* borrowed from the bundle */
	struct hash leaf;
};

/* The event and its leaf hash.  ERR_INTEGRITY: kind or length is none of ours. */
int bundle_entry(const struct bundle *b, struct bundle_entry *out, struct err *e);

/* All of it: the note by this key, the leaf of the bytes, the path to the
 * signed root.  Only after 0 are entry and checkpoint to be believed. */
int bundle_verify(const struct bundle *b, const struct note_verifier *v,
    struct bundle_entry *entry, struct checkpoint *c, struct err *e);

#endif
