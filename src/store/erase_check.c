/*
 * erase_check: whether anything of a person is left.
 *
 * All that is live is decoded and looked at: of each segment the distinct
 * values of its dictionaries, its blocks of texts and its UUIDs; the tail's
 * lines; the rows of the other tables.  It asks what an erasure would still
 * change, so that what is found is what was left, not what looks like it.
 * Then erase_pages reads the bytes of the file.
 *
 * In: a store, a person.   Out: counts.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/erase_pages.h"
#include "store/erase_parts.h"
#include "store/reader.h"

enum {
	SLOTS = 4,        /* segments at work */
	ROUNDS_MAX = 1000, /* of looking for segments that others made meanwhile */
	UUIDS_A_LOOK = 1024
};

/* ---- one value ---- */

static bool
names_text(const struct subject *s, struct str text)
{
	size_t start, end;

	return text.p != NULL && subject_find(s, text, 0, &start, &end);
}

static bool
names_json(const struct subject *s, struct str json)
{
	struct buf made = { 0 };
	bool found = json.p != NULL && subject_may_occur(s, json) && subject_replace_json(s, json, &made) > 0;

	buf_fini(&made);
	return found;
}

/* ---- a segment ---- */

struct segment_look {
	struct store *st;
	const struct subject *s;
	struct segment_info info;
	uint64_t size; /* as in struct erase_check */
	struct job job;
	bool busy;

	struct stored *stored;
	uint64_t bits[MATCH_WORDS]; /* rows that name the person */
	struct buf bytes;           /* a block, or UUIDs as text */

	bool moved;
	struct err err;
	uint64_t values, found, since;
};

static bool
names_value(const struct segment_look *w, enum field f, struct str value)
{
	return field_table[f].type == FIELD_JSON ? names_json(w->s, value) : names_text(w->s, value);
}

static void
mark(struct segment_look *w, uint32_t row)
{
	bitmap_add(w->bits, row);
}

/* Each distinct value once; rows only when one is hers. */
static int
look_dictionary(struct segment_look *w, enum field f, const struct loaded_column *col)
{
	const struct dictionary_column *d = &col->dictionary;
	const struct column *codes;
	uint8_t *hers = NULL;
	int rc = 0;

	for (uint32_t i = 1; i <= d->n; i++) {
		if (!names_value(w, f, d->values[i]))
			continue;
		if (hers == NULL)
			hers = mem_zero((size_t)d->n + 1, 1);
		hers[i] = 1;
	}
	w->values += d->n;
	if (hers != NULL && (codes = segment_codes(w->stored->columns, f, &w->err)) == NULL)
		rc = -1;
	for (uint32_t row = 0; rc == 0 && hers != NULL && row < w->info.meta.count; row++)
		if (hers[column_code(codes, row)])
			mark(w, row);
	free(hers);
	return rc;
}

static void
look_texts(struct segment_look *w, enum field f, const struct text_column *t, const struct text_block *b)
{
	for (uint32_t row = b->row; row < b->row + b->rows; row++) {
		struct str text = { w->bytes.p + (t->start[row] - b->off), t->start[row + 1] - t->start[row] };

		if (!(t->absent != NULL && bit_test(t->absent, row)) && names_value(w, f, text))
			mark(w, row);
	}
}

/* A block as a whole first: nearly all end there. */
static int
look_blocks(struct segment_look *w, enum field f, const struct loaded_column *col)
{
	const struct text_column *t = &col->text;
	struct segment *columns = w->stored->columns;
	struct buf piece = { 0 };
	int rc = 0;

	for (uint32_t i = 0; i < t->n && rc == 0; i++) {
		const struct text_block *b = &t->block[i];

		buf_reset(&w->bytes);
		buf_reserve(&w->bytes, b->len);
		if ((rc = reader_block(columns, f, i, &piece, &w->err)) < 0)
			break;
		if (codec_decompress(columns->codec, piece.p, piece.len, w->bytes.p, b->len) < 0)
			rc = column_wrong(&w->err, f, "a block cannot be decompressed");
		else if (subject_may_occur(w->s, (struct str){ w->bytes.p, b->len }))
			look_texts(w, f, t, b);
	}
	buf_fini(&piece);
	return rc;
}

static void
look_uuid(struct segment_look *w, enum field f, const struct uuid_column *u, uint32_t row)
{
	char text[UUID_TEXT_LEN];
	struct str value = uuid_value(u, row, text);

	if (value.p != NULL && names_value(w, f, value))
		mark(w, row);
}

/* Whether a value may be a UUID: what every hit has is made of its digits. */
static bool
may_be_uuid(const struct subject *s)
{
	const char *const *hint;
	size_t n = subject_hints(s, &hint);
	bool may = n == 0;

	for (size_t i = 0; i < n; i++)
		may |= strspn(hint[i], "0123456789abcdef-") == strlen(hint[i]);
	return may;
}

/* Values that are none among UUIDs. */
static void
look_exceptions(struct segment_look *w, enum field f, const struct uuid_column *u)
{
	for (uint32_t row = 0; u->index != NULL && row < w->info.meta.count; row++)
		if (u->index[row] & UUID_EXCEPTION)
			look_uuid(w, f, u, row);
}

