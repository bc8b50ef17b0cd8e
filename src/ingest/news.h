/*
 * news: sleeping until files, the folders they are in, or pipes have news.
 *
 * The kernel tells (inotify) of bytes that were added to a file and of names
 * that appear in a folder.  Where it cannot, on network file systems and
 * beyond its limits, a subject counts as having news every 200 ms.
 *
 * In: subjects, and for each the names, files and pipes it is about.
 * Out: the subjects that have news, in the order in which these came.
 */
#ifndef INGEST_NEWS_H
#define INGEST_NEWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct news;

/* kernel false: nothing is asked of the kernel. */
struct news *news_new(size_t subjects, bool kernel);
void news_free(struct news *n);

/* What happens to the name; neither it nor its folder need be there.  A name
 * that is watched already is not watched twice. */
void news_watch_name(struct news *n, size_t subject, const char *path);
/* The file that has this name now, also when it has another one later.
 * Returns a number to forget it by; -1: it is not watched. */
int news_watch_file(struct news *n, size_t subject, const char *path);
void news_forget_file(struct news *n, size_t subject, int number);
/* What can be read; -1: nothing more. */
void news_watch_pipe(struct news *n, size_t subject, int fd);

/* Whether the kernel does not tell all there is to tell. */
bool news_polls(const struct news *n, size_t subject);

/* It has news: for whoever left some of it for later. */
void news_tell(struct news *n, size_t subject);

/* The subject that has had news for longest: true with *subject, which then has none. */
bool news_next(struct news *n, size_t *subject);

/*
 * Takes in what came, and if that is nothing sleeps for at most so many
 * milliseconds (below 0: for ever), or until a signal.  `awake` is asked just
 * before, with SIGINT, SIGTERM and SIGUSR1 held back until it sleeps: true: it
 * does not sleep.
 */
int news_wait(struct news *n, int ms, bool (*awake)(void *arg), void *arg, struct err *e);

#endif
