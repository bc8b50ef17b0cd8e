/*
 * note_key: the text forms of keys (C2SP signed-note, "Verifier keys").
 *
 *	audit.example.com/app1+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk
 */
#include "proof/note.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"

#define PRIVATE "PRIVATE+KEY+"

enum {
	TYPE_ED25519 = 0x01,
	MATERIAL_LEN = 1 + NOTE_KEY_LEN,         /* type || key */
	MATERIAL_TEXT = BASE64_LEN(MATERIAL_LEN),
	ID_TEXT = 8
};

_Static_assert(NOTE_SIGNER_TEXT_MAX ==
        sizeof(PRIVATE) - 1 + NOTE_NAME_MAX + 1 + ID_TEXT + 1 + MATERIAL_TEXT,
    "the longest signer text");

bool
note_verifier_equal(const struct note_verifier *a, const struct note_verifier *b)
{
	return a->id == b->id && strcmp(a->name, b->name) == 0 &&
	    memcmp(a->key, b->key, NOTE_KEY_LEN) == 0;
}

/* Eight digits, lower case only. */
static bool
parse_id(struct str text, uint32_t *id)
{
	uint8_t bytes[ID_TEXT / 2];

	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] >= 'A' && text.p[i] <= 'F')
			return false;
	if (text.len != ID_TEXT || !hex_parse(text.p, text.len, bytes))
		return false;
	*id = get_be32(bytes);
	return true;
}

/* name+id+base64(0x01 || key).  A name has no '+', base64 may. */
static bool
parse_parts(struct str text, struct str *name, uint32_t *id, uint8_t key[NOTE_KEY_LEN])
{
	uint8_t material[MATERIAL_LEN];
	const char *end = text.p + text.len, *plus;
	bool good = false;

	if (text.len == 0 || (plus = memchr(text.p, '+', text.len)) == NULL)
		return false;
	*name = (struct str){ text.p, (size_t)(plus - text.p) };

	const char *hex = plus + 1;

	if ((plus = memchr(hex, '+', (size_t)(end - hex))) == NULL)
		return false;
	if (note_name_valid(*name) &&
	    parse_id((struct str){ hex, (size_t)(plus - hex) }, id) &&
	    base64_parse_exact((struct str){ plus + 1, (size_t)(end - plus - 1) }, material,
	        sizeof(material)) &&
	    material[0] == TYPE_ED25519) {
		memcpy(key, material + 1, NOTE_KEY_LEN);
		good = true;
	}
	explicit_bzero(material, sizeof(material));
	return good;
}

/* The same, backwards; returns the length. */
static size_t
format_parts(char *out, const struct note_verifier *v, const uint8_t key[NOTE_KEY_LEN])
{
	uint8_t material[MATERIAL_LEN];
	size_t len = strlen(v->name);
	char id[ID_TEXT + 1];

	material[0] = TYPE_ED25519;
	memcpy(material + 1, key, NOTE_KEY_LEN);
	snprintf(id, sizeof(id), "%08x", (unsigned)v->id);
	memcpy(out, v->name, len);
	out[len++] = '+';
	memcpy(out + len, id, ID_TEXT);
	len += ID_TEXT;
	out[len++] = '+';
	base64_format(out + len, material, sizeof(material));
	explicit_bzero(material, sizeof(material));
	return len + MATERIAL_TEXT;
}

int
note_verifier_parse(struct note_verifier *v, struct str text, struct err *e)
{
	struct str name;

	memset(v, 0, sizeof(*v));
	if (!parse_parts(text, &name, &v->id, v->key))
		return err_set(e, ERR_FAIL,
		    "not a verifier key (name+keyid+base64, as --init-keys prints it)");
	if (note_key_id(name, v->key) != v->id)
		return err_set(e, ERR_FAIL, "verifier key: damaged, its key ID does not fit");
	memcpy(v->name, name.p, name.len);
	return 0;
}

void
note_verifier_format(struct buf *out, const struct note_verifier *v)
{
	char text[NOTE_SIGNER_TEXT_MAX];

	buf_add(out, text, format_parts(text, v, v->key));
}

int
note_signer_parse(struct note_signer *s, struct str text, struct err *e)
{
	const size_t prefix = sizeof(PRIVATE) - 1;
	uint8_t seed[NOTE_KEY_LEN];
	struct str name;
	uint32_t id = 0;
	int rc = -1;

	if (text.len < prefix || memcmp(text.p, PRIVATE, prefix) != 0 ||
	    !parse_parts((struct str){ text.p + prefix, text.len - prefix }, &name, &id, seed))
		err_set(e, ERR_FAIL, "not a whole signing key");
	else if (note_signer_make(s, name, seed, e) == 0) {
		if (s->verifier.id == id) {
			rc = 0;
		} else {
			note_signer_wipe(s);
			err_set(e, ERR_FAIL, "damaged signing key: its key ID does not fit");
		}
	}
	explicit_bzero(seed, sizeof(seed));
	return rc;
}

size_t
note_signer_format(char out[NOTE_SIGNER_TEXT_MAX], const struct note_signer *s)
{
	memcpy(out, PRIVATE, sizeof(PRIVATE) - 1);
	return sizeof(PRIVATE) - 1 + format_parts(out + sizeof(PRIVATE) - 1, &s->verifier, s->seed);
}
