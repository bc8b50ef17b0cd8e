/* segment: what goes in comes out, and pieces that lie are found out. */
#include <stdio.h>

#include "base/mem.h"
#include "store/column.h"
#include "store/internal.h"
#include "store/line_maker.h"
#include "unit.h"

/* A small generator with a seed, so that a failure can be repeated. */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint32_t
below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(next_random(state) % n);
}

/* ---- a segment over sealed pieces, one of which may be replaced ---- */

struct pieces {
	const struct sealed *sealed;
	size_t replaced; /* index, or SIZE_MAX */
	struct str by;   /* p == NULL: the piece is missing */
	unsigned reads;  /* of blocks */
	unsigned parts;  /* of pieces */
	bool begun;
};

static int
get_piece(void *arg, unsigned field, unsigned part, struct buf *out, struct err *e)
{
	struct pieces *p = arg;

	(void)e;
	p->reads += part >= PART_BLOCK;
	for (size_t i = 0; i < p->sealed->n; i++) {
		const struct piece *piece = &p->sealed->piece[i];
		if (piece->field != field || piece->part != part)
			continue;
		if (i == p->replaced && p->by.p == NULL)
			return 0;
		buf_str(out, i == p->replaced ? p->by : buf_view(&piece->data));
		return 1;
	}
	return 0;
}

static void
begin_pieces(void *arg)
{
	struct pieces *p = arg;

	ck_assert(!p->begun);
	p->begun = true;
}

static void
end_pieces(void *arg)
{
	struct pieces *p = arg;

	ck_assert(p->begun);
	p->begun = false;
}

/* In memory of its own, so that a read behind the end is seen by sanitizers. */
static int
get_part(void *arg, unsigned field, unsigned part, struct piece_range range, struct buf *out, size_t *length,
    struct err *e)
{
	struct pieces *p = arg;
	struct buf whole = { 0 };
	int rc = get_piece(arg, field, part, &whole, e);

	ck_assert(p->begun);
	p->parts++;
	buf_fini(out);
	*length = whole.len;
	if (rc > 0 && range.from < whole.len)
		buf_add(out, whole.p + range.from, range.n < whole.len - range.from ? range.n : whole.len - range.from);
	buf_fini(&whole);
	return rc;
}

static struct segment *
open_pieces(struct pieces *p)
{
	return segment_new(&p->sealed->meta, (struct piece_source){ .get = get_piece, .arg = p, .begin = begin_pieces,
	    .end = end_pieces, .part = get_part });
}

/* ---- events ---- */

struct run {
	struct event *ev;
	uint32_t n;
	struct arena a;
	struct segment_builder *builder;
	struct sealed sealed;
	struct pieces pieces;
	struct segment *segment;
};

static void
run_init(struct run *r, uint32_t n)
{
	*r = (struct run){ .n = n, .ev = mem_zero(n, sizeof(*r->ev)) };
	for (uint32_t i = 0; i < n; i++)
		event_set_time(&r->ev[i], FIELD_TIME, 1776902400000000 + (int64_t)i * 250000);
}

static void
run_seal(struct run *r, struct pool *pool)
{
	r->builder = segment_builder_new();
	for (uint32_t i = 0; i < r->n; i++)
		segment_builder_add(r->builder, &r->ev[i], i % 700);
	segment_builder_seal(r->builder, pool, &r->sealed);
	r->pieces = (struct pieces){ .sealed = &r->sealed, .replaced = SIZE_MAX };
	r->segment = open_pieces(&r->pieces);
}

static void
run_fini(struct run *r)
{
	segment_free(r->segment);
	sealed_fini(&r->sealed);
	segment_builder_free(r->builder);
	arena_fini(&r->a);
	free(r->ev);
}

static void
set(struct run *r, uint32_t row, enum field f, const void *p, size_t n)
{
	event_set(&r->ev[row], f, (struct str){ arena_copy(&r->a, p, n), n });
}

static void
set_number(struct run *r, uint32_t row, enum field f, const char *format, uint64_t v)
{
	char text[80];
	int n = snprintf(text, sizeof(text), format, (unsigned long long)v);

	set(r, row, f, text, (size_t)n);
}

static void
set_uuid(struct run *r, uint32_t row, enum field f, uint64_t *state)
{
	char text[80];
	uint64_t a = next_random(state), b = next_random(state);
	int n = snprintf(text, sizeof(text), "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
	    (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff), (unsigned)(0x8000 | (b >> 48 & 0x3fff)),
	    (unsigned long long)(b & 0xffffffffffff));

	set(r, row, f, text, (size_t)n);
}

static bool
is_time(int f)
{
	return f == FIELD_TIME || f == FIELD_INGESTED;
}

static void
check_event(const struct event *got, const struct event *put, field_set want, uint32_t row)
{
	ck_assert_msg(got->present == (put->present & want), "row %u: other fields", row);
	ck_assert(!event_has(got, FIELD_TIME) || got->time == put->time);
	ck_assert(!event_has(got, FIELD_INGESTED) || got->ingested == put->ingested);
	for (int f = 0; f < FIELD_COUNT; f++)
		if (!is_time(f) && event_has(got, (enum field)f))
			ck_assert_msg(str_eq(got->v[f], put->v[f]) && got->v[f].p != NULL,
			    "row %u: %s differs", row, field_table[f].key);
}

