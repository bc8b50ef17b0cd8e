/* subject: a person's values, found and replaced in texts, JSON and events. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "event/subject.h"
#include "event/subject_read.h"

#define P "person-1"

static struct json_tape tape;
static struct arena arena;
static struct buf out;
static struct subject *person;
static const char *detail;

static void
teardown(void)
{
	json_tape_fini(&tape);
	arena_fini(&arena);
	buf_fini(&out);
	subject_free(person);
	person = NULL;
}

static void
know(const char *first, const char *second, const char *third)
{
	struct str value[] = { str_of(first), str_of(second), str_of(third) };
	struct err e = ERR_NONE;

	subject_free(person);
	person = subject_new(value, third ? 3 : second ? 2 : 1, STR(P), &e);
	ck_assert_msg(person != NULL, "%s", e.text);
}

/* Nothing behind the text may be read. */
static struct str
tight(const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	return (struct str){ copy, len };
}

/* Whether a filter of all bytes in a row would say that a value may be there. */
static bool
hinted(struct str text)
{
	const char *const *hint;
	size_t n = subject_hints(person, &hint);

	for (size_t i = 0; i < n; i++) {
		struct str h = str_of(hint[i]);

		ck_assert_uint_ge(h.len, 3);
		for (size_t at = 0; at + h.len <= text.len; at++)
			if (str_eq_nocase(h, (struct str){ text.p + at, h.len }))
				return true;
	}
	return n == 0;
}

/* Replaced, and again; the text itself when nothing is found. */
static const char *
replace_with(size_t (*replace)(const struct subject *, struct str, struct buf *), const char *text)
{
	struct str s = tight(text);
	struct buf again = { 0 };
	size_t hits;

	buf_reset(&out);
	hits = replace(person, s, &out);
	ck_assert_msg(hits == 0 || subject_may_occur(person, s), "a wrong no: %s", text);
	ck_assert_msg(hits == 0 || hinted(s), "a wrong no of the hints: %s", text);
	if (hits == 0)
		buf_str(&out, s);
	ck_assert_uint_eq(replace(person, buf_view(&out), &again), 0);
	buf_byte(&out, '\0');
	buf_fini(&again);
	free((void *)(uintptr_t)s.p);
	return out.p;
}

#define REPLACED(text, expected) ck_assert_str_eq(replace_with(subject_replace, text), expected)
#define KEPT(text) REPLACED(text, text)
#define JSON_REPLACED(text, expected) ck_assert_str_eq(replace_with(subject_replace_json, text), expected)

START_TEST(a_whole_word_is_found)
{
	know("alice", NULL, NULL);
	REPLACED("alice", P);
	REPLACED("user:alice", "user:" P);
	REPLACED("/home/alice/x", "/home/" P "/x");
	REPLACED("alice,bob", P ",bob");
	REPLACED("alice's", P "'s");
	REPLACED("I asked alice. She", "I asked " P ". She");
	REPLACED("<alice> (alice) alice-", "<" P "> (" P ") " P "-");
	REPLACED("alice. -alice @alice \xff" "alice\xc3", P ". -" P " @" P " \xff" P "\xc3");
}
END_TEST

START_TEST(a_part_of_a_word_is_somebody_else)
{
	know("alice", "svc1", "alice@acme.example");
	KEPT("malice");
	KEPT("alice2");
	KEPT("svc10");
	KEPT("_alice alice_");
	KEPT("alice.smith");
	KEPT("alice-2");
	KEPT("x+alice");
	KEPT("malice@acme.example");
	KEPT("alice@acme.example.com");
	KEPT("alice@other.example");
	KEPT("x.alice@acme.example");
	KEPT("\xc3\xa9" "alice");
	KEPT("alice\xcc\x81");
	KEPT("alice%2Dsmith");
	KEPT("malic\\u0065");
	KEPT("\\u006dalice");
	KEPT("aalic");
	KEPT("");
	REPLACED("mail alice@acme.example.", "mail " P ".");
}
END_TEST

