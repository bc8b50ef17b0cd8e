/*
 * ip: addresses between text and bytes.
 *
 * IPv4 is parsed and printed by hand, since nearly every event has one; the
 * many spellings of IPv6 are left to inet_pton.
 */
#include "base/ip.h"

#include <arpa/inet.h>
#include <string.h>

/* The mapped addresses ::ffff:0:0/96. */
static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* One decimal of one to three digits, at most `max`, without leading zeros.
 * Moves *p; -1 when there is none. */
static int
decimal(const char **p, const char *end, int max)
{
	const char *at = *p;
	int v = 0;

	while (at < end && *at >= '0' && *at <= '9' && at - *p < 3)
		v = v * 10 + (*at++ - '0');
	if (at == *p || v > max || (**p == '0' && at - *p > 1))
		return -1;
	*p = at;
	return v;
}

static bool
parse_v4(const char *p, size_t len, uint8_t out[4])
{
	const char *end = p + len;

	for (int i = 0; i < 4; i++) {
		if (i > 0 && (p == end || *p++ != '.'))
			return false;

		int v = decimal(&p, end, 255);

		if (v < 0)
			return false;
		out[i] = (uint8_t)v;
	}
	return p == end;
}

static bool
parse_v6(const char *p, size_t len, uint8_t out[16])
{
	char text[IP_TEXT_MAX];

	if (len < 2 || len >= sizeof(text) || memchr(p, '\0', len) != NULL)
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	return inet_pton(AF_INET6, text, out) == 1;
}

/* As written: a mapped address stays v6. */
static bool
parse_raw(const char *p, size_t len, struct ip *out)
{
	*out = (struct ip){ 0 };
	if (parse_v4(p, len, out->b))
		return true;
	out->v6 = 1;
	return memchr(p, ':', len) != NULL && parse_v6(p, len, out->b);
}

static bool
is_mapped(const struct ip *ip)
{
	return ip->v6 && memcmp(ip->b, mapped, sizeof(mapped)) == 0;
}

static void
unmap(struct ip *ip)
{
	memmove(ip->b, ip->b + sizeof(mapped), 4);
	memset(ip->b + 4, 0, 12);
	ip->v6 = 0;
}

bool
ip_parse(const char *p, size_t len, struct ip *out)
{
	struct ip ip;

	if (len == 0 || !parse_raw(p, len, &ip))
		return false;
	if (is_mapped(&ip))
		unmap(&ip);
	*out = ip;
	return true;
}

static size_t
format_v4(const uint8_t b[4], char *out)
{
	char *at = out;

	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*at++ = '.';
		if (b[i] >= 100)
			*at++ = (char)('0' + b[i] / 100);
		if (b[i] >= 10)
			*at++ = (char)('0' + b[i] / 10 % 10);
		*at++ = (char)('0' + b[i] % 10);
	}
	return (size_t)(at - out);
}

/* The first of the longest runs of at least two zero groups; *len 0: none. */
static int
zero_run(const unsigned group[8], int *len)
{
	int best = 8;

	*len = 0;
	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && group[i + n] == 0)
			n++;
		if (n >= 2 && n > *len) {
			best = i;
			*len = n;
		}
		i += n;
	}
	return best;
}

/* RFC 5952 section 4: lower case, no leading zeros, one "::". */
static size_t
format_v6(const uint8_t b[16], char *out)
{
	static const char digit[] = "0123456789abcdef";
	unsigned group[8];
	char *at = out;
	int zeros;

	for (int i = 0; i < 8; i++)
		group[i] = (unsigned)b[2 * i] << 8 | b[2 * i + 1];

	int start = zero_run(group, &zeros);

	for (int i = 0; i < 8; i++) {
		if (i == start) {
			*at++ = ':';
			*at++ = ':';
			i += zeros - 1;
			continue;
		}
		if (i > 0 && at[-1] != ':')
			*at++ = ':';
		for (int shift = 12; shift >= 0; shift -= 4)
			if (shift == 0 || group[i] >> shift != 0)
				*at++ = digit[group[i] >> shift & 15];
	}
	return (size_t)(at - out);
}

size_t
ip_format(const struct ip *ip, char out[IP_TEXT_MAX])
{
	return ip->v6 ? format_v6(ip->b, out) : format_v4(ip->b, out);
}

/* ADDR/BITS.  The network of a mapped address with 96 bits or more is v4. */
static bool
parse_network(const char *p, const char *slash, const char *end, struct ip_range *out)
{
	struct ip ip;
	const char *at = slash + 1;

	if (!parse_raw(p, (size_t)(slash - p), &ip))
		return false;

	int bits = decimal(&at, end, ip.v6 ? 128 : 32);

	if (bits < 0 || at != end)
		return false;
	if (is_mapped(&ip) && bits >= 96) {
		unmap(&ip);
		bits -= 96;
	}
	out->first = out->last = ip;
	for (int i = 0; i < (ip.v6 ? 16 : 4); i++) {
		int inside = bits - 8 * i; /* bits of the network in this byte */
		int host = inside >= 8 ? 0 : inside <= 0 ? 0xff : 0xff >> inside;

		out->first.b[i] = (uint8_t)(out->first.b[i] & ~host);
		out->last.b[i] = (uint8_t)(out->last.b[i] | host);
	}
	return true;
}

bool
ip_range_parse(const char *p, size_t len, struct ip_range *out)
{
	const char *end = p + len, *at;
	struct ip_range r;

	if (len == 0)
		return false;
	if ((at = memchr(p, '/', len)) != NULL) {
		if (!parse_network(p, at, end, &r))
			return false;
	} else if ((at = memchr(p, '-', len)) != NULL) {
		if (!ip_parse(p, (size_t)(at - p), &r.first) ||
		    !ip_parse(at + 1, (size_t)(end - at - 1), &r.last))
			return false;
		if (r.first.v6 != r.last.v6 || memcmp(r.first.b, r.last.b, 16) > 0)
			return false;
	} else {
		if (!ip_parse(p, len, &r.first))
			return false;
		r.last = r.first;
	}
	*out = r;
	return true;
}

static inline uint64_t
half(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap64(v) : v;
}

/* As two numbers each; a v4 address is in the first. */
static inline bool
ascend(const struct ip *a, const struct ip *b)
{
	uint64_t high_a = half(a->b), high_b = half(b->b);

	return high_a != high_b ? high_a < high_b : half(a->b + 8) <= half(b->b + 8);
}

bool
ip_in_range(const struct ip *ip, const struct ip_range *r)
{
	return ip->v6 == r->first.v6 && ascend(&r->first, ip) && ascend(ip, &r->last);
}

void
ip_beginnings_add(struct ip_beginnings *b, const struct ip_range *r)
{
	b->v6 |= r->first.v6;
	for (unsigned byte = r->first.b[0]; !r->first.v6 && byte <= r->last.b[0]; byte++)
		b->v4_first[byte / 64] |= UINT64_C(1) << byte % 64;
}
