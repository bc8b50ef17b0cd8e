/*
 * only: a set of seqs that a query keeps to (see only.h).
 *
 * In: a list of runs.   Out: which rows are in it.
 */
#include "query/only.h"

#include <stdlib.h>

#include "base/bitmap.h"
#include "base/mem.h"

#define MARK_RUNS 256 /* from one mark to the next */

struct only {
	struct str list;
	struct runs_reader *mark; /* each stands on a run */
	size_t n, cap;
};

struct only *
only_new(struct str list, struct err *e)
{
	struct only *o = mem_zero(1, sizeof(*o));
	struct runs_reader r;
	int rc;

	o->list = list;
	runs_read(&r, list);
	for (size_t i = 0; (rc = runs_next(&r)) > 0; i++)
		if (i % MARK_RUNS == 0) {
			mem_grow(&o->mark, &o->cap, o->n + 1, sizeof(*o->mark));
			o->mark[o->n++] = r;
		}
	if (rc < 0) {
		err_set(e, ERR_FAIL, "no list of sequence numbers");
		only_free(o);
		return NULL;
	}
	return o;
}

void
only_free(struct only *o)
{
	if (o == NULL)
		return;
	free(o->mark);
	free(o);
}

/* A reader on the last mark that does not begin behind seq. */
static struct runs_reader
begin(const struct only *o, uint64_t seq)
{
	size_t low = 0, high = o->n;
	struct runs_reader r;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (o->mark[middle].first <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	runs_read(&r, o->list);
	return low > 0 ? o->mark[low - 1] : r;
}

bool
only_has(const struct only *o, uint64_t seq)
{
	struct runs_reader r = begin(o, seq);

	return runs_has(&r, seq);
}

bool
only_overlaps(const struct only *o, uint64_t first, uint64_t last)
{
	struct runs_reader r = begin(o, first);

	return runs_skip(&r, first) > 0 && r.first <= last;
}

void
only_clip(const struct only *o, const struct stored *s, uint64_t *bits)
{
	struct runs_reader r = begin(o, s->info.first);

	for (uint32_t row = 0; row < s->info.meta.count; row++)
		if (!runs_has(&r, store_row_seq(s, row)))
			bitmap_drop(bits, row);
}
