/*
 * segment_build: events in, pieces out.
 *
 * While rows arrive a column is a table of its distinct values and a code a
 * row.  When most of them turn out to be distinct it becomes plain: the
 * values one behind the other and no hashing any more.  Sealing encodes each
 * column by what it became.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/column.h"
#include "store/dictionary.h"
#include "store/members.h"
#include "store/segment.h"

enum {
	PLAIN_ROWS = 2048,  /* before that a column is not judged */
	MEMBERS_ROWS = 16,  /* fewer values are found without a filter */
	WORKERS_MAX = 8
};

/* A column that once grew beyond this gives its memory back on reset, so that
 * huge values in one field after the other do not add up. */
#define KEEP_MAX (16u * 1024 * 1024)

#define TIMES (FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_INGESTED))

struct column_builder {
	bool plain;
	uint32_t rows; /* filled in; those behind are absent */
	uint32_t present;
	/* as a dictionary: code[row] is 0 or a code */
	struct dictionary dictionary;
	uint32_t *code;
	size_t code_cap;
	/* plain */
	struct span *span;
	size_t span_cap;
	struct buf bytes;
};

struct segment_builder {
	uint32_t count;
	uint64_t bytes;
	field_set fields;
	int64_t *time[2]; /* event time, ingested */
	size_t time_cap[2];
	struct column_builder column[FIELD_COUNT];
	struct scratch scratch[WORKERS_MAX];
};

struct segment_builder *
segment_builder_new(void)
{
	struct segment_builder *b = mem_zero(1, sizeof(*b));

	for (int f = 0; f < FIELD_COUNT; f++)
		dictionary_init(&b->column[f].dictionary, random_u64());
	return b;
}

void
segment_builder_free(struct segment_builder *b)
{
	if (b == NULL)
		return;
	for (int f = 0; f < FIELD_COUNT; f++) {
		struct column_builder *col = &b->column[f];
		dictionary_fini(&col->dictionary);
		free(col->code);
		free(col->span);
		buf_fini(&col->bytes);
	}
	for (int i = 0; i < WORKERS_MAX; i++)
		scratch_fini(&b->scratch[i]);
	free(b->time[0]);
	free(b->time[1]);
	free(b);
}

void
segment_builder_reset(struct segment_builder *b)
{
	for (int f = 0; f < FIELD_COUNT; f++) {
		struct column_builder *col = &b->column[f];
		col->plain = false;
		col->rows = col->present = 0;
		if (col->dictionary.arena.requested > KEEP_MAX)
			arena_fini(&col->dictionary.arena);
		dictionary_reset(&col->dictionary);
		if (col->bytes.cap > KEEP_MAX)
			buf_fini(&col->bytes);
		buf_reset(&col->bytes);
	}
	for (int i = 0; i < WORKERS_MAX; i++)
		if (b->scratch[i].raw.cap > KEEP_MAX || b->scratch[i].table_cap > KEEP_MAX)
			scratch_fini(&b->scratch[i]);
	b->count = 0;
	b->bytes = 0;
	b->fields = 0;
}

uint32_t
segment_builder_count(const struct segment_builder *b)
{
	return b->count;
}

uint64_t
segment_builder_bytes(const struct segment_builder *b)
{
	return b->bytes;
}

/* ---- rows in ---- */

static void
push_plain(struct column_builder *col, uint32_t row, struct str value)
{
	mem_grow(&col->span, &col->span_cap, (size_t)row + 1, sizeof(*col->span));
	for (; col->rows < row; col->rows++)
		col->span[col->rows] = (struct span){ (uint32_t)col->bytes.len, ABSENT };
	col->span[row] = (struct span){ (uint32_t)col->bytes.len, (uint32_t)value.len };
	buf_str(&col->bytes, value);
	col->rows = row + 1;
	col->present++;
}

/* The column's values, row by row, from its dictionary. */
static void
turn_plain(struct column_builder *col)
{
	uint32_t rows = col->rows;

	col->plain = true;
	col->rows = col->present = 0;
	for (uint32_t row = 0; row < rows; row++)
		if (col->code[row])
			push_plain(col, row, col->dictionary.value[col->code[row] - 1]);
	dictionary_reset(&col->dictionary);
}

/* Prose and ids gain nothing from a dictionary when every second value is
 * new; what people filter by is worth one until nearly all are. */
