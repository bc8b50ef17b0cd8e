/* note: our vectors, the specification's examples, and what must be refused. */
#include "unit.h"

#include <string.h>

#include "base/mem.h"
#include "base/stream.h"
#include "corpora.h"
#include "base/base64.h"
#include "proof/note.h"

#define DASH "\xe2\x80\x94 "
#define OUR_NAME "audit.example.com/app1"
#define OUR_KEY "audit.example.com/app1+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"
#define OUR_TEXT "audit.example.com/app1\n3\nwrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o=\n"
#define OUR_BASE64                                                               \
	"7ceUTKtROF8aW0Nqsz+lmSkRjGl2dVTsrsg/ZdYo9FRbeCbAUI9uUrlck1F3mV18Sb6QXqJ4cD" \
	"Om5wtIHKCEAS0W7wk="
#define OUR_LINE DASH OUR_NAME " " OUR_BASE64 "\n"
#define OTHER_LINE DASH "example.org/other AAAAAQUF\n"

static const char c2sp_key[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char c2sp_note[] = "This is an example message.\n\n" DASH
    "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXm"
    "RKuwHjG1Yu72IneyaQM=\n";

static struct note_verifier
key_of(const char *text)
{
	struct note_verifier v;
	struct err e = ERR_NONE;

	ck_assert_msg(note_verifier_parse(&v, str_of(text), &e) == 0, "%s", e.text);
	return v;
}

static struct note_signer
our_signer(void)
{
	struct note_signer s;
	struct err e = ERR_NONE;
	uint8_t seed[NOTE_KEY_LEN];

	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)(i + 1);
	ck_assert_int_eq(note_signer_make(&s, STR(OUR_NAME), seed, &e), 0);
	return s;
}

/* 0 when the note is read and verified. */
static int
check(struct str bytes, const struct note_verifier *known, size_t n)
{
	struct err e = ERR_NONE;
	struct note note;

	if (note_parse(&note, bytes, &e) == 0 && note_verify(&note, known, n, &e) == 0)
		return 0;
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	ck_assert_str_ne(e.text, "");
	return -1;
}

START_TEST(our_vector_is_signed_to_the_byte)
{
	struct note_signer s = our_signer();
	struct buf out = { 0 };
	struct err e = ERR_NONE;

	note_verifier_format(&out, &s.verifier);
	ck_assert(str_eq(buf_view(&out), STR(OUR_KEY)));
	buf_reset(&out);
	ck_assert_int_eq(note_sign(&out, STR(OUR_TEXT), &s, 1, &e), 0);
	ck_assert(str_eq(buf_view(&out), STR(OUR_TEXT "\n" OUR_LINE)));
	buf_fini(&out);
}
END_TEST

START_TEST(our_vector_and_the_example_of_the_specification_hold)
{
	struct note_verifier keys[] = { key_of(OUR_KEY), key_of(c2sp_key) };

	ck_assert_int_eq(check(STR(OUR_TEXT "\n" OUR_LINE), &keys[0], 1), 0);
	ck_assert_int_eq(check(STR(OUR_TEXT "\n" OUR_LINE), &keys[1], 1), -1);
	ck_assert_int_eq(check(STR(OUR_TEXT "\n" OUR_LINE), keys, 2), 0);
	ck_assert_int_eq(check(str_of(c2sp_note), &keys[1], 1), 0);
	ck_assert_int_eq(check(str_of(c2sp_note), &keys[0], 1), -1);
	ck_assert_int_eq(check(str_of(c2sp_note), keys, 0), -1);
}
END_TEST

/* The lines behind "```" that begin with this, up to the next "```". */
static struct str
fenced(const char *document, const char *first)
{
	const char *at = strstr(document, first);
	const char *end = at ? strstr(at, "```") : NULL;

	ck_assert_msg(end != NULL, "no example %s", first);
	return (struct str){ at, (size_t)(end - at) };
}