START_TEST(case_does_not_count)
{
	know("Alice", "\xd0\x9e\xd0\xbb\xd1\x8f", "kiss");
	REPLACED("ALICE aLiCe", P " " P);
	REPLACED("\xd0\xbe\xd0\x9b\xd1\x8f", P);                 /* Cyrillic */
	REPLACED("\xe2\x84\xaaI\xc5\xbfS", P);                   /* the Kelvin sign, long s */
}
END_TEST

START_TEST(composed_and_decomposed_are_the_same)
{
	know("Jos\xc3\xa9", NULL, NULL);
	REPLACED("JOS\xc3\x89", P);
	REPLACED("jose\xcc\x81!", P "!");
	KEPT("Jose");
	know("Jose\xcc\x81", "\xc3\xa9\xcc\xb1xy", NULL);
	REPLACED("jos\xc3\xa9", P);
	REPLACED("e\xcc\xb1\xcc\x81xy", P); /* é with a line below: marks in the other order */
}
END_TEST

START_TEST(scripts_without_blanks_end_a_word)
{
	know("\xe7\x94\xb0\xe4\xb8\xad", "\xe3\x83\xaa\xe3\x83\xb3", "\xea\xb9\x80\xec\xb2\xa0\xec\x88\x98");
	REPLACED("\xe7\x94\xb0\xe4\xb8\xad\xe3\x81\x95\xe3\x82\x93", P "\xe3\x81\x95\xe3\x82\x93");
	KEPT("\xe3\x83\x97\xe3\x83\xaa\xe3\x83\xb3"); /* purin, Katakana, is not rin */
	REPLACED("\xea\xb9\x80\xec\xb2\xa0\xec\x88\x98\xea\xb0\x80", P "\xea\xb0\x80"); /* a particle */
}
END_TEST

START_TEST(escapes_are_read)
{
	know("alice", "Al \"A\" S", "ACME\\bob");
	REPLACED("\\u0061lice", P);
	REPLACED("\\\\\\\\u0061lic\\\\\\\\u0065", P);
	REPLACED("hi\\nalice\\n", "hi\\n" P "\\n");
	REPLACED("\\u0020alice\\u0021", "\\u0020" P "\\u0021");
	REPLACED("ACME\\\\\\u0061lice", "ACME\\\\" P);
	REPLACED("al \\\"a\\\" s", P);
	REPLACED("al \\\\\\\"A\\\\\\\" s", P);
	REPLACED("ACME\\bob ACME\\\\bob ACME\\\\\\\\BOB", P " " P " " P);
	REPLACED("\\ud83d\\ude00alice", "\\ud83d\\ude00" P);
	KEPT("\\ud835\\uda00lice \\u006 \\u");
	know("a/b/c", "\xf0\x9f\x98\x80xx", NULL);
	REPLACED("a\\/b\\\\\\/c", P);
	REPLACED("\\ud83d\\ude00xx \\\\ud83d\\\\ude00xx", P " " P);
}
END_TEST

START_TEST(urls_are_read)
{
	know("alice@acme.example", "Al Smith", "Jos\xc3\xa9");
	REPLACED("/u/alice%40acme.example/x", "/u/" P "/x");
	REPLACED("?m=%61lice%2540acme.example&", "?m=" P "&");
	REPLACED("?n=Al+Smith&m=al%20smith", "?n=" P "&m=" P);
	REPLACED("%20Jos%C3%A9%2C", "%20" P "%2C");
	REPLACED("%C3%BCjos%c3%a9 ", "%C3%BCjos%c3%a9 "); /* behind a letter */
	KEPT("alice%40acme.example%2Ecom");
	KEPT("% %4 %zz %C3 %C3%");
}
END_TEST

