/*
 * launcher: starts a command for a program that may start none itself.
 *
 * A process made before the program restricts itself (sandbox.h).  It waits
 * for a text, gives it to the command on its standard input, without a shell,
 * and tells how that ended.  It is not restricted, nor is what it starts.
 *
 *	launcher_open, cli_sandbox, work, launcher_run, launcher_close
 */
#ifndef CLI_LAUNCHER_H
#define CLI_LAUNCHER_H

#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"

struct launcher {
	const char *name; /* of the command, borrowed */
	pid_t pid;        /* 0: there is no command */
	int text;         /* a file of memory that the command will read */
	int go[2];        /* a byte: the text is there; closed: there will be none */
	int answer;       /* a struct err */
};

#define LAUNCHER_NONE { .text = -1, .go = { -1, -1 }, .answer = -1 }

/* Without words there is no command, and nothing is made.  Before anything is
 * opened that the command has no business with, and before there are threads. */
int launcher_open(struct launcher *l, const struct str_list *command, struct err *e);

/* Once: gives it the text and waits for its end, no longer than a minute.
 * ERR_FAIL: it could not be started, failed, or the program was interrupted;
 * the command is ended then.  0 when there is no command. */
int launcher_run(struct launcher *l, struct str text, struct err *e);

/* Ends the process, and the command if it still runs. */
void launcher_close(struct launcher *l);

#endif
