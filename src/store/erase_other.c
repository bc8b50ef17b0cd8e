/*
 * erase_other: the person in the tables beside the log: quarantined lines,
 * saved queries, names of files, erasures that wait.
 *
 * In: rows, a page after the other.   Out: the same without the person.
 */
#include <stdlib.h>

#include "store/erase_parts.h"
#include "store/schema.h"

/* ---- texts ---- */

/* A text without the person; what is none (NULL) stays none. */
struct cleaned {
	struct buf memory;
	struct str value;
	bool changed;
};

static void
clean(const struct erase_other *o, struct cleaned *c, struct str text, bool json)
{
	size_t hits = 0;

	c->memory = (struct buf){ 0 };
	if (text.p != NULL)
		hits = (json ? subject_replace_json : subject_replace)(o->subject, text, &c->memory);
	c->changed = hits > 0;
	c->value = hits > 0 ? buf_view(&c->memory) : text;
}

static void
cleaned_fini(struct cleaned *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_fini(&c[i].memory);
}

static int
run(const struct erase_other *o, sqlite3_stmt *s, struct err *e)
{
	return s != NULL ? db_run(&o->st->db, s, e) : -1;
}

static struct str
copy(struct arena *a, struct str s)
{
	return s.p == NULL ? s : (struct str){ arena_copy(a, s.p, s.len), s.len };
}

/* In a damaged file a row could lead to itself. */
static int
disordered(const struct erase_other *o, sqlite3_stmt *s, const char *what, struct err *e)
{
	sqlite3_reset(s);
	return err_set(e, ERR_INTEGRITY, "%s: %s: rows are out of order", o->st->db.path, what);
}

/* ---- quarantine ---- */

enum { Q_SOURCE, Q_ORIGIN, Q_DETAIL, Q_BYTES, Q_TEXTS };

#define QUARANTINE_HELD (32u * 1024 * 1024) /* bytes of rows that are changed in one go */

struct held_row {
	int64_t id;
	struct str old[Q_TEXTS], new[Q_TEXTS];
};

struct held_rows {
	struct held_row *item;
	size_t n, cap;
	struct arena arena;
};

static int
put_quarantined(struct erase_other *o, int64_t id, const struct str text[Q_TEXTS], struct err *e)
{
	sqlite3_stmt *s = db_statement(&o->st->db, ST_QUARANTINE_CHANGE, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, id);
	for (int i = 0; i < Q_BYTES; i++)
		db_bind_text(s, 2 + i, text[i]);
	db_bind_blob(s, 2 + Q_BYTES, text[Q_BYTES].p, text[Q_BYTES].len);
	return db_run(&o->st->db, s, e);
}

/* First other bytes of the same length, which SQLite writes over the old ones:
 * what it moves for rows that become longer has nothing of the person then. */
static int
put_held(struct erase_other *o, struct held_rows *h, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < h->n && rc == 0; i++) {
		for (int k = 0; k < Q_TEXTS; k++)
			if (h->item[i].old[k].p != NULL)
				memset((char *)(uintptr_t)h->item[i].old[k].p, ' ', h->item[i].old[k].len);
		rc = put_quarantined(o, h->item[i].id, h->item[i].old, e);
	}
	for (size_t i = 0; i < h->n && rc == 0; i++)
		rc = put_quarantined(o, h->item[i].id, h->item[i].new, e);
	h->n = 0;
	arena_reset(&h->arena);
	return rc;
}

/* Keeps a row that changes, in the memory of the list. */
static void
clean_quarantined(struct erase_other *o, struct held_rows *h, const struct held_row *row)
{
	struct cleaned c[Q_TEXTS];
	bool any = false;

	for (int i = 0; i < Q_TEXTS; i++) {
		clean(o, &c[i], row->old[i], i == Q_BYTES);
		any |= c[i].changed;
	}
	o->found->quarantine += any;
	if (any && o->change) {
		mem_grow(&h->item, &h->cap, h->n + 1, sizeof(*h->item));
		h->item[h->n] = (struct held_row){ .id = row->id };
		for (int i = 0; i < Q_TEXTS; i++) {
			h->item[h->n].old[i] = copy(&h->arena, row->old[i]);
			h->item[h->n].new[i] = copy(&h->arena, c[i].value);
		}
		h->n++;
	}
	cleaned_fini(c, Q_TEXTS);
}

