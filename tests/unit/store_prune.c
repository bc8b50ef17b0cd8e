/*
 * What a prune leaves: every root that was signed can still be made, from what
 * is kept alone; the removal table and the records say which events went.
 */
#include <sqlite3.h>

#include "base/mem.h"
#include "proof/path.h"
#include "proof/salt.h"
#include "made_record.h"
#include "pruned.h"
#include "query_store.h"
#include "store/internal.h"

#define START INT64_C(1713808800000000)

/* ---- the log as it was ---- */

struct model {
	struct hash *leaf; /* of all events ever stored */
	int64_t *time;
	char **record; /* lines of the toolkit's own, NULL of others */
	size_t n, cap, time_cap, record_cap;
	uint64_t *size; /* of stored checkpoints */
	size_t sizes, sizes_cap;
	unsigned records;
};

static struct model model;

/* ---- the log as it is: an own reader ---- */

struct kept {
	struct hash leaf[3 * TREE_CELL];
	bool known[3 * TREE_CELL];   /* leaf is made from what is there, or its hash is kept */
	bool there[3 * TREE_CELL];
	size_t n;
};

static struct kept *kept;

static sqlite3_stmt *
prepare(const char *sql)
{
	sqlite3_stmt *s;

	ck_assert_msg(sqlite3_prepare_v2(made->db.sqlite, sql, -1, &s, NULL) == SQLITE_OK, "%s",
	    sqlite3_errmsg(made->db.sqlite));
	return s;
}

static uint64_t
number(const char *sql)
{
	sqlite3_stmt *s = prepare(sql);
	uint64_t v;

	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	v = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return v;
}

static void
run_sql(const char *sql)
{
	ck_assert_msg(sqlite3_exec(made->db.sqlite, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
	    sqlite3_errmsg(made->db.sqlite));
}

static int
read_event(void *arg, const struct event *ev, struct str line, uint64_t seq, enum leaf_kind kind, struct err *e)
{
	struct buf *salts = arg;
	struct salt_walk walk;
	uint8_t salt[SALT_LEN];

	(void)e;
	ck_assert_uint_lt(seq, 3 * TREE_CELL);
	ck_assert(!kept->there[seq]);
	kept->there[seq] = true;
	kept->n++;
	salt_walk_start(&walk, buf_view(salts));
	if (salt_get(&walk, (uint32_t)(seq % TREE_CELL), salt)) {
		tree_leaf(&kept->leaf[seq], salt, kind, line);
		kept->known[seq] = true;
	}
	if (seq >= model.n) {
		ck_assert_uint_eq(seq, model.n);
		ck_assert(kept->known[seq]);
		mem_grow(&model.leaf, &model.cap, model.n + 1, sizeof(*model.leaf));
		mem_grow(&model.time, &model.time_cap, model.n + 1, sizeof(*model.time));
		mem_grow(&model.record, &model.record_cap, model.n + 1, sizeof(*model.record));
		model.leaf[model.n] = kept->leaf[seq];
		model.record[model.n] = kind == LEAF_RECORD ? mem_dup(line.p, line.len) : NULL;
		model.time[model.n++] = ev->time;
	}
	if (kept->known[seq])
		ck_assert_mem_eq(&kept->leaf[seq], &model.leaf[seq], sizeof(struct hash));
	return 0;
}

static int
read_line(void *arg, uint64_t seq, struct str line, struct err *e)
{
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };
	struct event ev;
	const char *detail;
	bool record;

	ck_assert_int_eq(event_parse(&ev, line.p, line.len, &event_stored, &tape, &arena, &detail), EVENT_OK);
	record = event_has(&ev, FIELD_SOURCE) && str_eq(ev.v[FIELD_SOURCE], STR(EVENT_RESERVED_SOURCE));
	read_event(arg, &ev, line, seq, record ? LEAF_RECORD : LEAF_EVENT, e);
	json_tape_fini(&tape);
	arena_fini(&arena);
	return 0;
}

