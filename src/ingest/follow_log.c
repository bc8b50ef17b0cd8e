/* follow_log: which files a log consists of, and what becomes of its name. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ingest/follow_parts.h"
#include "ingest/rotated.h"

/* Times of files may be so much older than the clock. */
#define TICK (TIME_SECOND / 50)
/* Between tries to read what cannot be read: twice as long each time. */
#define AGAIN_FIRST TIME_SECOND
#define AGAIN_MOST (30 * TIME_SECOND)

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

bool
log_is_stdin(const struct log *log)
{
	return strcmp(log->path, "-") == 0;
}

/* Whether a file is open already, for this log or, by another name, for another. */
static bool
is_open(const struct follow *f, const struct stat *sb)
{
	for (size_t i = 0; i < f->n; i++) {
		if (log_file_is(f->log[i].current, sb))
			return true;
		for (const struct log_file *r = f->log[i].older; r != NULL; r = r->next)
			if (log_file_is(r, sb))
				return true;
	}
	return false;
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
	log->again = time_steady() + log->pause;
	err_clear(e);
	return 0;
}

/* ---- older files ---- */

static void
add_older(struct log *log, struct log_file *r)
{
	struct log_file **at = &log->older;

	while (*at != NULL)
		at = &(*at)->next;
	r->next = NULL;
	*at = r;
}

/* Another file has the name, or will have. */
static void
retire(struct log *log)
{
	struct log_file *r = log->current;

	log->current = NULL;
	log->searched = false;
	if (r == NULL)
		return;
	r->last = time_steady();
	add_older(log, r);
}

static int
open_older(struct follow *f, struct log *log, const char *path, struct err *e)
{
	struct log_file *r;
	struct stat sb;

	if (stat(path, &sb) != 0 || is_open(f, &sb))
		return 0;
	if ((r = log_file_open(f, log, path, e)) != NULL) {
		add_older(log, r);
		return 0;
	}
	if (f->run->broken)
		return -1;
	note(f, log, false, e->text);
	err_clear(e);
	return 0;
}

/* Looks for files that came and went unseen, and for a copy of one that was truncated. */
static int
search_older(struct follow *f, struct log *log, struct err *e)
{
	struct str_list found = { 0 };
	int rc = 0;

	log->searched = true;
	if (f->run->st == NULL || log_is_stdin(log))
		return 0;
	if (run_commit(f->run, e) < 0 || rotated_find(f->run->st, log->path, log->looked, &found, e) < 0) {
		f->run->broken = true;
		rc = -1;
	}
	for (size_t i = 0; i < found.n && rc == 0; i++)
		rc = open_older(f, log, found.item[i], e);
	str_list_fini(&found);
	return rc;
}

/* Rotation by copying may write to a file that has served before. */
static void
leave_rewritten(struct follow *f, struct log *log)
{
	for (struct log_file **at = &log->older; *at != NULL;) {
		struct log_file *r = *at;

		if (!r->in.frame.lost && source_goes_on(&r->in.source)) {
			at = &r->next;
			continue;
		}
		log->searched = false;
		*at = r->next;
		log_file_close(f, log, r);
	}
}

