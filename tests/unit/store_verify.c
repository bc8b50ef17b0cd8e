/*
 * Verification of a store: sound ones pass, whatever was lawfully done to
 * them; each unlawful change is found, and named.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "proof/salt.h"
#include "store/verify_parts.h"
#include "made_record.h"
#include "pruned.h"
#include "store_folder.h"

#define DAY 86400
#define START INT64_C(1690000000)

/* ---- events ---- */

/* Every 7th is old; texts repeat, ids are UUIDs, descriptions are long. */
static void
fill_event(struct event *ev, unsigned n, struct buf *bytes)
{
	static const char *const outcomes[] = { "success", "failure" };
	int64_t time = (START + n - (n % 7 == 0 ? 100 * DAY : 0)) * TIME_SECOND;
	char text[512];
	size_t at[4];
	int len;

	buf_reset(bytes);
	buf_reserve(bytes, 2048);
	*ev = (struct event){ 0 };
	event_set_time(ev, FIELD_TIME, time);
	event_set_time(ev, FIELD_INGESTED, (START + n) * TIME_SECOND);
	len = snprintf(text, sizeof(text), "%08x-0000-7000-8000-%012x", n * 2654435761u, n);
	at[0] = bytes->len;
	buf_add(bytes, text, (size_t)len);
	len = snprintf(text, sizeof(text), "user:%u@example.com", n % 97);
	at[1] = bytes->len;
	buf_add(bytes, text, (size_t)len);
	len = snprintf(text, sizeof(text), "number %u \"quoted\" \xc3\xbc and some more words of which there are many %u", n, n * 31);
	at[2] = bytes->len;
	buf_add(bytes, text, (size_t)len);
	len = snprintf(text, sizeof(text), "{\"n\":%u,\"r\":0.1}", n);
	at[3] = bytes->len;
	buf_add(bytes, text, (size_t)len);
	event_set(ev, FIELD_ID, (struct str){ bytes->p + at[0], at[1] - at[0] });
	event_set(ev, FIELD_SOURCE, STR("app"));
	event_set(ev, FIELD_ACTION, n % 3 ? STR("login") : STR("read"));
	event_set(ev, FIELD_SEVERITY, STR("info"));
	event_set(ev, FIELD_OUTCOME, str_of(outcomes[n % 2]));
	event_set(ev, FIELD_ACTOR_EMAIL, (struct str){ bytes->p + at[1], at[2] - at[1] });
	event_set(ev, FIELD_DESCRIPTION, (struct str){ bytes->p + at[2], at[3] - at[2] });
	event_set(ev, FIELD_STATUS, n % 2 ? STR("200") : STR("403"));
	event_set(ev, FIELD_CONTEXT, (struct str){ bytes->p + at[3], bytes->len - at[3] });
}

static void
append_range(struct store *st, unsigned first, unsigned end, unsigned step)
{
	struct err e = ERR_NONE;
	struct appender *a = append_open(st, NULL, &e);
	enum append_result result;
	struct buf bytes = { 0 };
	struct event ev;

	ck_assert_msg(a != NULL, "%s", e.text);
	for (unsigned n = first; n < end; n++) {
		fill_event(&ev, n, &bytes);
		ck_assert_msg(append_event(a, &ev, LEAF_EVENT, &result, &e) == 0, "%s", e.text);
		ck_assert_int_eq(result, APPEND_STORED);
		if ((n - first + 1) % step == 0)
			ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
	}
	ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
	append_close(a);
	buf_fini(&bytes);
}

/* ---- records ---- */

static void
fill_record(struct event *ev, const char *action, struct str context, struct arena *a)
{
	char id[40];
	int n = snprintf(id, sizeof(id), "record-%p-%zu", (void *)a, a->requested);

	made_record(ev, (struct str){ arena_copy(a, id, (size_t)n), (size_t)n }, action, (START + DAY) * TIME_SECOND);
	event_set(ev, FIELD_CONTEXT, (struct str){ arena_copy(a, context.p, context.len), context.len });
}

static void
prune_record(void *arg, const struct prune_part *part, struct event *ev, struct arena *a)
{
	struct buf context = { 0 };

	(void)arg;
	pruned_context(&context, part);
	fill_record(ev, "audit.prune", buf_view(&context), a);
	buf_fini(&context);
}

static void
prune(struct store *st, int64_t cutoff)
{
	struct err e = ERR_NONE;
	uint64_t removed;

	ck_assert_msg(prune_before(st, cutoff * TIME_SECOND, prune_record, NULL, &removed, &e) == 0, "%s", e.text);
}

/* ---- verification ---- */

struct seen {
	uint64_t fault[VERIFY_FAULTS];
	struct buf text;
};

