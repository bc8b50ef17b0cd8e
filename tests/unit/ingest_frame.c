/* Lines out of files and pipes: whole, in order, in bounded memory. */
#include "ingest/frame.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "event/json.h"
#include "unit.h"

static struct frame frame;
static struct frame_chunk chunk;
static struct instream *in;
static char path[] = "/tmp/ingest_frame.XXXXXX";
static int writer = -1;

static void
start(const char *name)
{
	struct err e = ERR_NONE;

	in = instream_open(name, &e);
	ck_assert_msg(in != NULL, "%s", e.text);
	frame_init(&frame, in);
	frame_chunk_init(&chunk);
}

static void
start_file(const char *p, size_t len)
{
	strcpy(strrchr(path, '.'), ".XXXXXX");
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, p + done, len - done);

		ck_assert_int_gt(n, 0);
		done += (size_t)n;
	}
	close(fd);
	start(path);
}

static void
start_pipe(const char *text)
{
	int fd[2];

	ck_assert_int_eq(pipe(fd), 0);
	ck_assert_int_eq(dup2(fd[0], STDIN_FILENO), STDIN_FILENO);
	close(fd[0]);
	writer = fd[1];
	ck_assert_int_eq(write(writer, text, strlen(text)), (ssize_t)strlen(text));
	start("-");
}

static void
finish(void)
{
	frame_fini(&frame);
	frame_chunk_fini(&chunk);
	instream_close(in);
	unlink(path);
	if (writer >= 0)
		close(writer);
	writer = -1;
}

static enum frame_result
next(int wait_ms)
{
	struct err e = ERR_NONE;
	enum frame_result r = frame_next(&frame, &chunk, wait_ms, &e);

	ck_assert_msg(r != FRAME_ERROR, "%s", e.text);
	return r;
}

static void
expect_lines(const char *text)
{
	ck_assert_int_eq(next(0), FRAME_LINES);
	ck_assert_uint_eq(chunk.len, strlen(text));
	ck_assert_mem_eq(chunk.p, text, chunk.len);
}

/* Lines of 'x', of many lengths, together longer than several chunks. */
START_TEST(chunks_are_whole_lines_and_leave_nothing_out)
{
	size_t size = 5 * FRAME_CHUNK, done = 0, chunks = 0;
	char *text = mem_alloc(size);

	memset(text, 'x', size);
	for (size_t at = 0, step = 1; at < size; at += step++ % 3001)
		text[at] = '\n';
	text[size - 1] = '\n';
	start_file(text, size);
	while (next(0) == FRAME_LINES) {
		ck_assert_uint_eq(chunk.offset, done);
		ck_assert_uint_eq(chunk.end, done + chunk.len);
		ck_assert_mem_eq(chunk.p, text + done, chunk.len);
		ck_assert_int_eq(chunk.p[chunk.len - 1], '\n');
		ck_assert(!chunk.partial && !chunk.too_long);
		done += chunk.len;
		chunks++;
	}
	ck_assert_uint_eq(done, size);
	ck_assert_uint_ge(chunks, 5);
	finish();
	free(text);
}
END_TEST

START_TEST(line_of_the_greatest_length_is_kept)
{
	size_t size = JSON_LEN_MAX + 3;
	char *text = mem_alloc(size);

	memset(text, 'x', size);
	text[JSON_LEN_MAX] = '\n';
	text[size - 1] = '\n';
	start_file(text, size);
	ck_assert_int_eq(next(0), FRAME_LINES);
	ck_assert(!chunk.too_long);
	ck_assert_uint_ge(chunk.len, JSON_LEN_MAX + 1);
	finish();
	free(text);
}
END_TEST

