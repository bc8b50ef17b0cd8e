/*
 * erase_bytes: the person in the bytes of one page.
 *
 * What is stored packed - pieces, hashes - was decoded before; three bytes of a
 * name stand there by chance, a hundred times in half a gigabyte, and values of
 * a dictionary stand without anything between them.  So there only a long value
 * counts.  In texts, and where nothing is stored, every value does.
 *
 * In: a page, and what is stored where in it.   Out: counts.
 */
#include "base/mem.h"
#include "store/erase_pages.h"

enum { CERTAIN = 12 }; /* bytes of a value that are nowhere by chance */

bool
page_is_zero(const uint8_t *bytes, size_t n)
{
	return n == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, n - 1) == 0);
}

void
page_search_unused(struct page_bytes *b, const uint8_t *page, size_t from)
{
	struct str text = { (const char *)page + from, b->size - from };
	size_t at = 0, start, end;

	if (page_is_zero(page + from, text.len))
		return;
	for (; subject_find(b->s, text, at, &start, &end); at = end) {
		b->out->raw_found++;
		b->out->slack_found++;
	}
}

static bool
in_text(const struct page_bytes *b, size_t start, size_t end)
{
	for (size_t i = 0; i < b->texts; i++)
		if (start >= b->text[i].from && end <= b->text[i].end)
			return true;
	return false;
}

/* At the edge of what goes on, or began, on another page: it may be a part of
 * a longer word, and was judged as a whole before. */
static bool
is_cut(const struct page_bytes *b, size_t start, size_t end, bool goes_on)
{
	return (start > 0 && b->used[start - 1] == LINK) || (end < b->size ? b->used[end] == LINK : goes_on);
}

void
page_search(struct page_bytes *b, const uint8_t *page, bool goes_on)
{
	struct str text = { (const char *)page, b->size };
	size_t at = 0, start, end;

	for (; subject_find(b->s, text, at, &start, &end); at = end) {
		bool unused = b->used[start] == UNUSED;

		if (unused ||
		    ((end - start >= CERTAIN || in_text(b, start, end)) && !is_cut(b, start, end, goes_on)))
			b->out->raw_found++;
		b->out->slack_found += unused;
	}
}

/* ---- records ---- */

const uint8_t *
page_number(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (int i = 0; i < 8; i++, at++) {
		if (at >= end)
			return NULL;
		*value = *value << 7 | (*at & 0x7f);
		if (*at < 0x80)
			return at + 1;
	}
	if (at >= end)
		return NULL;
	*value = *value << 8 | *at;
	return at + 1;
}

/* Bytes of a value of this type. */
static uint64_t
type_length(uint64_t type)
{
	static const uint8_t fixed[] = { 0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0 };

	return type < sizeof(fixed) ? fixed[type] : (type - 12) / 2;
}

void
page_record(struct record *r, const uint8_t *payload, const uint8_t *end, bool blobs)
{
	uint64_t header, type, at;
	const uint8_t *next = page_number(payload, end, &header);

	r->n = 0;
	if (next == NULL || header > (uint64_t)(end - payload))
		return;
	end = payload + header;
	at = header;
	while (next < end && r->n < PAGE_COLUMNS_MAX && (next = page_number(next, end, &type)) != NULL) {
		uint64_t length = type_length(type);

		if (length > r->payload || at > r->payload - length)
			return;
		if (type >= 12 && ((type & 1) || blobs)) {
			r->text[r->n].from = at;
			r->text[r->n++].end = at + length;
		}
		at += length;
	}
}

void
page_add_texts(struct page_bytes *b, const struct record *r, uint64_t from, uint64_t end, size_t at)
{
	for (unsigned i = 0; i < r->n; i++) {
		uint64_t first = r->text[i].from > from ? r->text[i].from : from;
		uint64_t last = r->text[i].end < end ? r->text[i].end : end;

		if (first >= last)
			continue;
		mem_grow(&b->text, &b->cap, b->texts + 1, sizeof(*b->text));
		b->text[b->texts++] =
		    (struct stretch){ (uint32_t)(at + (first - from)), (uint32_t)(at + (last - from)) };
	}
}
