/*
 * hold_record: rows of the table of holds, and what their records say.
 *
 * A row has no more than where the records are.  What was held, why and by
 * whom stands in the log:
 *
 *	"action":"audit.hold-place" ... "context":{"hold":3,"matter":"2026-17",
 *	    "reason":"claim of ...","filter":"actor_id=alice","events":12,"digest":"9f86..."}
 *	"action":"audit.hold-lift" ... "context":{"matter":"2026-17","reason":"settled","holds":[3]}
 *
 * In: rows, events.   Out: holds.
 */
#include "base/utf8.h"
#include "store/context.h"
#include "store/holds.h"
#include "store/schema.h"

/* ---- rows ---- */

static int
read_rows(struct store *st, int64_t after, bool active, struct hold_row row[HOLD_PAGE], size_t *n, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, active ? ST_HOLD_ACTIVE_AFTER : ST_HOLD_AFTER, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, after);
	while ((rc = db_step(&st->db, s, e)) > 0 && *n < HOLD_PAGE) {
		struct hold_row *r = &row[(*n)++];

		*r = (struct hold_row){ .id = db_int(s, 0), .record = (uint64_t)db_int(s, 1),
			.lift = (uint64_t)db_int(s, 2), .lifted = db_blob(s, 2).p != NULL };
		if (r->id <= after) {
			rc = db_disordered(&st->db, "holds", e);
			break;
		}
		after = r->id;
	}
	sqlite3_reset(s);
	return rc < 0 ? -1 : 0;
}

int
hold_rows(struct store *st, int64_t after, bool active, struct hold_row row[HOLD_PAGE], size_t *n, struct err *e)
{
	int64_t version;

	*n = 0;
	if (schema_version(&st->db, &version, e) < 0)
		return -1;
	return version >= SCHEMA_HELD ? read_rows(st, after, active, row, n, e) : 0;
}

/* ---- records ---- */

void
hold_reader_fini(struct hold_reader *r)
{
	buf_fini(&r->line);
	json_tape_fini(&r->tape);
	arena_fini(&r->arena);
}

static struct str
copy(struct arena *a, struct str s)
{
	return (struct str){ arena_copy(a, s.p, s.len), s.len };
}

/* Who did it: the one who called sudo rather than root. */
static struct str
doer(const struct event *ev, const struct json_tape *t, struct arena *scratch)
{
	struct str by;

	if (context_text(t, "sudo_user", scratch, &by) && by.len > 0)
		return by;
	if (event_has(ev, FIELD_ACTOR_NAME))
		return ev->v[FIELD_ACTOR_NAME];
	return event_has(ev, FIELD_ACTOR_ID) ? ev->v[FIELD_ACTOR_ID] : STR("");
}

static bool
is_action(const struct event *ev, struct str action)
{
	return event_has(ev, FIELD_ACTION) && str_eq(ev->v[FIELD_ACTION], action);
}

bool
hold_of_event(const struct event *ev, struct hold_reader *r, struct hold *h, struct arena *a)
{
	struct str matter, reason, filter;
	uint64_t id;

	if (!is_action(ev, STR("audit.hold-place")) || !context_scan(ev, &r->tape) ||
	    !context_number(&r->tape, "hold", &r->arena, &id) || (int64_t)id != h->id ||
	    !context_text(&r->tape, "matter", &r->arena, &matter) ||
	    !context_text(&r->tape, "reason", &r->arena, &reason) ||
	    !context_text(&r->tape, "filter", &r->arena, &filter) ||
	    !context_number(&r->tape, "events", &r->arena, &h->events))
		return false;
	h->matter = copy(a, matter);
	h->reason = copy(a, reason);
	h->filter = copy(a, filter);
	h->by = copy(a, doer(ev, &r->tape, &r->arena));
	h->at = ev->time;
	if (!context_time(&r->tape, "review", &r->arena, &h->review))
		h->review = TIME_NONE;
	return true;
}

/* Whether the lifting names the hold. */
static bool
names_hold(struct hold_reader *r, int64_t id)
{
	const struct json_tape *t = &r->tape;
	uint32_t list = context_find(t, "holds", &r->arena);
	uint64_t n;

	if (list == 0 || t->tok[list].type != TOKEN_ARRAY)
		return false;
	for (uint32_t at = list + 1; at < t->tok[list].next; at = t->tok[at].next)
		if (context_number_at(t, at, &n) && (int64_t)n == id)
			return true;
	return false;
}

