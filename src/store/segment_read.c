/*
 * segment_read: pieces in, columns out.
 *
 * Each column is read when first asked for and kept until segment_free: first
 * the piece that says how it is encoded, then what is needed of the others.
 * Blocks of texts are left to those who read rows (segment_value.c).
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/reader.h"

struct segment *
segment_new(const struct segment_meta *meta, struct piece_source source)
{
	struct segment *s = mem_zero(1, sizeof(*s));

	s->meta = *meta;
	s->source = source;
	s->codec = codec_new();
	return s;
}

/* Forgets what was decoded of a column; its filters stay. */
static void
unload(struct loaded_column *col)
{
	free(col->time);
	free(col->code);
	dictionary_column_fini(&col->dictionary);
	uuid_column_fini(&col->uuid);
	text_column_fini(&col->text);
	free(col->texts);
	free(col->made);
	buf_fini(&col->first);
	buf_fini(&col->codes);
	buf_fini(&col->picked);
	buf_fini(&col->list);
	col->time = NULL;
	col->code = NULL;
	col->texts = NULL;
	col->made = NULL;
	col->opened = col->loaded = col->codes_read = false;
}

void
segment_free(struct segment *s)
{
	if (s == NULL)
		return;
	for (int f = 0; f < FIELD_COUNT; f++) {
		struct loaded_column *col = s->column[f];
		if (col == NULL)
			continue;
		unload(col);
		for (int i = 0; i < CACHE_BLOCKS; i++)
			free(col->cache[i].bytes);
		buf_fini(&col->members);
		buf_fini(&col->trigrams);
		free(col);
	}
	for (int i = 0; i < WHOLE_ANSWERS; i++)
		buf_fini(&s->answer[i].text);
	buf_fini(&s->whole);
	codec_free(s->codec);
	free(s);
}

const struct segment_meta *
segment_meta(const struct segment *s)
{
	return &s->meta;
}

size_t
segment_memory(const struct segment *s)
{
	size_t total = sizeof(*s) + s->whole.cap;

	for (int f = 0; f < FIELD_COUNT; f++) {
		const struct loaded_column *col = s->column[f];
		if (col == NULL)
			continue;
		total += sizeof(*col) + col->first.cap + col->codes.cap + col->members.cap +
		    col->trigrams.cap + col->picked.cap + col->list.cap;
		total += col->dictionary.memory + col->uuid.memory + col->text.memory;
		total += col->texts ? col->text.start[s->meta.count] + col->text.n * sizeof(*col->made) : 0;
		total += col->time ? s->meta.count * sizeof(*col->time) : 0;
		total += col->code ? (size_t)s->meta.count * col->view.code_width : 0;
		for (int i = 0; i < CACHE_BLOCKS; i++)
			total += col->cache[i].cap;
	}
	return total;
}

int
reader_piece(const struct segment *s, unsigned field, unsigned part, struct buf *b, struct err *e)
{
	buf_reset(b);
	int rc = s->source.get(s->source.arg, field, part, b, e);
	if (rc < 0)
		return -1;
	buf_reserve(b, BITS_PADDING);
	memset(b->p + b->len, 0, BITS_PADDING);
	return rc;
}

struct loaded_column *
reader_column(struct segment *s, enum field f)
{
	if (s->column[f] == NULL)
		s->column[f] = mem_zero(1, sizeof(**s->column));
	return s->column[f];
}

/* ---- loading ---- */

int
reader_codes(struct segment *s, enum field f, struct loaded_column *col, struct err *e)
{
	int rc;

	if (col->codes_read)
		return 0;
	if ((rc = reader_piece(s, (unsigned)f, PART_CODES, &col->codes, e)) == 0)
		return column_wrong(e, f, "a piece is missing");
	col->codes_read = rc > 0;
	return rc < 0 ? -1 : 0;
}

static void
drop_codes(struct loaded_column *col)
{
	buf_fini(&col->codes);
	col->codes_read = false;
}

