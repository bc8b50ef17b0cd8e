/*
 * Erasure in the store: a person is nowhere, the log verifies with the roots it
 * had, what holds keep stays until they are lifted, and an erasure that was cut
 * short is finished by the next.
 */
#include <sqlite3.h>

#include "base/mem.h"
#include "filter/filter.h"
#include "made_record.h"
#include "pruned.h"
#include "store/internal.h"
#include "store_folder.h"

#define DAY 86400
#define START INT64_C(1790000000)
#define PSEUDONYM "person-0123456789ab"

/* ---- events ---- */

static void
set_text(struct event *ev, enum field f, struct arena *a, const char *fmt, unsigned n)
{
	char text[256];
	int len = snprintf(text, sizeof(text), fmt, n);

	event_set(ev, f, (struct str){ arena_copy(a, text, (size_t)len), (size_t)len });
}

/* Every 5th is of Alice, in another place each time; every 7th is old. */
static void
fill_event(struct event *ev, unsigned n, struct arena *a)
{
	*ev = (struct event){ 0 };
	event_set_time(ev, FIELD_TIME, (START + n - (n % 7 == 0 ? 100 * DAY : 0)) * TIME_SECOND);
	event_set_time(ev, FIELD_INGESTED, (START + n) * TIME_SECOND);
	set_text(ev, FIELD_ID, a, "%08x-0000-7000-8000-000000000000", n * 2654435761u);
	event_set(ev, FIELD_SOURCE, STR("app"));
	event_set(ev, FIELD_ACTION, n % 3 ? STR("login") : STR("read"));
	event_set(ev, FIELD_SEVERITY, STR("info"));
	event_set(ev, FIELD_OUTCOME, STR("success"));
	set_text(ev, FIELD_ACTOR_ID, a, n % 11 ? "user:%u" : "malice%u", n % 97);
	set_text(ev, FIELD_DESCRIPTION, a, "number %u and some more words of which there are many", n);
	set_text(ev, FIELD_CONTEXT, a, "{\"n\":%u,\"who\":\"nobody\"}", n);
	if (n % 5 != 0)
		return;
	switch (n / 5 % 4) {
	case 0:
		event_set(ev, FIELD_ACTOR_ID, STR("user:alice"));
		break;
	case 1:
		set_text(ev, FIELD_DESCRIPTION, a, "Alice did %u things", n);
		break;
	case 2:
		set_text(ev, FIELD_CONTEXT, a, "{\"n\":%u,\"Alice\":{\"who\":\"%%41lice\"}}", n);
		break;
	default:
		event_set(ev, FIELD_ACTOR_EMAIL, STR("ALICE@acme.example"));
		event_set(ev, FIELD_TARGET_PATH, STR("/home/alice/x"));
	}
}

static bool
of_alice(unsigned n)
{
	return n % 5 == 0;
}

/* The number of events that became duplicates. */
static unsigned
append_range(struct store *st, unsigned first, unsigned end, unsigned step)
{
	struct err e = ERR_NONE;
	struct appender *a = append_open(st, NULL, &e);
	enum append_result result;
	struct arena arena = { 0 };
	struct event ev;
	unsigned duplicates = 0;

	ck_assert_msg(a != NULL, "%s", e.text);
	for (unsigned n = first; n < end; n++) {
		arena_reset(&arena);
		fill_event(&ev, n, &arena);
		ck_assert_msg(append_event(a, &ev, LEAF_EVENT, &result, &e) == 0, "%s", e.text);
		ck_assert_int_ne(result, APPEND_CONFLICT);
		duplicates += result == APPEND_DUPLICATE;
		if ((n - first + 1) % step == 0)
			ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
	}
	ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
	append_close(a);
	arena_fini(&arena);
	return duplicates;
}

/* ---- records ---- */

static unsigned records_made;

static void
fill_record(struct event *ev, const char *action, struct str context, struct arena *a)
{
	char id[40];
	int n = snprintf(id, sizeof(id), "record-%u", records_made++);

	made_record(ev, (struct str){ arena_copy(a, id, (size_t)n), (size_t)n }, action, (START + DAY) * TIME_SECOND);
	event_set(ev, FIELD_ACTOR_NAME, STR("alice"));
	event_set(ev, FIELD_CONTEXT, (struct str){ arena_copy(a, context.p, context.len), context.len });
}

