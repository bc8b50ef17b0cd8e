/*
 * erase_person: what belongs to a person.
 *
 * Who asks for erasure gives one identifier; the log knows the same person by
 * an address and a name as well.  They stand in the same events.  A value that
 * stands in events of others too (a role, a shared mailbox, a common name), or
 * is a word that events share (an action, a tenant), is only shown: replacing it
 * would change what is known of the others.  Who may write events may write any
 * name into them.
 *
 * In: values, a store.   Out: more values.
 */
#include "cli/erase_person.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/document.h"

#define FILE_MAX (SUBJECT_VALUES_MAX * (SUBJECT_VALUE_MAX + 2) + 3) /* with CR LF, and a byte order mark */
#define SEEDS_MAX 512     /* values of events that are hers */
#define SEEN_MAX 256      /* values that are shown */

/* ---- values that were given ---- */

static bool
has(const struct person *p, const char *value)
{
	for (size_t i = 0; i < p->value.n; i++)
		if (strcmp(p->value.item[i], value) == 0)
			return true;
	return false;
}

static int
add(struct person *p, const char *value, size_t len, struct err *e)
{
	char *copy = mem_dup(value, len);
	int rc = 0;

	if (strlen(copy) != len)
		rc = err_set(e, ERR_FAIL, "a value has a control character");
	else if (!has(p, copy) && p->value.n == SUBJECT_VALUES_MAX)
		rc = err_set(e, ERR_FAIL, "more than %d values", SUBJECT_VALUES_MAX);
	else if (!has(p, copy))
		str_list_add(&p->value, copy, len);
	free(copy);
	return rc;
}

static int
add_lines(struct person *p, struct str text, struct err *e)
{
	if (str_begins(text, STR("\xef\xbb\xbf")))
		text = (struct str){ text.p + 3, text.len - 3 };
	while (text.len > 0) {
		const char *newline = memchr(text.p, '\n', text.len);
		size_t len = newline != NULL ? (size_t)(newline - text.p) : text.len, next = len + (newline != NULL);

		if (len > 0 && text.p[len - 1] == '\r')
			len--;
		if (len > 0 && add(p, text.p, len, e) < 0)
			return -1;
		text = (struct str){ text.p + next, text.len - next };
	}
	return 0;
}

static int
read_file(struct person *p, const char *path, struct err *e)
{
	bool standard = strcmp(path, "-") == 0;
	char *bytes;
	size_t len;
	int rc;

	if (standard) {
		bytes = mem_alloc(FILE_MAX + 1);
		len = fread(bytes, 1, FILE_MAX + 1, stdin);
	} else
		bytes = file_read(path, FILE_MAX, &len, e);
	if (bytes == NULL)
		rc = -1;
	else if (standard && ferror(stdin))
		rc = err_errno(e, "standard input");
	else if (len > FILE_MAX)
		rc = err_set(e, ERR_FAIL, "more than %d bytes", FILE_MAX);
	else
		rc = add_lines(p, (struct str){ bytes, len }, e);
	free(bytes);
	return rc < 0 ? err_doing(e, "--subject-file") : 0;
}

int
person_read(struct person *p, const char *subject, const struct str_list *also, const char *file, struct err *e)
{
	if (subject != NULL && add(p, subject, strlen(subject), e) < 0)
		return -1;
	for (size_t i = 0; i < also->n; i++)
		if (add(p, also->item[i], strlen(also->item[i]), e) < 0)
			return -1;
	if (file != NULL && read_file(p, file, e) < 0)
		return -1;
	p->given = p->value.n;
	return p->given > 0 ? 0 : err_set(e, ERR_FAIL, "--subject ID or --subject-file FILE says who is to be erased");
}

