/*
 * reads: recording who looked, where the configuration wants it
 * (record_reads:).
 *
 * In: a program and its filter.   Out: a store to read, and a record
 * audit.read in it.
 */
#include "cli/cli.h"
#include "cli/config.h"

#define UNRECORDED "a read that cannot be recorded (record_reads)"

static bool
is_recorded(const struct config *config, const char *program)
{
	for (size_t i = 0; i < config->record_reads.n; i++)
		if (strcmp(config->record_reads.item[i], program) == 0)
			return true;
	return false;
}

static int
add_record(struct store *st, const struct program *p, const struct filter *f, struct err *e)
{
	struct buf context = { 0 }, expression = { 0 };
	struct operator_info who;
	struct arena a = { 0 };
	struct event ev;
	uint64_t seq;
	int rc;

	filter_format(&expression, f);
	buf_printf(&context, "{\"program\":");
	cli_quote(&context, str_of(p->name));
	buf_printf(&context, ",\"filter\":");
	cli_quote(&context, buf_view(&expression));
	buf_byte(&context, '}');
	cli_operator(&who);
	cli_record(&ev, &who, "audit.read", buf_view(&context), &a);
	rc = store_record(st, &ev, &seq, e);
	arena_fini(&a);
	buf_fini(&context);
	buf_fini(&expression);
	return rc;
}

static int
record_read(const struct program *p, const struct common_args *c, const struct config *config,
    const struct filter *f, struct err *e)
{
	struct store *st = cli_store_record_by(c, config, UNRECORDED, e);
	int rc = -1;

	if (st && (rc = add_record(st, p, f, e)) != 0) {
		if (e->code == ERR_FAIL)
			e->code = ERR_REFUSED;
		err_doing(e, UNRECORDED " is refused");
	}
	store_close(st);
	return rc;
}

struct store *
cli_store_read(const struct program *p, const struct common_args *c, const struct filter *f, struct err *e)
{
	struct config config = { 0 };
	struct store *st = NULL;

	if (cli_config(c, &config, e) == 0 &&
	    (!is_recorded(&config, p->name) || record_read(p, c, &config, f, e) == 0))
		st = cli_store_by(c, &config, STORE_READ, e);
	config_fini(&config);
	return st;
}