static void
erase_record(void *arg, const struct erase_part *part, struct event *ev, struct arena *a)
{
	struct buf context = { 0 };

	(void)arg;
	if (part->part > 0)
		buf_printf(&context, "{\"pseudonym\":\"" PSEUDONYM "\",\"part\":%u,\"events\":%llu,\"digest\":\"%s\"}", part->part,
		    (unsigned long long)part->events, part->digest);
	else
		buf_printf(&context, "{\"closing\":true,\"reason\":\"Alice asked\",\"deferred\":%llu}",
		    (unsigned long long)part->found->held);
	fill_record(ev, "audit.erase", buf_view(&context), a);
	buf_fini(&context);
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
prune(struct store *st)
{
	struct err e = ERR_NONE;
	uint64_t removed;

	ck_assert_msg(prune_before(st, (START - 50 * DAY) * TIME_SECOND, prune_record, NULL, &removed, &e) == 0, "%s",
	    e.text);
	ck_assert_uint_gt(removed, 0);
}

static void
add_record(struct store *st, const char *action, const char *context)
{
	struct err e = ERR_NONE;
	struct arena a = { 0 };
	struct event ev;
	uint64_t seq;

	fill_record(&ev, action, str_of(context), &a);
	ck_assert_msg(store_record(st, &ev, &seq, &e) == 0, "%s", e.text);
	arena_fini(&a);
}

/* ---- erasing ---- */

static const struct erase_deferred request = {
	.pseudonym = { PSEUDONYM, sizeof(PSEUDONYM) - 1 },
	.values = { "[\"alice\",\"alice@acme.example\"]", 30 },
	.reason = { "asked by Alice", 14 },
	.by = { "alice", 5 },
	.at = START * TIME_SECOND,
};

static struct subject *
alice(void)
{
	static const struct str values[] = { { "alice", 5 }, { "alice@acme.example", 18 } };
	struct err e = ERR_NONE;
	struct subject *s = subject_new(values, 2, STR(PSEUDONYM), &e);

	ck_assert_msg(s != NULL, "%s", e.text);
	return s;
}

/* A person of one value. */
static void
erase_value(struct store *st, struct str value, struct str pseudonym, struct erase_found *done)
{
	struct erase_deferred what = { .pseudonym = pseudonym, .values = STR("[]"), .reason = STR(""), .by = STR("") };
	struct err e = ERR_NONE;
	struct subject *s = subject_new(&value, 1, pseudonym, &e);

	ck_assert_msg(s != NULL, "%s", e.text);
	*done = (struct erase_found){ 0 };
	ck_assert_msg(store_erase(st, s, &what, NULL, erase_record, NULL, NULL, done, &e) == 0, "%s", e.text);
	subject_free(s);
}

static int
erase_try(struct store *st, int64_t id, struct pool *pool, int (*go_on)(struct err *e), struct erase_found *done,
    struct err *e)
{
	struct erase_deferred what = request;
	struct subject *s = alice();
	int rc;

	what.id = id;
	*done = (struct erase_found){ 0 };
	rc = store_erase(st, s, &what, pool, erase_record, NULL, go_on, done, e);
	subject_free(s);
	return rc;
}

static void
erase(struct store *st, int64_t id, struct erase_found *done)
{
	struct err e = ERR_NONE;

	ck_assert_msg(erase_try(st, id, NULL, NULL, done, &e) == 0, "%s", e.text);
}

static void
plan(struct store *st, struct pool *pool, struct erase_found *f)
{
	struct err e = ERR_NONE;
	struct subject *s = alice();

	*f = (struct erase_found){ 0 };
	ck_assert_msg(store_erase_plan(st, s, pool, NULL, f, &e) == 0, "%s", e.text);
	subject_free(s);
}

/* What was planned is what was done. */
static void
expect_same(const struct erase_found *a, const struct erase_found *b)
{
	ck_assert_uint_eq(a->events, b->events);
	ck_assert_uint_eq(a->records, b->records);
	ck_assert_uint_eq(a->held, b->held);
	ck_assert_uint_eq(a->kept, b->kept);
	for (int f = 0; f < FIELD_COUNT; f++)
		ck_assert_uint_eq(a->fields[f], b->fields[f]);
	ck_assert_uint_eq(a->by_n, b->by_n);
	for (size_t i = 0; i < a->by_n; i++) {
		ck_assert_int_eq(a->by[i].hold, b->by[i].hold);
		ck_assert_str_eq(a->by[i].matter, b->by[i].matter);
		ck_assert_uint_eq(a->by[i].events, b->by[i].events);
	}
}

/* ---- what is there ---- */

static void
see(void *arg, const struct verify_finding *f)
{
	buf_printf(arg, "%s: %s\n", verify_fault_name(f->fault), f->text);
}

static void
check_sound(struct store *st, struct verify_root *root, size_t roots, uint64_t *erased)
{
	struct buf text = { 0 };
	struct verify_options o = { .root = root, .roots = roots, .found = see, .arg = &text };
	struct verify_result r = { 0 };
	struct err e = ERR_NONE;
	struct hash kept;
	uint64_t size;

	ck_assert_msg(store_verify(st, &o, &r, &e) == 0, "%s", e.text);
	buf_byte(&text, '\0');
	ck_assert_msg(r.findings == 0, "%s", text.p);
	ck_assert_msg(store_root(st, &size, &kept, &e) == 0, "%s", e.text);
	ck_assert_mem_eq(&r.root, &kept, sizeof(kept));
	if (erased != NULL)
		*erased = r.erased;
	verify_result_fini(&r);
	buf_fini(&text);
}

/* Sound, and with the root that it had at an earlier size. */
static void
expect_root(struct store *st, uint64_t size, const struct hash *before)
{
	struct verify_root root = { .size = size };

	check_sound(st, &root, 1, NULL);
	ck_assert(root.known);
	ck_assert_mem_eq(&root.root, before, sizeof(*before));
}

static uint64_t
root_now(struct store *st, struct hash *root)
{
	struct err e = ERR_NONE;
	uint64_t size;

	ck_assert_msg(store_root(st, &size, root, &e) == 0, "%s", e.text);
	return size;
}

static uint64_t
number(const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	uint64_t v;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	v = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return v;
}

static void
run_sql(const char *sql)
{
	sqlite3 *db;
	char *text = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &text) == SQLITE_OK, "%s: %s", sql, text ? text : "");
	sqlite3_close(db);
}

