/*
 * subject: the values that belong to one person, found in events and replaced
 * by one pseudonym.
 *
 * Found is a value as a whole word, without regard to case, as it stands or
 *   - composed or decomposed (é of one code point or of two),
 *   - behind the escapes of JSON within strings, at any depth: \u0061lice,
 *     \\\"Al\\\", a\/b, ACME\\\\alice,
 *   - percent-encoded, also more than once: alice%40acme.example, %2540;
 *     a blank also as `+`.
 *
 * A word is whole when the character before it and the one behind it are no
 * letter, digit or `_`; `-` `.` `@` `+` continue it when a letter or digit is
 * on their other side.  So alice is in `user:alice`, `/home/alice/x`, `alice's`
 * and `ask alice.`, and not in `malice`, `alice2`, `alice-2`, `alice.smith` or
 * `alice@acme.example`.  Where scripts part words by no blanks (Han, Hiragana,
 * Thai ...), their letters end a word: 田中 is in `田中さん`; Katakana continues
 * only Katakana, and Hangul behind a word is taken for its particle.
 *
 * Where one text has two readings, the one that finds more is taken:
 * `ACME\nancy` has nancy, and so has "\nancy" in JSON within a string.
 *
 * Not found: what case folding makes longer (ß and ss), compatibility forms
 * (fullwidth letters), characters that are invisible put between letters,
 * marks in an order that neither NFC nor NFD has, an escape within a string
 * that is itself written with escapes of letters (`\\u\u0030061`), encodings as
 * a whole (base64, hashes).
 *
 * Time is linear in the text.  Where a text is made to begin a long value
 * again and again it is multiplied by the length of that value: a second for
 * 1 MiB at worst.
 *
 * A subject does not change: threads may share it.
 */
#ifndef EVENT_SUBJECT_H
#define EVENT_SUBJECT_H

#include "base/err.h"
#include "event/event.h"

#define SUBJECT_VALUES_MAX 128
#define SUBJECT_VALUE_MIN 3 /* bytes: shorter ones are in everything */
#define SUBJECT_VALUE_MAX 256
#define SUBJECT_PSEUDONYM_MAX 64

struct subject;

/*
 * NULL with ERR_FAIL: none or too many values; a value that is too short or
 * too long, no UTF-8, has control characters, blanks at an end or no letter
 * or digit, is in the pseudonym or has it inside, or is the reserved source; a
 * pseudonym that is not made of ASCII letters and digits, with single `-` `_`
 * or `.` between them, beginning with a letter that belongs to no escape (not
 * A to F, N, R, T, U): so it stands in every string and URL as it is, and makes
 * no new word with what is around it.
 */
struct subject *subject_new(const struct str *value, size_t n, struct str pseudonym, struct err *e);
void subject_free(struct subject *s);
struct str subject_pseudonym(const struct subject *s); /* borrowed */

/*
 * false: subject_replace finds nothing in these bytes, in any string that
 * they are the JSON of, or in any part of them: for dictionaries, texts, whole
 * lines as they are stored or came in.  true: look.
 */
bool subject_may_occur(const struct subject *s, struct str bytes);

/*
 * For filters that know what bytes are not in a text: one of these texts, of
 * three bytes at least, is in every text that subject_replace finds something
 * in, and in every JSON that subject_replace_json does.  Those of ASCII are in
 * lower case and stand there without regard to it; others as they are.  0:
 * there are none, and every text must be looked at.  Borrowed from s.
 */
size_t subject_hints(const struct subject *s, const char *const **hint);

/* The leftmost hit at or behind `from`, the longest there. */
bool subject_find(const struct subject *s, struct str text, size_t from, size_t *start, size_t *end);

/*
 * Appends a text (the value of a string, a path, bytes that are no JSON) with
 * the pseudonym in the place of each value, and gives the number of hits.  0:
 * nothing was appended.  Valid UTF-8 stays so.  Again: 0.
 */
size_t subject_replace(const struct subject *s, struct str text, struct buf *out);

/*
 * The same for a JSON value: only strings, keys and numbers with a hit are
 * written anew (minimal escapes), all other bytes are kept.  A number that is
 * a value as a whole becomes a string.  Where keys become the same, a changed
 * one, the later of two, becomes name_2, name_3 ...  What is no JSON is taken
 * as a text.  The caller sees to the length.
 */
size_t subject_replace_json(const struct subject *s, struct str json, struct buf *out);

/* What a replacement changed. */
struct subject_found {
	field_set fields;
	field_set whole;            /* of these: replaced as a whole, for their length */
	uint64_t hits[FIELD_COUNT]; /* of the fields; 0 elsewhere */
};

/*
 * The event without the person; false when it has nothing of it: *out then is
 * *in, no memory was taken and found->fields is 0 (hits are not defined).
 * Bytes of changed fields live in `a`, others where they were.  `found` may be NULL.
 *
 * All strings are looked at but severity and outcome, which are words of a
 * list; times and the numbers of fields (status, duration_ms, peer_uid) stay.
 * The line of the changed event is one that event_parse takes as stored: an id
 * that became too long is the pseudonym and a digest of it, and while the line
 * is too long its longest changed field becomes the pseudonym alone.
 */
bool subject_event(const struct subject *s, const struct event *in, struct event *out,
    struct arena *a, struct subject_found *found);

#endif
