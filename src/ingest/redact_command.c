/*
 * redact_command: passwords that programs get as arguments, in a command line
 * or in a list of words:
 *
 *   tool --password hunter2        ["tool","--password","hunter2"]
 *   mysql -phunter2 db             a0="tool" a1="--password" a2="hunter2"
 *   curl -u ann:hunter2            ["sshpass","-p","hunter2"]
 *
 * What a short option means, only its program tells.
 */
#include "ingest/redact_byte.h"
#include "ingest/redact_rule.h"
#include "ingest/redact_set.h"

#define SECRET_MIN 3
#define GAP_MAX 24 /* bytes between two words of a list */

enum meaning {
	IS_GLUED = 1, /* -phunter2 */
	IS_NEXT = 2,  /* -p hunter2 */
	IS_USER = 4   /* -u ann:hunter2 */
};

static const struct {
	struct str name;
	char option;
	unsigned meaning;
} programs[] = {
#define PROGRAM(name, option, meaning) { { name, sizeof(name) - 1 }, option, meaning }
	PROGRAM("curl", 'u', IS_USER | IS_NEXT | IS_GLUED),
	PROGRAM("mysql", 'p', IS_GLUED), PROGRAM("mysqldump", 'p', IS_GLUED), PROGRAM("mysqladmin", 'p', IS_GLUED),
	PROGRAM("mysqlimport", 'p', IS_GLUED), PROGRAM("mysqlcheck", 'p', IS_GLUED), PROGRAM("mysqlsh", 'p', IS_GLUED),
	PROGRAM("mariadb", 'p', IS_GLUED), PROGRAM("mariadb-dump", 'p', IS_GLUED),
	PROGRAM("mariadb-admin", 'p', IS_GLUED),
	PROGRAM("mongo", 'p', IS_NEXT), PROGRAM("mongosh", 'p', IS_NEXT), PROGRAM("mongodump", 'p', IS_NEXT),
	PROGRAM("mongorestore", 'p', IS_NEXT),
	PROGRAM("sshpass", 'p', IS_GLUED | IS_NEXT),
	PROGRAM("redis-cli", 'a', IS_NEXT),
	PROGRAM("ldapsearch", 'w', IS_NEXT), PROGRAM("ldapmodify", 'w', IS_NEXT), PROGRAM("ldapadd", 'w', IS_NEXT),
	PROGRAM("ldapdelete", 'w', IS_NEXT), PROGRAM("ldappasswd", 'w', IS_NEXT), PROGRAM("ldapwhoami", 'w', IS_NEXT),
	PROGRAM("sqlcmd", 'P', IS_GLUED | IS_NEXT),
#undef PROGRAM
};

#define PROGRAMS (sizeof(programs) / sizeof(programs[0]))

/* The byte before `to` and the backslashes there. */
static char
before_slashes(struct str s, size_t at, size_t to)
{
	while (to > at && s.p[to - 1] == '\\')
		to--;
	return to > at ? s.p[to - 1] : '\0';
}

/* The word at `at`, without its quotes. */
static struct str
word_at(struct str s, size_t at)
{
	size_t to;
	char quote;

	while (at < s.len && s.p[at] == ' ')
		at++;
	while (at < s.len && s.p[at] == '\\')
		at++;
	quote = at < s.len && byte_is_of(s.p[at], "\"'") ? s.p[at] : '\0';
	to = quote != '\0' ? ++at : at;
	for (; to < s.len && s.p[to] != '\n' && (s.p[to] != quote || quote == '\0'); to++) {
		if (quote != '\0')
			continue;
		if (byte_is_of(s.p[to], "\"'") && to > at && byte_is_of(before_slashes(s, at, to), ":="))
			quote = s.p[to]; /* ann:"hunter2" */
		else if (byte_is_of(s.p[to], " \t;|&\"'"))
			break;
	}
	while (to > at && s.p[to - 1] == '\\')
		to--;
	return redact_part(s, at, to);
}

static bool
is_known_word(struct str word)
{
	static const char *const words[] = { "password", "pass", "token", "test" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq_nocase(word, str_of(words[i])))
			return true;
	return redact_is_place_holder(word) || redact_marker_prefix(word) != 0;
}

