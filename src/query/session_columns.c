/*
 * session_columns: what the rows of a segment say of sessions.
 *
 * In a segment an id is a code, and so are source and tenant: rows are put
 * together by codes, and texts are looked at once for each session.
 *
 * In: rows of a segment.   Out: sessions in a table.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "query/session_codes.h"
#include "query/session_sums.h"

#define NOTHING UINT32_MAX

/* Columns of which every row's value counts. */
enum { ID, SOURCE, TENANT, HOST, ACTION, OUTCOME, KEYS };

static const enum field key_field[KEYS] = {
	[ID] = FIELD_SESSION_ID, [SOURCE] = FIELD_SOURCE, [TENANT] = FIELD_TENANT, [HOST] = FIELD_HOST,
	[ACTION] = FIELD_ACTION, [OUTCOME] = FIELD_OUTCOME,
};

/* What one segment says of a session. */
struct share {
	struct session_facts facts;
	uint32_t row[SESSION_TEXTS]; /* where the text is; NOTHING */
	struct str text[SESSION_TEXTS]; /* of columns without codes */
};

/* An id together with what keeps it apart; its shares are one behind the other. */
struct group {
	uint32_t code[HOST + 1]; /* HOST: 0 unless the id is counted */
	bool counted;
	uint32_t next;           /* with the same id */
	uint32_t share, shares;  /* none: it is not looked for */
	const int64_t *start;    /* of the second share and those behind */
};

struct signed_in { /* a row that may say when the session expires */
	uint32_t row, share;
};

struct session_columns {
	struct session_sums *sums; /* of the thread */
	struct segment *segment;
	struct session_codes key[KEYS];
	const struct column *fact[SESSION_TEXTS]; /* NULL: absent */
	uint32_t *number[SESSION_TEXTS]; /* of a code's text in the table; 0: not yet asked for */
	size_t number_cap[SESSION_TEXTS];
	const int64_t *time;
	uint8_t *role, *means; /* of an action's code; of an outcome's and a source's */
	size_t role_cap, means_cap;
	uint32_t *head;        /* of an id's code: its first group, or NOTHING */
	size_t head_cap;
	struct group *group;
	size_t groups, group_cap;
	struct share *share;
	size_t shares, share_cap;
	struct session_mark *mark; /* record: a share */
	size_t marks, mark_cap;
	struct signed_in *signed_in;
	size_t signed_ins, signed_cap;
	uint32_t *own;         /* rows of our own revocations */
	size_t owns, own_cap;
};

/* What is known of a source and an outcome by their codes; both in one byte a
 * code, each in a bit of its own. */
enum { IS_OURS = 1, HAS_FAILED = 2 };

/* ---- the columns of a segment ---- */

static int
load_facts(struct session_columns *s, struct err *e)
{
	for (size_t i = 0; i < SESSION_TEXTS; i++) {
		const struct column *col = segment_column(s->segment, session_text_field[i], e);

		if (col == NULL || (col->kind == COLUMN_CODES &&
		    segment_codes(s->segment, session_text_field[i], e) == NULL))
			return -1;
		s->fact[i] = col->kind == COLUMN_ABSENT ? NULL : col;
		if (col->kind != COLUMN_CODES)
			continue;
		mem_grow(&s->number[i], &s->number_cap[i], (size_t)col->n_values + 1, sizeof(*s->number[i]));
		memset(s->number[i], 0, ((size_t)col->n_values + 1) * sizeof(*s->number[i]));
	}
	return 0;
}

static void
load_meanings(struct session_columns *s)
{
	const struct session_codes *action = &s->key[ACTION], *source = &s->key[SOURCE], *outcome = &s->key[OUTCOME];
	size_t sources = session_codes_count(source), outcomes = session_codes_count(outcome);

	mem_grow(&s->role, &s->role_cap, session_codes_count(action), sizeof(*s->role));
	s->role[0] = SESSION_USES;
	for (uint32_t code = 1; code < session_codes_count(action); code++)
		s->role[code] = (uint8_t)session_role_of(s->sums->plan->rules, session_code_value(action, code));
	mem_grow(&s->means, &s->means_cap, sources > outcomes ? sources : outcomes, sizeof(*s->means));
	memset(s->means, 0, sources > outcomes ? sources : outcomes);
	for (uint32_t code = 1; code < sources; code++)
		if (event_source_reserved(session_code_value(source, code)))
			s->means[code] |= IS_OURS;
	for (uint32_t code = 1; code < outcomes; code++)
		if (session_has_failed(session_code_value(outcome, code)))
			s->means[code] |= HAS_FAILED;
}

