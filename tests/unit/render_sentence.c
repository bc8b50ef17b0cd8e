/* Unit tests of sentences: what an action's name becomes, and no more than that. */
#include "render/format.h"
#include "rendered.h"

#define TIME "{\"time\":\"2026-04-23T11:00:00Z\","
#define WHEN "2026-04-23 11:00:00   "

static void
says(const char *line, const char *sentence)
{
	struct render_options o = { .format = "text", .now = RENDERED_NOW };
	struct buf b = rendered(&o, NULL, line, strlen(line));
	char expected[1024];

	buf_byte(&b, '\0');
	snprintf(expected, sizeof(expected), "%s%s\n", WHEN, sentence);
	ck_assert_str_eq(b.p, expected);
	buf_fini(&b);
}

/* A success by alice, as a sentence behind "alice successfully". */
static void
becomes(const char *action, const char *members, const char *deed)
{
	char line[1024], sentence[1024];

	snprintf(line, sizeof(line), TIME "\"action\":\"%s\",\"outcome\":\"success\",\"actor_id\":\"alice\"%s}\n",
	    action, members);
	snprintf(sentence, sizeof(sentence), "alice successfully %s", deed);
	says(line, sentence);
}

#define TYPE(type, id) ",\"target_type\":\"" type "\",\"target_id\":\"" id "\""
#define ID(id) ",\"target_id\":\"" id "\""

START_TEST(known_verbs_are_english)
{
	becomes("read", TYPE("secret", "a"), "read secret a");
	becomes("write", ID("a"), "wrote a");
	becomes("copy", ID("a"), "copied a");
	becomes("deploy", ID("a"), "deployed a");
	becomes("get", ID("a"), "retrieved a");
	becomes("login", "", "signed in");
	becomes("user.log_out", "", "signed out");
	becomes("console.signIn", TYPE("app", "crm"), "signed in to app crm");
	becomes("user.login", ID("alice"), "signed in");
	becomes("secret.rotated", ID("a"), "rotated a");
	becomes("backup.start", ID("db"), "started backup (db)");
	becomes("backup.finish", TYPE("database", "db"), "finished backup for database db");
	becomes("DELETE_FILE", ID("a"), "deleted file a");
	becomes("org.add_member", ID("bob"), "added member bob");
	becomes("s3:GetObject", ID("k"), "retrieved object k");
	becomes("CreateDBInstance", ID("k"), "created db instance k");
	becomes("google.iam.admin.v1.CreateServiceAccount", ID("k"), "created service account k");
	becomes("storage.objects.create", ID("k"), "created storage objects (k)");
}
END_TEST

START_TEST(the_kind_of_a_target_is_never_guessed)
{
	becomes("share.member.add", ID("docs"), "added share member (docs)");
	becomes("share.member.add", TYPE("share", "docs"), "added share member for share docs");
	becomes("share.member.add", TYPE("member", "bob"), "added share member bob");
	becomes("file.download", TYPE("document", "a"), "downloaded document a");
	becomes("role.grant", TYPE("user", "bob"), "granted role for user bob");
	becomes("role.grant", TYPE("role", "admin"), "granted role admin");
	becomes("role.grant", ID("bob"), "granted role (bob)");
	becomes("user.download", ID("/home/x"), "downloaded /home/x");
	becomes("CreateBucket", TYPE("AWS::S3::Bucket", "b"), "created bucket b");
	becomes("bucket.objects.delete", TYPE("object", "b"), "deleted bucket objects b");
	becomes("key.rotate", TYPE("api_key", "b"), "rotated api key b");
}
END_TEST

START_TEST(without_a_target_only_what_is_stated_is_named)
{
	becomes("CreateAccessKey", "", "created an access key");
	becomes("ListUsers", "", "listed users");
	becomes("billing.view", "", "performed billing.view");
	becomes("read", "", "performed read");
	becomes("read", ",\"target_type\":\"audit_log\"", "read an audit log");
}
END_TEST

