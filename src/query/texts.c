/*
 * texts: batches of events, made into text (see texts.h).
 */
#include "query/texts.h"

#include <stdlib.h>

#include "base/mem.h"
#include "query/text_maker.h"

enum {
	BATCHES = 4,           /* that are gathered at a time */
	ROWS_MAX = 2048,       /* of one */
	BYTES = 2 << 20,       /* about so long, by what events have on average */
	BYTES_MAX = 2 * BYTES, /* a batch is interrupted at */
	AHEAD = 8              /* rows */
};

/* An event: a row of an open feed, or text that is ready. */
struct item {
	const struct feed *feed; /* NULL: the next `length` bytes of ready */
	uint32_t row;
	uint32_t length;
	struct place place;
};

struct batch {
	struct job job;
	bool working;  /* the job was submitted, and not yet waited for */
	struct text_maker *maker;
	struct item *item;
	struct query_text_end *end;
	uint32_t n;
	bool rows;     /* some are rows */
	struct buf ready;
	size_t taken;  /* of ready */
	uint32_t from, done; /* items whose text is in out */
	struct buf out;
	struct err err;
	bool failed;   /* at item `done`, with err */
};

struct texts {
	struct merge *m;
	struct row_blocks *blocks;
	struct text_maker *maker; /* of what is ready at once */
	struct batch batch[BATCHES];
	size_t first, n;          /* those gathered */
	bool ended;               /* the merge has no more */
	bool failed;              /* or cannot go on, with err */
	struct err err;
	bool given_first;         /* what is borrowed is of the first batch */
	struct place last;        /* of the last event given */
	bool begun;               /* last is valid */
	uint64_t given;
};

/* ---- making one ---- */

static int
make_item(struct batch *b, uint32_t i, struct err *e)
{
	const struct item *x = &b->item[i], *ahead = &b->item[i + AHEAD < b->n ? i + AHEAD : i];

	if (ahead->feed != x->feed)
		ahead = x;
	if (x->feed != NULL)
		return text_maker_row(b->maker, x->feed, x->row, ahead->row, &b->out, e);
	buf_add(&b->out, b->ready.p + b->taken, x->length);
	b->taken += x->length;
	return 0;
}

/* Goes on behind what was given of it. */
static void
make(void *arg)
{
	struct batch *b = arg;

	buf_reset(&b->out);
	b->from = b->done;
	for (; b->done < b->n && b->out.len < BYTES_MAX; b->done++) {
		size_t len = b->out.len;

		if (make_item(b, b->done, &b->err) < 0) {
			b->out.len = len;
			b->failed = true;
			break;
		}
		b->end[b->done].end = b->out.len;
	}
	text_maker_release(b->maker);
}

/* A thread of the pool makes it, or without one the caller does. */
static void
submit(struct texts *t, struct batch *b)
{
	b->job = (struct job){ .run = make, .arg = b };
	b->working = t->m->opts.pool != NULL;
	if (b->working)
		pool_submit(t->m->opts.pool, &b->job);
	else
		make(b);
}

/* Until the job is done; then the batch is the caller's. */
static void
await(struct texts *t, struct batch *b)
{
	if (b->working)
		pool_wait(t->m->opts.pool, &b->job);
	b->working = false;
}

/* ---- gathering ---- */

/* Of those gathered, the oldest first; with i = n the next to be filled. */
static struct batch *
batch_at(struct texts *t, size_t i)
{
	return &t->batch[(t->first + i) % BATCHES];
}

static void
await_all(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		await(t, batch_at(t, i));
}

static void
reset(struct texts *t, struct batch *b)
{
	if (b->item == NULL) {
		b->item = mem_alloc(ROWS_MAX * sizeof(*b->item));
		b->end = mem_alloc(ROWS_MAX * sizeof(*b->end));
		b->maker = text_maker_new(&t->m->scan, t->blocks);
	}
	buf_reset(&b->ready);
	buf_reset(&b->out);
	b->n = b->from = b->done = 0;
	b->taken = 0;
	b->rows = b->failed = false;
	err_clear(&b->err);
}

/* What merge_next gave: its bytes, about. */
static size_t
add_item(struct texts *t, struct batch *b)
{
	struct merge *m = t->m;
	struct feed *s = merge_feed(m);
	struct item *x = &b->item[b->n];
	size_t before = b->ready.len;

	*x = (struct item){ .place = m->last };
	b->end[b->n++].seq = m->last.seq;
	if (s->lines == NULL && !packed_has(&s->packed, s->at)) {
		x->feed = s;
		x->row = s->row[s->at].row;
		b->rows = m->busy = true;
		return s->info.meta.bytes / s->info.meta.count;
	}
	if (s->lines != NULL)
		text_maker_event(t->maker, &m->event, m->last.seq, &b->ready);
	else
		buf_str(&b->ready, packed_text(&s->packed, s->at));
	x->length = (uint32_t)(b->ready.len - before);
	return x->length;
}

