/*
 * export_proof: a proof, and behind a NUL the lines of a file.  Any bytes are
 * read or refused with words, and nothing but the lines of the seeds' tree, and
 * such as the proof calls erased, leads to its root.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proof/checkpoint.h"
#include "proof/export_proof.h"
#include "proof/salt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The tree of the seeds: leaf i is the event "line i", kind 1 for each
 * seventh, salted from a seed of zeros. */
#define SEED_SIZE 20

static void
seed_line(char out[8], uint64_t seq)
{
	memcpy(out, "line ", 5);
	out[5] = (char)('0' + seq / 10);
	out[6] = (char)('0' + seq % 10);
	out[7] = '\0';
}

static void
seed_root(struct hash *root)
{
	static const uint8_t set[SALT_NODE_LEN];
	struct hash leaf[SEED_SIZE];
	struct salt_walk w;

	salt_walk_start(&w, (struct str){ (const char *)set, sizeof(set) });
	for (uint32_t i = 0; i < SEED_SIZE; i++) {
		uint8_t salt[SALT_LEN];
		char line[8];

		if (!salt_get(&w, i, salt))
			abort();
		seed_line(line, i);
		tree_leaf(&leaf[i], salt, i % 7 == 3 ? LEAF_RECORD : LEAF_EVENT, str_of(line));
	}
	tree_root(root, leaf, SEED_SIZE);
}

/* Is it one that was signed? */
static bool
is_seed_line(struct str line)
{
	char want[8];

	for (uint64_t i = 0; i < SEED_SIZE; i++) {
		seed_line(want, i);
		if (str_eq(line, str_of(want)))
			return true;
	}
	return false;
}

/* true: every line was taken; *known: all of them are the seeds'. */
static bool
give_lines(struct export_proof *p, struct str file, bool *known, struct err *e)
{
	uint64_t size = export_proof_size(p), beyond = export_proof_beyond(p);
	bool good = true;

	*known = true;
	while (file.len > 0) {
		const char *end = memchr(file.p, '\n', file.len);
		struct str line = { file.p, end ? (size_t)(end - file.p) : file.len };

		int rc = export_proof_line(p, line, e);

		if (rc < 0)
			good = false;
		if (rc != 1 && beyond == 0 && size == SEED_SIZE && !is_seed_line(line))
			*known = false;
		file.p += line.len + (end != NULL);
		file.len -= line.len + (end != NULL);
	}
	return good;
}

static void
check_span(const struct export_proof *p)
{
	uint64_t first, last;
	bool lines = export_proof_span(p, &first, &last);

	if (lines != (export_proof_lines(p) > 0) || (lines && (first > last || export_proof_lines(p) > PATH_SIZE_MAX)) ||
	    export_proof_beyond(p) > export_proof_lines(p) ||
	    export_proof_erased(p) > export_proof_lines(p) - export_proof_beyond(p) || (lines && last >= export_proof_size(p)) !=
	        (export_proof_beyond(p) > 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *nul = size ? memchr(data, '\0', size) : NULL;
	struct str text = { (const char *)data, nul ? (size_t)(nul - (const char *)data) : size };
	struct str file = { nul ? nul + 1 : "", nul ? size - text.len - 1 : 0 };
	struct err e = ERR_NONE;
	struct export_proof *p = export_proof_parse(text, &e);
	struct hash root, want;
	bool good, known;

	if (p == NULL) {
		if (e.code != ERR_INTEGRITY || e.text[0] == '\0')
			abort();
		return 0;
	}
	check_span(p);
	good = give_lines(p, file, &known, &e);
	seed_root(&want);
	if (export_proof_root(p, &root, &e) != 0) {
		if (e.code != ERR_INTEGRITY)
			abort();
	} else if (!good || (memcmp(root.b, want.b, HASH_LEN) == 0 && !known)) {
		abort();
	}
	export_proof_free(p);
	return 0;
}
