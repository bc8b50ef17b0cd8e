/*
 * mapping: how the records of a foreign log become events, read from YAML.
 *
 * The language is audit-mapping(5).  A mapping is compiled once, is shared by
 * threads, and is applied to scanned records: all of its paths are found in
 * one walk over the record, then the rules of each field are tried in turn.
 * What no field took whole is kept in the context, unless the mapping says
 * otherwise.
 *
 * Place in the flow, for each record:
 *	mapping_scan (event_scan, and JSON within strings)  redaction
 *	event_check_keys  mapping_begin  mapping_next until it is over
 */
#ifndef INGEST_MAPPING_H
#define INGEST_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "event/event.h"

#define MAPPING_PATHS_MAX 2048  /* steps of all paths together */
#define MAPPING_RULES_MAX 1024
#define MAPPING_ROWS_MAX 16384  /* of all tables */
#define MAPPING_VALUES_MAX 4096 /* of all tests */
/* Elements of `each` times the bytes of their record: what one record can grow to. */
#define MAPPING_GROWTH_MAX (64u * 1024 * 1024)

struct mapping;

/* Reads a mapping: a file, or a text, which `name` is the name of in errors.
 * Yours; NULL: "FILE:LINE:COLUMN: what is wrong". */
struct mapping *mapping_open(const char *path, struct err *e);
struct mapping *mapping_parse(const char *name, struct str text, struct err *e);
void mapping_free(struct mapping *m); /* NULL is fine */

/* What --from is given: a file (yaml_is_path), or the name of one in
 * `folder`.  An unknown name gets the nearest. */
struct mapping *mapping_find(const char *folder, const char *name, struct err *e);

enum mapping_format { MAPPING_JSON, MAPPING_CSV };

/* How the input is cut into records; borrowed from the mapping. */
struct mapping_shape {
	enum mapping_format format;
	const struct str *list; /* JSON: members of the document that are lists of records */
	size_t n_list;
	char delimiter;         /* CSV */
	bool fold;              /* CSV: header names become lower case with _ */
};

const char *mapping_name(const struct mapping *m);
const char *mapping_title(const struct mapping *m);
const struct mapping_shape *mapping_shape(const struct mapping *m);

/* How many of the marks in `detect` the record has: all of them, or 0.  Where
 * several mappings fit, the one with the most marks knows the log best. */
struct mapping_run;
size_t mapping_fits(struct mapping_run *run, const struct json_tape *t);

/*
 * The mapping in a folder that fits the beginning of a stream best: most of the
 * first records have all of its marks, and no other has more marks.  head is
 * as much as is at hand, up to MAPPING_HEAD_MAX bytes of it are looked at.
 * Yours; NULL: none fits (*e stays as it is), or a mapping cannot be read.
 */
#define MAPPING_HEAD_MAX (1024u * 1024)
struct mapping *mapping_guess(const char *folder, struct str head, struct err *e);

/* For --explain: where a field of the last event came from. */
struct mapping_reason {
	struct str source; /* as the mapping says it, and the mapping's: a path, a text; p == NULL: a default */
	size_t line;       /* of the rule in the mapping */
};

enum mapping_result {
	MAPPING_OVER,    /* no further event in this record */
	MAPPING_EVENT,
	MAPPING_DROPPED, /* as `drop` says: to be counted */
	MAPPING_FAULT    /* no event: *fault and *detail say why */
};

/* What one thread needs to apply a mapping. */
struct mapping_run *mapping_run_new(const struct mapping *m);
void mapping_run_free(struct mapping_run *run); /* NULL is fine */

/* event_scan, then the strings that the mapping says hold JSON are put in the
 * place of what they hold, where they do.  The text lives in `a`. */
enum event_fault mapping_scan(struct mapping_run *run, struct json_tape *t, const char *p, size_t len,
    struct arena *a, const char **detail);

/* Begins with a record, whose tape must stay as it is until it is over. */
void mapping_begin(struct mapping_run *run, const struct json_tape *t);

/* The record's next event; bytes live in `a`, the tape's text or the mapping.
 * `reason` has FIELD_COUNT places and may be NULL. */
enum mapping_result mapping_next(struct mapping_run *run, struct event *ev, const struct event_policy *policy,
    struct arena *a, enum event_fault *fault, const char **detail, struct mapping_reason *reason);

/* Matches of regular expressions that met a limit, and so did not match. */
uint64_t mapping_given_up(const struct mapping_run *run);

#endif
