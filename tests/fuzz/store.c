/*
 * store: a database file that anyone may have written.
 *
 * A small valid store is made once; the input changes it, then everything
 * that a reader can ask is asked, and it is verified.  What verification finds
 * nothing in has the root of the valid store.
 *
 *   byte 0     how: 0 the rest are changes of the valid file, five bytes each:
 *              offset (little-endian, modulo its length) and byte; 1 the next
 *              four bytes are a length to cut it to, then changes; 2 the rest
 *              is the file
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/stream.h"
#include "query/query.h"
#include "store/erase.h"
#include "store/hold.h"
#include "store/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EVENTS = 60 };

static const char *
folder(void)
{
	const char *t = getenv("TMPDIR");

	return t != NULL && *t != '\0' ? t : "/tmp";
}

static void
append(struct store *st, unsigned first, unsigned end)
{
	static const struct event_policy policy = { .stored = true, .assume_now = TIME_NONE };
	struct err e = ERR_NONE;
	struct appender *a = append_open(st, NULL, &e);
	struct json_tape tape = { 0 };
	struct arena arena = { 0 };
	struct buf line = { 0 };
	enum append_result result;
	struct event ev;
	const char *detail;

	for (unsigned n = first; n < end; n++) {
		buf_reset(&line);
		buf_printf(&line,
		    "{\"id\":\"%08x-4f89-71d3-9a0c-0305e82c33aa\",\"time\":\"2026-04-%02uT00:00:00.00000%uZ\","
		    "\"ingested\":\"2026-05-01T00:00:00.000000Z\",\"source\":\"app\",\"action\":\"a%u\","
		    "\"description\":\"text %u\",\"context\":{\"n\":%u}}",
		    n * 2654435761u, 1 + n % 28, n % 10, n % 5, n * 7919, n);
		arena_reset(&arena);
		if (event_parse(&ev, line.p, line.len, &policy, &tape, &arena, &detail) != EVENT_OK ||
		    append_event(a, &ev, LEAF_EVENT, &result, &e) < 0)
			abort();
	}
	append_quarantine(a, &(struct quarantined){ .reason = STR("not-json"), .bytes = STR("x") });
	append_position(a, &(struct store_file){ .name = (char *)(uintptr_t) "app.jsonl", .from = first, .offset = end });
	if (append_commit(a, &e) < 0)
		abort();
	append_close(a);
	json_tape_fini(&tape);
	arena_fini(&arena);
	buf_fini(&line);
}

/* A segment without the thousands of events that would make one. */
static void
seal(struct store *st)
{
	struct err e = ERR_NONE;
	struct state state;

	if (db_begin_write(&st->db, &e) < 0 || state_get(st, &state, &e) < 0 || tail_seal(st, &state, NULL, &e) < 0 ||
	    state_put(st, &state, &e) < 0 || db_commit(&st->db, &e) < 0)
		abort();
}

static void
make_record(struct event *ev, struct str action, struct str context)
{
	*ev = (struct event){ 0 };
	event_set(ev, FIELD_ID, action);
	event_set_time(ev, FIELD_TIME, 1776902400000000);
	event_set_time(ev, FIELD_INGESTED, 1776902400000000);
	event_set(ev, FIELD_SOURCE, STR(EVENT_RESERVED_SOURCE));
	event_set(ev, FIELD_ACTION, action);
	event_set(ev, FIELD_SEVERITY, STR("info"));
	event_set(ev, FIELD_OUTCOME, STR("success"));
	if (context.len > 0)
		event_set(ev, FIELD_CONTEXT, context);
}

static void
save_query(struct store *st)
{
	struct saved_query q = { STR("failures"), STR("[\"--outcome\",\"failure\"]"), 1, STR("alice") };
	struct event ev;
	struct err e = ERR_NONE;

	make_record(&ev, STR("a"), STR(""));
	if (store_saved_put(st, &q, &ev, &e) < 0)
		abort();
}

