/*
 * prune_judge: whose time is over.
 *
 * The first rule that matches takes a row.  What is over by its cut-off is
 * shown to the holds, and what they leave goes.
 *
 * In: rows of a segment, or an event.   Out: runs of seqs with the rule that
 * takes them, counts.
 */
#include "store/prune_judge.h"

#include <stdlib.h>

#include "base/mem.h"

enum { NO_RULE = 0, NOT_ASKED = UINT8_MAX }; /* else 1 + the rule: PRUNE_RULES_MAX fit */

struct prune_share *
prune_shares_new(size_t n)
{
	struct prune_share *s = mem_zero(n + 1, sizeof(*s));

	for (size_t i = 0; i < n; i++)
		s[i].oldest = s[i].newest = TIME_NONE;
	return s;
}

void
prune_judge_init(struct prune_judge *j, const struct prune_rule *rule, size_t n)
{
	j->rule = rule;
	j->rules = n;
	j->latest = TIME_MIN;
	j->matcher = mem_zero(n + 1, sizeof(struct matcher *));
	for (size_t i = 0; i < n; i++) {
		j->matcher[i] = matcher_new(rule[i].filter);
		j->latest = prune_later(j->latest, rule[i].cutoff);
	}
	j->scratch = filter_scratch_new();
	j->share = prune_shares_new(n);
}

void
prune_judge_fini(struct prune_judge *j)
{
	for (size_t i = 0; i < j->rules; i++)
		matcher_free(j->matcher[i]);
	free(j->matcher);
	filter_scratch_free(j->scratch);
	holds_fini(&j->holds);
	free(j->share);
}

/* ---- the rules ---- */

/* Rows that no rule can take; true when any other is there. */
static bool
set_aside(struct prune_judge *j, const struct stored *s, uint64_t low, uint64_t high)
{
	uint32_t n = s->info.meta.count, asked = 0;

	for (uint32_t row = 0; row < n; row++) {
		uint64_t seq = store_row_seq(s, row);
		bool ask = seq >= low && seq <= high && store_row_kind(s, row) != LEAF_RECORD;

		j->fate[row] = ask ? NO_RULE : NOT_ASKED;
		asked += ask;
	}
	return asked > 0;
}

/* The first rule takes its rows; those that are left, the next one. */
static int
ask_rules(struct prune_judge *j, const struct stored *s, struct err *e)
{
	uint32_t n = s->info.meta.count;

	for (size_t i = 0; i < j->rules; i++) {
		enum verdict verdict;
		uint64_t *bits;

		if (!match_possible(j->rule[i].filter, &s->info.meta))
			continue;
		if (match_segment(j->matcher[i], s, &verdict, &bits, e) < 0)
			return -1;
		if (verdict == MATCH_NONE)
			continue;
		if (verdict == MATCH_ALL)
			bitmap_fill(bits, n);
		for (uint32_t word = 0; word < (n + 63) / 64; word++)
			for (uint64_t in = bits[word]; in != 0; in &= in - 1) {
				uint8_t *fate = &j->fate[word * 64 + (unsigned)__builtin_ctzll(in)];

				if (*fate == NO_RULE)
					*fate = (uint8_t)(i + 1);
			}
		if (verdict == MATCH_ALL)
			break;
	}
	return 0;
}

/* Sets the bits of rows whose time is over; how many there are. */
static uint32_t
find_over(struct prune_judge *j, const int64_t *time, uint32_t n)
{
	uint32_t count = 0;

	memset(j->over, 0, (n + 63) / 64 * sizeof(*j->over));
	for (uint32_t row = 0; row < n; row++) {
		uint8_t fate = j->fate[row];

		if (fate == NO_RULE || fate == NOT_ASKED || time[row] == TIME_NONE ||
		    time[row] >= j->rule[fate - 1].cutoff)
			continue;
		bitmap_add(j->over, row);
		count++;
	}
	return count;
}

/* ---- the holds ---- */

