/* hash: SHA-256 and the hashes for tables. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"

static void
check_hex(const struct hash *h, const char *want)
{
	uint8_t bytes[HASH_LEN];

	ck_assert(hex_parse(want, strlen(want), bytes));
	ck_assert_mem_eq(h->b, bytes, HASH_LEN);
}

START_TEST(sha256_gives_the_values_of_fips_180)
{
	struct hash h;

	hash_bytes(&h, "", 0);
	check_hex(&h, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hash_bytes(&h, "abc", 3);
	check_hex(&h, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(sha256_does_not_care_how_the_bytes_are_cut)
{
	char text[300];
	struct hash whole, cut;

	memset(text, 'x', sizeof(text));
	for (size_t n = 0; n < sizeof(text); n++)
		for (size_t at = 0; at <= n; at += 13) {
			struct hasher h;

			hash_bytes(&whole, text, n);
			hash_init(&h);
			hash_update(&h, text, at);
			hash_update(&h, NULL, 0);
			hash_update(&h, text + at, n - at);
			hash_final(&h, &cut);
			ck_assert_mem_eq(whole.b, cut.b, HASH_LEN);
		}
}
END_TEST

/* RFC 4231, cases 2 and 6. */
START_TEST(keyed_hash_gives_the_values_of_rfc_4231)
{
	struct hash h;
	uint8_t key[131];

	hash_keyed(&h, (const uint8_t *)"Jefe", 4, "what do ya want for nothing?", 28);
	check_hex(&h, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	hash_keyed(&h, key, sizeof(key),
	    "Test Using Larger Than Block-Size Key - Hash Key First", 54);
	check_hex(&h, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}
END_TEST

/* Made by a separate script from the definition in the header. */
START_TEST(stable_hash_never_changes)
{
	static const struct {
		const char *p;
		size_t len;
		uint64_t want;
	} vectors[] = {
		{ "", 0, UINT64_C(0x4048ca9413e7928d) },
		{ "a", 1, UINT64_C(0xdab2033d80a1e209) },
		{ "ab", 2, UINT64_C(0x62ef6fff853004ca) },
		{ "abc", 3, UINT64_C(0x64326199f9a1fdcb) },
		{ "abcd", 4, UINT64_C(0x81f0ea47a48a05ba) },
		{ "abcdefg", 7, UINT64_C(0x0adfa24cda83aa19) },
		{ "abcdefgh", 8, UINT64_C(0x7662a3540cd32134) },
		{ "0123456789abcdef", 16, UINT64_C(0x367009c0e19ccbcc) },
		{ "0123456789abcdefg", 17, UINT64_C(0xa10b18d15c4ffdf1) },
		{ "evt-0001", 8, UINT64_C(0x7c3818e88dbe961a) },
		{ "user:alice", 10, UINT64_C(0x618c05349e0000df) },
		{ "7f1b6ad2-5c3e-4b8e-9f52-0a1b2c3d4e5f", 36, UINT64_C(0xc3dc50e0359e6ba3) },
		{ "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, UINT64_C(0x76d42d5a644fce73) },
		{ "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 17, UINT64_C(0x93df7acc5b2fd402) },
	};
	uint8_t all[256];

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		ck_assert_msg(hash64_stable(vectors[i].p, vectors[i].len) == vectors[i].want,
		    "\"%s\" of %zu bytes", vectors[i].p, vectors[i].len);
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	ck_assert(hash64_stable(all, sizeof(all)) == UINT64_C(0x7940cf15c5bdfc2b));
}
END_TEST

START_TEST(one_bit_changes_half_of_the_hash)
{
	uint8_t text[40];
	unsigned changed = 0, cases = 0;

	for (size_t len = 1; len <= sizeof(text); len++) {
		for (size_t i = 0; i < len; i++)
			text[i] = (uint8_t)(i * 37 + len);
		for (size_t bit = 0; bit < len * 8; bit++) {
			uint64_t before = hash64(len, text, len);

			text[bit / 8] ^= (uint8_t)(1 << bit % 8);

			unsigned n = (unsigned)__builtin_popcountll(before ^ hash64(len, text, len));

			text[bit / 8] ^= (uint8_t)(1 << bit % 8);
			ck_assert_uint_ge(n, 8);
			changed += n;
			cases++;
		}
	}
	ck_assert_uint_gt(changed, cases * 31);
	ck_assert_uint_lt(changed, cases * 33);
}
END_TEST

START_TEST(numbered_names_fall_evenly_into_buckets)
{
	enum { BUCKETS = 1024, EACH = 64 };
	static unsigned low[BUCKETS], high[BUCKETS];

	for (unsigned i = 0; i < BUCKETS * EACH; i++) {
		char name[32];
		int n = snprintf(name, sizeof(name), "user-%u", i);
		uint64_t h = hash64(1, name, (size_t)n);

		low[h % BUCKETS]++;
		high[h >> 54]++;
	}
	for (unsigned i = 0; i < BUCKETS; i++) {
		/* Five standard deviations around 64. */
		ck_assert_uint_gt(low[i], EACH - 40);
		ck_assert_uint_lt(low[i], EACH + 40);
		ck_assert_uint_gt(high[i], EACH - 40);
		ck_assert_uint_lt(high[i], EACH + 40);
	}
}
END_TEST

START_TEST(the_key_decides_which_texts_are_near)
{
	/* No text is the same under all keys, not even zeros of two lengths. */
	char zeros[64] = { 0 };
	unsigned same = 0;

	for (uint64_t key = 0; key < 1000; key++)
		for (size_t len = 0; len < sizeof(zeros); len++)
			same += hash64(key, zeros, len) % 65536 == hash64(key + 1, zeros, len) % 65536;
	ck_assert_uint_lt(same, 20);
}
END_TEST

static Suite *
hash_suite(void)
{
	Suite *s = suite_create("base/hash");
	TCase *t = tcase_create("hash");

	tcase_add_test(t, sha256_gives_the_values_of_fips_180);
	tcase_add_test(t, sha256_does_not_care_how_the_bytes_are_cut);
	tcase_add_test(t, keyed_hash_gives_the_values_of_rfc_4231);
	tcase_add_test(t, stable_hash_never_changes);
	tcase_add_test(t, one_bit_changes_half_of_the_hash);
	tcase_add_test(t, numbered_names_fall_evenly_into_buckets);
	tcase_add_test(t, the_key_decides_which_texts_are_near);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(hash_suite)
