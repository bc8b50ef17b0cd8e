/*
 * verify_cell: one cell: which of its seqs are there, and which should be.
 *
 * Each seq is present, erased or pruned.  What the rows of removals say of the
 * cell, as of the moment when it was copied, must be what is seen.
 *
 * In: a copied cell and the removals that touch it.   Out: findings, counts,
 * leaf hashes.
 */
#include <stdlib.h>

#include "store/verify_parts.h"

void
cell_work_init(struct cell_work *w, struct store *st)
{
	*w = (struct cell_work){
		.st = st,
		.leaf = mem_alloc(TREE_CELL * sizeof(*w->leaf)),
		.kept = mem_alloc(TREE_CELL * sizeof(*w->kept)),
		.state = mem_alloc(TREE_CELL),
		.kind = mem_alloc(TREE_CELL),
		.pruned = mem_alloc(TREE_CELL),
	};
}

void
cell_work_fini(struct cell_work *w)
{
	cell_copy_fini(&w->copy);
	free(w->run);
	free(w->record);
	free(w->wanted);
	free(w->leaf);
	free(w->kept);
	free(w->state);
	free(w->kind);
	free(w->pruned);
	free(w->change);
	free(w->change_told);
	free(w->subtree_good);
	free(w->set);
	scratch_fini(&w->scratch);
	value_check_fini(&w->check);
	buf_fini(&w->line);
	json_tape_fini(&w->tape);
	arena_fini(&w->arena);
	findings_fini(&w->found);
}

/* ---- events that are there ---- */

static bool
take_place(struct cell_work *w, uint64_t seq, enum seq_state state, int64_t segment)
{
	uint8_t *at = &w->state[seq % TREE_CELL];

	if (*at == SEQ_PRESENT || *at == SEQ_ERASED) {
		struct place p = PLACE_SEQ(VERIFY_EXTRA, seq, seq);

		p.segment = segment;
		findings_add(&w->found, p, "seq %llu is there twice", (unsigned long long)seq);
		return false;
	}
	*at = (uint8_t)state;
	return true;
}

void
cell_take_bad(struct cell_work *w, uint64_t seq)
{
	w->state[seq % TREE_CELL] = SEQ_BAD;
}

/* What an erased event is now is held against its newest change. */
static bool
is_change(const struct copied_change *x, struct str line)
{
	struct hash now;

	if (x->salt.len != SALT_LEN || x->change.len != HASH_LEN)
		return false;
	erased_change(&now, (const uint8_t *)x->salt.p, line);
	return memcmp(now.b, x->change.p, HASH_LEN) == 0;
}

static void
take_erased(struct cell_work *w, const struct copied_change *x, struct str line, uint64_t seq)
{
	if (x->leaf.len != HASH_LEN) { /* told with the row */
		w->state[seq % TREE_CELL] = SEQ_BAD;
		return;
	}
	memcpy(w->leaf[seq % TREE_CELL].b, x->leaf.p, HASH_LEN);
	w->erased++;
	if (!is_change(x, line))
		findings_add(&w->found, PLACE_SEQ(VERIFY_ERASURE, seq, seq),
		    "seq %llu: the erased event is not what the erasure made of it", (unsigned long long)seq);
}

void
cell_take_event(struct cell_work *w, const struct event *ev, struct str line, uint64_t seq, enum leaf_kind kind,
    int64_t segment)
{
	uint32_t at = (uint32_t)(seq % TREE_CELL);
	int32_t newest = w->change != NULL ? w->change[at] : -1;
	const struct copied_change *x = newest >= 0 ? &w->copy.change[newest] : NULL;
	uint8_t salt[SALT_LEN];

	if (!take_place(w, seq, x != NULL ? SEQ_ERASED : SEQ_PRESENT, segment))
		return;
	w->kind[at] = (uint8_t)kind;
	w->own_records += kind == LEAF_RECORD;
	w->hashed++;
	if (event_has(ev, FIELD_INGESTED) && ev->ingested > w->last_ingested)
		w->last_ingested = ev->ingested;
	verify_record(w, ev, seq, kind, segment, x != NULL);
	if (x != NULL) {
		take_erased(w, x, line, seq);
	} else if (salt_get(&w->walk, at, salt)) {
		tree_leaf(&w->leaf[at], salt, kind, line);
	} else {
		w->state[at] = SEQ_UNSALTED; /* told with the salts */
	}
}

/* ---- the tail ---- */

static void
tail_fault(struct cell_work *w, const struct copied_line *t, const char *what)
{
	findings_add(&w->found, PLACE_SEQ(VERIFY_TAIL, t->seq, t->seq), "seq %llu: %s", (unsigned long long)t->seq, what);
}

