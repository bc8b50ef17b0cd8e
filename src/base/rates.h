/*
 * rates: whether two counts over two spans may be of one rate.
 */
#ifndef BASE_RATES_H
#define BASE_RATES_H

#include <stdint.h>

/*
 * The probability that events of one steady rate are spread over the two spans
 * at least as unevenly as this: the exact conditional test of two Poisson rates
 * (Przyborowski and Wilenski, 1940), two-sided by twice the smaller tail.  Of
 * n events, those in the second span are binomial with its share of the time.
 * Spans are in any one unit; 1 when nothing can be told: no events, or a span
 * of nothing.  As exact as a double lets it be, 1e-6 of itself up to 1e8 events.
 */
double rates_p(uint64_t before, double before_span, uint64_t after, double after_span);

#endif
