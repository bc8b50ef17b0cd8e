/*
 * filter: arbitrary option texts and operands never crash, and a filter has
 * one canonical text, in whatever order its parts were typed, which reads back
 * as the same filter.
 *
 * Input: lines; the first byte of each says which option the rest is for.
 */
#include <stdint.h>
#include <stdlib.h>

#include "filter/filter.h"
#include "reread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
give_list(struct filter_args *a, uint8_t which, const char *p, size_t len)
{
	struct str_list *lists[] = {
		&a->expr, &a->actor, &a->target, &a->ip, &a->path_prefix, &a->outcome, &a->category, &a->host,
		&a->id, &a->action, &a->text, &a->grep, &a->where,
	};

	str_list_add(lists[which % (sizeof(lists) / sizeof(lists[0]))], p, len);
}

static void
give_single(struct filter_args *a, uint8_t which, const char *p, size_t len)
{
	char **singles[] = { &a->since, &a->until, &a->last, &a->around, &a->window, &a->by, &a->severity };
	char **at = singles[which % (sizeof(singles) / sizeof(singles[0]))];

	if (*at == NULL)
		*at = mem_dup(p, len);
}

/* Lower case letters and the rest are lists, upper case letters are single options. */
static void
give(struct filter_args *a, const char *p, size_t len)
{
	uint8_t which = (uint8_t)p[0];

	if (memchr(p, '\0', len) != NULL)
		return;
	if (which >= 'A' && which <= 'Z')
		give_single(a, (uint8_t)(which - 'A'), p + 1, len - 1);
	else
		give_list(a, which >= 'a' ? (uint8_t)(which - 'a') : which, p + 1, len - 1);
}

static void
reverse(struct str_list *l)
{
	for (size_t i = 0; i < l->n / 2; i++) {
		char *other = l->item[i];

		l->item[i] = l->item[l->n - 1 - i];
		l->item[l->n - 1 - i] = other;
	}
}

static bool
text_of(const struct filter_args *a, struct buf *text, bool *matched)
{
	struct err e = ERR_NONE;
	struct filter *f = filter_build(a, REREAD_NOW, &e);
	struct filter_scratch *x;
	struct event ev;

	if (f == NULL) {
		if (e.code != ERR_FAIL || e.text[0] == '\0')
			abort();
		return false;
	}
	x = filter_scratch_new();
	reread_check(f, x);
	reread_event(&ev, 1);
	*matched = filter_match(f, &ev, x);
	filter_scratch_free(x);
	if (*matched && (ev.time < f->since || ev.time >= f->until))
		abort(); /* the window must hold every match */
	filter_format(text, f);
	filter_free(f);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct filter_args a = { 0 };
	struct buf one = { 0 }, two = { 0 };
	const char *p = (const char *)data;
	bool matched_one = false, matched_two = false, good;

	while (size > 0) {
		const char *end = memchr(p, '\n', size);
		size_t len = end ? (size_t)(end - p) : size;

		if (len > 0)
			give(&a, p, len);
		p += end ? len + 1 : len;
		size -= end ? len + 1 : len;
	}
	good = text_of(&a, &one, &matched_one);
	reverse(&a.expr);
	reverse(&a.actor);
	reverse(&a.ip);
	reverse(&a.where);
	reverse(&a.text);
	reverse(&a.path_prefix);
	if (text_of(&a, &two, &matched_two) != good || !str_eq(buf_view(&one), buf_view(&two)) ||
	    matched_one != matched_two)
		abort();
	buf_fini(&one);
	buf_fini(&two);
	filter_args_fini(&a);
	return 0;
}
