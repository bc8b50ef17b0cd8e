/*
 * conformance: the scanner against JSONTestSuite, and events against real
 * logs.  Both are outside the project: without $AUDIT_CORPORA this skips.
 */
#include "unit.h"

#include <dirent.h>
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "corpora.h"
#include "event/event.h"

#define JSON_SUITE "conformance/json/JSONTestSuite/test_parsing"

static struct json_tape tape;
static struct json_error error;
static struct arena arena;

/* A whole file, with nothing behind it. */
static char *
read_whole(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *p = NULL;
	size_t n;

	ck_assert_msg(f != NULL, "%s", path);
	*len = 0;
	do {
		p = realloc(p, *len + 65536);
		n = fread(p + *len, 1, 65536, f);
		*len += n;
	} while (n > 0);
	fclose(f);
	return realloc(p, *len ? *len : 1);
}

static enum json_fault
scan_file(const char *dir, const char *name)
{
	char path[2 * CORPORA_PATH_MAX];
	size_t len;
	char *p;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	p = read_whole(path, &len);
	json_scan(&tape, p, len, &error);
	free(p);
	return error.fault;
}

/* What the standard leaves free, decided: audit-event(5) tells why. */
static const struct {
	const char *name;
	enum json_fault fault;
} decided[] = {
	{ "i_number_double_huge_neg_exp.json", JSON_OK },
	{ "i_number_huge_exp.json", JSON_OK },
	{ "i_number_neg_int_huge_exp.json", JSON_OK },
	{ "i_number_pos_double_huge_exp.json", JSON_OK },
	{ "i_number_real_neg_overflow.json", JSON_OK },
	{ "i_number_real_pos_overflow.json", JSON_OK },
	{ "i_number_real_underflow.json", JSON_OK },
	{ "i_number_too_big_neg_int.json", JSON_OK },
	{ "i_number_too_big_pos_int.json", JSON_OK },
	{ "i_number_very_big_negative_int.json", JSON_OK },
	{ "i_object_key_lone_2nd_surrogate.json", JSON_SURROGATE },
	{ "i_string_1st_surrogate_but_2nd_missing.json", JSON_SURROGATE },
	{ "i_string_1st_valid_surrogate_2nd_invalid.json", JSON_SURROGATE },
	{ "i_string_incomplete_surrogate_and_escape_valid.json", JSON_SURROGATE },
	{ "i_string_incomplete_surrogate_pair.json", JSON_SURROGATE },
	{ "i_string_incomplete_surrogates_escape_valid.json", JSON_SURROGATE },
	{ "i_string_invalid_lonely_surrogate.json", JSON_SURROGATE },
	{ "i_string_invalid_surrogate.json", JSON_SURROGATE },
	{ "i_string_inverted_surrogates_U+1D11E.json", JSON_SURROGATE },
	{ "i_string_lone_second_surrogate.json", JSON_SURROGATE },
	{ "i_string_UTF-16LE_with_BOM.json", JSON_NOT_UTF8 },
	{ "i_string_UTF-8_invalid_sequence.json", JSON_NOT_UTF8 },
	{ "i_string_UTF8_surrogate_U+D800.json", JSON_NOT_UTF8 },
	{ "i_string_invalid_utf-8.json", JSON_NOT_UTF8 },
	{ "i_string_iso_latin_1.json", JSON_NOT_UTF8 },
	{ "i_string_lone_utf8_continuation_byte.json", JSON_NOT_UTF8 },
	{ "i_string_not_in_unicode_range.json", JSON_NOT_UTF8 },
	{ "i_string_overlong_sequence_2_bytes.json", JSON_NOT_UTF8 },
	{ "i_string_overlong_sequence_6_bytes.json", JSON_NOT_UTF8 },
	{ "i_string_overlong_sequence_6_bytes_null.json", JSON_NOT_UTF8 },
	{ "i_string_truncated-utf-8.json", JSON_NOT_UTF8 },
	{ "i_string_utf16BE_no_BOM.json", JSON_NOT_UTF8 },
	{ "i_string_utf16LE_no_BOM.json", JSON_NOT_UTF8 },
	{ "i_structure_500_nested_arrays.json", JSON_TOO_DEEP },
	{ "i_structure_UTF-8_BOM_empty_object.json", JSON_SYNTAX },
};

#define DECIDED (sizeof(decided) / sizeof(*decided))

