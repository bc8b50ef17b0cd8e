/*
 * dialect_rule: what an event is to a collector.
 *
 *     AUTHENTICATION, user.login   ->  class 3002, activity 1
 *
 * The first rule that fits decides, the user's before those built in; a class
 * whose required members the event has no values for gives way to the one that
 * needs less.  Few combinations of category, action and source make up a log:
 * the verdicts of late are kept.
 */
#include "render/dialect.h"

#include <stdlib.h>

#include "base/mem.h"
#include "event/verb.h"

#define SLOTS 1024    /* a power of 2 */
#define DEEDS 4      /* a power of 2 */
#define KEY_MAX 160  /* longer ones are judged each time */

struct slot {
	size_t len; /* of key; 0: empty */
	char key[KEY_MAX];
	uint32_t kind;       /* by the rule, whatever the event lacks */
	bool given;          /* the rule says the activity */
	uint32_t activity;
	struct {             /* else it is the kind's, of those that it was of late */
		uint32_t kind; /* UINT32_MAX: none */
		const struct dialect_deed_row *row; /* NULL: no such */
	} deed[DEEDS];
	struct str alert, categories, types;
};

struct dialect_memory {
	struct slot slot[SLOTS];
};

struct dialect_memory *
dialect_memory_new(void)
{
	return mem_zero(1, sizeof(struct dialect_memory));
}

field_set
dialect_filled(const struct event *ev)
{
	const field_set times = FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_INGESTED);
	field_set filled = ev->present & times;

	for (field_set left = ev->present & ~times; left != 0; left &= left - 1) {
		int f = __builtin_ctzll(left);

		if (ev->v[f].len > 0)
			filled |= FIELD_BIT(f);
	}
	return filled;
}

/* ---- does a rule fit ---- */

/* The word, or its beginning when it ends in a star. */
static bool
fits_word(struct str word, struct str text)
{
	if (word.len > 0 && word.p[word.len - 1] == '*') {
		word.len--;
		return text.len >= word.len && str_eq_nocase(word, (struct str){ text.p, word.len });
	}
	return str_eq_nocase(word, text);
}

static bool
fits(const struct str *word, size_t n, struct str text)
{
	for (size_t i = 0; i < n; i++)
		if (fits_word(word[i], text))
			return true;
	return n == 0;
}

static const struct dialect_rule *
find_rule(const struct dialect *d, struct str source, struct str category, struct str action, int severity)
{
	for (size_t i = 0; i < d->rules; i++) {
		const struct dialect_rule *rule = &d->rule[i];

		if (severity >= (int)rule->severity && fits(rule->category, rule->n_category, category) &&
		    fits(rule->source, rule->n_source, source) && fits(rule->action, rule->n_action, action))
			return rule;
	}
	return NULL;
}

/* ---- what was done ---- */

static struct str
last_part(struct str action)
{
	size_t at = action.len;

	while (at > 0 && action.p[at - 1] != '.' && action.p[at - 1] != ':' && action.p[at - 1] != '/')
		at--;
	return (struct str){ action.p + at, action.len - at };
}

/* Whether a word is in a list of them, parted by blanks. */
static bool
has_word(const char *words, struct str word)
{
	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		if (str_eq_nocase((struct str){ words, len }, word))
			return true;
		words += len + strspn(words + len, " ");
	}
	return false;
}

/* The row of the action's last part as it stands, or of its verb. */
static const struct dialect_deed_row *
find_deed(const struct dialect *d, uint32_t kind, struct str action)
{
	struct str last = last_part(action);
	char object[DEED_OBJECT_MAX];
	struct deed deed;

	render_deed(&deed, action, object);
	for (size_t i = 0; i < d->table->deeds; i++) {
		const struct dialect_deed_row *row = &d->table->deed[i];

		if ((row->kinds >> kind & 1) != 0 && has_word(row->words, last))
			return row;
	}
	for (size_t i = 0; i < d->table->deeds && deed.base != NULL; i++) {
		const struct dialect_deed_row *row = &d->table->deed[i];
		struct str base = str_of(deed.base);

		if ((row->kinds >> kind & 1) != 0 && has_word(row->words, base))
			return row;
	}
	for (size_t i = 0; i < d->table->deeds; i++)
		if ((d->table->deed[i].kinds >> kind & 1) != 0 && d->table->deed[i].words[0] == '*')
			return &d->table->deed[i];
	return NULL;
}