int
person_parse(struct person *p, struct str json, struct err *e)
{
	json_t *list = document_parse(json, FILE_MAX * 8, "what is remembered of an erasure", e);
	int rc = list != NULL && json_is_array(list) ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
		json_t *value = json_array_get(list, i);

		rc = json_is_string(value) ? add(p, json_string_value(value), json_string_length(value), e) : -1;
	}
	json_decref(list);
	p->given = p->value.n;
	return rc < 0 ? err_set(e, ERR_INTEGRITY, "what is remembered of an erasure is no list of values") : 0;
}

void
person_fini(struct person *p)
{
	str_list_fini(&p->value);
	*p = (struct person){ 0 };
}

void
person_format(struct buf *out, const struct person *p)
{
	for (size_t i = 0; i < p->value.n; i++) {
		buf_byte(out, i == 0 ? '[' : ',');
		json_quote(out, str_of(p->value.item[i]));
	}
	buf_byte(out, ']');
}

struct subject *
person_subject(const struct person *p, struct str pseudonym, struct err *e)
{
	struct str *value = mem_alloc((p->value.n + 1) * sizeof(*value));
	struct subject *s;

	for (size_t i = 0; i < p->value.n; i++)
		value[i] = str_of(p->value.item[i]);
	s = subject_new(value, p->value.n, pseudonym, e);
	free(value);
	return s;
}

/* ---- values that were seen with them ---- */

/* Who acts is a person; a role that is assumed and a client are not, and only
 * shown. */
static const enum field identities[] = { FIELD_ACTOR_ID, FIELD_ACTOR_EMAIL, FIELD_ACTOR_NAME, FIELD_EFFECTIVE_ID,
	FIELD_SERVICE_ACCOUNT };
enum { IDENTITIES = 5, PERSONAL = 3 };

/* Words that many events share.  One that stands as a name in an event of hers,
 * by chance or because somebody wrote it there, would change all of them. */
static const enum field words[] = { FIELD_SOURCE, FIELD_TENANT, FIELD_CHANNEL, FIELD_CATEGORY, FIELD_ACTION,
	FIELD_ACTOR_TYPE, FIELD_TARGET_TYPE, FIELD_IDP, FIELD_METHOD };
enum { WORDS = sizeof(words) / sizeof(words[0]) };

struct values { /* of a field, with their numbers of events */
	struct tally *tally;
	struct tally_entry *item; /* ascending; NULL: there are too many */
	size_t n;
};

struct looking {
	struct store *st;
	struct pool *pool;
	const struct subject *subject;
	struct str pseudonym;
	struct values all[IDENTITIES], word[WORDS]; /* of all events */
	struct values hers[IDENTITIES];             /* of the events of the person */
	struct seen *out;
};

static int
by_value(const void *a, const void *b)
{
	const struct tally_entry *x = a, *y = b;

	return str_cmp(x->value, y->value);
}

static void
values_fini(struct values *v)
{
	free(v->item);
	tally_free(v->tally);
	*v = (struct values){ 0 };
}

static int
count_field(struct looking *l, const struct filter *f, enum field field, struct values *out, struct err *e)
{
	const struct selector selector = selector_field(field);
	struct query_options o = { .filter = f, .pool = l->pool, .go_on = cli_go_on };
	struct query_stats stats;
	struct err why = ERR_NONE;

	out->tally = tally_new();
	if (query_facet(l->st, &o, &selector, 1, out->tally, &stats, &why) < 0) {
		/* More values than it keeps: then nothing is known of others'. */
		if (why.code == ERR_FAIL && !cli_interrupted())
			return 0;
		*e = why;
		return -1;
	}
	out->item = tally_top(out->tally, 0, &out->n);
	if (out->n > 0)
		qsort(out->item, out->n, sizeof(*out->item), by_value);
	return 0;
}

static int
count_all(struct looking *l, struct err *e)
{
	struct filter *everything = filter_all();
	int rc = 0;

	for (int i = 0; i < IDENTITIES && rc == 0; i++)
		rc = count_field(l, everything, identities[i], &l->all[i], e);
	for (int i = 0; i < WORDS && rc == 0; i++)
		rc = count_field(l, everything, words[i], &l->word[i], e);
	filter_free(everything);
	return rc;
}

