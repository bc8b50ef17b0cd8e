/*
 * verdict: a few lines when all is well, one line for each thing that is not;
 * or one JSON object.
 *
 * Whatever comes from the store or a file was written by others: it is
 * neutralised for people, and quoted for programs.
 */
#include "cli/verdict.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/base64.h"
#include "cli/cli.h"
#include "render/render.h"

static const char *const status_words[] = { "verified", "unsigned", "failed" };
static const char *const kind_words[] = { "checkpoint", "event", "export", "manifest", "consistency", "pack" };

void
verdict_finding(struct verdict *v, const char *fault, const struct verify_finding *f)
{
	struct buf *b = &v->findings;

	if (!v->json) {
		render_safe(b, str_of(f->text));
		buf_byte(b, '\n');
		return;
	}
	buf_printf(b, "%s{\"fault\":\"%s\"", b->len > 0 ? "," : "", fault);
	if (f->has_seq)
		buf_printf(b, ",\"seq\":%" PRIu64 ",\"last_seq\":%" PRIu64, f->first, f->last);
	if (f->segment != 0)
		buf_printf(b, ",\"segment\":%" PRId64, f->segment);
	if (f->field != FIELD_NONE)
		buf_printf(b, ",\"field\":\"%s\"", field_names()[f->field]);
	buf_printf(b, ",\"text\":");
	cli_quote(b, str_of(f->text));
	buf_byte(b, '}');
}

void
verdict_fini(struct verdict *v)
{
	buf_fini(&v->findings);
	buf_fini(&v->key);
	verify_result_fini(&v->result);
}

/* ---- A store, for people ---- */

static void
add_events(struct buf *b, const struct verify_result *r)
{
	buf_printf(b, "events       %" PRIu64 " present", r->present);
	if (r->records > 0)
		buf_printf(b, ", %" PRIu64 " of them the toolkit's own records", r->records);
	if (r->erased > 0)
		buf_printf(b, ", %" PRIu64 " changed by an erasure", r->erased);
	if (r->pruned > 0)
		buf_printf(b, "; %" PRIu64 " pruned", r->pruned);
	if (r->holds > 0)
		buf_printf(b, "\nholds        %" PRIu64 " active", r->holds);
	buf_printf(b, "\nlog          size %" PRIu64 ", root ", r->size);
	base64_add(b, r->root.b, HASH_LEN);
	buf_byte(b, '\n');
}

static void
add_signatures(struct buf *b, const struct verdict *v)
{
	char at[32];

	buf_printf(b, "checkpoints  ");
	if (v->result.checkpoints == 0)
		buf_printf(b, "none stored");
	else
		buf_printf(b, "%zu", v->result.checkpoints);
	if (v->signed_size > 0)
		buf_printf(b, ", signed up to size %" PRIu64, v->signed_size);
	if (v->signed_size > 0 && v->signed_at != TIME_NONE) {
		time_format_local(at, v->signed_at);
		buf_printf(b, ", %s", at);
	}
	buf_printf(b, "\nunsigned     ");
	if (v->result.size > v->signed_size)
		buf_printf(b, "%" PRIu64 " events after the last checkpoint\n", v->result.size - v->signed_size);
	else
		buf_printf(b, "nothing\n");
	if (v->pending)
		buf_printf(b, "             the last change of keys waits for its seal\n");
	if (v->uncompared > 0)
		buf_printf(b, "witness      %" PRIu64 " events that were seen cannot be compared: pruned over since\n",
		    v->uncompared);
}

static void
add_keys(struct buf *b, const struct verdict *v)
{
	if (v->epochs == 0) {
		buf_printf(b, "key          none: nobody vouches for the log as a whole (--init-keys)\n");
		return;
	}
	buf_printf(b, "key          ");
	render_safe(b, buf_view(&v->key));
	buf_printf(b, "\n             %s", v->pinned ? "as pinned" :
	    "not pinned: it is what the store says itself (--key)");
	if (v->epochs > 1)
		buf_printf(b, v->epochs == 2 ? "; changed once since" : "; changed %zu times since", v->epochs - 1);
	buf_byte(b, '\n');
}

