/* What a service manager hands over and is told. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/service.h"
#include "unit.h"

static struct err e;
static struct service s;
static int manager; /* the other end */
static char folder[] = "/tmp/audit-service.XXXXXX", path[64];

static void
bind_manager(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	memcpy(at.sun_path, name, strlen(name));
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&at,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

static void
setup(void)
{
	static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID",
		"LISTEN_FDS", "LISTEN_FDNAMES" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	err_clear(&e);
	s = (struct service)SERVICE_NONE;
	manager = -1;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/notify", folder);
}

static void
teardown(void)
{
	service_close(&s);
	if (manager >= 0)
		close(manager);
	unlink(path);
	rmdir(folder);
}

/* The next datagram, "" when there is none. */
static const char *
told(void)
{
	static char text[2 * SERVICE_NOTE_MAX];
	ssize_t n = recv(manager, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
set_number(const char *name, long v)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", v);
	setenv(name, text, 1);
}

START_TEST(nobody_is_told_without_a_manager)
{
	ck_assert_int_eq(service_open(&s, &e), 0);
	ck_assert_int_eq(s.fd, -1);
	service_ready(&s);
	service_status(&s, "%d", 1);
	ck_assert_int_eq(service_alive(&s, time_steady()), -1);
	setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
	ck_assert_int_eq(service_open(&s, &e), 0);
	ck_assert_int_eq(s.fd, -1);
}
END_TEST

START_TEST(each_note_is_one_datagram)
{
	bind_manager(path);
	ck_assert_int_eq(service_open(&s, &e), 0);
	service_ready(&s);
	service_status(&s, "%d clients", 3);
	service_stopping(&s);
	ck_assert_str_eq(told(), "READY=1");
	ck_assert_str_eq(told(), "STATUS=3 clients");
	ck_assert_str_eq(told(), "STOPPING=1");
	ck_assert_str_eq(told(), "");
}
END_TEST

START_TEST(abstract_sockets_work_too)
{
	char name[64];

	snprintf(name, sizeof(name), "@audit-service-%ld", (long)getpid());
	bind_manager(name);
	ck_assert_int_eq(service_open(&s, &e), 0);
	service_ready(&s);
	ck_assert_str_eq(told(), "READY=1");
}
END_TEST

START_TEST(status_is_one_line_whatever_is_in_it)
{
	char longer[2 * SERVICE_NOTE_MAX];

	bind_manager(path);
	ck_assert_int_eq(service_open(&s, &e), 0);
	service_status(&s, "%s", "a\nREADY=1\xff\x1b[");
	ck_assert_str_eq(told(), "STATUS=a?READY=1??[");
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	service_status(&s, "%s", longer);
	ck_assert_uint_eq(strlen(told()), SERVICE_NOTE_MAX - 1);
}
END_TEST

START_TEST(manager_that_is_not_there_is_an_error)
{
	setenv("NOTIFY_SOCKET", path, 1);
	ck_assert_int_eq(service_open(&s, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "NOTIFY_SOCKET"));
	ck_assert_int_eq(s.fd, -1);
}
END_TEST

START_TEST(signs_of_life_come_at_half_the_time)
{
	bind_manager(path);
	set_number("WATCHDOG_USEC", 1000);
	set_number("WATCHDOG_PID", getpid());
	ck_assert_int_eq(service_open(&s, &e), 0);
	ck_assert_int_eq(s.watchdog, 1000);
	s.alive = 5000;
	ck_assert_int_eq(service_alive(&s, 5100), 400);
	ck_assert_str_eq(told(), "");
	ck_assert_int_eq(service_alive(&s, 5500), 500);
	ck_assert_str_eq(told(), "WATCHDOG=1");
}
END_TEST

START_TEST(watchdog_of_another_process_is_none_of_ours)
{
	bind_manager(path);
	set_number("WATCHDOG_USEC", 1000);
	set_number("WATCHDOG_PID", getpid() + 1);
	ck_assert_int_eq(service_open(&s, &e), 0);
	ck_assert_int_eq(s.watchdog, 0);
	service_close(&s);
	unsetenv("WATCHDOG_PID");
	setenv("WATCHDOG_USEC", "99999999999999999999", 1);
	ck_assert_int_eq(service_open(&s, &e), 0);
	ck_assert_int_eq(s.watchdog, 0);
}
END_TEST

/* In a child, as the numbers 3 and 4 may be in use: its status is the step
 * that went wrong. */
static int
find_sockets(void)
{
	int fd[SERVICE_FDS_MAX], way[2];

	if (pipe(way) != 0 || dup2(way[0], 3) != 3 || dup2(way[1], 4) != 4)
		return 1;
	set_number("LISTEN_PID", getpid());
	setenv("LISTEN_FDS", "2", 1);
	if (service_sockets(NULL, fd, &e) != 2 || fd[0] != 3 || fd[1] != 4)
		return 2;
	if (fcntl(3, F_GETFD) != FD_CLOEXEC)
		return 3;
	if (service_sockets("unknown", fd, &e) != 2)
		return 4;
	setenv("LISTEN_FDNAMES", "aud:audit", 1);
	if (service_sockets("audit", fd, &e) != 1 || fd[0] != 4)
		return 5;
	return service_sockets("auditor", fd, &e) != 0 ? 6 : 0;
}

START_TEST(sockets_are_found_by_their_names)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(find_sockets());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(sockets_of_another_process_are_left_alone)
{
	int fd[SERVICE_FDS_MAX];

	ck_assert_int_eq(service_sockets(NULL, fd, &e), 0);
	set_number("LISTEN_PID", getpid() + 1);
	setenv("LISTEN_FDS", "1", 1);
	ck_assert_int_eq(service_sockets(NULL, fd, &e), 0);
}
END_TEST

START_TEST(senseless_numbers_are_refused)
{
	static const char *const bad[] = { "", "x", "-1", "1 ", "65", "99999999999999999999", "60" };
	int fd[SERVICE_FDS_MAX];

	set_number("LISTEN_PID", getpid());
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&e);
		setenv("LISTEN_FDS", bad[i], 1);
		ck_assert_msg(service_sockets(NULL, fd, &e) == -1, "%s", bad[i]);
		ck_assert_int_eq(e.code, ERR_FAIL);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s1 = suite_create("cli_service");
	TCase *t = tcase_create("service");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nobody_is_told_without_a_manager);
	tcase_add_test(t, each_note_is_one_datagram);
	tcase_add_test(t, abstract_sockets_work_too);
	tcase_add_test(t, status_is_one_line_whatever_is_in_it);
	tcase_add_test(t, manager_that_is_not_there_is_an_error);
	tcase_add_test(t, signs_of_life_come_at_half_the_time);
	tcase_add_test(t, watchdog_of_another_process_is_none_of_ours);
	tcase_add_test(t, sockets_are_found_by_their_names);
	tcase_add_test(t, sockets_of_another_process_are_left_alone);
	tcase_add_test(t, senseless_numbers_are_refused);
	suite_add_tcase(s1, t);
	return s1;
}

UNIT_MAIN(suite)
