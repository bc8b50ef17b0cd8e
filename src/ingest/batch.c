/* batch: the events of one chunk of lines or records, made by a job of the pool. */
#include "ingest/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BYTE_ORDER_MARK STR("\xef\xbb\xbf")

void
batch_init(struct batch *b)
{
	*b = (struct batch){ .item = mem_alloc(BATCH_LINES * sizeof(b->item[0])), .cap = BATCH_LINES };
	frame_chunk_init(&b->chunk);
}

void
batch_fini(struct batch *b)
{
	frame_chunk_fini(&b->chunk);
	json_tape_fini(&b->tape);
	redact_work_free(b->work);
	mapping_run_free(b->run);
	if (b->scratch != NULL)
		b->scratch_free(b->scratch);
	arena_fini(&b->arena);
	free(b->item);
	b->item = NULL;
}

struct str
batch_line_id(const uint8_t key[8], uint64_t offset, struct arena *a)
{
	static const char digits[] = "0123456789abcdef";
	char text[1 + 16 + 1 + 16], *end = text + sizeof(text), *p = end;

	do
		*--p = digits[offset & 15];
	while ((offset >>= 4) != 0);
	*--p = '-';
	for (int i = 7; i >= 0; i--) {
		*--p = digits[key[i] & 15];
		*--p = digits[key[i] >> 4];
	}
	*--p = 'f';

	size_t len = (size_t)(end - p);

	return (struct str){ arena_copy(a, p, len), len };
}

uint64_t
batch_given_up(const struct batch *b)
{
	return b->given_up + (b->run != NULL ? mapping_given_up(b->run) : 0);
}

/* Which rules hid something, for the receipt. */
static void
keep_hits(struct batch *b, struct batch_item *it)
{
	if (it->redacted > 0)
		it->hits = (const uint8_t *)arena_copy(&b->arena, redact_hits(b->work), it->redacted);
}

/* What is kept of a line that is no JSON. */
static void
keep_bytes(struct batch *b, struct batch_item *it)
{
	if (it->raw.len > FRAME_KEEP && it->fault == EVENT_TOO_LONG)
		it->raw.len = FRAME_KEEP;
	it->bytes = it->raw;
	if (b->rules->redactor == NULL)
		return;
	if (it->fault == EVENT_TOO_LONG)
		it->bytes = redact_cut(it->raw);
	it->bytes = redact_bytes(b->work, it->bytes, &b->arena, &it->redacted);
	keep_hits(b, it);
}

/* What is kept of a line that is JSON: as it was read, or, when secrets were
 * replaced, its canonical form. */
static struct str
scanned_bytes(struct batch *b, struct str raw, bool redacted)
{
	struct buf line = { 0 };
	struct str s;

	if (!redacted)
		return raw;
	json_canonical(&line, &b->tape, 0);
	s = (struct str){ arena_copy(&b->arena, line.p, line.len), line.len };
	buf_fini(&line);
	return s;
}

static void
set_defaults(struct batch *b, struct batch_item *it)
{
	const struct batch_rules *rules = b->rules;
	struct event *ev = &it->ev;

	if (!event_has(ev, FIELD_SOURCE))
		event_set(ev, FIELD_SOURCE, rules->source);
	if (!event_has(ev, FIELD_TENANT) && rules->tenant.p != NULL)
		event_set(ev, FIELD_TENANT, rules->tenant);
	if (rules->peer_uid.p != NULL)
		event_set(ev, FIELD_PEER_UID, rules->peer_uid);
	if (rules->number && !event_has(ev, FIELD_ID))
		event_set(ev, FIELD_ID, batch_line_id(rules->key, it->offset, &b->arena));
}

static void
parse_line(struct batch *b, struct batch_item *it)
{
	struct event_policy policy = { .assume_now = b->rules->assume_now ? b->now : TIME_NONE,
		.restored = b->rules->restored };

	it->detail = "";
	it->redacted = 0;
	it->bytes = (struct str){ NULL, 0 };
	it->fault = event_scan(&b->tape, it->raw.p, it->raw.len, &policy, &b->arena, &it->detail);
	if (it->fault != EVENT_OK) {
		keep_bytes(b, it);
		return;
	}
	if (b->rules->redactor != NULL) {
		it->redacted = redact_tape(b->work, &b->tape, &b->arena);
		keep_hits(b, it);
	}
	it->fault = event_check_keys(&b->tape, &b->arena, &it->detail);
	if (it->fault == EVENT_OK)
		it->fault = event_from_json(&it->ev, &b->tape, &policy, &b->arena, &it->detail);
	if (it->fault == EVENT_OK)
		set_defaults(b, it);
	if (it->fault != EVENT_OK || it->redacted == 0)
		it->bytes = scanned_bytes(b, it->raw, it->redacted > 0);
}

