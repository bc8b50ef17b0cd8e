/* histogram: counts over time, without knowing the span beforehand. */
#include "event/histogram.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"

#define CELLS_AUTO 8192       /* kept while the length is ours to choose */
#define CELLS_MAX (1 << 20)   /* of a length the caller chose */
#define BUCKETS_MAX 60

#define MINUTE (60 * TIME_SECOND)
#define HOUR (60 * MINUTE)
#define YEAR (365 * TIME_DAY)

/* Each divides the next; CELLS_AUTO of the last cover every time there is. */
static const int64_t grains[] = {
	TIME_SECOND, 10 * TIME_SECOND, MINUTE, 15 * MINUTE, HOUR, TIME_DAY, YEAR,
};

/* What is offered: whenever a grain was left, a multiple of the next follows
 * that needs no more than BUCKETS_MAX. */
static const int64_t lengths[] = {
	TIME_SECOND, 5 * TIME_SECOND, 10 * TIME_SECOND, 30 * TIME_SECOND,
	MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE,
	HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
	TIME_DAY, 7 * TIME_DAY, 30 * TIME_DAY, 90 * TIME_DAY,
	YEAR, 10 * YEAR, 100 * YEAR, 200 * YEAR,
};

struct cell {
	uint64_t count, failed;
};

/* Numbers of cells count from 1970; cell i has number base + i. */
struct histogram {
	bool exact;     /* the grain is the length that the caller wants */
	int64_t grain;
	int64_t base;
	int64_t first, last; /* numbers of the outermost cells in use; first > last: none */
	int64_t from;        /* the start of the cell added to last, and its place: */
	struct cell *recent; /* events mostly come in order of time */
	struct cell *cell;
	size_t cells;
};

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

struct histogram *
histogram_new(int64_t bucket)
{
	struct histogram *h = mem_zero(1, sizeof(*h));

	h->exact = bucket > 0;
	h->grain = h->exact ? bucket : grains[0];
	h->first = 0;
	h->last = -1;
	h->cells = CELLS_AUTO;
	h->cell = mem_zero(h->cells, sizeof(*h->cell));
	return h;
}

void
histogram_free(struct histogram *h)
{
	if (h == NULL)
		return;
	free(h->cell);
	free(h);
}

/* Gathers the cells of grain * factor each. */
static void
coarsen(struct histogram *h, int64_t factor)
{
	int64_t base = floor_div(h->base, factor);

	for (int64_t i = h->first; i <= h->last; i++) {
		struct cell c = h->cell[i - h->base];
		struct cell *to;

		/* Never behind the cell it comes from, nor before the one just gathered. */
		h->cell[i - h->base] = (struct cell){ 0, 0 };
		to = &h->cell[floor_div(i, factor) - base];
		to->count += c.count;
		to->failed += c.failed;
	}
	h->base = base;
	h->grain *= factor;
	h->first = floor_div(h->first, factor);
	h->last = floor_div(h->last, factor);
}

static int64_t
next_factor(const struct histogram *h)
{
	for (size_t i = 0; !h->exact && i + 1 < sizeof(grains) / sizeof(*grains); i++)
		if (grains[i] == h->grain)
			return grains[i + 1] / grains[i];
	return 2;
}

/* Puts the cells first..last in the middle of an array of n. */
static void
recentre(struct histogram *h, int64_t first, int64_t last, size_t n)
{
	struct cell *cell = mem_zero(n, sizeof(*cell));
	int64_t base = first - ((int64_t)n - (last - first + 1)) / 2;

	if (h->first <= h->last)
		memcpy(cell + (h->first - base), h->cell + (h->first - h->base),
		    (size_t)(h->last - h->first + 1) * sizeof(*cell));
	free(h->cell);
	h->cell = cell;
	h->cells = n;
	h->base = base;
}

/* Makes room for a time outside the cells, by moving, growing or a coarser grain. */
static void
make_room(struct histogram *h, int64_t time)
{
	size_t max = h->exact ? CELLS_MAX : CELLS_AUTO;
	size_t n = h->cells;

	for (;;) {
		int64_t number = floor_div(time, h->grain);
		bool empty = h->first > h->last;
		int64_t first = empty || number < h->first ? number : h->first;
		int64_t last = empty || number > h->last ? number : h->last;

		while ((int64_t)n < last - first + 1 && n < max)
			n *= 2;
		if (last - first + 1 <= (int64_t)n) {
			recentre(h, first, last, n);
			return;
		}
		coarsen(h, next_factor(h));
	}
}

/* The cell of a time, marked as in use. */
static struct cell *
cell_of(struct histogram *h, int64_t time)
{
	int64_t number = floor_div(time, h->grain);

	if (number < h->base || number >= h->base + (int64_t)h->cells || h->first > h->last) {
		make_room(h, time);
		number = floor_div(time, h->grain);
	}
	if (h->first > h->last)
		h->first = h->last = number;
	if (number < h->first)
		h->first = number;
	if (number > h->last)
		h->last = number;
	return &h->cell[number - h->base];
}

