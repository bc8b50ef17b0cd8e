/* dialect: the options of the formats for log collectors. */
#include "cli/dialect.h"

#include <stdlib.h>

#include "cli/config.h"

#define DIALECT(member) offsetof(struct dialect_args, member)

const struct opt opt_dialect[] = {
	{ 0, "dialect-map", OPT_STRING, DIALECT(map), "FILE",
	    "ocsf, ecs, cef, leef, syslog: what else goes where, audit-dialects(5)", VALUE_FILE, NULL },
	{ 0, "facility", OPT_STRING, DIALECT(facility), "NAME",
	    "syslog: the facility of the messages (audit), a name or number", VALUE_FACILITY, NULL },
	{ 0, "framing", OPT_STRING, DIALECT(framing), "HOW",
	    "syslog: newline (behind each message) or octets (its length before it)", VALUE_FRAMING, NULL },
	OPT_TABLE_END
};

/* Their places are the numbers of RFC 5424. */
const char *const dialect_facilities[] = { "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp",
	"cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
	"local5", "local6", "local7", NULL };

#define FACILITIES (sizeof(dialect_facilities) / sizeof(dialect_facilities[0]) - 1)
#define FACILITY_AUDIT 13

const char *const dialect_framings[] = { "newline", "octets", NULL };

int
dialect_check(const struct dialect_args *a, const char *format, bool fields, struct err *e)
{
	bool syslog = strcmp(format, "syslog") == 0;

	if (a->map != NULL && !render_for_collectors(format))
		return err_set(e, ERR_FAIL, "--dialect-map is for -o ocsf, ecs, cef, leef and syslog");
	if ((a->facility != NULL || a->framing != NULL) && !syslog)
		return err_set(e, ERR_FAIL, "--facility and --framing are for -o syslog");
	if (fields && render_for_collectors(format) && !syslog)
		return err_set(e, ERR_FAIL, "-o %s has fields of its own: no --fields, but --dialect-map", format);
	return 0;
}

static int
find_facility(const char *name, unsigned *out, struct err *e)
{
	char *end;
	const char *near;

	for (*out = 0; *out < FACILITIES; ++*out)
		if (strcmp(dialect_facilities[*out], name) == 0)
			return 0;
	if (name[0] >= '0' && name[0] <= '9' && strlen(name) <= 2) {
		*out = (unsigned)strtoul(name, &end, 10);
		if (*end == '\0' && *out < FACILITIES)
			return 0;
	}
	near = nearest_name(name, dialect_facilities, FACILITIES);
	return err_set(e, ERR_FAIL, "--facility %.40s: no such facility%s%s", name,
	    near != NULL ? "; the nearest is " : ": audit, authpriv, local0 to local7 ... or 0 to 23",
	    near != NULL ? near : "");
}

int
dialect_options(const struct dialect_args *a, const struct common_args *c, struct render_options *ro,
    struct dialect_map **map, struct err *e)
{
	struct config config = { 0 };
	const char *path = a->map;
	int rc = 0;

	*map = NULL;
	if (!render_for_collectors(ro->format))
		return 0;
	ro->facility = FACILITY_AUDIT;
	if (a->facility != NULL && find_facility(a->facility, &ro->facility, e) != 0)
		return -1;
	ro->octets = a->framing != NULL && strcmp(a->framing, "octets") == 0;
	if (a->framing != NULL && !ro->octets && strcmp(a->framing, "newline") != 0)
		return err_set(e, ERR_FAIL, "--framing %.40s: it is newline or octets", a->framing);
	if (path == NULL && (rc = cli_config(c, &config, e)) == 0)
		path = config.dialect_map;
	if (rc == 0 && path != NULL && (*map = dialect_map_open(path, e)) == NULL)
		rc = -1;
	ro->dialect = *map;
	config_fini(&config);
	return rc;
}
