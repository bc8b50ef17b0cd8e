/*
 * note: texts signed with Ed25519 (C2SP signed-note), and the keys for it.
 *
 *	audit.example.com/app1
 *	3
 *	wrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o=
 *
 *	- audit.example.com/app1 7ceUTKtROF8aW0Nqsz+lmSkRjGl2dVTsrsg/ZdYo9FRb...
 *
 * (with an em dash for the hyphen).  Only signature type 0x01 is known; lines
 * of other types and keys are let by, as the specification asks.
 */
#ifndef PROOF_NOTE_H
#define PROOF_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define NOTE_LEN_MAX (256u * 1024)
#define NOTE_SIGNATURES_MAX 100
#define NOTE_NAME_MAX 200 /* bytes of the name of a key we know */
#define NOTE_KEY_LEN 32
#define NOTE_SIGNATURE_LEN 64

/* Key ID and Ed25519 signature, as a signature line carries them. */
#define NOTE_SIGNED_LEN (4 + NOTE_SIGNATURE_LEN)

/* What verifies: the line to pin. */
struct note_verifier {
	char name[NOTE_NAME_MAX + 1];
	uint32_t id;
	uint8_t key[NOTE_KEY_LEN]; /* Ed25519 public key, RFC 8032 */
};

/* What signs.  Wipe it as soon as it is not needed. */
struct note_signer {
	struct note_verifier verifier;
	uint8_t seed[NOTE_KEY_LEN]; /* Ed25519 private key, RFC 8032 */
};

/* Of a key: 1 to NOTE_NAME_MAX bytes of UTF-8 without control characters,
 * Unicode spaces and '+'. */
bool note_name_valid(struct str name);

/* First four bytes of SHA-256(name || 0x0A || 0x01 || public key). */
uint32_t note_key_id(struct str name, const uint8_t key[NOTE_KEY_LEN]);

bool note_verifier_equal(const struct note_verifier *a, const struct note_verifier *b);

/* name+keyid+base64(0x01 || public key), without newline.  ERR_FAIL. */
int note_verifier_parse(struct note_verifier *v, struct str text, struct err *e);
void note_verifier_format(struct buf *out, const struct note_verifier *v);

/* From a secret of the kernel's, or a given one.  ERR_FAIL: the name. */
int note_signer_new(struct note_signer *s, struct str name, struct err *e);
int note_signer_make(struct note_signer *s, struct str name, const uint8_t seed[NOTE_KEY_LEN],
    struct err *e);
void note_signer_wipe(struct note_signer *s);

/* PRIVATE+KEY+name+keyid+base64(0x01 || seed), without newline: the form
 * that Go's sumdb/note reads.  The key ID is that of the public key, so that
 * a damaged text is noticed.  Errors never show the text. */
#define NOTE_SIGNER_TEXT_MAX (12 + NOTE_NAME_MAX + 1 + 8 + 1 + 44)
int note_signer_parse(struct note_signer *s, struct str text, struct err *e);
size_t note_signer_format(char out[NOTE_SIGNER_TEXT_MAX], const struct note_signer *s);

struct note_signature {
	struct str name;
	uint32_t id;
	size_t len; /* of key ID and signature; the first NOTE_SIGNED_LEN of them are: */
	uint8_t bytes[NOTE_SIGNED_LEN];
};

struct note {
	struct str text; /* with its last newline; what is signed */
	size_t n;
	struct note_signature signature[NOTE_SIGNATURES_MAX];
};

/* Strings stay borrowed from bytes.  ERR_INTEGRITY: not a signed note. */
int note_parse(struct note *note, struct str bytes, struct err *e);

/* 0 when a signature of one of the known keys is there and all of theirs
 * hold, else ERR_INTEGRITY. */
int note_verify(const struct note *note, const struct note_verifier *known, size_t n,
    struct err *e);
/* The same key: is there a line of it, good or bad? */
bool note_names(const struct note *note, const struct note_verifier *v);

/* Appends the note: text, blank line, one line for each signer.  The
 * signatures are verified before they are given out.  ERR_FAIL: text that
 * cannot be a note's (which ends in a newline); ERR_INTEGRITY: a signature
 * made wrongly. */
int note_sign(struct buf *out, struct str text, const struct note_signer *signer, size_t n,
    struct err *e);

#endif
