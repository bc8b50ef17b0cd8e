/* guess: what a log is, by how it begins. */
#include "ingest/guess.h"

#include <string.h>

#include "ingest/auditd_record.h"
#include "ingest/frame.h"
#include "ingest/journal_export.h"

/* Linux audit: its first line that is not blank begins as a record does. */
static bool
is_auditd(struct str head)
{
	size_t end = frame_first_line(head.p, head.len);
	size_t start = frame_last_line(head.p, end);
	struct auditd_head record;
	const char *detail;

	return auditd_head_parse(&record, (struct str){ head.p + start, end - start }, &detail) == EVENT_OK;
}

int
ingest_guess(const char *mappings, struct str head, struct ingest_choice *out, struct err *e)
{
	struct err why = ERR_NONE;

	*out = (struct ingest_choice){ .format = FORMAT_LINES };
	if (is_auditd(head)) {
		out->format = FORMAT_AUDITD;
		return 0;
	}
	out->mapping = journal_export_begins(head) ? mapping_find(mappings, "journald", &why) :
	    mapping_guess(mappings, head, &why);
	if (out->mapping != NULL)
		out->format = FORMAT_MAPPED;
	*e = why;
	return why.code == ERR_OK ? 0 : -1;
}

const char *
ingest_choice_title(const struct ingest_choice *c)
{
	switch (c->format) {
	case FORMAT_LINES:
		break;
	case FORMAT_MAPPED:
		return mapping_title(c->mapping);
	case FORMAT_AUDITD:
		return "Linux audit";
	}
	return "events, one JSON object a line";
}
