/*
 * The mappings that are installed: on records of each product (tests/data/
 * mapping, a .json beside the .jsonl it becomes), and on real logs.
 */
#include "base/ip.h"
#include "base/stream.h"
#include "base/yaml_folder.h"
#include "corpora.h"
#include "mapped.h"

#include <dirent.h>
#include <unistd.h>

#define FILE_MAX (64u * 1024 * 1024)

static char folder[1024];
static struct err e;

static const char *
top(void)
{
	const char *t = getenv("top_srcdir");

	return t != NULL ? t : ".";
}

static void
setup(void)
{
	err_clear(&e);
	snprintf(folder, sizeof(folder), "%s/mappings", top());
}

static struct str
slurp(const char *path)
{
	struct str s = { NULL, 0 };

	s.p = file_read(path, FILE_MAX, &s.len, &e);
	ck_assert_msg(s.p != NULL, "%s", e.text);
	return s;
}

static struct mapping *
shipped(const char *name)
{
	struct mapping *m = mapping_find(folder, name, &e);

	ck_assert_msg(m != NULL, "%s", e.text);
	return m;
}

/* ---- our own records ---- */

static void
check_pair(const char *name)
{
	struct mapping *m = shipped(name), *guessed;
	struct mapped x = { 0 };
	struct str records, lines;
	char path[1200];

	snprintf(path, sizeof(path), "%s/tests/data/mapping/%s.json", top(), name);
	if (access(path, R_OK) != 0) {
		ck_assert_str_eq(name, "csv");
		mapping_free(m);
		return;
	}
	records = slurp(path);
	snprintf(path, sizeof(path), "%s/tests/data/mapping/%s.jsonl", top(), name);
	lines = slurp(path);
	mapped_text(&x, m, records, 100);
	ck_assert_msg(str_eq(buf_view(&x.out), lines), "%s makes:\n%.*s", name, (int)x.out.len, x.out.p);

	guessed = mapping_guess(folder, records, &e);
	ck_assert_msg(guessed != NULL, "%s is not recognised: %s", name, e.text);
	ck_assert_str_eq(mapping_name(guessed), name);
	mapping_free(guessed);
	mapping_free(m);
	mapped_fini(&x);
	free((void *)(uintptr_t)records.p);
	free((void *)(uintptr_t)lines.p);
}

START_TEST(each_mapping_makes_of_its_records_what_is_written_beside_them)
{
	struct str_list names = { 0 };

	ck_assert_int_eq(yaml_names(folder, &names, &e), 0);
	ck_assert_uint_ge(names.n, 14);
	for (size_t i = 0; i < names.n; i++)
		check_pair(names.item[i]);
	str_list_fini(&names);
}
END_TEST

START_TEST(the_example_of_a_mapping_works)
{
	struct mapped x = { 0 };
	struct mapping *m;
	struct str records;
	char path[1200];

	snprintf(path, sizeof(path), "%s/examples/deploy.yaml", top());
	m = mapping_find(folder, path, &e);
	ck_assert_msg(m != NULL, "%s", e.text);
	snprintf(path, sizeof(path), "%s/examples/deploy.json", top());
	records = slurp(path);
	mapped_text(&x, m, records, 4096);
	buf_byte(&x.out, '\0');
	ck_assert_str_eq(x.out.p,
	    "{\"id\":\"d-1\",\"time\":\"2026-03-01T10:00:00.000000Z\",\"action\":\"deploy.start\",\"severity\":\"info\","
	    "\"outcome\":\"success\",\"actor_id\":\"ann\",\"actor_email\":\"ann@acme.example\",\"target_path\":\"shop/cart\","
	    "\"host\":\"ci-7\",\"context\":{\"verb\":\"push\",\"state\":\"done\",\"who\":{\"via\":\"sso\"},"
	    "\"node\":\"ci-7.acme.example\",\"commit\":\"9f3c\"}}\n"
	    "{\"id\":\"d-2\",\"time\":\"2026-03-01T10:00:05.000000Z\",\"action\":\"deploy.scale\",\"severity\":\"info\","
	    "\"outcome\":\"failure\",\"actor_id\":\"bob\",\"actor_email\":\"bob@acme.example\",\"reason\":\"no such pool\","
	    "\"context\":{\"app\":{\"team\":\"shop\",\"name\":\"-\"}}}\n"
	    "dropped\n");
	mapping_free(m);
	mapped_fini(&x);
	free((void *)(uintptr_t)records.p);
}
END_TEST

