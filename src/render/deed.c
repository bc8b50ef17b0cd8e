/*
 * deed: an action's name, taken apart into an English verb and its object.
 *
 *     share.member.add   add, "share member"      CreateBucket   create, "bucket"
 *     user.login         sign in                  frobnicate.x   no verb
 *
 * Parts are told apart by dots, colons and slashes, words in them by _, - and
 * changes of case.  The verb is looked for in the last part: its first word,
 * then its last.  What is not in the table is not guessed at.
 */
#include "render/format.h"

enum { WORDS_MAX = 16, OBJECT_WORDS_MAX = 3 };

_Static_assert(DEED_ACTION_MAX + WORDS_MAX <= DEED_OBJECT_MAX, "a blank behind each word");

enum verb_flag {
	INTRANSITIVE = 1,
	NO_PAST = 2, /* "granted", "locked" may tell what happened to the actor */
	GIVES = 4    /* "role.grant" to a user: the object is the role */
};

/* past NULL: by rule.  base NULL: the word itself. */
struct verb {
	const char *word, *base, *past, *before;
	unsigned flags;
};

static const struct verb verbs[] = {
	{ "login", "sign in", "signed in", "to", INTRANSITIVE }, { "logon", "sign in", "signed in", "to", INTRANSITIVE },
	{ "signin", "sign in", "signed in", "to", INTRANSITIVE }, { "logout", "sign out", "signed out", "of", INTRANSITIVE },
	{ "logoff", "sign out", "signed out", "of", INTRANSITIVE }, { "signout", "sign out", "signed out", "of", INTRANSITIVE },
	{ "signup", "sign up", "signed up", "for", INTRANSITIVE },
	{ "authenticate", NULL, NULL, "to", INTRANSITIVE | NO_PAST },
	{ "connect", NULL, NULL, "to", INTRANSITIVE | NO_PAST }, { "disconnect", NULL, NULL, "from", INTRANSITIVE | NO_PAST },
	{ "subscribe", NULL, NULL, "to", 0 }, { "unsubscribe", NULL, NULL, "from", 0 },
	{ "read", NULL, "read", "", 0 }, { "get", "retrieve", NULL, "", 0 }, { "fetch", NULL, NULL, "", 0 },
	{ "retrieve", NULL, NULL, "", 0 }, { "view", NULL, NULL, "", 0 }, { "open", NULL, NULL, "", 0 },
	{ "list", NULL, NULL, "", 0 }, { "search", NULL, NULL, "", 0 }, { "describe", NULL, NULL, "", 0 },
	{ "query", NULL, NULL, "", 0 }, { "access", NULL, NULL, "", NO_PAST }, { "download", NULL, NULL, "", 0 },
	{ "export", NULL, NULL, "", 0 }, { "print", NULL, NULL, "", 0 }, { "preview", NULL, NULL, "", 0 },
	{ "watch", NULL, NULL, "", 0 }, { "inspect", NULL, NULL, "", 0 }, { "copy", NULL, NULL, "", 0 },
	{ "create", NULL, NULL, "", 0 }, { "add", NULL, NULL, "", GIVES }, { "insert", NULL, NULL, "", 0 },
	{ "upload", NULL, NULL, "", 0 }, { "import", NULL, NULL, "", 0 }, { "put", NULL, "put", "", 0 },
	{ "write", NULL, "wrote", "", 0 }, { "update", NULL, NULL, "", 0 }, { "edit", NULL, NULL, "", 0 },
	{ "modify", NULL, NULL, "", 0 }, { "change", NULL, NULL, "", GIVES }, { "patch", NULL, NULL, "", 0 },
	{ "replace", NULL, NULL, "", 0 }, { "set", NULL, "set", "", GIVES }, { "rename", NULL, NULL, "", 0 },
	{ "move", NULL, NULL, "", 0 }, { "apply", NULL, NULL, "", GIVES }, { "append", NULL, NULL, "", 0 }, { "save", NULL, NULL, "", 0 },
	{ "store", NULL, NULL, "", 0 }, { "delete", NULL, NULL, "", 0 }, { "remove", NULL, NULL, "", GIVES },
	{ "destroy", NULL, NULL, "", 0 }, { "purge", NULL, NULL, "", 0 }, { "erase", NULL, NULL, "", 0 },
	{ "prune", NULL, NULL, "", 0 }, { "drop", NULL, "dropped", "", NO_PAST }, { "truncate", NULL, NULL, "", 0 },
	{ "archive", NULL, NULL, "", 0 }, { "restore", NULL, NULL, "", 0 }, { "recover", NULL, NULL, "", 0 },
	{ "backup", "back up", "backed up", "", 0 }, { "rotate", NULL, NULL, "", 0 }, { "renew", NULL, NULL, "", 0 },
	{ "revoke", NULL, NULL, "", NO_PAST | GIVES }, { "grant", NULL, NULL, "", NO_PAST | GIVES }, { "assign", NULL, NULL, "", NO_PAST | GIVES },
	{ "unassign", NULL, NULL, "", NO_PAST | GIVES }, { "assume", NULL, NULL, "", 0 }, { "impersonate", NULL, NULL, "", 0 },
	{ "approve", NULL, NULL, "", NO_PAST | GIVES }, { "reject", NULL, NULL, "", NO_PAST | GIVES }, { "accept", NULL, NULL, "", 0 },
	{ "request", NULL, NULL, "", GIVES }, { "submit", NULL, "submitted", "", 0 }, { "cancel", NULL, "cancelled", "", 0 },
	{ "confirm", NULL, NULL, "", 0 }, { "verify", NULL, NULL, "", NO_PAST }, { "validate", NULL, NULL, "", NO_PAST },
	{ "check", NULL, NULL, "", 0 }, { "review", NULL, NULL, "", 0 }, { "scan", NULL, "scanned", "", NO_PAST },
	{ "lock", NULL, NULL, "", NO_PAST }, { "unlock", NULL, NULL, "", NO_PAST }, { "block", NULL, NULL, "", NO_PAST },
	{ "unblock", NULL, NULL, "", NO_PAST }, { "suspend", NULL, NULL, "", NO_PAST }, { "resume", NULL, NULL, "", 0 },
	{ "enable", NULL, NULL, "", NO_PAST | GIVES }, { "disable", NULL, NULL, "", NO_PAST | GIVES },
	{ "activate", NULL, NULL, "", NO_PAST }, { "deactivate", NULL, NULL, "", NO_PAST },
	{ "share", NULL, NULL, "", 0 }, { "unshare", NULL, NULL, "", 0 }, { "invite", NULL, NULL, "", NO_PAST },
	{ "join", NULL, NULL, "", 0 }, { "leave", NULL, "left", "", 0 }, { "transfer", NULL, "transferred", "", 0 },
	{ "send", NULL, "sent", "", 0 }, { "publish", NULL, NULL, "", 0 }, { "unpublish", NULL, NULL, "", 0 },
	{ "release", NULL, NULL, "", NO_PAST }, { "deploy", NULL, NULL, "", 0 }, { "install", NULL, NULL, "", 0 },
	{ "uninstall", NULL, NULL, "", 0 }, { "upgrade", NULL, NULL, "", 0 }, { "start", NULL, NULL, "", NO_PAST },
	{ "stop", NULL, "stopped", "", NO_PAST }, { "restart", NULL, NULL, "", NO_PAST }, { "run", NULL, "ran", "", 0 },
	{ "execute", NULL, NULL, "", 0 }, { "invoke", NULL, NULL, "", 0 }, { "trigger", NULL, NULL, "", NO_PAST },
	{ "schedule", NULL, NULL, "", 0 }, { "configure", NULL, NULL, "", 0 }, { "register", NULL, NULL, "", NO_PAST },
	{ "unregister", NULL, NULL, "", NO_PAST }, { "deregister", NULL, NULL, "", NO_PAST },
	{ "enroll", NULL, NULL, "", NO_PAST }, { "attach", NULL, NULL, "", GIVES }, { "detach", NULL, NULL, "", GIVES },
	{ "mount", NULL, NULL, "", 0 }, { "unmount", NULL, NULL, "", 0 }, { "encrypt", NULL, NULL, "", 0 },
	{ "decrypt", NULL, NULL, "", 0 }, { "sign", NULL, NULL, "", 0 }, { "generate", NULL, NULL, "", 0 },
	{ "issue", NULL, NULL, "", GIVES }, { "reset", NULL, "reset", "", GIVES }, { "clear", NULL, NULL, "", 0 },
	{ "merge", NULL, NULL, "", 0 }, { "fork", NULL, NULL, "", 0 }, { "clone", NULL, NULL, "", 0 },
	{ "push", NULL, NULL, "", 0 }, { "pull", NULL, NULL, "", 0 }, { "tag", NULL, "tagged", "", 0 },
	{ "untag", NULL, "untagged", "", 0 }, { "sync", NULL, NULL, "", 0 }, { "override", NULL, "overrode", "", 0 },
	{ "acknowledge", NULL, NULL, "", 0 }, { "close", NULL, NULL, "", 0 }, { "hide", NULL, "hid", "", 0 },
	{ "kill", NULL, NULL, "", 0 }, { "terminate", NULL, NULL, "", 0 },
};

