/* Lines through a socket, and answers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "event/json.h"
#include "ingest/listen.h"
#include "unit.h"

#define SOON (10 * TIME_SECOND)
#define CLIENTS_MAX 8

static char folder[] = "/tmp/audit-listen.XXXXXX", path[64];
static struct err e;
static struct listen *l;
static struct listen_options o;

/* What came, by client. */
static struct buf got[CLIENTS_MAX];
static uint64_t lines[CLIENTS_MAX], last_client, partial, passed;
static uid_t last_uid;
static pid_t last_pid;

static int
take(void *arg, const struct listen_lines *in, struct err *err)
{
	(void)arg;
	(void)err;
	ck_assert_uint_ge(in->client, 1);
	ck_assert_uint_lt(in->client, CLIENTS_MAX);
	ck_assert_uint_eq(in->chunk.first, lines[in->client] + 1);
	buf_str(&got[in->client], in->chunk.bytes);
	lines[in->client] += in->chunk.n;
	last_client = in->client;
	last_uid = in->uid;
	last_pid = in->pid;
	partial += in->chunk.partial;
	passed += in->chunk.passed;
	return 0;
}

static void
setup(void)
{
	err_clear(&e);
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	o = (struct listen_options){ .path = path, .fd = -1 };
	l = NULL;
	memset(lines, 0, sizeof(lines));
	last_client = partial = passed = 0;
}

static void
teardown(void)
{
	listen_close(l);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		buf_fini(&got[i]);
	unlink(path);
	rmdir(folder);
}

static void
start(void)
{
	l = listen_open(&o, &e);
	ck_assert_msg(l != NULL, "%s", e.text);
}

