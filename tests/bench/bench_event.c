/*
 * bench_event: what a line costs at each step of the hot path, of processor time.
 *
 * usage: bench_event FILE.jsonl [SECONDS]      (tests/bench/gen makes a file)
 *
 * Steps are measured each on top of the one before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "base/stream.h"
#include "event/event.h"
#include "ingest/redact.h"

#define FILE_MAX ((size_t)1 << 30)

struct bench {
	const char *text;
	size_t len;
	double seconds; /* to spend on each row, at least */
	struct json_tape tape;
	struct redact_work *work;
	struct arena arena;
	struct buf out;
	const struct event_policy *policy;
	size_t faults;
};

enum step { SCAN, REDACT, DUPLICATES, EVENT, FORMAT, STEPS };

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
run_line(struct bench *b, const char *p, size_t len, enum step last)
{
	struct json_error e;
	struct event ev;
	const char *detail;

	if (json_scan_limit(&b->tape, p, len, JSON_STORED_MAX, &e) != 0) {
		b->faults++;
		return;
	}
	if (last >= REDACT)
		redact_tape(b->work, &b->tape, &b->arena);
	if (last >= DUPLICATES && json_duplicate_key(&b->tape, &b->arena) != UINT32_MAX)
		b->faults++;
	if (last >= EVENT &&
	    event_from_json(&ev, &b->tape, b->policy, &b->arena, &detail) != EVENT_OK) {
		b->faults++;
		return;
	}
	if (last >= FORMAT) {
		buf_reset(&b->out);
		event_format(&b->out, &ev);
	}
}

static size_t
run_lines(struct bench *b, enum step last)
{
	const char *end = b->text + b->len, *eol;
	size_t lines = 0;

	b->faults = 0;
	for (const char *p = b->text; p < end; p = eol + 1, lines++) {
		if ((eol = memchr(p, '\n', (size_t)(end - p))) == NULL)
			eol = end;
		if (lines % 1024 == 0)
			arena_reset(&b->arena);
		run_line(b, p, (size_t)(eol - p), last);
	}
	return lines;
}

/* Nanoseconds for a line, with all steps up to `last`: the best of several
 * passes, because the machine has other work. */
static double
measure(struct bench *b, enum step last)
{
	double best = 0, all = 0;

	while (all < b->seconds) {
		double start = now(), took, ns;
		size_t lines = run_lines(b, last);

		took = now() - start;
		ns = took * 1e9 / (double)lines;
		if (best == 0 || ns < best)
			best = ns;
		all += took;
	}
	return best;
}

int
main(int argc, char *argv[])
{
	static const char *const names[STEPS] = { "scan", "redact", "duplicate keys", "event", "format" };
	struct event_policy policy = { .assume_now = 0 };
	struct bench b = { .policy = &policy, .seconds = argc > 2 ? atof(argv[2]) : 1 };
	struct err e = ERR_NONE;
	struct redactor *redactor = redactor_new(NULL, &e);
	double before = 0, line;
	size_t lines = 0;
	char *text = argc > 1 ? file_read(argv[1], FILE_MAX, &b.len, &e) : NULL;

	if (text == NULL) {
		fprintf(stderr, "bench_event: %s\n", argc > 1 ? e.text : "usage: bench_event FILE.jsonl [SECONDS]");
		return 2;
	}
	b.text = text;
	b.work = redact_work_new(redactor);
	for (size_t i = 0; i < b.len; i++)
		lines += text[i] == '\n';
	line = (double)b.len / (double)lines;
	for (enum step s = SCAN; s < STEPS; s++) {
		double ns = measure(&b, s);

		printf("%-15s %7.1f ns  together %7.1f ns %8.1f MB/s  %zu faults\n", names[s], ns - before, ns,
		    line / ns * 1e3, b.faults);
		before = ns;
	}
	json_tape_fini(&b.tape);
	redact_work_free(b.work);
	redactor_free(redactor);
	arena_fini(&b.arena);
	buf_fini(&b.out);
	free(text);
	return 0;
}
