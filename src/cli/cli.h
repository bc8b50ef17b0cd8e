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
#include "base/stream.h"
#include "cli/opt.h"
#include "filter/filter.h"
#include "query/query.h"
#include "store/store.h"

struct common_args {
	char *db, *config, *color, *tz;
	bool no_pager;
	bool quiet, verbose, help, version, list_options;
	char *list_values;
	bool print_where, list_saved;
	char *save, *delete_saved;
};

/* Over struct common_args. */
extern const struct opt opt_common[]; /* for every program */
extern const struct opt opt_zone[];   /* --tz: who reads times as typed, or prints them for people */
extern const struct opt opt_colour[]; /* --color */
extern const struct opt opt_pager[];  /* --no-pager */
extern const struct opt opt_saved[];  /* --print-where, --save and friends: for whoever calls cli_filter */

/* Over struct filter_args. */
extern const struct opt opt_filter[];
extern const struct opt opt_filter_summary[]; /* without --by CLOCK: audit-summary's --by is another */

/* What --help says around the options. */
struct program {
	const char *name;      /* "audit-query" */
	const char *usage;     /* "[OPTION...] [FIELD=VALUE...]" */
	const char *purpose;   /* one line */
	const char *examples;  /* lines, each "  command   # what it does" */
	const struct opt *table; /* includes opt_common at common_offset */
	size_t common_offset;
	enum opt_value operand;  /* what completion offers for operands: VALUE_FIELD, VALUE_FILE */
	const char *const *formats; /* of -o, the list ends with NULL; NULL: none */
};

/*
 * Parses the command line into `args`; sets umask, TZ (UTC but for --tz) and
 * signals; opens what is closed of stdin, stdout and stderr, so that no file
 * of ours gets their numbers; prints --help, --version and --list-options.
 * The locale stays "C".
 * Returns -1 to go on, else the exit status to end with at once.
 */
int cli_start(const struct program *p, int argc, char *argv[], void *args, struct str_list *operands);

/* Flushes stdout and finds out whether it could be written; prints e, if any,
 * as one line "program: text" on stderr, neutralised.  `status` is what the
 * program would end with (0 or 1); returns the worse of both. */
int cli_finish(const struct program *p, struct err *e, int status);

/* One neutralised line on stderr, "program: text"; note: not when --quiet;
 * detail: only when --verbose. */
