/* mem: growth, arenas, and the one way out. */
#include "unit.h"

#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

START_TEST(nothing_is_something)
{
	void *p = mem_alloc(0), *q = mem_zero(0, 8);

	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_nonnull(q);
	p = mem_resize(p, 0);
	ck_assert_ptr_nonnull(p);
	free(p);
	free(q);
}
END_TEST

START_TEST(dup_adds_a_nul)
{
	char *p = mem_dup("a\0b", 3), *q = mem_strdup("text"), *r = mem_dup(NULL, 0);

	ck_assert_mem_eq(p, "a\0b\0", 4);
	ck_assert_str_eq(q, "text");
	ck_assert_str_eq(r, "");
	free(p);
	free(q);
	free(r);
}
END_TEST

START_TEST(grow_keeps_the_elements_and_grows_by_half)
{
	int *list = NULL;
	size_t cap = 0, moves = 0;

	for (int i = 0; i < 100000; i++) {
		size_t before = cap;

		mem_grow(&list, &cap, (size_t)i + 1, sizeof(*list));
		moves += cap != before;
		ck_assert_uint_gt(cap, (size_t)i);
		list[i] = i;
	}
	for (int i = 0; i < 100000; i++)
		ck_assert_int_eq(list[i], i);
	ck_assert_uint_lt(moves, 30);
	free(list);
}
END_TEST

START_TEST(arena_pieces_do_not_overlap)
{
	enum { PIECES = 5000 };
	struct arena a = { 0 };
	static unsigned char *piece[PIECES];
	static size_t len[PIECES];

	for (int round = 0; round < 3; round++) {
		size_t sum = 0;

		for (size_t i = 0; i < PIECES; i++) {
			len[i] = i * 7919 % 500 + (i % 1000 == 0 ? 200000 : 0);
			piece[i] = i % 2 ? arena_alloc(&a, len[i]) : (void *)arena_bytes(&a, len[i]);
			if (i % 2)
				ck_assert_uint_eq((uintptr_t)piece[i] % 8, 0);
			memset(piece[i], (int)(i % 251), len[i]);
			sum += len[i];
		}
		ck_assert_uint_eq(a.requested, sum);
		for (size_t i = 0; i < PIECES; i++) {
			size_t same = 0;

			while (same < len[i] && piece[i][same] == i % 251)
				same++;
			ck_assert_uint_eq(same, len[i]);
		}
		arena_reset(&a);
		ck_assert_uint_eq(a.requested, 0);
	}
	arena_fini(&a);
}
END_TEST

START_TEST(arena_reset_keeps_the_memory)
{
	struct arena a = { 0 };
	char *first = arena_copy(&a, "first", 5);

	ck_assert_str_eq(first, "first");
	arena_reset(&a);
	ck_assert_ptr_eq(arena_copy(&a, "again", 5), first);
	arena_fini(&a);
	ck_assert_ptr_null(a.first);
	arena_fini(&a);
}
END_TEST

/* Runs f in a child whose stderr goes away; its exit status. */
static int
status_of(void (*f)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		close(STDERR_FILENO);
		f();
		_exit(0);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
grow_beyond_all_bounds(void)
{
	int *list = NULL;
	size_t cap = 0;

	mem_grow(&list, &cap, SIZE_MAX / 2, sizeof(*list));
}

static void
dup_beyond_all_bounds(void)
{
	free(mem_dup("", SIZE_MAX));
}

START_TEST(sizes_that_overflow_end_with_status_2)
{
	ck_assert_int_eq(status_of(grow_beyond_all_bounds), 2);
	ck_assert_int_eq(status_of(dup_beyond_all_bounds), 2);
}
END_TEST

static Suite *
mem_suite(void)
{
	Suite *s = suite_create("base/mem");
	TCase *t = tcase_create("mem");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, nothing_is_something);
	tcase_add_test(t, dup_adds_a_nul);
	tcase_add_test(t, grow_keeps_the_elements_and_grows_by_half);
	tcase_add_test(t, arena_pieces_do_not_overlap);
	tcase_add_test(t, arena_reset_keeps_the_memory);
	tcase_add_test(t, sizes_that_overflow_end_with_status_2);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(mem_suite)