/* Lines that have the person, over all segments and the tail. */
struct looking {
	struct subject *s;
	uint64_t lines, found, pseudonyms;
};

static int
look(void *arg, const struct event *ev, struct str line, uint64_t seq, enum leaf_kind kind, struct err *e)
{
	struct looking *l = arg;
	struct arena a = { 0 };
	struct event out;

	(void)seq, (void)kind, (void)e;
	l->lines++;
	l->found += subject_event(l->s, ev, &out, &a, NULL);
	l->pseudonyms += memmem(line.p, line.len, PSEUDONYM, sizeof(PSEUDONYM) - 1) != NULL;
	arena_fini(&a);
	return 0;
}

static int
look_line(void *arg, uint64_t seq, struct str line, struct err *e)
{
	struct json_tape tape = { 0 };
	struct arena a = { 0 };
	struct event ev;
	const char *detail;

	ck_assert_int_eq(event_parse(&ev, line.p, line.len, &event_stored, &tape, &a, &detail), EVENT_OK);
	look(arg, &ev, line, seq, LEAF_EVENT, e);
	json_tape_fini(&tape);
	arena_fini(&a);
	return 0;
}

static struct looking
look_all(struct store *st)
{
	struct looking l = { .s = alice() };
	struct segment_info *list;
	struct store_view v;
	struct err e = ERR_NONE;
	bool moved;
	size_t n;

	ck_assert_int_eq(store_view(st, &v, &list, &n, &e), 0);
	for (size_t i = 0; i < n; i++) {
		struct stored *s = store_segment(st, &list[i], &moved, &e);

		ck_assert_msg(stored_each(s, (struct row_sink){ look, &l }, &e) == 0, "%s", e.text);
		store_segment_free(s);
	}
	ck_assert_int_eq(store_tail(st, v.size - v.tail, v.size, v.tail, &moved, look_line, &l, &e), 0);
	free(list);
	subject_free(l.s);
	return l;
}

/* Nowhere in the bytes of the file, whatever the case, as a whole word. */
static void
expect_no_bytes(const char *word)
{
	FILE *f = fopen(path, "rb");
	struct buf all = { 0 };
	char bytes[65536];
	size_t n, len = strlen(word);

	ck_assert_ptr_nonnull(f);
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_add(&all, bytes, n);
	fclose(f);
	for (size_t i = 0; i + len < all.len; i++)
		if (strncasecmp(all.p + i, word, len) == 0 && (i == 0 || all.p[i - 1] != 'm'))
			ck_abort_msg("%s at byte %zu", word, i);
	buf_fini(&all);
}

static unsigned
alices(unsigned first, unsigned end, bool pruned)
{
	unsigned n = 0;

	for (unsigned i = first; i < end; i++)
		n += of_alice(i) && !(pruned && i % 7 == 0);
	return n;
}

/* ---- tests ---- */

