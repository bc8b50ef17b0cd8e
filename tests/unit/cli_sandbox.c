/* What a restricted process can do no longer, tried from inside: each test
 * restricts a child and looks at what it says. */
#include "cli/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "store/store.h"
#include "unit.h"

#define CANNOT_ENTER 120

static struct sandbox s;
static struct sandbox_state have;
static struct err e;
static char folder[] = "/tmp/audit-sandbox.XXXXXX", db[64], inside[64];

static void
setup(void)
{
	sandbox_available(&have);
	err_clear(&e);
	s = (struct sandbox){ 0 };
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(db, sizeof(db), "%s/events.db", folder);
	snprintf(inside, sizeof(inside), "%s/inside", folder);
}

static void
teardown(void)
{
	sandbox_fini(&s);
	unlink(db);
	unlink(inside);
	rmdir(folder);
}

/* How `act` ends in a child that has entered the sandbox: 0, or an errno. */
static int
try(int (*act)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		struct sandbox_state now;

		if (sandbox_enter(&s, &now, &e) != 0)
			_exit(CANNOT_ENTER);
		errno = 0;
		_exit(act() == 0 ? 0 : errno);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static bool
is_denied(int how)
{
	return how == EPERM || how == EACCES;
}

static int
open_and_close(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	return fd < 0 ? -1 : close(fd);
}

/* ---- Acts ---- */

static int
nothing(void)
{
	return 0;
}

static int
read_passwd(void)
{
	return open_and_close("/etc/passwd", O_RDONLY);
}

static int
read_root(void)
{
	return open_and_close("/", O_RDONLY | O_DIRECTORY);
}

static int
write_inside(void)
{
	return open_and_close(inside, O_WRONLY | O_CREAT);
}

static int
write_outside(void)
{
	return open_and_close("/tmp/audit-sandbox-outside", O_WRONLY | O_CREAT);
}

static int
cut(const char *path)
{
	return open_and_close(path, O_WRONLY | O_TRUNC);
}

static int
write_and_remove(void)
{
	char other[80];

	snprintf(other, sizeof(other), "%s.new", inside);
	return write_inside() != 0 || cut(inside) != 0 || rename(inside, other) != 0 ? -1 : unlink(other);
}

static int
move_up(void)
{
	char below[80], other[96];

	snprintf(below, sizeof(below), "%s/below", folder);
	snprintf(other, sizeof(other), "%s/file", below);
	return mkdir(below, 0700) != 0 || open_and_close(other, O_WRONLY | O_CREAT) != 0 ||
	    rename(other, inside) != 0 ? -1 : rmdir(below);
}

static int
read_inside(void)
{
	return open_and_close(inside, O_RDONLY);
}

static int
remove_inside(void)
{
	return unlink(inside);
}

static int
make_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return fd < 0 ? -1 : close(fd);
}

static int
make_internet_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? -1 : close(fd);
}

static int
start_program(void)
{
	char *argv[] = { (char[]){ "true" }, NULL };

	return execv("/bin/true", argv);
}

static int
make_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : 0;
}

/* Its flags cannot be seen by the filter, so there must be no such call. */
static int
make_any(void)
{
	return syscall(SYS_clone3, NULL, (size_t)0) < 0 ? -1 : 0;
}

static int
trace_parent(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0 ? 0 : -1;
}

static int
signal_parent(void)
{
	return kill(getppid(), 0);
}

static int
type_into_terminal(void)
{
	return ioctl(0, TIOCSTI, "x");
}

static void *
thread(void *arg)
{
	return arg;
}

static int
make_thread(void)
{
	pthread_t t;
	int rc = pthread_create(&t, NULL, thread, NULL);

	errno = rc;
	return rc != 0 ? -1 : pthread_join(t, NULL);
}

static int
abort_itself(void)
{
	signal(SIGABRT, SIG_DFL);
	abort();
}

static int
read_store(void)
{
	struct store *st = store_open(db, STORE_READ, &e);

	store_close(st);
	return st != NULL ? 0 : (errno = EIO, -1);
}

static int
write_store(void)
{
	struct store *st = store_open(db, STORE_WRITE, &e);
	struct arena a = { 0 };
	struct event ev;
	uint64_t seq;
	int rc = -1;

	cli_record(&ev, &(struct operator_info){ .uid = 1 }, "audit.test", STR("{}"), &a);
	if (st != NULL)
		rc = store_record(st, &ev, &seq, &e);
	store_close(st);
	arena_fini(&a);
	return rc == 0 ? 0 : (errno = EIO, -1);
}

/* ---- Tests ---- */

