/*
 * texts: what a merge gives, as text that several threads make.  Private to
 * query/.
 *
 * Places of events are gathered in batches; threads make the text of a batch
 * each; batches are given in their order.  While rows of an open segment are
 * in the works, feeds do nothing else: the merge says so (MERGE_BUSY), and is
 * asked again when all is made.
 *
 * In: a merge.   Out: pieces of text.
 */
#ifndef QUERY_TEXTS_H
#define QUERY_TEXTS_H

#include "query/merge.h"

struct texts;

/* Of a merge with opts.text; it stays borrowed, and nobody else asks it. */
struct texts *texts_new(struct merge *m);
void texts_free(struct texts *t); /* NULL is fine; before merge_fini */

/* 1, with at least one event; 0 at the end; -1, after all events before the one
 * that could not be read were given.  Borrowed until the next call. */
int texts_next(struct texts *t, struct query_texts *out, struct err *e);

/* Place of the last event given, if there was one or the merge began behind one. */
bool texts_place(const struct texts *t, struct place *last);
uint64_t texts_given(const struct texts *t);

#endif
