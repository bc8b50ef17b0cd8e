/*
 * note: any bytes are a signed note, a key, a checkpoint, or refused with
 * words; what is read comes back from its text as it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proof/checkpoint.h"
#include "proof/epoch.h"

#define KEY "audit.example.com/app1+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"
#define KEY_SIZE 3 /* all that this key ever signed */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_refused(int rc, struct err *e, enum err_code code)
{
	if (rc != 0 && (e->code != code || e->text[0] == '\0'))
		abort();
	err_clear(e);
}

static void
check_same(struct buf *made, struct str text)
{
	if (!str_eq(buf_view(made), text))
		abort();
	buf_reset(made);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };
	struct note_verifier ours, v;
	struct note_signer s;
	struct checkpoint c;
	struct note note;
	struct epoch_summary summary;
	struct buf made = { 0 };
	struct err e = ERR_NONE;
	int rc;

	if (note_verifier_parse(&ours, STR(KEY), &e) != 0)
		abort();
	rc = note_verifier_parse(&v, bytes, &e);
	check_refused(rc, &e, ERR_FAIL);
	if (rc == 0) {
		note_verifier_format(&made, &v);
		check_same(&made, bytes);
	}
	rc = note_signer_parse(&s, bytes, &e);
	check_refused(rc, &e, ERR_FAIL);
	if (rc == 0) {
		char text[NOTE_SIGNER_TEXT_MAX];

		if (!str_eq((struct str){ text, note_signer_format(text, &s) }, bytes))
			abort();
	}
	rc = checkpoint_parse(&c, bytes, &e);
	check_refused(rc, &e, ERR_INTEGRITY);
	if (rc == 0) {
		checkpoint_format(&made, &c);
		check_same(&made, bytes);
	}
	rc = note_parse(&note, bytes, &e);
	check_refused(rc, &e, ERR_INTEGRITY);
	if (rc == 0 && (note.n == 0 || note.text.len == 0 || note.text.len >= size))
		abort();
	rc = checkpoint_open(&c, bytes, &ours, &e);
	check_refused(rc, &e, ERR_INTEGRITY);
	if (rc == 0 && c.size != KEY_SIZE)
		abort();

	struct epoch_introduction in = { 1, bytes };
	struct epoch_checkpoint point = { .size = KEY_SIZE, .note = bytes };
	struct epoch_log log = { ours, KEY_SIZE, &in, 1, &point, 1 };

	/* Without its root no checkpoint is sound. */
	epoch_check(&log, &summary, NULL, NULL);
	if (summary.faults == 0 || summary.has_signed)
		abort();
	buf_fini(&made);
	return 0;
}
