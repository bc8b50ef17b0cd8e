/* auditd_record: heads, words, pairs and values of single lines. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "ingest/auditd_address.h"
#include "ingest/auditd_record.h"

static struct auditd_head head;
static const char *detail;
static struct arena arena;

static enum event_fault
parse(const char *line)
{
	return auditd_head_parse(&head, str_of(line), &detail);
}

#define EXPECT_STR(got, want) ck_assert_msg(str_eq(got, str_of(want)), "'%.*s', not '%s'", \
    (int)(got).len, (got).p, want)

START_TEST(head_tells_node_type_time_and_serial)
{
	ck_assert_int_eq(parse("node=web1 type=CWD msg=audit(1700000000.123:77):  cwd=\"/\""), EVENT_OK);
	EXPECT_STR(head.node, "web1");
	EXPECT_STR(head.type, "CWD");
	ck_assert_int_eq(head.known->role, AUDITD_PART);
	ck_assert_int_eq(head.time, 1700000000 * TIME_SECOND + 123000);
	ck_assert_uint_eq(head.serial, 77);
	EXPECT_STR(head.body, "  cwd=\"/\"");
}
END_TEST

START_TEST(head_may_lack_node_msg_milliseconds_and_colon)
{
	ck_assert_int_eq(parse("type=SYSCALL audit(1700000000:4294967295) arch=c000003e"), EVENT_OK);
	ck_assert_ptr_null(head.node.p);
	ck_assert_int_eq(head.time, 1700000000 * TIME_SECOND);
	ck_assert_uint_eq(head.serial, 4294967295);
	ck_assert_int_eq(parse("type=EOE msg=audit(1.5:1): \r"), EVENT_OK);
	ck_assert_int_eq(head.time, 1500000);
}
END_TEST

START_TEST(head_may_stand_behind_the_prefix_of_a_log)
{
	static const struct {
		const char *prefix, *node;
	} good[] = {
		{ "[   12.345678] audit: ", NULL },
		{ "[Mon Nov  6 12:00:00 2023] audit: ", NULL },
		{ "audit: ", NULL },
		{ "Nov  6 12:00:00 web1 kernel: [   12.345678] audit: ", "web1" },
		{ "Nov  6 12:00:00 web1 kernel: [   12.345678] ", "web1" },
		{ "2023-11-06T12:00:00.123456+00:00 web1 kernel: audit: ", "web1" },
		{ "[   12.345678] web1 kernel: audit: ", "web1" },
		{ "Nov  6 12:00:00 web1 audisp-syslog[77]: ", "web1" },
		{ "Nov  6 12:00:00 web1 audispd: node=web2 ", "web2" },
	};
	static const char *const bad[] = {
		"Nov  6 12:00:00 web1 sshd[7]: Invalid user ",
		"Nov  6 12:00:00 web1 sshd[7]: kernel: audit: ",
		"Nov  6 12:00:00 web1 kernel: x audit: ",
		"kernel:", "kernel: x", "[] [] ", ": ", " x: ", "[1",
	};
	char line[256];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(line, sizeof(line), "%stype=1307 audit(9.000:7): cwd=\"/\"", good[i].prefix);
		ck_assert_msg(parse(line) == EVENT_OK, "%s", line);
		EXPECT_STR(head.type, "CWD");
		ck_assert_msg(str_eq(head.node, str_of(good[i].node)), "%s", line);
		EXPECT_STR(head.body, " cwd=\"/\"");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(line, sizeof(line), "%stype=1307 audit(9.000:7): cwd=\"/\"", bad[i]);
		ck_assert_msg(parse(line) == EVENT_NO_ACTION, "%s", line);
		ck_assert_msg(parse(bad[i]) == EVENT_NO_ACTION, "%s", bad[i]);
	}
}
END_TEST

START_TEST(type_is_known_by_its_number_too)
{
	ck_assert_int_eq(parse("type=UNKNOWN[1327] msg=audit(1.000:1): proctitle=6C73"), EVENT_OK);
	EXPECT_STR(head.type, "PROCTITLE");
	ck_assert_int_eq(parse("type=1300 audit(1.000:1): arch=c000003e"), EVENT_OK);
	EXPECT_STR(head.type, "SYSCALL");
	ck_assert_int_eq(parse("type=UNKNOWN[1999] msg=audit(1.000:1): a=1"), EVENT_OK);
	EXPECT_STR(head.type, "UNKNOWN[1999]");
	ck_assert_ptr_null(head.known);
}
END_TEST

START_TEST(damaged_heads_are_faults)
{
	static const struct {
		const char *line;
		enum event_fault fault;
	} bad[] = {
		{ "type=CWD msg=audit(1700000000.123): cwd=\"/\"", EVENT_BAD_TIME },
		{ "type=CWD msg=audit(1700000000.123:): cwd=\"/\"", EVENT_BAD_TIME },
		{ "type=CWD msg=audit(:77): cwd=\"/\"", EVENT_BAD_TIME },
		{ "type=CWD msg=audit(): x", EVENT_BAD_TIME },
		{ "type=CWD msg=audit(1.1234567:77): x", EVENT_BAD_TIME },
		{ "type=CWD msg=audit(-1.000:77): x", EVENT_BAD_TIME },
		{ "type=CWD msg=audit(99999999999999.000:77): x", EVENT_BAD_TIME },
		{ "type=CWD msg=audit(1.000:18446744073709551616): x", EVENT_BAD_TIME },
		{ "type=CWD msg=audit(1.000:7", EVENT_BAD_TIME },
		{ "type=CWD msg=audit(04/22/26 10:00:00.000:7) : x", EVENT_BAD_TIME },
		{ "type=CWD", EVENT_BAD_TIME },
		{ "type=UNKNOWN[1329] msg=?", EVENT_BAD_TIME },
		{ "type= msg=audit(1.000:7): x", EVENT_NO_ACTION },
		{ "msg=audit(1.000:7): x", EVENT_NO_ACTION },
		{ "Apr 22 10:00:00 web1 sshd: hello", EVENT_NO_ACTION },
		{ "type=CWD msg=audit(1.000:7): cwd=\"\xff\"", EVENT_NOT_UTF8 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(parse(bad[i].line) == bad[i].fault, "%s: %d", bad[i].line, parse(bad[i].line));
}
END_TEST

START_TEST(limits_of_a_line_hold)
{
	char *line = malloc(AUDITD_LINE_MAX + 1);
	const char *start = "type=CWD msg=audit(1.000:7): cwd=";
	char node[512];

	memset(line, 'x', AUDITD_LINE_MAX + 1);
	memcpy(line, start, strlen(start));
	ck_assert_int_eq(auditd_head_parse(&head, (struct str){ line, AUDITD_LINE_MAX }, &detail), EVENT_OK);
	ck_assert_int_eq(auditd_head_parse(&head, (struct str){ line, AUDITD_LINE_MAX + 1 }, &detail),
	    EVENT_TOO_LONG);
	free(line);
	snprintf(node, sizeof(node), "node=%0*d type=EOE msg=audit(1.000:7):", AUDITD_NODE_MAX, 1);
	ck_assert_int_eq(parse(node), EVENT_OK);
	snprintf(node, sizeof(node), "node=%0*d type=EOE msg=audit(1.000:7):", AUDITD_NODE_MAX + 1, 1);
	ck_assert_int_eq(parse(node), EVENT_NO_ACTION);
}
END_TEST

START_TEST(lines_of_ausearch_between_events_are_blank)
{
	ck_assert(auditd_line_blank(STR("")));
	ck_assert(auditd_line_blank(STR(" \r")));
	ck_assert(auditd_line_blank(STR("----")));
	ck_assert(auditd_line_blank(STR("time->Wed Apr 22 10:00:00 2026")));
	ck_assert(!auditd_line_blank(STR("x")));
}
END_TEST

/* Words as they are, pairs as name=value, or name="value" when it was quoted; a bar
 * in between. */
