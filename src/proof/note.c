/*
 * note: signed notes, strictly read; signatures by nettle's libhogweed.
 *
 * In: the bytes of a note, or a text to sign.   Out: text and signatures, or a note.
 */
#include "proof/note.h"

#include <stdlib.h>
#include <string.h>

#include <gmp.h>
#include <nettle/eddsa.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/utf8.h"
#include "base/base64.h"

#define DASH "\xe2\x80\x94 " /* em dash, space: how a signature line begins */

enum { TYPE_ED25519 = 0x01 };

_Static_assert(NOTE_KEY_LEN == ED25519_KEY_SIZE, "keys are Ed25519's");
_Static_assert(NOTE_SIGNATURE_LEN == ED25519_SIGNATURE_SIZE, "signatures are Ed25519's");

/* Property White_Space of Unicode. */
static bool
is_space(uint32_t c)
{
	return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	    (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
	    c == 0x205f || c == 0x3000;
}

/* A name of any length, known or not. */
static bool
name_valid(struct str name)
{
	for (size_t at = 0; at < name.len;) {
		uint32_t c;
		size_t n = utf8_decode(name.p + at, name.len - at, &c);

		if (n == 0 || c < 0x20 || c == '+' || is_space(c))
			return false;
		at += n;
	}
	return name.len > 0;
}

bool
note_name_valid(struct str name)
{
	return name.len <= NOTE_NAME_MAX && name_valid(name);
}

uint32_t
note_key_id(struct str name, const uint8_t key[NOTE_KEY_LEN])
{
	static const uint8_t middle[] = { '\n', TYPE_ED25519 };
	struct hasher h;
	struct hash id;

	hash_init(&h);
	hash_update(&h, name.p, name.len);
	hash_update(&h, middle, sizeof(middle));
	hash_update(&h, key, NOTE_KEY_LEN);
	hash_final(&h, &id);
	return get_be32(id.b);
}

/* ---- Signatures ---- */

static void *
resize_number(void *p, size_t old, size_t n)
{
	(void)old;
	return mem_resize(p, n);
}

static void
free_number(void *p, size_t n)
{
	(void)n;
	free(p);
}

/* libhogweed computes with GMP, which aborts when there is no memory: to be
 * called before it does, so that the process ends as it does elsewhere. */
static void
use_our_memory(void)
{
	mp_set_memory_functions(mem_alloc, resize_number, free_number);
}

static void
make_public_key(uint8_t key[NOTE_KEY_LEN], const uint8_t seed[NOTE_KEY_LEN])
{
	use_our_memory();
	ed25519_sha512_public_key(key, seed);
}

static void
sign(uint8_t signature[NOTE_SIGNATURE_LEN], struct str text, const struct note_signer *s)
{
	use_our_memory();
	ed25519_sha512_sign(s->verifier.key, s->seed, text.len, (const uint8_t *)text.p, signature);
}

static bool
holds(struct str text, const uint8_t *signature, const struct note_verifier *v)
{
	use_our_memory();
	return ed25519_sha512_verify(v->key, text.len, (const uint8_t *)text.p, signature) == 1;
}

/* ---- Signers ---- */

int
note_signer_make(struct note_signer *s, struct str name, const uint8_t seed[NOTE_KEY_LEN],
    struct err *e)
{
	if (!note_name_valid(name))
		return err_set(e, ERR_FAIL,
		    "a key's name is 1 to %d bytes of text without spaces and '+'", NOTE_NAME_MAX);
	memset(s, 0, sizeof(*s));
	memcpy(s->verifier.name, name.p, name.len);
	memcpy(s->seed, seed, NOTE_KEY_LEN);
	make_public_key(s->verifier.key, s->seed);
	s->verifier.id = note_key_id(name, s->verifier.key);
	return 0;
}

int
note_signer_new(struct note_signer *s, struct str name, struct err *e)
{
	uint8_t seed[NOTE_KEY_LEN];
	int rc;

	random_bytes(seed, sizeof(seed));
	rc = note_signer_make(s, name, seed, e);
	explicit_bzero(seed, sizeof(seed));
	return rc;
}

void
note_signer_wipe(struct note_signer *s)
{
	explicit_bzero(s, sizeof(*s));
}

/* ---- Reading ---- */

/* UTF-8 without control characters other than newline. */
static bool
is_plain_text(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n')
			return false;
	return utf8_valid_prefix(s.p, s.len) == s.len;
}

/* The offset of the last empty line, which ends the text; false: none. */
static bool
find_blank_line(struct str s, size_t *at)
{
	for (size_t i = s.len; i-- > 1;)
		if (s.p[i] == '\n' && s.p[i - 1] == '\n') {
			*at = i;
			return true;
		}
	return false;
}

/* "- NAME BASE64", without its newline. */
static bool
parse_signature(struct note_signature *s, struct str line)
{
	const size_t dash = sizeof(DASH) - 1;
	const char *space;

	if (line.len < dash || memcmp(line.p, DASH, dash) != 0)
		return false;
	line.p += dash;
	line.len -= dash;
	if ((space = memchr(line.p, ' ', line.len)) == NULL)
		return false;
	s->name = (struct str){ line.p, (size_t)(space - line.p) };

	struct str base64 = { space + 1, line.len - s->name.len - 1 };

	/* A key ID and at least one byte. */
	if (!name_valid(s->name) ||
	    !base64_parse(base64, s->bytes, sizeof(s->bytes), &s->len) || s->len < 5)
		return false;
	s->id = get_be32(s->bytes);
	return true;
}

static int
parse_signatures(struct note *note, struct str rest, struct err *e)
{
	while (rest.len > 0) {
		const char *end = memchr(rest.p, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.p) : 0;

		if (note->n == NOTE_SIGNATURES_MAX)
			return err_set(e, ERR_INTEGRITY, "note: more than %d signatures",
			    NOTE_SIGNATURES_MAX);
		if (end == NULL ||
		    !parse_signature(&note->signature[note->n], (struct str){ rest.p, len }))
			return err_set(e, ERR_INTEGRITY, "note: signature line %zu is malformed",
			    note->n + 1);
		note->n++;
		rest.p += len + 1;
		rest.len -= len + 1;
	}
	if (note->n == 0)
		return err_set(e, ERR_INTEGRITY, "note: not signed");
	return 0;
}

int
note_parse(struct note *note, struct str bytes, struct err *e)
{
	size_t blank;

	note->text = (struct str){ NULL, 0 };
	note->n = 0;
	if (bytes.len > NOTE_LEN_MAX)
		return err_set(e, ERR_INTEGRITY, "note: longer than %u bytes", NOTE_LEN_MAX);
	if (!is_plain_text(bytes))
		return err_set(e, ERR_INTEGRITY, "note: not plain text");
	if (!find_blank_line(bytes, &blank))
		return err_set(e, ERR_INTEGRITY, "note: no blank line between text and signatures");
	note->text = (struct str){ bytes.p, blank };
	return parse_signatures(note, (struct str){ bytes.p + blank + 1, bytes.len - blank - 1 }, e);
}

/* ---- Verifying ---- */

static bool
is_from(const struct note_signature *s, const struct note_verifier *v)
{
	return s->id == v->id && str_eq(s->name, str_of(v->name));
}

bool
note_names(const struct note *note, const struct note_verifier *v)
{
	for (size_t i = 0; i < note->n; i++)
		if (is_from(&note->signature[i], v))
			return true;
	return false;
}

int
note_verify(const struct note *note, const struct note_verifier *known, size_t n, struct err *e)
{
	size_t good = 0;

	for (size_t i = 0; i < note->n; i++) {
		const struct note_signature *s = &note->signature[i];

		for (size_t k = 0; k < n; k++) {
			if (!is_from(s, &known[k]))
				continue;
			if (s->len != NOTE_SIGNED_LEN || !holds(note->text, s->bytes + 4, &known[k]))
				return err_set(e, ERR_INTEGRITY,
				    "note: the signature of %s+%08x does not hold",
				    known[k].name, (unsigned)known[k].id);
			good++;
		}
	}
	if (good == 0)
		return err_set(e, ERR_INTEGRITY, "note: not signed by a known key");
	return 0;
}

/* ---- Signing ---- */

static int
add_signature(struct buf *out, struct str text, const struct note_signer *s, struct err *e)
{
	uint8_t bytes[NOTE_SIGNED_LEN];

	put_be32(bytes, s->verifier.id);
	sign(bytes + 4, text, s);

	/* A signature made by a machine that errs may tell the key: not given out. */
	if (!holds(text, bytes + 4, &s->verifier)) {
		explicit_bzero(bytes, sizeof(bytes));
		return err_set(e, ERR_INTEGRITY, "the signature just made does not hold");
	}
	buf_str(out, STR(DASH));
	buf_str(out, str_of(s->verifier.name));
	buf_byte(out, ' ');
	base64_add(out, bytes, sizeof(bytes));
	buf_byte(out, '\n');
	return 0;
}

int
note_sign(struct buf *out, struct str text, const struct note_signer *signer, size_t n,
    struct err *e)
{
	size_t start = out->len;

	if (text.len == 0 || text.p[text.len - 1] != '\n' || !is_plain_text(text))
		return err_set(e, ERR_FAIL, "note: the text is not lines of plain text");
	if (n == 0 || n > NOTE_SIGNATURES_MAX)
		return err_set(e, ERR_FAIL, "note: %zu signatures", n);
	buf_str(out, text);
	buf_byte(out, '\n');
	for (size_t i = 0; i < n; i++)
		if (add_signature(out, text, &signer[i], e) != 0) {
			out->len = start;
			return -1;
		}
	if (out->len - start > NOTE_LEN_MAX) {
		out->len = start;
		return err_set(e, ERR_FAIL, "note: longer than %u bytes", NOTE_LEN_MAX);
	}
	return 0;
}
