/*
 * sigma.h: a mapping of log sources for rules, and what every filter of a rule
 * must be: built again it has the same text.
 */
#ifndef FUZZ_SIGMA_H
#define FUZZ_SIGMA_H

#include <stdlib.h>
#include <string.h>

#include "detect/sigma.h"
#include "filter/filter.h"

static const char fuzz_mapping[] =
    "sources: [{ product: a, category: \"*\", service: \"*\" }]\n"
    "events: source = a\n"
    "keywords: [action]\n"
    "fields:\n"
    "  f: actor_id\n"
    "  ip: ip\n"
    "  host: host\n"
    "  part: { place: action, as: \"*:{}\" }\n"
    "  two: [target_path, { place: share, when: tenant = a }]\n"
    "  any: { any: [outcome, severity] }\n"
    "  same: { constant: same }\n"
    "  no: { refuse: no }\n"
    "---\n"
    "sources: [{ product: r }]\n"
    "events: source = r\n"
    "each: context.records\n";

static inline struct sigma_maps *
fuzz_maps(void)
{
	struct sigma_maps *maps = sigma_maps_new();
	struct err e = ERR_NONE;

	if (sigma_maps_parse(maps, "maps", str_of(fuzz_mapping), &e) != 0)
		abort();
	return maps;
}

/* A text that is read back gives itself; one too long for --where is let pass. */
static inline void
check_where(const char *where)
{
	struct filter_args args = { 0 };
	struct err e = ERR_NONE;
	struct buf again = { 0 };
	struct filter *f;

	if (strlen(where) > SIGMA_WHERE_MAX)
		return;
	str_list_add(&args.where, where, strlen(where));
	f = filter_build(&args, 0, &e);
	if (f == NULL)
		abort();
	filter_format(&again, f);
	if (!str_eq(buf_view(&again), str_of(where)))
		abort();
	filter_free(f);
	filter_args_fini(&args);
	buf_fini(&again);
}

#endif
