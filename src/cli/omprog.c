/* omprog: answers to rsyslog. */
#include "cli/omprog.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
omprog_check(const char *protocol, const struct str_list *files, struct err *e)
{
	struct stat sb;

	if (protocol == NULL)
		return 0;
	if (strcmp(protocol, "omprog") != 0)
		return err_set(e, ERR_FAIL, "--ack %s: the one protocol is omprog", protocol);
	if (files->n > 1 || (files->n == 1 && strcmp(files->item[0], "-") != 0))
		return err_set(e, ERR_FAIL, "--ack answers standard input, and takes no FILE");
	if (fstat(STDIN_FILENO, &sb) == 0 && S_ISREG(sb.st_mode))
		return err_set(e, ERR_FAIL, "--ack answers whoever writes a pipe, and standard input is a file");
	return 0;
}

static int
send_answers(uint64_t n, struct err *e)
{
	while (n-- > 0)
		fputs("OK\n", stdout);
	return fflush(stdout) == 0 ? 0 : err_errno(e, "answering");
}

int
omprog_ready(struct err *e)
{
	return send_answers(1, e);
}

int
omprog_committed(void *arg, uint64_t lines, struct err *e)
{
	(void)arg;
	return send_answers(lines, e);
}
