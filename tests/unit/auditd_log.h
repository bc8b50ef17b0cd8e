/* auditd_log: a Linux audit log in a string, and what becomes of it as text. */
#ifndef TESTS_AUDITD_LOG_H
#define TESTS_AUDITD_LOG_H

#include <string.h>

#include "ingest/auditd.h"

/* Appends what is ready: an event as its canonical line, a fault as
 * "! name: line". */
static inline void
log_take(struct auditd *a, struct buf *out)
{
	struct auditd_item it;

	while (auditd_next(a, &it)) {
		if (it.fault == EVENT_OK)
			event_format(out, &it.ev);
		else
			buf_printf(out, "! %s: %.*s", event_fault_name(it.fault), (int)it.raw.len, it.raw.p);
		buf_byte(out, '\n');
	}
}

/* Feeds the lines of text[from, len). */
static inline void
log_feed(struct auditd *a, const char *text, size_t from, size_t len, struct buf *out)
{
	for (size_t at = from, number = 1; at < len; number++) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t n = newline != NULL ? (size_t)(newline - text) - at : len - at;

		auditd_feed(a, (struct str){ text + at, n }, at, at + n + (newline != NULL), number);
		log_take(a, out);
		at += n + (newline != NULL);
	}
}

/* All of a log that is at its end. */
static inline void
log_read(const char *text, size_t len, struct buf *out)
{
	struct auditd *a = auditd_new(0, 0);

	log_feed(a, text, 0, len, out);
	auditd_flush(a);
	log_take(a, out);
	auditd_free(a);
}

#endif
