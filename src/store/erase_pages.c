/*
 * erase_pages: the bytes of the file, page by page, as SQLite's file format
 * describes them (sqlite.org/fileformat2.html).
 *
 * Every page is reached from the schema, or from the list of free pages, or it
 * is left over.  Where nothing is stored - free pages, the gaps and freed
 * blocks of trees, what the last page of a chain does not fill - there are
 * zeros (secure_delete), but for numbers that SQLite itself leaves: offsets
 * and numbers of pages, which no text can be.
 *
 * Then each page is searched for the person (erase_bytes.c).
 *
 * The file is read through SQLite's own descriptor: another one, when closed,
 * would end SQLite's locks.  The lock is let go now and then for writers; when
 * one came, all begins anew.
 *
 * In: a store, a person.   Out: counts.
 */
#include "store/erase_pages.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "store/bits.h"

enum {
	HEADER = 100,           /* of the file, on page 1 */
	HEADER_CHANGES = 24,    /* counts commits */
	HEADER_FREE = 32,       /* the first trunk of the list of free pages */
	HEADER_UNUSED = 72, HEADER_UNUSED_END = 92,
	INTERIOR_INDEX = 2, INTERIOR_TABLE = 5, LEAF_INDEX = 10, LEAF_TABLE = 13,
	TREE_HEADER = 8,        /* of a leaf; an interior page has four bytes more */
	CELL_MIN = 4,
	FREE_BLOCK = 4,         /* bytes at the front of a freed block: the next, the length */
	ATTEMPTS = 4            /* the last one keeps writers waiting */
};

#define PAGE_MIN 512u
#define PAGE_MAX 65536u
#define LOCK_TIME (50 * INT64_C(1000)) /* microseconds until writers are let in */

struct todo { /* a page of a tree */
	uint32_t page;
	bool words; /* its table has texts */
	bool blobs; /* ... and blobs that are: refused lines */
};

struct pages {
	struct store *st;
	int (*go_on)(struct err *e);
	struct erase_check *out;
	sqlite3_file *file;
	int64_t locked;     /* since when */
	bool patient, moved; /* moved: someone wrote meanwhile */
	uint32_t changes;
	sqlite3_int64 file_size;
	uint32_t page_size, usable, n;
	uint8_t *seen;      /* a bit a page, from 1 on */
	struct todo *todo;
	size_t todos, cap_todos;
	uint8_t *page, *chain; /* a page of a tree; one of a chain or a list */
	struct page_bytes bytes; /* of the page that is searched */
};

/* ---- reading under the lock ---- */

static int
damaged(struct pages *p, uint32_t page, struct err *e)
{
	return err_set(e, ERR_INTEGRITY, "%s: page %u of the file is damaged", p->st->db.path, page);
}

static int
read_bytes(struct pages *p, void *out, size_t n, int64_t at, struct err *e)
{
	if (p->file->pMethods->xRead(p->file, out, (int)n, at) == SQLITE_OK)
		return 0;
	return err_set(e, ERR_FAIL, "%s: its bytes cannot be read", p->st->db.path);
}

/* A transaction has the lock from its first statement on. */
static int
lock(struct pages *p, struct err *e)
{
	uint8_t changes[4];
	struct state state;

	if (db_begin_read(&p->st->db, e) < 0 || state_get(p->st, &state, e) < 0 ||
	    read_bytes(p, changes, sizeof(changes), HEADER_CHANGES, e) < 0)
		return -1;
	p->moved = p->n > 0 && get_be32(changes) != p->changes;
	p->changes = get_be32(changes);
	p->locked = time_now();
	return 0;
}

static void
unlock(struct pages *p)
{
	db_rollback(&p->st->db);
}

/* Lets writers in when it is time to: -1 too when one came. */
static int
breathe(struct pages *p, struct err *e)
{
	if (time_now() - p->locked < LOCK_TIME)
		return 0;
	if (p->go_on != NULL && p->go_on(e) < 0)
		return -1;
	p->locked = time_now();
	if (p->patient)
		return 0;
	unlock(p);
	return lock(p, e) < 0 || p->moved ? -1 : 0;
}

/* Page n, counted from 1; the last may be cut: it ends with zeros then. */
static int
read_page(struct pages *p, uint32_t n, uint8_t *out, struct err *e)
{
	int64_t at = (int64_t)(n - 1) * p->page_size;
	size_t there = p->file_size - at < p->page_size ? (size_t)(p->file_size - at) : p->page_size;

	memset(out + there, 0, p->page_size - there);
	p->out->raw_bytes += there;
	return breathe(p, e) < 0 ? -1 : read_bytes(p, out, there, at, e);
}

/* ---- what a page is for ---- */

/* A page that something leads to, and nothing did before. */
static bool
claim(struct pages *p, uint32_t page)
{
	if (page < 2 || page > p->n || bit_test(p->seen, page))
		return false;
	p->seen[page / 8] |= (uint8_t)(1u << page % 8);
	return true;
}

