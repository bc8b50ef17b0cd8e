/*
 * column_uuid: 16 bytes a row for columns of lower-case UUIDs.
 *
 * dictionary piece
 *   3                      encoding
 *   absent, exceptions     varints: rows without a value; values that are no UUID
 *   exceptions             row less the row of the exception before, less 1 (the
 *                          first: row), length (varints), bytes
 * codes piece
 *   presence               if absent is not 0: a bit a row, 1 present
 *   back                   width of the next, one byte, 0 to 8
 *   distances              packed, one a present row: 0 a value of its own, d the
 *                          value of d present rows before
 *   differing, common      16 bytes each: the bits that are not the same in all
 *                          UUIDs, and the others' values
 *   UUIDs                  for each row with a value of its own that is no
 *                          exception: the differing bits of the first 8 bytes,
 *                          then of the last 8, packed
 *
 * UUIDs are big-endian numbers here.  A request writes several events, often
 * next to each other: the distances save their repeated ids.  The version,
 * and in version 7 the front of the time, are common to all.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/column.h"

enum { BACK_MAX = 8 };

bool
uuid_suits(const struct values *v)
{
	uint32_t step = v->count / 256 + 1, seen = 0, good = 0;
	uint64_t uuid[2];

	for (uint32_t row = 0; row < v->count; row += step) {
		struct str s = values_get(v, row);
		if (s.p == NULL)
			continue;
		seen++;
		good += uuid_parse(s.p, s.len, uuid);
	}
	return seen > 0 && good >= seen - seen / 16;
}

/* What was gathered for the present rows in order. */
struct gathered {
	uint64_t (*uuid)[2];
	uint8_t *strange;  /* 1: no UUID, an exception */
	uint8_t *distance; /* to a row with the same UUID, 0 none within 255 */
	uint32_t present, exceptions;
};

