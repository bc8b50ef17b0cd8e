/*
 * column_dictionary_list: the list of values of a dictionary piece, read (see
 * column_dictionary.c).
 *
 * Nearly all numbers are one byte, and are looked at eight at a time.
 *
 * In: bytes that anyone may have written.   Out: values that ascend.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/dictionary_list.h"

#define EACH UINT64_C(0x0101010101010101) /* times a byte: eight of them */
#define HIGH (EACH * 0x80)
#define EVEN UINT64_C(0x00ff00ff00ff00ff)

/* Eight numbers at once, if each is one byte and, when `least` is 1, not 0. */
static inline bool
add_eight(const uint8_t *p, unsigned least, uint64_t *sum)
{
	uint64_t x = bits_load(p);

	if ((x & HIGH) != 0 || (least > 0 && ((x + EACH * 0x7f) & HIGH) != HIGH))
		return false;
	*sum += ((x & EVEN) + (x >> 8 & EVEN)) * UINT64_C(0x0001000100010001) >> 48;
	return true;
}

/* n varints from least (0 or 1) to max; *sum is what they add up to. */
static bool
check_numbers(struct cursor *c, uint32_t n, unsigned least, uint32_t max, uint64_t *sum)
{
	uint64_t v;

	*sum = 0;
	for (uint32_t i = 0; i < n;) {
		if (n - i >= 8 && cursor_left(c) >= 8 && max > 0x7f && add_eight(c->p, least, sum)) {
			c->p += 8;
			i += 8;
			continue;
		}
		if (!cursor_number(c, max, &v) || v < least)
			return false;
		*sum += v;
		i++;
	}
	return true;
}

static const char *
check_list(const uint8_t *list, const struct dictionary_head *h, uint32_t rows, struct dictionary_cursors *at,
    size_t *total)
{
	struct cursor c = { list, list + h->raw };
	uint64_t sum, front, back;

	at->counts = c.p;
	if (!check_numbers(&c, h->n, 1, rows, &sum) || sum + h->absent != rows)
		return "counts of values do not add up";
	at->shared = c.p;
	if (!check_numbers(&c, h->n, 0, SEGMENT_VALUE_MAX, &front))
		return "lengths of values do not fit";
	at->rest = c.p;
	if (!check_numbers(&c, h->n, 0, SEGMENT_VALUE_MAX, &back) || back != cursor_left(&c) ||
	    front + back > COLUMN_VALUES_MAX)
		return "lengths of values do not fit";
	at->bytes = c.p;
	*total = (size_t)(front + back);
	return NULL;
}

int
dictionary_walk(enum field f, const struct dictionary_head *h, uint32_t rows, struct codec *codec,
    struct buf *made, struct dictionary_cursors *at, size_t *total, struct err *e)
{
	const uint8_t *list = column_unpack(h->packed, codec, h->raw, made);
	const char *wrong = "a dictionary that cannot be unpacked";

	if (list != NULL)
		wrong = check_list(list, h, rows, at, total);
	return wrong != NULL ? column_wrong(e, f, wrong) : 0;
}

/* All values; false when they do not ascend or share more than there is. */
static bool
expand(struct dictionary_column *d, struct dictionary_cursors at)
{
	struct str before = STR("");
	char *to = d->bytes;

	for (uint32_t i = 1; i <= d->n; i++) {
		uint32_t front = dictionary_number(&at.shared), back = dictionary_number(&at.rest);

		if (!dictionary_follows(before, front, back, at.bytes, i == 1))
			return false;
		d->counts[i] = dictionary_number(&at.counts);
		d->values[i] = before = dictionary_make(to, before, front, at.bytes, back);
		to += before.len;
		at.bytes += back;
	}
	return true;
}

int
dictionary_decode(enum field f, struct str piece, uint32_t rows, struct codec *codec,
    struct dictionary_column *d, struct err *e)
{
	struct dictionary_head h;
	struct dictionary_cursors at;
	struct buf made = { 0 };
	size_t total;

	*d = (struct dictionary_column){ 0 };
	if (dictionary_open(f, piece, rows, &h, e) < 0)
		return -1;
	if (dictionary_walk(f, &h, rows, codec, &made, &at, &total, e) < 0) {
		buf_fini(&made);
		return -1;
	}
	d->n = h.n;
	d->absent = h.absent;
	d->values = mem_alloc(((size_t)d->n + 1) * sizeof(*d->values));
	d->values[0] = (struct str){ NULL, 0 };
	d->counts = mem_alloc(((size_t)d->n + 1) * sizeof(*d->counts));
	d->counts[0] = d->absent;
	d->bytes = mem_alloc(total + DICTIONARY_SLACK);
	d->memory = total + d->n * (sizeof(*d->values) + sizeof(*d->counts));
	bool good = expand(d, at);
	buf_fini(&made);
	if (good)
		return 0;
	dictionary_column_fini(d);
	return column_wrong(e, f, "values do not ascend");
}
