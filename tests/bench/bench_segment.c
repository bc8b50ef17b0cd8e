/*
 * bench_segment: what the columns of one segment cost, without SQLite.
 *
 * usage: bench_segment FILE [PASSES]
 *
 * FILE has events as JSON lines (tests/bench/gen makes some); the first
 * 65,536 are the segment.  Figures are the best of PASSES (9), because the
 * rest is other people's noise.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/stream.h"
#include "event/event.h"
#include "store/segment.h"

struct bench {
	struct event *ev;
	size_t *line_len;
	uint32_t n;
	uint64_t bytes;
	int passes;
	struct sealed sealed;
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
lower(double *best, double seconds)
{
	if (*best == 0 || seconds < *best)
		*best = seconds;
}

static int
read_events(struct bench *b, const char *path, struct arena *a, struct err *e)
{
	const struct event_policy policy = { .assume_now = TIME_NONE };
	struct json_tape tape = { 0 };
	struct buf line = { 0 };
	const char *detail;
	size_t len;
	char *text = file_read(path, (size_t)1 << 31, &len, e), *p = text;

	if (text == NULL)
		return -1;
	while (p < text + len && b->n < SEGMENT_EVENTS_MAX) {
		char *end = memchr(p, '\n', (size_t)(text + len - p));
		if (end == NULL)
			end = text + len;
		struct event *ev = &b->ev[b->n];
		if (event_parse(ev, p, (size_t)(end - p), &policy, &tape, a, &detail) == EVENT_OK) {
			/* As auditd-ingest would: a batch has one time. */
			event_set_time(ev, FIELD_INGESTED, 1800000000000000 + (int64_t)(b->n / 8192) * 31000);
			event_set(ev, FIELD_SOURCE, STR("bench"));
			buf_reset(&line);
			event_format(&line, ev);
			b->line_len[b->n++] = line.len;
			b->bytes += line.len;
		}
		p = end + 1;
	}
	buf_fini(&line);
	json_tape_fini(&tape);
	return b->n ? 0 : err_set(e, ERR_FAIL, "%s: no events", path);
}

static void
bench_build(struct bench *b)
{
	struct segment_builder *builder = segment_builder_new();
	struct pool *pool = pool_new(pool_cpus() - 1);
	double add = 0, seal = 0, with_pool = 0, back = 0;

	for (int pass = 0; pass < b->passes; pass++) {
		segment_builder_reset(builder);
		double start = now();
		for (uint32_t i = 0; i < b->n; i++)
			segment_builder_add(builder, &b->ev[i], b->line_len[i]);
		lower(&add, now() - start);

		start = now();
		struct event ev;
		for (uint32_t i = 0; i < b->n; i++)
			segment_builder_event(builder, i, &ev);
		lower(&back, now() - start);

		sealed_fini(&b->sealed);
		start = now();
		segment_builder_seal(builder, pool, &b->sealed);
		lower(&with_pool, now() - start);

		sealed_fini(&b->sealed);
		start = now();
		segment_builder_seal(builder, NULL, &b->sealed);
		lower(&seal, now() - start);
	}
	printf("add                 %8.3f us an event\n", add / b->n * 1e6);
	printf("builder_event       %8.3f us an event\n", back / b->n * 1e6);
	printf("seal                %8.3f ms\n", seal * 1e3);
	printf("seal, pool          %8.3f ms\n", with_pool * 1e3);
	pool_free(pool);
	segment_builder_free(builder);
}

static void
print_sizes(const struct bench *b)
{
	size_t total = 0;

	for (int f = 0; f < FIELD_COUNT; f++) {
		size_t part[4] = { 0 }, sum = 0;
		for (size_t i = 0; i < b->sealed.n; i++) {
			const struct piece *p = &b->sealed.piece[i];
			if (p->field != f)
				continue;
			part[p->part < PART_BLOCK ? p->part : 3] += p->data.len;
			sum += p->data.len;
		}
		if (sum)
			printf("  %-17s %8.3f B  dictionary %.3f codes %.3f members %.3f blocks %.3f\n",
			    field_table[f].key, (double)sum / b->n, (double)part[0] / b->n,
			    (double)part[1] / b->n, (double)part[2] / b->n, (double)part[3] / b->n);
		total += sum;
	}
	printf("size                %8.3f B an event of %.0f B, %zu pieces\n", (double)total / b->n,
	    (double)b->bytes / b->n, b->sealed.n);
}

/* ---- reading ---- */

static int
get_piece(void *arg, unsigned field, unsigned part, struct buf *out, struct err *e)
{
	const struct sealed *s = arg;

	(void)e;
	for (size_t i = 0; i < s->n; i++)
		if (s->piece[i].field == field && s->piece[i].part == part) {
			buf_add(out, s->piece[i].data.p, s->piece[i].data.len);
			return 1;
		}
	return 0;
}