static void
see(void *arg, const struct verify_finding *f)
{
	struct seen *s = arg;

	s->fault[f->fault]++;
	buf_printf(&s->text, "%s: %s\n", verify_fault_name(f->fault), f->text);
}

static void
verify(struct store *st, struct pool *pool, struct verify_root *root, size_t roots, struct seen *seen,
    struct verify_result *r)
{
	struct verify_options o = { .pool = pool, .root = root, .roots = roots, .found = see, .arg = seen };
	struct err e = ERR_NONE;

	*seen = (struct seen){ 0 };
	*r = (struct verify_result){ 0 };
	ck_assert_msg(store_verify(st, &o, r, &e) == 0, "%s", e.text);
	buf_byte(&seen->text, '\0');
}

/* Nothing is found, and the root is the one that is kept. */
static void
expect_sound(struct store *st, struct pool *pool, struct verify_result *out)
{
	struct verify_result r;
	struct seen seen;
	struct hash root;
	uint64_t size;
	struct err e = ERR_NONE;

	verify(st, pool, NULL, 0, &seen, &r);
	ck_assert_msg(r.findings == 0, "%s", seen.text.p);
	ck_assert_msg(store_root(st, &size, &root, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(r.size, size);
	ck_assert_mem_eq(&r.root, &root, sizeof(root));
	ck_assert_uint_eq(r.present + r.pruned + r.missing, r.size);
	buf_fini(&seen.text);
	if (out != NULL)
		*out = r;
	else
		verify_result_fini(&r);
}

START_TEST(an_empty_store_is_sound)
{
	struct store *st = open_store(STORE_CREATE);

	expect_sound(st, NULL, NULL);
	store_close(st);
}
END_TEST

START_TEST(tail_segments_and_full_cells_are_sound)
{
	struct store *st = open_store(STORE_CREATE);
	struct pool *pool = pool_new(1);

	append_range(st, 0, 300, 10);
	expect_sound(st, NULL, NULL);
	append_range(st, 300, 10000, 4500);
	expect_sound(st, pool, NULL);
	append_range(st, 10000, 70000, 30000);
	append_range(st, 70000, 70010, 10);
	expect_sound(st, pool, NULL);
	expect_sound(st, NULL, NULL);
	store_close(st);
	pool_free(pool);
}
END_TEST

START_TEST(pruned_stores_are_sound_and_counted)
{
	struct store *st = open_store(STORE_CREATE);
	struct verify_result r;

	append_range(st, 0, 66000, 33000);
	prune(st, START - 50 * DAY);
	expect_sound(st, NULL, &r);
	ck_assert_uint_eq(r.pruned, 9429);
	ck_assert_uint_eq(r.records, 2);
	verify_result_fini(&r);
	append_range(st, 66000, 140000, 74000);
	prune(st, START + 70000);
	expect_sound(st, NULL, &r);
	ck_assert_uint_gt(r.pruned, 70000);
	verify_result_fini(&r);
	prune(st, START + DAY / 2 + 200000);
	expect_sound(st, NULL, NULL);
	store_close(st);
}
END_TEST

START_TEST(roots_of_earlier_sizes_are_made_again)
{
	static const unsigned steps[] = { 1, 2, 1000, 5000, 65536, 65537, 70000 };
	enum { STEPS = sizeof(steps) / sizeof(steps[0]) };
	struct store *st = open_store(STORE_CREATE);
	struct verify_root root[STEPS + 2];
	struct verify_result r;
	struct hash known[STEPS];
	struct seen seen;
	struct err e = ERR_NONE;
	uint64_t size;

	for (unsigned i = 0; i < STEPS; i++) {
		append_range(st, i > 0 ? steps[i - 1] : 0, steps[i], 50000);
		ck_assert_int_eq(store_root(st, &size, &known[i], &e), 0);
		ck_assert_uint_eq(size, steps[i]);
		root[i] = (struct verify_root){ .size = size };
	}
	root[STEPS].size = 0;
	root[STEPS + 1].size = 70001;
	for (unsigned from = 0; from < 2; from++) {
		struct verify_options o = { .root = root, .roots = STEPS + 2, .found = see, .arg = &seen, .from = from * 66000 };

		r = (struct verify_result){ 0 };
		seen = (struct seen){ 0 };
		ck_assert_msg(store_verify(st, &o, &r, &e) == 0, "%s", e.text);
		ck_assert_uint_eq(r.findings, 0);
		ck_assert_uint_eq(r.recomputed, from ? 70000 - 65536 : 70000);
		for (unsigned i = 0; i < STEPS; i++) {
			ck_assert_msg(root[i].known, "%u", steps[i]);
			ck_assert_mem_eq(&root[i].root, &known[i], sizeof(known[i]));
		}
		ck_assert(root[STEPS].known);
		ck_assert(!root[STEPS + 1].known);
		verify_result_fini(&r);
		buf_fini(&seen.text);
	}
	store_close(st);
}
END_TEST

/* A prune cuts what it keeps there; the verifier gives them all. */
START_TEST(roots_of_checkpoints_outlive_prunes)
{
	static const unsigned steps[] = { 1000, 40001, 65536, 66003, 100000, 131072, 131500 };
	enum { STEPS = sizeof(steps) / sizeof(steps[0]) };
	struct store *st = open_store(STORE_CREATE);
	struct hash known[STEPS];
	struct verify_result r;
	struct err e = ERR_NONE;
	uint64_t size;

	for (unsigned i = 0; i < STEPS; i++) {
		append_range(st, i > 0 ? steps[i - 1] : 0, steps[i], 70000);
		ck_assert_int_eq(store_root(st, &size, &known[i], &e), 0);
		ck_assert_msg(store_checkpoint_add(st, size, 0, STR("note\n"), &e) == 1, "%s", e.text);
	}
	for (unsigned k = 0; k < 3; k++) {
		static const int64_t cutoffs[] = { START - 50 * DAY, START + 66001, START + 131300 };

		prune(st, cutoffs[k]);
		expect_sound(st, NULL, &r);
		ck_assert_uint_eq(r.checkpoints, STEPS);
		for (unsigned i = 0; i < STEPS; i++) {
			ck_assert_msg(r.checkpoint[i].at.known, "prune %u, size %u", k, steps[i]);
			ck_assert_uint_eq(r.checkpoint[i].at.size, steps[i]);
			ck_assert_mem_eq(&r.checkpoint[i].at.root, &known[i], sizeof(known[i]));
		}
		verify_result_fini(&r);
	}
	store_close(st);
}
END_TEST

/* ---- unlawful changes ---- */

static void
run_sql(const char *sql)
{
	sqlite3 *db;
	char *text = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &text) == SQLITE_OK, "%s: %s", sql, text ? text : "");
	sqlite3_close(db);
}

