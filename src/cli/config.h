/* config: the YAML configuration, audit-toolkit.yaml(5). */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

struct config {
	char *db;           /* absolute path, or NULL */
	char *keys;         /* folder of the signing key, absolute */
	char *verifier_key; /* the log's first: pinned */
	char *checkpoint_file;              /* replaced by each new checkpoint; absolute */
	struct str_list checkpoint_command; /* is given each new checkpoint; the program absolute */
};

/* Adds what a file says; its keys replace those read before.  Errors name
 * line and column: not YAML, an unknown or repeated key, an anchor, alias or
 * tag.  A file that is not there is an error only when `must_exist`. */
int config_read(struct config *c, const char *path, bool must_exist, struct err *e);
void config_fini(struct config *c);

/* What --config, $AUDIT_CONFIG or the default files say. */
struct common_args;
int cli_config(const struct common_args *c, struct config *config, struct err *e);

#endif
