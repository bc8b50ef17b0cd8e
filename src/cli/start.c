/*
 * start: how every program begins and ends: command line, surroundings,
 * messages, exit status.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/control.h"
#include "cli/dialect.h"
#include "cli/from.h"
#include "cli/pager.h"
#include "cli/signals.h"
#include "cli/values.h"
#include "event/event.h"
#include "ingest/redact.h"
#include "render/render.h"

#define FREED_MAX (32 * 1024 * 1024) /* bytes that are kept for later */
#define MESSAGE_MAX 2048
#define ZONE_FOLDER "/usr/share/zoneinfo"
#define ZONE_MAX 64

/* ---- Messages ---- */

static void
say(const char *program, const char *text)
{
	struct buf line = { 0 };

	buf_printf(&line, "%s: ", program);
	render_safe(&line, str_of(text));
	buf_byte(&line, '\n');
	/* One write, so that lines of several programs do not mix. */
	(void)!write(STDERR_FILENO, line.p, line.len);
	buf_fini(&line);
}

#define SAY_FORMATTED(p, fmt)                               \
	do {                                                \
		char text[MESSAGE_MAX];                     \
		va_list ap;                                 \
		va_start(ap, fmt);                          \
		vsnprintf(text, sizeof(text), fmt, ap);     \
		va_end(ap);                                 \
		say((p)->name, text);                       \
	} while (0)

void
cli_note(const struct program *p, const struct common_args *c, const char *fmt, ...)
{
	if (!c->quiet)
		SAY_FORMATTED(p, fmt);
}

void
cli_detail(const struct program *p, const struct common_args *c, const char *fmt, ...)
{
	if (c->verbose)
		SAY_FORMATTED(p, fmt);
}

/* ---- Surroundings ---- */

/* A closed standard stream is opened on /dev/null the wrong way round: using
 * it fails, and no store gets its number. */
static void
open_standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

/*
 * What one segment took is needed by the next at once.  Left alone, malloc
 * gives it back to the system in between, and page faults take a fifth of the
 * time that looking for a rare word does.
 */
static void
keep_freed_memory(void)
{
#ifdef M_TRIM_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, FREED_MAX / 2);
	mallopt(M_TRIM_THRESHOLD, FREED_MAX);
#endif
}

static bool
zone_exists(const char *name)
{
	char path[sizeof(ZONE_FOLDER) + 1 + ZONE_MAX];
	struct stat sb;

	if (strlen(name) > ZONE_MAX || name[0] == '/' || strstr(name, ".."))
		return false;
	snprintf(path, sizeof(path), "%s/%s", ZONE_FOLDER, name);
	return stat(path, &sb) == 0 && S_ISREG(sb.st_mode);
}

/* TZ of the environment does not count: the same command gives the same
 * answer for everyone. */
static int
set_zone(const char *name, struct err *e)
{
	char value[ZONE_MAX + 2];

	if (!name || strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0) {
		snprintf(value, sizeof(value), "UTC0");
	} else {
		if (!zone_exists(name))
			return err_set(e, ERR_FAIL, "--tz %s: no such time zone in %s", name,
			    ZONE_FOLDER);
		snprintf(value, sizeof(value), ":%s", name);
	}
	setenv("TZ", value, 1);
	tzset();
	return 0;
}

/* ---- What is printed and done with ---- */

static void
print_help(const struct program *p)
{
	struct buf text = { 0 };

	opt_help(p->table, &text);
	printf("%s - %s\n\nExamples:\n%s\nUsage: %s %s\n", p->name, p->purpose, p->examples,
	    p->name, p->usage);
	fwrite(text.p, 1, text.len, stdout);
	printf("\nThe manual: man %s\n", p->name);
	buf_fini(&text);
}

static void
print_options(const struct program *p)
{
	struct buf text = { 0 };

	opt_list(p->table, &text);
	fwrite(text.p, 1, text.len, stdout);
	if (p->operand != VALUE_ANY)
		printf("operand\t-\t%s\t%s\n", opt_value_name(p->operand), p->usage);
	buf_fini(&text);
}

