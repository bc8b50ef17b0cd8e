/*
 * limits: how many events of a tenant may be exported a day.
 *
 * The log itself is the account: records audit.export such as
 *	"context":{"phase":"intent",...,"day":"2026-04-23","tenants":{"acme":12}}
 *	"context":{"phase":"refused","intent":"01a2...",...}
 *
 * In: a filter, the records of the day.   Out: a tenant that would have too many.
 */
#include "cli/limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "event/summary.h"

/* ---- What is asked for ---- */

static const struct export_limit *
limit_of(const struct config *config, struct str tenant)
{
	for (size_t i = 0; i < config->limits; i++)
		if (filter_glob(str_of(config->limit[i].tenant), tenant, false))
			return &config->limit[i];
	return NULL;
}

static int
add_tenant(struct limits *l, const struct config *config, struct str tenant, uint64_t asked, struct err *e)
{
	const struct export_limit *limit = asked > 0 ? limit_of(config, tenant) : NULL;
	size_t place;

	if (limit == NULL)
		return 0;
	if (tally_find(l->places, tenant, &place)) {
		l->item[place].asked += asked;
		return 0;
	}
	if (l->n == LIMITED_TENANTS_MAX || tenant.len > LIMITED_NAMES_MAX - l->names)
		return err_set(e, ERR_REFUSED, "the export is of more than %d tenants that have a limit, or of longer names "
		    "than can be recorded: export fewer of them at a time (--tenant)", LIMITED_TENANTS_MAX);
	tally_add(l->places, tenant, 1);
	mem_grow(&l->item, &l->cap, l->n + 1, sizeof(*l->item));
	l->item[l->n++] = (struct limited){ { arena_copy(&l->arena, tenant.p, tenant.len), tenant.len }, asked, 0,
		limit->rows };
	l->names += tenant.len;
	return 0;
}

/* Events without a tenant are those that no value was counted of. */
static int
add_counted(struct limits *l, const struct config *config, const struct tally *t, uint64_t matched, struct err *e)
{
	size_t n;
	struct tally_entry *entry = tally_top(t, 0, &n);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		matched -= entry[i].count;
		rc = add_tenant(l, config, entry[i].value, entry[i].count, e);
	}
	free(entry);
	return rc == 0 ? add_tenant(l, config, STR(""), matched, e) : -1;
}

int
limits_count(struct limits *l, const struct config *config, struct store *st, const struct query_options *o,
    struct err *e)
{
	const struct selector tenant = selector_field(FIELD_TENANT);
	char now[TIME_TEXT_LEN];
	struct query_stats stats;
	struct tally *t;
	int rc;

	if (config->limits == 0)
		return 0;
	time_format(now, time_now());
	memcpy(l->day, now, sizeof(l->day) - 1);
	l->places = tally_new();
	t = tally_new();
	rc = query_facet(st, o, &tenant, 1, t, &stats, e);
	if (rc == 0)
		rc = add_counted(l, config, t, stats.matched, e);
	tally_free(t);
	return rc;
}

void
limits_format(const struct limits *l, struct buf *context)
{
	if (l->places == NULL)
		return;
	buf_printf(context, ",\"day\":\"%s\",\"tenants\":{", l->day);
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			buf_byte(context, ',');
		cli_quote(context, l->item[i].tenant);
		buf_printf(context, ":%" PRIu64, l->item[i].asked);
	}
	buf_byte(context, '}');
}

/* ---- What was given already ---- */

/* The records of the day, one by one. */
struct account {
	struct limits *l;
	struct store *st;
	struct filter *filter;
	uint64_t seq;       /* of the intent that is judged */
	struct tally *uncounted; /* ids of intents that do not count */
	struct json_tape tape;
	struct arena arena; /* of one record */
};

static struct str
text_member(struct account *a, const char *key)
{
	uint32_t at = json_find(&a->tape, 0, str_of(key), &a->arena);

	if (at == UINT32_MAX || a->tape.tok[at].type != TOKEN_STRING)
		return STR("");
	return json_unescape(&a->tape, &a->tape.tok[at], &a->arena);
}

/* A whole number; others are taken for the greatest. */
static uint64_t
number(struct str token)
{
	uint64_t n = 0;

	for (size_t i = 0; i < token.len; i++) {
		if (token.p[i] < '0' || token.p[i] > '9' || n > UINT64_MAX / 10 - 1)
			return UINT64_MAX;
		n = n * 10 + (uint64_t)(token.p[i] - '0');
	}
	return n;
}

