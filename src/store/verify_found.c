/*
 * verify_found: what was found, kept until it is told, in order.
 *
 * Of one kind so many are told; all are counted.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/verify_parts.h"

static const char *const fault_names[VERIFY_FAULTS] = {
	[VERIFY_UNREADABLE] = "unreadable",
	[VERIFY_SEGMENT] = "segment",
	[VERIFY_COLUMN] = "column",
	[VERIFY_FILTER] = "filter",
	[VERIFY_TAIL] = "tail",
	[VERIFY_CHANGED] = "changed",
	[VERIFY_MISSING] = "missing",
	[VERIFY_EXTRA] = "extra",
	[VERIFY_REMOVAL] = "removal",
	[VERIFY_ERASURE] = "erasure",
	[VERIFY_RECORD] = "record",
	[VERIFY_HASHES] = "hashes",
	[VERIFY_KEY] = "key",
	[VERIFY_HOLD] = "hold",
	[VERIFY_COUNTERS] = "counters",
	[VERIFY_LEFTOVER] = "leftover",
};

const char *
verify_fault_name(enum verify_fault fault)
{
	return fault_names[fault];
}

const char *
seqs_text(char out[SEQS_TEXT], uint64_t first, uint64_t last)
{
	if (first == last)
		snprintf(out, SEQS_TEXT, "seq %" PRIu64, first);
	else
		snprintf(out, SEQS_TEXT, "seqs %" PRIu64 " to %" PRIu64, first, last);
	return out;
}

void
findings_add(struct findings *f, struct place at, const char *fmt, ...)
{
	struct verify_finding *x;
	char text[1024];
	va_list ap;
	int n;

	if (f->count[at.fault]++ >= VERIFY_TOLD_MAX)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	mem_grow(&f->item, &f->cap, f->n + 1, sizeof(*f->item));
	x = &f->item[f->n++];
	*x = (struct verify_finding){ at.fault, at.has_seq, at.first, at.last, at.segment, at.field, NULL };
	x->text = arena_copy(&f->arena, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

void
findings_reset(struct findings *f)
{
	f->n = 0;
	memset(f->count, 0, sizeof(f->count));
	arena_reset(&f->arena);
}

void
findings_fini(struct findings *f)
{
	free(f->item);
	arena_fini(&f->arena);
	*f = (struct findings){ 0 };
}

void
verify_tell(struct verify_log *v, struct findings *f)
{
	uint64_t told[VERIFY_FAULTS];

	memcpy(told, v->told, sizeof(told));
	for (size_t i = 0; i < f->n; i++)
		if (told[f->item[i].fault]++ < VERIFY_TOLD_MAX && v->o->found != NULL)
			v->o->found(v->o->arg, &f->item[i]);
	for (size_t i = 0; i < VERIFY_FAULTS; i++) {
		v->told[i] += f->count[i];
		v->r->findings += f->count[i];
	}
	findings_reset(f);
}

/* How many more there were than were told. */
void
verify_tell_more(struct verify_log *v)
{
	char text[96];

	for (int i = 0; i < VERIFY_FAULTS; i++) {
		struct verify_finding f = { .fault = (enum verify_fault)i, .field = FIELD_NONE, .text = text };

		if (v->told[i] <= VERIFY_TOLD_MAX || v->o->found == NULL)
			continue;
		snprintf(text, sizeof(text), "%" PRIu64 " more of this kind (%s)", v->told[i] - VERIFY_TOLD_MAX,
		    verify_fault_name((enum verify_fault)i));
		v->o->found(v->o->arg, &f);
	}
}
