/*
 * replay: the main of a fuzz target without a fuzzer.  Runs the target over
 * every file of its corpus, tests/fuzz/corpus/NAME/, or over the files named,
 * and reports in TAP.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEED_MAX (4u * 1024 * 1024)

/* The target sees exactly as many bytes as there are, so that a sanitizer
 * notices the first one beyond. */
static int
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *whole = malloc(SEED_MAX), *exact = NULL;
	size_t n;
	int rc = -1;

	if (!f || !whole)
		goto out;
	n = fread(whole, 1, SEED_MAX, f);
	if (ferror(f) || (exact = malloc(n ? n : 1)) == NULL)
		goto out;
	memcpy(exact, whole, n);
	LLVMFuzzerTestOneInput(exact, n);
	rc = 0;
out:
	if (f)
		fclose(f);
	free(exact);
	free(whole);
	return rc;
}

static int
visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int
main(int argc, char *argv[])
{
	const char *source = getenv("top_srcdir");
	const char *slash = strrchr(argv[0], '/');
	struct dirent **list = NULL;
	char path[4096];
	int n, failed = 0;

	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			failed |= replay_file(argv[i]);
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", source ? source : ".",
	    slash ? slash + 1 : argv[0]);
	if ((n = scandir(path, &list, visible, alphasort)) <= 0) {
		printf("1..1\nnot ok 1 - no corpus in %s\n", path);
		return EXIT_FAILURE;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		char file[8192];
		int bad;

		snprintf(file, sizeof(file), "%s/%s", path, list[i]->d_name);
		bad = replay_file(file) != 0;
		printf("%sok %d - %s\n", bad ? "not " : "", i + 1, list[i]->d_name);
		fflush(stdout);
		failed |= bad;
		free(list[i]);
	}
	free(list);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