static bool
mostly_distinct(enum field f, const struct column_builder *col)
{
	uint32_t n = col->dictionary.n;

	if (field_table[f].flags & (F_PROSE | F_MEMBER))
		return n > col->present / 2;
	return n > col->present - col->present / 8;
}

static void
add_value(struct segment_builder *b, enum field f, uint32_t row, struct str value)
{
	struct column_builder *col = &b->column[f];

	if (col->plain) {
		push_plain(col, row, value);
		return;
	}
	mem_grow(&col->code, &col->code_cap, (size_t)row + 1, sizeof(*col->code));
	for (; col->rows < row; col->rows++)
		col->code[col->rows] = 0;
	uint32_t known = col->dictionary.n;
	col->code[row] = dictionary_add(&col->dictionary, value);
	col->rows = row + 1;
	col->present++;
	if (col->dictionary.n > known && col->present >= PLAIN_ROWS && mostly_distinct(f, col))
		turn_plain(col);
}

static void
add_time(struct segment_builder *b, enum field f, const struct event *ev, int64_t time)
{
	int which = f == FIELD_INGESTED;

	mem_grow(&b->time[which], &b->time_cap[which], (size_t)b->count + 1, sizeof(*b->time[which]));
	b->time[which][b->count] = event_has(ev, f) ? time : TIME_NONE;
	if (b->time[which][b->count] != TIME_NONE)
		b->fields |= FIELD_BIT(f);
}

void
segment_builder_add(struct segment_builder *b, const struct event *ev, size_t line_len)
{
	add_time(b, FIELD_TIME, ev, ev->time);
	add_time(b, FIELD_INGESTED, ev, ev->ingested);
	for (field_set left = ev->present & ~TIMES; left; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);
		add_value(b, f, b->count, ev->v[f]);
	}
	b->fields |= ev->present & ~TIMES;
	b->bytes += line_len;
	b->count++;
}

void
segment_builder_event(const struct segment_builder *b, uint32_t row, struct event *out)
{
	out->present = 0;
	out->time = b->time[0][row];
	out->ingested = b->time[1][row];
	if (out->time != TIME_NONE)
		out->present |= FIELD_BIT(FIELD_TIME);
	if (out->ingested != TIME_NONE)
		out->present |= FIELD_BIT(FIELD_INGESTED);
	for (field_set left = b->fields & ~TIMES; left; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);
		const struct column_builder *col = &b->column[f];
		if (row >= col->rows)
			continue;
		if (!col->plain && col->code[row])
			event_set(out, f, col->dictionary.value[col->code[row] - 1]);
		else if (col->plain && col->span[row].len != ABSENT)
			event_set(out, f, (struct str){ col->bytes.p + col->span[row].off, col->span[row].len });
	}
}

/* ---- sealing ---- */

/* A column's pieces while they are made; those that stay empty are dropped. */
enum { AT_DICTIONARY, AT_CODES, AT_MEMBERS, AT_BLOCKS };

struct column_pieces {
	struct piece *piece;
	size_t n;
	struct values values;
	struct text_block *block;
};

/* One thing to encode, by whichever worker comes next. */
struct task {
	void (*run)(const struct task *t, struct scratch *s);
	struct sealing *sealing;
	enum field field;
	uint32_t block;
	uint64_t weight; /* bytes to work on */
};

struct sealing {
	const struct segment_builder *b;
	struct column_pieces column[FIELD_COUNT];
	struct task *task;
	size_t tasks, tasks_cap;
	atomic_size_t next;
};

struct worker {
	struct sealing *sealing;
	struct scratch *scratch;
	struct job job;
};

static void
run_time(const struct task *t, struct scratch *s)
{
	const struct segment_builder *b = t->sealing->b;
	struct piece *piece = t->sealing->column[t->field].piece;

	(void)s;
	time_encode(&piece[AT_CODES].data, b->time[t->field == FIELD_INGESTED], b->count);
}

static void
run_dictionary(const struct task *t, struct scratch *s)
{
	const struct segment_builder *b = t->sealing->b;
	const struct column_builder *col = &b->column[t->field];
	struct piece *piece = t->sealing->column[t->field].piece;

	dictionary_encode(&piece[AT_DICTIONARY].data, &piece[AT_CODES].data, col->dictionary.value,
	    col->dictionary.n, col->code, b->count, s);
}

