/* field: the table of event fields, made from field.def. */
#ifndef EVENT_FIELD_H
#define EVENT_FIELD_H

#include <stddef.h>
#include <stdint.h>

enum field {
#define FIELD(sym, key, type, flags, title) FIELD_##sym,
#include "event/field.def"
#undef FIELD
	FIELD_COUNT,
	FIELD_NONE = -1
};

_Static_assert(FIELD_COUNT <= 64, "a set of fields is a uint64_t");

enum field_type { FIELD_STRING, FIELD_TIMESTAMP, FIELD_INTEGER, FIELD_NUMBER, FIELD_JSON };

enum field_flag { F_NOCASE = 1, F_MEMBER = 2, F_PROSE = 4, F_ENUM = 8 };

struct field_info {
	const char *key;
	size_t key_len;
	enum field_type type;
	unsigned flags;
	const char *title;
};

extern const struct field_info field_table[FIELD_COUNT];

/* A set of fields. */
typedef uint64_t field_set;
#define FIELD_BIT(f) (UINT64_C(1) << (f))
#define FIELD_ALL ((FIELD_COUNT == 64) ? UINT64_MAX : FIELD_BIT(FIELD_COUNT) - 1)

/* By JSON key; FIELD_NONE when it is no field's. */
enum field field_find(const char *key, size_t len);

/* By JSON key or alias.  *rank: 0 for the field's own key, for an alias its
 * place in field.def; the lower rank wins. */
enum field field_find_alias(const char *key, size_t len, unsigned *rank);

/* All FIELD_COUNT keys, in order, for hints and completion. */
const char *const *field_names(void);

#endif
