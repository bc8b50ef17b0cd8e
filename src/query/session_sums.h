/*
 * session_sums: what one thread has read of sessions, and what both single
 * events and rows of segments need.  Private to query/session*.c.
 */
#ifndef QUERY_SESSION_SUMS_H
#define QUERY_SESSION_SUMS_H

#include "query/scan.h"
#include "query/session_scan.h"

struct session_columns;

struct session_sums {
	const struct session_plan *plan;
	const struct session_known *known; /* NULL: any */
	struct session_table *table, *total;
	struct session_columns *columns; /* of the segment at hand */
	struct selector_scratch scratch;
	struct arena arena;
	struct buf text; /* the key at hand */
};

/* The field that each text is. */
extern const enum field session_text_field[SESSION_TEXTS];

/* Whether the key in s->text is looked for; and its parts: the first begins
 * whenever, those behind at start[0], start[1] ... */
bool session_sums_find(const struct session_sums *s, const int64_t **start, uint32_t *parts);
/* The part that the time belongs to. */
uint32_t session_part(const int64_t *start, uint32_t parts, int64_t time);
/* Puts the key, with the part that the time belongs to, into s->text; false: it is
 * not looked for. */
bool session_sums_key(struct session_sums *s, struct session_key *k, int64_t time);
/* A part as a key has it. */
uint32_t session_part_number(const struct session_sums *s, uint32_t part);

/* How good a text is (session_table.h). */
static inline int64_t
session_goodness(size_t text, int64_t time, bool sign_in)
{
	if (text == SESSION_LAST_IP)
		return -time;
	return sign_in ? time - SESSION_AT_SIGN_IN : time;
}

static inline bool
session_signs_in(enum session_role role)
{
	return role == SESSION_SIGN_IN || role == SESSION_ENTER;
}

/* What closes a session does not use it: some programs say twice that it ended. */
static inline bool
session_is_use(enum session_role role, bool failed)
{
	return !failed && (role == SESSION_USES || session_signs_in(role));
}

bool session_has_failed(struct str outcome);

/* Nobody signed in: it is of no session, whatever id it has. */
static inline bool
session_is_refused(enum session_role role, bool failed)
{
	return failed && session_signs_in(role);
}

/* What a sign-in says at a path of its payload of when it expires. */
void session_sums_expiry(struct session_sums *s, struct session_facts *f, int64_t time, const struct selector *path,
    struct str json);
/* Our revocation of a session, which says in its context which one. */
void session_sums_revoke(struct session_sums *s, struct str id, struct str context, int64_t time);

/* session_columns: the rows of a segment (scan_use's segment). */
struct session_columns *session_columns_new(void);
void session_columns_free(struct session_columns *c);
int session_columns_add(void *sums, const struct chosen *c, bool *adding, struct err *e);

#endif