static void
erase_and_look(struct store *st, unsigned events, bool pruned)
{
	struct erase_found planned, done;
	struct looking l;
	struct hash before;
	uint64_t size = root_now(st, &before), erased, records;

	plan(st, NULL, &planned);
	erase(st, 0, &done);
	expect_same(&planned, &done);
	ck_assert_uint_eq(done.events, alices(0, events, pruned));
	records = done.records;
	expect_root(st, size, &before);
	check_sound(st, NULL, 0, &erased);
	ck_assert_uint_eq(erased, done.events + records);
	l = look_all(st);
	ck_assert_uint_eq(l.found, 0);
	ck_assert_uint_ge(l.pseudonyms, done.events);
	ck_assert_uint_eq(number("SELECT count(*) FROM erased"), done.events + records);
	ck_assert_uint_eq(number("SELECT count(*) FROM deferred"), 0);
	expect_no_bytes("alice");
	erase_found_fini(&planned);
	erase_found_fini(&done);
	plan(st, NULL, &planned);
	ck_assert_uint_eq(planned.events + planned.records, 0);
	erase_found_fini(&planned);
}

START_TEST(a_person_in_the_tail_is_erased)
{
	struct store *st = open_store(STORE_CREATE);

	append_range(st, 0, 300, 10);
	erase_and_look(st, 300, false);
	append_range(st, 300, 5000, 10); /* which seals what was erased */
	check_sound(st, NULL, 0, NULL);
	store_close(st);
}
END_TEST

START_TEST(a_person_in_segments_of_the_open_cell_is_erased)
{
	struct store *st = open_store(STORE_CREATE);

	append_range(st, 0, 10010, 100);
	erase_and_look(st, 10010, false);
	append_range(st, 10010, 66000, 5000); /* which closes the cell, and merges */
	check_sound(st, NULL, 0, NULL);
	store_close(st);
}
END_TEST

START_TEST(a_person_in_full_cells_is_erased)
{
	struct store *st = open_store(STORE_CREATE);

	append_range(st, 0, 140000, 70000);
	append_range(st, 140000, 140007, 1);
	erase_and_look(st, 140007, false);
	store_close(st);
}
END_TEST

START_TEST(what_is_left_by_a_prune_is_erased)
{
	struct store *st = open_store(STORE_CREATE);

	append_range(st, 0, 70000, 70000);
	prune(st);
	erase_and_look(st, 70000, true);
	store_close(st);
}
END_TEST

START_TEST(an_erased_event_may_be_pruned)
{
	struct store *st = open_store(STORE_CREATE);
	struct hash before;
	uint64_t size;

	append_range(st, 0, 70010, 35000);
	size = root_now(st, &before);
	erase_and_look(st, 70010, false);
	prune(st);
	expect_root(st, size, &before);
	ck_assert_uint_eq(number("SELECT count(*) FROM erased"), alices(0, 70010, false));
	store_close(st);
}
END_TEST

START_TEST(events_are_erased_more_than_once)
{
	struct store *st = open_store(STORE_CREATE);
	struct erase_found done;
	struct hash before;
	uint64_t size;

	append_range(st, 0, 66010, 66000);
	size = root_now(st, &before);
	erase_and_look(st, 66010, false);
	for (int i = 0; i < 2; i++) {
		erase_value(st, i ? STR("other-1") : STR(PSEUDONYM), i ? STR("other-2") : STR("other-1"), &done);
		ck_assert_uint_eq(done.events, alices(0, 66010, false));
		ck_assert_uint_gt(done.records, 0); /* which name the pseudonym */
		erase_found_fini(&done);
		expect_root(st, size, &before);
	}
	ck_assert_uint_eq(number("SELECT count(*) FROM erased WHERE seq = 0"), 3);
	ck_assert_uint_eq(number("SELECT count(*) FROM erased WHERE seq = 0 AND salt IS NOT NULL"), 1);
	store_close(st);
}
END_TEST

START_TEST(other_events_keep_their_proofs)
{
	struct store *st = open_store(STORE_CREATE);
	struct store_proof p = { .line = { 0 } };
	struct hash before, leaf;
	struct err e = ERR_NONE;
	uint64_t size;

	append_range(st, 0, 66010, 66000);
	size = root_now(st, &before);
	erase_and_look(st, 66010, false);
	for (unsigned seq = 65530; seq < 66010; seq += 3) {
		err_clear(&e);
		if (of_alice(seq)) {
			ck_assert_int_eq(store_prove(st, seq, size, &p, &e), -1);
			ck_assert_ptr_nonnull(strstr(e.text, "erasure"));
			continue;
		}
		ck_assert_msg(store_prove(st, seq, size, &p, &e) == 0, "%s", e.text);
		tree_leaf(&leaf, p.salt, p.kind, buf_view(&p.line));
		ck_assert_msg(path_inclusion_verify(&p.path, &leaf, seq, size, &before, &e) == 0, "%s", e.text);
	}
	store_proof_fini(&p);
	store_close(st);
}
END_TEST

