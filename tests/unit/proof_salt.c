/* salt: our vectors; what is forgotten is gone, what is not stays equal. */
#include "unit.h"

#include <string.h>

#include "base/bitmap.h"
#include "base/hash.h"
#include "proof/salt.h"

static const uint8_t seed_set[] = { 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static struct str
known_set(void)
{
	return (struct str){ (const char *)seed_set, sizeof(seed_set) };
}

/* The definition, one salt at a time. */
static void
naive_salt(uint32_t offset, uint8_t out[SALT_LEN])
{
	memcpy(out, seed_set + 3, SALT_LEN);
	for (int depth = 0; depth < TREE_CELL_HEIGHT; depth++) {
		uint8_t bytes[1 + SALT_LEN] = { 0x02 };
		struct hash h;

		memcpy(bytes + 1, out, SALT_LEN);
		hash_bytes(&h, bytes, sizeof(bytes));
		memcpy(out, h.b + (offset >> (15 - depth) & 1) * SALT_LEN, SALT_LEN);
	}
}

static void
check_salt(uint32_t offset, const char *hex)
{
	struct salt_walk w;
	uint8_t got[SALT_LEN], want[SALT_LEN];

	salt_walk_start(&w, known_set());
	ck_assert(salt_get(&w, offset, got));
	ck_assert(hex_parse(hex, 2 * SALT_LEN, want));
	ck_assert_mem_eq(got, want, SALT_LEN);
}

START_TEST(our_vectors_of_salts)
{
	check_salt(0, "370c0217b31f6cfa9e64c5695cbf43d2");
	check_salt(1, "21f863c0e89ce39e697702f2c5f18542");
	check_salt(2, "bc363e4db2f8cae253083a44fa9d8231");
	check_salt(255, "ced3f2bd738cab152f7637ee90c7b36f");
	check_salt(65535, "f4bef387d8bb64db9b6db0d795b5a2bc");
}
END_TEST

/* Forgetting offset 1 leaves its co-path, of which the vectors name five. */
START_TEST(our_vectors_of_a_co_path)
{
	static const struct {
		unsigned depth;
		const char *value;
	} some[] = {
		{ 1, "cea0562706eca12d0a18fe09963544c7" }, { 2, "72aedebe5ecba2aea83dad3b67e6a7a6" },
		{ 15, "696c64dc8c9e748ac46cb5e89f71fcd2" }, { 16, "370c0217b31f6cfa9e64c5695cbf43d2" },
	};
	uint64_t forget[TREE_CELL / 64] = { 2 };
	struct buf out = { 0 };

	salt_forget(&out, known_set(), forget);
	ck_assert_uint_eq(out.len, 16 * SALT_NODE_LEN);
	for (size_t i = 0; i < 4; i++) {
		uint8_t want[SALT_LEN];
		bool found = false;

		ck_assert(hex_parse(some[i].value, 2 * SALT_LEN, want));
		for (size_t at = 0; at < out.len; at += SALT_NODE_LEN)
			if ((uint8_t)out.p[at] == some[i].depth)
				found |= memcmp(out.p + at + 3, want, SALT_LEN) == 0;
		ck_assert_msg(found, "depth %u", some[i].depth);
	}
	buf_fini(&out);
}
END_TEST

START_TEST(ascending_order_gives_every_salt)
{
	struct salt_walk w;

	salt_walk_start(&w, known_set());
	for (uint32_t offset = 0; offset < TREE_CELL; offset += offset < 2000 ? 1 : 61) {
		uint8_t got[SALT_LEN], want[SALT_LEN];

		ck_assert(salt_get(&w, offset, got));
		naive_salt(offset, want);
		ck_assert_mem_eq(got, want, SALT_LEN);
	}
	ck_assert(!salt_get(&w, TREE_CELL, (uint8_t[SALT_LEN]){ 0 }));
}
END_TEST

static uint32_t
next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33);
}

