/*
 * plan: the document of a prune (see plan.h).
 *
 *	{
 *	  "plan": 1,
 *	  "store": "0f1e2d...",
 *	  "created": "2026-04-23T18:00:00.123456Z",
 *	  "size": 5000000,
 *	  "digest": "9f86d0...",
 *	  "events": 12034,
 *	  "bytes": 4711000,
 *	  "oldest": "2025-01-01T00:00:00.000000Z",
 *	  "newest": "2026-03-23T17:59:58.000000Z",
 *	  "rules": [{"name": "debug", "filter": "severity = info", "keep": "30d",
 *	    "cutoff": "2026-03-24T18:00:00.000000Z", "events": 12034, "bytes": 4711000,
 *	    "oldest": ..., "newest": ...}, ...],
 *	  "held": [{"hold": 1, "matter": "M-17", "events": 12}, ...],
 *	  "kept": 12
 *	}
 */
#include "cli/plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stream.h"
#include "cli/document.h"

#define PLAN_VERSION 1
#define TEXT_MAX ((size_t)16 * 1024 * 1024)
#define KEYS 12       /* of the document */
#define RULE_KEYS 8
#define HELD_KEYS 3

/* ---- Writing ---- */

void
plan_keep(struct buf *out, int64_t keep)
{
	static const struct {
		int64_t span;
		char letter;
	} unit[] = { { TIME_DAY, 'd' }, { 3600 * TIME_SECOND, 'h' }, { 60 * TIME_SECOND, 'm' }, { TIME_SECOND, 's' } };
	size_t i = 0;

	if (keep == RETENTION_FOREVER) {
		buf_str(out, STR("forever"));
		return;
	}
	while (i + 1 < sizeof(unit) / sizeof(unit[0]) && keep % unit[i].span != 0)
		i++;
	buf_printf(out, "%" PRId64 "%c", keep / unit[i].span, unit[i].letter);
}

static json_t *
rules(const struct plan *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->plan->rules; i++) {
		const struct prune_share *share = &p->plan->share[i];
		const struct prune_rule *rule = &p->rules->rule[i];
		struct buf keep = { 0 };
		json_t *o = json_object();

		plan_keep(&keep, p->rules->keep[i]);
		json_object_set_new(o, "name", document_text(rule->name));
		json_object_set_new(o, "filter", document_text(buf_view(&p->rules->expression[i])));
		json_object_set_new(o, "keep", document_text(buf_view(&keep)));
		json_object_set_new(o, "cutoff", document_instant(rule->cutoff));
		json_object_set_new(o, "events", document_number(share->events));
		json_object_set_new(o, "bytes", document_number(share->bytes));
		json_object_set_new(o, "oldest", document_instant(share->oldest));
		json_object_set_new(o, "newest", document_instant(share->newest));
		json_array_append_new(list, o);
		buf_fini(&keep);
	}
	return list;
}

static json_t *
held(const struct prune_plan *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->holds; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "hold", json_integer(p->held[i].hold));
		json_object_set_new(o, "matter", document_text(str_of(p->held[i].matter)));
		json_object_set_new(o, "events", document_number(p->held[i].events));
		json_array_append_new(list, o);
	}
	return list;
}

void
plan_json(struct buf *out, const struct plan *p)
{
	const struct prune_plan *plan = p->plan;
	json_t *o = json_object();

	json_object_set_new(o, "plan", json_integer(PLAN_VERSION));
	json_object_set_new(o, "store", document_hex(p->store, sizeof(p->store)));
	json_object_set_new(o, "created", document_instant(p->created));
	json_object_set_new(o, "size", document_number(plan->size));
	json_object_set_new(o, "digest", document_hex(plan->digest.b, HASH_LEN));
	json_object_set_new(o, "events", document_number(plan->events));
	json_object_set_new(o, "bytes", document_number(plan->bytes));
	json_object_set_new(o, "oldest", document_instant(plan->oldest));
	json_object_set_new(o, "newest", document_instant(plan->newest));
	json_object_set_new(o, "rules", rules(p));
	json_object_set_new(o, "held", held(plan));
	json_object_set_new(o, "kept", document_number(plan->kept));
	document_format(out, o);
}

/* ---- Reading ---- */

static int
malformed(struct err *e, const char *key)
{
	return err_set(e, ERR_INTEGRITY, "plan: %s is not as audit-prune writes it", key);
}

static struct str
keep_text(struct arena *a, struct str text)
{
	return (struct str){ arena_copy(a, text.p, text.len), text.len };
}

static bool
read_rule(const json_t *o, struct plan_file *f)
{
	struct plan_rule *r = &f->rule[f->rules];
	struct str name, filter, keep;
	uint64_t bytes;
	int64_t us;

	if (!json_is_object(o) || json_object_size(o) != RULE_KEYS ||
	    !document_get_text(o, "name", false, &name) || name.len == 0 ||
	    !document_get_text(o, "filter", false, &filter) || !document_get_text(o, "keep", false, &keep) ||
	    !document_get_instant(o, "cutoff", true, &r->cutoff) ||
	    !document_get_number(o, "events", &r->events) || !document_get_number(o, "bytes", &bytes) ||
	    !document_get_instant(o, "oldest", true, &us) || !document_get_instant(o, "newest", true, &us))
		return false;
	if (r->cutoff == TIME_NONE)
		r->cutoff = TIME_MIN;
	r->name = keep_text(&f->texts, name);
	r->filter = keep_text(&f->texts, filter);
	f->rules++;
	return true;
}