/* Codes, values and counts against the events themselves. */
static void
check_column(struct run *r, enum field f)
{
	struct err e = ERR_NONE;
	const struct column *c = segment_column(r->segment, f, &e);
	uint32_t absent = 0;

	ck_assert_msg(c != NULL, "%s", e.text);
	for (uint32_t row = 0; row < r->n; row++)
		absent += !event_has(&r->ev[row], f);
	ck_assert_int_eq(c->kind == COLUMN_ABSENT, absent == r->n);
	if (c->kind != COLUMN_CODES)
		return;
	ck_assert_ptr_eq(c, segment_codes(r->segment, f, &e));
	ck_assert_uint_eq(c->counts[0], absent);
	ck_assert_ptr_null(c->values[0].p);
	uint32_t *count = mem_zero((size_t)c->n_values + 1, sizeof(*count));
	for (uint32_t row = 0; row < r->n; row++) {
		uint32_t code = column_code(c, row);
		ck_assert_uint_le(code, c->n_values);
		ck_assert(code ? str_eq(c->values[code], r->ev[row].v[f]) : !event_has(&r->ev[row], f));
		count[code]++;
	}
	ck_assert_mem_eq(count, c->counts, (c->n_values + 1) * sizeof(*count));
	for (uint32_t i = 1; i < c->n_values; i++)
		ck_assert_int_lt(str_cmp(c->values[i], c->values[i + 1]), 0);
	free(count);
}

/* Rows had alone: of a segment of which nothing was read, of one of which one
 * column was, and more of them than are few. */
static void
check_picked(struct run *r, uint32_t step)
{
	struct event ev;
	struct err e = ERR_NONE;

	for (uint32_t first = 0; first < r->n; first += step) {
		struct segment *s = open_pieces(&r->pieces);
		uint32_t rows = 1 + first % 20;

		if (first % 3 == 0)
			ck_assert_ptr_nonnull(segment_column(s, (enum field)(first % FIELD_COUNT), &e));
		r->pieces.parts = 0;
		for (uint32_t i = 0; i < rows; i++) {
			uint32_t row = (first + i * 37) % r->n;

			segment_expect(s, 1);
			ck_assert_msg(segment_event(s, row, FIELD_ALL, &ev, &e) == 0, "%s", e.text);
			check_event(&ev, &r->ev[row], FIELD_ALL, row);
		}
		ck_assert_uint_gt(segment_memory(s), 0);
		segment_free(s);
	}
	ck_assert(!r->pieces.begun);
}

/* Lines out of members made ready, and what they say is in them. */
static void
check_lines(struct run *r)
{
	struct line_maker *lines = line_maker_new(r->segment);
	struct buf line = { 0 }, expected = { 0 };
	struct event ev;
	struct err e = ERR_NONE;

	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t row = i % 2 ? r->n - 1 - i / 2 : i / 2;
		field_set want = i % 3 ? FIELD_BIT(FIELD_SOURCE) : FIELD_ALL;

		buf_reset(&line);
		buf_reset(&expected);
		event_format(&expected, &r->ev[row]);
		ck_assert_msg(line_maker_add(lines, row, want, &line, &ev, &e) == 0, "%s", e.text);
		ck_assert(str_eq(buf_view(&line), buf_view(&expected)));
		ck_assert(ev.present == r->ev[row].present);
		ck_assert(ev.time == r->ev[row].time);
		if (event_has(&ev, FIELD_INGESTED))
			ck_assert(ev.ingested == r->ev[row].ingested);
		for (int f = 0; f < FIELD_COUNT; f++)
			if (want >> f & ev.present >> f & 1 && !is_time(f))
				ck_assert(str_eq(ev.v[f], r->ev[row].v[f]));
	}
	ck_assert_int_eq(line_maker_add(lines, r->n, FIELD_ALL, &line, &ev, &e), -1);
	line_maker_free(lines);
	buf_fini(&line);
	buf_fini(&expected);
}

static void
check_run(struct run *r)
{
	struct event ev;
	struct err e = ERR_NONE;

	ck_assert_uint_eq(r->sealed.meta.count, r->n);
	for (size_t i = 1; i < r->sealed.n; i++)
		ck_assert(r->sealed.piece[i - 1].field < r->sealed.piece[i].field ||
		    (r->sealed.piece[i - 1].field == r->sealed.piece[i].field &&
		    r->sealed.piece[i - 1].part < r->sealed.piece[i].part));
	for (int f = 0; f < FIELD_COUNT; f++)
		check_column(r, (enum field)f);
	for (uint32_t i = 0; i < r->n; i++) {
		/* Ascending from one end and descending from the other, mixed. */
		uint32_t row = i % 2 ? r->n - 1 - i / 2 : i / 2;
		field_set want = i % 5 ? FIELD_ALL : FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_CONTEXT);
		ck_assert_msg(segment_event(r->segment, row, want, &ev, &e) == 0, "%s", e.text);
		check_event(&ev, &r->ev[row], want, row);
		segment_builder_event(r->builder, row, &ev);
		check_event(&ev, &r->ev[row], FIELD_ALL, row);
		for (int f = 0; f < FIELD_COUNT; f++)
			if (field_table[f].flags & F_MEMBER && event_has(&r->ev[row], (enum field)f))
				ck_assert_int_eq(segment_may_have(r->segment, (enum field)f, r->ev[row].v[f], &e), 1);
	}
	ck_assert_uint_gt(segment_memory(r->segment), 0);
	check_picked(r, r->n / 25 + 1);
	check_lines(r);
}

/* ---- round trips ---- */

enum shape {
	NEVER, FEW, FEW_GAPS, DISTINCT, DISTINCT_GAPS, UUIDS, UUIDS_ODD, UUIDS_REPEATED, BYTES, EMPTY,
	ONE_VALUE, NUMBERS, LATE_START, SHAPES
};

