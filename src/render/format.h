/*
 * format: what the files of one format each share (render's own header).
 *
 * A format appends bytes to r->buf; render.c hands them on.
 */
#ifndef RENDER_FORMAT_H
#define RENDER_FORMAT_H

#include "render/render.h"

struct render_format {
	const char *name;
	void (*start)(struct render *r); /* NULL: nothing at the start */
	void (*event)(struct render *r, const struct event *ev, uint64_t seq);
	void (*finish)(struct render *r, const struct render_close *c); /* NULL: nothing */
	void (*flush)(struct render *r);   /* NULL: nothing is kept back */
	void (*release)(struct render *r); /* frees r->state; NULL: there is none */
	bool pieces; /* the text of an event does not depend on others; a state is for speed only */
	bool people; /* its bytes are safe for a terminal as they are */
	bool plain;  /* not JSON: a terminal is not shown what it would take for escapes of JSON */
	const struct dialect_table *dialect; /* what it is made by; NULL: by no table */
	field_set own, always; /* what it looks at without chosen fields (0: all), and beside them */
};

/* What phrases are made of. */
#define PHRASE_ACTOR \
	(FIELD_BIT(FIELD_ACTOR_ID) | FIELD_BIT(FIELD_ACTOR_TYPE) | FIELD_BIT(FIELD_ACTOR_NAME) | \
	    FIELD_BIT(FIELD_ACTOR_EMAIL) | FIELD_BIT(FIELD_SERVICE_ACCOUNT))
#define PHRASE_TARGET (FIELD_BIT(FIELD_TARGET_PATH) | FIELD_BIT(FIELD_TARGET_NAME) | FIELD_BIT(FIELD_TARGET_ID))
#define PHRASE_LINE \
	(PHRASE_ACTOR | PHRASE_TARGET | FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_SEVERITY) | \
	    FIELD_BIT(FIELD_ACTION) | FIELD_BIT(FIELD_OUTCOME) | FIELD_BIT(FIELD_IP))
/* What the line of short and the sentence of text have besides. */
#define PHRASE_MORE (FIELD_BIT(FIELD_HOST) | FIELD_BIT(FIELD_REASON) | FIELD_BIT(FIELD_ERROR_CODE))

struct render {
	const struct render_format *format;
	struct render_options o;  /* strings borrowed from the caller */
	struct selector *column;  /* those chosen, else all fields */
	size_t columns;
	bool chosen;
	field_set chosen_set;     /* the fields that they look at */
	struct selector_scratch scratch;
	struct outstream *out;
	struct buf buf;           /* of one event; kept between events */
	struct buf cell, quoted;  /* scratch of a format */
	uint64_t count;
	void *state;              /* the format's own */
	struct dialect *dialect;  /* its table with what the user adds */
	bool twin;                /* of another, whose dialect it is */
};

extern const struct render_format render_table, render_jsonl, render_json, render_csv, render_short, render_text,
    render_detail, render_ocsf, render_ecs, render_cef, render_leef, render_syslog;

/* Appends an event as a JSON object, with what the options ask for. */
void render_object(struct render *r, const struct event *ev, uint64_t seq);

/* Appends one CSV cell, quoted when it must be.  guard: a cell that a
 * spreadsheet would take for a formula gets an apostrophe in front. */
void render_csv_cell(struct buf *out, struct str text, bool guard);

/* ---- text in columns ---- */

/* Columns that text takes on a terminal; safe text only (render_safe). */
unsigned render_columns(struct str safe);
/* Appends `safe` in exactly `width` columns (cut with an ellipsis, or padded). */
void render_pad(struct buf *out, struct str safe, unsigned width, bool right);
void render_spaces(struct buf *out, unsigned n);
/* Appends text made safe, in capitals: the title of a column. */
void render_title(struct buf *out, struct str text);

/* Appends `safe` in at most `width` columns, cut in its middle: the ends of
 * paths and addresses tell more than what is between. */
void render_squeeze(struct buf *out, struct str safe, unsigned width);
/* How much of `safe` belongs on one line of `width` columns; a blank there is
 * not printed. */
size_t render_line(struct str safe, unsigned width);
/* Appends `safe` broken into lines of at most `width` columns (0: none is
 * broken), at blanks where it can be, each further line behind `indent` spaces. */
void render_wrap(struct buf *out, struct str safe, unsigned width, unsigned indent);

