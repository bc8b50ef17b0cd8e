/*
 * rule: what to look for in the events that arrive, and what to write then.
 *
 * A rule counts events of a group within a time, or the different values that
 * they have, or notices what is new, or what no longer speaks.
 *
 * In: files, audit-rules(5).   Out: rules with compiled filters.
 */
#ifndef DETECT_RULE_H
#define DETECT_RULE_H

#include "base/err.h"
#include "base/mem.h"
#include "event/selector.h"
#include "filter/filter.h"

#define DETECT_BY_MAX 8
#define DETECT_RULES_MAX 10000
#define DETECT_COUNT_MAX 100000          /* events of one group within one rule's time */
#define DETECT_WITHIN_MAX (366 * TIME_DAY)
#define DETECT_NAME_MAX 128

enum detect_kind {
	DETECT_COUNT,    /* `count` events of the group within `within` */
	DETECT_DISTINCT, /* `count` different values of `value` */
	DETECT_ALL,      /* events of `count` inputs, whatever their order */
	DETECT_ORDERED,  /* of all inputs, one after the other */
	DETECT_NEW,      /* a value of `value` that the group never had */
	DETECT_SILENT    /* a value of `value` that had events, and none for `within` */
};

/* What an event has under a name: the first of these that it has. */
struct detect_field {
	struct str name; /* a NUL behind it */
	struct selector *from;
	size_t n;
};

/* Events that a rule is about, and where they have what it looks at. */
struct detect_input {
	struct filter *filter;
	struct detect_field *by; /* detect_rule.bys; their names are those of the first input */
	struct detect_field value;
};

struct detect_rule {
	struct str name;           /* unique; a NUL behind it, as behind all texts here */
	struct str title;          /* a sentence for people */
	struct str action;         /* of the event that is written */
	enum event_severity severity;
	enum detect_kind kind;
	struct detect_input *input; /* at least one */
	size_t inputs;
	size_t bys;                /* what a group has in common; none: all are one */
	uint64_t count;
	int64_t within, silence;   /* microseconds; after it fired, the group is left alone so long */
	struct str details;        /* further members of an alert's context, as JSON; p NULL: none */
	struct str path;           /* where it was read */
	size_t line;
};

/* A rule that cannot be asked, and why. */
struct detect_refusal {
	struct str path, title, why;
	size_t line;
};

struct detect_rules { /* starts as {0} */
	struct detect_rule *rule;
	size_t n, cap;
	struct detect_refusal *refusal; /* of Sigma's rules: others are errors */
	size_t refusals, refusals_cap;
	const char *only;               /* an expression that events match too whatever a rule says,
	                                 * put here before rules are read; NULL: none */
	struct arena arena;
};

/* Adds those of a file; `now` is what relative times in them mean.  ERR_FAIL
 * "PATH:LINE:COLUMN: text", also for a name that another rule has. */
int detect_rules_read(struct detect_rules *r, const char *path, int64_t now, struct err *e);
/* The same over a text that errors call `path`. */
int detect_rules_parse(struct detect_rules *r, const char *path, struct str text, int64_t now, struct err *e);
void detect_rules_fini(struct detect_rules *r);
/* Of events that match all of these expressions, and `only`.  Yours; NULL with
 * ERR_FAIL.  The list is used up. */
struct filter *detect_rules_filter(const struct detect_rules *r, struct str_list *where, int64_t now, struct err *e);

/* Whether it looks at a value of its events. */
static inline bool
detect_has_value(const struct detect_rule *r)
{
	return r->kind == DETECT_DISTINCT || r->kind == DETECT_NEW || r->kind == DETECT_SILENT;
}

#endif