START_TEST(the_examples_of_the_corpora_are_read)
{
	static const char *const files[][2] = {
		{ "signed-note.md", "This is an example message." },
		{ "signed-note.md", "Ognuno sta solo" },
		{ "tlog-checkpoint.md", "example.com/behind-the-sofa" },
	};
	struct note_verifier v = key_of(c2sp_key);

	for (size_t i = 0; i < 3; i++) {
		char path[CORPORA_PATH_MAX], rest[256];
		struct err e = ERR_NONE;
		struct note note;
		size_t len;

		snprintf(rest, sizeof(rest), "conformance/tlog/c2sp-specs/%s", files[i][0]);
		if (!corpora_path(path, rest))
			return;

		char *document = file_read(path, 1 << 20, &len, &e);

		ck_assert_msg(document != NULL, "%s", e.text);

		struct str sample = fenced(document, files[i][1]);

		ck_assert_msg(note_parse(&note, sample, &e) == 0, "%s", e.text);
		ck_assert_uint_eq(note.n, 1);
		if (i == 0)
			ck_assert_int_eq(check(sample, &v, 1), 0);
		free(document);
	}
}
END_TEST

START_TEST(any_changed_bit_is_noticed)
{
	static const char good[] = OUR_TEXT "\n" OUR_LINE;
	struct note_verifier v = key_of(OUR_KEY);

	for (size_t i = 0; i < sizeof(good) - 1; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			char changed[sizeof(good)];

			memcpy(changed, good, sizeof(good));
			changed[i] = (char)(changed[i] ^ (1 << bit));
			ck_assert_int_eq(check((struct str){ changed, sizeof(good) - 1 }, &v, 1), -1);
		}
	for (size_t n = 0; n < sizeof(good) - 1; n++)
		ck_assert_int_eq(check((struct str){ good, n }, &v, 1), -1);
}
END_TEST

START_TEST(lines_of_unknown_keys_are_let_by)
{
	struct note_verifier v = key_of(OUR_KEY);
	static const char same_name[] = OUR_TEXT "\n" DASH OUR_NAME " AAAAAQUF\n" OUR_LINE;
	static const char same_id[] = OUR_TEXT "\n" DASH "x 7ceUTAAA\n" OUR_LINE;
	struct note note;
	struct err e = ERR_NONE;

	ck_assert_int_eq(check(STR(OUR_TEXT "\n" OTHER_LINE OUR_LINE), &v, 1), 0);
	ck_assert_int_eq(check(STR(OUR_TEXT "\n" OUR_LINE OTHER_LINE), &v, 1), 0);
	ck_assert_int_eq(check(STR(same_name), &v, 1), 0);
	ck_assert_int_eq(check(STR(same_id), &v, 1), 0);
	ck_assert_int_eq(check(STR(OUR_TEXT "\n" OUR_LINE OUR_LINE), &v, 1), 0);
	ck_assert_int_eq(check(STR(OUR_TEXT "\n" OTHER_LINE), &v, 1), -1);
	ck_assert_int_eq(note_parse(&note, STR(OUR_TEXT "\n" OTHER_LINE), &e), 0);
	ck_assert(!note_names(&note, &v));
	ck_assert_int_eq(note_parse(&note, STR(same_name), &e), 0);
	ck_assert(note_names(&note, &v));
}
END_TEST

START_TEST(a_bad_line_of_a_known_key_spoils_the_note)
{
	static const char good_then_bad[] = OUR_TEXT "\n" OUR_LINE DASH OUR_NAME " 7ceUTAAA\n";
	static const char bad_then_good[] = OUR_TEXT "\n" DASH OUR_NAME " 7ceUTAAA\n" OUR_LINE;
	struct note_verifier v = key_of(OUR_KEY);

	ck_assert_int_eq(check(STR(good_then_bad), &v, 1), -1);
	ck_assert_int_eq(check(STR(bad_then_good), &v, 1), -1);
}
END_TEST

