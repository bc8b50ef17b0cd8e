/*
 * json: a strict scanner (RFC 8259) that makes a tape of tokens and touches
 * no byte twice.
 *
 * Accepted: exactly one JSON text, valid UTF-8, depth at most JSON_DEPTH_MAX,
 * length at most JSON_LEN_MAX.  No BOM, no comments, no NaN, no lone
 * surrogate.  Duplicate keys are the caller's policy (json_duplicate_key).
 * Numbers are never converted.
 *
 * In: one line.   Out: tokens in document order, keys and values alternating
 * inside objects; `next` skips a whole value.
 */
#ifndef EVENT_JSON_H
#define EVENT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/mem.h"

#define JSON_DEPTH_MAX 64
#define JSON_LEN_MAX (1024 * 1024)
/* What a line of JSON_LEN_MAX can grow to: redaction makes `1,` 24 bytes. */
#define JSON_STORED_MAX (16 * JSON_LEN_MAX)

/* Not JSON_STRING and json_string: those are jansson's. */
enum json_token_type {
	TOKEN_NULL, TOKEN_FALSE, TOKEN_TRUE, TOKEN_NUMBER, TOKEN_STRING,
	TOKEN_ARRAY, TOKEN_OBJECT
};

enum json_flag {
	JSON_ESCAPED = 1, /* a string with a backslash in it */
	JSON_REWRITE = 2, /* its canonical bytes differ from its bytes */
	JSON_SIDE = 4,    /* replaced: bytes are in the tape's side buffer */
	JSON_KEY = 8      /* a key; its value is the next token */
};

struct json_token {
	uint32_t off, len; /* strings include their quotes, containers their brackets */
	uint32_t next;     /* index of the token behind this value and all in it */
	uint8_t type, flags;
	uint8_t depth; /* how many containers it stands in */
};

struct json_tape {
	struct json_token *tok;
	size_t n, cap;
	const char *text; /* borrowed; what was scanned */
	struct buf side;  /* replaced tokens (json_replace) */
	uint64_t *stop;   /* the scanner's: where strings may end, a bit each */
	size_t stops;     /* that there is memory for */
	bool escaped;     /* some string has an escape */
};

enum json_fault {
	JSON_OK, JSON_NOT_UTF8, JSON_SYNTAX, JSON_TOO_DEEP, JSON_TOO_LONG, JSON_SURROGATE
};

struct json_error {
	enum json_fault fault;
	size_t offset;       /* the byte that cannot stand there */
	const char *expected; /* "a value", "',' or '}'" ... static */
};

/* Fills the tape anew.  Returns 0, or -1 with *e filled. */
int json_scan(struct json_tape *t, const char *p, size_t len, struct json_error *e);

/* With another limit, at most JSON_STORED_MAX: for lines of our own making. */
int json_scan_limit(struct json_tape *t, const char *p, size_t len, size_t max,
    struct json_error *e);
void json_tape_fini(struct json_tape *t);

/* The token's bytes as written (or as replaced). */
static inline struct str
json_bytes(const struct json_tape *t, const struct json_token *tok)
{
	const char *base = tok->flags & JSON_SIDE ? t->side.p : t->text;

	return (struct str){ base + tok->off, tok->len };
}

struct str json_unescape_copy(const struct json_tape *t, const struct json_token *tok, struct arena *a);

/* A string token's value, unescaped.  Borrowed from the text when nothing is
 * escaped or replaced, else made in a. */
static inline struct str
json_unescape(const struct json_tape *t, const struct json_token *tok, struct arena *a)
{
	if (tok->flags & (JSON_ESCAPED | JSON_SIDE))
		return json_unescape_copy(t, tok, a);
	return (struct str){ t->text + tok->off + 1, tok->len - 2 };
}

/* Appends a value (or a key) canonically: no white space, minimal escapes
 * \b \f \n \r \t \" \\ \u00xx, raw UTF-8, numbers and key order as written. */
void json_canonical(struct buf *out, const struct json_tape *t, uint32_t index);

/* The same as text: borrowed when the bytes are canonical as they stand, else
 * made in a. */
struct str json_text(const struct json_tape *t, uint32_t index, struct arena *a);

/* The same into memory of the caller's, with at least json_canonical_bound
 * bytes; returns how many were written. */
size_t json_canonical_bound(const struct json_tape *t, uint32_t index);
size_t json_canonical_write(char *out, const struct json_tape *t, uint32_t index);

/* Appends a string with its quotes, escaped as above. */
void json_quote(struct buf *out, struct str s);

/* The same into at least json_quote_bound bytes; returns the end. */
char *json_quote_write(char *out, struct str s);

static inline size_t
json_quote_bound(struct str s)
{
	return s.len * 6 + 2;
}

/* Puts the string `value` (unescaped) in the place of a scalar token. */
void json_replace(struct json_tape *t, uint32_t index, struct str value);

/* The index of a key that its object has twice (keys compared unescaped), at
 * any depth; UINT32_MAX when there is none.  Linear in the number of keys,
 * whatever an attacker chose them to be. */
uint32_t json_duplicate_key(const struct json_tape *t, struct arena *scratch);

/* The value of a key of the object at `object`, or UINT32_MAX. */
uint32_t json_find(const struct json_tape *t, uint32_t object, struct str key, struct arena *scratch);

#endif
