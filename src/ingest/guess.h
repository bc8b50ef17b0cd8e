/*
 * guess: what a log is, by how it begins.
 *
 * In: the first bytes of a stream.   Out: how to read it.
 */
#ifndef INGEST_GUESS_H
#define INGEST_GUESS_H

#include "ingest/mapping.h"

enum ingest_format {
	FORMAT_LINES,  /* one event a line, in our own form */
	FORMAT_MAPPED, /* records for a mapping, cut as its shape says; journal entries too */
	FORMAT_AUDITD  /* Linux audit records */
};

struct ingest_choice {
	enum ingest_format format;
	struct mapping *mapping; /* FORMAT_MAPPED; yours */
};

/*
 * As much of the stream as is at hand; MAPPING_HEAD_MAX bytes of it are looked
 * at.  What is none of what we know is FORMAT_LINES.  -1: a mapping of the
 * folder cannot be read.
 */
int ingest_guess(const char *mappings, struct str head, struct ingest_choice *out, struct err *e);

/* "AWS CloudTrail", "Linux audit", "events, one JSON object a line". */
const char *ingest_choice_title(const struct ingest_choice *c);

#endif