static void
copy_file(const char *from, const char *to)
{
	char bytes[65536];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	size_t n;

	ck_assert(in != NULL && out != NULL);
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		ck_assert_uint_eq(fwrite(bytes, 1, n, out), n);
	fclose(in);
	ck_assert_int_eq(fclose(out), 0);
}

static const struct unlawful {
	const char *sql;
	enum verify_fault fault;
	const char *words;
} unlawful[] = {
	{ "UPDATE segment SET min_time = min_time + 1", VERIFY_SEGMENT, "field time" },
	{ "UPDATE segment SET max_time = max_time - 1", VERIFY_SEGMENT, "field time" },
	{ "UPDATE segment SET min_ingested = min_ingested + 1", VERIFY_SEGMENT, "field ingested" },
	{ "UPDATE segment SET bytes = bytes + 1", VERIFY_SEGMENT, "bytes of lines" },
	{ "UPDATE segment SET fields = fields & ~(1 << 14)", VERIFY_SEGMENT, "actor_email" },
	{ "UPDATE segment SET fields = fields | (1 << 15)", VERIFY_COLUMN, "service_account" },
	{ "UPDATE segment SET count = count - 1", VERIFY_SEGMENT, "segment 5" },
	{ "UPDATE segment SET last = last - 1", VERIFY_SEGMENT, "segment 5" },
	{ "UPDATE segment SET runs = x'00', records = NULL", VERIFY_SEGMENT, "segment 5" },
	{ "UPDATE segment SET records = x'0001' WHERE first = 1", VERIFY_RECORD, "seq 1:" },
	{ "UPDATE segment SET records = NULL", VERIFY_RECORD, "from outside" },
	{ "DELETE FROM segment WHERE first = (SELECT min(first) FROM segment)", VERIFY_MISSING, "missing" },
	{ "DELETE FROM segment WHERE first = (SELECT min(first) FROM segment)", VERIFY_LEFTOVER, "pieces of segment" },
	{ "DELETE FROM piece WHERE id = (SELECT min(id) FROM piece)", VERIFY_COLUMN, "id" },
	{ "UPDATE piece SET data = zeroblob(length(data)) WHERE (id & 1023) = 2", VERIFY_FILTER, "membership filter" },
	{ "INSERT INTO piece SELECT ((min(id) >> 16) << 16) | (15 << 10), x'00' FROM piece", VERIFY_SEGMENT, "service_account" },
	{ "INSERT INTO piece SELECT ((min(id) >> 16) << 16) | (7 << 10) | 16, x'00' FROM piece", VERIFY_LEFTOVER, "nothing calls for" },
	{ "INSERT INTO piece VALUES ((1 << 40) << 16, x'00')", VERIFY_LEFTOVER, "not there" },
	{ "INSERT INTO piece VALUES (-5, x'00')", VERIFY_LEFTOVER, "not there" },
	{ "UPDATE tail SET line = replace(line, 'login', 'logon')", VERIFY_CHANGED, "is not the one that was stored" },
	{ "UPDATE tail SET line = replace(line, ',', ', ')", VERIFY_TAIL, "is no event" },
	{ "UPDATE tail SET line = ''", VERIFY_TAIL, "is no event" },
	{ "UPDATE tail SET key = key + 1", VERIFY_TAIL, "key" },
	{ "UPDATE tail SET length = length + 1", VERIFY_TAIL, "length" },
	{ "UPDATE tail SET kind = 1 - kind", VERIFY_RECORD, "source" },
	{ "DELETE FROM tail WHERE seq = (SELECT max(seq) FROM tail)", VERIFY_MISSING, "missing" },
	{ "DELETE FROM tail WHERE seq = (SELECT min(seq) + 2 FROM tail)", VERIFY_TAIL, "gap" },
	{ "UPDATE tail SET leaf = zeroblob(32)", VERIFY_CHANGED, "is not the one that was stored" },
	{ "UPDATE leaf SET hashes = zeroblob(length(hashes))", VERIFY_CHANGED, "is not the one that was stored" },
	{ "DELETE FROM leaf", VERIFY_HASHES, "leaf hashes are missing" },
	{ "UPDATE cell SET nodes = zeroblob(8192) WHERE no = 0", VERIFY_CHANGED, "seqs 0 to 65535" },
	{ "UPDATE cell SET root = zeroblob(32) WHERE no = 0", VERIFY_HASHES, "root is not that of its nodes" },
	{ "UPDATE cell SET root = NULL, nodes = NULL WHERE no = 0", VERIFY_HASHES, "missing or damaged" },
	{ "UPDATE cell SET salts = x'' WHERE no = 0", VERIFY_HASHES, "the salt is gone" },
	{ "UPDATE cell SET salts = x'00' WHERE no = 0", VERIFY_HASHES, "no whole number" },
	{ "UPDATE cell SET salts = x'00000000000000000000000000000000000000' WHERE no = 0", VERIFY_HASHES, "still there" },
	{ "DELETE FROM cell WHERE no = 1", VERIFY_HASHES, "are missing" },
	{ "INSERT INTO cell VALUES (9, x'', NULL, NULL)", VERIFY_LEFTOVER, "beyond the end" },
	{ "DELETE FROM removed", VERIFY_HASHES, "no hash is kept" },
	{ "UPDATE removed SET hash = zeroblob(32)", VERIFY_CHANGED, "not those" },
	{ "INSERT INTO removed SELECT min(first), 0, zeroblob(32) FROM segment", VERIFY_HASHES, "cannot be" },
	{ "DELETE FROM removal", VERIFY_MISSING, "no removal accounts" },
	{ "DELETE FROM removal", VERIFY_REMOVAL, "does not know" },
	{ "UPDATE removal SET record = record + 1", VERIFY_REMOVAL, "the record" },
	{ "UPDATE removal SET runs = x'0001'", VERIFY_MISSING, "missing" },
	{ "UPDATE removal SET runs = x'0001'", VERIFY_REMOVAL, "digest" },
	{ "UPDATE removal SET generation = generation + 1", VERIFY_REMOVAL, "not told of" },
	{ "INSERT INTO removal SELECT max(generation) + 1, 5, x'0101' FROM removal; UPDATE state SET removals = removals + 1",
	    VERIFY_EXTRA, "although a prune" },
	{ "INSERT INTO key VALUES (3, 'a+00000000+AA==')", VERIFY_KEY, "seq 3" },
	{ "INSERT INTO key VALUES (1000000, 'a')", VERIFY_KEY, "beyond" },
	{ "INSERT INTO erased VALUES (3, 4, zeroblob(32), zeroblob(32), zeroblob(16))", VERIFY_ERASURE, "does not know" },
	{ "UPDATE state SET size = size - 1", VERIFY_TAIL, "beyond the end" },
	{ "UPDATE state SET size = size + 1", VERIFY_MISSING, "missing" },
	{ "UPDATE state SET size = 1 << 47", VERIFY_MISSING, "missing" },
	{ "UPDATE state SET next_segment = 1", VERIFY_COUNTERS, "next segment" },
	{ "UPDATE state SET quarantined = 7", VERIFY_COUNTERS, "quarantined" },
	{ "UPDATE state SET removals = removals + 1", VERIFY_REMOVAL, "not told of" },
	{ "UPDATE state SET pruned_events = 0", VERIFY_COUNTERS, "pruned events" },
	{ "UPDATE state SET pruned_min_time = pruned_min_time + 1", VERIFY_COUNTERS, "times of pruned" },
	{ "UPDATE state SET last_ingested = 0", VERIFY_COUNTERS, "newest time of storing" },
	{ "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'tail_key'; PRAGMA writable_schema = RESET;"
	  "UPDATE tail SET key = key + 1; CREATE INDEX tail_key ON tail (key)", VERIFY_TAIL, "key" },
};

