/* auditd_event: what the records of an event become. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "auditd_log.h"

static struct buf out;

#define HEAD(type) "type=" type " msg=audit(1700000000.123:77): "
#define CALL(rest) HEAD("SYSCALL") "arch=c000003e " rest "\n"
#define IDS " pid=9 ppid=8 auid=1000 uid=0 ses=3 tty=pts0 comm=\"c\" exe=\"/bin/c\" key=(null)"

/* The event without what all of these have in common. */
static void
expect(const char *log, const char *want)
{
	static const char start[] = "{\"id\":\"1700000000.123:77\",\"time\":\"2023-11-14T22:13:20.123000Z\",";

	log_read(log, strlen(log), &out);
	buf_byte(&out, '\0');
	ck_assert_msg(strncmp(out.p, start, sizeof(start) - 1) == 0, "%s", out.p);
	out.p[out.len - 2] = '\0';
	ck_assert_str_eq(out.p + sizeof(start) - 1, want);
	buf_reset(&out);
}

/* That these texts are in the event (NULL ends them), and "!text" is not. */
static void
expect_parts(const char *log, const char *const *part)
{
	struct event ev;
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };
	const char *detail;

	log_read(log, strlen(log), &out);
	ck_assert_int_eq(event_parse(&ev, out.p, out.len - 1, &event_stored, &tape, &arena, &detail), EVENT_OK);
	buf_byte(&out, '\0');
	for (; *part != NULL; part++)
		if ((*part)[0] == '!')
			ck_assert_msg(strstr(out.p, *part + 1) == NULL, "%s in %s", *part + 1, out.p);
		else
			ck_assert_msg(strstr(out.p, *part) != NULL, "%s not in %s", *part, out.p);
	json_tape_fini(&tape);
	arena_fini(&arena);
	buf_reset(&out);
}

#define PARTS(log, ...) expect_parts(log, (const char *const[]){ __VA_ARGS__, NULL })

START_TEST(execution_becomes_an_event_with_all_its_records)
{
	expect(CALL("syscall=59 success=yes exit=0 a0=1 items=1 ppid=8 pid=9 auid=1000 uid=0 euid=0 tty=pts0 "
	       "ses=3 comm=\"ls\" exe=\"/bin/ls\" key=\"exec\"\x1d" "AUID=\"amy\" UID=\"root\"")
	    HEAD("EXECVE") "argc=2 a0=\"ls\" a1=2D6C20782079\n"
	    HEAD("CWD") " cwd=\"/home\"\n"
	    HEAD("PATH") "item=0 name=\"/bin/ls\" inode=12 mode=0100755 ouid=0 nametype=NORMAL\n"
	    HEAD("PROCTITLE") "proctitle=6C73002D6C20782079\n",
	    "\"channel\":\"exec\",\"category\":\"SYSTEM\",\"action\":\"process.execute\",\"severity\":\"info\","
	    "\"outcome\":\"success\",\"actor_id\":\"uid:1000\",\"actor_type\":\"user\",\"actor_name\":\"amy\","
	    "\"effective_id\":\"uid:0\",\"session_id\":\"3\",\"device\":\"pts0\",\"target_type\":\"program\","
	    "\"target_path\":\"/bin/ls\",\"method\":\"execve\",\"context\":{\"serial\":77,\"type\":\"SYSCALL\","
	    "\"exe\":\"/bin/ls\",\"comm\":\"ls\",\"command\":\"ls -l x y\",\"cwd\":\"/home\",\"pid\":9,\"ppid\":8,"
	    "\"arch\":\"x86_64\",\"exit\":0,\"keys\":[\"exec\"],\"records\":["
	    "{\"type\":\"SYSCALL\",\"arch\":\"c000003e\",\"syscall\":59,\"success\":\"yes\",\"exit\":0,\"a0\":\"1\","
	    "\"items\":1,\"ppid\":8,\"pid\":9,\"auid\":1000,\"uid\":0,\"euid\":0,\"tty\":\"pts0\",\"ses\":3,"
	    "\"comm\":\"ls\",\"exe\":\"/bin/ls\",\"key\":\"exec\",\"AUID\":\"amy\",\"UID\":\"root\"},"
	    "{\"type\":\"EXECVE\",\"argc\":2,\"args\":[\"ls\",\"-l x y\"]},"
	    "{\"type\":\"CWD\",\"cwd\":\"/home\"},"
	    "{\"type\":\"PATH\",\"item\":0,\"name\":\"/bin/ls\",\"inode\":12,\"mode\":\"0100755\",\"ouid\":0,"
	    "\"nametype\":\"NORMAL\"},"
	    "{\"type\":\"PROCTITLE\",\"proctitle\":\"ls -l x y\"}]}}");
}
END_TEST

