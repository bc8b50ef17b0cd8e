/*
 * export_proof: any choice of lines in any order leads to the root of the
 * tree, across cells, and no other lines or text do.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/bitmap.h"
#include "base/mem.h"
#include "proof/checkpoint.h"
#include "proof/export_proof.h"
#include "proof/salt.h"
#include "proof_log.h"

#define LEAVES (3 * TREE_CELL + 777)
#define HEIGHTS 19
#define LINES_MAX 600

/* ---- a log ---- */

static struct hash *level[HEIGHTS]; /* complete subtrees by height */
static uint8_t seed_set[LEAVES / TREE_CELL + 1][SALT_NODE_LEN];

static enum leaf_kind
kind_of(uint64_t seq)
{
	return seq % 7 == 3 ? LEAF_RECORD : LEAF_EVENT;
}

static struct str
line_of(char out[40], uint64_t seq)
{
	return (struct str){ out, (size_t)snprintf(out, 40, "{\"n\":%llu}", (unsigned long long)seq) };
}

static struct str
salts_of(uint64_t cell)
{
	return (struct str){ (const char *)seed_set[cell], SALT_NODE_LEN };
}

static void
make_log(void)
{
	struct salt_walk w = { 0 };

	for (size_t c = 0; c < sizeof(seed_set) / sizeof(seed_set[0]); c++) {
		memset(seed_set[c], 0, 3);
		memset(seed_set[c] + 3, (int)(0x11 * c + 1), SALT_LEN);
	}
	for (unsigned h = 0; h < HEIGHTS; h++)
		level[h] = mem_alloc((LEAVES >> h) * sizeof(struct hash));
	for (uint64_t seq = 0; seq < LEAVES; seq++) {
		uint8_t salt[SALT_LEN];
		char text[40];

		if (seq % TREE_CELL == 0)
			salt_walk_start(&w, salts_of(seq / TREE_CELL));
		ck_assert(salt_get(&w, (uint32_t)(seq % TREE_CELL), salt));
		tree_leaf(&level[0][seq], salt, kind_of(seq), line_of(text, seq));
	}
	for (unsigned h = 1; h < HEIGHTS; h++)
		for (uint64_t i = 0; i < LEAVES >> h; i++)
			tree_node(&level[h][i], &level[h - 1][2 * i], &level[h - 1][2 * i + 1]);
}

static void
drop_log(void)
{
	for (unsigned h = 0; h < HEIGHTS; h++)
		free(level[h]);
}

static int
give_subtree(void *arg, struct subtree s, struct hash *out, struct err *e)
{
	uint64_t *size = arg;

	if (s.height >= HEIGHTS || s.index >= *size >> s.height)
		return err_set(e, ERR_FAIL, "asked for leaves that are not in the tree");
	*out = level[s.height][s.index];
	return 0;
}

static struct hash
root_of(uint64_t size)
{
	const struct path_source from = { give_subtree, &size };
	struct err e = ERR_NONE;
	struct hash root;

	ck_assert_msg(path_root(&root, &from, 0, size, &e) == 0, "%s", e.text);
	return root;
}

/* ---- exports ---- */

struct export {
	uint64_t size; /* of the tree */
	uint64_t seq[LINES_MAX];
	size_t n;
	uint64_t erased; /* each so many-th event is; 0: none */
};

static bool
is_erased(const struct export *x, uint64_t seq)
{
	return x->erased > 0 && seq % x->erased == x->erased - 1;
}

static uint64_t state = 1;

/* xorshift: any seed but 0; the tests name the case that fails. */
static uint64_t
below(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n ? state % n : 0;
}

static void
add_note(struct buf *out, uint64_t size)
{
	static const uint8_t seed[NOTE_KEY_LEN] = { 1, 2, 3 };
	struct hash root = root_of(size);
	struct note_signer s;
	struct err e = ERR_NONE;

	ck_assert_int_eq(note_signer_make(&s, STR("log"), seed, &e), 0);
	ck_assert_msg(checkpoint_sign(out, size, &root, &s, &e) == 0, "%s", e.text);
}

/* Cells that have lines, with their bits. */
static size_t
mark(const struct export *x, uint64_t shown[][EXPORT_BITS], uint64_t *cell)
{
	size_t n = 0;

	memset(shown, 0, 4 * sizeof(*shown));
	for (size_t i = 0; i < x->n; i++)
		if (x->seq[i] < x->size)
			shown[x->seq[i] / TREE_CELL][x->seq[i] % TREE_CELL / 64] |= UINT64_C(1) << x->seq[i] % 64;
	for (uint64_t c = 0; c < 4; c++)
		for (size_t i = 0; i < EXPORT_BITS; i++)
			if (shown[c][i]) {
				cell[n++] = c;
				break;
			}
	return n;
}