struct words {
	struct {
		size_t off, len, part;
	} word[WORDS_MAX];
	size_t n;
	char text[DEED_ACTION_MAX]; /* lower case, without what is between */
};

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_lower(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Whether a new word begins at i without anything between: "createBucket",
 * "DBInstance". */
static bool
is_hump(struct str s, size_t i)
{
	return i > 0 && is_upper(s.p[i]) &&
	    (is_lower(s.p[i - 1]) || (is_upper(s.p[i - 1]) && i + 1 < s.len && is_lower(s.p[i + 1])));
}

/* False when it is longer than a name of an action, or has other bytes. */
static bool
split(struct words *w, struct str s)
{
	size_t part = 0, used = 0;
	bool inside = false;

	w->n = 0;
	if (s.len > DEED_ACTION_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (is_upper(c) || is_lower(c)) {
			if (!inside || is_hump(s, i)) {
				if (w->n == WORDS_MAX)
					return false;
				w->word[w->n].off = used;
				w->word[w->n].part = part;
				w->word[w->n++].len = 0;
			}
			w->text[used++] = is_upper(c) ? (char)(c - 'A' + 'a') : c;
			w->word[w->n - 1].len++;
			inside = true;
		} else if (strchr("._-:/ ", c) != NULL && c != '\0') {
			part += c == '.' || c == ':' || c == '/';
			inside = false;
		} else {
			return false;
		}
	}
	return w->n > 0;
}

static struct str
word_at(const struct words *w, size_t i)
{
	return (struct str){ w->text + w->word[i].off, w->word[i].len };
}

/* "log in" and "sign out" are one word here: they stand side by side. */
static void
join_pairs(struct words *w)
{
	for (size_t i = 0; i + 1 < w->n; i++) {
		struct str a = word_at(w, i), b = word_at(w, i + 1);

		if (w->word[i].part != w->word[i + 1].part || !(str_eq(a, STR("log")) || str_eq(a, STR("sign"))))
			continue;
		if (!str_eq(b, STR("in")) && !str_eq(b, STR("on")) && !str_eq(b, STR("out")) && !str_eq(b, STR("off")))
			continue;
		w->word[i].len += b.len;
		memmove(&w->word[i + 1], &w->word[i + 2], (w->n - i - 2) * sizeof(w->word[0]));
		w->n--;
	}
}

static bool
y_becomes_i(const char *base, size_t n)
{
	return base[n - 1] == 'y' && strchr("aeiou", base[n - 2]) == NULL;
}

/* Whether `word` is the past by rule: "deleted", "copied", "viewed". */
static bool
is_past(struct str word, const char *base)
{
	size_t n = strlen(base);

	if (word.len <= n || word.p[word.len - 1] != 'd' || word.p[word.len - 2] != 'e')
		return false;
	if (base[n - 1] == 'e')
		return word.len == n + 1 && memcmp(word.p, base, n) == 0;
	if (y_becomes_i(base, n))
		return word.len == n + 2 && memcmp(word.p, base, n - 1) == 0 && word.p[n - 1] == 'i';
	return word.len == n + 2 && memcmp(word.p, base, n) == 0;
}

static const struct verb *
find_verb(struct str word)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const struct verb *v = &verbs[i];

		if (str_eq(word, str_of(v->word)))
			return v;
		if ((v->flags & NO_PAST) != 0)
			continue;
		if (v->past != NULL ? str_eq(word, str_of(v->past)) : is_past(word, v->word))
			return v;
	}
	return NULL;
}

