/*
 * archive: what a prune is about to remove, as files (see archive.h).
 *
 * They are made in a folder inside the archive, under the names that they will
 * have, judged there as anyone would judge them, and then moved.  What a killed
 * run left there goes when the next one begins.
 *
 * In: a plan.   Out: three files, or none.
 */
#include "cli/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/export_files.h"
#include "cli/export_place.h"
#include "query/query.h"

#define WORKPLACE ".audit-prune" /* in the archive's folder */
#define FORMAT "jsonl.zst"
#define READ_SIZE ((size_t)256 * 1024)
#define ENTER_TRIES 10

struct making {
	struct store *st;
	const struct prune_plan *plan;
	struct progress *progress;
	int folder, workplace;       /* -1: not open; the workplace is locked while it is */
	struct buf name;             /* of the events' file, with NUL */
	struct buf path;             /* of it in the workplace, with NUL */
	struct export_files files;
	struct hasher lines;
	struct hash written;         /* of all lines */
	struct archive *out;
};

/* ---- The workplace ---- */

/* Files that a killed run left. */
static int
empty_workplace(struct making *m, struct err *e)
{
	int fd = dup(m->workplace);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	int rc = 0;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return err_errno(e, WORKPLACE);
	}
	while (rc == 0 && (entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(m->workplace, entry->d_name, 0) != 0)
			rc = err_errno(e, WORKPLACE "/%s", entry->d_name);
	closedir(d);
	return rc;
}