static void
write_proof(const struct export *x, struct buf *out)
{
	static uint64_t shown[4][EXPORT_BITS], record[EXPORT_BITS], erased[EXPORT_BITS];
	uint64_t cell[4], size = x->size;
	const struct path_source from = { give_subtree, &size };
	struct export_order order = { 0 };
	struct err e = ERR_NONE;
	size_t n = mark(x, shown, cell);

	buf_reset(out);
	for (size_t i = 0; i < x->n; i++)
		export_order_add(&order, x->seq[i]);
	export_proof_begin(out, size, &order);
	for (size_t c = 0; c < n; c++) {
		struct export_cell one = { cell[c], shown[cell[c]], record, erased, salts_of(cell[c]) };

		memset(record, 0, sizeof(record));
		memset(erased, 0, sizeof(erased));
		for (uint32_t i = 0; i < TREE_CELL; i++)
			if (kind_of(cell[c] * TREE_CELL + i) == LEAF_RECORD)
				bitmap_add(record, i);
		for (uint32_t i = 0; i < TREE_CELL; i++)
			if (is_erased(x, cell[c] * TREE_CELL + i))
				bitmap_add(erased, i);
		ck_assert_msg(export_proof_cell(out, &one, size, &from, &e) == 0, "%s", e.text);
	}
	ck_assert_msg(export_proof_outside(out, cell, n, size, &from, &e) == 0, "%s", e.text);
	add_note(out, size);
	export_order_fini(&order);
}

enum wrong { NOTHING, DROPPED, SWAPPED, BYTE, REPLACED, ADDED, WRONGS };

/* Any line that was not erased, of those that there are. */
static size_t
any_line(const struct export *x)
{
	size_t at = (size_t)below(x->n);

	for (size_t i = 0; i < x->n; i++)
		if (!is_erased(x, x->seq[(at + i) % x->n]))
			return (at + i) % x->n;
	return at;
}

/* Does it hold?  Only when every line and the root are right; of one that was
 * erased, only its place counts. */
static bool
holds(const struct export *x, struct str text, enum wrong wrong, struct err *e)
{
	struct export_proof *p = export_proof_parse(text, e);
	size_t at = any_line(x);
	struct hash root, want;
	int rc = p != NULL ? 0 : -1;

	for (size_t i = 0; i < x->n && rc == 0; i++) {
		uint64_t seq = x->seq[i];
		char bytes[40];
		struct str line;

		if (wrong == SWAPPED && (i == at || i == (at + 1) % x->n))
			seq = x->seq[i == at ? (at + 1) % x->n : at];
		if (wrong == REPLACED && i == at)
			seq += TREE_CELL / 2;
		line = line_of(bytes, seq);
		if (wrong == BYTE && i == at)
			bytes[below(line.len)] ^= (char)(1 << below(8));
		if (is_erased(x, x->seq[i]))
			line = STR("what is left of it");
		if (wrong == DROPPED && i == at)
			continue;
		rc = export_proof_line(p, line, e) < 0 ? -1 : 0;
	}
	if (rc == 0 && wrong == ADDED)
		rc = export_proof_line(p, STR("{}"), e) < 0 ? -1 : 0;
	if (rc == 0)
		rc = export_proof_root(p, &root, e);
	want = root_of(x->size);
	if (rc == 0 && memcmp(root.b, want.b, HASH_LEN) != 0)
		rc = err_set(e, ERR_INTEGRITY, "another root");
	export_proof_free(p);
	return rc == 0;
}

static void
shuffle(struct export *x)
{
	for (size_t i = x->n; i > 1; i--) {
		size_t j = (size_t)below(i);
		uint64_t t = x->seq[i - 1];

		x->seq[i - 1] = x->seq[j];
		x->seq[j] = t;
	}
}

/* Runs of lines out of the first `log` seqs, as they rise, fall, or anyhow. */
static void
choose(struct export *x, uint64_t size, uint64_t log)
{
	uint64_t at = below(2) ? 0 : below(log), way = below(4);

	x->size = size;
	x->n = 0;
	x->erased = below(2) ? 0 : 1 + below(9);
	while (at < log && x->n < LINES_MAX && below(12) != 0) {
		uint64_t count = 1 + below(below(3) ? 4 : 60);

		while (count-- > 0 && at < log && x->n < LINES_MAX)
			x->seq[x->n++] = at++;
		at += 1 + below(below(3) ? 5 : log);
	}
	if (way == 0)
		shuffle(x);
	else if (way == 1)
		for (size_t i = 0; i < x->n / 2; i++) {
			uint64_t t = x->seq[i];

			x->seq[i] = x->seq[x->n - 1 - i];
			x->seq[x->n - 1 - i] = t;
		}
}

