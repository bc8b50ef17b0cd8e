/* checkpoint: our vector, the limits of its numbers, other logs. */
#include "unit.h"

#include <string.h>

#include "proof/checkpoint.h"

#define OUR_NAME "audit.example.com/app1"
#define ROOT "wrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o="

static struct note_signer
signer(const char *name)
{
	struct note_signer s;
	struct err e = ERR_NONE;

	ck_assert_int_eq(note_signer_new(&s, str_of(name), &e), 0);
	return s;
}

START_TEST(our_text_goes_both_ways)
{
	static const char text[] = OUR_NAME "\n3\n" ROOT "\n";
	struct checkpoint c;
	struct buf out = { 0 };
	struct err e = ERR_NONE;

	ck_assert_int_eq(checkpoint_parse(&c, STR(text), &e), 0);
	ck_assert_uint_eq(c.size, 3);
	ck_assert_uint_eq(c.root.b[0], 0xc2);
	ck_assert_uint_eq(c.root.b[31], 0x8a);
	ck_assert(str_eq(c.origin, STR(OUR_NAME)));
	checkpoint_format(&out, &c);
	ck_assert(str_eq(buf_view(&out), STR(text)));
	buf_fini(&out);
}
END_TEST

START_TEST(what_is_no_checkpoint_is_refused)
{
	static const char *const bad[] = { "", "x\n", "x\n3\n", "x\n3\n" ROOT, "\n3\n" ROOT "\n",
		"x\n03\n" ROOT "\n", "x\n\n" ROOT "\n", "x\n-1\n" ROOT "\n", "x\n+1\n" ROOT "\n",
		"x\n3 \n" ROOT "\n", "x\n0x3\n" ROOT "\n", "x\n9223372036854775808\n" ROOT "\n",
		"x\n18446744073709551619\n" ROOT "\n", "x\n3\n" ROOT "\nmore\n", "x\n3\n" ROOT "\n\n",
		"x\n3\nwrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4p=\n", "x\n3\nwrP/\n" };
	struct checkpoint c;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_NONE;

		ck_assert_msg(checkpoint_parse(&c, str_of(bad[i]), &e) == -1, "%s", bad[i]);
		ck_assert_int_eq(e.code, ERR_INTEGRITY);
	}
}
END_TEST

START_TEST(numbers_reach_to_their_limit)
{
	uint64_t n;

	ck_assert(checkpoint_number_parse(STR("0"), &n) && n == 0);
	ck_assert(checkpoint_number_parse(STR("10"), &n) && n == 10);
	ck_assert(checkpoint_number_parse(STR("9223372036854775807"), &n) && n == CHECKPOINT_SIZE_MAX);
	ck_assert(!checkpoint_number_parse(STR("9223372036854775808"), &n));
	ck_assert(!checkpoint_number_parse(STR("99999999999999999999"), &n));
	ck_assert(!checkpoint_number_parse(STR("00"), &n));
	ck_assert(!checkpoint_number_parse(STR("1a"), &n));
	ck_assert(!checkpoint_number_parse(STR(""), &n));
}
END_TEST

START_TEST(what_is_signed_opens_with_its_key_only)
{
	struct note_signer s = signer(OUR_NAME), other = signer(OUR_NAME);
	struct hash root;
	struct checkpoint c;
	struct buf out = { 0 };
	struct err e = ERR_NONE;

	hash_bytes(&root, "x", 1);
	ck_assert_int_eq(checkpoint_sign(&out, CHECKPOINT_SIZE_MAX, &root, &s, &e), 0);
	ck_assert_int_eq(checkpoint_open(&c, buf_view(&out), &s.verifier, &e), 0);
	ck_assert_uint_eq(c.size, CHECKPOINT_SIZE_MAX);
	ck_assert_mem_eq(c.root.b, root.b, HASH_LEN);
	ck_assert_int_eq(checkpoint_open(&c, buf_view(&out), &other.verifier, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	err_clear(&e);
	ck_assert_int_eq(checkpoint_sign(&out, CHECKPOINT_SIZE_MAX + 1, &root, &s, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	buf_fini(&out);
}
END_TEST

/* Signed by our key, but the first line names another log. */
START_TEST(the_origin_must_be_the_name_of_the_key)
{
	struct note_signer s = signer(OUR_NAME);
	struct checkpoint c;
	struct buf out = { 0 };
	struct err e = ERR_NONE;

	ck_assert_int_eq(note_sign(&out, STR("example.org/other\n3\n" ROOT "\n"), &s, 1, &e), 0);
	ck_assert_int_eq(checkpoint_open(&c, buf_view(&out), &s.verifier, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "another log"));
	buf_fini(&out);
}
END_TEST

static Suite *
checkpoint_suite(void)
{
	Suite *s = suite_create("proof/checkpoint");
	TCase *t = tcase_create("checkpoint");

	tcase_add_test(t, our_text_goes_both_ways);
	tcase_add_test(t, what_is_no_checkpoint_is_refused);
	tcase_add_test(t, numbers_reach_to_their_limit);
	tcase_add_test(t, what_is_signed_opens_with_its_key_only);
	tcase_add_test(t, the_origin_must_be_the_name_of_the_key);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(checkpoint_suite)