START_TEST(our_own_lines_are_no_product_s)
{
	static const char line[] =
	    "{\"time\":\"2026-01-02T03:04:05Z\",\"action\":\"share.member.add\",\"actor\":\"bob\",\"id\":\"1\",\"org\":\"x\"}\n"
	    "{\"created_at\":\"2026-01-02T03:04:05Z\",\"event\":\"login\",\"user\":{\"id\":1},\"source\":\"app\"}\n";

	ck_assert_ptr_null(mapping_guess(folder, str_of(line), &e));
	ck_assert_ptr_null(mapping_guess(folder, STR(""), &e));
	ck_assert_ptr_null(mapping_guess(folder, STR("plain text\nmore\n"), &e));
	ck_assert_msg(e.code == ERR_OK, "%s", e.text);
}
END_TEST

START_TEST(a_table_is_recognised_by_what_it_becomes)
{
	struct mapping *m = mapping_guess(folder, STR("Date,User,Operation\n2026-01-02T03:04:05Z,bob,login\n"), &e);

	ck_assert_msg(m != NULL, "%s", e.text);
	ck_assert_str_eq(mapping_name(m), "csv");
	mapping_free(m);
	ck_assert_ptr_null(mapping_guess(folder, STR("type=SYSCALL msg=audit(1.2:3): a=1, b=2\nx,y\n"), &e));
	ck_assert_ptr_null(mapping_guess(folder, STR("Date,User\n2026-01-02T03:04:05Z,bob\n"), &e));
}
END_TEST

START_TEST(an_unknown_name_gets_the_nearest)
{
	ck_assert_ptr_null(mapping_find(folder, "cloudtrial", &e));
	ck_assert_msg(strstr(e.text, "the nearest is cloudtrail") != NULL, "%s", e.text);
}
END_TEST

/* ---- real logs ---- */

/* What a field may have in other words: a time, an address, a word of a list. */
static bool
may_differ(struct str s)
{
	int64_t us;
	bool inexact;
	struct ip ip;

	return time_parse(s.p, s.len, &us, &inexact) == 0 || time_parse_number(s.p, s.len, &us, &inexact) == 0 ||
	    (s.len >= 19 && s.p[4] == '-' && s.p[7] == '-') || ip_parse(s.p, s.len, &ip) ||
	    event_severity(s) >= 0 || event_outcome(s) >= 0;
}

/* Every value of a record is somewhere in the line of its event. */
static void
nothing_is_lost(struct mapped *x, size_t line)
{
	struct str made = { x->out.p + line, x->out.len - line };
	struct arena a = { 0 };

	for (uint32_t i = 1; i < x->tape.n; i++) {
		const struct json_token *tok = &x->tape.tok[i];
		struct str s = json_text(&x->tape, i, &a);

		if (tok->type >= TOKEN_ARRAY || tok->type == TOKEN_NULL || tok->flags & JSON_KEY)
			continue;
		if (tok->type == TOKEN_STRING)
			s = (struct str){ s.p + 1, s.len - 2 };
		ck_assert_msg(s.len == 0 || memmem(made.p, made.len, s.p, s.len) != NULL || may_differ(s),
		    "%.*s is not in %.*s", (int)s.len, s.p, (int)made.len, made.p);
	}
	arena_fini(&a);
}

