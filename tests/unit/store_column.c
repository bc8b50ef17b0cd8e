/* columns: the encodings one by one, and the membership filter. */
#include <stdio.h>

#include "base/mem.h"
#include "store/column.h"
#include "store/dictionary.h"
#include "store/members.h"
#include "unit.h"

static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Decoders may read BITS_PADDING bytes behind a piece. */
static struct str
padded(struct buf *b)
{
	buf_reserve(b, BITS_PADDING);
	memset(b->p + b->len, 0xff, BITS_PADDING);
	return buf_view(b);
}

/* ---- bits ---- */

START_TEST(numbers_of_every_width_come_back)
{
	enum { N = 203 };
	uint64_t state = 1, wide[N], back[N];
	uint32_t number[N], back32[N];
	uint16_t back16[N];
	uint8_t back8[N];

	for (unsigned width = 0; width <= BITS_WIDTH_MAX; width++)
		for (size_t n = 0; n <= N; n += 29) {
			struct buf b = { 0 };
			buf_reserve(&b, bits_bytes(n, width) + BITS_PADDING);
			struct bits_writer w = { .p = (uint8_t *)b.p };
			for (size_t i = 0; i < n; i++) {
				wide[i] = next_random(&state) & bits_mask(width);
				number[i] = (uint32_t)wide[i];
				bits_put(&w, wide[i], width);
			}
			b.len = bits_bytes(n, width);
			const uint8_t *p = (const uint8_t *)padded(&b).p;
			bits_unpack64(back, p, n, width);
			ck_assert_mem_eq(back, wide, n * sizeof(*wide));
			if (width <= 8)
				bits_unpack8(back8, p, n, width, 0);
			if (width <= 16)
				bits_unpack16(back16, p, n, width, 0);
			if (width <= 32)
				bits_unpack32(back32, p, n, width, 0);
			for (size_t i = 0; i < n; i++) {
				ck_assert_uint_eq(bits_get(p, i, width), wide[i]);
				ck_assert(width > 8 || back8[i] == wide[i]);
				ck_assert(width > 16 || back16[i] == wide[i]);
				ck_assert(width > 32 || back32[i] == number[i]);
			}
			buf_fini(&b);
		}
}
END_TEST

START_TEST(a_width_holds_its_largest_number)
{
	ck_assert_uint_eq(bits_width(0), 0);
	ck_assert_uint_eq(bits_width(1), 1);
	ck_assert_uint_eq(bits_width(255), 8);
	ck_assert_uint_eq(bits_width(256), 9);
	ck_assert_uint_eq(bits_width(UINT64_MAX), 64);
}
END_TEST

/* ---- times ---- */

static size_t
times_come_back(const int64_t *time, uint32_t n)
{
	struct buf b = { 0 };
	struct err e = ERR_NONE;
	int64_t *back = mem_alloc(n * sizeof(*back)), range[2], min = TIME_MAX, max = TIME_MIN;

	time_encode(&b, time, n);
	size_t len = b.len;
	ck_assert_msg(time_decode(FIELD_TIME, padded(&b), n, back, range, &e) == 0, "%s", e.text);
	ck_assert_mem_eq(back, time, n * sizeof(*back));
	for (uint32_t i = 0; i < n; i++) {
		min = time[i] != TIME_NONE && time[i] < min ? time[i] : min;
		max = time[i] > max ? time[i] : max;
	}
	ck_assert_int_eq(range[0], min);
	ck_assert_int_eq(range[1], max);
	free(back);
	buf_fini(&b);
	return len;
}

START_TEST(times_of_every_kind_come_back)
{
	enum { N = 1000 };
	int64_t time[N];
	uint64_t state = 5;

	for (uint32_t n = 1; n <= N; n += n < 260 ? 1 : 90) {
		for (uint32_t i = 0; i < n; i++) /* anything at all */
			time[i] = (int64_t)(next_random(&state) % ((uint64_t)TIME_MAX * 2)) - TIME_MAX;
		for (uint32_t i = 0; i < n; i++)
			time[i] = time[i] < TIME_MIN ? TIME_MIN : time[i];
		times_come_back(time, n);
		for (uint32_t i = 0; i < n; i++) /* now and then absent */
			time[i] = i % 3 == 1 || n == 1 ? 1000 - (int64_t)i : TIME_NONE;
		if (n != 2)
			times_come_back(time, n);
		for (uint32_t i = 0; i < n; i++) /* from end to end */
			time[i] = next_random(&state) % 2 ? TIME_MIN : TIME_MAX;
		times_come_back(time, n);
	}
}
END_TEST

