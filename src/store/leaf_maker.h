/*
 * leaf_maker: the leaf hashes of a batch's lines, made by the pool a few
 * lines at a time while more of them come.
 */
#ifndef STORE_LEAF_MAKER_H
#define STORE_LEAF_MAKER_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/pool.h"
#include "proof/tree.h"

struct leaf_maker;

struct leaf_maker *leaf_maker_new(struct pool *pool); /* NULL: everything at once */
void leaf_maker_free(struct leaf_maker *m);

/* Begins anew: the next line is the event at `offset` of a cell, and its hash
 * goes to leaf[0].  Both stay borrowed until leaf_maker_wait. */
void leaf_maker_start(struct leaf_maker *m, struct str salts, uint32_t offset, struct hash *leaf);
void leaf_maker_add(struct leaf_maker *m, enum leaf_kind kind, struct str line);
/* Forgets the lines so far; what was borrowed is in use no longer. */
void leaf_maker_drop(struct leaf_maker *m);
/* All are made.  ERR_INTEGRITY: the salts do not cover them. */
int leaf_maker_wait(struct leaf_maker *m, struct err *e);

#endif
