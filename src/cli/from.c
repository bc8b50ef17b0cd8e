/* from: the foreign logs that auditd-ingest reads. */
#include "cli/from.h"

#include <stdlib.h>
#include <string.h>

#include "base/yaml_folder.h"
#include "render/grid.h"

const char *
from_mappings(void)
{
	const char *folder = getenv("AUDIT_MAPPINGS");

	return folder != NULL && folder[0] != '\0' ? folder : MAPPING_DIR;
}

int
from_names(struct str_list *out, struct err *e)
{
	static const char *const own[] = { "jsonl", "auditd", "auto" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		str_list_add(out, own[i], strlen(own[i]));
	return yaml_names(from_mappings(), out, e);
}

int
from_explain(struct outstream *out, const struct mapping *m, const struct event *ev,
    const struct mapping_reason *why, unsigned width, bool colour, struct err *e)
{
	static const struct grid_column columns[] = { { "FIELD", false, 0 }, { "VALUE", false, 20 }, { "FROM", false, 12 },
		{ "LINE", true, 0 } };
	struct grid g = GRID(columns);
	struct buf text = { 0 };
	int rc;

	for (int f = 0; f < FIELD_COUNT; f++) {
		if (!event_has(ev, (enum field)f))
			continue;
		buf_reset(&text);
		event_format_text(&text, ev, (enum field)f);
		grid_cell(&g, str_of(field_table[f].key));
		grid_cell(&g, buf_view(&text));
		grid_cell(&g, why[f].source.p != NULL ? why[f].source : STR("-"));
		if (why[f].line > 0)
			grid_printf(&g, "%zu", why[f].line);
		else
			grid_cell(&g, STR("-"));
	}
	buf_reset(&text);
	buf_printf(&text, "%s, mapping %s\n", mapping_title(m), mapping_name(m));
	grid_print(&g, &text, width, colour);
	rc = outstream_write(out, text.p, text.len, e);
	grid_fini(&g);
	buf_fini(&text);
	return rc;
}
