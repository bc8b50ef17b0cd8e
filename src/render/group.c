/* group: the values of a summary's group, which are joined by SUMMARY_GAP. */
#include "render/format.h"

#include <inttypes.h>

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

void
render_group_json(struct buf *out, const struct tally_entry *group, const struct selector *by, size_t n)
{
	struct str part[RENDER_GROUP_MAX];
	size_t parts = render_group(group->value, part, n);

	buf_byte(out, '{');
	for (size_t k = 0; k < parts; k++) {
		json_quote(out, by[k].text);
		buf_byte(out, ':');
		json_quote(out, part[k]);
		buf_byte(out, ',');
	}
	buf_printf(out, "\"count\":%" PRIu64 "}", group->count);
}