static int
load_time(struct segment *s, enum field f, struct loaded_column *col, struct err *e)
{
	const struct segment_meta *m = &s->meta;
	bool event_time = f == FIELD_TIME;
	int64_t range[2];

	if (reader_codes(s, f, col, e) < 0)
		return -1;
	col->time = mem_alloc(m->count * sizeof(*col->time));
	if (time_decode(f, buf_view(&col->codes), m->count, col->time, range, e) < 0)
		return -1;
	drop_codes(col);
	if (range[0] != (event_time ? m->min_time : m->min_ingested) ||
	    range[1] != (event_time ? m->max_time : m->max_ingested))
		return column_wrong(e, f, "times do not agree with the segment's range");
	col->view = (struct column){ .kind = COLUMN_TIME, .time = col->time };
	return 0;
}

/*
 * Each value is in a line of the segment, so that all columns together have no
 * more bytes than one may have; a few bytes of zstd can say that they are far
 * more.  UUIDs are not counted: they take about what their pieces do.
 */
static int
count_values(struct segment *s, enum field f, size_t bytes, struct err *e)
{
	if (bytes > COLUMN_VALUES_MAX - s->values)
		return column_wrong(e, f, "with it, the segment has more values than a segment can have");
	s->values += bytes;
	return 0;
}

static int
load_dictionary(struct segment *s, enum field f, struct loaded_column *col, struct err *e)
{
	if (dictionary_decode(f, buf_view(&col->first), s->meta.count, s->codec, &col->dictionary, e) < 0)
		return -1;
	const struct str *last = &col->dictionary.values[col->dictionary.n];
	if (count_values(s, f, (size_t)(last->p + last->len - col->dictionary.bytes), e) < 0)
		return -1;
	buf_fini(&col->first);
	col->view = (struct column){ .kind = COLUMN_CODES, .n_values = col->dictionary.n,
		.values = col->dictionary.values, .counts = col->dictionary.counts };
	return 0;
}

void
segment_keep(struct segment *s, size_t most)
{
	s->keep = most;
}

static void
keep_texts(struct segment *s, struct loaded_column *col)
{
	size_t all = col->text.start[s->meta.count];

	if (all == 0 || all > s->keep)
		return;
	s->keep -= all;
	col->texts = mem_alloc(all);
	col->made = mem_zero(col->text.n, sizeof(*col->made));
}

static int
load_values(struct segment *s, enum field f, struct loaded_column *col, struct err *e)
{
	if (reader_codes(s, f, col, e) < 0)
		return -1;
	col->view = (struct column){ .kind = COLUMN_VALUES };
	if (col->encoding == ENCODING_UUID)
		return uuid_decode(f, buf_view(&col->first), buf_view(&col->codes), s->meta.count,
		    &col->uuid, e);
	if (text_decode(f, buf_view(&col->first), buf_view(&col->codes), s->meta.count,
	    &col->text, e) < 0)
		return -1;
	if (count_values(s, f, col->text.start[s->meta.count], e) < 0)
		return -1;
	buf_fini(&col->first);
	drop_codes(col);
	keep_texts(s, col);
	return 0;
}

/* Its encoding, by the first piece. */
static int
open_column(struct segment *s, enum field f, struct loaded_column *col, struct err *e)
{
	int rc;

	if (s->meta.count == 0 || s->meta.count > SEGMENT_EVENTS_MAX)
		return column_wrong(e, f, "a segment cannot have so many rows");
	if (field_table[f].type == FIELD_TIMESTAMP) {
		col->encoding = ENCODING_TIME;
		return 0;
	}
	if ((rc = reader_piece(s, (unsigned)f, PART_DICTIONARY, &col->first, e)) < 0)
		return -1;
	if (rc == 0 || col->first.len == 0)
		return column_wrong(e, f, "a piece is missing");
	col->encoding = (enum encoding)(uint8_t)col->first.p[0];
	if (col->encoding < ENCODING_DICTIONARY || col->encoding > ENCODING_TEXT)
		return column_wrong(e, f, "an unknown encoding");
	if (col->encoding == ENCODING_DICTIONARY)
		return dictionary_open(f, buf_view(&col->first), s->meta.count, &col->head, e);
	return 0;
}

