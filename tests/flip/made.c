/*
 * made: stores with every kind of row and piece that there is.
 *
 * In: nothing.   Out: a file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "../unit/pruned.h"
#include "flip.h"
#include "proof/checkpoint.h"
#include "store/internal.h"

#define START INT64_C(1775001600000000) /* 2026-04-01 */
#define OLD INT64_C(1704067200000000)   /* 2024-01-01: before the cut-off */
#define CUTOFF INT64_C(1717200000000000) /* 2024-06-01 */
#define HELD "action = act.5"
#define PSEUDONYM "person-000000000009"

enum {
	VARIED = 320, SMALL_EVENTS = 160,
	LARGE_EVENTS = 4300, HUGE_EVERY = 100, HUGE = 210000
};

struct making {
	struct store *st;
	struct appender *a;
	struct json_tape tape;
	struct arena arena;
	struct buf line;
	unsigned records;
	struct err *e;
};

typedef void line_fn(struct buf *line, unsigned n);

/* ---- events ---- */

static void
add_time(struct buf *line, const char *key, int64_t us)
{
	char text[TIME_TEXT_LEN];

	time_format(text, us);
	buf_printf(line, ",\"%s\":\"%.*s\"", key, TIME_TEXT_LEN, text);
}

static void
tiny_line(struct buf *line, unsigned n)
{
	buf_printf(line, "{\"id\":\"t%u\"", n);
	add_time(line, "time", OLD + (int64_t)n * TIME_SECOND);
	add_time(line, "ingested", OLD + 70000 * TIME_SECOND);
	buf_printf(line, ",\"source\":\"tiny\",\"action\":\"a%u\"}", n % 3);
}

/* In order of time but for some that come late, some that come after a pause,
 * and some so old that they are pruned. */
static int64_t
varied_time(unsigned n)
{
	int64_t time = START + (int64_t)n * 1500000 + (n > 180 ? 2 * TIME_DAY : 0);

	if (n % 37 == 5)
		time -= 600 * TIME_SECOND;
	return n % 5 == 1 && n > 8 && n < 130 ? OLD + (int64_t)n : time;
}

/* Fields that are dictionaries of few values, and of one. */
static void
add_repeated(struct buf *line, unsigned n)
{
	static const char *const severity[] = { "info", "warning", "error", "critical" };

	buf_printf(line, ",\"source\":\"app%u\",\"tenant\":\"one\"", n % 2);
	if (n % 50 == 0)
		buf_printf(line, ",\"channel\":\"rare\"");
	buf_printf(line, ",\"category\":\"%s\",\"action\":\"act.%u\",\"severity\":\"%s\"",
	    n % 4 != 0 ? "FILE_ACCESS" : "ADMIN", n % 9, severity[n % 4]);
	if (n % 3 != 0)
		buf_printf(line, ",\"outcome\":\"%s\"", n % 6 != 1 ? "success" : "failure");
}

static void
varied_line(struct buf *line, unsigned n)
{
	if (n % 60 == 7)
		buf_printf(line, "{\"id\":\"Odd-%u\"", n);
	else
		buf_printf(line, "{\"id\":\"0c5a%04x-4f89-71d3-9a0c-0305e82c33aa\"", n * 40503u & 0xffff);
	add_time(line, "time", varied_time(n));
	add_time(line, "ingested", START + 3 * TIME_DAY + n / 40 * TIME_SECOND);
	add_repeated(line, n);
	buf_printf(line, ",\"description\":\"sentence %u of many\"", n);
	buf_printf(line, ",\"actor_id\":\"user:%u\"", n % 23);
	if (n % 2 == 0)
		buf_printf(line, ",\"actor_email\":\"User%u@acme.example\"", n % 23);
	buf_printf(line, ",\"target_path\":\"/srv/data/%u\",\"ip\":\"10.0.%u.7\"", n % 40, n % 6);
	if (n % 4 != 3)
		buf_printf(line, ",\"request_id\":\"3f2504e0-4f89-41d3-9a0c-00000000%04x\"", n / 3);
	buf_printf(line, ",\"status\":%u", 200 + n % 3 * 100);
	if (n % 2 == 0)
		buf_printf(line, ",\"duration_ms\":%u.5", n % 11);
	buf_printf(line, ",\"context\":{\"n\":%u,\"k\":[%u,true]}}", n, n % 5);
}

/* Some values of 200 KB, so that a column has many blocks, and a dictionary
 * that is long to read. */
static void
large_line(struct buf *line, unsigned n)
{
	buf_printf(line, "{\"id\":\"0c5a%04x-4f89-71d3-9a0c-0305e82c33aa\"", n);
	add_time(line, "time", START + (int64_t)n * TIME_SECOND);
	add_time(line, "ingested", START + 70000 * TIME_SECOND);
	buf_printf(line, ",\"source\":\"app\",\"action\":\"act\"");
	if (n % HUGE_EVERY == 0) {
		buf_printf(line, ",\"description\":\"word%u ", n);
		for (unsigned i = 0; i < HUGE / 10; i++)
			buf_printf(line, "lorem ipsu");
		buf_printf(line, "\"");
	}
	buf_printf(line, ",\"actor_email\":\"Person.%u@Acme.example\"", n / 2 * 2654435761u % 100003);
	if (n == 1234)
		buf_printf(line, ",\"session_id\":\"Session One\"");
	buf_printf(line, "}");
}

