/*
 * follow_parts: what the files of follow.c share.  Private to it.
 *
 * follow_file.c reads an open file as far as there is something; follow_log.c
 * knows which files a log consists of; follow.c lets the logs take turns.
 */
#ifndef INGEST_FOLLOW_PARTS_H
#define INGEST_FOLLOW_PARTS_H

#include <sys/stat.h>

#include "ingest/news.h"
#include "ingest/run.h"

/* An open file. */
struct log_file {
	struct log_file *next; /* of the older files of a log: the next younger */
	struct input in;
	char *path;          /* of an older file: its own; else NULL */
	int number;          /* by which its news are forgotten; -1: none */
	bool begun;          /* it has a first record, by which it is known */
	bool ended;          /* nothing more will come, it only holds its place */
	bool dry;            /* read to its end */
	int64_t last;        /* when something of it came, or it became an older one */
	int64_t idle;        /* when its cutter was told that time passes */
	int64_t size;        /* of what does not just grow: compressed, or not begun; when it was looked at, ... */
	int64_t changed;     /* ... and when it was changed */
};

/* A name that was given. */
struct log {
	const char *path;
	size_t subject;         /* of the news */
	struct log_file *current; /* NULL: there is none */
	struct log_file *older;   /* rotated files, oldest first: read before it */
	bool searched;          /* for these, since current was lost */
	bool begun;             /* it was looked at before */
	bool over;              /* a pipe that cannot be opened again has ended */
	int64_t looked;         /* when all that was there had been read or was open; TIME_NONE: not yet */
	int64_t again, pause;   /* after an error: when it is tried again; TIME_NONE */
	bool missing, polled, shared; /* was told */
};

struct follow {
	struct run *run;
	struct news *news;
	struct log *log;
	size_t n;
	int64_t fresh; /* since when something new waits for its commit, and not what was left to read; TIME_NONE */
};

/* What the turn of a file came to. */
enum turn {
	TURN_ERROR = -1,
	TURN_DRY,  /* nothing more for now */
	TURN_MORE,
	TURN_FAULT /* the input cannot be read: *e says why */
};

static inline int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Opens a file of the log, by the log's path or another; to be read from then on. */
struct log_file *log_file_open(struct follow *f, const struct log *log, const char *path, struct err *e);
void log_file_close(struct follow *f, const struct log *log, struct log_file *r);

/* Whether it is this file. */
bool log_file_is(const struct log_file *r, const struct stat *sb);
/* Whether it was changed since this was asked last. */
bool log_file_is_changed(struct log_file *r);

/* A file that has no first record begins, if it has one by now.  at_last: if it
 * has anything, because no more will come.  0 or -1. */
int log_file_begin(struct follow *f, struct log_file *r, bool at_last, struct err *e);
/* Takes what there is, but not too much at a time. */
enum turn log_file_turn(struct follow *f, struct log_file *r, struct err *e);
/* The last of a file: what is incomplete will stay so, and is taken or refused. */
int log_file_finish(struct follow *f, struct log_file *r, struct err *e);

/* When (time_steady) a file, or a log, wants a turn although there are no news;
 * INT64_MAX: never. */
int64_t log_file_due(const struct log_file *r);
int64_t log_due(const struct log *log);
/* How long one that is not what the log's name means is kept. */
int64_t log_file_kept(const struct log_file *r);

/* A log's turn.  1: there is more of it; 0: there is not; -1: all has to end. */
int log_visit(struct follow *f, struct log *log, struct err *e);
void log_close(struct follow *f, struct log *log);

bool log_is_stdin(const struct log *log);

#endif
