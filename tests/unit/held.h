/* held: holds placed and lifted, for suites of store/. */
#ifndef TESTS_HELD_H
#define TESTS_HELD_H

#include <inttypes.h>
#include <stdio.h>

#include "made_record.h"
#include "pruned.h"
#include "store/store.h"
#include "unit.h"

#define HELD_AT INT64_C(1790000000000000)

struct held_words { /* of the record to be made */
	const char *matter, *reason;
	char filter[HOLD_FILTER_MAX + 64];
	int64_t review; /* TIME_NONE: none */
};

static inline void
held_event(struct event *record, const char *action, const struct buf *context, struct arena *a)
{
	char id[40];
	int n = snprintf(id, sizeof(id), "held-%p-%zu", (void *)a, context->len);

	made_record(record, (struct str){ arena_copy(a, id, (size_t)n), (size_t)n }, action, HELD_AT);
	event_set(record, FIELD_ACTOR_NAME, STR("alice"));
	event_set(record, FIELD_CONTEXT, (struct str){ arena_copy(a, context->p, context->len), context->len });
}

static inline void
held_place_record(void *arg, const struct hold_placing *h, struct event *record, struct arena *a)
{
	const struct held_words *w = arg;
	struct buf context = { 0 };
	char at[TIME_TEXT_LEN];

	buf_printf(&context, "{\"hold\":%" PRId64 ",\"matter\":", h->id);
	json_quote(&context, str_of(w->matter));
	buf_printf(&context, ",\"reason\":");
	json_quote(&context, str_of(w->reason));
	buf_printf(&context, ",\"filter\":");
	json_quote(&context, str_of(w->filter));
	if (w->review != TIME_NONE) {
		time_format(at, w->review);
		buf_printf(&context, ",\"review\":\"%.*s\"", TIME_TEXT_LEN, at);
	}
	buf_printf(&context, ",\"events\":%" PRIu64 ",\"digest\":\"%s\"}", h->events, h->digest);
	held_event(record, "audit.hold-place", &context, a);
	buf_fini(&context);
}

static inline void
held_lift_record(void *arg, const int64_t *id, size_t n, struct event *record, struct arena *a)
{
	struct buf context = { 0 };

	buf_printf(&context, "{\"matter\":");
	json_quote(&context, str_of(arg));
	buf_printf(&context, ",\"reason\":\"settled\"");
	for (size_t i = 0; i < n; i++)
		buf_printf(&context, "%s%" PRId64, i == 0 ? ",\"holds\":[" : ",", id[i]);
	buf_printf(&context, "]}");
	held_event(record, "audit.hold-lift", &context, a);
	buf_fini(&context);
}

/* Of a prune that asks them. */
static inline void
held_prune_record(void *arg, const struct prune_part *part, struct event *ev, struct arena *a)
{
	struct buf context = { 0 };

	(void)arg;
	pruned_context(&context, part);
	held_event(ev, "audit.prune", &context, a);
	buf_fini(&context);
}

/* The filter as --where has it. */
static inline struct filter *
held_filter(const char *where)
{
	struct filter_args args = { 0 };
	struct err e = ERR_NONE;
	struct filter *f;

	str_list_add(&args.where, where, strlen(where));
	f = filter_build(&args, 0, &e);
	ck_assert_msg(f != NULL, "%s", e.text);
	filter_args_fini(&args);
	return f;
}

/* As audit-hold does it. */
static inline int
try_hold(struct store *st, const char *matter, const char *reason, const char *where, struct hold_placing *placed,
    struct err *e)
{
	struct held_words *w = mem_zero(1, sizeof(*w));
	struct filter *f = held_filter(where);
	struct buf text = { 0 };
	int rc;

	filter_format(&text, f);
	ck_assert_uint_lt(text.len, sizeof(w->filter));
	memcpy(w->filter, text.p, text.len);
	w->matter = matter;
	w->reason = reason;
	w->review = TIME_NONE;
	rc = store_hold_place(st, f, held_place_record, w, placed, e);
	buf_fini(&text);
	filter_free(f);
	free(w);
	return rc;
}

static inline uint64_t
hold_events(struct store *st, const char *matter, const char *where)
{
	struct hold_placing placed;
	struct err e = ERR_NONE;

	ck_assert_msg(try_hold(st, matter, "a claim", where, &placed, &e) == 0, "%s", e.text);
	return placed.events;
}

static inline size_t
lift_holds(struct store *st, const char *matter)
{
	struct err e = ERR_NONE;
	size_t lifted;

	ck_assert_msg(store_hold_lift(st, str_of(matter), held_lift_record, (void *)(uintptr_t)matter, &lifted, &e) == 0,
	    "%s", e.text);
	return lifted;
}

#endif
