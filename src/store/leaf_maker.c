/*
 * leaf_maker: lines gather in a pack; a full pack is a job of the pool.
 *
 * Hashing is a fifth of the work of storing events, and the thread that
 * appends has the most to do already.  Packs are small, so that they stay in
 * the processor's cache, and few: who would begin one more waits for the
 * oldest, or hashes it itself.
 */
#include "store/leaf_maker.h"

#include <stdlib.h>

#include "base/mem.h"
#include "proof/salt.h"

#define PACK_LINES 256
#define PACK_BYTES (128 * 1024) /* a pack is full when it has as many; a line may be longer */
#define PACKS 8

struct pack {
	struct str salts;
	uint32_t offset; /* in the cell, of the first line */
	uint32_t n;
	struct hash *leaf;
	struct buf lines; /* one behind the other */
	size_t end[PACK_LINES];
	uint8_t kind[PACK_LINES];
	bool given;   /* to the pool */
	bool covered; /* by the salts */
	struct job job;
};

struct leaf_maker {
	struct pool *pool;
	struct pack pack[PACKS];
	unsigned filling;
	bool covered; /* all packs so far */
};

/* The job. */
static void
hash_pack(void *arg)
{
	struct pack *p = arg;
	struct salt_walk walk;
	size_t start = 0;

	salt_walk_start(&walk, p->salts);
	p->covered = true;
	for (uint32_t i = 0; i < p->n; i++) {
		uint8_t salt[SALT_LEN];

		if (!salt_get(&walk, p->offset + i, salt)) {
			p->covered = false;
			break;
		}
		tree_leaf(&p->leaf[i], salt, (enum leaf_kind)p->kind[i],
		    (struct str){ p->lines.p + start, p->end[i] - start });
		start = p->end[i];
	}
	explicit_bzero(&walk, sizeof(walk));
}

struct leaf_maker *
leaf_maker_new(struct pool *pool)
{
	struct leaf_maker *m = mem_zero(1, sizeof(*m));

	m->pool = pool;
	return m;
}

static void
finish_pack(struct leaf_maker *m, struct pack *p)
{
	if (p->given) {
		pool_wait(m->pool, &p->job);
		p->given = false;
		m->covered &= p->covered;
	}
}

static void
finish_packs(struct leaf_maker *m)
{
	for (unsigned i = 0; i < PACKS; i++)
		finish_pack(m, &m->pack[i]);
}

void
leaf_maker_free(struct leaf_maker *m)
{
	if (m == NULL)
		return;
	finish_packs(m);
	for (unsigned i = 0; i < PACKS; i++)
		buf_fini(&m->pack[i].lines);
	free(m);
}

static void
start_pack(struct pack *p, struct str salts, uint32_t offset, struct hash *leaf)
{
	p->salts = salts;
	p->offset = offset;
	p->leaf = leaf;
	p->n = 0;
	buf_reset(&p->lines);
}

void
leaf_maker_drop(struct leaf_maker *m)
{
	finish_packs(m);
	m->pack[m->filling].n = 0;
	m->covered = true;
}

void
leaf_maker_start(struct leaf_maker *m, struct str salts, uint32_t offset, struct hash *leaf)
{
	leaf_maker_drop(m);
	start_pack(&m->pack[m->filling], salts, offset, leaf);
}

/* The pack is full: it goes to the pool, and the next one is filled. */
static void
turn(struct leaf_maker *m)
{
	struct pack *full = &m->pack[m->filling], *next;

	full->job = (struct job){ .run = hash_pack, .arg = full };
	full->given = true;
	pool_submit(m->pool, &full->job);
	m->filling = (m->filling + 1) % PACKS;
	next = &m->pack[m->filling];
	finish_pack(m, next);
	start_pack(next, full->salts, full->offset + full->n, full->leaf + full->n);
}

/* What is in the pack so far, by this thread. */
static void
hash_here(struct leaf_maker *m)
{
	struct pack *p = &m->pack[m->filling];

	if (p->n == 0)
		return;
	hash_pack(p);
	m->covered &= p->covered;
	start_pack(p, p->salts, p->offset + p->n, p->leaf + p->n);
}

void
leaf_maker_add(struct leaf_maker *m, enum leaf_kind kind, struct str line)
{
	struct pack *p = &m->pack[m->filling];

	buf_str(&p->lines, line);
	p->end[p->n] = p->lines.len;
	p->kind[p->n++] = (uint8_t)kind;
	if (p->n < PACK_LINES && p->lines.len < PACK_BYTES)
		return;
	if (m->pool != NULL)
		turn(m);
	else
		hash_here(m);
}

int
leaf_maker_wait(struct leaf_maker *m, struct err *e)
{
	hash_here(m);
	finish_packs(m);
	if (!m->covered)
		return err_set(e, ERR_INTEGRITY, "the salts of a cell do not cover what is still to come");
	return 0;
}