static void
set_shape(struct run *r, uint32_t row, enum field f, enum shape shape, uint64_t *state)
{
	char bytes[40];

	switch (shape) {
	case FEW_GAPS:
	case DISTINCT_GAPS:
		if (below(state, 3) == 0)
			return;
		break;
	case LATE_START:
		if (row < r->n / 2 || row % 7 == 0)
			return;
		break;
	default:
		break;
	}
	switch (shape) {
	case FEW: case FEW_GAPS:
		set_number(r, row, f, "/srv/data/value %llu", below(state, 9));
		break;
	case DISTINCT: case DISTINCT_GAPS: case LATE_START:
		set_number(r, row, f, "a value of its own, %016llx", next_random(state));
		break;
	case UUIDS_REPEATED:
		if (row > 3 && below(state, 3)) {
			uint32_t from = row - 1 - below(state, 3);
			event_set(&r->ev[row], f, r->ev[from].v[f]);
			break;
		}
		set_uuid(r, row, f, state);
		break;
	case UUIDS_ODD:
		if (below(state, 50) == 0)
			set(r, row, f, "3F2504E0-4F89-11D3-9A0C-0305E82C3301", 36);
		else if (below(state, 50) != 1)
			set_uuid(r, row, f, state);
		break;
	case UUIDS:
		set_uuid(r, row, f, state);
		break;
	case BYTES:
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)below(state, 3);
		set(r, row, f, bytes, below(state, sizeof(bytes)));
		break;
	case EMPTY:
		if (below(state, 2))
			set(r, row, f, "", 0);
		break;
	case ONE_VALUE:
		set(r, row, f, "the one", 7);
		break;
	case NUMBERS:
		set_number(r, row, f, "%llu", below(state, 2000));
		break;
	default:
		break;
	}
}

static void
random_run(struct run *r, uint32_t n, uint64_t seed)
{
	enum shape shape[FIELD_COUNT];

	for (int f = 0; f < FIELD_COUNT; f++)
		shape[f] = (enum shape)below(&seed, SHAPES);
	run_init(r, n);
	for (uint32_t row = 0; row < n; row++) {
		int64_t late = below(&seed, 50) ? 0 : (int64_t)below(&seed, 400000000);
		event_set_time(&r->ev[row], FIELD_TIME, r->ev[row].time - late);
		if (seed % 2 || row % 3)
			event_set_time(&r->ev[row], FIELD_INGESTED, 1776902400000000 + row / 100);
		for (int f = 0; f < FIELD_COUNT; f++)
			if (!is_time(f))
				set_shape(r, row, (enum field)f, shape[f], &seed);
	}
}

START_TEST(events_of_every_shape_come_back)
{
	static const uint32_t size[] = { 1, 2, 15, 17, 100, 128, 129, 1000, 3000 };
	struct run r;
	struct pool *pool = pool_new(1);

	for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++)
		for (uint64_t seed = 1; seed <= 3; seed++) {
			random_run(&r, size[i], seed * 1000 + i);
			run_seal(&r, seed % 2 ? pool : NULL);
			check_run(&r);
			run_fini(&r);
		}
	pool_free(pool);
}
END_TEST

START_TEST(a_full_segment_comes_back)
{
	struct run r;
	uint64_t seed = 7;

	run_init(&r, SEGMENT_EVENTS_MAX);
	for (uint32_t row = 0; row < r.n; row++) {
		set_uuid(&r, row, FIELD_ID, &seed);
		set_shape(&r, row, FIELD_REQUEST_ID, UUIDS_REPEATED, &seed);
		set_number(&r, row, FIELD_TARGET_PATH, "/a/%llu", row % 300);
		set_number(&r, row, FIELD_ACTION, "%llu", row % 2);
		set_number(&r, row, FIELD_IP, "10.0.%llu", row);  /* all distinct, yet few before each new one */
		set_number(&r, row, FIELD_CONTEXT, "{\"n\":%llu}", next_random(&seed));
		if (row % 2)
			set_number(&r, row, FIELD_DESCRIPTION, "sentence %llu", row);
	}
	run_seal(&r, NULL);
	check_run(&r);
	run_fini(&r);
}
END_TEST

/* What the column was judged by may change under way. */
START_TEST(a_column_that_becomes_distinct_late_comes_back)
{
	struct run r;
	uint64_t seed = 3;

	run_init(&r, 30000);
	for (uint32_t row = 0; row < r.n; row++)
		for (int f = 0; f < FIELD_COUNT; f++)
			if (!is_time(f) && (row + (uint32_t)f) % 5)
				set_number(&r, row, (enum field)f, "x%llx", row < 3000 ? row % 4 : next_random(&seed));
	run_seal(&r, NULL);
	check_run(&r);
	run_fini(&r);
}
END_TEST

START_TEST(huge_values_come_back)
{
	enum { MIB = 1 << 20 };
	struct run r;
	char *huge = mem_alloc(SEGMENT_VALUE_MAX);
	uint64_t seed = 11;

	for (size_t i = 0; i < SEGMENT_VALUE_MAX; i++)
		huge[i] = (char)(i < MIB ? next_random(&seed) : i % 251);
	run_init(&r, 40);
	for (uint32_t row = 0; row < r.n; row++) {
		set(&r, row, FIELD_CONTEXT, huge, row % 9 ? below(&seed, 300) : MIB);
		set(&r, row, FIELD_TARGET_PATH, huge + row % 3, row % 10 ? 5 : MIB / 2);
	}
	/* The longest there may be, where the block is nearly full. */
	set(&r, 38, FIELD_CONTEXT, huge, 128 * 1024 - 1000);
	set(&r, 39, FIELD_CONTEXT, huge, SEGMENT_VALUE_MAX);
	run_seal(&r, NULL);
	check_run(&r);
	run_fini(&r);
	free(huge);
}
END_TEST

