/*
 * verify_value: is a stored value what its line says?
 *
 * Columns hold numbers and JSON as they stand in the line.  A value such as
 * {},"peer_uid":0 would be a second field there.  So each is put into a line
 * of its own, which must read back as exactly this value; since members of
 * a line do not touch each other, so does the whole line then.
 */
#include "base/utf8.h"
#include "store/verify_parts.h"

/* Fields whose strings are taken as they are. */
static bool
any_string(enum field f)
{
	return field_table[f].type == FIELD_STRING && f != FIELD_ID && f != FIELD_ACTION && f != FIELD_SEVERITY &&
	    f != FIELD_OUTCOME && f != FIELD_IP;
}

bool
value_check(struct value_check *v, enum field f, struct str value)
{
	struct event made = { .present = 0 }, read;
	const char *detail;

	if (any_string(f))
		return utf8_valid_prefix(value.p, value.len) == value.len;
	event_set_time(&made, FIELD_TIME, 0);
	event_set(&made, FIELD_ACTION, STR("a"));
	event_set(&made, FIELD_SEVERITY, STR("info"));
	event_set(&made, FIELD_OUTCOME, STR("unknown"));
	event_set(&made, f, value);
	buf_reset(&v->line);
	arena_reset(&v->arena);
	event_format(&v->line, &made);
	return event_parse(&read, v->line.p, v->line.len, &event_stored, &v->tape, &v->arena, &detail) == EVENT_OK &&
	    read.present == made.present && str_eq(read.v[f], value) && read.time == made.time &&
	    str_eq(read.v[FIELD_ACTION], made.v[FIELD_ACTION]) &&
	    str_eq(read.v[FIELD_SEVERITY], made.v[FIELD_SEVERITY]) &&
	    str_eq(read.v[FIELD_OUTCOME], made.v[FIELD_OUTCOME]);
}

void
value_check_fini(struct value_check *v)
{
	json_tape_fini(&v->tape);
	arena_fini(&v->arena);
	buf_fini(&v->line);
}
