/*
 * redact_shape: secrets that are known by more than their first bytes:
 * passwords in addresses, headers, key blocks, numbers of cards.
 */
#include "base/base64.h"
#include "ingest/redact_digits.h"
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

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
is_alnum(char c)
{
	return is_digit(c) || is_letter(c);
}

static bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool
one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
begins_nocase(struct str s, size_t at, struct str with)
{
	return s.len - at >= with.len && str_eq_nocase((struct str){ s.p + at, with.len }, with);
}

static struct str
part(struct str s, size_t from, size_t to)
{
	return (struct str){ s.p + from, to - from };
}

/* ---- addresses ---- */

/* postgres://app:hunter2@db/x, https://TOKEN@github.com/x: `at` is at "://". */
size_t
redact_url_at(struct search *f, size_t at)
{
	struct str s = f->s, secret;
	size_t from = at + 3, to = from, colon = 0, end = 0;

	if (!begins_nocase(s, at, STR("://")) || at == f->floor || !is_alnum(s.p[at - 1]))
		return at + 1;
	for (; to < s.len && to - from < USERINFO_MAX && !one_of(s.p[to], "/?# \t\r\n\"'\\<>,;"); to++) {
		if (s.p[to] == ':' && colon == 0 && end == 0)
			colon = to;
		if (s.p[to] == '@')
			end = to;
	}
	if (end == 0)
		return at + 3;
	secret = colon != 0 ? part(s, colon + 1, end) : part(s, from, end);
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
	while (at < s.len && (is_alnum(s.p[at]) || one_of(s.p[at], "-._~+/=")))
		at++;
	return at;
}

/* Bearer and a token, not "bearer authentication". */
static size_t
bearer_at(struct search *f, size_t at)
{
	size_t from = at + 7, to = token68_end(f->s, from);
	struct str token = part(f->s, from, to);

	if (token.len < BEARER_MIN || redact_is_place_holder(token) || !redact_is_mixed(token))
		return at + 1;
	return redact_hide(f, from, to, REDACT_AUTHORIZATION) ? to : at + 1;
}

/* Basic and user:password in base64. */
static size_t
basic_at(struct search *f, size_t at)
{
	size_t from = at + 6, to = token68_end(f->s, from), len;
	struct str token = part(f->s, from, to);
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
	return is_alnum(c) || one_of(c, "+/= \r\n\t\\-:,");
}

/* The end of the block that begins at `at` with -----BEGIN x PRIVATE KEY-----
 * and is cut off or ends with -----END; 0 when it is none. */
static size_t
block_end(struct search *f, size_t at)
{
	static const struct str begin = { "-----BEGIN ", 11 }, end = { "-----END", 8 };
	struct str s = f->s, head;
	size_t body = at + begin.len, to;
	const char *p;

	if (f->r->off[REDACT_PRIVATE_KEY] || !str_begins(part(s, at, s.len), begin))
		return 0;
	while (body < s.len && body - at < 64 && s.p[body] != '-')
		body++;
	head = part(s, at, body);
	if (!str_begins(part(s, body, s.len), STR("-----")) ||
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
		for (to = f->key_end + end.len; to < s.len && (is_alnum(s.p[to]) || s.p[to] == ' '); to++)
			;
		while (to < s.len && s.p[to] == '-')
			to++;
		return to;
	}
	for (to = body; to < s.len && is_block_byte(s.p[to]); to++)
		;
	return to - body >= BLOCK_MIN ? to : 0;
}

static size_t
block_at(struct search *f, size_t at)
{
	size_t to = block_end(f, at);

	return to > 0 && redact_hide(f, at, to, REDACT_PRIVATE_KEY) ? to : at + 1;
}

/* ---- keys of clouds that have no form of their own ---- */

static bool
is_base64(char c)
{
	return is_alnum(c) || c == '+' || c == '/';
}

/* AKIA... and, behind it, forty characters: the id stays, the secret goes. */
static size_t
aws_at(struct search *f, size_t at)
{
	struct str s = f->s, secret;
	size_t from = at, end, to;

	if (at > f->floor && is_alnum(s.p[at - 1]))
		return at + 1;
	while (from < s.len && from - at < 20 && is_alnum(s.p[from]) && s.p[from] < 'a')
		from++;
	if (from - at != 20 || (s.p[at + 3] != 'A'))
		return at + 1;
	end = s.len - from > AWS_LOOK ? from + AWS_LOOK : s.len;
	for (; from < end; from = to + 1) {
		for (to = from; to < s.len && to - from < AWS_LOOK && is_base64(s.p[to]); to++)
			;
		secret = part(s, from, to);
		if (secret.len == AWS_SECRET_LEN && redact_is_mixed(secret) &&
		    redact_hide(f, from, to, REDACT_AWS_SECRET))
			return to;
	}
	return at + 1;
}

