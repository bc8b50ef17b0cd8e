/*
 * redacting: lines through the built-in rules of redaction, for tests.
 */
#ifndef UNIT_REDACTING_H
#define UNIT_REDACTING_H

#include <string.h>

#include "event/json.h"
#include "ingest/redact.h"

static struct json_tape tape;
static struct arena arena;
static struct redactor *redactor;
static struct redact_work *work;

static void
setup(void)
{
	struct err e = ERR_NONE;

	redactor = redactor_new(NULL, &e);
	work = redact_work_new(redactor);
}

static void
teardown(void)
{
	redact_work_free(work);
	redactor_free(redactor);
	json_tape_fini(&tape);
	tape = (struct json_tape){ 0 };
	arena_fini(&arena);
}

/* The canonical JSON of the line without its secrets, and how many it had. */
static const char *
redact(const char *line, unsigned *changed)
{
	struct json_error e;
	struct buf out = { 0 };
	const char *s;

	ck_assert_msg(json_scan(&tape, line, strlen(line), &e) == 0, "%s", line);
	*changed = redact_tape(work, &tape, &arena);
	json_canonical(&out, &tape, 0);
	buf_byte(&out, '\0');
	s = arena_copy(&arena, out.p, out.len);
	buf_fini(&out);
	return s;
}

#endif
