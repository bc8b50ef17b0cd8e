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
	HEADER_CHANGES = 24,    /* counts commits */
	HEADER_FREE = 32,       /* the first trunk of the list of free pages */
	HEADER_UNUSED = 72, HEADER_UNUSED_END = 92,
	ATTEMPTS = 4            /* the last one keeps writers waiting */
};

#define PAGE_MIN 512u
#define PAGE_MAX 65536u
#define LOCK_TIME (50 * INT64_C(1000)) /* microseconds until writers are let in */

/* ---- reading under the lock ---- */

int
pages_damaged(struct pages *p, uint32_t page, struct err *e)
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

int
pages_read(struct pages *p, uint32_t n, uint8_t *out, struct err *e)
{
	int64_t at = (int64_t)(n - 1) * p->page_size;
	size_t there = p->file_size - at < p->page_size ? (size_t)(p->file_size - at) : p->page_size;

	memset(out + there, 0, p->page_size - there);
	p->out->raw_bytes += there;
	return breathe(p, e) < 0 ? -1 : read_bytes(p, out, there, at, e);
}

/* ---- what a page is for ---- */

bool
pages_claim(struct pages *p, uint32_t page)
{
	if (page < 2 || page > p->n || bit_test(p->seen, page))
		return false;
	p->seen[page / 8] |= (uint8_t)(1u << page % 8);
	return true;
}

/* ---- free pages, and those that nothing leads to ---- */

/* A free page that only is one: all of it is zero. */
static int
walk_free_leaf(struct pages *p, uint32_t page, struct err *e)
{
	if (!pages_claim(p, page))
		return pages_damaged(p, page, e);
	if (pages_read(p, page, p->page, e) < 0)
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

		if (!pages_claim(p, trunk))
			return pages_damaged(p, trunk, e);
		if (pages_read(p, trunk, p->chain, e) < 0)
			return -1;
		n = get_be32(p->chain + 4);
		if (n > p->usable / 4 - 2)
			return pages_damaged(p, trunk, e);
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
		if (pages_read(p, page, p->page, e) < 0)
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
	uint8_t header[PAGES_HEADER];
	uint64_t pages;

	if (p->file->pMethods->xFileSize(p->file, &p->file_size) != SQLITE_OK ||
	    read_bytes(p, header, sizeof(header), 0, e) < 0)
		return -1;
	p->page_size = get_be16(header + 16) == 1 ? PAGE_MAX : get_be16(header + 16);
	p->usable = p->page_size - header[20];
	pages = p->page_size > 0 ? ((uint64_t)p->file_size + p->page_size - 1) / p->page_size : 0;
	if (p->page_size < PAGE_MIN || (p->page_size & (p->page_size - 1)) != 0 || p->usable < PAGE_MIN - 32 ||
	    pages >= UINT32_MAX)
		return pages_damaged(p, 1, e);
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
	return pages_add_trees(p, e) < 0 || pages_walk_trees(p, e) < 0 || walk_free(p, trunk, e) < 0 ? -1 : walk_rest(p, e);
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