START_TEST(the_longest_at_the_leftmost_place_wins)
{
	know("alice", "alice smith", "smith jones");
	REPLACED("alice smith jones", P " jones");
	REPLACED("alice smit", P " smit");
	REPLACED("x smith jones", "x " P);
}
END_TEST

START_TEST(what_is_no_value_is_refused)
{
	static const char *const bad[] = { "", "al", " alice", "alice ", "al\nice", "al ice\xff", "...", "person",
		"RSON-1", "a person-1 b", "audit-toolkit" };
	static const char *const names[] = { "", "-x", "x-", "x--y", "x y", "erased-1", "n1", "1x", "p\"x",
		"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp" };
	char longest[SUBJECT_VALUE_MAX + 2];
	struct str many[SUBJECT_VALUES_MAX + 1];
	struct err e = ERR_NONE;
	struct str alice = STR("alice");

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct str v[] = { alice, str_of(bad[i]) };

		ck_assert_msg(subject_new(v, 2, STR(P), &e) == NULL && e.code == ERR_FAIL, "%s", bad[i]);
		err_clear(&e);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		ck_assert_msg(subject_new(&alice, 1, str_of(names[i]), &e) == NULL, "%s", names[i]);
	ck_assert(subject_new(&alice, 0, STR(P), &e) == NULL);
	memset(longest, 'x', sizeof(longest));
	ck_assert(subject_new(&(struct str){ longest, SUBJECT_VALUE_MAX + 1 }, 1, STR(P), &e) == NULL);
	for (size_t i = 0; i < SUBJECT_VALUES_MAX + 1; i++)
		many[i] = (struct str){ longest, 3 + i };
	ck_assert(subject_new(many, SUBJECT_VALUES_MAX + 1, STR(P), &e) == NULL);
	err_clear(&e);
	person = subject_new(many, SUBJECT_VALUES_MAX, STR(P), &e);
	ck_assert_msg(person != NULL, "%s", e.text);
	REPLACED("xxx", P);
	subject_free(person);
	person = subject_new(&(struct str){ longest, SUBJECT_VALUE_MAX }, 1, STR(P), &e);
	ck_assert_msg(person != NULL, "%s", e.text);
	longest[SUBJECT_VALUE_MAX] = '\0';
	REPLACED(longest, P);
}
END_TEST

START_TEST(json_keeps_all_other_bytes)
{
	know("alice", "10023", NULL);
	JSON_REPLACED("{\"b\" : 1.50, \"a\":[\"alice\" ,1e+2,\"\\/x\"]}", "{\"b\" : 1.50, \"a\":[\"" P "\" ,1e+2,\"\\/x\"]}");
	JSON_REPLACED("{\"m\":\"\\u0001\\/ \\u0061lice\\ttab\"}", "{\"m\":\"\\u0001/ " P "\\ttab\"}");
	JSON_REPLACED("[10023,100230,-10023,10023.5,\"10023\"]", "[\"" P "\",100230,-10023,10023.5,\"" P "\"]");
	JSON_REPLACED("{\"m\":\"{\\\"who\\\":\\\"\\\\u0061lice\\\"}\"}", "{\"m\":\"{\\\"who\\\":\\\"" P "\\\"}\"}");
	JSON_REPLACED("{\"m\":\"malice\"}", "{\"m\":\"malice\"}");
	JSON_REPLACED("{\"alice\":", "{\"" P "\":"); /* no JSON */
}
END_TEST

START_TEST(keys_stay_apart)
{
	know("alice", "x_2", NULL);
	JSON_REPLACED("{\"alice\":1,\"ALICE\":2,\"Alice\":{\"alice\":3}}",
	    "{\"" P "\":1,\"" P "_2\":2,\"" P "_3\":{\"" P "\":3}}");
	JSON_REPLACED("{\"alice\":1,\"" P "\":2}", "{\"" P "_2\":1,\"" P "\":2}");
	JSON_REPLACED("{\"alice x\":1,\"Alice x\":2}", "{\"" P " x\":1,\"" P " x_3\":2}");
}
END_TEST