static uint64_t
choose_size(void)
{
	switch (below(4)) {
	case 0: return 1 + below(40);
	case 1: return TREE_CELL - 20 + below(40);
	case 2: return below(LEAVES / TREE_CELL + 1) * TREE_CELL + below(3);
	default: return 1 + below(LEAVES);
	}
}

START_TEST(any_lines_in_any_order_lead_to_the_root)
{
	struct export *x = mem_alloc(sizeof(*x));
	struct buf text = { 0 };

	state = 0x9e3779b97f4a7c15;
	for (unsigned i = 0; i < 3000; i++) {
		struct err e = ERR_NONE;
		uint64_t size = choose_size();

		choose(x, size, below(3) ? size : LEAVES);
		write_proof(x, &text);
		ck_assert_msg(holds(x, buf_view(&text), NOTHING, &e), "case %u: %s", i, e.text);
	}
	free(x);
	buf_fini(&text);
}
END_TEST

START_TEST(other_lines_are_refused)
{
	struct export *x = mem_alloc(sizeof(*x));
	struct buf text = { 0 };

	state = 0xb5297a4d3f84d5b5;
	for (unsigned i = 0; i < 3000; i++) {
		enum wrong wrong = (enum wrong)(1 + i % (WRONGS - 1));
		struct err e = ERR_NONE;
		uint64_t size = choose_size();

		choose(x, size, size);
		if (x->n == 0 || (wrong == SWAPPED && x->n == 1))
			continue;
		/* Nothing is said of what erased lines are. */
		if (x->erased == 1 && wrong != DROPPED && wrong != ADDED)
			x->erased = 0;
		if (is_erased(x, x->seq[any_line(x)]) && wrong != DROPPED && wrong != ADDED)
			continue;
		write_proof(x, &text);
		ck_assert_msg(!holds(x, buf_view(&text), wrong, &e), "case %u: wrong in way %u", i, wrong);
		ck_assert_int_eq(e.code, ERR_INTEGRITY);
	}
	free(x);
	buf_fini(&text);
}
END_TEST

static size_t
note_starts(const struct buf *text)
{
	const char *p = memmem(text->p, text->len, "\n\n", 2);

	return (size_t)(p + 2 - text->p);
}

START_TEST(any_bit_of_the_text_counts)
{
	struct export *x = mem_alloc(sizeof(*x));
	struct buf text = { 0 };

	state = 0x27d4eb2f165667c5;
	for (unsigned i = 0; i < 40; i++) {
		uint64_t size = i % 2 ? choose_size() : 1 + below(20);

		do
			choose(x, size, size);
		while (x->n == 0 || x->n > 40);
		write_proof(x, &text);
		for (size_t at = 0, end = note_starts(&text); at < end; at += size < 40 ? 1 : 1 + below(9)) {
			struct err e = ERR_NONE;
			char bit = (char)(1 << below(8));

			text.p[at] ^= bit;
			ck_assert_msg(!holds(x, buf_view(&text), NOTHING, &e), "case %u: byte %zu", i, at);
			ck_assert_int_eq(e.code, ERR_INTEGRITY);
			ck_assert(e.text[0] != '\0');
			text.p[at] ^= bit;
		}
		for (size_t len = 0; len < text.len; len += 1 + below(9)) {
			struct err e = ERR_NONE;

			ck_assert_msg(!holds(x, (struct str){ text.p, len }, NOTHING, &e), "case %u: %zu bytes", i, len);
		}
	}
	free(x);
	buf_fini(&text);
}
END_TEST

/* Puts `to` in the place of the first `from`. */
static void
replace(struct buf *text, const char *from, const char *to)
{
	struct buf out = { 0 };
	const char *at = memmem(text->p, text->len, from, strlen(from));

	ck_assert_msg(at != NULL, "no '%s' in %.*s", from, (int)text->len, text->p);
	buf_add(&out, text->p, (size_t)(at - text->p));
	buf_add(&out, to, strlen(to));
	buf_add(&out, at + strlen(from), text->len - (size_t)(at - text->p) - strlen(from));
	buf_fini(text);
	*text = out;
}

/* The export that the table below changes: lines 1 2 3 6 of a tree of 9. */
static const struct export small = { 9, { 6, 1, 2, 3 }, 4, 0 };

