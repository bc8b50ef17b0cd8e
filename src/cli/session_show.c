/*
 * session_show: sessions as a table for people, as JSON and as CSV.
 *
 *	USER            STATE  LAST  STARTED           EXPIRES  DEVICE    ADDRESS    ...
 *	alice@acme.org  live   2m    2026-04-22 09:00  in 21h   computer  192.0.2.7
 *
 * In: sessions, and which are meant.   Out: text.
 */
#include "cli/session_show.h"

#include <inttypes.h>

#include "base/mem.h"
#include "render/format.h"
#include "render/grid.h"
#include "render/render.h"

#define PIECE (64u << 10) /* bytes that are handed on at once */
#define NARROW 110 /* columns below which times are ages, and providers left out */

enum { TABLE, JSONL, JSON, CSV };

const char *const session_formats[] = {
	[TABLE] = "table", [JSONL] = "jsonl", [JSON] = "json", [CSV] = "csv", NULL
};

/* ---- which ---- */

/* The filter looks at an event: one of the session's user. */
static bool
is_of_user(const struct session_pick *p, const struct session *s)
{
	static const struct {
		enum session_text text;
		enum field field;
	} names[] = {
		{ SESSION_ACTOR_ID, FIELD_ACTOR_ID }, { SESSION_ACTOR_NAME, FIELD_ACTOR_NAME },
		{ SESSION_ACTOR_EMAIL, FIELD_ACTOR_EMAIL },
	};
	struct event ev = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (s->text[names[i].text].p != NULL)
			event_set(&ev, names[i].field, s->text[names[i].text]);
	return filter_match(p->user, &ev, p->scratch);
}

/* In use or not. */
static bool
is_asked_for(const struct session_pick *p, const struct session *s)
{
	if (p->unused > 0 && s->last > p->now - p->unused)
		return false;
	return p->user == NULL || is_of_user(p, s);
}

static void
append(struct session_list *l, size_t i)
{
	mem_grow(&l->item, &l->cap, l->n + 1, sizeof(*l->item));
	l->item[l->n++] = i;
}

size_t
session_list_pick(struct session_list *l, const struct sessions *s, const struct session_pick *p, uint64_t limit)
{
	size_t found = 0;
	struct session one;

	for (size_t i = 0; i < sessions_count(s) && (limit == 0 || l->n < limit); i++) {
		sessions_get(s, i, &one);
		if (!is_asked_for(p, &one))
			continue;
		found++;
		if (p->all || one.in_use)
			append(l, i);
	}
	return found;
}

void
session_list_add(struct session_list *l, size_t i)
{
	for (size_t k = 0; k < l->n; k++)
		if (l->item[k] == i)
			return;
	append(l, i);
}

/* ---- for programs ---- */

/* A session with what is made of it. */
struct row {
	struct session s;
	struct str user, kind, state;
};

static const struct member {
	const char *name;
	enum { TEXT, TIME, FLAG, COUNT } type;
	size_t offset;
} members[] = {
#define MEMBER(name, type, member) { name, type, offsetof(struct row, member) }
	MEMBER("session_id", TEXT, s.id),
	MEMBER("source", TEXT, s.source),
	MEMBER("tenant", TEXT, s.tenant),
	MEMBER("host", TEXT, s.host),
	MEMBER("state", TEXT, state),
	MEMBER("user", TEXT, user),
	MEMBER("actor_id", TEXT, s.text[SESSION_ACTOR_ID]),
	MEMBER("actor_name", TEXT, s.text[SESSION_ACTOR_NAME]),
	MEMBER("actor_email", TEXT, s.text[SESSION_ACTOR_EMAIL]),
	MEMBER("idp", TEXT, s.text[SESSION_IDP]),
	MEMBER("device_kind", TEXT, kind),
	MEMBER("device", TEXT, s.text[SESSION_DEVICE]),
	MEMBER("user_agent", TEXT, s.text[SESSION_USER_AGENT]),
	MEMBER("ip", TEXT, s.text[SESSION_IP]),
	MEMBER("last_ip", TEXT, s.text[SESSION_LAST_IP]),
	MEMBER("started", TIME, s.started),
	MEMBER("signed_in", FLAG, s.signed_in),
	MEMBER("last_activity", TIME, s.last),
	MEMBER("expires", TIME, s.expires),
	MEMBER("closed", TIME, s.closed),
	MEMBER("used_after", TIME, s.late),
	MEMBER("events", COUNT, s.events),
#undef MEMBER
};

#define MEMBERS (sizeof(members) / sizeof(members[0]))

static const void *
member_of(const struct row *r, const struct member *m)
{
	return (const char *)r + m->offset;
}

static void
make_row(struct row *r)
{
	r->user = session_user(&r->s);
	r->kind = str_of(session_device_kind(r->s.text[SESSION_USER_AGENT], r->s.text[SESSION_DEVICE]));
	r->state = str_of(session_state_name(r->s.state));
}

static void
put_json(struct buf *out, const struct row *r)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		const struct member *m = &members[i];
		const struct str *text = member_of(r, m);

		buf_printf(out, "%c\"%s\":", i == 0 ? '{' : ',', m->name);
		if (m->type == TIME)
			cli_quote_time(out, *(const int64_t *)member_of(r, m));
		else if (m->type == FLAG)
			buf_printf(out, "%s", *(const bool *)member_of(r, m) ? "true" : "false");
		else if (m->type == COUNT)
			buf_printf(out, "%" PRIu64, *(const uint64_t *)member_of(r, m));
		else if (text->len > 0)
			cli_quote(out, *text);
		else
			buf_str(out, STR("null"));
	}
	buf_byte(out, '}');
}

