/*
 * utf8: validity, code points, and columns on a terminal.
 *
 * Logs are nearly all ASCII: validity skips that sixteen bytes at a time and
 * looks at the rest one code point after the other.
 */
#include "base/utf8.h"

#include <uniwidth.h>

#include "base/simd.h"

static inline bool
is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/*
 * The length of the well-formed sequence at p, or 0 (Unicode 15, table 3-7):
 * the second byte is narrower behind e0 and f0 (overlong), ed (surrogates)
 * and f4 (beyond U+10FFFF).
 */
static inline size_t
sequence(const unsigned char *p, size_t len)
{
	unsigned char c = p[0];

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || len < 2 || !is_tail(p[1]))
		return 0;
	if (c < 0xe0)
		return 2;
	if (len < 3 || !is_tail(p[2]))
		return 0;
	if (c < 0xf0)
		return (c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) ? 0 : 3;
	if (len < 4 || !is_tail(p[3]) || c > 0xf4)
		return 0;
	return (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f) ? 0 : 4;
}

size_t
utf8_valid_prefix(const char *p, size_t len)
{
	size_t at = 0;

	while ((at += simd_ascii(p + at, len - at)) < len) {
		size_t n;

		/* Other scripts come in runs. */
		do {
			n = sequence((const unsigned char *)p + at, len - at);
			if (n == 0)
				return at;
			at += n;
		} while (at < len && (p[at] & 0x80));
	}
	return len;
}

size_t
utf8_encode(char out[4], uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

size_t
utf8_decode(const char *p, size_t len, uint32_t *cp)
{
	const unsigned char *b = (const unsigned char *)p;
	size_t n = sequence(b, len);

	switch (n) {
	case 1:
		*cp = b[0];
		break;
	case 2:
		*cp = (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
		break;
	case 3:
		*cp = (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
		break;
	case 4:
		*cp = (b[0] & 0x07u) << 18 | (b[1] & 0x3fu) << 12 | (b[2] & 0x3fu) << 6 |
		    (b[3] & 0x3fu);
		break;
	}
	return n;
}

int
utf8_width(uint32_t cp)
{
	if (cp >= 0x20 && cp < 0x7f)
		return 1;
	return cp == 0 ? -1 : uc_width(cp, "UTF-8"); /* which counts NUL as nothing */
}
