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

/* Refused, with ":LINE:COLUMN: " (or ":LINE:") and these words in the message. */
static void
refuses(const char *text, const char *place, const char *words)
{
	char where[64];

	err_clear(&e);
	ck_assert_int_eq(read_text(text), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	snprintf(where, sizeof(where), "%s%s%s", path, place, place[strlen(place) - 1] == ':' ? "" : ": ");
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
	refuses("{ retentions: 3 }\n", ":1:3", "unknown key 'retentions'; the nearest is retention");
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

#define VERIFIER "audit.example.com/app1+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"

START_TEST(all_keys_are_read_in_block_form)
{
	ck_assert_int_eq(read_text("keys: /srv/keys\nverifier_key: " VERIFIER "\ncheckpoint:\n  file: /srv/c p\n"
	    "  command:\n    - /bin/ship it\n    - --to\n    - ''\n    - $(x) | y\n"), 0);
	ck_assert_ptr_null(config.db);
	ck_assert_str_eq(config.keys, "/srv/keys");
	ck_assert_str_eq(config.verifier_key, VERIFIER);
	ck_assert_str_eq(config.checkpoint_file, "/srv/c p");
	ck_assert_uint_eq(config.checkpoint_command.n, 4);
	ck_assert_str_eq(config.checkpoint_command.item[0], "/bin/ship it");
	ck_assert_str_eq(config.checkpoint_command.item[2], "");
	ck_assert_str_eq(config.checkpoint_command.item[3], "$(x) | y");
}
END_TEST

START_TEST(all_keys_are_read_in_flow_form)
{
	ck_assert_int_eq(read_text("{checkpoint: {command: [/bin/ship, '-x'], file: /c}, keys: /k, db: /d}\n"), 0);
	ck_assert_str_eq(config.db, "/d");
	ck_assert_str_eq(config.keys, "/k");
	ck_assert_str_eq(config.checkpoint_file, "/c");
	ck_assert_uint_eq(config.checkpoint_command.n, 2);
	ck_assert_str_eq(config.checkpoint_command.item[1], "-x");
}
END_TEST

START_TEST(checkpoint_is_replaced_as_a_whole_by_a_later_file)
{
	ck_assert_int_eq(read_text("keys: /one\ncheckpoint: {file: /one, command: [/bin/one]}\n"), 0);
	ck_assert_int_eq(read_text("checkpoint: {file: /two}\n"), 0);
	ck_assert_str_eq(config.keys, "/one");
	ck_assert_str_eq(config.checkpoint_file, "/two");
	ck_assert_uint_eq(config.checkpoint_command.n, 0);
	ck_assert_int_eq(read_text("checkpoint: {}\n"), 0);
	ck_assert_ptr_null(config.checkpoint_file);
}
END_TEST

START_TEST(a_file_that_is_refused_changes_nothing)
{
	ck_assert_int_eq(read_text("keys: /one\ncheckpoint: {file: /one, command: [/bin/one]}\n"), 0);
	ck_assert_int_eq(read_text("keys: /two\ncheckpoint: {file: /two, command: [/bin/two]}\nnope: 1\n"), -1);
	ck_assert_str_eq(config.keys, "/one");
	ck_assert_str_eq(config.checkpoint_file, "/one");
	ck_assert_str_eq(config.checkpoint_command.item[0], "/bin/one");
}
END_TEST

START_TEST(checkpoint_is_read_strictly)
{
	refuses("checkpoint: /c\n", ":1:13", "file: and command:");
	refuses("checkpoint:\n  fille: /c\n", ":2:3", "unknown key 'fille'; the nearest is file");
	refuses("checkpoint:\n  file: /c\n  file: /d\n", ":3:3", "twice");
	refuses("checkpoint: {}\ncheckpoint: {}\n", ":2:1", "twice");
	refuses("checkpoint: {file: c}\n", ":1:20", "absolute");
	refuses("checkpoint: {file: [/c]}\n", ":1:20", "one value");
	refuses("checkpoint: {[a]: b}\n", ":1:14", "name of a key");
}
END_TEST

START_TEST(a_command_is_a_list_that_begins_with_a_path)
{
	refuses("checkpoint: {command: /bin/ship --to x}\n", ":1:23", "a list");
	refuses("checkpoint: {command: []}\n", ":1:23", "at least the program");
	refuses("checkpoint: {command: [ship]}\n", ":1:24", "absolute");
	refuses("checkpoint: {command: [/bin/ship, [x]]}\n", ":1:35", "one value");
	refuses("checkpoint: {command: [/bin/ship, \"a\\0b\"]}\n", ":1:35", "NUL");
	refuses("checkpoint: {command: &a [/bin/ship]}\n", ":1:23", "anchors");
	refuses("checkpoint: {command: !x [/bin/ship]}\n", ":1:23", "tags");
}
END_TEST

START_TEST(a_command_has_a_limit_of_arguments)
{
	struct buf text = { 0 };

	buf_printf(&text, "checkpoint: {command: [/bin/ship");
	for (int i = 0; i < 256; i++)
		buf_printf(&text, ", x");
	buf_add(&text, "]}\n", 4);
	refuses(text.p, ":1:", "too many");
	buf_fini(&text);
}
END_TEST

START_TEST(a_verifier_key_must_be_one)
{
	refuses("verifier_key: audit.example.com/app1\n", ":1:15", "verifier_key");
	refuses("verifier_key: x+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk\n", ":1:15", "verifier_key");
	refuses("keys: keys\n", ":1:7", "absolute");
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
	tcase_add_test(c, all_keys_are_read_in_block_form);
	tcase_add_test(c, all_keys_are_read_in_flow_form);
	tcase_add_test(c, checkpoint_is_replaced_as_a_whole_by_a_later_file);
	tcase_add_test(c, a_file_that_is_refused_changes_nothing);
	tcase_add_test(c, checkpoint_is_read_strictly);
	tcase_add_test(c, a_command_is_a_list_that_begins_with_a_path);
	tcase_add_test(c, a_command_has_a_limit_of_arguments);
	tcase_add_test(c, a_verifier_key_must_be_one);
	tcase_add_test(c, a_missing_file_matters_only_when_it_must_exist);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(config_suite)
