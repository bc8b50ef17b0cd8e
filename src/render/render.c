/*
 * render: the table of formats, and what all of them share.
 *
 * Each format is a file of its own and a row here.  Bytes of one event are
 * made in one buffer, which is kept, so that nothing is allocated for an
 * event.
 *
 * In: events in their final order.   Out: bytes on an outstream.
 */
#include <stdlib.h>

#include "render/dialect.h"
#include "render/html.h"

static const struct render_format *const formats[] = { &render_table, &render_jsonl, &render_json, &render_csv,
	&render_short, &render_text, &render_detail, &render_ocsf, &render_ecs, &render_cef, &render_leef,
	&render_syslog };

#define NAMES "table", "jsonl", "json", "csv", "short", "text", "detail"
const char *const render_formats[] = { NAMES, NULL };
const char *const render_all_formats[] = { NAMES, "ocsf", "ecs", "cef", "leef", "syslog", NULL };

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

_Static_assert(FORMATS + 1 == sizeof(render_all_formats) / sizeof(render_all_formats[0]), "a name for each format");

static const struct render_format *
find_format(const char *name, struct err *e)
{
	const char *hint;

	for (size_t i = 0; i < FORMATS; i++) {
		if (strcmp(name, formats[i]->name) == 0)
			return formats[i];
	}
	hint = nearest_name(name, render_all_formats, FORMATS);
	if (hint != NULL)
		err_set(e, ERR_FAIL, "no output format is called '%.60s'; did you mean '%s'?", name, hint);
	else
		err_set(e, ERR_FAIL, "no output format is called '%.60s': table, jsonl, json, csv, short, text,"
		    " detail, ocsf, ecs, cef, leef or syslog", name);
	return NULL;
}

bool
render_for_people(const char *format)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(format, formats[i]->name) == 0)
			return formats[i]->people;
	return false;
}

bool
render_for_collectors(const char *format)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(format, formats[i]->name) == 0)
			return formats[i]->dialect != NULL;
	return false;
}

static bool
has_column(const struct render *r, const struct selector *s)
{
	for (size_t i = 0; i < r->columns; i++)
		if (selector_eq(&r->column[i], s))
			return true;
	return false;
}

/* What is chosen twice is one column. */
static void
choose_columns(struct render *r, const struct selector *chosen, size_t n)
{
	r->chosen = chosen != NULL && n > 0;
	if (!r->chosen)
		n = FIELD_COUNT;
	r->column = mem_alloc(n * sizeof(*r->column));
	for (size_t i = 0; i < n; i++) {
		struct selector s = r->chosen ? chosen[i] : selector_field((enum field)i);

		if (r->chosen && has_column(r, &s))
			continue;
		r->chosen_set |= FIELD_BIT(s.field);
		r->column[r->columns++] = s;
	}
}

int
render_machine(struct outstream *out, struct str text, bool terminal, bool json, struct err *e)
{
	struct buf safe = { 0 };
	int rc;

	if (!terminal)
		return outstream_write(out, text.p, text.len, e);
	render_safe_lines(&safe, text, json);
	rc = outstream_write(out, safe.p, safe.len, e);
	buf_fini(&safe);
	return rc;
}

/* Hands on what was made. */
static int
emit(struct render *r, struct err *e)
{
	int rc = 0;

	if (r->buf.len > 0)
		rc = render_machine(r->out, buf_view(&r->buf), r->o.terminal && !r->format->people,
		    !r->format->plain, e);
	buf_reset(&r->buf);
	return rc;
}

struct render *
render_open(const struct render_options *o, struct outstream *out, struct err *e)
{
	const struct render_format *format = find_format(o->format, e);
	struct render *r;

	if (format == NULL)
		return NULL;
	r = mem_zero(1, sizeof(*r));
	r->format = format;
	r->o = *o;
	choose_columns(r, o->fields, o->n_fields);
	if (format->dialect != NULL && (r->dialect = dialect_new(format->dialect, o->dialect, e)) == NULL) {
		render_abort(r);
		return NULL;
	}
	if (render_go_on(r, out, e) != 0) {
		render_abort(r);
		return NULL;
	}
	return r;
}

