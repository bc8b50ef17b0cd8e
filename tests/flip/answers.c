/*
 * answers: a battery of questions, whose answers are one hash; and whether
 * verification suspects a store.
 *
 * In: a store.   Out: a hash, or what is wrong.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "flip.h"
#include "proof/epoch.h"
#include "query/query.h"

#define NOW INT64_C(1777000000000000) /* 2026-04-24 */

struct asking {
	struct store *st;
	struct hasher h;
	struct err *first; /* error */
};

/* ---- questions ---- */

/* As --where: every kind of test, on every encoding, for what is there and
 * for what is not. */
static const char *const where[] = {
	"action = act.3", "action = a1", "action not in (act.3, act.4)", "action = act.*", "action = nothing",
	"source = app1", "source = audit-toolkit", "tenant = one", "has channel", "not has outcome",
	"category = file_access", "severity >= error", "outcome = failure", "actor_id = user:7", "actor_email = user7@ACME.example",
	"actor_email = person.77@acme.example", "id = odd-67", "id = Odd-67", "id = 0c5a9e37-4f89-71d3-9a0c-0305e82c33aa",
	"id = Odd-*", "id ~ 3aa$", "request_id = 3f2504e0-4f89-41d3-9a0c-000000000010", "request_id = none",
	"target_path = /srv/data/7", "target_path = /srv/*/3?", "ip in 10.0.3.0/24", "ip = 10.0.2.7", "status >= 300",
	"duration_ms < 4", "description = 'sentence 17 of many'", "description ~ 'e [0-9]7 of'", "context.n = 40",
	"context.k = 2", "has context.key", "session_id = 'Session One'", "time >= 2026-04-01T00:10:00Z",
	"time < 2025-01-01", "ingested >= 2026-04-04T00:00:05Z", "ingested < 2025-01-01",
	"action = act.1 and outcome = success and severity = warning", "action = act.1 or id = Odd-* or description ~ ' 9. '"
};

/* As --text and --grep. */
static const char *const texts[] = { "sentence 17", "SENTENCE 23 OF", "lorem ipsulorem", "word100", "odd-", "305e82c33", "no such text",
	"acme", "person.77@", "operation", "session o" };
static const char *const greps[] = { "sentence 1[0-9] ", "\"n\":4[0-9]", "no such text", "digest", "Person\\.7" };

/* Columns of each kind are also counted. */
static const enum field counted[] = { FIELD_ACTION, FIELD_SOURCE, FIELD_TENANT, FIELD_CHANNEL, FIELD_CATEGORY, FIELD_SEVERITY,
	FIELD_OUTCOME, FIELD_ACTOR_ID, FIELD_ACTOR_EMAIL, FIELD_TARGET_PATH, FIELD_IP, FIELD_REQUEST_ID, FIELD_STATUS,
	FIELD_DURATION_MS, FIELD_INGESTED, FIELD_SESSION_ID };

/* ---- answers into the hash ---- */

static void
add_number(struct asking *a, uint64_t n)
{
	hash_update(&a->h, &n, sizeof(n));
}

static void
add_text(struct asking *a, struct str s)
{
	add_number(a, s.len);
	hash_update(&a->h, s.p, s.len);
}

/* An error is an answer too, and none that may come of a flip unseen. */
static void
add_error(struct asking *a, struct err *e)
{
	if (e->code != ERR_OK && a->first->code == ERR_OK)
		*a->first = *e;
	add_number(a, e->code);
	err_clear(e);
}

static void
add_tally(struct asking *a, const struct tally *t)
{
	size_t n;
	struct tally_entry *entry = tally_top(t, 0, &n);

	for (size_t i = 0; i < n; i++) {
		add_text(a, entry[i].value);
		add_number(a, entry[i].count);
	}
	add_number(a, n);
	free(entry);
}

static struct filter *
build(struct asking *a, struct str_list *into, const struct filter_args *args, const char *text)
{
	struct err e = ERR_NONE;
	struct filter *f;

	if (text != NULL)
		str_list_add(into, text, strlen(text));
	f = filter_build(args, NOW, &e);
	add_error(a, &e);
	return f;
}

static void
ask_count(struct asking *a, const struct filter *f)
{
	struct query_options o = { .filter = f };
	struct query_stats stats;
	struct err e = ERR_NONE;
	uint64_t count = 0;

	query_count(a->st, &o, &count, &stats, &e);
	add_number(a, count);
	add_error(a, &e);
}

