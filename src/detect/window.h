/*
 * window: the groups of the rules: what they had within the time of the rule,
 * and when the rule fired.
 *
 * A group fires at the event that makes `count` of them within `within`, both
 * ends included; the events up to it are used up by that, and those of the
 * `silence` that follows are not counted.  Events may come late: each is put
 * where its time belongs, as long as the windows that it could be in are kept.
 *
 * What is kept follows from the events and the alerts alone, so that it can be
 * made again from the log.
 *
 * In: hits in order of time.   Out: when a rule fires, and for which events.
 */
#ifndef DETECT_WINDOW_H
#define DETECT_WINDOW_H

#include "detect/rule.h"

/* Bytes of all groups together. */
#define WINDOW_BYTES_MAX (512u * 1024 * 1024)

struct windows;

struct windows *windows_new(const struct detect_rules *rules);
void windows_free(struct windows *w); /* NULL is fine */

/* A group of a rule fired at this time, and is silent until then. */
void windows_fired(struct windows *w, uint32_t rule, struct str group, int64_t at, int64_t until);
/* Whether it fired at exactly this time. */
bool windows_has_fired(const struct windows *w, uint32_t rule, struct str group, int64_t at);

struct window_event {
	int64_t time;
	uint64_t seq;
	uint64_t value; /* hash, of DETECT_DISTINCT; number of the input */
};

struct window_firing {
	int64_t at, until;               /* at: the time of the last event */
	const struct window_event *event; /* those that made it fire; borrowed until the next call */
	size_t events;
};

/*
 * An event of a group, not before `from`: true when the rule fires, which is
 * remembered.  Events of before `from` are not counted.
 */
bool windows_add(struct windows *w, uint32_t rule, struct str group, const struct window_event *ev, int64_t from,
    struct window_firing *out);
/* One that was seen before, and is only kept. */
void windows_keep(struct windows *w, uint32_t rule, struct str group, const struct window_event *ev);

/* Forgets, once enough has come since for that to be worth it, of each rule what
 * is older than `time` less the time it looks at; of DETECT_SILENT, whose groups
 * are few and told by when they fired, nothing. */
void windows_forget(struct windows *w, int64_t time);

/* 0, or -1 with ERR_FAIL: they take more than WINDOW_BYTES_MAX. */
int windows_check(const struct windows *w, struct err *e);

#endif
