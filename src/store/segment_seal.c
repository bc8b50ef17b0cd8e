/*
 * segment_seal: gathered rows in, pieces out.
 *
 * First it is decided how each column is encoded and where texts are cut;
 * that makes a list of tasks, one for a column or a block of texts, which
 * workers take one after the other, the heaviest first.  The filters of
 * trigrams follow when all blocks are done.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/builder.h"
#include "store/members.h"
#include "store/trigrams.h"

enum {
	MEMBERS_ROWS = 16,     /* fewer values are found without a filter */
	MEMBERS_VALUES = 2048  /* and fewer of a dictionary by reading it */
};

/* A column's pieces while they are made; those that stay empty are dropped. */
enum { AT_DICTIONARY, AT_CODES, AT_MEMBERS, AT_TRIGRAMS, AT_BLOCKS };

struct column_pieces {
	struct piece *piece;
	size_t n;
	struct values values;
	struct text_block *block;
	bool dense; /* how these are compressed */
	struct trigram_set *set; /* of each block, or of all values; NULL: no filter is made */
	size_t sets;
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
	bool with_whole;    /* a filter of trigrams of all columns */
	struct piece whole;
	struct task *task;
	size_t tasks, tasks_cap;
	atomic_size_t next;
};

struct worker {
	struct sealing *sealing;
	struct scratch *scratch;
};

static void
run_time(const struct task *t, struct scratch *s)
{
	const struct segment_builder *b = t->sealing->b;
	struct piece *piece = t->sealing->column[t->field].piece;

	(void)s;
	time_encode(&piece[AT_CODES].data, b->time[t->field == FIELD_INGESTED], b->count);
}

/* What the values of a dictionary have; one that is long to read gets a filter
 * of its own. */
static void
gather_values(struct column_pieces *out, const struct dictionary *d, struct scratch *s)
{
	struct trigram_marks *marks = trigrams_begin(s);
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < d->n; i++) {
		trigrams_add(marks, d->value[i]);
		bytes += d->value[i].len;
	}
	trigrams_end(marks, out->set);
	if (bytes >= TRIGRAM_VALUES_MIN)
		trigrams_encode(&out->piece[AT_TRIGRAMS].data, out->set, 1, s);
}

/* One that is long to read need not be read to know that a value is not there. */
static void
make_dictionary_members(struct buf *out, enum field f, const struct dictionary *d)
{
	bool folded = (field_table[f].flags & F_NOCASE) != 0;

	if (d->n < MEMBERS_VALUES || field_table[f].type != FIELD_STRING)
		return;
	members_new(out, d->n);
	for (uint32_t i = 0; i < d->n; i++)
		members_add((uint8_t *)out->p, out->len,
		    folded ? members_hash_folded(d->value[i]) : members_hash(d->value[i]));
}

