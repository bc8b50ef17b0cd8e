/*
 * alert_hook: tells a command of each alert, without waiting for it.
 *
 * A thread of its own gives the command one alert after the other, as a JSON
 * line on its standard input (hook.h).  Who finds alerts never waits: when the
 * command is slower, they queue, and beyond ALERT_HOOK_QUEUE_MAX they are left
 * out and counted.  All of them are in the store.
 */
#ifndef CLI_ALERT_HOOK_H
#define CLI_ALERT_HOOK_H

#include <stdint.h>

#include "cli/hook.h"

#define ALERT_HOOK_QUEUE_MAX 1000

struct alert_hook_counts {
	uint64_t told, failed, left_out;
	struct err first; /* why the first failed */
};

struct alert_hook;

/* hook stays borrowed; one that is not there is never run.  After the program
 * restricted itself. */
struct alert_hook *alert_hook_new(struct hook *hook);

/* Copies the line. */
void alert_hook_tell(struct alert_hook *h, struct str line);

/* Waits until the command was told of what is queued, unless the program is
 * interrupted: then no longer than the one that it is at. */
void alert_hook_free(struct alert_hook *h, struct alert_hook_counts *counts);

#endif
