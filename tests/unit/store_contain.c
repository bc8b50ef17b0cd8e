/*
 * Filters of trigrams: a row whose value contains a text is never cleared,
 * most others are, and what anyone may have written into them harms nobody.
 */
#include <ctype.h>
#include <stdio.h>

#include "base/bitmap.h"
#include "base/mem.h"
#include "store/segment.h"
#include "store/trigrams.h"
#include "unit.h"

#define ROWS 12000u
#define LINE_LEN 1000 /* as the builder is told: enough for a filter of the whole */

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint32_t
below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(next_random(state) >> 32) % n;
}

struct run {
	struct event *ev;
	struct arena arena;
	struct sealed sealed;
	struct segment *segment;
	unsigned reads;         /* of pieces */
	size_t replaced;        /* piece, by the bytes below */
	struct str by;          /* p NULL: none */
};

static int
get_piece(void *arg, unsigned field, unsigned part, struct buf *out, struct err *e)
{
	struct run *r = arg;

	(void)e;
	r->reads++;
	for (size_t i = 0; i < r->sealed.n; i++) {
		const struct piece *p = &r->sealed.piece[i];

		if (p->field != field || p->part != part)
			continue;
		buf_str(out, r->by.p != NULL && r->replaced == i ? r->by : buf_view(&p->data));
		return 1;
	}
	return 0;
}

static void
open_segment(struct run *r)
{
	segment_free(r->segment);
	r->segment = segment_new(&r->sealed.meta, (struct piece_source){ .get = get_piece, .arg = r });
	r->reads = 0;
}

static void
set(struct run *r, struct event *ev, enum field f, const char *text)
{
	event_set(ev, f, (struct str){ arena_copy(&r->arena, text, strlen(text)), strlen(text) });
}

/* Words of a language of few letters, in both cases, some beyond ASCII. */
static void
make_sentence(char *to, size_t size, uint32_t row, uint64_t *seed)
{
	static const char *const words[] = { "granted", "Secret", "rotated", "KEY", ("\xe2\x84\xaa" "elvin"), ("pa\xc5\xbf" "sword"),
		"M\xc3\xbcller", "deny", "\xd0\xb4\xd0\xb0", "10.0.0.1" };
	size_t len = 0;

	for (uint32_t i = 0; i < 16; i++)
		len += (size_t)snprintf(to + len, size - len, "%s%u ", words[below(seed, 10)], below(seed, 9) ? 0 : below(seed, 90));
	if (row == 777)
		snprintf(to + len, size - len, "XZ-BACKDOOR-7731");
}

static void
make_event(struct run *r, struct event *ev, uint32_t row, uint64_t *seed)
{
	char text[512];

	event_set_time(ev, FIELD_TIME, 1776902400000000 + row);
	snprintf(text, sizeof(text), "%08x-%04x-4%03x-9%03x-%012llx", below(seed, UINT32_MAX), below(seed, 65536),
	    below(seed, 4096), below(seed, 4096), (unsigned long long)next_random(seed) >> 16);
	set(r, ev, FIELD_ID, row % 500 == 3 ? "Odd Id of Caf\xc3\xa9" : text);
	set(r, ev, FIELD_REQUEST_ID, text);
	set(r, ev, FIELD_ACTION, row % 3 ? "user.login" : "user.logout");
	snprintf(text, sizeof(text), "/srv/Data/%u/file-%u", below(seed, 60), below(seed, 60));
	set(r, ev, FIELD_TARGET_PATH, text);
	make_sentence(text, sizeof(text), row, seed);
	if (row % 7 != 5)
		set(r, ev, FIELD_DESCRIPTION, text);
}

static void
set_up(struct run *r, uint32_t rows, size_t line_len)
{
	struct segment_builder *b = segment_builder_new();
	uint64_t seed = 4711;

	*r = (struct run){ .ev = mem_zero(rows, sizeof(*r->ev)) };
	for (uint32_t row = 0; row < rows; row++) {
		make_event(r, &r->ev[row], row, &seed);
		segment_builder_add(b, &r->ev[row], line_len);
	}
	segment_builder_seal(b, NULL, &r->sealed);
	segment_builder_free(b);
	open_segment(r);
}

static void
tear_down(struct run *r)
{
	segment_free(r->segment);
	sealed_fini(&r->sealed);
	arena_fini(&r->arena);
	free(r->ev);
}

