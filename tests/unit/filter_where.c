/* Unit tests of the --where grammar: what is read, and what is refused where. */
#include "filter/where.h"
#include "unit.h"

#define NOW INT64_C(1776945600000000) /* 2026-04-23T12:00:00Z */

/* The canonical text of an expression, in `out`; NULL when it is refused. */
static const char *
canonical(struct str text, struct buf *out, struct err *e)
{
	struct filter *f = filter_new();
	struct filter_node *n = filter_where(f, text, NOW, e);

	buf_reset(out);
	if (n != NULL) {
		filter_finish(f, n);
		filter_format(out, f);
		buf_byte(out, '\0');
	}
	filter_free(f);
	return n != NULL ? out->p : NULL;
}

static void
means(const char *text, const char *expected)
{
	struct err e = ERR_NONE;
	struct buf out = { 0 };
	const char *got = canonical(str_of(text), &out, &e);

	ck_assert_msg(got != NULL, "%s: %s", text, e.text);
	ck_assert_str_eq(got, expected);
	buf_fini(&out);
}

static void
refused(const char *text, const char *expected)
{
	struct err e = ERR_NONE;
	struct buf out = { 0 };

	ck_assert_msg(canonical(str_of(text), &out, &e) == NULL, "%s: read", text);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_str_eq(e.text, expected);
	buf_fini(&out);
}

START_TEST(and_binds_tighter_than_or_and_not_tightest)
{
	means("share=a or share=b and tenant=c", "(tenant = c and share = b) or share = a");
	means("(share=a or share=b) and tenant=c", "tenant = c and (share = a or share = b)");
	means("not share=a and tenant=c", "tenant = c and share != a");
	means("not (share=a and tenant=c)", "not (tenant = c and share = a)");
	means("not not share=a", "share = a");
	means("((share = a))", "share = a");
}
END_TEST

START_TEST(words_may_be_in_any_case_and_signs_those_of_c)
{
	means("NOT share=a And tenant=b oR has device", "(tenant = b and share != a) or has device");
	means("!share==a&&tenant=b||!(has device)", "(tenant = b and share != a) or not has device");
	means("share=~ ^a$", "share ~ \"^a$\"");
	means("share=a\n\tand\r\n tenant=b", "tenant = b and share = a");
}
END_TEST

START_TEST(constants_are_one_tree_each)
{
	means("true", "true");
	means("not TRUE", "not true");
	means("false", "not true");
	means("not false", "true");
	means("true and share=a", "share = a");
	means("not (true and true) or share=a", "share = a");
}
END_TEST

START_TEST(values_are_bare_or_in_either_quotes)
{
	means("share = prod/db-1.x:y@z+%", "share = prod/db-1.x:y@z+%");
	means("share = zoë", "share = \"zoë\"");
	means("share = \"a b\"", "share = \"a b\"");
	means("share = 'a \"b\"'", "share = \"a \\\"b\\\"\"");
	means("share = 'it''s'", "share = \"it's\"");
	means("share = 'it\\'s'", "share = \"it's\"");
	means("share = \"a\"\"b\"", "share = \"a\\\"b\"");
	means("share = \"\"", "share = \"\"");
	means("share = \"and\"", "share = \"and\"");
	means("share = true", "share = true");
	means("share = \"a,b\"", "share = \"a,b\"");
	means("share = a\\,b", "share = \"a,b\"");
}
END_TEST

START_TEST(wildcards_and_backslashes_are_those_of_operands)
{
	means("share = a*", "share = a*");
	means("share = \"a*\"", "share = a*");
	means("share = a\\*", "share = a\\*");
	means("share = C:\\Users", "share = C:\\\\Users");
	means("share = \"C:\\Users\\\\\"", "share = C:\\\\Users\\\\");
	means("share = *", "has share");
	means("share != *", "not has share");
}
END_TEST

