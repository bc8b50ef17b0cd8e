/*
 * render: events to a stream, one file and one table row for each format.
 *
 * In: events in their final order.   Out: bytes on an outstream.
 */
#ifndef RENDER_RENDER_H
#define RENDER_RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/stream.h"
#include "event/event.h"
#include "event/event_writer.h"
#include "event/selector.h"
#include "event/summary.h"
#include "event/trail.h"

struct render_options {
	const char *format;    /* a name in render_formats */
	const struct selector *fields; /* chosen columns; NULL: the format's own */
	size_t n_fields;
	bool seq;              /* add seq */
	bool colour;           /* escape sequences for a terminal */
	bool terminal;         /* it goes to one: no byte of a machine's format may steer it */
	unsigned width;        /* of the terminal in columns; 0: unlimited */
	int64_t now;           /* for relative ages */
	bool csv_bom, csv_guard; /* UTF-8 BOM; formula guard */
	/* the JSON document of audit-export; NULL text: none */
	const char *exported_at;
	const char *filter;
	bool export_envelope;  /* entries/exported_at/filter/count instead of events */
	bool nested;           /* audit-export --nested */
	/* the formats of log collectors */
	const struct dialect_map *dialect; /* what a user adds to their tables; NULL: nothing */
	unsigned facility;     /* of syslog, 0 to 23 */
	bool octets;           /* syslog: the length before each message, no newline behind it */
	const char *head_json; /* members of the JSON document before its events, such as
	                        * "identity_id":"alice"; NULL: none */
};

struct render;

extern const char *const render_formats[]; /* their names, for hints, help and completion; then NULL */
extern const char *const render_all_formats[]; /* these, and those of log collectors */
bool render_for_people(const char *format); /* not for programs: pages, colours */
bool render_for_collectors(const char *format); /* ocsf, ecs, cef, leef, syslog */

/*
 * What a user adds to the tables of the formats for collectors,
 * audit-dialects(5).  NULL: it cannot be read, or is none: ERR_FAIL with its
 * place.
 */
struct dialect_map *dialect_map_open(const char *path, struct err *e);
struct dialect_map *dialect_map_read(const char *name, struct str text, struct err *e);
void dialect_map_free(struct dialect_map *m); /* NULL is fine */

/* NULL with ERR_FAIL when there is no such format (nearest name in the text). */
struct render *render_open(const struct render_options *o, struct outstream *out, struct err *e);
int render_event(struct render *r, const struct event *ev, uint64_t seq, struct err *e);
/* How events become text of r's format by themselves; all states are finished
 * before r goes.  False: the format, or where it goes, needs one event after the
 * other. */
bool render_in_pieces(struct render *r, struct event_writer *out);
/* Hands on, instead of render_event, what was made of the next n events. */
int render_texts(struct render *r, struct str texts, uint64_t n, struct err *e);
/* Goes on in another stream, which begins as the first one did.  For formats
 * that can be made in pieces: they have nothing to say at an end. */
int render_go_on(struct render *r, struct outstream *out, struct err *e);
/* Hands on what a format keeps back until it has seen more, for those who
 * print events as they come.  The outstream is the caller's to flush. */
int render_flush(struct render *r, struct err *e);
/* The fields that a format looks at, for who fills the events; 0: all. */
field_set render_fields(const struct render_options *o);
/* What the JSON document says at its end. */
struct render_close {
	bool has_more;
	const char *cursor;        /* where to go on, or NULL */
	const char *coverage_json; /* an object, or NULL */
	const char *tail_json;     /* further members of the JSON document, or NULL */
};
/* Writes what comes at the end and frees r; c may be NULL. */
int render_close(struct render *r, const struct render_close *c, struct err *e);
void render_abort(struct render *r);

enum summary_format { SUMMARY_TABLE, SUMMARY_JSON, SUMMARY_CSV, SUMMARY_HTML };
struct summary_render {
	enum summary_format format;
	size_t top;
	bool colour;
	unsigned width;
	bool terminal; /* as for events */
	bool plain;    /* SUMMARY_TABLE: a terminal that has ASCII only, no bars but # */
	/* what an HTML page says of itself */
	const char *filter;   /* the canonical expression; NULL: none */
	bool windowed;        /* a window was asked for: */
	int64_t since, until; /* TIME_MIN and INT64_MAX when unbounded */
	int64_t now;          /* when it is made */
	const char *zone;     /* of the times shown; NULL: UTC */
	const char *note;     /* what else has to be known, such as that events were pruned; or NULL */
};
int render_summary(const struct summary *s, const struct summary_render *o, struct outstream *out, struct err *e);

/* One summary against another (event/change.h): the time before and the time
 * after. */
struct change_side {
	const struct summary *sum; /* grouped as change_group has it */
	int64_t since, until;
	bool pruned;               /* part of it was: there were more */
};
struct change_render {
	enum summary_format format;
	struct change_side before, after;
	size_t top;      /* SUMMARY_TABLE, SUMMARY_HTML: groups of each kind; 0: all */
	bool colour, terminal;
	unsigned width;
	/* what an HTML page says of itself, as in struct summary_render */
	const char *filter;
	int64_t now;
	const char *zone;
};
int render_change(const struct change_render *o, struct outstream *out, struct err *e);

/* The values of a field, or groups of several, with their counts, most frequent
 * first (audit-query -F, audit-trail --distinct): table, jsonl, json or csv. */
struct facet_render {
	const char *format;
	const struct selector *field;
	size_t fields;   /* 1 .. SUMMARY_BY_MAX */
	size_t top;      /* 0: all */
	bool colour, terminal;
	unsigned width;
};
int render_facet(const struct tally *t, const struct facet_render *o, struct outstream *out, struct err *e);

/* Appends the summary of a trail: lines for people, or "summary":{...} for
 * tail_json. */
void render_trail_text(struct buf *out, const struct trail *t, bool colour);
void render_trail_json(struct buf *out, const struct trail *t);

/* Appends text so that no byte of it can steer a terminal: C0, DEL, C1, ESC,
 * bidi controls and invalid UTF-8 become visible escapes (\x1b, \u202e). */
void render_safe(struct buf *out, struct str text);

/* The same for whole lines that keep their ends; in JSON as \uXXXX, so that it
 * stays the same JSON. */
void render_safe_lines(struct buf *out, struct str text, bool json);

/* Hands on text of a machine's format; to a terminal so that no byte of it
 * steers that, in JSON by escapes of JSON. */
int render_machine(struct outstream *out, struct str text, bool terminal, bool json, struct err *e);

#endif
