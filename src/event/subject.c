/*
 * subject: finding the values of a person in bytes, and replacing them.
 *
 * First a look for what every hit must have: two bytes of a value, sixteen
 * places at a time, or an escape behind which a value can hide.  Nearly all
 * events end there.  Then a walk from every place where a value may begin
 * through a tree of all values, folded and decomposed, along each reading of
 * the text.
 *
 * In: values; texts.   Out: places; texts without the values.
 */
#include "event/subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <uninorm.h>

#include "base/simd.h"
#include "base/utf8.h"
#include "event/subject_read.h"

#define PAIRS_MAX 8
#define RUN_MAX 16
#define NO_NODE UINT32_MAX

/* The tree of folded values, in UTF-8. */
struct node {
	uint32_t child, sibling;
	uint8_t byte;
	bool end; /* of a value */
};

/* Bytes that stand together in a value wherever it is not escaped. */
struct run {
	uint8_t pair; /* which of the pairs it has ... */
	uint8_t at;   /* ... and where */
	uint8_t len;
	char text[RUN_MAX];
};

struct subject {
	struct node *node;
	size_t n_nodes, cap_nodes;
	struct run *run;
	size_t n_runs, cap_runs;
	char pair[PAIRS_MAX][2]; /* with 0x20 */
	size_t n_pairs;
	bool loose;        /* some value has no pair: everything is looked at */
	bool high;         /* ... but it is not ASCII, and only what is not needs to be */
	struct buf name;   /* the pseudonym */
	uint8_t may[65536 / 8]; /* pairs of bytes that a value may begin with */
};

/* ---- the values ---- */

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

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
find_child(const struct subject *s, uint32_t node, uint8_t byte)
{
	uint32_t at = s->node[node].child;

	while (at != NO_NODE && s->node[at].byte != byte)
		at = s->node[at].sibling;
	return at;
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
		uint32_t next = find_child(s, at, byte);

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
		    lower((char)b) == second)
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

static void
allow_beginning(struct subject *s, struct str folded)
{
	char c = folded.p[0];
	bool high = (c | folded.p[1]) & 0x80; /* the second may be a mark of the first */

	allow_escapes(s);
	if (c == '"' || c == '/')
		allow(s, '\\', (unsigned char)c);
	for (unsigned b = 0; b < 256; b++) {
		if (b >= 0x80 ? high || strchr("iks", c) != NULL : high && lower((char)b) == c)
			allow_any(s, b);
		else if (b < 0x80 && lower((char)b) == c)
			allow_second(s, b, folded.p[1]);
	}
}

/* ---- what every hit has ---- */

/* ASCII that stands in a text as it is, or behind an escape that is looked
 * for, or is one of the three letters that others fold to. */
static bool
is_plain(struct str folded, size_t at)
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

		if (!is_plain(folded, i) || !is_plain(folded, i + 1))
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
	while (from > 0 && to - from < RUN_MAX && is_plain(folded, from - 1))
		from--;
	while (to < folded.len && to - from < RUN_MAX && is_plain(folded, to))
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
		char c = lower(name.p[i]);
		bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		bool between = i > 0 && i + 1 < name.len && c != 0 && strchr("-_.", c) != NULL &&
		    strchr("-_.", name.p[i - 1]) == NULL;

		if (!letter && !between)
			return err_set(e, ERR_FAIL, "a pseudonym has letters and digits, and single - _ . between them");
	}
	if (lower(name.p[0]) < 'g' || strchr("nrtu", lower(name.p[0])) != NULL)
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
		char c = lower(v.p[i]);

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
	buf_fini(&s->name);
	free(s);
}

struct str
subject_pseudonym(const struct subject *s)
{
	return buf_view(&s->name);
}

/* ---- the first look ---- */

/* At two bytes that are a pair, without regard to case. */
static bool
has_run(const struct subject *s, struct str t, size_t at)
{
	for (size_t i = 0; i < s->n_runs; i++) {
		const struct run *run = &s->run[i];
		size_t k = 0;

		if (at < run->at || t.len - (at - run->at) < run->len)
			continue;
		while (k < run->len && lower(t.p[at - run->at + k]) == run->text[k])
			k++;
		if (k == run->len)
			return true;
	}
	return false;
}