/* Distances to the last row with the same UUID, by a table of last rows. */
static void
find_distances(struct gathered *g, uint32_t *last, uint32_t slots)
{
	memset(last, 0xff, slots * sizeof(*last));
	for (uint32_t i = 0; i < g->present; i++) {
		const uint64_t *uuid = g->uuid[i];
		g->distance[i] = 0;
		if (g->strange[i])
			continue;
		uint32_t slot = (uint32_t)((uuid[0] ^ uuid[1]) * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (slots - 1);
		uint32_t before = last[slot];
		if (before != UINT32_MAX && i - before <= UINT8_MAX &&
		    g->uuid[before][0] == uuid[0] && g->uuid[before][1] == uuid[1])
			g->distance[i] = (uint8_t)(i - before);
		last[slot] = i;
	}
}

/* ---- UUIDs without their common bits ---- */

/* False: a bit is said to differ and to be common. */
static bool
halves_init(struct uuid_half half[2], const uint8_t *head)
{
	uint64_t both = 0;

	for (int k = 0; k < 2; k++) {
		uint64_t differing = get_be64(head + 8 * k), common = get_be64(head + UUID_LEN + 8 * k);

		uuid_half_init(&half[k], differing, common);
		both |= differing & common;
	}
	return both == 0;
}

/* The UUID at a bit of the packed ones. */
static void
unpack_uuid(const struct uuid_half half[2], const uint8_t *packed, size_t bit, char *text)
{
	uint64_t high = uuid_half_get(packed, bit, half[0].width);
	uint64_t low = uuid_half_get(packed, bit + half[0].width, half[1].width);

	uuid_format(uuid_half_unpack(&half[0], high), uuid_half_unpack(&half[1], low), text);
}

/* ---- encoding ---- */

/* The width of distances that costs least. */
static unsigned
choose_back(const struct gathered *g)
{
	uint32_t by_width[BACK_MAX + 1] = { 0 };
	uint64_t best = UINT64_MAX, saved = 0;
	unsigned width = 0;

	for (uint32_t i = 0; i < g->present; i++)
		if (g->distance[i])
			by_width[bits_width(g->distance[i])]++;
	for (unsigned w = 0; w <= BACK_MAX; w++) {
		saved += (uint64_t)by_width[w] * UUID_LEN * 8;
		uint64_t cost = (uint64_t)g->present * (w + UUID_LEN * 8) - saved;
		if (cost < best) {
			best = cost;
			width = w;
		}
	}
	return width;
}

static void
gather(struct gathered *g, const struct values *v, struct buf *exceptions, struct buf *presence)
{
	uint32_t next = 0;

	if (v->present < v->count) {
		size_t len = bits_bytes(v->count, 1);
		buf_reserve(presence, len);
		memset(presence->p + presence->len, 0, len);
	}
	for (uint32_t row = 0; row < v->count; row++) {
		struct str s = values_get(v, row);
		if (s.p == NULL)
			continue;
		if (v->present < v->count) {
			char *at = &presence->p[presence->len + row / 8];
			*at = (char)(*at | 1 << row % 8);
		}
		g->strange[g->present] = !uuid_parse(s.p, s.len, g->uuid[g->present]);
		if (g->strange[g->present]) {
			g->exceptions++;
			buf_varint(exceptions, row - next);
			buf_varint(exceptions, s.len);
			buf_str(exceptions, s);
			next = row + 1;
		}
		g->present++;
	}
	if (v->present < v->count)
		presence->len += bits_bytes(v->count, 1);
}

/* The UUIDs of rows with one of their own, less what all have in common. */
static void
pack_uuids(struct buf *out, const struct gathered *g)
{
	uint64_t all[2] = { UINT64_MAX, UINT64_MAX }, any[2] = { 0, 0 };
	struct uuid_half half[2];
	uint8_t head[2 * UUID_LEN];
	size_t n = 0;

	for (uint32_t i = 0; i < g->present; i++) {
		if (g->distance[i] || g->strange[i])
			continue;
		for (int k = 0; k < 2; k++) {
			all[k] &= g->uuid[i][k];
			any[k] |= g->uuid[i][k];
		}
		n++;
	}
	for (int k = 0; k < 2; k++) {
		uint64_t differing = n ? all[k] ^ any[k] : 0;
		put_be64(head + 8 * k, differing);
		put_be64(head + UUID_LEN + 8 * k, any[k] & ~differing);
		uuid_half_init(&half[k], differing, any[k] & ~differing);
	}
	buf_add(out, head, sizeof(head));

	size_t len = bits_bytes(n, half[0].width + half[1].width);
	buf_reserve(out, len + BITS_PADDING);
	struct bits_writer w = { .p = (uint8_t *)out->p + out->len };
	for (uint32_t i = 0; i < g->present; i++) {
		if (g->distance[i] || g->strange[i])
			continue;
		for (int k = 0; k < 2; k++)
			uuid_half_put(&w, uuid_half_pack(&half[k], g->uuid[i][k]), half[k].width);
	}
	out->len += len;
}

void
uuid_encode(struct buf *dictionary, struct buf *codes, const struct values *v, struct scratch *s)
{
	uint32_t slots = 1;

	while (slots < v->present)
		slots *= 2;
	struct gathered g = { .uuid = scratch_table(s, slots * sizeof(uint32_t) +
	    (size_t)v->present * (sizeof(*g.uuid) + 2)) };
	uint32_t *last = (uint32_t *)(g.uuid + v->present);
	g.strange = (uint8_t *)(last + slots);
	g.distance = g.strange + v->present;

	buf_reset(&s->raw);
	gather(&g, v, &s->raw, codes);
	buf_byte(dictionary, ENCODING_UUID);
	buf_varint(dictionary, v->count - v->present);
	buf_varint(dictionary, g.exceptions);
	buf_str(dictionary, buf_view(&s->raw));

	find_distances(&g, last, slots);
	unsigned width = choose_back(&g);
	buf_byte(codes, (char)width);
	buf_reserve(codes, bits_bytes(g.present, width) + BITS_PADDING);
	struct bits_writer w = { .p = (uint8_t *)codes->p + codes->len };
	for (uint32_t i = 0; i < g.present; i++) {
		if (bits_width(g.distance[i]) > width)
			g.distance[i] = 0;
		bits_put(&w, g.distance[i], width);
	}
	codes->len += bits_bytes(g.present, width);
	pack_uuids(codes, &g);
}

/* ---- decoding ---- */

static bool
read_exceptions(struct cursor *c, struct uuid_column *u, uint32_t *row, uint32_t count)
{
	uint64_t next = 0, uuid[2];

	for (uint32_t i = 0; i < u->exceptions; i++) {
		uint64_t gap, len;
		if (!cursor_number(c, count, &gap) || next + gap >= count ||
		    !cursor_number(c, SEGMENT_VALUE_MAX, &len))
			return false;
		const uint8_t *p = cursor_bytes(c, (size_t)len);
		if (p == NULL || uuid_parse((const char *)p, (size_t)len, uuid))
			return false;
		row[i] = (uint32_t)(next + gap);
		next += gap + 1;
		u->exception[i] = (struct str){ (const char *)p, (size_t)len };
	}
	return cursor_left(c) == 0;
}

/* All rows present, no exceptions: by distances alone. */
static bool
index_distances(struct uuid_column *u, const uint8_t *back, uint32_t count)
{
	uint32_t own = 0;
	bool good = true;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t distance = back[i];
		good &= distance <= i;
		if (!good)
			break;
		own += distance == 0;
		u->index[i] = distance ? u->index[i - distance] : own;
	}
	u->n = own;
	return good;
}

