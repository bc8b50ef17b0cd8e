/*
 * erase_run: an erasure carried out and checked.
 *
 * The store changes what no hold keeps, with its records.  Then all of the file
 * is looked at.  SQLite leaves copies of rows where they were before they moved
 * to another page; when such are found, the file is written anew and looked at
 * once more.
 *
 * In: a person.   Out: what was done, what is left.
 */
#include "cli/erase_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"

/* Up to this size a file is written anew although nothing of the person was
 * found beside its rows: a part of a value may be there. */
#define REWRITE_MAX (UINT64_C(1) << 30)

void
erasure_fini(struct erasure *x)
{
	buf_fini(&x->reason);
	buf_fini(&x->by);
	erase_found_fini(&x->done);
	*x = (struct erasure){ 0 };
}

/* ---- records ---- */

struct writing {
	const struct operator_info *who;
	struct erasure *x;
	struct str reason;
	struct progress progress;
	uint64_t events; /* changed so far */
};

static void
add_part(struct buf *out, const struct erase_part *part)
{
	buf_printf(out,
	    ",\"part\":%u,\"events\":%" PRIu64 ",\"first_seq\":%" PRIu64 ",\"last_seq\":%" PRIu64 ",\"digest\":\"%s\"}",
	    part->part, part->events, part->first_seq, part->last_seq, part->digest);
}

static void
add_closing(struct buf *out, struct str reason, const struct erase_found *f)
{
	buf_printf(out, ",\"closing\":true,\"reason\":");
	cli_quote(out, reason);
	buf_printf(out,
	    ",\"events\":%" PRIu64 ",\"records\":%" PRIu64 ",\"quarantine\":%" PRIu64 ",\"saved\":%" PRIu64
	    ",\"files\":%" PRIu64 ",\"deferred\":%" PRIu64 ",\"kept\":%" PRIu64 ",\"matters\":[",
	    f->events, f->records, f->quarantine, f->saved, f->files, f->held, f->kept);
	for (size_t i = 0; i < f->by_n; i++) {
		if (i > 0)
			buf_byte(out, ',');
		cli_quote(out, str_of(f->by[i].matter));
	}
	buf_printf(out, "]}");
}

static void
write_record(void *arg, const struct erase_part *part, struct event *record, struct arena *a)
{
	struct writing *w = arg;
	struct buf context = { 0 };

	buf_printf(&context, "{\"operation\":\"%s\",\"pseudonym\":\"%s\"", w->x->operation, w->x->pseudonym);
	if (part->part > 0)
		add_part(&context, part);
	else
		add_closing(&context, w->reason, part->found);
	cli_record(record, w->who, "audit.erase", buf_view(&context), a);
	buf_fini(&context);
	w->events += part->part > 0 ? part->events : 0;
	progress_update(&w->progress, w->events, -1);
}

/* ---- looking for what is left ---- */

static uint64_t
changed(const struct erasure *x)
{
	const struct erase_found *f = &x->done;

	return f->events + f->records + f->quarantine + f->saved + f->files;
}

static bool
needs_rewriting(const struct erasure *x)
{
	const struct erase_check *c = &x->check;

	return c->slack_found > 0 || c->free_dirty > 0 ||
	    (c->slack_dirty > 0 && changed(x) > 0 && c->raw_bytes <= REWRITE_MAX);
}

static int
check(struct erase_runner *r, const struct subject *s, struct erasure *x, struct err *e)
{
	struct progress progress;
	int rc;

	progress_start(&progress, r->common, "looking for what is left");
	progress_update(&progress, 0, -1);
	rc = store_erase_check(r->st, s, r->pool, cli_go_on, &x->check, e);
	progress_end(&progress);
	return rc;
}

static int
check_and_cure(struct erase_runner *r, const struct subject *s, struct erasure *x, struct err *e)
{
	struct err why = ERR_NONE;
	uint64_t before, after;

	if (check(r, s, x, e) < 0)
		return -1;
	if (needs_rewriting(x)) {
		/* When it cannot be, the check stands as it is. */
		if (store_reclaim(r->st, &before, &after, &why) < 0)
			return x->check.slack_found == 0 && x->check.free_dirty == 0 ? 0
			    : err_set(e, why.code, "%s", why.text);
		x->rewritten = true;
		if (check(r, s, x, e) < 0)
			return -1;
	}
	x->checked = true;
	return 0;
}

/* ---- one erasure ---- */

/* Appends the text without the person. */
static void
add_without(struct buf *out, const struct subject *s, struct str text)
{
	if (subject_replace(s, text, out) == 0)
		buf_str(out, text);
}