START_TEST(no_other_text_is_read)
{
	static const struct {
		const char *from, *to, *because;
	} cases[] = {
		{ "@v1", "@v2", "does not begin" },
		{ "size 9", "size 09", "no size" },
		{ "size 9", "size  9", "no size" },
		{ "size 9", "size 10", "checkpoint of one of 9" },
		{ "size 9", "size 11", "hashes" },
		{ "size 9", "size 2", "a record is no line" },
		{ "size 9\norder 6+1", "size 70000\norder 65536+1", "no cell for event 65536" },
		{ "size 9", "size 0", "out of order" },
		{ "size 9", "size 9223372036854775808", "no size" },
		{ "order 6+1 1+3", "order", "no order" },
		{ "order 6+1 1+3", "order ", "no order" },
		{ "order 6+1 1+3", "order -", "of no line" },
		{ "order 6+1 1+3", "order 6+1 1+3 ", "order is malformed" },
		{ "order 6+1 1+3", "order 6+1  1+3", "order is malformed" },
		{ "order 6+1 1+3", "order 6+1 1+2 3+1", "order is malformed" },
		{ "order 6+1 1+3", "order 6+1 1+03", "order is malformed" },
		{ "order 6+1 1+3", "order 6+1 1+0", "order is malformed" },
		{ "order 6+1 1+3", "order 6+1 1-3", "order is malformed" },
		{ "order 6+1 1+3", "order 6 1+3", "order is malformed" },
		{ "order 6+1 1+3", "order 6+1 1+9223372036854775807", "order is malformed" },
		{ "order 6+1 1+3", "order 6+1 1+9223372036854775806", "there twice" },
		{ "order 6+1 1+3", "order 6+9223372036854775801 7+9223372036854775800", "order is malformed" },
		{ "order 6+1 1+3", "order 6+1 1+3 3+1", "there twice" },
		{ "order 6+1 1+3", "order 6+1 1+3 2+1 8+1", "there twice" },
		{ "order 6+1 1+3", "order 6+1 1+2", "a record is no line" },
		{ "order 6+1 1+3", "order 6+1 1+3 0+1", "hashes" },
		{ "order 6+1 1+3", "order 7+1 1+3", "no salt" },
		{ "order 6+1 1+3", "order 6+1 70000+1 1+3", "" },
		{ "cell 0", "cell 1", "out of order" },
		{ "cell 0", "cell 00", "malformed" },
		{ "cell 0", "cell  0", "malformed" },
		{ "cell 0", "Cell 0", "no hashes outside" },
		{ " 3+1 ", " - ", NULL },
		{ " 3+1 ", " 2+1 ", NULL },
		{ " 3+1 ", " 2+2 ", NULL },
		{ " 3+1 ", " 2+1,3+1 ", "kinds" },
		{ " 3+1 ", " 3+1,6+1, ", "kinds" },
		{ " 3+1 ", " 3+1,,6+1 ", "kinds" },
		{ " 3+1 ", " 6+1,3+1 ", "kinds" },
		{ " 3+1 ", " 3+65536 ", "kinds" },
		{ " 3+1 ", " 3+2 ", "a record is no line" },
		{ " 3+1 ", " 4+1 ", "a record is no line" },
		{ " 3+1 ", "  ", "kinds" },
		{ " 3+1 ", " 3+1 - ", "hashes" },
		{ "outside -", "outside ", "outside" },
		{ "outside -", "outside", "outside" },
		{ "outside -", "outside AAAA", "outside" },
		{ "outside -", "outside AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "1 hashes outside" },
		{ "outside -\n", "outside -\nmore\n", "outside" },
		{ "outside -\n", "", "ends before" },
		{ "outside -\n\n", "outside -\n", "outside" },
		{ "\nlog\n9\n", "\nlog\n8\n", "checkpoint of one of 8" },
		{ "\nlog\n9\n", "\n\n9\n", "" },
		{ "\n\xe2\x80\x94 log", "\n- log", "" },
	};
	struct buf text = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_NONE;

		write_proof(&small, &text);
		ck_assert(holds(&small, buf_view(&text), NOTHING, &e));
		replace(&text, cases[i].from, cases[i].to);
		ck_assert_msg(!holds(&small, buf_view(&text), NOTHING, &e), "'%s'", cases[i].to);
		ck_assert_int_eq(e.code, ERR_INTEGRITY);
		if (cases[i].because != NULL)
			ck_assert_msg(strstr(e.text, cases[i].because) != NULL, "'%s': %s", cases[i].to, e.text);
	}
	buf_fini(&text);
}
END_TEST

/* Lines 0 to 3 and 6 of a tree of 9, of which 1 and 3 are erased; 3 was a record. */
static const struct export changed = { 9, { 6, 0, 1, 2, 3 }, 5, 2 };

