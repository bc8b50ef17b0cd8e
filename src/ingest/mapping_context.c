/*
 * mapping_context: what goes to the context of an event.
 *
 * Fields mark what they took of the record; what is left is written with the
 * record's own structure, so that a path of the record is a path behind
 * `context.` as well.  Objects and lists of which nothing is left go too.
 *
 * In: marks by token.   Out: a canonical object.
 */
#include <stdlib.h>

#include "ingest/mapping_tree.h"

void
mapping_context_begin(struct mapping_run *run)
{
	size_t n = run->t->n;

	mem_grow(&run->mark, &run->cap_mark, n, sizeof(*run->mark));
	memset(run->mark, 0, n);
}

/* Marks what a node is, and all that it stands in. */
static void
mark(struct mapping_run *run, uint32_t node, enum mark what, enum mark around)
{
	const struct path_node *n = run->m->path.node;

	if (run->at[node] == 0)
		return;
	run->mark[run->at[node]] |= (uint8_t)what;
	for (; node != 0; node = n[node].parent) {
		/* The list of `each` stands around its element. */
		if (node == run->m->each && run->end != 0)
			run->mark[run->list] |= (uint8_t)around;
		run->mark[run->at[n[node].parent]] |= (uint8_t)around;
	}
}

void
mapping_context_take(struct mapping_run *run, uint32_t node)
{
	mark(run, node, MARK_TAKEN, MARK_INSIDE);
}

/* Nodes that `context` or `omit` name. */
static void
mark_named(struct mapping_run *run)
{
	const struct path_tree *t = &run->m->path;

	for (uint32_t i = 1; i < t->n; i++) {
		if (t->node[i].wanted)
			mark(run, i, MARK_WANTED, MARK_AROUND);
		if (t->node[i].omitted)
			mark(run, i, MARK_TAKEN, MARK_INSIDE);
	}
}

/* ---- writing ---- */

enum part_left { LEFT_NONE, LEFT_SOME, LEFT_ALL };

/* How much of a value belongs to the context. */
static inline enum part_left
part_left(const struct mapping_run *run, uint32_t value)
{
	unsigned mark = run->mark[value];

	if (run->m->context == CONTEXT_NAMED)
		return mark & MARK_WANTED ? LEFT_ALL : mark & MARK_AROUND ? LEFT_SOME : LEFT_NONE;
	return mark & MARK_TAKEN ? LEFT_NONE : mark & MARK_INSIDE || value == run->list ? LEFT_SOME : LEFT_ALL;
}

static char *write_container(char *o, const struct mapping_run *run, uint32_t value);

/* At o, or behind what was written; a key and a comma are written before it. */
static char *
write_part(char *o, const struct mapping_run *run, uint32_t key, uint32_t value, bool first)
{
	enum part_left left = part_left(run, value);
	char *from = o, *inside;

	if (left == LEFT_NONE)
		return from;
	if (!first)
		*o++ = ',';
	if (key != value) {
		o += json_canonical_write(o, run->t, key);
		*o++ = ':';
	}
	if (left == LEFT_ALL)
		return o + json_canonical_write(o, run->t, value);
	inside = write_container(o, run, value);
	return inside > o ? inside : from;
}

/* Depth is bounded by the scanner. */
static char *
write_container(char *from, const struct mapping_run *run, uint32_t container)
{
	const struct json_token *tok = run->t->tok;
	bool object = tok[container].type == TOKEN_OBJECT, first = true;
	char *o = from;

	/* Of the list of `each` only the present element is this event's. */
	if (run->end != 0 && container == run->list)
		return write_part(o, run, run->element, run->element, true);
	*o++ = object ? '{' : '[';
	for (uint32_t i = container + 1; i < tok[container].next;) {
		uint32_t value = object ? i + 1 : i;
		char *next = write_part(o, run, i, value, first);

		first = first && next == o;
		o = next;
		i = tok[value].next;
	}
	if (first)
		return from;
	*o++ = object ? '}' : ']';
	return o;
}

struct str
mapping_context_text(struct mapping_run *run, struct arena *a)
{
	char *out, *o;

	if (run->m->context == CONTEXT_NOTHING)
		return (struct str){ NULL, 0 };
	mark_named(run);
	run->mark[0] |= MARK_INSIDE | MARK_AROUND;
	out = arena_bytes(a, json_canonical_bound(run->t, 0) + 2);
	o = write_container(out, run, 0);
	return (struct str){ o > out ? out : NULL, (size_t)(o - out) };
}
