/*
 * auditd: events out of the lines of a Linux audit log.
 *
 * Records interleave, so that serials come as 101 102 101 102.  Lines are
 * gathered as they are, one group for each event; a group that is released is
 * parsed when it is taken.
 *
 * In: lines in the order of the log.   Out: events, and faulty lines.
 */
#include "ingest/auditd.h"

#include <stdlib.h>

#include "ingest/auditd_event.h"
#include "ingest/auditd_record.h"

/* Clocks of machines differ: a record of one says less of another's events. */
#define QUIET_ELSEWHERE (60 * TIME_SECOND)
/* Out of order is not only said of the clock: so many lines must have come. */
#define QUIET_LINES 32
/* A record with a time that never comes must not hold the position for ever. */
#define IDLE_LINES 10000
/* Released events that the position is not yet behind; more are merged. */
#define SPANS_MAX 64
/* Memory of a group that is kept for the next. */
#define SPARE_MAX (16 * 1024)

/* A place between two lines. */
struct place {
	uint64_t offset, line;
};

/* The records of one event so far. */
struct group {
	int64_t time;
	uint64_t serial;
	size_t node_at, node_len; /* in text */
	struct buf text;
	size_t records;
	struct place start;
	uint64_t end;
	uint64_t touched;         /* the line count when a record came last */
	bool cut;
};

struct faulty {
	enum event_fault fault;
	const char *detail;
	char *raw; /* owned */
	size_t len;
	uint64_t offset, end, line;
};

/* The bytes of the log from an event's first record to its last. */
struct span {
	struct place start;
	uint64_t end;
};

struct groups {
	struct group **item;
	size_t n, cap;
};

struct auditd {
	struct group *open[AUDITD_OPEN_MAX]; /* in the order of their first records */
	size_t n_open;
	struct groups ready, spare;
	size_t n_taken;        /* of ready */
	struct group *current; /* what the caller has borrowed */
	struct faulty *faulty;
	size_t n_faulty, faulty_cap, faulty_taken;
	struct span span[SPANS_MAX];
	size_t n_spans;
	size_t held;
	uint64_t lines;
	struct place position, end;
	struct arena arena;    /* of the event the caller has borrowed */
};

struct auditd *
auditd_new(uint64_t offset, uint64_t line)
{
	struct auditd *a = mem_zero(1, sizeof(*a));

	a->position = a->end = (struct place){ offset, line };
	return a;
}

static void
free_groups(struct group **item, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (item[i] != NULL)
			buf_fini(&item[i]->text);
		free(item[i]);
	}
}

void
auditd_free(struct auditd *a)
{
	if (a == NULL)
		return;
	free_groups(a->open, a->n_open);
	if (a->n_taken < a->ready.n)
		free_groups(a->ready.item + a->n_taken, a->ready.n - a->n_taken);
	free_groups(a->spare.item, a->spare.n);
	free_groups(&a->current, 1);
	free(a->ready.item);
	free(a->spare.item);
	for (size_t i = a->faulty_taken; i < a->n_faulty; i++)
		free(a->faulty[i].raw);
	free(a->faulty);
	arena_fini(&a->arena);
	free(a);
}

/* ---- Groups ---- */

static void
push(struct groups *g, struct group *group)
{
	mem_grow(&g->item, &g->cap, g->n + 1, sizeof(g->item[0]));
	g->item[g->n++] = group;
}

static struct group *
new_group(struct auditd *a)
{
	struct buf text = { 0 };
	struct group *g;

	if (a->spare.n == 0)
		g = mem_alloc(sizeof(*g));
	else {
		g = a->spare.item[--a->spare.n];
		text = g->text;
		buf_reset(&text);
	}
	*g = (struct group){ .text = text };
	return g;
}

static void
retire(struct auditd *a, struct group *g)
{
	if (g == NULL)
		return;
	if (g->text.cap > SPARE_MAX) {
		buf_fini(&g->text);
		g->text = (struct buf){ 0 };
	}
	push(&a->spare, g);
}

