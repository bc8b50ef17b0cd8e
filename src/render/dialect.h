/*
 * dialect: what the formats of log collectors (ocsf, ecs, cef, leef, syslog)
 * share: a table that says where each value goes, read once, and walked for
 * each event.  Private to render/.
 *
 * Rules decide from category, action, source and severity what kind of event it
 * is to the collector; the words of the action what was done.  Places say what
 * member of the record has which value of the event.  Both have a table built in
 * and may have more in a file of the user's (dialect_map.c).
 *
 * In: an event.   Out: its record, by the format's own file.
 */
#ifndef RENDER_DIALECT_H
#define RENDER_DIALECT_H

#include "render/format.h"

#define DIALECT_NEEDS 3

enum dialect_id { DIALECT_OCSF, DIALECT_ECS, DIALECT_CEF, DIALECT_LEEF, DIALECT_SYSLOG, DIALECTS };

/* What a value becomes. */
enum dialect_as {
	AS_TEXT,
	AS_INTEGER,      /* others are left out, as for all below */
	AS_NUMBER,
	AS_BOOLEAN,
	AS_JSON,
	AS_MILLISECONDS, /* of a time: since 1970; of an integer: as it is */
	AS_NANOSECONDS,  /* of milliseconds */
	AS_ADDRESS,      /* an IP address */
	AS_IPV4,
	AS_IPV6,
	AS_NAME,         /* what is no IP address */
	AS_LIST,         /* all of them, each once */
	/* not of the event itself */
	AS_SEQ,          /* its number, when that is asked for */
	AS_KIND,         /* what its rule says: ECS's event.kind, .category and .type */
	AS_CATEGORY,
	AS_TYPE
};

struct dialect_word {
	const char *word, *value;
};

/* ---- tables that are built in ---- */

struct dialect_row {
	const char *to;
	const char *from;   /* fields and paths, parted by blanks: the first that the event has; NULL: */
	const char *text;   /* the same for all events, or those that have what is named by from */
	enum dialect_as as;
	const struct dialect_word *lookup; /* until a NULL word, whose value is for all others; NULL: none */
	uint64_t kinds;     /* a bit each; 0: all */
	field_set with;     /* only beside one of these; 0: always */
};

/* A class of OCSF, a category of ECS. */
struct dialect_kind_row {
	uint32_t number;    /* of the class */
	const char *name;
	const char *value;  /* what AS_CATEGORY gives; NULL: nothing */
	const char *alert;  /* what AS_KIND gives */
	field_set needs[DIALECT_NEEDS]; /* one field of each set at least (0: none); else it is: */
	uint32_t otherwise;
	uint32_t reads;     /* what only looks (event_verb) is this kind; 0: it is none other */
};

struct dialect_rule_row {
	const char *source, *category, *action; /* words parted by blanks; NULL: all */
	enum event_severity severity;           /* and above */
	uint32_t kind;
};

/* What actions do, by the verb they end in or the whole last part. */
struct dialect_deed_row {
	uint64_t kinds;
	uint32_t number;   /* of the activity */
	const char *value; /* what AS_TYPE gives */
	const char *words; /* "*": all others */
};

struct dialect_table {
	enum dialect_id id;
	const char *name;
	bool tree;         /* members of members: paths with dots */
	const struct dialect_row *row;
	size_t rows;
	const struct dialect_kind_row *kind;
	size_t kinds;      /* the last is for events without a rule */
	const struct dialect_rule_row *rule;
	size_t rules;
	const struct dialect_deed_row *deed;
	size_t deeds;
	uint32_t other;    /* the activity of those that are not among them */
	const char *other_value;
	const char *header_meant, *value_meant; /* what needs a backslash in a line; NULL: it is a tree */
	bool tab;          /* between values */
	size_t headers;    /* how many of the rows are the header of a line */
	const char *const *made; /* first parts of paths that are not for users; NULL: none */
	bool (*valid)(struct str to); /* whether a user may name a member so */
};

extern const struct dialect_table dialect_ocsf, dialect_ecs, dialect_cef, dialect_leef, dialect_syslog;

/* ---- what a user adds (dialect_map.c) ---- */

#define DIALECT_FIELDS_MAX 256
#define DIALECT_RULES_MAX 256
#define DIALECT_WORDS_MAX 256  /* of one list or lookup */
#define DIALECT_FROM_MAX 8
#define DIALECT_DEPTH_MAX 8
#define DIALECT_TO_MAX 128
#define DIALECT_KINDS_MAX 64

struct dialect_pair {
	struct str word, value;
};

struct dialect_place {
	struct str to;
	bool own;                  /* a user's */
	struct selector *from;
	size_t n_from;
	field_set fields;          /* that from begins with */
	struct str text;           /* p NULL: that of from */
	enum dialect_as as;
	const struct dialect_pair *lookup;
	size_t n_lookup;
	struct str otherwise;      /* p NULL: none */
	uint32_t *class_of;        /* numbers of kinds; none: all */
	size_t n_class;
	field_set with;            /* as above */
	bool always;               /* it may have a value without any of its fields */
	enum field plain;          /* it is this field's text, as it is; FIELD_NONE: there is more to it */
	uint64_t kinds;            /* the same as bits, 0: all; made by dialect_new */
	/* of a tree: the keys with their braces from each depth on, and how many of
	 * them the place before has too */
	struct str head;
	size_t at[DIALECT_DEPTH_MAX + 1];
	unsigned depth, shared;
	uint16_t lists;            /* a bit for each depth that is a list of one object */
};

