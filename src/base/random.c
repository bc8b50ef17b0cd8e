/* random: bytes from the kernel, and UUIDs of version 7. */
#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/bytes.h"

void
random_bytes(void *p, size_t n)
{
	char *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		/* No kernel of our time refuses; salts that are not random would be worse. */
		if (got <= 0)
			abort();
		at += got;
		n -= (size_t)got;
	}
}

uint64_t
random_u64(void)
{
	uint64_t v;

	random_bytes(&v, sizeof(v));
	return v;
}

/* Random bytes kept by the generator: one system call for many UUIDs. */
static void
uuid7_random(struct uuid7 *g, void *p, size_t n)
{
	if (g->left < n) {
		random_bytes(g->spare, sizeof(g->spare));
		g->left = sizeof(g->spare);
	}
	g->left -= (uint32_t)n;
	memcpy(p, g->spare + g->left, n);
	memset(g->spare + g->left, 0, n);
}

/* A new millisecond starts at a random count with room above. */
static void
uuid7_count(struct uuid7 *g, int64_t ms)
{
	if (ms == g->last_ms && g->started) {
		g->counter++;
		return;
	}
	uuid7_random(g, &g->counter, sizeof(g->counter));
	g->counter >>= 1;
	g->last_ms = ms;
	g->started = true;
}

/*
 * 48 bits of milliseconds, version, 12 bits of the counter, variant, 20 bits
 * of the counter, 42 random bits:
 * 019db939-8e80-7cc3-98c4-dc0c0c07398f
 */
void
uuid7_next(struct uuid7 *g, int64_t us, char out[37])
{
	static const char digit[] = "0123456789abcdef";
	int64_t ms = us < 0 ? 0 : us / 1000;
	uint8_t b[16];
	char *at = out;

	uuid7_count(g, ms);
	uuid7_random(g, b + 8, 8);
	put_be64(b, (uint64_t)ms << 16 | 0x7000 | g->counter >> 20);
	b[8] = (uint8_t)(0x80 | (g->counter >> 14 & 0x3f));
	b[9] = (uint8_t)(g->counter >> 6);
	b[10] = (uint8_t)((g->counter & 0x3f) << 2 | (b[10] & 3));
	for (size_t i = 0; i < sizeof(b); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = digit[b[i] >> 4];
		*at++ = digit[b[i] & 15];
	}
	*at = '\0';
}
