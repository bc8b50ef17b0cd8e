/*
 * build: options and operands into a filter.
 *
 * Different options must all hold; the values of one option, whether
 * repeated or separated by commas, are alternatives.  So are operands
 * FIELD=VALUE of one field; every FIELD!=VALUE must hold.
 *
 * In: struct filter_args as typed.   Out: one AND over the options.
 */
#include <stdlib.h>

#include "filter/tree.h"

struct build {
	struct filter *f;
	struct node_list all; /* what must hold */
	struct err *e;
};

/* ---- lists ---- */

#define FIELDS_MAX 3

struct list_option {
	const char *name;
	size_t offset;
	enum field field[FIELDS_MAX]; /* any of them; FIELD_NONE: no more */
};

#define AT(member) offsetof(struct filter_args, member)
#define ONE(field) { FIELD_##field, FIELD_NONE, FIELD_NONE }

static const struct list_option list_options[] = {
	{ "actor", AT(actor), { FIELD_ACTOR_ID, FIELD_ACTOR_EMAIL, FIELD_ACTOR_NAME } },
	{ "actor-type", AT(actor_type), ONE(ACTOR_TYPE) },
	{ "service-account", AT(service_account), ONE(SERVICE_ACCOUNT) },
	{ "effective", AT(effective), ONE(EFFECTIVE_ID) },
	{ "category", AT(category), ONE(CATEGORY) },
	{ "action", AT(action), ONE(ACTION) },
	{ "channel", AT(channel), ONE(CHANNEL) },
	{ "outcome", AT(outcome), ONE(OUTCOME) },
	{ "target", AT(target), { FIELD_TARGET_ID, FIELD_TARGET_NAME, FIELD_TARGET_PATH } },
	{ "target-type", AT(target_type), ONE(TARGET_TYPE) },
	{ "share", AT(share), ONE(SHARE) },
	{ "tenant", AT(tenant), ONE(TENANT) },
	{ "source", AT(source), ONE(SOURCE) },
	{ "ip", AT(ip), ONE(IP) },
	{ "user-agent", AT(user_agent), ONE(USER_AGENT) },
	{ "host", AT(host), ONE(HOST) },
	{ "session", AT(session), ONE(SESSION_ID) },
	{ "request-id", AT(request_id), ONE(REQUEST_ID) },
	{ "trace-id", AT(trace_id), ONE(TRACE_ID) },
	{ "id", AT(id), ONE(ID) },
};

#define LIST_OPTIONS (sizeof(list_options) / sizeof(list_options[0]))

/* All values an option was given; an empty one is most often a shell
 * variable that is not set, and would select nothing in silence. */
static int
read_values(struct build *b, const struct str_list *typed, bool nocase, struct value_list *values)
{
	for (size_t i = 0; i < typed->n; i++) {
		if (typed->item[i][0] == '\0')
			return err_set(b->e, ERR_FAIL, "the value is empty");
		if (value_list_add(b->f, values, str_of(typed->item[i]), nocase, b->e) != 0)
			return -1;
	}
	return 0;
}

static int
build_list(struct build *b, const struct list_option *o, const struct str_list *typed)
{
	struct node_list any = { 0 };

	for (size_t i = 0; i < FIELDS_MAX && o->field[i] != FIELD_NONE; i++) {
		enum field field = o->field[i];
		struct selector sel = selector_field(field);
		bool nocase = (field_table[field].flags & F_NOCASE) != 0;
		struct value_list values = { 0 };
		struct filter_node *n = NULL;

		if (read_values(b, typed, nocase, &values) == 0)
			n = filter_node_values(b->f, &sel, &values, b->e);
		value_list_fini(&values);
		if (n == NULL) {
			node_list_fini(&any);
			return err_doing(b->e, "--%s", o->name);
		}
		node_list_add(&any, n);
	}
	node_list_add(&b->all, filter_node_join(b->f, FILTER_OR, &any));
	return 0;
}

static int
build_lists(struct build *b, const struct filter_args *a)
{
	for (size_t i = 0; i < LIST_OPTIONS; i++) {
		const char *at = (const char *)a + list_options[i].offset;
		const struct str_list *typed = (const struct str_list *)(const void *)at;

		if (typed->n > 0 && build_list(b, &list_options[i], typed) != 0)
			return -1;
	}
	return 0;
}

/* ---- paths ---- */

static int
add_prefix(struct build *b, const struct filter_pattern *p, struct node_list *any)
{
	struct filter_test t = { .op = TEST_PREFIX, .field = FIELD_TARGET_PATH, .patterns = 1, .literals = 1 };

	if (p->glob)
		return err_set(b->e, ERR_FAIL, "'%.60s' has a wildcard; --target takes them, "
		    "or write \\* for a literal one", p->text.p);
	t.pattern = arena_alloc(&b->f->arena, sizeof(*t.pattern));
	*t.pattern = *p;
	while (t.pattern->text.len > 0 && t.pattern->text.p[t.pattern->text.len - 1] == '/')
		t.pattern->text.len--;
	node_list_add(any, filter_node_test(b->f, &t));
	return 0;
}

