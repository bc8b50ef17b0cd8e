/*
 * mem: allocation that cannot fail, and arenas.
 *
 * Out of memory ends the process with a message and status 2: the only place
 * in the library that exits.  Nothing acknowledged is lost by that, because
 * acknowledged means committed.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t n);             /* n may be 0; never NULL */
void *mem_zero(size_t n, size_t size); /* as calloc */
void *mem_resize(void *p, size_t n);
char *mem_strdup(const char *s);
void *mem_dup(const void *p, size_t n); /* n bytes and a NUL behind them */

/* Makes room for `want` elements of `size` bytes in *p, which has room for
 * *cap; grows by half at least.  *p may have moved. */
void mem_grow(void *p, size_t *cap, size_t want, size_t size);

/* An arena hands out bytes that live until the next reset. */
struct arena {
	struct arena_block *first, *current;
	size_t used;      /* in the current block */
	size_t requested; /* bytes handed out since the last reset */
};

void *arena_alloc(struct arena *a, size_t n);                 /* aligned to 8 */
char *arena_bytes(struct arena *a, size_t n);                 /* not aligned */
char *arena_copy(struct arena *a, const void *p, size_t n);   /* with a NUL behind */
void arena_reset(struct arena *a); /* keeps the memory for the next round */
void arena_fini(struct arena *a);

#endif
