/* context: gathering what no field takes (see context.h). */
#include "event/context.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/random.h"

#define SUFFIX_MAX 8 /* "_", and the digits of a number below JSON_STORED_MAX / 2 */

void
context_init(struct context *c, const struct json_tape *t, struct arena *a)
{
	c->t = t;
	c->a = a;
	c->base = 0;
	c->item = NULL;
	c->n = c->cap = c->n_used = 0;
	c->unordered = c->may_collide = false;
}

void
context_add(struct context *c, uint32_t order, uint32_t value, struct str name)
{
	if (c->n == c->cap) {
		size_t cap = c->cap > 0 ? c->cap * 2 : 8;
		struct leftover *item = arena_alloc(c->a, cap * sizeof(*item));

		if (c->n > 0)
			memcpy(item, c->item, c->n * sizeof(*item));
		c->item = item;
		c->cap = cap;
	}
	if (c->n > 0 && c->item[c->n - 1].order > order)
		c->unordered = true;
	c->item[c->n++] = (struct leftover){ order, value, name };
}

void
context_use(struct context *c, uint32_t key)
{
	if (c->n_used < CONTEXT_USED_MAX)
		c->used[c->n_used++] = key;
}

bool
context_used(const struct context *c, uint32_t key)
{
	for (size_t i = 0; i < c->n_used; i++)
		if (c->used[i] == key)
			return true;
	return false;
}

static int
by_order(const void *pa, const void *pb)
{
	const struct leftover *a = pa, *b = pb;

	return a->order < b->order ? -1 : a->order > b->order;
}

/* ---- names ---- */

/* A hash table of the names that the context has; its key is secret, because
 * attackers choose the names. */
struct names {
	struct str *slot; /* p == NULL: free */
	size_t size;      /* a power of two, more than the names */
	uint64_t secret;
};

/* Takes the name unless it is taken. */
static bool
names_take(struct names *names, struct str name)
{
	size_t at = hash64(names->secret, name.p, name.len) & (names->size - 1);

	for (; names->slot[at].p != NULL; at = (at + 1) & (names->size - 1))
		if (str_eq(names->slot[at], name))
			return false;
	names->slot[at] = name;
	return true;
}

static void
names_init(struct names *names, const struct context *c)
{
	const struct json_token *tok = c->t->tok;
	size_t keys = c->n;
	uint32_t i;

	for (i = c->base + 1; c->base != 0 && i < tok[c->base].next; i = tok[i + 1].next)
		keys++;
	for (names->size = 16; names->size < keys * 2;)
		names->size *= 2;
	names->slot = arena_alloc(c->a, names->size * sizeof(*names->slot));
	memset(names->slot, 0, names->size * sizeof(*names->slot));
	names->secret = keys > 32 ? random_u64() : 0;
	for (i = c->base + 1; c->base != 0 && i < tok[c->base].next; i = tok[i + 1].next)
		names_take(names, json_unescape(c->t, &tok[i], c->a));
}

/*
 * Gives every leftover a name of its own.  name_2, name_3 ... are tried in
 * turn: a name that is taken belongs to the chain of one shorter name only,
 * so all chains together are no longer than the number of names.
 */
static void
settle_names(struct context *c)
{
	struct names names;

	names_init(&names, c);
	for (size_t i = 0; i < c->n; i++) {
		struct str name = c->item[i].name;
		char *longer;

		if (names_take(&names, name))
			continue;
		longer = arena_bytes(c->a, name.len + SUFFIX_MAX + 1);
		memcpy(longer, name.p, name.len);
		for (unsigned k = 2;; k++) {
			int n = snprintf(longer + name.len, SUFFIX_MAX + 1, "_%u", k);

			c->item[i].name = (struct str){ longer, name.len + (size_t)n };
			if (names_take(&names, c->item[i].name))
				break;
		}
	}
}

/* ---- writing ---- */

/* An object without the members that were used; 0 bytes when none is left. */
static size_t
write_rest(char *out, const struct context *c, uint32_t object)
{
	const struct json_token *tok = c->t->tok;
	char *o = out;

	for (uint32_t i = object + 1; i < tok[object].next; i = tok[i + 1].next) {
		if (context_used(c, i))
			continue;
		*o = o == out ? '{' : ',';
		o++;
		o += json_canonical_write(o, c->t, i);
		*o++ = ':';
		o += json_canonical_write(o, c->t, i + 1);
	}
	if (o > out)
		*o++ = '}';
	return (size_t)(o - out);
}

/* Replaced values, wherever they stand, are counted once. */
static size_t
bound(const struct context *c)
{
	const struct json_token *tok = c->t->tok;
	size_t n = c->t->side.len + 2;

	if (c->base != 0)
		n += tok[c->base].len;
	for (size_t i = 0; i < c->n; i++)
		n += json_quote_bound(c->item[i].name) + tok[c->item[i].value].len + 2;
	return n;
}

static bool
has_used_members(const struct context *c, uint32_t value)
{
	for (size_t i = 0; i < c->n_used; i++)
		if (c->used[i] > value && c->used[i] < c->t->tok[value].next)
			return true;
	return false;
}

static char *
write_leftover(char *o, const struct context *c, const struct leftover *item, bool first)
{
	char *value = o;

	if (!first)
		*value++ = ',';
	value = json_quote_write(value, item->name);
	*value++ = ':';
	if (has_used_members(c, item->value)) {
		size_t n = write_rest(value, c, item->value);

		return n > 0 ? value + n : o;
	}
	return value + json_canonical_write(value, c->t, item->value);
}

struct str
context_finish(struct context *c)
{
	char *out, *o;
	size_t n;

	if (c->n == 0 && c->base == 0)
		return (struct str){ NULL, 0 };
	if (c->n == 0)
		return json_text(c->t, c->base, c->a);
	if (c->unordered)
		qsort(c->item, c->n, sizeof(*c->item), by_order);
	if (c->base != 0 || c->may_collide)
		settle_names(c);

	out = o = arena_bytes(c->a, bound(c));
	if (c->base != 0) {
		o += json_canonical_write(o, c->t, c->base) - 1; /* less its '}' */
	} else
		*o++ = '{';
	for (size_t i = 0; i < c->n; i++)
		o = write_leftover(o, c, &c->item[i], o == out + 1);
	*o++ = '}';
	n = (size_t)(o - out);
	if (n == 2 && c->base == 0)
		return (struct str){ NULL, 0 };
	return (struct str){ out, n };
}
