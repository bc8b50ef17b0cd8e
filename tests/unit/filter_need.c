/*
 * Unit tests of what a test needs: whatever passes contains it.
 *
 * Random patterns are made together with a text that matches them, so that
 * most of what is asked passes.
 */
#include <stdio.h>

#include "filter/filter.h"
#include "unit.h"

#define NOW INT64_C(1776945600000000) /* 2026-04-23T12:00:00Z */
#define ROUNDS 6000

/* ---- random choices: the same on every machine ---- */

static uint64_t seed;

static unsigned
below(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

static const char *
one_of(const char *const *words, size_t n)
{
	return words[below((unsigned)n)];
}

#define ONE_OF(...) one_of((const char *const[]){ __VA_ARGS__ }, \
    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static void
put(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

/* ---- patterns with a text that each matches ---- */

static void make_alternatives(struct buf *pattern, struct buf *sample, unsigned depth);

static void
make_group(struct buf *pattern, struct buf *sample, unsigned depth)
{
	struct buf unused = { 0 };

	switch (below(6)) {
	case 0: /* lookahead that is not met: the text behind it is random */
		put(pattern, "(?!");
		put(pattern, ONE_OF("zzz)", "z\\)[)z]y)", "[]z)]q)"));
		break;
	case 1:
		put(pattern, "(?i:");
		make_alternatives(pattern, sample, depth + 1);
		put(pattern, ")");
		break;
	case 2:
		put(pattern, ONE_OF("(?i)", "(?s)", "(?im)", "(?-i)"));
		break;
	default:
		put(pattern, ONE_OF("(", "(?:", "(?>", "(?<name>"));
		if (str_eq((struct str){ pattern->p + pattern->len - 1, 1 }, STR(">")) && below(2) == 0)
			put(pattern, "x?");
		make_alternatives(pattern, sample, depth + 1);
		put(pattern, ")");
	}
	buf_fini(&unused);
}

/* One item, and what it matches once. */
static void
make_atom(struct buf *pattern, struct buf *sample, unsigned depth)
{
	const char *plain;

	switch (below(depth < 2 ? 12 : 10)) {
	case 0:
		put(pattern, ONE_OF("\\d", "[0-9]", "[^a-z]", "\\w", "[[:digit:]x]", "[]5]"));
		put(sample, "5");
		return;
	case 1:
		put(pattern, ".");
		put(sample, ONE_OF("q", "\xc3\xa9", "]"));
		return;
	case 2:
		plain = ONE_OF(".", "*", "[", "(", ")", "{", "+", "|", "\\", "\"", "$", "/");
		buf_byte(pattern, '\\');
		put(pattern, plain);
		put(sample, plain);
		return;
	case 3:
		plain = ONE_OF("\xc3\xa9", "\xe2\x84\xaa", "\xc5\xbf", "\xf0\x9f\x98\x80");
		put(pattern, plain);
		put(sample, plain);
		return;
	case 10:
	case 11:
		make_group(pattern, sample, depth);
		return;
	default:
		plain = ONE_OF("a", "b", "k", "S", "u", "0", "1", "f", "n", "-", "_", " ", ":", ",", "}", "]", "abc",
		    "actor_", "id", "2026", "null", "err", "x1f");
		put(pattern, plain);
		put(sample, plain);
	}
}

static void
make_item(struct buf *pattern, struct buf *sample, unsigned depth)
{
	struct buf once = { 0 }, atom = { 0 };
	unsigned times = 1;

	make_atom(&atom, &once, depth);
	buf_str(pattern, buf_view(&atom));
	if (below(4) == 0 && atom.len > 0 && !(atom.p[0] == '(' && atom.p[1] == '?' && once.len == 0)) {
		const char *q = ONE_OF("?", "*", "+", "{0}", "{2}", "{0,2}", "{1,}", "??", "*+", "+?", "{,3}");

		put(pattern, q);
		times = strcmp(q, "{0}") == 0 ? 0 : q[0] == '+' || q[1] == '1' ? 1 + below(2)
		    : strcmp(q, "{2}") == 0 ? 2 : q[0] == '?' ? below(2) : below(3);
		if (atom.p[0] != '(' && atom.p[0] != '[' && atom.p[0] != '\\' && once.len > 1 && times != 1) {
			/* only the last character is repeated */
			size_t last = once.len - 1;

			while (last > 0 && ((unsigned char)once.p[last] & 0xc0) == 0x80)
				last--;
			buf_add(sample, once.p, last);
			memmove(once.p, once.p + last, once.len - last);
			once.len -= last;
		}
	}
	for (unsigned i = 0; i < times; i++)
		buf_str(sample, buf_view(&once));
	buf_fini(&once);
	buf_fini(&atom);
}

static void
make_sequence(struct buf *pattern, struct buf *sample, unsigned depth)
{
	unsigned n = 1 + below(depth == 0 ? 7 : 3);

	while (n-- > 0)
		make_item(pattern, sample, depth);
}

static void
make_alternatives(struct buf *pattern, struct buf *sample, unsigned depth)
{
	unsigned n = 1 + (below(3) == 0 ? below(3) : 0), chosen = below(n);
	struct buf other = { 0 };

	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			buf_byte(pattern, '|');
		make_sequence(pattern, i == chosen ? sample : &other, depth);
	}
	buf_fini(&other);
}

/* ---- whether a text is there ---- */

/* ASCII in lower case, and the two characters whose lower case is ASCII. */
static void
fold(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (i + 2 < s.len && memcmp(s.p + i, "\xe2\x84\xaa", 3) == 0) {
			buf_byte(out, 'k');
			i += 2;
		} else if (i + 1 < s.len && memcmp(s.p + i, "\xc5\xbf", 2) == 0) {
			buf_byte(out, 's');
			i++;
		} else
			buf_byte(out, (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32 : s.p[i]));
	}
}

