/*
 * auditd_record: one line of a Linux audit log.
 *
 *	node=web1 type=USER_LOGIN msg=audit(1700000000.123:77): pid=9 uid=0
 *	    auid=1000 ses=3 msg='op=login acct="amy" res=success' ^]UID="root"
 *
 * The head tells which event the record belongs to; behind it stand words and
 * pairs, those of a program's message within '...', and behind a byte 0x1D
 * (here ^]) the names that an enriching auditd looked up.
 */
#ifndef INGEST_AUDITD_RECORD_H
#define INGEST_AUDITD_RECORD_H

#include "base/mem.h"
#include "ingest/auditd_table.h"

/* The kernel writes no more than 8,970 bytes, an enriching auditd about twice that. */
#define AUDITD_LINE_MAX (64 * 1024)
#define AUDITD_NODE_MAX 160
#define AUDITD_TYPE_MAX 64
#define AUDITD_NAME_MAX 64

struct auditd_head {
	struct str node; /* p NULL: none */
	struct str type; /* as written, or the known type's name */
	const struct auditd_type *known; /* NULL: a type that is not in the table */
	int64_t time;    /* microseconds */
	uint64_t serial;
	struct str body; /* what stands behind the head */
};

/* Nothing but space, or what ausearch writes between events ("----",
 * "time->Mon Nov ..."): no record, and no fault. */
bool auditd_line_blank(struct str line);

/*
 * Reads the head, which may stand behind what syslog or the kernel's log puts
 * before it (then the host named there is the node); everything is borrowed from the line, which must be UTF-8.
 * Faults: EVENT_TOO_LONG, EVENT_NOT_UTF8, EVENT_NO_ACTION (no type),
 * EVENT_BAD_TIME (no or no good audit(TIME:SERIAL)).  *detail is static.
 */
enum event_fault auditd_head_parse(struct auditd_head *h, struct str line, const char **detail);

/* A word, or a name and its value without quotes. */
struct auditd_pair {
	struct str name; /* p NULL: a word; it is in value */
	struct str value;
	bool quoted;     /* in "..." or '...': text as it stands */
};

struct auditd_walk {
	const char *p, *end;
	bool inner; /* within a program's message, msg='...' */
};

static inline struct auditd_walk
auditd_walk_start(struct str body)
{
	return (struct auditd_walk){ body.p, body.p + body.len, false };
}

/* The next word or pair; false at the end.  Any bytes are walked through. */
bool auditd_walk_next(struct auditd_walk *w, struct auditd_pair *pair);

/* An even number of upper-case hexadecimal digits, at least two. */
bool auditd_is_hex(struct str s);

/* The bytes behind such digits, in a. */
struct str auditd_unhex(struct str digits, struct arena *a);

/* Whether it can stand in JSON as a number, as it is: an integer without
 * needless zeros or signs. */
bool auditd_is_integer(struct str s);

/* (null), (none), ?, "": nothing is told. */
bool auditd_is_nothing(struct str s);

#endif
