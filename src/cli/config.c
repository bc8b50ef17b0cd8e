/*
 * config: one YAML mapping, read strictly: what is not understood is refused.
 *
 *	# /etc/audit-toolkit/config.yaml
 *	db: /srv/audit/events.db
 *	checkpoint:
 *	  file: /srv/mirror/checkpoint
 *	  command: [/usr/local/bin/ship, --to, witness.example]
 */
#include "cli/config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/yaml.h"
#include "cli/config_policy.h"
#include "proof/note.h"

#define COUNT(names) (sizeof(names) / sizeof((names)[0]))

/* A path from the root of the file system. */
int
config_check_path(struct yaml *y, const char *key, struct str path, struct err *e)
{
	if (path.len > 0 && path.p[0] == '/')
		return 0;
	return yaml_fault(y, e, "%s: expected an absolute path, not '%.60s'", key, path.p);
}

static int
read_path(struct yaml *y, const char *key, char **out, struct err *e)
{
	struct str path;

	if (yaml_text(y, key, &path, e) != 0 || config_check_path(y, key, path, e) != 0)
		return -1;
	*out = mem_strdup(path.p);
	return 0;
}

static int
read_verifier_key(struct yaml *y, const char *key, char **out, struct err *e)
{
	struct note_verifier v;
	struct err why = ERR_NONE;
	struct str text;

	if (yaml_text(y, key, &text, e) != 0)
		return -1;
	if (note_verifier_parse(&v, text, &why) != 0)
		return yaml_fault(y, e, "%s: %s", key, why.text);
	*out = mem_strdup(text.p);
	return 0;
}

static int
read_sandbox(struct yaml *y, const char *key, enum sandbox_mode *out, struct err *e)
{
	struct str text;

	if (yaml_text(y, key, &text, e) != 0)
		return -1;
	if (sandbox_mode_parse(text, out) != 0)
		return yaml_fault(y, e, "%s: expected auto, required or off, not '%.60s'", key, text.p);
	return 0;
}

static int
read_checkpoint(struct yaml *y, struct config *c, struct err *e)
{
	enum { TO_FILE, TO_COMMAND };
	static const char *const names[] = { [TO_FILE] = "file", [TO_COMMAND] = "command" };
	uint64_t seen = 0;
	size_t which;
	int rc;

	if (yaml_mapping(y, "checkpoint (file: and command: below)", e) != 0)
		return -1;
	while ((rc = yaml_key(y, names, COUNT(names), &seen, &which, e)) > 0)
		if ((which == TO_FILE ? read_path(y, "file", &c->checkpoint_file, e) :
		    config_command(y, "command", &c->checkpoint_command, e)) != 0)
			return -1;
	return rc;
}

/* ---- Keys ---- */

enum key {
	KEY_DB, KEY_KEYS, KEY_VERIFIER_KEY, KEY_CHECKPOINT,
	KEY_RETENTION, KEY_ARCHIVE, KEY_EXPORT_LIMITS, KEY_RECORD_READS, KEY_DETECT, KEY_SANDBOX, KEY_DIALECT_MAP,
	KEY_SESSIONS, KEYS
};

static const char *const keys[KEYS] = {
	[KEY_DB] = "db",
	[KEY_KEYS] = "keys",
	[KEY_VERIFIER_KEY] = "verifier_key",
	[KEY_CHECKPOINT] = "checkpoint",
	[KEY_RETENTION] = "retention",
	[KEY_ARCHIVE] = "archive",
	[KEY_EXPORT_LIMITS] = "export_limits",
	[KEY_RECORD_READS] = "record_reads",
	[KEY_DETECT] = "detect",
	[KEY_SANDBOX] = "sandbox",
	[KEY_DIALECT_MAP] = "dialect_map",
	[KEY_SESSIONS] = "sessions",
};

static int
read_value(struct yaml *y, enum key key, struct config *c, struct err *e)
{
	switch (key) {
	case KEY_DB:
		return read_path(y, keys[key], &c->db, e);
	case KEY_KEYS:
		return read_path(y, keys[key], &c->keys, e);
	case KEY_VERIFIER_KEY:
		return read_verifier_key(y, keys[key], &c->verifier_key, e);
	case KEY_CHECKPOINT:
		return read_checkpoint(y, c, e);
	case KEY_RETENTION:
		return config_retention(y, c, e);
	case KEY_ARCHIVE:
		return read_path(y, keys[key], &c->archive, e);
	case KEY_EXPORT_LIMITS:
		return config_export_limits(y, c, e);
	case KEY_RECORD_READS:
		return config_record_reads(y, c, e);
	case KEY_DETECT:
		return config_detect(y, c, e);
	case KEY_SANDBOX:
		return read_sandbox(y, keys[key], &c->sandbox, e);
	case KEY_DIALECT_MAP:
		return read_path(y, keys[key], &c->dialect_map, e);
	case KEY_SESSIONS:
		return config_sessions(y, c, e);
	case KEYS:
		break;
	}
	return -1;
}

