/*
 * export_parts: the text of an export proof into its parts.
 *
 * Whatever can be said without the lines is checked here: that the runs of the
 * order fill the cells, that the salts are those of the lines, that there are
 * as many hashes as gaps.  A part takes no more room than a few times its text.
 *
 * In: a text of unknown origin.   Out: cells with spans, order, note, chain.
 */
#include "proof/export_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "proof/checkpoint.h"
#include "proof/range.h"

#define BUNDLE_BEGINS "\nc2sp.org/tlog-proof@v1\n" /* behind the checkpoint */

/* ---- words ---- */

/* Takes what ends with `end` off the text; false when nothing does. */
static bool
take_until(struct str *text, char end, struct str *out)
{
	const char *p = text->len ? memchr(text->p, end, text->len) : NULL;

	if (p == NULL)
		return false;
	*out = (struct str){ text->p, (size_t)(p - text->p) };
	text->p += out->len + 1;
	text->len -= out->len + 1;
	return true;
}

/* The same, where the end of the text ends the last one. */
static bool
take_word(struct str *text, char end, struct str *out)
{
	if (take_until(text, end, out))
		return true;
	*out = *text;
	text->len = 0;
	return out->len > 0;
}

/* Is the next line "NAME rest"? */
static bool
take_named(struct str *text, struct str name, struct str *rest)
{
	struct str line = *text, word;

	if (!take_until(text, '\n', &line))
		return false;
	*rest = line;
	return take_until(rest, ' ', &word) && str_eq(word, name) && rest->len > 0;
}

/* FIRST+COUNT, both below 2^63, and their sum. */
static bool
parse_run(struct str word, uint64_t *first, uint64_t *count)
{
	struct str number;

	return take_until(&word, '+', &number) && checkpoint_number_parse(number, first) &&
	    checkpoint_number_parse(word, count) && *count > 0 && *count <= PATH_SIZE_MAX - *first;
}

/* Base64 of whole items, or -: how many. */
static bool
parse_items(struct str *text, size_t item, size_t *n)
{
	size_t len = 0;

	if (str_eq(*text, STR("-")))
		text->len = 0;
	else if (text->len == 0 || !base64_parse(*text, NULL, 0, &len) || len == 0)
		return false;
	*n = len / item;
	return len % item == 0;
}

/* Of a text that was parsed. */
void
export_parts_decode(struct buf *out, struct str base64)
{
	size_t max = base64.len / 4 * 3, len = 0;

	buf_reset(out);
	buf_reserve(out, max + 1);
	if (base64.len > 0)
		base64_parse(base64, (uint8_t *)out->p, max, &len);
	out->len = len;
}

/* ---- cells ---- */

static void
add_span(struct spans *s, uint64_t first, uint64_t last)
{
	mem_grow(&s->p, &s->cap, s->n + 1, sizeof(s->p[0]));
	s->p[s->n++] = (struct span){ (uint16_t)first, (uint16_t)last };
}

/* FIRST+COUNT,FIRST+COUNT or -: spans that leave a gap to the next. */
static bool
parse_spans(struct spans *out, struct str text)
{
	struct str word;
	uint64_t first, count, next = 0;

	if (str_eq(text, STR("-")))
		return true;
	if (text.len == 0 || text.p[text.len - 1] == ',')
		return false;
	while (take_word(&text, ',', &word)) {
		if (!parse_run(word, &first, &count) || first < next || first + count > TREE_CELL)
			return false;
		add_span(out, first, first + count - 1);
		next = first + count + 1;
	}
	return text.len == 0;
}

