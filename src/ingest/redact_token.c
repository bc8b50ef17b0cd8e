/*
 * redact_token: tokens by their forms (redact_token.def).
 *
 * A form is matched from left to right without going back; the longest form
 * that fits wins.  Runs of a class are remembered, so that a text of nothing
 * but beginnings of tokens still takes linear time.
 */
#include <zlib.h>

#include "ingest/redact_byte.h"
#include "ingest/redact_set.h"

#define UNBOUNDED SIZE_MAX
#define BLANK_LOOK 128
#define VARIED_LOOK 64 /* bytes that are looked at for how they vary */

static const struct {
	const char *rule, *form;
	enum token_check check;
} forms[] = {
#define TOKEN(rule, form, check) { rule, form, CHECK_##check },
#include "ingest/redact_token.def"
#undef TOKEN
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))
_Static_assert(FORMS <= TOKENS_MAX, "too many forms");

/* Up to four, as one number. */
static uint32_t
first_bytes(const char *p, size_t len)
{
	unsigned char b[4] = { 0 };

	memcpy(b, p, len < 4 ? len : 4);
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* By the low bits of two bytes. */
static inline unsigned
start_of(const char *p)
{
	return ((unsigned)p[0] & 31) << 5 | ((unsigned)p[1] & 31);
}

/* Adds all forms, sorted by their start: counted, then placed. */
void
redact_add_tokens(struct redactor *r)
{
	uint16_t at[TOKEN_STARTS];

	for (size_t i = 0; i < FORMS; i++)
		r->first[start_of(forms[i].form) + 1]++;
	for (int c = 0; c < TOKEN_STARTS; c++) {
		r->first[c + 1] = (uint16_t)(r->first[c + 1] + r->first[c]);
		at[c] = r->first[c];
	}
	for (size_t i = 0; i < FORMS; i++) {
		const char *form = forms[i].form;

		r->token[at[start_of(form)]++] = (struct token_form){
			.form = form,
			.start = first_bytes(form, strcspn(form, "%")),
			.mask = first_bytes("\377\377\377\377", strcspn(form, "%")),
			.prefix = (uint8_t)strcspn(form, "%"),
			.rule = redact_add_rule(r, forms[i].rule),
			.check = (uint8_t)forms[i].check,
		};
		redact_add_literal(r, form, strcspn(form, "%"), FIND_TOKEN, false);
	}
	r->tokens = FORMS;
}

/* ---- classes ---- */

static bool
in_class(char c, char class)
{
	switch (class) {
	case 'd':
		return byte_is_digit(c);
	case 'h':
		return byte_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
	case 'l':
		return byte_is_digit(c) || byte_is_lower(c);
	case 'u':
		return byte_is_digit(c) || byte_is_upper(c);
	case 'w':
		return byte_is_alnum(c);
	case 'b':
		return byte_is_alnum(c) || c == '-' || c == '_';
	case 's':
		return byte_is_alnum(c) || c == '+' || c == '/';
	default:
		return byte_is_alnum(c) || (c != '\0' && strchr("-_+/=.", c) != NULL);
	}
}

/* Where the run of a class ends that goes on at `at`. */
static size_t
run_end(struct search *f, size_t at, char class)
{
	struct run_of *run = &f->run[class & 31];
	size_t to = at;

	if (at >= run->from && at < run->to)
		return run->to;
	while (to < f->s.len && in_class(f->s.p[to], class))
		to++;
	*run = (struct run_of){ at, to };
	return to;
}

/* ---- what a body looks like ---- */

bool
redact_is_varied(struct str s)
{
	size_t len = s.len < VARIED_LOOK ? s.len : VARIED_LOOK, need = len < 12 ? 4 : len < 20 ? 6 : 8;
	uint64_t seen[2] = { 0 };
	size_t kinds = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s.p[i] & 127;
		uint64_t bit;

		if (byte_is_upper((char)c))
			c |= 0x20;
		bit = UINT64_C(1) << (c & 63);
		kinds += (seen[c >> 6] & bit) == 0;
		seen[c >> 6] |= bit;
	}
	return kinds >= need;
}

