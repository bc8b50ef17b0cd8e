/* context: the members of a record's context, by name.  Private to store/. */
#ifndef STORE_CONTEXT_H
#define STORE_CONTEXT_H

#include "base/hash.h"
#include "event/event.h"

/* The context of an event as a tape; false when it has none that is an object. */
bool context_scan(const struct event *ev, struct json_tape *t);

/* The value's index; 0: there is none (0 is the context itself). */
uint32_t context_find(const struct json_tape *t, const char *key, struct arena *a);

/* False when it is not there, or something else.  Text may be borrowed from
 * the event.  A number is decimal, of at most 18 digits; a digest is in hex. */
bool context_text(const struct json_tape *t, const char *key, struct arena *a, struct str *out);
bool context_number(const struct json_tape *t, const char *key, struct arena *a, uint64_t *out);
bool context_time(const struct json_tape *t, const char *key, struct arena *a, int64_t *out);
bool context_digest(const struct json_tape *t, const char *key, struct arena *a, struct hash *out);

/* The same of an element of an array. */
bool context_number_at(const struct json_tape *t, uint32_t at, uint64_t *out);

#endif