static void
take_line(struct cell_work *w, const struct copied_line *t)
{
	struct str line = buf_view(&t->line);
	struct event ev;
	const char *detail;

	if (t->leaf.len != HASH_LEN)
		tail_fault(w, t, "the tail's row has no hash of its event");
	if ((uint64_t)t->length != line.len)
		tail_fault(w, t, "the tail's row tells another length than its line has");
	arena_reset(&w->arena);
	buf_reset(&w->line);
	bool parsed = event_parse(&ev, line.p, line.len, &event_stored, &w->tape, &w->arena, &detail) == EVENT_OK;
	if (parsed)
		event_format(&w->line, &ev);
	if (!parsed || !str_eq(buf_view(&w->line), line) || (t->kind != LEAF_EVENT && t->kind != LEAF_RECORD)) {
		tail_fault(w, t, "the tail's line is no event");
		cell_take_bad(w, t->seq);
		return;
	}
	if (t->key != (int64_t)event_key(w->st, &ev))
		tail_fault(w, t, "the tail's row has not the key that its event is found by");
	cell_take_event(w, &ev, line, t->seq, (enum leaf_kind)t->kind, 0);
}

/* The tail's rows are the last of the log, without a gap, and end with it. */
static void
take_tail(struct cell_work *w)
{
	const struct cell_copy *c = &w->copy;

	if (c->lines > 0 && c->end == cell_start(w) + TREE_CELL)
		findings_add(&w->found, PLACE_SEQ(VERIFY_TAIL, c->line[0].seq, c->line[c->lines - 1].seq),
		    "cell %llu is full, but has lines in the tail", (unsigned long long)c->no);
	for (size_t i = 0; i < c->lines; i++) {
		const struct copied_line *t = &c->line[i];

		if (t->seq >= c->end) {
			tail_fault(w, t, "a line of the tail beyond the end of the log");
			continue;
		}
		if (i > 0 && t->seq != c->line[i - 1].seq + 1)
			tail_fault(w, t, "the tail has a gap before it");
		if (i + 1 == c->lines && t->seq + 1 != c->end)
			tail_fault(w, t, "the tail ends here, but the log does not");
		take_line(w, t);
	}
}

/* ---- what removals say ---- */

static void
change_fault(struct cell_work *w, uint64_t seq, const char *what)
{
	findings_add(&w->found, PLACE_SEQ(VERIFY_ERASURE, seq, seq), "seq %llu: %s", (unsigned long long)seq, what);
}

/* The newest row of each seq, and whether rows of one seq agree. */
static void
index_changes(struct cell_work *w)
{
	const struct cell_copy *c = &w->copy;

	free(w->change);
	free(w->change_told);
	w->change = NULL;
	w->change_told = NULL;
	if (c->changes == 0)
		return;
	w->change = mem_alloc(TREE_CELL * sizeof(*w->change));
	w->change_told = mem_zero(c->changes, sizeof(*w->change_told));
	memset(w->change, 0xff, TREE_CELL * sizeof(*w->change));
	for (size_t i = 0; i < c->changes; i++) {
		const struct copied_change *x = &c->change[i];
		bool newest = i + 1 == c->changes || c->change[i + 1].seq != x->seq;

		if (x->seq >= c->end || x->leaf.len != HASH_LEN || x->change.len != HASH_LEN)
			change_fault(w, x->seq, "the row of its erasure cannot be");
		else if (!newest && !str_eq(buf_view(&x->leaf), buf_view(&c->change[i + 1].leaf)))
			change_fault(w, x->seq, "rows of its erasures tell different original hashes");
		if (!newest && x->has_salt)
			change_fault(w, x->seq, "the salt of a change that another one followed is still there");
		if (newest && x->seq < c->end)
			w->change[x->seq % TREE_CELL] = (int32_t)i;
	}
}

static int
by_seq_and_record(const struct copied_change *x, uint64_t seq, uint64_t record)
{
	if (x->seq != seq)
		return x->seq < seq ? -1 : 1;
	return x->record < record ? -1 : x->record > record;
}

/* The row of `erased` of a seq and a record; SIZE_MAX. */
static size_t
find_change(const struct cell_copy *c, uint64_t seq, uint64_t record)
{
	size_t low = 0, high = c->changes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_seq_and_record(&c->change[middle], seq, record) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->changes && by_seq_and_record(&c->change[low], seq, record) == 0 ? low : SIZE_MAX;
}

/* Whether any of a removal's seqs here has a row that names its record. */
static bool
names_record(const struct cell_work *w, const struct removal_run *run)
{
	for (uint32_t i = 0; i < run->count && w->copy.changes > 0; i++)
		if (find_change(&w->copy, cell_start(w) + run->first + i, run->record) != SIZE_MAX)
			return true;
	return false;
}

static void
apply_erasure(struct cell_work *w, const struct removal_run *run)
{
	for (uint32_t i = 0; i < run->count; i++) {
		uint64_t seq = cell_start(w) + run->first + i;
		size_t at = find_change(&w->copy, seq, run->record);

		if (at != SIZE_MAX)
			w->change_told[at] = true;
		else
			change_fault(w, seq, "a row of its erasure is missing");
	}
}

