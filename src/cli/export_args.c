/*
 * export_args: the table of audit-export's options, and what it cannot say (see
 * export_args.h).
 */
#include "cli/export_args.h"

#include <string.h>

#include "base/utf8.h"

#define REQUEST_MAX 128 /* bytes */

#define ARG(member) offsetof(struct export_args, member)

const struct opt export_options[] = {
	{ 0, NULL, OPT_INCLUDE, ARG(filter), NULL, NULL, VALUE_ANY, opt_filter },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_saved },
	{ 0, NULL, OPT_HEADING, 0, NULL, "Output", VALUE_ANY, NULL },
	{ 'o', "output", OPT_STRING, ARG(output), "FORMAT",
	    "jsonl, json, csv, ocsf, ecs, cef, leef, syslog; else as FILE's name ends, or jsonl",
	    VALUE_FORMAT, NULL },
	{ 'O', "out", OPT_STRING, ARG(out), "FILE|DIR",
	    "write FILE (.gz and .zst are compressed), or a new file in DIR; else stdout", VALUE_FILE, NULL },
	{ 0, "split", OPT_STRING, ARG(split), "N|SIZE",
	    "to files of N events, or of SIZE such as 64MiB: FILE.0001.jsonl and on; with a manifest", VALUE_ANY, NULL },
	{ 0, "cursor-file", OPT_STRING, ARG(cursor_file), "FILE",
	    "only what arrived since the export that left FILE; replace it when done", VALUE_FILE, NULL },
	{ 0, "proof", OPT_FLAG, ARG(proof), NULL,
	    "jsonl to a file: FILE.proof, by which audit-verify shows that it is true", VALUE_ANY, NULL },
	{ 0, "manifest", OPT_FLAG, ARG(manifest), NULL,
	    "to a file: FILE.manifest.json, with filter, counts, sizes and hashes", VALUE_ANY, NULL },
	{ 0, "request", OPT_STRING, ARG(request), "ID",
	    "who asked for it: a ticket or letter, for the log's record", VALUE_ANY, NULL },
	{ 0, "evidence", OPT_STRING, ARG(evidence), "CONTROL",
	    "to FILE.tar.zst: a pack for an auditor's control such as soc2:CC7.2, or a control's FILE.yaml",
	    VALUE_CONTROL, NULL },
	{ 0, "fields", OPT_LIST, ARG(fields), "A,B",
	    "these fields or payload paths, in this order", VALUE_FIELD, NULL },
	{ 0, "nested", OPT_FLAG, ARG(nested), NULL,
	    "json: actor, subject and properties as objects", VALUE_ANY, NULL },
	{ 0, "csv-raw", OPT_FLAG, ARG(csv_raw), NULL,
	    "csv to a file: no BOM, no guard against formulas", VALUE_ANY, NULL },
	{ 0, "csv-safe", OPT_FLAG, ARG(csv_safe), NULL,
	    "csv to stdout: BOM and guard against formulas", VALUE_ANY, NULL },
	{ 0, NULL, OPT_INCLUDE, ARG(dialect), NULL, NULL, VALUE_ANY, opt_dialect },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_zone },
	{ 0, NULL, OPT_INCLUDE, ARG(common), NULL, NULL, VALUE_ANY, opt_common },
	OPT_TABLE_END
};

int
export_args_check(const struct export_args *a, const char *format, bool to_stdout, struct export_split *split,
    struct err *e)
{
	bool csv = strcmp(format, "csv") == 0;

	if (a->evidence && (to_stdout || a->output || a->split || a->proof || a->manifest || a->cursor_file || a->fields.n > 0 ||
	        a->nested || a->csv_raw || a->csv_safe))
		return err_set(e, ERR_FAIL, "--evidence takes -O FILE, filters and --request, and no other option of output");
	if (a->nested && strcmp(format, "json") != 0)
		return err_set(e, ERR_FAIL, "--nested is for -o json");
	if (a->nested && a->fields.n > 0)
		return err_set(e, ERR_FAIL, "--nested has its own fields: no --fields");
	if ((a->csv_raw || a->csv_safe) && !csv)
		return err_set(e, ERR_FAIL, "--csv-raw and --csv-safe are for -o csv");
	if (a->csv_raw && to_stdout)
		return err_set(e, ERR_FAIL, "--csv-raw is for files (-O): stdout is raw already");
	if (a->csv_safe && !to_stdout)
		return err_set(e, ERR_FAIL, "--csv-safe is for stdout: files are safe already");
	if ((a->proof || a->manifest) && to_stdout)
		return err_set(e, ERR_FAIL, "--proof and --manifest write beside a file: -O FILE");
	if (a->split && to_stdout)
		return err_set(e, ERR_FAIL, "--split makes files: -O FILE|DIR");
	if (a->split && strcmp(format, "json") == 0)
		return err_set(e, ERR_FAIL, "--split is for formats of lines, and -o json is one document");
	if (a->request && (a->request[0] == '\0' || strlen(a->request) > REQUEST_MAX ||
	        utf8_valid_prefix(a->request, strlen(a->request)) != strlen(a->request)))
		return err_set(e, ERR_FAIL, "--request takes 1 to %d bytes of text", REQUEST_MAX);
	if (a->proof && (strcmp(format, "jsonl") != 0 || a->fields.n > 0))
		return err_set(e, ERR_FAIL, "--proof is for whole events: -o jsonl without --fields");
	if (a->split && export_split_parse(a->split, split, e) != 0)
		return -1;
	return dialect_check(&a->dialect, format, a->fields.n > 0, e);
}
