/* The configuration: read strictly, refused with line and column. */
#include <stdio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/time.h"
#include "cli/config.h"
#include "unit.h"

static char path[] = "/tmp/audit-config.XXXXXX";
static struct config config;
static struct err e;

static void
setup(void)
{
	int fd;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	ck_assert_int_ge(fd = mkstemp(path), 0);
	close(fd);
	config = (struct config){ 0 };
	err_clear(&e);
}

static void
teardown(void)
{
	config_fini(&config);
	unlink(path);
}

static int
read_text(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	return config_read(&config, path, true, &e);
}

/* Refused, with ":LINE:COLUMN: " (or ":LINE:") and these words in the message. */
static void
refuses(const char *text, const char *place, const char *words)
{
	char where[64];

	err_clear(&e);
	ck_assert_int_eq(read_text(text), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	snprintf(where, sizeof(where), "%s%s%s", path, place, place[strlen(place) - 1] == ':' ? "" : ": ");
	ck_assert_msg(strncmp(e.text, where, strlen(where)) == 0, "%s", e.text);
	ck_assert_msg(strstr(e.text, words) != NULL, "%s", e.text);
	ck_assert_ptr_null(config.db);
}

START_TEST(a_key_is_read)
{
	ck_assert_int_eq(read_text("# ours\ndb: /srv/a b.db\n"), 0);
	ck_assert_str_eq(config.db, "/srv/a b.db");
}
END_TEST

START_TEST(a_later_file_replaces_an_earlier_one)
{
	ck_assert_int_eq(read_text("db: /one\n"), 0);
	ck_assert_int_eq(read_text("db: \"/two\"\n"), 0);
	ck_assert_str_eq(config.db, "/two");
	ck_assert_int_eq(read_text("# nothing\n"), 0);
	ck_assert_str_eq(config.db, "/two");
}
END_TEST

START_TEST(an_empty_file_says_nothing)
{
	ck_assert_int_eq(read_text(""), 0);
	ck_assert_int_eq(read_text("---\n{}\n"), 0);
	ck_assert_ptr_null(config.db);
}
END_TEST

START_TEST(unknown_keys_are_refused_with_the_nearest)
{
	refuses("# x\ndbb: /srv\n", ":2:1", "unknown key 'dbb'; the nearest is db");
	refuses("{ retentions: 3 }\n", ":1:3", "unknown key 'retentions'; the nearest is retention");
	refuses("\"d\\0b\": /x\n", ":1:1", "unknown key");
}
END_TEST

START_TEST(keys_given_twice_are_refused)
{
	refuses("db: /a\ndb: /b\n", ":2:1", "twice");
}
END_TEST

START_TEST(anchors_aliases_and_tags_are_refused)
{
	refuses("db: &a /a\n", ":1:5", "anchors");
	refuses("db: *a\n", ":1:5", "anchors");
	refuses("db: !!str /a\n", ":1:5", "tags");
	refuses("&a db: /a\n", ":1:1", "anchors");
}
END_TEST

START_TEST(what_is_no_mapping_of_single_values_is_refused)
{
	refuses("- db\n", ":1:1", "KEY: VALUE");
	refuses("/srv\n", ":1:1", "KEY: VALUE");
	refuses("db: [ /a ]\n", ":1:5", "one value");
	refuses("db: { a: /a }\n", ":1:5", "one value");
	refuses("[ a ]: /a\n", ":1:1", "");
	refuses("db: \"/a\\0b\"\n", ":1:5", "NUL");
	refuses("db: /a\n---\ndb: /b\n", ":2:1", "second document");
}
END_TEST

START_TEST(relative_paths_are_refused)
{
	refuses("db: audit.db\n", ":1:5", "absolute");
	refuses("db:\n", ":1:4", "absolute");
}
END_TEST

START_TEST(broken_yaml_is_refused)
{
	ck_assert_int_eq(read_text("db: \"/a\n"), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "not YAML"));
}
END_TEST

