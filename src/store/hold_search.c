/*
 * hold_search: which events match a filter at this moment.
 *
 * Segments never change, so that most of the work is done before the
 * transaction begins: inside it only those are looked through that came since
 * (sealed, merged, left by a prune), and the lines of the tail.
 *
 * In: a filter.   Out: runs of seqs.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/holds.h"

/* ---- a segment ---- */

static void
add_rows(struct runs *runs, const struct stored *s, const uint64_t *bits)
{
	for (uint32_t row = 0; row < s->info.meta.count; row++)
		if (bitmap_has(bits, row))
			runs_add(runs, store_row_seq(s, row), 1);
}

static int
search_segment(const struct hold_search *x, struct store *st, const struct segment_info *info, struct runs *runs,
    bool *moved, struct err *e)
{
	struct stored *s = store_segment(st, info, moved, e);
	uint64_t bits[MATCH_WORDS];
	int rc = -1;

	if (s != NULL) {
		bitmap_fill(bits, info->meta.count);
		if ((rc = hold_match(x->filter, s, bits, e)) == 0)
			add_rows(runs, s, bits);
		*moved |= s->moved;
	}
	store_segment_free(s);
	return rc;
}

/* ---- before ---- */

int
hold_search_ahead(struct hold_search *x, struct store *st, struct err *e)
{
	struct segment_info *list;
	struct store_view view;
	size_t n;
	int rc = store_view(st, &view, &list, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct hold_known known = { .id = list[i].id, .first = list[i].first };
		bool moved = false;

		rc = search_segment(x, st, &list[i], &known.runs, &moved, e);
		if (rc < 0) {
			runs_fini(&known.runs);
			/* Whatever is there instead is looked at later. */
			if (moved) {
				err_clear(e);
				rc = 0;
			}
			continue;
		}
		runs_end(&known.runs);
		mem_grow(&x->known, &x->cap, x->n + 1, sizeof(*x->known));
		x->known[x->n++] = known;
	}
	free(list);
	return rc;
}

void
hold_search_fini(struct hold_search *x)
{
	for (size_t i = 0; i < x->n; i++)
		runs_fini(&x->known[i].runs);
	free(x->known);
	runs_fini(&x->runs);
}

/* ---- in the transaction ---- */

/* Both lists ascend: *at moves on. */
static const struct hold_known *
find_known(const struct hold_search *x, size_t *at, const struct segment_info *info)
{
	while (*at < x->n && x->known[*at].first < info->first)
		++*at;
	return *at < x->n && x->known[*at].id == info->id ? &x->known[*at] : NULL;
}

static void
add_known(struct runs *runs, const struct hold_known *known)
{
	struct runs_reader r;

	runs_read(&r, buf_view(&known->runs.list));
	while (runs_next(&r) > 0)
		runs_add(runs, r.first, r.end - r.first);
}

static int
search_segments(struct hold_search *x, struct store *st, struct err *e)
{
	struct segment_info *list;
	bool moved = false;
	size_t n, at = 0;
	int rc = segment_list(st, 0, INT64_MAX, &list, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct hold_known *known = find_known(x, &at, &list[i]);

		if (known != NULL)
			add_known(&x->runs, known);
		else
			rc = search_segment(x, st, &list[i], &x->runs, &moved, e);
	}
	free(list);
	return rc;
}

struct tail_search {
	struct hold_search *search;
	struct filter_scratch *scratch;
	struct json_tape tape;
	struct arena arena;
};

static int
search_line(void *arg, uint64_t seq, struct str line, struct err *e)
{
	struct tail_search *t = arg;
	struct event ev;
	const char *detail;

	arena_reset(&t->arena);
	if (event_parse(&ev, line.p, line.len, &event_stored, &t->tape, &t->arena, &detail) != EVENT_OK)
		return err_set(e, ERR_INTEGRITY, "the tail's line at seq %llu is damaged", (unsigned long long)seq);
	if (hold_match_event(t->search->filter, &ev, &t->scratch))
		runs_add(&t->search->runs, seq, 1);
	return 0;
}

static int
search_tail(struct hold_search *x, struct store *st, struct err *e)
{
	struct tail_search t = { .search = x, .scratch = filter_scratch_new() };
	struct tail_size size;
	bool moved;
	int rc = tail_size(st, &size, e);

	if (rc == 0 && size.count > 0)
		rc = store_tail(st, 0, INT64_MAX, size.count, &moved, search_line, &t, e);
	filter_scratch_free(t.scratch);
	json_tape_fini(&t.tape);
	arena_fini(&t.arena);
	return rc;
}

int
hold_search(struct hold_search *x, struct store *st, struct err *e)
{
	if (search_segments(x, st, e) < 0 || search_tail(x, st, e) < 0)
		return -1;
	runs_end(&x->runs);
	return 0;
}
