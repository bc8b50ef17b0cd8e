/* redact: what is hidden, what is left alone, and that twice is once. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "event/field.h"
#include "ingest/redact_rule.h"
#include "redacting.h"

#define HIDDEN "[REDACTED:secret-key]"
#define JWT "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"

struct redaction {
	const char *line, *expected;
	unsigned changed;
};

static void
check_lines(const struct redaction *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned changed;

		ck_assert_str_eq(redact(cases[i].line, &changed), cases[i].expected);
		ck_assert_uint_eq(changed, cases[i].changed);
		ck_assert_str_eq(redact(cases[i].expected, &changed), cases[i].expected);
		ck_assert_uint_eq(changed, 0);
	}
}

START_TEST(values_under_secret_names_are_hidden)
{
	static const struct redaction cases[] = {
		{ "{\"password\":\"hunter2\",\"user\":\"ann\"}", "{\"password\":\"" HIDDEN "\",\"user\":\"ann\"}", 1 },
		{ "{\"a\":[{\"X-Api-Key\":12345}]}", "{\"a\":[{\"X-Api-Key\":\"" HIDDEN "\"}]}", 1 },
		{ "{\"password\":\"\",\"secret\":null,\"token\":true,\"passwd\":false}",
		  "{\"password\":\"\",\"secret\":null,\"token\":true,\"passwd\":false}", 0 },
		{ "{\"secret\":{\"name\":\"x\",\"api_key\":\"k\"}}", "{\"secret\":{\"name\":\"x\",\"api_key\":\"" HIDDEN "\"}}", 1 },
		{ "{\"passwords\":[\"a\",[2,\"\"],null,{\"x\":\"y\",\"pwd\":\"z\"}]}",
		  "{\"passwords\":[\"" HIDDEN "\",[\"" HIDDEN "\",\"\"],null,{\"x\":\"y\",\"pwd\":\"" HIDDEN "\"}]}", 3 },
		{ "{\"pass\\u0077ord\":\"x\"}", "{\"password\":\"" HIDDEN "\"}", 1 },
		{ "{\"pass\":12,\"PASS\":\"x\"}", "{\"pass\":12,\"PASS\":\"" HIDDEN "\"}", 1 },
		{ "{\"pwd\":\"/home/ann\",\"PWD\":\"x\"}", "{\"pwd\":\"/home/ann\",\"PWD\":\"" HIDDEN "\"}", 1 },
		{ "{\"authorization\":\"Bearer " JWT "\"}", "{\"authorization\":\"" HIDDEN "\"}", 1 },
		{ "\"password\"", "\"password\"", 0 },
		{ "{\"password2\":\"x\",\"secret_12\":\"y\",\"version2\":\"z\"}",
		  "{\"password2\":\"" HIDDEN "\",\"secret_12\":\"" HIDDEN "\",\"version2\":\"z\"}", 2 },
	};

	check_lines(cases, sizeof(cases) / sizeof(*cases));
}
END_TEST

START_TEST(values_beside_a_secret_name_are_hidden)
{
	static const struct redaction cases[] = {
		{ "[{\"name\":\"DB_PASSWORD\",\"value\":\"x\"},{\"name\":\"HOME\",\"value\":\"/\"}]",
		  "[{\"name\":\"DB_PASSWORD\",\"value\":\"" HIDDEN "\"},{\"name\":\"HOME\",\"value\":\"/\"}]", 1 },
		{ "{\"value\":[1,\"x\"],\"type\":\"PLAINTEXT\",\"name\":\"api_key\"}",
		  "{\"value\":[\"" HIDDEN "\",\"" HIDDEN "\"],\"type\":\"PLAINTEXT\",\"name\":\"api_key\"}", 2 },
		{ "{\"ParameterKey\":\"MasterPassword\",\"ParameterValue\":\"x\"}",
		  "{\"ParameterKey\":\"MasterPassword\",\"ParameterValue\":\"" HIDDEN "\"}", 1 },
		{ "{\"Name\":\"/prod/db/password\",\"Type\":\"SecureString\",\"Value\":\"x\"}",
		  "{\"Name\":\"/prod/db/password\",\"Type\":\"SecureString\",\"Value\":\"" HIDDEN "\"}", 1 },
		{ "{\"a\":{\"name\":\"password\"},\"value\":\"x\"}", "{\"a\":{\"name\":\"password\"},\"value\":\"x\"}", 0 },
		{ "{\"name\":\"password\",\"a\":{\"value\":\"x\"}}", "{\"name\":\"password\",\"a\":{\"value\":\"x\"}}", 0 },
		{ "{\"name\":\"password\",\"value\":true}", "{\"name\":\"password\",\"value\":true}", 0 },
		{ "{\"value\":\"x\"}", "{\"value\":\"x\"}", 0 },
	};

	check_lines(cases, sizeof(cases) / sizeof(*cases));
}
END_TEST

START_TEST(web_tokens_are_hidden_inside_texts)
{
	static const struct redaction cases[] = {
		{ "{\"a\":\"" JWT "\"}", "{\"a\":\"[REDACTED:jwt]\"}", 1 },
		{ "{\"a\":\"GET /?t=" JWT "&u=1 and " JWT ".\"}",
		  "{\"a\":\"GET /?t=[REDACTED:jwt]&u=1 and [REDACTED:jwt].\"}", 2 },
		{ "{\"a\":\"line\\n" JWT "\\n\"}", "{\"a\":\"line\\n[REDACTED:jwt]\\n\"}", 1 },
		{ "{\"a\":\"\\u0065yJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln\"}", "{\"a\":\"[REDACTED:jwt]\"}", 1 },
		{ "[\"eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.\"]", "[\"[REDACTED:jwt]\"]", 1 },
		{ "[\"eyJhbGciOiJkaXIifQ..aXY.dGV4dA.dGFn\"]", "[\"[REDACTED:jwt]\"]", 1 },
		{ "[\"x" JWT "\",\"eyJshort.a.b\",\"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0\",\"eyJ\"]",
		  "[\"x" JWT "\",\"eyJshort.a.b\",\"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0\",\"eyJ\"]", 0 },
		{ "\"" JWT "\"", "\"[REDACTED:jwt]\"", 1 },
	};

	check_lines(cases, sizeof(cases) / sizeof(*cases));
}
END_TEST

START_TEST(only_its_sign_makes_an_azure_secret)
{
	/* 1319 and 1124 are looked for as numbers of keystrokes: in commits too. */
	static const struct redaction cases[] = {
		{ "[\"abc8Q~dKq3vX0bLm7Rw2Yc8Vn4Hs6Jd1Fg0PuT\"]", "[\"[REDACTED:azure-secret]\"]", 1 },
		{ "[\"commit a3f1319d90c2be4f7758aa0e61b3c94d2f8e7a65\"]",
		  "[\"commit a3f1319d90c2be4f7758aa0e61b3c94d2f8e7a65\"]", 0 },
		{ "[\"1cd1124e90c2be4f7758aa0e61b3c94d2f8e7a65\"]", "[\"1cd1124e90c2be4f7758aa0e61b3c94d2f8e7a65\"]", 0 },
	};

	check_lines(cases, sizeof(cases) / sizeof(*cases));
}
END_TEST

