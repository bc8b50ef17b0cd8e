/*
 * take: the lines of a chunk, in order, into the store, to a printer, or
 * nowhere.
 *
 * In: batches.   Out: events and quarantined lines given to the appender,
 * with the position of their file.
 */
#include <stdio.h>

#include "ingest/full.h"

/* Quarantined lines wait in memory: no more of them than this. */
#define HELD_MAX (8 * 1024 * 1024)

/* ---- One line ---- */

static void
describe_fault(const struct run *run, const struct batch_item *it, enum event_fault fault,
    char *out, size_t size)
{
	const char *colon = it->detail[0] != '\0' ? ": " : "";

	snprintf(out, size, "%s:%llu: %s%s%s", run_input_name(run->input),
	    (unsigned long long)(run->input->lines + it->line + 1), event_fault_text(fault), colon, it->detail);
}

/* The line's bytes, or the event's when only that has its secrets replaced. */
static struct str
quarantine_bytes(const struct batch_item *it, struct buf *line)
{
	struct event ev = it->ev;

	if (it->bytes.p != NULL)
		return it->bytes;
	ev.present &= ~FIELD_BIT(FIELD_INGESTED);
	event_format(line, &ev);
	return buf_view(line);
}

static void
quarantine(struct run *run, const struct batch_item *it, enum event_fault fault)
{
	struct ingest_receipt *r = run->r;
	const struct input *in = run->input;
	struct buf line = { 0 };

	if (r->quarantined++ == 0)
		describe_fault(run, it, fault, r->first_fault, sizeof(r->first_fault));
	r->fault[fault]++;
	run->held += it->raw.len + sizeof(struct quarantined);
	if (run->append != NULL && !run->replay)
		append_quarantine(run->append, &(struct quarantined){
			.at = run->ingested,
			.source = in->rules.source,
			.origin = input_is_stdin(in) ? str_of("-") : str_of(run_input_name(in)),
			.position = it->offset,
			.line = in->lines + it->line + 1,
			.reason = str_of(event_fault_name(fault)),
			.detail = str_of(it->detail),
			.bytes = quarantine_bytes(it, &line),
		});
	buf_fini(&line);
}

/*
 * A line that is no event, or not the event it says it is.  A record goes to
 * the quarantine once, whole, however many of its events are refused: a small
 * one may have thousands.
 */
static int
refuse(struct run *run, const struct batch_item *it, enum event_fault fault, struct err *e)
{
	struct input *in = run->input;
	char text[256];

	if (!run->o->strict) {
		if (in->rules.mapping != NULL && in->kept == it->end) {
			run->r->read--;
			return 0;
		}
		in->kept = it->end;
		quarantine(run, it, fault);
		if (run->refused != NULL)
			run->refused(run->refused_arg, it, fault);
		return 0;
	}
	describe_fault(run, it, fault, text, sizeof(text));
	return err_set(e, ERR_FAIL, "%s", text);
}

/* Of this store's own records, those that it still has as they were. */
static int
is_there(struct run *run, const struct event *ev, bool *there, struct err *e)
{
	struct event was;

	*there = false;
	if (!run->input->own || !event_has(ev, FIELD_ID) ||
	    !str_eq(ev->v[FIELD_SOURCE], run->input->rules.restored))
		return 0;
	was = *ev;
	event_set(&was, FIELD_SOURCE, STR(EVENT_RESERVED_SOURCE));
	return full_known(run, &was, there, e);
}

/*
 * What is stored may have been stored when fewer secrets were known: an export
 * of it, or its file, then contradicts it only by what is hidden today.
 */
