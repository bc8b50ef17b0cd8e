/* ip: addresses, networks and ranges of IPv4 and IPv6. */
#ifndef BASE_IP_H
#define BASE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Compared as 16 bytes, after the family.  A v4-mapped v6 address is v4. */
struct ip {
	uint8_t v6; /* 0 or 1 */
	uint8_t b[16];
};

#define IP_TEXT_MAX 46

/* Strict: four decimals without leading zeros, or RFC 4291 text; no zone. */
bool ip_parse(const char *p, size_t len, struct ip *out);

/* Canonical text (RFC 5952 for v6), not terminated; returns its length. */
size_t ip_format(const struct ip *ip, char out[IP_TEXT_MAX]);

struct ip_range {
	struct ip first, last; /* same family, both included */
};

/* ADDR, ADDR/BITS (host bits are ignored), A-B. */
bool ip_range_parse(const char *p, size_t len, struct ip_range *out);
bool ip_in_range(const struct ip *ip, const struct ip_range *r);

/* How the addresses of some ranges begin; starts as {0}. */
struct ip_beginnings {
	uint64_t v4_first[4]; /* a bit for each first byte */
	bool v6;
};
void ip_beginnings_add(struct ip_beginnings *b, const struct ip_range *r);
/* Whether by its beginning the text may be one of them: most are not, and need
 * not be parsed. */
static inline bool
ip_may_begin(const struct ip_beginnings *b, const char *p, size_t len)
{
	unsigned first = 0;
	size_t i = 0;

	for (; i < len && i < 3 && p[i] >= '0' && p[i] <= '9'; i++)
		first = first * 10 + (unsigned)(p[i] - '0');
	if (i > 0 && i < len && p[i] == '.')
		return first <= 255 && (b->v4_first[first / 64] >> first % 64 & 1);
	/* Of v6, or a mapped one, which begins with zeros or with none written. */
	return b->v6 || (len > 0 && (p[0] == ':' || p[0] == '0'));
}

#endif
