/*
 * sigma_map: any bytes are mappings of log sources or refused with a place in
 * the file; with those that are taken a rule is a filter or refused.
 *
 * Input: the file.
 */
#include <stdint.h>

#include "located.h"
#include "sigma.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rule[] =
    "logsource: { product: a, service: b }\n"
    "detection:\n"
    "  s: { f: x, g|re: '^a.b', h|cidr: 10.0.0.0/8, i|exists: true, j: null, k: '', f|cased|contains: Y }\n"
    "  t: [k*w, v]\n"
    "  condition: s or t\n";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct sigma_maps *maps = sigma_maps_new();
	struct sigma_rules rules = { 0 };
	struct err e = ERR_NONE;

	if (sigma_maps_parse(maps, "x", text, &e) != 0)
		check_error(&e);
	else if (sigma_rules_parse(&rules, maps, "rule", str_of(rule), &e) != 0 || rules.n != 1)
		abort();
	else if (rules.rule[0].where != NULL)
		check_where(rules.rule[0].where);
	sigma_rules_fini(&rules);
	sigma_maps_free(maps);
	return 0;
}
