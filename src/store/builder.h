/* builder: the rows of a segment while they are gathered.  Private to store/. */
#ifndef STORE_BUILDER_H
#define STORE_BUILDER_H

#include "store/column.h"
#include "store/dictionary.h"
#include "store/segment.h"

#define BUILDER_WORKERS 8 /* jobs that seal at the same time, at most */

/* The fields that are columns of times. */
#define BUILDER_TIMES (FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_INGESTED))

struct column_builder {
	bool plain;
	uint32_t rows; /* filled in; those behind are absent */
	uint32_t present;
	/* as a dictionary: code[row] is 0 or a code */
	struct dictionary dictionary;
	uint32_t *code;
	size_t code_cap;
	/* plain */
	struct span *span;
	size_t span_cap;
	struct buf bytes;
};

struct segment_builder {
	uint32_t count;
	uint64_t bytes;
	field_set fields;
	int64_t *time[2]; /* event time, ingested */
	size_t time_cap[2];
	struct column_builder column[FIELD_COUNT];
	struct scratch scratch[BUILDER_WORKERS];
};

#endif
