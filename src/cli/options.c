/*
 * options: the rows that several programs share, spelled the same in each.
 */
#include "cli/cli.h"

#define COMMON(member) offsetof(struct common_args, member)
#define FILTER(member) offsetof(struct filter_args, member)

const struct opt opt_common[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "Common", VALUE_ANY, NULL },
	{ 'D', "db", OPT_STRING, COMMON(db), "FILE",
	    "the store; else $AUDIT_DB, else db: of the configuration", VALUE_FILE, NULL },
	{ 0, "config", OPT_STRING, COMMON(config), "FILE",
	    "the configuration; else $AUDIT_CONFIG, else the usual places", VALUE_FILE, NULL },
	{ 'q', "quiet", OPT_FLAG, COMMON(quiet), NULL, "only errors on stderr", VALUE_ANY, NULL },
	{ 'v', "verbose", OPT_FLAG, COMMON(verbose), NULL,
	    "tell on stderr what is done and how long it takes", VALUE_ANY, NULL },
	{ 'h', "help", OPT_FLAG, COMMON(help), NULL, "print this and exit", VALUE_ANY, NULL },
	{ 'V', "version", OPT_FLAG, COMMON(version), NULL,
	    "print the version, SQLite's and the store format, and exit; with -v the sandbox too", VALUE_ANY, NULL },
	{ 0, "list-options", OPT_FLAG, COMMON(list_options), NULL, NULL, VALUE_ANY, NULL },
	{ 0, "list-values", OPT_STRING, COMMON(list_values), "KIND", NULL, VALUE_ANY, NULL },
	OPT_TABLE_END
};

const struct opt opt_zone[] = {
	{ 0, "tz", OPT_STRING, COMMON(tz), "ZONE",
	    "time zone of times typed and of tables (UTC)", VALUE_ANY, NULL },
	OPT_TABLE_END
};

const struct opt opt_colour[] = {
	{ 0, "color", OPT_STRING, COMMON(color), "WHEN",
	    "colours: auto, always or never", VALUE_WHEN, NULL },
	OPT_TABLE_END
};

const struct opt opt_pager[] = {
	{ 0, "no-pager", OPT_FLAG, COMMON(no_pager), NULL,
	    "do not show through a pager what goes to a terminal", VALUE_ANY, NULL },
	OPT_TABLE_END
};

const struct opt opt_saved[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "Instead of events", VALUE_ANY, NULL },
	{ 0, "print-where", OPT_FLAG, COMMON(print_where), NULL,
	    "print the filter as one expression for --where", VALUE_ANY, NULL },
	{ 0, "save", OPT_STRING, COMMON(save), "NAME",
	    "keep the filter in the store, for -Q NAME", VALUE_SAVED, NULL },
	{ 0, "list-saved", OPT_FLAG, COMMON(list_saved), NULL, "list the saved queries", VALUE_ANY, NULL },
	{ 0, "delete-saved", OPT_STRING, COMMON(delete_saved), "NAME",
	    "delete a saved query", VALUE_SAVED, NULL },
	OPT_TABLE_END
};

static const struct opt opt_when[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "When", VALUE_ANY, NULL },
	{ 'S', "since", OPT_STRING, FILTER(since), "TIME",
	    "only events at or after TIME", VALUE_ANY, NULL },
	{ 'U', "until", OPT_STRING, FILTER(until), "TIME",
	    "only events before TIME; all of a day, month or year that is named", VALUE_ANY, NULL },
	{ 0, "last", OPT_STRING, FILTER(last), "SPAN", "the same as --since -SPAN", VALUE_ANY, NULL },
	{ 0, "around", OPT_STRING, FILTER(around), "TIME",
	    "only events near TIME (see --window)", VALUE_ANY, NULL },
	{ 0, "window", OPT_STRING, FILTER(window), "SPAN",
	    "how near --around is, on both sides", VALUE_ANY, NULL },
	OPT_TABLE_END
};

static const struct opt opt_clock[] = {
	{ 0, "by", OPT_STRING, FILTER(by), "CLOCK",
	    "judge the clock of the event (time) or of its arrival (ingested)", VALUE_CLOCK, NULL },
	OPT_TABLE_END
};

