/*
 * mapping: applying a mapping to records: scanning them, finding their paths,
 * and one event after the other (mapping_field.c makes it).
 *
 * In: a tape.   Out: events, none, or a fault for each.
 */
#include "ingest/mapping.h"

#include <stdlib.h>

#include "ingest/mapping_tree.h"

/* ---- a run ---- */

struct mapping_run *
mapping_run_new(const struct mapping *m)
{
	struct mapping_run *run = mem_zero(1, sizeof(*run));

	run->m = m;
	run->at = mem_zero(m->path.n + 1, sizeof(*run->at));
	return run;
}

void
mapping_run_free(struct mapping_run *run)
{
	if (run == NULL)
		return;
	free(run->at);
	free(run->mark);
	arena_fini(&run->scratch);
	regex_scratch_fini(&run->regex);
	json_tape_fini(&run->inner);
	free(run);
}

uint64_t
mapping_given_up(const struct mapping_run *run)
{
	return run->regex.given_up;
}

static bool
means_nothing(const struct mapping *m, struct str s)
{
	if (s.len == 0)
		return true;
	for (size_t i = 0; i < m->n_empty; i++)
		if (str_eq(s, m->empty[i]))
			return true;
	return false;
}

struct str
mapping_run_text(struct mapping_run *run, uint32_t node)
{
	const struct json_token *tok = &run->t->tok[run->at[node]];
	struct str s;

	if (run->at[node] == 0 || tok->type == TOKEN_NULL || tok->type >= TOKEN_ARRAY)
		return (struct str){ NULL, 0 };
	s = tok->type == TOKEN_STRING ? json_unescape(run->t, tok, &run->scratch) : json_bytes(run->t, tok);
	return means_nothing(run->m, s) ? (struct str){ NULL, 0 } : s;
}

/* ---- JSON within strings ---- */

/* Whether a node is a string that holds an object or a list. */
static bool
holds_json(struct mapping_run *run, uint32_t node, struct str *inner, struct arena *a)
{
	const struct json_token *tok = &run->t->tok[run->at[node]];
	struct json_error ignored;

	if (run->at[node] == 0 || tok->type != TOKEN_STRING)
		return false;
	*inner = json_unescape(run->t, tok, a);
	return json_scan(&run->inner, inner->p, inner->len, &ignored) == 0 &&
	    run->inner.tok[0].type >= TOKEN_ARRAY;
}

struct splice {
	uint32_t off, len; /* of the string in the text */
	struct str inner;
};

static int
by_offset(const void *pa, const void *pb)
{
	const struct splice *a = pa, *b = pb;

	return a->off < b->off ? -1 : a->off > b->off;
}

/* The text with the strings replaced; two paths may lead to the same one. */
static struct str
put_together(struct str text, const struct splice *splice, size_t n, struct arena *a)
{
	size_t len = text.len, at = 0;
	char *out, *o;

	for (size_t i = 0; i < n; i++)
		len += splice[i].inner.len;
	out = o = arena_bytes(a, len);
	for (size_t i = 0; i < n; i++) {
		if (splice[i].off < at)
			continue;
		memcpy(o, text.p + at, splice[i].off - at);
		o += splice[i].off - at;
		memcpy(o, splice[i].inner.p, splice[i].inner.len);
		o += splice[i].inner.len;
		at = splice[i].off + splice[i].len;
	}
	memcpy(o, text.p + at, text.len - at);
	return (struct str){ out, (size_t)(o - out) + text.len - at };
}

static void
find_paths(struct mapping_run *run, const struct json_tape *t)
{
	run->t = t;
	run->element = run->end = run->list = 0;
	arena_reset(&run->scratch);
	memset(run->at, 0, run->m->path.n * sizeof(*run->at));
	if (run->m->path.n > 0)
		mapping_path_resolve(&run->m->path, 0, 0, run->m->each, run->at, t, &run->scratch);
}

