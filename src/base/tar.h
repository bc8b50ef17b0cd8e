/*
 * tar: the headers of one strict kind of archive: POSIX ustar, regular files
 * only, mode 0644, owner 0, names of plain characters.  Every byte of a header
 * follows from name, size and time, so that one is read by making it again:
 * links, devices, long names, other owners and slack bytes are all refused by
 * being different.
 */
#ifndef BASE_TAR_H
#define BASE_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK 512
#define TAR_NAME_MAX 99
#define TAR_SIZE_MAX ((UINT64_C(1) << 33) - 1) /* 8 GiB less one: what the field holds */

/* Parts of letters, digits, - _ and ., with one / between; none is . or .. */
bool tar_name_valid(const char *name);

/* false: no such name, or too large; the time is in whole seconds since 1970. */
bool tar_header(char out[TAR_BLOCK], const char *name, uint64_t size, uint64_t seconds);

struct tar_member {
	char name[TAR_NAME_MAX + 1];
	uint64_t size, seconds;
};
/* true: exactly what tar_header makes of *m. */
bool tar_header_parse(const char block[TAR_BLOCK], struct tar_member *m);

/* Bytes of zeros behind a member, up to a whole block.  The archive ends with
 * two blocks of zeros. */
size_t tar_padding(uint64_t size);

#endif
