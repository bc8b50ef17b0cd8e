/*
 * subject: the values of a person, as they are looked for.
 *
 * Each value is folded and decomposed, as it came, composed and decomposed
 * before, and put in one tree.  Beside it is noted what every hit must have:
 * two bytes of a value in a row, and what it may begin with.
 *
 * In: values.   Out: a subject, for subject_find.
 */
#include "event/subject.h"

#include <stdlib.h>
#include <uninorm.h>

#include "base/simd.h"
#include "base/utf8.h"
#include "event/subject_read.h"
#include "event/subject_tree.h"

/* ---- the values ---- */

static void
add_folded(struct buf *out, uint32_t cp)
{
	uint32_t unit[FOLDED_MAX];
	unsigned n = read_fold(cp, unit);
	char bytes[4];

	for (unsigned i = 0; i < n; i++)
		buf_add(out, bytes, utf8_encode(bytes, unit[i]));
}

/* A value as the tree has it: backslashes in a row are one, and none before
 * what JSON escapes. */
static void
fold(struct buf *out, struct str value)
{
	struct reading r[READINGS_MAX];

	for (size_t at = 0; at < value.len; at = r[0].next) {
		unsigned n = read_forward(value, at, r);

		if (value.p[at] != '\\' || n == 1 || value.p[r[0].next] == 'u')
			add_folded(out, r[0].cp);
	}
}

static uint32_t
new_node(struct subject *s, uint8_t byte, uint32_t sibling)
{
	mem_grow(&s->node, &s->cap_nodes, s->n_nodes + 1, sizeof(*s->node));
	s->node[s->n_nodes] = (struct node){ NO_NODE, sibling, byte, false };
	return (uint32_t)s->n_nodes++;
}

static void
add_pattern(struct subject *s, struct str folded)
{
	uint32_t at = 0;

	for (size_t i = 0; i < folded.len; i++) {
		uint8_t byte = (uint8_t)folded.p[i];
		uint32_t next = subject_child(s, at, byte);

		if (next == NO_NODE) {
			next = new_node(s, byte, s->node[at].child);
			s->node[at].child = next;
		}
		at = next;
	}
	s->node[at].end = true;
}

/* ---- what a value begins with ---- */

static void
allow(struct subject *s, unsigned first, unsigned second)
{
	unsigned pair = first << 8 | second;

	s->may[pair >> 3] |= (uint8_t)(1u << (pair & 7));
}

static void
allow_any(struct subject *s, unsigned first)
{
	memset(s->may + (first << 8 >> 3), 0xff, 256 / 8);
}

static void
allow_second(struct subject *s, unsigned first, char second)
{
	for (unsigned b = 0; b < 256; b++) /* escapes, and letters that fold to ASCII */
		if (b >= 0x80 || b == '\\' || b == '%' || (b == '+' && second == ' ') ||
		    subject_lower((char)b) == second)
			allow(s, first, b);
}

/* An escape: of backslashes and `u`, or of `%` and a digit. */
static void
allow_escapes(struct subject *s)
{
	allow(s, '\\', '\\');
	allow(s, '\\', 'u');
	for (const char *digit = "0123456789abcdefABCDEF"; *digit != '\0'; digit++)
		allow(s, '%', (unsigned char)*digit);
}

/* U+0131, U+212A and U+017F, in UTF-8: all that fold to a letter of ASCII. */
static void
allow_folding(struct subject *s, char letter)
{
	if (letter == 'i')
		allow(s, 0xc4, 0xb1);
	else if (letter == 'k')
		allow(s, 0xe2, 0x84);
	else if (letter == 's')
		allow(s, 0xc5, 0xbf);
}

static void
add_first(struct subject *s, char first)
{
	if (s->n_firsts > FIRSTS_MAX || memchr(s->first, first, s->n_firsts) != NULL)
		return;
	if (s->n_firsts < FIRSTS_MAX)
		s->first[s->n_firsts] = first;
	s->n_firsts++;
}

