/*
 * auditd_facts: what a record tells, and the record as JSON.
 *
 * A value is text, or a number when nothing else can be meant; its token stays
 * as it is.  Bytes in hexadecimal that are no UTF-8 stay so, under NAME_hex.
 */
#include "ingest/auditd_facts.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "event/json.h"

/* The names that the record's object has already, and the words in between. */
struct object {
	struct buf *out;
	struct str name[AUDITD_PAIRS_MAX + 4];
	unsigned again[AUDITD_PAIRS_MAX + 4]; /* how often a name came again */
	size_t n;
	uint64_t seen; /* a bit for each name that may be there */
	struct buf words;
};

void
auditd_facts_init(struct auditd_facts *f, struct arena *a)
{
	*f = (struct auditd_facts){ .a = a };
}

void
auditd_facts_fini(struct auditd_facts *f)
{
	buf_fini(&f->command);
}

/* ---- What is told ---- */

/* key="exec" or, of several rules, their keys with a byte 0x01 in between. */
static void
note_keys(struct auditd_facts *f, struct str value)
{
	while (value.len > 0 && f->n_keys < AUDITD_KEYS_MAX) {
		const char *end = memchr(value.p, '\x01', value.len);
		size_t len = end != NULL ? (size_t)(end - value.p) : value.len;

		if (len > 0 && len <= AUDITD_FIELD_MAX)
			f->keys[f->n_keys++] = (struct str){ value.p, len };
		len += end != NULL;
		value.p += len;
		value.len -= len;
	}
}

static void
note(struct auditd_facts *f, enum auditd_fact fact, struct str value, bool main)
{
	uint64_t bit = UINT64_C(1) << fact;

	if (fact == FACT_NONE || auditd_is_nothing(value) || value.len > AUDITD_FIELD_MAX)
		return;
	if (fact == FACT_KEY && f->n_keys == 0)
		note_keys(f, value);
	if (f->v[fact].p != NULL && (!main || (f->from_main & bit) != 0))
		return;
	f->v[fact] = value;
	if (main)
		f->from_main |= bit;
}

/* Of a rename the old name, of anything else what it made, or what it used. */
static enum auditd_path_rank
rank_path(struct str nametype)
{
	if (str_eq(nametype, STR("DELETE")))
		return PATH_DELETED;
	if (str_eq(nametype, STR("CREATE")))
		return PATH_CREATED;
	return str_eq(nametype, STR("PARENT")) ? PATH_PARENT : PATH_USED;
}

static void
note_path(struct auditd_facts *f, struct str name, struct str nametype)
{
	enum auditd_path_rank rank = rank_path(nametype);

	f->paths++;
	if (auditd_is_nothing(name) || name.len > AUDITD_FIELD_MAX || rank <= f->path_rank)
		return;
	f->path = name;
	f->path_rank = rank;
}

/* ---- Names and values ---- */

void
auditd_write_name(struct buf *out, struct str name, bool first)
{
	if (!first)
		buf_byte(out, ',');
	buf_byte(out, '"');
	buf_str(out, name);
	buf_add(out, "\":", 2);
}

static uint64_t
name_bit(struct str name)
{
	return UINT64_C(1) << (hash64_stable(name.p, name.len) & 63);
}

/* Where it is, or n. */
static size_t
find_name(const struct object *o, struct str name)
{
	size_t i = 0;

	if ((o->seen & name_bit(name)) == 0)
		return o->n;
	while (i < o->n && !str_eq(o->name[i], name))
		i++;
	return i;
}

static void
add_name(struct object *o, struct str name)
{
	o->name[o->n] = name;
	o->again[o->n++] = 0;
	o->seen |= name_bit(name);
}

/* NAME, or NAME_2, NAME_3 ... when that is taken. */
static void
begin_member(struct object *o, struct str name, struct arena *a)
{
	char text[AUDITD_NAME_MAX + 32];
	size_t first = find_name(o, name);
	struct str base = name;

	while (find_name(o, name) < o->n) {
		int len = snprintf(text, sizeof(text), "%.*s_%u", (int)base.len, base.p, ++o->again[first] + 1);

		name = (struct str){ text, (size_t)len };
	}
	if (name.p == text)
		name.p = arena_copy(a, text, name.len);
	add_name(o, name);
	auditd_write_name(o->out, name, false);
}

static struct str
join_name(struct str first, struct str second, struct arena *a)
{
	char *p = arena_bytes(a, first.len + second.len);

	memcpy(p, first.p, first.len);
	memcpy(p + first.len, second.p, second.len);
	return (struct str){ p, first.len + second.len };
}

/* The arguments of a command line, which the kernel parts by NUL. */
static struct str
spaced(struct str s, struct arena *a)
{
	char *p = arena_copy(a, s.p, s.len);

	while (s.len > 0 && p[s.len - 1] == '\0')
		s.len--;
	for (size_t i = 0; i < s.len; i++)
		if (p[i] == '\0')
			p[i] = ' ';
	return (struct str){ p, s.len };
}