static void
add_people(struct buf *b, const struct verdict *v)
{
	buf_printf(b, "status       %s\n", v->status == VERDICT_VERIFIED ? "verified" :
	    "everything holds, but not everything is signed");
	add_events(b, &v->result);
	add_signatures(b, v);
	add_keys(b, v);
	buf_printf(b, "outside      %" PRIu64 " lines in quarantine, %" PRIu64 " saved queries, positions in files:"
	    " counted, not part of the log\n", v->result.quarantined, v->result.saved);
}

/* ---- A store, for programs ---- */

static void
add_program(struct buf *b, const struct verdict *v)
{
	const struct verify_result *r = &v->result;

	buf_printf(b, "{\"status\":\"%s\",\"size\":%" PRIu64 ",\"root\":\"", status_words[v->status], r->size);
	base64_add(b, r->root.b, HASH_LEN);
	buf_printf(b, "\",\"present\":%" PRIu64 ",\"records\":%" PRIu64 ",\"erased\":%" PRIu64 ",\"pruned\":%" PRIu64
	    ",\"missing\":%" PRIu64 ",\"recomputed\":%" PRIu64 ",\"holds\":%" PRIu64 ",\"checkpoints\":%zu"
	    ",\"signed_size\":%" PRIu64 ",\"signed_at\":", r->present, r->records, r->erased, r->pruned, r->missing,
	    r->recomputed, r->holds, r->checkpoints, v->signed_size);
	cli_quote_time(b, v->signed_at);
	buf_printf(b, ",\"uncompared\":%" PRIu64 ",\"epochs\":%zu,\"seal_pending\":%s,\"pinned\":%s,\"key\":", v->uncompared,
	    v->epochs, v->pending ? "true" : "false", v->pinned ? "true" : "false");
	if (v->key.len > 0)
		cli_quote(b, buf_view(&v->key));
	else
		buf_printf(b, "null");
	buf_printf(b, ",\"found\":%" PRIu64 ",\"findings\":[", v->found);
	buf_str(b, buf_view(&v->findings));
	buf_printf(b, "],\"outside\":{\"quarantined\":%" PRIu64 ",\"saved\":%" PRIu64 "},\"seconds\":%.3f}\n",
	    r->quarantined, r->saved, (double)v->took / TIME_SECOND);
}

int
verdict_print(const struct verdict *v, struct outstream *out, struct err *e)
{
	struct buf b = { 0 }, shown = { 0 };
	int rc;

	if (v->json)
		add_program(&b, v);
	else if (v->status == VERDICT_FAILED)
		buf_str(&b, buf_view(&v->findings));
	else
		add_people(&b, v);
	if (v->json && isatty(STDOUT_FILENO)) {
		render_safe_lines(&shown, buf_view(&b), true);
		rc = outstream_write(out, shown.p, shown.len, e);
	} else
		rc = outstream_write(out, b.p, b.len, e);
	buf_fini(&shown);
	buf_fini(&b);
	return rc;
}

/* ---- A file ---- */

static const char *
status_of(const struct evidence *v)
{
	if (v->beyond > 0 || v->unproved)
		return status_words[VERDICT_UNSIGNED];
	return v->erased > 0 ? "erased" : status_words[VERDICT_VERIFIED];
}

/* What was shown, up to the name of the log. */
static void
add_shown(struct buf *b, const struct evidence *v)
{
	switch (v->kind) {
	case EVIDENCE_CHECKPOINT:
		buf_printf(b, "checkpoint of %" PRIu64 " events", v->size);
		break;
	case EVIDENCE_EVENT:
		buf_printf(b, "event %" PRIu64 " is in the log of %" PRIu64 " events", v->seq, v->size);
		break;
	case EVIDENCE_EXPORT:
		buf_printf(b, "%" PRIu64 " events, all in the log of %" PRIu64 " events", v->events, v->size);
		break;
	case EVIDENCE_MANIFEST:
		buf_printf(b, v->files == 1 ? "1 file as it was made" : "%zu files as they were made", v->files);
		if (!v->unproved)
			buf_printf(b, ", %" PRIu64 " events, all in the log of %" PRIu64 " events", v->events, v->size);
		break;
	case EVIDENCE_PACK:
		buf_str(b, STR("pack for "));
		render_safe(b, buf_view(&v->control));
		buf_printf(b, ", %zu files as it lists them, %" PRIu64 " events, all in the log of %" PRIu64 " events",
		    v->files, v->events, v->size);
		break;
	case EVIDENCE_CONSISTENCY:
		buf_printf(b, "the log of %" PRIu64 " events continues that of %" PRIu64 " events", v->size, v->first);
		break;
	}
	if (v->origin.len > 0 && !v->unproved) {
		buf_printf(b, " of ");
		render_safe(b, buf_view(&v->origin));
	}
	if (v->unproved)
		buf_printf(b, "; nothing shows %s %" PRIu64 " events to be in the log", v->files == 1 ? "its" : "their", v->beyond);
	else if (v->beyond > 0)
		buf_printf(b, "; %" PRIu64 " more came after the checkpoint: not shown", v->beyond);
	if (v->erased > 0)
		buf_printf(b, "; %" PRIu64 " more (%s %.*s) changed by an erasure: only %s shown", v->erased,
		    v->erased == 1 ? "line" : "lines", (int)v->which.len, v->which.p,
		    v->erased == 1 ? "its place is" : "their places are");
	buf_byte(b, '\n');
	if (v->kind == EVIDENCE_EVENT) {
		render_safe(b, buf_view(&v->line));
		buf_byte(b, '\n');
	}
}

