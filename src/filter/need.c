/*
 * need: a text that whatever passes a test contains, so that blocks of text
 * without it are not read.
 *
 *     *.prod.example      -> .prod.example
 *     login,logout        -> login or logout
 *     context.vpn=*       -> "vpn":
 *
 * In: a test.   Out: its filter_need.
 */
#include "filter/need.h"

#include <ctype.h>

#include "base/find.h"
#include "filter/scratch.h"

#define NEED_MIN 3 /* bytes: readers look for trigrams */
#define IN_LINE_MAX 8 /* texts: to look for more is no gain over reading the line */

/* ---- one run of literal bytes ---- */

/* A byte that may stand otherwise in the place looked at. */
static bool
splits(const struct need_finder *n, unsigned char c)
{
	if (n->nocase && c >= 0x80)
		return true; /* whose other case has other bytes */
	switch (n->place) {
	case PLACE_VALUE:
		return false;
	case PLACE_PAYLOAD:
		return c < 0x20 || c == '"' || c == '\\';
	case PLACE_LINE:
		return c < 0x20 || strchr("\"\\{}[]:,", c) != NULL;
	}
	return true;
}

/*
 * How many bytes at the start may be the end of an escape in the line (\n,
 * \u001f), which stands in no value.
 */
static size_t
escape_tail(struct str s)
{
	static const char *const shapes[] = { "u001f", "001f", "01f", "1f", "f" }; /* 1: 0 or 1; f: any digit */

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		size_t n = strlen(shapes[i]), k = 0;

		for (; k < n && k < s.len; k++) {
			char c = s.p[k], shape = shapes[i][k];

			if (shape == 'f' ? !isxdigit((unsigned char)c) : shape == '1' ? c != '0' && c != '1' : c != shape)
				break;
		}
		if (k == n || k == s.len)
			return k;
	}
	return s.len > 0 && memchr("bfnrt", s.p[0], 5) != NULL;
}

/* A text that the line may have outside of all values but those of times. */
static bool
may_be_no_value(struct str s)
{
	size_t i = 0;

	while (i < s.len && memchr("0123456789.+-TZtzEe", s.p[i], 19) != NULL)
		i++;
	if (i == s.len)
		return true;
	for (size_t k = 0; k < FIELD_COUNT; k++) {
		if (memmem(field_table[k].key, field_table[k].key_len, s.p, s.len) != NULL)
			return true;
	}
	return false;
}

static void
consider(struct need_finder *n, struct str s)
{
	if (n->place == PLACE_LINE) {
		size_t tail = escape_tail(s);

		n->more |= tail > 0;
		if (may_be_no_value(s))
			return;
		s.p += tail;
		s.len -= tail;
	}
	if (s.len >= NEED_MIN && s.len > n->best.len)
		n->best = (struct str){ arena_copy(&n->f->arena, s.p, s.len), s.len };
}

void
need_end_run(struct need_finder *n)
{
	char *p = n->run.p;
	size_t from = 0;

	for (size_t i = 0; i < n->run.len; i++) {
		if (n->nocase)
			p[i] = (char)ascii_fold(p[i]);
		n->more |= (p[i] & 0x80) != 0;
		if (!splits(n, (unsigned char)p[i]))
			continue;
		n->more = true;
		consider(n, (struct str){ p + from, i - from });
		from = i + 1;
	}
	if (from < n->run.len)
		consider(n, (struct str){ p + from, n->run.len - from });
	buf_reset(&n->run);
}

void
need_end_alternative(struct need_finder *n)
{
	need_end_run(n);
	if (n->best.len == 0 || n->texts == NEEDS_MAX)
		n->unknown = true;
	else
		n->text[n->texts++] = n->best;
	n->best = (struct str){ 0 };
}

/* ---- globs ---- */

static void
read_glob(struct need_finder *n, struct str glob)
{
	bool escaped;

	for (size_t i = 0; i < glob.len;) {
		char c = value_byte(glob, &i, &escaped);

		if (!escaped && (c == '*' || c == '?'))
			need_end_run(n);
		else
			buf_byte(&n->run, c);
	}
}

static void
read_patterns(struct need_finder *n, const struct filter_test *t)
{
	n->more = true; /* the whole value must be it */
	for (size_t i = 0; i < t->patterns && !n->unknown; i++) {
		if (t->pattern[i].glob)
			read_glob(n, t->pattern[i].text);
		else
			buf_str(&n->run, t->pattern[i].text);
		need_end_alternative(n);
	}
}

/* ---- expressions ---- */

static struct filter_need need_of_node(struct filter *f, const struct filter_node *n, bool line);

/* Of which all hold: what one of them needs, the fewest texts, then the longest. */
static struct filter_need
need_of_all(struct filter *f, const struct filter_node *n, bool line)
{
	struct filter_need best = { 0 };

	for (size_t i = 0; i < n->children; i++) {
		struct filter_need need = need_of_node(f, n->child[i], line);

		if (need.texts > 0 && (best.texts == 0 || need.texts < best.texts ||
		    (need.texts == best.texts && need.text[0].len > best.text[0].len)))
			best = need;
	}
	return best;
}

