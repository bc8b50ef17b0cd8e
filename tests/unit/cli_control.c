/* control: what an auditor's control asks, from its file. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/control.h"
#include "filter/filter.h"

#define WHOLE "control: acme:7\nframework: f\ntitle: t\nrequirement: r\nselection: s\nwhere: action = login\n"

static void
refuses(const char *text, const char *why)
{
	struct control c = { 0 };
	struct err e = ERR_NONE;

	ck_assert_int_eq(control_parse(&c, "x.yaml", str_of(text), &e), -1);
	ck_assert_msg(strstr(e.text, why) != NULL, "%s", e.text);
	ck_assert_msg(strncmp(e.text, "x.yaml:", 7) == 0, "%s", e.text);
	control_fini(&c);
}

START_TEST(a_control_has_its_texts_and_usual_ones_for_the_rest)
{
	struct control c = { 0 };
	struct err e = ERR_NONE;

	ck_assert_msg(control_parse(&c, "x.yaml", STR(WHOLE "shows:\n  proof: own\n"), &e) == 0, "%s", e.text);
	ck_assert_str_eq(c.name, "acme:7");
	ck_assert_str_eq(c.where, "action = login");
	ck_assert_str_eq(c.shows[PART_PROOF], "own");
	for (int i = 0; i < PART_COUNT; i++)
		ck_assert(c.shows[i] != NULL && c.shows[i][0] != '\0');
	control_fini(&c);
}
END_TEST

START_TEST(what_is_wrong_is_told_with_its_line)
{
	refuses("", "control: is missing");
	refuses("control: a b\n", "x.yaml:1:");
	refuses(WHOLE "title: again\n", "x.yaml:7:");
	refuses(WHOLE "titel: t\n", "title");
	refuses(WHOLE "shows: {prof: x}\n", "proof");
	refuses(WHOLE "shows: {proof: ''}\n", "1 to 4096 bytes");
	refuses("control: a\nframework: f\ntitle: t\nrequirement: r\nselection: s\nwhere: 'action ='\n", "x.yaml:6:");
	refuses("control: a\nframework: f\ntitle: t\nrequirement: r\nselection: s\nwhere: time > 2026\n",
	    "the time is not part of a control");
}
END_TEST

START_TEST(a_text_has_a_limit)
{
	struct control c = { 0 };
	struct err e = ERR_NONE;
	char *long_text = mem_zero(1, CONTROL_TEXT_MAX + 2);
	struct buf text = { 0 };

	memset(long_text, 'x', CONTROL_TEXT_MAX);
	buf_printf(&text, WHOLE "shows: {key: %s}\n", long_text);
	ck_assert_msg(control_parse(&c, "x.yaml", buf_view(&text), &e) == 0, "%s", e.text);
	control_fini(&c);
	long_text[CONTROL_TEXT_MAX] = 'x';
	buf_reset(&text);
	buf_printf(&text, WHOLE "shows: {key: %s}\n", long_text);
	buf_byte(&text, '\0');
	refuses(text.p, "1 to 4096 bytes");
	buf_fini(&text);
	free(long_text);
}
END_TEST

/* Each is called what its file is called, and selects by category or the like
 * without saying when. */
START_TEST(the_controls_that_are_shipped_are_read)
{
	struct str_list names = { 0 };
	struct err e = ERR_NONE;
	char folder[4096];

	snprintf(folder, sizeof(folder), "%s/controls", getenv("top_srcdir") ? getenv("top_srcdir") : ".");
	setenv("AUDIT_CONTROLS", folder, 1);
	ck_assert_msg(control_names(&names, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(names.n, 4);
	for (size_t i = 0; i < names.n; i++) {
		struct control c = { 0 };

		ck_assert_msg(control_read(&c, names.item[i], &e) == 0, "%s", e.text);
		ck_assert_str_eq(c.name, names.item[i]);
		control_fini(&c);
	}
	str_list_fini(&names);
}
END_TEST

static Suite *
control_suite(void)
{
	Suite *s = suite_create("cli/control");
	TCase *tc = tcase_create("control");

	tcase_add_test(tc, a_control_has_its_texts_and_usual_ones_for_the_rest);
	tcase_add_test(tc, what_is_wrong_is_told_with_its_line);
	tcase_add_test(tc, a_text_has_a_limit);
	tcase_add_test(tc, the_controls_that_are_shipped_are_read);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(control_suite)
