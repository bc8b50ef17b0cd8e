/*
 * records: cutting a stream of JSON where its records begin and end.
 *
 *	{"Records":[{"eventID":"1"},{"eventID":"2"}]}
 *	           ^-------------^ ^-------------^
 *
 * A comma or a closing bracket with nothing before it is passed over, so that
 * reading can go on in the middle of a list.
 *
 * A record is broken where no JSON could go on: a newline within a string, or
 * a value behind a value.  What was read of it is one record, up to the last
 * newline before that place; what is behind it begins anew.
 */
#include "ingest/records.h"

#include "base/simd.h"

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void
records_init(struct records *r, const struct str *list, size_t n_list)
{
	*r = (struct records){ .list = list, .n_list = n_list };
}

void
records_go_on(struct records *r, uint64_t offset, uint64_t lines)
{
	r->offset = offset;
	r->line = lines;
	r->resumed = offset > 0;
}

void
records_fini(struct records *r)
{
	buf_fini(&r->text);
}

/* What was given out, or read over, goes first. */
void
records_feed(struct records *r, const char *p, size_t len)
{
	size_t done = r->within && !r->skipping ? r->start : r->at;

	buf_drop(&r->text, done);
	r->offset += done;
	r->at -= done;
	r->start = r->start > done ? r->start - done : 0;
	r->newline = r->newline > done ? r->newline - done : 0;
	r->key = r->key > done ? r->key - done : 0;
	r->key_end = r->key_end > done ? r->key_end - done : 0;
	buf_add(&r->text, p, len);
}

void
records_end(struct records *r)
{
	r->ended = true;
}

/* ---- giving out ---- */

/* The record ends before `end`, and what comes next begins there. */
static bool
give(struct records *r, size_t end, bool broken, struct record *out)
{
	bool skipped = r->skipping;

	if (skipped)
		r->skipped_end = r->offset + end;
	*out = (struct record){ .text = { r->text.p + r->start, end - r->start }, .offset = r->offset + r->start,
		.end = r->offset + end, .line = r->first_line, .too_long = end - r->start > JSON_LEN_MAX,
		.broken = broken };
	r->within = r->skipping = r->string = r->escape = r->bare = false;
	r->depth = 0;
	r->last = 0;
	r->at = end;
	/* Its beginning was given out when it became too long. */
	return !skipped;
}

static bool
give_too_long(struct records *r, struct record *out)
{
	*out = (struct record){ .text = { r->text.p + r->start, r->at - r->start },
		.offset = r->offset + r->start, .end = r->offset + r->at, .line = r->first_line, .too_long = true };
	r->skipping = true;
	return true;
}

/* Cuts at the last newline, or reads on to the next one. */
static bool
give_broken(struct records *r, struct record *out)
{
	if (r->newline > r->start) {
		r->line = r->newline_line;
		return give(r, r->newline, true, out);
	}
	r->bare = true;
	r->in_line = true;
	return false;
}

/* ---- between records ---- */

static void
begin(struct records *r, bool bare)
{
	r->within = true;
	r->bare = bare;
	r->in_line = bare && !r->in_list;
	r->start = r->at;
	r->first_line = r->line;
	r->key_open = false;
	r->depth = 0;
	r->last = 0;
	r->newline = 0;
}

/* A byte that belongs to no record so far; true: it is done with. */
static bool
pass_between(struct records *r, char c)
{
	if (is_blank(c) || c == ',' || (c == '}' && r->lists == 0)) {
		/* Only in a list are there commas between records. */
		r->in_list = r->in_list || (c == ',' && r->resumed);
		return true;
	}
	if (c == ']') {
		/* Behind the list of a container its other members may come. */
		if (r->lists == 2 || (r->lists == 0 && r->resumed)) {
			r->lists = 1;
			r->in_list = false;
			begin(r, false);
			r->container = true;
			r->depth = 1;
			r->last = ']';
			r->resumed = false;
		} else {
			r->lists = 0;
			r->in_list = false;
		}
		return true;
	}
	if (c == '[' && !r->in_list) {
		r->resumed = false;
		r->lists = 1;
		r->in_list = true;
		return true;
	}
	r->container = false;
	begin(r, c != '{' && c != '[');
	return false;
}

/* ---- within a record ---- */

static bool
is_list_name(const struct records *r)
{
	struct str key = { r->text.p + r->key, r->key_end - r->key };

	for (size_t i = 0; i < r->n_list; i++)
		if (str_eq(r->list[i], key))
			return true;
	return false;
}

