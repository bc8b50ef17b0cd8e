/*
 * cursor: where a program left off (see cursor.h).
 *
 * In the file: the cursor's text and a newline.
 */
#include "cli/cursor.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/stream.h"

#define CURSOR_FILE_MAX 4096

int
cursor_file_read(const char *path, struct query_cursor *c, bool *found, struct err *e)
{
	char *text;
	size_t len;
	int rc = 0;

	*found = false;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return 0;
	if ((text = file_read(path, CURSOR_FILE_MAX, &len, e)) == NULL)
		return -1;
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
		text[--len] = '\0';
	if (len > 0) {
		rc = query_cursor_parse(text, c, e);
		*found = rc == 0;
	}
	if (rc < 0)
		err_doing(e, "--cursor-file %s", path);
	free(text);
	return rc;
}

int
cursor_file_write(const char *path, const struct query_cursor *c, struct err *e)
{
	struct buf text = { 0 };
	int rc;

	query_cursor_format(&text, c);
	buf_byte(&text, '\n');
	rc = file_replace(path, 0640, text.p, text.len, e);
	buf_fini(&text);
	return rc < 0 ? err_doing(e, "--cursor-file %s", path) : 0;
}
