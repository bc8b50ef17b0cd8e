/* event: formatting single fields and whole events, and comparing. */
#include "unit.h"

#include <string.h>

#include "event/event.h"

static struct buf out;

static void
teardown(void)
{
	buf_fini(&out);
	out = (struct buf){ 0 };
}

static const char *
text_of(void (*format)(struct buf *, const struct event *, enum field), const struct event *ev, enum field f)
{
	buf_reset(&out);
	format(&out, ev, f);
	buf_byte(&out, '\0');
	return out.p;
}

static struct event
example(void)
{
	struct event ev = { .present = 0 };

	event_set_time(&ev, FIELD_TIME, 0);
	event_set(&ev, FIELD_ACTION, STR("say \"hi\""));
	event_set(&ev, FIELD_STATUS, STR("-5"));
	event_set(&ev, FIELD_CONTEXT, STR("{\"a\":[1]}"));
	return ev;
}

START_TEST(an_event_is_its_canonical_line)
{
	struct event ev = example();

	buf_reset(&out);
	buf_byte(&out, '>');
	event_format(&out, &ev);
	buf_byte(&out, '\0');
	ck_assert_str_eq(out.p, ">{\"time\":\"1970-01-01T00:00:00.000000Z\",\"action\":\"say \\\"hi\\\"\","
	    "\"status\":-5,\"context\":{\"a\":[1]}}");
}
END_TEST

START_TEST(an_event_without_fields_is_an_empty_object)
{
	struct event ev = { .present = 0 };

	buf_reset(&out);
	event_format(&out, &ev);
	ck_assert(str_eq(buf_view(&out), STR("{}")));
}
END_TEST

START_TEST(a_field_is_json_or_plain_text)
{
	struct event ev = example();

	ck_assert_str_eq(text_of(event_format_field, &ev, FIELD_ACTION), "\"say \\\"hi\\\"\"");
	ck_assert_str_eq(text_of(event_format_text, &ev, FIELD_ACTION), "say \"hi\"");
	ck_assert_str_eq(text_of(event_format_field, &ev, FIELD_TIME), "\"1970-01-01T00:00:00.000000Z\"");
	ck_assert_str_eq(text_of(event_format_text, &ev, FIELD_TIME), "1970-01-01T00:00:00.000000Z");
	ck_assert_str_eq(text_of(event_format_field, &ev, FIELD_STATUS), "-5");
	ck_assert_str_eq(text_of(event_format_text, &ev, FIELD_CONTEXT), "{\"a\":[1]}");
}
END_TEST

START_TEST(the_longest_key_and_every_other_is_written_whole)
{
	struct event ev = { .present = 0 };

	for (int f = 0; f < FIELD_COUNT; f++)
		if (field_table[f].type == FIELD_TIMESTAMP)
			event_set_time(&ev, (enum field)f, f);
		else
			event_set(&ev, (enum field)f, STR("1"));
	buf_reset(&out);
	event_format(&out, &ev);
	buf_byte(&out, '\0');
	for (int f = 0; f < FIELD_COUNT; f++) {
		char key[64] = { f == 0 ? '{' : ',', '"' };

		strcat(strcat(key, field_table[f].key), "\":");
		ck_assert_ptr_nonnull(strstr(out.p, key));
	}
}
END_TEST

START_TEST(same_looks_at_everything_but_ingested_and_peer_uid)
{
	struct event a = example(), b = example();

	ck_assert(event_same(&a, &b));
	event_set_time(&b, FIELD_INGESTED, 5);
	event_set(&b, FIELD_PEER_UID, STR("1000"));
	ck_assert(event_same(&a, &b));
	event_set(&b, FIELD_HOST, STR(""));
	ck_assert(!event_same(&a, &b));
	event_set(&a, FIELD_HOST, STR(""));
	ck_assert(event_same(&a, &b));
	event_set_time(&a, FIELD_TIME, 1);
	ck_assert(!event_same(&a, &b));
	event_set_time(&b, FIELD_TIME, 1);
	event_set(&b, FIELD_CONTEXT, STR("{\"a\":[2]}"));
	ck_assert(!event_same(&a, &b));
}
END_TEST

static Suite *
event_suite(void)
{
	Suite *s = suite_create("event/event");
	TCase *tc = tcase_create("event");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, an_event_is_its_canonical_line);
	tcase_add_test(tc, an_event_without_fields_is_an_empty_object);
	tcase_add_test(tc, a_field_is_json_or_plain_text);
	tcase_add_test(tc, the_longest_key_and_every_other_is_written_whole);
	tcase_add_test(tc, same_looks_at_everything_but_ingested_and_peer_uid);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(event_suite)
