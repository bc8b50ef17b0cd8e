/*
 * Which events go: random rules, cut-offs, holds and late events against a
 * model that looks at one event at a time; and the plans that are refused.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"
#include "held.h"
#include "store_folder.h"

#define START (INT64_C(1700000000) * TIME_SECOND) /* long before any floor */

enum { STAYS = -1, RULES_MAX = 6, HOLDS_MAX = 4 };

static struct store *st;
static struct pool *pool;

/* ---- the model ---- */

struct made_event {
	int64_t time;
	int category, tenant, severity;
	bool record, gone;
};

struct condition { /* -1: any */
	int category, tenant, severity; /* at least */
};

struct made_rule {
	struct condition when;
	int64_t cutoff;
};

static struct {
	struct made_event *event; /* by seq */
	size_t n, cap;
	struct made_rule rule[RULES_MAX];
	size_t rules;
	struct condition hold[HOLDS_MAX];
	bool active[HOLDS_MAX];
	size_t holds;
	unsigned ids, records;
} model;

static bool
matches(const struct condition *c, const struct made_event *ev)
{
	return (c->category < 0 || c->category == ev->category) && (c->tenant < 0 || c->tenant == ev->tenant) &&
	    (c->severity < 0 || ev->severity >= c->severity);
}

static bool
held(const struct made_event *ev)
{
	for (size_t i = 0; i < model.holds; i++)
		if (model.active[i] && matches(&model.hold[i], ev))
			return true;
	return false;
}

/* The rule by which an event goes, holds aside. */
static int
rule_of(const struct made_event *ev, bool *over)
{
	*over = false;
	for (size_t i = 0; i < model.rules; i++)
		if (matches(&model.rule[i].when, ev)) {
			*over = ev->time < model.rule[i].cutoff;
			return (int)i;
		}
	return STAYS;
}

static int
fate_of(size_t seq)
{
	const struct made_event *ev = &model.event[seq];
	bool over;
	int rule;

	if (ev->record || ev->gone)
		return STAYS;
	rule = rule_of(ev, &over);
	return over && !held(ev) ? rule : STAYS;
}

static struct made_event *
model_add(void)
{
	mem_grow(&model.event, &model.cap, model.n + 1, sizeof(*model.event));
	model.event[model.n] = (struct made_event){ .record = true };
	return &model.event[model.n++];
}

/* ---- the store ---- */

static const char *const severities[] = { "info", "warning", "error", "critical" };

static void
add_event(struct appender *a, int64_t time)
{
	struct made_event *m = model_add();
	enum append_result result;
	struct event ev = { 0 };
	struct err e = ERR_NONE;
	char id[16], category[8], tenant[8];

	*m = (struct made_event){ .time = time, .category = (int)(random() % 4), .tenant = (int)(random() % 3),
		.severity = (int)(random() % 4) };
	snprintf(id, sizeof(id), "e-%u", model.ids++);
	snprintf(category, sizeof(category), "c%d", m->category);
	snprintf(tenant, sizeof(tenant), "t%d", m->tenant);
	event_set(&ev, FIELD_ID, str_of(id));
	event_set_time(&ev, FIELD_TIME, time);
	event_set_time(&ev, FIELD_INGESTED, time);
	event_set(&ev, FIELD_SOURCE, STR("app"));
	event_set(&ev, FIELD_TENANT, str_of(tenant));
	event_set(&ev, FIELD_CATEGORY, str_of(category));
	event_set(&ev, FIELD_ACTION, STR("act"));
	event_set(&ev, FIELD_SEVERITY, str_of(severities[m->severity]));
	event_set(&ev, FIELD_OUTCOME, STR("success"));
	ck_assert_msg(append_event(a, &ev, LEAF_EVENT, &result, &e) == 0, "%s", e.text);
	ck_assert_int_eq(result, APPEND_STORED);
}

/* Spread over a hundred days; those of one batch near each other when
 * `together`, so that segments go whole. */