START_TEST(what_is_no_note_is_refused)
{
	static const struct str bad[] = {
		STR(""), STR("\n"), STR("\n\n"), STR("text\n\n"), STR("text\n" OTHER_LINE),
		STR("text\n\n" DASH "x AAAAAQUF"), STR("text\n\n" DASH "x AAAAAQUF\n\n"),
		STR("text\n\n" DASH " AAAAAQUF\n"), STR("text\n\n" DASH "x  AAAAAQUF\n"),
		STR("text\n\n" DASH "x AAAAAQUF \n"), STR("text\n\n" DASH "a+b AAAAAQUF\n"),
		STR("text\n\n" DASH "x AAAAAQU\n"), STR("text\n\n" DASH "x AAAAAA==\n"),
		STR("text\n\n" DASH "x AAAAAQV=\n"), STR("text\n\n- x AAAAAQUF\n"),
		STR("text\n\n" DASH "\xc2\xa0 AAAAAQUF\n"), STR("text\n\n" DASH "\xe2\x80\x89y AAAAAQUF\n"),
		STR("te\x01t\n\n" OTHER_LINE), STR("text\r\n\r\n" OTHER_LINE), STR("t\0t\n\n" OTHER_LINE),
		STR("te\tt\n\n" OTHER_LINE), STR("te\xfft\n\n" OTHER_LINE), STR("text\n\n" DASH "x\n"),
		STR("text\n\n" DASH "x \n"), STR("text\n\n" OTHER_LINE "more\n"),
	};
	struct note note;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_NONE;

		ck_assert_msg(note_parse(&note, bad[i], &e) == -1, "note %zu is taken", i);
		ck_assert_int_eq(e.code, ERR_INTEGRITY);
	}
}
END_TEST

START_TEST(the_text_ends_at_the_last_empty_line)
{
	struct note note;
	struct err e = ERR_NONE;

	ck_assert_int_eq(note_parse(&note, STR("a\n\nb\n\n\n" OTHER_LINE), &e), 0);
	ck_assert(str_eq(note.text, STR("a\n\nb\n\n")));
	ck_assert_uint_eq(note.n, 1);
	ck_assert(str_eq(note.signature[0].name, STR("example.org/other")));
	ck_assert_uint_eq(note.signature[0].id, 1);
	ck_assert_uint_eq(note.signature[0].len, 6);
	ck_assert_int_eq(note_parse(&note, STR("\n\n" OTHER_LINE), &e), 0);
	ck_assert(str_eq(note.text, STR("\n")));
}
END_TEST

START_TEST(a_hundred_signatures_are_read_and_one_more_is_not)
{
	struct buf b = { 0 };
	struct note note;
	struct err e = ERR_NONE;

	buf_str(&b, STR("text\n\n"));
	for (int i = 0; i < NOTE_SIGNATURES_MAX; i++)
		buf_str(&b, STR(OTHER_LINE));
	ck_assert_int_eq(note_parse(&note, buf_view(&b), &e), 0);
	ck_assert_uint_eq(note.n, NOTE_SIGNATURES_MAX);
	buf_str(&b, STR(OTHER_LINE));
	ck_assert_int_eq(note_parse(&note, buf_view(&b), &e), -1);
	buf_fini(&b);
}
END_TEST

START_TEST(the_longest_note_is_read_and_one_byte_more_is_not)
{
	struct buf b = { 0 };
	struct note note;
	struct err e = ERR_NONE;

	while (b.len < NOTE_LEN_MAX - 2 - (sizeof(OTHER_LINE) - 1))
		buf_byte(&b, 'x');
	buf_str(&b, STR("\n\n" OTHER_LINE));
	ck_assert_uint_eq(b.len, NOTE_LEN_MAX);
	ck_assert_msg(note_parse(&note, buf_view(&b), &e) == 0, "%s", e.text);
	buf_reset(&b);
	while (b.len < NOTE_LEN_MAX - 1 - (sizeof(OTHER_LINE) - 1))
		buf_byte(&b, 'x');
	buf_str(&b, STR("\n\n" OTHER_LINE));
	ck_assert_int_eq(note_parse(&note, buf_view(&b), &e), -1);
	buf_fini(&b);
}
END_TEST

