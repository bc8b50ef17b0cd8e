/* field: the table of event fields, and finding a field by its names. */
#include "event/field.h"

#include <string.h>

/* field.def calls a type what its manual calls it. */
#define TYPE_STRING FIELD_STRING
#define TYPE_TIME FIELD_TIMESTAMP
#define TYPE_INTEGER FIELD_INTEGER
#define TYPE_NUMBER FIELD_NUMBER
#define TYPE_JSON FIELD_JSON

const struct field_info field_table[FIELD_COUNT] = {
#define FIELD(sym, key, type, flags, title) { key, sizeof(key) - 1, TYPE_##type, flags, title },
#include "event/field.def"
#undef FIELD
};

/* No name may be shorter or longer than the cases below. */
#define FIELD(sym, name, type, flags, title)                             \
	_Static_assert(sizeof(name) - 1 >= 2 && sizeof(name) - 1 <= 15,  \
	    "field_find_alias has a case for every length");
#define ALIAS(name, sym) FIELD(sym, name, , , )
#include "event/field.def"
#undef FIELD
#undef ALIAS

enum field
field_find_alias(const char *key, size_t len, unsigned *rank)
{
	switch (len) {
#define KEY_LEN 2
#include "event/field_case.h"
#define KEY_LEN 3
#include "event/field_case.h"
#define KEY_LEN 4
#include "event/field_case.h"
#define KEY_LEN 5
#include "event/field_case.h"
#define KEY_LEN 6
#include "event/field_case.h"
#define KEY_LEN 7
#include "event/field_case.h"
#define KEY_LEN 8
#include "event/field_case.h"
#define KEY_LEN 9
#include "event/field_case.h"
#define KEY_LEN 10
#include "event/field_case.h"
#define KEY_LEN 11
#include "event/field_case.h"
#define KEY_LEN 12
#include "event/field_case.h"
#define KEY_LEN 13
#include "event/field_case.h"
#define KEY_LEN 14
#include "event/field_case.h"
#define KEY_LEN 15
#include "event/field_case.h"
	default:
		break;
	}
	return FIELD_NONE;
}

enum field
field_find(const char *key, size_t len)
{
	unsigned rank;
	enum field f = field_find_alias(key, len, &rank);

	return f != FIELD_NONE && rank == 0 ? f : FIELD_NONE;
}

const char *const *
field_names(void)
{
	static const char *const names[FIELD_COUNT] = {
#define FIELD(sym, key, type, flags, title) key,
#include "event/field.def"
#undef FIELD
	};

	return names;
}
