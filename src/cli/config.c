/*
 * config: one YAML mapping, read strictly: what is not understood is refused.
 *
 *	# /etc/audit-toolkit/config.yaml
 *	db: /srv/audit/events.db
 *	checkpoint:
 *	  file: /srv/mirror/checkpoint
 *	  command: [/usr/local/bin/ship, --to, witness.example]
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <yaml.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/stream.h"
#include "cli/config.h"
#include "proof/note.h"

#define CONFIG_MAX (1024u * 1024)
#define COMMAND_WORDS_MAX 256

struct reader {
	const char *path;
	yaml_parser_t parser;
	yaml_event_t event; /* the last one read; deleted by the next */
	unsigned seen;      /* which of `keys` the file has */
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
	} else if (ev->type == YAML_SEQUENCE_START_EVENT) {
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
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
check_scalar(struct reader *r, const char *key)
{
	if (r->event.type != YAML_SCALAR_EVENT)
		return fault(r, r->event.start_mark, "expected one value for", key);
	if (strlen(scalar(r)) != r->event.data.scalar.length)
		return fault(r, r->event.start_mark, "a NUL byte in the value of", key);
	return 0;
}

static int
next_scalar(struct reader *r, const char *key)
{
	return next(r) != 0 ? -1 : check_scalar(r, key);
}

/* A path from the root of the file system. */
static int
check_path(struct reader *r, const char *key)
{
	if (scalar(r)[0] == '/')
		return 0;
	return err_set(r->e, ERR_FAIL, "%s:%zu:%zu: %s: expected an absolute path, not: %s", r->path,
	    r->event.start_mark.line + 1, r->event.start_mark.column + 1, key, scalar(r));
}

static int
read_path(struct reader *r, const char *key, char **out)
{
	if (next_scalar(r, key) != 0 || check_path(r, key) != 0)
		return -1;
	*out = mem_strdup(scalar(r));
	return 0;
}

static int
read_verifier_key(struct reader *r, const char *key, char **out)
{
	struct note_verifier v;
	struct err why = ERR_NONE;

	if (next_scalar(r, key) != 0)
		return -1;
	if (note_verifier_parse(&v, str_of(scalar(r)), &why) != 0)
		return fault(r, r->event.start_mark, "verifier_key", why.text);
	*out = mem_strdup(scalar(r));
	return 0;
}

/* [/usr/bin/program, argument]: no shell, so each is given as it is. */
static int
read_command(struct reader *r, const char *key, struct str_list *out)
{
	yaml_mark_t at;

	if (next(r) != 0)
		return -1;
	at = r->event.start_mark;
	if (r->event.type != YAML_SEQUENCE_START_EVENT)
		return fault(r, at, "expected a list: the program and each of its arguments, not one value for", key);
	for (;;) {
		if (next(r) != 0)
			return -1;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		if (check_scalar(r, key) != 0 || (out->n == 0 && check_path(r, key) != 0))
			return -1;
		if (out->n == COMMAND_WORDS_MAX)
			return fault(r, r->event.start_mark, "too many arguments of", key);
		str_list_add(out, scalar(r), strlen(scalar(r)));
	}
	return out->n > 0 ? 0 : fault(r, at, "expected at least the program of", key);
}

/* ---- Keys ---- */

enum { KEY_DB, KEY_KEYS, KEY_VERIFIER_KEY, KEY_CHECKPOINT };
static const char *const keys[] = { "db", "keys", "verifier_key", "checkpoint" };

enum { TO_FILE, TO_COMMAND };
static const char *const checkpoint_keys[] = { "file", "command" };

/* Which of the names the scalar just read is; *seen has a bit for each that
 * was there before. */
static int
find_key(struct reader *r, const char *const *names, size_t n, unsigned *seen, size_t *which)
{
	yaml_mark_t at = r->event.start_mark;
	const char *near;

	if (r->event.type != YAML_SCALAR_EVENT)
		return fault(r, at, "expected the name of a key", NULL);
	for (*which = 0; *which < n; ++*which)
		if (str_eq(str_of(names[*which]), (struct str){ scalar(r), r->event.data.scalar.length }))
			break;
	if (*which == n) {
		near = nearest_name(scalar(r), names, n);
		return err_set(r->e, ERR_FAIL, "%s:%zu:%zu: unknown key '%s'%s%s", r->path,
		    at.line + 1, at.column + 1, scalar(r), near ? "; the nearest is " : "", near ? near : "");
	}
	if (*seen & 1u << *which)
		return fault(r, at, "a key given twice", names[*which]);
	*seen |= 1u << *which;
	return 0;
}

static int
read_checkpoint(struct reader *r, struct config *c)
{
	unsigned seen = 0;
	size_t which;

	if (next(r) != 0)
		return -1;
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return fault(r, r->event.start_mark, "expected file: and command: below", "checkpoint");
	for (;;) {
		if (next(r) != 0)
			return -1;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return 0;
		if (find_key(r, checkpoint_keys, sizeof(checkpoint_keys) / sizeof(*checkpoint_keys), &seen,
		    &which) != 0)
			return -1;
		if ((which == TO_FILE ? read_path(r, "file", &c->checkpoint_file) :
		    read_command(r, "command", &c->checkpoint_command)) != 0)
			return -1;
	}
}

/* The key just read, and its value. */
static int
read_pair(struct reader *r, struct config *c)
{
	size_t which;

	if (find_key(r, keys, sizeof(keys) / sizeof(*keys), &r->seen, &which) != 0)
		return -1;
	switch (which) {
	case KEY_DB:
		return read_path(r, "db", &c->db);
	case KEY_KEYS:
		return read_path(r, "keys", &c->keys);
	case KEY_VERIFIER_KEY:
		return read_verifier_key(r, "verifier_key", &c->verifier_key);
	default:
		return read_checkpoint(r, c);
	}
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

static void
replace(char **old, char **fresh)
{
	free(*old);
	*old = *fresh;
	*fresh = NULL;
}

/* Moves the keys that a file has; checkpoint: is one, with all that is below. */
static void
take_over(struct config *c, struct config *fresh, unsigned seen)
{
	if (seen & 1u << KEY_DB)
		replace(&c->db, &fresh->db);
	if (seen & 1u << KEY_KEYS)
		replace(&c->keys, &fresh->keys);
	if (seen & 1u << KEY_VERIFIER_KEY)
		replace(&c->verifier_key, &fresh->verifier_key);
	if (seen & 1u << KEY_CHECKPOINT) {
		replace(&c->checkpoint_file, &fresh->checkpoint_file);
		str_list_fini(&c->checkpoint_command);
		c->checkpoint_command = fresh->checkpoint_command;
		fresh->checkpoint_command = (struct str_list){ 0 };
	}
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
	if (rc == 0)
		take_over(c, &fresh, r.seen);
out:
	config_fini(&fresh);
	free(text);
	return rc;
}

void
config_fini(struct config *c)
{
	free(c->db);
	free(c->keys);
	free(c->verifier_key);
	free(c->checkpoint_file);
	str_list_fini(&c->checkpoint_command);
	*c = (struct config){ 0 };
}
