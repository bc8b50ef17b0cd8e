/*
 * auditd against others: the expected results of go-libaudit and of the OMS
 * plugin among the real logs, and ausearch where it is installed.  Without
 * $AUDIT_CORPORA this skips.
 */
#include "unit.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "auditd_log.h"
#include "corpora.h"

#define AUDITD "auditd/"
#define GO AUDITD "go-libaudit/"

static struct buf out;
static unsigned compared;

/* ---- Files and events ---- */

static bool
read_file(const char *name, struct buf *text)
{
	char path[CORPORA_PATH_MAX];
	FILE *f;

	if (!corpora_path(path, name))
		return false;
	f = fopen(path, "rb");
	ck_assert_msg(f != NULL, "%s", path);
	do {
		buf_reserve(text, 65536);
		text->len += fread(text->p + text->len, 1, 65536, f);
	} while (!feof(f) && !ferror(f));
	fclose(f);
	buf_byte(text, '\0');
	text->len--;
	return true;
}

/* The events of a log, as an array; faults are counted. */
static json_t *
events_of(const char *log, size_t len, unsigned *faults)
{
	json_t *all = json_array();

	*faults = 0;
	buf_reset(&out);
	log_read(log, len, &out);
	for (char *p = out.p, *end = out.p + out.len; p < end; p = (char *)memchr(p, '\n', (size_t)(end - p)) + 1) {
		size_t n = (size_t)((char *)memchr(p, '\n', (size_t)(end - p)) - p);

		if (*p == '{')
			ck_assert_int_eq(json_array_append_new(all, json_loadb(p, n, JSON_ALLOW_NUL, NULL)), 0);
		else
			++*faults;
	}
	return all;
}

static const char *
text_of(const json_t *event, const char *field)
{
	const char *text = json_string_value(json_object_get(event, field));

	return text != NULL ? text : "";
}

/* A string, or a number as its digits. */
static bool
is_text(const json_t *value, const char *text)
{
	char digits[32];

	if (json_is_integer(value)) {
		snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(value));
		return strcmp(digits, text) == 0;
	}
	return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

/* Whether a record has this value under this name, or is an EXECVE with this argument. */
static bool
records_have(const json_t *event, const char *name, const char *value)
{
	const json_t *record, *have;
	const char *key;
	size_t i, len = strlen(name);

	json_array_foreach(json_object_get(json_object_get(event, "context"), "records"), i, record) {
		const json_t *args = json_object_get(record, "args");

		if (args != NULL && name[0] == 'a' &&
		    is_text(json_array_get(args, (size_t)strtoul(name + 1, NULL, 10)), value))
			return true;
		json_object_foreach((json_t *)(uintptr_t)record, key, have)
			if (strncmp(key, name, len) == 0 && (key[len] == '\0' || key[len] == '_') && is_text(have, value))
				return true;
	}
	return false;
}

/* ---- go-libaudit ---- */

/* What that library derives and we tell elsewhere, or leave as it stands. */
static bool
told_elsewhere(const json_t *event, const char *name, const char *value)
{
	const json_t *context = json_object_get(event, "context");
	const char *outcome = text_of(event, "outcome");

	if (strncmp(name, "subj_", 5) == 0 || strncmp(name, "obj_", 4) == 0 || strcmp(value, "unset") == 0)
		return true; /* the parts of subj=, obj=; auid=4294967295 */
	if (strcmp(name, "syscall") == 0)
		return strcmp(text_of(event, "method"), value) == 0;
	if (strcmp(name, "arch") == 0)
		return strcmp(text_of(context, "arch"), value) == 0;
	if (strcmp(name, "result") == 0 || strcmp(name, "seresult") == 0)
		return strcmp(outcome, strcmp(value, "success") == 0 ? "success" : "failure") == 0;
	if (strcmp(name, "exit") == 0)
		return strcmp(text_of(event, "error_code"), value) == 0;
	if (strcmp(name, "addr") == 0 || strcmp(name, "socket_addr") == 0)
		return strcmp(text_of(context, "address"), value) == 0;
	if (strcmp(name, "port") == 0 || strcmp(name, "socket_port") == 0)
		return is_text(json_object_get(context, "port"), value);
	if (strcmp(name, "path") == 0)
		return strcmp(text_of(event, "target_path"), value) == 0;
	if (strcmp(name, "data") == 0)
		return records_have(event, "keystrokes", value);
	if (strcmp(name, "old_auid") == 0)
		return records_have(event, "old-auid", value);
	if (strcmp(name, "new_auid") == 0)
		return records_have(event, "auid", value);
	return strcmp(name, "family") == 0 || strcmp(name, "socket_family") == 0 || strcmp(name, "seperms") == 0 ||
	    strcmp(value, "SIGSYS") == 0;
}