int
render_go_on(struct render *r, struct outstream *out, struct err *e)
{
	r->out = out;
	if (r->format->start != NULL)
		r->format->start(r);
	return emit(r, e);
}

int
render_event(struct render *r, const struct event *ev, uint64_t seq, struct err *e)
{
	r->format->event(r, ev, seq);
	r->count++;
	return emit(r, e);
}

/* ---- by several threads ---- */

/* A renderer like it for one thread: it shares the options, and has buffers and
 * columns of its own. */
static void *
start_piece(void *arg)
{
	const struct render *r = arg;
	struct render *twin = mem_dup(r, sizeof(*r));

	twin->buf = twin->cell = twin->quoted = (struct buf){ 0 };
	twin->scratch = (struct selector_scratch){ 0 };
	twin->state = NULL;
	twin->twin = true;
	twin->column = mem_dup(r->column, r->columns * sizeof(*r->column));
	return twin;
}

static void
make_piece(void *state, const struct event *ev, uint64_t seq, struct buf *out)
{
	struct render *r = state;
	struct buf own = r->buf;

	r->buf = *out;
	r->format->event(r, ev, seq);
	*out = r->buf;
	r->buf = own;
}

static void
finish_piece(void *state)
{
	render_abort(state);
}

bool
render_in_pieces(struct render *r, struct event_writer *out)
{
	bool plain = !r->chosen && !r->o.seq && !r->o.nested;

	if (!r->format->pieces || r->o.terminal)
		return false;
	*out = (struct event_writer){ start_piece, make_piece, finish_piece, r };
	if (r->format == &render_jsonl && plain)
		*out = (struct event_writer){ .event = NULL };
	return true;
}

int
render_texts(struct render *r, struct str texts, uint64_t n, struct err *e)
{
	r->count += n;
	return outstream_write(r->out, texts.p, texts.len, e);
}

int
render_flush(struct render *r, struct err *e)
{
	if (r->format->flush != NULL)
		r->format->flush(r);
	return emit(r, e);
}

field_set
render_fields(const struct render_options *o)
{
	field_set set = 0;

	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(o->format, formats[i]->name) == 0)
			set = o->n_fields > 0 ? formats[i]->always : formats[i]->own;
	for (size_t i = 0; i < o->n_fields; i++)
		set |= FIELD_BIT(o->fields[i].field);
	return set;
}

int
render_close(struct render *r, const struct render_close *c, struct err *e)
{
	static const struct render_close nothing = { 0 };
	int rc;

	if (r->format->finish != NULL)
		r->format->finish(r, c ? c : &nothing);
	rc = emit(r, e);
	render_abort(r);
	return rc;
}

void
render_abort(struct render *r)
{
	if (r == NULL)
		return;
	if (r->format->release != NULL)
		r->format->release(r);
	if (!r->twin)
		dialect_free(r->dialect);
	buf_fini(&r->buf);
	buf_fini(&r->cell);
	buf_fini(&r->quoted);
	selector_scratch_fini(&r->scratch);
	free(r->column);
	free(r);
}

int
render_summary(const struct summary *s, const struct summary_render *o, struct outstream *out, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	switch (o->format) {
	case SUMMARY_TABLE:
		render_summary_table(&b, s, o);
		break;
	case SUMMARY_JSON:
		render_summary_json(&b, s, o);
		break;
	case SUMMARY_CSV:
		render_summary_csv(&b, s, o);
		break;
	case SUMMARY_HTML:
		render_summary_html(&b, s, o);
		break;
	}
	rc = render_machine(out, buf_view(&b), o->terminal && o->format != SUMMARY_TABLE, o->format == SUMMARY_JSON, e);
	buf_fini(&b);
	return rc;
}
