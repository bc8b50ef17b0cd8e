/* schema: the tables, their migrations and the comparison before use.  Private to store/. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/db.h"

/* "ALog": what file(1) and `PRAGMA application_id` tell. */
#define SCHEMA_APPLICATION_ID 0x414c6f67

/* The format that brought them; what an older file lacks is not asked for. */
enum {
	SCHEMA_SAVED = 2, /* saved queries */
	SCHEMA_SIGNED = 3, /* keys, checkpoints, removals, erased events */
	SCHEMA_HELD = 4,   /* holds, erasures that wait for them */
	SCHEMA_DETECTED = 5 /* how far detectors are */
};

/* Makes the tables in an empty file, and brings an older one up to date, in
 * one transaction. */
int schema_prepare(struct db *db, struct err *e);

/* Gives the format.  ERR_FAIL when the file is not a store or of a newer one,
 * ERR_INTEGRITY when its schema is not exactly ours. */
int schema_check(struct db *db, int64_t *version, struct err *e);

/* The format alone, as the open transaction sees it: a writer may have brought
 * the file up to date since it was opened. */
int schema_version(struct db *db, int64_t *version, struct err *e);

#endif
