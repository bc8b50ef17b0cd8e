/*
 * config: one YAML mapping, read strictly: what is not understood is refused.
 *
 *	# /etc/audit-toolkit/config.yaml
 *	db: /srv/audit/events.db
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <yaml.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/stream.h"
#include "cli/config.h"

#define CONFIG_MAX (1024u * 1024)

struct reader {
	const char *path;
	yaml_parser_t parser;
	yaml_event_t event; /* the last one read; deleted by the next */
	struct err *e;
};

static int
fault(struct reader *r, yaml_mark_t at, const char *what, const char *word)
{
	return err_set(r->e, ERR_FAIL, "%s:%zu:%zu: %s%s%s", r->path, at.line + 1, at.column + 1,
	    what, word ? ": " : "", word ? word : "");
}

/* Reads an event; those of the kinds that nobody needs are refused here. */
static int
next(struct reader *r)
{
	const yaml_event_t *ev = &r->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	yaml_event_delete(&r->event);
	if (!yaml_parser_parse(&r->parser, &r->event))
		return fault(r, r->parser.problem_mark, "not YAML", r->parser.problem);
	if (ev->type == YAML_SCALAR_EVENT) {
		anchor = ev->data.scalar.anchor;
		tag = ev->data.scalar.tag;
	} else if (ev->type == YAML_MAPPING_START_EVENT) {
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
	}
	if (anchor || ev->type == YAML_ALIAS_EVENT)
		return fault(r, ev->start_mark, "anchors and aliases are not allowed", NULL);
	if (tag)
		return fault(r, ev->start_mark, "tags are not allowed", NULL);
	return 0;
}

static const char *
scalar(const struct reader *r)
{
	return (const char *)r->event.data.scalar.value;
}

/* A scalar without NUL inside. */
static int
next_scalar(struct reader *r, const char *key)
{
	if (next(r) != 0)
		return -1;
	if (r->event.type != YAML_SCALAR_EVENT)
		return fault(r, r->event.start_mark, "expected one value for", key);
	if (strlen(scalar(r)) != r->event.data.scalar.length)
		return fault(r, r->event.start_mark, "a NUL byte in the value of", key);
	return 0;
}

/* The key just read, and its value. */
static int
read_pair(struct reader *r, struct config *c)
{
	static const char *const keys[] = { "db" };
	yaml_mark_t at = r->event.start_mark;
	const char *near;

	if (r->event.type != YAML_SCALAR_EVENT)
		return fault(r, at, "expected the name of a key", NULL);
	if (strcmp(scalar(r), "db") != 0 || r->event.data.scalar.length != 2) {
		near = nearest_name(scalar(r), keys, sizeof(keys) / sizeof(*keys));
		return err_set(r->e, ERR_FAIL, "%s:%zu:%zu: unknown key '%s'%s%s", r->path,
		    at.line + 1, at.column + 1, scalar(r), near ? "; the nearest is " : "", near ? near : "");
	}
	if (c->db)
		return fault(r, at, "a key given twice", "db");
	if (next_scalar(r, "db") != 0)
		return -1;
	if (scalar(r)[0] != '/')
		return fault(r, r->event.start_mark, "db: expected an absolute path, not", scalar(r));
	c->db = mem_strdup(scalar(r));
	return 0;
}

static int
read_document(struct reader *r, struct config *c)
{
	do {
		if (next(r) != 0)
			return -1;
		if (r->event.type == YAML_STREAM_END_EVENT)
			return 0; /* empty, or comments alone */
	} while (r->event.type == YAML_STREAM_START_EVENT || r->event.type == YAML_DOCUMENT_START_EVENT);
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return fault(r, r->event.start_mark, "expected lines of KEY: VALUE", NULL);
	for (;;) {
		if (next(r) != 0)
			return -1;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			break;
		if (read_pair(r, c) != 0)
			return -1;
	}
	if (next(r) != 0 || next(r) != 0)
		return -1;
	if (r->event.type != YAML_STREAM_END_EVENT)
		return fault(r, r->event.start_mark, "a second document", NULL);
	return 0;
}

int
config_read(struct config *c, const char *path, bool must_exist, struct err *e)
{
	struct reader r = { .path = path, .e = e };
	struct config fresh = { 0 };
	size_t len = 0;
	char *text;
	int rc = -1;

	if (!must_exist && access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if ((text = file_read(path, CONFIG_MAX, &len, e)) == NULL)
		return -1;
	if (!yaml_parser_initialize(&r.parser)) {
		err_set(e, ERR_FAIL, "%s: libyaml has no memory", path);
		goto out;
	}
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	rc = read_document(&r, &fresh);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	if (rc == 0 && fresh.db) {
		config_fini(c);
		*c = fresh;
		fresh = (struct config){ 0 };
	}
out:
	config_fini(&fresh);
	free(text);
	return rc;
}

void
config_fini(struct config *c)
{
	free(c->db);
	c->db = NULL;
}
