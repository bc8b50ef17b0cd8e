/* Keys: the first one whatever cut it, and where a checkpoint is sent. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/keys.h"
#include "proof/checkpoint.h"
#include "proof/key_file.h"
#include "unit.h"

static char folder[64];
static char db[128], keys[128], file[128];
static struct store *st;
static struct config config;
static struct buf line, note, log_text;
static struct operator_info who;
static struct err e;

static void
setup(void)
{
	strcpy(folder, "/tmp/audit-keys.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(db, sizeof(db), "%s/app.one.db", folder);
	snprintf(keys, sizeof(keys), "%s/keys", folder);
	snprintf(file, sizeof(file), "%s/checkpoint", folder);
	err_clear(&e);
	cli_operator(&who);
	st = store_open(db, STORE_CREATE, &e);
	ck_assert_msg(st != NULL, "%s", e.text);
	config = (struct config){ 0 };
}

static void
teardown(void)
{
	char command[128];

	store_close(st);
	config_fini(&config);
	buf_fini(&line);
	buf_fini(&note);
	buf_fini(&log_text);
	line = note = log_text = (struct buf){ 0 };
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static int
init(const char *origin)
{
	err_clear(&e);
	buf_reset(&line);
	return keys_init(st, keys, &who, origin, &line, &e);
}

static int
sign(void)
{
	err_clear(&e);
	return keys_sign(st, keys, &who, NULL, &note, &e);
}

/* A file of the folder gets another name, or is cut to some bytes. */
static void
move(const char *from, const char *to)
{
	char a[256], b[256];

	snprintf(a, sizeof(a), "%s/%s", keys, from);
	snprintf(b, sizeof(b), "%s/%s", keys, to);
	ck_assert_int_eq(rename(a, b), 0);
}

static void
cut(const char *name, off_t len)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", keys, name);
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(truncate(path, len), 0);
}

static int
count_key(void *arg, const struct store_key *k, struct err *ee)
{
	(void)k;
	(void)ee;
	++*(size_t *)arg;
	return 0;
}

static size_t
log_keys(void)
{
	size_t n = 0;

	ck_assert_int_eq(store_key_each(st, count_key, &n, &e), 0);
	return n;
}

/* ---- Folder ---- */

START_TEST(the_folder_is_typed_configured_or_beside_the_store)
{
	char wanted[160], *got;

	config.keys = mem_strdup("/srv/keys");
	got = keys_folder("here", &config, st);
	ck_assert_str_eq(got, "here");
	free(got);
	got = keys_folder(NULL, &config, st);
	ck_assert_str_eq(got, "/srv/keys");
	free(got);
	config_fini(&config);
	got = keys_folder(NULL, &config, st);
	snprintf(wanted, sizeof(wanted), "%s.keys", store_path(st));
	ck_assert_str_eq(got, wanted);
	free(got);
}
END_TEST

/* ---- The first key ---- */

START_TEST(the_first_key_is_recorded_and_signs)
{
	struct note_verifier v;
	struct checkpoint c;

	ck_assert_msg(init("example.org/log") == 0, "%s", e.text);
	ck_assert_uint_eq(log_keys(), 1);
	ck_assert_int_eq(note_verifier_parse(&v, buf_view(&line), &e), 0);
	ck_assert_str_eq(v.name, "example.org/log");
	ck_assert_msg(sign() == 0, "%s", e.text);
	ck_assert_int_eq(checkpoint_open(&c, buf_view(&note), &v, &e), 0);
	ck_assert_uint_eq(c.size, 1);
}
END_TEST

START_TEST(a_log_is_named_after_host_and_file)
{
	char wanted[300];

	snprintf(wanted, sizeof(wanted), "%s/app.one+", who.host);
	ck_assert_int_eq(init(NULL), 0);
	ck_assert_msg(strncmp(line.p, wanted, strlen(wanted)) == 0, "%.*s", (int)line.len, line.p);
}
END_TEST

