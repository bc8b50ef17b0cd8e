/* cursor: where a program left off, as text and in a file (--cursor-file). */
#ifndef CLI_CURSOR_H
#define CLI_CURSOR_H

#include "query/query.h"

/* The cursor that a file keeps.  A file that is not there or is empty is the
 * beginning: *found is false.  ERR_FAIL names the file, also when it could not
 * be replaced later: something else than a file, or its folder is not writable. */
int cursor_file_read(const char *path, struct query_cursor *c, bool *found, struct err *e);

/* Replaces the file atomically; to be called when the output is safe. */
int cursor_file_write(const char *path, const struct query_cursor *c, struct err *e);

#endif
