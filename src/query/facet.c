/*
 * facet: the values of fields and paths with their counts.
 *
 * In: a store, or JSON lines, and a filter.   Out: a tally.
 */
#include "query/group.h"
#include "query/lines.h"

struct facet {
	struct group_total total;
	const struct selector *field;
	size_t fields;
};

static struct grouper *
counter(struct group_total *total, const struct selector *field, size_t fields)
{
	return grouper_new(total, field, fields, fields == 1 ? GROUP_EACH : GROUP_JOINED);
}

static void *
start(void *arg)
{
	struct facet *f = arg;

	return counter(&f->total, f->field, f->fields);
}

static int
add_segment(void *sums, const struct chosen *c, bool *adding, struct err *e)
{
	(void)adding;
	return grouper_segment(sums, c, e);
}

static int
add_event(void *sums, const struct event *ev, struct err *e)
{
	return grouper_event(sums, ev, e);
}

static int
settle(void *sums, struct err *e)
{
	return grouper_flush(sums, e);
}

static void
finish(void *sums, bool failed)
{
	(void)failed;
	grouper_free(sums);
}

int
query_facet(struct store *st, const struct query_options *o, const struct selector *field, size_t fields,
    struct tally *t, struct query_stats *stats, struct err *e)
{
	struct facet f = { .field = field, .fields = fields };
	const struct scan_use use = { &f, start, add_segment, add_event, settle, finish };
	int rc;

	group_total_init(&f.total, t);
	rc = scan_store(st, o, &use, stats, e);
	group_total_fini(&f.total);
	return rc;
}

struct facet_lines {
	struct grouper *grouper;
	uint64_t matched;
	struct err err; /* what made the counting end */
};

static void
add_line(void *arg, const struct event *ev)
{
	struct facet_lines *f = arg;

	f->matched++;
	if (f->err.code == ERR_OK)
		grouper_event(f->grouper, ev, &f->err);
}

int
query_facet_lines(const char *const *path, size_t n, const struct query_options *o,
    const struct selector *field, size_t fields, struct tally *t, struct query_stats *stats, struct query_faulty *faulty,
    struct err *e)
{
	struct facet_lines f = { .err = ERR_NONE };
	struct group_total total;
	int rc = 0;

	*stats = (struct query_stats){ 0 };
	*faulty = (struct query_faulty){ 0 };
	group_total_init(&total, t);
	f.grouper = counter(&total, field, fields);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = lines_each(path[i], o, add_line, &f, &stats->rows_examined, faulty, e);
		if (rc == 0 && f.err.code != ERR_OK) {
			*e = f.err;
			rc = -1;
		}
	}
	if (rc == 0)
		rc = grouper_flush(f.grouper, e);
	stats->matched = f.matched;
	grouper_free(f.grouper);
	group_total_fini(&total);
	return rc;
}
