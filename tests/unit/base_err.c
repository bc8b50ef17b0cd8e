/* err: one line, the first text, the worst code. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

START_TEST(set_fills_the_text_and_returns_minus_one)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(err_set(&e, ERR_REFUSED, "%s is %d", "x", 5), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
	ck_assert_str_eq(e.text, "x is 5");
}
END_TEST

START_TEST(a_second_error_changes_only_the_code_and_only_to_a_worse_one)
{
	/* From mild to bad. */
	static const enum err_code order[] = { ERR_INCOMPLETE, ERR_BUSY, ERR_FULL, ERR_FAIL,
		ERR_REFUSED, ERR_INTEGRITY };

	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < 6; j++) {
			struct err e = ERR_NONE;

			err_set(&e, order[i], "first");
			err_set(&e, order[j], "second");
			ck_assert_int_eq(e.code, order[i > j ? i : j]);
			ck_assert_str_eq(e.text, "first");
		}
}
END_TEST

START_TEST(errno_is_spelled_out_and_kept)
{
	struct err e = ERR_NONE;

	errno = ENOSPC;
	ck_assert_int_eq(err_errno(&e, "%s: writing", "a.gz"), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_str_eq(e.text, "a.gz: writing: No space left on device");
}
END_TEST

START_TEST(a_long_name_does_not_push_the_reason_out)
{
	struct err e = ERR_NONE;
	char name[4096];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	errno = ENOENT;
	err_errno(&e, "%s", name);
	ck_assert_ptr_nonnull(strstr(e.text, "n: No such file or directory"));

	err_doing(&e, "%s", name);
	ck_assert_ptr_nonnull(strstr(e.text, "n: No such file or directory"));
	ck_assert_uint_lt(strlen(e.text), sizeof(e.text));
}
END_TEST

START_TEST(doing_is_put_in_front)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(err_doing(&e, "opening %s", "x"), -1);
	ck_assert_str_eq(e.text, "");
	err_set(&e, ERR_BUSY, "locked");
	err_doing(&e, "opening %s", "x");
	ck_assert_str_eq(e.text, "opening x: locked");
	ck_assert_int_eq(e.code, ERR_BUSY);
	err_clear(&e);
	ck_assert_int_eq(e.code, ERR_OK);
	ck_assert_str_eq(e.text, "");
}
END_TEST

START_TEST(a_full_disk_ends_a_program_as_any_failure_does)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(err_status(&e), 0);
	err_set(&e, ERR_BUSY, "busy");
	ck_assert_int_eq(err_status(&e), 75);
	err_set(&e, ERR_FULL, "full");
	ck_assert_int_eq(e.code, ERR_FULL);
	ck_assert_int_eq(err_status(&e), 2);
}
END_TEST

static Suite *
err_suite(void)
{
	Suite *s = suite_create("base/err");
	TCase *t = tcase_create("err");

	tcase_add_test(t, set_fills_the_text_and_returns_minus_one);
	tcase_add_test(t, a_second_error_changes_only_the_code_and_only_to_a_worse_one);
	tcase_add_test(t, errno_is_spelled_out_and_kept);
	tcase_add_test(t, a_long_name_does_not_push_the_reason_out);
	tcase_add_test(t, doing_is_put_in_front);
	tcase_add_test(t, a_full_disk_ends_a_program_as_any_failure_does);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(err_suite)