static const struct piece *
find_piece(const struct run *r, unsigned field, unsigned part)
{
	for (size_t i = 0; i < r->sealed.n; i++)
		if (r->sealed.piece[i].field == field && r->sealed.piece[i].part == part)
			return &r->sealed.piece[i];
	return NULL;
}

static uint32_t
ask(struct run *r, enum field f, struct str text, bool nocase, uint64_t *bits)
{
	struct err e = ERR_NONE;
	uint32_t n = 0;

	memset(bits, 0xff, SEGMENT_EVENTS_MAX / 8);
	ck_assert_msg(segment_may_contain(r->segment, f, text, nocase, bits, &e) == 0, "%s", e.text);
	for (uint32_t row = 0; row < r->sealed.meta.count; row++)
		n += bitmap_has(bits, row);
	return n;
}

static bool
has(const uint64_t *bits, uint32_t row)
{
	return bitmap_has(bits, row);
}

static uint64_t bits[SEGMENT_EVENTS_MAX / 64];

START_TEST(what_is_there_is_found_as_it_stands)
{
	static const enum field fields[] = { FIELD_ID, FIELD_REQUEST_ID, FIELD_ACTION, FIELD_TARGET_PATH, FIELD_DESCRIPTION };
	struct run r;
	uint64_t seed = 5;

	set_up(&r, ROWS, LINE_LEN);
	ck_assert_ptr_nonnull(find_piece(&r, SEGMENT_WHOLE, PART_TRIGRAMS));
	ck_assert_ptr_nonnull(find_piece(&r, FIELD_TARGET_PATH, PART_TRIGRAMS));
	ck_assert_ptr_nonnull(find_piece(&r, FIELD_DESCRIPTION, PART_TRIGRAMS));
	for (int round = 0; round < 600; round++) {
		uint32_t row = below(&seed, ROWS);
		enum field f = fields[below(&seed, 5)];
		struct str value = r.ev[row].v[f];
		size_t from, len;

		if (!event_has(&r.ev[row], f))
			continue;
		from = below(&seed, (uint32_t)value.len);
		len = 1 + below(&seed, (uint32_t)(value.len - from));
		if (round % 50 == 0)
			open_segment(&r);
		ask(&r, f, (struct str){ value.p + from, len }, false, bits);
		ck_assert_msg(has(bits, row), "%s row %u: %.*s", field_table[f].key, row, (int)len, value.p + from);
	}
	tear_down(&r);
}
END_TEST

/* The text without case: ASCII letters small, the two signs as k and s. */
static size_t
fold(char *to, struct str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.len - i >= 3 && memcmp(text.p + i, "\xe2\x84\xaa", 3) == 0) {
			to[n++] = 'k';
			i += 2;
		} else if (text.len - i >= 2 && memcmp(text.p + i, "\xc5\xbf", 2) == 0) {
			to[n++] = 's';
			i++;
		} else
			to[n++] = (char)tolower((unsigned char)text.p[i]);
	}
	return n;
}

START_TEST(what_is_there_is_found_in_any_case)
{
	struct run r;
	uint64_t seed = 6;
	char text[512];

	set_up(&r, ROWS, LINE_LEN);
	for (int round = 0; round < 400; round++) {
		uint32_t row = below(&seed, ROWS);
		enum field f = round % 2 ? FIELD_DESCRIPTION : FIELD_ID;
		size_t len, from;

		if (!event_has(&r.ev[row], f))
			continue;
		len = fold(text, r.ev[row].v[f]);
		from = below(&seed, (uint32_t)len);
		len = 1 + below(&seed, (uint32_t)(len - from));
		ask(&r, f, (struct str){ text + from, len }, true, bits);
		ck_assert_msg(has(bits, row), "%s row %u: %.*s", field_table[f].key, row, (int)len, text + from);
	}
	/* another case of M\"uller's u has other bytes */
	ck_assert_uint_gt(ask(&r, FIELD_DESCRIPTION, STR("m\xc3\x9c" "ller"), true, bits), 0);
	ck_assert_uint_gt(ask(&r, FIELD_DESCRIPTION, STR("kelvin"), true, bits), 0);
	ck_assert_uint_gt(ask(&r, FIELD_DESCRIPTION, STR("password"), true, bits), 0);
	tear_down(&r);
}
END_TEST

