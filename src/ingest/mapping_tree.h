/*
 * mapping_tree: a mapping in its compiled form.  Only ingest/mapping*.c
 * includes this.
 *
 * The paths of all rules and tests are one tree, so that a record is walked
 * once; a rule names the nodes of its paths.  Everything lives in the
 * mapping's arena and does not change after it was read.
 */
#ifndef INGEST_MAPPING_TREE_H
#define INGEST_MAPPING_TREE_H

#include "base/regex.h"
#include "base/time.h"
#include "ingest/mapping.h"

/* ---- paths ---- */

#define PATH_LEN_MAX 1024
#define PATH_STEPS_MAX 32

enum path_step {
	STEP_KEY,   /* .name: a member */
	STEP_INDEX, /* [2]: an element, the first is 0 */
	STEP_PICK   /* [name=value]: the first element, an object, that has this member */
};

struct path_node {
	enum path_step step;
	struct str name, value; /* of the member; what it must be (STEP_PICK) */
	uint32_t index;         /* STEP_INDEX */
	uint32_t parent;
	uint32_t child, sibling; /* 0: none */
	uint32_t *table;        /* of the children that are STEP_KEY, by path_hash; 0: free */
	uint32_t mask;
	bool elements;          /* some child is STEP_INDEX or STEP_PICK */
	bool wanted;            /* `context` names it */
	bool omitted;           /* `omit` names it */
};

struct path_tree {
	struct path_node *node; /* node[0] is the record */
	size_t n, cap;
};

/* Adds a path; returns its node, or 0 with *e told ("... at character N"). */
uint32_t mapping_path_add(struct path_tree *t, struct str text, struct arena *a, struct err *e);
/* When all are added. */
void mapping_path_index(struct path_tree *t, struct arena *a);

/* The child that is the member `name`, or 0. */
uint32_t mapping_path_member(const struct path_tree *t, uint32_t node, struct str name);

/* Finds what the nodes from `node` on are in a record: at[] by node, 0 for what
 * is not there.  `each` is a node that is not looked into, or 0. */
void mapping_path_resolve(const struct path_tree *t, uint32_t node, uint32_t value, uint32_t each, uint32_t *at,
    const struct json_tape *tape, struct arena *scratch);
/* Forgets the nodes below `node`. */
void mapping_path_forget(const struct path_tree *t, uint32_t node, uint32_t *at);

/* ---- tests ---- */

enum test_op { TEST_HAS, TEST_EQUAL, TEST_LESS, TEST_AT_MOST, TEST_MORE, TEST_AT_LEAST, TEST_MATCH };

struct test {
	enum test_op op;
	bool negate;
	uint32_t node;
	struct str *value; /* TEST_EQUAL: any of them */
	size_t n;
	int64_t number;    /* comparisons */
	struct regex *regex;
};

struct tests { /* all hold */
	struct test *test;
	size_t n;
};

/* ---- rules ---- */

struct table {
	struct str name;
	struct row {
		struct str key, value;
	} *row;       /* sorted by key */
	size_t n;
};

enum time_kind { TIME_ANY, TIME_RFC3339, TIME_EPOCH, TIME_UNIT, TIME_PATTERN };

struct time_format {
	enum time_kind kind;
	int64_t nanoseconds; /* TIME_UNIT: of one */
	struct str pattern;
};

struct part {
	struct str text;
	uint32_t node; /* 0: the text */
};

enum letters { LETTERS_AS_THEY_ARE, LETTERS_LOWER, LETTERS_UPPER };

struct rule {
	uint32_t *from;     /* the first that is there ... */
	size_t n_from;
	struct part *part;  /* ... or all of these, one behind the other */
	size_t n_part;
	struct str before, after; /* p == NULL: none */
	struct regex *match;
	const struct table *lookup;
	enum letters letters;
	struct time_format *format;
	size_t n_format;
	struct str zone;    /* of times that name none, as in RFC 3339 */
	struct tests when;
	struct str told;    /* what --explain says */
	size_t line;
};

enum context_kind { CONTEXT_REST, CONTEXT_NAMED, CONTEXT_NOTHING };

struct mapping {
	struct arena arena;
	struct str name, title;
	struct mapping_shape shape;
	struct path_tree path;
	struct {
		struct rule *rule;
		size_t n;
	} field[FIELD_COUNT];
	field_set fields;     /* those with rules, context aside */
	uint32_t each;        /* 0: a record is one event */
	uint32_t *json;       /* strings that hold JSON */
	size_t n_json;
	const struct str *empty; /* texts that mean nothing, beside "" */
	size_t n_empty;
	struct tests *drop;   /* any of them */
	size_t n_drop;
	struct tests detect;
	struct table *table;
	size_t n_table;
	enum context_kind context;
	struct regex **regex; /* all of them, for mapping_free */
	size_t n_regex, cap_regex;
	size_t rules, rows, values; /* so far, for their limits */
};

/* What one thread has at hand for the record it is at. */
struct mapping_run {
	const struct mapping *m;
	const struct json_tape *t;
	uint32_t *at;         /* by node */
	uint8_t *mark;        /* by token: enum mark */
	size_t cap_mark;
	uint32_t list, element, end; /* of `each`; end 0: there is none */
	uint64_t serial;      /* of the next event of this record, from 0 */
	bool over, too_many;
	struct arena scratch; /* of one record */
	struct regex_scratch regex;
	struct json_tape inner; /* mapping_scan */
};

/* Reads a test; n.b. the mapping's tables of paths and expressions grow.
 * Returns 0, or -1 with *e and *column, the character of text it is about. */
int mapping_test_parse(struct mapping *m, struct str text, struct test *out, size_t *column, struct err *e);
bool mapping_test_holds(struct mapping_run *run, const struct test *test);
bool mapping_tests_hold(struct mapping_run *run, const struct tests *tests);

/* The text of a node's scalar; p == NULL when it is not there, null, no scalar,
 * "" or one of `empty`. */
struct str mapping_run_text(struct mapping_run *run, uint32_t node);

/* Compiles; the mapping keeps it.  NULL: *e. */
struct regex *mapping_regex(struct mapping *m, struct str pattern, struct err *e);

/* ---- an event ---- */

/* Of what the run is at; bytes live in `a`, the tape's text or the mapping.  EVENT_OK,
 * or the fault with *detail.  `reason` has FIELD_COUNT places, or is NULL. */
enum event_fault mapping_make_event(struct mapping_run *run, struct event *ev,
    const struct event_policy *policy, struct arena *a, const char **detail, struct mapping_reason *reason);

/* ---- times ---- */

/* "epoch", "%d/%b/%Y:%H:%M:%S %z" ...; -1: *e. */
int mapping_time_parse(struct str text, struct time_format *out, struct arena *a, struct err *e);
/* "Z" or an offset as in RFC 3339. */
bool mapping_zone_valid(struct str zone);
/* 0, or -1 when the text is no such time; *inexact as time_parse says. */
int mapping_time_read(const struct time_format *f, struct str zone, struct str text, int64_t *us,
    bool *inexact);

/* ---- the context ---- */

enum mark {
	MARK_TAKEN = 1,  /* some field has the whole of it */
	MARK_INSIDE = 2, /* something in it is taken */
	MARK_WANTED = 4, /* `context` names it */
	MARK_AROUND = 8  /* ... or something in it */
};

void mapping_context_begin(struct mapping_run *run);
/* A field took what the node is. */
void mapping_context_take(struct mapping_run *run, uint32_t node);
/* The context of the present event; p == NULL: nothing is left. */
struct str mapping_context_text(struct mapping_run *run, struct arena *a);

#endif
