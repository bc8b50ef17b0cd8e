/* tree: the vectors of RFC 6962 and ours, and the definition, slowly. */
#include "unit.h"

#include <string.h>

#include "base/bytes.h"
#include "proof/salt.h"
#include "proof/tree.h"

static struct hash
from_hex(const char *hex)
{
	struct hash h;

	ck_assert_uint_eq(strlen(hex), 2 * HASH_LEN);
	ck_assert(hex_parse(hex, 2 * HASH_LEN, h.b));
	return h;
}

#define CHECK_HASH(h, hex)                                           \
	do {                                                         \
		struct hash want_ = from_hex(hex);                   \
		ck_assert_mem_eq((h).b, want_.b, HASH_LEN);          \
	} while (0)

/* RFC 6962 2.1, word for word. */
static void
naive_root(struct hash *out, const struct hash *leaf, uint64_t n)
{
	struct hash left, right;
	uint64_t k = 1;

	if (n == 0) {
		hash_bytes(out, "", 0);
		return;
	}
	if (n == 1) {
		*out = *leaf;
		return;
	}
	while (k * 2 < n)
		k *= 2;
	naive_root(&left, leaf, k);
	naive_root(&right, leaf + k, n - k);

	struct hasher h;

	hash_init(&h);
	hash_update(&h, "\x01", 1);
	hash_update(&h, left.b, HASH_LEN);
	hash_update(&h, right.b, HASH_LEN);
	hash_final(&h, out);
}

static struct hash *
make_leaves(size_t n)
{
	struct hash *leaf = malloc((n ? n : 1) * sizeof(*leaf));

	for (size_t i = 0; i < n; i++)
		hash_bytes(&leaf[i], &i, sizeof(i));
	return leaf;
}