/* What was not found as it should goes to `wrong`. */
static void
check_unlawful(const struct unlawful *u, struct pool *pool, struct buf *wrong)
{
	struct verify_result r;
	struct seen seen;
	struct store *st;

	run_sql(u->sql);
	st = open_store(STORE_READ);
	verify(st, pool, NULL, 0, &seen, &r);
	if (seen.fault[u->fault] == 0 || strstr(seen.text.p, u->words) == NULL || r.findings == 0)
		buf_printf(wrong, "%s: wanted %s '%s', got %.300s\n", u->sql, verify_fault_name(u->fault), u->words,
		    seen.text.p);
	verify_result_fini(&r);
	buf_fini(&seen.text);
	store_close(st);
}

START_TEST(every_unlawful_change_is_found_and_named)
{
	struct store *st = open_store(STORE_CREATE);
	struct pool *pool = pool_new(1);
	struct buf wrong = { 0 };
	char sound[72];

	append_range(st, 0, 66000, 33000);
	prune(st, START - 50 * DAY);
	append_range(st, 66000, 71000, 5000);
	append_range(st, 71000, 71010, 1);
	expect_sound(st, NULL, NULL);
	store_close(st);
	snprintf(sound, sizeof(sound), "%s/sound", folder);
	ck_assert_int_eq(rename(path, sound), 0);
	for (size_t i = 0; i < sizeof(unlawful) / sizeof(unlawful[0]); i++) {
		copy_file(sound, path);
		check_unlawful(&unlawful[i], pool, &wrong);
	}
	ck_assert_msg(wrong.len == 0, "%.*s", (int)wrong.len, wrong.p);
	unlink(sound);
	pool_free(pool);
}
END_TEST

