/*
 * erase_run: an erasure carried out, and checked.
 */
#ifndef CLI_ERASE_RUN_H
#define CLI_ERASE_RUN_H

#include "cli/cli.h"
#include "cli/erase_person.h"

#define ERASE_REASON_MAX 1024

/* One erasure, and what came of it: texts are without the person. */
struct erasure {
	char operation[37];
	char pseudonym[SUBJECT_PSEUDONYM_MAX + 1];
	struct buf reason, by;
	int64_t asked;           /* when it was asked for */
	bool earlier;            /* it waited for a hold, or was cut short */
	bool cut;                /* it was cut short, and waits for the next run */
	bool waits;              /* holds keep all that is left of it: nothing was tried */
	struct erase_found done;
	bool checked;            /* check says what is left */
	struct erase_check check;
	bool rewritten;          /* the file was, because of what was left in it */
};
void erasure_fini(struct erasure *x);

struct erase_runner {
	struct store *st;
	struct pool *pool;
	const struct common_args *common;
	const struct operator_info *who;
};

/*
 * Carries it out and looks for what is left.  x starts as {0}, and is yours to
 * end in any case.  -1: x->done says what was done, and x->cut whether the rest
 * waits now.
 */
int erasure_run(struct erase_runner *r, const struct person *p, const struct erase_deferred *what, struct erasure *x,
    struct err *e);

/*
 * The same of one that waits, when there is something that no hold keeps: else
 * x->waits, x->done has what is held, and nothing is recorded, night after night.
 */
int erasure_carry_on(struct erase_runner *r, const struct person *p, const struct erase_deferred *what,
    struct erasure *x, struct err *e);

/* Whether something is left that nothing explains: ERR_INTEGRITY; something
 * that waits or must stay: ERR_INCOMPLETE.  0 or -1. */
int erasure_judge(const struct erasure *x, struct err *e);

#endif