START_TEST(words_of_the_configuration_are_modes)
{
	enum sandbox_mode mode = SANDBOX_OFF;

	ck_assert_int_eq(sandbox_mode_parse(STR("auto"), &mode), 0);
	ck_assert_int_eq(mode, SANDBOX_AUTO);
	ck_assert_int_eq(sandbox_mode_parse(STR("required"), &mode), 0);
	ck_assert_int_eq(mode, SANDBOX_REQUIRED);
	ck_assert_int_eq(sandbox_mode_parse(STR("off"), &mode), 0);
	ck_assert_int_eq(mode, SANDBOX_OFF);
	ck_assert_int_eq(sandbox_mode_parse(STR("on"), &mode), -1);
	ck_assert_int_eq(sandbox_mode_parse(STR("requiredx"), &mode), -1);
}
END_TEST

START_TEST(off_leaves_everything_open)
{
	s.mode = SANDBOX_OFF;
	ck_assert_int_eq(try(read_passwd), 0);
	ck_assert_int_eq(try(make_socket), 0);
	ck_assert_int_eq(try(make_process), 0);
}
END_TEST

START_TEST(paths_that_were_not_named_are_closed)
{
	if (have.landlock == 0)
		return;
	ck_assert(is_denied(try(read_passwd)));
	ck_assert(is_denied(try(read_root)));
	s.profile = SANDBOX_INGEST;
	ck_assert_int_eq(sandbox_allow(&s, folder, SANDBOX_WRITE, &e), 0);
	ck_assert(is_denied(try(read_passwd)));
	ck_assert(is_denied(try(write_outside)));
	ck_assert_int_eq(try(write_and_remove), 0);
}
END_TEST

START_TEST(files_are_moved_between_folders)
{
	s.profile = SANDBOX_WRITER;
	s.moves = true;
	ck_assert_int_eq(sandbox_allow(&s, folder, SANDBOX_WRITE, &e), 0);
	ck_assert_int_eq(try(move_up), 0);
}
END_TEST

START_TEST(folder_to_read_is_not_written)
{
	ck_assert_int_eq(write_inside(), 0);
	ck_assert_int_eq(sandbox_allow(&s, folder, SANDBOX_READ, &e), 0);
	ck_assert_int_eq(try(read_inside), 0);
	if (have.landlock > 0 || have.seccomp)
		ck_assert(is_denied(try(write_inside)));
	/* By its paths alone, whatever the system calls. */
	s.profile = SANDBOX_WRITER;
	if (have.landlock > 0) {
		ck_assert(is_denied(try(write_inside)));
		ck_assert(is_denied(try(remove_inside)));
	}
}
END_TEST

START_TEST(reader_opens_nothing_for_writing_whatever_the_path)
{
	if (!have.seccomp)
		return;
	ck_assert_int_eq(write_inside(), 0);
	ck_assert_int_eq(sandbox_allow(&s, folder, SANDBOX_WRITE, &e), 0);
	ck_assert_int_eq(try(write_inside), 0);
	s.profile = SANDBOX_READER;
	ck_assert_int_eq(try(write_inside), EPERM);
	ck_assert_int_eq(try(remove_inside), EPERM);
	ck_assert_int_eq(try(read_inside), 0);
}
END_TEST

START_TEST(folder_to_remove_from_is_not_read)
{
	if (have.landlock == 0)
		return;
	ck_assert_int_eq(write_inside(), 0);
	ck_assert_int_eq(sandbox_allow(&s, folder, SANDBOX_REMOVE, &e), 0);
	ck_assert(is_denied(try(read_inside)));
	ck_assert(is_denied(try(write_inside)));
	ck_assert_int_eq(try(remove_inside), 0);
}
END_TEST

START_TEST(no_profile_makes_sockets_or_starts_programs)
{
	if (!have.seccomp)
		return;
	for (int p = SANDBOX_READER; p <= SANDBOX_INGEST; p++) {
		s.profile = (enum sandbox_profile)p;
		ck_assert_int_eq(try(make_socket), EPERM);
		ck_assert_int_eq(try(make_internet_socket), EPERM);
		ck_assert(is_denied(try(start_program)));
		ck_assert_int_eq(try(make_process), EPERM);
		ck_assert_int_eq(try(make_any), ENOSYS);
		ck_assert_int_eq(try(trace_parent), EPERM);
		ck_assert_int_eq(try(signal_parent), EPERM);
		ck_assert_int_eq(try(type_into_terminal), EPERM);
	}
}
END_TEST

START_TEST(threads_and_abort_still_work)
{
	for (int p = SANDBOX_READER; p <= SANDBOX_INGEST; p++) {
		s.profile = (enum sandbox_profile)p;
		ck_assert_int_eq(try(nothing), 0);
		ck_assert_int_eq(try(make_thread), 0);
		ck_assert_int_eq(try(abort_itself), -SIGABRT);
	}
}
END_TEST