static void
compare_data(const json_t *event, const json_t *data, const char *where)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)data, name, value) {
		const char *text = json_string_value(value);

		if (text == NULL)
			continue;
		ck_assert_msg(records_have(event, name, text) || told_elsewhere(event, name, text),
		    "%s: %s is not %s", where, name, text);
		compared++;
	}
}

static void
compare_time(const json_t *event, const json_t *golden, const char *where)
{
	const char *want = text_of(golden, "@timestamp"), *got = text_of(event, "time");

	ck_assert_msg(strncmp(want, got, strlen(want) - 1) == 0, "%s: %s, not %s", where, got, want);
	ck_assert_int_eq(json_integer_value(json_object_get(golden, "sequence")),
	    json_integer_value(json_object_get(json_object_get(event, "context"), "serial")));
}

static json_t *
load(const struct buf *text)
{
	json_error_t e;
	json_t *all = json_loadb(text->p, text->len, 0, &e);

	ck_assert_msg(all != NULL, "%s", e.text);
	return all;
}

static const char *const record_files[] = { "audit-rhel6", "audit-rhel7", "audit-ubuntu14", "audit-ubuntu16",
	"audit-ubuntu17", "test2", "test3" };

START_TEST(records_are_what_go_libaudit_expects)
{
	const char *name = record_files[_i];
	struct buf text = { 0 }, log = { 0 };
	char file[128];
	json_t *all, *golden;
	unsigned faults;
	size_t i;

	snprintf(file, sizeof(file), GO "auparse/testdata/%s.log.golden", name);
	if (!read_file(file, &text))
		return;
	all = load(&text);
	json_array_foreach(all, i, golden) {
		json_t *events;

		if (!json_is_object(golden))
			continue; /* type=UNKNOWN[1329] msg=? */
		buf_reset(&log);
		buf_printf(&log, "type=%s msg=%s\n", text_of(golden, "record_type"), text_of(golden, "raw_msg"));
		for (char *p = log.p + 5; *p != ' '; p++)
			*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
		events = events_of(log.p, log.len, &faults);
		ck_assert_uint_eq(json_array_size(events), 1);
		compare_time(json_array_get(events, 0), golden, name);
		compare_data(json_array_get(events, 0), json_object_get(golden, "data"), name);
		json_decref(events);
	}
	ck_assert_uint_gt(compared, 5);
	json_decref(all);
	buf_fini(&text);
	buf_fini(&log);
}
END_TEST

/*
 * The log of one test in their YAML:
 *
 *	  test name: |
 *	    type=SYSCALL msg=audit(...
 */
static void
find_log(const struct buf *yaml, const char *name, struct buf *log)
{
	size_t len = strlen(name);
	bool within = false;

	buf_reset(log);
	for (const char *p = yaml->p, *next; *p != '\0'; p = next) {
		size_t n = strcspn(p, "\n");

		next = p + n + (p[n] == '\n');
		if (n > 4 && strncmp(p, "    ", 4) == 0) {
			if (within)
				buf_add(log, p + 4, (size_t)(next - p) - 4);
		} else if (n > 2)
			within = strncmp(p + 2, name, len) == 0 && p[2 + len] == ':';
	}
	buf_byte(log, '\n');
}

