/*
 * verb: whether an action looked at its target or changed it (see verb.h).
 *
 * In: "org.add_member".   Out: VERB_WRITE, because of "add".
 */
#include "event/verb.h"

#include <stdlib.h>

#define WORD_MAX 16 /* bytes; every word of the table is shorter */

struct word {
	const char *text;
	enum verb verb;
};

/* Sorted.  Past forms that are not made with -d or -ed are listed too. */
static const struct word words[] = {
	{ "access", VERB_READ },
	{ "activate", VERB_WRITE },
	{ "add", VERB_WRITE },
	{ "append", VERB_WRITE },
	{ "approve", VERB_WRITE },
	{ "archive", VERB_WRITE },
	{ "assign", VERB_WRITE },
	{ "attach", VERB_WRITE },
	{ "browse", VERB_READ },
	{ "change", VERB_WRITE },
	{ "chmod", VERB_WRITE },
	{ "chown", VERB_WRITE },
	{ "clone", VERB_READ },
	{ "copied", VERB_READ },
	{ "copy", VERB_READ },
	{ "create", VERB_WRITE },
	{ "deactivate", VERB_WRITE },
	{ "decrypt", VERB_READ },
	{ "delete", VERB_WRITE },
	{ "describe", VERB_READ },
	{ "destroy", VERB_WRITE },
	{ "detach", VERB_WRITE },
	{ "disable", VERB_WRITE },
	{ "download", VERB_READ },
	{ "edit", VERB_WRITE },
	{ "enable", VERB_WRITE },
	{ "erase", VERB_WRITE },
	{ "export", VERB_READ },
	{ "fetch", VERB_READ },
	{ "get", VERB_READ },
	{ "grant", VERB_WRITE },
	{ "head", VERB_READ },
	{ "import", VERB_WRITE },
	{ "insert", VERB_WRITE },
	{ "inspect", VERB_READ },
	{ "invite", VERB_WRITE },
	{ "list", VERB_READ },
	{ "lock", VERB_WRITE },
	{ "lookup", VERB_READ },
	{ "merge", VERB_WRITE },
	{ "mkdir", VERB_WRITE },
	{ "modified", VERB_WRITE },
	{ "modify", VERB_WRITE },
	{ "move", VERB_WRITE },
	{ "open", VERB_READ },
	{ "patch", VERB_WRITE },
	{ "preview", VERB_READ },
	{ "print", VERB_READ },
	{ "promote", VERB_WRITE },
	{ "purge", VERB_WRITE },
	{ "push", VERB_WRITE },
	{ "put", VERB_WRITE },
	{ "query", VERB_READ },
	{ "read", VERB_READ },
	{ "reject", VERB_WRITE },
	{ "remove", VERB_WRITE },
	{ "rename", VERB_WRITE },
	{ "replace", VERB_WRITE },
	{ "reset", VERB_WRITE },
	{ "restore", VERB_WRITE },
	{ "reveal", VERB_READ },
	{ "revoke", VERB_WRITE },
	{ "rollback", VERB_WRITE },
	{ "rotate", VERB_WRITE },
	{ "save", VERB_WRITE },
	{ "scan", VERB_READ },
	{ "search", VERB_READ },
	{ "select", VERB_READ },
	{ "set", VERB_WRITE },
	{ "share", VERB_WRITE },
	{ "show", VERB_READ },
	{ "stat", VERB_READ },
	{ "terminate", VERB_WRITE },
	{ "transfer", VERB_WRITE },
	{ "transferred", VERB_WRITE },
	{ "truncate", VERB_WRITE },
	{ "unassign", VERB_WRITE },
	{ "unlink", VERB_WRITE },
	{ "unlock", VERB_WRITE },
	{ "unshare", VERB_WRITE },
	{ "update", VERB_WRITE },
	{ "upload", VERB_WRITE },
	{ "upsert", VERB_WRITE },
	{ "view", VERB_READ },
	{ "watch", VERB_READ },
	{ "write", VERB_WRITE },
	{ "written", VERB_WRITE },
	{ "wrote", VERB_WRITE },
};

