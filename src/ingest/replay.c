/*
 * replay: what was refused is tried again, by today's program and options.
 *
 * A quarantined line leaves the quarantine in the commit of the events that
 * it became; all others stay as they are.  An event without an id gets the
 * same one each time: of its file and place, or of the line's own, so that
 * nothing is stored twice, wherever it was interrupted.
 *
 * In: quarantined lines.   Out: events, and fewer of these lines.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "ingest/run.h"

#define GROUP_LINES 4096
#define COMMIT_LINES 16384

/* Lines of one source, one input and one moment go together. */
struct replay {
	struct run run;
	struct input input;
	struct ingest_options o; /* the caller's, but for the source */
	struct buf source, origin; /* of the group, strings */
	int64_t at;
	struct store_file *file;
	size_t files;
	bool named;            /* --source says what the source is */
	const struct store_file *of; /* ids are made of its key; NULL: not known */
	struct batch *batch;   /* its chunk is filled; NULL: the group is empty */
	int64_t id[GROUP_LINES];
	size_t record;         /* whose events are taken now */
	bool refused;          /* one of them was */
	uint64_t uncommitted;
	bool stopped;
};

/* ---- What becomes of a line ---- */

/* The line that an event is of: they come in order. */
static void
find_record(struct replay *p, const struct batch_item *it)
{
	const struct frame_chunk *c = &p->batch->chunk;
	size_t at = (size_t)(it->raw.p - c->p), i = p->record;

	while (i + 1 < c->records && c->record[i].at != at)
		i++;
	if (i != p->record)
		p->refused = false;
	p->record = i;
}

/* In one commit with the last of its events. */
static void
was_taken(void *arg, const struct batch_item *it)
{
	struct replay *p = arg;
	const struct batch_item *end = p->batch->item + p->batch->n;

	find_record(p, it);
	if (!p->refused && (it + 1 == end || it[1].raw.p != it->raw.p))
		append_release(p->run.append, p->id[p->record]);
}

static void
was_refused(void *arg, const struct batch_item *it, enum event_fault fault)
{
	struct replay *p = arg;

	(void)fault;
	find_record(p, it);
	p->refused = true;
}

/* ---- Groups ---- */

static bool
is_of_file(const struct store_file *f, struct str origin)
{
	struct str name = str_of(f->name);

	while (str_begins(origin, STR("./"))) {
		origin.p += 2;
		origin.len -= 2;
	}
	if (origin.len == 0 || name.len < origin.len ||
	    memcmp(name.p + name.len - origin.len, origin.p, origin.len) != 0)
		return false;
	return name.len == origin.len || name.p[name.len - origin.len - 1] == '/';
}

/* The file that a line was read from; the newest first. */
static const struct store_file *
find_file(const struct replay *p, const struct quarantined *q)
{
	for (size_t i = 0; i < p->files; i++)
		if (is_of_file(&p->file[i], q->origin) && q->position < p->file[i].offset)
			return &p->file[i];
	return NULL;
}

/* Of a line that came through a pipe: by the store, the moment and the line. */
static void
make_key(const struct replay *p, uint8_t key[8])
{
	uint8_t secret[16];
	struct hash h;

	store_file_key(p->run.st, secret);
	hash_keyed(&h, secret, sizeof(secret), (const char *)&p->at, sizeof(p->at));
	memcpy(key, h.b, 8);
}

static void
keep_string(struct buf *out, struct str s)
{
	buf_reset(out);
	buf_str(out, s);
	buf_byte(out, '\0');
}

static int
begin_group(struct replay *p, const struct quarantined *q, struct err *e)
{
	const struct store_file *f = find_file(p, q);
	struct input *in = &p->input;

	keep_string(&p->source, q->source);
	keep_string(&p->origin, q->origin);
	p->at = q->at;
	p->of = f;
	if (!p->named)
		p->o.source = p->source.p;
	input_close(in);
	*in = (struct input){ .source = { .path = p->origin.p, .log = p->origin.p, .state = SOURCE_PIPE } };
	if (input_adopt(&p->run, in, NULL, e) < 0)
		return -1;
	if (p->run.mappings > 0)
		in->rules.mapping = p->run.mapping[0];
	in->rules.number = true;
	if (f != NULL)
		memcpy(in->rules.key, f->key, sizeof(in->rules.key));
	else
		make_key(p, in->rules.key);
	p->batch = run_free_batch(&p->run);
	p->batch->chunk.cut = true;
	p->batch->chunk.records = p->batch->chunk.len = p->batch->chunk.place.len = 0;
	p->record = 0;
	p->refused = false;
	return 0;
}