/* ---- the verdict ---- */

static void
judge(const struct dialect *d, struct slot *slot, struct str source, struct str category, struct str action,
    int severity)
{
	const struct dialect_rule *rule = find_rule(d, source, category, action, severity);

	slot->kind = rule != NULL ? rule->kind : (uint32_t)d->table->kinds - 1;
	if (rule != NULL && !rule->deed && d->kind[slot->kind].reads != 0 &&
	    event_verb(category, action) == VERB_READ)
		slot->kind = d->kind[slot->kind].reads;
	slot->given = rule != NULL && rule->deed;
	slot->activity = slot->given ? rule->activity : 0;
	for (size_t i = 0; i < DEEDS; i++)
		slot->deed[i].kind = UINT32_MAX;
	slot->alert = rule != NULL ? rule->alert : (struct str){ NULL, 0 };
	slot->categories = rule != NULL ? rule->categories : (struct str){ NULL, 0 };
	slot->types = rule != NULL ? rule->types : (struct str){ NULL, 0 };
}

static const struct dialect_deed_row *
deed_of(const struct dialect *d, struct slot *slot, uint32_t kind, struct str action)
{
	size_t i = kind & (DEEDS - 1);

	if (slot->deed[i].kind != kind) {
		slot->deed[i].kind = kind;
		slot->deed[i].row = find_deed(d, kind, action);
	}
	return slot->deed[i].row;
}

static size_t
slot_of(const char *key, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325), eight;
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		memcpy(&eight, key + i, 8);
		h = (h ^ eight) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	for (; i < len; i++)
		h = (h ^ (unsigned char)key[i]) * UINT64_C(0x100000001b3);
	return (size_t)(h ^ h >> 29) & (SLOTS - 1);
}

/* "\3AUTHENTICATION\0user.login\0app"; 0: it is too long. */
static size_t
make_key(char key[KEY_MAX], struct str source, struct str category, struct str action, int severity)
{
	size_t len = 1;

	if (source.len + category.len + action.len + 3 > KEY_MAX)
		return 0;
	key[0] = (char)(severity + 1);
	memcpy(key + len, category.p, category.len);
	len += category.len;
	key[len++] = '\0';
	memcpy(key + len, action.p, action.len);
	len += action.len;
	key[len++] = '\0';
	memcpy(key + len, source.p, source.len);
	return len + source.len;
}

static struct str
value_of(const struct event *ev, enum field f)
{
	return event_has(ev, f) ? ev->v[f] : STR("");
}

/* Whether it has what the class needs. */
static bool
enough(const struct dialect_kind *k, field_set filled)
{
	for (size_t i = 0; i < DIALECT_NEEDS; i++)
		if (k->needs[i] != 0 && (k->needs[i] & filled) == 0)
			return false;
	return true;
}

void
dialect_judge(const struct dialect *d, struct dialect_memory *m, const struct event *ev, field_set filled,
    struct dialect_verdict *v)
{
	struct str source = value_of(ev, FIELD_SOURCE), category = value_of(ev, FIELD_CATEGORY);
	struct str action = value_of(ev, FIELD_ACTION);
	int severity = event_has(ev, FIELD_SEVERITY) ? event_severity(ev->v[FIELD_SEVERITY]) : SEVERITY_INFO;
	const struct dialect_deed_row *deed;
	char key[KEY_MAX];
	size_t len = make_key(key, source, category, action, severity);
	struct slot own, *slot = len > 0 ? &m->slot[slot_of(key, len)] : &own;
	uint32_t kind;

	if (len == 0 || slot->len != len || memcmp(slot->key, key, len) != 0) {
		judge(d, slot, source, category, action, severity);
		slot->len = len;
		memcpy(slot->key, key, len);
	}
	for (kind = slot->kind; !enough(&d->kind[kind], filled); kind = d->kind[kind].otherwise)
		continue;
	deed = slot->given ? NULL : deed_of(d, slot, kind, action);
	v->kind = &d->kind[kind];
	v->activity = slot->given ? slot->activity : deed != NULL ? deed->number : d->table->other;
	v->alert = slot->alert.p != NULL ? slot->alert : v->kind->alert;
	v->categories = slot->categories.p != NULL ? slot->categories : v->kind->value;
	v->types = slot->types;
	if (v->types.p == NULL && v->kind->value.p != NULL)
		v->types = str_of(deed != NULL ? deed->value : d->table->other_value);
}