static void
expect_walk(const char *body, const char *want)
{
	struct auditd_walk w = auditd_walk_start(str_of(body));
	struct auditd_pair p;
	struct buf out = { 0 };

	while (auditd_walk_next(&w, &p)) {
		if (out.len > 0)
			buf_byte(&out, '|');
		if (p.name.p != NULL)
			buf_printf(&out, "%.*s=", (int)p.name.len, p.name.p);
		buf_printf(&out, p.quoted ? "\"%.*s\"" : "%.*s", (int)p.value.len, p.value.p);
	}
	EXPECT_STR(buf_view(&out), want);
	buf_fini(&out);
}

START_TEST(pairs_and_words_are_walked_through)
{
	expect_walk("", "");
	expect_walk("  a=1 b=\"x y\" c= d", "a=1|b=\"x y\"|c=|d");
	expect_walk("avc:  denied  { read } for  pid=1", "avc:|denied|{|read|}|for|pid=1");
	expect_walk("a1_len=9 a1[0]=2F a1[1]=\"x\"", "a1_len=9|a1[0]=2F|a1[1]=\"x\"");
	expect_walk("open=\"never closed", "open=\"never closed\"");
	expect_walk("=x {a=b", "=x|{a=b");
}
END_TEST

START_TEST(message_of_a_program_is_walked_into)
{
	expect_walk("pid=9 msg='op=login acct=\"amy\" res=success'", "pid=9|op=login|acct=\"amy\"|res=success");
	expect_walk("msg=' comm=\"init\" mac= res=1'", "comm=\"init\"|mac=|res=1");
	expect_walk("msg='it's o'clock res=1'", "it's|o'clock|res=1");
	expect_walk("msg='(hostname=?, addr=10.0.0.1, res=success)'", "hostname=?|addr=10.0.0.1|res=success");
	expect_walk("msg=?", "msg=?");
}
END_TEST

