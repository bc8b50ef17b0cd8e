/*
 * segment: pieces of columns that anyone may have written.
 *
 * A small valid segment with a column of each encoding; one of its pieces is
 * replaced by what the input says, then everything is read of its column
 * (columns know nothing of each other).  When verification finds nothing in
 * the segment, then every way to read it gives what was put in.
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
#include "store/verify_parts.h"
#include "loaded.h"

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
	set(ev, a, FIELD_SEVERITY, "info", 0, 0);
	set(ev, a, FIELD_OUTCOME, "unknown", 0, 0);
	set(ev, a, FIELD_CONTEXT, "{\"n\":%u,\"m\":%u}", i * 31, i);
}

/* What was put in, and what verification holds it against. */
struct truth {
	struct event ev[ROWS];
	struct arena arena;
	struct buf line[ROWS];
	struct buf salts, leaves;
	struct sealed sealed;
	struct cell_work *work;
};

static void
make_leaf(struct truth *t, struct salt_walk *walk, unsigned i)
{
	uint8_t salt[SALT_LEN];
	struct hash leaf;

	event_format(&t->line[i], &t->ev[i]);
	if (!salt_get(walk, i, salt))
		abort();
	tree_leaf(&leaf, salt, LEAF_EVENT, buf_view(&t->line[i]));
	buf_add(&t->leaves, leaf.b, sizeof(leaf.b));
}