START_TEST(a_rare_text_leaves_one_block)
{
	struct run r;
	uint32_t left;

	set_up(&r, ROWS, LINE_LEN);
	left = ask(&r, FIELD_DESCRIPTION, STR("XZ-BACKDOOR-7731"), false, bits);
	ck_assert(has(bits, 777));
	ck_assert_uint_lt(left, ROWS / TRIGRAM_BLOCKS_MIN);
	ck_assert_uint_eq(ask(&r, FIELD_DESCRIPTION, STR("xz-backdoor-7731"), true, bits), left);
	ck_assert_uint_eq(ask(&r, FIELD_TARGET_PATH, STR("XZ-BACKDOOR-7731"), false, bits), 0);
	ck_assert_uint_eq(ask(&r, FIELD_REQUEST_ID, STR("XZ-BACKDOOR-7731"), false, bits), 0);
	tear_down(&r);
}
END_TEST

START_TEST(a_text_that_is_nowhere_costs_one_piece)
{
	struct run r;

	set_up(&r, ROWS, LINE_LEN);
	for (int f = 0; f < FIELD_COUNT; f++)
		if (field_table[f].type != FIELD_TIMESTAMP)
			ck_assert_uint_eq(ask(&r, (enum field)f, STR("no such words"), f % 2, bits), 0);
	ck_assert_uint_le(r.reads, 2); /* with and without case */
	tear_down(&r);
}
END_TEST

START_TEST(short_texts_clear_no_value)
{
	struct run r;

	set_up(&r, ROWS, LINE_LEN);
	ck_assert_uint_eq(ask(&r, FIELD_ACTION, STR("qq"), false, bits), ROWS);
	ask(&r, FIELD_DESCRIPTION, STR("qq"), false, bits);
	for (uint32_t row = 0; row < ROWS; row++)
		ck_assert_int_eq(has(bits, row), event_has(&r.ev[row], FIELD_DESCRIPTION));
	tear_down(&r);
}
END_TEST

START_TEST(a_uuid_is_known_by_its_shape)
{
	struct run r;

	set_up(&r, ROWS, LINE_LEN);
	ck_assert_uint_eq(ask(&r, FIELD_REQUEST_ID, STR("abc-4"), false, bits), ROWS);
	ck_assert_uint_eq(ask(&r, FIELD_REQUEST_ID, STR("ABC"), false, bits), 0);
	ck_assert_uint_eq(ask(&r, FIELD_REQUEST_ID, STR("a-b-c"), false, bits), 0);
	ck_assert_uint_eq(ask(&r, FIELD_REQUEST_ID, STR("0123456789abc"), false, bits), 0);
	ck_assert_uint_eq(ask(&r, FIELD_ID, STR("Odd Id"), false, bits), ROWS / 500);
	ck_assert_uint_eq(ask(&r, FIELD_ID, STR("odd id"), true, bits), ROWS / 500);
	tear_down(&r);
}
END_TEST

START_TEST(small_segments_have_no_filter)
{
	struct run r;

	set_up(&r, 500, 100);
	for (size_t i = 0; i < r.sealed.n; i++)
		ck_assert_uint_ne(r.sealed.piece[i].part, PART_TRIGRAMS);
	ck_assert_uint_eq(ask(&r, FIELD_ACTION, STR("no such words"), false, bits), 500);
	tear_down(&r);
}
END_TEST

/* What a replaced filter answers: 0, or -1 with ERR_INTEGRITY. */
static int
ask_replaced(struct run *r, enum field f)
{
	struct err e = ERR_NONE;
	int rc;

	open_segment(r);
	memset(bits, 0xff, sizeof(bits));
	rc = segment_may_contain(r->segment, f, STR("XZ-BACKDOOR-7731"), false, bits, &e);
	if (rc == 0)
		rc = segment_may_contain(r->segment, f, STR("granted0"), true, bits, &e);
	ck_assert(rc == 0 || e.code == ERR_INTEGRITY);
	return rc;
}

static void
replace_filter(struct run *r, unsigned field)
{
	for (size_t i = 0; i < r->sealed.n; i++)
		if (r->sealed.piece[i].field == field && r->sealed.piece[i].part == PART_TRIGRAMS)
			r->replaced = i;
}

