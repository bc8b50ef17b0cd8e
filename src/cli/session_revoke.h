/*
 * session_revoke: revokes sessions: a record in the log first, then the hook
 * that tells the application, then a record of how that ended.
 *
 * Between the first record and the last one something may go wrong: such
 * revocations are found again, and told later.
 */
#ifndef CLI_SESSION_REVOKE_H
#define CLI_SESSION_REVOKE_H

#include "cli/cli.h"
#include "cli/hook.h"
#include "query/session.h"

#define SESSION_TOLD "session.revoke-told" /* the action of how the hook ended */

/* What revocations are made with. */
struct session_revoker {
	struct store *st;
	struct hook *hook; /* may be not there: nobody is told */
	const struct operator_info *who;
	const char *reason; /* NULL: none is given */
	/* counted: */
	size_t revoked, told, failed;
	struct err why;    /* why the first of them failed */
};

/* 0 also when the hook failed, which is counted; -1: it could not be recorded. */
int session_revoke(struct session_revoker *v, const struct session *s, struct err *e);

/* Revocations that no hook was successfully told of: how many there are; or all
 * of them are told now. */
int session_untold(struct store *st, size_t *n, struct err *e);
int session_tell_again(struct session_revoker *v, struct err *e);

#endif