/* Whether a value may stand at this place, or hide behind what stands there:
 * an escape, one of the letters that fold to i, k and s. */
static bool
look_at(const struct subject *s, struct str t, size_t at)
{
	unsigned char c = (unsigned char)t.p[at];
	unsigned char next = at + 1 < t.len ? (unsigned char)t.p[at + 1] : 0;

	if (c == '%' || (c == '\\' && next == 'u'))
		return true;
	if (c >= 0x80)
		return s->high || (c == 0xc4 && next == 0xb1) || (c == 0xc5 && next == 0xbf) ||
		    (c == 0xe2 && next == 0x84);
	for (size_t i = 0; i < s->n_pairs; i++)
		if ((c | 0x20) == s->pair[i][0] && (next | 0x20) == s->pair[i][1])
			return has_run(s, t, at);
	return false;
}

static bool
look_scalar(const struct subject *s, struct str t, size_t from)
{
	for (size_t i = from; i < t.len; i++)
		if (look_at(s, t, i))
			return true;
	return false;
}

#ifdef __SSE2__

/* One bit for each of sixteen places that look_at has to see. */
static inline unsigned
look_mask(const struct subject *s, const char *p)
{
	const __m128i bit = _mm_set1_epi8(0x20);
	__m128i v = _mm_loadu_si128((const void *)p), w = _mm_loadu_si128((const void *)(p + 1));
	__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('%')),
	    _mm_and_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\\')), _mm_cmpeq_epi8(w, _mm_set1_epi8('u'))));
	unsigned high = (unsigned)_mm_movemask_epi8(v);

	v = _mm_or_si128(v, bit);
	w = _mm_or_si128(w, bit);
	for (size_t i = 0; i < s->n_pairs; i++)
		hit = _mm_or_si128(hit, _mm_and_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(s->pair[i][0])),
		    _mm_cmpeq_epi8(w, _mm_set1_epi8(s->pair[i][1]))));
	return high | (unsigned)_mm_movemask_epi8(hit);
}

static bool
look_block(const struct subject *s, struct str t, size_t from)
{
	for (unsigned mask = look_mask(s, t.p + from); mask != 0; mask &= mask - 1)
		if (look_at(s, t, from + (unsigned)__builtin_ctz(mask)))
			return true;
	return false;
}

static bool
look(const struct subject *s, struct str t, size_t from)
{
	if (s->loose)
		return true;
	if (t.len - from < 17)
		return look_scalar(s, t, from);
	for (; from + 17 <= t.len; from += 16)
		if (look_block(s, t, from))
			return true;
	return look_block(s, t, t.len - 17); /* the last byte alone hides nothing */
}

#else

static bool
look(const struct subject *s, struct str t, size_t from)
{
	return s->loose || look_scalar(s, t, from);
}

#endif

/* ---- the walk ---- */

static inline bool
may_begin(const struct subject *s, struct str t, size_t at)
{
	unsigned pair = (unsigned)(unsigned char)t.p[at] << 8 | (unsigned char)t.p[at + 1];

	return s->may[pair >> 3] >> (pair & 7) & 1;
}

static uint32_t
step(const struct subject *s, uint32_t node, uint32_t cp)
{
	uint32_t unit[FOLDED_MAX];
	unsigned n = read_fold(cp, unit);
	char bytes[4];

	for (unsigned i = 0; i < n && node != NO_NODE; i++) {
		size_t len = utf8_encode(bytes, unit[i]);

		for (size_t k = 0; k < len && node != NO_NODE; k++)
			node = find_child(s, node, (uint8_t)bytes[k]);
	}
	return node;
}

struct walk {
	const struct subject *s;
	struct str t;
	bool whole; /* words only */
	size_t best; /* the end of the longest hit; 0: none */
};

