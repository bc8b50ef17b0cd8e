/*
 * redact_shape: secrets that are known by more than their first bytes:
 * passwords in addresses, headers, key blocks, keys of clouds.  Each is asked
 * where its window stands (redact_window.c).
 */
#include "base/base64.h"
#include "ingest/redact_byte.h"
#include "ingest/redact_rule.h"
#include "ingest/redact_set.h"

#define USERINFO_MAX 512
#define USERINFO_TOKEN_MIN 20 /* https://TOKEN@host */
#define BEARER_MIN 12
#define BASIC_MIN 8
#define BASIC_MAX 512
#define BLOCK_MIN 40          /* bytes of a private key */
#define AWS_LOOK 64           /* how far behind its id a secret key is looked for */
#define AWS_SECRET_LEN 40

static bool
is_hex(char c)
{
	return byte_is_digit(c) || (c >= 'a' && c <= 'f');
}

/* ---- addresses ---- */

/* postgres://app:hunter2@db/x, https://TOKEN@github.com/x: `at` is at "://". */
size_t
redact_url_at(struct search *f, size_t at)
{
	struct str s = f->s, secret;
	size_t from = at + 3, to = from, colon = 0, end = 0;

	if (at == f->floor || !byte_is_alnum(s.p[at - 1]))
		return at + 1;
	for (; to < s.len && to - from < USERINFO_MAX && !byte_is_of(s.p[to], "/?# \t\r\n\"'\\<>,;"); to++) {
		if (s.p[to] == ':' && colon == 0 && end == 0)
			colon = to;
		if (s.p[to] == '@')
			end = to;
	}
	if (end == 0)
		return at + 3;
	secret = colon != 0 ? redact_part(s, colon + 1, end) : redact_part(s, from, end);
	if (secret.len == 0 || redact_is_place_holder(secret) || redact_marker_prefix(secret) == secret.len)
		return from;
	if (colon == 0 && (secret.len < USERINFO_TOKEN_MIN || !redact_is_mixed(secret)))
		return from;
	return redact_hide(f, (size_t)(secret.p - s.p), end, REDACT_URL_PASSWORD) ? end : from;
}

/* ---- headers ---- */

static size_t
token68_end(struct str s, size_t at)
{
	while (at < s.len && (byte_is_alnum(s.p[at]) || byte_is_of(s.p[at], "-._~+/=")))
		at++;
	return at;
}

/* Bearer and a token, not "bearer authentication". */
size_t
redact_bearer_at(struct search *f, size_t at)
{
	size_t from = at + 7, to = token68_end(f->s, from);
	struct str token = redact_part(f->s, from, to);

	if (token.len < BEARER_MIN || redact_is_place_holder(token) || !redact_is_mixed(token))
		return at + 1;
	return redact_hide(f, from, to, REDACT_AUTHORIZATION) ? to : at + 1;
}

/* Basic and user:password in base64. */
size_t
redact_basic_at(struct search *f, size_t at)
{
	size_t from = at + 6, to = token68_end(f->s, from), len;
	struct str token = redact_part(f->s, from, to);
	uint8_t plain[BASIC_MAX];

	if (token.len < BASIC_MIN || token.len > BASIC_MAX ||
	    !base64_parse(token, plain, sizeof(plain), &len) || memchr(plain, ':', len) == NULL)
		return at + 1;
	return redact_hide(f, from, to, REDACT_AUTHORIZATION) ? to : at + 1;
}

/* ---- key blocks ---- */

static bool
is_block_byte(char c)
{
	return byte_is_alnum(c) || byte_is_of(c, "+/= \r\n\t\\-:,");
}

/* The end of the block that begins at `at` with -----BEGIN x PRIVATE KEY-----
 * and is cut off or ends with -----END; 0 when it is none. */
static size_t
block_end(struct search *f, size_t at)
{
	static const struct str end = { "-----END", 8 };
	struct str s = f->s, head;
	size_t body = at + STR("-----BEGIN ").len, to;
	const char *p;

	if (f->r->off[REDACT_PRIVATE_KEY])
		return 0;
	while (body < s.len && body - at < 64 && s.p[body] != '-')
		body++;
	head = redact_part(s, at, body);
	if (!str_begins(redact_part(s, body, s.len), STR("-----")) ||
	    memmem(head.p, head.len, "PRIVATE KEY", 11) == NULL)
		return 0;
	body += 5;
	if (f->key_end < body) {
		p = memmem(s.p + body, s.len - body, end.p, end.len);
		f->key_end = p != NULL ? (size_t)(p - s.p) : s.len;
	}
	if (f->key_end < s.len) {
		if (f->key_end - body < BLOCK_MIN)
			return 0;
		for (to = f->key_end + end.len; to < s.len && (byte_is_alnum(s.p[to]) || s.p[to] == ' '); to++)
			;
		while (to < s.len && s.p[to] == '-')
			to++;
		return to;
	}
	for (to = body; to < s.len && is_block_byte(s.p[to]); to++)
		;
	return to - body >= BLOCK_MIN ? to : 0;
}

