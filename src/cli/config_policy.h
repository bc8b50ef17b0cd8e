/*
 * config_policy: the keys of the configuration that are policy: what is kept
 * for how long, where it is archived, how much may be exported, whose reading
 * is recorded, what sessions are, which rules are asked.
 *
 * Only config*.c include this.
 */
#ifndef CLI_CONFIG_POLICY_H
#define CLI_CONFIG_POLICY_H

#include "base/yaml.h"
#include "cli/config.h"

#define RETENTION_NAME_MAX 64      /* bytes */
#define RETENTION_VALUES_MAX 4096  /* of all conditions of all rules */
#define EXPORT_LIMITS_MAX 1000
#define EXPORT_ROWS_MAX (UINT64_C(1) << 53)

/* Each reads the value of its key into c; 0 or -1. */
int config_retention(struct yaml *y, struct config *c, struct err *e);
int config_export_limits(struct yaml *y, struct config *c, struct err *e);
int config_record_reads(struct yaml *y, struct config *c, struct err *e);

int config_sessions(struct yaml *y, struct config *c, struct err *e);
int config_detect(struct yaml *y, struct config *c, struct err *e);

/* A span of time, or forever: INT64_MAX.  *text is borrowed until y is asked
 * for more. */
int config_span(struct yaml *y, const char *key, int64_t *us, struct str *text, struct err *e);
/* A program, from the root of the file system, and its arguments. */
int config_command(struct yaml *y, const char *key, struct str_list *out, struct err *e);

/* The path of a file or folder, from the root of the file system. */
int config_check_path(struct yaml *y, const char *key, struct str path, struct err *e);
/* `hook:` with command: and limit:. */
int config_hook(struct yaml *y, struct config_hook *h, struct err *e);

/* A value that is one pattern of the filters: 0, or -1 with the place. */
int config_check_pattern(struct yaml *y, const char *key, const char *value, struct err *e);
/* Whether all that `narrow` matches is matched by `wide`, as far as can be told
 * at a glance: true is sure. */
bool config_pattern_covers(const char *wide, const char *narrow, bool nocase);

void retention_rules_free(struct retention_rule *rule, size_t n);
void export_limits_free(struct export_limit *limit, size_t n);
void config_sessions_free(struct config_sessions *s); /* NULL is fine */

#endif
