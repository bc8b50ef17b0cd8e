/*
 * terminal: colour, width, and the line of progress on standard error.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/cli.h"
#include "cli/pager.h"
#include "cli/signals.h"

#define PROGRESS_AFTER TIME_SECOND
#define PROGRESS_EVERY (TIME_SECOND / 5)

int
cli_colour(const struct common_args *c, int fd, bool *on, struct err *e)
{
	const char *when = c->color ? c->color : "auto";
	const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");

	if (strcmp(when, "always") == 0)
		*on = true;
	else if (strcmp(when, "never") == 0)
		*on = false;
	else if (strcmp(when, "auto") == 0)
		*on = cli_terminal(fd) && !(none && *none) && terminal && strcmp(terminal, "dumb") != 0;
	else
		return err_set(e, ERR_FAIL, "--color %s: expected auto, always or never", when);
	return 0;
}

bool
cli_terminal(int fd)
{
	return isatty(fd) || (fd == STDOUT_FILENO && pager_terminal() >= 0);
}

unsigned
cli_width(int fd)
{
	struct winsize size = { 0 };

	if (!cli_terminal(fd))
		return 0;
	if (fd == STDOUT_FILENO && pager_terminal() >= 0)
		fd = pager_terminal();
	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

void
progress_start(struct progress *p, const struct common_args *c, const char *doing)
{
	*p = (struct progress){
		.doing = doing,
		.started = time_now(),
		.terminal = !c->quiet && isatty(STDERR_FILENO),
	};
}

/* Whether a line of progress is due: it was asked for, or a terminal waits long enough. */
static bool
is_due(struct progress *p)
{
	bool asked = signals_take_progress();
	int64_t now;

	if (!p->terminal && !asked)
		return false;
	now = time_now();
	if (!asked && (now - p->started < PROGRESS_AFTER || now - p->shown < PROGRESS_EVERY))
		return false;
	p->shown = now;
	return true;
}

static void
draw(struct progress *p, uint64_t done, const char *more)
{
	/* On a terminal one line is drawn over and over; \033[K clears its rest. */
	fprintf(stderr, "%s%s: %" PRIu64 " events%s%s", p->terminal ? "\r" : "", p->doing, done,
	    more, p->terminal ? "\033[K" : "\n");
	fflush(stderr);
	p->drawn = p->terminal;
}

void
progress_update(struct progress *p, uint64_t done, double share)
{
	char percent[24] = "";

	if (!is_due(p))
		return;
	if (share >= 0)
		snprintf(percent, sizeof(percent), " (%.0f %%)", (share < 1 ? share : 1) * 100);
	draw(p, done, percent);
}

void
progress_behind(struct progress *p, uint64_t done, uint64_t bytes)
{
	char behind[48];

	if (!is_due(p))
		return;
	snprintf(behind, sizeof(behind), ", %" PRIu64 " bytes behind", bytes);
	draw(p, done, behind);
}

void
progress_end(struct progress *p)
{
	if (p->drawn)
		fprintf(stderr, "\r\033[K");
	p->drawn = false;
}
