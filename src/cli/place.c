/*
 * place: where the store is, and opening it there.
 */
#include <stdlib.h>
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

/* The file that was named, or the system's and then the user's own.  Root
 * reads nothing that a user may have written. */
static int
read_config(struct config *config, const char *named, struct err *e)
{
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

char *
cli_db_path(const struct common_args *c, struct err *e)
{
	const char *named = c->config ? c->config : environment("AUDIT_CONFIG");
	const char *chosen = c->db ? c->db : environment("AUDIT_DB");
	struct config config = { 0 };
	char *path = NULL;

	/* A file that was named is checked even when nothing in it is needed. */
	if ((named || !chosen) && read_config(&config, named, e) != 0)
		goto out;
	if (!chosen)
		chosen = config.db;
	if (!chosen && geteuid() == 0)
		chosen = SYSTEM_DB;
	if (chosen)
		path = mem_strdup(chosen);
	else if ((path = user_file("XDG_STATE_HOME", ".local/state", "audit-toolkit/audit.db")) == NULL)
		err_set(e, ERR_FAIL, "no store named (--db FILE) and no $HOME to look for one in");
out:
	config_fini(&config);
	return path;
}

struct store *
cli_store(const struct common_args *c, enum store_mode mode, struct err *e)
{
	char *path = cli_db_path(c, e);
	struct store *st = path ? store_open(path, mode, e) : NULL;

	free(path);
	return st;
}
