/*
 * group: the values that several fields have together.
 *
 * In: values joined by SUMMARY_GAP.   Out: the values, each by itself.
 */
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

void
render_group_json(struct buf *out, struct str value, const struct selector *by, size_t n)
{
	struct str part[RENDER_GROUP_MAX];
	size_t parts = render_group(value, part, n);

	for (size_t k = 0; k < parts; k++) {
		json_quote(out, by[k].text);
		buf_byte(out, ':');
		json_quote(out, part[k]);
		buf_byte(out, ',');
	}
}

void
render_group_csv(struct buf *out, struct str value, size_t n)
{
	struct str part[RENDER_GROUP_MAX];
	size_t parts = render_group(value, part, n);

	for (size_t k = 0; k < parts; k++) {
		render_csv_cell(out, part[k], false);
		buf_byte(out, ',');
	}
}

void
render_group_words(struct buf *out, struct str value, size_t n)
{
	struct str part[RENDER_GROUP_MAX];
	size_t parts = render_group(value, part, n);

	for (size_t k = 0; k < parts; k++) {
		if (k > 0)
			buf_str(out, STR(" | "));
		buf_str(out, part[k].len > 0 ? STR("") : STR("-"));
		render_safe(out, part[k]);
	}
}

void
render_group_header(struct buf *out, const struct selector *by, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		render_csv_cell(out, by[k].text, false);
		buf_byte(out, ',');
	}
}