START_TEST(cut_and_changed_filters_harm_nobody)
{
	static const unsigned fields[] = { SEGMENT_WHOLE, FIELD_TARGET_PATH, FIELD_DESCRIPTION };
	struct run r;
	uint64_t seed = 8;

	set_up(&r, ROWS, LINE_LEN);
	for (unsigned i = 0; i < 3; i++) {
		enum field f = fields[i] == SEGMENT_WHOLE ? FIELD_DESCRIPTION : (enum field)fields[i];
		struct str whole;

		replace_filter(&r, fields[i]);
		whole = buf_view(&r.sealed.piece[r.replaced].data);
		for (int round = 0; round < 400; round++) {
			size_t len = round % 2 ? whole.len : below(&seed, (uint32_t)whole.len);
			char *copy = mem_dup(whole.p, len);

			for (int k = 0; round % 2 && k < 3; k++)
				copy[below(&seed, round % 4 == 1 ? 64 : (uint32_t)len)] = (char)next_random(&seed);
			r.by = (struct str){ copy, len };
			if (ask_replaced(&r, f) == 0)
				ck_assert(round % 2 || len == 0);
			free(copy);
		}
		r.by = (struct str){ NULL, 0 };
	}
	tear_down(&r);
}
END_TEST

START_TEST(a_filter_of_other_blocks_is_told)
{
	const struct piece *other;
	struct run r;

	set_up(&r, ROWS, LINE_LEN);
	other = find_piece(&r, SEGMENT_WHOLE, PART_TRIGRAMS);
	replace_filter(&r, FIELD_DESCRIPTION);
	r.by = buf_view(&other->data);
	ck_assert_int_eq(ask_replaced(&r, FIELD_DESCRIPTION), -1);
	other = find_piece(&r, FIELD_DESCRIPTION, PART_TRIGRAMS);
	replace_filter(&r, SEGMENT_WHOLE);
	r.by = buf_view(&other->data);
	ck_assert_int_eq(ask_replaced(&r, FIELD_DESCRIPTION), -1);
	tear_down(&r);
}
END_TEST

/* What a filter says of each block, against the values themselves. */
START_TEST(a_filter_can_be_read_whole)
{
	struct scratch s = { .codec = codec_new() };
	struct trigram_marks *marks;
	struct trigram_set set[2], back[2];
	struct buf piece = { 0 };
	struct str whole;

	for (int i = 0; i < 2; i++) {
		marks = trigrams_begin(&s);
		trigrams_add(marks, i == 0 ? STR("granted to \xe2\x84\xaa") : STR("denied"));
		trigrams_end(marks, &set[i]);
	}
	trigrams_encode(&piece, set, 2, &s);
	buf_reserve(&piece, BITS_PADDING);
	whole = buf_view(&piece);
	ck_assert(trigrams_decode(whole, 2, s.codec, back));
	ck_assert_mem_eq(back, set, sizeof(set));
	ck_assert(!trigrams_decode(whole, 1, s.codec, back));
	for (size_t i = 0; i < piece.len; i++) {
		ck_assert(!trigrams_decode((struct str){ whole.p, i }, 2, s.codec, back));
		piece.p[i] ^= 1;
		if (trigrams_decode(whole, 2, s.codec, back))
			ck_assert_mem_ne(back, set, sizeof(set));
		piece.p[i] ^= 1;
	}
	buf_fini(&piece);
	scratch_fini(&s);
}
END_TEST

static Suite *
contain_suite(void)
{
	Suite *s = suite_create("contain");
	TCase *t = tcase_create("contain");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, what_is_there_is_found_as_it_stands);
	tcase_add_test(t, what_is_there_is_found_in_any_case);
	tcase_add_test(t, a_rare_text_leaves_one_block);
	tcase_add_test(t, a_text_that_is_nowhere_costs_one_piece);
	tcase_add_test(t, short_texts_clear_no_value);
	tcase_add_test(t, a_uuid_is_known_by_its_shape);
	tcase_add_test(t, small_segments_have_no_filter);
	tcase_add_test(t, cut_and_changed_filters_harm_nobody);
	tcase_add_test(t, a_filter_of_other_blocks_is_told);
	tcase_add_test(t, a_filter_can_be_read_whole);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(contain_suite)