static const struct opt opt_what[] = {
	{ 0, NULL, OPT_HEADING, 0, NULL, "Who", VALUE_ANY, NULL },
	{ 0, "actor", OPT_LIST, FILTER(actor), "WHO",
	    "actor_id, actor_email or actor_name is WHO", VALUE_ANY, NULL },
	{ 0, "actor-type", OPT_LIST, FILTER(actor_type), "TYPE",
	    "user, service_account, group, system, anonymous or the producer's own", VALUE_ANY, NULL },
	{ 0, "service-account", OPT_LIST, FILTER(service_account), "NAME",
	    "the client that acted for the actor", VALUE_ANY, NULL },
	{ 0, "effective", OPT_LIST, FILTER(effective), "ID", "the identity assumed", VALUE_ANY, NULL },

	{ 0, NULL, OPT_HEADING, 0, NULL, "What", VALUE_ANY, NULL },
	{ 0, "category", OPT_LIST, FILTER(category), "NAME", "category, in any case", VALUE_CATEGORY, NULL },
	{ 0, "action", OPT_LIST, FILTER(action), "NAME", "action", VALUE_ACTION, NULL },
	{ 0, "channel", OPT_LIST, FILTER(channel), "NAME", "log channel", VALUE_CHANNEL, NULL },
	{ 0, "severity", OPT_STRING, FILTER(severity), "LEVEL",
	    "LEVEL and above; A..B for a range", VALUE_SEVERITY, NULL },
	{ 0, "outcome", OPT_LIST, FILTER(outcome), "RESULT",
	    "success, failure or unknown", VALUE_OUTCOME, NULL },
	{ 0, "target", OPT_LIST, FILTER(target), "WHAT",
	    "target_id, target_name or target_path is WHAT", VALUE_ANY, NULL },
	{ 0, "target-type", OPT_LIST, FILTER(target_type), "TYPE",
	    "type of the target", VALUE_ANY, NULL },
	{ 0, "path-prefix", OPT_LIST, FILTER(path_prefix), "PATH",
	    "target_path is PATH or below it", VALUE_ANY, NULL },
	{ 0, "share", OPT_LIST, FILTER(share), "NAME", "shared space", VALUE_ANY, NULL },

	{ 0, NULL, OPT_HEADING, 0, NULL, "Where from", VALUE_ANY, NULL },
	{ 0, "tenant", OPT_LIST, FILTER(tenant), "NAME", "organisation", VALUE_TENANT, NULL },
	{ 0, "source", OPT_LIST, FILTER(source), "NAME", "the log it came from", VALUE_SOURCE, NULL },
	{ 0, "ip", OPT_LIST, FILTER(ip), "ADDR",
	    "address, network (CIDR) or range A-B", VALUE_ANY, NULL },
	{ 0, "user-agent", OPT_LIST, FILTER(user_agent), "TEXT", "user agent", VALUE_ANY, NULL },
	{ 0, "host", OPT_LIST, FILTER(host), "NAME", "host, in any case", VALUE_ANY, NULL },
	{ 0, "session", OPT_LIST, FILTER(session), "ID", "session id", VALUE_ANY, NULL },
	{ 0, "request-id", OPT_LIST, FILTER(request_id), "ID", "request id", VALUE_ANY, NULL },
	{ 0, "trace-id", OPT_LIST, FILTER(trace_id), "ID", "trace id", VALUE_ANY, NULL },
	{ 0, "id", OPT_LIST, FILTER(id), "ID", "event id", VALUE_ANY, NULL },

	{ 0, NULL, OPT_HEADING, 0, NULL, "Anything", VALUE_ANY, NULL },
	{ 'T', "text", OPT_LIST, FILTER(text), "STRING",
	    "description, identifiers or payload contain STRING, in any case", VALUE_ANY, NULL },
	{ 'g', "grep", OPT_LIST, FILTER(grep), "PATTERN",
	    "the event's JSON line matches the regular expression", VALUE_ANY, NULL },
	{ 0, "where", OPT_LIST, FILTER(where), "EXPR",
	    "an expression with and, or, not: see audit-filters(7)", VALUE_ANY, NULL },
	{ 'Q', "saved", OPT_LIST, FILTER(saved), "NAME", "a saved query", VALUE_SAVED, NULL },
	OPT_TABLE_END
};

const struct opt opt_filter[] = {
	{ 0, NULL, OPT_INCLUDE, 0, NULL, NULL, VALUE_ANY, opt_when },
	{ 0, NULL, OPT_INCLUDE, 0, NULL, NULL, VALUE_ANY, opt_clock },
	{ 0, NULL, OPT_INCLUDE, 0, NULL, NULL, VALUE_ANY, opt_what },
	OPT_TABLE_END
};

const struct opt opt_filter_summary[] = {
	{ 0, NULL, OPT_INCLUDE, 0, NULL, NULL, VALUE_ANY, opt_when },
	{ 0, NULL, OPT_INCLUDE, 0, NULL, NULL, VALUE_ANY, opt_what },
	OPT_TABLE_END
};
