/* session_show: sessions picked and printed. */
#ifndef CLI_SESSION_SHOW_H
#define CLI_SESSION_SHOW_H

#include "cli/cli.h"
#include "query/session.h"

/* -o: a table for people, the others for programs. */
extern const char *const session_formats[];

/* Which are meant. */
struct session_pick {
	bool all;            /* those that are over too */
	struct filter *user; /* of the actor; NULL: anyone */
	int64_t unused;      /* without activity for so long; 0: any */
	int64_t now;
	struct filter_scratch *scratch;
};

/* Sessions by their number; {0} is none. */
struct session_list {
	size_t *item;
	size_t n, cap;
};

/* Adds those that are picked, at most `limit` (0: all of them).  Gives how many there
 * would be with those that are over; the list is yours (free item). */
size_t session_list_pick(struct session_list *l, const struct sessions *s, const struct session_pick *p,
    uint64_t limit);
/* Adds one, unless it is there. */
void session_list_add(struct session_list *l, size_t i);

struct session_show {
	const char *format; /* one of session_formats */
	int64_t now;
	bool colour, terminal;
	unsigned width;     /* 0: no limit */
};

int session_show(const struct sessions *s, const struct session_list *l, const struct session_show *show,
    struct outstream *out, struct err *e);

#endif
