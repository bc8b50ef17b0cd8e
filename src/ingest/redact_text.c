/*
 * redact_text: the secrets of one text.
 *
 * A text is searched again after its secrets were replaced, until nothing is
 * found: what a secret stood beside may be one by itself.  So redacting twice
 * is redacting once.  What does not come to rest is hidden whole.
 */
#include <stdlib.h>

#include "ingest/redact_digits.h"
#include "ingest/redact_rule.h"
#include "ingest/redact_set.h"

#define PASSES 8 /* and two for each rule of the user's */

bool
redact_hide(struct search *f, size_t from, size_t to, unsigned rule)
{
	if (f->r->off[rule] || to <= from)
		return false;
	if (f->n == f->cap) {
		size_t cap = f->cap > 0 ? f->cap * 2 : 8;
		struct edit *edit = arena_alloc(f->a, cap * sizeof(*edit));

		if (f->n > 0)
			memcpy(edit, f->edit, f->n * sizeof(*edit));
		f->edit = edit;
		f->cap = cap;
	}
	f->edit[f->n++] = (struct edit){ from, to, (uint8_t)rule };
	f->floor = to;
	return true;
}

/* At a window: where to go on.  A pair's sign is its last byte. */
static size_t
look_at(struct search *f, size_t at, unsigned kinds)
{
	size_t n = f->n, next;

	if (kinds & FIND_USER)
		f->wanted |= redact_user_literals(f->r, f->s, at);
	if (kinds & FIND_TOKEN) {
		next = redact_token_at(f, at);
		if (f->n > n)
			return next;
	}
	if (kinds & FIND_OTHER) {
		next = redact_other_at(f, at);
		if (next > at + 1)
			return next;
	}
	if (kinds & FIND_URL)
		return redact_url_at(f, at);
	if (kinds & FIND_PAIR && (f->s.p[at + 2] == ':' || f->s.p[at + 2] == '=')) {
		next = redact_pair_at(f, at + 2);
		/* A sign that is no pair's may be part of the next window. */
		return next > at + 3 ? next : at + 1;
	}
	return at + 1;
}

static int
by_place(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* Numbers of cards between the edits that are there: behind them in the list,
 * then sorted.  Without edits before it nothing moves. */
static void
find_cards(struct search *f)
{
	size_t at = 0, end = 0, windows = f->n, i = 0;

	while ((at = find_digits(f->s.p, f->s.len, at, &end)) < f->s.len) {
		while (i < windows && f->edit[i].to <= at)
			i++;
		if (i == windows || f->edit[i].from >= end)
			redact_card_in(f, at, end);
		at = end;
	}
	if (f->n > windows && windows > 0)
		qsort(f->edit, f->n, sizeof(*f->edit), by_place);
}

void
redact_find_edits(struct search *f, struct redact_work *w)
{
	struct find_walk walk = finder_walk(&f->r->text, f->s.p, f->s.len);
	unsigned kinds;
	size_t at = 0;

	while ((at = finder_next(&walk, at, &kinds)) < f->s.len)
		at = look_at(f, at, kinds);
	if (f->card && !f->r->off[REDACT_CARD])
		find_cards(f);
	if (f->n == 0 && f->wanted != 0)
		redact_user_find(f, w);
}

static struct str
apply_edits(const struct search *f, struct redact_work *w)
{
	size_t len = f->s.len, from = 0;
	char *out, *o;

	for (size_t i = 0; i < f->n; i++)
		len = len - (f->edit[i].to - f->edit[i].from) + f->r->marker_len[f->edit[i].rule];
	out = o = arena_bytes(f->a, len);
	for (size_t i = 0; i < f->n; i++) {
		const struct edit *edit = &f->edit[i];
		struct str marker = redact_marker(f->r, edit->rule);

		memcpy(o, f->s.p + from, edit->from - from);
		o += edit->from - from;
		memcpy(o, marker.p, marker.len);
		o += marker.len;
		from = edit->to;
		redact_add_hit(w, edit->rule);
	}
	memcpy(o, f->s.p + from, f->s.len - from);
	return (struct str){ out, len };
}

struct str
redact_text(struct redact_work *w, struct str s, bool card, struct arena *a)
{
	unsigned last = 0;

	for (size_t pass = 0; pass < PASSES + 2 * w->r->users; pass++) {
		struct search f = { .r = w->r, .s = s, .a = a, .card = card };

		redact_find_edits(&f, w);
		if (f.n == 0 && f.encoded)
			redact_encoded_find(&f, w);
		if (f.n == 0)
			return s;
		last = f.edit[0].rule;
		s = apply_edits(&f, w);
	}
	return redact_marker(w->r, last);
}
