/*
 * context: gathering what no field takes, for the event's context.
 *
 * Leftovers are noted while the line is walked, and written once at the end:
 * the members of the context the line brought first, then the leftovers in
 * the order of the line, each under its own name, or name_2, name_3 ... when
 * that is taken.
 */
#ifndef EVENT_CONTEXT_H
#define EVENT_CONTEXT_H

#include "event/json.h"

struct leftover {
	uint32_t order;  /* where it stood: the index of its key */
	uint32_t value;  /* its token */
	struct str name; /* unescaped */
};

#define CONTEXT_USED_MAX 32

struct context {
	const struct json_tape *t;
	struct arena *a;
	uint32_t base;    /* the object the line brought; 0: none */
	struct leftover *item;
	size_t n, cap;
	bool unordered;   /* items were not noted in the order of the line */
	bool may_collide; /* two items may have the same name */
	/* keys within objects that were taken out of them */
	uint32_t used[CONTEXT_USED_MAX];
	size_t n_used;
};

/* Starts without base and leftovers. */
void context_init(struct context *c, const struct json_tape *t, struct arena *a);

/* Notes a value under a name; order is its place in the line. */
void context_add(struct context *c, uint32_t order, uint32_t value, struct str name);

/* Leaves out the member `key` of an object that is noted. */
void context_use(struct context *c, uint32_t key);
bool context_used(const struct context *c, uint32_t key);

/* The text of the context, in the tape's text or in the arena; p == NULL when
 * there is nothing. */
struct str context_finish(struct context *c);

#endif
