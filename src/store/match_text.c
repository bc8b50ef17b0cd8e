/*
 * match_text: a test on the rows of a column of texts, block by block.
 *
 * What every value that passes contains is looked for in all texts of a block
 * at once, and the places found are mapped to rows; only these are asked, or
 * not even they when to contain it is enough.
 */
#include "store/matcher.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/bits.h"

enum {
	FINDS = 8,  /* texts that are looked for in a block; more take longer than the test */
	SPARSE = 16 /* of so many rows one in question: each is asked alone */
};

/* Letters beyond ASCII that are ASCII ones in another case: the kelvin sign,
 * the long s. */
static const struct str strange[] = { { "\xe2\x84\xaa", 3 }, { "\xc5\xbf", 2 } };

void
match_finders(struct step *s)
{
	const struct filter_need *need = &s->node->test.need;

	if (s->node->op != FILTER_TEST || need->texts == 0)
		return;
	s->find = mem_zero(need->texts, sizeof(*s->find));
	s->finds = need->texts;
	for (size_t i = 0; i < s->finds; i++) {
		struct str text = need->text[i];

		s->finds_cut |= text.len > FIND_MAX;
		text.len = text.len <= FIND_MAX ? text.len : FIND_MAX;
		find_init(&s->find[i], text, need->nocase);
	}
	s->find_decides = need->enough && !s->finds_cut;
}

bool
match_strange(struct str s)
{
	struct finder f;

	if (simd_ascii(s.p, s.len) == s.len)
		return false;
	for (size_t i = 0; i < 2; i++) {
		find_init(&f, strange[i], false);
		if (find_next(&f, s, 0) < s.len)
			return true;
	}
	return false;
}

/* ---- one block ---- */

static struct str
block_bytes(const struct segment_texts *t)
{
	return (struct str){ t->bytes, t->start[t->rows] - t->start[0] };
}

static struct str
text_of(const struct segment_texts *t, uint32_t row)
{
	const uint32_t *start = t->start + (row - t->row);

	return (struct str){ t->bytes + (start[0] - t->start[0]), start[1] - start[0] };
}

/* Adds the rows that have the text in their own. */
static void
add_found(const struct finder *f, const struct segment_texts *t, uint64_t *rows)
{
	const uint32_t *behind = t->start + 1;
	struct str all = block_bytes(t);
	uint32_t i = 0;

	for (size_t at = 0; (at = find_next(f, all, at)) < all.len;) {
		while (behind[i] - t->start[0] <= at)
			i++;
		size_t end = behind[i] - t->start[0];

		/* It may reach over the end, and another begin before that. */
		if (end - at >= f->text.len) {
			bitmap_add(rows, t->row + i);
			at = end;
		} else {
			at++;
		}
	}
}

/* Adds the rows whose letters may be others than they seem. */
static void
add_strange(const struct segment_texts *t, uint64_t *rows)
{
	struct str all = block_bytes(t);
	struct finder f;

	if (simd_ascii(all.p, all.len) == all.len)
		return;
	for (size_t i = 0; i < 2; i++) {
		find_init(&f, strange[i], false);
		add_found(&f, t, rows);
	}
}

/* Fills m->sure with rows that pass, m->other with more that may. */
static void
search_block(struct matcher *m, const struct step *s, bool decided, const struct segment_texts *t)
{
	memset(m->sure, 0, m->words * sizeof(*m->sure));
	memset(m->other, 0, m->words * sizeof(*m->other));
	for (size_t i = 0; i < s->finds; i++)
		add_found(&s->find[i], t, decided ? m->sure : m->other);
	if (s->node->test.need.nocase)
		add_strange(t, m->other);
}

static bool
text_passes(struct matcher *m, const struct step *s, const struct value_test *v,
    const struct segment_texts *t, uint32_t row)
{
	if (t->absent != NULL && bit_test(t->absent, row))
		return false;
	return v->passes(m, s, v->field, text_of(t, row));
}

/* The bits of word w that are of rows of the block. */
static uint64_t
word_of(const struct segment_texts *t, uint32_t w)
{
	uint32_t first = w * 64 < t->row ? t->row - w * 64 : 0;
	uint32_t behind = t->row + t->rows - w * 64;

	return UINT64_MAX << first & (behind < 64 ? (UINT64_C(1) << behind) - 1 : UINT64_MAX);
}

static uint32_t
count_asked(const struct segment_texts *t, const uint64_t *bits)
{
	uint32_t n = 0;

	for (uint32_t w = t->row / 64; w * 64 < t->row + t->rows; w++)
		n += (uint32_t)__builtin_popcountll(bits[w] & word_of(t, w));
	return n;
}

static void
match_block(struct matcher *m, const struct step *s, const struct value_test *v,
    const struct segment_texts *t, uint64_t *bits)
{
	bool searched = s->finds > 0 && s->finds <= FINDS && count_asked(t, bits) * SPARSE >= t->rows;

	if (searched)
		search_block(m, s, v->decided, t);
	for (uint32_t w = t->row / 64; w * 64 < t->row + t->rows; w++) {
		uint64_t in = bits[w] & word_of(t, w), pass = searched ? in & m->sure[w] : 0;

		bits[w] &= ~in;
		for (in &= searched ? m->other[w] & ~pass : UINT64_MAX; in != 0; in &= in - 1) {
			unsigned i = (unsigned)__builtin_ctzll(in);

			pass |= (uint64_t)text_passes(m, s, v, t, w * 64 + i) << i;
		}
		bits[w] |= pass;
	}
}

/* ---- all blocks with rows in question ---- */

int
match_texts(struct matcher *m, const struct step *s, const struct value_test *v, uint64_t *bits,
    struct err *e)
{
	struct segment_texts t;
	size_t row = bitmap_next(bits, 0, m->n);

	while (row < m->n) {
		int rc = segment_texts(m->stored->columns, v->field, (uint32_t)row, &t, e);

		if (rc <= 0)
			return rc;
		match_block(m, s, v, &t, bits);
		row = bitmap_next(bits, t.row + t.rows, m->n);
	}
	return 1;
}
