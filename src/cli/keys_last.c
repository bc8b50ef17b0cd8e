/*
 * keys_last: read before a signature, replaced behind it.
 *
 * In: the folder of the keys, which only who signs can write.   Out: the size
 * and root that were signed last.
 */
#include "cli/keys_last.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/stream.h"
#include "proof/checkpoint.h"

static char *
path_of(const struct key_folder *f)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s/" KEYS_LAST "%c", f->path, '\0');
	return path.p;
}

int
keys_last_read(const struct key_folder *f, const char *origin, struct keys_last *last, struct err *e)
{
	struct err why = ERR_NONE;
	struct checkpoint said;
	struct note note;
	char *path, *text;
	size_t len;
	int rc = 0;

	*last = (struct keys_last){ .any = false };
	if (faccessat(f->fd, KEYS_LAST, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
		return 0;
	path = path_of(f);
	text = file_read(path, NOTE_LEN_MAX, &len, e);
	free(path);
	if (text == NULL)
		return -1;
	if (note_parse(&note, (struct str){ text, len }, &why) != 0 || checkpoint_parse(&said, note.text, &why) != 0)
		rc = err_set(e, ERR_INTEGRITY, "%s/" KEYS_LAST ": %s", f->path, why.text);
	else if (str_eq(said.origin, str_of(origin)))
		*last = (struct keys_last){ .any = true, .size = said.size, .root = said.root };
	free(text);
	return rc;
}

int
keys_last_check(const struct key_folder *f, const struct keys_last *last, uint64_t size, const struct hash *root,
    struct err *e)
{
	if (!last->any || (last->size <= size && root != NULL && memcmp(root->b, last->root.b, HASH_LEN) == 0))
		return 0;
	if (last->size > size)
		return err_set(e, ERR_INTEGRITY, "the log has %" PRIu64 " events, but %" PRIu64 " were signed: an older copy "
		    "of the store was put back, or it was truncated (if that is meant, remove %s/" KEYS_LAST ")", size,
		    last->size, f->path);
	return err_set(e, ERR_INTEGRITY, "the first %" PRIu64 " events are not those that were signed: an older copy of the "
	    "store was put back and written on, or it was rewritten (if that is meant, remove %s/" KEYS_LAST ")",
	    last->size, f->path);
}

int
keys_last_write(const struct key_folder *f, struct str note, struct err *e)
{
	char *path = path_of(f);
	int rc = file_replace(path, 0600, note.p, note.len, e);

	free(path);
	return rc == 0 ? 0 : err_doing(e, "the checkpoint is signed and stored, but not remembered");
}

int
keys_last_forget(const struct key_folder *f, struct err *e)
{
	if (unlinkat(f->fd, KEYS_LAST, 0) == 0 || errno == ENOENT)
		return 0;
	return err_errno(e, "%s/" KEYS_LAST, f->path);
}
