/*
 * selector: what of an event is meant: a field, or places inside changes and
 * context, told by a path.
 *
 *     actor_id   context.rotation_reason   changes.after.role
 *     context.annotations."authorization.k8s.io/decision"   context.items.0.name
 *
 * Parts are separated by dots; one that has other bytes than letters, digits,
 * _ - @ $ / : + or non-ASCII ones is written as a JSON string.  A part that is
 * a decimal number takes that element of an array (from 0), or a key of an
 * object; every other part goes through arrays to each of their elements, nested
 * ones too, so that one path may lead to several values.
 */
#ifndef EVENT_SELECTOR_H
#define EVENT_SELECTOR_H

#include "base/err.h"
#include "event/event.h"

#define SELECTOR_STEPS_MAX 32
#define SELECTOR_VALUES_MAX 4096 /* of one event; what is beyond is left out */

struct selector {
	enum field field;
	struct str text;  /* canonical, a NUL behind it */
	struct str *step; /* keys below the field, unescaped */
	size_t steps;     /* 0: the field itself */
};

/* The selector of a field; borrows nothing. */
struct selector selector_field(enum field f);

/*
 * The whole text as a selector; its bytes in a.  ERR_FAIL with the nearest
 * name: no such field, a path below a field that is not JSON, an empty part, a
 * string that does not end, too many parts.
 */
int selector_parse(struct selector *out, struct str text, struct arena *a, struct err *e);

/* How many bytes at the start of text belong to a selector, whatever comes
 * behind it: for grammars.  A string that does not end takes all. */
size_t selector_span(struct str text);

/* Whether a part is a decimal number, which takes an element of an array. */
bool selector_is_index(struct str part);

bool selector_eq(const struct selector *a, const struct selector *b);

/* One value that a path leads to. */
struct selected {
	struct str text;           /* as filters and tables see it: strings unescaped, others canonical */
	struct str json;           /* its canonical JSON */
	enum json_token_type type; /* never TOKEN_NULL: a null is absent */
};

/* Memory for looking; one for each thread, {0} at first. */
struct selector_scratch {
	struct json_tape tape;
	struct arena arena;
	struct selected *value;
	size_t n, cap;
};
void selector_scratch_fini(struct selector_scratch *x);

/*
 * All values that a selector with steps leads to in `json`, the value of its
 * field: x->value[0 .. x->n), borrowed until the next call.  An array at the
 * end gives its elements, an empty one itself.  What is no JSON has none.
 * *listed (may be NULL): the way went through an array, so that it is a list
 * even when it has one value.
 */
void selector_values(const struct selector *s, struct str json, struct selector_scratch *x, bool *listed);
/* Appends them as one text, joined by ", ". */
void selector_join(struct buf *out, const struct selector_scratch *x);

/* Appends what an event has there as text: several values joined by ", ".
 * False when it has none. */
bool selector_format_text(struct buf *out, const struct selector *s, const struct event *ev,
    struct selector_scratch *x);

/* The same as JSON: a list when the way goes through an array. */
bool selector_format_json(struct buf *out, const struct selector *s, const struct event *ev,
    struct selector_scratch *x);

#endif
