/* rendered: what a format makes of lines, as text, for the tests of render. */
#ifndef TESTS_RENDERED_H
#define TESTS_RENDERED_H

#include <stdio.h>
#include <unistd.h>

#include "render/render.h"
#include "unit.h"

/* 2026-04-23T12:00:00Z, the now of all tests. */
#define RENDERED_NOW INT64_C(1776945600000000)

/* Calls `each` for every line, which must be an event. */
static inline void
each_event(const char *lines, size_t len, void (*each)(void *arg, const struct event *ev, uint64_t n), void *arg)
{
	static const struct event_policy policy = { .stored = true, .assume_now = TIME_NONE };
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };
	uint64_t n = 0;

	for (size_t at = 0; at < len; n++) {
		const char *end = memchr(lines + at, '\n', len - at);
		size_t one = end ? (size_t)(end - lines) - at : len - at;
		struct event ev;
		const char *detail;

		ck_assert_msg(event_parse(&ev, lines + at, one, &policy, &tape, &arena, &detail) == EVENT_OK,
		    "%.*s: %s", (int)one, lines + at, detail);
		each(arg, &ev, n);
		arena_reset(&arena);
		at += one + 1;
	}
	json_tape_fini(&tape);
	arena_fini(&arena);
}

/* An outstream to a file that rendered_text gives back and removes. */
static inline struct outstream *
rendered_open(char path[64])
{
	struct err e = ERR_NONE;
	struct outstream *out;

	snprintf(path, 64, "/tmp/audit-rendered.%ld", (long)getpid());
	out = outstream_open(path, &e);
	ck_assert_msg(out != NULL, "%s", e.text);
	return out;
}

static inline struct buf
rendered_text(struct outstream *out, const char *path)
{
	struct err e = ERR_NONE;
	struct buf b = { 0 };

	ck_assert_msg(outstream_finish(out, &e) == 0, "%s", e.text);
	b.p = file_read(path, 1 << 24, &b.len, &e);
	ck_assert_msg(b.p != NULL, "%s", e.text);
	unlink(path);
	return b;
}

static inline void
rendered_event(void *arg, const struct event *ev, uint64_t n)
{
	struct err e = ERR_NONE;

	ck_assert_msg(render_event(arg, ev, n, &e) == 0, "%s", e.text);
}

/* Yours (buf_fini); a NUL is behind it. */
static inline struct buf
rendered(const struct render_options *o, const struct render_close *c, const char *lines, size_t len)
{
	struct err e = ERR_NONE;
	char path[64];
	struct outstream *out = rendered_open(path);
	struct render *r = render_open(o, out, &e);

	ck_assert_msg(r != NULL, "%s", e.text);
	each_event(lines, len, rendered_event, r);
	ck_assert_msg(render_close(r, c, &e) == 0, "%s", e.text);
	return rendered_text(out, path);
}

#endif