static bool
read_rules(const json_t *list, struct plan_file *f)
{
	size_t n = json_array_size(list); /* 0: it is no array */

	if (n == 0 || n > PRUNE_RULES_MAX)
		return false;
	f->rule = mem_zero(n, sizeof(*f->rule));
	for (size_t i = 0; i < n; i++)
		if (!read_rule(json_array_get(list, i), f))
			return false;
	return true;
}

static bool
read_held(const json_t *list)
{
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(list, i);
		struct str matter;
		uint64_t number;

		if (!json_is_object(o) || json_object_size(o) != HELD_KEYS || !document_get_number(o, "hold", &number) ||
		    !document_get_text(o, "matter", false, &matter) || !document_get_number(o, "events", &number))
			return false;
	}
	return json_is_array(list) && n <= HOLDS_ACTIVE_MAX;
}

static int
read_plan(const json_t *o, struct plan_file *f, struct err *e)
{
	uint64_t version;
	int64_t us;

	if (!json_is_object(o) || !document_get_number(o, "plan", &version))
		return malformed(e, "the document");
	if (version != PLAN_VERSION)
		return err_set(e, ERR_FAIL, "plan: of version %" PRIu64 ", this program knows %d", version, PLAN_VERSION);
	if (json_object_size(o) != KEYS)
		return malformed(e, "the list of keys");
	if (!document_get_hex(o, "store", f->store, sizeof(f->store)))
		return malformed(e, "store");
	if (!document_get_instant(o, "created", false, &f->created))
		return malformed(e, "created");
	if (!document_get_hex(o, "digest", f->digest.b, HASH_LEN))
		return malformed(e, "digest");
	if (!document_get_number(o, "size", &f->size) || !document_get_number(o, "events", &f->events) ||
	    !document_get_number(o, "bytes", &f->bytes) || !document_get_number(o, "kept", &f->kept) ||
	    f->events > f->size || f->kept > f->size)
		return malformed(e, "size, events, bytes or kept");
	if (!document_get_instant(o, "oldest", true, &us) || !document_get_instant(o, "newest", true, &us))
		return malformed(e, "oldest or newest");
	if (!read_rules(json_object_get(o, "rules"), f))
		return malformed(e, "rules");
	return read_held(json_object_get(o, "held")) ? 0 : malformed(e, "held");
}

int
plan_parse(struct str text, struct plan_file *out, struct err *e)
{
	json_t *o = document_parse(text, TEXT_MAX, "plan", e);
	int rc = o != NULL ? read_plan(o, out, e) : -1;

	json_decref(o);
	return rc;
}

int
plan_read(const char *path, struct plan_file *out, struct err *e)
{
	size_t len;
	char *text = file_read(path, TEXT_MAX, &len, e);
	int rc;

	if (text == NULL)
		return -1;
	if ((rc = plan_parse((struct str){ text, len }, out, e)) != 0)
		err_doing(e, "%s", path);
	/* A file that someone mistyped is no damage of the store. */
	if (e->code == ERR_INTEGRITY)
		e->code = ERR_FAIL;
	free(text);
	return rc;
}

void
plan_file_fini(struct plan_file *f)
{
	free(f->rule);
	arena_fini(&f->texts);
	*f = (struct plan_file){ 0 };
}

/* ---- Carrying out ---- */

bool
plan_is_older_than(const struct plan_file *f)
{
	return f->rules == 1 && str_eq(f->rule[0].name, STR(RETENTION_OLDER_THAN)) &&
	    str_eq(f->rule[0].filter, STR("true"));
}

/* A cut-off that is later than that of today's rule: keep was less then. */
static int
adopt(const struct plan_rule *from, const struct retention *r, size_t i, struct err *e)
{
	struct prune_rule *to = &r->rule[i];
	int name = (int)from->name.len;

	if (!str_eq(from->name, to->name) || !str_eq(from->filter, buf_view(&r->expression[i])))
		return err_set(e, ERR_REFUSED, "the plan is stale: its rule %.*s is not that of the policy by now",
		    name, from->name.p);
	if ((from->cutoff == TIME_MIN) != (to->cutoff == TIME_MIN) || from->cutoff > to->cutoff)
		return err_set(e, ERR_REFUSED, "the plan is refused: its rule %.*s lets go what is to be kept",
		    name, from->name.p);
	to->cutoff = from->cutoff;
	return 0;
}

int
plan_adopt(const struct plan_file *f, struct retention *r, struct err *e)
{
	if (f->rules != r->n)
		return err_set(e, ERR_REFUSED, "the plan is stale: it has %zu rules, the policy has %zu by now",
		    f->rules, r->n);
	for (size_t i = 0; i < r->n; i++)
		if (adopt(&f->rule[i], r, i, e) != 0)
			return -1;
	return 0;
}

int
plan_compare(const struct plan_file *f, const struct prune_plan *now, struct err *e)
{
	if (f->size == now->size && memcmp(f->digest.b, now->digest.b, HASH_LEN) == 0)
		return 0;
	if (f->events == now->events)
		return err_set(e, ERR_REFUSED, "the plan is stale: other events would go by now, as many as those it"
		    " was made of");
	return err_set(e, ERR_REFUSED, "the plan is stale: it was made of %" PRIu64 " events, and by now %" PRIu64
	    " would go", f->events, now->events);
}
