/* plan: any bytes are a plan or refused with words; what is read keeps to its
 * limits, and with rules of its own goes no further than the floor. */
#include <stdint.h>
#include <stdlib.h>

#include "cli/plan.h"

#define NOW (INT64_C(1776816000) * TIME_SECOND)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
carry_out(const struct plan_file *f)
{
	struct prune_plan now = { .size = f->size, .digest = f->digest };
	struct retention r = { 0 };
	struct err e = ERR_NONE;

	if (retention_older_than("30d", NOW, &r, &e) != 0)
		abort();
	if (plan_is_older_than(f) && plan_adopt(f, &r, &e) == 0 && r.rule[0].cutoff > NOW - PRUNE_FLOOR)
		abort();
	err_clear(&e);
	if (plan_compare(f, &now, &e) != 0)
		abort();
	retention_fini(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan_file f = { 0 };
	struct err e = ERR_NONE;
	int rc = plan_parse((struct str){ (const char *)data, size }, &f, &e);

	if ((rc == 0) != (e.code == ERR_OK) || (rc != 0 && e.text[0] == '\0'))
		abort();
	if (rc == 0 && (f.rules == 0 || f.rules > PRUNE_RULES_MAX || f.events > f.size))
		abort();
	if (rc == 0)
		carry_out(&f);
	plan_file_fini(&f);
	return 0;
}
