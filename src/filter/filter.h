/*
 * filter: what to select, as an expression tree that can be asked about an
 * event, or about one value at a time (so that a store asks each distinct
 * value of a dictionary once).
 *
 * A filter is immutable once built and may be used by several threads.
 */
#ifndef FILTER_FILTER_H
#define FILTER_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/ip.h"
#include "event/event.h"
#include "event/selector.h"

enum filter_op {
	FILTER_TRUE,  /* everything */
	FILTER_AND,   /* all children; none: true */
	FILTER_OR,    /* any child; none: false */
	FILTER_NOT,   /* its one child does not */
	FILTER_TEST
};

enum filter_test_op {
	TEST_HAS,     /* the field is present; the path leads to a value */
	TEST_ANY,     /* one of the patterns matches: equality, glob */
	TEST_PREFIX,  /* is the path, or lies below it: /srv/data has /srv/data/x,
	               * not /srv/data2; the text has no / at its end */
	TEST_IP,      /* an address in one of the ranges, or (ip itself) one of the patterns */
	TEST_LEVEL,   /* severity from lo to hi */
	TEST_TIME,    /* a TIME field: lo <= t < hi, microseconds */
	TEST_COMPARE, /* < <= > >= `bound`: see filter_node_compare in tree.h */
	TEST_REGEX,   /* PCRE2 finds it in the value */
	TEST_TEXT,    /* contains the text, whatever the case (Unicode) */
	TEST_SAME,    /* one of its values is one of another field's: of no value alone */
	TEST_EACH,    /* one of the elements of a list passes an expression by itself */
	TEST_LINE     /* PCRE2 finds it in the canonical line: of no field */
};

/* One accepted value: text that must be equal, or a glob.  In lower case where
 * the test is nocase. */
struct filter_pattern {
	struct str text; /* unescaped; a glob keeps a backslash before * ? and \ */
	bool glob;
};

/*
 * A text that every value which passes contains, or one of several: what lets
 * a reader skip blocks of text that lack all of them.  `nocase`: without case,
 * in the Unicode sense; then the text is in lower case.
 */
struct filter_need {
	struct str *text; /* each at least 3 bytes; none: nothing is known */
	size_t texts;
	bool nocase;
	bool enough;      /* a value that contains one of them passes */
};

enum filter_sign { SIGN_LESS, SIGN_LESS_EQUAL, SIGN_GREATER, SIGN_GREATER_EQUAL };

struct filter_regex; /* compiled; shared by threads */

struct filter_test {
	enum filter_test_op op;
	enum field field;               /* TEST_LINE: FIELD_NONE */
	const struct selector *path;    /* NULL: the field itself; else places inside it,
	                                 * of which one must pass */
	bool nocase;
	struct filter_pattern *pattern; /* TEST_ANY, TEST_PREFIX (one, no glob) */
	size_t patterns;
	size_t literals;                /* the first so many are no globs; sorted */
	struct ip_range *range;         /* TEST_IP: sorted, none overlaps another */
	size_t ranges;
	struct ip_beginnings begin;     /* of the ranges */
	int64_t lo, hi;                 /* TEST_TIME, TEST_LEVEL (enum event_severity) */
	enum filter_sign sign;          /* TEST_COMPARE; an address has its one range too */
	struct str bound;
	bool number;                    /* the bound is one: values that are none do not pass */
	struct str text;                /* TEST_REGEX, TEST_LINE, TEST_TEXT: as typed */
	struct filter_regex *regex;     /* of all three */
	bool escapes;                   /* TEST_TEXT: has characters that JSON escapes */
	enum field other_field;         /* TEST_SAME: the other one, and its path */
	const struct selector *other;
	struct filter_node *each;       /* TEST_EACH: asked of every element; its tests are of
	                                 * FIELD_CONTEXT, their paths begin in the element */
	bool inside;                    /* TEST_LINE: passes if and only if the pattern is found
	                                 * in some value as the line has it, quotes aside */
	bool in_time;                   /* and that may be a time */
	struct filter_need need;        /* of the field's value: for a path, of its JSON text;
	                                 * TEST_LINE: of some field's value */
};

