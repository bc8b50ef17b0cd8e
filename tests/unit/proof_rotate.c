/*
 * rotate: cut after every step and in the middle of each, then finished; the
 * log is sound each time, and one key is left.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proof/checkpoint.h"
#include "proof/epoch.h"
#include "proof/rotate.h"
#include "proof_log.h"

enum { EVENTS = 64, KEYS = 16 };

/* A log in memory: its leaves do not matter, its sizes do. */
struct fake {
	struct log log; /* all leaves there will be */
	uint64_t size;
	struct note_verifier pinned;
	size_t introductions, seals;
	uint64_t introduced_at[KEYS];
	struct note_verifier introduced[KEYS];
	uint64_t sealed_at[KEYS];
	struct buf seal[KEYS];
	/* The next call fails: before it has done anything, or after. */
	bool fail_before, fail_after;
};

static char folder[64];
static struct fake fake;
static struct key_folder keys;

static bool
fails(bool *flag, struct err *e)
{
	if (!*flag)
		return false;
	*flag = false;
	err_set(e, ERR_FAIL, "cut");
	return true;
}

static int
fake_latest(void *arg, struct rotate_latest *out, struct err *e)
{
	struct fake *k = arg;

	(void)e;
	out->any = k->introductions > 0;
	if (!out->any)
		return 0;
	out->key = k->introduced[k->introductions - 1];
	out->size = k->introduced_at[k->introductions - 1] + 1;
	out->sealed = false;
	for (size_t i = 0; i < k->seals; i++)
		if (k->sealed_at[i] == out->size)
			out->sealed = true;
	return 0;
}

static int
fake_record(void *arg, const struct note_verifier *next, struct err *e)
{
	struct fake *k = arg;

	if (fails(&k->fail_before, e))
		return -1;
	k->introduced[k->introductions] = *next;
	k->introduced_at[k->introductions++] = k->size;
	k->size += 3; /* others write meanwhile */
	return fails(&k->fail_after, e) ? -1 : 0;
}

static int
fake_seal(void *arg, uint64_t size, const struct note_signer *old, struct err *e)
{
	struct fake *k = arg;
	struct hash root;

	if (fails(&k->fail_before, e))
		return -1;
	naive_root(&root, k->log.leaf, size);
	if (checkpoint_sign(&k->seal[k->seals], size, &root, old, e) != 0)
		return -1;
	k->sealed_at[k->seals++] = size;
	return fails(&k->fail_after, e) ? -1 : 0;
}

static const struct rotate_log fake_log = { fake_latest, fake_record, fake_seal, &fake };

