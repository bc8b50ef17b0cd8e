/* field: the table, and finding fields by their names. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "event/field.h"

static const struct {
	const char *name;
	enum field field;
} aliases[] = {
#define FIELD(sym, key, type, flags, title)
#define ALIAS(name, sym) { name, FIELD_##sym },
#include "event/field.def"
#undef FIELD
#undef ALIAS
};

#define ALIASES (sizeof(aliases) / sizeof(*aliases))

START_TEST(every_field_is_found_by_its_key)
{
	for (int f = 0; f < FIELD_COUNT; f++) {
		unsigned rank = 99;

		ck_assert_uint_eq(field_table[f].key_len, strlen(field_table[f].key));
		ck_assert_int_eq(field_find(field_table[f].key, field_table[f].key_len), f);
		ck_assert_int_eq(field_find_alias(field_table[f].key, field_table[f].key_len, &rank), f);
		ck_assert_uint_eq(rank, 0);
		ck_assert_str_eq(field_names()[f], field_table[f].key);
	}
}
END_TEST

START_TEST(every_alias_is_found_and_is_no_key)
{
	for (size_t i = 0; i < ALIASES; i++) {
		unsigned rank = 0;

		ck_assert_int_eq(field_find_alias(aliases[i].name, strlen(aliases[i].name), &rank),
		    aliases[i].field);
		ck_assert_uint_gt(rank, 0);
		ck_assert_int_eq(field_find(aliases[i].name, strlen(aliases[i].name)), FIELD_NONE);
	}
}
END_TEST

START_TEST(an_earlier_alias_has_the_lower_rank)
{
	unsigned before = 0;

	for (size_t i = 0; i < ALIASES; i++) {
		unsigned rank = 0;

		field_find_alias(aliases[i].name, strlen(aliases[i].name), &rank);
		ck_assert_uint_gt(rank, before);
		before = rank;
	}
}
END_TEST

START_TEST(near_misses_are_no_fields)
{
	static const char *const names[] = {
		"", "i", "iD", "ID", "Time", "tim", "timee", "actor_i", "actor_idx", "peer_uid_", "\0d",
	};
	unsigned rank;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		ck_assert_int_eq(field_find_alias(names[i], strlen(names[i]), &rank), FIELD_NONE);
	ck_assert_int_eq(field_find("id\0", 3), FIELD_NONE);
	ck_assert_int_eq(field_find_alias("an unusually long name of a key", 31, &rank), FIELD_NONE);
}
END_TEST

START_TEST(the_table_tells_types_and_flags)
{
	ck_assert_int_eq(field_table[FIELD_TIME].type, FIELD_TIMESTAMP);
	ck_assert_int_eq(field_table[FIELD_STATUS].type, FIELD_INTEGER);
	ck_assert_int_eq(field_table[FIELD_DURATION_MS].type, FIELD_NUMBER);
	ck_assert_int_eq(field_table[FIELD_CHANGES].type, FIELD_JSON);
	ck_assert_int_eq(field_table[FIELD_HOST].type, FIELD_STRING);
	ck_assert_uint_eq(field_table[FIELD_SEVERITY].flags, F_NOCASE | F_ENUM);
	ck_assert_uint_eq(FIELD_ALL, (UINT64_C(1) << FIELD_COUNT) - 1);
}
END_TEST

static Suite *
field_suite(void)
{
	Suite *s = suite_create("event/field");
	TCase *tc = tcase_create("names");

	tcase_add_test(tc, every_field_is_found_by_its_key);
	tcase_add_test(tc, every_alias_is_found_and_is_no_key);
	tcase_add_test(tc, an_earlier_alias_has_the_lower_rank);
	tcase_add_test(tc, near_misses_are_no_fields);
	tcase_add_test(tc, the_table_tells_types_and_flags);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(field_suite)