START_TEST(two_threads_do_the_same)
{
	struct store *st = open_store(STORE_CREATE);
	struct pool *pool = pool_new(1);
	struct erase_found planned, alone, done;
	struct err e = ERR_NONE;

	append_range(st, 0, 200000, 70000);
	plan(st, NULL, &alone);
	plan(st, pool, &planned);
	expect_same(&alone, &planned);
	ck_assert_msg(erase_try(st, 0, pool, NULL, &done, &e) == 0, "%s", e.text);
	expect_same(&planned, &done);
	check_sound(st, NULL, 0, NULL);
	ck_assert_uint_eq(look_all(st).found, 0);
	erase_found_fini(&alone);
	erase_found_fini(&planned);
	erase_found_fini(&done);
	store_close(st);
	pool_free(pool);
}
END_TEST

START_TEST(an_event_sent_again_after_its_erasure_is_a_duplicate)
{
	struct store *st = open_store(STORE_CREATE);
	struct erase_found done;

	append_range(st, 0, 100, 10);
	erase(st, 0, &done);
	erase_found_fini(&done);
	ck_assert_uint_eq(append_range(st, 0, 100, 10), 100);
	append_range(st, 100, 5000, 4900);
	erase(st, 0, &done);
	erase_found_fini(&done);
	ck_assert_uint_eq(append_range(st, 0, 5000, 100), 5000);
	append_range(st, 5000, 66000, 6000); /* merged meanwhile */
	ck_assert_uint_eq(append_range(st, 0, 5000, 1000), 5000);
	check_sound(st, NULL, 0, NULL);
	store_close(st);
}
END_TEST

START_TEST(what_somebody_changed_before_is_not_taken_for_the_original)
{
	static const char *const changes[] = {
		"UPDATE tail SET line = replace(line, 'login', 'logon') WHERE seq = 5005",
		"UPDATE leaf SET hashes = zeroblob(32 * 5000)",
	};
	struct erase_found done;
	char sound[72], command[256];

	struct store *st = open_store(STORE_CREATE);

	append_range(st, 0, 5000, 5000);
	append_range(st, 5000, 5010, 10);
	store_close(st);
	snprintf(sound, sizeof(sound), "%s/sound", folder);
	snprintf(command, sizeof(command), "cp %s %s", path, sound);
	ck_assert_int_eq(system(command), 0);
	for (size_t i = 0; i < 2; i++) {
		struct err e = ERR_NONE;

		snprintf(command, sizeof(command), "cp %s %s", sound, path);
		ck_assert_int_eq(system(command), 0);
		run_sql(changes[i]);
		st = open_store(STORE_WRITE);
		ck_assert_int_eq(erase_try(st, 0, NULL, NULL, &done, &e), -1);
		ck_assert_int_eq(e.code, ERR_INTEGRITY);
		ck_assert_uint_eq(done.events, 0);
		ck_assert_uint_eq(number("SELECT count(*) FROM erased"), 0);
		ck_assert_uint_eq(number("SELECT size FROM state"), 5010);
		store_close(st);
	}
	unlink(sound);
}
END_TEST

/* ---- holds ---- */

static void
place_record(void *arg, const struct hold_placing *h, struct event *ev, struct arena *a)
{
	struct buf context = { 0 };

	buf_printf(&context, "{\"hold\":%lld,\"matter\":\"M-1\",\"reason\":\"because\",\"filter\":\"%s\",\"events\":%llu,"
	    "\"digest\":\"%s\"}", (long long)h->id, (const char *)arg, (unsigned long long)h->events, h->digest);
	fill_record(ev, "audit.hold-place", buf_view(&context), a);
	buf_fini(&context);
}

static void
lift_record(void *arg, const int64_t *id, size_t n, struct event *ev, struct arena *a)
{
	struct buf context = { 0 };

	(void)arg;
	ck_assert_uint_eq(n, 1);
	buf_printf(&context, "{\"matter\":\"M-1\",\"reason\":\"over\",\"holds\":[%lld]}", (long long)id[0]);
	fill_record(ev, "audit.hold-lift", buf_view(&context), a);
	buf_fini(&context);
}

static void
place(struct store *st, const char *where)
{
	struct filter_args args = { .since = NULL };
	struct hold_placing placed;
	struct err e = ERR_NONE;
	struct filter *f;
	struct buf text = { 0 }, quoted = { 0 };

	str_list_add(&args.where, where, strlen(where));
	f = filter_build(&args, START * TIME_SECOND, &e);
	ck_assert_msg(f != NULL, "%s", e.text);
	filter_format(&text, f);
	json_quote(&quoted, buf_view(&text));
	quoted.p[quoted.len - 1] = '\0';
	ck_assert_msg(store_hold_place(st, f, place_record, quoted.p + 1, &placed, &e) == 0, "%s", e.text);
	filter_free(f);
	str_list_fini(&args.where);
	buf_fini(&text);
	buf_fini(&quoted);
}