#define VERIFIER "audit.example.com/app1+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"

START_TEST(all_keys_are_read_in_block_form)
{
	ck_assert_int_eq(read_text("keys: /srv/keys\nverifier_key: " VERIFIER "\ncheckpoint:\n  file: /srv/c p\n"
	    "  command:\n    - /bin/ship it\n    - --to\n    - ''\n    - $(x) | y\n"), 0);
	ck_assert_ptr_null(config.db);
	ck_assert_str_eq(config.keys, "/srv/keys");
	ck_assert_str_eq(config.verifier_key, VERIFIER);
	ck_assert_str_eq(config.checkpoint_file, "/srv/c p");
	ck_assert_uint_eq(config.checkpoint_command.n, 4);
	ck_assert_str_eq(config.checkpoint_command.item[0], "/bin/ship it");
	ck_assert_str_eq(config.checkpoint_command.item[2], "");
	ck_assert_str_eq(config.checkpoint_command.item[3], "$(x) | y");
}
END_TEST

START_TEST(all_keys_are_read_in_flow_form)
{
	ck_assert_int_eq(read_text("{checkpoint: {command: [/bin/ship, '-x'], file: /c}, keys: /k, db: /d}\n"), 0);
	ck_assert_str_eq(config.db, "/d");
	ck_assert_str_eq(config.keys, "/k");
	ck_assert_str_eq(config.checkpoint_file, "/c");
	ck_assert_uint_eq(config.checkpoint_command.n, 2);
	ck_assert_str_eq(config.checkpoint_command.item[1], "-x");
}
END_TEST

START_TEST(checkpoint_is_replaced_as_a_whole_by_a_later_file)
{
	ck_assert_int_eq(read_text("keys: /one\ncheckpoint: {file: /one, command: [/bin/one]}\n"), 0);
	ck_assert_int_eq(read_text("checkpoint: {file: /two}\n"), 0);
	ck_assert_str_eq(config.keys, "/one");
	ck_assert_str_eq(config.checkpoint_file, "/two");
	ck_assert_uint_eq(config.checkpoint_command.n, 0);
	ck_assert_int_eq(read_text("checkpoint: {}\n"), 0);
	ck_assert_ptr_null(config.checkpoint_file);
}
END_TEST

START_TEST(a_file_that_is_refused_changes_nothing)
{
	ck_assert_int_eq(read_text("keys: /one\ncheckpoint: {file: /one, command: [/bin/one]}\n"), 0);
	ck_assert_int_eq(read_text("keys: /two\ncheckpoint: {file: /two, command: [/bin/two]}\nnope: 1\n"), -1);
	ck_assert_str_eq(config.keys, "/one");
	ck_assert_str_eq(config.checkpoint_file, "/one");
	ck_assert_str_eq(config.checkpoint_command.item[0], "/bin/one");
}
END_TEST

START_TEST(checkpoint_is_read_strictly)
{
	refuses("checkpoint: /c\n", ":1:13", "file: and command:");
	refuses("checkpoint:\n  fille: /c\n", ":2:3", "unknown key 'fille'; the nearest is file");
	refuses("checkpoint:\n  file: /c\n  file: /d\n", ":3:3", "twice");
	refuses("checkpoint: {}\ncheckpoint: {}\n", ":2:1", "twice");
	refuses("checkpoint: {file: c}\n", ":1:20", "absolute");
	refuses("checkpoint: {file: [/c]}\n", ":1:20", "one value");
	refuses("checkpoint: {[a]: b}\n", ":1:14", "name of a key");
}
END_TEST

