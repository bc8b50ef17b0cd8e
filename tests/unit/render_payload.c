/* Unit tests of changes and context as detail shows them. */
#include "rendered.h"

/* What stands behind "Changes", its first line's indentation included. */
static void
shows(const char *changes, unsigned width, const char *expected)
{
	static const struct selector field = SELECTOR(CHANGES, "changes");
	struct render_options o = { .format = "detail", .width = width, .fields = &field, .n_fields = 1 };
	struct buf line = { 0 }, b;

	buf_printf(&line, "{\"time\":\"2026-04-23T11:00:00Z\",\"action\":\"x\",\"changes\":%s}\n", changes);
	b = rendered(&o, NULL, line.p, line.len);
	buf_byte(&b, '\0');
	ck_assert_uint_gt(b.len, 24);
	ck_assert_str_eq(b.p + 24, expected);
	buf_fini(&line);
	buf_fini(&b);
}

#define IN "                        "

START_TEST(three_shapes_of_changes_stand_side_by_side)
{
	static const char sides[] = "      BEFORE  AFTER\n" IN "role  user    admin\n";

	shows("{\"before\":{\"role\":\"user\"},\"after\":{\"role\":\"admin\"}}", 80, sides);
	shows("{\"new\":{\"role\":\"admin\"},\"old\":{\"role\":\"user\"}}", 0, sides);
	shows("{\"role\":{\"before\":\"user\",\"after\":\"admin\"}}", 80, sides);
	shows("{\"role\":[\"user\",\"admin\"]}", 80, sides);
}
END_TEST

START_TEST(what_is_on_one_side_only_is_absent_on_the_other)
{
	shows("{\"after\":{\"a\":1}}", 80, "   BEFORE  AFTER\n" IN "a  -       1\n");
	shows("{\"before\":null,\"after\":{\"a\":1}}", 80, "   BEFORE  AFTER\n" IN "a  -       1\n");
	shows("{\"a\":{\"old\":\"-\"}}", 80, "   BEFORE  AFTER\n" IN "a  \"-\"     -\n");
	shows("{\"before\":\"x\",\"after\":true}", 80, "BEFORE  AFTER\n" IN "x       true\n");
}
END_TEST

START_TEST(text_is_told_from_other_values)
{
	shows("{\"a\":[\"1\",1],\"b\":[\"null\",null],\"c\":[\"\",\"30d\"]}", 80,
	    "   BEFORE  AFTER\n" IN "a  \"1\"     1\n" IN "b  \"null\"  null\n" IN "c  \"\"      30d\n");
}
END_TEST

START_TEST(other_shapes_are_indented_json)
{
	shows("{\"a\":[1,2,3]}", 80, "{\n" IN "  \"a\": [1, 2, 3]\n" IN "}\n");
	shows("{}", 80, "{}\n");
	shows("[]", 80, "[]\n");
	shows("\"free\"", 80, "\"free\"\n");
	shows("{\"before\":{},\"after\":{},\"by\":1}", 80,
	    "{\n" IN "  \"before\": {},\n" IN "  \"after\": {},\n" IN "  \"by\": 1\n" IN "}\n");
	shows("{\"a\":[1,2]}", 40, "{\n" IN "  \"a\": [1, 2]\n" IN "}\n");
}
END_TEST

START_TEST(long_cells_have_several_lines)
{
	shows("{\"text\":[\"one two three four five six seven\",\"eight\"]}", 60,
	    "      BEFORE                   AFTER\n"
	    IN "text  one two three four five  eight\n"
	    IN "      six seven\n");
}
END_TEST

START_TEST(very_many_changes_are_shown_as_json)
{
	struct buf changes = { 0 }, line = { 0 }, b;
	struct render_options o = { .format = "detail", .width = 100 };

	for (int i = 0; i < 20000; i++)
		buf_printf(&changes, "%s\"k%d\":%d", i > 0 ? "," : "", i, i);
	buf_printf(&line, "{\"time\":\"2026-04-23T11:00:00Z\",\"action\":\"x\",\"changes\":{\"before\":{%.*s},\"after\":{%.*s}}}\n",
	    (int)changes.len, changes.p, (int)changes.len, changes.p);
	b = rendered(&o, NULL, line.p, line.len);
	buf_byte(&b, '\0');
	ck_assert(strstr(b.p, "\"k19999\": 19999\n") != NULL);
	buf_fini(&changes);
	buf_fini(&line);
	buf_fini(&b);
}
END_TEST

static Suite *
payload_suite(void)
{
	Suite *s = suite_create("render payload");
	TCase *c = tcase_create("changes");

	tcase_add_test(c, three_shapes_of_changes_stand_side_by_side);
	tcase_add_test(c, what_is_on_one_side_only_is_absent_on_the_other);
	tcase_add_test(c, text_is_told_from_other_values);
	tcase_add_test(c, other_shapes_are_indented_json);
	tcase_add_test(c, long_cells_have_several_lines);
	tcase_add_test(c, very_many_changes_are_shown_as_json);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(payload_suite)
