/*
 * group: counts of values, or of several values together (see group.h).
 *
 * A field with a dictionary is counted from its codes, or, where all rows
 * match, from its counts alone; others row by row.  Several fields are left to
 * joint.h.
 *
 * In: rows of a segment, events.   Out: counts in a tally.
 */
#include "query/group.h"

#include <stdlib.h>

#include "base/mem.h"
#include "query/group_value.h"
#include "query/joint.h"
#include "query/unite.h"

#define PENDING_MAX (20u << 20) /* bytes of values before they go to the total */

struct grouper {
	struct group_total *total;
	const struct selector *by;
	size_t bys;
	enum group_mode mode;
	struct tally *pending;
	struct group_value value;
	struct buf text;
	/* of one selector: */
	struct unite *unite; /* large dictionaries whose rows all match */
	struct code_counts counts; /* of others */
	/* of several: */
	struct joint *joint;
};

void
group_total_init(struct group_total *g, struct tally *t)
{
	pthread_mutex_init(&g->lock, NULL);
	g->tally = t;
}

void
group_total_fini(struct group_total *g)
{
	pthread_mutex_destroy(&g->lock);
}

struct grouper *
grouper_new(struct group_total *total, const struct selector *by, size_t bys,
    enum group_mode mode)
{
	struct grouper *g = mem_zero(1, sizeof(*g));

	g->total = total;
	g->by = by;
	g->bys = bys;
	g->mode = mode;
	g->pending = tally_new();
	group_value_init(&g->value);
	g->unite = unite_new();
	if (bys > 1)
		g->joint = joint_new(by, bys);
	return g;
}

void
grouper_free(struct grouper *g)
{
	if (g == NULL)
		return;
	tally_free(g->pending);
	unite_free(g->unite);
	group_value_fini(&g->value);
	buf_fini(&g->text);
	code_counts_fini(&g->counts);
	joint_free(g->joint);
	free(g);
}

int
grouper_flush(struct grouper *g, struct err *e)
{
	int rc;

	if (unite_flush(g->unite, g->pending, e) < 0)
		return -1;
	if (tally_size(g->pending) == 0)
		return 0;
	pthread_mutex_lock(&g->total->lock);
	if (tally_size(g->total->tally) < tally_size(g->pending))
		tally_swap(g->total->tally, g->pending);
	tally_merge(g->total->tally, g->pending);
	rc = tally_check(g->total->tally, e);
	pthread_mutex_unlock(&g->total->lock);
	tally_reset(g->pending);
	return rc;
}

/* ---- values, one at a time ---- */

static int
by_text(const void *pa, const void *pb)
{
	const struct selected *a = pa, *b = pb;

	return str_cmp(a->text, b->text);
}

/* Each value that the path leads to in a payload, once. */
static void
add_each(struct grouper *g, const struct selector *s, struct str json, uint32_t count)
{
	struct selector_scratch *x = &g->value.scratch;

	selector_values(s, json, x, NULL);
	if (x->n > 1)
		qsort(x->value, x->n, sizeof(*x->value), by_text);
	for (size_t i = 0; i < x->n; i++)
		if (i == 0 || !str_eq(x->value[i].text, x->value[i - 1].text))
			tally_add(g->pending, x->value[i].text, count);
}

/* A value of the selector's field; absent: v.p == NULL. */
static void
add_value(struct grouper *g, const struct selector *s, struct str v, uint32_t count)
{
	if (count == 0)
		return;
	if (g->mode == GROUP_JOINED)
		tally_add(g->pending, group_value_joined(&g->value, s, v), count);
	else if (v.p != NULL && s->steps > 0)
		add_each(g, s, v, count);
	else if (v.p != NULL)
		tally_add(g->pending, v, count);
}

int
grouper_event(struct grouper *g, const struct event *ev, struct err *e)
{
	const struct selector *s = &g->by[0];

	if (g->mode == GROUP_EACH && s->steps > 0) {
		if (event_has(ev, s->field))
			add_each(g, s, ev->v[s->field], 1);
	} else {
		bool any = false;

		buf_reset(&g->text);
		for (size_t i = 0; i < g->bys; i++) {
			if (i > 0)
				buf_byte(&g->text, SUMMARY_GAP);
			any |= selector_format_text(&g->text, &g->by[i], ev, &g->value.scratch);
		}
		if (any || g->mode == GROUP_JOINED)
			tally_add(g->pending, buf_view(&g->text), 1);
	}
	return tally_memory(g->pending) > PENDING_MAX ? grouper_flush(g, e) : 0;
}

/* ---- segments ---- */

static int
one_dictionary(struct grouper *g, const struct chosen *c, const struct column *col, struct err *e)
{
	const struct selector *s = &g->by[0];
	const uint32_t *count = code_counts_of(&g->counts, c, s->field, col, e);

	if (count == NULL)
		return -1;
	if (s->steps > 0) {
		for (uint32_t code = 0; code <= col->n_values; code++)
			add_value(g, s, code > 0 ? col->values[code] : (struct str){ NULL, 0 }, count[code]);
		return 0;
	}
	if (g->mode == GROUP_JOINED && count[0] > 0)
		tally_add(g->pending, STR(""), count[0]);
	tally_add_counts(g->pending, col->values + 1, count + 1, col->n_values);
	return 0;
}

/* Row by row; nothing else is pending, so that it can be taken back. */
static int
one_by_rows(struct grouper *g, const struct chosen *c, const struct column *col, struct err *e)
{
	struct str v;

	for (uint32_t row = chosen_next(c, 0); row < c->n; row = chosen_next(c, row + 1)) {
		if (group_value_row(&g->value, c->s->columns, g->by[0].field, col, row, &v, e) < 0) {
			tally_reset(g->pending);
			return -1;
		}
		add_value(g, &g->by[0], v, 1);
	}
	return grouper_flush(g, e);
}

/* All of a large dictionary; it need not be decoded. */
static int
one_list(struct grouper *g, const struct chosen *c, uint32_t absent, struct err *e)
{
	struct value_list *list = segment_value_list(c->s->columns, g->by[0].field, e);

	if (list == NULL)
		return -1;
	if (g->mode == GROUP_JOINED && absent > 0)
		tally_add(g->pending, STR(""), absent);
	return unite_add(g->unite, list, g->pending, e);
}

static int
group_one(struct grouper *g, const struct chosen *c, struct err *e)
{
	uint32_t values = 0, absent;
	const struct column *col;

	if (c->bits == NULL && g->by[0].steps == 0 &&
	    segment_dictionary(c->s->columns, g->by[0].field, &values, &absent, e) < 0)
		return -1;
	if (values >= UNITE_LEAST)
		return one_list(g, c, absent, e);
	col = segment_column(c->s->columns, g->by[0].field, e);
	if (col == NULL)
		return -1;
	if (col->kind == COLUMN_CODES)
		return one_dictionary(g, c, col, e);
	if (col->kind == COLUMN_ABSENT) {
		add_value(g, &g->by[0], (struct str){ NULL, 0 }, c->matched);
		return 0;
	}
	return grouper_flush(g, e) == 0 ? one_by_rows(g, c, col, e) : -1;
}

int
grouper_segment(struct grouper *g, const struct chosen *c, struct err *e)
{
	int rc = g->bys == 1 ? group_one(g, c, e) : joint_add(g->joint, c, g->pending, e);

	if (rc == 0 && tally_memory(g->pending) > PENDING_MAX)
		rc = grouper_flush(g, e);
	return rc;
}
