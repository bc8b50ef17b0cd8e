/*
 * subject_json: a person's values out of JSON, and out of events.
 *
 * In: JSON or an event as it is stored.   Out: the same without the values,
 * all other bytes as they were.
 */
#include "event/subject.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/random.h"

#define SUFFIX_MAX 10 /* "_" and a number of keys */
#define DIGEST_BYTES 8 /* of an id that became too long */

/* A string, key or number that is written anew. */
struct edit {
	uint32_t token;
	struct str text; /* unescaped */
};

struct editor {
	const struct subject *s;
	struct json_tape t;
	struct arena *a;
	struct buf text; /* scratch */
	struct edit *edit;
	size_t n, cap;
	uint64_t hits;
	bool keys; /* some key is written anew */
};

static struct str
keep(struct arena *a, const struct buf *b)
{
	return (struct str){ arena_copy(a, b->p, b->len), b->len };
}

/* ---- what changes ---- */

static void
edit_token(struct editor *d, uint32_t i)
{
	const struct json_token *tok = &d->t.tok[i];
	struct str s = json_bytes(&d->t, tok);
	size_t hits, start, end;

	if (tok->type == TOKEN_NUMBER) {
		if (!subject_find(d->s, s, 0, &start, &end) || end - start < s.len)
			return;
	} else if (tok->type == TOKEN_STRING) {
		s = (struct str){ s.p + 1, s.len - 2 };
		if (tok->flags & JSON_ESCAPED) {
			if (!subject_may_occur(d->s, s))
				return;
			s = json_unescape(&d->t, tok, d->a);
		}
	} else
		return;
	buf_reset(&d->text);
	hits = subject_replace(d->s, s, &d->text);
	if (hits == 0)
		return;
	d->hits += hits;
	d->keys |= (tok->flags & JSON_KEY) != 0;
	mem_grow(&d->edit, &d->cap, d->n + 1, sizeof(*d->edit));
	d->edit[d->n++] = (struct edit){ i, keep(d->a, &d->text) };
}

/* ---- keys that became the same ---- */

/* A hash table of the names of an object; its key is secret, because
 * attackers choose the names. */
struct name {
	struct str name; /* p == NULL: free */
	unsigned next;   /* the number to try for the next of this name */
};

struct names {
	struct name *slot;
	size_t size; /* a power of two, more than the names */
	uint64_t secret;
};

/* The slot of a name; *taken: it was there. */
static struct name *
take_name(struct names *names, struct str name, bool *taken)
{
	size_t at = hash64(names->secret, name.p, name.len) & (names->size - 1);

	for (; names->slot[at].name.p != NULL; at = (at + 1) & (names->size - 1))
		if (str_eq(names->slot[at].name, name)) {
			*taken = true;
			return &names->slot[at];
		}
	*taken = false;
	names->slot[at] = (struct name){ name, 2 };
	return &names->slot[at];
}

/* name_2, name_3 ...: the first that is free and makes no value of the
 * person at its end. */
static void
settle_name(struct editor *d, struct names *names, struct edit *edit)
{
	struct str name = edit->text;
	bool taken;
	struct name *slot = take_name(names, name, &taken);
	char *longer;
	size_t start, end;

	if (!taken)
		return;
	longer = arena_bytes(d->a, name.len + SUFFIX_MAX + 1);
	memcpy(longer, name.p, name.len);
	edit->text.p = longer;
	do {
		edit->text.len = name.len + (size_t)snprintf(longer + name.len, SUFFIX_MAX + 1, "_%u", slot->next++);
		if (subject_find(d->s, edit->text, 0, &start, &end))
			continue;
		take_name(names, edit->text, &taken);
	} while (taken);
}

/* One object; `of` has the number of each token's edit, and 1. */
static void
settle_object(struct editor *d, uint32_t object, const uint32_t *of)
{
	const struct json_token *tok = d->t.tok;
	struct names names = { .size = 16 };
	size_t keys = 0, edits = 0;
	uint32_t i;
	bool taken;

	for (i = object + 1; i < tok[object].next; i = tok[i + 1].next) {
		keys++;
		edits += of[i] != 0;
	}
	if (edits == 0)
		return;
	while (names.size < keys * 2)
		names.size *= 2;
	names.slot = arena_alloc(d->a, names.size * sizeof(*names.slot));
	memset(names.slot, 0, names.size * sizeof(*names.slot));
	names.secret = random_u64();
	for (i = object + 1; i < tok[object].next; i = tok[i + 1].next)
		if (of[i] == 0)
			take_name(&names, json_unescape(&d->t, &tok[i], d->a), &taken);
	for (i = object + 1; i < tok[object].next; i = tok[i + 1].next)
		if (of[i] != 0)
			settle_name(d, &names, &d->edit[of[i] - 1]);
}

static void
settle_keys(struct editor *d)
{
	uint32_t *of = arena_alloc(d->a, d->t.n * sizeof(*of));

	memset(of, 0, d->t.n * sizeof(*of));
	for (size_t i = 0; i < d->n; i++)
		of[d->edit[i].token] = (uint32_t)i + 1;
	for (uint32_t i = 0; i < d->t.n; i++)
		if (d->t.tok[i].type == TOKEN_OBJECT)
			settle_object(d, i, of);
}

/* ---- JSON ---- */