static bool
contains(struct str value, struct str text, bool nocase)
{
	struct buf folded = { 0 };
	bool found;

	if (!nocase)
		return memmem(value.p, value.len, text.p, text.len) != NULL;
	fold(&folded, value);
	found = memmem(folded.p, folded.len, text.p, text.len) != NULL;
	buf_fini(&folded);
	return found;
}

static bool
has_need(const struct filter_need *need, struct str value)
{
	for (size_t i = 0; i < need->texts; i++) {
		ck_assert_uint_ge(need->text[i].len, 3);
		if (contains(value, need->text[i], need->nocase))
			return true;
	}
	return need->texts == 0;
}

/* ---- filters ---- */

static struct filter *
build(struct str_list *(*list)(struct filter_args *), const char *text, size_t len)
{
	struct filter_args args = { 0 };
	struct err e = ERR_NONE;
	struct filter *f;

	str_list_add(list(&args), text, len);
	f = filter_build(&args, NOW, &e);
	filter_args_fini(&args);
	return f;
}

static struct str_list *
expr_list(struct filter_args *a)
{
	return &a->expr;
}

static struct str_list *
grep_list(struct filter_args *a)
{
	return &a->grep;
}

static struct str_list *
text_list(struct filter_args *a)
{
	return &a->text;
}

static struct str_list *
where_list(struct filter_args *a)
{
	return &a->where;
}

static struct filter *
operand(const char *text)
{
	struct filter *f = build(expr_list, text, strlen(text));

	ck_assert_msg(f != NULL, "%s", text);
	ck_assert_int_eq(f->root->op, FILTER_TEST);
	return f;
}

/* The needs of an operand, joined by " | ", with " (nocase)" behind them. */
static void
needs(struct str_list *(*list)(struct filter_args *), const char *text, const char *expected)
{
	struct filter *f = build(list, text, strlen(text));
	const struct filter_need *need;
	struct buf b = { 0 };

	ck_assert_msg(f != NULL, "%s", text);
	need = &f->root->test.need;
	for (size_t i = 0; i < need->texts; i++) {
		put(&b, i > 0 ? " | " : "");
		buf_str(&b, need->text[i]);
	}
	put(&b, need->nocase ? " (nocase)" : "");
	buf_byte(&b, '\0');
	ck_assert_msg(strcmp(b.p, expected) == 0, "%s: '%s', not '%s'", text, b.p, expected);
	buf_fini(&b);
	filter_free(f);
}

