/*
 * mapping_guess: which mapping a log is for, from its first records.
 *
 * Each mapping cuts the beginning into records its own way, because only it
 * knows which member of a document is a list of them.  CSV has no marks of
 * its own: it is what becomes events, and counts for less than any marks.
 *
 * In: the beginning of a stream.   Out: the mapping that fits best, or none.
 */
#include <stdlib.h>

#include "base/yaml_folder.h"
#include "ingest/csv.h"
#include "ingest/mapping.h"
#include "ingest/records.h"

#define RECORDS_LOOKED_AT 32

struct guess {
	struct json_tape tape;
	struct arena arena;
	struct str head;
};

/* How many marks more than half of the first records have; 0: too few fit. */
static size_t
marks_of(struct guess *g, const struct mapping *m)
{
	const struct mapping_shape *shape = mapping_shape(m);
	struct mapping_run *run = mapping_run_new(m);
	struct records r;
	struct record record;
	size_t n = 0, fit = 0, marks = 0, has;
	const char *detail;

	records_init(&r, shape->list, shape->n_list);
	records_feed(&r, g->head.p, g->head.len);
	while (n < RECORDS_LOOKED_AT && records_next(&r, &record)) {
		n++;
		arena_reset(&g->arena);
		if (record.too_long || record.broken ||
		    mapping_scan(run, &g->tape, record.text.p, record.text.len, &g->arena, &detail) != EVENT_OK ||
		    (has = mapping_fits(run, &g->tape)) == 0)
			continue;
		fit++;
		marks = has;
	}
	records_fini(&r);
	mapping_run_free(run);
	return fit * 2 > n ? marks : 0;
}

/* Whether a row becomes an event. */
static bool
makes_event(struct guess *g, struct mapping_run *run, struct str row)
{
	static const struct event_policy policy = { .assume_now = TIME_NONE };
	enum event_fault fault;
	const char *detail;
	struct event ev;

	arena_reset(&g->arena);
	if (mapping_scan(run, &g->tape, row.p, row.len, &g->arena, &detail) != EVENT_OK)
		return false;
	mapping_begin(run, &g->tape);
	return mapping_next(run, &ev, &policy, &g->arena, &fault, &detail, NULL) == MAPPING_EVENT;
}

/* The same for CSV: 1, or 0 when too few of the first rows become events. */
static size_t
marks_of_table(struct guess *g, const struct mapping *m)
{
	struct csv_reader *r = csv_reader_new(mapping_shape(m)->delimiter, mapping_shape(m)->fold);
	struct mapping_run *run = mapping_run_new(m);
	struct err ignored = ERR_NONE;
	struct csv_row row;
	size_t n = 0, fit = 0, at = 0;
	int64_t took = 1;
	bool got;

	while (n < RECORDS_LOOKED_AT && at < g->head.len && took > 0) {
		took = csv_reader_feed(r, g->head.p + at, g->head.len - at, &row, &got, &ignored);
		at += took > 0 ? (size_t)took : 0;
		if (took <= 0 || !got)
			continue;
		n++;
		fit += !row.broken && makes_event(g, run, row.text);
	}
	csv_reader_free(r);
	mapping_run_free(run);
	return took > 0 && fit * 2 > n;
}

/* A mapping of the folder, tried; whichever of the two is better stays. */
static int
try_name(struct guess *g, const char *folder, const char *name, struct mapping **best, size_t *most,
    struct err *e)
{
	struct mapping *m = mapping_find(folder, name, e);
	size_t marks;

	if (m == NULL)
		return -1;
	marks = mapping_shape(m)->format == MAPPING_JSON ? marks_of(g, m) : marks_of_table(g, m);
	if (marks > *most) {
		mapping_free(*best);
		*best = m;
		*most = marks;
	} else
		mapping_free(m);
	return 0;
}

struct mapping *
mapping_guess(const char *folder, struct str head, struct err *e)
{
	struct guess g = { .head = head };
	struct str_list names = { 0 };
	struct mapping *best = NULL;
	size_t most = 0;
	int rc = yaml_names(folder, &names, e);

	if (g.head.len > MAPPING_HEAD_MAX)
		g.head.len = MAPPING_HEAD_MAX;
	if (str_begins(g.head, STR("\xef\xbb\xbf")))
		g.head = (struct str){ g.head.p + 3, g.head.len - 3 };
	for (size_t i = 0; rc == 0 && i < names.n; i++)
		rc = try_name(&g, folder, names.item[i], &best, &most, e);
	if (rc != 0) {
		mapping_free(best);
		best = NULL;
	}
	str_list_fini(&names);
	json_tape_fini(&g.tape);
	arena_fini(&g.arena);
	return best;
}
