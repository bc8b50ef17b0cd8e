/*
 * pager: what goes to a terminal is shown page by page.
 *
 * In: the environment.   Out: stdout is a pipe to another program.
 *
 * A pager may start shells and editors.  With sudo that would be the way from
 * "may read the log" to "may do everything", so then only less will do, told
 * to be secure, with an environment made here.
 */
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"

/* F: what fits the screen is printed and that is all; R: colours; X: the
 * screen stays. */
#define LESS_DEFAULT "LESS=FRX"
#define LESS_PATH "/usr/bin/less"

/* Like stdout itself, its pager belongs to the process; a signal handler and
 * the end of the program need it. */
static volatile pid_t pager;
static int terminal = -1;

/* ---- Which one ---- */

static const char *
variable(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; env && *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

static void
add(struct str_list *l, const char *text)
{
	str_list_add(l, text, strlen(text));
}

/* Variables that say what the terminal can do and how text is encoded, and
 * no other. */
static void
secure_environment(char *const *env, struct str_list *out)
{
	static const char *const kept[] = { "TERM", "LANG", "LC_ALL", "LC_CTYPE", "COLUMNS", "LINES" };

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const char *value = variable(env, kept[i]);
		struct buf both = { 0 };

		/* A path here would name a file to be read with these rights. */
		if (!value || strchr(value, '/'))
			continue;
		buf_printf(&both, "%s=%s", kept[i], value);
		str_list_add(out, both.p, both.len);
		buf_fini(&both);
	}
	add(out, "PATH=/usr/bin:/bin");
	add(out, LESS_DEFAULT);
	add(out, "LESSSECURE=1");
	add(out, "LESSHISTFILE=-");
}

static void
own_environment(char *const *env, struct str_list *out)
{
	for (char *const *v = env; v && *v; v++)
		add(out, *v);
	if (!variable(env, "LESS"))
		add(out, LESS_DEFAULT);
}

/* At blanks: no quotes, no shell. */
static void
split(const char *text, struct str_list *words)
{
	while (*(text += strspn(text, " \t\n")) != '\0') {
		size_t len = strcspn(text, " \t\n");

		str_list_add(words, text, len);
		text += len;
	}
}

bool
pager_choose(char *const *env, bool elevated, struct str_list *words, struct str_list *its_env)
{
	const char *asked = variable(env, "AUDIT_PAGER"), *type = variable(env, "TERM");

	if (!asked)
		asked = variable(env, "PAGER");
	if (!type || !*type || strcmp(type, "dumb") == 0)
		return false;
	split(asked ? asked : "less", words);
	/* That someone wants none is harmless, and holds with any rights. */
	if (words->n == 0 || (words->n == 1 && strcmp(words->item[0], "cat") == 0))
		return false;
	if (elevated) {
		str_list_fini(words);
		add(words, LESS_PATH);
		secure_environment(env, its_env);
	} else {
		own_environment(env, its_env);
	}
	/* What we print is UTF-8, whatever the locale. */
	if (!variable(env, "LESSCHARSET") || elevated)
		add(its_env, "LESSCHARSET=utf-8");
	return true;
}

/* ---- Starting it ---- */

static bool
elevated(void)
{
	static const char *const by[] = { "SUDO_UID", "SUDO_USER", "DOAS_USER", "PKEXEC_UID" };

	if (getuid() != geteuid() || getgid() != getegid() || getauxval(AT_SECURE) != 0)
		return true;
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++)
		if (getenv(by[i]))
			return true;
	return false;
}

/* The pager was left before the end: nobody wants the rest, and that is no
 * failure of the program. */
static void
on_pipe(int number)
{
	(void)number;
	while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		;
	_exit(0);
}

/* As execve wants it: a NULL behind the last. */
static char **
ended(struct str_list *l)
{
	mem_grow(&l->item, &l->cap, l->n + 1, sizeof(*l->item));
	l->item[l->n] = NULL;
	return l->item;
}

/* 0 and *pid, or an errno.  A command that is not there is found out here,
 * before stdout is its. */
static int
spawn(struct str_list *words, struct str_list *its_env, int from, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	char **argv = ended(words), **env = ended(its_env);
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc != 0)
		return rc;
	if ((rc = posix_spawn_file_actions_adddup2(&actions, from, STDIN_FILENO)) == 0)
		rc = posix_spawnp(pid, argv[0], &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

/* The write end becomes stdout; the terminal is kept, to ask for its size. */
static void
take_stdout(int to, pid_t pid)
{
	struct sigaction left = { .sa_handler = on_pipe };

	fflush(stdout);
	terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	pager = pid;
	sigemptyset(&left.sa_mask);
	sigaction(SIGPIPE, &left, NULL);
	dup2(to, STDOUT_FILENO);
}

void
cli_pager(const struct program *p, const struct common_args *c)
{
	struct str_list words = { 0 }, its_env = { 0 };
	int way[2], rc;
	pid_t pid;

	if (c->no_pager || pager > 0 || !isatty(STDOUT_FILENO) || pipe2(way, O_CLOEXEC) != 0)
		return;
	if (pager_choose(environ, elevated(), &words, &its_env)) {
		rc = spawn(&words, &its_env, way[0], &pid);
		if (rc == 0)
			take_stdout(way[1], pid);
		else if (strcmp(words.item[0], "less") != 0 && strcmp(words.item[0], LESS_PATH) != 0)
			cli_note(p, c, "the pager %s: %s", words.item[0], strerror(rc));
	}
	close(way[0]);
	close(way[1]);
	str_list_fini(&words);
	str_list_fini(&its_env);
}

int
pager_terminal(void)
{
	return terminal;
}

void
pager_wait(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (pager <= 0)
		return;
	/* SIGINT is the pager's now: it goes on. */
	sigemptyset(&ignore.sa_mask);
	sigaction(SIGINT, &ignore, NULL);
	while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		;
	pager = 0;
}
