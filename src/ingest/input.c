/*
 * input: one input of a run: what it is, by which rules it is read, and how.
 *
 * What a file is is told by its beginning, read apart from the rest; of a pipe
 * what came is kept until there is enough of it.
 *
 * In: a path.   Out: chunks of lines or records.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ingest/records.h"
#include "ingest/run.h"

/* Of a pipe no more is waited for than this, and nothing when a whole record
 * came and then nothing for so long. */
#define HEAD_MAX FRAME_CHUNK
#define HEAD_QUIET_MS 50

bool
input_is_stdin(const struct input *in)
{
	return strcmp(in->source.path, "-") == 0;
}

static bool
is_pipe(const struct input *in)
{
	return in->source.state == SOURCE_PIPE;
}

const char *
run_input_name(const struct input *in)
{
	if (in->label.len > 0)
		return in->label.p;
	return input_is_stdin(in) ? "stdin" : in->source.path;
}

void
run_note(const struct run *run, const struct input *in, bool detail, const char *text)
{
	char line[512];

	if (run->o->note == NULL || run->sink == SINK_CHECK)
		return;
	snprintf(line, sizeof(line), "%s: %s", run_input_name(in), text);
	run->o->note(run->o->note_arg, detail, line);
}

/* ---- Rules ---- */

/* Records of this very store, which never leave it: those that are still as
 * they were are duplicates. */
static bool
is_own(struct store *st, const char *restored)
{
	struct buf own = { 0 };
	uint8_t id[16];
	bool is;

	if (st == NULL || restored == NULL)
		return false;
	store_id(st, id);
	buf_str(&own, STR(EVENT_RESTORED_SOURCE));
	buf_hex(&own, id, EVENT_RESTORED_HEX / 2);
	is = str_eq(buf_view(&own), str_of(restored));
	buf_fini(&own);
	return is;
}

/* Names of files may hold secrets too. */
static void
hide_secrets(const struct ingest_options *o, struct buf *name)
{
	struct redact_work *work;
	struct arena a = { 0 };
	unsigned hidden;
	struct str s;

	if (o->redactor == NULL || name->len == 0)
		return;
	work = redact_work_new(o->redactor);
	s = redact_bytes(work, buf_view(name), &a, &hidden);
	if (hidden > 0) {
		buf_reset(name);
		buf_str(name, s);
	}
	arena_fini(&a);
	redact_work_free(work);
}

static int
check_source(const struct input *in, struct err *e)
{
	if (!event_source_reserved(in->rules.source))
		return 0;
	return err_set(e, ERR_FAIL, "%s: its source would be %s, which is reserved: give another with --source",
	    run_input_name(in), EVENT_RESERVED_SOURCE);
}

int
input_adopt(struct run *run, struct input *in, const char *restored, struct err *e)
{
	const struct ingest_options *o = run->o;
	/* It has no position to go on from, and no more of it will come. */
	bool goes_on = !is_pipe(in) && restored == NULL;

	buf_str(&in->label, str_of(input_is_stdin(in) ? "stdin" : in->source.path));
	hide_secrets(o, &in->label);
	buf_byte(&in->label, '\0');
	if (o->source == NULL)
		source_name(in->source.log, &in->name);
	hide_secrets(o, &in->name);
	in->rules = (struct batch_rules){
		.source = o->source != NULL ? str_of(o->source) : buf_view(&in->name),
		.tenant = str_of(o->tenant),
		.redactor = o->redactor,
		.assume_now = o->assume_now,
		.explain = o->explain != NULL,
		.drop = o->drop,
		.drop_scratch_new = o->drop_scratch_new,
		.drop_scratch_free = o->drop_scratch_free,
		.drop_arg = o->drop_arg,
		.regular = goes_on,
		.number = goes_on && run->st != NULL,
		.restored = str_of(restored),
	};
	in->own = is_own(run->st, restored);
	memcpy(in->rules.key, in->source.file.key, sizeof(in->rules.key));
	return check_source(in, e);
}

int
input_open(struct run *run, struct input *in, const char *path, const char *restored, struct err *e)
{
	if (source_open(&in->source, path, restored != NULL ? NULL : run->st, e) < 0)
		return -1;
	return input_adopt(run, in, restored, e);
}

void
input_note_state(const struct run *run, const struct input *in)
{
	const struct store_file *f = &in->source.file;
	char text[160];

	switch (in->source.state) {
	case SOURCE_PIPE:
		run_note(run, in, true, "a pipe");
		break;
	case SOURCE_NEW:
		run_note(run, in, true, "not seen before");
		break;
	case SOURCE_KNOWN:
		snprintf(text, sizeof(text), "goes on at byte %llu, behind %llu lines%s",
		    (unsigned long long)f->offset, (unsigned long long)f->line,
		    in->source.moved ? " (it was moved or copied)" : "");
		run_note(run, in, true, text);
		break;
	case SOURCE_REPLACED:
		run_note(run, in, false,
		    "its content is not what was read before (truncated, rewritten or replaced): "
		    "read from the start");
		break;
	}
}