START_TEST(a_name_that_no_key_can_have_is_refused)
{
	ck_assert_int_eq(init("a+b"), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_uint_eq(log_keys(), 0);
	ck_assert_int_eq(init("a b"), -1);
	ck_assert_int_eq(init(""), -1);
	ck_assert_int_eq(init("ab"), 0);
}
END_TEST

START_TEST(a_second_first_key_is_refused)
{
	ck_assert_int_eq(init(NULL), 0);
	ck_assert_int_eq(init(NULL), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
	ck_assert_uint_eq(log_keys(), 1);
}
END_TEST

START_TEST(a_folder_with_the_key_of_another_log_is_refused)
{
	char other[160];

	ck_assert_int_eq(init(NULL), 0);
	store_close(st);
	snprintf(other, sizeof(other), "%s/other.db", folder);
	st = store_open(other, STORE_CREATE, &e);
	ck_assert_int_eq(init(NULL), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
	ck_assert_uint_eq(log_keys(), 0);
	ck_assert_int_eq(sign(), -1);
}
END_TEST

START_TEST(a_key_cut_before_its_record_is_used)
{
	struct key_folder f;
	struct note_signer s;
	struct buf made = { 0 };

	ck_assert_int_eq(key_folder_open(&f, keys, true, &e), 0);
	ck_assert_int_eq(note_signer_new(&s, STR("example.org/log"), &e), 0);
	ck_assert_int_eq(key_file_create(&f, KEY_NEXT, &s, &e), 0);
	key_folder_close(&f);
	note_verifier_format(&made, &s.verifier);
	note_signer_wipe(&s);
	ck_assert_int_eq(init("example.org/other"), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
	ck_assert_int_eq(init(NULL), 0);
	ck_assert(str_eq(buf_view(&made), buf_view(&line)));
	ck_assert_int_eq(sign(), 0);
	buf_fini(&made);
}
END_TEST

START_TEST(a_key_cut_while_it_was_written_is_made_anew)
{
	struct key_folder f;
	struct note_signer s;

	for (off_t len = 0; len < 60; len += 20) {
		ck_assert_int_eq(key_folder_open(&f, keys, true, &e), 0);
		ck_assert_int_eq(note_signer_new(&s, STR("example.org/log"), &e), 0);
		ck_assert_int_eq(key_file_wipe(&f, KEY_NEXT, &e), 0);
		ck_assert_int_eq(key_file_create(&f, KEY_NEXT, &s, &e), 0);
		key_folder_close(&f);
		cut(KEY_NEXT, len);
	}
	ck_assert_int_eq(init(NULL), 0);
	ck_assert_int_eq(sign(), 0);
}
END_TEST

START_TEST(a_key_cut_before_it_was_installed_is_finished)
{
	ck_assert_int_eq(init(NULL), 0);
	move(KEY_CURRENT, KEY_NEXT);
	ck_assert_msg(sign() == 0, "%s", e.text);
	move(KEY_CURRENT, KEY_NEXT);
	ck_assert_int_eq(init(NULL), -1); /* the key is there, and it is told */
	ck_assert_int_eq(e.code, ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(e.text, "has its first key already"));
	ck_assert_int_eq(sign(), 0);
}
END_TEST

START_TEST(a_torn_key_never_begins_a_new_log)
{
	ck_assert_int_eq(init(NULL), 0);
	cut(KEY_CURRENT, 30);
	ck_assert_int_eq(chmod(keys, 0700), 0);
	ck_assert_int_eq(sign(), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "copy"));
	ck_assert_int_eq(init(NULL), -1);
	ck_assert_uint_eq(log_keys(), 1);
}
END_TEST

START_TEST(a_log_whose_keys_are_elsewhere_says_what_to_do)
{
	ck_assert_int_eq(init(NULL), 0);
	snprintf(keys, sizeof(keys), "%s/elsewhere", folder);
	ck_assert_int_eq(sign(), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "--keys"));
	ck_assert_int_eq(access(keys, F_OK), -1);
	ck_assert_int_eq(mkdir(keys, 0700), 0);
	ck_assert_int_eq(sign(), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "--keys"));
}
END_TEST

START_TEST(a_key_changes_and_the_old_one_is_gone)
{
	struct note_verifier first, second;
	struct checkpoint c;
	struct buf seal = { 0 };
	char old[256];

	ck_assert_int_eq(init("example.org/log"), 0);
	ck_assert_int_eq(note_verifier_parse(&first, buf_view(&line), &e), 0);
	buf_reset(&line);
	ck_assert_msg(keys_rotate(st, keys, &who, NULL, &line, &seal, &e) == 0, "%s", e.text);
	ck_assert_int_eq(note_verifier_parse(&second, buf_view(&line), &e), 0);
	ck_assert(!note_verifier_equal(&first, &second));
	ck_assert_int_eq(checkpoint_open(&c, buf_view(&seal), &first, &e), 0);
	ck_assert_uint_eq(c.size, 2);
	snprintf(old, sizeof(old), "%s/%s", keys, KEY_OLD);
	ck_assert_int_eq(access(old, F_OK), -1);
	ck_assert_int_eq(sign(), 0); /* nothing new: the seal itself */
	ck_assert(str_eq(buf_view(&seal), buf_view(&note)));
	buf_fini(&seal);
}
END_TEST

/* Someone else introduces a key of his own, once. */
static int
slip_in(struct err *ee)
{
	struct err own = ERR_NONE;
	struct store *other;
	struct note_signer s;
	struct buf text = { 0 }, context = { 0 };
	struct arena a = { 0 };
	struct event ev;
	uint64_t seq;

	(void)ee;
	if (log_keys() > 1)
		return 0;
	ck_assert_ptr_nonnull(other = store_open(db, STORE_WRITE, &own));
	ck_assert_int_eq(note_signer_new(&s, STR("example.org/log"), &own), 0);
	note_verifier_format(&text, &s.verifier);
	buf_printf(&context, "{\"key\":\"%.*s\"}", (int)text.len, text.p);
	cli_record(&ev, &who, "audit.key-rotate", buf_view(&context), &a);
	ck_assert_int_eq(store_key_add(other, buf_view(&text), &ev, &seq, &own), 0);
	store_close(other);
	arena_fini(&a);
	buf_fini(&text);
	buf_fini(&context);
	return 0;
}

START_TEST(a_key_that_came_meanwhile_is_not_sealed)
{
	struct verify_options o = { .go_on = slip_in };

	ck_assert_int_eq(init("example.org/log"), 0);
	err_clear(&e);
	ck_assert_int_eq(keys_sign(st, keys, &who, &o, &note, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	ck_assert_msg(strstr(e.text, "while it was verified") != NULL, "%s", e.text);
	ck_assert_uint_eq(note.len, 0);
}
END_TEST

/* ---- Publishing ---- */

static int
publish_configured(void)
{
	struct hook h = HOOK_NONE;
	int rc = hook_open(&h, &config.checkpoint_command, KEYS_PUBLISH_LIMIT, HOOK_SHOW, &e);

	if (rc == 0)
		rc = keys_publish(&config, &h, STR("a note\n"), &e);
	hook_close(&h);
	return rc;
}

static int
publish(const char *shell)
{
	err_clear(&e);
	str_list_fini(&config.checkpoint_command);
	config.checkpoint_command = (struct str_list){ 0 };
	if (shell) {
		str_list_add(&config.checkpoint_command, "/bin/sh", 7);
		str_list_add(&config.checkpoint_command, "-c", 2);
		str_list_add(&config.checkpoint_command, shell, strlen(shell));
		str_list_add(&config.checkpoint_command, file, strlen(file)); /* $0 */
	}
	return publish_configured();
}

static const char *
content(const char *path)
{
	size_t len;
	char *text = file_read(path, 100, &len, &e);

	buf_reset(&log_text);
	if (text)
		buf_add(&log_text, text, len + 1);
	free(text);
	return log_text.p;
}

START_TEST(nothing_configured_is_fine)
{
	ck_assert_int_eq(publish(NULL), 0);
}
END_TEST

START_TEST(the_file_is_replaced)
{
	struct stat sb;
	mode_t old = umask(022);

	config.checkpoint_file = mem_strdup(file);
	ck_assert_int_eq(file_replace(file, 0600, "old text", 8, &e), 0);
	ck_assert_int_eq(publish(NULL), 0);
	umask(old);
	ck_assert_str_eq(content(file), "a note\n");
	ck_assert_int_eq(stat(file, &sb), 0);
	ck_assert_uint_eq(sb.st_mode & 0777, 0644);
}
END_TEST

START_TEST(the_command_gets_the_note)
{
	ck_assert_int_eq(publish("cat >\"$0\""), 0);
	ck_assert_str_eq(content(file), "a note\n");
}
END_TEST

START_TEST(the_command_prints_to_standard_error)
{
	int out = dup(STDOUT_FILENO), fd = open(file, O_CREAT | O_RDWR, 0600);

	ck_assert_int_ge(dup2(fd, STDOUT_FILENO), 0);
	publish("echo loud");
	dup2(out, STDOUT_FILENO);
	close(out);
	close(fd);
	ck_assert_str_eq(content(file), "");
}
END_TEST

START_TEST(a_command_that_does_not_read_is_fine)
{
	ck_assert_int_eq(publish("exec <&-; exit 0"), 0);
}
END_TEST

START_TEST(a_command_that_fails_is_told)
{
	ck_assert_int_eq(publish("exit 7"), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_ptr_nonnull(strstr(e.text, "stored, but not published"));
	ck_assert_ptr_nonnull(strstr(e.text, "status 7"));
	ck_assert_int_eq(publish("kill -9 $$"), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "signal 9"));
}
END_TEST

START_TEST(a_program_that_is_not_there_is_told)
{
	str_list_add(&config.checkpoint_command, "/nonexistent/ship", 17);
	ck_assert_int_eq(publish_configured(), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "/nonexistent/ship: No such file"));
}
END_TEST

START_TEST(the_command_runs_although_the_file_fails)
{
	config.checkpoint_file = mem_strdup("/nonexistent/checkpoint");
	ck_assert_int_eq(publish("cat >\"$0\""), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "/nonexistent/checkpoint"));
	err_clear(&e);
	ck_assert_str_eq(content(file), "a note\n");
}
END_TEST

static Suite *
keys_suite(void)
{
	Suite *s = suite_create("keys");
	TCase *c = tcase_create("keys");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, the_folder_is_typed_configured_or_beside_the_store);
	tcase_add_test(c, the_first_key_is_recorded_and_signs);
	tcase_add_test(c, a_log_is_named_after_host_and_file);
	tcase_add_test(c, a_name_that_no_key_can_have_is_refused);
	tcase_add_test(c, a_second_first_key_is_refused);
	tcase_add_test(c, a_folder_with_the_key_of_another_log_is_refused);
	tcase_add_test(c, a_key_cut_before_its_record_is_used);
	tcase_add_test(c, a_key_cut_while_it_was_written_is_made_anew);
	tcase_add_test(c, a_key_cut_before_it_was_installed_is_finished);
	tcase_add_test(c, a_torn_key_never_begins_a_new_log);
	tcase_add_test(c, a_log_whose_keys_are_elsewhere_says_what_to_do);
	tcase_add_test(c, a_key_changes_and_the_old_one_is_gone);
	tcase_add_test(c, a_key_that_came_meanwhile_is_not_sealed);
	tcase_add_test(c, nothing_configured_is_fine);
	tcase_add_test(c, the_file_is_replaced);
	tcase_add_test(c, the_command_gets_the_note);
	tcase_add_test(c, the_command_prints_to_standard_error);
	tcase_add_test(c, a_command_that_does_not_read_is_fine);
	tcase_add_test(c, a_command_that_fails_is_told);
	tcase_add_test(c, a_program_that_is_not_there_is_told);
	tcase_add_test(c, the_command_runs_although_the_file_fails);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(keys_suite)
