/*
 * column_dictionary_pick: the value of one row of a dictionary column (see
 * column_dictionary.c for the layout), without unpacking codes and values.
 *
 * A value's front may be spread over many values before it.  Numbers can be
 * read backwards, so the list is followed from the value towards its beginning
 * until nothing is missing.
 */
#include "store/column.h"

int
dictionary_pick_code(enum field f, const struct dictionary_head *h, const struct piece_view *codes,
    uint32_t rows, uint32_t row, uint32_t *code, struct err *e)
{
	size_t bit = (size_t)row * h->width, length;
	struct buf *b = codes->bytes;

	*code = 1;
	if (h->width == 0)
		return 1;
	if (codes->read(codes->arg, 0, 1, b, &length, e) < 0)
		return -1;
	if (length > 0 && b->p[0] == PACKING_ZSTD)
		return 0;
	if (length != 1 + bits_bytes(rows, h->width) || b->p[0] != PACKING_NONE)
		return column_wrong(e, f, "codes that cannot be unpacked");
	if (codes->read(codes->arg, 1 + bit / 8, sizeof(uint64_t), b, &length, e) < 0)
		return -1;
	*code = (uint32_t)(bits_load((const uint8_t *)b->p) >> bit % 8 & bits_mask(h->width)) + (h->absent == 0);
	return *code <= h->n ? 1 : column_wrong(e, f, "codes do not agree with the dictionary");
}

/* Moves behind n numbers, which may be too large; false when they end early. */
static bool
skip_numbers(struct cursor *c, uint32_t n)
{
	const uint64_t tops = UINT64_C(0x8080808080808080);

	/* Each ends with a byte below 0x80.  Eight bytes end eight at most. */
	while (n >= 8 && cursor_left(c) >= 8) {
		n -= (uint32_t)(((~bits_load(c->p) & tops) >> 7) * UINT64_C(0x0101010101010101) >> 56);
		c->p += 8;
	}
	while (n > 0 && c->p < c->end)
		n -= *c->p++ < 0x80;
	return n == 0;
}

/* The number that ends before c->p and begins at c->end or later: backwards. */
static bool
number_before(struct cursor *c, uint64_t *v)
{
	const uint8_t *at = c->p;

	if (at == c->end)
		return false;
	for (at--; at > c->end && at[-1] >= 0x80; at--)
		;
	struct cursor one = { at, c->p };
	c->p = at;
	return cursor_number(&one, SEGMENT_VALUE_MAX, v);
}

/* The bytes of one value and of those before it. */
struct chain {
	struct cursor shared, rest; /* numbers, behind that of the value; `end` is where they begin */
	const uint8_t *bytes, *end; /* of all rests; the value's ends at `end` */
};

static const char *
find_chain(struct chain *chain, const uint8_t *list, const struct dictionary_head *h, uint32_t code)
{
	struct cursor c = { list, list + h->raw };
	uint64_t sum = 0, len;

	if (!skip_numbers(&c, h->n))
		return "counts of values do not add up";
	chain->shared.end = c.p;
	if (!skip_numbers(&c, code))
		return "lengths of values do not fit";
	chain->shared.p = c.p;
	if (!skip_numbers(&c, h->n - code))
		return "lengths of values do not fit";
	chain->rest.end = c.p;
	for (uint32_t i = 0; i < code; i++, sum += len)
		if (!cursor_number(&c, SEGMENT_VALUE_MAX, &len))
			return "lengths of values do not fit";
	chain->rest.p = c.p;
	if (!skip_numbers(&c, h->n - code) || sum > cursor_left(&c))
		return "lengths of values do not fit";
	chain->bytes = c.p;
	chain->end = c.p + sum;
	return NULL;
}

/* From the value backwards: what is still missing of its front is in the value
 * before, or shared by that one, too. */
static const char *
follow_chain(struct chain *c, struct buf *out)
{
	uint64_t front, back, missing = 0;
	bool first = true;

	buf_reset(out);
	do {
		if (!number_before(&c->shared, &front) || !number_before(&c->rest, &back) ||
		    back > (uint64_t)(c->end - c->bytes))
			return "lengths of values do not fit";
		c->end -= back;
		if (first) {
			missing = front + back;
			buf_reserve(out, (size_t)missing + 1);
			out->len = (size_t)missing;
			first = false;
		}
		if (missing > front + back)
			return "values do not ascend";
		if (missing > front) {
			memcpy(out->p + front, c->end, (size_t)(missing - front));
			missing = front;
		}
	} while (missing > 0);
	return NULL;
}

int
dictionary_pick(enum field f, const struct dictionary_head *h, struct codec *codec, struct buf *list,
    uint32_t code, struct buf *out, struct err *e)
{
	const uint8_t *p = list->len > 0 ? (const uint8_t *)list->p : column_unpack(h->packed, codec, h->raw, list);
	struct chain chain;
	const char *wrong = "a dictionary that cannot be unpacked";

	if (p != NULL)
		wrong = find_chain(&chain, p, h, code);
	if (wrong == NULL)
		wrong = follow_chain(&chain, out);
	return wrong == NULL ? 0 : column_wrong(e, f, wrong);
}