START_TEST(late_events_and_gaps_cost_little)
{
	enum { N = 65536 };
	int64_t *time = mem_alloc(N * sizeof(*time)), now = 1776902400000000;
	uint64_t state = 6;

	for (int i = 0; i < N; i++)
		time[i] = now += (int64_t)(next_random(&state) % 1024);
	size_t plain = times_come_back(time, N);
	ck_assert_uint_lt(plain, N * 10 / 8 + N / 128 * 3 + 16);

	for (int i = 0; i < N; i++) {
		now += (int64_t)(next_random(&state) % 1024) + (i % 5000 == 0 ? INT64_C(86400000000) : 0);
		time[i] = i % 100 ? now : now - 5000000;
	}
	ck_assert_uint_lt(times_come_back(time, N), plain + N / 100 * 8);

	for (int i = 0; i < N; i++)
		time[i] = 1776902400000000 + i / 8192;
	ck_assert_uint_lt(times_come_back(time, N), N / 128 * 2 + 64);
	free(time);
}
END_TEST

START_TEST(a_time_out_of_range_is_an_error)
{
	int64_t time[3] = { TIME_MAX - 1, TIME_MAX, TIME_MAX }, back[3], range[2];
	struct buf b = { 0 };
	struct err e = ERR_NONE;

	time[2]++;
	time_encode(&b, time, 3);
	ck_assert_int_eq(time_decode(FIELD_TIME, padded(&b), 3, back, range, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	ck_assert_str_eq(e.text, "column time: times that cannot be decoded or are out of range");
	buf_fini(&b);
}
END_TEST

/* ---- dictionaries ---- */

START_TEST(values_sort_bytewise)
{
	enum { N = 3000 };
	struct dictionary d;
	uint64_t state = 8;

	dictionary_init(&d, 42);
	/* Few different bytes, so that many values share a front, with NULs and ends. */
	for (int i = 0; i < N; i++) {
		char text[40];
		size_t len = next_random(&state) % sizeof(text);
		for (size_t k = 0; k < len; k++)
			text[k] = (char)(k < 20 ? 0 : (int)(next_random(&state) % 3) - 1);
		uint32_t code = dictionary_add(&d, (struct str){ text, len });
		ck_assert_uint_eq(code, dictionary_add(&d, (struct str){ text, len }));
	}
	struct sort_entry *entry = mem_alloc(d.n * sizeof(*entry));
	dictionary_sort(d.value, d.n, entry, 1);
	for (uint32_t i = 1; i < d.n; i++)
		ck_assert_int_lt(str_cmp(d.value[entry[i - 1].index], d.value[entry[i].index]), 0);
	free(entry);
	dictionary_fini(&d);
}
END_TEST

/* As many values as rows: more than our builder ever leaves a dictionary. */
START_TEST(codes_of_four_bytes_come_back)
{
	enum { N = SEGMENT_EVENTS_MAX };
	struct dictionary d;
	struct scratch s = { .codec = codec_new() };
	struct buf dictionary = { 0 }, codes = { 0 };
	struct dictionary_column column;
	struct err e = ERR_NONE;
	uint32_t *code = mem_alloc(N * sizeof(*code));
	void *back;
	unsigned width;

	dictionary_init(&d, 42);
	for (uint32_t i = 0; i < N; i++) {
		char text[20];
		int n = snprintf(text, sizeof(text), "%u", (i * 40503u) % N);
		code[i] = dictionary_add(&d, (struct str){ text, (size_t)n });
	}
	ck_assert_uint_eq(d.n, N);
	dictionary_encode(&dictionary, &codes, d.value, d.n, code, N, &s);
	ck_assert_int_eq(dictionary_decode(FIELD_IP, padded(&dictionary), N, s.codec, &column, &e), 0);
	ck_assert_int_eq(dictionary_decode_codes(FIELD_IP, padded(&codes), N, s.codec, &column, &back, &width, &e), 0);
	ck_assert_uint_eq(width, 4);
	for (uint32_t i = 0; i < N; i++)
		ck_assert(str_eq(column.values[((uint32_t *)back)[i]], d.value[code[i] - 1]));
	ck_assert_uint_eq(dictionary_find(&column, STR("40503")), ((uint32_t *)back)[1]);
	ck_assert_uint_eq(dictionary_find(&column, STR("x")), 0);
	ck_assert_uint_eq(dictionary_find(&column, STR("")), 0);
	free(back);
	free(code);
	dictionary_column_fini(&column);
	dictionary_fini(&d);
	scratch_fini(&s);
	buf_fini(&dictionary);
	buf_fini(&codes);
}
END_TEST

/* Dictionaries written by hand: encoding, n, absent, raw, packing, list. */
static int
decode_by_hand(const char *bytes, size_t n, uint32_t rows, struct err *e)
{
	struct codec *codec = codec_new();
	struct buf b = { 0 };
	struct dictionary_column d;

	buf_add(&b, bytes, n);
	int rc = dictionary_decode(FIELD_IP, padded(&b), rows, codec, &d, e);
	if (rc == 0)
		dictionary_column_fini(&d);
	buf_fini(&b);
	codec_free(codec);
	return rc;
}

START_TEST(a_dictionary_must_ascend_and_add_up)
{
	static const struct { const char *bytes, *wrong; } one[] = {
		/* two values, 2 + 1 rows: counts, shared, rest, bytes */
		{ "\2\2\0\7\0" "\2\1" "\0\0" "\1\0" "b", "values do not ascend" },
		{ "\2\2\0\10\0" "\2\1" "\0\0" "\1\1" "ba", "values do not ascend" },
		{ "\2\2\0\10\0" "\2\1" "\0\0" "\1\1" "bb", "values do not ascend" },
		{ "\2\2\0\7\0" "\2\1" "\0\1" "\1\0" "b", "values do not ascend" },
		{ "\2\2\0\10\0" "\2\1" "\1\0" "\1\1" "ab", "values do not ascend" },
		{ "\2\2\0\10\0" "\2\2" "\0\0" "\1\1" "ab", "counts of values do not add up" },
		{ "\2\2\0\10\0" "\3\0" "\0\0" "\1\1" "ab", "counts of values do not add up" },
		{ "\2\2\0\10\0" "\2\1" "\0\0" "\1\2" "ab", "lengths of values do not fit" },
		{ "\2\2\1\10\0" "\1\1" "\0\0" "\1\1" "a", "a dictionary that cannot be unpacked" },
		{ "\2\2\2\10\0" "\1\1" "\0\0" "\1\1" "ab", "not a dictionary" },
		{ "\2\0\3\0\0", "not a dictionary" }
	};
	struct err e = ERR_NONE;

	ck_assert_int_eq(decode_by_hand("\2\2\0\10\0" "\2\1" "\0\0" "\1\1" "ab", 13, 3, &e), 0);
	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		static const size_t len[] = { 12, 13, 13, 12, 13, 13, 13, 13, 12, 13, 5 };
		err_clear(&e);
		ck_assert_int_eq(decode_by_hand(one[i].bytes, len[i], 3, &e), -1);
		ck_assert_int_eq(e.code, ERR_INTEGRITY);
		ck_assert_msg(strstr(e.text, one[i].wrong) != NULL, "%zu: %s", i, e.text);
	}
}
END_TEST

/* Four rows: values a (3) and b (1), codes packed in one bit each. */
START_TEST(codes_must_agree_with_the_counts)
{
	static const struct { uint8_t codes; bool good; } one[] = {
		{ 0x8, true }, { 0x1, true }, { 0x0, false }, { 0x3, false }, { 0xf, false }
	};
	struct codec *codec = codec_new();
	struct dictionary_column d;
	struct err e = ERR_NONE;
	struct buf b = { 0 };
	void *codes;
	unsigned width;

	buf_add(&b, "\2\2\0\10\0" "\3\1" "\0\0" "\1\1" "ab", 13);
	ck_assert_int_eq(dictionary_decode(FIELD_IP, padded(&b), 4, codec, &d, &e), 0);
	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		buf_reset(&b);
		buf_byte(&b, PACKING_NONE);
		buf_byte(&b, (char)one[i].codes);
		err_clear(&e);
		int rc = dictionary_decode_codes(FIELD_IP, padded(&b), 4, codec, &d, &codes, &width, &e);
		ck_assert_int_eq(rc, one[i].good ? 0 : -1);
		if (one[i].good)
			free(codes);
		else
			ck_assert_str_eq(e.text, "column ip: codes do not agree with the dictionary");
	}
	dictionary_column_fini(&d);
	buf_fini(&b);
	codec_free(codec);
}
END_TEST