static int
is_there_open(struct run *run, const struct batch_item *it, bool *there, struct err *e)
{
	static const enum field given[] = { FIELD_ID, FIELD_SOURCE, FIELD_TENANT, FIELD_PEER_UID };
	const struct batch_rules *rules = &run->input->rules;
	struct event_policy policy = { .assume_now = TIME_NONE, .restored = rules->restored };
	struct json_tape tape = { 0 };
	struct arena a = { 0 };
	const char *detail;
	struct event was;
	int rc = 0;

	*there = false;
	if (it->redacted > 0 && rules->mapping == NULL &&
	    event_scan(&tape, it->raw.p, it->raw.len, &policy, &a, &detail) == EVENT_OK &&
	    event_from_json(&was, &tape, &policy, &a, &detail) == EVENT_OK) {
		for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
			if (!event_has(&was, given[i]) && event_has(&it->ev, given[i]))
				event_set(&was, given[i], it->ev.v[given[i]]);
		rc = full_known(run, &was, there, e);
	}
	json_tape_fini(&tape);
	arena_fini(&a);
	return rc;
}

static int
store_item(struct run *run, struct batch_item *it, struct err *e)
{
	struct event *ev = &it->ev;
	enum append_result result;
	bool there;
	char id[37];

	if (is_there(run, ev, &there, e) < 0)
		return -1;
	if (there)
		return 0;
	event_set_time(ev, FIELD_INGESTED, run->ingested);
	if (!event_has(ev, FIELD_ID)) {
		uuid7_next(&run->uuid, run->ingested, id);
		event_set(ev, FIELD_ID, (struct str){ id, 36 });
	}
	if (full_event(run, ev, &result, e) < 0)
		return -1;
	if (result == APPEND_CONFLICT) {
		if (is_there_open(run, it, &there, e) < 0)
			return -1;
		if (!there)
			return refuse(run, it, EVENT_CONFLICT, e);
	}
	if (run->taken != NULL)
		run->taken(run->taken_arg, it);
	return 0;
}

/* Whether the store is told how far this input was read. */
static bool
has_position(const struct run *run)
{
	const struct input *in = run->input;

	return run->sink == SINK_STORE && in->source.state != SOURCE_PIPE && in->rules.restored.p == NULL;
}

/* A time that was assumed is another one each time. */
static void
give_position(struct run *run)
{
	struct store_file *f = &run->input->source.file;

	f->alone = run->input->rules.assume_now;
	append_position(run->append, f);
}

/* Gives the store the place behind the bytes p[0, len). */
static void
advance(struct run *run, uint64_t end, uint64_t lines, const char *p, size_t len)
{
	struct source *s = &run->input->source;

	if (!has_position(run) || end <= s->file.offset)
		return;
	source_advance(s, end, lines, p, len);
	give_position(run);
}

static void
advance_to(struct run *run, uint64_t offset, uint64_t lines, const char *before, size_t len)
{
	struct source *s = &run->input->source;

	if (!has_position(run) || len == 0 || offset <= s->file.offset)
		return;
	source_advance_bytes(s, offset, lines, before, len);
	give_position(run);
}

static int
print(struct run *run, const struct batch_item *it, struct err *e)
{
	const struct ingest_options *o = run->o;

	if (it->why == NULL)
		return o->dry_run(o->arg, &it->ev, e);
	run->explained = true;
	return o->explain(o->arg, run->input->rules.mapping, &it->ev, it->why, e);
}

static int
take_item(struct run *run, struct batch_item *it, struct err *e)
{
	if (!run->input->judged && it->fault != EVENT_OK && input_judge(run, run->input, it->raw, e) < 0)
		return -1;
	run->input->judged = true;
	if (it->fault != EVENT_OK && (run->sink == SINK_CHECK || run->o->strict))
		return refuse(run, it, it->fault, e);
	if (run->sink == SINK_CHECK)
		return 0;
	run->r->read++;
	run->r->redacted += it->redacted;
	for (unsigned i = 0; i < it->redacted; i++)
		run->r->rule[it->hits[i]]++;
	if (it->fault != EVENT_OK)
		return refuse(run, it, it->fault, e);
	if (run->sink == SINK_PRINT)
		return print(run, it, e);
	return store_item(run, it, e);
}

int
run_commit(struct run *run, struct err *e)
{
	uint64_t lines = run->uncommitted;

	run->waiting = TIME_NONE;
	run->held = 0;
	run->uncommitted = 0;
	if (run->append == NULL)
		return 0;
	if (full_commit(run, e) < 0)
		return -1;
	return lines > 0 && run->o->committed != NULL ? run->o->committed(run->o->committed_arg, lines, e) : 0;
}

