/*
 * auditd_address: socket addresses in records.
 *
 * In: saddr=02000050A9FEA9FE0000000000000000.   Out: 169.254.169.254, port 80.
 */
#include "ingest/auditd_address.h"

#include "base/utf8.h"
#include "ingest/auditd_record.h"

/* Linux's numbers, whatever machine this runs on. */
#define FAMILY_UNIX 1
#define FAMILY_INET 2
#define FAMILY_INET6 10
/* struct sockaddr_un: two bytes of family, 108 of path. */
#define SADDR_MAX 256

static void
set_ip(struct auditd_address *out, bool v6, const char *p)
{
	struct ip ip = { .v6 = v6 };

	memcpy(ip.b, p, v6 ? 16 : 4);
	out->ip_len = ip_format(&ip, out->ip);
	/* A v4 address within v6 is told as v4. */
	if (v6 && ip_parse(out->ip, out->ip_len, &ip))
		out->ip_len = ip_format(&ip, out->ip);
}

static bool
set_path(struct auditd_address *out, struct str bytes, struct arena *a)
{
	bool abstract = bytes.len > 1 && bytes.p[0] == '\0';
	const char *start = bytes.p + abstract;
	size_t len = strnlen(start, bytes.len - abstract);
	char *text;

	if (len == 0 || utf8_valid_prefix(start, len) < len)
		return false;
	text = arena_bytes(a, len + 1);
	text[0] = '@';
	memcpy(text + abstract, start, len);
	out->path = (struct str){ text, len + abstract };
	return true;
}

bool
auditd_address_parse(struct auditd_address *out, struct str hex, struct arena *a)
{
	struct str bytes;
	unsigned family;

	*out = (struct auditd_address){ .path = { NULL, 0 } };
	if (!auditd_is_hex(hex) || hex.len < 8 || hex.len > 2 * SADDR_MAX)
		return false;
	bytes = auditd_unhex(hex, a);
	if (bytes.p[0] != 0 && bytes.p[1] != 0)
		return false;
	family = (unsigned char)(bytes.p[0] | bytes.p[1]);
	if (family == FAMILY_UNIX)
		return set_path(out, (struct str){ bytes.p + 2, bytes.len - 2 }, a);
	out->port = get_be16((const uint8_t *)bytes.p + 2);
	if (family == FAMILY_INET && bytes.len >= 8)
		set_ip(out, false, bytes.p + 4);
	else if (family == FAMILY_INET6 && bytes.len >= 24)
		set_ip(out, true, bytes.p + 8);
	return out->ip_len > 0;
}
