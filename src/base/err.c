/*
 * err: fill, keep the first text, keep the worst code.
 *
 * In: what a function found.   Out: one line for the program to print.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* How bad a code is: 5, 4, 2, full, 75, 3, in that order. */
static int
badness(enum err_code code)
{
	switch (code) {
	case ERR_INTEGRITY:
		return 6;
	case ERR_REFUSED:
		return 5;
	case ERR_FAIL:
		return 4;
	case ERR_FULL:
		return 3;
	case ERR_BUSY:
		return 2;
	case ERR_INCOMPLETE:
		return 1;
	case ERR_OK:
		break;
	}
	return 0;
}

/* Takes over the code if it is worse; true when the text is still free. */
static int
take_code(struct err *e, enum err_code code)
{
	int is_first = e->code == ERR_OK;

	if (badness(code) > badness(e->code))
		e->code = code;
	return is_first;
}

int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	if (take_code(e, code)) {
		va_list ap;

		va_start(ap, fmt);
		vsnprintf(e->text, sizeof(e->text), fmt, ap);
		va_end(ap);
	}
	return -1;
}

int
err_errno(struct err *e, const char *fmt, ...)
{
	int saved = errno;

	if (take_code(e, ERR_FAIL)) {
		char reason[128];
		va_list ap;

		va_start(ap, fmt);
		vsnprintf(e->text, sizeof(e->text), fmt, ap);
		va_end(ap);

		/* A long name must not push the reason out. */
		const char *why = strerror_r(saved, reason, sizeof(reason));
		size_t len = strlen(e->text);
		size_t most = sizeof(e->text) - sizeof(reason) - 3;

		if (len > most)
			len = most;
		snprintf(e->text + len, sizeof(e->text) - len, ": %s", why);
	}
	errno = saved;
	return -1;
}

int
err_doing(struct err *e, const char *fmt, ...)
{
	char doing[sizeof(e->text)];
	va_list ap;

	if (e->code == ERR_OK)
		return -1;
	va_start(ap, fmt);
	vsnprintf(doing, sizeof(doing) - 2, fmt, ap);
	va_end(ap);
	strcat(doing, ": ");

	/* What was done gives way to what went wrong. */
	size_t len = strlen(e->text);
	size_t add = strlen(doing);

	if (add > sizeof(e->text) - 1 - len)
		add = sizeof(e->text) - 1 - len;
	memmove(e->text + add, e->text, len + 1);
	memcpy(e->text, doing, add);
	return -1;
}

void
err_clear(struct err *e)
{
	e->code = ERR_OK;
	e->text[0] = '\0';
}

int
err_status(const struct err *e)
{
	return e->code == ERR_FULL ? ERR_FAIL : (int)e->code;
}