/* A literal of --where: quoted, and no wildcard in it. */
static void
add_literal(struct buf *out, struct str value)
{
	buf_byte(out, '"');
	for (size_t i = 0; i < value.len; i++) {
		if (strchr("\\*?\"", value.p[i]) != NULL && value.p[i] != '\0')
			buf_byte(out, '\\');
		buf_byte(out, value.p[i]);
	}
	buf_byte(out, '"');
}

/* The events of the person: actor_id in ("user:alice", "alice") or ...  Empty
 * when there are none. */
static void
add_expression(struct looking *l, struct buf *out)
{
	size_t seeds = 0, start, end;

	for (int i = 0; i < PERSONAL; i++) {
		size_t first = 0;

		for (size_t k = 0; k < l->all[i].n && seeds < SEEDS_MAX; k++) {
			struct str value = l->all[i].item[k].value;

			if (!subject_find(l->subject, value, 0, &start, &end))
				continue;
			if (first++ == 0)
				buf_printf(out, "%s%s in (", out->len > 0 ? ") or " : "", field_table[identities[i]].key);
			else
				buf_add(out, ", ", 2);
			add_literal(out, value);
			seeds++;
		}
	}
	if (out->len > 0)
		buf_byte(out, ')');
}

static uint64_t
count_of(const struct values *v, struct str value)
{
	const struct tally_entry wanted = { value, 0 }, *found = NULL;

	if (v->n > 0)
		found = bsearch(&wanted, v->item, v->n, sizeof(wanted), by_value);
	return found != NULL ? found->count : 0;
}

/* Events of others that have the value as a word of an identity of this kind. */
static uint64_t
count_others(const struct looking *l, int identity, const struct subject *value)
{
	const struct values *all = &l->all[identity];
	uint64_t others = 0;
	size_t start, end;

	for (size_t i = 0; i < all->n; i++) {
		uint64_t hers;

		if (!subject_find(value, all->item[i].value, 0, &start, &end))
			continue;
		hers = count_of(&l->hers[identity], all->item[i].value);
		others += all->item[i].count > hers ? all->item[i].count - hers : 0; /* others may write meanwhile */
	}
	return others;
}

/* Why a value cannot be taken; nothing when it can. */
static void
judge_word(const struct looking *l, const struct subject *value, struct seen_value *v)
{
	size_t start, end;

	for (int i = 0; i < IDENTITIES + WORDS; i++)
		if ((i < IDENTITIES ? l->all[i].item : l->word[i - IDENTITIES].item) == NULL)
			snprintf(v->why, sizeof(v->why), "the store has too many values to tell whose it is");
	for (int i = 0; i < WORDS && !v->why[0]; i++)
		for (size_t k = 0; k < l->word[i].n && !v->why[0]; k++)
			if (subject_find(value, l->word[i].item[k].value, 0, &start, &end))
				snprintf(v->why, sizeof(v->why), "the %s of events has it too", field_table[words[i]].key);
}

static void
judge_value(const struct looking *l, int identity, struct seen_value *v)
{
	struct str value = str_of(v->value);
	struct err why = ERR_NONE;
	struct subject *s = subject_new(&value, 1, l->pseudonym, &why);

	if (s == NULL)
		snprintf(v->why, sizeof(v->why), "%s", why.text);
	for (int i = 0; i < IDENTITIES && s != NULL; i++) {
		uint64_t others = count_others(l, i, s);

		v->others = others > v->others ? others : v->others;
	}
	if (s != NULL && identity < PERSONAL && v->others == 0)
		judge_word(l, s, v);
	subject_free(s);
	v->own = identity < PERSONAL && v->others == 0 && !v->why[0];
}