void
input_close(struct input *in)
{
	frame_fini(&in->frame);
	source_close(&in->source);
	buf_fini(&in->name);
	buf_fini(&in->label);
	buf_fini(&in->head);
}

/* ---- What it is ---- */

/* A mapping that the run knows already takes the place of the same one. */
static const struct mapping *
keep_mapping(struct run *run, struct mapping *m)
{
	for (size_t i = 0; i < run->mappings; i++)
		if (strcmp(mapping_name(run->mapping[i]), mapping_name(m)) == 0) {
			mapping_free(m);
			return run->mapping[i];
		}
	mem_grow(&run->mapping, &run->mapping_cap, run->mappings + 1, sizeof(struct mapping *));
	return run->mapping[run->mappings++] = m;
}

static bool
is_auto(const struct run *run)
{
	return run->o->from != NULL && strcmp(run->o->from, "auto") == 0;
}

static int
guess(struct run *run, struct input *in, struct str head, struct err *e)
{
	struct ingest_choice choice = { .format = FORMAT_LINES };
	const char *title;
	char text[160];

	if (head.len == 0)
		return 0;
	if (ingest_guess(run->o->mappings, head, &choice, e) < 0)
		return -1;
	in->format = choice.format;
	title = ingest_choice_title(&choice);
	if (choice.format == FORMAT_MAPPED) {
		in->rules.mapping = keep_mapping(run, choice.mapping);
		title = mapping_title(in->rules.mapping);
	}
	snprintf(text, sizeof(text), "reading it as %s", title);
	run_note(run, in, run->title != NULL && strcmp(run->title, title) == 0, text);
	run->title = title;
	return 0;
}

/* What --from says of every input; false: it depends on how this one begins. */
static bool
is_told(const struct run *run, struct input *in)
{
	const char *from = run->o->from;

	in->format = FORMAT_LINES;
	if (from == NULL || strcmp(from, "jsonl") == 0 || in->rules.restored.p != NULL)
		return true;
	if (is_auto(run))
		return false;
	in->format = strcmp(from, "auditd") == 0 ? FORMAT_AUDITD : FORMAT_MAPPED;
	if (in->format == FORMAT_MAPPED)
		in->rules.mapping = run->mapping[0];
	return in->format == FORMAT_AUDITD;
}

static bool
is_table(const struct input *in)
{
	return in->format == FORMAT_MAPPED && mapping_shape(in->rules.mapping)->format == MAPPING_CSV;
}

/* A product delivers its log in many files, and the same event in more than
 * one: they are one log.  A table may be anything, and is called as its file. */
static int
name_source(const struct run *run, struct input *in, struct err *e)
{
	if (run->o->source != NULL || in->format == FORMAT_LINES || (is_table(in) && !input_is_stdin(in)))
		return 0;
	in->rules.source = in->format == FORMAT_AUDITD ? STR("auditd") : str_of(mapping_name(in->rules.mapping));
	return check_source(in, e);
}

static int
choose(struct run *run, struct input *in, struct str head, struct err *e)
{
	struct frame *f = &in->frame;
	struct str read = buf_view(&in->head);
	uint64_t offset = f->offset - read.len, lines = in->source.file.line;

	if (!is_told(run, in) && is_auto(run) && guess(run, in, head, e) < 0)
		return -1;
	in->chosen = true;
	if (in->format == FORMAT_LINES) {
		frame_put_back(f, read);
	} else {
		f->record_ends = in->format == FORMAT_MAPPED;
		/* A dry run knows no other time at which the rest of an event may come. */
		f->whole = !in->rules.regular || (!f->record_ends && run->append == NULL);
		f->keep_tails = f->record_ends && in->rules.assume_now && in->rules.regular;
		frame_cut(f, f->record_ends ? cut_mapped(in->rules.mapping, offset, lines, head) : cut_auditd(offset, lines),
		    read);
		in->lines = 0;
	}
	buf_fini(&in->head);
	in->head = (struct buf){ 0 };
	return name_source(run, in, e);
}

