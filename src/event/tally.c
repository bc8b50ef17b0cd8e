/*
 * tally: counts by value.
 *
 * An open-addressing table of (hash, place) over an array of values, which
 * are copied into an arena.  The hash is keyed anew for each tally, because
 * attackers choose the values.
 */
#include "event/summary.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/random.h"

#define SLOTS_MIN 64
#define SLOTS_KEPT (1 << 17) /* by a reset */
#define AHEAD 32 /* values that are hashed before the first is looked for */

struct tally {
	uint64_t secret;
	struct tally_entry *entry;
	size_t n, cap;
	struct slot {
		uint32_t hash;
		uint32_t place; /* in entry, from 1; 0: free */
	} *slot;
	size_t slots; /* a power of two */
	size_t bytes; /* of the values */
	struct arena arena;
};

struct tally *
tally_new(void)
{
	struct tally *t = mem_zero(1, sizeof(*t));

	t->secret = random_u64();
	t->slots = SLOTS_MIN;
	t->slot = mem_zero(t->slots, sizeof(*t->slot));
	return t;
}

void
tally_free(struct tally *t)
{
	if (t == NULL)
		return;
	free(t->entry);
	free(t->slot);
	arena_fini(&t->arena);
	free(t);
}

static void
double_slots(struct tally *t)
{
	size_t slots = t->slots * 2;
	struct slot *slot = mem_zero(slots, sizeof(*slot));

	for (size_t i = 0; i < t->slots; i++) {
		size_t at = t->slot[i].hash & (slots - 1);

		if (t->slot[i].place == 0)
			continue;
		while (slot[at].place != 0)
			at = (at + 1) & (slots - 1);
		slot[at] = t->slot[i];
	}
	free(t->slot);
	t->slot = slot;
	t->slots = slots;
}

static inline uint32_t
hash_of(const struct tally *t, struct str value)
{
	return (uint32_t)hash64(t->secret, value.p, value.len);
}

/* Gives the place of the value in entry. */
static inline size_t
add_hashed(struct tally *t, struct str value, uint32_t hash, uint64_t count)
{
	size_t at = hash & (t->slots - 1);
	struct tally_entry *entry;

	for (; t->slot[at].place != 0; at = (at + 1) & (t->slots - 1)) {
		entry = &t->entry[t->slot[at].place - 1];
		if (t->slot[at].hash == hash && str_eq(entry->value, value)) {
			entry->count += count;
			return (size_t)(entry - t->entry);
		}
	}
	mem_grow(&t->entry, &t->cap, t->n + 1, sizeof(*t->entry));
	entry = &t->entry[t->n++];
	entry->value = (struct str){ arena_copy(&t->arena, value.p, value.len), value.len };
	entry->count = count;
	t->bytes += value.len + 1;
	t->slot[at] = (struct slot){ hash, (uint32_t)t->n };
	if (t->n > t->slots / 2)
		double_slots(t);
	return t->n - 1;
}

size_t
tally_add(struct tally *t, struct str value, uint64_t count)
{
	return add_hashed(t, value, hash_of(t, value), count);
}

bool
tally_find(const struct tally *t, struct str value, size_t *place)
{
	uint32_t hash = hash_of(t, value);

	for (size_t at = hash & (t->slots - 1); t->slot[at].place != 0; at = (at + 1) & (t->slots - 1)) {
		*place = t->slot[at].place - 1;
		if (t->slot[at].hash == hash && str_eq(t->entry[*place].value, value))
			return true;
	}
	return false;
}

struct str
tally_value(const struct tally *t, size_t place)
{
	return t->entry[place].value;
}

/* A table that has become large is given back rather than cleared each time. */
void
tally_reset(struct tally *t)
{
	if (t->slots > SLOTS_KEPT) {
		free(t->slot);
		t->slots = SLOTS_MIN;
		t->slot = mem_zero(t->slots, sizeof(*t->slot));
	} else if (t->n > 0)
		memset(t->slot, 0, t->slots * sizeof(*t->slot));
	t->n = 0;
	t->bytes = 0;
	arena_reset(&t->arena);
}

size_t
tally_memory(const struct tally *t)
{
	return t->slots * sizeof(*t->slot) + t->n * sizeof(*t->entry) + t->bytes;
}

int
tally_check(const struct tally *t, struct err *e)
{
	if (tally_memory(t) <= TALLY_BYTES_MAX)
		return 0;
	return err_set(e, ERR_FAIL, "more than %zu different values, which is more than %u MiB hold; "
	    "ask about less time, or count by something that repeats more", t->n - 1, TALLY_BYTES_MAX >> 20);
}

/* Up to AHEAD values; the table is all over memory, so each step of a look-up
 * is begun for all of them before the next. */