struct dialect_rule {
	struct str *source, *category, *action; /* words; action and source may end in * */
	size_t n_source, n_category, n_action;
	enum event_severity severity;
	uint32_t class_of;         /* its number */
	uint32_t kind;             /* made by dialect_new */
	bool deed;                 /* the activity is `activity`, not by its words */
	uint32_t activity;
	struct str alert, categories, types; /* p NULL: those of the kind */
};

struct dialect_own {
	struct dialect_place *place;
	size_t places, place_cap;
	struct dialect_rule *rule;
	size_t rules, rule_cap;
	struct str *omit;
	size_t omits, omit_cap;
};

struct dialect_map {
	struct arena arena; /* of all texts and lists */
	struct dialect_own own[DIALECTS];
};

/* ---- the two together ---- */

struct dialect_kind {
	uint32_t number;
	struct str name, value, alert;
	field_set needs[DIALECT_NEEDS];
	uint32_t otherwise, reads;
	struct dialect_place *place;
	size_t places;
};

struct dialect_escapes {
	uint8_t need[256];
	uint64_t meant[2]; /* eight times each of the bytes that are meant, or a backslash */
};

struct dialect {
	const struct dialect_table *table;
	struct dialect_escapes header, value; /* of a line; trees have none */
	struct arena arena;
	struct dialect_kind kind[DIALECT_KINDS_MAX];
	size_t kinds;
	struct dialect_rule *rule;
	size_t rules;
};

/* own may be NULL.  NULL: two places that cannot both be. */
struct dialect *dialect_new(const struct dialect_table *t, const struct dialect_map *own, struct err *e);
void dialect_free(struct dialect *d);

/* What an event is to the collector. */
struct dialect_verdict {
	const struct dialect_kind *kind;
	uint32_t activity;
	struct str alert, categories, types;
};

/* The state of one thread: verdicts of late. */
struct dialect_memory;
struct dialect_memory *dialect_memory_new(void);

/* The fields of an event with a value that is not empty. */
field_set dialect_filled(const struct event *ev);

/* Borrowed from d. */
void dialect_judge(const struct dialect *d, struct dialect_memory *m, const struct event *ev, field_set filled,
    struct dialect_verdict *v);

/* A value of an event, for one place. */
struct dialect_value {
	struct str text;
	bool raw;         /* JSON as it stands, not a text */
	field_set taken;  /* the fields it is made of */
	char own[40];     /* where short ones are made */
};

struct dialect_source {
	struct render *r; /* its cell and scratch are used */
	const struct event *ev;
	field_set filled;
	enum dialect_as address; /* what the field ip is: AS_IPV4, AS_IPV6, or AS_NAME */
	uint64_t seq;
	const struct dialect_verdict *verdict;
};

enum dialect_as dialect_address(struct str text);

/* False: the event has none. */
bool dialect_make(const struct dialect_source *s, const struct dialect_place *p, struct dialect_value *v);

/* The same; most places are no more than a field. */
static inline bool
dialect_value(const struct dialect_source *s, const struct dialect_place *p, struct dialect_value *v)
{
	if ((p->fields & s->filled) == 0 && !p->always)
		return false;
	if (p->plain == FIELD_NONE)
		return dialect_make(s, p, v);
	v->text = s->ev->v[p->plain];
	v->raw = false;
	v->taken = FIELD_BIT(p->plain);
	return true;
}
/* Appends an AS_LIST as JSON; the event has one of its fields. */
void dialect_list(struct buf *out, const struct dialect_source *s, const struct dialect_place *p);

/* Paths: makes head, at, depth, lists.  false: no path. */
bool dialect_path(struct dialect_place *p, struct arena *a);
bool dialect_path_valid(struct str to);

/* Begins work on an event: the memory of r, what is filled, the verdict. */
void dialect_begin(struct dialect_source *s, struct dialect_verdict *v, struct render *r, const struct event *ev,
    uint64_t seq);
void dialect_release(struct render *r);

/* Appends the places as members behind an object that was begun (its last byte
 * `{`, or a value), then what is left of the event as an object under `rest`,
 * and closes it. */
void dialect_members(struct buf *out, const struct dialect_source *s, const char *rest);

/* The form of a line of header and keys; it is appended with its newline. */
struct dialect_line {
	const char *begin, *end; /* around the header */
	size_t header_max;       /* bytes of each */
	char between;            /* keys */
	const char *own;         /* in front of the event's own names, as in AuditSessionId; "": they stay */
};
void dialect_put_line(struct render *r, const struct event *ev, uint64_t seq, const struct dialect_line *line);

/* How to write text into a line of a collector: a backslash before each byte of
 * `meant` and each backslash; \n, \r (\t when tab is told) and \u00xx for what
 * would break or steer a line. */
void dialect_escapes_init(struct dialect_escapes *x, const char *meant, bool tab);
void dialect_escape(struct buf *out, struct str text, const struct dialect_escapes *x);
void dialect_decimal(struct buf *out, uint64_t n);
/* At most n bytes of it, whole characters. */
struct str dialect_cut(struct str text, size_t n);

#define DIALECT_VENDOR "audit-toolkit"

#endif
