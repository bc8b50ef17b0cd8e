/*
 * alert: what a rule writes when it fires, as an event of the toolkit itself.
 *
 *	{"id":"0190...","time":"...","source":"audit-toolkit","channel":"detect",
 *	 "category":"SECURITY","action":"login.lockout","severity":"error",
 *	 "outcome":"unknown","description":"Too many failed sign-ins: alice, 10.0.0.9",
 *	 "target_type":"identity","target_id":"alice","ip":"10.0.0.9",
 *	 "context":{"rule":"login-lockout","group":{"actor_id":"alice","ip":"10.0.0.9"},
 *	 "count":5,"first":"...","last":"...","until":"...","events":["e1","e2"],"seqs":[7,9]}}
 *
 * audit-rules(5) describes it.
 */
#ifndef DETECT_ALERT_H
#define DETECT_ALERT_H

#include "base/random.h"
#include "detect/rule.h"

#define ALERT_CHANNEL "detect"
#define ALERT_EVENTS_MAX 100 /* told by their ids; of more, only how many */

struct alert {
	uint32_t rule;
	struct str group;         /* JSON */
	struct str value;         /* what is new or silent; p NULL: none */
	uint64_t count;           /* events */
	int64_t first, last;      /* of their times */
	int64_t at, until;        /* when it fired; TIME_NONE: it leads to no silence */
	uint64_t *seq;            /* the last ALERT_EVENTS_MAX of them */
	struct str *id;           /* theirs; p NULL: the event is gone */
	size_t seqs;
	uint64_t more;            /* instead of all this: so many groups more fired */
};

/* What alert_is looks at. */
#define ALERT_FIELDS (FIELD_BIT(FIELD_SOURCE) | FIELD_BIT(FIELD_CHANNEL))

/* Whether some rule wrote the event. */
bool alert_is(const struct event *ev);

/* Bytes in a. */
void alert_event(struct event *ev, const struct detect_rules *rules, const struct alert *al, struct uuid7 *ids,
    int64_t now, struct arena *a);

/* The events that alert_read understands, for filter_build's --where; appended. */
void alert_where(struct buf *out, int64_t since);

/* What was written once: its rule's name and group, and what keeps the rule from
 * saying it again: until when it is silent, or the value that was new.  False
 * when it is nothing of that kind.  Texts in a. */
struct alert_read {
	struct str rule, group, value; /* value: p NULL: none was new */
	int64_t at, until;             /* until: TIME_NONE: it leads to no silence */
};
bool alert_read(const struct event *ev, struct alert_read *out, struct arena *a);

#endif
