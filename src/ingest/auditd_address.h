/* auditd_address: socket addresses in records, saddr=02000050A9FEA9FE... */
#ifndef INGEST_AUDITD_ADDRESS_H
#define INGEST_AUDITD_ADDRESS_H

#include "base/ip.h"
#include "base/mem.h"
#include "base/bytes.h"

struct auditd_address {
	char ip[IP_TEXT_MAX];
	size_t ip_len;   /* 0: none */
	uint16_t port;
	struct str path; /* of a Unix socket, '@' before an abstract name; p NULL: none */
};

/*
 * A struct sockaddr of Linux in upper-case hexadecimal: the family in the
 * byte order of a little-endian machine or else of a big-endian one, port and
 * address in network order.  Returns false when it is none of the internet or
 * a Unix socket with a name, or too short.  The path is in a.
 */
bool auditd_address_parse(struct auditd_address *out, struct str hex, struct arena *a);

#endif
