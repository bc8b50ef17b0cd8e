/*
 * auditd_table: what is known about Linux audit beforehand.
 *
 * In: names and numbers as they stand in records.   Out: rows of the tables.
 */
#include "ingest/auditd_table.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define LITERAL(text) { text, sizeof(text) - 1 }

static const struct auditd_type types[] = {
#define AUDITD_TYPE(number, name, role, action, category, severity) \
	{ number, LITERAL(name), AUDITD_##role, LITERAL(action), LITERAL(#category), SEVERITY_##severity },
#include "ingest/auditd_type.def"
#undef AUDITD_TYPE
};

static const struct auditd_key keys[] = {
#define AUDITD_KEY(name, kind, fact) { LITERAL(name), AUDITD_##kind, FACT_##fact },
#include "ingest/auditd_key.def"
#undef AUDITD_KEY
};

static const struct auditd_action actions[] = {
#define AUDITD_ACTION(call, action, category) { LITERAL(call), LITERAL(action), LITERAL(#category) },
#include "ingest/auditd_action.def"
#undef AUDITD_ACTION
};

struct numbered {
	unsigned number;
	struct str name;
};

#define CALL(number, name) { number, LITERAL(name) },
static const struct numbered calls_x86_64[] = {
#include "ingest/auditd_calls_x86_64.def"
};
static const struct numbered calls_i386[] = {
#include "ingest/auditd_calls_i386.def"
};
static const struct numbered calls_aarch64[] = {
#include "ingest/auditd_calls_aarch64.def"
};
#undef CALL

#define ERRNO(number, name) { number, LITERAL(name) },
static const struct numbered errors[] = {
#include "ingest/auditd_errno.def"
};
#undef ERRNO

/* The numbers are ELF machines with two flags: 64 bits, little endian. */
static const struct arch {
	struct str code, name;
	const struct numbered *calls;
	size_t n;
} arches[] = {
	{ LITERAL("c000003e"), LITERAL("x86_64"), calls_x86_64, COUNT(calls_x86_64) },
	{ LITERAL("40000003"), LITERAL("i386"), calls_i386, COUNT(calls_i386) },
	{ LITERAL("c00000b7"), LITERAL("aarch64"), calls_aarch64, COUNT(calls_aarch64) },
	{ LITERAL("40000028"), LITERAL("arm"), NULL, 0 },
	{ LITERAL("c0000015"), LITERAL("ppc64le"), NULL, 0 },
	{ LITERAL("80000015"), LITERAL("ppc64"), NULL, 0 },
	{ LITERAL("80000016"), LITERAL("s390x"), NULL, 0 },
	{ LITERAL("c00000f3"), LITERAL("riscv64"), NULL, 0 },
};

/* ---- Searching ---- */

bool
auditd_number(struct str digits, uint64_t *value)
{
	uint64_t n = 0;

	if (digits.len == 0)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		unsigned digit = (unsigned char)digits.p[i] - (unsigned)'0';

		if (digit > 9 || n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*value = n;
	return true;
}

static int
compare_number(const void *key, const void *row)
{
	uint64_t wanted = *(const uint64_t *)key, number = ((const struct numbered *)row)->number;

	return wanted < number ? -1 : wanted > number;
}

static struct str
find_numbered(const struct numbered *rows, size_t n, uint64_t number)
{
	const struct numbered *row = n > 0 ? bsearch(&number, rows, n, sizeof(*rows), compare_number) : NULL;

	return row != NULL ? row->name : (struct str){ NULL, 0 };
}

static const struct auditd_type *
find_type_number(struct str digits)
{
	uint64_t number;

	if (!auditd_number(digits, &number))
		return NULL;
	for (size_t i = 0; i < COUNT(types); i++)
		if (types[i].number == number)
			return &types[i];
	return NULL;
}

const struct auditd_type *
auditd_type_find(struct str name)
{
	const struct str unknown = STR("UNKNOWN[");

	for (size_t i = 0; i < COUNT(types); i++)
		if (types[i].name.len == name.len && types[i].name.p[0] == name.p[0] &&
		    memcmp(types[i].name.p, name.p, name.len) == 0)
			return &types[i];
	if (str_begins(name, unknown) && name.p[name.len - 1] == ']')
		name = (struct str){ name.p + unknown.len, name.len - unknown.len - 1 };
	return find_type_number(name);
}

static int
compare_key(const void *a, const void *b)
{
	const struct str *name = a;
	const struct auditd_key *key = b;

	if (name->len != key->name.len)
		return name->len < key->name.len ? -1 : 1;
	return memcmp(name->p, key->name.p, name->len);
}

const struct auditd_key *
auditd_key_find(struct str name)
{
	static const struct auditd_key plain = { { "", 0 }, AUDITD_PLAIN, FACT_NONE };
	const struct auditd_key *found;

	found = bsearch(&name, keys, COUNT(keys), sizeof(keys[0]), compare_key);
	return found != NULL ? found : &plain;
}

static const struct arch *
find_arch(struct str code)
{
	for (size_t i = 0; i < COUNT(arches); i++)
		if (str_eq(arches[i].code, code))
			return &arches[i];
	return NULL;
}

struct str
auditd_arch_name(struct str arch)
{
	const struct arch *a = find_arch(arch);

	return a != NULL ? a->name : (struct str){ NULL, 0 };
}

struct str
auditd_call_name(struct str arch, struct str number)
{
	const struct arch *a = find_arch(arch);
	uint64_t n;

	if (a == NULL || a->calls == NULL || !auditd_number(number, &n))
		return (struct str){ NULL, 0 };
	return find_numbered(a->calls, a->n, n);
}

const struct auditd_action *
auditd_action_find(struct str call)
{
	for (size_t i = 0; i < COUNT(actions); i++)
		if (str_eq(actions[i].call, call))
			return &actions[i];
	return NULL;
}

struct str
auditd_errno_name(struct str exit)
{
	uint64_t n;

	if (exit.len < 2 || exit.p[0] != '-' ||
	    !auditd_number((struct str){ exit.p + 1, exit.len - 1 }, &n))
		return (struct str){ NULL, 0 };
	return find_numbered(errors, COUNT(errors), n);
}
