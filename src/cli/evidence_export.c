/*
 * evidence_export: an exported file, line by line, against its proof.
 *
 * In: a file, plain or compressed, and its proof.   Out: whether its lines
 * are events of the signed log, all that the proof names and no others.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bitmap.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/evidence_judge.h"
#include "proof/bundle.h"
#include "proof/export_proof.h"
#include "proof/tree.h"

#define READ_SIZE ((size_t)64 * 1024)
#define RUNS_MAX 8 /* of erased lines that are named */

/* The lines of a file that are said to be erased, as they come. */
struct erased_lines {
	uint64_t first, last; /* the run at work; 0: none yet */
	unsigned runs;
	struct buf *which;
};

static void
end_run(struct erased_lines *x)
{
	if (x->first == 0 || x->runs > RUNS_MAX)
		return;
	if (x->runs == RUNS_MAX)
		buf_str(x->which, STR(", ..."));
	else
		buf_printf(x->which, x->runs > 0 ? ", %" PRIu64 : "%" PRIu64, x->first);
	if (x->last > x->first && x->runs < RUNS_MAX)
		buf_printf(x->which, "-%" PRIu64, x->last);
	x->runs++;
}

static void
add_erased(struct erased_lines *x, uint64_t line)
{
	if (x->first == 0 || line != x->last + 1) {
		end_run(x);
		x->first = line;
	}
	x->last = line;
}

/* Gives the proof each line of what was read so far; the rest stays. */
static int
give_lines(struct export_proof *proof, struct buf *b, uint64_t *line, struct erased_lines *erased, struct err *e)
{
	size_t at = 0;
	int rc;

	while (at < b->len) {
		const char *end = memchr(b->p + at, '\n', b->len - at);

		if (end == NULL)
			break;
		++*line;
		if ((rc = export_proof_line(proof, (struct str){ b->p + at, (size_t)(end - b->p) - at }, e)) < 0)
			return err_doing(e, "line %" PRIu64, *line);
		if (rc > 0)
			add_erased(erased, *line);
		at = (size_t)(end - b->p) + 1;
	}
	if (b->len - at > BUNDLE_LINE_MAX)
		return err_set(e, ERR_INTEGRITY, "line %" PRIu64 ": longer than any event", *line + 1);
	buf_drop(b, at);
	return 0;
}

static int
read_lines(struct export_proof *proof, struct instream *in, struct buf *which, struct err *e)
{
	struct erased_lines erased = { .which = which };
	struct buf b = { 0 };
	uint64_t line = 0;
	ssize_t got = 0;
	int rc = 0;

	do {
		buf_reserve(&b, READ_SIZE);
		if ((got = instream_read(in, b.p + b.len, READ_SIZE, e)) < 0) {
			rc = -1;
			/* A compressed file that cannot be unpacked was changed. */
			if (instream_is_compressed(in) && e->code == ERR_FAIL)
				e->code = ERR_INTEGRITY;
			break;
		}
		b.len += (size_t)got;
		if ((rc = give_lines(proof, &b, &line, &erased, e)) == 0)
			rc = cli_go_on(e);
	} while (rc == 0 && got > 0);
	if (rc == 0 && b.len > 0)
		rc = err_set(e, ERR_INTEGRITY, "ends within line %" PRIu64, line + 1);
	end_run(&erased);
	buf_fini(&b);
	return rc;
}

static int
judge_chain(const struct evidence_judge *j, const struct export_proof *proof, struct checkpoint *c, struct err *e)
{
	struct chain chain = { 0 };
	struct str text = export_proof_chain(proof), bundle;
	int rc = 0;

	while (rc == 0 && text.len > 0)
		if ((rc = chain_take_bundle(&text, &bundle, e)) == 0)
			rc = chain_add(&chain, bundle, e);
	if (rc == 0)
		rc = chain_note(&chain, j->pinned, export_proof_note(proof), NULL, c, e);
	if (rc == 0 && c->size != export_proof_size(proof))
		rc = err_set(e, ERR_INTEGRITY, "is of %" PRIu64 " events, its checkpoint of %" PRIu64,
		    export_proof_size(proof), c->size);
	if (rc == 0)
		rc = evidence_trusted(j, c, e);
	chain_fini(&chain);
	return rc;
}

static int
judge_data(struct export_proof *proof, const char *path, struct instream *in, const struct hash *signed_root,
    struct buf *which, struct err *e)
{
	struct hash root;

