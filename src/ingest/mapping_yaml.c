/*
 * mapping_yaml: a mapping from its file, audit-mapping(5).
 *
 *	title: Acme Deploy
 *	detect: [has deploy_id, has actor.login]
 *	event:
 *	  time: when
 *	  action: { text: "deploy.{verb}" }
 *	  outcome:
 *	    - { text: failure, when: has error }
 *	    - { text: success, when: state = done }
 */
#include "ingest/mapping_tree.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/yaml.h"
#include "ingest/mapping_yaml.h"

#define COUNT(names) (sizeof(names) / sizeof((names)[0]))

/* What was added to the error by others gets its place in the file. */
static int
placed(struct mapping_reader *r, const struct err *why, struct err *e)
{
	return yaml_fault(r->y, e, "%s", why->text);
}

/* ---- parts that several keys have ---- */

int
mapping_read_path(struct mapping_reader *r, struct str text, uint32_t *node, struct err *e)
{
	struct err why = ERR_NONE;

	*node = mapping_path_add(&r->m->path, text, &r->m->arena, &why);
	return *node != 0 ? 0 : placed(r, &why, e);
}

/* One path or a list of them; their texts, joined by ", ", when asked for. */
int
mapping_read_paths(struct mapping_reader *r, const char *key, uint32_t **out, size_t *n, struct buf *told,
    struct err *e)
{
	uint32_t *node = NULL;
	size_t cap = 0, count = 0;
	struct str text;
	int rc;

	while ((rc = yaml_each(r->y, key, &count, &text, e)) > 0) {
		mem_grow(&node, &cap, count, sizeof(*node));
		if ((rc = mapping_read_path(r, text, &node[count - 1], e)) != 0)
			break;
		if (told != NULL) {
			buf_add(told, ", ", told->len > 0 ? 2 : 0);
			buf_str(told, text);
		}
	}
	if (rc == 0 && count == 0)
		rc = yaml_fault(r->y, e, "%s: an empty list", key);
	if (rc == 0) {
		*out = arena_alloc(&r->m->arena, count * sizeof(*node));
		memcpy(*out, node, count * sizeof(*node));
		*n = count;
	}
	free(node);
	return rc;
}

/* One condition or a list of them, which all hold. */
int
mapping_read_tests(struct mapping_reader *r, const char *key, struct tests *out, struct err *e)
{
	struct test *test = NULL;
	size_t cap = 0, count = 0, column;
	struct str text;
	int rc;

	while ((rc = yaml_each(r->y, key, &count, &text, e)) > 0) {
		struct err why = ERR_NONE;

		mem_grow(&test, &cap, count, sizeof(*test));
		if (mapping_test_parse(r->m, text, &test[count - 1], &column, &why) == 0 &&
		    (r->m->values += test[count - 1].n + 1) <= MAPPING_VALUES_MAX)
			continue;
		if (why.code == ERR_OK)
			rc = yaml_fault(r->y, e, "more than %d conditions and their values", MAPPING_VALUES_MAX);
		else
			rc = yaml_fault(r->y, e, "%s: at character %zu: %s", key, column, why.text);
		break;
	}
	if (rc == 0 && count == 0)
		rc = yaml_fault(r->y, e, "%s: an empty list", key);
	if (rc == 0) {
		out->test = arena_alloc(&r->m->arena, count * sizeof(*test));
		memcpy(out->test, test, count * sizeof(*test));
		out->n = count;
	}
	free(test);
	return rc;
}

/* ---- the other keys of the document ---- */

/* One of a few words. */
static int
read_word(struct mapping_reader *r, const char *key, const char *const *words, size_t n, size_t *which,
    struct err *e)
{
	struct str text;
	const char *near;

	if (yaml_text(r->y, key, &text, e) != 0)
		return -1;
	for (*which = 0; *which < n; ++*which)
		if (str_eq(str_of(words[*which]), text))
			return 0;
	near = nearest_name(text.p, words, n);
	return yaml_fault(r->y, e, "%s: '%.40s' is not %s or %s%s%s", key, text.p, words[0], words[1],
	    near ? "; the nearest is " : "", near ? near : "");
}

