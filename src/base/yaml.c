/*
 * yaml: libyaml's events, of which only the plain ones are let through.
 *
 * libyaml parses as the walk asks for more, so what a reader does not expect
 * ends the work there: depth is no deeper than the reader's own code, whatever
 * the file has.
 *
 * In: a file.   Out: keys, texts and lists, one at a time.
 */
#include "base/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <yaml.h>

#include "base/mem.h"
#include "base/stream.h"
#include "base/utf8.h"

struct yaml {
	char *name;
	char *own;            /* the text, when it was read from a file */
	struct str text;
	yaml_parser_t parser;
	yaml_event_t event;   /* the last one read; deleted by the next */
	bool peeked;          /* it was looked at, and is still to be read */
	bool alone;           /* yaml_each: one scalar, no list */
	bool several;         /* documents */
	unsigned depth;       /* mappings and lists that are entered */
};

/* ---- errors ---- */

static struct yaml_place
place_of(yaml_mark_t mark)
{
	return (struct yaml_place){ mark.line + 1, mark.column + 1 };
}

/* Of a byte: for what libyaml knows no mark of. */
static struct yaml_place
place_at(const struct yaml *y, size_t offset)
{
	struct yaml_place at = { 1, 1 };

	for (size_t i = 0; i < offset && i < y->text.len; i++) {
		if (y->text.p[i] == '\n')
			at = (struct yaml_place){ at.line + 1, 1 };
		else if (((unsigned char)y->text.p[i] & 0xc0) != 0x80)
			at.column++;
	}
	return at;
}

struct yaml_place
yaml_place(const struct yaml *y)
{
	return place_of(y->event.start_mark);
}

/* The place goes before the text, so that a long path cannot push it out. */
static int
put_fault(const struct yaml *y, struct yaml_place at, struct err *e, const char *fmt, va_list ap)
{
	char text[sizeof(e->text)];

	vsnprintf(text, sizeof(text), fmt, ap);
	err_set(e, ERR_FAIL, "%s", text);
	return err_doing(e, "%s:%zu:%zu", y->name, at.line, at.column);
}

int
yaml_fault(const struct yaml *y, struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_fault(y, yaml_place(y), e, fmt, ap);
	va_end(ap);
	return -1;
}

int
yaml_fault_at(const struct yaml *y, struct yaml_place at, struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_fault(y, at, e, fmt, ap);
	va_end(ap);
	return -1;
}

static int
parser_fault(const struct yaml *y, struct err *e)
{
	const yaml_parser_t *p = &y->parser;
	const char *why = p->problem ? p->problem : "libyaml has no memory";

	if (p->error == YAML_READER_ERROR)
		return yaml_fault_at(y, place_at(y, p->problem_offset), e, "not YAML: %s", why);
	return yaml_fault_at(y, place_of(p->problem_mark), e, "not YAML: %s", why);
}

/* ---- opening ---- */

struct yaml *
yaml_new(const char *name, struct str text, struct err *e)
{
	struct yaml *y = mem_zero(1, sizeof(*y));
	size_t valid = utf8_valid_prefix(text.p, text.len);

	y->name = mem_strdup(name);
	y->text = text;
	if (!yaml_parser_initialize(&y->parser)) {
		err_set(e, ERR_FAIL, "%s: libyaml has no memory", name);
		goto fail;
	}
	/* libyaml would take UTF-16. */
	if (valid < text.len) {
		yaml_fault_at(y, place_at(y, valid), e, "not UTF-8");
		goto fail;
	}
	yaml_parser_set_input_string(&y->parser, (const unsigned char *)text.p, text.len);
	return y;
fail:
	yaml_close(y);
	return NULL;
}

struct yaml *
yaml_open(const char *path, struct err *e)
{
	size_t len = 0;
	char *text = file_read(path, YAML_FILE_MAX, &len, e);
	struct yaml *y;

	if (text == NULL)
		return NULL;
	if ((y = yaml_new(path, (struct str){ text, len }, e)) == NULL)
		free(text);
	else
		y->own = text;
	return y;
}