START_TEST(lists_have_parentheses_a_single_value_may_do_without)
{
	means("share in (b, a,\"c d\" )", "share in (a, b, \"c d\")");
	means("share in a", "share = a");
	means("share not in (a, b)", "not share in (a, b)");
	means("not share in (a)", "share != a");
	means("share in (\"\", a)", "share in (\"\", a)");
	means("ip in 10.1.2.3/8", "ip in 10.0.0.0/8");
	means("ip not in 10.0.0.1-10.0.0.9", "not ip in 10.0.0.1-10.0.0.9");
	means("ip in (10.0.0.0/9, 10.128.0.0/9, ::1)", "ip in (10.0.0.0/9, 10.128.0.0/9, ::1)");
}
END_TEST

START_TEST(groups_stand_for_their_fields)
{
	means("actor = Alice", "actor_id = Alice or actor_name = Alice or actor_email = alice");
	means("actor != a", "not (actor_id = a or actor_name = a or actor_email = a)");
	means("target ~ ^a and share = s",
	    "(target_id ~ \"^a\" or target_name ~ \"^a\" or target_path ~ \"^a\") and share = s");
	means("has target", "has target_id or has target_name or has target_path");
}
END_TEST

START_TEST(paths_lead_into_the_payload)
{
	means("context.rotation_reason=manual", "context.rotation_reason = manual");
	means("changes.after.role != admin", "changes.after.role != admin");
	means("context.\"a.b\".c in (1, 2)", "context.\"a.b\".c in (1, 2)");
	means("not has context.vpn", "not has context.vpn");
	means("context.n<=5", "context.n <= 5");
}
END_TEST

START_TEST(text_and_line_are_the_options_of_that_kind)
{
	means("text = foo", "text = foo");
	means("text != \"foo bar\"", "text != \"foo bar\"");
	means("not text = \"50% *off* \\\\ \\\" ?\"", "text != \"50% *off* \\\\ \\\" ?\"");
	means("text in (a, b)", "text = a or text = b");
	means("line ~ \"a+ b\"", "line ~ \"a+ b\"");
	means("line !~ x", "line !~ \"x\"");
}
END_TEST

START_TEST(regular_expressions_are_verbatim_but_for_their_quotes)
{
	means("action ~ ^(GET|PUT)$", "action ~ \"^(GET|PUT)$\"");
	means("(action ~ ^(a|b)$)", "action ~ \"^(a|b)$\"");
	means("action ~ \\d{1,3}\\s", "action ~ \"\\d{1,3}\\s\"");
	means("action ~ in(ner)?", "action ~ \"in(ner)?\"");
	means("action ~ \\(x", "action ~ \"\\(x\"");
	means("action ~ \"C:\\\\\" and share=s", "action ~ \"C:\\\\\" and share = s");
	means("action ~ \"say \\\"x\\\"\"", "action ~ \"say \\\"x\\\"\"");
	means("action ~ \"say \"\"x\"\"\"", "action ~ \"say \"\"x\"\"\"");
	means("action ~ 'say \"x\"'", "action ~ \"say \"\"x\"\"\"");
	means("action ~ \\Qa\\", "action ~ \"\\Qa\\\\E\"");
	means("action !~ x", "action !~ \"x\"");
}
END_TEST

START_TEST(times_are_all_that_people_type)
{
	means("time >= -1h", "time >= 2026-04-23T11:00:00.000000Z");
	means("time < 3 days ago and share=s", "time < 2026-04-20T12:00:00.000000Z and share = s");
	means("time < \"3 days ago\"", "time < 2026-04-20T12:00:00.000000Z");
	means("time >= 2026-04-22 14:30", "time >= 2026-04-22T14:30:00.000000Z");
	means("ingested = 2026-04-22T14:30:05.5+02:00", "ingested = 2026-04-22T12:30:05.500000Z");
	means("time != @1776945600", "time != 2026-04-23T12:00:00.000000Z");
	means("time = *", "has time");
}
END_TEST

