/*
 * publish: a checkpoint to where the configuration says, off this host if the
 * command sees to it.
 */
#include "cli/keys.h"

#include "base/stream.h"

/* Both are tried, whatever becomes of the first. */
int
keys_publish(const struct config *config, struct launcher *command, struct str note, struct err *e)
{
	int rc = 0;

	if (config->checkpoint_file && file_replace(config->checkpoint_file, 0644, note.p, note.len, e) != 0)
		rc = -1;
	if (launcher_run(command, note, e) != 0)
		rc = -1;
	if (rc != 0)
		err_doing(e, "the checkpoint is signed and stored, but not published");
	return rc;
}