START_TEST(a_frame_holds_what_is_stated_and_nothing_follows)
{
	static const char skippable[] = "\x50\x2a\x4d\x18\0\0\0\0"; /* RFC 8878, 3.1.2 */
	struct codec *codec = codec_new();
	struct buf b = { 0 };
	char out[100];

	codec_compress(codec, "some text", 9, &b);
	ck_assert_int_eq(codec_decompress(codec, b.p, b.len, out, 9), 0);
	ck_assert_mem_eq(out, "some text", 9);
	ck_assert_int_eq(codec_decompress(codec, b.p, b.len, out, 8), -1);
	ck_assert_int_eq(codec_decompress(codec, b.p, b.len, out, 10), -1);
	ck_assert_int_eq(codec_decompress(codec, b.p, b.len - 1, out, 9), -1);
	buf_add(&b, skippable, 8);
	ck_assert_int_eq(codec_decompress(codec, b.p, b.len, out, 9), -1);
	buf_fini(&b);
	codec_free(codec);
}
END_TEST

/* A small piece that would expand to 65,536 values of 1 MiB each. */
START_TEST(shared_fronts_cannot_fill_the_memory)
{
	enum { ROWS = 1000, LONG = 1 << 20 };
	struct codec *codec = codec_new();
	struct buf list = { 0 }, b = { 0 };
	struct dictionary_column d;
	struct err e = ERR_NONE;

	for (int i = 0; i < ROWS; i++)
		buf_varint(&list, 1);
	for (int i = 0; i < ROWS; i++)
		buf_varint(&list, i ? LONG + (uint64_t)i - 1 : 0);
	for (int i = 0; i < ROWS; i++)
		buf_varint(&list, i ? 1 : LONG);
	buf_reserve(&list, LONG + ROWS);
	memset(list.p + list.len, 'x', LONG + ROWS - 1);
	list.len += LONG + ROWS - 1;
	buf_byte(&b, ENCODING_DICTIONARY);
	buf_varint(&b, ROWS);
	buf_varint(&b, 0);
	buf_varint(&b, list.len);
	buf_byte(&b, PACKING_ZSTD);
	codec_compress(codec, list.p, list.len, &b);
	ck_assert_uint_lt(b.len, 5000);
	ck_assert_int_eq(dictionary_decode(FIELD_IP, padded(&b), ROWS, codec, &d, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "lengths of values do not fit"));
	buf_fini(&list);
	buf_fini(&b);
	codec_free(codec);
}
END_TEST

