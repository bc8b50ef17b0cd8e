/*
 * redact_card: numbers of payment cards, by issuer, length and check digit.
 *
 *   4111 1111 1111 1111, 3782-822463-10005, 4111111111111111
 */
#include <stdlib.h>

#include "ingest/redact_byte.h"
#include "ingest/redact_digits.h"
#include "ingest/redact_set.h"

/* First digits and lengths that issuers give out. */
static const struct {
	unsigned from, to; /* of the first four digits */
	unsigned lengths;  /* a bit each */
} issuers[] = {
	{ 4000, 4999, 1u << 13 | 1u << 16 | 1u << 19 },  /* Visa */
	{ 5100, 5599, 1u << 16 }, { 2221, 2720, 1u << 16 }, /* Mastercard */
	{ 3400, 3499, 1u << 15 }, { 3700, 3799, 1u << 15 }, /* American Express */
	{ 6011, 6011, 1u << 16 }, { 6440, 6599, 1u << 16 }, /* Discover */
	{ 3528, 3589, 1u << 16 },                        /* JCB */
	{ 3000, 3059, 1u << 14 }, { 3600, 3699, 1u << 14 }, { 3800, 3999, 1u << 14 }, /* Diners Club */
	{ 6200, 6299, 1u << 16 },                        /* UnionPay */
};

#define CARD_MAX 19

static bool
is_card(const char *digit, size_t n)
{
	unsigned first = 0, sum = 0;

	for (size_t i = 0; i < 4; i++)
		first = first * 10 + (unsigned)(digit[i] - '0');
	for (size_t i = 0; i < n; i++) {
		unsigned d = (unsigned)(digit[n - 1 - i] - '0') << (i & 1);

		sum += d > 9 ? d - 9 : d;
	}
	if (sum % 10 != 0)
		return false;
	for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++)
		if (first >= issuers[i].from && first <= issuers[i].to && issuers[i].lengths >> n & 1)
			return true;
	return false;
}

/* 4-4-4-4, 4-6-5 and 4-6-4, with one kind of gap. */
static bool
is_grouped(const size_t *group, size_t groups, size_t n)
{
	if (groups == 1)
		return true;
	if (groups == 3)
		return group[0] == 4 && group[1] == 6 && group[2] == n - 10;
	for (size_t i = 0; i < groups; i++)
		if (group[i] != 4)
			return false;
	return groups == 4;
}

/* The end of the number of a card that begins at `at`, or 0. */
static size_t
card_end(struct str s, size_t at, size_t to)
{
	char digit[CARD_MAX], gap = '\0';
	size_t group[4] = { 0 }, groups = 1, n = 0;

	for (; at < to; at++) {
		if (byte_is_digit(s.p[at])) {
			if (n == CARD_MAX)
				return 0;
			digit[n++] = s.p[at];
			group[groups - 1]++;
			continue;
		}
		if (n >= FIND_DIGITS_MIN && is_grouped(group, groups, n) && is_card(digit, n))
			break;
		if (groups == 4 || (gap != '\0' && gap != s.p[at]))
			return 0;
		gap = s.p[at];
		groups++;
	}
	return n >= FIND_DIGITS_MIN && is_grouped(group, groups, n) && is_card(digit, n) ? at : 0;
}

/* Inside of words, paths, versions and negative numbers stand no cards. */
static bool
may_stand(struct str s, size_t from, size_t to)
{
	if (from > 0 && (byte_is_alnum(s.p[from - 1]) || byte_is_of(s.p[from - 1], "_./-+#@$%&~")))
		return false;
	if (to == s.len)
		return true;
	if (byte_is_alnum(s.p[to]) || byte_is_of(s.p[to], "_/-@%"))
		return false;
	return s.p[to] != '.' || to + 1 == s.len || !byte_is_digit(s.p[to + 1]);
}

static void
cards_in(struct search *f, size_t from, size_t to)
{
	for (size_t at = from; at + FIND_DIGITS_MIN <= to; at++) {
		size_t end;

		if (!byte_is_digit(f->s.p[at]) || (at > from && byte_is_digit(f->s.p[at - 1])))
			continue;
		end = card_end(f->s, at, to);
		if (end > 0 && may_stand(f->s, at, end) && redact_hide(f, at, end, REDACT_CARD))
			at = end;
	}
}

static int
by_place(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* Numbers of cards between the edits that are there: behind them in the list,
 * then sorted.  Without edits before it nothing moves. */
void
redact_cards(struct search *f)
{
	size_t at = 0, end = 0, windows = f->n, i = 0;

	while ((at = find_digits(f->s.p, f->s.len, at, &end)) < f->s.len) {
		while (i < windows && f->edit[i].to <= at)
			i++;
		if (i == windows || f->edit[i].from >= end)
			cards_in(f, at, end);
		at = end;
	}
	if (f->n > windows && windows > 0)
		qsort(f->edit, f->n, sizeof(*f->edit), by_place);
}
