/*
 * fuzz subject: what a replacement leaves is of the same kind (UTF-8, JSON,
 * an event), has nothing of the person, and is left alone the next time; what
 * has nothing is left alone at once.
 *
 * Input: a byte with the number of values, a line for each, and the text.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "event/subject.h"

#define PSEUDONYM STR("person-1")
#define VALUES_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition, const char *what, struct str s)
{
	if (!condition) {
		fprintf(stderr, "fuzz subject: %s: %.*s\n", what, (int)s.len, s.p);
		abort();
	}
}

/* Where something was found, a filter of all bytes in a row must not say that
 * there cannot be anything. */
static void
check_hints(const struct subject *s, struct str text)
{
	const char *const *hint;
	size_t n = subject_hints(s, &hint);
	bool found = n == 0;

	for (size_t i = 0; i < n && !found; i++) {
		struct str h = str_of(hint[i]);

		for (size_t at = 0; at + h.len <= text.len && !found; at++)
			found = str_eq_nocase(h, (struct str){ text.p + at, h.len });
	}
	require(found, "a wrong no of the hints", text);
}

static void
check_text(const struct subject *s, struct str text)
{
	struct buf once = { 0 }, twice = { 0 };
	size_t start, end, hits = subject_replace(s, text, &once);

	require(subject_find(s, text, 0, &start, &end) == (hits > 0), "found and replaced differ", text);
	require(hits > 0 || once.len == 0, "appended without a hit", text);
	require(hits == 0 || subject_may_occur(s, text), "a wrong no", text);
	if (hits > 0) {
		check_hints(s, text);
		require(utf8_valid_prefix(text.p, text.len) < text.len ||
		    utf8_valid_prefix(once.p, once.len) == once.len, "no UTF-8", buf_view(&once));
		require(subject_replace(s, buf_view(&once), &twice) == 0, "something is left", buf_view(&once));
	}
	buf_fini(&once);
	buf_fini(&twice);
}

static void
check_json(const struct subject *s, struct str text, struct json_tape *t, struct arena *a)
{
	struct buf once = { 0 }, twice = { 0 };
	struct json_error e;
	bool valid = json_scan(t, text.p, text.len, &e) == 0;
	bool apart = valid && json_duplicate_key(t, a) == UINT32_MAX;
	size_t hits = subject_replace_json(s, text, &once);

	if (hits > 0)
		check_hints(s, text);
	if (valid && hits > 0) {
		require(json_scan_limit(t, once.p, once.len, JSON_STORED_MAX, &e) == 0, "no JSON", buf_view(&once));
		require(!apart || json_duplicate_key(t, a) == UINT32_MAX, "a key twice", buf_view(&once));
		require(subject_replace_json(s, buf_view(&once), &twice) == 0, "something is left in JSON", buf_view(&once));
	}
	for (size_t i = 0; valid && hits == 0 && i < t->n; i++)
		if (t->tok[i].type == TOKEN_STRING)
			require(subject_replace(s, json_unescape(t, &t->tok[i], a), &twice) == 0, "missed", text);
	buf_fini(&once);
	buf_fini(&twice);
}

static void
check_event(const struct subject *s, struct str line, struct json_tape *t, struct arena *a)
{
	struct event_policy policy = { .assume_now = 0 };
	struct event ev, changed, again, none;
	struct buf out = { 0 }, reread = { 0 };
	const char *detail;

	if (event_parse(&ev, line.p, line.len, &policy, t, a, &detail) != EVENT_OK)
		return;
	if (subject_event(s, &ev, &changed, a, NULL)) {
		require(subject_may_occur(s, line), "a wrong no of a line", line);
		event_format(&out, &changed);
		require(event_parse(&again, out.p, out.len, &event_stored, t, a, &detail) == EVENT_OK, "no event",
		    buf_view(&out));
		event_format(&reread, &again);
		require(str_eq(buf_view(&out), buf_view(&reread)), "not canonical", buf_view(&out));
		require(!subject_event(s, &again, &none, a, NULL), "something is left in an event", buf_view(&out));
	} else
		require(event_same(&ev, &changed), "changed without a hit", line);
	buf_fini(&out);
	buf_fini(&reread);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str value[VALUES_MAX], text = { (const char *)data, size };
	struct json_tape t = { 0 };
	struct arena a = { 0 };
	struct err e = ERR_NONE;
	struct subject *s;
	size_t n = 0, wanted;

	if (size == 0)
		return 0;
	wanted = 1 + data[0] % VALUES_MAX;
	text = (struct str){ text.p + 1, size - 1 };
	while (n < wanted) {
		const char *end = memchr(text.p, '\n', text.len);

		if (end == NULL)
			return 0;
		value[n++] = (struct str){ text.p, (size_t)(end - text.p) };
		text = (struct str){ end + 1, text.len - value[n - 1].len - 1 };
	}
	s = subject_new(value, n, PSEUDONYM, &e);
	if (s != NULL) {
		check_text(s, text);
		check_json(s, text, &t, &a);
		check_event(s, text, &t, &a);
	}
	subject_free(s);
	arena_fini(&a);
	json_tape_fini(&t);
	return 0;
}
