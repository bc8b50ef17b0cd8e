/* yaml_folder: files of a folder, and installed ones by name. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/yaml_folder.h"

static const char *const made[] = { "two.yaml", "one.yaml", "three.yml", ".hidden.yaml", "notes.txt", ".yaml", "yaml" };
#define MADE (sizeof(made) / sizeof(made[0]))

static char folder[64];
static struct err e;

static const char *
path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
make_folder(void)
{
	e = (struct err){ 0 };
	strcpy(folder, "/tmp/audit-yaml-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	for (size_t i = 0; i < MADE; i++) {
		FILE *f = fopen(path_of(made[i]), "w");

		ck_assert_ptr_nonnull(f);
		ck_assert_int_eq(fclose(f), 0);
	}
}

static void
remove_folder(void)
{
	for (size_t i = 0; i < MADE; i++)
		unlink(path_of(made[i]));
	ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(a_path_is_told_from_a_name)
{
	ck_assert(yaml_is_path("a/b") && yaml_is_path("/") && yaml_is_path("b.yaml") && yaml_is_path("b.yml"));
	ck_assert(!yaml_is_path("b") && !yaml_is_path("") && !yaml_is_path(".yaml") && !yaml_is_path("b.yaml.gz"));
}
END_TEST

START_TEST(files_come_sorted_behind_what_was_there)
{
	struct str_list files = { 0 };

	make_folder();
	str_list_add(&files, "zero", 4);
	ck_assert_int_eq(yaml_files(folder, &files, &e), 0);
	ck_assert_uint_eq(files.n, 4);
	ck_assert_str_eq(files.item[0], "zero");
	ck_assert_str_eq(files.item[1], "one.yaml");
	ck_assert_str_eq(files.item[2], "three.yml");
	ck_assert_str_eq(files.item[3], "two.yaml");
	str_list_fini(&files);
	remove_folder();
	ck_assert_int_eq(yaml_files(folder, &files, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, folder));
	str_list_fini(&files);
}
END_TEST

START_TEST(a_tree_is_gone_through_in_order_and_without_what_is_hidden)
{
	static const char *const folders[] = { "b/c", "b", ".git", "deep.yaml" }; /* the inner one first */
	static const char *const files[] = { "b/c/x.yml", "b/a.yaml", "b/c/notes", ".git/y.yaml", "deep.yaml/z.yaml" };
	static const char *const wanted[] = { "b/a.yaml", "b/c/x.yml", "deep.yaml/z.yaml", "one.yaml", "three.yml", "two.yaml" };
	struct str_list found = { 0 };

	make_folder();
	for (size_t i = 4; i-- > 0;)
		ck_assert_int_eq(mkdir(path_of(folders[i]), 0700), 0);
	for (size_t i = 0; i < 5; i++) {
		FILE *f = fopen(path_of(files[i]), "w");

		ck_assert(f != NULL && fclose(f) == 0);
	}
	ck_assert_int_eq(symlink("..", path_of("b/round")), 0);
	ck_assert_int_eq(yaml_tree(folder, &found, &e), 0);
	ck_assert_uint_eq(found.n, 6);
	for (size_t i = 0; i < 6; i++)
		ck_assert_str_eq(found.item[i], path_of(wanted[i]));
	str_list_fini(&found);
	unlink(path_of("b/round"));
	for (size_t i = 0; i < 5; i++)
		unlink(path_of(files[i]));
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(rmdir(path_of(folders[i])), 0);
	remove_folder();
	ck_assert_int_eq(yaml_tree(folder, &found, &e), -1);
	str_list_fini(&found);
}
END_TEST

START_TEST(installed_ones_are_found_by_name)
{
	char *path;

	make_folder();
	path = yaml_installed("mapping", folder, "two", &e);
	ck_assert_str_eq(path, path_of("two.yaml"));
	free(path);
	remove_folder();
}
END_TEST

START_TEST(an_unknown_name_gets_the_nearest_or_all)
{
	make_folder();
	ck_assert_ptr_null(yaml_installed("mapping", folder, "twoo", &e));
	ck_assert_ptr_nonnull(strstr(e.text, "no mapping 'twoo' in /tmp/audit-yaml-"));
	ck_assert_ptr_nonnull(strstr(e.text, "; the nearest is two"));
	e = (struct err){ 0 };
	ck_assert_ptr_null(yaml_installed("mapping", folder, "cloudtrail", &e));
	ck_assert_ptr_nonnull(strstr(e.text, "; there are one, two"));
	/* Its file ends otherwise: it is read by its path alone. */
	ck_assert_ptr_null(yaml_installed("mapping", folder, "three", &e));
	ck_assert_ptr_null(yaml_installed("mapping", folder, "", &e));
	remove_folder();
}
END_TEST

static Suite *
yaml_folder_suite(void)
{
	Suite *s = suite_create("base/yaml_folder");
	TCase *tc = tcase_create("yaml_folder");

	tcase_add_test(tc, a_path_is_told_from_a_name);
	tcase_add_test(tc, files_come_sorted_behind_what_was_there);
	tcase_add_test(tc, a_tree_is_gone_through_in_order_and_without_what_is_hidden);
	tcase_add_test(tc, installed_ones_are_found_by_name);
	tcase_add_test(tc, an_unknown_name_gets_the_nearest_or_all);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(yaml_folder_suite)
