/*
 * erase_trees: what is stored where in the pages of SQLite's trees, and in the
 * chains of pages that hold what does not fit a cell.
 *
 * In: the schema.   Out: pages, each marked and searched.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/erase_pages.h"

enum {
	INTERIOR_INDEX = 2, INTERIOR_TABLE = 5, LEAF_INDEX = 10, LEAF_TABLE = 13,
	TREE_HEADER = 8,        /* of a leaf; an interior page has four bytes more */
	CELL_MIN = 4,
	FREE_BLOCK = 4          /* bytes at the front of a freed block: the next, the length */
};

/* ---- chains ---- */

/* What of a payload is not in its cell: the pages that `page` begins. */
static int
walk_chain(struct pages *p, const struct record *r, uint64_t at, uint32_t page, struct err *e)
{
	while (at < r->payload) {
		uint64_t take = r->payload - at < p->usable - 4 ? r->payload - at : p->usable - 4;
		uint32_t next;

		if (!pages_claim(p, page))
			return pages_damaged(p, page, e);
		if (pages_read(p, page, p->chain, e) < 0)
			return -1;
		next = get_be32(p->chain);
		memset(p->bytes.used, LINK, 4);
		memset(p->bytes.used + 4, USED, take);
		memset(p->bytes.used + 4 + take, UNUSED, p->page_size - 4 - take);
		p->bytes.texts = 0;
		page_add_texts(&p->bytes, r, at, at + take, 4);
		page_search(&p->bytes, p->chain, at + take < r->payload);
		p->out->slack_dirty += !page_is_zero(p->chain + 4 + take, p->page_size - 4 - take);
		at += take;
		page = next;
	}
	return 0;
}

/* ---- trees ---- */

static int
add_child(struct pages *p, const struct page_todo *from, uint32_t page, struct err *e)
{
	if (!pages_claim(p, page))
		return pages_damaged(p, page, e);
	mem_grow(&p->todo, &p->cap_todos, p->todos + 1, sizeof(*p->todo));
	p->todo[p->todos++] = (struct page_todo){ page, from->words, from->blobs };
	return 0;
}

/* Bytes of a payload that stand in its cell. */
static uint64_t
local_bytes(const struct pages *p, bool table, uint64_t payload)
{
	uint64_t u = p->usable, most = table ? u - 35 : (u - 12) * 64 / 255 - 23, least = (u - 12) * 32 / 255 - 23, k;

	if (payload <= most)
		return payload;
	k = least + (payload - least) % (u - 4);
	return k <= most ? k : least;
}

struct cell {
	size_t at, end;      /* in the page */
	uint32_t child;      /* 0: none */
	size_t payload_at;
	uint64_t local;
	uint64_t payload;
	uint32_t chain;      /* its first page; 0: none */
};

static bool
read_cell(const struct pages *p, uint8_t kind, size_t at, struct cell *c)
{
	const uint8_t *next = p->page + at, *end = p->page + p->usable;
	uint64_t ignored;

	*c = (struct cell){ .at = at };
	if (kind == INTERIOR_TABLE || kind == INTERIOR_INDEX) {
		if (end - next < 4)
			return false;
		c->child = get_be32(next);
		next += 4;
	}
	if (kind != INTERIOR_TABLE && (next = page_number(next, end, &c->payload)) == NULL)
		return false;
	if ((kind == INTERIOR_TABLE || kind == LEAF_TABLE) && (next = page_number(next, end, &ignored)) == NULL)
		return false;
	c->local = local_bytes(p, kind == LEAF_TABLE, c->payload);
	if (c->local > (uint64_t)(end - next))
		return false;
	c->payload_at = (size_t)(next - p->page);
	next += c->local;
	if (c->local < c->payload) {
		if (end - next < 4)
			return false;
		c->chain = get_be32(next);
		next += 4;
	}
	c->end = (size_t)(next - p->page);
	if (c->end < at + CELL_MIN)
		c->end = at + CELL_MIN;
	return c->end <= p->usable;
}

/* Where the texts of a cell's record are. */
static void
read_record(const struct pages *p, const struct page_todo *t, const struct cell *c, struct record *r)
{
	r->payload = c->payload;
	page_record(r, p->page + c->payload_at, p->page + c->payload_at + c->local, t->blobs);
}

/* Marks what freed blocks are made of: a number that leads on, a length. */
static bool
mark_free_blocks(struct pages *p, size_t at)
{
	for (size_t next; at != 0; at = next) {
		if (at + FREE_BLOCK > p->usable)
			return false;
		next = get_be16(p->page + at);
		if (next != 0 && next < at + FREE_BLOCK)
			return false;
		memset(p->bytes.used + at, USED, FREE_BLOCK);
	}
	return true;
}

/*
 * Whether there is more where nothing is stored than zeros and what SQLite
 * leaves of its own: offsets of cells behind the list of them, and the front of
 * freed blocks that became one with the gap.  Copies of cells are more: those
 * that moved to another page stay where they were.
 */
