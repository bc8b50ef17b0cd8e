/* verb: which actions read and which write. */
#include "unit.h"

#include "event/verb.h"

static void
check_each(const char *const *action, size_t n, const char *category, enum verb wanted)
{
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(event_verb(str_of(category), str_of(action[i])) == wanted, "%s of %s", action[i],
		    category ? category : "no category");
}

#define CHECK(category, wanted, ...)                                                        \
	check_each((const char *const[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), \
	    category, wanted)

START_TEST(the_last_part_of_an_action_decides)
{
	CHECK(NULL, VERB_READ, "read", "secret.read", "customers.export", "s3:GetObject", "api/v1/list", "delete.view");
	CHECK(NULL, VERB_WRITE, "share.member.add", "key.rotate", "role.grant", "role.revoke", "read.update",
	    "repo.destroy", "write");
	CHECK(NULL, VERB_OTHER, "login", "backup.start", "read.login", "", ".", "read.", "reader", "__");
}
END_TEST

START_TEST(words_inside_a_part_are_told_apart)
{
	CHECK(NULL, VERB_READ, "file_read", "list_users", "GetSecretValue", "ListAccessPoints", "getObject",
	    "GetUpdateStatus", "bulk-export");
	CHECK(NULL, VERB_WRITE, "access_key_create", "CreateAccessKey", "org.add_member", "PutObject",
	    "ModifyDBInstance", "StartSecretVersionDelete", "access key delete", "AttachRolePolicy");
}
END_TEST

START_TEST(past_forms_count_as_well)
{
	CHECK(NULL, VERB_READ, "document.viewed", "file_downloaded", "AccessedFile", "copied");
	CHECK(NULL, VERB_WRITE, "user.deleted", "record modified", "saml_enabled", "repo.archived", "written");
	CHECK(NULL, VERB_OTHER, "ed", "red", "failed", "denied");
}
END_TEST

START_TEST(the_category_decides_when_no_word_does)
{
	CHECK("FILE_ACCESS", VERB_READ, "touch", "");
	CHECK("data_access", VERB_READ, "answer");
	CHECK("FILE_MODIFICATION", VERB_WRITE, "touch");
	CHECK("SHARING", VERB_WRITE, "x");
	CHECK("SHARING", VERB_READ, "share.list");
	CHECK("ADMIN", VERB_OTHER, "touch");
	ck_assert_int_eq(event_verb(STR("SHARING"), (struct str){ NULL, 0 }), VERB_WRITE);
}
END_TEST

START_TEST(a_word_of_any_length_is_taken)
{
	char long_word[200];

	memset(long_word, 'r', sizeof(long_word));
	for (size_t n = 0; n <= sizeof(long_word); n++)
		ck_assert_int_eq(event_verb(STR("ADMIN"), (struct str){ long_word, n }), VERB_OTHER);
	memcpy(long_word + 190, "_update", 7);
	ck_assert_int_eq(event_verb(STR("ADMIN"), (struct str){ long_word, 197 }), VERB_WRITE);
}
END_TEST

/* The look-up is a binary search: a word out of place would not be found. */
START_TEST(every_word_that_the_manual_lists_is_found)
{
	CHECK("ADMIN", VERB_READ, "access", "browse", "clone", "copy", "decrypt", "describe", "download", "export", "fetch",
	    "get", "head", "inspect", "list", "lookup", "open", "preview", "print", "query", "read", "reveal", "scan",
	    "search", "select", "show", "stat", "view", "watch");
	CHECK("ADMIN", VERB_WRITE, "activate", "add", "append", "approve", "archive", "assign", "attach", "change", "chmod",
	    "chown", "create", "deactivate", "delete", "destroy", "detach", "disable", "edit", "enable", "erase", "grant",
	    "import", "insert", "invite", "lock", "merge", "mkdir", "modify", "move", "patch", "promote", "purge", "push",
	    "put", "reject", "remove", "rename", "replace", "reset", "restore", "revoke", "rollback", "rotate", "save",
	    "set", "share", "terminate", "transfer", "truncate", "unassign", "unlink", "unlock", "unshare", "update",
	    "upload", "upsert", "write");
}
END_TEST

static Suite *
verb_suite(void)
{
	Suite *s = suite_create("event/verb");
	TCase *tc = tcase_create("verb");

	tcase_add_test(tc, the_last_part_of_an_action_decides);
	tcase_add_test(tc, words_inside_a_part_are_told_apart);
	tcase_add_test(tc, past_forms_count_as_well);
	tcase_add_test(tc, the_category_decides_when_no_word_does);
	tcase_add_test(tc, a_word_of_any_length_is_taken);
	tcase_add_test(tc, every_word_that_the_manual_lists_is_found);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(verb_suite)
