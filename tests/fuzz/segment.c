/*
 * segment: pieces of columns that anyone may have written.
 *
 * A small valid segment with a column of each encoding; one of its pieces is
 * replaced by what the input says, then everything is read of its column
 * (columns know nothing of each other).
 *
 *   byte 0     which piece
 *   byte 1     how: 0 the rest is the piece; 1 the rest, compressed, is the
 *              piece; 2 the rest are changes of the valid piece, three bytes
 *              each: offset (little-endian) and byte; 3 as 2, with as many
 *              rows as bytes 2 and 3 say, below ROWS_MAX
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/codec.h"
#include "store/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 40, ROWS_MAX = 600 };

struct input {
	struct sealed sealed;
	size_t replaced;
	struct buf by;
};

static void
set(struct event *ev, struct arena *a, enum field f, const char *format, unsigned x, unsigned y)
{
	char text[64];
	int n = snprintf(text, sizeof(text), format, x, y);

	event_set(ev, f, (struct str){ arena_copy(a, text, (size_t)n), (size_t)n });
}

static void
make_event(struct event *ev, struct arena *a, unsigned i)
{
	event_set_time(ev, FIELD_TIME, 1776902400000000 + (i % 13 ? i : 0) * INT64_C(1000003));
	if (i % 4)
		event_set_time(ev, FIELD_INGESTED, 1776902500000000 + i / 8);
	set(ev, a, FIELD_ID, "%08x-4f89-71d3-9a0c-0305e82c33%02x", i * 2654435761u, i);
	set(ev, a, FIELD_ACTION, i % 3 ? "user.login" : "user.logout%u", i % 2, 0);
	if (i % 5)
		set(ev, a, FIELD_TARGET_PATH, "/srv/data/%u", i % 7, 0);
	set(ev, a, FIELD_SOURCE, "app", 0, 0);
	if (i != 3)
		set(ev, a, FIELD_REQUEST_ID, i % 11 ? "3f2504e0-4f89-41d3-9a0c-%012x" : "odd %u", i / 3, 0);
	if (i % 6)
		set(ev, a, FIELD_DESCRIPTION, "sentence %u of %u", i, i * 7919);
	set(ev, a, FIELD_CONTEXT, "{\"n\":%u,\"m\":%u}", i * 31, i);
}

static void
make_segment(struct sealed *out)
{
	struct segment_builder *b = segment_builder_new();
	struct arena a = { 0 };

	for (unsigned i = 0; i < ROWS; i++) {
		struct event ev = { 0 };
		make_event(&ev, &a, i);
		segment_builder_add(b, &ev, 250000); /* long enough for a filter of the whole */
	}
	segment_builder_seal(b, NULL, out);
	segment_builder_free(b);
	arena_fini(&a);
}

static int
get_piece(void *arg, unsigned field, unsigned part, struct buf *out, struct err *e)
{
	const struct input *in = arg;

	(void)e;
	for (size_t i = 0; i < in->sealed.n; i++) {
		const struct piece *piece = &in->sealed.piece[i];
		if (piece->field == field && piece->part == part) {
			buf_str(out, buf_view(i == in->replaced ? &in->by : &piece->data));
			return 1;
		}
	}
	return 0;
}

static void
do_nothing(void *arg)
{
	(void)arg;
}

/* In memory of its own, so that a sanitizer sees what is read behind it. */
static int
get_part(void *arg, unsigned field, unsigned part, struct piece_range range, struct buf *out, size_t *length,
    struct err *e)
{
	struct buf whole = { 0 };
	int rc = get_piece(arg, field, part, &whole, e);

	buf_fini(out);
	*length = whole.len;
	if (range.from < whole.len)
		buf_add(out, whole.p + range.from, range.n < whole.len - range.from ? range.n : whole.len - range.from);
	buf_fini(&whole);
	return rc;
}

static struct segment *
open_segment(struct input *in)
{
	return segment_new(&in->sealed.meta, (struct piece_source){ .get = get_piece, .arg = in, .begin = do_nothing,
	    .end = do_nothing, .part = get_part });
}

static void
replace(struct input *in, const uint8_t *data, size_t size)
{
	unsigned how = data[1] % 4;

	in->replaced = data[0] % in->sealed.n;
	data += 2;
	size -= 2;
	if (how == 0)
		buf_add(&in->by, data, size);
	if (how == 1) {
		struct codec *c = codec_new();
		codec_compress(c, data, size, &in->by);
		codec_free(c);
	}
	if (how < 2)
		return;
	if (how == 3 && size >= 2) {
		in->sealed.meta.count = (data[0] | (uint32_t)data[1] << 8) % ROWS_MAX;
		data += 2;
		size -= 2;
	}
	buf_str(&in->by, buf_view(&in->sealed.piece[in->replaced].data));
	for (; size >= 3; data += 3, size -= 3)
		in->by.p[(data[0] | (size_t)data[1] << 8) % in->by.len] = (char)data[2];
}