/* abc8Q~ and 31 to 34 more: `at` is at the digit. */
static size_t
azure_at(struct search *f, size_t at)
{
	struct str s = f->s;
	size_t from = at - 3, to = at + 3;

	if (at < f->floor + 3 || s.p[at + 1] != 'Q' || s.p[at + 2] != '~')
		return at + 1;
	for (size_t i = from; i < at; i++)
		if (!is_alnum(s.p[i]) && !one_of(s.p[i], "_~.-"))
			return at + 1;
	if (from > f->floor && (is_alnum(s.p[from - 1]) || one_of(s.p[from - 1], "_~-")))
		return at + 1;
	while (to < s.len && to - at < 40 && (is_alnum(s.p[to]) || one_of(s.p[to], "_~.-")))
		to++;
	if (to - at < 34 || to - at > 37 || !redact_is_varied(part(s, at, to)))
		return at + 1;
	return redact_hide(f, from, to, REDACT_AZURE_SECRET) ? to : at + 1;
}

/* 32 hexadecimal digits and -us12 */
static size_t
mailchimp_at(struct search *f, size_t at)
{
	struct str s = f->s;
	size_t from = at, to = at + 3;

	while (from > f->floor && at - from < 33 && is_hex(s.p[from - 1]))
		from--;
	while (to < s.len && to - at < 6 && is_digit(s.p[to]))
		to++;
	if (at - from != 32 || to == at + 3 || to == at + 6 || !redact_is_mixed(part(s, from, at)))
		return at + 1;
	return redact_hide(f, from, to, REDACT_MAILCHIMP) ? to : at + 1;
}

/* 123456789:AAE and 32 more */
static size_t
telegram_at(struct search *f, size_t at)
{
	struct str s = f->s;
	size_t from = at, to = at + 1;

	while (from > f->floor && at - from < 12 && is_digit(s.p[from - 1]))
		from--;
	while (to < s.len && to - at < 40 && (is_alnum(s.p[to]) || s.p[to] == '_' || s.p[to] == '-'))
		to++;
	if (at - from < 8 || at - from > 10 || to - at != 36 || !redact_is_varied(part(s, at, to)))
		return at + 1;
	return redact_hide(f, from, to, REDACT_TELEGRAM) ? to : at + 1;
}

static size_t
jwt_at(struct search *f, size_t at)
{
	struct str rest = part(f->s, at > f->floor ? at - 1 : at, f->s.len);
	size_t n = redact_jwt_at(rest, at > f->floor);

	return n > 0 && redact_hide(f, at, at + n, REDACT_JWT) ? at + n : at + 1;
}

/* type=TTY, type=USER_TTY, type=1319, type=UNKNOWN[1124]: `at` is behind. */
static bool
is_keystrokes(struct str s, size_t at)
{
	static const struct str before[] = { { "type=", 5 }, { "type=USER_", 10 }, { "type=UNKNOWN[", 13 } };

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		if (at >= before[i].len && str_begins(part(s, at - before[i].len, at), before[i]))
			return str_begins(part(s, at, s.len), STR("TTY ")) || str_begins(part(s, at, s.len), STR("1319")) ||
			    str_begins(part(s, at, s.len), STR("1124"));
	return false;
}

size_t
redact_other_at(struct search *f, size_t at)
{
	struct str s = f->s;
	bool word = at == f->floor || !is_alnum(s.p[at - 1]);

	switch (s.p[at]) {
	case '-':
		if (s.p[at + 1] == '-')
			return s.p[at + 2] == '-' ? block_at(f, at) : word ? redact_option_at(f, at) : at + 1;
		return mailchimp_at(f, at);
	case 'T':
	case '1':
		f->keystrokes = f->keystrokes || is_keystrokes(s, at);
		return is_digit(s.p[at]) ? azure_at(f, at) : at + 1;
	case ' ':
	case '"':
		return redact_short_option_at(f, at);
	case '%':
	case '\\':
	case 't':
	case 'E':
		f->encoded = f->encoded || redact_is_encoded(s, at);
		return at + 1;
	case ':':
		return telegram_at(f, at);
	case 'e':
		return jwt_at(f, at);
	case 'B':
	case 'b':
		if (word && begins_nocase(s, at, STR("bearer ")))
			return bearer_at(f, at);
		return word && begins_nocase(s, at, STR("basic ")) ? basic_at(f, at) : at + 1;
	case 'c':
	case 'l':
	case 'm':
	case 'r':
	case 's':
		if (word)
			redact_program_at(f, at);
		return at + 1;
	case 'A':
		return aws_at(f, at);
	default:
		return is_digit(s.p[at]) ? azure_at(f, at) : at + 1;
	}
}

