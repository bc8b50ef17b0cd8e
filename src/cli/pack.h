/*
 * pack: an evidence pack, audit-evidence(5): one archive of an export with its
 * proof, and what is to be said about it for an auditor's control.
 */
#ifndef CLI_PACK_H
#define CLI_PACK_H

#include "cli/cli.h"
#include "cli/config.h"
#include "cli/control.h"
#include "cli/export_files.h"
#include "event/summary.h"

/* In the order of the archive. */
enum pack_file {
	PACK_INDEX, PACK_PAGE, PACK_EVENTS, PACK_PROOF, PACK_MANIFEST, PACK_TABLE, PACK_COVERAGE, PACK_VERIFICATION,
	PACK_RETENTION, PACK_HOLDS, PACK_KEY, PACK_FILES
};
#define PACK_FOLDER "evidence-pack/" /* before each name in the archive */
extern const char *const pack_names[PACK_FILES];
/* What the page and the index say that a file shows; PART_COUNT for those two. */
enum control_part pack_part(enum pack_file f);

/* How the name of a pack ends: .tar, .tar.gz or .tar.zst; NULL: in none of them. */
const char *pack_ending(const char *path);

#define PACK_INDEX_MAX ((size_t)1024 * 1024)
#define PACK_VERSION 1

/* A pack being made: the log as its last checkpoint has it. */
struct pack {
	struct control control;
	struct buf note;       /* the checkpoint */
	uint64_t size;         /* of the log that it is of */
	int64_t at;            /* when it was stored: what the pack calls now */
	char *folder;          /* where its files are made; NULL: not yet */
	struct buf path[PACK_FILES]; /* there, with NUL */
};

/* The control, and the last checkpoint of the store.  ERR_FAIL: nothing is
 * signed, or audit-verify --sign is needed first; the name does not end in .tar,
 * .tar.gz or .tar.zst. */
int pack_open(struct pack *p, const char *control, const char *out, struct store *st, struct err *e);

/* Makes the folder beside `out`, and the names of the files in it. */
int pack_begin(struct pack *p, const char *out, struct err *e);

/* What the statements are made of. */
struct pack_source {
	struct store *st;
	const struct config *config;
	const struct filter *filter;
	const char *expression;      /* of the filter */
	const char *zone;            /* of the times on the page; NULL: UTC */
	const struct query_options *query; /* by which the events were chosen */
	uint64_t count;
	const struct verify_options *verify;
};

/* Verifies the store, makes the other files and the archive, and judges that as
 * anyone would.  The events' table is there already.  ERR_INTEGRITY: the log is
 * not what was signed. */
int pack_finish(struct pack *p, const struct pack_source *from, const char *out, struct err *e);

void pack_fini(struct pack *p); /* removes its folder */

#endif
