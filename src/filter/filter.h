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

enum filter_op {
	FILTER_TRUE,  /* everything */
	FILTER_AND,   /* all children; none: true */
	FILTER_OR,    /* any child; none: false */
	FILTER_NOT,   /* its one child does not */
	FILTER_TEST
};

enum filter_test_op {
	TEST_HAS,     /* the field is present */
	TEST_ANY,     /* one of the patterns matches: equality, glob */
	TEST_PREFIX,  /* is the path, or lies below it: /srv/data has /srv/data/x,
	               * not /srv/data2; the text has no / at its end */
	TEST_IP,      /* an address in one of the ranges, or one of the patterns */
	TEST_LEVEL,   /* severity from lo to hi */
	TEST_TIME     /* a TIME field: lo <= t < hi, microseconds */
};

/* One accepted value: text that must be equal, or a glob.  In lower case where
 * the test is nocase. */
struct filter_pattern {
	struct str text; /* unescaped; a glob keeps a backslash before * ? and \ */
	bool glob;
};

struct filter_test {
	enum filter_test_op op;
	enum field field;
	bool nocase;
	struct filter_pattern *pattern; /* TEST_ANY, TEST_PREFIX (one, no glob) */
	size_t patterns;
	size_t literals;                /* the first so many are no globs; sorted */
	struct ip_range *range;         /* TEST_IP: sorted, none overlaps another */
	size_t ranges;
	int64_t lo, hi;                 /* TEST_TIME, TEST_LEVEL (enum event_severity) */
};

struct filter_node {
	enum filter_op op;
	struct filter_node **child;
	size_t children;
	struct filter_test test;
};

struct filter {
	struct filter_node *root; /* never NULL */
	struct arena arena;       /* all nodes and texts */
	field_set fields;         /* that any test looks at */
	int64_t since, until;     /* of event time: nothing outside can match;
	                           * TIME_MIN and INT64_MAX when unbounded */
	bool stated_window;       /* the user gave since, until or last */
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
	struct str_list expr; /* FIELD=VALUE, FIELD!=VALUE */
};

void filter_args_fini(struct filter_args *a);

/* Yours.  NULL with ERR_FAIL: the message names the option and what was
 * expected, with the nearest name for a mistyped field. `now` resolves
 * relative times. */
struct filter *filter_build(const struct filter_args *a, int64_t now, struct err *e);
struct filter *filter_all(void); /* matches everything */
void filter_free(struct filter *f);

bool filter_match(const struct filter *f, const struct event *ev);

/* One test on one present value of its field (TEST_TIME aside).  A field that
 * is absent passes no test. */
bool filter_test_value(const struct filter_test *t, struct str value);

/* Appends the canonical expression: what an export records and what can be
 * typed again as --where (audit-filters(7)); "true" for everything. */
void filter_format(struct buf *out, const struct filter *f);

/* Glob with * (any run) and ? (one character); a backslash takes * ? , \
 * literally and is itself before anything else. */
bool filter_glob(struct str pattern, struct str text, bool nocase);

#endif
