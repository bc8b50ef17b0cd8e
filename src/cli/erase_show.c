/*
 * erase_show: what an erasure would do, what it did, what waits.
 *
 * A receipt says what was changed and what was looked at afterwards, so that
 * someone who was not there can judge it; and what an erasure cannot reach.
 * It has none of the values: it is kept, they are not.
 */
#include "cli/erase_show.h"

#include <inttypes.h>

#include "cli/document.h"
#include "render/format.h"
#include "render/grid.h"
#include "render/render.h"

/* What no program of the toolkit can reach. */
static const char *const outside[] = {
	"exports",
	"archives of what was pruned",
	"backups of the store",
	"copies and snapshots that the file system keeps",
	"blocks that the file system or the disk has freed",
	"the log files that the events came from",
	"what was printed, sent or loaded elsewhere",
};
#define OUTSIDE (sizeof(outside) / sizeof(*outside))

uint64_t
erase_ready(const struct erase_found *f)
{
	return f->events + f->records + f->quarantine + f->saved + f->files;
}

/* ---- text ---- */

static void
add_text(struct buf *out, const char *title, struct str text)
{
	buf_printf(out, "%-13s", title);
	render_safe(out, text);
	buf_byte(out, '\n');
}

static void
add_number(struct buf *out, const char *title, uint64_t n)
{
	buf_printf(out, "%-13s%" PRIu64 "\n", title, n);
}

static void
add_time(struct buf *out, const char *title, int64_t us)
{
	char text[32];

	time_format_local(text, us);
	buf_printf(out, "%-13s%s\n", title, text);
}

/* For a shell: nothing of it is more than a word. */
static void
add_word(struct buf *out, const char *text)
{
	struct buf word = { 0 };

	buf_byte(&word, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			buf_add(&word, "'\\'", 3);
		buf_byte(&word, *text);
	}
	buf_byte(&word, '\'');
	render_safe(out, buf_view(&word));
	buf_fini(&word);
}

static void
add_counts(struct buf *out, const struct erase_found *f)
{
	add_number(out, "events", f->events);
	add_number(out, "own records", f->records);
	add_number(out, "quarantine", f->quarantine);
	add_number(out, "saved", f->saved);
	add_number(out, "files", f->files);
	for (int i = 0; i < FIELD_COUNT; i++)
		if (f->fields[i] > 0)
			buf_printf(out, "  %-20s%" PRIu64 "\n", field_table[i].key, f->fields[i]);
}

static void
add_held(struct buf *out, const struct erase_found *f)
{
	if (f->held > 0)
		buf_printf(out, "%-13s%" PRIu64 " events and records\n", "deferred", f->held);
	for (size_t i = 0; i < f->by_n; i++) {
		buf_printf(out, "  matter ");
		render_safe(out, str_of(f->by[i].matter));
		buf_printf(out, " (hold %" PRId64 "): %" PRIu64 "\n", f->by[i].hold, f->by[i].events);
	}
	if (f->kept > 0)
		buf_printf(out, "%-13s%" PRIu64 " records that proofs need stay as they are\n", "kept", f->kept);
}

/* ---- the plan ---- */

/* Words up to this many columns stand in a column of that width. */
#define SEEN_WIDE 34u

static unsigned
seen_width(const struct seen *s)
{
	unsigned wide = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct buf word = { 0 };
		unsigned n;

		add_word(&word, s->item[i].value);
		n = render_columns(buf_view(&word));
		wide = n > wide && n <= SEEN_WIDE ? n : wide;
		buf_fini(&word);
	}
	return wide;
}

