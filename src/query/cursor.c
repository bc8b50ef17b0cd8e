/*
 * cursor: where an answer was left off, as text.
 *
 * 72 bytes, integers big-endian, in the 64 letters of RFC 4648 section 5:
 *
 *	version    1   CURSOR_VERSION
 *	order      1   enum query_order
 *	begun      1   0 or 1
 *	store     16
 *	filter     8   first bytes of the SHA-256 of the canonical expression
 *	now        8   microseconds
 *	size       8
 *	removals   8
 *	time       8   of the last event given; 0 unless begun
 *	seq        8
 *	check      5   first bytes of the SHA-256 of all before
 *
 * The check finds damage, not forgery: a cursor opens nothing that its bearer
 * could not read anyway.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "query/cursor.h"

#define CURSOR_VERSION 1
#define CHECK_LEN 5
#define BODY_LEN 67
#define BYTES (BODY_LEN + CHECK_LEN) /* a multiple of 3: no padding */
#define LETTERS (BYTES / 3 * 4)
#define SEQ_MAX (UINT64_C(1) << 48)  /* what a store can number */

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
check_of(const uint8_t *bytes, uint8_t check[CHECK_LEN])
{
	struct hash h;

	hash_bytes(&h, bytes, BODY_LEN);
	memcpy(check, h.b, CHECK_LEN);
}

static void
filter_hash(const struct filter *f, uint8_t out[8])
{
	struct buf text = { 0 };
	struct hash h;

	filter_format(&text, f);
	hash_bytes(&h, buf_view(&text).p, text.len);
	memcpy(out, h.b, 8);
	buf_fini(&text);
}

void
cursor_identify(struct query_cursor *c, const struct store *st, const struct filter *f)
{
	store_id(st, c->store);
	filter_hash(f, c->filter);
}

void
query_cursor_format(struct buf *out, const struct query_cursor *c)
{
	uint8_t b[BYTES];

	b[0] = CURSOR_VERSION;
	b[1] = (uint8_t)c->order;
	b[2] = c->begun;
	memcpy(b + 3, c->store, 16);
	memcpy(b + 19, c->filter, 8);
	put_be64(b + 27, (uint64_t)c->now);
	put_be64(b + 35, c->size);
	put_be64(b + 43, c->removals);
	put_be64(b + 51, c->begun ? (uint64_t)c->time : 0);
	put_be64(b + 59, c->begun ? c->seq : 0);
	check_of(b, b + BODY_LEN);
	for (size_t i = 0; i < BYTES; i += 3) {
		uint32_t v = (uint32_t)b[i] << 16 | (uint32_t)b[i + 1] << 8 | b[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			buf_byte(out, alphabet[v >> shift & 63]);
	}
}

static bool
decode(const char *text, uint8_t b[BYTES])
{
	for (size_t i = 0; i < LETTERS; i += 4) {
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++) {
			const char *p = memchr(alphabet, text[i + k], sizeof(alphabet));

			if (p == NULL)
				return false;
			v = v << 6 | (uint32_t)(p - alphabet);
		}
		b[i / 4 * 3] = (uint8_t)(v >> 16);
		b[i / 4 * 3 + 1] = (uint8_t)(v >> 8);
		b[i / 4 * 3 + 2] = (uint8_t)v;
	}
	return true;
}

int
query_cursor_parse(const char *text, struct query_cursor *out, struct err *e)
{
	uint8_t b[BYTES], check[CHECK_LEN];

	if (strnlen(text, LETTERS + 1) != LETTERS || !decode(text, b))
		return err_set(e, ERR_FAIL, "this is no cursor, or it was cut off: one has %d letters", LETTERS);
	check_of(b, check);
	if (memcmp(check, b + BODY_LEN, CHECK_LEN) != 0)
		return err_set(e, ERR_FAIL, "this is no cursor, or it was mistyped: its check does not fit");
	if (b[0] != CURSOR_VERSION)
		return err_set(e, ERR_FAIL, "the cursor was made by another version of the program");
	*out = (struct query_cursor){
		.order = (enum query_order)b[1],
		.begun = b[2] != 0,
		.now = (int64_t)get_be64(b + 27),
		.size = get_be64(b + 35),
		.removals = get_be64(b + 43),
		.time = (int64_t)get_be64(b + 51),
		.seq = get_be64(b + 59),
	};
	memcpy(out->store, b + 3, 16);
	memcpy(out->filter, b + 19, 8);
	if (b[1] > QUERY_ARRIVAL || b[2] > 1 || out->size > SEQ_MAX || (out->begun && out->seq >= out->size) ||
	    (!out->begun && (out->time != 0 || out->seq != 0)))
		return err_set(e, ERR_FAIL, "this is no cursor: what it says cannot be");
	return 0;
}

/* The store has at least the events that it had when the cursor was given. */
static int
check_size(const struct query_cursor *c, struct store *st, struct err *e)
{
	struct segment_info *list;
	struct store_view view;
	size_t n;

	if (store_view(st, &view, &list, &n, e) < 0)
		return -1;
	free(list);
	if (view.size < c->size)
		return err_set(e, ERR_FAIL,
		    "the cursor knows %" PRIu64 " events, the store has had %" PRIu64
		    ": is it an older copy?  Start without the cursor",
		    c->size, view.size);
	return 0;
}

int
query_cursor_check(const struct query_cursor *c, struct store *st, const struct filter *f, enum query_order order,
    struct err *e)
{
	static const char *const order_text[] = { "newest first", "oldest first", "in order of arrival" };
	struct query_cursor own = { 0 };

	cursor_identify(&own, st, f);
	if (memcmp(own.store, c->store, sizeof(own.store)) != 0)
		return err_set(e, ERR_FAIL, "the cursor belongs to another store than %s", store_path(st));
	if (order != c->order)
		return err_set(e, ERR_FAIL, "the cursor is for events %s, this question is for events %s",
		    order_text[c->order], order_text[order]);
	if (memcmp(own.filter, c->filter, sizeof(own.filter)) != 0)
		return err_set(e, ERR_FAIL,
		    "the cursor was made for another filter: give the same one again, or start without the cursor");
	return check_size(c, st, e);
}