enum event_fault
mapping_scan(struct mapping_run *run, struct json_tape *t, const char *p, size_t len, struct arena *a,
    const char **detail)
{
	static const struct event_policy policy = { .assume_now = TIME_NONE };
	const struct mapping *m = run->m;
	struct splice *splice;
	size_t n = 0;
	enum event_fault fault = event_scan(t, p, len, &policy, a, detail);
	struct str text;

	if (fault != EVENT_OK || m->n_json == 0 || t->tok[0].type != TOKEN_OBJECT)
		return fault;
	find_paths(run, t);
	splice = arena_alloc(a, m->n_json * sizeof(*splice));
	for (size_t i = 0; i < m->n_json; i++) {
		const struct json_token *tok = &t->tok[run->at[m->json[i]]];

		if (holds_json(run, m->json[i], &splice[n].inner, a)) {
			splice[n].off = tok->off;
			splice[n++].len = tok->len;
		}
	}
	if (n == 0)
		return EVENT_OK;
	qsort(splice, n, sizeof(*splice), by_offset);
	text = put_together((struct str){ p, len }, splice, n, a);
	fault = event_scan(t, text.p, text.len, &policy, a, detail);
	/* Together they may be too deep: then the strings stay strings. */
	return fault == EVENT_OK ? fault : event_scan(t, p, len, &policy, a, detail);
}

/* ---- the events of a record ---- */

static uint64_t
elements(const struct json_tape *t, uint32_t list)
{
	uint64_t n = 0;

	for (uint32_t i = list + 1; i < t->tok[list].next; i = t->tok[i].next)
		n++;
	return n;
}

void
mapping_begin(struct mapping_run *run, const struct json_tape *t)
{
	uint32_t list;

	find_paths(run, t);
	run->serial = 0;
	run->over = false;
	list = run->m->each != 0 ? run->at[run->m->each] : 0;
	run->too_many = false;
	if (list != 0 && t->tok[list].next > list + 1 && t->tok[list].type == TOKEN_ARRAY) {
		run->list = list;
		run->element = list + 1;
		run->end = t->tok[list].next;
		run->too_many = elements(t, list) * t->tok[0].len > MAPPING_GROWTH_MAX;
	} else if (list != 0)
		mapping_path_resolve(&run->m->path, run->m->each, list, 0, run->at, t, &run->scratch);
}

/* An element takes the place of the list. */
static void
enter_element(struct mapping_run *run)
{
	const struct mapping *m = run->m;

	mapping_path_forget(&m->path, m->each, run->at);
	mapping_path_resolve(&m->path, m->each, run->element, 0, run->at, run->t, &run->scratch);
}

static enum mapping_result
one_event(struct mapping_run *run, struct event *ev, const struct event_policy *policy, struct arena *a,
    enum event_fault *fault, const char **detail, struct mapping_reason *reason)
{
	for (size_t i = 0; i < run->m->n_drop; i++)
		if (mapping_tests_hold(run, &run->m->drop[i]))
			return MAPPING_DROPPED;
	mapping_context_begin(run);
	*fault = mapping_make_event(run, ev, policy, a, detail, reason);
	return *fault == EVENT_OK ? MAPPING_EVENT : MAPPING_FAULT;
}

static enum mapping_result
give_up(struct mapping_run *run, enum event_fault why, enum event_fault *fault)
{
	run->over = true;
	*fault = why;
	return MAPPING_FAULT;
}

enum mapping_result
mapping_next(struct mapping_run *run, struct event *ev, const struct event_policy *policy, struct arena *a,
    enum event_fault *fault, const char **detail, struct mapping_reason *reason)
{
	enum mapping_result result;

	*detail = "";
	*fault = EVENT_OK;
	if (run->over)
		return MAPPING_OVER;
	if (run->t->tok[0].type != TOKEN_OBJECT)
		return give_up(run, EVENT_NOT_OBJECT, fault);
	if (run->too_many) {
		*detail = "a list makes too many events of one record";
		return give_up(run, EVENT_TOO_LONG, fault);
	}
	if (run->end != 0)
		enter_element(run);
	result = one_event(run, ev, policy, a, fault, detail, reason);
	run->serial++;
	if (run->end != 0)
		run->element = run->t->tok[run->element].next;
	run->over = run->element >= run->end;
	return result;
}

/* ---- which mapping ---- */

size_t
mapping_fits(struct mapping_run *run, const struct json_tape *t)
{
	if (t->n == 0 || t->tok[0].type != TOKEN_OBJECT)
		return 0;
	find_paths(run, t);
	if (run->m->each != 0 && run->at[run->m->each] != 0) {
		mapping_begin(run, t);
		if (run->end != 0)
			enter_element(run);
	}
	return mapping_tests_hold(run, &run->m->detect) ? run->m->detect.n : 0;
}