struct loaded_column *
reader_open(struct segment *s, enum field f, struct err *e)
{
	struct loaded_column *col = reader_column(s, f);

	if (col->opened)
		return col;
	if (open_column(s, f, col, e) < 0) {
		unload(col);
		return NULL;
	}
	col->opened = true;
	return col;
}

static int
load_column(struct segment *s, enum field f, struct loaded_column *col, struct err *e)
{
	switch (col->encoding) {
	case ENCODING_TIME:
		return load_time(s, f, col, e);
	case ENCODING_DICTIONARY:
		return load_dictionary(s, f, col, e);
	default:
		return load_values(s, f, col, e);
	}
}

struct loaded_column *
reader_load(struct segment *s, enum field f, struct err *e)
{
	struct loaded_column *col = reader_open(s, f, e);

	if (col == NULL || col->loaded)
		return col;
	if (load_column(s, f, col, e) < 0) {
		unload(col);
		return NULL;
	}
	col->loaded = true;
	return col;
}

/* The first piece, and the codes if there are such. */
static int
fetch_column(struct segment *s, enum field f, bool codes, struct err *e)
{
	struct loaded_column *col = reader_open(s, f, e);

	if (col == NULL)
		return -1;
	if (col->encoding == ENCODING_DICTIONARY)
		codes = codes && col->head.width > 0 && col->view.codes == NULL;
	else
		codes = !col->loaded;
	return codes ? reader_codes(s, f, col, e) : 0;
}

int
segment_fetch(struct segment *s, field_set columns, field_set codes, struct err *e)
{
	int rc = 0;

	if (s->source.begin != NULL)
		s->source.begin(s->source.arg);
	columns &= s->meta.fields & FIELD_ALL;
	for (field_set left = columns; left != 0 && rc == 0; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);

		rc = fetch_column(s, f, (codes & FIELD_BIT(f)) != 0, e);
	}
	if (s->source.end != NULL)
		s->source.end(s->source.arg);
	return rc;
}

static enum column_kind
kind_of(enum encoding encoding)
{
	switch (encoding) {
	case ENCODING_TIME:
		return COLUMN_TIME;
	case ENCODING_DICTIONARY:
		return COLUMN_CODES;
	default:
		return COLUMN_VALUES;
	}
}

int
segment_kind(struct segment *s, enum field f, enum column_kind *kind, struct err *e)
{
	struct loaded_column *col;

	*kind = COLUMN_ABSENT;
	if (!(s->meta.fields >> f & 1))
		return 0;
	if ((col = reader_open(s, f, e)) == NULL)
		return -1;
	*kind = kind_of(col->encoding);
	return 0;
}

const struct column *
segment_column(struct segment *s, enum field f, struct err *e)
{
	static const struct column absent = { .kind = COLUMN_ABSENT };

	if (!(s->meta.fields >> f & 1))
		return &absent;
	struct loaded_column *col = reader_load(s, f, e);
	return col ? &col->view : NULL;
}

static int
load_codes(struct segment *s, enum field f, struct loaded_column *col, struct err *e)
{
	if (col->view.codes)
		return 0;
	if (!col->codes_read && reader_piece(s, (unsigned)f, PART_CODES, &col->codes, e) < 0)
		return -1;
	int rc = dictionary_decode_codes(f, buf_view(&col->codes), s->meta.count, s->codec,
	    &col->dictionary, &col->code, &col->view.code_width, e);
	drop_codes(col);
	col->view.codes = col->code;
	return rc;
}

const struct column *
segment_codes(struct segment *s, enum field f, struct err *e)
{
	const struct column *view = segment_column(s, f, e);

	if (view == NULL)
		return NULL;
	if (view->kind != COLUMN_CODES) {
		err_set(e, ERR_FAIL, "column %s: has no codes", field_table[f].key);
		return NULL;
	}
	return load_codes(s, f, s->column[f], e) < 0 ? NULL : view;
}
