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
 *   UUIDs                  16 bytes for each of their own that is no exception
 *
 * A request writes several events, often next to each other: the distances
 * save their repeated ids.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/column.h"

enum { BACK_MAX = 8, DASHES = 4 };

static const uint8_t dash[DASHES] = { 8, 13, 18, 23 };

/* A lower-case digit's value, or 0xff. */
static uint8_t
digit(char c)
{
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (uint8_t)(c - 'a' + 10);
	return 0xff;
}

bool
uuid_parse(const char *p, size_t len, uint8_t out[UUID_LEN])
{
	unsigned wrong = 0;

	if (len != UUID_TEXT_LEN)
		return false;
	for (int i = 0; i < DASHES; i++)
		if (p[dash[i]] != '-')
			return false;
	for (int i = 0; i < UUID_LEN; i++) {
		p += *p == '-';
		uint8_t high = digit(p[0]), low = digit(p[1]);
		wrong |= high | low;
		out[i] = (uint8_t)(high << 4 | (low & 0xf));
		p += 2;
	}
	return (wrong & 0x80) == 0;
}

static void
uuid_format(const uint8_t *uuid, char text[UUID_TEXT_LEN])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < UUID_LEN; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*text++ = '-';
		*text++ = digits[uuid[i] >> 4];
		*text++ = digits[uuid[i] & 0xf];
	}
}

bool
uuid_suits(const struct values *v)
{
	uint32_t step = v->count / 256 + 1, seen = 0, good = 0;
	uint8_t uuid[UUID_LEN];

	for (uint32_t row = 0; row < v->count; row += step) {
		struct str s = values_get(v, row);
		if (s.p == NULL)
			continue;
		seen++;
		good += uuid_parse(s.p, s.len, uuid);
	}
	return seen > 0 && good >= seen - seen / 16;
}

/* What was gathered for the rows in order. */
struct gathered {
	uint8_t *uuid;     /* of each present row */
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
		const uint8_t *uuid = g->uuid + (size_t)i * UUID_LEN;
		g->distance[i] = 0;
		if (g->strange[i])
			continue;
		uint32_t slot = (uint32_t)((bits_load(uuid) ^ bits_load(uuid + 8)) *
		    UINT64_C(0x9e3779b97f4a7c15) >> 40) & (slots - 1);
		uint32_t before = last[slot];
		if (before != UINT32_MAX && i - before <= UINT8_MAX &&
		    memcmp(uuid, g->uuid + (size_t)before * UUID_LEN, UUID_LEN) == 0)
			g->distance[i] = (uint8_t)(i - before);
		last[slot] = i;
	}
}

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
		g->strange[g->present] = !uuid_parse(s.p, s.len, g->uuid + (size_t)g->present * UUID_LEN);
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

void
uuid_encode(struct buf *dictionary, struct buf *codes, const struct values *v, struct scratch *s)
{
	uint32_t slots = 1;

	while (slots < v->present)
		slots *= 2;
	uint32_t *last = scratch_table(s, slots * sizeof(*last) + (size_t)v->present * (UUID_LEN + 2));
	struct gathered g = { .uuid = (uint8_t *)(last + slots) };
	g.strange = g.uuid + (size_t)v->present * UUID_LEN;
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
	buf_reserve(codes, bits_bytes(g.present, width) + BITS_PADDING + (size_t)g.present * UUID_LEN);
	struct bits_writer w = { .p = (uint8_t *)codes->p + codes->len };
	for (uint32_t i = 0; i < g.present; i++) {
		if (bits_width(g.distance[i]) > width)
			g.distance[i] = 0;
		bits_put(&w, g.distance[i], width);
	}
	codes->len += bits_bytes(g.present, width);
	for (uint32_t i = 0; i < g.present; i++)
		if (!g.distance[i] && !g.strange[i])
			buf_add(codes, g.uuid + (size_t)i * UUID_LEN, UUID_LEN);
}

/* ---- decoding ---- */

