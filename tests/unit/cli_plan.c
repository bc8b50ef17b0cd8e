/* plan: a plan that was written reads back as it was, and nothing else is one;
 * it is carried out only by the rules that it was made of. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "cli/plan.h"

#define NOW (INT64_C(1776816000) * TIME_SECOND)
#define RULES 3

static struct config config;
static struct retention rules;
static struct prune_plan made;
static struct plan_file file;
static struct buf text;

static void
add_rule(size_t i, const char *name, const char *channel, int64_t keep)
{
	struct retention_rule *r = &config.retention[i];

	r->name = strdup(name);
	str_list_add(&r->match.channel, channel, strlen(channel));
	r->keep = keep;
}

/* The policy at an instant. */
static void
policy(int64_t now)
{
	struct err e = ERR_NONE;

	retention_fini(&rules);
	ck_assert_msg(retention_of(&config, now, &rules, &e) == 0, "%s", e.text);
}

static void
share(size_t i, uint64_t events)
{
	made.share[i] = (struct prune_share){ .matched = events + 1, .events = events, .bytes = events * 100,
		.oldest = events > 0 ? NOW - 900 * TIME_DAY : TIME_NONE,
		.newest = events > 0 ? NOW - 500 * TIME_DAY + 1 : TIME_NONE };
	made.events += events;
	made.bytes += events * 100;
}

static void
write_plan(void)
{
	struct plan p = { .created = NOW, .plan = &made, .rules = &rules };

	memset(p.store, 0xa5, sizeof(p.store));
	buf_reset(&text);
	plan_json(&text, &p);
}

static void
begin(void)
{
	config.retention = calloc(RULES, sizeof(*config.retention));
	config.retentions = RULES;
	add_rule(0, "debug \"x\"", "debug", 30 * TIME_DAY);
	add_rule(1, "auth", "auth", 400 * TIME_DAY + 3600 * TIME_SECOND);
	add_rule(2, "security", "security", RETENTION_FOREVER);
	policy(NOW);
	made = (struct prune_plan){ .size = 5000, .rules = RULES, .share = calloc(RULES, sizeof(*made.share)),
		.held = calloc(1, sizeof(*made.held)), .holds = 1, .kept = 7, .oldest = NOW - 900 * TIME_DAY,
		.newest = NOW - 500 * TIME_DAY + 1 };
	made.held[0] = (struct hold_kept){ .hold = 3, .matter = "M-\xc3\xa4 17", .events = 7 };
	memset(made.digest.b, 0x5a, HASH_LEN);
	share(0, 12);
	share(1, 34);
	share(2, 0);
	write_plan();
}

static void
end(void)
{
	plan_file_fini(&file);
	prune_plan_fini(&made);
	retention_fini(&rules);
	config_fini(&config);
	buf_fini(&text);
}

static void
reads(void)
{
	struct err e = ERR_NONE;

	plan_file_fini(&file);
	ck_assert_msg(plan_parse(buf_view(&text), &file, &e) == 0, "%s", e.text);
}

static void
refused(struct str s, const char *why)
{
	struct err e = ERR_NONE;

	plan_file_fini(&file);
	ck_assert_msg(plan_parse(s, &file, &e) == -1, "%.*s", (int)s.len, s.p);
	ck_assert_msg(strstr(e.text, why) != NULL, "%s", e.text);
	plan_file_fini(&file);
}

/* The text with the first `from` after `behind` replaced. */
static void
edited(const char *behind, const char *from, const char *to, const char *why)
{
	struct buf other = { 0 };
	char *at;

	buf_byte(&text, '\0');
	text.len--;
	at = strstr(text.p, behind);
	ck_assert_msg(at != NULL && (at = strstr(at, from)) != NULL, "%s: %s", behind, from);
	buf_add(&other, text.p, (size_t)(at - text.p));
	buf_printf(&other, "%s%s", to, at + strlen(from));
	refused(buf_view(&other), why);
	buf_fini(&other);
}

