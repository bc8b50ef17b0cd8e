/*
 * base64: nettle's, group by group.
 *
 * nettle skips white space.  Whatever a version of it lets by, each group is
 * written again and compared.  Secret keys come by here: what was decoded is
 * wiped.
 */
#include "base/base64.h"

#include <string.h>

#include <nettle/base64.h>

enum { GROUP_BYTES = 3, GROUP_TEXT = 4 };

void
base64_format(char *out, const void *p, size_t n)
{
	base64_encode_raw(out, n, p);
}

void
base64_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	buf_reserve(b, BASE64_LEN(n));
	base64_format(b->p + b->len, p, n);
	b->len += BASE64_LEN(n);
}

/* The bytes of one group, 0 when it is not canonical. */
static size_t
parse_group(uint8_t bytes[BASE64_DECODE_LENGTH(GROUP_TEXT)], const char *text)
{
	char again[GROUP_TEXT];
	struct base64_decode_ctx ctx;
	size_t n = 0;

	base64_decode_init(&ctx);
	if (!base64_decode_update(&ctx, &n, bytes, GROUP_TEXT, text) ||
	    !base64_decode_final(&ctx) || n == 0 || n > GROUP_BYTES)
		return 0;
	base64_format(again, bytes, n);
	if (memcmp(again, text, GROUP_TEXT) != 0)
		n = 0;
	explicit_bzero(again, sizeof(again));
	return n;
}

bool
base64_parse(struct str text, uint8_t *out, size_t max, size_t *len)
{
	uint8_t bytes[BASE64_DECODE_LENGTH(GROUP_TEXT)];
	bool good = text.len % GROUP_TEXT == 0;

	*len = 0;
	for (size_t at = 0; good && at < text.len; at += GROUP_TEXT) {
		size_t n = parse_group(bytes, text.p + at);

		good = n == GROUP_BYTES || (n > 0 && at + GROUP_TEXT == text.len);
		for (size_t i = 0; good && i < n; i++, ++*len)
			if (out != NULL && *len < max)
				out[*len] = bytes[i];
	}
	explicit_bzero(bytes, sizeof(bytes));
	return good;
}

bool
base64_parse_exact(struct str text, uint8_t *out, size_t n)
{
	size_t len;

	return text.len == BASE64_LEN(n) && base64_parse(text, out, n, &len) && len == n;
}
