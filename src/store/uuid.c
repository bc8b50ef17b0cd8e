/*
 * uuid: UUIDs as two big-endian numbers (see uuid.h).
 */
#include "store/uuid.h"

#include "base/bytes.h"

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

#define EACH UINT64_C(0x0101010101010101)

/* Eight digits at once, a byte each, the first in the highest. */
static inline void
format_digits(char to[8], uint64_t v)
{
	uint64_t letter;

	v = (v | v << 16) & UINT64_C(0x0000ffff0000ffff);
	v = (v | v << 8) & UINT64_C(0x00ff00ff00ff00ff);
	v = (v | v << 4) & (EACH * 0x0f);
	letter = (v + EACH * 6) >> 4 & EACH; /* 10 and above */
	put_be64((uint8_t *)to, v + EACH * '0' + letter * ('a' - '9' - 1));
}

void
uuid_format(uint64_t high, uint64_t low, char *text)
{
	char all[32];

	format_digits(all, high >> 32);
	format_digits(all + 8, high & UINT32_MAX);
	format_digits(all + 16, low >> 32);
	format_digits(all + 24, low & UINT32_MAX);
	memcpy(text, all, 8);
	text[8] = '-';
	memcpy(text + 9, all + 8, 4);
	text[13] = '-';
	memcpy(text + 14, all + 12, 4);
	text[18] = '-';
	memcpy(text + 19, all + 16, 4);
	text[23] = '-';
	memcpy(text + 24, all + 20, 12);
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