/* ---- chains ---- */

/* What of a payload is not in its cell: the pages that `page` begins. */
static int
walk_chain(struct pages *p, const struct record *r, uint64_t at, uint32_t page, struct err *e)
{
	while (at < r->payload) {
		uint64_t take = r->payload - at < p->usable - 4 ? r->payload - at : p->usable - 4;
		uint32_t next;

		if (!claim(p, page))
			return damaged(p, page, e);
		if (read_page(p, page, p->chain, e) < 0)
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
add_child(struct pages *p, const struct todo *from, uint32_t page, struct err *e)
{
	if (!claim(p, page))
		return damaged(p, page, e);
	mem_grow(&p->todo, &p->cap_todos, p->todos + 1, sizeof(*p->todo));
	p->todo[p->todos++] = (struct todo){ page, from->words, from->blobs };
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
read_record(const struct pages *p, const struct todo *t, const struct cell *c, struct record *r)
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
walk_cells(struct pages *p, const struct todo *t, size_t start, size_t list_end, struct cell *cell, size_t cells,
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
			return damaged(p, t->page, e);
		memset(p->bytes.used + c->at, USED, c->end - c->at);
		if (c->chain != 0)
			memset(p->bytes.used + c->end - 4, LINK, 4);
		if (!t->words)
			continue;
		read_record(p, t, c, &r);
		page_add_texts(&p->bytes, &r, 0, c->local, c->payload_at);
	}
	return mark_free_blocks(p, get_be16(p->page + start + 1)) ? 0 : damaged(p, t->page, e);
}

static int
walk_tree_page(struct pages *p, const struct todo *t, struct err *e)
{
	size_t start = t->page == 1 ? HEADER : 0, cells, list_end;
	struct cell *cell = NULL;
	bool interior;
	int rc = -1;

	if (read_page(p, t->page, p->page, e) < 0)
		return -1;
	if (!is_tree(p->page[start]))
		return damaged(p, t->page, e);
	interior = p->page[start] == INTERIOR_INDEX || p->page[start] == INTERIOR_TABLE;
	cells = get_be16(p->page + start + 3);
	list_end = start + TREE_HEADER + (interior ? 4 : 0) + 2 * cells;
	if (list_end > p->usable)
		return damaged(p, t->page, e);
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

static int
walk_trees(struct pages *p, struct err *e)
{
	while (p->todos > 0) {
		struct todo t = p->todo[--p->todos];

		if (walk_tree_page(p, &t, e) < 0)
			return -1;
	}
	return 0;
}

/* The schema's own tree, and those that it names. */
static int
add_trees(struct pages *p, struct err *e)
{
	static const char *const sql =
	    "SELECT rootpage, name IN ('checkpoint', 'deferred', 'file', 'key', 'piece', 'quarantine', 'saved', 'tail'),"
	    " name = 'quarantine' FROM sqlite_schema ORDER BY rootpage DESC";
	struct todo schema = { 1, false, false }; /* its words are ours, and were compared */
	sqlite3_stmt *q = NULL;
	int rc;

	if (sqlite3_prepare_v2(p->st->db.sqlite, sql, -1, &q, NULL) != SQLITE_OK)
		return db_error(&p->st->db, e, "reading the store");
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		int64_t root = sqlite3_column_int64(q, 0);
		struct todo t = { 0, sqlite3_column_int(q, 1) != 0, sqlite3_column_int(q, 2) != 0 };

		if (root < 2 || root > UINT32_MAX || add_child(p, &t, (uint32_t)root, e) < 0)
			break;
	}
	if (rc != SQLITE_DONE)
		rc = rc == SQLITE_ROW ? damaged(p, 1, e) : db_error(&p->st->db, e, "reading the store");
	sqlite3_finalize(q);
	if (rc != SQLITE_DONE)
		return -1;
	mem_grow(&p->todo, &p->cap_todos, p->todos + 1, sizeof(*p->todo));
	p->todo[p->todos++] = schema;
	return 0;
}

/* ---- free pages, and those that nothing leads to ---- */

/* A free page that only is one: all of it is zero. */
static int
walk_free_leaf(struct pages *p, uint32_t page, struct err *e)
{
	if (!claim(p, page))
		return damaged(p, page, e);
	if (read_page(p, page, p->page, e) < 0)
		return -1;
	p->out->free_pages++;
	p->out->free_dirty += !page_is_zero(p->page, p->page_size);
	page_search_unused(&p->bytes, p->page, 0);
	return 0;
}

/* Behind a list of pages there may be numbers of pages that it was longer by. */
static bool
is_list_end(const struct pages *p, size_t from)
{
	for (; from + 4 <= p->usable; from += 4)
		if (get_be32(p->chain + from) > p->n)
			return false;
	return page_is_zero(p->chain + from, p->page_size - from);
}

static int
walk_free(struct pages *p, uint32_t trunk, struct err *e)
{
	while (trunk != 0) {
		uint32_t n;

		if (!claim(p, trunk))
			return damaged(p, trunk, e);
		if (read_page(p, trunk, p->chain, e) < 0)
			return -1;
		n = get_be32(p->chain + 4);
		if (n > p->usable / 4 - 2)
			return damaged(p, trunk, e);
		p->out->free_pages++;
		p->out->free_dirty += !is_list_end(p, 8 + 4 * (size_t)n);
		page_search_unused(&p->bytes, p->chain, 8 + 4 * (size_t)n);
		for (uint32_t i = 0; i < n; i++)
			if (walk_free_leaf(p, get_be32(p->chain + 8 + 4 * (size_t)i), e) < 0)
				return -1;
		trunk = get_be32(p->chain);
	}
	return 0;
}

static int
walk_rest(struct pages *p, struct err *e)
{
	for (uint32_t page = 2; page <= p->n; page++) {
		if (bit_test(p->seen, page))
			continue;
		if (read_page(p, page, p->page, e) < 0)
			return -1;
		p->out->slack_dirty += !page_is_zero(p->page, p->page_size);
		page_search_unused(&p->bytes, p->page, 0);
	}
	return 0;
}

/* ---- all of it ---- */

/* What the front of the file says. */
static int
read_header(struct pages *p, uint32_t *trunk, struct err *e)
{
	uint8_t header[HEADER];
	uint64_t pages;

	if (p->file->pMethods->xFileSize(p->file, &p->file_size) != SQLITE_OK ||
	    read_bytes(p, header, sizeof(header), 0, e) < 0)
		return -1;
	p->page_size = get_be16(header + 16) == 1 ? PAGE_MAX : get_be16(header + 16);
	p->usable = p->page_size - header[20];
	pages = p->page_size > 0 ? ((uint64_t)p->file_size + p->page_size - 1) / p->page_size : 0;
	if (p->page_size < PAGE_MIN || (p->page_size & (p->page_size - 1)) != 0 || p->usable < PAGE_MIN - 32 ||
	    pages >= UINT32_MAX)
		return damaged(p, 1, e);
	p->n = (uint32_t)pages;
	p->bytes.size = p->page_size;
	p->out->slack_dirty += !page_is_zero(header + HEADER_UNUSED, HEADER_UNUSED_END - HEADER_UNUSED);
	*trunk = get_be32(header + HEADER_FREE);
	return 0;
}

static int
walk(struct pages *p, struct err *e)
{
	uint32_t trunk = 0;

	p->n = 0;
	p->todos = 0;
	p->out->raw_bytes = p->out->raw_found = p->out->free_pages = p->out->free_dirty = p->out->slack_dirty =
	    p->out->slack_found = 0;
	if (lock(p, e) < 0 || read_header(p, &trunk, e) < 0)
		return -1;
	p->seen = mem_zero((size_t)p->n / 8 + 1, 1);
	p->page = mem_alloc(p->page_size);
	p->chain = mem_alloc(p->page_size);
	p->bytes.used = mem_alloc(p->page_size);
	return add_trees(p, e) < 0 || walk_trees(p, e) < 0 || walk_free(p, trunk, e) < 0 ? -1 : walk_rest(p, e);
}

static void
forget(struct pages *p)
{
	unlock(p);
	free(p->seen);
	free(p->page);
	free(p->chain);
	free(p->bytes.used);
	p->seen = p->page = p->chain = p->bytes.used = NULL;
}

/*
 * A writer at work has a journal.  Who has the right to write is alone while
 * it looks; a reader looks as it is.
 */
static int
look_for_journal(struct pages *p, struct err *e)
{
	static const char *const behind[] = { "-journal", "-wal", "-shm" };
	struct db *db = &p->st->db;
	struct buf path = { 0 };
	struct stat sb;

	if (db->writable && db_begin_write(db, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		buf_reset(&path);
		buf_printf(&path, "%s%s%c", sqlite3_db_filename(db->sqlite, "main"), behind[i], '\0');
		p->out->journal |= lstat(path.p, &sb) == 0;
	}
	buf_fini(&path);
	db_rollback(db);
	return 0;
}

int
erase_pages(struct store *st, const struct subject *s, int (*go_on)(struct err *e), struct erase_check *out,
    struct err *e)
{
	struct pages p = { .st = st, .bytes = { .s = s, .out = out }, .go_on = go_on, .out = out };
	int rc = -1;

	if (sqlite3_file_control(st->db.sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &p.file) != SQLITE_OK ||
	    p.file == NULL || p.file->pMethods == NULL)
		return err_set(e, ERR_FAIL, "%s: its bytes cannot be read", st->db.path);
	for (int i = 1; i <= ATTEMPTS && rc < 0 && e->code == ERR_OK; i++) {
		p.patient = i == ATTEMPTS;
		p.moved = false;
		rc = walk(&p, e);
		forget(&p);
	}
	free(p.todo);
	free(p.bytes.text);
	return rc < 0 ? -1 : look_for_journal(&p, e);
}