/* ---- erasure: what a lawful one leaves ---- */

/* Makes seq of the tail another line, as an erasure does, in one transaction. */
static uint64_t
erase_one(struct store *st, uint64_t seq, bool lawful)
{
	struct cell_copy c = { 0 };
	struct buf line = { 0 }, salts = { 0 }, context = { 0 }, digested = { 0 }, hex = { 0 };
	uint64_t forget[TREE_CELL / 64] = { 0 };
	uint8_t r[SALT_LEN] = { 1, 2, 3 }, number[8];
	struct arena arena = { 0 };
	struct state state;
	struct hash change, digest;
	struct event ev;
	struct err e = ERR_NONE;
	sqlite3_stmt *s;
	size_t i = 0;

	ck_assert_int_eq(cell_copy_read(st, 0, &c, &e), 0);
	while (c.line[i].seq != seq)
		i++;
	struct str old = buf_view(&c.line[i].line);
	const char *at = memmem(old.p, old.len, "@example.com", 12);
	buf_add(&line, old.p, (size_t)(at - old.p));
	buf_str(&line, STR("@erased.test"));
	buf_add(&line, at + 12, old.len - (size_t)(at + 12 - old.p));
	erased_change(&change, r, buf_view(&line));
	put_be64(number, seq);
	buf_add(&digested, number, 8);
	buf_str(&digested, buf_view(&c.line[i].leaf));
	buf_add(&digested, change.b, sizeof(change.b));
	hash_bytes(&digest, digested.p, digested.len);
	buf_hex(&hex, digest.b, lawful ? sizeof(digest.b) : sizeof(digest.b) - 1);
	if (!lawful)
		buf_str(&hex, STR("00"));
	buf_printf(&context, "{\"digest\":\"%.*s\"}", (int)hex.len, hex.p);
	fill_record(&ev, "audit.erase", buf_view(&context), &arena);

	ck_assert_int_eq(db_begin_write(&st->db, &e), 0);
	ck_assert_int_eq(state_get(st, &state, &e), 0);
	forget[seq / 64] = UINT64_C(1) << seq % 64;
	salt_forget(&salts, buf_view(&c.salts), forget);
	ck_assert_int_eq(sqlite3_prepare_v2(st->db.sqlite, "UPDATE cell SET salts = ?1 WHERE no = 0", -1, &s, NULL), SQLITE_OK);
	db_bind_blob(s, 1, salts.p, salts.len);
	ck_assert_int_eq(db_run(&st->db, s, &e), 0);
	sqlite3_finalize(s);
	ck_assert_int_eq(sqlite3_prepare_v2(st->db.sqlite, "UPDATE tail SET line = ?1 WHERE seq = ?2", -1, &s, NULL), SQLITE_OK);
	db_bind_text(s, 1, buf_view(&line));
	db_bind_int(s, 2, (int64_t)seq);
	ck_assert_int_eq(db_run(&st->db, s, &e), 0);
	sqlite3_finalize(s);
	ck_assert_int_eq(sqlite3_prepare_v2(st->db.sqlite, "INSERT INTO erased VALUES (?1, ?2, ?3, ?4, ?5)", -1, &s, NULL), SQLITE_OK);
	db_bind_int(s, 1, (int64_t)seq);
	db_bind_int(s, 2, (int64_t)state.size);
	db_bind_blob(s, 3, c.line[i].leaf.p, HASH_LEN);
	db_bind_blob(s, 4, change.b, sizeof(change.b));
	db_bind_blob(s, 5, r, sizeof(r));
	ck_assert_int_eq(db_run(&st->db, s, &e), 0);
	sqlite3_finalize(s);
	buf_reset(&context);
	buf_varint(&context, seq);
	buf_varint(&context, 1);
	state.removals++;
	ck_assert_int_eq(sqlite3_prepare_v2(st->db.sqlite, "INSERT INTO removal VALUES (?1, ?2, ?3)", -1, &s, NULL), SQLITE_OK);
	db_bind_int(s, 1, (int64_t)state.removals);
	db_bind_int(s, 2, (int64_t)state.size);
	db_bind_blob(s, 3, context.p, context.len);
	ck_assert_int_eq(db_run(&st->db, s, &e), 0);
	sqlite3_finalize(s);
	ck_assert_msg(record_add(st, &state, &ev, &e) == 0, "%s", e.text);
	ck_assert_int_eq(state_put(st, &state, &e), 0);
	ck_assert_int_eq(db_commit(&st->db, &e), 0);
	cell_copy_fini(&c);
	buf_fini(&line);
	buf_fini(&salts);
	buf_fini(&context);
	buf_fini(&digested);
	buf_fini(&hex);
	arena_fini(&arena);
	return state.removals;
}

