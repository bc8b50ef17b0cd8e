/*
 * pool: a few threads that run jobs; the giver waits for each by name.
 *
 * A thread that waits runs queued jobs meanwhile, so a pool of 0 threads
 * works too (everything runs in pool_wait).
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct job {
	void (*run)(void *arg);
	void *arg;
	struct job *next; /* the pool's */
	int state;        /* the pool's: 0 idle, 1 queued, 2 running, 3 done */
};

struct pool;

struct pool *pool_new(unsigned threads);
void pool_free(struct pool *p); /* waits for what is queued */
unsigned pool_cpus(void);       /* processors this process may use, at least 1 */

/* j is yours, must live until it was waited for, and may be given again. */
void pool_submit(struct pool *p, struct job *j);
void pool_wait(struct pool *p, struct job *j);
bool pool_done(struct pool *p, struct job *j); /* without waiting */

/* Makes the call with each of n items of `size` bytes at the same time, with the
 * first on this thread, and comes back when all are done.  p NULL: one after
 * the other. */
void pool_each(struct pool *p, void (*call)(void *item), void *items, size_t n, size_t size);

#endif
