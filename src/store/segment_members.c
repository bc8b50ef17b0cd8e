/*
 * segment_members: whether a row may have a value, without reading the rows.
 *
 * In: a column's membership filter, or the values of its dictionary.
 * Out: no row has it for certain, or one may.
 */
#include "store/members.h"
#include "store/reader.h"

static int
load_members(struct segment *s, enum field f, struct loaded_column *col, struct err *e)
{
	int rc = reader_piece(s, (unsigned)f, PART_MEMBERS, &col->members, e);

	if (rc < 0)
		return -1;
	if (rc > 0 && !members_valid(col->members.len))
		return column_wrong(e, f, "a membership filter of a wrong length");
	if (rc == 0)
		buf_fini(&col->members);
	col->members_read = true;
	return 0;
}

int
segment_may_have(struct segment *s, enum field f, struct str value, struct err *e)
{
	bool folded = (field_table[f].flags & F_NOCASE) != 0;
	struct loaded_column *col;

	if (!(s->meta.fields >> f & 1))
		return 0;
	if (field_table[f].type != FIELD_STRING)
		return 1;
	col = reader_column(s, f);
	if (!col->members_read && load_members(s, f, col, e) < 0)
		return -1;
	if (col->members.len > 0)
		return members_may_have((const uint8_t *)col->members.p, col->members.len,
		    folded ? members_hash_folded(value) : members_hash(value));
	if (!(field_table[f].flags & F_MEMBER))
		return 1;
	if (reader_loaded(s, f, e) == NULL)
		return -1;
	return col->encoding != ENCODING_DICTIONARY || dictionary_find(&col->dictionary, value) != 0;
}
