/*
 * from: the foreign logs that auditd-ingest reads: where their mappings are,
 * their names for completion, and what a mapping made of a record.
 */
#ifndef CLI_FROM_H
#define CLI_FROM_H

#include "cli/cli.h"
#include "ingest/mapping.h"

/* The folder of mappings by name: $AUDIT_MAPPINGS, else where they were installed. */
const char *from_mappings(void);

/* What --from takes but files. */
int from_names(struct str_list *out, struct err *e);

/*
 * For an event that a mapping made:
 *
 *	FIELD   VALUE                   FROM                       LINE
 *	action  s3.amazonaws.com:GetO…  {eventSource}:{eventName}    14
 *
 * why has FIELD_COUNT places.  width: of the terminal, 0: no limit.
 */
int from_explain(struct outstream *out, const struct mapping *m, const struct event *ev,
    const struct mapping_reason *why, unsigned width, bool colour, struct err *e);

#endif
