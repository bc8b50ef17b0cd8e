/*
 * What is looked for after an erasure: every place that a person can be in,
 * of what is live and of what SQLite left; and nothing that only looks like it.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "made_record.h"
#include "query_store.h"
#include "store/internal.h"

#define START INT64_C(1776967200000000)

static struct erase_check found;

/* ---- looking ---- */

static int
look(struct store *st, const char *const *value, size_t n, struct pool *pool, struct err *e)
{
	struct str v[4];
	struct subject *s;
	int rc;

	for (size_t i = 0; i < n; i++)
		v[i] = str_of(value[i]);
	s = subject_new(v, n, STR("person-1"), e);
	ck_assert_msg(s != NULL, "%s", e->text);
	rc = store_erase_check(st, s, pool, NULL, &found, e);
	subject_free(s);
	return rc;
}

static void
look_for(const char *value)
{
	struct err e = ERR_NONE;

	ck_assert_msg(look(made, &value, 1, NULL, &e) == 0, "%s", e.text);
}

static void
assert_clean(void)
{
	ck_assert_uint_eq(found.found_events + found.found_elsewhere + found.found_waiting + found.found_files +
	    found.found_signed + found.found_since, 0);
	ck_assert_uint_eq(found.raw_found + found.slack_found + found.free_dirty, 0);
	ck_assert(!found.journal);
}

/* ---- making ---- */

static void
run_sql(const char *sql)
{
	ck_assert_msg(sqlite3_exec(made->db.sqlite, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
	    sqlite3_errmsg(made->db.sqlite));
}

/* Events nobody is in, with texts, a context and UUIDs; what the caller sets stays. */
static void
add(struct event *ev, unsigned n)
{
	static char text[3][64];

	ev->time = START + (int64_t)n * TIME_SECOND;
	ev->present |= FIELD_BIT(FIELD_TIME);
	snprintf(text[0], sizeof(text[0]), "number %u of many, and %u", n, n * 7919);
	snprintf(text[1], sizeof(text[1]), "{\"n\":%u,\"who\":\"nobody %u\"}", n, n * 31);
	snprintf(text[2], sizeof(text[2]), "%08x-4f89-71d3-9a0c-0305e82c33aa", n * 2654435761u);
	if (!event_has(ev, FIELD_DESCRIPTION))
		event_set(ev, FIELD_DESCRIPTION, str_of(text[0]));
	if (!event_has(ev, FIELD_CONTEXT))
		event_set(ev, FIELD_CONTEXT, str_of(text[1]));
	if (!event_has(ev, FIELD_REQUEST_ID))
		event_set(ev, FIELD_REQUEST_ID, str_of(text[2]));
	made_add(ev);
}

static void
add_many(unsigned first, unsigned end)
{
	for (unsigned n = first; n < end; n++)
		add(&(struct event){ 0 }, n);
}

static void
add_with(enum field f, const char *value, unsigned n)
{
	struct event ev = { 0 };

	event_set(&ev, f, str_of(value));
	add(&ev, n);
}

static void
seal(void)
{
	struct err e = ERR_NONE;
	struct state state;

	made_commit();
	ck_assert_msg(db_begin_write(&made->db, &e) == 0 && state_get(made, &state, &e) == 0 &&
	    tail_seal(made, &state, NULL, &e) == 0 && state_put(made, &state, &e) == 0 && db_commit(&made->db, &e) == 0,
	    "%s", e.text);
}

static void
add_quarantined(int64_t id, int64_t at, struct str bytes)
{
	struct err e = ERR_NONE;
	sqlite3_stmt *s;

	ck_assert_int_eq(sqlite3_prepare_v2(made->db.sqlite,
	    "INSERT OR REPLACE INTO quarantine VALUES (?1, ?2, 'app', 'f', 0, 1, 'not-json', NULL, ?3)", -1, &s, NULL),
	    SQLITE_OK);
	db_bind_int(s, 1, id);
	db_bind_int(s, 2, at);
	db_bind_blob(s, 3, bytes.p, bytes.len);
	ck_assert_msg(db_run(&made->db, s, &e) == 0, "%s", e.text);
	sqlite3_finalize(s);
}

static bool
file_has(const char *text)
{
	size_t len;
	struct err e = ERR_NONE;
	char *bytes = file_read(made_path, 64 << 20, &len, &e);
	bool has = memmem(bytes, len, text, strlen(text)) != NULL;

	free(bytes);
	return has;
}

/* ---- what is live ---- */

START_TEST(who_is_nowhere_is_not_found)
{
	struct stat sb;

	add_many(0, 500);
	seal();
	add_many(500, 600);
	made_commit();
	look_for("alice");
	assert_clean();
	ck_assert_uint_eq(found.events, 600);
	ck_assert_uint_gt(found.values, 0);
	ck_assert_int_eq(stat(made_path, &sb), 0);
	ck_assert_uint_eq(found.raw_bytes, (uint64_t)sb.st_size);
	ck_assert_uint_eq(found.slack_dirty, 0);
}
END_TEST

START_TEST(an_event_is_found_by_each_of_its_fields_and_counted_once)
{
	static const struct {
		enum field field;
		const char *value;
		bool hit;
	} place[] = {
		{ FIELD_ACTOR_ID, "user:Alice", true },
		{ FIELD_DESCRIPTION, "what alice did, and alice again", true },
		{ FIELD_CONTEXT, "{\"a\":{\"alice\":1}}", true },
		{ FIELD_CHANGES, "{\"a\":\"\\\"\\\\u0061lice\\\"\"}", true },
		{ FIELD_TARGET_PATH, "/home/%61lice/x", true },
		{ FIELD_SESSION_ID, "alice", true },
		{ FIELD_ACTOR_NAME, "malice", false },
		{ FIELD_ACTOR_NAME, "alice2", false },
		{ FIELD_ACTOR_EMAIL, "alice@acme.example", false },
	};
	struct pool *pool = pool_new(1);
	const char *alice = "alice";
	struct err e = ERR_NONE;
	unsigned n = 0, hits = 0;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(place) / sizeof(place[0]); i++) {
			add_many(n, n + 40);
			add_with(place[i].field, place[i].value, n + 40);
			n += 41;
			hits += place[i].hit;
		}
		if (round == 0)
			seal();
	}
	made_commit();
	look_for("alice");
	ck_assert_uint_eq(found.found_events, hits);
	ck_assert_uint_gt(found.raw_found, 0);
	ck_assert_int_eq(look(made, &alice, 1, pool, &e), 0);
	ck_assert_uint_eq(found.found_events, hits);
	pool_free(pool);
}
END_TEST