/* Every byte is looked at, so that a sanitizer sees a wrong one. */
static unsigned
touch(struct str s)
{
	unsigned sum = 0;

	for (size_t i = 0; i < s.len; i++)
		sum += (unsigned char)s.p[i];
	return sum;
}

static void
must(bool good)
{
	if (!good)
		abort();
}

static unsigned
read_column(struct segment *s, enum field f, struct err *e)
{
	const struct column *c = segment_column(s, f, e);
	uint32_t rows = segment_meta(s)->count;
	unsigned sum = 0;
	struct str value;

	if (c == NULL)
		return 0;
	if (c->kind == COLUMN_TIME)
		for (uint32_t row = 0; row < rows; row++)
			must(c->time[row] == TIME_NONE || (c->time[row] >= TIME_MIN && c->time[row] <= TIME_MAX));
	if (c->kind == COLUMN_CODES) {
		for (uint32_t i = 1; i <= c->n_values; i++)
			sum += touch(c->values[i]);
		if (segment_codes(s, f, e) == NULL)
			return sum;
		for (uint32_t row = 0; row < rows; row++)
			must(column_code(c, row) <= c->n_values);
	}
	if (c->kind == COLUMN_CODES || c->kind == COLUMN_VALUES)
		for (uint32_t row = 0; row < rows && segment_value(s, f, row, &value, e) == 0; row++)
			sum += touch(value);
	return sum;
}

/* Filters of trigrams, asked for what is and what is not there. */
static void
ask_filters(struct segment *s, enum field f)
{
	static uint64_t bits[SEGMENT_EVENTS_MAX / 64];
	static const struct str asked[] = { { "sentence 7", 10 }, { "no such text", 12 }, { "4f89-", 5 }, { "ab", 2 } };

	for (size_t i = 0; i < 2 * sizeof(asked) / sizeof(asked[0]); i++) {
		struct err e = ERR_NONE;

		segment_may_contain(s, f, asked[i / 2], i % 2, bits, &e);
		must(e.code == ERR_OK || e.code == ERR_INTEGRITY || f == FIELD_TIME || f == FIELD_INGESTED);
	}
}

static unsigned
read_everything(struct segment *s, unsigned field)
{
	struct err e = ERR_NONE;
	struct event ev;
	enum field f = field == SEGMENT_WHOLE ? FIELD_DESCRIPTION : (enum field)field;
	unsigned sum;

	ask_filters(s, f);
	sum = read_column(s, f, &e);

	segment_may_have(s, f, STR("3f2504e0-4f89-41d3-9a0c-000000000001"), &e);
	must(e.code == ERR_OK || e.code == ERR_INTEGRITY);
	for (uint32_t row = segment_meta(s)->count; row > 0; row -= row > 50 ? 50 : 1)
		if (segment_event(s, row - 1, FIELD_BIT(f), &ev, &e) == 0 && ev.present &&
		    f != FIELD_TIME && f != FIELD_INGESTED)
			sum += touch(ev.v[f]);
	return sum + (unsigned)segment_memory(s);
}

/* Some rows had alone.  When the column can be read as a whole, they are the
 * same. */
static unsigned
pick_rows(struct input *in, struct segment *whole, unsigned field)
{
	enum field f = field == SEGMENT_WHOLE ? FIELD_DESCRIPTION : (enum field)field;
	uint32_t rows = in->sealed.meta.count;
	unsigned sum = 0;

	for (uint32_t row = 0; row < rows; row += 1 + row / 2) {
		struct segment *s = open_segment(in);
		struct err e = ERR_NONE, e2 = ERR_NONE;
		struct event one, same;

		segment_expect(s, 1);
		if (segment_event(s, row, FIELD_BIT(f), &one, &e) < 0)
			must(e.code == ERR_INTEGRITY);
		else if (f != FIELD_TIME && f != FIELD_INGESTED && one.present)
			sum += touch(one.v[f]);
		if (segment_event(whole, row, FIELD_BIT(f), &same, &e2) == 0) {
			must(e.code == ERR_OK && one.present == same.present && one.time == same.time);
			must(f == FIELD_TIME || f == FIELD_INGESTED || !one.present || str_eq(one.v[f], same.v[f]));
		}
		segment_free(s);
	}
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sealed valid; /* made once */
	volatile unsigned sum;

	if (size < 2)
		return 0;
	if (valid.n == 0)
		make_segment(&valid);
	struct input in = { .sealed = valid };
	replace(&in, data, size);
	struct segment *s = open_segment(&in);
	sum = read_everything(s, in.sealed.piece[in.replaced].field);
	sum += pick_rows(&in, s, in.sealed.piece[in.replaced].field);
	(void)sum;
	segment_free(s);
	buf_fini(&in.by);
	return 0;
}
