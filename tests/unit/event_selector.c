/* Unit tests of selectors: names of fields, paths into the payload. */
#include <stdio.h>

#include "event/selector.h"
#include "unit.h"

static struct arena arena;
static struct selector_scratch scratch;

static void
fresh(void)
{
	arena = (struct arena){ 0 };
	scratch = (struct selector_scratch){ 0 };
}

static void
drop(void)
{
	arena_fini(&arena);
	selector_scratch_fini(&scratch);
}

static struct selector
parse(const char *text)
{
	struct err e = ERR_NONE;
	struct selector s;

	ck_assert_msg(selector_parse(&s, str_of(text), &arena, &e) == 0, "%s: %s", text, e.text);
	return s;
}

static void
refused(const char *text, const char *why)
{
	struct err e = ERR_NONE;
	struct selector s;

	ck_assert_msg(selector_parse(&s, str_of(text), &arena, &e) == -1, "%s", text);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_msg(strstr(e.text, why) != NULL, "%s: %s", text, e.text);
}

/* The texts at a path below context, joined by "|"; "" when there is none. */
static void
leads_to(const char *path, const char *json, const char *expected)
{
	struct selector s = parse(path);
	struct buf b = { 0 };

	selector_values(&s, str_of(json), &scratch, NULL);
	for (size_t i = 0; i < scratch.n; i++) {
		if (i > 0)
			buf_byte(&b, '|');
		buf_str(&b, scratch.value[i].text);
	}
	buf_byte(&b, '\0');
	ck_assert_msg(strcmp(b.p, expected) == 0, "%s in %s: '%s'", path, json, b.p);
	buf_fini(&b);
}

START_TEST(a_field_is_itself)
{
	struct selector s = parse("actor_id");

	ck_assert_int_eq(s.field, FIELD_ACTOR_ID);
	ck_assert_uint_eq(s.steps, 0);
	ck_assert_str_eq(s.text.p, "actor_id");
	s = selector_field(FIELD_CONTEXT);
	ck_assert(str_eq(s.text, STR("context")));
}
END_TEST

START_TEST(parts_are_bare_where_they_can_be)
{
	struct selector s = parse("context.\"a\".\"b.c\".\"\\u0041 x\".d-e/f");

	ck_assert_uint_eq(s.steps, 4);
	ck_assert(str_eq(s.step[1], STR("b.c")));
	ck_assert(str_eq(s.step[2], STR("A x")));
	ck_assert_str_eq(s.text.p, "context.a.\"b.c\".\"A x\".d-e/f");
	ck_assert(selector_eq(&s, &(struct selector){ .field = FIELD_CONTEXT, .text = s.text }));
	s = parse(s.text.p);
	ck_assert_str_eq(s.text.p, "context.a.\"b.c\".\"A x\".d-e/f");
	ck_assert_str_eq(parse("context.\"\"").text.p, "context.\"\"");
	ck_assert_str_eq(parse("context.\xc3\xa9t\xc3\xa9").text.p, "context.\xc3\xa9t\xc3\xa9");
}
END_TEST

START_TEST(what_is_no_selector_is_refused_with_a_reason)
{
	refused("actr_id", "did you mean actor_id");
	refused("user_id", "have it as actor_id");
	refused("", "missing");
	refused("qqqqqq", "no field is called");
	refused("actor_id.x", "has nothing inside it");
	refused("context.", "empty");
	refused("context..a", "empty");
	refused("context.a b", "no name of a field");
	refused("context.\"a", "no JSON string");
	refused("context.\"a\\q\"", "no JSON string");
	refused("context.\"a\"b", "no name of a field");
	refused("context.\xff", "UTF-8");
}
END_TEST

START_TEST(a_path_may_have_32_parts_and_no_more)
{
	struct buf b = { 0 };

	buf_add(&b, "context", 7);
	for (int i = 0; i < 32; i++)
		buf_add(&b, ".a", 2);
	buf_byte(&b, '\0');
	ck_assert_uint_eq(parse(b.p).steps, 32);
	b.len--;
	buf_add(&b, ".a", 3);
	refused(b.p, "more than 32 parts");
	buf_fini(&b);
}
END_TEST

START_TEST(a_selector_ends_where_grammar_begins)
{
	ck_assert_uint_eq(selector_span(STR("status>=500")), 6);
	ck_assert_uint_eq(selector_span(STR("context.\"a=b\".c != 1")), 15);
	ck_assert_uint_eq(selector_span(STR("context.\"a\\\"=b\"=1")), 15);
	ck_assert_uint_eq(selector_span(STR("context.\"abc=1")), 14);
	ck_assert_uint_eq(selector_span(STR("=x")), 0);
	ck_assert_uint_eq(selector_span(STR("")), 0);
}
END_TEST

