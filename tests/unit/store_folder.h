/* store_folder: a store in a folder of its own, for suites of store/. */
#ifndef TESTS_STORE_FOLDER_H
#define TESTS_STORE_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"
#include "unit.h"

static char folder[40], path[64];

static inline void
make_folder(void)
{
	strcpy(folder, "/tmp/audit-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s.db", folder);
}

static inline void
drop_folder(void)
{
	unlink(path);
	rmdir(folder);
}

static inline struct store *
open_store(enum store_mode mode)
{
	struct err e = ERR_NONE;
	struct store *st = store_open(path, mode, &e);

	ck_assert_msg(st != NULL, "%s", e.text);
	return st;
}

/* Events ever stored. */
static inline uint64_t
log_size(struct store *st)
{
	struct segment_info *list;
	struct store_view v;
	struct err e = ERR_NONE;
	size_t n;

	ck_assert_msg(store_view(st, &v, &list, &n, &e) == 0, "%s", e.text);
	free(list);
	return v.size;
}

#endif
