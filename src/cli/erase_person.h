/*
 * erase_person: the values that a person is known by: those that were given,
 * and those that the store has seen with them.
 */
#ifndef CLI_ERASE_PERSON_H
#define CLI_ERASE_PERSON_H

#include "base/pool.h"
#include "event/subject.h"
#include "store/store.h"

struct person {
	struct str_list value; /* each once */
	size_t given;          /* the first so many; the others were seen with them */
};

/* The subject, its other values, and lines of a file ("-": standard input);
 * any may be NULL.  ERR_FAIL: none at all, or more than SUBJECT_VALUES_MAX. */
int person_read(struct person *p, const char *subject, const struct str_list *also, const char *file, struct err *e);
/* From a JSON array of strings, as the store remembers them. */
int person_parse(struct person *p, struct str json, struct err *e);
void person_fini(struct person *p);

/* All values as that JSON array. */
void person_format(struct buf *out, const struct person *p);

/* subject_new of all of them. */
struct subject *person_subject(const struct person *p, struct str pseudonym, struct err *e);

/* A value of an identity field, in events of the person. */
struct seen_value {
	enum field field;
	char *value;
	uint64_t events; /* of hers that have it */
	uint64_t others; /* that have it as a word of an identity and are not hers */
	bool own;        /* nothing speaks against that it is hers alone */
	bool taken;
	char why[160];   /* it cannot be taken; empty when it can */
};
struct seen {
	struct seen_value *item; /* own ones first, then by events */
	size_t n, cap;
};

/*
 * What was seen with a person: in events of which actor_id, actor_email or
 * actor_name has one of the values, the other identities.  take_them: those
 * that are hers alone are added to p, and what is seen with these, once.
 */
int person_seen(struct store *st, struct person *p, struct str pseudonym, bool take_them, struct pool *pool,
    struct seen *out, struct err *e);
void seen_fini(struct seen *s);

#endif