START_TEST(failed_login_tells_who_was_tried_from_where)
{
	PARTS(HEAD("USER_LOGIN") "pid=1 uid=0 auid=4294967295 ses=4294967295 msg='op=login "
	      "acct=28696E76616C6964207573657229 exe=\"/usr/sbin/sshd\" "
	      "hostname=? addr=192.0.2.9 terminal=sshd res=failed'\n",
	    "\"category\":\"AUTHENTICATION\",\"action\":\"user.login\","
	    "\"severity\":\"warning\",\"outcome\":\"failure\"",
	    "\"actor_type\":\"anonymous\"", "!actor_id", "!session_id", "\"target_type\":\"account\"",
	    "\"target_name\":\"(invalid user)\"", "\"ip\":\"192.0.2.9\"", "\"device\":\"sshd\"");
}
END_TEST

START_TEST(outcome_is_never_guessed)
{
	PARTS(CALL("syscall=2 success=no exit=-13" IDS), "\"outcome\":\"failure\",", "\"error_code\":\"EACCES\"");
	PARTS(CALL("syscall=2 success=no exit=-9999" IDS), "\"outcome\":\"failure\",", "!error_code");
	PARTS(CALL("syscall=60 exit=0" IDS), "\"outcome\":\"unknown\"");
	PARTS(HEAD("SERVICE_START") "pid=1 msg='unit=cron res=1'\n", "\"outcome\":\"success\"",
	    "\"target_type\":\"service\",\"target_name\":\"cron\"");
	PARTS(HEAD("SERVICE_START") "pid=1 msg='unit=cron res=perhaps'\n", "\"outcome\":\"unknown\"");
	PARTS(HEAD("AVC") "avc:  denied  { read } for  pid=9 name=\"x\"\n", "\"outcome\":\"failure\"",
	    "\"severity\":\"warning\"", "\"text\":\"avc: denied { read } for\"");
	PARTS(HEAD("AVC") "apparmor=\"ALLOWED\" operation=\"open\"\n", "\"outcome\":\"success\"",
	    "\"severity\":\"info\"", "\"op\":\"open\"");
}
END_TEST

START_TEST(own_record_stands_against_the_call_beside_it)
{
	PARTS(HEAD("LOGIN") "pid=9 uid=0 old-auid=4294967295 auid=1000 old-ses=4294967295 ses=3 res=0\n"
	      CALL("syscall=1 success=yes exit=4" IDS),
	    "\"action\":\"session.assign\"", "\"outcome\":\"failure\"", "\"method\":\"write\"", "\"type\":\"LOGIN\",");
	PARTS(CALL("syscall=16 success=yes exit=0" IDS)
	      HEAD("ANOM_PROMISCUOUS") "dev=eth0 prom=256 old_prom=0 auid=1000\n",
	    "\"action\":\"network.promiscuous\",\"severity\":\"warning\"", "\"target_name\":\"eth0\"");
	/* Of others the first. */
	PARTS(CALL("syscall=80 success=yes" IDS) HEAD("CWD") "cwd=\"/a\"\n" HEAD("CWD") "cwd=\"/b\"\n",
	    "\"cwd\":\"/a\",\"pid\"", "!\"cwd\":\"/b\",\"pid\"");
}
END_TEST

#define ITEM(name, nametype) HEAD("PATH") "item=0 name=\"" name "\" nametype=" nametype "\n"

