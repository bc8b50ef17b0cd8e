/*
 * values: what the store has, for completion.
 *
 * A person waits for the TAB key, and what is printed goes to a shell's
 * command line, but was written by whoever wrote the log: it must be quick,
 * and hold nothing that could do harm there.
 *
 * In: dictionaries of the newest segments, the tail.   Out: lines.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cli/saved.h"
#include "cli/values.h"
#include "render/render.h"

#define VALUES_MAX 1000                  /* seen, before equal ones are dropped */
#define VALUE_LEN_MAX 200                /* longer ones nobody wants to see */
#define TIME_LIMIT (TIME_SECOND / 5)

bool
values_offered(struct str value)
{
	static const char meant[] = "$`\\'\"!*?[]{}()<>|&;#^,";
	struct buf shown = { 0 };
	bool same;

	if (value.len == 0 || value.len > VALUE_LEN_MAX || value.p[0] == '-' || value.p[0] == '~' ||
	    value.p[0] == ' ' || value.p[value.len - 1] == ' ')
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (memchr(meant, value.p[i], sizeof(meant) - 1) != NULL)
			return false;
	/* Control and bidi characters, and what is no UTF-8. */
	render_safe(&shown, value);
	same = str_eq(buf_view(&shown), value);
	buf_fini(&shown);
	return same;
}

/* ---- Gathering ---- */

struct gathered {
	enum field field;
	struct str_list values; /* sorted, each once, only when done */
	int64_t until;
	struct json_tape tape;
	struct arena arena;
};

static bool
enough(const struct gathered *g)
{
	return g->values.n >= VALUES_MAX || time_now() >= g->until;
}

static void
add_value(struct gathered *g, struct str value)
{
	if (g->values.n < VALUES_MAX && values_offered(value))
		str_list_add(&g->values, value.p, value.len);
}

static int
compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
sort_once(struct str_list *l)
{
	size_t kept = 0;

	if (l->n == 0)
		return;
	qsort(l->item, l->n, sizeof(*l->item), compare_strings);
	for (size_t i = 0; i < l->n; i++) {
		if (kept > 0 && strcmp(l->item[kept - 1], l->item[i]) == 0)
			free(l->item[i]);
		else
			l->item[kept++] = l->item[i];
	}
	l->n = kept;
}

/* The dictionary alone: codes are not read. */
static int
add_segment(struct gathered *g, struct store *st, const struct segment_info *info, struct err *e)
{
	const struct column *column;
	struct stored *s;
	bool moved;
	int rc = 0;

	if ((info->meta.fields & FIELD_BIT(g->field)) == 0)
		return 0;
	if ((s = store_segment(st, info, &moved, e)) == NULL)
		return moved ? 0 : -1;
	if ((column = segment_column(s->columns, g->field, e)) == NULL)
		rc = s->moved ? 0 : -1;
	else if (column->kind == COLUMN_CODES)
		for (uint32_t i = 1; i <= column->n_values && g->values.n < VALUES_MAX; i++)
			add_value(g, column->values[i]);
	store_segment_free(s);
	return rc;
}

static int
add_line(void *arg, uint64_t seq, struct str line, struct err *e)
{
	struct gathered *g = arg;
	struct event ev;
	const char *detail;

	(void)seq;
	(void)e;
	arena_reset(&g->arena);
	if (!enough(g) && event_parse(&ev, line.p, line.len, &event_stored, &g->tape, &g->arena, &detail) ==
	    EVENT_OK && event_has(&ev, g->field))
		add_value(g, ev.v[g->field]);
	return 0;
}

static int
gather(struct gathered *g, struct store *st, struct err *e)
{
	struct segment_info *list = NULL;
	struct store_view view;
	bool moved;
	size_t n = 0;
	int rc = store_view(st, &view, &list, &n, e);

	if (rc == 0)
		rc = store_tail(st, 0, view.size, view.tail, &moved, add_line, g, e);
	while (rc == 0 && n > 0 && !enough(g)) {
		rc = add_segment(g, st, &list[--n], e);
		sort_once(&g->values);
	}
	sort_once(&g->values);
	free(list);
	return rc;
}

/* ---- Printing ---- */

static int
print_values_of(struct store *st, enum field field, struct err *e)
{
	struct gathered g = { .field = field, .until = time_now() + TIME_LIMIT };
	int rc = gather(&g, st, e);

	for (size_t i = 0; i < g.values.n; i++)
		puts(g.values.item[i]);
	str_list_fini(&g.values);
	json_tape_fini(&g.tape);
	arena_fini(&g.arena);
	return rc;
}

static int
print_saved(struct store *st, struct err *e)
{
	struct str_list names = { 0 };
	int rc = saved_names(st, &names, e);

	for (size_t i = 0; i < names.n; i++)
		if (saved_name_valid(names.item[i]))
			puts(names.item[i]);
	str_list_fini(&names);
	return rc;
}

int
values_print(const struct common_args *c, const char *kind, struct err *e)
{
	static const enum field fields[] = { FIELD_CATEGORY, FIELD_ACTION, FIELD_CHANNEL, FIELD_SOURCE,
		FIELD_TENANT };
	struct err unheard = ERR_NONE;
	enum field field = FIELD_NONE;
	struct store *st;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(kind, field_table[fields[i]].key) == 0)
			field = fields[i];
	if (field == FIELD_NONE && strcmp(kind, "saved") != 0)
		return err_set(e, ERR_FAIL, "--list-values: no kind '%s'", kind);
	/* In the middle of a command line nobody wants to read errors. */
	if ((st = cli_store(c, STORE_READ, &unheard)) == NULL)
		return 0;
	if (field != FIELD_NONE)
		print_values_of(st, field, &unheard);
	else
		print_saved(st, &unheard);
	store_close(st);
	return 0;
}
