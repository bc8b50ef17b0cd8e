/*
 * Golden files of every format: tests/data/render/NAME.in.jsonl and what it
 * becomes.  What differs is left beside the test as NAME.got, to be looked at
 * and, when it is right, copied over.
 */
#include "rendered.h"

#define FIELDS(...)                                   \
	.fields = (const enum field[]){ __VA_ARGS__ }, \
	.n_fields = sizeof((enum field[]){ __VA_ARGS__ }) / sizeof(enum field)

static const struct golden {
	const char *input, *expected;
	struct render_options o;
	struct render_close c;
} goldens[] = {
	{ "basic", "basic.jsonl", { .format = "jsonl" }, { 0 } },
	{ "basic", "basic.seq.jsonl", { .format = "jsonl", .seq = true }, { 0 } },
	{ "basic", "basic.fields.jsonl",
	    { .format = "jsonl", FIELDS(FIELD_STATUS, FIELD_TIME, FIELD_CONTEXT, FIELD_STATUS), .seq = true }, { 0 } },
	{ "basic", "basic.few.jsonl", { .format = "jsonl", FIELDS(FIELD_REASON) }, { 0 } },
	{ "basic", "basic.json", { .format = "json" }, { true, "{\"complete\":true}" } },
	{ "basic", "basic.nested.json", { .format = "json", .export_envelope = true, .nested = true,
	    .exported_at = "2026-04-23T12:00:00.000000Z", .filter = "share = \"a b\"" }, { 0 } },
	{ "basic", "basic.nested.fields.jsonl",
	    { .format = "jsonl", FIELDS(FIELD_CONTEXT, FIELD_ACTOR_EMAIL, FIELD_TIME, FIELD_ACTOR_ID, FIELD_TARGET_PATH),
	    .nested = true }, { 0 } },
	{ "basic", "basic.csv", { .format = "csv" }, { 0 } },
	{ "basic", "basic.seq.csv", { .format = "csv", FIELDS(FIELD_ACTION, FIELD_TIME), .seq = true }, { 0 } },
	{ "basic", "basic.one.csv", { .format = "csv", FIELDS(FIELD_REASON) }, { 0 } },
	{ "basic", "basic.table", { .format = "table" }, { 0 } },
	{ "basic", "basic.100.table", { .format = "table", .width = 100 }, { 0 } },
	{ "basic", "basic.60.table", { .format = "table", .width = 60 }, { 0 } },
	{ "basic", "basic.colour.table", { .format = "table", .width = 120, .colour = true, .seq = true }, { 0 } },
	{ "basic", "basic.fields.table",
	    { .format = "table", FIELDS(FIELD_STATUS, FIELD_OUTCOME, FIELD_SEVERITY, FIELD_CHANGES), .width = 60 }, { 0 } },
	{ "hostile", "hostile.jsonl", { .format = "jsonl" }, { 0 } },
	{ "hostile", "hostile.csv", { .format = "csv" }, { 0 } },
	{ "hostile", "hostile.safe.csv", { .format = "csv", .csv_bom = true, .csv_guard = true }, { 0 } },
	{ "hostile", "hostile.table", { .format = "table" }, { 0 } },
	{ "hostile", "hostile.100.table", { .format = "table", .width = 100 }, { 0 } },
	{ "empty", "empty.jsonl", { .format = "jsonl" }, { 0 } },
	{ "empty", "empty.json", { .format = "json" }, { 0 } },
	{ "empty", "empty.export.json", { .format = "json", .export_envelope = true,
	    .exported_at = "2026-04-23T12:00:00.000000Z", .filter = "true" }, { 0 } },
	{ "empty", "empty.csv", { .format = "csv", FIELDS(FIELD_TIME, FIELD_ACTION) }, { 0 } },
	{ "empty", "empty.table", { .format = "table", .width = 80 }, { 0 } },
};

static const struct golden_summary {
	const char *input, *expected;
	struct summary_options s;
	struct summary_render o;
} summaries[] = {
	{ "basic", "basic.summary.txt", { 0 }, { SUMMARY_TABLE, 10, false, 0, false } },
	{ "basic", "basic.summary.80.txt", { .by = { FIELD_ACTION, FIELD_OUTCOME }, .bys = 2 },
	    { SUMMARY_TABLE, 2, true, 80, false } },
	{ "basic", "basic.summary.json", { .bucket = INT64_C(365) * TIME_DAY }, { SUMMARY_JSON, 2, false, 0, false } },
	{ "basic", "basic.summary.csv", { .bucket = INT64_C(365) * TIME_DAY, .by = { FIELD_ACTION, FIELD_TENANT },
	    .bys = 2 }, { SUMMARY_CSV, 2, false, 0, false } },
	{ "hostile", "hostile.summary.60.txt", { .by = { FIELD_ACTION, FIELD_TARGET_PATH }, .bys = 2 },
	    { SUMMARY_TABLE, 10, false, 60, false } },
	{ "hostile", "hostile.summary.json", { .by = { FIELD_TARGET_PATH }, .bys = 1 },
	    { SUMMARY_JSON, 10, false, 0, false } },
	{ "empty", "empty.summary.txt", { 0 }, { SUMMARY_TABLE, 10, false, 80, false } },
	{ "empty", "empty.summary.json", { 0 }, { SUMMARY_JSON, 10, false, 0, false } },
};

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

START_TEST(every_format_gives_its_golden_file)
{
	const struct golden *g = &goldens[_i];
	struct render_options o = g->o;
	struct buf input = { 0 }, got;
	char name[64];

	snprintf(name, sizeof(name), "%s.in.jsonl", g->input);
	read_data(name, &input);
	ck_assert(input.p != NULL);
	o.now = RENDERED_NOW;
	got = rendered(&o, &g->c, input.p, input.len);
	compare(g->expected, &got);
	buf_fini(&got);
	buf_fini(&input);
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

static Suite *
golden_suite(void)
{
	Suite *s = suite_create("render golden files");
	TCase *c = tcase_create("formats");

	tcase_add_loop_test(c, every_format_gives_its_golden_file, 0, COUNT(goldens));
	tcase_add_loop_test(c, every_summary_gives_its_golden_file, 0, COUNT(summaries));
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(golden_suite)
