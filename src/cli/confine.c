/*
 * confine: a program's own sandbox, as the configuration wants it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/config.h"
#include "cli/sandbox.h"

/* A leak checker looks into its own process as a debugger would. */
#ifdef SANITIZED
#define SANDBOX_ALLOWED false
#else
#define SANDBOX_ALLOWED true
#endif

static int
allow_store(const struct common_args *c, const struct config *config, struct sandbox *s, struct err *e)
{
	char *path = cli_store_path(c, config, e);
	int rc = path ? sandbox_allow_store(s, path, e) : -1;

	free(path);
	return rc;
}

static void
tell(const struct program *p, const struct common_args *c, const struct sandbox_state *now)
{
	struct buf text = { 0 };

	sandbox_describe(&text, now);
	cli_detail(p, c, "sandbox: %.*s", (int)text.len, text.p);
	buf_fini(&text);
}

int
cli_sandbox(const struct program *p, const struct common_args *c, const struct store *st, struct sandbox *s,
    struct err *e)
{
	struct config config = { 0 };
	struct sandbox_state now = { 0 };
	int rc = cli_config(c, &config, e);

	s->mode = SANDBOX_ALLOWED ? config.sandbox : SANDBOX_OFF;
	if (rc == 0 && st != NULL)
		rc = allow_store(c, &config, s, e);
	if (rc == 0)
		rc = sandbox_enter(s, &now, e);
	if (rc == 0)
		tell(p, c, &now);
	sandbox_fini(s);
	config_fini(&config);
	return rc;
}

void
cli_sandbox_version(const struct common_args *c)
{
	struct config config = { 0 };
	struct sandbox_state have;
	struct buf text = { 0 };
	struct err e = ERR_NONE;

	sandbox_available(&have);
	if (cli_config(c, &config, &e) != 0)
		buf_printf(&text, "unknown (%s)", e.text);
	else if (!SANDBOX_ALLOWED || config.sandbox == SANDBOX_OFF)
		buf_str(&text, STR("off"));
	else
		sandbox_describe(&text, &have);
	cli_print_line(buf_view(&text));
	buf_fini(&text);
	config_fini(&config);
}
