/*
 * control: what an auditor's control asks of a log, audit-evidence(5): which
 * events show it, and what each file of an evidence pack says about it.
 */
#ifndef CLI_CONTROL_H
#define CLI_CONTROL_H

#include "base/bytes.h"
#include "base/err.h"

#define CONTROL_TEXT_MAX 4096 /* bytes of one text */

/* What a pack shows, in the order of its files. */
enum control_part {
	PART_EVENTS, PART_PROOF, PART_MANIFEST, PART_TABLE, PART_COVERAGE, PART_VERIFICATION, PART_RETENTION, PART_HOLDS,
	PART_KEY, PART_COUNT
};
extern const char *const control_parts[PART_COUNT]; /* their keys in the file */

struct control {
	char *name;        /* soc2:CC7.2 */
	char *framework, *title;
	char *requirement; /* what the control asks, in our words */
	char *selection;   /* why these events */
	char *where;       /* which: an expression of audit-filters(7) */
	char *shows[PART_COUNT]; /* never NULL */
};

/* $AUDIT_CONTROLS, else where they were installed. */
const char *control_folder(void);
/* Those that are there, by name. */
int control_names(struct str_list *out, struct err *e);

/* By its name, or a file's path, (yaml_is_path).  ERR_FAIL with
 * the nearest name, or with line and column.  c starts as {0}; control_fini
 * frees in any case. */
int control_read(struct control *c, const char *name, struct err *e);
/* The same of a text; `name` is what errors call it. */
int control_parse(struct control *c, const char *name, struct str text, struct err *e);
void control_fini(struct control *c);

#endif