START_TEST(erased_lines_are_told_and_not_looked_at)
{
	struct buf text = { 0 };
	struct err e = ERR_NONE;
	struct hash root, want = root_of(9);
	struct export_proof *p;
	char line[40];

	write_proof(&changed, &text);
	p = export_proof_parse(buf_view(&text), &e);
	ck_assert_msg(p != NULL, "%s", e.text);
	ck_assert_uint_eq(export_proof_erased(p), 2);
	ck_assert_int_eq(export_proof_line(p, line_of(line, 6), &e), 0);
	ck_assert_int_eq(export_proof_line(p, line_of(line, 0), &e), 0);
	ck_assert_int_eq(export_proof_line(p, STR("{\"n\":\"person-1\"}"), &e), 1);
	ck_assert_int_eq(export_proof_line(p, line_of(line, 2), &e), 0);
	ck_assert_int_eq(export_proof_line(p, STR(""), &e), 1);
	ck_assert_msg(export_proof_root(p, &root, &e) == 0, "%s", e.text);
	ck_assert_mem_eq(root.b, want.b, HASH_LEN);
	export_proof_free(p);
	buf_fini(&text);
}
END_TEST

/* Each erased line has the leaf hash that it was logged with, also where a
 * larger subtree would cover several. */
START_TEST(all_lines_of_an_export_may_be_erased)
{
	struct export x = { 9, { 0, 1, 2, 3, 4, 5, 6, 7, 8 }, 9, 1 };
	struct buf text = { 0 };
	struct err e = ERR_NONE;

	write_proof(&x, &text);
	ck_assert_ptr_nonnull(memmem(text.p, text.len, " - 0+9 - ", 9));
	ck_assert_msg(holds(&x, buf_view(&text), NOTHING, &e), "%s", e.text);
	ck_assert(!holds(&x, buf_view(&text), DROPPED, &e));
	buf_fini(&text);
}
END_TEST

START_TEST(what_was_erased_is_told_in_one_way)
{
	static const struct {
		const char *from, *to, *because;
	} cases[] = {
		{ " - 1+1,3+1 ", " - - ", "hashes" },
		{ " - 1+1,3+1 ", " - 1+1 ", "hashes" },
		{ " - 1+1,3+1 ", " - 1+3 ", "hashes" },
		{ " - 1+1,3+1 ", " - 3+1,1+1 ", "erased lines" },
		{ " - 1+1,3+1 ", " - 1+1,2+1,3+1 ", "erased lines" },
		{ " - 1+1,3+1 ", " - 1+1,3+1, ", "erased lines" },
		{ " - 1+1,3+1 ", " -  ", "erased lines" },
		{ " - 1+1,3+1 ", " - 1+1,4+1 ", "is no line" },
		{ " - 1+1,3+1 ", " - 1+1,65535+1 ", "is no line" },
		{ " - 1+1,3+1 ", " - 1+1,65535+2 ", "erased lines" },
		{ " - 1+1,3+1 ", " 3+1 1+1,3+1 ", "a kind of what was erased" },
		{ " - 1+1,3+1 ", " 2+2 1+1,3+1 ", "a kind of what was erased" },
		{ " - 1+1,3+1 ", " 2+1 1+1,3+1 ", "cell 0" }, /* another kind of what is shown */
		{ " - 1+1,3+1 ", " - 2+1,6+1 ", "no salt" },
		{ " - 1+1,3+1 ", " - 1+1 3+1 ", "salts" },
	};
	struct buf text = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_NONE;

		write_proof(&changed, &text);
		ck_assert_msg(holds(&changed, buf_view(&text), NOTHING, &e), "%s", e.text);
		replace(&text, cases[i].from, cases[i].to);
		ck_assert_msg(!holds(&changed, buf_view(&text), NOTHING, &e), "'%s'", cases[i].to);
		ck_assert_int_eq(e.code, ERR_INTEGRITY);
		ck_assert_msg(strstr(e.text, cases[i].because) != NULL, "'%s': %s", cases[i].to, e.text);
	}
	buf_fini(&text);
}
END_TEST

