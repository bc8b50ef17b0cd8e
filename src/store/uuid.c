/*
 * uuid: UUIDs as two big-endian numbers (see uuid.h).
 */
#include "store/uuid.h"

enum { DIGIT = 0x10 };

/* DIGIT and the value of a lower-case digit, 0 for all other bytes. */
static const uint8_t digits[256] = {
	['0'] = 0x10, ['1'] = 0x11, ['2'] = 0x12, ['3'] = 0x13, ['4'] = 0x14, ['5'] = 0x15,
	['6'] = 0x16, ['7'] = 0x17, ['8'] = 0x18, ['9'] = 0x19, ['a'] = 0x1a, ['b'] = 0x1b,
	['c'] = 0x1c, ['d'] = 0x1d, ['e'] = 0x1e, ['f'] = 0x1f
};

static inline uint64_t
parse_digits(const char *p, int n, unsigned *all)
{
	uint64_t v = 0;

	for (int i = 0; i < n; i++) {
		uint8_t d = digits[(uint8_t)p[i]];
		*all &= d;
		v = v << 4 | (d & 0xf);
	}
	return v;
}

bool
uuid_parse(const char *p, size_t len, uint64_t out[2])
{
	unsigned all = DIGIT;

	if (len != UUID_TEXT_LEN || p[8] != '-' || p[13] != '-' || p[18] != '-' || p[23] != '-')
		return false;
	out[0] = parse_digits(p, 8, &all) << 32 | parse_digits(p + 9, 4, &all) << 16 |
	    parse_digits(p + 14, 4, &all);
	out[1] = parse_digits(p + 19, 4, &all) << 48 | parse_digits(p + 24, 4, &all) << 32 |
	    parse_digits(p + 28, 8, &all);
	return all & DIGIT;
}

static inline char *
format_digits(char *to, uint64_t v, int n)
{
	for (int i = 4 * (n - 1); i >= 0; i -= 4)
		*to++ = "0123456789abcdef"[v >> i & 0xf];
	return to;
}

void
uuid_format(uint64_t high, uint64_t low, char *text)
{
	text = format_digits(text, high >> 32, 8);
	*text++ = '-';
	text = format_digits(text, high >> 16, 4);
	*text++ = '-';
	text = format_digits(text, high, 4);
	*text++ = '-';
	text = format_digits(text, low >> 48, 4);
	*text++ = '-';
	format_digits(text, low, 12);
}

/* The differing bits of one half, run by run. */
void
uuid_half_init(struct uuid_half *h, uint64_t differing, uint64_t common)
{
	unsigned bit = 0;

	*h = (struct uuid_half){ .common = common };
	while (bit < 64 && differing >> bit) {
		bit += (unsigned)__builtin_ctzll(differing >> bit);
		uint64_t rest = ~(differing >> bit);
		unsigned len = rest ? (unsigned)__builtin_ctzll(rest) : 64;
		if (len > 64 - bit)
			len = 64 - bit;
		h->run[h->runs++] = (struct uuid_run){ len == 64 ? UINT64_MAX : bits_mask(len),
			(uint8_t)bit, (uint8_t)h->width };
		h->width += len;
		bit += len;
	}
}
