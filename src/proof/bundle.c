/*
 * bundle: the lines of a tlog-proof, one way in and one way out.
 *
 * In: a text of unknown origin.   Out: its parts, then whether they hold.
 */
#include "proof/bundle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"

#define FIRST_LINE "c2sp.org/tlog-proof@v1"

/* Takes a line off the text; false when none ends here. */
static bool
next_line(struct str *text, struct str *line)
{
	const char *end = text->len ? memchr(text->p, '\n', text->len) : NULL;

	if (end == NULL)
		return false;
	*line = (struct str){ text->p, (size_t)(end - text->p) };
	text->p += line->len + 1;
	text->len -= line->len + 1;
	return true;
}

/* Is it "WORD rest"?  Leaves the rest in line. */
static bool
take_word(struct str *line, struct str word)
{
	if (line->len <= word.len || memcmp(line->p, word.p, word.len) != 0 ||
	    line->p[word.len] != ' ')
		return false;
	line->p += word.len + 1;
	line->len -= word.len + 1;
	return true;
}

static bool
parse_extra(struct bundle *b, struct str base64)
{
	size_t max = base64.len / 4 * 3, len;

	if (base64.len == 0 || max > BUNDLE_EXTRA_MAX + 2)
		return false;
	buf_reserve(&b->extra, max);
	if (!base64_parse(base64, (uint8_t *)b->extra.p, max, &len) || len > BUNDLE_EXTRA_MAX)
		return false;
	b->extra.len = len;
	return true;
}

/* Hashes up to the empty line. */
static int
parse_path(struct path *path, struct str *text, struct err *e)
{
	struct str line;

	for (path->n = 0; next_line(text, &line); path->n++) {
		if (line.len == 0)
			return 0;
		if (path->n == PATH_LEN_MAX)
			return err_set(e, ERR_INTEGRITY, "proof: more than %d hashes", PATH_LEN_MAX);
		if (!base64_parse_exact(line, path->hash[path->n].b, HASH_LEN))
			return err_set(e, ERR_INTEGRITY, "proof: hash %u is malformed", path->n + 1);
	}
	return err_set(e, ERR_INTEGRITY, "proof: ends before its checkpoint");
}

int
bundle_parse(struct bundle *b, struct str text, struct err *e)
{
	struct str line;

	buf_reset(&b->extra);
	if (text.len > BUNDLE_TEXT_MAX)
		return err_set(e, ERR_INTEGRITY, "proof: longer than %u bytes",
		    (unsigned)BUNDLE_TEXT_MAX);
	if (!next_line(&text, &line) || !str_eq(line, STR(FIRST_LINE)))
		return err_set(e, ERR_INTEGRITY, "proof: does not begin with " FIRST_LINE);
	if (!next_line(&text, &line))
		return err_set(e, ERR_INTEGRITY, "proof: no index");
	if (take_word(&line, STR("extra"))) {
		if (!parse_extra(b, line))
			return err_set(e, ERR_INTEGRITY, "proof: the extra data is malformed");
		if (!next_line(&text, &line))
			return err_set(e, ERR_INTEGRITY, "proof: no index");
	}
	if (!take_word(&line, STR("index")) || !checkpoint_number_parse(line, &b->index))
		return err_set(e, ERR_INTEGRITY, "proof: no index");
	if (parse_path(&b->path, &text, e) != 0)
		return -1;
	b->note = text;
	return 0;
}

void
bundle_fini(struct bundle *b)
{
	buf_fini(&b->extra);
}

void
bundle_format(struct buf *out, const uint8_t salt[SALT_LEN], enum leaf_kind kind,
    struct str line, uint64_t index, const struct path *path, struct str note)
{
	struct buf extra = { 0 };

	buf_add(&extra, salt, SALT_LEN);
	buf_byte(&extra, (char)kind);
	buf_str(&extra, line);
	buf_str(out, STR(FIRST_LINE "\nextra "));
	base64_add(out, extra.p, extra.len);
	buf_printf(out, "\nindex %" PRIu64 "\n", index);
	for (unsigned i = 0; i < path->n; i++) {
		base64_add(out, path->hash[i].b, HASH_LEN);
		buf_byte(out, '\n');
	}
	buf_byte(out, '\n');
	buf_str(out, note);
	buf_fini(&extra);
}

int
bundle_entry(const struct bundle *b, struct bundle_entry *out, struct err *e)
{
	const uint8_t *p = (const uint8_t *)b->extra.p;

	if (b->extra.len < BUNDLE_EXTRA_MIN)
		return err_set(e, ERR_INTEGRITY, "proof: without the event");
	if (p[SALT_LEN] != LEAF_EVENT && p[SALT_LEN] != LEAF_RECORD)
		return err_set(e, ERR_INTEGRITY, "proof: unknown kind of leaf %u", p[SALT_LEN]);
	out->kind = p[SALT_LEN] == LEAF_EVENT ? LEAF_EVENT : LEAF_RECORD;
	out->line = (struct str){ b->extra.p + BUNDLE_EXTRA_MIN, b->extra.len - BUNDLE_EXTRA_MIN };
	tree_leaf(&out->leaf, p, out->kind, out->line);
	return 0;
}

int
bundle_verify(const struct bundle *b, const struct note_verifier *v,
    struct bundle_entry *entry, struct checkpoint *c, struct err *e)
{
	if (checkpoint_open(c, b->note, v, e) != 0 || bundle_entry(b, entry, e) != 0)
		return -1;
	return path_inclusion_verify(&b->path, &entry->leaf, b->index, c->size, &c->root, e);
}