static int
build_prefixes(struct build *b, const struct str_list *typed)
{
	struct value_list values = { 0 };
	struct node_list any = { 0 };
	int rc = 0;

	if (typed->n == 0)
		return 0;
	rc = read_values(b, typed, false, &values);
	for (size_t i = 0; rc == 0 && i < values.n; i++)
		rc = add_prefix(b, &values.item[i], &any);
	if (rc == 0)
		node_list_add(&b->all, filter_node_join(b->f, FILTER_OR, &any));
	else
		err_doing(b->e, "--path-prefix");
	node_list_fini(&any);
	value_list_fini(&values);
	return rc;
}

/* ---- severity ---- */

/* One end of a range; an empty one is the end of the scale. */
static int
level_of(struct build *b, const char *p, size_t len, int missing, int64_t *level)
{
	char word[32];
	const char *hint = NULL;
	int i = len == 0 ? missing : event_severity((struct str){ p, len });

	if (i < 0) {
		if (len < sizeof(word)) {
			memcpy(word, p, len);
			word[len] = '\0';
			hint = nearest_name(word, event_severities, SEVERITY_COUNT);
		}
		if (hint != NULL)
			return err_set(b->e, ERR_FAIL, "--severity: no severity is called '%s'; did you mean '%s'?",
			    word, hint);
		return err_set(b->e, ERR_FAIL,
		    "--severity: '%.60s' is no severity (info, warning, error, critical) and no range of them", p);
	}
	*level = i;
	return 0;
}

static int
build_severity(struct build *b, const char *typed)
{
	struct filter_test t = { .op = TEST_LEVEL, .field = FIELD_SEVERITY, .nocase = true };
	const char *dots;
	int rc;

	if (typed == NULL)
		return 0;
	dots = strstr(typed, "..");
	t.hi = SEVERITY_CRITICAL;
	rc = level_of(b, typed, dots ? (size_t)(dots - typed) : strlen(typed),
	    dots ? SEVERITY_INFO : -1, &t.lo);
	if (rc == 0 && dots != NULL)
		rc = level_of(b, dots + 2, strlen(dots + 2), SEVERITY_CRITICAL, &t.hi);
	if (rc != 0)
		return -1;
	if (t.lo > t.hi)
		return err_set(b->e, ERR_FAIL, "--severity: '%.60s' begins above its end", typed);
	node_list_add(&b->all, filter_node_test(b->f, &t));
	return 0;
}

/* ---- time ---- */

static int
read_time(struct build *b, const char *option, const char *typed, int64_t now,
    enum time_edge edge, int64_t *us)
{
	if (time_parse_expr(typed, now, edge, us, b->e) != 0)
		return err_doing(b->e, "--%s", option);
	return 0;
}

static int
read_duration(struct build *b, const char *option, const char *typed, int64_t *us)
{
	if (duration_parse(typed, us, b->e) != 0)
		return err_doing(b->e, "--%s", option);
	return 0;
}

static int64_t
bounded(int64_t us, int64_t add)
{
	int64_t sum;

	if (__builtin_add_overflow(us, add, &sum))
		return add < 0 ? TIME_MIN : TIME_MAX;
	return sum < TIME_MIN ? TIME_MIN : sum > TIME_MAX ? TIME_MAX : sum;
}

static int
read_around(struct build *b, const struct filter_args *a, int64_t now, struct filter_test *t)
{
	int64_t middle, half;

	if (a->around == NULL)
		return err_set(b->e, ERR_FAIL, "--window needs --around TIME");
	if (a->window == NULL)
		return err_set(b->e, ERR_FAIL, "--around needs --window SPAN, such as 5m");
	if (a->since != NULL || a->until != NULL || a->last != NULL)
		return err_set(b->e, ERR_FAIL, "--around cannot be combined with --since, --until or --last");
	if (read_time(b, "around", a->around, now, TIME_START, &middle) != 0 ||
	    read_duration(b, "window", a->window, &half) != 0)
		return -1;
	t->lo = bounded(middle, -half);
	t->hi = bounded(middle, half);
	if (t->lo >= t->hi)
		return err_set(b->e, ERR_FAIL, "--window: the window is empty");
	return 0;
}

static int
read_window(struct build *b, const struct filter_args *a, int64_t now, struct filter_test *t)
{
	int64_t span;

	if (a->around != NULL || a->window != NULL)
		return read_around(b, a, now, t);
	if (a->since != NULL && a->last != NULL)
		return err_set(b->e, ERR_FAIL, "--last and --since say the same thing: give one of them");
	if (a->since != NULL && read_time(b, "since", a->since, now, TIME_START, &t->lo) != 0)
		return -1;
	if (a->last != NULL) {
		if (read_duration(b, "last", a->last, &span) != 0)
			return -1;
		t->lo = bounded(now, -span);
	}
	if (a->until != NULL && read_time(b, "until", a->until, now, TIME_END, &t->hi) != 0)
		return -1;
	if (t->lo >= t->hi)
		return err_set(b->e, ERR_FAIL, "%s", t->lo > t->hi ? "the window ends before it begins"
		    : "the window is empty: it ends when it begins");
	return 0;
}

