/* control: any bytes are a control or refused with words; one that is read has
 * all its texts, within their limit, and a filter that says nothing of time. */
#include <stdint.h>
#include <stdlib.h>

#include "cli/control.h"
#include "filter/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text)
{
	if (text == NULL || text[0] == '\0' || strlen(text) > CONTROL_TEXT_MAX)
		abort();
}

static void
check_control(const struct control *c)
{
	struct filter_args args = { 0 };
	struct err e = ERR_NONE;
	struct filter *f;

	check_text(c->name);
	check_text(c->framework);
	check_text(c->title);
	check_text(c->requirement);
	check_text(c->selection);
	check_text(c->where);
	for (int i = 0; i < PART_COUNT; i++)
		check_text(c->shows[i]);
	str_list_add(&args.where, c->where, strlen(c->where));
	if ((f = filter_build(&args, 0, &e)) == NULL || f->stated_window)
		abort();
	filter_free(f);
	filter_args_fini(&args);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control c = { 0 };
	struct err e = ERR_NONE;
	int rc = control_parse(&c, "fuzz", (struct str){ (const char *)data, size }, &e);

	if ((rc == 0) != (e.code == ERR_OK) || (rc != 0 && e.text[0] == '\0'))
		abort();
	if (rc == 0)
		check_control(&c);
	control_fini(&c);
	return 0;
}
