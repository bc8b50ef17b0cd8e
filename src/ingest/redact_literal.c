/*
 * redact_literal: what a finder looks for, put into its tables.
 *
 * A literal is there twice: its first bytes as a window, by their hash, and
 * their halves in one of the sets.  A set has more than its literals, every
 * mix of their halves, so a literal goes where the fewest strangers come of it.
 */
#include <limits.h>
#include <string.h>

#include "ingest/redact_find.h"

static bool
is_letter(unsigned char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static void
add_byte(struct find_sets *f, int place, unsigned char c, uint8_t set)
{
	f->low[place][c & 15] |= set;
	f->high[place][c >> 4] |= set;
}

/* Eight bytes, whatever their order: they are only added up. */
static uint64_t
eight(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

#define ONES UINT64_C(0x0101010101010101)

static unsigned
sum_of_eight(uint64_t v)
{
	return (unsigned)(v * ONES >> 56);
}

/* How many windows pass a set, those too that it has by chance; small letters,
 * digits and signs are the most of a log. */
static unsigned long
passing(const struct find_sets *f, uint8_t set)
{
	static const uint8_t weight[8] = { 0, 0, 4, 4, 1, 1, 6, 6 }; /* of high halves; 0: the rest */
	int bit = __builtin_ctz(set);
	unsigned long all = 1;

	for (int i = 0; i < FIND_DEEP; i++) {
		uint64_t low = (eight(f->low[i]) >> bit & ONES) + (eight(f->low[i] + 8) >> bit & ONES);
		uint64_t high = (eight(f->high[i]) >> bit & ONES) * 255 & eight(weight);

		all *= sum_of_eight(low) * sum_of_eight(high);
	}
	return all;
}

/* Behind a literal of three bytes any byte may follow. */
static void
add_to(struct find_sets *f, const char *literal, size_t len, bool nocase, uint8_t set)
{
	for (int i = 0; i < FIND_DEEP; i++) {
		unsigned char c = (unsigned char)literal[i < (int)len ? i : 0];

		if (i >= (int)len) {
			for (int half = 0; half < 16; half++)
				add_byte(f, i, (unsigned char)(half << 4 | half), set);
			return;
		}
		add_byte(f, i, c, set);
		if (nocase && is_letter(c))
			add_byte(f, i, c ^ 0x20, set);
	}
}

/* Names and their signs have two sets for themselves: with letters before the
 * sign, and with what may stand between. */
#define SET_PAIR 128
#define SET_BETWEEN 64

/* Adds to the set that then lets the fewest strangers pass.  Literals of three
 * bytes have sets of their own: any fourth byte passes them. */
static void
add_to_best(struct finder *f, const char *literal, size_t len, bool nocase)
{
	int group = len >= FIND_DEEP, last = group == 0 ? 0 : FIND_GROUPS - 1, chosen = group;
	unsigned end = group == 0 ? SET_BETWEEN : 256;
	unsigned long fewest = ULONG_MAX;
	struct find_sets best = f->sets[group];

	for (; group <= last; group++)
		for (unsigned set = 1; set < end; set <<= 1) {
			struct find_sets with = f->sets[group];
			unsigned long more;

			add_to(&with, literal, len, nocase, (uint8_t)set);
			more = passing(&with, (uint8_t)set) - passing(&f->sets[group], (uint8_t)set);
			if (more < fewest) {
				fewest = more;
				best = with;
				chosen = group;
			}
		}
	f->sets[chosen] = best;
}

/* The first bytes, in all cases of their letters. */
static void
add_windows(struct finder *f, const char *literal, size_t len, enum find_kind kind, bool nocase)
{
	unsigned n = len < FIND_DEEP ? 3 : FIND_DEEP;

	for (unsigned cases = 0; cases < (nocase ? 1u << n : 1); cases++) {
		uint32_t bytes = 0;

		for (unsigned i = 0; i < n; i++) {
			unsigned char c = (unsigned char)literal[i];

			bytes |= (uint32_t)(c ^ (cases >> i & 1 && is_letter(c) ? 0x20 : 0)) << 8 * i;
		}
		(n == FIND_DEEP ? f->deep : f->window)[find_hash(bytes)] |= (uint8_t)kind;
	}
}

void
finder_add(struct finder *f, const char *literal, size_t len, enum find_kind kind, bool nocase)
{
	if (kind == FIND_PAIR)
		add_to(&f->sets[0], literal, len, nocase,
		    is_letter((unsigned char)literal[1]) ? SET_PAIR : SET_BETWEEN);
	else
		add_to_best(f, literal, len, nocase);
	add_windows(f, literal, len, kind, nocase);
}
