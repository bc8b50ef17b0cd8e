/*
 * sigma_map: what a log source of Sigma is in our store: which events, and
 * where they have its fields.
 *
 * Only src/detect/sigma*.c include this.  The file is described in
 * audit-sigma(5).
 */
#ifndef DETECT_SIGMA_MAP_H
#define DETECT_SIGMA_MAP_H

#include "base/mem.h"
#include "base/yaml.h"
#include "detect/sigma.h"

#define SIGMA_MAPS_MAX 1000        /* log sources of all files */
#define SIGMA_FIELDS_MAX 1000      /* of one log source */
#define SIGMA_PLACES_MAX 8         /* of one field */

/* Where events have a field of Sigma's. */
struct sigma_place {
	const char *selector;    /* as filters have it; within `each` a member's */
	const char *when;        /* a filter that must hold too; NULL: always */
	/* The field is a part of this one, with these patterns around it; "" and "":
	 * the whole. */
	const char *before, *behind;
	bool ip, nocase;         /* it is our ip; a field that compares without case */
};

struct sigma_field {
	const char *name;        /* Sigma's */
	struct sigma_place place[SIGMA_PLACES_MAX];
	size_t places;
	bool any;                /* any of the places, else the first that an event has */
	const char *constant;    /* it has this value in every event, and no place */
	const char *refuse;      /* why it cannot be known */
};

/* Product, category and service of rules: "" is none, "*" any or none. */
struct sigma_source {
	const char *product, *category, *service;
};

struct sigma_map {
	const char *path;
	struct sigma_source *source;
	size_t sources;
	const char *events;      /* a filter */
	const char *each;        /* the list whose elements are asked; NULL: events are */
	const char *prefix;      /* of fields that are not listed, "" or with a dot at its end */
	struct str_list keywords; /* fields that keywords are looked for in, beside text */
	struct sigma_field *field;
	size_t fields, cap;
};

struct sigma_maps {
	struct sigma_map **map;  /* those that are asked first, first */
	size_t n, cap;
	struct arena arena;
};

/* Fills a map, {0} but for its path, from the document that was entered. */
int sigma_map_read(struct sigma_map *m, struct sigma_maps *maps, struct yaml *y, struct err *e);

/* The map of a rule's log source, or NULL. */
const struct sigma_map *sigma_map_find(const struct sigma_maps *maps, const char *product, const char *category,
    const char *service);

/* The field of this name: as it is written, else whatever its case, else NULL. */
const struct sigma_field *sigma_map_field(const struct sigma_map *map, const char *name);

/* The path that a field has which is not listed: appended.  0, or -1 with
 * ERR_FAIL: no path has as many parts. */
int sigma_map_default(const struct sigma_map *map, struct str name, struct buf *out, struct err *e);

/* Whether a filter of one place, or one of a member of an element, can be built:
 * 0 or -1 with ERR_FAIL. */
int sigma_try_where(const char *where, struct err *e);

#endif
