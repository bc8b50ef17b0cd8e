/*
 * matcher: a filter with what is known of it for the segment at work.
 * Private to store/match*.c.
 *
 *   match.c        the tree: bits of rows through AND, OR and NOT
 *   match_judge.c  what zone maps, dictionaries and filters say, before any
 *                  code or text is read
 *   match_rows.c   tests on the rows in question
 *   match_text.c   tests on texts, block by block
 *   match_line.c   patterns in the canonical line
 */
#ifndef STORE_MATCHER_H
#define STORE_MATCHER_H

#include "base/find.h"
#include "store/match.h"

/* Of looking at one row, by measurement, in units of a code. */
#define COST_CODE 1.0
#define COST_TIME 1.5
#define COST_UUID 40.0
#define COST_TEXT 200.0
#define COST_INSIDE 400.0 /* a pattern that lies in one value, asked of all of them */
#define COST_LINE 2000.0  /* a pattern in the line, which is made */

struct step {
	const struct filter_node *node;
	struct step *child;
	bool judged;
	enum verdict verdict;
	double share;    /* of the rows in question that will pass, about */
	double cost;     /* of looking at one row in question, about */
	uint8_t *accept; /* TEST on a dictionary: a byte a code */
	size_t accept_cap;
	bool narrowed;   /* maybe is valid: rows outside cannot pass */
	uint64_t *maybe; /* a bit a row; made when first needed */
	/* TEST_LINE: rows that pass, or have what is needed, by a dictionary (in
	 * maybe's memory), and the fields whose values decide of the others */
	uint64_t *sure;
	field_set values;
	uint64_t *bits;  /* OR, NOT and TEST_LINE: scratch */
	/* TEST with a need: its texts, to be looked for; whether a value that
	 * contains one passes */
	struct finder *find;
	size_t finds;
	bool find_decides;
	bool finds_cut; /* some is the beginning of a longer text */
};

struct matcher {
	struct step root;
	struct filter_scratch *scratch;
	const struct stored *stored;
	uint32_t n, words;
	uint64_t bits[MATCH_WORDS], other[MATCH_WORDS], sure[MATCH_WORDS];
	struct buf line;
	struct event event;
};

/* What can be said before rows are looked at: verdict, share and cost. */
int match_judge(struct matcher *m, struct step *s, struct err *e);

/* A FILTER_TEST: clears the bits in question whose rows do not pass. */
int match_rows(struct matcher *m, const struct step *s, uint64_t *bits, struct err *e);

/* What is said of a step: its verdict; that it can pass in the rows of its maybe
 * only, which match_maybe makes room for. */
void match_judged(struct step *s, enum verdict v);
void match_narrow(struct matcher *m, struct step *s, double cost);
uint64_t *match_maybe(struct step *s);

/* Sets the bits of the rows whose code is accepted (accept[0] is for absent),
 * clears those in question that are not. */
int match_codes(struct matcher *m, enum field f, const uint8_t *accept, uint64_t *bits, struct err *e);

/* Sets up what a step looks for in texts; step_fini frees it. */
void match_finders(struct step *s);

/* Whether there are letters beyond ASCII that are ASCII ones in another case. */
bool match_strange(struct str s);

/* A test of each value of a column of values. */
struct value_test {
	enum field field;
	bool (*passes)(struct matcher *m, const struct step *s, enum field f, struct str value);
	bool decided; /* what contains one of the step's finders passes */
};

/* Clears the bits in question whose values do not pass.  Of texts: 1, or 0 when
 * the column is none of them. */
int match_values(struct matcher *m, const struct step *s, const struct value_test *t, uint64_t *bits,
    struct err *e);
int match_texts(struct matcher *m, const struct step *s, const struct value_test *t, uint64_t *bits,
    struct err *e);

/* TEST_LINE: as match_judge and match_rows. */
int match_judge_line(struct matcher *m, struct step *s, struct err *e);
int match_rows_line(struct matcher *m, const struct step *s, uint64_t *bits, struct err *e);

static inline bool
bits_any(const uint64_t *bits, uint32_t words)
{
	for (uint32_t w = 0; w < words; w++)
		if (bits[w] != 0)
			return true;
	return false;
}

static inline void
bits_and(uint64_t *bits, const uint64_t *other, uint32_t words)
{
	for (uint32_t w = 0; w < words; w++)
		bits[w] &= other[w];
}

#endif