START_TEST(unknown_verbs_are_quoted_not_guessed)
{
	becomes("frobnicate", TYPE("widget", "7"), "performed frobnicate on widget 7");
	becomes("access.granted", ID("a"), "performed access.granted on a");
	becomes("account.locked", ID("a"), "performed account.locked on a");
	becomes("login.failed", "", "performed login.failed");
	becomes("do it", ID("a b"), "performed \"do it\" on \"a b\"");
}
END_TEST

START_TEST(long_and_odd_names_of_actions_are_left_alone)
{
	static const char *const odd[] = { "", ".", "..read..", "__", "read\xc3\xa9",
		"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.read", "9", "A", "aBcDeFgHiJkLmNoPqRsTuV" };
	char object[DEED_OBJECT_MAX], text[4 * DEED_ACTION_MAX];
	struct deed d;

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		render_deed(&d, str_of(odd[i]), object);
	for (size_t n = 1; n < sizeof(text); n++) {
		for (size_t i = 0; i < n; i++)
			text[i] = "aB"[i % 2];
		memcpy(text + n / 2, "read", n / 2 + 4 <= sizeof(text) ? 4 : 0);
		render_deed(&d, (struct str){ text, n }, object);
		ck_assert(d.base == NULL || n <= DEED_ACTION_MAX);
		ck_assert_uint_le(d.object.len, DEED_OBJECT_MAX);
	}
	render_deed(&d, STR("..read.."), object);
	ck_assert_str_eq(d.base, "read");
	ck_assert_uint_eq(d.words, 0);
}
END_TEST

START_TEST(the_result_is_said_as_far_as_it_is_known)
{
	says(TIME "\"action\":\"read\",\"outcome\":\"failure\",\"actor_id\":\"a\",\"target_id\":\"x\","
	    "\"reason\":\"no\",\"error_code\":\"E1\"}\n",
	    "a failed to read x: no (E1)");
	says(TIME "\"action\":\"read\",\"outcome\":\"unknown\",\"actor_id\":\"a\",\"target_id\":\"x\"}\n",
	    "a attempted to read x, result unknown");
}
END_TEST

START_TEST(who_it_was_is_said_as_far_as_it_is_known)
{
	says(TIME "\"action\":\"login\",\"outcome\":\"success\"}\n", "An unknown actor successfully signed in");
	says(TIME "\"action\":\"login\",\"outcome\":\"success\",\"actor_type\":\"Anonymous\"}\n",
	    "An anonymous actor successfully signed in");
	says(TIME "\"action\":\"login\",\"outcome\":\"success\",\"actor_type\":\"robot\"}\n",
	    "An actor of type robot successfully signed in");
	says(TIME "\"action\":\"login\",\"outcome\":\"success\",\"actor_id\":\"a\",\"service_account\":\"b\","
	    "\"effective_id\":\"c\"}\n",
	    "a (via b, as c) successfully signed in");
	says(TIME "\"action\":\"login\",\"outcome\":\"success\",\"actor_id\":\"a\",\"effective_id\":\"a\",\"ip\":\"10.0.0.1\","
	    "\"host\":\"h\",\"share\":\"s\"}\n", "a successfully signed in in s from 10.0.0.1");
}
END_TEST

static Suite *
sentence_suite(void)
{
	Suite *s = suite_create("render sentence");
	TCase *c = tcase_create("sentences");

	tcase_add_test(c, known_verbs_are_english);
	tcase_add_test(c, the_kind_of_a_target_is_never_guessed);
	tcase_add_test(c, without_a_target_only_what_is_stated_is_named);
	tcase_add_test(c, unknown_verbs_are_quoted_not_guessed);
	tcase_add_test(c, long_and_odd_names_of_actions_are_left_alone);
	tcase_add_test(c, the_result_is_said_as_far_as_it_is_known);
	tcase_add_test(c, who_it_was_is_said_as_far_as_it_is_known);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(sentence_suite)