static int
load(struct session_columns *s, const struct chosen *c, struct err *e)
{
	field_set wanted = FIELD_BIT(FIELD_TIME);
	const struct column *time;

	for (size_t i = 0; i < KEYS; i++)
		wanted |= FIELD_BIT(key_field[i]);
	for (size_t i = 0; i < SESSION_TEXTS; i++)
		wanted |= FIELD_BIT(session_text_field[i]);
	wanted &= c->s->info.meta.fields;
	s->segment = c->s->columns;
	if (segment_fetch(s->segment, wanted, wanted, e) < 0 ||
	    (time = segment_column(s->segment, FIELD_TIME, e)) == NULL)
		return -1;
	if (time->kind != COLUMN_TIME)
		return err_set(e, ERR_INTEGRITY, "segment %lld has no times", (long long)c->s->info.id);
	s->time = time->time;
	for (size_t i = 0; i < KEYS; i++)
		if (session_codes_load(&s->key[i], c, key_field[i], e) < 0)
			return -1;
	if (load_facts(s, e) < 0)
		return -1;
	load_meanings(s);
	mem_grow(&s->head, &s->head_cap, session_codes_count(&s->key[ID]), sizeof(*s->head));
	memset(s->head, 0xff, session_codes_count(&s->key[ID]) * sizeof(*s->head)); /* NOTHING */
	return 0;
}

/* ---- rows by session ---- */

static void
group_key(struct session_columns *s, const struct group *g, uint32_t part)
{
	const struct session_key k = {
		.source = session_code_value(&s->key[SOURCE], g->code[SOURCE]),
		.tenant = session_code_value(&s->key[TENANT], g->code[TENANT]),
		.host = session_code_value(&s->key[HOST], g->code[HOST]),
		.id = session_code_value(&s->key[ID], g->code[ID]), .part = part,
	};

	buf_reset(&s->sums->text);
	session_key_format(&s->sums->text, &k);
}

static void
begin_share(struct share *p)
{
	session_facts_init(&p->facts);
	for (size_t i = 0; i < SESSION_TEXTS; i++)
		p->row[i] = NOTHING;
}

static struct group *
new_group(struct session_columns *s, const uint32_t code[HOST + 1], bool counted)
{
	struct group *g;
	uint32_t parts = 1;

	mem_grow(&s->group, &s->group_cap, s->groups + 1, sizeof(*s->group));
	g = &s->group[s->groups];
	*g = (struct group){ .next = s->head[code[ID]], .counted = counted, .share = (uint32_t)s->shares };
	memcpy(g->code, code, sizeof(g->code));
	s->head[code[ID]] = (uint32_t)s->groups++;
	if (session_code_value(&s->key[ID], code[ID]).len == 0)
		return g;
	if (s->sums->known != NULL) {
		group_key(s, g, SESSION_UNDIVIDED);
		if (!session_sums_find(s->sums, &g->start, &parts))
			return g;
	}
	g->shares = parts;
	mem_grow(&s->share, &s->share_cap, s->shares + parts, sizeof(*s->share));
	for (uint32_t i = 0; i < parts; i++)
		begin_share(&s->share[s->shares++]);
	return g;
}

/* The host counts only where ids are counted. */
static struct group *
find_group(struct session_columns *s, uint32_t row, uint32_t id)
{
	uint32_t code[HOST + 1] = { [ID] = id, [SOURCE] = session_code_at(&s->key[SOURCE], row),
		[TENANT] = session_code_at(&s->key[TENANT], row), [HOST] = 0 };
	bool counted = s->head[id] != NOTHING ? s->group[s->head[id]].counted :
	    session_id_is_counted(session_code_value(&s->key[ID], id));

	if (counted)
		code[HOST] = session_code_at(&s->key[HOST], row);
	for (uint32_t g = s->head[id]; g != NOTHING; g = s->group[g].next)
		if (memcmp(s->group[g].code, code, sizeof(code)) == 0)
			return &s->group[g];
	return new_group(s, code, counted);
}

/* Text i at a row, of a column without codes: 1 with *out, 0 absent, -1. */
static int
fact_at(struct session_columns *s, size_t i, uint32_t row, struct str *out, struct err *e)
{
	if (segment_value(s->segment, session_text_field[i], row, out, e) < 0)
		return -1;
	return out->p != NULL;
}

/* Which of two texts that are as good is kept: the lesser one, as in the table. */
static int
is_lesser(struct session_columns *s, size_t i, struct str text, uint32_t than, struct err *e)
{
	struct str copy = { arena_copy(&s->sums->arena, text.p, text.len), text.len }, other;

	if (fact_at(s, i, than, &other, e) < 0)
		return -1;
	return str_cmp(copy, other) < 0;
}

/* Whether the text of the row is better than that of p->row[i]: codes ascend as
 * their texts do. */
