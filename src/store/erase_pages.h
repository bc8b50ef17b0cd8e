/*
 * erase_pages: the bytes of the file after an erasure.  Private to store/.
 */
#ifndef STORE_ERASE_PAGES_H
#define STORE_ERASE_PAGES_H

#include "store/internal.h"

/* Fills raw_bytes to slack_dirty and journal of *out. */
int erase_pages(struct store *st, const struct subject *s, int (*go_on)(struct err *e), struct erase_check *out,
    struct err *e);

#endif