START_TEST(many_keys_that_become_one_take_no_time)
{
	struct buf json = { 0 }, got = { 0 };
	struct json_error e;
	unsigned count = 20000;

	know("alice bob carol dave", NULL, NULL);
	buf_byte(&json, '{');
	for (unsigned i = 0; i < count; i++) {
		static const char letters[] = "alice bob carol dave";

		buf_printf(&json, "%s\"", i ? "," : "");
		for (unsigned k = 0; letters[k] != '\0'; k++)
			buf_byte(&json, letters[k] != ' ' && k < 15 && (i >> k & 1) ? (char)(letters[k] - 32) : letters[k]);
		buf_printf(&json, "%.*s\":0", (int)(i >> 15), "  ");
	}
	buf_byte(&json, '}');
	ck_assert_uint_eq(subject_replace_json(person, buf_view(&json), &got), count);
	ck_assert_int_eq(json_scan(&tape, got.p, got.len, &e), 0);
	ck_assert(json_duplicate_key(&tape, &arena) == UINT32_MAX);
	buf_fini(&json);
	buf_fini(&got);
}
END_TEST

/* ---- events ---- */

static void
read_event(struct event *ev, const char *line, size_t len)
{
	enum event_fault fault = event_parse(ev, line, len, &event_stored, &tape, &arena, &detail);

	ck_assert_msg(fault == EVENT_OK, "%s: %s", event_fault_name(fault), detail);
}

/* A changed event is one still, and has nothing of the person. */
static void
check_changed(const struct event *ev)
{
	struct event again, none;
	struct buf line = { 0 }, twice = { 0 };

	event_format(&line, ev);
	ck_assert_uint_le(line.len, JSON_STORED_MAX);
	read_event(&again, line.p, line.len);
	event_format(&twice, &again);
	ck_assert(str_eq(buf_view(&line), buf_view(&twice)));
	ck_assert(!subject_event(person, &again, &none, &arena, NULL));
	buf_fini(&line);
	buf_fini(&twice);
}

START_TEST(an_event_loses_the_person_everywhere)
{
	static const char line[] = "{\"id\":\"alice-1\",\"time\":\"2026-04-23T18:00:00.000000Z\",\"action\":\"alice.x\","
	    "\"severity\":\"info\",\"outcome\":\"success\",\"description\":\"alice asked Alice\",\"actor_id\":\"alice\","
	    "\"target_path\":\"/home/alice/x\",\"ip\":\"10.0.0.7\",\"changes\":[\"alice\",1.0],"
	    "\"context\":{\"n\":1.50,\"alice\":{\"x\":\"alice\"}}}";
	struct event ev, got;
	struct subject_found found;

	know("alice", "10.0.0.7", "info");
	read_event(&ev, line, sizeof(line) - 1);
	ck_assert(subject_event(person, &ev, &got, &arena, &found));
	buf_reset(&out);
	event_format(&out, &got);
	buf_byte(&out, '\0');
	ck_assert_str_eq(out.p, "{\"id\":\"alice-1\",\"time\":\"2026-04-23T18:00:00.000000Z\",\"action\":\"alice.x\","
	    "\"severity\":\"info\",\"outcome\":\"success\",\"description\":\"" P " asked " P "\",\"actor_id\":\"" P "\","
	    "\"target_path\":\"/home/" P "/x\",\"ip\":\"" P "\",\"changes\":[\"" P "\",1.0],"
	    "\"context\":{\"n\":1.50,\"" P "\":{\"x\":\"" P "\"}}}");
	ck_assert_uint_eq(found.fields, FIELD_BIT(FIELD_DESCRIPTION) | FIELD_BIT(FIELD_ACTOR_ID) |
	    FIELD_BIT(FIELD_TARGET_PATH) | FIELD_BIT(FIELD_IP) | FIELD_BIT(FIELD_CHANGES) | FIELD_BIT(FIELD_CONTEXT));
	ck_assert_uint_eq(found.hits[FIELD_DESCRIPTION], 2);
	ck_assert_uint_eq(found.hits[FIELD_CONTEXT], 2);
	ck_assert_uint_eq(found.hits[FIELD_ID], 0);
	ck_assert_uint_eq(found.whole, 0);
	check_changed(&got);
}
END_TEST