static void
add_seen(struct buf *out, const struct seen_value *v, unsigned wide)
{
	struct buf word = { 0 };

	add_word(&word, v->value);
	buf_printf(out, "  --also ");
	buf_str(out, buf_view(&word));
	for (unsigned n = render_columns(buf_view(&word)); n < wide; n++)
		buf_byte(out, ' ');
	buf_fini(&word);
	buf_printf(out, "  %s of %" PRIu64 " event%s", field_table[v->field].key, v->events, v->events == 1 ? "" : "s");
	if (v->taken)
		buf_printf(out, ", taken");
	else if (v->why[0]) {
		buf_printf(out, ", not taken: ");
		render_safe(out, str_of(v->why));
	} else if (v->others > 0)
		buf_printf(out, ", and of %" PRIu64 " that are of others: not taken by --also-seen", v->others);
	else if (!v->own)
		buf_printf(out, ", may be shared: not taken by --also-seen");
	buf_byte(out, '\n');
}

static void
plan_text(struct buf *out, const struct erase_plan *p)
{
	unsigned wide = 0;

	for (size_t i = 0; i < p->person->given; i++)
		add_text(out, i == 0 ? "value" : "", str_of(p->person->value.item[i]));
	if (p->pseudonym != NULL)
		add_text(out, "pseudonym", str_of(p->pseudonym));
	if (p->seen->n > 0) {
		buf_printf(out, "seen with it\n");
		wide = seen_width(p->seen);
	}
	for (size_t i = 0; i < p->seen->n; i++)
		add_seen(out, &p->seen->item[i], wide);
	buf_byte(out, '\n');
	add_counts(out, p->found);
	add_held(out, p->found);
}

/* ---- a receipt ---- */

static void
add_left(struct buf *out, const char *where, uint64_t n)
{
	buf_printf(out, "  %-30s%" PRIu64 "\n", where, n);
}

static void
check_text(struct buf *out, const struct erasure *x)
{
	const struct erase_check *c = &x->check;
	uint64_t rows = c->found_events + c->found_elsewhere + c->found_waiting + c->found_files + c->found_signed +
	    c->found_since;

	if (!x->checked) {
		add_text(out, "check", STR("not done"));
		return;
	}
	add_number(out, "left", rows > c->raw_found ? rows : c->raw_found);
	add_left(out, x->done.held + x->done.kept > 0 ? "events (held or kept)" : "events", c->found_events);
	add_left(out, "quarantine and saved queries", c->found_elsewhere);
	add_left(out, "erasures that wait", c->found_waiting);
	if (c->found_files + c->found_signed + c->found_since > 0) {
		add_left(out, "names of files", c->found_files);
		add_left(out, "keys and checkpoints", c->found_signed);
		add_left(out, "came since", c->found_since);
	}
	if (c->found_words > 0)
		add_left(out, "words of the format, in lines", c->found_words);
	add_left(out, "bytes of the file", c->raw_found);
	add_left(out, "remains of rows that moved", c->slack_found);
	add_left(out, "free pages that are not zero", c->free_dirty);
	add_left(out, "journals beside the file", c->journal);
	buf_printf(out, "%-13s%" PRIu64 " events, %" PRIu64 " dictionary values, %" PRIu64 " bytes\n", "looked at",
	    c->events, c->values, c->raw_bytes);
	if (x->rewritten)
		add_text(out, "", STR("the file was written anew: rows had moved in it"));
}

static void
receipt_text(struct buf *out, const struct erasure *x)
{
	add_text(out, "pseudonym", str_of(x->pseudonym));
	if (x->operation[0] != '\0')
		add_text(out, "operation", str_of(x->operation));
	add_time(out, "asked", x->asked);
	add_text(out, "by", buf_view(&x->by));
	add_text(out, "reason", buf_view(&x->reason));
	if (x->earlier)
		add_text(out, "", x->waits ? STR("waits: holds keep all that is left") : STR("carried on: it waited"));
	if (x->cut)
		add_text(out, "", STR("cut short: audit-erase --deferred --apply carries on"));
	add_counts(out, &x->done);
	add_held(out, &x->done);
	check_text(out, x);
	buf_byte(out, '\n');
}

/* ---- JSON ---- */

