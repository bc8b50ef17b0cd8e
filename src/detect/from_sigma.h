/*
 * from_sigma: rules in the Sigma format as rules that are asked about events.
 *
 * A detection fires for each event that it matches, once in a while for the
 * same actor on the same host; a correlation counts what its rules match.
 *
 * In: what was read of Sigma's files, all of them.   Out: rules, and what is refused.
 */
#ifndef DETECT_FROM_SIGMA_H
#define DETECT_FROM_SIGMA_H

#include "detect/rule.h"
#include "detect/sigma.h"

/* Adds them; what cannot be asked is added to the refusals.  `now` as for
 * detect_rules_read. */
void detect_rules_sigma(struct detect_rules *out, const struct sigma_rules *from, int64_t now);

#endif