START_TEST(a_value_that_is_a_uuid_is_found)
{
	add_many(0, 3000);
	add_with(FIELD_REQUEST_ID, "0192f3a4-0001-7b22-8c11-5d2f00aa91e7", 3000);
	seal();
	look_for("0192F3A4-0001-7b22-8c11-5d2f00aa91e7");
	ck_assert_uint_eq(found.found_events, 1);
}
END_TEST

START_TEST(a_name_among_uuids_is_found)
{
	add_many(0, 3000);
	add_with(FIELD_REQUEST_ID, "job of alice", 3000);
	add_with(FIELD_REQUEST_ID, "dead-beef", 3001);
	seal();
	look_for("alice"); /* no UUID has it */
	ck_assert_uint_eq(found.found_events, 1);
	look_for("dead-beef"); /* any could */
	ck_assert_uint_eq(found.found_events, 1);
}
END_TEST

START_TEST(words_of_a_list_and_numbers_are_nobody)
{
	add_with(FIELD_STATUS, "200", 0);
	add_with(FIELD_OUTCOME, "success", 1);
	seal();
	look_for("200");
	ck_assert_uint_eq(found.found_events, 0);
	look_for("success");
	ck_assert_uint_eq(found.found_events, 0);
}
END_TEST

START_TEST(other_tables_are_told_apart)
{
	struct saved_query q = { STR("q"), STR("[\"--actor\",\"alice\"]"), 1, STR("bob") };
	struct event record;
	struct err e = ERR_NONE;

	append_quarantine(made_appender, &(struct quarantined){ .reason = STR("not-json"), .bytes = STR("{\"alice\"") });
	append_position(made_appender, &(struct store_file){ .name = (char *)(uintptr_t) "/home/alice/log", .offset = 5 });
	made_commit();
	made_record(&record, STR("r"), "audit.saved", START);
	ck_assert_msg(store_saved_put(made, &q, &record, &e) == 0, "%s", e.text);
	look_for("alice");
	ck_assert_uint_eq(found.found_events, 0);
	ck_assert_uint_eq(found.found_elsewhere, 2);
	ck_assert_uint_eq(found.found_files, 1);
	ck_assert_uint_eq(found.raw_found, 3);
	ck_assert_uint_eq(found.slack_found, 0);
}
END_TEST

