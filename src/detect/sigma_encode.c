/*
 * sigma_encode: modifiers that make another text of a value, or several.
 *
 *     base64         foo      ->  Zm9v
 *     base64offset   foobar   ->  Zm9vYmFy, Zvb2Jhc, mb29iYX
 *     wide           cmd      ->  c 0 m 0 d 0, of which Base64 is made
 *     windash        -x       ->  -x, /x and three longer dashes
 *
 * In: values that are texts.   Out: others in their place.
 */
#include <stdlib.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "detect/sigma_value.h"

static struct sigma_value
from_bytes(struct sigma_reading *r, struct str s)
{
	struct sigma_value v = { .form = FORM_TEXT, .unit = sigma_new_units(r, s.len), .units = s.len };

	for (size_t i = 0; i < s.len; i++)
		v.unit[i] = (unsigned char)s.p[i];
	return v;
}

/* The bytes that a modifier encodes. */
static int
literal_of(struct sigma_reading *r, const struct sigma_value *v, const char *modifier, struct str *out)
{
	if (v->form != FORM_TEXT || !sigma_value_literal(v, r->a, out))
		return err_set(r->e, ERR_FAIL, "%s: a value with wildcards cannot be encoded", modifier);
	return 0;
}

typedef int encode(struct sigma_reading *r, struct str bytes);

/* Every value by what it makes of it, one or several. */
static int
encode_all(struct sigma_reading *r, const char *modifier, encode *make)
{
	struct sigma_value *old = r->out->value;
	size_t n = r->out->n;
	int rc = 0;

	r->out->value = NULL;
	r->out->n = r->out->cap = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct str bytes;

		rc = literal_of(r, &old[i], modifier, &bytes) != 0 ? -1 : make(r, bytes);
	}
	free(old);
	return rc;
}

static int
make_base64(struct sigma_reading *r, struct str bytes)
{
	struct buf b = { 0 };
	int rc;

	base64_add(&b, bytes.p, bytes.len);
	rc = sigma_add_value(r, from_bytes(r, buf_view(&b)));
	buf_fini(&b);
	return rc;
}

/*
 * As it stands within a longer text, 0, 1 or 2 bytes behind a multiple of
 * three: the characters that other bytes do not change.
 */