static bool
has_slack(const struct pages *p, size_t list_end)
{
	size_t run = 0, at = list_end;

	while (at + 2 <= p->usable && p->bytes.used[at] == UNUSED && get_be16(p->page + at) < p->usable)
		at += 2;
	for (; at < p->page_size; at++) {
		run = p->bytes.used[at] == UNUSED && p->page[at] != 0 ? run + 1 : 0;
		if (run > 2 * FREE_BLOCK)
			return true;
	}
	return false;
}

static bool
is_tree(uint8_t kind)
{
	return kind == INTERIOR_INDEX || kind == INTERIOR_TABLE || kind == LEAF_INDEX || kind == LEAF_TABLE;
}

/* Its cells, and where they and the rest of it stand. */
static int
walk_cells(struct pages *p, const struct page_todo *t, size_t start, size_t list_end, struct cell *cell, size_t cells,
    struct err *e)
{
	struct record r;

	memset(p->bytes.used, UNUSED, p->page_size);
	memset(p->bytes.used, USED, list_end);
	p->bytes.texts = 0;
	for (size_t i = 0; i < cells; i++) {
		struct cell *c = &cell[i];
		size_t at = get_be16(p->page + list_end - 2 * (cells - i));

		if (at < list_end || !read_cell(p, p->page[start], at, c))
			return pages_damaged(p, t->page, e);
		memset(p->bytes.used + c->at, USED, c->end - c->at);
		if (c->chain != 0)
			memset(p->bytes.used + c->end - 4, LINK, 4);
		if (!t->words)
			continue;
		read_record(p, t, c, &r);
		page_add_texts(&p->bytes, &r, 0, c->local, c->payload_at);
	}
	return mark_free_blocks(p, get_be16(p->page + start + 1)) ? 0 : pages_damaged(p, t->page, e);
}

static int
walk_tree_page(struct pages *p, const struct page_todo *t, struct err *e)
{
	size_t start = t->page == 1 ? PAGES_HEADER : 0, cells, list_end;
	struct cell *cell = NULL;
	bool interior;
	int rc = -1;

	if (pages_read(p, t->page, p->page, e) < 0)
		return -1;
	if (!is_tree(p->page[start]))
		return pages_damaged(p, t->page, e);
	interior = p->page[start] == INTERIOR_INDEX || p->page[start] == INTERIOR_TABLE;
	cells = get_be16(p->page + start + 3);
	list_end = start + TREE_HEADER + (interior ? 4 : 0) + 2 * cells;
	if (list_end > p->usable)
		return pages_damaged(p, t->page, e);
	cell = mem_zero(cells + 1, sizeof(*cell));
	if (walk_cells(p, t, start, list_end, cell, cells, e) < 0 ||
	    (interior && add_child(p, t, get_be32(p->page + start + TREE_HEADER), e) < 0))
		goto out;
	page_search(&p->bytes, p->page, false);
	/* An interior page of rows has nothing but numbers. */
	p->out->slack_dirty += t->words && p->page[start] != INTERIOR_TABLE && has_slack(p, list_end);
	for (size_t i = cells; i-- > 0;)
		if (interior && add_child(p, t, cell[i].child, e) < 0)
			goto out;
	for (size_t i = 0; i < cells; i++) {
		struct record r;

		if (cell[i].chain == 0)
			continue;
		read_record(p, t, &cell[i], &r);
		if (walk_chain(p, &r, cell[i].local, cell[i].chain, e) < 0)
			goto out;
	}
	rc = 0;
out:
	free(cell);
	return rc;
}

int
pages_walk_trees(struct pages *p, struct err *e)
{
	while (p->todos > 0) {
		struct page_todo t = p->todo[--p->todos];

		if (walk_tree_page(p, &t, e) < 0)
			return -1;
	}
	return 0;
}

/* The schema's own tree, and those that it names. */
int
pages_add_trees(struct pages *p, struct err *e)
{
	static const char *const sql =
	    "SELECT rootpage, name IN ('checkpoint', 'deferred', 'file', 'key', 'piece', 'quarantine', 'saved', 'tail'),"
	    " name = 'quarantine' FROM sqlite_schema ORDER BY rootpage DESC";
	struct page_todo schema = { 1, false, false }; /* its words are ours, and were compared */
	sqlite3_stmt *q = NULL;
	int rc;

	if (sqlite3_prepare_v2(p->st->db.sqlite, sql, -1, &q, NULL) != SQLITE_OK)
		return db_error(&p->st->db, e, "reading the store");
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		int64_t root = sqlite3_column_int64(q, 0);
		struct page_todo t = { 0, sqlite3_column_int(q, 1) != 0, sqlite3_column_int(q, 2) != 0 };

		if (root < 2 || root > UINT32_MAX || add_child(p, &t, (uint32_t)root, e) < 0)
			break;
	}
	if (rc != SQLITE_DONE)
		rc = rc == SQLITE_ROW ? pages_damaged(p, 1, e) : db_error(&p->st->db, e, "reading the store");
	sqlite3_finalize(q);
	if (rc != SQLITE_DONE)
		return -1;
	mem_grow(&p->todo, &p->cap_todos, p->todos + 1, sizeof(*p->todo));
	p->todo[p->todos++] = schema;
	return 0;
}
