/* words: severities, outcomes and faults by their words. */
#include "event/event.h"

const char *const event_severities[SEVERITY_COUNT] = { "info", "warning", "error", "critical" };
const char *const event_outcomes[OUTCOME_COUNT] = { "success", "failure", "unknown" };

struct word {
	struct str text;
	int value;
};

#define WORD(literal, value) { { literal, sizeof(literal) - 1 }, value }

/* The canonical words, then syslog's names and numbers (RFC 5424, syslog(3)). */
static const struct word severity_words[] = {
	WORD("info", SEVERITY_INFO), WORD("warning", SEVERITY_WARNING),
	WORD("error", SEVERITY_ERROR), WORD("critical", SEVERITY_CRITICAL),
	WORD("emerg", SEVERITY_CRITICAL), WORD("emergency", SEVERITY_CRITICAL),
	WORD("panic", SEVERITY_CRITICAL), WORD("alert", SEVERITY_CRITICAL),
	WORD("crit", SEVERITY_CRITICAL), WORD("err", SEVERITY_ERROR),
	WORD("warn", SEVERITY_WARNING), WORD("notice", SEVERITY_INFO),
	WORD("informational", SEVERITY_INFO), WORD("debug", SEVERITY_INFO),
	WORD("0", SEVERITY_CRITICAL), WORD("1", SEVERITY_CRITICAL), WORD("2", SEVERITY_CRITICAL),
	WORD("3", SEVERITY_ERROR), WORD("4", SEVERITY_WARNING), WORD("5", SEVERITY_INFO),
	WORD("6", SEVERITY_INFO), WORD("7", SEVERITY_INFO),
};

static const struct word outcome_words[] = {
	WORD("success", OUTCOME_SUCCESS), WORD("failure", OUTCOME_FAILURE),
	WORD("unknown", OUTCOME_UNKNOWN),
	WORD("ok", OUTCOME_SUCCESS), WORD("allow", OUTCOME_SUCCESS), WORD("allowed", OUTCOME_SUCCESS),
	WORD("granted", OUTCOME_SUCCESS), WORD("true", OUTCOME_SUCCESS),
	WORD("fail", OUTCOME_FAILURE), WORD("failed", OUTCOME_FAILURE), WORD("error", OUTCOME_FAILURE),
	WORD("deny", OUTCOME_FAILURE), WORD("denied", OUTCOME_FAILURE), WORD("blocked", OUTCOME_FAILURE),
	WORD("false", OUTCOME_FAILURE),
};

static int
find_word(const struct word *words, size_t n, struct str s)
{
	for (size_t i = 0; i < n; i++) {
		struct str word = words[i].text;

		/* One letter is compared first: it decides nearly always. */
		if (word.len == s.len && ((word.p[0] ^ s.p[0]) & 0x1f) == 0 && str_eq_nocase(word, s))
			return words[i].value;
	}
	return -1;
}

int
event_severity(struct str word)
{
	return find_word(severity_words, sizeof(severity_words) / sizeof(*severity_words), word);
}

int
event_outcome(struct str word)
{
	return find_word(outcome_words, sizeof(outcome_words) / sizeof(*outcome_words), word);
}

static const struct {
	const char *name, *text;
} faults[EVENT_FAULT_COUNT] = {
	[EVENT_OK] = { "ok", "no fault" },
	[EVENT_BLANK] = { "blank", "an empty line" },
	[EVENT_NOT_UTF8] = { "not-utf8", "not UTF-8" },
	[EVENT_NOT_JSON] = { "not-json", "not JSON" },
	[EVENT_DUPLICATE_KEY] = { "duplicate-key", "a key twice in one object" },
	[EVENT_NOT_OBJECT] = { "not-object", "JSON, but not an object" },
	[EVENT_TOO_DEEP] = { "too-deep", "nested too deeply" },
	[EVENT_TOO_LONG] = { "too-long", "longer than a line may be" },
	[EVENT_LONE_SURROGATE] = { "lone-surrogate", "half a surrogate pair, which is no character" },
	[EVENT_NO_ACTION] = { "no-action", "no action" },
	[EVENT_NO_TIME] = { "no-time", "no time" },
	[EVENT_BAD_TIME] = { "bad-time", "a time that cannot be read" },
	[EVENT_ID_TOO_LONG] = { "id-too-long", "an id longer than 256 bytes" },
	[EVENT_RESERVED] = { "reserved-source", "a source that is reserved for this toolkit" },
	[EVENT_CONFLICT] = { "conflict", "the id of another event of the same source and time" },
};

const char *
event_fault_name(enum event_fault f)
{
	return faults[f].name;
}

const char *
event_fault_text(enum event_fault f)
{
	return faults[f].text;
}