/* limit 0: all.  Of few events single rows are read, without their columns. */
static void
ask_events(struct asking *a, const struct filter *f, enum query_order order, uint64_t limit)
{
	struct query_options o = { .filter = f, .order = order, .limit = limit };
	struct buf line = { 0 };
	const struct event *ev;
	struct err e = ERR_NONE;
	struct query *q = query_open(a->st, &o, &e);
	uint64_t seq;

	while (q != NULL && query_next(q, &ev, &seq, &e) > 0) {
		buf_reset(&line);
		event_format(&line, ev);
		add_number(a, seq);
		add_text(a, buf_view(&line));
	}
	add_error(a, &e);
	query_close(q);
	buf_fini(&line);
}

static void
ask_summary(struct asking *a, const struct filter *f)
{
	struct summary_options so = { .by = { { .field = FIELD_ACTION }, { .field = FIELD_STATUS } }, .bys = 2 };
	struct summary *sum = summary_new(&so);
	struct query_options o = { .filter = f };
	struct query_stats stats;
	struct err e = ERR_NONE;

	query_summary(a->st, &o, sum, &stats, &e);
	add_error(a, &e);
	add_number(a, sum->total);
	add_number(a, sum->success);
	add_number(a, sum->failure);
	add_number(a, sum->unknown);
	add_number(a, (uint64_t)sum->first);
	add_number(a, (uint64_t)sum->last);
	add_tally(a, sum->actions);
	add_tally(a, sum->categories);
	add_tally(a, sum->severities);
	add_tally(a, sum->identities);
	add_tally(a, sum->resources);
	add_tally(a, sum->groups);
	summary_free(sum);
}

static void
ask_facets(struct asking *a, const struct filter *f)
{
	struct query_options o = { .filter = f };

	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
		struct selector s = selector_field(counted[i]);
		struct tally *t = tally_new();
		struct query_stats stats;
		struct err e = ERR_NONE;

		query_facet(a->st, &o, &s, 1, t, &stats, &e);
		add_error(a, &e);
		add_tally(a, t);
		tally_free(t);
	}
}

static void
ask_coverage(struct asking *a, const struct filter *f)
{
	struct coverage c;
	struct err e = ERR_NONE;

	query_coverage(a->st, f, NOW, NULL, &c, &e);
	add_error(a, &e);
	add_number(a, c.complete);
	add_number(a, c.pruned_events);
	add_number(a, (uint64_t)c.pruned_from);
	add_number(a, (uint64_t)c.pruned_until);
	for (size_t i = 0; i < c.silences; i++)
		add_text(a, c.silent[i].source);
	coverage_fini(&c);
}

enum asked { ASK_WHERE, ASK_TEXT, ASK_GREP };

static void
ask_list(struct asking *a, enum asked what, const char *const *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct filter_args args = { 0 };
		struct str_list *into = what == ASK_WHERE ? &args.where : what == ASK_TEXT ? &args.text : &args.grep;
		struct filter *f = build(a, into, &args, text[i]);

		if (f != NULL) {
			ask_count(a, f);
			ask_events(a, f, i % 2 ? QUERY_NEWEST : QUERY_OLDEST, 2);
			if (i % 8 == 0)
				ask_summary(a, f);
		}
		filter_free(f);
		filter_args_fini(&args);
	}
}

/* Filters are asked for every value that is there: what a question would need. */
static void
ask_filters(struct asking *a, struct segment *columns)
{
	static uint64_t bits[SEGMENT_EVENTS_MAX / 64];
	const struct segment_meta *m = segment_meta(columns);
	struct err e = ERR_NONE;
	struct str v;

	for (field_set left = m->fields; left != 0; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);

		for (uint32_t row = 0; field_table[f].type != FIELD_TIMESTAMP && row < m->count; row++) {
			if (segment_value(columns, f, row, &v, &e) < 0 || v.p == NULL)
				continue;
			add_number(a, (uint64_t)segment_may_have(columns, f, v, &e));
			if (row % 32 != 0)
				continue;
			bits[row / 64] = UINT64_MAX;
			segment_may_contain(columns, f, (struct str){ v.p + v.len / 4, v.len / 2 < 90 ? v.len / 2 : 90 }, false,
			    bits, &e);
			add_number(a, bits[row / 64] >> row % 64 & 1);
		}
	}
	add_error(a, &e);
}