START_TEST(well_known_tree_of_eight_leaves)
{
	static const char *const inputs[] = { "", "00", "10", "2021", "3031", "40414243",
		"5051525354555657", "606162636465666768696a6b6c6d6e6f" };
	struct hash leaf[8], root;

	for (size_t i = 0; i < 8; i++) {
		uint8_t bytes[17] = { 0x00 };
		size_t n = strlen(inputs[i]) / 2;

		ck_assert(hex_parse(inputs[i], 2 * n, bytes + 1));
		hash_bytes(&leaf[i], bytes, n + 1);
	}
	tree_root(&root, leaf, 8);
	CHECK_HASH(root, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
	tree_root(&root, leaf, 7);
	CHECK_HASH(root, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c");
	tree_root(&root, leaf, 0);
	CHECK_HASH(root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	tree_empty(&root);
	CHECK_HASH(root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

/* integrity definitions 6: the seed is 00 01 .. 0f. */
static const char line0[] =
    "{\"id\":\"evt-0001\",\"time\":\"2026-04-22T00:00:00.123456Z\",\"ingested\":"
    "\"2026-04-22T00:00:01.000000Z\",\"source\":\"app1\",\"category\":\"AUTHENTICATION\","
    "\"action\":\"login\",\"severity\":\"info\",\"outcome\":\"success\",\"actor_id\":"
    "\"user:alice\",\"actor_email\":\"alice@example.com\",\"ip\":\"192.0.2.7\",\"context\":"
    "{\"n\":12345678901234567890,\"r\":0.1}}";
static const char line1[] =
    "{\"id\":\"evt-0002\",\"time\":\"2026-04-22T00:00:01.000000Z\",\"ingested\":"
    "\"2026-04-22T00:00:02.000000Z\",\"source\":\"app1\",\"category\":\"FILE_ACCESS\","
    "\"action\":\"read\",\"severity\":\"warning\",\"outcome\":\"failure\",\"actor_id\":"
    "\"user:alice\",\"target_path\":\"invoice/42\"}";
static const char line2[] =
    "{\"id\":\"m-0001\",\"time\":\"2026-04-22T00:00:03.000000Z\",\"ingested\":"
    "\"2026-04-22T00:00:03.000000Z\",\"source\":\"audit-toolkit\",\"category\":\"COMPLIANCE\","
    "\"action\":\"audit.export\",\"severity\":\"info\",\"outcome\":\"success\",\"actor_id\":"
    "\"uid:1000\"}";

START_TEST(our_vectors_of_leaves_and_roots)
{
	static const struct {
		struct str line;
		enum leaf_kind kind;
		const char *leaf;
	} events[] = {
		{ { line0, sizeof(line0) - 1 }, LEAF_EVENT,
		    "7a2dba5146db38477cef3a7a8ddf577abb1a380c9f1890e1f0bb36eb1267a18f" },
		{ { line1, sizeof(line1) - 1 }, LEAF_EVENT,
		    "4b86aaa6a2105be03944aefeec398c18c6cf35078fbb8c8c7145f24eecce1110" },
		{ { line2, sizeof(line2) - 1 }, LEAF_RECORD,
		    "35763261a0064db3abe3be6adbdf730144c2cbe7616bd3f0197e3504fba544cc" },
	};
	static const uint8_t seed_set[] = { 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
		15 };
	struct salt_walk w;
	struct hash leaf[3], root;

	salt_walk_start(&w, (struct str){ (const char *)seed_set, sizeof(seed_set) });
	for (uint32_t i = 0; i < 3; i++) {
		uint8_t salt[SALT_LEN];

		ck_assert(salt_get(&w, i, salt));
		tree_leaf(&leaf[i], salt, events[i].kind, events[i].line);
		CHECK_HASH(leaf[i], events[i].leaf);
	}
	tree_root(&root, leaf, 2);
	CHECK_HASH(root, "02b7a6c0ef144d72c8dfb8347bda3969e1f38086bc4ee924ab175f298cf7c636");
	tree_root(&root, leaf, 3);
	CHECK_HASH(root, "c2b3ffdaba9d4a3b51555d30137f674d2283f5efaee101bb0cf0e804d54dab8a");
}
END_TEST

START_TEST(roots_agree_with_the_definition)
{
	struct hash *leaf = make_leaves(300), got, want;

	for (uint64_t n = 0; n <= 300; n++) {
		tree_root(&got, leaf, n);
		naive_root(&want, leaf, n);
		ck_assert_mem_eq(got.b, want.b, HASH_LEN);
	}
	free(leaf);
}
END_TEST

START_TEST(a_cell_agrees_with_the_root_of_its_leaves)
{
	struct hash *leaf = make_leaves(TREE_CELL);
	struct hash nodes[TREE_CELL_NODES], root, want;

	tree_cell(leaf, nodes, &root);
	naive_root(&want, leaf, TREE_CELL);
	ck_assert_mem_eq(root.b, want.b, HASH_LEN);
	for (size_t i = 0; i < TREE_CELL_NODES; i++) {
		naive_root(&want, leaf + i * 256, 256);
		ck_assert_mem_eq(nodes[i].b, want.b, HASH_LEN);
	}
	free(leaf);
}
END_TEST

/* Two real cells and a part of a third. */
START_TEST(cells_and_a_rest_agree_with_all_leaves)
{
	static const uint64_t rests[] = { 0, 1, 5, 65535 };
	struct hash *leaf = make_leaves(3 * TREE_CELL);
	struct hash cell[2], nodes[TREE_CELL_NODES], rest, got, want;

	for (size_t i = 0; i < 2; i++)
		tree_cell(leaf + i * TREE_CELL, nodes, &cell[i]);
	for (size_t i = 0; i < 4; i++)
		for (uint64_t cells = 0; cells <= 2; cells++) {
			tree_root(&rest, leaf + cells * TREE_CELL, rests[i]);
			tree_root_cells(&got, cell, cells, rests[i] ? &rest : NULL);
			tree_root(&want, leaf, cells * TREE_CELL + rests[i]);
			ck_assert_mem_eq(got.b, want.b, HASH_LEN);
		}
	free(leaf);
}
END_TEST

/* Many cells: the same fold with cells of four leaves, by the definition. */
START_TEST(any_number_of_cells_folds_alike)
{
	enum { CELLS = 70, SMALL = 4 };
	struct hash *leaf = make_leaves((CELLS + 1) * SMALL);
	struct hash cell[CELLS], rest, got, want;

	for (uint64_t i = 0; i < CELLS; i++)
		naive_root(&cell[i], leaf + i * SMALL, SMALL);
	for (uint64_t cells = 0; cells <= CELLS; cells++)
		for (uint64_t more = 0; more < SMALL; more++) {
			naive_root(&rest, leaf + cells * SMALL, more);
			tree_root_cells(&got, cell, cells, more ? &rest : NULL);
			naive_root(&want, leaf, cells * SMALL + more);
			ck_assert_mem_eq(got.b, want.b, HASH_LEN);
		}
	free(leaf);
}
END_TEST

struct covered {
	uint64_t first, next, end;
	unsigned n;
	uint8_t height, height_before;
};

static void
check_piece(void *arg, struct subtree s)
{
	struct covered *c = arg;

	ck_assert_uint_le(s.height, TREE_CELL_HEIGHT);
	ck_assert_uint_eq(s.index << s.height, c->next);
	c->next = (s.index + 1) << s.height;
	c->n++;

	/* The largest that starts here: one twice its size would be out of
	 * line, beyond the end or beyond its cell. */
	ck_assert(s.height == TREE_CELL_HEIGHT || (s.index & 1) != 0 ||
	    ((s.index + 2) << s.height) > c->end);
}

START_TEST(covers_are_exact_and_of_the_largest_subtrees)
{
	static const struct {
		uint64_t first, count;
		unsigned pieces;
	} cases[] = {
		{ 0, 0, 0 }, { 0, 1, 1 }, { 5, 1, 1 }, { 0, 65536, 1 }, { 0, 131072, 2 },
		{ 1, 65535, 16 }, { 0, 65535, 16 }, { 65535, 2, 2 }, { 65536 - 8, 16, 2 },
		{ 3, 10, 4 }, { 65536 * 5, 65536 * 3, 3 },
		{ UINT64_C(1) << 40, 65536 + 256, 2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct covered c = { .next = cases[i].first,
			.end = cases[i].first + cases[i].count };

		tree_cover(cases[i].first, cases[i].count, check_piece, &c);
		ck_assert_uint_eq(c.next, c.end);
		ck_assert_uint_eq(c.n, cases[i].pieces);
	}
	for (uint64_t first = 0; first < 70; first++)
		for (uint64_t count = 0; count < 70; count++) {
			struct covered c = { .next = TREE_CELL - 35 + first,
				.end = TREE_CELL - 35 + first + count };

			tree_cover(c.next, count, check_piece, &c);
			ck_assert_uint_eq(c.next, c.end);
		}
}
END_TEST

static Suite *
tree_suite(void)
{
	Suite *s = suite_create("proof/tree");
	TCase *t = tcase_create("tree");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, well_known_tree_of_eight_leaves);
	tcase_add_test(t, our_vectors_of_leaves_and_roots);
	tcase_add_test(t, roots_agree_with_the_definition);
	tcase_add_test(t, a_cell_agrees_with_the_root_of_its_leaves);
	tcase_add_test(t, cells_and_a_rest_agree_with_all_leaves);
	tcase_add_test(t, any_number_of_cells_folds_alike);
	tcase_add_test(t, covers_are_exact_and_of_the_largest_subtrees);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(tree_suite)
