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

/*
 * JSON alone, for most of what is checked is a context of its own.  In a line
 * it would be in an object, and be put out as it stands when all of it is
 * canonical.
 */
static bool
canonical_json(struct value_check *v, enum field f, struct str value)
{
	struct json_error e;
	const struct json_token *root;

	if (json_scan_limit(&v->tape, value.p, value.len, JSON_STORED_MAX, &e) < 0)
		return false;
	root = &v->tape.tok[0];
	if (root->len != value.len || root->flags & JSON_REWRITE || root->type == TOKEN_NULL ||
	    (f == FIELD_CONTEXT && root->type != TOKEN_OBJECT))
		return false;
	for (uint32_t i = 0; i < v->tape.n; i++)
		if (v->tape.tok[i].type >= TOKEN_ARRAY && v->tape.tok[i].depth + 1 >= JSON_DEPTH_MAX)
			return false;
	arena_reset(&v->arena);
	return json_duplicate_key(&v->tape, &v->arena) == UINT32_MAX;
}

/* What the others are held to, too (the tests compare them). */
bool
value_check_line(struct value_check *v, enum field f, struct str value)
{
	struct event made = { .present = 0 }, read;
	const char *detail;

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

bool
value_check(struct value_check *v, enum field f, struct str value)
{
	if (any_string(f))
		return utf8_valid_prefix(value.p, value.len) == value.len;
	if (field_table[f].type == FIELD_JSON)
		return canonical_json(v, f, value);
	return value_check_line(v, f, value);
}

void
value_check_fini(struct value_check *v)
{
	json_tape_fini(&v->tape);
	arena_fini(&v->arena);
	buf_fini(&v->line);
}