START_TEST(enriched_part_is_found_with_and_without_its_mark)
{
	expect_walk("res=1\x1d" "UID=\"root\" AUID=\"amy\"", "res=1|UID=\"root\"|AUID=\"amy\"");
	expect_walk("msg='res=failed'UID=\"root\"", "res=failed|UID=\"root\"");
	expect_walk("msg='res=failed'\x1dUID=\"root\"", "res=failed|UID=\"root\"");
	expect_walk("key=(null)ARCH=x86_64 SYSCALL=write", "key=(null)|ARCH=x86_64|SYSCALL=write");
	expect_walk("key=\"k\"ARCH=x86_64", "key=\"k\"|ARCH=x86_64");
	expect_walk("cap_frootid=0OUID=\"root\"", "cap_frootid=0|OUID=\"root\"");
	/* Nothing but a value with capitals in it. */
	expect_walk("a=2FABCD b=x1A=", "a=2FABCD|b=x1A=");
}
END_TEST

START_TEST(values_are_hex_integer_or_nothing)
{
	struct str bytes;

	ck_assert(auditd_is_hex(STR("2F00FF")));
	ck_assert(!auditd_is_hex(STR("2F0")));
	ck_assert(!auditd_is_hex(STR("2f")));
	ck_assert(!auditd_is_hex(STR("")));
	bytes = auditd_unhex(STR("2F00FF"), &arena);
	ck_assert_uint_eq(bytes.len, 3);
	ck_assert_int_eq(memcmp(bytes.p, "/\0\xff", 3), 0);
	ck_assert(auditd_is_integer(STR("0")) && auditd_is_integer(STR("-13")));
	ck_assert(auditd_is_integer(STR("18446744073709551616")));
	ck_assert(!auditd_is_integer(STR("-0")) && !auditd_is_integer(STR("007")));
	ck_assert(!auditd_is_integer(STR("-")) && !auditd_is_integer(STR("")) && !auditd_is_integer(STR("1a")));
	ck_assert(auditd_is_nothing(STR("(null)")) && auditd_is_nothing(STR("?")) && !auditd_is_nothing(STR("0")));
	arena_reset(&arena);
}
END_TEST

