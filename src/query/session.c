/*
 * session: from what events say to sessions (see session.h).
 *
 * First all that belongs to an id is put together.  Where an id was used anew,
 * for a sign-in after the end, what belongs to it is read once more and divided
 * at these sign-ins: there are few of them.
 *
 * In: tables of session_scan.   Out: sessions, one at a time.
 */
#include "query/session.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/runs.h"
#include "query/session_scan.h"

/* Sessions of one table, and their marks. */
struct half {
	struct session_table *table;
	size_t *from; /* of marks */
};

struct place {
	int64_t last, first;
	uint32_t record;
	bool part; /* of parts, not of whole */
};

struct sessions {
	const struct session_rules *rules;
	int64_t now;
	struct half whole, parts;
	struct place *place;
	size_t n, cap;
};

/* ---- the course of a session ---- */

struct course {
	bool signed_in, closed;
	int64_t started, closed_at;
	enum session_state how;
	uint32_t inside; /* ENTER without its LEAVE */
};

/* The first end counts; a revocation more than any other. */
static void
close_at(struct course *c, int64_t time, enum session_state how)
{
	if (c->closed && (how != SESSION_IS_REVOKED || c->how == SESSION_IS_REVOKED))
		return;
	c->closed = true;
	c->closed_at = time;
	c->how = how;
}

static void
go_on(struct course *c, const struct session_mark *m)
{
	switch ((enum session_role)m->role) {
	case SESSION_ENTER:
	case SESSION_SIGN_IN:
		c->inside += m->role == SESSION_ENTER;
		if (!c->signed_in)
			c->started = m->time;
		c->signed_in = true;
		break;
	case SESSION_LEAVE:
		if (c->inside > 0)
			c->inside--;
		if (c->inside == 0)
			close_at(c, m->time, SESSION_ENDED);
		break;
	case SESSION_SIGN_OUT:
		close_at(c, m->time, SESSION_ENDED);
		break;
	case SESSION_EXPIRE:
		close_at(c, m->time, SESSION_EXPIRED);
		break;
	case SESSION_REVOKE:
		close_at(c, m->time, SESSION_IS_REVOKED);
		break;
	default:
		break;
	}
}

static bool
begins_anew(const struct course *c, const struct session_mark *m)
{
	return c->closed && (m->role == SESSION_SIGN_IN || m->role == SESSION_ENTER);
}

/* ---- ids that were used anew ---- */

struct division {
	struct tally *keys;
	size_t *from;
	int64_t *start;
	size_t starts, from_cap, start_cap;
};

static void
divide(struct division *d, const struct half *h)
{
	d->keys = tally_new();
	for (size_t i = 0; i < session_table_size(h->table); i++) {
		struct course c = { 0 };
		size_t before = d->starts;

		for (size_t k = h->from[i]; k < h->from[i + 1]; k++) {
			const struct session_mark *m = &h->table->mark[k];

			if (begins_anew(&c, m)) {
				mem_grow(&d->start, &d->start_cap, d->starts + 1, sizeof(*d->start));
				d->start[d->starts++] = m->time;
				c = (struct course){ 0 };
			}
			go_on(&c, m);
		}
		if (d->starts == before)
			continue;
		mem_grow(&d->from, &d->from_cap, tally_size(d->keys) + 2, sizeof(*d->from));
		d->from[tally_size(d->keys)] = before;
		tally_add(d->keys, tally_value(h->table->keys, i), 1);
		d->from[tally_size(d->keys)] = d->starts;
	}
}

static void
division_fini(struct division *d)
{
	tally_free(d->keys);
	free(d->from);
	free(d->start);
}

/* ---- finding ---- */

/* `wanted`: only those that are in it; `but`: none that is. */
static void
add_places(struct sessions *s, const struct session_table *t, bool part, const struct tally *wanted,
    const struct tally *but)
{
	size_t place;

	for (size_t i = 0; i < session_table_size(t); i++) {
		const struct session_facts *f = &t->record[i].facts;
		struct str key = tally_value(t->keys, i);

		if (f->events == 0 || (wanted != NULL && !tally_find(wanted, key, &place)) ||
		    (but != NULL && tally_find(but, key, &place)))
			continue;
		mem_grow(&s->place, &s->cap, s->n + 1, sizeof(*s->place));
		s->place[s->n++] = (struct place){ f->last, f->first, (uint32_t)i, part };
	}
}

/* A question, and what it needs. */
struct finding {
	struct store *st;
	const struct query_options *opts;
	const struct session_plan *plan;
	struct query_options all; /* every event there was when it began */
	struct session_table *matching; /* NULL: all match */
	struct query_stats *stats;
};

static int
scan_part(struct finding *f, const struct query_options *o, const struct session_known *known,
    struct session_table *t, struct err *e)
{
	struct query_stats stats;

	if (session_scan(f->st, o, f->plan, known, t, &stats, e) < 0)
		return -1;
	f->stats->segments_read += stats.segments_read;
	f->stats->segments_skipped += stats.segments_skipped;
	f->stats->rows_examined += stats.rows_examined;
	return 0;
}

/* Those that match, with all their events: each from one sign-in to the next. */
static int
find_parts(struct finding *f, const struct division *d, struct sessions *s, struct err *e)
{
	const struct session_known known = { d->keys, d->from, d->start };
	struct query_options matching = f->all;
	struct session_table *wanted = NULL;
	int rc;

	matching.filter = f->opts->filter;
	s->parts.table = session_table_new();
	rc = scan_part(f, &f->all, &known, s->parts.table, e);
	s->parts.from = session_table_sort_marks(s->parts.table);
	if (rc == 0 && f->matching != NULL) {
		wanted = session_table_new();
		rc = scan_part(f, &matching, &known, wanted, e);
	}
	if (rc == 0)
		add_places(s, s->parts.table, true, wanted != NULL ? wanted->keys : NULL, NULL);
	session_table_free(wanted);
	return rc;
}