START_TEST(several_sign_and_each_verifies)
{
	struct note_signer s[3];
	struct note_verifier v[2];
	struct buf out = { 0 };
	struct err e = ERR_NONE;
	struct note note;

	s[0] = our_signer();
	ck_assert_int_eq(note_signer_new(&s[1], STR("example.org/w\xc3\xa4hler"), &e), 0);
	ck_assert_int_eq(note_signer_new(&s[2], STR(OUR_NAME), &e), 0);
	ck_assert(memcmp(s[1].seed, s[2].seed, NOTE_KEY_LEN) != 0);
	buf_str(&out, STR("before"));
	ck_assert_int_eq(note_sign(&out, STR("a\n\nb\n"), s, 3, &e), 0);

	struct str bytes = { out.p + 6, out.len - 6 };

	ck_assert_int_eq(note_parse(&note, bytes, &e), 0);
	ck_assert_uint_eq(note.n, 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(check(bytes, &s[i].verifier, 1), 0);
	v[0] = s[1].verifier;
	v[1] = s[2].verifier;
	ck_assert_int_eq(check(bytes, v, 2), 0);
	/* Known by name and ID, but another key: its signature does not hold. */
	v[1].key[0] ^= 1;
	ck_assert_int_eq(check(bytes, v, 2), -1);
	buf_fini(&out);
}
END_TEST

START_TEST(texts_that_are_no_lines_are_not_signed)
{
	static const struct str bad[] = { STR(""), STR("x"), STR("a\tb\n"), STR("\xff\n"),
		STR("a\0b\n") };
	struct note_signer s = our_signer();
	struct buf out = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_NONE;

		ck_assert_int_eq(note_sign(&out, bad[i], &s, 1, &e), -1);
		ck_assert_int_eq(e.code, ERR_FAIL);
		ck_assert_uint_eq(out.len, 0);
	}

	struct buf text = { 0 };
	struct err e = ERR_NONE;

	buf_reserve(&text, NOTE_LEN_MAX);
	memset(text.p, '\n', NOTE_LEN_MAX);
	text.len = NOTE_LEN_MAX;
	ck_assert_int_eq(note_sign(&out, buf_view(&text), &s, 1, &e), -1);
	ck_assert_uint_eq(out.len, 0);
	ck_assert_int_eq(note_sign(&out, STR("x\n"), &s, 0, &e), -1);
	buf_fini(&text);
	buf_fini(&out);
}
END_TEST