static void
expect_address(const char *hex, const char *want)
{
	struct auditd_address a;
	char got[512] = "none";

	if (auditd_address_parse(&a, str_of(hex), &arena)) {
		if (a.path.p != NULL)
			snprintf(got, sizeof(got), "%.*s", (int)a.path.len, a.path.p);
		else
			snprintf(got, sizeof(got), "%.*s %u", (int)a.ip_len, a.ip, (unsigned)a.port);
	}
	ck_assert_str_eq(got, want);
}

START_TEST(socket_addresses_are_decoded)
{
	expect_address("020000500A0000070000000000000000", "10.0.0.7 80");
	expect_address("000201BBC0000201", "192.0.2.1 443"); /* of a big-endian machine */
	expect_address("0A000016000000000000000000000000000000000000000100000000", "::1 22");
	expect_address("0A0000160000000000000000000000000000FFFF0A00000700000000", "10.0.0.7 22");
	expect_address("01002F72756E2F6C6F6700AABB", "/run/log");
	expect_address("0100006C6F6700", "@log");
	expect_address("10000000", "none");           /* netlink */
	expect_address("02000050", "none");
	expect_address("0200005", "none");
	expect_address("0100FF", "none");
	expect_address("01000000", "none");
	arena_reset(&arena);
}
END_TEST

START_TEST(tables_are_found_in)
{
	EXPECT_STR(auditd_call_name(STR("c000003e"), STR("59")), "execve");
	EXPECT_STR(auditd_call_name(STR("40000003"), STR("11")), "execve");
	EXPECT_STR(auditd_call_name(STR("c00000b7"), STR("221")), "execve");
	ck_assert_ptr_null(auditd_call_name(STR("c000003e"), STR("99999")).p);
	ck_assert_ptr_null(auditd_call_name(STR("ffffffff"), STR("59")).p);
	EXPECT_STR(auditd_errno_name(STR("-13")), "EACCES");
	ck_assert_ptr_null(auditd_errno_name(STR("13")).p);
	ck_assert_ptr_null(auditd_errno_name(STR("-9999")).p);
	EXPECT_STR(auditd_action_find(STR("unlinkat"))->action, "file.delete");
	ck_assert_ptr_null(auditd_action_find(STR("nothing")));
}
END_TEST

/* The search depends on the order of the rows. */
START_TEST(every_key_of_the_table_is_found)
{
	static const struct {
		const char *name;
		enum auditd_fact fact;
	} keys[] = {
#define AUDITD_KEY(name, kind, fact) { name, FACT_##fact },
#include "ingest/auditd_key.def"
#undef AUDITD_KEY
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		EXPECT_STR(auditd_key_find(str_of(keys[i].name))->name, keys[i].name);
		ck_assert_int_eq(auditd_key_find(str_of(keys[i].name))->fact, keys[i].fact);
	}
	ck_assert_int_eq(auditd_key_find(STR("nothing"))->fact, FACT_NONE);
}
END_TEST

static Suite *
record_suite(void)
{
	Suite *s = suite_create("ingest/auditd_record");
	TCase *t = tcase_create("lines");

	tcase_add_test(t, head_tells_node_type_time_and_serial);
	tcase_add_test(t, head_may_lack_node_msg_milliseconds_and_colon);
	tcase_add_test(t, head_may_stand_behind_the_prefix_of_a_log);
	tcase_add_test(t, type_is_known_by_its_number_too);
	tcase_add_test(t, damaged_heads_are_faults);
	tcase_add_test(t, limits_of_a_line_hold);
	tcase_add_test(t, lines_of_ausearch_between_events_are_blank);
	tcase_add_test(t, pairs_and_words_are_walked_through);
	tcase_add_test(t, message_of_a_program_is_walked_into);
	tcase_add_test(t, enriched_part_is_found_with_and_without_its_mark);
	tcase_add_test(t, values_are_hex_integer_or_nothing);
	tcase_add_test(t, socket_addresses_are_decoded);
	tcase_add_test(t, tables_are_found_in);
	tcase_add_test(t, every_key_of_the_table_is_found);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(record_suite)
