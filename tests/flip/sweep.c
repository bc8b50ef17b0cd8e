/*
 * sweep: bits flipped one at a time, each in a store that is otherwise sound.
 *
 * Processes share the flips; each has a copy of the store.  After a flip the
 * store must be suspected, or answer as before.  The flip is undone.
 *
 * In: a store.   Out: counts, and flips that neither was true of.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "base/stream.h"
#include "flip.h"

enum { JOBS_MAX = 8, HANG_SECONDS = 60, WHAT = 200 };

/* What the parent sees of a process. */
struct progress {
	struct sweep_result result;
	char what[WHAT]; /* the flip at work */
};

struct flipper {
	const struct sweep *sweep;
	struct progress *progress;
	unsigned number, jobs;
	char path[512];
	struct buf key;
	struct hash answers; /* of the untouched store */
	uint64_t at;         /* bytes seen */
	sqlite3 *db;
	struct store *st;
};

static uint64_t
scramble(uint64_t seed, uint64_t n)
{
	uint64_t z = seed + n * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void
give_up(const struct flipper *j, const char *why)
{
	printf("# process %u: %s: %s\n", j->number, j->progress->what, why);
	fflush(stdout);
	_exit(1);
}

/* ---- one flip, already made ---- */

static void
judge(struct flipper *j, struct store *st)
{
	struct sweep_result *r = &j->progress->result;
	struct hash now;
	struct err e = ERR_NONE;
	char why[1024] = "";

	if (suspects(st, j->sweep->from, buf_view(&j->key), why, sizeof(why))) {
		r->found++;
		return;
	}
	answers(st, &now, &e);
	if (memcmp(&now, &j->answers, sizeof(now)) == 0) {
		r->harmless++;
		return;
	}
	r->missed++;
	printf("# missed: %s%s%s\n", j->progress->what, e.code != ERR_OK ? ": " : "", e.text);
	fflush(stdout);
}

/* ---- rows ---- */

struct value {
	const char *table;
	char column[32];
	bool is_key;
	int64_t key, number;
	int type;       /* SQLITE_INTEGER, SQLITE_BLOB, SQLITE_TEXT */
	struct buf bytes;
};

/* The tables of the log; what is outside of the tree is left out.  All but one
 * have a number as their first column, the row's. */
static const char *const tables[] = { "cell", "checkpoint", "erased", "hold", "key", "leaf", "piece", "removal", "removed", "segment",
	"state", "tail" };

static bool
put(struct flipper *j, const struct value *v, int64_t key)
{
	sqlite3_stmt *s = NULL;
	char sql[200];
	int rc;

	snprintf(sql, sizeof(sql), "UPDATE %s SET %s = ?1 WHERE %s = ?2", v->table, v->column,
	    strcmp(v->table, "erased") == 0 ? "seq" : "rowid");
	if (sqlite3_prepare_v2(j->db, sql, -1, &s, NULL) != SQLITE_OK)
		give_up(j, sqlite3_errmsg(j->db));
	if (v->type == SQLITE_INTEGER)
		sqlite3_bind_int64(s, 1, v->number);
	else if (v->type == SQLITE_TEXT)
		sqlite3_bind_text(s, 1, v->bytes.p, (int)v->bytes.len, SQLITE_STATIC);
	else
		sqlite3_bind_blob(s, 1, v->bytes.p, (int)v->bytes.len, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, key);
	rc = sqlite3_step(s);
	sqlite3_finalize(s);
	if (rc == SQLITE_DONE && sqlite3_changes(j->db) != 1)
		give_up(j, "no row changed");
	return rc == SQLITE_DONE;
}

static void
flip(struct value *v, size_t byte, unsigned bit)
{
	if (v->type == SQLITE_INTEGER)
		v->number ^= (int64_t)(UINT64_C(1) << (8 * byte + bit));
	else
		v->bytes.p[byte] = (char)(v->bytes.p[byte] ^ 1 << bit);
}

static void
flip_value(struct flipper *j, struct value *v, size_t byte, unsigned bit)
{
	struct sweep_result *r = &j->progress->result;
	int64_t number = v->number;

	snprintf(j->progress->what, WHAT, "%s %lld, %s, byte %zu, bit %u", v->table, (long long)v->key, v->column, byte, bit);
	alarm(HANG_SECONDS);
	flip(v, byte, bit);
	r->flips++;
	if (put(j, v, v->key)) {
		int64_t key = v->is_key ? v->number : v->key;

		judge(j, j->st);
		flip(v, byte, bit);
		if (!put(j, v, key))
			give_up(j, "cannot be undone");
	} else {
		r->refused++;
		flip(v, byte, bit);
	}
	if (v->number != number)
		give_up(j, "was not undone");
}

/* Whether a byte's flip is this process's, and made at all. */
static bool
mine(struct flipper *j, const struct value *v)
{
	bool filter = strcmp(v->table, "piece") == 0 && !v->is_key && ((v->key & 1023) == 2 || (v->key & 1023) == 3);
	unsigned each = filter ? j->sweep->each_filter : j->sweep->each;

	j->at++;
	return scramble(j->sweep->seed, j->at) % each == 0 && j->at / each % j->jobs == j->number;
}

static void
sweep_value(struct flipper *j, struct value *v)
{
	size_t bytes = v->type == SQLITE_INTEGER ? 8 : v->bytes.len;

	for (size_t byte = 0; byte < bytes; byte++) {
		unsigned first = (unsigned)(scramble(j->sweep->seed + 1, j->at) % 8);

		if (!mine(j, v))
			continue;
		for (unsigned bit = 0; bit < (j->sweep->all_bits ? 8u : 1u); bit++)
			flip_value(j, v, byte, (first + bit) % 8);
	}
}

/* The values of a table, copied: what is read must not be changed under way. */
static struct value *
read_table(struct flipper *j, const char *table, size_t *n)
{
	struct value *list = NULL;
	sqlite3_stmt *s = NULL;
	size_t cap = 0;
	char sql[100];

	*n = 0;
	snprintf(sql, sizeof(sql), "SELECT * FROM %s", table);
	if (sqlite3_prepare_v2(j->db, sql, -1, &s, NULL) != SQLITE_OK)
		give_up(j, sqlite3_errmsg(j->db));
	while (sqlite3_step(s) == SQLITE_ROW)
		for (int c = 0; c < sqlite3_column_count(s); c++) {
			struct value v = { .table = table, .is_key = c == 0, .key = sqlite3_column_int64(s, 0),
				.type = sqlite3_column_type(s, c) };

			if (v.type == SQLITE_NULL)
				continue;
			snprintf(v.column, sizeof(v.column), "%s", sqlite3_column_name(s, c));
			if (v.type == SQLITE_INTEGER)
				v.number = sqlite3_column_int64(s, c);
			else
				buf_add(&v.bytes, sqlite3_column_blob(s, c), (size_t)sqlite3_column_bytes(s, c));
			mem_grow(&list, &cap, *n + 1, sizeof(*list));
			list[(*n)++] = v;
		}
	sqlite3_finalize(s);
	return list;
}

static void
work_rows(struct flipper *j)
{
	struct err e = ERR_NONE;

	if (sqlite3_open(j->path, &j->db) != SQLITE_OK ||
	    sqlite3_exec(j->db, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON",
	        NULL, NULL, NULL) != SQLITE_OK)
		give_up(j, sqlite3_errmsg(j->db));
	if ((j->st = store_open(j->path, STORE_READ, &e)) == NULL)
		give_up(j, e.text);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		char word[40];
		struct value *list;
		size_t n;

		snprintf(word, sizeof(word), " %s ", tables[i]);
		if (strstr(j->sweep->tables, word) == NULL)
			continue;
		list = read_table(j, tables[i], &n);
		for (size_t k = 0; k < n; k++) {
			sweep_value(j, &list[k]);
			buf_fini(&list[k].bytes);
		}
		free(list);
	}
	/* Every flip was undone. */
	snprintf(j->progress->what, WHAT, "at the end");
	if (suspects(j->st, j->sweep->from, buf_view(&j->key), e.text, sizeof(e.text)))
		give_up(j, e.text);
	store_close(j->st);
	sqlite3_close(j->db);
}

