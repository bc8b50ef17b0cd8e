/*
 * dialect: the options of the formats for log collectors, ocsf, ecs, cef, leef
 * and syslog.
 */
#ifndef CLI_DIALECT_H
#define CLI_DIALECT_H

#include "cli/cli.h"
#include "render/render.h"

struct dialect_args {
	char *map, *facility, *framing;
};

/* Over struct dialect_args. */
extern const struct opt opt_dialect[];

/* For completion; they end with NULL. */
extern const char *const dialect_facilities[], *const dialect_framings[];

/* That what was given belongs to the format; `fields`: whether some are chosen. */
int dialect_check(const struct dialect_args *a, const char *format, bool fields, struct err *e);

/* What it means for ro, whose format is known: the file that is named, else
 * that of the configuration, is read.  *map is yours (dialect_map_free), and
 * must outlive what ro is for. */
int dialect_options(const struct dialect_args *a, const struct common_args *c, struct render_options *ro,
    struct dialect_map **map, struct err *e);

#endif
