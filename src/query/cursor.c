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

#include "base/base64.h"
#include "query/cursor.h"

#define CURSOR_VERSION 1
#define CHECK_LEN 5
#define BODY_LEN 67
#define BYTES (BODY_LEN + CHECK_LEN) /* a multiple of 3: no padding */
#define LETTERS BASE64_LEN(BYTES)
#define SEQ_MAX (UINT64_C(1) << 48)  /* what a store can number */

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

/* RFC 4648 section 5 has two letters other than section 4, so that a cursor is
 * one word for shells and in addresses. */
static void
swap(char letters[LETTERS], const char *from, const char *to)
{
	for (size_t i = 0; i < LETTERS; i++)
		letters[i] = letters[i] == from[0] ? to[0] : letters[i] == from[1] ? to[1] : letters[i];
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
	base64_add(out, b, BYTES);
	swap(out->p + out->len - LETTERS, "+/", "-_");
}

static bool
decode(const char *text, uint8_t b[BYTES])
{
	char letters[LETTERS];

	if (strnlen(text, LETTERS + 1) != LETTERS || strpbrk(text, "+/") != NULL)
		return false;
	memcpy(letters, text, LETTERS);
	swap(letters, "-_", "+/");
	return base64_parse_exact((struct str){ letters, LETTERS }, b, BYTES);
}

int
query_cursor_parse(const char *text, struct query_cursor *out, struct err *e)
{
	uint8_t b[BYTES], check[CHECK_LEN];

	if (!decode(text, b))
		return err_set(e, ERR_FAIL, "this is no cursor, or it was cut off: one has %d letters", (int)LETTERS);
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