START_TEST(values_and_globs_need_their_longest_literal_run)
{
	needs(expr_list, "request_id=abcd", "abcd");
	needs(expr_list, "request_id=abcd,xyz", "abcd | xyz");
	needs(expr_list, "request_id=abcd,xy", "");
	needs(expr_list, "description=*ab*manual?x*", "manual");
	needs(expr_list, "description=*a\\*b*", "a*b");
	needs(expr_list, "description=*", "");
	needs(expr_list, "host=WEB-1*", "web-1 (nocase)");
	needs(expr_list, "host=*\xc3\x9c" "ber-*", "ber- (nocase)");
	needs(expr_list, "ip=10.0.0.0/8,AWS*", "");
}
END_TEST

START_TEST(patterns_need_what_stands_outside_of_everything_optional)
{
	needs(expr_list, "description~denied", "denied");
	needs(expr_list, "description~^user \\d+ was .*removed$", "removed");
	needs(expr_list, "description~denied|block(ed)?|xyz+", "denied | block | xyz");
	needs(expr_list, "description~abc|", "");
	needs(expr_list, "description~abcd?ef", "abc");
	needs(expr_list, "description~abcd{0,3}ef", "abc");
	needs(expr_list, "description~abcd{1}ef", "abcd");
	needs(expr_list, "description~abcd{,3}ef", "");
	needs(expr_list, "description~ab\xc3\xa9*", "");
	needs(expr_list, "description~(?i)Denied", "denied (nocase)");
	needs(expr_list, "description~Denied(?i)x", "denied (nocase)");
	needs(expr_list, "description~Den(?i:ied)", "Den");
	needs(expr_list, "description~Den(?x: i e d # ) )\n)abcdef", "");
	needs(expr_list, "description~\\Qa.b\\E", "");
	needs(expr_list, "description~a\\.b\\/c", "a.b/c");
	needs(expr_list, "description~[)(]abc[]|]", "abc");
	needs(expr_list, "description~\\x61bcd", "");
	needs(expr_list, "description~(*ACCEPT)abc", "");
	needs(expr_list, "description~(abcdef)", "");
	needs(expr_list, "host~Web", "web (nocase)");
}
END_TEST

START_TEST(paths_need_a_value_or_else_a_key)
{
	needs(expr_list, "context.rotation_reason=manual", "manual");
	needs(expr_list, "context.rotation_reason=ab", "\"rotation_reason\":");
	needs(expr_list, "context.rotation_reason=*", "\"rotation_reason\":");
	needs(expr_list, "context.n=5", "\"n\":");
	needs(expr_list, "context.0=5", "");
	needs(expr_list, "context.a=C:\\Users\\x", "Users");
	needs(expr_list, "context.n>5", "\"n\":");
	needs(expr_list, "context.name~^adm.*istrator", "istrator");
}
END_TEST

START_TEST(elements_need_what_one_of_their_tests_needs)
{
	needs(where_list, "context.a like *Manual*", "manual (nocase)");
	needs(where_list, "context.src within 10.0.0.0/8", "\"src\":");
	needs(where_list, "any context.a (b = manual and c = x)", "manual");
	needs(where_list, "any context.a (b = manual and c in (abc, def))", "manual");
	needs(where_list, "any context.a (b = manual or c = other)", "manual | other");
	needs(where_list, "any context.a (b like manual or c = other)", "\"a\":");
	needs(where_list, "any context.a (not b = manual)", "\"a\":");
	needs(where_list, "any context.a (text = Manual)", "manual (nocase)");
	needs(where_list, "any context.a (true)", "\"a\":");
	needs(where_list, "any changes (b = x)", "\"b\":");
	needs(where_list, "any changes (true)", "");
	needs(where_list, "share = field(tenant)", "");
}
END_TEST

