/* tar: headers as ustar has them, and nothing that is not one of ours. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/tar.h"

static const char sample[] = "evidence-pack/events.jsonl";

START_TEST(a_header_is_read_as_it_was_made)
{
	char block[TAR_BLOCK];
	struct tar_member m;

	ck_assert(tar_header(block, sample, 4711, 1776945600));
	ck_assert(tar_header_parse(block, &m));
	ck_assert_str_eq(m.name, sample);
	ck_assert_uint_eq(m.size, 4711);
	ck_assert_uint_eq(m.seconds, 1776945600);
	/* POSIX.1-1988: the fields where others look for them. */
	ck_assert_str_eq(block + 124, "00000011147");
	ck_assert_str_eq(block + 136, "15172404700");
	ck_assert_int_eq(memcmp(block + 257, "ustar\00000", 8), 0);
	ck_assert(block[156] == '0');
}
END_TEST

START_TEST(every_changed_byte_is_noticed)
{
	char block[TAR_BLOCK];
	struct tar_member m;

	ck_assert(tar_header(block, sample, 4711, 1776945600));
	for (size_t i = 0; i < TAR_BLOCK; i++)
		for (int bit = 0; bit < 8; bit++) {
			block[i] = (char)(block[i] ^ 1 << bit);
			ck_assert_msg(!tar_header_parse(block, &m), "byte %zu, bit %d", i, bit);
			block[i] = (char)(block[i] ^ 1 << bit);
		}
	ck_assert(tar_header_parse(block, &m));
}
END_TEST

START_TEST(names_that_lead_elsewhere_are_none)
{
	static const char *const good[] = { "a", "a/b", "a.b/..c", ".a", "a-b_c.D9", "..." };
	static const char *const bad[] = { "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.", "./a", "a b",
		"a\\b", "a:b", "a\nb", "\xc3\xa4" };
	char name[TAR_NAME_MAX + 2], block[TAR_BLOCK];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(tar_name_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!tar_name_valid(bad[i]), "%s", bad[i]);
		ck_assert(!tar_header(block, bad[i], 0, 0));
	}
	memset(name, 'a', sizeof(name));
	name[TAR_NAME_MAX + 1] = '\0';
	ck_assert(!tar_name_valid(name));
	name[TAR_NAME_MAX] = '\0';
	ck_assert(tar_name_valid(name));
}
END_TEST

START_TEST(what_the_fields_do_not_hold_is_refused)
{
	char block[TAR_BLOCK];
	struct tar_member m;

	ck_assert(tar_header(block, "a", TAR_SIZE_MAX, 0));
	ck_assert(tar_header_parse(block, &m) && m.size == TAR_SIZE_MAX);
	ck_assert(!tar_header(block, "a", TAR_SIZE_MAX + 1, 0));
	ck_assert(!tar_header(block, "a", 0, UINT64_MAX));
	memset(block, 0, sizeof(block));
	ck_assert(!tar_header_parse(block, &m));
	memset(block, 'a', sizeof(block));
	ck_assert(!tar_header_parse(block, &m));
}
END_TEST

START_TEST(padding_fills_a_block)
{
	ck_assert_uint_eq(tar_padding(0), 0);
	ck_assert_uint_eq(tar_padding(1), 511);
	ck_assert_uint_eq(tar_padding(511), 1);
	ck_assert_uint_eq(tar_padding(512), 0);
	ck_assert_uint_eq(tar_padding(TAR_SIZE_MAX), 1);
}
END_TEST

static Suite *
tar_suite(void)
{
	Suite *s = suite_create("base/tar");
	TCase *tc = tcase_create("tar");

	tcase_add_test(tc, a_header_is_read_as_it_was_made);
	tcase_add_test(tc, every_changed_byte_is_noticed);
	tcase_add_test(tc, names_that_lead_elsewhere_are_none);
	tcase_add_test(tc, what_the_fields_do_not_hold_is_refused);
	tcase_add_test(tc, padding_fills_a_block);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(tar_suite)