START_TEST(more_escapes_than_are_made_ready_come_back)
{
	enum { VALUES = 100, LEN = 40 * 1024 };
	struct run r;
	struct err e = ERR_NONE;
	enum column_kind kind;
	char *text = mem_alloc(LEN);

	memset(text, 1, LEN);
	run_init(&r, 3 * VALUES);
	for (uint32_t row = 0; row < r.n; row++) {
		text[0] = (char)(2 + row % VALUES);
		set(&r, row, FIELD_DEVICE, "\"", 1);
		set(&r, row, FIELD_USER_AGENT, text, LEN);
		set(&r, row, FIELD_HOST, "host", 4);
	}
	run_seal(&r, NULL);
	ck_assert(segment_kind(r.segment, FIELD_USER_AGENT, &kind, &e) == 0 && kind == COLUMN_CODES);
	check_lines(&r);
	run_fini(&r);
	free(text);
}
END_TEST

START_TEST(an_empty_value_is_not_an_absent_one)
{
	struct run r;
	struct event ev;
	struct err e = ERR_NONE;

	run_init(&r, 50);
	for (uint32_t row = 0; row < r.n; row += 2)
		for (int f = 0; f < FIELD_COUNT; f++)
			if (!is_time(f))
				set(&r, row, (enum field)f, "", 0);
	run_seal(&r, NULL);
	ck_assert_int_eq(segment_event(r.segment, 0, FIELD_ALL, &ev, &e), 0);
	ck_assert_uint_eq(ev.present, FIELD_ALL & ~FIELD_BIT(FIELD_INGESTED));
	ck_assert_ptr_nonnull(ev.v[FIELD_CONTEXT].p);
	ck_assert_int_eq(segment_event(r.segment, 1, FIELD_ALL, &ev, &e), 0);
	ck_assert_uint_eq(ev.present, FIELD_BIT(FIELD_TIME));
	check_run(&r);
	run_fini(&r);
}
END_TEST

START_TEST(a_builder_may_be_used_again)
{
	struct segment_builder *b = segment_builder_new();
	struct run r;
	struct sealed first, second;

	random_run(&r, 3000, 5);
	for (int pass = 0; pass < 2; pass++) {
		segment_builder_reset(b);
		ck_assert_uint_eq(segment_builder_count(b), 0);
		for (uint32_t i = 0; i < r.n; i++)
			segment_builder_add(b, &r.ev[i], 10);
		ck_assert_uint_eq(segment_builder_bytes(b), 10u * r.n);
		segment_builder_seal(b, NULL, pass ? &second : &first);
	}
	ck_assert_uint_eq(first.n, second.n);
	for (size_t i = 0; i < first.n; i++)
		ck_assert(str_eq(buf_view(&first.piece[i].data), buf_view(&second.piece[i].data)));
	sealed_fini(&first);
	sealed_fini(&second);
	segment_builder_free(b);
	run_fini(&r);
}
END_TEST

START_TEST(the_zone_map_says_what_is_there)
{
	struct run r;

	run_init(&r, 3);
	event_set_time(&r.ev[1], FIELD_TIME, 5);
	event_set_time(&r.ev[2], FIELD_TIME, INT64_C(3000000000000000));
	set(&r, 1, FIELD_HOST, "h", 1);
	run_seal(&r, NULL);
	ck_assert_int_eq(r.sealed.meta.min_time, 5);
	ck_assert_int_eq(r.sealed.meta.max_time, INT64_C(3000000000000000));
	ck_assert_int_eq(r.sealed.meta.min_ingested, TIME_NONE);
	ck_assert_int_eq(r.sealed.meta.max_ingested, TIME_NONE);
	ck_assert_uint_eq(r.sealed.meta.fields, FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_HOST));
	ck_assert_uint_eq(r.sealed.meta.bytes, 0 + 1 + 2);
	check_run(&r);
	run_fini(&r);
}
END_TEST

START_TEST(codes_are_as_wide_as_needed)
{
	static const struct { uint32_t values; unsigned width; } want[] = {
		{ 1, 1 }, { 2, 1 }, { 255, 1 }, { 256, 2 }, { 30000, 2 }
	};
	struct err e = ERR_NONE;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct run r;
		run_init(&r, SEGMENT_EVENTS_MAX);
		/* Every second row repeats the first, so that it stays a dictionary. */
		for (uint32_t row = 0; row < r.n; row++)
			set_number(&r, row, FIELD_ACTION, "%llu", row % 2 ? row / 2 % want[i].values : 0);
		run_seal(&r, NULL);
		const struct column *c = segment_codes(r.segment, FIELD_ACTION, &e);
		ck_assert_ptr_nonnull(c);
		ck_assert_uint_eq(c->n_values, want[i].values);
		ck_assert_uint_eq(c->code_width, want[i].width);
		check_column(&r, FIELD_ACTION);
		run_fini(&r);
	}
}
END_TEST

/* ---- borrowing and caching ---- */

static void
text_run(struct run *r, uint32_t n)
{
	uint64_t seed = 9;
	char text[2001];

	run_init(r, n);
	for (uint32_t row = 0; row < n; row++) {
		for (size_t i = 0; i + 1 < sizeof(text); i += 8)
			memcpy(text + i, &(uint64_t){ next_random(&seed) }, 8);
		set(r, row, FIELD_CONTEXT, text, 1000 + below(&seed, 1000));
		set(r, row, FIELD_DESCRIPTION, text + 100, 500 + below(&seed, 1000));
		set_uuid(r, row, FIELD_ID, &seed);
	}
	run_seal(r, NULL);
}

START_TEST(each_block_is_decoded_once_in_either_direction)
{
	struct run r;
	struct event ev;
	struct err e = ERR_NONE;
	unsigned blocks = 0;

	text_run(&r, 3000);
	for (size_t i = 0; i < r.sealed.n; i++)
		blocks += r.sealed.piece[i].part >= PART_BLOCK;
	ck_assert_uint_gt(blocks, 20);
	for (int down = 0; down < 2; down++) {
		segment_free(r.segment);
		r.segment = open_pieces(&r.pieces);
		r.pieces.reads = 0;
		for (uint32_t i = 0; i < r.n; i++)
			ck_assert_int_eq(segment_event(r.segment, down ? r.n - 1 - i : i, FIELD_ALL, &ev, &e), 0);
		ck_assert_uint_eq(r.pieces.reads, blocks);
	}
	run_fini(&r);
}
END_TEST