static int
read_texts(struct mapping_reader *r, const char *key, const struct str **out, size_t *n, struct err *e)
{
	struct str *list = NULL, text;
	size_t cap = 0, count = 0;
	int rc;

	while ((rc = yaml_each(r->y, key, &count, &text, e)) > 0) {
		if (count > MAPPING_VALUES_MAX) {
			rc = yaml_fault(r->y, e, "%s: more than %d", key, MAPPING_VALUES_MAX);
			break;
		}
		mem_grow(&list, &cap, count, sizeof(*list));
		list[count - 1] = mapping_keep(r->m, text);
	}
	if (rc == 0 && count > 0) {
		struct str *kept = arena_alloc(&r->m->arena, count * sizeof(*kept));

		memcpy(kept, list, count * sizeof(*kept));
		*out = kept;
		*n = count;
	}
	free(list);
	return rc;
}

static int
read_drop(struct mapping_reader *r, struct err *e)
{
	struct mapping *m = r->m;
	size_t cap = 0;
	struct tests *all = NULL;
	int rc;

	if (yaml_list(r->y, "drop", e) != 0)
		return -1;
	while ((rc = yaml_item(r->y, e)) > 0) {
		mem_grow(&all, &cap, m->n_drop + 1, sizeof(*all));
		if ((rc = mapping_read_tests(r, "drop", &all[m->n_drop], e)) != 0)
			break;
		m->n_drop++;
	}
	if (rc == 0 && m->n_drop > 0) {
		m->drop = arena_alloc(&m->arena, m->n_drop * sizeof(*all));
		memcpy(m->drop, all, m->n_drop * sizeof(*all));
	}
	free(all);
	return rc;
}