/* ---- the file ---- */

static void
work_file(struct flipper *j)
{
	struct sweep_result *r = &j->progress->result;
	int fd = open(j->path, O_RDWR);
	uint64_t size = fd >= 0 ? (uint64_t)lseek(fd, 0, SEEK_END) : 0;

	for (uint64_t i = j->number; i < j->sweep->flips && size > 0; i += j->jobs) {
		uint64_t place = scramble(j->sweep->seed, i) % (size * 8);
		off_t at = (off_t)(place / 8);
		struct err e = ERR_NONE;
		struct store *st;
		uint8_t was, now;

		snprintf(j->progress->what, WHAT, "byte %llu of the file, bit %llu", (unsigned long long)at,
		    (unsigned long long)place % 8);
		alarm(HANG_SECONDS);
		if (pread(fd, &was, 1, at) != 1)
			give_up(j, "cannot be read");
		now = (uint8_t)(was ^ 1u << place % 8);
		if (pwrite(fd, &now, 1, at) != 1)
			give_up(j, "cannot be written");
		r->flips++;
		if ((st = store_open(j->path, STORE_READ, &e)) == NULL)
			r->refused++;
		else
			judge(j, st);
		store_close(st);
		if (pwrite(fd, &was, 1, at) != 1)
			give_up(j, "cannot be undone");
	}
	close(fd);
}