static int
dial(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(to.sun_path, path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void
send_text(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Waits for nothing. */
static enum listen_result
step(void)
{
	enum listen_result r = listen_wait(l, 0, take, NULL, &e);

	ck_assert_msg(r != LISTEN_ERROR, "%s", e.text);
	return r;
}

/* As often as there is something to do. */
static void
run(void)
{
	for (int quiet = 0; quiet < 4;)
		quiet = step() == LISTEN_WAIT ? quiet + 1 : 0;
}

/* What the client was told; "closed" behind it when that is the end. */
static const char *
told(int fd)
{
	static char text[512];
	ssize_t n = recv(fd, text, sizeof(text) - 8, MSG_DONTWAIT);
	size_t len = n > 0 ? (size_t)n : 0;

	text[len] = '\0';
	if (n == 0 || (n > 0 && recv(fd, text + len, 1, MSG_DONTWAIT | MSG_PEEK) == 0))
		strcpy(text + len, "closed");
	return text;
}

static void
came(uint64_t client, const char *text)
{
	ck_assert_uint_eq(got[client].len, strlen(text));
	ck_assert_mem_eq(got[client].p, text, got[client].len);
}

static bool
there(const char *name)
{
	struct stat sb;

	return lstat(name, &sb) == 0;
}

/* ---- Lines and answers ---- */

START_TEST(lines_come_in_order_and_are_acknowledged_when_committed)
{
	int fd;

	start();
	fd = dial();
	send_text(fd, "a\nb\nc");
	run();
	came(1, "a\nb\n");
	ck_assert_uint_eq(last_uid, geteuid());
	ck_assert_int_eq(last_pid, getpid());
	ck_assert_str_eq(told(fd), "");
	listen_committed(l, 1, 2);
	ck_assert_str_eq(told(fd), "");
	run();
	ck_assert_str_eq(told(fd), "ack 2\n");
	send_text(fd, "\n\nd\n");
	run();
	came(1, "a\nb\nc\n\nd\n");
	listen_committed(l, 1, 4);
	run();
	ck_assert_str_eq(told(fd), "ack 4\n");
	listen_committed(l, 1, 5);
	run();
	ck_assert_str_eq(told(fd), "ack 5\n");
	close(fd);
}
END_TEST

START_TEST(clients_are_kept_apart)
{
	int a, b;

	start();
	a = dial();
	b = dial();
	send_text(a, "a");
	send_text(b, "b1\n");
	run();
	send_text(a, "1\na2\n");
	run();
	came(1, "a1\na2\n");
	came(2, "b1\n");
	listen_committed(l, 2, 1);
	run();
	ck_assert_str_eq(told(b), "ack 1\n");
	ck_assert_str_eq(told(a), "");
	close(a);
	close(b);
}
END_TEST

START_TEST(refused_line_is_told_before_the_ack_that_covers_it)
{
	int fd;

	start();
	fd = dial();
	send_text(fd, "a\nb\nc\n");
	run();
	listen_nak(l, 1, 2, "not\njson\x1b\xff");
	listen_committed(l, 1, 3);
	run();
	ck_assert_str_eq(told(fd), "nak 2 not?json??\nack 3\n");
	close(fd);
}
END_TEST

START_TEST(committing_is_clamped_and_never_goes_back)
{
	int fd;

	start();
	fd = dial();
	send_text(fd, "a\nb\n");
	run();
	listen_committed(l, 1, UINT64_MAX);
	listen_committed(l, 1, 1);
	listen_committed(l, 77, 1);
	listen_nak(l, 77, 1, "x");
	run();
	ck_assert_str_eq(told(fd), "ack 2\n");
	close(fd);
}
END_TEST

START_TEST(client_that_ends_is_answered_and_then_closed)
{
	int fd;

	start();
	fd = dial();
	send_text(fd, "a\n{\"half");
	shutdown(fd, SHUT_WR);
	run();
	came(1, "a\n{\"half");
	ck_assert_uint_eq(lines[1], 2);
	ck_assert_uint_eq(partial, 1);
	ck_assert_str_eq(told(fd), "");
	listen_committed(l, 1, 2);
	run();
	ck_assert_str_eq(told(fd), "ack 2\nclosed");
	close(fd);
}
END_TEST

START_TEST(client_that_went_away_costs_no_time_and_its_lines_stay)
{
	struct listen_stats stats;
	int64_t before;
	struct rusage then, now;

	start();
	int fd = dial();
	send_text(fd, "a\n");
	run();
	send_text(fd, "b\n");
	close(fd);
	run();
	came(1, "a\nb\n");
	listen_stats(l, &stats);
	ck_assert_uint_eq(stats.clients, 1);
	ck_assert_uint_eq(stats.waiting, 2);
	/* Waiting for its commit does not spin. */
	getrusage(RUSAGE_SELF, &then);
	before = time_steady();
	ck_assert_int_eq(listen_wait(l, before + TIME_SECOND / 5, take, NULL, &e), LISTEN_WAIT);
	ck_assert_int_ge(time_steady() - before, TIME_SECOND / 5);
	getrusage(RUSAGE_SELF, &now);
	ck_assert_int_lt((now.ru_utime.tv_sec - then.ru_utime.tv_sec) * 1000000 + now.ru_utime.tv_usec -
	    then.ru_utime.tv_usec, 100000);
	listen_committed(l, 1, 2);
	run();
	listen_stats(l, &stats);
	ck_assert_uint_eq(stats.clients, 0);
	ck_assert_uint_eq(stats.waiting, 0);
}
END_TEST

/* ---- Limits ---- */

/* As many bytes of lines as the socket takes for now. */
static size_t
fill(int fd)
{
	static char block[32768];
	size_t sent = 0;
	ssize_t n;

	memset(block, 'x', sizeof(block));
	for (size_t i = 1023; i < sizeof(block); i += 1024)
		block[i] = '\n';
	while ((n = send(fd, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
		sent += (size_t)n;
	return sent;
}

START_TEST(who_is_not_committed_is_not_read_from)
{
	size_t sent = 0, more;
	int fd;

	start();
	fd = dial();
	do {
		more = fill(fd);
		sent += more;
		run();
	} while (more > 0 && sent < 4 * LISTEN_CLIENT_BYTES);
	ck_assert_uint_eq(more, 0);
	ck_assert_uint_ge(got[1].len, LISTEN_CLIENT_BYTES);
	ck_assert_uint_le(got[1].len, LISTEN_CLIENT_BYTES + GATHER_PIECE);
	listen_committed(l, 1, lines[1]);
	run();
	ck_assert_uint_gt(fill(fd), 0);
	close(fd);
}
END_TEST

/* Everything the client was told, until nothing comes. */
static void
hear(int fd, struct buf *all)
{
	ssize_t n;

	do {
		buf_reserve(all, 65536);
		n = recv(fd, all->p + all->len, 65536, MSG_DONTWAIT);
		all->len += n > 0 ? (size_t)n : 0;
		run();
	} while (n > 0);
	buf_byte(all, '\0');
}

START_TEST(who_leaves_naks_unread_is_told_how_many_were_left_out)
{
	struct buf all = { 0 };
	uint64_t naks = 0, left = 0, acked = 0;
	char why[LISTEN_REASON_MAX + 50];
	int fd;

	memset(why, 'y', sizeof(why));
	why[sizeof(why) - 1] = '\0';
	start();
	fd = dial();
	for (uint64_t taken = 0; taken < 10000; taken = lines[1]) {
		send_text(fd, "x\nx\nx\nx\nx\nx\nx\nx\nx\nx\n");
		step();
		for (; taken < lines[1]; taken++)
			listen_nak(l, 1, taken + 1, why);
		listen_committed(l, 1, lines[1]);
	}
	hear(fd, &all);
	for (const char *at = all.p; *at != '\0'; at = strchr(at, '\n') + 1) {
		naks += strncmp(at, "nak ", 4) == 0;
		(void)!sscanf(at, "left %" SCNu64, &left);
		(void)!sscanf(at, "ack %" SCNu64, &acked);
	}
	ck_assert_uint_lt(naks, 5000);
	ck_assert_uint_gt(left, 0);
	ck_assert_uint_eq(naks + left, lines[1]);
	ck_assert_uint_eq(acked, lines[1]);
	buf_fini(&all);
	close(fd);
}
END_TEST

START_TEST(who_never_reads_acks_is_read_from_all_the_same)
{
	int fd;

	start();
	fd = dial();
	for (uint64_t i = 1; i <= 20000; i++) {
		send_text(fd, "x\n");
		while (lines[1] < i)
			step();
		listen_committed(l, 1, i);
	}
	ck_assert_uint_eq(lines[1], 20000);
	close(fd);
}
END_TEST

START_TEST(lines_that_never_end_stop_nobody_else)
{
	enum { IDLERS = LISTEN_ALL_BYTES / JSON_LEN_MAX + 2 };
	static char block[32768];
	int fd[IDLERS + 1];

	o.clients = o.clients_of_uid = IDLERS + 1;
	start();
	for (int i = 0; i <= IDLERS; i++)
		fd[i] = dial();
	memset(block, 'x', sizeof(block));
	for (size_t sent = 0; sent < JSON_LEN_MAX; sent += sizeof(block))
		for (int i = 1; i <= IDLERS; i++) {
			ck_assert_int_eq(send(fd[i], block, sizeof(block), MSG_NOSIGNAL), sizeof(block));
			step();
		}
	run();
	send_text(fd[0], "a\n");
	run();
	came(1, "a\n");
	for (int i = 0; i <= IDLERS; i++)
		close(fd[i]);
}
END_TEST

START_TEST(line_that_is_too_long_is_cut)
{
	int fd;
	size_t sent = 0;

	start();
	fd = dial();
	for (int i = 0; i < 40; i++) {
		static char block[65536];
		size_t done = 0;

		memset(block, 'x', sizeof(block));
		while (done < sizeof(block)) {
			ssize_t n = send(fd, block + done, sizeof(block) - done, MSG_DONTWAIT | MSG_NOSIGNAL);

			done += n > 0 ? (size_t)n : 0;
			step();
		}
		sent += done;
	}
	send_text(fd, "\nb\n");
	run();
	ck_assert_uint_eq(lines[1], 2);
	ck_assert_uint_eq(got[1].len, GATHER_KEEP + 1 + 2);
	ck_assert_uint_eq(passed, sent - GATHER_KEEP);
	close(fd);
}
END_TEST

START_TEST(one_user_gets_no_more_connections_than_its_share)
{
	int fd[3];

	o.clients_of_uid = 2;
	start();
	for (int i = 0; i < 3; i++)
		fd[i] = dial();
	run();
	ck_assert_str_eq(told(fd[2]), "nak 0 too-many-connections\nclosed");
	ck_assert_str_eq(told(fd[0]), "");
	close(fd[0]);
	close(fd[2]);
	run();
	fd[2] = dial();
	send_text(fd[2], "a\n");
	run();
	came(3, "a\n");
	close(fd[1]);
	close(fd[2]);
}
END_TEST

START_TEST(more_clients_than_there_are_places_wait)
{
	int fd[2];

	o.clients = 1;
	start();
	fd[0] = dial();
	run();
	fd[1] = dial();
	send_text(fd[1], "b\n");
	run();
	ck_assert_uint_eq(last_client, 0);
	ck_assert_str_eq(told(fd[1]), "");
	close(fd[0]);
	run();
	came(2, "b\n");
	close(fd[1]);
}
END_TEST

START_TEST(users_who_are_not_named_are_refused)
{
	const uid_t others[] = { geteuid() + 1, geteuid() + 2 }, ours[] = { geteuid() + 1, geteuid() };
	struct listen_stats stats;
	int fd;

	o.uid = others;
	o.uids = 2;
	start();
	fd = dial();
	send_text(fd, "a\n");
	run();
	ck_assert_uint_eq(last_client, 0);
	ck_assert_str_eq(told(fd), "nak 0 not-allowed\n");
	listen_stats(l, &stats);
	ck_assert_uint_eq(stats.refused, 1);
	ck_assert_uint_eq(stats.clients, 0);
	close(fd);
	listen_close(l);
	o.uid = ours;
	start();
	fd = dial();
	send_text(fd, "a\n");
	run();
	came(1, "a\n");
	close(fd);
}
END_TEST

/* ---- Waiting and the end ---- */

START_TEST(lines_end_the_wait_before_the_deadline)
{
	int64_t before = time_steady();
	pid_t pid;

	start();
	pid = fork();
	if (pid == 0) {
		int fd = dial();

		usleep(20000);
		send_text(fd, "a\n");
		_exit(0);
	}
	ck_assert_int_eq(listen_wait(l, before + SOON, take, NULL, &e), LISTEN_LINES);
	ck_assert_int_lt(time_steady() - before, SOON / 2);
	ck_assert_int_eq(last_pid, pid);
	waitpid(pid, NULL, 0);
}
END_TEST

static void
on_signal(int number)
{
	(void)number;
}

START_TEST(signal_that_came_before_ends_the_wait)
{
	struct sigaction act = { .sa_handler = on_signal };
	sigset_t blocked, before;
	int64_t began = time_steady();

	sigaction(SIGUSR2, &act, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	o.mask = &before;
	start();
	raise(SIGUSR2);
	ck_assert_int_eq(listen_wait(l, began + SOON, take, NULL, &e), LISTEN_WAIT);
	ck_assert_int_lt(time_steady() - began, SOON / 2);
	sigprocmask(SIG_SETMASK, &before, NULL);
}
END_TEST

START_TEST(stopping_answers_what_was_taken_and_reads_no_more)
{
	int a, b;

	start();
	a = dial();
	b = dial();
	send_text(a, "a\n");
	run();
	listen_stop(l);
	ck_assert(!there(path));
	send_text(a, "b\n");
	ck_assert_int_eq(step(), LISTEN_WAIT);
	came(1, "a\n");
	ck_assert_str_eq(told(b), "closed");
	listen_committed(l, 1, 1);
	ck_assert_int_eq(step(), LISTEN_END);
	ck_assert_str_eq(told(a), "ack 1\n");
	close(a);
	close(b);
}
END_TEST

/* ---- The socket ---- */

static void
refuses(const char *why)
{
	struct listen *not = listen_open(&o, &e);

	ck_assert_ptr_null(not);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_msg(strstr(e.text, why) != NULL, "%s", e.text);
	err_clear(&e);
}

START_TEST(socket_is_for_owner_and_group_and_goes_at_the_end)
{
	struct stat sb;

	umask(027);
	start();
	ck_assert_int_eq(lstat(path, &sb), 0);
	ck_assert_int_eq(sb.st_mode & 0777, 0660);
	listen_close(l);
	l = NULL;
	ck_assert(!there(path));
}
END_TEST

START_TEST(group_of_the_socket_is_set)
{
	gid_t groups[64];
	int n = getgroups(64, groups);
	struct stat sb;

	o.has_group = true;
	o.group = n > 0 ? groups[n - 1] : getegid();
	start();
	ck_assert_int_eq(lstat(path, &sb), 0);
	ck_assert_uint_eq(sb.st_gid, o.group);
}
END_TEST

START_TEST(stale_socket_is_replaced_but_nothing_else)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *f;

	strcpy(at.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	refuses("another program listens");
	close(fd);
	start();
	listen_close(l);
	l = NULL;
	f = fopen(path, "w");
	fclose(f);
	refuses("is no socket");
	ck_assert(there(path));
	unlink(path);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	refuses("is no socket");
}
END_TEST

START_TEST(socket_of_another_is_not_removed)
{
	struct listen *first;

	start();
	first = l;
	unlink(path);
	start();
	listen_close(first);
	ck_assert(there(path));
}
END_TEST

START_TEST(path_has_a_limit)
{
	char longer[200];

	memset(longer, 'x', sizeof(longer));
	memcpy(longer, folder, strlen(folder));
	longer[strlen(folder)] = '/';
	longer[108] = '\0';
	o.path = longer;
	refuses("too long");
	longer[107] = '\0';
	start();
	listen_close(l);
	l = NULL;
	o.path = "";
	refuses("needs a path");
}
END_TEST

START_TEST(socket_that_was_handed_over_is_checked_and_stays)
{
	int way[2], fd;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, way), 0);
	o.path = NULL;
	o.fd = way[0];
	refuses("no listening");
	close(way[1]);

	struct sockaddr_un at = { .sun_family = AF_UNIX };

	strcpy(at.sun_path, path);
	o.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(o.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(o.fd, 1), 0);
	start();
	fd = dial();
	send_text(fd, "a\n");
	run();
	came(1, "a\n");
	close(fd);
	listen_close(l);
	l = NULL;
	ck_assert(there(path));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("ingest_listen");
	TCase *t = tcase_create("listen");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lines_come_in_order_and_are_acknowledged_when_committed);
	tcase_add_test(t, clients_are_kept_apart);
	tcase_add_test(t, refused_line_is_told_before_the_ack_that_covers_it);
	tcase_add_test(t, committing_is_clamped_and_never_goes_back);
	tcase_add_test(t, client_that_ends_is_answered_and_then_closed);
	tcase_add_test(t, client_that_went_away_costs_no_time_and_its_lines_stay);
	tcase_add_test(t, who_is_not_committed_is_not_read_from);
	tcase_add_test(t, who_leaves_naks_unread_is_told_how_many_were_left_out);
	tcase_add_test(t, who_never_reads_acks_is_read_from_all_the_same);
	tcase_add_test(t, lines_that_never_end_stop_nobody_else);
	tcase_add_test(t, line_that_is_too_long_is_cut);
	tcase_add_test(t, one_user_gets_no_more_connections_than_its_share);
	tcase_add_test(t, more_clients_than_there_are_places_wait);
	tcase_add_test(t, users_who_are_not_named_are_refused);
	tcase_add_test(t, lines_end_the_wait_before_the_deadline);
	tcase_add_test(t, signal_that_came_before_ends_the_wait);
	tcase_add_test(t, stopping_answers_what_was_taken_and_reads_no_more);
	tcase_add_test(t, socket_is_for_owner_and_group_and_goes_at_the_end);
	tcase_add_test(t, group_of_the_socket_is_set);
	tcase_add_test(t, stale_socket_is_replaced_but_nothing_else);
	tcase_add_test(t, socket_of_another_is_not_removed);
	tcase_add_test(t, path_has_a_limit);
	tcase_add_test(t, socket_that_was_handed_over_is_checked_and_stays);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
