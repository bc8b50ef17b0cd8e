/*
 * csv: a table is read the same whether it comes whole or byte by byte, and
 * each of its rows is JSON without a name twice.
 *
 * Input: the delimiter and whether names are folded in one byte, the table.
 */
#include <stdint.h>
#include <stdlib.h>

#include "event/json.h"
#include "ingest/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_row(const struct csv_row *row)
{
	struct json_tape t = { 0 };
	struct arena a = { 0 };
	struct json_error e;

	if (json_scan_limit(&t, row->text.p, row->text.len, JSON_STORED_MAX, &e) != 0 || json_duplicate_key(&t, &a) != UINT32_MAX)
		abort();
	json_tape_fini(&t);
	arena_fini(&a);
}

static uint64_t
read_table(const uint8_t *data, size_t size, uint8_t how, size_t piece)
{
	struct csv_reader *r = csv_reader_new(how & 1 ? ';' : ',', how & 2);
	struct err e = ERR_NONE;
	struct csv_row row;
	uint64_t sum = 0;
	int64_t n = 0;
	bool got;

	for (size_t at = 0; at < size; at += (size_t)n) {
		n = csv_reader_feed(r, (const char *)data + at, size - at < piece ? size - at : piece, &row, &got, &e);
		if (n <= 0)
			break;
		if (got) {
			check_row(&row);
			sum = (sum ^ row.text.len ^ row.offset << 20 ^ row.end << 40) * UINT64_C(0x9e3779b97f4a7c15);
		}
	}
	if (n >= 0 && csv_reader_end(r, &row, &e) > 0) {
		check_row(&row);
		sum++;
	}
	csv_reader_free(r);
	return e.code == ERR_OK ? sum : 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > 65536)
		return 0;
	if (read_table(data + 1, size - 1, data[0], size) != read_table(data + 1, size - 1, data[0], 1))
		abort();
	return 0;
}
