/*
 * cli: what every program shares: common options, help, the store's path,
 * colours, messages, exit.
 *
 * A program's main: cli_start, its work, cli_finish.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/opt.h"
#include "filter/filter.h"

struct common_args {
	char *db, *config, *color;
	bool quiet, verbose, help, version, list_options;
	char *tz;
};

extern const struct opt opt_common[]; /* over struct common_args */
extern const struct opt opt_filter[]; /* over struct filter_args */

/* What --help says around the options. */
struct program {
	const char *name;      /* "audit-query" */
	const char *usage;     /* "[OPTION...] [FIELD=VALUE...]" */
	const char *purpose;   /* one line */
	const char *examples;  /* lines, each "  command   # what it does" */
	const struct opt *table; /* includes opt_common at common_offset */
	size_t common_offset;
};

/*
 * Parses the command line into `args`, sets umask, TZ, locale and signals,
 * prints --help, --version and --list-options.
 * Returns -1 to go on, else the exit status to end with at once.
 */
int cli_start(const struct program *p, int argc, char *argv[], void *args, struct str_list *operands);

/* Flushes stdout and finds out whether it could be written; prints e, if any,
 * as one line "program: text" on stderr, neutralised.  `status` is what the
 * program would end with (0 or 1); returns the worse of both. */
int cli_finish(const struct program *p, struct err *e, int status);

/* One neutralised line on stderr, "program: text"; note: not when --quiet;
 * detail: only when --verbose. */
void cli_warn(const struct program *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cli_note(const struct program *p, const struct common_args *c, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void cli_detail(const struct program *p, const struct common_args *c, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* --db, $AUDIT_DB, db: of the configuration, the default.  Yours. */
char *cli_db_path(const struct common_args *c, struct err *e);

/* --color with NO_COLOR and the terminal of fd taken into account; ERR_FAIL
 * for an unknown word. */
int cli_colour(const struct common_args *c, int fd, bool *on, struct err *e);
unsigned cli_width(int fd); /* columns; 0 when fd is no terminal */

/* Set by SIGINT and SIGTERM; checked between batches. */
bool cli_interrupted(void);

/* Progress on stderr when it is a terminal, after 1 s; a line on SIGUSR1. */
struct progress {
	const char *doing;
	int64_t started, shown;
	bool terminal, drawn;
};
void progress_start(struct progress *p, const struct common_args *c, const char *doing);
void progress_update(struct progress *p, uint64_t done, double share); /* share < 0: unknown */
void progress_end(struct progress *p);

/* Who runs this: "uid:1000" and friends, for the toolkit's own records. */
struct operator_info {
	unsigned uid, login_uid; /* login_uid: (unsigned)-1 unknown */
	char user[64], sudo_user[64], terminal[64], host[256];
};
void cli_operator(struct operator_info *o);

/* A record event (source audit-toolkit) with who, ready for store_record:
 * id, time, ingested, source, category COMPLIANCE, action, severity, outcome, actor_*, host, and
 * context = `context` (a JSON object's canonical bytes) with the operator's
 * login_uid, sudo_user and terminal put in.  Bytes in a. */
void cli_record(struct event *ev, const char *action, struct str context, struct arena *a);

#endif

#endif
