/*
 * prune_plan: what a prune would remove.
 *
 * In: a cut-off.   Out: counts, times; which rows of a segment go.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/prune_parts.h"

static void
add(struct cutoff_plan *p, int64_t oldest, int64_t newest, uint64_t events, uint64_t bytes)
{
	if (p->oldest == TIME_NONE || oldest < p->oldest)
		p->oldest = oldest;
	if (p->newest == TIME_NONE || newest > p->newest)
		p->newest = newest;
	p->events += events;
	p->bytes += bytes;
}

/* ---- segments ---- */

int
prune_doom(const struct stored *s, int64_t cutoff, struct doomed *d, struct err *e)
{
	const struct column *time = segment_column(s->columns, FIELD_TIME, e);
	uint32_t n = s->info.meta.count;

	*d = (struct doomed){ .row = mem_zero(n, 1), .oldest = TIME_NONE, .newest = TIME_NONE };
	if (time == NULL)
		return -1;
	if (time->kind != COLUMN_TIME)
		return err_set(e, ERR_INTEGRITY, "segment %lld has no times", (long long)s->info.id);
	for (uint32_t i = 0; i < n; i++) {
		if (time->time[i] >= cutoff || store_row_kind(s, i) == LEAF_RECORD)
			continue;
		d->row[i] = 1;
		if (d->count++ == 0 || time->time[i] < d->oldest)
			d->oldest = time->time[i];
		if (d->newest == TIME_NONE || time->time[i] > d->newest)
			d->newest = time->time[i];
	}
	return 0;
}

void
prune_plan_add(struct cutoff_plan *p, const struct segment_meta *m, const struct doomed *d)
{
	bool whole = d->count == m->count;

	add(p, d->oldest, d->newest, d->count, whole ? m->bytes : m->bytes * d->count / m->count);
	p->segments_whole += whole;
	p->segments_mixed += !whole;
}

static int
plan_segment(struct store *st, const struct segment_info *info, int64_t cutoff, struct cutoff_plan *p, struct err *e)
{
	bool moved = false;
	struct stored *s = store_segment(st, info, &moved, e);
	struct doomed d = { 0 };
	int rc = s != NULL ? prune_doom(s, cutoff, &d, e) : -1;

	if (rc == 0 && d.count > 0)
		prune_plan_add(p, &info->meta, &d);
	free(d.row);
	store_segment_free(s);
	return rc;
}

/* ---- the tail ---- */

struct tail_plan {
	struct cutoff_plan *plan;
	struct json_tape tape;
	struct arena arena;
};

/* The toolkit's own records are told by their reserved source, which nothing
 * from outside can have. */
static int
plan_line(void *arg, uint64_t seq, struct str line, struct err *e)
{
	struct tail_plan *t = arg;
	struct event ev;
	const char *detail;

	arena_reset(&t->arena);
	if (event_parse(&ev, line.p, line.len, &event_stored, &t->tape, &t->arena, &detail) != EVENT_OK)
		return err_set(e, ERR_INTEGRITY, "the tail's line at seq %llu is damaged", (unsigned long long)seq);
	if (ev.time < t->plan->cutoff &&
	    !(event_has(&ev, FIELD_SOURCE) && str_eq(ev.v[FIELD_SOURCE], STR(EVENT_RESERVED_SOURCE)))) {
		add(t->plan, ev.time, ev.time, 1, line.len);
		t->plan->tail++;
	}
	return 0;
}

int
prune_plan_tail(struct store *st, struct cutoff_plan *p, struct err *e)
{
	struct tail_plan t = { .plan = p };
	struct tail_size size;
	bool moved;
	int rc = tail_size(st, &size, e);

	if (rc == 0 && size.count > 0)
		rc = store_tail(st, 0, INT64_MAX, size.count, &moved, plan_line, &t, e);
	json_tape_fini(&t.tape);
	arena_fini(&t.arena);
	return rc;
}

/* ---- all ---- */

static int
plan_all(struct store *st, struct cutoff_plan *p, struct err *e)
{
	struct segment_info *list;
	size_t n;
	int rc = segment_list(st, 0, INT64_MAX, &list, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (list[i].meta.min_time < p->cutoff)
			rc = plan_segment(st, &list[i], p->cutoff, p, e);
	free(list);
	return rc < 0 ? -1 : prune_plan_tail(st, p, e);
}

int
store_cutoff_plan(struct store *st, int64_t cutoff, struct cutoff_plan *p, struct err *e)
{
	int rc;

	*p = (struct cutoff_plan){ .cutoff = cutoff, .oldest = TIME_NONE, .newest = TIME_NONE };
	/* One transaction, so that the plan is of one state. It reads only time columns. */
	if (db_begin_read(&st->db, e) < 0)
		return -1;
	rc = plan_all(st, p, e);
	db_rollback(&st->db);
	return rc < 0 ? store_blame(st, e) : 0;
}
