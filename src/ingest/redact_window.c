/*
 * redact_window: what stops a search, and who looks at it then.
 *
 * In: a place, and what kinds of windows a finder saw there.   Out: edits, and
 * where to go on.
 *
 * A finder knows a window by a hash of its bytes.  So what follows looks at the
 * bytes themselves: tokens and own rules at their literals, the rest here.
 */
#include <stdio.h>

#include "ingest/redact_byte.h"
#include "ingest/redact_set.h"

enum window_flag {
	WINDOW_NOCASE = 1, /* letters of either case; `text` and `star` have small ones */
	WINDOW_WORD = 2,   /* at the beginning of a word */
	WINDOW_TEXT = 4    /* not in a JSON line as it is */
};

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define HEX DIGITS "abcdef"

/* The first four bytes stop the search, the rest is compared with them. */
static const struct window {
	const char *text; /* three bytes or more; * is each byte of `star` */
	const char *star;
	unsigned flags;
	size_t (*look_at)(struct search *f, size_t at);
} windows[] = {
	{ "-----BEGIN ", NULL, 0, redact_block_at },
	{ "eyJ", NULL, 0, redact_web_token_at },
	{ "bearer ", NULL, WINDOW_NOCASE | WINDOW_WORD, redact_bearer_at },
	{ "basic ", NULL, WINDOW_NOCASE | WINDOW_WORD, redact_basic_at },
	{ "AKIA", NULL, 0, redact_aws_at },
	{ "ASIA", NULL, 0, redact_aws_at },
	{ "-us", NULL, 0, redact_mailchimp_at },
	{ ":AA", NULL, 0, redact_telegram_at },
	{ "curl", NULL, WINDOW_WORD, redact_program_at },
	{ "mysql", NULL, WINDOW_WORD, redact_program_at },
	{ "mariadb", NULL, WINDOW_WORD, redact_program_at },
	{ "mongo", NULL, WINDOW_WORD, redact_program_at },
	{ "sshpass", NULL, WINDOW_WORD, redact_program_at },
	{ "redis-cli", NULL, WINDOW_WORD, redact_program_at },
	{ "ldap", NULL, WINDOW_WORD, redact_program_at },
	{ "sqlcmd", NULL, WINDOW_WORD, redact_program_at },
	{ " -*", "pPauw", 0, redact_short_option_at },
	{ "\"-*", "pPauw", 0, redact_short_option_at },
	{ "title=", NULL, 0, redact_encoded_at },
	{ "EXECVE", NULL, 0, redact_encoded_at },
	{ "TTY ", NULL, 0, redact_keystrokes_at },
	{ "1319", NULL, 0, redact_keystrokes_at },
	{ "1124", NULL, 0, redact_keystrokes_at },
	/* A secret name may begin with any letter: --pwd, --ssh-password. */
	{ "--*", LETTERS, WINDOW_NOCASE | WINDOW_WORD, redact_option_at },
	{ "*Q~", DIGITS, 0, redact_azure_at },
	{ "%2*", HEX, WINDOW_NOCASE, redact_encoded_at },
	{ "%3*", HEX, WINDOW_NOCASE, redact_encoded_at },
	{ "%4*", HEX, WINDOW_NOCASE, redact_encoded_at },
	{ "%5*", HEX, WINDOW_NOCASE, redact_encoded_at },
	{ "%6*", HEX, WINDOW_NOCASE, redact_encoded_at },
	{ "%7*", HEX, WINDOW_NOCASE, redact_encoded_at },
	{ "\\u0", NULL, WINDOW_TEXT, redact_escape_at },
	{ "://", NULL, 0, redact_url_at },
};

#define WINDOWS (sizeof(windows) / sizeof(windows[0]))
#define WINDOW_MAX 16 /* bytes of one */
_Static_assert(WINDOWS <= 64, "a bit each in struct redactor");

/* ---- what stops a search ---- */

/*
 * A pair is found by the last two letters of its name and the ':' or '=', or
 * by what may stand between: `password =`, `'password':`.  A double quote
 * before ':' is in every JSON line and says something only inside a text.
 */
