/*
 * group: counts of values, or of several values together (see group.h).
 *
 * One field with a dictionary is counted from its codes; several by the codes
 * of all together, as one number.  Numbers that are small index a table; large
 * ones are first numbered anew in the order in which they occur.  Values
 * without a code get one here.  Texts are joined once for each group of a
 * segment.
 *
 * In: rows of a segment.   Out: counts in a tally.
 */
#include "query/group.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/random.h"
#include "query/unite.h"

#define DENSE_MAX (1u << 17)      /* groups for which a table is kept */
#define TOGETHER 256
#define RENUMBER_BITS 17          /* twice the rows of a segment */
#define PENDING_MAX (20u << 20)   /* bytes of values before they go to the total */

/* What a selector has in a segment: a code for each row, a text for each code. */
struct coded {
	const struct column *column; /* its codes and values; NULL: */
	uint32_t *own;               /* a code for each chosen row */
	struct tally *text;          /* and the values in the order of these codes */
	uint32_t *of_code;           /* own codes of a dictionary's codes */
	size_t of_code_cap;
	uint64_t n;                  /* codes are below it */
};

struct group_cell {
	uint32_t count, first; /* first: the number of the first such row among the chosen */
};

struct renumbered {
	uint64_t key;
	uint32_t number; /* from 1; 0: free */
};

struct grouper {
	struct group_total *total;
	const struct selector *by;
	size_t bys;
	enum group_mode mode;
	struct tally *pending;
	struct unite *unite;      /* of one field: what goes there */
	struct selector_scratch scratch;
	struct buf text;
	uint32_t *count;          /* by code of one dictionary */
	size_t count_cap;
	/* for several */
	struct coded coded[SUMMARY_BY_MAX];
	uint32_t *row;            /* the chosen ones, in order */
	uint64_t *key;            /* of each */
	struct group_cell *cell;
	struct renumbered *slot;
	uint64_t secret;          /* odd; what attackers write does not choose slots */
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
	g->unite = unite_new();
	g->secret = random_u64() | 1;
	return g;
}

