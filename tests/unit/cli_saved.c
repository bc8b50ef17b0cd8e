/* Saved queries: arguments to words and back, shell words, what may be offered. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/saved.h"
#include "cli/values.h"
#include "unit.h"

static struct filter_args args;
static struct buf text;
static struct err e;

static void
setup(void)
{
	args = (struct filter_args){ 0 };
	err_clear(&e);
}

static void
teardown(void)
{
	opt_fini(opt_filter, &args);
	str_list_fini(&args.expr);
	buf_fini(&text);
}

/* The words of the arguments that words stand for. */
static const char *
again(const char *words)
{
	buf_reset(&text);
	teardown();
	setup();
	if (saved_parse(str_of(words), &args, &e) != 0)
		return NULL;
	saved_format(&text, &args);
	buf_byte(&text, '\0');
	return text.p;
}

START_TEST(words_come_back_as_they_were)
{
	static const char *const all[] = {
		"[]",
		"[\"--since=-7d\",\"--by=ingested\",\"--actor=a\",\"--actor=b,c\",\"--severity=error\",\"status=500\"]",
		"[\"--text=it's\",\"--text=a=b\",\"--grep=^\\\\{\",\"--where=a = 1 or (b ~ \\\"x\\\")\",\"--saved=other\"]",
		"[\"--action=\\u001b[31m\",\"context.a=王梅\",\"reason!=a b\"]",
		"[\"--text=--since=1\"]",
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const char *got = again(all[i]);

		ck_assert_msg(got != NULL, "%s: %s", all[i], e.text);
		ck_assert_str_eq(got, all[i]);
	}
}
END_TEST

START_TEST(every_filter_option_is_kept)
{
	/* A row of the table that is forgotten would widen a saved query in silence. */
	struct buf words = { 0 }, options = { 0 };
	size_t rows = 0;
	char *line, *rest;

	opt_list(opt_filter, &options);
	buf_byte(&options, '\0');
	buf_byte(&words, '[');
	for (line = strtok_r(options.p, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		buf_printf(&words, "%s\"%.*s=1\"", rows > 0 ? "," : "", (int)strcspn(line, "\t"), line);
		rows++;
	}
	buf_byte(&words, ']');
	buf_byte(&words, '\0');
	ck_assert_uint_gt(rows, 30);
	ck_assert_str_eq(again(words.p), words.p);
	buf_fini(&words);
	buf_fini(&options);
}
END_TEST

START_TEST(what_is_no_list_of_arguments_is_refused)
{
	static const char *const all[] = {
		"", "{", "{}", "\"x\"", "[1]", "[[\"--since=1\"]]", "[\"\"]", "[null]", "[\"--since=1\"",
		"[\"a\\u0000b=1\"]", "[\"--no-such=1\"]", "[\"--db=/etc/passwd\"]", "[\"--help\"]", "[\"--since\"]",
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		ck_assert_msg(again(all[i]) == NULL, "%s", all[i]);
		ck_assert_int_eq(e.code, ERR_FAIL);
	}
}
END_TEST

START_TEST(too_many_words_are_refused)
{
	struct buf words = { 0 };

	for (size_t n = 4096; n <= 4097; n++) {
		buf_reset(&words);
		for (size_t i = 0; i < n; i++)
			buf_printf(&words, "%s\"--id=%zu\"", i > 0 ? "," : "[", i);
		buf_printf(&words, "]");
		buf_byte(&words, '\0');
		ck_assert_int_eq(again(words.p) != NULL, n == 4096);
	}
	buf_fini(&words);
}
END_TEST

/* What a shell makes of the shell words, as a line for each. */
static void
check_shell(const char *words, const char *wanted)
{
	struct buf command = { 0 };
	char got[512] = "";
	size_t len;
	FILE *f;

	buf_printf(&command, "exec bash -c '\nprintf \"<%%s>\" \"$@\"' - ");
	saved_shell(&command, str_of(words));
	buf_byte(&command, '\0');
	ck_assert_msg(strpbrk(command.p, "\033\r\177") == NULL, "%s", command.p);
	/* bash knows $'...', which not every sh does. */
	ck_assert_int_eq(setenv("COMMAND", command.p, 1), 0);
	ck_assert_ptr_nonnull(f = popen("bash -c 'eval \"$COMMAND\"'", "r"));
	len = fread(got, 1, sizeof(got) - 1, f);
	pclose(f);
	got[len] = '\0';
	ck_assert_str_eq(got, wanted);
	buf_fini(&command);
}

START_TEST(shell_words_are_taken_back_by_a_shell)
{
	check_shell("[\"--since=-7d\",\"--actor=svc-*\"]", "<--since=-7d><--actor=svc-*>");
	check_shell("[\"--text=it's\",\"--text=$(touch x) `touch y`\",\"a!=b c\"]",
	    "<--text=it's><--text=$(touch x) `touch y`><a!=b c>");
	check_shell("[\"--text=\\u001b[31m'\\\\n\\r\\u202e王\"]", "<--text=\033[31m'\\n\r\342\200\256\347\216\213>");
	check_shell("[\"--text=a\\nb\"]", "<--text=a\nb>");
}
END_TEST

START_TEST(only_harmless_values_are_offered)
{
	static const char *const good[] = { "login", "s3:GetObject", "share.member.add", "File access", "prod/db",
		"\347\216\213", "a@b", "a=b" };
	static const char *const bad[] = { "", "$(touch x)", "`id`", "a;b", "a\nb", "a'b", "a\"b", "a\\b", "-rf", "~root",
		"a*", "a?", "[a]", "a\tb", "\033[31m", "\342\200\256gnp", "\377", "a,b", "a&b", "a|b", "a>b", "!1", "#x",
		" a", "a ", "{a}" };
	char longer[300];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(values_offered(str_of(good[i])), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!values_offered(str_of(bad[i])), "%s", bad[i]);
	memset(longer, 'a', sizeof(longer));
	ck_assert(values_offered((struct str){ longer, 200 }));
	ck_assert(!values_offered((struct str){ longer, 201 }));
	ck_assert(!values_offered((struct str){ "a\0b", 3 }));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("cli_saved");
	TCase *t = tcase_create("words");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, words_come_back_as_they_were);
	tcase_add_test(t, every_filter_option_is_kept);
	tcase_add_test(t, what_is_no_list_of_arguments_is_refused);
	tcase_add_test(t, too_many_words_are_refused);
	tcase_add_test(t, shell_words_are_taken_back_by_a_shell);
	tcase_add_test(t, only_harmless_values_are_offered);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