/* Somebody is called info, root or time: every line has such words, and so has
 * the schema, whoever it is about. */
START_TEST(words_of_the_format_are_no_person)
{
	add_with(FIELD_ACTOR_ID, "bob", 0);
	made_commit();
	look_for("info");
	ck_assert_uint_gt(found.found_words, 0);
	ck_assert_uint_eq(found.found_events, 0);
	ck_assert_uint_eq(found.raw_found, found.found_words);
	look_for("root");
	ck_assert_uint_eq(found.raw_found + found.found_words + found.found_events, 0);
	look_for("bob");
	ck_assert_uint_eq(found.found_events, 1);
	ck_assert_uint_eq(found.found_words, 0);
}
END_TEST

START_TEST(what_came_since_is_told_apart)
{
	found = (struct erase_check){ 0 };
	add_with(FIELD_ACTOR_ID, "alice", 0);
	add_with(FIELD_ACTOR_ID, "alice", 1);
	seal();
	add_with(FIELD_ACTOR_ID, "alice", 2);
	made_commit();
	add_quarantined(1, START, STR("alice"));
	add_quarantined(2, START + 2, STR("alice"));
	found.size = 1;
	found.since = START + 1;
	look_for("alice");
	ck_assert_uint_eq(found.found_events, 1);
	ck_assert_uint_eq(found.found_elsewhere, 1);
	ck_assert_uint_eq(found.found_since, 3);
	found = (struct erase_check){ 0 };
}
END_TEST

/* ---- bytes ---- */

START_TEST(long_rows_are_searched_to_their_end)
{
	struct buf line = { 0 };

	for (int i = 0; i < 9000; i++)
		buf_printf(&line, "%d and on, ", i);
	buf_printf(&line, "alice");
	add_quarantined(1, START, buf_view(&line));
	look_for("alice");
	ck_assert_uint_eq(found.found_elsewhere, 1);
	ck_assert_uint_eq(found.raw_found, 1);
	buf_fini(&line);
}
END_TEST

/* A row's chain goes on within a word: which part of it stands alone on a page
 * is nobody. */
START_TEST(where_a_page_ends_no_word_does)
{
	struct buf line = { 0 };

	for (unsigned shift = 0; shift < 8; shift++) {
		buf_reset(&line);
		for (unsigned i = 0; i < shift; i++)
			buf_byte(&line, ' ');
		for (int i = 0; i < 16384; i++)
			buf_printf(&line, "malicely ");
		add_quarantined(1, START, buf_view(&line));
		look_for("alice");
		assert_clean();
		look_for("mal");
		assert_clean();
		look_for("licely");
		assert_clean();
	}
	buf_fini(&line);
}
END_TEST

/* dev/svc, dev1/ stand as dev/svc1/ in the list of a dictionary. */
START_TEST(neighbours_in_a_dictionary_make_no_word)
{
	add_with(FIELD_ACTOR_ID, "dev/svc", 0);
	add_with(FIELD_ACTOR_ID, "dev1/", 1);
	seal();
	ck_assert(file_has("dev/svc1/"));
	look_for("svc1");
	assert_clean();
}
END_TEST