void
yaml_close(struct yaml *y)
{
	if (y == NULL)
		return;
	yaml_event_delete(&y->event);
	yaml_parser_delete(&y->parser);
	free(y->name);
	free(y->own);
	free(y);
}

/* ---- events ---- */

/* Reads an event; those of the kinds that nobody needs are refused here. */
static int
next(struct yaml *y, struct err *e)
{
	const yaml_event_t *ev = &y->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (y->peeked) {
		y->peeked = false;
		return 0;
	}
	yaml_event_delete(&y->event);
	if (!yaml_parser_parse(&y->parser, &y->event))
		return parser_fault(y, e);
	if (ev->type == YAML_SCALAR_EVENT) {
		anchor = ev->data.scalar.anchor;
		tag = ev->data.scalar.tag;
	} else if (ev->type == YAML_MAPPING_START_EVENT) {
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
	} else if (ev->type == YAML_SEQUENCE_START_EVENT) {
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
	}
	if (anchor || ev->type == YAML_ALIAS_EVENT)
		return yaml_fault(y, e, "anchors and aliases are not allowed");
	if (tag)
		return yaml_fault(y, e, "tags are not allowed");
	return 0;
}

static int
peek(struct yaml *y, struct err *e)
{
	if (next(y, e) != 0)
		return -1;
	y->peeked = true;
	return 0;
}

static struct str
scalar(const struct yaml *y)
{
	return (struct str){ (const char *)y->event.data.scalar.value, y->event.data.scalar.length };
}

/* ---- the walk ---- */

/* Nothing follows the document's mapping, or another document. */
static int
end_document(struct yaml *y, struct err *e)
{
	if (next(y, e) != 0)
		return -1;
	if (y->several)
		return 0;
	if (next(y, e) != 0)
		return -1;
	return y->event.type == YAML_STREAM_END_EVENT ? 0 : yaml_fault(y, e, "a second document");
}

void
yaml_several(struct yaml *y)
{
	y->several = true;
}

/* A document of nothing: --- and ---, which YAML takes for a null. */
static bool
empty_document(const struct yaml *y)
{
	return y->several && y->event.type == YAML_SCALAR_EVENT && y->event.data.scalar.length == 0;
}

int
yaml_document(struct yaml *y, struct err *e)
{
	do {
		if (next(y, e) != 0 || (empty_document(y) && next(y, e) != 0))
			return -1;
		if (y->event.type == YAML_STREAM_END_EVENT)
			return 0; /* empty, or comments alone */
	} while (y->event.type == YAML_STREAM_START_EVENT || y->event.type == YAML_DOCUMENT_START_EVENT ||
	    y->event.type == YAML_DOCUMENT_END_EVENT);
	if (y->event.type != YAML_MAPPING_START_EVENT)
		return yaml_fault(y, e, "expected lines of KEY: VALUE");
	y->depth++;
	return 1;
}

static int
unknown_key(const struct yaml *y, const char *const *names, size_t n, struct err *e)
{
	const char *typed = scalar(y).p, *near = nearest_name(typed, names, n);

	return yaml_fault(y, e, "unknown key '%.60s'%s%s", typed, near ? "; the nearest is " : "",
	    near ? near : "");
}

int
yaml_key(struct yaml *y, const char *const *names, size_t n, uint64_t *seen, size_t *which, struct err *e)
{
	if (next(y, e) != 0)
		return -1;
	if (y->event.type == YAML_MAPPING_END_EVENT)
		return --y->depth > 0 ? 0 : end_document(y, e);
	if (y->event.type != YAML_SCALAR_EVENT)
		return yaml_fault(y, e, "expected the name of a key");
	for (*which = 0; *which < n; ++*which)
		if (str_eq(str_of(names[*which]), scalar(y)))
			break;
	if (*which == n || n > YAML_KEYS_MAX)
		return unknown_key(y, names, n, e);
	if (*seen & UINT64_C(1) << *which)
		return yaml_fault(y, e, "the key '%s' is given twice", names[*which]);
	*seen |= UINT64_C(1) << *which;
	return 1;
}