static void
apply_prune(struct cell_work *w, const struct removal_run *run)
{
	uint64_t first = cell_start(w) + run->first;
	char text[SEQS_TEXT];

	if (memchr(w->pruned + run->first, PRUNED_SAID, run->count) != NULL)
		findings_add(&w->found, PLACE_SEQ(VERIFY_REMOVAL, first, first + run->count - 1),
		    "%s: removed by two prunes", seqs_text(text, first, first + run->count - 1));
	memset(w->pruned + run->first, PRUNED_SAID, run->count);
}

/* Runs of one removal are neighbours in the list. */
static void
apply_removals(struct cell_work *w)
{
	memset(w->pruned, 0, TREE_CELL);
	for (size_t i = 0, end; i < w->runs; i = end) {
		bool erase = false;

		for (end = i; end < w->runs && w->run[end].removal == w->run[i].removal; end++)
			erase = erase || names_record(w, &w->run[end]);
		for (size_t k = i; k < end; k++) {
			w->run[k].erase = erase;
			if (erase)
				apply_erasure(w, &w->run[k]);
			else
				apply_prune(w, &w->run[k]);
		}
	}
	for (size_t i = 0; i < w->copy.changes; i++)
		if (!w->change_told[i])
			change_fault(w, w->copy.change[i].seq, "changed, as it says, by an erasure that the store does not know");
}

/* ---- what is there against what should be ---- */

/* What may be there is there when it should be. */
static void
decide_doubts(struct cell_work *w)
{
	for (uint32_t at = 0; at < cell_events(w); at++)
		if (w->state[at] == SEQ_MAYBE)
			w->state[at] = w->pruned[at] ? SEQ_GONE : SEQ_BAD;
}

enum verdict { FINE, FINE_GONE, LOST, TOO_MUCH, DAMAGED };

static enum verdict
verdict_of(const struct cell_work *w, uint32_t at)
{
	switch (w->state[at]) {
	case SEQ_GONE:
		return w->pruned[at] ? FINE_GONE : LOST;
	case SEQ_BAD:
	case SEQ_UNSALTED:
		return w->pruned[at] ? TOO_MUCH : DAMAGED;
	default:
		return w->pruned[at] ? TOO_MUCH : FINE;
	}
}

static void
count_run(struct cell_work *w, enum verdict v, uint32_t at, uint32_t n)
{
	uint64_t first = cell_start(w) + at;
	char text[SEQS_TEXT];

	switch (v) {
	case FINE:
		w->present += n;
		break;
	case FINE_GONE:
		w->gone += n;
		break;
	case LOST:
		w->missing += n;
		findings_add(&w->found, PLACE_SEQ(VERIFY_MISSING, first, first + n - 1),
		    "%s: missing, and no removal accounts for it", seqs_text(text, first, first + n - 1));
		break;
	case TOO_MUCH:
		w->present += n;
		findings_add(&w->found, PLACE_SEQ(VERIFY_EXTRA, first, first + n - 1),
		    "%s: there, although a prune says it was removed", seqs_text(text, first, first + n - 1));
		break;
	case DAMAGED:
		w->missing += n;
		break;
	}
}

static void
compare_states(struct cell_work *w)
{
	uint32_t events = cell_events(w);

	for (uint32_t at = 0, end; at < events; at = end) {
		enum verdict v = verdict_of(w, at);

		for (end = at + 1; end < events && verdict_of(w, end) == v; end++)
			;
		count_run(w, v, at, end - at);
	}
}

static void
check_overlap(struct cell_work *w)
{
	const struct cell_copy *c = &w->copy;

	for (size_t i = 1; i < c->segments; i++) {
		const struct segment_info *a = &c->segment[i - 1].info, *b = &c->segment[i].info;

		if (a->last >= b->first)
			findings_add(&w->found,
			    (struct place){ .fault = VERIFY_SEGMENT, .has_seq = true, .first = b->first,
			        .last = b->last, .segment = b->id, .field = FIELD_NONE },
			    "segment %lld overlaps segment %lld", (long long)b->id, (long long)a->id);
	}
}

void
cell_work_run(struct cell_work *w)
{
	const struct cell_copy *c = &w->copy;

	memset(w->state, SEQ_GONE, TREE_CELL);
	memset(w->kind, LEAF_EVENT, TREE_CELL);
	w->present = w->own_records = w->erased = w->gone = w->missing = w->hashed = 0;
	w->last_ingested = TIME_NONE;
	index_changes(w);
	salt_walk_start(&w->walk, buf_view(&c->salts));
	check_overlap(w);
	for (size_t i = 0; i < c->segments; i++)
		verify_segment(w, &c->segment[i]);
	take_tail(w);
	apply_removals(w);
	decide_doubts(w);
	compare_states(w);
	verify_missing_records(w);
	verify_salts(w);
	verify_hashes(w);
}