bool
redact_is_mixed(struct str s)
{
	size_t len = s.len < VARIED_LOOK ? s.len : VARIED_LOOK, digits = 0, letters = 0;

	for (size_t i = 0; i < len; i++) {
		digits += byte_is_digit(s.p[i]);
		letters += byte_is_lower(s.p[i]) || byte_is_upper(s.p[i]);
	}
	return digits >= 2 && letters >= 2 && redact_is_varied(s);
}

/*
 * ghp_ and 36 letters and digits, of which the last six are the CRC-32 of the
 * thirty before them, in base 62 with the digits 0-9A-Za-z.
 */
static bool
has_checksum(struct str body)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint32_t crc;

	if (body.len != 36)
		return false;
	crc = (uint32_t)crc32(0, (const Bytef *)body.p, 30);
	for (size_t i = 36; i-- > 30; crc /= 62)
		if (body.p[i] != digits[crc % 62])
			return false;
	return true;
}

/* ---- forms ---- */

/* {36}, {10,13}, {30,} */
static const char *
read_count(const char *p, size_t *min, size_t *max)
{
	*min = 0;
	for (p++; byte_is_digit(*p); p++)
		*min = *min * 10 + (size_t)(*p - '0');
	*max = *min;
	if (*p == ',') {
		*max = p[1] == '}' ? UNBOUNDED : 0;
		for (p++; byte_is_digit(*p); p++)
			*max = *max * 10 + (size_t)(*p - '0');
	}
	return p + 1;
}

/* Where a form ends that is matched behind its prefix, or 0; *open: bytes of
 * its last class follow. */
static size_t
match_form(struct search *f, const char *form, size_t at, bool *open)
{
	*open = false;
	while (*form != '\0') {
		size_t min, max, end;
		char class;

		if (*form != '%') {
			if (at == f->s.len || f->s.p[at] != *form)
				return 0;
			at++;
			form++;
			continue;
		}
		class = form[1];
		form = read_count(form + 2, &min, &max);
		end = run_end(f, at, class);
		if (end - at < min)
			return 0;
		*open = end - at > max;
		at = *open ? at + max : end;
	}
	return at;
}

/* A token in the middle of a word is one only when its checksum says so. */
static size_t
match_token(struct search *f, const struct token_form *t, size_t at)
{
	struct str s = f->s, body;
	bool glued = at > f->floor && (byte_is_alnum(s.p[at - 1]) || (t->check == CHECK_MIXED && s.p[at - 1] == '.')), open;
	size_t end;

	if (s.len - at < t->prefix || memcmp(s.p + at, t->form, t->prefix) != 0)
		return 0;
	end = match_form(f, t->form + t->prefix, at + t->prefix, &open);
	if (end == 0)
		return 0;
	body = (struct str){ s.p + at + t->prefix, end - at - t->prefix };
	if (t->check == CHECK_CHECKSUM && has_checksum(body))
		return end;
	if (glued || open || (end < s.len && byte_is_alnum(s.p[end])))
		return 0;
	if (t->check == CHECK_ANY)
		return end;
	if (redact_is_blank((struct str){ body.p, body.len < BLANK_LOOK ? body.len : BLANK_LOOK }))
		return 0;
	return (t->check == CHECK_MIXED ? redact_is_mixed(body) : redact_is_varied(body)) ? end : 0;
}

size_t
redact_token_at(struct search *f, size_t at)
{
	const struct redactor *r = f->r;
	unsigned c = start_of(f->s.p + at);
	uint32_t bytes = first_bytes(f->s.p + at, f->s.len - at);
	size_t best = 0;
	unsigned rule = 0;

	for (size_t i = r->first[c]; i < r->first[c + 1]; i++) {
		const struct token_form *t = &r->token[i];
		size_t end;

		if ((bytes & t->mask) != t->start || r->off[t->rule])
			continue;
		if ((end = match_token(f, t, at)) > best) {
			best = end;
			rule = t->rule;
		}
	}
	return best > 0 && redact_hide(f, at, best, rule) ? best : at + 1;
}
