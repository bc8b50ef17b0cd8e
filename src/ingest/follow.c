/* follow: many logs that grow, and are rotated, truncated and replaced. */
#include "ingest/follow.h"

#include <stdlib.h>

#include "base/mem.h"
#include "ingest/follow_parts.h"

/* What was read waits no longer for its commit than this while more comes; when
 * all of it is old, because a log is far behind, larger commits are better. */
#define COMMIT_BUSY (TIME_SECOND / 8)
#define COMMIT_BEHIND TIME_SECOND

static int64_t
commit_due(const struct follow *f, bool idle)
{
	if (f->run->waiting == TIME_NONE)
		return INT64_MAX;
	if (idle)
		return f->run->waiting + COMMIT_IDLE;
	return f->fresh != TIME_NONE ? f->fresh + COMMIT_BUSY : f->run->waiting + COMMIT_BEHIND;
}

/* Gives their turn to those whose time has come.  Returns when the next will. */
static int64_t
keep_time(struct follow *f)
{
	int64_t next = commit_due(f, true), now = time_steady();

	for (size_t i = 0; i < f->n; i++) {
		int64_t due = log_due(&f->log[i]);

		if (due <= now)
			news_tell(f->news, f->log[i].subject);
		else
			next = earlier(next, due);
	}
	return next;
}

/* ---- the whole ---- */

static bool
is_over(const struct follow *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (!f->log[i].over || f->log[i].older != NULL)
			return false;
	return true;
}

/* Bytes that are there and were not read yet. */
static uint64_t
unread(const struct log_file *r)
{
	uint64_t at = instream_offset(r->in.source.in);
	struct stat sb;

	if (r->dry || r->in.source.state == SOURCE_PIPE || instream_is_compressed(r->in.source.in) ||
	    fstat(instream_fd(r->in.source.in), &sb) != 0 || (uint64_t)sb.st_size < at)
		return 0;
	return (uint64_t)sb.st_size - at;
}

static void
tell_progress(const struct follow *f)
{
	const struct ingest_options *o = f->run->o;
	uint64_t behind = 0;

	if (o->behind == NULL)
		return;
	for (size_t i = 0; i < f->n; i++) {
		for (const struct log_file *r = f->log[i].older; r != NULL; r = r->next)
			behind += unread(r);
		if (f->log[i].current != NULL)
			behind += unread(f->log[i].current);
	}
	o->behind(o->progress_arg, f->run->r->read, behind);
}

static bool
awake(void *arg)
{
	struct follow *f = arg;

	tell_progress(f);
	return run_stopped(f->run);
}

/* Whoever has news takes a turn; when nobody has, sleeps. */
static int
go_on(struct follow *f, struct err *e)
{
	int64_t now, next;
	size_t subject;
	bool busy = news_next(f->news, &subject);
	int more = busy ? log_visit(f, &f->log[subject], e) : 0;

	if (more < 0)
		return -1;
	if (f->run->waiting == TIME_NONE)
		f->fresh = TIME_NONE;
	else if (busy && more == 0 && f->fresh == TIME_NONE)
		f->fresh = time_steady();
	if (time_steady() >= commit_due(f, !busy)) {
		f->fresh = TIME_NONE;
		if (run_commit(f->run, e) < 0)
			return -1;
	}
	next = keep_time(f);
	now = time_steady();
	return news_wait(f->news, busy || next <= now ? 0 : next == INT64_MAX ? -1 : (int)((next - now + 999) / 1000),
	    awake, f, e);
}

int
follow_inputs(struct run *run, const char *const *path, size_t n, struct err *e)
{
	struct follow f = { .run = run, .n = n, .news = news_new(n, true), .log = mem_zero(n, sizeof(*f.log)),
		.fresh = TIME_NONE };
	int rc = 0;

	run->sink = run->append != NULL ? SINK_STORE : SINK_PRINT;
	for (size_t i = 0; i < n; i++) {
		f.log[i] = (struct log){ .path = path[i], .subject = i, .looked = TIME_NONE, .again = TIME_NONE };
		if (!log_is_stdin(&f.log[i]))
			news_watch_name(f.news, i, path[i]);
		news_tell(f.news, i);
	}
	while (rc == 0 && !run_stopped(run) && !run->explained && !is_over(&f))
		rc = go_on(&f, e);
	rc = run_finish(run, rc, e);
	for (size_t i = 0; i < n; i++)
		log_close(&f, &f.log[i]);
	news_free(f.news);
	free(f.log);
	return rc;
}
