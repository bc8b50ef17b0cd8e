/*
 * syslog: messages of RFC 5424.
 *
 *     <110>1 2026-04-23T18:00:00.123456Z web1 app - user.login
 *         [audit@32473 id="7" actor_id="ann"] {"id":"7",...}
 *
 * (on one line).  Structured data has what collectors sort by, each value at
 * most SD_VALUE_MAX bytes long; the message is the event, whole, as JSON in
 * ASCII: so it needs no byte order mark, and nothing in it breaks a line.
 *
 * Framing: a newline behind each message, or its length before it (RFC 6587).
 */
#include "base/utf8.h"
#include "render/dialect.h"

#define HOSTNAME_MAX 255
#define APP_NAME_MAX 48
#define PROCID_MAX 128
#define MSGID_MAX 32
#define SD_NAME_MAX 32
#define SD_VALUE_MAX 255

static const struct dialect_kind_row all[] = { { .name = "all" } };

enum header { HOSTNAME, APP_NAME, PROCID, MSGID, SD_ID, HEADERS };

/* 32473 is the number that documents and those without one of their own have
 * (RFC 5612). */
static const struct dialect_row rows[] = {
	[HOSTNAME] = { .to = "hostname", .from = "host" },
	[APP_NAME] = { .to = "app_name", .from = "source" },
	[PROCID] = { .to = "procid", .text = "-" },
	[MSGID] = { .to = "msgid", .from = "action" },
	[SD_ID] = { .to = "sd_id", .text = "audit@32473" },

	{ .to = "seq", .as = AS_SEQ },
	{ .to = "id", .from = "id" },
	{ .to = "tenant", .from = "tenant" },
	{ .to = "channel", .from = "channel" },
	{ .to = "category", .from = "category" },
	{ .to = "action", .from = "action" },
	{ .to = "outcome", .from = "outcome" },
	{ .to = "actor_id", .from = "actor_id" },
	{ .to = "actor_name", .from = "actor_name" },
	{ .to = "target_type", .from = "target_type" },
	{ .to = "target_id", .from = "target_id" },
	{ .to = "target_path", .from = "target_path" },
	{ .to = "ip", .from = "ip" },
	{ .to = "session_id", .from = "session_id" },
	{ .to = "request_id", .from = "request_id" },
};

/* What a name of structured data may have, and a value of the header. */
static bool
is_graphic(char c)
{
	return c > 0x20 && c < 0x7f;
}

