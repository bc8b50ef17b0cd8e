/*
 * line_maker: lines out of members that are made once for each value.
 *
 * Most fields have a dictionary: their values, with key and escapes, are made
 * ready when the first row is asked for, and a row copies them.  Of few rows,
 * members of a large dictionary are made when they are needed.
 *
 * In: a segment.   Out: lines, to be hashed or given out.
 */
#include "store/line_maker.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/reader.h"

/* Bytes of members that are made ready, so that escapes, six bytes for one,
 * do not make much of a small file. */
#define READY_MAX ((size_t)16 * 1024 * 1024)

enum {
	COPIED = 32, /* bytes that are copied at a time: most members have no more */
	AHEAD = 8    /* rows: members lie far apart, and are asked for before they are needed */
};

struct member {
	enum field field;
	const struct column *codes; /* NULL: made row by row */
	const int64_t *time;        /* of a column of times */
	struct buf text;            /* members of all values, with COPIED bytes behind them */
	uint32_t *at;               /* of a code's in text, and behind it the next one's */
};

struct line_maker {
	struct segment *segment;
	uint32_t ready; /* for so many lines; 0: not yet */
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

/* A dictionary's members, when at least about as many rows as it has values
 * are asked for. */
static int
make_member(struct line_maker *m, struct member *x, uint32_t rows, size_t *left, struct err *e)
{
	const struct column *c = segment_column(m->segment, x->field, e);

	if (c == NULL)
		return -1;
	if (c->kind == COLUMN_TIME)
		x->time = c->time;
	if (c->kind != COLUMN_CODES)
		return 0;
	if ((c = segment_codes(m->segment, x->field, e)) == NULL)
		return -1;
	if (c->n_values > rows)
		return 0;
	x->codes = c;
	if (make_texts(x, *left))
		*left -= x->text.len;
	else
		drop_texts(x);
	return 0;
}

int
line_maker_load(struct line_maker *m, uint32_t lines, struct err *e)
{
	size_t room = READY_MAX;

	drop_members(m); /* of an attempt that failed, or for fewer lines */
	m->ready = 0;
	if (segment_load(m->segment, FIELD_ALL, e) < 0)
		return -1;
	for (field_set left = segment_meta(m->segment)->fields & FIELD_ALL; left != 0; left &= left - 1) {
		struct member *x = &m->member[m->members++];

		*x = (struct member){ .field = (enum field)__builtin_ctzll(left) };
		if (make_member(m, x, lines, &room, e) < 0)
			return -1;
	}
	m->ready = lines;
	return 0;
}

/* ---- lines ---- */

static inline void
fetch_member(const struct member *x, uint32_t row)
{
	__builtin_prefetch(x->text.p + x->at[column_code(x->codes, row)]);
}

/* The code, whose member was appended; 0: absent. */
static inline uint32_t
copy_member(const struct member *x, uint32_t row, struct buf *out)
{
	uint32_t code = column_code(x->codes, row);
	size_t len = x->at[code + 1] - x->at[code];
	const char *from = x->text.p + x->at[code];
	char *to;

	if (code == 0)
		return 0;
	if (out->cap - out->len < len + COPIED)
		buf_reserve(out, len + COPIED);
	to = out->p + out->len;
	out->len += len;
	memcpy(to, from, COPIED);
	while (len > COPIED) {
		to += COPIED;
		from += COPIED;
		len -= COPIED;
		memcpy(to, from, COPIED);
	}
	return code;
}

/* The value of a member that was not made ready, into the event: by the thread's
 * own reader, or (NULL) of a segment that nobody else reads. */
static inline int
put_value(const struct line_maker *m, enum field f, struct row_reader *r, uint32_t row, struct event *ev,
    struct err *e)
{
	struct str value;

	if (r == NULL)
		return reader_value(m->segment, f, row, ev, e);
	if (row_reader_value(r, m->segment, f, row, &value, e) < 0)
		return -1;
	reader_put(ev, f, value);
	return 0;
}

/*
 * The line of a row that there is.  The event (NULL: nobody asks) gets what is
 * present, and of members that were made ready the values of those in want.
 * Most of an export is done here, and each of the two callers has its own copy
 * without what it does not ask for.
 */
__attribute__((always_inline)) static inline int
add_line(const struct line_maker *m, struct row_reader *r, uint32_t row, uint32_t ahead, field_set want,
    struct buf *out, struct event *ev, struct err *e)
{
	size_t start = out->len;
	struct event scratch, *of = ev != NULL ? ev : &scratch;

	scratch.present = 0;
	for (unsigned i = 0; i < m->members; i++) {
		const struct member *x = &m->member[i];
		uint32_t code;

		if (x->codes != NULL) {
			fetch_member(x, ahead);
			if ((code = copy_member(x, row, out)) != 0 && ev != NULL) {
				ev->present |= FIELD_BIT(x->field);
				if (want >> x->field & 1)
					ev->v[x->field] = x->codes->values[code];
			}
		} else if (x->time != NULL) {
			if (x->time[row] == TIME_NONE)
				continue;
			time_format(event_format_plain(out, x->field, TIME_TEXT_LEN), x->time[row]);
			if (ev != NULL)
				event_set_time(ev, x->field, x->time[row]);
		} else {
			if (put_value(m, x->field, r, row, of, e) < 0)
				return -1;
			if (event_has(of, x->field))
				event_format_member(out, of, x->field);
		}
	}
	event_format_end(out, start);
	return 0;
}

int
line_maker_add(struct line_maker *m, uint32_t row, field_set want, struct buf *out, struct event *ev,
    struct err *e)
{
	uint32_t rows = segment_meta(m->segment)->count;

	if (reader_begin(m->segment, row, ev, e) < 0)
		return -1;
	if (m->ready < rows && line_maker_load(m, rows, e) < 0)
		return -1;
	return add_line(m, NULL, row, row + AHEAD < rows ? row + AHEAD : row, want, out, ev, e);
}

int
line_maker_line(const struct line_maker *m, struct row_reader *r, uint32_t row, uint32_t ahead,
    struct buf *out, struct err *e)
{
	uint32_t rows = segment_meta(m->segment)->count;

	if (m->ready == 0 || row >= rows || ahead >= rows)
		return err_set(e, ERR_FAIL, "no row %u in the segment", row);
	return add_line(m, r, row, ahead, 0, out, NULL, e);
}

size_t
line_maker_memory(const struct line_maker *m)
{
	size_t total = sizeof(*m);

	for (unsigned i = 0; i < m->members; i++)
		if (m->member[i].codes != NULL)
			total += m->member[i].text.cap +
			    (m->member[i].codes->n_values + 2) * sizeof(*m->member[i].at);
	return total;
}