/* What cannot be found out is not worth an error here. */
int
input_judge(const struct run *run, const struct input *in, struct str line, struct err *e)
{
	struct ingest_choice choice;
	struct buf head = { 0 };
	struct err ignored = ERR_NONE;
	/* What was read of a file would count as read, whatever it is read as later. */
	bool leave = run->sink == SINK_STORE && in->rules.number && in->source.file.offset == 0 && !run->o->follow;
	char text[200];
	int rc = 0;

	if (run->o->from != NULL || run->o->mappings == NULL || in->rules.restored.p != NULL || in->source.in == NULL)
		return 0;
	if (is_pipe(in) || source_head(&in->source, MAPPING_HEAD_MAX, &head, &ignored) < 0)
		buf_str(&head, line);
	if (ingest_guess(run->o->mappings, buf_view(&head), &choice, &ignored) == 0 && choice.format != FORMAT_LINES) {
		snprintf(text, sizeof(text), "it looks like %s: --from %s reads that", ingest_choice_title(&choice),
		    choice.format == FORMAT_AUDITD ? "auditd" : mapping_name(choice.mapping));
		if (leave)
			rc = err_set(e, ERR_FAIL, "%s: %s", run_input_name(in), text);
		else
			run_note(run, in, false, text);
		mapping_free(choice.mapping);
	}
	buf_fini(&head);
	return rc;
}

/* ---- Reading ---- */

/* Whether a first record, or line, is there whole. */
static bool
has_record(struct str head)
{
	struct records r;
	struct record ignored;
	bool has;

	records_init(&r, NULL, 0);
	records_feed(&r, head.p, head.len);
	has = records_next(&r, &ignored);
	records_fini(&r);
	return has;
}

/* More of a pipe's beginning; true: there is enough. */
static bool
read_head(struct input *in, int wait_ms)
{
	struct frame *f = &in->frame;
	char piece[8192];
	ssize_t n;

	while (in->head.len < HEAD_MAX && !f->ended && f->err.code == ERR_OK) {
		bool some = has_record(buf_view(&in->head));

		if (!frame_ready(f, some ? HEAD_QUIET_MS : wait_ms))
			return some;
		if ((n = frame_read(f, piece, sizeof(piece))) < 0) {
			frame_interrupted(f);
			return f->err.code != ERR_OK;
		}
		buf_add(&in->head, piece, (size_t)n);
		f->offset += (size_t)n;
	}
	return true;
}

/* -1, 0 when not enough of it is there yet, 1. */
static int
find_out(struct run *run, struct input *in, int wait_ms, struct err *e)
{
	struct buf head = { 0 };
	int rc = 1;

	if (is_told(run, in))
		return choose(run, in, STR(""), e) < 0 ? -1 : 1;
	if (is_pipe(in)) {
		if (!read_head(in, wait_ms))
			return 0;
		buf_str(&head, buf_view(&in->head));
	} else if (source_head(&in->source, MAPPING_HEAD_MAX, &head, e) < 0) {
		rc = -1;
	} else if (in->frame.grows && head.len < MAPPING_HEAD_MAX && !has_record(buf_view(&head))) {
		in->frame.dry = true;
		rc = 0;
	}
	if (rc > 0 && choose(run, in, buf_view(&head), e) < 0)
		rc = -1;
	buf_fini(&head);
	return rc;
}

int
input_begin(struct run *run, struct input *in, struct err *e)
{
	in->lines = in->source.file.line - (in->source.within_line ? 1 : 0);
	in->chosen = false;
	frame_fini(&in->frame);
	instream_set_stop(in->source.in, run->o->stop);
	frame_init(&in->frame, in->source.in);
	return is_told(run, in) ? choose(run, in, STR(""), e) : 0;
}

enum frame_result
input_next(struct run *run, struct input *in, struct frame_chunk *c, int wait_ms, struct err *e)
{
	int known = in->chosen ? 1 : find_out(run, in, wait_ms, e);

	if (known <= 0)
		return known < 0 ? FRAME_ERROR : FRAME_WAIT;
	return frame_next(&in->frame, c, wait_ms, e);
}

int
input_step(struct run *run, struct input *in, size_t most, enum frame_result *got, struct err *e)
{
	uint64_t from = in->frame.offset;
	struct err input = ERR_NONE;
	struct batch *b;

	do {
		if ((b = run_free_batch(run)) == NULL) {
			if (run_take_chunk(run, e) < 0)
				return -1;
			b = run_free_batch(run);
		}
		if ((*got = input_next(run, in, &b->chunk, 0, &input)) == FRAME_LINES)
			run_start_chunk(run, in);
	} while (*got == FRAME_LINES && in->frame.offset - from < most);
	while (run->flying > 0)
		if (run_take_chunk(run, e) < 0) {
			*got = FRAME_WAIT;
			return -1;
		}
	/* Much of it may have been of one record, which goes on. */
	if (*got == FRAME_WAIT && in->frame.offset - from >= most)
		*got = FRAME_LINES;
	/* What was read before an error was taken first. */
	if (*got == FRAME_ERROR)
		*e = input;
	return *got == FRAME_ERROR ? -1 : 0;
}

int
input_idle(struct run *run, struct input *in, enum frame_result *got, struct err *e)
{
	*got = FRAME_WAIT;
	if (in->frame.cutter.kind == NULL || in->frame.cutter.kind->idle == NULL)
		return 0;
	frame_idle(&in->frame);
	return input_step(run, in, 0, got, e);
}
