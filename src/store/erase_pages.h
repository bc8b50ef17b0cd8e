/*
 * erase_pages: the bytes of the file after an erasure.  Private to store/.
 *
 *   erase_pages.c  which pages there are, free ones and what nothing leads to
 *   erase_trees.c  what is stored where in those of trees and chains
 *   erase_bytes.c  the person in the bytes of one page
 */
#ifndef STORE_ERASE_PAGES_H
#define STORE_ERASE_PAGES_H

#include "store/internal.h"

/* Fills raw_bytes to journal of *out. */
int erase_pages(struct store *st, const struct subject *s, int (*go_on)(struct err *e), struct erase_check *out,
    struct err *e);

/* ---- the bytes of a page ---- */

enum { UNUSED, USED, LINK }; /* LINK: leads to the page where a payload goes on */

/* Bytes of a page where text may stand. */
struct stretch {
	uint32_t from, end;
};

#define PAGE_COLUMNS_MAX 16 /* with texts: more than any of our tables has */

/* The record of a cell: where in its payload texts are. */
struct record {
	uint64_t payload;
	struct {
		uint64_t from, end;
	} text[PAGE_COLUMNS_MAX];
	unsigned n;
};

/* A page, as it is searched. */
struct page_bytes {
	const struct subject *s;
	struct erase_check *out; /* raw_found and slack_found are counted */
	uint32_t size;
	uint8_t *used;           /* a byte a byte: UNUSED, USED, LINK */
	struct stretch *text;
	size_t texts, cap;
};

/* SQLite's numbers: at most nine bytes, seven bits each, eight of the last.
 * Gives where it ends, NULL when the bytes do. */
const uint8_t *page_number(const uint8_t *at, const uint8_t *end, uint64_t *value);

/* Where the texts of a record are; blobs: these too.  r->payload is given.  One
 * that cannot be read has none: its table's rows were read before. */
void page_record(struct record *r, const uint8_t *payload, const uint8_t *end, bool blobs);

/* The part [from, end) of a payload stands at `at` of the page. */
void page_add_texts(struct page_bytes *b, const struct record *r, uint64_t from, uint64_t end, size_t at);

/* b->used and b->text say what is where; goes_on: a payload does, behind the
 * page's end. */
void page_search(struct page_bytes *b, const uint8_t *page, bool goes_on);

/* From `from` on nothing is stored. */
void page_search_unused(struct page_bytes *b, const uint8_t *page, size_t from);

bool page_is_zero(const uint8_t *bytes, size_t n);

/* ---- all pages ---- */

#define PAGES_HEADER 100 /* bytes of the file's own, on page 1 */

struct page_todo { /* a page of a tree */
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
	struct page_todo *todo;
	size_t todos, cap_todos;
	uint8_t *page, *chain; /* a page of a tree; one of a chain or a list */
	struct page_bytes bytes; /* of the page that is searched */
};

/* Page n, counted from 1; the last may be cut: it ends with zeros then.  -1 too
 * when a writer came (p->moved), and no error is set. */
int pages_read(struct pages *p, uint32_t n, uint8_t *out, struct err *e);
/* Takes a page that something leads to; false: there is none such, or something
 * else led to it before. */
bool pages_claim(struct pages *p, uint32_t page);
int pages_damaged(struct pages *p, uint32_t page, struct err *e);

/* The schema's own tree, and those that it names, are to be walked. */
int pages_add_trees(struct pages *p, struct err *e);
int pages_walk_trees(struct pages *p, struct err *e);

#endif
