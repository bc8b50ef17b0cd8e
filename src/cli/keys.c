/*
 * keys: the signing key of a store's log.
 *
 * Who holds the folder's lock is alone from reading the key until the note is
 * stored.  Nothing is signed before the events behind the last checkpoint were
 * read again and hashed, and the kept hashes give what that checkpoint signed,
 * and what the folder remembers to have been signed last.
 *
 * In: a store and a folder of keys.   Out: a note, stored.
 */
#include "cli/keys.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/keys_held.h"
#include "cli/keys_last.h"
#include "proof/checkpoint.h"
#include "proof/rotate.h"

#define SIGN_TRIES 5        /* when something is removed each time between verifying and storing */
#define SIZE_NOW UINT64_MAX /* the log as it is when it is looked at */

char *
keys_folder(const char *typed, const struct config *config, const struct store *st)
{
	struct buf path = { 0 };

	if (typed || config->keys)
		return mem_strdup(typed ? typed : config->keys);
	buf_printf(&path, "%s.keys", store_path(st));
	return path.p;
}

/* ---- Signing ---- */

/* Does the last checkpoint hold for the log as it was verified? */
static int
check_last(const struct keys *k, const struct store_note *last, uint64_t size, const struct verify_root *root,
    struct err *e)
{
	struct note_verifier v;
	struct checkpoint said;

	if (last->size > size)
		return err_set(e, ERR_INTEGRITY, "the log has %" PRIu64 " events, but a checkpoint of %" PRIu64
		    " was signed", size, last->size);
	if (keys_parse(k, keys_epoch_of(k, last->size), &v, e) != 0 || checkpoint_open(&said, last->note, &v, e) != 0)
		return err_doing(e, "the checkpoint of %" PRIu64 " events", last->size);
	if (said.size != last->size)
		return err_set(e, ERR_INTEGRITY, "the checkpoint of %" PRIu64 " events is filed as one of %" PRIu64,
		    said.size, last->size);
	if (!root->known || memcmp(root->root.b, said.root.b, HASH_LEN) != 0)
		return err_set(e, ERR_INTEGRITY, "the first %" PRIu64 " events are not those that were signed",
		    said.size);
	return 0;
}

/* A key that came while the log was verified is nobody's who holds the
 * folder's lock: a signature now would be its introduction. */
static int
check_keys(const struct keys *k, const struct verify_result *r, struct err *e)
{
	bool same = r->keys == k->n;

	for (size_t i = 0; same && i < k->n; i++)
		same = r->key[i].seq == k->key[i].seq && str_eq(buf_view(&r->key[i].line), k->key[i].line);
	return same ? 0 : err_set(e, ERR_INTEGRITY, "the keys of the log changed while it was verified; nothing was signed");
}

/* The log as it was read again, and the last checkpoint of it. */
struct verified {
	uint64_t size, removals;
	struct hash root;
	struct store_note last;
	struct buf last_bytes;
	bool any_last;
};

enum { ROOT_STORED, ROOT_REMEMBERED, ROOT_WANTED }; /* asked for */

/*
 * Reads again what came since the last checkpoint of at most `size` events,
 * and gives the root at `size` (SIZE_NOW: of all there is then), the
 * generation of removals, and that checkpoint.  ERR_INTEGRITY: something is wrong.
 */
