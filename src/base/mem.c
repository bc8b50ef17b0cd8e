/*
 * mem: allocation that cannot fail, and arenas.
 *
 * An arena is a list of blocks, each filled from its start.  A reset goes
 * back to the first block and keeps them all, so that after a few batches
 * the hot loop asks the allocator for nothing.
 */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BLOCK_MIN = 64 << 10,
	BLOCK_MAX = 4 << 20, /* larger only for a single larger piece */
	GROW_MIN = 8         /* elements of a first mem_grow */
};

struct arena_block {
	struct arena_block *next;
	size_t size;
	_Alignas(16) char bytes[];
};

static _Noreturn void
out_of_memory(void)
{
	static const char text[] = "audit: out of memory\n";

	/* Nothing that allocates, and no exit handlers in the middle of a batch. */
	ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)written;
	_exit(2);
}

void *
mem_alloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
mem_zero(size_t n, size_t size)
{
	void *p = n && size ? calloc(n, size) : calloc(1, 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
mem_resize(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (q == NULL)
		out_of_memory();
	return q;
}

char *
mem_strdup(const char *s)
{
	return mem_dup(s, strlen(s));
}

void *
mem_dup(const void *p, size_t n)
{
	if (n == SIZE_MAX)
		out_of_memory();

	char *q = mem_alloc(n + 1);

	if (n)
		memcpy(q, p, n);
	q[n] = '\0';
	return q;
}

void
mem_grow(void *p, size_t *cap, size_t want, size_t size)
{
	size_t n = *cap;
	size_t bytes;
	void *array;

	if (want <= n)
		return;
	if (__builtin_add_overflow(n, n / 2, &n) || n < want)
		n = want;
	if (n < GROW_MIN)
		n = GROW_MIN;
	if (__builtin_mul_overflow(n, size, &bytes))
		out_of_memory();

	/* p is the address of a T *; copied, since a T * is no void *. */
	memcpy(&array, p, sizeof(array));
	array = mem_resize(array, bytes);
	memcpy(p, &array, sizeof(array));
	*cap = n;
}

/* Puts a block with room for n behind the current one and makes it current. */
static void
arena_next_block(struct arena *a, size_t n)
{
	struct arena_block *next = a->current ? a->current->next : a->first;

	if (next == NULL || next->size < n) {
		size_t size = BLOCK_MIN;

		if (a->current != NULL)
			size = a->current->size < BLOCK_MAX / 2 ? a->current->size * 2 : BLOCK_MAX;
		if (size < n)
			size = n;
		if (size > SIZE_MAX - sizeof(struct arena_block))
			out_of_memory();

		struct arena_block *b = mem_alloc(sizeof(*b) + size);

		b->size = size;
		b->next = next;
		if (a->current)
			a->current->next = b;
		else
			a->first = b;
		next = b;
	}
	a->current = next;
	a->used = 0;
}

static char *
arena_take(struct arena *a, size_t n, size_t align)
{
	size_t at = (a->used + align - 1) & ~(align - 1);

	if (a->current == NULL || at > a->current->size || n > a->current->size - at) {
		arena_next_block(a, n);
		at = 0;
	}
	a->used = at + n;
	a->requested += n;
	return a->current->bytes + at;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	return arena_take(a, n, 8);
}

char *
arena_bytes(struct arena *a, size_t n)
{
	return arena_take(a, n, 1);
}

char *
arena_copy(struct arena *a, const void *p, size_t n)
{
	if (n == SIZE_MAX)
		out_of_memory();

	char *q = arena_take(a, n + 1, 1);

	if (n)
		memcpy(q, p, n);
	q[n] = '\0';
	return q;
}

void
arena_reset(struct arena *a)
{
	a->current = a->first;
	a->used = 0;
	a->requested = 0;
}

void
arena_fini(struct arena *a)
{
	struct arena_block *next;

	for (struct arena_block *b = a->first; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}