static int
bench_columns(struct bench *b, struct err *e)
{
	double column[FIELD_COUNT] = { 0 }, codes[FIELD_COUNT] = { 0 };
	uint32_t values[FIELD_COUNT] = { 0 };

	for (int pass = 0; pass < b->passes; pass++) {
		struct segment *s = segment_new(&b->sealed.meta, (struct piece_source){ .get = get_piece, .arg = &b->sealed });
		for (int f = 0; f < FIELD_COUNT; f++) {
			if (!(b->sealed.meta.fields >> f & 1))
				continue;
			double start = now();
			const struct column *c = segment_column(s, (enum field)f, e);
			lower(&column[f], now() - start);
			if (c == NULL)
				return -1;
			start = now();
			if (c->kind == COLUMN_CODES && segment_codes(s, (enum field)f, e) == NULL)
				return -1;
			lower(&codes[f], now() - start);
			values[f] = c->n_values;
		}
		segment_free(s);
	}
	for (int f = 0; f < FIELD_COUNT; f++)
		if (column[f] > 0)
			printf("  %-17s column %8.1f us, codes %8.1f us, %u values\n", field_table[f].key,
			    column[f] * 1e6, values[f] ? codes[f] * 1e6 : 0.0, values[f]);
	return 0;
}

static int
bench_events(struct bench *b, struct err *e)
{
	double forward = 0, backward = 0, formatted = 0;
	struct buf line = { 0 };
	struct event ev;
	size_t memory = 0;
	int rc = 0;

	for (int pass = 0; rc == 0 && pass < b->passes * 3; pass++) {
		struct segment *s = segment_new(&b->sealed.meta, (struct piece_source){ .get = get_piece, .arg = &b->sealed });
		double start = now();
		for (uint32_t i = 0; rc == 0 && i < b->n; i++) {
			rc = segment_event(s, pass % 3 == 1 ? b->n - 1 - i : i, FIELD_ALL, &ev, e);
			if (pass % 3 == 2) {
				event_format(&line, &ev);
				buf_reset(&line);
			}
		}
		lower(pass % 3 == 0 ? &forward : pass % 3 == 1 ? &backward : &formatted, now() - start);
		memory = segment_memory(s);
		segment_free(s);
	}
	buf_fini(&line);
	printf("events, ascending   %8.3f us an event\n", forward / b->n * 1e6);
	printf("events, descending  %8.3f us an event\n", backward / b->n * 1e6);
	printf("events, formatted   %8.3f us an event, %.0f MB/s\n", formatted / b->n * 1e6,
	    (double)b->bytes / formatted / 1e6);
	printf("memory              %8.3f MB\n", (double)memory / 1e6);
	return rc;
}

/* One id that is there, asked in every possible way. */
static int
bench_id(struct bench *b, struct err *e)
{
	double filter = 0, scan = 0;
	struct str id = b->ev[b->n / 2].v[FIELD_ID], value;

	for (int pass = 0; pass < b->passes; pass++) {
		struct segment *s = segment_new(&b->sealed.meta, (struct piece_source){ .get = get_piece, .arg = &b->sealed });
		double start = now();
		if (segment_may_have(s, FIELD_ID, id, e) != 1)
			return err_set(e, ERR_FAIL, "the filter lost an id");
		lower(&filter, now() - start);
		start = now();
		for (uint32_t i = 0; i < b->n; i++)
			if (segment_value(s, FIELD_ID, i, &value, e) < 0)
				return -1;
		lower(&scan, now() - start);
		segment_free(s);
	}
	printf("may_have, first     %8.3f us\n", filter * 1e6);
	printf("values of id        %8.3f us, all\n", scan * 1e6);
	return 0;
}

int
main(int argc, char *argv[])
{
	struct bench b = { .passes = argc > 2 ? atoi(argv[2]) : 9 };
	struct arena a = { 0 };
	struct err e = ERR_NONE;

	if (argc < 2)
		return 2;
	b.ev = mem_zero(SEGMENT_EVENTS_MAX, sizeof(*b.ev));
	b.line_len = mem_zero(SEGMENT_EVENTS_MAX, sizeof(*b.line_len));
	if (read_events(&b, argv[1], &a, &e) == 0) {
		bench_build(&b);
		print_sizes(&b);
		if (bench_columns(&b, &e) == 0 && bench_events(&b, &e) == 0)
			bench_id(&b, &e);
	}
	if (e.code)
		fprintf(stderr, "bench_segment: %s\n", e.text);
	sealed_fini(&b.sealed);
	arena_fini(&a);
	free(b.ev);
	free(b.line_len);
	return (int)e.code;
}
