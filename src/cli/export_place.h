/* export_place: where an export goes, and what its name says of it. */
#ifndef CLI_EXPORT_PLACE_H
#define CLI_EXPORT_PLACE_H

#include <stdbool.h>

/* The file that -O means: itself, or in a folder a new name made of `at`
 * (time_format) and the format.  Absolute, for the record.  Yours. */
char *export_destination(const char *out, const char *at, const char *format);

/* The one of the formats (the list ends with NULL) that the name of a file
 * ends in, .gz or .zst aside; NULL: none. */
const char *export_format_of_name(const char *name, const char *const *formats);

/* It exists and is a device, a fifo or the like: nothing can be beside it. */
bool export_is_device(const char *path);

#endif