START_TEST(target_is_what_the_call_was_about)
{
	PARTS(CALL("syscall=82 success=yes items=4" IDS) HEAD("CWD") "cwd=\"/etc\"\n" ITEM("/etc/", "PARENT")
	      ITEM("new", "CREATE") ITEM("./old", "DELETE"),
	    "\"action\":\"file.rename\"", "\"target_path\":\"/etc/old\"", "\"missing\":[\"paths\"]");
	PARTS(CALL("syscall=257 success=yes items=2" IDS) ITEM("/tmp", "PARENT") ITEM("/tmp/x", "CREATE"),
	    "\"category\":\"FILE_MODIFICATION\",\"action\":\"file.create\"", "\"target_path\":\"/tmp/x\"", "!missing");
	PARTS(CALL("syscall=257 success=yes items=1" IDS) ITEM("/tmp/x", "NORMAL"),
	    "\"category\":\"FILE_ACCESS\",\"action\":\"file.open\"", "\"target_type\":\"file\"");
	PARTS(CALL("syscall=62 success=yes items=0" IDS) HEAD("OBJ_PID") "opid=55 ocomm=\"v\"\n",
	    "\"action\":\"process.signal\"", "\"target_type\":\"process\",\"target_id\":\"55\"");
}
END_TEST

START_TEST(address_is_an_origin_only_when_the_peer_came)
{
#define SADDR HEAD("SOCKADDR") "saddr=020000500A0000070000000000000000\n"
	PARTS(CALL("syscall=43 success=yes" IDS) SADDR, "\"ip\":\"10.0.0.7\"", "\"action\":\"network.accept\"");
	PARTS(CALL("syscall=42 success=yes" IDS) SADDR, "!\"ip\":", "\"target_id\":\"10.0.0.7:80\"",
	    "\"address\":\"10.0.0.7\",\"port\":80");
#undef SADDR
}
END_TEST

START_TEST(arguments_are_put_together_from_their_slices)
{
	PARTS(HEAD("EXECVE") "argc=3 a0=\"x\" a2_len=8 a2[1]=4344 a2[0]=4142\n" HEAD("CWD") "cwd=\"/\"\n"
	      HEAD("EXECVE") "a1=\"one\"\n" CALL("syscall=59 success=yes" IDS),
	    "\"args\":[\"x\",\"one\",\"ABCD\"]", "!missing", "\"command\":\"x one ABCD\"");
	/* Lost: the second slice, and an argument. */
	PARTS(CALL("syscall=59 success=yes" IDS) HEAD("EXECVE") "argc=3 a0=\"x\" a2_len=8 a2[0]=4142\n",
	    "\"args\":[\"x\",null,\"AB\"]", "\"missing\":[\"arguments\"]");
	PARTS(CALL("syscall=59 success=yes" IDS) HEAD("EXECVE") "argc=2 a0=\"x\" a1=FF00\n",
	    "\"args\":[\"x\",{\"hex\":\"ff00\"}]");
}
END_TEST

START_TEST(values_keep_their_bytes)
{
	PARTS(CALL("syscall=59 success=yes exe=2F7372762F6120622063 comm=FF41 key=6101620163 a0=10 fd=007 n=-5 "
	      "big=99999999999999999999"),
	    "\"exe\":\"/srv/a b c\"", "\"comm_hex\":\"FF41\"", "\"channel\":\"a\"", "\"keys\":[\"a\",\"b\",\"c\"]",
	    "\"key\":\"a\\u0001b\\u0001c\"", "\"a0\":\"10\"", "\"fd\":\"007\"", "\"n\":-5",
	    "\"big\":99999999999999999999");
}
END_TEST

START_TEST(names_that_come_twice_are_numbered)
{
	PARTS(HEAD("USER_CMD") "pid=1 type=a pid=2 pid=3 auid=5 msg='res=1'\n",
	    "{\"type\":\"USER_CMD\",\"pid\":1,\"type_2\":\"a\",\"pid_2\":2,\"pid_3\":3,");
	PARTS(HEAD("LOGIN") "login pid=1 uid=0 old auid=4294967295 new auid=7 old ses=1 new ses=2\n",
	    "\"old-auid\":4294967295,\"auid\":7,\"old-ses\":1,\"ses\":2,\"text\":\"login\"",
	    "\"actor_id\":\"uid:7\"", "\"session_id\":\"2\"");
}
END_TEST

START_TEST(more_pairs_than_there_are_names_for_are_kept)
{
	struct buf log = { 0 };

	buf_str(&log, STR(HEAD("USER_CMD")));
	for (int i = 0; i < 1000; i++)
		buf_printf(&log, "n%d=%d ", i, i);
	buf_str(&log, STR("\n"));
	buf_byte(&log, '\0');
	PARTS(log.p, "\"n0\":0", "\"rest\":\"", "n999=999");
	buf_fini(&log);
}
END_TEST