static void
add_seen(struct looking *l, int identity, struct str value, uint64_t events)
{
	struct seen *out = l->out;
	struct seen_value v = { .field = identities[identity], .events = events };
	size_t start, end;

	if (value.len == 0 || memchr(value.p, '\0', value.len) != NULL || out->n == SEEN_MAX ||
	    subject_find(l->subject, value, 0, &start, &end))
		return;
	v.value = mem_dup(value.p, value.len);
	judge_value(l, identity, &v);
	mem_grow(&out->item, &out->cap, out->n + 1, sizeof(*out->item));
	out->item[out->n++] = v;
}

static int
look_with(struct looking *l, const struct filter *hers, struct err *e)
{
	int rc = 0;

	for (int i = 0; i < IDENTITIES && rc == 0; i++)
		rc = count_field(l, hers, identities[i], &l->hers[i], e);
	for (int i = 0; i < IDENTITIES && rc == 0; i++) {
		struct tally_entry *list;
		size_t n;

		list = tally_top(l->hers[i].tally, SEEN_MAX, &n);
		for (size_t k = 0; k < n; k++)
			add_seen(l, i, list[k].value, list[k].count);
		free(list);
	}
	for (int i = 0; i < IDENTITIES; i++)
		values_fini(&l->hers[i]);
	return rc;
}

/* Once, with what is known of the person now. */
static int
look(struct looking *l, const struct person *p, struct err *e)
{
	struct filter_args args = { 0 };
	struct filter *hers = NULL;
	struct subject *s = person_subject(p, l->pseudonym, e);
	struct buf where = { 0 };
	int rc = -1;

	if (s == NULL)
		return -1;
	l->subject = s;
	add_expression(l, &where);
	rc = 0;
	if (where.len > 0) {
		str_list_add(&args.where, where.p, where.len);
		hers = filter_build(&args, 0, e);
		rc = hers != NULL ? look_with(l, hers, e) : -1;
	}
	filter_free(hers);
	filter_args_fini(&args);
	buf_fini(&where);
	subject_free(s);
	return rc;
}

static int
compare_seen(const void *a, const void *b)
{
	const struct seen_value *x = a, *y = b;

	if (x->own != y->own)
		return x->own ? -1 : 1;
	if (x->events != y->events)
		return x->events > y->events ? -1 : 1;
	return x->field != y->field ? (int)x->field - (int)y->field : strcmp(x->value, y->value);
}

static int
take(struct person *p, struct seen *s, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		s->item[i].taken = s->item[i].own;
		if (s->item[i].own && add(p, s->item[i].value, strlen(s->item[i].value), e) < 0)
			return err_doing(e, "--also-seen");
	}
	return 0;
}

/* What was taken before stays in the list; the rest of it is made anew. */
static void
keep_taken(struct seen *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->item[i].taken)
			s->item[kept++] = s->item[i];
		else
			free(s->item[i].value);
	}
	s->n = kept;
}

int
person_seen(struct store *st, struct person *p, struct str pseudonym, bool take_them, struct pool *pool,
    struct seen *out, struct err *e)
{
	struct looking l = { .st = st, .pool = pool, .pseudonym = pseudonym, .out = out };
	int rc = count_all(&l, e);

	if (rc == 0)
		rc = look(&l, p, e);
	for (int round = 0; round < 2 && rc == 0 && take_them; round++) {
		rc = take(p, out, e);
		keep_taken(out);
		if (rc == 0)
			rc = look(&l, p, e);
	}
	if (out->n > 0)
		qsort(out->item, out->n, sizeof(*out->item), compare_seen);
	for (int i = 0; i < IDENTITIES; i++)
		values_fini(&l.all[i]);
	for (int i = 0; i < WORDS; i++)
		values_fini(&l.word[i]);
	return rc < 0 ? err_doing(e, "what was seen with the person") : 0;
}

void
seen_fini(struct seen *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->item[i].value);
	free(s->item);
	*s = (struct seen){ 0 };
}