START_TEST(a_command_is_a_list_that_begins_with_a_path)
{
	refuses("checkpoint: {command: /bin/ship --to x}\n", ":1:23", "a list");
	refuses("checkpoint: {command: []}\n", ":1:23", "at least the program");
	refuses("checkpoint: {command: [ship]}\n", ":1:24", "absolute");
	refuses("checkpoint: {command: [/bin/ship, [x]]}\n", ":1:35", "one value");
	refuses("checkpoint: {command: [/bin/ship, \"a\\0b\"]}\n", ":1:35", "NUL");
	refuses("checkpoint: {command: &a [/bin/ship]}\n", ":1:23", "anchors");
	refuses("checkpoint: {command: !x [/bin/ship]}\n", ":1:23", "tags");
}
END_TEST

START_TEST(a_command_has_a_limit_of_arguments)
{
	struct buf text = { 0 };

	buf_printf(&text, "checkpoint: {command: [/bin/ship");
	for (int i = 0; i < 256; i++)
		buf_printf(&text, ", x");
	buf_add(&text, "]}\n", 4);
	refuses(text.p, ":1:", "too many");
	buf_fini(&text);
}
END_TEST

START_TEST(a_verifier_key_must_be_one)
{
	refuses("verifier_key: audit.example.com/app1\n", ":1:15", "verifier_key");
	refuses("verifier_key: x+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk\n", ":1:15", "verifier_key");
	refuses("keys: keys\n", ":1:7", "absolute");
}
END_TEST

