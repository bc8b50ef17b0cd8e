/*
 * saved: filters that are kept in the store under a name, as the arguments
 * that were typed: a JSON array of words.  Private to cli/.
 */
#ifndef CLI_SAVED_H
#define CLI_SAVED_H

#include "filter/filter.h"
#include "store/store.h"

/* As cli_saved.  `saving`: the name that f is to be kept under, which it may
 * not lead back to; or NULL. */
int saved_expand(struct store *st, const char *saving, struct filter_args *f, struct err *e);

/* Appends the arguments as a JSON array of long options, then operands.
 * False when there are none. */
bool saved_format(struct buf *out, const struct filter_args *f);

/* Appends them as words for a shell, which takes them back as they are. */
void saved_shell(struct buf *out, struct str words);

/* Reads such an array into f.  ERR_FAIL when it is none. */
int saved_parse(struct str words, struct filter_args *f, struct err *e);

/* All names; their bytes are the list's. */
int saved_names(struct store *st, struct str_list *names, struct err *e);

/* ERR_FAIL: there is no saved query of this name; with the nearest of the others. */
int saved_unknown(const char *name, const struct str_list *names, struct err *e);

#endif
