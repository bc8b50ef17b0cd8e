/*
 * cursor: where a program left off (see cursor.h).
 *
 * In the file: the cursor's text and a newline.
 */
#include "cli/cursor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/stream.h"

#define CURSOR_FILE_MAX 4096

/*
 * Whether the file can be replaced later: said before the output, not behind
 * it.  A device would be lost, since it is not written but renamed over.
 */
static int
check_place(const char *path, struct err *e)
{
	char *real = realpath(path, NULL);
	const char *file = real != NULL ? real : path, *slash = strrchr(file, '/');
	char *folder = slash == NULL ? mem_strdup(".") : mem_dup(file, (size_t)(slash - file) + 1);
	struct stat sb;
	int rc = 0;

	if (stat(file, &sb) == 0 && !S_ISREG(sb.st_mode))
		rc = err_set(e, ERR_FAIL, "--cursor-file %s: is no regular file", path);
	else if (access(folder, W_OK | X_OK) != 0)
		rc = err_errno(e, "--cursor-file %s: writing in its folder", path);
	free(folder);
	free(real);
	return rc;
}

int
cursor_file_read(const char *path, struct query_cursor *c, bool *found, struct err *e)
{
	char *text;
	size_t len;
	int rc = 0;

	*found = false;
	if (check_place(path, e) != 0)
		return -1;
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
