/* pool: every job runs once, whoever waits, with any number of threads. */
#include "unit.h"

#include <pthread.h>
#include <signal.h>

#include "base/pool.h"

enum { JOBS = 2000, THREADS_MAX = 4 };

struct counted {
	struct job job;
	unsigned runs; /* written by the job only */
};

static void
count_run(void *arg)
{
	struct counted *c = arg;

	c->runs++;
}

static void
count_init(struct counted *c)
{
	*c = (struct counted){ .job = { .run = count_run, .arg = c } };
}

START_TEST(every_job_runs_once)
{
	static struct counted c[JOBS];
	struct pool *p = pool_new((unsigned)_i);

	for (size_t i = 0; i < JOBS; i++)
		count_init(&c[i]);
	for (size_t i = 0; i < JOBS; i++)
		pool_submit(p, &c[i].job);
	for (size_t i = JOBS; i-- > 0;) {
		pool_wait(p, &c[i].job);
		ck_assert(pool_done(p, &c[i].job));
		ck_assert_uint_eq(c[i].runs, 1);
	}
	pool_free(p);
}
END_TEST

START_TEST(a_job_may_be_given_again)
{
	struct pool *p = pool_new((unsigned)_i);
	struct counted c;

	count_init(&c);
	for (unsigned i = 1; i <= 5000; i++) {
		pool_submit(p, &c.job);
		pool_wait(p, &c.job);
		ck_assert_uint_eq(c.runs, i);
	}
	pool_free(p);
}
END_TEST

START_TEST(waiting_for_an_idle_job_returns)
{
	struct pool *p = pool_new((unsigned)_i);
	struct counted c;

	count_init(&c);
	pool_wait(p, &c.job);
	ck_assert_uint_eq(c.runs, 0);
	ck_assert(!pool_done(p, &c.job));
	pool_free(p);
}
END_TEST

START_TEST(free_waits_for_what_is_queued)
{
	static struct counted c[JOBS];
	struct pool *p = pool_new((unsigned)_i);

	for (size_t i = 0; i < JOBS; i++) {
		count_init(&c[i]);
		pool_submit(p, &c[i].job);
	}
	pool_free(p);
	for (size_t i = 0; i < JOBS; i++)
		ck_assert_uint_eq(c[i].runs, 1);
	pool_free(NULL);
}
END_TEST

/* A job that gives two more and waits for them, down to the leaves. */
struct branch {
	struct job job;
	struct pool *p;
	unsigned depth, leaves;
};

static void
grow(void *arg)
{
	struct branch *b = arg;

	if (b->depth == 0) {
		b->leaves = 1;
		return;
	}

	struct branch left = { { .run = grow }, b->p, b->depth - 1, 0 }, right = left;

	left.job.arg = &left;
	right.job.arg = &right;
	pool_submit(b->p, &left.job);
	pool_submit(b->p, &right.job);
	pool_wait(b->p, &left.job);
	pool_wait(b->p, &right.job);
	b->leaves = left.leaves + right.leaves;
}

START_TEST(jobs_may_give_jobs_and_wait)
{
	struct pool *p = pool_new((unsigned)_i);
	struct branch root = { { .run = grow }, p, 8, 0 };

	root.job.arg = &root;
	for (int i = 0; i < 10; i++) {
		pool_submit(p, &root.job);
		pool_wait(p, &root.job);
		ck_assert_uint_eq(root.leaves, 256);
	}
	pool_free(p);
}
END_TEST

struct giver {
	struct pool *p;
	unsigned wrong;
};

static void *
give(void *arg)
{
	struct giver *g = arg;

	for (unsigned round = 0; round < 300; round++) {
		struct counted c[8];

		for (size_t i = 0; i < 8; i++) {
			count_init(&c[i]);
			pool_submit(g->p, &c[i].job);
		}
		for (size_t i = 0; i < 8; i++) {
			pool_wait(g->p, &c[i].job);
			g->wrong += c[i].runs != 1;
		}
	}
	return NULL;
}

START_TEST(several_threads_may_give)
{
	struct pool *p = pool_new((unsigned)_i);
	pthread_t thread[3];
	struct giver g[3];

	for (size_t i = 0; i < 3; i++) {
		g[i] = (struct giver){ p, 0 };
		ck_assert_int_eq(pthread_create(&thread[i], NULL, give, &g[i]), 0);
	}
	for (size_t i = 0; i < 3; i++) {
		pthread_join(thread[i], NULL);
		ck_assert_uint_eq(g[i].wrong, 0);
	}
	pool_free(p);
}
END_TEST

static void
read_mask(void *arg)
{
	pthread_sigmask(SIG_SETMASK, NULL, arg);
}

START_TEST(threads_leave_signals_to_the_program)
{
	struct pool *p = pool_new(1);
	sigset_t mask;
	struct job j = { .run = read_mask, .arg = &mask };

	sigemptyset(&mask);
	pool_submit(p, &j);
	while (!pool_done(p, &j))
		continue;
	ck_assert(sigismember(&mask, SIGTERM));
	ck_assert(sigismember(&mask, SIGINT));
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	ck_assert(!sigismember(&mask, SIGTERM));
	pool_free(p);
}
END_TEST

struct called {
	pthread_t by;
	int times;
};

static void
call(void *item)
{
	struct called *c = item;

	c->by = pthread_self();
	c->times++;
}

START_TEST(each_item_is_run_once_and_the_first_here)
{
	struct pool *p = _i > 0 ? pool_new((unsigned)_i - 1) : NULL;

	for (size_t n = 0; n <= 20; n++) {
		struct called item[21] = { 0 };

		pool_each(p, call, item, n, sizeof(*item));
		for (size_t i = 0; i < 21; i++)
			ck_assert_int_eq(item[i].times, i < n);
		ck_assert(n == 0 || pthread_equal(item[0].by, pthread_self()));
	}
	pool_free(p);
}
END_TEST

START_TEST(there_is_a_processor)
{
	ck_assert_uint_ge(pool_cpus(), 1);
}
END_TEST

static Suite *
pool_suite(void)
{
	Suite *s = suite_create("base/pool");
	TCase *t = tcase_create("pool");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, every_job_runs_once, 0, THREADS_MAX);
	tcase_add_loop_test(t, a_job_may_be_given_again, 0, THREADS_MAX);
	tcase_add_loop_test(t, waiting_for_an_idle_job_returns, 0, THREADS_MAX);
	tcase_add_loop_test(t, free_waits_for_what_is_queued, 0, THREADS_MAX);
	tcase_add_loop_test(t, jobs_may_give_jobs_and_wait, 0, THREADS_MAX);
	tcase_add_loop_test(t, several_threads_may_give, 0, THREADS_MAX);
	tcase_add_loop_test(t, each_item_is_run_once_and_the_first_here, 0, THREADS_MAX);
	tcase_add_test(t, threads_leave_signals_to_the_program);
	tcase_add_test(t, there_is_a_processor);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(pool_suite)
