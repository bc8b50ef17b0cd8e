/*
 * holds: which events the active holds keep.
 *
 * Whatever deletes or changes an event reads the holds in the transaction that
 * does it, so that none is overlooked that was placed a moment before.  When
 * what a hold says cannot be read, nothing is deleted at all.
 *
 * In: rows of a segment, or an event.   Out: those that no hold keeps.
 */
#include "store/holds.h"

#include <stdlib.h>

#include "base/mem.h"

enum { GIVEN_UP_MAX = 64 }; /* rows of a segment on which a pattern may take its longest time */

/* ---- reading ---- */

static int
take_hold(struct holds *h, struct store *st, const struct hold_row *row, struct hold_reader *r, struct err *e)
{
	struct err why = ERR_NONE;
	struct hold hold;
	struct filter *f;

	if (hold_read(st, row, r, &hold, &h->arena, e) < 0)
		return -1;
	if (h->n == HOLDS_ACTIVE_MAX || (h->filters += hold.filter.len) > HOLDS_FILTERS_MAX)
		return err_set(e, ERR_INTEGRITY, "more holds are active than can be");
	if ((f = hold_filter(&hold, &why)) == NULL)
		return err_set(e, ERR_INTEGRITY, "hold %lld cannot be asked: %s", (long long)row->id, why.text);
	mem_grow(&h->item, &h->cap, h->n + 1, sizeof(*h->item));
	h->item[h->n++] = (struct active_hold){ .id = row->id, .record = row->record, .matter = hold.matter, .filter = f };
	return 0;
}

int
holds_read(struct holds *h, struct store *st, struct err *e)
{
	struct hold_row row[HOLD_PAGE];
	struct hold_reader reader = { .line = { 0 } };
	int64_t after = 0;
	size_t n;
	int rc;

	h->scratch = filter_scratch_new();
	do {
		rc = hold_rows(st, after, true, row, &n, e);
		for (size_t i = 0; rc == 0 && i < n; i++) {
			after = row[i].id;
			rc = take_hold(h, st, &row[i], &reader, e);
		}
	} while (rc == 0 && n == HOLD_PAGE);
	hold_reader_fini(&reader);
	return rc;
}

void
holds_fini(struct holds *h)
{
	for (size_t i = 0; i < h->n; i++)
		filter_free(h->item[i].filter);
	free(h->item);
	filter_scratch_free(h->scratch);
	arena_fini(&h->arena);
	*h = (struct holds){ 0 };
}

/* ---- matching ---- */

/* *given_up counts events on which a pattern took too long. */
static bool
match_event(const struct filter *f, const struct event *ev, struct filter_scratch **x, uint32_t *given_up)
{
	bool match = filter_match(f, ev, *x);
	struct err e = ERR_NONE;

	if (filter_trouble(*x, &e) == 0)
		return match;
	/* It remembers trouble for ever. */
	filter_scratch_free(*x);
	*x = filter_scratch_new();
	(*given_up)++;
	return true;
}

bool
hold_match_event(const struct filter *f, const struct event *ev, struct filter_scratch **x)
{
	uint32_t given_up = 0;

	return match_event(f, ev, x, &given_up);
}

/* Slowly, so that only those rows are taken on which a pattern is too slow; of
 * a segment full of them, all that are left. */
static int
match_rows_singly(const struct filter *f, const struct stored *s, uint64_t *bits, struct err *e)
{
	struct filter_scratch *x = filter_scratch_new();
	struct event ev;
	uint32_t given_up = 0;
	int rc = 0;

	for (uint32_t row = 0; row < s->info.meta.count && rc == 0 && given_up < GIVEN_UP_MAX; row++) {
		if (!bitmap_has(bits, row))
			continue;
		rc = segment_event(s->columns, row, FIELD_ALL, &ev, e);
		if (rc == 0 && !match_event(f, &ev, &x, &given_up))
			bitmap_drop(bits, row);
	}
	filter_scratch_free(x);
	return rc;
}

int
hold_match(const struct filter *f, const struct stored *s, uint64_t *bits, struct err *e)
{
	struct err trouble = ERR_NONE;
	uint32_t words = (s->info.meta.count + 63) / 64;
	enum verdict verdict = MATCH_NONE;
	struct matcher *m;
	uint64_t *found;
	int rc = 0;

	if (match_possible(f, &s->info.meta)) {
		m = matcher_new(f);
		rc = match_segment(m, s, &verdict, &found, &trouble);
		if (rc == 0 && verdict == MATCH_SOME)
			for (uint32_t w = 0; w < words; w++)
				bits[w] &= found[w];
		matcher_free(m);
	}
	/* What cannot be read is told by reading it again. */
	if (rc < 0)
		return match_rows_singly(f, s, bits, e);
	if (verdict == MATCH_NONE)
		memset(bits, 0, words * sizeof(*bits));
	return 0;
}

/* ---- keeping ---- */

int
holds_keep(struct holds *h, const struct stored *s, uint64_t *bits, struct err *e)
{
	uint32_t words = (s->info.meta.count + 63) / 64;
	uint64_t kept[MATCH_WORDS] = { 0 }, found[MATCH_WORDS];

	for (size_t i = 0; i < h->n; i++) {
		memcpy(found, bits, words * sizeof(*found));
		if (hold_match(h->item[i].filter, s, found, e) < 0)
			return -1;
		h->item[i].kept += bitmap_count(found, s->info.meta.count);
		for (uint32_t w = 0; w < words; w++)
			kept[w] |= found[w];
	}
	for (uint32_t w = 0; w < words; w++)
		bits[w] &= ~kept[w];
	return 0;
}

bool
holds_keep_event(struct holds *h, const struct event *ev)
{
	bool kept = false;

	for (size_t i = 0; i < h->n; i++)
		if (hold_match_event(h->item[i].filter, ev, &h->scratch)) {
			h->item[i].kept++;
			kept = true;
		}
	return kept;
}

/* ---- what was kept ---- */

/* The number of holds is small. */
void
hold_kept_add(struct hold_kept **list, size_t *n, const struct hold_kept *more)
{
	size_t i = 0;

	while (i < *n && (*list)[i].hold < more->hold)
		i++;
	if (i < *n && (*list)[i].hold == more->hold) {
		(*list)[i].events += more->events;
		return;
	}
	*list = mem_resize(*list, (*n + 1) * sizeof(**list));
	memmove(*list + i + 1, *list + i, (*n - i) * sizeof(**list));
	(*list)[i] = *more;
	++*n;
}

void
holds_kept(const struct holds *h, struct hold_kept **list, size_t *n)
{
	for (size_t i = 0; i < h->n; i++) {
		struct hold_kept kept = { .hold = h->item[i].id, .events = h->item[i].kept };
		struct str matter = h->item[i].matter;

		memcpy(kept.matter, matter.p, matter.len < HOLD_MATTER_MAX ? matter.len : HOLD_MATTER_MAX);
		if (kept.events > 0)
			hold_kept_add(list, n, &kept);
	}
}