/* A seal whose public part does not fit the secret is not given out. */
START_TEST(a_signature_that_does_not_hold_is_not_given_out)
{
	struct note_signer s = our_signer();
	struct buf out = { 0 };
	struct err e = ERR_NONE;

	s.verifier.key[5] ^= 4;
	ck_assert_int_eq(note_sign(&out, STR("x\n"), &s, 1, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	ck_assert_uint_eq(out.len, 0);
	buf_fini(&out);
}
END_TEST

START_TEST(names_of_keys_have_rules)
{
	char longest[NOTE_NAME_MAX + 1];
	struct note_signer s;
	struct err e = ERR_NONE;

	memset(longest, 'n', sizeof(longest));
	ck_assert(note_name_valid((struct str){ longest, NOTE_NAME_MAX }));
	ck_assert(!note_name_valid((struct str){ longest, NOTE_NAME_MAX + 1 }));
	ck_assert(note_name_valid(STR("a")));
	ck_assert(note_name_valid(STR("\xe2\x80\x8b"))); /* zero width space is no space */
	ck_assert(!note_name_valid(STR("")));
	ck_assert(!note_name_valid(STR("a b")));
	ck_assert(!note_name_valid(STR("a+b")));
	ck_assert(!note_name_valid(STR("a\nb")));
	ck_assert(!note_name_valid(STR("a\0b")));
	ck_assert(!note_name_valid(STR("a\xe3\x80\x80")));
	ck_assert(!note_name_valid(STR("a\xc2\x85")));
	ck_assert(!note_name_valid(STR("a\xff")));
	ck_assert_int_eq(note_signer_new(&s, STR("a b"), &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
}
END_TEST

START_TEST(verifier_keys_are_read_strictly)
{
	static const char *const bad[] = { "", "+", "++", "a+b", OUR_KEY "\n", " " OUR_KEY,
		OUR_NAME "+EDC7944C+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk",
		OUR_NAME "+edc7944d+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk",
		OUR_NAME "+0edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk",
		OUR_NAME "+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZl",
		OUR_NAME "+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJ==",
		OUR_NAME "+edc7944c+Anm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk",
		OUR_NAME "x+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk",
		"+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk" };
	struct note_verifier v, a = key_of(OUR_KEY), b = key_of(c2sp_key);
	struct buf out = { 0 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_NONE;

		ck_assert_msg(note_verifier_parse(&v, str_of(bad[i]), &e) == -1, "%s", bad[i]);
		ck_assert_int_eq(e.code, ERR_FAIL);
	}
	note_verifier_format(&out, &b);
	ck_assert(str_eq(buf_view(&out), str_of(c2sp_key)));
	ck_assert(note_verifier_equal(&a, &a));
	ck_assert(!note_verifier_equal(&a, &b));
	v = a;
	v.key[31] ^= 1;
	ck_assert(!note_verifier_equal(&a, &v));
	buf_fini(&out);
}
END_TEST

START_TEST(signing_keys_go_to_text_and_back)
{
	struct note_signer s = our_signer(), back, none = { 0 };
	char text[NOTE_SIGNER_TEXT_MAX], changed[NOTE_SIGNER_TEXT_MAX];
	size_t len = note_signer_format(text, &s);
	struct err e = ERR_NONE;

	ck_assert_int_eq(note_signer_parse(&back, (struct str){ text, len }, &e), 0);
	ck_assert(note_verifier_equal(&back.verifier, &s.verifier));
	ck_assert_mem_eq(back.seed, s.seed, NOTE_KEY_LEN);
	for (size_t n = 0; n < len; n++)
		ck_assert_int_eq(note_signer_parse(&back, (struct str){ text, n }, &e), -1);
	for (size_t i = 0; i < len; i++) {
		memcpy(changed, text, len);
		changed[i] ^= 1;
		err_clear(&e);
		ck_assert_int_eq(note_signer_parse(&back, (struct str){ changed, len }, &e), -1);
		ck_assert_int_eq(e.code, ERR_FAIL);
		/* Nothing of the secret is said. */
		ck_assert(strstr(e.text, "AQECAwQF") == NULL);
	}
	note_signer_wipe(&s);
	ck_assert_mem_eq(&s, &none, sizeof(s));
}
END_TEST

START_TEST(the_longest_name_fits_its_texts)
{
	char name[NOTE_NAME_MAX], text[NOTE_SIGNER_TEXT_MAX];
	struct note_signer s, back;
	struct note_verifier v;
	struct err e = ERR_NONE;
	struct buf out = { 0 };

	memset(name, 'n', sizeof(name));
	ck_assert_int_eq(note_signer_new(&s, (struct str){ name, sizeof(name) }, &e), 0);
	ck_assert_uint_eq(note_signer_format(text, &s), sizeof(text));
	ck_assert_int_eq(note_signer_parse(&back, (struct str){ text, sizeof(text) }, &e), 0);
	note_verifier_format(&out, &s.verifier);
	ck_assert_int_eq(note_verifier_parse(&v, buf_view(&out), &e), 0);
	ck_assert(note_verifier_equal(&v, &s.verifier));
	buf_fini(&out);
}
END_TEST

static Suite *
note_suite(void)
{
	Suite *s = suite_create("proof/note");
	TCase *t = tcase_create("note"), *k = tcase_create("key");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, our_vector_is_signed_to_the_byte);
	tcase_add_test(t, our_vector_and_the_example_of_the_specification_hold);
	tcase_add_test(t, the_examples_of_the_corpora_are_read);
	tcase_add_test(t, any_changed_bit_is_noticed);
	tcase_add_test(t, lines_of_unknown_keys_are_let_by);
	tcase_add_test(t, a_bad_line_of_a_known_key_spoils_the_note);
	tcase_add_test(t, what_is_no_note_is_refused);
	tcase_add_test(t, the_text_ends_at_the_last_empty_line);
	tcase_add_test(t, a_hundred_signatures_are_read_and_one_more_is_not);
	tcase_add_test(t, the_longest_note_is_read_and_one_byte_more_is_not);
	tcase_add_test(t, several_sign_and_each_verifies);
	tcase_add_test(t, texts_that_are_no_lines_are_not_signed);
	tcase_add_test(t, a_signature_that_does_not_hold_is_not_given_out);
	suite_add_tcase(s, t);
	tcase_set_timeout(k, 60);
	tcase_add_test(k, names_of_keys_have_rules);
	tcase_add_test(k, verifier_keys_are_read_strictly);
	tcase_add_test(k, signing_keys_go_to_text_and_back);
	tcase_add_test(k, the_longest_name_fits_its_texts);
	suite_add_tcase(s, k);
	return s;
}

UNIT_MAIN(note_suite)
