/* signals: what was asked of the program meanwhile. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <stdbool.h>

/* SIGINT and SIGTERM ask to end, the second one ends at once; SIGUSR1 asks
 * for a line of progress.  SIGPIPE stays as it was: it ends the program
 * without a word unless the caller chose to see the error. */
void signals_start(void);

/* True once for each SIGUSR1. */
bool signals_take_progress(void);

#endif