START_TEST(longer_line_is_cut_and_read_over)
{
	size_t longer = 3 * JSON_LEN_MAX, size = longer + 6;
	char *text = mem_alloc(size);

	memset(text, 'x', size);
	memcpy(text, "a\n", 2);
	text[longer + 1] = '\n';
	memcpy(text + longer + 2, "end\n", 4);
	start_file(text, size);
	expect_lines("a\n");
	ck_assert_int_eq(next(0), FRAME_LINES);
	ck_assert(chunk.too_long);
	ck_assert_uint_eq(chunk.len, FRAME_KEEP);
	ck_assert_mem_eq(chunk.p, text + 2, FRAME_KEEP);
	ck_assert_uint_eq(chunk.offset, 2);
	ck_assert_uint_eq(chunk.end, longer + 2);
	ck_assert_uint_gt(chunk.tail, 0);
	ck_assert_mem_eq(chunk.p + chunk.len, text + longer + 2 - chunk.tail, chunk.tail);
	expect_lines("end\n");
	ck_assert_uint_eq(chunk.offset, longer + 2);
	ck_assert_int_eq(next(0), FRAME_END);
	finish();
	free(text);
}
END_TEST

START_TEST(longer_line_that_does_not_end_is_partial)
{
	size_t size = 2 * JSON_LEN_MAX;
	char *text = mem_alloc(size);

	memset(text, 'x', size);
	start_file(text, size);
	ck_assert_int_eq(next(0), FRAME_LINES);
	ck_assert(chunk.too_long && chunk.partial);
	ck_assert_uint_eq(chunk.end, size);
	ck_assert_int_eq(next(0), FRAME_END);
	finish();
	free(text);
}
END_TEST

START_TEST(line_without_end_is_read_in_turns)
{
	size_t size = 10 * JSON_LEN_MAX;
	char *text = mem_alloc(size);

	memset(text, 'x', size);
	start_file(text, size);
	ck_assert_int_eq(next(0), FRAME_WAIT);
	ck_assert_uint_lt(frame.offset, size);
	ck_assert_int_eq(next(0), FRAME_WAIT);
	ck_assert_int_eq(next(0), FRAME_LINES);
	ck_assert(chunk.too_long && chunk.partial);
	ck_assert_uint_eq(chunk.offset, 0);
	ck_assert_uint_eq(chunk.end, size);
	ck_assert_int_eq(next(0), FRAME_END);
	finish();
	free(text);
}
END_TEST

START_TEST(last_line_without_newline_is_partial)
{
	start_file("a\nb", 3);
	expect_lines("a\nb");
	ck_assert(chunk.partial);
	ck_assert_int_eq(next(0), FRAME_END);
	finish();
}
END_TEST

START_TEST(empty_file_ends_at_once)
{
	start_file("", 0);
	ck_assert_int_eq(next(0), FRAME_END);
	ck_assert_int_eq(next(0), FRAME_END);
	finish();
}
END_TEST

START_TEST(pipe_gives_the_whole_lines_that_are_there)
{
	start_pipe("a\nb");
	expect_lines("a\n");
	ck_assert_int_eq(next(0), FRAME_WAIT);
	ck_assert_int_eq(next(1), FRAME_WAIT);
	ck_assert_int_eq(write(writer, "c\nd", 3), 3);
	expect_lines("bc\n");
	ck_assert_uint_eq(chunk.offset, 2);
	close(writer);
	writer = -1;
	expect_lines("d");
	ck_assert(chunk.partial);
	ck_assert_int_eq(next(0), FRAME_END);
	finish();
}
END_TEST

START_TEST(stopped_pipe_still_gives_what_was_read)
{
	start_pipe("a\nb");
	expect_lines("a\n");
	ck_assert(!frame_stop(&frame));
	expect_lines("b");
	ck_assert(chunk.partial);
	ck_assert_int_eq(next(0), FRAME_END);
	finish();
}
END_TEST

START_TEST(stopped_pipe_says_whether_input_was_left)
{
	start_pipe("a\n");
	expect_lines("a\n");
	ck_assert_int_eq(write(writer, "b\n", 2), 2);
	ck_assert(frame_stop(&frame));
	ck_assert_int_eq(next(0), FRAME_END);
	finish();
}
END_TEST

START_TEST(stopped_file_is_left_where_it_is)
{
	char *text = mem_alloc(2 * FRAME_CHUNK);

	memset(text, 'x', 2 * FRAME_CHUNK);
	for (size_t i = 99; i < 2 * FRAME_CHUNK; i += 100)
		text[i] = '\n';
	start_file(text, 2 * FRAME_CHUNK);
	ck_assert_int_eq(next(0), FRAME_LINES);
	ck_assert(frame_stop(&frame));
	ck_assert_int_eq(next(0), FRAME_END);
	finish();
	free(text);
}
END_TEST