START_TEST(an_erased_event_is_what_its_erasure_made_of_it)
{
	static const struct unlawful changes[] = {
		{ "UPDATE tail SET line = replace(line, '@erased.test', '@erased.tost')", VERIFY_ERASURE, "not what the erasure" },
		{ "UPDATE erased SET leaf = zeroblob(32)", VERIFY_HASHES, "original hash" },
		{ "UPDATE erased SET change = zeroblob(32)", VERIFY_ERASURE, "digest" },
		{ "UPDATE erased SET salt = NULL", VERIFY_ERASURE, "not what the erasure" },
		{ "DELETE FROM erased", VERIFY_HASHES, "seq 5: there, but the salt is gone" },
		{ "DELETE FROM removal", VERIFY_ERASURE, "does not know" },
		{ "INSERT INTO erased SELECT seq + 1, record, leaf, change, salt FROM erased", VERIFY_ERASURE, "seq 6" },
	};
	struct store *st = open_store(STORE_CREATE);
	struct verify_result r;
	struct seen seen;
	struct buf wrong = { 0 };
	char sound[72];

	append_range(st, 0, 100, 10);
	erase_one(st, 5, true);
	expect_sound(st, NULL, &r);
	ck_assert_uint_eq(r.erased, 1);
	verify_result_fini(&r);
	store_close(st);
	snprintf(sound, sizeof(sound), "%s/sound", folder);
	ck_assert_int_eq(rename(path, sound), 0);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		copy_file(sound, path);
		check_unlawful(&changes[i], NULL, &wrong);
	}
	ck_assert_msg(wrong.len == 0, "%.*s", (int)wrong.len, wrong.p);
	copy_file(sound, path);
	unlink(sound);
	st = open_store(STORE_WRITE);
	erase_one(st, 9, false);
	verify(st, NULL, NULL, 0, &seen, &r);
	ck_assert_msg(seen.fault[VERIFY_ERASURE] == 1 && r.findings == 1, "%s", seen.text.p);
	verify_result_fini(&r);
	buf_fini(&seen.text);
	store_close(st);
}
END_TEST

START_TEST(an_erased_event_may_be_pruned)
{
	struct store *st = open_store(STORE_CREATE);
	struct verify_result r;

	append_range(st, 0, 100, 10);
	erase_one(st, 7, true);
	prune(st, START - 50 * DAY);
	expect_sound(st, NULL, &r);
	ck_assert_uint_eq(r.pruned, 15);
	ck_assert_uint_eq(r.erased, 0);
	verify_result_fini(&r);
	store_close(st);
}
END_TEST

/* ---- the same, in the members of a column ---- */