/* ---- processes ---- */

static void
copy_file(struct flipper *j)
{
	struct err e = ERR_NONE;
	size_t len;
	char *bytes = file_read(j->sweep->made, SIZE_MAX / 2, &len, &e);

	if (bytes == NULL || file_replace(j->path, 0600, bytes, len, &e) < 0)
		give_up(j, e.text);
	free(bytes);
}

static void
work(struct flipper *j, void (*run)(struct flipper *))
{
	struct err e = ERR_NONE, trouble = ERR_NONE;
	struct store *st;

	snprintf(j->progress->what, WHAT, "before the first flip");
	snprintf(j->path, sizeof(j->path), "%s/%u.db", j->sweep->folder, j->number);
	copy_file(j);
	made_key(&j->key);
	if ((st = store_open(j->path, STORE_READ, &e)) == NULL)
		give_up(j, e.text);
	answers(st, &j->answers, &trouble);
	store_close(st);
	run(j);
	unlink(j->path);
	buf_fini(&j->key);
}

static unsigned
job_count(void)
{
	const char *set = getenv("AUDIT_FLIP_JOBS");
	unsigned n = set != NULL ? (unsigned)strtoul(set, NULL, 10) : pool_cpus();

	return n < 1 ? 1 : n > JOBS_MAX ? JOBS_MAX : n;
}

static bool
share_out(const struct sweep *s, struct sweep_result *r, void (*run)(struct flipper *))
{
	unsigned jobs = job_count();
	size_t size = JOBS_MAX * sizeof(struct progress);
	struct progress *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid[JOBS_MAX];
	bool good = p != MAP_FAILED;

	*r = (struct sweep_result){ 0 };
	fflush(stdout);
	for (unsigned i = 0; good && i < jobs; i++)
		if ((pid[i] = fork()) == 0) {
			struct flipper j = { .sweep = s, .progress = &p[i], .number = i, .jobs = jobs };

			work(&j, run);
			fflush(stdout);
			_exit(0);
		}
	for (unsigned i = 0; good && i < jobs; i++) {
		int status = 0;

		if (pid[i] < 0 || waitpid(pid[i], &status, 0) != pid[i])
			return false;
		if (WIFSIGNALED(status))
			printf("# process %u: %s: %s\n", i, p[i].what, strsignal(WTERMSIG(status)));
		good &= WIFEXITED(status) && WEXITSTATUS(status) == 0;
		r->flips += p[i].result.flips;
		r->refused += p[i].result.refused;
		r->found += p[i].result.found;
		r->harmless += p[i].result.harmless;
		r->missed += p[i].result.missed;
	}
	if (p != MAP_FAILED)
		munmap(p, size);
	return good;
}

bool
sweep_rows(const struct sweep *s, struct sweep_result *r)
{
	return share_out(s, r, work_rows);
}

bool
sweep_file(const struct sweep *s, struct sweep_result *r)
{
	return share_out(s, r, work_file);
}