static bool
failed(struct making *m)
{
	return m->e->code != ERR_OK;
}

/* Events first to before end, in one commit. */
static void
add_events(struct making *m, line_fn *make, unsigned first, unsigned end)
{
	static const struct event_policy policy = { .stored = true, .assume_now = TIME_NONE };
	enum append_result result;
	struct event ev;
	const char *detail;

	for (unsigned n = first; n < end && !failed(m); n++) {
		buf_reset(&m->line);
		arena_reset(&m->arena);
		make(&m->line, n);
		if (event_parse(&ev, m->line.p, m->line.len, &policy, &m->tape, &m->arena, &detail) != EVENT_OK)
			err_set(m->e, ERR_FAIL, "event %u: %s", n, detail);
		else if (append_event(m->a, &ev, LEAF_EVENT, &result, m->e) == 0 && result != APPEND_STORED)
			err_set(m->e, ERR_FAIL, "event %u is stored already", n);
	}
	if (!failed(m))
		append_commit(m->a, m->e);
}

/* ---- records, keys, checkpoints ---- */

static void
make_record(struct making *m, struct event *ev, const char *action, struct str context, struct arena *a)
{
	char id[24];
	int n = snprintf(id, sizeof(id), "r-%u", m->records++);

	*ev = (struct event){ 0 };
	event_set(ev, FIELD_ID, (struct str){ arena_copy(a, id, (size_t)n), (size_t)n });
	event_set_time(ev, FIELD_TIME, START + 4 * TIME_DAY);
	event_set_time(ev, FIELD_INGESTED, START + 4 * TIME_DAY);
	event_set(ev, FIELD_SOURCE, STR(EVENT_RESERVED_SOURCE));
	event_set(ev, FIELD_CATEGORY, STR("COMPLIANCE"));
	event_set(ev, FIELD_ACTION, str_of(action));
	event_set(ev, FIELD_SEVERITY, STR("info"));
	event_set(ev, FIELD_OUTCOME, STR("success"));
	event_set(ev, FIELD_CONTEXT, (struct str){ arena_copy(a, context.p, context.len), context.len });
}

static void
signer(struct note_signer *s, uint8_t number)
{
	uint8_t seed[NOTE_KEY_LEN] = { number };
	struct err e = ERR_NONE;

	note_signer_make(s, STR(MADE_KEY), seed, &e);
}

void
made_key(struct buf *line)
{
	struct note_signer s;

	signer(&s, 1);
	note_verifier_format(line, &s.verifier);
}

static void
add_key(struct making *m, uint8_t number)
{
	struct note_signer s;
	struct buf line = { 0 }, context = { 0 };
	struct event ev;
	uint64_t seq;

	if (failed(m))
		return;
	signer(&s, number);
	note_verifier_format(&line, &s.verifier);
	buf_printf(&context, "{\"key\":\"%.*s\"}", (int)line.len, line.p);
	make_record(m, &ev, number == 1 ? "audit.key-init" : "audit.key-rotate", buf_view(&context), &m->arena);
	store_key_add(m->st, buf_view(&line), &ev, &seq, m->e);
	buf_fini(&line);
	buf_fini(&context);
}

static void
sign(struct making *m, uint8_t number)
{
	struct segment_info *list = NULL;
	struct store_view view;
	struct note_signer s;
	struct buf note = { 0 };
	struct hash root;
	uint64_t size;
	size_t n;

	if (failed(m))
		return;
	signer(&s, number);
	if (store_view(m->st, &view, &list, &n, m->e) == 0 && store_root(m->st, &size, &root, m->e) == 0 &&
	    checkpoint_sign(&note, size, &root, &s, m->e) == 0)
		store_checkpoint_add(m->st, size, view.removals, buf_view(&note), m->e);
	free(list);
	buf_fini(&note);
}

/* ---- sealing, pruning, erasing ---- */

static void
seal(struct making *m)
{
	struct state state;

	if (failed(m) || db_begin_write(&m->st->db, m->e) < 0)
		return;
	if (state_get(m->st, &state, m->e) < 0 || tail_seal(m->st, &state, NULL, m->e) < 0 ||
	    state_put(m->st, &state, m->e) < 0 || db_commit(&m->st->db, m->e) < 0)
		db_rollback(&m->st->db);
}

static void
prune_record(void *arg, const struct prune_part *part, struct event *record, struct arena *a)
{
	struct making *m = arg;
	struct buf context = { 0 };

	pruned_context(&context, part);
	make_record(m, record, "audit.prune", buf_view(&context), a);
	buf_fini(&context);
}

static void
prune(struct making *m)
{
	uint64_t removed;

	if (!failed(m))
		prune_before(m->st, CUTOFF, prune_record, m, &removed, m->e);
}