START_TEST(lines_need_what_no_key_time_or_escape_can_be)
{
	needs(grep_list, "XZ-BACKDOOR", "XZ-BACKDOOR");
	needs(grep_list, "\"action\":\"login", "login");
	needs(grep_list, "actor_id", "");
	needs(grep_list, "tor_i", "");
	needs(grep_list, "2026-04-23T11", "");
	needs(grep_list, "nabcd", "abcd");
	needs(grep_list, "u001fabc", "abc");
	needs(grep_list, "u00", "");
	needs(grep_list, "(?i)Mallory", "mallory (nocase)");
	needs(grep_list, "a\\\\nxyz", "xyz");
	needs(grep_list, "200,\"dur", "");
}
END_TEST

/* ---- whatever passes contains a need ---- */

START_TEST(whatever_value_matches_a_pattern_has_its_need)
{
	struct filter_scratch *x = filter_scratch_new();
	unsigned passed = 0, known = 0;

	seed = 11;
	for (int round = 0; round < ROUNDS; round++) {
		struct buf typed = { 0 }, value = { 0 };
		struct filter *f;

		put(&typed, ONE_OF("description~", "host~"));
		put(&value, ONE_OF("", "x", "abc ", "\xc3\xa9"));
		make_alternatives(&typed, &value, 0);
		put(&value, ONE_OF("", "x", " z", "\n"));
		buf_byte(&typed, '\0');
		for (size_t i = 0; below(3) == 0 && i < value.len; i++)
			value.p[i] = (char)(value.p[i] >= 'a' && value.p[i] <= 'z' ? value.p[i] - 32 : value.p[i]);
		f = build(expr_list, typed.p, typed.len - 1);
		if (f != NULL && filter_test_value(&f->root->test, buf_view(&value), x)) {
			passed++;
			known += f->root->test.need.texts > 0;
			ck_assert_msg(has_need(&f->root->test.need, buf_view(&value)), "%s on %.*s", typed.p,
			    (int)value.len, value.p);
		}
		filter_free(f);
		buf_fini(&typed);
		buf_fini(&value);
	}
	ck_assert_msg(passed > ROUNDS / 3 && known > passed / 6, "%u passed, %u with a need", passed, known);
	filter_scratch_free(x);
}
END_TEST

/* Whatever PCRE2 takes for a pattern, however odd. */
START_TEST(no_pattern_is_read_wrongly)
{
	static const char *const pieces[] = {
		"a", "b", "c", "ab", "abc", "aBc", "(", ")", "(?:", "(?i)", "(?-i)", "(?i:", "(?=", "(?!", "(?<=", "(?<!",
		"(?>", "(?|", "(?x)", "(?x: # )\n", "(?#", "(?<n>", "(?P<m>", "(?P=m)", "(?1)", "(?(1)", "[", "]", "[^", "[]",
		"[a-", "[[:alpha:]", "[[:", "[\\]", "\\Q", "\\E", "\\", "\\K", "\\b", "\\B", "\\d", "\\1", "\\x61",
		"\\x{62}", "\\c", "\\N", "\\(", "\\.", ".", "^", "$", "|", "?", "*", "+", "{0}", "{1}", "{0,2}", "{2}", "{,2}",
		"{", "}", "{a}", ":", "#", "-", "\xc3\xa9", "(*COMMIT)", "(*FAIL)", "(*ACCEPT)", "\\G", "\\R", "\\X",
		"\\p{L}", "\\o{141}", "\\g{-1}", "\\k<n>", "\\h", "\\N{U+61}", "(?^)", "(?n)", "(?J)", "(?)", "(?C1)"
	};
	struct filter_scratch *x = filter_scratch_new();
	unsigned passed = 0, known = 0;

	seed = 15;
	for (int round = 0; round < 10 * ROUNDS; round++) {
		struct buf typed = { 0 }, value = { 0 };
		struct filter *f;

		put(&typed, "description~");
		for (unsigned n = 1 + below(8); n > 0; n--)
			put(&typed, below(2) == 0 ? ONE_OF("a", "b", "c", "abc") :
			    one_of(pieces, sizeof(pieces) / sizeof(pieces[0])));
		for (unsigned n = 1 + below(60); n > 0; n--)
			put(&value, ONE_OF("a", "b", "c", "abc", "A", "(", ")", "]", "{", ":", "#", "-", "\xc3\xa9"));
		f = build(expr_list, typed.p, typed.len);
		if (f != NULL && filter_test_value(&f->root->test, buf_view(&value), x)) {
			passed++;
			known += f->root->test.need.texts > 0;
			ck_assert_msg(has_need(&f->root->test.need, buf_view(&value)), "%.*s on %.*s", (int)typed.len,
			    typed.p, (int)value.len, value.p);
		}
		filter_free(f);
		buf_fini(&typed);
		buf_fini(&value);
	}
	ck_assert_msg(passed > ROUNDS && known > ROUNDS / 20, "%u passed, %u with a need", passed, known);
	filter_scratch_free(x);
}
END_TEST

