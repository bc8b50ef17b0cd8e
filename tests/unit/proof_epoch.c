/* epoch: one lawful log of four epochs, and one unlawful change of each kind. */
#include "unit.h"

#include <string.h>

#include "proof/checkpoint.h"
#include "proof/epoch.h"
#include "proof_log.h"

#define NAME "example.org/log"

enum { SIZE = 50, EPOCHS = 4, MOST = 16 };

/* Introductions at seq 9, 19, 34: seals at 10, 20, 35. */
static const uint64_t introduced_at[] = { 9, 19, 34 };

struct world {
	struct log tree;
	struct note_signer key[EPOCHS + 1];
	struct buf text[EPOCHS + 1], note[MOST];
	struct epoch_introduction in[MOST];
	struct epoch_checkpoint point[MOST];
	struct epoch_log log;
	/* What the check said. */
	struct epoch_summary out;
	unsigned said[EPOCH_TRUNCATED + 1];
	char text_of[EPOCH_TRUNCATED + 1][512];
};

static struct world w;

/* Files a checkpoint of this size, signed by the key of this epoch. */
static struct epoch_checkpoint *
sign(size_t key, uint64_t size)
{
	struct epoch_checkpoint *p = &w.point[w.log.checkpoints];
	struct buf *note = &w.note[w.log.checkpoints++];
	struct hash root;
	struct err e = ERR_NONE;

	naive_root(&root, w.tree.leaf, size);
	buf_reset(note);
	ck_assert_int_eq(checkpoint_sign(note, size, &root, &w.key[key], &e), 0);
	*p = (struct epoch_checkpoint){ size, true, root, buf_view(note) };
	return p;
}

static void
setup(void)
{
	struct err e = ERR_NONE;

	memset(&w, 0, sizeof(w));
	w.tree = log_make(SIZE + 20);
	for (size_t i = 0; i <= EPOCHS; i++) {
		ck_assert_int_eq(note_signer_new(&w.key[i], STR(NAME), &e), 0);
		note_verifier_format(&w.text[i], &w.key[i].verifier);
	}
	for (size_t i = 0; i < 3; i++)
		w.in[i] = (struct epoch_introduction){ introduced_at[i], buf_view(&w.text[i + 1]) };
	w.log = (struct epoch_log){ w.key[0].verifier, SIZE, w.in, 3, w.point, 0 };
	sign(0, 5);
	sign(0, 10);
	sign(1, 11);
	sign(1, 20);
	sign(2, 35);
	sign(3, 50);
}

static void
teardown(void)
{
	for (size_t i = 0; i <= EPOCHS; i++)
		buf_fini(&w.text[i]);
	for (size_t i = 0; i < MOST; i++)
		buf_fini(&w.note[i]);
	free(w.tree.leaf);
}

static void
note_finding(void *arg, const struct epoch_finding *finding)
{
	(void)arg;
	w.said[finding->fault]++;
	strcpy(w.text_of[finding->fault], finding->text);
	ck_assert_str_ne(finding->text, "");
}

static void
check(void)
{
	memset(w.said, 0, sizeof(w.said));
	epoch_check(&w.log, &w.out, note_finding, NULL);
}

/* Exactly one fault is found, of this kind. */
static void
finds(enum epoch_fault fault)
{
	check();
	ck_assert_uint_eq(w.said[fault], 1);
	ck_assert_uint_eq(w.out.faults, 1);
}

static void
drop(size_t i)
{
	memmove(&w.point[i], &w.point[i + 1], (w.log.checkpoints - i - 1) * sizeof(w.point[0]));
	w.log.checkpoints--;
}

START_TEST(a_lawful_log_is_sound)
{
	check();
	ck_assert_uint_eq(w.out.faults, 0);
	ck_assert(!w.out.pending);
	ck_assert_uint_eq(w.out.epochs, 4);
	ck_assert(w.out.has_signed);
	ck_assert_uint_eq(w.out.signed_size, 50);
}
END_TEST

START_TEST(the_order_of_checkpoints_does_not_matter_nor_do_copies)
{
	struct epoch_checkpoint first = w.point[0];

	w.point[0] = w.point[5];
	w.point[5] = first;
	w.point[w.log.checkpoints++] = w.point[3];
	check();
	ck_assert_uint_eq(w.out.faults, 0);
	ck_assert_uint_eq(w.out.signed_size, 50);
}
END_TEST

START_TEST(a_log_without_checkpoints_is_not_signed_but_not_wrong)
{
	w.log.checkpoints = w.log.introductions = 0;
	check();
	ck_assert_uint_eq(w.out.faults, 0);
	ck_assert(!w.out.has_signed);
	ck_assert_uint_eq(w.out.epochs, 1);
	/* The empty tree may be signed. */
	sign(0, 0);
	check();
	ck_assert_uint_eq(w.out.faults, 0);
	ck_assert(w.out.has_signed);
	ck_assert_uint_eq(w.out.signed_size, 0);
}
END_TEST

START_TEST(a_newer_key_does_not_sign_old_sizes)
{
	sign(2, 7);
	finds(EPOCH_NEWER_KEY);
}
END_TEST

