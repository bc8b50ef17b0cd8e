/*
 * sentence (-o text): one English sentence an event: who did what to what,
 * from where, with what result.
 *
 *     2026-04-23 11:59:55   Alice Smith (via deploy-bot) successfully read secret prod/db/password from 10.0.0.7
 *     2026-04-23 11:57:00 w bob@acme.example failed to read secret prod/db/orders from 2001:db8::1: not a member
 *
 * Only what the event says is said: an outcome that is absent gives the plain
 * past, an unknown one an attempt; an action whose verb is not known is named
 * as it is; what kind of thing a target is comes from its type, or from the
 * action where that can mean nothing else.
 */
#include "render/format.h"

/* ---- who ---- */

static bool
is_actor(const struct event *ev, struct str name)
{
	static const enum field names[] = { FIELD_ACTOR_ID, FIELD_ACTOR_NAME, FIELD_ACTOR_EMAIL };

	for (size_t i = 0; i < 3; i++)
		if (event_has(ev, names[i]) && str_eq(ev->v[names[i]], name))
			return true;
	return false;
}

static void
put_who(struct render *r, const struct event *ev)
{
	struct str via = render_via(ev), as = render_value(ev, FIELD_EFFECTIVE_ID);
	struct buf *out = &r->buf;
	enum render_who who;

	if (as.p != NULL && is_actor(ev, as))
		as.p = NULL;
	buf_reset(&r->cell);
	who = render_actor(&r->cell, ev);
	if (who == WHO_UNKNOWN)
		buf_str(out, STR("An unknown actor"));
	else if (who == WHO_TYPE && str_eq_nocase(buf_view(&r->cell), STR("anonymous")))
		buf_str(out, STR("An anonymous actor"));
	else {
		buf_str(out, who == WHO_TYPE ? STR("An actor of type ") : STR(""));
		render_raw(r, buf_view(&r->cell));
	}
	if (via.p == NULL && as.p == NULL)
		return;
	buf_str(out, via.p != NULL ? STR(" (via ") : STR(" (as "));
	render_raw(r, via.p != NULL ? via : as);
	if (via.p != NULL && as.p != NULL) {
		buf_str(out, STR(", as "));
		render_raw(r, as);
	}
	buf_byte(out, ')');
}

/* ---- did what ---- */

/* "successfully ", "failed to ", "attempted to ", or nothing. */
static void
put_result(struct render *r, const struct event *ev)
{
	static const char *const words[OUTCOME_COUNT] = { "successfully", "failed", "attempted" };
	int outcome = render_outcome(ev);

	if (outcome < 0)
		return;
	render_style(&r->buf, r->o.colour, render_outcome_style(ev));
	buf_str(&r->buf, str_of(words[outcome]));
	render_style(&r->buf, r->o.colour, STYLE_PLAIN);
	buf_str(&r->buf, outcome == OUTCOME_SUCCESS ? STR(" ") : STR(" to "));
}

static bool
is_past(const struct event *ev)
{
	int outcome = render_outcome(ev);

	return outcome < 0 || outcome == OUTCOME_SUCCESS;
}

/* ---- to what ---- */

/* The event's word for the kind of its target; dashes of programs go. */
static void
put_kind(struct render *r, struct str kind)
{
	buf_reset(&r->cell);
	for (size_t i = 0; i < kind.len; i++)
		buf_byte(&r->cell, kind.p[i] == '_' ? ' ' : kind.p[i]);
	render_raw(r, buf_view(&r->cell));
}

static void
put_with_article(struct render *r, struct str noun)
{
	bool many = noun.len > 1 && noun.p[noun.len - 1] == 's' && noun.p[noun.len - 2] != 's';

	if (!many)
		buf_str(&r->buf, noun.len > 0 && strchr("aeioAEIO", noun.p[0]) != NULL ? STR("an ") : STR("a "));
	put_kind(r, noun);
}

/* With its blanks in quotes, so that it is seen where it ends. */
static void
put_target(struct render *r, struct str target)
{
	if (memchr(target.p, ' ', target.len) == NULL && memchr(target.p, '"', target.len) == NULL) {
		render_raw(r, target);
		return;
	}
	buf_reset(&r->quoted);
	json_quote(&r->quoted, target);
	render_raw(r, buf_view(&r->quoted));
}

static struct str
last_word(struct str s)
{
	size_t i = s.len;

	while (i > 0 && s.p[i - 1] != ' ')
		i--;
	return (struct str){ s.p + i, s.len - i };
}

/* Whether type "AWS::S3::Bucket" is the same kind as object "bucket" or
 * "buckets". */
static bool
is_same_kind(struct str type, struct str object)
{
	struct str word = last_word(object);

	if (type.len < word.len && word.len == type.len + 1 && word.p[type.len] == 's')
		word.len--;
	if (type.len < word.len)
		return false;
	return str_eq_nocase((struct str){ type.p + type.len - word.len, word.len }, word);
}

/*
 * share.member.add, type share, name docs: "share member for share docs";
 * without the type "share member (docs)": it may be the share or the member.
 */
