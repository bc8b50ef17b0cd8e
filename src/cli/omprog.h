/*
 * omprog: answers to rsyslog, which starts a program for its messages and
 * waits for a line after each (omprog, confirmMessages="on").
 *
 * "OK" once when the program is ready, then one "OK" for each line of standard
 * input once it is committed, refused ones too: they are stored in the
 * quarantine, and rsyslog would give them again for ever.
 *
 * In: how many lines were committed.   Out: lines on standard output.
 */
#ifndef CLI_OMPROG_H
#define CLI_OMPROG_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/* ERR_FAIL: --ack PROTOCOL is another word, or the input is not a pipe alone. */
int omprog_check(const char *protocol, const struct str_list *files, struct err *e);

int omprog_ready(struct err *e);
/* ingest_options.committed; arg is not used. */
int omprog_committed(void *arg, uint64_t lines, struct err *e);

#endif
