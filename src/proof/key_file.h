/*
 * key_file: signing keys at rest.
 *
 * Each secret is one line in a file of its own, 0400, in a folder of mode
 * 0700 that belongs to us:
 *
 *	signing.key	signs now
 *	next.key	written, perhaps introduced in the log, not in use yet
 *	old.key		the one before, about to be overwritten
 *
 * A file or folder that others can look into, or that belongs to another
 * user, is refused (ERR_REFUSED); so is a file that is there already.
 */
#ifndef PROOF_KEY_FILE_H
#define PROOF_KEY_FILE_H

#include "proof/note.h"

#define KEY_CURRENT "signing.key"
#define KEY_NEXT "next.key"
#define KEY_OLD "old.key"

/* An open folder.  It is locked: who signs or rotates is alone from reading
 * the key until the note is stored, so that no key signs behind its seal. */
struct key_folder {
	int fd;
	char *path;
};

#define KEY_FOLDER_NONE { -1, NULL }

/* make: an absent folder is made, 0700, and synced with the one around it.
 * ERR_BUSY: another process has it. */
int key_folder_open(struct key_folder *f, const char *path, bool make, struct err *e);
void key_folder_close(struct key_folder *f);

enum key_state {
	KEY_ABSENT,
	KEY_WHOLE,
	KEY_TORN /* a file is there, but no whole key in it */
};

/* Never overwrites; on the disk, with its name, when it returns 0. */
int key_file_create(const struct key_folder *f, const char *name, const struct note_signer *s,
    struct err *e);

/* Looks: *state, and the key when it is KEY_WHOLE (then wipe it). */
int key_file_look(const struct key_folder *f, const char *name, enum key_state *state,
    struct note_signer *s, struct err *e);

/* The same, for a key that must be there: anything but a whole one is
 * ERR_FAIL with a message that says what to do, never a reason to make a new one. */
int key_file_load(const struct key_folder *f, const char *name, struct note_signer *s,
    struct err *e);

/* Are both names one file? */
bool key_file_same(const struct key_folder *f, const char *a, const char *b);

/* A second name for the file; and another name, replacing what has it.  Synced. */
int key_file_link(const struct key_folder *f, const char *from, const char *to, struct err *e);
int key_file_rename(const struct key_folder *f, const char *from, const char *to, struct err *e);

/* Overwrites and unlinks; a file with a second name is only unlinked.  (What
 * a journalling or copying file system, a flash drive or a backup keeps
 * beyond that is out of reach.)  Absent is fine. */
int key_file_wipe(const struct key_folder *f, const char *name, struct err *e);

#endif
