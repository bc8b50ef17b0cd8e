/*
 * periods: the two sides of a comparison (see periods.h).
 *
 *     --last 7d --compare previous       --last 1h --compare 7d
 *     --since 2026-04 --until 2026-04 --compare 2026-03
 */
#include "cli/periods.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/time.h"

#define TEXT_MAX 200

/* A window without an end lasts until now; of one that has begun, the future
 * is left out, or its rate would be too low. */
static int
settle(struct period *window, int64_t now, const char *option, struct err *e)
{
	if (window->since <= TIME_MIN)
		return err_set(e, ERR_FAIL, "--%s needs a window that begins: --since TIME or --last SPAN", option);
	if (window->until == INT64_MAX && window->since >= now)
		return err_set(e, ERR_FAIL, "--%s: the window begins in the future", option);
	if (window->since < now && window->until > now)
		window->until = now;
	return 0;
}

int
periods_pivot(struct periods *p, int64_t moment, struct period window, int64_t now, struct err *e)
{
	if (settle(&window, now, "pivot", e) != 0)
		return -1;
	if (moment <= window.since || moment >= window.until)
		return err_set(e, ERR_FAIL, moment >= now && window.until == now ? "--pivot: it has not happened yet"
		    : "--pivot: the moment is not inside the window");
	p->before = (struct period){ window.since, moment };
	p->after = (struct period){ moment, window.until };
	return 0;
}

/* 2026-03, 2026-03-01, yesterday: what has a beginning and another end. */
static int
parse_named(struct period *p, const char *text, int64_t now, struct err *e)
{
	static const char *const word = "previous";

	if (nearest_name(text, &word, 1))
		return err_set(e, ERR_FAIL, "did you mean '%s'?", word);
	if (time_parse_expr(text, now, TIME_START, &p->since, e) != 0)
		return -1;
	if (time_parse_expr(text, now, TIME_END, &p->until, e) != 0)
		return -1;
	if (p->since == p->until)
		return err_set(e, ERR_FAIL, "a moment, and no period such as 2026-03, 7d, previous or FROM..UNTIL");
	return 0;
}

static int
parse_range(struct period *p, const char *text, const char *dots, int64_t now, struct err *e)
{
	char from[TEXT_MAX + 1];

	snprintf(from, sizeof(from), "%.*s", (int)(dots - text), text);
	if (time_parse_expr(from, now, TIME_START, &p->since, e) != 0 ||
	    time_parse_expr(dots + 2, now, TIME_END, &p->until, e) != 0)
		return -1;
	if (p->since >= p->until)
		return err_set(e, ERR_FAIL, "the period ends before it begins");
	return 0;
}

/* By how much earlier, if it says that. */
static bool
parse_shift(const char *text, int64_t *shift)
{
	struct err ignored = ERR_NONE;

	return duration_parse(*text == '-' ? text + 1 : text, shift, &ignored) == 0;
}

static int
parse_period(struct period *p, const char *text, struct period window, int64_t now, struct err *e)
{
	const char *dots = strstr(text, "..");
	int64_t shift;

	if (strlen(text) > TEXT_MAX)
		return err_set(e, ERR_FAIL, "longer than %d bytes", TEXT_MAX);
	if (strcmp(text, "previous") == 0)
		shift = window.until - window.since;
	else if (!parse_shift(text, &shift))
		return dots ? parse_range(p, text, dots, now, e) : parse_named(p, text, now, e);
	if (window.since - TIME_MIN <= shift)
		return err_set(e, ERR_FAIL, "that is before the year 1");
	*p = (struct period){ window.since - shift, window.until - shift };
	return 0;
}

int
periods_compare(struct periods *p, const char *text, struct period window, int64_t now, struct err *e)
{
	if (settle(&window, now, "compare", e) != 0)
		return -1;
	p->after = window;
	if (parse_period(&p->before, text, window, now, e) != 0)
		return err_doing(e, "--compare %.60s", text);
	if (p->before.since >= window.until)
		return err_set(e, ERR_FAIL, "--compare %.60s: it is later than the window; ask for it, and compare with "
		    "this one", text);
	if (p->before.until > window.since)
		return err_set(e, ERR_FAIL, "--compare %.60s: the two periods overlap", text);
	return 0;
}