/* NO ROOT KINDS ERASED SALTS HASHES */
static int
parse_cell(struct export_proof *p, struct str line, struct err *e)
{
	struct str no, root, kinds, erased, salts;
	struct shown_cell *c;
	size_t nodes;

	mem_grow(&p->cell, &p->cap, p->cells + 1, sizeof(p->cell[0]));
	c = &p->cell[p->cells++];
	*c = (struct shown_cell){ 0 };
	if (!take_until(&line, ' ', &no) || !take_until(&line, ' ', &root) || !take_until(&line, ' ', &kinds) ||
	    !take_until(&line, ' ', &erased) || !take_until(&line, ' ', &salts) || !checkpoint_number_parse(no, &c->no))
		return err_set(e, ERR_INTEGRITY, "export proof: cell line %zu is malformed", p->cells);
	if (p->size == 0 || c->no > (p->size - 1) / TREE_CELL || (p->cells > 1 && c->no <= c[-1].no))
		return err_set(e, ERR_INTEGRITY, "export proof: cell %" PRIu64 " is out of order", c->no);
	c->leaves = p->size - c->no * TREE_CELL < TREE_CELL ? (uint32_t)(p->size - c->no * TREE_CELL) : TREE_CELL;
	c->salts = salts;
	c->hashes = line;
	if (!base64_parse_exact(root, c->root.b, HASH_LEN))
		return err_set(e, ERR_INTEGRITY, "export proof: the root of cell %" PRIu64 " is malformed", c->no);
	if (!parse_spans(&c->records, kinds))
		return err_set(e, ERR_INTEGRITY, "export proof: the kinds of cell %" PRIu64 " are malformed", c->no);
	if (!parse_spans(&c->erasures, erased))
		return err_set(e, ERR_INTEGRITY, "export proof: the erased lines of cell %" PRIu64 " are malformed", c->no);
	if (!parse_items(&c->salts, SALT_NODE_LEN, &nodes))
		return err_set(e, ERR_INTEGRITY, "export proof: the salts of cell %" PRIu64 " are malformed", c->no);
	if (!parse_items(&c->hashes, HASH_LEN, &c->n_hashes))
		return err_set(e, ERR_INTEGRITY, "export proof: the hashes of cell %" PRIu64 " are malformed", c->no);
	return 0;
}

/* The cell of a seq; NULL when the proof has none. */
struct shown_cell *
export_parts_cell(struct export_proof *p, uint64_t seq)
{
	uint64_t no = seq / TREE_CELL;
	size_t low = 0, high = p->cells;

	if (p->found < p->cells && p->cell[p->found].no == no)
		return &p->cell[p->found];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->cell[middle].no < no)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == p->cells || p->cell[low].no != no)
		return NULL;
	p->found = low;
	return &p->cell[low];
}

/* ---- order ---- */

/* Each run is as long as it can be: the next one does not begin at its end. */
bool
export_parts_run(struct order *o, uint64_t *first, uint64_t *count)
{
	struct str word;
	uint64_t behind = o->seq;

	if (!take_word(&o->rest, ' ', &word) || !parse_run(word, first, count) || (behind > 0 && *first == behind))
		return false;
	o->seq = *first + *count;
	return true;
}

/* The part of a run below size, cut at the cells.  A cell takes no more lines
 * than it has leaves, so that no text leads to more spans than it has runs. */
static int
place_run(struct export_proof *p, uint64_t first, uint64_t end, struct err *e)
{
	while (first < end) {
		struct shown_cell *c = export_parts_cell(p, first);
		uint64_t stop = (first / TREE_CELL + 1) * TREE_CELL;

		if (c == NULL)
			return err_set(e, ERR_INTEGRITY, "export proof: there is no cell for event %" PRIu64, first);
		stop = stop < end ? stop : end;
		if (stop - first > c->leaves - c->lines)
			return err_set(e, ERR_INTEGRITY, "export proof: an event of cell %" PRIu64 " is there twice", c->no);
		c->lines += (uint32_t)(stop - first);
		add_span(&c->shown, first % TREE_CELL, (stop - 1) % TREE_CELL);
		first = stop;
	}
	return 0;
}

static int
parse_order(struct export_proof *p, struct err *e)
{
	struct order o = { .rest = p->order };
	uint64_t first, count;

	if (str_eq(p->order, STR("-"))) {
		p->order.len = 0;
		return 0;
	}
	if (p->order.p[p->order.len - 1] == ' ')
		return err_set(e, ERR_INTEGRITY, "export proof: the order is malformed");
	while (o.rest.len > 0) {
		uint64_t below;

		if (!export_parts_run(&o, &first, &count) || count > PATH_SIZE_MAX - p->lines)
			return err_set(e, ERR_INTEGRITY, "export proof: the order is malformed");
		below = first >= p->size ? 0 : count < p->size - first ? count : p->size - first;
		if (p->lines == 0 || first < p->first)
			p->first = first;
		if (first + count - 1 > p->last)
			p->last = first + count - 1;
		p->lines += count;
		p->beyond += count - below;
		if (place_run(p, first, first + below, e) != 0)
			return -1;
	}
	return 0;
}

