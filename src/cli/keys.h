/*
 * keys: the signing key of a store's log: making the first one, signing
 * checkpoints, changing it (proof/rotate.h), and where checkpoints are sent.
 */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "base/time.h"
#include "cli/cli.h"
#include "cli/config.h"
#include "cli/hook.h"
#include "proof/note.h"

/* The folder of the keys: as typed (--keys), keys: of the configuration, else
 * the store's path with ".keys" behind it.  Yours. */
char *keys_folder(const char *typed, const struct config *config, const struct store *st);

/*
 * Makes the first key and records it in the log (audit.key-init); gives the
 * verifier key.  What a crash interrupted is finished.  ERR_REFUSED: the log
 * has a key already, or the folder does.  origin NULL: the host's name, a
 * slash, and the name of the store's file without its ending.
 */
int keys_init(struct store *st, const char *folder, const struct operator_info *who, const char *origin, struct buf *line,
    struct err *e);

/*
 * Signs the log as it is now: recomputes what came since the last checkpoint
 * from the stored events, compares the rest with what that checkpoint signed,
 * signs, stores.  Gives the note.  ERR_INTEGRITY: something is wrong, nothing
 * was signed; `found` is told of it.
 */
int keys_sign(struct store *st, const char *folder, const struct operator_info *who, const struct verify_options *o,
    struct buf *note, struct err *e);

/* Seals the epoch and begins the next one (audit.key-rotate).  Gives the new
 * verifier key and the seal. */
int keys_rotate(struct store *st, const char *folder, const struct operator_info *who, const struct verify_options *o,
    struct buf *line, struct buf *seal, struct err *e);

#define KEYS_PUBLISH_LIMIT (60 * TIME_SECOND) /* of the command; then it is killed */

/* Writes a stored note where checkpoint: of the configuration says: replaces
 * the file; gives it to the command, which was got ready before. */
int keys_publish(const struct config *config, struct hook *command, struct str note, struct err *e);

#endif