static bool
checks_agree(struct value_check *v, enum field f, struct str value)
{
	bool good = value_check(v, f, value);

	ck_assert_msg(good == value_check_line(v, f, value), "%s: %.*s: %s", field_table[f].key, (int)value.len, value.p,
	    good ? "taken" : "refused");
	return good;
}

/* Each byte of a value is replaced, and taken away. */
static unsigned
spoil_each(struct value_check *v, enum field f, const char *value)
{
	static const char other[] = " \"\\{}[]:,0-e.nu\x01\x7f\xc3";
	size_t n = strlen(value);
	unsigned good = 0;
	char text[256];

	for (size_t at = 0; at < n; at++) {
		for (size_t i = 0; i < sizeof(other); i++) {
			memcpy(text, value, n);
			text[at] = other[i];
			good += checks_agree(v, f, (struct str){ text, n });
		}
		memmove(text + at, value + at + 1, n - at);
		good += checks_agree(v, f, (struct str){ text, n - 1 });
	}
	return good;
}

START_TEST(json_alone_is_judged_as_in_a_line)
{
	static const char *const values[] = { "{}", "[]", "null", "true", "0", "-0", "1e5", "\"a\"", "\"\"", "", " ", "{} ",
		" {}", "{ }", "[1, 2]", "{\"a\":{\"b\":[1,{\"c\":null}]}}", "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1,\"b\":1}}",
		"{\"a\":1,\"\\u0061\":2}", "[{\"a\":1,\"a\":1}]", "{\"a\":\"\\u0041\"}", "{\"a\":\"\\u0001\"}",
		"{\"a\":\"\\u001F\"}", "{\"a\":\"\\/\"}", "{\"a\":\"\\ud800\"}", "{},\"peer_uid\":0", "{}{}", "{}}", "[1,]",
		"{\"context\":{}}", "{\"time\":\"x\"}", "\"\xff\"", "{\"\xc3\xa4\":\"\xe2\x82\xac\"}" };
	struct value_check v = { 0 };
	char deep[2 * 80];

	for (enum field f = FIELD_CHANGES; f <= FIELD_CONTEXT; f++) {
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
			checks_agree(&v, f, str_of(values[i]));
		ck_assert_uint_gt(spoil_each(&v, f, "{\"a\":{\"b\":[1.5,-2e3,\"c\\n\"]},\"d\":[{\"a\":null}]}"), 0);
	}
	ck_assert(value_check(&v, FIELD_CHANGES, STR("[]")) && !value_check(&v, FIELD_CONTEXT, STR("[]")));
	for (size_t n = 60; n < 80; n++) {
		memset(deep, '[', n);
		memset(deep + n, ']', n);
		ck_assert(checks_agree(&v, FIELD_CHANGES, (struct str){ deep, 2 * n }) == (n < JSON_DEPTH_MAX));
	}
	value_check_fini(&v);
}
END_TEST

START_TEST(a_value_that_would_be_another_field_is_found)
{
	static const struct {
		enum field field;
		const char *value;
	} cases[] = {
		{ FIELD_CONTEXT, "{},\"peer_uid\":0" },
		{ FIELD_CONTEXT, "{} " },
		{ FIELD_CONTEXT, "[]" },
		{ FIELD_CONTEXT, "{\"a\":1,\"a\":2}" },
		{ FIELD_CONTEXT, "{\"a\":\"\\u0041\"}" },
		{ FIELD_CHANGES, "null" },
		{ FIELD_STATUS, "0200" },
		{ FIELD_STATUS, "1.5" },
		{ FIELD_DURATION_MS, "01" },
		{ FIELD_DURATION_MS, "1,\"method\":\"x\"" },
		{ FIELD_SEVERITY, "fatal" },
		{ FIELD_OUTCOME, "Success" },
		{ FIELD_ACTION, "" },
		{ FIELD_ID, "" },
		{ FIELD_IP, "::0001" },
		{ FIELD_DESCRIPTION, "\xff" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store *st = open_store(STORE_CREATE);
		struct err e = ERR_NONE;
		struct appender *a = append_open(st, NULL, &e);
		enum append_result result;
		struct buf bytes = { 0 };
		struct verify_result r;
		struct seen seen;
		struct event ev;

		for (unsigned n = 0; n < TAIL_EVENTS; n++) {
			fill_event(&ev, n, &bytes);
			if (n == 1000)
				event_set(&ev, cases[i].field, str_of(cases[i].value));
			ck_assert_int_eq(append_event(a, &ev, LEAF_EVENT, &result, &e), 0);
		}
		ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
		append_close(a);
		verify(st, NULL, NULL, 0, &seen, &r);
		ck_assert_msg(seen.fault[VERIFY_COLUMN] == 1 && r.findings == 1, "%s: %s", cases[i].value, seen.text.p);
		verify_result_fini(&r);
		buf_fini(&seen.text);
		buf_fini(&bytes);
		store_close(st);
		unlink(path);
	}
}
END_TEST

static void
add_key(struct store *st, const char *action, const char *line)
{
	struct buf context = { 0 };
	struct arena a = { 0 };
	struct err e = ERR_NONE;
	struct event ev;
	uint64_t seq;

	buf_printf(&context, "{\"key\":\"%s\"}", line);
	fill_record(&ev, action, buf_view(&context), &a);
	ck_assert_msg(store_key_add(st, str_of(line), &ev, &seq, &e) == 0, "%s", e.text);
	arena_fini(&a);
	buf_fini(&context);
}

START_TEST(the_first_key_is_of_key_init_and_no_other)
{
	static const char *const actions[][2] = { { "audit.key-init", "audit.key-rotate" },
		{ "audit.key-init", "audit.key-init" }, { "audit.key-rotate", "audit.key-rotate" } };

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		struct store *st = open_store(STORE_CREATE);
		struct verify_result r;
		struct seen seen;

		add_key(st, actions[i][0], "a");
		add_key(st, actions[i][1], "b");
		verify(st, NULL, NULL, 0, &seen, &r);
		ck_assert_msg(seen.fault[VERIFY_KEY] == (i > 0), "%s", seen.text.p);
		ck_assert_uint_eq(r.findings, i > 0);
		verify_result_fini(&r);
		buf_fini(&seen.text);
		store_close(st);
		unlink(path);
	}
}
END_TEST

