/* Which files a log was rotated into, and which of them are not read yet. */
#include "ingest/rotated.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "ingest/source.h"
#include "unit.h"

#define LINE "{\"n\":1}\n"

static char folder[64], path[96];
static struct store *st;

/* The file of this name in the folder. */
static const char *
at(const char *name)
{
	static char whole[160];

	snprintf(whole, sizeof(whole), "%s/%s", folder, name);
	return whole;
}

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "a");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	fclose(f);
}

static void
move(const char *from, const char *to)
{
	char old[160];

	strcpy(old, at(from));
	ck_assert_int_eq(rename(old, at(to)), 0);
}

/* So many seconds ago. */
static void
set_age(const char *name, int seconds)
{
	struct timespec when[2];

	clock_gettime(CLOCK_REALTIME, &when[0]);
	when[0].tv_sec -= seconds;
	when[1] = when[0];
	ck_assert_int_eq(utimensat(AT_FDCWD, at(name), when, 0), 0);
}

static void
setup(void)
{
	struct err e = ERR_NONE;

	strcpy(folder, "/tmp/ingest_rotated.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	strcpy(path, at("a.jsonl"));
	st = store_open(at("events.db"), STORE_CREATE, &e);
	ck_assert_msg(st != NULL, "%s", e.text);
}

static void
teardown(void)
{
	char command[96];

	store_close(st);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* The store takes the first line of the file. */
static void
take(const char *name)
{
	struct source s;
	struct err e = ERR_NONE;
	struct appender *a = append_open(st, NULL, &e);

	ck_assert_msg(source_open(&s, at(name), st, &e) == 0, "%s", e.text);
	source_advance(&s, strlen(LINE), 1, LINE, strlen(LINE));
	append_position(a, &s.file);
	ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
	append_close(a);
	source_close(&s);
}

/* The names found, each with a blank behind it. */
static const char *
found(int64_t since)
{
	static char names[512];
	struct str_list list = { 0 };
	struct err e = ERR_NONE;

	names[0] = '\0';
	ck_assert_msg(rotated_find(st, path, since, &list, &e) == 0, "%s", e.text);
	for (size_t i = 0; i < list.n; i++) {
		ck_assert_int_eq(strncmp(list.item[i], folder, strlen(folder)), 0);
		strcat(names, list.item[i] + strlen(folder) + 1);
		strcat(names, " ");
	}
	str_list_fini(&list);
	return names;
}

START_TEST(rotation_has_its_names)
{
	static const struct {
		const char *log, *name;
		bool is;
	} cases[] = {
		{ "a.jsonl", "a.jsonl.1", true }, { "a.jsonl", "a.jsonl.12.gz", true },
		{ "a.jsonl", "a.jsonl-20260423", true }, { "a.jsonl", "a.jsonl-20260423.zst", true },
		{ "a.jsonl", "a.jsonl-2026-04-23T10:30", true }, { "a.jsonl", "a-20260423.jsonl", true },
		{ "a.jsonl", "a.2026-04-23.jsonl.gz", true }, { "audit", "audit.3", true },
		{ "a.jsonl", "a.jsonl", false }, { "a.jsonl", "a.jsonl.bak", false }, { "a.jsonl", "a.jsonl.gz", false },
		{ "a.jsonl", "a.jsonl1", false }, { "a.jsonl", "a-2.jsonl", false }, { "a.jsonl", "b.jsonl.1", false },
		{ "a.jsonl", "a.jsonl.1.bz2", false }, { "a.jsonl", "a.jsonl.", false }, { "a.jsonl", "ab-20260423.jsonl", false },
		{ "a.jsonl", "a.jsonl-x1", false }, { ".", ".", false }, { "a.jsonl", "", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(rotated_is_name(cases[i].log, cases[i].name) == cases[i].is, "%s of %s", cases[i].name,
		    cases[i].log);
}
END_TEST

START_TEST(a_log_never_read_has_no_past)
{
	put("a.jsonl", LINE);
	put("a.jsonl.1", LINE);
	ck_assert_str_eq(found(TIME_NONE), "");
}
END_TEST

START_TEST(a_file_that_was_read_and_has_grown_is_found)
{
	put("a.jsonl", LINE LINE);
	take("a.jsonl");
	ck_assert_str_eq(found(TIME_NONE), "");
	move("a.jsonl", "moved");
	put("a.jsonl", LINE);
	set_age("moved", 1000);
	ck_assert_str_eq(found(TIME_NONE), "moved ");
}
END_TEST

START_TEST(a_file_that_was_read_to_its_end_is_not)
{
	put("a.jsonl", LINE);
	take("a.jsonl");
	move("a.jsonl", "moved");
	ck_assert_str_eq(found(TIME_NONE), "");
	put("a.jsonl", LINE);
	ck_assert_str_eq(found(TIME_NONE), "");
	move("moved", "a.jsonl.1");
	set_age("a.jsonl.1", 1000);
	ck_assert_str_eq(found(TIME_NONE), "");
}
END_TEST

START_TEST(another_file_in_the_place_of_one_that_was_read_is_found)
{
	put("a.jsonl", LINE);
	take("a.jsonl");
	move("a.jsonl", "a.jsonl.1");
	ck_assert_str_eq(found(TIME_NONE), "a.jsonl.1 ");
}
END_TEST

START_TEST(what_came_and_went_meanwhile_is_found_oldest_first)
{
	put("a.jsonl", LINE);
	take("a.jsonl");
	set_age("a.jsonl", 3000);
	move("a.jsonl", "a.jsonl.3");
	put("a.jsonl.1", LINE);
	put("a.jsonl.2", LINE LINE);
	set_age("a.jsonl.2", -20);
	set_age("a.jsonl.1", -40);
	put("a.jsonl.4", LINE);
	set_age("a.jsonl.4", 5000);
	put("other", LINE);
	ck_assert_str_eq(found(TIME_NONE), "a.jsonl.2 a.jsonl.1 ");
	ck_assert_str_eq(found(time_now() - 6000 * TIME_SECOND), "a.jsonl.4 a.jsonl.3 a.jsonl.2 a.jsonl.1 ");
	ck_assert_str_eq(found(time_now() + 30 * TIME_SECOND), "a.jsonl.1 ");
}
END_TEST

START_TEST(a_link_leads_to_files_of_its_own)
{
	put("pod.log", LINE);
	ck_assert_int_eq(symlink("pod.log", path), 0);
	take("a.jsonl");
	move("pod.log", "pod.log.20260423");
	put("pod.log.20260423", LINE);
	put("pod.log", LINE);
	put("a-20260423.jsonl", LINE);
	set_age("a-20260423.jsonl", -20);
	ck_assert_str_eq(found(time_now()), "pod.log.20260423 a-20260423.jsonl ");
}
END_TEST

START_TEST(a_folder_that_is_missing_has_nothing)
{
	strcpy(path, at("none/a.jsonl"));
	ck_assert_str_eq(found(0), "");
}
END_TEST

static Suite *
rotated_suite(void)
{
	Suite *s = suite_create("ingest/rotated");
	TCase *t = tcase_create("rotated");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, rotation_has_its_names);
	tcase_add_test(t, a_log_never_read_has_no_past);
	tcase_add_test(t, a_file_that_was_read_and_has_grown_is_found);
	tcase_add_test(t, a_file_that_was_read_to_its_end_is_not);
	tcase_add_test(t, another_file_in_the_place_of_one_that_was_read_is_found);
	tcase_add_test(t, what_came_and_went_meanwhile_is_found_oldest_first);
	tcase_add_test(t, a_link_leads_to_files_of_its_own);
	tcase_add_test(t, a_folder_that_is_missing_has_nothing);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(rotated_suite)
