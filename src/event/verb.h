/*
 * verb: whether an action looked at its target or changed it.
 *
 * The last part of the action decides: behind its last . : or /, taken apart
 * at _ - blanks and humps.  Of such words the last one counts when it is a
 * verb that is known, else the first that is one; where humps part them always
 * the first:
 *
 *     secret.read   file_downloaded   GetSecretValue   ->  read
 *     share.member.add   access_key_create   org.add_member   PutObject   ->  write
 *
 * Past forms count as well.  When no word is known the category decides:
 * FILE_ACCESS and DATA_ACCESS are reads, FILE_MODIFICATION and SHARING writes.
 * Everything else (login, backup.start) is neither.
 */
#ifndef EVENT_VERB_H
#define EVENT_VERB_H

#include "event/event.h"

enum verb { VERB_OTHER, VERB_READ, VERB_WRITE };

/* Of either p == NULL: absent. */
enum verb event_verb(struct str category, struct str action);
enum verb event_verb_of(const struct event *ev);

/* The categories that stand for reading or writing, separated by commas. */
const char *event_verb_categories(enum verb v);

#endif
