/*
 * Proofs from a store of more than one cell: of events, of growth, of exports;
 * what was pruned or erased is told apart, and the rest is shown as before.
 */
#include <sys/stat.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "base/stream.h"
#include "proof/checkpoint.h"
#include "proof/export_proof.h"
#include "proof/salt.h"
#include "made_record.h"
#include "pruned.h"
#include "query_store.h"
#include "store/internal.h"

#define START INT64_C(1713808800000000)
#define EVENTS 137000

/* ---- the log as it was made ---- */

struct logged {
	struct hash leaf;
	enum leaf_kind kind;
	size_t at, len; /* its line */
};

static struct logged *logged;
static struct hash *leaves;
static size_t n_logged, logged_cap;
static struct buf lines;
static char copy_path[64], proof_path[64];
static uint64_t state;

static uint64_t
below(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n ? state % n : 0;
}

static struct str
line_of(uint64_t seq)
{
	return (struct str){ lines.p + logged[seq].at, logged[seq].len };
}

static int
log_line(struct buf *salts, struct str line, uint64_t seq, enum leaf_kind kind)
{
	struct salt_walk walk;
	uint8_t salt[SALT_LEN];

	ck_assert_uint_eq(seq, n_logged);
	mem_grow(&logged, &logged_cap, n_logged + 1, sizeof(*logged));
	salt_walk_start(&walk, buf_view(salts));
	ck_assert(salt_get(&walk, (uint32_t)(seq % TREE_CELL), salt));
	logged[n_logged] = (struct logged){ .kind = kind, .at = lines.len, .len = line.len };
	tree_leaf(&logged[n_logged++].leaf, salt, kind, line);
	buf_str(&lines, line);
	return 0;
}

static int
log_row(void *arg, const struct event *ev, struct str line, uint64_t seq, enum leaf_kind kind, struct err *e)
{
	(void)ev;
	(void)e;
	return log_line(arg, line, seq, kind);
}

static int
log_tail(void *arg, uint64_t seq, struct str line, struct err *e)
{
	bool record = memmem(line.p, line.len, "\"source\":\"audit-toolkit\"", 24) != NULL;

	(void)e;
	return log_line(arg, line, seq, record ? LEAF_RECORD : LEAF_EVENT);
}

static void
read_log(void)
{
	struct err e = ERR_NONE;
	struct segment_info *list;
	struct store_view v;
	struct buf salts = { 0 };
	bool moved = false;
	size_t n;

	ck_assert_msg(store_view(made, &v, &list, &n, &e) == 0, "%s", e.text);
	for (size_t i = 0; i < n; i++) {
		struct stored *s = store_segment(made, &list[i], &moved, &e);

		ck_assert_int_eq(cell_salts(made, list[i].first / TREE_CELL, &salts, &e), 1);
		ck_assert_msg(s != NULL && stored_each(s, (struct row_sink){ log_row, &salts }, &e) == 0, "%s", e.text);
		store_segment_free(s);
	}
	free(list);
	ck_assert_int_eq(cell_salts(made, (v.size - 1) / TREE_CELL, &salts, &e), 1);
	ck_assert_int_eq(store_tail(made, 0, v.size, v.tail, &moved, log_tail, &salts, &e), 0);
	ck_assert_uint_eq(n_logged, v.size);
	ck_assert_uint_gt(v.tail, 10);
	buf_fini(&salts);
	leaves = mem_alloc(n_logged * sizeof(*leaves));
	for (size_t i = 0; i < n_logged; i++)
		leaves[i] = logged[i].leaf;
}

/* One second each. */
static void
add_events(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct event ev = { 0 };
		char text[40];

		event_set_time(&ev, FIELD_TIME, START + (int64_t)made_events * TIME_SECOND);
		event_set(&ev, FIELD_SOURCE, STR("app"));
		snprintf(text, sizeof(text), "%u of them", made_events % 1000);
		event_set(&ev, FIELD_DESCRIPTION, str_of(text));
		event_set(&ev, FIELD_SEVERITY, STR("info"));
		event_set(&ev, FIELD_OUTCOME, STR("unknown"));
		made_add(&ev);
	}
	made_commit();
}

static void
make_record(void *arg, const struct prune_part *part, struct event *ev, struct arena *a)
{
	char *id = arena_alloc(a, 32);

	(void)arg;
	snprintf(id, 32, "record-%u", part->part);
	made_record(ev, str_of(id), "audit.prune", START);
}