static void
placing(void *arg, const struct hold_placing *h, struct event *record, struct arena *a)
{
	struct buf context = { 0 };
	const char *name = arg;

	buf_printf(&context, "{\"hold\":%" PRId64 ",\"matter\":\"%s\",\"reason\":\"r\",\"filter\":\"action = a%s\","
	    "\"events\":%" PRIu64 ",\"digest\":\"%s\"}", h->id, name, name, h->events, h->digest);
	make_record(record, STR("audit.hold-place"), (struct str){ arena_copy(a, context.p, context.len), context.len });
	buf_fini(&context);
}

static void
lifting(void *arg, const int64_t *id, size_t n, struct event *record, struct arena *a)
{
	struct buf context = { 0 };

	(void)n;
	buf_printf(&context, "{\"matter\":\"%s\",\"reason\":\"over\",\"holds\":[%" PRId64 "]}", (const char *)arg, id[0]);
	make_record(record, STR("audit.hold-lift"), (struct str){ arena_copy(a, context.p, context.len), context.len });
	buf_fini(&context);
}

/* One that is active, of action a1, and one of a2 that was lifted. */
static void
hold(struct store *st)
{
	static const char *const names[] = { "1", "2" };
	struct hold_placing placed;
	struct filter_args args;
	struct err e = ERR_NONE;
	struct filter *f;
	char where[16];
	size_t lifted;

	for (size_t i = 0; i < 2; i++) {
		args = (struct filter_args){ 0 };
		snprintf(where, sizeof(where), "action=a%s", names[i]);
		str_list_add(&args.expr, where, strlen(where));
		if ((f = filter_build(&args, 0, &e)) == NULL ||
		    store_hold_place(st, f, placing, (void *)(uintptr_t)names[i], &placed, &e) < 0)
			abort();
		filter_free(f);
		filter_args_fini(&args);
	}
	if (store_hold_lift(st, STR("2"), lifting, (void *)(uintptr_t)names[1], &lifted, &e) < 0 || lifted != 1)
		abort();
}

static void
erasing(void *arg, const struct erase_part *part, struct event *record, struct arena *a)
{
	struct buf context = { 0 };

	(void)arg;
	buf_printf(&context, "{\"pseudonym\":\"person-1\",\"events\":%" PRIu64, part->events);
	if (part->part > 0)
		buf_printf(&context, ",\"part\":%u,\"first_seq\":%" PRIu64 ",\"last_seq\":%" PRIu64 ",\"digest\":\"%s\"}",
		    part->part, part->first_seq, part->last_seq, part->digest);
	else
		buf_printf(&context, ",\"closing\":true,\"deferred\":%" PRIu64 "}", part->found->held);
	make_record(record, STR("audit.erase"), (struct str){ arena_copy(a, context.p, context.len), context.len });
	buf_fini(&context);
}

/* In the segment and in the tail; what the hold on a1 keeps waits. */
static void
erase(struct store *st)
{
	const struct str value[] = { STR("text 7919"), STR("text 15838"), STR("text 514735") };
	const struct erase_deferred what = { .values = STR("[\"text 7919\",\"text 15838\",\"text 514735\"]"),
		.reason = STR("r"), .by = STR("root"), .at = 1 };
	struct err e = ERR_NONE;
	struct subject *s = subject_new(value, 3, STR("person-1"), &e);
	struct erase_found done = { 0 };

	if (s == NULL || store_erase(st, s, &what, NULL, erasing, NULL, NULL, &done, &e) < 0 || done.events != 2 ||
	    done.held != 1)
		abort();
	erase_found_fini(&done);
	subject_free(s);
}

struct valid {
	struct buf file;
	struct hash root;
	uint64_t size;
};

/* Whether nothing was found.  What is found has words. */
static void
hear(void *arg, const struct verify_finding *f)
{
	(void)arg;
	if (f->text == NULL || f->text[0] == '\0' || strcmp(verify_fault_name(f->fault), "") == 0)
		abort();
}

