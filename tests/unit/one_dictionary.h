/* one_dictionary: a segment in memory with one column, of values that share
 * their fronts. */
#ifndef TESTS_ONE_DICTIONARY_H
#define TESTS_ONE_DICTIONARY_H

#include "base/mem.h"
#include "store/value_list.h"
#include "unit.h"

static uint32_t
below(uint64_t *state, uint32_t n)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33) % n;
}

struct made {
	struct sealed sealed;
	char *changed; /* the dictionary's piece, in memory of its own */
	size_t changed_len;
};

static int
get_piece(void *arg, unsigned field, unsigned part, struct buf *out, struct err *e)
{
	const struct made *m = arg;

	(void)e;
	for (size_t i = 0; i < m->sealed.n; i++) {
		const struct piece *piece = &m->sealed.piece[i];

		if (piece->field != field || piece->part != part)
			continue;
		if (m->changed != NULL && field == FIELD_IP && part == PART_DICTIONARY)
			buf_add(out, m->changed, m->changed_len);
		else
			buf_str(out, buf_view(&piece->data));
		return 1;
	}
	return 0;
}

static struct segment *
open_made(struct made *m)
{
	return segment_new(&m->sealed.meta, (struct piece_source){ .get = get_piece, .arg = m });
}

/* Few letters, so that fronts are shared; now and then a long one. */
static size_t
make_value(char text[9000], uint64_t *state)
{
	size_t n = below(state, 50) == 0 ? below(state, 9000) : below(state, 3) == 0 ? 30 + below(state, 40) : below(state, 6);

	for (size_t i = 0; i < n; i++)
		text[i] = "aab\xff"[i < 25 ? below(state, 20) / 6 : below(state, 4)];
	return n;
}

static void
make(struct made *m, uint32_t rows, uint64_t seed)
{
	struct segment_builder *b = segment_builder_new();
	char text[9000];

	*m = (struct made){ 0 };
	for (uint32_t i = 0; i < rows; i++) {
		struct event ev = { 0 };

		event_set_time(&ev, FIELD_TIME, i);
		if (below(&seed, 9) > 0)
			event_set(&ev, FIELD_IP, (struct str){ text, make_value(text, &seed) });
		segment_builder_add(b, &ev, 0);
	}
	segment_builder_seal(b, NULL, &m->sealed);
	segment_builder_free(b);
}

#endif
