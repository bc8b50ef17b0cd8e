/*
 * locked: whether an account is locked out from an address (audit-detect
 * --locked), for programs that let people in.
 */
#ifndef CLI_LOCKED_H
#define CLI_LOCKED_H

#include "cli/cli.h"

#define LOCKED_ACTION "login.lockout"
#define LOCKED_MEMORY (31 * TIME_DAY) /* a lockout that began before is not found */

/* 0: there is an alert with this action, of both, that is not over; its end is
 * printed unless --quiet.  1: there is none.  -1 with an error; 2 is for
 * cli_finish to end with. */
int locked_answer(const struct program *p, const struct common_args *c, const struct config *config, const char *account,
    const char *address, int64_t now, struct err *e);

#endif
