/*
 * run: what the inputs of one ingest run share.  Private to ingest/.
 *
 * input.c opens an input and reads it; take.c takes the events of a chunk, in
 * order, into the store, with full.c's patience; ingest.c, follow.c, serve.c and
 * replay.c have the loops over one input after another, many files that grow,
 * clients, and what is in the quarantine.
 */
#ifndef INGEST_RUN_H
#define INGEST_RUN_H

#include "base/random.h"
#include "ingest/batch.h"
#include "ingest/guess.h"
#include "ingest/ingest.h"
#include "ingest/source.h"

#define FLIGHT 4 /* chunks on their way at a time */
/* Group commit: what came waits no longer than this for more. */
#define COMMIT_IDLE (TIME_SECOND / 20)

/* What becomes of the events. */
enum sink {
	SINK_CHECK, /* nothing: the first pass of --strict */
	SINK_PRINT, /* a dry run */
	SINK_STORE
};

/* A file, a pipe, a client of the socket. */
struct input {
	struct source source;
	struct batch_rules rules;
	struct buf name;   /* rules.source, when nobody says it */
	struct buf label;  /* what messages and the quarantine call it, a string */
	enum ingest_format format;
	bool chosen;       /* the format is known */
	struct buf head;   /* of a pipe: read to choose it */
	bool own;          /* restored records are this store's */
	struct frame frame;
	uint64_t lines;    /* before the batch that is taken now; with a cutter 0 */
	uint64_t placed;   /* with a cutter: lines before the last place that it told */
	bool judged;       /* its first line was taken, and a hint given if it needed one */
	uint64_t kept;     /* behind the last record that went to the quarantine */
};

struct run {
	struct store *st;
	struct pool *pool;
	const struct ingest_options *o;
	struct ingest_receipt *r;
	struct appender *append; /* NULL in a dry run */
	struct batch batch[FLIGHT];
	struct input *of[FLIGHT]; /* whose they are */
	unsigned first, flying;  /* the oldest batch on its way, and how many are */
	struct uuid7 uuid;
	int64_t started;
	int64_t ingested;        /* never goes back */
	int64_t waiting;         /* since when an event waits for its commit; TIME_NONE */
	size_t held;             /* bytes of quarantined lines that wait, about */
	uint64_t stored;         /* committed when `waiting` was set */
	uint64_t uncommitted;    /* lines taken since o->committed was called */
	bool stopped;            /* asked to */
	bool unread;             /* input was left when it stopped */
	bool explained;          /* o->explain was called: no more is wanted */
	bool broken;             /* the store failed: no further commit */
	unsigned pause;          /* seconds between two tries to write on a full disk; 0: it is not */
	/* While there is none: a sign of life, and what people should know (NULL:
	 * nothing new); may be NULL. */
	int64_t (*alive)(void *arg, const char *status);
	void *alive_arg;
	enum sink sink;
	struct input *input;     /* that is taken now */
	struct mapping **mapping; /* all that were opened; as long as the run */
	size_t mappings, mapping_cap;
	const char *title;       /* of what the last input was taken for (--from auto); NULL: none was */
	/* told of each line that was quarantined; may be NULL */
	void (*refused)(void *arg, const struct batch_item *it, enum event_fault fault);
	void *refused_arg;
	bool replay;             /* what is refused is in the quarantine already */
	/* told of each event that was stored, or was there; may be NULL */
	void (*taken)(void *arg, const struct batch_item *it);
	void *taken_arg;
};

/* Whether --source and --tenant can be names. */
int run_check_names(const struct ingest_options *o, struct err *e);

/* Begins; run_close ends it, also after -1, with a true receipt.  st NULL: a dry run. */
int run_open(struct run *run, struct store *st, struct pool *pool, const struct ingest_options *o,
    struct ingest_receipt *r, struct err *e);
void run_close(struct run *run);

/* What messages call an input, and a message about it. */
const char *run_input_name(const struct input *in);
void run_note(const struct run *run, const struct input *in, bool detail, const char *text);

/* The batch whose chunk is to be filled next; NULL: FLIGHT are on their way. */
struct batch *run_free_batch(struct run *run);
/* Sends it on its way: lines or records of `in`, by its rules. */
void run_start_chunk(struct run *run, struct input *in);
/* Takes the events of the oldest chunk on its way. */
int run_take_chunk(struct run *run, struct err *e);
/* After an error: waits for the jobs, takes nothing. */
void run_abandon(struct run *run);

/* Commits what was taken. */
int run_commit(struct run *run, struct err *e);
/* The same after reading ended with rc, also with an error in *e: that stays, and
 * what was taken before it is committed (unless it was the store's).  Returns rc
 * or -1. */
int run_finish(struct run *run, int rc, struct err *e);

/* Whether o->stop said so, now or before. */
bool run_stopped(struct run *run);

/* ---- Inputs (input.c) ---- */

/* Opens a file or "-", and finds out whether it is known.  restored: as in
 * ingest_options, NULL: no such file.  in is {0}; input_close also after -1. */
int input_open(struct run *run, struct input *in, const char *path, const char *restored, struct err *e);
void input_close(struct input *in);

/* The same for in->source that the caller opened. */
int input_adopt(struct run *run, struct input *in, const char *restored, struct err *e);

bool input_is_stdin(const struct input *in);

/* Says what is known of it. */
void input_note_state(const struct run *run, const struct input *in);

/* Begins to read where in->source stands, and again after source_rewind. */
int input_begin(struct run *run, struct input *in, struct err *e);

/* frame_next of the input, once it is known how to read it. */
enum frame_result input_next(struct run *run, struct input *in, struct frame_chunk *c, int wait_ms,
    struct err *e);

/* The first line is no event of ours.  Where it is known whose log it is: -1 for a
 * file of which nothing was read so far, that it may be read as what it is;
 * for others a note. */
int input_judge(const struct run *run, const struct input *in, struct str line, struct err *e);

/*
 * For many inputs at a time: reads what is there without waiting (a plain
 * file's end is not waited for either), about `most` bytes of it, and takes
 * it all.  Nothing is on its way then.  Gives positions, commits only what is
 * too much.  *got: how it ended; FRAME_LINES: there may be more at once.
 */
int input_step(struct run *run, struct input *in, size_t most, enum frame_result *got, struct err *e);

/* While nothing is read: takes what only waits for later lines (frame_idle).
 * *got as above. */
int input_idle(struct run *run, struct input *in, enum frame_result *got, struct err *e);

#endif
