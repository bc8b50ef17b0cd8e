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
		hits = json ? subject_replace_json(o->subject, text, &c->memory) : subject_replace(o->subject, text, &c->memory);
	c->changed = hits > 0;
	c->value = hits > 0 ? buf_view(&c->memory) : text;
}

static void
cleaned_fini(struct cleaned *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_fini(&c[i].memory);
}

/* Reset before others run: what was read of the row is copied by then. */
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

static int
clean_quarantined(struct erase_other *o, int64_t id, const struct str text[Q_TEXTS], struct err *e)
{
	struct cleaned c[Q_TEXTS];
	sqlite3_stmt *s;
	bool any = false;
	int rc = 0;

	for (int i = 0; i < Q_TEXTS; i++) {
		clean(o, &c[i], text[i], i == Q_BYTES);
		any |= c[i].changed;
	}
	o->found->quarantine += any;
	if (any && o->change) {
		if ((s = db_statement(&o->st->db, ST_QUARANTINE_CHANGE, e)) != NULL) {
			db_bind_int(s, 1, id);
			for (int i = 0; i < Q_BYTES; i++)
				db_bind_text(s, 2 + i, c[i].value);
			db_bind_blob(s, 2 + Q_BYTES, c[Q_BYTES].value.p, c[Q_BYTES].value.len);
		}
		rc = run(o, s, e);
	}
	cleaned_fini(c, Q_TEXTS);
	return rc;
}

/* The next row behind *after: 1, 0, -1. */
static int
next_quarantined(struct erase_other *o, int64_t *after, struct str text[Q_TEXTS], struct arena *a, struct err *e)
{
	sqlite3_stmt *s = db_statement(&o->st->db, ST_QUARANTINE_AFTER, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, *after);
	if ((rc = db_step(&o->st->db, s, e)) > 0) {
		if (db_int(s, 0) <= *after)
			return disordered(o, s, "quarantined lines", e);
		*after = db_int(s, 0);
		text[Q_SOURCE] = copy(a, db_blob(s, 2));
		text[Q_ORIGIN] = copy(a, db_blob(s, 3));
		text[Q_DETAIL] = copy(a, db_blob(s, 7));
		text[Q_BYTES] = copy(a, db_blob(s, 8));
		sqlite3_reset(s);
	}
	return rc;
}

static int
clean_quarantine(struct erase_other *o, struct err *e)
{
	struct str text[Q_TEXTS];
	struct arena a = { 0 };
	int64_t after = 0;
	int rc;

	while ((rc = next_quarantined(o, &after, text, &a, e)) > 0) {
		if (clean_quarantined(o, after, text, e) < 0) {
			rc = -1;
			break;
		}
		arena_reset(&a);
	}
	arena_fini(&a);
	return rc;
}

/* ---- saved queries ---- */

