/*
 * spread: segments shared out to threads, each looked at once.
 *
 * Others merge, prune and erase meanwhile.  A segment that is replaced while
 * it is read is looked for again by its seqs, wherever they are by then.
 */
#ifndef STORE_SPREAD_H
#define STORE_SPREAD_H

#include "store/store.h"

#define SPREAD_THREADS_MAX 8

struct spread_task {
	struct segment_info info;
	uint64_t low, high; /* seqs that count: others of the segment are another's */
};

struct spread_list { /* starts as {0} */
	struct spread_task *item;
	size_t n, cap;
};
void spread_add(struct spread_list *l, const struct segment_info *info, uint64_t low, uint64_t high);
void spread_list_fini(struct spread_list *l);

struct spread {
	struct store *st;
	struct pool *pool;
	size_t threads;              /* spread_threads */
	int (*go_on)(struct err *e); /* asked before each segment, from any thread; may be NULL */
	/*
	 * Looks at a segment; thread is below `threads`.  -1 while the segment
	 * was replaced is no error: the call is made again for where it went,
	 * unless *adding was set, because a part of it is counted already.
	 */
	int (*segment)(void *arg, size_t thread, const struct spread_task *t, struct stored *s, bool *adding, struct err *e);
	void *arg;
	bool once;                   /* what was replaced is left out, and not looked for */
};

/* How many threads are worth it for n segments; 1 when pool is NULL. */
size_t spread_threads(const struct pool *pool, size_t n);

/* Looks at all of the list, which is used up.  ERR_BUSY: segments are replaced
 * faster than they can be read; else the first error of any thread. */
int spread_run(const struct spread *s, struct spread_list *list, struct err *e);

/* Clears the bits of rows whose seqs do not count. */
void spread_clip(const struct spread_task *t, const struct stored *s, uint64_t *bits);

#endif