/* Whether an event is one that nobody wants. */
static bool
drop(struct batch *b, const struct batch_item *it)
{
	const struct batch_rules *rules = b->rules;

	if (it->fault != EVENT_OK || rules->drop == NULL || !rules->drop(rules->drop_arg, b->scratch, &it->ev))
		return false;
	b->dropped++;
	return true;
}

/* ---- Mapped records ---- */

/* The number of an event of a record behind the first, as mapping_field.c
 * has it behind ids of the log's own. */
static void
number_event(struct batch *b, struct event *ev, unsigned serial)
{
	struct buf id = { 0 };

	buf_str(&id, ev->v[FIELD_ID]);
	buf_printf(&id, "#%u", serial + 1);
	event_set(ev, FIELD_ID, (struct str){ arena_copy(&b->arena, id.p, id.len), id.len });
	buf_fini(&id);
}

/* Room for one more item, which begins as a copy of the record's. */
static struct batch_item *
next_item(struct batch *b, const struct batch_item *record)
{
	struct batch_item *it;

	mem_grow(&b->item, &b->cap, b->n + 1, sizeof(b->item[0]));
	it = &b->item[b->n];
	it->raw = record->raw;
	it->before = record->before;
	it->offset = record->offset;
	it->end = record->end;
	it->line = record->line;
	it->fault = record->fault;
	it->detail = record->detail;
	it->bytes = record->bytes;
	it->redacted = record->redacted;
	it->hits = record->hits;
	it->why = NULL;
	return it;
}

/* What a mapping makes of the record on the tape.  Its secrets are counted
 * once, with the first event. */
static void
map_events(struct batch *b, struct batch_item *record, const struct event_policy *policy)
{
	bool redacted = record->redacted > 0;
	struct mapping_reason *why = NULL;
	enum mapping_result result;
	struct batch_item *it;

	mapping_begin(b->run, &b->tape);
	for (unsigned serial = 0;; serial++) {
		bool had_id;

		if (b->rules->explain)
			why = arena_alloc(&b->arena, FIELD_COUNT * sizeof(*why));
		it = next_item(b, record);
		result = mapping_next(b->run, &it->ev, policy, &b->arena, &it->fault, &it->detail, why);
		if (result == MAPPING_OVER)
			return;
		if (result == MAPPING_DROPPED) {
			b->dropped++;
			continue;
		}
		it->why = why;
		if (result == MAPPING_EVENT) {
			had_id = event_has(&it->ev, FIELD_ID);
			set_defaults(b, it);
			if (serial > 0 && !had_id && event_has(&it->ev, FIELD_ID))
				number_event(b, &it->ev, serial);
		}
		if (drop(b, it))
			continue;
		if (record->bytes.p == NULL && (it->fault != EVENT_OK || !redacted))
			record->bytes = scanned_bytes(b, it->raw, redacted);
		it->bytes = record->bytes;
		record->redacted = 0;
		b->n++;
	}
}

static void
map_record(struct batch *b, struct batch_item *record)
{
	struct event_policy policy = { .assume_now = b->rules->assume_now ? b->now : TIME_NONE };

	record->fault = mapping_scan(b->run, &b->tape, record->raw.p, record->raw.len, &b->arena, &record->detail);
	if (record->fault != EVENT_OK) {
		keep_bytes(b, record);
	} else {
		if (b->rules->redactor != NULL) {
			record->redacted = redact_tape(b->work, &b->tape, &b->arena);
			keep_hits(b, record);
		}
		record->fault = event_check_keys(&b->tape, &b->arena, &record->detail);
		if (record->fault == EVENT_OK) {
			map_events(b, record, &policy);
			return;
		}
		record->bytes = scanned_bytes(b, record->raw, record->redacted > 0);
	}
	next_item(b, record);
	b->n++;
}

/* ---- Records ---- */

static void
parse_record(struct batch *b, const struct frame_record *rec)
{
	struct batch_item record = { .raw = { b->chunk.p + rec->at, rec->len }, .offset = rec->offset,
		.end = rec->end, .line = rec->line, .fault = rec->fault, .detail = rec->detail };

	if (rec->tail > 0)
		record.before = (struct str){ record.raw.p + rec->len, rec->tail };
	if (rec->fault != EVENT_OK) {
		/* None, says its cutter: quarantined as it is. */
		keep_bytes(b, &record);
		next_item(b, &record);
		b->n++;
	} else if (b->run != NULL) {
		map_record(b, &record);
	} else {
		struct batch_item *it = next_item(b, &record);

		parse_line(b, it);
		b->n += !drop(b, it);
	}
}

/* ---- Lines ---- */

/*
 * Whether more bytes could make an event of a line that is none: it begins as
 * an object does and is no whole one.  At the very beginning of a file it may
 * also be part of a byte order mark.
 */
