/* Entries of the Journal Export Format as JSON. */
#include <jansson.h>
#include <stdio.h>

#include "base/stream.h"
#include "corpora.h"
#include "ingest/journal_export.h"
#include "unit.h"

/* Each entry on a line: offset-end and its text, ! when broken. */
static void
reads_in(const char *text, size_t len, size_t piece, const char *expected)
{
	struct journal_export j;
	struct journal_entry entry;
	struct buf out = { 0 };
	size_t at = 0;

	journal_export_init(&j);
	do {
		size_t n = len - at < piece ? len - at : piece;

		journal_export_feed(&j, text + at, n);
		if ((at += n) == len)
			journal_export_end(&j);
		while (journal_export_next(&j, &entry))
			buf_printf(&out, "%llu-%llu %.*s%s\n", (unsigned long long)entry.offset, (unsigned long long)entry.end,
			    entry.broken ? 0 : (int)entry.text.len, entry.text.p, entry.broken ? "!" : "");
	} while (at < len);
	journal_export_fini(&j);
	buf_byte(&out, '\0');
	ck_assert_msg(strcmp(out.p, expected) == 0, "in pieces of %zu: %s", piece, out.p);
	buf_fini(&out);
}

#define reads(text, expected)                                                   \
	do                                                                      \
		for (size_t piece = 1; piece < 40; piece += 6)                  \
			reads_in(text, sizeof(text) - 1, piece, expected);      \
	while (0)

START_TEST(lines_and_sized_values_become_members)
{
	reads("A=1\nB=x=\"y\"\n\nC=\n\n", "0-13 {\"A\":\"1\",\"B\":\"x=\\\"y\\\"\"}\n13-17 {\"C\":\"\"}\n");
	reads("A\n\3\0\0\0\0\0\0\0x\ny\nB=2\n\n", "0-19 {\"A\":\"x\\ny\",\"B\":\"2\"}\n");
	reads("A=1\nB=2\nA=3\n\n", "0-13 {\"A\":[\"1\",\"3\"],\"B\":\"2\"}\n");
	reads("A=\xff\x01z\n\n", "0-7 {\"A\":[255,1,122]}\n");
	reads("\n\nA=1\n", "2-6 {\"A\":\"1\"}\n");
	reads("", "");
}
END_TEST

START_TEST(a_broken_entry_does_not_take_the_next_along)
{
	reads("no name\nB=2\n\nA=1\n\n", "0-13 !\n13-18 {\"A\":\"1\"}\n");
	reads("A\n\xff\xff\xff\xff\xff\xff\xff\xff\n\nA=1\n\n", "0-12 !\n12-17 {\"A\":\"1\"}\n");
	reads("A\n\1\0\0\0\0\0\0\0xy\n\nA=1\n\n", "0-14 !\n14-19 {\"A\":\"1\"}\n");
	reads("A=1\nB", "0-5 !\n");
}
END_TEST

START_TEST(an_entry_is_bounded)
{
	size_t len = 4 * JOURNAL_ENTRY_MAX;
	char *text = malloc(len);

	ck_assert_ptr_nonnull(text);
	memset(text, 'A', len);
	memcpy(text + len - 6, "\n\nA=1\n", 6);
	struct journal_export j;
	struct journal_entry entry;
	size_t most = 0, broken = 0, whole = 0;

	journal_export_init(&j);
	for (size_t at = 0; at < len; at += 65536) {
		journal_export_feed(&j, text + at, len - at < 65536 ? len - at : 65536);
		if (at + 65536 >= len)
			journal_export_end(&j);
		while (journal_export_next(&j, &entry)) {
			broken += entry.broken;
			whole += !entry.broken;
		}
		most = j.in.len > most ? j.in.len : most;
	}
	ck_assert_uint_le(most, 2 * JOURNAL_ENTRY_MAX + 131072);
	ck_assert_uint_ge(broken, 1);
	ck_assert_uint_eq(whole, 1);
	journal_export_fini(&j);
	free(text);
}
END_TEST

/* The same journal, written by journalctl in both formats. */
START_TEST(a_real_journal_reads_as_journalctl_writes_it_as_json)
{
	char path[CORPORA_PATH_MAX];
	struct err e = ERR_NONE;
	struct journal_export j;
	struct journal_entry entry;
	size_t export_len, json_len, n = 0;
	char *export, *json, *line;

	if (!corpora_path(path, "journald/fluent/test.journal.export"))
		return;
	export = file_read(path, 1 << 26, &export_len, &e);
	ck_assert(corpora_path(path, "journald/fluent/test.journal.json"));
	json = line = file_read(path, 1 << 26, &json_len, &e);
	ck_assert_msg(export != NULL && json != NULL, "%s", e.text);
	journal_export_init(&j);
	journal_export_feed(&j, export, export_len);
	journal_export_end(&j);
	for (; journal_export_next(&j, &entry); n++) {
		char *newline = memchr(line, '\n', json_len - (size_t)(line - json));
		json_t *ours = json_loadb(entry.text.p, entry.text.len, 0, NULL), *theirs;

		ck_assert_ptr_nonnull(newline);
		theirs = json_loadb(line, (size_t)(newline - line), 0, NULL);
		ck_assert(ours != NULL && theirs != NULL && json_equal(ours, theirs));
		json_decref(ours);
		json_decref(theirs);
		line = newline + 1;
	}
	ck_assert_uint_eq(n, 461);
	journal_export_fini(&j);
	free(export);
	free(json);
}
END_TEST

static Suite *
journal_export_suite(void)
{
	Suite *s = suite_create("ingest_journal_export");
	TCase *t = tcase_create("entries");

	tcase_add_test(t, lines_and_sized_values_become_members);
	tcase_add_test(t, a_broken_entry_does_not_take_the_next_along);
	tcase_add_test(t, an_entry_is_bounded);
	tcase_add_test(t, a_real_journal_reads_as_journalctl_writes_it_as_json);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(journal_export_suite)
