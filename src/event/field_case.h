/*
 * field_case: one case of field_find_alias, for names of KEY_LEN bytes.
 *
 * Included once for each length, so that a key is compared with the few names
 * as long as itself, each in one or two instructions, and no name is written
 * anywhere but in field.def.  No guard: this is a piece of a function body.
 */
case KEY_LEN:
#define FIELD(sym, name, type, flags, title)                                         \
	if (sizeof(name) - 1 == KEY_LEN && memcmp(key, name, sizeof(name) - 1) == 0) { \
		*rank = 0;                                                           \
		return FIELD_##sym;                                                  \
	}
#define ALIAS(name, sym)                                                             \
	if (sizeof(name) - 1 == KEY_LEN && memcmp(key, name, sizeof(name) - 1) == 0) { \
		*rank = __LINE__;                                                    \
		return FIELD_##sym;                                                  \
	}
#include "event/field.def"
#undef FIELD
#undef ALIAS
#undef KEY_LEN
	break;
