/*
 * path: against the definitions for all trees of up to 70 leaves and random
 * ones of up to 5,000, and against 196 probe files written by others.
 */
#include "unit.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "corpora.h"
#include "base/base64.h"
#include "proof/path.h"
#include "proof_log.h"

/* Small and always the same numbers. */
static uint64_t
next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static struct path_source
source_of(struct log *l)
{
	return (struct path_source){ log_subtree, l };
}

static bool
same_path(const struct path *a, const struct path *b)
{
	return a->n == b->n && memcmp(a->hash, b->hash, a->n * sizeof(a->hash[0])) == 0;
}

/* A proof spoiled in one way of several. */
static bool
spoil(struct path *p, unsigned how)
{
	switch (how) {
	case 0:
		if (p->n == 0)
			return false;
		p->n--;
		return true;
	case 1:
		if (p->n == PATH_LEN_MAX)
			return false;
		p->hash[p->n++] = (struct hash){ { 1 } };
		return true;
	case 2:
		if (p->n == 0)
			return false;
		memmove(p->hash, p->hash + 1, --p->n * sizeof(p->hash[0]));
		return true;
	default:
		if (p->n < how - 2)
			return false;
		p->hash[how - 3].b[how % HASH_LEN] ^= 0x10;
		return true;
	}
}