static int
name_taken(struct erase_other *o, const char *name, struct err *e)
{
	sqlite3_stmt *s = db_statement(&o->st->db, ST_SAVED_EXISTS, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_text(s, 1, str_of(name));
	rc = db_step(&o->st->db, s, e);
	sqlite3_reset(s);
	return rc;
}

/* A name that no other query has: what is left of the old one, or the
 * pseudonym, then with a number. */
static int
new_name(struct erase_other *o, struct str cleaned, struct buf *out, struct err *e)
{
	enum { NUMBER_ROOM = 12 };
	struct str base = cleaned, name = subject_pseudonym(o->subject);
	size_t most = SAVED_NAME_MAX - NUMBER_ROOM;
	int taken;

	buf_str(out, base);
	buf_byte(out, '\0');
	if (!saved_name_valid(out->p) || strlen(out->p) != base.len)
		base = name;
	for (unsigned i = 1; i < UINT32_MAX; i++) {
		buf_reset(out);
		buf_add(out, base.p, i == 1 && base.len <= SAVED_NAME_MAX ? base.len : base.len < most ? base.len : most);
		if (i > 1)
			buf_printf(out, "-%u", i);
		buf_byte(out, '\0');
		if ((taken = name_taken(o, out->p, e)) <= 0)
			return taken;
	}
	return err_set(e, ERR_FAIL, "there is no free name for a saved query");
}

static int
put_saved(struct erase_other *o, struct str old, struct str words, int64_t at, struct str by, struct str name,
    struct err *e)
{
	sqlite3_stmt *s = db_statement(&o->st->db, ST_SAVED_DROP, e);

	if (s == NULL)
		return -1;
	db_bind_text(s, 1, old);
	if (run(o, s, e) < 0 || (s = db_statement(&o->st->db, ST_SAVED_PUT, e)) == NULL)
		return -1;
	db_bind_text(s, 1, name);
	db_bind_text(s, 2, words);
	db_bind_int(s, 3, at);
	db_bind_text(s, 4, by);
	return run(o, s, e);
}

/* Words and users that became too long are the pseudonym alone. */
static int
write_saved(struct erase_other *o, const struct saved_query *q, const struct cleaned *name, struct str words,
    struct str by, struct err *e)
{
	struct str person = subject_pseudonym(o->subject);
	struct buf new = { 0 }, list = { 0 };
	int rc = 0;

	if (words.len > SAVED_WORDS_MAX) {
		buf_printf(&list, "[\"%.*s\"]", (int)person.len, person.p);
		words = buf_view(&list);
	}
	if (by.len > SAVED_USER_MAX)
		by = person;
	if (name->changed)
		rc = new_name(o, name->value, &new, e);
	if (rc == 0)
		rc = put_saved(o, q->name, words, q->at, by, name->changed ? str_of(new.p) : q->name, e);
	buf_fini(&new);
	buf_fini(&list);
	return rc;
}

static int
clean_saved_one(struct erase_other *o, const struct saved_query *q, struct err *e)
{
	struct cleaned c[3];
	int rc = 0;

	clean(o, &c[0], q->name, false);
	clean(o, &c[1], q->words, true);
	clean(o, &c[2], q->by, false);
	if (c[0].changed || c[1].changed || c[2].changed) {
		o->found->saved++;
		if (o->change)
			rc = write_saved(o, q, &c[0], c[1].value, c[2].value, e);
	}
	cleaned_fini(c, 3);
	return rc;
}

/* By name: a query that gets another name may be met again, and then has
 * nothing of the person any more. */
static int
clean_saved(struct erase_other *o, struct err *e)
{
	struct arena a = { 0 };
	struct buf after = { 0 };
	int rc = 0;

	for (;;) {
		sqlite3_stmt *s = db_statement(&o->st->db, ST_SAVED_AFTER, e);
		struct saved_query q;

		rc = -1;
		if (s == NULL)
			break;
		db_bind_text(s, 1, buf_view(&after));
		if ((rc = db_step(&o->st->db, s, e)) <= 0)
			break;
		arena_reset(&a);
		q = (struct saved_query){ .name = copy(&a, db_blob(s, 0)), .words = copy(&a, db_blob(s, 1)),
			.at = db_int(s, 2), .by = copy(&a, db_blob(s, 3)) };
		if (after.len > 0 && str_cmp(q.name, buf_view(&after)) <= 0) {
			rc = disordered(o, s, "saved queries", e);
			break;
		}
		sqlite3_reset(s);
		buf_reset(&after);
		buf_str(&after, q.name);
		if ((rc = clean_saved_one(o, &q, e)) < 0)
			break;
	}
	arena_fini(&a);
	buf_fini(&after);
	return rc;
}

/* ---- files ---- */

static int
write_file(struct erase_other *o, int64_t id, struct str name, struct err *e)
{
	sqlite3_stmt *s = db_statement(&o->st->db, o->hashes ? ST_FILE_FORGET : ST_FILE_RENAME, e);
	static const uint8_t none[16];

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, id);
	db_bind_text(s, 2, name);
	if (o->hashes)
		db_bind_blob(s, 3, none, sizeof(none));
	return run(o, s, e);
}

/*
 * The keyed hashes of records tell whether a file is known: who has the key,
 * which is in the store, could guess what an erased record was.  Without them
 * a file is known by its device and inode.
 */
int
erase_files(struct erase_other *o, struct err *e)
{
	struct store_file *list;
	size_t n;
	int rc = 0;

	if (store_files(o->st, &list, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct cleaned c;

		clean(o, &c, str_of(list[i].name), false);
		if (c.changed || (o->hashes && (list[i].first_len > 0 || list[i].last_len > 0))) {
			o->found->files++;
			rc = o->change ? write_file(o, list[i].id, c.value, e) : 0;
		}
		cleaned_fini(&c, 1);
	}
	store_files_free(list, n);
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
	struct arena a = { 0 };
	int64_t after = 0;
	int rc;

	for (;;) {
		sqlite3_stmt *s = db_statement(&o->st->db, ST_DEFERRED_AFTER, e);
		struct str text[D_TEXTS];

		if (s == NULL) {
			rc = -1;
			break;
		}
		db_bind_int(s, 1, after);
		if ((rc = db_step(&o->st->db, s, e)) <= 0)
			break;
		arena_reset(&a);
		if (db_int(s, 0) <= after) {
			rc = disordered(o, s, "erasures that wait", e);
			break;
		}
		after = db_int(s, 0);
		text[D_REASON] = copy(&a, db_blob(s, 4));
		text[D_BY] = copy(&a, db_blob(s, 5));
		sqlite3_reset(s);
		if (after != o->waiting && (rc = clean_deferred_one(o, after, text, e)) < 0)
			break;
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
