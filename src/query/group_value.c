/*
 * group_value: the text under which a value is counted (see group_value.h).
 */
#include "query/group_value.h"

void
group_value_init(struct group_value *g)
{
	*g = (struct group_value){ .last = TIME_NONE };
}

void
group_value_fini(struct group_value *g)
{
	selector_scratch_fini(&g->scratch);
	buf_fini(&g->text);
}

/* Neighbours often have the same time, and to format one is slow. */
struct str
group_value_time(struct group_value *g, int64_t time)
{
	if (time != g->last)
		time_format(g->time, g->last = time);
	return (struct str){ g->time, sizeof(g->time) };
}

struct str
group_value_joined(struct group_value *g, const struct selector *s, struct str v)
{
	if (v.p == NULL)
		return STR("");
	if (s->steps == 0)
		return v;
	selector_values(s, v, &g->scratch, NULL);
	buf_reset(&g->text);
	selector_join(&g->text, &g->scratch);
	return buf_view(&g->text);
}