/* An event with the text in some of its values, behind whatever is escaped. */
static void
make_event(struct event *ev, struct arena *a, struct str text)
{
	struct buf value = { 0 }, json = { 0 };

	*ev = (struct event){ .present = 0 };
	event_set_time(ev, FIELD_TIME, NOW);
	event_set(ev, FIELD_ACTION, STR("nabc"));
	event_set(ev, FIELD_STATUS, STR("2026"));
	put(&value, ONE_OF("", "\n", "\x1f", "\x01", "\\", "\"", "x"));
	buf_str(&value, text);
	put(&json, "{\"k\":{\"abc1\":");
	json_quote(&json, buf_view(&value));
	put(&json, "}}");
	event_set(ev, FIELD_ACTOR_ID, STR("abc5"));
	if (below(2) == 0)
		event_set(ev, FIELD_DESCRIPTION, (struct str){ arena_copy(a, value.p, value.len), value.len });
	else
		event_set(ev, FIELD_CONTEXT, (struct str){ arena_copy(a, json.p, json.len), json.len });
	buf_fini(&value);
	buf_fini(&json);
}

static bool
some_value_has(const struct filter_need *need, const struct event *ev)
{
	for (int i = 0; i < FIELD_COUNT; i++) {
		if (event_has(ev, (enum field)i) && field_table[i].type != FIELD_TIMESTAMP && has_need(need, ev->v[i]))
			return true;
	}
	return false;
}

START_TEST(whatever_line_matches_has_a_value_with_the_need)
{
	struct filter_scratch *x = filter_scratch_new();
	struct arena arena = { 0 };
	unsigned passed = 0, known = 0;

	seed = 12;
	for (int round = 0; round < ROUNDS; round++) {
		struct buf pattern = { 0 }, sample = { 0 };
		struct event ev;
		struct filter *f;

		put(&pattern, ONE_OF("", "", "n", "u001f", "1f", "\\\\n", "\\\\u0001", "_"));
		put(&sample, pattern.len > 0 && pattern.p[0] == '_' ? "_" : "");
		make_alternatives(&pattern, &sample, 0);
		make_event(&ev, &arena, below(4) == 0 ? STR("") : buf_view(&sample));
		f = build(grep_list, pattern.p, pattern.len);
		if (f != NULL && filter_match(f, &ev, x)) {
			passed++;
			known += f->root->test.need.texts > 0;
			ck_assert_msg(some_value_has(&f->root->test.need, &ev), "%.*s on %.*s", (int)pattern.len,
			    pattern.p, (int)sample.len, sample.p);
		}
		filter_free(f);
		buf_fini(&pattern);
		buf_fini(&sample);
		arena_reset(&arena);
	}
	ck_assert_msg(passed > ROUNDS / 8 && known > passed / 10, "%u passed, %u with a need", passed, known);
	arena_fini(&arena);
	filter_scratch_free(x);
}
END_TEST

