/*
 * session_table: what is known of sessions while events are read.  Private to
 * query/session*.c.
 *
 * All that is kept can be put together in any order: least and greatest times,
 * and for each text how good it is.  So threads have a table each, and tables
 * are added up.
 */
#ifndef QUERY_SESSION_TABLE_H
#define QUERY_SESSION_TABLE_H

#include "query/session.h"

/* How good a text is, less is better: its time, and before all of those, the
 * time at a sign-in; of the last address the time negated. */
#define SESSION_AT_SIGN_IN (INT64_C(1) << 60)
#define SESSION_WORST INT64_MAX

/* What belongs to one session id: all of it, or from one sign-in to the next. */
struct session_facts {
	int64_t first, last; /* TIME_NONE: no event, only our own revocation of it */
	int64_t used;        /* the last event that neither failed nor closes */
	uint64_t events;
	int64_t stated_at, expires; /* what the latest sign-in that says so says; TIME_NONE */
	int64_t when[SESSION_TEXTS];
};

struct session_record {
	struct session_facts facts;
	uint32_t text[SESSION_TEXTS]; /* 1 + place in texts; 0: none */
};

/* An event that opens or closes. */
struct session_mark {
	int64_t time;
	uint32_t record;
	uint8_t role; /* enum session_role */
};

struct session_table {
	struct tally *keys;  /* a record's place is that of its key */
	struct tally *texts;
	struct session_record *record;
	size_t cap;
	struct session_mark *mark;
	size_t marks, mark_cap;
};

/* The parts of a key.  `part` tells the sessions apart that had the same id one
 * after the other; SESSION_UNDIVIDED: all of them. */
#define SESSION_UNDIVIDED UINT32_MAX
struct session_key {
	struct str source, tenant, host, id;
	uint32_t part;
};

/* Whether hosts give such ids out by counting: 3, c2, 0x3e7. */
bool session_id_is_counted(struct str id);

void session_key_format(struct buf *out, const struct session_key *k);
/* Borrows from text. */
void session_key_parse(struct session_key *k, struct str text);

void session_facts_init(struct session_facts *f);

struct session_table *session_table_new(void);
void session_table_free(struct session_table *t); /* NULL is fine */
/* The number of a text in this table, which copies it: 1 + its place; 0: p is NULL. */
uint32_t session_table_text(struct session_table *t, struct str text);
/* Texts by their numbers.  Gives the place of its record. */
size_t session_table_add(struct session_table *t, struct str key, const struct session_facts *f,
    const uint32_t text[SESSION_TEXTS]);
void session_table_mark(struct session_table *t, size_t record, int64_t time, enum session_role role);
/* What `from` is left with is not said. */
void session_table_merge(struct session_table *into, struct session_table *from);
size_t session_table_size(const struct session_table *t);
/* 0, or -1 with ERR_FAIL when it holds more than SESSIONS_BYTES_MAX. */
int session_table_check(const struct session_table *t, struct err *e);
/* Marks by record, time and role.  Gives where those of each record begin, one
 * more than there are records; yours (free). */
size_t *session_table_sort_marks(struct session_table *t);

/* A set of keys that is kept to, and when the parts of each begin. */
struct session_known {
	const struct tally *keys;
	const size_t *from;     /* of each key in start, one more than keys; NULL: not divided */
	const int64_t *start;   /* of the second part and those behind */
};

#endif