/* As merge_next, with 1 when the batch is full. */
static int
gather(struct texts *t, struct batch *b, struct err *e)
{
	size_t bytes = 0;
	int rc = 1;

	reset(t, b);
	while (b->n < ROWS_MAX && bytes < BYTES && (rc = merge_next(t->m, e)) == 1)
		bytes += add_item(t, b);
	return rc;
}

/* Waits until nothing is in the works.  Whether all rows gathered are text: a
 * batch may have been interrupted, or have failed. */
static bool
all_made(struct texts *t)
{
	bool all = true;

	await_all(t);
	for (size_t i = 0; i < t->n; i++) {
		const struct batch *b = batch_at(t, i);

		all &= !b->rows || b->done == b->n;
	}
	return all;
}

static void
fill(struct texts *t)
{
	while (t->n < BATCHES && !t->ended && !t->failed) {
		struct batch *b = batch_at(t, t->n);
		int rc = gather(t, b, &t->err);

		if (b->n > 0) {
			t->n++;
			submit(t, b);
		}
		t->ended = rc == 0;
		t->failed = rc < 0;
		if (rc == MERGE_BUSY) {
			if (!all_made(t))
				return;
			t->m->busy = false;
			row_blocks_forget(t->blocks);
		}
	}
}

/* ---- giving ---- */

/* A segment was merged or pruned while its rows were made: from the last event
 * given on, all is looked for where it now is. */
static int
start_again(struct texts *t, struct err *e)
{
	t->n = 0;
	t->ended = t->failed = false;
	err_clear(&t->err);
	row_blocks_forget(t->blocks);
	return merge_again(t->m, t->begun ? &t->last : NULL, t->given, e);
}

/* The batch at the front made nothing more.  0 to go on, -1. */
static int
recover(struct texts *t, struct batch *b, struct err *e)
{
	const struct feed *s = b->item[b->done].feed;

	await_all(t); /* others may still find out that it moved */
	if (s->stored->moved)
		return start_again(t, e);
	*e = b->err;
	t->failed = true;
	t->err = b->err;
	t->n = 0;
	return -1;
}

static void
give(struct texts *t, struct batch *b, struct query_texts *out)
{
	*out = (struct query_texts){ buf_view(&b->out), b->end + b->from, b->done - b->from };
	t->given += out->n;
	t->last = b->item[b->done - 1].place;
	t->begun = true;
	t->given_first = true;
}

/* The batch that was given goes, or goes on. */
static void
drop_given(struct texts *t)
{
	struct batch *b = batch_at(t, 0);

	if (!t->given_first)
		return;
	t->given_first = false;
	if (b->done < b->n) {
		if (!b->failed)
			make(b);
		else
			b->from = b->done;
		return;
	}
	t->first = (t->first + 1) % BATCHES;
	t->n--;
}

int
texts_next(struct texts *t, struct query_texts *out, struct err *e)
{
	for (drop_given(t);;) {
		struct batch *b = batch_at(t, 0);

		fill(t);
		if (t->n == 0 && t->failed) {
			*e = t->err;
			return -1;
		}
		if (t->n == 0)
			return 0;
		await(t, b);
		if (b->done > b->from) {
			give(t, b, out);
			return 1;
		}
		if (recover(t, b, e) < 0)
			return -1;
	}
}

/* ---- the door ---- */

struct texts *
texts_new(struct merge *m)
{
	struct texts *t = mem_zero(1, sizeof(*t));

	t->m = m;
	t->blocks = row_blocks_new();
	t->maker = text_maker_new(&m->scan, t->blocks);
	t->last = m->last;
	t->begun = m->begun;
	return t;
}

void
texts_free(struct texts *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < BATCHES; i++) {
		struct batch *b = &t->batch[i];

		await(t, b);
		text_maker_free(b->maker);
		free(b->item);
		free(b->end);
		buf_fini(&b->ready);
		buf_fini(&b->out);
	}
	text_maker_free(t->maker);
	row_blocks_free(t->blocks);
	free(t);
}

bool
texts_place(const struct texts *t, struct place *last)
{
	*last = t->last;
	return t->begun;
}

uint64_t
texts_given(const struct texts *t)
{
	return t->given;
}
