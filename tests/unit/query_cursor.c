/*
 * Cursors: text and back; damage, another store's, another filter's and
 * another order's are told apart.
 */
#include "query_store.h"

static const struct query_cursor example = {
	.store = { 1, 2, 3, 255 }, .filter = { 9, 8, 7 }, .order = QUERY_OLDEST, .now = -5, .size = UINT64_C(1) << 40,
	.removals = 3, .begun = true, .time = INT64_MIN + 1, .seq = (UINT64_C(1) << 40) - 1
};

static struct buf
text_of(const struct query_cursor *c)
{
	struct buf text = { 0 };

	query_cursor_format(&text, c);
	buf_byte(&text, '\0');
	return text;
}

START_TEST(text_and_back_is_the_same)
{
	struct buf text = text_of(&example), again;
	struct query_cursor c;
	struct err e = ERR_NONE;

	ck_assert_uint_eq(strspn(text.p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 96);
	ck_assert_uint_eq(text.len, 97);
	ck_assert_int_eq(query_cursor_parse(text.p, &c, &e), 0);
	again = text_of(&c);
	ck_assert_str_eq(text.p, again.p);
	ck_assert_int_eq(c.order, example.order);
	ck_assert_int_eq(c.now, example.now);
	ck_assert_uint_eq(c.size, example.size);
	ck_assert_uint_eq(c.removals, example.removals);
	ck_assert(c.begun);
	ck_assert_int_eq(c.time, example.time);
	ck_assert_uint_eq(c.seq, example.seq);
	ck_assert_mem_eq(c.store, example.store, sizeof(c.store));
	ck_assert_mem_eq(c.filter, example.filter, sizeof(c.filter));
	buf_fini(&text);
	buf_fini(&again);
}
END_TEST

static void
refuses(const char *text, const char *words)
{
	struct query_cursor c;
	struct err e = ERR_NONE;

	ck_assert_int_eq(query_cursor_parse(text, &c, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_msg(strstr(e.text, words) != NULL, "%s", e.text);
}

START_TEST(every_changed_letter_is_noticed)
{
	struct buf text = text_of(&example);

	for (size_t i = 0; i < 96; i++) {
		char was = text.p[i];

		text.p[i] = was == 'x' ? 'y' : 'x';
		refuses(text.p, "mistyped");
		text.p[i] = '+';
		refuses(text.p, "no cursor");
		text.p[i] = was;
	}
	buf_fini(&text);
}
END_TEST

START_TEST(every_other_length_is_refused)
{
	struct buf text = text_of(&example), longer = text_of(&example);

	longer.p[96] = 'A';
	buf_byte(&longer, '\0');
	refuses(longer.p, "cut off");
	for (size_t n = 96; n-- > 0;) {
		text.p[n] = '\0';
		refuses(text.p, "cut off");
	}
	buf_fini(&text);
	buf_fini(&longer);
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
	struct query_cursor c = example;
	struct buf text;

	c.order = (enum query_order)(QUERY_ARRIVAL + 1);
	text = text_of(&c);
	refuses(text.p, "cannot be");
	buf_fini(&text);
	c = example;
	c.seq = c.size;
	text = text_of(&c);
	refuses(text.p, "cannot be");
	buf_fini(&text);
	c.size = UINT64_MAX;
	text = text_of(&c);
	refuses(text.p, "cannot be");
	buf_fini(&text);
}
END_TEST

static struct filter *
of_action(const char *action)
{
	struct filter_args args = { 0 };
	struct err e = ERR_NONE;
	struct filter *f;

	str_list_add(&args.action, action, strlen(action));
	f = filter_build(&args, 0, &e);
	ck_assert_msg(f != NULL, "%s", e.text);
	filter_args_fini(&args);
	return f;
}

/* A cursor of an answer that was read to the end. */
static struct query_cursor
cursor_of(const struct filter *f, enum query_order order)
{
	struct query_options o = { .filter = f, .order = order };
	const struct event *ev;
	struct query_cursor c;
	struct err e = ERR_NONE;
	struct query *q = query_open(made, &o, &e);
	uint64_t seq;

	ck_assert_msg(q != NULL, "%s", e.text);
	while (query_next(q, &ev, &seq, &e) > 0)
		;
	query_cursor(q, &c);
	query_close(q);
	return c;
}

static void
checks(const struct query_cursor *c, const struct filter *f, enum query_order order, const char *words)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(query_cursor_check(c, made, f, order, &e), words != NULL ? -1 : 0);
	if (words != NULL) {
		ck_assert_int_eq(e.code, ERR_FAIL);
		ck_assert_msg(strstr(e.text, words) != NULL, "%s", e.text);
	}
}

START_TEST(another_stores_filters_or_orders_cursor_has_its_own_message)
{
	struct filter *f = of_action("act"), *other = of_action("act,other");
	struct event ev = { 0 };
	struct query_cursor c, copy;

	made_begin();
	event_set_time(&ev, FIELD_TIME, 7);
	made_add(&ev);
	made_commit();
	c = cursor_of(f, QUERY_NEWEST);
	ck_assert(c.begun);
	ck_assert_int_eq(c.time, 7);
	ck_assert_uint_eq(c.size, 1);
	checks(&c, f, QUERY_NEWEST, NULL);
	checks(&c, other, QUERY_NEWEST, "another filter");
	checks(&c, f, QUERY_OLDEST, "newest first");
	copy = c;
	copy.size = 2;
	checks(&copy, f, QUERY_NEWEST, "older copy");
	made_end();

	made_begin();
	checks(&c, f, QUERY_NEWEST, "another store");
	c = cursor_of(f, QUERY_NEWEST);
	ck_assert(!c.begun);
	checks(&c, f, QUERY_NEWEST, NULL);
	made_end();
	filter_free(f);
	filter_free(other);
}
END_TEST

static Suite *
cursor_suite(void)
{
	Suite *s = suite_create("query_cursor");
	TCase *t = tcase_create("cursor");

	tcase_add_test(t, text_and_back_is_the_same);
	tcase_add_test(t, every_changed_letter_is_noticed);
	tcase_add_test(t, every_other_length_is_refused);
	tcase_add_test(t, what_cannot_be_is_refused);
	tcase_add_test(t, another_stores_filters_or_orders_cursor_has_its_own_message);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(cursor_suite)
