/* redact_rule: which names are secret, and what markers and web tokens look like. */
#ifndef INGEST_REDACT_RULE_H
#define INGEST_REDACT_RULE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "ingest/redact.h"

#define REDACT_MARKER "[REDACTED:"

/* The length of a marker, of whatever rule, that s begins with, or 0. */
size_t redact_marker_prefix(struct str s);

enum secret_flag {
	SECRET_WHOLE = 1,   /* the whole name, not only its end */
	SECRET_TEXT = 2,    /* a number under this name is a count */
	SECRET_NO_PATH = 4, /* a path under this name is the working directory */
	SECRET_KEYSTROKES = 16, /* what somebody typed at a terminal, by Linux audit */
	SECRET_LINE = 8     /* a header: in plain text its value goes to the end of the line */
};

/* password2, secret_12. */
static inline struct str
redact_without_number(struct str name)
{
	size_t len = name.len;

	for (int i = 0; i < 2 && len > 0 && name.p[len - 1] >= '0' && name.p[len - 1] <= '9'; i++)
		len--;
	if (len < name.len && len > 0 && (name.p[len - 1] == '_' || name.p[len - 1] == '-'))
		len--;
	return (struct str){ name.p, len };
}

/*
 * Dismisses most names by their last three letters, because this is asked for
 * every key of every event.  A table has a bit for each letter that may stand
 * before the last one of its row; letters of either case have the same five
 * low bits.
 */
static inline bool
redact_likely_name(struct str name)
{
#define ROW(letter) [(letter) & 31]
#define BIT(letter) (1u << ((letter) & 31))
	static const uint32_t second[32] = {
		ROW('d') = BIT('r') | BIT('w'),                         /* password passwd pwd */
		ROW('e') = BIT('s') | BIT('d') | BIT('u') | BIT('i'),   /* -phrase -code -value cookie */
		ROW('g') = BIT('n'),                                    /* secretstring */
		ROW('h') = BIT('s'),                                    /* passwordhash */
		ROW('l') = BIT('a'),                                    /* credential */
		ROW('n') = BIT('e') | BIT('o'),                         /* token authorization */
		ROW('s') = BIT('d') | BIT('s') | BIT('e') | BIT('l'),   /* plurals, pass, keystrokes */
		ROW('t') = BIT('e'),                                    /* secret */
		ROW('x') = BIT('e'),                                    /* keystrokes_hex */
		ROW('y') = BIT('e') | BIT('r'),                         /* key secretbinary */
	};
	static const uint32_t third[32] = {
		ROW('d') = BIT('o') | BIT('s') | BIT('p'),
		ROW('e') = BIT('a') | BIT('o') | BIT('l') | BIT('k'),
		ROW('g') = BIT('i'),
		ROW('h') = BIT('a'),
		ROW('l') = BIT('i'),
		ROW('n') = BIT('k') | BIT('i'),
		ROW('s') = BIT('r') | BIT('a') | BIT('i') | BIT('k'),
		ROW('t') = BIT('r'),
		ROW('x') = BIT('h'),
		ROW('y') = BIT('k') | BIT('a'),
	};
	const char *end;
	unsigned last;

	name = redact_without_number(name);
	if (name.len < 3)
		return false;
	end = name.p + name.len;
	last = end[-1] & 31;
	if ((second[last] >> (end[-2] & 31) & third[last] >> (end[-3] & 31) & 1) == 0)
		return false;
	/* action, session, description ... are no authorization. */
	return (end[-3] & 31) != ('i' & 31) || last != ('n' & 31) || name.len >= 13;
#undef ROW
#undef BIT
}

/* Whether a value under this name is a secret: how it is named in field
 * tables, headers, variables: any case, with or without _ - . and space.
 * *flags tells more then. */
bool redact_secret_name(struct str name, unsigned *flags);

/* Whether this text (a string's value, or a number) is one that a secret
 * name with these flags hides. */
bool redact_secret_value(struct str value, bool number, unsigned flags);

/* The length of the JSON web token that begins at s.p + at, or 0. */
size_t redact_jwt_at(struct str s, size_t at);

#endif