static void
compare_process(const json_t *event, const json_t *process, const char *where)
{
	static const char *const names[][2] = { { "exe", "exe" }, { "title", "command" }, { "cwd", "cwd" },
		{ "pid", "pid" }, { "ppid", "ppid" }, { "name", "comm" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *want = json_string_value(json_object_get(process, names[i][0]));

		ck_assert_msg(want == NULL ||
		    is_text(json_object_get(json_object_get(event, "context"), names[i][1]), want),
		    "%s: %s is not %s", where, names[i][1], want);
	}
}

static size_t
count_paths(const json_t *event)
{
	const json_t *record;
	size_t i, n = 0;

	json_array_foreach(json_object_get(json_object_get(event, "context"), "records"), i, record)
		n += strcmp(text_of(record, "type"), "PATH") == 0;
	return n;
}

static void
compare_coalesced(const json_t *event, const json_t *golden, const char *where)
{
	const json_t *ids = json_object_get(json_object_get(golden, "user"), "ids");
	const char *result = text_of(golden, "result"), *auid = text_of(ids, "auid");

	compare_time(event, golden, where);
	compare_data(event, json_object_get(golden, "data"), where);
	compare_process(event, json_object_get(golden, "process"), where);
	if (*auid >= '0' && *auid <= '9')
		ck_assert_msg(strcmp(text_of(event, "actor_id") + 4, auid) == 0, "%s: auid is not %s", where, auid);
	ck_assert_msg(strncmp(text_of(event, "outcome"), *result ? result : "unknown", 4) == 0, "%s: %s, not %s",
	    where, text_of(event, "outcome"), result);
	ck_assert_uint_eq(count_paths(event), json_array_size(json_object_get(golden, "paths")));
}

static const char *const event_files[] = { "random-internet", "rhel-7-linux-3.10.0",
	"ubuntu-16.04-linux-4.13.0", "ubuntu-16.10-linux-4.8.0", "ubuntu-17.04-linux-4.10.0",
	"ubuntu-20.04.6-linux-5.15.0-1034-gcp", "ubuntu-21.10-linux-5.13", "ubuntu-24.04-linux-6.8.0" };

START_TEST(events_are_what_go_libaudit_expects)
{
	struct buf text = { 0 }, yaml = { 0 }, log = { 0 };
	char file[128];
	json_t *all, *golden;
	size_t i;

	snprintf(file, sizeof(file), GO "aucoalesce/testdata/%s.json.golden", event_files[_i]);
	if (!read_file(file, &text))
		return;
	snprintf(file, sizeof(file), GO "aucoalesce/testdata/%s.yaml", event_files[_i]);
	ck_assert(read_file(file, &yaml));
	all = load(&text);
	json_array_foreach(all, i, golden) {
		const char *name = text_of(golden, "test_name");
		unsigned faults;
		json_t *events;

		find_log(&yaml, name, &log);
		events = events_of(log.p, log.len, &faults);
		ck_assert_msg(json_array_size(events) == 1 && faults == 0, "%s", name);
		compare_coalesced(json_array_get(events, 0), json_object_get(golden, "event"), name);
		json_decref(events);
	}
	ck_assert_uint_gt(compared, 5);
	json_decref(all);
	buf_fini(&text);
	buf_fini(&yaml);
	buf_fini(&log);
}
END_TEST

/* The ids of a log's events, in their order, and the number of faults. */
static void
expect_ids(const char *name, const char *want, unsigned want_faults)
{
	struct buf log = { 0 }, ids = { 0 };
	const json_t *event;
	unsigned faults;
	json_t *events;
	size_t i;

	if (!read_file(name, &log))
		return;
	events = events_of(log.p, log.len, &faults);
	json_array_foreach(events, i, event)
		buf_printf(&ids, "%s ", strrchr(text_of(event, "id"), ':') + 1);
	buf_byte(&ids, '\0');
	ck_assert_str_eq(ids.p, want);
	ck_assert_uint_eq(faults, want_faults);
	json_decref(events);
	buf_fini(&ids);
	buf_fini(&log);
}

START_TEST(records_are_assembled_as_go_libaudit_expects)
{
	expect_ids(GO "testdata/normal.log", "58 59 60 61 62 ", 0);
	expect_ids(GO "testdata/out_of_order.log", "58 59 60 61 62 ", 0);
	expect_ids(GO "testdata/lost_messages.log", "49 59 60 61 62 ", 0);
	expect_ids(GO "testdata/rollover.log", "4294967294 4294967295 0 1 2 ", 0);
}
END_TEST

START_TEST(damage_of_plaso_is_quarantined_and_the_rest_read)
{
	expect_ids(AUDITD "plaso/selinux.log", "94983 0 94984 94984 2159+MMAP-d56bea06d8eb6413 101 ", 4);
	expect_ids(AUDITD "plaso/audit_enriched.log", "399 408 423 441 444 446 447 448 449 485 487 735 ", 0);
}
END_TEST

/* ---- The OMS plugin ---- */

static void
compare_oms(const json_t *event, const json_t *expected)
{
	static const char *const names[] = { "exe", "cwd", "pid", "ppid", "comm" };
	const json_t *record = json_array_get(json_object_get(json_array_get(expected, 1), "records"), 0);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *want = json_string_value(json_object_get(record, names[i]));

		if (want == NULL)
			continue;
		ck_assert_msg(records_have(event, names[i], want), "%s is not %s", names[i], want);
		compared++;
	}
}

