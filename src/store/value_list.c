/*
 * value_list: the values of a dictionary, one after the other (see
 * value_list.h).
 *
 * Values share their fronts with the value before, so that only what is
 * different is looked at to know whether one is behind another.
 *
 * In: the list of a dictionary piece.   Out: values with counts.
 */
#include "store/value_list.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/dictionary_list.h"
#include "store/reader.h"

#define HALF 4096 /* bytes of values that are given at once, at first */

struct value_list {
	enum field field;
	uint32_t left;                    /* values not taken from the list */
	struct dictionary_cursors at;
	struct buf list;
	struct buf half[2];               /* values are put into one, then into the other */
	unsigned which;                   /* the one that has `before` */
	struct str before;                /* the value taken last */
	bool begun, waiting;              /* it is there; it was not given yet: */
	uint32_t count;                   /* its */
};

int
segment_dictionary(struct segment *s, enum field f, uint32_t *n, uint32_t *absent, struct err *e)
{
	struct loaded_column *col;

	*n = *absent = 0;
	if (!(s->meta.fields & FIELD_BIT(f)) || field_table[f].type == FIELD_TIMESTAMP)
		return 0;
	if ((col = reader_open(s, f, e)) == NULL)
		return -1;
	if (col->encoding == ENCODING_DICTIONARY && !col->loaded) {
		*n = col->head.n;
		*absent = col->head.absent;
	}
	return 0;
}

/* A list that was not compressed is in the piece, which will go. */
static void
keep_list(struct value_list *l, size_t raw)
{
	const uint8_t *piece = l->at.counts;

	buf_reserve(&l->list, raw + BITS_PADDING);
	memcpy(l->list.p, piece, raw + BITS_PADDING);
	l->at.counts = (const uint8_t *)l->list.p;
	l->at.shared = l->at.counts + (l->at.shared - piece);
	l->at.rest = l->at.counts + (l->at.rest - piece);
	l->at.bytes = l->at.counts + (l->at.bytes - piece);
}

struct value_list *
segment_value_list(struct segment *s, enum field f, struct err *e)
{
	struct loaded_column *col = reader_open(s, f, e);
	struct value_list *l;
	size_t total;

	if (col == NULL)
		return NULL;
	l = mem_zero(1, sizeof(*l));
	l->field = f;
	l->left = col->head.n;
	if (dictionary_walk(f, &col->head, s->meta.count, s->codec, &l->list, &l->at, &total, e) < 0) {
		value_list_free(l);
		return NULL;
	}
	if (l->list.len == 0)
		keep_list(l, col->head.raw);
	return l;
}

void
value_list_free(struct value_list *l)
{
	if (l == NULL)
		return;
	buf_fini(&l->list);
	buf_fini(&l->half[0]);
	buf_fini(&l->half[1]);
	free(l);
}

bool
value_list_ended(const struct value_list *l)
{
	return l->left == 0 && !l->waiting;
}

uint32_t
value_list_left(const struct value_list *l)
{
	return l->left + l->waiting;
}

size_t
value_list_memory(const struct value_list *l)
{
	return sizeof(*l) + l->list.cap + l->half[0].cap + l->half[1].cap;
}

/* Where the next value is put, which takes so many bytes; false: there is no
 * room beside those that are to be given with it. */
static bool
make_room(struct buf *half, size_t size)
{
	if (half->cap - half->len >= size)
		return true;
	if (half->len > 0)
		return false;
	buf_reserve(half, size > HALF ? size : HALF);
	return true;
}

/* How far `until` was compared. */
struct bound {
	struct str until;
	size_t same; /* bytes that it has in common with the value before */
};

/* Whether the value that takes `front` bytes from the one before, which is not
 * behind the bound, is. */
static inline bool
is_behind(struct bound *b, struct str value, size_t front)
{
	if (b->until.p == NULL || front > b->same)
		return false;
	if (front < b->same)
		return true;
	b->same += dictionary_shared((struct str){ value.p + front, value.len - front },
	    (struct str){ b->until.p + front, b->until.len - front });
	if (b->same == value.len || b->same == b->until.len)
		return b->same < value.len;
	return (uint8_t)value.p[b->same] > (uint8_t)b->until.p[b->same];
}

/* Takes one value from the list: 1, 0 when there is no room for it, -1. */
static inline int
take(struct value_list *l, struct buf *half, size_t *front)
{
	struct dictionary_cursors at = l->at;
	uint32_t count = dictionary_number(&at.counts), back;

	*front = dictionary_number(&at.shared);
	back = dictionary_number(&at.rest);
	if (!dictionary_follows(l->before, *front, back, at.bytes, !l->begun))
		return -1;
	if (!make_room(half, *front + back + DICTIONARY_SLACK))
		return 0;
	l->before = dictionary_make(half->p + half->len, l->before, *front, at.bytes, back);
	half->len += l->before.len;
	at.bytes += back;
	l->at = at;
	l->count = count;
	l->left--;
	l->begun = true;
	return 1;
}

int
value_list_next(struct value_list *l, struct str until, struct tally_entry *out, size_t max, size_t *n,
    struct err *e)
{
	struct bound bound = { .until = until };
	struct buf *half = &l->half[l->which ^ 1];
	size_t front;
	int rc = 1;

	*n = 0;
	if (l->waiting && is_behind(&bound, l->before, 0))
		return 0;
	if (l->waiting)
		out[(*n)++] = (struct tally_entry){ l->before, l->count };
	else if (l->begun && until.p != NULL)
		bound.same = dictionary_shared(l->before, until);
	l->waiting = false;
	buf_reset(half);
	while (*n < max && l->left > 0 && (rc = take(l, half, &front)) > 0) {
		if (is_behind(&bound, l->before, front)) {
			l->waiting = true;
			break;
		}
		out[(*n)++] = (struct tally_entry){ l->before, l->count };
	}
	if (half->len > 0)
		l->which ^= 1;
	return rc < 0 ? column_wrong(e, l->field, "values do not ascend") : 0;
}
