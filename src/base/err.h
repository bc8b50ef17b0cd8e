/*
 * err: what went wrong, as one line of text and an exit status.
 *
 * A function that can fail takes a struct err and returns -1 (or NULL).  The
 * place that detects says what; callers may add what they were doing.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/* What err_status makes the programs' exit statuses of (audit-toolkit(7)); but
 * for ERR_FULL they are the same numbers. */
enum err_code {
	ERR_OK = 0,
	ERR_FAIL = 2,       /* usage, or could not finish */
	ERR_INCOMPLETE = 3, /* done, but not all of it */
	ERR_REFUSED = 4,    /* a policy forbids it */
	ERR_INTEGRITY = 5,  /* stored content contradicts itself */
	ERR_BUSY = 75,      /* try again later */
	ERR_FULL = 256      /* the disk is full, or a quota used up: an ERR_FAIL that may pass */
};

struct err {
	enum err_code code;
	char text[1024]; /* no trailing newline; may hold hostile bytes, the printer neutralises them */
};

#define ERR_NONE { ERR_OK, "" }

/* Fills e and returns -1, so that `return err_set(...)` reads well.  The
 * first error is kept: a second err_set on a filled e changes nothing but
 * the code, and that only to a worse one (5, 4, 2, full, 75, 3 in that order). */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set with ERR_FAIL, with ": " and strerror(errno) added. */
int err_errno(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "doing what: " before the text.  Returns -1. */
int err_doing(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes e empty again. */
void err_clear(struct err *e);

/* The exit status that a program ends with. */
int err_status(const struct err *e);

#endif