static bool
verify(struct store *st, struct verify_result *r)
{
	const struct verify_options o = { .found = hear };
	struct err e = ERR_NONE;
	int rc = store_verify(st, &o, r, &e);

	if (rc < 0 && e.text[0] == '\0')
		abort();
	return rc == 0 && r->findings == 0;
}

/* The valid store; the one global of this target, made on first use. */
static const struct valid *
valid_store(void)
{
	static struct valid valid;
	struct verify_result r = { 0 };
	struct err e = ERR_NONE;
	struct store *st;
	char path[256], *bytes;
	size_t len;

	if (valid.file.p != NULL)
		return &valid;
	snprintf(path, sizeof(path), "%s/audit-fuzz-valid.%d", folder(), (int)getpid());
	if ((st = store_open(path, STORE_CREATE, &e)) == NULL)
		abort();
	append(st, 0, EVENTS);
	seal(st);
	append(st, EVENTS, EVENTS + 20);
	save_query(st);
	hold(st);
	erase(st);
	if (!verify(st, &r))
		abort();
	valid.root = r.root;
	valid.size = r.size;
	verify_result_fini(&r);
	store_close(st);
	if ((bytes = file_read(path, 64u << 20, &len, &e)) == NULL)
		abort();
	unlink(path);
	valid.file = (struct buf){ bytes, len, len };
	return &valid;
}

static int
take_line(void *arg, uint64_t seq, struct str line, struct err *e)
{
	(void)e;
	*(uint64_t *)arg += seq + line.len;
	return 0;
}

static int
take_quarantined(void *arg, const struct quarantined *q, struct err *e)
{
	(void)e;
	*(uint64_t *)arg += q->bytes.len + q->reason.len;
	return 0;
}

static int
take_saved(void *arg, const struct saved_query *q, struct err *e)
{
	(void)e;
	*(uint64_t *)arg += q->name.len + q->words.len + q->by.len;
	return 0;
}

static int
take_hold(void *arg, const struct hold *h, struct err *e)
{
	(void)e;
	*(uint64_t *)arg += h->matter.len + h->reason.len + h->filter.len + h->by.len + h->lifted_by.len;
	return 0;
}

static int
take_deferred(void *arg, const struct erase_deferred *d, struct err *e)
{
	(void)e;
	*(uint64_t *)arg += d->values.len + d->pseudonym.len + d->reason.len + d->by.len;
	return 0;
}

/* Whom nobody has met yet. */
static void
read_erasures(struct store *st)
{
	const struct str value = STR("text 55433");
	struct erase_found found = { 0 };
	struct erase_check check;
	struct err e = ERR_NONE;
	struct subject *s = subject_new(&value, 1, STR("person-2"), &e);
	uint64_t sum = 0;

	store_erase_deferred_each(st, take_deferred, &sum, &e);
	err_clear(&e);
	store_erase_plan(st, s, NULL, NULL, &found, &e);
	erase_found_fini(&found);
	err_clear(&e);
	store_erase_check(st, s, NULL, NULL, &check, &e);
	subject_free(s);
}

static void
read_holds(struct store *st)
{
	struct err e = ERR_NONE;
	enum seq_fate fate;
	uint64_t sum = 0;

	store_hold_each(st, take_hold, &sum, &e);
	for (uint64_t seq = 0; seq < EVENTS + 20; seq += 7) {
		err_clear(&e);
		store_hold_explain(st, seq, &fate, take_hold, &sum, &e);
	}
}