/* Each is in two pieces: their program puts its version in between. */
static json_t *
load_oms(const json_t *pieces, size_t i)
{
	struct buf text = { 0 };
	json_t *all;

	buf_str(&text, str_of(json_string_value(json_array_get(pieces, i))));
	buf_str(&text, STR("1"));
	buf_str(&text, str_of(json_string_value(json_array_get(pieces, i + 1))));
	all = json_loadb(text.p, text.len, JSON_DISABLE_EOF_CHECK, NULL);
	buf_fini(&text);
	return all;
}

/* They have several events for one serial at times: the same one of ours. */
START_TEST(events_are_what_the_oms_plugin_expects)
{
	struct buf text = { 0 };
	const json_t *raw, *expected;
	json_t *all;
	size_t i, j, found = 0;

	if (!read_file(AUDITD "oms-auditd-plugin/test-events.json", &text))
		return;
	all = load(&text);
	expected = json_object_get(all, "oms_test_events");
	json_array_foreach(json_object_get(all, "raw_test_events"), i, raw) {
		unsigned faults;
		json_t *events = events_of(json_string_value(raw), json_string_length(raw), &faults);
		const json_t *first = json_array_get(events, 0);

		ck_assert_uint_eq(faults, 0);
		for (j = 0; j + 1 < json_array_size(expected); j += 2) {
			json_t *want = load_oms(expected, j);

			if (want != NULL && json_array_size(events) == 1 &&
			    json_equal(json_object_get(json_array_get(want, 1), "SerialNumber"),
				json_object_get(json_object_get(first, "context"), "serial"))) {
				compare_oms(first, want);
				found++;
			}
			json_decref(want);
		}
		json_decref(events);
	}
	ck_assert_uint_gt(found, 0);
	json_decref(all);
	buf_fini(&text);
}
END_TEST

/* ---- ausearch ---- */

static const char *const logs[] = { "plaso/audit_enriched.log", "go-libaudit/testdata/normal.log",
	"go-libaudit/testdata/rollover.log", "otrf/sh_arp_cache_2020-11-10074812.log",
	"otrf/sh_binary_padding_dd_2020-11-10081941.log" };

/* What it prints, or false when it is not installed. */
static bool
run_ausearch(const char *log, const char *options, struct buf *text)
{
	char path[CORPORA_PATH_MAX], command[2 * CORPORA_PATH_MAX], name[128];
	FILE *f;

	snprintf(name, sizeof(name), AUDITD "%s", log);
	if (!corpora_path(path, name))
		return false;
	if (system("ausearch --version >/dev/null 2>&1") != 0) {
		fprintf(stderr, "SKIP %s: ausearch is not installed\n", log);
		return false;
	}
	snprintf(command, sizeof(command), "ausearch %s -if '%s' </dev/null 2>/dev/null", options, path);
	ck_assert_ptr_nonnull(f = popen(command, "r"));
	do {
		buf_reserve(text, 65536);
		text->len += fread(text->p + text->len, 1, 65536, f);
	} while (!feof(f) && !ferror(f));
	pclose(f);
	buf_byte(text, '\0');
	return true;
}