struct filter_node {
	enum filter_op op;
	bool text; /* FILTER_OR: made of one --text, and told as one */
	struct filter_node **child;
	size_t children;
	struct filter_test test;
};

struct filter {
	struct filter_node *root; /* never NULL */
	struct arena arena;       /* all nodes and texts */
	field_set fields;         /* that any test looks at; FIELD_ALL with TEST_LINE */
	int64_t since, until;     /* of event time: nothing outside can match;
	                           * TIME_MIN and INT64_MAX when unbounded */
	bool stated_window;       /* the user gave since, until, last or around, or bounds of time in --where */
	struct filter_regex *regex; /* all of them, for filter_free */
	struct finder *in_line;     /* texts of which the line of an event that matches has one */
	size_t in_lines;            /* 0: nothing is known */
};

/*
 * What the options of a program gave (cli/ fills it; lists as typed, values
 * separated by commas not yet split).
 */
struct filter_args {
	char *since, *until, *last, *around, *window, *by;
	struct str_list actor, actor_type, service_account, effective;
	struct str_list category, action, channel, outcome;
	char *severity;
	struct str_list target, target_type, path_prefix, share, tenant, source;
	struct str_list ip, user_agent, host, session, request_id, trace_id, id;
	struct str_list text, grep;  /* -T: any of them; -g: any of them */
	struct str_list where;       /* expressions: all of them */
	struct str_list saved;       /* -Q: names; cli/ puts what they stand for into `also` */
	struct str_list expr;        /* FIELD=VALUE, FIELD!=VALUE, FIELD~RE, FIELD<N ... */
	struct filter_args *also;    /* further arguments that must hold too; yours */
	size_t n_also;
};

void filter_args_fini(struct filter_args *a);

/* Appends a value as one of the lists takes it, so that only itself is meant:
 * nothing in it is a pattern or ends it. */
void filter_literal(struct buf *out, const char *value);

/* Yours.  NULL with ERR_FAIL: the message names the option and what was
 * expected, with the nearest name for a mistyped field, and for an expression
 * the column. `now` resolves relative times. */
struct filter *filter_build(const struct filter_args *a, int64_t now, struct err *e);
struct filter *filter_all(void); /* matches everything */
void filter_free(struct filter *f);

/* Memory that matching needs, of one thread; it may be used with any filter. */
struct filter_scratch;
struct filter_scratch *filter_scratch_new(void);
void filter_scratch_free(struct filter_scratch *x);

/*
 * A pattern that takes too long on some value (PCRE2's match limit) does not
 * pass there, and is noted in x: filter_trouble tells, so that an answer is
 * never quietly short.
 */
bool filter_match(const struct filter *f, const struct event *ev, struct filter_scratch *x);

/* Whether the event of a canonical line may match; false is sure, and costs much
 * less than to read the line as JSON. */
bool filter_may_match(const struct filter *f, struct str line);

/* One test on one present value of its field (TEST_TIME, TEST_LINE and TEST_SAME
 * aside).  A field that is absent passes no test. */
bool filter_test_value(const struct filter_test *t, struct str value, struct filter_scratch *x);

/* TEST_SAME, on the present values of its two fields. */
bool filter_test_same(const struct filter_test *t, struct str value, struct str other, struct filter_scratch *x);

/* TEST_LINE on the canonical line (event_format); on a part of it when inside. */
bool filter_test_line(const struct filter_test *t, struct str line, struct filter_scratch *x);

/* 0, or -1 with ERR_FAIL when some match was given up since x was made. */
int filter_trouble(const struct filter_scratch *x, struct err *e);

/* Appends the canonical expression: what an export records and what can be
 * typed again as --where (audit-filters(7)); "true" for everything. */
void filter_format(struct buf *out, const struct filter *f);

/* Glob with * (any run) and ? (one character); a backslash takes * ? , \
 * literally and is itself before anything else. */
bool filter_glob(struct str pattern, struct str text, bool nocase);

#endif
