/*
 * span: a length of time in its largest whole unit: 86400 s is 1d, 90 s is
 * 90s.
 */
#include <inttypes.h>

#include "render/html.h"

void
render_span(struct buf *out, int64_t us)
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	int64_t seconds = us / TIME_SECOND;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (seconds >= units[i].seconds && seconds % units[i].seconds == 0) {
			buf_printf(out, "%" PRId64 "%c", seconds / units[i].seconds, units[i].unit);
			return;
		}
	}
	buf_printf(out, "%.6gs", (double)us / (double)TIME_SECOND);
}