/* The verb's place: the first word of the last part, then the last one. */
static const struct verb *
find_place(const struct words *w, size_t *at)
{
	size_t first = w->n - 1;
	const struct verb *v;

	while (first > 0 && w->word[first - 1].part == w->word[first].part)
		first--;
	*at = first;
	if ((v = find_verb(word_at(w, first))) == NULL && first < w->n - 1)
		v = find_verb(word_at(w, *at = w->n - 1));
	return v;
}

/* The other words of the verb's part, else the last ones before it. */
static void
put_object(struct deed *d, const struct words *w, size_t verb, char *buf)
{
	size_t part = w->word[verb].part, first = 0, end = w->n, len = 0;

	if ((verb > 0 && w->word[verb - 1].part == part) || verb + 1 < w->n) {
		while (w->word[first].part != part)
			first++;
	} else {
		end = verb;
		first = end > OBJECT_WORDS_MAX ? end - OBJECT_WORDS_MAX : 0;
	}
	for (size_t i = first; i < end; i++) {
		struct str word = word_at(w, i);

		if (i == verb)
			continue;
		if (d->words++ > 0)
			buf[len++] = ' ';
		memcpy(buf + len, word.p, word.len);
		len += word.len;
	}
	d->object = (struct str){ buf, len };
	d->behind = verb + 1 < w->n;
	d->stated = d->words > 1 || d->behind;
}

void
render_deed(struct deed *d, struct str action, char buf[DEED_OBJECT_MAX])
{
	const struct verb *v;
	struct words w;
	size_t at;

	*d = (struct deed){ .before = "" };
	if (!split(&w, action))
		return;
	join_pairs(&w);
	if ((v = find_place(&w, &at)) == NULL)
		return;
	d->base = v->base != NULL ? v->base : v->word;
	d->past = v->past;
	d->before = v->before;
	d->intransitive = (v->flags & INTRANSITIVE) != 0;
	put_object(d, &w, at, buf);
	d->gives = (v->flags & GIVES) != 0 && d->words > 0;
}

void
render_past(struct buf *out, const struct deed *d)
{
	size_t n = strlen(d->base);

	if (d->past != NULL)
		buf_str(out, str_of(d->past));
	else if (d->base[n - 1] == 'e')
		buf_printf(out, "%sd", d->base);
	else if (y_becomes_i(d->base, n))
		buf_printf(out, "%.*sied", (int)(n - 1), d->base);
	else
		buf_printf(out, "%sed", d->base);
}