START_TEST(an_event_without_the_person_is_untouched)
{
	static const char line[] = "{\"time\":\"2026-04-23T18:00:00.000000Z\",\"action\":\"a\",\"severity\":\"info\","
	    "\"outcome\":\"success\",\"actor_id\":\"malice\",\"context\":{\"%\":\"%20\"}}";
	struct event ev, got;
	struct subject_found found;
	struct arena none = { 0 };

	know("alice", NULL, NULL);
	read_event(&ev, line, sizeof(line) - 1);
	ck_assert(!subject_event(person, &ev, &got, &none, &found));
	ck_assert_uint_eq(found.fields, 0);
	ck_assert(none.first == NULL && event_same(&ev, &got));
}
END_TEST

START_TEST(a_changed_event_is_not_too_long)
{
	struct event ev = { 0 }, got;
	struct subject_found found;
	struct buf text = { 0 };
	struct str id, context;

	know("abc", NULL, NULL);
	for (int i = 0; i < 60; i++)
		buf_printf(&text, "abc ");
	id = (struct str){ arena_copy(&arena, text.p, text.len), text.len };
	buf_reset(&text);
	buf_printf(&text, "{\"k\":\"");
	while (text.len < 12 * 1024 * 1024)
		buf_printf(&text, "abc abc abc abc abc abc abc abc abc abc abc abc abc abc abc abc ");
	buf_printf(&text, "\"}");
	context = buf_view(&text);
	event_set_time(&ev, FIELD_TIME, 1776967200000000);
	event_set(&ev, FIELD_ID, id);
	event_set(&ev, FIELD_ACTION, STR("a"));
	event_set(&ev, FIELD_SEVERITY, STR("info"));
	event_set(&ev, FIELD_OUTCOME, STR("success"));
	event_set(&ev, FIELD_CONTEXT, context);
	ck_assert(subject_event(person, &ev, &got, &arena, &found));
	ck_assert_uint_eq(found.whole, FIELD_BIT(FIELD_CONTEXT));
	ck_assert(str_eq(got.v[FIELD_CONTEXT], STR("{\"" P "\":\"" P "\"}")));
	ck_assert_uint_le(got.v[FIELD_ID].len, EVENT_ID_MAX);
	ck_assert_uint_eq(got.v[FIELD_ID].len, sizeof(P) - 1 + 1 + 16);
	check_changed(&got);
	buf_fini(&text);
}
END_TEST

/* What the first look counts on. */
START_TEST(filters_are_told_what_to_look_for)
{
	const char *const *hint;

	know("alice", NULL, NULL);
	ck_assert(hinted(STR("xALICEx")));
	ck_assert(!hinted(STR("al ce, 100% of l\\u and \xc4\xb1")));
	know("alice", "\xd0\xb4\xd0\xb4", NULL); /* nothing ASCII: everything is looked at */
	ck_assert_uint_eq(subject_hints(person, &hint), 0);
	know("d\xc3\xa9s", NULL, NULL);
	ck_assert_uint_eq(subject_hints(person, &hint), 0);
	know("user:bob", NULL, NULL);
	ck_assert(hinted(STR("user")));
	ck_assert(!hinted(STR("bob")));
}
END_TEST

START_TEST(three_letters_and_no_more_fold_to_ascii_letters)
{
	uint32_t folded[FOLDED_MAX];

	for (uint32_t cp = 0x80; cp < 0x110000; cp++) {
		bool known = cp == 0x131 || cp == 0x17f || cp == 0x212a || cp == 0x37e || cp == 0x1fef;

		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		for (unsigned i = 0, n = read_fold(cp, folded); i < n && !known; i++)
			ck_assert_msg(folded[i] >= 0x80 || (i + 1 < n && folded[i + 1] >= 0x80), "U+%04X", cp);
	}
}
END_TEST

