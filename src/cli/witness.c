/*
 * witness: what a log was like when it was last seen, kept where who changes
 * the store cannot reach it.
 *
 *	audit.example.com/app1
 *	4096
 *	wrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o=
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/judge.h"
#include "proof/checkpoint.h"

#define STATE_MAX 4096 /* bytes of the file */

int
witness_read(struct witness *w, const char *path, struct err *e)
{
	struct checkpoint c;
	struct err why = ERR_NONE;
	size_t len;
	char *text;
	int rc = 0;

	*w = (struct witness){ 0 };
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return 0;
	if ((text = file_read(path, STATE_MAX, &len, e)) == NULL)
		return err_doing(e, "--state");
	if (checkpoint_parse(&c, (struct str){ text, len }, &why) == 0) {
		w->seen = true;
		buf_str(&w->origin, c.origin);
		w->size = c.size;
		w->root = c.root;
	} else
		rc = err_set(e, ERR_FAIL, "--state %s: is not what audit-verify leaves there (%s)", path, why.text);
	free(text);
	return rc;
}

int
witness_write(const char *path, struct str origin, uint64_t size, const struct hash *root, struct err *e)
{
	struct checkpoint c = { origin, size, *root };
	struct buf text = { 0 };
	int rc;

	checkpoint_format(&text, &c);
	rc = file_replace(path, 0640, text.p, text.len, e);
	buf_fini(&text);
	return rc == 0 ? 0 : err_doing(e, "--state");
}

void
witness_fini(struct witness *w)
{
	buf_fini(&w->origin);
}
