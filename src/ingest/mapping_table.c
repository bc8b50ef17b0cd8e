/*
 * mapping_table: the tables of a mapping, a word for another.
 *
 *	tables:
 *	  verbs: { GET: read, POST: create }
 */
#include <stdlib.h>

#include "base/mem.h"
#include "ingest/mapping_yaml.h"

#define TABLES_MAX 64

/* A row, and where its key stood. */
struct placed_row {
	struct row row;
	struct yaml_place at;
};

static int
by_key(const void *pa, const void *pb)
{
	const struct placed_row *a = pa, *b = pb;
	int rc = str_cmp(a->row.key, b->row.key);

	if (rc == 0)
		rc = a->at.line < b->at.line || (a->at.line == b->at.line && a->at.column < b->at.column) ? -1 : 1;
	return rc;
}

static int
keep_rows(struct mapping_reader *r, const char *key, struct placed_row *row, size_t n, struct table *out,
    struct err *e)
{
	if (n == 0)
		return yaml_fault(r->y, e, "%s: an empty table", key);
	qsort(row, n, sizeof(*row), by_key);
	for (size_t i = 1; i < n; i++)
		if (str_eq(row[i - 1].row.key, row[i].row.key))
			return yaml_fault_at(r->y, row[i].at, e, "%s: '%.60s' is given twice", key, row[i].row.key.p);
	out->row = arena_alloc(&r->m->arena, n * sizeof(*out->row));
	for (size_t i = 0; i < n; i++)
		out->row[i] = row[i].row;
	out->n = n;
	return 0;
}

int
mapping_read_table(struct mapping_reader *r, const char *key, struct table *out, struct err *e)
{
	struct placed_row *row = NULL;
	size_t cap = 0, n = 0;
	struct str text;
	int rc;

	while ((rc = yaml_name(r->y, &text, e)) > 0) {
		if (r->m->rows++ == MAPPING_ROWS_MAX) {
			rc = yaml_fault(r->y, e, "more than %d rows of tables", MAPPING_ROWS_MAX);
			break;
		}
		mem_grow(&row, &cap, n + 1, sizeof(*row));
		row[n].at = yaml_place(r->y);
		row[n].row.key = mapping_keep(r->m, text);
		if ((rc = yaml_text(r->y, row[n].row.key.p, &text, e)) != 0)
			break;
		row[n++].row.value = mapping_keep(r->m, text);
	}
	if (rc == 0)
		rc = keep_rows(r, key, row, n, out, e);
	free(row);
	return rc;
}

const struct table *
mapping_find_table(const struct mapping *m, struct str name)
{
	for (size_t i = 0; i < m->n_table; i++)
		if (str_eq(m->table[i].name, name))
			return &m->table[i];
	return NULL;
}

int
mapping_read_tables(struct mapping_reader *r, struct err *e)
{
	struct mapping *m = r->m;
	struct str name;
	int rc;

	if (yaml_mapping(r->y, "tables", e) != 0)
		return -1;
	m->table = arena_alloc(&m->arena, TABLES_MAX * sizeof(*m->table));
	while ((rc = yaml_name(r->y, &name, e)) > 0) {
		struct table *table = &m->table[m->n_table];

		if (m->n_table == TABLES_MAX)
			return yaml_fault(r->y, e, "more than %d tables", TABLES_MAX);
		if (mapping_find_table(m, name) != NULL)
			return yaml_fault(r->y, e, "the table '%.60s' is given twice", name.p);
		table->name = mapping_keep(m, name);
		if (yaml_mapping(r->y, table->name.p, e) != 0 || mapping_read_table(r, table->name.p, table, e) != 0)
			return -1;
		m->n_table++;
	}
	return rc;
}