static void
setup(void)
{
	struct note_signer first;
	struct err e = ERR_NONE;

	strcpy(folder, "/tmp/audit-rotate.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	memset(&fake, 0, sizeof(fake));
	fake.log = log_make(EVENTS);
	fake.size = 5;
	ck_assert_int_eq(key_folder_open(&keys, folder, false, &e), 0);
	ck_assert_int_eq(note_signer_new(&first, STR("example.org/log"), &e), 0);
	ck_assert_int_eq(key_file_create(&keys, KEY_CURRENT, &first, &e), 0);
	fake.pinned = first.verifier;
}

static void
teardown(void)
{
	char command[128];

	key_folder_close(&keys);
	for (size_t i = 0; i < KEYS; i++)
		buf_fini(&fake.seal[i]);
	free(fake.log.leaf);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* What epoch_check says of the log: the number of faults. */
static size_t
faults(struct epoch_summary *out)
{
	struct epoch_introduction in[KEYS];
	struct epoch_checkpoint points[KEYS];
	struct buf text[KEYS] = { { 0 } };
	struct epoch_log log = { fake.pinned, fake.size, in, fake.introductions, points, fake.seals };

	for (size_t i = 0; i < fake.introductions; i++) {
		note_verifier_format(&text[i], &fake.introduced[i]);
		in[i] = (struct epoch_introduction){ fake.introduced_at[i], buf_view(&text[i]) };
	}
	for (size_t i = 0; i < fake.seals; i++) {
		points[i] = (struct epoch_checkpoint){ .size = fake.sealed_at[i], .has_root = true,
			.note = buf_view(&fake.seal[i]) };
		naive_root(&points[i].root, fake.log.leaf, points[i].size);
	}
	epoch_check(&log, out, NULL, NULL);
	for (size_t i = 0; i < KEYS; i++)
		buf_fini(&text[i]);
	return out->faults;
}

static bool
exists(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

/* n rotations are behind the log, and the newest key is in use alone. */
static void
check_done(size_t n)
{
	struct epoch_summary summary;
	struct note_signer s;
	struct err e = ERR_NONE;

	ck_assert_uint_eq(faults(&summary), 0);
	ck_assert(!summary.pending);
	ck_assert_uint_eq(summary.epochs, n + 1);
	ck_assert_uint_eq(fake.seals, n);
	ck_assert(!exists(KEY_NEXT));
	ck_assert(!exists(KEY_OLD));
	ck_assert_msg(key_file_load(&keys, KEY_CURRENT, &s, &e) == 0, "%s", e.text);
	ck_assert(note_verifier_equal(&s.verifier, n ? &fake.introduced[n - 1] : &fake.pinned));
}

static void
finish(void)
{
	struct err e = ERR_NONE;

	ck_assert_msg(rotate_finish(&keys, &fake_log, &e) == 0, "%s", e.text);
}

static const enum rotate_step order[] = { ROTATE_WRITE_NEXT, ROTATE_RECORD, ROTATE_SEAL,
	ROTATE_KEEP_OLD, ROTATE_INSTALL, ROTATE_WIPE, ROTATE_NONE };

enum { STEPS = sizeof(order) / sizeof(order[0]) };

/* The first n steps of a rotation. */
static void
steps(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum rotate_step step;
		struct err e = ERR_NONE;
		struct epoch_summary summary;

		ck_assert_int_eq(rotate_step(&keys, &fake_log, i == 0, &step, &e), 0);
		ck_assert_int_eq(step, order[i]);
		ck_assert_uint_eq(faults(&summary), 0);
		ck_assert_int_eq(summary.pending, step == ROTATE_RECORD);
	}
}

START_TEST(a_rotation_goes_in_the_order_of_the_definitions)
{
	steps(STEPS);
	check_done(1);
}
END_TEST

START_TEST(one_that_is_cut_after_any_step_is_finished)
{
	for (size_t n = 0; n <= STEPS; n++) {
		steps(n);
		finish();
		check_done(n == 0 ? 0 : 1);
		teardown();
		setup();
	}
}
END_TEST

START_TEST(rotations_follow_each_other)
{
	struct err e = ERR_NONE;

	for (size_t n = 1; n <= 6; n++) {
		ck_assert_msg(rotate_run(&keys, &fake_log, &e) == 0, "%s", e.text);
		check_done(n);
	}
	/* A new one, over one that was cut: both are done. */
	steps(3);
	ck_assert_int_eq(rotate_run(&keys, &fake_log, &e), 0);
	check_done(8);
}
END_TEST

START_TEST(a_commit_or_seal_that_fails_is_asked_again)
{
	for (size_t at = 1; at <= 2; at++)
		for (int when = 0; when < 2; when++) {
			enum rotate_step step;
			struct err e = ERR_NONE;

			steps(at);
			fake.fail_before = when == 0;
			fake.fail_after = when == 1;
			ck_assert_int_eq(rotate_step(&keys, &fake_log, false, &step, &e), -1);
			ck_assert_int_eq(step, order[at]);
			finish();
			check_done(1);
			teardown();
			setup();
		}
}
END_TEST

static void
put(const char *name, const char *bytes, size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

START_TEST(a_next_key_torn_while_it_was_written_is_discarded)
{
	put(KEY_NEXT, "PRIVATE+KEY+exa", 15);
	finish();
	check_done(0);
	put(KEY_NEXT, "", 0);
	finish();
	check_done(0);
}
END_TEST

START_TEST(an_old_key_half_wiped_is_wiped)
{
	static const char zeros[100];

	steps(5);
	put(KEY_OLD, zeros, sizeof(zeros));
	finish();
	check_done(1);
}
END_TEST

START_TEST(a_next_key_that_is_the_present_one_is_discarded)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(key_file_link(&keys, KEY_CURRENT, KEY_NEXT, &e), 0);
	finish();
	check_done(0);
}
END_TEST

START_TEST(an_old_name_of_the_present_key_alone_is_removed)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(key_file_link(&keys, KEY_CURRENT, KEY_OLD, &e), 0);
	finish();
	check_done(0);
}
END_TEST

/* Once the log has introduced it, a lost key is not replaced in silence. */
START_TEST(a_next_key_lost_or_torn_behind_its_record_is_an_alarm)
{
	for (int torn = 0; torn < 2; torn++) {
		struct err e = ERR_NONE;
		char path[128];

		steps(2 + (size_t)torn);
		snprintf(path, sizeof(path), "%s/%s", folder, KEY_NEXT);
		ck_assert_int_eq(unlink(path), 0);
		if (torn)
			put(KEY_NEXT, "PRIVATE+KEY+exa", 15);
		ck_assert_int_eq(rotate_finish(&keys, &fake_log, &e), -1);
		ck_assert_int_eq(e.code, ERR_INTEGRITY);
		ck_assert_ptr_nonnull(strstr(e.text, "is not here"));
		err_clear(&e);
		ck_assert_int_eq(rotate_run(&keys, &fake_log, &e), -1);
		ck_assert_int_eq(exists(KEY_NEXT), torn);
		teardown();
		setup();
	}
}
END_TEST

START_TEST(no_key_or_a_torn_one_begins_no_rotation)
{
	struct err e = ERR_NONE;

	put(KEY_CURRENT, "PRIVATE+KEY+exa", 15);
	ck_assert_int_eq(rotate_run(&keys, &fake_log, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_ptr_nonnull(strstr(e.text, "not a whole signing key"));
	ck_assert(!exists(KEY_NEXT));
	ck_assert_uint_eq(fake.introductions, 0);
}
END_TEST

/* An older copy of the database, or of the key: they do not fit. */
START_TEST(a_log_put_back_does_not_fit_its_key)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(rotate_run(&keys, &fake_log, &e), 0);
	ck_assert_int_eq(rotate_run(&keys, &fake_log, &e), 0);
	fake.introductions--;
	fake.seals--;
	ck_assert_int_eq(rotate_finish(&keys, &fake_log, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	fake.introductions++;
}
END_TEST

static Suite *
rotate_suite(void)
{
	Suite *s = suite_create("proof/rotate");
	TCase *t = tcase_create("rotate");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_rotation_goes_in_the_order_of_the_definitions);
	tcase_add_test(t, one_that_is_cut_after_any_step_is_finished);
	tcase_add_test(t, rotations_follow_each_other);
	tcase_add_test(t, a_commit_or_seal_that_fails_is_asked_again);
	tcase_add_test(t, a_next_key_torn_while_it_was_written_is_discarded);
	tcase_add_test(t, an_old_key_half_wiped_is_wiped);
	tcase_add_test(t, a_next_key_that_is_the_present_one_is_discarded);
	tcase_add_test(t, an_old_name_of_the_present_key_alone_is_removed);
	tcase_add_test(t, a_next_key_lost_or_torn_behind_its_record_is_an_alarm);
	tcase_add_test(t, no_key_or_a_torn_one_begins_no_rotation);
	tcase_add_test(t, a_log_put_back_does_not_fit_its_key);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(rotate_suite)
