/* follow: many logs that grow, and are rotated, truncated and replaced. */
#include "ingest/follow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "ingest/news.h"
#include "ingest/rotated.h"

/* What was read waits no longer for its commit than this when nothing more
 * comes, and no longer than that while it does. */
#define COMMIT_IDLE (TIME_SECOND / 20)
#define COMMIT_BUSY (TIME_SECOND / 8)
/* So much of a log is read before it is the next one's turn. */
#define TURN (4 * FRAME_CHUNK)
/* A file whose name another one has is let go when nothing was added to it for
 * so long; when it has no name any more it only keeps the disk full. */
#define LINGER (300 * TIME_SECOND)
#define LINGER_REMOVED (10 * TIME_SECOND)
/* Between tries to read what cannot be read: twice as long each time. */
#define AGAIN_FIRST TIME_SECOND
#define AGAIN_MOST (30 * TIME_SECOND)
/* How often a cutter that holds something back is told that time passes. */
#define IDLE_EVERY TIME_SECOND

/* An open file. */
struct reader {
	struct reader *next; /* of the older files of a log: the next younger */
	struct input in;
	char *path;          /* of an older file: its own; else NULL */
	int number;          /* by which its news are forgotten; -1: none */
	bool ended;          /* nothing more will come, it only holds its place */
	bool dry;            /* read to its end */
	int64_t last;        /* when something of it came, or it became an older one */
	int64_t idle;        /* when its cutter was told that time passes */
	uint64_t size;       /* of a compressed file that was read */
};

struct log {
	const char *path;
	size_t subject;         /* of the news */
	struct reader *current; /* NULL: there is none */
	struct reader *older;   /* rotated files, oldest first: read before it */
	bool searched;          /* for these, since current was lost */
	bool begun;             /* it was looked at before */
	bool over;              /* a pipe that cannot be opened again has ended */
	int64_t looked;         /* when all that was there had been read; TIME_NONE: not yet */
	int64_t again, pause;   /* after an error: when it is tried again; TIME_NONE */
	bool missing, polled;   /* was told */
};

struct follow {
	struct run *run;
	struct news *news;
	struct log *log;
	size_t n;
};

/* ---- what people are told ---- */

static void
note(const struct follow *f, const struct log *log, bool detail, const char *text)
{
	struct input named = { .source.path = log->path };

	run_note(f->run, &named, detail, text);
}

static void
note_polling(struct follow *f, struct log *log)
{
	if (!log->polled && news_polls(f->news, log->subject))
		note(f, log, true, "looked at every 200 ms, because the kernel does not tell of all changes there");
	log->polled = news_polls(f->news, log->subject);
}

/* ---- files ---- */

static void
close_reader(struct follow *f, const struct log *log, struct reader *r)
{
	if (r == NULL)
		return;
	news_forget_file(f->news, log->subject, r->number);
	input_close(&r->in);
	free(r->path);
	free(r);
	/* Another log may have left the file to this one. */
	for (size_t i = 0; i < f->n; i++)
		if (f->log[i].begun && f->log[i].current == NULL)
			news_tell(f->news, f->log[i].subject);
}

static bool
is_stdin(const struct log *log)
{
	return strcmp(log->path, "-") == 0;
}

static bool
has(const struct reader *r, const struct stat *sb)
{
	return r != NULL && r->in.source.state != SOURCE_PIPE && r->in.source.file.dev == (uint64_t)sb->st_dev &&
	    r->in.source.file.ino == (uint64_t)sb->st_ino;
}

/* Whether a file is open already, for this log or, by another name, for another. */
static bool
is_open(const struct follow *f, const struct stat *sb)
{
	for (size_t i = 0; i < f->n; i++) {
		if (has(f->log[i].current, sb))
			return true;
		for (const struct reader *r = f->log[i].older; r != NULL; r = r->next)
			if (has(r, sb))
				return true;
	}
	return false;
}

