/*
 * auditd_table: what is known about Linux audit beforehand: record types,
 * names in records, system calls and what they do, errors.
 *
 * The tables themselves are data: auditd_type.def, auditd_key.def,
 * auditd_calls_*.def, auditd_action.def, auditd_errno.def.
 */
#ifndef INGEST_AUDITD_TABLE_H
#define INGEST_AUDITD_TABLE_H

#include "base/bytes.h"
#include "event/event.h"

enum auditd_role { AUDITD_ALONE, AUDITD_MAIN, AUDITD_CALL, AUDITD_PART, AUDITD_LAST, AUDITD_END };

struct auditd_type {
	unsigned number;
	struct str name;
	enum auditd_role role;
	struct str action, category;
	enum event_severity severity;
};

/* By name, by number in digits, or as UNKNOWN[number]; NULL when nobody knows it. */
const struct auditd_type *auditd_type_find(struct str name);

enum auditd_kind { AUDITD_TEXT, AUDITD_HEX, AUDITD_PLAIN };

/* What of the event a name in a record may tell. */
enum auditd_fact {
	FACT_NONE, FACT_ACCT, FACT_ADDR, FACT_APPARMOR, FACT_ARCH, FACT_ARCH_NAME, FACT_AUID,
	FACT_AUID_NAME, FACT_CALL_NAME, FACT_CMD, FACT_COMM, FACT_CWD, FACT_DEV, FACT_EXE, FACT_EXIT,
	FACT_HOSTNAME, FACT_ID, FACT_ITEMS, FACT_KEY, FACT_NAME, FACT_NAMETYPE, FACT_OP,
	FACT_OPERATION, FACT_OPID, FACT_PATH, FACT_PID, FACT_PPID, FACT_REASON, FACT_RES, FACT_RESULT,
	FACT_SADDR, FACT_SES, FACT_SUCCESS, FACT_SYSCALL, FACT_TABLE, FACT_TERMINAL, FACT_TITLE,
	FACT_TTY, FACT_UID, FACT_UID_NAME, FACT_UNIT,
	FACT_COUNT
};

struct auditd_key {
	struct str name;
	enum auditd_kind kind;
	enum auditd_fact fact;
};

/* Never NULL: a name that is not in the table is PLAIN and tells nothing. */
const struct auditd_key *auditd_key_find(struct str name);

/* The names behind arch=c000003e and syscall=59; p NULL when unknown. */
struct str auditd_arch_name(struct str arch);
struct str auditd_call_name(struct str arch, struct str number);

struct auditd_action {
	struct str call, action, category;
};

/* NULL for a call without a row. */
const struct auditd_action *auditd_action_find(struct str call);

/* "EACCES" for the exit value "-13"; p NULL for one that tells no error. */
struct str auditd_errno_name(struct str exit);

/* Decimal digits alone that fit; false for anything else. */
bool auditd_number(struct str digits, uint64_t *value);

#endif
