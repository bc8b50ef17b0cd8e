/*
 * session_table: sessions by key (see session_table.h).
 *
 * In: what parts of the log say of sessions.   Out: the same, put together.
 */
#include "query/session_table.h"

#include <stdlib.h>

#include "base/mem.h"

#define COUNTED_DIGITS_MAX 10
#define COUNTED_HEX_MAX 16

/* ---- keys ---- */

static bool
all_among(struct str s, const char *bytes)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '\0' || strchr(bytes, s.p[i]) == NULL)
			return false;
	return s.len > 0;
}

bool
session_id_is_counted(struct str id)
{
	if (str_begins(id, STR("0x")) || str_begins(id, STR("0X")))
		return id.len <= 2 + COUNTED_HEX_MAX &&
		    all_among((struct str){ id.p + 2, id.len - 2 }, "0123456789abcdefABCDEF");
	if (str_begins(id, STR("c")))
		id = (struct str){ id.p + 1, id.len - 1 };
	return id.len <= COUNTED_DIGITS_MAX && all_among(id, "0123456789");
}

void
session_key_format(struct buf *out, const struct session_key *k)
{
	buf_str(out, k->source);
	buf_byte(out, SUMMARY_GAP);
	buf_str(out, k->tenant);
	buf_byte(out, SUMMARY_GAP);
	buf_str(out, k->host);
	buf_byte(out, SUMMARY_GAP);
	buf_str(out, k->id);
	if (k->part != SESSION_UNDIVIDED)
		buf_printf(out, "%c%u", SUMMARY_GAP, k->part);
}

/* What is before the next gap, and moves behind it. */
static struct str
take_part(struct str *rest)
{
	const char *gap = memchr(rest->p, SUMMARY_GAP, rest->len);
	struct str part = { rest->p, gap != NULL ? (size_t)(gap - rest->p) : rest->len };
	size_t taken = gap != NULL ? part.len + 1 : part.len;

	*rest = (struct str){ rest->p + taken, rest->len - taken };
	return part;
}

void
session_key_parse(struct session_key *k, struct str text)
{
	struct str *const parts[] = { &k->source, &k->tenant, &k->host, &k->id };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		*parts[i] = take_part(&text);
	k->part = text.len > 0 ? 0 : SESSION_UNDIVIDED;
	for (size_t i = 0; i < text.len; i++)
		k->part = k->part * 10 + (uint32_t)(text.p[i] - '0');
}

/* ---- the table ---- */

void
session_facts_init(struct session_facts *f)
{
	*f = (struct session_facts){ .first = TIME_NONE, .last = TIME_NONE, .used = TIME_NONE, .stated_at = TIME_NONE,
		.expires = TIME_NONE };
	for (size_t i = 0; i < SESSION_TEXTS; i++)
		f->when[i] = SESSION_WORST;
}

struct session_table *
session_table_new(void)
{
	struct session_table *t = mem_zero(1, sizeof(*t));

	t->keys = tally_new();
	t->texts = tally_new();
	return t;
}

void
session_table_free(struct session_table *t)
{
	if (t == NULL)
		return;
	tally_free(t->keys);
	tally_free(t->texts);
	free(t->record);
	free(t->mark);
	free(t);
}

size_t
session_table_size(const struct session_table *t)
{
	return tally_size(t->keys);
}

/* TIME_NONE is less than every time. */
static void
add_times(struct session_facts *into, const struct session_facts *f)
{
	if (f->first != TIME_NONE && (into->first == TIME_NONE || f->first < into->first))
		into->first = f->first;
	if (f->last > into->last)
		into->last = f->last;
	if (f->used > into->used)
		into->used = f->used;
	if (f->stated_at > into->stated_at || (f->stated_at == into->stated_at && f->expires > into->expires)) {
		into->stated_at = f->stated_at;
		into->expires = f->expires;
	}
	into->events += f->events;
}

uint32_t
session_table_text(struct session_table *t, struct str text)
{
	return text.p != NULL ? (uint32_t)tally_add(t->texts, text, 1) + 1 : 0;
}