/* A finder stops at other bytes too, whose hash is the same: at "-3e". */
START_TEST(only_its_window_begins_a_secret)
{
	static const struct {
		const char *form; /* with two bytes for the last two of `window` */
		const char *window;
	} cases[] = {
		{ "[\"0f3a9c27d51be8640f3a9c27d51be864-%c%c12\"]", "us" },
		{ "[\"1234567890:%c%cEdKq3vX0bLm7Rw2Yc8Vn4Hs6Jd1Fg0PuT\"]", "AA" },
		{ "[\"AK%c%cABCDEFGHIJKLMNOP:abcdefghijklmnopqrstuvwxyzABCDEFGHIJ1234\"]", "IA" },
	};
	static const char bytes[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.+*@~";

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (const char *a = bytes; *a != '\0'; a++)
			for (const char *b = bytes; *b != '\0'; b++) {
				bool begins = *a == cases[i].window[0] && *b == cases[i].window[1];
				char line[128];
				unsigned changed;

				snprintf(line, sizeof(line), cases[i].form, *a, *b);
				redact(line, &changed);
				ck_assert_msg((changed != 0) == begins, "%s", line);
			}
}
END_TEST

START_TEST(names_are_secret_in_any_spelling)
{
	static const char *const names[] = {
		"password", "Password", "PASSWORD", "db_password", "new-password", "masterUserPassword",
		"passwd", "passphrase", "pwd", "pass", "secret", "client_secret", "clientSecret",
		"AWS_SECRET_ACCESS_KEY", "secretAccessKey", "api_key", "apiKey", "x-api-key", "api.key",
		"access_token", "accessToken", "refresh_token", "id_token", "session_token", "auth_token",
		"X-Amz-Security-Token", "csrf-token", "private_key", "secret_key", "token", "authorization",
		"Proxy-Authorization", "cookie", "Set-Cookie", "credentials", "credential", "api key",
		"password_hash", "webhook_secret", "GITHUB_TOKEN", "SecretString", "storage account key",
	};
	unsigned flags;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		ck_assert_msg(redact_secret_name(str_of(names[i]), &flags), "%s", names[i]);
}
END_TEST

START_TEST(harmless_names_are_left_alone)
{
	static const char *const names[] = {
		"", "p", "id", "key", "keyId", "accessKeyId", "next_token", "nextToken", "continuation_token",
		"page_token", "nextPageToken", "clientToken", "clientRequestToken", "token_id", "tokenType",
		"hashed_token", "secret_path", "secretName", "secretId", "secretARN", "SecretVersionId",
		"passwordLastSet", "passwordResetRequired", "httpTokens", "total_tokens", "tokens", "KmsKeyId",
		"sSHPublicKey", "public_key", "KeyName", "s3Key", "keywords", "authenticationInfo",
		"authorizationInfo", "authorization.k8s.io/decision", "oauthClientId", "auth", "authority",
		"sessionCredentialFromConsole", "cpuCredits", "issued-credential-id", "compass", "bypass",
		"keystroke", "monkey", "description", "location", "authentication", "crypto_key_version",
	};
	unsigned flags;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		ck_assert_msg(!redact_secret_name(str_of(names[i]), &flags), "%s", names[i]);
}
END_TEST

START_TEST(no_field_and_no_alias_is_secret)
{
	static const char *const names[] = {
#define FIELD(sym, key, type, flags, title) key,
#define ALIAS(name, sym) name,
#include "event/field.def"
#undef FIELD
#undef ALIAS
	};
	unsigned flags;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		ck_assert_msg(!redact_secret_name(str_of(names[i]), &flags), "%s", names[i]);
}
END_TEST

static const char *
bytes(const char *p, size_t len, unsigned *changed)
{
	struct str s = redact_bytes(work, (struct str){ p, len }, &arena, changed);

	return arena_copy(&arena, s.p, s.len);
}

START_TEST(bytes_that_are_no_json_are_searched)
{
	static const struct redaction cases[] = {
		{ "{\"user\":\"ann\",\"password\":\"hunter2\"", "{\"user\":\"ann\",\"password\":\"" HIDDEN "\"", 1 },
		{ "{\"password\" : \"hun\\\"ter2", "{\"password\" : \"" HIDDEN, 1 },
		{ "{'password': 'hunter2', 'x': 1}", "{'password': '" HIDDEN "', 'x': 1}", 1 },
		{ "POST /login?user=ann&password=hunter2&x=1", "POST /login?user=ann&password=" HIDDEN "&x=1", 1 },
		{ "Authorization: Basic YW5uOmh1bnRlcjI=\r\nHost: x", "Authorization: " HIDDEN "\r\nHost: x", 1 },
		{ "curl -H \"Authorization: Bearer abc def\" x", "curl -H \"Authorization: " HIDDEN "\" x", 1 },
		{ "Set-Cookie: a=b; c=d\nx", "Set-Cookie: " HIDDEN "\nx", 1 },
		{ "API_KEY=abc DB_PASSWORD='a b' PWD=/root", "API_KEY=" HIDDEN " DB_PASSWORD='" HIDDEN "' PWD=/root", 2 },
		{ "{\"body\":\"{\\\"password\\\":\\\"x\\\",\\\"y\\\":1}\"", "{\"body\":\"{\\\"password\\\":\\\"" HIDDEN
		  "\\\",\\\"y\\\":1}\"", 1 },
		{ "{\"password\":12345,\"secret\":null,\"token\":true,\"secret\":{\"a\":1",
		  "{\"password\":" HIDDEN ",\"secret\":null,\"token\":true,\"secret\":{\"a\":1", 1 },
		{ "\xff\xfe t " JWT " \xff", "\xff\xfe t [REDACTED:jwt] \xff", 1 },
		/* A name is not looked for inside of what was hidden. */
		{ "0123456789012345678901234567890123456789012345678901234567890123456789 password=a/token\":b",
		  "0123456789012345678901234567890123456789012345678901234567890123456789 password=" HIDDEN
		  "\":b", 1 },
		{ "password=", "password=", 0 },
		{ "password=\"\" x", "password=\"\" x", 0 },
		{ "password: " HIDDEN "x", "password: " HIDDEN "x", 0 },
		{ "a=b:c \\\"=: \"", "a=b:c \\\"=: \"", 0 },
		{ "", "", 0 },
	};
	unsigned changed;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ck_assert_str_eq(bytes(cases[i].line, strlen(cases[i].line), &changed), cases[i].expected);
		ck_assert_uint_eq(changed, cases[i].changed);
		ck_assert_str_eq(bytes(cases[i].expected, strlen(cases[i].expected), &changed), cases[i].expected);
		ck_assert_uint_eq(changed, 0);
	}
}
END_TEST

