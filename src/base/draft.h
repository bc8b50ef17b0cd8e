/*
 * draft: a file that is written beside its name and takes the name only when
 * it is complete and on the disk.
 */
#ifndef BASE_DRAFT_H
#define BASE_DRAFT_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct draft {
	int fd;     /* to write to; the draft's to close */
	int folder; /* where both names are */
	char *name; /* in the folder */
	char temporary[32];
};

#define DRAFT_NONE { -1, -1, NULL, "" }

/* Replaces nothing but files.  A symbolic link at path is followed, so that
 * the link stays, unless it is another user's.  mode is lessened by the umask.  Errors: ERR_FAIL with path. */
int draft_open(struct draft *d, const char *path, mode_t mode, struct err *e);

/* Syncs, renames, syncs the folder and frees d, whatever it returns. */
int draft_commit(struct draft *d, const char *path, struct err *e);

/* Removes what was written.  Fine for DRAFT_NONE and after draft_commit. */
void draft_abort(struct draft *d);

/* All n bytes, however many calls that takes.  -1 with errno. */
int draft_write_all(int fd, const void *p, size_t n);

#endif