/* ---- does it fit together? ---- */

static int
by_first(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Sorts, and joins spans that touch.  false: an offset is there twice. */
static bool
settle(struct spans *s)
{
	size_t n = 0;

	qsort(s->p, s->n, sizeof(s->p[0]), by_first);
	for (size_t i = 0; i < s->n; i++) {
		if (n > 0 && s->p[i].first <= s->p[n - 1].last)
			return false;
		if (n > 0 && s->p[i].first == s->p[n - 1].last + 1)
			s->p[n - 1].last = s->p[i].last;
		else
			s->p[n++] = s->p[i];
	}
	s->n = n;
	return true;
}

static bool
are_within(const struct spans *some, const struct spans *all)
{
	size_t at = 0;

	for (size_t i = 0; i < some->n; i++) {
		while (at < all->n && all->p[at].last < some->p[i].first)
			at++;
		if (at == all->n || some->p[i].first < all->p[at].first || some->p[i].last > all->p[at].last)
			return false;
	}
	return true;
}

static int
count_piece(void *arg, struct subtree s)
{
	size_t *n = arg;

	(void)s;
	(*n)++;
	return 0;
}

bool
export_parts_within(const struct spans *s, size_t *at, uint32_t offset)
{
	size_t low = 0, high = s->n;

	if (*at < s->n && s->p[*at].first <= offset && (*at + 1 == s->n || offset < s->p[*at + 1].first))
		return offset <= s->p[*at].last;
	while (low < high) { /* the first span behind the offset */
		size_t middle = low + (high - low) / 2;

		if (s->p[middle].first <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	*at = low - 1;
	return offset <= s->p[low - 1].last;
}

/* The gaps, and the erased lines between them one by one. */
int
export_parts_hashes(const struct shown_cell *c, int (*each)(void *arg, struct subtree s), void *arg)
{
	uint32_t at = 0;
	size_t erasure = 0;

	for (size_t i = 0; i < c->shown.n; i++) {
		const struct span *s = &c->shown.p[i];

		if (range_gap(at, s->first, each, arg) != 0)
			return -1;
		for (; erasure < c->erasures.n && c->erasures.p[erasure].last <= s->last; erasure++)
			for (at = c->erasures.p[erasure].first; at <= c->erasures.p[erasure].last; at++)
				if (range_gap(at, at + 1u, each, arg) != 0)
					return -1;
		at = s->last + 1u;
	}
	return range_gap(at, c->leaves, each, arg);
}

static bool
are_apart(const struct spans *a, const struct spans *b)
{
	size_t at = 0;

	for (size_t i = 0; i < a->n; i++) {
		while (at < b->n && b->p[at].last < a->p[i].first)
			at++;
		if (at < b->n && b->p[at].first <= a->p[i].last)
			return false;
	}
	return true;
}

static uint32_t
count_offsets(const struct spans *s)
{
	uint32_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->p[i].last - s->p[i].first + 1u;
	return n;
}

/* The offsets that a salt set knows. */
static uint64_t
count_salts(struct str set)
{
	uint64_t n = 0;

	for (size_t at = 0; at < set.len; at += SALT_NODE_LEN)
		n += TREE_CELL >> (uint8_t)set.p[at];
	return n;
}

static int
check_cell(struct shown_cell *c, struct buf *scratch, struct err *e)
{
	size_t pieces = 0;

	if (c->lines == 0)
		return err_set(e, ERR_INTEGRITY, "export proof: cell %" PRIu64 " is of no line", c->no);
	if (!settle(&c->shown))
		return err_set(e, ERR_INTEGRITY, "export proof: an event of cell %" PRIu64 " is there twice", c->no);
	if (!are_within(&c->records, &c->shown))
		return err_set(e, ERR_INTEGRITY, "export proof: cell %" PRIu64 ": a record is no line", c->no);
	if (!are_within(&c->erasures, &c->shown))
		return err_set(e, ERR_INTEGRITY, "export proof: cell %" PRIu64 ": what was erased is no line", c->no);
	if (!are_apart(&c->records, &c->erasures))
		return err_set(e, ERR_INTEGRITY, "export proof: cell %" PRIu64 ": a kind of what was erased", c->no);
	c->erased = count_offsets(&c->erasures);
	export_parts_hashes(c, count_piece, &pieces);
	if (c->n_hashes != pieces)
		return err_set(e, ERR_INTEGRITY, "export proof: cell %" PRIu64 " has %zu hashes, not %zu", c->no,
		    c->n_hashes, pieces);
	export_parts_decode(scratch, c->salts);
	if (salt_check(buf_view(scratch), e) != 0 || count_salts(buf_view(scratch)) != c->lines - c->erased)
		return err_set(e, ERR_INTEGRITY, "export proof: the salts of cell %" PRIu64 " are not those of its lines",
		    c->no);
	return 0;
}

static int
each_outside(const struct export_proof *p, int (*each)(void *arg, struct subtree s), void *arg)
{
	uint64_t at = 0;

	for (size_t i = 0; i < p->cells; i++) {
		if (range_gap(at, p->cell[i].no * TREE_CELL, each, arg) != 0)
			return -1;
		at = p->cell[i].no * TREE_CELL + p->cell[i].leaves;
	}
	return range_gap(at, p->size, each, arg);
}

static int
check_all(struct export_proof *p, struct err *e)
{
	struct buf scratch = { 0 };
	size_t pieces = 0, n = 0;
	int rc = 0;

	for (size_t i = 0; i < p->cells && rc == 0; i++) {
		rc = check_cell(&p->cell[i], &scratch, e);
		p->erased += p->cell[i].erased;
	}
	buf_fini(&scratch);
	if (rc != 0)
		return rc;
	each_outside(p, count_piece, &pieces);
	if (!parse_items(&p->outside, HASH_LEN, &n) || n != pieces)
		return err_set(e, ERR_INTEGRITY, "export proof: %zu hashes outside of the cells, not %zu", n, pieces);
	return 0;
}

/* The checkpoint, of this size, and what is behind it. */
static int
parse_note(struct export_proof *p, struct str rest, struct err *e)
{
	const char *chain = rest.len ? memmem(rest.p, rest.len, BUNDLE_BEGINS, sizeof(BUNDLE_BEGINS) - 1) : NULL;
	struct note *note;
	struct checkpoint c;
	int rc;

	p->note = rest;
	if (chain != NULL) {
		p->note.len = (size_t)(chain + 1 - rest.p);
		p->chain = (struct str){ chain + 1, rest.len - p->note.len };
	}
	note = mem_alloc(sizeof(*note));
	rc = note_parse(note, p->note, e);
	if (rc == 0)
		rc = checkpoint_parse(&c, note->text, e);
	free(note);
	if (rc != 0)
		return err_doing(e, "export proof");
	if (c.size != p->size)
		return err_set(e, ERR_INTEGRITY,
		    "export proof: of a tree of %" PRIu64 " leaves, and its checkpoint of one of %" PRIu64, p->size, c.size);
	return 0;
}

int
export_parts_parse(struct export_proof *p, struct str text, struct err *e)
{
	struct str line, word;

	if (text.len > EXPORT_PROOF_MAX)
		return err_set(e, ERR_INTEGRITY, "export proof: longer than %u bytes", EXPORT_PROOF_MAX);
	if (!take_until(&text, '\n', &line) || !str_eq(line, STR(EXPORT_PROOF_HEADER)))
		return err_set(e, ERR_INTEGRITY, "export proof: does not begin with " EXPORT_PROOF_HEADER);
	if (!take_named(&text, STR("size"), &line) || !checkpoint_number_parse(line, &p->size))
		return err_set(e, ERR_INTEGRITY, "export proof: no size");
	if (!take_named(&text, STR("order"), &p->order))
		return err_set(e, ERR_INTEGRITY, "export proof: no order");
	for (;;) {
		if (!take_until(&text, '\n', &line) || !take_until(&line, ' ', &word))
			return err_set(e, ERR_INTEGRITY, "export proof: ends before the hashes outside of the cells");
		if (!str_eq(word, STR("cell")))
			break;
		if (parse_cell(p, line, e) != 0)
			return -1;
	}
	p->outside = line;
	if (!str_eq(word, STR("outside")) || !take_until(&text, '\n', &line) || line.len > 0)
		return err_set(e, ERR_INTEGRITY, "export proof: no hashes outside of the cells");
	if (parse_order(p, e) != 0 || check_all(p, e) != 0)
		return -1;
	return parse_note(p, text, e);
}