START_TEST(an_older_key_does_not_sign_behind_its_seal)
{
	sign(1, 40);
	finds(EPOCH_OLDER_KEY);
	drop(w.log.checkpoints - 1);
	sign(0, 11);
	finds(EPOCH_OLDER_KEY);
}
END_TEST

/* The boundary itself: the seal is the old key's last act. */
START_TEST(the_new_key_does_not_sign_the_size_of_the_seal)
{
	sign(1, 10);
	finds(EPOCH_NEWER_KEY);
}
END_TEST

START_TEST(a_key_seals_once)
{
	sign(0, 20);
	finds(EPOCH_SEAL_TWICE);
}
END_TEST

START_TEST(a_note_with_lines_of_two_epochs_is_wrong)
{
	struct note_signer both[2] = { w.key[0], w.key[1] };
	struct note note;
	struct buf out = { 0 };
	struct err e = ERR_NONE;

	ck_assert_int_eq(note_parse(&note, w.point[0].note, &e), 0);
	ck_assert_int_eq(note_sign(&out, note.text, both, 2, &e), 0);
	w.point[0].note = buf_view(&out);
	finds(EPOCH_NEWER_KEY);

	/* So a seal of both is none. */
	buf_reset(&out);
	ck_assert_int_eq(note_parse(&note, w.point[1].note, &e), 0);
	ck_assert_int_eq(note_sign(&out, note.text, both, 2, &e), 0);
	drop(0);
	w.point[0].note = buf_view(&out);
	check();
	ck_assert_uint_eq(w.said[EPOCH_NEWER_KEY], 1);
	ck_assert_uint_eq(w.said[EPOCH_SEAL_MISSING], 1);
	buf_fini(&out);
}
END_TEST

START_TEST(an_epoch_without_a_seal_is_told)
{
	drop(1);
	finds(EPOCH_SEAL_MISSING);
}
END_TEST

START_TEST(the_last_seal_may_be_pending_until_the_new_key_signs)
{
	drop(4);
	finds(EPOCH_SEAL_MISSING);
	drop(4);
	check();
	ck_assert_uint_eq(w.out.faults, 0);
	ck_assert(w.out.pending);
	ck_assert_uint_eq(w.said[EPOCH_SEAL_PENDING], 1);
	ck_assert_uint_eq(w.out.signed_size, 20);
}
END_TEST

/* CVE-2023-31438: going on through empty epochs that nobody sealed. */
START_TEST(empty_unsealed_epochs_lead_nowhere)
{
	w.log.checkpoints = 1;
	w.in[0].seq = 5;
	w.in[1].seq = 6;
	w.in[2].seq = 7;
	sign(3, 50);
	check();
	ck_assert_uint_eq(w.said[EPOCH_SEAL_MISSING], 3);
}
END_TEST

START_TEST(events_changed_behind_a_checkpoint_are_told)
{
	w.point[2].root.b[7] ^= 1;
	finds(EPOCH_ROOT);
	w.point[2].root.b[7] ^= 1;
	w.point[2].has_root = false;
	finds(EPOCH_ROOT);
}
END_TEST

START_TEST(a_seal_with_a_wrong_root_is_no_seal)
{
	w.point[1].root.b[0] ^= 0x80;
	check();
	ck_assert_uint_eq(w.said[EPOCH_ROOT], 1);
	ck_assert_uint_eq(w.said[EPOCH_SEAL_MISSING], 1);
}
END_TEST

START_TEST(a_log_cut_to_an_old_seal_is_shorter_than_what_was_signed)
{
	w.log.size = 35;
	finds(EPOCH_TRUNCATED);
	ck_assert_uint_eq(w.out.signed_size, 35);
}
END_TEST

START_TEST(two_roots_of_one_size_are_fraud)
{
	struct hash other;
	struct err e = ERR_NONE;
	struct buf out = { 0 };

	log_leaf(&other, 99);
	ck_assert_int_eq(checkpoint_sign(&out, 5, &other, &w.key[0], &e), 0);
	w.point[w.log.checkpoints++] = (struct epoch_checkpoint){ 5, true, w.point[0].root,
		buf_view(&out) };
	check();
	ck_assert_uint_eq(w.said[EPOCH_FORK], 1);
	ck_assert_uint_eq(w.said[EPOCH_ROOT], 1);
	buf_fini(&out);
}
END_TEST

START_TEST(a_signature_that_does_not_hold_is_told)
{
	w.note[0].p[w.note[0].len - 10] ^= 1;
	check();
	ck_assert_uint_eq(w.out.faults, 1);
	ck_assert_uint_eq(w.said[EPOCH_SIGNATURE] + w.said[EPOCH_NOTE], 1);
}
END_TEST

START_TEST(a_stranger_signs_nothing)
{
	sign(4, 12);
	finds(EPOCH_UNSIGNED);
}
END_TEST

