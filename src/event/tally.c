/*
 * tally: counts by value.
 *
 * An open-addressing table of (hash, record); a record has the value and its
 * count.  The hash is keyed anew for each tally, because attackers choose the
 * values.
 */
#include "event/tally.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/random.h"

#define SLOTS_MIN 64
#define SLOTS_KEPT (1 << 17) /* by a reset */
#define AHEAD 32 /* values that are hashed before the first is looked for */
#define LINE 64  /* bytes that memory gives at once */

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
	for (size_t i = 0; i < t->blocks; i++)
		free(t->block[i]);
	free(t->block);
	free(t->slot);
	free(t->at);
	free(t);
}

static void
set_slots(struct tally *t, size_t slots)
{
	struct tally_slot *slot = mem_alloc(slots * sizeof(*slot));

	/* Written at once: what was only cleared by the system is mapped twice, when
	 * it is read and when it is written. */
	memset(slot, 0, slots * sizeof(*slot));
	for (size_t i = 0; i < t->slots; i++) {
		size_t at = t->slot[i].hash & (slots - 1);

		if (t->slot[i].at == 0)
			continue;
		while (slot[at].at != 0)
			at = (at + 1) & (slots - 1);
		slot[at] = t->slot[i];
	}
	free(t->slot);
	t->slot = slot;
	t->slots = slots;
}

/* For n values at the least. */
static void
expect(struct tally *t, size_t n)
{
	size_t slots = t->slots;

	while (slots / 2 < n)
		slots *= 2;
	if (slots > t->slots)
		set_slots(t, slots);
}

static inline uint32_t
hash_of(const struct tally *t, struct str value)
{
	return (uint32_t)hash64(t->secret, value.p, value.len);
}

/* ---- records ---- */

/* The next block, for a record of so many bytes.  Its first unit is left out,
 * so that no record has the number 0. */
static void
begin_block(struct tally *t, size_t size)
{
	size_t next = t->used++;

	size = size + TALLY_UNIT > TALLY_BLOCK ? size + TALLY_UNIT : TALLY_BLOCK;
	if (next > UINT32_MAX / TALLY_BLOCK_UNITS - 1)
		(void)mem_alloc(SIZE_MAX); /* ends as it does everywhere */
	if (next == t->blocks) {
		mem_grow(&t->block, &t->block_cap, t->blocks + 1, sizeof(*t->block));
		t->block[t->blocks++] = mem_alloc(size);
	} else if (size > TALLY_BLOCK)
		t->block[next] = mem_resize(t->block[next], size);
	t->end = (uint32_t)(next * TALLY_BLOCK_UNITS + 1);
	t->room = size - TALLY_UNIT;
}

/* A value that is new; gives where it is. */
static uint32_t
add_record(struct tally *t, struct str value, uint64_t count)
{
	size_t size = (sizeof(struct tally_record) + value.len + 1 + TALLY_UNIT - 1) & ~(size_t)(TALLY_UNIT - 1);
	struct tally_record *r;
	uint32_t at;

	if (size > t->room)
		begin_block(t, size);
	at = t->end;
	r = tally_record(t, at);
	r->count = count;
	r->len = (uint32_t)value.len;
	r->place = (uint32_t)t->n;
	if (value.len > 0)
		memcpy(r->bytes, value.p, value.len);
	r->bytes[value.len] = '\0';
	mem_grow(&t->at, &t->cap, t->n + 1, sizeof(*t->at));
	t->at[t->n++] = at;
	t->bytes += value.len + 1;
	/* Nothing follows a record that is longer than a block. */
	t->room = size > TALLY_BLOCK - TALLY_UNIT ? 0 : t->room - size;
	t->end = at + (uint32_t)(size / TALLY_UNIT);
	return at;
}

/* Where values are looked up they are mostly found, and short: eight bytes at
 * a time, the last ones together with some before, take less than a call. */