static void
add_evidence_json(struct buf *b, const struct evidence *v)
{
	buf_printf(b, ",\"kind\":\"%s\",\"origin\":", kind_words[v->kind]);
	cli_quote(b, buf_view(&v->origin));
	buf_printf(b, ",\"size\":%" PRIu64, v->size);
	if (v->kind == EVIDENCE_CONSISTENCY)
		buf_printf(b, ",\"first\":%" PRIu64, v->first);
	if (v->kind == EVIDENCE_EVENT)
		buf_printf(b, ",\"seq\":%" PRIu64, v->seq);
	if (v->kind == EVIDENCE_EXPORT || v->kind == EVIDENCE_MANIFEST || v->kind == EVIDENCE_PACK)
		buf_printf(b, ",\"events\":%" PRIu64 ",\"beyond\":%" PRIu64 ",\"erased\":%" PRIu64, v->events,
		    v->beyond, v->erased);
	if (v->kind == EVIDENCE_MANIFEST || v->kind == EVIDENCE_PACK)
		buf_printf(b, ",\"files\":%zu", v->files);
	if (v->kind == EVIDENCE_PACK) {
		buf_str(b, STR(",\"control\":"));
		cli_quote(b, buf_view(&v->control));
	}
	if (v->kind == EVIDENCE_EVENT) {
		buf_printf(b, ",\"event\":");
		buf_str(b, buf_view(&v->line));
	}
}

void
verdict_evidence(struct buf *out, bool json, const char *file, const struct evidence *v, const struct err *failed)
{
	bool judged = !failed || failed->code == ERR_INTEGRITY;

	if (!json) {
		/* What failed says itself of which file. */
		render_safe(out, str_of(failed ? failed->text : file));
		if (!failed) {
			buf_printf(out, ": ");
			add_shown(out, v);
		} else
			buf_byte(out, '\n');
		return;
	}
	buf_printf(out, "{\"file\":");
	cli_quote(out, str_of(file));
	buf_printf(out, ",\"status\":\"%s\"", !judged ? "unreadable" : failed ? status_words[VERDICT_FAILED] :
	    status_of(v));
	if (!failed) {
		add_evidence_json(out, v);
	} else {
		buf_printf(out, ",\"text\":");
		cli_quote(out, str_of(failed->text));
	}
	buf_byte(out, '}');
}

void
verdict_incomplete(const char *file, const struct evidence *v, struct err *e)
{
	if (v->unproved)
		err_set(e, ERR_INCOMPLETE, "%s: nothing shows its events to be in the log", file);
	else if (v->beyond > 0)
		err_set(e, ERR_INCOMPLETE, "%s: %" PRIu64 " %s after the checkpoint: not shown", file, v->beyond,
		    v->beyond == 1 ? "event came" : "events came");
	else if (v->erased > 0)
		err_set(e, ERR_INCOMPLETE, "%s: %s %.*s: the proof says that an erasure changed %s: not shown, "
		    "but audit-verify on the store can tell", file, v->erased == 1 ? "line" : "lines",
		    (int)v->which.len, v->which.p, v->erased == 1 ? "it" : "them");
}