START_TEST(free_pages_that_were_not_wiped_are_found)
{
	struct buf line = { 0 };

	for (int i = 0; i < 5000; i++)
		buf_printf(&line, "here is alice. ");
	run_sql("PRAGMA secure_delete = OFF");
	add_quarantined(1, START, buf_view(&line));
	run_sql("DELETE FROM quarantine");
	look_for("alice");
	ck_assert_uint_eq(found.found_elsewhere, 0);
	ck_assert_uint_gt(found.free_pages, 2);
	ck_assert_uint_gt(found.free_dirty, 2);
	ck_assert_uint_gt(found.slack_found, 100);
	ck_assert_uint_eq(found.raw_found, found.slack_found);
	look_for("nobody.else");
	ck_assert_uint_eq(found.slack_found, 0);
	ck_assert_uint_gt(found.free_dirty, 2);

	run_sql("VACUUM");
	look_for("alice");
	assert_clean();
	buf_fini(&line);
}
END_TEST

START_TEST(free_pages_that_were_wiped_are_clean)
{
	struct buf line = { 0 };

	for (int i = 0; i < 50000; i++)
		buf_printf(&line, "here is alice. ");
	add_quarantined(1, START, buf_view(&line));
	add_quarantined(2, START, STR("nobody"));
	run_sql("DELETE FROM quarantine WHERE id = 1");
	look_for("alice");
	assert_clean();
	ck_assert_uint_gt(found.free_pages, 40);
	/* The list of them becomes shorter. */
	line.len = 300000;
	add_quarantined(3, START, buf_view(&line));
	run_sql("UPDATE quarantine SET bytes = zeroblob(250000) WHERE id = 3");
	look_for("alice");
	assert_clean();
	buf_fini(&line);
}
END_TEST

/* Rows of many lengths come, change and go, in the middle of their table. */
static void
shuffle(struct buf *line)
{
	unsigned long seed = 1;

	for (int i = 0; i < 6000; i++) {
		int64_t id;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		id = (int64_t)((seed >> 33) % 400);
		if (i % 100 == 0)
			run_sql(i == 0 ? "BEGIN" : "COMMIT; BEGIN");
		buf_reset(line);
		for (unsigned k = 0; k < (seed >> 45) % (i % 5 == 0 ? 3000 : 120); k++)
			buf_printf(line, "alice %u ", k);
		add_quarantined(id, START, buf_view(line));
		if (i % 4 == 0) {
			buf_reset(line);
			buf_printf(line, "DELETE FROM quarantine WHERE id = %d%c", (int)((seed >> 20) % 400), '\0');
			run_sql(line->p);
		}
	}
}

/* Rows that grow push their neighbours to other pages; where those were,
 * SQLite leaves a copy. */
START_TEST(copies_of_rows_that_moved_are_found)
{
	struct buf line = { 0 };

	shuffle(&line);
	run_sql("UPDATE quarantine SET bytes = CAST(replace(CAST(bytes AS TEXT), 'alice', 'she') AS BLOB); COMMIT");
	look_for("alice");
	ck_assert_uint_eq(found.found_elsewhere, 0);
	/* Not with every version of SQLite. */
	ck_assert_int_eq(found.slack_found > 0, file_has("alice"));
	ck_assert(found.slack_found == 0 || found.slack_dirty > 0);
	run_sql("VACUUM");
	look_for("alice");
	assert_clean();
	ck_assert_uint_eq(found.slack_dirty, 0);
	buf_fini(&line);
}
END_TEST

START_TEST(a_journal_beside_the_file_is_told)
{
	char path[80];
	int fd;

	made_commit();
	snprintf(path, sizeof(path), "%s-journal", made_path);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, "\0", 1), 1);
	close(fd);
	look_for("alice");
	ck_assert(found.journal);
	unlink(path);
	look_for("alice");
	ck_assert(!found.journal);
}
END_TEST

/* ---- files that anyone may have written ---- */

static void
make_one_of_each(void)
{
	struct buf line = { 0 };

	for (int i = 0; i < 5000; i++)
		buf_printf(&line, "line %d ", i);
	add_many(0, 300);
	seal();
	add_many(300, 340);
	made_commit();
	for (int i = 1; i < 60; i++) {
		line.len = (size_t)i * 600;
		add_quarantined(i, START, buf_view(&line));
	}
	run_sql("DELETE FROM quarantine WHERE id > 40 OR id % 5 = 0");
	buf_fini(&line);
}