static int
read_clock(struct build *b, const char *by, enum field *field)
{
	static const char *const names[] = { "time", "ingested" };
	const char *hint;

	*field = FIELD_TIME;
	if (by == NULL || strcmp(by, names[0]) == 0)
		return 0;
	*field = FIELD_INGESTED;
	if (strcmp(by, names[1]) == 0)
		return 0;
	hint = nearest_name(by, names, 2);
	if (hint != NULL)
		return err_set(b->e, ERR_FAIL, "--by: no clock is called '%.60s'; did you mean '%s'?", by, hint);
	return err_set(b->e, ERR_FAIL, "--by: no clock is called '%.60s': time or ingested", by);
}

static int
build_window(struct build *b, const struct filter_args *a, int64_t now)
{
	struct filter_test t = { .op = TEST_TIME, .lo = TIME_MIN, .hi = INT64_MAX };

	if (read_clock(b, a->by, &t.field) != 0 || read_window(b, a, now, &t) != 0)
		return -1;
	if (a->since == NULL && a->until == NULL && a->last == NULL && a->around == NULL)
		return 0;
	b->f->stated_window = true;
	if (t.lo > TIME_MIN || t.hi < INT64_MAX)
		node_list_add(&b->all, filter_node_test(b->f, &t));
	return 0;
}

/* ---- texts and expressions ---- */

typedef struct filter_node *make_node(struct filter *f, struct str typed, struct err *e);

/* --text and --grep: any of them; nothing in them separates values. */
static int
build_any(struct build *b, const char *option, const struct str_list *typed, make_node *make)
{
	struct node_list any = { 0 };

	for (size_t i = 0; i < typed->n; i++) {
		struct filter_node *n = make(b->f, str_of(typed->item[i]), b->e);

		if (n == NULL) {
			node_list_fini(&any);
			return err_doing(b->e, "--%s", option);
		}
		node_list_add(&any, n);
	}
	if (any.n > 0)
		node_list_add(&b->all, filter_node_join(b->f, FILTER_OR, &any));
	return 0;
}

/* --where: all of them. */
static int
build_where(struct build *b, const struct str_list *typed, int64_t now)
{
	for (size_t i = 0; i < typed->n; i++) {
		struct filter_node *n = filter_where(b->f, str_of(typed->item[i]), now, b->e);

		if (n == NULL)
			return err_doing(b->e, "--where");
		node_list_add(&b->all, n);
	}
	return 0;
}

/* ---- the whole ---- */

#define ALSO_DEPTH_MAX 32 /* of saved queries in saved queries */

/* Puts all that must hold into b->all. */
static int
build_args(struct build *b, const struct filter_args *a, int64_t now, unsigned depth)
{
	if (depth > ALSO_DEPTH_MAX)
		return err_set(b->e, ERR_FAIL, "filters inside filters are more than %d deep", ALSO_DEPTH_MAX);
	if (build_window(b, a, now) != 0 || build_lists(b, a) != 0 || build_severity(b, a->severity) != 0 ||
	    build_prefixes(b, &a->path_prefix) != 0 || build_any(b, "text", &a->text, filter_node_text) != 0 ||
	    build_any(b, "grep", &a->grep, filter_node_line) != 0 || build_where(b, &a->where, now) != 0 ||
	    filter_operands(b->f, &a->expr, now, &b->all, b->e) != 0)
		return -1;
	for (size_t i = 0; i < a->n_also; i++) {
		if (build_args(b, &a->also[i], now, depth + 1) != 0)
			return -1;
	}
	return 0;
}

struct filter *
filter_build(const struct filter_args *a, int64_t now, struct err *e)
{
	struct build b = { .f = filter_new(), .e = e };
	struct filter *f = NULL;

	if (build_args(&b, a, now, 0) == 0) {
		f = b.f;
		filter_finish(f, filter_node_join(f, FILTER_AND, &b.all));
	}
	node_list_fini(&b.all);
	if (f == NULL)
		filter_free(b.f);
	return f;
}

void
filter_args_fini(struct filter_args *a)
{
	char **single[] = { &a->since, &a->until, &a->last, &a->around, &a->window, &a->by, &a->severity };
	struct str_list *lists[] = { &a->path_prefix, &a->text, &a->grep, &a->where, &a->saved, &a->expr };

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		free(*single[i]);
	for (size_t i = 0; i < LIST_OPTIONS; i++)
		str_list_fini((struct str_list *)(void *)((char *)a + list_options[i].offset));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		str_list_fini(lists[i]);
	for (size_t i = 0; i < a->n_also; i++)
		filter_args_fini(&a->also[i]);
	free(a->also);
	*a = (struct filter_args){ 0 };
}