START_TEST(reader_reads_its_store_and_writer_writes_it)
{
	struct store *st = store_open(db, STORE_CREATE, &e);

	ck_assert_msg(st != NULL, "%s", e.text);
	store_close(st);
	ck_assert_int_eq(sandbox_allow_store(&s, db, &e), 0);
	ck_assert_int_eq(try(read_store), 0);
	ck_assert(have.landlock == 0 || try(write_store) != 0);
	sandbox_fini(&s);
	s.profile = SANDBOX_WRITER;
	ck_assert_int_eq(sandbox_allow_store(&s, db, &e), 0);
	ck_assert_int_eq(try(write_store), 0);
}
END_TEST

START_TEST(missing_path_is_fine_for_reading_only)
{
	ck_assert_int_eq(sandbox_allow(&s, inside, SANDBOX_READ, &e), 0);
	ck_assert_int_eq(try(nothing), 0);
	if (have.landlock == 0)
		return;
	ck_assert_int_eq(sandbox_allow(&s, inside, SANDBOX_WRITE, &e), 0);
	ck_assert_int_eq(try(nothing), CANNOT_ENTER);
}
END_TEST

START_TEST(required_needs_all_of_it)
{
	bool all = have.no_new_privs && have.landlock > 0 && have.seccomp;

	s.mode = SANDBOX_REQUIRED;
	ck_assert_int_eq(try(nothing), all ? 0 : CANNOT_ENTER);
}
END_TEST

/* A child without what `required` insists on: a sandbox inside a sandbox. */
static int
enter_again(void)
{
	struct sandbox_state now;

	s.mode = SANDBOX_REQUIRED;
	if (sandbox_enter(&s, &now, &e) == 0 || e.code != ERR_FAIL || strstr(e.text, "required") == NULL)
		return 0;
	s.mode = SANDBOX_AUTO;
	err_clear(&e);
	errno = sandbox_enter(&s, &now, &e) == 0 ? ENOSYS : EIO;
	return -1;
}

START_TEST(where_it_cannot_be_had_auto_goes_on_and_required_refuses)
{
	if (have.seccomp)
		ck_assert_int_eq(try(enter_again), ENOSYS);
}
END_TEST

static void *
wait_for_ever(void *arg)
{
	pause();
	return arg;
}

START_TEST(threads_that_are_there_already_are_an_error)
{
	struct sandbox_state now;
	pid_t pid = fork();
	pthread_t t;
	int status;

	if (pid == 0) {
		if (pthread_create(&t, NULL, wait_for_ever, NULL) != 0)
			_exit(2);
		_exit(sandbox_enter(&s, &now, &e) == -1 && strstr(e.text, "too late") ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

START_TEST(number_of_paths_has_a_limit)
{
	for (size_t i = 0; i < SANDBOX_PATHS_MAX; i++)
		ck_assert_int_eq(sandbox_allow(&s, "/", SANDBOX_READ, &e), 0);
	ck_assert_int_eq(sandbox_allow(&s, "/", SANDBOX_READ, &e), -1);
}
END_TEST

START_TEST(state_is_described_in_words)
{
	struct sandbox_state all = { .no_new_privs = true, .landlock = 7, .seccomp = true }, none = { 0 };
	struct buf text = { 0 };

	sandbox_describe(&text, &all);
	buf_byte(&text, '|');
	sandbox_describe(&text, &none);
	buf_byte(&text, '\0');
	ck_assert_str_eq(text.p, "Landlock (ABI 7), seccomp, no_new_privs|none");
	buf_fini(&text);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s1 = suite_create("cli_sandbox");
	TCase *t = tcase_create("sandbox");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, words_of_the_configuration_are_modes);
	tcase_add_test(t, off_leaves_everything_open);
	tcase_add_test(t, paths_that_were_not_named_are_closed);
	tcase_add_test(t, files_are_moved_between_folders);
	tcase_add_test(t, folder_to_read_is_not_written);
	tcase_add_test(t, reader_opens_nothing_for_writing_whatever_the_path);
	tcase_add_test(t, folder_to_remove_from_is_not_read);
	tcase_add_test(t, no_profile_makes_sockets_or_starts_programs);
	tcase_add_test(t, threads_and_abort_still_work);
	tcase_add_test(t, reader_reads_its_store_and_writer_writes_it);
	tcase_add_test(t, missing_path_is_fine_for_reading_only);
	tcase_add_test(t, required_needs_all_of_it);
	tcase_add_test(t, where_it_cannot_be_had_auto_goes_on_and_required_refuses);
	tcase_add_test(t, threads_that_are_there_already_are_an_error);
	tcase_add_test(t, number_of_paths_has_a_limit);
	tcase_add_test(t, state_is_described_in_words);
	suite_add_tcase(s1, t);
	return s1;
}

UNIT_MAIN(suite)