/* Everything that is there, and takes into the model what is new. */
static void
read_store(void)
{
	struct err e = ERR_NONE;
	struct segment_info *list;
	struct store_view v;
	struct buf salts = { 0 };
	bool moved = false;
	sqlite3_stmt *s;
	size_t n;

	memset(kept, 0, sizeof(*kept));
	ck_assert_msg(store_view(made, &v, &list, &n, &e) == 0, "%s", e.text);
	for (size_t i = 0; i < n; i++) {
		struct stored *segment = store_segment(made, &list[i], &moved, &e);

		ck_assert_int_eq(cell_salts(made, list[i].first / TREE_CELL, &salts, &e), 1);
		ck_assert_msg(segment != NULL && stored_each(segment, (struct row_sink){ read_event, &salts }, &e) == 0, "%s",
		    e.text);
		store_segment_free(segment);
	}
	free(list);
	if (v.tail > 0)
		ck_assert_int_eq(cell_salts(made, (v.size - 1) / TREE_CELL, &salts, &e), 1);
	ck_assert_msg(store_tail(made, 0, v.size, v.tail, &moved, read_line, &salts, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(model.n, v.size);
	s = prepare("SELECT seq, leaf FROM erased");
	while (sqlite3_step(s) == SQLITE_ROW) {
		uint64_t seq = (uint64_t)sqlite3_column_int64(s, 0);

		memcpy(&kept->leaf[seq], sqlite3_column_blob(s, 1), sizeof(struct hash));
		kept->known[seq] = true;
	}
	sqlite3_finalize(s);
	buf_fini(&salts);
}

/* A hash of the removed table, of exactly this subtree. */
static bool
find_removed(uint64_t first, unsigned height, struct hash *out)
{
	sqlite3_stmt *s = prepare("SELECT hash FROM removed WHERE first = ?1 AND height = ?2");
	bool found;

	sqlite3_bind_int64(s, 1, (int64_t)first);
	sqlite3_bind_int64(s, 2, height);
	if ((found = sqlite3_step(s) == SQLITE_ROW))
		ck_assert(db_blob_fixed(s, 0, out, sizeof(*out)));
	sqlite3_finalize(s);
	return found;
}

/* Of a full cell of which nothing is there. */
static bool
find_node(uint64_t first, unsigned height, struct hash *out)
{
	uint64_t cell = first / TREE_CELL;
	struct hash nodes[TREE_CELL_NODES];
	struct err e = ERR_NONE;

	if (height != TREE_NODE_HEIGHT || (cell + 1) * TREE_CELL > model.n)
		return false;
	for (uint64_t seq = cell * TREE_CELL; seq < (cell + 1) * TREE_CELL; seq++)
		if (kept->there[seq])
			return false;
	ck_assert_msg(cell_nodes(made, cell, nodes, &e) == 0, "%s", e.text);
	*out = nodes[first % TREE_CELL >> TREE_NODE_HEIGHT];
	return true;
}

/* The single hashes of the open cell are not asked: they go when it is full. */
static int
subtree(void *arg, struct subtree t, struct hash *out, struct err *e)
{
	uint64_t first = t.index << t.height, size = UINT64_C(1) << t.height, i = 0;

	(void)arg;
	while (i < size && first + i < model.n && kept->known[first + i])
		i++;
	if (i == size) {
		tree_root(out, kept->leaf + first, size);
		return 0;
	}
	if (find_removed(first, t.height, out) || find_node(first, t.height, out))
		return 0;
	return t.height > 0 ? 1 : err_set(e, ERR_INTEGRITY, "no hash is kept of seq %d", (int)first);
}

/* ---- events, checkpoints, prunes ---- */

static void
add_event(int64_t time)
{
	struct event ev = { 0 };

	event_set_time(&ev, FIELD_TIME, time);
	event_set(&ev, FIELD_SOURCE, STR("app"));
	event_set(&ev, FIELD_SEVERITY, STR("info"));
	event_set(&ev, FIELD_OUTCOME, STR("success"));
	made_add(&ev);
}

/* Random within a day. */
static void
add_random(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		add_event(START + (int64_t)(random() % 86400) * TIME_SECOND);
	made_commit();
}

/* One second each. */
static void
add_in_order(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		add_event(START + (int64_t)made_events * TIME_SECOND);
	made_commit();
}

static void
sign(uint64_t size)
{
	struct err e = ERR_NONE;
	char note[32];

	snprintf(note, sizeof(note), "a note of %d", (int)size);
	ck_assert_int_eq(store_checkpoint_add(made, size, number("SELECT removals FROM state"), str_of(note), &e), 1);
	mem_grow(&model.size, &model.sizes_cap, model.sizes + 1, sizeof(*model.size));
	model.size[model.sizes++] = size;
}

static void
make_record(void *arg, const struct prune_part *part, struct event *ev, struct arena *a)
{
	char *id = arena_alloc(a, 32), *context = arena_alloc(a, 256);

	(void)arg;
	snprintf(id, 32, "prune-%u", model.records++);
	snprintf(context, 256,
	    "{\"part\":%u,\"digest\":\"%s\",\"events\":%d,\"first\":%d,\"last\":%d,\"oldest\":%lld,\"newest\":%lld}", part->part,
	    part->digest, (int)part->events, (int)part->first_seq, (int)part->last_seq, (long long)part->oldest,
	    (long long)part->newest);
	made_record(ev, str_of(id), "audit.prune", START);
	event_set_time(ev, FIELD_TIME, START - TIME_DAY); /* older than all: records stay */
	event_set(ev, FIELD_CONTEXT, str_of(context));
}

static uint64_t
prune(int64_t cutoff)
{
	struct err e = ERR_NONE;
	uint64_t removed;

	ck_assert_msg(prune_before(made, cutoff, make_record, NULL, &removed, &e) == 0, "%s", e.text);
	return removed;
}

static void
expect_roots(void)
{
	struct path_source source = { subtree, NULL };
	struct err e = ERR_NONE;
	struct hash wanted, got;
	uint64_t size;

	read_store();
	for (size_t i = 0; i < model.sizes; i++) {
		tree_root(&wanted, model.leaf, model.size[i]);
		ck_assert_msg(path_root(&got, &source, 0, model.size[i], &e) == 0, "size %d: %s", (int)model.size[i], e.text);
		ck_assert_msg(memcmp(&got, &wanted, sizeof(got)) == 0, "another root at size %d", (int)model.size[i]);
	}
	tree_root(&wanted, model.leaf, model.n);
	ck_assert_int_eq(path_root(&got, &source, 0, model.n, &e), 0);
	ck_assert_mem_eq(&got, &wanted, sizeof(got));
	ck_assert_int_eq(store_root(made, &size, &got, &e), 0);
	ck_assert_mem_eq(&got, &wanted, sizeof(got));
}

/* What context has behind a key. */
static const char *
member(const char *line, const char *key, char out[80])
{
	const char *p = strstr(line, key);

	ck_assert_msg(p != NULL, "%s", key);
	p += strlen(key) + 2;
	p += *p == '"';
	snprintf(out, 80, "%.*s", (int)strcspn(p, "\",}"), p);
	return out;
}

/* One row of the removal table, against its record and the model. */
static void
check_removal(uint64_t record, struct str runs, bool *gone)
{
	const uint8_t *p = (const uint8_t *)runs.p, *end = p + runs.len;
	uint64_t at = 0, gap, length, events = 0, first = UINT64_MAX;
	int64_t oldest = TIME_MAX, newest = TIME_MIN;
	const char *line = model.record[record];
	struct buf hex = { 0 };
	struct hasher digest;
	struct hash hash;
	uint8_t b[16];
	char text[80];

	hash_init(&digest);
	while (p < end) {
		ck_assert(get_varint(&p, end, &gap) && get_varint(&p, end, &length));
		ck_assert_msg(length > 0 && (gap > 0 || at == 0), "runs are maximal");
		put_be64(b, at + gap);
		put_be64(b + 8, length);
		hash_update(&digest, b, sizeof(b));
		for (uint64_t seq = at + gap; seq < at + gap + length; seq++) {
			ck_assert_msg(!gone[seq] && !kept->there[seq] && !model.record[seq], "seq %d", (int)seq);
			gone[seq] = true;
			oldest = model.time[seq] < oldest ? model.time[seq] : oldest;
			newest = model.time[seq] > newest ? model.time[seq] : newest;
			first = first == UINT64_MAX ? seq : first;
			events++;
		}
		at += gap + length;
	}
	hash_final(&digest, &hash);
	buf_hex(&hex, hash.b, sizeof(hash.b));
	buf_byte(&hex, '\0');

	ck_assert_ptr_nonnull(line);
	ck_assert_str_eq(member(line, "digest", text), hex.p);
	ck_assert(atoll(member(line, "events", text)) == (int64_t)events);
	ck_assert(atoll(member(line, "first", text)) == (int64_t)first);
	ck_assert(atoll(member(line, "last", text)) == (int64_t)at - 1);
	ck_assert(atoll(member(line, "oldest", text)) == (int64_t)oldest);
	ck_assert(atoll(member(line, "newest", text)) == (int64_t)newest);
	buf_fini(&hex);
}

/* Every seq is there or in exactly one run, whose record says the same. */
static void
expect_removals(void)
{
	sqlite3_stmt *s = prepare("SELECT generation, record, runs FROM removal ORDER BY generation");
	bool *gone = mem_zero(model.n, sizeof(*gone));
	uint64_t generation = 0;

	while (sqlite3_step(s) == SQLITE_ROW) {
		ck_assert_uint_eq((uint64_t)sqlite3_column_int64(s, 0), ++generation);
		check_removal((uint64_t)sqlite3_column_int64(s, 1), db_blob(s, 2), gone);
	}
	sqlite3_finalize(s);
	ck_assert_uint_eq(generation, number("SELECT removals FROM state"));
	for (size_t seq = 0; seq < model.n; seq++)
		ck_assert_msg(gone[seq] != kept->there[seq], "seq %d", (int)seq);
	free(gone);
}

/* ---- tests ---- */

static void
begin(void)
{
	kept = mem_zero(1, sizeof(*kept));
	model = (struct model){ 0 };
	made_begin();
}

static void
end(void)
{
	made_end();
	free(kept);
	for (size_t i = 0; i < model.n; i++)
		free(model.record[i]);
	free(model.leaf);
	free(model.time);
	free(model.record);
	free(model.size);
}

START_TEST(signed_roots_outlive_random_prunes)
{
	int64_t cutoff = START;

	srandom(1000u + (unsigned)_i);
	for (int round = 0; round < 6; round++) {
		for (long n = 1 + random() % 4; n > 0; n--) {
			add_random((unsigned)(1 + random() % 900));
			read_store();
			if (random() % 4 > 0)
				sign(model.n - (uint64_t)(random() % 2));
		}
		cutoff += (int64_t)(random() % 14400) * TIME_SECOND;
		prune(cutoff);
		expect_roots();
	}
	ck_assert_uint_gt(number("SELECT count(*) FROM removed"), 0);
}
END_TEST

START_TEST(each_removal_has_its_row_and_its_record)
{
	srandom(7);
	add_random(3000);
	read_store();
	for (int i = 1; i <= 3; i++)
		ck_assert_uint_gt(prune(START + i * 7200 * TIME_SECOND), 0);
	read_store();
	expect_removals();
	ck_assert_uint_eq(number("SELECT count(*) FROM removal"), 3);
	/* Nothing to remove: no record, no row. */
	ck_assert_uint_eq(prune(START + 3 * 7200 * TIME_SECOND), 0);
	ck_assert_uint_eq(number("SELECT count(*) FROM removal"), 3);
}
END_TEST

START_TEST(runs_are_cut_exactly_at_checkpoints)
{
	add_in_order(16);
	read_store();
	sign(6);
	sign(6);
	sign(16);
	ck_assert_uint_eq(prune(START + 12 * TIME_SECOND), 12);
	expect_roots();
	/* [0,4) [4,6) | [6,8) [8,12) */
	ck_assert_uint_eq(number("SELECT count(*) FROM removed"), 4);
	ck_assert_uint_eq(number("SELECT count(*) FROM removed WHERE (first, height) IN"
	    " (VALUES (0, 2), (4, 1), (6, 1), (8, 2))"), 4);
}
END_TEST

/* Two cells and a bit; cell 0 has sizes within, at and between its nodes. */
START_TEST(a_cell_that_goes_whole_is_cut_only_where_a_checkpoint_is_within_a_node)
{
	static const uint64_t sizes[] = { 256 * 3 + 5, 256 * 3 + 6, 256 * 100, 256 * 255 + 255, TREE_CELL };

	add_in_order(TREE_CELL);
	add_in_order(TREE_CELL);
	add_in_order(100);
	read_store();
	for (size_t i = 0; i < 5; i++)
		sign(sizes[i]);
	/* cell 0 whole, a part of cell 1 */
	prune(START + (TREE_CELL + 1000) * TIME_SECOND);
	expect_roots();
	ck_assert_uint_eq(number("SELECT count(*) FROM removed WHERE first < 65536"
	    " AND first / 256 NOT IN (3, 255)"), 0);
	ck_assert_uint_eq(number("SELECT sum(1 << height) FROM removed WHERE first < 65536"), 512);
	ck_assert_uint_eq(number("SELECT length(salts) FROM cell WHERE no = 0"), 0);
	expect_removals();
	/* the rest of cell 1, where no checkpoint is, as rows */
	prune(START + 3 * TREE_CELL * TIME_SECOND);
	expect_roots();
	expect_removals();
}
END_TEST

START_TEST(a_cell_that_goes_whole_without_checkpoints_leaves_its_nodes_alone)
{
	add_in_order(TREE_CELL);
	add_in_order(10);
	prune(START + (TREE_CELL + 1) * TIME_SECOND);
	/* the event of the next cell */
	ck_assert_uint_eq(number("SELECT count(*) FROM removed"), 1);
	ck_assert_uint_eq(number("SELECT first FROM removed"), TREE_CELL);
}
END_TEST

/* Erased: the salt is gone, the original leaf hash is kept in its row. */
static void
erase(uint64_t seq)
{
	sqlite3_stmt *s = prepare("SELECT salts FROM cell WHERE no = ?1");
	static uint64_t forget[TREE_CELL / 64];
	struct buf left = { 0 };

	memset(forget, 0, sizeof(forget));
	forget[seq % TREE_CELL / 64] = UINT64_C(1) << (seq % 64);
	sqlite3_bind_int64(s, 1, (int64_t)(seq / TREE_CELL));
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	salt_forget(&left, db_blob(s, 0), forget);
	sqlite3_finalize(s);
	s = prepare("UPDATE cell SET salts = ?1 WHERE no = ?2");
	sqlite3_bind_blob(s, 1, left.p, (int)left.len, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, (int64_t)(seq / TREE_CELL));
	ck_assert_int_eq(sqlite3_step(s), SQLITE_DONE);
	sqlite3_finalize(s);
	/* twice, by two records */
	s = prepare("INSERT INTO erased VALUES (?1, 1, ?2, ?2, NULL), (?1, 2, ?2, ?2, ?2)");
	sqlite3_bind_int64(s, 1, (int64_t)seq);
	sqlite3_bind_blob(s, 2, &model.leaf[seq], sizeof(struct hash), SQLITE_STATIC);
	ck_assert_int_eq(sqlite3_step(s), SQLITE_DONE);
	sqlite3_finalize(s);
	buf_fini(&left);
}

START_TEST(erased_events_leave_their_original_hash)
{
	uint64_t rows;

	add_in_order(TREE_CELL);
	add_in_order(5000);
	read_store();
	sign(1001);
	erase(900);
	erase(999);
	erase(TREE_CELL + 5);
	erase(TREE_CELL + 6);
	erase(TREE_CELL + 4000);
	rows = number("SELECT count(*) FROM erased");
	prune(START + (TREE_CELL + 100) * TIME_SECOND);
	expect_roots();
	expect_removals();
	ck_assert_uint_eq(number("SELECT count(*) FROM erased"), rows);
}
END_TEST

START_TEST(a_leaf_without_salt_and_hash_stops_the_prune)
{
	struct err e = ERR_NONE;
	uint64_t removed;

	add_in_order(5000);
	read_store();
	erase(7);
	run_sql("DELETE FROM erased");
	ck_assert_int_eq(prune_before(made, START + 100 * TIME_SECOND, make_record, NULL, &removed, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	ck_assert_uint_eq(number("SELECT count(*) FROM removal"), 0);
	ck_assert_uint_eq(number("SELECT size FROM state"), 5000);
}
END_TEST

START_TEST(two_original_hashes_of_one_event_stop_the_prune)
{
	struct err e = ERR_NONE;
	uint64_t removed;

	add_in_order(5000);
	read_store();
	erase(7);
	run_sql("UPDATE erased SET leaf = zeroblob(32) WHERE record = 1");
	ck_assert_int_eq(prune_before(made, START + 100 * TIME_SECOND, make_record, NULL, &removed, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
}
END_TEST

/* Its evidence would be gone. */
START_TEST(a_node_is_not_cut_when_its_events_are_others)
{
	struct err e = ERR_NONE;
	uint64_t removed;

	add_in_order(TREE_CELL);
	add_in_order(1);
	read_store();
	sign(1001);
	run_sql("UPDATE cell SET nodes = zeroblob(8192)");
	ck_assert_int_eq(prune_before(made, START + TREE_CELL * TIME_SECOND, make_record, NULL, &removed, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	ck_assert_msg(strstr(e.text, "seq 768 ") != NULL, "%s", e.text);
}
END_TEST

/* ---- changed events are not covered by new hashes ---- */

/* Behind its hash. */
static void
change(uint64_t seq)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "UPDATE tail SET line = replace(line, 'success', 'failure') WHERE seq = %d", (int)seq);
	run_sql(sql);
	ck_assert_int_eq(sqlite3_changes(made->db.sqlite), 1);
}

static void
expect_no_prune(int64_t cutoff)
{
	struct err e = ERR_NONE;
	uint64_t removed;

	ck_assert_int_eq(prune_before(made, cutoff, make_record, NULL, &removed, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	ck_assert_msg(strstr(e.text, "is not what was logged") != NULL, "%s", e.text);
	ck_assert_uint_eq(removed, 0);
	ck_assert_uint_eq(number("SELECT count(*) FROM removal"), 0);
	ck_assert_uint_eq(number("SELECT count(*) FROM removed"), 0);
	ck_assert_uint_eq(number("SELECT sum(pruned_events) FROM state"), 0);
}

START_TEST(a_changed_event_of_the_open_cell_stops_the_prune)
{
	add_in_order(100);
	change(7);
	expect_no_prune(START + 50 * TIME_SECOND);
	ck_assert_uint_eq(number("SELECT count(*) FROM tail"), 100);
	/* It is asked about what goes. */
	ck_assert_uint_eq(prune(START + 7 * TIME_SECOND), 7);
}
END_TEST

START_TEST(a_changed_event_beside_those_that_go_stops_the_prune)
{
	add_in_order(4000);
	change(300);
	add_in_order(TREE_CELL - 4000 + 1);
	expect_no_prune(START + 310 * TIME_SECOND); /* it goes itself, others of its node stay */
	expect_no_prune(START + 290 * TIME_SECOND); /* it stays, others of its node go */
	/* What covers its node is the kept hash, not one made of it. */
	ck_assert_uint_eq(prune(START + 256 * TIME_SECOND), 256);
	ck_assert_uint_eq(prune(START + 512 * TIME_SECOND), 256);
}
END_TEST

/* Lines so long that a cell has two segments, cut within a node. */
START_TEST(a_node_of_two_segments_is_made_of_both)
{
	static char text[1200];
	uint64_t edge;

	for (unsigned i = 0; i < TREE_CELL + 10; i++) {
		struct event ev = { 0 };

		memset(text, 'a' + (int)(i % 26), sizeof(text));
		event_set_time(&ev, FIELD_TIME, START + (int64_t)i * TIME_SECOND);
		event_set(&ev, FIELD_SOURCE, STR("app"));
		event_set(&ev, FIELD_DESCRIPTION, (struct str){ text, 1000 + i % 200 });
		made_add(&ev);
	}
	made_commit();
	read_store();
	edge = number("SELECT first FROM segment ORDER BY first LIMIT 1 OFFSET 1");
	ck_assert_uint_lt(edge, TREE_CELL);
	ck_assert_uint_ne(edge % 256, 0);
	sign(edge + 3);
	prune(START + (int64_t)(edge - edge % 256 + 1) * TIME_SECOND); /* a row of the node, in the first */
	expect_roots();
	prune(START + (int64_t)(edge - 1) * TIME_SECOND);              /* all but one of the first */
	expect_roots();
	prune(START + (int64_t)(edge + 5) * TIME_SECOND);              /* the first goes, and some of the second */
	expect_roots();
	prune(START + (int64_t)(TREE_CELL + 5) * TIME_SECOND);
	expect_roots();
	expect_removals();
}
END_TEST

/* A hold, or a rule, that keeps few of a cell: of most nodes nothing is decoded. */
START_TEST(single_events_that_stay_keep_the_root)
{
	struct filter *all = filter_all(), *rare;
	struct filter_args args = { 0 };
	struct prune_plan plan = { .rules = 0 };
	struct err e = ERR_NONE;
	uint64_t removed;

	for (unsigned i = 0; i < 2 * TREE_CELL + 1000; i++) {
		struct event ev = { 0 };

		event_set_time(&ev, FIELD_TIME, START + (int64_t)i * TIME_SECOND);
		event_set(&ev, FIELD_SOURCE, i % 30000 == 29999 ? STR("rare") : STR("app"));
		made_add(&ev);
	}
	made_commit();
	read_store();
	sign(40000);
	sign(TREE_CELL + 7);
	str_list_add(&args.source, "rare", 4);
	rare = filter_build(&args, 0, &e);
	struct prune_rule rule[] = { { STR("rare"), rare, TIME_MIN }, { STR("rest"), all, START + 130000 * TIME_SECOND } };
	ck_assert_msg(store_prune_plan(made, rule, 2, 0, NULL, NULL, &plan, &e) == 0, "%s", e.text);
	ck_assert_msg(store_prune(made, &plan, NULL, make_record, NULL, NULL, &removed, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(removed, 130000 - 4);
	prune_plan_fini(&plan);
	filter_free(all);
	filter_free(rare);
	filter_args_fini(&args);
	expect_roots();
	expect_removals();
}
END_TEST

static Suite *
prune_suite(void)
{
	Suite *s = suite_create("prune");
	TCase *t = tcase_create("prune");

	tcase_add_checked_fixture(t, begin, end);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, signed_roots_outlive_random_prunes, 0, 4);
	tcase_add_test(t, each_removal_has_its_row_and_its_record);
	tcase_add_test(t, runs_are_cut_exactly_at_checkpoints);
	tcase_add_test(t, a_cell_that_goes_whole_is_cut_only_where_a_checkpoint_is_within_a_node);
	tcase_add_test(t, a_cell_that_goes_whole_without_checkpoints_leaves_its_nodes_alone);
	tcase_add_test(t, erased_events_leave_their_original_hash);
	tcase_add_test(t, a_leaf_without_salt_and_hash_stops_the_prune);
	tcase_add_test(t, two_original_hashes_of_one_event_stop_the_prune);
	tcase_add_test(t, a_node_is_not_cut_when_its_events_are_others);
	tcase_add_test(t, a_changed_event_of_the_open_cell_stops_the_prune);
	tcase_add_test(t, a_changed_event_beside_those_that_go_stops_the_prune);
	tcase_add_test(t, a_node_of_two_segments_is_made_of_both);
	tcase_add_test(t, single_events_that_stay_keep_the_root);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(prune_suite)