START_TEST(first_and_last_line_are_those_with_text)
{
	ck_assert_uint_eq(frame_first_line("ab\ncd\n", 6), 2);
	ck_assert_uint_eq(frame_first_line("\n \r\nab\ncd\n", 10), 6);
	ck_assert_uint_eq(frame_first_line("ab", 2), 2);
	ck_assert_uint_eq(frame_first_line("\n\n", 2), 2);
	ck_assert_uint_eq(frame_first_line("", 0), 0);
	ck_assert_uint_eq(frame_last_line("ab\ncd\n", 6), 3);
	ck_assert_uint_eq(frame_last_line("ab\ncd", 5), 3);
	ck_assert_uint_eq(frame_last_line("ab\n\n \n", 6), 0);
	ck_assert_uint_eq(frame_last_line("a\nb\n\n", 5), 2);
	ck_assert_uint_eq(frame_last_line("\n\n", 2), 0);
	ck_assert_uint_eq(frame_last_line("", 0), 0);
}
END_TEST

static void
write_over(const char *text, off_t at)
{
	int fd = open(path, O_WRONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, at), 0);
	ck_assert_int_eq(pwrite(fd, text, strlen(text), at), (ssize_t)strlen(text));
	close(fd);
}

START_TEST(file_that_grows_ends_for_now_only)
{
	struct err e = ERR_NONE;

	start_file("one\ntw", 6);
	frame.grows = true;
	ck_assert_int_eq(frame_next(&frame, &chunk, 0, &e), FRAME_LINES);
	ck_assert_uint_eq(chunk.len, 4);
	ck_assert_int_eq(frame_next(&frame, &chunk, 0, &e), FRAME_WAIT);
	ck_assert(frame.dry && !frame.lost);
	write_over("o\n", 6);
	ck_assert_int_eq(frame_next(&frame, &chunk, 0, &e), FRAME_LINES);
	ck_assert_mem_eq(chunk.p, "two\n", 4);
	write_over("thr", 8);
	ck_assert_int_eq(frame_next(&frame, &chunk, 0, &e), FRAME_WAIT);
	frame.grows = false;
	ck_assert_int_eq(frame_next(&frame, &chunk, 0, &e), FRAME_LINES);
	ck_assert(chunk.partial);
	ck_assert_int_eq(frame_next(&frame, &chunk, 0, &e), FRAME_END);
	finish();
}
END_TEST

START_TEST(file_that_was_written_anew_is_lost)
{
	struct err e = ERR_NONE;

	start_file("one\ntwo\n", 8);
	frame.grows = true;
	ck_assert_int_eq(frame_next(&frame, &chunk, 0, &e), FRAME_LINES);
	write_over("111\n222\n333\n", 0);
	ck_assert_int_eq(frame_next(&frame, &chunk, 0, &e), FRAME_WAIT);
	ck_assert(frame.lost);
	finish();
}
END_TEST

static Suite *
frame_suite(void)
{
	Suite *s = suite_create("ingest/frame");
	TCase *t = tcase_create("lines");

	tcase_add_test(t, chunks_are_whole_lines_and_leave_nothing_out);
	tcase_add_test(t, line_of_the_greatest_length_is_kept);
	tcase_add_test(t, longer_line_is_cut_and_read_over);
	tcase_add_test(t, longer_line_that_does_not_end_is_partial);
	tcase_add_test(t, line_without_end_is_read_in_turns);
	tcase_add_test(t, last_line_without_newline_is_partial);
	tcase_add_test(t, empty_file_ends_at_once);
	tcase_add_test(t, pipe_gives_the_whole_lines_that_are_there);
	tcase_add_test(t, stopped_pipe_still_gives_what_was_read);
	tcase_add_test(t, stopped_pipe_says_whether_input_was_left);
	tcase_add_test(t, stopped_file_is_left_where_it_is);
	tcase_add_test(t, file_that_grows_ends_for_now_only);
	tcase_add_test(t, file_that_was_written_anew_is_lost);
	tcase_add_test(t, first_and_last_line_are_those_with_text);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(frame_suite)
