/*
 * publish: a checkpoint to where the configuration says, off this host if the
 * command sees to it.
 */
#include "cli/keys.h"

#include "base/stream.h"

static int
ship(struct hook *command, struct str note, struct err *e)
{
	struct hook_result r;

	if (!hook_is_there(command))
		return 0;
	return hook_run(command, note, &r, e) == 0 ? hook_judge(command, &r, e) : -1;
}

/* Both are tried, whatever becomes of the first. */
int
keys_publish(const struct config *config, struct hook *command, struct str note, struct err *e)
{
	int rc = 0;

	if (config->checkpoint_file && file_replace(config->checkpoint_file, 0644, note.p, note.len, e) != 0)
		rc = -1;
	if (ship(command, note, e) != 0)
		rc = -1;
	if (rc != 0)
		err_doing(e, "the checkpoint is signed and stored, but not published");
	return rc;
}
