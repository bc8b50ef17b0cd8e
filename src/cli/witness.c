/*
 * witness: what a log was like when it was last seen, kept where who changes
 * the store cannot reach it.
 *
 *	audit.example.com/app1
 *	4096
 *	wrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o=
 *
 *	audit.example.com/app1
 *	4000
 *	IjpkX35lKTHzQKWr+xFsH/ArPtjAqK4ahjUsyycGzN8=
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/judge.h"
#include "proof/checkpoint.h"

#define STATE_MAX 4096 /* bytes of the file */

/* One text, or two with an empty line between. */
static int
parse(struct witness *w, struct str text, struct err *e)
{
	const char *empty = text.len > 0 ? memmem(text.p, text.len, "\n\n", 2) : NULL;
	struct str now = { text.p, empty ? (size_t)(empty - text.p) + 1 : text.len };
	struct checkpoint c, firm;

	if (checkpoint_parse(&c, now, e) != 0)
		return -1;
	if (empty) {
		struct str rest = { empty + 2, text.len - now.len - 1 };

		if (checkpoint_parse(&firm, rest, e) != 0)
			return -1;
		if (!str_eq(firm.origin, c.origin) || firm.size > c.size)
			return err_set(e, ERR_FAIL, "its second part is not of the same log before");
		w->firm = firm.size;
		w->firm_root = firm.root;
	}
	w->seen = true;
	buf_str(&w->origin, c.origin);
	w->size = c.size;
	w->root = c.root;
	return 0;
}

int
witness_read(struct witness *w, const char *path, struct err *e)
{
	struct err why = ERR_NONE;
	size_t len;
	char *text;
	int rc;

	*w = (struct witness){ 0 };
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return 0;
	if ((text = file_read(path, STATE_MAX, &len, e)) == NULL)
		return err_doing(e, "--state");
	rc = parse(w, (struct str){ text, len }, &why);
	if (rc != 0)
		err_set(e, ERR_FAIL, "--state %s: is not what audit-verify leaves there (%s)", path, why.text);
	free(text);
	return rc;
}

int
witness_write(const char *path, const struct witness *w, struct err *e)
{
	struct checkpoint now = { buf_view(&w->origin), w->size, w->root };
	struct checkpoint firm = { buf_view(&w->origin), w->firm, w->firm_root };
	struct buf text = { 0 };
	int rc;

	checkpoint_format(&text, &now);
	if (w->firm > 0 && w->firm < w->size) {
		buf_byte(&text, '\n');
		checkpoint_format(&text, &firm);
	}
	rc = file_replace(path, 0640, text.p, text.len, e);
	buf_fini(&text);
	return rc == 0 ? 0 : err_doing(e, "--state");
}

void
witness_fini(struct witness *w)
{
	buf_fini(&w->origin);
}
