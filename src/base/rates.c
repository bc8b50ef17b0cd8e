/*
 * rates: comparing two Poisson rates (see rates.h).
 *
 * A tail of the binomial is a regularized incomplete beta function:
 * P(X >= k) = I(share; k, n - k + 1), made as a continued fraction.
 */
#include "base/rates.h"

#include <float.h>
#include <math.h>

/* The fraction takes about the square root of the larger count. */
#define TERMS_MAX 1000000

/* No factor of it becomes 0, so that none is divided by. */
static double
not_zero(double x)
{
	return fabs(x) < DBL_MIN ? DBL_MIN : x;
}

/* The continued fraction of I(x; a, b), by Lentz's method as Thompson and
 * Barnett changed it (DLMF 8.17.22). */
static double
beta_fraction(double x, double a, double b)
{
	double c = 1, d = 1 / not_zero(1 - (a + b) * x / (a + 1)), value = d;

	for (int m = 1; m <= TERMS_MAX; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double step;

		d = 1 / not_zero(1 + even * d);
		c = not_zero(1 + even / c);
		value *= d * c;
		d = 1 / not_zero(1 + odd * d);
		c = not_zero(1 + odd / c);
		step = d * c;
		value *= step;
		if (fabs(step - 1) < 2 * DBL_EPSILON)
			break;
	}
	return value;
}

static double
log_gamma(double x)
{
	int sign;

	return lgamma_r(x, &sign);
}

/* I(x; a, b) for 0 < x < 1; x and its complement, so that neither is rounded. */
static double
beta_share(double x, double complement, double a, double b)
{
	double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log(complement));

	/* The fraction is quick below the mean, and the other end of it above. */
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(x, a, b) / a;
	return 1 - front * beta_fraction(complement, b, a) / b;
}

double
rates_p(uint64_t before, double before_span, uint64_t after, double after_span)
{
	double b = (double)before, a = (double)after, least;
	double share = after_span / (before_span + after_span), rest = before_span / (before_span + after_span);

	if (before + after == 0 || !(before_span > 0) || !(after_span > 0))
		return 1;
	if (before == 0)
		least = pow(share, a);
	else if (after == 0)
		least = pow(rest, b);
	else
		least = fmin(beta_share(share, rest, a, b + 1), beta_share(rest, share, b, a + 1));
	return fmax(0, fmin(1, 2 * least));
}