static int
take_row(void *arg, const struct erase_deferred *d, struct err *e)
{
	(void)e;
	*(int64_t *)arg = d->id;
	ck_assert(str_eq(d->pseudonym, request.pseudonym));
	ck_assert(str_eq(d->values, request.values));
	ck_assert(str_eq(d->reason, STR("asked by " PSEUDONYM)));
	ck_assert(str_eq(d->by, STR(PSEUDONYM)));
	ck_assert_int_eq(d->at, request.at);
	return 0;
}

static int64_t
deferred_row(struct store *st)
{
	struct err e = ERR_NONE;
	int64_t id = 0;

	ck_assert_msg(store_erase_deferred_each(st, take_row, &id, &e) == 0, "%s", e.text);
	return id;
}

START_TEST(what_a_hold_keeps_is_erased_when_it_is_lifted)
{
	struct store *st = open_store(STORE_CREATE);
	struct erase_found planned, done;
	struct err e = ERR_NONE;
	struct hash before;
	uint64_t size;
	size_t lifted;

	append_range(st, 0, 5010, 5000);
	place(st, "actor_id = \"user:alice\"");
	size = root_now(st, &before);
	plan(st, NULL, &planned);
	erase(st, 0, &done);
	expect_same(&planned, &done);
	ck_assert_uint_eq(done.held, 251 + 1); /* and the record that says what is held */
	ck_assert_uint_eq(done.events, 1002 - 251);
	ck_assert_uint_eq(done.by_n, 1);
	ck_assert_str_eq(done.by[0].matter, "M-1");
	ck_assert_uint_eq(done.by[0].events, 252);
	erase_found_fini(&done);
	erase_found_fini(&planned);
	expect_root(st, size, &before);
	ck_assert_int_eq(deferred_row(st), 1);

	erase(st, 1, &done); /* nothing more can be done */
	ck_assert_uint_eq(done.events + done.records, 0);
	erase_found_fini(&done);
	ck_assert_int_eq(deferred_row(st), 1);
	ck_assert_msg(store_hold_lift(st, STR("M-1"), lift_record, NULL, &lifted, &e) == 0, "%s", e.text);
	erase(st, 1, &done);
	ck_assert_uint_eq(done.held, 0);
	ck_assert_uint_eq(done.events, 251);
	ck_assert_uint_ge(done.records, 2);
	erase_found_fini(&done);
	expect_root(st, size, &before);
	ck_assert_int_eq(deferred_row(st), 0);
	ck_assert_uint_eq(look_all(st).found, 0);
	expect_no_bytes("alice");
	store_close(st);
}
END_TEST

/* ---- cut short ---- */

static unsigned go_on_calls, go_on_last;

static int
go_on_until(struct err *e)
{
	return go_on_calls++ < go_on_last ? 0 : err_set(e, ERR_FAIL, "interrupted");
}

START_TEST(an_erasure_that_was_cut_short_is_finished_by_the_next)
{
	struct store *st = open_store(STORE_CREATE);
	struct erase_found first, second;
	struct err e = ERR_NONE;
	struct hash before;
	uint64_t size;

	append_range(st, 0, 400000, 70000);
	size = root_now(st, &before);
	go_on_calls = 0;
	go_on_last = 7 + 1; /* seven segments are looked through, one part is changed */
	ck_assert_int_eq(erase_try(st, 0, NULL, go_on_until, &first, &e), -1);
	ck_assert_int_eq(deferred_row(st), 1);
	ck_assert_uint_gt(first.events, 0);
	expect_root(st, size, &before);
	erase(st, 1, &second);
	ck_assert_uint_eq(first.events + second.events, alices(0, 400000, false));
	ck_assert_int_eq(deferred_row(st), 0);
	expect_root(st, size, &before);
	ck_assert_uint_eq(look_all(st).found, 0);
	erase_found_fini(&first);
	erase_found_fini(&second);
	store_close(st);
}
END_TEST

/* ---- records, other tables ---- */

