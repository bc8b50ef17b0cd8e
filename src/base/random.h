/* random: bytes from the kernel (getrandom). */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *p, size_t n);
uint64_t random_u64(void);

/* A UUID version 7 of time us (RFC 9562), lower case, with NUL.  Numbers made
 * by one generator within one millisecond keep their order. */
struct uuid7 {
	int64_t last_ms;
	uint32_t counter;
};
void uuid7_next(struct uuid7 *g, int64_t us, char out[37]);

#endif