static void
allow_beginning(struct subject *s, struct str folded)
{
	char c = folded.p[0];
	bool high = (c | folded.p[1]) & 0x80; /* the second may be a mark of the first */

	allow_escapes(s);
	add_first(s, (char)(c | 0x20));
	if (c == '"' || c == '/')
		allow(s, '\\', (unsigned char)c);
	for (unsigned b = 0; b < 256; b++) {
		if (high && (b >= 0x80 || subject_lower((char)b) == c))
			allow_any(s, b);
		else if (b < 0x80 && subject_lower((char)b) == c)
			allow_second(s, b, folded.p[1]);
	}
	allow_folding(s, c);
	s->beyond |= high || strchr("iks", c) != NULL;
}

/* ---- what every hit has ---- */

bool
subject_plain(struct str folded, size_t at)
{
	char c = folded.p[at];

	return ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c != 0 && strchr("@-._", c) != NULL)) &&
	    (at + 1 == folded.len || !(folded.p[at + 1] & 0x80));
}

static bool
is_pair(struct str folded, size_t at, const char pair[2])
{
	return (folded.p[at] | 0x20) == pair[0] && (folded.p[at + 1] | 0x20) == pair[1];
}

/* How seldom a byte is in logs. */
static size_t
rarity(char c)
{
	static const char often[] = "etaosinrcldm0u1p-.2h34g5b6f78y9w";
	const char *at = strchr(often, c);

	return at != NULL ? (size_t)(at - often) : sizeof(often);
}

/* The place of the pair to look for: one that is looked for already, or the
 * rarest; SIZE_MAX: there is none. */
static size_t
pick_pair(const struct subject *s, struct str folded, size_t *pair)
{
	size_t best = SIZE_MAX, score = 0;

	for (size_t i = 0; i + 1 < folded.len; i++) {
		size_t rare;

		if (!subject_plain(folded, i) || !subject_plain(folded, i + 1))
			continue;
		for (*pair = 0; *pair < s->n_pairs; ++*pair)
			if (is_pair(folded, i, s->pair[*pair]))
				return i;
		rare = rarity(folded.p[i]) + rarity(folded.p[i + 1]) + 1;
		if (rare > score) {
			score = rare;
			best = i;
		}
	}
	*pair = s->n_pairs;
	return best;
}

static void
add_run(struct subject *s, struct str folded)
{
	size_t pair, at = pick_pair(s, folded, &pair), from = at, to = at + 2;
	struct run *run;

	if (at == SIZE_MAX) {
		if (simd_ascii(folded.p, folded.len) < folded.len)
			s->high = true;
		else
			s->loose = true;
		return;
	}
	if (pair == PAIRS_MAX) {
		s->loose = true;
		return;
	}
	if (pair == s->n_pairs) {
		s->pair[pair][0] = (char)(folded.p[at] | 0x20);
		s->pair[pair][1] = (char)(folded.p[at + 1] | 0x20);
		s->n_pairs++;
	}
	while (from > 0 && to - from < RUN_MAX && subject_plain(folded, from - 1))
		from--;
	while (to < folded.len && to - from < RUN_MAX && subject_plain(folded, to))
		to++;
	mem_grow(&s->run, &s->cap_runs, s->n_runs + 1, sizeof(*s->run));
	run = &s->run[s->n_runs++];
	*run = (struct run){ .pair = (uint8_t)pair, .at = (uint8_t)(at - from), .len = (uint8_t)(to - from) };
	memcpy(run->text, folded.p + from, to - from);
}

/* ---- new ---- */

static bool
contains(struct str text, struct str part)
{
	return memmem(text.p, text.len, part.p, part.len) != NULL;
}

static int
check_pseudonym(struct str name, struct err *e)
{
	if (name.len == 0 || name.len > SUBJECT_PSEUDONYM_MAX)
		return err_set(e, ERR_FAIL, "a pseudonym has 1 to %d bytes", SUBJECT_PSEUDONYM_MAX);
	for (size_t i = 0; i < name.len; i++) {
		char c = subject_lower(name.p[i]);
		bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		bool between = i > 0 && i + 1 < name.len && c != 0 && strchr("-_.", c) != NULL &&
		    strchr("-_.", name.p[i - 1]) == NULL;

		if (!letter && !between)
			return err_set(e, ERR_FAIL, "a pseudonym has letters and digits, and single - _ . between them");
	}
	if (subject_lower(name.p[0]) < 'g' || strchr("nrtu", subject_lower(name.p[0])) != NULL)
		return err_set(e, ERR_FAIL, "a pseudonym does not begin with a digit or one of a-f n r t u");
	return 0;
}