START_TEST(only_so_many_findings_of_a_kind_are_told)
{
	struct store *st = open_store(STORE_CREATE);
	struct verify_result r;
	struct seen seen;

	append_range(st, 0, 3000, 1000);
	store_close(st);
	run_sql("UPDATE tail SET key = key + 1");
	st = open_store(STORE_READ);
	verify(st, NULL, NULL, 0, &seen, &r);
	ck_assert_uint_eq(r.findings, 3000);
	ck_assert_uint_eq(seen.fault[VERIFY_TAIL], 1001);
	ck_assert_ptr_nonnull(strstr(seen.text.p, "2000 more of this kind"));
	verify_result_fini(&r);
	buf_fini(&seen.text);
	store_close(st);
}
END_TEST

/* ---- beside others ---- */

static void
write_beside(void)
{
	struct err e = ERR_NONE;
	struct store *st = store_open(path, STORE_WRITE, &e);

	for (unsigned i = 0; st != NULL && i < 12; i++) {
		append_range(st, 70000 + i * 6000, 70000 + (i + 1) * 6000, i % 3 == 0 ? 700 : 6000);
		if (i % 2 == 1)
			prune(st, START - 100 * DAY + 70000 + i * 6000);
	}
	store_close(st);
	_exit(st == NULL);
}

START_TEST(no_false_alarm_while_others_write_and_prune)
{
	struct store *st = open_store(STORE_CREATE);
	struct pool *pool = pool_new(1);
	struct verify_result r;
	struct seen seen;
	int status = -1;
	pid_t child;

	append_range(st, 0, 70000, 35000);
	store_close(st);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		write_beside();
	st = open_store(STORE_READ);
	do {
		verify(st, pool, NULL, 0, &seen, &r);
		ck_assert_msg(r.findings == 0, "%s", seen.text.p);
		verify_result_fini(&r);
		buf_fini(&seen.text);
	} while (waitpid(child, &status, WNOHANG) == 0);
	ck_assert_int_eq(status, 0);
	expect_sound(st, pool, NULL);
	store_close(st);
	pool_free(pool);
}
END_TEST

static Suite *
store_verify_suite(void)
{
	Suite *s = suite_create("store_verify");
	TCase *t = tcase_create("store_verify");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, make_folder, drop_folder);
	tcase_add_test(t, an_empty_store_is_sound);
	tcase_add_test(t, tail_segments_and_full_cells_are_sound);
	tcase_add_test(t, pruned_stores_are_sound_and_counted);
	tcase_add_test(t, roots_of_earlier_sizes_are_made_again);
	tcase_add_test(t, roots_of_checkpoints_outlive_prunes);
	tcase_add_test(t, every_unlawful_change_is_found_and_named);
	tcase_add_test(t, an_erased_event_is_what_its_erasure_made_of_it);
	tcase_add_test(t, an_erased_event_may_be_pruned);
	tcase_add_test(t, json_alone_is_judged_as_in_a_line);
	tcase_add_test(t, a_value_that_would_be_another_field_is_found);
	tcase_add_test(t, the_first_key_is_of_key_init_and_no_other);
	tcase_add_test(t, only_so_many_findings_of_a_kind_are_told);
	tcase_add_test(t, no_false_alarm_while_others_write_and_prune);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(store_verify_suite)
