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
	GIVES = 4    /* "role.grant" to a user, "backup.start" of a database: the
	              * object is the role, the backup */
};

/* past NULL: by rule.  base NULL: the word itself. */
struct verb {
	const char *word, *base, *past, *before;
	unsigned flags;
};

#define PAST(word, past, flags) { word, NULL, past, "", flags }
#define REGULAR(word, flags) { word, NULL, NULL, "", flags }

static const struct verb verbs[] = {
	{ "login", "sign in", "signed in", "to", INTRANSITIVE },
	{ "logon", "sign in", "signed in", "to", INTRANSITIVE },
	{ "signin", "sign in", "signed in", "to", INTRANSITIVE },
	{ "logout", "sign out", "signed out", "of", INTRANSITIVE },
	{ "logoff", "sign out", "signed out", "of", INTRANSITIVE },
	{ "signout", "sign out", "signed out", "of", INTRANSITIVE },
	{ "signup", "sign up", "signed up", "for", INTRANSITIVE },
	{ "authenticate", NULL, NULL, "to", INTRANSITIVE | NO_PAST },
	{ "connect", NULL, NULL, "to", INTRANSITIVE | NO_PAST },
	{ "disconnect", NULL, NULL, "from", INTRANSITIVE | NO_PAST },
	{ "subscribe", NULL, NULL, "to", 0 }, { "unsubscribe", NULL, NULL, "from", 0 },
	{ "get", "retrieve", NULL, "", 0 }, { "backup", "back up", "backed up", "", 0 },
	PAST("read", "read", 0), PAST("put", "put", 0), PAST("write", "wrote", 0),
	PAST("set", "set", GIVES), PAST("drop", "dropped", NO_PAST), PAST("submit", "submitted", 0),
	PAST("cancel", "cancelled", 0), PAST("scan", "scanned", NO_PAST), PAST("leave", "left", 0),
	PAST("transfer", "transferred", 0), PAST("send", "sent", 0), PAST("stop", "stopped", NO_PAST | GIVES),
	PAST("run", "ran", 0), PAST("reset", "reset", GIVES), PAST("tag", "tagged", 0),
	PAST("untag", "untagged", 0), PAST("override", "overrode", 0), PAST("hide", "hid", 0),
	REGULAR("fetch", 0), REGULAR("retrieve", 0), REGULAR("view", 0), REGULAR("open", 0),
	REGULAR("list", 0), REGULAR("search", 0), REGULAR("describe", 0), REGULAR("query", 0),
	REGULAR("access", NO_PAST), REGULAR("download", 0), REGULAR("export", 0), REGULAR("print", 0),
	REGULAR("preview", 0), REGULAR("watch", 0), REGULAR("inspect", 0), REGULAR("copy", 0),
	REGULAR("create", 0), REGULAR("add", GIVES), REGULAR("insert", 0), REGULAR("upload", 0),
	REGULAR("import", 0), REGULAR("update", 0), REGULAR("edit", 0), REGULAR("modify", 0),
	REGULAR("change", GIVES), REGULAR("patch", 0), REGULAR("replace", 0), REGULAR("rename", 0),
	REGULAR("move", 0), REGULAR("apply", GIVES), REGULAR("append", 0), REGULAR("save", 0),
	REGULAR("store", 0), REGULAR("delete", 0), REGULAR("remove", GIVES), REGULAR("destroy", 0),
	REGULAR("purge", 0), REGULAR("erase", 0), REGULAR("prune", 0), REGULAR("truncate", 0),
	REGULAR("archive", 0), REGULAR("restore", 0), REGULAR("recover", 0), REGULAR("rotate", 0),
	REGULAR("renew", 0), REGULAR("revoke", NO_PAST | GIVES), REGULAR("grant", NO_PAST | GIVES),
	REGULAR("assign", NO_PAST | GIVES), REGULAR("unassign", NO_PAST | GIVES), REGULAR("assume", 0),
	REGULAR("impersonate", 0), REGULAR("approve", NO_PAST | GIVES),
	REGULAR("reject", NO_PAST | GIVES), REGULAR("accept", 0), REGULAR("request", GIVES),
	REGULAR("confirm", 0), REGULAR("verify", NO_PAST), REGULAR("validate", NO_PAST),
	REGULAR("check", 0), REGULAR("review", 0), REGULAR("lock", NO_PAST), REGULAR("unlock", NO_PAST),
	REGULAR("block", NO_PAST), REGULAR("unblock", NO_PAST), REGULAR("suspend", NO_PAST),
	REGULAR("resume", GIVES), REGULAR("enable", NO_PAST | GIVES), REGULAR("disable", NO_PAST | GIVES),
	REGULAR("activate", NO_PAST), REGULAR("deactivate", NO_PAST), REGULAR("share", 0),
	REGULAR("unshare", 0), REGULAR("invite", NO_PAST), REGULAR("join", 0), REGULAR("publish", 0),
	REGULAR("unpublish", 0), REGULAR("release", NO_PAST), REGULAR("deploy", 0),
	REGULAR("install", 0), REGULAR("uninstall", 0), REGULAR("upgrade", 0),
	REGULAR("start", NO_PAST | GIVES), REGULAR("restart", NO_PAST | GIVES),
	REGULAR("finish", GIVES), REGULAR("complete", NO_PAST | GIVES), REGULAR("execute", 0),
	REGULAR("invoke", 0), REGULAR("trigger", NO_PAST | GIVES), REGULAR("schedule", GIVES),
	REGULAR("configure", 0), REGULAR("register", NO_PAST), REGULAR("unregister", NO_PAST),
	REGULAR("deregister", NO_PAST), REGULAR("enroll", NO_PAST), REGULAR("attach", GIVES),
	REGULAR("detach", GIVES), REGULAR("mount", 0), REGULAR("unmount", 0), REGULAR("encrypt", 0),
	REGULAR("decrypt", 0), REGULAR("sign", 0), REGULAR("generate", 0), REGULAR("issue", GIVES),
	REGULAR("clear", 0), REGULAR("merge", 0), REGULAR("fork", 0), REGULAR("clone", 0),
	REGULAR("push", 0), REGULAR("pull", 0), REGULAR("sync", 0), REGULAR("acknowledge", 0),
	REGULAR("close", 0), REGULAR("kill", 0), REGULAR("terminate", 0),
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