/* Reads all twice over, as far as `most` lets it once only. */
static unsigned
reads_of_two(struct run *r, size_t most)
{
	struct segment *s = open_pieces(&r->pieces);
	struct event ev;
	struct str value;
	struct err e = ERR_NONE;

	segment_keep(s, most);
	r->pieces.reads = 0;
	for (uint32_t i = 0; i < r->n; i++)
		ck_assert_int_eq(segment_value(s, FIELD_CONTEXT, r->n - 1 - i, &value, &e), 0);
	for (uint32_t i = 0; i < r->n; i++) {
		ck_assert_int_eq(segment_event(s, i, FIELD_ALL, &ev, &e), 0);
		check_event(&ev, &r->ev[i], FIELD_ALL, i);
	}
	segment_free(s);
	return r->pieces.reads;
}

START_TEST(texts_that_are_kept_are_decoded_once)
{
	struct run r;
	unsigned context = 0, description = 0;
	size_t both = 0;

	text_run(&r, 3000);
	for (uint32_t i = 0; i < r.n; i++)
		both += r.ev[i].v[FIELD_CONTEXT].len + r.ev[i].v[FIELD_DESCRIPTION].len;
	for (size_t i = 0; i < r.sealed.n; i++) {
		context += r.sealed.piece[i].part >= PART_BLOCK && r.sealed.piece[i].field == FIELD_CONTEXT;
		description += r.sealed.piece[i].part >= PART_BLOCK && r.sealed.piece[i].field == FIELD_DESCRIPTION;
	}
	ck_assert_uint_eq(reads_of_two(&r, both), context + description);
	ck_assert_uint_eq(reads_of_two(&r, both - 1), context + description);
	ck_assert_uint_ge(reads_of_two(&r, 1), 2 * context + description - 4);
	ck_assert_uint_ge(reads_of_two(&r, 0), 2 * context + description - 4);
	run_fini(&r);
}
END_TEST

static size_t
memory_of_rows(struct run *r, uint32_t expected)
{
	struct segment *s = open_pieces(&r->pieces);
	struct event ev;
	struct err e = ERR_NONE;
	size_t memory;

	if (expected > 0)
		segment_expect(s, expected);
	r->pieces.parts = r->pieces.reads = 0;
	ck_assert_int_eq(segment_event(s, r->n / 2, FIELD_ALL, &ev, &e), 0);
	check_event(&ev, &r->ev[r->n / 2], FIELD_ALL, r->n / 2);
	memory = segment_memory(s);
	segment_free(s);
	return memory;
}

START_TEST(a_row_alone_takes_little_memory_and_one_block_a_column)
{
	struct run r;
	size_t whole;

	text_run(&r, 3000);
	whole = memory_of_rows(&r, 0);
	ck_assert_uint_eq(r.pieces.parts, 0);
	ck_assert_uint_lt(memory_of_rows(&r, 1), whole * 9 / 10);
	ck_assert_uint_gt(r.pieces.parts, 0);
	ck_assert_uint_eq(r.pieces.reads, 2);
	memory_of_rows(&r, r.n);
	ck_assert_uint_eq(r.pieces.parts, 0);
	run_fini(&r);
}
END_TEST

START_TEST(an_event_stays_while_values_are_asked)
{
	struct run r;
	struct event ev;
	struct err e = ERR_NONE;
	struct str value, id;
	uint64_t seed = 4;

	text_run(&r, 3000);
	for (int i = 0; i < 300; i++) {
		uint32_t row = below(&seed, r.n), other = 0;
		ck_assert_int_eq(segment_event(r.segment, row, FIELD_ALL, &ev, &e), 0);
		for (int k = 0; k < 6; k++) {
			other = below(&seed, r.n);
			ck_assert_int_eq(segment_value(r.segment, FIELD_CONTEXT, other, &value, &e), 0);
			ck_assert_int_eq(segment_value(r.segment, FIELD_ID, other, &id, &e), 0);
		}
		check_event(&ev, &r.ev[row], FIELD_ALL, row);
		ck_assert_int_eq(segment_event(r.segment, below(&seed, r.n), FIELD_ALL, &ev, &e), 0);
		ck_assert(str_eq(value, r.ev[other].v[FIELD_CONTEXT]));
		ck_assert(str_eq(id, r.ev[other].v[FIELD_ID]));
	}
	run_fini(&r);
}
END_TEST

START_TEST(rows_and_fields_that_are_not_there_are_refused)
{
	struct run r;
	struct event ev;
	struct str value = STR("x");
	struct err e = ERR_NONE;

	run_init(&r, 4);
	set(&r, 0, FIELD_HOST, "h", 1);
	run_seal(&r, NULL);
	ck_assert_int_eq(segment_event(r.segment, 4, FIELD_ALL, &ev, &e), -1);
	err_clear(&e);
	ck_assert_int_eq(segment_value(r.segment, FIELD_HOST, 4, &value, &e), -1);
	err_clear(&e);
	ck_assert_int_eq(segment_value(r.segment, FIELD_TIME, 0, &value, &e), -1);
	err_clear(&e);
	ck_assert_int_eq(segment_value(r.segment, FIELD_IP, 0, &value, &e), 0);
	ck_assert_ptr_null(value.p);
	ck_assert_ptr_null(segment_codes(r.segment, FIELD_IP, &e));
	run_fini(&r);
}
END_TEST