/* Begins to read what r->in.source is. */
static int
begin_reader(struct follow *f, struct log *log, struct reader *r, struct err *e)
{
	struct source *s = &r->in.source;

	s->log = log->path;
	if (input_adopt(f->run, &r->in, NULL, e) < 0)
		return -1;
	input_note_state(f->run, &r->in);
	if (s->moved && f->run->append != NULL)
		append_position(f->run->append, &s->file);
	if (input_begin(f->run, &r->in, e) < 0)
		return -1;
	r->in.frame.grows = s->state != SOURCE_PIPE && !instream_is_compressed(s->in);
	return 0;
}

/*
 * Opens a file of the log.  1: *out is a new reader; 0: there is nothing to read
 * yet; -1.  News are asked for first, so that none are missed.
 */
static int
open_reader(struct follow *f, struct log *log, const char *path, struct reader **out, struct err *e)
{
	struct reader *r = mem_zero(1, sizeof(*r));
	int rc;

	r->number = -1;
	r->last = run_clock();
	if (path != log->path)
		path = r->path = mem_strdup(path);
	if (!is_stdin(log))
		r->number = news_watch_file(f->news, log->subject, path);
	rc = source_open_now(&r->in.source, path, f->run->st, e);
	if (rc == 0 && is_stdin(log) && r->in.source.state != SOURCE_PIPE)
		r->number = news_watch_file(f->news, log->subject, r->in.source.open_path);
	/* Its key and what it is known by come from its first record. */
	if (rc == 0 && !r->in.source.begins)
		rc = begin_reader(f, log, r, e) < 0 ? -1 : 1;
	if (rc > 0)
		*out = r;
	else
		close_reader(f, log, r);
	return rc;
}

/* ---- what cannot be read ---- */

/* Errors of the store end it all; those of an input end it at first only. */
static int
try_again(struct follow *f, struct log *log, struct err *e)
{
	char text[sizeof(e->text)];
	struct input named = { .source.path = log->path };
	size_t name = strlen(run_input_name(&named));

	if (f->run->broken || !log->begun)
		return -1;
	/* Most messages begin with the name. */
	if (strncmp(e->text, run_input_name(&named), name) == 0 && strncmp(e->text + name, ": ", 2) == 0)
		snprintf(text, sizeof(text), "%s", e->text + name + 2);
	else
		snprintf(text, sizeof(text), "%s", e->text);
	if (log->pause == 0)
		note(f, log, false, text);
	log->pause = log->pause == 0 ? AGAIN_FIRST : log->pause < AGAIN_MOST / 2 ? 2 * log->pause : AGAIN_MOST;
	log->again = run_clock() + log->pause;
	err_clear(e);
	return 0;
}

/* ---- when it is time ---- */

/* How long it is kept after its last byte. */
static int64_t
linger(const struct reader *r)
{
	struct stat sb;

	if (r->ended)
		return 0;
	return fstat(instream_fd(r->in.source.in), &sb) == 0 && sb.st_nlink > 0 ? LINGER : LINGER_REMOVED;
}

/* Microseconds of the clock when something has to be done; INT64_MAX: nothing. */
static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
reader_due(const struct reader *r, bool older)
{
	const struct cutter *c = &r->in.frame.cutter;
	int64_t due = INT64_MAX;

	if (older)
		due = r->last + linger(r);
	if (c->kind != NULL && c->kind->idle != NULL && (c->kind->incomplete == NULL || c->kind->incomplete(c->state)))
		due = earlier(due, r->idle + IDLE_EVERY);
	return due;
}

/* ---- reading ---- */

/* What a reader's turn came to. */
enum turn {
	TURN_ERROR = -1,
	TURN_DRY,  /* nothing more for now */
	TURN_MORE,
	TURN_FAULT /* the input cannot be read: *e says why */
};