/* The foreign logs, the controls of auditors, or the rules of redaction. */
static int
print_known(const char *kind, struct err *e)
{
	struct redactor *redactor = NULL;
	struct str_list names = { 0 };
	int rc = 0;

	if (strcmp(kind, "from") == 0)
		rc = from_names(&names, e);
	else if (strcmp(kind, "control") == 0)
		rc = control_names(&names, e);
	else if ((redactor = redactor_new(NULL, e)) == NULL)
		rc = -1;
	for (size_t i = 0; rc == 0 && i < names.n; i++)
		puts(names.item[i]);
	for (size_t i = 0; redactor != NULL && i < redactor_rules(redactor); i++)
		puts(redactor_rule(redactor, i));
	if (redactor != NULL)
		puts("all");
	redactor_free(redactor);
	str_list_fini(&names);
	return rc;
}

static int
print_values(const struct program *p, const struct common_args *c, const char *kind, struct err *e)
{
	static const char *const whens[] = { "auto", "always", "never", NULL };
	static const char *const clocks[] = { "time", "ingested", NULL };
	static const char *const fulls[] = { "wait", "exit", NULL };
	static const char *const acks[] = { "omprog", NULL };
	const char *const *list = NULL;
	size_t n = 0;

	if (strcmp(kind, "format") == 0) {
		list = p->formats;
	} else if (strcmp(kind, "when") == 0) {
		list = whens;
	} else if (strcmp(kind, "clock") == 0) {
		list = clocks;
	} else if (strcmp(kind, "full") == 0) {
		list = fulls;
	} else if (strcmp(kind, "ack") == 0) {
		list = acks;
	} else if (strcmp(kind, "facility") == 0) {
		list = dialect_facilities;
	} else if (strcmp(kind, "framing") == 0) {
		list = dialect_framings;
	} else if (strcmp(kind, "field") == 0) {
		list = field_names();
		n = FIELD_COUNT;
	} else if (strcmp(kind, "severity") == 0) {
		list = event_severities;
		n = SEVERITY_COUNT;
	} else if (strcmp(kind, "outcome") == 0) {
		list = event_outcomes;
		n = OUTCOME_COUNT;
	} else if (strcmp(kind, "from") == 0 || strcmp(kind, "rule") == 0 || strcmp(kind, "control") == 0) {
		return print_known(kind, e);
	} else {
		return values_print(c, kind, e);
	}
	while (list && n == 0 && *list)
		puts(*list++);
	for (size_t i = 0; i < n; i++)
		puts(list[i]);
	return 0;
}

static void
print_version(const struct program *p, const struct common_args *c)
{
	printf("%s (audit-toolkit) %s\nSQLite %s, store format %d\n", p->name, PACKAGE_VERSION,
	    store_sqlite_version(), STORE_FORMAT);
	if (c->verbose) {
		printf("sandbox: ");
		cli_sandbox_version(c);
	}
}

int
cli_start(const struct program *p, int argc, char *argv[], void *args, struct str_list *operands)
{
	const struct common_args *c = (const void *)((const char *)args + p->common_offset);
	struct err e = ERR_NONE;

	open_standard_streams();
	umask(027);
	keep_freed_memory();
	signals_start();
	if (opt_parse(p->table, argc, argv, args, operands, &e) != 0)
		return cli_finish(p, &e, ERR_FAIL);

	if (c->help)
		print_help(p);
	else if (c->version)
		print_version(p, c);
	else if (c->list_options)
		print_options(p);
	else if (c->list_values)
		print_values(p, c, c->list_values, &e);
	else if (set_zone(c->tz, &e) == 0)
		return -1;
	return cli_finish(p, &e, 0);
}

/* The worse of two exit statuses, as err_set weighs them. */
static int
worse(int a, int b)
{
	static const int order[] = { ERR_INTEGRITY, ERR_REFUSED, ERR_FAIL, ERR_BUSY,
		ERR_INCOMPLETE, 1 };

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return 0;
}

int
cli_finish(const struct program *p, struct err *e, int status)
{
	bool lost = ferror(stdout) != 0;
	int lost_by;

	errno = 0;
	if (fclose(stdout) != 0)
		lost = true;
	lost_by = errno;
	/* What there is to say comes when the pager has left the screen. */
	pager_wait();
	if (e->code != ERR_OK)
		say(p->name, e->text);
	status = worse(status, err_status(e));
	if (lost) {
		/* A library that failed on stdout has said so already. */
		if (e->code == ERR_OK) {
			err_set(e, ERR_FAIL, "standard output: %s", strerror(lost_by ? lost_by : EIO));
			say(p->name, e->text);
		}
		status = worse(status, ERR_FAIL);
	}
	return status;
}