START_TEST(whatever_payload_passes_a_path_has_the_need)
{
	struct filter_scratch *x = filter_scratch_new();
	unsigned passed = 0, known = 0;

	seed = 13;
	for (int round = 0; round < ROUNDS; round++) {
		struct buf typed = { 0 }, value = { 0 }, json = { 0 };
		struct filter *f;

		put(&typed, "context.key~");
		make_alternatives(&typed, &value, 0);
		put(&json, "{\"key\":[");
		json_quote(&json, buf_view(&value));
		put(&json, ",1]}");
		f = build(expr_list, typed.p, typed.len);
		if (f != NULL && filter_test_value(&f->root->test, buf_view(&json), x)) {
			passed++;
			known += f->root->test.need.texts > 0;
			ck_assert_msg(has_need(&f->root->test.need, buf_view(&json)), "%.*s on %.*s", (int)typed.len,
			    typed.p, (int)json.len, json.p);
		} else if (f != NULL) { /* not for want of the need alone */
			struct str_list *(*const list)(struct filter_args *) = expr_list;
			struct buf direct = { 0 };
			struct filter *g;

			put(&direct, "description~");
			buf_add(&direct, typed.p + 12, typed.len - 12);
			g = build(list, direct.p, direct.len);
			ck_assert_msg(!filter_test_value(&g->root->test, buf_view(&value), x), "%.*s on %.*s",
			    (int)typed.len, typed.p, (int)value.len, value.p);
			filter_free(g);
			buf_fini(&direct);
		}
		filter_free(f);
		buf_fini(&typed);
		buf_fini(&value);
		buf_fini(&json);
	}
	ck_assert_msg(passed > ROUNDS / 3 && known > passed / 2, "%u passed, %u with a need", passed, known);
	filter_scratch_free(x);
}
END_TEST

/* The test of --text on a field. */
static const struct filter_test *
text_test(const struct filter *f, enum field field)
{
	for (size_t i = 0; i < f->root->children; i++) {
		if (f->root->child[i]->test.field == field)
			return &f->root->child[i]->test;
	}
	ck_abort_msg("no such field");
	return NULL;
}

START_TEST(whatever_has_a_text_has_its_need)
{
	struct filter_scratch *x = filter_scratch_new();

	seed = 14;
	for (int round = 0; round < ROUNDS; round++) {
		struct buf text = { 0 }, value = { 0 }, json = { 0 };
		struct filter *f;

		for (unsigned n = 1 + below(6); n > 0; n--)
			put(&text, ONE_OF("k", "S", "abc", "\\", "\"", "\n", "\xe2\x84\xaa", "\xc3\xa9", "x", "n"));
		buf_byte(&value, 'y');
		for (size_t i = 0; i < text.len; i++)
			buf_byte(&value, (char)(below(2) == 0 && text.p[i] >= 'a' && text.p[i] <= 'z' ? text.p[i] - 32
			    : text.p[i]));
		put(&json, "{\"key\":");
		json_quote(&json, buf_view(&value));
		put(&json, "}");
		f = build(text_list, text.p, text.len);
		ck_assert(filter_test_value(text_test(f, FIELD_DESCRIPTION), buf_view(&value), x));
		ck_assert(has_need(&text_test(f, FIELD_DESCRIPTION)->need, buf_view(&value)));
		ck_assert(filter_test_value(text_test(f, FIELD_CONTEXT), buf_view(&json), x));
		ck_assert(has_need(&text_test(f, FIELD_CONTEXT)->need, buf_view(&json)));
		filter_free(f);
		buf_fini(&text);
		buf_fini(&value);
		buf_fini(&json);
	}
	filter_scratch_free(x);
}
END_TEST