/* Goes on from a node, along every reading.  As deep as a value is long. */
static void
walk_on(struct walk *w, uint32_t node, uint32_t cp, size_t at)
{
	struct reading r[READINGS_MAX];
	unsigned n;

	for (;;) {
		if (w->s->node[node].end && at > w->best && (!w->whole || read_word_ends(w->t, at, cp)))
			w->best = at;
		if (at == w->t.len || w->s->node[node].child == NO_NODE)
			return;
		n = read_forward(w->t, at, r);
		if (n != 1)
			break;
		cp = r[0].cp;
		at = r[0].next;
		if ((node = step(w->s, node, cp)) == NO_NODE)
			return;
	}
	for (unsigned i = 0; i < n; i++) {
		uint32_t next = step(w->s, node, r[i].cp);

		if (next != NO_NODE)
			walk_on(w, next, r[i].cp, r[i].next);
	}
}

/*
 * Inside of backslashes in a row nothing begins, so that long rows take no
 * time.  But the last may be an escape of its own when their number is no
 * power of two: `ACME\\\u0061lice` is the text ACME\alice in JSON.
 */
static bool
inside_backslashes(struct str t, size_t at)
{
	size_t from = at;

	if (t.p[at] != '\\' || at == 0 || t.p[at - 1] != '\\')
		return false;
	if (at + 1 < t.len && t.p[at + 1] == '\\')
		return true;
	while (from > 0 && t.p[from - 1] == '\\')
		from--;
	at = at - from + 1;
	return (at & (at - 1)) == 0;
}

/* The end of the longest hit that begins here, or 0. */
static size_t
hit_at(const struct subject *s, struct str t, size_t at, bool whole)
{
	struct walk w = { s, t, whole, 0 };
	struct reading r[READINGS_MAX];
	unsigned n;

	if (inside_backslashes(t, at))
		return 0;
	n = read_forward(t, at, r);
	for (unsigned i = 0; i < n; i++) {
		uint32_t node = step(s, 0, r[i].cp);

		if (node != NO_NODE && (!whole || read_word_begins(t, at, r[i].cp)))
			walk_on(&w, node, r[i].cp, r[i].next);
	}
	return w.best;
}

static bool
find(const struct subject *s, struct str t, size_t from, bool whole, size_t *start, size_t *end)
{
	for (; from + 1 < t.len; from++)
		if (may_begin(s, t, from) && (*end = hit_at(s, t, from, whole)) != 0) {
			*start = from;
			return true;
		}
	return false;
}

/* What escapes are made of: `\\u0040`, `%40`, and `+` for a blank. */
static bool
is_syntax(unsigned c)
{
	return c == '%' || c == '+' || c == '\\' || c == 'u' || (c >= '0' && c <= '9') ||
	    ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static unsigned
nibble(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

/* Whether an escape's own characters may be escaped once more; no writer of
 * lines does that, but a hand may have. */
static bool
has_escaped_escape(struct str t)
{
	const char *p = t.p, *end = t.p + t.len;

	while ((p = memchr(p, '\\', (size_t)(end - p))) != NULL) {
		p++;
		if (end - p >= 5 && memcmp(p, "u00", 3) == 0 && is_syntax(nibble(p[3]) << 4 | nibble(p[4])))
			return true;
		if ((p - t.p >= 2 && p[-2] == '%') || (p - t.p >= 3 && p[-3] == '%'))
			return true;
	}
	return false;
}

bool
subject_may_occur(const struct subject *s, struct str bytes)
{
	size_t start, end;

	return bytes.len >= 2 && look(s, bytes, 0) &&
	    (find(s, bytes, 0, false, &start, &end) || has_escaped_escape(bytes));
}

bool
subject_find(const struct subject *s, struct str text, size_t from, size_t *start, size_t *end)
{
	return from < text.len && text.len >= 2 && look(s, text, from) && find(s, text, from, true, start, end);
}

size_t
subject_replace(const struct subject *s, struct str text, struct buf *out)
{
	size_t hits = 0, done = 0, start, end;

	if (text.len < 2 || !look(s, text, 0))
		return 0;
	while (find(s, text, done, true, &start, &end)) {
		buf_add(out, text.p + done, start - done);
		buf_str(out, buf_view(&s->name));
		done = end;
		hits++;
	}
	if (hits > 0)
		buf_add(out, text.p + done, text.len - done);
	return hits;
}