static bool
lift_of_event(const struct event *ev, struct hold_reader *r, struct hold *h, struct arena *a)
{
	struct str reason;

	if (!is_action(ev, STR("audit.hold-lift")) || !context_scan(ev, &r->tape) || !names_hold(r, h->id) ||
	    !context_text(&r->tape, "reason", &r->arena, &reason))
		return false;
	h->lift_reason = copy(a, reason);
	h->lifted_by = copy(a, doer(ev, &r->tape, &r->arena));
	h->lifted_at = ev->time;
	return true;
}

/* 1, 0 when there is no such record, -1. */
static int
read_record(struct store *st, uint64_t seq, struct hold_reader *r, struct event *ev, struct err *e)
{
	enum leaf_kind kind;
	const char *detail;
	int rc = stored_line(st, seq, &r->line, &kind, e);

	arena_reset(&r->arena);
	if (rc <= 0)
		return rc;
	return kind == LEAF_RECORD && event_parse(ev, r->line.p, r->line.len, &event_stored, &r->tape, &r->arena,
	    &detail) == EVENT_OK;
}

int
hold_read(struct store *st, const struct hold_row *row, struct hold_reader *r, struct hold *h, struct arena *a,
    struct err *e)
{
	struct event ev;
	int rc;

	*h = (struct hold){ .id = row->id, .record = row->record, .lifted = row->lifted, .lift = row->lift,
		.lifted_at = TIME_NONE };
	if ((rc = read_record(st, row->record, r, &ev, e)) < 0)
		return -1;
	if (rc == 0 || !hold_of_event(&ev, r, h, a))
		return err_set(e, ERR_INTEGRITY, "hold %lld: the record that placed it is not at seq %llu",
		    (long long)row->id, (unsigned long long)row->record);
	if (!row->lifted)
		return 0;
	if ((rc = read_record(st, row->lift, r, &ev, e)) < 0)
		return -1;
	if (rc == 0 || !lift_of_event(&ev, r, h, a))
		return err_set(e, ERR_INTEGRITY, "hold %lld: the record that lifted it is not at seq %llu",
		    (long long)row->id, (unsigned long long)row->lift);
	return 0;
}

/* ---- what a hold must be ---- */

/* C0, DEL and C1. */
static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f || (c == 0xc2 && i + 1 < s.len && (unsigned char)s.p[i + 1] < 0xa0))
			return true;
	}
	return false;
}

static int
check_text(const char *what, struct str s, size_t max, struct err *e)
{
	if (s.len == 0 || s.len > max)
		return err_set(e, ERR_FAIL, "a hold's %s has 1 to %zu bytes, not %zu", what, max, s.len);
	if (utf8_valid_prefix(s.p, s.len) != s.len)
		return err_set(e, ERR_FAIL, "a hold's %s is text in UTF-8", what);
	return 0;
}

int
store_hold_check(struct str matter, struct str reason, struct err *e)
{
	if (check_text("matter", matter, HOLD_MATTER_MAX, e) < 0 || check_text("reason", reason, HOLD_REASON_MAX, e) < 0)
		return -1;
	return has_control(matter) ? err_set(e, ERR_FAIL, "a hold's matter has no control characters") : 0;
}

struct filter *
hold_filter(const struct hold *h, struct err *e)
{
	struct filter_args args = { 0 };
	struct filter *f = NULL;
	struct buf again = { 0 };

	if (store_hold_check(h->matter, h->reason, e) < 0 || check_text("filter", h->filter, HOLD_FILTER_MAX, e) < 0)
		return NULL;
	str_list_add(&args.where, h->filter.p, h->filter.len);
	if ((f = filter_build(&args, 0, e)) != NULL) {
		filter_format(&again, f);
		if (!str_eq(buf_view(&again), h->filter)) {
			err_set(e, ERR_FAIL, "a hold's filter is not what it reads as: %.*s", (int)again.len, again.p);
			filter_free(f);
			f = NULL;
		}
	}
	buf_fini(&again);
	filter_args_fini(&args);
	return f;
}
