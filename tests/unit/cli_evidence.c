/*
 * evidence: whatever a file says, it holds for a key exactly when the log of
 * this key signed it, in the epoch of the key, back to the one that is pinned.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/evidence.h"
#include "proof/bundle.h"
#include "proof_log.h"

#define NAME "audit.example.com/app1"
#define LEAVES 40
#define EPOCHS 4

/* Epoch i ends with its seal of size SEAL(i). */
#define SEAL(i) ((uint64_t)(i) * 10 + 10)

static struct note_signer key[EPOCHS], stranger;
static struct log tree;
static char line[LEAVES][400];

static char folder[] = "/tmp/audit-evidence-XXXXXX";
static char path[64];

/* ---- A log ---- */

static const uint8_t salt[SALT_LEN] = { 7 };

static enum leaf_kind
kind_of(uint64_t seq)
{
	return seq % 10 == 9 ? LEAF_RECORD : LEAF_EVENT;
}

/* Each tenth leaf introduces the next key. */
static void
make_line(uint64_t seq)
{
	struct buf text = { 0 };
	const struct note_signer *next = &key[(seq / 10 + 1) % EPOCHS];

	if (kind_of(seq) == LEAF_RECORD) {
		buf_printf(&text, "{\"id\":\"r%d\",\"time\":\"2026-04-22T00:00:00.000000Z\","
		    "\"source\":\"audit-toolkit\",\"action\":\"audit.key-rotate\",\"context\":{\"key\":\"", (int)seq);
		note_verifier_format(&text, &next->verifier);
		buf_printf(&text, "\"}}");
	} else {
		buf_printf(&text, "{\"id\":\"e%d\",\"time\":\"2026-04-22T00:00:00.000000Z\",\"action\":\"a\"}", (int)seq);
	}
	ck_assert(text.len < sizeof(line[0]));
	memcpy(line[seq], text.p, text.len);
	line[seq][text.len] = '\0';
	buf_fini(&text);
	tree_leaf(&tree.leaf[seq], salt, kind_of(seq), str_of(line[seq]));
}

