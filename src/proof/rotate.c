/*
 * rotate: look where a rotation stands, do one step, look again.
 *
 * In: three key files and what the log says.   Out: one key file, one epoch more.
 */
#include "proof/rotate.h"

#include <string.h>

struct standing {
	struct note_signer current, next;
	enum key_state next_state;
	bool has_old, old_is_current;
	struct rotate_latest latest;
};

/* Steps of a rotation, with room for what was cut before it. */
enum { STEPS_MAX = 16 };

static int
look(const struct key_folder *f, const struct rotate_log *log, struct standing *s, struct err *e)
{
	struct note_signer old;
	enum key_state old_state;

	memset(s, 0, sizeof(*s));
	if (key_file_load(f, KEY_CURRENT, &s->current, e) != 0 ||
	    key_file_look(f, KEY_NEXT, &s->next_state, &s->next, e) != 0 ||
	    key_file_look(f, KEY_OLD, &old_state, &old, e) != 0)
		return -1;
	note_signer_wipe(&old);
	s->has_old = old_state != KEY_ABSENT;
	s->old_is_current = s->has_old && key_file_same(f, KEY_OLD, KEY_CURRENT);
	return log->latest(log->arg, &s->latest, e);
}

static bool
is_latest(const struct standing *s, const struct note_signer *key)
{
	return s->latest.any && note_verifier_equal(&s->latest.key, &key->verifier);
}

/* Does the log know the next key?  Then the rotation can only go on. */
static bool
is_introduced(const struct standing *s)
{
	return s->next_state == KEY_WHOLE && is_latest(s, &s->next);
}

/* The step that brings us on. */
static enum rotate_step
choose(const struct standing *s, bool want)
{
	if (s->has_old && !(s->old_is_current && is_introduced(s)))
		return ROTATE_WIPE;
	if (s->next_state == KEY_TORN ||
	    (s->next_state == KEY_WHOLE &&
	        note_verifier_equal(&s->next.verifier, &s->current.verifier)))
		return ROTATE_DISCARD;
	if (s->next_state == KEY_ABSENT)
		return want ? ROTATE_WRITE_NEXT : ROTATE_NONE;
	if (!is_introduced(s))
		return ROTATE_RECORD;
	if (!s->latest.sealed)
		return ROTATE_SEAL;
	return s->has_old ? ROTATE_INSTALL : ROTATE_KEEP_OLD;
}

static int
write_next(const struct key_folder *f, const struct standing *s, struct err *e)
{
	struct note_signer next;
	int rc;

	if (note_signer_new(&next, str_of(s->current.verifier.name), e) != 0)
		return -1;
	rc = key_file_create(f, KEY_NEXT, &next, e);
	note_signer_wipe(&next);
	return rc;
}

static int
act(const struct key_folder *f, const struct rotate_log *log, const struct standing *s,
    enum rotate_step step, struct err *e)
{
	switch (step) {
	case ROTATE_NONE:
		break;
	case ROTATE_WRITE_NEXT:
		return write_next(f, s, e);
	case ROTATE_DISCARD:
		return key_file_wipe(f, KEY_NEXT, e);
	case ROTATE_RECORD:
		return log->record(log->arg, &s->next.verifier, e);
	case ROTATE_SEAL:
		return log->seal(log->arg, s->latest.size, &s->current, e);
	case ROTATE_KEEP_OLD:
		return key_file_link(f, KEY_CURRENT, KEY_OLD, e);
	case ROTATE_INSTALL:
		return key_file_rename(f, KEY_NEXT, KEY_CURRENT, e);
	case ROTATE_WIPE:
		return key_file_wipe(f, KEY_OLD, e);
	}
	return 0;
}

int
rotate_step(const struct key_folder *f, const struct rotate_log *log, bool want,
    enum rotate_step *step, struct err *e)
{
	struct standing s;
	int rc = -1;

	*step = ROTATE_NONE;
	if (look(f, log, &s, e) != 0)
		goto out;
	/* Before anything is wiped: is the key that the log goes on with here? */
	if (s.latest.any && !is_latest(&s, &s.current) && !is_introduced(&s)) {
		err_set(e, ERR_INTEGRITY, "%s: the log goes on with the key %s+%08x, which is not here",
		    f->path, s.latest.key.name, (unsigned)s.latest.key.id);
		goto out;
	}
	*step = choose(&s, want);
	rc = act(f, log, &s, *step, e);
out:
	note_signer_wipe(&s.current);
	note_signer_wipe(&s.next);
	return rc;
}

int
rotate_finish(const struct key_folder *f, const struct rotate_log *log, struct err *e)
{
	enum rotate_step step;

	for (int i = 0; i < STEPS_MAX; i++) {
		if (rotate_step(f, log, false, &step, e) != 0)
			return err_doing(e, "finishing a change of keys");
		if (step == ROTATE_NONE)
			return 0;
	}
	return err_set(e, ERR_FAIL, "the change of keys does not come to an end");
}

int
rotate_run(const struct key_folder *f, const struct rotate_log *log, struct err *e)
{
	enum rotate_step step;

	if (rotate_finish(f, log, e) != 0)
		return -1;
	if (rotate_step(f, log, true, &step, e) != 0)
		return err_doing(e, "changing the key");
	return rotate_finish(f, log, e);
}