static bool
may_be_incomplete(const struct batch_item *it)
{
	size_t i = 0;

	while (i < it->raw.len && frame_is_blank(it->raw.p + i, 1))
		i++;
	if (it->raw.p[i] != '{')
		return it->offset == 0 && it->raw.len < BYTE_ORDER_MARK.len;
	return it->fault == EVENT_NOT_JSON || it->fault == EVENT_NOT_UTF8 ||
	    it->fault == EVENT_TOO_LONG || it->fault == EVENT_LONE_SURROGATE || it->fault == EVENT_TOO_DEEP;
}

static void
leave_line(struct batch *b, uint64_t offset)
{
	b->chunk.end = offset;
	b->chunk.len = offset > b->chunk.offset ? (size_t)(offset - b->chunk.offset) : 0;
	b->done = b->chunk.len;
}

static void
add_line(struct batch *b, struct str raw, uint64_t offset, uint64_t end, bool partial)
{
	struct batch_item *it = &b->item[b->n];

	if (frame_is_blank(raw.p, raw.len)) {
		/* Without a newline it may be white space before the next line. */
		if (partial)
			leave_line(b, offset);
		else
			b->lines++;
		return;
	}
	if (b->run != NULL) {
		struct batch_item record = { .raw = raw, .offset = offset, .end = end, .line = b->lines++, .detail = "" };

		map_record(b, &record);
		return;
	}
	it->raw = raw;
	it->before = (struct str){ raw.p, (size_t)(end - offset) };
	it->offset = offset;
	it->end = end;
	it->line = b->lines;
	it->why = NULL;
	parse_line(b, it);
	if (partial && b->rules->regular && may_be_incomplete(it)) {
		b->left = true;
		leave_line(b, offset);
		return;
	}
	b->lines++;
	b->n += !drop(b, it);
}

static void
parse_too_long(struct batch *b)
{
	struct batch_item *it = &b->item[0];
	const struct frame_chunk *c = &b->chunk;

	b->done = c->len;
	*it = (struct batch_item){ .fault = EVENT_TOO_LONG, .detail = "", .raw = { c->p, c->len },
		.offset = c->offset, .end = c->end };
	if (c->partial && b->rules->regular && may_be_incomplete(it)) {
		b->left = true;
		leave_line(b, c->offset);
		return;
	}
	keep_bytes(b, it);
	b->lines = 1;
	b->n = 1;
}

/* The job: one round. */
static void
parse_round(void *arg)
{
	struct batch *b = arg;
	const struct frame_chunk *c = &b->chunk;

	arena_reset(&b->arena);
	b->n = b->dropped = 0;
	if (c->too_long) {
		parse_too_long(b);
		return;
	}
	if (c->cut) {
		while (b->done < c->records && b->n < BATCH_LINES && b->arena.requested < BATCH_BYTES)
			parse_record(b, &c->record[b->done++]);
		return;
	}
	while (b->done < b->chunk.len && b->n < BATCH_LINES && b->arena.requested < BATCH_BYTES) {
		const char *start = c->p + b->done;
		const char *newline = memchr(start, '\n', c->len - b->done);
		size_t len = newline != NULL ? (size_t)(newline - start) : c->len - b->done;
		uint64_t offset = c->offset + b->done;
		size_t all = len + (newline != NULL);

		b->done += all;
		add_line(b, (struct str){ start, len }, offset, offset + all, newline == NULL);
	}
}

/* What the rules need of memory of this batch's own. */
static void
make_ready(struct batch *b)
{
	const struct batch_rules *rules = b->rules;

	if (b->work == NULL && rules->redactor != NULL)
		b->work = redact_work_new(rules->redactor);
	if (b->mapping != rules->mapping) {
		b->given_up = batch_given_up(b);
		mapping_run_free(b->run);
		b->run = rules->mapping != NULL ? mapping_run_new(rules->mapping) : NULL;
		b->mapping = rules->mapping;
	}
	if (b->scratch == NULL && rules->drop != NULL && rules->drop_scratch_new != NULL) {
		b->scratch = rules->drop_scratch_new();
		b->scratch_free = rules->drop_scratch_free;
	}
}

void
batch_start(struct batch *b, const struct batch_rules *rules, struct pool *pool)
{
	const struct frame_chunk *c = &b->chunk;
	struct str mark = BYTE_ORDER_MARK;

	b->rules = rules;
	make_ready(b);
	b->lines = 0;
	b->left = false;
	b->done = 0;
	if (!c->cut && c->offset == 0 && c->len >= mark.len && memcmp(c->p, mark.p, mark.len) == 0)
		b->done = mark.len;
	b->job = (struct job){ .run = parse_round, .arg = b };
	pool_submit(pool, &b->job);
}

void
batch_wait(struct batch *b, struct pool *pool)
{
	pool_wait(pool, &b->job);
}

bool
batch_next(struct batch *b, struct pool *pool)
{
	if (b->done >= (b->chunk.cut ? b->chunk.records : b->chunk.len))
		return false;
	pool_submit(pool, &b->job);
	return true;
}