static void
check_inclusion(struct log *l, uint64_t index, uint64_t size)
{
	struct path_source from = source_of(l);
	struct path p, want = { 0 };
	struct hash root, other;
	struct err e = ERR_NONE;

	naive_root(&root, l->leaf, size);
	naive_path(&want, l->leaf, index, size);
	ck_assert_msg(path_inclusion(&p, &from, index, size, &e) == 0, "%s", e.text);
	ck_assert(same_path(&p, &want));
	ck_assert_int_eq(path_inclusion_verify(&p, &l->leaf[index], index, size, &root, &e), 0);

	log_leaf(&other, size);
	ck_assert_int_eq(path_inclusion_verify(&p, &other, index, size, &root, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	ck_assert_int_eq(path_inclusion_verify(&p, &l->leaf[index], index, size, &other, &e), -1);
	if (size > 1)
		ck_assert_int_eq(path_inclusion_verify(&p, &l->leaf[index], index ^ 1, size, &root, &e),
		    -1);
	for (unsigned how = 0; how < 3 + p.n; how++) {
		struct path bad = p;

		if (spoil(&bad, how))
			ck_assert_int_eq(
			    path_inclusion_verify(&bad, &l->leaf[index], index, size, &root, &e), -1);
	}
}

static void
check_consistency(struct log *l, uint64_t first, uint64_t second)
{
	struct path_source from = source_of(l);
	struct path p, want = { 0 };
	struct hash one, two, other;
	struct err e = ERR_NONE;

	naive_root(&one, l->leaf, first);
	naive_root(&two, l->leaf, second);
	naive_subproof(&want, l->leaf, first, second, true);
	ck_assert_msg(path_consistency(&p, &from, first, second, &e) == 0, "%s", e.text);
	ck_assert(same_path(&p, &want));
	ck_assert_int_eq(path_consistency_verify(&p, first, &one, second, &two, &e), 0);

	log_leaf(&other, second);
	ck_assert_int_eq(path_consistency_verify(&p, first, &other, second, &two, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	ck_assert_int_eq(path_consistency_verify(&p, first, &one, second, &other, &e), -1);
	for (unsigned how = 0; how < 3 + p.n; how++) {
		struct path bad = p;

		if (spoil(&bad, how))
			ck_assert_int_eq(path_consistency_verify(&bad, first, &one, second, &two, &e), -1);
	}
}

START_TEST(small_trees_agree_with_the_definitions)
{
	struct log l = log_make(71);

	for (uint64_t n = 1; n <= 70; n++)
		for (uint64_t m = 0; m < n; m++) {
			check_inclusion(&l, m, n);
			check_consistency(&l, m + 1, n);
		}
	free(l.leaf);
}
END_TEST

START_TEST(random_trees_of_up_to_5000_leaves_agree)
{
	struct log l = log_make(5001);
	uint64_t state = 4;

	for (int i = 0; i < 60; i++) {
		uint64_t n = i == 0 ? 5000 : 1 + next_random(&state) % 5000;

		l.at_hand = (uint8_t)(next_random(&state) % 14);
		check_inclusion(&l, next_random(&state) % n, n);
		check_inclusion(&l, n - 1, n);
		check_consistency(&l, 1 + next_random(&state) % n, n);
	}
	free(l.leaf);
}
END_TEST

START_TEST(roots_of_nodes_come_from_a_few_subtrees)
{
	struct log l = log_make(1000);
	struct path_source from = source_of(&l);
	struct hash got, want;
	struct err e = ERR_NONE;

	for (uint64_t n = 0; n <= 1000; n += 37) {
		l.asked = 0;
		ck_assert_int_eq(path_root(&got, &from, 0, n, &e), 0);
		ck_assert_uint_eq(l.asked, (unsigned)__builtin_popcountll(n));
		naive_root(&want, l.leaf, n);
		ck_assert_mem_eq(got.b, want.b, HASH_LEN);
	}
	/* A ragged one to the right of the top. */
	ck_assert_int_eq(path_root(&got, &from, 512, 488, &e), 0);
	naive_root(&want, l.leaf + 512, 488);
	ck_assert_mem_eq(got.b, want.b, HASH_LEN);
	/* Leaf by leaf. */
	l.at_hand = 63;
	ck_assert_int_eq(path_root(&got, &from, 0, 1000, &e), 0);
	naive_root(&want, l.leaf, 1000);
	ck_assert_mem_eq(got.b, want.b, HASH_LEN);
	free(l.leaf);
}
END_TEST

static int
knows_nothing(void *arg, struct subtree s, struct hash *out, struct err *e)
{
	(void)arg, (void)s, (void)out, (void)e;
	return 1;
}

START_TEST(what_cannot_be_asked_is_refused)
{
	struct log l = log_make(10);
	struct path_source from = source_of(&l), empty = { knows_nothing, NULL };
	struct path p;
	struct hash h;
	struct err e = ERR_NONE;

	ck_assert_int_eq(path_inclusion(&p, &from, 10, 10, &e), -1);
	ck_assert_int_eq(path_inclusion(&p, &from, 0, 0, &e), -1);
	ck_assert_int_eq(path_inclusion(&p, &from, 0, PATH_SIZE_MAX + 1, &e), -1);
	ck_assert_int_eq(path_consistency(&p, &from, 0, 10, &e), -1);
	ck_assert_int_eq(path_consistency(&p, &from, 10, 9, &e), -1);
	ck_assert_int_eq(path_root(&h, &from, 1, 2, &e), -1);
	ck_assert_int_eq(path_root(&h, &from, 4, 5, &e), -1);
	ck_assert_int_eq(path_root(&h, &from, UINT64_MAX, 2, &e), -1);
	ck_assert_int_eq(path_root(&h, &from, 0, UINT64_MAX, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	err_clear(&e);
	ck_assert_int_eq(path_root(&h, &from, 8, 4, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "not there"));
	err_clear(&e);
	ck_assert_int_eq(path_root(&h, &empty, 0, 4, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	free(l.leaf);
}
END_TEST

/* Every subtree is known by its height alone: all leaves are alike. */
static int
all_alike(void *arg, struct subtree s, struct hash *out, struct err *e)
{
	(void)e;
	*out = ((const struct hash *)arg)[s.height];
	return 0;
}

START_TEST(the_largest_trees_have_proofs)
{
	struct hash level[64], root;
	struct path_source from = { all_alike, level };
	struct path p;
	struct err e = ERR_NONE;
	const uint64_t n = PATH_SIZE_MAX;

	log_leaf(&level[0], 0);
	for (int i = 1; i < 64; i++)
		tree_node(&level[i], &level[i - 1], &level[i - 1]);
	ck_assert_int_eq(path_root(&root, &from, 0, n, &e), 0);
	ck_assert_int_eq(path_inclusion(&p, &from, 12345, n, &e), 0);
	ck_assert_uint_eq(p.n, 63);
	ck_assert_int_eq(path_inclusion_verify(&p, &level[0], 12345, n, &root, &e), 0);
	ck_assert_int_eq(path_inclusion(&p, &from, n - 1, n, &e), 0);
	ck_assert_int_eq(path_inclusion_verify(&p, &level[0], n - 1, n, &root, &e), 0);
	ck_assert_int_eq(path_consistency(&p, &from, 3, n, &e), 0);
	ck_assert_uint_eq(p.n, 64);

	struct hash three;

	tree_node(&three, &level[1], &level[0]);
	ck_assert_int_eq(path_consistency_verify(&p, 3, &three, n, &root, &e), 0);
	ck_assert_int_eq(path_consistency_verify(&p, 3, &three, n + 1, &root, &e), -1);
	ck_assert_int_eq(path_inclusion_verify(&p, &three, 0, n + 1, &root, &e), -1);
	ck_assert_int_eq(path_inclusion_verify(&p, &three, 0, 0, &root, &e), -1);
}
END_TEST

/* ---- The probes of transparency-dev/merkle ---- */

/* An empty text is no hash.  Where the value does not matter the probes have
 * other bytes; a hash of the text stands for those, equal to itself alone. */
static bool
probe_hash(const json_t *value, struct hash *out)
{
	const char *text = json_string_value(value);

	ck_assert_ptr_nonnull(text);
	if (!base64_parse_exact(str_of(text), out->b, HASH_LEN))
		hash_keyed(out, (const uint8_t *)"probe", 5, text, strlen(text));
	return text[0] != '\0';
}

static bool
probe_path(const json_t *probe, struct path *p)
{
	const json_t *list = json_object_get(probe, "proof");

	p->n = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (p->n == PATH_LEN_MAX ||
		    !probe_hash(json_array_get(list, i), &p->hash[p->n++]))
			return false;
	}
	return true;
}

/* Small, or 2^64 - 1, which jansson reads as a real number only. */
static uint64_t
probe_number(const json_t *probe, const char *key)
{
	double value = json_real_value(json_object_get(probe, key));

	return value >= 0x1p63 ? UINT64_MAX : (uint64_t)value;
}

static bool
accepts(const json_t *probe)
{
	bool is_inclusion = json_object_get(probe, "leafIdx") != NULL;
	struct hash one, two;
	struct path p;
	struct err e = ERR_NONE;

	if (!probe_hash(json_object_get(probe, is_inclusion ? "leafHash" : "root1"), &one) ||
	    !probe_hash(json_object_get(probe, is_inclusion ? "root" : "root2"), &two) ||
	    !probe_path(probe, &p))
		return false;
	if (is_inclusion)
		return path_inclusion_verify(&p, &one, probe_number(probe, "leafIdx"),
		    probe_number(probe, "treeSize"), &two, &e) == 0;
	return path_consistency_verify(&p, probe_number(probe, "size1"), &one,
	    probe_number(probe, "size2"), &two, &e) == 0;
}

/* Descends into folders; counts the probes. */
static unsigned
probe_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	unsigned n = 0;

	ck_assert_msg(d != NULL, "%s", path);
	while ((entry = readdir(d)) != NULL) {
		char name[CORPORA_PATH_MAX + 300];
		struct stat sb;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		ck_assert_int_eq(stat(name, &sb), 0);
		if (S_ISDIR(sb.st_mode)) {
			n += probe_folder(name);
			continue;
		}

		json_error_t why;
		json_t *probe = json_load_file(name, JSON_DECODE_INT_AS_REAL, &why);

		ck_assert_msg(probe != NULL, "%s: %s", name, why.text);
		ck_assert_msg(accepts(probe) == json_is_false(json_object_get(probe, "wantErr")), "%s",
		    name);
		json_decref(probe);
		n++;
	}
	closedir(d);
	return n;
}

START_TEST(all_probes_of_another_project_are_judged_right)
{
	char path[CORPORA_PATH_MAX];

	if (!corpora_path(path, "conformance/tlog/transparency-dev-merkle/testdata"))
		return;
	ck_assert_uint_eq(probe_folder(path), 196);
}
END_TEST

static Suite *
path_suite(void)
{
	Suite *s = suite_create("proof/path");
	TCase *t = tcase_create("path");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, small_trees_agree_with_the_definitions);
	tcase_add_test(t, random_trees_of_up_to_5000_leaves_agree);
	tcase_add_test(t, roots_of_nodes_come_from_a_few_subtrees);
	tcase_add_test(t, what_cannot_be_asked_is_refused);
	tcase_add_test(t, the_largest_trees_have_proofs);
	tcase_add_test(t, all_probes_of_another_project_are_judged_right);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(path_suite)