START_TEST(what_must_be_accepted_is_and_what_must_not_is_not)
{
	char dir[CORPORA_PATH_MAX];
	struct dirent *entry;
	int accepted = 0, refused = 0, left_free = 0;
	DIR *d;

	if (!corpora_path(dir, JSON_SUITE))
		return;
	ck_assert_ptr_nonnull(d = opendir(dir));
	while ((entry = readdir(d)) != NULL) {
		if (strncmp(entry->d_name, "y_", 2) == 0) {
			ck_assert_msg(scan_file(dir, entry->d_name) == JSON_OK, "%s", entry->d_name);
			accepted++;
		} else if (strncmp(entry->d_name, "n_", 2) == 0) {
			ck_assert_msg(scan_file(dir, entry->d_name) != JSON_OK, "%s", entry->d_name);
			refused++;
		} else if (strncmp(entry->d_name, "i_", 2) == 0)
			left_free++;
	}
	closedir(d);
	ck_assert_int_eq(accepted, 95);
	ck_assert_int_eq(refused, 188);
	ck_assert_int_eq(left_free, DECIDED);
}
END_TEST

START_TEST(each_free_case_is_decided)
{
	char dir[CORPORA_PATH_MAX];

	if (!corpora_path(dir, JSON_SUITE))
		return;
	for (size_t i = 0; i < DECIDED; i++)
		ck_assert_msg(scan_file(dir, decided[i].name) == decided[i].fault, "%s: %d", decided[i].name,
		    (int)error.fault);
}
END_TEST

/* ---- real logs ---- */

static size_t lines, events;

/* The canonical text has the value of the original, as jansson sees it. */
static void
check_value(const char *p, size_t len)
{
	struct buf out = { 0 };
	json_t *before, *after;

	json_canonical(&out, &tape, 0);
	before = json_loadb(p, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	after = json_loadb(out.p, out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	ck_assert_msg(before == NULL || json_equal(before, after), "%.*s", (int)len, p);
	json_decref(before);
	json_decref(after);
	buf_fini(&out);
}

/* The canonical line is a fixed point. */
static void
check_event(const char *p, size_t len)
{
	struct event_policy policy = { .assume_now = 0 };
	struct buf once = { 0 }, twice = { 0 };
	struct event ev;
	const char *detail;

	if (event_parse(&ev, p, len, &policy, &tape, &arena, &detail) == EVENT_OK) {
		event_format(&once, &ev);
		ck_assert_int_eq(event_parse(&ev, once.p, once.len, &policy, &tape, &arena, &detail), EVENT_OK);
		event_format(&twice, &ev);
		ck_assert(str_eq(buf_view(&once), buf_view(&twice)));
		events++;
	}
	buf_fini(&once);
	buf_fini(&twice);
	arena_reset(&arena);
}

static int
check_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *dot = strrchr(path, '.');
	size_t len;
	char *text;

	(void)st;
	(void)ftw;
	if (type != FTW_F || dot == NULL || strncmp(dot, ".json", 5) != 0)
		return 0;
	text = read_whole(path, &len);
	for (const char *p = text, *eol; p < text + len; p = eol + 1) {
		if ((eol = memchr(p, '\n', (size_t)(text + len - p))) == NULL)
			eol = text + len;
		if (json_scan(&tape, p, (size_t)(eol - p), &error) != 0)
			continue;
		lines++;
		check_value(p, (size_t)(eol - p));
		check_event(p, (size_t)(eol - p));
	}
	free(text);
	return 0;
}

START_TEST(real_logs_keep_their_values_and_their_canonical_lines)
{
	static const char *const folders[] = { "cloudtrail", "gcp", "github", "journald", "kubernetes", "windows" };
	char path[CORPORA_PATH_MAX];

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		if (!corpora_path(path, folders[i]))
			return;
		ck_assert_int_eq(nftw(path, check_file, 16, FTW_PHYS), 0);
	}
	ck_assert_uint_gt(lines, 8000);
	ck_assert_uint_gt(events, 50);
	json_tape_fini(&tape);
	arena_fini(&arena);
}
END_TEST

static Suite *
conformance_suite(void)
{
	Suite *s = suite_create("event/conformance");
	TCase *tc = tcase_create("corpora");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_must_be_accepted_is_and_what_must_not_is_not);
	tcase_add_test(tc, each_free_case_is_decided);
	tcase_add_test(tc, real_logs_keep_their_values_and_their_canonical_lines);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(conformance_suite)
