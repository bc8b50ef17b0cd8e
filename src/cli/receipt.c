/*
 * receipt: what an ingest did, for people and as JSON.
 */
#include "cli/receipt.h"

#include <inttypes.h>

/* {"not-json":3,"no-time":1} */
static void
add_reasons(struct buf *out, const struct ingest_receipt *r)
{
	const char *comma = "";

	buf_byte(out, '{');
	for (int f = 0; f < EVENT_FAULT_COUNT; f++)
		if (r->fault[f] > 0) {
			buf_printf(out, "%s\"%s\":%" PRIu64, comma,
			    event_fault_name((enum event_fault)f), r->fault[f]);
			comma = ",";
		}
	buf_byte(out, '}');
}

/* {"secret-key":12,"jwt":1} */
static void
add_rules(struct buf *out, const struct ingest_receipt *r, const struct redactor *redactor)
{
	const char *comma = "";

	buf_byte(out, '{');
	for (size_t i = 0; i < redactor_rules(redactor); i++)
		if (r->rule[i] > 0) {
			buf_printf(out, "%s\"%s\":%" PRIu64, comma, redactor_rule(redactor, i), r->rule[i]);
			comma = ",";
		}
	buf_byte(out, '}');
}

int
receipt_write(struct outstream *out, const struct ingest_receipt *r, const struct redactor *redactor,
    struct err *e)
{
	struct buf doc = { 0 };
	int rc;

	buf_printf(&doc, "{\"read\":%" PRIu64 ",\"stored\":%" PRIu64 ",\"duplicates\":%" PRIu64
	    ",\"dropped\":%" PRIu64 ",\"quarantined\":%" PRIu64 ",\"redacted\":%" PRIu64,
	    r->read, r->stored, r->duplicates, r->dropped, r->quarantined, r->redacted);
	if (r->stored > 0)
		buf_printf(&doc, ",\"first_seq\":%" PRIu64 ",\"last_seq\":%" PRIu64, r->first_seq, r->last_seq);
	else
		buf_printf(&doc, ",\"first_seq\":null,\"last_seq\":null");
	buf_printf(&doc, ",\"seconds\":%.3f,\"reasons\":", r->seconds);
	add_reasons(&doc, r);
	buf_printf(&doc, ",\"redacted_by\":");
	add_rules(&doc, r, redactor);
	buf_printf(&doc, "}\n");
	rc = outstream_write(out, doc.p, doc.len, e);
	buf_fini(&doc);
	return rc;
}

/* 12 read: 9 stored (seq 0 to 8), 1 duplicate, 2 quarantined (not-json 2), ... */
void
receipt_tell(const struct program *p, const struct common_args *c, const struct ingest_receipt *r, bool dry_run)
{
	struct buf text = { 0 };
	const char *before = " (";

	buf_printf(&text, "%" PRIu64 " read: ", r->read);
	if (dry_run)
		buf_printf(&text, "%" PRIu64 " printed, none stored", r->read - r->quarantined - r->dropped);
	else
		buf_printf(&text, "%" PRIu64 " stored", r->stored);
	if (r->read == 0)
		buf_printf(&text, " (nothing new)");
	if (r->stored > 0)
		buf_printf(&text, " (seq %" PRIu64 " to %" PRIu64 ")", r->first_seq, r->last_seq);
	if (r->duplicates > 0)
		buf_printf(&text, ", %" PRIu64 " duplicate%s", r->duplicates, r->duplicates == 1 ? "" : "s");
	if (r->dropped > 0)
		buf_printf(&text, ", %" PRIu64 " dropped", r->dropped);
	if (r->quarantined > 0) {
		buf_printf(&text, ", %" PRIu64 " quarantined", r->quarantined);
		for (int f = 0; f < EVENT_FAULT_COUNT; f++)
			if (r->fault[f] > 0) {
				buf_printf(&text, "%s%s %" PRIu64, before,
				    event_fault_name((enum event_fault)f), r->fault[f]);
				before = ", ";
			}
		buf_byte(&text, ')');
	}
	if (r->redacted > 0)
		buf_printf(&text, ", %" PRIu64 " secret%s redacted", r->redacted, r->redacted == 1 ? "" : "s");
	buf_printf(&text, ", %.2f s", r->seconds);
	cli_note(p, c, "%.*s", (int)text.len, text.p);
	if (r->first_fault[0] != '\0')
		cli_note(p, c, "quarantined: %s%s", r->first_fault,
		    r->quarantined > 1 ? " (and others)" : "");
	buf_fini(&text);
}
