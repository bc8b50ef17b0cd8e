/*
 * hook: runs a configured command, as often as asked, for a program that may
 * start none itself.
 *
 * A process made before the program restricts itself (sandbox.h) and before it
 * has threads.  Each time it gives a text to the command on its standard
 * input, without a shell, and tells how that ended.  It is not restricted, nor
 * is what it starts.
 *
 *	hook_open, cli_sandbox, threads, hook_run ..., hook_close
 */
#ifndef CLI_HOOK_H
#define CLI_HOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"

#define HOOK_TEXT_MAX (16u << 20)  /* bytes of one text */
#define HOOK_SAID_MAX 1000         /* bytes kept of what a command prints */

/* Where its standard output and error go. */
enum hook_output {
	HOOK_SHOW, /* to the program's standard error */
	HOOK_KEEP  /* the first HOOK_SAID_MAX bytes into the result, the rest nowhere */
};

enum hook_end {
	HOOK_EXITED,
	HOOK_SIGNALLED,
	HOOK_TIMED_OUT,  /* and killed */
	HOOK_NOT_STARTED
};

struct hook_result {
	enum hook_end end;
	int number;      /* exit status; signal; errno of what could not be started */
	int64_t took;    /* microseconds */
	size_t said_len; /* of HOOK_KEEP */
	char said[HOOK_SAID_MAX]; /* hostile bytes, no NUL behind them */
};

struct hook {
	const char *name; /* of the command, borrowed */
	int64_t limit;
	uint64_t runs;
	pid_t pid;        /* 0: there is no command, or no longer */
	int text;         /* a file of memory that each text is written to */
	int go[2];        /* what to do with it; closed: nothing any more */
	int answer;
};

#define HOOK_NONE { .text = -1, .go = { -1, -1 }, .answer = -1 }

/* Without words there is no command, and nothing is made.  A run takes at most
 * `limit` microseconds.  The command stays borrowed.  Before anything is opened
 * that it has no business with. */
int hook_open(struct hook *h, const struct str_list *command, int64_t limit, enum hook_output output,
    struct err *e);

static inline bool
hook_is_there(const struct hook *h)
{
	return h->pid > 0;
}

/*
 * Gives it the text and waits for its end: 0, *r says how it ended, well or
 * not.  What it started and left behind in its process group ends with it.
 * One call at a time, from any thread, with a hook that is there.
 *
 * -1, ERR_FAIL: the text is longer than HOOK_TEXT_MAX; or the program was
 * interrupted, or it cannot be known how it ended: the command is ended then,
 * and the hook is no longer there.
 */
int hook_run(struct hook *h, struct str text, struct hook_result *r, struct err *e);

/* 0 when it ended with status 0, else ERR_FAIL "/usr/bin/ship: ended with status 7". */
int hook_judge(const struct hook *h, const struct hook_result *r, struct err *e);
/* "exited", "signalled", "timed out", "not started": for records. */
const char *hook_end_name(enum hook_end end);

/* Ends the process, and the command if it still runs. */
void hook_close(struct hook *h);

#endif