static int
end_group(struct replay *p, struct err *e)
{
	if (p->batch == NULL)
		return 0;
	run_start_chunk(&p->run, &p->input);
	if (run_take_chunk(&p->run, e) < 0)
		return -1;
	p->uncommitted += p->batch->chunk.records;
	p->batch = NULL;
	if (p->uncommitted < COMMIT_LINES)
		return 0;
	p->uncommitted = 0;
	return run_commit(&p->run, e);
}

static bool
goes_with(const struct replay *p, const struct quarantined *q)
{
	const struct frame_chunk *c = &p->batch->chunk;

	return q->at == p->at && str_eq(q->source, str_of(p->source.p)) && str_eq(q->origin, str_of(p->origin.p)) &&
	    find_file(p, q) == p->of && c->records < GROUP_LINES && c->len + q->bytes.len <= FRAME_ROOM;
}

/* Of a line that was too long only the beginning is there. */
static bool
can_be_tried(const struct quarantined *q)
{
	return q->bytes.len > 0 && q->bytes.len <= JSON_LEN_MAX &&
	    !str_eq(q->reason, str_of(event_fault_name(EVENT_TOO_LONG)));
}

static int
add_line(void *arg, const struct quarantined *q, struct err *e)
{
	struct replay *p = arg;
	struct frame_chunk *c;

	p->stopped = p->stopped || run_stopped(&p->run);
	if (p->stopped)
		return 0;
	if (!can_be_tried(q)) {
		p->run.r->read++;
		p->run.r->quarantined++;
		p->run.r->fault[EVENT_TOO_LONG]++;
		return 0;
	}
	if (p->batch != NULL && !goes_with(p, q) && end_group(p, e) < 0)
		return -1;
	if (p->batch == NULL && begin_group(p, q, e) < 0)
		return -1;
	c = &p->batch->chunk;
	mem_grow(&c->record, &c->record_cap, c->records + 1, sizeof(*c->record));
	p->id[c->records] = q->id;
	c->record[c->records++] = (struct frame_record){
		.at = c->len, .len = q->bytes.len, .detail = "",
		.offset = p->of != NULL ? q->position : (uint64_t)q->id,
		.end = (uint64_t)q->id, /* another for each */
		.line = q->line > 0 ? q->line - 1 : 0,
	};
	memcpy(c->p + c->len, q->bytes.p, q->bytes.len);
	c->len += q->bytes.len;
	return 0;
}

/* ---- The whole ---- */

static int
check_options(const struct ingest_options *o, struct err *e)
{
	if (run_check_names(o, e) < 0)
		return -1;
	if (o->from != NULL && (strcmp(o->from, "auto") == 0 || strcmp(o->from, "auditd") == 0))
		return err_set(e, ERR_FAIL, "--from %s: quarantined lines are tried one by one, as events or by a mapping",
		    o->from);
	return 0;
}

static int
replay_all(struct replay *p, struct store *st, struct err *e)
{
	p->run.replay = true;
	p->run.taken = was_taken;
	p->run.refused = was_refused;
	p->run.taken_arg = p->run.refused_arg = p;
	p->run.st = st;
	if (store_files(st, &p->file, &p->files, e) < 0 || store_quarantine_each(st, add_line, p, e) < 0 ||
	    end_group(p, e) < 0 || run_commit(&p->run, e) < 0)
		return -1;
	return p->stopped ? err_set(e, ERR_FAIL, "interrupted: not all quarantined lines were tried") : 0;
}

int
ingest_replay(struct store *st, bool dry, struct pool *pool, const struct ingest_options *o,
    struct ingest_receipt *r, struct err *e)
{
	struct replay *p;
	int rc;

	*r = (struct ingest_receipt){ 0 };
	if (check_options(o, e) < 0)
		return -1;
	p = mem_zero(1, sizeof(*p));
	p->o = *o;
	p->named = o->source != NULL;
	rc = run_open(&p->run, dry ? NULL : st, pool, &p->o, r, e);
	if (rc == 0)
		rc = replay_all(p, st, e);
	run_close(&p->run);
	store_files_free(p->file, p->files);
	input_close(&p->input);
	buf_fini(&p->source);
	buf_fini(&p->origin);
	free(p);
	return rc;
}
