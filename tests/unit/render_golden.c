/*
 * Golden files of every format: tests/data/render/NAME.in.jsonl and what it
 * becomes.  What differs is left beside the test as NAME.got, to be looked at
 * and, when it is right, copied over.
 */
#include "rendered.h"

#define PATHS "time,actor_id,context.a.b,changes.after.role,context.items.name,context.items.0.n,context.\"a,b\""

static const struct golden {
	const char *input, *expected;
	struct render_options o;
	struct render_close c;
	const char *fields; /* as --fields has them */
} goldens[] = {
	{ "basic", "basic.jsonl", { .format = "jsonl" }, { 0 }, NULL },
	{ "basic", "basic.seq.jsonl", { .format = "jsonl", .seq = true }, { 0 }, NULL },
	{ "basic", "basic.fields.jsonl",
	    { .format = "jsonl", .seq = true }, { 0 }, "status,time,context,status" },
	{ "basic", "basic.few.jsonl", { .format = "jsonl" }, { 0 }, "reason" },
	{ "basic", "basic.json", { .format = "json" }, { .has_more = true, .coverage_json = "{\"complete\":true}" }, NULL },
	{ "basic", "basic.nested.json", { .format = "json", .export_envelope = true, .nested = true,
	    .exported_at = "2026-04-23T12:00:00.000000Z", .filter = "share = \"a b\"" }, { 0 }, NULL },
	{ "basic", "basic.nested.fields.jsonl",
	    { .format = "jsonl", .nested = true }, { 0 }, "context,actor_email,time,actor_id,target_path" },
	{ "basic", "basic.csv", { .format = "csv" }, { 0 }, NULL },
	{ "basic", "basic.seq.csv", { .format = "csv", .seq = true }, { 0 }, "action,time" },
	{ "basic", "basic.one.csv", { .format = "csv" }, { 0 }, "reason" },
	{ "basic", "basic.table", { .format = "table" }, { 0 }, NULL },
	{ "basic", "basic.100.table", { .format = "table", .width = 100 }, { 0 }, NULL },
	{ "basic", "basic.60.table", { .format = "table", .width = 60 }, { 0 }, NULL },
	{ "basic", "basic.colour.table", { .format = "table", .width = 120, .colour = true, .seq = true }, { 0 }, NULL },
	{ "basic", "basic.fields.table",
	    { .format = "table", .width = 60 }, { 0 }, "status,outcome,severity,changes" },
	{ "paths", "paths.jsonl", { .format = "jsonl", .nested = true }, { 0 }, PATHS },
	{ "paths", "paths.json", { .format = "json", .head_json = "\"target_path\":\"a\"" },
	    { .cursor = "c\"1", .has_more = true, .coverage_json = "{}", .tail_json = "\"summary\":{}" }, "time,context.a" },
	{ "paths", "paths.csv", { .format = "csv" }, { 0 }, PATHS },
	{ "paths", "paths.table", { .format = "table" }, { 0 }, PATHS },
	{ "hostile", "hostile.jsonl", { .format = "jsonl" }, { 0 }, NULL },
	{ "hostile", "hostile.csv", { .format = "csv" }, { 0 }, NULL },
	{ "hostile", "hostile.safe.csv", { .format = "csv", .csv_bom = true, .csv_guard = true }, { 0 }, NULL },
	{ "hostile", "hostile.table", { .format = "table" }, { 0 }, NULL },
	{ "hostile", "hostile.100.table", { .format = "table", .width = 100 }, { 0 }, NULL },
	{ "people", "people.80.table", { .format = "table", .width = 80 }, { 0 }, NULL },
	{ "people", "people.80.detail", { .format = "detail", .width = 80 }, { 0 }, NULL },
	{ "people", "people.200.table", { .format = "table", .width = 200 }, { 0 }, NULL },
	{ "people", "people.200.detail", { .format = "detail", .width = 200 }, { 0 }, NULL },
	{ "people", "people.table", { .format = "table" }, { 0 }, NULL },
	{ "people", "people.short", { .format = "short" }, { 0 }, NULL },
	{ "people", "people.text", { .format = "text" }, { 0 }, NULL },
	{ "people", "people.detail", { .format = "detail" }, { 0 }, NULL },
	{ "people", "people.colour.table", { .format = "table", .width = 120, .colour = true, .seq = true }, { 0 }, NULL },
	{ "people", "people.fields.table", { .format = "table", .width = 80 }, { 0 }, "time,outcome,context.geo.country,changes,ip" },
	{ "people", "people.colour.short", { .format = "short", .width = 120, .colour = true, .seq = true }, { 0 }, NULL },
	{ "people", "people.fields.short", { .format = "short", .width = 80 }, { 0 }, "time,outcome,context.geo.country,changes,ip" },
	{ "hostile", "hostile.short", { .format = "short" }, { 0 }, NULL },
	{ "people", "people.colour.text", { .format = "text", .width = 120, .colour = true, .seq = true }, { 0 }, NULL },
	{ "people", "people.fields.text", { .format = "text", .width = 80 }, { 0 }, "time,outcome,context.geo.country,changes,ip" },
	{ "hostile", "hostile.text", { .format = "text" }, { 0 }, NULL },
	{ "people", "people.colour.detail", { .format = "detail", .width = 120, .colour = true, .seq = true }, { 0 }, NULL },
	{ "people", "people.fields.detail", { .format = "detail", .width = 80 }, { 0 }, "time,outcome,context.geo.country,changes,ip" },
	{ "hostile", "hostile.detail", { .format = "detail" }, { 0 }, NULL },
	{ "hostile", "hostile.80.detail", { .format = "detail", .width = 80 }, { 0 }, NULL },
	{ "empty", "empty.short", { .format = "short" }, { 0 }, NULL },
	{ "empty", "empty.text", { .format = "text" }, { 0 }, NULL },
	{ "empty", "empty.detail", { .format = "detail" }, { 0 }, NULL },
	{ "empty", "empty.jsonl", { .format = "jsonl" }, { 0 }, NULL },
	{ "empty", "empty.json", { .format = "json" }, { 0 }, NULL },
	{ "empty", "empty.export.json", { .format = "json", .export_envelope = true,
	    .exported_at = "2026-04-23T12:00:00.000000Z", .filter = "true" }, { 0 }, NULL },
	{ "empty", "empty.csv", { .format = "csv" }, { 0 }, "time,action" },
	{ "empty", "empty.table", { .format = "table", .width = 80 }, { 0 }, NULL },
};

