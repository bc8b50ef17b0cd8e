/*
 * journal_export: cutting entries out of the stream, then writing each as
 * JSON.
 *
 *	__REALTIME_TIMESTAMP=1364519240181716
 *	MESSAGE
 *	<8 bytes of length>two
 *	lines
 *	_UID=0
 *	(an empty line)
 */
#include "ingest/journal_export.h"

#include "base/utf8.h"
#include "event/json.h"

#define LENGTH_BYTES 8

struct field {
	struct str name, value;
};

void
journal_export_init(struct journal_export *j)
{
	*j = (struct journal_export){ 0 };
}

void
journal_export_fini(struct journal_export *j)
{
	buf_fini(&j->in);
	buf_fini(&j->text);
}

void
journal_export_feed(struct journal_export *j, const char *p, size_t len)
{
	buf_drop(&j->in, j->at);
	j->offset += j->at;
	j->at = 0;
	buf_add(&j->in, p, len);
}

void
journal_export_end(struct journal_export *j)
{
	j->ended = true;
}

/* ---- fields ---- */

enum export_read { EXPORT_READ, EXPORT_LAST /* the empty line */, EXPORT_MORE, EXPORT_BROKEN };

/* [A-Z0-9_]+, as journald takes them; __CURSOR and others begin with _. */
static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.p[i] >= 'A' && s.p[i] <= 'Z') && !(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '_')
			return false;
	return s.len > 0 && s.len <= 64;
}

static uint64_t
get_le64(const char *p)
{
	uint64_t v = 0;

	for (int i = LENGTH_BYTES - 1; i >= 0; i--)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

/* Behind the line that is a name alone. */
static enum export_read
read_sized(struct str in, size_t *at, struct field *f)
{
	uint64_t len;

	if (in.len - *at < LENGTH_BYTES)
		return EXPORT_MORE;
	len = get_le64(in.p + *at);
	if (len > JOURNAL_ENTRY_MAX)
		return EXPORT_BROKEN;
	if (in.len - *at - LENGTH_BYTES <= len)
		return EXPORT_MORE;
	f->value = (struct str){ in.p + *at + LENGTH_BYTES, (size_t)len };
	*at += LENGTH_BYTES + (size_t)len + 1;
	return in.p[*at - 1] == '\n' ? EXPORT_READ : EXPORT_BROKEN;
}

static enum export_read
read_field(struct str in, size_t *at, struct field *f)
{
	const char *line = in.p + *at, *newline = memchr(line, '\n', in.len - *at), *equals;
	size_t len;

	if (newline == NULL)
		return EXPORT_MORE;
	len = (size_t)(newline - line);
	*at += len + 1;
	if (len == 0)
		return EXPORT_LAST;
	equals = memchr(line, '=', len);
	f->name = (struct str){ line, equals != NULL ? (size_t)(equals - line) : len };
	if (!is_name(f->name))
		return EXPORT_BROKEN;
	if (equals == NULL)
		return read_sized(in, at, f);
	f->value = (struct str){ equals + 1, len - f->name.len - 1 };
	return EXPORT_READ;
}

/* ---- the object ---- */

static void
write_value(struct buf *out, struct str s)
{
	if (utf8_valid_prefix(s.p, s.len) == s.len) {
		json_quote(out, s);
		return;
	}
	for (size_t i = 0; i < s.len; i++)
		buf_printf(out, "%c%u", i == 0 ? '[' : ',', (unsigned)(unsigned char)s.p[i]);
	buf_byte(out, ']');
}

static bool
came_before(const struct field *f, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (str_eq(f[j].name, f[i].name))
			return true;
	return false;
}

/* Each name once, with all of its values. */
static void
write_object(struct buf *out, const struct field *f, size_t n)
{
	buf_reset(out);
	for (size_t i = 0; i < n; i++) {
		size_t values = 0;

		if (came_before(f, i))
			continue;
		buf_byte(out, out->len == 0 ? '{' : ',');
		json_quote(out, f[i].name);
		buf_byte(out, ':');
		for (size_t j = i; j < n; j++)
			values += str_eq(f[j].name, f[i].name);
		for (size_t j = i, k = 0; j < n; j++) {
			if (!str_eq(f[j].name, f[i].name))
				continue;
			if (values > 1)
				buf_byte(out, k == 0 ? '[' : ',');
			write_value(out, f[j].value);
			k++;
		}
		if (values > 1)
			buf_byte(out, ']');
	}
	buf_byte(out, '}');
}

/* ---- entries ---- */

static bool
give(struct journal_export *j, size_t from, size_t end, bool broken, struct journal_entry *out)
{
	*out = (struct journal_entry){ .offset = j->offset + from, .end = j->offset + end, .broken = broken,
		.text = broken ? (struct str){ j->in.p + from, end - from } : buf_view(&j->text) };
	j->at = end;
	return true;
}

/* To behind the next empty line; what is at hand, when that is enough or all. */
static bool
give_broken(struct journal_export *j, size_t from, struct journal_entry *out)
{
	const char *empty = memmem(j->in.p + from, j->in.len - from, "\n\n", 2);

	if (empty != NULL)
		return give(j, from, (size_t)(empty - j->in.p) + 2, true, out);
	if (!j->ended && j->in.len - from <= JOURNAL_ENTRY_MAX)
		return false;
	return give(j, from, j->in.len, true, out);
}

/* Empty lines between entries are passed over. */
static void
pass_empty(struct journal_export *j)
{
	while (j->at < j->in.len && j->in.p[j->at] == '\n')
		j->at++;
}

bool
journal_export_next(struct journal_export *j, struct journal_entry *out)
{
	struct field f[JOURNAL_FIELDS_MAX];
	enum export_read got = EXPORT_READ;
	struct str in;
	size_t n = 0, at;

	pass_empty(j);
	in = buf_view(&j->in);
	if (j->at == in.len)
		return false;
	for (at = j->at; n < JOURNAL_FIELDS_MAX && at < in.len; n++)
		if ((got = read_field(in, &at, &f[n])) != EXPORT_READ)
			break;
	if (got == EXPORT_BROKEN || n == JOURNAL_FIELDS_MAX || at - j->at > JOURNAL_ENTRY_MAX)
		return give_broken(j, j->at, out);
	if (got != EXPORT_LAST && !(j->ended && got == EXPORT_READ && at == in.len)) {
		/* More is to come, unless it never will. */
		if (j->ended || in.len - j->at > 2 * JOURNAL_ENTRY_MAX)
			return give_broken(j, j->at, out);
		return false;
	}
	write_object(&j->text, f, n);
	return give(j, j->at, at, false, out);
}
