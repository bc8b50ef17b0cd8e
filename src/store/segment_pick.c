/*
 * segment_pick: a row of which there are few, without decoding its columns.
 *
 * What the row needs of all columns is taken from the source in one go, and
 * made into values afterwards.  A column that was decoded before is used as it
 * is; one of which no row can be had alone is decoded after all.
 *
 * In: a row.   Out: its event.
 */
#include "base/mem.h"
#include "store/reader.h"

/* ---- taking bytes: nothing slow, others wait ---- */

struct viewed {
	struct segment *s;
	enum field f;
};

static int
read_codes(void *arg, size_t from, size_t n, struct buf *out, size_t *length, struct err *e)
{
	const struct viewed *v = arg;
	const struct piece_source *source = &v->s->source;

	buf_reset(out);
	int rc = source->part(source->arg, (unsigned)v->f, PART_CODES, (struct piece_range){ from, n }, out, length, e);
	if (rc < 0)
		return -1;
	if (rc == 0 || out->len > n)
		return column_wrong(e, v->f, "a piece is missing");
	buf_reserve(out, n + BITS_PADDING);
	memset(out->p + out->len, 0, n - out->len + BITS_PADDING);
	return 0;
}

static int
take_code(struct segment *s, enum field f, struct loaded_column *col, uint32_t row, struct err *e)
{
	struct viewed viewed = { s, f };
	struct piece_view codes = { read_codes, &viewed, &col->picked };
	int rc = dictionary_pick_code(f, &col->head, &codes, s->meta.count, row, &col->picked_code, e);

	if (rc > 0)
		col->pick = PICK_CODE;
	return rc < 0 ? -1 : 0;
}

static int
take_uuid(struct segment *s, enum field f, struct loaded_column *col, uint32_t row, struct err *e)
{
	struct viewed viewed = { s, f };
	struct piece_view codes = { read_codes, &viewed, &col->picked };
	int rc = uuid_pick(f, buf_view(&col->first), &codes, s->meta.count, row, col->uuid_text[BY_EVENT],
	    &col->picked_value, e);

	if (rc > 0)
		col->pick = PICK_VALUE;
	return rc < 0 ? -1 : 0;
}

static int
take_text(struct segment *s, enum field f, struct loaded_column *col, uint32_t row, struct err *e)
{
	struct text_place *place = &col->picked_text;

	if (reader_codes(s, f, col, e) < 0 ||
	    text_pick(f, buf_view(&col->first), buf_view(&col->codes), s->meta.count, row, place, e) < 0)
		return -1;
	col->pick = PICK_TEXT;
	if (place->absent || reader_slot(col, place->block, BY_EVENT, &col->picked_slot))
		return 0;
	return reader_block(s, f, place->block, &col->picked, e);
}

static int
take(struct segment *s, enum field f, uint32_t row, struct err *e)
{
	struct loaded_column *col = reader_open(s, f, e);

	if (col == NULL)
		return -1;
	col->pick = PICK_WHOLE;
	if (col->encoding == ENCODING_DICTIONARY)
		return col->view.codes != NULL ? 0 : take_code(s, f, col, row, e);
	if (col->loaded)
		return 0;
	switch (col->encoding) {
	case ENCODING_TIME:
		col->pick = PICK_TIME;
		return reader_codes(s, f, col, e);
	case ENCODING_UUID:
		return take_uuid(s, f, col, row, e);
	default:
		return take_text(s, f, col, row, e);
	}
}

/* ---- making values ---- */

static int
give_time(struct segment *s, enum field f, struct loaded_column *col, uint32_t row, struct event *out, struct err *e)
{
	int64_t time;

	if (time_pick(f, buf_view(&col->codes), s->meta.count, row, &time, e) < 0)
		return -1;
	if (time != TIME_NONE)
		event_set_time(out, f, time);
	return 0;
}

static int
give_code(struct segment *s, enum field f, struct loaded_column *col, struct event *out, struct err *e)
{
	uint32_t code = col->picked_code;

	if (code == 0)
		return 0;
	if (!col->loaded && dictionary_pick(f, &col->head, s->codec, &col->list, code, &col->picked, e) < 0)
		return -1;
	event_set(out, f, col->loaded ? col->dictionary.values[code] : buf_view(&col->picked));
	return 0;
}

static int
give_text(struct segment *s, enum field f, struct loaded_column *col, struct event *out, struct err *e)
{
	const struct text_place *place = &col->picked_text;
	struct cached_block *slot = col->picked_slot;

	if (place->absent)
		return 0;
	if (!slot->valid || slot->block != place->block) {
		int rc = reader_fill(s->codec, f, slot, place->block, place->raw, &col->picked, e);
		buf_fini(&col->picked);
		if (rc < 0)
			return -1;
	}
	reader_hold(col, slot, BY_EVENT);
	event_set(out, f, (struct str){ slot->bytes + place->off, place->len });
	return 0;
}

static int
give(struct segment *s, enum field f, uint32_t row, struct event *out, struct err *e)
{
	struct loaded_column *col = s->column[f];

	switch (col->pick) {
	case PICK_TIME:
		return give_time(s, f, col, row, out, e);
	case PICK_CODE:
		return give_code(s, f, col, out, e);
	case PICK_VALUE:
		if (col->picked_value.p != NULL)
			event_set(out, f, col->picked_value);
		return 0;
	case PICK_TEXT:
		return give_text(s, f, col, out, e);
	default:
		return reader_value(s, f, row, out, e);
	}
}

int
reader_pick(struct segment *s, uint32_t row, field_set want, struct event *out, struct err *e)
{
	int rc = 0;

	s->source.begin(s->source.arg);
	for (field_set left = want; left != 0 && rc == 0; left &= left - 1)
		rc = take(s, (enum field)__builtin_ctzll(left), row, e);
	s->source.end(s->source.arg);
	for (field_set left = want; left != 0 && rc == 0; left &= left - 1)
		rc = give(s, (enum field)__builtin_ctzll(left), row, out, e);
	return rc;
}