static int
has_better(struct session_columns *s, const struct share *p, size_t i, uint32_t row, bool as_good, struct err *e)
{
	const struct column *col = s->fact[i];
	struct str text;
	int rc;

	if (col->kind == COLUMN_CODES) {
		uint32_t code = column_code(col, row);

		return code != 0 && (!as_good || code < column_code(col, p->row[i]));
	}
	if ((rc = fact_at(s, i, row, &text, e)) > 0 && as_good)
		rc = is_lesser(s, i, text, p->row[i], e);
	return rc;
}

static int
add_texts(struct session_columns *s, struct share *p, uint32_t row, bool sign_in, struct err *e)
{
	for (size_t i = 0; i < SESSION_TEXTS; i++) {
		int64_t when = session_goodness(i, s->time[row], sign_in);
		int rc;

		if (when > p->facts.when[i] || s->fact[i] == NULL)
			continue;
		rc = has_better(s, p, i, row, when == p->facts.when[i] && p->row[i] != NOTHING, e);
		if (rc < 0)
			return -1;
		if (rc > 0) {
			p->facts.when[i] = when;
			p->row[i] = row;
		}
	}
	return 0;
}

static void
add_mark(struct session_columns *s, uint32_t share, int64_t time, enum session_role role)
{
	mem_grow(&s->mark, &s->mark_cap, s->marks + 1, sizeof(*s->mark));
	s->mark[s->marks++] = (struct session_mark){ time, share, (uint8_t)role };
}

static void
note_signed_in(struct session_columns *s, uint32_t row, uint32_t share)
{
	mem_grow(&s->signed_in, &s->signed_cap, s->signed_ins + 1, sizeof(*s->signed_in));
	s->signed_in[s->signed_ins++] = (struct signed_in){ row, share };
}

static void
note_own(struct session_columns *s, uint32_t row)
{
	mem_grow(&s->own, &s->own_cap, s->owns + 1, sizeof(*s->own));
	s->own[s->owns++] = row;
}

static int
add_row(struct session_columns *s, uint32_t row, uint32_t id, struct err *e)
{
	const struct group *g;
	bool failed = s->means[session_code_at(&s->key[OUTCOME], row)] & HAS_FAILED;
	enum session_role role = (enum session_role)s->role[session_code_at(&s->key[ACTION], row)];
	int64_t time = s->time[row];
	struct share *p;
	uint32_t at;

	if (s->means[session_code_at(&s->key[SOURCE], row)] & IS_OURS) {
		if (str_eq(session_code_value(&s->key[ACTION], session_code_at(&s->key[ACTION], row)), STR(SESSION_REVOKED)))
			note_own(s, row);
		return 0;
	}
	if (session_is_refused(role, failed))
		return 0;
	g = find_group(s, row, id);
	if (g->shares == 0)
		return 0;
	at = g->share + (g->shares > 1 ? session_part(g->start, g->shares, time) : 0);
	p = &s->share[at];
	if (failed)
		role = SESSION_USES;
	p->facts.events++;
	if (p->facts.first == TIME_NONE || time < p->facts.first)
		p->facts.first = time;
	if (time > p->facts.last)
		p->facts.last = time;
	if (session_is_use(role, failed) && time > p->facts.used)
		p->facts.used = time;
	if (role != SESSION_USES)
		add_mark(s, at, time, role);
	if (session_signs_in(role) && s->sums->plan->paths > 0)
		note_signed_in(s, row, at);
	return add_texts(s, p, row, session_signs_in(role), e);
}

/* What sign-ins say of the end: payloads are read only where they may. */
static int
add_expiries(struct session_columns *s, const struct chosen *c, const struct selector *path, struct err *e)
{
	uint64_t bits[(SEGMENT_EVENTS_MAX + 63) / 64] = { 0 };
	struct str json;

	if (s->signed_ins == 0 || !(c->s->info.meta.fields & FIELD_BIT(path->field)))
		return 0;
	for (size_t i = 0; i < s->signed_ins; i++)
		bitmap_add(bits, s->signed_in[i].row);
	if (segment_may_contain(s->segment, path->field, path->step[path->steps - 1], false, bits, e) < 0)
		return -1;
	for (size_t i = 0; i < s->signed_ins; i++) {
		uint32_t row = s->signed_in[i].row;

		if (!bitmap_has(bits, row))
			continue;
		if (segment_value(s->segment, path->field, row, &json, e) < 0)
			return -1;
		if (json.p != NULL)
			session_sums_expiry(s->sums, &s->share[s->signed_in[i].share].facts, s->time[row], path, json);
	}
	return 0;
}

/* Texts of the rows that were chosen, where they are not to be had by code. */
static int
take_texts(struct session_columns *s, struct err *e)
{
	for (size_t i = 0; i < SESSION_TEXTS; i++)
		for (size_t k = 0; s->fact[i] != NULL && s->fact[i]->kind != COLUMN_CODES && k < s->shares; k++) {
			struct share *p = &s->share[k];

			if (p->row[i] == NOTHING)
				continue;
			if (fact_at(s, i, p->row[i], &p->text[i], e) < 0)
				return -1;
			p->text[i].p = arena_copy(&s->sums->arena, p->text[i].p, p->text[i].len);
		}
	return 0;
}