static void
run_dictionary(const struct task *t, struct scratch *s)
{
	const struct segment_builder *b = t->sealing->b;
	const struct column_builder *col = &b->column[t->field];
	struct column_pieces *out = &t->sealing->column[t->field];

	dictionary_encode(&out->piece[AT_DICTIONARY].data, &out->piece[AT_CODES].data, col->dictionary.value,
	    col->dictionary.n, col->code, b->count, s);
	make_dictionary_members(&out->piece[AT_MEMBERS].data, t->field, &col->dictionary);
	if (out->set != NULL)
		gather_values(out, &col->dictionary, s);
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

/* The values that are no UUIDs, from the piece just made (column_uuid.c). */
static void
gather_exceptions(struct trigram_set *set, struct str piece, struct scratch *s)
{
	struct cursor c = { (const uint8_t *)piece.p + 1, (const uint8_t *)piece.p + piece.len };
	struct trigram_marks *marks = trigrams_begin(s);
	uint64_t number, left, len = 0;

	cursor_number(&c, UINT64_MAX, &number);
	for (cursor_number(&c, UINT64_MAX, &left); left > 0; left--) {
		cursor_number(&c, UINT64_MAX, &number);
		cursor_number(&c, UINT64_MAX, &len);
		trigrams_add(marks, (struct str){ (const char *)cursor_bytes(&c, (size_t)len), (size_t)len });
	}
	trigrams_end(marks, set);
}

static void
run_uuid(const struct task *t, struct scratch *s)
{
	struct column_pieces *out = &t->sealing->column[t->field];

	uuid_encode(&out->piece[AT_DICTIONARY].data, &out->piece[AT_CODES].data, &out->values, s);
	make_members(&out->piece[AT_MEMBERS].data, t->field, &out->values, s);
	if (out->set != NULL)
		gather_exceptions(out->set, buf_view(&out->piece[AT_DICTIONARY].data), s);
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
	(out->dense ? codec_compress_dense : codec_compress)(s->codec, out->values.bytes + block.off, block.len, &s->raw);
	buf_str(&out->piece[AT_BLOCKS + t->block].data, buf_view(&s->raw));
	if (out->set != NULL) {
		struct trigram_marks *marks = trigrams_begin(s);

		for (uint32_t row = block.row; row < block.row + block.rows; row++)
			trigrams_add(marks, values_get(&out->values, row));
		trigrams_end(marks, &out->set[t->block]);
	}
}

static void
run_trigrams(const struct task *t, struct scratch *s)
{
	struct column_pieces *out = &t->sealing->column[t->field];

	trigrams_encode(&out->piece[AT_TRIGRAMS].data, out->set, (uint32_t)out->sets, s);
}

static void
run_whole(const struct task *t, struct scratch *s)
{
	struct trigram_set *any = mem_zero(1, sizeof(*any));

	for (int f = 0; f < FIELD_COUNT; f++)
		for (size_t i = 0; i < t->sealing->column[f].sets; i++)
			for (uint32_t w = 0; w < TRIGRAM_WORDS; w++)
				any->word[w] |= t->sealing->column[f].set[i].word[w];
	trigrams_encode(&t->sealing->whole.data, any, 1, s);
	free(any);
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
make_sets(struct column_pieces *out, uint32_t n)
{
	out->set = mem_alloc(n * sizeof(*out->set));
	out->sets = n;
}

static void
plan_plain(struct sealing *s, enum field f, const struct column_builder *col, struct scratch *scratch)
{
	struct column_pieces *out = &s->column[f];
	struct text_plan how;
	uint32_t blocks = 0;

	out->values = (struct values){ col->span, col->bytes.p ? col->bytes.p : "", s->b->count, col->present };
	if (uuid_suits(&out->values)) {
		make_pieces(out, f, 0);
		if (s->with_whole)
			make_sets(out, 1);
		add_task(s, f, run_uuid, 0, col->bytes.len);
		return;
	}
	how = text_plan(&out->values, col->bytes.len, scratch);
	out->dense = how.dense;
	out->block = text_cut(&out->values, how.size, &blocks);
	make_pieces(out, f, blocks);
	add_task(s, f, run_text, 0, s->b->count);
	for (uint32_t i = 0; i < blocks; i++)
		add_task(s, f, run_block, i, out->block[i].len);
	if (s->with_whole || blocks >= TRIGRAM_BLOCKS_MIN)
		make_sets(out, blocks);
}

static void
need_codec(struct scratch *s)
{
	if (s->codec == NULL)
		s->codec = codec_new();
}

/* What needs all blocks of a column, or all columns. */
static void
plan_trigrams(struct sealing *s)
{
	s->tasks = 0;
	atomic_store(&s->next, 0);
	for (int f = 0; f < FIELD_COUNT; f++)
		if (s->column[f].sets >= TRIGRAM_BLOCKS_MIN)
			add_task(s, (enum field)f, run_trigrams, 0, s->column[f].sets);
	if (s->with_whole)
		add_task(s, FIELD_NONE, run_whole, 0, 1);
}

static void
plan(struct sealing *s, struct segment_builder *b)
{
	need_codec(&b->scratch[0]);
	for (field_set left = b->fields; left; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);
		if (FIELD_BIT(f) & BUILDER_TIMES) {
			make_pieces(&s->column[f], f, 0);
			add_task(s, f, run_time, 0, b->count * sizeof(int64_t));
			continue;
		}
		if (b->column[f].plain) {
			plan_plain(s, f, &b->column[f], &b->scratch[0]);
		} else {
			make_pieces(&s->column[f], f, 0);
			if (s->with_whole)
				make_sets(&s->column[f], 1);
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

	need_codec(w->scratch);
	while ((i = atomic_fetch_add(&w->sealing->next, 1)) < w->sealing->tasks)
		w->sealing->task[i].run(&w->sealing->task[i], w->scratch);
}

static void
run_tasks(struct sealing *s, struct segment_builder *b, struct pool *pool)
{
	struct worker worker[BUILDER_WORKERS];
	unsigned workers = pool ? pool_cpus() : 1;

	if (workers > BUILDER_WORKERS)
		workers = BUILDER_WORKERS;
	if (workers > s->tasks)
		workers = s->tasks > 0 ? (unsigned)s->tasks : 1;
	qsort(s->task, s->tasks, sizeof(*s->task), heavier_first);
	for (unsigned i = 0; i < workers; i++)
		worker[i] = (struct worker){ s, &b->scratch[i] };
	pool_each(pool, work, worker, workers, sizeof(*worker));
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
		free(col->set);
	}
	if (s->whole.data.len > 0) {
		mem_grow(&out->piece, &cap, out->n + 1, sizeof(*out->piece));
		out->piece[out->n++] = s->whole;
	}
}

void
segment_builder_seal(struct segment_builder *b, struct pool *pool, struct sealed *out)
{
	struct sealing s = { .b = b, .with_whole = b->bytes >= TRIGRAM_LINES_MIN,
		.whole = { .field = SEGMENT_WHOLE, .part = PART_TRIGRAMS } };

	*out = (struct sealed){ .meta = { .count = b->count, .fields = b->fields, .bytes = b->bytes } };
	time_range(b->time[0], b->count, &out->meta.min_time, &out->meta.max_time);
	time_range(b->time[1], b->count, &out->meta.min_ingested, &out->meta.max_ingested);
	segment_builder_settle(b);
	plan(&s, b);
	run_tasks(&s, b, pool);
	plan_trigrams(&s);
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
