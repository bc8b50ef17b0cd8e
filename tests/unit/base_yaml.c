/* YAML, read strictly: the walk, what is refused and where. */
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/yaml.h"
#include "unit.h"

static struct err e;
static struct yaml *y;

static void
setup(void)
{
	err_clear(&e);
	y = NULL;
}

static void
teardown(void)
{
	yaml_close(y);
}

static void
begin(const char *text)
{
	yaml_close(y);
	err_clear(&e);
	y = yaml_new("x", str_of(text), &e);
	ck_assert_msg(y != NULL, "%s", e.text);
}

static void
says(const char *text)
{
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_str_eq(e.text, text);
}

static const char *const ab[] = { "alpha", "beta" };

/* The name of the next key, "" at the mapping's end, NULL on an error. */
static const char *
key(uint64_t *seen)
{
	size_t which;
	int rc = yaml_key(y, ab, 2, seen, &which, &e);

	return rc < 0 ? NULL : rc > 0 ? ab[which] : "";
}

START_TEST(names_of_the_writer_s_own_are_walked)
{
	struct str name, text;
	enum yaml_kind kind;

	begin("one: 1\n\"two three\": {a: b}\nfour: [5]\n");
	ck_assert_int_eq(yaml_document(y, &e), 1);
	ck_assert_int_eq(yaml_name(y, &name, &e), 1);
	ck_assert_str_eq(name.p, "one");
	ck_assert_int_eq(yaml_kind(y, &kind, &e), 0);
	ck_assert_int_eq(kind, YAML_SCALAR);
	ck_assert_int_eq(yaml_text(y, "one", &text, &e), 0);
	ck_assert_str_eq(text.p, "1");
	ck_assert_int_eq(yaml_name(y, &name, &e), 1);
	ck_assert_str_eq(name.p, "two three");
	ck_assert_int_eq(yaml_kind(y, &kind, &e), 0);
	ck_assert_int_eq(kind, YAML_MAPPING);
	ck_assert_int_eq(yaml_mapping(y, "two", &e), 0);
	ck_assert_int_eq(yaml_name(y, &name, &e), 1);
	ck_assert_int_eq(yaml_text(y, "a", &text, &e), 0);
	ck_assert_int_eq(yaml_name(y, &name, &e), 0);
	ck_assert_int_eq(yaml_name(y, &name, &e), 1);
	ck_assert_int_eq(yaml_kind(y, &kind, &e), 0);
	ck_assert_int_eq(kind, YAML_LIST);
	ck_assert_int_eq(yaml_list(y, "four", &e), 0);
	ck_assert_int_eq(yaml_item(y, &e), 1);
	ck_assert_int_eq(yaml_text(y, "four", &text, &e), 0);
	ck_assert_int_eq(yaml_item(y, &e), 0);
	ck_assert_int_eq(yaml_name(y, &name, &e), 0);

	begin("[a]: b\n");
	ck_assert_int_eq(yaml_document(y, &e), 1);
	ck_assert_int_eq(yaml_name(y, &name, &e), -1);
	says("x:1:1: expected a name");
	begin("\"a\\0b\": c\n");
	ck_assert_int_eq(yaml_document(y, &e), 1);
	ck_assert_int_eq(yaml_name(y, &name, &e), -1);
	says("x:1:1: a NUL byte in the name");
}
END_TEST

START_TEST(a_document_is_walked)
{
	uint64_t seen = 0, inner = 0;
	struct str text;

	begin("# first\nalpha: one\nbeta:\n  - alpha: 'two, 2'\n  - three\n  - [four]\n");
	ck_assert_int_eq(yaml_document(y, &e), 1);
	ck_assert_str_eq(key(&seen), "alpha");
	ck_assert_int_eq(yaml_text(y, "alpha", &text, &e), 0);
	ck_assert_str_eq(text.p, "one");
	ck_assert_str_eq(key(&seen), "beta");
	ck_assert_int_eq(yaml_list(y, "beta", &e), 0);
	ck_assert_int_eq(yaml_item(y, &e), 1);
	ck_assert_int_eq(yaml_mapping(y, "beta", &e), 0);
	ck_assert_str_eq(key(&inner), "alpha");
	ck_assert_int_eq(yaml_text(y, "alpha", &text, &e), 0);
	ck_assert_str_eq(text.p, "two, 2");
	ck_assert_str_eq(key(&inner), "");
	ck_assert_int_eq(yaml_item(y, &e), 1);
	ck_assert_int_eq(yaml_text(y, "beta", &text, &e), 0);
	ck_assert_uint_eq(text.len, 5);
	ck_assert_uint_eq(yaml_place(y).line, 5);
	ck_assert_uint_eq(yaml_place(y).column, 5);
	ck_assert_int_eq(yaml_item(y, &e), 1);
	ck_assert_int_eq(yaml_list(y, "beta", &e), 0);
	ck_assert_int_eq(yaml_item(y, &e), 1);
	ck_assert_int_eq(yaml_text(y, "beta", &text, &e), 0);
	ck_assert_int_eq(yaml_item(y, &e), 0);
	ck_assert_int_eq(yaml_item(y, &e), 0);
	ck_assert_str_eq(key(&seen), "");
	ck_assert_int_eq(e.code, ERR_OK);
}
END_TEST