START_TEST(own_records_are_erased_but_those_of_keys)
{
	struct store *st = open_store(STORE_CREATE);
	struct erase_found planned, done;
	struct arena a = { 0 };
	struct err e = ERR_NONE;
	struct event ev;
	struct hash before;
	uint64_t seq, size;

	append_range(st, 0, 100, 10);
	fill_record(&ev, "audit.key-init", STR("{\"key\":\"k\"}"), &a);
	ck_assert_msg(store_key_add(st, STR("k"), &ev, &seq, &e) == 0, "%s", e.text);
	prune(st);
	add_record(st, "audit.export", "{\"filter\":\"actor_id = alice\"}");
	append_range(st, 100, 9000, 10); /* records in segments too */
	add_record(st, "audit.export", "{\"filter\":\"actor_id = alice\"}");
	size = root_now(st, &before);
	plan(st, NULL, &planned);
	erase(st, 0, &done);
	expect_same(&planned, &done);
	ck_assert_uint_eq(done.records, 4); /* two of the prune */
	ck_assert_uint_eq(done.kept, 1);
	expect_root(st, size, &before);
	ck_assert_uint_eq(look_all(st).found, 1);
	erase_found_fini(&planned);
	erase_found_fini(&done);
	store_close(st);
	arena_fini(&a);
}
END_TEST