static void
add_pairs(struct redactor *r)
{
	static const char *const ends[] = { "rd", "wd", "ss", "se", "de", "sh", "et", "ng", "ry", "ue", "ey",
		"en", "on", "ie", "es", "al", "ls", "ds", "ig", "re", "th", "ta" };
	static const char before[] = "desthgynl \t'\"\\", between[] = " \t'\"", signs[] = ":=";

	for (const char *sign = signs; *sign != '\0'; sign++) {
		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
			redact_add_literal(r, (char[3]){ ends[i][0], ends[i][1], *sign }, 3, FIND_PAIR, true);
		for (const char *b = between; *b != '\0'; b++)
			for (const char *a = before; *a != '\0'; a++) {
				char window[3] = { *a, *b, *sign };

				finder_add(&r->text, window, 3, FIND_PAIR, true);
				if (*a != '"' && *b != '"' && *a != '\\')
					finder_add(&r->line, window, 3, FIND_PAIR, true);
			}
	}
}

/* One window, with its star replaced; i: whose it is. */
static void
add_window(struct redactor *r, const char *text, size_t i)
{
	unsigned flags = windows[i].flags;
	size_t len = strlen(text);
	unsigned char first = (unsigned char)text[0];

	if (flags & WINDOW_TEXT)
		finder_add(&r->text, text, len, FIND_OTHER, flags & WINDOW_NOCASE);
	else
		redact_add_literal(r, text, len, FIND_OTHER, flags & WINDOW_NOCASE);
	r->window[first] |= UINT64_C(1) << i;
	if (flags & WINDOW_NOCASE && byte_is_lower(text[0]))
		r->window[first ^ 0x20] |= UINT64_C(1) << i;
}

void
redact_add_windows(struct redactor *r)
{
	add_pairs(r);
	for (size_t i = 0; i < WINDOWS; i++) {
		char text[WINDOW_MAX], *star;

		snprintf(text, sizeof(text), "%s", windows[i].text);
		star = strchr(text, '*');
		for (const char *c = star != NULL ? windows[i].star : "*"; *c != '\0'; c++) {
			if (star != NULL)
				*star = *c;
			add_window(r, text, i);
		}
	}
}

/* ---- who looks at it ---- */

static bool
stands_at(const struct window *w, const struct search *f, size_t at)
{
	if (w->flags & WINDOW_WORD && at > f->floor && byte_is_alnum(f->s.p[at - 1]))
		return false;
	for (const char *t = w->text; *t != '\0'; t++, at++) {
		char c = at < f->s.len ? f->s.p[at] : '\0';

		if (w->flags & WINDOW_NOCASE)
			c = byte_lower(c);
		if (*t == '*' ? !byte_is_of(c, w->star) : c != *t)
			return false;
	}
	return true;
}

static size_t
other_at(struct search *f, size_t at)
{
	/* No two of them begin alike. */
	for (uint64_t left = f->r->window[(unsigned char)f->s.p[at]]; left != 0; left &= left - 1) {
		const struct window *w = &windows[__builtin_ctzll(left)];

		if (stands_at(w, f, at))
			return w->look_at(f, at);
	}
	return at + 1;
}

size_t
redact_window_at(struct search *f, size_t at, unsigned kinds)
{
	size_t n = f->n, next;

	if (kinds & FIND_USER)
		f->wanted |= redact_user_literals(f->r, f->s, at);
	if (kinds & FIND_TOKEN) {
		next = redact_token_at(f, at);
		if (f->n > n)
			return next;
	}
	if (kinds & FIND_OTHER) {
		next = other_at(f, at);
		if (next > at + 1)
			return next;
	}
	/* A pair's sign is its last byte. */
	if (kinds & FIND_PAIR && (f->s.p[at + 2] == ':' || f->s.p[at + 2] == '=')) {
		next = redact_pair_at(f, at + 2);
		/* A sign that is no pair's may be part of the next window. */
		return next > at + 3 ? next : at + 1;
	}
	return at + 1;
}
