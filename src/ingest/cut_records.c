/* cut_records: the JSON records of a stream, for a mapping. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ingest/cut.h"
#include "ingest/frame.h"
#include "ingest/records.h"

static const char mark[] = "\xef\xbb\xbf";

struct cut_json {
	struct records r;
	uint64_t fed;         /* bytes of the stream */
	unsigned marked;      /* bytes of a BOM so far */
	uint64_t position, lines; /* behind the last record */
	bool given;           /* there was one */
	struct buf begun;     /* the beginning of a record that is too long, until its end is found;
	                       * then `after`, when more is fed before that is given out */
	uint64_t begun_offset, begun_line;
	bool too_long;        /* there is one */
	struct record after;  /* came while its end was looked for */
	bool has_after;
	bool ended, whole;
};

/* A byte order mark becomes spaces, which stand between records. */
static void
blank_mark(struct cut_json *j, char *p, size_t len)
{
	for (size_t i = 0; i < len && j->fed == j->marked && j->marked < sizeof(mark) - 1; i++) {
		if (p[i] != mark[j->marked])
			return;
		p[i] = ' ';
		j->marked++;
		j->fed++;
	}
}

static void
cut_feed(void *state, const char *p, size_t len)
{
	struct cut_json *j = state;
	uint64_t fed = j->fed + len;

	if (len == 0)
		return;
	if (j->has_after) {
		buf_reset(&j->begun);
		buf_str(&j->begun, j->after.text);
		j->after.text = buf_view(&j->begun);
	}
	records_feed(&j->r, p, len);
	blank_mark(j, j->r.text.p + (j->r.text.len - len), len);
	j->fed = fed;
}

static void
cut_end(void *state, bool whole)
{
	struct cut_json *j = state;

	j->ended = true;
	j->whole = whole;
	if (whole)
		records_end(&j->r);
}

static int
give(struct cut_json *j, const struct record *rec, struct cut_record *out)
{
	j->position = rec->end;
	j->lines = j->r.line;
	j->given = true;
	*out = (struct cut_record){ .text = rec->text, .offset = rec->offset, .end = rec->end, .line = rec->line,
		.fault = EVENT_OK, .detail = "" };
	return 1;
}

/* The record that is too long has ended, with the bytes that there are when they are all. */
static int
give_too_long(struct cut_json *j, struct cut_record *out)
{
	uint64_t end = j->r.skipping ? j->fed : j->r.skipped_end;

	j->too_long = false;
	j->position = end;
	j->lines = j->r.line;
	j->given = true;
	*out = (struct cut_record){ .text = buf_view(&j->begun), .offset = j->begun_offset, .end = end,
		.line = j->begun_line, .fault = EVENT_TOO_LONG, .detail = "" };
	return 1;
}

static int
cut_next(void *state, struct cut_record *out, struct err *e)
{
	struct cut_json *j = state;
	struct record rec;
	bool got;

	(void)e;
	if (j->has_after) {
		j->has_after = false;
		return give(j, &j->after, out);
	}
	got = records_next(&j->r, &rec);
	if (got && rec.too_long && j->r.skipping) {
		buf_reset(&j->begun);
		buf_add(&j->begun, rec.text.p, rec.text.len < FRAME_KEEP ? rec.text.len : FRAME_KEEP);
		j->begun_offset = rec.offset;
		j->begun_line = rec.line;
		j->too_long = true;
		return cut_next(j, out, e);
	}
	if (j->too_long && (!j->r.skipping || (j->ended && j->whole && !got))) {
		j->has_after = got;
		j->after = rec;
		return give_too_long(j, out);
	}
	return got ? give(j, &rec, out) : 0;
}

/* Where no list is around it, a record's line ends with it: whoever waits for
 * an answer to each line sends no other before. */
static uint64_t
cut_position(const void *state, uint64_t *lines)
{
	const struct cut_json *j = state;
	const struct records *r = &j->r;
	bool alone = r->lists == 0 && !r->in_list && !(r->within && (r->skipping || r->container));

	if (j->given && alone && !j->has_after && !j->too_long) {
		*lines = r->within ? r->first_line : r->line;
		return r->offset + (r->within ? r->start : r->at);
	}
	*lines = j->lines;
	return j->position;
}

static bool
cut_incomplete(const void *state)
{
	const struct cut_json *j = state;

	return j->r.within && !j->r.container;
}

static void
cut_free(void *state)
{
	struct cut_json *j = state;

	records_fini(&j->r);
	buf_fini(&j->begun);
	free(j);
}

struct cutter
cut_records(const struct mapping *m, uint64_t offset, uint64_t lines)
{
	static const struct cut_kind kind = { .feed = cut_feed, .end = cut_end, .next = cut_next,
		.position = cut_position, .incomplete = cut_incomplete, .free = cut_free };
	const struct mapping_shape *shape = mapping_shape(m);
	struct cut_json *j = mem_zero(1, sizeof(*j));

	records_init(&j->r, shape->list, shape->n_list);
	records_go_on(&j->r, offset, lines);
	j->fed = j->position = offset;
	j->lines = lines;
	return (struct cutter){ .kind = &kind, .state = j };
}
