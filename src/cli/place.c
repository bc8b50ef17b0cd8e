/*
 * place: where the store is, and opening it there.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/config.h"

#define SYSTEM_CONFIG "/etc/audit-toolkit/config.yaml"
#define SYSTEM_DB "/var/lib/audit-toolkit/audit.db"

/* A variable of the environment that is set to something. */
static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* $XDG/rest, else $HOME/fallback/rest; NULL without either.  A relative XDG
 * folder is ignored, as its specification says.  Yours. */
static char *
user_file(const char *xdg, const char *fallback, const char *rest)
{
	const char *folder = environment(xdg), *home = environment("HOME");
	struct buf path = { 0 };

	if (folder && folder[0] == '/')
		buf_printf(&path, "%s/%s", folder, rest);
	else if (home && home[0] == '/')
		buf_printf(&path, "%s/%s/%s", home, fallback, rest);
	else
		return NULL;
	return path.p;
}

/* --config, $AUDIT_CONFIG; NULL: the default files. */
static const char *
named_config(const struct common_args *c)
{
	return c->config ? c->config : environment("AUDIT_CONFIG");
}

/* The file that was named, or the system's and then the user's own.  Root
 * reads nothing that a user may have written. */
int
cli_config(const struct common_args *c, struct config *config, struct err *e)
{
	const char *named = named_config(c);
	char *own;
	int rc;

	if (named)
		return config_read(config, named, true, e);
	if (config_read(config, SYSTEM_CONFIG, false, e) != 0)
		return -1;
	if (geteuid() == 0)
		return 0;
	own = user_file("XDG_CONFIG_HOME", ".config", "audit-toolkit/config.yaml");
	rc = own ? config_read(config, own, false, e) : 0;
	free(own);
	return rc;
}

/* The folders above the file that are missing, for the owner and the group. */
static int
make_folders(const char *path, struct err *e)
{
	char *part = mem_strdup(path);
	int rc = 0;

	for (char *slash = strchr(part + 1, '/'); slash != NULL && rc == 0; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0750) < 0 && errno != EEXIST)
			rc = err_errno(e, "%s: making its folder %s", path, part);
		*slash = '/';
	}
	free(part);
	return rc;
}

/* --db, $AUDIT_DB. */
static const char *
named_db(const struct common_args *c)
{
	return c->db ? c->db : environment("AUDIT_DB");
}

/* The one that was named, db: of the configuration, the default.  Yours.
 * *is_default: nobody named it. */
static char *
db_path(const struct common_args *c, const struct config *config, bool *is_default, struct err *e)
{
	const char *chosen = named_db(c);
	char *path = NULL;

	if (!chosen)
		chosen = config->db;
	*is_default = !chosen;
	if (!chosen && geteuid() == 0)
		chosen = SYSTEM_DB;
	if (chosen)
		path = mem_strdup(chosen);
	else if ((path = user_file("XDG_STATE_HOME", ".local/state", "audit-toolkit/audit.db")) == NULL)
		err_set(e, ERR_FAIL, "no store named (--db FILE) and no $HOME to look for one in");
	return path;
}

char *
cli_store_path(const struct common_args *c, const struct config *config, struct err *e)
{
	bool is_default;

	return db_path(c, config, &is_default, e);
}

/* The default place is made when it is missing; one that was named is not,
 * because its name may be a typing error. */
struct store *
cli_store_by(const struct common_args *c, const struct config *config, enum store_mode mode, struct err *e)
{
	bool is_default;
	char *path = db_path(c, config, &is_default, e);
	struct store *st = NULL;

	if (path && (mode != STORE_CREATE || !is_default || make_folders(path, e) == 0))
		st = store_open(path, mode, e);

	free(path);
	return st;
}

/* What says where the store is.  A file that was named is checked even when
 * nothing in it is needed. */
static int
read_config(const struct common_args *c, struct config *config, struct err *e)
{
	return !named_config(c) && named_db(c) ? 0 : cli_config(c, config, e);
}

struct store *
cli_store(const struct common_args *c, enum store_mode mode, struct err *e)
{
	struct config config = { 0 };
	struct store *st = read_config(c, &config, e) == 0 ? cli_store_by(c, &config, mode, e) : NULL;

	config_fini(&config);
	return st;
}

struct store *
cli_store_record_by(const struct common_args *c, const struct config *config, const char *refused, struct err *e)
{
	struct store *st = cli_store_by(c, config, STORE_WRITE, e), *readable;
	struct err other = ERR_NONE;

	if (st || e->code != ERR_FAIL)
		return st;
	if ((readable = cli_store_by(c, config, STORE_READ, &other)) != NULL) {
		e->code = ERR_REFUSED;
		err_doing(e, "%s is refused", refused);
	}
	store_close(readable);
	return NULL;
}

struct store *
cli_store_record(const struct common_args *c, const char *refused, struct err *e)
{
	struct config config = { 0 };
	struct store *st = read_config(c, &config, e) == 0 ? cli_store_record_by(c, &config, refused, e) : NULL;

	config_fini(&config);
	return st;
}
