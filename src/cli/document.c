/*
 * document: JSON documents of our own (see document.h).
 */
#include "cli/document.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/time.h"
#include "base/utf8.h"
#include "render/render.h"

/* ---- making ---- */

json_t *
document_text(struct str text)
{
	struct buf safe = { 0 };
	json_t *made;

	if (text.p == NULL)
		return json_null();
	if (utf8_valid_prefix(text.p, text.len) == text.len)
		return json_stringn(text.p, text.len);
	render_safe(&safe, text);
	made = json_stringn(safe.p, safe.len);
	buf_fini(&safe);
	return made;
}

json_t *
document_number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

json_t *
document_instant(int64_t us)
{
	char text[TIME_TEXT_LEN];

	if (us == TIME_NONE || us == TIME_MIN || us == INT64_MAX)
		return json_null();
	time_format(text, us);
	return json_stringn(text, sizeof(text));
}

json_t *
document_hex(const void *p, size_t n)
{
	struct buf text = { 0 };
	json_t *made;

	buf_hex(&text, p, n);
	made = json_stringn(text.p, text.len);
	buf_fini(&text);
	return made;
}

void
document_format(struct buf *out, json_t *o)
{
	char *made = json_dumps(o, JSON_INDENT(2));

	json_decref(o);
	if (made == NULL)
		mem_alloc(SIZE_MAX); /* its only way to fail */
	buf_printf(out, "%s\n", made);
	free(made);
}

/* ---- reading ---- */

json_t *
document_parse(struct str text, size_t max, const char *what, struct err *e)
{
	json_error_t wrong;
	json_t *o;

	if (text.len > max) {
		err_set(e, ERR_INTEGRITY, "%s: longer than %zu bytes", what, max);
		return NULL;
	}
	if ((o = json_loadb(text.p, text.len, JSON_REJECT_DUPLICATES, &wrong)) == NULL)
		err_set(e, ERR_INTEGRITY, "%s: line %d: %s", what, wrong.line, wrong.text);
	return o;
}

bool
document_get_text(const json_t *o, const char *key, bool or_null, struct str *out)
{
	const json_t *v = json_object_get(o, key);

	*out = (struct str){ NULL, 0 };
	if (or_null && json_is_null(v))
		return true;
	if (!json_is_string(v))
		return false;
	*out = (struct str){ json_string_value(v), json_string_length(v) };
	return true;
}

bool
document_get_number(const json_t *o, const char *key, uint64_t *out)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*out = (uint64_t)json_integer_value(v);
	return true;
}

bool
document_get_instant(const json_t *o, const char *key, bool or_null, int64_t *us)
{
	struct str text;
	bool inexact;

	*us = TIME_NONE;
	return document_get_text(o, key, or_null, &text) &&
	    (text.p == NULL || time_parse(text.p, text.len, us, &inexact) == 0);
}

bool
document_get_hex(const json_t *o, const char *key, void *out, size_t n)
{
	struct str text;

	return document_get_text(o, key, false, &text) && text.len == 2 * n && hex_parse(text.p, text.len, out);
}