static void
run_queries(struct store *st)
{
	struct filter_args args = { 0 };
	struct err e = ERR_NONE;
	struct filter *f;
	struct query_options o = { 0 };
	struct query_stats stats;
	struct summary_options so = { .by = { { .field = FIELD_ACTION }, { .field = FIELD_SOURCE } }, .bys = 2 };
	struct summary *sum = summary_new(&so);
	const struct event *ev;
	struct buf line = { 0 };
	struct query *q;
	uint64_t seq, count;

	str_list_add(&args.expr, "action=a1,a2", 12);
	str_list_add(&args.expr, "description!=text*7", 19);
	f = filter_build(&args, 0, &e);
	o.filter = f;
	if ((q = query_open(st, &o, &e)) != NULL)
		while (query_next(q, &ev, &seq, &e) > 0) {
			buf_reset(&line);
			event_format(&line, ev);
		}
	query_close(q);
	err_clear(&e);
	query_count(st, &o, &count, &stats, &e);
	err_clear(&e);
	query_summary(st, &o, sum, &stats, &e);
	summary_free(sum);
	buf_fini(&line);
	filter_free(f);
	filter_args_fini(&args);
}

/* made_of: NULL when the file has nothing to do with the valid one. */
static void
verify_all(struct store *st, const struct valid *made_of)
{
	struct verify_result r = { 0 };

	if (verify(st, &r) && made_of != NULL &&
	    (r.size != made_of->size || memcmp(&r.root, &made_of->root, sizeof(r.root)) != 0))
		abort();
	verify_result_fini(&r);
}

static void
read_everything(const char *path, const struct valid *made_of)
{
	struct err e = ERR_NONE;
	struct store *st = store_open(path, STORE_READ, &e);
	struct store_file *files;
	struct prune_plan plan = { .rules = 0 };
	struct filter *all;
	struct prune_rule rule = { STR("all"), NULL, INT64_C(1776902400000000) };
	struct hash root;
	uint64_t size, sum = 0;
	size_t n;
	bool moved;

	if (st == NULL)
		return;
	run_queries(st);
	err_clear(&e);
	store_root(st, &size, &root, &e);
	err_clear(&e);
	store_tail(st, 0, INT64_MAX, 20, &moved, take_line, &sum, &e);
	err_clear(&e);
	store_quarantine_each(st, take_quarantined, &sum, &e);
	err_clear(&e);
	store_quarantined(st, 0, INT64_MAX, &sum, &e);
	err_clear(&e);
	store_saved_each(st, take_saved, &sum, &e);
	err_clear(&e);
	read_holds(st);
	read_erasures(st);
	rule.filter = all = filter_all();
	store_prune_plan(st, &rule, 1, 0, NULL, NULL, &plan, &e);
	prune_plan_fini(&plan);
	filter_free(all);
	err_clear(&e);
	if (store_files(st, &files, &n, &e) == 0)
		store_files_free(files, n);
	verify_all(st, made_of);
	store_close(st);
}

static uint32_t
little(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void
change(struct buf *file, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 5 <= size && file->len > 0; i += 5)
		file->p[little(data + i) % file->len] = (char)data[i + 4];
}

static bool
write_file(const char *path, const struct buf *file)
{
	FILE *f = fopen(path, "wb");
	bool ok = f != NULL && fwrite(file->p != NULL ? file->p : "", 1, file->len, f) == file->len;

	return (f == NULL || fclose(f) == 0) && ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf file = { 0 };
	char path[256];

	if (size < 1)
		return 0;
	if (data[0] == 2)
		buf_add(&file, data + 1, size - 1);
	else
		buf_str(&file, buf_view(&valid_store()->file));
	if (data[0] == 1 && size >= 5 && file.len > 0) {
		file.len = little(data + 1) % file.len;
		change(&file, data + 5, size - 5);
	} else if (data[0] != 2)
		change(&file, data + 1, size - 1);
	snprintf(path, sizeof(path), "%s/audit-fuzz.%d", folder(), (int)getpid());
	if (write_file(path, &file))
		read_everything(path, data[0] == 2 ? NULL : valid_store());
	unlink(path);
	buf_fini(&file);
	return 0;
}