START_TEST(a_path_leads_through_objects_and_arrays)
{
	leads_to("context.a.b", "{\"a\":{\"b\":\"x\"}}", "x");
	leads_to("context.a.b", "{\"a\":{\"b\":null}}", "");
	leads_to("context.a.b", "{\"a\":1}", "");
	leads_to("context.items.name", "{\"items\":[{\"name\":\"a\"},{\"x\":1},{\"name\":\"b\"}]}", "a|b");
	leads_to("context.items.name", "{\"items\":[[{\"name\":\"a\"}],[[{\"name\":[\"b\",\"c\"]}]]]}", "a|b|c");
	leads_to("context.a", "{\"a\":[1,\"x\",true,null,{\"y\": 2}]}", "1|x|true|{\"y\":2}");
	leads_to("context.a", "{\"a\":[]}", "[]");
	leads_to("context.a", "{\"a\":\"\"}", "");
	leads_to("context.a", "{\"a\":\"q\\\"\\u00e9\"}", "q\"\xc3\xa9");
	leads_to("context.\"a.b\"", "{\"a\":{\"b\":1},\"a.b\":2}", "2");
	leads_to("context.a", "{\"\\u0061\":7}", "7");
	leads_to("context.a", "no json", "");
	leads_to("context.a", "[{\"a\":1},{\"a\":2}]", "1|2");
}
END_TEST

START_TEST(a_number_takes_that_element)
{
	leads_to("context.items.0.name", "{\"items\":[{\"name\":\"a\"},{\"name\":\"b\"}]}", "a");
	leads_to("context.items.1.name", "{\"items\":[{\"name\":\"a\"},{\"name\":\"b\"}]}", "b");
	leads_to("context.items.2.name", "{\"items\":[{\"name\":\"a\"},{\"name\":\"b\"}]}", "");
	leads_to("context.items.1", "{\"items\":[[1,2]]}", "");
	leads_to("context.items.0.1", "{\"items\":[[1,2]]}", "2");
	leads_to("context.items.99999999999", "{\"items\":[1]}", "");
	leads_to("context.a.1", "{\"a\":{\"1\":\"key\"}}", "key");
	leads_to("context.a.01", "{\"a\":[{\"01\":\"key\"}]}", "key");
	ck_assert(selector_is_index(STR("0")) && selector_is_index(STR("10")));
	ck_assert(!selector_is_index(STR("")) && !selector_is_index(STR("01")) && !selector_is_index(STR("1a")));
}
END_TEST

START_TEST(an_event_shows_at_most_4096_values)
{
	struct buf b = { 0 };
	struct selector s = parse("context.a");

	buf_add(&b, "{\"a\":[0", 7);
	for (int i = 1; i < 5000; i++)
		buf_add(&b, ",0", 2);
	buf_add(&b, "]}", 2);
	selector_values(&s, buf_view(&b), &scratch, NULL);
	ck_assert_uint_eq(scratch.n, SELECTOR_VALUES_MAX);
	buf_fini(&b);
}
END_TEST

static void
formats(const struct event *ev, const char *path, const char *text, const char *json)
{
	struct selector s = parse(path);
	struct buf b = { 0 };

	ck_assert_int_eq(selector_format_text(&b, &s, ev, &scratch), text != NULL);
	ck_assert(str_eq(buf_view(&b), str_of(text ? text : "")));
	buf_reset(&b);
	ck_assert_int_eq(selector_format_json(&b, &s, ev, &scratch), json != NULL);
	ck_assert_msg(str_eq(buf_view(&b), str_of(json ? json : "")), "%.*s", (int)b.len, b.p);
	buf_fini(&b);
}

START_TEST(values_are_told_as_text_and_as_json)
{
	struct event ev = { .present = 0 };

	event_set(&ev, FIELD_CONTEXT, STR("{\"a\":[\"x\",2],\"b\":\"y\\n\",\"c\":[{\"d\":1}],\"e\":null}"));
	event_set(&ev, FIELD_STATUS, STR("200"));
	formats(&ev, "context.a", "x, 2", "[\"x\",2]");
	formats(&ev, "context.a.0", "x", "\"x\"");
	formats(&ev, "context.b", "y\n", "\"y\\n\"");
	formats(&ev, "context.c.d", "1", "[1]");
	formats(&ev, "context.e", NULL, NULL);
	formats(&ev, "context.f", NULL, NULL);
	formats(&ev, "changes.f", NULL, NULL);
	formats(&ev, "status", "200", "200");
	formats(&ev, "reason", NULL, NULL);
}
END_TEST

static Suite *
selector_suite(void)
{
	Suite *s = suite_create("event_selector");
	TCase *c = tcase_create("selector");

	tcase_add_checked_fixture(c, fresh, drop);
	tcase_add_test(c, a_field_is_itself);
	tcase_add_test(c, parts_are_bare_where_they_can_be);
	tcase_add_test(c, what_is_no_selector_is_refused_with_a_reason);
	tcase_add_test(c, a_path_may_have_32_parts_and_no_more);
	tcase_add_test(c, a_selector_ends_where_grammar_begins);
	tcase_add_test(c, a_path_leads_through_objects_and_arrays);
	tcase_add_test(c, a_number_takes_that_element);
	tcase_add_test(c, an_event_shows_at_most_4096_values);
	tcase_add_test(c, values_are_told_as_text_and_as_json);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(selector_suite)