static int
read_omit(struct mapping_reader *r, struct err *e)
{
	uint32_t *node;
	size_t n;

	if (mapping_read_paths(r, "omit", &node, &n, NULL, e) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		r->m->path.node[node[i]].omitted = true;
	return 0;
}

static int
read_json(struct mapping_reader *r, struct err *e)
{
	struct mapping *m = r->m;

	if (mapping_read_paths(r, "json", &m->json, &m->n_json, NULL, e) != 0)
		return -1;
	for (size_t i = 0; i < m->n_json; i++)
		for (size_t j = 0; j < i; j++)
			if (m->json[i] == m->json[j])
				return yaml_fault(r->y, e, "json: a path is given twice");
	return 0;
}

static int
read_each(struct mapping_reader *r, struct err *e)
{
	struct str text;

	if (yaml_text(r->y, "each", &text, e) != 0)
		return -1;
	return mapping_read_path(r, text, &r->m->each, e);
}

static int
read_delimiter(struct mapping_reader *r, struct err *e)
{
	struct str text;

	if (yaml_text(r->y, "delimiter", &text, e) != 0)
		return -1;
	if (str_eq(text, STR("tab")))
		text = STR("\t");
	if (text.len != 1 || strchr(",;|\t:", text.p[0]) == NULL)
		return yaml_fault(r->y, e, "delimiter: expected one of , ; | : or tab");
	r->m->shape.delimiter = text.p[0];
	return 0;
}

static int
read_title(struct mapping_reader *r, struct err *e)
{
	struct str text;

	if (yaml_text(r->y, "title", &text, e) != 0)
		return -1;
	if (text.len == 0 || text.len > 200)
		return yaml_fault(r->y, e, "title: expected 1 to 200 bytes");
	r->m->title = mapping_keep(r->m, text);
	return 0;
}

enum document_key {
	KEY_TITLE, KEY_FORMAT, KEY_HEADER, KEY_DELIMITER, KEY_RECORDS, KEY_EACH, KEY_JSON, KEY_EMPTY,
	KEY_TABLES, KEY_DETECT, KEY_DROP, KEY_OMIT, KEY_EVENT
};

static const char *const document_keys[] = {
	"title", "format", "header", "delimiter", "records", "each", "json", "empty",
	"tables", "detect", "drop", "omit", "event",
};

static int
read_key(struct mapping_reader *r, size_t which, struct err *e)
{
	static const char *const format_words[] = { "json", "csv" }, *const header_words[] = { "exact", "folded" };
	struct mapping *m = r->m;
	size_t word = 0;
	int rc;

	switch ((enum document_key)which) {
	case KEY_TITLE:
		return read_title(r, e);
	case KEY_FORMAT:
		rc = read_word(r, "format", format_words, COUNT(format_words), &word, e);
		m->shape.format = word == 1 ? MAPPING_CSV : MAPPING_JSON;
		return rc;
	case KEY_HEADER:
		rc = read_word(r, "header", header_words, COUNT(header_words), &word, e);
		m->shape.fold = word == 1;
		return rc;
	case KEY_DELIMITER:
		return read_delimiter(r, e);
	case KEY_RECORDS:
		return read_texts(r, "records", &m->shape.list, &m->shape.n_list, e);
	case KEY_EACH:
		return read_each(r, e);
	case KEY_JSON:
		return read_json(r, e);
	case KEY_EMPTY:
		return read_texts(r, "empty", &m->empty, &m->n_empty, e);
	case KEY_TABLES:
		return mapping_read_tables(r, e);
	case KEY_DETECT:
		return mapping_read_tests(r, "detect", &m->detect, e);
	case KEY_DROP:
		return read_drop(r, e);
	case KEY_OMIT:
		return read_omit(r, e);
	case KEY_EVENT:
		break;
	}
	return mapping_read_event(r, e);
}

static int
read_document(struct mapping_reader *r, struct err *e)
{
	const struct mapping *m = r->m;
	uint64_t seen = 0;
	size_t which;
	int rc = yaml_document(r->y, e);

	while (rc > 0 && (rc = yaml_key(r->y, document_keys, COUNT(document_keys), &seen, &which, e)) > 0)
		if (read_key(r, which, e) != 0)
			return -1;
	if (rc != 0)
		return -1;
	if ((seen & UINT64_C(1) << KEY_EVENT) == 0)
		return yaml_fault(r->y, e, "the key event is missing: what the fields are made of");
	if (m->field[FIELD_ACTION].n == 0)
		return yaml_fault(r->y, e, "event: no action, which every event needs");
	if (m->field[FIELD_TIME].n == 0)
		return yaml_fault(r->y, e, "event: no time, which every event needs");
	if (m->shape.format == MAPPING_CSV && m->shape.n_list > 0)
		return yaml_fault(r->y, e, "records: CSV has rows, no lists");
	return 0;
}

/* ---- the mapping ---- */

struct regex *
mapping_regex(struct mapping *m, struct str pattern, struct err *e)
{
	struct regex *re = regex_new(pattern, e);

	if (re == NULL)
		return NULL;
	mem_grow(&m->regex, &m->cap_regex, m->n_regex + 1, sizeof(*m->regex));
	return m->regex[m->n_regex++] = re;
}

/* folder/acme-deploy.yaml: acme-deploy */
static struct str
base_name(struct mapping *m, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str s = str_of(slash != NULL ? slash + 1 : path);

	if (s.len > 5 && memcmp(s.p + s.len - 5, ".yaml", 5) == 0)
		s.len -= 5;
	return mapping_keep(m, s);
}

static struct mapping *
read_mapping(struct yaml *y, const char *path, struct err *e)
{
	struct mapping *m;
	struct mapping_reader r = { .y = y };

	if (y == NULL)
		return NULL;
	r.m = m = mem_zero(1, sizeof(*m));
	m->shape.delimiter = ',';
	m->title = m->name = base_name(m, path);
	if (read_document(&r, e) != 0) {
		mapping_free(m);
		m = NULL;
	} else
		mapping_path_index(&m->path, &m->arena);
	yaml_close(y);
	return m;
}

struct mapping *
mapping_open(const char *path, struct err *e)
{
	return read_mapping(yaml_open(path, e), path, e);
}

struct mapping *
mapping_parse(const char *name, struct str text, struct err *e)
{
	return read_mapping(yaml_new(name, text, e), name, e);
}

void
mapping_free(struct mapping *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n_regex; i++)
		regex_free(m->regex[i]);
	free(m->regex);
	free(m->path.node);
	arena_fini(&m->arena);
	free(m);
}

const char *
mapping_name(const struct mapping *m)
{
	return m->name.p;
}

const char *
mapping_title(const struct mapping *m)
{
	return m->title.p;
}

const struct mapping_shape *
mapping_shape(const struct mapping *m)
{
	return &m->shape;
}
