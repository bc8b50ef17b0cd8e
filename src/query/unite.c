/*
 * unite: the values of many dictionaries into one tally (see unite.h).
 *
 * A large tally is all over memory, and to look up a value is to wait for it.
 * So several lists are walked at a time: a stretch of values of one of them,
 * then those up to the same value of the others.  What they have in common is
 * still near, and what they have not lies beside it.
 */
#include "query/unite.h"

#include <stdlib.h>

#include "base/mem.h"

#define LISTS 16
#define LISTS_BYTES (6u << 20) /* of all kept */
#define STRETCH 512            /* values of the leading list at a time */
#define TOGETHER 32            /* values that a tally is given at a time */

struct unite {
	struct value_list *list[LISTS];
	size_t n, bytes;
	struct buf until; /* a copy of the value up to which lists are walked */
};

struct unite *
unite_new(void)
{
	return mem_zero(1, sizeof(struct unite));
}

static void
drop_lists(struct unite *u)
{
	for (size_t i = 0; i < u->n; i++)
		value_list_free(u->list[i]);
	u->n = u->bytes = 0;
}

void
unite_free(struct unite *u)
{
	if (u == NULL)
		return;
	drop_lists(u);
	buf_fini(&u->until);
	free(u);
}

/* Adds at most `most` values, none behind `until`; *last is that of them. */
static int
add_values(struct value_list *l, struct str until, size_t most, struct tally *t, struct str *last,
    struct err *e)
{
	struct tally_entry few[TOGETHER];
	size_t n;

	for (; most > 0; most -= n) {
		if (value_list_next(l, until, few, most < TOGETHER ? most : TOGETHER, &n, e) < 0)
			return -1;
		if (n == 0)
			return 0;
		tally_add_entries(t, few, n);
		*last = few[n - 1].value;
	}
	return 0;
}

/* The longest list leads; the others follow it. */
static int
walk(struct unite *u, struct tally *t, struct err *e)
{
	struct value_list *lead = u->list[0];
	struct str last, until;

	for (size_t i = 1; i < u->n; i++)
		if (value_list_left(u->list[i]) > value_list_left(lead))
			lead = u->list[i];
	do {
		if (add_values(lead, (struct str){ NULL, 0 }, STRETCH, t, &last, e) < 0)
			return -1;
		until = (struct str){ NULL, 0 };
		if (!value_list_ended(lead)) {
			buf_reset(&u->until);
			buf_str(&u->until, last);
			until = buf_view(&u->until);
		}
		for (size_t i = 0; i < u->n; i++)
			if (u->list[i] != lead && add_values(u->list[i], until, SIZE_MAX, t, &last, e) < 0)
				return -1;
	} while (!value_list_ended(lead));
	return 0;
}

int
unite_flush(struct unite *u, struct tally *t, struct err *e)
{
	int rc = u->n > 0 ? walk(u, t, e) : 0;

	drop_lists(u);
	return rc;
}

int
unite_add(struct unite *u, struct value_list *take_list, struct tally *t, struct err *e)
{
	u->list[u->n++] = take_list;
	u->bytes += value_list_memory(take_list);
	return u->n == LISTS || u->bytes > LISTS_BYTES ? unite_flush(u, t, e) : 0;
}