START_TEST(type_that_nobody_knows_is_an_event)
{
	PARTS("type=UNKNOWN[1999] msg=audit(1700000000.123:77): a=1\n", "\"action\":\"record.unknown[1999]\"",
	    "\"category\":\"SYSTEM\"", "{\"type\":\"UNKNOWN[1999]\",\"a\":1}");
	PARTS(CALL("syscall=1000" IDS), "\"action\":\"syscall.1000\"", "\"method\":\"1000\"");
	PARTS(HEAD("SYSCALL") "arch=c000003e syscall=1000\x1d" "SYSCALL=new_call\n", "\"method\":\"new_call\"");
}
END_TEST

START_TEST(node_is_the_host_and_part_of_the_id)
{
	PARTS("node=web1 " HEAD("USER_END") "pid=1 auid=4294967295 msg='res=success'\n",
	    "{\"id\":\"web1:1700000000.123:77\"", "\"host\":\"web1\"", "\"actor_type\":\"system\"");
}
END_TEST

/* A half could be half a secret. */
START_TEST(command_has_whole_arguments)
{
	struct buf log = { 0 };

	buf_str(&log, STR(HEAD("EXECVE") "argc=4 a0=\"ls\" a1=\"one\" a2=\""));
	for (int i = 0; i < 4090; i++)
		buf_byte(&log, 'x');
	buf_str(&log, STR("\" a3=\"y\"\n"));
	buf_byte(&log, '\0');
	PARTS(log.p, "\"command\":\"ls one ...\"", "xxx\",\"y\"]");
	buf_fini(&log);
}
END_TEST

/* Redaction hides members of this name. */
START_TEST(keystrokes_are_called_so)
{
	PARTS(HEAD("TTY") "tty pid=1 uid=0 auid=7 ses=3 major=136 minor=0 comm=\"bash\" data=68756E746572320D\n",
	    "\"action\":\"terminal.input\"", "\"actor_id\":\"uid:7\"",
	    "\"keystrokes\":\"hunter2\\r\"", "!\"data\"");
	PARTS(HEAD("UNKNOWN[1319]") "tty pid=1 data=FF0D\n", "\"keystrokes_hex\":\"FF0D\"", "!\"data\"");
	PARTS(HEAD("USER_TTY") "pid=1 uid=0 auid=7 ses=3 data=\"su\"\n", "\"keystrokes\":\"su\"", "!\"data\"");
	PARTS(HEAD("CONFIG_CHANGE") "data=\"su\"\n", "\"data\":\"su\"", "!keystrokes");
}
END_TEST

START_TEST(long_values_stay_in_the_records_alone)
{
	struct buf log = { 0 };

	buf_str(&log, STR(HEAD("SYSCALL") "syscall=2 exe=\""));
	for (int i = 0; i < 5000; i++)
		buf_byte(&log, 'x');
	buf_str(&log, STR("\"\n"));
	buf_byte(&log, '\0');
	PARTS(log.p, "\"exe\":\"xxx", "!\"77,\"type\":\"SYSCALL\",\"exe\"");
	buf_fini(&log);
}
END_TEST

static Suite *
event_suite(void)
{
	Suite *s = suite_create("ingest/auditd_event");
	TCase *t = tcase_create("events");

	tcase_add_test(t, execution_becomes_an_event_with_all_its_records);
	tcase_add_test(t, failed_login_tells_who_was_tried_from_where);
	tcase_add_test(t, outcome_is_never_guessed);
	tcase_add_test(t, own_record_stands_against_the_call_beside_it);
	tcase_add_test(t, target_is_what_the_call_was_about);
	tcase_add_test(t, address_is_an_origin_only_when_the_peer_came);
	tcase_add_test(t, arguments_are_put_together_from_their_slices);
	tcase_add_test(t, values_keep_their_bytes);
	tcase_add_test(t, names_that_come_twice_are_numbered);
	tcase_add_test(t, more_pairs_than_there_are_names_for_are_kept);
	tcase_add_test(t, type_that_nobody_knows_is_an_event);
	tcase_add_test(t, node_is_the_host_and_part_of_the_id);
	tcase_add_test(t, command_has_whole_arguments);
	tcase_add_test(t, keystrokes_are_called_so);
	tcase_add_test(t, long_values_stay_in_the_records_alone);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(event_suite)