static void
write_edits(const struct editor *d, struct str json, struct buf *out)
{
	size_t done = 0;

	for (size_t i = 0; i < d->n; i++) {
		const struct json_token *tok = &d->t.tok[d->edit[i].token];

		buf_add(out, json.p + done, tok->off - done);
		json_quote(out, d->edit[i].text);
		done = tok->off + tok->len;
	}
	buf_add(out, json.p + done, json.len - done);
}

static uint64_t
replace_json(const struct subject *s, struct str json, struct buf *out, struct arena *a)
{
	struct editor d = { .s = s, .a = a };
	struct json_error e;

	if (!subject_may_occur(s, json))
		return 0;
	if (json_scan_limit(&d.t, json.p, json.len, JSON_STORED_MAX, &e) == 0) {
		for (uint32_t i = 0; i < d.t.n; i++)
			edit_token(&d, i);
		if (d.keys)
			settle_keys(&d);
		if (d.hits > 0)
			write_edits(&d, json, out);
	} else
		d.hits = subject_replace(s, json, out);
	json_tape_fini(&d.t);
	buf_fini(&d.text);
	free(d.edit);
	return d.hits;
}

size_t
subject_replace_json(const struct subject *s, struct str json, struct buf *out)
{
	struct arena a = { 0 };
	size_t hits = replace_json(s, json, out, &a);

	arena_fini(&a);
	return hits;
}

/* ---- events ---- */

static bool
is_text(enum field f)
{
	return (field_table[f].type == FIELD_STRING && !(field_table[f].flags & F_ENUM)) ||
	    field_table[f].type == FIELD_JSON;
}

/* The pseudonym and a digest of what the id would have been: ids that differ
 * still do. */
static struct str
short_id(struct str name, struct str id, struct arena *a)
{
	struct buf out = { 0 };
	struct hash digest;
	struct str kept;

	hash_bytes(&digest, id.p, id.len);
	buf_str(&out, name);
	buf_byte(&out, ':');
	buf_hex(&out, digest.b, DIGEST_BYTES);
	kept = keep(a, &out);
	buf_fini(&out);
	return kept;
}

/* A field that is the pseudonym alone. */
static struct str
whole_value(struct str name, enum field f, struct arena *a)
{
	struct buf out = { 0 };
	struct str kept;

	if (f == FIELD_CONTEXT)
		buf_printf(&out, "{\"%.*s\":\"%.*s\"}", (int)name.len, name.p, (int)name.len, name.p);
	else if (f == FIELD_CHANGES)
		buf_printf(&out, "\"%.*s\"", (int)name.len, name.p);
	else
		buf_str(&out, name);
	kept = keep(a, &out);
	buf_fini(&out);
	return kept;
}

static bool
may_be_too_long(const struct event *ev)
{
	size_t n = 2;
	field_set left;

	for (left = ev->present; left != 0; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);

		n += 64;
		if (field_table[f].type != FIELD_TIMESTAMP)
			n += ev->v[f].len * (field_table[f].type == FIELD_STRING ? 6 : 1);
	}
	return n > JSON_STORED_MAX;
}

static enum field
longest(const struct event *ev, field_set of)
{
	enum field best = FIELD_NONE;

	for (; of != 0; of &= of - 1) {
		enum field f = (enum field)__builtin_ctzll(of);

		if (best == FIELD_NONE || ev->v[f].len > ev->v[best].len)
			best = f;
	}
	return best;
}

/* Makes the line short enough, and gives the fields that had to be replaced
 * as a whole. */
static field_set
fit(struct event *ev, field_set changed, struct str name, struct arena *a)
{
	struct buf line = { 0 };
	field_set whole = 0;

	while (may_be_too_long(ev) && changed != whole) {
		enum field f = longest(ev, changed & ~whole);

		buf_reset(&line);
		event_format(&line, ev);
		if (line.len <= JSON_STORED_MAX)
			break;
		ev->v[f] = whole_value(name, f, a);
		whole |= FIELD_BIT(f);
	}
	buf_fini(&line);
	return whole;
}

bool
subject_event(const struct subject *s, const struct event *in, struct event *out,
    struct arena *a, struct subject_found *found)
{
	struct str name = subject_pseudonym(s);
	struct buf text = { 0 };
	field_set left, changed = 0, whole;

	*out = *in;
	for (left = in->present; left != 0; left &= left - 1) {
		enum field f = (enum field)__builtin_ctzll(left);
		uint64_t hits;

		if (!is_text(f))
			continue;
		buf_reset(&text);
		if (field_table[f].type == FIELD_JSON)
			hits = replace_json(s, in->v[f], &text, a);
		else
			hits = subject_replace(s, in->v[f], &text);
		if (hits == 0)
			continue;
		if (found != NULL && changed == 0)
			memset(found->hits, 0, sizeof(found->hits));
		if (found != NULL)
			found->hits[f] = hits;
		changed |= FIELD_BIT(f);
		out->v[f] = f == FIELD_ID && text.len > EVENT_ID_MAX ? short_id(name, buf_view(&text), a) :
		    keep(a, &text);
	}
	buf_fini(&text);
	whole = fit(out, changed, name, a);
	if (found != NULL) {
		found->fields = changed;
		found->whole = whole;
	}
	return changed != 0;
}