START_TEST(bytes_behind_the_checkpoint_are_a_chain_or_refused)
{
	struct buf text = { 0 };
	struct err e = ERR_NONE;
	struct export_proof *p;
	size_t len;

	write_proof(&small, &text);
	len = text.len - note_starts(&text);
	p = export_proof_parse(buf_view(&text), &e);
	ck_assert_msg(p != NULL, "%s", e.text);
	ck_assert_uint_eq(export_proof_note(p).len, len);
	ck_assert_uint_eq(export_proof_chain(p).len, 0);
	export_proof_free(p);

	buf_str(&text, STR("c2sp.org/tlog-proof@v1\nindex 1\n"));
	p = export_proof_parse(buf_view(&text), &e);
	ck_assert_msg(p != NULL, "%s", e.text);
	ck_assert_uint_eq(export_proof_note(p).len, len);
	ck_assert_uint_eq(export_proof_chain(p).len, 31);
	ck_assert_uint_eq(export_proof_size(p), 9);
	export_proof_free(p);

	replace(&text, "c2sp.org", "else.org");
	ck_assert_ptr_null(export_proof_parse(buf_view(&text), &e));
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	buf_fini(&text);
}
END_TEST

/* The word at a place of a cell's line. */
static struct str
cell_word(const struct buf *text, const char *cell, unsigned place)
{
	const char *p = memmem(text->p, text->len, cell, strlen(cell));

	ck_assert_ptr_nonnull(p);
	for (p++; place > 0; place--)
		p = strchr(p, ' ') + 1;
	return (struct str){ p, strcspn(p, " \n") };
}

/* Salts, roots or hashes of one cell in the place of another's. */
START_TEST(parts_of_another_cell_are_refused)
{
	struct export x = { 2 * TREE_CELL, { 5, 9, TREE_CELL + 5, TREE_CELL + 9 }, 4, 0 };
	struct buf text = { 0 };

	for (unsigned place = 2; place <= 6; place++) {
		struct err e = ERR_NONE;
		char first[1024], second[1024];
		struct str a, b;

		if (place == 3 || place == 4) /* no records, nothing erased */
			continue;
		write_proof(&x, &text);
		buf_byte(&text, '\0');
		text.len--;
		a = cell_word(&text, "\ncell 0 ", place);
		b = cell_word(&text, "\ncell 1 ", place);
		ck_assert_uint_eq(a.len, b.len);
		ck_assert_int_ne(memcmp(a.p, b.p, a.len), 0);
		ck_assert(holds(&x, buf_view(&text), NOTHING, &e));
		memcpy(first, a.p, a.len);
		memcpy(second, b.p, b.len);
		memcpy(text.p + (a.p - text.p), second, b.len);
		ck_assert_msg(!holds(&x, buf_view(&text), NOTHING, &e), "part %u, once", place);
		ck_assert_int_eq(e.code, ERR_INTEGRITY);
		memcpy(text.p + (b.p - text.p), first, a.len);
		err_clear(&e);
		ck_assert_msg(!holds(&x, buf_view(&text), NOTHING, &e), "part %u, exchanged", place);
	}
	buf_fini(&text);
}
END_TEST

/* The export is shown all the same, but so are salts of events that are not in it. */
START_TEST(salts_of_other_events_are_refused)
{
	struct buf text = { 0 }, set = { 0 }, was = { 0 };
	struct err e = ERR_NONE;
	struct str salts;

	write_proof(&small, &text);
	buf_byte(&text, '\0');
	text.len--;
	salts = cell_word(&text, "\ncell 0 ", 5);
	buf_printf(&was, "%.*s%c", (int)salts.len, salts.p, '\0');
	base64_add(&set, seed_set[0], SALT_NODE_LEN);
	buf_byte(&set, '\0');
	replace(&text, was.p, set.p);
	ck_assert(!holds(&small, buf_view(&text), NOTHING, &e));
	ck_assert_msg(strstr(e.text, "are not those of its lines") != NULL, "%s", e.text);
	buf_fini(&text);
	buf_fini(&set);
	buf_fini(&was);
}
END_TEST

START_TEST(cells_come_by_number_and_with_what_is_outside)
{
	struct export x = { LEAVES, { 5, 2 * TREE_CELL }, 2, 0 };
	struct buf text = { 0 }, swapped = { 0 };
	struct err e = ERR_NONE;
	const char *first, *second, *outside, *end;

	write_proof(&x, &text);
	ck_assert(holds(&x, buf_view(&text), NOTHING, &e));
	first = memmem(text.p, text.len, "cell 0", 6);
	second = memmem(text.p, text.len, "cell 2", 6);
	outside = memmem(text.p, text.len, "outside", 7);
	end = text.p + text.len;
	buf_add(&swapped, text.p, (size_t)(first - text.p));
	buf_add(&swapped, second, (size_t)(outside - second));
	buf_add(&swapped, first, (size_t)(second - first));
	buf_add(&swapped, outside, (size_t)(end - outside));
	ck_assert(!holds(&x, buf_view(&swapped), NOTHING, &e));
	ck_assert_msg(strstr(e.text, "cell 0 is out of order") != NULL, "%s", e.text);

	/* The hashes between and behind the cells are left out. */
	err_clear(&e);
	buf_reset(&swapped);
	buf_add(&swapped, text.p, (size_t)(outside - text.p));
	buf_str(&swapped, STR("outside -\n\n"));
	buf_add(&swapped, text.p + note_starts(&text), text.len - note_starts(&text));
	ck_assert(!holds(&x, buf_view(&swapped), NOTHING, &e));
	ck_assert_msg(strstr(e.text, "0 hashes outside") != NULL, "%s", e.text);
	buf_fini(&text);
	buf_fini(&swapped);
}
END_TEST