int
yaml_name(struct yaml *y, struct str *out, struct err *e)
{
	if (next(y, e) != 0)
		return -1;
	if (y->event.type == YAML_MAPPING_END_EVENT)
		return --y->depth > 0 ? 0 : end_document(y, e);
	if (y->event.type != YAML_SCALAR_EVENT)
		return yaml_fault(y, e, "expected a name");
	*out = scalar(y);
	if (memchr(out->p, '\0', out->len) != NULL)
		return yaml_fault(y, e, "a NUL byte in the name");
	return 1;
}

int
yaml_kind(struct yaml *y, enum yaml_kind *kind, struct err *e)
{
	if (peek(y, e) != 0)
		return -1;
	switch (y->event.type) {
	case YAML_SCALAR_EVENT:
		*kind = YAML_SCALAR;
		break;
	case YAML_MAPPING_START_EVENT:
		*kind = YAML_MAPPING;
		break;
	case YAML_SEQUENCE_START_EVENT:
		*kind = YAML_LIST;
		break;
	default:
		*kind = YAML_OTHER;
		break;
	}
	return 0;
}

int
yaml_text(struct yaml *y, const char *key, struct str *out, struct err *e)
{
	if (next(y, e) != 0)
		return -1;
	if (y->event.type != YAML_SCALAR_EVENT)
		return yaml_fault(y, e, "%s: expected one value", key);
	*out = scalar(y);
	if (memchr(out->p, '\0', out->len) != NULL)
		return yaml_fault(y, e, "%s: a NUL byte in the value", key);
	return 0;
}

bool
yaml_plain(const struct yaml *y)
{
	return y->event.type == YAML_SCALAR_EVENT && y->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

int
yaml_mapping(struct yaml *y, const char *key, struct err *e)
{
	if (next(y, e) != 0)
		return -1;
	if (y->event.type != YAML_MAPPING_START_EVENT)
		return yaml_fault(y, e, "%s: expected a mapping of KEY: VALUE", key);
	y->depth++;
	return 0;
}

int
yaml_list(struct yaml *y, const char *key, struct err *e)
{
	if (next(y, e) != 0)
		return -1;
	if (y->event.type != YAML_SEQUENCE_START_EVENT)
		return yaml_fault(y, e, "%s: expected a list", key);
	y->depth++;
	return 0;
}

int
yaml_item(struct yaml *y, struct err *e)
{
	if (peek(y, e) != 0)
		return -1;
	if (y->event.type != YAML_SEQUENCE_END_EVENT)
		return 1;
	y->peeked = false;
	y->depth--;
	return 0;
}

int
yaml_each(struct yaml *y, const char *key, size_t *count, struct str *out, struct err *e)
{
	int rc = 1;

	if (*count == 0) {
		if (peek(y, e) != 0)
			return -1;
		y->alone = y->event.type != YAML_SEQUENCE_START_EVENT;
		if (!y->alone && yaml_list(y, key, e) != 0)
			return -1;
	} else if (y->alone) {
		return 0;
	}
	if ((y->alone || (rc = yaml_item(y, e)) > 0) && yaml_text(y, key, out, e) != 0)
		return -1;
	*count += rc > 0;
	return rc;
}

int
yaml_texts(struct yaml *y, const char *key, struct str_list *out, struct err *e)
{
	struct str text;
	size_t count = 0;
	int rc;

	while ((rc = yaml_each(y, key, &count, &text, e)) > 0)
		str_list_add(out, text.p, text.len);
	return rc;
}
