/*
 * tar: headers of archives, made and read (see tar.h).
 *
 *	offset 0 name, 100 mode, 108 uid, 116 gid, 124 size, 136 mtime,
 *	148 checksum, 156 type, 257 "ustar" NUL "00", 329 major, 337 minor
 */
#include "base/tar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CHECKSUM_AT 148
#define SECONDS_MAX ((UINT64_C(1) << 33) - 1)

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	    c == '.';
}

bool
tar_name_valid(const char *name)
{
	size_t n = strnlen(name, TAR_NAME_MAX + 1), part = 0;

	if (n == 0 || n > TAR_NAME_MAX)
		return false;
	for (size_t i = 0; i <= n; i++) {
		if (i < n && is_plain(name[i])) {
			part++;
			continue;
		}
		if (i < n && name[i] != '/')
			return false;
		if (part == 0 || (part <= 2 && strncmp(&name[i - part], "..", part) == 0))
			return false;
		part = 0;
	}
	return true;
}

/* Octal digits and a NUL. */
static void
put_octal(char *to, int digits, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%0*" PRIo64, digits, value);
	memcpy(to, text, (size_t)digits);
}

static unsigned
checksum(const char block[TAR_BLOCK])
{
	unsigned sum = 0;

	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= CHECKSUM_AT && i < CHECKSUM_AT + 8 ? ' ' : (unsigned char)block[i];
	return sum;
}

bool
tar_header(char out[TAR_BLOCK], const char *name, uint64_t size, uint64_t seconds)
{
	if (!tar_name_valid(name) || size > TAR_SIZE_MAX || seconds > SECONDS_MAX)
		return false;
	memset(out, 0, TAR_BLOCK);
	memcpy(out, name, strlen(name));
	put_octal(out + 100, 7, 0644);
	put_octal(out + 108, 7, 0);
	put_octal(out + 116, 7, 0);
	put_octal(out + 124, 11, size);
	put_octal(out + 136, 11, seconds);
	out[156] = '0';
	memcpy(out + 257, "ustar\00000", 8);
	put_octal(out + 329, 7, 0);
	put_octal(out + 337, 7, 0);
	put_octal(out + CHECKSUM_AT, 6, checksum(out));
	out[CHECKSUM_AT + 7] = ' ';
	return true;
}

static uint64_t
get_octal(const char *p, size_t digits)
{
	uint64_t value = 0;

	for (size_t i = 0; i < digits && p[i] >= '0' && p[i] <= '7'; i++)
		value = value << 3 | (uint64_t)(p[i] - '0');
	return value;
}

bool
tar_header_parse(const char block[TAR_BLOCK], struct tar_member *m)
{
	char again[TAR_BLOCK];

	memcpy(m->name, block, TAR_NAME_MAX);
	m->name[TAR_NAME_MAX] = '\0';
	m->size = get_octal(block + 124, 11);
	m->seconds = get_octal(block + 136, 11);
	return tar_header(again, m->name, m->size, m->seconds) && memcmp(again, block, TAR_BLOCK) == 0;
}

size_t
tar_padding(uint64_t size)
{
	return (TAR_BLOCK - (size_t)(size % TAR_BLOCK)) % TAR_BLOCK;
}