void
grouper_free(struct grouper *g)
{
	if (g == NULL)
		return;
	tally_free(g->pending);
	unite_free(g->unite);
	selector_scratch_fini(&g->scratch);
	buf_fini(&g->text);
	free(g->count);
	for (size_t i = 0; i < g->bys; i++) {
		free(g->coded[i].own);
		free(g->coded[i].of_code);
		tally_free(g->coded[i].text);
	}
	free(g->row);
	free(g->key);
	free(g->cell);
	free(g->slot);
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

static struct str
join(struct grouper *g)
{
	buf_reset(&g->text);
	for (size_t i = 0; i < g->scratch.n; i++) {
		if (i > 0)
			buf_add(&g->text, ", ", 2);
		buf_str(&g->text, g->scratch.value[i].text);
	}
	return buf_view(&g->text);
}

/* The values that the path leads to in a payload, as the mode wants them. */
static void
add_payload(struct grouper *g, const struct selector *s, struct str json, uint32_t count)
{
	struct selector_scratch *x = &g->scratch;

	selector_values(s, json, x, NULL);
	if (g->mode == GROUP_EACH) {
		if (x->n > 1)
			qsort(x->value, x->n, sizeof(*x->value), by_text);
		for (size_t i = 0; i < x->n; i++)
			if (i == 0 || !str_eq(x->value[i].text, x->value[i - 1].text))
				tally_add(g->pending, x->value[i].text, count);
		return;
	}
	tally_add(g->pending, join(g), count);
}

/* A value of the selector's field; absent: v.p == NULL. */
static void
add_value(struct grouper *g, const struct selector *s, struct str v, uint32_t count)
{
	if (count == 0)
		return;
	if (v.p == NULL) {
		if (g->mode == GROUP_JOINED)
			tally_add(g->pending, STR(""), count);
	} else if (s->steps > 0)
		add_payload(g, s, v, count);
	else
		tally_add(g->pending, v, count);
}

int
grouper_event(struct grouper *g, const struct event *ev, struct err *e)
{
	const struct selector *s = &g->by[0];

	if (g->mode == GROUP_EACH && s->steps > 0) {
		if (event_has(ev, s->field))
			add_payload(g, s, ev->v[s->field], 1);
	} else {
		bool any = false;

		buf_reset(&g->text);
		for (size_t i = 0; i < g->bys; i++) {
			if (i > 0)
				buf_byte(&g->text, SUMMARY_GAP);
			any |= selector_format_text(&g->text, &g->by[i], ev, &g->scratch);
		}
		if (any || g->mode == GROUP_JOINED)
			tally_add(g->pending, buf_view(&g->text), 1);
	}
	return tally_memory(g->pending) > PENDING_MAX ? grouper_flush(g, e) : 0;
}

/* ---- one selector ---- */

static const uint32_t *
count_codes(struct grouper *g, const struct chosen *c, const struct column *col)
{
	if (c->bits == NULL)
		return col->counts;
	mem_grow(&g->count, &g->count_cap, (size_t)col->n_values + 1, sizeof(*g->count));
	memset(g->count, 0, ((size_t)col->n_values + 1) * sizeof(*g->count));
	for (uint32_t row = chosen_next(c, 0); row < c->n; row = chosen_next(c, row + 1))
		g->count[column_code(col, row)]++;
	return g->count;
}

static int
one_dictionary(struct grouper *g, const struct chosen *c, const struct column *col, struct err *e)
{
	const struct selector *s = &g->by[0];
	const uint32_t *count;

	if (c->bits != NULL && (col = segment_codes(c->s->columns, s->field, e)) == NULL)
		return -1;
	count = count_codes(g, c, col);
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
	const struct selector *s = &g->by[0];
	char text[TIME_TEXT_LEN];
	int64_t last = TIME_NONE;

	for (uint32_t row = chosen_next(c, 0); row < c->n; row = chosen_next(c, row + 1)) {
		struct str v = { NULL, 0 };

		if (col->kind == COLUMN_TIME && col->time[row] != TIME_NONE) {
			if (col->time[row] != last)
				time_format(text, last = col->time[row]);
			v = (struct str){ text, sizeof(text) };
		} else if (col->kind == COLUMN_VALUES && segment_value(c->s->columns, s->field, row, &v, e) < 0) {
			tally_reset(g->pending);
			return -1;
		}
		add_value(g, s, v, 1);
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

/* ---- several selectors ---- */

/* Codes of our own for values without. */
static uint32_t
own_code(struct grouper *g, struct coded *k, const struct selector *s, struct str v)
{
	if (v.p != NULL && s->steps > 0) {
		selector_values(s, v, &g->scratch, NULL);
		v = join(g);
	} else if (v.p == NULL)
		v = STR("");
	return (uint32_t)tally_add(k->text, v, 1);
}

/* A path into a payload that has a dictionary: looked up once for each of its values that occurs. */
static int
code_by_dictionary(struct grouper *g, const struct chosen *c, struct coded *k, const struct selector *s,
    struct err *e)
{
	const struct column *col = segment_codes(c->s->columns, s->field, e);

	if (col == NULL)
		return -1;
	mem_grow(&k->of_code, &k->of_code_cap, (size_t)col->n_values + 1, sizeof(*k->of_code));
	memset(k->of_code, 0xff, ((size_t)col->n_values + 1) * sizeof(*k->of_code));
	for (uint32_t i = 0; i < c->matched; i++) {
		uint32_t code = column_code(col, g->row[i]);

		if (k->of_code[code] == UINT32_MAX)
			k->of_code[code] = own_code(g, k, s, code > 0 ? col->values[code] : (struct str){ NULL, 0 });
		k->own[i] = k->of_code[code];
	}
	return 0;
}

static int
code_by_rows(struct grouper *g, const struct chosen *c, struct coded *k, const struct selector *s,
    const struct column *col, struct err *e)
{
	char text[TIME_TEXT_LEN];

	for (uint32_t i = 0; i < c->matched; i++) {
		struct str v = { NULL, 0 };

		if (col->kind == COLUMN_TIME && col->time[g->row[i]] != TIME_NONE) {
			time_format(text, col->time[g->row[i]]);
			v = (struct str){ text, sizeof(text) };
		} else if (col->kind == COLUMN_VALUES &&
		    segment_value(c->s->columns, s->field, g->row[i], &v, e) < 0)
			return -1;
		k->own[i] = own_code(g, k, s, v);
	}
	return 0;
}

/* The codes of one selector for all chosen rows. */
static int
code(struct grouper *g, const struct chosen *c, struct coded *k, const struct selector *s, struct err *e)
{
	const struct column *col = segment_column(c->s->columns, s->field, e);
	int rc;

	if (col == NULL)
		return -1;
	k->column = NULL;
	if (col->kind == COLUMN_CODES && s->steps == 0) {
		k->column = segment_codes(c->s->columns, s->field, e);
		k->n = (uint64_t)col->n_values + 1;
		return k->column != NULL ? 0 : -1;
	}
	if (k->own == NULL) {
		k->own = mem_alloc(SEGMENT_EVENTS_MAX * sizeof(*k->own));
		k->text = tally_new();
	}
	tally_reset(k->text);
	rc = col->kind == COLUMN_CODES ? code_by_dictionary(g, c, k, s, e) : code_by_rows(g, c, k, s, col, e);
	k->n = tally_size(k->text);
	return rc;
}

static uint32_t
code_at(const struct grouper *g, const struct coded *k, uint32_t i)
{
	return k->column != NULL ? column_code(k->column, g->row[i]) : k->own[i];
}

/* key = key * n + code, for each row. */
static void
mix_in(struct grouper *g, const struct coded *k, uint32_t n)
{
	const uint8_t *narrow = k->column != NULL ? k->column->codes : NULL;

	if (narrow != NULL && k->column->code_width == 1)
		for (uint32_t i = 0; i < n; i++)
			g->key[i] = g->key[i] * k->n + narrow[g->row[i]];
	else
		for (uint32_t i = 0; i < n; i++)
			g->key[i] = g->key[i] * k->n + code_at(g, k, i);
}

/* Numbers the keys anew, 0 1 2 ..., in the order in which they occur; gives how many there are. */
static uint64_t
renumber(struct grouper *g, uint32_t n)
{
	const uint32_t mask = (1u << RENUMBER_BITS) - 1;
	uint32_t numbers = 0;

	if (g->slot == NULL)
		g->slot = mem_alloc(sizeof(*g->slot) << RENUMBER_BITS);
	memset(g->slot, 0, sizeof(*g->slot) << RENUMBER_BITS);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = (uint32_t)(g->key[i] * g->secret >> (64 - RENUMBER_BITS));

		while (g->slot[at].number != 0 && g->slot[at].key != g->key[i])
			at = (at + 1) & mask;
		if (g->slot[at].number == 0)
			g->slot[at] = (struct renumbered){ g->key[i], ++numbers };
		g->key[i] = g->slot[at].number - 1;
	}
	return numbers;
}

/* The keys of all rows; gives the number below which they are. */
static uint64_t
make_keys(struct grouper *g, uint32_t n)
{
	uint64_t below = 1;

	memset(g->key, 0, n * sizeof(*g->key));
	for (size_t i = 0; i < g->bys; i++) {
		/* Both are at most SEGMENT_EVENTS_MAX + 1 then. */
		if (below * g->coded[i].n > DENSE_MAX && below > 1)
			below = renumber(g, n);
		mix_in(g, &g->coded[i], n);
		below *= g->coded[i].n;
	}
	return below <= DENSE_MAX ? below : renumber(g, n);
}

/* Appends a group's values to g->text; gives how many bytes they have. */
static size_t
join_cell(struct grouper *g, const struct group_cell *cell)
{
	size_t before = g->text.len;

	for (size_t i = 0; i < g->bys; i++) {
		const struct coded *k = &g->coded[i];
		uint32_t code = code_at(g, k, cell->first);

		if (i > 0)
			buf_byte(&g->text, SUMMARY_GAP);
		buf_str(&g->text, k->column == NULL ? tally_value(k->text, code) :
		    code > 0 ? k->column->values[code] : STR(""));
	}
	return g->text.len - before;
}

/* Texts are joined, and looked up, several at a time. */
static void
add_cells(struct grouper *g, uint64_t below)
{
	struct tally_entry few[TOGETHER];
	size_t n = 0;

	buf_reset(&g->text);
	for (uint64_t key = 0; key <= below; key++) {
		if (key == below || n == TOGETHER) {
			const char *p = g->text.p;

			for (size_t i = 0; i < n; p += few[i++].value.len)
				few[i].value.p = p;
			tally_add_entries(g->pending, few, n);
			buf_reset(&g->text);
			n = 0;
		}
		if (key < below && g->cell[key].count > 0) {
			few[n].count = g->cell[key].count;
			few[n++].value.len = join_cell(g, &g->cell[key]);
		}
	}
}

static void
choose_rows(struct grouper *g, const struct chosen *c)
{
	uint32_t n = 0;

	if (g->row == NULL) {
		g->row = mem_alloc(SEGMENT_EVENTS_MAX * sizeof(*g->row));
		g->key = mem_alloc(SEGMENT_EVENTS_MAX * sizeof(*g->key));
		g->cell = mem_alloc(DENSE_MAX * sizeof(*g->cell));
	}
	for (uint32_t row = chosen_next(c, 0); row < c->n; row = chosen_next(c, row + 1))
		g->row[n++] = row;
}

static int
group_several(struct grouper *g, const struct chosen *c, struct err *e)
{
	uint64_t below;

	choose_rows(g, c);
	for (size_t i = 0; i < g->bys; i++)
		if (code(g, c, &g->coded[i], &g->by[i], e) < 0)
			return -1;
	below = make_keys(g, c->matched);
	memset(g->cell, 0, below * sizeof(*g->cell));
	for (uint32_t i = 0; i < c->matched; i++) {
		struct group_cell *cell = &g->cell[g->key[i]];

		if (cell->count++ == 0)
			cell->first = i;
	}
	add_cells(g, below);
	return 0;
}

int
grouper_segment(struct grouper *g, const struct chosen *c, struct err *e)
{
	int rc = g->bys == 1 ? group_one(g, c, e) : group_several(g, c, e);

	if (rc == 0 && tally_memory(g->pending) > PENDING_MAX)
		rc = grouper_flush(g, e);
	return rc;
}
