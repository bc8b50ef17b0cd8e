/*
 * line_maker: lines out of members that are made once for each value.
 *
 * Most fields have a dictionary: their values, with key and escapes, are made
 * ready when the first row is asked for, and a row copies them.
 *
 * In: a segment.   Out: lines, to be hashed.
 */
#include "store/line_maker.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/reader.h"

/* Bytes of members that are made ready, so that escapes, six bytes for one,
 * do not make much of a small file. */
#define READY_MAX ((size_t)16 * 1024 * 1024)

enum {
	COPIED = 32, /* bytes that are copied at least: most members have no more */
	AHEAD = 8    /* rows: members lie far apart, and are asked for before they are needed */
};

struct member {
	enum field field;
	const struct column *codes; /* NULL: made row by row */
	struct buf text;            /* members of all values, with COPIED bytes behind them */
	uint32_t *at;               /* of a code's in text, and behind it the next one's */
};

struct line_maker {
	struct segment *segment;
	bool ready;
	struct member member[FIELD_COUNT];
	unsigned members;
};

struct line_maker *
line_maker_new(struct segment *s)
{
	struct line_maker *m = mem_zero(1, sizeof(*m));

	m->segment = s;
	return m;
}

static void
drop_texts(struct member *x)
{
	buf_fini(&x->text);
	free(x->at);
	x->at = NULL;
	x->codes = NULL;
}

static void
drop_members(struct line_maker *m)
{
	for (unsigned i = 0; i < m->members; i++)
		drop_texts(&m->member[i]);
	m->members = 0;
}

void
line_maker_free(struct line_maker *m)
{
	if (m == NULL)
		return;
	drop_members(m);
	free(m);
}

/* False: too much. */
static bool
make_texts(struct member *x, size_t most)
{
	struct event ev = { 0 };

	x->at = mem_alloc(((size_t)x->codes->n_values + 2) * sizeof(*x->at));
	x->at[0] = 0; /* absent */
	for (uint32_t code = 1; code <= x->codes->n_values; code++) {
		x->at[code] = (uint32_t)x->text.len;
		event_set(&ev, x->field, x->codes->values[code]);
		event_format_member(&x->text, &ev, x->field);
		if (x->text.len > most)
			return false;
	}
	x->at[x->codes->n_values + 1] = (uint32_t)x->text.len;
	buf_reserve(&x->text, COPIED);
	memset(x->text.p + x->text.len, 0, COPIED);
	return true;
}

static int
make_ready(struct line_maker *m, struct err *e)
{
	size_t left = READY_MAX;

	drop_members(m); /* of an attempt that failed */
	for (field_set fields = segment_meta(m->segment)->fields; fields != 0; fields &= fields - 1) {
		struct member *x = &m->member[m->members++];
		const struct column *c;

		*x = (struct member){ .field = (enum field)__builtin_ctzll(fields) };
		if ((c = segment_column(m->segment, x->field, e)) == NULL)
			return -1;
		if (c->kind != COLUMN_CODES)
			continue;
		if ((x->codes = segment_codes(m->segment, x->field, e)) == NULL)
			return -1;
		if (make_texts(x, left))
			left -= x->text.len;
		else
			drop_texts(x);
	}
	m->ready = true;
	return 0;
}

static inline uint32_t
place_of(const struct member *x, uint32_t row)
{
	return x->at[column_code(x->codes, row)];
}

static void
copy_member(const struct member *x, uint32_t row, uint32_t rows, field_set want, struct buf *out, struct event *ev)
{
	uint32_t code = column_code(x->codes, row);
	size_t len = x->at[code + 1] - x->at[code];
	const char *from = x->text.p + x->at[code];
	char *to;

	if (row + AHEAD < rows)
		__builtin_prefetch(x->text.p + place_of(x, row + AHEAD));
	if (code == 0)
		return;
	buf_reserve(out, len + COPIED);
	to = out->p + out->len;
	memcpy(to, from, COPIED);
	if (len > COPIED)
		memcpy(to + COPIED, from + COPIED, len - COPIED);
	out->len += len;
	ev->present |= FIELD_BIT(x->field);
	if (want >> x->field & 1)
		ev->v[x->field] = x->codes->values[code];
}

int
line_maker_add(struct line_maker *m, uint32_t row, field_set want, struct buf *out, struct event *ev, struct err *e)
{
	size_t start = out->len;
	uint32_t rows = segment_meta(m->segment)->count;

	ev->present = 0;
	ev->time = ev->ingested = TIME_NONE;
	if (row >= rows)
		return err_set(e, ERR_FAIL, "no row %u in the segment", row);
	if (!m->ready && make_ready(m, e) < 0)
		return -1;
	for (unsigned i = 0; i < m->members; i++) {
		const struct member *x = &m->member[i];

		if (x->codes != NULL) {
			copy_member(x, row, rows, want, out, ev);
			continue;
		}
		if (reader_value(m->segment, x->field, row, ev, e) < 0)
			return -1;
		if (event_has(ev, x->field))
			event_format_member(out, ev, x->field);
	}
	event_format_end(out, start);
	return 0;
}
