/*
 * flip: what the files of the flip sweep share.
 *
 *   made.c     stores with every kind of row and piece
 *   answers.c  all answers of a store, as one hash; what verification finds
 *   sweep.c    flips, shared out to processes
 *   flip.c     the tests
 */
#ifndef TESTS_FLIP_H
#define TESTS_FLIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "store/store.h"

/* The first verifier key of every made store. */
#define MADE_KEY "flip.example/log"
void made_key(struct buf *line);

/* Each makes a store of its kind; false: *e says why. */

/* A cell that was pruned whole, and in the next one segments with all
 * encodings, pruned, held and erased rows, records, a tail; two epochs. */
bool made_small(const char *path, struct err *e);
/* One segment large enough for all filters. */
bool made_large(const char *path, struct err *e);
/* A full cell of 65,536 events, and a few more. */
bool made_full(const char *path, struct err *e);

/* Every answer of a battery of questions, errors too, as one hash.  The first
 * error is told. */
void answers(struct store *st, struct hash *out, struct err *e);

/* Whether verification has something to say about a store: what it finds, or
 * why it cannot come to an end.  from as in verify_options. */
bool suspects(struct store *st, uint64_t from, struct str first_key, char *why, size_t size);

/* ---- sweeps ---- */

struct sweep {
	const char *folder; /* for copies */
	const char *made;   /* the store: never changed, each process flips a copy */
	uint64_t from;      /* verify_options */
	uint64_t seed;
	const char *tables; /* " segment piece " ...: those looked at */
	unsigned each;      /* of so many flips one is made */
	unsigned each_filter; /* of those in filters */
	bool all_bits;      /* of a byte; else one */
	uint64_t flips;     /* sweep_file: so many */
};

struct sweep_result {
	uint64_t flips;    /* made */
	uint64_t refused;  /* by SQLite, or when the store was opened */
	uint64_t found;    /* by verification */
	uint64_t harmless; /* without effect on any answer */
	uint64_t missed;   /* none of these: told on standard output */
};

/* Flips in every byte of every value of the rows, or anywhere in the file.
 * false: a process died or hung, which was told. */
bool sweep_rows(const struct sweep *s, struct sweep_result *r);
bool sweep_file(const struct sweep *s, struct sweep_result *r);

#endif
