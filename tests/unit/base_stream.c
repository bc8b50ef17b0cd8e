/* stream: what is written is read back; what is damaged is refused; no half
 * file is ever seen under its name. */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/bytes.h"
#include "base/stream.h"

static char folder[64];

static void
make_folder(void)
{
	strcpy(folder, "/tmp/audit-stream-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void
remove_folder(void)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	char path[400];

	while ((entry = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	closedir(d);
	rmdir(folder);
}

/* The path of a name in the folder; four are valid at once. */
static const char *
in_folder(const char *name)
{
	static char path[4][400];
	static unsigned next;
	char *p = path[next++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	return p;
}

static unsigned
count_files(void)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	unsigned n = 0;

	while ((entry = readdir(d)) != NULL)
		n += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
	closedir(d);
	return n;
}

static void
put_file(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(p, 1, n, f), n);
	fclose(f);
}

/* Text that is neither constant nor random. */
static struct buf
make_text(size_t n)
{
	struct buf b = { 0 };

	for (unsigned i = 0; b.len < n; i++)
		buf_printf(&b, "line %u of %x\n", i, i * 2654435761u);
	b.len = n;
	return b;
}

/* Reads to the end in pieces of `step`; -1 on an error. */
static int
read_all(const char *path, size_t step, struct buf *b, struct err *e)
{
	struct instream *s = instream_open(path, e);
	ssize_t n = -1;

	if (s == NULL)
		return -1;
	do {
		buf_reserve(b, step);
		n = instream_read(s, b->p + b->len, step, e);
		if (n > 0)
			b->len += (size_t)n;
		ck_assert_uint_eq(instream_offset(s), b->len);
	} while (n > 0);
	instream_close(s);
	return (int)n;
}

static const char *const names[] = { "plain", "text.gz", "text.zst" };
static const size_t sizes[] = { 0, 1, 3, 1000, 262143, 262144, 262145, 1500000 };

START_TEST(what_is_written_is_read_back)
{
	const char *path = in_folder(names[_i % 3]);
	struct buf text = make_text(sizes[_i / 3]);
	static const size_t pieces[] = { 7, 4096, 300000, 5000000 };

	for (size_t i = 0; i < 4; i++) {
		struct err e = ERR_NONE;
		struct buf back = { 0 };
		struct outstream *o = outstream_open(path, &e);

		ck_assert_ptr_nonnull(o);
		for (size_t at = 0; at < text.len; at += pieces[i]) {
			size_t left = text.len - at;

			ck_assert_int_eq(outstream_write(o, text.p + at,
			    left < pieces[i] ? left : pieces[i], &e), 0);
		}
		ck_assert_uint_eq(outstream_bytes(o), text.len);
		ck_assert_int_eq(outstream_finish(o, &e), 0);
		ck_assert_int_eq(read_all(path, pieces[i], &back, &e), 0);
		ck_assert(str_eq(buf_view(&text), buf_view(&back)));
		buf_fini(&back);
	}
	ck_assert_uint_eq(count_files(), 1);
	buf_fini(&text);
}
END_TEST

START_TEST(compressed_files_tell_what_they_are)
{
	struct err e = ERR_NONE;
	struct buf text = make_text(100000);

	for (size_t i = 0; i < 3; i++) {
		const char *path = in_folder(names[i]);
		struct outstream *o = outstream_open(path, &e);
		unsigned char byte[4096];
		struct stat sb;

		outstream_write(o, text.p, text.len, &e);
		ck_assert_int_eq(outstream_finish(o, &e), 0);
		ck_assert_int_eq(stat(path, &sb), 0);
		ck_assert_int_eq(sb.st_mode & 07777, 0640);

		struct instream *s = instream_open(path, &e);
		uint64_t dev, ino;

		ck_assert(instream_is_regular(s));
		ck_assert_int_eq(instream_is_compressed(s), i > 0);
		ck_assert_str_eq(instream_name(s), path);
		instream_identity(s, &dev, &ino);
		ck_assert(dev == sb.st_dev && ino == sb.st_ino);
		ck_assert(instream_progress(s) >= 0 && instream_progress(s) < 0.01);
		while (instream_read(s, byte, sizeof(byte), &e) > 0)
			continue;
		ck_assert(instream_progress(s) == 1);
		instream_close(s);
	}
	buf_fini(&text);
}
END_TEST

/* Two compressed texts one after the other, made by the libraries. */
static struct buf
compress_twice(bool gzip, struct buf text)
{
	struct buf b = { 0 };

	for (int i = 0; i < 2; i++) {
		buf_reserve(&b, 2 * text.len + 1000);
		if (gzip) {
			z_stream z = { 0 };

			deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
			z.next_in = (Bytef *)text.p;
			z.avail_in = (uInt)text.len;
			z.next_out = (Bytef *)b.p + b.len;
			z.avail_out = (uInt)(b.cap - b.len);
			ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
			b.len = b.cap - z.avail_out;
			deflateEnd(&z);
		} else {
			size_t n = ZSTD_compress(b.p + b.len, b.cap - b.len, text.p, text.len, 1);

			ck_assert(!ZSTD_isError(n));
			b.len += n;
		}
	}
	return b;
}

START_TEST(members_and_frames_follow_each_other)
{
	struct buf text = make_text(200000), packed = compress_twice(_i == 0, text);
	struct err e = ERR_NONE;
	const char *path = in_folder("any-name");
	struct buf back = { 0 };

	put_file(path, packed.p, packed.len);
	ck_assert_int_eq(read_all(path, 1000, &back, &e), 0);
	ck_assert_uint_eq(back.len, 2 * text.len);
	ck_assert_mem_eq(back.p, text.p, text.len);
	ck_assert_mem_eq(back.p + text.len, text.p, text.len);

	/* Zeros behind gzip are padding, anything else is damage. */
	if (_i == 0) {
		char zeros[1000] = { 0 };

		buf_reset(&back);
		buf_add(&packed, zeros, sizeof(zeros));
		put_file(path, packed.p, packed.len);
		ck_assert_int_eq(read_all(path, 1000, &back, &e), 0);
		ck_assert_uint_eq(back.len, 2 * text.len);
	}
	buf_reset(&back);
	buf_add(&packed, "garbage", 7);
	put_file(path, packed.p, packed.len);
	ck_assert_int_eq(read_all(path, 1000, &back, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	ck_assert_ptr_nonnull(strstr(e.text, "any-name: damaged"));
	buf_fini(&back);
	buf_fini(&packed);
	buf_fini(&text);
}
END_TEST

START_TEST(a_skippable_frame_is_zstd)
{
	struct buf text = make_text(1000), packed = compress_twice(false, text), b = { 0 }, back = { 0 };
	struct err e = ERR_NONE;

	buf_add(&b, "\x5a\x2a\x4d\x18\x04\x00\x00\x00skip", 12);
	buf_add(&b, packed.p, packed.len);
	put_file(in_folder("x"), b.p, b.len);
	ck_assert_int_eq(read_all(in_folder("x"), 1000, &back, &e), 0);
	ck_assert_uint_eq(back.len, 2 * text.len);
	buf_fini(&back);
	buf_fini(&b);
	buf_fini(&packed);
	buf_fini(&text);
}
END_TEST

/* Every prefix of two members is whole only at its member ends. */
START_TEST(what_ends_early_is_refused)
{
	struct buf text = make_text(3000), packed = compress_twice(_i == 0, text);
	const char *path = in_folder("cut");

	for (size_t n = _i == 0 ? 2 : 4; n < packed.len; n++) {
		struct err e = ERR_NONE;
		struct buf back = { 0 };

		put_file(path, packed.p, n);

		int rc = read_all(path, 4096, &back, &e);

		if (n == packed.len / 2) {
			ck_assert_int_eq(rc, 0);
			ck_assert_uint_eq(back.len, text.len);
		} else {
			ck_assert_msg(rc == -1, "%zu of %zu bytes", n, packed.len);
			ck_assert_ptr_nonnull(strstr(e.text, "cut: the compressed data ends early"));
		}
		buf_fini(&back);
	}
	buf_fini(&packed);
	buf_fini(&text);
}
END_TEST

START_TEST(changed_bytes_are_refused_or_harmless)
{
	struct err e = ERR_NONE;
	struct buf text = make_text(3000);
	const char *path = in_folder(_i == 0 ? "bits.gz" : "bits.zst");
	struct outstream *o = outstream_open(path, &e);
	size_t len;

	outstream_write(o, text.p, text.len, &e);
	ck_assert_int_eq(outstream_finish(o, &e), 0);

	char *packed = file_read(path, 100000, &len, &e);
	unsigned refused = 0;

	for (size_t at = 4; at < len; at++) {
		struct buf back = { 0 };

		packed[at] ^= 0x10;
		put_file(path, packed, len);
		packed[at] ^= 0x10;
		err_clear(&e);
		if (read_all(path, 4096, &back, &e) != 0)
			refused++;
		else /* in the header, as the time in gzip's */
			ck_assert(str_eq(buf_view(&back), buf_view(&text)));
		buf_fini(&back);
	}
	ck_assert_uint_ge(refused, len - 20);
	free(packed);
	buf_fini(&text);
}
END_TEST

/* A frame whose window is beyond the limit is refused, not allocated. */
START_TEST(a_huge_window_is_refused)
{
	static const unsigned char frame[] = { 0x28, 0xb5, 0x2f, 0xfd,
		0x00, (28 - 10) << 3,      /* no size given; window 2^28 */
		0x01, 0x00, 0x00 };         /* an empty last block */
	unsigned char allowed[sizeof(frame)];
	struct err e = ERR_NONE;
	struct buf back = { 0 };

	put_file(in_folder("w"), frame, sizeof(frame));
	ck_assert_int_eq(read_all(in_folder("w"), 4096, &back, &e), -1);
	memcpy(allowed, frame, sizeof(frame));
	allowed[5] = (27 - 10) << 3;
	put_file(in_folder("w"), allowed, sizeof(allowed));
	err_clear(&e);
	ck_assert_int_eq(read_all(in_folder("w"), 4096, &back, &e), 0);
	buf_fini(&back);
}
END_TEST

START_TEST(starts_of_magic_are_plain_text)
{
	static const char *const texts[] = { "\x1f", "\x28", "\x28\xb5\x2f", "\x1fx", "Z", "P*M", "P*MX",
		"(b)", "" };

	for (size_t i = 0; i < 9; i++) {
		struct err e = ERR_NONE;
		struct buf back = { 0 };

		put_file(in_folder("m"), texts[i], strlen(texts[i]));
		ck_assert_int_eq(read_all(in_folder("m"), 10, &back, &e), 0);
		ck_assert(str_eq(buf_view(&back), str_of(texts[i])));
		buf_fini(&back);
	}
}
END_TEST

START_TEST(skipping_goes_forward_and_not_beyond_the_end)
{
	struct buf text = make_text(500000);
	const char *path = in_folder(names[_i]);
	struct err e = ERR_NONE;
	struct outstream *o = outstream_open(path, &e);
	char got[10];

	outstream_write(o, text.p, text.len, &e);
	ck_assert_int_eq(outstream_finish(o, &e), 0);

	struct instream *s = instream_open(path, &e);

	for (uint64_t at = 0; at + 10 < text.len; at += 99991) {
		ck_assert_int_eq(instream_skip_to(s, at, &e), 0);
		ck_assert_int_eq(instream_read(s, got, 10, &e), 10);
		ck_assert_mem_eq(got, text.p + at, 10);
		ck_assert_uint_eq(instream_offset(s), at + 10);
	}
	ck_assert_int_eq(instream_skip_to(s, 5, &e), -1);
	err_clear(&e);
	ck_assert_int_eq(instream_skip_to(s, text.len, &e), 0);
	ck_assert_int_eq(instream_read(s, got, 10, &e), 0);
	ck_assert_int_eq(instream_skip_to(s, text.len + 1, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "ends before byte 500001"));
	instream_close(s);
	buf_fini(&text);
}
END_TEST

START_TEST(a_growing_file_gives_more_later)
{
	const char *path = in_folder("log");
	struct err e = ERR_NONE;
	char got[100];

	put_file(path, "one\n", 4);

	struct instream *s = instream_open(path, &e);
	FILE *f = fopen(path, "ab");

	ck_assert_int_eq(instream_read(s, got, sizeof(got), &e), 4);
	ck_assert_int_eq(instream_read(s, got, sizeof(got), &e), 0);
	fputs("two\n", f);
	fflush(f);
	ck_assert_int_eq(instream_read(s, got, sizeof(got), &e), 4);
	ck_assert_mem_eq(got, "two\n", 4);
	fclose(f);
	instream_close(s);
}
END_TEST

/* Puts fd in place of standard input or output; the old one is returned. */
static int
swap_fd(int std, int fd)
{
	int saved = dup(std);

	dup2(fd, std);
	close(fd);
	return saved;
}

START_TEST(standard_input_starts_where_it_is)
{
	struct err e = ERR_NONE;
	char got[10];
	int fd;

	put_file(in_folder("in"), "read\nrest\n", 10);
	fd = open(in_folder("in"), O_RDONLY);
	ck_assert_int_eq(read(fd, got, 5), 5);

	int saved = swap_fd(STDIN_FILENO, fd);
	struct instream *s = instream_open("-", &e);

	ck_assert_str_eq(instream_name(s), "stdin");
	ck_assert(instream_is_regular(s));
	ck_assert_uint_eq(instream_offset(s), 5);
	ck_assert_int_eq(instream_read(s, got, 10, &e), 5);
	ck_assert_mem_eq(got, "rest\n", 5);
	instream_close(s);
	close(swap_fd(STDIN_FILENO, saved));
}
END_TEST

START_TEST(a_pipe_gives_what_is_there)
{
	struct buf text = make_text(1000), packed = compress_twice(true, text), back = { 0 };
	struct err e = ERR_NONE;
	int ends[2];
	char got[100];

	ck_assert_int_eq(pipe(ends), 0);

	int saved = swap_fd(STDIN_FILENO, ends[0]);
	struct instream *s = instream_open("-", &e);

	ck_assert(!instream_is_regular(s));
	ck_assert(instream_progress(s) < 0);
	ck_assert_int_eq(write(ends[1], "{", 1), 1);
	ck_assert_int_eq(instream_read(s, got, sizeof(got), &e), 1);
	ck_assert_int_eq(write(ends[1], "}\n", 2), 2);
	ck_assert_int_eq(instream_read(s, got, sizeof(got), &e), 2);
	close(ends[1]);
	ck_assert_int_eq(instream_read(s, got, sizeof(got), &e), 0);
	instream_close(s);

	/* Compressed through a pipe. */
	ck_assert_int_eq(pipe(ends), 0);
	close(swap_fd(STDIN_FILENO, ends[0]));
	ck_assert_int_eq(write(ends[1], packed.p, packed.len), (ssize_t)packed.len);
	close(ends[1]);
	ck_assert_int_eq(read_all("-", 4096, &back, &e), 0);
	ck_assert_uint_eq(back.len, 2 * text.len);
	close(swap_fd(STDIN_FILENO, saved));
	buf_fini(&back);
	buf_fini(&packed);
	buf_fini(&text);
}
END_TEST

static bool
always(void)
{
	return true;
}

static void
on_alarm(int signal)
{
	(void)signal;
}

START_TEST(a_signal_ends_a_read_when_asked_to)
{
	struct sigaction act = { .sa_handler = on_alarm };
	struct err e = ERR_NONE;
	int ends[2];
	char got[10];

	ck_assert_int_eq(pipe(ends), 0);
	sigaction(SIGALRM, &act, NULL);

	int saved = swap_fd(STDIN_FILENO, ends[0]);
	struct instream *s = instream_open("-", &e);

	instream_set_stop(s, always);
	ualarm(20000, 20000);
	ck_assert_int_eq(instream_read(s, got, sizeof(got), &e), -1);
	ualarm(0, 0);
	ck_assert_int_eq(e.code, ERR_INCOMPLETE);
	ck_assert_str_eq(e.text, "stdin: interrupted");
	instream_close(s);
	close(ends[1]);
	close(swap_fd(STDIN_FILENO, saved));
}
END_TEST

START_TEST(what_cannot_be_opened_is_named)
{
	struct err e = ERR_NONE;

	ck_assert_ptr_null(instream_open(in_folder("none"), &e));
	ck_assert_ptr_nonnull(strstr(e.text, "/none: No such file or directory"));
	err_clear(&e);
	ck_assert_ptr_null(instream_open(folder, &e));
	ck_assert_ptr_nonnull(strstr(e.text, "is a directory"));
	err_clear(&e);
	ck_assert_ptr_null(outstream_open(in_folder("none/out"), &e));
	ck_assert_ptr_nonnull(strstr(e.text, "/none/out: No such file or directory"));
	err_clear(&e);
	ck_assert_ptr_null(outstream_open(folder, &e));
	ck_assert_int_eq(e.code, ERR_FAIL);
	err_clear(&e);
	ck_assert_ptr_null(outstream_open(in_folder("none/"), &e));
	ck_assert_int_eq(e.code, ERR_FAIL);
	instream_close(NULL);
	outstream_abort(NULL);
}
END_TEST

START_TEST(a_name_appears_only_when_complete)
{
	struct err e = ERR_NONE;
	const char *path = in_folder("out");
	struct outstream *o = outstream_open(path, &e);
	size_t len;

	put_file(path, "old", 3);
	outstream_write(o, "new", 3, &e);
	ck_assert_int_eq(outstream_flush(o, &e), 0);

	char *now = file_read(path, 10, &len, &e);

	ck_assert_str_eq(now, "old");
	free(now);
	outstream_abort(o);
	ck_assert_uint_eq(count_files(), 1);

	o = outstream_open(path, &e);
	outstream_write(o, "new", 3, &e);
	ck_assert_int_eq(outstream_finish(o, &e), 0);
	now = file_read(path, 10, &len, &e);
	ck_assert_str_eq(now, "new");
	ck_assert_uint_eq(len, 3);
	free(now);
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(a_symbolic_link_stays)
{
	struct err e = ERR_NONE;
	struct stat sb;
	size_t len;

	put_file(in_folder("target"), "old", 3);
	ck_assert_int_eq(symlink("target", in_folder("link")), 0);
	ck_assert_int_eq(file_replace(in_folder("link"), 0600, "new", 3, &e), 0);
	ck_assert_int_eq(lstat(in_folder("link"), &sb), 0);
	ck_assert(S_ISLNK(sb.st_mode));

	char *now = file_read(in_folder("target"), 3, &len, &e);

	ck_assert_str_eq(now, "new");
	free(now);
}
END_TEST

START_TEST(what_is_no_file_is_not_replaced)
{
	struct err e = ERR_NONE;
	struct stat sb;

	ck_assert_int_eq(mkfifo(in_folder("fifo"), 0600), 0);
	ck_assert_int_eq(symlink("fifo", in_folder("link")), 0);
	ck_assert_int_eq(file_replace(in_folder("fifo"), 0600, "new", 3, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "is not a regular file"));
	err_clear(&e);
	ck_assert_int_eq(file_replace(in_folder("link"), 0600, "new", 3, &e), -1);
	ck_assert_int_eq(lstat(in_folder("fifo"), &sb), 0);
	ck_assert(S_ISFIFO(sb.st_mode));
	ck_assert_uint_eq(count_files(), 2);
}
END_TEST

START_TEST(a_link_of_another_user_is_not_followed)
{
	struct err e = ERR_NONE;

	put_file(in_folder("target"), "old", 3);
	ck_assert_int_eq(symlink("target", in_folder("link")), 0);
	/* Only root can give it to another. */
	if (lchown(in_folder("link"), 65534, 65534) != 0)
		return;
	ck_assert_int_eq(file_replace(in_folder("link"), 0600, "new", 3, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.text, "a symbolic link of another user"));
}
END_TEST

START_TEST(a_full_device_is_reported)
{
	struct buf text = make_text(600000);
	struct err e = ERR_NONE;
	struct outstream *o;

	if (access("/dev/full", W_OK) != 0)
		return;
	/* At the end, and on the way. */
	for (size_t n = 10; n <= text.len; n += text.len - 10) {
		err_clear(&e);
		o = outstream_open("/dev/full", &e);
		ck_assert_ptr_nonnull(o);

		int rc = outstream_write(o, text.p, n, &e);

		ck_assert_int_eq(rc, n == 10 ? 0 : -1);
		ck_assert_int_eq(outstream_finish(o, &e), -1);
		ck_assert_int_eq(e.code, ERR_FAIL);
		ck_assert_str_eq(e.text, "/dev/full: writing: No space left on device");
	}

	/* A failure is not forgotten by the next call. */
	o = outstream_open("/dev/full", &e);
	ck_assert_int_eq(outstream_write(o, text.p, text.len, &e), -1);
	err_clear(&e);
	ck_assert_int_eq(outstream_write(o, "x", 1, &e), -1);
	err_clear(&e);
	ck_assert_int_eq(outstream_flush(o, &e), -1);
	err_clear(&e);
	ck_assert_int_eq(outstream_finish(o, &e), -1);
	ck_assert_int_eq(e.code, ERR_FAIL);
	buf_fini(&text);
}
END_TEST

START_TEST(a_closed_pipe_is_reported)
{
	struct err e = ERR_NONE;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	fflush(stdout);

	int saved = swap_fd(STDOUT_FILENO, ends[1]);
	struct outstream *o = outstream_open(NULL, &e);

	outstream_write(o, "x", 1, &e);

	int rc = outstream_finish(o, &e);

	close(swap_fd(STDOUT_FILENO, saved));
	ck_assert_int_eq(rc, -1);
	ck_assert_str_eq(e.text, "stdout: writing: Broken pipe");
}
END_TEST

START_TEST(a_fifo_is_written_in_place)
{
	const char *path = in_folder("fifo");
	struct err e = ERR_NONE;
	char got[10] = "";
	struct stat sb;

	ck_assert_int_eq(mkfifo(path, 0600), 0);

	int fd = open(path, O_RDONLY | O_NONBLOCK);
	struct outstream *o = outstream_open(path, &e);

	ck_assert_ptr_nonnull(o);
	outstream_write(o, "through", 7, &e);
	ck_assert_int_eq(outstream_finish(o, &e), 0);
	ck_assert_int_eq(read(fd, got, sizeof(got)), 7);
	ck_assert_str_eq(got, "through");
	close(fd);
	ck_assert_int_eq(stat(path, &sb), 0);
	ck_assert(S_ISFIFO(sb.st_mode));
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

/* Of text that is compressed well, badly, and not at all. */
static void
fill(char *p, size_t n, int kind, uint64_t *random)
{
	for (size_t i = 0; i < n; i++) {
		*random = *random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		p[i] = kind == 0 ? "ab"[i % 7 == 0] : (char)(kind == 1 ? 'a' + (*random >> 60) : *random >> 56);
	}
}

START_TEST(no_file_becomes_larger_than_was_said)
{
	static const char *const name[] = { "f", "f.gz", "f.zst" };
	const char *path = in_folder(name[_i / 3]);
	struct err e = ERR_NONE;
	struct outstream *o = outstream_open(path, &e);
	uint64_t said[400], random = 7;
	char piece[9000];
	struct stat sb;

	/* Each piece could have been the last one. */
	for (size_t pieces = 1; pieces <= 400; pieces += 57) {
		for (size_t i = 0; i < pieces; i++) {
			size_t n = i * 37 % sizeof(piece) + 1;

			fill(piece, n, _i % 3, &random);
			said[i] = outstream_would_be(o, n);
			ck_assert_int_eq(outstream_write(o, piece, n, &e), 0);
			if (i % 50 == 49) {
				uint64_t before = outstream_would_be(o, 0);

				ck_assert_int_eq(outstream_flush(o, &e), 0);
				ck_assert(outstream_would_be(o, 0) <= before);
			}
		}
		uint64_t known = outstream_would_be(o, 0);

		ck_assert_int_eq(outstream_finish(o, &e), 0);
		ck_assert_int_eq(stat(path, &sb), 0);
		ck_assert_msg((uint64_t)sb.st_size <= said[pieces - 1], "%s, %zu pieces: %lld", path, pieces,
		    (long long)sb.st_size);
		ck_assert((uint64_t)sb.st_size <= known);
		if (_i < 3)
			ck_assert_int_eq(sb.st_size, (off_t)known);
		o = outstream_open(path, &e);
	}
	outstream_abort(o);
}
END_TEST

START_TEST(small_files_have_a_limit)
{
	struct err e = ERR_NONE;
	size_t len = 0;
	char text[40000];

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(file_replace(in_folder("f"), 0640, text, sizeof(text), &e), 0);

	char *p = file_read(in_folder("f"), sizeof(text), &len, &e);

	ck_assert_uint_eq(len, sizeof(text));
	ck_assert_mem_eq(p, text, len);
	ck_assert_int_eq(p[len], '\0');
	free(p);
	ck_assert_ptr_null(file_read(in_folder("f"), sizeof(text) - 1, &len, &e));
	ck_assert_ptr_nonnull(strstr(e.text, "/f: larger than 39999 bytes"));
	err_clear(&e);
	ck_assert_ptr_null(file_read(in_folder("none"), 10, &len, &e));
	ck_assert_ptr_nonnull(strstr(e.text, "/none: No such file"));
	err_clear(&e);
	ck_assert_ptr_null(file_read(folder, 10, &len, &e));
	ck_assert_int_eq(file_replace(in_folder("f"), 0640, "", 0, &e), 0);
	p = file_read(in_folder("f"), 0, &len, &e);
	ck_assert_uint_eq(len, 0);
	ck_assert_str_eq(p, "");
	free(p);
}
END_TEST

static Suite *
stream_suite(void)
{
	Suite *s = suite_create("base/stream");
	TCase *t = tcase_create("stream");

	umask(027);
	tcase_add_checked_fixture(t, make_folder, remove_folder);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, what_is_written_is_read_back, 0, 3 * 8);
	tcase_add_test(t, compressed_files_tell_what_they_are);
	tcase_add_loop_test(t, members_and_frames_follow_each_other, 0, 2);
	tcase_add_test(t, a_skippable_frame_is_zstd);
	tcase_add_loop_test(t, what_ends_early_is_refused, 0, 2);
	tcase_add_loop_test(t, changed_bytes_are_refused_or_harmless, 0, 2);
	tcase_add_test(t, a_huge_window_is_refused);
	tcase_add_test(t, starts_of_magic_are_plain_text);
	tcase_add_loop_test(t, skipping_goes_forward_and_not_beyond_the_end, 0, 3);
	tcase_add_test(t, a_growing_file_gives_more_later);
	tcase_add_test(t, standard_input_starts_where_it_is);
	tcase_add_test(t, a_pipe_gives_what_is_there);
	tcase_add_test(t, a_signal_ends_a_read_when_asked_to);
	tcase_add_test(t, what_cannot_be_opened_is_named);
	tcase_add_test(t, a_name_appears_only_when_complete);
	tcase_add_test(t, a_symbolic_link_stays);
	tcase_add_test(t, what_is_no_file_is_not_replaced);
	tcase_add_test(t, a_link_of_another_user_is_not_followed);
	tcase_add_test(t, a_full_device_is_reported);
	tcase_add_test(t, a_closed_pipe_is_reported);
	tcase_add_test(t, a_fifo_is_written_in_place);
	tcase_add_loop_test(t, no_file_becomes_larger_than_was_said, 0, 3 * 3);
	tcase_add_test(t, small_files_have_a_limit);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(stream_suite)