static void
map_file(struct mapped *x, const struct mapping *m, const char *path)
{
	const struct mapping_shape *shape = mapping_shape(m);
	struct mapping_run *run = mapping_run_new(m);
	struct str text = slurp(path);
	struct records r;
	struct record record;

	records_init(&r, shape->list, shape->n_list);
	records_feed(&r, text.p, text.len);
	records_end(&r);
	while (records_next(&r, &record)) {
		size_t events = x->events;

		buf_reset(&x->out);
		arena_reset(&x->arena);
		mapped_record(x, run, record.text);
		if (x->events == events + 1)
			nothing_is_lost(x, 0);
	}
	records_fini(&r);
	mapping_run_free(run);
	free((void *)(uintptr_t)text.p);
}

/* All files of a folder of the corpora whose names end so. */
static void
map_folder(struct mapped *x, const struct mapping *m, const char *path, const char *suffix)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	char file[CORPORA_PATH_MAX + 300];

	ck_assert_msg(d != NULL, "%s", path);
	while ((entry = readdir(d)) != NULL) {
		size_t len = strlen(entry->d_name), n = strlen(suffix);

		if (entry->d_name[0] == '.' || len < n || strcmp(entry->d_name + len - n, suffix) != 0)
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		map_file(x, m, file);
	}
	closedir(d);
}

/* Counts found by jq: what has no time or no action is no event. */
static const struct {
	const char *mapping, *folder, *suffix;
	size_t records, events;
} logs[] = {
	{ "cloudtrail", "cloudtrail/invictus", ".json", 2900, 2900 },
	{ "cloudtrail", "cloudtrail/stratus", ".json", 310, 310 },
	{ "cloudtrail", "cloudtrail/falco", ".json", 2, 2 },
	{ "cloudtrail", "cloudtrail/otrf", ".json", 103, 103 },
	{ "cloudtrail", "cloudtrail/panther", ".jsonl", 485, 446 },
	{ "kubernetes", "kubernetes/falco", ".json", 52, 51 },
	{ "kubernetes", "kubernetes/audit2rbac", ".log", 37, 37 },
	{ "kubernetes", "kubernetes/rbac-tool", ".json", 6, 6 },
	{ "kubernetes", "kubernetes/panther", ".jsonl", 188, 14 },
	{ "github", "github/panther", ".jsonl", 107, 71 },
	{ "gcp", "gcp/panther", ".jsonl", 206, 143 },
	{ "journald", "journald/fluent", ".json", 461, 461 },
	{ "winlogbeat", "windows/otrf", "2019-05-18203650.json", 2668, 2668 },
	{ "windows", "windows/otrf", "20-09-19211702.json", 1730, 1730 },
	{ "windows", "windows/otrf", "05-13045400.json", 39, 39 },
	{ "windows", "windows/otrf", "04-27040833.json", 285, 285 },
};

START_TEST(real_logs_become_events_and_nothing_of_them_is_lost)
{
	struct mapping *m = shipped(logs[_i].mapping);
	struct mapped x = { 0 };
	char path[CORPORA_PATH_MAX];

	if (corpora_path(path, logs[_i].folder)) {
		map_folder(&x, m, path, logs[_i].suffix);
		ck_assert_uint_eq(x.records, logs[_i].records);
		ck_assert_uint_eq(x.events, logs[_i].events);
		ck_assert_uint_eq(x.events + x.faults, x.records);
	}
	mapped_fini(&x);
	mapping_free(m);
}
END_TEST

static Suite *
shipped_suite(void)
{
	Suite *s = suite_create("ingest_mapping_shipped");
	TCase *t = tcase_create("shipped");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, each_mapping_makes_of_its_records_what_is_written_beside_them);
	tcase_add_test(t, the_example_of_a_mapping_works);
	tcase_add_test(t, our_own_lines_are_no_product_s);
	tcase_add_test(t, a_table_is_recognised_by_what_it_becomes);
	tcase_add_test(t, an_unknown_name_gets_the_nearest);
	tcase_add_loop_test(t, real_logs_become_events_and_nothing_of_them_is_lost, 0,
	    (int)(sizeof(logs) / sizeof(logs[0])));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(shipped_suite)