static enum turn
take_turn(struct follow *f, struct reader *r, size_t most, struct err *e)
{
	enum frame_result got = FRAME_WAIT;
	uint64_t before = r->in.frame.offset;

	if (r->ended)
		return TURN_DRY;
	if (input_step(f->run, &r->in, most, &got, e) < 0)
		return got == FRAME_ERROR && !f->run->broken ? TURN_FAULT : TURN_ERROR;
	if (r->in.frame.offset != before)
		r->last = run_clock();
	r->ended = got == FRAME_END;
	r->dry = got != FRAME_LINES;
	if (r->dry && reader_due(r, false) <= run_clock()) {
		r->idle = run_clock();
		return input_idle(f->run, &r->in, e) < 0 ? TURN_ERROR : TURN_DRY;
	}
	return r->dry ? TURN_DRY : TURN_MORE;
}

/* The last of a file: what is incomplete will stay so, and is taken or refused. */
static int
finish_reader(struct follow *f, struct reader *r, struct err *e)
{
	enum turn turn;

	r->in.rules.regular = false;
	r->in.frame.grows = false;
	r->in.frame.whole = true;
	while ((turn = take_turn(f, r, TURN, e)) == TURN_MORE)
		;
	if (turn != TURN_FAULT)
		return turn == TURN_ERROR ? -1 : 0;
	run_note(f->run, &r->in, false, e->text);
	err_clear(e);
	return 0;
}

/* What was taken so far is what the store knows when a file is looked up in it. */
static int
settle(struct follow *f, struct err *e)
{
	return run_commit(f->run, e);
}

/* ---- older files ---- */

static void
add_older(struct log *log, struct reader *r)
{
	struct reader **at = &log->older;

	while (*at != NULL)
		at = &(*at)->next;
	r->next = NULL;
	*at = r;
}

/* Another file has the name, or will have. */
static void
retire(struct log *log)
{
	struct reader *r = log->current;

	log->current = NULL;
	log->searched = false;
	if (r == NULL)
		return;
	r->last = run_clock();
	add_older(log, r);
}

static int
open_older(struct follow *f, struct log *log, const char *path, struct err *e)
{
	struct reader *r = NULL;
	struct stat sb;
	int rc;

	if (stat(path, &sb) != 0 || is_open(f, &sb))
		return 0;
	if ((rc = open_reader(f, log, path, &r, e)) > 0) {
		add_older(log, r);
		run_note(f->run, &r->in, true, "read first: the log was rotated into it");
	} else if (rc < 0) {
		if (f->run->broken)
			return -1;
		note(f, log, false, e->text);
		err_clear(e);
	}
	return 0;
}

/* Looks for files that came and went unseen, and for a copy of one that was truncated. */
static int
search_older(struct follow *f, struct log *log, struct err *e)
{
	struct str_list found = { 0 };
	int rc = 0;

	log->searched = true;
	if (f->run->st == NULL || is_stdin(log))
		return 0;
	if (settle(f, e) < 0 || rotated_find(f->run->st, log->path, log->looked, &found, e) < 0) {
		f->run->broken = true;
		rc = -1;
	}
	for (size_t i = 0; i < found.n && rc == 0; i++)
		rc = open_older(f, log, found.item[i], e);
	str_list_fini(&found);
	return rc;
}

/* Each to its end, oldest first.  TURN_DRY: all are. */
static enum turn
read_older(struct follow *f, struct log *log, struct err *e)
{
	struct reader **at = &log->older;

	while (*at != NULL) {
		struct reader *r = *at;
		enum turn turn = take_turn(f, r, TURN, e);

		if (turn == TURN_ERROR || turn == TURN_MORE)
			return turn;
		if (turn == TURN_FAULT) {
			note(f, log, false, e->text);
			err_clear(e);
			r->ended = true;
		}
		if (run_clock() < r->last + linger(r)) {
			at = &r->next;
			continue;
		}
		if (!r->ended && finish_reader(f, r, e) < 0)
			return TURN_ERROR;
		*at = r->next;
		close_reader(f, log, r);
	}
	return TURN_DRY;
}

/* ---- the file that has the name ---- */

/* It was truncated or rewritten. */
static int
lose_content(struct follow *f, struct log *log, struct err *e)
{
	char text[160];

	snprintf(text, sizeof(text),
	    "was truncated or rewritten: it is read from the start; what was added to it behind byte %" PRIu64
	    " before is lost, if no copy has it", log->current->in.source.file.offset);
	run_note(f->run, &log->current->in, false, text);
	if (settle(f, e) < 0)
		return -1;
	close_reader(f, log, log->current);
	log->current = NULL;
	log->searched = false;
	return 0;
}

