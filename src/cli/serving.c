/* serving: a program that listens on a Unix socket. */
#include "cli/serving.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"

/* For the last answers, when it stops. */
#define PATIENCE (5 * TIME_SECOND)

/* ---- Who may connect ---- */

static bool
parse_number(const char *text, unsigned long *v)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*v = strtoul(text, &end, 10);
	/* All ones is nobody: chown(2) leaves things as they are for it. */
	return errno == 0 && *end == '\0' && *v < UINT32_MAX;
}

static int
add_user(struct serving *s, const char *name, struct err *e)
{
	const struct passwd *user = getpwnam(name);
	unsigned long number = 0;

	if (user == NULL && !parse_number(name, &number))
		return err_set(e, ERR_FAIL, "--allow-uid %s: there is no such user", name);
	mem_grow(&s->uid, &s->cap, s->uids + 1, sizeof(*s->uid));
	s->uid[s->uids++] = user != NULL ? user->pw_uid : (uid_t)number;
	return 0;
}

static int
add_users(struct serving *s, const char *names, struct err *e)
{
	char *copy = mem_strdup(names), *rest = copy, *name;
	int rc = 0;

	while (rc == 0 && (name = strsep(&rest, ",")) != NULL)
		rc = add_user(s, name, e);
	free(copy);
	return rc;
}

static int
find_group(const char *name, gid_t *gid, struct err *e)
{
	const struct group *group = getgrnam(name);
	unsigned long number = 0;

	if (group == NULL && !parse_number(name, &number))
		return err_set(e, ERR_FAIL, "--group %s: there is no such group", name);
	*gid = group != NULL ? group->gr_gid : (gid_t)number;
	return 0;
}

/* ---- Opening ---- */

/* The socket that was handed over, if there is one. */
static int
find_socket(struct serving *s, struct listen_options *o, struct err *e)
{
	int fd[SERVICE_FDS_MAX];
	int n = service_sockets(NULL, fd, e);

	if (n > 1)
		return err_set(e, ERR_FAIL, "--listen takes one socket, and %d were handed over", n);
	if (n == 1) {
		s->handed = true;
		o->path = NULL;
		o->fd = fd[0];
	}
	return n < 0 ? -1 : 0;
}

static void
hold_signals(struct serving *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &s->mask);
}

int
serving_open(struct serving *s, const struct program *p, const struct common_args *c,
    const struct serving_args *a, struct err *e)
{
	struct listen_options o = { .path = a->path, .fd = -1, .has_group = a->group != NULL, .mask = &s->mask };

	*s = (struct serving){ .program = p, .common = c, .path = a->path, .service = SERVICE_NONE };
	for (size_t i = 0; i < a->users->n; i++)
		if (add_users(s, a->users->item[i], e) != 0)
			return -1;
	if (a->group != NULL && find_group(a->group, &o.group, e) != 0)
		return -1;
	o.uid = s->uid;
	o.uids = s->uids;
	if (service_open(&s->service, e) != 0 || find_socket(s, &o, e) != 0)
		return -1;
	hold_signals(s);
	return (s->listen = listen_open(&o, e)) != NULL ? 0 : -1;
}

int
serving_allow(const struct serving *s, struct sandbox *box, struct err *e)
{
	return s->handed ? 0 : sandbox_allow_folder(box, s->path, SANDBOX_REMOVE, e);
}

void
serving_close(struct serving *s)
{
	if (s->program == NULL)
		return;
	listen_close(s->listen);
	service_close(&s->service);
	free(s->uid);
	*s = (struct serving){ .service = SERVICE_NONE };
}

/* ---- Running ---- */

/* A signal that is held back counts as well. */
bool
serving_asked_to_stop(void)
{
	sigset_t pending;

	if (cli_interrupted())
		return true;
	return sigpending(&pending) == 0 &&
	    (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}

static int64_t
be_alive(void *arg, const char *status)
{
	struct serving *s = arg;

	/* The first time, all is open. */
	if (!s->ready) {
		s->ready = true;
		service_ready(&s->service);
	}
	if (!s->stopping && serving_asked_to_stop()) {
		s->stopping = true;
		service_stopping(&s->service);
	}
	if (status != NULL)
		service_status(&s->service, "%s", status);
	return service_alive(&s->service, time_steady());
}

int
serving_run(struct serving *s, struct store *st, struct pool *pool, const struct ingest_options *o,
    struct ingest_receipt *r, struct err *e)
{
	struct ingest_options mine = *o;
	struct serve_options options = { .alive = be_alive, .arg = s, .patience = PATIENCE };

	mine.stop = serving_asked_to_stop;
	mine.progress = NULL;
	cli_detail(s->program, s->common, "listening on %s", s->handed ? "the socket that was handed over" : s->path);
	return ingest_serve(st, pool, s->listen, &mine, &options, r, e);
}