	if (read_lines(proof, in, which, e) != 0 || export_proof_root(proof, &root, e) != 0)
		return evidence_blame(path, e);
	if (memcmp(root.b, signed_root->b, HASH_LEN) != 0)
		return err_set(e, ERR_INTEGRITY, "%s: its lines are not the events of the log that was signed", path);
	return 0;
}

/* ---- Several files ---- */

void
evidence_seen_fini(struct export_seen *s)
{
	for (size_t i = 0; i < s->cells; i++)
		free(s->cell[i]);
	free(s->cell);
}

/* The bits of the cell of a seq, of a log that was signed: it is no larger. */
static uint64_t *
bits_of(struct export_seen *s, uint64_t seq)
{
	size_t no = (size_t)(seq / TREE_CELL);

	mem_grow(&s->cell, &s->cap, no + 1, sizeof(*s->cell));
	while (s->cells <= no)
		s->cell[s->cells++] = NULL;
	if (s->cell[no] == NULL)
		s->cell[no] = mem_zero(BITMAP_WORDS(TREE_CELL), sizeof(*s->cell[no]));
	return s->cell[no];
}

struct seeing {
	struct export_seen *seen;
	struct err *e;
};

/* A run within one cell. */
static int
see_run(void *arg, uint64_t first, uint64_t count)
{
	struct seeing *s = arg;
	uint64_t *bits = bits_of(s->seen, first);

	for (uint64_t seq = first; seq < first + count; seq++) {
		if (bitmap_has(bits, seq % TREE_CELL))
			return err_set(s->e, ERR_INTEGRITY, "has event %" PRIu64 ", which another part has too", seq);
		bitmap_add(bits, seq % TREE_CELL);
	}
	return 0;
}

/* What was shown. */
static void
tell(const struct export_proof *proof, uint64_t size, struct evidence *v, struct export_stated *stated)
{
	v->kind = EVIDENCE_EXPORT;
	v->size = size;
	v->beyond = export_proof_beyond(proof);
	v->erased = export_proof_erased(proof);
	v->events = export_proof_lines(proof) - v->beyond - v->erased;
	if (stated == NULL)
		return;
	buf_str(&stated->note, export_proof_note(proof));
	export_proof_span(proof, &stated->first, &stated->last);
}

int
evidence_judge_lines(const struct evidence_judge *j, const struct evidence_lines *l, struct export_stated *stated,
    struct err *e)
{
	struct export_proof *proof = export_proof_parse(l->proof, e);
	struct checkpoint c;
	int rc = -1;

	/* Signatures first: they cost nothing, and a file may be large. */
	if (proof == NULL || judge_chain(j, proof, &c, e) != 0)
		evidence_blame(l->proof_name, e);
	else
		rc = judge_data(proof, l->name, l->in, &c.root, &j->verdict->which, e);
	if (rc == 0 && stated != NULL && stated->seen != NULL &&
	    (rc = export_proof_shown(proof, see_run, &(struct seeing){ stated->seen, e })) != 0)
		evidence_blame(l->name, e);
	if (rc == 0)
		tell(proof, c.size, j->verdict, stated);
	export_proof_free(proof);
	return rc;
}

/* What someone sent: a FIFO among it would be waited for for ever. */
static int
check_regular(const char *path, struct err *e)
{
	struct stat sb;

	if (stat(path, &sb) != 0)
		return err_errno(e, "%s", path);
	return S_ISREG(sb.st_mode) ? 0 : err_set(e, ERR_FAIL, "%s: is not a regular file", path);
}

int
evidence_judge_export(const struct evidence_judge *j, const char *data, const char *path,
    struct export_stated *stated, struct err *e)
{
	struct evidence_lines l = { .name = data, .proof_name = path };
	size_t len;
	char *text;
	int rc = -1;

	if (check_regular(path, e) != 0 || check_regular(data, e) != 0 ||
	    (text = file_read(path, EXPORT_PROOF_MAX, &len, e)) == NULL)
		return -1;
	l.proof = (struct str){ text, len };
	/* A file of this name was meant, not the standard input. */
	l.in = instream_open(strcmp(data, "-") == 0 ? "./-" : data, e);
	if (l.in != NULL)
		rc = evidence_judge_lines(j, &l, stated, e);
	instream_close(l.in);
	free(text);
	return rc;
}
