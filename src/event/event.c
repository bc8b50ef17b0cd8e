/*
 * event: an event as its canonical line, and comparing two.
 *
 * In: an event, from wherever.   Out: the bytes that are stored, printed and
 * hashed.
 */
#include "event/event.h"

#include "base/ip.h"
#include "base/simd.h"

/* Copied as a whole and cut to len: the longest, ,"service_account": has 19 bytes. */
#define PREFIX_MAX 24

/* `,"key":` of each field. */
static const struct prefix {
	char text[PREFIX_MAX];
	size_t len;
} prefixes[FIELD_COUNT] = {
#define FIELD(sym, key, type, flags, title) { ",\"" key "\":", sizeof(key) - 1 + 4 },
#include "event/field.def"
#undef FIELD
};

void
event_set_time(struct event *ev, enum field f, int64_t us)
{
	if (f == FIELD_TIME)
		ev->time = us;
	else
		ev->ingested = us;
	ev->present |= FIELD_BIT(f);
}

static inline int64_t
time_of(const struct event *ev, enum field f)
{
	return f == FIELD_TIME ? ev->time : ev->ingested;
}

/* Room for n bytes; the caller adds what it wrote to out->len. */
static inline char *
room(struct buf *out, size_t n)
{
	if (out->cap - out->len < n)
		buf_reserve(out, n);
	return out->p + out->len;
}

/* Most strings need no escape: they are copied, and looked at on the way. */
static void
format_string(struct buf *out, struct str s)
{
	char *o = room(out, s.len + 2);

	if (!simd_copy_plain(o + 1, s.p, s.len)) {
		json_quote(out, s);
		return;
	}
	o[0] = '"';
	o[s.len + 1] = '"';
	out->len += s.len + 2;
}

static void
format_time(struct buf *out, int64_t us)
{
	char *o = room(out, TIME_TEXT_LEN + 2);

	o[0] = '"';
	time_format(o + 1, us);
	o[TIME_TEXT_LEN + 1] = '"';
	out->len += TIME_TEXT_LEN + 2;
}

void
event_format_field(struct buf *out, const struct event *ev, enum field f)
{
	switch (field_table[f].type) {
	case FIELD_STRING:
		format_string(out, ev->v[f]);
		break;
	case FIELD_TIMESTAMP:
		format_time(out, time_of(ev, f));
		break;
	case FIELD_INTEGER:
	case FIELD_NUMBER:
	case FIELD_JSON:
		buf_str(out, ev->v[f]);
		break;
	}
}

void
event_format_text(struct buf *out, const struct event *ev, enum field f)
{
	if (field_table[f].type == FIELD_TIMESTAMP) {
		time_format(room(out, TIME_TEXT_LEN), time_of(ev, f));
		out->len += TIME_TEXT_LEN;
	} else
		buf_str(out, ev->v[f]);
}

void
event_format_member(struct buf *out, const struct event *ev, enum field f)
{
	memcpy(room(out, PREFIX_MAX), prefixes[f].text, PREFIX_MAX);
	out->len += prefixes[f].len;
	event_format_field(out, ev, f);
}

char *
event_format_plain(struct buf *out, enum field f, size_t len)
{
	const struct prefix *prefix = &prefixes[f];
	char *o = room(out, PREFIX_MAX + len + 2);

	memcpy(o, prefix->text, PREFIX_MAX);
	o += prefix->len;
	*o = '"';
	o[len + 1] = '"';
	out->len += prefix->len + len + 2;
	return o + 1;
}

void
event_format_end(struct buf *out, size_t start)
{
	if (out->len == start)
		buf_byte(out, '{');
	else
		out->p[start] = '{'; /* in the place of the first comma */
	buf_byte(out, '}');
}

void
event_format(struct buf *out, const struct event *ev)
{
	size_t start = out->len;
	field_set left;

	for (left = ev->present; left != 0; left &= left - 1)
		event_format_member(out, ev, (enum field)__builtin_ctzll(left));
	event_format_end(out, start);
}

void
event_set_ip(struct event *ev, struct str text, struct arena *a)
{
	char canonical[IP_TEXT_MAX];
	struct ip ip;

	if (ip_parse(text.p, text.len, &ip)) {
		struct str s = { canonical, ip_format(&ip, canonical) };

		if (!str_eq(text, s))
			text = (struct str){ arena_copy(a, s.p, s.len), s.len };
	}
	event_set(ev, FIELD_IP, text);
}

bool
event_is_integer(struct str s)
{
	bool negative = s.len > 0 && s.p[0] == '-';
	uint64_t value = 0, limit = (uint64_t)INT64_MAX + negative;

	if (negative)
		s.p++, s.len--;
	if (s.len == 0 || s.len > 19 || (s.p[0] == '0' && (s.len > 1 || negative)))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(s.p[i] - '0');
	}
	return value <= limit;
}

bool
event_same(const struct event *a, const struct event *b)
{
	const field_set aside = FIELD_BIT(FIELD_INGESTED) | FIELD_BIT(FIELD_PEER_UID);
	field_set left = a->present & ~aside;

	if (left != (b->present & ~aside))
		return false;
	for (; left != 0; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);

		if (f == FIELD_TIME ? a->time != b->time : !str_eq(a->v[f], b->v[f]))
			return false;
	}
	return true;
}