static void
make_log(void)
{
	uint8_t seed[NOTE_KEY_LEN];
	struct err e = ERR_NONE;

	for (unsigned i = 0; i <= EPOCHS; i++) {
		memset(seed, (int)i + 1, sizeof(seed));
		ck_assert_int_eq(note_signer_make(i < EPOCHS ? &key[i] : &stranger, STR(NAME), seed, &e), 0);
	}
	tree = log_make(LEAVES);
	for (uint64_t seq = 0; seq < LEAVES; seq++)
		make_line(seq);
	strcpy(folder + sizeof("/tmp/audit-evidence-") - 1, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/evidence", folder);
}

static void
drop_log(void)
{
	free(tree.leaf);
	unlink(path);
	rmdir(folder);
}

/* ---- Texts ---- */

static void
add_note(struct buf *out, uint64_t size, const struct note_signer *by)
{
	struct err e = ERR_NONE;
	struct hash root;

	naive_root(&root, tree.leaf, size);
	ck_assert_msg(checkpoint_sign(out, size, &root, by, &e) == 0, "%s", e.text);
}

static void
add_bundle(struct buf *out, uint64_t seq, uint64_t size, const struct note_signer *by)
{
	struct path p = { .n = 0 };
	struct buf note = { 0 };

	naive_path(&p, tree.leaf, seq, size);
	add_note(&note, size, by);
	bundle_format(out, salt, kind_of(seq), str_of(line[seq]), seq, &p, buf_view(&note));
	buf_fini(&note);
}

/* What leads from epoch `from` to epoch `to`. */
static void
add_chain(struct buf *out, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		add_bundle(out, SEAL(i) - 1, SEAL(i), &key[i]);
}

static void
add_consistency(struct buf *out, uint64_t first, uint64_t second, const struct note_signer *by)
{
	struct path p = { .n = 0 };

	naive_subproof(&p, tree.leaf, first, second, true);
	buf_printf(out, "old %d\n", (int)first);
	for (unsigned i = 0; i < p.n; i++) {
		base64_add(out, p.hash[i].b, HASH_LEN);
		buf_byte(out, '\n');
	}
	buf_byte(out, '\n');
	add_note(out, second, by);
}

/* ---- Judging ---- */

/* Frees the text. */
static int
judge(struct buf *text, const struct note_signer *pinned, const struct str *trusted, struct evidence *v, struct err *e)
{
	int rc;

	err_clear(e);
	ck_assert_int_eq(file_replace(path, 0600, text->p ? text->p : "", text->len, e), 0);
	rc = evidence_verify(path, &pinned->verifier, trusted, v, e);
	ck_assert_int_eq(rc == 0, e->code == ERR_OK);
	if (rc != 0)
		ck_assert_msg(strstr(e->text, path) != NULL, "%s", e->text);
	buf_fini(text);
	memset(text, 0, sizeof(*text));
	return rc;
}

static void
holds(struct buf *text, const struct note_signer *pinned, enum evidence_kind kind, uint64_t size)
{
	struct evidence v = { 0 };
	struct err e = ERR_NONE;

	ck_assert_msg(judge(text, pinned, NULL, &v, &e) == 0, "%s", e.text);
	ck_assert_int_eq(v.kind, kind);
	ck_assert_uint_eq(v.size, size);
	ck_assert_msg(str_eq(buf_view(&v.origin), STR(NAME)), "origin");
	evidence_fini(&v);
}

static void
fails(struct buf *text, const struct note_signer *pinned, enum err_code code, const char *words)
{
	struct evidence v = { 0 };
	struct err e = ERR_NONE;

	ck_assert_int_ne(judge(text, pinned, NULL, &v, &e), 0);
	ck_assert_msg(e.code == code && strstr(e.text, words) != NULL, "%d %s, not: %s", e.code, e.text, words);
	evidence_fini(&v);
}

START_TEST(a_checkpoint_holds_for_its_key)
{
	struct buf text = { 0 };

	add_note(&text, 7, &key[0]);
	holds(&text, &key[0], EVIDENCE_CHECKPOINT, 7);
	add_note(&text, 7, &key[0]);
	fails(&text, &key[1], ERR_INTEGRITY, "not signed with the key that was given");
	add_note(&text, 7, &key[0]);
	text.p[text.len - 20] ^= 1;
	fails(&text, &key[0], ERR_INTEGRITY, "checkpoint 7");
	add_note(&text, 7, &key[0]);
	buf_printf(&text, "more\n");
	fails(&text, &key[0], ERR_INTEGRITY, "");
}
END_TEST

START_TEST(an_event_holds_and_comes_out_as_it_was)
{
	struct evidence v = { 0 };
	struct err e = ERR_NONE;
	struct buf text = { 0 };

	for (uint64_t seq = 0; seq < 9; seq++) {
		add_bundle(&text, seq, 10, &key[0]);
		ck_assert_msg(judge(&text, &key[0], NULL, &v, &e) == 0, "%s", e.text);
		ck_assert_int_eq(v.kind, EVIDENCE_EVENT);
		ck_assert_uint_eq(v.seq, seq);
		ck_assert_uint_eq(v.events, 1);
		ck_assert(str_eq(buf_view(&v.line), str_of(line[seq])));
		evidence_fini(&v);
		memset(&v, 0, sizeof(v));
	}
}
END_TEST

START_TEST(each_byte_of_an_event_counts)
{
	struct buf whole = { 0 };
	size_t chain;

	add_chain(&whole, 0, 1);
	chain = whole.len;
	add_bundle(&whole, 12, 17, &key[1]);
	for (size_t i = 0; i < whole.len; i++) {
		struct evidence v = { 0 };
		struct err e = ERR_NONE;
		struct buf text = { 0 };

		buf_add(&text, whole.p, whole.len);
		text.p[i] ^= 1;
		ck_assert_msg(judge(&text, &key[0], NULL, &v, &e) != 0 && e.code == ERR_INTEGRITY, "byte %zu: %d %s", i,
		    e.code, e.text);
		evidence_fini(&v);
	}
	for (size_t n = 0; n < whole.len; n++) {
		struct evidence v = { 0 };
		struct err e = ERR_NONE;
		struct buf text = { 0 };

		buf_add(&text, whole.p, n);
		/* The chain by itself is the proof of another event. */
		ck_assert_msg(judge(&text, &key[0], NULL, &v, &e) != 0 || (n == chain && v.seq == SEAL(0) - 1),
		    "cut after %zu", n);
		evidence_fini(&v);
	}
	buf_fini(&whole);
}
END_TEST

START_TEST(a_chain_leads_from_any_key_to_the_last)
{
	struct buf text = { 0 };

	for (unsigned to = 0; to < EPOCHS; to++)
		for (unsigned pinned = 0; pinned <= to; pinned++)
			for (unsigned from = 0; from <= pinned; from++) {
				uint64_t size = SEAL(to) - 3;

				add_chain(&text, from, to);
				add_bundle(&text, 3, size, &key[to]);
				holds(&text, &key[pinned], EVIDENCE_EVENT, size);
				add_chain(&text, from, to);
				add_note(&text, size, &key[to]);
				holds(&text, &key[pinned], EVIDENCE_CHECKPOINT, size);
			}
}
END_TEST

START_TEST(a_seal_is_of_the_epoch_that_it_ends)
{
	struct buf text = { 0 };

	add_chain(&text, 0, 1);
	add_note(&text, SEAL(1), &key[1]);
	holds(&text, &key[0], EVIDENCE_CHECKPOINT, SEAL(1));
}
END_TEST

START_TEST(a_chain_that_is_cut_or_has_a_gap_is_refused)
{
	struct buf text = { 0 };

	/* Its end is missing. */
	add_chain(&text, 0, 1);
	add_note(&text, SEAL(2) - 1, &key[2]);
	fails(&text, &key[0], ERR_INTEGRITY, "no key of the log");
	/* Its beginning. */
	add_chain(&text, 1, 2);
	add_note(&text, SEAL(2) - 1, &key[2]);
	fails(&text, &key[0], ERR_INTEGRITY, "no key of the log");
	/* Its middle. */
	add_chain(&text, 0, 1);
	add_chain(&text, 2, 3);
	add_note(&text, SEAL(3) - 1, &key[3]);
	fails(&text, &key[0], ERR_INTEGRITY, "no key of the log");
	/* The other way round, and twice. */
	add_chain(&text, 1, 2);
	add_chain(&text, 0, 1);
	add_note(&text, SEAL(2) - 1, &key[2]);
	fails(&text, &key[0], ERR_INTEGRITY, "chain of keys, part 2: the seal of 10 is not behind");
	add_chain(&text, 0, 1);
	add_chain(&text, 0, 1);
	add_note(&text, SEAL(1) - 1, &key[1]);
	fails(&text, &key[0], ERR_INTEGRITY, "chain of keys, part 2: the seal of 10 is not behind");
}
END_TEST

START_TEST(a_key_of_another_epoch_is_refused)
{
	struct buf text = { 0 };

	/* An old key, after its end; a new one, before its beginning. */
	add_chain(&text, 0, 1);
	add_note(&text, SEAL(1) - 1, &key[0]);
	fails(&text, &key[0], ERR_INTEGRITY, "older key");
	add_chain(&text, 0, 1);
	add_note(&text, SEAL(0) - 1, &key[1]);
	fails(&text, &key[0], ERR_INTEGRITY, "beyond");
	/* The same to whoever has pinned the newer key. */
	add_chain(&text, 0, 1);
	add_note(&text, SEAL(0) - 1, &key[1]);
	fails(&text, &key[1], ERR_INTEGRITY, "older than the epoch");
	/* A chain that goes further than the evidence. */
	add_chain(&text, 0, 2);
	add_note(&text, SEAL(1) - 1, &key[1]);
	fails(&text, &key[0], ERR_INTEGRITY, "beyond");
	/* Neither of the key that was pinned, nor leading to it. */
	add_chain(&text, 0, 1);
	add_note(&text, SEAL(1) - 1, &key[1]);
	fails(&text, &stranger, ERR_INTEGRITY, "no key of the log");
}
END_TEST

START_TEST(a_seal_by_a_stranger_introduces_nobody)
{
	struct buf text = { 0 };

	add_bundle(&text, SEAL(0) - 1, SEAL(0), &stranger);
	add_note(&text, SEAL(1) - 1, &key[1]);
	fails(&text, &key[0], ERR_INTEGRITY, "no key of the log");
	/* A record that is under a later checkpoint, and not the last leaf. */
	add_bundle(&text, SEAL(0) - 1, SEAL(0) + 1, &key[0]);
	add_note(&text, SEAL(1) - 1, &key[1]);
	fails(&text, &key[0], ERR_INTEGRITY, "not the last one");
	/* An event that says what a record would. */
	add_bundle(&text, 4, 5, &key[0]);
	add_note(&text, SEAL(1) - 1, &key[1]);
	fails(&text, &key[0], ERR_INTEGRITY, "not the record of a rotation");
}
END_TEST

START_TEST(an_event_that_poses_as_a_record_introduces_nobody)
{
	struct buf text = { 0 }, note = { 0 };
	struct path p = { .n = 0 };

	/* The same line, logged as an event. */
	tree_leaf(&tree.leaf[9], salt, LEAF_EVENT, str_of(line[9]));
	naive_path(&p, tree.leaf, 9, 10);
	add_note(&note, 10, &key[0]);
	bundle_format(&text, salt, LEAF_EVENT, str_of(line[9]), 9, &p, buf_view(&note));
	add_note(&text, 15, &key[1]);
	fails(&text, &key[0], ERR_INTEGRITY, "not the record of a rotation");
	buf_fini(&note);
}
END_TEST

START_TEST(consistency_begins_with_the_checkpoint_that_is_trusted)
{
	struct evidence v = { 0 };
	struct err e = ERR_NONE;
	struct buf text = { 0 }, old = { 0 };
	struct str trusted;

	add_note(&old, 7, &key[0]);
	trusted = buf_view(&old);
	add_chain(&text, 0, 2);
	add_consistency(&text, 7, 25, &key[2]);
	ck_assert_msg(judge(&text, &key[0], &trusted, &v, &e) == 0, "%s", e.text);
	ck_assert(v.kind == EVIDENCE_CONSISTENCY && v.first == 7 && v.size == 25);
	evidence_fini(&v);
	memset(&v, 0, sizeof(v));

	add_consistency(&text, 7, 7, &key[0]);
	ck_assert_msg(judge(&text, &key[0], &trusted, &v, &e) == 0, "%s", e.text);

	add_consistency(&text, 7, 9, &key[0]);
	ck_assert_int_ne(judge(&text, &key[0], NULL, &v, &e), 0);
	ck_assert_msg(e.code == ERR_FAIL && strstr(e.text, "has to be given"), "%s", e.text);
	add_consistency(&text, 6, 9, &key[0]);
	ck_assert_int_ne(judge(&text, &key[0], &trusted, &v, &e), 0);
	ck_assert_msg(e.code == ERR_INTEGRITY && strstr(e.text, "size 6"), "%s", e.text);

	/* The same size, another tree. */
	buf_reset(&old);
	tree.leaf[2].b[0] ^= 1;
	add_note(&old, 7, &key[0]);
	trusted = buf_view(&old);
	tree.leaf[2].b[0] ^= 1;
	add_consistency(&text, 7, 9, &key[0]);
	ck_assert_int_ne(judge(&text, &key[0], &trusted, &v, &e), 0);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	add_note(&text, 7, &key[0]);
	ck_assert_int_ne(judge(&text, &key[0], &trusted, &v, &e), 0);
	ck_assert_msg(e.code == ERR_INTEGRITY && strstr(e.text, "fraud"), "%s", e.text);
	evidence_fini(&v);
	buf_fini(&old);
}
END_TEST

START_TEST(other_files_are_no_evidence)
{
	struct buf text = { 0 };

	fails(&text, &key[0], ERR_FAIL, "nothing that can be judged");
	buf_printf(&text, "%s\n", line[0]);
	fails(&text, &key[0], ERR_FAIL, "nothing that can be judged");
	buf_printf(&text, "{\"manifest\":1}");
	fails(&text, &key[0], ERR_INTEGRITY, "manifest");
	buf_printf(&text, "{\n  \"manifest\": 1, \"manifest\": 1}");
	fails(&text, &key[0], ERR_INTEGRITY, "manifest");
	buf_printf(&text, "audit-toolkit/export-proof@v1\nsize 1\n");
	fails(&text, &key[0], ERR_FAIL, "not called");
}
END_TEST

START_TEST(a_record_of_something_else_introduces_nobody)
{
	struct buf text = { 0 };
	char *action = strstr(line[9], "audit.key-rotate");

	memcpy(action, "audit.key-showed", strlen("audit.key-rotate"));
	tree_leaf(&tree.leaf[9], salt, LEAF_RECORD, str_of(line[9]));
	add_chain(&text, 0, 1);
	add_note(&text, 15, &key[1]);
	fails(&text, &key[0], ERR_INTEGRITY, "not the record of a rotation");
}
END_TEST

static Suite *
evidence_suite(void)
{
	Suite *s = suite_create("cli_evidence");
	TCase *t = tcase_create("evidence");

	tcase_add_checked_fixture(t, make_log, drop_log);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_checkpoint_holds_for_its_key);
	tcase_add_test(t, an_event_holds_and_comes_out_as_it_was);
	tcase_add_test(t, each_byte_of_an_event_counts);
	tcase_add_test(t, a_chain_leads_from_any_key_to_the_last);
	tcase_add_test(t, a_seal_is_of_the_epoch_that_it_ends);
	tcase_add_test(t, a_chain_that_is_cut_or_has_a_gap_is_refused);
	tcase_add_test(t, a_key_of_another_epoch_is_refused);
	tcase_add_test(t, a_seal_by_a_stranger_introduces_nobody);
	tcase_add_test(t, an_event_that_poses_as_a_record_introduces_nobody);
	tcase_add_test(t, a_record_of_something_else_introduces_nobody);
	tcase_add_test(t, consistency_begins_with_the_checkpoint_that_is_trusted);
	tcase_add_test(t, other_files_are_no_evidence);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(evidence_suite)