static void
add_few(struct tally *t, const struct tally_entry *entry, size_t n)
{
	uint32_t hash[AHEAD], place[AHEAD];

	for (size_t i = 0; i < n; i++) {
		hash[i] = hash_of(t, entry[i].value);
		__builtin_prefetch(&t->slot[hash[i] & (t->slots - 1)]);
	}
	for (size_t i = 0; i < n; i++) {
		place[i] = t->slot[hash[i] & (t->slots - 1)].place;
		if (place[i] > 0)
			__builtin_prefetch(&t->entry[place[i] - 1]);
	}
	for (size_t i = 0; i < n; i++)
		if (place[i] > 0) {
			__builtin_prefetch(t->entry[place[i] - 1].value.p);
			__builtin_prefetch(t->entry[place[i] - 1].value.p + entry[i].value.len);
		}
	for (size_t i = 0; i < n; i++)
		add_hashed(t, entry[i].value, hash[i], entry[i].count);
}

void
tally_add_entries(struct tally *t, const struct tally_entry *entry, size_t n)
{
	for (size_t i = 0; i < n; i += AHEAD)
		add_few(t, &entry[i], n - i < AHEAD ? n - i : AHEAD);
}

void
tally_add_counts(struct tally *t, const struct str *value, const uint32_t *count, size_t n)
{
	struct tally_entry few[AHEAD];
	size_t held = 0;

	for (size_t i = 0; i < n; i++) {
		if (count[i] == 0)
			continue;
		few[held++] = (struct tally_entry){ value[i], count[i] };
		if (held == AHEAD) {
			add_few(t, few, held);
			held = 0;
		}
	}
	add_few(t, few, held);
}

void
tally_swap(struct tally *a, struct tally *b)
{
	struct tally t = *a;

	*a = *b;
	*b = t;
}

void
tally_merge(struct tally *into, const struct tally *from)
{
	while (into->slots < from->n * 2)
		double_slots(into);
	tally_add_entries(into, from->entry, from->n);
}

struct tally *
tally_without(const struct tally *t, const struct tally *known)
{
	struct tally *out = tally_new();
	size_t place;

	for (size_t i = 0; i < t->n; i++)
		if (!tally_find(known, t->entry[i].value, &place))
			tally_add(out, t->entry[i].value, t->entry[i].count);
	return out;
}

size_t
tally_size(const struct tally *t)
{
	return t->n;
}

/* ---- the most frequent ---- */

int
tally_compare(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len, i = 0;

	while (i < n && a.p[i] == b.p[i])
		i++;
	if (i < n && (a.p[i] == SUMMARY_GAP || b.p[i] == SUMMARY_GAP))
		return a.p[i] == SUMMARY_GAP ? -1 : 1;
	if (i < n)
		return (unsigned char)a.p[i] < (unsigned char)b.p[i] ? -1 : 1;
	return (a.len > b.len) - (a.len < b.len);
}

static int
by_rank(const void *pa, const void *pb)
{
	const struct tally_entry *a = pa, *b = pb;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return tally_compare(a->value, b->value);
}

/* heap[0] is the last in rank of n; lets it sink to its place. */
static void
sink(struct tally_entry *heap, size_t n)
{
	struct tally_entry moving = heap[0];
	size_t at = 0, child;

	while ((child = at * 2 + 1) < n) {
		if (child + 1 < n && by_rank(&heap[child + 1], &heap[child]) > 0)
			child++;
		if (by_rank(&heap[child], &moving) <= 0)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moving;
}

/* The first `top` of all, in a heap: a long tail of rare values is looked at
 * once and not sorted. */
static void
select_top(const struct tally *t, struct tally_entry *heap, size_t top)
{
	size_t i;

	for (i = 0; i < top; i++) {
		size_t at = i;

		/* Those after their parent in rank rise. */
		while (at > 0 && by_rank(&t->entry[i], &heap[(at - 1) / 2]) > 0) {
			heap[at] = heap[(at - 1) / 2];
			at = (at - 1) / 2;
		}
		heap[at] = t->entry[i];
	}
	for (; i < t->n; i++) {
		if (by_rank(&t->entry[i], &heap[0]) >= 0)
			continue;
		heap[0] = t->entry[i];
		sink(heap, top);
	}
}

struct tally_entry *
tally_top(const struct tally *t, size_t top, size_t *n)
{
	struct tally_entry *out;

	*n = top == 0 || top > t->n ? t->n : top;
	out = mem_alloc(*n * sizeof(*out));
	if (*n > 0) {
		select_top(t, out, *n);
		qsort(out, *n, sizeof(*out), by_rank);
	}
	return out;
}