/* What they count is as before when it fails. */
static int
ask_holds(struct prune_judge *j, const struct stored *s, struct err *e)
{
	uint64_t *before = mem_alloc((j->holds.n + 1) * sizeof(*before));
	int rc;

	for (size_t i = 0; i < j->holds.n; i++)
		before[i] = j->holds.item[i].kept;
	rc = holds_keep(&j->holds, s, j->over, e);
	for (size_t i = 0; rc < 0 && i < j->holds.n; i++)
		j->holds.item[i].kept = before[i];
	free(before);
	return rc;
}

/* ---- the sums ---- */

static void
count_asked(struct prune_judge *j, uint32_t n)
{
	uint64_t count[UINT8_MAX + 1] = { 0 };

	for (uint32_t row = 0; row < n; row++)
		count[j->fate[row]]++;
	j->no_rule += count[NO_RULE];
	for (size_t i = 0; i < j->rules; i++)
		j->share[i].matched += count[i + 1];
}

static void
count_over(struct prune_share *s, uint64_t bytes, int64_t time)
{
	s->events++;
	s->bytes += bytes;
	s->oldest = prune_earlier(s->oldest, time);
	s->newest = prune_later(s->newest, time);
}

static void
put_run(struct prune_going *g, uint64_t first, uint64_t length, uint8_t fate)
{
	if (g->list.len == 0)
		g->first = g->end = first;
	buf_varint(&g->list, first - g->end);
	buf_varint(&g->list, length);
	buf_varint(&g->list, fate);
	g->end = first + length;
}

/* Runs of rows that go by the same rule. */
static void
tell_over(struct prune_judge *j, const struct stored *s, const int64_t *time, struct prune_going *g)
{
	const struct segment_meta *m = &s->info.meta;

	for (uint32_t row = 0; row < m->count;) {
		uint64_t first = store_row_seq(s, row), length = 0;
		uint8_t fate = j->fate[row];

		if (!bitmap_has(j->over, row)) {
			row++;
			continue;
		}
		do {
			count_over(&j->share[fate - 1], m->bytes / m->count, time[row++]);
			length++;
		} while (row < m->count && j->fate[row] == fate && bitmap_has(j->over, row) && store_row_seq(s, row) == first + length);
		put_run(g, first, length, fate);
	}
}

/* ---- a segment, an event ---- */

int
prune_judge_segment(struct prune_judge *j, struct stored *s, uint64_t low, uint64_t high, struct prune_going *g,
    struct err *e)
{
	uint32_t n = s->info.meta.count, over = 0, left = 0;
	const struct column *time = NULL;

	if (!set_aside(j, s, low, high))
		return 0;
	if (ask_rules(j, s, e) < 0)
		return -1;
	if (s->info.meta.min_time < j->latest) {
		if ((time = segment_column(s->columns, FIELD_TIME, e)) == NULL)
			return -1;
		if (time->kind != COLUMN_TIME)
			return err_set(e, ERR_INTEGRITY, "segment %lld has no times", (long long)s->info.id);
		left = over = find_over(j, time->time, n);
	}
	if (over > 0) {
		if (ask_holds(j, s, e) < 0)
			return -1;
		left = bitmap_count(j->over, n);
	}
	count_asked(j, n);
	j->kept += over - left;
	j->whole += left == n;
	j->mixed += left > 0 && left < n;
	if (left > 0)
		tell_over(j, s, time->time, g);
	return 0;
}

int
prune_judge_event(struct prune_judge *j, const struct event *ev, uint64_t seq, uint64_t bytes, struct prune_going *g,
    struct err *e)
{
	size_t i = 0;

	while (i < j->rules && !filter_match(j->rule[i].filter, ev, j->scratch))
		i++;
	if (filter_trouble(j->scratch, e) < 0)
		return -1;
	if (i == j->rules) {
		j->no_rule++;
		return 0;
	}
	j->share[i].matched++;
	if (ev->time >= j->rule[i].cutoff)
		return 0;
	if (holds_keep_event(&j->holds, ev)) {
		j->kept++;
		return 0;
	}
	count_over(&j->share[i], bytes, ev->time);
	j->tail++;
	put_run(g, seq, 1, (uint8_t)(i + 1));
	return 0;
}