/* A compressed file does not grow, but it may be made anew. */
static bool
is_other_size(const struct reader *r, const struct stat *sb)
{
	return instream_is_compressed(r->in.source.in) && r->in.source.state != SOURCE_PIPE &&
	    r->size != (uint64_t)sb->st_size;
}

static void
watch_current(struct follow *f, struct log *log)
{
	const struct source *s = &log->current->in.source;
	struct stat sb;

	if (s->state == SOURCE_PIPE)
		news_watch_pipe(f->news, log->subject, instream_fd(s->in));
	else if (lstat(log->path, &sb) == 0 && S_ISLNK(sb.st_mode))
		news_watch_name(f->news, log->subject, s->file.name);
}

/* The other end of a pipe was closed.  Of a FIFO someone else may open it: it
 * is never without a reader, for what is in it would be lost. */
static enum turn
next_writer(struct follow *f, struct log *log, struct err *e)
{
	struct reader *r = log->current;
	int rc = 1;

	log->current = NULL;
	news_watch_pipe(f->news, log->subject, -1);
	log->over = is_stdin(log);
	if (!log->over && (rc = open_reader(f, log, log->path, &log->current, e)) > 0)
		watch_current(f, log);
	close_reader(f, log, r);
	return rc < 0 ? TURN_FAULT : TURN_DRY;
}

static enum turn
read_current(struct follow *f, struct log *log, struct err *e)
{
	struct reader *r = log->current;
	enum turn turn;

	if (r == NULL)
		return TURN_DRY;
	if (!source_goes_on(&r->in.source))
		return lose_content(f, log, e) < 0 ? TURN_ERROR : TURN_MORE;
	turn = take_turn(f, r, TURN, e);
	if (turn == TURN_FAULT) {
		if (settle(f, e) < 0)
			return TURN_ERROR;
		close_reader(f, log, r);
		log->current = NULL;
		return turn;
	}
	return turn == TURN_DRY && r->ended && r->in.source.state == SOURCE_PIPE ? next_writer(f, log, e) : turn;
}

static int
open_current(struct follow *f, struct log *log, const struct stat *sb, struct err *e)
{
	int rc;

	if (sb != NULL && is_open(f, sb)) {
		note(f, log, true, "read already by another name");
		log->begun = true;
		return 0;
	}
	if (log->older != NULL && settle(f, e) < 0)
		return -1;
	rc = open_reader(f, log, log->path, &log->current, e);
	if (rc < 0 && e->code == ERR_BUSY && !f->run->broken) { /* renamed just now */
		err_clear(e);
		news_tell(f->news, log->subject);
		return 0;
	}
	if (rc < 0)
		return try_again(f, log, e);
	log->begun = true;
	log->pause = 0;
	if (rc == 0)
		return 0;
	log->searched = false;
	watch_current(f, log);
	if (sb != NULL)
		log->current->size = (uint64_t)sb->st_size;
	news_tell(f->news, log->subject);
	return 0;
}

static int
wait_for_it(struct follow *f, struct log *log, int why, struct err *e)
{
	if (why != ENOENT && why != ENOTDIR) {
		errno = why;
		err_errno(e, "%s", log->path);
		return try_again(f, log, e);
	}
	if (!log->missing)
		note(f, log, log->begun, "is not there: waiting for it");
	log->missing = log->begun = true;
	return 0;
}