static int
read_document(struct yaml *y, struct config *c, uint64_t *seen, struct err *e)
{
	size_t which;
	int rc = yaml_document(y, e);

	if (rc <= 0)
		return rc;
	while ((rc = yaml_key(y, keys, KEYS, seen, &which, e)) > 0)
		if (read_value(y, (enum key)which, c, e) != 0)
			return -1;
	return rc;
}

/* ---- The whole ---- */

static void
replace(char **old, char **fresh)
{
	free(*old);
	*old = *fresh;
	*fresh = NULL;
}

static void
replace_list(struct str_list *old, struct str_list *fresh)
{
	str_list_fini(old);
	*old = *fresh;
	*fresh = (struct str_list){ 0 };
}

static void
replace_policy(struct config *c, struct config *fresh, uint64_t seen)
{
	if (seen & 1u << KEY_RETENTION) {
		retention_rules_free(c->retention, c->retentions);
		c->retention = fresh->retention;
		c->retentions = fresh->retentions;
		fresh->retention = NULL;
		fresh->retentions = 0;
	}
	if (seen & 1u << KEY_ARCHIVE)
		replace(&c->archive, &fresh->archive);
	if (seen & 1u << KEY_EXPORT_LIMITS) {
		export_limits_free(c->limit, c->limits);
		c->limit = fresh->limit;
		c->limits = fresh->limits;
		fresh->limit = NULL;
		fresh->limits = 0;
	}
	if (seen & 1u << KEY_RECORD_READS)
		replace_list(&c->record_reads, &fresh->record_reads);
	if (seen & 1u << KEY_DETECT) {
		replace_list(&c->detect.rules, &fresh->detect.rules);
		replace_list(&c->detect.hook.command, &fresh->detect.hook.command);
		c->detect.hook.limit = fresh->detect.hook.limit;
	}
}

/* Moves the keys that a file has, each with all that is below. */
static void
take_over(struct config *c, struct config *fresh, uint64_t seen)
{
	if (seen & 1u << KEY_DB)
		replace(&c->db, &fresh->db);
	if (seen & 1u << KEY_KEYS)
		replace(&c->keys, &fresh->keys);
	if (seen & 1u << KEY_VERIFIER_KEY)
		replace(&c->verifier_key, &fresh->verifier_key);
	if (seen & 1u << KEY_CHECKPOINT) {
		replace(&c->checkpoint_file, &fresh->checkpoint_file);
		replace_list(&c->checkpoint_command, &fresh->checkpoint_command);
	}
	if (seen & 1u << KEY_SANDBOX)
		c->sandbox = fresh->sandbox;
	if (seen & 1u << KEY_DIALECT_MAP)
		replace(&c->dialect_map, &fresh->dialect_map);
	if (seen & 1u << KEY_SESSIONS) {
		config_sessions_free(c->sessions);
		c->sessions = fresh->sessions;
		fresh->sessions = NULL;
	}
	replace_policy(c, fresh, seen);
}

/* Takes y, which may be NULL after an error. */
static int
read_all(struct config *c, struct yaml *y, struct err *e)
{
	struct config fresh = { 0 };
	uint64_t seen = 0;
	int rc = y != NULL ? read_document(y, &fresh, &seen, e) : -1;

	if (rc == 0)
		take_over(c, &fresh, seen);
	config_fini(&fresh);
	yaml_close(y);
	return rc;
}

int
config_read(struct config *c, const char *path, bool must_exist, struct err *e)
{
	if (!must_exist && access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	return read_all(c, yaml_open(path, e), e);
}

int
config_parse(struct config *c, const char *name, struct str text, struct err *e)
{
	return read_all(c, yaml_new(name, text, e), e);
}

void
config_fini(struct config *c)
{
	free(c->db);
	free(c->keys);
	free(c->verifier_key);
	free(c->checkpoint_file);
	str_list_fini(&c->checkpoint_command);
	retention_rules_free(c->retention, c->retentions);
	free(c->archive);
	free(c->dialect_map);
	export_limits_free(c->limit, c->limits);
	str_list_fini(&c->record_reads);
	str_list_fini(&c->detect.rules);
	str_list_fini(&c->detect.hook.command);
	config_sessions_free(c->sessions);
	*c = (struct config){ 0 };
}