/* ---- membership ---- */

START_TEST(the_filter_turns_most_strangers_away)
{
	struct run r;
	struct err e = ERR_NONE;
	uint64_t seed = 21;
	unsigned passed = 0;
	const unsigned strangers = 20000;

	run_init(&r, 20000);
	for (uint32_t row = 0; row < r.n; row++) {
		set_uuid(&r, row, FIELD_ID, &seed);
		set_number(&r, row, FIELD_SESSION_ID, "s%llu", row % 500);
	}
	run_seal(&r, NULL);
	check_run(&r);
	for (unsigned i = 0; i < strangers; i++) {
		char text[40];
		int n = snprintf(text, sizeof(text), "stranger-%u", i);
		int rc = segment_may_have(r.segment, FIELD_ID, (struct str){ text, (size_t)n }, &e);
		ck_assert_int_ge(rc, 0);
		passed += rc > 0;
		/* A dictionary answers exactly. */
		ck_assert_int_eq(segment_may_have(r.segment, FIELD_SESSION_ID, (struct str){ text, (size_t)n }, &e), 0);
	}
	ck_assert_msg(passed < strangers / 50, "%u of %u strangers passed", passed, strangers);
	ck_assert_int_eq(segment_may_have(r.segment, FIELD_TRACE_ID, STR("x"), &e), 0);
	ck_assert_int_eq(segment_may_have(r.segment, FIELD_TIME, STR("x"), &e), 1);
	run_fini(&r);
}
END_TEST

START_TEST(a_long_dictionary_has_a_filter_too)
{
	struct run r;
	struct err e = ERR_NONE;
	unsigned passed = 0;
	const unsigned strangers = 5000;

	run_init(&r, 30000);
	for (uint32_t row = 0; row < r.n; row++) {
		set_number(&r, row, FIELD_ACTOR_ID, "Actor-%llu", row / 5 % 3000);
		set_number(&r, row, FIELD_ACTOR_EMAIL, "User%llu@ACME.example", row / 5 % 3000);
		set_number(&r, row, FIELD_ACTION, "do%llu", row % 30);
	}
	run_seal(&r, NULL);
	check_run(&r);
	for (unsigned i = 0; i < strangers; i++) {
		char text[40];
		int n = snprintf(text, sizeof(text), "actor-%u", i); /* another case is another value */

		passed += segment_may_have(r.segment, FIELD_ACTOR_ID, (struct str){ text, (size_t)n }, &e) > 0;
	}
	ck_assert_msg(passed < strangers / 50, "%u of %u strangers passed", passed, strangers);
	ck_assert_int_eq(segment_may_have(r.segment, FIELD_ACTOR_EMAIL, STR("user2999@acme.example"), &e), 1);
	ck_assert_int_eq(segment_may_have(r.segment, FIELD_ACTOR_EMAIL, STR("USER0@acme.EXAMPLE"), &e), 1);
	ck_assert_int_eq(segment_may_have(r.segment, FIELD_ACTOR_EMAIL, STR("nobody at all"), &e), 0);
	ck_assert_int_eq(segment_may_have(r.segment, FIELD_ACTION, STR("a short one has none"), &e), 1);
	run_fini(&r);
}
END_TEST

/* ---- pieces that lie ---- */

/* Every byte is read, so that a sanitizer sees a wrong one. */
static void
look_at(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		(void)*(const volatile char *)&s.p[i];
}

/* Everything a reader may ask of a field; 0, or -1 and an error that names it. */
static int
read_field(struct pieces *p, enum field f)
{
	struct segment *s = open_pieces(p);
	struct err e = ERR_NONE;
	struct event ev;
	struct str value;
	const struct column *c = segment_column(s, f, &e);
	int rc = c ? 0 : -1;

	if (c && c->kind == COLUMN_CODES && segment_codes(s, f, &e) == NULL)
		rc = -1;
	for (uint32_t row = 0; rc == 0 && row < p->sealed->meta.count; row++) {
		if (!is_time(f))
			rc = segment_value(s, f, row, &value, &e);
		if (rc == 0)
			rc = segment_event(s, row, FIELD_BIT(f), &ev, &e);
	}
	if (rc == 0 && segment_may_have(s, f, STR("anything"), &e) < 0)
		rc = -1;
	if (rc < 0) {
		ck_assert_int_eq(e.code, ERR_INTEGRITY);
		ck_assert_ptr_nonnull(strstr(e.text, field_table[f].key));
	}
	segment_free(s);
	return rc;
}

/* Rows had alone: what is given is a value, or the error names the field. */
static void
pick_field(struct pieces *p, enum field f)
{
	struct event ev;

	for (uint32_t row = 0; row < p->sealed->meta.count; row += 1 + row / 3) {
		struct segment *s = open_pieces(p);
		struct err e = ERR_NONE;

		segment_expect(s, 2);
		if (segment_event(s, row, FIELD_BIT(f), &ev, &e) == 0) {
			if (event_has(&ev, f) && !is_time(f))
				look_at(ev.v[f]);
			ck_assert(!event_has(&ev, FIELD_TIME) || (ev.time >= TIME_MIN && ev.time <= TIME_MAX));
		} else {
			ck_assert_int_eq(e.code, ERR_INTEGRITY);
			ck_assert_ptr_nonnull(strstr(e.text, field_table[f].key));
		}
		ck_assert(!p->begun);
		segment_free(s);
	}
}

static int
read_replaced(struct pieces *p)
{
	pick_field(p, (enum field)p->sealed->piece[p->replaced].field);
	return read_field(p, (enum field)p->sealed->piece[p->replaced].field);
}