/* Of which one holds: all their texts, where each has some, found alike. */
static struct filter_need
need_of_any(struct filter *f, const struct filter_node *n, bool line)
{
	struct str *text = arena_alloc(&f->arena, NEEDS_MAX * sizeof(*text));
	struct filter_need all = { .text = text };

	for (size_t i = 0; i < n->children; i++) {
		struct filter_need need = need_of_node(f, n->child[i], line);

		if (need.texts == 0 || all.texts + need.texts > NEEDS_MAX || (i > 0 && need.nocase != all.nocase))
			return (struct filter_need){ 0 };
		all.nocase = need.nocase;
		memcpy(text + all.texts, need.text, need.texts * sizeof(*text));
		all.texts += need.texts;
	}
	return all;
}

/* The line has it as the value does: in one case, and with nothing in it escaped;
 * a payload stands there as it is. */
static bool
is_in_line(const struct filter_test *t)
{
	const struct filter_need *need = &t->need;
	bool as_is = t->op == TEST_LINE || field_table[t->field].type == FIELD_JSON;

	for (size_t i = 0; i < need->texts && !as_is; i++)
		for (size_t k = 0; k < need->text[i].len; k++)
			if ((unsigned char)need->text[i].p[k] < 0x20 || memchr("\"\\", need->text[i].p[k], 2) != NULL)
				return false;
	return !need->nocase;
}

/* The tests of the expression know what they need: of an element, whose JSON is
 * a part of the payload's, or of an event, by its line. */
static struct filter_need
need_of_node(struct filter *f, const struct filter_node *n, bool line)
{
	switch (n->op) {
	case FILTER_TEST:
		if (!line || is_in_line(&n->test))
			return n->test.need;
		break;
	case FILTER_AND:
		return need_of_all(f, n, line);
	case FILTER_OR:
		return need_of_any(f, n, line);
	case FILTER_TRUE:
	case FILTER_NOT:
		break;
	}
	return (struct filter_need){ 0 };
}

/* ---- the whole ---- */

/* The longest key on the way, as the payload has it: "rotation_reason": */
static void
read_keys(struct need_finder *n, const struct selector *path)
{
	n->nocase = n->unknown = false;
	n->texts = 0;
	for (size_t i = 0; i < path->steps; i++) {
		struct str key = path->step[i];
		struct buf quoted = { 0 };

		if (!selector_is_index(key)) {
			json_quote(&quoted, key);
			buf_byte(&quoted, ':');
			consider(n, buf_view(&quoted));
		}
		buf_fini(&quoted);
	}
	need_end_alternative(n);
}

static void
read_test(struct need_finder *n, const struct filter_test *t)
{
	bool payload = field_table[t->op == TEST_LINE ? FIELD_ID : t->field].type == FIELD_JSON;

	if (payload && (t->path != NULL || t->op == TEST_TEXT))
		n->place = PLACE_PAYLOAD;
	switch (t->op) {
	case TEST_ANY:
	case TEST_PREFIX:
		read_patterns(n, t);
		break;
	case TEST_TEXT:
		n->more = payload && t->escapes; /* in a string, without its escapes */
		buf_str(&n->run, t->text);
		need_end_alternative(n);
		break;
	case TEST_LINE:
		n->place = PLACE_LINE;
		need_read_regex(n, t->text);
		break;
	case TEST_REGEX:
		need_read_regex(n, t->text);
		break;
	case TEST_HAS:
	case TEST_IP:
	case TEST_LEVEL:
	case TEST_TIME:
	case TEST_COMPARE:
	case TEST_SAME:
	case TEST_EACH:
		break;
	}
}

void
filter_need_find(struct filter *f, struct filter_test *t)
{
	struct need_finder n = { .f = f, .nocase = t->nocase };

	if (t->op == TEST_EACH) {
		t->need = need_of_node(f, t->each, false);
		t->need.enough = false;
		if (t->need.texts > 0)
			return;
	}
	read_test(&n, t);
	if ((n.unknown || n.texts == 0) && t->path != NULL)
		read_keys(&n, t->path);
	buf_fini(&n.run);
	if (n.unknown || n.texts == 0)
		return;
	t->need = (struct filter_need){ .texts = n.texts, .nocase = n.nocase,
		.enough = !n.more && t->path == NULL && (t->op != TEST_LINE || t->inside) };
	t->need.text = arena_alloc(&f->arena, n.texts * sizeof(*t->need.text));
	memcpy(t->need.text, n.text, n.texts * sizeof(*t->need.text));
}

void
filter_need_in_line(struct filter *f)
{
	struct filter_need need = need_of_node(f, f->root, true);

	if (need.texts > IN_LINE_MAX)
		return;
	f->in_line = arena_alloc(&f->arena, need.texts * sizeof(*f->in_line));
	for (size_t i = 0; i < need.texts; i++) {
		struct str text = need.text[i];

		text.len = text.len <= FIND_MAX ? text.len : FIND_MAX;
		find_init(&f->in_line[i], text, false);
	}
	f->in_lines = need.texts;
}

bool
filter_may_match(const struct filter *f, struct str line)
{
	for (size_t i = 0; i < f->in_lines; i++)
		if (find_next(&f->in_line[i], line, 0) < line.len)
			return true;
	return f->in_lines == 0;
}