static void
hide_matters(const struct subject *s, struct erase_found *f)
{
	for (size_t i = 0; i < f->by_n; i++) {
		struct buf without = { 0 };

		add_without(&without, s, str_of(f->by[i].matter));
		snprintf(f->by[i].matter, sizeof(f->by[i].matter), "%.*s", (int)without.len, without.p ? without.p : "");
		buf_fini(&without);
	}
}

/* From here on events, lines and queries that come are told apart. */
static int
note_size(struct erase_runner *r, struct erasure *x, struct err *e)
{
	struct segment_info *segments;
	struct store_view view;
	size_t n;

	if (store_view(r->st, &view, &segments, &n, e) < 0)
		return -1;
	free(segments);
	x->check.size = view.size;
	x->check.since = time_now();
	return 0;
}

/* What a receipt says of it. */
static void
describe(struct erasure *x, const struct subject *s, const struct erase_deferred *what)
{
	snprintf(x->pseudonym, sizeof(x->pseudonym), "%.*s", (int)what->pseudonym.len, what->pseudonym.p);
	add_without(&x->reason, s, what->reason);
	add_without(&x->by, s, what->by);
	x->asked = what->at;
	x->earlier = what->id > 0;
}

int
erasure_run(struct erase_runner *r, const struct person *p, const struct erase_deferred *what, struct erasure *x,
    struct err *e)
{
	struct writing w = { .who = r->who, .x = x, .reason = what->reason };
	struct uuid7 ids = { 0 };
	struct subject *s = person_subject(p, what->pseudonym, e);
	int rc = -1;

	if (s == NULL)
		return -1;
	describe(x, s, what);
	uuid7_next(&ids, time_now(), x->operation);
	if (note_size(r, x, e) == 0) {
		progress_start(&w.progress, r->common, "events erased");
		rc = store_erase(r->st, s, what, r->pool, write_record, &w, cli_go_on, &x->done, e);
		progress_end(&w.progress);
	}
	x->cut = rc < 0 && (x->earlier || changed(x) > 0);
	if (rc == 0)
		rc = check_and_cure(r, s, x, e);
	hide_matters(s, &x->done);
	subject_free(s);
	return rc;
}

int
erasure_carry_on(struct erase_runner *r, const struct person *p, const struct erase_deferred *what,
    struct erasure *x, struct err *e)
{
	struct subject *s = person_subject(p, what->pseudonym, e);
	int rc = s != NULL ? store_erase_plan(r->st, s, r->pool, cli_go_on, &x->done, e) : -1;

	x->waits = rc == 0 && x->done.held > 0 && changed(x) + x->done.deferred == 0;
	if (x->waits) {
		describe(x, s, what);
		hide_matters(s, &x->done);
	} else
		erase_found_fini(&x->done);
	subject_free(s);
	return rc < 0 || x->waits ? rc : erasure_run(r, p, what, x, e);
}

/* ---- what it came to ---- */

/* Found in the bytes, and nothing is known to be there. */
static bool
is_unexplained(const struct erasure *x)
{
	const struct erase_check *c = &x->check;
	const struct erase_found *f = &x->done;
	uint64_t known = c->found_events + c->found_waiting + c->found_files + c->found_signed + c->found_since +
	    c->found_words;

	return c->found_events > f->held + f->kept || c->found_elsewhere > 0 || c->slack_found > 0 || c->free_dirty > 0 ||
	    c->journal || (c->raw_found > 0 && known == 0);
}

int
erasure_judge(const struct erasure *x, struct err *e)
{
	const struct erase_check *c = &x->check;
	const struct erase_found *f = &x->done;

	if (!x->checked && !x->waits)
		return err_set(e, ERR_FAIL, "%s: it was not checked what is left", x->pseudonym);
	if (x->checked && is_unexplained(x))
		return err_set(e, ERR_INTEGRITY, "%s: something of the person is left that should not be: see the receipt",
		    x->pseudonym);
	if (f->held > 0)
		return err_set(e, ERR_INCOMPLETE, "%s: %" PRIu64 " events and records wait for holds to be lifted", x->pseudonym,
		    f->held);
	if (f->kept > 0 || c->found_signed > 0)
		return err_set(e, ERR_INCOMPLETE, "%s: records that proofs need had to stay as they are", x->pseudonym);
	if (c->found_since > 0 || c->found_files > 0)
		return err_set(e, ERR_INCOMPLETE, "%s: what others wrote meanwhile has the person: erase once more",
		    x->pseudonym);
	return 0;
}