/* An intent that was refused, or whose export failed before its first byte. */
static void
note_uncounted(struct account *a, const struct event *ev, uint64_t seq)
{
	struct str phase = text_member(a, "phase"), intent = text_member(a, "intent");
	bool failed = event_has(ev, FIELD_OUTCOME) && str_eq(ev->v[FIELD_OUTCOME], STR("failure"));
	uint32_t bytes = json_find(&a->tape, 0, STR("bytes"), &a->arena);

	(void)seq;
	if (intent.len == 0 || !failed)
		return;
	if (str_eq(phase, STR("refused")) || (str_eq(phase, STR("outcome")) && bytes != UINT32_MAX &&
	        str_eq(json_bytes(&a->tape, &a->tape.tok[bytes]), STR("0"))))
		tally_add(a->uncounted, intent, 1);
}

/* Another intent of the same day, up to the one that is judged. */
static void
add_used(struct account *a, const struct event *ev, uint64_t seq)
{
	uint32_t at = json_find(&a->tape, 0, STR("tenants"), &a->arena), end;
	size_t place;

	if (seq >= a->seq || at == UINT32_MAX || a->tape.tok[at].type != TOKEN_OBJECT ||
	    !str_eq(text_member(a, "phase"), STR("intent")) || !str_eq(text_member(a, "day"), str_of(a->l->day)) ||
	    !event_has(ev, FIELD_ID) || tally_find(a->uncounted, ev->v[FIELD_ID], &place))
		return;
	end = a->tape.tok[at].next;
	for (uint32_t key = at + 1; key < end; key = a->tape.tok[key + 1].next) {
		uint64_t n;

		if (!tally_find(a->l->places, json_unescape(&a->tape, &a->tape.tok[key], &a->arena), &place))
			continue;
		n = number(json_bytes(&a->tape, &a->tape.tok[key + 1]));
		a->l->item[place].used = n > UINT64_MAX - a->l->item[place].used ? UINT64_MAX : a->l->item[place].used + n;
	}
}

static int
each_record(struct account *a, void (*each)(struct account *a, const struct event *ev, uint64_t seq), struct err *e)
{
	struct query_options o = { .filter = a->filter, .order = QUERY_ARRIVAL, .go_on = cli_go_on,
		.fields = FIELD_BIT(FIELD_ID) | FIELD_BIT(FIELD_OUTCOME) | FIELD_BIT(FIELD_CONTEXT) };
	struct query *q = query_open(a->st, &o, e);
	const struct event *ev;
	struct json_error wrong;
	uint64_t seq;
	int rc = -1;

	while (q && (rc = query_next(q, &ev, &seq, e)) == 1) {
		struct str context = event_has(ev, FIELD_CONTEXT) ? ev->v[FIELD_CONTEXT] : STR("{}");

		arena_reset(&a->arena);
		if (json_scan_limit(&a->tape, context.p, context.len, JSON_STORED_MAX, &wrong) == 0 &&
		    a->tape.tok[0].type == TOKEN_OBJECT)
			each(a, ev, seq);
	}
	query_close(q);
	return rc;
}

/* Own records of exports since the day began, by the clock of arrival: of
 * these no time was taken from outside. */
static struct filter *
records_of(const struct limits *l, struct err *e)
{
	struct filter_args args = { 0 };
	char since[sizeof(l->day)], by[] = "ingested";
	struct filter *f;

	memcpy(since, l->day, sizeof(since));
	args.since = since;
	args.by = by;
	str_list_add(&args.source, EVENT_RESERVED_SOURCE, strlen(EVENT_RESERVED_SOURCE));
	str_list_add(&args.action, "audit.export", strlen("audit.export"));
	f = filter_build(&args, time_now(), e);
	args.since = args.by = NULL;
	filter_args_fini(&args);
	return f;
}

int
limits_check(struct limits *l, struct store *st, uint64_t seq, const struct limited **over, struct err *e)
{
	struct account a = { .l = l, .st = st, .seq = seq };
	int rc = -1;

	*over = NULL;
	if (l->n == 0)
		return 0;
	a.uncounted = tally_new();
	if ((a.filter = records_of(l, e)) != NULL && each_record(&a, note_uncounted, e) == 0)
		rc = each_record(&a, add_used, e);
	for (size_t i = 0; i < l->n && rc == 0 && *over == NULL; i++)
		if (l->item[i].used > l->item[i].limit || l->item[i].asked > l->item[i].limit - l->item[i].used)
			*over = &l->item[i];
	filter_free(a.filter);
	tally_free(a.uncounted);
	json_tape_fini(&a.tape);
	arena_fini(&a.arena);
	return rc;
}

void
limits_fini(struct limits *l)
{
	free(l->item);
	if (l->places != NULL)
		tally_free(l->places);
	arena_fini(&l->arena);
	*l = (struct limits){ 0 };
}