static json_t *
events_of_file(const char *log)
{
	struct buf text = { 0 };
	char name[128];
	unsigned faults;
	json_t *events;

	snprintf(name, sizeof(name), AUDITD "%s", log);
	ck_assert(read_file(name, &text));
	events = events_of(text.p, text.len, &faults);
	buf_fini(&text);
	return events;
}

static const json_t *
find_event(const json_t *events, const char *serial)
{
	const json_t *event;
	size_t i;

	json_array_foreach(events, i, event)
		if (is_text(json_object_get(json_object_get(event, "context"), "serial"), serial))
			return event;
	return NULL;
}

/* NODE,EVENT,DATE,TIME,SERIAL_NUM,EVENT_KIND,SESSION,SUBJ_PRIME,SUBJ_SEC,SUBJ_KIND,ACTION,RESULT,... */
START_TEST(ausearch_finds_the_same_events_and_outcomes)
{
	struct buf csv = { 0 };
	unsigned lines = 0;
	json_t *events;

	if (!run_ausearch(logs[_i], "--format csv", &csv))
		return;
	events = events_of_file(logs[_i]);
	for (char *line = csv.p, *next; *line != '\0'; line = next) {
		char *cell[12] = { line };
		const json_t *event;
		int n;

		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		for (n = 1; n < 12 && (cell[n] = strchr(cell[n - 1], ',')) != NULL; n++)
			*cell[n]++ = '\0';
		if (n < 12 || lines++ == 0)
			continue;
		cell[11][strcspn(cell[11], ",")] = '\0';
		event = find_event(events, cell[4]);
		ck_assert_msg(event != NULL, "%s: %s", logs[_i], cell[4]);
		if (strcmp(text_of(json_object_get(event, "context"), "type"), cell[1]) == 0 && cell[11][0] != '\0')
			ck_assert_msg(strncmp(text_of(event, "outcome"), cell[11], 4) == 0, "%s: %s", cell[4], cell[11]);
		if (strcmp(cell[6], "unset") != 0 && cell[6][0] != '\0')
			ck_assert_str_eq(text_of(event, "session_id"), cell[6]);
	}
	ck_assert_uint_gt(lines, json_array_size(events));
	json_decref(events);
	buf_fini(&csv);
}
END_TEST

START_TEST(ausearch_decodes_the_same_texts)
{
	static const char *const names[] = { "exe", "comm", "cwd", "name", "proctitle", "acct", "cmd" };
	struct buf text = { 0 }, pair = { 0 };
	const json_t *event, *record;
	json_t *events;
	size_t i, j;

	if (!run_ausearch(logs[_i], "-i", &text))
		return;
	events = events_of_file(logs[_i]);
	json_array_foreach(events, i, event)
		json_array_foreach(json_object_get(json_object_get(event, "context"), "records"), j, record)
			for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
				const char *value = json_string_value(json_object_get(record, names[k]));

				if (value == NULL)
					continue;
				buf_reset(&pair);
				buf_printf(&pair, "%s=%s ", names[k], value);
				buf_byte(&pair, '\0');
				ck_assert_msg(strstr(text.p, pair.p) != NULL, "%s", pair.p);
				compared++;
			}
	ck_assert_uint_gt(compared, 5);
	json_decref(events);
	buf_fini(&text);
	buf_fini(&pair);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(*(array))))

static Suite *
corpora_suite(void)
{
	Suite *s = suite_create("ingest/auditd against others");
	TCase *t = tcase_create("real logs");

	tcase_add_loop_test(t, records_are_what_go_libaudit_expects, 0, COUNT(record_files));
	tcase_add_loop_test(t, events_are_what_go_libaudit_expects, 0, COUNT(event_files));
	tcase_add_test(t, records_are_assembled_as_go_libaudit_expects);
	tcase_add_test(t, damage_of_plaso_is_quarantined_and_the_rest_read);
	tcase_add_test(t, events_are_what_the_oms_plugin_expects);
	tcase_add_loop_test(t, ausearch_finds_the_same_events_and_outcomes, 0, COUNT(logs));
	tcase_add_loop_test(t, ausearch_decodes_the_same_texts, 0, COUNT(logs));
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(corpora_suite)
