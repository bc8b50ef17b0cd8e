/* rates: two Poisson rates against each other, against sums made term by term. */
#include "unit.h"

#include <math.h>

#include "base/rates.h"

/* Twice the smaller tail of the binomial, one term after the other. */
static double
naive(unsigned before, double before_span, unsigned after, double after_span)
{
	long double share = after_span / ((long double)before_span + after_span), low = 0, high = 0;
	unsigned n = before + after;

	for (unsigned k = 0; k <= n; k++) {
		long double term = 1;

		for (unsigned i = 0; i < k; i++)
			term *= share * (n - i) / (i + 1);
		for (unsigned i = k; i < n; i++)
			term *= 1 - share;
		low += k <= after ? term : 0;
		high += k >= after ? term : 0;
	}
	return (double)fminl(1, 2 * fminl(low, high));
}

static void
is_near(double got, double wanted, double part)
{
	ck_assert_msg(fabs(got - wanted) <= part * wanted, "%.17g is not %.17g", got, wanted);
}

START_TEST(small_counts_are_as_the_sum_of_their_terms)
{
	static const double span[] = { 1, 2, 0.01, 48, 1e6 };

	for (unsigned before = 0; before < 30; before++)
		for (unsigned after = 0; after < 30; after++)
			for (size_t i = 0; i < 5; i++)
				if (before + after > 0)
					is_near(rates_p(before, 1, after, span[i]), naive(before, 1, after, span[i]), 1e-11);
}
END_TEST

START_TEST(nothing_to_compare_is_told_by_one)
{
	ck_assert(rates_p(0, 1, 0, 1) == 1);
	ck_assert(rates_p(5, 0, 5, 1) == 1);
	ck_assert(rates_p(5, 1, 5, 0) == 1);
	ck_assert(rates_p(UINT64_MAX, NAN, 5, 1) == 1);
}
END_TEST

/* Known without a computer: all n on one side of two equal ones. */
START_TEST(a_value_that_is_new_is_a_power_of_its_share)
{
	is_near(rates_p(0, 3, 6, 3), 2 * pow(0.5, 6), 1e-14);
	is_near(rates_p(6, 3, 0, 3), 2 * pow(0.5, 6), 1e-14);
	is_near(rates_p(0, 3, 6, 1), 2 * pow(0.25, 6), 1e-14);
	ck_assert(rates_p(0, 1, 1, 1) == 1);
}
END_TEST

START_TEST(sides_may_be_exchanged)
{
	for (uint64_t before = 1; before < 1000000; before *= 7)
		for (uint64_t after = 1; after < 1000000; after *= 5)
			is_near(rates_p(before, 2, after, 3), rates_p(after, 3, before, 2), 1e-9);
}
END_TEST

/* For many events the binomial is normal: a z of 3 is 0.0027 on both sides. */
START_TEST(large_counts_are_near_the_normal_distribution)
{
	is_near(rates_p(1000000, 1, 1000000 + 4243, 1), 0.0027, 0.02);
	is_near(rates_p(50000000, 1, 50000000 + 30000, 1), 0.0027, 0.02);
	is_near(rates_p(3000000000, 1, 3000000000, 1), 1, 0.01);
	ck_assert(rates_p(1, 1, 4000000000, 1) >= 0);
	ck_assert(rates_p(1000000, 1, 4000000, 1) < 1e-100);
}
END_TEST

static Suite *
rates_suite(void)
{
	Suite *s = suite_create("base/rates");
	TCase *tc = tcase_create("rates");

	tcase_add_test(tc, small_counts_are_as_the_sum_of_their_terms);
	tcase_add_test(tc, nothing_to_compare_is_told_by_one);
	tcase_add_test(tc, a_value_that_is_new_is_a_power_of_its_share);
	tcase_add_test(tc, sides_may_be_exchanged);
	tcase_add_test(tc, large_counts_are_near_the_normal_distribution);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(rates_suite)
