/*
 * tell: what programs say about their work beside the events: quarantine,
 * windows, lines left out, JSON strings of our own records.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/cli.h"
#include "render/render.h"

void
cli_quote(struct buf *out, struct str text)
{
	struct buf safe = { 0 };

	if (utf8_valid_prefix(text.p ? text.p : "", text.len) != text.len) {
		render_safe(&safe, text);
		text = buf_view(&safe);
	}
	json_quote(out, text);
	buf_fini(&safe);
}

void
cli_quote_time(struct buf *out, int64_t us)
{
	char text[TIME_TEXT_LEN];

	if (us == TIME_NONE || us == TIME_MIN || us == INT64_MAX) {
		buf_str(out, STR("null"));
		return;
	}
	time_format(text, us);
	buf_printf(out, "\"%.*s\"", TIME_TEXT_LEN, text);
}

int
cli_print(int (*print)(void *arg, struct outstream *out, struct err *e), void *arg, struct err *e)
{
	struct outstream *out = outstream_open(NULL, e);

	if (!out)
		return -1;
	if (print(arg, out, e) == 0)
		return outstream_finish(out, e);
	outstream_flush(out, e);
	outstream_abort(out);
	return -1;
}

struct printing {
	struct str text;
	bool safe;
};

static int
print_text(void *arg, struct outstream *out, struct err *e)
{
	const struct printing *p = arg;

	return render_machine(out, p->text, !p->safe && cli_terminal(STDOUT_FILENO), true, e);
}

int
cli_print_text(struct str text, bool safe, struct err *e)
{
	return cli_print(print_text, &(struct printing){ text, safe }, e);
}

/* ---- -v ---- */

static void
add_instant(struct buf *out, int64_t us, int64_t unbounded, const char *word)
{
	char text[TIME_TEXT_LEN];

	if (us == unbounded) {
		buf_add(out, word, strlen(word));
		return;
	}
	time_format(text, us);
	buf_add(out, text, sizeof(text));
}

void
cli_query_detail(const struct program *p, const struct common_args *c, const struct filter *f,
    const struct query_stats *s, int64_t started)
{
	struct buf window = { 0 };

	if (!c->verbose)
		return;
	add_instant(&window, f->since, TIME_MIN, "the beginning");
	buf_add(&window, " to ", 4);
	add_instant(&window, f->until, INT64_MAX, "the end");
	cli_detail(p, c, "window: %.*s", (int)window.len, window.p);
	cli_detail(p, c, "segments: %" PRIu64 " read, %" PRIu64 " skipped; rows: %" PRIu64
	    " examined, %" PRIu64 " matched; %.1f ms", s->segments_read, s->segments_skipped,
	    s->rows_examined, s->matched, (double)(time_now() - started) / 1000);
	buf_fini(&window);
}

/* ---- Lines of -i ---- */

int
cli_left_out(const struct query_faulty *faulty, struct err *e)
{
	const char *path = strcmp(faulty->path, "-") == 0 ? "stdin" : faulty->path;
	const char *what = event_fault_text(faulty->fault);

	if (faulty->lines == 1)
		return err_set(e, ERR_INCOMPLETE, "a line of input is no event and was left out: %s:%" PRIu64 ": %s",
		    path, faulty->line, what);
	return err_set(e, ERR_INCOMPLETE, "%" PRIu64 " lines of input are no events and were left out, first"
	    " %s:%" PRIu64 ": %s", faulty->lines, path, faulty->line, what);
}

/* ---- Quarantine ---- */

struct listing {
	bool table, terminal;
	struct outstream *out;
	struct buf line;
};

static void
add_member(struct buf *out, const char *key, struct str value)
{
	if (!value.p)
		return;
	buf_byte(out, ',');
	json_quote(out, str_of(key));
	buf_byte(out, ':');
	cli_quote(out, value);
}

/* Bytes that are no UTF-8 are given as bytes_hex, so that none is lost. */
static void
add_json(struct buf *out, const struct quarantined *q)
{
	char at[TIME_TEXT_LEN];

	time_format(at, q->at);
	buf_printf(out, "{\"number\":%" PRId64 ",\"at\":\"%.*s\"", q->id, TIME_TEXT_LEN, at);
	add_member(out, "source", q->source);
	add_member(out, "origin", q->origin);
	buf_printf(out, ",\"position\":%" PRIu64, q->position);
	if (q->line > 0)
		buf_printf(out, ",\"line\":%" PRIu64, q->line);
	add_member(out, "reason", q->reason);
	add_member(out, "detail", q->detail);
	if (utf8_valid_prefix(q->bytes.p ? q->bytes.p : "", q->bytes.len) == q->bytes.len) {
		add_member(out, "bytes", q->bytes);
	} else {
		buf_printf(out, ",\"bytes_hex\":\"");
		buf_hex(out, q->bytes.p, q->bytes.len);
		buf_byte(out, '"');
	}
	buf_printf(out, "}\n");
}

#define EXCERPT_MAX 60 /* bytes of a refused line in the table */

/* 2026-04-22 14:30:00  app1  app.jsonl:17  not-json  expected a value  {"a":} */
static void
add_row(struct buf *out, const struct quarantined *q)
{
	char at[32];
	struct str excerpt = q->bytes;

	if (excerpt.len > EXCERPT_MAX)
		excerpt.len = EXCERPT_MAX;
	time_format_local(at, q->at);
	buf_printf(out, "%s  ", at);
	render_safe(out, q->source.p ? q->source : STR("-"));
	buf_add(out, "  ", 2);
	render_safe(out, q->origin);
	if (q->line > 0)
		buf_printf(out, ":%" PRIu64, q->line);
	buf_add(out, "  ", 2);
	render_safe(out, q->reason);
	buf_add(out, "  ", 2);
	if (q->detail.len > 0) {
		render_safe(out, q->detail);
		buf_add(out, "  ", 2);
	}
	render_safe(out, excerpt);
	buf_byte(out, '\n');
}

static int
list_one(void *arg, const struct quarantined *q, struct err *e)
{
	struct listing *l = arg;

	buf_reset(&l->line);
	if (l->table)
		add_row(&l->line, q);
	else
		add_json(&l->line, q);
	return render_machine(l->out, buf_view(&l->line), !l->table && l->terminal, true, e);
}

int
cli_quarantine(struct store *st, bool table, struct outstream *out, struct err *e)
{
	struct listing l = { .table = table, .terminal = isatty(STDOUT_FILENO), .out = out };
	int rc = store_quarantine_each(st, list_one, &l, e);

	buf_fini(&l.line);
	return rc;
}
