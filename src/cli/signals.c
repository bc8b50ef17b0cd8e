/*
 * signals: mutable state of the program that belongs to nobody: a handler has
 * no other place to leave word.
 */
#include <signal.h>
#include <stddef.h>

#include "cli/cli.h"
#include "cli/signals.h"

static volatile sig_atomic_t interrupted, progress_wanted;

static void
on_signal(int number)
{
	if (number == SIGUSR1)
		progress_wanted = 1;
	else if (number != SIGXFSZ)
		interrupted = 1;
}

void
signals_start(void)
{
	/* Who presses ^C again has no patience left.  timeout(1) sends SIGTERM twice,
	 * to the process and to its group, and means it once. */
	struct sigaction at_once = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	struct sigaction end = { .sa_handler = on_signal };
	struct sigaction tell = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigemptyset(&at_once.sa_mask);
	sigemptyset(&end.sa_mask);
	sigemptyset(&tell.sa_mask);
	sigaction(SIGINT, &at_once, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGUSR1, &tell, NULL);
	sigaction(SIGXFSZ, &tell, NULL); /* the write says it: a file may not be so large */
}

bool
signals_take_progress(void)
{
	bool wanted = progress_wanted;

	progress_wanted = 0;
	return wanted;
}

bool
cli_interrupted(void)
{
	return interrupted;
}

int
cli_go_on(struct err *e)
{
	return interrupted ? err_set(e, ERR_FAIL, "interrupted") : 0;
}
