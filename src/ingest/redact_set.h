/*
 * redact_set: the rules in force and what is shared by those who apply them.
 * Private to redact*.c.
 */
#ifndef INGEST_REDACT_SET_H
#define INGEST_REDACT_SET_H

#include "base/mem.h"
#include "base/regex.h"
#include "ingest/redact.h"
#include "ingest/redact_find.h"
#include "ingest/redact_rule.h"

/* Rules that are more than the form of a token; the names are in redact_set.c. */
enum redact_fixed {
	REDACT_SECRET_KEY, REDACT_JWT, REDACT_PRIVATE_KEY, REDACT_AUTHORIZATION,
	REDACT_URL_PASSWORD, REDACT_URL_TOKEN, REDACT_COMMAND, REDACT_CARD, REDACT_AWS_SECRET,
	REDACT_AZURE_SECRET, REDACT_MAILCHIMP, REDACT_TELEGRAM, REDACT_KEYSTROKES, REDACT_FIXED
};

enum token_check { CHECK_ANY, CHECK_VARIED, CHECK_MIXED, CHECK_CHECKSUM };

struct token_form {
	const char *form;  /* redact_token.def */
	uint32_t start, mask; /* its first bytes, three or four */
	uint8_t prefix;    /* its bytes before the first class */
	uint8_t rule;
	uint8_t check;
};

#define TOKENS_MAX 256
#define TOKEN_STARTS 1024

struct user_rule; /* redact_user.c */

struct redactor {
	struct finder line; /* over the bytes of a JSON line */
	struct finder text; /* over one text: quotes may stand behind names */
	char name[REDACT_RULES_MAX][REDACT_NAME_MAX + 1];
	char marker[REDACT_RULES_MAX][REDACT_NAME_MAX + 13];
	uint8_t marker_len[REDACT_RULES_MAX];
	bool off[REDACT_RULES_MAX];
	bool none; /* all are off */
	size_t rules;
	struct token_form token[TOKENS_MAX]; /* by first byte */
	uint64_t window[256]; /* by first byte: which rows of redact_window.c begin with it */
	uint16_t first[TOKEN_STARTS + 1]; /* where those begin that begin alike (redact_token.c) */
	size_t tokens;
	struct user_rule *user[REDACT_USER_MAX];
	size_t users;
};

struct edit {
	size_t from, to;
	uint8_t rule;
};

/* A run of one class of bytes, kept so that no byte is asked twice. */
struct run_of {
	size_t from, to;
};

#define CLASSES 32 /* their letters' low bits */

/* One pass over a text. */
struct search {
	const struct redactor *r;
	struct str s;
	struct edit *edit;
	size_t n, cap;
	struct arena *a;
	size_t floor;     /* behind what was hidden last: nothing begins before it */
	size_t program;   /* the program of redact_command.c that was named last, from 1 */
	size_t program_end; /* behind its name, and what was looked at since */
	bool keystrokes;  /* data= is what somebody typed */
	bool encoded;     /* redact_encoded.c has something to do */
	bool card;        /* numbers of cards are looked for */
	uint64_t wanted;  /* users' rules whose literal is there */
	size_t key_end;   /* the next -----END; 0: not looked for yet */
	struct run_of run[CLASSES];
};

#define REDACT_LEVELS 3 /* %253D is %3D is = */

struct redact_work {
	const struct redactor *r;
	struct regex_scratch regex;
	struct buf plain[REDACT_LEVELS]; /* what an encoded text means */
	unsigned names;           /* members whose names were replaced in this line */
	uint8_t *hit;
	size_t hits, hits_cap;
};

static inline struct str
redact_marker(const struct redactor *r, unsigned rule)
{
	return (struct str){ r->marker[rule], r->marker_len[rule] };
}

/* Notes an edit, unless its rule is off.  Edits come in the order of the text. */
bool redact_hide(struct search *f, size_t from, size_t to, unsigned rule);

/* The text with its secrets hidden: s itself or made in a.  Each is added to
 * w's hits.  card: numbers of cards are looked for too. */