static inline bool
is_value(const struct tally_record *r, struct str value)
{
	size_t n = value.len;
	uint64_t a, b;

	if (r->len != n)
		return false;
	if (n < sizeof(a))
		return n == 0 || memcmp(r->bytes, value.p, n) == 0;
	for (size_t i = 0; i + sizeof(a) < n; i += sizeof(a)) {
		memcpy(&a, r->bytes + i, sizeof(a));
		memcpy(&b, value.p + i, sizeof(b));
		if (a != b)
			return false;
	}
	memcpy(&a, r->bytes + n - sizeof(a), sizeof(a));
	memcpy(&b, value.p + n - sizeof(b), sizeof(b));
	return a == b;
}

static inline struct tally_record *
add_hashed(struct tally *t, struct str value, uint32_t hash, uint64_t count)
{
	size_t at = hash & (t->slots - 1);
	uint32_t added;

	for (; t->slot[at].at != 0; at = (at + 1) & (t->slots - 1))
		if (t->slot[at].hash == hash) {
			struct tally_record *r = tally_record(t, t->slot[at].at);

			if (is_value(r, value)) {
				r->count += count;
				return r;
			}
		}
	added = add_record(t, value, count);
	t->slot[at] = (struct tally_slot){ hash, added };
	expect(t, t->n);
	return tally_record(t, added);
}

size_t
tally_add(struct tally *t, struct str value, uint64_t count)
{
	return add_hashed(t, value, hash_of(t, value), count)->place;
}

bool
tally_find(const struct tally *t, struct str value, size_t *place)
{
	uint32_t hash = hash_of(t, value);

	for (size_t at = hash & (t->slots - 1); t->slot[at].at != 0; at = (at + 1) & (t->slots - 1)) {
		const struct tally_record *r = tally_record(t, t->slot[at].at);

		*place = r->place;
		if (t->slot[at].hash == hash && is_value(r, value))
			return true;
	}
	return false;
}

struct str
tally_value(const struct tally *t, size_t place)
{
	return tally_entry(t, place).value;
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
	t->used = 0;
	t->room = 0;
}

size_t
tally_memory(const struct tally *t)
{
	return t->slots * sizeof(*t->slot) + t->n * (sizeof(*t->at) + sizeof(struct tally_record) + TALLY_UNIT) +
	    t->bytes;
}

int
tally_check(const struct tally *t, struct err *e)
{
	if (tally_memory(t) <= TALLY_BYTES_MAX)
		return 0;
	return err_set(e, ERR_FAIL, "more than %zu different values, which is more than %u MiB hold; "
	    "ask about less time, or count by something that repeats more", t->n - 1, TALLY_BYTES_MAX >> 20);
}

/* ---- many at a time ---- */

/* Up to AHEAD values; the table is all over memory, so each step of a look-up
 * is begun for all of them before the next. */
static void
add_few(struct tally *t, const struct tally_entry *entry, size_t n)
{
	uint32_t hash[AHEAD];

	for (size_t i = 0; i < n; i++) {
		hash[i] = hash_of(t, entry[i].value);
		__builtin_prefetch(&t->slot[hash[i] & (t->slots - 1)]);
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t at = t->slot[hash[i] & (t->slots - 1)].at;

		if (at != 0) {
			const char *r = (const char *)tally_record(t, at);

			__builtin_prefetch(r, 1);
			__builtin_prefetch(r + LINE);
		}
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
	struct tally_entry few[AHEAD];

	expect(into, from->n);
	for (size_t i = 0, held = 0; i < from->n; i++) {
		few[held++] = tally_entry(from, i);
		if (held == AHEAD || i + 1 == from->n) {
			add_few(into, few, held);
			held = 0;
		}
	}
}

struct tally *
tally_without(const struct tally *t, const struct tally *known)
{
	struct tally *out = tally_new();
	size_t place;

	for (size_t i = 0; i < t->n; i++) {
		struct tally_entry entry = tally_entry(t, i);

		if (!tally_find(known, entry.value, &place))
			tally_add(out, entry.value, entry.count);
	}
	return out;
}

size_t
tally_size(const struct tally *t)
{
	return t->n;
}
