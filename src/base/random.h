/* random: bytes from the kernel (getrandom). */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void random_bytes(void *p, size_t n);
uint64_t random_u64(void);

/* A UUID version 7 of time us (RFC 9562), lower case, with NUL.  Numbers made
 * by one generator within one millisecond keep their order.  A generator
 * starts as {0}; times before 1970 count as 1970. */
struct uuid7 {
	int64_t last_ms;
	uint32_t counter;
	uint32_t left;      /* bytes of spare not used yet */
	bool started;
	uint8_t spare[240]; /* random bytes */
};
void uuid7_next(struct uuid7 *g, int64_t us, char out[37]);

#endif