/* A run that has every encoding. */
static void
all_encodings(struct run *r, uint32_t n)
{
	uint64_t seed = 77;

	run_init(r, n);
	for (uint32_t row = 0; row < n; row++) {
		event_set_time(&r->ev[row], FIELD_INGESTED, 1776902400000000);
		if (row % 5 == 0)
			r->ev[row].present &= ~FIELD_BIT(FIELD_INGESTED);
		set_shape(r, row, FIELD_ID, UUIDS, &seed);
		set_shape(r, row, FIELD_REQUEST_ID, UUIDS_REPEATED, &seed);
		set_shape(r, row, FIELD_TRACE_ID, UUIDS_ODD, &seed);
		set_shape(r, row, FIELD_DESCRIPTION, DISTINCT_GAPS, &seed);
		set_shape(r, row, FIELD_CONTEXT, DISTINCT, &seed);
		set_shape(r, row, FIELD_ACTION, FEW, &seed);
		set_shape(r, row, FIELD_TARGET_PATH, FEW_GAPS, &seed);
		set_shape(r, row, FIELD_SOURCE, ONE_VALUE, &seed);
		set_shape(r, row, FIELD_IP, NUMBERS, &seed);
	}
	run_seal(r, NULL);
	check_run(r);
}

START_TEST(truncated_pieces_are_errors)
{
	struct run r;

	all_encodings(&r, 100);
	for (int f = 0; f < FIELD_COUNT; f++)
		ck_assert_int_eq(read_field(&r.pieces, (enum field)f), 0);
	for (size_t i = 0; i < r.sealed.n; i++) {
		const struct piece *piece = &r.sealed.piece[i];
		r.pieces.replaced = i;
		for (size_t len = 0; len < piece->data.len; len++) {
			/* A copy, so that a read behind the end is seen by sanitizers. */
			char *copy = mem_alloc(len);
			memcpy(copy, piece->data.p, len);
			r.pieces.by = (struct str){ copy, len };
			/* A shorter filter may be a filter. */
			ck_assert_msg(read_replaced(&r.pieces) < 0 || (piece->part == PART_MEMBERS && len % 32 == 0 && len > 0),
			    "field %u part %u cut to %zu", piece->field, piece->part, len);
			free(copy);
		}
		r.pieces.by = (struct str){ NULL, 0 };
		ck_assert(read_replaced(&r.pieces) < 0 || piece->part == PART_MEMBERS);
	}
	run_fini(&r);
}
END_TEST

START_TEST(longer_pieces_are_errors)
{
	struct run r;

	all_encodings(&r, 100);
	for (size_t i = 0; i < r.sealed.n; i++) {
		struct buf longer = { 0 };
		buf_str(&longer, buf_view(&r.sealed.piece[i].data));
		buf_byte(&longer, 0);
		r.pieces.replaced = i;
		r.pieces.by = buf_view(&longer);
		ck_assert_msg(read_replaced(&r.pieces) < 0, "field %u part %u", r.sealed.piece[i].field,
		    r.sealed.piece[i].part);
		buf_fini(&longer);
	}
	run_fini(&r);
}
END_TEST

START_TEST(changed_bytes_never_harm_a_reader)
{
	struct run r;
	uint64_t seed = 99;

	all_encodings(&r, 120);
	for (int round = 0; round < 3000; round++) {
		size_t i = below(&seed, (uint32_t)r.sealed.n);
		struct buf changed = { 0 };
		buf_str(&changed, buf_view(&r.sealed.piece[i].data));
		uint32_t near = changed.len < 12 || below(&seed, 2) ? (uint32_t)changed.len : 12;
		for (uint32_t k = 1 + below(&seed, 3); k > 0; k--)
			changed.p[below(&seed, near)] = (char)next_random(&seed);
		r.pieces.replaced = i;
		r.pieces.by = buf_view(&changed);
		read_replaced(&r.pieces);
		buf_fini(&changed);
	}
	run_fini(&r);
}
END_TEST

START_TEST(a_zone_map_that_lies_about_times_is_an_error)
{
	struct run r;
	struct err e = ERR_NONE;

	all_encodings(&r, 50);
	struct sealed lie = r.sealed;
	lie.meta.max_time++;
	lie.meta.min_ingested--;
	struct pieces p = { .sealed = &lie, .replaced = SIZE_MAX };
	struct segment *s = open_pieces(&p);
	ck_assert_ptr_null(segment_column(s, FIELD_TIME, &e));
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	ck_assert_ptr_null(segment_column(s, FIELD_INGESTED, &e));
	segment_free(s);
	lie.meta.count = SEGMENT_EVENTS_MAX + 1;
	for (int f = 0; f < FIELD_COUNT; f++)
		ck_assert_int_eq(read_field(&p, (enum field)f), lie.meta.fields >> f & 1 ? -1 : 0);
	lie.meta.count = 0;
	ck_assert_int_eq(read_field(&p, FIELD_ACTION), -1);
	run_fini(&r);
}
END_TEST

/* ---- rows ---- */