/* Many at a time, one below the other. */
static void
look_uuids(struct segment_look *w, enum field f, const struct uuid_column *u)
{
	uint32_t count = w->info.meta.count, from, row;
	char text[UUID_TEXT_LEN];

	if (!may_be_uuid(w->s)) {
		look_exceptions(w, f, u);
		return;
	}
	for (from = 0; from < count; from = row) {
		buf_reset(&w->bytes);
		for (row = from; row < count && row - from < UUIDS_A_LOOK; row++) {
			struct str value = uuid_value(u, row, text);

			if (value.p == NULL)
				continue;
			buf_str(&w->bytes, value);
			buf_byte(&w->bytes, '\n');
		}
		if (!subject_may_occur(w->s, buf_view(&w->bytes)))
			continue;
		for (uint32_t r = from; r < row; r++)
			look_uuid(w, f, u, r);
	}
}

static int
look_column(struct segment_look *w, enum field f)
{
	const struct loaded_column *col = reader_load(w->stored->columns, f, &w->err);

	if (col == NULL)
		return -1;
	switch (col->encoding) {
	case ENCODING_DICTIONARY:
		return look_dictionary(w, f, col);
	case ENCODING_UUID:
		look_uuids(w, f, &col->uuid);
		return 0;
	case ENCODING_TEXT:
		return look_blocks(w, f, col);
	default:
		return 0;
	}
}

static void
count_rows(struct segment_look *w)
{
	for (uint32_t row = 0; row < w->info.meta.count; row++) {
		if (!bitmap_has(w->bits, row))
			continue;
		if (w->size > 0 && store_row_seq(w->stored, row) >= w->size)
			w->since++;
		else
			w->found++;
	}
}

static void
look_segment(void *arg)
{
	struct segment_look *w = arg;
	int rc = 0;

	w->values = w->found = w->since = 0;
	w->moved = false;
	err_clear(&w->err);
	memset(w->bits, 0, sizeof(w->bits));
	if ((w->stored = store_segment(w->st, &w->info, &w->moved, &w->err)) == NULL)
		return;
	for (field_set left = w->info.meta.fields & erase_fields(); left != 0 && rc == 0; left &= left - 1)
		rc = look_column(w, (enum field)__builtin_ctzll(left));
	if (rc == 0)
		count_rows(w);
	w->moved |= w->stored->moved;
	store_segment_free(w->stored);
	w->stored = NULL;
}

/* ---- all segments, and the tail ---- */

struct check {
	struct store *st;
	const struct subject *s;
	struct pool *pool;
	int (*go_on)(struct err *e);
	struct erase_check *out;
	struct segment_look *slot;
	int64_t *done; /* ids of segments that were looked at, ascending */
	size_t n_done, cap_done;
	bool moved;    /* something was replaced: look again for what is new */
	struct json_tape tape;
	struct arena arena;
};

