/*
 * records: a stream is cut the same whether it comes whole or byte by byte, the
 * records are bytes of it in their order, and a line that is an object is one.
 *
 * Input: the stream.
 */
#include <stdint.h>
#include <stdlib.h>

#include "ingest/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MAX_FED (256u * 1024)

static const struct str lists[] = { { "Records", 7 }, { "r", 1 } };

static uint64_t
mix(uint64_t sum, uint64_t v)
{
	return (sum ^ v) * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

static uint64_t
cut(const uint8_t *data, size_t size, size_t piece)
{
	const char *p = (const char *)data;
	struct records r;
	struct record record;
	uint64_t sum = 0, end = 0;
	size_t at = 0;

	records_init(&r, lists, 2);
	do {
		size_t n = size - at < piece ? size - at : piece;

		records_feed(&r, p + at, n);
		if ((at += n) == size)
			records_end(&r);
		while (records_next(&r, &record)) {
			if (record.offset < end || record.end <= record.offset || record.end > size ||
			    record.end - record.offset != record.text.len ||
			    memcmp(p + record.offset, record.text.p, record.text.len) != 0)
				abort();
			end = record.end;
			sum = mix(mix(mix(mix(sum, record.offset), end), record.line), record.broken);
		}
	} while (at < size);
	records_fini(&r);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t whole;

	if (size > SIZE_MAX_FED)
		return 0;
	whole = cut(data, size, size > 0 ? size : 1);
	if (whole != cut(data, size, 1) || whole != cut(data, size, 7))
		abort();
	return 0;
}
