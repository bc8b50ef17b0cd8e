/*
 * flip: one bit of a store changes.  Verification says so, or no answer is
 * another one.
 *
 * Every byte of every row of a small store; of larger ones every byte of the
 * filters, and some others; and any bit of a file.  AUDIT_FLIPS=all: every bit
 * of every byte, which takes hours.  AUDIT_FLIP_SEED: which bits otherwise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
#include "flip.h"

#define ALL " cell checkpoint erased hold key leaf piece removal removed segment state tail "

struct suite {
	char folder[200], small[256], large[256], full[256];
	uint64_t seed;
	bool all;
	int number, failed;
};

static void
tell(struct suite *s, bool good, const char *name)
{
	s->number++;
	s->failed += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", s->number, name);
	fflush(stdout);
}

/* A store as it was made: nothing is found, every question has an answer. */
static bool
sound(const char *path)
{
	struct err e = ERR_NONE;
	struct store *st = store_open(path, STORE_READ, &e);
	struct buf key = { 0 };
	struct hash h;
	char why[1024];
	bool good = st != NULL;

	made_key(&key);
	if (good)
		answers(st, &h, &e);
	if (e.code != ERR_OK) {
		printf("# %s\n", e.text);
		good = false;
	}
	if (good && suspects(st, 0, buf_view(&key), why, sizeof(why))) {
		printf("# %s\n", why);
		good = false;
	}
	store_close(st);
	buf_fini(&key);
	return good;
}

static void
make(struct suite *s, const char *path, bool (*made)(const char *, struct err *), const char *name)
{
	struct err e = ERR_NONE;
	bool good = made(path, &e);

	if (!good)
		printf("# %s\n", e.text);
	tell(s, good && sound(path), name);
}

static void
sweep(struct suite *s, struct sweep one, bool (*run)(const struct sweep *, struct sweep_result *), const char *name)
{
	struct sweep_result r;
	bool good;

	one.folder = s->folder;
	one.seed = s->seed;
	one.all_bits = s->all;
	if (s->all && one.each > 0)
		one.each = one.each_filter = 1;
	good = run(&one, &r);
	printf("# %llu flips: %llu found, %llu refused, %llu without effect, %llu missed\n", (unsigned long long)r.flips,
	    (unsigned long long)r.found, (unsigned long long)r.refused, (unsigned long long)r.harmless,
	    (unsigned long long)r.missed);
	tell(s, good && r.missed == 0 && r.flips > 0 && r.found > 0, name);
}

static void
run(struct suite *s)
{
	make(s, s->small, made_small, "a small store of everything is sound");
	make(s, s->large, made_large, "a store with filters of all kinds is sound");
	make(s, s->full, made_full, "a full cell is sound");
	sweep(s, (struct sweep){ .made = s->small, .tables = ALL, .each = 1, .each_filter = 1 }, sweep_rows,
	    "every byte of every row");
	sweep(s, (struct sweep){ .made = s->large, .tables = " piece segment ", .each = 512, .each_filter = 48 }, sweep_rows,
	    "filters of trigrams and members");
	sweep(s, (struct sweep){ .made = s->full, .tables = " cell segment ", .each = 64, .each_filter = 1 }, sweep_rows,
	    "the hashes of a full cell");
	sweep(s, (struct sweep){ .made = s->small, .flips = s->all ? 1u << 20 : 4096 }, sweep_file, "any bit of the file");
}

int
main(void)
{
	const char *all = getenv("AUDIT_FLIPS"), *seed = getenv("AUDIT_FLIP_SEED"), *temporary = getenv("TMPDIR");
	struct suite s = { .all = all != NULL && strcmp(all, "all") == 0 };

	s.seed = seed != NULL ? strtoull(seed, NULL, 10) : random_u64() >> 32;
	snprintf(s.folder, sizeof(s.folder), "%s/audit-flip-XXXXXX", temporary != NULL ? temporary : "/tmp");
	if (mkdtemp(s.folder) == NULL) {
		perror(s.folder);
		return EXIT_FAILURE;
	}
	snprintf(s.small, sizeof(s.small), "%s/small.db", s.folder);
	snprintf(s.large, sizeof(s.large), "%s/large.db", s.folder);
	snprintf(s.full, sizeof(s.full), "%s/full.db", s.folder);
	printf("1..7\n# AUDIT_FLIP_SEED=%llu\n", (unsigned long long)s.seed);
	run(&s);
	unlink(s.small);
	unlink(s.large);
	unlink(s.full);
	rmdir(s.folder);
	return s.failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