/* One that SQLite or the schema refuses is not opened. */
static void
look_at_copy(const char *path)
{
	const char *const alice = "alice";
	struct err e = ERR_NONE;
	struct store *st = store_open(path, STORE_READ, &e);

	if (st != NULL && look(st, &alice, 1, NULL, &e) < 0)
		ck_assert_int_ne(e.text[0], '\0');
	store_close(st);
}

START_TEST(damaged_pages_are_refused_or_counted)
{
	unsigned long seed = 7;
	char copy[80];
	size_t len;
	struct err e = ERR_NONE;
	char *bytes;

	make_one_of_each();
	bytes = file_read(made_path, 64 << 20, &len, &e);
	snprintf(copy, sizeof(copy), "%s.copy", made_path);
	for (int i = 0; i < 600; i++) {
		size_t page, at;
		char was;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		page = (seed >> 33) % (len / 16384) * 16384;
		at = page + (seed >> 20) % (i % 3 == 0 ? 16384 : 24) + (page == 0 && i % 2 ? 100 : 0);
		was = bytes[at];
		bytes[at] = (char)(seed >> 50);
		ck_assert_msg(file_replace(copy, 0600, bytes, len, &e) == 0, "%s", e.text);
		look_at_copy(copy);
		bytes[at] = was;
	}
	unlink(copy);
	free(bytes);
}
END_TEST

START_TEST(a_page_that_nothing_leads_to_is_searched)
{
	int fd;

	add_many(0, 10);
	made_commit();
	fd = open(made_path, O_WRONLY | O_APPEND);
	ck_assert_int_eq(write(fd, "  alice  ", 9), 9);
	close(fd);
	look_for("alice");
	ck_assert_uint_eq(found.slack_found, 1);
	ck_assert_uint_eq(found.slack_dirty, 1);
}
END_TEST

static void
begin(void)
{
	found = (struct erase_check){ 0 };
	made_begin();
}

static Suite *
store_erase_check_suite(void)
{
	Suite *s = suite_create("store/erase_check");
	TCase *live = tcase_create("live"), *bytes = tcase_create("bytes"), *hostile = tcase_create("hostile");

	tcase_add_checked_fixture(live, begin, made_end);
	tcase_add_test(live, who_is_nowhere_is_not_found);
	tcase_add_test(live, an_event_is_found_by_each_of_its_fields_and_counted_once);
	tcase_add_test(live, a_value_that_is_a_uuid_is_found);
	tcase_add_test(live, a_name_among_uuids_is_found);
	tcase_add_test(live, words_of_a_list_and_numbers_are_nobody);
	tcase_add_test(live, other_tables_are_told_apart);
	tcase_add_test(live, words_of_the_format_are_no_person);
	tcase_add_test(live, what_came_since_is_told_apart);
	suite_add_tcase(s, live);
	tcase_add_checked_fixture(bytes, begin, made_end);
	tcase_add_test(bytes, long_rows_are_searched_to_their_end);
	tcase_add_test(bytes, where_a_page_ends_no_word_does);
	tcase_add_test(bytes, neighbours_in_a_dictionary_make_no_word);
	tcase_add_test(bytes, free_pages_that_were_not_wiped_are_found);
	tcase_add_test(bytes, free_pages_that_were_wiped_are_clean);
	tcase_add_test(bytes, copies_of_rows_that_moved_are_found);
	tcase_add_test(bytes, a_journal_beside_the_file_is_told);
	tcase_add_test(bytes, a_page_that_nothing_leads_to_is_searched);
	suite_add_tcase(s, bytes);
	tcase_add_checked_fixture(hostile, begin, made_end);
	tcase_set_timeout(hostile, 60);
	tcase_add_test(hostile, damaged_pages_are_refused_or_counted);
	suite_add_tcase(s, hostile);
	return s;
}

UNIT_MAIN(store_erase_check_suite)
