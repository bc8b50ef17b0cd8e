/*
 * cell: 65,536 sequence numbers, their salts and their subtree.
 *
 * While a cell is open its leaf hashes are kept, with the tail's lines or in
 * the leaf table; when it is full its 256 nodes of height 8 and its root take
 * their place.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "proof/salt.h"
#include "store/internal.h"

int
cell_salts(struct store *st, uint64_t cell, struct buf *salts, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_CELL_GET, e);
	struct str set;
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)cell);
	if ((rc = db_step(&st->db, s, e)) <= 0)
		return rc;
	set = db_blob(s, 0);
	buf_reset(salts);
	buf_str(salts, set);
	sqlite3_reset(s);
	return salt_check(buf_view(salts), e) < 0 ? -1 : 1;
}

int
cell_salts_put(struct store *st, uint64_t cell, struct str salts, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_CELL_SALTS, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)cell);
	db_bind_blob(s, 2, salts.p, salts.len);
	return db_run(&st->db, s, e);
}

int
cell_add(struct store *st, uint64_t cell, struct str salts, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_CELL_ADD, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)cell);
	db_bind_blob(s, 2, salts.p, salts.len);
	return db_run(&st->db, s, e);
}

int
leaf_add(struct store *st, uint64_t first, const struct hash *leaf, uint32_t n, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_LEAF_ADD, e);

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)first);
	db_bind_blob(s, 2, leaf, (size_t)n * sizeof(*leaf));
	return db_run(&st->db, s, e);
}

/* Copies the run [first, first + count) into its place; *next says how far
 * the leaves are known without a gap. */
static bool
place(struct hash *leaf, uint32_t n, uint64_t start, uint64_t first, struct str hashes, uint64_t *next)
{
	uint64_t count = hashes.len / HASH_LEN;

	if (first != *next || count == 0 || hashes.len % HASH_LEN != 0 || first + count > start + n)
		return false;
	memcpy(leaf + (first - start), hashes.p, hashes.len);
	*next = first + count;
	return true;
}

static int
gather(struct store *st, enum statement which, uint64_t start, uint32_t n, int blob, struct hash *leaf,
    uint64_t *next, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, which, e);
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)start);
	db_bind_int(s, 2, (int64_t)(start + n));
	while ((rc = db_step(&st->db, s, e)) > 0)
		if (!place(leaf, n, start, (uint64_t)db_int(s, 0), db_blob(s, blob), next)) {
			sqlite3_reset(s);
			return err_set(e, ERR_INTEGRITY, "%s: leaf hashes at seq %llu are damaged", st->db.path,
			    (unsigned long long)*next);
		}
	return rc;
}

int
leaf_gather(struct store *st, uint64_t cell, struct hash *leaf, uint32_t n, struct err *e)
{
	uint64_t start = cell * TREE_CELL, next = start;

	if (gather(st, ST_LEAF_RANGE, start, n, 1, leaf, &next, e) < 0 ||
	    gather(st, ST_TAIL_RANGE, start, n, 2, leaf, &next, e) < 0)
		return -1;
	if (next != start + n)
		return err_set(e, ERR_INTEGRITY, "%s: leaf hashes from seq %llu are missing", st->db.path,
		    (unsigned long long)next);
	return 0;
}

int
cell_nodes(struct store *st, uint64_t cell, struct hash nodes[TREE_CELL_NODES], struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_CELL_GET, e);
	bool there = false;
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)cell);
	if ((rc = db_step(&st->db, s, e)) < 0)
		return -1;
	if (rc > 0)
		there = db_blob_fixed(s, 2, nodes, TREE_CELL_NODES * sizeof(*nodes));
	sqlite3_reset(s);
	return there ? 0
	             : err_set(e, ERR_INTEGRITY, "%s: the hashes of cell %llu are damaged", st->db.path,
	                   (unsigned long long)cell);
}

static int
write_nodes(struct store *st, uint64_t cell, const struct hash *leaf, struct err *e)
{
	struct hash nodes[TREE_CELL_NODES], root;
	sqlite3_stmt *s = db_statement(&st->db, ST_CELL_FILL, e);

	if (s == NULL)
		return -1;
	tree_cell(leaf, nodes, &root);
	db_bind_int(s, 1, (int64_t)cell);
	db_bind_blob(s, 2, &root, sizeof(root));
	db_bind_blob(s, 3, nodes, sizeof(nodes));
	return db_run(&st->db, s, e);
}

int
cell_close(struct store *st, uint64_t cell, const struct hash *leaf, struct err *e)
{
	struct hash *own = NULL;
	sqlite3_stmt *s;
	int rc = 0;

	if (leaf == NULL) {
		own = mem_alloc(TREE_CELL * sizeof(*own));
		rc = leaf_gather(st, cell, own, TREE_CELL, e);
		leaf = own;
	}
	if (rc == 0)
		rc = write_nodes(st, cell, leaf, e);
	free(own);
	if (rc < 0 || (s = db_statement(&st->db, ST_LEAF_DROP, e)) == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)(cell * TREE_CELL));
	db_bind_int(s, 2, (int64_t)((cell + 1) * TREE_CELL));
	return db_run(&st->db, s, e);
}

static int
full_roots(struct store *st, uint64_t cells, struct hash **root, struct err *e)
{
	sqlite3_stmt *s = db_statement(&st->db, ST_CELL_ROOTS, e);
	size_t cap = 0;
	uint64_t n = 0;
	int rc;

	if (s == NULL)
		return -1;
	db_bind_int(s, 1, (int64_t)cells);
	while ((rc = db_step(&st->db, s, e)) > 0) {
		mem_grow(root, &cap, n + 1, sizeof(**root));
		if ((uint64_t)db_int(s, 0) != n || !db_blob_fixed(s, 1, &(*root)[n], sizeof(**root)))
			break;
		n++;
	}
	sqlite3_reset(s);
	if (rc < 0)
		return -1;
	return n == cells ? 0
	                  : err_set(e, ERR_INTEGRITY, "%s: the root of cell %llu is missing", st->db.path,
	                        (unsigned long long)n);
}

static int
read_root(struct store *st, uint64_t *size, struct hash *root, struct err *e)
{
	struct state state;
	struct hash rest, *cells = NULL, *leaf;
	uint64_t full;
	uint32_t open;
	int rc;

	if (state_get(st, &state, e) < 0)
		return -1;
	*size = state.size;
	full = state.size / TREE_CELL;
	open = (uint32_t)(state.size % TREE_CELL);
	leaf = mem_alloc(TREE_CELL * sizeof(*leaf));
	rc = full_roots(st, full, &cells, e);
	if (rc == 0 && open > 0 && (rc = leaf_gather(st, full, leaf, open, e)) == 0)
		tree_root(&rest, leaf, open);
	if (rc == 0)
		tree_root_cells(root, cells, full, open > 0 ? &rest : NULL);
	free(cells);
	free(leaf);
	return rc;
}

int
store_root(struct store *st, uint64_t *size, struct hash *root, struct err *e)
{
	int rc;

	if (db_begin_read(&st->db, e) < 0)
		return -1;
	rc = read_root(st, size, root, e);
	db_rollback(&st->db);
	return rc;
}