START_TEST(a_day_month_or_year_is_a_span)
{
	means("time < 2026-04", "time < 2026-04-01T00:00:00.000000Z");
	means("time <= 2026-04", "time < 2026-05-01T00:00:00.000000Z");
	means("time > 2026-04", "time >= 2026-05-01T00:00:00.000000Z");
	means("time >= 2026-04", "time >= 2026-04-01T00:00:00.000000Z");
	means("time in 2026-04-22", "time >= 2026-04-22T00:00:00.000000Z and time < 2026-04-23T00:00:00.000000Z");
	means("time != yesterday",
	    "not (time >= 2026-04-22T00:00:00.000000Z and time < 2026-04-23T00:00:00.000000Z)");
	means("time <= 9999", "time <= 9999-12-31T23:59:59.999999Z");
	means("time > 9999", "time > 9999-12-31T23:59:59.999999Z");
}
END_TEST

START_TEST(bounds_of_one_clock_are_one_window)
{
	means("time < 2026-03 and share=s and time >= 2026-01 and time < 2027",
	    "time >= 2026-01-01T00:00:00.000000Z and time < 2026-03-01T00:00:00.000000Z and share = s");
	means("severity <= error and severity > info", "severity >= warning and severity <= error");
	means("severity <= error and severity >= error", "severity = error");
	means("time >= 2027 and time < 2026",
	    "time < 2026-01-01T00:00:00.000000Z and time >= 2027-01-01T00:00:00.000000Z");
}
END_TEST

START_TEST(severities_have_an_order)
{
	means("severity >= WARN", "severity >= warning");
	means("severity < error", "severity <= warning");
	means("severity > critical", "not true");
	means("severity in (error, warn)", "severity in (error, warning)");
}
END_TEST

START_TEST(errors_tell_the_column_and_what_was_expected)
{
	refused("", "column 1: expected a test such as FIELD = VALUE, 'not' or '(', found the end");
	refused("share=a   and", "column 14: expected a test such as FIELD = VALUE, 'not' or '(', found the end");
	refused("share=a or and b", "column 12: expected a test such as FIELD = VALUE, 'not' or '(', found 'and'");
	refused("share = and", "column 9: expected a value after '=', found 'and'");
	refused("share =", "column 8: expected a value after '=', found the end");
	refused("share ~ or", "column 9: expected a regular expression after '~', found 'or'");
	refused("share",
	    "column 6: expected =, !=, <, <=, >, >=, ~, !~, in, like, within or not in, found the end");
	refused("share a", "column 7: expected =, !=, <, <=, >, >=, ~, !~, in, like, within or not in, found 'a'");
	refused("share not = a", "column 11: expected 'in', 'like' or 'within' after 'not', found '='");
	refused("share like", "column 11: expected a value after 'like', found the end");
	refused("any", "column 4: expected a list after 'any', found the end");
	refused("any context.a b", "column 15: expected '(' after the list, found 'b'");
	refused("any context.a (b=c", "column 19: expected 'and', 'or' or ')', found the end");
	refused("share = field(", "column 15: expected a field after 'field(', found the end");
	refused("share = field(tenant", "column 21: expected ')', found the end");
	refused("share in (a, b", "column 15: expected ',' or ')', found the end");
	refused("share in ()", "column 11: expected a value after '(', found ')'");
	refused("share in (a,)", "column 13: expected a value after ',', found ')'");
	refused("(share=a", "column 9: expected 'and', 'or' or ')', found the end");
	refused("share=a)", "column 8: expected 'and', 'or' or the end, found ')'");
	refused("has", "column 4: expected a field after 'has', found the end");
	refused("has line", "column 5: expected a field after 'has', found 'line'");
	refused("share = John Smith", "column 14: expected 'and', 'or' or the end "
	    "(a value that is no single word goes in quotes), found 'Smith'");
	refused("share = O'Brien", "column 10: expected 'and', 'or' or the end "
	    "(a value that is no single word goes in quotes), found '''");
}
END_TEST

START_TEST(like_is_equal_without_case)
{
	means("share like A*", "share like a*");
	means("share like (B, a, \"C d\")", "share like (a, b, \"c d\")");
	means("not share like a", "not share like a");
	means("share not like (a)", "not share like a");
	means("not share not like a", "share like a");
	means("share like *", "has share");
	means("share like \"\"", "share like \"\"");
	means("context.A like X", "context.A like x");
	means("actor like A", "actor_id like a or actor_name like a or actor_email = a");
	means("host like WEB", "host = web");
	means("ip like 10.0.0.1", "ip like \"10.0.0.1\"");
	means("ip like 10.*", "ip like 10.*");
	means("outcome like (Denied, FAILURE)", "outcome = failure");
	means("severity like nothing", "not true");
	means("share = like", "share = like");
}
END_TEST

