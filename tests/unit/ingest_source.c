/* Which file is known, which is new, and what a log is called. */
#include "ingest/source.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define TEXT "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n"

static char folder[64], path[96], other[96];
static struct store *st;

static void
put(const char *name, const char *text, const char *mode)
{
	FILE *f = fopen(name, mode);

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	fclose(f);
}

static void
setup(void)
{
	struct err e = ERR_NONE;
	char db[96];

	strcpy(folder, "/tmp/ingest_source.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.jsonl", folder);
	snprintf(other, sizeof(other), "%s/b.jsonl", folder);
	snprintf(db, sizeof(db), "%s/events.db", folder);
	st = store_open(db, STORE_CREATE, &e);
	ck_assert_msg(st != NULL, "%s", e.text);
	put(path, TEXT, "w");
}

static void
teardown(void)
{
	char command[96];

	store_close(st);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static struct source
opened(const char *name)
{
	struct source s;
	struct err e = ERR_NONE;

	ck_assert_msg(source_open(&s, name, st, &e) == 0, "%s", e.text);
	return s;
}

/* Reads these bytes, up to `end`, and commits that place. */
static void
take_on(const char *name, const char *bytes, size_t len, uint64_t end, uint64_t lines)
{
	struct source s = opened(name);
	struct err e = ERR_NONE;
	struct appender *a = append_open(st, NULL, &e);

	source_advance(&s, end, lines, bytes, len);
	append_position(a, &s.file);
	ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
	append_close(a);
	source_close(&s);
}

static void
take(const char *name, const char *bytes, size_t len, uint64_t lines)
{
	take_on(name, bytes, len, len, lines);
}

/* What an erasure leaves of a file's row. */
static void
forget_records(const char *name)
{
	struct source s = opened(name);
	struct err e = ERR_NONE;
	struct appender *a = append_open(st, NULL, &e);

	s.file.first_len = s.file.last_len = 0;
	memset(s.file.first_hash, 0, sizeof(s.file.first_hash));
	memset(s.file.last_hash, 0, sizeof(s.file.last_hash));
	append_position(a, &s.file);
	ck_assert_msg(append_commit(a, &e) == 0, "%s", e.text);
	append_close(a);
	source_close(&s);
}

static void
expect(const char *name, enum source_state state, uint64_t offset)
{
	struct source s = opened(name);

	ck_assert_int_eq(s.state, state);
	ck_assert_uint_eq(s.file.offset, offset);
	ck_assert_uint_eq(instream_offset(s.in), offset);
	source_close(&s);
}

START_TEST(file_never_seen_is_new)
{
	expect(path, SOURCE_NEW, 0);
	take(path, TEXT, 8, 1);
	put(other, "{\"n\":4}\n", "w");
	expect(other, SOURCE_NEW, 0);
}
END_TEST

START_TEST(file_goes_on_where_it_was_left)
{
	struct source s;

	take(path, TEXT, 16, 2);
	expect(path, SOURCE_KNOWN, 16);
	s = opened(path);
	ck_assert_uint_eq(s.file.line, 2);
	ck_assert(!s.within_line && !s.moved);
	source_close(&s);
}
END_TEST

START_TEST(place_within_a_line_is_noticed)
{
	struct source s;

	put(path, "{\"n\":1}", "w");
	take(path, "{\"n\":1}", 7, 1);
	put(path, "\n{\"n\":2}\n", "a");
	s = opened(path);
	ck_assert_int_eq(s.state, SOURCE_KNOWN);
	ck_assert(s.within_line);
	source_close(&s);
}
END_TEST

START_TEST(renamed_and_copied_files_are_known)
{
	struct source s;

	take(path, TEXT, 16, 2);
	put(other, TEXT, "w");
	expect(other, SOURCE_KNOWN, 16);
	unlink(other);
	ck_assert_int_eq(rename(path, other), 0);
	expect(other, SOURCE_KNOWN, 16);
	s = opened(other);
	ck_assert(!s.moved);
	source_close(&s);
}
END_TEST

START_TEST(one_record_alone_is_no_proof_for_another_log)
{
	char packed[128];

	put(path, "{\"n\":1}\n", "w");
	take(path, TEXT, 8, 1);
	put(other, TEXT, "w");
	expect(other, SOURCE_NEW, 0);
	snprintf(packed, sizeof(packed), "%s.1", path);
	put(packed, TEXT, "w");
	expect(packed, SOURCE_KNOWN, 8);
}
END_TEST

START_TEST(after_an_erasure_a_file_is_known_by_its_place)
{
	take(path, TEXT, 16, 2);
	forget_records(path);
	expect(path, SOURCE_KNOWN, 16);
	ck_assert_int_eq(rename(path, other), 0);
	expect(other, SOURCE_KNOWN, 16);
	put(path, TEXT, "w");
	expect(path, SOURCE_NEW, 0);
	put(other, "{\"n\":1}\n", "w");
	expect(other, SOURCE_REPLACED, 0);
	put(other, "{\"other\":1}\n{\"n\":2}\n{\"n\":3}\n", "w");
	expect(other, SOURCE_REPLACED, 0);
}
END_TEST

START_TEST(after_an_erasure_the_last_line_may_lack_its_end)
{
	struct source s;

	put(path, "{\"n\":1}", "w");
	take(path, "{\"n\":1}", 7, 1);
	forget_records(path);
	expect(path, SOURCE_KNOWN, 7);
	put(path, "\n{\"n\":2}\n", "a");
	s = opened(path);
	ck_assert_int_eq(s.state, SOURCE_KNOWN);
	ck_assert(s.within_line);
	source_close(&s);
}
END_TEST

/* Lines that came after the erasure tell a file that was compressed. */
START_TEST(after_an_erasure_later_records_tell_a_copy)
{
	char packed[128];

	take(path, TEXT, 8, 1);
	forget_records(path);
	take_on(path, &TEXT[8], 8, 16, 2);
	snprintf(packed, sizeof(packed), "%s.1", path);
	put(packed, TEXT, "w");
	put(other, TEXT, "w");
	expect(other, SOURCE_NEW, 0);
	expect(packed, SOURCE_KNOWN, 16);
}
END_TEST

START_TEST(truncated_file_is_replaced)
{
	take(path, TEXT, 16, 2);
	put(path, "{\"n\":1}\n", "w");
	expect(path, SOURCE_REPLACED, 0);
}
END_TEST

START_TEST(rewritten_file_is_replaced_and_has_another_key)
{
	struct source before, after;

	take(path, TEXT, 16, 2);
	before = opened(path);
	put(path, "{\"n\":1}\n{\"n\":5}\n{\"n\":6}\n", "w");
	after = opened(path);
	ck_assert_int_eq(after.state, SOURCE_REPLACED);
	ck_assert_mem_ne(before.file.key, after.file.key, sizeof(after.file.key));
	source_close(&before);
	source_close(&after);
}
END_TEST

START_TEST(two_that_meet_a_new_file_give_it_the_same_key)
{
	struct source a = opened(path), b = opened(path);

	ck_assert_mem_eq(a.file.key, b.file.key, sizeof(a.file.key));
	source_close(&a);
	source_close(&b);
}
END_TEST

START_TEST(source_can_be_read_once_more)
{
	struct source s;
	struct err e = ERR_NONE;
	char text[64];

	take(path, TEXT, 8, 1);
	s = opened(path);
	ck_assert_int_eq(instream_read(s.in, text, 4, &e), 4);
	ck_assert_int_eq(source_rewind(&s, &e), 0);
	ck_assert_int_eq(instream_read(s.in, text, 7, &e), 7);
	ck_assert_mem_eq(text, "{\"n\":2}", 7);
	source_close(&s);
}
END_TEST

START_TEST(folders_and_missing_files_are_refused)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(source_check(folder, false, &e), -1);
	err_clear(&e);
	ck_assert_int_eq(source_check(other, false, &e), -1);
	err_clear(&e);
	ck_assert_int_eq(source_check(other, true, &e), 0);
	ck_assert_int_eq(source_check(path, false, &e), 0);
	ck_assert_int_eq(source_check("-", false, &e), 0);
}
END_TEST

