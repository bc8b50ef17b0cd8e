/*
 * export_record: what the log says of an export: the intent before its first
 * byte, and after the last one the outcome; or that a limit refused it.
 */
#ifndef CLI_EXPORT_RECORD_H
#define CLI_EXPORT_RECORD_H

#include "cli/cli.h"
#include "cli/export_files.h"
#include "cli/limits.h"

#define EXPORT_ID_SIZE 37 /* of a record, with NUL */

struct export_record {
	struct store *st;
	const struct operator_info *who;
	const char *request; /* whom it is an answer to; NULL: not said */
	/* from export_record_intent: */
	char intent[EXPORT_ID_SIZE]; /* its id */
	uint64_t seq;                /* and its place */
};

struct export_intent {
	const char *filter, *format, *path; /* path NULL: stdout */
	uint64_t size;       /* of the log that is exported */
	bool incremental;    /* by a cursor file: */
	uint64_t after;      /* how much of the log earlier exports had */
	const struct limits *limits;
};

struct export_outcome {
	uint64_t count, first, last; /* first, last: seqs, when count > 0 */
	const struct export_files *files;
	const struct err *failed; /* or ERR_OK */
};

/* Each is committed on return. */
int export_record_intent(struct export_record *r, const struct export_intent *i, struct err *e);
int export_record_refused(const struct export_record *r, const struct limited *over, struct err *e);
int export_record_outcome(const struct export_record *r, const struct export_outcome *o, struct err *e);

#endif
