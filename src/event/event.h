/*
 * event: the one record that every stage hands on.
 *
 * Strings are held unescaped, JSON and numbers as canonical tokens.  All
 * bytes are borrowed from whoever filled the event: a batch's arena, a
 * segment's columns, a line.
 */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/time.h"
#include "event/field.h"
#include "event/json.h"

#define EVENT_ID_MAX 256
#define EVENT_RESERVED_SOURCE "audit-toolkit"
/* What records of another store, brought here, are from: this, and the first
 * EVENT_RESTORED_HEX digits of its id. */
#define EVENT_RESTORED_SOURCE EVENT_RESERVED_SOURCE "@"
#define EVENT_RESTORED_HEX 12

struct event {
	int64_t time, ingested; /* microseconds; TIME_NONE when absent */
	field_set present;      /* also tells time and ingested */
	struct str v[FIELD_COUNT]; /* only those present are defined; not time, ingested */
};

/* Where the line cannot become an event.  The words are in event_fault_text. */
enum event_fault {
	EVENT_OK, EVENT_BLANK /* an empty line: skipped, not quarantined */,
	EVENT_NOT_UTF8, EVENT_NOT_JSON, EVENT_DUPLICATE_KEY, EVENT_NOT_OBJECT,
	EVENT_TOO_DEEP, EVENT_TOO_LONG, EVENT_LONE_SURROGATE, EVENT_NO_ACTION, EVENT_NO_TIME,
	EVENT_BAD_TIME, EVENT_ID_TOO_LONG, EVENT_RESERVED, EVENT_CONFLICT,
	EVENT_FAULT_COUNT
};

/* A fixed word for scripts ("not-json") and a sentence for people. */
const char *event_fault_name(enum event_fault f);
const char *event_fault_text(enum event_fault f);

/* How the normaliser treats what it reads; bytes stay borrowed. */
struct event_policy {
	bool stored;      /* the store's own canonical lines: ingested, peer_uid
	                   * and the reserved source are taken as they are */
	int64_t assume_now; /* the time of events without one; TIME_NONE: a fault */
	struct str restored; /* what the toolkit's own records are from now on, as above;
	                      * those that are so already stay.  p NULL: both are a fault */
};

/* The toolkit's own, or too much like it to be let in from outside. */
bool event_source_reserved(struct str source);

/* For lines that the toolkit wrote: the store's and exported ones. */
extern const struct event_policy event_stored;

/*
 * A scanned line into an event: aliases, flattening, severities, outcomes,
 * times and addresses as design says (audit-event(5)).  Unknown keys and
 * losers are gathered in context.  Does not set ingested, id or source that
 * the line has not.  Bytes live in `a` or in the scanned text.
 * EVENT_OK, or the fault; *detail then points at static or `a` bytes that say
 * more, or at "".
 */
enum event_fault event_from_json(struct event *ev, const struct json_tape *t,
    const struct event_policy *policy, struct arena *a, const char **detail);

/* The steps before it, for those who look at the tape in between (redaction):
 * a line into the tape, and the policy on duplicate keys. */
enum event_fault event_scan(struct json_tape *t, const char *line, size_t len,
    const struct event_policy *policy, struct arena *a, const char **detail);
enum event_fault event_check_keys(const struct json_tape *t, struct arena *a, const char **detail);

/* event_scan, event_check_keys and event_from_json in one.  The tape is scratch. */
enum event_fault event_parse(struct event *ev, const char *line, size_t len,
    const struct event_policy *policy, struct json_tape *t, struct arena *a,
    const char **detail);

/* Appends the canonical line, without newline. */
void event_format(struct buf *out, const struct event *ev);

/* The same, one after the other: members with a comma in front, in the order
 * of fields, then what makes them a line from `start` on. */
void event_format_member(struct buf *out, const struct event *ev, enum field f);
void event_format_end(struct buf *out, size_t start);
/* Appends the member of a string of len bytes without escapes; the caller
 * writes them to where it says. */
char *event_format_plain(struct buf *out, enum field f, size_t len);

/* Appends one field's value as JSON ("x", 12, {...}); it must be present. */
void event_format_field(struct buf *out, const struct event *ev, enum field f);

/* Appends one field's value as plain text (times formatted, strings raw). */
void event_format_text(struct buf *out, const struct event *ev, enum field f);

static inline bool
event_has(const struct event *ev, enum field f)
{
	return ev->present >> f & 1;
}

/* Sets a field other than time and ingested; the bytes are borrowed. */
static inline void
event_set(struct event *ev, enum field f, struct str value)
{
	ev->v[f] = value;
	ev->present |= FIELD_BIT(f);
}

void event_set_time(struct event *ev, enum field f, int64_t us); /* FIELD_TIME or FIELD_INGESTED */
/* FIELD_IP, in canonical form when it is an address; the bytes are borrowed, or in `a`. */
void event_set_ip(struct event *ev, struct str text, struct arena *a);

/* A JSON integer that fits 64 bits; -0 does not, for it would come back as 0. */
bool event_is_integer(struct str s);

/* Same content, ingested and peer_uid aside. */
bool event_same(const struct event *a, const struct event *b);

enum event_severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_CRITICAL, SEVERITY_COUNT };
extern const char *const event_severities[SEVERITY_COUNT];
/* Canonical words, syslog names and numbers, any case; -1 when unknown. */
int event_severity(struct str word);

enum event_outcome { OUTCOME_SUCCESS, OUTCOME_FAILURE, OUTCOME_UNKNOWN, OUTCOME_COUNT };
extern const char *const event_outcomes[OUTCOME_COUNT];
/* All accepted words, any case; -1 when unknown. */
int event_outcome(struct str word);

#endif
