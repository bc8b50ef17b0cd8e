/*
 * text: FIELD~RE, --text and --grep as nodes.
 *
 * In: a pattern or a text as typed.   Out: tests that share one compiled form.
 */
#include "filter/scratch.h"

/*
 * Where --text looks: sentences, the payload, and whatever names one person,
 * thing, place or transaction.  Words of a vocabulary, of which a log has few
 * and each on many events, have options of their own and are left out: source,
 * channel, category, action, severity, outcome, actor_type, target_type and
 * method; so are times and numbers.
 */
static const enum field text_fields[] = {
	FIELD_ID, FIELD_TENANT, FIELD_DESCRIPTION,
	FIELD_ACTOR_ID, FIELD_ACTOR_NAME, FIELD_ACTOR_EMAIL, FIELD_SERVICE_ACCOUNT, FIELD_EFFECTIVE_ID,
	FIELD_SESSION_ID, FIELD_IDP, FIELD_DEVICE,
	FIELD_TARGET_ID, FIELD_TARGET_NAME, FIELD_TARGET_PATH, FIELD_SHARE,
	FIELD_IP, FIELD_USER_AGENT, FIELD_HOST, FIELD_REQUEST_ID, FIELD_TRACE_ID,
	FIELD_ERROR_CODE, FIELD_REASON, FIELD_CHANGES, FIELD_CONTEXT
};

#define TEXT_FIELDS (sizeof(text_fields) / sizeof(text_fields[0]))

static struct str
keep(struct filter *f, struct str s)
{
	return (struct str){ arena_copy(&f->arena, s.p, s.len), s.len };
}

struct filter_node *
filter_node_regex(struct filter *f, const struct selector *s, struct str pattern, struct err *e)
{
	const struct field_info *info = &field_table[s->field];
	bool nocase = (info->flags & F_NOCASE) != 0;
	struct filter_test t = { .op = TEST_REGEX, .field = s->field, .path = filter_keep_path(f, s),
		.nocase = nocase };

	if (info->type == FIELD_TIMESTAMP) {
		err_set(e, ERR_FAIL, "%s is a time, no text; ask for < and >=", info->key);
		return NULL;
	}
	t.regex = filter_regex_new(f, pattern, nocase ? REGEX_NOCASE : REGEX_PATTERN, e);
	if (t.regex == NULL)
		return NULL;
	t.text = keep(f, pattern);
	return filter_node_test(f, &t);
}

/* A quote, a backslash or a control character. */
static bool
has_escapes(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == '"' || s.p[i] == '\\')
			return true;
	}
	return false;
}

struct filter_node *
filter_node_text_of(struct filter *f, enum field field, struct str text, struct err *e)
{
	struct filter_test t = { .op = TEST_TEXT, .field = field, .nocase = true, .escapes = has_escapes(text) };

	if ((t.regex = filter_regex_new(f, text, REGEX_TEXT, e)) == NULL)
		return NULL;
	t.text = keep(f, text);
	return filter_node_test(f, &t);
}

struct filter_node *
filter_node_text(struct filter *f, struct str text, struct err *e)
{
	struct filter_regex *regex = filter_regex_new(f, text, REGEX_TEXT, e);
	struct str typed = keep(f, text);
	bool escapes = has_escapes(text);
	struct filter_node *n;

	if (regex == NULL)
		return NULL;
	n = filter_node_new(f, FILTER_OR, TEXT_FIELDS);
	n->text = true;
	for (size_t i = 0; i < TEXT_FIELDS; i++)
		n->child[i] = filter_node_test(f, &(struct filter_test){ .op = TEST_TEXT, .field = text_fields[i],
		    .nocase = true, .text = typed, .regex = regex, .escapes = escapes });
	return n;
}

/* The line has the keys too, as it has values. */
static bool
matches_key(const struct filter_regex *r)
{
	struct filter_scratch *x = filter_scratch_new();
	bool found = false;

	for (size_t k = 0; k < FIELD_COUNT && !found; k++)
		found = filter_regex_match(r, (struct str){ field_table[k].key, field_table[k].key_len }, x);
	found |= x->given_up > 0;
	filter_scratch_free(x);
	return found;
}

struct filter_node *
filter_node_line(struct filter *f, struct str pattern, struct err *e)
{
	struct filter_test t = { .op = TEST_LINE, .field = FIELD_NONE };

	t.regex = filter_regex_new(f, pattern, REGEX_PATTERN, e);
	if (t.regex == NULL)
		return NULL;
	t.text = keep(f, pattern);
	t.inside = filter_pattern_inside(pattern) && !filter_regex_may_be_empty(t.regex) && !matches_key(t.regex);
	t.in_time = t.inside && filter_regex_may_begin(t.regex, "0123456789-:.TZ");
	return filter_node_test(f, &t);
}
