/*
 * dialect: the table that is built in and what a user adds to it, made into one
 * list of places for each kind of event.
 *
 * A user's place takes that of the same name; one that is omitted is none.  The
 * places of a tree are in the order of their paths, so that what belongs
 * together stands together.
 */
#include "render/dialect.h"

#include <stdlib.h>

#include "base/mem.h"

static struct str
optional(const char *s)
{
	return s != NULL ? str_of(s) : (struct str){ NULL, 0 };
}

/* ---- rows that are built in ---- */

/* The next word of *left, parted by blanks; an empty one: there is none. */
static struct str
next_word(const char **left)
{
	const char *begin = *left + strspn(*left, " ");
	size_t len = strcspn(begin, " ");

	*left = begin + len;
	return (struct str){ begin, len };
}

static size_t
split(const char *words, struct str **out, struct arena *a)
{
	struct str list[64], word;
	size_t n = 0;

	if (words == NULL)
		return 0;
	while (n < sizeof(list) / sizeof(list[0]) && (word = next_word(&words)).len > 0)
		list[n++] = word;
	*out = arena_alloc(a, n * sizeof(**out));
	memcpy(*out, list, n * sizeof(**out));
	return n;
}

static void
take_lookup(struct dialect_place *p, const struct dialect_word *words, struct arena *a)
{
	struct dialect_pair *pair;
	size_t n = 0;

	while (words[n].word != NULL)
		n++;
	pair = arena_alloc(a, n * sizeof(*pair));
	for (size_t i = 0; i < n; i++)
		pair[i] = (struct dialect_pair){ str_of(words[i].word), str_of(words[i].value) };
	p->lookup = pair;
	p->n_lookup = n;
	p->otherwise = optional(words[n].value);
}

static int
take_row(struct dialect *d, struct dialect_place *p, const struct dialect_row *row, struct err *e)
{
	struct str *word;

	*p = (struct dialect_place){ .to = str_of(row->to), .as = row->as, .text = optional(row->text),
		.kinds = row->kinds, .with = row->with };
	p->n_from = split(row->from, &word, &d->arena);
	p->from = arena_alloc(&d->arena, p->n_from * sizeof(*p->from));
	for (size_t i = 0; i < p->n_from; i++) {
		if (selector_parse(&p->from[i], word[i], &d->arena, e) != 0)
			return -1;
		p->fields |= FIELD_BIT(p->from[i].field);
	}
	if (row->lookup != NULL)
		take_lookup(p, row->lookup, &d->arena);
	return 0;
}

static void
take_rule(struct dialect *d, struct dialect_rule *rule, const struct dialect_rule_row *row)
{
	*rule = (struct dialect_rule){ .severity = row->severity, .kind = row->kind };
	rule->n_source = split(row->source, &rule->source, &d->arena);
	rule->n_category = split(row->category, &rule->category, &d->arena);
	rule->n_action = split(row->action, &rule->action, &d->arena);
}

/* ---- kinds ---- */

static void
take_kinds(struct dialect *d)
{
	for (size_t i = 0; i < d->table->kinds; i++) {
		const struct dialect_kind_row *row = &d->table->kind[i];

		d->kind[i] = (struct dialect_kind){ .number = row->number, .name = str_of(row->name),
			.value = optional(row->value), .alert = optional(row->alert), .otherwise = row->otherwise,
			.reads = row->reads };
		memcpy(d->kind[i].needs, row->needs, sizeof(row->needs));
	}
	d->kinds = d->table->kinds;
}

/* The kind of a number; a new one for a class that only a user knows. */
static int
find_kind(struct dialect *d, uint32_t number, uint32_t *out, struct err *e)
{
	for (*out = 0; *out < d->kinds; ++*out)
		if (d->kind[*out].number == number)
			return 0;
	if (d->kinds == DIALECT_KINDS_MAX)
		return err_set(e, ERR_FAIL, "%s: more than %d classes", d->table->name, DIALECT_KINDS_MAX);
	d->kind[d->kinds++] = (struct dialect_kind){ .number = number, .name = STR("other") };
	return 0;
}

/* ---- what a user adds ---- */

