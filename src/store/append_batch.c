/*
 * append_batch: events gather as columns, with their leaf hashes and keys.
 *
 * In: events in order.   Out: rows that are written as lines or a segment.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "proof/salt.h"
#include "store/append_parts.h"

#define KEY_SLOTS (2 * SEGMENT_EVENTS_MAX)
/* A slot has a row, plus 1, and some bits of its key above it, so that
 * strangers are told without a look at their keys. */
#define ROW_BITS 17
_Static_assert(SEGMENT_EVENTS_MAX < 1u << ROW_BITS, "a row has so many bits");

/* ---- quarantined lines and positions ---- */

static void
keep_bytes(struct held *h, size_t *at, struct str *s)
{
	if (s->p == NULL)
		return;
	memcpy(h->bytes + *at, s->p, s->len);
	s->p = h->bytes + *at;
	*at += s->len;
}

void
append_hold(struct held_list *l, const struct quarantined *q)
{
	struct held *h;
	size_t at = 0;

	mem_grow(&l->item, &l->cap, l->n + 1, sizeof(*l->item));
	h = &l->item[l->n++];
	h->q = *q;
	h->bytes = mem_alloc(q->source.len + q->origin.len + q->reason.len + q->detail.len + q->bytes.len + 1);
	keep_bytes(h, &at, &h->q.source);
	keep_bytes(h, &at, &h->q.origin);
	keep_bytes(h, &at, &h->q.reason);
	keep_bytes(h, &at, &h->q.detail);
	keep_bytes(h, &at, &h->q.bytes);
}

void
append_held_clear(struct held_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->item[i].bytes);
	l->n = 0;
}

static void
positions_clear(struct append_batch *b)
{
	for (size_t i = 0; i < b->positions; i++)
		free(b->position[i].name);
	b->positions = 0;
}

void
append_batch_position(struct append_batch *b, const struct store_file *f)
{
	size_t at = b->positions;
	uint64_t from = f->from;
	bool alone = f->alone;

	/* The last one first: as a rule it is the same file again. */
	while (at > 0 && memcmp(b->position[at - 1].key, f->key, sizeof(f->key)) != 0)
		at--;
	if (at > 0) {
		free(b->position[--at].name);
		from = b->position[at].from < from ? b->position[at].from : from;
		alone |= b->position[at].alone;
	} else {
		mem_grow(&b->position, &b->positions_cap, b->positions + 1, sizeof(*b->position));
		at = b->positions++;
	}
	b->position[at] = *f;
	b->position[at].name = mem_strdup(f->name);
	b->position[at].from = from;
	b->position[at].alone = alone;
}

/* ---- batches ---- */

void
append_batch_init(struct append_batch *b, struct pool *pool)
{
	*b = (struct append_batch){
		.builder = segment_builder_new(),
		.leaf = mem_alloc(SEGMENT_EVENTS_MAX * sizeof(struct hash)),
		.leaf_maker = leaf_maker_new(pool),
		.kind = mem_alloc(SEGMENT_EVENTS_MAX),
		.key = mem_alloc(SEGMENT_EVENTS_MAX * sizeof(uint64_t)),
		.last_ingested = TIME_NONE,
	};
}

void
append_batch_fini(struct append_batch *b)
{
	append_held_clear(&b->held);
	free(b->held.item);
	free(b->released);
	positions_clear(b);
	free(b->position);
	sealed_fini(&b->sealed);
	segment_builder_free(b->builder);
	leaf_maker_free(b->leaf_maker);
	free(b->leaf);
	free(b->kind);
	free(b->key);
	free(b->slot);
	buf_fini(&b->salts);
}

/* Of few rows one by one: who appends one event is not to touch all. */
static void
clear_slots(struct append_batch *b)
{
	uint32_t n = segment_builder_count(b->builder);

	if (n > SEGMENT_EVENTS_MAX / 16) {
		memset(b->slot, 0, KEY_SLOTS * sizeof(uint32_t));
		return;
	}
	/* Each walk goes on to the end of its run of slots, so that a row behind an
	 * empty one was reached by whoever emptied that. */
	for (uint32_t row = 0; row < n; row++)
		for (uint32_t at = (uint32_t)b->key[row] % KEY_SLOTS; b->slot[at] != 0; at = (at + 1) % KEY_SLOTS)
			b->slot[at] = 0;
}

void
append_batch_clear(struct append_batch *b)
{
	if (segment_builder_count(b->builder) > 0) {
		clear_slots(b);
		segment_builder_reset(b->builder);
	}
	if (b->encoded)
		sealed_fini(&b->sealed);
	b->sealed = (struct sealed){ 0 };
	b->encoded = false;
	b->any_record = false;
	b->last_ingested = TIME_NONE;
	positions_clear(b);
	append_held_clear(&b->held);
	b->releases = 0;
}