START_TEST(a_missing_file_matters_only_when_it_must_exist)
{
	unlink(path);
	ck_assert_int_eq(config_read(&config, path, false, &e), 0);
	ck_assert_int_eq(config_read(&config, path, true, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
}
END_TEST

/* ---- policy ---- */

START_TEST(rules_of_retention_are_read)
{
	const struct retention_rule *r;

	ck_assert_int_eq(read_text("retention:\n"
	    "  - name: sign-ins\n    category: [AUTHENTICATION, auth*]\n    severity: warning..error\n    keep: 400d\n"
	    "  - {tenant: 'acme\\,inc', source: s, channel: c, action: [login.*, 'a?'], keep: 1y}\n"
	    "  - keep: forever\n"), 0);
	ck_assert_uint_eq(config.retentions, 3);
	r = config.retention;
	ck_assert_str_eq(r[0].name, "sign-ins");
	ck_assert_uint_eq(r[0].match.category.n, 2);
	ck_assert_str_eq(r[0].match.category.item[1], "auth*");
	ck_assert_str_eq(r[0].match.severity, "warning..error");
	ck_assert_int_eq(r[0].keep, 400 * TIME_DAY);
	ck_assert_str_eq(r[1].name, "rule 2");
	ck_assert_str_eq(r[1].match.tenant.item[0], "acme\\,inc");
	ck_assert_str_eq(r[1].match.source.item[0], "s");
	ck_assert_str_eq(r[1].match.channel.item[0], "c");
	ck_assert_str_eq(r[1].match.action.item[1], "a?");
	ck_assert_ptr_null(r[1].match.severity);
	ck_assert_int_eq(r[1].keep, 365 * TIME_DAY);
	ck_assert_str_eq(r[2].name, "rule 3");
	ck_assert_int_eq(r[2].keep, RETENTION_FOREVER);
}
END_TEST

START_TEST(keep_is_a_span_that_the_floor_allows)
{
	ck_assert_int_eq(read_text("retention: [{keep: 30d}]"), 0);
	ck_assert_int_eq(config.retention[0].keep, 30 * TIME_DAY);
	refuses("retention: [{keep: 29d}]", ":1:20", "29d is too short: nothing younger than 30 days");
	refuses("retention: [{keep: 719h59min59s}]", ":1:20", "too short");
	refuses("retention: [{keep: 400}]", ":1:20", "lacks a unit");
	refuses("retention: [{keep: 99999y}]", ":1:20", "10,000 years");
	refuses("retention: [{keep: -1d}]", ":1:20", "no duration");
	refuses("retention: [{keep: }]", ":1:", "empty");
	refuses("retention: [{keep: foreever}]", ":1:20", "did you mean 'forever'?");
	refuses("retention: [{keep: Forever}]", ":1:20", "did you mean 'forever'?");
	refuses("retention: [{keep: [1y]}]", ":1:20", "one value");
	refuses("retention:\n  - name: a\n    tenant: b\n  - keep: 1y\n", ":2:5", "a has no keep");
}
END_TEST

START_TEST(conditions_are_read_strictly)
{
	refuses("retention: [{tenent: a, keep: 1y}]", ":1:14", "unknown key 'tenent'; the nearest is tenant");
	refuses("retention: [{ip: a, keep: 1y}]", ":1:14", "unknown key 'ip'");
	refuses("retention: [{keep: 1y, keep: 1y}]", ":1:24", "twice");
	refuses("retention: [{tenant: 'a,b', keep: 1y}]", ":1:22", "a list, [a, b]");
	refuses("retention: [{tenant: 'a\\\\,b', keep: 1y}]", ":1:22", "a list, [a, b]");
	refuses("retention: [{tenant: [a, ''], keep: 1y}]", ":1:26", "tenant: the value is empty");
	refuses("retention:\n- tenant:\n  keep: 1y", ":2:10", "tenant: the value is empty");
	refuses("retention: [{tenant: [], keep: 1y}]", ":1:23", "tenant: an empty list");
	refuses("retention: [{severity: eror, keep: 1y}]", ":1:24", "severity: no severity is called 'eror'; did you mean 'error'?");
	refuses("retention: [{severity: error..info, keep: 1y}]", ":1:24", "severity: 'error..info' begins above its end");
	refuses("retention: [{severity: [error], keep: 1y}]", ":1:24", "one value");
	refuses("retention: {keep: 1y}", ":1:12", "expected a list");
	refuses("retention: [1y]", ":1:13", "expected a mapping");
	refuses("retention:\n", ":1:11", "expected a list");
}
END_TEST

START_TEST(a_value_of_a_condition_has_a_limit)
{
	struct buf text = { 0 };

	buf_printf(&text, "retention: [{tenant: %04096d, keep: 1y}]", 7);
	ck_assert_msg(read_text(text.p) == 0, "%s", e.text);
	buf_reset(&text);
	buf_printf(&text, "retention: [{tenant: %04097d, keep: 1y}]", 7);
	refuses(text.p, ":1:22", "tenant: a value of 4097 bytes");
	buf_fini(&text);
}
END_TEST

START_TEST(names_of_rules_are_short_plain_and_their_own)
{
	char text[256];

	snprintf(text, sizeof(text), "retention: [{name: %064d, keep: 1y}]", 1);
	ck_assert_int_eq(read_text(text), 0);
	snprintf(text, sizeof(text), "retention: [{name: %065d, keep: 1y}]", 1);
	refuses(text, ":1:20", "1 to 64 bytes, not 65");
	refuses("retention: [{name: '', keep: 1y}]", ":1:20", "1 to 64 bytes");
	refuses("retention: [{name: \"a\\nb\", keep: 1y}]", ":1:20", "control");
	refuses("retention: [{name: \"a\\x85b\", keep: 1y}]", ":1:20", "control");
	refuses("retention: [{name: older-than, keep: 1y}]", ":1:20", "--older-than");
	refuses("retention:\n- {name: x, tenant: a, keep: 1y}\n- {name: x, tenant: b, keep: 1y}\n", ":3:3",
	    "two rules are called 'x'");
	refuses("retention:\n- {name: rule 2, tenant: a, keep: 1y}\n- {tenant: b, keep: 1y}\n", ":3:3",
	    "two rules are called 'rule 2'");
}
END_TEST

/* Two rules in flow form, the second of which is never reached, or is. */
static void
second(const char *first_rule, const char *second_rule, bool reached)
{
	char text[256];

	snprintf(text, sizeof(text), "retention:\n- {%s, keep: 1y}\n- {%s, keep: 2y}\n", first_rule, second_rule);
	err_clear(&e);
	if (reached)
		ck_assert_msg(read_text(text) == 0, "%s", e.text);
	else
		refuses(text, ":3:3", "never reached: rule 'one' before it takes");
}

START_TEST(a_rule_that_is_never_reached_is_refused)
{
	second("name: one", "tenant: a", false);
	second("name: one", "name: two", false);
	second("name: one, tenant: a", "tenant: a", false);
	second("name: one, tenant: a", "tenant: a, category: b", false);
	second("name: one, tenant: [a, b]", "tenant: b", false);
	second("name: one, tenant: 'a*'", "tenant: [abc, 'a?', 'ab*', a]", false);
	second("name: one, tenant: '*'", "tenant: a", false);
	second("name: one, category: Auth*", "category: AUTHENTICATION", false);
	second("name: one, severity: warning", "severity: error", false);
	second("name: one, severity: warning", "severity: error..error, action: x", false);
	second("name: one, tenant: '*'", "name: two", true);
	second("name: one, tenant: a, category: b", "tenant: a", true);
	second("name: one, tenant: [a, b]", "tenant: [b, c]", true);
	second("name: one, tenant: 'a*'", "tenant: b", true);
	second("name: one, tenant: 'a\\*'", "tenant: ab", true);
	second("name: one, tenant: 'a?*'", "tenant: a", true);
	second("name: one, tenant: abc", "tenant: ABC", true);
	second("name: one, tenant: abc", "tenant: 'ab*'", true);
	second("name: one, tenant: 'abc*'", "tenant: 'ab*'", true);
	second("name: one, severity: error", "severity: warning", true);
	second("name: one, severity: error", "tenant: a", true);
}
END_TEST

START_TEST(rules_have_limits)
{
	struct buf text = { 0 };

	buf_printf(&text, "retention:\n");
	for (int i = 0; i < 250; i++)
		buf_printf(&text, "- {tenant: t%d, keep: 30d}\n", i);
	buf_byte(&text, '\0');
	ck_assert_int_eq(read_text(text.p), 0);
	ck_assert_uint_eq(config.retentions, 250);
	text.len--;
	buf_printf(&text, "- {tenant: t, keep: 30d}\n");
	refuses(text.p, ":252:3", "more than 250 rules");
	buf_reset(&text);
	buf_printf(&text, "retention: [{tenant: [");
	for (int i = 0; i < 4097; i++)
		buf_printf(&text, "t,");
	buf_printf(&text, "], keep: 30d}]");
	refuses(text.p, ":1:", "more than 4096 values");
	buf_fini(&text);
}
END_TEST

START_TEST(the_archive_is_an_absolute_path)
{
	ck_assert_int_eq(read_text("archive: /srv/archive\n"), 0);
	ck_assert_str_eq(config.archive, "/srv/archive");
	refuses("archive: srv\n", ":1:10", "absolute");
}
END_TEST

START_TEST(limits_of_exports_are_read)
{
	ck_assert_int_eq(read_text("export_limits:\n  - {tenant: acme, rows: 0}\n  - tenant: ''\n    rows: 7\n"
	    "  - {rows: 9007199254740992, tenant: '*'}\n"), 0);
	ck_assert_uint_eq(config.limits, 3);
	ck_assert_str_eq(config.limit[0].tenant, "acme");
	ck_assert_uint_eq(config.limit[0].rows, 0);
	ck_assert_str_eq(config.limit[1].tenant, "");
	ck_assert_uint_eq(config.limit[2].rows, UINT64_C(1) << 53);
}
END_TEST

START_TEST(limits_of_exports_are_read_strictly)
{
	refuses("export_limits: [{tenant: a, rows: 9007199254740993}]", ":1:35", "from 0 to 9007199254740992");
	refuses("export_limits: [{tenant: a, rows: 99999999999999999999999}]", ":1:35", "from 0 to");
	refuses("export_limits: [{tenant: a, rows: -1}]", ":1:35", "not '-1'");
	refuses("export_limits: [{tenant: a, rows: 010}]", ":1:35", "not '010'");
	refuses("export_limits: [{tenant: a, rows: 1e3}]", ":1:35", "not '1e3'");
	refuses("export_limits: [{tenant: a, rows: ''}]", ":1:35", "not ''");
	refuses("export_limits: [{tenant: a}]", ":1:17", "needs both");
	refuses("export_limits: [{rows: 1}]", ":1:17", "needs both");
	refuses("export_limits: [{tenant: 'a,b', rows: 1}]", ":1:26", "a comma");
	refuses("export_limits: [{tenant: a, row: 1}]", ":1:29", "the nearest is rows");
	refuses("export_limits:\n- {tenant: 'a*', rows: 1}\n- {tenant: ab, rows: 1}\n", ":3:3", "never reached");
	refuses("export_limits: 3", ":1:16", "expected a list");
}
END_TEST

START_TEST(programs_whose_reading_is_recorded_are_read)
{
	ck_assert_int_eq(read_text("record_reads: all\n"), 0);
	ck_assert_uint_eq(config.record_reads.n, 4);
	ck_assert_str_eq(config.record_reads.item[0], "audit-query");
	ck_assert_int_eq(read_text("record_reads: [audit-trail]\n"), 0);
	ck_assert_uint_eq(config.record_reads.n, 1);
	ck_assert_str_eq(config.record_reads.item[0], "audit-trail");
	ck_assert_int_eq(read_text("record_reads: audit-summary\n"), 0);
	ck_assert_str_eq(config.record_reads.item[0], "audit-summary");
	ck_assert_int_eq(read_text("record_reads: none\n"), 0);
	ck_assert_uint_eq(config.record_reads.n, 0);
	refuses("record_reads: [audit-qery]\n", ":1:16", "the nearest is audit-query");
	refuses("record_reads: al\n", ":1:15", "the nearest is all");
	refuses("record_reads: [audit-query, all]\n", ":1:29", "alone");
	refuses("record_reads: [none, audit-query]\n", ":1:22", "alone");
	refuses("record_reads: [audit-query, audit-query]\n", ":1:29", "already");
	refuses("record_reads: [audit-export]\n", ":1:16", "in any case");
	refuses("record_reads: {}\n", ":1:15", "one value");
}
END_TEST

START_TEST(sandbox_is_one_of_three_words)
{
	ck_assert_int_eq(config.sandbox, SANDBOX_AUTO);
	ck_assert_int_eq(read_text("sandbox: required\n"), 0);
	ck_assert_int_eq(config.sandbox, SANDBOX_REQUIRED);
	ck_assert_int_eq(read_text("record_reads: all\n"), 0);
	ck_assert_int_eq(config.sandbox, SANDBOX_REQUIRED);
	ck_assert_int_eq(read_text("sandbox: off\n"), 0);
	ck_assert_int_eq(config.sandbox, SANDBOX_OFF);
	ck_assert_int_eq(read_text("sandbox: auto\n"), 0);
	ck_assert_int_eq(config.sandbox, SANDBOX_AUTO);
	refuses("sandbox: on\n", ":1:10", "expected auto, required or off");
	refuses("sandbox: [auto]\n", ":1:10", "sandbox");
}
END_TEST

START_TEST(a_key_of_a_later_file_replaces_all_of_the_earlier)
{
	ck_assert_int_eq(read_text("retention: [{tenant: a, keep: 1y}, {keep: 2y}]\narchive: /a\n"
	    "export_limits: [{tenant: a, rows: 1}, {tenant: b, rows: 2}]\nrecord_reads: all\n"), 0);
	ck_assert_int_eq(read_text("db: /x\n"), 0);
	ck_assert_uint_eq(config.retentions, 2);
	ck_assert_uint_eq(config.limits, 2);
	ck_assert_int_eq(read_text("retention: [{tenant: z, keep: 3y}]\nexport_limits: []\n"), 0);
	ck_assert_uint_eq(config.retentions, 1);
	ck_assert_int_eq(config.retention[0].keep, 3 * 365 * TIME_DAY);
	ck_assert_uint_eq(config.limits, 0);
	ck_assert_str_eq(config.archive, "/a");
	ck_assert_uint_eq(config.record_reads.n, 4);
	ck_assert_int_eq(read_text("archive: /b\nrecord_reads: []\nretention: []\nnope: 1\n"), -1);
	ck_assert_uint_eq(config.retentions, 1);
	ck_assert_uint_eq(config.record_reads.n, 4);
	ck_assert_str_eq(config.archive, "/a");
}
END_TEST

/* examples/config.yaml is one that works, and shows each key. */
START_TEST(the_example_is_read)
{
	const char *top = getenv("top_srcdir");
	char file[4096];

	snprintf(file, sizeof(file), "%s/examples/config.yaml", top ? top : ".");
	ck_assert_msg(config_read(&config, file, true, &e) == 0, "%s", e.text);
	ck_assert_ptr_nonnull(config.db);
	ck_assert_ptr_nonnull(config.keys);
	ck_assert_ptr_nonnull(config.verifier_key);
	ck_assert_ptr_nonnull(config.checkpoint_file);
	ck_assert_uint_gt(config.checkpoint_command.n, 0);
	ck_assert_uint_gt(config.retentions, 3);
	ck_assert_ptr_nonnull(config.archive);
	ck_assert_uint_gt(config.limits, 1);
	ck_assert_uint_gt(config.record_reads.n, 0);
}
END_TEST

static Suite *
config_suite(void)
{
	Suite *s = suite_create("config");
	TCase *c = tcase_create("config");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_key_is_read);
	tcase_add_test(c, a_later_file_replaces_an_earlier_one);
	tcase_add_test(c, an_empty_file_says_nothing);
	tcase_add_test(c, unknown_keys_are_refused_with_the_nearest);
	tcase_add_test(c, keys_given_twice_are_refused);
	tcase_add_test(c, anchors_aliases_and_tags_are_refused);
	tcase_add_test(c, what_is_no_mapping_of_single_values_is_refused);
	tcase_add_test(c, relative_paths_are_refused);
	tcase_add_test(c, broken_yaml_is_refused);
	tcase_add_test(c, all_keys_are_read_in_block_form);
	tcase_add_test(c, all_keys_are_read_in_flow_form);
	tcase_add_test(c, checkpoint_is_replaced_as_a_whole_by_a_later_file);
	tcase_add_test(c, a_file_that_is_refused_changes_nothing);
	tcase_add_test(c, checkpoint_is_read_strictly);
	tcase_add_test(c, a_command_is_a_list_that_begins_with_a_path);
	tcase_add_test(c, a_command_has_a_limit_of_arguments);
	tcase_add_test(c, a_verifier_key_must_be_one);
	tcase_add_test(c, a_missing_file_matters_only_when_it_must_exist);
	tcase_add_test(c, rules_of_retention_are_read);
	tcase_add_test(c, keep_is_a_span_that_the_floor_allows);
	tcase_add_test(c, conditions_are_read_strictly);
	tcase_add_test(c, a_value_of_a_condition_has_a_limit);
	tcase_add_test(c, names_of_rules_are_short_plain_and_their_own);
	tcase_add_test(c, a_rule_that_is_never_reached_is_refused);
	tcase_add_test(c, rules_have_limits);
	tcase_add_test(c, the_archive_is_an_absolute_path);
	tcase_add_test(c, limits_of_exports_are_read);
	tcase_add_test(c, limits_of_exports_are_read_strictly);
	tcase_add_test(c, programs_whose_reading_is_recorded_are_read);
	tcase_add_test(c, a_key_of_a_later_file_replaces_all_of_the_earlier);
	tcase_add_test(c, the_example_is_read);
	tcase_add_test(c, sandbox_is_one_of_three_words);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(config_suite)
