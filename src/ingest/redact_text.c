/*
 * redact_text: the secrets of one text.
 *
 * A text is searched again after its secrets were replaced, until nothing is
 * found: what a secret stood beside may be one by itself.  So redacting twice
 * is redacting once.  What does not come to rest is hidden whole.
 */
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

void
redact_find_edits(struct search *f, struct redact_work *w)
{
	struct find_walk walk = finder_walk(&f->r->text, f->s.p, f->s.len);
	unsigned kinds;
	size_t at = 0;

	while ((at = finder_next(&walk, at, &kinds)) < f->s.len)
		at = redact_window_at(f, at, kinds);
	if (f->card && !f->r->off[REDACT_CARD])
		redact_cards(f);
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