static bool
is_omitted(const struct dialect_own *own, struct str to)
{
	for (size_t i = 0; i < own->omits; i++)
		if (str_eq(own->omit[i], to))
			return true;
	return false;
}

static const struct dialect_place *
find_place(const struct dialect_place *place, size_t n, struct str to)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(place[i].to, to))
			return &place[i];
	return NULL;
}

static int
class_bits(struct dialect *d, const struct dialect_place *p, uint64_t *bits, struct err *e)
{
	uint32_t kind;

	*bits = 0;
	for (size_t i = 0; i < p->n_class; i++) {
		if (find_kind(d, p->class_of[i], &kind, e) != 0)
			return -1;
		*bits |= UINT64_C(1) << kind;
	}
	return 0;
}

/* A user's place: for the classes that it names, else for those of the rows
 * that it takes the place of. */
static int
take_own(struct dialect *d, struct dialect_place *p, struct err *e)
{
	bool first = true;

	if (p->n_class > 0)
		return class_bits(d, p, &p->kinds, e);
	p->kinds = 0;
	for (size_t i = 0; i < d->table->rows; i++) {
		const struct dialect_row *row = &d->table->row[i];

		if (!str_eq(str_of(row->to), p->to))
			continue;
		if (row->kinds == 0 || (!first && p->kinds == 0))
			p->kinds = 0;
		else
			p->kinds |= row->kinds;
		first = false;
	}
	return 0;
}

/* The kinds for which a row that is built in stays: 0 is none here. */
static int
kinds_left(struct dialect *d, const struct dialect_own *own, const struct dialect_row *row, uint64_t *left,
    struct err *e)
{
	struct str to = str_of(row->to);
	const struct dialect_place *taken = find_place(own->place, own->places, to);
	uint64_t bits = 0;

	*left = 0;
	if (is_omitted(own, to) || (taken != NULL && taken->n_class == 0))
		return 0;
	if (taken != NULL && class_bits(d, taken, &bits, e) != 0)
		return -1;
	*left = (row->kinds != 0 ? row->kinds : UINT64_MAX) & ~bits;
	return 0;
}

/* A user's place stands where the one that it takes would. */
static int
take_places(struct dialect *d, const struct dialect_own *own, struct dialect_place **out, size_t *n, struct err *e)
{
	struct dialect_place *all = arena_alloc(&d->arena, (d->table->rows + own->places) * sizeof(*all));
	const struct dialect_place *taken;
	size_t count = 0;
	uint64_t left;

	for (size_t i = 0; i < d->table->rows; i++) {
		struct str to = str_of(d->table->row[i].to);

		if (kinds_left(d, own, &d->table->row[i], &left, e) != 0)
			return -1;
		taken = find_place(own->place, own->places, to);
		if (taken != NULL && find_place(all, count, to) == NULL)
			all[count++] = *taken;
		if (left == 0)
			continue;
		if (take_row(d, &all[count], &d->table->row[i], e) != 0)
			return -1;
		all[count++].kinds = left;
	}
	for (size_t i = 0; i < own->places; i++)
		if (find_place(all, count, own->place[i].to) == NULL)
			all[count++] = own->place[i];
	for (size_t i = 0; i < count; i++)
		if (all[i].own && take_own(d, &all[i], e) != 0)
			return -1;
	*out = all;
	*n = count;
	return 0;
}

static int
take_rules(struct dialect *d, const struct dialect_own *own, struct err *e)
{
	d->rule = arena_alloc(&d->arena, (own->rules + d->table->rules) * sizeof(*d->rule));
	for (size_t i = 0; i < own->rules; i++) {
		struct dialect_rule *rule = &d->rule[d->rules++];

		*rule = own->rule[i];
		if (find_kind(d, rule->class_of, &rule->kind, e) != 0)
			return -1;
	}
	for (size_t i = 0; i < d->table->rules; i++)
		take_rule(d, &d->rule[d->rules++], &d->table->rule[i]);
	return 0;
}

/* ---- order ---- */

/* Parts end before other bytes come, and what is an object, or a list of one,
 * stands beside what is neither. */
static int
rank(char c)
{
	return c == '.' ? 0 : c == '[' ? 1 : (unsigned char)c + 2;
}