static void
put_object(struct render *r, const struct deed *d, struct str type, struct str target)
{
	struct buf *out = &r->buf;

	/* A word before the verb may be an area: user.download of a file. */
	if (!d->stated && !d->gives) {
		if (type.p != NULL) {
			put_kind(r, type);
			buf_byte(out, ' ');
		}
	} else if ((type.p == NULL && d->behind) || (type.p != NULL && is_same_kind(type, d->object))) {
		render_raw(r, d->object);
		buf_byte(out, ' ');
	} else if (type.p != NULL) {
		render_raw(r, d->object);
		buf_str(out, STR(" for "));
		put_kind(r, type);
		buf_byte(out, ' ');
	} else {
		render_raw(r, d->object);
		buf_str(out, STR(" ("));
		put_target(r, target);
		buf_byte(out, ')');
		return;
	}
	put_target(r, target);
}

static void
put_known(struct render *r, const struct event *ev, const struct deed *d)
{
	struct str type = render_value(ev, FIELD_TARGET_TYPE), target = render_target(ev);
	struct buf *out = &r->buf;

	if (is_past(ev))
		render_past(out, d);
	else
		buf_str(out, str_of(d->base));
	/* Who signs in as themselves signs in. */
	if (d->intransitive && (target.p == NULL || is_actor(ev, target)))
		return;
	buf_byte(out, ' ');
	if (d->before[0] != '\0') {
		buf_str(out, str_of(d->before));
		buf_byte(out, ' ');
	}
	if (target.p == NULL)
		put_with_article(r, d->stated ? d->object : type);
	else if (!d->intransitive)
		put_object(r, d, type, target);
	else
		put_object(r, &(struct deed){ .before = "" }, type, target);
}

/* "performed widget.frobnicate on gadget 7" */
static void
put_unknown(struct render *r, const struct event *ev)
{
	struct str type = render_value(ev, FIELD_TARGET_TYPE), target = render_target(ev);
	struct str action = render_value(ev, FIELD_ACTION);
	struct buf *out = &r->buf;

	buf_str(out, is_past(ev) ? STR("performed ") : STR("perform "));
	put_target(r, action.p != NULL ? action : STR("an action"));
	if (target.p == NULL && type.p == NULL)
		return;
	buf_str(out, STR(" on "));
	if (target.p == NULL) {
		put_with_article(r, type);
		return;
	}
	put_object(r, &(struct deed){ .before = "" }, type, target);
}

static void
put_deed(struct render *r, const struct event *ev)
{
	bool has_object = render_target(ev).p != NULL || render_value(ev, FIELD_TARGET_TYPE).p != NULL;
	char object[DEED_OBJECT_MAX];
	struct deed d;

	render_deed(&d, render_value(ev, FIELD_ACTION), object);
	if (d.base != NULL && (d.intransitive || d.stated || has_object))
		put_known(r, ev, &d);
	else
		put_unknown(r, ev);
}

/* ---- where, and why ---- */

static void
put_where(struct render *r, const struct event *ev)
{
	struct str share = render_value(ev, FIELD_SHARE), origin = render_origin(ev), target = render_target(ev);

	if (share.p != NULL && !(target.p != NULL && str_eq(share, target))) {
		buf_str(&r->buf, STR(" in "));
		put_target(r, share);
	}
	if (origin.p != NULL) {
		buf_str(&r->buf, STR(" from "));
		render_raw(r, origin);
	}
}

static void
put_why(struct render *r, const struct event *ev)
{
	struct str reason = render_value(ev, FIELD_REASON), code = render_value(ev, FIELD_ERROR_CODE);

	if (render_outcome(ev) == OUTCOME_UNKNOWN)
		buf_str(&r->buf, STR(", result unknown"));
	if (reason.p == NULL && code.p == NULL)
		return;
	buf_str(&r->buf, STR(": "));
	render_raw(r, reason.p != NULL ? reason : code);
	if (reason.p != NULL && code.p != NULL) {
		buf_str(&r->buf, STR(" ("));
		render_raw(r, code);
		buf_byte(&r->buf, ')');
	}
}

void
render_sentence(struct render *r, const struct event *ev)
{
	put_who(r, ev);
	buf_byte(&r->buf, ' ');
	put_result(r, ev);
	put_deed(r, ev);
	put_where(r, ev);
	put_why(r, ev);
}

static void
text_event(struct render *r, const struct event *ev, uint64_t seq)
{
	render_lead(r, ev, seq);
	buf_byte(&r->buf, ' ');
	render_sentence(r, ev);
	if (r->chosen) {
		buf_str(&r->buf, STR(" ["));
		render_pairs(r, ev);
		buf_byte(&r->buf, ']');
	}
	buf_byte(&r->buf, '\n');
}

#define OWN \
	(PHRASE_LINE | PHRASE_MORE | FIELD_BIT(FIELD_TARGET_TYPE) | FIELD_BIT(FIELD_EFFECTIVE_ID) | FIELD_BIT(FIELD_SHARE))

const struct render_format render_text = {
	.name = "text", .event = text_event, .people = true, .own = OWN, .always = OWN
};
