/*
 * segment_texts: a whole block of texts, for those who look through many rows.
 *
 * In: a column of texts and a row.   Out: the bytes of its block, and where
 * the text of each row begins.
 */
#include "store/reader.h"

/* The first row of the block that has a text. */
static uint32_t
first_present(const struct text_column *t, const struct text_block *b)
{
	uint32_t row = b->row;

	while (row < b->row + b->rows && !reader_has_text(t, row))
		row++;
	return row;
}

int
segment_texts(struct segment *s, enum field f, uint32_t row, struct segment_texts *out, struct err *e)
{
	struct loaded_column *col = reader_loaded(s, f, e);
	const struct text_block *b;
	struct str first = { 0 };

	if (col == NULL)
		return -1;
	if (col->encoding != ENCODING_TEXT)
		return 0;
	col->near = text_find_block(&col->text, row, col->near);
	b = &col->text.block[col->near];
	*out = (struct segment_texts){ .row = b->row, .rows = b->rows, .bytes = "",
		.start = col->text.start + b->row, .absent = col->text.absent };
	row = first_present(&col->text, b);
	if (row == b->row + b->rows)
		return 1;
	/* Texts that are absent have no bytes: the first one there begins the block. */
	if (segment_value(s, f, row, &first, e) < 0)
		return -1;
	out->bytes = first.p;
	return 1;
}
