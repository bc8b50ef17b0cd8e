/*
 * evidence_known: what someone knows of a log already, and holds against it: a
 * verifier key that was pinned, checkpoints that were kept.
 *
 * In: words of the command line.   Out: a key, notes.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/evidence_judge.h"

#define KEY_FILE_MAX 4096 /* bytes of a file with a verifier key */
#define NOTES_FILE_MAX ((size_t)64 * 1024 * 1024) /* one each hour for 30 years */

static struct str
trimmed(struct str s)
{
	while (s.len > 0 && (s.p[s.len - 1] == '\n' || s.p[s.len - 1] == '\r'))
		s.len--;
	return s;
}

/* A line is tried first, for a key always has a plus and a base64 text in it. */
int
evidence_key(const char *word, struct note_verifier *key, struct err *e)
{
	struct err why = ERR_NONE;
	size_t len;
	char *text;
	int rc;

	if (note_verifier_parse(key, str_of(word), &why) == 0)
		return 0;
	if ((text = file_read(word, KEY_FILE_MAX, &len, e)) == NULL)
		return err_doing(e, "--key: neither a verifier key nor a file with one");
	rc = note_verifier_parse(key, trimmed((struct str){ text, len }), e);
	if (rc != 0)
		err_doing(e, "--key %s", word);
	free(text);
	return rc;
}

/* What `cat >>` leaves, also with empty lines between. */
static void
split(struct str text, struct str_list *notes)
{
	struct err ignored = ERR_NONE;
	struct str note;

	do {
		while (text.len > 0 && text.p[0] == '\n') {
			text.p++;
			text.len--;
		}
		/* What is none goes as it is to who judges, and says so. */
		if (chain_take_note(&text, &note, &ignored) != 0) {
			note = text;
			text.len = 0;
		}
		str_list_add(notes, note.p, note.len);
	} while (text.len > 0);
}

int
evidence_notes(const char *path, struct str_list *notes, struct err *e)
{
	size_t len;
	char *text = file_read(path, NOTES_FILE_MAX, &len, e);
	int rc = 0;

	if (text == NULL)
		return err_doing(e, "--checkpoint");
	/* Bytes behind a NUL would not be looked at. */
	if (memchr(text, '\0', len))
		rc = err_set(e, ERR_INTEGRITY, "--checkpoint %s: is no checkpoint", path);
	else
		split((struct str){ text, len }, notes);
	free(text);
	return rc;
}