int
append_batch_place(struct append_batch *b, struct store *st, uint64_t first, struct err *e)
{
	int rc;

	leaf_maker_drop(b->leaf_maker);
	rc = cell_salts(st, first / TREE_CELL, &b->salts, e);
	if (rc < 0)
		return -1;
	b->new_cell = rc == 0;
	if (b->new_cell) {
		buf_reset(&b->salts);
		salt_new(&b->salts);
	}
	leaf_maker_start(b->leaf_maker, buf_view(&b->salts), (uint32_t)(first % TREE_CELL), b->leaf);
	b->first = first;
	return 0;
}

int
append_batch_start(struct append_batch *b, struct store *st, uint64_t first, struct err *e)
{
	append_batch_clear(b);
	if (b->slot == NULL)
		b->slot = mem_zero(KEY_SLOTS, sizeof(uint32_t));
	return append_batch_place(b, st, first, e);
}

int
append_batch_follow(struct append_batch *b, struct store *st, const struct append_batch *before, struct err *e)
{
	uint64_t first = before->first + segment_builder_count(before->builder);

	if (append_batch_start(b, st, first, e) < 0)
		return -1;
	if (b->new_cell && before->new_cell && first / TREE_CELL == before->first / TREE_CELL) {
		leaf_maker_drop(b->leaf_maker);
		buf_reset(&b->salts);
		buf_str(&b->salts, buf_view(&before->salts));
		leaf_maker_start(b->leaf_maker, buf_view(&b->salts), (uint32_t)(first % TREE_CELL), b->leaf);
		b->new_cell = false;
	}
	return 0;
}

bool
append_batch_full(const struct append_batch *b, size_t more)
{
	uint32_t n = segment_builder_count(b->builder);

	return n == TREE_CELL - b->first % TREE_CELL ||
	    (n > 0 && segment_builder_bytes(b->builder) + more > SEGMENT_BYTES_MAX);
}

static inline uint32_t
slot_of(uint64_t key, uint32_t row)
{
	return (uint32_t)(key >> (32 + ROW_BITS)) << ROW_BITS | (row + 1);
}

void
append_batch_expect(const struct append_batch *b, uint64_t key)
{
	__builtin_prefetch(&b->slot[(uint32_t)key % KEY_SLOTS]);
}

void
append_batch_find(const struct append_batch *b, const struct event *ev, uint64_t key, enum append_result *result)
{
	struct event old;
	struct str source = event_has(ev, FIELD_SOURCE) ? ev->v[FIELD_SOURCE] : STR("");

	for (uint32_t at = (uint32_t)key % KEY_SLOTS; b->slot[at] != 0; at = (at + 1) % KEY_SLOTS) {
		uint32_t row = (b->slot[at] & ((1u << ROW_BITS) - 1)) - 1;

		if (b->slot[at] != slot_of(key, row) || b->key[row] != key)
			continue;
		segment_builder_event(b->builder, row, &old);
		if (old.time == ev->time && str_eq(old.v[FIELD_ID], ev->v[FIELD_ID]) &&
		    str_eq(event_has(&old, FIELD_SOURCE) ? old.v[FIELD_SOURCE] : STR(""), source)) {
			*result = event_same(ev, &old) ? APPEND_DUPLICATE : APPEND_CONFLICT;
			return;
		}
	}
}

void
append_batch_add(struct append_batch *b, const struct event *ev, const struct segment_expected *x,
    enum leaf_kind kind, uint64_t key, struct str line)
{
	uint32_t row = segment_builder_count(b->builder);
	uint32_t at;

	leaf_maker_add(b->leaf_maker, kind, line);
	segment_builder_add_expected(b->builder, ev, x, line.len);
	b->kind[row] = (uint8_t)kind;
	b->any_record |= kind == LEAF_RECORD;
	b->key[row] = key;
	for (at = (uint32_t)key % KEY_SLOTS; b->slot[at] != 0; at = (at + 1) % KEY_SLOTS)
		;
	b->slot[at] = slot_of(key, row);
	if (event_has(ev, FIELD_INGESTED) && ev->ingested > b->last_ingested)
		b->last_ingested = ev->ingested;
}

void
append_batch_encode(void *arg)
{
	struct append_batch *b = arg;

	segment_builder_seal(b->builder, NULL, &b->sealed);
	b->encoded = true;
}

void
append_format(struct appender *a, const struct event *ev)
{
	buf_reset(&a->line);
	event_format(&a->line, ev);
}
