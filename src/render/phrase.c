/*
 * phrase: who, what to, where from, how it went: what every format for people
 * says about an event, in the same words.
 *
 *     Alice Smith   System (svc-rotate)   anonymous   prod/db/orders   2001:db8::1
 *
 * The texts are raw: who prints them makes them safe.
 */
#include <inttypes.h>

#include "render/format.h"

/* The first of the fields that says something; p == NULL: none does. */
static struct str
first_of(const struct event *ev, const enum field *field, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (event_has(ev, field[i]) && ev->v[field[i]].len > 0)
			return ev->v[field[i]];
	}
	return (struct str){ NULL, 0 };
}

struct str
render_value(const struct event *ev, enum field f)
{
	return first_of(ev, &f, 1);
}

static struct str
name_of(const struct event *ev)
{
	static const enum field best[] = { FIELD_ACTOR_NAME, FIELD_ACTOR_EMAIL, FIELD_ACTOR_ID };

	return first_of(ev, best, 3);
}

/* Where nobody is named but a service account, that one acted by itself.  Where
 * nobody is named at all, nobody is claimed. */
static bool
is_automated(const struct event *ev, struct str name)
{
	struct str type = render_value(ev, FIELD_ACTOR_TYPE);

	if (type.p != NULL && (str_eq_nocase(type, STR("system")) || str_eq_nocase(type, STR("service_account"))))
		return true;
	return name.p == NULL && event_has(ev, FIELD_SERVICE_ACCOUNT) && ev->v[FIELD_SERVICE_ACCOUNT].len > 0;
}

/* A name that could be taken for our own words. */
static bool
is_misleading(struct str name)
{
	struct str start = { name.p, name.len < 8 ? name.len : 8 };

	return str_eq_nocase(name, STR("system")) || str_eq_nocase(start, STR("system (")) ||
	    memmem(name.p, name.len, " via ", 5) != NULL || name.p[0] == '"' || name.p[0] == ' ' ||
	    name.p[name.len - 1] == ' ' ||
	    (name.len == 1 && name.p[0] == '-');
}

enum render_who
render_actor(struct buf *out, const struct event *ev)
{
	struct str name = name_of(ev), type = render_value(ev, FIELD_ACTOR_TYPE);

	if (is_automated(ev, name)) {
		buf_str(out, STR("System"));
		if (name.p == NULL)
			name = render_value(ev, FIELD_SERVICE_ACCOUNT);
		if (name.p != NULL && !str_eq_nocase(name, STR("system"))) {
			buf_str(out, STR(" ("));
			buf_str(out, name);
			buf_byte(out, ')');
		}
		return WHO_SYSTEM;
	}
	if (name.p != NULL && is_misleading(name))
		json_quote(out, name);
	else if (name.p != NULL)
		buf_str(out, name);
	else if (type.p != NULL)
		buf_str(out, type);
	return name.p != NULL ? WHO_NAMED : type.p != NULL ? WHO_TYPE : WHO_UNKNOWN;
}

struct str
render_via(const struct event *ev)
{
	static const enum field self[] = { FIELD_ACTOR_NAME, FIELD_ACTOR_EMAIL, FIELD_ACTOR_ID };
	struct str account = render_value(ev, FIELD_SERVICE_ACCOUNT);

	if (account.p == NULL || name_of(ev).p == NULL)
		return (struct str){ NULL, 0 };
	for (size_t i = 0; i < 3; i++)
		if (event_has(ev, self[i]) && str_eq(ev->v[self[i]], account))
			return (struct str){ NULL, 0 };
	return account;
}

struct str
render_target(const struct event *ev)
{
	static const enum field best[] = { FIELD_TARGET_PATH, FIELD_TARGET_NAME, FIELD_TARGET_ID };

	return first_of(ev, best, 3);
}

struct str
render_origin(const struct event *ev)
{
	static const enum field best[] = { FIELD_IP, FIELD_HOST };

	return first_of(ev, best, 2);
}

/* enum event_severity, -1: absent. */
static int
severity(const struct event *ev)
{
	return event_has(ev, FIELD_SEVERITY) ? event_severity(ev->v[FIELD_SEVERITY]) : -1;
}

int
render_outcome(const struct event *ev)
{
	return event_has(ev, FIELD_OUTCOME) ? event_outcome(ev->v[FIELD_OUTCOME]) : -1;
}

enum render_style
render_severity_style(const struct event *ev)
{
	static const enum render_style styles[SEVERITY_COUNT] = {
		STYLE_PLAIN, STYLE_WARNING, STYLE_BAD, STYLE_WORST
	};
	int level = severity(ev);

	return level < 0 ? STYLE_PLAIN : styles[level];
}

enum render_style
render_outcome_style(const struct event *ev)
{
	static const enum render_style styles[OUTCOME_COUNT] = { STYLE_GOOD, STYLE_BAD, STYLE_WARNING };
	int outcome = render_outcome(ev);

	return outcome < 0 ? STYLE_PLAIN : styles[outcome];
}

struct str
render_mark(const struct event *ev)
{
	static const char marks[SEVERITY_COUNT][2] = { "", "w", "E", "C" };
	int level = severity(ev);

	return str_of(level < 0 ? "" : marks[level]);
}

void
render_age(struct buf *out, int64_t now, int64_t us)
{
	static const struct {
		int64_t seconds, below;
		const char *unit;
	} steps[] = {
		{ 1, 60, "s" }, { 60, 3600, "m" }, { 3600, 48 * 3600, "h" },
		{ 86400, 60 * 86400, "d" }, { 30 * 86400, 730 * 86400, "mo" }, { 365 * 86400, INT64_MAX, "y" },
	};
	bool ahead = us > now;
	int64_t seconds = (ahead ? us - now : now - us) / TIME_SECOND;
	size_t i = 0;

	while (seconds >= steps[i].below)
		i++;
	buf_printf(out, "%s%" PRId64 "%s", ahead ? "in " : "", seconds / steps[i].seconds, steps[i].unit);
}

void
render_local_time(struct buf *out, int64_t us)
{
	char text[32];

	time_format_local(text, us);
	buf_str(out, str_of(text));
}
