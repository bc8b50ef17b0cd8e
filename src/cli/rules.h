/*
 * rules: where audit-detect finds its rules: files, folders, and by name those
 * that are installed with the toolkit.
 */
#ifndef CLI_RULES_H
#define CLI_RULES_H

#include "detect/rule.h"

/* The folder of rules by name: $AUDIT_RULES, else where they were installed. */
const char *rules_folder(void);

/*
 * Reads each of the names: a file (its name has a / or ends with .yaml or
 * .yml), a folder (all such files in it and in its folders, in order of their
 * names), or the name of an installed file.  A file is of ours or of Sigma's; of the latter, what
 * cannot be asked is refused (out->refusal).  ERR_FAIL with the nearest name,
 * or where in a file.
 */
int rules_read(struct detect_rules *out, const struct str_list *names, int64_t now, struct err *e);

#endif