static void
put_csv(struct buf *out, const struct row *r)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		const struct member *m = &members[i];
		int64_t us = m->type == TIME ? *(const int64_t *)member_of(r, m) : TIME_NONE;
		char time[TIME_TEXT_LEN];

		if (i > 0)
			buf_byte(out, ',');
		if (m->type == TIME && us != TIME_NONE) {
			time_format(time, us);
			buf_add(out, time, sizeof(time));
		} else if (m->type == FLAG) {
			buf_printf(out, "%s", *(const bool *)member_of(r, m) ? "true" : "false");
		} else if (m->type == COUNT) {
			buf_printf(out, "%" PRIu64, *(const uint64_t *)member_of(r, m));
		} else if (m->type == TEXT && ((const struct str *)member_of(r, m))->len > 0) {
			render_csv_cell(out, *(const struct str *)member_of(r, m), false);
		}
	}
	buf_str(out, STR("\r\n"));
}

static void
put_header(struct buf *out)
{
	for (size_t i = 0; i < MEMBERS; i++)
		buf_printf(out, "%s%s", i > 0 ? "," : "", members[i].name);
	buf_str(out, STR("\r\n"));
}

/* ---- for people ---- */

static void
put_age(struct grid *g, int64_t now, int64_t us)
{
	struct buf age = { 0 };

	if (us == TIME_NONE)
		buf_byte(&age, '-');
	else
		render_age(&age, now, us);
	grid_cell(g, buf_view(&age));
	buf_fini(&age);
}

static void
put_text(struct grid *g, struct str text)
{
	grid_cell(g, text.len > 0 ? text : STR("-"));
}

static void
put_cells(struct grid *g, const struct row *r, int64_t now, bool narrow)
{
	const struct str *ip = &r->s.text[SESSION_LAST_IP];
	char started[32];

	time_format_local(started, r->s.started);
	put_text(g, r->user);
	grid_printf(g, "%s%s", r->state.p, r->s.late != TIME_NONE ? ", used since" : "");
	put_age(g, now, r->s.last);
	if (narrow)
		put_age(g, now, r->s.started);
	else
		grid_printf(g, "%.16s", started);
	put_age(g, now, r->s.expires);
	put_text(g, r->kind);
	put_text(g, *ip);
	if (!narrow)
		put_text(g, r->s.text[SESSION_IDP]);
	put_text(g, r->s.id);
}

/* ---- all of them ---- */

struct showing {
	const struct session_show *show;
	struct grid grid;
	struct buf text;
	struct outstream *out;
	size_t format;
	bool narrow;
};

static int
flush(struct showing *x, size_t least, struct err *e)
{
	int rc = 0;

	if (x->text.len >= least)
		rc = render_machine(x->out, buf_view(&x->text), x->show->terminal && x->format != TABLE,
		    x->format != CSV, e);
	if (x->text.len >= least)
		buf_reset(&x->text);
	return rc;
}

static void
put_row(struct showing *x, const struct row *r, bool first)
{
	switch (x->format) {
	case TABLE:
		put_cells(&x->grid, r, x->show->now, x->narrow);
		break;
	case CSV:
		put_csv(&x->text, r);
		break;
	case JSON:
		buf_str(&x->text, first ? STR("\n") : STR(",\n"));
		put_json(&x->text, r);
		break;
	default:
		put_json(&x->text, r);
		buf_byte(&x->text, '\n');
	}
}

static void
begin(struct showing *x)
{
	if (x->format == CSV)
		put_header(&x->text);
	if (x->format != JSON)
		return;
	buf_str(&x->text, STR("{\"at\":"));
	cli_quote_time(&x->text, x->show->now);
	buf_str(&x->text, STR(",\"sessions\":["));
}

static void
end(struct showing *x, bool any)
{
	if (x->format == TABLE && any)
		grid_print(&x->grid, &x->text, x->show->width, x->show->colour);
	if (x->format == JSON)
		buf_str(&x->text, any ? STR("\n]}\n") : STR("]}\n"));
}

int
session_show(const struct sessions *s, const struct session_list *l, const struct session_show *show,
    struct outstream *out, struct err *e)
{
	static const struct grid_column wide[] = { { "USER", false, 12 }, { "STATE", false, 0 },
		{ "LAST", true, 0 }, { "STARTED", false, 0 }, { "EXPIRES", true, 0 }, { "DEVICE", false, 0 },
		{ "ADDRESS", false, 11 }, { "PROVIDER", false, 8 }, { "SESSION", false, 12 } };
	static const struct grid_column narrow[] = { { "USER", false, 12 }, { "STATE", false, 0 },
		{ "LAST", true, 0 }, { "STARTED", true, 0 }, { "EXPIRES", true, 0 }, { "DEVICE", false, 0 },
		{ "ADDRESS", false, 9 }, { "SESSION", false, 9 } };
	struct showing x = { .show = show, .grid = GRID(wide), .out = out,
		.narrow = show->width > 0 && show->width < NARROW };
	struct row r;
	int rc = 0;

	if (x.narrow)
		x.grid = (struct grid)GRID(narrow);
	while (session_formats[x.format] != show->format)
		x.format++;
	begin(&x);
	for (size_t i = 0; rc == 0 && i < l->n; i++) {
		sessions_get(s, l->item[i], &r.s);
		make_row(&r);
		put_row(&x, &r, i == 0);
		rc = flush(&x, PIECE, e);
	}
	if (rc == 0) {
		end(&x, l->n > 0);
		rc = flush(&x, 1, e);
	}
	grid_fini(&x.grid);
	buf_fini(&x.text);
	return rc;
}
