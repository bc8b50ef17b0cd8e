/*
 * format_range: a range of addresses as filters write it: 10.0.0.7, 10.0.0.0/8
 * or 10.0.0.1-10.0.0.9.
 */
#include "filter/tree.h"

/* How many leading bits the two have in common. */
static unsigned
common_bits(const uint8_t *a, const uint8_t *b, unsigned bytes)
{
	unsigned i = 0;

	while (i < bytes && a[i] == b[i])
		i++;
	return i == bytes ? 8 * bytes : 8 * i + (unsigned)__builtin_clz((unsigned)(a[i] ^ b[i])) - 24;
}

static void
put_ip(struct buf *out, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	buf_add(out, text, ip_format(ip, text));
}

/* Whether behind the first `bits` bits one is all 0 and the other all 1. */
static bool
is_network(const uint8_t *first, const uint8_t *last, unsigned bits, unsigned bytes)
{
	for (unsigned i = bits; i < 8 * bytes; i++) {
		unsigned mask = 0x80u >> (i % 8);

		if ((first[i / 8] & mask) != 0 || (last[i / 8] & mask) == 0)
			return false;
	}
	return true;
}

/* 10.0.0.7, 10.0.0.0/8 or, where the bounds are no network's, A-B. */
void
filter_format_range(struct buf *out, const struct ip_range *r)
{
	unsigned bytes = r->first.v6 ? 16 : 4;
	const uint8_t *first = r->first.b, *last = r->last.b;
	unsigned bits = common_bits(first, last, bytes);

	put_ip(out, &r->first);
	if (bits == 8 * bytes)
		return;
	if (is_network(first, last, bits, bytes)) {
		buf_printf(out, "/%u", bits);
	} else {
		buf_byte(out, '-');
		put_ip(out, &r->last);
	}
}