/* Appends a pair; returns its text for those who note it. */
static struct str
write_pair(struct object *o, const struct auditd_pair *pair, const struct auditd_key *key, struct arena *a)
{
	struct str text = pair->value;

	if (!pair->quoted && key->kind == AUDITD_TEXT && auditd_is_hex(text)) {
		text = auditd_unhex(text, a);
		if (utf8_valid_prefix(text.p, text.len) < text.len) {
			begin_member(o, join_name(pair->name, STR("_hex"), a), a);
			json_quote(o->out, pair->value);
			return (struct str){ "", 0 };
		}
		if (key->fact == FACT_TITLE)
			text = spaced(text, a);
	}
	begin_member(o, pair->name, a);
	if (!pair->quoted && key->kind == AUDITD_PLAIN && auditd_is_integer(text))
		buf_str(o->out, text);
	else
		json_quote(o->out, text);
	return text;
}

/* ---- A record ---- */

static void
begin_object(struct object *o, struct buf *out, const struct auditd_head *h)
{
	o->out = out;
	o->n = 0;
	o->seen = 0;
	add_name(o, STR("type"));
	o->words = (struct buf){ 0 };
	buf_byte(out, '{');
	auditd_write_name(out, STR("type"), true);
	json_quote(out, h->type);
}

static void
end_object(struct object *o, struct arena *a)
{
	if (o->words.len > 0) {
		begin_member(o, STR("text"), a);
		json_quote(o->out, buf_view(&o->words));
	}
	buf_fini(&o->words);
	buf_byte(o->out, '}');
}

static void
add_word(struct object *o, struct str word, struct auditd_facts *f)
{
	if (str_eq(word, STR("denied")))
		f->denied = true;
	else if (str_eq(word, STR("granted")))
		f->granted = true;
	if (o->words.len > 0)
		buf_byte(&o->words, ' ');
	buf_str(&o->words, word);
}

/* Old kernels: old auid=4294967295 new auid=1000.  The new ones write old-auid=
 * and auid=. */
static void
heed_old_and_new(struct object *o, struct str *name, size_t words_before, struct arena *a)
{
	const char *last = o->words.p + words_before;
	struct str word = { last, o->words.len - words_before };
	bool is_old = str_eq(word, STR("old"));

	if (name->len > AUDITD_NAME_MAX - 4 || (!is_old && !str_eq(word, STR("new"))))
		return;
	if (is_old)
		*name = join_name(STR("old-"), *name, a);
	o->words.len = words_before > 0 ? words_before - 1 : 0;
}

/* What is more than a record can have names for. */
static void
write_rest(struct object *o, const struct auditd_walk *w, struct arena *a)
{
	begin_member(o, STR("rest"), a);
	json_quote(o->out, (struct str){ w->p, (size_t)(w->end - w->p) });
}

void
auditd_write_record(struct buf *out, const struct auditd_head *h, struct auditd_facts *f, bool main)
{
	struct object o;
	struct auditd_walk w = auditd_walk_start(h->body);
	struct auditd_pair pair;
	struct str name = { "", 0 }, nametype = { "", 0 };
	bool is_path = h->known != NULL && str_eq(h->type, STR("PATH"));
	bool is_tty = str_eq(h->type, STR("TTY")) || str_eq(h->type, STR("USER_TTY"));
	bool after_word = false;
	size_t last_word = 0;

	begin_object(&o, out, h);
	while (o.n < AUDITD_PAIRS_MAX && auditd_walk_next(&w, &pair)) {
		const struct auditd_key *key;
		struct str text;

		if (pair.name.p == NULL) {
			last_word = o.words.len + (o.words.len > 0);
			add_word(&o, pair.value, f);
			after_word = true;
			continue;
		}
		if (after_word)
			heed_old_and_new(&o, &pair.name, last_word, f->a);
		after_word = false;
		key = auditd_key_find(pair.name);
		/* What was typed may be a password: redaction knows it by this name. */
		if (is_tty && str_eq(pair.name, STR("data")))
			pair.name = STR("keystrokes");
		text = write_pair(&o, &pair, key, f->a);
		if (is_path && key->fact == FACT_NAME)
			name = text;
		else if (is_path && key->fact == FACT_NAMETYPE)
			nametype = text;
		else
			note(f, key->fact, text, main);
	}
	if (w.p < w.end)
		write_rest(&o, &w, f->a);
	if (is_path)
		note_path(f, name, nametype);
	end_object(&o, f->a);
}

/* ---- Arguments ---- */

struct piece {
	uint64_t index, slice;
	size_t order; /* of those with the same two */
	struct str value;
	bool quoted;
};

struct pieces {
	struct piece *item;
	size_t n, cap;
	uint64_t argc;
	uint64_t length; /* what the a1_len= together say ... */
	uint64_t sliced; /* ... and what the slices have */
};

