/* key_file: what is written, what is refused, what is left after a wipe. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proof/key_file.h"

static char top[64], folder[80];

static void
setup(void)
{
	strcpy(top, "/tmp/audit-keys.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	snprintf(folder, sizeof(folder), "%s/keys", top);
}

static void
teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", top);
	ck_assert_int_eq(system(command), 0);
}

static struct key_folder
open_folder(void)
{
	struct key_folder f;
	struct err e = ERR_NONE;

	ck_assert_msg(key_folder_open(&f, folder, true, &e) == 0, "%s", e.text);
	return f;
}

static struct note_signer
new_key(void)
{
	struct note_signer s;
	struct err e = ERR_NONE;

	ck_assert_int_eq(note_signer_new(&s, STR("example.org/log"), &e), 0);
	return s;
}

static const char *
path_of(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
put(const char *name, const char *bytes, size_t len, mode_t mode)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

/* The code key_file_load ends with, and a message with this in it. */
static void
load_fails(const char *name, enum err_code code, const char *says)
{
	struct key_folder f = open_folder();
	struct note_signer s;
	struct err e = ERR_NONE;

	ck_assert_int_eq(key_file_load(&f, name, &s, &e), -1);
	ck_assert_int_eq(e.code, code);
	ck_assert_msg(strstr(e.text, says) != NULL, "%s", e.text);
	key_folder_close(&f);
}

START_TEST(a_key_comes_back_and_nobody_else_can_read_it)
{
	struct key_folder f = open_folder();
	struct note_signer s = new_key(), back;
	struct err e = ERR_NONE;
	struct stat sb;

	ck_assert_int_eq(key_file_create(&f, KEY_CURRENT, &s, &e), 0);
	ck_assert_int_eq(key_file_load(&f, KEY_CURRENT, &back, &e), 0);
	ck_assert_mem_eq(back.seed, s.seed, NOTE_KEY_LEN);
	ck_assert_int_eq(stat(path_of(KEY_CURRENT), &sb), 0);
	ck_assert_uint_eq(sb.st_mode & 07777, 0400);
	ck_assert_int_eq(stat(folder, &sb), 0);
	ck_assert_uint_eq(sb.st_mode & 07777, 0700);
	key_folder_close(&f);
}
END_TEST

