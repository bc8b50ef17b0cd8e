/* sandbox_parts: the two that restrict.  Private to cli/sandbox*.c. */
#ifndef CLI_SANDBOX_PARTS_H
#define CLI_SANDBOX_PARTS_H

#include "cli/sandbox.h"

/* The newest ABI that kernel and program both know; 0: there is no Landlock. */
int landlock_abi(void);
/* Opens the paths and restricts the calling thread.  1, 0 the kernel would not
 * have it, -1 with ERR_FAIL for a path. */
int landlock_enter(const struct sandbox *s, int abi, struct err *e);

bool seccomp_available(void);
/* Lets through only the system calls of the profile.  false: it could not. */
bool seccomp_enter(enum sandbox_profile profile);

#endif