static const char *const categories[] = {
	[VERB_OTHER] = "",
	[VERB_READ] = "DATA_ACCESS,FILE_ACCESS",
	[VERB_WRITE] = "FILE_MODIFICATION,SHARING",
};

const char *
event_verb_categories(enum verb v)
{
	return categories[v];
}

static int
compare_word(const void *key, const void *row)
{
	return str_cmp(*(const struct str *)key, str_of(((const struct word *)row)->text));
}

static enum verb
find(struct str word)
{
	const struct word *w = bsearch(&word, words, sizeof(words) / sizeof(words[0]), sizeof(words[0]), compare_word);

	return w != NULL ? w->verb : VERB_OTHER;
}

/* "view" also as viewed, "delete" as deleted. */
static enum verb
verb_of_word(struct str word)
{
	enum verb v = find(word);

	if (v == VERB_OTHER && word.len > 3 && memcmp(word.p + word.len - 2, "ed", 2) == 0) {
		v = find((struct str){ word.p, word.len - 2 });
		if (v == VERB_OTHER)
			v = find((struct str){ word.p, word.len - 1 });
	}
	return v;
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_gap(char c)
{
	return c == '_' || c == '-' || c == ' ';
}

/* Whether a word begins at i because of its capital: getObject, DBInstance. */
static bool
is_hump(struct str s, size_t i)
{
	if (i == 0 || !is_upper(s.p[i]) || is_gap(s.p[i - 1]))
		return false;
	return !is_upper(s.p[i - 1]) || (i + 1 < s.len && s.p[i + 1] >= 'a' && s.p[i + 1] <= 'z');
}

/* The next word of *left, in lower case; false when there is none.  One that
 * is too long for the table is empty. */
static bool
next_word(struct str *left, char lower[WORD_MAX], struct str *word, bool *humps)
{
	size_t n = 0;

	while (left->len > 0 && is_gap(left->p[0]))
		*left = (struct str){ left->p + 1, left->len - 1 };
	if (left->len == 0)
		return false;
	while (n < left->len && !is_gap(left->p[n]) && !is_hump(*left, n)) {
		if (n < WORD_MAX)
			lower[n] = is_upper(left->p[n]) ? (char)(left->p[n] + ('a' - 'A')) : left->p[n];
		n++;
	}
	*humps |= n < left->len && !is_gap(left->p[n]);
	*word = (struct str){ lower, n <= WORD_MAX ? n : 0 };
	*left = (struct str){ left->p + n, left->len - n };
	return true;
}

static struct str
last_part(struct str action)
{
	size_t i = action.len;

	if (i == 0)
		return action;
	while (i > 0 && memchr(".:/", action.p[i - 1], 3) == NULL)
		i--;
	return (struct str){ action.p + i, action.len - i };
}

static bool
is_listed(struct str word, const char *list)
{
	while (*list != '\0') {
		size_t n = strcspn(list, ",");

		if (str_eq_nocase(word, (struct str){ list, n }))
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

static enum verb
verb_of_category(struct str category)
{
	if (is_listed(category, categories[VERB_READ]))
		return VERB_READ;
	return is_listed(category, categories[VERB_WRITE]) ? VERB_WRITE : VERB_OTHER;
}

enum verb
event_verb(struct str category, struct str action)
{
	enum verb first = VERB_OTHER, last = VERB_OTHER;
	struct str left = last_part(action), word;
	char lower[WORD_MAX];
	bool humps = false;

	while (next_word(&left, lower, &word, &humps)) {
		last = verb_of_word(word);
		if (first == VERB_OTHER)
			first = last;
	}
	if (last != VERB_OTHER && !humps)
		return last;
	if (first != VERB_OTHER)
		return first;
	return verb_of_category(category);
}

enum verb
event_verb_of(const struct event *ev)
{
	const struct str absent = { NULL, 0 };

	return event_verb(event_has(ev, FIELD_CATEGORY) ? ev->v[FIELD_CATEGORY] : absent,
	    event_has(ev, FIELD_ACTION) ? ev->v[FIELD_ACTION] : absent);
}
