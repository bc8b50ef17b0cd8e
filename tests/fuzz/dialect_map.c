/*
 * fuzz dialect_map: a map of a user's is read, or refused with its place; an
 * event behind the first NUL becomes one record by it, of one line, and the JSON
 * ones are JSON without a key twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "render/render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fail(const char *format, const char *why)
{
	fprintf(stderr, "fuzz dialect_map: %s: %s\n", format, why);
	abort();
}

static void
check_record(const char *format, const char *p, size_t len, bool json)
{
	struct json_tape t = { 0 };
	struct arena a = { 0 };
	struct json_error why;

	if (len == 0 || p[len - 1] != '\n' || memchr(p, '\n', len - 1) != NULL || memchr(p, '\0', len) != NULL)
		fail(format, "not one line");
	if (json && (json_scan_limit(&t, p, len - 1, JSON_STORED_MAX, &why) != 0 ||
	    json_duplicate_key(&t, &a) != UINT32_MAX))
		fail(format, "no JSON, or a key twice");
	json_tape_fini(&t);
	arena_fini(&a);
}

static void
check_format(const struct dialect_map *m, const struct event *ev, const char *format, bool json)
{
	struct render_options o = { .format = format, .dialect = m, .seq = true };
	struct err e = ERR_NONE;
	struct outstream *out = outstream_open("/dev/null", &e);
	struct render *r = out != NULL ? render_open(&o, out, &e) : NULL;
	struct event_writer w;
	struct buf record = { 0 };
	void *state;

	if (r == NULL || !render_in_pieces(r, &w))
		fail(format, e.text);
	state = w.start(w.arg);
	w.event(state, ev, 7, &record);
	check_record(format, record.p, record.len, json);
	w.finish(state);
	buf_fini(&record);
	render_abort(r);
	outstream_abort(out);
}

static void
check_event(const struct dialect_map *m, const char *line, size_t len)
{
	static const struct event_policy policy = { .assume_now = 0 };
	struct json_tape t = { 0 };
	struct arena a = { 0 };
	const char *detail;
	struct event ev;

	if (event_parse(&ev, line, len, &policy, &t, &a, &detail) == EVENT_OK) {
		check_format(m, &ev, "ocsf", true);
		check_format(m, &ev, "ecs", true);
		check_format(m, &ev, "cef", false);
		check_format(m, &ev, "leef", false);
		check_format(m, &ev, "syslog", false);
	}
	json_tape_fini(&t);
	arena_fini(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *nul = size > 0 ? memchr(p, '\0', size) : NULL;
	size_t len = nul != NULL ? (size_t)(nul - p) : size;
	struct err e = ERR_NONE;
	struct dialect_map *m = dialect_map_read("fuzz", (struct str){ p, len }, &e);

	if (m == NULL && e.code == ERR_OK)
		fail("map", "refused without a reason");
	if (m != NULL && nul != NULL)
		check_event(m, nul + 1, size - len - 1);
	dialect_map_free(m);
	return 0;
}