/* ---- a naive twin ---- */

static uint64_t seed = 1;

static unsigned
below(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(seed >> 33) % n;
}

/* A character of the text as the twin knows it. */
struct piece {
	const char *folded;
	size_t start, end;
};

static const struct letter {
	const char *raw, *upper, *escape, *percent, *folded;
} letters[] = {
	{ "l", "L", "u006c", "%6C", "l" }, { "m", "M", "u006D", "%6d", "m" }, { "v", "V", "u0056", "%76", "v" },
	{ "1", "1", "u0031", "%31", "1" }, { "\xc3\xa9", "e\xcc\x81", "u00e9", "%C3%A9", "e\xcc\x81" },
	{ "i", "\xc4\xb1", "u0131", "%C4%B1", "i" }, { "s", "\xc5\xbf", "u017F", "%c5%BF", "s" },
	{ "k", "\xe2\x84\xaa", "u212a", "%6B", "k" }, { "\xd0\xb4", "\xd0\x94", "u0434", "%D0%94", "\xd0\xb4" },
	{ ".", ".", "u002e", "%2E", "." }, { "-", "-", "u002d", "%252D", "-" }, { "@", "@", "u0040", "%2540", "@" },
	{ " ", " ", "u0020", "%20", " " }, { "/", "\\/", "u002f", "%2F", "/" }, { "_", "_", "u005f", "%5f", "_" },
};
#define LETTERS (sizeof(letters) / sizeof(*letters))
#define JOINT 9 /* the first of three */

static bool
is_word(const struct piece *p)
{
	return strchr(".-@ /", p->folded[0]) == NULL;
}

static bool
is_joint(const struct piece *p)
{
	return strchr(".-@", p->folded[0]) != NULL;
}

static bool
stops(const struct piece *near, const struct piece *far)
{
	return near == NULL || (!is_word(near) && !(is_joint(near) && far != NULL && is_word(far) && far->folded[0] != '_'));
}

static size_t
naive(const struct piece *p, size_t n, const char *text, const char *const *value, size_t values, struct buf *into)
{
	size_t hits = 0, done = 0;

	for (size_t i = 0; i < n;) {
		size_t best = 0;

		for (size_t v = 0; v < values && stops(i > 0 ? &p[i - 1] : NULL, i > 1 ? &p[i - 2] : NULL); v++) {
			const char *rest = value[v];
			size_t k = i;

			while (k < n && strncmp(rest, p[k].folded, strlen(p[k].folded)) == 0 && *rest != '\0')
				rest += strlen(p[k++].folded);
			if (*rest == '\0' && k > best &&
			    stops(k < n ? &p[k] : NULL, k + 1 < n ? &p[k + 1] : NULL))
				best = k;
		}
		if (best > 0) {
			buf_add(into, text + done, p[i].start - done);
			buf_printf(into, P);
			done = p[best - 1].end;
			hits++;
			i = best;
		} else
			i++;
	}
	buf_printf(into, "%s", text + done);
	return hits;
}

static const char *
spelling(const struct letter *l, unsigned wild, struct buf *into)
{
	switch (below(12) < wild ? below(5) : 4) {
	case 0: buf_printf(into, "\\%s", l->escape); break;
	case 1: buf_printf(into, "\\\\\\\\%s", l->escape); break;
	case 2: buf_printf(into, "%s", l->percent); break;
	case 3: buf_printf(into, "%s", l->upper); break;
	default: buf_printf(into, "%s", l->raw); break;
	}
	return l->folded;
}

