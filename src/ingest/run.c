/*
 * run: the beginning and the end of an ingest run, and its chunks on their way.
 */
#include "ingest/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

int
run_check_names(const struct ingest_options *o, struct err *e)
{
	const char *const given[] = { o->source, o->tenant };
	const char *const names[] = { "--source", "--tenant" };

	for (size_t i = 0; i < 2; i++) {
		size_t len = given[i] != NULL ? strlen(given[i]) : 1;

		if (len == 0)
			return err_set(e, ERR_FAIL, "%s must not be empty", names[i]);
		if (given[i] != NULL && utf8_valid_prefix(given[i], len) < len)
			return err_set(e, ERR_FAIL, "%s is not valid UTF-8", names[i]);
	}
	if (o->source != NULL && event_source_reserved(str_of(o->source)))
		return err_set(e, ERR_FAIL, "--source %s is reserved for the toolkit's own records",
		    o->source);
	return 0;
}

/* The mapping that --from names. */
static int
open_mapping(struct run *run, struct err *e)
{
	const char *from = run->o->from;
	struct mapping *m;

	if (from == NULL || strcmp(from, "jsonl") == 0 || strcmp(from, "auditd") == 0 || strcmp(from, "auto") == 0)
		return 0;
	if ((m = mapping_find(run->o->mappings, from, e)) == NULL)
		return -1;
	mem_grow(&run->mapping, &run->mapping_cap, run->mappings + 1, sizeof(struct mapping *));
	run->mapping[run->mappings++] = m;
	return 0;
}

int
run_open(struct run *run, struct store *st, struct pool *pool, const struct ingest_options *o,
    struct ingest_receipt *r, struct err *e)
{
	*run = (struct run){ .st = st, .pool = pool, .o = o, .r = r, .waiting = TIME_NONE, .started = time_steady(),
		.sink = st != NULL ? SINK_STORE : SINK_PRINT };
	*r = (struct ingest_receipt){ 0 };
	for (size_t i = 0; i < FLIGHT; i++)
		batch_init(&run->batch[i]);
	if (open_mapping(run, e) < 0)
		return -1;
	return st == NULL || (run->append = append_open(st, pool, e)) != NULL ? 0 : -1;
}

static void
finish_receipt(struct run *run)
{
	struct append_counts counts = { 0 };
	struct ingest_receipt *r = run->r;

	if (run->append != NULL)
		append_counts(run->append, &counts);
	/* Another writer may have been faster: then the appender found conflicts. */
	if (counts.quarantined > r->quarantined)
		r->fault[EVENT_CONFLICT] += counts.quarantined - r->quarantined;
	if (run->append != NULL && !run->replay)
		r->quarantined = counts.quarantined;
	r->stored = counts.stored;
	r->duplicates = counts.duplicates;
	r->first_seq = counts.first_seq;
	r->last_seq = counts.last_seq;
	r->seconds = (double)(time_steady() - run->started) / (double)TIME_SECOND;
}

/* Fields that stayed empty because a pattern of a mapping took too long. */
static void
note_given_up(const struct run *run)
{
	uint64_t n = 0;
	char text[128];

	for (size_t i = 0; i < FLIGHT; i++)
		n += batch_given_up(&run->batch[i]);
	if (n == 0 || run->o->note == NULL)
		return;
	snprintf(text, sizeof(text), "patterns of the mapping gave up on %llu values that take too long to match",
	    (unsigned long long)n);
	run->o->note(run->o->note_arg, false, text);
}

void
run_close(struct run *run)
{
	run_abandon(run);
	finish_receipt(run);
	note_given_up(run);
	for (size_t i = 0; i < FLIGHT; i++)
		batch_fini(&run->batch[i]);
	append_close(run->append);
	for (size_t i = 0; i < run->mappings; i++)
		mapping_free(run->mapping[i]);
	free(run->mapping);
}

struct batch *
run_free_batch(struct run *run)
{
	return run->flying < FLIGHT ? &run->batch[(run->first + run->flying) % FLIGHT] : NULL;
}

void
run_start_chunk(struct run *run, struct input *in)
{
	unsigned at = (run->first + run->flying) % FLIGHT;
	struct batch *b = &run->batch[at];

	run->of[at] = in;
	b->now = time_now();
	batch_start(b, &in->rules, run->pool);
	run->flying++;
}

void
run_abandon(struct run *run)
{
	while (run->flying > 0) {
		batch_wait(&run->batch[run->first], run->pool);
		run->first = (run->first + 1) % FLIGHT;
		run->flying--;
	}
}

bool
run_stopped(struct run *run)
{
	run->stopped = run->stopped || (run->o->stop != NULL && run->o->stop());
	return run->stopped;
}
