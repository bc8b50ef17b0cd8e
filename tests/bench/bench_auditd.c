/*
 * bench_auditd: records of a Linux audit log in a second, on one core.
 *
 * Usage: bench_auditd [RECORDS] (a log of our own making), or
 * bench_auditd --print FILE (its events as lines, for comparison by hand).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "ingest/auditd.h"

struct work {
	struct auditd *a;
	struct buf line;
	size_t lines, events, bytes;
	uint64_t offset;
	bool print;
};

static void
take(struct work *w)
{
	struct auditd_item it;

	while (auditd_next(w->a, &it)) {
		buf_reset(&w->line);
		if (it.fault == EVENT_OK)
			event_format(&w->line, &it.ev);
		else
			buf_printf(&w->line, "%s: %s: %.*s", event_fault_name(it.fault), it.detail,
			    (int)it.raw.len, it.raw.p);
		w->events++;
		if (w->print)
			printf("%.*s\n", (int)w->line.len, w->line.p);
	}
}

static void
feed(struct work *w, const char *line, size_t len)
{
	auditd_feed(w->a, (struct str){ line, len }, w->offset, w->offset + len + 1, ++w->lines);
	w->offset += len + 1;
	w->bytes += len + 1;
	take(w);
}

/* The usual: a rule that watches what people run. */
static void
feed_execution(struct work *w, unsigned i)
{
	static const char *const record[] = {
		"type=SYSCALL msg=audit(%u.%03u:%u): arch=c000003e syscall=59 success=yes exit=0 a0=55d782c96198 "
		"a1=55d782c96120 a2=55d782c96158 a3=1 items=2 ppid=26595 pid=26918 auid=1000 uid=0 gid=0 euid=0 suid=0 "
		"fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=842 comm=\"logger\" exe=\"/usr/bin/logger\" key=\"exec\"\x1d"
		"ARCH=x86_64 SYSCALL=execve AUID=\"amy\" UID=\"root\" GID=\"root\" EUID=\"root\"",
		"type=EXECVE msg=audit(%u.%03u:%u): argc=4 a0=\"logger\" a1=\"-t\" a2=\"backup\" "
		"a3=696E6372656D656E74616C206261636B7570206F6620706F6F6C",
		"type=CWD msg=audit(%u.%03u:%u): cwd=\"/\"",
		"type=PATH msg=audit(%u.%03u:%u): item=0 name=\"/usr/bin/logger\" inode=312545 dev=00:13 mode=0100755 "
		"ouid=0 ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0",
		"type=PATH msg=audit(%u.%03u:%u): item=1 name=\"/lib64/ld-linux-x86-64.so.2\" inode=370637 dev=00:13 "
		"mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0",
		"type=PROCTITLE msg=audit(%u.%03u:%u): proctitle=6C6F67676572002D74006261636B7570",
		"type=EOE msg=audit(%u.%03u:%u): ",
	};
	char line[1024];

	for (size_t r = 0; r < sizeof(record) / sizeof(*record); r++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		int n = snprintf(line, sizeof(line), record[r], 1700000000 + i / 1000, i % 1000, i);
#pragma GCC diagnostic pop

		feed(w, line, (size_t)n);
	}
}

static int
read_file(struct work *w, const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (f == NULL) {
		perror(path);
		return EXIT_FAILURE;
	}
	while ((n = getline(&line, &cap, f)) > 0)
		feed(w, line, (size_t)n - (line[n - 1] == '\n'));
	free(line);
	fclose(f);
	return EXIT_SUCCESS;
}

int
main(int argc, char *argv[])
{
	struct work w = { .a = auditd_new(0, 0), .print = argc > 2 && strcmp(argv[1], "--print") == 0 };
	size_t want = argc > 1 && !w.print ? strtoul(argv[1], NULL, 10) : 1000000;
	int64_t started = time_steady();
	int rc = EXIT_SUCCESS;
	double seconds;

	if (w.print)
		rc = read_file(&w, argv[2]);
	else
		for (unsigned i = 0; w.lines < want; i++)
			feed_execution(&w, i);
	auditd_flush(w.a);
	take(&w);
	seconds = (double)(time_steady() - started) / (double)TIME_SECOND;
	fprintf(stderr, "%zu records, %zu events, %.0f records/s, %.0f MB/s\n", w.lines, w.events,
	    (double)w.lines / seconds, (double)w.bytes / seconds / 1e6);
	auditd_free(w.a);
	buf_fini(&w.line);
	return rc;
}
