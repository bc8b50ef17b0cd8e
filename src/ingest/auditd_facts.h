/*
 * auditd_facts: what the records of one event tell, gathered while they are
 * written as JSON.
 *
 * In: pairs and words of records.   Out: "records":[...] of the context, and
 * the values that become fields.
 */
#ifndef INGEST_AUDITD_FACTS_H
#define INGEST_AUDITD_FACTS_H

#include "ingest/auditd_record.h"

/* Pairs of one record that get a name of their own; the rest of such a record
 * is kept as one text.  (EXECVE is another matter: its arguments are a list.) */
#define AUDITD_PAIRS_MAX 128
#define AUDITD_KEYS_MAX 16
/* A field has no more of a value than this; the records have all of it. */
#define AUDITD_FIELD_MAX 4096

/* How near a PATH record comes to what the call was about. */
enum auditd_path_rank { PATH_NONE, PATH_PARENT, PATH_USED, PATH_CREATED, PATH_DELETED };

struct auditd_facts {
	struct arena *a;             /* of everything here */
	struct str v[FACT_COUNT];    /* decoded; p NULL: not told */
	uint64_t from_main;          /* facts that the main record told */
	struct str path;             /* the best of the PATH records */
	enum auditd_path_rank path_rank;
	size_t paths;                /* how many there were */
	struct str keys[AUDITD_KEYS_MAX]; /* of the rules that made the event */
	size_t n_keys;
	bool denied, granted;        /* words of an access decision */
	struct buf command;          /* the arguments in one line; see auditd_facts_fini */
	bool command_full;           /* no more of them go into it */
	bool arguments_missing;      /* not all of them came */
};

_Static_assert(FACT_COUNT <= 64, "a set of facts is a uint64_t");

void auditd_facts_init(struct auditd_facts *f, struct arena *a);
void auditd_facts_fini(struct auditd_facts *f);

/* Appends a record as a JSON object and notes what it tells.  What the main
 * record tells stands against all others. */
void auditd_write_record(struct buf *out, const struct auditd_head *h, struct auditd_facts *f, bool main);

/* Appends the EXECVE records among n as one object with "args":[...], however
 * they were sliced: a0="ls" a1="-l"; a2_len=9000 a2[0]=2F.. a2[1]=2F.. */
void auditd_write_arguments(struct buf *out, const struct auditd_head *h, size_t n, struct auditd_facts *f);

/* Appends ,"name": or, when `first`, "name": */
void auditd_write_name(struct buf *out, struct str name, bool first);

#endif