static const struct golden_summary {
	const char *input, *expected;
	struct summary_options s;
	struct summary_render o;
} summaries[] = {
	{ "basic", "basic.summary.txt", { 0 }, { .format = SUMMARY_TABLE, .top = 10 } },
	{ "basic", "basic.summary.80.txt", { .by = { SELECTOR(ACTION, "action"), SELECTOR(OUTCOME, "outcome") }, .bys = 2 },
	    { .format = SUMMARY_TABLE, .top = 2, .colour = true, .width = 80 } },
	{ "basic", "basic.summary.json", { .bucket = INT64_C(365) * TIME_DAY }, { .format = SUMMARY_JSON, .top = 2 } },
	{ "basic", "basic.summary.csv", { .bucket = INT64_C(365) * TIME_DAY, .by = { SELECTOR(ACTION, "action"), SELECTOR(TENANT, "tenant") },
	    .bys = 2 }, { .format = SUMMARY_CSV, .top = 2 } },
	{ "hostile", "hostile.summary.60.txt", { .by = { SELECTOR(ACTION, "action"), SELECTOR(TARGET_PATH, "target_path") }, .bys = 2 },
	    { .format = SUMMARY_TABLE, .top = 10, .width = 60 } },
	{ "hostile", "hostile.summary.json", { .by = { SELECTOR(TARGET_PATH, "target_path") }, .bys = 1 },
	    { .format = SUMMARY_JSON, .top = 10 } },
	{ "basic", "basic.summary.plain.txt", { 0 }, { .format = SUMMARY_TABLE, .top = 2, .width = 60, .plain = true } },
	{ "basic", "basic.summary.html", { .by = { SELECTOR(ACTION, "action"), SELECTOR(OUTCOME, "outcome") }, .bys = 2 },
	    { .format = SUMMARY_HTML, .top = 2, .filter = "action = \"<b>\"", .windowed = true, .since = TIME_MIN,
	    .until = RENDERED_NOW, .now = RENDERED_NOW, .note = "part of it & more" } },
	{ "hostile", "hostile.summary.html", { .by = { SELECTOR(ACTION, "action") }, .bys = 1 },
	    { .format = SUMMARY_HTML, .top = 10, .now = RENDERED_NOW, .zone = "Europe/\"Vienna" } },
	{ "empty", "empty.summary.html", { 0 }, { .format = SUMMARY_HTML, .top = 10, .now = RENDERED_NOW } },
	{ "empty", "empty.summary.txt", { 0 }, { .format = SUMMARY_TABLE, .top = 10, .width = 80 } },
	{ "empty", "empty.summary.json", { 0 }, { .format = SUMMARY_JSON, .top = 10 } },
};

