/*
 * serving: a program that listens on a Unix socket, as an operator and a
 * service manager want it: whose socket, who may connect, signals, signs of
 * life.
 *
 * open (before the sandbox and before threads are made), allow (what the
 * sandbox must), run, close.
 */
#ifndef CLI_SERVING_H
#define CLI_SERVING_H

#include <signal.h>

#include "cli/cli.h"
#include "cli/sandbox.h"
#include "cli/service.h"
#include "ingest/serve.h"

struct serving_args {
	const char *path;             /* --listen */
	const struct str_list *users; /* --allow-uid: names or numbers, commas between them too */
	const char *group;            /* --group; NULL: as it comes */
};

struct serving {
	const struct program *program;
	const struct common_args *common;
	const char *path;
	struct service service;
	struct listen *listen;
	uid_t *uid;
	size_t uids, cap;
	sigset_t mask;  /* before SIGINT and SIGTERM were blocked */
	bool handed;    /* the socket is the manager's */
	bool ready, stopping; /* the manager was told */
};

/*
 * Takes the socket that the service manager hands over, or makes the one at
 * the path.  From here on SIGINT and SIGTERM come only while clients are
 * waited for, in threads made later never: ask serving_asked_to_stop.
 * ERR_FAIL: a user or group that does not exist, and as listen_open.
 */
int serving_open(struct serving *s, const struct program *p, const struct common_args *c,
    const struct serving_args *a, struct err *e);
/* A socket that was made is to be removed in the end. */
int serving_allow(const struct serving *s, struct sandbox *box, struct err *e);
/* Until a signal; o->stop and o->progress are not asked. */
int serving_run(struct serving *s, struct store *st, struct pool *pool, const struct ingest_options *o,
    struct ingest_receipt *r, struct err *e);
void serving_close(struct serving *s);

bool serving_asked_to_stop(void);

#endif
