/*
 * plan: what a prune would remove, as a table for people and as a document:
 * one that can be looked at, agreed to, and carried out later.
 *
 * A document says which rules there were and when the time of events was over
 * by each.  To carry it out, the plan is made anew by the same cut-offs and for
 * the same log; the digest of what would go tells whether it is the same.
 */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include "cli/retention.h"
#include "store/store.h"

struct plan {
	uint8_t store[16];          /* store_id */
	int64_t created;
	const struct prune_plan *plan;
	const struct retention *rules;
};

/* Appends the document. */
void plan_json(struct buf *out, const struct plan *p);
/* Appends the table.  width: of the terminal, 0: no limit. */
void plan_table(struct buf *out, const struct plan *p, unsigned width, bool colour);

/* Appends a span as people type it: "400d", "36h", "forever". */
void plan_keep(struct buf *out, int64_t keep);

/* ---- a document, read back ---- */

struct plan_rule {
	struct str name, filter;
	int64_t cutoff; /* TIME_MIN: for ever */
	uint64_t events;
};

struct plan_file {
	uint8_t store[16];
	int64_t created;
	uint64_t size, events, bytes, kept;
	struct hash digest;
	struct plan_rule *rule;
	size_t rules;
	struct arena texts;
};

/* out starts as {0}.  ERR_INTEGRITY: it is no such document; ERR_FAIL: a newer one. */
int plan_parse(struct str text, struct plan_file *out, struct err *e);
int plan_read(const char *path, struct plan_file *out, struct err *e);
void plan_file_fini(struct plan_file *f);

/* It was made with a rule of its own, --older-than, instead of the policy. */
bool plan_is_older_than(const struct plan_file *f);

/* Lets r have the document's cut-offs.  ERR_REFUSED: its rules are not those
 * of r, or let go what r keeps by now. */
int plan_adopt(const struct plan_file *f, struct retention *r, struct err *e);

/* ERR_REFUSED: what would go now is not what the document says. */
int plan_compare(const struct plan_file *f, const struct prune_plan *now, struct err *e);

#endif
