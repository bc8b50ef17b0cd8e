/*
 * joint: counts of the values that several fields have together (see joint.h).
 *
 * Each field has a code for each row: that of its dictionary, or, where it has
 * none, one given here.  The codes of a row make one number, its key.  Small
 * keys index a table of counts; large ones are first numbered anew in the order
 * in which they occur.  So texts are joined once for each group of a segment,
 * not for each row.
 */
#include "query/joint.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/random.h"
#include "query/group_value.h"

#define DENSE_MAX (1u << 17) /* groups for which there is a table */
#define TOGETHER 256         /* groups that go into the tally at a time */
#define SLOT_BITS 17         /* twice the rows of a segment */

/* What a selector has in a segment: a code for each row, a text for each code. */
struct coded {
	const struct column *column; /* its codes and values; NULL: */
	uint32_t *own;               /* a code for each chosen row */
	struct tally *text;          /* and the values in the order of these codes */
	uint32_t *of_code;           /* own codes of a dictionary's codes */
	size_t of_code_cap;
	uint64_t n;                  /* codes are below it */
};

struct cell {
	uint32_t count, first; /* first: the number of the first such row among the chosen */
};

struct slot {
	uint64_t key;
	uint32_t number; /* from 1; 0: free */
};

struct joint {
	const struct selector *by;
	size_t bys;
	struct group_value value;
	struct buf text;
	uint64_t secret; /* odd; what attackers write does not choose slots */
	struct coded coded[SUMMARY_BY_MAX];
	uint32_t row[SEGMENT_EVENTS_MAX]; /* the chosen ones, in order */
	uint64_t key[SEGMENT_EVENTS_MAX]; /* of each */
	struct cell cell[DENSE_MAX];      /* by key */
	struct slot slot[1u << SLOT_BITS];
};

struct joint *
joint_new(const struct selector *by, size_t bys)
{
	struct joint *j = mem_alloc(sizeof(*j)); /* tables are cleared as they are used */

	j->by = by;
	j->bys = bys;
	group_value_init(&j->value);
	j->text = (struct buf){ 0 };
	j->secret = random_u64() | 1;
	memset(j->coded, 0, sizeof(j->coded));
	return j;
}

void
joint_free(struct joint *j)
{
	if (j == NULL)
		return;
	for (size_t i = 0; i < j->bys; i++) {
		free(j->coded[i].own);
		free(j->coded[i].of_code);
		tally_free(j->coded[i].text);
	}
	group_value_fini(&j->value);
	buf_fini(&j->text);
	free(j);
}

/* ---- codes ---- */

static uint32_t
own_code(struct joint *j, struct coded *k, const struct selector *s, struct str v)
{
	return (uint32_t)tally_add(k->text, group_value_joined(&j->value, s, v), 1);
}

/* A path into a payload that has a dictionary: looked up once for each of its values that occurs. */
static int
code_by_dictionary(struct joint *j, const struct chosen *c, struct coded *k, const struct selector *s,
    struct err *e)
{
	const struct column *col = segment_codes(c->s->columns, s->field, e);

	if (col == NULL)
		return -1;
	mem_grow(&k->of_code, &k->of_code_cap, (size_t)col->n_values + 1, sizeof(*k->of_code));
	memset(k->of_code, 0xff, ((size_t)col->n_values + 1) * sizeof(*k->of_code));
	for (uint32_t i = 0; i < c->matched; i++) {
		uint32_t code = column_code(col, j->row[i]);

		if (k->of_code[code] == UINT32_MAX)
			k->of_code[code] = own_code(j, k, s, code > 0 ? col->values[code] : (struct str){ NULL, 0 });
		k->own[i] = k->of_code[code];
	}
	return 0;
}

static int
code_by_rows(struct joint *j, const struct chosen *c, struct coded *k, const struct selector *s,
    const struct column *col, struct err *e)
{
	struct str v;

	for (uint32_t i = 0; i < c->matched; i++) {
		if (group_value_row(&j->value, c->s->columns, s->field, col, j->row[i], &v, e) < 0)
			return -1;
		k->own[i] = own_code(j, k, s, v);
	}
	return 0;
}

/* The codes of one selector for all chosen rows. */
static int
code_rows(struct joint *j, const struct chosen *c, struct coded *k, const struct selector *s, struct err *e)
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
	rc = col->kind == COLUMN_CODES ? code_by_dictionary(j, c, k, s, e) : code_by_rows(j, c, k, s, col, e);
	k->n = tally_size(k->text);
	return rc;
}

