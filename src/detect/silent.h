/*
 * silent: which values of a field had events, and when the last one was.
 *
 * In: a rule of DETECT_SILENT.   Out: its values, by their text.
 */
#ifndef DETECT_SILENT_H
#define DETECT_SILENT_H

#include "base/pool.h"
#include "detect/rule.h"
#include "store/store.h"

#define SILENT_VALUES_MAX 100000

struct last_seen {
	struct str value;
	int64_t time; /* of its newest event */
};
struct last_seen_list { /* starts as {0} */
	struct last_seen *item;
	size_t n, cap;
	struct arena arena;
};

/* Of the events from `since` on.  ERR_FAIL: more than SILENT_VALUES_MAX values. */
int silent_look(struct last_seen_list *out, struct store *st, const struct detect_rule *rule, int64_t since, uint64_t end,
    struct pool *pool, int (*go_on)(struct err *e), struct err *e);
void last_seen_fini(struct last_seen_list *l);

#endif
