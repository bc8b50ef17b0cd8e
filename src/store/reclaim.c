/*
 * reclaim: the space of what was removed goes back to the file system.
 *
 * Pages that a prune or an erasure frees are used again by what comes next;
 * a store that shall become smaller is written anew (VACUUM).  Measured on
 * 480 MB of which 68 were free: 1.5 s and 14 MB of memory, with SQLite's
 * temporary copy in a file; kept in memory, as everything else temporary is,
 * it took 824 MB.  Pages moved one by one (auto_vacuum) would take a sixth of
 * the time, but need entries for every page from the store's beginning on.
 *
 * The copy lies in the store's own folder, not in one that all users share,
 * readable by its owner alone, and has no name any more when the first byte is
 * written.  The journal has the pages as they were: after a kill or a full disk
 * the store is what it was.
 */
#include <stdlib.h>
#include <sys/statvfs.h>

#include "base/mem.h"
#include "store/internal.h"

static int
pragma_number(struct db *db, const char *sql, uint64_t *out, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc = -1;

	if (sqlite3_prepare_v2(db->sqlite, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
		*out = (uint64_t)sqlite3_column_int64(s, 0);
		rc = 0;
	} else
		db_error(db, e, "looking for free space");
	sqlite3_finalize(s);
	return rc;
}

/* The copy and the journal have as many pages as will be left.  A full disk is
 * told in any case; like this, before the work. */
static int
check_room(struct db *db, const char *folder, struct err *e)
{
	uint64_t pages, unused, size, needed, there;
	struct statvfs fs;

	if (pragma_number(db, "PRAGMA page_count", &pages, e) < 0 ||
	    pragma_number(db, "PRAGMA freelist_count", &unused, e) < 0 ||
	    pragma_number(db, "PRAGMA page_size", &size, e) < 0)
		return -1;
	if (statvfs(folder, &fs) < 0)
		return err_errno(e, "%s", folder);
	needed = 2 * (unused < pages ? pages - unused : 1) * size;
	there = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (there < needed)
		return err_set(e, ERR_FAIL, "giving space back needs %llu MB of free space in %s meanwhile, %llu are there",
		    (unsigned long long)(needed >> 20) + 1, folder, (unsigned long long)(there >> 20));
	return 0;
}

/* The folder is known to SQLite for as long as it works. */
static int
vacuum(struct db *db, const char *folder, struct err *e)
{
	char *saved = sqlite3_temp_directory, *own = sqlite3_mprintf("%s", folder);
	int rc;

	if (own == NULL)
		return err_set(e, ERR_FAIL, "giving space back: out of memory");
	sqlite3_temp_directory = own;
	db->looks = 0;
	rc = sqlite3_exec(db->sqlite, "PRAGMA temp_store = FILE; PRAGMA cache_spill = ON; VACUUM", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		db_error(db, e, "giving space back");
	sqlite3_temp_directory = saved;
	sqlite3_free(own);
	if (sqlite3_exec(db->sqlite, "PRAGMA temp_store = MEMORY; PRAGMA cache_spill = OFF", NULL, NULL, NULL) != SQLITE_OK &&
	    rc == SQLITE_OK)
		rc = db_error(db, e, "giving space back");
	return rc == SQLITE_OK ? 0 : -1;
}

int
store_reclaim(struct store *st, uint64_t *before, uint64_t *after, struct err *e)
{
	struct db *db = &st->db;
	const char *path = sqlite3_db_filename(db->sqlite, "main"), *slash = strrchr(path, '/');
	char *folder = slash == NULL ? mem_strdup(".")
	    : slash == path         ? mem_strdup("/")
	                            : mem_dup(path, (size_t)(slash - path));
	int rc = -1;

	*before = *after = 0;
	if (db_file_size(db, before, e) == 0 && check_room(db, folder, e) == 0 && vacuum(db, folder, e) == 0)
		rc = db_file_size(db, after, e);
	free(folder);
	return rc < 0 ? store_blame(st, e) : 0;
}