#define FIELDS_MAX 16
#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static void
read_data(const char *name, struct buf *out)
{
	const char *top = getenv("top_srcdir");
	struct err e = ERR_NONE;
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/data/render/%s", top ? top : ".", name);
	out->p = file_read(path, 1 << 20, &out->len, &e);
	if (out->p == NULL)
		out->len = 0;
}

static void
compare(const char *name, const struct buf *got)
{
	struct buf expected = { 0 };
	struct err e = ERR_NONE;
	char path[256];
	bool same;

	read_data(name, &expected);
	same = expected.p != NULL && got->len == expected.len && memcmp(got->p, expected.p, got->len) == 0;
	snprintf(path, sizeof(path), "./%s.got", name);
	if (!same)
		file_replace(path, 0644, got->p, got->len, &e);
	buf_fini(&expected);
	ck_assert_msg(same, "%s differs: see %s", name, path);
}

/* Commas inside a quoted part belong to it. */
static size_t
parse_fields(struct selector *out, const char *list, struct arena *a)
{
	struct str rest = str_of(list ? list : "");
	struct err e = ERR_NONE;
	size_t n = 0;

	while (rest.len > 0) {
		size_t len = selector_span(rest);

		ck_assert_uint_lt(n, FIELDS_MAX);
		ck_assert_msg(selector_parse(&out[n++], (struct str){ rest.p, len }, a, &e) == 0, "%s", e.text);
		len += len < rest.len;
		rest = (struct str){ rest.p + len, rest.len - len };
	}
	return n;
}

START_TEST(every_format_gives_its_golden_file)
{
	const struct golden *g = &goldens[_i];
	struct render_options o = g->o;
	struct buf input = { 0 }, got;
	struct selector fields[FIELDS_MAX];
	struct arena arena = { 0 };
	char name[64];

	snprintf(name, sizeof(name), "%s.in.jsonl", g->input);
	read_data(name, &input);
	ck_assert(input.p != NULL);
	o.now = RENDERED_NOW;
	o.fields = fields;
	o.n_fields = parse_fields(fields, g->fields, &arena);
	got = rendered(&o, &g->c, input.p, input.len);
	compare(g->expected, &got);
	buf_fini(&got);
	buf_fini(&input);
	arena_fini(&arena);
}
END_TEST

static void
add_to_summary(void *arg, const struct event *ev, uint64_t n)
{
	(void)n;
	summary_add(arg, ev);
}