static int
verify(const struct keys *k, uint64_t size, struct verified *v, struct err *e)
{
	struct verify_options o = { 0 };
	struct verify_result r = { 0 };
	struct verify_root root[ROOT_WANTED + 1] = { 0 };
	struct keys_last remembered;
	struct note_verifier latest; /* the folder has its key */
	int rc = -1, any = store_checkpoint_last(k->st, size, &v->last, &v->last_bytes, e);

	if (any < 0 || keys_parse(k, k->n - 1, &latest, e) != 0 ||
	    keys_last_read(&k->folder, latest.name, &remembered, e) != 0)
		return -1;
	v->any_last = any == 1;
	if (k->options)
		o = *k->options;
	o.from = v->any_last ? v->last.size : 0;
	root[ROOT_STORED].size = v->last.size;
	root[ROOT_REMEMBERED].size = remembered.size;
	root[ROOT_WANTED].size = size;
	o.root = root;
	o.roots = size == SIZE_NOW ? ROOT_WANTED : ROOT_WANTED + 1;
	if (store_verify(k->st, &o, &r, e) != 0)
		goto out;
	if (r.findings > 0) {
		err_set(e, ERR_INTEGRITY, "%" PRIu64 " %s wrong; nothing was signed", r.findings,
		    r.findings == 1 ? "thing is" : "things are");
		goto out;
	}
	if (check_keys(k, &r, e) != 0)
		goto out;
	if ((v->any_last && check_last(k, &v->last, r.size, &root[ROOT_STORED], e) != 0) ||
	    keys_last_check(&k->folder, &remembered, r.size,
	        root[ROOT_REMEMBERED].known ? &root[ROOT_REMEMBERED].root : NULL, e) != 0) {
		err_doing(e, "nothing was signed");
		goto out;
	}
	v->size = size == SIZE_NOW ? r.size : size;
	v->root = size == SIZE_NOW ? r.root : root[ROOT_WANTED].root;
	v->removals = r.removals;
	rc = size == SIZE_NOW || root[ROOT_WANTED].known ? 0 :
	    err_set(e, ERR_INTEGRITY, "the log as it was with %" PRIu64 " events cannot be made again", size);
out:
	verify_result_fini(&r);
	return rc;
}

/* Verifies, signs, stores; again when something was removed meanwhile.  At a
 * size that has a checkpoint, that one is given. */
static int
sign_at(const struct keys *k, uint64_t size, const struct note_signer *signer, struct buf *note, struct err *e)
{
	int stored = 0;

	for (int i = 0; i < SIGN_TRIES && stored == 0; i++) {
		struct verified v = { 0 };

		buf_reset(note);
		if (verify(k, size, &v, e) != 0) {
			stored = -1;
		} else if (v.any_last && v.last.size == v.size) {
			buf_str(note, v.last.note);
			stored = 1;
		} else if (checkpoint_sign(note, v.size, &v.root, signer, e) != 0) {
			stored = -1;
		} else {
			stored = store_checkpoint_add(k->st, v.size, v.removals, buf_view(note), e);
		}
		buf_fini(&v.last_bytes);
	}
	if (stored == 0)
		return err_set(e, ERR_BUSY, "events are being removed all the time: nothing was signed, try again");
	return stored < 0 ? -1 : keys_last_write(&k->folder, buf_view(note), e);
}

/* ---- The log's part in a rotation ---- */

struct seal_search {
	const struct keys *k;
	uint64_t size;
	const struct note_verifier *v;
	struct buf *note;
	bool found;
};

/* A seal is one only when the old key signed it. */
static int
match_seal(void *arg, const struct store_note *n, struct err *e)
{
	struct seal_search *s = arg;
	struct err why = ERR_NONE;
	struct checkpoint said;

	(void)e;
	if (s->found || n->size != s->size || checkpoint_open(&said, n->note, s->v, &why) != 0 || said.size != s->size)
		return 0;
	s->found = true;
	if (s->note)
		buf_str(s->note, n->note);
	return 0;
}

/* The seal of the epoch that ends with the introduction of key i (from 1). */
static int
find_seal(const struct keys *k, size_t i, struct buf *note, bool *found, struct err *e)
{
	struct note_verifier old;
	struct seal_search s = { k, k->key[i].seq + 1, &old, note, false };

	if (keys_parse(k, i - 1, &old, e) != 0 || store_checkpoint_each(k->st, match_seal, &s, e) != 0)
		return -1;
	*found = s.found;
	return 0;
}

static int
rotate_latest(void *arg, struct rotate_latest *out, struct err *e)
{
	struct keys *k = arg;

	*out = (struct rotate_latest){ .any = k->n > 1 };
	if (!out->any)
		return 0;
	out->size = k->key[k->n - 1].seq + 1;
	if (keys_parse(k, k->n - 1, &out->key, e) != 0)
		return -1;
	return find_seal(k, k->n - 1, NULL, &out->sealed, e);
}