/* The next row behind row->id: 1, 0, -1. */
static int
next_quarantined(struct erase_other *o, struct held_row *row, struct arena *a, struct err *e)
{
	static const int column[Q_TEXTS] = { 2, 3, 7, 8 };
	sqlite3_stmt *s = db_statement(&o->st->db, ST_QUARANTINE_AFTER, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, row->id);
	if ((rc = db_step(&o->st->db, s, e)) > 0) {
		if (db_int(s, 0) <= row->id)
			return disordered(o, s, "quarantined lines", e);
		row->id = db_int(s, 0);
		for (int i = 0; i < Q_TEXTS; i++)
			row->old[i] = copy(a, db_blob(s, column[i]));
		sqlite3_reset(s);
	}
	return rc;
}

static int
clean_quarantine(struct erase_other *o, struct err *e)
{
	struct held_rows held = { .n = 0 };
	struct held_row row = { .id = 0 };
	struct arena a = { 0 };
	int rc;

	while ((rc = next_quarantined(o, &row, &a, e)) > 0) {
		clean_quarantined(o, &held, &row);
		arena_reset(&a);
		if (held.arena.requested > QUARANTINE_HELD && put_held(o, &held, e) < 0) {
			rc = -1;
			break;
		}
	}
	if (rc == 0)
		rc = put_held(o, &held, e);
	arena_fini(&a);
	arena_fini(&held.arena);
	free(held.item);
	return rc;
}

/* ---- saved queries ---- */

struct saved_rows { /* all of the table, as they are to be */
	struct saved_query *item;
	size_t n, cap;
	struct arena arena;
	bool changed;
};

static bool
name_taken(const struct saved_rows *r, struct str name)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(r->item[i].name, name))
			return true;
	return false;
}

/* A name that no other query has: what is left of the old one, or the
 * pseudonym, then with a number. */
static struct str
new_name(const struct erase_other *o, struct saved_rows *r, struct str cleaned)
{
	enum { NUMBER_ROOM = 12 };
	struct buf out = { 0 };
	struct str base = cleaned, name;
	size_t most = SAVED_NAME_MAX - NUMBER_ROOM;

	buf_str(&out, base);
	buf_byte(&out, '\0');
	if (!saved_name_valid(out.p) || strlen(out.p) != base.len)
		base = subject_pseudonym(o->subject);
	for (size_t i = 1; i == 1 || name_taken(r, buf_view(&out)); i++) {
		buf_reset(&out);
		buf_add(&out, base.p, i == 1 && base.len <= SAVED_NAME_MAX ? base.len : base.len < most ? base.len : most);
		if (i > 1)
			buf_printf(&out, "-%zu", i);
	}
	name = copy(&r->arena, buf_view(&out));
	buf_fini(&out);
	return name;
}

/* Words and users that became too long are the pseudonym alone. */
static void
clean_saved_one(struct erase_other *o, struct saved_rows *r, struct saved_query *q)
{
	struct str person = subject_pseudonym(o->subject);
	struct buf list = { 0 };
	struct cleaned c[3];

	clean(o, &c[0], q->name, false);
	clean(o, &c[1], q->words, true);
	clean(o, &c[2], q->by, false);
	if (c[0].changed || c[1].changed || c[2].changed) {
		r->changed = true;
		o->found->saved++;
		if (c[1].value.len > SAVED_WORDS_MAX) {
			buf_printf(&list, "[\"%.*s\"]", (int)person.len, person.p);
			c[1].value = buf_view(&list);
		}
		q->words = copy(&r->arena, c[1].value);
		q->by = copy(&r->arena, c[2].value.len > SAVED_USER_MAX ? person : c[2].value);
		if (c[0].changed)
			q->name = new_name(o, r, c[0].value);
	}
	cleaned_fini(c, 3);
	buf_fini(&list);
}

