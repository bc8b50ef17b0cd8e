/*
 * sigma: rules in the Sigma format, each as the text of a filter.
 *
 * A rule file holds one or several YAML documents, each a detection or a
 * correlation of detections.  The names of products and fields in them are
 * Sigma's; sigma mappings (audit-sigma(5)) say which events and which of our
 * fields they are.
 *
 *	struct sigma_maps *maps = sigma_maps_open(folder, &e);
 *	struct sigma_rules rules = { 0 };
 *
 *	if (maps != NULL && sigma_rules_read(&rules, maps, "rule.yml", &e) == 0)
 *		for (size_t i = 0; i < rules.n; i++)
 *			... rules.rule[i].where is what --where takes ...
 *	sigma_rules_fini(&rules);
 *	sigma_maps_free(maps);
 *
 * Rules: https://sigmahq.io/sigma-specification/, version 2.1.0.
 */
#ifndef DETECT_SIGMA_H
#define DETECT_SIGMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

#define SIGMA_RULES_MAX 1000      /* documents of one file */
#define SIGMA_WHERE_MAX (1 << 20) /* bytes of a filter's text */

/* ---- mappings ---- */

/* What rules may speak of.  Not changed once it is filled: threads may share it. */
struct sigma_maps;
struct sigma_maps *sigma_maps_new(void); /* none; yours */
/* Adds the log sources of one file, before those that are there.  ERR_FAIL
 * "PATH:LINE:COLUMN: ...". */
int sigma_maps_add(struct sigma_maps *maps, const char *path, struct err *e);
/* The same of a text; `name` stands for the path. */
int sigma_maps_parse(struct sigma_maps *maps, const char *name, struct str text, struct err *e);
/* All files *.yaml of a folder, in the order of their names; yours, or NULL. */
struct sigma_maps *sigma_maps_open(const char *folder, struct err *e);
void sigma_maps_free(struct sigma_maps *maps); /* NULL is fine */

/* ---- rules ---- */

enum sigma_level { /* of which none is SIGMA_MEDIUM for whoever must decide */
	SIGMA_NO_LEVEL, SIGMA_INFORMATIONAL, SIGMA_LOW, SIGMA_MEDIUM, SIGMA_HIGH, SIGMA_CRITICAL
};
extern const char *const sigma_levels[]; /* their names; "" for none */

enum sigma_kind { SIGMA_EVENT_COUNT, SIGMA_VALUE_COUNT, SIGMA_TEMPORAL, SIGMA_TEMPORAL_ORDERED };

/* count OPERATOR bound: all that are given must hold. */
enum sigma_sign { SIGMA_GT, SIGMA_GTE, SIGMA_LT, SIGMA_LTE, SIGMA_EQ, SIGMA_NEQ };
#define SIGMA_BOUNDS_MAX 6 /* one of each sign */

/* A name in group-by, and the field that it is in the events of one rule. */
struct sigma_alias {
	const char *alias, *rule, *field;
};

struct sigma_correlation {
	enum sigma_kind kind;
	struct str_list rules;    /* ids or names of what it correlates, in order */
	struct str_list group_by; /* Sigma's names of fields, or aliases */
	struct str_list field;    /* SIGMA_VALUE_COUNT: whose values are counted, together */
	int64_t timespan;         /* microseconds */
	struct {
		enum sigma_sign sign;
		uint64_t count;
	} bound[SIGMA_BOUNDS_MAX];
	size_t bounds;            /* 0: temporal, all of its rules */
	struct sigma_alias *alias;
	size_t aliases;
	bool generate;            /* its rules are rules by themselves as well */
};

/* Texts are the list's; those that the file does not have are "", never NULL,
 * but for what says so. */
struct sigma_rule {
	const char *path;
	size_t line;              /* where the document begins, from 1 */
	const char *id, *name, *title, *status, *description, *author, *date, *license;
	const char *product, *category, *service;
	enum sigma_level level;
	struct str_list tags, falsepositives, references;
	/* One of three: a detection's filter, which filter_build takes ... */
	const char *where;
	/* ... a correlation ... */
	struct sigma_correlation *correlation;
	/* ... or why it is refused: "LINE:COLUMN: reason". */
	const char *refusal;
	size_t refusal_line;
	const struct sigma_map *map; /* of the detection's log source; private */
};

/* {0} at first. */
struct sigma_rules {
	struct sigma_rule *rule;
	size_t n, cap;
	struct arena arena;
};

/*
 * Appends the rules of a file.  A document that is YAML but no rule that can
 * run is a rule with a refusal.  -1 with ERR_FAIL, and nothing is appended: the
 * file cannot be read, is no YAML or has too many documents.
 */
int sigma_rules_read(struct sigma_rules *out, const struct sigma_maps *maps, const char *path, struct err *e);
/* The same of a text; `name` stands for the path. */
int sigma_rules_parse(struct sigma_rules *out, const struct sigma_maps *maps, const char *name, struct str text,
    struct err *e);
void sigma_rules_fini(struct sigma_rules *rules);

/*
 * Where the events of a rule have a field of Sigma's, for the groups of a
 * correlation: appends selectors as selector_parse takes them, of which the
 * first that an event has is meant; conditions of places are left aside, and a
 * field that is a part of another is told by that one.  ERR_FAIL: the rule has no filter, or the
 * mapping says that the field cannot be known.
 */
int sigma_rule_field(const struct sigma_rule *rule, const char *field, struct str_list *out, struct err *e);

#endif
