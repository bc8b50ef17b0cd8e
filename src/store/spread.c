/*
 * spread: segments shared out to threads (see spread.h).
 *
 * In: a list of segments.   Out: calls, one for each.
 */
#include "store/spread.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/bitmap.h"
#include "base/mem.h"

#define ROUNDS_MAX 20 /* of segments that were replaced while being read */

struct spreading {
	const struct spread *spread;
	struct spread_list *todo;
	pthread_mutex_t lock; /* around what follows */
	size_t next;
	struct spread_list moved;
	bool failed;
};

struct worker {
	struct spreading *all;
	size_t thread;
	struct err err;
};

void
spread_add(struct spread_list *l, const struct segment_info *info, uint64_t low, uint64_t high)
{
	mem_grow(&l->item, &l->cap, l->n + 1, sizeof(*l->item));
	l->item[l->n++] = (struct spread_task){ *info, low, high };
}

void
spread_list_fini(struct spread_list *l)
{
	free(l->item);
	*l = (struct spread_list){ 0 };
}

size_t
spread_threads(const struct pool *pool, size_t n)
{
	size_t threads = pool != NULL ? pool_cpus() : 1;

	if (threads > SPREAD_THREADS_MAX)
		threads = SPREAD_THREADS_MAX;
	if (threads > n)
		threads = n;
	return threads > 0 ? threads : 1;
}

void
spread_clip(const struct spread_task *t, const struct stored *s, uint64_t *bits)
{
	if (t->low <= s->info.first && t->high >= s->info.last)
		return;
	for (uint32_t row = 0; row < s->info.meta.count; row++) {
		uint64_t seq = store_row_seq(s, row);

		if (seq < t->low || seq > t->high)
			bitmap_drop(bits, row);
	}
}

/* ---- one thread ---- */

static bool
next_task(struct spreading *all, struct spread_task *t)
{
	bool got;

	pthread_mutex_lock(&all->lock);
	got = !all->failed && all->next < all->todo->n;
	if (got)
		*t = all->todo->item[all->next++];
	pthread_mutex_unlock(&all->lock);
	return got;
}

static void
put_back(struct spreading *all, const struct spread_task *t)
{
	pthread_mutex_lock(&all->lock);
	spread_add(&all->moved, &t->info, t->low, t->high);
	pthread_mutex_unlock(&all->lock);
}

static int
look_at(struct worker *w, const struct spread_task *t)
{
	const struct spread *spread = w->all->spread;
	bool moved = false, adding = false;
	struct stored *s;
	int rc;

	if (spread->go_on != NULL && spread->go_on(&w->err) < 0)
		return -1;
	s = store_segment(spread->st, &t->info, &moved, &w->err);
	rc = s != NULL ? spread->segment(spread->arg, w->thread, t, s, &adding, &w->err) : -1;
	/* Counted in part already: then the answer is "try again". */
	if (rc < 0 && !adding && (moved || (s != NULL && s->moved))) {
		err_clear(&w->err);
		put_back(w->all, t);
		rc = 0;
	}
	store_segment_free(s);
	return rc;
}

static void
work(void *arg)
{
	struct worker *w = arg;
	struct spread_task t;

	while (next_task(w->all, &t))
		if (look_at(w, &t) < 0) {
			pthread_mutex_lock(&w->all->lock);
			w->all->failed = true;
			pthread_mutex_unlock(&w->all->lock);
			return;
		}
}

/* ---- all threads ---- */

static int
run_workers(struct spreading *all, struct err *e)
{
	struct worker w[SPREAD_THREADS_MAX];
	size_t n = all->spread->threads;

	for (size_t i = 0; i < n; i++)
		w[i] = (struct worker){ .all = all, .thread = i, .err = ERR_NONE };
	pool_each(all->spread->pool, work, w, n, sizeof(*w));
	for (size_t i = 0; i < n; i++)
		if (w[i].err.code != ERR_OK) {
			*e = w[i].err;
			return -1;
		}
	return 0;
}

/* The present homes of the seqs of the segments that were replaced. */
static int
find_moved(struct spreading *all, struct err *e)
{
	struct spread_list old = all->moved;
	struct segment_info *list = NULL;
	struct store_view view;
	size_t n = 0;
	int rc = store_view(all->spread->st, &view, &list, &n, e);

	all->moved = (struct spread_list){ 0 };
	all->todo->n = all->next = 0;
	for (size_t i = 0; rc == 0 && i < old.n; i++)
		for (size_t k = 0; k < n; k++)
			if (list[k].first <= old.item[i].high && list[k].last >= old.item[i].low)
				spread_add(all->todo, &list[k], old.item[i].low, old.item[i].high);
	free(list);
	spread_list_fini(&old);
	return rc;
}

int
spread_run(const struct spread *s, struct spread_list *list, struct err *e)
{
	struct spreading all = { .spread = s, .todo = list };
	int rc;

	pthread_mutex_init(&all.lock, NULL);
	rc = run_workers(&all, e);
	for (unsigned round = 0; rc == 0 && all.moved.n > 0 && !s->once; round++) {
		if (round == ROUNDS_MAX) {
			rc = err_set(e, ERR_BUSY, "%s: segments are replaced faster than they can be read", store_path(s->st));
			break;
		}
		rc = find_moved(&all, e);
		if (rc == 0)
			rc = run_workers(&all, e);
	}
	spread_list_fini(&all.moved);
	pthread_mutex_destroy(&all.lock);
	return rc;
}