START_TEST(within_takes_networks_at_any_place)
{
	means("context.src within 10.1.2.3/8", "context.src within 10.0.0.0/8");
	means("context.src not within (::1, 10.0.0.0/8)", "not context.src within (10.0.0.0/8, ::1)");
	means("ip within 10.0.0.0/8", "ip in 10.0.0.0/8");
	means("actor_name within 10.0.0.1-10.0.0.9", "actor_name within 10.0.0.1-10.0.0.9");
}
END_TEST

START_TEST(a_field_is_compared_with_another)
{
	means("share = field(tenant)", "share = field(tenant)");
	means("share == FIELD ( context.\"a b\" )", "share = field(context.\"a b\")");
	means("share != field(tenant)", "not share = field(tenant)");
	means("share not like field(tenant)", "not share like field(tenant)");
	means("share = field", "share = field");
}
END_TEST

START_TEST(elements_of_a_list_are_asked_each_by_itself)
{
	means("any context.records (type=EXECVE and a0=cp)", "any context.records (a0 = cp and type = EXECVE)");
	means("not any changes ( has field or x.y like B )", "not any changes (has field or x.y like b)");
	means("ANY context.a (not (b=c))", "any context.a (b != c)");
	means("any context.a (b in (1, 2) and share=s)", "any context.a (b in (1, 2) and share = s)");
	means("any context.a (actor=b and line=c)", "any context.a (actor = b and line = c)");
	means("any context.a (text=b or \"text\"=c)", "any context.a (\"text\" = c or text = b)");
	means("any context.a (\"not\" = b and \"TRUE\".c = d)", "any context.a (\"TRUE\".c = d and \"not\" = b)");
	means("any context.a (b = field(c.d))", "any context.a (b = field(c.d))");
	means("any context.a (true)", "any context.a (true)");
	means("any context.a (b=c) and share=s", "share = s and any context.a (b = c)");
}
END_TEST

START_TEST(columns_are_counted_in_characters)
{
	refused("share = \"é鍵\" tenant", "column 14: expected 'and', 'or' or the end "
	    "(a value that is no single word goes in quotes), found 'tenant'");
}
END_TEST

START_TEST(what_a_test_does_not_know_is_told_at_its_place)
{
	refused("share=a and acton=b", "column 13: no field is called 'acton'; did you mean action?");
	refused("line = x", "column 6: line takes ~ and !~");
	refused("time like x", "column 6: a time takes =, in, < and the like");
	refused("time = field(ingested)", "column 8: a time is compared with no other field");
	refused("share = field(actor)", "column 15: expected one field after 'field(', found 'actor'");
	refused("context.a within b",
	    "column 18: 'b' is no address, network (10.0.0.0/8) or range (10.0.0.1-10.0.0.9)");
	refused("context within ::1", "column 16: context has no addresses; name a place inside it");
	refused("any share (a=b)", "column 1: any takes a list in context or changes");
	refused("any context.a (any b (c=d))", "column 16: 'any' within 'any'");
	refused("any context.a (a..b = c)", "column 16: a part of the path is empty");
	refused("text ~ x", "column 6: text takes =, != and in; regular expressions are asked of line or a field");
	refused("actor < b", "column 7: actor stands for several fields: no order is known between them");
	refused("share = \"abc",
	    "column 9: the quotes that open here are not closed (a quote behind a backslash is literal)");
	refused("time >= tomorow",
	    "column 9: \"tomorow\" is no time such as 2026-04-22, \"2026-04-22 14:30\", -7d or yesterday");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused)
{
	struct err e = ERR_NONE;
	struct buf out = { 0 };

	refused("share = \xff", "column 9: not UTF-8");
	ck_assert_ptr_null(canonical((struct str){ "share = a\0b", 11 }, &out, &e));
	ck_assert_str_eq(e.text, "column 10: a NUL byte");
	buf_fini(&out);
}
END_TEST