/* ---- cards ---- */

/* First digits and lengths that issuers give out. */
static const struct {
	unsigned from, to; /* of the first four digits */
	unsigned lengths;  /* a bit each */
} issuers[] = {
	{ 4000, 4999, 1u << 13 | 1u << 16 | 1u << 19 },  /* Visa */
	{ 5100, 5599, 1u << 16 }, { 2221, 2720, 1u << 16 }, /* Mastercard */
	{ 3400, 3499, 1u << 15 }, { 3700, 3799, 1u << 15 }, /* American Express */
	{ 6011, 6011, 1u << 16 }, { 6440, 6599, 1u << 16 }, /* Discover */
	{ 3528, 3589, 1u << 16 },                        /* JCB */
	{ 3000, 3059, 1u << 14 }, { 3600, 3699, 1u << 14 }, { 3800, 3999, 1u << 14 }, /* Diners Club */
	{ 6200, 6299, 1u << 16 },                        /* UnionPay */
};

#define CARD_MAX 19

static bool
is_card(const char *digit, size_t n)
{
	unsigned first = 0, sum = 0;

	for (size_t i = 0; i < 4; i++)
		first = first * 10 + (unsigned)(digit[i] - '0');
	for (size_t i = 0; i < n; i++) {
		unsigned d = (unsigned)(digit[n - 1 - i] - '0') << (i & 1);

		sum += d > 9 ? d - 9 : d;
	}
	if (sum % 10 != 0)
		return false;
	for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++)
		if (first >= issuers[i].from && first <= issuers[i].to && issuers[i].lengths >> n & 1)
			return true;
	return false;
}

/* 4-4-4-4, 4-6-5 and 4-6-4, with one kind of gap. */
static bool
is_grouped(const size_t *group, size_t groups, size_t n)
{
	if (groups == 1)
		return true;
	if (groups == 3)
		return group[0] == 4 && group[1] == 6 && group[2] == n - 10;
	for (size_t i = 0; i < groups; i++)
		if (group[i] != 4)
			return false;
	return groups == 4;
}

/* The end of the number of a card that begins at `at`, or 0. */
static size_t
card_end(struct str s, size_t at, size_t to)
{
	char digit[CARD_MAX], gap = '\0';
	size_t group[4] = { 0 }, groups = 1, n = 0;

	for (; at < to; at++) {
		if (is_digit(s.p[at])) {
			if (n == CARD_MAX)
				return 0;
			digit[n++] = s.p[at];
			group[groups - 1]++;
			continue;
		}
		if (n >= FIND_DIGITS_MIN && is_grouped(group, groups, n) && is_card(digit, n))
			break;
		if (groups == 4 || (gap != '\0' && gap != s.p[at]))
			return 0;
		gap = s.p[at];
		groups++;
	}
	return n >= FIND_DIGITS_MIN && is_grouped(group, groups, n) && is_card(digit, n) ? at : 0;
}

/* Inside of words, paths, versions and negative numbers stand no cards. */
static bool
may_stand(struct str s, size_t from, size_t to)
{
	if (from > 0 && (is_alnum(s.p[from - 1]) || one_of(s.p[from - 1], "_./-+#@$%&~")))
		return false;
	if (to == s.len)
		return true;
	if (is_alnum(s.p[to]) || one_of(s.p[to], "_/-@%"))
		return false;
	return s.p[to] != '.' || to + 1 == s.len || !is_digit(s.p[to + 1]);
}

void
redact_card_in(struct search *f, size_t from, size_t to)
{
	for (size_t at = from; at + FIND_DIGITS_MIN <= to; at++) {
		size_t end;

		if (!is_digit(f->s.p[at]) || (at > from && is_digit(f->s.p[at - 1])))
			continue;
		end = card_end(f->s, at, to);
		if (end > 0 && may_stand(f->s, at, end) && redact_hide(f, at, end, REDACT_CARD))
			at = end;
	}
}