int
run_finish(struct run *run, int rc, struct err *e)
{
	struct err why = ERR_NONE;

	if (run->broken || run_commit(run, &why) == 0)
		return rc;
	return err_set(e, why.code, "%s", why.text);
}

/*
 * As a rule the position is given after a whole chunk: what is read again
 * after a crash are duplicates.  But a time that was assumed would be another
 * one then, so no such event may be committed without its position; nor may
 * quarantined lines, which nobody looks up.
 */
static int
take_line(struct run *run, struct batch_item *it, struct err *e)
{
	bool commit_now;

	if (take_item(run, it, e) < 0)
		return -1;
	/* Of a line that is too long, only the chunk knows the end. */
	if (it->fault == EVENT_TOO_LONG)
		return 0;
	commit_now = run->held > HELD_MAX;
	if (run->input->rules.assume_now || commit_now)
		advance(run, it->end, run->input->lines + it->line + 1, it->before.p, it->before.len);
	return commit_now ? run_commit(run, e) : 0;
}

/*
 * The same for one of the events of a record.  Behind the last of them is a
 * place to go on from, when the bytes before it are known.
 */
static int
take_event(struct run *run, struct batch *b, size_t i, struct err *e)
{
	struct batch_item *it = &b->item[i];

	if (take_item(run, it, e) < 0)
		return -1;
	if (it->before.p != NULL && (i + 1 == b->n || b->item[i + 1].offset != it->offset))
		advance_to(run, it->end, it->line + 1, it->before.p, it->before.len);
	return 0;
}

/* ---- One chunk ---- */

/* The clock of the events that wait; the appender also commits on its own. */
static void
watch_commits(struct run *run)
{
	struct append_counts counts;

	if (run->append == NULL)
		return;
	append_counts(run->append, &counts);
	if (run->waiting == TIME_NONE || counts.stored > run->stored)
		run->waiting = time_steady();
	run->stored = counts.stored;
}

static void
finish_lines(struct run *run, const struct batch *b)
{
	const struct frame_chunk *c = &b->chunk;
	struct input *in = run->input;

	in->lines += b->lines;
	run->uncommitted += b->lines;
	if (c->too_long && c->tail > 0)
		advance(run, c->end, in->lines, c->p + c->len, c->tail);
	else if (!b->left || c->len > 0)
		advance(run, c->end, in->lines, c->p, c->len);
	if (b->left)
		run_note(run, in, false, "its last line is incomplete and was left for the next time");
}

static void
finish_records(struct run *run, const struct batch *b)
{
	const struct frame_place *place = &b->chunk.place;

	run->uncommitted += place->len > 0 ? place->lines - run->input->placed : 0;
	if (place->len > 0)
		run->input->placed = place->lines;
	advance_to(run, place->offset, place->lines, place->before, place->len);
}

static int
take_round(struct run *run, struct batch *b, struct err *e)
{
	for (size_t i = 0; i < b->n && !run->explained; i++)
		if ((b->chunk.cut ? take_event(run, b, i, e) : take_line(run, &b->item[i], e)) < 0)
			return -1;
	if (run->sink != SINK_CHECK) {
		run->r->read += b->dropped;
		run->r->dropped += b->dropped;
	}
	return 0;
}

int
run_take_chunk(struct run *run, struct err *e)
{
	struct batch *b = &run->batch[run->first];
	int64_t now = time_now();

	run->input = run->of[run->first];
	if (now > run->ingested)
		run->ingested = now;
	do {
		batch_wait(b, run->pool);
		if (take_round(run, b, e) < 0)
			return -1;
	} while (batch_next(b, run->pool));
	if (b->chunk.cut)
		finish_records(run, b);
	else
		finish_lines(run, b);
	watch_commits(run);
	if (run->o->progress != NULL && run->input->source.in != NULL)
		run->o->progress(run->o->progress_arg, run->r->read, instream_progress(run->input->source.in));
	run->first = (run->first + 1) % FLIGHT;
	run->flying--;
	return run->held > HELD_MAX ? run_commit(run, e) : 0;
}
