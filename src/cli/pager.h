/* pager: which program shows what goes to a terminal.  Private to cli/. */
#ifndef CLI_PAGER_H
#define CLI_PAGER_H

#include <stdbool.h>

#include "base/bytes.h"

/*
 * The words of the command that `env` (as environ) asks for, and the
 * environment to start it with; both empty lists at first, yours.  elevated:
 * the program has rights that its caller has not.  False: no pager.
 */
bool pager_choose(char *const *env, bool elevated, struct str_list *words, struct str_list *its_env);

/* stdout is the pager's: the terminal that is behind it, else -1. */
int pager_terminal(void);

/* Waits until the pager is left; after stdout was closed. */
void pager_wait(void);

#endif
