/* find: a text in many bytes (see find.h). */
#include "base/find.h"

/* Bytes of logs and of English, the most frequent first; those not listed are
 * rarer than any. */
static const char frequent[] = "e\" taoinsrl:-,dchup0123456mfgy789ab.w_/vk{}=@xjqz";

static size_t
rarity(char c)
{
	const char *at = c != '\0' ? strchr(frequent, c) : NULL;

	return at != NULL ? (size_t)(at - frequent) : sizeof(frequent);
}

/* The rarest byte but the one at `other`. */
static size_t
rarest(struct str s, size_t other)
{
	size_t best = other == 0 && s.len > 1 ? 1 : 0;

	for (size_t i = best + 1; i < s.len; i++)
		if (i != other && rarity(s.p[i]) > rarity(s.p[best]))
			best = i;
	return best;
}

static bool
is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

void
find_init(struct finder *f, struct str text, bool nocase)
{
	size_t a = rarest(text, text.len), b = rarest(text, a);
	size_t place[2] = { a < b ? a : b, a < b ? b : a };

	*f = (struct finder){ .text = text, .nocase = nocase, .first = place[0] };
	f->pair.apart = place[1] - place[0];
	for (size_t i = 0; i < 2; i++) {
		f->pair.byte[i] = (uint8_t)text.p[place[i]];
		f->pair.mask[i] = nocase && is_letter(text.p[place[i]]) ? 0x20 : 0;
	}
}

static bool
stands_at(const struct finder *f, const char *p)
{
	if (!f->nocase)
		return memcmp(p, f->text.p, f->text.len) == 0;
	for (size_t i = 0; i < f->text.len; i++)
		if ((p[i] >= 'A' && p[i] <= 'Z' ? p[i] + ('a' - 'A') : p[i]) != f->text.p[i])
			return false;
	return true;
}

size_t
find_next(const struct finder *f, struct str in, size_t from)
{
	while (from < in.len && in.len - from >= f->text.len) {
		/* Places of the pair such that the whole text has room. */
		const char *p = in.p + from + f->first;
		size_t places = in.len - from - f->text.len + 1;
		size_t at = simd_find_pair(p, places, &f->pair);

		if (at == places)
			break;
		from += at;
		if (stands_at(f, in.p + from))
			return from;
		from++;
	}
	return in.len;
}