START_TEST(a_key_that_is_there_is_never_overwritten)
{
	struct key_folder f = open_folder();
	struct note_signer one = new_key(), two = new_key(), back;
	struct err e = ERR_NONE;

	ck_assert_int_eq(key_file_create(&f, KEY_CURRENT, &one, &e), 0);
	ck_assert_int_eq(key_file_create(&f, KEY_CURRENT, &two, &e), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
	ck_assert_int_eq(key_file_load(&f, KEY_CURRENT, &back, &e), 0);
	ck_assert_mem_eq(back.seed, one.seed, NOTE_KEY_LEN);
	key_folder_close(&f);
}
END_TEST

START_TEST(torn_and_foreign_files_are_told_from_absent_ones)
{
	struct key_folder f = open_folder();
	struct note_signer s = new_key(), back;
	char text[NOTE_SIGNER_TEXT_MAX + 2];
	size_t len = note_signer_format(text, &s);
	enum key_state state;
	struct err e = ERR_NONE;

	ck_assert_int_eq(key_file_look(&f, KEY_NEXT, &state, &back, &e), 0);
	ck_assert_int_eq(state, KEY_ABSENT);
	text[len++] = '\n';
	for (size_t n = 0; n <= len; n++) {
		put(KEY_NEXT, text, n, 0400);
		ck_assert_int_eq(key_file_look(&f, KEY_NEXT, &state, &back, &e), 0);
		ck_assert_int_eq(state, n == len ? KEY_WHOLE : KEY_TORN);
	}
	text[len++] = '\n';
	put(KEY_NEXT, text, len, 0400);
	ck_assert_int_eq(key_file_look(&f, KEY_NEXT, &state, &back, &e), 0);
	ck_assert_int_eq(state, KEY_TORN);
	key_folder_close(&f);

	put(KEY_CURRENT, text, 20, 0400);
	load_fails(KEY_CURRENT, ERR_FAIL, "not a whole signing key");
	put(KEY_CURRENT, "", 0, 0400);
	load_fails(KEY_CURRENT, ERR_FAIL, "not a whole signing key");
	load_fails("absent.key", ERR_FAIL, "--init-keys");
}
END_TEST

START_TEST(a_file_longer_than_any_key_is_no_key)
{
	static char huge[100000];
	enum key_state state;
	struct note_signer s;
	struct err e = ERR_NONE;
	struct key_folder f = open_folder();

	memset(huge, 'x', sizeof(huge));
	put(KEY_NEXT, huge, sizeof(huge), 0400);
	ck_assert_int_eq(key_file_look(&f, KEY_NEXT, &state, &s, &e), 0);
	ck_assert_int_eq(state, KEY_TORN);
	ck_assert_int_eq(key_file_wipe(&f, KEY_NEXT, &e), 0);
	ck_assert_int_ne(access(path_of(KEY_NEXT), F_OK), 0);
	key_folder_close(&f);
}
END_TEST

START_TEST(loose_modes_are_refused)
{
	static const mode_t loose[] = { 0440, 0404, 0420, 0644, 0410 };
	struct key_folder f = open_folder();
	struct note_signer s = new_key();
	struct err e = ERR_NONE;

	ck_assert_int_eq(key_file_create(&f, KEY_CURRENT, &s, &e), 0);
	key_folder_close(&f);
	for (size_t i = 0; i < sizeof(loose) / sizeof(loose[0]); i++) {
		ck_assert_int_eq(chmod(path_of(KEY_CURRENT), loose[i]), 0);
		load_fails(KEY_CURRENT, ERR_REFUSED, "lets others in");
	}
	ck_assert_int_eq(chmod(path_of(KEY_CURRENT), 0600), 0);
	f = open_folder();
	ck_assert_int_eq(key_file_load(&f, KEY_CURRENT, &s, &e), 0);
	key_folder_close(&f);
	ck_assert_int_eq(chmod(folder, 0710), 0);
	ck_assert_int_eq(key_folder_open(&f, folder, true, &e), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(e.text, "chmod 0700"));
}
END_TEST

START_TEST(files_of_another_user_and_no_files_are_refused)
{
	struct key_folder f = open_folder();
	struct note_signer s = new_key();
	struct err e = ERR_NONE;

	ck_assert_int_eq(key_file_create(&f, KEY_NEXT, &s, &e), 0);
	key_folder_close(&f);
	ck_assert_int_eq(symlink(KEY_NEXT, path_of("link.key")), 0);
	load_fails("link.key", ERR_REFUSED, "symbolic link");
	ck_assert_int_eq(mkdir(path_of("folder.key"), 0700), 0);
	load_fails("folder.key", ERR_REFUSED, "no regular file");
	ck_assert_int_eq(mkfifo(path_of("fifo.key"), 0600), 0);
	load_fails("fifo.key", ERR_REFUSED, "no regular file");
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(path_of(KEY_NEXT), 12345, 12345), 0);
	load_fails(KEY_NEXT, ERR_REFUSED, "belongs to user 12345");
	ck_assert_int_eq(chown(folder, 12345, 12345), 0);
	ck_assert_int_eq(key_folder_open(&f, folder, true, &e), -1);
	ck_assert_int_eq(e.code, ERR_REFUSED);
}
END_TEST