/* What each row has, from presence, distances and exceptions; counts the
 * UUIDs on the way. */
static bool
make_index(struct uuid_column *u, uint32_t count, const uint8_t *presence, const uint8_t *back,
    uint32_t present, const uint32_t *exception_row, uint32_t *by_present)
{
	uint32_t i = 0, exception = 0, own = 0;

	for (uint32_t row = 0; row < count; row++) {
		bool here = exception < u->exceptions && exception_row[exception] == row;
		u->index[row] = 0;
		if (presence && !bit_test(presence, row)) {
			if (here)
				return false;
			continue;
		}
		if (i == present || back[i] > i || (here && back[i]))
			return false;
		if (here)
			by_present[i] = UUID_EXCEPTION | exception++;
		else
			by_present[i] = back[i] ? by_present[i - back[i]] : ++own;
		u->index[row] = by_present[i++];
	}
	u->n = own;
	return i == present && exception == u->exceptions;
}

static bool
decode_index(struct uuid_column *u, uint32_t count, const uint8_t *presence, const uint8_t *packed,
    unsigned width, uint32_t present, const uint32_t *exception_row)
{
	uint8_t *back = mem_alloc(present);
	bool good;

	bits_unpack8(back, packed, present, width, 0);
	u->index = mem_alloc((size_t)count * sizeof(*u->index));
	u->memory += count * sizeof(*u->index);
	if (presence || u->exceptions) {
		uint32_t *by_present = mem_alloc((size_t)present * sizeof(*by_present));
		good = make_index(u, count, presence, back, present, exception_row, by_present);
		free(by_present);
	} else {
		good = index_distances(u, back, count);
	}
	free(back);
	return good;
}

static const char *
decode_rows(struct uuid_column *u, struct str codes, uint32_t count, uint32_t absent,
    const uint32_t *exception_row)
{
	struct cursor c = { (const uint8_t *)codes.p, (const uint8_t *)codes.p + codes.len };
	const uint8_t *presence = NULL, *packed, *head;
	uint32_t present = count - absent;
	uint8_t width;

	if (absent && ((presence = cursor_bytes(&c, bits_bytes(count, 1))) == NULL || !bits_clean(presence, count, 1)))
		return "UUIDs end early";
	if (!cursor_byte(&c, &width) || width > BACK_MAX ||
	    (packed = cursor_bytes(&c, bits_bytes(present, width))) == NULL || !bits_clean(packed, present, width) ||
	    (head = cursor_bytes(&c, 2 * UUID_LEN)) == NULL)
		return "UUIDs end early";
	u->n = count;
	if ((absent || u->exceptions || width) &&
	    !decode_index(u, count, presence, packed, width, present, exception_row))
		return "UUIDs do not fit the rows";
	if (!halves_init(u->half, head))
		return "bits of UUIDs both differ and are common";
	unsigned each = u->half[0].width + u->half[1].width;
	if (cursor_left(&c) != bits_bytes(u->n, each) || !bits_clean(c.p, u->n, each))
		return "UUIDs do not fit the rows";
	u->packed = c.p;
	return NULL;
}

/* Up to the exceptions. */
static bool
open_uuids(struct cursor *c, uint32_t count, uint64_t *absent, uint64_t *exceptions)
{
	uint8_t encoding;

	return cursor_byte(c, &encoding) && encoding == ENCODING_UUID && cursor_number(c, count - 1, absent) &&
	    cursor_number(c, count - *absent, exceptions);
}

int
uuid_decode(enum field f, struct str dictionary, struct str codes, uint32_t count,
    struct uuid_column *u, struct err *e)
{
	struct cursor c = { (const uint8_t *)dictionary.p, (const uint8_t *)dictionary.p + dictionary.len };
	uint64_t absent, exceptions;
	const char *wrong = "exceptions among UUIDs cannot be read";

	*u = (struct uuid_column){ 0 };
	if (!open_uuids(&c, count, &absent, &exceptions))
		return column_wrong(e, f, "not a column of UUIDs");
	u->exceptions = (uint32_t)exceptions;
	u->exception = mem_alloc((size_t)exceptions * sizeof(*u->exception));
	u->memory = (size_t)exceptions * sizeof(*u->exception);
	uint32_t *row = mem_alloc((size_t)exceptions * sizeof(*row));
	if (read_exceptions(&c, u, row, count))
		wrong = decode_rows(u, codes, count, (uint32_t)absent, row);
	free(row);
	if (wrong == NULL)
		return 0;
	uuid_column_fini(u);
	return column_wrong(e, f, wrong);
}

