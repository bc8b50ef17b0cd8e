/*
 * keys_held: what one use of the keys holds, from the first look at the log
 * until the folder is closed.
 *
 * In: a store and a folder of keys.   Out: the log's keys, in order.
 */
#include "cli/keys_held.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/mem.h"

#define KEYS_MAX 1000000 /* of one log: daily for 2,700 years */

/* ---- The keys that the log knows ---- */

static int
add_key(void *arg, const struct store_key *k, struct err *e)
{
	struct keys *keys = arg;

	if (keys->n == KEYS_MAX)
		return err_set(e, ERR_INTEGRITY, "more than %d keys", KEYS_MAX);
	mem_grow(&keys->key, &keys->cap, keys->n + 1, sizeof(*keys->key));
	keys->key[keys->n++] = (struct store_key){ k->seq, { mem_dup(k->line.p, k->line.len), k->line.len } };
	return 0;
}

static void
drop_keys(struct keys *k)
{
	for (size_t i = 0; i < k->n; i++)
		free((char *)(uintptr_t)k->key[i].line.p);
	k->n = 0;
}

static int
read_keys(struct keys *k, struct err *e)
{
	drop_keys(k);
	return store_key_each(k->st, add_key, k, e) != 0 ? -1 : 0;
}

int
keys_parse(const struct keys *k, size_t i, struct note_verifier *out, struct err *e)
{
	if (note_verifier_parse(out, k->key[i].line, e) == 0)
		return 0;
	e->code = ERR_INTEGRITY;
	return err_doing(e, "the key introduced at seq %" PRIu64, k->key[i].seq);
}

size_t
keys_epoch_of(const struct keys *k, uint64_t size)
{
	size_t i = 0;

	while (i + 1 < k->n && size > k->key[i + 1].seq + 1)
		i++;
	return i;
}

/* ---- Beginning and end ---- */

/* A core dump or a debugger of the same user would show the key. */
static void
hide_memory(struct keys *k)
{
	k->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
keys_open(struct keys *k, struct store *st, const char *folder, bool make, const struct operator_info *who,
    const struct verify_options *o, struct err *e)
{
	*k = (struct keys){ .st = st, .who = who, .options = o, .folder = KEY_FOLDER_NONE };
	hide_memory(k);
	if (read_keys(k, e) != 0)
		return -1;
	if (k->n == 0 && !make)
		return err_set(e, ERR_FAIL, "%s: the log has no key yet (--init-keys makes the first one)",
		    store_path(st));
	if (!make && access(folder, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_FAIL, "%s: is not there, but the log has a key: name the folder that has it "
		    "(--keys DIR), or put it back from a copy", folder);
	return key_folder_open(&k->folder, folder, make, e);
}

void
keys_close(struct keys *k)
{
	key_folder_close(&k->folder);
	drop_keys(k);
	free(k->key);
	if (k->dumpable == 1)
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* ---- Records ---- */

int
keys_record(struct keys *k, const char *action, const struct note_verifier *v, struct err *e)
{
	struct buf line = { 0 }, context = { 0 };
	struct arena a = { 0 };
	struct event ev;
	uint64_t seq;
	int rc;

	note_verifier_format(&line, v);
	buf_printf(&context, "{\"key\":");
	cli_quote(&context, buf_view(&line));
	buf_byte(&context, '}');
	cli_record_nameless(&ev, k->who, action, buf_view(&context), &a);
	rc = store_key_add(k->st, buf_view(&line), &ev, &seq, e);
	arena_fini(&a);
	buf_fini(&context);
	buf_fini(&line);
	return rc != 0 ? -1 : read_keys(k, e);
}
