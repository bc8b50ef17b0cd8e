/*
 * sandbox: what is asked for, what there is, and in which order it begins.
 *
 * Landlock first: its own system calls are not among those that seccomp lets
 * through.
 */
#include "cli/sandbox.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/sandbox_parts.h"

#define RANDOMNESS "/dev/urandom" /* SQLite opens it late */
#define TASKS "/proc/self/task"

int
sandbox_mode_parse(struct str word, enum sandbox_mode *mode)
{
	static const char *const names[] = {
		[SANDBOX_AUTO] = "auto", [SANDBOX_REQUIRED] = "required", [SANDBOX_OFF] = "off"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(word, str_of(names[i]))) {
			*mode = (enum sandbox_mode)i;
			return 0;
		}
	return -1;
}

/* ---- What is allowed ---- */

int
sandbox_allow(struct sandbox *s, const char *path, enum sandbox_access access, struct err *e)
{
	if (s->n == SANDBOX_PATHS_MAX)
		return err_set(e, ERR_FAIL, "sandbox: more than %d paths", SANDBOX_PATHS_MAX);
	mem_grow(&s->path, &s->cap, s->n + 1, sizeof(*s->path));
	s->path[s->n].name = mem_strdup(path);
	s->path[s->n++].access = access;
	/* A reader that may write somewhere needs the system calls for it. */
	if (access != SANDBOX_READ && s->profile == SANDBOX_READER)
		s->profile = SANDBOX_WRITER;
	return 0;
}

int
sandbox_allow_all(struct sandbox *s, const struct str_list *paths, enum sandbox_access access, struct err *e)
{
	for (size_t i = 0; i < paths->n; i++)
		if (strcmp(paths->item[i], "-") != 0 && sandbox_allow(s, paths->item[i], access, e) != 0)
			return -1;
	return 0;
}

/* What is to be opened there fails by itself, with its own words. */
static bool
is_missing(const char *folder)
{
	return faccessat(AT_FDCWD, folder, F_OK, 0) != 0;
}

int
sandbox_allow_folder(struct sandbox *s, const char *file, enum sandbox_access access, struct err *e)
{
	const char *slash = strrchr(file, '/');
	char *folder;
	int rc;

	if (slash == NULL)
		return sandbox_allow(s, ".", access, e);
	if (slash == file)
		return sandbox_allow(s, "/", access, e);
	folder = mem_dup(file, (size_t)(slash - file));
	rc = is_missing(folder) ? 0 : sandbox_allow(s, folder, access, e);
	free(folder);
	return rc;
}

int
sandbox_allow_made(struct sandbox *s, const char *folder, enum sandbox_access access, struct err *e)
{
	return faccessat(AT_FDCWD, folder, F_OK, 0) == 0 ? sandbox_allow(s, folder, access, e) :
	    sandbox_allow_folder(s, folder, access, e);
}

int
sandbox_allow_followed(struct sandbox *s, const char *file, struct err *e)
{
	char *real = realpath(file, NULL), *above = mem_strdup(file), *slash;
	int rc = real != NULL ? sandbox_allow_folder(s, real, SANDBOX_READ, e) : 0;

	while ((slash = strrchr(above, '/')) != NULL && slash > above) {
		*slash = '\0';
		if (!is_missing(above))
			break;
	}
	if (rc == 0)
		rc = slash != NULL && slash > above ? sandbox_allow(s, above, SANDBOX_READ, e) :
		    sandbox_allow_folder(s, above, SANDBOX_READ, e);
	free(above);
	free(real);
	return rc;
}

/* The first that can be used, in SQLite's order. */
int
sandbox_allow_temporary(struct sandbox *s, struct err *e)
{
	const char *const places[] = { getenv("SQLITE_TMPDIR"), getenv("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i] != NULL && faccessat(AT_FDCWD, places[i], W_OK | X_OK, 0) == 0)
			return sandbox_allow(s, places[i], SANDBOX_WRITE, e);
	return 0;
}

int
sandbox_allow_store(struct sandbox *s, const char *db, struct err *e)
{
	struct buf journal = { 0 };
	char *whole;
	int rc;

	/* The journal lies beside the file, not beside a link to it. */
	whole = realpath(db, NULL);
	if (whole == NULL)
		return err_errno(e, "%s", db);
	rc = sandbox_allow(s, RANDOMNESS, SANDBOX_READ, e);
	if (rc == 0 && s->profile != SANDBOX_READER) {
		rc = sandbox_allow_folder(s, whole, SANDBOX_WRITE, e);
	} else if (rc == 0 && s->replaced) {
		rc = sandbox_allow_folder(s, whole, SANDBOX_READ, e);
	} else if (rc == 0) {
		buf_printf(&journal, "%s-journal", whole);
		rc = sandbox_allow(s, whole, SANDBOX_READ, e);
		if (rc == 0)
			rc = sandbox_allow(s, journal.p, SANDBOX_READ, e);
		buf_fini(&journal);
	}
	free(whole);
	return rc;
}

void
sandbox_fini(struct sandbox *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->path[i].name);
	free(s->path);
	*s = (struct sandbox){ 0 };
}

/* ---- Entering ---- */

/* Whether there are threads that Landlock would not reach.  The folder of
 * tasks has a link for each, and two of its own. */
static bool
has_threads(void)
{
	struct stat sb;

	return stat(TASKS, &sb) == 0 && sb.st_nlink > 3;
}

/* What is missing of what is required. */
static int
insist(const struct sandbox_state *now, struct err *e)
{
	const char *missing = !now->no_new_privs ? "no_new_privs" : now->landlock == 0 ? "Landlock" :
	    !now->seccomp ? "seccomp" : NULL;

	if (missing == NULL)
		return 0;
	return err_set(e, ERR_FAIL,
	    "sandbox: required, but %s is not to be had here (sandbox: auto goes on without)", missing);
}

int
sandbox_enter(const struct sandbox *s, struct sandbox_state *now, struct err *e)
{
	int abi, rc = 0;

	*now = (struct sandbox_state){ 0 };
	if (s->mode == SANDBOX_OFF)
		return 0;
	if (has_threads())
		return err_set(e, ERR_FAIL, "sandbox: entered too late, there are threads already");
	now->no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	if (now->no_new_privs && (abi = landlock_abi()) > (s->moves ? 1 : 0)) {
		if ((rc = landlock_enter(s, abi, e)) < 0)
			return -1;
		now->landlock = rc > 0 ? abi : 0;
	}
	if (now->no_new_privs)
		now->seccomp = seccomp_enter(s->profile);
	return s->mode == SANDBOX_REQUIRED ? insist(now, e) : 0;
}

/* ---- Telling ---- */

void
sandbox_available(struct sandbox_state *have)
{
	*have = (struct sandbox_state){
		.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0,
		.landlock = landlock_abi(),
		.seccomp = seccomp_available(),
	};
}

void
sandbox_describe(struct buf *out, const struct sandbox_state *s)
{
	const char *comma = "";

	if (s->landlock > 0) {
		buf_printf(out, "Landlock (ABI %d)", s->landlock);
		comma = ", ";
	}
	if (s->seccomp) {
		buf_printf(out, "%sseccomp", comma);
		comma = ", ";
	}
	if (s->no_new_privs) {
		buf_printf(out, "%sno_new_privs", comma);
		comma = ", ";
	}
	if (*comma == '\0')
		buf_str(out, STR("none"));
}
