/* export_split: sizes as people type them, and names that sort; parts of them. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/export_files.h"

START_TEST(a_number_is_of_events_and_a_size_of_bytes)
{
	static const struct {
		const char *text;
		uint64_t events, bytes;
	} size[] = {
		{ "1", 1, 0 }, { "007", 7, 0 }, { "18446744073709551615", UINT64_MAX, 0 },
		{ "1B", 0, 1 }, { "1b", 0, 1 }, { "10K", 0, 10240 }, { "10k", 0, 10240 }, { "10KiB", 0, 10240 },
		{ "10KB", 0, 10000 }, { "64MiB", 0, UINT64_C(64) << 20 }, { "64mib", 0, UINT64_C(64) << 20 },
		{ "64M", 0, UINT64_C(64) << 20 }, { "3MB", 0, 3000000 }, { "5G", 0, UINT64_C(5) << 30 },
		{ "1GB", 0, 1000000000 }, { "2T", 0, UINT64_C(2) << 40 }, { "2TB", 0, UINT64_C(2000000000000) },
		{ "16777215TiB", 0, UINT64_C(16777215) << 40 },
	};

	for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		struct export_split s = { 99, 99 };
		struct err e = ERR_NONE;

		ck_assert_msg(export_split_parse(size[i].text, &s, &e) == 0, "%s: %s", size[i].text, e.text);
		ck_assert_msg(s.events == size[i].events && s.bytes == size[i].bytes, "%s", size[i].text);
	}
}
END_TEST

START_TEST(what_is_no_size_is_refused)
{
	static const char *const bad[][2] = {
		{ "", "expected" }, { "0", "more than nothing" }, { "0MiB", "more than nothing" }, { "-1", "expected" },
		{ "+1", "expected" }, { "1.5M", "expected" }, { "10 M", "expected" }, { " 1", "expected" }, { "M", "expected" },
		{ "10Mi", "expected" }, { "10X", "expected" }, { "0x10", "expected" }, { "1e3", "expected" },
		{ "18446744073709551616", "too large" }, { "99999999999999999999999", "too large" },
		{ "16777216TiB", "too large" }, { "18446744073709551615K", "too large" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct export_split s;
		struct err e = ERR_NONE;

		ck_assert_msg(export_split_parse(bad[i][0], &s, &e) == -1, "%s", bad[i][0]);
		ck_assert_msg(strstr(e.text, bad[i][1]) != NULL, "%s: %s", bad[i][0], e.text);
	}
}
END_TEST

START_TEST(the_number_stands_before_the_ending)
{
	static const char *const name[][2] = {
		{ "q1.jsonl", "q1.0007.jsonl" }, { "q1.jsonl.zst", "q1.0007.jsonl.zst" }, { "q1.csv.gz", "q1.0007.csv.gz" },
		{ "/srv/a.b/q1", "/srv/a.b/q1.0007" }, { "q1", "q1.0007" }, { "q1.zst", "q1.0007.zst" },
		{ "other.txt", "other.0007.txt" }, { "x.gz.zst", "x.0007.gz.zst" }, { ".jsonl", ".jsonl.0007" },
		{ "q1.2026", "q1.2026.0007" }, { "q1.0001.jsonl", "q1.0001.0007.jsonl" }, { "q1.", "q1..0007" },
		{ "audit-log-20260423T180000.123456Z.jsonl", "audit-log-20260423T180000.123456Z.0007.jsonl" },
	};

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		char *part = export_part_path(name[i][0], 7), *whole;
		unsigned no = 0;

		ck_assert_str_eq(part, name[i][1]);
		whole = export_part_of(part, &no);
		ck_assert_ptr_nonnull(whole);
		ck_assert_str_eq(whole, name[i][0]);
		ck_assert_uint_eq(no, 7);
		free(whole);
		free(part);
	}
}
END_TEST

START_TEST(names_sort_as_the_parts_do)
{
	char *before = export_part_path("/srv/q1.jsonl.zst", 1);

	for (unsigned no = 2; no <= EXPORT_PARTS_MAX; no++) {
		char *name = export_part_path("/srv/q1.jsonl.zst", no);

		ck_assert(strcmp(before, name) < 0);
		free(before);
		before = name;
	}
	free(before);
}
END_TEST

START_TEST(other_names_are_of_no_part)
{
	static const char *const name[] = { "", "q1", "q1.jsonl", "q1.jsonl.zst", "q1.0000.jsonl", "q1.001.jsonl",
		"q1.00001.jsonl", "q1.00a1.jsonl", "q10001.jsonl", ".0001.jsonl", "0001.jsonl", "/srv/.0001",
		"q1.jsonl.0001.zst", "q1.0001.jsonl.zst.gz.proof" };

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		unsigned no;
		char *whole = export_part_of(name[i], &no);

		ck_assert_msg(whole == NULL, "%s: of %s", name[i], whole);
	}
}
END_TEST

/* The last name that there is, and none after it. */
START_TEST(there_are_no_more_parts_than_names)
{
	char folder[] = "/tmp/audit-split-XXXXXX", path[64], last[64];
	struct export_files f = { .path = path, .split = { .events = 1 } };
	struct err e = ERR_NONE;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/x.jsonl", folder);
	snprintf(last, sizeof(last), "%s/x.9999.jsonl", folder);
	f.parts = EXPORT_PARTS_MAX - 1;
	ck_assert_int_eq(export_files_open(&f, NULL, 0, &e), 0);
	ck_assert_int_eq(export_files_next(&f, &e), -1);
	ck_assert_msg(strstr(e.text, "more than 9999 parts") != NULL, "%s", e.text);
	ck_assert_int_eq(access(last, F_OK), 0);
	export_files_fini(&f);
	ck_assert_msg(rmdir(folder) == 0, "something is left");
}
END_TEST

static Suite *
split_suite(void)
{
	Suite *s = suite_create("cli/export_split");
	TCase *t = tcase_create("split");

	tcase_add_test(t, a_number_is_of_events_and_a_size_of_bytes);
	tcase_add_test(t, what_is_no_size_is_refused);
	tcase_add_test(t, the_number_stands_before_the_ending);
	tcase_add_test(t, names_sort_as_the_parts_do);
	tcase_add_test(t, other_names_are_of_no_part);
	tcase_add_test(t, there_are_no_more_parts_than_names);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(split_suite)