/* Whether a time is in the cell at hand: unsigned, one before it is far behind. */
static inline bool
is_near(const struct histogram *h, int64_t time)
{
	return (uint64_t)time - (uint64_t)h->from < (uint64_t)h->grain;
}

static void
go_to(struct histogram *h, int64_t time)
{
	time = time < TIME_MIN ? TIME_MIN : time > TIME_MAX ? TIME_MAX : time;
	h->recent = cell_of(h, time);
	h->from = floor_div(time, h->grain) * h->grain;
}

void
histogram_add(struct histogram *h, int64_t time, bool failed)
{
	if (h->recent == NULL || !is_near(h, time))
		go_to(h, time);
	h->recent->count++;
	h->recent->failed += failed;
}

/* Up to 64 times.  A few that are elsewhere came late: what follows them is
 * where the others are. */
static void
add_word(struct histogram *h, const int64_t *time, size_t n, uint64_t in, uint64_t failed)
{
	uint64_t near = 0;
	int64_t from;

	if (h->recent == NULL)
		go_to(h, time[__builtin_ctzll(in)]);
	for (size_t i = 0; i < n; i++)
		near |= (uint64_t)is_near(h, time[i]) << i;
	near &= in;
	h->recent->count += (uint64_t)__builtin_popcountll(near);
	h->recent->failed += (uint64_t)__builtin_popcountll(near & failed);
	from = h->from;
	in &= ~near;
	if (in == 0)
		return;
	for (uint64_t left = in; left != 0; left &= left - 1) {
		int bit = __builtin_ctzll(left);

		histogram_add(h, time[bit], failed >> bit & 1);
	}
	if (__builtin_popcountll(in) < __builtin_popcountll(near))
		go_to(h, from);
}

void
histogram_add_rows(struct histogram *h, const int64_t *time, size_t n, const uint64_t *in,
    const uint64_t *failed)
{
	for (size_t i = 0; i < n; i += 64) {
		size_t rows = n - i < 64 ? n - i : 64;
		uint64_t all = rows < 64 ? (UINT64_C(1) << rows) - 1 : UINT64_MAX;
		uint64_t word = in != NULL ? in[i / 64] & all : all;

		if (word != 0)
			add_word(h, time + i, rows, word, failed[i / 64]);
	}
}

void
histogram_merge(struct histogram *into, const struct histogram *from)
{
	/* A cell of the coarser grain may have come from anywhere in it. */
	while (into->grain < from->grain)
		coarsen(into, next_factor(into));
	for (int64_t i = from->first; i <= from->last; i++) {
		const struct cell *c = &from->cell[i - from->base];
		struct cell *to;

		if (c->count == 0)
			continue;
		to = cell_of(into, i * from->grain);
		to->count += c->count;
		to->failed += c->failed;
	}
	into->recent = NULL;
}

int
histogram_check(const struct histogram *h, int64_t bucket, int64_t first, int64_t last, struct err *e)
{
	char from[TIME_TEXT_LEN], until[TIME_TEXT_LEN];

	if (!h->exact || h->grain == bucket)
		return 0;
	time_format(from, first);
	time_format(until, last);
	return err_set(e, ERR_FAIL, "steps of %" PRId64 "s would be more than %d from %.10s to %.10s; "
	    "the shortest that can be had is %" PRId64 "s", bucket / TIME_SECOND, CELLS_MAX, from, until,
	    (last - first) / (CELLS_MAX - 2) / TIME_SECOND + 1);
}

/* The shortest length offered that gives at most BUCKETS_MAX. */
static int64_t
choose_length(const struct histogram *h)
{
	int64_t start = h->first * h->grain, end = h->last * h->grain;

	if (h->exact)
		return h->grain;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		if (lengths[i] % h->grain == 0 &&
		    floor_div(end, lengths[i]) - floor_div(start, lengths[i]) < BUCKETS_MAX)
			return lengths[i];
	return lengths[sizeof(lengths) / sizeof(*lengths) - 1];
}

struct summary_bucket *
histogram_buckets(const struct histogram *h, int64_t *bucket, size_t *n)
{
	int64_t length = choose_length(h);
	int64_t first = floor_div(h->first * h->grain, length);
	struct summary_bucket *out;

	*bucket = length;
	*n = 0;
	if (h->first > h->last)
		return mem_zero(1, sizeof(*out));
	*n = (size_t)(floor_div(h->last * h->grain, length) - first + 1);
	out = mem_zero(*n, sizeof(*out));
	for (size_t i = 0; i < *n; i++)
		out[i].start = (first + (int64_t)i) * length;
	for (int64_t i = h->first; i <= h->last; i++) {
		const struct cell *c = &h->cell[i - h->base];
		struct summary_bucket *to = &out[floor_div(i * h->grain, length) - first];

		to->count += c->count;
		to->failed += c->failed;
	}
	return out;
}