/* The filter of a plain column; neighbours with the same value count once. */
static void
make_members(struct buf *out, enum field f, const struct values *v, struct scratch *s)
{
	uint32_t n = 0;

	if (!(field_table[f].flags & F_MEMBER) || v->present <= MEMBERS_ROWS)
		return;
	uint64_t *hash = scratch_table(s, v->present * sizeof(*hash));
	for (uint32_t row = 0; row < v->count; row++) {
		struct str value = values_get(v, row);
		if (value.p == NULL)
			continue;
		hash[n] = members_hash(value);
		n += n == 0 || hash[n] != hash[n - 1];
	}
	members_new(out, n);
	for (uint32_t i = 0; i < n; i++)
		members_add((uint8_t *)out->p, out->len, hash[i]);
}

static void
run_uuid(const struct task *t, struct scratch *s)
{
	struct column_pieces *out = &t->sealing->column[t->field];

	uuid_encode(&out->piece[AT_DICTIONARY].data, &out->piece[AT_CODES].data, &out->values, s);
	make_members(&out->piece[AT_MEMBERS].data, t->field, &out->values, s);
}

static void
run_text(const struct task *t, struct scratch *s)
{
	struct column_pieces *out = &t->sealing->column[t->field];

	text_encode(&out->piece[AT_DICTIONARY].data, &out->piece[AT_CODES].data, &out->values,
	    out->block, (uint32_t)(out->n - AT_BLOCKS));
	make_members(&out->piece[AT_MEMBERS].data, t->field, &out->values, s);
}

static void
run_block(const struct task *t, struct scratch *s)
{
	struct column_pieces *out = &t->sealing->column[t->field];
	struct text_block block = out->block[t->block];

	buf_reset(&s->raw);
	codec_compress(s->codec, out->values.bytes + block.off, block.len, &s->raw);
	buf_str(&out->piece[AT_BLOCKS + t->block].data, buf_view(&s->raw));
}

static void
add_task(struct sealing *s, enum field f, void (*run)(const struct task *, struct scratch *),
    uint32_t block, uint64_t weight)
{
	mem_grow(&s->task, &s->tasks_cap, s->tasks + 1, sizeof(*s->task));
	s->task[s->tasks++] = (struct task){ run, s, f, block, weight };
}

static void
make_pieces(struct column_pieces *out, enum field f, uint32_t blocks)
{
	out->n = AT_BLOCKS + blocks;
	out->piece = mem_zero(out->n, sizeof(*out->piece));
	for (size_t i = 0; i < out->n; i++) {
		out->piece[i].field = (uint16_t)f;
		out->piece[i].part = (uint16_t)(i < AT_BLOCKS ? i : PART_BLOCK + i - AT_BLOCKS);
	}
}

static void
plan_plain(struct sealing *s, enum field f, const struct column_builder *col)
{
	struct column_pieces *out = &s->column[f];
	uint32_t blocks = 0;

	out->values = (struct values){ col->span, col->bytes.p ? col->bytes.p : "", s->b->count, col->present };
	if (uuid_suits(&out->values)) {
		make_pieces(out, f, 0);
		add_task(s, f, run_uuid, 0, col->bytes.len);
		return;
	}
	out->block = text_cut(&out->values, &blocks);
	make_pieces(out, f, blocks);
	add_task(s, f, run_text, 0, s->b->count);
	for (uint32_t i = 0; i < blocks; i++)
		add_task(s, f, run_block, i, out->block[i].len);
}

static bool
looks_like_uuids(const struct column_builder *col)
{
	uint64_t uuid[2];

	for (uint32_t i = 0; i < col->dictionary.n; i++)
		if (!uuid_parse(col->dictionary.value[i].p, col->dictionary.value[i].len, uuid))
			return false;
	return true;
}

/* Fills in the rows behind the last present one, and decides for a short
 * column what the rows did not yet.  A second time it changes nothing. */
