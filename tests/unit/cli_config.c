/* The configuration: read strictly, refused with line and column. */
#include <stdio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "cli/config.h"
#include "unit.h"

static char path[] = "/tmp/audit-config.XXXXXX";
static struct config config;
static struct err e;

static void
setup(void)
{
	int fd;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	ck_assert_int_ge(fd = mkstemp(path), 0);
	close(fd);
	config = (struct config){ 0 };
	err_clear(&e);
}

static void
teardown(void)
{
	config_fini(&config);
	unlink(path);
}

static int
read_text(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	return config_read(&config, path, true, &e);
}

/* Refused, with ":LINE:COLUMN: " and these words in the message. */
static void
refuses(const char *text, const char *place, const char *words)
{
	char where[64];

	err_clear(&e);
	ck_assert_int_eq(read_text(text), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	snprintf(where, sizeof(where), "%s%s: ", path, place);
	ck_assert_msg(strncmp(e.text, where, strlen(where)) == 0, "%s", e.text);
	ck_assert_msg(strstr(e.text, words) != NULL, "%s", e.text);
	ck_assert_ptr_null(config.db);
}

START_TEST(a_key_is_read)
{
	ck_assert_int_eq(read_text("# ours\ndb: /srv/a b.db\n"), 0);
	ck_assert_str_eq(config.db, "/srv/a b.db");
}
END_TEST

START_TEST(a_later_file_replaces_an_earlier_one)
{
	ck_assert_int_eq(read_text("db: /one\n"), 0);
	ck_assert_int_eq(read_text("db: \"/two\"\n"), 0);
	ck_assert_str_eq(config.db, "/two");
	ck_assert_int_eq(read_text("# nothing\n"), 0);
	ck_assert_str_eq(config.db, "/two");
}
END_TEST

START_TEST(an_empty_file_says_nothing)
{
	ck_assert_int_eq(read_text(""), 0);
	ck_assert_int_eq(read_text("---\n{}\n"), 0);
	ck_assert_ptr_null(config.db);
}
END_TEST

START_TEST(unknown_keys_are_refused_with_the_nearest)
{
	refuses("# x\ndbb: /srv\n", ":2:1", "unknown key 'dbb'; the nearest is db");
	refuses("{ retention: 3 }\n", ":1:3", "unknown key 'retention'");
	refuses("\"d\\0b\": /x\n", ":1:1", "unknown key");
}
END_TEST

START_TEST(keys_given_twice_are_refused)
{
	refuses("db: /a\ndb: /b\n", ":2:1", "twice");
}
END_TEST

START_TEST(anchors_aliases_and_tags_are_refused)
{
	refuses("db: &a /a\n", ":1:5", "anchors");
	refuses("db: *a\n", ":1:5", "anchors");
	refuses("db: !!str /a\n", ":1:5", "tags");
	refuses("&a db: /a\n", ":1:1", "anchors");
}
END_TEST

START_TEST(what_is_no_mapping_of_single_values_is_refused)
{
	refuses("- db\n", ":1:1", "KEY: VALUE");
	refuses("/srv\n", ":1:1", "KEY: VALUE");
	refuses("db: [ /a ]\n", ":1:5", "one value");
	refuses("db: { a: /a }\n", ":1:5", "one value");
	refuses("[ a ]: /a\n", ":1:1", "");
	refuses("db: \"/a\\0b\"\n", ":1:5", "NUL");
	refuses("db: /a\n---\ndb: /b\n", ":2:1", "second document");
}
END_TEST

START_TEST(relative_paths_are_refused)
{
	refuses("db: audit.db\n", ":1:5", "absolute");
	refuses("db:\n", ":1:4", "absolute");
}
END_TEST

START_TEST(broken_yaml_is_refused)
{
	ck_assert_int_eq(read_text("db: \"/a\n"), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "not YAML"));
}
END_TEST

START_TEST(a_missing_file_matters_only_when_it_must_exist)
{
	unlink(path);
	ck_assert_int_eq(config_read(&config, path, false, &e), 0);
	ck_assert_int_eq(config_read(&config, path, true, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
}
END_TEST

static Suite *
config_suite(void)
{
	Suite *s = suite_create("config");
	TCase *c = tcase_create("config");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_key_is_read);
	tcase_add_test(c, a_later_file_replaces_an_earlier_one);
	tcase_add_test(c, an_empty_file_says_nothing);
	tcase_add_test(c, unknown_keys_are_refused_with_the_nearest);
	tcase_add_test(c, keys_given_twice_are_refused);
	tcase_add_test(c, anchors_aliases_and_tags_are_refused);
	tcase_add_test(c, what_is_no_mapping_of_single_values_is_refused);
	tcase_add_test(c, relative_paths_are_refused);
	tcase_add_test(c, broken_yaml_is_refused);
	tcase_add_test(c, a_missing_file_matters_only_when_it_must_exist);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(config_suite)
