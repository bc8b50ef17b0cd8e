/*
 * gather: however the bytes are cut into pieces, the lines are the same as by a
 * plain search for newlines.  The first byte says how they are cut; runs of
 * 'x' with a digit before stand for many bytes, to get at the limit.
 */
#include <stdint.h>
#include <stdlib.h>

#include "event/json.h"
#include "ingest/gather.h"

#define RUN (96 * 1024) /* bytes that "9x" and so on stand for, times the digit */
#define TEXT_MAX (8 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expand(struct buf *text, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size && text->len < TEXT_MAX; i++) {
		if (i + 1 < size && data[i] >= '1' && data[i] <= '9' && data[i + 1] == 'x') {
			size_t n = (size_t)(data[i++] - '0') * RUN;

			buf_reserve(text, n);
			memset(text->p + text->len, 'x', n);
			text->len += n;
		} else {
			buf_byte(text, (char)data[i]);
		}
	}
}

/* What the chunk holds must be what stands at *at. */
static void
check(const struct gather_chunk *c, const struct buf *text, size_t *at, uint64_t *line)
{
	size_t own = c->bytes.len - (c->passed > 0 && !c->partial), newlines = 0;
	size_t covers = c->bytes.len + c->passed;

	if (c->first != *line + 1 || c->n == 0 || c->bytes.len == 0 || covers > text->len - *at)
		abort();
	if (memcmp(c->bytes.p, text->p + *at, own) != 0)
		abort();
	for (size_t i = 0; i < covers; i++)
		newlines += text->p[*at + i] == '\n';
	if (newlines + c->partial != c->n || (c->passed > 0 && (c->n != 1 || own != GATHER_KEEP ||
	    covers - !c->partial <= JSON_LEN_MAX)))
		abort();
	*at += covers;
	*line += c->n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gather l = GATHER_NONE;
	struct gather_chunk c;
	struct buf text = { 0 };
	size_t at = 0, piece;
	uint64_t line = 0;

	if (size < 1)
		return 0;
	piece = 1 + (size_t)data[0] * (GATHER_PIECE - 1) / 255;
	expand(&text, data + 1, size - 1);
	/* Single bytes of a long text would take too long. */
	if (text.len > 64 * 1024 && piece < 1024)
		piece = 1024;
	for (size_t done = 0; done < text.len;) {
		size_t n = text.len - done < piece ? text.len - done : piece;

		memcpy(gather_room(&l), text.p + done, n);
		gather_added(&l, n);
		done += n;
		while (gather_next(&l, &c))
			check(&c, &text, &at, &line);
		if (gather_held(&l) > 2 * JSON_LEN_MAX)
			abort();
	}
	if (gather_last(&l, &c))
		check(&c, &text, &at, &line);
	if (at != text.len)
		abort();
	gather_fini(&l);
	buf_fini(&text);
	return 0;
}