static void
forget(struct session_columns *s)
{
	s->groups = s->shares = s->marks = s->signed_ins = s->owns = 0;
	arena_reset(&s->sums->arena);
}

static int
look_through(struct session_columns *s, const struct chosen *c, struct err *e)
{
	if (load(s, c, e) < 0)
		return -1;
	for (uint32_t row = chosen_next(c, 0); row < c->n; row = chosen_next(c, row + 1)) {
		uint32_t id = session_code_at(&s->key[ID], row);

		if (id != 0 && add_row(s, row, id, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < s->sums->plan->paths; i++)
		if (add_expiries(s, c, &s->sums->plan->expires[i], e) < 0)
			return -1;
	return take_texts(s, e);
}

/* ---- into the table ---- */

/* A text by its number in the table: of a code it is asked for once. */
static uint32_t
text_number(struct session_columns *s, const struct share *p, size_t i)
{
	const struct column *col = s->fact[i];
	uint32_t *number;

	if (p->row[i] == NOTHING)
		return 0;
	if (col->kind != COLUMN_CODES)
		return session_table_text(s->sums->table, p->text[i]);
	number = &s->number[i][column_code(col, p->row[i])];
	if (*number == 0)
		*number = session_table_text(s->sums->table, col->values[column_code(col, p->row[i])]);
	return *number;
}

static size_t
add_share(struct session_columns *s, const struct group *g, uint32_t part, const struct share *p)
{
	uint32_t text[SESSION_TEXTS];

	for (size_t i = 0; i < SESSION_TEXTS; i++)
		text[i] = text_number(s, p, i);
	group_key(s, g, session_part_number(s->sums, part));
	return session_table_add(s->sums->table, buf_view(&s->sums->text), &p->facts, text);
}

static void
add_shares(struct session_columns *s)
{
	size_t *record = mem_alloc(s->shares * sizeof(*record));

	for (size_t k = 0; k < s->groups; k++)
		for (uint32_t i = 0; i < s->group[k].shares; i++) {
			uint32_t at = s->group[k].share + i;

			/* A share without events has no marks. */
			record[at] = s->share[at].facts.events == 0 ? SIZE_MAX :
			    add_share(s, &s->group[k], i, &s->share[at]);
		}
	for (size_t i = 0; i < s->marks; i++)
		session_table_mark(s->sums->table, record[s->mark[i].record], s->mark[i].time,
		    (enum session_role)s->mark[i].role);
	free(record);
}

struct own {
	struct str id, context;
	int64_t time;
};

/* Their payloads, read before anything is added. */
static int
read_own(struct session_columns *s, struct own *own, struct err *e)
{
	for (size_t i = 0; i < s->owns; i++) {
		struct str context;

		if (segment_value(s->segment, FIELD_CONTEXT, s->own[i], &context, e) < 0)
			return -1;
		own[i] = (struct own){ session_code_value(&s->key[ID], session_code_at(&s->key[ID], s->own[i])), { "", 0 },
			s->time[s->own[i]] };
		if (context.p != NULL)
			own[i].context = (struct str){ arena_copy(&s->sums->arena, context.p, context.len), context.len };
	}
	return 0;
}

int
session_columns_add(void *sums, const struct chosen *c, bool *adding, struct err *e)
{
	struct session_columns *s = ((struct session_sums *)sums)->columns;
	struct own *own = NULL;
	int rc = 0;

	if (!(c->s->info.meta.fields & FIELD_BIT(FIELD_SESSION_ID)))
		return 0;
	s->sums = sums;
	forget(s);
	if (look_through(s, c, e) < 0)
		return -1;
	own = mem_alloc(s->owns * sizeof(*own));
	rc = read_own(s, own, e);
	if (rc == 0) {
		*adding = true;
		add_shares(s);
		for (size_t i = 0; i < s->owns; i++)
			session_sums_revoke(s->sums, own[i].id, own[i].context, own[i].time);
		rc = session_table_check(s->sums->table, e);
	}
	free(own);
	return rc;
}

struct session_columns *
session_columns_new(void)
{
	return mem_zero(1, sizeof(struct session_columns));
}

void
session_columns_free(struct session_columns *s)
{
	for (size_t i = 0; i < SESSION_TEXTS; i++)
		free(s->number[i]);
	for (size_t i = 0; i < KEYS; i++)
		session_codes_fini(&s->key[i]);
	free(s->role);
	free(s->means);
	free(s->head);
	free(s->group);
	free(s->share);
	free(s->mark);
	free(s->signed_in);
	free(s->own);
	free(s);
}