START_TEST(log_is_named_after_its_file)
{
	static const struct {
		const char *path, *name;
	} cases[] = {
		{ "/var/log/app.jsonl", "app" }, { "app.json.gz", "app" }, { "app.log.1", "app" },
		{ "app.log.12.zst", "app" }, { "app.jsonl-20260423.gz", "app" }, { "app.1", "app.1" },
		{ "report-2026.json", "report-2026" }, { "app", "app" }, { ".log", ".log" },
		{ "-", "stdin" }, { "a\xff" "b.log", "a\xef\xbf\xbd" "b" }, { "x/.gz", ".gz" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf name = { 0 };

		source_name(cases[i].path, &name);
		buf_byte(&name, '\0');
		ck_assert_str_eq(name.p, cases[i].name);
		buf_fini(&name);
	}
}
END_TEST

static Suite *
source_suite(void)
{
	Suite *s = suite_create("ingest/source");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, file_never_seen_is_new);
	tcase_add_test(t, file_goes_on_where_it_was_left);
	tcase_add_test(t, place_within_a_line_is_noticed);
	tcase_add_test(t, renamed_and_copied_files_are_known);
	tcase_add_test(t, one_record_alone_is_no_proof_for_another_log);
	tcase_add_test(t, after_an_erasure_a_file_is_known_by_its_place);
	tcase_add_test(t, after_an_erasure_the_last_line_may_lack_its_end);
	tcase_add_test(t, after_an_erasure_later_records_tell_a_copy);
	tcase_add_test(t, truncated_file_is_replaced);
	tcase_add_test(t, rewritten_file_is_replaced_and_has_another_key);
	tcase_add_test(t, two_that_meet_a_new_file_give_it_the_same_key);
	tcase_add_test(t, source_can_be_read_once_more);
	tcase_add_test(t, folders_and_missing_files_are_refused);
	tcase_add_test(t, log_is_named_after_its_file);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(source_suite)
