/*
 * rules: any bytes are rules or refused with a place in the file; those that
 * are taken have all that the engine relies on.
 *
 * Input: the file.
 */
#include <stdint.h>
#include <stdlib.h>

#include "detect/rule.h"
#include "located.h"

#define NOW INT64_C(1777000000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_rule(const struct detect_rule *r)
{
	if (r->name.len == 0 || r->title.len == 0 || r->action.len == 0 || r->inputs != 1 || r->input->filter == NULL ||
	    r->count == 0 || r->count > DETECT_COUNT_MAX || r->bys > DETECT_BY_MAX)
		abort();
	if (r->within < TIME_SECOND || r->within > DETECT_WITHIN_MAX || r->silence < TIME_SECOND ||
	    r->silence > DETECT_WITHIN_MAX)
		abort();
	if (detect_has_value(r) && (r->input->value.n != 1 || r->input->value.name.len == 0))
		abort();
	for (size_t i = 0; i < r->bys; i++)
		if (r->input->by[i].n != 1 || r->input->by[i].name.len == 0)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct detect_rules rules = { 0 };
	struct err e = ERR_NONE;

	if (detect_rules_parse(&rules, "x", (struct str){ (const char *)data, size }, NOW, &e) != 0)
		check_error(&e);
	else
		for (size_t i = 0; i < rules.n; i++)
			check_rule(&rules.rule[i]);
	detect_rules_fini(&rules);
	return 0;
}