static void
make_truth(struct truth *t)
{
	struct segment_builder *b = segment_builder_new();
	struct salt_walk walk;
	uint64_t bytes = 0;

	salt_new(&t->salts);
	salt_walk_start(&walk, buf_view(&t->salts));
	for (unsigned i = 0; i < ROWS; i++) {
		make_event(&t->ev[i], &t->arena, i);
		segment_builder_add(b, &t->ev[i], 250000); /* long enough for a filter of the whole */
		make_leaf(t, &walk, i);
		bytes += t->line[i].len;
	}
	segment_builder_seal(b, NULL, &t->sealed);
	t->sealed.meta.bytes = bytes;
	segment_builder_free(b);
	t->work = mem_alloc(sizeof(*t->work));
	cell_work_init(t->work, NULL);
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

/* The other ways to read it. */
static void
read_loaded(struct input *in, struct segment *whole, unsigned field)
{
	enum field f = field == SEGMENT_WHOLE ? FIELD_DESCRIPTION : (enum field)field;

	read_rows(open_segment(in), whole, f);
	read_list(open_segment(in), whole, f);
}

/* ---- verification ---- */

/* Whether verification finds nothing, were this all of a log. */
static bool
verifies(struct truth *t, const struct input *in)
{
	struct cell_work *w = t->work;
	struct cell_copy *c = &w->copy;
	struct copied_segment s = { .info = { .id = 1, .last = ROWS - 1, .meta = in->sealed.meta }, .n = in->sealed.n };
	struct copied_leaves leaves = { 0, t->leaves };
	bool good;

	s.piece = mem_zero(s.n, sizeof(*s.piece));
	for (size_t i = 0; i < s.n; i++)
		s.piece[i] = (struct copied_piece){ in->sealed.piece[i].field, in->sealed.piece[i].part,
			i == in->replaced ? in->by : in->sealed.piece[i].data };
	*c = (struct cell_copy){ .size = ROWS, .end = ROWS, .there = true, .salts = t->salts, .segment = &s, .segments = 1,
		.leaves = &leaves, .leaf_rows = 1 };
	cell_work_run(w);
	good = w->found.n == 0;
	must(good == (w->present == ROWS && w->missing == 0 && w->found.n == 0));
	findings_reset(&w->found);
	*c = (struct cell_copy){ 0 };
	free(s.piece);
	return good;
}

/* Whether all columns can be decoded: else it is plain that something is found. */
static bool
decodes(struct input *in)
{
	struct segment *s = open_segment(in);
	struct err e = ERR_NONE;
	struct event ev;
	bool good = in->sealed.meta.count == ROWS;

	for (uint32_t row = 0; good && row < ROWS; row++)
		good = segment_event(s, row, FIELD_ALL, &ev, &e) == 0;
	segment_free(s);
	return good;
}

static void
must_be_row(const struct truth *t, struct segment *s, uint32_t row)
{
	struct buf line = { 0 };
	struct err e = ERR_NONE;
	struct event ev;

	must(segment_event(s, row, FIELD_ALL, &ev, &e) == 0);
	event_format(&line, &ev);
	must(str_eq(buf_view(&line), buf_view(&t->line[row])));
	buf_fini(&line);
}

/* Dictionaries without their codes, and the codes. */
static void
must_be_counted(const struct truth *t, struct segment *s, enum field f)
{
	struct err e = ERR_NONE;
	const struct column *c = segment_column(s, f, &e);

	must(c != NULL);
	if (c->kind != COLUMN_CODES)
		return;
	for (uint32_t v = 0; v <= c->n_values; v++) {
		uint32_t n = 0;

		for (uint32_t row = 0; row < ROWS; row++)
			n += v == 0 ? !event_has(&t->ev[row], f) : event_has(&t->ev[row], f) && str_eq(t->ev[row].v[f], c->values[v]);
		must(n == c->counts[v] && (v == 0 || n > 0));
	}
	must(segment_codes(s, f, &e) != NULL);
	for (uint32_t row = 0; row < ROWS; row++)
		must(str_eq(c->values[column_code(c, row)], event_has(&t->ev[row], f) ? t->ev[row].v[f] : STR("")));
}

/* No filter hides a value or a part of it. */
static void
must_be_found(const struct truth *t, struct segment *s, enum field f, uint32_t row)
{
	static uint64_t bits[SEGMENT_EVENTS_MAX / 64];
	struct err e = ERR_NONE;
	struct str value = t->ev[row].v[f];
	char small[64];
	size_t from = value.len / 3, len = 0;

	must(segment_may_have(s, f, value, &e) == 1);
	bits[0] = UINT64_MAX;
	must(segment_may_contain(s, f, (struct str){ value.p + from, value.len - from }, false, bits, &e) == 0);
	must(bits[0] >> row & 1);
	for (size_t i = 0; i < value.len && i < sizeof(small); i++)
		small[len++] = (char)(value.p[i] >= 'A' && value.p[i] <= 'Z' ? value.p[i] + 'a' - 'A' : value.p[i]);
	bits[0] = UINT64_MAX;
	must(segment_may_contain(s, f, (struct str){ small, len }, true, bits, &e) == 0);
	must(bits[0] >> row & 1);
}

static void
must_be_true(const struct truth *t, struct input *in)
{
	struct segment *s = open_segment(in);

	for (uint32_t row = 0; row < ROWS; row++) {
		struct segment *alone = open_segment(in);

		segment_expect(alone, 1);
		must_be_row(t, alone, row);
		segment_free(alone);
		for (int f = 0; f < FIELD_COUNT; f++)
			if (event_has(&t->ev[row], (enum field)f) && field_table[f].type != FIELD_TIMESTAMP)
				must_be_found(t, s, (enum field)f, row);
		must_be_row(t, s, row);
	}
	for (int f = 0; f < FIELD_COUNT; f++)
		must_be_counted(t, s, (enum field)f);
	segment_free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct truth truth; /* made once */
	volatile unsigned sum;

	if (size < 2)
		return 0;
	if (truth.sealed.n == 0)
		make_truth(&truth);
	struct input in = { .sealed = truth.sealed };
	replace(&in, data, size);
	struct segment *s = open_segment(&in);
	sum = read_everything(s, in.sealed.piece[in.replaced].field);
	sum += pick_rows(&in, s, in.sealed.piece[in.replaced].field);
	(void)sum;
	read_loaded(&in, s, in.sealed.piece[in.replaced].field);
	segment_free(s);
	if (decodes(&in)) {
		if (verifies(&truth, &in))
			must_be_true(&truth, &in);
	} else if (size % 32 == 0)
		must(!verifies(&truth, &in));
	buf_fini(&in.by);
	return 0;
}