/* Whether the name still is that of the file that is read, and what to do if not. */
static int
look_at_name(struct follow *f, struct log *log, struct err *e)
{
	bool named = !is_stdin(log);
	int64_t now = time_now();
	struct stat sb;
	int why = 0;

	if (log->over || (!named && log->current != NULL))
		return 0;
	if (named && stat(log->path, &sb) != 0)
		why = errno;
	if (why == 0 && log->current != NULL && (log->current->in.source.state == SOURCE_PIPE ||
	    (has(log->current, &sb) && !is_other_size(log->current, &sb)))) {
		log->looked = now;
		return 0;
	}
	if (why == 0 && log->current != NULL) {
		run_note(f->run, &log->current->in, true, "was rotated or replaced: the next file is read");
		retire(log);
	}
	if (log->current == NULL && !log->searched) {
		news_tell(f->news, log->subject);
		return search_older(f, log, e);
	}
	if (why != 0)
		return wait_for_it(f, log, why, e);
	log->missing = false;
	if (open_current(f, log, named ? &sb : NULL, e) < 0)
		return -1;
	if (log->current == NULL && log->again == TIME_NONE)
		log->looked = now;
	return 0;
}

/* A log's turn. */
static int
visit(struct follow *f, struct log *log, struct err *e)
{
	enum turn turn = read_older(f, log, e);

	if (turn == TURN_DRY && log->again != TIME_NONE && run_clock() < log->again)
		return 0;
	log->again = TIME_NONE;
	if (turn == TURN_DRY)
		turn = read_current(f, log, e);
	if (turn == TURN_ERROR)
		return -1;
	if (turn == TURN_MORE) {
		news_tell(f->news, log->subject);
		return 0;
	}
	if ((turn == TURN_FAULT ? try_again(f, log, e) : look_at_name(f, log, e)) < 0)
		return -1;
	note_polling(f, log);
	return 0;
}

/* ---- time ---- */

/* When the log wants its turn although it has no news. */
static int64_t
log_due(const struct log *log)
{
	int64_t due = log->again != TIME_NONE ? log->again : INT64_MAX;

	for (const struct reader *r = log->older; r != NULL; r = r->next)
		due = earlier(due, reader_due(r, true));
	return log->current != NULL ? earlier(due, reader_due(log->current, false)) : due;
}

static int64_t
commit_due(const struct run *run, bool idle)
{
	return run->waiting == TIME_NONE ? INT64_MAX : run->waiting + (idle ? COMMIT_IDLE : COMMIT_BUSY);
}

/* Gives their turn to those whose time has come.  Returns when the next will. */
static int64_t
keep_time(struct follow *f)
{
	int64_t next = commit_due(f->run, true), now = run_clock();

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
unread(const struct reader *r)
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
		for (const struct reader *r = f->log[i].older; r != NULL; r = r->next)
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
	bool busy;

	busy = news_next(f->news, &subject);
	if (busy && visit(f, &f->log[subject], e) < 0)
		return -1;
	if (run_clock() >= commit_due(f->run, !busy) && run_commit(f->run, e) < 0)
		return -1;
	next = keep_time(f);
	now = run_clock();
	return news_wait(f->news, busy || next <= now ? 0 : next == INT64_MAX ? -1 : (int)((next - now + 999) / 1000),
	    awake, f, e);
}

static void
close_log(struct follow *f, struct log *log)
{
	while (log->older != NULL) {
		struct reader *r = log->older;

		log->older = r->next;
		close_reader(f, log, r);
	}
	close_reader(f, log, log->current);
	log->current = NULL;
}

int
follow_inputs(struct run *run, const char *const *path, size_t n, struct err *e)
{
	struct follow f = { .run = run, .n = n, .news = news_new(n, true), .log = mem_zero(n, sizeof(*f.log)) };
	int rc = 0;

	run->sink = run->append != NULL ? SINK_STORE : SINK_PRINT;
	for (size_t i = 0; i < n; i++) {
		f.log[i] = (struct log){ .path = path[i], .subject = i, .looked = TIME_NONE, .again = TIME_NONE };
		if (!is_stdin(&f.log[i]))
			news_watch_name(f.news, i, path[i]);
		news_tell(f.news, i);
	}
	while (rc == 0 && !run_stopped(run) && !run->explained && !is_over(&f))
		rc = go_on(&f, e);
	if (!run->broken && run_commit(run, e) < 0)
		rc = -1;
	for (size_t i = 0; i < n; i++)
		close_log(&f, &f.log[i]);
	news_free(f.news);
	free(f.log);
	return rc;
}