START_TEST(notes_of_other_sizes_logs_or_shapes_are_told)
{
	struct epoch_checkpoint good = w.point[0];
	struct note_signer other;
	struct buf out = { 0 };
	struct err e = ERR_NONE;

	w.point[0].size = 6;
	finds(EPOCH_NOTE);
	w.point[0] = good;
	w.point[0].note = STR("nothing");
	finds(EPOCH_NOTE);
	w.point[0] = good;
	ck_assert_int_eq(note_signer_new(&other, STR("example.org/other"), &e), 0);
	ck_assert_int_eq(checkpoint_sign(&out, 5, &good.root, &other, &e), 0);
	w.point[0].note = buf_view(&out);
	finds(EPOCH_NOTE);
	buf_fini(&out);
}
END_TEST

START_TEST(a_key_introduced_wrongly_is_told)
{
	struct note_signer other;
	struct buf text = { 0 };
	struct err e = ERR_NONE;

	w.in[2].key = STR("example.org/log+00000000+AAAA");
	check();
	ck_assert_uint_eq(w.said[EPOCH_KEY_MALFORMED], 1);
	ck_assert_uint_eq(w.said[EPOCH_UNSIGNED], 1);

	ck_assert_int_eq(note_signer_new(&other, STR("example.org/other"), &e), 0);
	note_verifier_format(&text, &other.verifier);
	w.in[2].key = buf_view(&text);
	check();
	ck_assert_uint_eq(w.said[EPOCH_KEY_MALFORMED], 1);
	buf_fini(&text);

	/* A key of the past, come back. */
	w.in[2].key = buf_view(&w.text[1]);
	check();
	ck_assert_uint_eq(w.said[EPOCH_KEY_AGAIN], 1);
}
END_TEST

START_TEST(introductions_out_of_order_or_beyond_the_log_are_told)
{
	w.in[3] = (struct epoch_introduction){ 34, buf_view(&w.text[4]) };
	w.log.introductions = 4;
	finds(EPOCH_ORDER);
	w.in[3].seq = 12;
	finds(EPOCH_ORDER);
	w.in[3].seq = SIZE;
	finds(EPOCH_ORDER);
	w.in[3].seq = UINT64_MAX;
	finds(EPOCH_ORDER);
	/* Its last leaf may be one: the checkpoint of 50 is the seal then. */
	w.in[3].seq = SIZE - 1;
	check();
	ck_assert_uint_eq(w.out.faults, 0);
	ck_assert(!w.out.pending);
	ck_assert_uint_eq(w.out.epochs, 5);
}
END_TEST

START_TEST(another_pinned_key_fits_nothing_of_the_first_epoch)
{
	w.log.pinned = w.key[4].verifier;
	check();
	ck_assert_uint_eq(w.said[EPOCH_UNSIGNED], 2);
	ck_assert_uint_eq(w.said[EPOCH_SEAL_MISSING], 1);
}
END_TEST

START_TEST(all_is_told_to_the_end)
{
	w.point[0].root.b[0] ^= 1;
	sign(0, 20);
	sign(4, 33);
	drop(4);
	check();
	ck_assert_uint_eq(w.out.faults, 4);
	ck_assert_uint_eq(w.said[EPOCH_ROOT], 1);
	ck_assert_uint_eq(w.said[EPOCH_SEAL_TWICE], 1);
	ck_assert_uint_eq(w.said[EPOCH_UNSIGNED], 1);
	ck_assert_uint_eq(w.said[EPOCH_SEAL_MISSING], 1);
}
END_TEST

static Suite *
epoch_suite(void)
{
	Suite *s = suite_create("proof/epoch");
	TCase *t = tcase_create("epoch");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_lawful_log_is_sound);
	tcase_add_test(t, the_order_of_checkpoints_does_not_matter_nor_do_copies);
	tcase_add_test(t, a_log_without_checkpoints_is_not_signed_but_not_wrong);
	tcase_add_test(t, a_newer_key_does_not_sign_old_sizes);
	tcase_add_test(t, an_older_key_does_not_sign_behind_its_seal);
	tcase_add_test(t, the_new_key_does_not_sign_the_size_of_the_seal);
	tcase_add_test(t, a_key_seals_once);
	tcase_add_test(t, a_note_with_lines_of_two_epochs_is_wrong);
	tcase_add_test(t, an_epoch_without_a_seal_is_told);
	tcase_add_test(t, the_last_seal_may_be_pending_until_the_new_key_signs);
	tcase_add_test(t, empty_unsealed_epochs_lead_nowhere);
	tcase_add_test(t, events_changed_behind_a_checkpoint_are_told);
	tcase_add_test(t, a_seal_with_a_wrong_root_is_no_seal);
	tcase_add_test(t, a_log_cut_to_an_old_seal_is_shorter_than_what_was_signed);
	tcase_add_test(t, two_roots_of_one_size_are_fraud);
	tcase_add_test(t, a_signature_that_does_not_hold_is_told);
	tcase_add_test(t, a_stranger_signs_nothing);
	tcase_add_test(t, notes_of_other_sizes_logs_or_shapes_are_told);
	tcase_add_test(t, a_key_introduced_wrongly_is_told);
	tcase_add_test(t, introductions_out_of_order_or_beyond_the_log_are_told);
	tcase_add_test(t, another_pinned_key_fits_nothing_of_the_first_epoch);
	tcase_add_test(t, all_is_told_to_the_end);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(epoch_suite)