START_TEST(a_plan_reads_back_as_it_was_written)
{
	reads();
	ck_assert_int_eq(file.created, NOW);
	ck_assert_uint_eq(file.size, 5000);
	ck_assert_uint_eq(file.events, 46);
	ck_assert_uint_eq(file.bytes, 4600);
	ck_assert_uint_eq(file.kept, 7);
	ck_assert_int_eq(file.store[15], 0xa5);
	ck_assert_int_eq(memcmp(file.digest.b, made.digest.b, HASH_LEN), 0);
	ck_assert_uint_eq(file.rules, RULES);
	for (size_t i = 0; i < RULES; i++) {
		ck_assert(str_eq(file.rule[i].name, rules.rule[i].name));
		ck_assert(str_eq(file.rule[i].filter, buf_view(&rules.expression[i])));
		ck_assert_int_eq(file.rule[i].cutoff, rules.rule[i].cutoff);
		ck_assert_uint_eq(file.rule[i].events, made.share[i].events);
	}
	ck_assert(!plan_is_older_than(&file));
}
END_TEST

START_TEST(every_part_of_it_is_needed)
{
	edited("{", "\"plan\": 1", "\"plan\": 2", "knows 1");
	edited("{", "\"plan\": 1", "\"plan\": \"1\"", "document");
	edited("{", "\"plan\"", "\"plann\"", "document");
	edited("store", "a5", "a", "store");
	edited("store", "a5", "g5", "store");
	edited("created", "2026", "26", "created");
	edited("digest", "5a", "", "digest");
	edited("size", "5000", "-1", "size");
	edited("size", "5000", "45", "size");
	edited("size", "5000", "5000.0", "size");
	edited("size", "5000", "99999999999999999999", "plan");
	edited("\"rules\"", "\"cutoff\": \"", "\"cutoff\": \"x", "rules");
	edited("\"rules\"", "\"cutoff\"", "\"cut\"", "rules");
	edited("\"rules\"", "\"auth\"", "\"\"", "rules");
	edited("\"rules\"", "\"keep\": \"30d\"", "\"keep\": 30", "rules");
	edited("\"rules\"", "\"events\": 12", "\"events\": null", "rules");
	edited("held", "\"hold\": 3", "\"hold\": -3", "held");
	edited("held", "\"matter\"", "\"other\"", "held");
	edited("\"held\"", "\"kept\": 7", "\"kept\": 7, \"more\": 1", "keys");
	edited("\"held\"", "\"kept\": 7", "\"kept\": 7, \"kept\": 7", "line");
}
END_TEST

START_TEST(what_is_cut_off_is_no_plan)
{
	for (size_t n = 0; n + 2 < text.len; n += 7)
		refused((struct str){ text.p, n }, "plan");
	refused(STR("[]"), "document");
	refused(STR("{\"plan\": 1}"), "keys");
}
END_TEST

START_TEST(too_many_rules_are_refused)
{
	const char *begins = strstr(text.p, "\"rules\": [") + strlen("\"rules\": [");
	const char *ends = strchr(begins, '}');
	struct buf many = { 0 };

	buf_add(&many, text.p, (size_t)(begins - text.p));
	for (int i = 0; i <= PRUNE_RULES_MAX; i++) {
		buf_add(&many, begins, (size_t)(ends + 1 - begins));
		if (i < PRUNE_RULES_MAX)
			buf_byte(&many, ',');
	}
	buf_str(&many, str_of(strstr(ends, "]")));
	refused(buf_view(&many), "rules");
	buf_fini(&many);
}
END_TEST

static int
adopts(struct err *e)
{
	err_clear(e);
	reads();
	return plan_adopt(&file, &rules, e);
}

START_TEST(later_the_cut_offs_are_still_those_of_the_plan)
{
	int64_t cutoff = rules.rule[1].cutoff;
	struct err e = ERR_NONE;

	policy(NOW + 5 * TIME_DAY);
	ck_assert_int_ne(rules.rule[1].cutoff, cutoff);
	ck_assert_msg(adopts(&e) == 0, "%s", e.text);
	ck_assert_int_eq(rules.rule[1].cutoff, cutoff);
	ck_assert_int_eq(rules.rule[2].cutoff, TIME_MIN);
}
END_TEST

