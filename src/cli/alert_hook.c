/*
 * alert_hook: tells a command of each alert (see alert_hook.h).
 */
#include "cli/alert_hook.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"

struct alert_hook {
	struct hook *hook;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* around what follows */
	pthread_cond_t news;
	char *line[ALERT_HOOK_QUEUE_MAX]; /* a ring */
	size_t length[ALERT_HOOK_QUEUE_MAX];
	size_t first, n;
	bool over;
	struct alert_hook_counts counts;
};

static void
tell(struct alert_hook *h, struct str line)
{
	struct hook_result result;
	struct err e = ERR_NONE;
	bool good = hook_run(h->hook, line, &result, &e) == 0 && hook_judge(h->hook, &result, &e) == 0;

	pthread_mutex_lock(&h->lock);
	if (good)
		h->counts.told++;
	else if (h->counts.failed++ == 0)
		h->counts.first = e;
	pthread_mutex_unlock(&h->lock);
}

/* The next line, yours; false when there will be none. */
static bool
next(struct alert_hook *h, struct str *line)
{
	bool any;

	pthread_mutex_lock(&h->lock);
	while (h->n == 0 && !h->over)
		pthread_cond_wait(&h->news, &h->lock);
	any = h->n > 0 && hook_is_there(h->hook) && !(h->over && cli_interrupted());
	if (any) {
		*line = (struct str){ h->line[h->first], h->length[h->first] };
		h->line[h->first] = NULL;
		h->first = (h->first + 1) % ALERT_HOOK_QUEUE_MAX;
		h->n--;
	}
	pthread_mutex_unlock(&h->lock);
	return any;
}

static void *
work(void *arg)
{
	struct alert_hook *h = arg;
	struct str line;

	while (next(h, &line)) {
		tell(h, line);
		free((char *)(uintptr_t)line.p);
	}
	return NULL;
}

struct alert_hook *
alert_hook_new(struct hook *hook)
{
	struct alert_hook *h = mem_zero(1, sizeof(*h));

	h->hook = hook;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->news, NULL);
	h->running = hook_is_there(hook) && pthread_create(&h->thread, NULL, work, h) == 0;
	return h;
}

void
alert_hook_tell(struct alert_hook *h, struct str line)
{
	size_t at;

	pthread_mutex_lock(&h->lock);
	at = (h->first + h->n) % ALERT_HOOK_QUEUE_MAX;
	if (!h->running || h->n == ALERT_HOOK_QUEUE_MAX)
		h->counts.left_out += hook_is_there(h->hook);
	else {
		h->line[at] = mem_dup(line.p, line.len);
		h->length[at] = line.len;
		h->n++;
		pthread_cond_signal(&h->news);
	}
	pthread_mutex_unlock(&h->lock);
}

void
alert_hook_free(struct alert_hook *h, struct alert_hook_counts *counts)
{
	if (h->running) {
		pthread_mutex_lock(&h->lock);
		h->over = true;
		pthread_cond_signal(&h->news);
		pthread_mutex_unlock(&h->lock);
		pthread_join(h->thread, NULL);
	}
	h->counts.left_out += h->n;
	*counts = h->counts;
	for (size_t i = 0; i < ALERT_HOOK_QUEUE_MAX; i++)
		free(h->line[i]);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->news);
	free(h);
}