static void
add_record(unsigned number)
{
	struct prune_part part = { .part = number };
	struct arena arena = { 0 };
	struct err e = ERR_NONE;
	struct event ev;
	uint64_t seq;

	append_close(made_appender);
	make_record(NULL, &part, &ev, &arena);
	ck_assert_msg(store_record(made, &ev, &seq, &e) == 0, "%s", e.text);
	made_appender = append_open(made, NULL, &e);
	ck_assert_ptr_nonnull(made_appender);
	arena_fini(&arena);
}

/* A full cell with a record, one without, a sealed part of the next one, a tail. */
static void
make_store(void)
{
	made_begin();
	snprintf(copy_path, sizeof(copy_path), "%s/copy.db", made_folder);
	snprintf(proof_path, sizeof(proof_path), "%s/proof", made_folder);
	add_events(20000);
	add_record(1000);
	add_events(112000);
	add_record(1001);
	add_events(EVENTS - 132000 - 100);
	add_events(50);
	add_record(1002);
	add_events(50);
	append_close(made_appender);
	made_appender = NULL;
	read_log();
	store_close(made);
	made = NULL;
}

static void
drop_store(void)
{
	unlink(copy_path);
	unlink(proof_path);
	unlink(made_path);
	rmdir(made_folder);
	buf_fini(&lines);
	free(logged);
	free(leaves);
}

/* Each test has a file of its own. */
static struct store *
open_copy(void)
{
	struct err e = ERR_NONE;
	struct store *st;
	size_t len;
	char *bytes = file_read(made_path, 256u << 20, &len, &e);

	ck_assert_msg(bytes != NULL && file_replace(copy_path, 0600, bytes, len, &e) == 0, "%s", e.text);
	free(bytes);
	st = store_open(copy_path, STORE_WRITE, &e);
	ck_assert_msg(st != NULL, "%s", e.text);
	return st;
}

static struct hash
root_of(uint64_t size)
{
	struct hash root;

	tree_root(&root, leaves, size);
	return root;
}

