/*
 * export_record: the records of an export (see export_record.h).
 *
 *	{"phase":"intent","filter":"...","size":202,"format":"jsonl","destination":"/srv/q1.jsonl"}
 *	{"phase":"outcome","intent":"...","count":17,"bytes":4711,"first_seq":3,"last_seq":190,...}
 *
 * In: what is going to be done, or was.   Out: an event of the store's own.
 */
#include "cli/export_record.h"

#include <inttypes.h>
#include <string.h>

static void
put_hash(struct buf *context, const char *key, const struct hash *h)
{
	buf_printf(context, ",\"%s\":\"", key);
	buf_hex(context, h->b, HASH_LEN);
	buf_byte(context, '"');
}

static void
put_request(const struct export_record *r, struct buf *context)
{
	if (r->request == NULL)
		return;
	buf_printf(context, ",\"request\":");
	cli_quote(context, str_of(r->request));
}

/* Ends the context, and frees it.  id: of the record, or NULL: nobody asks. */
static int
record(const struct export_record *r, struct buf *context, const char *outcome, char id[EXPORT_ID_SIZE],
    uint64_t *seq, struct err *e)
{
	struct arena a = { 0 };
	struct event ev;
	int rc;

	buf_byte(context, '}');
	cli_record(&ev, r->who, "audit.export", buf_view(context), &a);
	event_set(&ev, FIELD_OUTCOME, str_of(outcome));
	if (id != NULL && ev.v[FIELD_ID].len < EXPORT_ID_SIZE)
		memcpy(id, ev.v[FIELD_ID].p, ev.v[FIELD_ID].len);
	rc = store_record(r->st, &ev, seq, e);
	arena_fini(&a);
	buf_fini(context);
	return rc;
}

int
export_record_intent(struct export_record *r, const struct export_intent *i, struct err *e)
{
	struct buf context = { 0 };

	buf_printf(&context, "{\"phase\":\"intent\",\"filter\":");
	cli_quote(&context, str_of(i->filter));
	if (i->incremental)
		buf_printf(&context, ",\"after\":%" PRIu64, i->after);
	buf_printf(&context, ",\"size\":%" PRIu64 ",\"format\":\"%s\",\"destination\":", i->size, i->format);
	cli_quote(&context, i->path ? str_of(i->path) : STR("stdout"));
	put_request(r, &context);
	limits_format(i->limits, &context);
	return record(r, &context, "unknown", r->intent, &r->seq, e);
}

int
export_record_refused(const struct export_record *r, const struct limited *over, struct err *e)
{
	struct buf context = { 0 };
	uint64_t seq;

	buf_printf(&context, "{\"phase\":\"refused\",\"intent\":\"%s\",\"tenant\":", r->intent);
	cli_quote(&context, over->tenant);
	buf_printf(&context, ",\"limit\":%" PRIu64 ",\"used\":%" PRIu64 ",\"asked\":%" PRIu64, over->limit, over->used,
	    over->asked);
	put_request(r, &context);
	return record(r, &context, "failure", NULL, &seq, e);
}

int
export_record_outcome(const struct export_record *r, const struct export_outcome *o, struct err *e)
{
	struct buf context = { 0 };
	bool good = o->failed->code == ERR_OK;
	uint64_t seq;

	buf_printf(&context, "{\"phase\":\"outcome\",\"intent\":\"%s\",\"count\":%" PRIu64 ",\"bytes\":%" PRIu64,
	    r->intent, o->count, o->files->bytes);
	if (o->count > 0)
		buf_printf(&context, ",\"first_seq\":%" PRIu64 ",\"last_seq\":%" PRIu64, o->first, o->last);
	/* The log itself says what the files were. */
	if (o->files->split.events > 0 || o->files->split.bytes > 0)
		buf_printf(&context, ",\"parts\":%zu", good ? o->files->parts : 0);
	else if (o->files->parts > 0)
		put_hash(&context, "sha256", &o->files->part[0].file[0].sha256);
	if (o->files->has_manifest)
		put_hash(&context, "manifest_sha256", &o->files->manifest_sha256);
	if (!good) {
		buf_printf(&context, ",\"error\":");
		cli_quote(&context, str_of(o->failed->text));
	}
	put_request(r, &context);
	return record(r, &context, good ? "success" : "failure", NULL, &seq, e);
}
