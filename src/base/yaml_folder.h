/*
 * yaml_folder: the YAML files of a folder, and those that programs are told by
 * name because they were installed there.
 */
#ifndef BASE_YAML_FOLDER_H
#define BASE_YAML_FOLDER_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

/* Says which file, and not the name of an installed one: it has a / or ends
 * with .yaml or .yml. */
bool yaml_is_path(const char *name);

/* Adds the files of a folder that end with .yaml or .yml and do not begin with
 * a dot, sorted.  ERR_FAIL: it cannot be read. */
int yaml_files(const char *folder, struct str_list *out, struct err *e);

/* The same, as paths, of a folder and all folders in it, but those whose names
 * begin with a dot; links to folders are not followed.  ERR_FAIL also for more
 * than YAML_TREE_MAX files. */
#define YAML_TREE_MAX 100000
int yaml_tree(const char *folder, struct str_list *out, struct err *e);

/* The names of the installed ones: NAME.yaml, sorted. */
int yaml_names(const char *folder, struct str_list *out, struct err *e);

/* 0: the name is among them.  Else ERR_FAIL, "no KIND 'NAME' in FOLDER", and the
 * nearest one, or all. */
int yaml_check_name(const char *kind, const char *folder, const char *name, const struct str_list *names, struct err *e);

/* FOLDER/NAME.yaml of a name that is there: yours.  NULL, as yaml_check_name. */
char *yaml_installed(const char *kind, const char *folder, const char *name, struct err *e);

#endif