/* All parts agree with each other, but the tree is another one. */
START_TEST(another_tree_has_another_root)
{
	struct export x = { 9, { 1, 2 }, 2, 0 };
	struct hash kept = level[0][5], was = root_of(9);
	struct buf text = { 0 };
	struct err e = ERR_NONE;
	struct export_proof *p;
	struct hash root;
	char line[40];

	level[0][8].b[0] ^= 1;
	write_proof(&x, &text);
	level[0][8].b[0] ^= 1;
	p = export_proof_parse(buf_view(&text), &e);
	ck_assert_msg(p != NULL, "%s", e.text);
	ck_assert_int_eq(export_proof_line(p, line_of(line, 1), &e), 0);
	ck_assert_int_eq(export_proof_line(p, line_of(line, 2), &e), 0);
	ck_assert_msg(export_proof_root(p, &root, &e) == 0, "%s", e.text);
	ck_assert_mem_ne(root.b, was.b, HASH_LEN);
	export_proof_free(p);
	level[0][5] = kept;
	buf_fini(&text);
}
END_TEST

START_TEST(lines_that_were_not_signed_yet_are_told)
{
	struct export x = { 4, { 2, 3, 4, 5, 0 }, 5, 0 };
	struct buf text = { 0 };
	struct err e = ERR_NONE;
	struct export_proof *p;
	uint64_t first, last;

	write_proof(&x, &text);
	p = export_proof_parse(buf_view(&text), &e);
	ck_assert_msg(p != NULL, "%s", e.text);
	ck_assert_uint_eq(export_proof_lines(p), 5);
	ck_assert_uint_eq(export_proof_beyond(p), 2);
	ck_assert(export_proof_span(p, &first, &last));
	ck_assert_uint_eq(first, 0);
	ck_assert_uint_eq(last, 5);
	export_proof_free(p);
	ck_assert(holds(&x, buf_view(&text), NOTHING, &e));
	buf_fini(&text);
}
END_TEST

START_TEST(an_export_without_lines_is_shown_too)
{
	struct export x = { 0, { 0 }, 0, 0 };
	struct buf text = { 0 };
	uint64_t first, last;

	for (uint64_t size = 0; size < 5; size++) {
		struct err e = ERR_NONE;
		struct export_proof *p;

		x.size = size;
		write_proof(&x, &text);
		ck_assert_msg(holds(&x, buf_view(&text), NOTHING, &e), "%s", e.text);
		p = export_proof_parse(buf_view(&text), &e);
		ck_assert(!export_proof_span(p, &first, &last));
		export_proof_free(p);
	}
	buf_fini(&text);
}
END_TEST

/* The first cell is wrong; the others are judged all the same. */
START_TEST(each_wrong_cell_is_named)
{
	struct export x = { LEAVES, { 3, 4, TREE_CELL, TREE_CELL + 1, 2 * TREE_CELL }, 5, 0 };
	struct buf text = { 0 };
	struct err e = ERR_NONE;
	struct export_proof *p;
	struct hash root;
	char line[40];

	write_proof(&x, &text);
	p = export_proof_parse(buf_view(&text), &e);
	ck_assert_msg(p != NULL, "%s", e.text);
	ck_assert_int_eq(export_proof_line(p, line_of(line, 3), &e), 0);
	ck_assert_int_eq(export_proof_line(p, line_of(line, 5), &e), -1);
	ck_assert_msg(strstr(e.text, "lines 1 to 2") != NULL && strstr(e.text, "cell 0") != NULL, "%s", e.text);
	err_clear(&e);
	ck_assert_int_eq(export_proof_line(p, line_of(line, TREE_CELL), &e), 0);
	ck_assert_int_eq(export_proof_line(p, line_of(line, TREE_CELL + 1), &e), 0);
	ck_assert_int_eq(export_proof_root(p, &root, &e), -1);
	ck_assert_msg(strstr(e.text, "4 lines") != NULL, "%s", e.text);
	err_clear(&e);
	ck_assert_int_eq(export_proof_line(p, STR("else"), &e), -1);
	ck_assert_msg(strstr(e.text, "lines 5 to 5") != NULL && strstr(e.text, "cell 2") != NULL, "%s", e.text);
	err_clear(&e);
	ck_assert_int_eq(export_proof_root(p, &root, &e), -1);
	ck_assert_int_eq(e.code, ERR_INTEGRITY);
	export_proof_free(p);
	buf_fini(&text);
}
END_TEST