static int
make_base64offset(struct sigma_reading *r, struct str bytes)
{
	static const size_t start[] = { 0, 2, 3 }, cut[] = { 0, 3, 2 };

	for (size_t shift = 0; shift < 3; shift++) {
		struct buf shifted = { 0 }, b = { 0 };
		size_t end;
		int rc;

		buf_add(&shifted, "  ", shift);
		buf_str(&shifted, bytes);
		base64_add(&b, shifted.p, shifted.len);
		end = b.len - cut[shifted.len % 3];
		rc = end > start[shift] ? sigma_add_value(r, from_bytes(r,
		    (struct str){ b.p + start[shift], end - start[shift] })) : 0;
		buf_fini(&shifted);
		buf_fini(&b);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* UTF-16, of either byte order; characters beyond take two units. */
static int
make_wide(struct sigma_reading *r, struct str bytes, bool big, bool mark)
{
	struct buf b = { 0 };
	uint32_t cp = 0xfeff;
	int rc;

	for (size_t i = 0; i < bytes.len || mark;) {
		uint16_t half[2];
		size_t n = 1;

		if (!mark)
			i += utf8_decode(bytes.p + i, bytes.len - i, &cp);
		mark = false;
		half[0] = (uint16_t)cp;
		if (cp > 0xffff) {
			half[0] = (uint16_t)(0xd800 + ((cp - 0x10000) >> 10));
			half[1] = (uint16_t)(0xdc00 + (cp & 0x3ff));
			n = 2;
		}
		for (size_t k = 0; k < n; k++) {
			buf_byte(&b, (char)(big ? half[k] >> 8 : half[k] & 0xff));
			buf_byte(&b, (char)(big ? half[k] & 0xff : half[k] >> 8));
		}
	}
	rc = sigma_add_value(r, from_bytes(r, buf_view(&b)));
	buf_fini(&b);
	return rc;
}

static int
make_utf16le(struct sigma_reading *r, struct str bytes)
{
	return make_wide(r, bytes, false, false);
}

static int
make_utf16be(struct sigma_reading *r, struct str bytes)
{
	return make_wide(r, bytes, true, false);
}

static int
make_utf16(struct sigma_reading *r, struct str bytes)
{
	return make_wide(r, bytes, false, true);
}

/* ---- by name ---- */

int
sigma_encode(struct sigma_reading *r, const char *modifier)
{
	static const struct {
		const char *name;
		encode *make;
		bool text; /* what it makes is text */
	} encodings[] = {
		{ "base64", make_base64, true }, { "base64offset", make_base64offset, true },
		{ "utf16", make_utf16, false }, { "utf16be", make_utf16be, false },
		{ "utf16le", make_utf16le, false }, { "wide", make_utf16le, false },
	};

	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		if (strcmp(modifier, encodings[i].name) != 0)
			continue;
		r->encoded = !encodings[i].text;
		return encode_all(r, modifier, encodings[i].make);
	}
	return err_set(r->e, ERR_FAIL, "%s is no encoding", modifier);
}

/* ---- windash ---- */

static const struct str dashes[] = {
	{ "-", 1 }, { "/", 1 }, { "\xe2\x80\x93", 3 }, { "\xe2\x80\x94", 3 }, { "\xe2\x80\x95", 3 }
};

#define DASHES (sizeof(dashes) / sizeof(dashes[0]))

static bool
is_word(const struct sigma_value *v, size_t i)
{
	uint16_t u = i < v->units ? v->unit[i] : UNIT_STAR;

	return (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || u == '_' ||
	    (u >= 0x80 && u <= 0xff);
}

/* The dash that stands there before a word and not behind one; its length, or 0. */
static size_t
dash_at(const struct sigma_value *v, size_t at)
{
	if (at > 0 && is_word(v, at - 1))
		return 0;
	for (size_t d = 0; d < DASHES; d++) {
		size_t k = 0;

		while (k < dashes[d].len && at + k < v->units && v->unit[at + k] == (unsigned char)dashes[d].p[k])
			k++;
		if (k == dashes[d].len && is_word(v, at + k))
			return k;
	}
	return 0;
}

/* Adds a value for each dash in place of the first from `at` on, and of those
 * behind it. */
static int
permute(struct sigma_reading *r, struct sigma_value v, size_t at)
{
	size_t n = 0;

	while (at < v.units && (n = dash_at(&v, at)) == 0)
		at++;
	if (at >= v.units)
		return sigma_add_value(r, v);
	for (size_t d = 0; d < DASHES; d++) {
		struct sigma_value w = { .form = FORM_TEXT, .unit = sigma_new_units(r, v.units + dashes[d].len) };

		memcpy(w.unit, v.unit, at * sizeof(*w.unit));
		w.units = at;
		for (size_t k = 0; k < dashes[d].len; k++)
			w.unit[w.units++] = (unsigned char)dashes[d].p[k];
		memcpy(w.unit + w.units, v.unit + at + n, (v.units - at - n) * sizeof(*w.unit));
		w.units += v.units - at - n;
		if (permute(r, w, at + dashes[d].len) != 0)
			return -1;
	}
	return 0;
}

int
sigma_windash(struct sigma_reading *r)
{
	struct sigma_value *old = r->out->value;
	size_t n = r->out->n;
	int rc = 0;

	r->out->value = NULL;
	r->out->n = r->out->cap = 0;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = old[i].form == FORM_TEXT ? permute(r, old[i], 0) : sigma_add_value(r, old[i]);
	free(old);
	return rc;
}
