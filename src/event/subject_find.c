/*
 * subject_find: finding the values of a person in bytes, and replacing them.
 *
 * First a look for what every hit must have: two bytes of a value, sixteen
 * places at a time, or an escape behind which a value can hide.  Nearly all
 * events end there.  Then a walk from every place where a value may begin
 * through the tree of all values, along each reading of the text.
 *
 * In: texts.   Out: places; texts without the values.
 */
#include "base/simd.h"
#include "base/utf8.h"
#include "event/subject_read.h"
#include "event/subject_tree.h"

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
		while (k < run->len && subject_lower(t.p[at - run->at + k]) == run->text[k])
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
			node = subject_child(s, node, (uint8_t)bytes[k]);
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

/* The first place from `from` to `to` where a value may begin, or `to`; a byte
 * is behind it. */
static size_t
beginning_scalar(const struct subject *s, struct str t, size_t from, size_t to)
{
	while (from < to && !may_begin(s, t, from))
		from++;
	return from;
}

#ifdef __SSE2__

/* One bit for each of sixteen places that may_begin has to see. */
static inline unsigned
beginning_mask(const struct subject *s, const char *p)
{
	__m128i v = _mm_loadu_si128((const void *)p), w = _mm_or_si128(v, _mm_set1_epi8(0x20));
	__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('%')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));

	if (s->beyond)
		hit = _mm_or_si128(hit, v);
	for (size_t i = 0; i < s->n_firsts; i++)
		hit = _mm_or_si128(hit, _mm_cmpeq_epi8(w, _mm_set1_epi8(s->first[i])));
	return (unsigned)_mm_movemask_epi8(hit);
}

static size_t
beginning(const struct subject *s, struct str t, size_t from, size_t to)
{
	if (s->n_firsts <= FIRSTS_MAX)
		for (; from + 16 <= to; from += 16)
			for (unsigned mask = beginning_mask(s, t.p + from); mask != 0; mask &= mask - 1) {
				size_t at = from + (unsigned)__builtin_ctz(mask);

				if (may_begin(s, t, at))
					return at;
			}
	return beginning_scalar(s, t, from, to);
}

#else

static size_t
beginning(const struct subject *s, struct str t, size_t from, size_t to)
{
	return beginning_scalar(s, t, from, to);
}

#endif

/* The text has two bytes at least. */
static bool
find(const struct subject *s, struct str t, size_t from, bool whole, size_t *start, size_t *end)
{
	for (; (from = beginning(s, t, from, t.len - 1)) + 1 < t.len; from++)
		if ((*end = hit_at(s, t, from, whole)) != 0) {
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