static void
erase_record(void *arg, const struct erase_part *part, struct event *record, struct arena *a)
{
	struct making *m = arg;
	struct buf context = { 0 };

	buf_printf(&context, "{\"operation\":\"op\",\"pseudonym\":\"" PSEUDONYM "\"");
	if (part->part > 0)
		buf_printf(&context, ",\"part\":%u,\"events\":%" PRIu64 ",\"first_seq\":%" PRIu64 ",\"last_seq\":%" PRIu64
		    ",\"digest\":\"%s\"}", part->part, part->events, part->first_seq, part->last_seq, part->digest);
	else
		buf_printf(&context, ",\"closing\":true,\"events\":%" PRIu64 "}", part->events);
	make_record(m, record, "audit.erase", buf_view(&context), a);
	buf_fini(&context);
}

static void
erase(struct making *m, struct str person)
{
	struct subject *s = failed(m) ? NULL : subject_new(&person, 1, STR(PSEUDONYM), m->e);
	struct erase_deferred what = { .pseudonym = STR(PSEUDONYM), .values = STR("[]"), .reason = STR("asked"),
		.by = STR("uid:0"), .at = START };
	struct erase_found done = { 0 };

	if (s != NULL)
		store_erase(m->st, s, &what, NULL, erase_record, m, NULL, &done, m->e);
	erase_found_fini(&done);
	subject_free(s);
}

/* ---- holds ---- */

static void
place_record(void *arg, const struct hold_placing *h, struct event *record, struct arena *a)
{
	struct making *m = arg;
	struct buf context = { 0 };

	buf_printf(&context, "{\"hold\":%" PRId64 ",\"matter\":\"m\",\"reason\":\"r\",\"filter\":\"" HELD "\",\"events\":%" PRIu64
	    ",\"digest\":\"%s\"}", h->id, h->events, h->digest);
	make_record(m, record, "audit.hold-place", buf_view(&context), a);
	buf_fini(&context);
}

static void
place(struct making *m)
{
	struct filter_args f = { 0 };
	struct hold_placing placed;
	struct filter *filter;

	if (failed(m))
		return;
	str_list_add(&f.where, HELD, strlen(HELD));
	if ((filter = filter_build(&f, START, m->e)) != NULL)
		store_hold_place(m->st, filter, place_record, m, &placed, m->e);
	filter_free(filter);
	filter_args_fini(&f);
}

static void
lift_record(void *arg, const int64_t *id, size_t n, struct event *record, struct arena *a)
{
	struct making *m = arg;
	struct buf context = { 0 };

	buf_printf(&context, "{\"matter\":\"m\",\"reason\":\"r\"");
	for (size_t i = 0; i < n; i++)
		buf_printf(&context, "%s%" PRId64, i == 0 ? ",\"holds\":[" : ",", id[i]);
	buf_printf(&context, "]}");
	make_record(m, record, "audit.hold-lift", buf_view(&context), a);
	buf_fini(&context);
}

static void
lift(struct making *m)
{
	size_t lifted;

	if (!failed(m))
		store_hold_lift(m->st, STR("m"), lift_record, m, &lifted, m->e);
}

/* ---- stores ---- */

static bool
begin(struct making *m, const char *path, struct err *e)
{
	*m = (struct making){ .e = e };
	m->st = store_open(path, STORE_CREATE, e);
	if (m->st != NULL)
		m->a = append_open(m->st, NULL, e);
	return m->a != NULL;
}

static bool
end(struct making *m)
{
	append_close(m->a);
	store_close(m->st);
	json_tape_fini(&m->tape);
	arena_fini(&m->arena);
	buf_fini(&m->line);
	return !failed(m);
}

bool
made_small(const char *path, struct err *e)
{
	struct making m;

	if (!begin(&m, path, e))
		return end(&m);
	add_events(&m, tiny_line, 0, 40000);
	sign(&m, 1);
	add_events(&m, tiny_line, 40000, TREE_CELL);
	add_key(&m, 1);
	add_events(&m, varied_line, 0, SMALL_EVENTS);
	sign(&m, 1);
	add_events(&m, varied_line, SMALL_EVENTS, VARIED);
	place(&m);
	lift(&m);
	place(&m);
	erase(&m, STR("user:9"));
	seal(&m);
	add_key(&m, 2);
	sign(&m, 1);
	add_events(&m, varied_line, VARIED, VARIED + 30);
	seal(&m);
	prune(&m);
	sign(&m, 2);
	add_events(&m, varied_line, VARIED + 30, VARIED + 40);
	/* Flips of the file are to hit what is in use. */
	if (!failed(&m))
		db_exec(&m.st->db, "VACUUM", m.e);
	return end(&m);
}

bool
made_large(const char *path, struct err *e)
{
	struct making m;

	if (!begin(&m, path, e))
		return end(&m);
	add_key(&m, 1);
	seal(&m);
	add_events(&m, large_line, 0, LARGE_EVENTS);
	seal(&m);
	sign(&m, 1);
	return end(&m);
}

bool
made_full(const char *path, struct err *e)
{
	struct making m;

	if (!begin(&m, path, e))
		return end(&m);
	add_key(&m, 1);
	add_events(&m, tiny_line, 0, TREE_CELL + 20);
	sign(&m, 1);
	return end(&m);
}
