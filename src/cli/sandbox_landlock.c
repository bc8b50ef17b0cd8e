/*
 * sandbox_landlock: paths that stay open to the process, by the kernel's
 * Landlock (Documentation/userspace-api/landlock.rst).
 *
 * The C library has no functions for it, and the headers of a build may be
 * older than the kernel it runs on; so numbers that came later stand here.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/sandbox_parts.h"

#define ABI_KNOWN 7

/* Rights by the ABI they came with; those of the first have all bits below. */
#define FS_FIRST ((1ull << 13) - 1)
#define FS_REFER (1ull << 13)    /* 2 */
#define FS_TRUNCATE (1ull << 14) /* 3 */
#define FS_IOCTL_DEV (1ull << 15) /* 5 */
#define NET_BIND_TCP (1ull << 0) /* 4 */
#define NET_CONNECT_TCP (1ull << 1)
#define SCOPE_ABSTRACT_SOCKET (1ull << 0) /* 6 */
#define SCOPE_SIGNAL (1ull << 1)

#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define READ_FOLDER (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_FILE (LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)
#define WRITE_FOLDER (WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | FS_REFER)

/* struct landlock_ruleset_attr as of ABI 6. */
struct ruleset {
	uint64_t fs, net, scoped;
};

static size_t
ruleset_size(int abi)
{
	return abi >= 6 ? sizeof(struct ruleset) : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static uint64_t
rights_known(int abi)
{
	uint64_t fs = FS_FIRST;

	if (abi >= 2)
		fs |= FS_REFER;
	if (abi >= 3)
		fs |= FS_TRUNCATE;
	if (abi >= 5)
		fs |= FS_IOCTL_DEV;
	return fs;
}

int
landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi <= 0 ? 0 : abi > ABI_KNOWN ? ABI_KNOWN : (int)abi;
}

/* Rights that a folder has and a file has not are refused for a file. */
static uint64_t
rights_of(enum sandbox_access access, bool folder)
{
	switch (access) {
	case SANDBOX_READ:
		return folder ? READ_FOLDER : READ_FILE;
	case SANDBOX_WRITE:
		return folder ? READ_FOLDER | WRITE_FOLDER : READ_FILE | WRITE_FILE;
	case SANDBOX_REMOVE:
		break;
	}
	return folder ? LANDLOCK_ACCESS_FS_REMOVE_FILE : 0;
}

static int
add_path(int rules, const struct sandbox_path *p, uint64_t known, struct err *e)
{
	struct landlock_path_beneath_attr attr = { .parent_fd = open(p->name, O_PATH | O_CLOEXEC) };
	struct stat sb;
	int rc = 0;

	if (attr.parent_fd < 0) {
		if (p->access == SANDBOX_READ && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
			return 0;
		return err_errno(e, "sandbox: %s", p->name);
	}
	if (fstat(attr.parent_fd, &sb) == 0)
		attr.allowed_access = rights_of(p->access, S_ISDIR(sb.st_mode)) & known;
	/* EBADFD: a pipe or a socket, which lies in no folder; whoever has it open may use it. */
	if (attr.allowed_access != 0 &&
	    syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &attr, 0) != 0 && errno != EBADFD)
		rc = err_errno(e, "sandbox: %s", p->name);
	close(attr.parent_fd);
	return rc;
}

int
landlock_enter(const struct sandbox *s, int abi, struct err *e)
{
	const struct ruleset all = {
		.fs = rights_known(abi), .net = NET_BIND_TCP | NET_CONNECT_TCP,
		.scoped = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL,
	};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all, ruleset_size(abi), 0);
	int rc = 0;

	if (rules < 0)
		return 0;
	for (size_t i = 0; i < s->n && rc == 0; i++)
		rc = add_path(rules, &s->path[i], all.fs, e);
	if (rc == 0)
		rc = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	close(rules);
	return rc;
}