static void
add_span(struct auditd *a, struct span span)
{
	for (size_t i = 0; a->n_spans == SPANS_MAX && i < SPANS_MAX; i++) {
		if (a->span[i].start.offset < span.start.offset)
			span.start = a->span[i].start;
		if (a->span[i].end > span.end)
			span.end = a->span[i].end;
	}
	if (a->n_spans == SPANS_MAX)
		a->n_spans = 0;
	a->span[a->n_spans++] = span;
}

static void
release(struct auditd *a, size_t i)
{
	add_span(a, (struct span){ a->open[i]->start, a->open[i]->end });
	push(&a->ready, a->open[i]);
	a->held -= a->open[i]->text.len;
	a->n_open--;
	memmove(&a->open[i], &a->open[i + 1], (a->n_open - i) * sizeof(a->open[0]));
}

static bool
same_node(const struct group *g, struct str node)
{
	return g->node_len == node.len &&
	    (node.len == 0 || memcmp(g->text.p + g->node_at, node.p, node.len) == 0);
}

/* The open event of a record, or n_open.  The newest is likeliest. */
static size_t
find_open(const struct auditd *a, const struct auditd_head *h)
{
	for (size_t i = a->n_open; i-- > 0;)
		if (a->open[i]->serial == h->serial && a->open[i]->time == h->time && same_node(a->open[i], h->node))
			return i;
	return a->n_open;
}

static void
open_group(struct auditd *a, const struct auditd_head *h, struct str line, struct place start)
{
	struct group *g = new_group(a);

	g->time = h->time;
	g->serial = h->serial;
	g->node_len = h->node.len;
	g->node_at = h->node.len > 0 ? (size_t)(h->node.p - line.p) : 0;
	g->start = start;
	a->open[a->n_open++] = g;
}

static void
add_record(struct auditd *a, struct group *g, struct str line, uint64_t end)
{
	size_t before = g->text.len;

	if (g->records > 0)
		buf_byte(&g->text, '\n');
	buf_str(&g->text, line);
	a->held += g->text.len - before;
	g->records++;
	g->end = end;
	g->touched = a->lines;
}

/* ---- When they are complete ---- */

static bool
is_quiet(const struct auditd *a, const struct group *g, int64_t time, struct str node)
{
	if (g->time >= time - AUDITD_QUIET || a->lines - g->touched <= QUIET_LINES)
		return false;
	return g->time < time - QUIET_ELSEWHERE || same_node(g, node);
}

/* The log is at `time` of `node`: what is much older gets no more records. */
static void
release_quiet(struct auditd *a, int64_t time, struct str node)
{
	for (size_t i = 0; i < a->n_open;)
		if (is_quiet(a, a->open[i], time, node))
			release(a, i);
		else
			i++;
}

static void
release_excess(struct auditd *a)
{
	if (a->n_open > 0 && a->lines - a->open[0]->touched > IDLE_LINES)
		release(a, 0);
	while (a->n_open >= AUDITD_OPEN_MAX || (a->n_open > 0 && a->held > AUDITD_HELD_MAX))
		release(a, 0);
}

/*
 * Before the position no open event begins, and no event has records on both
 * sides of it: read again from there, all events are what they were.
 */
static void
settle(struct auditd *a)
{
	struct place position = a->n_open > 0 ? a->open[0]->start : a->end;

	for (size_t i = 0; i < a->n_spans;) {
		struct span s = a->span[i];

		if (s.start.offset < position.offset && s.end > position.offset) {
			position = s.start;
			i = 0;
		} else
			i++;
	}
	for (size_t i = 0; i < a->n_spans;)
		if (a->span[i].end <= position.offset)
			a->span[i] = a->span[--a->n_spans];
		else
			i++;
	if (position.offset > a->position.offset)
		a->position = position;
}

void
auditd_flush(struct auditd *a)
{
	while (a->n_open > 0)
		release(a, 0);
	settle(a);
}

/* ---- Lines ---- */

/* It may not be given out before the position is behind it: nobody would
 * notice that it came twice. */
