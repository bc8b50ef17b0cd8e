/*
 * dialect_line: an event as a header of parts and a list of key=value, for cef
 * and leef.
 *
 *     CEF:0|audit-toolkit|audit-toolkit|0.1|user.login|Ann signed in|3|rt=1776967200000 suser=Ann
 *
 * The first places of the table are the header, in its order; they are there
 * for every event, empty or not, and cut where they are too long.  What has no
 * place among the keys becomes one under the event's own name.
 */
#include "render/dialect.h"

static void
put_header(struct buf *out, const struct dialect_source *s, const struct dialect_place *p, size_t max)
{
	struct dialect_value v;

	if (dialect_value(s, p, &v))
		dialect_escape(out, dialect_cut(v.text, max), &s->r->dialect->header);
	buf_byte(out, '|');
}

static void
put_key(struct buf *out, const struct dialect_line *line, struct str key, size_t start)
{
	if (out->len > start)
		buf_byte(out, line->between);
	buf_str(out, key);
	buf_byte(out, '=');
}

/* "session_id" as "AuditSessionId": keys of CEF are letters and digits. */
static void
put_own_key(struct buf *out, const struct dialect_line *line, enum field f, size_t start)
{
	const char *key = field_table[f].key;
	bool upper = true;

	if (line->own[0] == '\0') {
		put_key(out, line, str_of(key), start);
		return;
	}
	if (out->len > start)
		buf_byte(out, line->between);
	buf_str(out, str_of(line->own));
	for (; *key != '\0'; key++) {
		if (*key != '_')
			buf_byte(out, upper && *key >= 'a' ? (char)(*key - 'a' + 'A') : *key);
		upper = *key == '_';
	}
	buf_byte(out, '=');
}

static void
put_rest(struct buf *out, const struct dialect_source *s, const struct dialect_line *line, field_set left,
    size_t start)
{
	char time[TIME_TEXT_LEN];

	for (; left != 0; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);

		put_own_key(out, line, f, start);
		if (field_table[f].type == FIELD_TIMESTAMP) {
			time_format(time, f == FIELD_TIME ? s->ev->time : s->ev->ingested);
			buf_add(out, time, sizeof(time));
		} else
			dialect_escape(out, s->ev->v[f], &s->r->dialect->value);
	}
}

void
dialect_put_line(struct render *r, const struct event *ev, uint64_t seq, const struct dialect_line *line)
{
	struct buf *out = &r->buf;
	struct dialect_verdict verdict;
	struct dialect_source s;
	struct dialect_value v;
	field_set taken = 0;
	size_t start;

	dialect_begin(&s, &verdict, r, ev, seq);
	buf_str(out, str_of(line->begin));
	for (size_t i = 0; i < r->dialect->table->headers; i++)
		put_header(out, &s, &verdict.kind->place[i], line->header_max);
	buf_str(out, str_of(line->end));
	start = out->len;
	for (size_t i = r->dialect->table->headers; i < verdict.kind->places; i++) {
		const struct dialect_place *p = &verdict.kind->place[i];

		if (!dialect_value(&s, p, &v))
			continue;
		put_key(out, line, p->to, start);
		dialect_escape(out, v.text, &r->dialect->value);
		taken |= v.taken;
	}
	put_rest(out, &s, line, ev->present & ~taken, start);
	buf_byte(out, '\n');
}