static int
rotate_record(void *arg, const struct note_verifier *next, struct err *e)
{
	return keys_record(arg, "audit.key-rotate", next, e);
}

static int
rotate_seal(void *arg, uint64_t size, const struct note_signer *old, struct err *e)
{
	struct keys *k = arg;
	struct note_verifier v;
	struct buf note = { 0 };
	int rc;

	if (k->n < 2 || keys_parse(k, k->n - 2, &v, e) != 0)
		return -1;
	if (!note_verifier_equal(&v, &old->verifier))
		return err_set(e, ERR_INTEGRITY, "%s/%s: is not the key that the log was signed with", k->folder.path,
		    KEY_CURRENT);
	rc = sign_at(k, size, old, &note, e);
	buf_fini(&note);
	return rc;
}

static struct rotate_log
rotation(struct keys *k)
{
	return (struct rotate_log){ rotate_latest, rotate_record, rotate_seal, k };
}

/* ---- Signing and changing the key ---- */

/* The key in use, which must be the one that the log goes on with. */
static int
load_current(const struct keys *k, struct note_signer *s, struct err *e)
{
	struct note_verifier v;

	if (keys_parse(k, k->n - 1, &v, e) != 0)
		return -1;
	if (key_file_load(&k->folder, KEY_CURRENT, s, e) != 0)
		return err_doing(e, "the log has the key %s+%08" PRIx32, v.name, v.id);
	if (!note_verifier_equal(&v, &s->verifier))
		return err_set(e, ERR_INTEGRITY, "%s/%s: is the key %s+%08" PRIx32 ", but the log goes on with %s+%08" PRIx32,
		    k->folder.path, KEY_CURRENT, s->verifier.name, s->verifier.id, v.name, v.id);
	return 0;
}

/* What a crash interrupted is finished, then the key is the right one. */
static int
make_ready(struct keys *k, struct err *e)
{
	struct rotate_log log = rotation(k);
	struct note_signer current = { 0 };
	enum key_state state;
	int rc;

	if (keys_finish_first(k, e) != 0 || key_file_look(&k->folder, KEY_CURRENT, &state, &current, e) != 0)
		return -1;
	note_signer_wipe(&current);
	if (state == KEY_ABSENT)
		return err_set(e, ERR_FAIL, "%s/%s: is not there, but the log has a key: name the folder that has it "
		    "(--keys DIR), or put it back from a copy", k->folder.path, KEY_CURRENT);
	if (rotate_finish(&k->folder, &log, e) != 0)
		return -1;
	rc = load_current(k, &current, e);
	note_signer_wipe(&current);
	return rc;
}

int
keys_sign(struct store *st, const char *folder, const struct operator_info *who, const struct verify_options *o,
    struct buf *note, struct err *e)
{
	struct note_signer signer = { 0 };
	struct keys k;
	int rc = -1;

	if (keys_open(&k, st, folder, false, who, o, e) == 0 && make_ready(&k, e) == 0 &&
	    load_current(&k, &signer, e) == 0)
		rc = sign_at(&k, SIZE_NOW, &signer, note, e);
	note_signer_wipe(&signer);
	keys_close(&k);
	return rc;
}

/* The log is verified first: a rotation that cannot be sealed would stand
 * open until it is repaired. */
int
keys_rotate(struct store *st, const char *folder, const struct operator_info *who, const struct verify_options *o,
    struct buf *line, struct buf *seal, struct err *e)
{
	struct keys k;
	struct rotate_log log = rotation(&k);
	struct verified v = { 0 };
	bool found = false;
	int rc = -1;

	if (keys_open(&k, st, folder, false, who, o, e) != 0 || make_ready(&k, e) != 0 ||
	    verify(&k, SIZE_NOW, &v, e) != 0 || rotate_run(&k.folder, &log, e) != 0)
		goto out;
	if (k.n < 2 || find_seal(&k, k.n - 1, seal, &found, e) != 0 || !found) {
		err_set(e, ERR_FAIL, "the seal is not in the store any more");
		goto out;
	}
	buf_str(line, k.key[k.n - 1].line);
	rc = 0;
out:
	buf_fini(&v.last_bytes);
	keys_close(&k);
	return rc;
}
