/*
 * locked: whether an account is locked out from an address (see locked.h).
 */
#include "cli/locked.h"

#include "cli/sandbox.h"
#include "detect/alert.h"

/* FIELD=VALUE, of this very value. */
static void
add_equal(struct str_list *out, struct str field, const char *value)
{
	struct buf text = { 0 };

	buf_str(&text, field);
	buf_byte(&text, '=');
	filter_literal(&text, value);
	str_list_add(out, text.p, text.len);
	buf_fini(&text);
}

static struct filter *
build(const char *account, const char *address, int64_t now, struct err *e)
{
	struct filter_args args = { 0 };
	struct buf where = { 0 };
	struct filter *f;

	alert_where(&where, now - LOCKED_MEMORY);
	str_list_add(&args.where, where.p, where.len);
	add_equal(&args.expr, STR("action"), LOCKED_ACTION);
	add_equal(&args.expr, STR("target_id"), account);
	add_equal(&args.expr, STR("ip"), address);
	f = filter_build(&args, now, e);
	filter_args_fini(&args);
	buf_fini(&where);
	return f;
}

/* The end of the lockout that lasts longest; TIME_NONE when there is none. */
static int
find_end(struct store *st, const struct filter *f, int64_t *until, struct err *e)
{
	struct query_options qo = { .filter = f, .order = QUERY_ARRIVAL, .go_on = cli_go_on,
		.fields = FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_CONTEXT) | ALERT_FIELDS };
	struct query *q = query_open(st, &qo, e);
	struct arena a = { 0 };
	const struct event *ev;
	struct alert_read al;
	uint64_t seq;
	int rc = -1;

	*until = TIME_NONE;
	while (q != NULL && (rc = query_next(q, &ev, &seq, e)) > 0) {
		if (alert_read(ev, &al, &a) && al.until > *until)
			*until = al.until;
		arena_reset(&a);
	}
	query_close(q);
	arena_fini(&a);
	return rc;
}

int
locked_answer(const struct program *p, const struct common_args *c, const struct config *config, const char *account,
    const char *address, int64_t now, struct err *e)
{
	struct sandbox s = { .profile = SANDBOX_READER };
	char text[TIME_TEXT_LEN];
	struct filter *f = NULL;
	struct store *st = NULL;
	int64_t until;
	int status = -1;

	if (account[0] == '\0' || address[0] == '\0')
		err_set(e, ERR_FAIL, "--locked: an account and an address, neither empty");
	else if ((f = build(account, address, now, e)) != NULL &&
	    (st = cli_store_by(c, config, STORE_READ, e)) != NULL && cli_sandbox(p, c, st, &s, e) == 0 &&
	    find_end(st, f, &until, e) == 0) {
		status = until > now ? 0 : 1;
		time_format(text, until);
		if (status == 0 && !c->quiet)
			cli_print_line((struct str){ text, sizeof(text) });
	}
	store_close(st);
	filter_free(f);
	return status;
}