static void
ask_segments(struct asking *a)
{
	struct segment_info *list = NULL;
	struct store_view view;
	struct err e = ERR_NONE;
	size_t n = 0;

	store_view(a->st, &view, &list, &n, &e);
	for (size_t i = 0; i < n; i++) {
		bool moved;
		struct stored *s = store_segment(a->st, &list[i], &moved, &e);

		if (s != NULL)
			ask_filters(a, s->columns);
		store_segment_free(s);
	}
	add_error(a, &e);
	free(list);
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

void
answers(struct store *st, struct hash *out, struct err *e)
{
	struct asking a = { .st = st, .first = e };
	struct filter_args args = { 0 };
	struct filter *f;

	hash_init(&a.h);
	ask_list(&a, ASK_WHERE, where, COUNT(where));
	ask_list(&a, ASK_TEXT, texts, COUNT(texts));
	ask_list(&a, ASK_GREP, greps, COUNT(greps));
	f = filter_all();
	ask_events(&a, f, QUERY_ARRIVAL, 0);
	ask_events(&a, f, QUERY_NEWEST, 0);
	ask_summary(&a, f);
	ask_facets(&a, f);
	ask_segments(&a);
	filter_free(f);
	args.since = strdup("2023-01-01");
	if ((f = build(&a, NULL, &args, NULL)) != NULL)
		ask_coverage(&a, f);
	filter_free(f);
	filter_args_fini(&args);
	hash_final(&a.h, out);
}

/* ---- verification ---- */

struct why {
	char *text;
	size_t size;
	bool any;
};

static void
note_finding(void *arg, const struct verify_finding *f)
{
	struct why *w = arg;

	if (!w->any)
		snprintf(w->text, w->size, "%s", f->text);
	w->any = true;
}

static void
note_epoch(void *arg, const struct epoch_finding *f)
{
	struct why *w = arg;

	if (f->fault == EPOCH_SEAL_PENDING)
		return;
	if (!w->any)
		snprintf(w->text, w->size, "%s", f->text);
	w->any = true;
}

static void
check_epochs(const struct verify_result *r, struct str first_key, struct why *w)
{
	struct epoch_log log = { .size = r->size, .introductions = r->keys > 0 ? r->keys - 1 : 0, .checkpoints = r->checkpoints };
	struct epoch_introduction *in = mem_zero(log.introductions + 1, sizeof(*in));
	struct epoch_checkpoint *point = mem_zero(log.checkpoints + 1, sizeof(*point));
	struct epoch_summary summary;
	struct err e = ERR_NONE;

	for (size_t i = 0; i < log.introductions; i++)
		in[i] = (struct epoch_introduction){ r->key[i + 1].seq, buf_view(&r->key[i + 1].line) };
	for (size_t i = 0; i < log.checkpoints; i++)
		point[i] = (struct epoch_checkpoint){ r->checkpoint[i].at.size, r->checkpoint[i].at.known,
			r->checkpoint[i].at.root, buf_view(&r->checkpoint[i].note) };
	log.introduction = in;
	log.checkpoint = point;
	note_verifier_parse(&log.pinned, first_key, &e);
	if (r->keys == 0 || !str_eq(buf_view(&r->key[0].line), first_key)) {
		snprintf(w->text, w->size, "the first key is another");
		w->any = true;
	}
	epoch_check(&log, &summary, note_epoch, w);
	if (!summary.has_signed && !w->any) {
		snprintf(w->text, w->size, "nothing is signed");
		w->any = true;
	}
	free(in);
	free(point);
}

bool
suspects(struct store *st, uint64_t from, struct str first_key, char *text, size_t size)
{
	struct why w = { text, size, false };
	struct verify_options o = { .from = from, .found = note_finding, .arg = &w };
	struct verify_result r = { 0 };
	struct err e = ERR_NONE;

	if (store_verify(st, &o, &r, &e) < 0) {
		snprintf(text, size, "%s", e.text);
		w.any = e.code != ERR_BUSY;
	} else if (!w.any)
		check_epochs(&r, first_key, &w);
	verify_result_fini(&r);
	return w.any;
}