static int
find(struct finding *f, struct sessions *s, struct err *e)
{
	struct session_known known = { 0 };
	struct query_options matching = f->all;
	struct division d = { 0 };
	int rc = 0;

	matching.filter = f->opts->filter;
	if (f->opts->filter->root->op != FILTER_TRUE) {
		f->matching = session_table_new();
		rc = scan_part(f, &matching, NULL, f->matching, e);
		known.keys = f->matching->keys;
	}
	s->whole.table = session_table_new();
	if (rc == 0)
		rc = scan_part(f, &f->all, f->matching != NULL ? &known : NULL, s->whole.table, e);
	s->whole.from = session_table_sort_marks(s->whole.table);
	if (rc == 0) {
		divide(&d, &s->whole);
		if (tally_size(d.keys) > 0)
			rc = find_parts(f, &d, s, e);
		add_places(s, s->whole.table, false, NULL, d.keys);
	}
	division_fini(&d);
	return rc;
}

/* The one used last first; the rest so that the same store gives the same order. */
static int
by_last(const void *pa, const void *pb, void *arg)
{
	const struct place *a = pa, *b = pb;
	const struct sessions *s = arg;
	const struct session_table *ta = a->part ? s->parts.table : s->whole.table;
	const struct session_table *tb = b->part ? s->parts.table : s->whole.table;

	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	if (a->first != b->first)
		return a->first > b->first ? -1 : 1;
	return str_cmp(tally_value(ta->keys, a->record), tally_value(tb->keys, b->record));
}

int
sessions_find(struct store *st, const struct query_options *o, const struct session_rules *r,
    struct sessions **out, struct query_stats *stats, struct err *e)
{
	struct session_plan plan = { 0 };
	struct finding f = { .st = st, .opts = o, .plan = &plan, .all = *o, .stats = stats };
	struct filter *all = filter_all();
	struct sessions *s = mem_zero(1, sizeof(*s));
	struct segment_info *segments = NULL;
	struct store_view view;
	size_t n;
	struct runs there = { 0 };
	struct str list;
	int rc = -1;

	*stats = (struct query_stats){ 0 };
	s->rules = r;
	s->now = o->now;
	if (session_plan_init(&plan, r, e) == 0 && store_view(st, &view, &segments, &n, e) == 0) {
		if (view.size > 0)
			runs_add(&there, 0, view.size);
		runs_end(&there);
		list = buf_view(&there.list);
		f.all.filter = all;
		f.all.only = &list;
		rc = find(&f, s, e);
	}
	if (rc == 0 && s->n > 0)
		qsort_r(s->place, s->n, sizeof(*s->place), by_last, s);
	stats->matched = s->n;
	session_table_free(f.matching);
	session_plan_fini(&plan);
	runs_fini(&there);
	free(segments);
	filter_free(all);
	if (rc != 0) {
		sessions_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

void
sessions_free(struct sessions *s)
{
	if (s == NULL)
		return;
	session_table_free(s->whole.table);
	session_table_free(s->parts.table);
	free(s->whole.from);
	free(s->parts.from);
	free(s->place);
	free(s);
}

/* ---- one of them ---- */

size_t
sessions_count(const struct sessions *s)
{
	return s->n;
}

static int64_t
later(int64_t time, int64_t span)
{
	return span >= SESSION_FOREVER - TIME_MAX ? SESSION_FOREVER : time + span;
}

static void
judge(const struct sessions *s, const struct session_facts *f, const struct course *c, struct session *out)
{
	int64_t unused = later(out->last, s->rules->unused), lifetime = later(out->started, s->rules->lifetime);

	if (c->closed) {
		out->state = c->how;
		out->closed = c->closed_at;
		out->late = f->used > c->closed_at ? f->used : TIME_NONE;
		out->in_use = out->late != TIME_NONE && later(out->late, s->rules->unused) > s->now;
		return;
	}
	out->expires = f->stated_at != TIME_NONE ? f->expires : unused < lifetime ? unused : lifetime;
	if (out->expires == SESSION_FOREVER)
		out->expires = TIME_NONE;
	if (out->expires != TIME_NONE && out->expires <= s->now)
		out->state = SESSION_EXPIRED;
	else
		out->state = later(out->last, s->rules->idle) <= s->now ? SESSION_IDLE : SESSION_LIVE;
	out->in_use = out->state != SESSION_EXPIRED;
}

void
sessions_get(const struct sessions *s, size_t i, struct session *out)
{
	const struct half *h = s->place[i].part ? &s->parts : &s->whole;
	size_t record = s->place[i].record;
	const struct session_record *r = &h->table->record[record];
	struct course c = { 0 };
	struct session_key k;

	for (size_t m = h->from[record]; m < h->from[record + 1]; m++)
		go_on(&c, &h->table->mark[m]);
	session_key_parse(&k, tally_value(h->table->keys, record));
	*out = (struct session){ .id = k.id, .source = k.source, .tenant = k.tenant, .host = k.host,
		.signed_in = c.signed_in, .started = c.signed_in ? c.started : r->facts.first, .last = r->facts.last,
		.expires = TIME_NONE, .closed = TIME_NONE, .late = TIME_NONE, .events = r->facts.events };
	for (size_t t = 0; t < SESSION_TEXTS; t++)
		if (r->text[t] > 0)
			out->text[t] = tally_value(h->table->texts, r->text[t] - 1);
	judge(s, &r->facts, &c, out);
}