/* Colours, by meaning. */
enum render_style { STYLE_PLAIN, STYLE_HEADER, STYLE_DIM, STYLE_GOOD, STYLE_WARNING, STYLE_BAD, STYLE_WORST };
void render_style(struct buf *out, bool colour, enum render_style s); /* STYLE_PLAIN ends a style */

/* ---- what is said about an event (phrase.c); texts are not yet safe ---- */

enum render_who { WHO_UNKNOWN, WHO_TYPE /* no name, but a kind of actor */, WHO_NAMED, WHO_SYSTEM };
/* Appends "Alice", "System (cron)", "anonymous", or nothing. */
enum render_who render_actor(struct buf *out, const struct event *ev);
/* A field's text; p == NULL: absent or empty.  As for all of these. */
struct str render_value(const struct event *ev, enum field f);
struct str render_via(const struct event *ev);    /* the service account that acted for the actor */
struct str render_target(const struct event *ev);
struct str render_origin(const struct event *ev); /* address, else host */
int render_outcome(const struct event *ev);       /* enum event_outcome, -1: absent */
enum render_style render_severity_style(const struct event *ev);
enum render_style render_outcome_style(const struct event *ev);
/* A letter for what is worse than info, so that colour is not needed. */
struct str render_mark(const struct event *ev);
/* "5s", "3m", "2d", "4mo", "2y" ago; "in 3m" when ahead. */
void render_age(struct buf *out, int64_t now, int64_t us);
void render_local_time(struct buf *out, int64_t us);

/* ---- lines (short.c) ---- */

/* Appends to r->buf: text made safe; the number, local time and mark that lines
 * begin with; "key=value key=value" of the chosen columns that the event has, but for the time. */
void render_raw(struct render *r, struct str raw);
void render_lead(struct render *r, const struct event *ev, uint64_t seq);
void render_pairs(struct render *r, const struct event *ev);

/* The sentence of text, without its end of line. */
void render_sentence(struct render *r, const struct event *ev);
/* JSON, or changes side by side, and an end of line; further lines begin at
 * column `left`. */
void render_payload(struct render *r, struct str json, bool changes, unsigned left);

/* ---- an action's name as English (deed.c) ---- */

/* What can be told from "share.member.add". */
struct deed {
	const char *base; /* "add"; NULL: no verb that is known */
	const char *past; /* "wrote"; NULL: by rule */
	const char *before;      /* what stands before its target ("to"); "" for nothing */
	bool intransitive;       /* needs no object: "signed in" */
	struct str object;       /* "share member", lower case; may be empty */
	size_t words;            /* of the object */
	bool behind;             /* it stands behind its verb: "CreateBucket" */
	bool stated;             /* it is no mere area: "CreateBucket", not "billing.view" */
	bool gives;              /* it is what is given, whatever the target is: "role.grant" */
};

#define DEED_ACTION_MAX 128 /* longer ones are not taken apart */
#define DEED_OBJECT_MAX (DEED_ACTION_MAX + 32)
/* The object lives in buf. */
void render_deed(struct deed *d, struct str action, char buf[DEED_OBJECT_MAX]);
void render_past(struct buf *out, const struct deed *d); /* "added" */

/* ---- summaries ---- */

void render_summary_table(struct buf *out, const struct summary *s, const struct summary_render *o);
void render_summary_json(struct buf *out, const struct summary *s, const struct summary_render *o);
void render_summary_csv(struct buf *out, const struct summary *s, const struct summary_render *o);

/* How many fields a group has at most. */
#define RENDER_GROUP_MAX SUMMARY_BY_MAX
/* A group's values: `value` is taken apart at SUMMARY_GAP into at most n parts. */
size_t render_group(struct str value, struct str *part, size_t n);
/* Appends the values of n fields: with their names, as members of an object
 * (`"actor_id":"alice","outcome":"failure",`), as CSV (`alice,failure,`), and
 * for people, made safe (`alice | -`).  What is counted comes behind. */
void render_group_json(struct buf *out, struct str value, const struct selector *by, size_t n);
void render_group_csv(struct buf *out, struct str value, size_t n);
void render_group_words(struct buf *out, struct str value, size_t n);
/* CSV's names of the fields: `actor_id,outcome,`. */
void render_group_header(struct buf *out, const struct selector *by, size_t n);

#endif