/* Each to its end, oldest first.  TURN_DRY: all are. */
static enum turn
read_older(struct follow *f, struct log *log, struct err *e)
{
	struct log_file **at = &log->older;

	leave_rewritten(f, log);
	if (!log->searched && log->begun && search_older(f, log, e) < 0)
		return TURN_ERROR;
	while (*at != NULL) {
		struct log_file *r = *at;
		enum turn turn = log_file_turn(f, r, e);

		if (turn == TURN_ERROR || turn == TURN_MORE)
			return turn;
		if (turn == TURN_FAULT) {
			note(f, log, false, e->text);
			err_clear(e);
			r->ended = true;
		}
		if (time_steady() < log_file_kept(r)) {
			at = &r->next;
			continue;
		}
		if (!r->ended && log_file_finish(f, r, e) < 0)
			return TURN_ERROR;
		*at = r->next;
		log_file_close(f, log, r);
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
	if (run_commit(f->run, e) < 0)
		return -1;
	log_file_close(f, log, log->current);
	log->current = NULL;
	log->searched = false;
	return 0;
}

/* A compressed file does not grow, but it may be made anew. */
static bool
is_other_size(const struct log_file *r, const struct stat *sb)
{
	return instream_is_compressed(r->in.source.in) && r->in.source.state != SOURCE_PIPE &&
	    r->size != (int64_t)sb->st_size;
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
	struct log_file *r = log->current;
	struct stat sb;

	log->current = NULL;
	news_watch_pipe(f->news, log->subject, -1);
	log->over = log_is_stdin(log) || fstat(instream_fd(r->in.source.in), &sb) != 0 || !S_ISFIFO(sb.st_mode);
	if (!log->over && (log->current = log_file_open(f, log, log->path, e)) != NULL)
		watch_current(f, log);
	log_file_close(f, log, r);
	return log->over || log->current != NULL ? TURN_DRY : TURN_FAULT;
}

static enum turn
read_current(struct follow *f, struct log *log, struct err *e)
{
	struct log_file *r = log->current;
	enum turn turn;

	if (r == NULL)
		return TURN_DRY;
	if (!source_goes_on(&r->in.source))
		return lose_content(f, log, e) < 0 ? TURN_ERROR : TURN_MORE;
	/* It may have had lines, which were copied and taken away. */
	if (!r->begun && log_file_is_changed(r)) {
		if (search_older(f, log, e) < 0)
			return TURN_ERROR;
		turn = log_file_begin(f, r, false, e) == 0 ? TURN_MORE : f->run->broken ? TURN_ERROR : TURN_FAULT;
	} else
		turn = log_file_turn(f, r, e);
	if (turn == TURN_DRY && r->in.frame.lost)
		return lose_content(f, log, e) < 0 ? TURN_ERROR : TURN_MORE;
	if (turn == TURN_FAULT) {
		if (run_finish(f->run, 0, e) < 0)
			return TURN_ERROR;
		log_file_close(f, log, r);
		log->current = NULL;
		return turn;
	}
	log->pause = 0;
	return turn == TURN_DRY && r->ended && r->in.source.state == SOURCE_PIPE ? next_writer(f, log, e) : turn;
}

static int
open_current(struct follow *f, struct log *log, const struct stat *sb, struct err *e)
{
	if (sb != NULL && is_open(f, sb)) {
		if (!log->shared)
			note(f, log, true, "read already by another name");
		log->shared = log->begun = true;
		return 0;
	}
	/* What was taken so far is what the store knows when a file is looked up in it. */
	if (log->older != NULL && run_commit(f->run, e) < 0)
		return -1;
	log->current = log_file_open(f, log, log->path, e);
	if (log->current == NULL && e->code == ERR_BUSY && !f->run->broken) { /* renamed just now */
		err_clear(e);
		news_tell(f->news, log->subject);
		return 0;
	}
	if (log->current == NULL)
		return try_again(f, log, e);
	log->begun = true;
	log->missing = log->shared = false;
	watch_current(f, log);
	news_tell(f->news, log->subject);
	return 0;
}

static bool
is_missing(int why)
{
	return why == ENOENT || why == ENOTDIR;
}

static int
wait_for_it(struct follow *f, struct log *log, int why, struct err *e)
{
	if (!is_missing(why)) {
		errno = why;
		err_errno(e, "%s", log->path);
		return try_again(f, log, e);
	}
	if (!log->missing)
		note(f, log, log->begun, "is not there: waiting for it");
	log->missing = log->begun = true;
	return 0;
}

/* Whether a file may have come and gone since: the folder was changed. */
static bool
may_have_come(const struct log *log)
{
	const char *slash = strrchr(log->path, '/');
	char *folder = slash == NULL ? mem_strdup(".") : mem_dup(log->path, (size_t)(slash - log->path) + 1);
	struct stat sb, name;
	bool may = stat(folder, &sb) == 0 && (log->looked == TIME_NONE ||
	    (int64_t)sb.st_mtim.tv_sec * TIME_SECOND + sb.st_mtim.tv_nsec / 1000 >= log->looked - TICK);

	free(folder);
	/* The folder that a link leads to is not known. */
	return may || (lstat(log->path, &name) == 0 && S_ISLNK(name.st_mode));
}

/* Whether the name still is that of the file that is read, and what to do if not. */
static int
look_at_name(struct follow *f, struct log *log, struct err *e)
{
	bool named = !log_is_stdin(log);
	int64_t now = time_now();
	struct stat sb;
	int why = 0;

	if (log->over || (!named && log->current != NULL))
		return 0;
	if (named && stat(log->path, &sb) != 0)
		why = errno;
	if (why == 0 && log->current != NULL && log_file_is(log->current, &sb) && !is_other_size(log->current, &sb)) {
		log->looked = now;
		return 0;
	}
	if (log->current != NULL && (why == 0 || is_missing(why))) {
		run_note(f->run, &log->current->in, true, "was renamed, replaced or removed: read on for a while");
		retire(log);
	}
	if (log->current == NULL && named && may_have_come(log))
		log->searched = false;
	/* The file is held before others are looked for, so that none comes in between. */
	if ((why == 0 ? open_current(f, log, named ? &sb : NULL, e) : wait_for_it(f, log, why, e)) < 0)
		return -1;
	if (!log->searched) {
		if (search_older(f, log, e) < 0)
			return -1;
		if (log->current != NULL || log->older != NULL)
			news_tell(f->news, log->subject);
	}
	if (log->current == NULL && log->again == TIME_NONE)
		log->looked = now;
	return 0;
}

int
log_visit(struct follow *f, struct log *log, struct err *e)
{
	enum turn turn = read_older(f, log, e);

	if (turn == TURN_DRY)
		turn = read_current(f, log, e);
	if (turn == TURN_ERROR)
		return -1;
	if (turn == TURN_MORE) {
		news_tell(f->news, log->subject);
		return 1;
	}
	if (turn == TURN_FAULT)
		return try_again(f, log, e);
	if (log->again != TIME_NONE && time_steady() < log->again)
		return 0;
	log->again = TIME_NONE;
	if (look_at_name(f, log, e) < 0)
		return -1;
	note_polling(f, log);
	return 0;
}

void
log_close(struct follow *f, struct log *log)
{
	while (log->older != NULL) {
		struct log_file *r = log->older;

		log->older = r->next;
		log_file_close(f, log, r);
	}
	log_file_close(f, log, log->current);
	log->current = NULL;
}

/* When the log wants its turn although it has no news. */
int64_t
log_due(const struct log *log)
{
	int64_t due = log->again != TIME_NONE ? log->again : INT64_MAX;

	for (const struct log_file *r = log->older; r != NULL; r = r->next)
		due = earlier(due, earlier(log_file_due(r), log_file_kept(r)));
	return log->current != NULL ? earlier(due, log_file_due(log->current)) : due;
}