START_TEST(every_summary_gives_its_golden_file)
{
	const struct golden_summary *g = &summaries[_i];
	struct summary *s = summary_new(&g->s);
	struct buf input = { 0 }, got;
	struct err e = ERR_NONE;
	char name[64], path[64];
	struct outstream *out = rendered_open(path);

	snprintf(name, sizeof(name), "%s.in.jsonl", g->input);
	read_data(name, &input);
	ck_assert(input.p != NULL);
	each_event(input.p, input.len, add_to_summary, s);
	ck_assert(render_summary(s, &g->o, out, &e) == 0);
	got = rendered_text(out, path);
	compare(g->expected, &got);
	buf_fini(&got);
	buf_fini(&input);
	summary_free(s);
}
END_TEST

static const struct {
	const char *expected;
	struct facet_render o;
	const char *field;
} facets[] = {
	{ "facet.table", { .format = "table" }, "context.k" },
	{ "facet.40.table", { .format = "table", .width = 40, .colour = true, .top = 3 }, "action" },
	{ "facet.jsonl", { .format = "jsonl" }, "action" },
	{ "facet.json", { .format = "json", .top = 2 }, "context.k" },
	{ "facet.csv", { .format = "csv" }, "action" },
	{ "facet.terminal.csv", { .format = "csv", .terminal = true }, "action" },
	{ "facet.two.table", { .format = "table", .width = 50 }, "action,context.k" },
	{ "facet.two.jsonl", { .format = "jsonl" }, "action,context.k" },
	{ "facet.two.json", { .format = "json", .top = 2 }, "action,context.k" },
	{ "facet.two.csv", { .format = "csv" }, "action,context.k" },
};

START_TEST(every_list_of_values_gives_its_golden_file)
{
	struct facet_render o = facets[_i].o;
	struct tally *t = tally_new();
	struct arena arena = { 0 };
	struct err e = ERR_NONE;
	struct selector field[2];
	struct buf got;
	char path[64];
	struct outstream *out = rendered_open(path);

	o.field = field;
	o.fields = parse_fields(field, facets[_i].field, &arena);
	if (o.fields == 1) {
		tally_add(t, STR("read"), 1204567);
		tally_add(t, STR("a value that is longer than a narrow terminal, 鍵"), 17);
		tally_add(t, STR(""), 3);
		tally_add(t, STR("esc\x1b[31m, \"q\""), 17);
	} else {
		tally_add(t, STR("read\xffworkstation"), 1204567);
		tally_add(t, STR("\xff"), 18);
		tally_add(t, STR("a value that is longer than a narrow terminal, 鍵\xff"), 17);
		tally_add(t, STR("esc\x1b[31m, \"q\"\xff, and another long one, with 鍵"), 3);
	}
	ck_assert_msg(render_facet(t, &o, out, &e) == 0, "%s", e.text);
	got = rendered_text(out, path);
	compare(facets[_i].expected, &got);
	buf_fini(&got);
	arena_fini(&arena);
	tally_free(t);
}
END_TEST

START_TEST(values_are_not_listed_as_sentences)
{
	struct selector field = selector_field(FIELD_ACTION);
	struct facet_render o = { .format = "text", .field = &field, .fields = 1 };
	struct tally *t = tally_new();
	struct err e = ERR_NONE;

	ck_assert_int_eq(render_facet(t, &o, NULL, &e), -1);
	ck_assert_msg(strstr(e.text, "table, jsonl, json or csv") != NULL, "%s", e.text);
	tally_free(t);
}
END_TEST

static Suite *
golden_suite(void)
{
	Suite *s = suite_create("render golden files");
	TCase *c = tcase_create("formats");

	tcase_add_loop_test(c, every_format_gives_its_golden_file, 0, COUNT(goldens));
	tcase_add_loop_test(c, every_summary_gives_its_golden_file, 0, COUNT(summaries));
	tcase_add_loop_test(c, every_list_of_values_gives_its_golden_file, 0, COUNT(facets));
	tcase_add_test(c, values_are_not_listed_as_sentences);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(golden_suite)
