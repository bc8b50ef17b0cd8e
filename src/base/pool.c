/*
 * pool: one queue, one mutex.  `queued` wakes threads for work, `finished`
 * wakes those who wait for a job.
 */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/mem.h"

enum { IDLE = 0, QUEUED = 1, RUNNING = 2, DONE = 3 };

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t queued, finished;
	struct job *first, *last; /* oldest first */
	bool closing;
	unsigned threads;
	pthread_t thread[];
};

static struct job *
take_first(struct pool *p)
{
	struct job *j = p->first;

	if (j != NULL && (p->first = j->next) == NULL)
		p->last = NULL;
	return j;
}

/* Called and returns with the lock held; j is out of the queue. */
static void
run(struct pool *p, struct job *j)
{
	j->state = RUNNING;
	pthread_mutex_unlock(&p->lock);
	j->run(j->arg);
	pthread_mutex_lock(&p->lock);
	j->state = DONE;
	pthread_cond_broadcast(&p->finished);
}

static void *
work(void *arg)
{
	struct pool *p = arg;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct job *j = take_first(p);

		if (j != NULL)
			run(p, j);
		else if (p->closing)
			break;
		else
			pthread_cond_wait(&p->queued, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct pool *
pool_new(unsigned threads)
{
	struct pool *p = mem_zero(1, sizeof(*p) + threads * sizeof(p->thread[0]));
	sigset_t all, old;

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->queued, NULL);
	pthread_cond_init(&p->finished, NULL);

	/* Signals belong to the program's own thread.  A thread that cannot be
	 * had is missed only in speed. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (p->threads < threads &&
	    pthread_create(&p->thread[p->threads], NULL, work, p) == 0)
		p->threads++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return p;
}

void
pool_free(struct pool *p)
{
	struct job *j;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	while ((j = take_first(p)) != NULL)
		run(p, j);
	p->closing = true;
	pthread_cond_broadcast(&p->queued);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->threads; i++)
		pthread_join(p->thread[i], NULL);
	pthread_cond_destroy(&p->finished);
	pthread_cond_destroy(&p->queued);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

unsigned
pool_cpus(void)
{
	cpu_set_t set;

	/* More processors than the set has room for: all of the set, then. */
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;

	int n = CPU_COUNT(&set);

	return n > 0 ? (unsigned)n : 1;
}

void
pool_submit(struct pool *p, struct job *j)
{
	pthread_mutex_lock(&p->lock);
	j->state = QUEUED;
	j->next = NULL;
	if (p->last != NULL)
		p->last->next = j;
	else
		p->first = j;
	p->last = j;
	pthread_cond_signal(&p->queued);
	pthread_mutex_unlock(&p->lock);
}

void
pool_wait(struct pool *p, struct job *j)
{
	pthread_mutex_lock(&p->lock);
	while (j->state == QUEUED || j->state == RUNNING) {
		struct job *other = take_first(p);

		if (other != NULL)
			run(p, other);
		else
			pthread_cond_wait(&p->finished, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
}

bool
pool_done(struct pool *p, struct job *j)
{
	pthread_mutex_lock(&p->lock);
	bool done = j->state == DONE;
	pthread_mutex_unlock(&p->lock);
	return done;
}

void
pool_each(struct pool *p, void (*call)(void *item), void *items, size_t n, size_t size)
{
	size_t others = p != NULL && n > 1 ? n - 1 : 0;
	struct job *job = mem_zero(others, sizeof(*job));
	char *item = items;

	for (size_t i = 0; i < others; i++) {
		job[i].run = call;
		job[i].arg = item + (i + 1) * size;
		pool_submit(p, &job[i]);
	}
	for (size_t i = 0; i + others < n; i++)
		call(item + i * size);
	for (size_t i = 0; i < others; i++)
		pool_wait(p, &job[i]);
	free(job);
}