/* The text in so many parentheses. */
static struct str
nested(struct buf *text, size_t depth, const char *inside)
{
	buf_reset(text);
	for (size_t i = 0; i < depth; i++)
		buf_byte(text, '(');
	buf_str(text, str_of(inside));
	for (size_t i = 0; i < depth; i++)
		buf_byte(text, ')');
	return buf_view(text);
}

START_TEST(parentheses_have_a_limit_and_so_has_the_whole)
{
	struct err e = ERR_NONE;
	struct buf text = { 0 }, out = { 0 };

	ck_assert_ptr_nonnull(canonical(nested(&text, WHERE_DEPTH_MAX, "share=a"), &out, &e));
	ck_assert_ptr_nonnull(canonical(nested(&text, WHERE_DEPTH_MAX - 1, "actor=a"), &out, &e));
	ck_assert_ptr_null(canonical(nested(&text, WHERE_DEPTH_MAX, "actor=a"), &out, &e));
	err_clear(&e);
	ck_assert_ptr_null(canonical(nested(&text, WHERE_DEPTH_MAX + 1, "share=a"), &out, &e));
	ck_assert_str_eq(e.text, "column 202: more than 200 parentheses inside each other");
	err_clear(&e);
	ck_assert_ptr_null(canonical(nested(&text, 400000, ""), &out, &e));
	err_clear(&e);
	ck_assert_ptr_null(canonical(nested(&text, WHERE_MAX / 2, "x"), &out, &e));
	ck_assert_str_eq(e.text, "an expression of 1048577 bytes is longer than 1048576");
	buf_fini(&text);
	buf_fini(&out);
}
END_TEST

START_TEST(negations_need_no_depth)
{
	struct err e = ERR_NONE;
	struct buf text = { 0 }, out = { 0 };

	for (size_t i = 0; i < 100001; i++)
		buf_str(&text, i % 2 ? STR("not ") : STR("! "));
	buf_str(&text, STR("share=a"));
	ck_assert_str_eq(canonical(buf_view(&text), &out, &e), "share != a");
	buf_fini(&text);
	buf_fini(&out);
}
END_TEST

static Suite *
where_suite(void)
{
	Suite *s = suite_create("filter where");
	TCase *c = tcase_create("grammar");

	tcase_add_test(c, and_binds_tighter_than_or_and_not_tightest);
	tcase_add_test(c, words_may_be_in_any_case_and_signs_those_of_c);
	tcase_add_test(c, constants_are_one_tree_each);
	tcase_add_test(c, values_are_bare_or_in_either_quotes);
	tcase_add_test(c, wildcards_and_backslashes_are_those_of_operands);
	tcase_add_test(c, like_is_equal_without_case);
	tcase_add_test(c, within_takes_networks_at_any_place);
	tcase_add_test(c, a_field_is_compared_with_another);
	tcase_add_test(c, elements_of_a_list_are_asked_each_by_itself);
	tcase_add_test(c, lists_have_parentheses_a_single_value_may_do_without);
	tcase_add_test(c, groups_stand_for_their_fields);
	tcase_add_test(c, paths_lead_into_the_payload);
	tcase_add_test(c, text_and_line_are_the_options_of_that_kind);
	tcase_add_test(c, regular_expressions_are_verbatim_but_for_their_quotes);
	tcase_add_test(c, times_are_all_that_people_type);
	tcase_add_test(c, a_day_month_or_year_is_a_span);
	tcase_add_test(c, bounds_of_one_clock_are_one_window);
	tcase_add_test(c, severities_have_an_order);
	tcase_add_test(c, errors_tell_the_column_and_what_was_expected);
	tcase_add_test(c, columns_are_counted_in_characters);
	tcase_add_test(c, what_a_test_does_not_know_is_told_at_its_place);
	tcase_add_test(c, bytes_that_are_no_text_are_refused);
	tcase_add_test(c, parentheses_have_a_limit_and_so_has_the_whole);
	tcase_add_test(c, negations_need_no_depth);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(where_suite)
