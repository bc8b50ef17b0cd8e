/*
 * source_name: what a log is called after its file.
 *
 *	/var/log/app.jsonl.2.gz -> app
 */
#include "ingest/source.h"

#include <string.h>

#include "base/utf8.h"

static bool
strip(struct str *name, const char *const *endings, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(endings[i]);

		if (name->len > len && memcmp(name->p + name->len - len, endings[i], len) == 0) {
			name->len -= len;
			return true;
		}
	}
	return false;
}

/* ".1" or "-20260423", when one of the endings of logs stands before it. */
static void
strip_rotation(struct str *name, const char *const *endings, size_t n)
{
	struct str rest = *name, whole;

	while (rest.len > 0 && rest.p[rest.len - 1] >= '0' && rest.p[rest.len - 1] <= '9')
		rest.len--;
	if (rest.len == name->len || rest.len == 0 ||
	    (rest.p[rest.len - 1] != '.' && rest.p[rest.len - 1] != '-'))
		return;
	rest.len--;
	whole = rest;
	if (strip(&rest, endings, n))
		*name = whole;
}

void
source_name(const char *path, struct buf *out)
{
	static const char *const packed[] = { ".gz", ".zst" };
	static const char *const logs[] = { ".jsonl", ".ndjson", ".json", ".log" };
	const char *slash = strrchr(path, '/');
	struct str name = str_of(slash != NULL ? slash + 1 : path);
	size_t valid;

	if (strcmp(path, "-") == 0)
		name = STR("stdin");
	strip(&name, packed, 2);
	strip_rotation(&name, logs, 4);
	strip(&name, logs, 4);
	/* Names of files are bytes; those that are no UTF-8 become U+FFFD. */
	while ((valid = utf8_valid_prefix(name.p, name.len)) < name.len) {
		buf_add(out, name.p, valid);
		buf_add(out, "\xef\xbf\xbd", 3);
		name.p += valid + 1;
		name.len -= valid + 1;
	}
	buf_add(out, name.p, name.len);
}
