/*
 * auditd_making: what one event is made of, while it is made.  Private to
 * auditd_event.c, which sets what a record says directly, auditd_target.c and
 * auditd_context.c.
 */
#ifndef INGEST_AUDITD_MAKING_H
#define INGEST_AUDITD_MAKING_H

#include "event/event.h"
#include "ingest/auditd_address.h"
#include "ingest/auditd_facts.h"

struct auditd_making {
	struct event *ev;
	struct arena *a;
	struct auditd_head *head;
	size_t n;
	const struct auditd_head *main;
	enum auditd_role role;   /* of main */
	struct auditd_facts facts;
	struct auditd_address address;
	bool has_address;
	struct str call;         /* the system call's name; p NULL: none */
	struct str arch;
	bool cut;
};

/* Which record an event is about: the highest.  1 and less: one that only
 * tells more about another; 0: one that tells nothing. */
int auditd_rank(const struct auditd_head *h);

/* What it was done to, and where from.  After category and action are set. */
void auditd_set_target(struct auditd_making *m);
void auditd_set_origin(struct auditd_making *m);

/* Everything else; records: the text of "records". */
void auditd_set_context(struct auditd_making *m, struct str records);

static inline struct str
auditd_fact(const struct auditd_making *m, enum auditd_fact f)
{
	return m->facts.v[f];
}

static inline struct str
auditd_first(struct str a, struct str b)
{
	return a.p != NULL ? a : b;
}

static inline struct str
auditd_keep(struct auditd_making *m, const char *text, size_t len)
{
	return (struct str){ arena_copy(m->a, text, len), len };
}

/* A prefix and a value, "uid:1000". */
struct str auditd_prefixed(struct auditd_making *m, const char *prefix, struct str value);

static inline void
auditd_set_if(struct auditd_making *m, enum field field, struct str value)
{
	if (value.p != NULL)
		event_set(m->ev, field, value);
}

static inline bool
auditd_has_value(const struct auditd_making *m, enum field field, struct str value)
{
	return event_has(m->ev, field) && str_eq(m->ev->v[field], value);
}

#endif