START_TEST(a_record_never_says_another_thing_by_an_erasure)
{
	struct store *st = open_store(STORE_CREATE);
	struct erase_deferred what = { .pseudonym = STR("other-1"), .values = STR("[]"), .reason = STR(""), .by = STR("") };
	const struct str value = STR("digest");
	struct erase_found done = { 0 };
	struct err e = ERR_NONE;
	struct subject *s = subject_new(&value, 1, STR("other-1"), &e);

	append_range(st, 0, 100, 10);
	prune(st);
	erase(st, 0, &done);
	ck_assert_uint_gt(done.events, 0);
	erase_found_fini(&done);
	ck_assert_msg(store_erase(st, s, &what, NULL, erase_record, NULL, NULL, &done, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(done.kept, 2); /* the parts of the prune and of the erasure */
	erase_found_fini(&done);
	check_sound(st, NULL, 0, NULL);
	append_range(st, 100, 101, 1);
	run_sql("UPDATE tail SET line = line"); /* the file can be written */
	store_close(st);
	subject_free(s);
}
END_TEST

START_TEST(other_tables_are_erased)
{
	struct store *st = open_store(STORE_CREATE);
	struct erase_found planned, done;

	append_range(st, 0, 100, 10);
	run_sql("INSERT INTO quarantine VALUES (1, 100, 'alice', '/home/alice/x', 0, 0, 'r', 'by Alice', CAST('{\"a\":\"\\u0061lice\"}' AS BLOB)),"
	    " (2, 200, NULL, NULL, 0, 0, 'r', NULL, CAST('\xff alice!' AS BLOB)), (3, 200, NULL, NULL, 0, 0, 'r', NULL, x'00');"
	    "INSERT INTO saved VALUES ('Alice', '[\"actor_id=alice\"]', 1, 'root'), ('bob', '[\"x\"]', 1, 'alice'),"
	    " ('" PSEUDONYM "', '[]', 1, 'root'), ('malice', '[]', 1, 'root');"
	    "INSERT INTO file VALUES (1, x'0000000000000000', '/home/alice/log', 1, 1, 10, randomblob(16), 100, 10, randomblob(16), 3, 1),"
	    " (2, x'0000000000000001', '/var/log', 1, 2, 10, randomblob(16), 100, 10, randomblob(16), 3, 1)");
	plan(st, NULL, &planned);
	ck_assert_uint_eq(planned.quarantine, 2);
	ck_assert_uint_eq(planned.saved, 2);
	ck_assert_uint_eq(planned.files, 1);
	erase(st, 0, &done);
	ck_assert_uint_eq(done.quarantine, 2);
	ck_assert_uint_eq(done.saved, 2);
	ck_assert_uint_eq(done.files, 1); /* the other one loses its hashes, and keeps its name */
	ck_assert_uint_eq(number("SELECT count(*) FROM quarantine WHERE source = '" PSEUDONYM "' AND origin = '/home/"
	    PSEUDONYM "/x' AND detail = 'by " PSEUDONYM "' AND CAST(bytes AS TEXT) = '{\"a\":\"" PSEUDONYM "\"}'"), 1);
	ck_assert_uint_eq(number("SELECT count(*) FROM quarantine WHERE bytes = CAST('\xff " PSEUDONYM "!' AS BLOB)"), 1);
	ck_assert_uint_eq(number("SELECT count(*) FROM quarantine WHERE bytes = x'00' AND source IS NULL"), 1);
	ck_assert_uint_eq(number("SELECT count(*) FROM saved WHERE name = '" PSEUDONYM "-2' AND words = '[\"actor_id="
	    PSEUDONYM "\"]'"), 1);
	ck_assert_uint_eq(number("SELECT count(*) FROM saved WHERE name = 'bob' AND by = '" PSEUDONYM "'"), 1);
	ck_assert_uint_eq(number("SELECT count(*) FROM saved"), 4);
	ck_assert_uint_eq(number("SELECT count(*) FROM file WHERE first_len = 0 AND last_len = 0 AND first_hash ="
	    " zeroblob(16) AND last_hash = zeroblob(16) AND offset = 100"), 2);
	ck_assert_uint_eq(number("SELECT count(*) FROM file WHERE name = '/home/" PSEUDONYM "/log'"), 1);
	erase_found_fini(&planned);
	erase_found_fini(&done);
	expect_no_bytes("alice");
	store_close(st);
}
END_TEST

START_TEST(who_follows_a_file_brings_no_hash_back)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;
	struct appender *a;
	struct store_file f = { .key = { 1 }, .name = (char *)(uintptr_t) "/var/log", .first_len = 10, .first_hash = { 2 },
		.offset = 100, .last_len = 10, .last_hash = { 3 } };
	struct erase_found done;

	append_range(st, 0, 100, 10);
	a = append_open(st, NULL, &e);
	append_position(a, &f);
	ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
	erase(st, 0, &done);
	ck_assert_uint_eq(number("SELECT count(*) FROM file WHERE first_len = 0 AND last_len = 0"), 1);
	f.offset = 200;
	append_position(a, &f);
	ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
	ck_assert_uint_eq(number("SELECT count(*) FROM file WHERE offset = 200 AND last_len = 10"), 1);
	ck_assert_uint_eq(number("SELECT count(*) FROM file WHERE first_len = 0 AND first_hash = zeroblob(16)"), 1);
	append_close(a);
	erase_found_fini(&done);
	store_close(st);
}
END_TEST

/* ---- lines that become too long for one segment ---- */

START_TEST(a_segment_that_becomes_too_large_is_cut)
{
	struct store *st = open_store(STORE_CREATE);
	struct err e = ERR_NONE;
	struct appender *a = append_open(st, NULL, &e);
	struct buf text = { 0 };
	struct erase_found done;
	enum append_result result;
	struct hash before;
	uint64_t size;

	for (int i = 0; i < 5000; i++)
		buf_str(&text, STR("bob "));
	for (unsigned n = 0; n < 450; n++) {
		struct event ev;
		struct arena arena = { 0 };

		fill_event(&ev, n, &arena);
		event_set(&ev, FIELD_DESCRIPTION, buf_view(&text));
		ck_assert_int_eq(append_event(a, &ev, LEAF_EVENT, &result, &e), 0);
		arena_fini(&arena);
	}
	ck_assert_int_eq(append_commit(a, &e), 0);
	append_close(a);
	size = root_now(st, &before);
	erase_value(st, STR("bob"), STR("person-0123456789012345678901234567890123456789012345678901234"), &done);
	ck_assert_uint_eq(done.events, 450);
	erase_found_fini(&done);
	expect_root(st, size, &before);
	ck_assert_uint_gt(number("SELECT count(*) FROM segment"), 2);
	store_close(st);
	buf_fini(&text);
}
END_TEST

static Suite *
store_erase_suite(void)
{
	Suite *s = suite_create("store_erase");
	TCase *t = tcase_create("store");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, make_folder, drop_folder);
	tcase_add_test(t, a_person_in_the_tail_is_erased);
	tcase_add_test(t, a_person_in_segments_of_the_open_cell_is_erased);
	tcase_add_test(t, a_person_in_full_cells_is_erased);
	tcase_add_test(t, what_is_left_by_a_prune_is_erased);
	tcase_add_test(t, an_erased_event_may_be_pruned);
	tcase_add_test(t, events_are_erased_more_than_once);
	tcase_add_test(t, other_events_keep_their_proofs);
	tcase_add_test(t, two_threads_do_the_same);
	tcase_add_test(t, an_event_sent_again_after_its_erasure_is_a_duplicate);
	tcase_add_test(t, what_somebody_changed_before_is_not_taken_for_the_original);
	tcase_add_test(t, what_a_hold_keeps_is_erased_when_it_is_lifted);
	tcase_add_test(t, an_erasure_that_was_cut_short_is_finished_by_the_next);
	tcase_add_test(t, own_records_are_erased_but_those_of_keys);
	tcase_add_test(t, a_record_never_says_another_thing_by_an_erasure);
	tcase_add_test(t, other_tables_are_erased);
	tcase_add_test(t, who_follows_a_file_brings_no_hash_back);
	tcase_add_test(t, a_segment_that_becomes_too_large_is_cut);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(store_erase_suite)