/* What these lines have in common with the filters below: all that match may. */
START_TEST(a_line_that_may_not_match_does_not)
{
	static const char *const lines[] = {
		"{\"time\":\"2026-04-23T11:00:00.000000Z\",\"action\":\"login.lockout\",\"target_id\":\"a\\\"b\"}",
		"{\"time\":\"2026-04-23T11:00:00.000000Z\",\"action\":\"login\",\"status\":403,\"actor_id\":\"m\xc3\xbcller\"}",
		"{\"time\":\"2026-04-23T11:00:00.000000Z\",\"action\":\"read\",\"context\":{\"path\":\"C:\\\\data\",\"n\":[4711]}}",
		"{\"time\":\"2026-04-23T11:00:00.000000Z\",\"category\":\"SECURITY\",\"action\":\"write\",\"ip\":\"10.0.0.7\"}"
	};
	/* Which of the lines may match: a digit each. */
	static const struct { const char *where, *may; } cases[] = {
		{ "action = login.lockout", "0" }, { "action = login", "01" }, { "action in (read, write)", "23" },
		{ "not action = login.lockout", "0123" }, { "action = login or ip = 10.0.0.7", "0123" },
		{ "action = write and status = 403", "3" }, { "status = 403", "1" }, { "category = security", "0123" },
		{ "target_id = \"a\\\"b\"", "0123" }, { "actor_id = m\xc3\xbcller", "1" },
		{ "context.path = \"C:\\\\data\"", "2" }, { "context.n = 4711", "2" }, { "text = LOGIN", "0123" },
		{ "line ~ \"lock.*\"", "0" }, { "action = login* and not has status", "01" }, { "true", "0123" },
		{ "any context.n (true)", "2" }
	};
	static const struct event_policy policy = { .stored = true, .assume_now = TIME_NONE };
	struct filter_scratch *x = filter_scratch_new();
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filter *f = build(where_list, cases[i].where, strlen(cases[i].where));
		char may[8] = "";
		size_t n = 0;

		ck_assert_msg(f != NULL, "%s", cases[i].where);
		for (size_t k = 0; k < 4; k++) {
			struct str line = str_of(lines[k]);
			const char *detail;
			struct event ev;

			if (filter_may_match(f, line))
				may[n++] = (char)('0' + k);
			ck_assert_int_eq(event_parse(&ev, line.p, line.len, &policy, &tape, &arena, &detail), EVENT_OK);
			ck_assert_msg(!filter_match(f, &ev, x) || filter_may_match(f, line), "%s: %s", cases[i].where, lines[k]);
		}
		ck_assert_msg(strcmp(may, cases[i].may) == 0, "%s: %s", cases[i].where, may);
		filter_free(f);
	}
	filter_scratch_free(x);
	json_tape_fini(&tape);
	arena_fini(&arena);
}
END_TEST

START_TEST(too_many_alternatives_need_nothing)
{
	struct buf typed = { 0 };
	struct filter *f;

	put(&typed, "description~abc0");
	for (int i = 1; i < 65; i++)
		buf_printf(&typed, "|abc%d", i);
	buf_byte(&typed, '\0');
	f = operand(typed.p);
	ck_assert_uint_eq(f->root->test.need.texts, 0);
	filter_free(f);
	buf_fini(&typed);
}
END_TEST

static Suite *
need_suite(void)
{
	Suite *s = suite_create("filter_need");
	TCase *c = tcase_create("need");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, values_and_globs_need_their_longest_literal_run);
	tcase_add_test(c, patterns_need_what_stands_outside_of_everything_optional);
	tcase_add_test(c, paths_need_a_value_or_else_a_key);
	tcase_add_test(c, elements_need_what_one_of_their_tests_needs);
	tcase_add_test(c, lines_need_what_no_key_time_or_escape_can_be);
	tcase_add_test(c, too_many_alternatives_need_nothing);
	tcase_add_test(c, a_line_that_may_not_match_does_not);
	tcase_add_test(c, whatever_value_matches_a_pattern_has_its_need);
	tcase_add_test(c, no_pattern_is_read_wrongly);
	tcase_add_test(c, whatever_line_matches_has_a_value_with_the_need);
	tcase_add_test(c, whatever_payload_passes_a_path_has_the_need);
	tcase_add_test(c, whatever_has_a_text_has_its_need);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(need_suite)
