/*
 * lists: the small tables beside the log: quarantined lines, files that
 * events come from.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "store/internal.h"

#define QUARANTINE_PAGE 64 /* rows a transaction: ST_QUARANTINE_AFTER */

static struct str
copy(struct arena *a, struct str s)
{
	return s.p == NULL ? s : (struct str){ arena_copy(a, s.p, s.len), s.len };
}

static int
quarantine_page(struct store *st, int64_t after, struct quarantined *q, size_t *n, struct arena *a, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_QUARANTINE_AFTER, e);
	int rc;

	*n = 0;
	if (s == NULL)
		return -1;
	db_bind_int(s, 1, after);
	while ((rc = db_step(&st->db, s, e)) > 0 && *n < QUARANTINE_PAGE) {
		q[*n] = (struct quarantined){
			.id = db_int(s, 0),
			.at = db_int(s, 1),
			.source = copy(a, db_blob(s, 2)),
			.origin = copy(a, db_blob(s, 3)),
			.position = (uint64_t)db_int(s, 4),
			.line = (uint64_t)db_int(s, 5),
			.reason = copy(a, db_blob(s, 6)),
			.detail = copy(a, db_blob(s, 7)),
			.bytes = copy(a, db_blob(s, 8)),
		};
		if (q[*n].id <= after) {
			rc = db_disordered(&st->db, "quarantined lines", e);
			break;
		}
		after = q[(*n)++].id;
	}
	sqlite3_reset(s);
	return rc < 0 ? -1 : 0;
}

int
store_quarantine_each(struct store *st, int (*each)(void *arg, const struct quarantined *q, struct err *e), void *arg,
    struct err *e)
{
	struct quarantined page[QUARANTINE_PAGE];
	struct arena arena = { 0 };
	int64_t after = 0;
	size_t n = 0;
	int rc;

	do {
		arena_reset(&arena);
		rc = quarantine_page(st, after, page, &n, &arena, e);
		for (size_t i = 0; rc == 0 && i < n; i++) {
			rc = each(arg, &page[i], e);
			after = page[i].id;
		}
	} while (rc == 0 && n == QUARANTINE_PAGE);
	arena_fini(&arena);
	return rc;
}

int
store_quarantined(struct store *st, int64_t from, int64_t until, uint64_t *count, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_QUARANTINE_COUNT, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, from);
	db_bind_int(s, 2, until);
	if (db_step(&st->db, s, e) <= 0)
		return -1;
	*count = (uint64_t)db_int(s, 0);
	sqlite3_reset(s);
	return 0;
}

int
store_files(struct store *st, struct store_file **list, size_t *n, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_FILE_ALL, e);
	size_t cap = 0;
	int rc;

	*list = NULL;
	*n = 0;
	if (s == NULL)
		return -1;
	while ((rc = db_step(&st->db, s, e)) > 0) {
		struct store_file f = {
			.id = db_int(s, 0),
			.dev = (uint64_t)db_int(s, 3),
			.ino = (uint64_t)db_int(s, 4),
			.first_len = (uint64_t)db_int(s, 5),
			.offset = (uint64_t)db_int(s, 7),
			.last_len = (uint64_t)db_int(s, 8),
			.line = (uint64_t)db_int(s, 10),
			.seen = db_int(s, 11),
		};
		struct str name = db_blob(s, 2);

		if (!db_blob_fixed(s, 1, f.key, sizeof(f.key)) || !db_blob_fixed(s, 6, f.first_hash, sizeof(f.first_hash)) ||
		    !db_blob_fixed(s, 9, f.last_hash, sizeof(f.last_hash))) {
			rc = err_set(e, ERR_INTEGRITY, "%s: the list of files is damaged", st->db.path);
			break;
		}
		f.name = mem_dup(name.p != NULL ? name.p : "", name.len);
		mem_grow(list, &cap, *n + 1, sizeof(**list));
		(*list)[(*n)++] = f;
	}
	sqlite3_reset(s);
	if (rc < 0) {
		store_files_free(*list, *n);
		*list = NULL;
		*n = 0;
	}
	return rc;
}

void
store_files_free(struct store_file *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].name);
	free(list);
}

void
store_file_key(const struct store *st, uint8_t key[16])
{
	memcpy(key, st->file_key, sizeof(st->file_key));
}