START_TEST(a_plan_that_lets_go_what_is_to_be_kept_is_refused)
{
	struct err e = ERR_NONE;

	/* The policy keeps longer by now, or for ever, or the file was edited. */
	config.retention[1].keep += TIME_DAY;
	policy(NOW);
	ck_assert_int_eq(adopts(&e), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(e.text, "auth"));
	config.retention[1].keep = RETENTION_FOREVER;
	policy(NOW);
	ck_assert_int_eq(adopts(&e), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
}
END_TEST

START_TEST(a_plan_of_other_rules_is_stale)
{
	struct err e = ERR_NONE;

	config.retention[2].keep = 400 * TIME_DAY; /* the plan has it for ever */
	policy(NOW);
	ck_assert_int_eq(adopts(&e), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
	config.retention[2].keep = RETENTION_FOREVER;
	str_list_add(&config.retention[0].match.channel, "trace", 5);
	policy(NOW);
	ck_assert_int_eq(adopts(&e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "stale"));
	config.retentions = 2;
	policy(NOW);
	ck_assert_int_eq(adopts(&e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "3 rules"));
	config.retentions = RULES;
}
END_TEST

START_TEST(other_events_are_a_stale_plan)
{
	struct err e = ERR_NONE;

	reads();
	ck_assert_int_eq(plan_compare(&file, &made, &e), 0);
	made.digest.b[31] ^= 1;
	ck_assert_int_eq(plan_compare(&file, &made, &e), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
	made.digest.b[31] ^= 1;
	made.size++;
	ck_assert_int_eq(plan_compare(&file, &made, &e), -1);
}
END_TEST

START_TEST(the_rule_of_older_than_is_told_and_bound_by_the_floor)
{
	struct err e = ERR_NONE;

	retention_fini(&rules);
	ck_assert_int_eq(retention_older_than("400d", NOW, &rules, &e), 0);
	made.rules = 1;
	write_plan();
	reads();
	ck_assert(plan_is_older_than(&file));
	retention_fini(&rules);
	ck_assert_int_eq(retention_older_than("30d", NOW, &rules, &e), 0);
	ck_assert_int_eq(plan_adopt(&file, &rules, &e), 0);
	ck_assert_int_eq(rules.rule[0].cutoff, NOW - 400 * TIME_DAY);
	file.rule[0].cutoff = NOW - 29 * TIME_DAY;
	retention_fini(&rules);
	ck_assert_int_eq(retention_older_than("30d", NOW, &rules, &e), 0);
	ck_assert_int_eq(plan_adopt(&file, &rules, &e), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
	made.rules = RULES;
}
END_TEST

static void
keeps(int64_t span, const char *wanted)
{
	struct buf out = { 0 };

	plan_keep(&out, span);
	ck_assert(str_eq(buf_view(&out), str_of(wanted)));
	buf_fini(&out);
}

START_TEST(spans_are_told_as_they_are_typed)
{
	keeps(RETENTION_FOREVER, "forever");
	keeps(30 * TIME_DAY, "30d");
	keeps(30 * TIME_DAY + 3600 * TIME_SECOND, "721h");
	keeps(30 * TIME_DAY + 60 * TIME_SECOND, "43201m");
	keeps(30 * TIME_DAY + TIME_SECOND, "2592001s");
}
END_TEST

START_TEST(people_see_a_row_for_each_rule_and_what_is_held)
{
	struct plan p = { .created = NOW, .plan = &made, .rules = &rules };
	const char *wanted =
	    "RULE       KEEP     BEFORE      EVENTS   BYTES  OLDEST      NEWEST\n"
	    "debug \"x\"  30d      2026-03-23      12  1.2 kB  2023-11-04  2024-12-08\n"
	    "auth       9601h    2025-03-17      34  3.4 kB  2023-11-04  2024-12-08\n"
	    "security   forever  -                0     0 B  -           -\n"
	    "total                               46  4.6 kB  2023-11-04  2024-12-08\n"
	    "\nholds keep 7 events whose time is over: M-\xc3\xa4 17 (7)\n";

	buf_reset(&text);
	plan_table(&text, &p, 0, false);
	ck_assert_msg(str_eq(buf_view(&text), str_of(wanted)), "%.*s", (int)text.len, text.p);
}
END_TEST

static Suite *
plan_suite(void)
{
	Suite *s = suite_create("cli/plan");
	TCase *t = tcase_create("plan");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, a_plan_reads_back_as_it_was_written);
	tcase_add_test(t, every_part_of_it_is_needed);
	tcase_add_test(t, what_is_cut_off_is_no_plan);
	tcase_add_test(t, too_many_rules_are_refused);
	tcase_add_test(t, later_the_cut_offs_are_still_those_of_the_plan);
	tcase_add_test(t, a_plan_that_lets_go_what_is_to_be_kept_is_refused);
	tcase_add_test(t, a_plan_of_other_rules_is_stale);
	tcase_add_test(t, other_events_are_a_stale_plan);
	tcase_add_test(t, the_rule_of_older_than_is_told_and_bound_by_the_floor);
	tcase_add_test(t, spans_are_told_as_they_are_typed);
	tcase_add_test(t, people_see_a_row_for_each_rule_and_what_is_held);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(plan_suite)