/* The code of the chosen row number i. */
static uint32_t
code_at(const struct joint *j, const struct coded *k, uint32_t i)
{
	return k->column != NULL ? column_code(k->column, j->row[i]) : k->own[i];
}

/* ---- keys ---- */

/* key = key * n + code, for each row. */
static void
mix_in(struct joint *j, const struct coded *k, uint32_t n)
{
	const uint8_t *narrow = k->column != NULL ? k->column->codes : NULL;

	if (narrow != NULL && k->column->code_width == 1)
		for (uint32_t i = 0; i < n; i++)
			j->key[i] = j->key[i] * k->n + narrow[j->row[i]];
	else
		for (uint32_t i = 0; i < n; i++)
			j->key[i] = j->key[i] * k->n + code_at(j, k, i);
}

/* Numbers the keys anew, 0 1 2 ..., in the order in which they occur; gives how many there are. */
static uint64_t
renumber(struct joint *j, uint32_t n)
{
	const uint32_t mask = (1u << SLOT_BITS) - 1;
	uint32_t numbers = 0;

	memset(j->slot, 0, sizeof(j->slot));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = (uint32_t)(j->key[i] * j->secret >> (64 - SLOT_BITS));

		while (j->slot[at].number != 0 && j->slot[at].key != j->key[i])
			at = (at + 1) & mask;
		if (j->slot[at].number == 0)
			j->slot[at] = (struct slot){ j->key[i], ++numbers };
		j->key[i] = j->slot[at].number - 1;
	}
	return numbers;
}

/* The keys of all rows; gives the number below which they are. */
static uint64_t
make_keys(struct joint *j, uint32_t n)
{
	uint64_t below = 1;

	memset(j->key, 0, n * sizeof(*j->key));
	for (size_t i = 0; i < j->bys; i++) {
		/* Both are at most SEGMENT_EVENTS_MAX + 1 then. */
		if (below * j->coded[i].n > DENSE_MAX && below > 1)
			below = renumber(j, n);
		mix_in(j, &j->coded[i], n);
		below *= j->coded[i].n;
	}
	return below <= DENSE_MAX ? below : renumber(j, n);
}

/* ---- groups ---- */

static void
count_keys(struct joint *j, uint32_t n, uint64_t below)
{
	memset(j->cell, 0, below * sizeof(*j->cell));
	for (uint32_t i = 0; i < n; i++) {
		struct cell *cell = &j->cell[j->key[i]];

		if (cell->count++ == 0)
			cell->first = i;
	}
}

/* Appends a group's values to j->text; gives how many bytes they have. */
static size_t
join_cell(struct joint *j, const struct cell *cell)
{
	size_t before = j->text.len;

	for (size_t i = 0; i < j->bys; i++) {
		const struct coded *k = &j->coded[i];
		uint32_t code = code_at(j, k, cell->first);

		if (i > 0)
			buf_byte(&j->text, SUMMARY_GAP);
		buf_str(&j->text, k->column == NULL ? tally_value(k->text, code) :
		    code > 0 ? k->column->values[code] : STR(""));
	}
	return j->text.len - before;
}

/* Adds n groups whose texts follow each other in j->text, which may have moved
 * while they were joined. */
static void
add_few(struct joint *j, struct tally_entry *few, size_t n, struct tally *t)
{
	const char *p = j->text.p;

	for (size_t i = 0; i < n; p += few[i++].value.len)
		few[i].value.p = p;
	tally_add_entries(t, few, n);
	buf_reset(&j->text);
}

static void
add_cells(struct joint *j, uint64_t below, struct tally *t)
{
	struct tally_entry few[TOGETHER];
	size_t n = 0;

	buf_reset(&j->text);
	for (uint64_t key = 0; key < below; key++) {
		if (j->cell[key].count == 0)
			continue;
		few[n].count = j->cell[key].count;
		few[n++].value.len = join_cell(j, &j->cell[key]);
		if (n == TOGETHER) {
			add_few(j, few, n, t);
			n = 0;
		}
	}
	add_few(j, few, n, t);
}

/* ---- the door ---- */

int
joint_add(struct joint *j, const struct chosen *c, struct tally *t, struct err *e)
{
	uint64_t below;
	uint32_t n = 0;

	for (uint32_t row = chosen_next(c, 0); row < c->n; row = chosen_next(c, row + 1))
		j->row[n++] = row;
	for (size_t i = 0; i < j->bys; i++)
		if (code_rows(j, c, &j->coded[i], &j->by[i], e) < 0)
			return -1;
	below = make_keys(j, n);
	count_keys(j, n, below);
	add_cells(j, below, t);
	return 0;
}
