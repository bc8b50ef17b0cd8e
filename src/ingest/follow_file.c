/* follow_file: an open file, read as far as there is something. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ingest/follow_parts.h"

/* So much of a file is read before it is the next one's turn. */
#define TURN (8 * FRAME_CHUNK)
/* A file whose name another one has is let go when nothing was added to it for
 * so long; when it has no name any more it only keeps the disk full. */
#define LINGER (300 * TIME_SECOND)
#define LINGER_REMOVED (10 * TIME_SECOND)
/* How often a cutter that holds something back is told that time passes. */
#define IDLE_EVERY TIME_SECOND

/* ---- opening ---- */

void
log_file_close(struct follow *f, const struct log *log, struct log_file *r)
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

bool
log_file_is(const struct log_file *r, const struct stat *sb)
{
	uint64_t dev, ino;

	if (r == NULL)
		return false;
	instream_identity(r->in.source.in, &dev, &ino);
	return dev == (uint64_t)sb->st_dev && ino == (uint64_t)sb->st_ino;
}

/* Begins to read what r->in.source is. */
static int
begin(struct follow *f, struct log_file *r, struct err *e)
{
	struct source *s = &r->in.source;

	if (input_adopt(f->run, &r->in, NULL, e) < 0)
		return -1;
	input_note_state(f->run, &r->in);
	if (s->moved && f->run->append != NULL)
		append_position(f->run->append, &s->file);
	if (input_begin(f->run, &r->in, e) < 0)
		return -1;
	r->in.frame.grows = s->state != SOURCE_PIPE && !instream_is_compressed(s->in);
	r->begun = true;
	return 0;
}

bool
log_file_is_changed(struct log_file *r)
{
	int64_t size = r->size, changed = r->changed;
	struct stat sb;

	if (fstat(instream_fd(r->in.source.in), &sb) != 0)
		return false;
	r->size = (int64_t)sb.st_size;
	r->changed = (int64_t)sb.st_mtim.tv_sec * TIME_SECOND * 1000 + sb.st_mtim.tv_nsec;
	/* The clock of the file system may be coarse. */
	return r->size != size || r->changed != changed;
}

/* A file's key, and what it is known by, come from its first record: as long
 * as that is not whole the file is only held. */
int
log_file_begin(struct follow *f, struct log_file *r, bool at_last, struct err *e)
{
	if (r->size == 0)
		return 0;
	if (source_look_again(&r->in.source, f->run->st, e) < 0)
		return -1;
	return r->in.source.begins && !at_last ? 0 : begin(f, r, e);
}

/* News are asked for first, so that none are missed. */
struct log_file *
log_file_open(struct follow *f, const struct log *log, const char *path, struct err *e)
{
	struct log_file *r = mem_zero(1, sizeof(*r));
	int rc;

	r->number = -1;
	r->last = time_steady();
	if (path != log->path)
		path = r->path = mem_strdup(path);
	if (!log_is_stdin(log))
		r->number = news_watch_file(f->news, log->subject, path);
	rc = source_open_now(&r->in.source, path, log->path, f->run->st, e);
	if (rc == 0 && log_is_stdin(log) && r->in.source.state != SOURCE_PIPE)
		r->number = news_watch_file(f->news, log->subject, r->in.source.open_path);
	if (rc == 0) {
		r->dry = true;
		r->size = -1;
		if (!r->in.source.begins) {
			log_file_is_changed(r);
			rc = begin(f, r, e);
		}
	}
	if (rc == 0)
		return r;
	log_file_close(f, log, r);
	return NULL;
}

/* ---- when it is time ---- */

int64_t
log_file_kept(const struct log_file *r)
{
	struct stat sb;

	if (r->ended)
		return r->last;
	return r->last + (fstat(instream_fd(r->in.source.in), &sb) == 0 && sb.st_nlink > 0 ? LINGER : LINGER_REMOVED);
}

int64_t
log_file_due(const struct log_file *r)
{
	const struct cutter *c = &r->in.frame.cutter;
	bool waits = c->kind != NULL && c->kind->idle != NULL &&
	    (c->kind->incomplete == NULL || c->kind->incomplete(c->state));

	return waits && !r->ended ? r->idle + IDLE_EVERY : INT64_MAX;
}

/* ---- reading ---- */

/* Whether it was the input that failed, or what becomes of it. */
static enum turn
failed(const struct follow *f, enum frame_result got)
{
	return got == FRAME_ERROR && !f->run->broken ? TURN_FAULT : TURN_ERROR;
}

enum turn
log_file_turn(struct follow *f, struct log_file *r, struct err *e)
{
	enum frame_result got = FRAME_WAIT;
	uint64_t before;

	if (!r->begun && log_file_is_changed(r) && log_file_begin(f, r, false, e) < 0)
		return f->run->broken ? TURN_ERROR : TURN_FAULT;
	if (r->ended || !r->begun)
		return TURN_DRY;
	before = r->in.frame.offset;
	if (input_step(f->run, &r->in, TURN, &got, e) < 0)
		return failed(f, got);
	if (r->in.frame.offset != before)
		r->last = time_steady();
	r->ended = got == FRAME_END;
	r->dry = got != FRAME_LINES;
	if (r->dry && log_file_due(r) <= time_steady()) {
		r->idle = time_steady();
		return input_idle(f->run, &r->in, &got, e) < 0 ? failed(f, got) : TURN_DRY;
	}
	return r->dry ? TURN_DRY : TURN_MORE;
}

int
log_file_finish(struct follow *f, struct log_file *r, struct err *e)
{
	enum turn turn = TURN_DRY;

	if (!r->begun && log_file_begin(f, r, true, e) < 0)
		turn = TURN_FAULT;
	r->in.rules.regular = false;
	r->in.frame.grows = false;
	r->in.frame.whole = true;
	if (r->begun)
		while ((turn = log_file_turn(f, r, e)) == TURN_MORE)
			;
	if (turn != TURN_FAULT)
		return turn == TURN_ERROR ? -1 : 0;
	run_note(f->run, &r->in, false, e->text);
	err_clear(e);
	return 0;
}