static void
settle(struct segment_builder *b, enum field f)
{
	struct column_builder *col = &b->column[f];
	bool own = field_table[f].flags & (F_PROSE | F_MEMBER);

	if (!col->plain && col->present > MEMBERS_ROWS && col->dictionary.n > col->present / 2 &&
	    (own || looks_like_uuids(col)))
		turn_plain(col);
	if (col->plain) {
		mem_grow(&col->span, &col->span_cap, b->count, sizeof(*col->span));
		for (; col->rows < b->count; col->rows++)
			col->span[col->rows] = (struct span){ (uint32_t)col->bytes.len, ABSENT };
	} else {
		mem_grow(&col->code, &col->code_cap, b->count, sizeof(*col->code));
		for (; col->rows < b->count; col->rows++)
			col->code[col->rows] = 0;
	}
}

void
segment_builder_settle(struct segment_builder *b)
{
	for (field_set left = b->fields & ~TIMES; left; left &= left - 1)
		settle(b, (enum field)__builtin_ctzll(left));
}

static void
plan(struct sealing *s, struct segment_builder *b)
{
	for (field_set left = b->fields; left; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);
		if (FIELD_BIT(f) & TIMES) {
			make_pieces(&s->column[f], f, 0);
			add_task(s, f, run_time, 0, b->count * sizeof(int64_t));
			continue;
		}
		if (b->column[f].plain) {
			plan_plain(s, f, &b->column[f]);
		} else {
			make_pieces(&s->column[f], f, 0);
			add_task(s, f, run_dictionary, 0, b->count * (uint64_t)4 + b->column[f].dictionary.n * (uint64_t)64);
		}
	}
}

static int
heavier_first(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	return x->weight < y->weight ? 1 : x->weight > y->weight ? -1 : 0;
}

static void
work(void *arg)
{
	struct worker *w = arg;
	size_t i;

	if (w->scratch->codec == NULL)
		w->scratch->codec = codec_new();
	while ((i = atomic_fetch_add(&w->sealing->next, 1)) < w->sealing->tasks)
		w->sealing->task[i].run(&w->sealing->task[i], w->scratch);
}

static void
run_tasks(struct sealing *s, struct segment_builder *b, struct pool *pool)
{
	struct worker worker[WORKERS_MAX];
	unsigned workers = pool ? pool_cpus() : 1;

	if (workers > WORKERS_MAX)
		workers = WORKERS_MAX;
	qsort(s->task, s->tasks, sizeof(*s->task), heavier_first);
	for (unsigned i = 0; i < workers; i++)
		worker[i] = (struct worker){ s, &b->scratch[i], { .run = work, .arg = &worker[i] } };
	for (unsigned i = 1; i < workers; i++)
		pool_submit(pool, &worker[i].job);
	work(&worker[0]);
	for (unsigned i = 1; i < workers; i++)
		pool_wait(pool, &worker[i].job);
}

static void
time_range(const int64_t *time, uint32_t count, int64_t *min, int64_t *max)
{
	*min = *max = TIME_NONE;
	for (uint32_t i = 0; i < count; i++) {
		if (time[i] == TIME_NONE)
			continue;
		*min = *min == TIME_NONE || time[i] < *min ? time[i] : *min;
		*max = time[i] > *max ? time[i] : *max;
	}
}

static void
gather_pieces(struct sealing *s, struct sealed *out)
{
	size_t cap = 0;

	for (int f = 0; f < FIELD_COUNT; f++) {
		struct column_pieces *col = &s->column[f];
		mem_grow(&out->piece, &cap, out->n + col->n, sizeof(*out->piece));
		for (size_t i = 0; i < col->n; i++)
			if (col->piece[i].data.len > 0)
				out->piece[out->n++] = col->piece[i];
			else
				buf_fini(&col->piece[i].data);
		free(col->piece);
		free(col->block);
	}
}

void
segment_builder_seal(struct segment_builder *b, struct pool *pool, struct sealed *out)
{
	struct sealing s = { .b = b };

	*out = (struct sealed){ .meta = { .count = b->count, .fields = b->fields, .bytes = b->bytes } };
	time_range(b->time[0], b->count, &out->meta.min_time, &out->meta.max_time);
	time_range(b->time[1], b->count, &out->meta.min_ingested, &out->meta.max_ingested);
	segment_builder_settle(b);
	plan(&s, b);
	run_tasks(&s, b, pool);
	gather_pieces(&s, out);
	free(s.task);
}

void
sealed_fini(struct sealed *s)
{
	for (size_t i = 0; i < s->n; i++)
		buf_fini(&s->piece[i].data);
	free(s->piece);
	*s = (struct sealed){ 0 };
}
