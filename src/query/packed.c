/*
 * packed: events copied out of a segment (see packed.h).
 *
 * One event: its set of fields, its times, and for each other field a length
 * (one byte, or LONG and four) and the bytes.  One text: its length in four, and
 * the bytes.
 */
#include "query/packed.h"

#include <stdlib.h>

#include "base/mem.h"

#define LONG 0xff
#define LENGTH_MAX (1 + sizeof(uint32_t)) /* bytes that tell a length */
#define TIMES (FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_INGESTED))

struct head {
	field_set present;
	int64_t time, ingested;
};

void
packed_reset(struct packed *p, size_t n)
{
	buf_reset(&p->bytes);
	mem_grow(&p->offset, &p->cap, n, sizeof(*p->offset));
}

void
packed_add(struct packed *p, size_t i, const struct event *ev)
{
	struct head head = { ev->present, ev->time, ev->ingested };
	size_t most = sizeof(head);
	char *to;

	for (field_set left = ev->present & ~TIMES; left != 0; left &= left - 1)
		most += LENGTH_MAX + ev->v[__builtin_ctzll(left)].len;
	buf_reserve(&p->bytes, most);
	p->offset[i] = p->bytes.len;
	to = p->bytes.p + p->bytes.len;
	memcpy(to, &head, sizeof(head));
	to += sizeof(head);
	for (field_set left = ev->present & ~TIMES; left != 0; left &= left - 1) {
		struct str v = ev->v[__builtin_ctzll(left)];
		uint32_t len = (uint32_t)v.len; /* SEGMENT_VALUE_MAX is far below */

		if (len < LONG) {
			*to++ = (char)len;
		} else {
			*to++ = (char)LONG;
			memcpy(to, &len, sizeof(len));
			to += sizeof(len);
		}
		memcpy(to, v.p, len);
		to += len;
	}
	p->bytes.len = (size_t)(to - p->bytes.p);
}

void
packed_skip(struct packed *p, size_t i)
{
	p->offset[i] = SIZE_MAX;
}

bool
packed_has(const struct packed *p, size_t i)
{
	return p->offset[i] != SIZE_MAX;
}

void
packed_get(const struct packed *p, size_t i, struct event *out)
{
	const char *from = p->bytes.p + p->offset[i];
	struct head head;

	memcpy(&head, from, sizeof(head));
	from += sizeof(head);
	out->present = head.present;
	out->time = head.time;
	out->ingested = head.ingested;
	for (field_set left = out->present & ~TIMES; left != 0; left &= left - 1) {
		uint32_t len = (uint8_t)*from++;

		if (len == LONG) {
			memcpy(&len, from, sizeof(len));
			from += sizeof(len);
		}
		out->v[__builtin_ctzll(left)] = (struct str){ from, len };
		from += len;
	}
}

struct buf *
packed_begin_text(struct packed *p, size_t i)
{
	p->offset[i] = p->bytes.len;
	buf_add(&p->bytes, &(uint32_t){ 0 }, sizeof(uint32_t));
	return &p->bytes;
}

void
packed_end_text(struct packed *p, size_t i)
{
	uint32_t len = (uint32_t)(p->bytes.len - p->offset[i] - sizeof(len));

	memcpy(p->bytes.p + p->offset[i], &len, sizeof(len));
}

struct str
packed_text(const struct packed *p, size_t i)
{
	const char *from = p->bytes.p + p->offset[i];
	uint32_t len;

	memcpy(&len, from, sizeof(len));
	return (struct str){ from + sizeof(len), len };
}

void
packed_fini(struct packed *p)
{
	buf_fini(&p->bytes);
	free(p->offset);
	*p = (struct packed){ 0 };
}
