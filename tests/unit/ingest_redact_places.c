/* redact: secrets in arguments, in names, and written in other bytes. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "redacting.h"

#define COMMAND "[REDACTED:command-password]"
#define GITHUB "[REDACTED:github-token]"
#define TOKEN "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
#define KEY "[REDACTED:secret-key]"

static const char *
as_line(const char *line)
{
	unsigned changed;

	return redact(line, &changed);
}

static const char *
as_bytes(const char *text)
{
	unsigned changed;
	struct str s = redact_bytes(work, str_of(text), &arena, &changed);

	return arena_copy(&arena, s.p, s.len);
}

struct place {
	const char *in, *out;
};

static void
check_lines(const struct place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(as_line(places[i].in), places[i].out);
		ck_assert_str_eq(as_line(places[i].out), places[i].out);
	}
}

static void
check_texts(const struct place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(as_bytes(places[i].in), places[i].out);
		ck_assert_str_eq(as_bytes(places[i].out), places[i].out);
	}
}

#define CHECK_LINES(p) check_lines(p, sizeof(p) / sizeof((p)[0]))
#define CHECK_TEXTS(p) check_texts(p, sizeof(p) / sizeof((p)[0]))

START_TEST(passwords_in_lists_of_words_are_hidden)
{
	static const struct place places[] = {
		{ "[\"tool\",\"--password\",\"hunter2\",\"x\"]", "[\"tool\",\"--password\",\"" COMMAND "\",\"x\"]" },
		{ "[\"tool\",\"--password=hunter2\"]", "[\"tool\",\"--password=" KEY "\"]" },
		{ "[\"tool\",\"-password\",12345]", "[\"tool\",\"-password\",\"" COMMAND "\"]" },
		{ "[\"/usr/bin/mysql\",\"-phunter2\",\"db\"]", "[\"/usr/bin/mysql\",\"-p" COMMAND "\",\"db\"]" },
		{ "[\"sudo\",\"sshpass\",\"-p\",\"hunter2\",\"ssh\"]",
		  "[\"sudo\",\"sshpass\",\"-p\",\"" COMMAND "\",\"ssh\"]" },
		{ "[\"curl\",\"-u\",\"ann:hunter2\"]", "[\"curl\",\"-u\",\"ann:" COMMAND "\"]" },
		{ "[\"curl\",\"--user\",\"ann:hunter2\"]", "[\"curl\",\"--user\",\"ann:" COMMAND "\"]" },
		{ "[\"mysql\",\"-p\",\"db\"]", "[\"mysql\",\"-p\",\"db\"]" },
		{ "[\"mkdir\",\"-p\",\"/srv/x\",\"-pv\"]", "[\"mkdir\",\"-p\",\"/srv/x\",\"-pv\"]" },
		{ "[\"tool\",\"--password\",\"--verbose\"]", "[\"tool\",\"--password\",\"--verbose\"]" },
		{ "[\"tool\",\"--password\",\"$PASSWORD\"]", "[\"tool\",\"--password\",\"$PASSWORD\"]" },
		{ "[\"tool\",\"--password\",[\"x\"],\"y\"]", "[\"tool\",\"--password\",[\"x\"],\"y\"]" },
		{ "[\"-\",\"--\",\"\",\"-p\"]", "[\"-\",\"--\",\"\",\"-p\"]" },
	};

	CHECK_LINES(places);
}
END_TEST

START_TEST(passwords_in_command_lines_are_hidden)
{
	static const struct place places[] = {
		{ "mysql -u root -phunter2 db; mkdir -pv x", "mysql -u root -p" COMMAND " db; mkdir -pv x" },
		{ "mysqldump -p'two words' db", "mysqldump -p'" COMMAND "' db" },
		{ "/usr/bin/sshpass -p hunter2 ssh x", "/usr/bin/sshpass -p " COMMAND " ssh x" },
		{ "redis-cli -h db -a hunter2 ping", "redis-cli -h db -a " COMMAND " ping" },
		{ "curl -u ann:\"hunter2\" http://x", "curl -u ann:\"" COMMAND "\" http://x" },
		{ "tool --password hunter2", "tool --password " COMMAND },
		{ "tool --pwd hunter2 --ssh-password hunter2", "tool --pwd " COMMAND " --ssh-password " COMMAND },
		{ "tool --password = hunter2 -x", "tool --password = " KEY " -x" },
		{ "tool --github-token  : hunter2 -x", "tool --github-token  : " KEY " -x" },
		{ "tool --pwd =hunter2 -x", "tool --pwd =" KEY " -x" },
		{ "curl --user :hunter2 x", "curl --user :" COMMAND " x" },
		{ "tool --signing-key hunter2 -x", "tool --signing-key " COMMAND " -x" },
		{ "tool --github-token hunter2 -x", "tool --github-token " COMMAND " -x" },
		{ "tool --Master-Password hunter2 -x", "tool --Master-Password " COMMAND " -x" },
		{ "tool --user ann --author bob --key-file x --", "tool --user ann --author bob --key-file x --" },
		{ "a0=\"tool\" a1=\"--password\" a2=\"hunter2\"", "a0=\"tool\" a1=\"--password\" a2=\"" COMMAND "\"" },
		{ "[\"tool\",\"--password\", \"hunter2\"", "[\"tool\",\"--password\", \"" COMMAND "\"" },
		{ "[\\\"mysql\\\",\\\"-phunter2\\\",\\\"db\\\"]", "[\\\"mysql\\\",\\\"-p" COMMAND "\\\",\\\"db\\\"]" },
		{ "[\"sshpass\",\"-p\",\"hunter2\"", "[\"sshpass\",\"-p\",\"" COMMAND "\"" },
		{ "{\"--password\",\"next\":1}", "{\"--password\",\"next\":1}" },
		{ "mysql -p db", "mysql -p db" },
		{ "nomysql -pv", "nomysql -pv" },
		{ "ls -p x -a y -u ann:bob", "ls -p x -a y -u ann:bob" },
		{ "mysql -h x | grep -port", "mysql -h x | grep -port" },
	};

	CHECK_TEXTS(places);
}
END_TEST

START_TEST(secrets_in_names_are_hidden_and_names_stay_apart)
{
	static const struct place places[] = {
		{ "{\"" TOKEN "\":1}", "{\"" GITHUB "\":1}" },
		{ "{\"\\u0067hp_16C7e42F292c6912E7710c838347Ae178B4a\":1}", "{\"" GITHUB "\":1}" },
		{ "{\"" TOKEN "\":{\"x " TOKEN "\":2},\"ghp_26C7e42F292c6912E7710c838347Ae178B4a\":3}",
		  "{\"" GITHUB "\":{\"x " GITHUB "#2\":2},\"" GITHUB "#3\":3}" },
		{ "{\"postgres://ann:hunter2@db\":\"" TOKEN "\"}",
		  "{\"postgres://ann:[REDACTED:url-password]@db\":\"" GITHUB "\"}" },
	};

	CHECK_LINES(places);
}
END_TEST

START_TEST(secrets_in_other_bytes_are_hidden)
{
	static const struct place places[] = {
		{ "https%3A%2F%2Fann%3Ahunter2%40db", "https%3A%2F%2Fann%3A[REDACTED:url-password]%40db" },
		{ "password%3dhunter2%26x", "password%3d" KEY "%26x" },
		{ "a%2520password%253Dhunter2%2526x", "a%2520password%253D" KEY "%2526x" },
		{ "x ghp%5F16C7e42F292c6912E7710c838347Ae178B4a.", "x " GITHUB "." },
		{ "{\"k\":\"ghp\\u005f16C7e42F292c6912E7710c838347Ae178B4a\"}", "{\"k\":\"" GITHUB "\"}" },
		{ "{\\\"k\\\":\\\"\\\\\\u0067hp_16C7e42F292c6912E7710c838347Ae178B4a\\\"}",
		  "{\\\"k\\\":\\\"" GITHUB "\\\"}" },
		{ "type=PROCTITLE msg=audit(1.1:1): proctitle=746F6F6C002D2D70617373776F72640068756E74657232",
		  "type=PROCTITLE msg=audit(1.1:1): proctitle=746F6F6C002D2D70617373776F726400" COMMAND },
		{ "tool%20--password%20hunter2", "tool%20--password%20" COMMAND },
		{ "Bearer%20abcdefgh12345678", "Bearer%20[REDACTED:authorization]" },
		{ "100% of 20%2F50 %zz %", "100% of 20%2F50 %zz %" },
		{ "\\u00", "\\u00" },
	};

	CHECK_TEXTS(places);
}
END_TEST

START_TEST(keystrokes_are_hidden)
{
	static const struct place lines[] = {
		{ "{\"keystrokes\":\"ls\",\"x\":{\"keystrokes_hex\":\"00\"}}",
		  "{\"keystrokes\":\"[REDACTED:keystrokes]\",\"x\":{\"keystrokes_hex\":\"[REDACTED:keystrokes]\"}}" },
		{ "{\"data\":\"ls\"}", "{\"data\":\"ls\"}" },
	};
	static const struct place texts[] = {
		{ "type=USER_TTY msg=audit(1.1:1): data=6C73 x",
		  "type=USER_TTY msg=audit(1.1:1): data=[REDACTED:keystrokes] x" },
		{ "type=UNKNOWN[1319] msg=audit(1.1:1): data=\"ls\"",
		  "type=UNKNOWN[1319] msg=audit(1.1:1): data=\"[REDACTED:keystrokes]\"" },
		{ "type=1124 msg=audit(1.1:1): data=\"ls\"",
		  "type=1124 msg=audit(1.1:1): data=\"[REDACTED:keystrokes]\"" },
		{ "type=SYSCALL data=6C73 TTY 1319", "type=SYSCALL data=6C73 TTY 1319" },
	};

	CHECK_LINES(lines);
	CHECK_TEXTS(texts);
}
END_TEST

START_TEST(a_cut_leaves_no_half_secret)
{
	static const struct place places[] = {
		{ "a \"ghp_16C7e42F292",
		  "a \"" }, { "see https://ann:hun", "see " }, { "pay 4111 1111 11", "pay" }, { "pay 4111-1111-11", "pay" },
		{ "whole words here", "whole words " }, { "whole words ", "whole words" }, { "", "" }, { "x", "" },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct str cut = redact_cut(str_of(places[i].in));

		ck_assert_msg(str_eq(cut, str_of(places[i].out)), "%s: %.*s", places[i].in, (int)cut.len, cut.p);
	}
}
END_TEST

static Suite *
places_suite(void)
{
	Suite *s = suite_create("ingest/redact_places");
	TCase *tc = tcase_create("places");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, passwords_in_lists_of_words_are_hidden);
	tcase_add_test(tc, passwords_in_command_lines_are_hidden);
	tcase_add_test(tc, secrets_in_names_are_hidden_and_names_stay_apart);
	tcase_add_test(tc, secrets_in_other_bytes_are_hidden);
	tcase_add_test(tc, keystrokes_are_hidden);
	tcase_add_test(tc, a_cut_leaves_no_half_secret);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(places_suite)
