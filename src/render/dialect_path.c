/*
 * dialect_path: where a value stands in a JSON record.
 *
 *     actor.user.uid    "actor":{"user":{"uid":
 *     resources[].name  "resources":[{"name":
 *
 * In: a path.   Out: the bytes before its value, from each depth on.
 */
#include "render/dialect.h"

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
	    c == '@';
}

/* The part at *at, without [] and dot; moves *at behind them.  An empty one:
 * there is none, or it is no name. */
static struct str
next_part(struct str to, size_t *at, bool *list)
{
	size_t begin = *at, end = begin;

	while (end < to.len && is_letter(to.p[end]))
		end++;
	*at = end;
	*list = to.len - end >= 2 && memcmp(to.p + end, "[]", 2) == 0;
	if (*list)
		*at += 2;
	if (*at < to.len && to.p[*at] == '.' && *at + 1 < to.len)
		++*at;
	else if (*at < to.len)
		end = begin;
	return (struct str){ to.p + begin, end - begin };
}

bool
dialect_path_valid(struct str to)
{
	size_t at = 0, parts = 0;
	bool list = false;

	if (to.len == 0 || to.len > DIALECT_TO_MAX)
		return false;
	while (at < to.len) {
		if (next_part(to, &at, &list).len == 0 || ++parts > DIALECT_DEPTH_MAX)
			return false;
	}
	return !list; /* its objects have members */
}

bool
dialect_path(struct dialect_place *p, struct arena *a)
{
	struct buf head = { 0 };
	size_t at = 0;
	bool list;

	if (!dialect_path_valid(p->to))
		return false;
	p->depth = 0;
	p->lists = 0;
	while (at < p->to.len) {
		struct str part = next_part(p->to, &at, &list);

		p->at[p->depth] = head.len;
		buf_byte(&head, '"');
		buf_str(&head, part);
		buf_str(&head, STR("\":"));
		if (at < p->to.len)
			buf_str(&head, list ? STR("[{") : STR("{"));
		if (list)
			p->lists |= (uint16_t)(1u << p->depth);
		p->depth++;
	}
	p->at[p->depth] = head.len;
	p->head = (struct str){ arena_copy(a, head.p, head.len), head.len };
	buf_fini(&head);
	return true;
}
