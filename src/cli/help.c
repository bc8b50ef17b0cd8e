/*
 * help: option tables as text for people (--help) and for completion
 * (--list-options).
 */
#include "cli/opt.h"

#define HELP_WIDTH 79
#define HELP_COLUMN 27 /* where the explanation begins */

static void
pad(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_byte(out, ' ');
}

/* Words of `text` from column HELP_COLUMN, broken before HELP_WIDTH. */
static void
wrap(struct buf *out, const char *text)
{
	size_t column = HELP_COLUMN;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column > HELP_COLUMN && column + 1 + word > HELP_WIDTH) {
			buf_byte(out, '\n');
			pad(out, HELP_COLUMN);
			column = HELP_COLUMN;
		} else if (column > HELP_COLUMN) {
			buf_byte(out, ' ');
			column++;
		}
		buf_add(out, text, word);
		column += word;
		text += word + strspn(text + word, " ");
	}
	buf_byte(out, '\n');
}

static int
visit_help(void *arg, const struct opt *o, size_t offset)
{
	struct buf *out = arg;
	size_t start, width;

	(void)offset;
	if (o->type == OPT_HEADING) {
		buf_printf(out, "\n%s:\n", o->help);
		return 0;
	}
	if (!o->help)
		return 0;
	start = out->len;
	if (o->letter)
		buf_printf(out, "  -%c, --%s", o->letter, o->name);
	else
		buf_printf(out, "      --%s", o->name);
	if (o->arg)
		buf_printf(out, " %s", o->arg);
	width = out->len - start;
	if (width + 2 > HELP_COLUMN) {
		buf_byte(out, '\n');
		width = 0;
	}
	pad(out, HELP_COLUMN - width);
	wrap(out, o->help);
	return 0;
}

void
opt_help(const struct opt *table, struct buf *out)
{
	opt_each(table, 0, visit_help, out);
}

const char *
opt_value_name(enum opt_value v)
{
	switch (v) {
	case VALUE_FILE: return "file";
	case VALUE_DIR: return "dir";
	case VALUE_FORMAT: return "format";
	case VALUE_FIELD: return "field";
	case VALUE_SEVERITY: return "severity";
	case VALUE_OUTCOME: return "outcome";
	case VALUE_WHEN: return "when";
	case VALUE_CLOCK: return "clock";
	case VALUE_FROM: return "from";
	case VALUE_RULE: return "rule";
	case VALUE_CONTROL: return "control";
	case VALUE_FULL: return "full";
	case VALUE_ACK: return "ack";
	case VALUE_FACILITY: return "facility";
	case VALUE_FRAMING: return "framing";
	case VALUE_CATEGORY: return "category";
	case VALUE_ACTION: return "action";
	case VALUE_CHANNEL: return "channel";
	case VALUE_SOURCE: return "source";
	case VALUE_TENANT: return "tenant";
	case VALUE_SAVED: return "saved";
	case VALUE_ANY: break;
	}
	return "any";
}

static int
visit_list(void *arg, const struct opt *o, size_t offset)
{
	struct buf *out = arg;

	(void)offset;
	if (o->type == OPT_HEADING || !o->help)
		return 0;
	buf_printf(out, "--%s\t", o->name);
	if (o->letter)
		buf_printf(out, "-%c\t", o->letter);
	else
		buf_printf(out, "-\t");
	buf_printf(out, "%s\t%s\n", o->type == OPT_FLAG ? "none" : opt_value_name(o->value), o->help);
	return 0;
}

void
opt_list(const struct opt *table, struct buf *out)
{
	opt_each(table, 0, visit_list, out);
}