void cli_note(const struct program *p, const struct common_args *c, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void cli_detail(const struct program *p, const struct common_args *c, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What is told beside an answer that retention has made smaller. */
#define CLI_PRUNED "part of this time was pruned: events that were there are gone"
#define CLI_NOTHING_PRUNED "nothing found, but part of this time was pruned"

/* Opens the store that --db, $AUDIT_DB, db: of the configuration or, last, the
 * default names.  An error of opening says which file. */
struct store *cli_store(const struct common_args *c, enum store_mode mode, struct err *e);

/* The same by a configuration that was read already. */
struct config;
struct store *cli_store_by(const struct common_args *c, const struct config *config, enum store_mode mode,
    struct err *e);

/* Where that store is; yours. */
char *cli_store_path(const struct common_args *c, const struct config *config, struct err *e);

/*
 * Restricts the program, as sandbox: of the configuration wants it, to what s
 * allows and, unless st is NULL, to its store.  After the pager was started
 * and before threads are; s is freed.  With -v it is told what is in force.
 */
struct sandbox;
int cli_sandbox(const struct program *p, const struct common_args *c, const struct store *st, struct sandbox *s,
    struct err *e);
/* One line for --version: what it would be. */
void cli_sandbox_version(const struct common_args *c);

/*
 * For reading events, by the filter.  When record_reads: of the configuration
 * has the program, the read is recorded first (audit.read): it is told in the
 * log before anything of the answer is, and one that cannot be recorded is
 * refused, ERR_REFUSED.
 */
struct store *cli_store_read(const struct program *p, const struct common_args *c, const struct filter *f,
    struct err *e);

/* The same for writing.  One that can only be read is ERR_REFUSED, beginning
 * with `refused`: "an export that cannot be recorded". */
struct store *cli_store_record(const struct common_args *c, const char *refused, struct err *e);
struct store *cli_store_record_by(const struct common_args *c, const struct config *config, const char *refused,
    struct err *e);

/* --fields, --by: fields and payload paths, separated by commas too; yours
 * (free), their bytes in a; NULL when none are named.  ERR_FAIL with the
 * nearest name. */
int cli_selectors(const char *option, const struct str_list *names, struct arena *a, struct selector **list,
    size_t *n, struct err *e);

/* -o: `typed`, or what suits the place: the first format on a terminal, the
 * second elsewhere.  ERR_FAIL with the nearest name. */
const char *cli_format(const struct program *p, const char *typed, bool terminal, struct err *e);

/* Appends a JSON string.  What is no UTF-8, such as a path, is made so by
 * visible escapes. */
void cli_quote(struct buf *out, struct str text);
/* Appends an instant as one; null for TIME_NONE and what is unbounded. */
void cli_quote_time(struct buf *out, int64_t us);

/* The window and the work of a query, as -v tells them. */
void cli_query_detail(const struct program *p, const struct common_args *c, const struct filter *f,
    const struct query_stats *s, int64_t started);

/* ERR_INCOMPLETE: how many lines of -i are no events, where the first is and
 * what it lacks. */
int cli_left_out(const struct query_faulty *faulty, struct err *e);

/* Standard output around what `print` writes.  When it fails, what was written
 * before is true, and is shown. */
int cli_print(int (*print)(void *arg, struct outstream *out, struct err *e), void *arg, struct err *e);
/* A text.  safe: no byte of it steers a terminal; else it is made so for one. */
int cli_print_text(struct str text, bool safe, struct err *e);

/* One line to standard output, harmless on a terminal.  cli_finish tells of failures. */
void cli_print_line(struct str text);

/* Lists what was refused, oldest first: JSON lines, or a table for people. */
int cli_quarantine(struct store *st, bool table, struct outstream *out, struct err *e);

/*
 * -Q: puts what the saved names stand for into f->also (a saved query may name
 * others; a loop is refused).  st may be NULL when none is named.  ERR_FAIL
 * with the nearest name.
 */
int cli_saved(struct store *st, struct filter_args *f, struct err *e);

/*
 * The filter that f and its saved queries mean, instead of filter_build; and
 * what opt_saved asks for.  Opens the store itself where it needs one.
 * `output`: -o as typed, or NULL.  0: *out is the filter, go on; 1: done, end
 * with 0 (--print-where, --save, --list-saved, --delete-saved); -1.
 */
int cli_filter(const struct program *p, const struct common_args *c, const struct filter_args *f,
    const char *output, int64_t now, struct filter **out, struct err *e);

/*
 * What goes to a terminal goes through a pager, as git does it: $AUDIT_PAGER,
 * else $PAGER, else less; empty or "cat": none; LESS=FRX unless it is set.  No
 * shell: the value is split at blanks.  When the program runs with another's
 * rights (sudo, setuid) only less, with LESSSECURE=1 and without what the
 * environment says about it.  stdout is the pager's from here on;
 * cli_finish waits for it, and a pager that is left early ends the program
 * quietly.  Does nothing with --no-pager, when stdout is no terminal, or a
 * dumb one.  cli_terminal, cli_width and cli_colour still tell of the terminal
 * behind it.
 */
void cli_pager(const struct program *p, const struct common_args *c);

/* The coverage of an answer, with -v or when all of it is wanted; else no more
 * than whether it is complete, because silences take longer to find than most
 * answers.  As a JSON object, and in words for -v. */
int cli_coverage(const struct common_args *c, struct store *st, const struct query_options *o, bool all,
    struct coverage *out, struct err *e);
void cli_coverage_json(struct buf *out, const struct coverage *c);
void cli_coverage_words(const struct program *p, const struct common_args *a, const struct coverage *c);

/* --color with NO_COLOR and the terminal of fd taken into account; ERR_FAIL
 * for an unknown word. */
int cli_colour(const struct common_args *c, int fd, bool *on, struct err *e);
unsigned cli_width(int fd); /* columns; 0 when fd is no terminal */
bool cli_terminal(int fd);  /* fd is a terminal, or our pager's way to one */

/* Set by SIGINT and SIGTERM; checked between batches. */
bool cli_interrupted(void);
/* ERR_FAIL "interrupted" when it is so: 0 or -1. */
int cli_go_on(struct err *e);

/* Progress on stderr when it is a terminal, after 1 s; a line on SIGUSR1. */
struct progress {
	const char *doing;
	int64_t started, shown;
	bool terminal, drawn;
};
void progress_start(struct progress *p, const struct common_args *c, const char *doing);
void progress_update(struct progress *p, uint64_t done, double share); /* share < 0: unknown */
void progress_behind(struct progress *p, uint64_t done, uint64_t bytes); /* what is left to read grows */
void progress_end(struct progress *p);

/* Who runs this: "uid:1000" and friends, for the toolkit's own records.  The
 * terminal is the controlling one, whatever was redirected; without root's
 * rights, sudo_user is told only when it agrees with who logged in.  To be
 * asked for before the sandbox is entered: names are in files. */
struct operator_info {
	unsigned uid, login_uid; /* login_uid: (unsigned)-1 unknown */
	char user[64], sudo_user[64], terminal[64], host[256];
};
void cli_operator(struct operator_info *o);

/* A record event about the toolkit's own doing, for store_record: id, time,
 * ingested, source, category COMPLIANCE, action, severity info, outcome
 * success, actor_id, actor_type, actor_name, host, and context = `context` (a
 * JSON object's canonical bytes) with the login_uid, sudo_user and terminal of
 * `who` put in.  Bytes in a. */
void cli_record(struct event *ev, const struct operator_info *who, const char *action, struct str context,
    struct arena *a);
/* The same without actor_name and sudo_user: for records that no erasure may
 * change, such as those of keys. */
void cli_record_nameless(struct event *ev, const struct operator_info *who, const char *action, struct str context,
    struct arena *a);

#endif