static int
check_value(struct str v, struct err *e)
{
	bool word = false;

	if (v.len < SUBJECT_VALUE_MIN || v.len > SUBJECT_VALUE_MAX)
		return err_set(e, ERR_FAIL, "a value of a person has %d to %d bytes", SUBJECT_VALUE_MIN, SUBJECT_VALUE_MAX);
	if (utf8_valid_prefix(v.p, v.len) < v.len)
		return err_set(e, ERR_FAIL, "a value of a person is not UTF-8");
	for (size_t i = 0; i < v.len; i++) {
		char c = subject_lower(v.p[i]);

		if ((unsigned char)c < 0x20 || c == 0x7f)
			return err_set(e, ERR_FAIL, "a value of a person has a control character");
		word |= (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80);
	}
	if (!word || v.p[0] == ' ' || v.p[v.len - 1] == ' ')
		return err_set(e, ERR_FAIL, "a value of a person has a letter or digit, and no blank at its ends");
	return 0;
}

/* The value folded as it was given, composed, and decomposed; the last
 * stays in `folded`. */
static void
add_forms(struct subject *s, struct str v, struct buf *folded)
{
	const uninorm_t form[] = { UNINORM_NFC, UNINORM_NFD };

	fold(folded, v);
	add_pattern(s, buf_view(folded));
	allow_beginning(s, buf_view(folded));
	if (simd_ascii(v.p, v.len) == v.len)
		return;
	for (int i = 0; i < 2; i++) {
		size_t len;
		uint8_t *text = u8_normalize(form[i], (const uint8_t *)v.p, v.len, NULL, &len);

		if (text == NULL)
			continue; /* which valid UTF-8 is not the reason of */
		buf_reset(folded);
		fold(folded, (struct str){ (const char *)text, len });
		free(text);
		add_pattern(s, buf_view(folded));
		allow_beginning(s, buf_view(folded));
	}
}

static int
add_value(struct subject *s, struct str v, struct str name, struct err *e)
{
	struct buf folded = { 0 };
	int rc = check_value(v, e);

	if (rc == 0) {
		add_forms(s, v, &folded);
		add_run(s, buf_view(&folded));
		subject_add_hints(s, buf_view(&folded));
		if (folded.len < 2 || contains(name, buf_view(&folded)) || contains(buf_view(&folded), name))
			rc = err_set(e, ERR_FAIL, "a value of the person and the pseudonym have one another inside");
		else if (str_eq(buf_view(&folded), STR(EVENT_RESERVED_SOURCE)))
			rc = err_set(e, ERR_FAIL, "'%s' is no person", EVENT_RESERVED_SOURCE);
	}
	buf_fini(&folded);
	return rc;
}

struct subject *
subject_new(const struct str *value, size_t n, struct str pseudonym, struct err *e)
{
	struct buf name = { 0 };
	struct subject *s;
	size_t i;

	if (n == 0 || n > SUBJECT_VALUES_MAX) {
		err_set(e, ERR_FAIL, "a person has 1 to %d values", SUBJECT_VALUES_MAX);
		return NULL;
	}
	if (check_pseudonym(pseudonym, e) != 0)
		return NULL;
	s = mem_zero(1, sizeof(*s));
	new_node(s, 0, NO_NODE);
	buf_str(&s->name, pseudonym);
	fold(&name, pseudonym);
	for (i = 0; i < n && add_value(s, value[i], buf_view(&name), e) == 0; i++)
		;
	buf_fini(&name);
	if (i == n)
		return s;
	subject_free(s);
	return NULL;
}

void
subject_free(struct subject *s)
{
	if (s == NULL)
		return;
	free(s->node);
	free(s->run);
	str_list_fini(&s->hint);
	buf_fini(&s->name);
	free(s);
}

struct str
subject_pseudonym(const struct subject *s)
{
	return buf_view(&s->name);
}