static json_t *
fields_json(const struct erase_found *f)
{
	json_t *o = json_object();

	for (int i = 0; i < FIELD_COUNT; i++)
		if (f->fields[i] > 0)
			json_object_set_new(o, field_table[i].key, document_number(f->fields[i]));
	return o;
}

static json_t *
matters_json(const struct erase_found *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->by_n; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "hold", json_integer(f->by[i].hold));
		json_object_set_new(o, "matter", document_text(str_of(f->by[i].matter)));
		json_object_set_new(o, "events", document_number(f->by[i].events));
		json_array_append_new(list, o);
	}
	return list;
}

static void
put_counts(json_t *o, const struct erase_found *f)
{
	json_object_set_new(o, "events", document_number(f->events));
	json_object_set_new(o, "records", document_number(f->records));
	json_object_set_new(o, "quarantine", document_number(f->quarantine));
	json_object_set_new(o, "saved", document_number(f->saved));
	json_object_set_new(o, "files", document_number(f->files));
	json_object_set_new(o, "fields", fields_json(f));
	json_object_set_new(o, "deferred", document_number(f->held));
	json_object_set_new(o, "matters", matters_json(f));
	json_object_set_new(o, "kept", document_number(f->kept));
}

static json_t *
seen_json(const struct seen *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n; i++) {
		const struct seen_value *v = &s->item[i];
		json_t *o = json_object();

		json_object_set_new(o, "field", json_string(field_table[v->field].key));
		json_object_set_new(o, "value", document_text(str_of(v->value)));
		json_object_set_new(o, "events", document_number(v->events));
		json_object_set_new(o, "others", document_number(v->others));
		json_object_set_new(o, "own", json_boolean(v->own));
		json_object_set_new(o, "taken", json_boolean(v->taken));
		if (v->why[0])
			json_object_set_new(o, "why_not", document_text(str_of(v->why)));
		json_array_append_new(list, o);
	}
	return list;
}

static void
plan_json(struct buf *out, const struct erase_plan *p)
{
	json_t *o = json_object(), *given = json_array();

	for (size_t i = 0; i < p->person->value.n; i++)
		json_array_append_new(given, document_text(str_of(p->person->value.item[i])));
	json_object_set_new(o, "values", given);
	json_object_set_new(o, "pseudonym", p->pseudonym != NULL ? json_string(p->pseudonym) : json_null());
	json_object_set_new(o, "seen", seen_json(p->seen));
	put_counts(o, p->found);
	document_format(out, o);
}

static json_t *
check_json(const struct erasure *x)
{
	const struct erase_check *c = &x->check;
	json_t *o = json_object();

	if (!x->checked) {
		json_decref(o);
		return json_null();
	}
	json_object_set_new(o, "events", document_number(c->events));
	json_object_set_new(o, "values", document_number(c->values));
	json_object_set_new(o, "bytes", document_number(c->raw_bytes));
	json_object_set_new(o, "found_events", document_number(c->found_events));
	json_object_set_new(o, "found_elsewhere", document_number(c->found_elsewhere));
	json_object_set_new(o, "found_waiting", document_number(c->found_waiting));
	json_object_set_new(o, "found_files", document_number(c->found_files));
	json_object_set_new(o, "found_signed", document_number(c->found_signed));
	json_object_set_new(o, "found_since", document_number(c->found_since));
	json_object_set_new(o, "found_words", document_number(c->found_words));
	json_object_set_new(o, "found_bytes", document_number(c->raw_found));
	json_object_set_new(o, "free_pages", document_number(c->free_pages));
	json_object_set_new(o, "free_pages_not_zero", document_number(c->free_dirty));
	json_object_set_new(o, "pages_with_remains", document_number(c->slack_dirty));
	json_object_set_new(o, "found_remains", document_number(c->slack_found));
	json_object_set_new(o, "journal", json_boolean(c->journal));
	json_object_set_new(o, "rewritten", json_boolean(x->rewritten));
	return o;
}

