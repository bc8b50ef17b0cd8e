/*
 * export_place: from what was typed to the path of a file.
 *
 *	-O /srv/evidence/	/srv/evidence/audit-log-20260423T180000.123456Z.jsonl
 */
#include "cli/export_place.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

char *
export_destination(const char *out, const char *at, const char *format)
{
	struct buf path = { 0 };
	struct stat sb;
	size_t len = strlen(out);
	char *here = out[0] == '/' ? NULL : getcwd(NULL, 0);

	if (here)
		buf_printf(&path, "%s/", here);
	free(here);
	buf_add(&path, out, len);
	if ((len > 0 && out[len - 1] == '/') || (stat(out, &sb) == 0 && S_ISDIR(sb.st_mode))) {
		/* 2026-04-23T18:00:00.123456Z -> 20260423T180000.123456Z */
		buf_printf(&path, "%saudit-log-%.4s%.2s%.5s%.2s%.10s.%s", len > 0 && out[len - 1] == '/' ? "" : "/",
		    at, at + 5, at + 8, at + 14, at + 17, format);
	}
	buf_byte(&path, '\0');
	return path.p;
}

const char *
export_format_of_name(const char *name, const char *const *formats)
{
	size_t len = strlen(name);

	if (len > 3 && strcmp(name + len - 3, ".gz") == 0)
		len -= 3;
	else if (len > 4 && strcmp(name + len - 4, ".zst") == 0)
		len -= 4;
	for (size_t i = 0; formats[i]; i++) {
		size_t n = strlen(formats[i]);

		if (len > n && name[len - n - 1] == '.' && strncmp(name + len - n, formats[i], n) == 0)
			return formats[i];
	}
	return NULL;
}

bool
export_is_device(const char *path)
{
	struct stat sb;

	return stat(path, &sb) == 0 && !S_ISREG(sb.st_mode);
}
