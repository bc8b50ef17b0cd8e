/* hold_show: the holds of a store, and those that keep one event, printed. */
#ifndef CLI_HOLD_SHOW_H
#define CLI_HOLD_SHOW_H

#include "cli/cli.h"

/* -o: tables for people, the others for programs. */
extern const char *const hold_formats[];

struct hold_show {
	const char *format; /* one of hold_formats */
	bool all;           /* list: with those that are lifted */
	uint64_t seq;       /* explain: of the event */
	int64_t now;
	bool colour;
	unsigned width;     /* of the terminal; 0: no limit */
	/* found */
	size_t shown, overdue;
	enum seq_fate fate;
};

/* All append; no byte of a table steers a terminal. */
/* list: all active holds with what they match now. */
int hold_list(struct store *st, struct hold_show *s, struct buf *out, struct err *e);
/* explain: the holds that keep s->seq; nothing unless it is there. */
int hold_explain(struct store *st, struct hold_show *s, struct buf *out, struct err *e);

#endif