struct str redact_text(struct redact_work *w, struct str s, bool card, struct arena *a);

void redact_add_hit(struct redact_work *w, unsigned rule);

/* Both finders stop at it. */
void redact_add_literal(struct redactor *r, const char *literal, size_t len, enum find_kind kind, bool nocase);

/* All edits of one pass. */
void redact_find_edits(struct search *f, struct redact_work *w);

static inline unsigned
redact_rule_of_name(unsigned secret_flags)
{
	return secret_flags & SECRET_KEYSTROKES ? REDACT_KEYSTROKES : REDACT_SECRET_KEY;
}

/* ---- redact_window.c ---- */

/* Adds pairs and the rows of its table. */
void redact_add_windows(struct redactor *r);
/* At a place where a finder stopped: where to go on, beyond `at`. */
size_t redact_window_at(struct search *f, size_t at, unsigned kinds);

/* What looks at one kind of window each, whose bytes stand at `at`, returns
 * where to go on, beyond `at`. */

/* ---- redact_shape.c ---- */

size_t redact_url_at(struct search *f, size_t at);        /* :// */
size_t redact_bearer_at(struct search *f, size_t at);     /* Bearer, a space */
size_t redact_basic_at(struct search *f, size_t at);      /* Basic, a space */
size_t redact_block_at(struct search *f, size_t at);      /* -----BEGIN, a space */
size_t redact_aws_at(struct search *f, size_t at);        /* AKIA, ASIA */
size_t redact_azure_at(struct search *f, size_t at);      /* 8Q~ */
size_t redact_mailchimp_at(struct search *f, size_t at);  /* -us */
size_t redact_telegram_at(struct search *f, size_t at);   /* :AA */
size_t redact_web_token_at(struct search *f, size_t at);  /* eyJ */
size_t redact_keystrokes_at(struct search *f, size_t at); /* TTY, its numbers */

/* ---- redact_command.c ---- */

size_t redact_program_at(struct search *f, size_t at);      /* where a word begins */
size_t redact_option_at(struct search *f, size_t at);       /* --pa */
size_t redact_short_option_at(struct search *f, size_t at); /* a blank or a quote, -p */

/* Passwords in a list of words. */
void redact_list(struct redact_work *w, struct json_tape *t, uint32_t index, struct arena *a);

/* ---- redact_encoded.c ---- */

size_t redact_encoded_at(struct search *f, size_t at); /* %2f, title=, EXECVE */
size_t redact_escape_at(struct search *f, size_t at);  /* \u0 */
/* Edits of what the text means. */
void redact_encoded_find(struct search *f, struct redact_work *w);

/* ---- redact_card.c ---- */

/* Numbers of cards between the edits that are there. */
void redact_cards(struct search *f);

/* ---- redact_pair.c ---- */

size_t redact_pair_at(struct search *f, size_t at); /* at the ':' or '=' */
bool redact_is_name_byte(char c);
/* Whether a value only stands for one: $PASSWORD, <token>, ****. */
bool redact_is_place_holder(struct str value);
/* Many of one byte in a row. */
bool redact_is_blank(struct str value);

/* ---- redact_token.c ---- */

size_t redact_token_at(struct search *f, size_t at); /* at the first byte of one */
/* Adds the forms of redact_token.def. */
void redact_add_tokens(struct redactor *r);
/* The rule of this name, new or known. */
uint8_t redact_add_rule(struct redactor *r, const char *name);

/* Whether bytes look as if a machine had drawn them: many different ones. */
bool redact_is_varied(struct str s);
/* Digits and letters among them. */
bool redact_is_mixed(struct str s);

/* ---- redact_user.c ---- */

int redact_read_rules(struct redactor *r, const char *path, struct err *e);
int redact_read_text(struct redactor *r, const char *name, struct str text, struct err *e);
void redact_free_rules(struct redactor *r);
/* Which rules have their literal at this place. */
uint64_t redact_user_literals(const struct redactor *r, struct str s, size_t at);
/* Edits of the first wanted rule that hides something. */
void redact_user_find(struct search *f, struct redact_work *w);

#endif