struct str
uuid_value(const struct uuid_column *u, uint32_t row, char text[UUID_TEXT_LEN])
{
	uint32_t at = u->index ? u->index[row] : row + 1;

	if (at == 0)
		return (struct str){ NULL, 0 };
	if (at & UUID_EXCEPTION)
		return u->exception[at & ~UUID_EXCEPTION];
	unpack_uuid(u->half, u->packed, (size_t)(at - 1) * (u->half[0].width + u->half[1].width), text);
	return (struct str){ text, UUID_TEXT_LEN };
}

void
uuid_column_fini(struct uuid_column *u)
{
	free(u->index);
	free(u->exception);
	*u = (struct uuid_column){ 0 };
}

/* ---- one row alone ---- */

/* The number of the UUID of present row i, and how many there are. */
static bool
pick_number(const uint8_t *packed, unsigned width, uint32_t present, uint32_t i, uint32_t *number, uint32_t *n)
{
	uint8_t *back = mem_alloc(present);
	uint32_t before = 0, all = 0;
	bool good = true;

	bits_unpack8(back, packed, present, width, 0);
	while (back[i] != 0 && (good = back[i] <= i))
		i -= back[i];
	for (uint32_t k = 0; k < i; k++)
		before += back[k] == 0;
	for (uint32_t k = i; k < present; k++)
		all += back[k] == 0;
	free(back);
	*number = before;
	*n = before + all;
	return good;
}

/* What is in front of the packed UUIDs, read in two steps. */
struct front {
	size_t presence; /* bytes */
	unsigned width;
	size_t distances, head; /* where they begin */
};

static int
read_front(const struct piece_view *codes, uint32_t count, uint32_t absent, struct front *front, size_t *length,
    struct err *e)
{
	struct buf *b = codes->bytes;

	*front = (struct front){ .presence = absent ? bits_bytes(count, 1) : 0 };
	if (codes->read(codes->arg, 0, front->presence + 1, b, length, e) < 0)
		return -1;
	if (b->len <= front->presence || (front->width = (uint8_t)b->p[front->presence]) > BACK_MAX)
		return 0;
	front->distances = front->presence + 1;
	front->head = front->distances + bits_bytes(count - absent, front->width);
	if (codes->read(codes->arg, 0, front->head + 2 * UUID_LEN, b, length, e) < 0)
		return -1;
	return b->len == front->head + 2 * UUID_LEN;
}

/* 1 given, 0 that cannot be, -1. */
static int
pick_row(const struct piece_view *codes, uint32_t count, uint32_t absent, uint32_t row, char text[UUID_TEXT_LEN],
    struct str *out, struct err *e)
{
	const uint8_t *p;
	struct uuid_half half[2];
	struct front front;
	size_t length;
	uint32_t at = row, n = count;
	int rc = read_front(codes, count, absent, &front, &length, e);

	if (rc <= 0)
		return rc;
	p = (const uint8_t *)codes->bytes->p;
	*out = (struct str){ NULL, 0 };
	if (absent != 0 && !bit_test(p, row))
		return 1;
	if (absent != 0)
		at = bits_ones(p, row);
	n = count - absent;
	if (at >= n || (front.width > 0 && !pick_number(p + front.distances, front.width, n, at, &at, &n)))
		return 0;
	if (!halves_init(half, p + front.head))
		return 0;

	size_t first = front.head + 2 * UUID_LEN, bit = (size_t)at * (half[0].width + half[1].width);
	if (at >= n || length != first + bits_bytes(n, half[0].width + half[1].width))
		return 0;
	if (codes->read(codes->arg, first + bit / 8, 2 * UUID_LEN, codes->bytes, &length, e) < 0)
		return -1;
	unpack_uuid(half, (const uint8_t *)codes->bytes->p, bit % 8, text);
	*out = (struct str){ text, UUID_TEXT_LEN };
	return 1;
}

int
uuid_pick(enum field f, struct str dictionary, const struct piece_view *codes, uint32_t count, uint32_t row,
    char text[UUID_TEXT_LEN], struct str *out, struct err *e)
{
	struct cursor c = { (const uint8_t *)dictionary.p, (const uint8_t *)dictionary.p + dictionary.len };
	uint64_t absent, exceptions;
	int rc;

	if (!open_uuids(&c, count, &absent, &exceptions))
		return column_wrong(e, f, "not a column of UUIDs");
	if (exceptions > 0)
		return 0;
	if (cursor_left(&c) > 0)
		return column_wrong(e, f, "exceptions among UUIDs cannot be read");
	rc = pick_row(codes, count, (uint32_t)absent, row, text, out, e);
	return rc != 0 ? rc : column_wrong(e, f, "UUIDs do not fit the rows");
}
