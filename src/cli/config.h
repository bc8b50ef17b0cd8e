/* config: the YAML configuration, audit-toolkit.yaml(5). */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "cli/sandbox.h"
#include "filter/filter.h"
#include "query/session.h"

/* One rule of `retention:`.  The first that matches an event decides. */
struct retention_rule {
	char *name;
	struct filter_args match; /* tenant, category, channel, severity, source, action; none: all
	                           * events; filter_build takes them */
	int64_t keep;             /* microseconds, at least PRUNE_FLOOR; RETENTION_FOREVER */
};
#define RETENTION_FOREVER INT64_MAX

/* One of `export_limits:`.  The first whose glob matches a tenant is its limit,
 * for each tenant by itself; events without one have the tenant "". */
struct export_limit {
	char *tenant;  /* as filter_glob takes it */
	uint64_t rows; /* a day, by UTC; at most 2^53 */
};

/* `sessions:`. */
/* A command that is told of something; the program absolute.  No words: none. */
struct config_hook {
	struct str_list command;
	int64_t limit; /* microseconds that a run may take */
};
#define CONFIG_HOOK_LIMIT (10 * TIME_SECOND) /* unless the configuration says else */

struct config_sessions {
	struct session_rules rules;
	struct config_hook hook; /* tells the application of a revocation */
};

struct config_detect {
	struct str_list rules; /* absolute paths, names of installed ones */
	struct config_hook hook; /* is told of each alert */
};

struct config {
	char *db;           /* absolute path, or NULL */
	char *keys;         /* folder of the signing key, absolute */
	char *verifier_key; /* the log's first: pinned */
	char *checkpoint_file;              /* replaced by each new checkpoint; absolute */
	struct str_list checkpoint_command; /* is given each new checkpoint; the program absolute */
	struct retention_rule *retention;
	size_t retentions;
	char *archive;                      /* folder that audit-prune archives to first; absolute */
	struct export_limit *limit;
	size_t limits;
	enum sandbox_mode sandbox;
	struct config_detect detect;
	struct config_sessions *sessions;   /* NULL: nothing is said, session_rules_default */
	char *dialect_map;                  /* what is added to the formats of collectors; absolute */
	struct str_list record_reads;       /* programs whose reading is recorded; `all` is told in full */
};

/* Adds what a file says; its keys replace those read before, each as a whole.
 * Errors name line and column (base/yaml.h), and then nothing is replaced.  A
 * file that is not there is an error only when `must_exist`. */
int config_read(struct config *c, const char *path, bool must_exist, struct err *e);
/* The same of a text that errors call `name`. */
int config_parse(struct config *c, const char *name, struct str text, struct err *e);
void config_fini(struct config *c);

/* What --config, $AUDIT_CONFIG or the default files say. */
struct common_args;
int cli_config(const struct common_args *c, struct config *config, struct err *e);

#endif
