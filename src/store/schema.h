/* schema: the tables, their migrations and the comparison before use.  Private to store/. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/db.h"

/* "ALog": what file(1) and `PRAGMA application_id` tell. */
#define SCHEMA_APPLICATION_ID 0x414c6f67

/* Makes the tables in an empty file, and brings an older one up to date. */
int schema_prepare(struct db *db, struct err *e);

/* ERR_FAIL when the file is not a store or of another format, ERR_INTEGRITY
 * when its schema is not exactly ours. */
int schema_check(struct db *db, struct err *e);

#endif
