/*
 * prune_record: the records of a prune (see prune_record.h).
 *
 *	{"operation":"0190...","part":1,"events":9,"rules":{"debug":9},
 *	 "first_seq":0,"last_seq":12,"oldest":"...","newest":"...","digest":"9f86..."}
 *	{"operation":"0190...","closing":true,"events":9,"plan":"9f86...",
 *	 "rules":[{"name":"debug","filter":"severity = info","cutoff":"...","events":9}],
 *	 "kept":[{"hold":1,"matter":"M-17","events":2}],
 *	 "archive":{"file":"/srv/a.jsonl.zst","events":9,"sha256":"...","manifest_sha256":"..."}}
 */
#include "cli/prune_record.h"

#include <inttypes.h>

#define FILTER_MAX ((size_t)16 * 1024) /* of one rule, in a record */

static void
put_time(struct buf *out, const char *key, int64_t us)
{
	buf_printf(out, ",\"%s\":", key);
	cli_quote_time(out, us);
}

static void
put_hash(struct buf *out, const char *key, const struct hash *h)
{
	buf_printf(out, ",\"%s\":\"", key);
	buf_hex(out, h->b, HASH_LEN);
	buf_byte(out, '"');
}

static void
put_part(struct buf *out, const struct prune_operation *op, const struct prune_part *part)
{
	bool any = false;

	buf_printf(out, ",\"part\":%u,\"events\":%" PRIu64 ",\"rules\":{", part->part, part->events);
	for (size_t i = 0; i < op->rules->n; i++) {
		if (part->by_rule[i] == 0)
			continue;
		if (any)
			buf_byte(out, ',');
		cli_quote(out, op->rules->rule[i].name);
		buf_printf(out, ":%" PRIu64, part->by_rule[i]);
		any = true;
	}
	buf_printf(out, "},\"first_seq\":%" PRIu64 ",\"last_seq\":%" PRIu64, part->first_seq, part->last_seq);
	put_time(out, "oldest", part->oldest);
	put_time(out, "newest", part->newest);
	buf_printf(out, ",\"digest\":\"%s\"", part->digest);
}

static void
put_rules(struct buf *out, const struct prune_operation *op, const struct prune_part *part)
{
	buf_str(out, STR(",\"rules\":["));
	for (size_t i = 0; i < op->rules->n; i++) {
		struct str filter = buf_view(&op->rules->expression[i]);

		buf_str(out, i > 0 ? STR(",{\"name\":") : STR("{\"name\":"));
		cli_quote(out, op->rules->rule[i].name);
		buf_str(out, STR(",\"filter\":"));
		cli_quote(out, filter.len <= FILTER_MAX ? filter : STR("(too long to be repeated here)"));
		put_time(out, "cutoff", op->rules->rule[i].cutoff);
		buf_printf(out, ",\"events\":%" PRIu64 "}", part->by_rule[i]);
	}
	buf_byte(out, ']');
}

static void
put_kept(struct buf *out, const struct prune_part *part)
{
	buf_str(out, STR(",\"kept\":["));
	for (size_t i = 0; i < part->holds; i++) {
		buf_printf(out, "%s{\"hold\":%" PRId64 ",\"matter\":", i > 0 ? "," : "", part->held[i].hold);
		cli_quote(out, str_of(part->held[i].matter));
		buf_printf(out, ",\"events\":%" PRIu64 "}", part->held[i].events);
	}
	buf_byte(out, ']');
}

static void
put_closing(struct buf *out, const struct prune_operation *op, const struct prune_part *part)
{
	const struct archive *archive = op->archive;

	buf_printf(out, ",\"closing\":true,\"events\":%" PRIu64, part->events);
	put_hash(out, "plan", &op->plan->digest);
	put_rules(out, op, part);
	put_kept(out, part);
	if (archive == NULL)
		return;
	buf_str(out, STR(",\"archive\":{\"file\":"));
	cli_quote(out, str_of(archive->path));
	buf_printf(out, ",\"events\":%" PRIu64, archive->events);
	put_hash(out, "sha256", &archive->sha256);
	put_hash(out, "manifest_sha256", &archive->manifest_sha256);
	buf_byte(out, '}');
}

void
prune_record(void *arg, const struct prune_part *part, struct event *record, struct arena *a)
{
	struct prune_operation *op = arg;
	struct buf context = { 0 };

	buf_printf(&context, "{\"operation\":\"%s\"", op->id);
	if (part->part > 0)
		put_part(&context, op, part);
	else
		put_closing(&context, op, part);
	buf_byte(&context, '}');
	cli_record(record, op->who, "audit.prune", buf_view(&context), a);
	buf_fini(&context);
	if (part->part > 0 && op->progress != NULL) {
		op->removed += part->events;
		progress_update(op->progress, op->removed, (double)op->removed / (double)op->plan->events);
	}
}