/* 1: it is ours; 0: it was removed at this moment, by who had it before; -1. */
static int
enter(struct making *m, struct err *e)
{
	struct stat sb;

	if (mkdirat(m->folder, WORKPLACE, 0700) != 0 && errno != EEXIST)
		return err_errno(e, WORKPLACE);
	m->workplace = openat(m->folder, WORKPLACE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (m->workplace < 0)
		return errno == ENOENT ? 0 : err_errno(e, WORKPLACE);
	if (flock(m->workplace, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? err_set(e, ERR_BUSY, "another prune is writing there")
		                            : err_errno(e, WORKPLACE);
	if (fstat(m->workplace, &sb) == 0 && sb.st_nlink > 0)
		return sb.st_uid == geteuid() ? 1 : err_set(e, ERR_FAIL, WORKPLACE ": is of another user: remove it");
	close(m->workplace);
	m->workplace = -1;
	return 0;
}

static int
open_workplace(struct making *m, const char *folder, struct err *e)
{
	struct stat sb;
	int rc = 0;

	m->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->folder < 0 || fstat(m->folder, &sb) != 0)
		return err_errno(e, "the archive's folder %s", folder);
	/* Whoever may could put other events there before they are removed. */
	if ((sb.st_mode & S_IWOTH) != 0 && (sb.st_mode & S_ISVTX) == 0)
		return err_set(e, ERR_FAIL, "the archive's folder %s: everybody may write to it", folder);
	for (int i = 0; rc == 0 && i < ENTER_TRIES; i++)
		rc = enter(m, e);
	if (rc == 0)
		rc = err_set(e, ERR_BUSY, "others are writing there");
	if (rc < 0 || empty_workplace(m, e) != 0)
		return err_doing(e, "%s", folder);
	return 0;
}

/* What is in it by now is of no use. */
static void
leave_workplace(struct making *m)
{
	struct err ignored = ERR_NONE;

	if (m->workplace >= 0 && empty_workplace(m, &ignored) == 0)
		unlinkat(m->folder, WORKPLACE, AT_REMOVEDIR);
	if (m->workplace >= 0)
		close(m->workplace);
	if (m->folder >= 0)
		close(m->folder);
}

/* ---- Writing ---- */

static int
write_lines(struct making *m, const struct query_texts *lines, struct err *e)
{
	hash_update(&m->lines, lines->bytes.p, lines->bytes.len);
	if (outstream_write(m->files.out, lines->bytes.p, lines->bytes.len, e) != 0)
		return -1;
	for (size_t i = 0; i < lines->n; i++)
		export_files_event(&m->files, lines->event[i].seq);
	m->out->events += lines->n;
	if (m->progress != NULL)
		progress_update(m->progress, m->out->events, (double)m->out->events / (double)m->plan->events);
	return 0;
}

static int
write_events(struct making *m, struct pool *pool, struct err *e)
{
	struct filter *all = filter_all();
	struct str only = buf_view(&m->plan->runs.list);
	struct query_options o = { .filter = all, .order = QUERY_OLDEST, .only = &only, .text = &query_canonical,
		.pool = pool, .go_on = cli_go_on };
	struct query *q = query_open(m->st, &o, e);
	struct query_texts lines;
	int rc = q != NULL ? 0 : -1;

	hash_init(&m->lines);
	while (rc == 0 && (rc = query_texts(q, &lines, e)) == 1)
		if ((rc = write_lines(m, &lines, e)) == 0)
			rc = cli_go_on(e);
	hash_final(&m->lines, &m->written);
	if (rc == 0 && m->out->events != m->plan->events)
		rc = err_set(e, ERR_BUSY, "events of the plan were removed meanwhile");
	query_close(q);
	filter_free(all);
	return rc;
}

static int
write_files(struct making *m, struct str filter, struct pool *pool, struct err *e)
{
	struct evidence_manifest manifest = { .program = "audit-prune", .created = time_now(), .filter = filter,
		.since = TIME_MIN, .until = INT64_MAX, .count = m->plan->events, .first = m->plan->runs.first,
		.last = m->plan->runs.last, .size = m->plan->size };
	struct buf note = { 0 };
	struct store_note last;
	int found = store_checkpoint_last(m->st, m->plan->size, &last, &note, e);

	buf_fini(&note);
	if (found < 0)
		return -1;
	m->files = (struct export_files){ .path = m->path.p, .proof = found > 0, .manifest = true };
	return export_files_open(&m->files, m->st, m->plan->size, e) == 0 && write_events(m, pool, e) == 0 &&
	    export_files_finish(&m->files, e) == 0 && export_files_manifest(&m->files, &manifest, e) == 0 ? 0 : -1;
}

/* ---- Reading back ---- */

static int
check_lines(const struct making *m, struct err *e)
{
	struct instream *in = instream_open(m->path.p, e);
	char *piece = mem_alloc(READ_SIZE);
	struct hasher h;
	struct hash read;
	ssize_t n = 1;
	uint64_t lines = 0;
	int rc = in != NULL ? 0 : -1;

	hash_init(&h);
	while (rc == 0 && n > 0) {
		if ((n = instream_read(in, piece, READ_SIZE, e)) < 0 || cli_go_on(e) != 0)
			rc = -1;
		for (ssize_t i = 0; i < n; i++)
			lines += piece[i] == '\n';
		hash_update(&h, piece, n > 0 ? (size_t)n : 0);
	}
	hash_final(&h, &read);
	if (rc == 0 && (lines != m->plan->events || memcmp(read.b, m->written.b, HASH_LEN) != 0))
		rc = err_set(e, ERR_FAIL, "%s: what can be read of it is not what was written", m->path.p);
	if (in != NULL)
		instream_close(in);
	free(piece);
	return rc;
}

struct first_key {
	bool found;
	struct note_verifier key;
};

static int
take_first(void *arg, const struct store_key *k, struct err *e)
{
	struct first_key *f = arg;

	if (f->found)
		return 0;
	f->found = true;
	return note_verifier_parse(&f->key, k->line, e);
}

/* The hashes of the manifest; lines and proof under the checkpoint that the
 * store has. */
static int
check_evidence(const struct making *m, const char *manifest, struct err *e)
{
	struct str note = buf_view(&m->files.note);
	struct first_key first = { 0 };
	struct evidence v = { 0 };
	int rc = store_key_each(m->st, take_first, &first, e);

	if (rc == 0 && !first.found)
		rc = err_set(e, ERR_INTEGRITY, "the log has a checkpoint and no key");
	if (rc == 0)
		rc = evidence_verify(manifest, &first.key, &note, &v, e);
	if (rc == 0 && v.events + v.erased + v.beyond != m->plan->events)
		rc = err_set(e, ERR_INTEGRITY, "%s: its proof is of other events", m->path.p);
	m->out->proved = v.events;
	evidence_fini(&v);
	return rc;
}

/* Nothing was signed: the files are those that were written, no more. */
static int
check_hashes(const struct making *m, const char *manifest, struct err *e)
{
	struct evidence_file f;

	if (evidence_file(manifest, &f, e) != 0)
		return -1;
	if (memcmp(f.sha256.b, m->files.manifest_sha256.b, HASH_LEN) != 0)
		return err_set(e, ERR_FAIL, "%s: what can be read of it is not what was written", manifest);
	if (evidence_file(m->path.p, &f, e) != 0)
		return -1;
	if (memcmp(f.sha256.b, m->files.part[0].file[0].sha256.b, HASH_LEN) != 0)
		return err_set(e, ERR_FAIL, "%s: what can be read of it is not what was written", m->path.p);
	return 0;
}

static int
check_files(const struct making *m, struct err *e)
{
	struct buf manifest = { 0 };
	int rc;

	buf_printf(&manifest, "%s" EVIDENCE_MANIFEST_ENDING "%c", m->path.p, '\0');
	rc = m->files.proof ? check_evidence(m, manifest.p, e) : check_hashes(m, manifest.p, e);
	if (rc == 0)
		rc = check_lines(m, e);
	buf_fini(&manifest);
	return rc;
}

/* ---- Under their names ---- */

static int
sync_folder(struct making *m, struct err *e)
{
	return fsync(m->folder) != 0 && errno != EINVAL ? err_errno(e, "syncing the archive's folder") : 0;
}

/* Nothing else is replaced: the workplace is locked, and the name is new. */
static int
move_file(struct making *m, const char *name, struct err *e)
{
	struct stat sb;

	if (fstatat(m->folder, name, &sb, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(e, ERR_FAIL, "%s: is there already", name);
	return renameat(m->workplace, name, m->folder, name) != 0 ? err_errno(e, "%s: renaming", name) : 0;
}

/* The proof first: events never stand there without it; the manifest, which
 * names both, last.  Each is synced before the next, so that this holds after a
 * loss of power too. */
static int
move_files(struct making *m, struct err *e)
{
	static const char *const ending[] = { EVIDENCE_PROOF_ENDING, "", EVIDENCE_MANIFEST_ENDING };
	const size_t n = sizeof(ending) / sizeof(ending[0]);
	struct buf name[sizeof(ending) / sizeof(ending[0])] = { { 0 } };
	size_t moved = m->files.proof ? 0 : 1, begin = moved;
	int rc = 0;

	while (rc == 0 && moved < n) {
		buf_printf(&name[moved], "%s%s%c", m->name.p, ending[moved], '\0');
		rc = move_file(m, name[moved].p, e);
		moved += rc == 0;
		if (rc == 0)
			rc = sync_folder(m, e);
	}
	for (size_t i = begin; rc != 0 && i < moved; i++)
		unlinkat(m->folder, name[i].p, 0);
	for (size_t i = 0; i < n; i++)
		buf_fini(&name[i]);
	return rc;
}

/* ---- All of it ---- */

/* The path it will have, its name, and where it is made. */
static void
choose_name(struct making *m, const char *folder)
{
	char at[TIME_TEXT_LEN + 1] = { 0 };
	const char *slash;

	time_format(at, time_now());
	m->out->path = export_destination(folder, at, FORMAT);
	slash = strrchr(m->out->path, '/');
	buf_printf(&m->name, "%s%c", slash + 1, '\0');
	buf_printf(&m->path, "%.*s/" WORKPLACE "/%s%c", (int)(slash - m->out->path), m->out->path, slash + 1, '\0');
}

int
archive_write(struct store *st, const struct prune_plan *plan, const char *folder, struct str filter,
    struct pool *pool, struct progress *progress, struct archive *out, struct err *e)
{
	struct making m = { .st = st, .plan = plan, .progress = progress, .folder = -1, .workplace = -1, .out = out };
	int rc = -1;

	*out = (struct archive){ 0 };
	if (open_workplace(&m, folder, e) != 0)
		goto out;
	choose_name(&m, folder);
	if (write_files(&m, filter, pool, e) != 0 || check_files(&m, e) != 0 || move_files(&m, e) != 0)
		goto out;
	out->bytes = m.files.part[0].file[0].bytes;
	out->sha256 = m.files.part[0].file[0].sha256;
	out->manifest_sha256 = m.files.manifest_sha256;
	rc = 0;
out:
	export_files_fini(&m.files);
	leave_workplace(&m);
	buf_fini(&m.name);
	buf_fini(&m.path);
	return rc == 0 ? 0 : err_doing(e, "archiving, before anything is removed");
}

void
archive_fini(struct archive *a)
{
	free(a->path);
	a->path = NULL;
}
