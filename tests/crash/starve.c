/*
 * starve: memory runs out.
 *
 * Loaded with LD_PRELOAD.  The $AUDIT_STARVE_AT-th allocation from the start of
 * main on fails, or with $AUDIT_STARVE_ON set that one and all after it.  How
 * many there were is written to $AUDIT_STARVE_COUNT when the program ends by
 * itself.
 *
 * Of whatever calls malloc through the dynamic linker: our programs, SQLite and
 * the other libraries, also the C library for itself (strdup, getline, stdio).
 * Left out are libseccomp, which then frees twice (2.5.4), and the look-up of
 * users, which asserts (glibc 2.36): nobody outside can keep them from it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The C library's own, under the names that it keeps for this purpose. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

static struct {
	atomic_ulong count;
	unsigned long at;
	bool begun, on;
	int out;
} starve = { .out = -1 };

__attribute__((constructor)) static void
begin(void)
{
	const char *at = getenv("AUDIT_STARVE_AT"), *out = getenv("AUDIT_STARVE_COUNT");

	starve.at = at != NULL ? strtoul(at, NULL, 10) : 0;
	starve.on = getenv("AUDIT_STARVE_ON") != NULL;
	if (out != NULL)
		starve.out = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	starve.begun = true;
}

__attribute__((destructor)) static void
end(void)
{
	if (starve.out >= 0)
		dprintf(starve.out, "%lu\n", atomic_load(&starve.count));
	starve.begun = false;
}

static _Thread_local bool looks_up;

static bool
is_left_out(const void *caller)
{
	Dl_info info;

	return looks_up || (dladdr(caller, &info) != 0 && info.dli_fname != NULL && strstr(info.dli_fname, "libseccomp") != NULL);
}

static bool
fails(const void *caller)
{
	unsigned long number;

	if (!starve.begun || is_left_out(caller))
		return false;
	number = atomic_fetch_add(&starve.count, 1) + 1;
	if (starve.at == 0 || (starve.on ? number < starve.at : number != starve.at))
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t n)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(p, n);
}

void *
reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(p, bytes);
}

void *
memalign(size_t align, size_t n)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_memalign(align, n);
}

void *
aligned_alloc(size_t align, size_t n)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_memalign(align, n);
}

int
posix_memalign(void **p, size_t align, size_t n)
{
	void *q = fails(__builtin_return_address(0)) ? NULL : __libc_memalign(align, n);

	if (q == NULL)
		return ENOMEM;
	*p = q;
	return 0;
}

/* ---- Users ---- */

struct passwd *
getpwuid(uid_t uid)
{
	struct passwd *found;

	looks_up = true;
	found = ((struct passwd *(*)(uid_t))(uintptr_t)dlsym(RTLD_NEXT, "getpwuid"))(uid);
	looks_up = false;
	return found;
}