static bool
read_exceptions(struct cursor *c, struct uuid_column *u, uint32_t *row, uint32_t count)
{
	uint64_t next = 0;

	for (uint32_t i = 0; i < u->exceptions; i++) {
		uint64_t gap, len;
		if (!cursor_number(c, count, &gap) || next + gap >= count ||
		    !cursor_number(c, SEGMENT_VALUE_MAX, &len))
			return false;
		const uint8_t *p = cursor_bytes(c, (size_t)len);
		if (p == NULL)
			return false;
		row[i] = (uint32_t)(next + gap);
		next += gap + 1;
		u->exception[i] = (struct str){ (const char *)p, (size_t)len };
	}
	return cursor_left(c) == 0;
}

/* What each row has, from presence, distances and exceptions. */
static bool
make_index(struct uuid_column *u, uint32_t count, const uint8_t *presence, const uint8_t *packed,
    unsigned width, const uint32_t *exception_row, uint32_t present, size_t uuids)
{
	uint32_t *by_present = mem_alloc((size_t)present * sizeof(*by_present));
	uint32_t i = 0, exception = 0, own = 0;
	bool good = true;

	for (uint32_t row = 0; good && row < count; row++) {
		u->index[row] = 0;
		bool here = exception < u->exceptions && exception_row[exception] == row;
		if (presence && !bit_test(presence, row)) {
			good = !here;
			continue;
		}
		if (i == present) {
			good = false;
			break;
		}
		uint32_t back = (uint32_t)bits_get(packed, i, width);
		if (here) {
			good = back == 0;
			by_present[i] = 1 + u->n + exception++;
		} else if (back) {
			good = back <= i;
			by_present[i] = good ? by_present[i - back] : 0;
		} else {
			good = own < uuids;
			by_present[i] = 1 + own++;
		}
		u->index[row] = by_present[i++];
	}
	free(by_present);
	return good && i == present && own == uuids && exception == u->exceptions;
}

static const char *
decode_rows(struct uuid_column *u, struct str codes, uint32_t count, uint32_t absent,
    const uint32_t *exception_row)
{
	struct cursor c = { (const uint8_t *)codes.p, (const uint8_t *)codes.p + codes.len };
	const uint8_t *presence = NULL, *packed;
	uint32_t present = count - absent;
	uint8_t width;

	if (absent && (presence = cursor_bytes(&c, bits_bytes(count, 1))) == NULL)
		return "UUIDs end early";
	if (!cursor_byte(&c, &width) || width > BACK_MAX ||
	    (packed = cursor_bytes(&c, bits_bytes(present, width))) == NULL ||
	    cursor_left(&c) % UUID_LEN != 0 || cursor_left(&c) / UUID_LEN > present)
		return "UUIDs end early";
	u->n = (uint32_t)(cursor_left(&c) / UUID_LEN);
	u->uuid = c.p;
	if (absent == 0 && u->exceptions == 0 && u->n == count && width == 0)
		return NULL;
	u->index = mem_alloc((size_t)count * sizeof(*u->index));
	u->memory += count * sizeof(*u->index);
	if (!make_index(u, count, presence, packed, width, exception_row, present, u->n))
		return "UUIDs do not fit the rows";
	return NULL;
}

int
uuid_decode(enum field f, struct str dictionary, struct str codes, uint32_t count,
    struct uuid_column *u, struct err *e)
{
	struct cursor c = { (const uint8_t *)dictionary.p, (const uint8_t *)dictionary.p + dictionary.len };
	uint8_t encoding;
	uint64_t absent, exceptions;
	const char *wrong = "exceptions among UUIDs cannot be read";

	*u = (struct uuid_column){ 0 };
	if (!cursor_byte(&c, &encoding) || encoding != ENCODING_UUID ||
	    !cursor_number(&c, count - 1, &absent) || !cursor_number(&c, count - absent, &exceptions))
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
	if (at > u->n)
		return u->exception[at - u->n - 1];
	uuid_format(u->uuid + (size_t)(at - 1) * UUID_LEN, text);
	return (struct str){ text, UUID_TEXT_LEN };
}

void
uuid_column_fini(struct uuid_column *u)
{
	free(u->index);
	free(u->exception);
	*u = (struct uuid_column){ 0 };
}