static void
add_faulty(struct auditd *a, enum event_fault fault, const char *detail, struct str line, struct place start)
{
	if (line.len > AUDITD_LINE_MAX)
		line.len = AUDITD_LINE_MAX;
	mem_grow(&a->faulty, &a->faulty_cap, a->n_faulty + 1, sizeof(a->faulty[0]));
	a->faulty[a->n_faulty++] = (struct faulty){ .fault = fault, .detail = detail,
		.raw = mem_dup(line.p, line.len), .len = line.len,
		.offset = start.offset, .end = a->end.offset, .line = start.line };
	a->held += line.len;
	if (a->n_faulty >= AUDITD_FAULTS_MAX)
		auditd_flush(a);
}

static void
take_record(struct auditd *a, const struct auditd_head *h, struct str line, struct place start)
{
	enum auditd_role role = h->known != NULL ? h->known->role : AUDITD_MAIN;
	size_t i = find_open(a, h);

	if (i < a->n_open && role != AUDITD_END && a->open[i]->text.len + line.len >= AUDITD_EVENT_MAX) {
		a->open[i]->cut = true;
		release(a, i);
		i = a->n_open;
	}
	if (i == a->n_open) {
		if (role == AUDITD_END)
			return;
		open_group(a, h, line, start);
	}
	if (role != AUDITD_END)
		add_record(a, a->open[i], line, a->end.offset);
	if (role == AUDITD_END || role == AUDITD_LAST || role == AUDITD_ALONE)
		release(a, i);
}

void
auditd_feed(struct auditd *a, struct str line, uint64_t offset, uint64_t end, uint64_t number)
{
	struct place start = { offset, number };
	struct auditd_head h;
	enum event_fault fault;
	const char *detail;

	a->lines++;
	a->end = (struct place){ end, number + 1 };
	if (!auditd_line_blank(line)) {
		fault = auditd_head_parse(&h, line, &detail);
		if (fault != EVENT_OK)
			add_faulty(a, fault, detail, line, start);
		else {
			release_quiet(a, h.time, h.node);
			take_record(a, &h, line, start);
		}
		release_excess(a);
	}
	settle(a);
}

/* ---- What was released ---- */

static void
give_event(struct auditd *a, struct auditd_item *item)
{
	struct group *g = a->ready.item[a->n_taken++];

	a->current = g;
	*item = (struct auditd_item){ .fault = EVENT_OK, .detail = "", .raw = buf_view(&g->text),
		.offset = g->start.offset, .end = g->end, .line = g->start.line, .records = g->records };
	auditd_event_make(&item->ev, item->raw, g->records, g->cut, &a->arena);
	if (item->ev.v[FIELD_CONTEXT].len > AUDITD_CONTEXT_MAX)
		item->fault = EVENT_TOO_LONG;
}

static void
give_faulty(struct auditd *a, struct auditd_item *item)
{
	struct faulty *f = &a->faulty[a->faulty_taken++];

	*item = (struct auditd_item){ .fault = f->fault, .detail = f->detail, .offset = f->offset,
		.end = f->end, .line = f->line, .records = 1 };
	item->raw = (struct str){ arena_copy(&a->arena, f->raw, f->len), f->len };
	a->held -= f->len;
	free(f->raw);
}

static void
forget_taken(struct auditd *a)
{
	size_t left = a->n_faulty - a->faulty_taken;

	if (left > 0 && a->faulty_taken > 0)
		memmove(a->faulty, a->faulty + a->faulty_taken, left * sizeof(a->faulty[0]));
	a->n_faulty = left;
	a->faulty_taken = 0;
}

bool
auditd_next(struct auditd *a, struct auditd_item *item)
{
	retire(a, a->current);
	a->current = NULL;
	arena_reset(&a->arena);
	if (a->n_taken < a->ready.n) {
		give_event(a, item);
		return true;
	}
	a->n_taken = a->ready.n = 0;
	if (a->faulty_taken < a->n_faulty && a->faulty[a->faulty_taken].end <= a->position.offset) {
		give_faulty(a, item);
		return true;
	}
	forget_taken(a);
	return false;
}

uint64_t
auditd_position(const struct auditd *a)
{
	return a->position.offset;
}

uint64_t
auditd_position_line(const struct auditd *a)
{
	return a->position.line;
}

size_t
auditd_open(const struct auditd *a)
{
	return a->n_open;
}

size_t
auditd_held(const struct auditd *a)
{
	return a->held;
}
