/*
 * sigma_rules: any bytes are rules or refused with a place in the file; each
 * rule is one of a filter, a correlation and a refusal with its place.
 *
 * Input: the file.
 */
#include <stdint.h>

#include "located.h"
#include "sigma.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_rule(const struct sigma_rule *r)
{
	char *end;

	if ((r->where != NULL) + (r->refusal != NULL) + (r->correlation != NULL) != 1)
		abort();
	if (r->where != NULL)
		check_where(r->where);
	if (r->correlation != NULL && (r->correlation->rules.n == 0 || r->correlation->timespan <= 0))
		abort();
	if (r->refusal == NULL)
		return;
	if (strtoul(r->refusal, &end, 10) != r->refusal_line || r->refusal_line == 0 || *end != ':')
		abort();
	if (strtoul(end + 1, &end, 10) == 0 || strncmp(end, ": ", 2) != 0 || end[2] == '\0')
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct sigma_maps *maps = fuzz_maps();
	struct sigma_rules rules = { 0 };
	struct err e = ERR_NONE;

	if (sigma_rules_parse(&rules, maps, "x", text, &e) != 0) {
		check_error(&e);
		if (rules.n != 0)
			abort();
	}
	for (size_t i = 0; i < rules.n; i++)
		check_rule(&rules.rule[i]);
	sigma_rules_fini(&rules);
	sigma_maps_free(maps);
	return 0;
}
