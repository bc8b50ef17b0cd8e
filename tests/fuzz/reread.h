/*
 * reread: the canonical text of a filter, read again, gives the same text and
 * passes the same events.
 */
#ifndef TESTS_FUZZ_REREAD_H
#define TESTS_FUZZ_REREAD_H

#include <stdlib.h>

#include "filter/filter.h"

#define REREAD_NOW INT64_C(1776945600000000)
#define REREAD_EVENTS 3

static inline void
reread_event(struct event *ev, int which)
{
	*ev = (struct event){ 0 };
	event_set_time(ev, FIELD_TIME, REREAD_NOW - 1 + which);
	event_set(ev, FIELD_ACTION, STR("login"));
	if (which == 0)
		return;
	event_set(ev, FIELD_ACTOR_NAME, STR("Zo\xc3\xab, the *first*"));
	event_set(ev, FIELD_ACTOR_EMAIL, STR("Zoe@acme.example"));
	event_set(ev, FIELD_TARGET_PATH, which == 1 ? STR("/srv/data\\x/y") : STR("C:\\Users\\a \"b\""));
	event_set(ev, FIELD_IP, which == 1 ? STR("10.0.0.7") : STR("fe80::1"));
	event_set(ev, FIELD_SEVERITY, which == 1 ? STR("warning") : STR("info"));
	event_set(ev, FIELD_STATUS, STR("403"));
	event_set(ev, FIELD_CONTEXT, STR("{\"a\":[1,{\"b\":\"x, (y)\"}],\"b c\":true}"));
}

/* Both texts differ, or the answers do: abort.  What the first cannot be read
 * again for its length is let pass. */
static inline void
reread_check(const struct filter *f, struct filter_scratch *x)
{
	struct filter_args a = { 0 };
	struct err e = ERR_NONE;
	struct buf one = { 0 }, two = { 0 };
	struct filter *g;

	filter_format(&one, f);
	if (one.len < 1024 * 1024) {
		str_list_add(&a.where, one.p, one.len);
		g = filter_build(&a, 0, &e);
		if (g == NULL)
			abort();
		filter_format(&two, g);
		if (!str_eq(buf_view(&one), buf_view(&two)))
			abort();
		for (int i = 0; i < REREAD_EVENTS; i++) {
			struct event ev;

			reread_event(&ev, i);
			if (filter_match(f, &ev, x) != filter_match(g, &ev, x))
				abort();
		}
		filter_free(g);
	}
	filter_args_fini(&a);
	buf_fini(&one);
	buf_fini(&two);
}

#endif