static bool
is_name(struct str to)
{
	for (size_t i = 0; i < to.len; i++)
		if (!is_graphic(to.p[i]) || strchr("=]\"", to.p[i]) != NULL)
			return false;
	return to.len > 0 && to.len <= SD_NAME_MAX;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct dialect_table dialect_syslog = { .id = DIALECT_SYSLOG, .name = "syslog", .row = rows,
	.rows = COUNT(rows), .kind = all, .kinds = COUNT(all), .headers = HEADERS, .header_meant = "",
	.value_meant = "\"]", .tab = true, .valid = is_name };

/* ---- the header ---- */

static const int severities[SEVERITY_COUNT] = { [SEVERITY_INFO] = 6, [SEVERITY_WARNING] = 4, [SEVERITY_ERROR] = 3,
	[SEVERITY_CRITICAL] = 2 };

static unsigned
priority(const struct render *r, const struct event *ev)
{
	int severity = event_has(ev, FIELD_SEVERITY) ? event_severity(ev->v[FIELD_SEVERITY]) : SEVERITY_INFO;

	return r->o.facility * 8 + (unsigned)severities[severity < 0 ? SEVERITY_WARNING : severity];
}

/* A part: what it cannot have becomes ?, and it is cut. */
static void
put_part(struct buf *out, const struct dialect_source *s, enum header h, size_t max)
{
	const struct dialect_place *p = &s->verdict->kind->place[h];
	struct dialect_value v;

	buf_byte(out, ' ');
	if (!dialect_value(s, p, &v) || v.text.len == 0) {
		buf_byte(out, '-');
		return;
	}
	for (size_t i = 0; i < v.text.len && i < max; i++)
		buf_byte(out, is_graphic(v.text.p[i]) ? v.text.p[i] : '?');
}

/* An id of structured data is a name; a user's may be none. */
static void
put_data_id(struct buf *out, const struct dialect_source *s)
{
	const struct dialect_place *p = &s->verdict->kind->place[SD_ID];
	struct dialect_value v;

	buf_str(out, dialect_value(s, p, &v) && is_name(v.text) ? v.text : str_of(rows[SD_ID].text));
}

static void
put_data(struct buf *out, const struct dialect_source *s)
{
	const struct dialect_kind *k = s->verdict->kind;
	struct dialect_value v;

	buf_str(out, STR(" ["));
	put_data_id(out, s);
	for (size_t i = HEADERS; i < k->places; i++) {
		if (!dialect_value(s, &k->place[i], &v))
			continue;
		buf_byte(out, ' ');
		buf_str(out, k->place[i].to);
		buf_str(out, STR("=\""));
		dialect_escape(out, dialect_cut(v.text, SD_VALUE_MAX), &s->r->dialect->value);
		buf_byte(out, '"');
	}
	buf_str(out, STR("] "));
}

/* ---- the message ---- */

/* Whether all of the 8 bytes at p are below U+007F. */
static bool
is_ascii(const char *p)
{
	uint64_t eight;

	memcpy(&eight, p, sizeof(eight));
	return ((eight | (eight + UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) == 0;
}

/* JSON with escapes for what is not ASCII, and for DEL. */
static void
put_ascii(struct buf *out, struct str json)
{
	size_t from = 0, i = 0, n;
	uint32_t cp;

	while (i < json.len) {
		if (json.len - i >= 8 && is_ascii(json.p + i)) {
			i += 8;
			continue;
		}
		if ((unsigned char)json.p[i] < 0x7f) {
			i++;
			continue;
		}
		buf_add(out, json.p + from, i - from);
		if ((n = utf8_decode(json.p + i, json.len - i, &cp)) == 0)
			n = 1, cp = '?';
		if (cp >= 0x10000)
			buf_printf(out, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((cp - 0x10000) >> 10)),
			    (unsigned)(0xdc00 + (cp & 0x3ff)));
		else
			buf_printf(out, "\\u%04x", (unsigned)cp);
		i += n;
		from = i;
	}
	buf_add(out, json.p + from, json.len - from);
}

/* The event, made ASCII where it is not. */
static void
put_message(struct render *r, const struct event *ev, uint64_t seq)
{
	struct buf *out = &r->buf;
	size_t start = out->len, i = start;

	render_object(r, ev, seq);
	while (out->len - i >= 8 && is_ascii(out->p + i))
		i += 8;
	while (i < out->len && (unsigned char)out->p[i] < 0x7f)
		i++;
	if (i == out->len)
		return;
	buf_reset(&r->cell);
	buf_add(&r->cell, out->p + start, out->len - start);
	out->len = start;
	put_ascii(out, buf_view(&r->cell));
}

/* What was made from `start` on gets its length before it. */
static void
put_length(struct render *r, size_t start)
{
	struct buf *out = &r->buf, *length = &r->quoted;
	size_t message = out->len - start;

	buf_reset(length);
	dialect_decimal(length, message);
	buf_byte(length, ' ');
	buf_reserve(out, length->len);
	memmove(out->p + start + length->len, out->p + start, message);
	memcpy(out->p + start, length->p, length->len);
	out->len += length->len;
}

static void
syslog_event(struct render *r, const struct event *ev, uint64_t seq)
{
	struct buf *out = &r->buf;
	size_t start = out->len;
	struct dialect_verdict v;
	struct dialect_source s;
	char time[TIME_TEXT_LEN];

	dialect_begin(&s, &v, r, ev, seq);
	buf_byte(out, '<');
	dialect_decimal(out, priority(r, ev));
	buf_str(out, STR(">1 "));
	if (event_has(ev, FIELD_TIME)) {
		time_format(time, ev->time);
		buf_add(out, time, sizeof(time));
	} else
		buf_byte(out, '-');
	put_part(out, &s, HOSTNAME, HOSTNAME_MAX);
	put_part(out, &s, APP_NAME, APP_NAME_MAX);
	put_part(out, &s, PROCID, PROCID_MAX);
	put_part(out, &s, MSGID, MSGID_MAX);
	put_data(out, &s);
	put_message(r, ev, seq);
	if (r->o.octets)
		put_length(r, start);
	else
		buf_byte(out, '\n');
}

const struct render_format render_syslog = { .name = "syslog", .event = syslog_event, .release = dialect_release,
	.dialect = &dialect_syslog, .pieces = true, .plain = true };
