/*
 * made: stores with every kind of row and piece that there is.
 *
 * In: nothing.   Out: a file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "flip.h"
#include "proof/checkpoint.h"
#include "proof/salt.h"
#include "store/cell_copy.h"

#define START INT64_C(1775001600000000) /* 2026-04-01 */
#define OLD INT64_C(1704067200000000)   /* 2024-01-01: before the cut-off */
#define CUTOFF INT64_C(1767225600000000)

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
	char oldest[TIME_TEXT_LEN], newest[TIME_TEXT_LEN];

	buf_printf(&context, "{\"operation\":\"op\",\"cutoff\":\"2026-01-01T00:00:00.000000Z\"");
	if (part->part > 0) {
		time_format(oldest, part->oldest);
		time_format(newest, part->newest);
		buf_printf(&context, ",\"part\":%u,\"events\":%" PRIu64 ",\"first_seq\":%" PRIu64 ",\"last_seq\":%" PRIu64
		    ",\"oldest\":\"%.*s\",\"newest\":\"%.*s\",\"digest\":\"%s\"}", part->part, part->events,
		    part->first_seq, part->last_seq, TIME_TEXT_LEN, oldest, TIME_TEXT_LEN, newest, part->digest);
	} else
		buf_printf(&context, ",\"closing\":true,\"events\":%" PRIu64 "}", part->events);
	make_record(m, record, "audit.prune", buf_view(&context), a);
	buf_fini(&context);
}

static void
prune(struct making *m)
{
	struct prune_plan done;

	if (!failed(m))
		store_prune(m->st, CUTOFF, prune_record, m, NULL, &done, m->e);
}

/* A lawful erasure of two lines of the tail, as no program makes it yet. */

struct erasing {
	struct making *m;
	struct state state;
	struct buf digested, runs;
	uint64_t end; /* of the run before */
	uint64_t forget[TREE_CELL / 64];
};

/* Runs one statement with values (0 to 3: a number and bytes). */
static void
run_sql(struct making *m, const char *sql, int64_t number, const struct str *bytes, int n)
{
	sqlite3_stmt *s = NULL;

	if (failed(m) || sqlite3_prepare_v2(m->st->db.sqlite, sql, -1, &s, NULL) != SQLITE_OK) {
		db_error(&m->st->db, m->e, sql);
		return;
	}
	db_bind_int(s, 1, number);
	for (int i = 0; i < n; i++)
		if (strncmp(sql, "UPDATE tail", 11) == 0)
			db_bind_text(s, i + 2, bytes[i]);
		else
			db_bind_blob(s, i + 2, bytes[i].p, bytes[i].len);
	if (sqlite3_step(s) != SQLITE_DONE)
		db_error(&m->st->db, m->e, sql);
	sqlite3_finalize(s);
}

/* The line and the leaf hash of a row of the tail. */
static void
read_line(struct making *m, uint64_t seq, struct buf *line, struct hash *leaf)
{
	sqlite3_stmt *s = db_statement(&m->st->db, ST_TAIL_RANGE, m->e);

	if (s == NULL)
		return;
	db_bind_int(s, 1, (int64_t)seq);
	db_bind_int(s, 2, (int64_t)seq + 1);
	if (db_step(&m->st->db, s, m->e) > 0 && db_blob_fixed(s, 2, leaf->b, sizeof(leaf->b)))
		buf_str(line, db_blob(s, 3));
	else
		err_set(m->e, ERR_FAIL, "seq %llu is not in the tail", (unsigned long long)seq);
	sqlite3_reset(s);
}

/* The first ten bytes of "user:N..." behind actor_id become others. */
static void
pseudonymise(struct making *m, struct buf *line)
{
	static const char key[] = "\"actor_id\":\"";
	char *at = memmem(line->p, line->len, key, sizeof(key) - 1);

	if (at == NULL)
		err_set(m->e, ERR_FAIL, "no actor");
	else
		memcpy(at + sizeof(key) - 1, "gone", 4);
}

static void
erase_line(struct erasing *x, uint64_t seq)
{
	struct making *m = x->m;
	const uint8_t salt[SALT_LEN] = { (uint8_t)seq };
	struct hash leaf, change;
	struct buf line = { 0 };
	char sql[128];

	read_line(m, seq, &line, &leaf);
	if (failed(m))
		return;
	pseudonymise(m, &line);
	erased_change(&change, salt, buf_view(&line));
	buf_reserve(&x->digested, 8);
	put_be64((uint8_t *)x->digested.p + x->digested.len, seq);
	x->digested.len += 8;
	buf_add(&x->digested, leaf.b, sizeof(leaf.b));
	buf_add(&x->digested, change.b, sizeof(change.b));
	buf_varint(&x->runs, seq - x->end);
	buf_varint(&x->runs, 1);
	x->end = seq + 1;
	x->forget[seq % TREE_CELL / 64] |= UINT64_C(1) << seq % 64;
	run_sql(m, "UPDATE tail SET line = ?2 WHERE seq = ?1", (int64_t)seq, (struct str[]){ buf_view(&line) }, 1);
	snprintf(sql, sizeof(sql), "INSERT INTO erased (seq, record, leaf, change, salt) VALUES (?1, %llu, ?2, ?3, ?4)",
	    (unsigned long long)x->state.size);
	run_sql(m, sql, (int64_t)seq, (struct str[]){ { (char *)leaf.b, HASH_LEN }, { (char *)change.b, HASH_LEN },
	    { (const char *)salt, SALT_LEN } }, 3);
	buf_fini(&line);
}

static void
forget_salts(struct erasing *x, uint64_t cell)
{
	struct making *m = x->m;
	struct buf salts = { 0 }, left = { 0 };

	if (!failed(m) && cell_salts(m->st, cell, &salts, m->e) > 0) {
		salt_forget(&left, buf_view(&salts), x->forget);
		run_sql(m, "UPDATE cell SET salts = ?2 WHERE no = ?1", (int64_t)cell, (struct str[]){ buf_view(&left) }, 1);
	}
	buf_fini(&salts);
	buf_fini(&left);
}

static void
record_erasure(struct erasing *x)
{
	struct making *m = x->m;
	struct buf context = { 0 };
	struct hash digest;
	struct event ev;

	hash_bytes(&digest, x->digested.p, x->digested.len);
	buf_printf(&context, "{\"operation\":\"op\",\"pseudonym\":\"gone:0\",\"events\":2,\"digest\":\"");
	buf_hex(&context, digest.b, sizeof(digest.b));
	buf_printf(&context, "\"}");
	make_record(m, &ev, "audit.erase", buf_view(&context), &m->arena);
	if (!failed(m) && removal_add(m->st, &x->state, buf_view(&x->runs), m->e) == 0)
		record_add(m->st, &x->state, &ev, m->e);
	buf_fini(&context);
}

static void
erase(struct making *m, uint64_t a, uint64_t b)
{
	struct erasing *x = mem_zero(1, sizeof(*x));

	x->m = m;
	if (!failed(m) && db_begin_write(&m->st->db, m->e) == 0) {
		if (state_get(m->st, &x->state, m->e) == 0) {
			erase_line(x, a);
			erase_line(x, b);
		}
		forget_salts(x, a / TREE_CELL);
		record_erasure(x);
		if (failed(m) || state_put(m->st, &x->state, m->e) < 0 || db_commit(&m->st->db, m->e) < 0)
			db_rollback(&m->st->db);
	}
	buf_fini(&x->digested);
	buf_fini(&x->runs);
	free(x);
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
	erase(&m, TREE_CELL + 20, TREE_CELL + SMALL_EVENTS + 40);
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