START_TEST(an_empty_document_is_none)
{
	static const char *const texts[] = { "", "# nothing\n", "\n\n" };

	for (size_t i = 0; i < 3; i++) {
		begin(texts[i]);
		ck_assert_int_eq(yaml_document(y, &e), 0);
	}
}
END_TEST

START_TEST(one_or_several_are_read_alike)
{
	struct str_list l = { 0 };
	uint64_t seen = 0;

	begin("{alpha: one, beta: [two, '', three]}");
	ck_assert_int_eq(yaml_document(y, &e), 1);
	ck_assert_str_eq(key(&seen), "alpha");
	ck_assert_int_eq(yaml_texts(y, "alpha", &l, &e), 0);
	ck_assert_str_eq(key(&seen), "beta");
	ck_assert_int_eq(yaml_texts(y, "beta", &l, &e), 0);
	ck_assert_str_eq(key(&seen), "");
	ck_assert_uint_eq(l.n, 4);
	ck_assert_str_eq(l.item[0], "one");
	ck_assert_str_eq(l.item[2], "");
	ck_assert_str_eq(l.item[3], "three");
	str_list_fini(&l);
	seen = 0;
	begin("alpha: []\nbeta: [[x]]\n");
	ck_assert_int_eq(yaml_document(y, &e), 1);
	ck_assert_str_eq(key(&seen), "alpha");
	ck_assert_int_eq(yaml_texts(y, "alpha", &l, &e), 0);
	ck_assert_uint_eq(l.n, 0);
	ck_assert_str_eq(key(&seen), "beta");
	ck_assert_int_eq(yaml_texts(y, "beta", &l, &e), -1);
	says("x:2:8: beta: expected one value");
	str_list_fini(&l);
}
END_TEST

/* The first thing that goes wrong when alpha and beta are texts. */
static void
walk(const char *text)
{
	uint64_t seen = 0;
	struct str value;
	const char *k;

	begin(text);
	if (yaml_document(y, &e) > 0)
		while ((k = key(&seen)) != NULL && *k != '\0')
			if (yaml_text(y, k, &value, &e) != 0)
				break;
}

START_TEST(errors_name_line_and_column_in_characters)
{
	walk("alpha: 1\ngamma: 2\n");
	says("x:2:1: unknown key 'gamma'");
	walk("alpha: 1\nbetta: 2\n");
	says("x:2:1: unknown key 'betta'; the nearest is beta");
	walk("{\"alpha\": \"ä\", alpha: 2}");
	says("x:1:16: the key 'alpha' is given twice");
	walk("alpha: [1]\n");
	says("x:1:8: alpha: expected one value");
	walk("- 1\n");
	says("x:1:1: expected lines of KEY: VALUE");
	walk("? [a]\n: b\n");
	says("x:1:3: expected the name of a key");
	walk("alpha: 1\n---\nbeta: 2\n");
	says("x:2:1: a second document");
	walk("alpha: 'x\n");
	says("x:2:1: not YAML: found unexpected end of stream");
	walk("# ä\nalpha: ä\001\n");
	says("x:2:9: not YAML: control characters are not allowed");
	walk("\"alpha\\0\": 1\n");
	says("x:1:1: unknown key 'alpha'; the nearest is alpha");
	walk("alpha: \"a\\0b\"\n");
	says("x:1:8: alpha: a NUL byte in the value");
}
END_TEST

START_TEST(what_stands_for_something_else_is_refused)
{
	walk("alpha: &a 1\nbeta: *a\n");
	says("x:1:8: anchors and aliases are not allowed");
	walk("alpha: *a\n");
	says("x:1:8: anchors and aliases are not allowed");
	walk("alpha: !!int 1\n");
	says("x:1:8: tags are not allowed");
	walk("!x {alpha: 1}\n");
	says("x:1:1: tags are not allowed");
	walk("<<: {alpha: 1}\n");
	says("x:1:1: unknown key '<<'");
}
END_TEST

START_TEST(bytes_that_are_not_utf_8_are_refused)
{
	ck_assert_ptr_null(yaml_new("x", STR("alpha: ä\n# \xff\n"), &e));
	says("x:2:3: not UTF-8");
	err_clear(&e);
	ck_assert_ptr_null(yaml_new("x", STR("\xff\xfe" "a\0:\0 \0b\0"), &e));
	says("x:1:1: not UTF-8");
	begin("\xef\xbb\xbf" "alpha: 1\n");
	ck_assert_int_eq(yaml_document(y, &e), 1);
}
END_TEST

START_TEST(a_fault_is_told_at_a_place_of_choice)
{
	struct yaml_place at = { 3, 14 };

	begin("alpha: 1\n");
	ck_assert_int_eq(yaml_document(y, &e), 1);
	ck_assert_int_eq(yaml_fault_at(y, at, &e, "no %s", "good"), -1);
	says("x:3:14: no good");
	err_clear(&e);
	ck_assert_int_eq(yaml_fault(y, &e, "bad"), -1);
	says("x:1:1: bad");
}
END_TEST