static int
read_saved(struct erase_other *o, struct saved_rows *r, struct err *e)
{
	struct str after = STR("");
	int rc = 0;

	do {
		sqlite3_stmt *s = db_statement(&o->st->db, ST_SAVED_AFTER, e);
		size_t before = r->n;

		if (s == NULL)
			return -1;
		db_bind_text(s, 1, after);
		while ((rc = db_step(&o->st->db, s, e)) > 0) {
			mem_grow(&r->item, &r->cap, r->n + 1, sizeof(*r->item));
			r->item[r->n] = (struct saved_query){ .name = copy(&r->arena, db_blob(s, 0)),
				.words = copy(&r->arena, db_blob(s, 1)), .at = db_int(s, 2), .by = copy(&r->arena, db_blob(s, 3)) };
			if (after.len > 0 && str_cmp(r->item[r->n].name, after) <= 0)
				return disordered(o, s, "saved queries", e);
			after = r->item[r->n++].name;
		}
		if (r->n == before)
			break;
	} while (rc == 0);
	return rc;
}

static int
write_saved(struct erase_other *o, const struct saved_rows *r, struct err *e)
{
	sqlite3_stmt *s = db_statement(&o->st->db, ST_SAVED_CLEAR, e);

	if (run(o, s, e) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		if ((s = db_statement(&o->st->db, ST_SAVED_PUT, e)) == NULL)
			return -1;
		db_bind_text(s, 1, r->item[i].name);
		db_bind_text(s, 2, r->item[i].words);
		db_bind_int(s, 3, r->item[i].at);
		db_bind_text(s, 4, r->item[i].by);
		if (run(o, s, e) < 0)
			return -1;
	}
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return str_cmp(((const struct saved_query *)a)->name, ((const struct saved_query *)b)->name);
}

static int
clean_saved(struct erase_other *o, struct err *e)
{
	struct saved_rows r = { .n = 0 };
	int rc = read_saved(o, &r, e);

	for (size_t i = 0; i < r.n && rc == 0; i++)
		clean_saved_one(o, &r, &r.item[i]);
	if (rc == 0 && r.changed && o->change) {
		qsort(r.item, r.n, sizeof(*r.item), by_name);
		rc = write_saved(o, &r, e);
	}
	free(r.item);
	arena_fini(&r.arena);
	return rc;
}

/* ---- files ---- */

enum {
	FILE_NAME = 2,
	FILE_FIRST_LEN = 5,
	FILE_FIRST_HASH,
	FILE_LAST_LEN = 8,
	FILE_LAST_HASH,
	FILE_COLUMNS = 12
};

struct file_row { /* integers, or bytes of the columns that are no integer */
	int64_t number[FILE_COLUMNS];
	struct str bytes[FILE_COLUMNS];
};

struct file_rows {
	struct file_row *item;
	size_t n, cap;
	struct arena arena;
	bool changed;
};

static bool
is_bytes(int column)
{
	return column == 1 || column == FILE_NAME || column == FILE_FIRST_HASH || column == FILE_LAST_HASH;
}

static void
clean_file(struct erase_other *o, struct file_rows *r, struct file_row *f)
{
	static const char none[16];
	bool hashes = o->hashes && (f->number[FILE_FIRST_LEN] > 0 || f->number[FILE_LAST_LEN] > 0);
	struct cleaned c;

	clean(o, &c, f->bytes[FILE_NAME], false);
	if (c.changed)
		f->bytes[FILE_NAME] = copy(&r->arena, c.value);
	if (hashes) {
		f->number[FILE_FIRST_LEN] = f->number[FILE_LAST_LEN] = 0;
		f->bytes[FILE_FIRST_HASH] = f->bytes[FILE_LAST_HASH] = (struct str){ none, sizeof(none) };
	}
	o->found->files += c.changed;
	r->changed |= c.changed || hashes;
	cleaned_fini(&c, 1);
}