START_TEST(the_folder_is_made_only_when_asked_and_never_its_parents)
{
	struct key_folder f;
	struct err e = ERR_NONE;
	char deep[200];

	ck_assert_int_eq(key_folder_open(&f, folder, false, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	snprintf(deep, sizeof(deep), "%s/not/there", top);
	ck_assert_int_eq(key_folder_open(&f, deep, true, &e), -1);
	err_clear(&e);
	snprintf(deep, sizeof(deep), "%s/keys//", top);
	ck_assert_msg(key_folder_open(&f, deep, true, &e) == 0, "%s", e.text);
	key_folder_close(&f);
	ck_assert_int_eq(key_folder_open(&f, folder, false, &e), 0);
	key_folder_close(&f);
	key_folder_close(&f);
}
END_TEST

START_TEST(a_folder_in_use_is_busy)
{
	struct key_folder f = open_folder(), other;
	struct err e = ERR_NONE;

	ck_assert_int_eq(key_folder_open(&other, folder, false, &e), -1);
	ck_assert_int_eq(e.code, ERR_BUSY);
	key_folder_close(&f);
	err_clear(&e);
	ck_assert_int_eq(key_folder_open(&other, folder, false, &e), 0);
	key_folder_close(&other);
}
END_TEST

/* A descriptor from before sees what the wipe wrote. */
START_TEST(a_wiped_key_is_overwritten_and_gone)
{
	struct key_folder f = open_folder();
	struct note_signer s = new_key();
	struct err e = ERR_NONE;
	char bytes[NOTE_SIGNER_TEXT_MAX + 1];
	ssize_t len;
	int fd;

	ck_assert_int_eq(key_file_create(&f, KEY_OLD, &s, &e), 0);
	fd = open(path_of(KEY_OLD), O_RDONLY);
	ck_assert_int_eq(key_file_wipe(&f, KEY_OLD, &e), 0);
	ck_assert_int_ne(access(path_of(KEY_OLD), F_OK), 0);
	len = read(fd, bytes, sizeof(bytes));
	ck_assert_int_gt(len, 80);
	for (ssize_t i = 0; i < len; i++)
		ck_assert_int_eq(bytes[i], 0);
	close(fd);
	ck_assert_int_eq(key_file_wipe(&f, KEY_OLD, &e), 0);
	key_folder_close(&f);
}
END_TEST

START_TEST(a_key_with_two_names_keeps_its_bytes_when_one_is_wiped)
{
	struct key_folder f = open_folder();
	struct note_signer s = new_key(), back;
	struct err e = ERR_NONE;

	ck_assert_int_eq(key_file_create(&f, KEY_CURRENT, &s, &e), 0);
	ck_assert(!key_file_same(&f, KEY_CURRENT, KEY_OLD));
	ck_assert_int_eq(key_file_link(&f, KEY_CURRENT, KEY_OLD, &e), 0);
	ck_assert(key_file_same(&f, KEY_CURRENT, KEY_OLD));
	ck_assert_int_eq(key_file_wipe(&f, KEY_OLD, &e), 0);
	ck_assert_int_eq(key_file_load(&f, KEY_CURRENT, &back, &e), 0);
	ck_assert_int_eq(key_file_rename(&f, KEY_CURRENT, KEY_OLD, &e), 0);
	ck_assert_int_eq(key_file_load(&f, KEY_OLD, &back, &e), 0);
	ck_assert_mem_eq(back.seed, s.seed, NOTE_KEY_LEN);
	ck_assert_int_eq(key_file_link(&f, "absent.key", KEY_NEXT, &e), -1);
	ck_assert_int_eq(key_file_rename(&f, "absent.key", KEY_NEXT, &e), -1);
	key_folder_close(&f);
}
END_TEST

static Suite *
key_file_suite(void)
{
	Suite *s = suite_create("proof/key_file");
	TCase *t = tcase_create("key_file");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_key_comes_back_and_nobody_else_can_read_it);
	tcase_add_test(t, a_key_that_is_there_is_never_overwritten);
	tcase_add_test(t, torn_and_foreign_files_are_told_from_absent_ones);
	tcase_add_test(t, a_file_longer_than_any_key_is_no_key);
	tcase_add_test(t, loose_modes_are_refused);
	tcase_add_test(t, files_of_another_user_and_no_files_are_refused);
	tcase_add_test(t, the_folder_is_made_only_when_asked_and_never_its_parents);
	tcase_add_test(t, a_folder_in_use_is_busy);
	tcase_add_test(t, a_wiped_key_is_overwritten_and_gone);
	tcase_add_test(t, a_key_with_two_names_keeps_its_bytes_when_one_is_wiped);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(key_file_suite)