/* ---- UUIDs, members ---- */

START_TEST(only_canonical_uuids_are_uuids)
{
	static const char *const other[] = {
		"", "3f2504e0-4f89-11d3-9a0c-0305e82c330", "3f2504e0-4f89-11d3-9a0c-0305e82c33011",
		"3F2504e0-4f89-11d3-9a0c-0305e82c3301", "3f2504e04-f89-11d3-9a0c-0305e82c3301",
		"3f2504e0-4f89-11d3-9a0c-0305e82c330g", "3f2504e0-4f89-11d3-9a0c-0305e82c330-",
		"-f2504e0-4f89-11d3-9a0c-0305e82c3301", "3f2504e0-4f89-11d3--a0c-0305e82c3301",
		"{f2504e0-4f89-11d3-9a0c-0305e82c3301", "3f2504e0-4f89-11d3-9a0c-0305e82c330\xff"
	};
	uint64_t uuid[2];

	ck_assert(uuid_parse("3f2504e0-4f89-11d3-9a0c-0305e82c3301", 36, uuid));
	ck_assert_uint_eq(uuid[0], UINT64_C(0x3f2504e04f8911d3));
	ck_assert_uint_eq(uuid[1], UINT64_C(0x9a0c0305e82c3301));
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		ck_assert_msg(!uuid_parse(other[i], strlen(other[i]), uuid), "%s", other[i]);
}
END_TEST

