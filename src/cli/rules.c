/*
 * rules: where audit-detect finds its rules (see rules.h).
 */
#include "cli/rules.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/stream.h"
#include "base/yaml.h"
#include "base/yaml_folder.h"
#include "cli/from.h"
#include "detect/from_sigma.h"

const char *
rules_folder(void)
{
	const char *folder = getenv("AUDIT_RULES");

	return folder != NULL && folder[0] != '\0' ? folder : RULES_DIR;
}

/* The mappings of Sigma's fields are beside those of the logs. */
static struct sigma_maps *
open_maps(struct err *e)
{
	struct buf folder = { 0 };
	struct sigma_maps *maps;

	buf_printf(&folder, "%s/sigma%c", from_mappings(), '\0');
	maps = sigma_maps_open(folder.p, e);
	buf_fini(&folder);
	return maps;
}

/* What is being read: Sigma's rules are made rules when all of them are there. */
struct reading {
	struct detect_rules *out;
	struct sigma_maps *maps; /* NULL: there was no need so far */
	struct sigma_rules sigma;
	int64_t now;
};

/* A file of ours has `rules:` at the beginning of a line. */
static bool
is_sigma(struct str text)
{
	static const struct str key = { "\nrules:", 7 };

	return !str_begins(text, STR("rules:")) && memmem(text.p, text.len, key.p, key.len) == NULL;
}

static int
read_file(struct reading *r, const char *path, struct err *e)
{
	struct str text = { NULL, 0 };
	char *bytes = file_read(path, YAML_FILE_MAX, &text.len, e);
	int rc = -1;

	text.p = bytes;
	if (bytes != NULL && !is_sigma(text))
		rc = detect_rules_parse(r->out, path, text, r->now, e);
	else if (bytes != NULL && (r->maps != NULL || (r->maps = open_maps(e)) != NULL))
		rc = sigma_rules_parse(&r->sigma, r->maps, path, text, e);
	free(bytes);
	return rc;
}

static int
read_folder(struct reading *r, const char *folder, struct err *e)
{
	struct str_list files = { 0 };
	int rc = yaml_tree(folder, &files, e);

	if (rc == 0 && files.n == 0)
		rc = err_set(e, ERR_FAIL, "%s: no file of rules in it (*.yaml, *.yml)", folder);
	for (size_t i = 0; rc == 0 && i < files.n; i++)
		rc = read_file(r, files.item[i], e);
	str_list_fini(&files);
	return rc;
}

static int
read_installed(struct reading *r, const char *name, struct err *e)
{
	char *path = yaml_installed("rules", rules_folder(), name, e);
	int rc = path != NULL ? read_file(r, path, e) : -1;

	free(path);
	return rc;
}

static int
read_name(struct reading *r, const char *name, struct err *e)
{
	struct stat sb;

	if (stat(name, &sb) == 0 && S_ISDIR(sb.st_mode))
		return read_folder(r, name, e);
	if (yaml_is_path(name))
		return read_file(r, name, e);
	return read_installed(r, name, e);
}

int
rules_read(struct detect_rules *out, const struct str_list *names, int64_t now, struct err *e)
{
	struct reading r = { .out = out, .now = now };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < names->n; i++)
		rc = read_name(&r, names->item[i], e);
	if (rc == 0)
		detect_rules_sigma(out, &r.sigma, now);
	if (rc == 0 && names->n == 0)
		rc = err_set(e, ERR_FAIL, "no rules: --rules FILE, or detect: of the configuration");
	else if (rc == 0 && out->n + out->refusals == 0)
		rc = err_set(e, ERR_FAIL, "there is no rule in %s%s", names->item[0], names->n > 1 ? " and the others" : "");
	sigma_rules_fini(&r.sigma);
	sigma_maps_free(r.maps);
	return rc;
}
