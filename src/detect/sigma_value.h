/*
 * sigma_value: the values of a field in a rule, after its modifiers.
 *
 *     CommandLine|windash|contains|all: [" -enc ", "*http*"]
 *
 * Only src/detect/sigma*.c include this.
 */
#ifndef DETECT_SIGMA_VALUE_H
#define DETECT_SIGMA_VALUE_H

#include "detect/sigma_node.h"

#define SIGMA_VALUES_MAX 5000      /* of one field, permutations and shifts included */
#define SIGMA_VALUE_MAX 2048       /* bytes of one, however it was encoded */
#define SIGMA_VALUES_BYTES (1 << 20) /* of all together */

/* A unit of a text: a byte, or a wildcard. */
#define UNIT_STAR 256
#define UNIT_ONE 257

enum sigma_form {
	FORM_TEXT,    /* units: the whole value, with wildcards */
	FORM_REGEX,   /* text, found anywhere */
	FORM_CIDR,    /* text: a network */
	FORM_ORDER,   /* sign, and text: a number */
	FORM_EXISTS,  /* yes */
	FORM_NULL,    /* absent, or null */
	FORM_FIELD    /* text: the name of another field with the same value */
};

struct sigma_value {
	enum sigma_form form;
	uint16_t *unit;
	size_t units;
	struct str text;
	const char *sign;
	bool yes;
};

/* "FIELD|MODIFIER|..." and its values. */
struct sigma_values {
	struct str name;         /* "" is a keyword */
	struct sigma_value *value;
	size_t n, cap;           /* the array is on the heap, what it has in the arena */
	bool all;                /* all must match, not any */
	bool cased;
	bool negated;            /* neq */
	bool ignore_case, lines, dot_all; /* of regular expressions: i m s */
	size_t bytes;
};

/*
 * Reads a field with its modifiers and values.  ERR_FAIL: an unknown modifier
 * with the nearest name, one that cannot be done and why, a value that does not
 * fit its modifiers; *at is where.
 */
int sigma_values_read(struct sigma_values *out, const struct sigma_node *n, struct arena *a,
    struct yaml_place *at, struct err *e);
/* One keyword. */
int sigma_values_keyword(struct sigma_values *out, const struct sigma_node *n, struct arena *a,
    struct yaml_place *at, struct err *e);
void sigma_values_fini(struct sigma_values *v);

/* ---- while they are read (sigma_value.c, sigma_encode.c) ---- */

struct sigma_reading {
	struct sigma_values *out;
	struct arena *a;
	struct yaml_place *at;
	struct err *e;
	bool last_is_text; /* no modifier has made anything but text of it */
	bool changed;      /* it is not the text any more that was written */
	bool encoded;      /* bytes that are no text, until base64 */
};

uint16_t *sigma_new_units(struct sigma_reading *r, size_t n);
int sigma_add_value(struct sigma_reading *r, struct sigma_value v); /* within the limits */

/* base64, wide and so on: every value by what it makes of it. */
int sigma_encode(struct sigma_reading *r, const char *modifier);
int sigma_windash(struct sigma_reading *r);

/* ---- one value ---- */

/* The text without wildcards; false when it has some.  In the arena. */
bool sigma_value_literal(const struct sigma_value *v, struct arena *a, struct str *out);

#endif