/* Few bytes of a file can say that they are very many. */
START_TEST(all_columns_together_have_no_more_than_a_segment_can)
{
	enum { ROWS = 20, HUGE_ROWS = 3 }; /* the others, so that it is a column of texts */
	static const enum field field[] = { FIELD_CONTEXT, FIELD_HOST, FIELD_USER_AGENT, FIELD_DEVICE };
	struct row_blocks *blocks = row_blocks_new();
	struct row_reader *reader = row_reader_new(blocks);
	size_t rest = COLUMN_VALUES_MAX - SEGMENT_VALUE_MAX;
	char *huge = mem_alloc(SEGMENT_VALUE_MAX + HUGE_ROWS);
	enum column_kind kind;
	struct event ev;
	struct run r;

	for (size_t i = 0; i < SEGMENT_VALUE_MAX + HUGE_ROWS; i++)
		huge[i] = (char)('a' + i % 23);
	run_init(&r, ROWS);
	for (uint32_t row = 0; row < r.n; row++) {
		size_t len = row < HUGE_ROWS ? SEGMENT_VALUE_MAX : row;

		event_set(&r.ev[row], FIELD_CONTEXT, (struct str){ huge + row % HUGE_ROWS, len });
		rest -= len;
	}
	for (uint32_t row = 0; row < r.n; row++) {
		event_set(&r.ev[row], FIELD_HOST, (struct str){ huge, SEGMENT_VALUE_MAX });
		event_set(&r.ev[row], FIELD_USER_AGENT, (struct str){ huge, rest });
		event_set(&r.ev[row], FIELD_DEVICE, STR("x"));
	}
	run_seal(&r, NULL);
	/* In whatever order they are asked for, the last one is too much. */
	for (size_t first = 0; first < 4; first++) {
		struct segment *s = open_pieces(&r.pieces);
		struct err e = ERR_NONE;

		ck_assert(segment_kind(s, FIELD_CONTEXT, &kind, &e) == 0 && kind == COLUMN_VALUES);
		for (size_t i = 0; i < 3; i++)
			ck_assert_msg(segment_load(s, FIELD_BIT(field[(first + i) % 4]), &e) == 0, "%s", e.text);
		ck_assert_int_eq(segment_load(s, FIELD_BIT(field[(first + 3) % 4]), &e), -1);
		ck_assert_int_eq(e.code, ERR_INTEGRITY);
		ck_assert_ptr_nonnull(strstr(e.text, "more values than a segment can have"));
		err_clear(&e);
		/* The others can be read, and again after what was huge is given back. */
		for (uint32_t row = 0; first == 0 && row < ROWS; row++) {
			ck_assert_int_eq(row_reader_event(reader, s, row, FIELD_BIT(FIELD_CONTEXT), &ev, &e), 0);
			check_event(&ev, &r.ev[row], FIELD_BIT(FIELD_CONTEXT), row);
			row_reader_release(reader);
			row_blocks_forget(blocks);
		}
		segment_free(s);
	}
	row_reader_free(reader);
	row_blocks_free(blocks);
	run_fini(&r);
	free(huge);
}
END_TEST

START_TEST(runs_of_rows_are_as_long_as_they_can_be)
{
	static const struct { const char *bytes; size_t n; bool good; } one[] = {
		{ "\0\2\2\1", 4, true },      /* 10 11, 14 */
		{ "\0\2\0\1", 4, false },     /* one run, in two */
		{ "\0\2\2\201\0", 5, false },  /* a number in two bytes */
		{ "\0\1\3\1", 4, false },     /* fewer */
		{ "\0\2\1\1", 4, false },     /* ends before the last seq */
		{ "\0\2\2\1\0", 5, false }   /* cut */
	};
	struct str none = { NULL, 0 };
	struct segment_rows rows;
	struct err e = ERR_NONE;

	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		int rc = segment_rows_parse(&rows, 10, 14, 3, (struct str){ one[i].bytes, one[i].n }, none, &e);
		ck_assert_msg(rc == (one[i].good ? 0 : -1), "%zu", i);
		if (rc == 0)
			ck_assert_uint_eq(segment_rows_seq(&rows, 10, 2), 14);
		segment_rows_fini(&rows);
	}
	/* Rows that are all there need no list. */
	ck_assert_int_eq(segment_rows_parse(&rows, 10, 12, 3, (struct str){ "\0\3", 2 }, none, &e), -1);
	ck_assert_int_eq(segment_rows_parse(&rows, 10, 12, 3, none, (struct str){ "\1\2", 2 }, &e), 0);
	ck_assert_int_eq(segment_rows_kind(&rows, 0), LEAF_EVENT);
	ck_assert_int_eq(segment_rows_kind(&rows, 2), LEAF_RECORD);
	segment_rows_fini(&rows);
	ck_assert_int_eq(segment_rows_parse(&rows, 10, 12, 3, none, (struct str){ "\1\1\0\1", 4 }, &e), -1);
}
END_TEST

static Suite *
segment_suite(void)
{
	Suite *s = suite_create("store segment");
	TCase *t = tcase_create("segment");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, events_of_every_shape_come_back);
	tcase_add_test(t, a_full_segment_comes_back);
	tcase_add_test(t, a_column_that_becomes_distinct_late_comes_back);
	tcase_add_test(t, huge_values_come_back);
	tcase_add_test(t, more_escapes_than_are_made_ready_come_back);
	tcase_add_test(t, an_empty_value_is_not_an_absent_one);
	tcase_add_test(t, a_builder_may_be_used_again);
	tcase_add_test(t, the_zone_map_says_what_is_there);
	tcase_add_test(t, codes_are_as_wide_as_needed);
	tcase_add_test(t, each_block_is_decoded_once_in_either_direction);
	tcase_add_test(t, texts_that_are_kept_are_decoded_once);
	tcase_add_test(t, a_row_alone_takes_little_memory_and_one_block_a_column);
	tcase_add_test(t, an_event_stays_while_values_are_asked);
	tcase_add_test(t, rows_and_fields_that_are_not_there_are_refused);
	tcase_add_test(t, the_filter_turns_most_strangers_away);
	tcase_add_test(t, a_long_dictionary_has_a_filter_too);
	tcase_add_test(t, truncated_pieces_are_errors);
	tcase_add_test(t, longer_pieces_are_errors);
	tcase_add_test(t, changed_bytes_never_harm_a_reader);
	tcase_add_test(t, a_zone_map_that_lies_about_times_is_an_error);
	tcase_add_test(t, all_columns_together_have_no_more_than_a_segment_can);
	tcase_add_test(t, runs_of_rows_are_as_long_as_they_can_be);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(segment_suite)
