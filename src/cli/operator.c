/*
 * operator: who runs the program, and the records that the toolkit writes
 * about its own doing.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/random.h"
#include "base/utf8.h"
#include "cli/cli.h"

#define LOGIN_UID_UNKNOWN ((unsigned)-1)

/* Copies what fits and is text; else leaves out empty. */
static void
copy_text(char *out, size_t size, const char *from)
{
	size_t len = from ? strlen(from) : 0;

	if (len >= size || utf8_valid_prefix(from ? from : "", len) != len)
		len = 0;
	if (len > 0)
		memcpy(out, from, len);
	out[len] = '\0';
}

/* What pam_loginuid wrote: the identity that logged in, whatever su and sudo
 * did since; 4294967295 for daemons. */
static unsigned
login_uid(void)
{
	FILE *f = fopen("/proc/self/loginuid", "r");
	unsigned uid = LOGIN_UID_UNKNOWN;

	if (!f)
		return LOGIN_UID_UNKNOWN;
	if (fscanf(f, "%u", &uid) != 1)
		uid = LOGIN_UID_UNKNOWN;
	fclose(f);
	return uid;
}

/* Who called sudo.  Anyone can set a variable: without root's rights it counts
 * only when it agrees with who logged in. */
static const char *
sudo_user(unsigned login)
{
	const char *uid = getenv("SUDO_UID");
	char text[16];

	snprintf(text, sizeof(text), "%u", login);
	if (getuid() == 0 || (login != LOGIN_UID_UNKNOWN && uid && strcmp(uid, text) == 0))
		return getenv("SUDO_USER");
	return NULL;
}

/* The device of the controlling terminal: whatever was redirected, it is the
 * same; 0 for what cron or systemd started.  From a line such as
 *	4242 (audit-export) S 4200 4242 4200 34816 ...
 * where the name may have blanks and parentheses. */
static dev_t
terminal_device(void)
{
	FILE *f = fopen("/proc/self/stat", "r");
	char line[512];
	const char *behind;
	unsigned device = 0;

	if (!f)
		return 0;
	behind = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	if (!behind || sscanf(behind, ") %*c %*d %*d %*d %u", &device) != 1)
		return 0;
	return makedev(device >> 8 & 0xfff, (device & 0xff) | (device >> 12 & 0xfff00));
}

/* Its name, among those that terminals have; else that of a standard stream. */
static void
find_terminal(char *out, size_t size)
{
	static const struct {
		unsigned major, first;
		const char *name;
	} kinds[] = { { 136, 0, "/dev/pts/" }, { 4, 64, "/dev/ttyS" }, { 4, 0, "/dev/tty" } };
	dev_t device = terminal_device();
	char text[256];
	struct stat sb;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && device != 0; i++) {
		if (major(device) != kinds[i].major || minor(device) < kinds[i].first)
			continue;
		snprintf(text, sizeof(text), "%s%u", kinds[i].name, minor(device) - kinds[i].first);
		if (stat(text, &sb) == 0 && S_ISCHR(sb.st_mode) && sb.st_rdev == device) {
			copy_text(out, size, text);
			return;
		}
	}
	for (int fd = 0; fd <= 2 && !*out; fd++)
		if (ttyname_r(fd, text, sizeof(text)) == 0)
			copy_text(out, size, text);
}

void
cli_operator(struct operator_info *o)
{
	const struct passwd *pw = getpwuid(getuid());
	char text[256];

	*o = (struct operator_info){ .uid = getuid(), .login_uid = login_uid() };
	copy_text(o->user, sizeof(o->user), pw ? pw->pw_name : NULL);
	copy_text(o->sudo_user, sizeof(o->sudo_user), sudo_user(o->login_uid));
	find_terminal(o->terminal, sizeof(o->terminal));
	if (gethostname(text, sizeof(text)) == 0) {
		text[sizeof(text) - 1] = '\0';
		copy_text(o->host, sizeof(o->host), text);
	}
}

/* ---- Records ---- */

static void
set_text(struct event *ev, enum field f, const char *text, struct arena *a)
{
	size_t len = strlen(text);

	if (len > 0)
		event_set(ev, f, (struct str){ arena_copy(a, text, len), len });
}

static void
add_member(struct buf *object, const char *key, const char *value)
{
	if (!*value)
		return;
	if (object->len > 1)
		buf_byte(object, ',');
	json_quote(object, str_of(key));
	buf_byte(object, ':');
	json_quote(object, str_of(value));
}

/* named: with the names of people, not only their numbers. */
static void
set_operator(struct event *ev, const struct operator_info *who, struct str context, bool named, struct arena *a)
{
	struct buf object = { 0 };
	char text[32];

	snprintf(text, sizeof(text), "uid:%u", who->uid);
	set_text(ev, FIELD_CATEGORY, "COMPLIANCE", a);
	set_text(ev, FIELD_SEVERITY, "info", a);
	set_text(ev, FIELD_OUTCOME, "success", a);
	set_text(ev, FIELD_ACTOR_ID, text, a);
	set_text(ev, FIELD_ACTOR_TYPE, "user", a);
	if (named)
		set_text(ev, FIELD_ACTOR_NAME, who->user, a);
	set_text(ev, FIELD_HOST, who->host, a);

	/* The object without its closing brace, then the operator. */
	buf_add(&object, context.p, context.len > 1 ? context.len - 1 : 0);
	if (object.len == 0)
		buf_byte(&object, '{');
	if (who->login_uid != LOGIN_UID_UNKNOWN) {
		snprintf(text, sizeof(text), "uid:%u", who->login_uid);
		add_member(&object, "login_uid", text);
	}
	if (named)
		add_member(&object, "sudo_user", who->sudo_user);
	add_member(&object, "terminal", who->terminal);
	buf_byte(&object, '}');
	event_set(ev, FIELD_CONTEXT, (struct str){ arena_copy(a, object.p, object.len), object.len });
	buf_fini(&object);
}

static void
make_record(struct event *ev, const struct operator_info *who, const char *action, struct str context, bool named,
    struct arena *a)
{
	struct uuid7 ids = { 0 };
	int64_t now = time_now();
	char id[37];

	*ev = (struct event){ 0 };
	uuid7_next(&ids, now, id);
	set_text(ev, FIELD_ID, id, a);
	event_set_time(ev, FIELD_TIME, now);
	event_set_time(ev, FIELD_INGESTED, now);
	event_set(ev, FIELD_SOURCE, STR(EVENT_RESERVED_SOURCE));
	set_text(ev, FIELD_ACTION, action, a);
	set_operator(ev, who, context, named, a);
}

void
cli_record(struct event *ev, const struct operator_info *who, const char *action, struct str context, struct arena *a)
{
	make_record(ev, who, action, context, true, a);
}

void
cli_record_nameless(struct event *ev, const struct operator_info *who, const char *action, struct str context,
    struct arena *a)
{
	make_record(ev, who, action, context, false, a);
}
