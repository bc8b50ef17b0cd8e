/*
 * keys_first: the first key of a log.
 *
 * It is made as the later ones are, so that a crash may cut it anywhere:
 *
 *	next.key written and synced
 *	audit.key-init with its verifier key committed
 *	renamed to signing.key
 *
 * In: a log without a key.   Out: its verifier key.
 */
#include <string.h>

#include "cli/keys_held.h"
#include "cli/keys_last.h"

/* The host's name, a slash, and the name of the store's file without ".db". */
static void
default_origin(struct buf *out, const struct store *st, const char *host)
{
	const char *path = store_path(st), *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	buf_printf(out, "%s/%.*s", host[0] ? host : "localhost", dot && dot > name ? (int)(dot - name) : 200,
	    name);
}

static int
make_first(struct keys *k, const char *origin, struct note_signer *s, struct err *e)
{
	struct buf name = { 0 };
	int rc;

	if (origin)
		buf_printf(&name, "%s", origin);
	else
		default_origin(&name, k->st, k->who->host);
	rc = note_signer_new(s, buf_view(&name), e);
	if (rc != 0)
		err_doing(e, "--origin");
	buf_fini(&name);
	return rc == 0 ? key_file_create(&k->folder, KEY_NEXT, s, e) : -1;
}

/* A key that was made, perhaps recorded, but not installed. */
static int
take_first(struct keys *k, const char *origin, struct note_signer *s, struct err *e)
{
	enum key_state state;

	if (key_file_look(&k->folder, KEY_NEXT, &state, s, e) != 0)
		return -1;
	/* What was cut while it was written is in no log. */
	if (state == KEY_TORN && key_file_wipe(&k->folder, KEY_NEXT, e) != 0)
		return -1;
	if (state != KEY_WHOLE)
		return make_first(k, origin, s, e);
	if (origin && strcmp(origin, s->verifier.name) != 0)
		return err_set(e, ERR_REFUSED, "%s/%s: is a key of the name %s that was made before", k->folder.path,
		    KEY_NEXT, s->verifier.name);
	return 0;
}

int
keys_finish_first(struct keys *k, struct err *e)
{
	struct note_signer current = { 0 }, next = { 0 };
	struct note_verifier first;
	enum key_state state, next_state;
	int rc = -1;

	if (key_file_look(&k->folder, KEY_CURRENT, &state, &current, e) != 0 ||
	    key_file_look(&k->folder, KEY_NEXT, &next_state, &next, e) != 0)
		goto out;
	if (k->n != 1 || state != KEY_ABSENT || next_state != KEY_WHOLE)
		rc = 0;
	else if (keys_parse(k, 0, &first, e) == 0)
		rc = !note_verifier_equal(&first, &next.verifier) ? 0 :
		    key_file_rename(&k->folder, KEY_NEXT, KEY_CURRENT, e);
out:
	note_signer_wipe(&current);
	note_signer_wipe(&next);
	return rc;
}

/* ERR_REFUSED unless the log, and the folder, are without a key. */
static int
check_first(struct keys *k, struct err *e)
{
	enum key_state state;
	struct note_signer current = { 0 };

	if (k->n > 0)
		return err_set(e, ERR_REFUSED, "%s: the log has its first key already: %.*s", store_path(k->st),
		    (int)k->key[0].line.len, k->key[0].line.p);
	if (key_file_look(&k->folder, KEY_CURRENT, &state, &current, e) != 0)
		return -1;
	note_signer_wipe(&current);
	if (state != KEY_ABSENT)
		return err_set(e, ERR_REFUSED, "%s/%s: is there already, but this log has no key: it is another log's, or "
		    "the store was replaced by an older copy", k->folder.path, KEY_CURRENT);
	return 0;
}

int
keys_init(struct store *st, const char *folder, const struct operator_info *who, const char *origin, struct buf *line,
    struct err *e)
{
	struct note_signer first = { 0 };
	struct keys k;
	int rc = -1;

	if (keys_open(&k, st, folder, true, who, NULL, e) != 0 || keys_finish_first(&k, e) != 0 ||
	    check_first(&k, e) != 0 || take_first(&k, origin, &first, e) != 0)
		goto out;
	if (keys_record(&k, "audit.key-init", &first.verifier, e) != 0 ||
	    keys_last_forget(&k.folder, e) != 0 || key_file_rename(&k.folder, KEY_NEXT, KEY_CURRENT, e) != 0)
		goto out;
	note_verifier_format(line, &first.verifier);
	rc = 0;
out:
	note_signer_wipe(&first);
	keys_close(&k);
	return rc;
}
