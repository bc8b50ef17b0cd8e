/*
 * facts: what our side says of random trees, one fact a line, for verifiers
 * that others wrote.  Leaf i of the log is H(0x00 || "leaf i").
 *
 *	signer PRIVATE+KEY+...			a key made for this run
 *	key VERIFIER
 *	note BASE64				a signed checkpoint
 *	inclusion INDEX SIZE HASH...
 *	consistency FIRST SECOND HASH...
 *	range FIRST COUNT SIZE HASH...		the gaps around a run of leaves
 *
 * Usage: facts TREES SEED
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/proof_log.h"
#include "base/base64.h"
#include "proof/checkpoint.h"
#include "proof/range.h"

enum { LEAVES_MAX = 5000 };

struct facts {
	struct log log;
	struct path_source from;
	uint64_t state;
	struct note_signer signer;
};

static uint64_t
up_to(struct facts *f, uint64_t n)
{
	f->state = f->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (f->state >> 33) % (n + 1);
}

static void
print64(const void *p, size_t n)
{
	struct buf b = { 0 };

	base64_add(&b, p, n);
	printf(" %.*s", (int)b.len, b.p);
	buf_fini(&b);
}

static int
fail(const struct err *e)
{
	fprintf(stderr, "facts: %s\n", e->text);
	return -1;
}

static void
print_path(const struct path *p)
{
	for (unsigned i = 0; i < p->n; i++)
		print64(p->hash[i].b, HASH_LEN);
	putchar('\n');
}

static int
tell_paths(struct facts *f, uint64_t size)
{
	uint64_t index = up_to(f, size - 1), first = 1 + up_to(f, size - 1);
	struct path p;
	struct err e = ERR_NONE;

	if (path_inclusion(&p, &f->from, index, size, &e) != 0)
		return fail(&e);
	printf("inclusion %" PRIu64 " %" PRIu64, index, size);
	print_path(&p);
	if (path_consistency(&p, &f->from, first, size, &e) != 0)
		return fail(&e);
	printf("consistency %" PRIu64 " %" PRIu64, first, size);
	print_path(&p);
	return 0;
}

static int
print_subtree(void *arg, struct subtree s)
{
	struct facts *f = arg;
	struct hash h;
	struct err e = ERR_NONE;

	if (path_subtree(&h, &f->from, s, &e) != 0)
		return fail(&e);
	print64(h.b, HASH_LEN);
	return 0;
}

static int
tell_range(struct facts *f, uint64_t size)
{
	uint64_t first = up_to(f, size - 1), count = 1 + up_to(f, size - first - 1);

	printf("range %" PRIu64 " %" PRIu64 " %" PRIu64, first, count, size);
	if (range_gap(0, first, print_subtree, f) != 0 ||
	    range_gap(first + count, size, print_subtree, f) != 0)
		return -1;
	putchar('\n');
	return 0;
}

static int
tell_note(struct facts *f, uint64_t size)
{
	struct hash root;
	struct buf note = { 0 };
	struct err e = ERR_NONE;
	int rc = -1;

	if (path_root(&root, &f->from, 0, size, &e) != 0 ||
	    checkpoint_sign(&note, size, &root, &f->signer, &e) != 0) {
		fail(&e);
	} else {
		fputs("note", stdout);
		print64(note.p, note.len);
		putchar('\n');
		rc = 0;
	}
	buf_fini(&note);
	return rc;
}

static int
tell_key(struct facts *f)
{
	char text[NOTE_SIGNER_TEXT_MAX];
	struct buf key = { 0 };
	struct err e = ERR_NONE;

	if (note_signer_new(&f->signer, STR("example.org/facts"), &e) != 0)
		return fail(&e);
	printf("signer %.*s\n", (int)note_signer_format(text, &f->signer), text);
	note_verifier_format(&key, &f->signer.verifier);
	printf("key %.*s\n", (int)key.len, key.p);
	buf_fini(&key);
	return 0;
}

int
main(int argc, char *argv[])
{
	struct facts f = { .log = log_make(LEAVES_MAX) };
	long trees = argc > 1 ? strtol(argv[1], NULL, 10) : 20;
	int rc;

	f.state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	f.from = (struct path_source){ log_subtree, &f.log };
	rc = tell_key(&f);
	for (long i = 0; i < trees && rc == 0; i++) {
		uint64_t size = i == 0 ? LEAVES_MAX : i <= 10 ? (uint64_t)i : 1 + up_to(&f, LEAVES_MAX - 1);

		rc = tell_note(&f, size);
		if (rc == 0)
			rc = tell_paths(&f, size);
		if (rc == 0)
			rc = tell_range(&f, size);
	}
	free(f.log.leaf);
	return rc == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
