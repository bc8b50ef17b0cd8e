/* checkpoint: three lines, and a note around them. */
#include "proof/checkpoint.h"

#include <inttypes.h>
#include <string.h>

#include "base/base64.h"

bool
checkpoint_number_parse(struct str text, uint64_t *n)
{
	*n = 0;
	if (text.len == 0 || (text.p[0] == '0' && text.len > 1))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;

		uint64_t digit = (uint64_t)(text.p[i] - '0');

		if (*n > (CHECKPOINT_SIZE_MAX - digit) / 10)
			return false;
		*n = *n * 10 + digit;
	}
	return true;
}

/* Takes the next line off rest; false at its end. */
static bool
next_line(struct str *rest, struct str *line)
{
	const char *end = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;

	if (end == NULL)
		return false;
	*line = (struct str){ rest->p, (size_t)(end - rest->p) };
	rest->p += line->len + 1;
	rest->len -= line->len + 1;
	return true;
}

int
checkpoint_parse(struct checkpoint *c, struct str text, struct err *e)
{
	struct str line;

	if (!next_line(&text, &c->origin) || c->origin.len == 0)
		return err_set(e, ERR_INTEGRITY, "checkpoint: no origin");
	if (!next_line(&text, &line) || !checkpoint_number_parse(line, &c->size))
		return err_set(e, ERR_INTEGRITY, "checkpoint: line 2 is no size");
	if (!next_line(&text, &line) || !base64_parse_exact(line, c->root.b, HASH_LEN))
		return err_set(e, ERR_INTEGRITY, "checkpoint: line 3 is no root hash");
	if (text.len > 0)
		return err_set(e, ERR_INTEGRITY, "checkpoint: more than three lines");
	return 0;
}

void
checkpoint_format(struct buf *out, const struct checkpoint *c)
{
	buf_str(out, c->origin);
	buf_printf(out, "\n%" PRIu64 "\n", c->size);
	base64_add(out, c->root.b, HASH_LEN);
	buf_byte(out, '\n');
}

int
checkpoint_sign(struct buf *out, uint64_t size, const struct hash *root,
    const struct note_signer *signer, struct err *e)
{
	struct checkpoint c = { str_of(signer->verifier.name), size, *root };
	struct buf text = { 0 };
	int rc;

	if (size > CHECKPOINT_SIZE_MAX)
		return err_set(e, ERR_FAIL, "checkpoint: size %" PRIu64 " is too large", size);
	checkpoint_format(&text, &c);
	rc = note_sign(out, buf_view(&text), signer, 1, e);
	buf_fini(&text);
	return rc;
}

int
checkpoint_open(struct checkpoint *c, struct str bytes, const struct note_verifier *v,
    struct err *e)
{
	struct note note;

	if (note_parse(&note, bytes, e) != 0 || note_verify(&note, v, 1, e) != 0 ||
	    checkpoint_parse(c, note.text, e) != 0)
		return -1;
	if (!str_eq(c->origin, str_of(v->name)))
		return err_set(e, ERR_INTEGRITY, "checkpoint: of another log, its origin is not %s",
		    v->name);
	return 0;
}