START_TEST(bytes_without_secrets_are_not_copied)
{
	struct str p = STR("nothing: here=of note"), s;
	unsigned changed;

	s = redact_bytes(work, p, &arena, &changed);
	ck_assert_ptr_eq(s.p, p.p);
	ck_assert_uint_eq(s.len, p.len);
}
END_TEST

START_TEST(hostile_bytes_take_linear_time)
{
	static const char *const patterns[] = {
		"password=\"", "password:\\", "eyJeyJeyJeyJ", "eyJaaaaaaaaaaaa.", ":", "password =", "\\\"", "password:' ",
		"token=\n", "a=", "https://a:", "a://b:c@", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\x01",
		"AKIAAAAAAAAAAAAAAAAA ", "ya29.", "ya29.aAbB0123456789cCdDeEfF", "?sig=", "?code=a", "4111 ", "4111111111111111 ",
		"41", "--user \"", "--user '--user \"", "curl -u a", "glpat-", "Bearer ", "Bearer a1b2", "1//0", "8Q~", ":AA",
		"0-us1", "xoxb-1", "ghp_", "Basic ", "--password ", "1//0ya29.IQoJb3JpZ2lu", "[REDACTED:jwt]", "[REDACTED:",
		"%253A", "%70assword%3D", "\\u0041", "mysql -p", "mysql -u -p\"", "curl --user a:\"$", "\",\"-p", "type=TTY data=",
		"proctitle=6D79", "--password\",\"", "=41",
	};
	size_t len = JSON_LEN_MAX;
	char *text = malloc(len);
	clock_t start;
	unsigned changed;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		for (size_t at = 0; at < len; at++)
			text[at] = patterns[i][at % strlen(patterns[i])];
		start = clock();
		redact_bytes(work, (struct str){ text, len }, &arena, &changed);
		ck_assert_msg(clock() - start < 2 * CLOCKS_PER_SEC, "%s: a tenth of a second is usual", patterns[i]);
		arena_reset(&arena);
	}
	free(text);
}
END_TEST

static Suite *
redact_suite(void)
{
	Suite *s = suite_create("ingest/redact");
	TCase *tc = tcase_create("redact");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, values_under_secret_names_are_hidden);
	tcase_add_test(tc, values_beside_a_secret_name_are_hidden);
	tcase_add_test(tc, web_tokens_are_hidden_inside_texts);
	tcase_add_test(tc, only_its_sign_makes_an_azure_secret);
	tcase_add_test(tc, only_its_window_begins_a_secret);
	tcase_add_test(tc, names_are_secret_in_any_spelling);
	tcase_add_test(tc, harmless_names_are_left_alone);
	tcase_add_test(tc, no_field_and_no_alias_is_secret);
	tcase_add_test(tc, bytes_that_are_no_json_are_searched);
	tcase_add_test(tc, bytes_without_secrets_are_not_copied);
	tcase_add_test(tc, hostile_bytes_take_linear_time);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(redact_suite)