static void
run_sql(struct store *st, const char *sql)
{
	ck_assert_msg(sqlite3_exec(st->db.sqlite, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
	    sqlite3_errmsg(st->db.sqlite));
}

/* ---- one event, and growth ---- */

static void
expect_event(struct store *st, uint64_t seq, uint64_t size)
{
	struct store_proof p = { 0 };
	struct hash leaf, root = root_of(size);
	struct err e = ERR_NONE;

	ck_assert_msg(store_prove(st, seq, size, &p, &e) == 0, "event %d of %d: %s", (int)seq, (int)size, e.text);
	ck_assert(str_eq(buf_view(&p.line), line_of(seq)));
	ck_assert_int_eq(p.kind, logged[seq].kind);
	tree_leaf(&leaf, p.salt, p.kind, buf_view(&p.line));
	ck_assert_msg(path_inclusion_verify(&p.path, &leaf, seq, size, &root, &e) == 0, "event %d of %d: %s", (int)seq,
	    (int)size, e.text);
	store_proof_fini(&p);
}

static void
expect_refused(struct store *st, uint64_t seq, uint64_t size, enum err_code code, const char *because)
{
	struct store_proof p = { 0 };
	struct err e = ERR_NONE;

	ck_assert_int_eq(store_prove(st, seq, size, &p, &e), -1);
	ck_assert_msg(e.code == code && strstr(e.text, because) != NULL, "event %d of %d: %s", (int)seq, (int)size, e.text);
	store_proof_fini(&p);
}

START_TEST(events_are_proved_at_any_size)
{
	static const uint64_t edges[][2] = { { 0, 1 }, { 0, TREE_CELL }, { TREE_CELL - 1, TREE_CELL },
		{ TREE_CELL - 1, TREE_CELL + 1 }, { TREE_CELL, TREE_CELL + 1 }, { 20000, 20001 }, { 132001, EVENTS },
		{ 5, 2 * TREE_CELL }, { 2 * TREE_CELL, 2 * TREE_CELL + 1 } };
	struct store *st = open_copy();

	state = 0x2545f4914f6cdd1d;
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
		expect_event(st, edges[i][0], edges[i][1]);
	expect_event(st, 0, n_logged);
	expect_event(st, n_logged - 1, n_logged);
	for (unsigned i = 0; i < 12; i++) {
		uint64_t size = i % 2 ? n_logged - below(4500) : 1 + below(n_logged);

		expect_event(st, below(size), size);
	}
	store_close(st);
}
END_TEST

START_TEST(no_event_is_proved_beyond_the_size)
{
	struct store *st = open_copy();

	expect_refused(st, 5, 5, ERR_FAIL, "not among the first 5");
	expect_refused(st, UINT64_MAX, UINT64_MAX, ERR_FAIL, "not among");
	expect_refused(st, 5, n_logged + 1, ERR_FAIL, "not 137004 yet");
	expect_refused(st, 5, UINT64_MAX, ERR_FAIL, "yet");
	store_close(st);
}
END_TEST

START_TEST(growth_is_proved_between_any_sizes)
{
	static const uint64_t edges[][2] = { { 1, 1 }, { 1, 2 }, { TREE_CELL, TREE_CELL }, { TREE_CELL, TREE_CELL + 1 },
		{ TREE_CELL - 1, TREE_CELL }, { TREE_CELL - 1, EVENTS }, { 1, EVENTS }, { 2 * TREE_CELL, EVENTS },
		{ TREE_CELL + 1, 2 * TREE_CELL } };
	struct store *st = open_copy();
	struct err e = ERR_NONE;
	struct path path;

	state = 0xd1342543de82ef95;
	for (unsigned i = 0; i < 24; i++) {
		uint64_t second = 1 + below(n_logged), first = 1 + below(second);
		struct hash roots[2];

		if (i < sizeof(edges) / sizeof(edges[0])) {
			first = edges[i][0];
			second = edges[i][1];
		}
		roots[0] = root_of(first);
		roots[1] = root_of(second);
		ck_assert_msg(store_prove_consistency(st, first, second, &path, &e) == 0, "%s", e.text);
		ck_assert_msg(path_consistency_verify(&path, first, &roots[0], second, &roots[1], &e) == 0, "%d to %d: %s",
		    (int)first, (int)second, e.text);
	}
	ck_assert_int_eq(store_prove_consistency(st, 5, n_logged + 1, &path, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	err_clear(&e);
	ck_assert_int_eq(store_prove_consistency(st, 0, 5, &path, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	err_clear(&e);
	ck_assert_int_eq(store_prove_consistency(st, 6, 5, &path, &e), -1);
	store_close(st);
}
END_TEST

/* ---- exports ---- */

struct export {
	uint64_t *seq;
	size_t n, cap;
};

static void
export_add(struct export *x, uint64_t seq)
{
	mem_grow(&x->seq, &x->cap, x->n + 1, sizeof(*x->seq));
	x->seq[x->n++] = seq;
}

/* Runs, rising or falling, late ones among them. */
static void
choose(struct export *x, uint64_t longest)
{
	bool falls = below(3) == 0;

	x->n = 0;
	for (uint64_t at = below(longest); at < n_logged; at += 1 + below(longest)) {
		uint64_t count = 1 + below(longest);

		while (count-- > 0 && at < n_logged)
			export_add(x, at++);
	}
	for (size_t i = 0; i < x->n / 2 && falls; i++) {
		uint64_t t = x->seq[i];

		x->seq[i] = x->seq[x->n - 1 - i];
		x->seq[x->n - 1 - i] = t;
	}
	for (size_t i = 1; i < x->n && !falls; i += 1 + (size_t)below(500)) {
		uint64_t t = x->seq[i];

		x->seq[i] = x->seq[i - 1];
		x->seq[i - 1] = t;
	}
}

static int
write_proof(struct store *st, const struct export *x, uint64_t size, struct buf *text, struct err *e)
{
	struct export_prover *p = export_prover_new(st, size);
	struct outstream *out = outstream_open(proof_path, e);
	uint64_t beyond = 0;
	size_t len;
	char *bytes;
	int rc;

	ck_assert_ptr_nonnull(out);
	for (size_t i = 0; i < x->n; i++) {
		export_prover_add(p, x->seq[i]);
		beyond += x->seq[i] >= size;
	}
	ck_assert_uint_eq(export_prover_beyond(p), beyond);
	rc = export_prover_write(p, out, e);
	export_prover_free(p);
	if (rc < 0) {
		outstream_abort(out);
		return -1;
	}
	ck_assert_int_eq(outstream_finish(out, e), 0);
	bytes = file_read(proof_path, EXPORT_PROOF_MAX, &len, e);
	buf_reset(text);
	buf_add(text, bytes, len);
	free(bytes);
	return 0;
}

/* The note that follows is not signed by anyone. */
static void
add_note(struct buf *text, uint64_t size)
{
	static const uint8_t seed[NOTE_KEY_LEN] = { 7 };
	struct hash root = root_of(size);
	struct note_signer s;
	struct err e = ERR_NONE;

	ck_assert_int_eq(note_signer_make(&s, STR("log"), seed, &e), 0);
	ck_assert_int_eq(checkpoint_sign(text, size, &root, &s, &e), 0);
}

static bool
is_erased(struct store *st, uint64_t seq)
{
	sqlite3_stmt *s;
	bool there;

	ck_assert_int_eq(sqlite3_prepare_v2(st->db.sqlite, "SELECT 1 FROM erased WHERE seq = ?1", -1, &s, NULL), SQLITE_OK);
	sqlite3_bind_int64(s, 1, (int64_t)seq);
	there = sqlite3_step(s) == SQLITE_ROW;
	sqlite3_finalize(s);
	return there;
}

static void
expect_export(struct store *st, const struct export *x, uint64_t size)
{
	struct export_proof *p;
	struct buf text = { 0 };
	struct hash root, want = root_of(size);
	struct err e = ERR_NONE;

	ck_assert_msg(write_proof(st, x, size, &text, &e) == 0, "%s", e.text);
	add_note(&text, size);
	p = export_proof_parse(buf_view(&text), &e);
	ck_assert_msg(p != NULL, "%s", e.text);
	ck_assert_uint_eq(export_proof_lines(p), x->n);
	for (size_t i = 0; i < x->n; i++)
		ck_assert_msg(export_proof_line(p, line_of(x->seq[i]), &e) == is_erased(st, x->seq[i]), "%s", e.text);
	ck_assert_msg(export_proof_root(p, &root, &e) == 0, "%s", e.text);
	ck_assert_mem_eq(root.b, want.b, HASH_LEN);
	export_proof_free(p);
	buf_fini(&text);
}

START_TEST(exports_are_proved_at_any_size)
{
	struct store *st = open_copy();
	struct export x = { 0 };

	state = 0xff51afd7ed558ccd;
	expect_export(st, &x, 0);
	expect_export(st, &x, EVENTS);
	for (uint64_t seq = 0; seq < n_logged; seq++)
		export_add(&x, seq);
	expect_export(st, &x, n_logged);
	for (unsigned i = 0; i < 12; i++) {
		choose(&x, i % 3 == 0 ? 4 : i % 3 == 1 ? 3000 : 30000);
		expect_export(st, &x, i % 4 == 0 ? TREE_CELL : 1 + below(n_logged));
	}
	free(x.seq);
	store_close(st);
}
END_TEST

/* ---- after a prune and an erasure ---- */

static void
prune(struct store *st, unsigned events)
{
	struct err e = ERR_NONE;
	uint64_t removed;

	ck_assert_msg(prune_before(st, START + (int64_t)events * TIME_SECOND, make_record, NULL, &removed, &e) == 0, "%s",
	    e.text);
	ck_assert_uint_eq(removed, events);
}

START_TEST(what_a_prune_leaves_is_proved)
{
	struct store *st = open_copy();
	struct export x = { 0 };
	struct buf text = { 0 };
	struct err e = ERR_NONE;
	struct path path;

	/* The first 30,001 seqs but one, the record. */
	prune(st, 30000);
	expect_event(st, 20000, n_logged);
	expect_event(st, 30001, n_logged);
	expect_event(st, TREE_CELL + 9, TREE_CELL + 10);
	expect_event(st, 20000, 20001);
	expect_refused(st, 30000, n_logged, ERR_FAIL, "was pruned");
	expect_refused(st, 20000, 20007, ERR_FAIL, "cannot be shown any more");
	ck_assert_int_eq(store_prove_consistency(st, 101, n_logged, &path, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	err_clear(&e);
	export_add(&x, 20000);
	for (uint64_t seq = 30001; seq < n_logged; seq += 1 + below(20))
		export_add(&x, seq);
	expect_export(st, &x, n_logged);
	expect_export(st, &x, EVENTS);
	export_add(&x, 11);
	ck_assert_int_eq(write_proof(st, &x, EVENTS, &text, &e), -1);
	ck_assert_msg(e.code == ERR_BUSY && strstr(e.text, "event 11 was pruned meanwhile") != NULL, "%s", e.text);
	buf_fini(&text);
	free(x.seq);
	store_close(st);
}
END_TEST

START_TEST(a_cell_that_was_pruned_whole_still_counts)
{
	struct store *st = open_copy();
	struct export x = { 0 };

	prune(st, 136000);
	expect_event(st, 20000, n_logged);
	expect_event(st, n_logged - 1, n_logged);
	expect_event(st, 20000, TREE_CELL);
	expect_event(st, 20000, TREE_CELL + 256); /* a node that a full cell keeps */
	expect_refused(st, 20000, TREE_CELL + 255, ERR_FAIL, "cannot be shown any more");
	expect_refused(st, TREE_CELL, n_logged, ERR_FAIL, "was pruned");
	export_add(&x, 20000);
	export_add(&x, n_logged - 1);
	expect_export(st, &x, n_logged);
	free(x.seq);
	store_close(st);
}
END_TEST

/* As an erasure leaves it: the leaf hash of old, no salt. */
static void
erase(struct store *st, uint64_t seq, uint64_t record)
{
	uint64_t forget[TREE_CELL / 64] = { 0 };
	struct buf salts = { 0 }, left = { 0 }, sql = { 0 };
	struct err e = ERR_NONE;

	ck_assert_int_eq(cell_salts(st, seq / TREE_CELL, &salts, &e), 1);
	forget[seq % TREE_CELL / 64] |= UINT64_C(1) << seq % 64;
	salt_forget(&left, buf_view(&salts), forget);
	buf_printf(&sql, "UPDATE cell SET salts = x'");
	buf_hex(&sql, left.p, left.len);
	buf_printf(&sql, "' WHERE no = %d; INSERT INTO erased VALUES (%d, %d, x'", (int)(seq / TREE_CELL), (int)seq,
	    (int)record);
	buf_hex(&sql, logged[seq].leaf.b, HASH_LEN);
	buf_printf(&sql, "', zeroblob(32), zeroblob(16))%c", '\0');
	run_sql(st, sql.p);
	buf_fini(&salts);
	buf_fini(&left);
	buf_fini(&sql);
}

START_TEST(what_was_erased_is_not_proved_and_the_rest_is)
{
	struct store *st = open_copy();
	struct export x = { 0 };
	struct buf text = { 0 };
	struct err e = ERR_NONE;

	erase(st, 40, n_logged - 1);
	erase(st, n_logged - 5, n_logged - 1);
	expect_event(st, 41, n_logged);
	expect_event(st, n_logged - 6, n_logged);
	expect_refused(st, 40, n_logged, ERR_FAIL, "erasure");
	expect_refused(st, n_logged - 5, n_logged, ERR_FAIL, "erasure");
	export_add(&x, 41);
	export_add(&x, n_logged - 6);
	expect_export(st, &x, n_logged);
	export_add(&x, 40);
	expect_export(st, &x, n_logged);
	/* Once more, by a record that was not there when the export began. */
	run_sql(st, "INSERT INTO erased SELECT seq, 1000000, leaf, change, salt FROM erased");
	ck_assert_int_eq(write_proof(st, &x, n_logged, &text, &e), -1);
	ck_assert_msg(e.code == ERR_BUSY && strstr(e.text, "event 40 was erased meanwhile") != NULL, "%s", e.text);
	buf_fini(&text);
	free(x.seq);
	store_close(st);
}
END_TEST

START_TEST(changed_events_and_hashes_are_noticed)
{
	struct store *st = open_copy();
	struct export x = { 0 };
	struct buf text = { 0 };
	struct err e = ERR_NONE;

	run_sql(st, "UPDATE cell SET root = zeroblob(32) WHERE no = 0");
	expect_refused(st, 40, n_logged, ERR_INTEGRITY, "cell 0: its events are not those");
	export_add(&x, 40);
	ck_assert_int_eq(write_proof(st, &x, n_logged, &text, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	run_sql(st, "UPDATE cell SET root = NULL WHERE no = 0");
	expect_refused(st, n_logged - 1, n_logged, ERR_INTEGRITY, "the root of cell 0 is missing");
	buf_fini(&text);
	free(x.seq);
	store_close(st);
}
END_TEST

static Suite *
prove_suite(void)
{
	Suite *s = suite_create("store/prove");
	TCase *t = tcase_create("prove");

	tcase_set_timeout(t, 120);
	tcase_add_unchecked_fixture(t, make_store, drop_store);
	tcase_add_test(t, events_are_proved_at_any_size);
	tcase_add_test(t, no_event_is_proved_beyond_the_size);
	tcase_add_test(t, growth_is_proved_between_any_sizes);
	tcase_add_test(t, exports_are_proved_at_any_size);
	tcase_add_test(t, what_a_prune_leaves_is_proved);
	tcase_add_test(t, a_cell_that_was_pruned_whole_still_counts);
	tcase_add_test(t, what_was_erased_is_not_proved_and_the_rest_is);
	tcase_add_test(t, changed_events_and_hashes_are_noticed);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(prove_suite)
