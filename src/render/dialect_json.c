/*
 * dialect_json: an event as a tree of members.
 *
 * Places are in the order of their paths, so one walk opens and closes each
 * object once.  Many places have no value in an event: what the last one that
 * had shares with the next one is the least that neighbours between share.
 *
 * In: places, an event.   Out: `"actor":{"user":{"uid":"7"}},"unmapped":{...}}`.
 */
#include <stdlib.h>

#include "base/simd.h"
#include "render/dialect.h"

void
dialect_begin(struct dialect_source *s, struct dialect_verdict *v, struct render *r, const struct event *ev,
    uint64_t seq)
{
	if (r->state == NULL)
		r->state = dialect_memory_new();
	*s = (struct dialect_source){ .r = r, .ev = ev, .filled = dialect_filled(ev), .seq = seq, .verdict = v };
	if ((s->filled & FIELD_BIT(FIELD_IP)) != 0)
		s->address = dialect_address(ev->v[FIELD_IP]);
	dialect_judge(r->dialect, r->state, ev, s->filled, v);
}

/* Closes the objects that the last member stands in, down to `depth`. */
static void
close_to(struct buf *out, const struct dialect_place *last, unsigned depth)
{
	for (unsigned i = last->depth - 1; i > depth; i--) {
		buf_byte(out, '}');
		if ((last->lists >> (i - 1) & 1) != 0)
			buf_byte(out, ']');
	}
}

/* Most texts need no escape: they are copied, and looked at on the way. */
static void
put_text(struct buf *out, struct str s)
{
	char *o;

	buf_reserve(out, s.len + 2);
	o = out->p + out->len;
	if (!simd_copy_plain(o + 1, s.p, s.len)) {
		json_quote(out, s);
		return;
	}
	o[0] = o[s.len + 1] = '"';
	out->len += s.len + 2;
}

/* What is behind its keys. */
static void
put_value(struct buf *out, const struct dialect_source *s, const struct dialect_place *p,
    const struct dialect_value *v)
{
	if (p->as == AS_LIST)
		dialect_list(out, s, p);
	else if (v->raw)
		buf_str(out, v->text);
	else
		put_text(out, v->text);
}

/* What is left, under the event's own names. */
static void
put_rest(struct buf *out, const struct dialect_source *s, field_set left, const char *key)
{
	size_t start;

	if (left == 0)
		return;
	buf_byte(out, ',');
	json_quote(out, str_of(key));
	buf_byte(out, ':');
	start = out->len;
	for (; left != 0; left &= left - 1)
		event_format_member(out, s->ev, (enum field)__builtin_ctzll(left));
	event_format_end(out, start);
}

void
dialect_members(struct buf *out, const struct dialect_source *s, const char *rest)
{
	const struct dialect_kind *k = s->verdict->kind;
	const struct dialect_place *last = NULL;
	unsigned shared = 0;
	field_set taken = 0;
	struct dialect_value v;

	for (size_t i = 0; i < k->places; i++) {
		const struct dialect_place *p = &k->place[i];

		if (p->shared < shared)
			shared = p->shared;
		if (p->as == AS_LIST ? (p->fields & s->filled) == 0 : !dialect_value(s, p, &v))
			continue;
		if (last != NULL)
			close_to(out, last, shared);
		if (out->p[out->len - 1] != '{')
			buf_byte(out, ',');
		buf_add(out, p->head.p + p->at[shared], p->head.len - p->at[shared]);
		put_value(out, s, p, &v);
		taken |= p->as == AS_LIST ? 0 : v.taken;
		last = p;
		shared = p->depth;
	}
	if (last != NULL)
		close_to(out, last, 0);
	put_rest(out, s, s->ev->present & ~taken, rest);
	buf_byte(out, '}');
}

void
dialect_release(struct render *r)
{
	free(r->state);
	r->state = NULL;
}
