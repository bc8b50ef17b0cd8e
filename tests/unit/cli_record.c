/* Records about the toolkit's own doing are canonical events. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "unit.h"

/* The canonical line of a record, as the store would give it back. */
static void
check_record(const char *context, const char *begins)
{
	static const struct event_policy policy = { .stored = true, .assume_now = TIME_NONE };
	struct arena a = { 0 };
	struct json_tape tape = { 0 };
	struct buf line = { 0 }, again = { 0 };
	struct event ev, back;
	struct operator_info who;
	const char *detail;

	cli_operator(&who);
	cli_record(&ev, &who, "audit.export", str_of(context), &a);
	event_format(&line, &ev);
	ck_assert_int_eq(event_parse(&back, line.p, line.len, &policy, &tape, &a, &detail), EVENT_OK);
	event_format(&again, &back);
	ck_assert(str_eq(buf_view(&line), buf_view(&again)));
	ck_assert(str_eq(back.v[FIELD_SOURCE], STR(EVENT_RESERVED_SOURCE)));
	ck_assert(str_eq(back.v[FIELD_ACTION], STR("audit.export")));
	ck_assert_int_eq(back.time, back.ingested);
	ck_assert_uint_ge(back.v[FIELD_CONTEXT].len, strlen(begins));
	ck_assert_int_eq(memcmp(back.v[FIELD_CONTEXT].p, begins, strlen(begins)), 0);
	buf_fini(&line);
	buf_fini(&again);
	json_tape_fini(&tape);
	arena_fini(&a);
}

START_TEST(a_record_reads_back_as_it_was)
{
	check_record("{\"count\":1,\"filter\":\"a \\\"b\\\"\"}", "{\"count\":1,\"filter\":\"a \\\"b\\\"\"");
	check_record("{}", "{");
}
END_TEST

START_TEST(the_operator_is_in_it)
{
	setenv("SUDO_USER", "al\"ice", 1);
	check_record("{}", "{");
	setenv("SUDO_USER", "\xff\xfe", 1); /* no UTF-8: left out */
	check_record("{\"a\":1}", "{\"a\":1");
	unsetenv("SUDO_USER");
}
END_TEST

static bool
says(void (*make)(struct event *ev, const struct operator_info *who, const char *action, struct str context,
    struct arena *a), const char *what)
{
	struct operator_info who;
	struct arena a = { 0 };
	struct buf line = { 0 };
	struct event ev;
	bool found;

	cli_operator(&who);
	make(&ev, &who, "audit.export", STR("{}"), &a);
	event_format(&line, &ev);
	found = memmem(line.p, line.len, what, strlen(what)) != NULL;
	buf_fini(&line);
	arena_fini(&a);
	return found;
}

START_TEST(a_nameless_record_has_numbers_only)
{
	char uid[32];

	setenv("SUDO_USER", "alice", 1);
	snprintf(uid, sizeof(uid), "\"uid:%u\"", (unsigned)getuid());
	ck_assert(says(cli_record, "actor_name"));
	ck_assert(!says(cli_record_nameless, "actor_name"));
	ck_assert(!says(cli_record_nameless, "alice"));
	ck_assert(says(cli_record_nameless, uid));
	ck_assert(says(cli_record_nameless, "\"host\""));
	unsetenv("SUDO_USER");
}
END_TEST

/* Whether it holds in a process of its own: what it does to the user, the
 * session and the standard streams is not to be undone. */
static bool
holds_apart(bool (*what)(void))
{
	pid_t child;
	int status = -1;

	fflush(NULL);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(what() ? 0 : 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
sudo_is_believed_by_root_alone(void)
{
	struct operator_info o;

	setenv("SUDO_USER", "mallory", 1);
	setenv("SUDO_UID", "4294967294", 1);
	cli_operator(&o);
	if (getuid() != 0)
		return strcmp(o.sudo_user, "") == 0;
	if (strcmp(o.sudo_user, "mallory") != 0 || setresuid(65534, 65534, 65534) != 0)
		return false;
	cli_operator(&o);
	return o.uid == 65534 && strcmp(o.sudo_user, "") == 0;
}

/* Anyone can set the variables: they are told when root has them, or when they
 * agree with who logged in. */
START_TEST(sudo_is_not_believed_without_reason)
{
	ck_assert(holds_apart(sudo_is_believed_by_root_alone));
}
END_TEST

static void
close_streams(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
}

static bool
no_terminal_is_named(void)
{
	struct operator_info o;

	close_streams();
	if (setsid() < 0 && getsid(0) != getpid())
		return false;
	cli_operator(&o);
	return strcmp(o.terminal, "") == 0;
}

/* A session of its own has no controlling terminal: as cron and systemd start
 * programs. */
START_TEST(without_a_terminal_there_is_none)
{
	ck_assert(holds_apart(no_terminal_is_named));
}
END_TEST

static bool
own_terminal_is_named(void)
{
	int leader = posix_openpt(O_RDWR | O_NOCTTY), follower;
	struct operator_info o;
	char name[64];

	if (leader < 0 || grantpt(leader) != 0 || unlockpt(leader) != 0 || ptsname_r(leader, name, sizeof(name)) != 0 ||
	    setsid() < 0 || (follower = open(name, O_RDWR)) < 0 || ioctl(follower, TIOCSCTTY, 0) != 0)
		return true; /* no terminals here */
	close_streams();
	cli_operator(&o);
	return strcmp(o.terminal, name) == 0;
}

/* The same terminal, whatever became of the standard streams. */
START_TEST(the_controlling_terminal_is_named)
{
	ck_assert(holds_apart(own_terminal_is_named));
}
END_TEST

START_TEST(quoted_text_is_always_json)
{
	struct buf out = { 0 };
	struct json_tape tape = { 0 };
	struct json_error fault;

	cli_quote(&out, STR("/srv/\xff\"\n"));
	ck_assert_int_eq(json_scan(&tape, out.p, out.len, &fault), 0);
	json_tape_fini(&tape);
	buf_fini(&out);
}
END_TEST

static Suite *
record_suite(void)
{
	Suite *s = suite_create("record");
	TCase *c = tcase_create("record");

	tcase_add_test(c, a_record_reads_back_as_it_was);
	tcase_add_test(c, the_operator_is_in_it);
	tcase_add_test(c, a_nameless_record_has_numbers_only);
	tcase_add_test(c, sudo_is_not_believed_without_reason);
	tcase_add_test(c, without_a_terminal_there_is_none);
	tcase_add_test(c, the_controlling_terminal_is_named);
	tcase_add_test(c, quoted_text_is_always_json);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(record_suite)
