/* Option tables: parsing, hints, help. */
#include "cli/opt.h"
#include "unit.h"

struct inner {
	char *word;
	struct str_list list;
};

struct args {
	struct inner inner;
	bool flag, other;
	uint64_t count;
};

#define ARG(member) offsetof(struct args, member)
#define INNER(member) offsetof(struct inner, member)

static const struct opt inner_table[] = {
	{ 'w', "word", OPT_STRING, INNER(word), "TEXT", "a word", VALUE_ANY, NULL },
	{ 0, "list", OPT_LIST, INNER(list), "A", "some words", VALUE_FIELD, NULL },
	OPT_TABLE_END
};

static const struct opt table[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "Group", VALUE_ANY, NULL },
	{ 'f', "flag", OPT_FLAG, ARG(flag), NULL, "a flag", VALUE_ANY, NULL },
	{ 'o', "other", OPT_FLAG, ARG(other), NULL, NULL, VALUE_ANY, NULL },
	{ 'n', "number", OPT_COUNT, ARG(count), "N", "how many", VALUE_ANY, NULL },
	{ 0, "from", OPT_NUMBER, ARG(count), "N", "from where", VALUE_ANY, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(inner), NULL, NULL, VALUE_ANY, inner_table },
	OPT_TABLE_END
};

static struct args args;
static struct str_list operands;
static struct err e;

static void
setup(void)
{
	args = (struct args){ 0 };
	operands = (struct str_list){ 0 };
	err_clear(&e);
}

static void
teardown(void)
{
	opt_fini(table, &args);
	str_list_fini(&operands);
}

/* Parses the words up to NULL. */
static int
parse(char *argv[])
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return opt_parse(table, argc, argv, &args, &operands, &e);
}

#define PARSE(...) parse((char *[]){ "program", __VA_ARGS__, NULL })

START_TEST(values_follow_or_are_joined)
{
	ck_assert_int_eq(PARSE("--word", "a", "-n5", "--list=x", "--list", "y=z"), 0);
	ck_assert_str_eq(args.inner.word, "a");
	ck_assert_uint_eq(args.count, 5);
	ck_assert_uint_eq(args.inner.list.n, 2);
	ck_assert_str_eq(args.inner.list.item[1], "y=z");
}
END_TEST

START_TEST(the_last_of_repeated_strings_wins)
{
	ck_assert_int_eq(PARSE("-w", "a", "-wb"), 0);
	ck_assert_str_eq(args.inner.word, "b");
}
END_TEST

START_TEST(letters_are_joined)
{
	ck_assert_int_eq(PARSE("-fow", "x"), 0);
	ck_assert(args.flag && args.other);
	ck_assert_str_eq(args.inner.word, "x");
}
END_TEST

START_TEST(a_value_may_begin_with_a_dash)
{
	ck_assert_int_eq(PARSE("--word", "-7d", "-n", "1"), 0);
	ck_assert_str_eq(args.inner.word, "-7d");
	ck_assert_uint_eq(args.count, 1);
}
END_TEST

START_TEST(operands_mix_with_options_and_a_double_dash_ends_them)
{
	ck_assert_int_eq(PARSE("a", "-f", "-", "--", "-o", "--word"), 0);
	ck_assert(args.flag && !args.other);
	ck_assert_uint_eq(operands.n, 4);
	ck_assert_str_eq(operands.item[1], "-");
	ck_assert_str_eq(operands.item[3], "--word");
}
END_TEST

START_TEST(a_typing_error_gets_the_nearest_name)
{
	ck_assert_int_eq(PARSE("--wrod", "x"), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_ptr_nonnull(strstr(e.text, "--word"));
}
END_TEST

START_TEST(names_are_not_abbreviated)
{
	ck_assert_int_eq(PARSE("--fla"), -1);
	ck_assert(!args.flag);
}
END_TEST

START_TEST(a_flag_takes_no_value)
{
	ck_assert_int_eq(PARSE("--flag=yes"), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "takes no value"));
}
END_TEST

START_TEST(a_missing_value_is_told)
{
	ck_assert_int_eq(PARSE("-f", "--word"), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "needs a value: TEXT"));
	err_clear(&e);
	ck_assert_int_eq(PARSE("-n"), -1);
}
END_TEST

START_TEST(counts_are_decimal_and_above_zero)
{
	static char *const bad[] = { "0", "", "-1", "+1", "1x", "0x10", " 1", "18446744073709551615",
		"18446744073709551616" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err_clear(&e);
		ck_assert_int_eq(PARSE("--number", bad[i]), -1);
		ck_assert_int_eq(e.code, ERR_FAIL);
	}
	err_clear(&e);
	ck_assert_int_eq(PARSE("--number", "18446744073709551614"), 0);
	ck_assert_uint_eq(args.count, UINT64_MAX - 1);
}
END_TEST

START_TEST(numbers_may_be_0_and_never_what_says_none)
{
	static char *const bad[] = { "", "-1", "1x", "18446744073709551615", "18446744073709551616" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		args.count = OPT_NUMBER_NONE;
		err_clear(&e);
		ck_assert_int_eq(PARSE("--from", bad[i]), -1);
		ck_assert_uint_eq(args.count, OPT_NUMBER_NONE);
	}
	ck_assert_ptr_nonnull(strstr(e.text, "the number is too large"));
	err_clear(&e);
	ck_assert_int_eq(PARSE("--from", "0"), 0);
	ck_assert_uint_eq(args.count, 0);
}
END_TEST

START_TEST(a_name_with_one_dash_gets_the_other)
{
	ck_assert_int_eq(PARSE("-list=x"), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "did you mean --list?"));
	err_clear(&e);
	ck_assert_int_eq(PARSE("-lisp"), -1);
	ck_assert_ptr_null(strstr(e.text, "mean"));
}
END_TEST

START_TEST(unknown_letters_are_refused)
{
	ck_assert_int_eq(PARSE("-fx"), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "-x"));
}
END_TEST

START_TEST(hidden_rows_are_in_no_list)
{
	struct buf text = { 0 };

	opt_help(table, &text);
	opt_list(table, &text);
	buf_byte(&text, '\0');
	ck_assert_ptr_null(strstr(text.p, "other"));
	ck_assert_ptr_nonnull(strstr(text.p, "\nGroup:\n  -f, --flag"));
	ck_assert_ptr_nonnull(strstr(text.p, "--list\t-\tfield\tsome words\n"));
	buf_fini(&text);
}
END_TEST

static Suite *
opt_suite(void)
{
	Suite *s = suite_create("opt");
	TCase *c = tcase_create("opt");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, values_follow_or_are_joined);
	tcase_add_test(c, the_last_of_repeated_strings_wins);
	tcase_add_test(c, letters_are_joined);
	tcase_add_test(c, a_value_may_begin_with_a_dash);
	tcase_add_test(c, operands_mix_with_options_and_a_double_dash_ends_them);
	tcase_add_test(c, a_typing_error_gets_the_nearest_name);
	tcase_add_test(c, names_are_not_abbreviated);
	tcase_add_test(c, a_flag_takes_no_value);
	tcase_add_test(c, a_missing_value_is_told);
	tcase_add_test(c, counts_are_decimal_and_above_zero);
	tcase_add_test(c, numbers_may_be_0_and_never_what_says_none);
	tcase_add_test(c, a_name_with_one_dash_gets_the_other);
	tcase_add_test(c, unknown_letters_are_refused);
	tcase_add_test(c, hidden_rows_are_in_no_list);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(opt_suite)