static void
add_events(unsigned n, bool together)
{
	struct err e = ERR_NONE;
	struct appender *a = append_open(st, pool, &e);
	int64_t day = random() % 100;

	ck_assert_msg(a != NULL, "%s", e.text);
	for (unsigned i = 0; i < n; i++)
		add_event(a, START + (together ? day : random() % 100) * TIME_DAY + random() % 86400 * TIME_SECOND);
	ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
	append_close(a);
}

static void
where_of(const struct condition *c, char out[128])
{
	int n = 0;

	strcpy(out, "has action");
	n = (int)strlen(out);
	if (c->category >= 0)
		n += snprintf(out + n, 128 - (size_t)n, " and category = c%d", c->category);
	if (c->tenant >= 0)
		n += snprintf(out + n, 128 - (size_t)n, " and tenant = t%d", c->tenant);
	if (c->severity >= 0)
		snprintf(out + n, 128 - (size_t)n, " and severity >= %s", severities[c->severity]);
}

static struct condition
random_condition(void)
{
	return (struct condition){ random() % 2 == 0 ? (int)(random() % 4) : -1, random() % 2 == 0 ? (int)(random() % 3) : -1,
		random() % 3 == 0 ? (int)(random() % 4) : -1 };
}

/* ---- rules, as the store takes them ---- */

struct rules {
	struct prune_rule rule[RULES_MAX];
	struct filter *filter[RULES_MAX];
};

static void
make_rules(struct rules *r)
{
	char where[128];

	for (size_t i = 0; i < model.rules; i++) {
		where_of(&model.rule[i].when, where);
		r->filter[i] = held_filter(where);
		r->rule[i] = (struct prune_rule){ STR("rule"), r->filter[i], model.rule[i].cutoff };
	}
}

static void
drop_rules(struct rules *r)
{
	for (size_t i = 0; i < model.rules; i++)
		filter_free(r->filter[i]);
}

static void
make_plan(struct prune_plan *p, struct pool *with)
{
	struct rules r;
	struct err e = ERR_NONE;

	make_rules(&r);
	*p = (struct prune_plan){ .rules = 0 };
	ck_assert_msg(store_prune_plan(st, r.rule, model.rules, 0, with, NULL, p, &e) == 0, "%s", e.text);
	drop_rules(&r);
}

/* ---- checks ---- */