START_TEST(any_order_gives_every_salt)
{
	struct salt_walk w;
	uint64_t state = 1;

	salt_walk_start(&w, known_set());
	for (unsigned i = 0; i < 5000; i++) {
		uint32_t offset = next_random(&state) % TREE_CELL;
		uint8_t got[SALT_LEN], want[SALT_LEN];

		ck_assert(salt_get(&w, offset, got));
		naive_salt(offset, want);
		ck_assert_mem_eq(got, want, SALT_LEN);
		ck_assert(salt_get(&w, offset, got));
		ck_assert_mem_eq(got, want, SALT_LEN);
	}
}
END_TEST

START_TEST(a_new_set_is_one_random_seed)
{
	struct buf a = { 0 }, b = { 0 };
	struct err e = ERR_NONE;

	salt_new(&a);
	salt_new(&b);
	ck_assert_uint_eq(a.len, SALT_NODE_LEN);
	ck_assert_mem_eq(a.p, "\0\0\0", 3);
	ck_assert_mem_ne(a.p, b.p, SALT_NODE_LEN);
	ck_assert_int_eq(salt_check(buf_view(&a), &e), 0);
	buf_fini(&a);
	buf_fini(&b);
}
END_TEST

static bool
is_set(const uint64_t *bits, uint32_t i)
{
	return bitmap_has(bits, i);
}

/* The fewest nodes: every complete subtree without a forgotten offset whose
 * parent has one. */
static size_t
fewest_nodes(const uint64_t *forget)
{
	static bool clean[2 * TREE_CELL]; /* as a heap: 1 is the root */
	size_t n = 0;

	for (uint32_t i = 2 * TREE_CELL; i-- > 1;)
		clean[i] = i >= TREE_CELL ? !is_set(forget, i - TREE_CELL)
		                          : clean[2 * i] && clean[2 * i + 1];
	for (uint32_t i = 2; i < 2 * TREE_CELL; i++)
		n += clean[i] && !clean[i / 2];
	return n + clean[1];
}

struct salt {
	uint8_t b[SALT_LEN];
};

/* Every salt not forgotten is as it was, the others cannot be had. */
static void
check_set(struct str set, const uint64_t *forget, const struct salt *salt)
{
	struct salt_walk w;
	struct err e = ERR_NONE;

	ck_assert_int_eq(salt_check(set, &e), 0);
	ck_assert_uint_eq(set.len / SALT_NODE_LEN, fewest_nodes(forget));
	salt_walk_start(&w, set);
	for (uint32_t i = 0; i < TREE_CELL; i++) {
		uint8_t got[SALT_LEN];
		bool known = salt_get(&w, i, got);

		if (known == is_set(forget, i) || (known && memcmp(got, salt[i].b, SALT_LEN) != 0))
			ck_abort_msg("offset %u", i);
	}

	/* No node of the set is an ancestor of a forgotten offset. */
	for (size_t at = 0; at < set.len; at += SALT_NODE_LEN) {
		unsigned depth = (uint8_t)set.p[at];
		uint32_t size = TREE_CELL >> depth;
		uint32_t first = get_be16((const uint8_t *)set.p + at + 1) * size;

		for (uint32_t i = first; i < first + size; i++)
			if (is_set(forget, i))
				ck_abort_msg("offset %u is below a node kept", i);
	}
}

/* From few to nearly all, singly and in runs, one after another. */
START_TEST(forgetting_is_exact_and_minimal)
{
	static const struct {
		unsigned runs, run_max;
	} rounds[] = { { 1, 1 }, { 5, 1 }, { 3, 40 }, { 500, 1 }, { 20, 3000 }, { 3000, 2 }, { 10, 30000 } };
	static struct salt salt[TREE_CELL];
	uint64_t forget[TREE_CELL / 64] = { 0 }, state = (uint64_t)_i;
	struct buf set = { 0 };
	struct salt_walk w;

	salt_walk_start(&w, known_set());
	for (uint32_t i = 0; i < TREE_CELL; i++)
		ck_assert(salt_get(&w, i, salt[i].b));
	buf_str(&set, known_set());
	for (size_t r = 0; r < 7; r++) {
		struct buf next = { 0 };

		for (unsigned i = 0; i < rounds[r].runs; i++) {
			uint32_t first = next_random(&state) % TREE_CELL;
			uint32_t n = 1 + next_random(&state) % rounds[r].run_max;

			for (uint32_t o = first; o < first + n && o < TREE_CELL; o++)
				bitmap_add(forget, o);
		}
		salt_forget(&next, buf_view(&set), forget);
		buf_fini(&set);
		set = next;
		check_set(buf_view(&set), forget, salt);
	}
	buf_fini(&set);
}
END_TEST

