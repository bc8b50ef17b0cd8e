/* Which pager is chosen, and what it may know. */
#include "cli/pager.h"
#include "unit.h"

static struct str_list words, env;

static void
teardown(void)
{
	str_list_fini(&words);
	str_list_fini(&env);
}

/* The chosen words joined by |, "" when there is no pager. */
static const char *
chosen(char *const *from, bool elevated)
{
	static char text[256];

	teardown();
	text[0] = '\0';
	if (!pager_choose(from, elevated, &words, &env))
		return text;
	for (size_t i = 0; i < words.n; i++) {
		strncat(text, i > 0 ? "|" : "", sizeof(text) - strlen(text) - 1);
		strncat(text, words.item[i], sizeof(text) - strlen(text) - 1);
	}
	return text;
}

#define CHOSEN(elevated, ...) chosen((char *[]){ __VA_ARGS__, NULL }, elevated)

static bool
has(const char *variable)
{
	for (size_t i = 0; i < env.n; i++)
		if (strcmp(env.item[i], variable) == 0)
			return true;
	return false;
}

/* Is there any variable of this name? */
static bool
named(const char *name)
{
	for (size_t i = 0; i < env.n; i++)
		if (strncmp(env.item[i], name, strlen(name)) == 0 && env.item[i][strlen(name)] == '=')
			return true;
	return false;
}

START_TEST(less_is_the_pager_when_nothing_is_said)
{
	ck_assert_str_eq(CHOSEN(false, "TERM=xterm"), "less");
	ck_assert(has("LESS=FRX"));
	ck_assert(has("LESSCHARSET=utf-8"));
	ck_assert(has("TERM=xterm"));
}
END_TEST

START_TEST(own_variable_comes_before_the_common_one)
{
	ck_assert_str_eq(CHOSEN(false, "TERM=xterm", "PAGER=more"), "more");
	ck_assert_str_eq(CHOSEN(false, "TERM=xterm", "PAGER=more", "AUDIT_PAGER=most"), "most");
	ck_assert_str_eq(CHOSEN(false, "TERM=xterm", "PAGERS=more"), "less");
}
END_TEST

START_TEST(value_is_split_at_blanks_and_no_shell_sees_it)
{
	ck_assert_str_eq(CHOSEN(false, "TERM=xterm", "PAGER=  less -S\t+F "), "less|-S|+F");
	ck_assert_str_eq(CHOSEN(false, "TERM=xterm", "PAGER=less;touch $(x)"), "less;touch|$(x)");
}
END_TEST

START_TEST(empty_value_and_cat_and_dumb_terminals_mean_none)
{
	ck_assert_str_eq(CHOSEN(false, "TERM=xterm", "PAGER="), "");
	ck_assert_str_eq(CHOSEN(false, "TERM=xterm", "PAGER=  "), "");
	ck_assert_str_eq(CHOSEN(false, "TERM=xterm", "PAGER=more", "AUDIT_PAGER=cat"), "");
	ck_assert_str_eq(CHOSEN(true, "TERM=xterm", "PAGER=cat"), "");
	ck_assert_str_eq(CHOSEN(false, "TERM=dumb"), "");
	ck_assert_str_eq(CHOSEN(false, "HOME=/"), "");
	ck_assert_str_eq(CHOSEN(true, "TERM=dumb"), "");
}
END_TEST

START_TEST(settings_of_less_are_kept)
{
	ck_assert_str_eq(CHOSEN(false, "TERM=xterm", "LESS=-i", "LESSCHARSET=latin1", "LESSOPEN=|x %s"), "less");
	ck_assert(has("LESS=-i"));
	ck_assert(!has("LESS=FRX"));
	ck_assert(has("LESSCHARSET=latin1"));
	ck_assert(has("LESSOPEN=|x %s"));
}
END_TEST

START_TEST(with_the_rights_of_another_only_secure_less_will_do)
{
	ck_assert_str_eq(CHOSEN(true, "TERM=xterm", "PAGER=/tmp/evil", "AUDIT_PAGER=sh -c id"), "/usr/bin/less");
	ck_assert(has("LESSSECURE=1"));
	ck_assert(has("LESS=FRX"));
	ck_assert(has("PATH=/usr/bin:/bin"));
}
END_TEST

START_TEST(with_the_rights_of_another_the_environment_says_nothing)
{
	static const char *const gone[] = { "LESSOPEN", "LESSCLOSE", "LESSKEY", "LESSKEYIN", "LESSEDIT", "VISUAL",
		"EDITOR", "SHELL", "TERMINFO", "TERMCAP", "LD_PRELOAD", "HOME", "LESS_TERMCAP_so", "LC_MESSAGES" };
	size_t less = 0;

	CHOSEN(true, "TERM=xterm", "LESS=-k/tmp/keys", "LESSOPEN=|id", "LESSCLOSE=id", "LESSKEY=/tmp/k",
	    "LESSKEYIN=/tmp/k", "LESSEDIT=x", "VISUAL=x", "EDITOR=x", "SHELL=/tmp/x", "TERMINFO=/tmp", "TERMCAP=x",
	    "LD_PRELOAD=/tmp/x.so", "HOME=/tmp", "LESS_TERMCAP_so=x", "LESSSECURE=0", "LESSCHARSET=latin1",
	    "PATH=/tmp", "LC_MESSAGES=x", "LANG=C.UTF-8", "LC_ALL=/tmp/locale");
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		ck_assert_msg(!named(gone[i]), "%s", gone[i]);
	for (size_t i = 0; i < env.n; i++)
		less += strncmp(env.item[i], "LESS=", 5) == 0;
	ck_assert_uint_eq(less, 1);
	ck_assert(!has("LESSSECURE=0"));
	ck_assert(!has("PATH=/tmp"));
	ck_assert(has("LESSCHARSET=utf-8"));
	ck_assert(has("LANG=C.UTF-8"));
	ck_assert(!named("LC_ALL"));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("cli_pager");
	TCase *t = tcase_create("choice");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, less_is_the_pager_when_nothing_is_said);
	tcase_add_test(t, own_variable_comes_before_the_common_one);
	tcase_add_test(t, value_is_split_at_blanks_and_no_shell_sees_it);
	tcase_add_test(t, empty_value_and_cat_and_dumb_terminals_mean_none);
	tcase_add_test(t, settings_of_less_are_kept);
	tcase_add_test(t, with_the_rights_of_another_only_secure_less_will_do);
	tcase_add_test(t, with_the_rights_of_another_the_environment_says_nothing);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
