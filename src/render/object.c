/*
 * object: an event as a JSON object, whole or with chosen fields, flat or
 * nested.
 *
 * nested: "actor":{"id",..}, "subject":{"type",..}, "properties":{..} in the
 * place of the first of their flat keys.
 *
 * A payload path is a key as it was asked for, flat: "context.a.b":1.  The
 * object stays one level deep, and jq has it as .["context.a.b"].
 */
#include <inttypes.h>

#include "render/format.h"

struct member {
	enum field field;
	const char *key; /* inside its group */
};

/* A nested object and what it is made of. */
struct group {
	const char *key;
	field_set set;
	struct member member[4];
};

#define ACTOR_SET \
	(FIELD_BIT(FIELD_ACTOR_ID) | FIELD_BIT(FIELD_ACTOR_TYPE) | FIELD_BIT(FIELD_ACTOR_NAME) | \
	    FIELD_BIT(FIELD_ACTOR_EMAIL))
#define SUBJECT_SET \
	(FIELD_BIT(FIELD_TARGET_TYPE) | FIELD_BIT(FIELD_TARGET_ID) | FIELD_BIT(FIELD_TARGET_NAME) | \
	    FIELD_BIT(FIELD_TARGET_PATH))

static const struct group groups[] = {
	{ "actor", ACTOR_SET, { { FIELD_ACTOR_ID, "id" }, { FIELD_ACTOR_TYPE, "type" },
	    { FIELD_ACTOR_NAME, "name" }, { FIELD_ACTOR_EMAIL, "email" } } },
	{ "subject", SUBJECT_SET, { { FIELD_TARGET_TYPE, "type" }, { FIELD_TARGET_ID, "id" },
	    { FIELD_TARGET_NAME, "name" }, { FIELD_TARGET_PATH, "path" } } },
};

static const struct group *
group_of(enum field f)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if ((groups[i].set & FIELD_BIT(f)) != 0)
			return &groups[i];
	}
	return NULL;
}

/* `,"key":`; the first comma of an object becomes its brace. */
static void
put_key(struct buf *out, const char *key, size_t len)
{
	buf_add(out, ",\"", 2);
	buf_add(out, key, len);
	buf_add(out, "\":", 2);
}

static void
close_object(struct buf *out, size_t start)
{
	if (out->len == start)
		buf_byte(out, '{');
	else
		out->p[start] = '{';
	buf_byte(out, '}');
}

static void
put_group(struct buf *out, const struct group *g, const struct event *ev, field_set want)
{
	size_t start;

	put_key(out, g->key, strlen(g->key));
	start = out->len;
	for (size_t i = 0; i < sizeof(g->member) / sizeof(g->member[0]); i++) {
		const struct member *m = &g->member[i];

		if ((want & FIELD_BIT(m->field)) == 0)
			continue;
		put_key(out, m->key, strlen(m->key));
		event_format_field(out, ev, m->field);
	}
	close_object(out, start);
}

/* What a path leads to, under the path's own text: `"context.a.b":1`. */
static void
put_path(struct render *r, const struct selector *s, const struct event *ev)
{
	struct buf *out = &r->buf;
	size_t start = out->len;

	buf_byte(out, ',');
	json_quote(out, s->text);
	buf_byte(out, ':');
	if (!selector_format_json(out, s, ev, &r->scratch))
		out->len = start;
}

/* One field after another, in the order of the columns. */
static void
put_chosen(struct render *r, const struct event *ev)
{
	struct buf *out = &r->buf;
	field_set want = r->chosen_set & ev->present, done = 0;

	for (size_t i = 0; i < r->columns; i++) {
		enum field f = r->column[i].field;
		const struct group *g = r->o.nested ? group_of(f) : NULL;

		if ((want & ~done & FIELD_BIT(f)) == 0)
			continue;
		if (r->column[i].steps > 0) {
			put_path(r, &r->column[i], ev);
			continue;
		}
		if (g != NULL) {
			put_group(out, g, ev, want);
			done |= g->set;
			continue;
		}
		if (r->o.nested && f == FIELD_CONTEXT)
			put_key(out, "properties", 10);
		else
			put_key(out, field_table[f].key, field_table[f].key_len);
		event_format_field(out, ev, f);
	}
}

/* The canonical line as the rest of an object that was begun at start. */
static void
put_line(struct buf *out, size_t start, const struct event *ev)
{
	size_t line = out->len;

	event_format(out, ev);
	out->p[line] = ','; /* in the place of its brace */
	out->p[start] = '{';
}

void
render_object(struct render *r, const struct event *ev, uint64_t seq)
{
	struct buf *out = &r->buf;
	size_t start = out->len;

	if (r->o.seq)
		buf_printf(out, ",\"seq\":%" PRIu64, seq);
	if (r->chosen || r->o.nested || ev->present == 0) {
		put_chosen(r, ev);
		close_object(out, start);
	} else if (r->o.seq) {
		put_line(out, start, ev);
	} else {
		event_format(out, ev);
	}
}