static void
expect_sound(void)
{
	struct verify_options o = { .pool = pool };
	struct verify_result r = { 0 };
	struct err e = ERR_NONE;
	uint64_t there = 0;

	ck_assert_msg(store_verify(st, &o, &r, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(r.findings, 0);
	for (size_t seq = 0; seq < model.n; seq++)
		there += !model.event[seq].gone;
	ck_assert_uint_eq(r.size, model.n);
	ck_assert_uint_eq(r.present, there);
	ck_assert_uint_eq(r.pruned, model.n - there);
	verify_result_fini(&r);
}

/* Every number of the plan, and every seq. */
static void
expect_plan(const struct prune_plan *p)
{
	struct runs_reader reader[RULES_MAX], all;
	uint64_t matched[RULES_MAX] = { 0 }, events[RULES_MAX] = { 0 }, no_rule = 0, kept = 0, total = 0;
	int64_t oldest = TIME_MAX, newest = TIME_MIN;
	struct hash digest;

	ck_assert_uint_eq(p->rules, model.rules);
	ck_assert_uint_eq(p->size, model.n);
	runs_read(&all, buf_view(&p->runs.list));
	for (size_t i = 0; i < model.rules; i++)
		runs_read(&reader[i], buf_view(&p->share[i].runs.list));
	for (size_t seq = 0; seq < model.n; seq++) {
		const struct made_event *ev = &model.event[seq];
		int fate = fate_of(seq), rule;
		bool over;

		ck_assert_msg(runs_has(&all, seq) == (fate != STAYS), "seq %zu", seq);
		for (size_t i = 0; i < model.rules; i++)
			ck_assert_msg(runs_has(&reader[i], seq) == (fate == (int)i), "seq %zu, rule %zu", seq, i);
		if (ev->record || ev->gone)
			continue;
		rule = rule_of(ev, &over);
		if (rule == STAYS)
			no_rule++;
		else
			matched[rule]++;
		kept += over && held(ev);
		if (fate == STAYS)
			continue;
		events[fate]++;
		total++;
		oldest = ev->time < oldest ? ev->time : oldest;
		newest = ev->time > newest ? ev->time : newest;
	}
	for (size_t i = 0; i < model.rules; i++) {
		ck_assert_uint_eq(p->share[i].matched, matched[i]);
		ck_assert_uint_eq(p->share[i].events, events[i]);
		ck_assert_uint_eq(p->share[i].runs.count, events[i]);
	}
	ck_assert_uint_eq(p->no_rule, no_rule);
	ck_assert_uint_eq(p->kept, kept);
	ck_assert_uint_eq(p->events, total);
	ck_assert_int_eq(p->oldest, total > 0 ? oldest : TIME_NONE);
	ck_assert_int_eq(p->newest, total > 0 ? newest : TIME_NONE);
	ck_assert_int_eq(runs_digest(buf_view(&p->runs.list), &digest), 0);
	ck_assert_mem_eq(&digest, &p->digest, sizeof(digest));
}

/* ---- pruning ---- */

struct recording {
	uint64_t parts, closings, events, by_rule[RULES_MAX], closing_events;
	uint64_t held;       /* events that holds kept, each counted by every hold */
};

static void
prune_record(void *arg, const struct prune_part *part, struct event *ev, struct arena *a)
{
	struct recording *r = arg;
	struct buf context = { 0 };

	if (part->part > 0) {
		ck_assert_uint_eq(part->part, ++r->parts);
		r->events += part->events;
		for (size_t i = 0; i < model.rules; i++)
			r->by_rule[i] += part->by_rule[i];
	} else {
		r->closings++;
		r->closing_events = part->events;
		for (size_t i = 0; i < part->holds; i++)
			r->held += part->held[i].events;
		for (size_t i = 0; i < model.rules; i++)
			ck_assert_uint_eq(part->by_rule[i], r->by_rule[i]);
	}
	pruned_context(&context, part);
	held_event(ev, "audit.prune", &context, a);
	event_set_time(ev, FIELD_TIME, START - TIME_DAY); /* older than all: records stay */
	buf_fini(&context);
	model.records++;
}

/* Takes a plan and what the model says of it. */
static uint64_t
run_plan(const struct prune_plan *p, struct recording *r, int (*go_on)(struct err *e), int wanted, struct err *e)
{
	unsigned before = model.records;
	uint64_t removed;

	ck_assert_msg(store_prune(st, p, pool, prune_record, r, go_on, &removed, e) == wanted, "%s", e->text);
	ck_assert_uint_eq(r->events, removed);
	ck_assert_uint_eq(r->closings, removed > 0);
	ck_assert_uint_eq(r->closing_events, removed);
	for (; before < model.records; before++)
		model_add();
	return removed;
}

/* All that goes is gone in the model too. */
static uint64_t
model_prune(uint64_t size)
{
	uint64_t n = 0;

	for (size_t seq = 0; seq < size; seq++)
		if (fate_of(seq) != STAYS) {
			model.event[seq].gone = true;
			n++;
		}
	return n;
}

static void
place_hold(struct condition c)
{
	char matter[16], where[128];
	uint64_t events = 0;

	snprintf(matter, sizeof(matter), "matter-%zu", model.holds);
	where_of(&c, where);
	for (size_t seq = 0; seq < model.n; seq++)
		events += !model.event[seq].gone && !model.event[seq].record && matches(&c, &model.event[seq]);
	/* "has action" takes the toolkit's own records too when nothing else is asked. */
	if (c.category >= 0 || c.tenant >= 0)
		ck_assert_uint_eq(hold_events(st, matter, where), events);
	else
		hold_events(st, matter, where);
	model.hold[model.holds] = c;
	model.active[model.holds++] = true;
	model_add();
}

static void
lift(size_t i)
{
	char matter[16];

	snprintf(matter, sizeof(matter), "matter-%zu", i);
	ck_assert_uint_eq(lift_holds(st, matter), 1);
	model.active[i] = false;
	model_add();
}

static void
random_rules(void)
{
	model.rules = 1 + (size_t)(random() % RULES_MAX);
	for (size_t i = 0; i < model.rules; i++) {
		model.rule[i].when = random_condition();
		model.rule[i].cutoff = random() % 4 == 0 ? TIME_MIN : START + random() % 100 * TIME_DAY;
	}
}

/* One rule: all that is older than so many days after the start. */
static void
rule_of_days(int64_t days)
{
	model.rules = 1;
	model.rule[0] = (struct made_rule){ { -1, -1, -1 }, START + days * TIME_DAY };
}

static void
sign(void)
{
	struct store_view v;
	struct segment_info *list;
	struct err e = ERR_NONE;
	char note[32];
	size_t n;

	ck_assert_int_eq(store_view(st, &v, &list, &n, &e), 0);
	free(list);
	if (v.size == 0)
		return;
	snprintf(note, sizeof(note), "note %llu\n", (unsigned long long)v.size);
	ck_assert_int_ge(store_checkpoint_add(st, v.size, v.removals, str_of(note), &e), 0);
}

/* ---- tests ---- */

static void
begin(void)
{
	memset(&model, 0, sizeof(model));
	make_folder();
	st = open_store(STORE_CREATE);
	pool = pool_new(1);
}

static void
end(void)
{
	store_close(st);
	pool_free(pool);
	free(model.event);
	drop_folder();
}

static void
random_step(void)
{
	struct recording r = { 0 };
	struct prune_plan p;
	struct err e = ERR_NONE;
	uint64_t removed;

	random_rules();
	make_plan(&p, random() % 2 == 0 ? pool : NULL);
	expect_plan(&p);
	removed = run_plan(&p, &r, NULL, 0, &e);
	ck_assert_uint_eq(removed, p.events);
	ck_assert_uint_eq(model_prune(p.size), removed);
	prune_plan_fini(&p);
	expect_sound();
}

START_TEST(random_policies_holds_and_late_events_are_as_the_model_says)
{
	srandom(500u + (unsigned)_i);
	for (int round = 0; round < 8; round++) {
		for (long n = 1 + random() % 3; n > 0; n--)
			add_events((unsigned)(1 + random() % 3000), random() % 2 == 0);
		if (random() % 2 == 0)
			sign();
		if (model.holds < HOLDS_MAX && random() % 3 == 0)
			place_hold(random_condition());
		if (model.holds > 0 && random() % 4 == 0 && model.active[model.holds - 1])
			lift(model.holds - 1);
		random_step();
	}
}
END_TEST

START_TEST(several_cells_are_as_the_model_says)
{
	srandom(81);
	for (int i = 0; i < 10; i++)
		add_events(15000, true);
	sign();
	place_hold((struct condition){ 1, 2, 3 });
	for (int round = 0; round < 3; round++)
		random_step();
	rule_of_days(60);
	random_step();
	lift(0);
	random_step();
}
END_TEST

START_TEST(a_hold_placed_behind_the_plan_is_asked)
{
	struct recording r = { 0 };
	struct prune_plan p;
	struct err e = ERR_NONE;
	uint64_t planned, removed;

	srandom(3);
	add_events(6000, false);
	place_hold((struct condition){ 0, -1, -1 });
	rule_of_days(50);
	make_plan(&p, NULL);
	expect_plan(&p);
	planned = p.events;
	place_hold((struct condition){ 1, -1, -1 });
	removed = run_plan(&p, &r, NULL, 0, &e);
	ck_assert_uint_eq(removed, model_prune(p.size));
	ck_assert_uint_lt(removed, planned);
	/* At the plan, and since. */
	ck_assert_uint_eq(r.held, p.kept + planned - removed);
	prune_plan_fini(&p);
	expect_sound();
}
END_TEST

START_TEST(all_held_is_nothing_removed_and_nothing_recorded)
{
	struct recording r = { 0 };
	struct prune_plan p;
	struct err e = ERR_NONE;

	srandom(4);
	add_events(5000, false);
	rule_of_days(50);
	make_plan(&p, NULL);
	place_hold((struct condition){ -1, -1, -1 });
	ck_assert_uint_eq(run_plan(&p, &r, NULL, 0, &e), 0);
	prune_plan_fini(&p);
	make_plan(&p, pool);
	expect_plan(&p);
	ck_assert_uint_eq(p.events, 0);
	prune_plan_fini(&p);
	expect_sound();
}
END_TEST

START_TEST(events_behind_the_plan_are_for_the_next_one)
{
	struct recording r = { 0 };
	struct prune_plan p;
	struct err e = ERR_NONE;
	uint64_t size;

	srandom(5);
	add_events(4000, false);
	rule_of_days(100);
	make_plan(&p, NULL);
	size = model.n;
	add_events(4000, false); /* seals the planned ones with new ones */
	ck_assert_uint_eq(run_plan(&p, &r, NULL, 0, &e), size);
	ck_assert_uint_eq(model_prune(size), size);
	prune_plan_fini(&p);
	expect_sound();
}
END_TEST

START_TEST(a_plan_for_an_earlier_size_is_the_one_of_then)
{
	struct prune_plan p, again = { .rules = 0 };
	struct rules rules;
	struct err e = ERR_NONE;

	srandom(6);
	add_events(3000, false);
	rule_of_days(50);
	make_plan(&p, NULL);
	add_events(3000, false);
	make_rules(&rules);
	ck_assert_int_eq(store_prune_plan(st, rules.rule, 1, p.size, pool, NULL, &again, &e), 0);
	ck_assert_mem_eq(&again.digest, &p.digest, sizeof(p.digest));
	ck_assert_uint_eq(again.size, p.size);
	prune_plan_fini(&again);
	ck_assert_int_eq(store_prune_plan(st, rules.rule, 1, model.n + 1, pool, NULL, &again, &e), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
	drop_rules(&rules);
	prune_plan_fini(&p);
}
END_TEST

static int parts_left;

static int
stop(struct err *e)
{
	return parts_left-- > 0 ? 0 : err_set(e, ERR_FAIL, "stopped");
}

/* Two transactions' worth; what was removed until then is recorded. */
START_TEST(cut_short_it_is_sound_and_running_again_finishes)
{
	struct recording r = { 0 }, rest = { 0 };
	struct prune_plan p;
	struct err e = ERR_NONE;
	uint64_t removed;

	srandom(7);
	for (int i = 0; i < 6; i++)
		add_events(65000, false);
	rule_of_days(100);
	make_plan(&p, pool);
	parts_left = 0;
	removed = run_plan(&p, &r, stop, -1, &e);
	ck_assert_str_eq(strrchr(e.text, ' '), " stopped");
	ck_assert_uint_gt(removed, 0);
	ck_assert_uint_lt(removed, p.events);
	prune_plan_fini(&p);
	/* Whole segments, in order. */
	for (size_t seq = 0; seq < removed; seq++)
		model.event[seq].gone = true;
	expect_sound();

	err_clear(&e);
	make_plan(&p, NULL);
	expect_plan(&p);
	ck_assert_uint_eq(run_plan(&p, &rest, NULL, 0, &e), p.events);
	model_prune(p.size);
	ck_assert_uint_eq(removed + p.events, 6 * 65000);
	prune_plan_fini(&p);
	expect_sound();
}
END_TEST

START_TEST(cutoffs_above_the_floor_are_refused)
{
	struct prune_plan p = { .rules = 0 };
	struct filter *all = filter_all();
	struct prune_rule rule = { STR("young"), all, time_now() - PRUNE_FLOOR + TIME_DAY };
	struct err e = ERR_NONE;

	ck_assert_int_eq(store_prune_plan(st, &rule, 1, 0, NULL, NULL, &p, &e), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
	err_clear(&e);
	rule.cutoff = time_now() - PRUNE_FLOOR - TIME_DAY;
	ck_assert_int_eq(store_prune_plan(st, &rule, 1, 0, NULL, NULL, &p, &e), 0);
	prune_plan_fini(&p);
	filter_free(all);
}
END_TEST

/* Whoever made the plan. */
static void
plan_of(struct prune_plan *p, uint64_t first, uint64_t count)
{
	struct filter *all = filter_all();
	struct prune_rule rule = { STR("none"), all, TIME_MIN };
	struct err e = ERR_NONE;

	*p = (struct prune_plan){ .rules = 0 };
	ck_assert_msg(store_prune_plan(st, &rule, 1, 0, NULL, NULL, p, &e) == 0, "%s", e.text);
	filter_free(all);
	runs_fini(&p->share[0].runs);
	runs_fini(&p->runs);
	runs_add(&p->share[0].runs, first, count);
	runs_add(&p->runs, first, count);
	runs_end(&p->share[0].runs);
	runs_end(&p->runs);
	ck_assert_int_eq(runs_digest(buf_view(&p->runs.list), &p->digest), 0);
}

static void
expect_refused(const struct prune_plan *p)
{
	struct recording r = { 0 };
	struct err e = ERR_NONE;

	ck_assert_uint_eq(run_plan(p, &r, NULL, -1, &e), 0);
	ck_assert_int_eq(e.code, ERR_REFUSED);
	expect_sound();
}

START_TEST(young_events_do_not_go_whatever_the_plan_says)
{
	struct recording r = { 0 };
	struct err e = ERR_NONE;
	struct appender *a = append_open(st, NULL, &e);
	struct prune_plan p;

	add_event(a, START);
	add_event(a, time_now() - PRUNE_FLOOR + TIME_DAY);
	ck_assert_int_eq(append_commit(a, &e), 0);
	append_close(a);
	plan_of(&p, 0, 2);
	expect_refused(&p);
	prune_plan_fini(&p);
	plan_of(&p, 0, 1);
	ck_assert_uint_eq(run_plan(&p, &r, NULL, 0, &e), 1);
	model.event[0].gone = true;
	prune_plan_fini(&p);
	expect_sound();
}
END_TEST

START_TEST(plans_of_another_store_or_beyond_the_log_do_nothing)
{
	struct prune_plan p;

	srandom(8);
	add_events(100, false);
	plan_of(&p, 0, 50);
	p.store[3] ^= 1;
	expect_refused(&p);
	p.store[3] ^= 1;
	p.digest.b[0] ^= 1;
	expect_refused(&p);
	p.digest.b[0] ^= 1;
	p.size = 1000;
	expect_refused(&p);
	prune_plan_fini(&p);
	plan_of(&p, 90, 11);
	expect_refused(&p);
	prune_plan_fini(&p);
	plan_of(&p, 90, 10);
	runs_fini(&p.share[0].runs);
	expect_refused(&p);
	prune_plan_fini(&p);
}
END_TEST

START_TEST(own_records_do_not_go_whatever_the_plan_says)
{
	struct recording r = { 0 };
	struct prune_plan p;
	struct err e = ERR_NONE;

	srandom(9);
	add_events(10, false);
	place_hold((struct condition){ 0, 0, 3 });
	lift(0);
	plan_of(&p, 0, 12);
	ck_assert_uint_eq(run_plan(&p, &r, NULL, 0, &e), 10);
	for (size_t seq = 0; seq < 10; seq++)
		model.event[seq].gone = true;
	prune_plan_fini(&p);
	expect_sound();
}
END_TEST

static Suite *
prune_plan_suite(void)
{
	Suite *s = suite_create("prune_plan");
	TCase *t = tcase_create("prune_plan");

	tcase_add_checked_fixture(t, begin, end);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, random_policies_holds_and_late_events_are_as_the_model_says, 0, 6);
	tcase_add_test(t, several_cells_are_as_the_model_says);
	tcase_add_test(t, a_hold_placed_behind_the_plan_is_asked);
	tcase_add_test(t, all_held_is_nothing_removed_and_nothing_recorded);
	tcase_add_test(t, events_behind_the_plan_are_for_the_next_one);
	tcase_add_test(t, a_plan_for_an_earlier_size_is_the_one_of_then);
	tcase_add_test(t, cut_short_it_is_sound_and_running_again_finishes);
	tcase_add_test(t, cutoffs_above_the_floor_are_refused);
	tcase_add_test(t, young_events_do_not_go_whatever_the_plan_says);
	tcase_add_test(t, plans_of_another_store_or_beyond_the_log_do_nothing);
	tcase_add_test(t, own_records_do_not_go_whatever_the_plan_says);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(prune_plan_suite)