static size_t
uuids_take(const char *const *text, uint32_t n)
{
	struct span *span = mem_alloc(n * sizeof(*span));
	struct buf bytes = { 0 }, dictionary = { 0 }, codes = { 0 };
	struct scratch s = { .codec = codec_new() };
	struct uuid_column u;
	struct err e = ERR_NONE;
	char back[UUID_TEXT_LEN];

	for (uint32_t i = 0; i < n; i++) {
		span[i] = (struct span){ (uint32_t)bytes.len, (uint32_t)strlen(text[i]) };
		buf_add(&bytes, text[i], span[i].len);
	}
	uuid_encode(&dictionary, &codes, &(struct values){ span, bytes.p, n, n }, &s);
	size_t len = codes.len;
	ck_assert_int_eq(uuid_decode(FIELD_ID, padded(&dictionary), padded(&codes), n, &u, &e), 0);
	for (uint32_t i = 0; i < n; i++)
		ck_assert(str_eq(uuid_value(&u, i, back), str_of(text[i])));
	uuid_column_fini(&u);
	scratch_fini(&s);
	buf_fini(&bytes);
	buf_fini(&dictionary);
	buf_fini(&codes);
	free(span);
	return len;
}

/* Rows without UUIDs of their own, by distances of 2 bits. */
START_TEST(distances_lead_to_rows_before)
{
	static const struct { uint8_t distances; bool good; } one[] = {
		{ 0x94, true },  /* 0 1 1 2 */
		{ 0x95, false }, /* 1: nothing before */
		{ 0x98, false }, /* 0 2 */
		{ 0x90, false }  /* 0 0 1 2: one UUID more than there are */
	};

	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		struct buf dictionary = { 0 }, codes = { 0 };
		struct uuid_column u;
		struct err e = ERR_NONE;
		char text[UUID_TEXT_LEN];
		buf_add(&dictionary, "\3\0\0", 3);
		buf_byte(&codes, 2);
		buf_byte(&codes, (char)one[i].distances);
		/* Eight differing bits, so that each UUID is a byte. */
		buf_add(&codes, "\0\0\0\0\0\0\0\0" "\0\0\0\0\0\0\0\xff", 16);
		buf_add(&codes, "\x3f\x25\4\xe0\x4f\x89\x11\xd3" "\x9a\xc\3\5\xe8\x2c\x33\0", 16);
		buf_byte(&codes, 7);
		int rc = uuid_decode(FIELD_ID, padded(&dictionary), padded(&codes), 4, &u, &e);
		ck_assert_msg(rc == (one[i].good ? 0 : -1), "%zu", i);
		if (one[i].good) {
			for (uint32_t row = 0; row < 4; row++)
				ck_assert(str_eq(uuid_value(&u, row, text), STR("3f2504e0-4f89-11d3-9a0c-0305e82c3307")));
			uuid_column_fini(&u);
		}
		buf_fini(&dictionary);
		buf_fini(&codes);
	}
}
END_TEST

