/* pattern: PCRE2 before the matching. */
#include "base/pattern.h"

#include <stdlib.h>

#include "base/mem.h"

static void *
allocate(size_t n, void *unused)
{
	(void)unused;
	return mem_alloc(n);
}

static void
release(void *p, void *unused)
{
	(void)unused;
	free(p);
}

pcre2_general_context *
pattern_memory(void)
{
	return pcre2_general_context_create(allocate, release, NULL);
}

pcre2_code *
pattern_compile(struct str pattern, uint32_t options, struct err *e)
{
	pcre2_general_context *g = pattern_memory();
	pcre2_compile_context *c = pcre2_compile_context_create(g);
	PCRE2_UCHAR why[128];
	PCRE2_SIZE at = 0;
	pcre2_code *code;
	int number = 0;

	code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.len, options, &number, &at, c);
	if (code == NULL) {
		pcre2_get_error_message(number, why, sizeof(why));
		err_set(e, ERR_FAIL, "no regular expression: %s, at byte %zu of it", (const char *)why, at + 1);
	}
	pcre2_compile_context_free(c);
	pcre2_general_context_free(g);
	return code;
}

bool
pattern_jit(pcre2_code *code)
{
	size_t size = 0;

	return pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0 &&
	    pcre2_pattern_info(code, PCRE2_INFO_JITSIZE, &size) == 0 && size > 0;
}

bool
pattern_is_whole(struct str pattern)
{
	return memmem(pattern.p, pattern.len, "\\G", 2) != NULL || memmem(pattern.p, pattern.len, "(*", 2) != NULL;
}
