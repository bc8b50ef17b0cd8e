/*
 * pattern: what whoever matches with PCRE2 needs first: memory of ours, a
 * compiled pattern, machine code for it.
 *
 * The matching itself has other limits in base/regex and in filter/regex.
 */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

/* Out of memory ends the process (base/mem).  Yours (pcre2_general_context_free). */
pcre2_general_context *pattern_memory(void);

/* Yours (pcre2_code_free).  NULL: "no regular expression: WHY, at byte N of it". */
pcre2_code *pattern_compile(struct str pattern, uint32_t options, struct err *e);

/* Whether it has machine code now: none where the system forbids memory that
 * is written and executed, and none for one that begins with (*NO_JIT). */
bool pattern_jit(pcre2_code *code);

/* Whether it would mean something else where a subject is matched a few places
 * at a time: \G would hold where each begin; (*COMMIT) and its like mean all. */
bool pattern_is_whole(struct str pattern);

#endif
