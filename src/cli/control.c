/*
 * control: a control's file, read strictly.
 *
 *	control: soc2:CC7.2
 *	framework: SOC 2, Trust Services Criteria 2017
 *	title: Monitoring for anomalies
 *	requirement: The components of the system are watched for ...
 *	selection: Sign-ins and what changes rights ...
 *	where: category in (AUTHENTICATION, SECURITY)
 *	shows:
 *	  coverage: That nothing of the period is missing ...
 */
#include "cli/control.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "base/yaml_folder.h"
#include "filter/filter.h"

const char *const control_parts[PART_COUNT] = {
	"events", "proof", "manifest", "table", "coverage", "verification", "retention", "holds", "key"
};

/* What a part shows whatever the control is. */
static const char *const usual[PART_COUNT] = {
	[PART_EVENTS] = "The events, one JSON object a line, exactly as the log has them.",
	[PART_PROOF] = "That each of these lines is an event of the signed log, unchanged, and none was taken out of "
	    "the file.",
	[PART_MANIFEST] = "By which filter and for which time the events were chosen, how many they are, and under which "
	    "signed checkpoint.",
	[PART_TABLE] = "The same events as a table for a spreadsheet. What counts is the file of events.",
	[PART_COVERAGE] = "Whether part of the period was removed from the log, how many lines were refused, and which "
	    "sources were silent for longer than they usually are.",
	[PART_VERIFICATION] = "That the whole log was verified when the pack was made, and up to where it was signed.",
	[PART_RETENTION] = "How long which events are kept, as the configuration said when the pack was made.",
	[PART_HOLDS] = "Which legal holds keep events from being removed.",
	[PART_KEY] = "The log's first verifier key. Compare it with the one that you were given by another way: it is "
	    "what the proof is checked with."
};

/* ---- the file ---- */

/* One text of 1 to CONTROL_TEXT_MAX bytes; yours. */
static int
read_text(struct yaml *y, const char *key, char **out, struct err *e)
{
	struct str text;

	if (yaml_text(y, key, &text, e) != 0)
		return -1;
	if (text.len == 0 || text.len > CONTROL_TEXT_MAX)
		return yaml_fault(y, e, "%s: 1 to %d bytes of text", key, CONTROL_TEXT_MAX);
	free(*out);
	*out = mem_dup(text.p, text.len);
	return 0;
}

static int
read_shows(struct yaml *y, struct control *c, struct err *e)
{
	uint64_t seen = 0;
	size_t which;
	int rc;

	if (yaml_mapping(y, "shows", e) != 0)
		return -1;
	while ((rc = yaml_key(y, control_parts, PART_COUNT, &seen, &which, e)) > 0)
		if (read_text(y, control_parts[which], &c->shows[which], e) != 0)
			return -1;
	return rc;
}

/* Whether it is a filter, and none that says when: the pack's window is typed. */
static int
check_where(struct yaml *y, struct yaml_place at, const struct control *c, struct err *e)
{
	struct filter_args args = { 0 };
	struct err why = ERR_NONE;
	struct filter *f;
	int rc = 0;

	str_list_add(&args.where, c->where, strlen(c->where));
	f = filter_build(&args, 0, &why);
	if (f == NULL)
		rc = yaml_fault_at(y, at, e, "%s", why.text);
	else if (f->stated_window)
		rc = yaml_fault_at(y, at, e, "where: the time is not part of a control");
	filter_free(f);
	filter_args_fini(&args);
	return rc;
}

/* Letters, digits and : . - _, so that it can be a file's name and be typed. */
static bool
is_name(const char *s)
{
	return strlen(s) <= 64 && s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:.-_")] == '\0';
}

static int
read_control(struct yaml *y, struct control *c, struct err *e)
{
	static const char *const keys[] = { "control", "framework", "title", "requirement", "selection", "where", "shows" };
	char **const text[] = { &c->name, &c->framework, &c->title, &c->requirement, &c->selection, &c->where };
	struct yaml_place where = { 1, 1 };
	uint64_t seen = 0;
	size_t which;
	int rc = yaml_document(y, e);
	bool any = rc > 0;

	while (any && (rc = yaml_key(y, keys, 7, &seen, &which, e)) > 0) {
		rc = which < 6 ? read_text(y, keys[which], text[which], e) : read_shows(y, c, e);
		if (rc == 0 && which == 0 && !is_name(c->name))
			rc = yaml_fault(y, e, "control: at most 64 letters, digits and : . - _");
		if (which == 5)
			where = yaml_place(y);
		if (rc < 0)
			break;
	}
	for (size_t i = 0; rc == 0 && i < 6; i++)
		if (*text[i] == NULL)
			rc = yaml_fault(y, e, "%s: is missing", keys[i]);
	return rc == 0 ? check_where(y, where, c, e) : -1;
}

static int
finish(struct control *c, struct yaml *y, struct err *e)
{
	int rc = y != NULL ? read_control(y, c, e) : -1;

	for (size_t i = 0; rc == 0 && i < PART_COUNT; i++)
		if (c->shows[i] == NULL)
			c->shows[i] = mem_strdup(usual[i]);
	yaml_close(y);
	return rc;
}

int
control_parse(struct control *c, const char *name, struct str text, struct err *e)
{
	return finish(c, yaml_new(name, text, e), e);
}

/* ---- the folder ---- */

const char *
control_folder(void)
{
	const char *folder = getenv("AUDIT_CONTROLS");

	return folder != NULL && folder[0] != '\0' ? folder : CONTROL_DIR;
}

/* soc2-CC7.2.yaml is soc2:CC7.2: a colon is not welcome everywhere in a name. */
static void
exchange(char *name, char from, char to)
{
	char *at = strchr(name, from);

	if (at != NULL)
		*at = to;
}

int
control_names(struct str_list *out, struct err *e)
{
	if (yaml_names(control_folder(), out, e) != 0)
		return -1;
	for (size_t i = 0; i < out->n; i++)
		exchange(out->item[i], '-', ':');
	return 0;
}

int
control_read(struct control *c, const char *name, struct err *e)
{
	struct str_list names = { 0 };
	struct buf path = { 0 };
	size_t folder;
	int rc;

	if (yaml_is_path(name))
		return finish(c, yaml_open(name, e), e);
	rc = control_names(&names, e);
	if (rc == 0 && (rc = yaml_check_name("control", control_folder(), name, &names, e)) == 0) {
		buf_printf(&path, "%s/", control_folder());
		folder = path.len;
		buf_printf(&path, "%s.yaml%c", name, '\0');
		exchange(path.p + folder, ':', '-');
		rc = finish(c, yaml_open(path.p, e), e);
	}
	buf_fini(&path);
	str_list_fini(&names);
	return rc;
}

void
control_fini(struct control *c)
{
	char **const text[] = { &c->name, &c->framework, &c->title, &c->requirement, &c->selection, &c->where };

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		free(*text[i]);
	for (size_t i = 0; i < PART_COUNT; i++)
		free(c->shows[i]);
}