static int
by_path(const void *a, const void *b)
{
	struct str x = ((const struct dialect_place *)a)->to, y = ((const struct dialect_place *)b)->to;

	for (size_t i = 0; i < x.len && i < y.len; i++)
		if (x.p[i] != y.p[i])
			return rank(x.p[i]) - rank(y.p[i]);
	return x.len < y.len ? -1 : x.len > y.len;
}

/* How many of the first parts are the same. */
static unsigned
shared_parts(const struct dialect_place *a, const struct dialect_place *b)
{
	unsigned n = 0;

	while (n < a->depth && n < b->depth && a->at[n + 1] == b->at[n + 1] &&
	    memcmp(a->head.p, b->head.p, a->at[n + 1]) == 0)
		n++;
	return n;
}

/* The same key of one object, once as a value or a list and once as an object. */
static bool
collide(const struct dialect_place *a, const struct dialect_place *b)
{
	unsigned n = shared_parts(a, b);
	size_t from, len;

	if (n == a->depth || n == b->depth)
		return true;
	from = a->at[n];
	for (len = 1; from + len < a->head.len && a->head.p[from + len] != '"'; len++)
		continue;
	return b->head.len > b->at[n] + len && memcmp(a->head.p + from, b->head.p + b->at[n], len + 1) == 0;
}

static int
order_kind(struct dialect_kind *k, const struct dialect *d, struct err *e)
{
	if (!d->table->tree)
		return 0;
	qsort(k->place, k->places, sizeof(*k->place), by_path);
	for (size_t i = 1; i < k->places; i++) {
		const struct dialect_place *before = &k->place[i - 1];

		if (collide(before, &k->place[i]))
			return err_set(e, ERR_FAIL, "%s: '%.*s' and '%.*s' cannot both be in a record",
			    d->table->name, (int)before->to.len, before->to.p, (int)k->place[i].to.len,
			    k->place[i].to.p);
		k->place[i].shared = shared_parts(before, &k->place[i]);
	}
	return 0;
}

/* What is no more than a field's text. */
static enum field
plain_field(const struct dialect_place *p)
{
	if (p->n_from != 1 || p->from[0].steps > 0 || p->as != AS_TEXT || p->lookup != NULL || p->text.p != NULL ||
	    p->with != 0 || field_table[p->from[0].field].type == FIELD_TIMESTAMP)
		return FIELD_NONE;
	return p->from[0].field;
}

static int
fill_kinds(struct dialect *d, struct dialect_place *all, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		all[i].always = all[i].n_from == 0 || all[i].lookup != NULL;
		all[i].plain = plain_field(&all[i]);
	}
	for (size_t i = 0; i < n; i++)
		if (d->table->tree && !dialect_path(&all[i], &d->arena))
			return err_set(e, ERR_FAIL, "%s: '%.*s' is no path", d->table->name,
			    (int)all[i].to.len, all[i].to.p);
	for (size_t k = 0; k < d->kinds; k++) {
		struct dialect_kind *kind = &d->kind[k];

		kind->place = arena_alloc(&d->arena, n * sizeof(*kind->place));
		for (size_t i = 0; i < n; i++)
			if (all[i].kinds == 0 || (all[i].kinds >> k & 1) != 0)
				kind->place[kind->places++] = all[i];
		if (order_kind(kind, d, e) != 0)
			return -1;
	}
	return 0;
}

struct dialect *
dialect_new(const struct dialect_table *t, const struct dialect_map *map, struct err *e)
{
	static const struct dialect_own nothing = { 0 };
	const struct dialect_own *own = map != NULL ? &map->own[t->id] : &nothing;
	struct dialect *d = mem_zero(1, sizeof(*d));
	struct dialect_place *all;
	size_t n;

	d->table = t;
	if (!t->tree) {
		dialect_escapes_init(&d->header, t->header_meant, false);
		dialect_escapes_init(&d->value, t->value_meant, t->tab);
	}
	take_kinds(d);
	if (take_rules(d, own, e) == 0 && take_places(d, own, &all, &n, e) == 0 && fill_kinds(d, all, n, e) == 0)
		return d;
	dialect_free(d);
	return NULL;
}

void
dialect_free(struct dialect *d)
{
	if (d == NULL)
		return;
	arena_fini(&d->arena);
	free(d);
}
