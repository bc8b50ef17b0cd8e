/* query_store: a store of made events, for suites of query/. */
#ifndef TESTS_QUERY_STORE_H
#define TESTS_QUERY_STORE_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "query/query.h"
#include "unit.h"

#define MINUTE (60 * TIME_SECOND)
#define HOUR (60 * MINUTE)

static char made_folder[40], made_path[64];
static struct store *made;
static struct appender *made_appender;
static unsigned made_events;
static char made_id[24]; /* of the event added last */

static inline void
made_begin(void)
{
	struct err e = ERR_NONE;

	strcpy(made_folder, "/tmp/audit-query-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(made_folder));
	snprintf(made_path, sizeof(made_path), "%s/s.db", made_folder);
	made = store_open(made_path, STORE_CREATE, &e);
	ck_assert_msg(made != NULL, "%s", e.text);
	made_appender = append_open(made, NULL, &e);
	ck_assert_msg(made_appender != NULL, "%s", e.text);
	made_events = 0;
}

static inline void
made_end(void)
{
	append_close(made_appender);
	store_close(made);
	unlink(made_path);
	rmdir(made_folder);
}

/* Gives the event an id, and what else it lacks. */
static inline void
made_add(struct event *ev)
{
	enum append_result result;
	struct err e = ERR_NONE;

	snprintf(made_id, sizeof(made_id), "made-%u", made_events++);
	event_set(ev, FIELD_ID, str_of(made_id));
	if (!event_has(ev, FIELD_ACTION))
		event_set(ev, FIELD_ACTION, STR("act"));
	if (!event_has(ev, FIELD_SEVERITY))
		event_set(ev, FIELD_SEVERITY, STR("info"));
	if (!event_has(ev, FIELD_OUTCOME))
		event_set(ev, FIELD_OUTCOME, STR("unknown"));
	event_set_time(ev, FIELD_INGESTED, ev->time);
	ck_assert_msg(append_event(made_appender, ev, LEAF_EVENT, &result, &e) == 0, "%s", e.text);
	ck_assert_int_eq(result, APPEND_STORED);
}

static inline void
made_commit(void)
{
	struct err e = ERR_NONE;

	ck_assert_msg(append_commit(made_appender, &e) == 0, "%s", e.text);
}

#endif
