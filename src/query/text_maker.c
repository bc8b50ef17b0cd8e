/*
 * text_maker: events of feeds as text, for one thread (see text_maker.h).
 */
#include "query/text_maker.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/line_maker.h"

const struct event_writer query_canonical = { .event = NULL };

struct text_maker {
	const struct feed_scan *scan;
	struct row_reader *reader;
	void *state; /* the writer's */
};

struct text_maker *
text_maker_new(const struct feed_scan *scan, struct row_blocks *shared)
{
	struct text_maker *t = mem_zero(1, sizeof(*t));

	t->scan = scan;
	t->reader = row_reader_new(shared);
	if (scan->text->start != NULL)
		t->state = scan->text->start(scan->text->arg);
	return t;
}

void
text_maker_free(struct text_maker *t)
{
	if (t == NULL)
		return;
	if (t->scan->text->finish != NULL)
		t->scan->text->finish(t->state);
	row_reader_free(t->reader);
	free(t);
}

void
text_maker_release(struct text_maker *t)
{
	row_reader_release(t->reader);
}

int
text_maker_load(struct feed *s, const struct feed_scan *scan, uint32_t rows, struct err *e)
{
	if (scan->text->event != NULL)
		return segment_load(s->stored->columns, scan->fields, e);
	if (s->lines_of != NULL)
		return 0;
	s->lines_of = line_maker_new(s->stored->columns);
	if (line_maker_load(s->lines_of, rows, e) == 0)
		return 0;
	line_maker_free(s->lines_of);
	s->lines_of = NULL;
	return -1;
}

int
text_maker_row(struct text_maker *t, const struct feed *s, uint32_t row, uint32_t ahead, struct buf *out,
    struct err *e)
{
	const struct event_writer *text = t->scan->text;
	struct event ev;

	if (text->event == NULL) {
		if (line_maker_line(s->lines_of, t->reader, row, ahead, out, e) < 0)
			return -1;
		buf_byte(out, '\n');
		return 0;
	}
	if (row_reader_event(t->reader, s->stored->columns, row, t->scan->fields, &ev, e) < 0)
		return -1;
	text->event(t->state, &ev, store_row_seq(s->stored, row), out);
	return 0;
}

void
text_maker_event(struct text_maker *t, const struct event *ev, uint64_t seq, struct buf *out)
{
	if (t->scan->text->event != NULL) {
		t->scan->text->event(t->state, ev, seq, out);
		return;
	}
	event_format(out, ev);
	buf_byte(out, '\n');
}