START_TEST(bits_that_all_uuids_share_are_stored_once)
{
	static const char *const same[] = { "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "3f2504e0-4f89-11d3-9a0c-0305e82c3301" };
	static const char *const last[] = { "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "3f2504e0-4f89-11d3-9a0c-0305e82c3302" };
	static const char *const all[] = { "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff" };
	static const char *const each[] = { "55555555-5555-5555-5555-555555555555", "00000000-0000-0000-0000-000000000000",
		"no uuid", "" };

	ck_assert_uint_eq(uuids_take(same, 2), 1 + 1 + 32);
	ck_assert_uint_eq(uuids_take(last, 2), 1 + 32 + 1);
	ck_assert_uint_eq(uuids_take(all, 2), 1 + 32 + 32);
	ck_assert_uint_eq(uuids_take(each, 4), 1 + 32 + 16);
}
END_TEST

/* Filters are on disk for ever: these bits must not change. */
/* ---- blocks of texts ---- */

START_TEST(blocks_have_the_size_that_suits_their_frames)
{
	enum { ROWS = 4000, LEN = 500 };
	struct span *span = mem_alloc(ROWS * sizeof(*span));
	struct scratch s = { .codec = codec_new() };
	struct buf bytes = { 0 };
	uint64_t seed = 1;
	uint32_t n;

	for (uint32_t i = 0; i < ROWS; i++) {
		span[i] = (struct span){ (uint32_t)bytes.len, LEN };
		for (int k = 0; k < LEN; k++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
			buf_byte(&bytes, "etaoin shrdlu"[(seed >> 33) % 13]);
		}
	}
	struct values v = { span, bytes.p, ROWS, ROWS };
	struct text_plan plan = text_plan(&v, bytes.len, &s);
	struct text_block *block = text_cut(&v, plan.size, &n);

	ck_assert(plan.size >= TEXT_BLOCK_RAW / 100 * 90 && plan.size <= TEXT_BLOCK_RAW / 100 * 130);
	for (uint32_t i = 0; i + 1 < n; i++)
		ck_assert(block[i].len >= plan.size && block[i].len < plan.size + LEN);
	ck_assert_uint_eq(block[n - 1].off + block[n - 1].len, bytes.len);
	ck_assert_uint_eq(text_plan(&v, TEXT_BLOCK_RAW, &s).size, TEXT_BLOCK_RAW);
	free(block);
	free(span);
	buf_fini(&bytes);
	scratch_fini(&s);
}
END_TEST

START_TEST(a_long_text_makes_no_block_too_large)
{
	enum { SHORT = 160 };
	struct span span[SHORT + 1];
	struct values v = { span, "", SHORT + 1, SHORT + 1 };
	struct text_block *block;
	uint32_t n;

	for (uint32_t i = 0; i < SHORT; i++)
		span[i] = (struct span){ 1000 * i, 1000 };
	span[SHORT] = (struct span){ 1000 * SHORT, SEGMENT_VALUE_MAX };
	block = text_cut(&v, TEXT_BLOCK_RAW / 100 * 130, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(block[0].rows, SHORT);
	ck_assert(block[1].len <= TEXT_BLOCK_MAX);
	free(block);
}
END_TEST

START_TEST(the_filter_is_the_same_on_every_machine)
{
	static const uint8_t want[MEMBERS_BLOCK] = {
		0x20, 0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0x80, 0, 0, 0, 2, 0, 0, 0x40, 0, 0, 4, 0, 0, 0
	};
	struct buf b = { 0 };

	ck_assert_uint_eq(members_new(&b, 1), 0);
	ck_assert_uint_eq(b.len, MEMBERS_BLOCK);
	members_add((uint8_t *)b.p, b.len, members_hash(STR("evt-0001")));
	ck_assert_mem_eq(b.p, want, MEMBERS_BLOCK);
	ck_assert(members_may_have((const uint8_t *)b.p, b.len, members_hash(STR("evt-0001"))));
	ck_assert(!members_may_have((const uint8_t *)b.p, b.len, members_hash(STR("evt-0002"))));
	buf_fini(&b);
}
END_TEST

START_TEST(a_filter_has_whole_blocks)
{
	struct buf b = { 0 };

	members_new(&b, 100);
	ck_assert_uint_eq(b.len, 4 * MEMBERS_BLOCK);
	ck_assert(members_valid(b.len));
	ck_assert(!members_valid(0));
	ck_assert(!members_valid(MEMBERS_BLOCK + 1));
	ck_assert(!members_valid(MEMBERS_MAX + MEMBERS_BLOCK));
	buf_fini(&b);
}
END_TEST

/* ---- what no builder writes, although it could be read ---- */

static struct str
made_of(struct buf *b, const char *bytes, size_t n)
{
	buf_reset(b);
	buf_add(b, bytes, n);
	return padded(b);
}

/* Three rows: first 10, differences of 3 bits. */
START_TEST(the_first_time_is_that_of_the_first_row)
{
	static const struct { const char *bytes; size_t n; bool good; } one[] = {
		{ "\1\0" "\24" "\3\0" "\x50\0", 7, true },         /* 10 20 21: differences 0 2 1 */
		{ "\1\0" "\24" "\3\0" "\x51\0", 7, false },        /* 1 2 1: no row has the time 10 */
		{ "\1\0" "\24" "\3\0" "\x50\2", 7, false },        /* a bit behind the last row */
		{ "\1\0" "\224\0" "\3\0" "\x50\0", 8, false },    /* a number in two bytes that needs one */
		{ "\1\0" "\24" "\3\1" "\x40\0" "\3\4", 9, true }, /* an outlier in the row 1, which moves */
		{ "\1\0" "\24" "\3\1" "\x50\0" "\3\4", 9, false } /* a difference in its place */
	};
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		struct str codes = made_of(&b, one[i].bytes, one[i].n);
		struct err e = ERR_NONE;
		int64_t time[3], range[2], same;

		int rc = time_decode(FIELD_TIME, codes, 3, time, range, &e);
		ck_assert_msg(rc == (one[i].good ? 0 : -1), "%zu: %s", i, e.text);
		ck_assert(one[i].good || e.code == ERR_INTEGRITY);
		err_clear(&e);
		ck_assert_int_eq(time_pick(FIELD_TIME, codes, 3, 2, &same, &e), rc);
		if (one[i].good) {
			ck_assert_int_eq(range[0], 10);
			ck_assert_int_eq(time[0], 10);
			ck_assert_int_eq(same, time[2]);
		}
	}
	buf_fini(&b);
}
END_TEST

START_TEST(nothing_is_behind_the_bits_of_the_last_row)
{
	struct codec *codec = codec_new();
	struct dictionary_column d;
	struct text_column t;
	struct err e = ERR_NONE;
	struct buf b = { 0 }, first = { 0 };
	int64_t time[3], range[2];
	void *codes;
	unsigned width;

	/* values a (2 rows) and b (1 row) */
	ck_assert_int_eq(dictionary_decode(FIELD_IP, made_of(&b, "\2\2\0\10\0" "\2\1" "\0\0" "\1\1" "ab", 13), 3,
	    codec, &d, &e), 0);
	ck_assert_int_eq(dictionary_decode_codes(FIELD_IP, made_of(&b, "\0\4", 2), 3, codec, &d, &codes, &width, &e), 0);
	free(codes);
	ck_assert_int_eq(dictionary_decode_codes(FIELD_IP, made_of(&b, "\0\14", 2), 3, codec, &d, &codes, &width, &e), -1);
	dictionary_column_fini(&d);

	/* one time of three: 1 present */
	ck_assert_int_eq(time_decode(FIELD_TIME, made_of(&b, "\1\2" "\2" "\24" "\0\0", 6), 3, time, range, &e), 0);
	ck_assert_int_eq(time[1], 10);
	ck_assert_int_eq(time_decode(FIELD_TIME, made_of(&b, "\1\2" "\12" "\24" "\0\0", 6), 3, time, range, &e), -1);

	/* three texts, of 1, 2 and 1 bytes: lengths of one bit, more than 2 */
	struct str directory = made_of(&first, "\4\0\1" "\3\4", 5);
	ck_assert_int_eq(text_decode(FIELD_CONTEXT, directory, made_of(&b, "\1\2" "\2", 3), 3, &t, &e), 0);
	text_column_fini(&t);
	ck_assert_int_eq(text_decode(FIELD_CONTEXT, directory, made_of(&b, "\1\2" "\12", 3), 3, &t, &e), -1);
	buf_fini(&b);
	buf_fini(&first);
	codec_free(codec);
}
END_TEST

START_TEST(a_number_takes_as_few_bytes_as_it_needs)
{
	struct err e = ERR_NONE;

	ck_assert_int_eq(decode_by_hand("\2\202\0\0\10\0" "\2\1" "\0\0" "\1\1" "ab", 14, 3, &e), -1);
	err_clear(&e);
	ck_assert_int_eq(decode_by_hand("\2\2\0\11\0" "\202\0\1" "\0\0" "\1\1" "ab", 14, 3, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
}
END_TEST

/* Two rows, the second of them an exception. */
static int
decode_uuids(struct str exception, const char *differing, const char *common, const char *packed)
{
	struct buf dictionary = { 0 }, codes = { 0 };
	struct uuid_column u;
	struct err e = ERR_NONE;

	buf_add(&dictionary, "\3\0\1\1", 4);
	buf_varint(&dictionary, exception.len);
	buf_str(&dictionary, exception);
	buf_byte(&codes, 0);
	buf_add(&codes, differing, UUID_LEN);
	buf_add(&codes, common, UUID_LEN);
	buf_add(&codes, packed, 1);
	int rc = uuid_decode(FIELD_ID, padded(&dictionary), padded(&codes), 2, &u, &e);
	ck_assert(rc == 0 || e.code == ERR_INTEGRITY);
	if (rc == 0)
		uuid_column_fini(&u);
	buf_fini(&dictionary);
	buf_fini(&codes);
	return rc;
}

START_TEST(a_uuid_has_one_place_and_one_form)
{
	static const char differing[] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\3";
	static const char common[] = "\x3f\x25\4\xe0\x4f\x89\x11\xd3\x9a\xc\3\5\xe8\x2c\x33\0";
	static const char both[] = "\x3f\x25\4\xe0\x4f\x89\x11\xd3\x9a\xc\3\5\xe8\x2c\x33\1";

	ck_assert_int_eq(decode_uuids(STR("no UUID"), differing, common, "\2"), 0);
	ck_assert_int_eq(decode_uuids(STR("3F2504E0-4F89-11D3-9A0C-0305E82C3301"), differing, common, "\2"), 0);
	ck_assert_int_eq(decode_uuids(STR("3f2504e0-4f89-11d3-9a0c-0305e82c3301"), differing, common, "\2"), -1);
	ck_assert_int_eq(decode_uuids(STR("no UUID"), differing, both, "\2"), -1);
	ck_assert_int_eq(decode_uuids(STR("no UUID"), differing, common, "\6"), -1);
}
END_TEST

static Suite *
column_suite(void)
{
	Suite *s = suite_create("store column");
	TCase *t = tcase_create("column");

	tcase_add_test(t, numbers_of_every_width_come_back);
	tcase_add_test(t, a_width_holds_its_largest_number);
	tcase_add_test(t, times_of_every_kind_come_back);
	tcase_add_test(t, late_events_and_gaps_cost_little);
	tcase_add_test(t, a_time_out_of_range_is_an_error);
	tcase_add_test(t, values_sort_bytewise);
	tcase_add_test(t, codes_of_four_bytes_come_back);
	tcase_add_test(t, a_dictionary_must_ascend_and_add_up);
	tcase_add_test(t, codes_must_agree_with_the_counts);
	tcase_add_test(t, a_frame_holds_what_is_stated_and_nothing_follows);
	tcase_add_test(t, shared_fronts_cannot_fill_the_memory);
	tcase_add_test(t, only_canonical_uuids_are_uuids);
	tcase_add_test(t, distances_lead_to_rows_before);
	tcase_add_test(t, bits_that_all_uuids_share_are_stored_once);
	tcase_add_test(t, blocks_have_the_size_that_suits_their_frames);
	tcase_add_test(t, a_long_text_makes_no_block_too_large);
	tcase_add_test(t, the_filter_is_the_same_on_every_machine);
	tcase_add_test(t, a_filter_has_whole_blocks);
	tcase_add_test(t, the_first_time_is_that_of_the_first_row);
	tcase_add_test(t, nothing_is_behind_the_bits_of_the_last_row);
	tcase_add_test(t, a_number_takes_as_few_bytes_as_it_needs);
	tcase_add_test(t, a_uuid_has_one_place_and_one_form);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(column_suite)