/* The example of audit-proof(5): the vectors of the integrity definitions. */
START_TEST(our_vectors)
{
	static const char *const lines[] = {
		"{\"id\":\"evt-0001\",\"time\":\"2026-04-22T00:00:00.123456Z\",\"ingested\":\"2026-04-22T00:00:01.000000Z\","
		"\"source\":\"app1\",\"category\":\"AUTHENTICATION\",\"action\":\"login\",\"severity\":\"info\","
		"\"outcome\":\"success\",\"actor_id\":\"user:alice\",\"actor_email\":\"alice@example.com\","
		"\"ip\":\"192.0.2.7\",\"context\":{\"n\":12345678901234567890,\"r\":0.1}}",
		"{\"id\":\"m-0001\",\"time\":\"2026-04-22T00:00:03.000000Z\",\"ingested\":\"2026-04-22T00:00:03.000000Z\","
		"\"source\":\"audit-toolkit\",\"category\":\"COMPLIANCE\",\"action\":\"audit.export\",\"severity\":\"info\","
		"\"outcome\":\"success\",\"actor_id\":\"uid:1000\"}",
	};
	static const char *const text =
	    EXPORT_PROOF_HEADER "\n"
	    "size 3\n"
	    "order 0+1 2+1\n"
	    "cell 0 wrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o= 2+1 - "
	    "EAAANwwCF7MfbPqeZMVpXL9D0hAAArw2Pk2y+MriUwg6RPqdgjE= "
	    "S4aqpqIQW+A5RK7+7DmMGMbPNQePu4yMcUXyTuzOERA=\n"
	    "outside -\n"
	    "\n"
	    "audit.example.com/app1\n"
	    "3\n"
	    "wrP/2rqdSjtRVV0wE39nTSKD9e+u4QG7DPDoBNVNq4o=\n"
	    "\n"
	    "\xe2\x80\x94 audit.example.com/app1 7ceUTKtROF8aW0Nqsz+lmSkRjGl2dVTsrsg/"
	    "ZdYo9FRbeCbAUI9uUrlck1F3mV18Sb6QXqJ4cDOm5wtIHKCEAS0W7wk=\n";
	struct err e = ERR_NONE;
	struct export_proof *p = export_proof_parse(str_of(text), &e);
	struct hash root;
	uint8_t want[HASH_LEN];

	ck_assert_msg(p != NULL, "%s", e.text);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_msg(export_proof_line(p, str_of(lines[i]), &e) == 0, "%s", e.text);
	ck_assert_msg(export_proof_root(p, &root, &e) == 0, "%s", e.text);
	ck_assert(hex_parse("c2b3ffdaba9d4a3b51555d30137f674d2283f5efaee101bb0cf0e804d54dab8a", 64, want));
	ck_assert_mem_eq(root.b, want, HASH_LEN);
	export_proof_free(p);
}
END_TEST

static Suite *
export_proof_suite(void)
{
	Suite *s = suite_create("proof/export_proof");
	TCase *t = tcase_create("export_proof");

	tcase_set_timeout(t, 120);
	tcase_add_unchecked_fixture(t, make_log, drop_log);
	tcase_add_test(t, any_lines_in_any_order_lead_to_the_root);
	tcase_add_test(t, other_lines_are_refused);
	tcase_add_test(t, any_bit_of_the_text_counts);
	tcase_add_test(t, no_other_text_is_read);
	tcase_add_test(t, erased_lines_are_told_and_not_looked_at);
	tcase_add_test(t, all_lines_of_an_export_may_be_erased);
	tcase_add_test(t, what_was_erased_is_told_in_one_way);
	tcase_add_test(t, bytes_behind_the_checkpoint_are_a_chain_or_refused);
	tcase_add_test(t, parts_of_another_cell_are_refused);
	tcase_add_test(t, salts_of_other_events_are_refused);
	tcase_add_test(t, cells_come_by_number_and_with_what_is_outside);
	tcase_add_test(t, another_tree_has_another_root);
	tcase_add_test(t, lines_that_were_not_signed_yet_are_told);
	tcase_add_test(t, an_export_without_lines_is_shown_too);
	tcase_add_test(t, each_wrong_cell_is_named);
	tcase_add_test(t, our_vectors);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(export_proof_suite)