static int
by_id(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool
is_done(const struct check *c, size_t before, int64_t id)
{
	return before > 0 && bsearch(&id, c->done, before, sizeof(id), by_id) != NULL;
}

/* What a slot found; -1 when its segment could not be read. */
static int
take(struct check *c, struct segment_look *w, struct err *e)
{
	if (!w->busy)
		return 0;
	if (c->pool != NULL)
		pool_wait(c->pool, &w->job);
	w->busy = false;
	if (w->moved) {
		c->moved = true;
		return 0;
	}
	if (w->err.code != ERR_OK) {
		if (e->code == ERR_OK)
			*e = w->err;
		return -1;
	}
	c->out->events += w->info.meta.count;
	c->out->values += w->values;
	c->out->found_events += w->found;
	c->out->found_since += w->since;
	mem_grow(&c->done, &c->cap_done, c->n_done + 1, sizeof(*c->done));
	c->done[c->n_done++] = w->info.id;
	return 0;
}

static int
give(struct check *c, struct segment_look *w, const struct segment_info *info, struct err *e)
{
	if (take(c, w, e) < 0 || (c->go_on != NULL && c->go_on(e) < 0))
		return -1;
	w->info = *info;
	w->job = (struct job){ .run = look_segment, .arg = w };
	w->busy = true;
	if (c->pool != NULL)
		pool_submit(c->pool, &w->job);
	else
		look_segment(w);
	return 0;
}

/* Keys, levels, times and numbers stay, also when a value is the same word. */
static uint64_t
count_words(const struct subject *s, struct str line)
{
	size_t at = 0, start, end;
	uint64_t n = 0;

	for (; subject_find(s, line, at, &start, &end); at = end)
		n++;
	return n;
}

static int
look_line(void *arg, uint64_t seq, struct str line, struct err *e)
{
	struct check *c = arg;
	struct event ev, without;
	const char *detail;

	(void)e;
	arena_reset(&c->arena);
	c->out->events++;
	/* A line that is none is the verifier's business, and searched with the bytes. */
	if (event_parse(&ev, line.p, line.len, &event_stored, &c->tape, &c->arena, &detail) != EVENT_OK)
		return 0;
	if (!subject_event(c->s, &ev, &without, &c->arena, NULL))
		c->out->found_words += count_words(c->s, line);
	else if (c->out->size > 0 && seq >= c->out->size)
		c->out->found_since++;
	else
		c->out->found_events++;
	return 0;
}

/* All that was not yet looked at; c->moved: not all of it was there any more. */
static int
look_round(struct check *c, struct err *e)
{
	struct segment_info *list;
	struct store_view view;
	size_t n, before = c->n_done, next = 0;
	int rc = 0;

	c->moved = false;
	if (store_view(c->st, &view, &list, &n, e) < 0)
		return -1;
	if (before > 0)
		qsort(c->done, before, sizeof(*c->done), by_id);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (!is_done(c, before, list[i].id))
			rc = give(c, &c->slot[next++ % SLOTS], &list[i], e);
	for (size_t i = 0; i < SLOTS; i++)
		if (take(c, &c->slot[(next + i) % SLOTS], e) < 0)
			rc = -1;
	free(list);
	if (rc == 0 && !c->moved)
		rc = store_tail(c->st, 0, view.size, view.tail, &c->moved, look_line, c, e);
	return rc;
}

static int
look_events(struct check *c, struct err *e)
{
	int rc = 0;

	c->slot = mem_zero(SLOTS, sizeof(*c->slot));
	for (int i = 0; i < SLOTS; i++) {
		c->slot[i].st = c->st;
		c->slot[i].s = c->s;
		c->slot[i].size = c->out->size;
	}
	c->moved = true;
	for (int i = 0; i < ROUNDS_MAX && rc == 0 && c->moved; i++)
		rc = look_round(c, e);
	if (rc == 0 && c->moved)
		rc = err_set(e, ERR_BUSY, "%s: others write too much to look at all of it; try again", c->st->db.path);
	for (int i = 0; i < SLOTS; i++)
		buf_fini(&c->slot[i].bytes);
	free(c->slot);
	free(c->done);
	json_tape_fini(&c->tape);
	arena_fini(&c->arena);
	return rc;
}

/* ---- the other tables ---- */

static bool
is_since(const struct check *c, int64_t at)
{
	return c->out->since != 0 && at >= c->out->since;
}

static int
look_quarantined(void *arg, const struct quarantined *q, struct err *e)
{
	struct check *c = arg;

	if (names_text(c->s, q->source) || names_text(c->s, q->origin) || names_text(c->s, q->detail) ||
	    names_json(c->s, q->bytes))
		(*(is_since(c, q->at) ? &c->out->found_since : &c->out->found_elsewhere))++;
	return c->go_on != NULL ? c->go_on(e) : 0;
}

static int
look_saved(void *arg, const struct saved_query *q, struct err *e)
{
	struct check *c = arg;

	(void)e;
	if (names_text(c->s, q->name) || names_json(c->s, q->words) || names_text(c->s, q->by))
		(*(is_since(c, q->at) ? &c->out->found_since : &c->out->found_elsewhere))++;
	return 0;
}

static int
look_deferred(void *arg, const struct erase_deferred *d, struct err *e)
{
	struct check *c = arg;

	(void)e;
	c->out->found_waiting += names_json(c->s, d->values) || names_text(c->s, d->reason) || names_text(c->s, d->by);
	return 0;
}

static int
look_key(void *arg, const struct store_key *k, struct err *e)
{
	struct check *c = arg;

	(void)e;
	c->out->found_signed += names_text(c->s, k->line);
	return 0;
}

static int
look_note(void *arg, const struct store_note *n, struct err *e)
{
	struct check *c = arg;

	(void)e;
	c->out->found_signed += names_text(c->s, n->note);
	return 0;
}

static int
look_files(struct check *c, struct err *e)
{
	struct store_file *list;
	size_t n;

	if (store_files(c->st, &list, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		c->out->found_files += names_text(c->s, str_of(list[i].name));
	store_files_free(list, n);
	return 0;
}

static int
look_elsewhere(struct check *c, struct err *e)
{
	if (store_quarantine_each(c->st, look_quarantined, c, e) < 0 || store_saved_each(c->st, look_saved, c, e) < 0 ||
	    store_erase_deferred_each(c->st, look_deferred, c, e) < 0 || store_key_each(c->st, look_key, c, e) < 0 ||
	    store_checkpoint_each(c->st, look_note, c, e) < 0)
		return -1;
	return look_files(c, e);
}

int
store_erase_check(struct store *st, const struct subject *s, struct pool *pool, int (*go_on)(struct err *e),
    struct erase_check *out, struct err *e)
{
	struct check c = { .st = st, .s = s, .pool = pool, .go_on = go_on, .out = out };

	*out = (struct erase_check){ .size = out->size, .since = out->since };
	if (look_events(&c, e) < 0 || look_elsewhere(&c, e) < 0)
		return -1;
	return erase_pages(st, s, go_on, out, e);
}
