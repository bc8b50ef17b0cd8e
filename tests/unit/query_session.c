/* Sessions: keys, rules, device kinds, and tables that are added up. */
#include "query/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "query/session_table.h"
#include "unit.h"

static struct session_table *t;

static void
setup(void)
{
	t = session_table_new();
}

static void
teardown(void)
{
	session_table_free(t);
}

/* ---- ids and keys ---- */

START_TEST(ids_that_hosts_count_are_told_from_others)
{
	static const char *const counted[] = { "3", "0", "1234567890", "c2", "c12", "0x3e7", "0X0", "0x00000000000003e7" };
	static const char *const others[] = { "", "c", "0x", "12345678901", "s-4a6f", "3a", "c2d", "0x3g",
		"0x00000000000003e7f", "-3", "3 ", "cc2", "0b97c4e2d1a34f5c" };

	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		ck_assert_msg(session_id_is_counted(str_of(counted[i])), "%s", counted[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert_msg(!session_id_is_counted(str_of(others[i])), "%s", others[i]);
	ck_assert(!session_id_is_counted((struct str){ "3\0", 2 }));
}
END_TEST

START_TEST(a_key_is_read_as_it_was_written)
{
	static const uint32_t parts[] = { SESSION_UNDIVIDED, 0, 7, UINT32_MAX - 1 };
	struct session_key k = { STR("portal"), STR(""), { NULL, 0 }, STR("a \xc3\xbc"), 0 }, got;
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		k.part = parts[i];
		buf_reset(&b);
		session_key_format(&b, &k);
		session_key_parse(&got, buf_view(&b));
		ck_assert(str_eq(got.source, k.source));
		ck_assert(str_eq(got.tenant, k.tenant));
		ck_assert(str_eq(got.host, k.host));
		ck_assert(str_eq(got.id, k.id));
		ck_assert_uint_eq(got.part, k.part);
	}
	buf_fini(&b);
}
END_TEST

/* ---- rules ---- */

START_TEST(an_action_means_what_the_rules_say)
{
	struct session_rules r;

	session_rules_default(&r);
	ck_assert_int_eq(session_role_of(&r, STR("user.login")), SESSION_SIGN_IN);
	ck_assert_int_eq(session_role_of(&r, STR("user.logout")), SESSION_SIGN_OUT);
	ck_assert_int_eq(session_role_of(&r, STR("session.start")), SESSION_ENTER);
	ck_assert_int_eq(session_role_of(&r, STR("session.end")), SESSION_LEAVE);
	ck_assert_int_eq(session_role_of(&r, STR("user.session.start")), SESSION_SIGN_IN);
	ck_assert_int_eq(session_role_of(&r, STR("windows.desktop.session.end")), SESSION_SIGN_OUT);
	ck_assert_int_eq(session_role_of(&r, STR("Sign-in activity")), SESSION_SIGN_IN);
	ck_assert_int_eq(session_role_of(&r, STR(SESSION_REVOKED)), SESSION_REVOKE);
	ck_assert_int_eq(session_role_of(&r, STR("session.revoke-told")), SESSION_USES);
	ck_assert_int_eq(session_role_of(&r, STR("logins")), SESSION_USES);
	ck_assert_int_eq(session_role_of(&r, (struct str){ NULL, 0 }), SESSION_USES);
	str_list_add(&r.action[SESSION_EXPIRE], "user.*", 6);
	ck_assert_int_eq(session_role_of(&r, STR("user.logout")), SESSION_EXPIRE);
	session_rules_fini(&r);
}
END_TEST

START_TEST(each_role_but_using_has_a_name)
{
	ck_assert_ptr_null(session_role_name(SESSION_USES));
	for (size_t i = SESSION_USES + 1; i < SESSION_ROLES; i++)
		ck_assert_ptr_nonnull(session_role_name((enum session_role)i));
	for (size_t i = 0; i < SESSION_STATES; i++)
		ck_assert_ptr_nonnull(session_state_name((enum session_state)i));
}
END_TEST

/* ---- device kinds ---- */

START_TEST(a_device_is_of_the_kind_that_it_claims)
{
	static const struct {
		const char *agent, *device, *kind;
	} cases[] = {
		{ "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/128.0 Safari/537.36", "", "computer" },
		{ "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "", "computer" },
		{ "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/17.5 Safari/605.1.15", "", "computer" },
		{ "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/126.0", "", "computer" },
		{ "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148", "", "phone" },
		{ "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/126.0 Mobile Safari/537.36", "", "phone" },
		{ "Mozilla/5.0 (Linux; Android 14; SM-X710) Chrome/126.0 Safari/537.36", "", "tablet" },
		{ "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) Mobile/15E148", "", "tablet" },
		{ "Mozilla/5.0 (compatible; examplebot/2.1)", "", "program" },
		{ "curl/8.5.0", "", "program" },
		{ "aws-cli/2.15.30 Python/3.11.8 Linux/6.1", "", "program" },
		{ "corp-agent", "", "unknown" },
		{ "", "", "unknown" },
		{ "Mozilla/5.0", "", "unknown" },
		{ "", "Computer", "computer" },
		{ "curl/8.5.0", "Mobile", "phone" },
		{ "curl/8.5.0", "3f1d9a52-device", "program" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(session_device_kind(str_of(cases[i].agent), str_of(cases[i].device)), cases[i].kind);
	ck_assert_str_eq(session_device_kind((struct str){ NULL, 0 }, (struct str){ NULL, 0 }), "unknown");
}
END_TEST

/* ---- tables ---- */

static void
add(struct session_table *to, const char *key, int64_t time, const char *actor, bool sign_in)
{
	struct session_facts f;
	uint32_t text[SESSION_TEXTS] = { 0 };

	session_facts_init(&f);
	f.first = f.last = f.used = time;
	f.events = 1;
	if (actor != NULL) {
		text[SESSION_ACTOR_ID] = session_table_text(to, str_of(actor));
		f.when[SESSION_ACTOR_ID] = sign_in ? time - SESSION_AT_SIGN_IN : time;
	}
	session_table_mark(to, session_table_add(to, str_of(key), &f, text), time,
	    sign_in ? SESSION_SIGN_IN : SESSION_SIGN_OUT);
}

static const char *
actor(size_t record)
{
	uint32_t text = t->record[record].text[SESSION_ACTOR_ID];

	return text > 0 ? tally_value(t->texts, text - 1).p : "";
}

START_TEST(the_best_text_is_kept_in_any_order)
{
	add(t, "k", 50, "late", false);
	ck_assert_str_eq(actor(0), "late");
	add(t, "k", 10, "early", false);
	ck_assert_str_eq(actor(0), "early");
	add(t, "k", 30, "signed in", true);
	ck_assert_str_eq(actor(0), "signed in");
	add(t, "k", 5, "earlier", false);
	ck_assert_str_eq(actor(0), "signed in");
	add(t, "k", 30, "a lesser text", true);
	ck_assert_str_eq(actor(0), "a lesser text");
	add(t, "k", 40, NULL, true);
	ck_assert_uint_eq(session_table_size(t), 1);
	ck_assert_int_eq(t->record[0].facts.first, 5);
	ck_assert_int_eq(t->record[0].facts.last, 50);
	ck_assert_uint_eq(t->record[0].facts.events, 6);
}
END_TEST

/* As one table or as several, added up in any order. */
START_TEST(tables_add_up_to_the_same)
{
	struct session_table *part[3], *other;
	size_t *from, *other_from, place;

	srand(7);
	for (size_t i = 0; i < 3; i++)
		part[i] = session_table_new();
	for (int i = 0; i < 5000; i++) {
		char key[16], who[16];
		int64_t time = rand() % 100;
		bool sign_in = rand() % 2;

		snprintf(key, sizeof(key), "key %d", rand() % 50);
		snprintf(who, sizeof(who), "u%d", rand() % 20);
		add(t, key, time, who, sign_in);
		add(part[rand() % 3], key, time, who, sign_in);
	}
	other = session_table_new();
	for (size_t i = 3; i-- > 0;)
		session_table_merge(other, part[i]);
	ck_assert_uint_eq(session_table_size(other), session_table_size(t));
	ck_assert_uint_eq(other->marks, t->marks);
	from = session_table_sort_marks(t);
	other_from = session_table_sort_marks(other);
	for (size_t i = 0; i < session_table_size(t); i++) {
		const struct session_record *a = &t->record[i], *b;
		uint32_t text;

		ck_assert(tally_find(other->keys, tally_value(t->keys, i), &place));
		b = &other->record[place];
		ck_assert_mem_eq(&a->facts, &b->facts, sizeof(a->facts));
		text = b->text[SESSION_ACTOR_ID];
		ck_assert_str_eq(actor(i), tally_value(other->texts, text - 1).p);
		ck_assert_uint_eq(from[i + 1] - from[i], other_from[place + 1] - other_from[place]);
		for (size_t k = 0; k < from[i + 1] - from[i]; k++) {
			ck_assert_int_eq(t->mark[from[i] + k].time, other->mark[other_from[place] + k].time);
			ck_assert_uint_eq(t->mark[from[i] + k].role, other->mark[other_from[place] + k].role);
			ck_assert(k == 0 || t->mark[from[i] + k - 1].time <= t->mark[from[i] + k].time);
		}
	}
	for (size_t i = 0; i < 3; i++)
		session_table_free(part[i]);
	session_table_free(other);
	free(from);
	free(other_from);
}
END_TEST

START_TEST(what_a_table_holds_is_limited)
{
	size_t len = 1u << 20;
	char *text = mem_alloc(len);
	struct err e = ERR_NONE;

	memset(text, 'x', len);
	add(t, "k", 1, NULL, true);
	for (unsigned i = 0; i < SESSIONS_BYTES_MAX / (1u << 20) - 1; i++) {
		memcpy(text, &i, sizeof(i));
		session_table_text(t, (struct str){ text, len });
		ck_assert_int_eq(session_table_check(t, &e), 0);
	}
	memcpy(text, "over", 4);
	session_table_text(t, (struct str){ text, len });
	ck_assert_int_eq(session_table_check(t, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_ptr_nonnull(strstr(e.text, "more than 256 MiB hold"));
	free(text);
}
END_TEST

static Suite *
session_suite(void)
{
	Suite *s = suite_create("session");
	TCase *c = tcase_create("session");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, ids_that_hosts_count_are_told_from_others);
	tcase_add_test(c, a_key_is_read_as_it_was_written);
	tcase_add_test(c, an_action_means_what_the_rules_say);
	tcase_add_test(c, each_role_but_using_has_a_name);
	tcase_add_test(c, a_device_is_of_the_kind_that_it_claims);
	tcase_add_test(c, the_best_text_is_kept_in_any_order);
	tcase_add_test(c, tables_add_up_to_the_same);
	tcase_add_test(c, what_a_table_holds_is_limited);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(session_suite)
