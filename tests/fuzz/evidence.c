/*
 * evidence: any bytes of a file are judged or refused with words; with the
 * one key that signed but one tree, nothing else ever holds.
 */
#include <stdint.h>
#include <stdlib.h>

#include "cli/evidence_judge.h"

#define KEY "audit.example.com/app1+edc7944c+AXm1Vi6P5lT5QHixEuipi6eQH4U65pW+1+DjkQutBJZk"
#define KEY_SIZE 3 /* of the tree */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the same key signed when the tree had two leaves. */
#define OLDER_SIZE 2
static const char older[] = "audit.example.com/app1\n2\nAremwO8UTXLI37g0e9o5aeHzgIa8TukkqxdfKYz3xjY=\n\n"
    "\xe2\x80\x94 audit.example.com/app1 7ceUTKpZFhi3X2nshQexXKVOTW28VqK7coo6r2WYFPOKHrbFr4b1iXHqpgcrsPg8aICAvExeQ/br"
    "UHU2ie+JR1PIawc=\n";

static void
check(int rc, struct evidence *v, struct err *e)
{
	if ((rc == 0) != (e->code == ERR_OK) || (rc != 0 && e->text[0] == '\0'))
		abort();
	if (rc == 0 && v->size != KEY_SIZE && v->size != OLDER_SIZE)
		abort();
	if (rc == 0 && v->kind == EVIDENCE_EVENT && v->seq >= KEY_SIZE)
		abort();
	evidence_fini(v);
	err_clear(e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size }, trusted = STR(older);
	struct note_verifier pinned;
	struct evidence v = { 0 };
	struct err e = ERR_NONE;
	struct evidence_judge j = { &pinned, NULL, &v };

	if (note_verifier_parse(&pinned, STR(KEY), &e) != 0)
		abort();
	check(evidence_judge_text(&j, text, &e), &v, &e);
	v = (struct evidence){ 0 };
	j.trusted = &trusted;
	check(evidence_judge_text(&j, text, &e), &v, &e);
	/* The files that it names are not there. */
	v = (struct evidence){ 0 };
	if (evidence_judge_manifest(&j, "/nonexistent/x.manifest.json", text, &e) == 0)
		abort();
	check(-1, &v, &e);
	return 0;
}
