/* rotated: the files that a log was rotated into and that may hold something
 * that was not read. */
#include "ingest/rotated.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/time.h"

/* Clocks of file systems are coarse, and a commit is later than the reading. */
#define SLACK (2 * TIME_SECOND)
/* A folder may hold anything: no more files than this are looked into. */
#define FOUND_MAX 1024

struct one {
	char *path;
	int64_t changed;
	dev_t dev;
	ino_t ino;
};

struct search {
	const struct store_file *known;
	size_t knowns;
	int64_t since; /* TIME_NONE: only what is known */
	struct one *found;
	size_t n, cap;
};

/* ---- names ---- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "-20260423", ".1", "-2026-04-23T10": how many digits; 0: something else. */
static size_t
count_digits(const char *p, size_t len)
{
	size_t digits = 0;

	if (len == 0 || strchr(".-_", p[0]) == NULL)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (!is_digit(p[i]) && strchr(".-_:TZ", p[i]) == NULL)
			return 0;
		digits += is_digit(p[i]);
	}
	return digits;
}

static size_t
length_unpacked(const char *name)
{
	static const char *const packed[] = { ".gz", ".zst" };
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++) {
		size_t end = strlen(packed[i]);

		if (len > end && strcmp(name + len - end, packed[i]) == 0)
			return len - end;
	}
	return len;
}

bool
rotated_is_name(const char *log, const char *name)
{
	const char *dot = strrchr(log, '.');
	size_t whole = strlen(log), stem = dot != NULL ? (size_t)(dot - log) : whole;
	size_t ending = whole - stem, len = length_unpacked(name);

	if (len > whole && memcmp(name, log, whole) == 0 && count_digits(name + whole, len - whole) > 0)
		return true;
	/* Before the ending only a date counts: app-2.jsonl may well be another log. */
	return ending > 0 && len > whole && memcmp(name, log, stem) == 0 &&
	    memcmp(name + len - ending, dot, ending) == 0 && count_digits(name + stem, len - whole) >= 8;
}

/* ---- what the store knows ---- */

static const char *
behind_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool
is_of_log(const struct store_file *f, const char *folder, const char *log)
{
	const char *name = behind_folder(f->name);
	size_t len = strlen(folder);

	return (size_t)(name - f->name) == len + 1 && memcmp(f->name, folder, len) == 0 &&
	    (strcmp(name, log) == 0 || rotated_is_name(log, name));
}

/* When the store last took something of the log. */
static int64_t
last_taken(const struct search *s, const char *folder, const char *log)
{
	int64_t last = TIME_NONE;

	for (size_t i = 0; i < s->knowns; i++)
		if (s->known[i].seen > last && is_of_log(&s->known[i], folder, log))
			last = s->known[i].seen;
	return last;
}

static const struct store_file *
find_place(const struct search *s, const struct stat *sb)
{
	for (size_t i = 0; i < s->knowns; i++)
		if (s->known[i].dev == (uint64_t)sb->st_dev && s->known[i].ino == (uint64_t)sb->st_ino)
			return &s->known[i];
	return NULL;
}

/* ---- a folder ---- */

static int64_t
changed_at(const struct stat *sb)
{
	return (int64_t)sb->st_mtim.tv_sec * TIME_SECOND + sb->st_mtim.tv_nsec / 1000;
}

/* What stands where a known file stood may be another: inodes are used again.
 * Its content will tell. */
static bool
may_be_unread(const struct search *s, const struct stat *sb, const char *folder, const char *log, const char *name,
    int64_t since)
{
	const struct store_file *f = find_place(s, sb);

	if (f != NULL && is_of_log(f, folder, log) && (uint64_t)sb->st_size > f->offset)
		return true;
	return rotated_is_name(log, name) && since != TIME_NONE && changed_at(sb) >= since - SLACK;
}

static void
add_found(struct search *s, const char *folder, const char *name, const struct stat *sb)
{
	struct buf path = { 0 };

	for (size_t i = 0; i < s->n; i++)
		if (s->found[i].dev == sb->st_dev && s->found[i].ino == sb->st_ino)
			return;
	mem_grow(&s->found, &s->cap, s->n + 1, sizeof(s->found[0]));
	buf_printf(&path, "%s/%s", folder, name);
	s->found[s->n++] = (struct one){ .path = mem_strdup(path.p), .changed = changed_at(sb), .dev = sb->st_dev,
		.ino = sb->st_ino };
	buf_fini(&path);
}

/* The folder by its full path, "" for the root. */
static void
search_folder(struct search *s, const char *folder, const char *log)
{
	DIR *d = opendir(folder[0] != '\0' ? folder : "/");
	int64_t since = s->since != TIME_NONE ? s->since : last_taken(s, folder, log);
	const struct dirent *entry;
	struct stat sb, now;
	bool there;

	if (d == NULL)
		return;
	there = fstatat(dirfd(d), log, &now, 0) == 0;
	while (s->n < FOUND_MAX && (entry = readdir(d)) != NULL) {
		if (fstatat(dirfd(d), entry->d_name, &sb, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(sb.st_mode) ||
		    strcmp(entry->d_name, log) == 0 || (there && sb.st_dev == now.st_dev && sb.st_ino == now.st_ino))
			continue;
		if (may_be_unread(s, &sb, folder, log, entry->d_name, since))
			add_found(s, folder, entry->d_name, &sb);
	}
	closedir(d);
}

/* Splits a full path that realpath made. */
static void
search_beside(struct search *s, char *full)
{
	char *slash = strrchr(full, '/');

	*slash = '\0';
	search_folder(s, full, slash + 1);
	*slash = '/';
}

static int
compare_age(const void *a, const void *b)
{
	const struct one *x = a, *y = b;

	if (x->changed != y->changed)
		return x->changed < y->changed ? -1 : 1;
	return strcmp(x->path, y->path);
}

/* The folder's full path with the name: as the log is called, whatever a
 * symbolic link of that name leads to.  NULL: no such folder. */
static char *
path_as_called(const char *path)
{
	const char *name = behind_folder(path);
	char *folder = name > path ? mem_dup(path, (size_t)(name - path)) : mem_strdup(".");
	char *full = realpath(folder, NULL);
	struct buf whole = { 0 };
	char *result = NULL;

	if (full != NULL) {
		buf_printf(&whole, "%s/%s", strcmp(full, "/") != 0 ? full : "", name);
		result = mem_strdup(whole.p);
	}
	buf_fini(&whole);
	free(folder);
	free(full);
	return result;
}

int
rotated_find(struct store *st, const char *path, int64_t since, struct str_list *found, struct err *e)
{
	struct search s = { .since = since };
	struct store_file *known = NULL;
	char *called = path_as_called(path), *real = realpath(path, NULL);
	int rc = store_files(st, &known, &s.knowns, e);

	if (rc == 0) {
		s.known = known;
		if (called != NULL)
			search_beside(&s, called);
		if (real != NULL && (called == NULL || strcmp(real, called) != 0))
			search_beside(&s, real);
		if (s.n > 0)
			qsort(s.found, s.n, sizeof(s.found[0]), compare_age);
		for (size_t i = 0; i < s.n; i++)
			str_list_add(found, s.found[i].path, strlen(s.found[i].path));
		store_files_free(known, s.knowns);
	}
	for (size_t i = 0; i < s.n; i++)
		free(s.found[i].path);
	free(s.found);
	free(called);
	free(real);
	return rc;
}
