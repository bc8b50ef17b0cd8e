/*
 * redact_rule: which names hide secrets, and what a JSON web token looks like.
 *
 * The names were chosen on real logs: those of pagination and idempotency
 * tokens, ids of tokens, hashed tokens and names of secrets are not among
 * them.
 */
#include "ingest/redact_rule.h"


size_t
redact_marker_prefix(struct str s)
{
	static const struct str begin = { REDACT_MARKER, sizeof(REDACT_MARKER) - 1 };
	size_t at = begin.len;

	if (!str_begins(s, begin))
		return 0;
	while (at < s.len && ((s.p[at] >= 'a' && s.p[at] <= 'z') || (s.p[at] >= '0' && s.p[at] <= '9') ||
	    s.p[at] == '-'))
		at++;
	if (at == begin.len || at - begin.len > REDACT_NAME_MAX || at == s.len || s.p[at] != ']')
		return 0;
	return at + 1;
}

/* ---- names ---- */

#define NAME_MAX_KEPT 64 /* the end of a longer name is looked at */

#define NAME(text, flags) { { text, sizeof(text) - 1 }, flags }

/* Lower case, without _ - . and space.  Their endings are in redact_likely_name. */
static const struct {
	struct str name;
	unsigned flags;
} secrets[] = {
	NAME("password", 0), NAME("passwords", 0), NAME("passwd", 0), NAME("passphrase", 0),
	NAME("passcode", 0), NAME("passwordhash", 0),
	NAME("pwd", SECRET_WHOLE | SECRET_NO_PATH), NAME("pass", SECRET_WHOLE | SECRET_TEXT),
	NAME("dbpass", 0), NAME("smtppass", 0), NAME("userpass", 0),
	NAME("secret", 0), NAME("secretstring", 0), NAME("secretbinary", 0),
	NAME("secretvalue", 0), NAME("tokenvalue", 0),
	NAME("apikey", 0), NAME("authkey", 0), NAME("privatekey", 0), NAME("secretkey", 0),
	NAME("accesskey", 0), NAME("accountkey", 0), NAME("sharedkey", 0), NAME("signingkey", 0),
	NAME("token", SECRET_WHOLE), NAME("accesstoken", 0), NAME("refreshtoken", 0),
	NAME("idtoken", 0), NAME("sessiontoken", 0), NAME("securitytoken", 0),
	NAME("authtoken", 0), NAME("authenticationtoken", 0), NAME("bearertoken", 0),
	NAME("oauthtoken", 0), NAME("apitoken", 0), NAME("csrftoken", 0), NAME("xsrftoken", 0),
	NAME("logintoken", 0), NAME("resettoken", 0), NAME("secrettoken", 0), NAME("bottoken", 0),
	NAME("deploytoken", 0), NAME("jwttoken", 0), NAME("usertoken", 0), NAME("vaulttoken", 0),
	NAME("githubtoken", 0), NAME("gitlabtoken", 0), NAME("slacktoken", 0), NAME("npmtoken", 0),
	NAME("authorization", SECRET_LINE), NAME("cookie", SECRET_LINE), NAME("cookies", 0),
	NAME("credential", SECRET_WHOLE), NAME("credentials", SECRET_WHOLE),
	NAME("keystrokes", SECRET_WHOLE | SECRET_KEYSTROKES), NAME("keystrokeshex", SECRET_WHOLE | SECRET_KEYSTROKES),
};

static inline char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool
is_separator(char c)
{
	return c == '_' || c == '-' || c == '.' || c == ' ';
}

static bool
ends_with(struct str s, struct str end)
{
	return s.len >= end.len && memcmp(s.p + s.len - end.len, end.p, end.len) == 0;
}

bool
redact_secret_name(struct str name, unsigned *flags)
{
	char kept[NAME_MAX_KEPT];
	struct str s = { kept, 0 };
	bool cut;

	if (!redact_likely_name(name))
		return false;
	name = redact_without_number(name);
	cut = name.len > NAME_MAX_KEPT;
	for (size_t i = cut ? name.len - NAME_MAX_KEPT : 0; i < name.len; i++)
		if (!is_separator(name.p[i]))
			kept[s.len++] = lower(name.p[i]);
	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++) {
		if (!ends_with(s, secrets[i].name))
			continue;
		*flags = secrets[i].flags;
		if (!(*flags & SECRET_WHOLE) || (!cut && s.len == secrets[i].name.len))
			return true;
	}
	return false;
}

/* AKIAIOSFODNN7EXAMPLE: an id, which says whose key it was, whatever it is called. */
static bool
is_key_id(struct str value)
{
	if (value.len != 20 || (!str_begins(value, STR("AKIA")) && !str_begins(value, STR("ASIA"))))
		return false;
	for (size_t i = 4; i < value.len; i++)
		if (!((value.p[i] >= 'A' && value.p[i] <= 'Z') || (value.p[i] >= '0' && value.p[i] <= '9')))
			return false;
	return true;
}

bool
redact_secret_value(struct str value, bool number, unsigned flags)
{
	if (value.len == 0 || redact_marker_prefix(value) == value.len)
		return false;
	if ((number && flags & SECRET_TEXT) || is_key_id(value))
		return false;
	return !(flags & SECRET_NO_PATH && value.p[0] == '/');
}

/* ---- JSON web tokens ---- */

#define JWT_HEADER_MIN 12 /* {"alg":"x"} in base64url has 15 characters */

static bool
is_base64url(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_';
}

static size_t
skip_base64url(struct str s, size_t at)
{
	while (at < s.len && is_base64url(s.p[at]))
		at++;
	return at;
}

/*
 * eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl: header, payload and a
 * signature, which is empty for "alg":"none"; two parts more when encrypted,
 * and then the second may be empty.
 */
size_t
redact_jwt_at(struct str s, size_t at)
{
	size_t header, payload, end, fourth, fifth;

	if (s.len - at < JWT_HEADER_MIN || memcmp(s.p + at, "eyJ", 3) != 0 ||
	    (at > 0 && is_base64url(s.p[at - 1])))
		return 0;
	header = skip_base64url(s, at);
	if (header - at < JWT_HEADER_MIN || header == s.len || s.p[header] != '.')
		return 0;
	payload = skip_base64url(s, header + 1);
	if (payload == s.len || s.p[payload] != '.')
		return 0;
	end = skip_base64url(s, payload + 1);
	if (end < s.len && s.p[end] == '.') {
		fourth = skip_base64url(s, end + 1);
		if (fourth > end + 1 && fourth < s.len && s.p[fourth] == '.') {
			fifth = skip_base64url(s, fourth + 1);
			if (fifth > fourth + 1)
				return fifth - at;
		}
	}
	return payload > header + 1 ? end - at : 0;
}