/* a12, a12[3], a12_len: whether it is an argument, or its length. */
static bool
parse_argument(struct str name, struct piece *piece, bool *is_length)
{
	const struct str length = STR("_len");
	struct str s = { name.p + 1, name.len - 1 };
	const char *bracket;

	piece->slice = 0;
	*is_length = false;
	if (name.len < 2 || name.p[0] != 'a')
		return false;
	if (s.len > length.len && memcmp(s.p + s.len - length.len, length.p, length.len) == 0) {
		*is_length = true;
		s.len -= length.len;
	} else if (s.p[s.len - 1] == ']' && (bracket = memchr(s.p, '[', s.len)) != NULL) {
		struct str slice = { bracket + 1, (size_t)(s.p + s.len - 1 - (bracket + 1)) };

		if (!auditd_number(slice, &piece->slice))
			return false;
		s.len = (size_t)(bracket - s.p);
	}
	return auditd_number(s, &piece->index);
}

static void
take_pair(struct object *o, struct pieces *p, const struct auditd_pair *pair, struct arena *a)
{
	struct piece piece = { .order = p->n, .value = pair->value, .quoted = pair->quoted };
	uint64_t length;
	bool is_length;

	if (str_eq(pair->name, STR("argc")) && auditd_number(pair->value, &p->argc))
		return;
	if (!parse_argument(pair->name, &piece, &is_length)) {
		if (o->n < AUDITD_PAIRS_MAX)
			write_pair(o, pair, auditd_key_find(pair->name), a);
		else
			buf_str(&o->words, pair->value);
		return;
	}
	if (is_length) {
		if (auditd_number(pair->value, &length) && length < UINT32_MAX)
			p->length += length;
		return;
	}
	if (pair->name.p[pair->name.len - 1] == ']')
		p->sliced += pair->value.len;
	mem_grow(&p->item, &p->cap, p->n + 1, sizeof(p->item[0]));
	p->item[p->n++] = piece;
}

static int
compare_pieces(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	if (x->slice != y->slice)
		return x->slice < y->slice ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Whole arguments: half of one could be half a secret, which nobody would know. */
static void
add_to_command(struct auditd_facts *f, struct str argument)
{
	const struct str more = STR("...");

	if (f->command_full)
		return;
	f->command_full = f->command.len + 1 + argument.len + 1 + more.len > AUDITD_FIELD_MAX;
	if (f->command.len > 0)
		buf_byte(&f->command, ' ');
	buf_str(&f->command, f->command_full ? more : argument);
}

/* One argument from its slices; {"hex":"..."} when it is no UTF-8. */
static void
write_argument(struct buf *out, const struct piece *piece, size_t n, struct auditd_facts *f)
{
	struct buf whole = { 0 };
	struct str all;

	for (size_t i = 0; i < n; i++) {
		bool hex = !piece[i].quoted && auditd_is_hex(piece[i].value);

		buf_str(&whole, hex ? auditd_unhex(piece[i].value, f->a) : piece[i].value);
	}
	all = buf_view(&whole);
	if (utf8_valid_prefix(all.p, all.len) == all.len) {
		add_to_command(f, all);
		json_quote(out, all);
	} else {
		buf_add(out, "{\"hex\":\"", 8);
		buf_hex(out, all.p, all.len);
		buf_add(out, "\"}", 2);
		add_to_command(f, STR("?"));
	}
	buf_fini(&whole);
}

/* A gap in the numbers is null. */
static void
write_pieces(struct buf *out, struct pieces *p, struct auditd_facts *f)
{
	uint64_t expected = 0;

	if (p->n > 0)
		qsort(p->item, p->n, sizeof(p->item[0]), compare_pieces);
	for (size_t i = 0, n; i < p->n; i += n) {
		for (n = 1; i + n < p->n && p->item[i + n].index == p->item[i].index;)
			n++;
		if (i > 0)
			buf_byte(out, ',');
		if (p->item[i].index != expected) {
			buf_add(out, "null,", 5);
			f->arguments_missing = true;
		}
		write_argument(out, &p->item[i], n, f);
		expected = p->item[i].index + 1;
	}
	if (p->argc != expected || p->length != p->sliced)
		f->arguments_missing = true;
}

void
auditd_write_arguments(struct buf *out, const struct auditd_head *h, size_t n, struct auditd_facts *f)
{
	struct pieces p = { 0 };
	struct object o;

	begin_object(&o, out, &h[0]);
	for (size_t i = 0; i < n; i++) {
		struct auditd_walk w = auditd_walk_start(h[i].body);
		struct auditd_pair pair;

		if (!str_eq(h[i].type, h[0].type))
			continue;
		while (auditd_walk_next(&w, &pair))
			if (pair.name.p != NULL)
				take_pair(&o, &p, &pair, f->a);
			else
				add_word(&o, pair.value, f);
	}
	begin_member(&o, STR("argc"), f->a);
	buf_printf(out, "%llu", (unsigned long long)p.argc);
	begin_member(&o, STR("args"), f->a);
	buf_byte(out, '[');
	write_pieces(out, &p, f);
	buf_byte(out, ']');
	end_object(&o, f->a);
	free(p.item);
}
