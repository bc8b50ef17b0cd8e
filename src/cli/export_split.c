/*
 * export_split: sizes and names of parts (see export_split.h).
 *
 * In: what was typed.   Out: limits; names that sort in the order of the parts.
 */
#include "cli/export_split.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/mem.h"

#define DIGITS 4 /* of a part's number */

/* ---- sizes ---- */

/* As split(1) has them: K is KiB, KB is a thousand. */
static const struct unit {
	const char *name;
	uint64_t bytes;
} units[] = {
	{ "B", 1 },
	{ "K", UINT64_C(1) << 10 }, { "KiB", UINT64_C(1) << 10 }, { "KB", UINT64_C(1000) },
	{ "M", UINT64_C(1) << 20 }, { "MiB", UINT64_C(1) << 20 }, { "MB", UINT64_C(1000000) },
	{ "G", UINT64_C(1) << 30 }, { "GiB", UINT64_C(1) << 30 }, { "GB", UINT64_C(1000000000) },
	{ "T", UINT64_C(1) << 40 }, { "TiB", UINT64_C(1) << 40 }, { "TB", UINT64_C(1000000000000) },
};

static const struct unit *
find_unit(const char *name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcasecmp(name, units[i].name) == 0)
			return &units[i];
	return NULL;
}

int
export_split_parse(const char *text, struct export_split *out, struct err *e)
{
	const struct unit *unit = NULL;
	const char *p = text;
	uint64_t n = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, (uint64_t)10, &n) || __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return err_set(e, ERR_FAIL, "--split %.60s: the number is too large", text);
	if (p == text || (*p != '\0' && (unit = find_unit(p)) == NULL))
		return err_set(e, ERR_FAIL, "--split '%.60s': expected a number of events, or a size such as 64MiB", text);
	if (n == 0)
		return err_set(e, ERR_FAIL, "--split %.60s: a part has more than nothing", text);
	if (unit != NULL && __builtin_mul_overflow(n, unit->bytes, &n))
		return err_set(e, ERR_FAIL, "--split %.60s: the number is too large", text);
	*out = unit != NULL ? (struct export_split){ .bytes = n } : (struct export_split){ .events = n };
	return 0;
}

/* ---- names ---- */

static size_t
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

/* Where the last ending of path[base .. end) begins; end: it has none.  What
 * begins with a digit is no ending: q1.2026, a part's number. */
static size_t
ending_of(const char *path, size_t base, size_t end)
{
	for (size_t i = end; i-- > base + 1;) {
		if (path[i] != '.')
			continue;
		return i + 1 < end && (path[i + 1] < '0' || path[i + 1] > '9') ? i : end;
	}
	return end;
}

/* Where the number goes in. */
static size_t
place_of(const char *path)
{
	size_t base = base_of(path), len = strlen(path), end = ending_of(path, base, len);

	if (strcmp(path + end, ".gz") == 0 || strcmp(path + end, ".zst") == 0)
		end = ending_of(path, base, end);
	return end;
}

char *
export_part_path(const char *path, unsigned no)
{
	struct buf made = { 0 };
	size_t place = place_of(path);

	buf_add(&made, path, place);
	buf_printf(&made, ".%0*u%s%c", DIGITS, no, path + place, '\0');
	return made.p;
}

char *
export_part_of(const char *path, unsigned *no)
{
	struct buf made = { 0 };
	size_t base = base_of(path), place = place_of(path);
	unsigned n = 0;
	char *again;

	if (place < base + 1 + DIGITS + 1 || path[place - DIGITS - 1] != '.')
		return NULL;
	for (size_t i = place - DIGITS; i < place; i++) {
		if (path[i] < '0' || path[i] > '9')
			return NULL;
		n = n * 10 + (unsigned)(path[i] - '0');
	}
	if (n == 0)
		return NULL;
	buf_add(&made, path, place - DIGITS - 1);
	buf_printf(&made, "%s%c", path + place, '\0');
	/* Only the one way of writing it. */
	again = export_part_path(made.p, n);
	if (strcmp(again, path) != 0) {
		buf_fini(&made);
		made.p = NULL;
	}
	free(again);
	*no = n;
	return made.p;
}
