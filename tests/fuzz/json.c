/*
 * fuzz json: our scanner against jansson, which decodes everything.
 *
 * Both must accept the same texts, and what we write canonically must decode
 * to the value that the original decodes to.  Where jansson is known to
 * differ, nothing is compared: numbers beyond its integers and doubles, keys
 * with a NUL, a NUL behind the value (the end for it, not for us), and
 * between our depth of 64 and its 2048.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "fuzz json: %s\n", what);
		abort();
	}
}

static json_t *
decode(const char *p, size_t len, json_error_t *e)
{
	return json_loadb(p, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, e);
}

/* What jansson refuses of valid JSON. */
static bool
is_known_difference(const json_error_t *e)
{
	switch (json_error_code(e)) {
	case json_error_numeric_overflow:
	case json_error_null_byte_in_key:
		return true;
	default:
		return false;
	}
}

static void
compare_canonical(const struct json_tape *t, const json_t *value)
{
	struct buf once = { 0 }, twice = { 0 };
	struct json_tape again = { 0 };
	struct json_error e;
	json_error_t je;
	json_t *decoded;

	json_canonical(&once, t, 0);
	require(once.len <= json_canonical_bound(t, 0), "canonical text is longer than its bound");
	require(json_scan(&again, once.p, once.len, &e) == 0, "canonical text is not accepted");
	require(!(again.tok[0].flags & JSON_REWRITE), "canonical text is not canonical");
	json_canonical(&twice, &again, 0);
	require(str_eq(buf_view(&once), buf_view(&twice)), "canonical text of canonical text differs");
	if (value != NULL) {
		decoded = decode(once.p, once.len, &je);
		require(decoded != NULL && json_equal(value, decoded), "canonical text has another value");
		json_decref(decoded);
	}
	json_tape_fini(&again);
	buf_fini(&once);
	buf_fini(&twice);
}

/* jansson keeps the last of two equal keys; with REJECT_DUPLICATES it tells. */
static void
compare_duplicates(const struct json_tape *t, const char *p, size_t len)
{
	struct arena a = { 0 };
	json_error_t e;
	json_t *unique = json_loadb(p, len, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &e);
	bool ours = json_duplicate_key(t, &a) != UINT32_MAX;

	require(ours == (unique == NULL), "duplicate keys are judged differently");
	json_decref(unique);
	arena_fini(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct json_tape t = { 0 };
	struct json_error e;
	json_error_t je;
	json_t *value = decode(p, size, &je);
	int rc = json_scan(&t, p, size, &e);

	if (rc == 0) {
		require(value != NULL || is_known_difference(&je), "accepted, but jansson refuses");
		compare_canonical(&t, value);
		if (value != NULL)
			compare_duplicates(&t, p, size);
	} else {
		require(e.offset <= size, "the error is behind the end");
		require(e.expected[0] != '\0', "the error expects nothing");
		if (e.fault != JSON_TOO_DEEP && e.fault != JSON_TOO_LONG && memchr(p, 0, size) == NULL)
			require(value == NULL, "refused, but jansson accepts");
	}
	json_decref(value);
	json_tape_fini(&t);
	return 0;
}
