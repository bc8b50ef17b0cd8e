/*
 * mapping_yaml: what the readers of a mapping's file share.  Only
 * mapping_yaml.c, mapping_table.c and mapping_rule.c include this.
 */
#ifndef INGEST_MAPPING_YAML_H
#define INGEST_MAPPING_YAML_H

#include "base/yaml.h"
#include "ingest/mapping_tree.h"

struct mapping_reader {
	struct yaml *y;
	struct mapping *m;
};

/* All return 0, or -1 with the error told with its place in the file. */
int mapping_read_path(struct mapping_reader *r, struct str text, uint32_t *node, struct err *e);
int mapping_read_paths(struct mapping_reader *r, const char *key, uint32_t **out, size_t *n, struct buf *told,
    struct err *e);
int mapping_read_tests(struct mapping_reader *r, const char *key, struct tests *out, struct err *e);
int mapping_read_tables(struct mapping_reader *r, struct err *e); /* mapping_table.c */
/* The mapping of YAML that was entered: KEY: VALUE. */
int mapping_read_table(struct mapping_reader *r, const char *key, struct table *out, struct err *e);
int mapping_read_event(struct mapping_reader *r, struct err *e); /* mapping_rule.c */

static inline struct str
mapping_keep(struct mapping *m, struct str s)
{
	return (struct str){ arena_copy(&m->arena, s.p, s.len), s.len };
}

/* NULL: there is none of that name so far. */
const struct table *mapping_find_table(const struct mapping *m, struct str name);

#endif