/* At the '[' of a member: the object is no record, but has a list of them. */
static bool
opens_list(struct records *r)
{
	if (r->depth != 1 || r->last != ':' || r->in_list || r->skipping || r->container ||
	    !r->key_open || !is_list_name(r))
		return false;
	r->within = false;
	r->lists = 2;
	r->in_list = true;
	return true;
}

/* Neither object nor list: to the end of the line, or to where an element ends. */
static bool
pass_bare(struct records *r, char c, struct record *out, bool *given)
{
	bool ends = c == '\n' || (!r->in_line && (c == ',' || c == ']'));

	if (ends)
		*given = give(r, r->at, true, out);
	return ends;
}

/* Inside of a string as far as it goes.  false: a newline, which breaks it. */
static bool
pass_string(struct records *r)
{
	unsigned high;

	while (r->at < r->text.len) {
		char c = r->text.p[r->at];

		if (r->escape) {
			r->escape = false;
		} else {
			r->at += simd_plain(r->text.p + r->at, r->text.len - r->at, &high);
			if (r->at == r->text.len)
				break;
			c = r->text.p[r->at];
			if (c == '"')
				break;
			r->escape = c == '\\';
		}
		if (c == '\n')
			return false;
		r->at++;
	}
	if (r->at < r->text.len) {
		r->string = false;
		r->last = '"';
		if (r->depth == 1)
			r->key_end = r->at;
		r->at++;
	}
	return true;
}

/* At a bracket or a quote that opens something. */
static bool
may_open(const struct records *r)
{
	return r->last == 0 || r->last == '{' || r->last == '[' || r->last == ',' || r->last == ':';
}

enum step { STEP_ON, STEP_GIVEN, STEP_AGAIN };

/* What is behind a list of records has no record in it; whatever comes next
 * begins anew. */
static enum step
leave_container(struct records *r)
{
	r->within = r->container = r->string = r->escape = false;
	r->depth = r->lists = 0;
	r->last = 0;
	return STEP_AGAIN;
}

static enum step
open_value(struct records *r, char c, struct record *out)
{
	if (!may_open(r) && r->container)
		return leave_container(r);
	if (!may_open(r))
		return give_broken(r, out) ? STEP_GIVEN : STEP_AGAIN;
	if (c == '[' && opens_list(r)) {
		r->at++;
		return STEP_AGAIN;
	}
	r->last = c;
	r->at++;
	if (c == '"') {
		r->string = true;
		r->key_open = r->depth == 1;
		r->key = r->at;
	} else if (r->depth < RECORDS_DEPTH_MAX)
		r->depth++;
	return STEP_ON;
}

static enum step
close_value(struct records *r, char c, struct record *out)
{
	r->last = c;
	r->at++;
	if (r->depth > 0)
		r->depth--;
	if (r->depth > 0)
		return STEP_ON;
	if (r->container)
		return leave_container(r);
	return give(r, r->at, false, out) ? STEP_GIVEN : STEP_AGAIN;
}

/* The byte at hand, which is not within a string. */
static enum step
step(struct records *r, struct record *out)
{
	char c = r->text.p[r->at];

	switch (c) {
	case '{': case '[': case '"':
		return open_value(r, c, out);
	case '}': case ']':
		return close_value(r, c, out);
	case '\n':
		r->newline = r->at;
		r->newline_line = r->line;
		r->line++;
		break;
	case ' ': case '\t': case '\r':
		break;
	default:
		r->last = c;
		break;
	}
	r->at++;
	return STEP_ON;
}

static enum step
step_within(struct records *r, struct record *out)
{
	bool given = false;

	if (r->bare) {
		if (pass_bare(r, r->text.p[r->at], out, &given))
			return given ? STEP_GIVEN : STEP_AGAIN;
		r->at++;
		return STEP_ON;
	}
	if (!r->string)
		return step(r, out);
	if (pass_string(r))
		return STEP_ON;
	if (r->container)
		return leave_container(r);
	r->newline = r->at;
	r->newline_line = r->line;
	return give(r, r->at, true, out) ? STEP_GIVEN : STEP_AGAIN;
}

bool
records_next(struct records *r, struct record *out)
{
	while (r->at < r->text.len) {
		enum step step;

		if (!r->within) {
			r->line += r->text.p[r->at] == '\n';
			if (pass_between(r, r->text.p[r->at])) {
				r->at++;
				continue;
			}
		}
		if (r->container)
			r->start = r->at; /* nothing of it is kept */
		step = step_within(r, out);
		if (step == STEP_GIVEN)
			return true;
		if (r->within && !r->skipping && r->at - r->start > JSON_LEN_MAX)
			return give_too_long(r, out);
	}
	if (!r->ended || !r->within)
		return false;
	return !r->container && give(r, r->at, true, out);
}
