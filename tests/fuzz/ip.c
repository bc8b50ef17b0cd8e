/*
 * ip: whatever is taken for an address is one to inet_pton as well, and comes
 * back from its canonical text; ranges are in order.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int truth)
{
	if (!truth)
		abort();
}

static void
check_address(const char *text, size_t size)
{
	char copy[IP_TEXT_MAX + 1], out[IP_TEXT_MAX];
	uint8_t bytes[16];
	struct ip ip, back;
	int is_v4 = 0, is_v6 = 0, ok = ip_parse(text, size, &ip);

	if (size <= IP_TEXT_MAX && memchr(text, '\0', size) == NULL) {
		memcpy(copy, text, size);
		copy[size] = '\0';
		is_v4 = inet_pton(AF_INET, copy, bytes) == 1;
		is_v6 = inet_pton(AF_INET6, copy, bytes) == 1;
	}
	require(ok == (is_v4 || is_v6));
	if (!ok)
		return;

	size_t n = ip_format(&ip, out);

	require(n > 0 && n <= IP_TEXT_MAX);
	require(ip_parse(out, n, &back));
	require(back.v6 == ip.v6 && memcmp(back.b, ip.b, sizeof(ip.b)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct ip_range r;

	check_address(text, size);
	if (ip_range_parse(text, size, &r)) {
		require(r.first.v6 == r.last.v6);
		require(ip_in_range(&r.first, &r) && ip_in_range(&r.last, &r));
	}
	return 0;
}