/* Twice as deep, twice as long: a megabyte of it is refused where it begins. */
START_TEST(depth_is_never_followed)
{
	static const char *const units[] = { "[", "{", "- ", "? ", "{a: " };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		struct buf b = { 0 };

		while (b.len < YAML_FILE_MAX)
			buf_str(&b, str_of(units[i]));
		buf_byte(&b, '\0');
		walk(b.p);
		ck_assert_int_eq(e.code, ERR_FAIL);
		buf_fini(&b);
	}
}
END_TEST

START_TEST(a_file_has_a_limit)
{
	char path[] = "/tmp/audit-yaml.XXXXXX", *text = mem_alloc(YAML_FILE_MAX + 1);
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	memset(text, '\n', YAML_FILE_MAX + 1);
	ck_assert_int_eq(write(fd, text, YAML_FILE_MAX), YAML_FILE_MAX);
	y = yaml_open(path, &e);
	ck_assert_ptr_nonnull(y);
	ck_assert_int_eq(yaml_document(y, &e), 0);
	yaml_close(y);
	ck_assert_int_eq(write(fd, text, 1), 1);
	y = yaml_open(path, &e);
	ck_assert_ptr_null(y);
	ck_assert_ptr_nonnull(strstr(e.text, "larger than 1048576 bytes"));
	close(fd);
	unlink(path);
	free(text);
	err_clear(&e);
	ck_assert_ptr_null(yaml_open(path, &e));
	ck_assert_int_eq(e.code, ERR_FAIL);
}
END_TEST

START_TEST(a_long_name_does_not_push_out_what_is_wrong)
{
	char name[4000];

	memset(name, 'p', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	y = yaml_new(name, STR("- 1"), &e);
	ck_assert_int_eq(yaml_document(y, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "expected lines of KEY: VALUE"));
}
END_TEST

/* How many documents a text has, each {alpha: ...}; -1 on an error. */
static int
documents(const char *text)
{
	struct str value;
	int n = 0, rc;

	begin(text);
	yaml_several(y);
	while ((rc = yaml_document(y, &e)) > 0) {
		uint64_t seen = 0;

		n++;
		if (strcmp(key(&seen), "alpha") != 0 || yaml_text(y, "alpha", &value, &e) != 0 || strcmp(key(&seen), "") != 0)
			return -1;
	}
	return rc < 0 ? -1 : n;
}

START_TEST(several_documents_follow_where_they_are_asked_for)
{
	ck_assert_int_eq(documents(""), 0);
	ck_assert_int_eq(documents("# nothing\n"), 0);
	ck_assert_int_eq(documents("alpha: 1\n"), 1);
	ck_assert_int_eq(documents("alpha: 1\n---\nalpha: 2\n...\n---\nalpha: 3\n"), 3);
	ck_assert_int_eq(documents("---\n---\nalpha: 1\n---\n"), 1);
	ck_assert_int_eq(documents("alpha: 1\n---\n- 1\n"), -1);
	says("x:3:1: expected lines of KEY: VALUE");
	ck_assert_int_eq(documents("alpha: 1\n---\nword\n"), -1);
	says("x:3:1: expected lines of KEY: VALUE");
}
END_TEST

START_TEST(quotes_are_told_from_none)
{
	static const struct {
		const char *text;
		bool plain;
	} cases[] = {
		{ "alpha: null", true }, { "alpha: 'null'", false }, { "alpha: \"\"", false }, { "alpha:", true },
		{ "alpha: |\n  a", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str value;
		uint64_t seen = 0;

		begin(cases[i].text);
		ck_assert_int_eq(yaml_document(y, &e), 1);
		ck_assert(!yaml_plain(y));
		ck_assert_str_eq(key(&seen), "alpha");
		ck_assert_int_eq(yaml_text(y, "alpha", &value, &e), 0);
		ck_assert_int_eq(yaml_plain(y), cases[i].plain);
	}
}
END_TEST

static Suite *
yaml_suite(void)
{
	Suite *s = suite_create("yaml");
	TCase *c = tcase_create("yaml");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_document_is_walked);
	tcase_add_test(c, names_of_the_writer_s_own_are_walked);
	tcase_add_test(c, an_empty_document_is_none);
	tcase_add_test(c, one_or_several_are_read_alike);
	tcase_add_test(c, errors_name_line_and_column_in_characters);
	tcase_add_test(c, what_stands_for_something_else_is_refused);
	tcase_add_test(c, bytes_that_are_not_utf_8_are_refused);
	tcase_add_test(c, a_fault_is_told_at_a_place_of_choice);
	tcase_add_test(c, depth_is_never_followed);
	tcase_add_test(c, a_file_has_a_limit);
	tcase_add_test(c, several_documents_follow_where_they_are_asked_for);
	tcase_add_test(c, quotes_are_told_from_none);
	tcase_add_test(c, a_long_name_does_not_push_out_what_is_wrong);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(yaml_suite)