START_TEST(nothing_and_everything_can_be_forgotten)
{
	static uint64_t forget[TREE_CELL / 64];
	struct buf out = { 0 };
	struct salt_walk w;
	struct err e = ERR_NONE;
	uint8_t got[SALT_LEN];

	salt_forget(&out, known_set(), forget);
	ck_assert(str_eq(buf_view(&out), known_set()));
	buf_reset(&out);
	memset(forget, 0xff, sizeof(forget));
	salt_forget(&out, known_set(), forget);
	ck_assert_uint_eq(out.len, 0);
	ck_assert_int_eq(salt_check(buf_view(&out), &e), 0);
	salt_walk_start(&w, buf_view(&out));
	ck_assert(!salt_get(&w, 0, got));
	buf_fini(&out);
}
END_TEST

/* Sets are bytes from a file. */
START_TEST(what_is_no_set_is_refused)
{
	static const struct {
		size_t len;
		uint8_t head[2][3]; /* depth, path of two nodes */
	} sets[] = {
		{ 1, { { 0, 0, 0 } } },
		{ SALT_NODE_LEN - 1, { { 0, 0, 0 } } },
		{ SALT_NODE_LEN + 1, { { 0, 0, 0 } } },
		{ SALT_NODE_LEN, { { 17, 0, 0 } } },
		{ SALT_NODE_LEN, { { 255, 0, 0 } } },
		{ SALT_NODE_LEN, { { 0, 0, 1 } } },
		{ SALT_NODE_LEN, { { 1, 0, 2 } } },
		{ SALT_NODE_LEN, { { 15, 0x80, 0 } } },
		{ 2 * SALT_NODE_LEN, { { 0, 0, 0 }, { 0, 0, 0 } } },
		{ 2 * SALT_NODE_LEN, { { 1, 0, 1 }, { 1, 0, 0 } } },
		{ 2 * SALT_NODE_LEN, { { 1, 0, 0 }, { 16, 0x7f, 0xff } } },
		{ 2 * SALT_NODE_LEN, { { 16, 0, 5 }, { 16, 0, 5 } } },
	};
	uint64_t forget[TREE_CELL / 64] = { 1 };

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		uint8_t *bytes = calloc(1, sets[i].len + 1);
		struct str set = { (char *)bytes, sets[i].len };
		struct err e = ERR_NONE;
		struct salt_walk w;
		struct buf out = { 0 };
		uint8_t got[SALT_LEN];

		memcpy(bytes, sets[i].head[0], sets[i].len < 3 ? sets[i].len : 3);
		if (sets[i].len == 2 * SALT_NODE_LEN)
			memcpy(bytes + SALT_NODE_LEN, sets[i].head[1], 3);
		ck_assert_msg(salt_check(set, &e) == -1, "set %zu", i);
		ck_assert_int_eq(e.code, ERR_INTEGRITY);

		/* Used all the same, nothing outside is touched. */
		salt_walk_start(&w, set);
		for (uint32_t o = 0; o < TREE_CELL; o += 1111)
			salt_get(&w, o, got);
		salt_forget(&out, set, forget);
		buf_fini(&out);
		free(bytes);
	}
}
END_TEST

static Suite *
salt_suite(void)
{
	Suite *s = suite_create("proof/salt");
	TCase *t = tcase_create("salt");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, our_vectors_of_salts);
	tcase_add_test(t, our_vectors_of_a_co_path);
	tcase_add_test(t, ascending_order_gives_every_salt);
	tcase_add_test(t, any_order_gives_every_salt);
	tcase_add_test(t, a_new_set_is_one_random_seed);
	tcase_add_loop_test(t, forgetting_is_exact_and_minimal, 0, 4);
	tcase_add_test(t, nothing_and_everything_can_be_forgotten);
	tcase_add_test(t, what_is_no_set_is_refused);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(salt_suite)
