/*
 * runs: sets of sequence numbers (see runs.h).
 *
 *	5 6 7 10 11	->	(5, 3) (2, 2)
 */
#include "base/runs.h"

/* ---- making ---- */

static void
put_run(struct runs *r)
{
	if (r->length == 0)
		return;
	buf_varint(&r->list, r->open - r->end);
	buf_varint(&r->list, r->length);
	r->end = r->open + r->length;
	r->length = 0;
}

void
runs_add(struct runs *r, uint64_t first, uint64_t count)
{
	if (count == 0)
		return;
	if (r->length > 0 && r->open + r->length != first)
		put_run(r);
	if (r->length == 0)
		r->open = first;
	if (r->count == 0)
		r->first = first;
	r->length += count;
	r->count += count;
	r->last = first + count - 1;
}

void
runs_end(struct runs *r)
{
	put_run(r);
}

void
runs_fini(struct runs *r)
{
	buf_fini(&r->list);
	*r = (struct runs){ 0 };
}

/* ---- reading ---- */

void
runs_read(struct runs_reader *r, struct str list)
{
	const uint8_t *p = (const uint8_t *)(list.p != NULL ? list.p : "");

	*r = (struct runs_reader){ .p = p, .limit = p + list.len };
}

/* Written in as few bytes as it needs. */
static bool
number(struct runs_reader *r, uint64_t *v)
{
	const uint8_t *from = r->p;

	return get_varint(&r->p, r->limit, v) && (r->p - from == 1 || r->p[-1] != 0) && *v < RUNS_END;
}

int
runs_next(struct runs_reader *r)
{
	uint64_t gap, length;

	if (r->p == r->limit)
		return 0;
	if (!number(r, &gap) || !number(r, &length) || length == 0 || (gap == 0 && r->any) ||
	    r->end + gap + length > RUNS_END)
		return -1;
	r->first = r->end + gap;
	r->end = r->first + length;
	r->any = true;
	return 1;
}

int
runs_skip(struct runs_reader *r, uint64_t seq)
{
	int rc = 1;

	while (rc > 0 && (!r->any || r->end <= seq))
		rc = runs_next(r);
	return rc;
}

bool
runs_has(struct runs_reader *r, uint64_t seq)
{
	return runs_skip(r, seq) > 0 && r->first <= seq;
}

int
runs_digest(struct str list, struct hash *out)
{
	struct runs_reader r;
	struct hasher h;
	uint8_t b[16];
	int rc;

	hash_init(&h);
	runs_read(&r, list);
	while ((rc = runs_next(&r)) > 0) {
		put_be64(b, r.first);
		put_be64(b + 8, r.end - r.first);
		hash_update(&h, b, sizeof(b));
	}
	hash_final(&h, out);
	return rc;
}