static int
read_files(struct erase_other *o, struct file_rows *r, struct err *e)
{
	sqlite3_stmt *s = db_statement(&o->st->db, ST_FILE_EVERY, e);
	int rc = -1;

	while (s != NULL && (rc = db_step(&o->st->db, s, e)) > 0) {
		struct file_row *f;

		mem_grow(&r->item, &r->cap, r->n + 1, sizeof(*r->item));
		f = &r->item[r->n];
		for (int i = 0; i < FILE_COLUMNS; i++) {
			f->number[i] = is_bytes(i) ? 0 : db_int(s, i);
			f->bytes[i] = is_bytes(i) ? copy(&r->arena, db_blob(s, i)) : (struct str){ NULL, 0 };
		}
		if (r->n > 0 && f->number[0] <= f[-1].number[0])
			return disordered(o, s, "files", e);
		r->n++;
	}
	return rc;
}

static int
write_files(struct erase_other *o, const struct file_rows *r, struct err *e)
{
	if (run(o, db_statement(&o->st->db, ST_FILE_CLEAR, e), e) < 0)
		return -1;
	for (size_t k = 0; k < r->n; k++) {
		sqlite3_stmt *s = db_statement(&o->st->db, ST_FILE_RESTORE, e);

		for (int i = 0; i < FILE_COLUMNS && s != NULL; i++)
			if (!is_bytes(i))
				db_bind_int(s, i + 1, r->item[k].number[i]);
			else if (i == FILE_NAME)
				db_bind_text(s, i + 1, r->item[k].bytes[i]);
			else
				db_bind_blob(s, i + 1, r->item[k].bytes[i].p, r->item[k].bytes[i].len);
		if (run(o, s, e) < 0)
			return -1;
	}
	return 0;
}

/*
 * The keyed hashes of records tell whether a file is known: who has the key,
 * which is in the store, could guess what an erased record was.  Without them
 * a file is known by its device and inode.
 */
int
erase_files(struct erase_other *o, struct err *e)
{
	struct file_rows r = { .n = 0 };
	int rc = read_files(o, &r, e);

	for (size_t i = 0; i < r.n && rc == 0; i++)
		clean_file(o, &r, &r.item[i]);
	if (rc == 0 && r.changed && o->change)
		rc = write_files(o, &r, e);
	free(r.item);
	arena_fini(&r.arena);
	return rc;
}

/* ---- erasures that wait ---- */

/* Of another row: its reason and who asked.  The values are what it waits
 * with; they go when it is carried out. */
enum { D_REASON, D_BY, D_TEXTS };

static int
clean_deferred_one(struct erase_other *o, int64_t id, const struct str text[D_TEXTS], struct err *e)
{
	struct cleaned c[D_TEXTS];
	sqlite3_stmt *s;
	bool any = false;
	int rc = 0;

	for (int i = 0; i < D_TEXTS; i++) {
		clean(o, &c[i], text[i], false);
		any |= c[i].changed;
	}
	o->found->deferred += any;
	if (any && o->change) {
		if ((s = db_statement(&o->st->db, ST_DEFERRED_CHANGE, e)) != NULL) {
			db_bind_int(s, 1, id);
			for (int i = 0; i < D_TEXTS; i++)
				db_bind_text(s, 2 + i, c[i].value);
		}
		rc = run(o, s, e);
	}
	cleaned_fini(c, D_TEXTS);
	return rc;
}

static int
clean_deferred(struct erase_other *o, struct err *e)
{
	struct erase_deferred d = { .id = 0 };
	struct arena a = { 0 };
	int rc;

	while ((rc = erase_deferred_next(o->st, &d, &a, e)) > 0) {
		const struct str text[D_TEXTS] = { d.reason, d.by };

		if (d.id != o->waiting && clean_deferred_one(o, d.id, text, e) < 0) {
			rc = -1;
			break;
		}
		arena_reset(&a);
	}
	arena_fini(&a);
	return rc;
}

int
erase_others(struct erase_other *o, struct err *e)
{
	int64_t version;

	if (schema_version(&o->st->db, &version, e) < 0 || clean_quarantine(o, e) < 0 || erase_files(o, e) < 0)
		return -1;
	if (version >= SCHEMA_SAVED && clean_saved(o, e) < 0)
		return -1;
	return version >= SCHEMA_HELD ? clean_deferred(o, e) : 0;
}