static void
one_round(void)
{
	/* Not in the text, but so many that the quick looks give up. */
	static const char *const others[] = { "abcd", "bcde", "cdef", "defg", "efgh", "fghi", "ghij", "hijn", "nopq" };
	char value[3][64], folded[3][64];
	const char *view[3];
	struct str given[3 + sizeof(others) / sizeof(*others)];
	size_t n_given;
	struct err e = ERR_NONE;
	unsigned word[3][8], len[3], values = 1 + below(3);
	struct buf text = { 0 }, wanted = { 0 };
	struct piece p[64];
	size_t n = 0, hits;

	for (unsigned v = 0; v < values; v++) {
		value[v][0] = folded[v][0] = '\0';
		len[v] = 3 + below(3);
		for (unsigned i = 0; i < len[v]; i++) {
			word[v][i] = i == 0 || i + 1 == len[v] ? below(JOINT) : below(LETTERS);
			strcat(value[v], letters[word[v][i]].raw);
			strcat(folded[v], letters[word[v][i]].folded);
		}
		given[v] = str_of(value[v]);
		view[v] = folded[v];
	}
	n_given = values;
	if (below(4) == 0)
		for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
			given[n_given++] = str_of(others[i]);
	subject_free(person);
	person = subject_new(given, n_given, STR(P), &e);
	ck_assert_msg(person != NULL, "%s", e.text);
	for (unsigned parts = 1 + below(6), wild = below(12); parts > 0; parts--) {
		unsigned v = below(values), whole = below(2), count = whole ? len[v] : 1 + below(3);

		for (unsigned i = 0; i < count; i++, n++) {
			p[n].start = text.len;
			p[n].folded = spelling(&letters[whole ? word[v][i] : below(LETTERS)], wild, &text);
			p[n].end = text.len;
		}
	}
	buf_byte(&text, '\0');
	hits = naive(p, n, text.p, view, values, &wanted);
	buf_byte(&wanted, '\0');
	buf_reset(&out);
	ck_assert_msg(subject_replace(person, str_of(text.p), &out) == hits, "%s in %s wants %s", value[0], text.p, wanted.p);
	ck_assert(hits == 0 || subject_may_occur(person, str_of(text.p)));
	buf_byte(&out, '\0');
	if (hits > 0)
		ck_assert_msg(strcmp(out.p, wanted.p) == 0, "%s in %s: %s, not %s", value[0], text.p, out.p, wanted.p);
	replace_with(subject_replace, text.p);
	buf_fini(&text);
	buf_fini(&wanted);
}

START_TEST(a_naive_search_finds_the_same)
{
	for (int i = 0; i < 30000; i++)
		one_round();
}
END_TEST

static Suite *
subject_suite(void)
{
	Suite *s = suite_create("event/subject");
	TCase *tc = tcase_create("subject");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, a_whole_word_is_found);
	tcase_add_test(tc, a_part_of_a_word_is_somebody_else);
	tcase_add_test(tc, case_does_not_count);
	tcase_add_test(tc, composed_and_decomposed_are_the_same);
	tcase_add_test(tc, scripts_without_blanks_end_a_word);
	tcase_add_test(tc, escapes_are_read);
	tcase_add_test(tc, urls_are_read);
	tcase_add_test(tc, the_longest_at_the_leftmost_place_wins);
	tcase_add_test(tc, what_is_no_value_is_refused);
	tcase_add_test(tc, json_keeps_all_other_bytes);
	tcase_add_test(tc, keys_stay_apart);
	tcase_add_test(tc, many_keys_that_become_one_take_no_time);
	tcase_add_test(tc, an_event_loses_the_person_everywhere);
	tcase_add_test(tc, an_event_without_the_person_is_untouched);
	tcase_add_test(tc, a_changed_event_is_not_too_long);
	tcase_add_test(tc, filters_are_told_what_to_look_for);
	tcase_add_test(tc, three_letters_and_no_more_fold_to_ascii_letters);
	tcase_add_test(tc, a_naive_search_finds_the_same);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(subject_suite)