/* The password of ann:hunter2, or nothing. */
static struct str
behind_user(struct str word)
{
	static const struct str nothing = { NULL, 0 };
	const char *colon = word.len > 0 ? memchr(word.p, ':', word.len) : NULL;
	struct str secret;

	if (colon == NULL || redact_is_place_holder(word) || redact_marker_prefix(word) > 0)
		return nothing;
	secret = (struct str){ colon + 1, word.len - (size_t)(colon + 1 - word.p) };
	if (secret.len == 0)
		secret = (struct str){ word.p, (size_t)(colon - word.p) };
	while (secret.len > 1 && byte_is_of(secret.p[0], "\\'\"{")) {
		secret.p++;
		secret.len--;
	}
	return secret.len >= SECRET_MIN && !byte_is_of(secret.p[0], "$[<") && !is_known_word(secret) ? secret : nothing;
}

/* What of an option's argument is secret. */
static struct str
secret_of(struct str word, bool user)
{
	if (user)
		return behind_user(word);
	return word.len > 0 && word.p[0] != '-' && !is_known_word(word) ? word : (struct str){ NULL, 0 };
}

/* Hides it and returns where it ends, or `next`. */
static size_t
hide_word(struct search *f, struct str secret, size_t next)
{
	size_t from = secret.len > 0 ? (size_t)(secret.p - f->s.p) : 0;

	return secret.len > 0 && redact_hide(f, from, from + secret.len, REDACT_COMMAND) ? from + secret.len : next;
}

/* ---- in a text ---- */

/* Which program, or PROGRAMS. */
static size_t
program_of(struct str name)
{
	size_t i = 0;

	while (i < PROGRAMS && !str_eq(name, programs[i].name))
		i++;
	return i;
}

size_t
redact_program_at(struct search *f, size_t at)
{
	size_t to = at, i;

	while (to < f->s.len && to - at < 16 && redact_is_name_byte(f->s.p[to]))
		to++;
	i = program_of(redact_part(f->s, at, to));
	if (i < PROGRAMS) {
		f->program = i + 1;
		f->program_end = to;
	}
	return at + 1;
}

/* Another command began since its program was named.  curl's have addresses
 * and documents in them. */
static bool
is_left(struct search *f, size_t at)
{
	const char *p = f->s.p + f->program_end;

	if (programs[f->program - 1].meaning & IS_USER)
		return false;
	while (p < f->s.p + at && !byte_is_of(*p, ";|&\n") && (*p != ':' || p[-1] != '"'))
		p++;
	f->program_end = at;
	return p < f->s.p + at;
}

/* Between the words of a list: `", "`, `\",\"`, `" a2="`.  Returns where the
 * next word's quote is, or 0. */
static size_t
list_gap(struct str s, size_t at)
{
	size_t end = s.len - at > GAP_MAX ? at + GAP_MAX : s.len, from = at;
	bool between;

	while (at < end && s.p[at] == '\\')
		at++;
	if (at == end || s.p[at] != '"')
		return 0;
	between = ++at < end && s.p[at] == ',';
	at += between;
	while (at < end && (s.p[at] == ' ' || s.p[at] == '\\'))
		at++;
	if (!between && at < end && s.p[at] == 'a') {
		for (at++; at < end && byte_is_digit(s.p[at]); at++)
			;
		between = at < end && s.p[at] == '=' && s.p[at - 1] != 'a';
		at += between;
	}
	return between && at > from && at < end && s.p[at] == '"' ? at : 0;
}

/* At " -p", or a quote. */
size_t
redact_short_option_at(struct search *f, size_t at)
{
	struct str s = f->s;
	size_t to = at + 3;
	unsigned meaning;
	bool next;

	if (f->program == 0 || at < f->program_end || s.p[at + 2] != programs[f->program - 1].option)
		return at + 1;
	if (is_left(f, at)) {
		f->program = 0;
		return at + 1;
	}
	meaning = programs[f->program - 1].meaning;
	if (s.p[at] == '"' && list_gap(s, to) > 0)
		to = list_gap(s, to);
	next = to < s.len && (s.p[to] == ' ' || to > at + 3);
	if (to >= s.len || !(meaning & (next ? IS_NEXT : IS_GLUED)))
		return at + 1;
	return hide_word(f, secret_of(word_at(s, to), meaning & IS_USER), at + 1);
}