static json_t *
receipt_json(const struct erasure *x)
{
	json_t *o = json_object();

	json_object_set_new(o, "pseudonym", json_string(x->pseudonym));
	json_object_set_new(o, "operation", x->operation[0] != '\0' ? json_string(x->operation) : json_null());
	json_object_set_new(o, "asked", document_instant(x->asked));
	json_object_set_new(o, "by", document_text(buf_view(&x->by)));
	json_object_set_new(o, "reason", document_text(buf_view(&x->reason)));
	json_object_set_new(o, "carried_on", json_boolean(x->earlier));
	json_object_set_new(o, "cut_short", json_boolean(x->cut));
	put_counts(o, &x->done);
	json_object_set_new(o, "check", check_json(x));
	return o;
}

static json_t *
outside_json(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < OUTSIDE; i++)
		json_array_append_new(list, json_string(outside[i]));
	return list;
}

/* ---- both ---- */

void
erase_show_plan(struct buf *out, const struct erase_plan *p, bool json)
{
	if (json)
		plan_json(out, p);
	else
		plan_text(out, p);
}

void
erase_show_receipts(struct buf *out, const struct erasure *x, size_t n, bool json)
{
	json_t *list = json ? json_array() : NULL, *o;

	for (size_t i = 0; i < n; i++) {
		if (json)
			json_array_append_new(list, receipt_json(&x[i]));
		else
			receipt_text(out, &x[i]);
	}
	if (json) {
		o = json_object();
		json_object_set_new(o, "erasures", list);
		json_object_set_new(o, "out_of_reach", outside_json());
		document_format(out, o);
		return;
	}
	buf_printf(out, "Out of reach, and still to be seen to:\n");
	for (size_t i = 0; i < OUTSIDE; i++)
		buf_printf(out, "  %s\n", outside[i]);
}

static void
waiting_json(struct buf *out, const struct erase_waiting *w, size_t n)
{
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *one = json_object();

		json_object_set_new(one, "pseudonym", document_text(buf_view(&w[i].pseudonym)));
		json_object_set_new(one, "asked", document_instant(w[i].asked));
		json_object_set_new(one, "by", document_text(buf_view(&w[i].by)));
		json_object_set_new(one, "reason", document_text(buf_view(&w[i].reason)));
		json_object_set_new(one, "ready", document_number(erase_ready(&w[i].found)));
		json_object_set_new(one, "deferred", document_number(w[i].found.held));
		json_object_set_new(one, "matters", matters_json(&w[i].found));
		json_array_append_new(list, one);
	}
	json_object_set_new(o, "waiting", list);
	document_format(out, o);
}

/* Matters, one after the other. */
static void
add_matters(struct grid *g, const struct erase_found *f)
{
	struct buf all = { 0 };

	for (size_t i = 0; i < f->by_n; i++)
		buf_printf(&all, "%s%s", i > 0 ? ", " : "", f->by[i].matter);
	if (f->by_n == 0)
		buf_printf(&all, "-");
	grid_cell(g, buf_view(&all));
	buf_fini(&all);
}

void
erase_show_waiting(struct buf *out, const struct erase_waiting *w, size_t n, bool json, unsigned width)
{
	static const struct grid_column columns[] = { { "PSEUDONYM", false, 0 }, { "ASKED", false, 0 }, { "BY", false, 6 },
		{ "READY", true, 0 }, { "DEFERRED", true, 0 }, { "MATTERS", false, 8 }, { "REASON", false, 8 } };
	struct grid g = GRID(columns);

	if (json) {
		waiting_json(out, w, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		grid_cell(&g, buf_view(&w[i].pseudonym));
		grid_day(&g, w[i].asked);
		grid_cell(&g, buf_view(&w[i].by));
		grid_printf(&g, "%" PRIu64, erase_ready(&w[i].found));
		grid_printf(&g, "%" PRIu64, w[i].found.held);
		add_matters(&g, &w[i].found);
		grid_cell(&g, buf_view(&w[i].reason));
	}
	if (n > 0)
		grid_print(&g, out, width, false);
	grid_fini(&g);
}
