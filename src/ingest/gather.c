/* gather: whole lines out of bytes that come in pieces. */
#include "ingest/gather.h"

#include "event/json.h"

void
gather_fini(struct gather *l)
{
	buf_fini(&l->held);
	*l = (struct gather)GATHER_NONE;
}

size_t
gather_held(const struct gather *l)
{
	return l->held.cap;
}

/* What was given out is over. */
static void
drop_given(struct gather *l)
{
	if (l->given == 0)
		return;
	l->held.len -= l->given;
	l->offset += l->given;
	memmove(l->held.p, l->held.p + l->given, l->held.len);
	l->given = 0;
	if (l->held.len == 0)
		buf_fini(&l->held);
}

char *
gather_room(struct gather *l)
{
	drop_given(l);
	buf_reserve(&l->held, GATHER_PIECE);
	return l->held.p + l->held.len;
}

void
gather_added(struct gather *l, size_t n)
{
	l->held.len += n;
	if (l->held.len == 0)
		buf_fini(&l->held);
}

static size_t
count_lines(const char *p, size_t len)
{
	size_t n = 0;

	for (const char *end = p + len; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
		n++;
	return n;
}

/* Gives out `whole` bytes. */
static void
give(struct gather *l, struct gather_chunk *c, size_t whole, uint64_t lines)
{
	*c = (struct gather_chunk){ .bytes = { l->held.p, whole }, .first = l->n + 1, .n = lines,
		.offset = l->offset };
	l->n += lines;
	l->given = whole;
	l->searched = 0;
}

/* A line that is too long: its beginning stays. */
static void
cut_long(struct gather *l)
{
	l->passed += l->held.len - GATHER_KEEP;
	l->held.len = GATHER_KEEP;
	l->searched = GATHER_KEEP;
	l->skipping = true;
}

/* The end of a line that is too long has come, before `tail`: it is given out
 * with a newline behind its beginning. */
static void
give_long(struct gather *l, struct gather_chunk *c, size_t newline)
{
	size_t left = l->held.len - newline;

	l->passed += newline - GATHER_KEEP;
	memmove(l->held.p + GATHER_KEEP, l->held.p + newline, left);
	l->held.len = GATHER_KEEP + left;
	give(l, c, GATHER_KEEP + 1, 1);
	c->passed = l->passed;
	l->offset += l->passed;
	l->passed = 0;
	l->skipping = false;
}

bool
gather_next(struct gather *l, struct gather_chunk *c)
{
	const char *first, *last;

	drop_given(l);
	if (l->held.len == l->searched)
		return false;
	first = memchr(l->held.p + l->searched, '\n', l->held.len - l->searched);
	if (first == NULL) {
		l->searched = l->held.len;
		if (l->skipping || l->held.len > JSON_LEN_MAX)
			cut_long(l);
		return false;
	}
	if (!l->skipping && (size_t)(first - l->held.p) > JSON_LEN_MAX)
		l->skipping = true;
	if (l->skipping) {
		give_long(l, c, (size_t)(first - l->held.p));
		return true;
	}
	last = memrchr(l->held.p, '\n', l->held.len);
	give(l, c, (size_t)(last - l->held.p) + 1, count_lines(l->held.p, (size_t)(last - l->held.p) + 1));
	return true;
}

bool
gather_last(struct gather *l, struct gather_chunk *c)
{
	drop_given(l);
	if (l->held.len == 0)
		return false;
	give(l, c, l->held.len, 1);
	c->passed = l->passed;
	l->offset += l->passed;
	c->partial = true;
	l->passed = 0;
	l->skipping = false;
	return true;
}
