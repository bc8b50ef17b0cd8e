/* corpora: third-party suites, where $AUDIT_CORPORA says they are. */
#ifndef TESTS_CORPORA_H
#define TESTS_CORPORA_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define CORPORA_PATH_MAX 1024

/* false, with a line on stderr, when the suites are not there. */
static inline bool
corpora_path(char out[CORPORA_PATH_MAX], const char *rest)
{
	const char *root = getenv("AUDIT_CORPORA");

	if (root == NULL || *root == '\0') {
		fprintf(stderr, "SKIP %s: AUDIT_CORPORA is not set\n", rest);
		return false;
	}
	return snprintf(out, CORPORA_PATH_MAX, "%s/%s", root, rest) < CORPORA_PATH_MAX;
}

#endif