/* The word of a list at its quote, unless it is a name. */
static struct str
list_word(struct str s, size_t at)
{
	struct str word = word_at(s, at);
	size_t to = (size_t)(word.p - s.p) + word.len;

	while (to < s.len && s.p[to] == '\\')
		to++;
	return to + 1 < s.len && s.p[to + 1] == ':' ? (struct str){ NULL, 0 } : word;
}

/* Behind blanks, which is no argument: --password = hunter2. */
static bool
is_sign_ahead(struct str s, size_t at)
{
	while (at < s.len && s.p[at] == ' ')
		at++;
	return at < s.len && byte_is_of(s.p[at], "=:");
}

/* At "--p": --password hunter2; with a sign between them it is a pair. */
size_t
redact_option_at(struct search *f, size_t at)
{
	struct str s = f->s, name, word;
	size_t to = at + 2, gap;
	unsigned flags;
	bool user;

	while (to < s.len && redact_is_name_byte(s.p[to]) && to - at < 64)
		to++;
	if (to == s.len)
		return at + 1;
	name = redact_part(s, at + 2, to);
	user = f->program > 0 && programs[f->program - 1].meaning & IS_USER && str_eq(name, STR("user"));
	if (!user && (!redact_secret_name(name, &flags) || is_sign_ahead(s, to)))
		return at + 1;
	if (s.p[to] == ' ')
		word = word_at(s, to);
	else if ((gap = list_gap(s, to)) > 0)
		word = list_word(s, gap);
	else
		return at + 1;
	return hide_word(f, secret_of(word, user), to);
}

/* ---- in a list of words ---- */

static struct str
last_part(struct str path)
{
	size_t at = path.len;

	while (at > 0 && path.p[at - 1] != '/')
		at--;
	return redact_part(path, at, path.len);
}

/* What an option's word says of the next one: IS_NEXT, IS_USER too, or 0.
 * *glued: what of the word itself is secret. */
static unsigned
judge_option(struct str word, size_t program, struct str *glued)
{
	unsigned meaning = program < PROGRAMS ? programs[program].meaning : 0, flags;
	size_t dashes = word.p[1] == '-' ? 2 : 1;
	struct str name = redact_part(word, dashes, word.len);

	*glued = (struct str){ NULL, 0 };
	if (redact_secret_name(name, &flags))
		return IS_NEXT;
	if (meaning & IS_USER && str_eq(name, STR("user")))
		return IS_NEXT | IS_USER;
	if (meaning == 0 || word.p[1] != programs[program].option)
		return 0;
	if (word.len == 2)
		return meaning & IS_NEXT ? meaning : 0;
	if (meaning & IS_GLUED)
		*glued = secret_of(redact_part(word, 2, word.len), meaning & IS_USER);
	return 0;
}

static void
hide_scalar(struct redact_work *w, struct json_tape *t, uint32_t index, struct str word, struct str secret,
    struct arena *a)
{
	size_t before = (size_t)(secret.p - word.p), len = word.len - secret.len;
	struct str marker = redact_marker(w->r, REDACT_COMMAND);
	char *out = arena_bytes(a, len + marker.len), *p = out;

	memcpy(p, word.p, before);
	memcpy(p + before, marker.p, marker.len);
	memcpy(p + before + marker.len, secret.p + secret.len, len - before);
	json_replace(t, index, (struct str){ out, len + marker.len });
	redact_add_hit(w, REDACT_COMMAND);
}

void
redact_list(struct redact_work *w, struct json_tape *t, uint32_t index, struct arena *a)
{
	size_t program = PROGRAMS;
	uint32_t end = t->tok[index].next;
	unsigned asks = 0;

	for (index++; index < end; index = t->tok[index].next) {
		const struct json_token *tok = &t->tok[index];
		struct str word, secret = { NULL, 0 };

		if (tok->type != TOKEN_STRING && tok->type != TOKEN_NUMBER) {
			asks = 0;
			continue;
		}
		word = tok->type == TOKEN_STRING ? json_unescape(t, tok, a) : json_bytes(t, tok);
		if (asks != 0)
			secret = secret_of(word, asks & IS_USER);
		asks = 0;
		if (secret.len == 0 && word.len > 1 && word.p[0] == '-')
			asks = judge_option(word, program, &secret);
		if (secret.len > 0)
			hide_scalar(w, t, index, word, secret, a);
		else if (program_of(last_part(word)) < PROGRAMS)
			program = program_of(last_part(word));
	}
}
