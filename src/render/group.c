/* group: the values of a summary's group, which are joined by SUMMARY_GAP. */
#include "render/format.h"

size_t
render_group(struct str value, struct str *part, size_t n)
{
	size_t parts = 0;

	while (parts < n) {
		const char *end = parts + 1 < n ? memchr(value.p, SUMMARY_GAP, value.len) : NULL;
		size_t len = end ? (size_t)(end - value.p) : value.len;

		part[parts++] = (struct str){ value.p, len };
		if (end == NULL)
			break;
		value.p += len + 1;
		value.len -= len + 1;
	}
	return parts;
}
