/*
 * verify_record: the toolkit's own records against the rows that they answer
 * for: keys, removals, holds.
 *
 * In: an event that is there, the rows that name a record of its cell.
 * Out: findings, which rows have their record.
 */
#include "store/verify_parts.h"

/* Whether it is a record, and says so. */
static void
check_source(struct cell_work *w, const struct event *ev, uint64_t seq, enum leaf_kind kind, int64_t segment)
{
	bool reserved = event_has(ev, FIELD_SOURCE) && str_eq(ev->v[FIELD_SOURCE], STR(EVENT_RESERVED_SOURCE));
	struct place p = PLACE_SEQ(VERIFY_RECORD, seq, seq);

	p.segment = segment;
	p.field = FIELD_SOURCE;
	if (reserved && kind == LEAF_EVENT)
		findings_add(&w->found, p, "seq %llu: an event from outside has the source of the toolkit's records",
		    (unsigned long long)seq);
	if (!reserved && kind == LEAF_RECORD)
		findings_add(&w->found, p, "seq %llu: a record has not the source of the toolkit's records",
		    (unsigned long long)seq);
}

static struct expected_record *
find_expected(struct cell_work *w, uint64_t seq)
{
	size_t low = 0, high = w->records;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->record[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low < w->records && w->record[low].seq == seq ? &w->record[low] : NULL;
}

static void
key_fault(struct cell_work *w, uint64_t seq, const char *what)
{
	findings_add(&w->found, PLACE_SEQ(VERIFY_KEY, seq, seq), "seq %llu: %s", (unsigned long long)seq, what);
}

static void
hold_fault(struct cell_work *w, uint64_t seq, const char *what)
{
	findings_add(&w->found, PLACE_SEQ(VERIFY_HOLD, seq, seq), "seq %llu: %s", (unsigned long long)seq, what);
}

/* Whether a row is the one that the deed is of. */
static bool
is_expected(const struct expected_record *x, const struct deed *d)
{
	switch (x->of) {
	case RECORD_REMOVAL:
		return d->kind == DEED_PRUNE || d->kind == DEED_ERASE;
	case RECORD_KEY:
		return d->kind == (x->index == 0 ? DEED_FIRST_KEY : DEED_NEXT_KEY);
	case RECORD_HOLD:
		return d->kind == DEED_HOLD && d->hold == x->hold;
	case RECORD_LIFT:
		return d->kind == DEED_LIFT && deed_lifts(d, x->hold);
	}
	return false;
}

/* A record that nothing in the store answers to. */
static void
unanswered(struct cell_work *w, const struct deed *d, uint64_t seq)
{
	if (d->kind == DEED_FIRST_KEY || d->kind == DEED_NEXT_KEY)
		key_fault(w, seq, "a record introduces a key that the store does not know");
	else if ((d->kind == DEED_ERASE || d->kind == DEED_PRUNE) && !d->closing)
		findings_add(&w->found, PLACE_SEQ(VERIFY_REMOVAL, seq, seq),
		    "seq %llu: a record of a removal that the store does not know", (unsigned long long)seq);
	else if (d->kind == DEED_HOLD)
		hold_fault(w, seq, "a record places a hold that the store does not know");
	else if (d->kind == DEED_LIFT)
		hold_fault(w, seq, "a record lifts a hold, and the store has it as active or not at all");
}

/* A record that introduces a key, says what was removed, places or lifts a hold
 * must have its row; one that lifts several, as many.  An erased one is read as
 * it is now; but those of keys no erasure changes: it could name any other key. */
static void
check_deed(struct cell_work *w, const struct event *ev, uint64_t seq, bool erased)
{
	struct expected_record *x = find_expected(w, seq);
	size_t lifted = 0;
	struct deed d;

	deed_read(&d, ev, &w->check);
	if (erased && (d.kind == DEED_FIRST_KEY || d.kind == DEED_NEXT_KEY))
		findings_add(&w->found, PLACE_SEQ(VERIFY_ERASURE, seq, seq),
		    "seq %llu: a record that introduces a key was changed by an erasure", (unsigned long long)seq);
	if (x == NULL)
		unanswered(w, &d, seq);
	for (; x != NULL && x < w->record + w->records && x->seq == seq; x++) {
		x->found = is_expected(x, &d);
		if (x->of == RECORD_KEY && x->found && !str_eq(d.key, x->key)) {
			key_fault(w, seq, "the record introduces another key than the store knows");
			x->found = false;
		}
		lifted += x->of == RECORD_LIFT && x->found;
		x->deed = d;
		x->deed.key = STR("");
		x->deed.lifts = NULL;
		x->deed.n_lifts = 0;
		if (d.kind == DEED_LIFT && (x + 1 == w->record + w->records || x[1].seq != seq) && lifted != d.n_lifts)
			unanswered(w, &d, seq);
	}
}

void
verify_record(struct cell_work *w, const struct event *ev, uint64_t seq, enum leaf_kind kind, int64_t segment,
    bool erased)
{
	check_source(w, ev, seq, kind, segment);
	if (kind == LEAF_RECORD)
		check_deed(w, ev, seq, erased);
}

void
verify_missing_records(struct cell_work *w)
{
	for (size_t i = 0; i < w->records; i++) {
		const struct expected_record *x = &w->record[i];

		if (!x->found && x->of == RECORD_KEY)
			key_fault(w, x->seq, "a key that no record at its seq introduces");
	}
}