size_t
redact_block_at(struct search *f, size_t at)
{
	size_t to = block_end(f, at);

	return to > 0 && redact_hide(f, at, to, REDACT_PRIVATE_KEY) ? to : at + 1;
}

/* ---- keys of clouds that have no form of their own ---- */

static bool
is_base64(char c)
{
	return byte_is_alnum(c) || c == '+' || c == '/';
}

/* AKIA... and, behind it, forty characters: the id stays, the secret goes. */
size_t
redact_aws_at(struct search *f, size_t at)
{
	struct str s = f->s, secret;
	size_t from = at, end, to;

	if (at > f->floor && byte_is_alnum(s.p[at - 1]))
		return at + 1;
	while (from < s.len && from - at < 20 && byte_is_alnum(s.p[from]) && s.p[from] < 'a')
		from++;
	if (from - at != 20)
		return at + 1;
	end = s.len - from > AWS_LOOK ? from + AWS_LOOK : s.len;
	for (; from < end; from = to + 1) {
		for (to = from; to < s.len && to - from < AWS_LOOK && is_base64(s.p[to]); to++)
			;
		secret = redact_part(s, from, to);
		if (secret.len == AWS_SECRET_LEN && redact_is_mixed(secret) &&
		    redact_hide(f, from, to, REDACT_AWS_SECRET))
			return to;
	}
	return at + 1;
}

/* abc8Q~ and 31 to 34 more: `at` is at the digit. */
size_t
redact_azure_at(struct search *f, size_t at)
{
	struct str s = f->s;
	size_t from = at - 3, to = at + 3;

	if (at < f->floor + 3)
		return at + 1;
	for (size_t i = from; i < at; i++)
		if (!byte_is_alnum(s.p[i]) && !byte_is_of(s.p[i], "_~.-"))
			return at + 1;
	if (from > f->floor && (byte_is_alnum(s.p[from - 1]) || byte_is_of(s.p[from - 1], "_~-")))
		return at + 1;
	while (to < s.len && to - at < 40 && (byte_is_alnum(s.p[to]) || byte_is_of(s.p[to], "_~.-")))
		to++;
	if (to - at < 34 || to - at > 37 || !redact_is_varied(redact_part(s, at, to)))
		return at + 1;
	return redact_hide(f, from, to, REDACT_AZURE_SECRET) ? to : at + 1;
}

/* 32 hexadecimal digits and -us12 */
size_t
redact_mailchimp_at(struct search *f, size_t at)
{
	struct str s = f->s;
	size_t from = at, to = at + 3;

	while (from > f->floor && at - from < 33 && is_hex(s.p[from - 1]))
		from--;
	while (to < s.len && to - at < 6 && byte_is_digit(s.p[to]))
		to++;
	if (at - from != 32 || to == at + 3 || to == at + 6 || !redact_is_mixed(redact_part(s, from, at)))
		return at + 1;
	return redact_hide(f, from, to, REDACT_MAILCHIMP) ? to : at + 1;
}

/* 123456789:AAE and 32 more */
size_t
redact_telegram_at(struct search *f, size_t at)
{
	struct str s = f->s;
	size_t from = at, to = at + 1;

	while (from > f->floor && at - from < 12 && byte_is_digit(s.p[from - 1]))
		from--;
	while (to < s.len && to - at < 40 && (byte_is_alnum(s.p[to]) || s.p[to] == '_' || s.p[to] == '-'))
		to++;
	if (at - from < 8 || at - from > 10 || to - at != 36 || !redact_is_varied(redact_part(s, at, to)))
		return at + 1;
	return redact_hide(f, from, to, REDACT_TELEGRAM) ? to : at + 1;
}

size_t
redact_web_token_at(struct search *f, size_t at)
{
	struct str rest = redact_part(f->s, at > f->floor ? at - 1 : at, f->s.len);
	size_t n = redact_jwt_at(rest, at > f->floor);

	return n > 0 && redact_hide(f, at, at + n, REDACT_JWT) ? at + n : at + 1;
}

/* type=TTY, type=USER_TTY, type=1319, type=UNKNOWN[1124]: `at` is behind. */
size_t
redact_keystrokes_at(struct search *f, size_t at)
{
	static const struct str before[] = { { "type=", 5 }, { "type=USER_", 10 }, { "type=UNKNOWN[", 13 } };

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		if (at >= before[i].len && str_begins(redact_part(f->s, at - before[i].len, at), before[i]))
			f->keystrokes = true;
	return at + 1;
}
