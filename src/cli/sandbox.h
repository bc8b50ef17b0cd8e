/*
 * sandbox: a program that has opened what it needs gives up everything else.
 *
 * Three layers, each by itself: no_new_privs; Landlock, so that no path can be
 * opened but those allowed, and no TCP port; seccomp, so that no program can
 * be started, no socket made, no other process looked into.  What is open
 * stays open.  A call that is refused fails with EPERM or EACCES.
 *
 * In: what a program still needs.   Out: the process, restricted for good.
 */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"

/* sandbox: of the configuration. */
enum sandbox_mode {
	SANDBOX_AUTO,     /* what the kernel and the build have */
	SANDBOX_REQUIRED, /* all of it, or the program refuses to run */
	SANDBOX_OFF
};

enum sandbox_profile {
	SANDBOX_READER, /* opens nothing for writing, unless a path allows it */
	SANDBOX_WRITER, /* makes, renames and removes files where a path allows it */
	SANDBOX_INGEST  /* also waits for clients of a socket that is open, and for files */
};

enum sandbox_access {
	SANDBOX_READ,   /* a file, or a folder and all below it; one that is missing is left out */
	SANDBOX_WRITE,  /* the same for writing; in a folder files are made and removed */
	SANDBOX_REMOVE  /* only removing files from a folder: a socket's own */
};

#define SANDBOX_PATHS_MAX 65536

struct sandbox {
	enum sandbox_mode mode;
	enum sandbox_profile profile;
	bool moves; /* renames files from folder to folder: the first ABI of Landlock would refuse that */
	bool replaced; /* another store may take the place of this one: a reader needs its folder */
	size_t n, cap;
	struct sandbox_path {
		char *name;
		enum sandbox_access access;
	} *path;
};

/* What is in force, or could be. */
struct sandbox_state {
	bool no_new_privs;
	int landlock; /* the ABI used; 0: none */
	bool seccomp;
};

/* "auto", "required", "off": 0, or -1 for another word. */
int sandbox_mode_parse(struct str word, enum sandbox_mode *mode);

/* Copies the path.  ERR_FAIL when there are SANDBOX_PATHS_MAX already. */
int sandbox_allow(struct sandbox *s, const char *path, enum sandbox_access access, struct err *e);

/* The same for each of a list ("-" is left out), and for the folder that a file is in:
 * one that is missing is left out. */
int sandbox_allow_all(struct sandbox *s, const struct str_list *paths, enum sandbox_access access, struct err *e);
int sandbox_allow_folder(struct sandbox *s, const char *file, enum sandbox_access access, struct err *e);

/* A folder, or the one it is to be made in. */
int sandbox_allow_made(struct sandbox *s, const char *folder, enum sandbox_access access, struct err *e);
/* A file that is not there yet, or whose place others take, and what is beside
 * it: its folder, that of what it is a link to, or the nearest one above. */
int sandbox_allow_followed(struct sandbox *s, const char *file, struct err *e);
/* Where SQLite puts what does not fit into memory (VACUUM). */
int sandbox_allow_temporary(struct sandbox *s, struct err *e);

/* The same for a store: a reader gets the file and the journal that lies beside
 * it now; the others the folder it is in, where journals come and go. */
int sandbox_allow_store(struct sandbox *s, const char *db, struct err *e);

/*
 * Restricts the process from here on; to be called before threads are made,
 * because Landlock holds for the calling thread and those it makes later.
 * *now says what is in force.  Frees nothing.
 *
 * SANDBOX_OFF does nothing.  ERR_FAIL: a path of SANDBOX_WRITE or SANDBOX_REMOVE
 * that cannot be opened; SANDBOX_REQUIRED and something is missing, the process
 * is then restricted by the rest.
 */
int sandbox_enter(const struct sandbox *s, struct sandbox_state *now, struct err *e);

void sandbox_fini(struct sandbox *s);

/* What this kernel and this build have, without entering. */
void sandbox_available(struct sandbox_state *have);

/* "Landlock (ABI 7), seccomp, no_new_privs", or "none". */
void sandbox_describe(struct buf *out, const struct sandbox_state *s);

#endif