/* As good as what is there: the lesser text, so that the order does not matter. */
static bool
is_better(const struct session_table *t, const struct session_record *r, size_t i, int64_t when, uint32_t text)
{
	if (when != r->facts.when[i])
		return when < r->facts.when[i];
	return r->text[i] == 0 ||
	    (r->text[i] != text &&
	    str_cmp(tally_value(t->texts, text - 1), tally_value(t->texts, r->text[i] - 1)) < 0);
}

size_t
session_table_add(struct session_table *t, struct str key, const struct session_facts *f,
    const uint32_t text[SESSION_TEXTS])
{
	size_t known = tally_size(t->keys), place = tally_add(t->keys, key, 1);
	struct session_record *r;

	mem_grow(&t->record, &t->cap, place + 1, sizeof(*t->record));
	r = &t->record[place];
	if (place == known) {
		r->facts = *f;
		memcpy(r->text, text, sizeof(r->text));
		return place;
	}
	add_times(&r->facts, f);
	for (size_t i = 0; i < SESSION_TEXTS; i++)
		if (text[i] != 0 && is_better(t, r, i, f->when[i], text[i])) {
			r->facts.when[i] = f->when[i];
			r->text[i] = text[i];
		}
	return place;
}

void
session_table_mark(struct session_table *t, size_t record, int64_t time, enum session_role role)
{
	mem_grow(&t->mark, &t->mark_cap, t->marks + 1, sizeof(*t->mark));
	t->mark[t->marks++] = (struct session_mark){ time, (uint32_t)record, (uint8_t)role };
}

void
session_table_merge(struct session_table *into, struct session_table *from)
{
	size_t n = session_table_size(from), *place;
	uint32_t *number, text[SESSION_TEXTS];

	if (session_table_size(into) == 0) {
		struct session_table empty = *into;

		*into = *from;
		*from = empty;
		return;
	}
	place = mem_alloc(n * sizeof(*place));
	number = mem_zero(tally_size(from->texts) + 1, sizeof(*number));
	for (size_t i = 0; i < tally_size(from->texts); i++)
		number[i + 1] = session_table_text(into, tally_value(from->texts, i));
	for (size_t i = 0; i < n; i++) {
		const struct session_record *r = &from->record[i];

		for (size_t k = 0; k < SESSION_TEXTS; k++)
			text[k] = number[r->text[k]];
		place[i] = session_table_add(into, tally_value(from->keys, i), &r->facts, text);
	}
	for (size_t i = 0; i < from->marks; i++)
		session_table_mark(into, place[from->mark[i].record], from->mark[i].time,
		    (enum session_role)from->mark[i].role);
	free(place);
	free(number);
}

int
session_table_check(const struct session_table *t, struct err *e)
{
	size_t n = session_table_size(t);
	size_t bytes = tally_memory(t->keys) + tally_memory(t->texts) + n * sizeof(*t->record) +
	    t->marks * sizeof(*t->mark);

	if (bytes <= SESSIONS_BYTES_MAX && t->marks < UINT32_MAX)
		return 0;
	return err_set(e, ERR_FAIL, "more than %zu sessions, which is more than %u MiB hold; "
	    "ask about less time, or about one source or tenant", n - 1, SESSIONS_BYTES_MAX >> 20);
}

static int
by_time(const void *pa, const void *pb)
{
	const struct session_mark *a = pa, *b = pb;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return (a->role > b->role) - (a->role < b->role);
}

/* By counting, then each record's few. */
size_t *
session_table_sort_marks(struct session_table *t)
{
	size_t n = session_table_size(t), *from = mem_zero(n + 2, sizeof(*from));
	struct session_mark *sorted = mem_alloc(t->marks * sizeof(*sorted));

	/* from[i + 2] counts those of record i, then from[i + 1] is where they begin
	 * and moves to their end, which is where those of i + 1 begin. */
	for (size_t i = 0; i < t->marks; i++)
		from[t->mark[i].record + 2]++;
	for (size_t i = 2; i < n + 2; i++)
		from[i] += from[i - 1];
	for (size_t i = 0; i < t->marks; i++)
		sorted[from[t->mark[i].record + 1]++] = t->mark[i];
	for (size_t i = 0; i < n; i++)
		if (from[i + 1] - from[i] > 1)
			qsort(sorted + from[i], from[i + 1] - from[i], sizeof(*sorted), by_time);
	free(t->mark);
	t->mark = sorted;
	t->mark_cap = t->marks;
	return from;
}
